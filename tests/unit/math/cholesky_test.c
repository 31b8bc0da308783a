/* The tiled factor: sizes on both sides of its tiles' borders. */
#include "context-private.h"
#include <lac_test.h>
#include <lacuna/matrix.h>
#include <lacuna/rng.h>

enum { PAD = 3 };

/* B B' / q + I for a random B, in a view with PAD columns of NaN behind it. */
static LacMatrix
definite(size_t q)
{
    LacMatrix a = {.rows = q, .cols = q, .stride = q + PAD, .v = g_new(double, q *(q + PAD))};
    g_autofree double *v = g_new(double, q *q);
    const LacMatrix b = {.rows = q, .cols = q, .stride = q, .v = v};
    LacRng rng = lac_rng_new(q);

    lac_rng_fill_normal(&rng, q * q, v);
    for (size_t i = 0; i < q * a.stride; i++)
        a.v[i] = NAN;
    lac_gemm(FALSE, TRUE, 1.0 / (double)q, &b, &b, 0.0, &a);
    for (size_t i = 0; i < q; i++)
        a.v[i * (a.stride + 1)] += 1.0;
    return a;
}

static LacMatrix
copy(const LacMatrix *a)
{
    LacMatrix b = *a;

    b.v = g_memdup2(a->v, a->rows * a->stride * sizeof(double));
    return b;
}

/* largest |L L' - A|, by plain sums; NaN when L is not lower or its padding was written to */
static double
worst_product(const LacMatrix *l, const LacMatrix *a)
{
    double worst = 0.0;

    for (size_t i = 0; i < l->rows; i++) {
        for (size_t j = 0; j < l->stride; j++) {
            const double entry = l->v[i * l->stride + j];

            if (j >= l->cols ? !isnan(entry) : j > i && entry != 0.0)
                return NAN;
        }
        for (size_t j = 0; j <= i; j++) {
            double sum = 0.0;

            for (size_t k = 0; k <= j; k++)
                sum += l->v[i * l->stride + k] * l->v[j * l->stride + k];
            worst = fmax(worst, fabs(sum - a->v[i * a->stride + j]));
        }
    }
    return worst;
}

LAC_TEST(math_cholesky, tiles_multiply_back_and_threads_change_no_bit)
{
    static const size_t sizes[] = {127, 128, 129, 300, 513, 1025};

    for (size_t s = 0; s < G_N_ELEMENTS(sizes); s++) {
        LacMatrix a = definite(sizes[s]), first = {0};

        for (unsigned threads = 1; threads <= 4; threads++) {
            LacMatrix l = copy(&a);

            lac_threads_set(threads);
            ASSERT_TRUE(lac_cholesky(&l));
            if (threads == 1) {
                EXPECT_TRUE(worst_product(&l, &a) < 1e-13);
                first = l;
                continue;
            }
            EXPECT_TRUE(memcmp(l.v, first.v, l.rows * l.stride * sizeof(double)) == 0);
            g_free(l.v);
        }
        g_free(first.v);
        g_free(a.v);
    }
    lac_threads_set(0);
}

LAC_TEST(math_cholesky, a_bad_pivot_in_any_tile_is_refused)
{
    static const size_t places[] = {0, 127, 128, 290, 399};
    const double pivots[] = {-1.0, 0.0, NAN, INFINITY};
    LacMatrix a = definite(400);

    for (size_t k = 0; k < G_N_ELEMENTS(places) * G_N_ELEMENTS(pivots); k++) {
        const size_t at = places[k / G_N_ELEMENTS(pivots)];
        LacMatrix l = copy(&a);

        l.v[at * (l.stride + 1)] = pivots[k % G_N_ELEMENTS(pivots)];
        EXPECT_FALSE(lac_cholesky(&l));
        g_free(l.v);
    }
    g_free(a.v);
}
