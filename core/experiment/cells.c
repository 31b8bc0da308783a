/* Every alternative with every other: the cells of a sweep, their keys and what they are called. */
#include "cells.h"
#include "choice.h"
#include "sweep.h"

#include "config.h"
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

/* SHA-256 over everything that determines the numbers of a cell. */
static char *
cell_id(const LacExperiment *e, const LacCell *cell)
{
    g_autoptr(GString) text = g_string_new("lacuna cell 1\n");

    g_string_append_printf(text, "core %s\nseed %" G_GINT64_FORMAT "\nrepeat %zu\n", LAC_VERSION,
                           e->seed, cell->repeat);
    g_string_append_printf(text, "data %s\nsplit %s fold %zu\nmask %s\n", key_of(cell->data),
                           cell->split->label, cell->fold, key_of(cell->mask));
    g_string_append_printf(text, "scale %s\ninitial %s\nmodel %s\noptimizer %s\ndraws %zu\n",
                           lac_scale_name(cell->scale), key_of(cell->initial), key_of(cell->model),
                           key_of(cell->optimizer), e->draws);
    for (guint i = 0; i < e->metrics->len; i++)
        g_string_append_printf(text, "metric %s\n", key_of(e->metrics->pdata[i]));
    if (cell->classifier != NULL)
        g_string_append_printf(text, "classifier %s\noptimizer %s\ntruth %d %d\ncompletions %zu\n",
                               key_of(cell->classifier), key_of(cell->classifier_optimizer),
                               e->downstream.train_on_truth, e->downstream.test_on_truth,
                               e->downstream.imputations);
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text->str, (gssize)text->len);
}

static void
add_axis(GPtrArray *axes, const char *axis, const char *value)
{
    g_ptr_array_add(axes, g_strdup(axis));
    g_ptr_array_add(axes, g_strdup(value));
}

static void
add_choice_axes(GPtrArray *axes, const char *position, const GPtrArray *choices,
                const LacChoice *choice)
{
    if (choice == NULL)
        return;
    if (choices->len > 1)
        add_axis(axes, position, choice->label);
    for (char **axis = choice->axes; *axis != NULL; axis += 2)
        add_axis(axes, axis[0], axis[1]);
}

static char **
cell_axes(const LacExperiment *e, const LacCell *cell)
{
    GPtrArray *axes = g_ptr_array_new();
    g_autofree char *fold = g_strdup_printf("%zu", cell->fold + 1);
    g_autofree char *repeat = g_strdup_printf("%zu", cell->repeat + 1);

    add_choice_axes(axes, "data", e->data, cell->data);
    if (e->splits->len > 1)
        add_axis(axes, "split", cell->split->label);
    if (cell->split->spec.folds > 1)
        add_axis(axes, "fold", fold);
    add_choice_axes(axes, "mask", e->masks, cell->mask);
    if (e->scales->len > 1)
        add_axis(axes, "scale", lac_scale_name(cell->scale));
    add_choice_axes(axes, "initial", e->initials, cell->initial);
    add_choice_axes(axes, "model", e->models, cell->model);
    add_choice_axes(axes, "optimizer", e->optimizers, cell->optimizer);
    add_choice_axes(axes, "downstream.model", e->downstream.models, cell->classifier);
    add_choice_axes(axes, "downstream.optimizer", e->downstream.optimizers,
                    cell->classifier_optimizer);
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
    g_string_append_printf(text, ",\"train_on\":\"%s\",\"test_on\":\"%s\",\"imputations\":%zu}",
                           d->train_on_truth ? "original" : "imputed",
                           d->test_on_truth ? "original" : "imputed", d->imputations);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* "knn", or "knn then mlp" where there is more than one classifier (or way to train it). */
static char *
method_label(const LacExperiment *e, const LacCell *cell)
{
    const LacDownstream *d = &e->downstream;
    g_autoptr(GString) label = g_string_new(cell->model->label);

    if (cell->classifier != NULL && d->models->len > 1)
        g_string_append_printf(label, " then %s", cell->classifier->label);
    if (cell->classifier_optimizer != NULL && d->optimizers->len > 1)
        g_string_append_printf(label, " trained by %s", cell->classifier_optimizer->label);
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

static void
add_cell(LacExperiment *e, const LacCell *shape)
{
    LacCell *cell;

    if (is_excluded(shape, lac_node_get(e->root, "exclude")))
        return;
    cell = g_memdup2(shape, sizeof *shape);
    cell->record = lac_cell_record_new();
    cell->record->id = cell_id(e, cell);
    cell->record->position = e->cells->len;
    describe_components(e, cell, cell->record);
    cell->record->split = g_strdup(cell->split->label);
    cell->record->fold = cell->split->spec.folds > 1 ? (int64_t)cell->fold + 1 : -1;
    cell->record->scale = g_strdup(lac_scale_name(cell->scale));
    cell->record->repeat = (int64_t)cell->repeat + 1;
    cell->record->seed = e->seed;
    cell->record->axes = cell_axes(e, cell);
    g_ptr_array_add(e->cells, cell);
}

/* ---- product --------------------------------------------------------------------------------- */

/* Every classifier after the same imputation; one that takes no gradient steps meets no optimizer.
 */
static void
add_classifiers(LacExperiment *e, LacCell *shape)
{
    const LacDownstream *d = &e->downstream;

    for (guint c = 0; d->models != NULL && c < d->models->len; c++) {
        shape->classifier = d->models->pdata[c];
        shape->classifier_optimizer = NULL;
        if (d->optimizers == NULL || !lac_choice_uses_optimizer(shape->classifier)) {
            add_cell(e, shape);
            continue;
        }
        for (guint o = 0; o < d->optimizers->len; o++) {
            shape->classifier_optimizer = d->optimizers->pdata[o];
            add_cell(e, shape);
        }
    }
    if (d->models == NULL)
        add_cell(e, shape);
}

/* Models that take no gradient steps meet no optimizer, so a list of them does not multiply. */
static void
add_models(LacExperiment *e, LacCell *shape)
{
    for (guint m = 0; m < e->models->len; m++) {
        shape->model = e->models->pdata[m];
        shape->optimizer = NULL;
        if (e->optimizers == NULL || !lac_choice_uses_optimizer(shape->model)) {
            add_classifiers(e, shape);
            continue;
        }
        for (guint o = 0; o < e->optimizers->len; o++) {
            shape->optimizer = e->optimizers->pdata[o];
            add_classifiers(e, shape);
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
count_cells(const LacExperiment *e)
{
    double folds = 0;

    for (guint s = 0; s < e->splits->len; s++)
        folds += (double)((const LacSplitChoice *)e->splits->pdata[s])->spec.folds;
    return folds * (double)e->repeats * e->data->len * e->masks->len * e->scales->len *
           e->initials->len * e->models->len * (e->optimizers != NULL ? e->optimizers->len : 1) *
           (e->downstream.models != NULL ? e->downstream.models->len : 1) *
           (e->downstream.optimizers != NULL ? e->downstream.optimizers->len : 1);
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
    g_string_append_printf(text, ", %s", cell->model->label);
    if (e->scales->len > 1)
        g_string_append_printf(text, ", scale %s", cell->record->scale);
    if (e->initials->len > 1)
        g_string_append_printf(text, ", initial %s", cell->initial->label);
    if (cell->optimizer != NULL && e->optimizers->len > 1)
        g_string_append_printf(text, ", optimizer %s", cell->optimizer->label);
    if (cell->classifier != NULL)
        g_string_append_printf(text, ", then %s", cell->classifier->label);
    if (cell->classifier_optimizer != NULL && e->downstream.optimizers->len > 1)
        g_string_append_printf(text, " trained by %s", cell->classifier_optimizer->label);
    if (e->splits->len > 1)
        g_string_append_printf(text, ", split %s", cell->split->label);
    if (cell->record->fold > 0)
        g_string_append_printf(text, ", fold %" G_GINT64_FORMAT, cell->record->fold);
    if (e->repeats > 1)
        g_string_append_printf(text, ", repeat %" G_GINT64_FORMAT, cell->record->repeat);
    return g_string_free(text, FALSE);
}
