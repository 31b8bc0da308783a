/* What a model put into cells of a table, apart from the table. */
#ifndef LACUNA_FILLED_PRIVATE_H
#define LACUNA_FILLED_PRIVATE_H

#include "base-private.h"
#include <lacuna/data.h>
#include <lacuna/rng.h>

G_BEGIN_DECLS

/**
 * LacFilledCells: some cells of a table in each of several completions.
 * @row: [n] column after column, rows ascending; @start: [cols + 1] where each column's begin
 * @value: [draws][n] in the table's own units; level codes of categories
 */
typedef struct {
    size_t cols, n, draws;
    size_t *start, *row;
    double *value;
} LacFilledCells;

/** lac_filled_cells_new: for the cells set in @cells. Owned; NULL with LAC_ERROR_SHAPE. */
LAC_PRIVATE_API LacFilledCells *
lac_filled_cells_new(const LacMask *cells, size_t draws, GError **error);
LAC_PRIVATE_API void lac_filled_cells_free(LacFilledCells *cells);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacFilledCells, lac_filled_cells_free)
/** lac_filled_cells_put: takes the cells from completion @draw < draws. */
LAC_PRIVATE_API void
lac_filled_cells_put(LacFilledCells *cells, size_t draw, const LacMatrix *completed);

/** lac_overimpute_choose: observed cells to hide and predict: of each column that has holes, @share
 * of its seen cells, at least @least and at most @most, never more than half; no row loses its last
 * observed cell. Owned; NULL with LAC_ERROR_SHAPE. */
LAC_PRIVATE_API LacMask *lac_overimpute_choose(const LacData *data, double share, size_t least,
                                               size_t most, LacRng rng, GError **error);

/**
 * LacOverimputed: how well one column's hidden cells came back.
 * @cells: hidden ones
 * @mae, @bias: of the medians of the draws against what was observed (numbers; column unit)
 * @coverage, @width: share of cells inside the @level interval of their draws (quantiles of type
 * 6), and its mean width; NaN for fewer than LAC_INTERVAL_DRAWS
 * @correct: share of cells whose commonest level (smallest of equals) is the observed one
 * @chance: mean share of draws that are the observed level
 */
typedef struct {
    size_t cells;
    double mae, bias, coverage, width, correct, chance;
} LacOverimputed;

#define LAC_OVERIMPUTE_LEVEL 0.9
#define LAC_INTERVAL_DRAWS 19 /* from here on the 5 % quantile of type 6 lies within the sample */

/** lac_overimpute_score: of column @j; @data holds the truth. */
LAC_PRIVATE_API LacOverimputed lac_overimpute_score(const LacData *data,
                                                    const LacFilledCells *cells, size_t j);
/** lac_filled_interval: median and ends of the @level interval of cell @k over draws; the ends are
 * NaN for fewer than LAC_INTERVAL_DRAWS draws. @scratch: [draws]. */
LAC_PRIVATE_API void
lac_filled_interval(const LacFilledCells *cells, size_t k, double level, double *scratch,
                    double *low, double *middle, double *high);

G_END_DECLS

#endif
