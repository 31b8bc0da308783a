/* missforest: each incomplete column is predicted from all others by a random forest, in turn,
 * until the predictions stop to settle. Takes mixed kinds as they are.
 * Source: Stekhoven and Buehlmann, "MissForest: non-parametric missing value imputation for
 * mixed-type data", Bioinformatics 28 (2012) 112-118. */
#include "missforest.h"

#include <math.h>
#include <string.h>

static const LacParam params[] = {
    LAC_PARAM_INT(MissForest, trees, 100, LAC_RANGE(1, 100000), "trees", "Trees a forest"),
    LAC_PARAM_INT(MissForest, mtry, 0, LAC_RANGE(0, 65535), "columns",
                  "Columns tried for each split; 0: the square root of the number of columns, "
                  "rounded down"),
    LAC_PARAM_INT(MissForest, iterations, 10, LAC_RANGE(1, 1000), "rounds",
                  "Most rounds; fewer when the changes stop to shrink"),
    LAC_PARAM_INT(MissForest, min_split, 0, LAC_RANGE(0, 1e9), "rows",
                  "A node with at most as many rows is a leaf; 0: 5 for numbers, 1 for levels"),
    LAC_PARAM_INT(MissForest, min_leaf, 1, LAC_RANGE(1, 1e9), "rows",
                  "Rows each side of a split keeps at least"),
    LAC_PARAM_BOOL(MissForest, keep, TRUE,
                   "Keep the forests, for new rows and draws; without them only the training rows "
                   "can be completed, in a fraction of the memory"),
    LAC_PARAM_BOOL(MissForest, all, TRUE,
                   "Grow forests also for columns without holes, in case new rows have some"),
    LAC_PARAM_INT(MissForest, sweeps, 3, LAC_RANGE(1, 1000), "sweeps",
                  "Sweeps over the columns for a draw, from the point completion on"),
    LAC_PARAM_END,
};

static gboolean
missforest_fit(LacModel *model, const LacData *train, GError **error)
{
    MissForest *self = LAC_CAST(MissForest, model);

    if (train->cols >= UINT16_MAX)
        return lac_fail(error, LAC_ERROR_SHAPE,
                        "missforest: %zu columns, of which trees know 65534; choose among them",
                        train->cols);
    if (train->rows >= INT32_MAX)
        return lac_fail(error, LAC_ERROR_SHAPE, "missforest: %zu rows, of which trees know %d",
                        train->rows, INT32_MAX - 1);
    self->train = lac_data_ref(train);
    self->fingerprint = lac_data_fingerprint(train);
    return forest_learn_columns(self, train, error) && forest_run_rounds(self, error);
}

static gboolean
missforest_knows(const MissForest *self, const LacData *in)
{
    return in->rows == self->train->rows && lac_data_fingerprint(in) == self->fingerprint;
}

/* Completed holes of @in, by column, and its bins when asked for. */
static double *
missforest_complete(const MissForest *self, const LacData *in, const size_t *cell_start,
                    LacBins **bins, GError **error)
{
    g_auto(ForestRows) rows = {0};

    if (!missforest_knows(self, in)) {
        if (self->keep)
            return forest_replay(self, in, cell_start, bins, error);
        return lac_fail_null(error, LAC_ERROR_PARAM,
                             "missforest: these are not the rows it was fitted on, and its forests "
                             "were not kept; fit it with keep: true");
    }
    const size_t n = cell_start[in->cols];
    g_autofree double *cells = lac_try_alloc(n, sizeof *cells, "completed holes", error);

    if (cells == NULL)
        return NULL;
    memcpy(cells, self->cells, n * sizeof *cells);
    if (bins == NULL)
        return g_steal_pointer(&cells);
    g_autoptr(LacBins) own = lac_bins_like(self->bins, in->rows, error);

    if (own == NULL || !forest_rows_init(&rows, in->rows, error))
        return NULL;
    memcpy(own->codes, self->bins->codes, own->stride * own->cols);
    memcpy(own->by_row, self->bins->by_row, own->rows * own->width);
    *bins = g_steal_pointer(&own);
    return g_steal_pointer(&cells);
}

static gboolean
missforest_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error)
{
    const MissForest *self = LAC_CAST(const MissForest, model);
    g_autofree size_t *cell_start = forest_count_cells(in);
    g_autofree double *cells = missforest_complete(self, in, cell_start, NULL, error);

    if (cells == NULL || !lac_context_step(self->base.instance.context, 1.0, error))
        return FALSE;
    forest_write_cells(in, cell_start, cells, out);
    return TRUE;
}

static gboolean
missforest_sample(const LacModel *model, const LacData *in, size_t draw, LacMatrix *out,
                  GError **error)
{
    const MissForest *self = LAC_CAST(const MissForest, model);
    g_autofree size_t *cell_start = forest_count_cells(in);
    g_autoptr(LacBins) bins = NULL;

    if (!self->keep)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "missforest: draws come from the leaves of forests that were not kept; fit "
                        "it with keep: true");
    g_autofree double *cells = missforest_complete(self, in, cell_start, &bins, error);

    if (cells == NULL || !forest_draw_cells(self, in, draw, cell_start, bins, cells, error))
        return FALSE;
    forest_write_cells(in, cell_start, cells, out);
    return TRUE;
}

static unsigned
missforest_traits_of(const LacModel *model)
{
    const MissForest *self = LAC_CAST(const MissForest, model);

    return (unsigned)(LAC_MODEL_KINDS | LAC_MODEL_SCALE_FREE) |
           (self->keep ? 0u : (unsigned)LAC_MODEL_TRANSDUCTIVE);
}

/* Rows of a column go down some log2 levels, in each of which mtry histograms are filled; the rows
 * to predict go down once more. Memory: forests, twice while there is a round to go back to (there
 * is none after the last); codes, lists of rows, sums of predictions and scratch, a few bytes a row
 * each. */
static void
missforest_cost(const LacModel *model, const LacWorkload *work, LacCost *out)
{
    enum { USUAL_ROUNDS = 5, LEAF_BYTES = 20, SCRATCH = 109, LISTS = 60 };
    const double rows_a_leaf = 0.59; /* of those a node must have to be split */
    const MissForest *self = LAC_CAST(const MissForest, model);
    const double n = (double)work->rows, p = (double)work->cols, r = work->missing;
    const double seen = MAX(n * (1.0 - r), 1.0), holes = n * r, trees = (double)self->trees;
    const double mtry = self->mtry > 0 ? MIN((double)self->mtry, p) : sqrt(p);
    const double depth = 1.3 * log2(seen + 2.0), threads = (double)work->threads;
    const double rounds = r > 0.0 ? MIN((double)self->iterations, USUAL_ROUNDS) : 1.0;
    const double visits = 0.63 * seen * (mtry * 1.4 + 4.0) + 1.5 * (0.37 * seen + holes);
    const double leaf = rows_a_leaf * (self->min_split > 0 ? (double)self->min_split : 5.0);
    const double forest = self->keep ? LEAF_BYTES * trees * (seen / leaf + 1.0) : 0.0;

    out->seconds = 1.5 * LAC_COST_STEP * rounds * p * trees * depth * visits / threads;
    out->bytes = p * forest * (rounds > 2.0 ? 2.0 : 1.0) +
                 n * (4.0 * p + SCRATCH * threads + LISTS) + 24.0 * n * p * r;
}

static void
missforest_clear(LacModel *model)
{
    MissForest *self = LAC_CAST(MissForest, model);

    for (size_t j = 0; self->forests != NULL && j < self->cols; j++)
        lac_forest_free(self->forests[j]);
    g_clear_pointer(&self->forests, g_free);
    g_clear_pointer(&self->columns, g_free);
    g_clear_pointer(&self->order, g_free);
    g_clear_pointer(&self->train, lac_data_unref);
    g_clear_pointer(&self->cell_start, g_free);
    g_clear_pointer(&self->cells, g_free);
    g_clear_pointer(&self->bins, lac_bins_free);
    self->cols = self->n_visited = self->n_order = self->rounds = 0;
}

LAC_PLUGIN_EXPORT const LacModelPlugin lac_plugin = {
    LAC_MODEL("missforest", "Chained random forests over columns of all kinds", MissForest, params),
    .plugin.citation = "Stekhoven and Buehlmann, Bioinformatics 28 (2012) 112-118",
    .example = {.in = "a,b\n1,10\n2,10\n3,10\n4,10\n5,10\n6,10\n7,20\n8,20\n9,20\n10,20\n11,20\n"
                      "12,20\n13,\n",
                .out = "a,b\n1,10\n2,10\n3,10\n4,10\n5,10\n6,10\n7,20\n8,20\n9,20\n10,20\n11,20\n"
                       "12,20\n13,20\n",
                .params = "{trees: 10, min_split: 1}"},
    .traits = LAC_MODEL_KINDS | LAC_MODEL_SCALE_FREE | LAC_MODEL_CANDIDATE,
    .fit = missforest_fit,
    .fill = missforest_fill,
    .sample = missforest_sample,
    .save = forest_save,
    .load = forest_load,
    .clear = missforest_clear,
    .quick = "{trees: 20}",
    .traits_of = missforest_traits_of,
    .cost = missforest_cost,
};
