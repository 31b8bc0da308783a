/* What a cell is: its keys, what it is called, what is stored of it before it runs. */
#include "cells.h"
#include "downstream.h"
#include "search.h"

#include "config.h"
#include <math.h>
#include <string.h>

/* What a search may choose from is said by its trials, what it will choose follows from them. */
static void
append_component(GString *text, const char *what, const LacChoice *choice, const GPtrArray *trials)
{
    if (trials == NULL) {
        g_string_append_printf(text, "%s %s\n", what, lac_choice_key(choice));
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
                               lac_choice_key(lac_search_metric_of(e, cell->stage)));
    for (guint i = 0; cell->stage == LAC_STAGE_NONE && i < e->metrics->len; i++)
        g_string_append_printf(text, "metric %s\n", lac_choice_key(e->metrics->pdata[i]));
}

/* What a downstream classifier learns from, and with which optimizer. */
static void
append_training(GString *text, const LacExperiment *e, const LacCell *cell)
{
    const LacDownstream *d = &e->downstream;

    g_string_append_printf(
        text, "optimizer %s\nlearns from %d, %zu completions, rotating %d\n",
        cell->classifier_trials == NULL ? lac_choice_key(cell->classifier_optimizer) : "",
        (int)d->train_on,
        d->train_on == LAC_TABLE_ORIGINAL ? 0
        : d->train_imputations > 0        ? d->train_imputations
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
    g_string_append_printf(text, "data %s\nsplit %s fold %zu\nmask %s\n",
                           lac_choice_key(cell->data), cell->split->label, cell->fold,
                           lac_choice_key(cell->mask));
    if (cell->split->tests != NULL)
        g_string_append_printf(text, "tests %s\n", lac_choice_key(cell->split->tests->pdata[0]));
    g_string_append_printf(text, "scale %s\ninitial %s\n", lac_scale_name(cell->scale),
                           lac_choice_key(cell->initial));
    append_component(text, "model", cell->model, cell->model_trials);
    g_string_append_printf(text, "optimizer %s\ndraws %zu\n",
                           cell->model_trials == NULL ? lac_choice_key(cell->optimizer) : "",
                           e->draws);
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
        g_string_append_printf(text, "test %d of %zu\n", (int)e->downstream.test_on,
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
                           lac_downstream_table_name(d->train_on),
                           lac_downstream_table_name(d->test_on), cell->imputations);
    if (d->train_imputations > 0)
        g_string_append_printf(text, ",\"train_imputations\":%zu", d->train_imputations);
    g_string_append_printf(text, "%s}", d->rotate ? ",\"rotate\":true" : "");
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* How many there are when all draws of one search count as one. */
guint
lac_choices_families(const GPtrArray *choices)
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

    if (cell->classifier != NULL && lac_choices_families(d->models) > 1)
        g_string_append_printf(label, " then %s", label_of(cell->classifier, searched));
    if (cell->classifier_optimizer != NULL && lac_choices_families(d->optimizers) > 1)
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

LacCellRecord *
lac_cell_record(const LacExperiment *e, const LacCell *cell, size_t position)
{
    LacCellRecord *record = lac_cell_record_new();

    record->id = cell_id(e, cell);
    record->position = (int64_t)position;
    describe_components(e, cell, record);
    record->split = g_strdup(cell->split->label);
    record->fold = cell->split->spec.folds > 1 ? (int64_t)cell->fold + 1 : -1;
    record->scale = g_strdup(lac_scale_name(cell->scale));
    record->repeat = (int64_t)cell->repeat + 1;
    record->seed = e->seed;
    record->search = search_json(e, cell);
    if (cell->stage != LAC_STAGE_NONE)
        describe_trial(e, cell, record);
    record->axes = cell->stage != LAC_STAGE_NONE ? trial_axes(cell) : cell_axes(e, cell);
    return record;
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
