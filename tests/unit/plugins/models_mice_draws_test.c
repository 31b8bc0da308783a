/* The model mice against R's: what 200 chains of each impute must have the same distribution.
 * golden/mice_draws.R made the tables and the expected numbers. */
#include "fitted.h"

#include <lacuna/csv.h>
#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

#define GOLDEN LAC_TEST_SOURCE_DIR "/tests/unit/plugins/golden/"

enum { M = 200 };

static LacData *
read_table(const char *name, char **kinds)
{
    g_autofree char *path = g_strconcat(GOLDEN, name, ".csv", NULL);
    const LacCsvOptions options = {.kinds = kinds};
    g_autoptr(GError) error = NULL;
    LacData *data = lac_csv_read(path, &options, NULL, &error);

    LAC_CHECK_OR(return NULL, data != NULL, "%s", error->message);
    return data;
}

/* What a test of one run of chains looks at: all completions of a table. */
typedef struct {
    const char *table, *method;
    LacData *data;
    double *draws; /* [M][rows][cols] */
} Draws;

static double
draw_at(const Draws *draws, size_t d, size_t i, size_t j)
{
    return draws->draws[(d * draws->data->rows + i) * draws->data->cols + j];
}

/* Imputed values of column @j in draw @d; how many. */
static size_t
draw_imputed(const Draws *draws, size_t d, size_t j, double *out)
{
    size_t n = 0;

    for (size_t i = 0; i < draws->data->rows; i++) {
        if (lac_data_is_hole(draws->data, i, j))
            out[n++] = draw_at(draws, d, i, j);
    }
    return n;
}

/* "bmi mean", "bmi sd", or a column and one of its levels, whose share is meant. */
static double
statistic_of_column(const Draws *draws, size_t d, const char *name)
{
    g_auto(GStrv) words = g_strsplit(name, " ", 2);
    const size_t j = (size_t)lac_schema_find(draws->data->schema, words[0]);
    const LacColumn *column = lac_data_column(draws->data, j);
    g_autofree double *x = g_new(double, draws->data->rows);
    const size_t n = draw_imputed(draws, d, j, x);
    double mean, sd, share = 0.0;

    lac_stats_mean_sd(n, x, &mean, &sd);
    if (column->n_levels == 0)
        return g_str_equal(words[1], "mean") ? mean : sd;
    for (size_t i = 0; i < n; i++)
        share += g_str_equal(column->levels[(size_t)x[i]], words[1]);
    return share / (double)n;
}

/* "a:b" */
static double
statistic_correlation(const Draws *draws, size_t d, const char *pair)
{
    g_auto(GStrv) names = g_strsplit(pair, ":", 2);
    const size_t a = (size_t)lac_schema_find(draws->data->schema, names[0]);
    const size_t b = (size_t)lac_schema_find(draws->data->schema, names[1]);
    const size_t n = draws->data->rows;
    g_autofree double *x = g_new(double, n), *y = g_new(double, n);
    double mx, my, sx, sy, sum = 0.0;

    for (size_t i = 0; i < n; i++) {
        x[i] = draw_at(draws, d, i, a);
        y[i] = draw_at(draws, d, i, b);
    }
    lac_stats_mean_sd(n, x, &mx, &sx);
    lac_stats_mean_sd(n, y, &my, &sy);
    for (size_t i = 0; i < n; i++)
        sum += (x[i] - mx) * (y[i] - my);
    return sum / (double)(n - 1) / (sx * sy);
}

/* Mean and sd over the draws; the standard errors of mean and ln sd come from the same draws, whose
 * fourth moment tells how far an sd of 200 strays. */
typedef struct {
    double mean, sd, se_log_sd;
} Moments;

static Moments
statistic_moments(const Draws *draws, const char *name)
{
    double x[M], fourth = 0.0;
    Moments m;

    for (size_t d = 0; d < M; d++)
        x[d] = g_str_has_prefix(name, "cor ") ? statistic_correlation(draws, d, name + 4)
                                              : statistic_of_column(draws, d, name);
    lac_stats_mean_sd(M, x, &m.mean, &m.sd);
    for (size_t d = 0; d < M; d++)
        fourth += pow((x[d] - m.mean) / m.sd, 4.0) / M;
    m.se_log_sd = sqrt(MAX(fourth - 1.0, 1.0) / (4.0 * M));
    return m;
}

/* Both means and sds are of 200 draws each; 4.5 standard errors, because some 240 statistics of
 * correlated columns are compared: chance alone would exceed that once in 300 such files. */
static void
expect_moments(const Draws *draws, const char *name, double mean, double sd)
{
    const double most = 4.5;
    const Moments m = statistic_moments(draws, name);
    const double se = sqrt((m.sd * m.sd + sd * sd) / M), apart = fabs(m.mean - mean);

    LAC_CHECK_OR((void)0, apart <= most * se, "%s, %s, %s: mean %g, in R %g, %.1f standard errors",
                 draws->table, draws->method, name, m.mean, mean, apart / se);
    LAC_CHECK_OR((void)0, fabs(log(m.sd / sd)) <= most * M_SQRT2 * m.se_log_sd,
                 "%s, %s, %s: sd %g, in R %g, %.1f standard errors", draws->table, draws->method,
                 name, m.sd, sd, fabs(log(m.sd / sd)) / (M_SQRT2 * m.se_log_sd));
}

/* Share of the holes in numeric columns whose true value lies in the 95 % interval of its draws. */
static void
expect_coverage(const Draws *draws, double expected)
{
    char *kinds[] = {"o", "ordinal", NULL};
    g_autofree char *name = g_strdup_printf("mice_%s_truth", draws->table);
    g_autoptr(LacData) truth = read_table(name, g_str_equal(draws->table, "mixed") ? kinds : NULL);
    double inside = 0.0, holes = 0.0;

    for (size_t k = 0; k < truth->rows * truth->cols; k++) {
        const size_t i = k / truth->cols, j = k % truth->cols;
        double x[M];

        if (!lac_data_is_hole(draws->data, i, j) ||
            !lac_kind_is_numeric(lac_data_column(truth, j)->kind))
            continue;
        for (size_t d = 0; d < M; d++)
            x[d] = draw_at(draws, d, i, j);
        lac_stats_sort(M, x);
        holes += 1.0;
        inside += lac_data_at(truth, i, j) >= lac_stats_quantile(M, x, 0.025, 6) &&
                  lac_data_at(truth, i, j) <= lac_stats_quantile(M, x, 0.975, 6);
    }
    /* the same holes on both sides: only those near an end of their interval can differ */
    const double se = sqrt(expected * (1.0 - expected) / holes);

    LAC_CHECK_OR((void)0, fabs(inside / holes - expected) < 3.0 * se,
                 "%s covers %g, in R %g, standard error %g", draws->method, inside / holes,
                 expected, se);
}

static void
draws_run(Draws *draws)
{
    char *boys[] = {"gen", "G1 < G2 < G3 < G4 < G5", NULL};
    char *mixed[] = {"o", "ordinal", NULL};
    g_autofree char *name = g_strconcat("mice_", draws->table, NULL);
    const gboolean levels = g_str_equal(draws->table, "levels");
    g_autofree char *yaml = g_strdup_printf("{method: %s, start: sample, iterations: 3%s}",
                                            draws->method, levels ? ", exclude: [g, o]" : "");
    g_autoptr(GError) error = NULL;

    draws->data = read_table(name, g_str_equal(draws->table, "boys")              ? boys
                                   : levels || g_str_equal(draws->table, "mixed") ? mixed
                                                                                  : NULL);
    const size_t cells = draws->data->rows * draws->data->cols;
    g_autoptr(Fitted) fitted = fitted_new("mice", yaml, draws->data, M, 5, &error);

    ASSERT_NO_ERROR(error);
    draws->draws = g_new(double, M *cells);
    for (size_t d = 0; d < M; d++)
        memcpy(draws->draws + d * cells, fitted_sample(fitted, draws->data, d),
               cells * sizeof(double));
}

static const char *
text_at(const LacData *data, size_t i, size_t j)
{
    return lac_data_column(data, j)->levels[(size_t)lac_data_at(data, i, j)];
}

static void
compare_table(const char *table)
{
    char *kinds[] = {"statistic", "nominal", "table", "nominal", "method", "nominal", NULL};
    g_autoptr(LacData) expected = read_table("mice_draws", kinds);
    Draws draws = {0};
    size_t compared = 0;

    ASSERT_TRUE(expected != NULL);
    for (size_t i = 0; i < expected->rows; i++) {
        const char *method = text_at(expected, i, 1), *statistic = text_at(expected, i, 2);

        if (!g_str_equal(text_at(expected, i, 0), table))
            continue;
        if (draws.method == NULL || !g_str_equal(method, draws.method)) {
            g_clear_pointer(&draws.draws, g_free);
            g_clear_pointer(&draws.data, lac_data_unref);
            draws = (Draws){.table = table, .method = method};
            draws_run(&draws);
            if (draws.draws == NULL)
                return;
        }
        if (g_str_equal(statistic, "coverage"))
            expect_coverage(&draws, lac_data_at(expected, i, 3));
        else
            expect_moments(&draws, statistic, lac_data_at(expected, i, 3),
                           lac_data_at(expected, i, 4));
        compared++;
    }
    EXPECT_TRUE(compared > 0);
    g_free(draws.draws);
    lac_data_unref(draws.data);
}

LAC_TEST(models_mice_draws, nhanes_by_every_numeric_method)
{
    compare_table("nhanes");
}

LAC_TEST(models_mice_draws, standardised_nhanes_by_midastouch)
{
    compare_table("nhanes_z");
}

LAC_TEST(models_mice_draws, nhanes2_by_default_methods)
{
    compare_table("nhanes2");
}

LAC_TEST(models_mice_draws, boys_by_default_methods)
{
    compare_table("boys");
}

LAC_TEST(models_mice_draws, mixed_table_and_its_coverage)
{
    compare_table("mixed");
}

LAC_TEST(models_mice_draws, numbers_of_boys_by_regressions_and_trees)
{
    compare_table("boysn");
}

LAC_TEST(models_mice_draws, simulated_numbers_and_their_coverage)
{
    compare_table("simn");
}

/* Factors of two, three and four levels as targets of trees; those of two predict, too. */
LAC_TEST(models_mice_draws, factors_by_trees_and_forests)
{
    compare_table("levels");
}
