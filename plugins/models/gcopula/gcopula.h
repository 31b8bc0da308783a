/* A Gaussian copula for mixed columns. One file a concern:
 *   gcopula.c    parameters, the core's slots, saving
 *   marginals.c  a column and its normal scores, there and back
 *   pattern.c    what a pattern of holes needs of the correlation matrix
 *   fit.c        EM for the correlations
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
 * @n: how many; @n_values: distinct ones; @value: [n_values] ascending
 * @upto: [n_values] how many are at most value
 * @lower, @upper: [n_values] interval of the score, of standard normal quantiles of shares
 */
typedef struct {
    int kind;
    double n;
    size_t n_values;
    double *value, *upto, *lower, *upper;
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

#define GC_POINT G_MAXUINT32
/**
 * GcRows: scores of a table's rows, in the order of its patterns.
 * @z: [rows][q] scores, 0 in holes; @code: [rows][q] GC_POINT, or number of the interval
 */
typedef struct {
    LacMask *holes;
    LacPatterns *patterns;
    LacMatrix *z;
    uint32_t *code;
} GcRows;

GcRows *gc_rows_new(const GcModel *self, const LacData *data, GError **error);
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
