/* Normal numbers behind a rectifier, and factor analysers with missing cells, against what is
 * computed in double by other means: quadrature, the C library's erfc, dense matrices. */
#include "lac_test.h"

#include <lacuna/nn.h>
#include <math.h>

/* ---- the rectifier --------------------------------------------------------------------------- */

/* E max(u, 0) of u ~ N(m, v) by Simpson's rule over m -+ 12 s, split at 0 where its slope jumps */
static double
quadrature(double m, double v)
{
    const double s = sqrt(v), end = fmax(m + 12.0 * s, 0.0),
                 begin = fmin(fmax(m - 12.0 * s, 0.0), end);
    const int n = 20000;
    const double h = (end - begin) / n;
    double sum = 0.0;

    for (int k = 0; k <= n; k++) {
        const double u = begin + h * k, t = (u - m) / s;

        sum += (k == 0 || k == n ? 1.0 : k % 2 ? 4.0 : 2.0) * u * exp(-0.5 * t * t);
    }
    return sum * h / 3.0 / (s * sqrt(2.0 * G_PI));
}

static double
expected_relu(LacTape *tape, double m, double v)
{
    LacTensor *mean, *variance;

    lac_tape_reset(tape);
    mean = lac_tape_fill(tape, (LacReal)m, LAC_SHAPE(1));
    variance = lac_tape_fill(tape, (LacReal)v, LAC_SHAPE(1));
    return (double)lac_nn_expected_relu(mean, variance)->v[0];
}

LAC_TEST(nn_normal, the_expected_rectifier_is_that_of_quadrature)
{
    static const double means[] = {0.0, 1e-3, 0.5, 1.0, 3.0, 40.0};
    static const double variances[] = {1e-8, 1e-4, 0.01, 0.3, 1.0, 25.0, 1e4};
    g_autoptr(LacTape) tape = lac_tape_new();

    for (size_t i = 0; i < G_N_ELEMENTS(means); i++)
        for (size_t j = 0; j < 2 * G_N_ELEMENTS(variances); j++) {
            const float m = (float)(j % 2 ? -means[i] : means[i]), v = (float)variances[j / 2];
            const double exact = quadrature((double)m, (double)v);
            const double most = fmax(fabs((double)m), sqrt((double)v));

            LAC_CHECK_OR((void)0,
                         fabs(expected_relu(tape, (double)m, (double)v) - exact) <= 2e-7 * most,
                         "mean %g, variance %g: %.9g, expected %.9g", (double)m, (double)v,
                         expected_relu(tape, (double)m, (double)v), exact);
        }
}

LAC_TEST(nn_normal, without_variance_it_is_the_rectifier_to_the_bit)
{
    static const double means[] = {0.0, 1e-20, 0.1, -0.1, 3.7, -3.7, 1e30, -1e30};
    g_autoptr(LacTape) tape = lac_tape_new();

    for (size_t i = 0; i < G_N_ELEMENTS(means); i++)
        EXPECT_EQ_DOUBLE(expected_relu(tape, means[i], 0.0), fmax((double)(float)means[i], 0.0));
}

/* slopes at a variance of nearly none are those of the rectifier, not infinities */
LAC_TEST(nn_normal, slopes_stay_finite_where_the_variance_ends)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *m = lac_tape_variable(tape, LAC_SHAPE(3)),
              *v = lac_tape_variable(tape, LAC_SHAPE(3));

    for (size_t k = 0; k < 3; k++) {
        m->v[k] = (LacReal)k - 1;
        v->v[k] = k == 1 ? 1e-12f : 0;
    }
    ASSERT_TRUE(lac_tape_backward(tape, lac_nn_sum(lac_nn_expected_relu(m, v), 0, FALSE), &error));
    for (size_t k = 0; k < 3; k++) {
        EXPECT_EQ_DOUBLE((double)m->grad[k], k == 2 ? 1.0 : 0.0);
        EXPECT_EQ_DOUBLE((double)v->grad[k], 0.0);
    }
}

LAC_TEST(nn_normal, the_distribution_function_is_that_of_erfc)
{
    enum { N = 2001 };
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *x = lac_tape_constant(tape, LAC_SHAPE(N)), *y;

    for (size_t k = 0; k < N; k++)
        x->v[k] = (LacReal)(((double)k - 1000.0) / 100.0);
    y = lac_nn_normal_cdf(x);
    for (size_t k = 0; k < N; k++)
        EXPECT_NEAR_DOUBLE((double)y->v[k], 0.5 * erfc(-(double)x->v[k] / G_SQRT2), 2e-7);
}

/* ---- factor analysers ------------------------------------------------------------------------ */

enum { P = 6, L = 2 };

static const float mean[P] = {0.5f, -1.0f, 0.25f, 2.0f, 0.0f, 1.0f};
static const float factors[L][P] = {{1.0f, 0.5f, -0.75f, 0.0f, 2.0f, 0.25f},
                                    {-0.5f, 1.5f, 0.25f, 1.0f, 0.0f, -1.0f}};
static const float variances[P] = {0.5f, 1e-6f, 1.0f, 0.25f, 2.0f, 0.125f};
static const float values[P] = {1.0f, -0.75f, 0.5f, 1.5f, -1.0f, 0.5f};

/* ln N of the cells @o by Gaussian elimination on their dense covariance */
static double
dense_log_density(const float *o)
{
    double c[P][P + 1], value = 0.0;
    size_t s[P], n = 0;

    for (size_t i = 0; i < P; i++)
        if (o[i] != 0.0f)
            s[n++] = i;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            c[i][j] = i == j ? (double)variances[s[i]] : 0.0;
            for (size_t k = 0; k < L; k++)
                c[i][j] += (double)factors[k][s[i]] * (double)factors[k][s[j]];
        }
        c[i][n] = (double)values[s[i]] - (double)mean[s[i]];
    }
    for (size_t i = 0; i < n; i++) { /* U and what is right of it: r'C^-1 r = sum z_i^2 / U_ii */
        for (size_t k = i + 1; k < n; k++)
            for (size_t j = n + 1; j-- > i;)
                c[k][j] -= c[k][i] / c[i][i] * c[i][j];
        value += log(2.0 * G_PI * c[i][i]) + c[i][n] * c[i][n] / c[i][i];
    }
    return -0.5 * value;
}

static double
factor_log_density(const float *o)
{
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *y = lac_nn_factor_rows(
        lac_tape_input(tape, values, LAC_SHAPE(1, P)), lac_tape_input(tape, mean, LAC_SHAPE(1, P)),
        lac_tape_input(tape, factors[0], LAC_SHAPE(1, L, P)),
        lac_tape_input(tape, variances, LAC_SHAPE(1, P)), lac_tape_input(tape, o, LAC_SHAPE(1, P)));

    return (double)y->v[0];
}

/* one rounding of the result to float, over all 64 sets of cells */
LAC_TEST(nn_normal, factor_analysers_are_their_dense_normal_law)
{
    for (unsigned set = 0; set < 1u << P; set++) {
        float o[P];
        double exact;

        for (size_t i = 0; i < P; i++)
            o[i] = set >> i & 1 ? 1.0f : 0.0f;
        exact = dense_log_density(o);
        EXPECT_NEAR_DOUBLE(factor_log_density(o), exact, 1e-6 * fmax(1.0, fabs(exact)));
    }
}

LAC_TEST(nn_normal, no_cell_is_no_information_and_what_is_hidden_may_be_anything)
{
    static const float none[P] = {0}, two[P] = {1, 0, 0, 1, 0, 0};
    g_autoptr(GError) error = NULL;
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *x = lac_tape_constant(tape, LAC_SHAPE(1, P)), *d, *m, *y;

    EXPECT_EQ_DOUBLE(factor_log_density(none), 0.0);
    d = lac_tape_variable(tape, LAC_SHAPE(1, P));
    m = lac_tape_variable(tape, LAC_SHAPE(1, P));
    for (size_t i = 0; i < P; i++) {
        x->v[i] = two[i] != 0.0f ? values[i] : NAN;
        d->v[i] = two[i] != 0.0f ? variances[i] : NAN;
        m->v[i] = two[i] != 0.0f ? mean[i] : INFINITY;
    }
    y = lac_nn_factor_rows(x, m, lac_tape_input(tape, factors[0], LAC_SHAPE(1, L, P)), d,
                           lac_tape_input(tape, two, LAC_SHAPE(1, P)));
    EXPECT_NEAR_DOUBLE((double)y->v[0], dense_log_density(two), 1e-5);
    ASSERT_TRUE(lac_tape_backward(tape, lac_nn_sum(y, 0, FALSE), &error));
    for (size_t i = 0; i < P; i++) {
        EXPECT_TRUE(isfinite(m->grad[i]) && isfinite(d->grad[i]));
        EXPECT_TRUE((m->grad[i] != 0) == (two[i] != 0.0f));
    }
}

LAC_TEST(nn_normal, factor_analysers_name_the_shapes_that_do_not_fit)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *x = lac_tape_fill(tape, 0, LAC_SHAPE(2, 3)),
              *a = lac_tape_fill(tape, 0, LAC_SHAPE(2, 3));

    EXPECT_TRUE(lac_nn_factor_rows(x, x, a, x, NULL) == NULL);
    EXPECT_FALSE(lac_tape_check(tape, &error));
    EXPECT_ERROR(error, LAC_ERROR_SHAPE,
                 "factor_rows: data [2 x 3], mean [2 x 3], factors [2 x 3]");
}
