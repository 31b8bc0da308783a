/* Random search: what it asks of a file, what its trials are, what it chooses. */
#include "experiment-private.h"
#include "lac_test.h"

#include <math.h>
#include <string.h>

/* 60 rows: b is a with a little noise, every third row has a label of its own; the nearest
 * neighbours in a say what b is, the mean of many does not. */
static char *
folder_new(void)
{
    char *dir = g_dir_make_tmp("lacuna-search-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "data.csv", NULL);
    g_autoptr(GString) text = g_string_new("a,b,label\n");
    LacRng rng = lac_rng_new(5);

    for (int i = 0; i < 60; i++)
        g_string_append_printf(text, "%d.0,%.3f,%s\n", i, i + 0.2 * lac_rng_uniform(&rng),
                               i < 30 ? "low" : "high");
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

static const char head[] = "lacuna: 1\nname: t\ndata: {csv: {path: data.csv, label: label}}\n"
                           "mask: {mcar: {rate: 0.3}}\n";
static const char split[] = "split: {holdout: 0.25}\n";

static LacExperiment *
parse(const char *dir, const char *rest, GError **error)
{
    g_autofree char *text = g_strconcat(head, rest, NULL);

    return lac_experiment_parse(text, strlen(text), "t.yaml", dir, NULL, error);
}

static LacExperiment *
parse_good(const char *dir, const char *rest)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *all = g_strconcat(split, rest, NULL);
    LacExperiment *e = parse(dir, all, &error);

    if (e == NULL)
        g_error("%s", error->message);
    return e;
}

static LacCell *
cell_at(const LacExperiment *e, guint i)
{
    return e->cells->pdata[i];
}

#define NEED_PLUGINS                                                                               \
    do {                                                                                           \
        if (lac_plugin_find(LAC_PLUGIN_MODEL, "knn", NULL) == NULL ||                              \
            lac_plugin_find(LAC_PLUGIN_MODEL, "mlp", NULL) == NULL)                                \
            LAC_SKIP("the plugins are not built");                                                 \
    } while (0)

/* ---- cells ----------------------------------------------------------------------------------- */

LAC_TEST(search, draws_are_trials_of_one_method_and_come_before_it)
{
    char *dir = folder_new();
    g_autoptr(LacExperiment) e = NULL;
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
    const LacCell *last;

    NEED_PLUGINS;
    e = parse_good(dir, "model: [mean, knn: {k: !random {from: 1, to: 40}, weights: !sweep "
                        "[uniform, distance]}]\nsearch: {draws: 5}\n");
    ASSERT_EQ_INT(e->cells->len, 1 + 2 * (5 + 1));
    EXPECT_STR(cell_at(e, 0)->record->model_label, "mean");
    EXPECT_STR(cell_at(e, 1)->record->model_label, "knn weights=uniform draw 1");
    EXPECT_STR(cell_at(e, 1)->record->stage, "model");
    EXPECT_EQ_INT(cell_at(e, 3)->record->draw, 3);
    EXPECT_STR(cell_at(e, 3)->record->axes[0], "model.knn.k");
    last = cell_at(e, 6);
    EXPECT_TRUE(last->stage == LAC_STAGE_NONE && last->record->stage == NULL);
    EXPECT_STR(last->record->model_label, "knn weights=uniform");
    ASSERT_EQ_INT(last->model_trials->len, 5);
    EXPECT_TRUE(last->model_trials->pdata[0] == cell_at(e, 1));
    EXPECT_STR(last->record->search, "{\"draws\":5,\"validation\":0.2,\"model\":\"rmse\"}");
    EXPECT_STR(cell_at(e, 12)->record->model_label, "knn weights=distance");
    for (guint i = 0; i < e->cells->len; i++)
        EXPECT_TRUE(g_hash_table_add(ids, cell_at(e, i)->record->id));
    folder_free(dir);
}

LAC_TEST(search, a_configuration_drawn_twice_is_tried_once)
{
    char *dir = folder_new();
    g_autoptr(LacExperiment) e = NULL;

    NEED_PLUGINS;
    e = parse_good(dir, "model: {knn: {k: !random {of: [1, 5]}}}\nsearch: {draws: 30}\n");
    EXPECT_EQ_INT(e->cells->len, 2 + 1);
    folder_free(dir);
}

LAC_TEST(search, an_optimizer_is_drawn_together_with_its_model)
{
    char *dir = folder_new();
    g_autoptr(LacExperiment) e = NULL;
    const LacCell *trial;

    NEED_PLUGINS;
    e = parse_good(dir, "model: {missvae: {latent: !random {from: 1, to: 50}}}\n"
                        "optimizer: {adam: {rate: !random {from: 1e-4, to: 1e-2, log: true}}}\n"
                        "search: {draws: 7}\n");
    ASSERT_EQ_INT(e->cells->len, 7 + 1);
    trial = cell_at(e, 4);
    EXPECT_EQ_INT(trial->model->draw, 4);
    EXPECT_EQ_INT(trial->optimizer->draw, 4);
    EXPECT_STR(trial->record->axes[0], "model.missvae.latent");
    EXPECT_STR(trial->record->axes[2], "optimizer.adam.rate");
    folder_free(dir);
}

/* The model is chosen by its own metric, once for both classifiers; each of them behind it. */
LAC_TEST(search, model_first_then_every_classifier_behind_it)
{
    char *dir = folder_new();
    g_autoptr(LacExperiment) e = NULL;
    const LacCell *trial, *mlp;

    NEED_PLUGINS;
    e = parse_good(dir,
                   "model: {knn: {k: !random {from: 1, to: 4000}}}\nmetrics: [rmse, accuracy]\n"
                   "downstream: {model: {mlp: {hidden: !random {of: [[4], [8]]}, "
                   "epochs: !sweep [1, 2], l2: !random {from: 0.0, to: 0.1}}}}\n"
                   "search: {draws: 3, metric: {model: rmse, downstream: accuracy}}\n");
    ASSERT_EQ_INT(e->cells->len, 3 + 2 * (3 + 1));
    EXPECT_TRUE(cell_at(e, 0)->classifier == NULL);
    trial = cell_at(e, 3);
    EXPECT_TRUE(trial->stage == LAC_STAGE_CLASSIFIER);
    EXPECT_STR(trial->record->metric, "accuracy");
    ASSERT_EQ_INT(trial->model_trials->len, 3);
    mlp = cell_at(e, 6);
    EXPECT_TRUE(mlp->stage == LAC_STAGE_NONE);
    EXPECT_STR(mlp->record->model_label, "knn then mlp epochs=1");
    EXPECT_TRUE(mlp->model_trials->pdata[0] == cell_at(e, 0));
    EXPECT_TRUE(mlp->classifier_trials->pdata[0] == trial);
    EXPECT_TRUE(cell_at(e, 10)->model_trials->pdata[0] == cell_at(e, 0));
    folder_free(dir);
}

/* Judged by what a classifier makes of it, a model has trials of its own behind each classifier. */
LAC_TEST(search, a_model_judged_by_a_classifier_is_searched_behind_each)
{
    char *dir = folder_new();
    g_autoptr(LacExperiment) e = NULL;

    NEED_PLUGINS;
    e = parse_good(dir,
                   "model: {knn: {k: !random {from: 1, to: 4000}}}\nmetrics: [rmse, accuracy]\n"
                   "downstream: {model: [mlp: {hidden: [4]}, mlp: {hidden: [8]}]}\n"
                   "search: {draws: 3, metric: accuracy}\n");
    ASSERT_EQ_INT(e->cells->len, 2 * (3 + 1));
    EXPECT_TRUE(cell_at(e, 0)->classifier != NULL);
    EXPECT_TRUE(cell_at(e, 3)->model_trials->pdata[0] == cell_at(e, 0));
    EXPECT_TRUE(cell_at(e, 7)->model_trials->pdata[0] == cell_at(e, 4));
    folder_free(dir);
}

LAC_TEST(search, the_identity_follows_the_trials_and_what_they_are_judged_by)
{
    static const char *const variants[] = {
        "metrics: [rmse, mae]\nsearch: {draws: 5}\n",
        "metrics: [rmse, mae]\nsearch: {draws: 6}\n",
        "metrics: [rmse, mae]\nsearch: {draws: 5, metric: mae}\n",
        "metrics: [rmse, mae]\nsearch: {draws: 5, validation: 0.3}\n",
        "metrics: [rmse, mae]\nsearch: {draws: 5, stratify: true}\n",
    };
    char *dir = folder_new();
    g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    NEED_PLUGINS;
    for (size_t i = 0; i < G_N_ELEMENTS(variants); i++) {
        g_autofree char *text =
            g_strconcat("model: {knn: {k: !random {from: 1, to: 4000}}}\n", variants[i], NULL);
        g_autoptr(LacExperiment) e = parse_good(dir, text);
        const LacCell *last = cell_at(e, e->cells->len - 1);

        EXPECT_TRUE(g_hash_table_add(ids, g_strdup(last->record->id)));
    }
    folder_free(dir);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void
expect_refused(const char *dir, const char *rest, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacExperiment) e = parse(dir, rest, &error);

    EXPECT_TRUE(e == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PARAM, message);
}

LAC_TEST(search, what_cannot_be_searched_is_refused_with_a_sentence)
{
    char *dir = folder_new();

    NEED_PLUGINS;
    expect_refused(dir, "split: {holdout: 0.25}\nmodel: {knn: {k: 3}}\nsearch: {draws: 5}\n",
                   "t.yaml:7:9: search: there is nothing to draw");
    expect_refused(dir, "split: {holdout: 0.25}\nmodel: knn\nsearch: {draws: 0}\n",
                   "search.draws: '0' is not a whole number of 1 ..");
    expect_refused(dir, "split: {holdout: 0.25}\nmodel: knn\nsearch: {}\n",
                   "the key 'draws' is missing");
    expect_refused(dir, "model: {knn: {k: !random {from: 1, to: 9}}}\nsearch: {draws: 5}\n",
                   "with `split: none` configurations would be chosen on the cells they are then "
                   "scored on");
    expect_refused(dir,
                   "split: {holdout: 0.25}\nmodel: {knn: {k: !random {from: 1, to: 9}}}\n"
                   "search: {draws: 5, metric: mae}\n",
                   "search.metric: 'mae' is not among the metrics: rmse");
    expect_refused(
        dir,
        "split: {holdout: 0.25}\nmodel: {knn: {k: !random {from: 1, to: 9}}}\n"
        "metrics: [accuracy]\nsearch: {draws: 5}\n",
        "accuracy judges the predictions of a classifier, and there is no `downstream:`");
    expect_refused(dir,
                   "split: {holdout: 0.25}\nmodel: {knn: {k: !random {from: 1, to: 9}}}\n"
                   "metrics: [rmse, accuracy]\n"
                   "downstream: {model: {mlp: {l2: !random {from: 0.0, to: 0.1}}}}\n"
                   "search: {draws: 5, metric: rmse}\n",
                   "say by which metric each is chosen");
    expect_refused(dir,
                   "split: {holdout: 0.25}\nmodel: mean\nmetrics: [rmse]\n"
                   "downstream: {model: {mlp: {l2: !random {from: 0.0, to: 0.1}}}}\n"
                   "search: {draws: 5}\n",
                   "rmse does not look at the classifier's predictions");
    expect_refused(dir,
                   "split: {holdout: 0.25}\nmodel: {knn: {k: !random {draws: 9, from: 1, to: 9}}}\n"
                   "search: {draws: 5}\n",
                   "9 draws here, 5 in `search`");
    expect_refused(dir,
                   "split: {holdout: 0.25}\nmodel: {knn: {k: !random {from: 1, to: 9}}}\n"
                   "search: {draws: 5, validation: 1.0}\n",
                   "it must lie inside (0, 1)");
    folder_free(dir);
}

/* ---- choosing -------------------------------------------------------------------------------- */

/* Expected ranks by hand. */
LAC_TEST(search, ranks_follow_the_direction_pass_over_failures_and_share_ties)
{
    const double scores[] = {0.3, NAN, 0.1, 0.3, 0.1, INFINITY};
    const size_t low[] = {3, 0, 1, 3, 1, 0}, high[] = {1, 0, 3, 1, 3, 0};
    const double none[] = {NAN, NAN};
    char *dir = folder_new();
    g_autoptr(LacExperiment) e = NULL;
    size_t rank[6];

    NEED_PLUGINS;
    e = parse_good(dir, "model: mean\nmetrics: [accuracy]\ndownstream: {model: {mlp: {l2: !random "
                        "{from: 0.0, to: 0.1}}}}\nsearch: {draws: 5}\n");
    EXPECT_EQ_INT(lac_search_rank(e, LAC_STAGE_CLASSIFIER, 6, scores, rank), 0);
    for (size_t i = 0; i < 6; i++)
        EXPECT_EQ_INT(rank[i], high[i]);
    EXPECT_EQ_INT(lac_search_rank(e, LAC_STAGE_CLASSIFIER, 2, none, rank), -1);
    lac_experiment_free(g_steal_pointer(&e));
    e = parse_good(dir, "model: {knn: {k: !random {from: 1, to: 9}}}\nsearch: {draws: 5}\n");
    EXPECT_EQ_INT(lac_search_rank(e, LAC_STAGE_MODEL, 6, scores, rank), 2);
    for (size_t i = 0; i < 6; i++)
        EXPECT_EQ_INT(rank[i], low[i]);
    folder_free(dir);
}

static double
rmse_of(const LacOutcome *outcome)
{
    const LacMetricRow *row = outcome->metrics->len > 0 ? outcome->metrics->pdata[0] : NULL;

    return row != NULL && strcmp(outcome->status, "ok") == 0 ? row->value : NAN;
}

/* A trial is the same as a cell that never saw the test rows: 45 training rows, of which 11 (0.25)
 * are validated on. The chosen one equals the same configuration written down. */
LAC_TEST(search, trials_never_see_test_rows_and_the_chosen_one_learns_from_all_others)
{
    char *dir = folder_new();
    g_autoptr(LacExperiment) e = NULL, plain = NULL;
    g_autoptr(LacCellRunner) runner = NULL, other = NULL;
    g_autoptr(LacOutcome) chosen = NULL, written = NULL;
    double scores[5];
    size_t rank[5];
    LacCell *last;
    g_autofree char *text = NULL;

    NEED_PLUGINS;
    e = parse_good(dir, "model: {knn: {k: !random {of: [1, 2, 20, 30, 33]}}}\n"
                        "search: {draws: 60, validation: 0.25}\n");
    ASSERT_EQ_INT(e->cells->len, 5 + 1);
    runner = lac_cell_runner_new(e);
    for (guint i = 0; i < 5; i++) {
        g_autoptr(LacOutcome) outcome = lac_cell_runner_run(runner, cell_at(e, i));

        EXPECT_STR(outcome->status, "ok");
        scores[i] = lac_search_score(e, cell_at(e, i), outcome);
        EXPECT_EQ_INT(outcome->artifacts->len, 0);
    }
    last = cell_at(e, 5);
    last->chosen_model = (guint)lac_search_rank(e, LAC_STAGE_MODEL, 5, scores, rank);
    text = g_strdup_printf("model: {knn: %s}\n", lac_cell_resolve(last).model->json);
    EXPECT_TRUE(strstr(text, "\"k\": 1,") != NULL || strstr(text, "\"k\": 2,") != NULL);
    chosen = lac_cell_runner_run(runner, last);
    plain = parse_good(dir, text);
    other = lac_cell_runner_new(plain);
    written = lac_cell_runner_run(other, cell_at(plain, 0));
    EXPECT_EQ_DOUBLE(rmse_of(chosen), rmse_of(written));
    EXPECT_TRUE(rmse_of(chosen) != scores[last->chosen_model]);
    folder_free(dir);
}

/* Cells that share a model share its fit, and nobody can tell. */
LAC_TEST(search, sharing_a_fit_changes_no_number)
{
    static const char yaml[] = "model: em\nmetrics: [rmse, accuracy]\n"
                               "downstream: {model: {mlp: {hidden: [4], epochs: !sweep [1, 2]}}, "
                               "imputations: 2}\n";
    char *dir = folder_new();
    g_autoptr(LacExperiment) e = NULL;
    g_autoptr(LacCellRunner) both = NULL, fresh = NULL;

    NEED_PLUGINS;
    e = parse_good(dir, yaml);
    ASSERT_EQ_INT(e->cells->len, 2);
    both = lac_cell_runner_new(e);
    fresh = lac_cell_runner_new(e);
    g_autoptr(LacOutcome) first = lac_cell_runner_run(both, cell_at(e, 0));
    g_autoptr(LacOutcome) second = lac_cell_runner_run(both, cell_at(e, 1));
    g_autoptr(LacOutcome) alone = lac_cell_runner_run(fresh, cell_at(e, 1));

    EXPECT_STR(first->status, "ok");
    EXPECT_STR(second->status, "ok");
    ASSERT_EQ_INT(second->metrics->len, alone->metrics->len);
    for (guint i = 0; i < alone->metrics->len; i++) {
        const LacMetricRow *a = second->metrics->pdata[i], *b = alone->metrics->pdata[i];

        EXPECT_TRUE(a->value == b->value || (isnan(a->value) && isnan(b->value)));
    }
    EXPECT_EQ_INT(second->traces->len, alone->traces->len);
    ASSERT_EQ_INT(second->events->len, alone->events->len);
    for (guint i = 0; i < alone->events->len; i++)
        EXPECT_EQ_INT(((const LacEventRow *)second->events->pdata[i])->count,
                      ((const LacEventRow *)alone->events->pdata[i])->count);
    EXPECT_EQ_DOUBLE(second->fit_s, first->fit_s);
    folder_free(dir);
}
