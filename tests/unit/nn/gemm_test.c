/* Matrix products of all sizes: our own loops and OpenBLAS against each other, bfloat16 against its
 * rounding. */
#include "gemm-private.h"
#include "lac_test.h"
#include <lacuna/nn.h>

/** Case: op(A) [m x k] op(B) [k x n]. Around the edges of tiles, panels and blocks of k. */
typedef struct {
    size_t m, n, k;
} Case;

static const Case cases[] = {
    {1, 1, 1},    {1, 33, 5},   {14, 32, 7},   {15, 31, 16},   {29, 64, 33},    {64, 10, 385},
    {200, 17, 3}, {13, 300, 9}, {70, 70, 400}, {128, 57, 114}, {257, 130, 769}, {33, 600, 31},
};

static LacReal *
made_values(LacRng *rng, size_t n)
{
    LacReal *v = g_new(LacReal, n);

    for (size_t k = 0; k < n; k++)
        v[k] = (LacReal)(lac_rng_uniform(rng) - 0.5);
    return v;
}

static double
largest_difference(size_t n, const LacReal *a, const LacReal *b)
{
    double most = 0.0;

    for (size_t k = 0; k < n; k++) {
        const double d = fabs((double)a[k] - (double)b[k]);

        most = d <= most ? most : d; /* NaN comes through */
    }
    return most;
}

/* The result of @product beside that of OpenBLAS, for each pair of transposes and each end. */
static void
expect_close(const Case *c, gboolean (*product)(const NnGemm *gemm), double tolerance)
{
    LacRng rng = lac_rng_new(7);
    g_autofree LacReal *a = made_values(&rng, c->m * c->k), *b = made_values(&rng, c->k * c->n);
    g_autofree LacReal *bias = made_values(&rng, c->m + c->n);
    g_autofree LacReal *before = made_values(&rng, c->m * c->n);
    g_autofree LacReal *seen = g_new(LacReal, c->m * c->n);
    g_autofree LacReal *expected = g_new(LacReal, c->m * c->n);

    for (unsigned way = 0; way < 4 * 4; way++) {
        NnGemm g = {.ta = way & 1,
                    .tb = way >> 1 & 1,
                    .m = c->m,
                    .n = c->n,
                    .k = c->k,
                    .a = a,
                    .b = b,
                    .ldc = c->n};
        const unsigned end = way / 4;
        double most;

        g.lda = g.ta ? c->m : c->k;
        g.ldb = g.tb ? c->k : c->n;
        g.add = end == 1;
        g.bias = end >= 2 ? bias : NULL;
        g.bias_of_rows = end == 3;
        g.activation = end == 2   ? LAC_ACTIVATION_RELU
                       : end == 3 ? LAC_ACTIVATION_TANH
                                  : LAC_ACTIVATION_NONE;
        memcpy(seen, before, c->m * c->n * sizeof *seen);
        memcpy(expected, before, c->m * c->n * sizeof *seen);
        g.c = expected;
        nn_gemm_blas(&g);
        g.c = seen;
        if (!product(&g))
            return; /* not on this processor */
        most = largest_difference(c->m * c->n, seen, expected);
        LAC_CHECK_OR((void)0, most <= tolerance,
                     "%zu x %zu x %zu, way %u: values differ by %g, expected at most %g", c->m,
                     c->n, c->k, way, most, tolerance);
    }
}

/* sums of k products below 1/4, each side rounded to 6e-8 of the largest partial sum, below 10 */
LAC_TEST(nn_gemm, own_products_are_those_of_openblas)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        expect_close(&cases[i], nn_gemm_own, 2e-5);
}

/* Factors below 1/2 rounded to 8 bits are off by 2^-10 at most, a third of that on average in
 * either direction: a product by 2^-11 of 1/4 or so, a sum of k of them by sqrt(k) that; six times
 * that is never seen. */
LAC_TEST(nn_gemm, bfloat16_products_are_right_to_their_rounding)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        expect_close(&cases[i], nn_gemm_bf16, 6.0 * 0x1p-12 * sqrt((double)cases[i].k) + 1e-5);
}

/* Values that bfloat16 holds, and sums that float holds: nothing is rounded. */
LAC_TEST(nn_gemm, bfloat16_products_of_small_whole_numbers_are_exact)
{
    enum { M = 45, N = 70, K = 500 };
    g_autofree LacReal *a = g_new(LacReal, M * K), *b = g_new(LacReal, K * N);
    g_autofree LacReal *seen = g_new(LacReal, M * N), *expected = g_new(LacReal, M * N);
    NnGemm g = {.m = M, .n = N, .k = K, .a = a, .lda = K, .b = b, .ldb = N, .c = seen, .ldc = N};

    for (size_t i = 0; i < M * K; i++)
        a[i] = (LacReal)(i * 7 % 31) - 15;
    for (size_t i = 0; i < K * N; i++)
        b[i] = (LacReal)(i * 5 % 23) - 11;
    if (!nn_gemm_bf16(&g))
        return;
    g.c = expected;
    nn_gemm_blas(&g);
    EXPECT_TRUE(largest_difference(M * N, seen, expected) == 0.0);
}

/* B = its own transpose's transpose, written panel by panel by its owner */
static void
lay_out_of_test(const void *user, size_t column, size_t cols, size_t k, size_t depth, LacReal *out,
                size_t width)
{
    nn_lay_out_transposed((const LacReal *)user + column * 401 + k, 401, cols, depth, out, width);
}

LAC_TEST(nn_gemm, a_factor_laid_out_by_its_owner_is_the_same_factor)
{
    enum { M = 30, N = 75, K = 401 };
    LacRng rng = lac_rng_new(9);
    g_autofree LacReal *a = made_values(&rng, M * K), *b = made_values(&rng, N * K);
    g_autofree LacReal *seen = g_new(LacReal, M * N), *expected = g_new(LacReal, M * N);
    NnGemm g = {.m = M,
                .n = N,
                .k = K,
                .a = a,
                .lda = K,
                .tb = TRUE,
                .b = b,
                .ldb = K,
                .c = expected,
                .ldc = N};

    nn_gemm_blas(&g);
    g.lay_out = lay_out_of_test;
    g.lay_out_user = b;
    g.b = NULL;
    g.c = seen;
    nn_gemm_blas(&g);
    EXPECT_TRUE(largest_difference(M * N, seen, expected) <= 2e-5);
    nn_gemm(&g);
    EXPECT_TRUE(largest_difference(M * N, seen, expected) <= 2e-5);
}
