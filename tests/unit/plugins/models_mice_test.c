/* The model mice. Numbers of mice 3.15 (R 4.2.2) come with the call that made them. */
#include "fitted.h"
#include "golden/mice_norm_predict.h"
#include "table-private.h"

#include <lacuna/parallel.h>
#include <lacuna/stats.h>

static const double t6[18] = {1, 2, 3.5, 2, NAN, 1, 3, 1, NAN, 4, 5, 2.5, NAN, 3, 4, 6, NAN, NAN};
static const size_t t6_holes[5] = {12, 4, 16, 8, 17};

static Fitted *
fit(const char *yaml, const LacData *train, size_t draws, uint64_t seed)
{
    g_autoptr(GError) error = NULL;
    Fitted *fitted = fitted_new("mice", yaml, train, draws, seed, &error);

    if (fitted == NULL)
        lac_test_fail(__FILE__, __LINE__, "mice: %s", error->message);
    return fitted;
}

static void
check_t6(const char *yaml, const double *expected, double tolerance)
{
    g_autoptr(LacData) data = fitted_table(6, 3, t6, NULL);
    g_autoptr(Fitted) mice = fit(yaml, data, 1, 1);
    const double *out = mice ? fitted_fill(mice, data) : NULL;

    ASSERT_TRUE(out != NULL);
    for (size_t k = 0; k < 5; k++)
        EXPECT_NEAR_DOUBLE(out[t6_holes[k]], expected[k], tolerance);
}

/* mice(T6, m = 1, maxit = k, method = "norm.predict", data.init = means, eps = 0,
 * remove.collinear = FALSE), and a loop over lm.fit */
LAC_TEST(models_mice, chained_regressions_on_t6_equal_mice)
{
    static const double one[5] = {3.70087746349, 2.57485749633, 4.96106477887, 4.55436184574,
                                  3.75120369255};
    static const double two[5] = {3.70503501497, 6.45555889685, 4.23176185552, 4.95282984701,
                                  3.88056411523};
    static const double limit[5] = {4.17688974552, 6.02546865883, 4.13107122298, 4.98176081118,
                                    3.88789513884};

    check_t6("{method: norm.predict, iterations: 1}", one, 1e-9);
    check_t6("{method: norm.predict, iterations: 2}", two, 1e-9);
    check_t6("{method: norm.predict, iterations: 200}", limit, 1e-9);
}

LAC_TEST(models_mice, five_rounds_on_sixty_rows_equal_mice)
{
    g_autoptr(LacData) data = fitted_table(NP_ROWS, NP_COLS, np_in, NULL);
    g_autoptr(Fitted) mice = fit("{method: norm.predict, iterations: 5}", data, 1, 1);
    const double *out = mice ? fitted_fill(mice, data) : NULL;

    ASSERT_TRUE(out != NULL);
    for (size_t k = 0; k < NP_ROWS * NP_COLS; k++)
        EXPECT_NEAR_DOUBLE(out[k], np_out[k], 1e-8);
}

static const char *const numeric_methods[] = {"pmm",        "norm",      "norm.predict", "norm.nob",
                                              "norm.boot",  "ridge",     "mean",         "sample",
                                              "midastouch", "two-stage", "cart",         "rf"};

/* Column 2 in a unit a million times smaller; also fails in mice with its remove.lindep. */
LAC_TEST(models_mice, units_do_not_matter)
{
    enum { N = 120, P = 4 };
    g_autoptr(LacData) data = fitted_made(N, P, 0.5, 0.2, 3);
    double scaled[N * P];

    for (size_t k = 0; k < N * P; k++)
        scaled[k] = k % P == 2 ? 1e6 * data->values[k] : data->values[k];
    g_autoptr(LacData) other = fitted_table(N, P, scaled, NULL);

    for (size_t m = 0; m < G_N_ELEMENTS(numeric_methods); m++) {
        g_autofree char *yaml = g_strdup_printf("{method: %s}", numeric_methods[m]);
        g_autoptr(Fitted) a = fit(yaml, data, 1, 1);
        g_autoptr(Fitted) b = fit(yaml, other, 1, 1);
        const double *x = fitted_fill(a, data), *y = fitted_fill(b, other);

        ASSERT_TRUE(x != NULL && y != NULL);
        for (size_t k = 0; k < N * P; k++)
            EXPECT_NEAR_DOUBLE(y[k] / (k % P == 2 ? 1e6 : 1.0), x[k], 1e-8);
    }
}

LAC_TEST(models_mice, pmm_gives_observed_values_only)
{
    enum { N = 150, P = 4 };
    g_autoptr(LacData) data = fitted_made(N, P, 0.5, 0.3, 5);

    for (int match = 0; match < 3; match++) {
        g_autofree char *yaml = g_strdup_printf("{method: pmm, match: '%d', start: sample}", match);
        g_autoptr(Fitted) mice = fit(yaml, data, 1, 1);
        const double *out = mice ? fitted_sample(mice, data, 1) : NULL;

        ASSERT_TRUE(out != NULL);
        for (size_t k = 0; k < N * P; k++) {
            gboolean seen = FALSE;

            for (size_t i = 0; i < N && !seen; i++)
                seen = data->values[i * P + k % P] == out[k];
            EXPECT_TRUE(seen);
        }
    }
}

LAC_TEST(models_mice, first_chains_do_not_change_when_there_are_more)
{
    enum { N = 100, P = 4 };
    g_autoptr(LacData) data = fitted_made(N, P, 0.5, 0.3, 7);
    g_autoptr(Fitted) few = fit("{imputations: 2}", data, 1, 1);
    g_autoptr(Fitted) many = fit("{imputations: 3}", data, 7, 1);

    for (size_t draw = 0; draw < 2; draw++) {
        const double *a = fitted_sample(few, data, draw), *b = fitted_sample(many, data, draw);

        ASSERT_TRUE(a != NULL && b != NULL);
        EXPECT_TRUE(memcmp(a, b, N * P * sizeof(double)) == 0);
    }
    EXPECT_TRUE(fitted_sample(many, data, 6) != NULL);
    EXPECT_TRUE(memcmp(fitted_sample(few, data, 0), fitted_sample(many, data, 6),
                       N * P * sizeof(double)) != 0);
}

LAC_TEST(models_mice, threads_change_nothing)
{
    enum { N = 5000, P = 5 };
    g_autoptr(LacData) data = fitted_made(N, P, 0.5, 0.3, 9);
    const char *const yamls[] = {"{method: norm.predict}", "{imputations: 3, iterations: 2}"};
    const unsigned before = lac_threads();

    for (size_t y = 0; y < 2; y++) {
        g_autofree double *first = NULL;

        for (unsigned threads = 1; threads <= 3; threads++) {
            lac_threads_set(threads);
            g_autoptr(Fitted) mice = fit(yamls[y], data, 1, 1);
            const double *out = mice ? fitted_fill(mice, data) : NULL;

            ASSERT_TRUE(out != NULL);
            if (first == NULL)
                first = g_memdup2(out, N * P * sizeof(double));
            EXPECT_TRUE(memcmp(first, out, N * P * sizeof(double)) == 0);
        }
    }
    lac_threads_set(before);
}

LAC_TEST(models_mice, fill_is_the_mean_over_chains)
{
    enum { N = 60, P = 3 };
    g_autoptr(LacData) data = fitted_made(N, P, 0.5, 0.3, 11);
    g_autoptr(Fitted) mice = fit("{imputations: 4}", data, 1, 1);
    double mean[N * P] = {0};

    for (size_t draw = 0; draw < 4; draw++) {
        const double *out = fitted_sample(mice, data, draw);

        for (size_t k = 0; k < N * P; k++)
            mean[k] += out[k] / 4.0;
    }
    const double *out = fitted_fill(mice, data);

    for (size_t k = 0; k < N * P; k++)
        EXPECT_NEAR_DOUBLE(out[k], mean[k], 1e-12);
}

LAC_TEST(models_mice, traces_tell_mean_and_sd_of_the_imputed_values)
{
    enum { N = 80, P = 3 };
    g_autoptr(LacData) data = fitted_made(N, P, 0.5, 0.3, 13);
    g_autoptr(Fitted) mice = fit("{imputations: 2, iterations: 3}", data, 1, 1);
    const double *out = mice ? fitted_sample(mice, data, 1) : NULL;
    double holes[N];
    size_t n = 0;

    ASSERT_TRUE(out != NULL);
    for (size_t i = 0; i < N; i++) {
        if (lac_data_is_hole(data, i, 2))
            holes[n++] = out[i * P + 2];
    }
    EXPECT_NEAR_DOUBLE(fitted_trace(mice, "mean", 2, 2, 1), lac_stats_mean(n, holes), 1e-12);
    EXPECT_NEAR_DOUBLE(fitted_trace(mice, "sd", 2, 2, 1), sqrt(lac_stats_variance(n, holes, 1)),
                       1e-12);
    EXPECT_TRUE(isnan(fitted_trace(mice, "mean", 2, 3, 1)));
}

/* Deterministic regressions from the column means: training rows met again as new ones pass
 * through the same regressions and must come out the same. */
LAC_TEST(models_mice, new_rows_replay_the_regressions_of_all_rounds)
{
    enum { N = 200, P = 5 };
    g_autoptr(LacData) data = fitted_made(N, P, 0.5, 0.3, 15);
    size_t rows[N / 2];

    for (size_t i = 0; i < N / 2; i++)
        rows[i] = N - 1 - 2 * i;
    g_autoptr(LacData) half = lac_data_select_rows(data, N / 2, rows, NULL);
    g_autoptr(Fitted) mice = fit("{method: norm.predict, iterations: 4}", data, 1, 1);
    g_autofree double *all = g_memdup2(fitted_fill(mice, data), N * P * sizeof(double));
    const double *out = fitted_fill(mice, half);

    ASSERT_TRUE(out != NULL);
    for (size_t k = 0; k < N / 2 * P; k++)
        EXPECT_NEAR_DOUBLE(out[k], all[rows[k / P] * P + k % P], 1e-10);
}

LAC_TEST(models_mice, columns_complete_in_training_can_be_filled_in_new_rows)
{
    enum { N = 200, P = 3 };
    const double fresh[6] = {NAN, 1.5, 1.2, NAN, NAN, 1.0};
    g_autoptr(LacData) data = fitted_made(N, P, 0.8, 0.0, 17);
    g_autoptr(LacData) rows = fitted_table(2, P, fresh, NULL);
    g_autoptr(Fitted) predict = fit("{method: norm.predict}", data, 1, 1);
    g_autoptr(Fitted) pmm = fit(NULL, data, 1, 1);
    const double *out = predict ? fitted_fill(predict, rows) : NULL;

    ASSERT_TRUE(out != NULL);
    /* E(x1 | x2, x3) = r / (1 + r) (x2 + x3) = 1.2 with r = 0.8; its standard error here is 0.05 */
    EXPECT_TRUE(fabs(out[0] - 1.2) < 0.2);
    EXPECT_TRUE(pmm != NULL && fitted_fill(pmm, rows) != NULL);
    EXPECT_TRUE(fitted_fill(pmm, data) != NULL);
}

LAC_TEST(models_mice, constant_and_duplicated_columns_are_filled_with_events)
{
    enum { N = 80, P = 5 };
    g_autoptr(LacData) made = fitted_made(N, P, 0.5, 0.2, 19);
    double x[N * P];

    memcpy(x, made->values, sizeof x);
    for (size_t i = 0; i < N; i++) {
        x[i * P] = made->values[i * P + 1];
        x[i * P + 3] = i % 4 == 0 ? NAN : 7.5;
        x[i * P + 4] = isnan(x[i * P]) ? NAN : 2.0 * x[i * P]; /* same holes as the first */
    }
    g_autoptr(LacData) data = fitted_table(N, P, x, NULL);

    for (size_t m = 0; m < G_N_ELEMENTS(numeric_methods); m++) {
        g_autofree char *yaml = g_strdup_printf("{method: %s}", numeric_methods[m]);
        g_autoptr(Fitted) mice = fit(yaml, data, 1, 1);
        const double *out = mice ? fitted_fill(mice, data) : NULL;

        ASSERT_TRUE(out != NULL);
        EXPECT_EQ_INT(fitted_events(mice, "constant", 3), 1);
        for (size_t i = 0; i < N; i += 4)
            EXPECT_EQ_DOUBLE(out[i * P + 3], 7.5);
        if (m >= 1 && m < 5) /* pmm's random donors break the tie between the copies */
            EXPECT_TRUE(fitted_events(mice, "aliased", 2) > 0);
    }
}

LAC_TEST(models_mice, ninety_percent_holes_and_more_columns_than_rows_stay_finite)
{
    g_autoptr(LacData) holes = fitted_made(100, 6, 0.5, 0.9, 21);
    g_autoptr(LacData) wide = fitted_made(12, 40, 0.5, 0.2, 23);

    for (size_t m = 0; m < G_N_ELEMENTS(numeric_methods); m++) {
        g_autofree char *yaml = g_strdup_printf("{method: %s, imputations: 2}", numeric_methods[m]);
        g_autoptr(Fitted) a = fit(yaml, holes, 1, 1);
        g_autoptr(Fitted) b = fit(yaml, wide, 1, 1);

        ASSERT_TRUE(a != NULL && b != NULL);
        EXPECT_TRUE(fitted_fill(a, holes) != NULL);
        EXPECT_TRUE(fitted_fill(b, wide) != NULL);
        if (m < 5)
            EXPECT_TRUE(fitted_events(b, "ridge", -2) > 0);
    }
}

LAC_TEST(models_mice, one_row_one_column_and_no_holes_are_filled)
{
    const double row[3] = {1, 2, 3}, column[4] = {1, NAN, 3, 5};
    g_autoptr(LacData) one_row = fitted_table(1, 3, row, NULL);
    g_autoptr(LacData) one_column = fitted_table(4, 1, column, NULL);

    for (size_t m = 0; m < G_N_ELEMENTS(numeric_methods); m++) {
        g_autofree char *yaml = g_strdup_printf("{method: %s}", numeric_methods[m]);
        g_autoptr(Fitted) a = fit(yaml, one_row, 1, 1);
        g_autoptr(Fitted) b = fit(yaml, one_column, 1, 1);

        ASSERT_TRUE(a != NULL && b != NULL);
        EXPECT_TRUE(fitted_fill(a, one_row) != NULL);
        EXPECT_TRUE(fitted_fill(b, one_column) != NULL);
    }
}

/* quickpred(nhanes) of mice: bmi <- age, hyp, chl; hyp <- age, chl; chl <- all. Here hyp must not
 * be predicted from bmi: with method mean for the rest, changing bmi leaves hyp alone. */
LAC_TEST(models_mice, quick_predictors_leave_out_uncorrelated_columns)
{
    enum { N = 25, P = 4 };
    static const double nhanes[N * P] = {
        1, NAN, NAN, NAN, 2, 22.7, 1,   187, 1, NAN,  1, 187, 3, NAN,  NAN, NAN, 1, 20.4, 1,   113,
        3, NAN, NAN, 184, 1, 22.5, 1,   118, 1, 30.1, 1, 187, 2, 22.0, 1,   238, 2, NAN,  NAN, NAN,
        1, NAN, NAN, NAN, 2, NAN,  NAN, NAN, 3, 21.7, 1, 206, 2, 28.7, 2,   204, 1, 29.6, 1,   NAN,
        1, NAN, NAN, NAN, 3, 27.2, 2,   284, 2, 26.3, 2, 199, 1, 35.3, 1,   218, 3, 25.5, 2,   NAN,
        1, NAN, NAN, NAN, 1, 33.2, 1,   229, 1, 27.5, 1, 131, 3, 24.9, 1,   NAN, 2, 27.4, 1,   186,
    };
    const char *const yaml = "{method: norm.predict, iterations: 1, predictors: quick}";
    double other[N * P];

    memcpy(other, nhanes, sizeof other);
    other[5] += 1e-3;
    g_autoptr(LacData) a = fitted_table(N, P, nhanes, NULL);
    g_autoptr(LacData) b = fitted_table(N, P, other, NULL);
    g_autoptr(Fitted) first = fit(yaml, a, 1, 1);
    g_autoptr(Fitted) second = fit(yaml, b, 1, 1);
    const double *x = fitted_fill(first, a), *y = fitted_fill(second, b);

    ASSERT_TRUE(x != NULL && y != NULL);
    EXPECT_NEAR_DOUBLE(y[2], x[2], 1e-12); /* hyp */
    EXPECT_TRUE(fabs(y[3] - x[3]) > 1e-6); /* chl */
    EXPECT_TRUE(fabs(y[1] - x[1]) > 1e-6); /* bmi itself */
    EXPECT_EQ_INT(fitted_events(first, "aliased", -2), 0);
}

static void
expect_refused(const char *yaml, const LacData *data, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) mice = fitted_new("mice", yaml, data, 1, 1, &error);

    EXPECT_TRUE(mice == NULL);
    ASSERT_TRUE(error != NULL);
    EXPECT_CONTAINS(error->message, part);
}

LAC_TEST(models_mice, what_cannot_be_done_is_refused_by_name)
{
    const double x[8] = {1, 0, NAN, 0, 2, 1, 3, 1}, empty[4] = {1, NAN, 2, NAN};
    g_autoptr(LacData) data = fitted_table(4, 2, x, "cb");
    g_autoptr(LacData) nothing = fitted_table(2, 2, empty, NULL);

    expect_refused("{method: magic}", data, "'magic'");
    expect_refused("{methods: {x9: pmm}}", data, "'x9'");
    expect_refused("{methods: {x1: magic}}", data, "'magic'");
    expect_refused("{methods: {x2: norm}}", data, "binary; it is for columns of these kinds: cont");
    expect_refused("{methods: {x11: pmm}}", data, "does not have; did you mean 'x1'?");
    expect_refused("{include: [nobody]}", data, "mice: include names column 'nobody', which ");
    expect_refused("{sequence: [x1, x1]}", data, "'x1' twice");
    expect_refused(NULL, nothing, "'x2'");
}

LAC_TEST(models_mice, saved_model_completes_old_and_new_rows_alike)
{
    const double fresh[8] = {0.3, NAN, -1.0, NAN, NAN, NAN, 2.0, 0.1};
    g_autoptr(LacData) data = fitted_made(200, 4, 0.5, 0.3, 25);
    g_autoptr(LacData) rows = fitted_table(2, 4, fresh, NULL);
    g_autoptr(Fitted) mice = fit("{imputations: 3}", data, 3, 1);
    g_autoptr(Fitted) copy = fit("{imputations: 3}", data, 3, 1);
    g_autoptr(LacBundle) bundle = lac_bundle_new();
    double before[2][8];

    ASSERT_TRUE(mice != NULL && copy != NULL);
    memcpy(before[0], fitted_fill(mice, rows), sizeof before[0]);
    memcpy(before[1], fitted_sample(mice, rows, 2), sizeof before[1]);
    g_autofree double *old = g_memdup2(fitted_sample(mice, data, 1), 800 * sizeof(double));

    ASSERT_TRUE(mice->plugin->save(mice->model, bundle, NULL));
    copy->plugin->clear(copy->model);
    ASSERT_TRUE(copy->plugin->load(copy->model, bundle, NULL));
    EXPECT_TRUE(memcmp(before[0], fitted_fill(copy, rows), sizeof before[0]) == 0);
    EXPECT_TRUE(memcmp(before[1], fitted_sample(copy, rows, 2), sizeof before[1]) == 0);
    EXPECT_TRUE(memcmp(old, fitted_sample(copy, data, 1), 800 * sizeof(double)) == 0);
}

/* Columns of all kinds: x drives a two-level, a three-level and an ordered column. */
static LacData *
mixed_table(size_t n, double rate, uint64_t seed)
{
    g_autofree double *x = g_new(double, 5 * n);
    LacRng rng = lac_rng_new(seed);

    for (size_t i = 0; i < n; i++) {
        const double z = lac_rng_normal(&rng);

        x[5 * i] = z;
        x[5 * i + 1] = 2.0 * z + lac_rng_normal(&rng) > 0.0;
        x[5 * i + 2] = z < -0.5 ? 2.0 : z > 0.5 ? 1.0 : 0.0;
        const double step = floor(z + 0.5 * lac_rng_normal(&rng)) + 2.0;

        x[5 * i + 3] = CLAMP(step, 0.0, 3.0);
        x[5 * i + 4] = floor(10.0 * z);
    }
    for (size_t k = 5; k < 5 * n; k++) { /* the first row stays: it fixes the number of levels */
        if (lac_rng_uniform(&rng) < rate)
            x[k] = NAN;
    }
    return fitted_table(n, 5, x, "cbnoi");
}

LAC_TEST(models_mice, categories_get_levels_that_follow_the_other_columns)
{
    enum { N = 600 };
    g_autoptr(LacData) full = mixed_table(N, 0.0, 27);
    g_autoptr(LacData) data = mixed_table(N, 0.2, 27);
    const char *const yamls[] = {NULL,
                                 "{method: pmm}",
                                 "{method: polyreg}",
                                 "{method: sample}",
                                 "{method: polr}",
                                 "{method: cart}",
                                 "{method: rf}"};
    double wrong[7];

    for (size_t y = 0; y < 7; y++) {
        g_autoptr(Fitted) mice = fit(yamls[y], data, 1, 1);
        const double *out = mice ? fitted_fill(mice, data) : NULL;
        double n = 0.0;

        ASSERT_TRUE(out != NULL);
        wrong[y] = 0.0;
        for (size_t k = 0; k < 5 * N; k++) {
            if (k % 5 < 1 || k % 5 > 3 || !isnan(data->values[k]))
                continue;
            EXPECT_TRUE(out[k] == floor(out[k]) && out[k] >= 0.0 &&
                        out[k] < (double)lac_data_column(data, k % 5)->n_levels);
            n += 1.0;
            wrong[y] += out[k] != full->values[k];
        }
        wrong[y] /= n;
    }
    /* random levels are wrong in well over half of the holes; regressions in under a third */
    EXPECT_TRUE(wrong[0] < 0.33 && wrong[1] < 0.33 && wrong[2] < 0.33);
    EXPECT_TRUE(wrong[3] > 0.4 && wrong[4] < 0.33);
    EXPECT_TRUE(wrong[5] < 0.33 && wrong[6] < 0.4);
}

LAC_TEST(models_mice, one_observed_level_and_separated_levels_are_filled)
{
    enum { N = 40 };
    double x[3 * N];

    for (size_t i = 0; i < N; i++) {
        x[3 * i] = (double)i;
        x[3 * i + 1] = i % 7 == 3 ? NAN : (double)(i >= N / 2); /* separated by the first */
        x[3 * i + 2] = i % 5 == 2 ? NAN : 1.0;
    }
    g_autoptr(LacData) data = fitted_table(N, 3, x, "cbn");
    g_autoptr(Fitted) mice = fit(NULL, data, 1, 1);
    const double *out = mice ? fitted_fill(mice, data) : NULL;

    ASSERT_TRUE(out != NULL);
    EXPECT_EQ_INT(fitted_events(mice, "constant", 2), 1);
    EXPECT_EQ_DOUBLE(out[3 * 2 + 2], 1.0);
    EXPECT_EQ_DOUBLE(out[3 * 3 + 1], 0.0);
    EXPECT_EQ_DOUBLE(out[3 * 38 + 1], 1.0);
}

LAC_TEST(models_mice, every_method_is_saved_and_replayed)
{
    static const char *const methods[] = {"auto", "midastouch", "two-stage", "polr", "cart", "rf"};
    g_autoptr(LacData) data = mixed_table(200, 0.2, 29);
    const size_t rows[3] = {5, 6, 7};
    g_autoptr(LacData) few = lac_data_select_rows(data, 3, rows, NULL);

    for (size_t m = 0; m < G_N_ELEMENTS(methods); m++) {
        g_autofree char *yaml = g_strdup_printf("{imputations: 2, method: %s}", methods[m]);
        g_autoptr(Fitted) mice = fit(yaml, data, 2, 1);
        g_autoptr(Fitted) copy = fit(yaml, data, 2, 1);
        g_autoptr(LacBundle) bundle = lac_bundle_new();
        double before[15];

        ASSERT_TRUE(mice != NULL && copy != NULL);
        memcpy(before, fitted_sample(mice, few, 1), sizeof before);
        ASSERT_TRUE(mice->plugin->save(mice->model, bundle, NULL));
        copy->plugin->clear(copy->model);
        ASSERT_TRUE(copy->plugin->load(copy->model, bundle, NULL));
        EXPECT_TRUE(memcmp(before, fitted_sample(copy, few, 1), sizeof before) == 0);
    }
}

/* Squares of these numbers are no doubles; powers of two rescale without rounding. */
LAC_TEST(models_mice, largest_and_smallest_numbers_are_completed_alike)
{
    enum { N = 60, P = 3 };
    g_autoptr(LacData) data = fitted_made(N, P, 0.5, 0.3, 23);
    double scaled[N * P];

    for (size_t k = 0; k < N * P; k++)
        scaled[k] = ldexp(data->values[k], k % P == 0 ? 1000 : k % P == 1 ? -1000 : 0);
    g_autoptr(LacData) other = fitted_table(N, P, scaled, NULL);
    g_autoptr(Fitted) a = fit("{iterations: 2}", data, 1, 1);
    g_autoptr(Fitted) b = fit("{iterations: 2}", other, 1, 1);
    const double *x = a ? fitted_fill(a, data) : NULL;
    const double *y = b ? fitted_fill(b, other) : NULL;

    ASSERT_TRUE(x != NULL && y != NULL);
    for (size_t k = 0; k < N * P; k++)
        EXPECT_EQ_DOUBLE(ldexp(y[k], k % P == 0 ? -1000 : k % P == 1 ? 1000 : 0), x[k]);
}
