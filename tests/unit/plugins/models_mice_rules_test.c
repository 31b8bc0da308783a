/* mice: who predicts whom, passive columns, the order of visits, methods for odd columns. */
#include "fitted.h"
#include "table-private.h"

#include <lacuna/convergence.h>
#include <math.h>
#include <string.h>

static Fitted *
fit(const char *yaml, const LacData *data, size_t draws, uint64_t seed)
{
    g_autoptr(GError) error = NULL;
    Fitted *fitted = fitted_new("mice", yaml, data, draws, seed, &error);

    LAC_CHECK_OR(return NULL, fitted != NULL, "%s", error->message);
    return fitted;
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

/* weight, height, body mass index, age: the third is computed from the first two */
static LacData *
body_table(size_t n, double rate, uint64_t seed)
{
    g_autofree double *x = g_new(double, 4 * n);
    LacRng rng = lac_rng_new(seed);

    for (size_t i = 0; i < n; i++) {
        x[4 * i + 3] = 40.0 + 10.0 * lac_rng_normal(&rng);
        x[4 * i + 1] = 170.0 + 8.0 * lac_rng_normal(&rng);
        x[4 * i] = 0.4 * x[4 * i + 1] + 5.0 * lac_rng_normal(&rng);
        x[4 * i + 2] = x[4 * i] / pow(x[4 * i + 1] / 100.0, 2.0);
    }
    for (size_t i = 1; i < n; i++) {
        for (size_t j = 0; j < 2; j++) {
            if (lac_rng_uniform(&rng) < rate)
                x[4 * i + j] = x[4 * i + 2] = NAN;
        }
    }
    return fitted_table(n, 4, x, NULL);
}

static void
expect_computed(const LacData *data, const double *out)
{
    for (size_t i = 0; i < data->rows; i++) {
        const double m = out[4 * i + 1] / 100.0;

        if (lac_data_is_hole(data, i, 2))
            EXPECT_EQ_DOUBLE(out[4 * i + 2], out[4 * i] / (m * m));
    }
}

LAC_TEST(models_mice_rules, passive_columns_never_contradict_what_they_are_computed_from)
{
    const char *const yaml = "{imputations: 2, passive: {x3: 'x1 / (x2 / 100)^2'}}";
    g_autoptr(LacData) data = body_table(80, 0.3, 31);
    g_autoptr(LacData) fresh = body_table(20, 0.5, 33);
    g_autoptr(Fitted) mice = fit(yaml, data, 2, 1);
    g_autoptr(Fitted) copy = fit(yaml, data, 2, 1);
    g_autoptr(LacBundle) bundle = lac_bundle_new();
    double before[80];

    ASSERT_TRUE(mice != NULL && copy != NULL);
    for (size_t d = 0; d < 2; d++)
        expect_computed(data, fitted_sample(mice, data, d));
    expect_computed(fresh, fitted_sample(mice, fresh, 1));
    memcpy(before, fitted_sample(mice, fresh, 0), sizeof before);
    ASSERT_TRUE(mice->plugin->save(mice->model, bundle, NULL));
    copy->plugin->clear(copy->model);
    ASSERT_TRUE(copy->plugin->load(copy->model, bundle, NULL));
    EXPECT_TRUE(memcmp(before, fitted_sample(copy, fresh, 0), sizeof before) == 0);
}

/* Without holes in its parents a passive column needs no round at all; ranges of a logarithm. */
LAC_TEST(models_mice_rules, passive_columns_of_complete_parents_and_undefined_values)
{
    const double x[12] = {1, 2, NAN, -1, 3, NAN, 4, 5, 9, 2, 0.5, 2.5};
    g_autoptr(LacData) data = fitted_table(4, 3, x, NULL);
    g_autoptr(Fitted) sum = fit("{passive: {x3: x1 + x2}}", data, 1, 1);
    g_autoptr(Fitted) logarithm = fit("{passive: {x3: log(x1)}}", data, 1, 1);
    const double *out = sum ? fitted_fill(sum, data) : NULL;

    ASSERT_TRUE(out != NULL && logarithm != NULL);
    EXPECT_EQ_DOUBLE(out[2], 3.0);
    EXPECT_EQ_DOUBLE(out[5], 2.0);
    out = fitted_fill(logarithm, data);
    EXPECT_EQ_DOUBLE(out[2], 0.0);
    EXPECT_TRUE(isfinite(out[5]));
    EXPECT_TRUE(fitted_events(logarithm, "undefined", 2) > 0);
}

LAC_TEST(models_mice_rules, loops_of_passive_columns_are_refused)
{
    g_autoptr(LacData) data = body_table(30, 0.2, 35);
    g_autoptr(LacData) levels = fitted_table(3, 2, (double[]){1, 0, NAN, 1, 2, 2}, "cn");

    expect_refused("{passive: {x1: x2 + 1, x2: x1 - 1}}", data, "'x1' is computed from itself");
    expect_refused("{passive: {x1: x1 + 1}}", data, "'x1' is computed from itself");
    expect_refused("{passive: {x3: x1 +}}", data, "expected a number");
    expect_refused("{passive: {x9: x1}}", data, "'x9'");
    expect_refused("{passive: {x3: x1 * q}}", data, "'q'");
    expect_refused("{passive: {x1: x2}}", levels, "'x2', which holds levels");
    expect_refused("{passive: {x3: x1 / x2}, predict: {x1: 'x3, x4'}}", data,
                   "'x1' be predicted from 'x3', which is computed from it");
}

/* norm.predict on four columns: what a column is predicted from shows in what moves it */
static gboolean
moves(const char *yaml, const LacData *data, size_t from, size_t to)
{
    g_autofree double *other = g_memdup2(data->values, data->rows * data->cols * sizeof(double));

    for (size_t i = 0; i < data->rows; i++)
        other[i * data->cols + from] += i % 2 == 0 ? 1e-3 : -2e-3;
    g_autoptr(LacData) moved = fitted_table(data->rows, data->cols, other, NULL);
    g_autoptr(Fitted) a = fit(yaml, data, 1, 1);
    g_autoptr(Fitted) b = fit(yaml, moved, 1, 1);
    const double *x = a ? fitted_fill(a, data) : NULL, *y = b ? fitted_fill(b, moved) : NULL;

    LAC_CHECK_OR(return FALSE, x != NULL && y != NULL, "%s", "no completion");
    for (size_t i = 0; i < data->rows; i++) {
        const size_t k = i * data->cols + to;

        if (lac_data_is_hole(data, i, to) && fabs(x[k] - y[k]) > 1e-9)
            return TRUE;
    }
    return FALSE;
}

LAC_TEST(models_mice_rules, listed_predictors_are_those_that_count)
{
    g_autoptr(LacData) made = fitted_made(60, 4, 0.6, 0.0, 37);
    g_autofree double *x = g_memdup2(made->values, 240 * sizeof(double));

    for (size_t i = 0; i < 60; i += 3)
        x[4 * i] = NAN; /* holes in the first column only */
    g_autoptr(LacData) data = fitted_table(60, 4, x, NULL);
    const char *const some = "{method: norm.predict, predict: {x1: 'x2, x4'}}";
    const char *const without = "{method: norm.predict, predict: {x1: -x2}}";
    const char *const excluded = "{method: norm.predict, exclude: [x3]}";
    const char *const back = "{method: norm.predict, exclude: [x3, x4], predict: {x1: 'x4, x3'}}";
    const char *const none = "{method: norm.predict, predict: {x1: none}}";

    EXPECT_TRUE(moves(some, data, 1, 0) && !moves(some, data, 2, 0) && moves(some, data, 3, 0));
    EXPECT_TRUE(!moves(without, data, 1, 0) && moves(without, data, 2, 0));
    EXPECT_TRUE(moves(excluded, data, 1, 0) && !moves(excluded, data, 2, 0));
    EXPECT_TRUE(!moves(back, data, 1, 0) && moves(back, data, 2, 0) && moves(back, data, 3, 0));
    EXPECT_TRUE(!moves(none, data, 1, 0) && !moves(none, data, 3, 0));
    /* nothing is more correlated than 1, but what is included stays */
    EXPECT_FALSE(moves("{method: norm.predict, predictors: quick, mincor: 1}", data, 1, 0));
    EXPECT_TRUE(
        moves("{method: norm.predict, predictors: quick, mincor: 1, include: [x2]}", data, 1, 0));
    expect_refused("{predict: {x1: x7}}", data, "'x7'");
    expect_refused("{predict: {x1: 'x1'}}", data, "predict itself");
    expect_refused("{include: [x7]}", data, "include names column 'x7'");
}

/* An explicit sequence is the order of the visits: right to left in words. */
LAC_TEST(models_mice_rules, explicit_sequence_is_followed)
{
    g_autoptr(LacData) data = fitted_made(50, 4, 0.6, 0.3, 39);
    g_autoptr(Fitted) named =
        fit("{method: norm.predict, iterations: 1, sequence: [x4, x3, x2, x1]}", data, 1, 1);
    g_autoptr(Fitted) partly =
        fit("{method: norm.predict, iterations: 1, sequence: [x4], visit: right-left}", data, 1, 1);
    g_autoptr(Fitted) backwards =
        fit("{method: norm.predict, iterations: 1, visit: right-left}", data, 1, 1);
    g_autoptr(Fitted) forwards = fit("{method: norm.predict, iterations: 1}", data, 1, 1);
    const double *x = fitted_fill(named, data), *y = fitted_fill(backwards, data);
    const double *z = fitted_fill(partly, data), *w = fitted_fill(forwards, data);

    EXPECT_TRUE(memcmp(x, y, 200 * sizeof(double)) == 0);
    EXPECT_TRUE(memcmp(z, y, 200 * sizeof(double)) == 0);
    EXPECT_TRUE(memcmp(w, y, 200 * sizeof(double)) != 0);
    expect_refused("{sequence: [x1, x1]}", data, "'x1' twice");
    expect_refused("{sequence: [q]}", data, "'q'");
}

/* 200 rows: nothing below z = 0, an amount above; holes at random */
static LacData *
piled_table(double end, double sign)
{
    enum { N = 200 };
    double x[2 * N];
    LacRng rng = lac_rng_new(41);

    for (size_t i = 0; i < N; i++) {
        x[2 * i] = lac_rng_normal(&rng);
        x[2 * i + 1] = x[2 * i] + 0.2 * lac_rng_normal(&rng) < 0.0
                           ? end
                           : end + sign * (1.0 + 3.0 * x[2 * i] + lac_rng_uniform(&rng));
        if (i % 4 == 1)
            x[2 * i + 1] = NAN;
    }
    return fitted_table(N, 2, x, NULL);
}

LAC_TEST(models_mice_rules, two_stages_pile_up_where_the_column_does)
{
    for (int sign = -1; sign <= 1; sign += 2) {
        g_autoptr(LacData) data = piled_table(7.0, sign);
        g_autoptr(Fitted) mice = fit("{methods: {x2: two-stage}, iterations: 1}", data, 1, 1);
        const double *out = mice ? fitted_sample(mice, data, 0) : NULL;
        size_t wrong = 0, holes = 0;

        ASSERT_TRUE(out != NULL);
        for (size_t i = 1; i < 200; i += 4) {
            if (fabs(out[2 * i]) < 0.4) /* where chance decides */
                continue;
            holes++;
            wrong += (out[2 * i + 1] == 7.0) != (out[2 * i] < 0.0);
        }
        /* at |z| = 0.4 the chance of the other side is 1 - Phi(2) = 0.02 */
        EXPECT_TRUE(holes > 25 && wrong <= 2);
        EXPECT_EQ_INT(fitted_events(mice, "fallback", -2), 0);
    }
    g_autoptr(LacData) smooth = fitted_made(60, 3, 0.5, 0.2, 43);
    g_autoptr(Fitted) same = fit("{method: two-stage}", smooth, 1, 1);
    g_autoptr(Fitted) pmm = fit("{method: pmm}", smooth, 1, 1);

    EXPECT_TRUE(fitted_events(same, "fallback", 1) > 0);
    EXPECT_TRUE(memcmp(fitted_fill(same, smooth), fitted_fill(pmm, smooth), 180 * sizeof(double)) ==
                0);
}

/* Three groups of 20 rows, far apart: a tree finds them, and a hole takes a value of its group. */
LAC_TEST(models_mice_rules, trees_take_values_of_the_same_leaf)
{
    enum { N = 60 };
    double x[3 * N];
    LacRng rng = lac_rng_new(45);

    for (size_t i = 0; i < N; i++) {
        const size_t group = i % 3;

        x[3 * i] = (double)group + 0.1 * lac_rng_uniform(&rng);
        x[3 * i + 1] = i % 7 == 2 ? NAN : 100.0 * (double)((group + 1) % 3) + (double)(i % 5);
        x[3 * i + 2] = lac_rng_normal(&rng);
    }
    g_autoptr(LacData) data = fitted_table(N, 3, x, NULL);
    g_autoptr(Fitted) cart = fit("{method: cart, imputations: 3}", data, 3, 1);
    g_autoptr(Fitted) rf = fit("{method: rf, trees: 1, imputations: 3}", data, 3, 1);
    size_t differ = 0;

    ASSERT_TRUE(cart != NULL && rf != NULL);
    for (size_t d = 0; d < 3; d++) {
        g_autofree double *first = g_memdup2(fitted_sample(cart, data, 0), sizeof x);
        const double *out = fitted_sample(cart, data, d);

        for (size_t i = 2; i < N; i += 7) {
            EXPECT_TRUE(fabs(out[3 * i + 1] - 100.0 * (double)((i % 3 + 1) % 3) - 2.0) <= 2.0);
            differ += out[3 * i + 1] != first[3 * i + 1];
        }
    }
    EXPECT_TRUE(differ > 0);
    EXPECT_TRUE(fitted_fill(rf, data) != NULL);
}

/* psrf and autocorrelation are those of the traced means */
LAC_TEST(models_mice_rules, convergence_is_traced_by_column)
{
    enum { M = 4, T = 6 };
    g_autoptr(LacData) data = fitted_made(60, 3, 0.8, 0.3, 47);
    g_autoptr(Fitted) mice = fit("{imputations: 4, iterations: 6}", data, 1, 1);

    ASSERT_TRUE(mice != NULL);
    for (size_t n = 2; n <= T; n++) {
        double x[M * T];

        for (size_t c = 0; c < M; c++) {
            for (size_t t = 0; t < n; t++)
                x[c * n + t] = fitted_trace(mice, "mean", 1, t, c);
        }
        EXPECT_EQ_DOUBLE(fitted_trace(mice, "autocorrelation", 1, n - 1, 0),
                         lac_chains_autocorrelation(M, n, x));
        if (n >= 4)
            EXPECT_EQ_DOUBLE(fitted_trace(mice, "psrf", 1, n - 1, 0), lac_rhat_rank(M, n, x));
        else
            EXPECT_TRUE(isnan(fitted_trace(mice, "psrf", 1, n - 1, 0)));
    }
    EXPECT_EQ_INT(fitted_events(mice, "not-mixed", -2), 0);
}

/* Two columns missing in the same rows but one, almost copies of each other: each keeps where the
 * other was, so twenty rounds are not enough, and that is said. */
LAC_TEST(models_mice_rules, chains_that_do_not_mix_are_told)
{
    enum { N = 60 };
    double x[2 * N];
    LacRng rng = lac_rng_new(49);

    for (size_t i = 0; i < N; i++) {
        x[2 * i] = lac_rng_normal(&rng);
        x[2 * i + 1] = x[2 * i] + 0.02 * lac_rng_normal(&rng);
        if (i % 2 == 0)
            x[2 * i] = x[2 * i + 1] = NAN;
    }
    g_autoptr(LacData) data = fitted_table(N, 2, x, NULL);
    g_autoptr(Fitted) mice = fit("{method: norm, iterations: 20, start: sample}", data, 1, 1);

    ASSERT_TRUE(mice != NULL);
    EXPECT_TRUE(fitted_events(mice, "not-mixed", -2) > 0);
}

/* A name and a grade of ten levels each, both with holes, beside two numbers; five are many here.
 */
LAC_TEST(models_mice_rules, columns_of_very_many_levels_are_filled_and_told)
{
    enum { N = 600, P = 4 };
    double x[N * P];
    LacRng rng = lac_rng_new(51);

    for (size_t i = 0; i < N; i++) {
        const double z = lac_rng_normal(&rng);

        x[P * i] = z;
        x[P * i + 1] = (double)(i % 10);
        x[P * i + 2] = CLAMP(floor(5.0 + 2.0 * z), 0.0, 9.0);
        x[P * i + 3] = z + lac_rng_normal(&rng);
        if (i >= 100)
            x[P * i + i % P] = NAN;
    }
    g_autoptr(LacData) data = fitted_table(N, P, x, "cnoc");
    g_autoptr(Fitted) mice = fit("{imputations: 1, iterations: 2, levels: 5}", data, 1, 1);
    const double *out = mice ? fitted_sample(mice, data, 0) : NULL;
    double apart = 0.0, holes = 0.0;

    ASSERT_TRUE(out != NULL);
    EXPECT_EQ_INT(fitted_events(mice, "capped", 1), 1);
    EXPECT_EQ_INT(fitted_events(mice, "capped", 2), 1);
    EXPECT_EQ_INT(fitted_events(mice, "fallback", 1), 1);
    EXPECT_EQ_INT(fitted_events(mice, "fallback", 2), 1);
    for (size_t i = 100; i < N; i++) {
        if (i % P != 2)
            continue;
        holes += 1.0;
        apart += fabs(out[P * i + 2] - 4.5 - 2.0 * out[P * i]) / 2.0;
    }
    EXPECT_TRUE(apart / holes < 0.5); /* sd's; 1.1 were it drawn without the first column */
    expect_refused("{levels: 5, methods: {x2: polyreg}}", data, "'x2' has 10 levels");
    expect_refused("{levels: 5, methods: {x3: polr}}", data, "'x3' has 10 levels");
}
