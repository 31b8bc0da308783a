/* lacuna/glm.h. Augmentation: mice 3.15 `mice:::augment(y, ry, x, !ry)`. Logistic fits:
 * `glm.fit(family = quasibinomial(), weights = w, control = list(epsilon = 1e-14))`; multinomial:
 * `nnet::multinom(reltol = 1e-14)`, both on the augmented rows. */
#include <lac_test.h>
#include <lacuna/glm.h>
#include <lacuna/rng.h>

enum { STRIDE = 8 };

/* intercept, a = 1..6, b; y is seen in the first four rows */
static const double two[6 * STRIDE] = {
    1, 1, 0, 0, 0, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 1, 3, 0, 0, 0, 0, 0, 0,
    1, 4, 1, 0, 0, 0, 0, 0, 1, 5, 1, 0, 0, 0, 0, 0, 1, 6, 0, 0, 0, 0, 0, 0,
};
static const double two_y[4] = {0, 0, 1, 1};

LAC_TEST(math_glm, pseudo_observations_equal_mice)
{
    const size_t predictors[] = {0, 1, 2};
    static const double a[8] = {4.43541434669, 2.56458565331, 4.43541434669, 2.56458565331,
                                3.5,           3.5,           3.5,           3.5};
    static const double b[8] = {
        .5, .5, .5, .5, .773861278753, .226138721247, .773861278753, .226138721247};
    static const double y[8] = {0, 0, 1, 1, 0, 0, 1, 1};
    g_autoptr(LacGlmPseudo) pseudo = lac_glm_augment(6, STRIDE, two, 3, predictors, 2);

    ASSERT_EQ_INT(pseudo->rows.n, 8);
    for (size_t r = 0; r < 8; r++) {
        EXPECT_EQ_DOUBLE(pseudo->z[r * STRIDE], 1.0);
        EXPECT_NEAR_DOUBLE(pseudo->z[r * STRIDE + 1], a[r], 1e-10);
        EXPECT_NEAR_DOUBLE(pseudo->z[r * STRIDE + 2], b[r], 1e-10);
        EXPECT_EQ_DOUBLE(pseudo->y[r], y[r]);
        EXPECT_EQ_DOUBLE(pseudo->weight[r], 0.375);
    }
}

LAC_TEST(math_glm, augmented_logistic_regression_equals_mice)
{
    const size_t reversed[] = {2, 1, 0}, plain[] = {0, 1, 2}, holes[] = {4, 5};
    const double normals[] = {.7, -1.1, .3};
    g_autoptr(LacGlmPseudo) pseudo = lac_glm_augment(6, STRIDE, two, 3, plain, 2);
    const LacGlmRows parts[] = {{.n = 4, .stride = STRIDE, .z = two, .y = two_y}, pseudo->rows};
    g_autoptr(LacGlm) glm = lac_glm_new(2, STRIDE, 3, reversed);
    double p[4], beta[STRIDE];

    EXPECT_TRUE(lac_glm_fit(glm, 2, parts));
    EXPECT_NEAR_DOUBLE(glm->beta[0], -3.72749765171, 1e-9);
    EXPECT_NEAR_DOUBLE(glm->beta[1], 1.45694173872, 1e-9);
    EXPECT_NEAR_DOUBLE(glm->beta[2], -1.25875437809, 1e-9);
    lac_glm_probabilities(2, STRIDE, glm->beta, 2, two, holes, p);
    EXPECT_NEAR_DOUBLE(p[1], .908749139866, 1e-9);
    EXPECT_NEAR_DOUBLE(p[3], .993400583674, 1e-9);
    /* `b + t(chol(V)) %*% z` with the converged b and V = solve(t(Z) %*% (Z * w p (1 - p))); the
     * factor here is that of the step before the last. See linear_test.c for the reversed order. */
    lac_glm_draw(glm, normals, beta);
    EXPECT_NEAR_DOUBLE(beta[0], -2.70390143760, 2e-6);
    EXPECT_NEAR_DOUBLE(beta[1], .60032959504, 2e-6);
    EXPECT_NEAR_DOUBLE(beta[2], 2.03816464350, 2e-6);
}

/* scipy 1.10: `minimize(lambda b: -sum(t * (z @ b) - log1p(exp(z @ b))) + .5 * sum(b[1:] ** 2),
 * zeros(3), method="BFGS", options={"gtol": 1e-12})` */
LAC_TEST(math_glm, ridge_spares_the_intercept_and_equals_a_general_minimiser)
{
    static const double z[6 * STRIDE] = {
        1, .5, -1,  0, 0, 0, 0, 0, 1, 1.5, .2,  0, 0, 0, 0, 0, 1, -.3, .8, 0, 0, 0, 0, 0,
        1, 2,  -.4, 0, 0, 0, 0, 0, 1, -1,  1.1, 0, 0, 0, 0, 0, 1, .1,  .4, 0, 0, 0, 0, 0,
    };
    static const double y[6] = {0, 1, 0, 1, 0, 1};
    const size_t predictors[] = {0, 1, 2};
    const LacGlmRows rows = {.n = 6, .stride = STRIDE, .z = z, .y = y};
    g_autoptr(LacGlm) glm = lac_glm_new(2, STRIDE, 3, predictors);

    glm->ridge = 1.0;
    EXPECT_TRUE(lac_glm_fit(glm, 1, &rows));
    EXPECT_NEAR_DOUBLE(glm->beta[0], -.453975491907, 1e-9);
    EXPECT_NEAR_DOUBLE(glm->beta[1], .952165322486, 1e-9);
    EXPECT_NEAR_DOUBLE(glm->beta[2], .147049676494, 1e-9);
}

LAC_TEST(math_glm, augmented_multinomial_regression_equals_mice)
{
    static const double u[8] = {1, 2, 3, 2, 1, 2.5, 1.5, 2.2}, y[6] = {0, 1, 2, 0, 1, 2};
    static const double expected[6] = {.4859397, .4859397, .0281206, .2912757, .2912757, .4174485};
    const size_t predictors[] = {0, 1}, holes[] = {6, 7};
    double z[8 * STRIDE] = {0}, p[6];

    for (size_t i = 0; i < 8; i++) {
        z[i * STRIDE] = 1.0;
        z[i * STRIDE + 1] = u[i];
    }
    g_autoptr(LacGlmPseudo) pseudo = lac_glm_augment(8, STRIDE, z, 2, predictors, 3);
    const LacGlmRows parts[] = {{.n = 6, .stride = STRIDE, .z = z, .y = y}, pseudo->rows};
    g_autoptr(LacGlm) glm = lac_glm_new(3, STRIDE, 2, predictors);

    EXPECT_NEAR_DOUBLE(pseudo->weight[0], 1.0 / 3.0, 1e-15);
    EXPECT_NEAR_DOUBLE(pseudo->z[1], 2.25152727998, 1e-10);
    EXPECT_NEAR_DOUBLE(pseudo->z[STRIDE + 1], 1.54847272002, 1e-10);
    EXPECT_TRUE(lac_glm_fit(glm, 2, parts));
    lac_glm_probabilities(3, STRIDE, glm->beta, 2, z, holes, p);
    for (size_t k = 0; k < 6; k++)
        EXPECT_NEAR_DOUBLE(p[k], expected[k], 1e-6);
}

/* At the maximum the score is zero; the rows exceed one block. */
LAC_TEST(math_glm, score_vanishes_at_the_estimate_and_a_warm_start_changes_nothing)
{
    enum { N = 3000, K = 4 };
    const size_t predictors[] = {0, 1, 2, 3};
    g_autofree double *z = g_new0(double, N *STRIDE);
    g_autofree double *y = g_new(double, N);
    g_autofree double *p = g_new(double, N *K);
    LacRng rng = lac_rng_new(3);
    double score[(K - 1) * 4] = {0}, first[K * STRIDE];

    for (size_t i = 0; i < N; i++) {
        z[i * STRIDE] = 1.0;
        for (size_t j = 1; j < 4; j++)
            z[i * STRIDE + j] = lac_rng_normal(&rng);
        const double latent = z[i * STRIDE + 1] + lac_rng_normal(&rng);

        y[i] = (double)lac_rng_below(&rng, 2) + (latent > 0.0 ? 2.0 : 0.0);
    }
    const LacGlmRows rows = {.n = N, .stride = STRIDE, .z = z, .y = y};
    g_autoptr(LacGlm) glm = lac_glm_new(K, STRIDE, 4, predictors);

    EXPECT_TRUE(lac_glm_fit(glm, 1, &rows));
    lac_glm_probabilities(K, STRIDE, glm->beta, N, z, NULL, p);
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 1; k < K; k++) {
            for (size_t j = 0; j < 4; j++)
                score[(k - 1) * 4 + j] += ((y[i] == (double)k) - p[i * K + k]) * z[i * STRIDE + j];
        }
    }
    for (size_t k = 0; k < (K - 1) * 4; k++)
        EXPECT_TRUE(fabs(score[k]) < 1e-6 * N);
    memcpy(first, glm->beta, (K - 1) * STRIDE * sizeof(double));
    glm->beta[1] += 0.5;
    EXPECT_TRUE(lac_glm_fit(glm, 1, &rows));
    for (size_t k = 0; k < (K - 1) * STRIDE; k++)
        EXPECT_NEAR_DOUBLE(glm->beta[k], first[k], 1e-8);
}

/* Without pseudo-observations complete separation has no maximum; with them it has. A duplicated
 * predictor gets coefficient 0. */
LAC_TEST(math_glm, separation_and_duplicates_stay_finite)
{
    const size_t predictors[] = {0, 1, 2};
    double z[8 * STRIDE] = {0}, y[8];

    for (size_t i = 0; i < 8; i++) {
        z[i * STRIDE] = 1.0;
        z[i * STRIDE + 1] = z[i * STRIDE + 2] = (double)i;
        y[i] = i >= 4;
    }
    g_autoptr(LacGlmPseudo) pseudo = lac_glm_augment(8, STRIDE, z, 3, predictors, 2);
    const LacGlmRows parts[] = {{.n = 8, .stride = STRIDE, .z = z, .y = y}, pseudo->rows};
    g_autoptr(LacGlm) bare = lac_glm_new(2, STRIDE, 2, predictors);
    g_autoptr(LacGlm) safe = lac_glm_new(2, STRIDE, 2, predictors);

    lac_glm_fit(bare, 1, parts);
    EXPECT_TRUE(isfinite(bare->beta[1]));
    EXPECT_TRUE(lac_glm_fit(safe, 2, parts));
    EXPECT_TRUE(safe->beta[1] > 0.5 && safe->beta[1] < 10.0);
    g_autoptr(LacGlm) twins = lac_glm_new(2, STRIDE, 3, predictors);

    lac_glm_fit(twins, 1, parts);
    EXPECT_EQ_DOUBLE(twins->beta[2], 0.0);
    EXPECT_TRUE(isfinite(twins->beta[1]));
}
