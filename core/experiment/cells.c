/* Every alternative with every other: the cells of a sweep, their keys and what they are called. */
#include "cells.h"
#include "choice.h"
#include "search.h"
#include "sweep.h"

#include "config.h"
#include <lacuna/metric.h>
#include <math.h>
#include <string.h>

enum {
    MAX_CELLS = 1000000,
};

static void
cell_free(gpointer data)
{
    LacCell *cell = data;

    lac_cell_record_free(cell->record);
    g_clear_pointer(&cell->model_trials, g_ptr_array_unref);
    g_clear_pointer(&cell->classifier_trials, g_ptr_array_unref);
    g_free(cell);
}

/* ---- exclude --------------------------------------------------------------------------------- */

static const char *const positions[] = {"data", "mask", "initial", "model", "optimizer", NULL};

static const LacChoice *
choice_at(const LacCell *cell, const char *position)
{
    const LacChoice *const choices[] = {cell->data, cell->mask, cell->initial, cell->model,
                                        cell->optimizer};

    for (size_t i = 0; positions[i] != NULL; i++)
        if (strcmp(positions[i], position) == 0)
            return choices[i];
    return NULL;
}

static gboolean
values_equal(const LacNode *wanted, const LacNode *value)
{
    g_autofree char *a = lac_node_to_json(wanted), *b = lac_node_to_json(value);

    return strcmp(a, b) == 0 || (wanted->type >= LAC_NODE_INT && wanted->type <= LAC_NODE_DOUBLE &&
                                 value->type >= LAC_NODE_INT && value->type <= LAC_NODE_DOUBLE &&
                                 wanted->number == value->number);
}

/* Whether @cell has @wanted at @key: "model" names it, "model.k" and "model.knn.k" look inside. */
static gboolean
cell_has(const LacCell *cell, const char *key, const LacNode *wanted)
{
    g_auto(GStrv) steps = g_strsplit(key, ".", 3);
    const guint n = g_strv_length(steps);
    const LacChoice *choice = choice_at(cell, steps[0]);
    const LacNode *value;

    if (strcmp(key, "scale") == 0)
        return g_strcmp0(wanted->text, lac_scale_name(cell->scale)) == 0;
    if (choice == NULL)
        return FALSE;
    if (n == 1)
        return g_strcmp0(wanted->text, choice->plugin->name) == 0 ||
               g_strcmp0(wanted->text, choice->label) == 0;
    if (n == 3 && strcmp(steps[1], choice->plugin->name) != 0)
        return FALSE;
    value = lac_node_get(choice->in_force, steps[n - 1]);
    return value != NULL && values_equal(wanted, value);
}

static gboolean
cell_matches(const LacCell *cell, const LacNode *rule)
{
    for (size_t i = 0; i < rule->n; i++) {
        const LacNode *wanted = rule->items[i];
        gboolean any = FALSE;

        if (wanted->type != LAC_NODE_LIST)
            any = cell_has(cell, rule->keys[i]->text, wanted);
        for (size_t j = 0; !any && wanted->type == LAC_NODE_LIST && j < wanted->n; j++)
            any = cell_has(cell, rule->keys[i]->text, wanted->items[j]);
        if (!any)
            return FALSE;
    }
    return TRUE;
}

static gboolean
is_excluded(const LacCell *cell, const LacNode *exclude)
{
    for (size_t i = 0; exclude != NULL && i < exclude->n; i++)
        if (cell_matches(cell, exclude->items[i]))
            return TRUE;
    return FALSE;
}

static gboolean
check_exclude(const LacNode *exclude, GError **error)
{
    static const char *const heads[] = {"data",  "mask",      "initial", "model",
                                        "scale", "optimizer", NULL};

    if (exclude == NULL)
        return TRUE;
    if (exclude->type != LAC_NODE_LIST)
        return lac_node_fail(error, exclude,
                             "exclude is %s, expected a list of maps, as in "
                             "`- {data: letter, model: knn}`",
                             lac_node_type_name(exclude->type));
    for (size_t i = 0; i < exclude->n; i++) {
        const LacNode *rule = exclude->items[i];

        if (rule->type != LAC_NODE_MAP || rule->n == 0)
            return lac_node_fail(error, rule,
                                 "exclude: a rule is a map, as in {data: letter, "
                                 "model: knn}");
        for (size_t j = 0; j < rule->n; j++) {
            g_auto(GStrv) steps = g_strsplit(rule->keys[j]->text, ".", 2);
            const char *near;

            if (g_strv_contains(heads, steps[0]))
                continue;
            near = lac_suggest(steps[0], heads);
            return lac_node_fail(error, rule->keys[j],
                                 "exclude: '%s' is not a component "
                                 "position%s%s%s",
                                 steps[0], near ? "; did you mean '" : "", near ? near : "",
                                 near ? "'?" : "");
        }
    }
    return TRUE;
}

/* ---- what a cell is -------------------------------------------------------------------------- */

static const char *
key_of(const LacChoice *choice)
{
    return choice != NULL ? choice->key : "";
}

/* What a search may choose from is said by its trials, what it will choose follows from them. */
static void
append_component(GString *text, const char *what, const LacChoice *choice, const GPtrArray *trials)
{
    if (trials == NULL) {
        g_string_append_printf(text, "%s %s\n", what, key_of(choice));
        return;
    }
    g_string_append_printf(text, "%s searched %s\n", what, choice->plugin->name);
    for (guint i = 0; i < trials->len; i++)
        g_string_append_printf(text, "trial %s\n", ((const LacCell *)trials->pdata[i])->record->id);
}

static void
append_metrics(GString *text, const LacExperiment *e, const LacCell *cell)
{
    if (cell->stage != LAC_STAGE_NONE)
        g_string_append_printf(text, "trial %d of %.17g %d\nmetric %s\n", cell->stage,
                               e->search.validation, e->search.stratify,
                               key_of(lac_search_metric_of(e, cell->stage)));
    for (guint i = 0; cell->stage == LAC_STAGE_NONE && i < e->metrics->len; i++)
        g_string_append_printf(text, "metric %s\n", key_of(e->metrics->pdata[i]));
}

/* What a downstream classifier learns from, and with which optimizer. */
static void
append_training(GString *text, const LacExperiment *e, const LacCell *cell)
{
    const LacDownstream *d = &e->downstream;

    g_string_append_printf(text, "optimizer %s\nlearns from %d, %zu completions, rotating %d\n",
                           cell->classifier_trials == NULL ? key_of(cell->classifier_optimizer)
                                                           : "",
                           d->train_on_truth,
                           d->train_on_truth          ? 0
                           : d->train_imputations > 0 ? d->train_imputations
                                                      : cell->imputations,
                           d->rotate);
}

/* All that determines the completions of a cell, its classifier and its scores left out. */
static GString *
fit_text(const LacExperiment *e, const LacCell *cell)
{
    GString *text = g_string_new("lacuna cell 1\n");

    g_string_append_printf(text, "core %s\nseed %" G_GINT64_FORMAT "\nrepeat %zu\n", LAC_VERSION,
                           e->seed, cell->repeat);
    g_string_append_printf(text, "data %s\nsplit %s fold %zu\nmask %s\n", key_of(cell->data),
                           cell->split->label, cell->fold, key_of(cell->mask));
    if (cell->split->tests != NULL)
        g_string_append_printf(text, "tests %s\n", key_of(cell->split->tests->pdata[0]));
    g_string_append_printf(text, "scale %s\ninitial %s\n", lac_scale_name(cell->scale),
                           key_of(cell->initial));
    append_component(text, "model", cell->model, cell->model_trials);
    g_string_append_printf(text, "optimizer %s\ndraws %zu\n",
                           cell->model_trials == NULL ? key_of(cell->optimizer) : "", e->draws);
    return text;
}

char *
lac_cell_fit_key(const LacExperiment *e, const LacCell *resolved)
{
    GString *text = fit_text(e, resolved);

    g_string_append_printf(text, "trial %d\n", resolved->stage != LAC_STAGE_NONE);
    return g_string_free(text, FALSE);
}

char *
lac_cell_classifier_key(const LacExperiment *e, const LacCell *resolved)
{
    GString *text = g_string_new(NULL);

    append_component(text, "classifier", resolved->classifier, NULL);
    append_training(text, e, resolved);
    return g_string_free(text, FALSE);
}

/* SHA-256 over everything that determines the numbers of a cell. */
static char *
cell_id(const LacExperiment *e, const LacCell *cell)
{
    g_autoptr(GString) text = fit_text(e, cell);

    append_metrics(text, e, cell);
    if (cell->classifier != NULL) {
        append_component(text, "classifier", cell->classifier, cell->classifier_trials);
        append_training(text, e, cell);
        g_string_append_printf(text, "test %d of %zu\n", e->downstream.test_on_truth,
                               cell->imputations);
    }
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text->str, (gssize)text->len);
}

static void
add_axis(GPtrArray *axes, const char *axis, const char *value)
{
    g_ptr_array_add(axes, g_strdup(axis));
    g_ptr_array_add(axes, g_strdup(value));
}

/* What a choice is called in a cell: before a search has chosen, by what all its choices share. */
static const char *
label_of(const LacChoice *choice, gboolean searched)
{
    return searched && choice->family != NULL ? choice->family_label : choice->label;
}

static void
add_choice_axes(GPtrArray *axes, const char *position, const GPtrArray *choices,
                const LacChoice *choice, gboolean searched)
{
    const guint n = choice != NULL ? g_strv_length(choice->axes) : 0;

    if (choice == NULL)
        return;
    if (choices->len > 1)
        add_axis(axes, position, label_of(choice, searched));
    for (guint i = 0; i < n - (searched ? 2 * (guint)choice->n_drawn : 0); i += 2)
        add_axis(axes, choice->axes[i], choice->axes[i + 1]);
}

static char **
cell_axes(const LacExperiment *e, const LacCell *cell)
{
    const gboolean models = cell->model_trials != NULL,
                   classifiers = cell->classifier_trials != NULL;
    GPtrArray *axes = g_ptr_array_new();
    g_autofree char *fold = g_strdup_printf("%zu", cell->fold + 1);
    g_autofree char *repeat = g_strdup_printf("%zu", cell->repeat + 1);
    g_autofree char *imputations = g_strdup_printf("%zu", cell->imputations);

    add_choice_axes(axes, "data", e->data, cell->data, FALSE);
    if (e->splits->len > 1)
        add_axis(axes, "split", cell->split->label);
    if (cell->split->spec.folds > 1)
        add_axis(axes, "fold", fold);
    add_choice_axes(axes, "mask", e->masks, cell->mask, FALSE);
    if (e->scales->len > 1)
        add_axis(axes, "scale", lac_scale_name(cell->scale));
    add_choice_axes(axes, "initial", e->initials, cell->initial, FALSE);
    add_choice_axes(axes, "model", e->models, cell->model, models);
    add_choice_axes(axes, "optimizer", e->optimizers, cell->optimizer, models);
    add_choice_axes(axes, "downstream.model", e->downstream.models, cell->classifier, classifiers);
    add_choice_axes(axes, "downstream.optimizer", e->downstream.optimizers,
                    cell->classifier_optimizer, classifiers);
    if (cell->classifier != NULL && e->downstream.imputations->len > 1)
        add_axis(axes, "downstream.imputations", imputations);
    if (e->repeats > 1)
        add_axis(axes, "repeat", repeat);
    g_ptr_array_add(axes, NULL);
    return (char **)g_ptr_array_free(axes, FALSE);
}

static double
rate_asked(const LacChoice *mask)
{
    const LacNode *rate = lac_node_get(mask->in_force, "rate");

    return rate != NULL && (rate->type == LAC_NODE_DOUBLE || rate->type == LAC_NODE_INT)
               ? rate->number
               : NAN;
}

/* Of a trial: the values drawn for it, and nothing else. */
static void
add_drawn(GPtrArray *axes, const LacChoice *choice)
{
    const guint n = choice != NULL ? g_strv_length(choice->axes) : 0;

    for (guint i = choice != NULL ? n - 2 * (guint)choice->n_drawn : 0; i < n; i += 2)
        add_axis(axes, choice->axes[i], choice->axes[i + 1]);
}

static char **
trial_axes(const LacCell *trial)
{
    const gboolean model = trial->stage == LAC_STAGE_MODEL;
    GPtrArray *axes = g_ptr_array_new();

    add_drawn(axes, model ? trial->model : trial->classifier);
    add_drawn(axes, model ? trial->optimizer : trial->classifier_optimizer);
    g_ptr_array_add(axes, NULL);
    return (char **)g_ptr_array_free(axes, FALSE);
}

/* report: {compare: {family: {letter: uci, concrete: uci}}} */
static const char *
family_of(const LacExperiment *e, const LacChoice *data)
{
    static const char *const path[] = {"report", "compare", "family"};
    const LacNode *node = e->root;

    for (size_t i = 0; node != NULL && i < G_N_ELEMENTS(path); i++)
        node = node->type == LAC_NODE_MAP ? lac_node_get(node, path[i]) : NULL;
    node = node != NULL && node->type == LAC_NODE_MAP ? lac_node_get(node, data->label) : NULL;
    return node != NULL ? node->text : NULL;
}

/* The downstream block of a cell as one line of JSON, with all that is in force. */
static char *
downstream_json(const LacExperiment *e, const LacCell *cell)
{
    const LacDownstream *d = &e->downstream;
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_append_printf(text, "{\"model\":\"%s\",\"params\":%s", cell->classifier->plugin->name,
                           cell->classifier->json);
    if (cell->classifier_optimizer != NULL)
        g_string_append_printf(text, ",\"optimizer\":\"%s\",\"optimizer_params\":%s",
                               cell->classifier_optimizer->plugin->name,
                               cell->classifier_optimizer->json);
    g_string_append_printf(text, ",\"train_on\":\"%s\",\"test_on\":\"%s\",\"imputations\":%zu",
                           d->train_on_truth ? "original" : "imputed",
                           d->test_on_truth ? "original" : "imputed", cell->imputations);
    if (d->train_imputations > 0)
        g_string_append_printf(text, ",\"train_imputations\":%zu", d->train_imputations);
    g_string_append_printf(text, "%s}", d->rotate ? ",\"rotate\":true" : "");
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* How many there are when all draws of one search count as one. */
static guint
count_families(const GPtrArray *choices)
{
    guint n = 0;

    for (guint i = 0; choices != NULL && i < choices->len; i++) {
        const LacChoice *choice = choices->pdata[i];

        n += choice->family == NULL || choice->family == choice ? 1 : 0;
    }
    return n;
}

/* "knn", or "knn then mlp" where there is more than one classifier (or way to train it). */
static char *
method_label(const LacExperiment *e, const LacCell *cell)
{
    const LacDownstream *d = &e->downstream;
    const gboolean searched = cell->classifier_trials != NULL;
    g_autoptr(GString) label = g_string_new(label_of(cell->model, cell->model_trials != NULL));

    if (cell->classifier != NULL && count_families(d->models) > 1)
        g_string_append_printf(label, " then %s", label_of(cell->classifier, searched));
    if (cell->classifier_optimizer != NULL && count_families(d->optimizers) > 1)
        g_string_append_printf(label, " trained by %s",
                               label_of(cell->classifier_optimizer, searched));
    if (cell->classifier != NULL && d->imputations->len > 1)
        g_string_append_printf(label, ", %zu imputation%s", cell->imputations,
                               cell->imputations == 1 ? "" : "s");
    return g_string_free(g_steal_pointer(&label), FALSE);
}

static void
describe_components(const LacExperiment *e, const LacCell *cell, LacCellRecord *record)
{
    record->data = g_strdup(cell->data->label);
    record->data_params = g_strdup(cell->data->json);
    record->data_sha256 = g_strdup(cell->data->sha256);
    record->family = g_strdup(family_of(e, cell->data));
    record->mask = g_strdup(cell->mask->plugin->name);
    record->mask_params = g_strdup(cell->mask->json);
    record->rate_asked = rate_asked(cell->mask);
    record->initial = g_strdup(cell->initial->plugin->name);
    record->initial_params = g_strdup(cell->initial->json);
    record->model = g_strdup(cell->model->plugin->name);
    record->model_params = g_strdup(cell->model->json);
    record->model_label = method_label(e, cell);
    record->downstream = cell->classifier != NULL ? downstream_json(e, cell) : NULL;
    if (cell->optimizer != NULL) {
        record->optimizer = g_strdup(cell->optimizer->plugin->name);
        record->optimizer_params = g_strdup(cell->optimizer->json);
    }
}

void
lac_cell_note_choice(const LacExperiment *e, const LacCell *resolved)
{
    LacCellRecord *record = resolved->record;

    g_free(record->model_params);
    record->model_params = g_strdup(resolved->model->json);
    g_free(record->optimizer_params);
    record->optimizer_params =
        resolved->optimizer != NULL ? g_strdup(resolved->optimizer->json) : NULL;
    g_free(record->downstream);
    record->downstream = resolved->classifier != NULL ? downstream_json(e, resolved) : NULL;
}

/* {"draws": 20, "validation": 0.2, "model": "rmse"}; NULL for a cell in which nothing is chosen. */
static char *
search_json(const LacExperiment *e, const LacCell *cell)
{
    char share[G_ASCII_DTOSTR_BUF_SIZE];
    g_autoptr(GString) text = NULL;

    if (cell->model_trials == NULL && cell->classifier_trials == NULL)
        return NULL;
    g_ascii_formatd(share, sizeof share, "%.12g", e->search.validation);
    text = g_string_new(NULL);
    g_string_append_printf(text, "{\"draws\":%zu,\"validation\":%s", e->search.draws, share);
    if (cell->model_trials != NULL)
        g_string_append_printf(text, ",\"model\":\"%s\"", e->search.model_metric->label);
    if (cell->classifier_trials != NULL)
        g_string_append_printf(text, ",\"downstream\":\"%s\"", e->search.classifier_metric->label);
    g_string_append_c(text, '}');
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
describe_trial(const LacExperiment *e, const LacCell *cell, LacCellRecord *record)
{
    const LacChoice *drawn = cell->stage == LAC_STAGE_MODEL ? cell->model : cell->classifier;
    const LacChoice *other =
        cell->stage == LAC_STAGE_MODEL ? cell->optimizer : cell->classifier_optimizer;

    record->stage = g_strdup(cell->stage == LAC_STAGE_MODEL ? "model" : "downstream");
    record->draw = (int64_t)(drawn->family != NULL ? drawn->draw : other->draw) + 1;
    record->metric = g_strdup(lac_search_metric_of(e, cell->stage)->label);
}

static LacCell *
add_cell(LacExperiment *e, const LacCell *shape)
{
    LacCell *cell = g_memdup2(shape, sizeof *shape);

    if (cell->model_trials != NULL)
        g_ptr_array_ref(cell->model_trials);
    if (cell->classifier_trials != NULL)
        g_ptr_array_ref(cell->classifier_trials);
    cell->record = lac_cell_record_new();
    cell->record->id = cell_id(e, cell);
    cell->record->position = e->cells->len;
    describe_components(e, cell, cell->record);
    cell->record->split = g_strdup(cell->split->label);
    cell->record->fold = cell->split->spec.folds > 1 ? (int64_t)cell->fold + 1 : -1;
    cell->record->scale = g_strdup(lac_scale_name(cell->scale));
    cell->record->repeat = (int64_t)cell->repeat + 1;
    cell->record->seed = e->seed;
    cell->record->search = search_json(e, cell);
    if (cell->stage != LAC_STAGE_NONE)
        describe_trial(e, cell, cell->record);
    cell->record->axes = cell->stage != LAC_STAGE_NONE ? trial_axes(cell) : cell_axes(e, cell);
    g_ptr_array_add(e->cells, cell);
    return cell;
}

/* ---- trials ---------------------------------------------------------------------------------- */

static gboolean
is_drawn(const LacChoice *choice)
{
    return choice != NULL && choice->family != NULL;
}

/* One of each family, and those of none, stand for what there is to compare. */
static gboolean
stands_for_itself(const LacChoice *choice)
{
    return choice->family == NULL || choice->family == choice;
}

/* Draw @draw of what @choice stands for. */
static const LacChoice *
drawn_choice(const GPtrArray *choices, const LacChoice *choice, size_t draw)
{
    if (!is_drawn(choice))
        return choice;
    for (guint i = 0; i < choices->len; i++) {
        const LacChoice *other = choices->pdata[i];

        if (other->family == choice->family && other->draw == draw)
            return other;
    }
    g_return_val_if_reached(choice);
}

static gboolean
is_tried(const GPtrArray *trials, const LacCell *trial)
{
    for (guint i = 0; i < trials->len; i++) {
        const LacCell *other = trials->pdata[i];

        if (strcmp(key_of(other->model), key_of(trial->model)) == 0 &&
            strcmp(key_of(other->optimizer), key_of(trial->optimizer)) == 0 &&
            strcmp(key_of(other->classifier), key_of(trial->classifier)) == 0 &&
            strcmp(key_of(other->classifier_optimizer), key_of(trial->classifier_optimizer)) == 0)
            return TRUE;
    }
    return FALSE;
}

/* The trials of what @shape stands for; a configuration drawn twice is tried once. */
static GPtrArray *
add_trials(LacExperiment *e, const LacCell *shape, LacStage stage)
{
    const LacDownstream *d = &e->downstream;
    GPtrArray *trials = g_ptr_array_new();

    for (size_t draw = 0; draw < e->search.draws; draw++) {
        LacCell trial = *shape;

        trial.stage = stage;
        if (stage == LAC_STAGE_MODEL) {
            trial.model = drawn_choice(e->models, shape->model, draw);
            trial.optimizer = drawn_choice(e->optimizers, shape->optimizer, draw);
        } else {
            trial.classifier = drawn_choice(d->models, shape->classifier, draw);
            trial.classifier_optimizer =
                drawn_choice(d->optimizers, shape->classifier_optimizer, draw);
        }
        if (!is_tried(trials, &trial))
            g_ptr_array_add(trials, add_cell(e, &trial));
    }
    return trials;
}

/* ---- product --------------------------------------------------------------------------------- */

static gboolean
judges_predictions(const LacChoice *metric)
{
    return (((const LacMetricPlugin *)metric->plugin)->needs & LAC_NEEDS_PREDICTION) != 0;
}

/* @shape with model and classifier, after the trials it waits for. Trials of models that a
 * classifier judges are its own, others come before all classifiers. */
static void
add_with_classifier(LacExperiment *e, LacCell *shape)
{
    const gboolean models = is_drawn(shape->model) || is_drawn(shape->optimizer),
                   classifiers =
                       is_drawn(shape->classifier) || is_drawn(shape->classifier_optimizer);
    /* one that never draws has one completion, however many are asked for */
    const gboolean draws = ((const LacModelPlugin *)shape->model->plugin)->sample != NULL;
    g_autoptr(GPtrArray) own = NULL, drawn = NULL;
    LacCell cell = *shape;

    cell.imputations = g_array_index(e->downstream.imputations, size_t, 0); /* of the trials */
    if (models && cell.model_trials == NULL)
        cell.model_trials = own = add_trials(e, &cell, LAC_STAGE_MODEL);
    if (classifiers)
        drawn = add_trials(e, &cell, LAC_STAGE_CLASSIFIER);
    cell.classifier_trials = drawn;
    for (guint i = 0; i < (draws ? e->downstream.imputations->len : 1); i++) {
        cell.imputations = g_array_index(e->downstream.imputations, size_t, i);
        add_cell(e, &cell);
    }
}

/* Every classifier after the same imputation; one that takes no gradient steps meets no optimizer.
 */
static void
add_classifiers(LacExperiment *e, LacCell *shape)
{
    const LacDownstream *d = &e->downstream;

    for (guint c = 0; c < d->models->len; c++) {
        shape->classifier = d->models->pdata[c];
        shape->classifier_optimizer = NULL;
        if (!stands_for_itself(shape->classifier))
            continue;
        if (d->optimizers == NULL || !lac_choice_uses_optimizer(shape->classifier)) {
            add_with_classifier(e, shape);
            continue;
        }
        for (guint o = 0; o < d->optimizers->len; o++) {
            shape->classifier_optimizer = d->optimizers->pdata[o];
            if (stands_for_itself(shape->classifier_optimizer))
                add_with_classifier(e, shape);
        }
    }
    shape->classifier = shape->classifier_optimizer = NULL;
}

static void
add_method(LacExperiment *e, LacCell *shape)
{
    const gboolean drawn = is_drawn(shape->model) || is_drawn(shape->optimizer);
    g_autoptr(GPtrArray) trials = NULL;

    if (is_excluded(shape, lac_node_get(e->root, "exclude")))
        return;
    if (drawn && !judges_predictions(e->search.model_metric))
        trials = add_trials(e, shape, LAC_STAGE_MODEL);
    shape->model_trials = trials;
    if (e->downstream.models != NULL)
        add_classifiers(e, shape);
    else
        add_cell(e, shape);
    shape->model_trials = NULL;
}

/* Models that take no gradient steps meet no optimizer, so a list of them does not multiply. */
static void
add_models(LacExperiment *e, LacCell *shape)
{
    for (guint m = 0; m < e->models->len; m++) {
        shape->model = e->models->pdata[m];
        shape->optimizer = NULL;
        if (!stands_for_itself(shape->model))
            continue;
        if (e->optimizers == NULL || !lac_choice_uses_optimizer(shape->model)) {
            add_method(e, shape);
            continue;
        }
        for (guint o = 0; o < e->optimizers->len; o++) {
            shape->optimizer = e->optimizers->pdata[o];
            if (stands_for_itself(shape->optimizer))
                add_method(e, shape);
        }
    }
}

static void
add_methods(LacExperiment *e, LacCell *shape)
{
    for (guint s = 0; s < e->scales->len; s++)
        for (guint i = 0; i < e->initials->len; i++) {
            shape->scale = g_array_index(e->scales, LacScale, s);
            shape->initial = e->initials->pdata[i];
            add_models(e, shape);
        }
}

static void
add_masked(LacExperiment *e, LacCell *shape)
{
    for (guint m = 0; m < e->masks->len; m++)
        for (int64_t r = 0; r < e->repeats; r++)
            for (guint s = 0; s < e->splits->len; s++) {
                shape->mask = e->masks->pdata[m];
                shape->repeat = (size_t)r;
                shape->split = e->splits->pdata[s];
                for (shape->fold = 0; shape->fold < shape->split->spec.folds; shape->fold++)
                    add_methods(e, shape);
            }
}

static double
families_or_one(const GPtrArray *choices)
{
    return MAX(count_families(choices), 1);
}

/* At most so many, trials of both stages included. */
static double
count_cells(const LacExperiment *e)
{
    const GArray *imputations = e->downstream.imputations;
    const double finals = imputations != NULL ? imputations->len : 1;
    double folds = 0;

    for (guint s = 0; s < e->splits->len; s++)
        folds += (double)((const LacSplitChoice *)e->splits->pdata[s])->spec.folds;
    return folds * (double)e->repeats * e->data->len * e->masks->len * e->scales->len *
           e->initials->len * families_or_one(e->models) * families_or_one(e->optimizers) *
           families_or_one(e->downstream.models) * families_or_one(e->downstream.optimizers) *
           (finals + 2.0 * (double)e->search.draws);
}

gboolean
lac_cells_expand(LacExperiment *e, GError **error)
{
    LacCell shape = {0};

    e->cells = g_ptr_array_new_with_free_func(cell_free);
    if (!check_exclude(lac_node_get(e->root, "exclude"), error))
        return FALSE;
    if (count_cells(e) > MAX_CELLS)
        return lac_node_fail(error, e->root,
                             "this experiment has %.0f cells; at most %d are "
                             "allowed in one file",
                             count_cells(e), MAX_CELLS);
    for (guint d = 0; d < e->data->len; d++) {
        shape.data = e->data->pdata[d];
        add_masked(e, &shape);
    }
    if (e->cells->len == 0)
        return lac_node_fail(error, e->root, "exclude leaves no cell to run");
    return TRUE;
}

char *
lac_cell_describe(const LacExperiment *e, const LacCell *cell)
{
    GString *text = g_string_new(cell->data->label);

    g_string_append_printf(text, ", %s", cell->mask->label);
    if (!isnan(cell->record->rate_asked) && strstr(cell->mask->label, "rate=") == NULL)
        g_string_append_printf(text, " %g", cell->record->rate_asked);
    g_string_append_printf(text, ", %s", label_of(cell->model, cell->model_trials != NULL));
    if (e->scales->len > 1)
        g_string_append_printf(text, ", scale %s", cell->record->scale);
    if (e->initials->len > 1)
        g_string_append_printf(text, ", initial %s", cell->initial->label);
    if (cell->optimizer != NULL && e->optimizers->len > 1)
        g_string_append_printf(text, ", optimizer %s",
                               label_of(cell->optimizer, cell->model_trials != NULL));
    if (cell->classifier != NULL)
        g_string_append_printf(text, ", then %s",
                               label_of(cell->classifier, cell->classifier_trials != NULL));
    if (cell->classifier_optimizer != NULL && e->downstream.optimizers->len > 1)
        g_string_append_printf(
            text, " trained by %s",
            label_of(cell->classifier_optimizer, cell->classifier_trials != NULL));
    if (cell->classifier != NULL && e->downstream.imputations->len > 1)
        g_string_append_printf(text, ", imputations %zu", cell->imputations);
    if (e->splits->len > 1)
        g_string_append_printf(text, ", split %s", cell->split->label);
    if (cell->record->fold > 0)
        g_string_append_printf(text, ", fold %" G_GINT64_FORMAT, cell->record->fold);
    if (e->repeats > 1)
        g_string_append_printf(text, ", repeat %" G_GINT64_FORMAT, cell->record->repeat);
    if (cell->stage != LAC_STAGE_NONE)
        g_string_append(text, " (trial)");
    return g_string_free(text, FALSE);
}
