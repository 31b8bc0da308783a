/* From YAML to cells, and cells to scores. Uses the plugins of this build. */
#include "experiment-private.h"
#include "lac_test.h"

#include <glib/gstdio.h>

/* A folder with data.csv: 40 rows; column a runs over 0..9 four times, b over 0..7 five times, so
 * that with a fifth of the cells hidden the observed ones still span 0..9 and 0..7. */
typedef struct {
    char *dir;
} Folder;

static Folder
folder_new(const char *csv)
{
    Folder folder = {g_dir_make_tmp("lacuna-experiment-XXXXXX", NULL)};
    g_autofree char *path = g_build_filename(folder.dir, "data.csv", NULL);
    g_autoptr(GString) text = g_string_new("a,b\n");

    for (int i = 0; i < 40; i++)
        g_string_append_printf(text, "%d.0,%d.0\n", i % 10, (i * 3) % 8);
    g_assert(g_file_set_contents(path, csv != NULL ? csv : text->str, -1, NULL));
    return folder;
}

static void
folder_clear(Folder *folder)
{
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", folder->dir);

    g_assert(system(command) == 0);
    g_clear_pointer(&folder->dir, g_free);
}

static const char head[] = "lacuna: 1\nname: t\ndata: {csv: {path: data.csv}}\n";

static LacExperiment *
parse_in(const Folder *folder, const char *rest, GError **error)
{
    g_autofree char *text = g_strconcat(head, rest, NULL);

    return lac_experiment_parse(text, strlen(text), "t.yaml", folder->dir, NULL, error);
}

static LacExperiment *
parse(const Folder *folder, const char *rest)
{
    g_autoptr(GError) error = NULL;
    LacExperiment *e = parse_in(folder, rest, &error);

    if (e == NULL)
        g_error("%s", error->message);
    return e;
}

static const LacCell *
cell_at(const LacExperiment *e, guint i)
{
    return e->cells->pdata[i];
}

static gboolean
plugins_are_there(void)
{
    return lac_plugin_find(LAC_PLUGIN_READER, "csv", NULL) != NULL &&
           lac_plugin_find(LAC_PLUGIN_MASK, "mcar", NULL) != NULL &&
           lac_plugin_find(LAC_PLUGIN_MODEL, "knn", NULL) != NULL;
}

#define NEED_PLUGINS                                                                               \
    do {                                                                                           \
        if (!plugins_are_there())                                                                  \
            LAC_SKIP("the plugins are not built");                                                 \
    } while (0)

/* ---- expansion ------------------------------------------------------------------------------- */

/* What tells a method from the others, and what else the file says about it; no defaults beside. */
LAC_TEST(experiment, labels_say_what_tells_methods_apart_and_what_was_set)
{
    static const char *const labels[] = {"knn k=5",
                                         "knn k=1",
                                         "knn k=10 weights=distance",
                                         "em ridge=0.1",
                                         "em ridge=0.2",
                                         "external one options={n: 10}",
                                         "external two draws=true"};
    Folder folder = folder_new(NULL);
    g_autoptr(LacExperiment) e = NULL;

    NEED_PLUGINS;
    e = parse(&folder, "mask: {mcar: {rate: 0.1}}\nmodel: [knn, knn: {k: 1}, knn: {k: 10, weights: "
                       "distance}, em: {ridge: !sweep [0.1, 0.2], tol: 1e-5}, external: {command: "
                       "one, options: {n: 10}}, external: {command: two, draws: true}]\n");
    ASSERT_TRUE(e != NULL && e->cells->len == G_N_ELEMENTS(labels));
    for (guint i = 0; i < e->cells->len; i++)
        EXPECT_STR(cell_at(e, i)->record->model_label, labels[i]);
    folder_clear(&folder);
}

LAC_TEST(experiment, cells_are_the_product_of_all_axes_in_the_order_of_the_file)
{
    Folder folder = folder_new(NULL);
    g_autoptr(LacExperiment) e = NULL;

    NEED_PLUGINS;
    e = parse(&folder, "repeats: 2\nsplit: {kfold: 3}\nmask: {mcar: {rate: !sweep [0.1, 0.2]}}\n"
                       "model: [mean, knn: {k: !sweep [1, 5]}]\nscale: [minmax, none]\n");
    EXPECT_EQ_INT(e->cells->len, 2 * 3 * 2 * 3 * 2);
    EXPECT_STR(cell_at(e, 0)->record->model_label, "mean");
    EXPECT_STR(cell_at(e, 1)->record->model_label, "knn k=1");
    EXPECT_STR(cell_at(e, 2)->record->model_label, "knn k=5");
    EXPECT_STR(cell_at(e, 3)->record->scale, "none");
    EXPECT_EQ_INT(cell_at(e, 6)->record->fold, 2);
    EXPECT_EQ_INT(cell_at(e, 18)->record->repeat, 2);
    EXPECT_EQ_DOUBLE(cell_at(e, 36)->record->rate_asked, 0.2);
    for (guint i = 0; i < e->cells->len; i++)
        EXPECT_EQ_INT(cell_at(e, i)->record->position, i);
    folder_clear(&folder);
}

LAC_TEST(experiment, a_range_includes_both_ends_and_writes_round_numbers)
{
    Folder folder = folder_new(NULL);
    g_autoptr(LacExperiment) e = NULL;

    NEED_PLUGINS;
    e = parse(&folder,
              "model: mean\nmask: {mcar: {rate: !range {from: 0.1, to: 0.9, step: 0.1}}}\n");
    ASSERT_EQ_INT(e->cells->len, 9);
    EXPECT_EQ_DOUBLE(cell_at(e, 2)->record->rate_asked, 0.3); /* not 0.30000000000000004 */
    EXPECT_EQ_DOUBLE(cell_at(e, 8)->record->rate_asked, 0.9);
    EXPECT_STR(cell_at(e, 2)->record->axes[2], "mask.mcar.rate");
    EXPECT_STR(cell_at(e, 2)->record->axes[3], "0.3");
    folder_clear(&folder);
}

LAC_TEST(experiment, random_search_draws_a_components_parameters_together)
{
    Folder folder = folder_new(NULL);
    g_autoptr(LacExperiment) e = NULL, again = NULL, other = NULL;
    const char *yaml = "mask: {mcar: {rate: !random {draws: 20, from: 0.001, to: 0.5, log: true}, "
                       "how: !random {draws: 20, of: [bernoulli, exact]}}}\nmodel: mean\n";
    g_autofree char *seeded = g_strconcat("seed: 9\n", yaml, NULL);
    int below = 0, exact = 0;

    NEED_PLUGINS;
    e = parse(&folder, yaml);
    again = parse(&folder, yaml);
    other = parse(&folder, seeded);
    ASSERT_EQ_INT(e->cells->len, 20);
    for (guint i = 0; i < 20; i++) {
        const double rate = cell_at(e, i)->record->rate_asked;

        char four[G_ASCII_DTOSTR_BUF_SIZE];

        EXPECT_TRUE(rate >= 0.001 && rate <= 0.5);
        /* a value that can be typed again as it was printed */
        EXPECT_TRUE(g_ascii_strtod(g_ascii_formatd(four, sizeof four, "%.4g", rate), NULL) == rate);
        EXPECT_STR(cell_at(e, i)->record->id, cell_at(again, i)->record->id);
        EXPECT_TRUE(rate != cell_at(other, i)->record->rate_asked);
        below += rate < 0.0223607; /* sqrt(0.001 * 0.5), the median on a log scale */
        exact += strstr(cell_at(e, i)->record->mask_params, "\"exact\"") != NULL;
    }
    /* 20 fair coins: outside 2..18 with probability 4e-5, and the seed is fixed */
    EXPECT_TRUE(below >= 2 && below <= 18);
    EXPECT_TRUE(exact >= 2 && exact <= 18);
    folder_clear(&folder);
}

LAC_TEST(experiment, excluded_cells_are_left_out)
{
    Folder folder = folder_new(NULL);
    g_autoptr(LacExperiment) e = NULL;
    g_autoptr(GError) error = NULL;

    NEED_PLUGINS;
    e = parse(&folder,
              "mask: {mcar: {rate: !sweep [0.1, 0.2]}}\n"
              "model: [mean, knn: {k: !sweep [1, 5, 10]}]\n"
              "exclude:\n  - {model.k: [5, 10], mask.mcar.rate: 0.2}\n  - {model: mean}\n");
    EXPECT_EQ_INT(e->cells->len, 8 - 2 - 2);
    EXPECT_TRUE(parse_in(&folder, "mask: mcar\nmodel: mean\nexclude: [{modle: mean}]\n", &error) ==
                NULL);
    EXPECT_ERROR(error, LAC_ERROR_PARAM, "did you mean 'model'?");
    folder_clear(&folder);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static char *
first_id(const Folder *folder, const char *rest)
{
    g_autoptr(LacExperiment) e = parse(folder, rest);

    return g_strdup(cell_at(e, 0)->record->id);
}

LAC_TEST(experiment, a_cells_key_changes_with_what_determines_it_and_with_nothing_else)
{
    Folder here = folder_new(NULL), there = folder_new(NULL),
           changed = folder_new("a,b\n1,2\n3,4\n");
    const char *base = "mask: {mcar: {rate: 0.2}}\nmodel: {knn: {k: 5}}\nmetrics: rmse\n";
    static const char *const same[] = {
        "mask: {mcar: {rate: 0.20}}\nmodel: {knn: {}}\nmetrics: [rmse]\n", /* k: 5 is the default */
        "repeats: 3\nmask: {mcar: {rate: !sweep [0.2, 0.5]}}\nmodel: [knn, mean]\nmetrics: rmse\n",
        "limits: {time: 5}\nmask: {mcar: {rate: 0.2}}\nmodel: knn\nmetrics: rmse\n",
    };
    static const char *const different[] = {
        "seed: 2\nmask: {mcar: {rate: 0.2}}\nmodel: knn\nmetrics: rmse\n",
        "mask: {mcar: {rate: 0.3}}\nmodel: knn\nmetrics: rmse\n",
        "mask: {mcar: {rate: 0.2}}\nmodel: {knn: {k: 6}}\nmetrics: rmse\n",
        "mask: {mcar: {rate: 0.2}}\nmodel: mean\nmetrics: rmse\n",
        "mask: {mcar: {rate: 0.2}}\nmodel: knn\nmetrics: [rmse, mae]\n",
        "scale: none\nmask: {mcar: {rate: 0.2}}\nmodel: knn\nmetrics: rmse\n",
        "initial: zero\nmask: {mcar: {rate: 0.2}}\nmodel: knn\nmetrics: rmse\n",
        "split: {kfold: 2}\nmask: {mcar: {rate: 0.2}}\nmodel: knn\nmetrics: rmse\n",
    };
    g_autofree char *id = NULL, *moved = NULL, *other = NULL;

    NEED_PLUGINS;
    id = first_id(&here, base);
    moved = first_id(&there, base);
    other = first_id(&changed, base);
    EXPECT_EQ_INT(strlen(id), 64);
    EXPECT_STR(moved, id);
    EXPECT_TRUE(strcmp(other, id) != 0);
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
        g_autofree char *got = first_id(&here, same[i]);

        EXPECT_STR(got, id);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(different); i++) {
        g_autofree char *got = first_id(&here, different[i]);

        EXPECT_TRUE(strcmp(got, id) != 0);
    }
    folder_clear(&here);
    folder_clear(&there);
    folder_clear(&changed);
}

LAC_TEST(experiment, overrides_change_the_tree_and_the_text_that_is_kept)
{
    Folder folder = folder_new(NULL);
    static const char text[] = "lacuna: 1\ndata: {csv: {path: data.csv}}\n"
                               "mask: {mcar: {rate: !sweep [0.1, 0.2]}}\nmodel: [mean, knn]\n";
    const char *const overrides[] = {"repeats=4", "model[1]={knn: {k: !sweep [2, 3]}}", NULL};
    g_autoptr(LacExperiment) e = NULL, again = NULL;

    NEED_PLUGINS;
    e = lac_experiment_parse(text, strlen(text), "x.yaml", folder.dir, overrides, NULL);
    ASSERT_TRUE(e != NULL);
    EXPECT_STR(e->name, "x");
    EXPECT_EQ_INT(e->cells->len, 4 * 2 * 3);
    again = lac_experiment_parse(e->yaml, strlen(e->yaml), "x.yaml", folder.dir, NULL, NULL);
    ASSERT_TRUE(again != NULL);
    ASSERT_EQ_INT(again->cells->len, e->cells->len);
    for (guint i = 0; i < e->cells->len; i++)
        EXPECT_STR(cell_at(again, i)->record->id, cell_at(e, i)->record->id);
    folder_clear(&folder);
}

/* ---- scores ---------------------------------------------------------------------------------- */

static const LacMetricRow *
find_metric(const LacOutcome *outcome, const char *metric, const char *column)
{
    for (guint i = 0; i < outcome->metrics->len; i++) {
        const LacMetricRow *row = outcome->metrics->pdata[i];

        if (strcmp(row->metric, metric) == 0 && g_strcmp0(row->column_name, column) == 0)
            return row;
    }
    return NULL;
}

static LacOutcome *
run_cell(const LacExperiment *e, guint i)
{
    g_autoptr(LacCellRunner) runner = lac_cell_runner_new(e);
    LacOutcome *outcome = lac_cell_runner_run(runner, cell_at(e, i));

    if (outcome->reason != NULL)
        g_print("reason: %s\n", outcome->reason);
    return outcome;
}

LAC_TEST(experiment, every_model_meets_the_same_holes_whoever_else_is_in_the_file)
{
    Folder folder = folder_new(NULL);
    g_autoptr(LacExperiment) alone = NULL, together = NULL;
    g_autoptr(LacOutcome) a = NULL, b = NULL, c = NULL;

    NEED_PLUGINS;
    alone = parse(&folder, "mask: {mcar: {rate: 0.2}}\nmodel: mean\nmetrics: [rmse, mae]\n");
    together = parse(&folder, "mask: {mcar: {rate: !sweep [0.5, 0.2]}}\nmodel: [knn, mean]\n"
                              "metrics: [rmse, mae]\n");
    a = run_cell(alone, 0);
    b = run_cell(together, 3); /* rate 0.2, mean */
    c = run_cell(together, 2); /* rate 0.2, knn */
    EXPECT_STR(a->status, "ok");
    ASSERT_TRUE(a->metrics->len > 0);
    ASSERT_EQ_INT(a->metrics->len, b->metrics->len);
    EXPECT_EQ_DOUBLE(a->rate_realised, c->rate_realised);
    for (guint i = 0; i < a->metrics->len; i++) {
        const LacMetricRow *x = a->metrics->pdata[i], *y = b->metrics->pdata[i],
                           *z = c->metrics->pdata[i];

        EXPECT_EQ_DOUBLE(x->value, y->value);
        EXPECT_EQ_INT(x->n_cells, z->n_cells);
    }
    folder_clear(&folder);
}

LAC_TEST(experiment, scores_are_in_the_units_the_model_saw)
{
    Folder folder = folder_new(NULL);
    g_autoptr(LacExperiment) e = NULL;
    g_autoptr(LacOutcome) scaled = NULL, raw = NULL;
    const LacMetricRow *a_scaled, *a_raw, *b_scaled, *b_raw;

    NEED_PLUGINS;
    e = parse(&folder, "scale: [minmax, none]\nmask: {mcar: {rate: 0.2}}\nmodel: mean\n"
                       "metrics: rmse\n");
    scaled = run_cell(e, 0);
    raw = run_cell(e, 1);
    a_scaled = find_metric(scaled, "rmse", "a");
    a_raw = find_metric(raw, "rmse", "a");
    b_scaled = find_metric(scaled, "rmse", "b");
    b_raw = find_metric(raw, "rmse", "b");
    ASSERT_TRUE(a_scaled != NULL && a_raw != NULL && b_scaled != NULL && b_raw != NULL);
    /* means are equivariant: only the unit differs, 9 for a and 7 for b */
    EXPECT_NEAR_DOUBLE(a_scaled->value * 9.0, a_raw->value, 1e-12);
    EXPECT_NEAR_DOUBLE(b_scaled->value * 7.0, b_raw->value, 1e-12);
    folder_clear(&folder);
}

/* hivae works in raw units whatever the file says, so that both cells hold the same completions;
 * a density of raw values is none of scaled ones */
LAC_TEST(experiment, models_of_raw_values_are_scored_in_the_units_of_all_others)
{
    Folder folder = folder_new(NULL);
    g_autoptr(LacExperiment) e = NULL;
    g_autoptr(LacOutcome) scaled = NULL, raw = NULL;
    const LacMetricRow *a_scaled, *a_raw, *density;

    NEED_PLUGINS;
    if (lac_plugin_find(LAC_PLUGIN_MODEL, "hivae", NULL) == NULL)
        LAC_SKIP("hivae is not built");
    e = parse(&folder, "scale: [minmax, none]\nmask: {mcar: {rate: 0.2}}\n"
                       "model: {hivae: {epochs: 2, impute_samples: 20}}\n"
                       "metrics: [rmse, log-likelihood]\n");
    scaled = run_cell(e, 0);
    raw = run_cell(e, 1);
    a_scaled = find_metric(scaled, "rmse", "a");
    a_raw = find_metric(raw, "rmse", "a");
    ASSERT_TRUE(a_scaled != NULL && a_raw != NULL);
    EXPECT_NEAR_DOUBLE(a_scaled->value * 9.0, a_raw->value, 1e-12);
    density = find_metric(scaled, "log-likelihood", NULL);
    ASSERT_TRUE(density != NULL);
    EXPECT_STR(density->status, "not-applicable");
    EXPECT_CONTAINS(density->reason, "use scale: none");
    density = find_metric(raw, "log-likelihood", NULL);
    ASSERT_TRUE(density != NULL);
    EXPECT_STR(density->status, "ok");
    folder_clear(&folder);
}

LAC_TEST(experiment, folds_together_score_every_hidden_cell_once)
{
    Folder folder = folder_new(NULL);
    g_autoptr(LacExperiment) whole = NULL, folds = NULL;
    g_autoptr(LacOutcome) all = NULL;
    int64_t cells = 0;

    NEED_PLUGINS;
    whole = parse(&folder, "mask: {mcar: {rate: 0.3}}\nmodel: mean\nmetrics: rmse\n");
    folds = parse(&folder, "split: {kfold: 4}\nmask: {mcar: {rate: 0.3}}\nmodel: mean\n"
                           "metrics: rmse\n");
    ASSERT_EQ_INT(folds->cells->len, 4);
    for (guint i = 0; i < 4; i++) {
        g_autoptr(LacOutcome) fold = run_cell(folds, i);
        const LacMetricRow *row = find_metric(fold, "rmse", NULL);

        ASSERT_TRUE(row != NULL);
        cells += row->n_cells;
    }
    all = run_cell(whole, 0);
    EXPECT_EQ_INT(find_metric(all, "rmse", NULL)->n_cells, cells);
    EXPECT_EQ_INT((int)(all->rate_realised * 80 + 0.5), cells);
    folder_clear(&folder);
}

LAC_TEST(experiment, holes_of_the_source_are_filled_but_not_scored)
{
    GString *csv = g_string_new("a,b\n");
    Folder folder;
    g_autoptr(LacExperiment) e = NULL;
    g_autoptr(LacOutcome) outcome = NULL;

    for (int i = 0; i < 40; i++)
        g_string_append_printf(csv, i % 4 == 0 ? "%d.5,\n" : "%d.5,%d.0\n", i % 10, i % 7);
    folder = folder_new(csv->str);
    g_string_free(csv, TRUE);
    NEED_PLUGINS;
    e = parse(&folder, "mask: {mcar: {rate: 0.2}}\nmodel: mean\nmetrics: rmse\n");
    outcome = run_cell(e, 0);
    EXPECT_STR(outcome->status, "ok");
    /* 80 cells, 10 of them missing from the start: the rate is a share of the 70 known ones */
    EXPECT_NEAR_DOUBLE((double)find_metric(outcome, "rmse", NULL)->n_cells,
                       outcome->rate_realised * 70.0, 1e-9);
    folder_clear(&folder);
}

/* ---- images ---------------------------------------------------------------------------------- */

/* The NPY member @name of a stored zip archive: its data behind the header; its shape must read
 * @shape. Offsets: PKWARE's APPNOTE 4.3.7; NPY format 1.0. NumPy reads such a file too. */
static const guint8 *
npz_member(GBytes *npz, const char *name, const char *shape)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(npz, &size);

    for (gsize at = 0; at + 30 < size && memcmp(bytes + at, "PK\x03\x04", 4) == 0;) {
        const guint8 *header = bytes + at;
        const gsize length = header[22] | header[23] << 8 | header[24] << 16;
        const gsize name_length = header[26] | header[27] << 8;
        const guint8 *npy = header + 30 + name_length;

        if (name_length == strlen(name) && memcmp(header + 30, name, name_length) == 0) {
            g_autofree char *text = g_strndup((const char *)npy + 10, npy[8] | npy[9] << 8);

            EXPECT_TRUE(memcmp(npy, "\x93NUMPY\x01\x00", 8) == 0);
            EXPECT_CONTAINS(text, shape);
            return npy + 10 + (npy[8] | npy[9] << 8);
        }
        at += 30 + name_length + length;
    }
    return NULL;
}

/* Five images of 2 x 3 pixels, values 0, 1, 2 ... 29, as an IDX file. */
static void
write_images(const Folder *folder)
{
    guint8 bytes[16 + 30] = {0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 2, 0, 0, 0, 3};
    g_autofree char *path = g_build_filename(folder->dir, "images.idx", NULL);

    for (guint8 i = 0; i < 30; i++)
        bytes[16 + i] = i;
    g_assert(g_file_set_contents(path, (const char *)bytes, sizeof bytes, NULL));
}

LAC_TEST(experiment, image_tables_leave_truth_mask_and_completion_behind)
{
    static const char text[] = "lacuna: 1\ndata: {idx: {path: images.idx}}\nscale: none\n"
                               "mask: {mcar: {rate: 0.3}}\nmodel: mean\nmetrics: rmse\n";
    Folder folder = folder_new(NULL);
    g_autoptr(LacExperiment) e = NULL;
    g_autoptr(LacOutcome) outcome = NULL;
    const LacArtifact *artifact;
    float truth[30], mask[30], completed[30];
    const guint8 *at;
    double error = 0.0;
    int holes = 0;

    NEED_PLUGINS;
    if (lac_plugin_find(LAC_PLUGIN_READER, "idx", NULL) == NULL)
        LAC_SKIP("the idx reader is not built");
    write_images(&folder);
    e = lac_experiment_parse(text, strlen(text), "i.yaml", folder.dir, NULL, NULL);
    ASSERT_TRUE(e != NULL);
    outcome = run_cell(e, 0);
    ASSERT_EQ_INT(outcome->artifacts->len, 1);
    artifact = outcome->artifacts->pdata[0];
    EXPECT_STR(artifact->name, "images.npz");
    ASSERT_TRUE((at = npz_member(artifact->bytes, "truth.npy", "(5,1,2,3,)")) != NULL);
    memcpy(truth, at, sizeof truth);
    ASSERT_TRUE((at = npz_member(artifact->bytes, "mask.npy", "(5,1,2,3,)")) != NULL);
    memcpy(mask, at, sizeof mask);
    ASSERT_TRUE((at = npz_member(artifact->bytes, "completed.npy", "(5,1,2,3,)")) != NULL);
    memcpy(completed, at, sizeof completed);
    for (int i = 0; i < 30; i++) {
        EXPECT_EQ_DOUBLE(truth[i], i); /* all five rows are shown, in order */
        if (mask[i] == 0.0f)
            EXPECT_EQ_DOUBLE(completed[i], truth[i]);
        else
            error += pow((double)completed[i] - (double)truth[i], 2.0);
        holes += mask[i] != 0.0f;
    }
    /* the stored score, computed again from the stored images; float32 keeps 7 digits */
    ASSERT_EQ_INT(holes, find_metric(outcome, "rmse", NULL)->n_cells);
    EXPECT_NEAR_DOUBLE(find_metric(outcome, "rmse", NULL)->value, sqrt(error / holes), 1e-6);
    folder_clear(&folder);
}
