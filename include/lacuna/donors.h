/* Nearest donors: for every hole of a table, the rows nearest to its own among those in which the
 * hole's column is observed. What kNN imputation and any hot deck stand on. */
#ifndef LACUNA_DONORS_H
#define LACUNA_DONORS_H

#include <lacuna/context.h>
#include <lacuna/data.h>

G_BEGIN_DECLS

/**
 * LacDistance: between two rows with holes, over the set S of columns observed in both.
 * @LAC_DISTANCE_NAN_EUCLIDEAN: sqrt(p / |S| * sum over S of (x - y)^2), p = all columns; the
 *   numbers are taken as they are, so columns should share a scale
 * @LAC_DISTANCE_GOWER: mean over S of min(|x - y| * w, 1) with w = 1 / observed range for numeric
 *   columns (1 when the range is 0), 1 / (levels - 1) for ordinal ones, and 1 for binary and
 *   nominal ones, whose codes differ by at least 1. In [0, 1].
 *
 * Undefined when S is empty. Sources: Dixon, IEEE Trans. SMC 9 (1979) 617-621; Gower, Biometrics
 * 27 (1971) 857-871.
 */
typedef enum {
    LAC_DISTANCE_NAN_EUCLIDEAN,
    LAC_DISTANCE_GOWER,
} LacDistance;

/** LacNeighbour: a donor @row of the training table and its @distance. */
typedef struct {
    size_t row;
    double distance;
} LacNeighbour;

/** LacDonors: training rows laid out for searching; immutable, safe from any thread. */
typedef struct LacDonors LacDonors;

/** lac_donors_new: @train: numbers, or level codes with LAC_DISTANCE_GOWER; keeps no reference to
 * @train; needs about twice its memory. Owned; NULL with LAC_ERROR_SHAPE when there is no such
 * memory. */
LAC_API LacDonors *lac_donors_new(LacDistance distance, const LacData *train, GError **error);
LAC_API void lac_donors_free(LacDonors *donors);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacDonors, lac_donors_free)

/** lac_donors_distance: from @x [cols], NaN where missing, to training row @row; NaN when they
 * have no observed column in common. */
LAC_API double lac_donors_distance(const LacDonors *donors, const double *x, size_t row);

/**
 * LacDonorVisit: called once for every hole, from several threads at once but for one row always
 * from the same.
 * @nearest: [n] by increasing distance, equal distances by row; lent during the call
 * @n: at most k; fewer when fewer training rows both observe @column and have a defined distance
 *   to @row; 0 asks for a fallback
 */
typedef void (*LacDonorVisit)(size_t row, size_t column, size_t n, const LacNeighbour *nearest,
                              void *user);

/**
 * lac_donors_search:
 * @in: the columns of the training table; a training row is never its own donor, because it does
 *   not observe the column in question
 * @k: wanted donors a hole, >= 1
 * @context: for progress and cancellation; may be NULL
 * @error: LAC_ERROR_CANCELLED, or LAC_ERROR_SHAPE when the scratch memory cannot be had
 *
 * Exact: a single-precision scan discards a donor only when its error bound proves that it is not
 * among the k nearest; the others are compared in double precision. Distances that agree to 32
 * significant bits count as equal (they differ by rounding only) and are ordered by row, so the
 * answer depends neither on the number of threads nor on the order of columns.
 * Time O(rows with holes * training rows * cols); memory O(k) for each hole of 64 rows a thread.
 */
LAC_API gboolean lac_donors_search(const LacDonors *donors, const LacData *in, size_t k,
                                   LacDonorVisit visit, void *user, LacContext *context,
                                   GError **error);

G_END_DECLS

#endif
