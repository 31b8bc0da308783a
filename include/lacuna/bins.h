/* Columns as small codes: what trees split on. Every value becomes one of at most 256 bins of its
 * column, learnt once; the codes of cells that are imputed anew are replaced in place. */
#ifndef LACUNA_BINS_H
#define LACUNA_BINS_H

#include <lacuna/error.h>

G_BEGIN_DECLS

/** LAC_BINS_MOST: bins of a column at most, so that a code is a byte. */
#define LAC_BINS_MOST 256

/**
 * LacBinColumn: how the values of one column become codes.
 * @nominal: the codes are categories without order
 * @n_bins: codes are 0 .. n_bins-1; 0 before lac_bins_learn_*()
 * @edges: [n_bins - 1] ascending; value x of an ordered column has the code of the first edge that
 *   is not below it, n_bins - 1 when there is none
 * @centre: [n_bins] what stands for a bin where thresholds between two bins are sought
 * @map: [n_levels] of a nominal column, level to code
 */
typedef struct {
    gboolean nominal;
    size_t n_bins, n_levels;
    double *edges, *centre;
    uint8_t *map;
} LacBinColumn;

/**
 * LacBins: @rows x @cols codes, twice: column by column for building trees (codes of column j from
 * codes + j * stride) and row by row for walking down them (row i from by_row + i * width). The
 * rules are shared between LacBins made by lac_bins_like().
 */
typedef struct {
    size_t rows, cols, stride, width;
    uint8_t *codes, *by_row;
    LacBinColumn *columns; /* [cols] */
    gint *shared;          /* reference count of @columns */
} LacBins;

/** lac_bins_new: all codes 0, no rules yet; owned; NULL with LAC_ERROR_SHAPE. */
LAC_API LacBins *lac_bins_new(size_t rows, size_t cols, GError **error);
/** lac_bins_like: another table of @rows rows under the rules of @bins, which must all have been
 * learnt and do not change afterwards. Owned. */
LAC_API LacBins *lac_bins_like(const LacBins *bins, size_t rows, GError **error);
LAC_API void lac_bins_free(LacBins *bins);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacBins, lac_bins_free)

/**
 * lac_bins_learn_ordered: the rule of a numeric or ordinal column.
 * @n: observed values, may be 0
 * @seen: [n] finite; reordered
 * @between: bins to make room for between two neighbouring values when there are few values
 *
 * Exact up to 256 distinct values: each has a bin of its own, and up to @between (as many as fit
 * into 256) further ones lie evenly between two neighbours, for imputed values that are none of
 * the observed ones. With more distinct values the bins hold about equally many observed cells;
 * a value that alone has more keeps a bin of its own. O(n) for large n.
 */
LAC_API void
lac_bins_learn_ordered(LacBins *bins, size_t j, size_t n, double *seen, size_t between);

/**
 * lac_bins_learn_nominal: the rule of a column of level codes.
 * @levels: [n] observed codes 0 .. n_levels-1
 *
 * One bin a level up to 256 levels; of more, the 255 most frequent (ties: the lower code) have one
 * each and the rest share the last.
 * Returns: the levels that share a bin; 0 when every level has its own.
 */
LAC_API size_t lac_bins_learn_nominal(LacBins *bins, size_t j, size_t n, const double *levels,
                                      size_t n_levels);

/**
 * lac_bins_put: sets codes of column @j.
 * @rows: [n] row numbers, or NULL for rows 0 .. n-1
 * @values: [n] finite numbers or level codes; a level that the rule does not know has the last code
 */
LAC_API void
lac_bins_put(LacBins *bins, size_t j, size_t n, const uint32_t *rows, const double *values);

/** lac_bins_code: the code of one value under the rule of column @j. */
LAC_API uint8_t lac_bins_code(const LacBins *bins, size_t j, double value);

/** lac_bins_at: the code of row @i, column @j. */
static inline uint8_t
lac_bins_at(const LacBins *bins, size_t i, size_t j)
{
    return bins->codes[j * bins->stride + i];
}

G_END_DECLS

#endif
