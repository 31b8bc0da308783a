/* k-hat, the shape of the tail of importance weights. */
#include "missiwae/example.h"
#include "missiwae/inside.h"

/* @n log weights of which 501 make the tail: a threshold of 1 and 500 quantiles of a generalised
 * Pareto law of shape @k beyond it; the others are far below. */
static double
shape_of_pareto(double k)
{
    enum { N = 27778, TAIL = 500 }; /* 3 sqrt(27778) = 500 */
    g_autofree double *log_weight = g_new(double, N);

    for (size_t i = 0; i < N; i++)
        log_weight[i] = -5.0 - (double)(i % 100);
    log_weight[7] = 0.0;
    for (size_t i = 0; i < TAIL; i++) {
        const double x = (pow(1.0 - ((double)i + 0.5) / TAIL, -k) - 1.0) / k;

        log_weight[100 + 31 * (i * 7 % TAIL)] = log1p(x); /* in no order */
    }
    return inside_tail(N, log_weight);
}

/* Expected: the shape by maximum likelihood, scipy 1.10 genpareto.fit(x, floc=0), drawn towards 1/2
 * with the weight of ten points, as the method says. A posterior mean is not a maximum: 0.02. */
LAC_TEST(models_missiwae_tail, the_shape_of_a_pareto_law_is_found)
{
    static const double law[][2] = {{0.3, 0.3005}, {0.7, 0.6933}, {1.2, 1.1835}, {-0.4, -0.3896}};

    for (size_t i = 0; i < G_N_ELEMENTS(law); i++)
        EXPECT_NEAR_DOUBLE(shape_of_pareto(law[i][0]), law[i][1], 0.02);
}

/* Target N(0, 1), proposal N(0, s^2): P(w > t) falls as t^(-1/k), but for logarithms, with
 * k = 1 - s^2. Logarithms are slow, so the tolerance is theirs. */
LAC_TEST(models_missiwae_tail, a_proposal_that_is_too_narrow_is_as_heavy_as_theory_says)
{
    enum { N = 200000 };
    static const double variance[] = {0.2, 0.5};
    g_autofree double *log_weight = g_new(double, N);
    double shape[2];

    for (size_t v = 0; v < 2; v++) {
        LacRng rng = lac_rng_new(3);

        for (size_t i = 0; i < N; i++) {
            const double eps = lac_rng_normal(&rng);

            log_weight[i] = -0.5 * variance[v] * eps * eps + 0.5 * eps * eps;
        }
        shape[v] = inside_tail(N, log_weight);
        EXPECT_NEAR_DOUBLE(shape[v], 1.0 - variance[v], 0.12);
    }
    EXPECT_TRUE(shape[0] > 0.7 && shape[1] < 0.6);
}

LAC_TEST(models_missiwae_tail, equal_and_few_weights_have_no_tail)
{
    double equal[1000], few[20];

    for (size_t i = 0; i < 1000; i++)
        equal[i] = -3.0;
    for (size_t i = 0; i < 20; i++)
        few[i] = (double)i;
    EXPECT_EQ_DOUBLE(inside_tail(1000, equal), 0.0);
    EXPECT_EQ_DOUBLE(inside_tail(20, few), 0.0); /* a fifth of 20 */
}

/* The worked example's proposal is wider than the posterior in every direction (its variances over
 * the posterior's are 1.1 and more), so its weights are bounded: no heavy tail, no event. */
LAC_TEST(models_missiwae_tail, a_wide_proposal_is_not_blamed)
{
    g_autoptr(LacData) row = example_row();
    g_autoptr(Harness) h = example_new(20000, 1);
    g_autofree double *out = harness_fill(h, row, row, -1, NULL);

    ASSERT_TRUE(out != NULL);
    EXPECT_TRUE(traced(h, "k-hat-median") < 0.5);
    EXPECT_EQ_INT(harness_events(h, "heavy-weights"), 0);
}
