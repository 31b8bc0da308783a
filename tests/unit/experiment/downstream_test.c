/* A classifier behind the imputation. The data: two columns, the class is which is larger. */
#include "lac_test.h"
#include "work.h"

#include <math.h>
#include <string.h>

enum { ROWS = 60 };

/* Makes @dir/data.csv; "label" says which of a and b is larger, c follows a. */
static char *
folder_new(void)
{
    char *dir = g_dir_make_tmp("lacuna-downstream-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "data.csv", NULL);
    g_autoptr(GString) text = g_string_new("a,b,c,label\n");
    LacRng rng = lac_rng_new(4);

    for (int i = 0; i < ROWS; i++) {
        const double a = lac_rng_uniform(&rng), b = lac_rng_uniform(&rng);

        g_string_append_printf(text, "%.4f,%.4f,%.4f,%s\n", a, b, a + 0.1 * lac_rng_uniform(&rng),
                               a > b ? "left" : "right");
    }
    g_assert(g_file_set_contents(path, text->str, -1, NULL));
    return dir;
}

static void
folder_free(char *dir)
{
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", dir);

    g_assert(system(command) == 0);
    g_free(dir);
}

static LacExperiment *
parse(const char *dir, const char *rest, GError **error)
{
    g_autofree char *text = g_strconcat("lacuna: 1\ndata: {csv: {path: data.csv, label: label}}\n"
                                        "split: {holdout: 0.5}\nmask: {mcar: {rate: 0.3}}\n",
                                        rest, NULL);

    return lac_experiment_parse(text, strlen(text), "t.yaml", dir, NULL, error);
}

static gboolean
plugins_are_there(void)
{
    return lac_plugin_find(LAC_PLUGIN_MODEL, "mlp", NULL) != NULL &&
           lac_plugin_find(LAC_PLUGIN_MODEL, "em", NULL) != NULL;
}

#define NEED_PLUGINS                                                                               \
    do {                                                                                           \
        if (!plugins_are_there())                                                                  \
            LAC_SKIP("the plugins are not built");                                                 \
    } while (0)

/* value of @metric in the first cell of the experiment; NaN with a failed test */
static double
value_of(const char *dir, const char *rest, const char *metric)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacExperiment) e = parse(dir, rest, &error);
    g_autoptr(LacCellRunner) runner = e != NULL ? lac_cell_runner_new(e) : NULL;
    g_autoptr(LacOutcome) outcome =
        e != NULL ? lac_cell_runner_run(runner, e->cells->pdata[0]) : NULL;

    EXPECT_TRUE(outcome != NULL && strcmp(outcome->status, "ok") == 0);
    for (guint i = 0; outcome != NULL && i < outcome->metrics->len; i++) {
        const LacMetricRow *row = outcome->metrics->pdata[i];

        if (strcmp(row->metric, metric) == 0 && row->column_name == NULL)
            return row->value;
    }
    return NAN;
}

#define DOWNSTREAM(more) "downstream: {model: {mlp: {hidden: [8], epochs: 60}}" more "}\n"

LAC_TEST(downstream, a_model_that_does_not_draw_has_one_completion)
{
    NEED_PLUGINS;
    char *dir = folder_new();
    const char *one = "model: mean\nmetrics: [cross-entropy]\n" DOWNSTREAM("");
    const char *three = "model: mean\nmetrics: [cross-entropy]\n" DOWNSTREAM(", imputations: 3");
    const char *truth =
        "model: mean\nmetrics: [cross-entropy]\n" DOWNSTREAM(", train_on: original");

    EXPECT_EQ_DOUBLE(value_of(dir, one, "cross-entropy"), value_of(dir, three, "cross-entropy"));
    EXPECT_TRUE(value_of(dir, one, "cross-entropy") != value_of(dir, truth, "cross-entropy"));
    folder_free(dir);
}

/* Trained and tested on the rows as they were, no completion can matter. */
LAC_TEST(downstream, on_original_rows_every_model_has_the_same_classifier)
{
    NEED_PLUGINS;
    char *dir = folder_new();
    const char *mean = "model: mean\nmetrics: [cross-entropy]\n" DOWNSTREAM(
        ", train_on: original, test_on: original");
    const char *em = "model: em\nmetrics: [cross-entropy]\n" DOWNSTREAM(
        ", train_on: original, test_on: original, imputations: 4");

    EXPECT_EQ_DOUBLE(value_of(dir, mean, "cross-entropy"), value_of(dir, em, "cross-entropy"));
    folder_free(dir);
}

/* ---- the average, against the same thing done by hand ------------------------------------------
 */

/* A cell up to its fitted model: every second row is learnt from, a fifth of the cells are holes.
 */
static void
work_begin(LacWork *work, const LacExperiment *e, const LacData *truth)
{
    LacData *incomplete;
    g_autoptr(LacMask) holes = lac_mask_new(truth->rows, truth->cols, NULL);
    LacSplit *split = g_new0(LacSplit, 1);

    for (size_t i = 0; i < truth->rows; i++)
        if (i % 5 < 3)
            lac_mask_set(holes, i, i % 5, TRUE);
    split->train = g_new(size_t, truth->rows);
    split->test = g_new(size_t, truth->rows);
    for (size_t i = 0; i < truth->rows; i++)
        *(i % 2 == 0 ? &split->train[split->n_train++] : &split->test[split->n_test++]) = i;
    incomplete = lac_data_with_holes(truth, holes, NULL);
    work->experiment = e;
    work->cell = e->cells->pdata[0];
    work->outcome = lac_outcome_new("ok", NULL);
    work->split = split;
    work->train = lac_data_select_rows(incomplete, split->n_train, split->train, NULL);
    work->test = lac_data_select_rows(incomplete, split->n_test, split->test, NULL);
    work->test_truth = lac_data_select_rows(truth, split->n_test, split->test, NULL);
    work->context = lac_context_new(lac_rng_new(1));
    lac_context_set_draws(work->context, 3);
    work->imputer = lac_imputer_new(lac_work_instance(e, work->cell->model, NULL), NULL,
                                    LAC_SCALE_MINMAX, work->context);
    lac_data_unref(incomplete);
}

static void
work_end(LacWork *work)
{
    lac_imputer_free(work->classifier);
    lac_context_free(work->classifier_context);
    lac_imputer_free(work->imputer);
    lac_context_free(work->context);
    lac_matrix_free(work->prediction);
    lac_split_free(work->split);
    lac_data_unref(work->train);
    lac_data_unref(work->test);
    lac_data_unref(work->test_truth);
    lac_outcome_free(work->outcome);
}

/* What the cell's classifier says of draw @d of the test rows. */
static LacMatrix *
predict_draw(LacWork *work, size_t d)
{
    const LacData *test = work->test;
    LacMatrix *out = lac_matrix_new(test->rows, 2, NULL);
    double *values = g_new(double, test->rows * test->cols);
    LacMatrix drawn = {test->rows, test->cols, test->cols, values};
    g_autoptr(LacData) table = NULL;

    g_assert(lac_imputer_sample(work->imputer, test, d, &drawn, NULL));
    table = lac_data_with_values_take(test, values, NULL);
    g_assert(lac_imputer_predict(work->classifier, table, out, NULL));
    return out;
}

LAC_TEST(downstream, class_probabilities_are_averaged_over_draws)
{
    NEED_PLUGINS;
    char *dir = folder_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(LacExperiment) e =
        parse(dir, "model: em\nmetrics: [accuracy]\n" DOWNSTREAM(", imputations: 3"), &error);
    const LacChoice *reader = e->data->pdata[0];
    gpointer instance = lac_work_instance(e, reader, &error);
    g_autoptr(LacData) truth = ((const LacReaderPlugin *)reader->plugin)->read(instance, &error);
    const LacRng rng = lac_rng_new(2);
    LacWork work = {0};
    double largest = 0.0, spread = 0.0;

    work_begin(&work, e, truth);
    EXPECT_TRUE(lac_imputer_fit(work.imputer, work.train, &error));
    EXPECT_TRUE(lac_work_downstream(&work, truth, &rng, &error));
    g_autoptr(LacMatrix) a = predict_draw(&work, 0), b = predict_draw(&work, 1);
    g_autoptr(LacMatrix) c = predict_draw(&work, 2);

    for (size_t i = 0; i < work.test->rows; i++)
        for (size_t k = 0; k < 2; k++) {
            const double x = lac_matrix_row(a, i)[k], y = lac_matrix_row(b, i)[k];
            const double mean = (x + y + lac_matrix_row(c, i)[k]) / 3.0;

            largest = fmax(largest, fabs(lac_matrix_row(work.prediction, i)[k] - mean));
            spread = fmax(spread, fabs(x - y));
        }
    EXPECT_TRUE(largest < 1e-12);
    EXPECT_TRUE(spread > 0.01); /* or there would be nothing to average */
    lac_instance_free(instance);
    work_end(&work);
    folder_free(dir);
}

/* ---- whole rows from the model ----------------------------------------------------------------
 */

#define DVAE "model: {dvae: {target: observed, hidden: [8], latent: 2, epochs: 20}}\n"

/* Holes are those of the completion, in the table's units; observed cells are the model's. */
LAC_TEST(downstream, reconstructed_rows_are_completions_with_observed_cells_given_back)
{
    NEED_PLUGINS;
    char *dir = folder_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(LacExperiment) e = parse(dir, DVAE "metrics: [accuracy]\n" DOWNSTREAM(""), &error);
    const LacChoice *reader = e->data->pdata[0];
    gpointer instance = lac_work_instance(e, reader, &error);
    g_autoptr(LacData) truth = ((const LacReaderPlugin *)reader->plugin)->read(instance, &error);
    g_autoptr(LacMatrix) filled = NULL, drawn = NULL, whole = NULL, whole_drawn = NULL;
    LacWork work = {0};
    size_t changed = 0, observed = 0;

    work_begin(&work, e, truth);
    filled = lac_matrix_new(work.test->rows, work.test->cols, NULL);
    drawn = lac_matrix_new(work.test->rows, work.test->cols, NULL);
    whole = lac_matrix_new(work.test->rows, work.test->cols, NULL);
    whole_drawn = lac_matrix_new(work.test->rows, work.test->cols, NULL);
    EXPECT_TRUE(lac_imputer_fit(work.imputer, work.train, &error));
    EXPECT_TRUE(lac_imputer_fill(work.imputer, work.test, filled, &error));
    EXPECT_TRUE(lac_imputer_sample(work.imputer, work.test, 1, drawn, &error));
    EXPECT_TRUE(lac_imputer_reconstruct(work.imputer, work.test, -1, whole, &error));
    EXPECT_TRUE(lac_imputer_reconstruct(work.imputer, work.test, 1, whole_drawn, &error));
    for (size_t i = 0; i < whole->rows; i++)
        for (size_t j = 0; j < whole->cols; j++) {
            const double value = lac_matrix_row(whole, i)[j];

            if (lac_data_is_hole(work.test, i, j)) {
                EXPECT_TRUE(fabs(value - lac_matrix_row(filled, i)[j]) < 1e-6);
                EXPECT_TRUE(fabs(lac_matrix_row(whole_drawn, i)[j] - lac_matrix_row(drawn, i)[j]) <
                            1e-6);
                continue;
            }
            observed++;
            changed += value != lac_data_at(work.test, i, j);
            EXPECT_TRUE(value > -0.2 && value < 1.3); /* raw units: a, b in [0, 1], c in [0, 1.1] */
        }
    EXPECT_TRUE(observed > 0 && changed == observed);
    lac_instance_free(instance);
    work_end(&work);
    folder_free(dir);
}

LAC_TEST(downstream, models_that_only_complete_are_learnt_from_as_they_are)
{
    NEED_PLUGINS;
    char *dir = folder_new();
    const char *imputed = "model: mean\nmetrics: [cross-entropy]\n" DOWNSTREAM("");
    const char *whole = "model: mean\nmetrics: [cross-entropy]\n" DOWNSTREAM(
        ", train_on: reconstructed, test_on: reconstructed");
    const char *dvae = DVAE "metrics: [cross-entropy]\n" DOWNSTREAM("");
    const char *dvae_whole = DVAE "metrics: [cross-entropy]\n" DOWNSTREAM(
        ", train_on: reconstructed, test_on: reconstructed");

    EXPECT_EQ_DOUBLE(value_of(dir, imputed, "cross-entropy"),
                     value_of(dir, whole, "cross-entropy"));
    EXPECT_TRUE(value_of(dir, dvae, "cross-entropy") != value_of(dir, dvae_whole, "cross-entropy"));
    folder_free(dir);
}

/* ---- what the block may not say ----------------------------------------------------------------
 */

LAC_TEST(downstream, mistakes_are_told_where_they_stand)
{
    NEED_PLUGINS;
    static const struct {
        const char *text, *part;
    } bad[] = {
        {"model: mlp\n", "t.yaml:5:8: model: mlp predicts labels"},
        {"model: mean\ndownstream: {model: em}\n", "t.yaml:6:21: downstream.model: em fills holes"},
        {"model: mean\ndownstream: {model: mlp, train_on: both}\n",
         "expected original, imputed or "},
        {"model: mean\ndownstream: {model: mlp, imputations: 0}\n", "whole number of 1"},
        {"model: mean\ndownstream: {model: mlp, imputation: 3}\n", "did you mean 'imputations'"},
    };
    char *dir = folder_new();

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(LacExperiment) e = parse(dir, bad[i].text, &error);

        EXPECT_TRUE(e == NULL);
        EXPECT_CONTAINS(error->message, bad[i].part);
    }
    folder_free(dir);
}

LAC_TEST(downstream, classifiers_are_alternatives_and_cells_of_their_own)
{
    NEED_PLUGINS;
    char *dir = folder_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(LacExperiment) plain = parse(dir, "model: mean\n", &error);
    g_autoptr(LacExperiment) e = parse(
        dir, "model: [mean, em]\ndownstream: {model: {mlp: {epochs: !sweep [5, 6]}}}\n", &error);

    EXPECT_EQ_INT(e->cells->len, 4);
    EXPECT_STR(((const LacCell *)e->cells->pdata[1])->record->model_label,
               "mean then mlp epochs=6");
    for (guint i = 0; i < 4; i++)
        EXPECT_TRUE(strcmp(((const LacCell *)e->cells->pdata[i])->record->id,
                           ((const LacCell *)plain->cells->pdata[0])->record->id) != 0);
    folder_free(dir);
}

/* ---- completions one after the other --------------------------------------------------------- */

/* value of @metric in cell @cell; the runner is used for all cells before it, too */
static double
value_in(const LacExperiment *e, LacCellRunner *runner, guint cell, const char *metric)
{
    g_autoptr(LacOutcome) outcome = lac_cell_runner_run(runner, e->cells->pdata[cell]);

    EXPECT_STR(outcome->status, "ok");
    for (guint i = 0; i < outcome->metrics->len; i++) {
        const LacMetricRow *row = outcome->metrics->pdata[i];

        if (strcmp(row->metric, metric) == 0 && row->column_name == NULL)
            return row->value;
    }
    return NAN;
}

/* One completion is the same in every epoch; several are not, and rows are then learnt from as
 * often as without them. */
LAC_TEST(downstream, rotating_through_one_completion_is_learning_from_it)
{
    static const char base[] = "model: em\nmetrics: [cross-entropy]\ndownstream: {model: {mlp: "
                               "{hidden: [4], epochs: 3}}, ";
    char *dir;
    double plain, rotated, several, stacked;
    g_autofree char *one = g_strconcat(base, "imputations: 1}\n", NULL);
    g_autofree char *turn = g_strconcat(base, "imputations: 1, rotate: true}\n", NULL);
    g_autofree char *three =
        g_strconcat(base, "imputations: 1, train_imputations: 3, rotate: true}\n", NULL);
    g_autofree char *all = g_strconcat(base, "imputations: 1, train_imputations: 3}\n", NULL);

    NEED_PLUGINS;
    dir = folder_new();
    plain = value_of(dir, one, "cross-entropy");
    rotated = value_of(dir, turn, "cross-entropy");
    several = value_of(dir, three, "cross-entropy");
    stacked = value_of(dir, all, "cross-entropy");
    EXPECT_EQ_DOUBLE(plain, rotated);
    EXPECT_TRUE(several != plain && several != stacked);
    folder_free(dir);
}

/* A list of numbers gives the cells that each number alone would give, from one trained classifier.
 */
LAC_TEST(downstream, a_list_of_imputations_is_each_of_them)
{
    static const char base[] =
        "model: [mean, em]\nmetrics: [cross-entropy]\ndownstream: {model: {mlp: "
        "{hidden: [4], epochs: 3}}, train_imputations: 2, imputations: ";
    g_autofree char *list = g_strconcat(base, "[1, 4]}\n", NULL);
    g_autofree char *one = g_strconcat(base, "1}\n", NULL);
    g_autofree char *four = g_strconcat(base, "4}\n", NULL);
    g_autoptr(LacExperiment) both = NULL, first = NULL, second = NULL;
    char *dir;

    NEED_PLUGINS;
    dir = folder_new();
    both = parse(dir, list, NULL);
    first = parse(dir, one, NULL);
    second = parse(dir, four, NULL);
    ASSERT_EQ_INT(both->cells->len, 1 + 2); /* mean draws nothing, so more of it is nothing */
    g_autoptr(LacCellRunner) runner = lac_cell_runner_new(both), alone = lac_cell_runner_new(first),
                             other = lac_cell_runner_new(second);

    EXPECT_STR(((const LacCell *)both->cells->pdata[2])->record->model_label, "em, 4 imputations");
    EXPECT_EQ_DOUBLE(value_in(both, runner, 1, "cross-entropy"),
                     value_in(first, alone, 1, "cross-entropy"));
    EXPECT_EQ_DOUBLE(value_in(both, runner, 2, "cross-entropy"),
                     value_in(second, other, 1, "cross-entropy"));
    folder_free(dir);
}

LAC_TEST(downstream, accuracy_by_draws_ends_at_the_accuracy)
{
    g_autoptr(LacExperiment) e = NULL;
    char *dir;

    NEED_PLUGINS;
    dir = folder_new();
    e = parse(
        dir,
        "model: em\nmetrics: [accuracy]\ndownstream: {model: {mlp: {hidden: [4], epochs: 3}}, "
        "imputations: 5}\n",
        NULL);
    g_autoptr(LacCellRunner) runner = lac_cell_runner_new(e);
    g_autoptr(LacOutcome) outcome = lac_cell_runner_run(runner, e->cells->pdata[0]);
    const LacTraceRow *last = NULL;
    size_t points = 0;

    for (guint i = 0; i < outcome->traces->len; i++) {
        const LacTraceRow *row = outcome->traces->pdata[i];

        if (strcmp(row->series, "downstream accuracy by draws") != 0)
            continue;
        last = row;
        points++;
    }
    EXPECT_EQ_INT(points, 5);
    ASSERT_TRUE(last != NULL);
    EXPECT_NEAR_DOUBLE(last->value, ((const LacMetricRow *)outcome->metrics->pdata[0])->value,
                       1e-12);
    folder_free(dir);
}

typedef struct {
    double last;
    size_t n, falls;
} Progress;

static void
progress_note(void *user, double done)
{
    Progress *progress = user;

    progress->falls += done < progress->last ? 1 : 0;
    progress->last = done;
    progress->n++;
}

LAC_TEST(downstream, progress_never_falls_while_the_model_draws_for_the_classifier)
{
    g_autoptr(LacExperiment) e = NULL;
    Progress progress = {0};
    char *dir;

    NEED_PLUGINS;
    dir = folder_new();
    e = parse(
        dir,
        "model: {mice: {iterations: 2}}\nmetrics: [accuracy]\ndownstream: {model: {mlp: {hidden: "
        "[4], epochs: 6}}, imputations: 1, train_imputations: 3, rotate: true}\n",
        NULL);
    ASSERT_TRUE(e != NULL);
    g_autoptr(LacCellRunner) runner = lac_cell_runner_new(e);

    lac_cell_runner_set_progress(runner, progress_note, &progress);
    g_autoptr(LacOutcome) outcome = lac_cell_runner_run(runner, e->cells->pdata[0]);

    EXPECT_STR(outcome->status, "ok");
    EXPECT_TRUE(progress.n > 3);
    EXPECT_EQ_INT(progress.falls, 0);
    EXPECT_EQ_DOUBLE(progress.last, 1.0);
    folder_free(dir);
}

LAC_TEST(downstream, what_says_nothing_about_original_rows_is_refused)
{
    g_autoptr(GError) error = NULL, twice = NULL;
    char *dir;

    NEED_PLUGINS;
    dir = folder_new();
    EXPECT_TRUE(parse(dir,
                      "model: em\ndownstream: {model: mlp, train_on: original, rotate: true}\n",
                      &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PARAM, "nothing imputed is learnt from");
    EXPECT_TRUE(parse(dir, "model: em\ndownstream: {model: mlp, imputations: [2, 2]}\n", &twice) ==
                NULL);
    EXPECT_ERROR(twice, LAC_ERROR_PARAM, "2 is listed twice");
    folder_free(dir);
}
