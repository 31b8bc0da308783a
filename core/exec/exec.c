/* The loop of a run: hand out cells, store what comes back, stop when asked. */
#include "exec-private.h"
#include "select.h"

#include <string.h>

enum {
    WAIT_MS = 200, /* how late an interrupt may be noticed */
};

typedef struct {
    const LacExec *exec;
    const LacCell **slots; /* [n_slots], NULL when empty */
    double *share;
    gboolean *retried;   /* [todo->len]: was lost once already */
    size_t *index;       /* [n_slots]: into todo */
    gboolean *started;   /* [todo->len] */
    GHashTable *pending; /* ids of todo that have no outcome yet, lent */
    size_t n_slots, next, busy, done, failed, failed_trials;
    gboolean stopping, interrupted;
} Run;

static void
notify(const Run *run, const LacCell *cell, const LacOutcome *outcome)
{
    const LacExecState state = {run->exec->todo->len, run->done,  run->failed, run->failed_trials,
                                run->n_slots,         run->slots, run->share};

    if (run->exec->changed != NULL)
        run->exec->changed(run->exec->user, &state, cell, outcome);
}

static gboolean
submit(Run *run, size_t slot, size_t index, GError **error)
{
    const LacCell *cell = run->exec->todo->pdata[index];

    if (!run->exec->backend->submit(run->exec->backend, slot, cell, error))
        return FALSE;
    run->started[index] = TRUE;
    run->slots[slot] = cell;
    run->share[slot] = 0.0;
    run->index[slot] = index;
    run->busy++;
    return TRUE;
}

/* Failed trials are part of every search; what counts as failed is a cell without a result. */
static gboolean
record(Run *run, const LacCell *cell, const LacOutcome *outcome, GError **error)
{
    const gboolean good = strcmp(outcome->status, "ok") == 0,
                   is_trial = cell->stage != LAC_STAGE_NONE;

    if (is_trial && good)
        cell->record->score = lac_search_score(run->exec->experiment, cell, outcome);
    if (!lac_store_record(run->exec->store, cell->record, outcome, run->exec->version, error))
        return FALSE;
    g_hash_table_remove(run->pending, cell->record->id);
    run->done++;
    run->failed += !good && !is_trial;
    run->failed_trials += !good && is_trial;
    if (!good && !is_trial && run->exec->fail_fast)
        run->stopping = TRUE;
    notify(run, cell, outcome);
    return TRUE;
}

/* A cell whose searches have nothing to choose from fails without being run. */
static gboolean
refuse(Run *run, size_t index, const char *reason, GError **error)
{
    g_autoptr(LacOutcome) outcome = lac_outcome_new("failed", reason);

    outcome->host = g_strdup(g_get_host_name());
    outcome->started = lac_store_now();
    outcome->finished = lac_store_now();
    run->started[index] = TRUE;
    return record(run, run->exec->todo->pdata[index], outcome, error);
}

/* The first cell that waits for nobody; todo->len when there is none now. */
static size_t
next_ready(Run *run)
{
    const GPtrArray *todo = run->exec->todo;

    while (run->next < todo->len && run->started[run->next])
        run->next++;
    for (size_t i = run->next; i < todo->len; i++)
        if (!run->started[i] && lac_select_is_ready(todo->pdata[i], run->pending))
            return i;
    return todo->len;
}

static gboolean
fill_slot(Run *run, size_t slot, GError **error)
{
    const LacExec *exec = run->exec;
    size_t index;

    while (!run->stopping && (index = next_ready(run)) < exec->todo->len) {
        g_autofree char *refusal = NULL;

        if (!lac_select(exec->experiment, exec->store, exec->todo->pdata[index], &refusal, error))
            return FALSE;
        if (refusal == NULL)
            return submit(run, slot, index, error);
        if (!refuse(run, index, refusal, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
fill_slots(Run *run, GError **error)
{
    for (size_t s = 0; s < run->n_slots && !run->stopping; s++)
        if (run->slots[s] == NULL && !fill_slot(run, s, error))
            return FALSE;
    return TRUE;
}

static gboolean
store_outcome(Run *run, size_t slot, const LacOutcome *outcome, GError **error)
{
    const LacCell *cell = run->slots[slot];

    run->slots[slot] = NULL;
    run->busy--;
    return record(run, cell, outcome, error);
}

static gboolean
take(Run *run, const LacBackendEvent *event, GError **error)
{
    const size_t index = run->index[event->slot];

    if (event->type == LAC_BACKEND_PROGRESS) {
        run->share[event->slot] = event->done;
        notify(run, NULL, NULL);
        return TRUE;
    }
    if (event->lost && (run->stopping || !run->retried[index])) {
        run->slots[event->slot] = NULL;
        run->busy--;
        run->retried[index] = TRUE;
        return run->stopping || submit(run, event->slot, index, error);
    }
    return store_outcome(run, event->slot, event->outcome, error);
}

static void
heed_interrupts(Run *run)
{
    const int asked = run->exec->interrupts != NULL ? run->exec->interrupts() : 0;

    if (asked == 0)
        return;
    run->stopping = run->interrupted = TRUE;
    if (asked > 1 && run->busy > 0) {
        run->exec->backend->stop(run->exec->backend);
        memset(run->slots, 0, run->n_slots * sizeof *run->slots);
        run->busy = 0;
    }
}

static gboolean
step(Run *run, GError **error)
{
    LacBackendEvent event = {0};
    gboolean good;

    if (!run->exec->backend->wait(run->exec->backend, WAIT_MS, &event, error))
        return FALSE;
    if (event.type == LAC_BACKEND_NOTHING) {
        notify(run, NULL, NULL);
        return TRUE;
    }
    good = take(run, &event, error);
    lac_outcome_free(event.outcome);
    return good;
}

static GHashTable *
ids_of(const GPtrArray *cells)
{
    GHashTable *ids = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < cells->len; i++)
        g_hash_table_add(ids, ((const LacCell *)cells->pdata[i])->record->id);
    return ids;
}

gboolean
lac_exec_run(const LacExec *exec, LacExecSummary *out, GError **error)
{
    const size_t n = exec->backend->slots;
    g_autofree const LacCell **slots = g_new0(const LacCell *, n);
    g_autofree double *share = g_new0(double, n);
    g_autofree size_t *index = g_new0(size_t, n);
    g_autofree gboolean *retried = g_new0(gboolean, exec->todo->len + 1);
    g_autofree gboolean *started = g_new0(gboolean, exec->todo->len + 1);
    g_autoptr(GHashTable) pending = ids_of(exec->todo);
    Run run = {.exec = exec,
               .slots = slots,
               .share = share,
               .retried = retried,
               .started = started,
               .pending = pending,
               .index = index,
               .n_slots = n};
    gboolean good = fill_slots(&run, error);

    while (good && run.busy > 0) {
        heed_interrupts(&run);
        if (run.busy > 0)
            good = step(&run, error) && fill_slots(&run, error);
    }
    if (!good)
        exec->backend->stop(exec->backend);
    *out = (LacExecSummary){run.done, run.failed, run.failed_trials, exec->todo->len - run.done,
                            run.interrupted};
    return good;
}
