/* A fitted model on its way to or from disk: named tensors and short texts. Stored as a
 * safetensors file, which Python and R can read and which holds nothing executable. */
#ifndef LACUNA_BUNDLE_H
#define LACUNA_BUNDLE_H

#include <lacuna/error.h>

G_BEGIN_DECLS

typedef struct LacBundle LacBundle;

/** lac_bundle_put_*: copy a row-major [rows][cols] block under @name (unique, not empty). */
LAC_API void lac_bundle_put_doubles(LacBundle *bundle, const char *name, size_t rows, size_t cols,
                                    const double *v);
LAC_API void
lac_bundle_put_i64(LacBundle *bundle, const char *name, size_t rows, size_t cols, const int64_t *v);
LAC_API void lac_bundle_put_u64(LacBundle *bundle, const char *name, size_t rows, size_t cols,
                                const uint64_t *v);
/** lac_bundle_put_floats: single precision, half the size: parameters of networks. */
LAC_API void lac_bundle_put_floats(LacBundle *bundle, const char *name, size_t rows, size_t cols,
                                   const float *v);
/** lac_bundle_put_text: a short UTF-8 text. */
LAC_API void lac_bundle_put_text(LacBundle *bundle, const char *name, const char *text);

/**
 * lac_bundle_get_*: the block called @name, which must have the given shape; G_MAXSIZE accepts
 * any size in that direction, and @rows_out / @cols_out (may be NULL) tell it.
 * Returns: lent until the bundle is freed, aligned for its type; NULL with LAC_ERROR_DATA naming
 * the block and both shapes.
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
LAC_API const float *
lac_bundle_get_floats(const LacBundle *bundle, const char *name, size_t rows, size_t cols,
                      size_t *rows_out, size_t *cols_out, GError **error);
/** lac_bundle_get_text: lent; NULL with an error when there is none. */
LAC_API const char *lac_bundle_get_text(const LacBundle *bundle, const char *name, GError **error);

G_END_DECLS

#endif
