/* Every alternative with every other: the cells of a sweep, and the trials of its searches. */
#include "cells.h"
#include "choice.h"
#include "search.h"
#include "sweep.h"

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

/* ---- trials ---------------------------------------------------------------------------------- */

static LacCell *
add_cell(LacExperiment *e, const LacCell *shape)
{
    LacCell *cell = g_memdup2(shape, sizeof *shape);

    if (cell->model_trials != NULL)
        g_ptr_array_ref(cell->model_trials);
    if (cell->classifier_trials != NULL)
        g_ptr_array_ref(cell->classifier_trials);
    cell->record = lac_cell_record(e, cell, e->cells->len);
    g_ptr_array_add(e->cells, cell);
    return cell;
}

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

        if (strcmp(lac_choice_key(other->model), lac_choice_key(trial->model)) == 0 &&
            strcmp(lac_choice_key(other->optimizer), lac_choice_key(trial->optimizer)) == 0 &&
            strcmp(lac_choice_key(other->classifier), lac_choice_key(trial->classifier)) == 0 &&
            strcmp(lac_choice_key(other->classifier_optimizer),
                   lac_choice_key(trial->classifier_optimizer)) == 0)
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
    return MAX(lac_choices_families(choices), 1);
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
