/* lacuna/gram.h against plain triple loops. */
#include "context-private.h"
#include <lac_test.h>
#include <lacuna/gram.h>
#include <lacuna/rng.h>

static void
fill_table(LacGram *gram, uint64_t seed)
{
    LacRng rng = lac_rng_new(seed);

    for (size_t i = 0; i < gram->n; i++) {
        for (size_t j = 0; j < gram->q; j++)
            gram->z[i * gram->stride + j] = j == 0 ? 1.0 : lac_rng_normal(&rng);
    }
}

/* largest |got - expected| over the cross-products of the rows listed */
static double
worst_entry(const LacGram *gram, size_t n, const size_t *rows, const double *weight,
            const double *got)
{
    double worst = 0.0;

    for (size_t a = 0; a < gram->q; a++) {
        for (size_t b = 0; b < gram->q; b++) {
            double sum = 0.0;

            for (size_t i = 0; i < n; i++) {
                const double *z = gram->z + (rows ? rows[i] : i) * gram->stride;

                sum += (weight ? weight[i] : 1.0) * z[a] * z[b];
            }
            worst = MAX(worst, fabs(sum - got[a * gram->stride + b]));
        }
    }
    return worst;
}

static void
check_shape(size_t n, size_t q)
{
    g_autoptr(LacGram) gram = lac_gram_new(n, q, NULL);
    g_autofree size_t *missing = g_new(size_t, n);
    g_autofree size_t *observed = g_new(size_t, n);
    g_autofree double *weight = g_new(double, n);
    g_autofree double *out = g_new0(double, q * gram->stride);
    const double tolerance = 1e-13 * (double)n;
    LacRng rng = lac_rng_new(3);
    size_t n_missing = 0, n_observed = 0;

    fill_table(gram, 1);
    lac_gram_refresh(gram);
    EXPECT_TRUE(worst_entry(gram, n, NULL, NULL, gram->g) < tolerance);
    for (size_t i = 0; i < n; i++) {
        weight[i] = (double)lac_rng_below(&rng, 4);
        if (lac_rng_below(&rng, 5) == 0)
            missing[n_missing++] = i;
        else
            observed[n_observed++] = i;
    }
    lac_gram_observed(gram, n_missing, missing, n_observed, observed, out);
    EXPECT_TRUE(worst_entry(gram, n_observed, observed, NULL, out) < tolerance);
    lac_gram_observed(gram, n_observed, observed, n_missing, missing, out);
    EXPECT_TRUE(worst_entry(gram, n_missing, missing, NULL, out) < tolerance);
    memset(out, 0, q * gram->stride * sizeof(double));
    lac_gram_add(n_observed, q, gram->stride, gram->z, observed, weight, 1.0, out);
    EXPECT_TRUE(worst_entry(gram, n_observed, observed, weight, out) < 4.0 * tolerance);
}

LAC_TEST(math_gram, cross_products_equal_plain_sums_in_all_shapes)
{
    check_shape(1, 1);
    check_shape(7, 3);
    check_shape(500, 17);
    check_shape(5000, 8);
    check_shape(700, 70);   /* the branch that gathers rows for BLAS */
    check_shape(2300, 150); /* in stripes of columns, and in blocks of rows */
}

/* classical.md 2.11: after 50 rounds |G - Z'Z| / |G| < 1e-12 */
/* The threads share the rows of narrow and long tables, and the columns of wide ones. */
LAC_TEST(math_gram, threads_change_no_bit)
{
    static const size_t shapes[][2] = {{5000, 20}, {5000, 90}, {700, 300}};

    for (size_t s = 0; s < G_N_ELEMENTS(shapes); s++) {
        g_autoptr(LacGram) gram = lac_gram_new(shapes[s][0], shapes[s][1], NULL);
        const size_t bytes = gram->q * gram->stride * sizeof(double);
        g_autofree double *first = NULL;

        fill_table(gram, 1);
        for (unsigned threads = 1; threads <= 4; threads++) {
            lac_threads_set(threads);
            lac_gram_refresh(gram);
            if (first == NULL)
                first = g_memdup2(gram->g, bytes);
            EXPECT_TRUE(memcmp(first, gram->g, bytes) == 0);
        }
    }
    lac_threads_set(0);
}

LAC_TEST(math_gram, replacing_columns_keeps_cross_products_for_fifty_rounds)
{
    enum { N = 300, Q = 6, ROUNDS = 50 };
    g_autoptr(LacGram) gram = lac_gram_new(N, Q, NULL);
    LacRng rng = lac_rng_new(9);
    size_t rows[N / 3];
    double values[N / 3];

    fill_table(gram, 2);
    lac_gram_refresh(gram);
    for (size_t t = 0; t < ROUNDS; t++) {
        for (size_t j = 1; j < Q; j++) {
            for (size_t i = 0; i < N / 3; i++) {
                rows[i] = 3 * i + j % 3;
                values[i] = lac_rng_normal(&rng);
            }
            lac_gram_replace(gram, j, N / 3, rows, values);
            EXPECT_EQ_DOUBLE(gram->z[rows[5] * gram->stride + j], values[5]);
        }
    }
    EXPECT_TRUE(worst_entry(gram, N, NULL, NULL, gram->g) < 1e-12 * N);
}

LAC_TEST(math_gram, times_and_cross_equal_plain_sums)
{
    enum { N = 9000, Q = 11 };
    g_autoptr(LacGram) gram = lac_gram_new(N, Q, NULL);
    g_autofree size_t *rows = g_new(size_t, N);
    g_autofree double *fit = g_new(double, N);
    double beta[16] = {0}, cross[16], expected = 0.0, sum = 0.0;

    fill_table(gram, 4);
    for (size_t i = 0; i < N; i++)
        rows[i] = N - 1 - i;
    for (size_t j = 0; j < Q; j++)
        beta[j] = (double)j - 4.0;
    lac_gram_times(N, gram->stride, gram->z, rows, beta, fit);
    for (size_t j = 0; j < Q; j++)
        expected += beta[j] * gram->z[(N - 1 - 77) * gram->stride + j];
    EXPECT_NEAR_DOUBLE(fit[77], expected, 1e-13);
    lac_gram_cross(N, gram->stride, gram->z, rows, fit, cross);
    for (size_t i = 0; i < N; i++)
        sum += fit[i] * gram->z[rows[i] * gram->stride + 3];
    EXPECT_NEAR_DOUBLE(cross[3], sum, 1e-11);
}
