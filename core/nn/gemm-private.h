/* Matrix products with what follows them: bias and activation while the result is in the cache. */
#ifndef LACUNA_GEMM_PRIVATE_H
#define LACUNA_GEMM_PRIVATE_H

#include "base-private.h"
#include <lacuna/ops.h>

G_BEGIN_DECLS

/**
 * NnGemm: C = act(op(A) op(B) + bias), or C += op(A) op(B).
 * @ta, @tb: op is the transpose
 * @m, @n, @k: op(A) [m x k], op(B) [k x n], C [m x n]
 * @lda, @ldb, @ldc: values from one stored row to the next
 * @add: to what C holds; then @bias is NULL and @activation NONE. FALSE: C's old values do not
 * matter
 * @bias: [n] or NULL
 * @precision: of the factors; sums are at least float
 */
typedef struct {
    gboolean ta, tb;
    size_t m, n, k;
    const LacReal *a, *b;
    size_t lda, ldb;
    LacReal *c;
    size_t ldc;
    gboolean add;
    const LacReal *bias;
    LacActivation activation;
    LacPrecision precision;
} NnGemm;

/** nn_gemm: on all threads where that pays, or in one inside a parallel loop. C overlaps nothing.
 * The same on every run with the same number of threads. */
LAC_PRIVATE_API void nn_gemm(const NnGemm *gemm);
/** nn_gemm_own: the same by our own loops, in float or double; FALSE where there are none for the
 * processor. nn_gemm() knows for which sizes they are the fastest. */
LAC_PRIVATE_API gboolean nn_gemm_own(const NnGemm *gemm);
/** nn_gemm_blas: the same through OpenBLAS. */
LAC_PRIVATE_API void nn_gemm_blas(const NnGemm *gemm);

G_END_DECLS

#endif
