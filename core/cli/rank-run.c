/* The race: every candidate under the first mask, cheap ones first; then the energy-I-score of the
 * table's own holes; then further masks, each for all candidates or for none, while there is time.
 */
#include "rank-private.h"

#include "config.h"
#include "exec-private.h"
#include "plan-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <lacuna/parallel.h>
#include <lacuna/stats.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* One experiment with its folder of results and its workers. */
typedef struct {
    char *dir;
    LacExperiment *experiment;
    LacStore *store;
    GHashTable *stored; /* id -> status, of an earlier call */
    LacBackend *backend;
} Track;

/* What became of a candidate so far. */
typedef struct {
    gboolean started, good;
    double seconds; /* of a cell, measured */
} Runner;

typedef struct {
    const LacRankRequest *request;
    LacRankPlan plan;
    char *dir;
    Track truth, own;
    GArray *candidates; /* of LacRankCandidate */
    Runner *runners;    /* [candidates] */
    gint64 start;
    double expected_s, measured_s; /* of the fits that estimates were compared with */
    gboolean interrupted, last_good;
    double last_fit_s; /* of the cell that ended last, fit and completion */
    GPtrArray *notes;
    const char *phase;
} Race;

static LacRankCandidate *
race_candidate(const Race *race, size_t c)
{
    return &g_array_index(race->candidates, LacRankCandidate, c);
}

static double
race_elapsed(const Race *race)
{
    return 1e-6 * (double)(g_get_monotonic_time() - race->start);
}

/* Seconds left; INFINITY without a budget. */
static double
race_left(const Race *race)
{
    return race->request->budget_s > 0 ? race->request->budget_s - race_elapsed(race) : INFINITY;
}

/* What estimates are multiplied by: time taken by time expected, so that the fits which took long
 * weigh most (of short ones it is the start that is measured), with a second as expected for a
 * beginning. */
static double
race_factor(const Race *race)
{
    return (race->measured_s + 1) / (race->expected_s + 1);
}

/* "12 s", "3.5 min". Owned. */
static char *
time_text(double seconds)
{
    if (seconds < 99.5)
        return g_strdup_printf("%.*f s", seconds < 9.95 ? 1 : 0, seconds);
    return g_strdup_printf("%.1f min", seconds / 60);
}

/* ---- folders -----------------------------------------------------------------------------------
 */

/* A folder of our own making with all that is in it; links are not followed. */
static void
remove_folder(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;

    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *inner = g_build_filename(path, name, NULL);

        if (!g_file_test(inner, G_FILE_TEST_IS_SYMLINK) && g_file_test(inner, G_FILE_TEST_IS_DIR))
            remove_folder(inner);
        else
            g_unlink(inner);
    }
    g_rmdir(path);
}

static gboolean
make_folder(const char *path, GError **error)
{
    return g_mkdir_with_parents(path, 0777) == 0 ||
           lac_fail(error, LAC_ERROR_IO, "%s: cannot be made: %s", path, g_strerror(errno));
}

static gboolean
race_folder(Race *race, GError **error)
{
    if (race->request->keep != NULL) {
        race->dir = g_canonicalize_filename(race->request->keep, NULL);
        if (!make_folder(race->dir, error))
            return FALSE;
    } else {
        race->dir = g_dir_make_tmp("lacuna-rank-XXXXXX", error);
        if (race->dir == NULL)
            return FALSE;
    }
    return lac_rank_write_table(race->request, race->dir, error);
}

/* ---- tracks ------------------------------------------------------------------------------------
 */

static gboolean
track_store(const Race *race, Track *track, GError **error)
{
    const LacRunInfo info = {.name = "rank",
                             .seed = track->experiment->seed,
                             .yaml = track->experiment->yaml,
                             .command = "lacuna rank",
                             .version = LAC_VERSION,
                             .abi = LAC_ABI};
    g_auto(GStrv) stale = NULL;

    track->store = lac_store_begin(track->dir, LAC_STORE_RESUME, &info, error);
    track->stored = track->store != NULL ? lac_store_cells(track->store, error) : NULL;
    if (track->stored == NULL)
        return FALSE;
    stale = lac_plan_stale(track->experiment, track->stored);
    return stale[0] == NULL ||
           lac_fail(error, LAC_ERROR_PARAM,
                    "%s: holds results of another table or of other settings; choose another "
                    "folder for --keep",
                    race->dir);
}

static gboolean
track_open(const Race *race, Track *track, const char *name, const char *yaml, GError **error)
{
    const size_t workers = (size_t)MAX(race->request->jobs, 1);
    const LacLocalOptions options = {.workers = workers,
                                     .threads = MAX(1u, lac_threads() / (unsigned)workers)};
    g_autoptr(GError) said = NULL;

    track->dir = g_build_filename(race->dir, name, NULL);
    if (!make_folder(track->dir, error))
        return FALSE;
    track->experiment =
        lac_experiment_parse(yaml, strlen(yaml), LAC_RANK_NAME, track->dir, NULL, &said);
    if (track->experiment == NULL)
        return lac_rank_fail(race->request, race->dir, said, error);
    if (!track_store(race, track, error) ||
        !lac_plan_note_environment(track->store, track->experiment, workers, options.threads,
                                   error))
        return FALSE;
    track->backend = lac_local_new(track->experiment, &options, error);
    return track->backend != NULL;
}

static void
track_close(Track *track)
{
    if (track->backend != NULL)
        track->backend->free(track->backend);
    track->backend = NULL;
    g_clear_pointer(&track->stored, g_hash_table_unref);
    g_clear_pointer(&track->store, lac_store_free);
    g_clear_pointer(&track->experiment, lac_experiment_free);
}

static void
race_clear(Race *race)
{
    track_close(&race->truth);
    track_close(&race->own);
    g_free(race->truth.dir);
    g_free(race->own.dir);
    lac_rank_plan_clear(&race->plan);
    g_clear_pointer(&race->candidates, g_array_unref);
    g_clear_pointer(&race->notes, g_ptr_array_unref);
    g_free(race->runners);
    if (race->dir != NULL && race->request->keep == NULL)
        remove_folder(race->dir);
    g_free(race->dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Race, race_clear)

/* ---- running -----------------------------------------------------------------------------------
 */

static void
on_change(void *user, const LacExecState *state, const LacCell *cell, const LacOutcome *outcome)
{
    Race *race = user;
    g_autoptr(GString) line = g_string_new(race->phase);

    if (outcome != NULL) {
        race->last_good = strcmp(outcome->status, "ok") == 0;
        race->last_fit_s = outcome->fit_s + outcome->apply_s;
    }
    for (size_t i = 0; i < state->n_slots; i++) {
        if (state->slots[i] == NULL)
            continue;
        g_string_append_printf(line, ", %s", state->slots[i]->model->label);
        if (state->share[i] > 0)
            g_string_append_printf(line, " %.0f%%", 100 * state->share[i]);
    }
    if (race->request->budget_s > 0) {
        g_autofree char *left = time_text(MAX(race_left(race), 0));

        g_string_append_printf(line, "; %s left", left);
    }
    lac_cli_progress(line->str);
}

/* When a cell that starts now is stopped at the latest; 0: never. */
static gint64
deadline_of(const Race *race, double limit_s)
{
    const double end = MIN(0.02 * race->request->budget_s, 0.5); /* for stopping and the page */
    const double left = MIN(race_left(race) - end, limit_s > 0 ? limit_s : INFINITY);

    return isinf(left) ? 0 : g_get_monotonic_time() + (gint64)(MAX(left, 0) * G_USEC_PER_SEC);
}

/* Runs what of @cells is not stored yet. @limit_s: of each cell, 0 for none. */
static gboolean
race_run(Race *race, Track *track, GPtrArray *cells, double limit_s, GError **error)
{
    g_autoptr(GPtrArray) todo = g_ptr_array_new();
    LacExecSummary summary = {0};
    const LacExec exec = {.experiment = track->experiment,
                          .todo = todo,
                          .backend = track->backend,
                          .store = track->store,
                          .version = LAC_VERSION,
                          .interrupts = lac_cli_interrupted,
                          .changed = on_change,
                          .user = race};
    gboolean good;

    for (guint i = 0; i < cells->len; i++) {
        const LacCell *cell = cells->pdata[i];
        const char *status = g_hash_table_lookup(track->stored, cell->record->id);

        /* what ran out of time may have more of it now */
        if (status == NULL || strcmp(status, "timeout") == 0 || strcmp(status, "crash") == 0)
            g_ptr_array_add(todo, cells->pdata[i]);
        else
            race->last_good = strcmp(status, "ok") == 0;
    }
    track->experiment->deadline = deadline_of(race, limit_s);
    good = todo->len == 0 || lac_exec_run(&exec, &summary, error);
    lac_cli_progress_end();
    race->interrupted |= summary.interrupted;
    return good;
}

static LacCell *
track_cell(const Track *track, const char *label, size_t repeat)
{
    for (guint i = 0; i < track->experiment->cells->len; i++) {
        LacCell *cell = track->experiment->cells->pdata[i];

        if (cell->repeat == repeat && strcmp(cell->model->label, label) == 0)
            return cell;
    }
    g_assert_not_reached();
}

/* The cells of all that did well so far. Owned. */
static GPtrArray *
good_cells(const Race *race, const Track *track, size_t repeat)
{
    GPtrArray *cells = g_ptr_array_new();

    for (size_t c = 0; c < race->candidates->len; c++)
        if (race->runners[c].good)
            g_ptr_array_add(cells,
                            track_cell(track, race_candidate(race, c)->model->label, repeat));
    return cells;
}

/* ---- the first mask ----------------------------------------------------------------------------
 */

/* Whether candidate @c may start; if not, its reason is set. One that could not be run often enough
 * to be tested would only take the others' time. */
static gboolean
may_start(Race *race, size_t c)
{
    LacRankCandidate *candidate = race_candidate(race, c);
    const int64_t fits = MIN(race->request->repeats, LAC_RANK_TESTED) +
                         (int64_t)(race->plan.own != NULL ? race->plan.own_columns + 1 : 0);
    const double wants = (double)fits * candidate->seconds * race_factor(race),
                 left = race_left(race);
    g_autofree char *all = NULL, *rest = NULL, *needs = NULL;

    if (candidate->reason != NULL)
        return FALSE;
    if (left > 0 && !(wants > left))
        return TRUE;
    all = time_text(race->request->budget_s);
    rest = time_text(MAX(left, 0));
    needs = time_text(isnan(wants) ? 0 : wants);
    candidate->reason = left <= 0 ? g_strdup_printf("the time of %s was up (--time-budget)", all)
                                  : g_strdup_printf("would take about %s for %" G_GINT64_FORMAT
                                                    " fits; %s of %s are left (--time-budget)",
                                                    needs, fits, rest, all);
    return FALSE;
}

/* One candidate may not eat what others could still use. */
static double
limit_of(const Race *race, size_t c)
{
    const double left = race_left(race), own = race->request->cell_s;
    const double most = c + 1 < race->candidates->len ? left / 2 : left;

    if (isinf(left))
        return own;
    return own > 0 ? MIN(own, most) : most;
}

static gboolean
first_mask(Race *race, GError **error)
{
    race->phase = "rank: first mask";
    for (size_t c = 0; c < race->candidates->len && !race->interrupted; c++) {
        const LacRankCandidate *candidate = race_candidate(race, c);
        g_autoptr(GPtrArray) cells = g_ptr_array_new();
        const gint64 start = g_get_monotonic_time();

        if (!may_start(race, c))
            continue;
        race->last_good = FALSE;
        race->last_fit_s = 0;
        g_ptr_array_add(cells, track_cell(&race->truth, candidate->model->label, 0));
        if (!race_run(race, &race->truth, cells, limit_of(race, c), error))
            return FALSE;
        race->runners[c] =
            (Runner){TRUE, race->last_good, 1e-6 * (double)(g_get_monotonic_time() - start)};
        if (race->last_good && !isnan(candidate->seconds)) {
            race->expected_s += candidate->seconds;
            race->measured_s += race->last_fit_s;
        }
    }
    return TRUE;
}

/* Seconds of one cell of each candidate that did well. */
static double
round_seconds(const Race *race)
{
    double sum = 0;

    for (size_t c = 0; c < race->candidates->len; c++)
        if (race->runners[c].good)
            sum += race->runners[c].seconds;
    return sum;
}

/* ---- and the rest ------------------------------------------------------------------------------
 */

static gboolean
own_holes(Race *race, GError **error)
{
    const double wants = round_seconds(race) * (double)(race->plan.own_columns + 1);
    g_autoptr(GPtrArray) cells = NULL;

    if (race->own.experiment == NULL || race->interrupted)
        return TRUE;
    if (wants > race_left(race)) {
        g_autofree char *needs = time_text(wants), *left = time_text(MAX(race_left(race), 0));

        g_ptr_array_add(race->notes,
                        g_strdup_printf("No energy-I-score: its fits would take about %s, %s were "
                                        "left.",
                                        needs, left));
        return TRUE;
    }
    race->phase = "rank: without a truth";
    cells = good_cells(race, &race->own, 0);
    return race_run(race, &race->own, cells, 0, error);
}

static gboolean
further_masks(Race *race, GError **error)
{
    int64_t done = 1;

    while (done < race->request->repeats && !race->interrupted &&
           round_seconds(race) <= race_left(race)) {
        g_autofree char *phase = g_strdup_printf("rank: mask %" G_GINT64_FORMAT " of "
                                                 "%" G_GINT64_FORMAT,
                                                 done + 1, race->request->repeats);
        g_autoptr(GPtrArray) cells = good_cells(race, &race->truth, (size_t)done);

        race->phase = phase;
        if (!race_run(race, &race->truth, cells, 0, error))
            return FALSE;
        race->phase = "rank";
        done++;
    }
    if (done < race->request->repeats && !race->interrupted)
        g_ptr_array_add(race->notes, g_strdup_printf("There was time for %" G_GINT64_FORMAT
                                                     " of %" G_GINT64_FORMAT " masks.",
                                                     done, race->request->repeats));
    return TRUE;
}

static gboolean
race_finish(Race *race, GError **error)
{
    return race->interrupted ||
           (lac_store_finish(race->truth.store, error) &&
            (race->own.store == NULL || lac_store_finish(race->own.store, error)));
}

/* ---- what comes out ----------------------------------------------------------------------------
 */

static LacRanking *
race_ranking(Race *race, GError **error)
{
    g_autofree LacRankSkipped *skipped = g_new(LacRankSkipped, race->candidates->len + 1);
    LacRanking *ranking;
    size_t n = 0;

    for (size_t c = 0; c < race->candidates->len; c++) {
        const LacRankCandidate *candidate = race_candidate(race, c);

        if (!race->runners[c].started)
            skipped[n++] = (LacRankSkipped){
                candidate->model->label,
                candidate->reason != NULL ? candidate->reason : "interrupted before it started"};
    }
    ranking =
        lac_ranking_new(race->request->table->data, race->truth.dir,
                        race->own.experiment != NULL ? race->own.dir : NULL, n, skipped, error);
    if (ranking != NULL)
        lac_rank_own_reasons(race->request, race->dir, ranking);
    for (guint i = 0; ranking != NULL && i < race->notes->len; i++)
        g_ptr_array_add(ranking->notes, g_strdup(race->notes->pdata[i]));
    return ranking;
}

static gboolean
race_prepare(Race *race, GError **error)
{
    race->notes = g_ptr_array_new_with_free_func(g_free);
    if (!lac_rank_plan_make(race->request, &race->plan, error) || !race_folder(race, error) ||
        !track_open(race, &race->truth, "with-truth", race->plan.truth, error) ||
        (race->plan.own != NULL &&
         !track_open(race, &race->own, "without-truth", race->plan.own, error)))
        return FALSE;
    race->candidates = lac_rank_candidates(race->truth.experiment, race->request, error);
    if (race->candidates == NULL)
        return FALSE;
    race->runners = g_new0(Runner, race->candidates->len + 1);
    return TRUE;
}

gboolean
lac_rank_run(const LacRankRequest *request, LacRankOutcome *out, GError **error)
{
    g_auto(Race) race = {.request = request, .start = g_get_monotonic_time()};
    g_autoptr(GError) said = NULL;

    if (!race_prepare(&race, &said) || !first_mask(&race, &said) || !own_holes(&race, &said) ||
        !further_masks(&race, &said) || !race_finish(&race, &said))
        return lac_rank_fail(request, race.dir, said, error);
    out->ranking = race_ranking(&race, error);
    out->interrupted = race.interrupted;
    out->mask = g_steal_pointer(&race.plan.mask);
    return out->ranking != NULL;
}

void
lac_rank_outcome_clear(LacRankOutcome *outcome)
{
    g_clear_pointer(&outcome->ranking, lac_ranking_free);
    g_clear_pointer(&outcome->mask, g_free);
}
