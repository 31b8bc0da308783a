/* Dense row-major matrices of doubles and the dense algebra plugins need (OpenBLAS, LAPACK). */
#ifndef LACUNA_MATRIX_H
#define LACUNA_MATRIX_H

#include <lacuna/error.h>

G_BEGIN_DECLS

/** LacMatrix: @rows x @cols doubles, row-major, rows @stride doubles apart (stride >= cols).
 * A view: who allocated @v says who frees it. */
typedef struct {
    size_t rows, cols, stride;
    double *v;
} LacMatrix;

/** lac_matrix_row: row @i, lent. */
static inline double *
lac_matrix_row(const LacMatrix *m, size_t i)
{
    return m->v + i * m->stride;
}

/** lac_matrix_new: zeroed, owned, stride = cols; NULL with LAC_ERROR_SHAPE when too large. */
LAC_API LacMatrix *lac_matrix_new(size_t rows, size_t cols, GError **error);
LAC_API void lac_matrix_free(LacMatrix *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacMatrix, lac_matrix_free)

/** lac_gemm: C = alpha op(A) op(B) + beta C, op = transpose where @ta, @tb say so. Shapes that do
 * not fit, here and below, are programming errors; with beta = 0 what C held is not read. */
LAC_API void lac_gemm(gboolean ta, gboolean tb, double alpha, const LacMatrix *a,
                      const LacMatrix *b, double beta, LacMatrix *c);
/** lac_syrk: C = alpha A'A + beta C for A [n x q], C [q x q]; both triangles are written. */
LAC_API void lac_syrk(double alpha, const LacMatrix *a, double beta, LacMatrix *c);
/** lac_syrk_upper: the same, but only C's diagonal and what is above it are read and written. */
LAC_API void lac_syrk_upper(double alpha, const LacMatrix *a, double beta, LacMatrix *c);
/** lac_gemv: y = alpha op(A) x + beta y, vectors without gaps. */
LAC_API void
lac_gemv(gboolean ta, double alpha, const LacMatrix *a, const double *x, double beta, double *y);
/**
 * lac_cholesky:
 * @a: symmetric [q x q], lower triangle read; overwritten by L with A = L L' (upper part zeroed)
 *
 * Returns: FALSE, with @a in an unspecified state, when it is not positive definite.
 */
LAC_API gboolean lac_cholesky(LacMatrix *a);
/** lac_cholesky_solve: x := A^-1 x for each of the @nrhs columns of x [q x nrhs], given L. */
LAC_API void lac_cholesky_solve(const LacMatrix *l, LacMatrix *x);
/** lac_solve_lower: x := L^-1 x, or L'^-1 x when @transpose, x a vector of length q. */
LAC_API void lac_solve_lower(gboolean transpose, const LacMatrix *l, double *x);
/** lac_eigen_symmetric: eigenvalues of symmetric @a [q x q] ascending in @w [q], eigenvectors of
 * length 1 in the columns of @a. LAC_ERROR_NUMERIC when they do not converge or an entry is not
 * finite, LAC_ERROR_SHAPE for scratch memory.
 */
LAC_API gboolean lac_eigen_symmetric(LacMatrix *a, double *w, GError **error);

G_END_DECLS

#endif
