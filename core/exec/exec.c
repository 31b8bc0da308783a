/* The loop of a run: hand out cells, store what comes back, stop when asked. */
#include "exec-private.h"

#include <string.h>

enum {
    WAIT_MS = 200, /* how late an interrupt may be noticed */
};

typedef struct {
    const LacExec *exec;
    const LacCell **slots; /* [n_slots], NULL when empty */
    double *share;
    gboolean *retried; /* [todo->len]: was lost once already */
    size_t *index;     /* [n_slots]: into todo */
    size_t n_slots, next, busy, done, failed;
    gboolean stopping, interrupted;
} Run;

static void
notify(const Run *run, const LacCell *cell, const LacOutcome *outcome)
{
    const LacExecState state = {run->exec->todo->len, run->done,  run->failed,
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
    run->slots[slot] = cell;
    run->share[slot] = 0.0;
    run->index[slot] = index;
    run->busy++;
    return TRUE;
}

static gboolean
fill_slots(Run *run, GError **error)
{
    for (size_t s = 0; s < run->n_slots && !run->stopping; s++) {
        if (run->slots[s] != NULL || run->next >= run->exec->todo->len)
            continue;
        if (!submit(run, s, run->next, error))
            return FALSE;
        run->next++;
    }
    return TRUE;
}

static gboolean
store_outcome(Run *run, size_t slot, const LacOutcome *outcome, GError **error)
{
    const LacCell *cell = run->slots[slot];
    const gboolean good = strcmp(outcome->status, "ok") == 0;

    run->slots[slot] = NULL;
    run->busy--;
    if (!lac_store_record(run->exec->store, cell->record, outcome, run->exec->version, error))
        return FALSE;
    run->done++;
    run->failed += !good;
    if (!good && run->exec->fail_fast)
        run->stopping = TRUE;
    notify(run, cell, outcome);
    return TRUE;
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

gboolean
lac_exec_run(const LacExec *exec, LacExecSummary *out, GError **error)
{
    const size_t n = exec->backend->slots;
    g_autofree const LacCell **slots = g_new0(const LacCell *, n);
    g_autofree double *share = g_new0(double, n);
    g_autofree size_t *index = g_new0(size_t, n);
    g_autofree gboolean *retried = g_new0(gboolean, exec->todo->len + 1);
    Run run = {.exec = exec,
               .slots = slots,
               .share = share,
               .retried = retried,
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
    *out = (LacExecSummary){run.done, run.failed, exec->todo->len - run.done, run.interrupted};
    return good;
}
