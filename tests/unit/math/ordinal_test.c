#include "lac_test.h"
#include <lacuna/ordinal.h>
#include <lacuna/rng.h>
#include <math.h>
#include <string.h>

enum { STRIDE = 8 };

/* R 4.2.2: u <- c(1,2,3,2,1,2.5,1.5,2.2); y <- factor(c("a","b","c","a","b","c",NA,NA), ordered=T)
 * ry <- !is.na(y); mice:::augment(y, ry, cbind(u), !ry), then MASS::polr on what it returns:
 * beta 1.98464736545, zeta 2.74245390436, 4.63702571401 (polr stops early: six digits) */
LAC_TEST(math_ordinal, augmented_fit_matches_polr)
{
    static const double u[] = {1, 2, 3, 2, 1, 2.5, 1.5, 2.2};
    static const double y[] = {0, 1, 2, 0, 1, 2};
    const size_t columns[] = {0, 1}, rows[] = {0, 1, 2, 3, 4, 5};
    double z[8 * STRIDE] = {0};

    for (size_t i = 0; i < 8; i++) {
        z[i * STRIDE] = 1.0;
        z[i * STRIDE + 1] = u[i];
    }
    g_autoptr(LacGlmPseudo) pseudo = lac_glm_augment(8, STRIDE, z, 2, columns, 3);
    g_autoptr(LacOrdinal) fit = lac_ordinal_new(3, STRIDE, 1, columns + 1);
    const LacGlmRows parts[] = {{.n = 6, .stride = STRIDE, .z = z, .index = rows, .y = y},
                                pseudo->rows};

    EXPECT_TRUE(lac_ordinal_fit(fit, 2, parts));
    EXPECT_NEAR_DOUBLE(fit->beta[1], 1.98464736545, 5e-6);
    EXPECT_NEAR_DOUBLE(fit->cut[0], 2.74245390436, 5e-6);
    EXPECT_NEAR_DOUBLE(fit->cut[1], 4.63702571401, 5e-6);
}

/* The gradient of the log-likelihood vanishes at the maximum: central differences of a likelihood
 * written down anew. Four classes, two predictors, weights, rows picked by index. */
static double
likelihood(const double *theta, size_t n, const double *x, const double *y, const double *w)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++) {
        const double eta = theta[3] * x[2 * i] + theta[4] * x[2 * i + 1];
        const int k = (int)y[i];
        const double up = k == 3 ? 1.0 : 1.0 / (1.0 + exp(eta - theta[k]));
        const double down = k == 0 ? 0.0 : 1.0 / (1.0 + exp(eta - theta[k - 1]));

        sum += w[i] * log(up - down);
    }
    return sum;
}

LAC_TEST(math_ordinal, maximum_is_where_the_slope_vanishes)
{
    enum { N = 300 };
    const size_t columns[] = {2, 4};
    double z[N * STRIDE] = {0}, x[2 * N], y[N], w[N];
    LacRng rng = lac_rng_new(5);

    for (size_t i = 0; i < N; i++) {
        x[2 * i] = lac_rng_normal(&rng);
        x[2 * i + 1] = 100.0 + 10.0 * lac_rng_normal(&rng);
        const double latent =
            x[2 * i] - 0.05 * (x[2 * i + 1] - 100.0) + log(1.0 / lac_rng_uniform(&rng) - 1.0);

        y[i] = latent < -2.0 ? 0.0 : latent < 0.0 ? 1.0 : latent < 1.0 ? 2.0 : 3.0;
        w[i] = 0.5 + lac_rng_uniform(&rng);
        z[i * STRIDE + 2] = x[2 * i];
        z[i * STRIDE + 4] = x[2 * i + 1];
        z[i * STRIDE + 7] = 1e9; /* takes no part */
    }
    g_autoptr(LacOrdinal) fit = lac_ordinal_new(4, STRIDE, 2, columns);
    const LacGlmRows part = {.n = N, .stride = STRIDE, .z = z, .y = y, .weight = w};

    EXPECT_TRUE(lac_ordinal_fit(fit, 1, &part));
    double theta[5] = {fit->cut[0], fit->cut[1], fit->cut[2], fit->beta[2], fit->beta[4]};

    EXPECT_EQ_DOUBLE(fit->beta[7], 0.0);
    EXPECT_NEAR_DOUBLE(likelihood(theta, N, x, y, w), fit->log_likelihood, 1e-9);
    for (size_t k = 0; k < 5; k++) {
        const double step = k == 4 ? 1e-6 : 1e-4, at = theta[k];

        theta[k] = at + step;
        const double high = likelihood(theta, N, x, y, w);

        theta[k] = at - step;
        const double low = likelihood(theta, N, x, y, w);

        theta[k] = at;
        /* curvature here is about n / 10 (times 1e4 for the column of hundreds) */
        EXPECT_TRUE(fabs(high - low) / (2.0 * step) < (k == 4 ? 1e-3 : 1e-5));
    }
}

LAC_TEST(math_ordinal, two_classes_are_logistic_regression)
{
    enum { N = 100 };
    const size_t both[] = {0, 1};
    double z[N * STRIDE] = {0}, y[N];
    LacRng rng = lac_rng_new(7);

    for (size_t i = 0; i < N; i++) {
        z[i * STRIDE] = 1.0;
        z[i * STRIDE + 1] = lac_rng_normal(&rng);
        y[i] = lac_rng_uniform(&rng) < 1.0 / (1.0 + exp(-z[i * STRIDE + 1]));
    }
    g_autoptr(LacOrdinal) fit = lac_ordinal_new(2, STRIDE, 1, both + 1);
    g_autoptr(LacGlm) glm = lac_glm_new(2, STRIDE, 2, both);
    const LacGlmRows part = {.n = N, .stride = STRIDE, .z = z, .y = y};

    EXPECT_TRUE(lac_ordinal_fit(fit, 1, &part) && lac_glm_fit(glm, 1, &part));
    EXPECT_NEAR_DOUBLE(fit->beta[1], glm->beta[1], 1e-9);
    EXPECT_NEAR_DOUBLE(fit->cut[0], -glm->beta[0], 1e-9);
}

LAC_TEST(math_ordinal, no_predictor_gives_the_shares_and_copies_are_aliased)
{
    static const double y[] = {0, 1, 1, 2, 2, 2, 2, 2};
    const size_t columns[] = {1, 2};
    double z[8 * STRIDE] = {0};
    const LacGlmRows part = {.n = 8, .stride = STRIDE, .z = z, .y = y};
    g_autoptr(LacOrdinal) none = lac_ordinal_new(3, STRIDE, 0, columns);
    g_autoptr(LacOrdinal) twice = lac_ordinal_new(3, STRIDE, 2, columns);

    for (size_t i = 0; i < 8; i++)
        z[i * STRIDE + 1] = z[i * STRIDE + 2] = i % 3 == 0 ? 1.0 : -1.0;
    EXPECT_TRUE(lac_ordinal_fit(none, 1, &part));
    EXPECT_NEAR_DOUBLE(none->cut[0], log(1.0 / 7.0), 1e-12);
    EXPECT_NEAR_DOUBLE(none->cut[1], log(3.0 / 5.0), 1e-12);
    EXPECT_EQ_INT(lac_ordinal_pick(3, none->cut, 0.0, 0.124), 0);
    EXPECT_EQ_INT(lac_ordinal_pick(3, none->cut, 0.0, 0.374), 1);
    EXPECT_EQ_INT(lac_ordinal_pick(3, none->cut, 0.0, 0.376), 2);
    EXPECT_TRUE(lac_ordinal_fit(twice, 1, &part));
    EXPECT_EQ_DOUBLE(twice->beta[2], 0.0);
    EXPECT_TRUE(fabs(twice->beta[1]) > 1e-3);
}

/* Without pseudo-observations separated classes have no finite maximum: it stops and stays finite.
 */
LAC_TEST(math_ordinal, separated_classes_stay_finite)
{
    static const double y[] = {0, 0, 0, 1, 1, 1, 2, 2, 2};
    const size_t column = 0;
    double z[9 * STRIDE] = {0};
    const LacGlmRows part = {.n = 9, .stride = STRIDE, .z = z, .y = y};
    g_autoptr(LacOrdinal) fit = lac_ordinal_new(3, STRIDE, 1, &column);

    for (size_t i = 0; i < 9; i++)
        z[i * STRIDE] = (double)i;
    lac_ordinal_fit(fit, 1, &part);
    EXPECT_TRUE(isfinite(fit->beta[0]) && isfinite(fit->cut[0]) && fit->cut[0] < fit->cut[1]);
    EXPECT_TRUE(fit->log_likelihood > -0.1);
}
