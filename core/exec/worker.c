/* A worker: the same program, told over a socket which cells to run. */
#include "context-private.h"
#include "exec-private.h"
#include "wire.h"

#include <string.h>

enum {
    PROGRESS_GAP_US = 100 * 1000, /* at most ten reports a second */
};

typedef struct {
    int fd;
    LacExperiment *experiment;
    LacCellRunner *runner;
    gint64 last_report;
} Worker;

static void
worker_clear(Worker *worker)
{
    g_clear_pointer(&worker->runner, lac_cell_runner_free);
    g_clear_pointer(&worker->experiment, lac_experiment_free);
}

/* Lost progress is no harm; a parent that is gone shows when the outcome is sent. */
static void
report_progress(void *user, double done)
{
    Worker *worker = user;
    const gint64 now = g_get_monotonic_time();

    if (now - worker->last_report < PROGRESS_GAP_US)
        return;
    worker->last_report = now;
    lac_wire_send(worker->fd, LAC_WIRE_PROGRESS, &done, sizeof done, NULL);
}

static gboolean
start(Worker *worker, GBytes *content, GError **error)
{
    g_autoptr(GVariant) init = g_variant_ref_sink(
        g_variant_new_from_bytes(G_VARIANT_TYPE(LAC_WIRE_INIT_TYPE), content, FALSE));
    const char *text, *file, *base_dir;
    guint32 threads;
    gboolean check_numerics;

    g_variant_get(init, "(&s&s&sub)", &text, &file, &base_dir, &threads, &check_numerics);
    lac_threads_set(threads);
    worker->experiment = lac_experiment_parse(text, strlen(text), file, base_dir, NULL, error);
    if (worker->experiment == NULL)
        return FALSE;
    worker->runner = lac_cell_runner_new(worker->experiment);
    lac_cell_runner_set_progress(worker->runner, report_progress, worker);
    lac_cell_runner_set_check_numerics(worker->runner, check_numerics);
    return TRUE;
}

/* The id says whether parent and worker mean the same cell: file, data and plugins are unchanged.
 */
static LacOutcome *
run(Worker *worker, GBytes *content)
{
    g_autoptr(GVariant) order = g_variant_ref_sink(
        g_variant_new_from_bytes(G_VARIANT_TYPE(LAC_WIRE_RUN_TYPE), content, FALSE));
    LacCell *cell;
    const char *id;
    guint32 position, model, classifier;

    g_variant_get(order, "(u&suu)", &position, &id, &model, &classifier);
    if (worker->runner == NULL || position >= worker->experiment->cells->len)
        return lac_outcome_new("failed", "the worker does not know this cell");
    cell = worker->experiment->cells->pdata[position];
    if (strcmp(cell->record->id, id) != 0)
        return lac_outcome_new("failed", "a data file or a plugin changed during the run; run "
                                         "again with --resume");
    cell->chosen_model = model;
    cell->chosen_classifier = classifier;
    return lac_cell_runner_run(worker->runner, cell);
}

/* What keeps the worker from starting is the outcome of whatever cell it was wanted for. */
static gboolean
answer(Worker *worker, const LacWireMessage *message, GError **refusal, GError **error)
{
    g_autoptr(LacOutcome) outcome = NULL;
    g_autoptr(GBytes) packed = NULL;
    gsize n;
    gconstpointer bytes;

    if (message->type == LAC_WIRE_INIT) {
        start(worker, message->content, refusal);
        return TRUE;
    }
    outcome = *refusal != NULL ? lac_outcome_new("failed", (*refusal)->message)
                               : run(worker, message->content);
    packed = lac_outcome_pack(outcome);
    bytes = g_bytes_get_data(packed, &n);
    return lac_wire_send(worker->fd, LAC_WIRE_OUTCOME, bytes, n, error);
}

int
lac_worker_main(int fd)
{
    g_autoptr(GError) error = NULL, refusal = NULL;
    Worker worker = {.fd = fd};
    LacWireMessage message = {0};
    gboolean good = TRUE;

    while (good && lac_wire_receive(fd, &message, &error)) {
        good = answer(&worker, &message, &refusal, &error);
        lac_wire_message_clear(&message);
    }
    worker_clear(&worker);
    return error != NULL ? 1 : 0;
}
