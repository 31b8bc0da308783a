/* Splits. Rows are put in a random order, class by class when stratified, and dealt out along it:
 * every k-th row to a fold, or test rows spaced evenly. So fold sizes, and each class's share of a
 * fold, differ by at most one row. */
#include "table-private.h"

#include <math.h>
#include <string.h>

/* The last rows, whatever the stream. */
static uint8_t *
split_tail(const LacSplitSpec *spec, const LacData *data)
{
    uint8_t *tested = g_malloc0(MAX(data->rows, 1));

    memset(tested + data->rows - MIN(spec->tail, data->rows), 1, MIN(spec->tail, data->rows));
    return tested;
}

static gboolean
split_check(const LacSplitSpec *spec, const LacData *data, GError **error)
{
    if (spec->stratify && spec->kind != LAC_SPLIT_NONE && spec->kind != LAC_SPLIT_TAIL &&
        data->labels == NULL)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "split: stratify needs labels and %s has none; name a label column or "
                        "turn stratify off",
                        data->origin);
    if (spec->kind == LAC_SPLIT_KFOLD && (spec->folds < 2 || spec->folds > data->rows))
        return lac_fail(error, LAC_ERROR_PARAM,
                        "split: kfold = %zu, but the %zu rows of %s allow 2 to %zu folds",
                        spec->folds, data->rows, data->origin, data->rows);
    if (spec->kind == LAC_SPLIT_HOLDOUT && !(spec->share > 0.0 && spec->share < 1.0))
        return lac_fail(error, LAC_ERROR_PARAM, "split: holdout = %g is outside (0, 1)",
                        spec->share);
    return TRUE;
}

/* Row numbers in random order; with @stratify sorted by class and random inside a class. Classes
 * are counted from -1, unknown. Owned. */
static size_t *
split_order(const LacData *data, gboolean stratify, const LacRng *rng)
{
    const size_t classes = stratify ? data->n_classes + 1 : 1;
    g_autofree size_t *next = g_new0(size_t, classes + 1);
    g_autofree size_t *random = g_new(size_t, data->rows);
    size_t *order = g_new(size_t, data->rows);
    LacRng stream = *rng;

    for (size_t i = 0; i < data->rows; i++)
        random[i] = i;
    lac_rng_shuffle(&stream, data->rows, random);
    for (size_t i = 0; i < data->rows; i++) /* counting sort, which keeps the random order */
        next[stratify ? (size_t)(data->labels[i] + 2) : 1]++;
    for (size_t c = 1; c <= classes; c++)
        next[c] += next[c - 1];
    for (size_t i = 0; i < data->rows; i++) {
        const size_t class = stratify ? (size_t)(data->labels[random[i]] + 1) : 0;

        order[next[class]++] = random[i];
    }
    return order;
}

/* Which rows are tested, one byte a row, owned. */
static uint8_t *
split_choose(const LacSplitSpec *spec, const LacData *data, size_t fold, const LacRng *rng)
{
    const size_t n_test = (size_t)floor(spec->share * (double)data->rows + 0.5);
    g_autofree size_t *order = split_order(data, spec->stratify, rng);
    uint8_t *tested = g_malloc0(MAX(data->rows, 1));
    size_t due = 0; /* of n_test / rows of a test row, in units of 1 / rows */

    for (size_t t = 0; t < data->rows; t++) {
        if (spec->kind == LAC_SPLIT_KFOLD) {
            tested[order[t]] = t % spec->folds == fold;
            continue;
        }
        due += n_test;
        tested[order[t]] = due >= data->rows;
        due -= tested[order[t]] ? data->rows : 0;
    }
    return tested;
}

LacSplit *
lac_split_make(const LacSplitSpec *spec, const LacData *data, size_t fold, const LacRng *rng,
               GError **error)
{
    g_autofree uint8_t *tested = NULL;
    g_autoptr(LacSplit) split = NULL;

    g_assert(fold < (spec->kind == LAC_SPLIT_KFOLD ? MAX(spec->folds, 1) : 1));
    if (!split_check(spec, data, error))
        return NULL;
    if (spec->kind != LAC_SPLIT_NONE)
        tested = spec->kind == LAC_SPLIT_TAIL ? split_tail(spec, data)
                                              : split_choose(spec, data, fold, rng);
    split = g_new0(LacSplit, 1);
    split->train = g_new(size_t, data->rows);
    split->test = g_new(size_t, data->rows);
    for (size_t i = 0; i < data->rows; i++) {
        if (tested == NULL || tested[i])
            split->test[split->n_test++] = i;
        if (tested == NULL || !tested[i])
            split->train[split->n_train++] = i;
    }
    if (split->n_train == 0 || split->n_test == 0)
        return lac_fail_null(error, LAC_ERROR_PARAM,
                             "split: the %zu rows of %s leave %zu to train on and %zu to test, "
                             "expected at least one each; change the share",
                             data->rows, data->origin, split->n_train, split->n_test);
    return g_steal_pointer(&split);
}

void
lac_split_free(LacSplit *split)
{
    if (split == NULL)
        return;
    g_free(split->train);
    g_free(split->test);
    g_free(split);
}
