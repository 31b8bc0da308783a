/* What a bundle is made of; for bundle.c and bundle-file.c only. */
#ifndef LACUNA_BUNDLE_PRIVATE_H
#define LACUNA_BUNDLE_PRIVATE_H

#include "table-private.h"

G_BEGIN_DECLS

typedef enum {
    BUNDLE_F64,
    BUNDLE_I64,
    BUNDLE_U64,
    BUNDLE_F32,
    BUNDLE_TYPES,
} BundleType;

/** BundleBlock: @values: [product of shape] numbers of @type, owned; NULL where there are none */
typedef struct {
    char *name;
    BundleType type;
    unsigned dims;
    size_t shape[LAC_DIMS];
    void *values;
} BundleBlock;

struct LacBundle {
    char *origin;      /* for messages */
    GPtrArray *blocks; /* BundleBlock, in the order they were put */
    GPtrArray *texts;  /* name, text, name, text ... */
};

/** bundle_type_name: as in a safetensors header. */
const char *bundle_type_name(BundleType type);
/** bundle_type_size: bytes of one number. */
size_t bundle_type_size(BundleType type);
/** lac_bundle_block_size: how many numbers it holds. */
LAC_PRIVATE_API size_t lac_bundle_block_size(const BundleBlock *block);
/** bundle_shape_text: "[16, any]", where G_MAXSIZE is any. Returns: owned. */
char *bundle_shape_text(unsigned dims, const size_t *shape);
/** bundle_put: takes @values. @name must be new. */
void bundle_put(LacBundle *bundle, BundleType type, const char *name, unsigned dims,
                const size_t *shape, void *values);
BundleBlock *bundle_find(const LacBundle *bundle, const char *name);

G_END_DECLS

#endif
