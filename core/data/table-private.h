/* The data room's doors for the rooms to its right: CSV, scaling, encoding, splits, model files. */
#ifndef LACUNA_TABLE_PRIVATE_H
#define LACUNA_TABLE_PRIVATE_H

#include "node-private.h"
#include <lacuna/bundle.h>
#include <lacuna/csv.h>
#include <lacuna/data.h>
#include <lacuna/rng.h>

G_BEGIN_DECLS

/** lac_data_derive_take: the rows and labels of @data with other columns (both taken; NaN is a
 * hole); its image shape too when the number of columns is the same. Owned. */
LAC_PRIVATE_API LacData *
lac_data_derive_take(const LacData *data, LacSchema *schema, double *values, GError **error);

/** LacScaler: x' = (x - shift[j]) / factor[j] for numeric columns, identity for the others. */
typedef enum {
    LAC_SCALE_NONE,
    LAC_SCALE_MINMAX,
    LAC_SCALE_STANDARD,
} LacScale;

typedef struct {
    LacScale scale;
    size_t cols;
    double *shift, *factor; /* [cols]; factor is never 0: constant columns get 1 */
} LacScaler;

LAC_PRIVATE_API const char *lac_scale_name(LacScale scale);
LAC_PRIVATE_API gboolean lac_scale_parse(const char *name, LacScale *out);
/** lac_scaler_learn: from the observed cells of numeric columns of @train only. Owned.
 * minmax: shift = min, factor = max - min. standard: mean and sd (divisor n, as scikit-learn).
 * A column with nothing observed, or constant, gets factor 1; one whose range is no finite double
 * is divided by its largest magnitude. */
LAC_PRIVATE_API LacScaler *lac_scaler_learn(LacScale scale, const LacData *train);
LAC_PRIVATE_API void lac_scaler_free(LacScaler *scaler);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacScaler, lac_scaler_free)
/** lac_scaler_apply: a scaled copy, bounds too; integer columns become continuous, because their
 * scaled values are no whole numbers. @data itself (a reference) for LAC_SCALE_NONE.
 * lac_scaler_undo: @m back to raw units in place, to within rounding. */
LAC_PRIVATE_API LacData *
lac_scaler_apply(const LacScaler *scaler, const LacData *data, GError **error);
LAC_PRIVATE_API void lac_scaler_undo(const LacScaler *scaler, LacMatrix *m);

/** LacEncoder: nominal columns of more than two levels become one binary column a level, called
 * "column=level"; the other kinds keep one column. A hole becomes a hole in all its columns. */
typedef struct LacEncoder LacEncoder;
LAC_PRIVATE_API LacEncoder *lac_encoder_new(const LacSchema *schema);
/** lac_encoder_new_for: @one_hot: whether nominal columns are turned into indicators at all;
 * @left_out: [cols] columns that the wide table does not have, or NULL; turned back they are NaN.
 */
LAC_PRIVATE_API LacEncoder *
lac_encoder_new_for(const LacSchema *schema, gboolean one_hot, const gboolean *left_out);
LAC_PRIVATE_API void lac_encoder_free(LacEncoder *encoder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacEncoder, lac_encoder_free)
/** lac_encoder_cols: columns after encoding. */
LAC_PRIVATE_API size_t lac_encoder_cols(const LacEncoder *encoder);
/** lac_encoder_is_identity: nothing to encode. */
LAC_PRIVATE_API gboolean lac_encoder_is_identity(const LacEncoder *encoder);
LAC_PRIVATE_API LacData *
lac_encoder_apply(const LacEncoder *encoder, const LacData *data, GError **error);
/** lac_encoder_undo: @wide [rows x encoded cols] to @out [rows x cols]: largest score wins (first
 * on ties), the codes of the other levelled columns are rounded and kept in range; numeric columns
 * are copied. */
LAC_PRIVATE_API void
lac_encoder_undo(const LacEncoder *encoder, const LacMatrix *wide, LacMatrix *out);

/** lac_data_append: the rows of @b below those of @a, with @a's columns, level codes, classes and
 * name. Owned. @error: LAC_ERROR_DATA when columns differ or @b has a level or label @a has not. */
LAC_PRIVATE_API LacData *lac_data_append(const LacData *a, const LacData *b, GError **error);

/** LacSplit: row indices of one fold. With LAC_SPLIT_NONE train = test = all rows. */
typedef enum {
    LAC_SPLIT_NONE,
    LAC_SPLIT_KFOLD,
    LAC_SPLIT_HOLDOUT,
    LAC_SPLIT_TAIL,
} LacSplitKind;

typedef struct {
    LacSplitKind kind;
    size_t folds;      /* KFOLD: >= 2; otherwise 1 */
    double share;      /* HOLDOUT: of the rows that are tested */
    size_t tail;       /* TAIL: so many rows at the end are tested */
    gboolean stratify; /* keep label shares; needs labels */
} LacSplitSpec;

typedef struct {
    size_t n_train, n_test;
    size_t *train, *test; /* ascending */
} LacSplit;

/** lac_split_make: fold @fold of @spec over @data, a pure function of @rng and its arguments.
 * K-fold: sizes differ by at most one, and with @stratify so does each class between folds.
 * Hold-out: share * rows, rounded. @error: LAC_ERROR_PARAM when a side would be empty. */
LAC_PRIVATE_API LacSplit *lac_split_make(const LacSplitSpec *spec, const LacData *data, size_t fold,
                                         const LacRng *rng, GError **error);
LAC_PRIVATE_API void lac_split_free(LacSplit *split);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacSplit, lac_split_free)

/** lac_bundle_new, _free; _write: safetensors at @path, whole or not at all; _read: validated
 * against the file's size before a byte is believed. */
LAC_PRIVATE_API LacBundle *lac_bundle_new(void);
LAC_PRIVATE_API void lac_bundle_free(LacBundle *bundle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacBundle, lac_bundle_free)
LAC_PRIVATE_API gboolean lac_bundle_write(const LacBundle *bundle, const char *path,
                                          GError **error);
/** lac_bundle_to_bytes: what lac_bundle_write() writes, at most 1 GiB. Owned. */
LAC_PRIVATE_API GBytes *lac_bundle_to_bytes(const LacBundle *bundle, GError **error);
LAC_PRIVATE_API LacBundle *lac_bundle_read(const char *path, GError **error);
LAC_PRIVATE_API LacBundle *
lac_bundle_parse(const uint8_t *bytes, gsize n, const char *name, GError **error);

/** lac_schema_to_json / _from_json: one column object each: name, kind, levels, lower, upper. */
LAC_PRIVATE_API char *lac_schema_to_json(const LacSchema *schema);
LAC_PRIVATE_API LacSchema *lac_schema_from_json(const char *json, GError **error);

G_END_DECLS

#endif
