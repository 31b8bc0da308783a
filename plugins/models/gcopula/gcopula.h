/* A Gaussian copula for mixed columns. One file a concern:
 *   gcopula.c    parameters, the core's slots, saving
 *   marginals.c  a column and its normal scores, there and back
 *   pattern.c    what a pattern of holes needs of the correlation matrix
 *   fit.c        EM for the correlations
 *   censored.c   columns with cells that are known to lie beyond a limit
 *   complete.c   rows filled with conditional means, or with draws */
#ifndef LACUNA_GCOPULA_H
#define LACUNA_GCOPULA_H

#include <lacuna/gaussian.h>
#include <lacuna/model.h>
#include <lacuna/truncated.h>

/** What a cell's value says of its normal score: the score itself, or an interval it lies in (at
 * the ends: only the smallest or the largest value do). */
enum { GC_POINTS, GC_INTERVALS, GC_LOW_SPIKE, GC_HIGH_SPIKE };

/**
 * GcMarginal: the observed values of a column.
 * @n: how many, with the censored ones; @n_values: distinct ones; @value: [n_values] ascending
 * @upto: [n_values] how many are at most value; @low: below the first one
 * @lower, @upper: [n_values] interval of the score, of standard normal quantiles of shares
 * @score: [n_values] scores that a curve of values goes through, where cells were censored; NULL
 * @slope: of the curve below its first and above its last value; 0 where nothing is beyond
 */
typedef struct {
    int kind;
    double n, low, slope[2];
    size_t n_values;
    double *value, *upto, *lower, *upper, *score;
} GcMarginal;

/**
 * GcColumn: of the table. Its latent scores are @width from @first on: one, or for nominal columns
 * one for each level seen but @base, the most frequent one; none when it has one value only.
 * @level: [width] of nominal columns
 */
typedef struct {
    LacKind kind;
    size_t first, width;
    double base;
    double *level;
} GcColumn;

/** GcModel: @train: what draws are fitted anew on, for @bootstrap; @marginal: [q] of the latent
 * scores; @gaussian: standard normal scores, correlated */
typedef struct {
    LacModel base;
    double spike, tol; /* parameters */
    int64_t iterations, passes;
    gboolean bootstrap;
    LacData *train; /* for bootstrap; NULL when loaded */

    size_t cols, q;
    GcColumn *column;
    GcMarginal *marginal;
    LacGaussian *gaussian;
} GcModel;

/* marginals.c */
gboolean gc_marginals_learn(GcModel *self, const LacData *train, GError **error);
void gc_marginal_clear(GcMarginal *marginal);
/** gc_marginal_bounds: @lower and @upper from the counts. */
void gc_marginal_bounds(GcMarginal *marginal);
/** gc_marginal_decode: the value of score @z. */
double gc_marginal_decode(const GcMarginal *marginal, double z);
/** gc_marginal_below, gc_marginal_upto: how many of the values are < @x, <= @x. */
size_t gc_marginal_below(const GcMarginal *marginal, double x);
size_t gc_marginal_upto(const GcMarginal *marginal, double x);

/* censored.c */
/** gc_marginal_censor: takes the censored cells of column @j into the shares, if there are any. */
void gc_marginal_censor(GcMarginal *marginal, const LacData *train, size_t j);
/** gc_curve_decode: the value of score @z where there is a curve; gc_curve_is_tail: beyond it. */
double gc_curve_decode(const GcMarginal *marginal, double z);
gboolean gc_curve_is_tail(const GcMarginal *marginal, double z);
/** gc_marginal_limit: the score up to which (@upper), or from which on, values are within @x.
 * Infinite where all are, or none. */
double gc_marginal_limit(const GcMarginal *marginal, double x, gboolean upper);

#define GC_POINT G_MAXUINT32
#define GC_CELL 0x80000000U
/** GcInterval: of a score. */
typedef struct {
    double lower, upper;
} GcInterval;
/**
 * GcRows: scores of a table's rows, in the order of its patterns. Cells that are only known to lie
 * within limits count as observed, by an interval.
 * @z: [rows][q] scores, 0 in holes
 * @code: [rows][q] GC_POINT, number of the marginal's interval, or GC_CELL + that of @cell
 */
typedef struct {
    LacMask *holes;
    LacPatterns *patterns;
    LacMatrix *z;
    uint32_t *code;
    GArray *cell;
} GcRows;

/** gc_rows_new: @learning: limits of columns say nothing of holes, those of single cells do. */
GcRows *gc_rows_new(const GcModel *self, const LacData *data, gboolean learning, GError **error);
/** gc_rows_interval: that of a @code other than GC_POINT of score @c. */
GcInterval gc_rows_interval(const GcRows *rows, const GcModel *self, size_t c, uint32_t code);
void gc_rows_free(GcRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcRows, gc_rows_free)

/**
 * GcPattern: scratch for one pattern: m missing, o observed, columns in LacPatterns' order.
 * @q: [o][o] = R_oo^-1; @j: [m][o] = R_mo R_oo^-1; @cov: [m][m] of missing given observed;
 * @root: its lower Cholesky factor
 */
typedef struct {
    const LacGaussian *g;
    size_t m, o;
    const size_t *column;
    double *q, *j, *cov, *root, *work;
} GcPattern;

GcPattern *gc_pattern_new(const LacGaussian *g);
void gc_pattern_free(GcPattern *pattern);
void gc_pattern_set(GcPattern *pattern, size_t missing, const size_t *column);
/** gc_pattern_fill: the missing entries of @z [all] from the observed ones. */
void gc_pattern_fill(const GcPattern *pattern, double *z);

/* fit.c */
gboolean gc_fit(GcModel *self, const LacData *train, GError **error);

/* complete.c */
/** gc_complete: @out = @in with its holes filled; draws when @draw is given. */
gboolean gc_complete(const GcModel *self, const LacData *in, const LacRng *draw, LacMatrix *out,
                     GError **error);

#endif
