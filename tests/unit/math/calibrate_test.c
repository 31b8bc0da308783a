/* Intercepts of logistic chances. "scipy": b solved by brentq on a quad integral over N(0,1). */
#include "lac_test.h"
#include <lacuna/calibrate.h>
#include <lacuna/rng.h>
#include <lacuna/stats.h>

static double
shape_right(double z)
{
    return z;
}

static double
shape_mid(double z)
{
    return .75 - fabs(z);
}

static double
shape_tail(double z)
{
    return fabs(z) - .75;
}

LAC_TEST(math_calibrate, intercepts_for_normal_scores_are_the_published_ones)
{
    const double rates[] = {.1, .2, .3, .5, .8};
    const double right[] = {-2.5642215001, -1.6497033655, -1.018400652, 0, 1.6497033655};
    const double mid[] = {-2.275821083, -1.4398583149, -.8740979619, .0332306513, 1.5355544721};
    const double tail[] = {-2.3984534093, -1.5355544721, -.9529671638, -.0332306513, 1.4398583149};

    for (size_t k = 0; k < G_N_ELEMENTS(rates); k++) {
        EXPECT_NEAR_DOUBLE(lac_calibrate_normal(shape_right, rates[k]), right[k], 1e-9);
        EXPECT_NEAR_DOUBLE(lac_calibrate_normal(shape_mid, rates[k]), mid[k], 1e-9);
        EXPECT_NEAR_DOUBLE(lac_calibrate_normal(shape_tail, rates[k]), tail[k], 1e-9);
    }
}

LAC_TEST(math_calibrate, the_mean_chance_is_the_rate)
{
    const double rates[] = {1e-9, .01, .3, .5, .99, 1 - 1e-9};
    const double spreads[] = {0, 1, 30, 1e4};
    double score[200], weight[200];
    LacRng rng = lac_rng_new(1);

    for (size_t s = 0; s < G_N_ELEMENTS(spreads); s++) {
        for (size_t i = 0; i < 200; i++) {
            score[i] = spreads[s] * lac_rng_normal(&rng);
            weight[i] = (double)(i % 4);
        }
        for (size_t r = 0; r < G_N_ELEMENTS(rates); r++) {
            const double c = lac_calibrate_logistic(200, score, weight, rates[r]);
            double mean = 0;

            for (size_t i = 0; i < 200; i++)
                mean += weight[i] * lac_sigmoid(score[i] + c) / 300;
            EXPECT_NEAR_DOUBLE(mean, rates[r], 1e-10);
            EXPECT_TRUE(fabs(mean / rates[r] - 1) < 1e-6);
        }
    }
}

LAC_TEST(math_calibrate, the_ends_are_infinite_and_nothing_is_zero)
{
    const double score[] = {1, 2}, none[] = {0, 0};

    EXPECT_EQ_DOUBLE(lac_calibrate_logistic(2, score, NULL, 0), -INFINITY);
    EXPECT_EQ_DOUBLE(lac_calibrate_logistic(2, score, NULL, 1), INFINITY);
    EXPECT_EQ_DOUBLE(lac_calibrate_logistic(2, score, none, .5), 0);
    EXPECT_EQ_DOUBLE(lac_calibrate_logistic(0, score, NULL, .5), 0);
}
