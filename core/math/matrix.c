/* Row-major dense algebra over CBLAS and LAPACK. LAPACK counts by columns: to it a row-major lower
 * triangle is an upper one, which saves all transposed copies. */
#include <lacuna/matrix.h>
#include <lacuna/parallel.h>

#include <cblas.h>
#include <lapacke.h>
#include <math.h>

/* tile edge for copies across the diagonal; two tiles of doubles fit a first-level cache */
#define TILE 32

LacMatrix *
lac_matrix_new(size_t rows, size_t cols, GError **error)
{
    if (cols > SIZE_MAX / sizeof(double))
        return lac_fail_null(error, LAC_ERROR_SHAPE, "matrix: %zu columns are too many", cols);

    double *v = lac_try_alloc(rows, cols * sizeof(double), "matrix", error);

    if (v == NULL)
        return NULL;

    LacMatrix *m = g_new(LacMatrix, 1);

    *m = (LacMatrix){.rows = rows, .cols = cols, .stride = cols, .v = v};
    return m;
}

void
lac_matrix_free(LacMatrix *m)
{
    if (m == NULL)
        return;
    g_free(m->v);
    g_free(m);
}

static int
blas_int(size_t n)
{
    g_assert(n <= G_MAXINT);
    return (int)n;
}

/* rows are at least one apart, also in an empty matrix */
static int
leading(const LacMatrix *m)
{
    return blas_int(MAX(m->stride, 1));
}

void
lac_gemm(gboolean ta, gboolean tb, double alpha, const LacMatrix *a, const LacMatrix *b,
         double beta, LacMatrix *c)
{
    const size_t inner = ta ? a->rows : a->cols;

    g_assert((ta ? a->cols : a->rows) == c->rows);
    g_assert((tb ? b->rows : b->cols) == c->cols);
    g_assert((tb ? b->cols : b->rows) == inner);
    if (c->rows == 0 || c->cols == 0)
        return;
    cblas_dgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans,
                blas_int(c->rows), blas_int(c->cols), blas_int(inner), alpha, a->v, leading(a),
                b->v, leading(b), beta, c->v, leading(c));
}

/* The upper triangle from the lower one, tile by tile. */
static void
mirror_lower(LacMatrix *c)
{
    for (size_t i0 = 0; i0 < c->rows; i0 += TILE)
        for (size_t j0 = 0; j0 <= i0; j0 += TILE)
            for (size_t i = i0; i < MIN(i0 + TILE, c->rows); i++)
                for (size_t j = j0; j < MIN(j0 + TILE, i); j++)
                    lac_matrix_row(c, j)[i] = lac_matrix_row(c, i)[j];
}

void
lac_syrk(double alpha, const LacMatrix *a, double beta, LacMatrix *c)
{
    g_assert(c->rows == a->cols && c->cols == a->cols);
    if (c->rows == 0)
        return;
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, blas_int(a->cols), blas_int(a->rows), alpha,
                a->v, leading(a), beta, c->v, leading(c));
    mirror_lower(c);
}

void
lac_syrk_upper(double alpha, const LacMatrix *a, double beta, LacMatrix *c)
{
    g_assert(c->rows == a->cols && c->cols == a->cols);
    if (c->rows > 0)
        cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, blas_int(a->cols), blas_int(a->rows),
                    alpha, a->v, leading(a), beta, c->v, leading(c));
}

void
lac_gemv(gboolean ta, double alpha, const LacMatrix *a, const double *x, double beta, double *y)
{
    const size_t length = ta ? a->cols : a->rows;

    if (a->rows == 0 || a->cols == 0) { /* BLAS would leave y unscaled */
        for (size_t i = 0; i < length; i++)
            y[i] = beta == 0.0 ? 0.0 : beta * y[i];
        return;
    }
    cblas_dgemv(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, blas_int(a->rows), blas_int(a->cols),
                alpha, a->v, leading(a), x, 1, beta, y, 1);
}

void
lac_cholesky_solve(const LacMatrix *l, LacMatrix *x)
{
    g_assert(l->rows == l->cols && x->rows == l->rows);
    if (x->rows == 0 || x->cols == 0)
        return;
    cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, blas_int(x->rows),
                blas_int(x->cols), 1.0, l->v, leading(l), x->v, leading(x));
    cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, blas_int(x->rows),
                blas_int(x->cols), 1.0, l->v, leading(l), x->v, leading(x));
}

/** SolveTask: a triangular system with one right-hand side. */
typedef struct {
    const LacMatrix *l;
    gboolean transpose;
    double *x;
} SolveTask;

static void
solve_lower(size_t begin, size_t end, unsigned worker, void *user)
{
    const SolveTask *task = user;

    cblas_dtrsv(CblasRowMajor, CblasLower, task->transpose ? CblasTrans : CblasNoTrans,
                CblasNonUnit, blas_int(task->l->rows), task->l->v, leading(task->l), task->x, 1);
}

void
lac_solve_lower(gboolean transpose, const LacMatrix *l, double *x)
{
    SolveTask task = {l, transpose, x};

    g_assert(l->rows == l->cols);
    if (l->rows > 0)
        lac_parallel_for(1, 1, solve_lower, &task); /* BLAS's threads would only meet at barriers */
}

static void
transpose_square(LacMatrix *a)
{
    for (size_t i0 = 0; i0 < a->rows; i0 += TILE)
        for (size_t j0 = 0; j0 <= i0; j0 += TILE)
            for (size_t i = i0; i < MIN(i0 + TILE, a->rows); i++)
                for (size_t j = j0; j < MIN(j0 + TILE, i); j++) {
                    const double below = lac_matrix_row(a, i)[j];

                    lac_matrix_row(a, i)[j] = lac_matrix_row(a, j)[i];
                    lac_matrix_row(a, j)[i] = below;
                }
}

gboolean
lac_eigen_symmetric(LacMatrix *a, double *w, GError **error)
{
    g_assert(a->rows == a->cols);
    if (a->rows == 0)
        return TRUE;

    /* this form of the call refuses NaN, on which the iteration might not end */
    const lapack_int info =
        LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', blas_int(a->rows), a->v, leading(a), w);

    if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR)
        return lac_fail(error, LAC_ERROR_SHAPE, "eigenvalues: no memory for a %zu x %zu matrix",
                        a->rows, a->rows);
    if (info < 0)
        return lac_fail(error, LAC_ERROR_NUMERIC,
                        "eigenvalues: the %zu x %zu matrix holds a value that is not finite",
                        a->rows, a->rows);
    if (info > 0)
        return lac_fail(error, LAC_ERROR_NUMERIC,
                        "eigenvalues: no convergence for a %zu x %zu matrix (LAPACK info %d)",
                        a->rows, a->rows, (int)info);
    transpose_square(a);
    return TRUE;
}
