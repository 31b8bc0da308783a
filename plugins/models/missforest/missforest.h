/* Chained random forests. One file a concern:
 *   missforest.c  parameters, the core's slots, what it costs
 *   columns.c     what is known of each column; the table as bins
 *   fit.c         rounds of forests, and when they end
 *   replay.c      the forests applied to new rows
 *   draw.c        draws from the leaves
 *   saved.c       model files */
#ifndef LACUNA_MISSFOREST_H
#define LACUNA_MISSFOREST_H

#include <lacuna/forest.h>
#include <lacuna/model.h>

/**
 * ForestColumn: a column of the table.
 * @classes: 0 for numbers, levels otherwise
 * @n_seen, @n_holes: of the training table
 * @start: where new rows start: mean or most frequent level
 * @unit: sd of the observed numbers, 1 where it is 0: changes are measured in it
 */
typedef struct {
    LacKind kind;
    size_t classes, n_seen, n_holes;
    double start, unit;
} ForestColumn;

/**
 * MissForest:
 * @columns: [cols]
 * @order: [n_order] columns that have a forest, the n_visited with holes first, fewest holes first
 * @rounds: rounds that made the result
 * @train: reference; @fingerprint: of it
 * @cells: [cell_start[cols]] completed holes, by column, by row within one
 * @bins: of the completed training table
 * @forests: [cols], NULL where there is none
 */
typedef struct {
    LacModel base;
    int64_t trees, mtry, iterations, min_split, min_leaf, sweeps; /* parameters */
    gboolean keep, all;

    size_t cols, n_visited, n_order, rounds;
    ForestColumn *columns;
    size_t *order;
    LacData *train;
    uint64_t fingerprint;
    size_t *cell_start;
    double *cells;
    LacBins *bins;
    LacForest **forests;
} MissForest;

/** ForestRows: where a column is observed and missing, and what was observed; scratch for one
 * column at a time. */
typedef struct {
    uint32_t *seen, *holes; /* [rows] */
    double *y;              /* [rows] */
    size_t n_seen, n_holes;
} ForestRows;

/* columns.c */
gboolean forest_rows_init(ForestRows *rows, size_t n, GError **error);
void forest_rows_clear(ForestRows *rows);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ForestRows, forest_rows_clear)
void forest_rows_split(ForestRows *rows, const LacData *data, size_t j);
/** forest_learn_columns: columns, order and cell_start. */
gboolean forest_learn_columns(MissForest *self, const LacData *train, GError **error);
/** forest_learn_bins: rules from the observed cells of @train, codes of its observed cells. */
LacBins *forest_learn_bins(const MissForest *self, const LacData *train, GError **error);
/** forest_put_cells: the holes of @data into @bins; @cells lie by column, from cell_start on. */
void forest_put_cells(const LacData *data, const size_t *cell_start, const double *cells,
                      ForestRows *rows, LacBins *bins);
/** forest_count_cells: [cols + 1], owned: where each column's holes begin in a list by column. */
size_t *forest_count_cells(const LacData *data);
/** forest_write_cells: @out = @data with its holes filled from such a list. */
void forest_write_cells(const LacData *data, const size_t *cell_start, const double *cells,
                        LacMatrix *out);

/* fit.c */
gboolean forest_run_rounds(MissForest *self, GError **error);

/* replay.c */
/** forest_replay: completed holes of @in, by column, owned; and its @bins when asked for. */
double *forest_replay(const MissForest *self, const LacData *in, const size_t *cell_start,
                      LacBins **bins, GError **error);

/* draw.c */
/** forest_draw_cells: replaces the holes in @cells by draw number @draw; @bins are those of the
 * completed @in and change along. */
gboolean forest_draw_cells(const MissForest *self, const LacData *in, size_t draw,
                           const size_t *cell_start, LacBins *bins, double *cells, GError **error);

/* saved.c */
gboolean forest_save(const LacModel *model, LacBundle *out, GError **error);
gboolean forest_load(LacModel *model, const LacBundle *in, GError **error);

#endif
