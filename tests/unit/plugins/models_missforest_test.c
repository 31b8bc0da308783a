/* The model missforest. Trees and forests have tests of their own (unit/math/forest_test.c). */
#include "fitted.h"
#include "lac_sanitized.h"
#include "table-private.h"

#include <lacuna/csv.h>
#include <lacuna/parallel.h>
#include <lacuna/stats.h>

static Fitted *
fit(const char *yaml, const LacData *train, uint64_t seed)
{
    g_autoptr(GError) error = NULL;
    Fitted *fitted = fitted_new("missforest", yaml, train, 1, seed, &error);

    if (fitted == NULL)
        lac_test_fail(__FILE__, __LINE__, "missforest: %s", error->message);
    return fitted;
}

/* Concrete, each column to [0, 1], cells hidden where the minimal standard generator (16807 x mod
 * 2^31 - 1, from 1), row by row, is below a fifth of its range. */
static LacData *
concrete(LacData **holey)
{
    const char *path = LAC_TEST_SOURCE_DIR "/experiments/data/concrete.csv";
    g_autoptr(LacData) raw = lac_csv_read(path, NULL, NULL, NULL);
    const size_t n = raw->rows, p = raw->cols;
    double *v = g_new(double, n *p);
    uint64_t x = 1;
    g_autoptr(LacMask) mask = lac_mask_new(n, p, NULL);

    for (size_t j = 0; j < p; j++) {
        double low = INFINITY, high = -INFINITY;

        for (size_t i = 0; i < n; i++) {
            low = fmin(low, lac_data_at(raw, i, j));
            high = fmax(high, lac_data_at(raw, i, j));
        }
        for (size_t i = 0; i < n; i++)
            v[i * p + j] = (lac_data_at(raw, i, j) - low) / (high - low);
    }
    for (size_t k = 0; k < n * p; k++) {
        x = 16807 * x % 2147483647;
        lac_mask_set(mask, k / p, k % p, (double)x / 2147483647.0 < 0.2);
    }
    LacData *truth = lac_data_new_take(lac_schema_new(p), n, v, "concrete", NULL);

    *holey = lac_data_with_holes(truth, mask, NULL);
    return truth;
}

static double
rmse(const LacData *truth, const LacData *holey, const double *out)
{
    double sum = 0.0, n = 0.0;

    for (size_t k = 0; k < truth->rows * truth->cols; k++) {
        if (lac_data_is_hole(holey, k / truth->cols, k % truth->cols)) {
            sum += pow(out[k] - truth->values[k], 2);
            n += 1.0;
        }
    }
    return sqrt(sum / n);
}

/* Mean over seeds 1 to 5 of `Rscript tests/bench/missforest_peer.R truth.csv holes.csv 10 100 SEED`
 * (ranger 0.14.1) on these holes; 2 % above is allowed. */
LAC_TEST(models_missforest, concrete_is_filled_as_well_as_by_missforest_over_ranger)
{
    const double ranger = 0.11135; /* 0.10904 0.11440 0.10898 0.11088 0.11345 */
    g_autoptr(LacData) holey = NULL;
    g_autoptr(LacData) truth = concrete(&holey);
    double sum = 0.0;

    LAC_SKIP_SANITIZED();
    for (uint64_t seed = 1; seed <= 3; seed++) {
        g_autoptr(Fitted) forest = fit(NULL, holey, seed);
        const double *out = forest ? fitted_fill(forest, holey) : NULL;

        ASSERT_TRUE(out != NULL);
        sum += rmse(truth, holey, out) / 3.0;
    }
    LAC_CHECK_OR((void)0, sum < 1.02 * ranger, "RMSE %.5f, ranger's %.5f", sum, ranger);
    EXPECT_TRUE(sum > 0.9 * ranger); /* or something looked at the truth */
}

/* Simulated: x uniform, a level that is the third of the unit interval x lies in, an ordered one
 * that halves it, and a noisy number. What is hidden follows from x, which is always seen. */
enum { MIXED_ROWS = 600 };

static LacData *
mixed(LacData **holey)
{
    LacRng rng = lac_rng_new(11);
    double v[MIXED_ROWS * 4], h[MIXED_ROWS * 4];

    for (size_t i = 0; i < MIXED_ROWS; i++) {
        double *row = v + 4 * i;

        row[0] = lac_rng_uniform(&rng);
        row[1] = floor(3 * row[0]);
        row[2] = row[0] > 0.5;
        row[3] = 10 * row[0] + 0.1 * lac_rng_normal(&rng);
        for (size_t j = 0; j < 4; j++)
            h[4 * i + j] = j > 0 && lac_rng_uniform(&rng) < 0.3 ? NAN : row[j];
    }
    *holey = fitted_table(MIXED_ROWS, 4, h, "cnoc");
    return fitted_table(MIXED_ROWS, 4, v, "cnoc");
}

static LacData *
mixed_holes(void)
{
    LacData *holey = NULL;

    lac_data_unref(mixed(&holey));
    return holey;
}

LAC_TEST(models_missforest, mixed_kinds_are_recovered_where_they_follow_from_what_is_seen)
{
    g_autoptr(LacData) holey = NULL;
    g_autoptr(LacData) truth = mixed(&holey);
    g_autoptr(Fitted) forest = fit(NULL, holey, 1);
    const double *out = forest ? fitted_fill(forest, holey) : NULL;
    double wrong = 0.0, holes = 0.0, squares = 0.0, numbers = 0.0;

    ASSERT_TRUE(out != NULL);
    for (size_t i = 0; i < MIXED_ROWS; i++) {
        for (size_t j = 1; j < 3; j++) {
            holes += lac_data_is_hole(holey, i, j);
            wrong += out[4 * i + j] != lac_data_at(truth, i, j);
        }
        numbers += lac_data_is_hole(holey, i, 3);
        squares += pow(out[4 * i + 3] - lac_data_at(truth, i, 3), 2);
    }
    EXPECT_TRUE(wrong / holes < 0.02); /* only next to the borders, which lie 1/600 wide */
    /* the noise is 0.1; the mean would miss by 2.9 */
    LAC_CHECK_OR((void)0, sqrt(squares / numbers) < 0.2, "RMSE %g", sqrt(squares / numbers));
    EXPECT_TRUE(fitted_trace(forest, "oob-wrong", 1, 0, 0) < 0.05);
    EXPECT_TRUE(fitted_trace(forest, "oob-mse", 3, 0, 0) < 0.1);
    EXPECT_TRUE(isnan(fitted_trace(forest, "oob-mse", 0, 0, 0))); /* x has no holes */
    EXPECT_TRUE(fitted_trace(forest, "change-numbers", -1, 0, 0) > 0.0);
    EXPECT_TRUE(fitted_trace(forest, "change-levels", -1, 0, 0) > 0.0);
}

/* The rule, on the traces of the changes: they end with the first round in which neither shrinks,
 * which is not the result; the result is that of the same model stopped a round earlier. */
LAC_TEST(models_missforest, ends_when_neither_change_shrinks_and_takes_the_round_before)
{
    enum { MOST = 10 };
    g_autoptr(LacData) holey = NULL;
    g_autoptr(LacData) truth = mixed(&holey);
    g_autoptr(Fitted) forest = fit("{trees: 20}", holey, 1);
    size_t rounds = 0, first = 0;
    double before[2] = {INFINITY, INFINITY};

    for (; rounds < MOST; rounds++) {
        const double now[2] = {fitted_trace(forest, "change-numbers", -1, rounds, 0),
                               fitted_trace(forest, "change-levels", -1, rounds, 0)};

        if (isnan(now[0]))
            break;
        if (first == 0 && !(now[0] < before[0]) && !(now[1] < before[1]))
            first = rounds;
        memcpy(before, now, sizeof now);
    }
    ASSERT_TRUE(rounds < MOST);
    EXPECT_EQ_INT(first, rounds - 1);
    g_autofree char *yaml = g_strdup_printf("{trees: 20, iterations: %zu}", rounds - 1);
    g_autoptr(Fitted) shorter = fit(yaml, holey, 1);
    const double *a = fitted_fill(forest, holey), *b = fitted_fill(shorter, holey);

    EXPECT_TRUE(memcmp(a, b, MIXED_ROWS * 4 * sizeof(double)) == 0);
    const double *c = fitted_fill(forest, truth); /* and the forests are those of that round */
    EXPECT_TRUE(memcmp(c, truth->values, MIXED_ROWS * 4 * sizeof(double)) == 0);
    const double one[] = {0.9, NAN, NAN, NAN};
    g_autoptr(LacData) row = fitted_table(1, 4, one, "cnoc");

    EXPECT_EQ_DOUBLE(fitted_fill(forest, row)[3], fitted_fill(shorter, row)[3]);
}

LAC_TEST(models_missforest, new_rows_are_filled_one_by_one_as_together)
{
    const double rows[] = {0.1, NAN, NAN, NAN, NAN, 2, 1, 9.5, 0.9, NAN, NAN, NAN};
    g_autoptr(LacData) holey = mixed_holes();
    g_autoptr(LacData) in = fitted_table(3, 4, rows, "cnoc");
    g_autoptr(Fitted) forest = fit(NULL, holey, 1);
    const double *out = fitted_fill(forest, in);
    double all[12];

    memcpy(all, out, sizeof all);
    EXPECT_EQ_DOUBLE(all[1], 0.0);
    EXPECT_EQ_DOUBLE(all[2], 0.0);
    EXPECT_NEAR_DOUBLE(all[3], 1.0, 0.2);
    EXPECT_NEAR_DOUBLE(all[4], 0.95, 0.1); /* x had no holes in training */
    EXPECT_EQ_DOUBLE(all[9], 2.0);
    EXPECT_EQ_DOUBLE(all[10], 1.0);
    for (size_t i = 0; i < 3; i++) {
        g_autoptr(LacData) one = fitted_table(1, 4, rows + 4 * i, "cnoc");

        out = fitted_fill(forest, one);
        EXPECT_TRUE(memcmp(out, all + 4 * i, 4 * sizeof(double)) == 0);
    }
}

/* y = x + 0.3 z, x seen in all rows, y hidden in half of them: draws of y keep the residual's
 * spread, the point fill does not. The bounds are wide: forests are not unbiased. */
LAC_TEST(models_missforest, draws_keep_the_spread_that_the_fill_loses)
{
    enum { N = 2000, DRAWS = 5 };
    LacRng rng = lac_rng_new(3);
    double *v = g_new(double, 2 * N), fill = 0.0, drawn = 0.0, holes = 0.0;

    for (size_t i = 0; i < N; i++) {
        v[2 * i] = lac_rng_normal(&rng);
        v[2 * i + 1] = v[2 * i] + 0.3 * lac_rng_normal(&rng);
        if (i % 2)
            v[2 * i + 1] = NAN;
    }
    g_autoptr(LacData) data = lac_data_new_take(lac_schema_new(2), N, v, "made", NULL);
    g_autoptr(Fitted) forest = fit("{mtry: 1, min_leaf: 10}", data, 1);

    for (int d = -1; d < DRAWS; d++) {
        const double *out =
            d < 0 ? fitted_fill(forest, data) : fitted_sample(forest, data, (size_t)d);

        ASSERT_TRUE(out != NULL);
        for (size_t i = 1; i < N; i += 2) {
            const double square = pow(out[2 * i + 1] - out[2 * i], 2);

            holes += d < 0;
            fill += d < 0 ? square : 0.0;
            drawn += d < 0 ? 0.0 : square / DRAWS;
        }
    }
    EXPECT_TRUE(sqrt(fill / holes) < 0.15);
    EXPECT_NEAR_DOUBLE(sqrt(drawn / holes), 0.3, 0.03);
}

LAC_TEST(models_missforest, constant_duplicated_and_single_level_columns_do_no_harm)
{
    enum { N = 60 };
    double v[N * 5];

    for (size_t i = 0; i < N; i++) {
        double *row = v + 5 * i;

        row[0] = row[1] = (double)i; /* twins */
        row[2] = 7;
        row[3] = 1; /* a level code; the other level is never seen */
        row[4] = (double)(i % 2);
        for (size_t j = 1; j < 5; j++)
            row[j] = (i + 7 * j) % 6 == 0 ? NAN : row[j];
    }
    g_autoptr(LacData) data = fitted_table(N, 5, v, "cccbn");
    g_autoptr(Fitted) forest = fit("{min_split: 1}", data, 1);
    const double *out = forest ? fitted_fill(forest, data) : NULL;

    ASSERT_TRUE(out != NULL);
    for (size_t i = 0; i < N; i++) {
        EXPECT_EQ_DOUBLE(out[5 * i + 2], 7.0);
        EXPECT_EQ_DOUBLE(out[5 * i + 3], 1.0);
        EXPECT_NEAR_DOUBLE(out[5 * i + 1] / N, (double)i / N, 0.1);
    }
}

LAC_TEST(models_missforest, ten_thousand_levels_are_predicted_and_predict)
{
    enum { N = 12000, LEVELS = 10000 };
    double *v = g_new(double, N * 2);

    for (size_t i = 0; i < N; i++) {
        const size_t level = i < 6000 ? i % 5 : i - 2000;

        v[2 * i] = i % 11 == 0 ? NAN : (double)level;
        v[2 * i + 1] = i % 13 == 0 ? NAN : level < 5 ? (double)level : 100.0;
    }
    v[0] = LEVELS - 1;
    LacSchema *schema = lac_schema_new(2);

    schema->columns[0].kind = LAC_KIND_NOMINAL;
    schema->columns[0].n_levels = LEVELS;
    g_autoptr(LacData) data = lac_data_new_take(schema, N, v, "made", NULL);
    g_autoptr(Fitted) forest = fit("{trees: 5, iterations: 2}", data, 1);
    const double *out = forest ? fitted_fill(forest, data) : NULL;
    size_t wrong = 0;

    ASSERT_TRUE(out != NULL);
    for (size_t i = 1; i < 6000; i++)
        wrong += out[2 * i] != (double)(i % 5) && !(i % 13 == 0);
    LAC_CHECK_OR((void)0, wrong < 30, "%zu of 500 levels are wrong", wrong);
    EXPECT_TRUE(fitted_events(forest, "capped", 0) > 0);
}

LAC_TEST(models_missforest, one_row_and_an_empty_column_are_filled)
{
    const double one[] = {1, NAN, 3}, many[] = {1, NAN, 2, NAN, NAN, NAN, 4, NAN};
    g_autoptr(LacData) row = fitted_table(1, 3, one, NULL), table = fitted_table(4, 2, many, NULL);
    g_autoptr(Fitted) a = fit(NULL, row, 1), b = fit(NULL, table, 1);
    const double *out = fitted_fill(a, row);

    ASSERT_TRUE(out != NULL);
    EXPECT_EQ_DOUBLE(out[1], 0.0);
    out = fitted_fill(b, table);
    ASSERT_TRUE(out != NULL);
    EXPECT_EQ_DOUBLE(out[5], 0.0);
    EXPECT_TRUE(out[4] >= 1.0 && out[4] <= 4.0);
}

LAC_TEST(models_missforest, units_do_not_matter)
{
    g_autoptr(LacData) holey = mixed_holes();
    g_autofree double *v = g_memdup2(holey->values, MIXED_ROWS * 4 * sizeof(double));

    for (size_t i = 0; i < MIXED_ROWS; i++)
        v[4 * i + 3] *= 0x1p40;
    g_autoptr(LacData) other = fitted_table(MIXED_ROWS, 4, v, "cnoc");
    g_autoptr(Fitted) a = fit("{trees: 10}", holey, 1), b = fit("{trees: 10}", other, 1);
    const double *x = fitted_fill(a, holey), *y = fitted_fill(b, other);

    ASSERT_TRUE(x != NULL && y != NULL);
    for (size_t k = 0; k < MIXED_ROWS * 4; k++)
        EXPECT_NEAR_DOUBLE(k % 4 == 3 ? y[k] * 0x1p-40 : y[k], x[k], 1e-12);
}

LAC_TEST(models_missforest, without_its_forests_it_completes_the_same_but_no_other_rows)
{
    const double one[] = {0.9, NAN, NAN, NAN};
    g_autoptr(LacData) holey = mixed_holes();
    g_autoptr(LacData) row = fitted_table(1, 4, one, "cnoc");
    g_autoptr(Fitted) a = fit("{trees: 10}", holey, 1);
    g_autoptr(Fitted) b = fit("{trees: 10, keep: false}", holey, 1);
    const double *x = fitted_fill(a, holey), *y = fitted_fill(b, holey);
    g_autoptr(GError) error = NULL;
    double out[4];
    LacMatrix to = {1, 4, 4, out};

    EXPECT_TRUE(memcmp(x, y, MIXED_ROWS * 4 * sizeof(double)) == 0);
    EXPECT_TRUE((lac_model_traits(b->model) & LAC_MODEL_TRANSDUCTIVE) != 0);
    EXPECT_FALSE(b->plugin->fill(b->model, row, &to, &error));
    EXPECT_ERROR(error, LAC_ERROR_PARAM, "keep: true");
}
