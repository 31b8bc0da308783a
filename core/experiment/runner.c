/* One cell: read, hide, split, fit, fill, score. */
#include "choice.h"
#include "images.h"
#include "imputer-private.h"
#include "resources.h"
#include "scores-private.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

enum {
    DEFAULT_DRAWS = 20, /* when a metric needs draws and the file names no number */
};

struct LacCellRunner {
    const LacExperiment *experiment;
    void (*report)(void *user, double done);
    void *user;
    /* what was made last, and for what */
    const LacChoice *data, *mask;
    size_t mask_repeat;
    LacData *truth, *incomplete;
};

/* What one cell works on; freed when it is done. */
typedef struct {
    const LacExperiment *experiment;
    const LacCell *cell;
    LacOutcome *outcome;
    LacSplit *split;
    LacData *train, *test_truth, *test;
    LacContext *context;
    LacImputer *imputer;
    LacMatrix *completed;
    GPtrArray *draws;    /* of LacMatrix, in model units */
    double *log_density; /* [rows] or NULL */
} Work;

LacCellRunner *
lac_cell_runner_new(const LacExperiment *experiment)
{
    LacCellRunner *runner = g_new0(LacCellRunner, 1);

    runner->experiment = experiment;
    return runner;
}

void
lac_cell_runner_free(LacCellRunner *runner)
{
    if (runner == NULL)
        return;
    g_clear_pointer(&runner->incomplete, lac_data_unref);
    g_clear_pointer(&runner->truth, lac_data_unref);
    g_free(runner);
}

void
lac_cell_runner_set_progress(LacCellRunner *runner, void (*report)(void *user, double done),
                             void *user)
{
    runner->report = report;
    runner->user = user;
}

/* ---- random streams: who may depend on what ---------------------------------------------------
 */

static LacRng
stream(const LacExperiment *e, const char *purpose)
{
    const LacRng root = lac_rng_new((uint64_t)e->seed);

    return lac_rng_split(&root, purpose);
}

/* Below @purpose: repeat and data; every model and every mask meets the same. */
static LacRng
stream_of_data(const LacExperiment *e, const LacCell *cell, const char *purpose)
{
    const LacRng all = stream(e, purpose), repeat = lac_rng_at(&all, cell->repeat);

    return lac_rng_split(&repeat, cell->data->key);
}

/* ... and mask parameters; every model meets the same. */
static LacRng
stream_of_mask(const LacExperiment *e, const LacCell *cell, const char *purpose)
{
    const LacRng data = stream_of_data(e, cell, purpose);

    return lac_rng_split(&data, cell->mask->key);
}

/* The model's own: its name, not its parameters, so that settings are compared on equal draws. */
static LacRng
stream_of_model(const LacExperiment *e, const LacCell *cell)
{
    const LacRng mask = stream_of_mask(e, cell, "model"), fold = lac_rng_at(&mask, cell->fold);

    return lac_rng_split(&fold, cell->model->plugin->name);
}

static LacRng
stream_of_metric(const LacExperiment *e, const LacCell *cell)
{
    const LacRng all = stream(e, "metric");

    return lac_rng_split(&all, cell->data->key);
}

/* ---- data and holes ---------------------------------------------------------------------------
 */

static gpointer
instantiate(const LacExperiment *e, const LacChoice *choice, GError **error)
{
    g_autoptr(LacNode) params = lac_choice_params(choice, error);

    if (params == NULL)
        return NULL;
    return lac_instance_new(choice->plugin, params, e->base_dir, error);
}

static gboolean
read_data(LacCellRunner *runner, const LacCell *cell, GError **error)
{
    const LacReaderPlugin *plugin = (const LacReaderPlugin *)cell->data->plugin;
    LacReader *reader;

    if (runner->data == cell->data)
        return TRUE;
    g_clear_pointer(&runner->incomplete, lac_data_unref);
    g_clear_pointer(&runner->truth, lac_data_unref);
    runner->data = runner->mask = NULL;
    reader = instantiate(runner->experiment, cell->data, error);
    if (reader == NULL)
        return FALSE;
    runner->truth = plugin->read(reader, error);
    lac_instance_free(reader);
    if (runner->truth != NULL)
        runner->data = cell->data;
    return runner->truth != NULL;
}

static gboolean
hide_cells(LacCellRunner *runner, const LacCell *cell, GError **error)
{
    g_autoptr(LacMask) holes = NULL;
    LacMaskGenerator *generator;
    gboolean good;

    if (runner->mask == cell->mask && runner->mask_repeat == cell->repeat)
        return TRUE;
    g_clear_pointer(&runner->incomplete, lac_data_unref);
    runner->mask = NULL;
    holes = lac_mask_new(runner->truth->rows, runner->truth->cols, error);
    generator = holes != NULL ? instantiate(runner->experiment, cell->mask, error) : NULL;
    if (generator == NULL)
        return FALSE;
    generator->rng = stream_of_mask(runner->experiment, cell, "mask");
    good = lac_mask_generate(generator, runner->truth, holes, error);
    lac_instance_free(generator);
    if (good)
        runner->incomplete = lac_data_with_holes(runner->truth, holes, error);
    if (runner->incomplete == NULL)
        return FALSE;
    runner->mask = cell->mask;
    runner->mask_repeat = cell->repeat;
    return TRUE;
}

static const char *
mechanism_name(LacMechanism mechanism)
{
    static const char *const names[] = {
        [LAC_MCAR] = "MCAR", [LAC_MAR] = "MAR", [LAC_MNAR] = "MNAR"};

    return mechanism >= LAC_MCAR && mechanism <= LAC_MNAR ? names[mechanism] : NULL;
}

static gboolean
describe_data(const LacCellRunner *runner, Work *work, GError **error)
{
    const LacMaskPlugin *plugin = (const LacMaskPlugin *)work->cell->mask->plugin;
    const size_t known = runner->truth->rows * runner->truth->cols -
                         lac_mask_count(runner->truth->holes),
                 left = runner->truth->rows * runner->truth->cols -
                        lac_mask_count(runner->incomplete->holes);
    LacMaskGenerator *generator = instantiate(runner->experiment, work->cell->mask, error);

    if (generator == NULL)
        return FALSE;
    work->outcome->mechanism = g_strdup(mechanism_name(
        plugin->mechanism_of != NULL ? plugin->mechanism_of(generator) : plugin->mechanism));
    lac_instance_free(generator);
    work->outcome->n_rows = (int64_t)runner->truth->rows;
    work->outcome->n_cols = (int64_t)runner->truth->cols;
    if (known > 0)
        work->outcome->rate_realised = (double)(known - left) / (double)known;
    return TRUE;
}

/* Without a split the same tables serve on both sides, as the same objects. */
static gboolean
split_rows(const LacCellRunner *runner, Work *work, GError **error)
{
    const LacRng rng = stream_of_data(runner->experiment, work->cell, "split");
    LacSplit *split;

    work->split = split =
        lac_split_make(&work->cell->split->spec, runner->truth, work->cell->fold, &rng, error);
    if (split == NULL)
        return FALSE;
    if (work->cell->split->spec.kind == LAC_SPLIT_NONE) {
        work->train = lac_data_ref(runner->incomplete);
        work->test = lac_data_ref(runner->incomplete);
        work->test_truth = lac_data_ref(runner->truth);
        return TRUE;
    }
    work->train = lac_data_select_rows(runner->incomplete, split->n_train, split->train, error);
    if (work->train != NULL)
        work->test = lac_data_select_rows(runner->incomplete, split->n_test, split->test, error);
    if (work->test != NULL)
        work->test_truth = lac_data_select_rows(runner->truth, split->n_test, split->test, error);
    return work->test_truth != NULL;
}

/* ---- fit and fill -----------------------------------------------------------------------------
 */

static unsigned
needs_of_metrics(const LacExperiment *e)
{
    unsigned needs = 0;

    for (guint i = 0; i < e->metrics->len; i++) {
        const LacChoice *metric = e->metrics->pdata[i];

        needs |= ((const LacMetricPlugin *)metric->plugin)->needs;
    }
    return needs;
}

static size_t
draws_wanted(const LacExperiment *e, const LacModelPlugin *model)
{
    if (model->sample == NULL)
        return 0;
    if (e->draws > 0)
        return e->draws;
    return needs_of_metrics(e) & (LAC_NEEDS_DRAWS | LAC_WANTS_DRAWS) ? DEFAULT_DRAWS : 0;
}

static gboolean
make_imputer(const LacCellRunner *runner, Work *work, GError **error)
{
    const LacExperiment *e = runner->experiment;
    LacModel *model = instantiate(e, work->cell->model, error);
    LacInitial *initial;

    if (model == NULL)
        return FALSE;
    initial = instantiate(e, work->cell->initial, error);
    if (initial == NULL) {
        lac_instance_free(model);
        return FALSE;
    }
    initial->rng = stream_of_mask(e, work->cell, "initial");
    work->context = lac_context_new(stream_of_model(e, work->cell));
    lac_context_set_draws(
        work->context, MAX(1, draws_wanted(e, (const LacModelPlugin *)work->cell->model->plugin)));
    if (e->limit_mib > 0)
        lac_context_set_memory(work->context, (size_t)(e->limit_mib * 1024.0 * 1024.0));
    if (runner->report != NULL)
        lac_context_set_progress(work->context, runner->report, runner->user);
    work->imputer = lac_imputer_new(model, initial, work->cell->scale, work->context);
    lac_imputer_set_rounding(work->imputer, FALSE);
    return TRUE;
}

static gboolean
fit_and_fill(Work *work, GError **error)
{
    LacResources resources;
    gboolean good;

    work->completed = lac_matrix_new(work->test->rows, work->test->cols, error);
    if (work->completed == NULL)
        return FALSE;
    lac_resources_start(&resources);
    good = lac_imputer_fit(work->imputer, work->train, error);
    work->outcome->fit_s = lac_resources_lap(&resources);
    if (good) {
        good = lac_imputer_fill(work->imputer, work->test, work->completed, error);
        work->outcome->apply_s = lac_resources_lap(&resources);
    }
    work->outcome->cpu_s = lac_resources_cpu(&resources);
    work->outcome->peak_rss_mib = lac_resources_peak_mib(&resources);
    return good;
}

/* ---- scoring, in the units the model saw ------------------------------------------------------
 */

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
scale_matrix(const LacScaler *scaler, const LacSchema *schema, LacMatrix *m)
{
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
draw_completions(Work *work, GError **error)
{
    const size_t wanted =
        draws_wanted(work->experiment, (const LacModelPlugin *)work->cell->model->plugin);

    work->draws = g_ptr_array_new_with_free_func(matrix_free);
    for (size_t d = 0; d < wanted; d++) {
        LacMatrix *draw = lac_matrix_new(work->test->rows, work->test->cols, error);

        if (draw == NULL)
            return FALSE;
        g_ptr_array_add(work->draws, draw);
        if (!lac_imputer_sample(work->imputer, work->test, d, draw, error))
            return FALSE;
        scale_matrix(lac_imputer_scaler(work->imputer), work->test->schema, draw);
    }
    return TRUE;
}

static gboolean
find_density(Work *work, GError **error)
{
    if (!(needs_of_metrics(work->experiment) & LAC_NEEDS_DENSITY) ||
        !lac_imputer_can_log_density(work->imputer))
        return TRUE;
    work->log_density = lac_try_alloc(work->test->rows, sizeof(double), "log densities", error);
    return work->log_density != NULL &&
           lac_imputer_log_density(work->imputer, work->test, work->test_truth, work->log_density,
                                   error);
}

/* Missing in what the model saw, known in the truth. */
static LacMask *
scored_cells(const Work *work, GError **error)
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

static char *
needs_names(unsigned needs)
{
    GString *names = g_string_new(NULL);
    static const struct {
        unsigned need;
        const char *name;
    } all[] = {
        {LAC_NEEDS_TRUTH, "truth"}, {LAC_NEEDS_DRAWS, "draws"}, {LAC_NEEDS_DENSITY, "density"}};

    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        if (needs & all[i].need)
            g_string_append_printf(names, "%s%s", names->len > 0 ? "," : "", all[i].name);
    return g_string_free(names, FALSE);
}

static void
add_info(LacOutcome *outcome, const LacChoice *choice, const LacMetric *metric, const char *part)
{
    const LacMetricPlugin *plugin = (const LacMetricPlugin *)choice->plugin;
    g_autofree char *needs = needs_names(plugin->needs);
    double target = NAN;

    for (guint i = 0; i < outcome->infos->len; i++) {
        const LacMetricInfoRow *info = outcome->infos->pdata[i];

        if (strcmp(info->metric, choice->label) == 0 && g_strcmp0(info->part, part) == 0)
            return;
    }
    if (plugin->direction == LAC_TARGET)
        target = plugin->target_of != NULL ? plugin->target_of(metric, part) : plugin->target;
    lac_outcome_add_info(outcome, choice->label, part, direction_name(plugin->direction), target,
                         plugin->unit, plugin->scope, needs);
}

static void
add_scores(const Work *work, const LacChoice *choice, const LacMetric *metric,
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
unmet_need(const LacMetricPlugin *metric, const LacScoring *scoring)
{
    if ((metric->needs & LAC_NEEDS_DRAWS) && scoring->n_draws == 0)
        return "the model gives a single completion and no draws";
    if ((metric->needs & LAC_NEEDS_DENSITY) && scoring->log_density == NULL)
        return "the model gives no log density";
    return NULL;
}

static gboolean
score_one(Work *work, const LacChoice *choice, const LacScoring *scoring, GError **error)
{
    const LacMetricPlugin *plugin = (const LacMetricPlugin *)choice->plugin;
    const gboolean of_draws = plugin->needs & (LAC_NEEDS_DRAWS | LAC_WANTS_DRAWS);
    const int64_t draws = of_draws ? (int64_t)scoring->n_draws : -1;
    const char *unmet = unmet_need(plugin, scoring);
    g_autoptr(LacScores) scores = NULL;
    LacMetric *metric = instantiate(work->experiment, choice, error);
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

static gboolean
score(Work *work, GError **error)
{
    const LacScaler *scaler = lac_imputer_scaler(work->imputer);
    g_autoptr(LacData) truth = lac_scaler_apply(scaler, work->test_truth, error);
    g_autoptr(LacData) incomplete =
        truth != NULL ? lac_scaler_apply(scaler, work->test, error) : NULL;
    g_autoptr(LacData) reference =
        incomplete != NULL ? lac_scaler_apply(scaler, work->train, error) : NULL;
    g_autoptr(LacMatrix) completed = reference != NULL ? matrix_dup(work->completed, error) : NULL;
    g_autoptr(LacMask) scored = completed != NULL ? scored_cells(work, error) : NULL;
    LacScoring scoring = {.truth = truth,
                          .incomplete = incomplete,
                          .reference = reference,
                          .completed = completed,
                          .scored = scored,
                          .scale = scaler->scale == LAC_SCALE_NONE ? "raw"
                                                                   : lac_scale_name(scaler->scale)};

    if (scored == NULL || !draw_completions(work, error) || !find_density(work, error))
        return FALSE;
    scale_matrix(scaler, work->test->schema, completed);
    scoring.n_draws = work->draws->len;
    scoring.draws = (const LacMatrix *const *)work->draws->pdata;
    scoring.log_density = work->log_density;
    for (guint i = 0; i < work->experiment->metrics->len; i++)
        if (!score_one(work, work->experiment->metrics->pdata[i], &scoring, error))
            return FALSE;
    return TRUE;
}

/* ---- what else is kept ------------------------------------------------------------------------
 */

static const char *
column_name(const Work *work, gssize column)
{
    const LacSchema *schema = lac_imputer_model_schema(work->imputer);

    if (column < 0 || schema == NULL || (size_t)column >= schema->cols)
        return NULL;
    return schema->columns[column].name;
}

static void
keep_traces_and_events(Work *work)
{
    const GPtrArray *traces = lac_context_traces(work->context);
    const GPtrArray *events = lac_context_events(work->context);

    for (guint i = 0; i < traces->len; i++) {
        const LacTracePoint *point = traces->pdata[i];

        lac_outcome_add_trace(work->outcome, point->series, column_name(work, point->column),
                              (int64_t)point->chain, (int64_t)point->iteration, point->value);
    }
    for (guint i = 0; i < events->len; i++) {
        const LacEvent *event = events->pdata[i];

        lac_outcome_add_event(work->outcome, event->code, column_name(work, event->column),
                              (int64_t)event->count, event->detail);
    }
}

static void
keep_images(Work *work)
{
    if (work->cell->repeat == 0 && work->cell->fold == 0)
        lac_images_add(work->outcome, work->test_truth, work->test, work->completed,
                       work->split->test, stream_of_data(work->experiment, work->cell, "images"));
}

static void
work_clear(Work *work)
{
    g_clear_pointer(&work->imputer, lac_imputer_free);
    g_clear_pointer(&work->context, lac_context_free);
    g_clear_pointer(&work->split, lac_split_free);
    g_clear_pointer(&work->train, lac_data_unref);
    g_clear_pointer(&work->test, lac_data_unref);
    g_clear_pointer(&work->test_truth, lac_data_unref);
    g_clear_pointer(&work->completed, lac_matrix_free);
    g_clear_pointer(&work->draws, g_ptr_array_unref);
    g_clear_pointer(&work->log_density, g_free);
}

static const char *
failure_status(const Work *work)
{
    if (work->imputer != NULL && lac_imputer_was_not_finite(work->imputer))
        return "not-finite";
    return "failed";
}

static void
set_failure(Work *work, const GError *error)
{
    LacOutcome *outcome = work->outcome;

    g_free(outcome->status);
    outcome->status = g_strdup(failure_status(work));
    outcome->reason = error != NULL ? g_utf8_make_valid(error->message, -1)
                                    : g_strdup("failed without saying why");
    g_ptr_array_set_size(outcome->metrics, 0);
    g_ptr_array_set_size(outcome->artifacts, 0);
}

static gboolean
run_cell(LacCellRunner *runner, Work *work, GError **error)
{
    return read_data(runner, work->cell, error) && hide_cells(runner, work->cell, error) &&
           describe_data(runner, work, error) && split_rows(runner, work, error) &&
           make_imputer(runner, work, error) && fit_and_fill(work, error) && score(work, error);
}

LacOutcome *
lac_cell_runner_run(LacCellRunner *runner, const LacCell *cell)
{
    g_autoptr(GError) error = NULL;
    Work work = {
        .experiment = runner->experiment, .cell = cell, .outcome = lac_outcome_new("ok", NULL)};

    work.outcome->started = lac_store_now();
    work.outcome->host = g_strdup(g_get_host_name());
    work.outcome->threads = lac_threads();
    if (!run_cell(runner, &work, &error))
        set_failure(&work, error);
    else
        keep_images(&work);
    if (work.imputer != NULL)
        keep_traces_and_events(&work);
    work.outcome->contended = lac_resources_contended();
    work.outcome->finished = lac_store_now();
    work_clear(&work);
    return work.outcome;
}
