/* The scores of a cell, in the units the file asks for, whatever units its model works in. */
#include "choice.h"
#include "registry-private.h"
#include "scores-private.h"
#include "search.h"
#include "work.h"

#include <math.h>
#include <string.h>

enum {
    DEFAULT_DRAWS = 20, /* when a metric needs draws and the file names no number */
};

/* A trial is scored by what it is judged by, all other cells by every metric. */
static guint
count_metrics(const LacWork *work)
{
    return work->cell->stage != LAC_STAGE_NONE ? 1 : work->experiment->metrics->len;
}

static const LacChoice *
metric_at(const LacWork *work, guint i)
{
    return work->cell->stage != LAC_STAGE_NONE
               ? lac_search_metric_of(work->experiment, work->cell->stage)
               : work->experiment->metrics->pdata[i];
}

static unsigned
needs_of_metrics(const LacWork *work)
{
    unsigned needs = 0;

    for (guint i = 0; i < count_metrics(work); i++)
        needs |= ((const LacMetricPlugin *)metric_at(work, i)->plugin)->needs;
    return needs;
}

size_t
lac_work_draws(const LacWork *work)
{
    if (!lac_imputer_can_sample(work->imputer))
        return 0;
    if (work->experiment->draws > 0)
        return work->experiment->draws;
    if (needs_of_metrics(work) & LAC_NEEDS_DRAWS)
        return DEFAULT_DRAWS;
    /* tables to learn anew are made from a draw: a best guess would leave nothing to learn of
     * spread */
    return needs_of_metrics(work) & LAC_NEEDS_REFITS ? 1 : 0;
}

static LacRng
stream_of_metric(const LacExperiment *e, const LacCell *cell)
{
    const LacRng all = lac_work_stream(e, "metric");

    return lac_rng_split(&all, cell->data->key);
}

/* ---- scoring, in the units asked for --------------------------------------------------------- */

static LacMatrix *
matrix_dup(const LacMatrix *m, GError **error)
{
    LacMatrix *copy = lac_matrix_new(m->rows, m->cols, error);

    for (size_t i = 0; copy != NULL && i < m->rows; i++)
        memcpy(lac_matrix_row(copy, i), lac_matrix_row(m, i), m->cols * sizeof *m->v);
    return copy;
}

/* The scaler's own arithmetic, so that an observed cell equals the scaled truth to the bit. */
static void
scale_matrix(const LacImputer *imputer, const LacSchema *schema, LacMatrix *m)
{
    const LacScaler *scaler = lac_imputer_units(imputer);

    lac_imputer_log_values(imputer, m);
    if (scaler->scale == LAC_SCALE_NONE)
        return;
    for (size_t i = 0; i < m->rows; i++) {
        double *row = lac_matrix_row(m, i);

        for (size_t j = 0; j < m->cols; j++)
            if (lac_kind_is_numeric(schema->columns[j].kind))
                row[j] = (row[j] - scaler->shift[j]) / scaler->factor[j];
    }
}

static void
matrix_free(gpointer m)
{
    lac_matrix_free(m);
}

static gboolean
draw_completions(LacWork *work, GError **error)
{
    const size_t wanted = lac_work_draws(work);

    work->draws = g_ptr_array_new_with_free_func(matrix_free);
    for (size_t d = 0; d < wanted; d++) {
        LacMatrix *draw = lac_matrix_new(work->test->rows, work->test->cols, error);

        if (draw == NULL)
            return FALSE;
        g_ptr_array_add(work->draws, draw);
        if (!lac_imputer_sample(work->imputer, work->test, d, draw, error))
            return FALSE;
        scale_matrix(work->imputer, work->test->schema, draw);
    }
    return TRUE;
}

static gboolean
find_density(LacWork *work, GError **error)
{
    if (!(needs_of_metrics(work) & LAC_NEEDS_DENSITY) ||
        !lac_imputer_can_log_density(work->imputer) || lac_imputer_is_raw(work->imputer))
        return TRUE;
    work->log_density = lac_try_alloc(work->test->rows, sizeof(double), "log densities", error);
    return work->log_density != NULL &&
           lac_imputer_log_density(work->imputer, work->test, work->test_truth, work->log_density,
                                   error);
}

static gboolean
find_elbo(LacWork *work, GError **error)
{
    if (!(needs_of_metrics(work) & LAC_NEEDS_ELBO) || !lac_imputer_can_elbo(work->imputer))
        return TRUE;
    work->elbo = lac_try_alloc(work->test->rows, sizeof(double), "bounds of rows", error);
    return work->elbo != NULL &&
           lac_imputer_elbo(work->imputer, work->test, work->test_truth, work->elbo, error);
}

/* Missing in what the model saw, known in the truth. */
static LacMask *
scored_cells(const LacWork *work, GError **error)
{
    LacMask *scored = lac_mask_dup(work->test->holes, error);

    for (size_t i = 0; scored != NULL && i < scored->rows * scored->words; i++)
        scored->bits[i] &= ~work->test_truth->holes->bits[i];
    return scored;
}

static const char *
direction_name(LacDirection direction)
{
    return direction == LAC_MINIMISE ? "min" : direction == LAC_MAXIMISE ? "max" : "target";
}

typedef struct {
    unsigned bit;
    const char *name;
} BitName;

/* "truth,draws" */
static char *
bit_names(unsigned bits, size_t n, const BitName *all)
{
    GString *names = g_string_new(NULL);

    for (size_t i = 0; i < n; i++)
        if (bits & all[i].bit)
            g_string_append_printf(names, "%s%s", names->len > 0 ? "," : "", all[i].name);
    return g_string_free(names, FALSE);
}

static char *
needs_names(unsigned needs)
{
    static const BitName all[] = {
        {LAC_NEEDS_TRUTH, "truth"},     {LAC_NEEDS_DRAWS, "draws"},
        {LAC_NEEDS_DENSITY, "density"}, {LAC_NEEDS_PREDICTION, "prediction"},
        {LAC_NEEDS_REFITS, "refits"},   {LAC_NEEDS_ELBO, "elbo"}};

    return bit_names(needs, G_N_ELEMENTS(all), all);
}

static char *
valid_names(unsigned valid)
{
    static const BitName all[] = {
        {LAC_VALID_MCAR, "MCAR"}, {LAC_VALID_MAR, "MAR"}, {LAC_VALID_MNAR, "MNAR"}};

    return bit_names(valid, G_N_ELEMENTS(all), all);
}

static void
add_info(LacOutcome *outcome, const LacChoice *choice, const LacMetric *metric, const char *part)
{
    const LacMetricPlugin *plugin = (const LacMetricPlugin *)choice->plugin;
    g_autofree char *needs = needs_names(plugin->needs);
    g_autofree char *valid = valid_names(plugin->valid);
    double target = NAN;

    for (guint i = 0; i < outcome->infos->len; i++) {
        const LacMetricInfoRow *info = outcome->infos->pdata[i];

        if (strcmp(info->metric, choice->label) == 0 && g_strcmp0(info->part, part) == 0)
            return;
    }
    if (plugin->direction == LAC_TARGET)
        target = plugin->target_of != NULL ? plugin->target_of(metric, part) : plugin->target;
    lac_outcome_add_info(outcome, choice->label, part, direction_name(plugin->direction), target,
                         plugin->unit, plugin->scope, needs, lac_metric_judges_word(plugin->judges),
                         valid, plugin->caution);
}

static void
add_scores(const LacWork *work, const LacChoice *choice, const LacMetric *metric,
           const LacScores *scores, int64_t draws)
{
    for (size_t i = 0; i < lac_scores_count(scores); i++) {
        const LacScore *score = lac_scores_get(scores, i);
        const gboolean good = score->status == LAC_SCORE_OK;

        lac_outcome_add_metric(work->outcome, choice->label, score->part,
                               score->column >= 0 ? lac_data_name(work->test, (size_t)score->column)
                                                  : NULL,
                               good ? score->value : NAN, good ? "ok" : "undefined", score->reason,
                               (int64_t)score->n_cells, draws);
        add_info(work->outcome, choice, metric, score->part);
    }
}

/* Why @metric cannot be computed from what @scoring holds, or NULL. */
static const char *
unmet_need(const LacMetricPlugin *metric, const LacWork *work, const LacScoring *scoring)
{
    if ((metric->needs & LAC_NEEDS_DRAWS) && scoring->n_draws == 0)
        return "the model gives a single completion and no draws";
    if ((metric->needs & LAC_NEEDS_DENSITY) && lac_imputer_is_raw(work->imputer))
        return "the model works in the columns' own units, in which densities are other numbers; "
               "use scale: none";
    if ((metric->needs & LAC_NEEDS_DENSITY) && scoring->log_density == NULL)
        return "the model gives no log density";
    if ((metric->needs & LAC_NEEDS_ELBO) && scoring->elbo == NULL)
        return "the model gives no evidence lower bound";
    if ((metric->needs & LAC_NEEDS_PREDICTION) && scoring->prediction == NULL)
        return "the experiment has no `downstream:` classifier";
    return NULL;
}

static gboolean
score_one(LacWork *work, const LacChoice *choice, const LacScoring *scoring, GError **error)
{
    const LacMetricPlugin *plugin = (const LacMetricPlugin *)choice->plugin;
    const gboolean of_draws = plugin->needs & (LAC_NEEDS_DRAWS | LAC_WANTS_DRAWS);
    const int64_t draws = of_draws ? (int64_t)scoring->n_draws : -1;
    const char *unmet = unmet_need(plugin, work, scoring);
    g_autoptr(LacScores) scores = NULL;
    LacMetric *metric = lac_work_instance(work->experiment, choice, error);
    gboolean good = TRUE;

    if (metric == NULL)
        return FALSE;
    metric->instance.context = work->context;
    metric->rng = stream_of_metric(work->experiment, work->cell);
    if (unmet != NULL) {
        lac_outcome_add_metric(work->outcome, choice->label, NULL, NULL, NAN, "not-applicable",
                               unmet, -1, -1);
        add_info(work->outcome, choice, metric, NULL);
    } else {
        scores = lac_scores_new();
        good = plugin->score(metric, scoring, scores, error);
        if (good)
            add_scores(work, choice, metric, scores, draws);
        else
            g_prefix_error(error, "%s: ", choice->label);
    }
    lac_instance_free(metric);
    return good;
}

/* @data with logarithms and scaled. Owned. */
static LacData *
in_units(const LacWork *work, const LacData *data, GError **error)
{
    g_autoptr(LacData) logs = lac_imputer_logs(work->imputer, data, error);

    return logs != NULL ? lac_scaler_apply(lac_imputer_units(work->imputer), logs, error) : NULL;
}

gboolean
lac_work_score(LacWork *work, GError **error)
{
    const LacScaler *scaler = lac_imputer_units(work->imputer);
    g_autoptr(LacData) truth = in_units(work, work->test_truth, error);
    g_autoptr(LacData) incomplete = truth != NULL ? in_units(work, work->test, error) : NULL;
    g_autoptr(LacData) reference = incomplete != NULL ? in_units(work, work->train, error) : NULL;
    g_autoptr(LacMatrix) completed = reference != NULL ? matrix_dup(work->completed, error) : NULL;
    g_autoptr(LacMask) scored = completed != NULL ? scored_cells(work, error) : NULL;
    const LacRefit refit = {lac_work_refit, work};
    LacScoring scoring = {.truth = truth,
                          .incomplete = incomplete,
                          .reference = reference,
                          .completed = completed,
                          .scored = scored,
                          .refit = &refit,
                          .scale = scaler->scale == LAC_SCALE_NONE ? "raw"
                                                                   : lac_scale_name(scaler->scale)};

    if (scored == NULL || !draw_completions(work, error) || !find_density(work, error) ||
        !find_elbo(work, error))
        return FALSE;
    scale_matrix(work->imputer, work->test->schema, completed);
    scoring.n_draws = work->draws->len;
    scoring.draws = (const LacMatrix *const *)work->draws->pdata;
    scoring.log_density = work->log_density;
    scoring.elbo = work->elbo;
    scoring.prediction = work->prediction;
    for (guint i = 0; i < count_metrics(work); i++)
        if (!score_one(work, metric_at(work, i), &scoring, error))
            return FALSE;
    return TRUE;
}
