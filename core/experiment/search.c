/* Random search: what the block says, and which of the trials is chosen. */
#include "search.h"
#include "sweep.h"

#include <lacuna/metric.h>
#include <math.h>
#include <string.h>

enum {
    MAX_DRAWS = 100000,
};

static const double default_validation = 0.2;

/* ---- the block ------------------------------------------------------------------------------- */

static gboolean
parse_draws(LacSearch *search, const LacNode *block, GError **error)
{
    const LacNode *node = lac_node_get(block, "draws");

    if (node == NULL)
        return lac_node_fail(error, block,
                             "search: the key 'draws' is missing; say how many configurations to "
                             "try, as in `search: {draws: 20}`");
    if (node->type != LAC_NODE_INT || node->integer < 1 || node->integer > MAX_DRAWS)
        return lac_node_fail(error, node, "search.draws: '%s' is not a whole number of 1 .. %d",
                             node->text != NULL ? node->text : lac_node_type_name(node->type),
                             MAX_DRAWS);
    search->draws = (size_t)node->integer;
    return TRUE;
}

static gboolean
parse_validation(LacSearch *search, const LacNode *block, GError **error)
{
    const LacNode *share = lac_node_get(block, "validation"),
                  *stratify = lac_node_get(block, "stratify");

    search->validation = default_validation;
    if (share != NULL &&
        !(share->type == LAC_NODE_DOUBLE && share->number > 0.0 && share->number < 1.0))
        return lac_node_fail(error, share,
                             "search.validation is the share of the training rows that "
                             "configurations are judged on; it must lie inside (0, 1)");
    if (share != NULL)
        search->validation = share->number;
    if (stratify != NULL && stratify->type != LAC_NODE_BOOL)
        return lac_node_fail(error, stratify, "search.stratify is %s, expected true or false",
                             lac_node_type_name(stratify->type));
    search->stratify = stratify != NULL && stratify->number != 0.0;
    return TRUE;
}

gboolean
lac_search_parse(LacExperiment *e, GError **error)
{
    static const char *const known[] = {"draws", "validation", "stratify", "metric", NULL};
    const LacNode *block = lac_node_get(e->root, "search");

    if (block == NULL || block->type == LAC_NODE_NULL)
        return TRUE;
    return lac_node_check_keys(block, "search", known, error) &&
           parse_draws(&e->search, block, error) && parse_validation(&e->search, block, error);
}

/* ---- what it asks of the rest of the file ---------------------------------------------------- */

static gboolean
any_drawn(const GPtrArray *choices)
{
    for (guint i = 0; choices != NULL && i < choices->len; i++)
        if (((const LacChoice *)choices->pdata[i])->family != NULL)
            return TRUE;
    return FALSE;
}

static const LacChoice *
metric_called(const LacExperiment *e, const LacNode *node, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *all = NULL;

    for (guint i = 0; i < e->metrics->len; i++) {
        const LacChoice *metric = e->metrics->pdata[i];

        if (g_strcmp0(node->text, metric->label) == 0 ||
            g_strcmp0(node->text, metric->plugin->name) == 0)
            return metric;
        g_ptr_array_add(names, metric->label);
    }
    g_ptr_array_add(names, NULL);
    all = g_strjoinv(", ", (char **)names->pdata);
    lac_node_fail(error, node, "search.metric: '%s' is not among the metrics: %s",
                  node->text != NULL ? node->text : lac_node_type_name(node->type), all);
    return NULL;
}

static unsigned
needs_of(const LacChoice *metric)
{
    return ((const LacMetricPlugin *)metric->plugin)->needs;
}

/* Of one stage; @node NULL: the first metric of the file. */
static gboolean
find_metric(const LacExperiment *e, const LacNode *place, const LacNode *node, LacStage stage,
            const LacChoice **out, GError **error)
{
    const LacChoice *metric = node != NULL ? metric_called(e, node, error) : e->metrics->pdata[0];
    const gboolean predicts = metric != NULL && (needs_of(metric) & LAC_NEEDS_PREDICTION) != 0;

    if (metric == NULL)
        return FALSE;
    if (predicts && e->downstream.models == NULL)
        return lac_node_fail(error, place,
                             "search: %s judges the predictions of a classifier, and there is no "
                             "`downstream:` block",
                             metric->label);
    if (stage == LAC_STAGE_CLASSIFIER && !predicts)
        return lac_node_fail(
            error, place,
            "search: %s does not look at the classifier's predictions, so it "
            "cannot choose one; name one that does, as in search: {metric: accuracy}",
            metric->label);
    *out = metric;
    return TRUE;
}

/* One metric for what is searched, or {model: ..., downstream: ...} when both are. */
static gboolean
find_metrics(LacExperiment *e, gboolean models, gboolean classifiers, GError **error)
{
    static const char *const known[] = {"model", "downstream", NULL};
    const LacNode *block = lac_node_get(e->root, "search"), *node = lac_node_get(block, "metric");
    const gboolean is_map = node != NULL && node->type == LAC_NODE_MAP;
    const LacNode *place = node != NULL ? node : block;
    const LacNode *of_model = is_map ? lac_node_get(node, "model") : node,
                  *of_classifier = is_map ? lac_node_get(node, "downstream") : node;

    if (is_map && !lac_node_check_keys(node, "search.metric", known, error))
        return FALSE;
    if (models && classifiers && (!is_map || of_model == NULL || of_classifier == NULL))
        return lac_node_fail(error, place,
                             "search: model and downstream.model are both drawn; say by which "
                             "metric each is chosen, as in `metric: {model: rmse, downstream: "
                             "accuracy}`");
    if (models && !find_metric(e, place, of_model, LAC_STAGE_MODEL, &e->search.model_metric, error))
        return FALSE;
    if (classifiers && !find_metric(e, place, of_classifier, LAC_STAGE_CLASSIFIER,
                                    &e->search.classifier_metric, error))
        return FALSE;
    if (models && classifiers && (needs_of(e->search.model_metric) & LAC_NEEDS_PREDICTION))
        return lac_node_fail(error, place,
                             "search: models are chosen before classifiers, so %s, which needs a "
                             "classifier, cannot choose them",
                             e->search.model_metric->label);
    return TRUE;
}

gboolean
lac_search_check(LacExperiment *e, GError **error)
{
    const LacNode *block = lac_node_get(e->root, "search");
    const gboolean models = any_drawn(e->models) || any_drawn(e->optimizers),
                   classifiers =
                       any_drawn(e->downstream.models) || any_drawn(e->downstream.optimizers);

    if (e->search.draws == 0)
        return TRUE;
    if (!models && !classifiers)
        return lac_node_fail(error, block,
                             "search: there is nothing to draw: no parameter of model, optimizer "
                             "or downstream is !random, as in `k: !random {from: 1, to: 20}`");
    /* what configurations are chosen by must not be what the chosen one is scored on */
    if (!lac_experiment_holds_out(e))
        return lac_node_fail(error, block,
                             "search: with `split: none` configurations would be chosen on the "
                             "cells they are then scored on; use `split: {holdout: 0.2}` or "
                             "`split: {kfold: 5}`");
    return find_metrics(e, models, classifiers, error);
}

const LacChoice *
lac_search_metric_of(const LacExperiment *e, LacStage stage)
{
    return stage == LAC_STAGE_CLASSIFIER ? e->search.classifier_metric : e->search.model_metric;
}

/* ---- choosing -------------------------------------------------------------------------------- */

/* Smaller is better. */
static double
badness(const LacMetricPlugin *metric, double score)
{
    return metric->direction == LAC_MINIMISE   ? score
           : metric->direction == LAC_MAXIMISE ? -score
                                               : fabs(score - metric->target);
}

gssize
lac_search_rank(const LacExperiment *e, LacStage stage, size_t n, const double *scores,
                size_t *rank)
{
    const LacMetricPlugin *metric = (const LacMetricPlugin *)lac_search_metric_of(e, stage)->plugin;
    gssize best = -1;

    for (size_t i = 0; i < n; i++) {
        const double own = badness(metric, scores[i]);

        rank[i] = isfinite(own) ? 1 : 0;
        for (size_t k = 0; rank[i] > 0 && k < n; k++)
            rank[i] += isfinite(scores[k]) && badness(metric, scores[k]) < own ? 1 : 0;
        if (rank[i] == 1 && best < 0)
            best = (gssize)i; /* among equals the one drawn first */
    }
    return best;
}

double
lac_search_score(const LacExperiment *e, const LacCell *trial, const LacOutcome *outcome)
{
    const char *metric = lac_search_metric_of(e, trial->stage)->label;

    for (guint i = 0; i < outcome->metrics->len; i++) {
        const LacMetricRow *row = outcome->metrics->pdata[i];

        if (strcmp(row->metric, metric) == 0 && row->column_name == NULL)
            return strcmp(row->status, "ok") == 0 ? row->value : NAN;
    }
    return NAN;
}

LacCell
lac_cell_resolve(const LacCell *cell)
{
    LacCell resolved = *cell;

    if (cell->model_trials != NULL) {
        const LacCell *trial = cell->model_trials->pdata[cell->chosen_model];

        resolved.model = trial->model;
        resolved.optimizer = trial->optimizer;
    }
    if (cell->classifier_trials != NULL) {
        const LacCell *trial = cell->classifier_trials->pdata[cell->chosen_classifier];

        resolved.classifier = trial->classifier;
        resolved.classifier_optimizer = trial->classifier_optimizer;
    }
    resolved.model_trials = resolved.classifier_trials = NULL;
    return resolved;
}
