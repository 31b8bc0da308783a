/* lacuna/linear.h. Data N8 and its numbers: mice 3.15 (R 4.2.2) `mice:::estimice(cbind(1, x)[ry, ],
 * y[ry])` on y = (2, 3.1, NA, 5.2, 5.9, NA, 8.3, 9.1), x1 = 1..8, x2 = (.5, -.2, .1, .9, .4, -.6,
 * 1.1, .3); sigma* and beta* are `beta + t(chol(V)) %*% z * sigma` with the g and z given here. */
#include <lac_test.h>
#include <lacuna/linear.h>
#include <lacuna/rng.h>

enum { N8_ROWS = 6, N8_COLS = 4 };

/* observed rows: 1, x1, x2, y */
static const double n8[N8_ROWS][N8_COLS] = {
    {1, 1, .5, 2},   {1, 2, -.2, 3.1}, {1, 4, .9, 5.2},
    {1, 5, .4, 5.9}, {1, 7, 1.1, 8.3}, {1, 8, .3, 9.1},
};

static void
cross_products(size_t rows, size_t cols, const double *x, double *gram)
{
    for (size_t a = 0; a < cols; a++) {
        for (size_t b = 0; b < cols; b++) {
            gram[a * cols + b] = 0.0;
            for (size_t i = 0; i < rows; i++)
                gram[a * cols + b] += x[i * cols + a] * x[i * cols + b];
        }
    }
}

LAC_TEST(math_linear, least_squares_equals_estimice)
{
    const size_t predictors[] = {0, 1, 2};
    double gram[N8_COLS * N8_COLS];
    g_autoptr(LacLinear) fit = lac_linear_new(5);

    cross_products(N8_ROWS, N8_COLS, &n8[0][0], gram);
    EXPECT_EQ_INT(lac_linear_solve(fit, gram, N8_COLS, 3, predictors, 3, 0.0), 0);
    EXPECT_NEAR_DOUBLE(fit->beta[0], .982588508416, 1e-10);
    EXPECT_NEAR_DOUBLE(fit->beta[1], 1.00951828207, 1e-10);
    EXPECT_NEAR_DOUBLE(fit->beta[2], .149158444573, 1e-10);
    EXPECT_NEAR_DOUBLE(fit->rss, .0664886825305, 1e-10);
    lac_linear_solve(fit, gram, N8_COLS, 3, predictors, 3, 1e-5);
    EXPECT_NEAR_DOUBLE(fit->beta[0], .982713164481, 1e-10);
    EXPECT_NEAR_DOUBLE(fit->beta[1], 1.00947535882, 1e-10);
    EXPECT_NEAR_DOUBLE(fit->beta[2], .149275787408, 1e-10);
}

LAC_TEST(math_linear, residual_sum_under_a_ridge_is_that_of_its_own_coefficients)
{
    const size_t predictors[] = {0, 1, 2};
    double gram[N8_COLS * N8_COLS], rss = 0.0;
    g_autoptr(LacLinear) fit = lac_linear_new(3);

    cross_products(N8_ROWS, N8_COLS, &n8[0][0], gram);
    lac_linear_solve(fit, gram, N8_COLS, 3, predictors, 3, 0.3);
    for (size_t i = 0; i < N8_ROWS; i++) {
        double residual = n8[i][3];

        for (size_t k = 0; k < 3; k++)
            residual -= n8[i][k] * fit->beta[k];
        rss += residual * residual;
    }
    EXPECT_NEAR_DOUBLE(fit->rss, rss, 1e-12);
}

/* R multiplies z by the lower factor of V = G^-1. With the predictors in reverse order L'^-1 of
 * G = L L' is that factor (reversed), so R's numbers come out for R's z. */
LAC_TEST(math_linear, bayesian_draw_equals_estimice_for_given_normals)
{
    const size_t reversed[] = {2, 1, 0};
    const double normals[] = {.7, -1.1, .3};
    double gram[N8_COLS * N8_COLS], beta[3];
    g_autoptr(LacLinear) fit = lac_linear_new(3);

    cross_products(N8_ROWS, N8_COLS, &n8[0][0], gram);
    lac_linear_solve(fit, gram, N8_COLS, 3, reversed, 3, 0.0);
    const double sigma = lac_linear_sigma(fit->rss, 2.5);

    EXPECT_NEAR_DOUBLE(sigma, .163081185341, 1e-10);
    lac_linear_draw(fit, sigma, normals, beta);
    EXPECT_NEAR_DOUBLE(beta[2], 1.02527536907, 1e-10);
    EXPECT_NEAR_DOUBLE(beta[1], .980750025782, 1e-10);
    EXPECT_NEAR_DOUBLE(beta[0], .348036880081, 1e-10);
    /* norm with eps = (.4, -.9) at the two holes (x1, x2) = (3, .1) and (6, -.6) */
    EXPECT_NEAR_DOUBLE(beta[2] + 3 * beta[1] + .1 * beta[0] + .4 * sigma, 4.06756160856, 1e-10);
    EXPECT_NEAR_DOUBLE(beta[2] + 6 * beta[1] - .6 * beta[0] - .9 * sigma, 6.55418032891, 1e-10);
}

LAC_TEST(math_linear, aliased_predictors_get_zero_and_leave_the_fit_unchanged)
{
    enum { COLS = 6 }; /* 1, x1, 2 x1 - 3, a constant 0, x2, y */
    const size_t predictors[] = {0, 1, 2, 3, 4};
    double x[N8_ROWS][COLS], gram[COLS * COLS], beta[5];
    const double normals[] = {1.0, -1.0, 2.0};
    g_autoptr(LacLinear) fit = lac_linear_new(5);

    for (size_t i = 0; i < N8_ROWS; i++) {
        const double row[COLS] = {1, n8[i][1], 2 * n8[i][1] - 3, 0, n8[i][2], n8[i][3]};

        memcpy(x[i], row, sizeof row);
    }
    cross_products(N8_ROWS, COLS, &x[0][0], gram);
    EXPECT_EQ_INT(lac_linear_solve(fit, gram, COLS, 5, predictors, 5, 0.0), 2);
    EXPECT_EQ_INT(fit->rank, 3);
    EXPECT_EQ_DOUBLE(fit->beta[2], 0.0);
    EXPECT_EQ_DOUBLE(fit->beta[3], 0.0);
    EXPECT_NEAR_DOUBLE(fit->beta[1], 1.00951828207, 1e-10);
    EXPECT_NEAR_DOUBLE(fit->beta[4], .149158444573, 1e-10);
    EXPECT_NEAR_DOUBLE(fit->rss, .0664886825305, 1e-10);
    lac_linear_draw(fit, 0.1, normals, beta);
    EXPECT_EQ_DOUBLE(beta[2], 0.0);
    EXPECT_EQ_DOUBLE(beta[3], 0.0);
}

LAC_TEST(math_linear, many_predictors_take_the_same_way_with_and_without_lapack)
{
    enum { N = 90, Q = 60 }; /* 60 predictors go through LAPACK; with a duplicate they cannot */
    g_autofree double *x = g_new(double, N *(Q + 2));
    g_autofree double *gram = g_new(double, (Q + 2) * (Q + 2));
    size_t predictors[Q + 1];
    uint32_t state = 1;
    g_autoptr(LacLinear) whole = lac_linear_new(Q + 1);
    g_autoptr(LacLinear) alias = lac_linear_new(Q + 1);

    for (size_t i = 0; i < N; i++) {
        double *row = x + i * (Q + 2);

        for (size_t j = 0; j < Q + 2; j++) {
            state = state * 1664525u + 1013904223u;
            row[j] = (double)(state >> 8) / (1 << 24) - 0.5;
        }
        row[Q] = row[3];
    }
    for (size_t j = 0; j <= Q; j++)
        predictors[j] = j;
    cross_products(N, Q + 2, x, gram);
    EXPECT_EQ_INT(lac_linear_solve(whole, gram, Q + 2, Q, predictors, Q + 1, 0.0), 0);
    EXPECT_EQ_INT(lac_linear_solve(alias, gram, Q + 2, Q + 1, predictors, Q + 1, 0.0), 1);
    for (size_t j = 0; j < Q; j++)
        EXPECT_NEAR_DOUBLE(alias->beta[j], whole->beta[j], 1e-9);
    EXPECT_NEAR_DOUBLE(alias->rss, whole->rss, 1e-9);
}

LAC_TEST(math_linear, no_usable_predictor_leaves_the_raw_sum_of_squares)
{
    const double gram[] = {0, 0, 0, 5};
    const size_t predictors[] = {0};
    double beta[1];
    g_autoptr(LacLinear) fit = lac_linear_new(1);

    EXPECT_EQ_INT(lac_linear_solve(fit, gram, 2, 1, predictors, 1, 0.0), 1);
    EXPECT_EQ_DOUBLE(fit->rss, 5.0);
    lac_linear_draw(fit, 1.0, NULL, beta);
    EXPECT_EQ_DOUBLE(beta[0], 0.0);
}

/* Rows and normal equations are two ways to one result; weights 0 leave rows out. */
LAC_TEST(math_linear, more_predictors_than_rows_give_the_same_through_the_rows)
{
    enum { N = 5, Q = 12 };
    const double weight[N] = {2, 1, 0, 1, 3};
    const size_t index[N] = {4, 2, 0, 1, 3};
    size_t predictors[Q];
    double z[N][Q + 1], y[N], scaled[N * (Q + 1)], gram[(Q + 1) * (Q + 1)], work[Q], inverse[Q],
        other[Q], left[Q];
    g_autoptr(LacLinear) whole = lac_linear_new(Q);
    g_autoptr(LacLinear) rows = lac_linear_new(Q);
    LacRng rng = lac_rng_new(3);

    for (size_t i = 0; i < N; i++) {
        lac_rng_fill_normal(&rng, Q + 1, z[i]);
        z[i][0] = 1.0;
    }
    for (size_t i = 0; i < N; i++) {
        y[i] = z[index[i]][Q];
        for (size_t k = 0; k <= Q; k++)
            scaled[i * (Q + 1) + k] = sqrt(weight[i]) * z[index[i]][k];
    }
    for (size_t k = 0; k < Q; k++)
        predictors[k] = Q - 1 - k;
    cross_products(N, Q + 1, scaled, gram);
    lac_linear_solve(whole, gram, Q + 1, Q, predictors, Q, 0.1);
    ASSERT_TRUE(
        lac_linear_solve_rows(rows, N, &z[0][0], index, Q + 1, weight, y, Q, predictors, 0.1));
    EXPECT_EQ_INT(lac_linear_normals(whole), Q);
    EXPECT_EQ_INT(lac_linear_normals(rows), Q + N);
    EXPECT_NEAR_DOUBLE(rows->rss, whole->rss, 1e-11);
    EXPECT_NEAR_DOUBLE(rows->yty, whole->yty, 1e-12);
    for (size_t k = 0; k < Q; k++)
        EXPECT_NEAR_DOUBLE(rows->beta[k], whole->beta[k], 1e-11);
    lac_linear_apply_inverse(whole, z[0], work, inverse);
    lac_linear_apply_inverse(rows, z[0], work, other);
    for (size_t k = 0; k < Q; k++) /* (G + R) G^-1 z = z */
        left[k] = -z[0][k];
    for (size_t k = 0; k < Q; k++)
        for (size_t c = 0; c < Q; c++)
            left[k] +=
                gram[predictors[k] * (Q + 1) + predictors[c]] * inverse[c] * (k == c ? 1.1 : 1.0);
    for (size_t k = 0; k < Q; k++) {
        EXPECT_NEAR_DOUBLE(left[k], 0.0, 1e-11);
        EXPECT_NEAR_DOUBLE(other[k], inverse[k], 1e-10);
    }
}

/* A draw is linear in its normals, M n: M M' is its covariance, which is the inverse of G + R. */
LAC_TEST(math_linear, draws_through_the_rows_have_the_covariance_of_the_posterior)
{
    enum { N = 3, Q = 7 };
    const double y[N] = {1, -2, .5};
    size_t predictors[Q];
    double z[N][Q], gram[Q * Q], m[Q + N][Q], unit[Q + N];
    g_autoptr(LacLinear) fit = lac_linear_new(Q);
    LacRng rng = lac_rng_new(5);

    for (size_t i = 0; i < N; i++)
        lac_rng_fill_normal(&rng, Q, z[i]);
    for (size_t k = 0; k < Q; k++)
        predictors[k] = k;
    cross_products(N, Q, &z[0][0], gram);
    ASSERT_TRUE(lac_linear_solve_rows(fit, N, &z[0][0], NULL, Q, NULL, y, Q, predictors, 0.2));
    for (size_t s = 0; s < Q + N; s++) {
        memset(unit, 0, sizeof unit);
        unit[s] = 1.0;
        lac_linear_draw(fit, 2.0, unit, m[s]);
    }
    for (size_t a = 0; a < Q; a++) {
        for (size_t b = 0; b < Q; b++) { /* (G + R) M M' = sigma^2 I */
            double sum = 0.0;

            for (size_t c = 0; c < Q; c++) {
                const double g = gram[a * Q + c] * (a == c ? 1.2 : 1.0);

                for (size_t s = 0; s < Q + N; s++)
                    sum += g * (m[s][c] - fit->beta[c]) * (m[s][b] - fit->beta[b]);
            }
            EXPECT_NEAR_DOUBLE(sum, a == b ? 4.0 : 0.0, 1e-11);
        }
    }
}
