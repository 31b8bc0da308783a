/* The model xgboost, where it is built. */
#include "fitted.h"

#include <lacuna/parallel.h>
#include <lacuna/stats.h>

/* NULL, the test passed over, where XGBoost is not installed. */
static Fitted *
fit(const char *yaml, const LacData *train)
{
    g_autoptr(GError) error = NULL;
    Fitted *fitted;

    if (lac_plugin_find(LAC_PLUGIN_MODEL, "xgboost", NULL) == NULL)
        return NULL;
    fitted = fitted_new("xgboost", yaml, train, 1, 1, &error);
    if (fitted == NULL)
        lac_test_fail(__FILE__, __LINE__, "xgboost: %s", error->message);
    return fitted;
}

/* Columns: u, v uniform; a curve of both, and a class (0 where u is small, else 1 or 2 by v). */
static LacData *
curved(size_t rows, double rate, uint64_t seed, double *truth)
{
    g_autofree double *x = g_new(double, rows * 4);
    LacRng rng = lac_rng_new(seed);

    for (size_t i = 0; i < rows; i++) {
        const double u = lac_rng_uniform(&rng), v = lac_rng_uniform(&rng);

        truth[4 * i] = u;
        truth[4 * i + 1] = v;
        truth[4 * i + 2] = sin(6.0 * u) + (v > 0.5 ? 2.0 : 0.0) + 0.05 * lac_rng_normal(&rng);
        truth[4 * i + 3] = u < 0.4 ? 0.0 : v > 0.3 ? 1.0 : 2.0;
        for (size_t j = 0; j < 4; j++)
            x[4 * i + j] = j >= 2 && lac_rng_uniform(&rng) < rate ? NAN : truth[4 * i + j];
    }
    return fitted_table(rows, 4, x, "cccn");
}

LAC_TEST(models_xgboost, curves_and_classes_are_learnt)
{
    enum { N = 800 };
    g_autofree double *truth = g_new(double, 4 * N);
    g_autoptr(LacData) data = curved(N, 0.3, 3, truth);
    g_autoptr(Fitted) boost = fit(NULL, data);
    double squares = 0.0, holes = 0.0, right = 0.0, classes = 0.0;

    if (boost == NULL)
        return;
    const double *out = fitted_fill(boost, data);

    ASSERT_TRUE(out != NULL);
    for (size_t i = 0; i < N; i++) {
        if (isnan(data->values[4 * i + 2])) {
            squares += pow(out[4 * i + 2] - truth[4 * i + 2], 2);
            holes += 1.0;
        }
        if (isnan(data->values[4 * i + 3])) {
            right += out[4 * i + 3] == truth[4 * i + 3];
            classes += 1.0;
        }
    }
    /* the column's sd is 1.2, its noise 0.05; a straight line leaves 0.6 */
    EXPECT_TRUE(sqrt(squares / holes) < 0.25);
    EXPECT_TRUE(right / classes > 0.95); /* the largest class has 0.42 */
}

LAC_TEST(models_xgboost, draws_are_observed_values_and_differ)
{
    enum { N = 400 };
    g_autofree double *truth = g_new(double, 4 * N);
    g_autoptr(LacData) data = curved(N, 0.3, 5, truth);
    g_autoptr(Fitted) boost = fit("{iterations: 1, trees: 30}", data);
    g_autofree double *seen = g_new(double, N), *zero = NULL;
    size_t n, differ = 0;

    if (boost == NULL)
        return;
    n = lac_data_copy_seen(data, 2, seen);
    lac_stats_sort(n, seen);
    zero = g_memdup2(fitted_sample(boost, data, 0), 4 * N * sizeof(double));
    const double *one = fitted_sample(boost, data, 1);

    ASSERT_TRUE(zero != NULL && one != NULL);
    for (size_t i = 0; i < N; i++) {
        const double x = one[4 * i + 2];
        size_t at = 0;

        while (at < n && seen[at] < x)
            at++;
        EXPECT_TRUE(at < n && seen[at] == x);
        differ += x != zero[4 * i + 2];
    }
    EXPECT_TRUE(differ > 20);
}

LAC_TEST(models_xgboost, early_stopping_keeps_fewer_trees_of_noise)
{
    g_autoptr(LacData) data = fitted_made(300, 3, 0.0, 0.2, 7); /* nothing to learn */
    g_autoptr(Fitted) stopped = fit("{trees: 200}", data),
                      all = fit("{trees: 200, patience: 0}", data);
    double a = 0.0, b = 0.0;

    if (stopped == NULL)
        return;
    g_autofree double *few = g_memdup2(fitted_fill(stopped, data), 900 * sizeof(double));
    const double *many = fitted_fill(all, data);

    for (size_t k = 0; k < 900; k++) {
        if (isnan(data->values[k])) {
            a += few[k] * few[k];
            b += many[k] * many[k];
        }
    }
    EXPECT_TRUE(a < 0.5 * b); /* the right answer is the mean, 0 */
}

LAC_TEST(models_xgboost, threads_do_not_matter)
{
    g_autoptr(LacData) data = fitted_made(200, 4, 0.5, 0.2, 9);
    const unsigned before = lac_threads();
    g_autoptr(Fitted) two = fit("{trees: 20}", data);

    if (two == NULL)
        return;
    g_autofree double *a = g_memdup2(fitted_fill(two, data), 800 * sizeof(double));

    lac_threads_set(1);
    g_autoptr(Fitted) one = fit("{trees: 20}", data);
    const double *b = fitted_fill(one, data);

    EXPECT_TRUE(memcmp(a, b, 800 * sizeof(double)) == 0);
    lac_threads_set(before);
}

LAC_TEST(models_xgboost, column_without_holes_in_training_is_filled_in_new_rows)
{
    enum { N = 300 };
    g_autofree double *truth = g_new(double, 4 * N);
    g_autoptr(LacData) train = curved(N, 0.2, 11, truth);
    g_autofree double *x = g_memdup2(truth, 4 * N * sizeof(double));

    for (size_t i = 0; i < N; i += 3)
        x[4 * i] = NAN; /* u was always observed */
    g_autoptr(LacData) fresh = fitted_table(N, 4, x, "cccn");
    g_autoptr(Fitted) boost = fit("{trees: 50}", train);

    EXPECT_TRUE(boost == NULL || fitted_fill(boost, fresh) != NULL);
}

LAC_TEST(models_xgboost, bootstrapped_draws_know_that_what_was_learnt_is_uncertain)
{
    if (lac_plugin_find(LAC_PLUGIN_MODEL, "xgboost", NULL) == NULL)
        return;
    const double plain =
        fitted_spread_of_means("xgboost", "{trees: 20, patience: 0, bootstrap: false}", 60);
    const double proper =
        fitted_spread_of_means("xgboost", "{trees: 20, patience: 0, bootstrap: true}", 60);

    EXPECT_TRUE(proper / plain > 1.2);
}
