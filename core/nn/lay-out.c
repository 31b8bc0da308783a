/* Factors of matrix products in the order in which the inner loops read them, see gemm-private.h.
 */
#include "gemm-private.h"

#include <string.h>

enum { TRANSPOSE = 8, WIDEST = NN_WIDEST * sizeof(LacReal) };

typedef LacReal Eight
    __attribute__((vector_size(TRANSPOSE * sizeof(LacReal)), aligned(sizeof(LacReal)), may_alias));

/* Eight rows of eight values, @ldb apart, as eight rows @width apart of their transpose: three
 * rounds that exchange halves, pairs and single values. */
__attribute__((always_inline)) static inline void
pack_transpose(const LacReal *b, size_t ldb, LacReal *out, size_t width)
{
    Eight r[TRANSPOSE], s[TRANSPOSE];

    for (size_t i = 0; i < TRANSPOSE; i++)
        r[i] = *(const Eight *)(b + i * ldb);
    for (size_t i = 0; i < 4; i++) {
        s[i] = __builtin_shufflevector(r[i], r[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        s[i + 4] = __builtin_shufflevector(r[i], r[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
    for (size_t i = 0; i < 8; i += 4) {
        for (size_t j = i; j < i + 2; j++) {
            r[j] = __builtin_shufflevector(s[j], s[j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            r[j + 2] = __builtin_shufflevector(s[j], s[j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    }
    for (size_t i = 0; i < 8; i += 2) {
        *(Eight *)(out + i * width) =
            __builtin_shufflevector(r[i], r[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
        *(Eight *)(out + (i + 1) * width) =
            __builtin_shufflevector(r[i], r[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
    }
}

LAC_CLONES void
nn_lay_out_transposed(const LacReal *b, size_t ldb, size_t cols, size_t depth, LacReal *out,
                      size_t width)
{
    const size_t whole_cols = cols / TRANSPOSE * TRANSPOSE;
    const size_t whole_depth = depth / TRANSPOSE * TRANSPOSE;

    for (size_t j = 0; j < whole_cols; j += TRANSPOSE)
        for (size_t p = 0; p < whole_depth; p += TRANSPOSE)
            pack_transpose(b + j * ldb + p, ldb, out + p * width + j, width);
    for (size_t p = 0; p < depth; p++) {
        for (size_t j = p < whole_depth ? whole_cols : 0; j < cols; j++)
            out[p * width + j] = b[j * ldb + p];
        for (size_t j = cols; j < width; j++)
            out[p * width + j] = 0;
    }
}

/* A run of values whose length the compiler knows costs an instruction or two instead of a call. */
static inline void
pack_run(const LacReal *from, size_t n, LacReal *to)
{
    if (n * sizeof *to == WIDEST)
        memcpy(to, from, WIDEST);
    else if (n * sizeof *to == WIDEST / 2)
        memcpy(to, from, WIDEST / 2);
    else
        memcpy(to, from, n * sizeof *to);
}

LAC_CLONES void
nn_lay_out_rows(const LacReal *b, size_t ldb, size_t cols, size_t depth, LacReal *out, size_t width)
{
    for (size_t p = 0; p < depth; p++) {
        pack_run(b + p * ldb, cols, out + p * width);
        for (size_t j = cols; j < width; j++)
            out[p * width + j] = 0;
    }
}

void
nn_gemm_lay_out(const NnGemm *g, size_t column, size_t cols, size_t k, size_t depth, LacReal *out,
                size_t width)
{
    if (g->lay_out != NULL)
        g->lay_out(g->lay_out_user, column, cols, k, depth, out, width);
    else if (g->tb)
        nn_lay_out_transposed(g->b + column * g->ldb + k, g->ldb, cols, depth, out, width);
    else
        nn_lay_out_rows(g->b + k * g->ldb + column, g->ldb, cols, depth, out, width);
}
