/* lacuna run: an experiment file becomes a folder of results. */
#include "cli-private.h"
#include "config.h"
#include "exec-private.h"
#include "plan-private.h"
#include "report-private.h"

#include <lacuna/parallel.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_WORKERS = 1024,
    WARNINGS = 5, /* failures told one by one; all of them are in the results */
};

typedef struct {
    char *output, *max_memory;
    int64_t jobs;
    char **set;
    gboolean resume, force, prune, retry_failed, dry_run, fail_fast, keep_going, check_numerics;
} RunState;

/* What the progress line needs to know. */
typedef struct {
    const LacExperiment *experiment;
    gint64 started;
    int heard; /* interrupts already answered */
    unsigned warnings;
} Watch;

static int
dry_run(const LacExperiment *e)
{
    guint trials = 0;

    for (guint i = 0; i < e->cells->len; i++) {
        const LacCell *cell = e->cells->pdata[i];
        g_autofree char *text = lac_cell_describe(e, cell);

        printf("%.12s  %s\n", cell->record->id, text);
        trials += cell->stage != LAC_STAGE_NONE ? 1 : 0;
    }
    if (!lac_cli_quiet() && trials > 0)
        lac_cli_say("%u cells, %u trials of searches before them", e->cells->len - trials, trials);
    else if (!lac_cli_quiet())
        lac_cli_say("%u cells", e->cells->len);
    return LAC_EXIT_OK;
}

/* ---- progress -------------------------------------------------------------------------------- */

static char *
duration(double seconds)
{
    const long s = (long)(seconds + 0.5);

    if (s >= 3600)
        return g_strdup_printf("%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    return g_strdup_printf("%ld:%02ld", s / 60, s % 60);
}

/* Cells finished, counting the running ones by what they say of themselves. */
static double
cells_worth(const LacExecState *state)
{
    double worth = (double)state->done;

    for (size_t i = 0; i < state->n_slots; i++)
        if (state->slots[i] != NULL)
            worth += CLAMP(state->share[i], 0.0, 1.0);
    return worth;
}

/* What each worker does; on a terminal all have the same share of the rest of the line. */
static void
show_workers(const Watch *watch, const LacExecState *state, GString *line)
{
    static const glong between = 3, least = 10; /* characters */
    const gboolean tty = isatty(STDERR_FILENO);
    const glong rest = (glong)lac_cli_width() - 1 - g_utf8_strlen(line->str, -1);
    glong busy = 0, room;

    for (size_t i = 0; i < state->n_slots; i++)
        busy += state->slots[i] != NULL;
    room = busy > 0 ? rest / busy - between : 0;
    if (tty && room < least)
        return;
    for (size_t i = 0; i < state->n_slots; i++) {
        g_autoptr(GString) text = NULL;
        g_autofree char *cell = NULL, *shown = NULL;

        if (state->slots[i] == NULL)
            continue;
        cell = lac_cell_describe(watch->experiment, state->slots[i]);
        text = g_string_new(cell);
        if (state->share[i] > 0)
            g_string_append_printf(text, " %.0f%%", 100.0 * state->share[i]);
        shown = tty ? lac_cli_shorten(text->str, (size_t)room) : g_strdup(text->str);
        g_string_append_printf(line, " | %s", shown);
    }
}

static void
show_progress(const Watch *watch, const LacExecState *state)
{
    const double elapsed = 1e-6 * (double)(g_get_monotonic_time() - watch->started);
    const double worth = cells_worth(state);
    g_autoptr(GString) line = g_string_new(NULL);

    g_string_append_printf(line, "%zu/%zu cells", state->done, state->total);
    if (state->failed > 0)
        g_string_append_printf(line, ", %zu failed", state->failed);
    if (state->failed_trials > 0)
        g_string_append_printf(line, ", %zu trials failed", state->failed_trials);
    if (worth > 0 && elapsed > 0) {
        g_autofree char *left = duration(((double)state->total - worth) * elapsed / worth);

        g_string_append_printf(line, ", %.3g/s, %s left", worth / elapsed, left);
    }
    show_workers(watch, state, line);
    lac_cli_progress(line->str);
}

static void
warn_of_failure(Watch *watch, const LacCell *cell, const LacOutcome *outcome)
{
    g_autofree char *text = lac_cell_describe(watch->experiment, cell);

    if (watch->warnings < WARNINGS || lac_cli_verbose())
        lac_cli_warn("%s: %s: %s", text, outcome->status, outcome->reason);
    else if (watch->warnings == WARNINGS)
        lac_cli_warn("more cells fail; `lacuna results` lists them, -v says each at once");
    watch->warnings++;
}

static void
on_change(void *user, const LacExecState *state, const LacCell *cell, const LacOutcome *outcome)
{
    Watch *watch = user;
    const int interrupts = lac_cli_interrupted();

    if (outcome != NULL && strcmp(outcome->status, "ok") != 0)
        warn_of_failure(watch, cell, outcome);
    if (interrupts > 0 && watch->heard == 0)
        lac_cli_say("finishing the cells that are running; interrupt again to drop them");
    watch->heard = interrupts;
    show_progress(watch, state);
}

/* ---- one run --------------------------------------------------------------------------------- */

static LacStoreMode
store_mode(const RunState *self)
{
    if (self->force)
        return LAC_STORE_REPLACE;
    return self->resume || self->retry_failed || self->prune ? LAC_STORE_RESUME : LAC_STORE_NEW;
}

static LacStore *
open_store(const RunState *self, const LacExperiment *e, const char *dir, const char *command,
           GError **error)
{
    const LacRunInfo info = {.name = e->name,
                             .seed = e->seed,
                             .yaml = e->yaml,
                             .command = command,
                             .version = LAC_VERSION,
                             .abi = LAC_ABI};

    return lac_store_begin(dir, store_mode(self), &info, error);
}

/* Results of an earlier state of the file, its data or its plugins must not mix with new ones. */
static gboolean
settle_stale(const RunState *self, const LacExperiment *e, LacStore *store, GHashTable *stored,
             GError **error)
{
    g_auto(GStrv) stale = lac_plan_stale(e, stored);
    const guint n = g_strv_length(stale);

    if (n == 0)
        return TRUE;
    if (!self->prune)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "%s: holds %u cells that this experiment does not have: the file, its data "
                        "or a plugin has changed since; choose another folder with -o, or drop "
                        "those cells with --prune",
                        lac_store_dir(store), n);
    lac_cli_say("dropping %u cells that this experiment does not have", n);
    return lac_store_delete(store, (const char *const *)stale, error);
}

static void
print_summary(const LacExperiment *e, const LacExecSummary *summary, guint before, const char *dir,
              gint64 started)
{
    const double seconds = 1e-6 * (double)(g_get_monotonic_time() - started);
    g_autofree char *time = seconds < 60 ? g_strdup_printf("%.1f s", seconds) : duration(seconds);
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_append_printf(text, "%zu cells%s done", summary->done,
                           e->search.draws > 0 ? " and trials" : "");
    if (before > 0)
        g_string_append_printf(text, " (%u were there)", before);
    if (summary->failed > 0)
        g_string_append_printf(text, ", %zu failed", summary->failed);
    if (summary->failed_trials > 0)
        g_string_append_printf(text, ", %zu trials failed and were passed over",
                               summary->failed_trials);
    if (summary->left > 0)
        g_string_append_printf(text, ", %zu left", summary->left);
    g_string_append_printf(text, ", in %s: %s", time, dir);
    lac_cli_say("%s", text->str);
    if (summary->left > 0)
        lac_cli_say("go on with --resume");
}

/* What came out, on standard output; a run without a single number has nothing to show. */
static void
print_table(const char *dir)
{
    g_autofree char *table = lac_report_terminal(dir, lac_cli_colour(stdout),
                                                 isatty(STDOUT_FILENO) ? lac_cli_width() : 0, NULL);

    if (table != NULL && !lac_cli_quiet())
        fputs(table, stdout);
}

static int
exit_status(const LacExecSummary *summary, size_t failed_before)
{
    if (summary->interrupted && summary->left > 0)
        return LAC_EXIT_INTERRUPTED;
    return summary->failed + failed_before > 0 || summary->left > 0 ? LAC_EXIT_FAILED : LAC_EXIT_OK;
}

static size_t
count_failures(GHashTable *stored, const GPtrArray *cells)
{
    size_t failures = 0;

    for (guint i = 0; i < cells->len; i++) {
        const LacCell *cell = cells->pdata[i];
        const char *status = g_hash_table_lookup(stored, cell->record->id);

        failures += cell->stage == LAC_STAGE_NONE && status != NULL && strcmp(status, "ok") != 0;
    }
    return failures;
}

static int
run_cells(const RunState *self, const LacExperiment *e, LacStore *store, const GPtrArray *todo,
          size_t kept_failures, size_t workers, unsigned threads)
{
    const LacLocalOptions options = {
        .workers = workers, .threads = threads, .check_numerics = self->check_numerics};
    Watch watch = {.experiment = e, .started = g_get_monotonic_time()};
    g_autoptr(GError) error = NULL;
    LacExecSummary summary = {0};
    LacBackend *backend = lac_local_new(e, &options, &error);
    LacExec exec = {.experiment = e,
                    .todo = todo,
                    .backend = backend,
                    .store = store,
                    .version = LAC_VERSION,
                    .fail_fast = self->fail_fast,
                    .interrupts = lac_cli_interrupted,
                    .changed = on_change,
                    .user = &watch};
    gboolean good;

    if (backend == NULL)
        return lac_cli_error(error);
    lac_cli_catch_interrupts();
    good = lac_exec_run(&exec, &summary, &error);
    backend->free(backend);
    lac_cli_progress_end();
    if (good && summary.left == 0)
        good = lac_store_finish(store, &error);
    if (!good) {
        lac_cli_error(error);
        lac_cli_say("%zu cells were stored before that", summary.done);
        return LAC_EXIT_INTERRUPTED;
    }
    print_table(lac_store_dir(store));
    print_summary(e, &summary, e->cells->len - todo->len, lac_store_dir(store), watch.started);
    return exit_status(&summary, kept_failures);
}

static int
run_into(const RunState *self, const LacExperiment *e, const char *dir, const char *command)
{
    const size_t workers = self->jobs > 0 ? (size_t)self->jobs : 1;
    const unsigned threads =
        e->threads > 0 ? e->threads : MAX(1u, lac_threads() / (unsigned)workers);
    g_autoptr(GError) error = NULL;
    g_autoptr(LacStore) store = open_store(self, e, dir, command, &error);
    g_autoptr(GHashTable) stored = store != NULL ? lac_store_cells(store, &error) : NULL;
    g_autoptr(GPtrArray) todo = NULL;
    size_t kept_failures;

    if (stored == NULL || !settle_stale(self, e, store, stored, &error) ||
        !lac_plan_note_environment(store, e, workers, threads, &error))
        return lac_cli_error(error);
    if (workers * threads > g_get_num_processors())
        lac_cli_warn("%zu workers of %u threads share %u processors", workers, threads,
                     g_get_num_processors());
    todo = lac_plan_todo(e, stored, self->retry_failed);
    /* stored failures that are not tried again still make the whole a run with failures */
    kept_failures = count_failures(stored, e->cells) - count_failures(stored, todo);
    return run_cells(self, e, store, todo, kept_failures, workers, threads);
}

static char *
command_text(const RunState *self, const char *path)
{
    GString *text = g_string_new("lacuna run ");
    g_autofree char *quoted = g_shell_quote(path);

    g_string_append(text, quoted);
    for (char **set = self->set; set != NULL && *set != NULL; set++) {
        g_autofree char *value = g_shell_quote(*set);

        g_string_append_printf(text, " --set %s", value);
    }
    if (self->jobs > 0)
        g_string_append_printf(text, " -j %" G_GINT64_FORMAT, self->jobs);
    return g_string_free(text, FALSE);
}

/* --max-memory is a short way to say --set limits.memory. */
static void
take_max_memory(RunState *self)
{
    g_autoptr(GStrvBuilder) builder = NULL;
    g_autofree char *quoted = NULL;
    g_auto(GStrv) old = NULL;

    if (self->max_memory == NULL)
        return;
    builder = g_strv_builder_new();
    old = g_steal_pointer(&self->set);
    if (old != NULL)
        g_strv_builder_addv(builder, (const char **)old);
    quoted = g_strdup_printf("limits.memory=%s", self->max_memory);
    g_strv_builder_add(builder, quoted);
    self->set = g_strv_builder_end(builder);
}

/* Each profile has a folder of its own: cells of one are not those of another. */
static char *
default_folder(const LacExperiment *e)
{
    g_autofree char *name =
        e->profile != NULL ? g_strconcat(e->name, "-", e->profile, NULL) : g_strdup(e->name);

    return g_build_filename("results", name, NULL);
}

static int
run_run(void *state, int argc, char **argv)
{
    RunState *self = state;
    g_autoptr(GError) error = NULL;
    g_autoptr(LacExperiment) experiment = NULL;
    g_autofree char *dir = NULL, *command = NULL;

    if (argc != 1)
        return lac_cli_usage("run: expected one experiment file, got %d", argc);
    if (self->jobs < 0 || self->jobs > MAX_WORKERS)
        return lac_cli_usage("run: -j %" G_GINT64_FORMAT " is outside [1, %d]", self->jobs,
                             MAX_WORKERS);
    if (self->force && (self->resume || self->prune || self->retry_failed))
        return lac_cli_usage("run: --force throws results away, --resume, --prune and "
                             "--retry-failed keep them; choose one");
    if (self->fail_fast && self->keep_going)
        return lac_cli_usage("run: --fail-fast and --keep-going contradict each other");
    take_max_memory(self);
    experiment = lac_experiment_load(argv[0], (const char *const *)self->set, &error);
    if (experiment == NULL)
        return lac_cli_error(error);
    if (self->dry_run)
        return dry_run(experiment);
    command = command_text(self, argv[0]);
    dir = self->output != NULL ? g_strdup(self->output) : default_folder(experiment);
    return run_into(self, experiment, dir, command);
}

static const LacOption options[] = {
    LAC_OPTION(
        RunState, output, "output", 'o', PATH, "DIR",
        "Folder for the results (default: results/NAME, with profiles results/NAME-PROFILE)"),
    LAC_OPTION(RunState, jobs, "jobs", 'j', INT, "N",
               "Cells at a time, each in its own process; the threads are divided (default: 1)"),
    LAC_OPTION(RunState, set, "set", 0, STRINGS, "PATH=VALUE",
               "Change a value of the file, as in --set repeats=1 or --set model[1].knn.k=3"),
    LAC_OPTION(RunState, max_memory, "max-memory", 0, STRING, "SIZE",
               "Memory of each cell's worker (MiB, or \"2 GiB\"), as limits.memory in the file; a "
               "model that would need more is refused before it starts"),
    LAC_OPTION(RunState, resume, "resume", 0, FLAG, NULL,
               "Go on with the results in DIR: run only what is missing or crashed"),
    LAC_OPTION(RunState, retry_failed, "retry-failed", 0, FLAG, NULL,
               "As --resume, and run failed cells again"),
    LAC_OPTION(RunState, prune, "prune", 0, FLAG, NULL,
               "As --resume, and drop results of cells the experiment no longer has"),
    LAC_OPTION(RunState, force, "force", 0, FLAG, NULL, "Throw away the results in DIR"),
    LAC_OPTION(RunState, dry_run, "dry-run", 'n', FLAG, NULL, "List the cells, run nothing"),
    LAC_OPTION(RunState, fail_fast, "fail-fast", 0, FLAG, NULL,
               "Start nothing more after the first failed cell"),
    LAC_OPTION(RunState, check_numerics, "check-numerics", 0, FLAG, NULL,
               "After every operator of a net look for NaN and infinities and name the first "
               "(slow)"),
    LAC_OPTION(RunState, keep_going, "keep-going", 0, FLAG, NULL,
               "Record failed cells and go on (default)"),
    LAC_OPTION_END,
};

const LacCommand lac_command_run = {
    .name = "run",
    .arguments = "EXPERIMENT.yaml",
    .summary = "Run an experiment: every method on every data set, mask and repeat",
    .details =
        "Each cell runs in a worker process. A crash, a time-out, a memory overrun or a result "
        "that "
        "is not finite is recorded as that cell's failure, with the reason, and the rest goes "
        "on.\n\n"
        "Interrupt once (Ctrl-C) to finish the cells that are running and stop, twice to stop now; "
        "either way what is stored stays, and --resume runs only the rest.\n\n"
        "  lacuna run experiments/quickstart.yaml -o results/quickstart -j 2\n"
        "  lacuna run experiments/quickstart.yaml --dry-run\n"
        "  lacuna run experiments/quickstart.yaml -o results/quickstart --resume",
    .options = options,
    .state_size = sizeof(RunState),
    .run = run_run,
};
