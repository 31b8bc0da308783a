/* The model em. The toolkit's own numbers are tested in tests/unit/math/gaussian_test.c. */
#include "fitted.h"
#include "golden/amelia_em.h"
#include "golden/mice_norm_predict.h"
#include "table-private.h"

#include <lacuna/parallel.h>

static const double e2[12] = {1, 2.1, 2, 2.9, 3, NAN, 4, 3.6, NAN, 5.2, 6, 5};

static Fitted *
fit(const char *yaml, const LacData *train, size_t draws, uint64_t seed)
{
    g_autoptr(GError) error = NULL;
    Fitted *fitted = fitted_new("em", yaml, train, draws, seed, &error);

    if (fitted == NULL)
        lac_test_fail(__FILE__, __LINE__, "em: %s", error->message);
    return fitted;
}

/* numpy EM of the textbook, agrees with amelia(E2, boot.type = "none", tolerance = 1e-13) */
LAC_TEST(models_em, two_columns_get_the_conditional_means_of_the_maximum)
{
    g_autoptr(LacData) data = fitted_table(6, 2, e2, NULL);
    g_autoptr(Fitted) em = fit("{tol: 1e-13}", data, 1, 1);
    const double *out = em ? fitted_fill(em, data) : NULL;

    ASSERT_TRUE(out != NULL);
    EXPECT_NEAR_DOUBLE(out[5], 3.269039949053, 1e-9);
    EXPECT_NEAR_DOUBLE(out[8], 6.442381388468, 1e-9);
}

LAC_TEST(models_em, sixty_rows_equal_amelia)
{
    g_autoptr(LacData) data = fitted_table(NP_ROWS, NP_COLS, np_in, NULL);
    g_autoptr(Fitted) em = fit("{tol: 1e-12, iterations: 10000}", data, 1, 1);
    const double *out = em ? fitted_fill(em, data) : NULL;

    ASSERT_TRUE(out != NULL);
    for (size_t k = 0; k < NP_ROWS * NP_COLS; k++)
        EXPECT_NEAR_DOUBLE(out[k], amelia_out[k], 1e-8);
}

LAC_TEST(models_em, log_likelihood_trace_never_falls)
{
    g_autoptr(LacData) data = fitted_made(300, 6, 0.5, 0.4, 3);
    g_autoptr(Fitted) plain = fit("{tol: 1e-7, accelerate: false}", data, 1, 1);
    g_autoptr(Fitted) fast = fit("{tol: 1e-7}", data, 1, 1);
    Fitted *both[] = {plain, fast};
    size_t n[2] = {0};

    ASSERT_TRUE(plain != NULL && fast != NULL);
    for (size_t k = 0; k < 2; k++) {
        double before = -INFINITY, now;

        for (; !isnan(now = fitted_trace(both[k], "loglik", -1, n[k], 0)); n[k]++) {
            EXPECT_TRUE(now >= before - 1e-9 * fabs(now));
            before = now;
        }
    }
    EXPECT_TRUE(n[0] > 5);
    EXPECT_TRUE(n[1] < n[0]); /* the accelerated one needs fewer cycles */
}

LAC_TEST(models_em, acceleration_reaches_the_same_maximum)
{
    g_autoptr(LacData) data = fitted_made(200, 5, 0.6, 0.5, 5);
    g_autoptr(Fitted) plain = fit("{tol: 1e-11, iterations: 5000, accelerate: false}", data, 1, 1);
    g_autoptr(Fitted) fast = fit("{tol: 1e-11, iterations: 5000}", data, 1, 1);
    const double *a = plain ? fitted_fill(plain, data) : NULL;
    const double *b = fast ? fitted_fill(fast, data) : NULL;

    ASSERT_TRUE(a != NULL && b != NULL);
    for (size_t k = 0; k < 1000; k++)
        EXPECT_NEAR_DOUBLE(b[k], a[k], 1e-7);
}

/* With a ridge EM climbs the posterior: the guard must too. */
LAC_TEST(models_em, acceleration_reaches_the_same_maximum_with_a_ridge)
{
    g_autoptr(LacData) data = fitted_made(60, 5, 0.6, 0.5, 25);
    g_autoptr(Fitted) plain = fit("{tol: 1e-11, ridge: 0.05, accelerate: false}", data, 1, 1);
    g_autoptr(Fitted) fast = fit("{tol: 1e-11, ridge: 0.05}", data, 1, 1);
    const double *a = plain ? fitted_fill(plain, data) : NULL;
    const double *b = fast ? fitted_fill(fast, data) : NULL;

    ASSERT_TRUE(a != NULL && b != NULL);
    EXPECT_EQ_INT(fitted_events(fast, "not-converged", -1), 0);
    for (size_t k = 0; k < 300; k++)
        EXPECT_NEAR_DOUBLE(b[k], a[k], 1e-7);
}

LAC_TEST(models_em, fit_that_its_iterations_end_says_so_and_one_that_converged_does_not)
{
    g_autoptr(LacData) data = fitted_made(200, 5, 0.6, 0.5, 5);
    g_autoptr(Fitted) ended = fit("{iterations: 3, bootstrap: true}", data, 1, 1);
    g_autoptr(Fitted) done = fit(NULL, data, 1, 1);

    ASSERT_TRUE(ended != NULL && done != NULL);
    EXPECT_EQ_INT(fitted_events(ended, "not-converged", -1), 1);
    EXPECT_EQ_INT(fitted_events(done, "not-converged", -1), 0);
    ASSERT_TRUE(fitted_sample(ended, data, 0) != NULL);
    EXPECT_EQ_INT(fitted_events(ended, "not-converged", -1), 2); /* the draw's own fit, too */
}

/* Rescaling a column rescales its imputations and nothing else. */
LAC_TEST(models_em, units_do_not_matter)
{
    enum { N = 150, P = 4 };
    g_autoptr(LacData) data = fitted_made(N, P, 0.5, 0.3, 7);
    double scaled[N * P];

    for (size_t k = 0; k < N * P; k++)
        scaled[k] = k % P == 2 ? 1e6 * data->values[k] : data->values[k];
    g_autoptr(LacData) other = fitted_table(N, P, scaled, NULL);
    g_autoptr(Fitted) a = fit("{tol: 1e-10}", data, 1, 1);
    g_autoptr(Fitted) b = fit("{tol: 1e-10}", other, 1, 1);
    const double *x = fitted_fill(a, data), *y = fitted_fill(b, other);

    ASSERT_TRUE(x != NULL && y != NULL);
    for (size_t k = 0; k < N * P; k++)
        EXPECT_NEAR_DOUBLE(y[k] / (k % P == 2 ? 1e6 : 1.0), x[k], 1e-8);
}

/* Squares of these numbers are no doubles; powers of two rescale without rounding. */
LAC_TEST(models_em, largest_and_smallest_numbers_are_completed_alike)
{
    enum { N = 60, P = 3 };
    g_autoptr(LacData) data = fitted_made(N, P, 0.5, 0.3, 23);
    g_autoptr(Fitted) a = fit(NULL, data, 1, 1);
    const double *x = a ? fitted_fill(a, data) : NULL;
    double scaled[N * P];

    ASSERT_TRUE(x != NULL);
    for (size_t k = 0; k < N * P; k++)
        scaled[k] = ldexp(data->values[k], k % P == 0 ? 1000 : k % P == 1 ? -1000 : 0);
    g_autoptr(LacData) other = fitted_table(N, P, scaled, NULL);
    g_autoptr(Fitted) b = fit(NULL, other, 1, 1);
    const double *y = b ? fitted_fill(b, other) : NULL;

    ASSERT_TRUE(y != NULL);
    EXPECT_EQ_INT(fitted_events(b, "constant", 0) + fitted_events(b, "constant", 1), 0);
    for (size_t k = 0; k < N * P; k++)
        EXPECT_EQ_DOUBLE(ldexp(y[k], k % P == 0 ? -1000 : k % P == 1 ? 1000 : 0), x[k]);
}

LAC_TEST(models_em, column_wider_than_the_doubles_is_refused_by_name)
{
    const double x[8] = {1, 1.5e308, 2, -1.5e308, 3, 0, NAN, 1};
    g_autoptr(LacData) data = fitted_table(4, 2, x, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) em = fitted_new("em", NULL, data, 1, 1, &error);

    EXPECT_TRUE(em == NULL);
    ASSERT_TRUE(error != NULL);
    EXPECT_CONTAINS(error->message, "'x2'");
}

LAC_TEST(models_em, permuting_columns_permutes_the_result)
{
    enum { N = 120, P = 5 };
    const size_t to[P] = {3, 0, 4, 1, 2};
    g_autoptr(LacData) data = fitted_made(N, P, 0.5, 0.3, 9);
    double permuted[N * P];

    for (size_t k = 0; k < N * P; k++)
        permuted[k / P * P + to[k % P]] = data->values[k];
    g_autoptr(LacData) other = fitted_table(N, P, permuted, NULL);
    g_autoptr(Fitted) a = fit("{tol: 1e-12}", data, 1, 1);
    g_autoptr(Fitted) b = fit("{tol: 1e-12}", other, 1, 1);
    const double *x = fitted_fill(a, data), *y = fitted_fill(b, other);

    ASSERT_TRUE(x != NULL && y != NULL);
    for (size_t k = 0; k < N * P; k++)
        EXPECT_NEAR_DOUBLE(y[k / P * P + to[k % P]], x[k], 1e-10);
}

/* Six rows, three columns: the likelihood has no maximum. */
LAC_TEST(models_em, unbounded_likelihood_is_reported_and_filled)
{
    static const double t6[18] = {1, 2, 3.5, 2,   NAN, 1, 3, 1,   NAN,
                                  4, 5, 2.5, NAN, 3,   4, 6, NAN, NAN};
    g_autoptr(LacData) data = fitted_table(6, 3, t6, NULL);
    g_autoptr(Fitted) em = fit("{iterations: 20000, tol: 0}", data, 1, 1);

    ASSERT_TRUE(em != NULL);
    EXPECT_TRUE(fitted_fill(em, data) != NULL);
    EXPECT_TRUE(fitted_events(em, "ridge", -1) > 0);
    EXPECT_TRUE(fitted_events(em, "not-converged", -1) > 0);
}

/* Counts of rare words: the rows of a draw leave columns of nothing but zeros and columns that
 * agree, so that its likelihood has no maximum. */
LAC_TEST(models_em, draws_from_nearly_singular_tables_converge)
{
    enum { N = 200, P = 24, DRAWS = 4 };
    double x[N * P];
    LacRng rng = lac_rng_new(3);

    for (size_t k = 0; k < N * P; k++) {
        const double topic = k % P == 0 ? lac_rng_uniform(&rng) : x[k - k % P];

        x[k] = k % P == 0                             ? topic
               : lac_rng_uniform(&rng) < 0.08 * topic ? exp(lac_rng_normal(&rng))
                                                      : 0.0;
    }
    for (size_t k = 0; k < N * P; k++)
        x[k] = lac_rng_uniform(&rng) < 0.2 ? NAN : x[k];
    g_autoptr(LacData) data = fitted_table(N, P, x, NULL);
    g_autoptr(Fitted) em = fit("{iterations: 1000}", data, DRAWS, 1);

    ASSERT_TRUE(em != NULL);
    EXPECT_EQ_INT(fitted_events(em, "ridge", -1), 0);
    EXPECT_EQ_INT(fitted_events(em, "not-converged", -1), 0);
    for (size_t d = 0; d < DRAWS; d++)
        ASSERT_TRUE(fitted_sample(em, data, d) != NULL);
    EXPECT_TRUE(fitted_events(em, "ridge", -1) > 0);
    EXPECT_EQ_INT(fitted_events(em, "not-converged", -1), 0);
}

LAC_TEST(models_em, constant_and_duplicated_columns_are_filled_with_events)
{
    enum { N = 80, P = 5 };
    g_autoptr(LacData) made = fitted_made(N, P, 0.5, 0.2, 11);
    double x[N * P];

    memcpy(x, made->values, sizeof x);
    for (size_t i = 0; i < N; i++) {
        x[i * P + 3] = i % 4 == 0 ? NAN : 7.5;
        x[i * P + 4] = i % 5 == 0 ? NAN : 2.0 * x[i * P]; /* twice the first, other holes */
    }
    g_autoptr(LacData) data = fitted_table(N, P, x, NULL);
    g_autoptr(Fitted) em = fit(NULL, data, 1, 1);
    const double *out = em ? fitted_fill(em, data) : NULL;

    ASSERT_TRUE(out != NULL);
    EXPECT_EQ_INT(fitted_events(em, "constant", 3), 1);
    for (size_t i = 0; i < N; i++) {
        EXPECT_EQ_DOUBLE(out[i * P + 3], 7.5);
        if (isnan(x[i * P + 4]) && !isnan(x[i * P]))
            EXPECT_NEAR_DOUBLE(out[i * P + 4], 2.0 * x[i * P], 0.01);
    }
}

LAC_TEST(models_em, ninety_percent_holes_and_more_columns_than_rows_stay_finite)
{
    g_autoptr(LacData) holes = fitted_made(200, 8, 0.5, 0.9, 13);
    g_autoptr(LacData) wide = fitted_made(15, 40, 0.5, 0.2, 15);
    g_autoptr(Fitted) a = fit("{iterations: 30}", holes, 2, 1);
    g_autoptr(Fitted) b = fit("{iterations: 30}", wide, 2, 1);

    ASSERT_TRUE(a != NULL && b != NULL);
    EXPECT_TRUE(fitted_fill(a, holes) != NULL);
    EXPECT_TRUE(fitted_sample(a, holes, 1) != NULL);
    EXPECT_TRUE(fitted_fill(b, wide) != NULL);
    EXPECT_TRUE(fitted_sample(b, wide, 1) != NULL);
}

LAC_TEST(models_em, one_row_one_column_and_no_holes_are_filled)
{
    const double row[3] = {1, 2, 3}, column[4] = {1, NAN, 3, 5};
    g_autoptr(LacData) one_row = fitted_table(1, 3, row, NULL);
    g_autoptr(LacData) one_column = fitted_table(4, 1, column, NULL);
    g_autoptr(Fitted) a = fit(NULL, one_row, 1, 1);
    g_autoptr(Fitted) b = fit(NULL, one_column, 1, 1);

    ASSERT_TRUE(a != NULL && b != NULL);
    EXPECT_TRUE(fitted_fill(a, one_row) != NULL);
    const double *out = fitted_fill(b, one_column);

    ASSERT_TRUE(out != NULL);
    EXPECT_NEAR_DOUBLE(out[1], 3.0, 1e-12);
}

LAC_TEST(models_em, column_without_observed_cells_is_refused_by_name)
{
    const double x[6] = {1, NAN, 2, NAN, 3, NAN};
    g_autoptr(LacData) data = fitted_table(3, 2, x, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) em = fitted_new("em", NULL, data, 1, 1, &error);

    EXPECT_TRUE(em == NULL);
    ASSERT_TRUE(error != NULL);
    EXPECT_CONTAINS(error->message, "'x2'");
}

LAC_TEST(models_em, threads_and_number_of_draws_change_nothing)
{
    enum { N = 3000, P = 6 };
    g_autoptr(LacData) data = fitted_made(N, P, 0.5, 0.3, 17);
    g_autofree double *first = NULL;
    const unsigned before = lac_threads();

    for (unsigned threads = 1; threads <= 3; threads++) {
        lac_threads_set(threads);
        g_autoptr(Fitted) em = fit(NULL, data, threads, 1);
        const double *out = em ? fitted_sample(em, data, 0) : NULL;

        ASSERT_TRUE(out != NULL);
        if (first == NULL)
            first = g_memdup2(out, N * P * sizeof(double));
        EXPECT_TRUE(memcmp(first, out, N * P * sizeof(double)) == 0);
    }
    lac_threads_set(before);
}

LAC_TEST(models_em, seeds_and_draws_differ)
{
    g_autoptr(LacData) data = fitted_made(100, 4, 0.5, 0.3, 19);
    g_autoptr(Fitted) a = fit(NULL, data, 2, 1);
    g_autoptr(Fitted) b = fit(NULL, data, 2, 2);
    size_t hole = 0;

    while (!isnan(data->values[hole]))
        hole++;
    const double draw0 = fitted_sample(a, data, 0)[hole], draw1 = fitted_sample(a, data, 1)[hole],
                 other = fitted_sample(b, data, 0)[hole];

    EXPECT_TRUE(draw0 != draw1);
    EXPECT_TRUE(draw0 != other);
}

/* ln N(y; conditional mean, variance) with the numbers of the numpy EM on E2 */
LAC_TEST(models_em, log_density_is_in_the_units_of_the_table)
{
    static const double truth[12] = {1, 2.1, 2, 2.9, 3, 3.4, 4, 3.6, 6.2, 5.2, 6, 5};
    g_autoptr(LacData) data = fitted_table(6, 2, e2, NULL);
    g_autoptr(LacData) full = fitted_table(6, 2, truth, NULL);
    g_autoptr(Fitted) em = fit("{tol: 1e-13}", data, 1, 1);
    const double d3 = 3.4 - 3.269039949053, d5 = 6.2 - 6.442381388468;
    const double v3 = .023158459598, v5 = .074409264093;
    double out[6];

    ASSERT_TRUE(em != NULL);
    ASSERT_TRUE(em->plugin->log_density(em->model, data, full, out, NULL));
    EXPECT_EQ_DOUBLE(out[0], 0.0);
    EXPECT_NEAR_DOUBLE(out[2], -0.5 * (log(2 * G_PI * v3) + d3 * d3 / v3), 1e-8);
    EXPECT_NEAR_DOUBLE(out[4], -0.5 * (log(2 * G_PI * v5) + d5 * d5 / v5), 1e-8);
}

LAC_TEST(models_em, saved_model_completes_new_rows_alike)
{
    const double fresh[8] = {0.3, NAN, -1.0, NAN, NAN, NAN, 2.0, 0.1};
    g_autoptr(LacData) data = fitted_made(200, 4, 0.5, 0.3, 21);
    g_autoptr(LacData) rows = fitted_table(2, 4, fresh, NULL);
    g_autoptr(Fitted) em = fit(NULL, data, 3, 1);
    g_autoptr(Fitted) copy = fit(NULL, data, 3, 1);
    g_autoptr(LacBundle) bundle = lac_bundle_new();
    double before[2][8];

    ASSERT_TRUE(em != NULL && copy != NULL);
    memcpy(before[0], fitted_fill(em, rows), sizeof before[0]);
    memcpy(before[1], fitted_sample(em, rows, 2), sizeof before[1]);
    ASSERT_TRUE(em->plugin->save(em->model, bundle, NULL));
    copy->plugin->clear(copy->model);
    ASSERT_TRUE(copy->plugin->load(copy->model, bundle, NULL));
    EXPECT_TRUE(memcmp(before[0], fitted_fill(copy, rows), sizeof before[0]) == 0);
    EXPECT_TRUE(memcmp(before[1], fitted_sample(copy, rows, 2), sizeof before[1]) == 0);
}
