/* One cell: read, hide, split, fit, fill, score. */
#include "runner.h"
#include "choice.h"
#include "columns.h"
#include "images.h"
#include "resources.h"
#include "search.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

LacCellRunner *
lac_cell_runner_new(const LacExperiment *experiment)
{
    LacCellRunner *runner = g_new0(LacCellRunner, 1);

    runner->experiment = experiment;
    return runner;
}

static void
fitted_clear(LacCellRunner *runner)
{
    LacFitted *fitted = &runner->fitted;

    g_clear_pointer(&fitted->classifier, lac_imputer_free);
    g_clear_pointer(&fitted->classifier_context, lac_context_free);
    g_clear_pointer(&fitted->classifier_key, g_free);
    g_clear_pointer(&fitted->imputer, lac_imputer_free);
    g_clear_pointer(&fitted->context, lac_context_free);
    g_clear_pointer(&fitted->split, lac_split_free);
    g_clear_pointer(&fitted->train, lac_data_unref);
    g_clear_pointer(&fitted->test, lac_data_unref);
    g_clear_pointer(&fitted->test_truth, lac_data_unref);
    g_clear_pointer(&fitted->completed, lac_matrix_free);
    g_clear_pointer(&runner->fitted_key, g_free);
}

void
lac_cell_runner_free(LacCellRunner *runner)
{
    if (runner == NULL)
        return;
    fitted_clear(runner);
    g_clear_pointer(&runner->incomplete, lac_data_unref);
    g_clear_pointer(&runner->truth, lac_data_unref);
    g_clear_pointer(&runner->reading, lac_context_free);
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

/* The model's own: its name, not its parameters, so that settings are compared on equal draws. */
static LacRng
stream_of_model(const LacExperiment *e, const LacCell *cell)
{
    const LacRng mask = lac_runner_mask_stream(e, cell, "model"),
                 fold = lac_rng_at(&mask, cell->fold);

    return lac_rng_split(&fold, cell->model->plugin->name);
}

/* ---- fit and fill ---------------------------------------------------------------------------- */

void
lac_share_report(void *user, double done)
{
    const LacShare *share = user;

    *share->reached = MAX(*share->reached, share->begin + (share->end - share->begin) * done);
    share->report(share->user, *share->reached);
}

/* A classifier's training is taken for as long as the model's: nobody knows before. */
static void
listen(const LacCellRunner *runner, LacWork *work)
{
    const double middle = work->cell->classifier != NULL ? 0.5 : 1.0;

    if (runner->report == NULL)
        return;
    work->model_share = (LacShare){runner->report, runner->user, 0.0, middle, &work->reached};
    work->classifier_share = (LacShare){runner->report, runner->user, middle, 1.0, &work->reached};
    lac_context_set_progress(work->context, lac_share_report, &work->model_share);
}

/* The same for all cells of an experiment, since those that differ in it share a fit. */
static size_t
most_imputations(const LacExperiment *e)
{
    size_t most = e->downstream.train_imputations;

    for (guint i = 0; e->downstream.imputations != NULL && i < e->downstream.imputations->len; i++)
        most = MAX(most, g_array_index(e->downstream.imputations, size_t, i));
    return most;
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
    initial->rng = lac_runner_mask_stream(e, work->cell, "initial");
    work->context = lac_context_new(stream_of_model(e, work->cell));
    if (e->limit_mib > 0)
        lac_context_set_memory(work->context, (size_t)(e->limit_mib * 1024.0 * 1024.0));
    lac_context_set_check_numerics(work->context, runner->check_numerics);
    listen(runner, work);
    work->imputer = lac_imputer_new(model, initial, work->cell->scale, work->context);
    lac_context_set_draws(work->context, MAX(MAX(1, lac_work_draws(work)), most_imputations(e)));
    if (optimizer != NULL)
        lac_imputer_set_optimizer(work->imputer, optimizer);
    lac_imputer_set_rounding(work->imputer, FALSE);
    lac_imputer_set_rules(work->imputer, work->cell->data->columns);
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
    if (work->cell->repeat == 0 && work->cell->fold == 0 && work->cell->stage == LAC_STAGE_NONE)
        lac_images_add(work->outcome, work->test_truth, work->test, work->completed,
                       work->split->test,
                       lac_runner_data_stream(work->experiment, work->cell, "images"));
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
    g_clear_pointer(&work->elbo, g_free);
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

/* A training that blew up has left the model of its last good epoch, to be looked at or used. */
static void
keep_last_good(LacWork *work, const LacImputer *imputer, const char *name)
{
    const size_t epoch = imputer != NULL ? lac_imputer_kept_epoch(imputer) : 0;
    const gboolean keeps = epoch > 0 && work->cell->stage == LAC_STAGE_NONE; /* trials: no files */
    GBytes *bytes = keeps ? lac_imputer_save_bytes(imputer, NULL) : NULL;
    g_autofree char *reason = NULL;

    if (bytes == NULL)
        return;
    reason = work->outcome->reason;
    lac_outcome_take_artifact(work->outcome, name, bytes);
    work->outcome->reason =
        g_strdup_printf("%s. The model of epoch %zu, the last good one, is in artifacts/%s/%s",
                        reason, epoch, work->cell->record->id, name);
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
    keep_last_good(work, work->imputer, "last-good.safetensors");
    keep_last_good(work, work->classifier, "classifier-last-good.safetensors");
}

/* Every model's classifier starts from the same weights and meets rows in the same order. Times are
 * those of the imputation; where the classifier is what is tried, they are its own. */
static gboolean
classify(const LacCellRunner *runner, LacWork *work, GError **error)
{
    const LacCell *cell = work->cell;
    LacResources resources;
    LacRng rng;

    if (cell->classifier == NULL)
        return TRUE;
    const LacRng mask = lac_runner_mask_stream(runner->experiment, cell, "downstream"),
                 fold = lac_rng_at(&mask, cell->fold);

    rng = lac_rng_split(&fold, cell->classifier->plugin->name);
    lac_resources_start(&resources);
    if (!lac_work_downstream(work, runner->truth, &rng, error))
        return FALSE;
    if (cell->stage == LAC_STAGE_CLASSIFIER) {
        work->outcome->fit_s = lac_resources_lap(&resources);
        work->outcome->apply_s = 0.0;
    }
    return TRUE;
}

/* ---- a model for more than one classifier ---------------------------------------------------- */

static gboolean
fit_anew(LacCellRunner *runner, LacWork *work, GError **error)
{
    return lac_runner_split(runner, work, error) && make_imputer(runner, work, error) &&
           tell_truth(runner, work, error) && fit_and_fill(work, error);
}

/* All are taken; they are the cell's only when its classifier would come out the same. */
static void
take_classifier(LacWork *work, char *key, LacImputer *classifier, LacContext *context)
{
    g_autofree char *own = key, *wanted = lac_cell_classifier_key(work->experiment, work->cell);

    if (g_strcmp0(own, wanted) != 0) {
        lac_imputer_free(classifier);
        lac_context_free(context);
        return;
    }
    lac_context_rewind(context);
    work->classifier = classifier;
    work->classifier_context = context;
}

/* From the runner to the cell; nothing of it is the runner's any more. */
static void
take_fitted(LacCellRunner *runner, LacWork *work)
{
    const LacFitted fitted = runner->fitted;

    runner->fitted = (LacFitted){0};
    work->split = fitted.split;
    work->train = fitted.train;
    work->test_truth = fitted.test_truth;
    work->test = fitted.test;
    work->context = fitted.context;
    work->imputer = fitted.imputer;
    work->completed = fitted.completed;
    work->outcome->fit_s = fitted.fit_s;
    work->outcome->apply_s = fitted.apply_s;
    work->outcome->cpu_s = fitted.cpu_s;
    work->outcome->peak_rss_mib = fitted.peak_rss_mib;
    lac_context_rewind(work->context);
    listen(runner, work);
    take_classifier(work, fitted.classifier_key, fitted.classifier, fitted.classifier_context);
}

/* From the cell to the runner. */
static void
keep_fitted(LacCellRunner *runner, LacWork *work)
{
    const LacOutcome *outcome = work->outcome;

    lac_context_set_progress(work->context, NULL, NULL);
    runner->fitted = (LacFitted){g_steal_pointer(&work->split),
                                 g_steal_pointer(&work->train),
                                 g_steal_pointer(&work->test_truth),
                                 g_steal_pointer(&work->test),
                                 g_steal_pointer(&work->context),
                                 g_steal_pointer(&work->imputer),
                                 g_steal_pointer(&work->completed),
                                 outcome->fit_s,
                                 outcome->apply_s,
                                 outcome->cpu_s,
                                 outcome->peak_rss_mib,
                                 lac_cell_classifier_key(work->experiment, work->cell),
                                 g_steal_pointer(&work->classifier_context),
                                 g_steal_pointer(&work->classifier)};
    lac_context_set_progress(runner->fitted.classifier_context, NULL, NULL);
}

/* Cells that differ in the classifier alone share one fit, which is what each would have had. */
static gboolean
fit(LacCellRunner *runner, LacWork *work, GError **error)
{
    g_autofree char *key = lac_cell_fit_key(runner->experiment, work->cell);

    if (g_strcmp0(runner->fitted_key, key) == 0) {
        take_fitted(runner, work);
        return TRUE;
    }
    fitted_clear(runner);
    if (!fit_anew(runner, work, error))
        return FALSE;
    lac_context_mark(work->context);
    runner->fitted_key = g_steal_pointer(&key);
    return TRUE;
}

/* ---- the whole cell -------------------------------------------------------------------------- */

/* A trial that cannot be judged has failed, whatever it completed. */
static gboolean
check_score(const LacWork *work, GError **error)
{
    const LacMetricRow *row;

    if (work->cell->stage == LAC_STAGE_NONE ||
        isfinite(lac_search_score(work->experiment, work->cell, work->outcome)))
        return TRUE;
    row = work->outcome->metrics->len > 0 ? work->outcome->metrics->pdata[0] : NULL;
    return lac_fail(error, LAC_ERROR_DATA, "search: the validation rows give no %s%s%s",
                    lac_search_metric_of(work->experiment, work->cell->stage)->label,
                    row != NULL && row->reason != NULL ? ": " : "",
                    row != NULL && row->reason != NULL ? row->reason : "");
}

static gboolean
run_cell(LacCellRunner *runner, LacWork *work, GError **error)
{
    return lac_runner_tables(runner, work, error) && fit(runner, work, error) &&
           classify(runner, work, error) && lac_work_score(work, error) && check_score(work, error);
}

LacOutcome *
lac_cell_runner_run(LacCellRunner *runner, const LacCell *cell)
{
    const LacCell resolved = lac_cell_resolve(cell);
    g_autoptr(GError) error = NULL;
    LacWork work = {.experiment = runner->experiment,
                    .cell = &resolved,
                    .outcome = lac_outcome_new("ok", NULL)};
    gboolean good;

    work.outcome->started = lac_store_now();
    work.outcome->host = g_strdup(g_get_host_name());
    work.outcome->threads = lac_threads();
    good = run_cell(runner, &work, &error);
    if (!good)
        set_failure(&work, error);
    else
        keep_images(&work);
    if (work.imputer != NULL)
        keep_traces_and_events(&work);
    work.outcome->contended = lac_resources_contended();
    work.outcome->finished = lac_store_now();
    if (good && cell->classifier != NULL)
        keep_fitted(runner, &work);
    else
        g_clear_pointer(&runner->fitted_key, g_free);
    work_clear(&work);
    return work.outcome;
}
