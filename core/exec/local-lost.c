/* What is said of a cell whose worker will not answer any more. */
#include "local.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

LacOutcome *
lac_local_lost(const LacLocal *local, const LacWorker *worker, const char *status,
               const char *reason)
{
    LacOutcome *outcome = lac_outcome_new(status, reason);

    outcome->host = g_strdup(g_get_host_name());
    outcome->threads = local->threads;
    outcome->started = g_strdup(worker->started_at);
    outcome->finished = lac_store_now();
    if (worker->seen_mib > 0.0)
        outcome->peak_rss_mib = worker->seen_mib;
    if (worker->doom == LAC_DOOM_TIME)
        outcome->fit_s = local->experiment->limit_s > 0 /* it took longer than this */
                             ? MIN(worker->ran_s, local->experiment->limit_s)
                             : worker->ran_s;
    return outcome;
}

/* The last line with something on it. Owned; NULL when nothing was said. */
static char *
last_words(const LacWorker *worker)
{
    g_auto(GStrv) lines = g_strsplit(worker->said->str, "\n", -1);

    for (guint i = g_strv_length(lines); i-- > 0;)
        if (g_strstrip(lines[i])[0] != '\0')
            return g_utf8_make_valid(lines[i], -1);
    return NULL;
}

static char *
crash_reason(const LacWorker *worker, int status)
{
    g_autofree char *said = last_words(worker);
    g_autofree char *how =
        WIFSIGNALED(status) ? g_strdup_printf("the worker process was ended by signal %d (%s)",
                                              WTERMSIG(status), g_strsignal(WTERMSIG(status)))
        : WIFEXITED(status)
            ? g_strdup_printf("the worker process ended itself with status %d", WEXITSTATUS(status))
            : g_strdup("the worker process ended");

    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && said == NULL)
        return g_strdup_printf("%s; the system does this when memory runs out", how);
    return said != NULL ? g_strdup_printf("%s: %s", how, said) : g_steal_pointer(&how);
}

/* GLib ends the process when an allocation fails, and says so. */
static gboolean
ran_out_of_memory(const LacWorker *worker)
{
    return strstr(worker->said->str, "failed to allocate") != NULL ||
           strstr(worker->said->str, "out of memory") != NULL ||
           strstr(worker->said->str, "bad_alloc") != NULL;
}

LacOutcome *
lac_local_death(const LacLocal *local, const LacWorker *worker, int status)
{
    const LacExperiment *e = local->experiment;
    g_autofree char *reason = NULL;

    if (worker->doom == LAC_DOOM_TIME && worker->ran_s >= e->limit_s && e->limit_s > 0)
        reason =
            g_strdup_printf("ran longer than %g s, the limit of a cell (limits.time)", e->limit_s);
    else if (worker->doom == LAC_DOOM_TIME)
        reason = g_strdup_printf("was stopped after %.1f s, when its time was up", worker->ran_s);
    else if (worker->doom == LAC_DOOM_MEMORY)
        reason =
            g_strdup_printf("its worker held %.0f MiB, more than %.0f MiB, the limit of a cell "
                            "(limits.memory)",
                            worker->seen_mib, e->limit_mib);
    else
        reason = crash_reason(worker, status);
    return lac_local_lost(local, worker,
                          worker->doom == LAC_DOOM_TIME                                  ? "timeout"
                          : worker->doom == LAC_DOOM_MEMORY || ran_out_of_memory(worker) ? "memory"
                                                                                         : "crash",
                          reason);
}
