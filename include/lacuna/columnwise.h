/* What models share that learn one number a column and put it into all the column's holes. */
#ifndef LACUNA_COLUMNWISE_H
#define LACUNA_COLUMNWISE_H

#include <lacuna/initial.h>
#include <lacuna/model.h>

G_BEGIN_DECLS

/**
 * LacColumnwise: base of such a model's struct; first member, called `base`.
 * @cols: columns of the training table; @values: [cols] what their holes get, in the model's units
 *   (level codes of categories); owned, NULL until fit or load
 */
typedef struct {
    LacModel base;
    size_t cols;
    double *values;
} LacColumnwise;

/** LacColumnwiseValue: the number of one column, from what was observed in it. */
typedef double (*LacColumnwiseValue)(const LacModel *model, const LacSeen *seen);

/**
 * lac_columnwise_fit: the slot `fit`, given how a column's number is found.
 * @model: a LacColumnwise without state
 * @train: numbers, or level codes where the model has the trait LAC_MODEL_KINDS
 * @error: LAC_ERROR_DATA when a column has no observed cell, LAC_ERROR_CANCELLED, LAC_ERROR_SHAPE
 *   when one column does not fit into memory
 */
LAC_API gboolean lac_columnwise_fit(LacModel *model, const LacData *train, LacColumnwiseValue value,
                                    GError **error);

/** lac_columnwise_fill, lac_columnwise_save, lac_columnwise_load, lac_columnwise_clear: the slots
 * of these names in LacModelPlugin, which say what they take and give. */
LAC_API gboolean lac_columnwise_fill(const LacModel *model, const LacData *in, LacMatrix *out,
                                     GError **error);
LAC_API gboolean lac_columnwise_save(const LacModel *model, LacBundle *out, GError **error);
LAC_API gboolean lac_columnwise_load(LacModel *model, const LacBundle *in, GError **error);
LAC_API void lac_columnwise_clear(LacModel *model);

G_END_DECLS

#endif
