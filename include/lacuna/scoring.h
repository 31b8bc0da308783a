/* Walks over the scored cells of a table, shared by the metrics. */
#ifndef LACUNA_SCORING_H
#define LACUNA_SCORING_H

#include <lacuna/metric.h>
#include <lacuna/score.h>

G_BEGIN_DECLS

/**
 * LacPoint: which single completion is scored; a metric's parameter.
 * @LAC_POINT_FILL: the model's own best completion
 * @LAC_POINT_MEAN, @LAC_POINT_MEDIAN: of the draws, cell by cell (most frequent level, lowest on
 *   ties, for categories)
 * @LAC_POINT_FIRST: the first draw, which is what the user of one completed file gets
 */
typedef enum {
    LAC_POINT_FILL,
    LAC_POINT_MEAN,
    LAC_POINT_MEDIAN,
    LAC_POINT_FIRST,
} LacPoint;

#define LAC_POINT_CHOICES ((const char *const[]){"fill", "mean", "median", "first", NULL})
#define LAC_POINT_HELP                                                                             \
    "Which completion is scored: the model's own, the mean or median of its draws, or its first "  \
    "draw"

/** LacAcross: how columns make one number: over all cells alike, the mean of the columns' values,
 * or their root mean square. */
typedef enum {
    LAC_ACROSS_POOLED,
    LAC_ACROSS_MEAN,
    LAC_ACROSS_RMS,
} LacAcross;

#define LAC_ACROSS_CHOICES ((const char *const[]){"pooled", "mean", "rms", NULL})
#define LAC_ACROSS_HELP                                                                            \
    "How columns make one number: all scored cells alike, mean of the columns' values, or their "  \
    "root mean square"

/**
 * LacErrorTally: errors e = completed - truth of the scored cells of one column.
 * @n: how many
 * @sum, @absolute: of e and |e|
 * @square: of e
 * @mean, @m2: of the truth in these cells, and the sum of its squared deviations from it
 */
typedef struct {
    size_t n;
    LacSum sum, absolute;
    LacNorm square;
    double mean, m2;
} LacErrorTally;

/** lac_error_tally_merge: @into as if the cells of @other had been added to it. */
LAC_API void lac_error_tally_merge(LacErrorTally *into, const LacErrorTally *other);

/**
 * lac_scoring_errors:
 * @out: [cols] one tally a column; n = 0 for columns that are not numeric or have no scored cell
 * @error: LAC_ERROR_NUMERIC naming the first cell whose completion is not finite; LAC_ERROR_SHAPE
 *
 * O(scored cells), parallel over blocks of rows; the same bits for any number of threads.
 * lac_scoring_has_point() must hold.
 */
LAC_API gboolean lac_scoring_errors(const LacScoring *in, LacPoint point, LacErrorTally *out,
                                    GError **error);

/** lac_scoring_has_point: FALSE, with the reason said to @out, when @point needs draws that the
 * model does not give. */
LAC_API gboolean lac_scoring_has_point(const LacScoring *in, LacPoint point, LacScores *out);

/** lac_scoring_point: value of cell (@i, @j) under @point; @scratch: [n_draws]. */
LAC_API double
lac_scoring_point(const LacScoring *in, LacPoint point, size_t i, size_t j, double *scratch);

/** lac_scoring_count: scored cells of each column to @n [cols]; columns whose kind is not numeric
 * (@numeric), or is (not @numeric), count 0. Returns: their sum. */
LAC_API size_t lac_scoring_count(const LacScoring *in, gboolean numeric, size_t *n);

/** lac_scoring_level_distance: of two level codes of @column: 0 or 1, or (@ranked, and the levels
 * are ordered) their ranks' distance as a share of the largest, in [0, 1] for levels there are. */
LAC_API double
lac_scoring_level_distance(const LacColumn *column, gboolean ranked, double a, double b);

/** lac_scoring_truth_sd: standard deviations (divisor n - 1) of the known true values of each
 * column over all rows of the split, to @sd [cols]; NaN where fewer than two are known. */
LAC_API void lac_scoring_truth_sd(const LacScoring *in, double *sd);

/**
 * LacDrawScore: scores one cell from its draws.
 * @sorted: [m] draws, ascending
 * @out: [k] scores
 */
typedef void (*LacDrawScore)(size_t m, const double *sorted, double truth, double *out,
                             const void *user);

/**
 * lac_scoring_draws:
 * @k: scores a cell
 * @n: [cols] (out): scored cells of each numeric column
 * @sum: [cols][k] (out): sums of their scores
 * @error: as for lac_scoring_errors()
 */
LAC_API gboolean lac_scoring_draws(const LacScoring *in, size_t k, LacDrawScore score,
                                   const void *user, size_t *n, double *sum, GError **error);

/**
 * lac_scoring_add:
 * @n: [cols] scored cells; columns with 0 are left out
 * @value: [cols] one value a column; NaN: there is none, @why says the reason
 * @pooled: the value of all cells alike, used with LAC_ACROSS_POOLED
 *
 * Says the value of each column and of the table to @out.
 */
LAC_API void
lac_scoring_add(LacScores *out, const char *part, LacAcross across, const LacScoring *in,
                const size_t *n, const double *value, double pooled, const char *why);

/**
 * lac_scoring_add_errors:
 * @value: the metric of one column's, or of all columns' errors; NaN when it is not defined
 * @why: the reason then
 *
 * A whole metric of errors of numeric cells: tallies them and says each column's value and that of
 * the table. Fails as lac_scoring_errors() does.
 */
LAC_API gboolean lac_scoring_add_errors(const LacScoring *in, LacPoint point, LacAcross across,
                                        double (*value)(const LacErrorTally *tally),
                                        const char *why, LacScores *out, GError **error);

/**
 * LacIntervalScore: what a metric makes of the central interval [@lower, @upper] of one cell.
 * @level: the share the interval holds for exchangeable draws
 */
typedef double (*LacIntervalScore)(double lower, double upper, double truth, double level);

/**
 * lac_scoring_add_intervals:
 * @levels: [n] wanted levels, in (0, 1)
 *
 * A whole metric of intervals from draws, one part a level, named by the level. Where there are too
 * few draws for a level, the interval is their range and the part is named by what that holds.
 */
LAC_API gboolean lac_scoring_add_intervals(const LacScoring *in, size_t n, const double *levels,
                                           LacIntervalScore score, LacScores *out, GError **error);

/** LacCompletions: what a distance between tables compares with the truth. */
typedef enum {
    LAC_OF_DRAWS, /* each draw, and the mean of the distances; the fill when there are no draws */
    LAC_OF_FILL,
} LacCompletions;

#define LAC_OF_CHOICES ((const char *const[]){"draws", "fill", NULL})
#define LAC_OF_HELP                                                                                \
    "Mean over the model's draws (its own completion when it draws none), or its own completion"

/** lac_scoring_completions: how many tables @of means, >= 1; lac_scoring_completion: number @d of
 * them, in the columns and units of LacScoring, lent. */
LAC_API size_t lac_scoring_completions(const LacScoring *in, LacCompletions of);
LAC_API const LacMatrix *lac_scoring_completion(const LacScoring *in, LacCompletions of, size_t d);

/** LacMarginal: distance between two ascending samples. */
typedef double (*LacMarginal)(size_t n, const double *x, size_t m, const double *y,
                              const void *user);

/**
 * lac_scoring_add_marginals:
 * @sd: [cols] what the distance of each column is divided by; columns whose entry is 0 or NaN are
 *   undefined; NULL: nothing
 *
 * A whole metric that compares, column by column, the imputed with the true values of the scored
 * cells; the table's value is the mean of the columns'.
 */
LAC_API gboolean lac_scoring_add_marginals(const LacScoring *in, LacCompletions of,
                                           LacMarginal distance, const void *user, const double *sd,
                                           LacScores *out, GError **error);

/**
 * LacComparison: the rows and columns in which whole tables are compared.
 * @rows: [n] indices, ascending; their truth is known in every column
 * @width: numbers a row: numeric columns divided by the truth's standard deviation, binary ones as
 *   they are, one 0/1 column a level divided by root 2 for the others; constant columns left out
 */
typedef struct {
    size_t n, width;
    size_t *rows;
    double *sd; /* [cols] */
} LacComparison;

/**
 * lac_comparison_init:
 * @with_holes: only rows with a scored cell (else every row)
 * @max_rows: a random subset of that many, keyed by @rng, when there are more
 *
 * Returns: FALSE, with the reason said to @out, when there is nothing to compare.
 */
LAC_API gboolean lac_comparison_init(LacComparison *self, const LacScoring *in, gboolean with_holes,
                                     size_t max_rows, const LacRng *rng, LacScores *out);
LAC_API void lac_comparison_clear(LacComparison *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LacComparison, lac_comparison_clear)

/** lac_comparison_take: the compared part of @completion, or of the truth when that is NULL. Owned;
 * NULL with LAC_ERROR_SHAPE, or LAC_ERROR_NUMERIC naming a cell that is not finite. */
LAC_API LacMatrix *lac_comparison_take(const LacComparison *self, const LacScoring *in,
                                       const LacMatrix *completion, GError **error);

/** LacRowDistance: to @out the distance between two tables of the same columns, >= 0; @user is the
 * metric's own. */
typedef gboolean (*LacRowDistance)(const LacMatrix *truth, const LacMatrix *completed,
                                   const void *user, double *out, GError **error);

/**
 * lac_comparison_add_mean: the mean over completions of their @distance from the truth, as a score
 * of the whole table; undefined, with the reason, when there is nothing to compare.
 * @of: which completions; @with_holes, @max_rows, @rng: which rows, as lac_comparison_init()
 */
LAC_API gboolean lac_comparison_add_mean(const LacScoring *in, LacCompletions of,
                                         gboolean with_holes, size_t max_rows, const LacRng *rng,
                                         LacRowDistance distance, const void *user, LacScores *out,
                                         GError **error);

/** lac_scoring_is_labelled: row @i has a label, so that what was predicted for it can be judged. */
static inline gboolean
lac_scoring_is_labelled(const LacScoring *in, size_t i)
{
    return in->truth->labels != NULL && in->truth->labels[i] >= 0;
}

/** lac_scoring_class: the likeliest class of row @i by @in->prediction, the lowest on ties. */
LAC_API size_t lac_scoring_class(const LacScoring *in, size_t i);

G_END_DECLS

#endif
