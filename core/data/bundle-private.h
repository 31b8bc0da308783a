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

/** BundleBlock: @values: [rows * cols] numbers of @type, owned; NULL where there are none */
typedef struct {
    char *name;
    BundleType type;
    size_t rows, cols;
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
/** bundle_put: takes @values. @name must be new. */
void bundle_put(LacBundle *bundle, BundleType type, const char *name, size_t rows, size_t cols,
                void *values);
BundleBlock *bundle_find(const LacBundle *bundle, const char *name);

G_END_DECLS

#endif
