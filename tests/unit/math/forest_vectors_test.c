/* Forests of lacuna/forest.h come to the same by any number of threads, with vectors and without.
 */
#include "context-private.h"
#include "forest-private.h"
#include "forest-table.h"

#include <lac_test.h>
#include <lacuna/parallel.h>

LAC_TEST(math_forest, the_number_of_threads_changes_no_bit)
{
    const unsigned before = lac_threads(), threads[] = {1, 2, 7};
    g_autofree double *x = g_new(double, FRIEDMAN_ROWS *FRIEDMAN_COLS);
    double y[FRIEDMAN_ROWS], fill[3][FRIEDMAN_ROWS], error[3];

    friedman(x, y);
    for (size_t k = 0; k < G_N_ELEMENTS(threads); k++) {
        const LacForestOptions options = {.trees = 30};
        g_auto(Table) table;

        lac_threads_set(threads[k]);
        table_init(&table, FRIEDMAN_ROWS, FRIEDMAN_COLS, x, 0, y, 0);
        table.task.n = 600;
        LacForestOutcome outcome = {.n_fill = 400, .fill_rows = table.rows + 600, .fill = fill[k]};
        g_autoptr(LacForest) forest = NEW_FOREST(table.bins, &table.task, &options, &outcome);

        ASSERT_TRUE(forest != NULL);
        error[k] = outcome.oob_error;
        EXPECT_TRUE(memcmp(fill[k], fill[0], 400 * sizeof(double)) == 0);
        EXPECT_EQ_DOUBLE(error[k], error[0]);
    }
    lac_threads_set(before);
}

/* Whole targets have exact sums, so that not even ties may come out otherwise. Nominal columns,
 * many values and few, leaves of one row and of five. */
LAC_TEST(math_forest, vectors_change_no_bit_where_sums_are_exact)
{
    g_autofree double *x = g_new(double, FRIEDMAN_ROWS *FRIEDMAN_COLS);
    double y[FRIEDMAN_ROWS];

    friedman(x, y);
    for (size_t i = 0; i < FRIEDMAN_ROWS; i++) {
        x[i] = floor(8.0 * x[i]); /* a nominal column */
        x[FRIEDMAN_ROWS + i] = floor(20.0 * x[FRIEDMAN_ROWS + i]);
        y[i] = round(y[i]);
    }
    for (size_t least = 1; least <= 5; least += 4) {
        const LacForestOptions options = {.trees = 30, .mtry = 6, .min_leaf = least};
        double fill[2][FRIEDMAN_ROWS], error[2];

        for (int forbid = 0; forbid < 2; forbid++) {
            g_auto(Table) table;

            lac_forest_forbid_vectors(forbid);
            table_init(&table, FRIEDMAN_ROWS, FRIEDMAN_COLS, x, 1, y, 0);
            table.task.n = 600;
            LacForestOutcome outcome = {
                .n_fill = 400, .fill_rows = table.rows + 600, .fill = fill[forbid]};
            g_autoptr(LacForest) forest = NEW_FOREST(table.bins, &table.task, &options, &outcome);

            error[forbid] = outcome.oob_error;
        }
        EXPECT_TRUE(memcmp(fill[0], fill[1], 400 * sizeof(double)) == 0);
        EXPECT_EQ_DOUBLE(error[0], error[1]);
    }
    lac_forest_forbid_vectors(FALSE);
}

/* Nodes of a few rows lie before what earlier trees left behind. Columns of three values often
 * cannot split them, so that more are drawn; five columns a node are more than vectors search at
 * once, and the last tables split nodes of 20 rows and more alone. */
LAC_TEST(math_forest, vectors_change_no_bit_of_forests_of_few_rows)
{
    g_autofree double *x = g_new(double, FRIEDMAN_ROWS *FRIEDMAN_COLS);
    double y[FRIEDMAN_ROWS], error[2];

    friedman(x, y);
    for (size_t i = 0; i < FRIEDMAN_ROWS; i++)
        y[i] = round(y[i]);
    for (size_t k = 0; k < 3 * (size_t)FRIEDMAN_ROWS; k++)
        x[k] = floor(3.0 * x[k]);
    for (size_t n = 6; n < 60; n++) {
        const LacForestOptions options = {.trees = 200,
                                          .mtry = 1 + n % 5,
                                          .min_leaf = 1 + n % 3,
                                          .min_split = n < 50 ? 2 : 20,
                                          .mtry_alone = n % 7 == 0};

        for (int forbid = 0; forbid < 2; forbid++) {
            g_auto(Table) table;
            LacForestOutcome outcome = {.discard = TRUE};

            lac_forest_forbid_vectors(forbid);
            table_init(&table, FRIEDMAN_ROWS, FRIEDMAN_COLS, x, 0, y, 0);
            table.task.n = n;
            g_autoptr(LacForest) forest = NEW_FOREST(table.bins, &table.task, &options, &outcome);

            error[forbid] = outcome.oob_error;
        }
        EXPECT_EQ_DOUBLE(error[0], error[1]);
    }
    lac_forest_forbid_vectors(FALSE);
}

/* With an outlier at 1e12 whole numbers of 64 bits that can still be summed would not tell the
 * others apart. */
LAC_TEST(math_forest, targets_of_any_size_and_far_outliers_are_predicted)
{
    enum { N = 200 };
    const LacForestOptions options = {.trees = 50, .mtry = 1};
    const double units[] = {1, 1e300, 1e-300, 1};
    double x[N], y[N], out[N];

    for (size_t u = 0; u < G_N_ELEMENTS(units); u++) {
        g_auto(Table) table;

        for (size_t i = 0; i < N; i++) {
            x[i] = (double)i;
            y[i] = (i < N / 2 ? 1.0 : 2.0) * units[u];
        }
        y[0] = (u == 3 ? 1e12 : 1e9) * units[u];
        if (u == 1)
            y[0] = -1e308;
        table_init(&table, N, 1, x, 0, y, 0);
        const uint32_t rows[] = {50, 150};
        double fill[2];
        LacForestOutcome outcome = {.n_fill = 2, .fill_rows = rows, .fill = fill};
        g_autoptr(LacForest) forest = NEW_FOREST(table.bins, &table.task, &options, &outcome);

        lac_forest_predict(forest, table.bins, N, NULL, out);
        EXPECT_NEAR_DOUBLE(fill[0] / out[50], 1.0, 1e-14);
        EXPECT_NEAR_DOUBLE(fill[1] / out[150], 1.0, 1e-14);
        EXPECT_NEAR_DOUBLE(out[50] / units[u], 1.0, 1e-6);
        EXPECT_NEAR_DOUBLE(out[150] / units[u], 2.0, 1e-6);
    }
}
