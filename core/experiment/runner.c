/* One cell: read, hide, split, fit, fill, score. */
#include "choice.h"
#include "images.h"
#include "resources.h"
#include "work.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

struct LacCellRunner {
    const LacExperiment *experiment;
    void (*report)(void *user, double done);
    void *user;
    gboolean check_numerics;
    /* what was made last, and for what */
    const LacChoice *data, *mask;
    size_t mask_repeat;
    LacData *truth, *incomplete;
};

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

void
lac_cell_runner_set_check_numerics(LacCellRunner *runner, gboolean check)
{
    runner->check_numerics = check;
}

/* ---- random streams: who may depend on what -------------------------------------------------- */

LacRng
lac_work_stream(const LacExperiment *e, const char *purpose)
{
    const LacRng root = lac_rng_new((uint64_t)e->seed);

    return lac_rng_split(&root, purpose);
}

/* Below @purpose: repeat and data; every model and every mask meets the same. */
static LacRng
stream_of_data(const LacExperiment *e, const LacCell *cell, const char *purpose)
{
    const LacRng all = lac_work_stream(e, purpose), repeat = lac_rng_at(&all, cell->repeat);

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

/* ---- data and holes -------------------------------------------------------------------------- */

gpointer
lac_work_instance(const LacExperiment *e, const LacChoice *choice, GError **error)
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
    reader = lac_work_instance(runner->experiment, cell->data, error);
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
    generator = holes != NULL ? lac_work_instance(runner->experiment, cell->mask, error) : NULL;
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
describe_data(const LacCellRunner *runner, LacWork *work, GError **error)
{
    const LacMaskPlugin *plugin = (const LacMaskPlugin *)work->cell->mask->plugin;
    const size_t known = runner->truth->rows * runner->truth->cols -
                         lac_mask_count(runner->truth->holes),
                 left = runner->truth->rows * runner->truth->cols -
                        lac_mask_count(runner->incomplete->holes);
    LacMaskGenerator *generator = lac_work_instance(runner->experiment, work->cell->mask, error);

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
split_rows(const LacCellRunner *runner, LacWork *work, GError **error)
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

/* ---- fit and fill ---------------------------------------------------------------------------- */

void
lac_share_report(void *user, double done)
{
    const LacShare *share = user;

    share->report(share->user, share->begin + (share->end - share->begin) * done);
}

/* A classifier's training is taken for as long as the model's: nobody knows before. */
static void
listen(const LacCellRunner *runner, LacWork *work)
{
    const double middle = work->cell->classifier != NULL ? 0.5 : 1.0;

    if (runner->report == NULL)
        return;
    work->model_share = (LacShare){runner->report, runner->user, 0.0, middle};
    work->classifier_share = (LacShare){runner->report, runner->user, middle, 1.0};
    lac_context_set_progress(work->context, lac_share_report, &work->model_share);
}

static gboolean
make_imputer(const LacCellRunner *runner, LacWork *work, GError **error)
{
    const LacExperiment *e = runner->experiment;
    LacModel *model = lac_work_instance(e, work->cell->model, error);
    LacInitial *initial;
    LacOptimizer *optimizer = NULL;

    if (model == NULL)
        return FALSE;
    initial = lac_work_instance(e, work->cell->initial, error);
    if (initial == NULL) {
        lac_instance_free(model);
        return FALSE;
    }
    if (work->cell->optimizer != NULL) {
        optimizer = lac_work_instance(e, work->cell->optimizer, error);
        if (optimizer == NULL) {
            lac_instance_free(initial);
            lac_instance_free(model);
            return FALSE;
        }
    }
    initial->rng = stream_of_mask(e, work->cell, "initial");
    work->context = lac_context_new(stream_of_model(e, work->cell));
    if (e->limit_mib > 0)
        lac_context_set_memory(work->context, (size_t)(e->limit_mib * 1024.0 * 1024.0));
    lac_context_set_check_numerics(work->context, runner->check_numerics);
    listen(runner, work);
    work->imputer = lac_imputer_new(model, initial, work->cell->scale, work->context);
    lac_context_set_draws(work->context,
                          MAX(MAX(1, lac_work_draws(work)), e->downstream.imputations));
    if (optimizer != NULL)
        lac_imputer_set_optimizer(work->imputer, optimizer);
    lac_imputer_set_rounding(work->imputer, FALSE);
    return TRUE;
}

/* Without a split the table learnt from and the one completed are the same. */
static gboolean
tell_truth(const LacCellRunner *runner, LacWork *work, GError **error)
{
    const LacModel *model = lac_imputer_model(work->imputer);
    g_autoptr(LacData) train = NULL;

    if (!(lac_model_traits(model) & LAC_MODEL_TRUTH))
        return TRUE;
    lac_imputer_set_truth(work->imputer, work->test, work->test_truth);
    if (work->train == work->test)
        return TRUE;
    train = lac_data_select_rows(runner->truth, work->split->n_train, work->split->train, error);
    if (train != NULL)
        lac_imputer_set_truth(work->imputer, work->train, train);
    return train != NULL;
}

static gboolean
fit_and_fill(LacWork *work, GError **error)
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

/* ---- what else is kept ----------------------------------------------------------------------- */

static const char *
column_name(const LacWork *work, gssize column)
{
    const LacSchema *schema = lac_imputer_model_schema(work->imputer);

    if (column < 0 || schema == NULL || (size_t)column >= schema->cols)
        return NULL;
    return schema->columns[column].name;
}

/* Of the whole table, under names that no model's own series has. */
static void
keep_classifier_traces(LacWork *work)
{
    const GPtrArray *traces;

    if (work->classifier_context == NULL)
        return;
    traces = lac_context_traces(work->classifier_context);
    for (guint i = 0; i < traces->len; i++) {
        const LacTracePoint *point = traces->pdata[i];
        g_autofree char *series = g_strconcat("downstream ", point->series, NULL);

        lac_outcome_add_trace(work->outcome, series, NULL, (int64_t)point->chain,
                              (int64_t)point->iteration, point->value);
    }
}

static void
keep_traces_and_events(LacWork *work)
{
    const GPtrArray *traces = lac_context_traces(work->context);
    const GPtrArray *events = lac_context_events(work->context);

    keep_classifier_traces(work);
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
keep_images(LacWork *work)
{
    if (work->cell->repeat == 0 && work->cell->fold == 0)
        lac_images_add(work->outcome, work->test_truth, work->test, work->completed,
                       work->split->test, stream_of_data(work->experiment, work->cell, "images"));
}

static void
work_clear(LacWork *work)
{
    g_clear_pointer(&work->classifier, lac_imputer_free);
    g_clear_pointer(&work->classifier_context, lac_context_free);
    g_clear_pointer(&work->prediction, lac_matrix_free);
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
failure_status(const LacWork *work)
{
    if (work->imputer != NULL && lac_imputer_was_not_finite(work->imputer))
        return "not-finite";
    if (work->imputer != NULL && lac_imputer_was_too_large(work->imputer))
        return "memory";
    if (work->classifier != NULL && lac_imputer_was_too_large(work->classifier))
        return "memory";
    return "failed";
}

static void
set_failure(LacWork *work, const GError *error)
{
    LacOutcome *outcome = work->outcome;

    g_free(outcome->status);
    outcome->status = g_strdup(failure_status(work));
    outcome->reason = error != NULL ? g_utf8_make_valid(error->message, -1)
                                    : g_strdup("failed without saying why");
    g_ptr_array_set_size(outcome->metrics, 0);
    g_ptr_array_set_size(outcome->artifacts, 0);
}

/* Every model's classifier starts from the same weights and meets rows in the same order. */
static gboolean
classify(const LacCellRunner *runner, LacWork *work, GError **error)
{
    const LacCell *cell = work->cell;
    LacRng rng;

    if (cell->classifier == NULL)
        return TRUE;
    const LacRng mask = stream_of_mask(runner->experiment, cell, "downstream"),
                 fold = lac_rng_at(&mask, cell->fold);

    rng = lac_rng_split(&fold, cell->classifier->plugin->name);
    return lac_work_downstream(work, runner->truth, &rng, error);
}

static gboolean
run_cell(LacCellRunner *runner, LacWork *work, GError **error)
{
    return read_data(runner, work->cell, error) && hide_cells(runner, work->cell, error) &&
           describe_data(runner, work, error) && split_rows(runner, work, error) &&
           make_imputer(runner, work, error) && tell_truth(runner, work, error) &&
           fit_and_fill(work, error) && classify(runner, work, error) &&
           lac_work_score(work, error);
}

LacOutcome *
lac_cell_runner_run(LacCellRunner *runner, const LacCell *cell)
{
    g_autoptr(GError) error = NULL;
    LacWork work = {
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
