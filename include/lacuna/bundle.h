/* A fitted model on its way to or from disk: named tensors and short texts. Stored as a
 * safetensors file, which Python and R can read and which holds nothing executable. */
#ifndef LACUNA_BUNDLE_H
#define LACUNA_BUNDLE_H

#include <lacuna/error.h>

G_BEGIN_DECLS

/** LacBundle: made, written and freed by the core; lent to the slots `save` and `load`. */
typedef struct LacBundle LacBundle;

/**
 * lac_bundle_put_doubles, lac_bundle_put_i64, lac_bundle_put_u64:
 * @name: of the block; UTF-8, not empty, not used before (programming errors)
 * @rows, @cols: its shape; either may be 0
 * @v: [rows][cols] row-major, copied
 *
 * Cannot fail but for memory, of which a fitted model takes little.
 */
LAC_API void lac_bundle_put_doubles(LacBundle *bundle, const char *name, size_t rows, size_t cols,
                                    const double *v);
LAC_API void
lac_bundle_put_i64(LacBundle *bundle, const char *name, size_t rows, size_t cols, const int64_t *v);
LAC_API void lac_bundle_put_u64(LacBundle *bundle, const char *name, size_t rows, size_t cols,
                                const uint64_t *v);
/** lac_bundle_put_floats: the same for parameters of networks: @v [product of shape] in single
 * precision, @shape [dims], dims <= LAC_DIMS. */
LAC_API void lac_bundle_put_floats(LacBundle *bundle, const char *name, unsigned dims,
                                   const size_t *shape, const float *v);
/** lac_bundle_put_text: a short UTF-8 @text under @name, both copied; a name of its own kind, which
 * blocks may share. */
LAC_API void lac_bundle_put_text(LacBundle *bundle, const char *name, const char *text);

/**
 * lac_bundle_get_doubles, lac_bundle_get_i64, lac_bundle_get_u64:
 * @name: of the block
 * @rows, @cols: the shape it must have; G_MAXSIZE accepts any size in that direction. Lengths of 1
 *   in front do not matter: a vector [n] is a matrix [1, n]
 * @rows_out, @cols_out: (out): the shape it has; may be NULL; untouched on failure
 * @error: LAC_ERROR_DATA naming the block and both shapes, or both types
 *
 * A file may come from anywhere: shapes are checked here, what the numbers mean is for the caller
 * to check. Returns: [rows][cols] row-major, lent until the bundle is freed, aligned for its type;
 * NULL on failure.
 */
LAC_API const double *
lac_bundle_get_doubles(const LacBundle *bundle, const char *name, size_t rows, size_t cols,
                       size_t *rows_out, size_t *cols_out, GError **error);
LAC_API const int64_t *
lac_bundle_get_i64(const LacBundle *bundle, const char *name, size_t rows, size_t cols,
                   size_t *rows_out, size_t *cols_out, GError **error);
LAC_API const uint64_t *
lac_bundle_get_u64(const LacBundle *bundle, const char *name, size_t rows, size_t cols,
                   size_t *rows_out, size_t *cols_out, GError **error);
/** lac_bundle_get_floats: the same of numbers in single precision, of @shape [dims]. */
LAC_API const float *lac_bundle_get_floats(const LacBundle *bundle, const char *name, unsigned dims,
                                           const size_t *shape, GError **error);
/** lac_bundle_get_text: the text called @name, lent until the bundle is freed; NULL with
 * LAC_ERROR_DATA when there is none. */
LAC_API const char *lac_bundle_get_text(const LacBundle *bundle, const char *name, GError **error);

G_END_DECLS

#endif
