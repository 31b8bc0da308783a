/* Matrix products with what follows them: bias and activation while the result is in the cache. */
#ifndef LACUNA_GEMM_PRIVATE_H
#define LACUNA_GEMM_PRIVATE_H

#include "base-private.h"
#include <lacuna/ops.h>

G_BEGIN_DECLS

/**
 * NnLayOut: writes rows [@k, @k + @depth) and columns [@column, @column + @cols) of op(B) to @out
 * [@depth x @width], cols <= width <= NN_WIDEST, and 0 to the columns beyond; may write up to
 * NN_SLACK values more.
 */
typedef void (*NnLayOut)(const void *user, size_t column, size_t cols, size_t k, size_t depth,
                         LacReal *out, size_t width);

enum {
    NN_WIDEST = 128 / sizeof(LacReal), /* most columns of a panel: two AVX-512 registers */
    NN_SLACK = 64 / sizeof(LacReal),
};

/** NnGemmRows: what follows a product: rows [@begin, @end) of C are whole. Called once for each
 * row, in ranges that begin at multiples of NN_FINISH_ROWS, have that many rows but for the last,
 * and do not depend on the number of threads; by the thread that computed them while they are in
 * its cache, where that is possible. */
typedef void (*NnGemmRows)(void *user, size_t begin, size_t end);

enum { NN_FINISH_ROWS = 32 };

/**
 * NnGemm: C = act(op(A) op(B) + bias), or C += op(A) op(B).
 * @ta, @tb: op is the transpose
 * @m, @n, @k: op(A) [m x k], op(B) [k x n], C [m x n]
 * @lda, @ldb, @ldc: values from one stored row to the next
 * @add: to what C holds; then @bias is NULL and @activation NONE. FALSE: C's old values do not
 * matter
 * @lay_out: when set, B is what it writes, and @tb, @b and @ldb mean nothing
 * @bias: [n], or [m] with @bias_of_rows, or NULL
 * @precision: of the factors; sums are at least float
 * @packed: B as nn_gemm_pack() left it, for products that share it; or NULL
 * @finish: called with @finish_user for the rows of C, after bias and activation; or NULL
 */
typedef struct {
    gboolean ta, tb;
    size_t m, n, k;
    const LacReal *a, *b;
    size_t lda, ldb;
    LacReal *c;
    size_t ldc;
    gboolean add;
    NnLayOut lay_out;
    const void *lay_out_user;
    const LacReal *bias;
    gboolean bias_of_rows;
    LacActivation activation;
    LacPrecision precision;
    const uint16_t *packed;
    NnGemmRows finish;
    void *finish_user;
} NnGemm;

/** nn_gemm: on all threads where that pays, or in one inside a parallel loop. C overlaps nothing.
 * The same on every run with the same number of threads. */
LAC_PRIVATE_API void nn_gemm(const NnGemm *gemm);
/** nn_lay_out_rows, nn_lay_out_transposed: what a NnLayOut writes, from @depth rows of B, @ldb
 * apart, or from @cols rows of its transpose. */
LAC_PRIVATE_API void nn_lay_out_rows(const LacReal *b, size_t ldb, size_t cols, size_t depth,
                                     LacReal *out, size_t width);
LAC_PRIVATE_API void nn_lay_out_transposed(const LacReal *b, size_t ldb, size_t cols, size_t depth,
                                           LacReal *out, size_t width);
/** nn_gemm_lay_out: the same of whatever @gemm's right factor is. */
void nn_gemm_lay_out(const NnGemm *gemm, size_t column, size_t cols, size_t k, size_t depth,
                     LacReal *out, size_t width);
/** NnGemmBlock: computes @n panels of columns from panel @first on, rows [@begin, @end). */
typedef void (*NnGemmBlock)(const NnGemm *gemm, size_t first, size_t n, size_t begin, size_t end);
/** nn_gemm_in_blocks: all of C, in panels of @panel_cols columns, at most @most of them a block; on
 * several threads from @least_flops on. */
void nn_gemm_in_blocks(const NnGemm *gemm, size_t panel_cols, size_t most, double least_flops,
                       NnGemmBlock block);

/** nn_gemm_finish: @gemm's finish for all rows, on all threads. */
void nn_gemm_finish(const NnGemm *gemm);

/** nn_gemm_own: C, without what finishes its rows, by our own loops, in float or double; FALSE
 * where there are none for the processor. nn_gemm() knows for which sizes they are the fastest. */
LAC_PRIVATE_API gboolean nn_gemm_own(const NnGemm *gemm);
/** nn_gemm_amx: the same on the processor's matrix unit, with factors rounded to bfloat16 or in
 * three such parts, see amx-private.h; FALSE where there is none. */
LAC_PRIVATE_API gboolean nn_gemm_amx(const NnGemm *gemm);
/** nn_gemm_suits_amx: whether that makes up for splitting the factors in float32. */
gboolean nn_gemm_suits_amx(const NnGemm *gemm);
/** nn_gemm_packed_size: values nn_gemm_pack() writes for the right factor of @gemm; 0: it cannot,
 * or that would not pay. nn_gemm_panels: how many panels these are in. */
size_t nn_gemm_packed_size(const NnGemm *gemm);
size_t nn_gemm_panels(const NnGemm *gemm);
/** nn_gemm_pack: lays out panels [@begin, @end) of the right factor, in the calling thread. */
void nn_gemm_pack(const NnGemm *gemm, size_t begin, size_t end, uint16_t *packed);
/** nn_gemm_blas: the same through OpenBLAS. */
LAC_PRIVATE_API void nn_gemm_blas(const NnGemm *gemm);

G_END_DECLS

#endif
