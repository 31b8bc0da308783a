/* Nuclear-norm matrix completion. One file a concern:
 *   softimpute.c  parameters, the core's slots, completing rows, saving
 *   scale.c       centring and scaling of columns, or of rows and columns
 *   cells.c       the observed cells, and products of their residuals with thin matrices
 *   factors.c     M = U diag(s) V': small singular value decompositions, growing, comparing
 *   fit.c         one lambda: alternating least squares, or thresholded singular values
 *   exact.c       one lambda of a table of few columns: accelerated thresholding
 *   svt.c         the other thresholding, of Cai, Candes and Shen: observed cells exactly
 *   path.c        lambda after lambda, each started from the last; choosing one */
#ifndef LACUNA_SOFTIMPUTE_H
#define LACUNA_SOFTIMPUTE_H

#include <lacuna/model.h>

enum { SOFT_AUTO, SOFT_ALS, SOFT_SVD, SOFT_SVT };
enum { SOFT_SCALE_NONE, SOFT_SCALE_CENTRE, SOFT_SCALE_COLUMNS, SOFT_SCALE_BOTH };

/**
 * SoftModel:
 * @centre, @gauge: [cols] of the columns; a cell is z = (x - row centre - centre) / (row gauge *
 *   gauge), row centre 0 and row gauge 1 unless rows are scaled too
 * @rank: of the fitted matrix; @loading: [cols][rank] = V sqrt(s), what rows are regressed on
 * @lambda: of the fit, in the scaled units
 */
typedef struct {
    LacModel base;
    int variant, scale; /* parameters */
    double lambda_share, tol, hold_out, svt_step, svt_threshold;
    int64_t most_rank, iterations, path;

    size_t cols, rank;
    double *centre, *gauge, *loading;
    double lambda;
} SoftModel;

/* scale.c */
gboolean soft_scale_learn(SoftModel *self, const LacData *train, GError **error);
/** soft_scale_row: @z [cols] = scaled observed cells of @x, 0 in holes (NaN). What it takes to go
 * back goes to @row_centre and @row_gauge. */
void soft_scale_row(const SoftModel *self, const double *x, double *z, double *row_centre,
                    double *row_gauge);

/**
 * SoftCells: observed cells, row after row; @rows >= @cols, a wider table is held transposed.
 * @start: [rows + 1]; @column: [n]; @x, @residual: [n] values, and what a low-rank M leaves of them
 */
typedef struct {
    size_t rows, cols, n;
    size_t *start;
    uint32_t *column;
    double *x, *residual;
} SoftCells;

/**
 * soft_cells_new:
 * @held: NULL: all observed cells. Otherwise: cells whose bit is set go to *@out_held, the others
 *   into the result
 */
SoftCells *soft_cells_new(const SoftModel *self, const LacData *data, const LacMask *held,
                          SoftCells **out_held, GError **error);
void soft_cells_free(SoftCells *cells);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SoftCells, soft_cells_free)

/** Products with thin matrices take so many columns at a time; row distances are multiples. */
#define SOFT_LANES 8

/**
 * SoftFactors: M = U diag(s) V', s descending, u and v with orthonormal columns.
 * @u: [rows][most]; @v: [cols][most]; the first @rank columns count; @s: [most]
 * @room: columns there may be; most is the next multiple of SOFT_LANES; those past rank are 0
 */
typedef struct {
    size_t rows, cols, room, most, rank;
    double *u, *v, *s;
} SoftFactors;

/** soft_cells_are_few: a step with @k columns is too short to be shared between threads. */
gboolean soft_cells_are_few(const SoftCells *cells, size_t k);
/** soft_cells_residual: residual = x - M at the observed cells; their sum of squares. */
double soft_cells_residual(SoftCells *cells, const SoftFactors *m);
/** soft_cells_times: @out [rows][@ld] = R @v, R the residuals, v [cols][@ld], first @k columns. */
void soft_cells_times(const SoftCells *cells, size_t k, size_t ld, const double *v, double *out);
/** soft_cells_times_transposed: @out [cols][@ld] = R' @u. @scratch: [soft_cells_scratch()] */
void soft_cells_times_transposed(const SoftCells *cells, size_t k, size_t ld, const double *u,
                                 double *out, double *scratch);
size_t soft_cells_scratch(const SoftCells *cells, size_t ld);
/** soft_cells_gram: @out [cols][cols] = Z'Z with Z = R + M, dense in blocks of rows only. */
gboolean soft_cells_gram(const SoftCells *cells, const SoftFactors *m, double *out, GError **error);
/** soft_cells_norm: largest singular value of the observed cells, holes 0. */
double soft_cells_norm(SoftCells *cells, GError **error);

/* factors.c */
SoftFactors *soft_factors_new(size_t rows, size_t cols, size_t most, GError **error);
SoftFactors *soft_factors_dup(const SoftFactors *m, GError **error);
void soft_factors_free(SoftFactors *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SoftFactors, soft_factors_free)
/** soft_factors_grow: further columns up to @rank: random directions in u, none in v, so that M
 * stays as it is. */
void soft_factors_grow(SoftFactors *m, size_t rank, LacRng *rng);
/** soft_factors_take: the @n rows of u or v, @side, from @from, of the same shape. */
void soft_factors_take(const SoftFactors *m, size_t n, const double *from, double *side);
/** soft_factors_cut: forgets columns whose s is 0. */
void soft_factors_cut(SoftFactors *m);
/** soft_thin_svd: a [n][ld], first k columns, = a' diag(d) q' with orthonormal a' and q [k][k];
 * directions below 1e-8 of the largest are dropped: d = 0, column 0. */
gboolean
soft_thin_svd(size_t n, size_t k, size_t ld, double *a, double *d, double *q, GError **error);
/** soft_rotate: a [n][ld] := a q for the first k columns. */
void soft_rotate(size_t n, size_t k, size_t ld, double *a, const double *q);
/** soft_factors_threshold: m = ZV with singular values reduced by @lambda: @left [rows][most] = ZV,
 * @right [cols][most] = V orthonormal, the first @rank columns of both; both are used up. */
gboolean soft_factors_threshold(SoftFactors *m, size_t rank, double lambda, double *left,
                                double *right, GError **error);
/** soft_factors_change: |M - N|^2 / |N|^2 in Frobenius norms, at least 1e-15 while M is not 0. */
double soft_factors_change(const SoftFactors *m, const SoftFactors *before);

/** SoftFit: an estimation in progress; lent. @tol: when to stop; @loud: trace it */
typedef struct {
    const SoftModel *self;
    SoftCells *cells;
    SoftFactors *m;
    double lambda, tol;
    gboolean loud;
    double done, share; /* of the whole work: before it, and its own */
} SoftFit;

/* fit.c */
/** soft_fit_lambda: from fit->m to the minimum of |X - M|^2 / 2 over the observed cells + lambda
 * |M|_*, among matrices of at most m->rank. FALSE with an error. */
gboolean soft_fit_lambda(SoftFit *fit, GError **error);

/** soft_fit_tell: an event, where @t iterations did not bring @change down to the tolerance. */
void soft_fit_tell(const SoftFit *fit, int64_t t, double change);

/* exact.c */
/** soft_fit_is_exact: variant auto takes accelerated exact steps: few columns, cells mostly there.
 */
gboolean soft_fit_is_exact(const SoftModel *self, const SoftCells *cells);
/** soft_fit_exact: soft_fit_lambda() of such a table; the rank is as it comes. */
gboolean soft_fit_exact(SoftFit *fit, GError **error);

/* svt.c */
/** soft_svt_is_small: whether a step takes Y'Y apart whole, of a table of @cols columns. */
gboolean soft_svt_is_small(size_t cols);
/** soft_svt_fit: the loading of variant svt, with a row ridge next to nothing as lambda. */
gboolean soft_svt_fit(SoftModel *self, const LacData *train, size_t most_rank, GError **error);

/* path.c */
/** soft_path_fit: the loading and lambda of the model. */
gboolean soft_path_fit(SoftModel *self, const LacData *train, GError **error);

#endif
