/* Matrix products of all sizes: our own loops and OpenBLAS against each other, bfloat16 against its
 * rounding. */
#include "kernels-private.h"
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
        lac_nn_kernels()->gemm_blas(&g);
        g.c = seen;
        if (!product(&g))
            return; /* not on this processor */
        most = largest_difference(c->m * c->n, seen, expected);
        LAC_CHECK_OR((void)0, most <= tolerance,
                     "%zu x %zu x %zu, way %u: values differ by %g, expected at most %g", c->m,
                     c->n, c->k, way, most, tolerance);
    }
}

static gboolean
amx_bfloat16(const NnGemm *gemm)
{
    NnGemm rounded = *gemm;

    rounded.precision = LAC_PRECISION_BFLOAT16;
    return lac_nn_kernels()->gemm_amx(&rounded);
}

/* sums of k products below 1/4, each side rounded to 6e-8 of the largest partial sum, below 10 */
LAC_TEST(nn_gemm, own_products_are_those_of_openblas)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        expect_close(&cases[i], lac_nn_kernels()->gemm_own, 2e-5);
}

LAC_TEST(nn_gemm, products_in_three_parts_are_those_of_openblas)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        expect_close(&cases[i], lac_nn_kernels()->gemm_amx, 2e-5);
}

/* The root mean square error of a product, in units of 2^-24 of the root mean square term. */
static double
error_of(gboolean (*product)(const NnGemm *gemm), size_t m, size_t n, size_t k, const LacReal *a,
         const LacReal *b)
{
    g_autofree LacReal *c = g_new(LacReal, m * n);
    const NnGemm g = {.m = m, .n = n, .k = k, .a = a, .lda = k, .b = b, .ldb = n, .c = c, .ldc = n};
    double errors = 0.0, terms = 0.0;

    if (!product(&g))
        return NAN;
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            double exact = 0.0;

            for (size_t p = 0; p < k; p++) {
                const double term = (double)a[i * k + p] * (double)b[p * n + j];

                exact += term;
                terms += term * term / (double)k;
            }
            errors += ((double)c[i * n + j] - exact) * ((double)c[i * n + j] - exact);
        }
    }
    return sqrt(errors / terms) * 0x1p24;
}

/* One term after the other, each rounded once. */
static gboolean
plain_product(const NnGemm *g)
{
    for (size_t i = 0; i < g->m; i++) {
        for (size_t j = 0; j < g->n; j++) {
            LacReal sum = 0;

            for (size_t p = 0; p < g->k; p++)
                sum = (LacReal)fma((double)g->a[i * g->lda + p], (double)g->b[p * g->ldb + j],
                                   (double)sum);
            g->c[i * g->ldc + j] = sum;
        }
    }
    return TRUE;
}

/** Rows: what a finish has seen. */
typedef struct {
    const NnGemm *g;
    gint calls, wrong;
    guint8 seen[512];
} Rows;

static void
see_rows(void *user, size_t begin, size_t end)
{
    Rows *rows = user;

    g_atomic_int_inc(&rows->calls);
    if (begin % NN_FINISH_ROWS != 0 || end != MIN(begin + NN_FINISH_ROWS, rows->g->m))
        g_atomic_int_inc(&rows->wrong);
    for (size_t i = begin; i < end; i++) {
        rows->seen[i]++;
        for (size_t j = 0; j < rows->g->n; j++) /* 2 k, and the bias of 1 */
            if (rows->g->c[i * rows->g->ldc + j] != 2 * (LacReal)rows->g->k + 1)
                g_atomic_int_inc(&rows->wrong);
    }
}

LAC_TEST(nn_gemm, every_row_is_finished_once_when_it_is_whole)
{
    /* one part of k and several; more panels than a thread keeps; for OpenBLAS or our loops */
    static const size_t sizes[][3] = {
        {320, 200, 50}, {77, 70, 1100}, {65, 2000, 512}, {50, 3, 5}, {512, 1, 1}};

    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        const size_t m = sizes[i][0], n = sizes[i][1], k = sizes[i][2];
        g_autofree LacReal *a = g_new(LacReal, m * k), *b = g_new(LacReal, k * n);
        g_autofree LacReal *c = g_new(LacReal, m * n), *bias = g_new(LacReal, n);
        Rows rows = {0};
        const NnGemm g = {.m = m,
                          .n = n,
                          .k = k,
                          .a = a,
                          .lda = k,
                          .b = b,
                          .ldb = n,
                          .c = c,
                          .ldc = n,
                          .bias = bias,
                          .finish = see_rows,
                          .finish_user = &rows};

        rows.g = &g;
        for (size_t j = 0; j < m * k; j++)
            a[j] = 1;
        for (size_t j = 0; j < k * n; j++)
            b[j] = 2;
        for (size_t j = 0; j < n; j++)
            bias[j] = 1;
        lac_nn_kernels()->gemm(&g);
        EXPECT_EQ_INT(rows.wrong, 0);
        EXPECT_EQ_INT(rows.calls, (m + NN_FINISH_ROWS - 1) / NN_FINISH_ROWS);
        for (size_t j = 0; j < m; j++)
            ASSERT_EQ_INT(rows.seen[j], 1);
    }
}

/* Numbers whose second or third part is below the smallest normal one: that part may be lost, and
 * nothing else. */
LAC_TEST(nn_gemm, tiny_factors_lose_what_no_part_holds_and_no_more)
{
    enum { M = 32, N = 48, K = 64 };
    static const double sizes[] = {0x1p-95, 0x1p-105, 0x1p-112, 0x1p-120, 0x1p-128};
    LacReal a[M * K], b[K * N], c[M * N];

    for (size_t i = 0; i < 4 * G_N_ELEMENTS(sizes); i++) {
        NnGemm g = {.m = M, .n = N, .k = K, .a = a, .b = b, .c = c, .ldc = N};
        LacRng rng = lac_rng_new(5 + i);

        g.ta = i % 2 == 1, g.tb = i / 2 % 2 == 1;
        g.lda = g.ta ? M : K, g.ldb = g.tb ? K : N;
        for (size_t j = 0; j < M * K; j++)
            a[j] = (LacReal)((1 + lac_rng_uniform(&rng)) * (i / 4 % 2 == 0 ? 1 : sizes[i / 4]));
        for (size_t j = 0; j < K * N; j++)
            b[j] = (LacReal)((1 + lac_rng_uniform(&rng)) * (i / 4 % 2 == 0 ? sizes[i / 4] : 1));
        if (!lac_nn_kernels()->gemm_amx(&g))
            return; /* not on this processor */
        for (size_t row = 0; row < M; row++) {
            for (size_t j = 0; j < N; j++) {
                double exact = 0.0;

                for (size_t p = 0; p < K; p++)
                    exact += (double)a[g.ta ? p * M + row : row * K + p] *
                             (double)b[g.tb ? j * K + p : p * N + j];
                /* K terms whose tiny factor is off by 2^-125, and rounding */
                ASSERT_NEAR_DOUBLE(c[row * N + j], exact, 2 * K * 0x1p-125 + 1e-5 * exact);
            }
        }
    }
}

/* Beside a plain float32 loop. Lognormal sizes, so that parts of all sizes meet; values of one sign
 * make sums, and so rounding, largest. */
LAC_TEST(nn_gemm, products_in_three_parts_are_as_exact_as_those_of_float)
{
    enum { M = 64, N = 48 };
    static const size_t depths[] = {32, 100, 784};

    for (size_t i = 0; i < 2 * G_N_ELEMENTS(depths); i++) {
        const size_t k = depths[i / 2];
        LacRng rng = lac_rng_new(11 + i);
        g_autofree LacReal *a = g_new(LacReal, M * k), *b = g_new(LacReal, k * N);
        double float32, parts;

        for (size_t j = 0; j < M * k; j++)
            a[j] = (LacReal)exp(lac_rng_normal(&rng)) * (i % 2 == 0 || j % 3 == 0 ? 1 : -1);
        for (size_t j = 0; j < k * N; j++)
            b[j] = (LacReal)exp(lac_rng_normal(&rng)) * (i % 2 == 0 || j % 5 != 0 ? 1 : -1);
        float32 = error_of(plain_product, M, N, k, a, b);
        parts = error_of(lac_nn_kernels()->gemm_amx, M, N, k, a, b);
        if (isnan(parts))
            return; /* not on this processor */
        LAC_CHECK_OR((void)0, parts <= float32,
                     "k = %zu, case %zu: error %g in three parts, %g in float", k, i, parts,
                     float32);
    }
}

/* Factors below 1/2 rounded to 8 bits are off by 2^-10 at most, a third of that on average in
 * either direction: a product by 2^-11 of 1/4 or so, a sum of k of them by sqrt(k) that; six times
 * that is never seen. */
LAC_TEST(nn_gemm, bfloat16_products_are_right_to_their_rounding)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        expect_close(&cases[i], amx_bfloat16, 6.0 * 0x1p-12 * sqrt((double)cases[i].k) + 1e-5);
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
    if (!amx_bfloat16(&g))
        return;
    g.c = expected;
    lac_nn_kernels()->gemm_blas(&g);
    EXPECT_TRUE(largest_difference(M * N, seen, expected) == 0.0);
}

/* B = its own transpose's transpose, written panel by panel by its owner */
static void
lay_out_of_test(const void *user, size_t column, size_t cols, size_t k, size_t depth, LacReal *out,
                size_t width)
{
    lac_nn_kernels()->lay_out_transposed((const LacReal *)user + column * 401 + k, 401, cols, depth,
                                         out, width);
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

    lac_nn_kernels()->gemm_blas(&g);
    g.lay_out = lay_out_of_test;
    g.lay_out_user = b;
    g.b = NULL;
    g.c = seen;
    lac_nn_kernels()->gemm_blas(&g);
    EXPECT_TRUE(largest_difference(M * N, seen, expected) <= 2e-5);
    lac_nn_kernels()->gemm(&g);
    EXPECT_TRUE(largest_difference(M * N, seen, expected) <= 2e-5);
}
