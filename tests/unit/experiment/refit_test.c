/* A cell whose metric learns its method anew. */
#include "experiment-private.h"
#include "lac_test.h"

#include <math.h>
#include <string.h>

/* 200 rows; y = x + noise, missing where x is large and in some other rows. */
static char *
table_new(void)
{
    char *dir = g_dir_make_tmp("lacuna-refit-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "data.csv", NULL);
    g_autoptr(GString) text = g_string_new("x,y\n");
    LacRng rng = lac_rng_new(11);

    for (int i = 0; i < 200; i++) {
        const double x = lac_rng_normal(&rng), y = x + 0.5 * lac_rng_normal(&rng);

        if (x > 0.5 || i % 7 == 0)
            g_string_append_printf(text, "%.6f,\n", x);
        else
            g_string_append_printf(text, "%.6f,%.6f\n", x, y);
    }
    g_assert(g_file_set_contents(path, text->str, -1, NULL));
    return dir;
}

static double
value_of(const LacOutcome *outcome, const char *column)
{
    for (guint i = 0; i < outcome->metrics->len; i++) {
        const LacMetricRow *row = outcome->metrics->pdata[i];

        if (strcmp(row->metric, "energy-i-score") == 0 && g_strcmp0(row->column_name, column) == 0)
            return row->value;
    }
    return NAN;
}

/* No cell is hidden: the score is of the table's own holes. A column mean gives the mean distance
 * from it; draws from y | x, whose sd is half, give at least half less. */
LAC_TEST(experiment_refit, draws_that_know_the_other_column_beat_the_mean_without_a_truth)
{
    static const char text[] = "lacuna: 1\ndata: {csv: {path: data.csv}}\nmask: {mcar: {rate: 0}}\n"
                               "model: [mean, em]\nmetrics: [energy-i-score, rmse]\n";
    g_autofree char *dir = table_new(), *command = g_strdup_printf("rm -rf '%s'", dir);
    g_autoptr(GError) error = NULL;
    g_autoptr(LacExperiment) e =
        lac_plugin_find(LAC_PLUGIN_MODEL, "em", NULL) != NULL
            ? lac_experiment_parse(text, strlen(text), "t.yaml", dir, NULL, &error)
            : NULL;
    double value[2], again[2];

    if (error == NULL && e == NULL)
        LAC_SKIP("the plugins are not built");
    ASSERT_TRUE(e != NULL);
    for (size_t k = 0; k < 2; k++) {
        g_autoptr(LacCellRunner) runner = lac_cell_runner_new(e);
        g_autoptr(LacOutcome) first = lac_cell_runner_run(runner, e->cells->pdata[k]);
        g_autoptr(LacOutcome) second = lac_cell_runner_run(runner, e->cells->pdata[k]);

        EXPECT_TRUE(strcmp(first->status, "ok") == 0);
        value[k] = value_of(first, "y");
        again[k] = value_of(second, "y");
        EXPECT_EQ_DOUBLE(value[k], value_of(first, NULL)); /* the only column with holes */
        EXPECT_EQ_DOUBLE(value[k], again[k]);
    }
    EXPECT_TRUE(value[1] < 0.6 * value[0]);
    EXPECT_TRUE(value[1] > 0);
    g_assert(system(command) == 0);
}
