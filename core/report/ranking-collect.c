/* The store of a ranking's runs, read into memory. */
#include "ranking-collect-private.h"

#include "database-private.h"

#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

/* Metrics as the experiment labels them: two of one name by what tells them apart. */
static const char *const value_names[V_COLUMN_N] = {"rmse",
                                                    "mae",
                                                    "crps",
                                                    "pfc ranked=false",
                                                    "pfc ranked=true",
                                                    "brier ranked=false",
                                                    "brier ranked=true",
                                                    "coverage",
                                                    "width"};

/* ---- what is read ------------------------------------------------------------------------------
 */

static void
candidate_free(gpointer data)
{
    RankCandidate *candidate = data;

    g_free(candidate->name);
    g_free(candidate->reason);
    g_free(candidate->own);
    for (guint i = 0; i < candidate->runs->len; i++)
        g_free(g_array_index(candidate->runs, RankRun, i).value);
    g_array_unref(candidate->runs);
    g_free(candidate);
}

void
rank_collected_clear(RankCollected *self)
{
    g_ptr_array_unref(self->candidates);
    g_free(self->level);
}

static RankCandidate *
candidate_of(RankCollected *self, const char *name)
{
    RankCandidate *candidate;

    for (guint i = 0; i < self->candidates->len; i++) {
        candidate = self->candidates->pdata[i];
        if (strcmp(candidate->name, name) == 0)
            return candidate;
    }
    candidate = g_new0(RankCandidate, 1);
    candidate->name = g_strdup(name);
    candidate->runs = g_array_new(FALSE, FALSE, sizeof(RankRun));
    candidate->own = g_new(double, self->table->cols + 1);
    for (size_t j = 0; j < self->table->cols; j++)
        candidate->own[j] = NAN;
    g_ptr_array_add(self->candidates, candidate);
    return candidate;
}

static RankRun *
run_of(const RankCollected *self, RankCandidate *candidate, int64_t repeat)
{
    RankRun fresh = {.repeat = repeat, .seconds = NAN, .energy = NAN};

    for (guint i = 0; i < candidate->runs->len; i++)
        if (g_array_index(candidate->runs, RankRun, i).repeat == repeat)
            return &g_array_index(candidate->runs, RankRun, i);
    fresh.value = g_new0(RankValue, self->table->cols * V_COLUMN_N + 1);
    g_array_append_val(candidate->runs, fresh);
    return &g_array_index(candidate->runs, RankRun, candidate->runs->len - 1);
}

enum {
    C_MODEL,
    C_REPEAT,
    C_STATUS,
    C_REASON,
    C_SECONDS,
    C_METRIC,
    C_PART,
    C_COLUMN,
    C_VALUE,
    C_DRAWS,
    C_CELLS,
};
static const char query[] =
    "SELECT c.model_label, c.repeat, c.status, c.reason, c.fit_s + coalesce(c.apply_s, 0),"
    " m.metric, m.part, m.column_name, m.value, m.draws, m.n_cells"
    " FROM cells c LEFT JOIN metrics m ON m.cell = c.id ORDER BY c.position";

static void
note_failure(RankCandidate *candidate, Rows *rows, const char *status)
{
    if (candidate->reason == NULL) {
        g_autofree char *reason = report_text_at(rows, C_REASON);

        candidate->reason = g_strdup(reason != NULL ? reason : status);
    }
    /* running out of time under a later mask takes nothing from what was found under earlier ones
     */
    candidate->error |= strcmp(status, "timeout") != 0;
}

static void
take_column(const RankCollected *self, RankRun *run, Rows *rows, const char *metric)
{
    g_autofree char *column = report_text_at(rows, C_COLUMN);
    const gssize j = lac_schema_find(self->table->schema, column);
    const double value = report_number_at(rows, C_VALUE);

    for (size_t v = 0; v < V_COLUMN_N && j >= 0 && !isnan(value); v++)
        if (strcmp(metric, value_names[v]) == 0)
            run->value[(size_t)j * V_COLUMN_N + v] =
                (RankValue){value, (size_t)MAX(sqlite3_column_int64(rows, C_CELLS), 0)};
}

static void
take_truth(RankCollected *self, Rows *rows)
{
    g_autofree char *name = report_text_at(rows, C_MODEL);
    g_autofree char *status = report_text_at(rows, C_STATUS);
    g_autofree char *metric = report_text_at(rows, C_METRIC);
    RankCandidate *candidate = candidate_of(self, name);
    RankRun *run = run_of(self, candidate, sqlite3_column_int64(rows, C_REPEAT));

    run->good = strcmp(status, "ok") == 0;
    run->seconds = report_number_at(rows, C_SECONDS);
    if (!run->good)
        note_failure(candidate, rows, status);
    if (metric == NULL)
        return;
    if (strcmp(metric, "coverage") == 0 && self->level == NULL)
        self->level = report_text_at(rows, C_PART);
    if (strcmp(metric, "crps") == 0 || g_str_has_prefix(metric, "brier "))
        candidate->draws |= sqlite3_column_int64(rows, C_DRAWS) > 0;
    if (sqlite3_column_type(rows, C_COLUMN) != SQLITE_NULL)
        take_column(self, run, rows, metric);
    else if (strcmp(metric, "energy") == 0)
        run->energy = report_number_at(rows, C_VALUE);
}

static void
take_own(RankCollected *self, Rows *rows)
{
    g_autofree char *name = report_text_at(rows, C_MODEL);
    g_autofree char *metric = report_text_at(rows, C_METRIC);
    g_autofree char *column = report_text_at(rows, C_COLUMN);
    const gssize j = column != NULL ? lac_schema_find(self->table->schema, column) : -1;

    if (j < 0 || g_strcmp0(metric, "energy-i-score") != 0)
        return;
    candidate_of(self, name)->own[j] = report_number_at(rows, C_VALUE);
    candidate_of(self, name)->has_own = TRUE;
}

static gboolean
collect(RankCollected *self, const char *dir, void (*take)(RankCollected *, Rows *), GError **error)
{
    g_autoptr(Database) database = report_database(dir, error);
    g_autoptr(Rows) rows = NULL;
    int code = SQLITE_ERROR;

    if (database == NULL && error != NULL && *error != NULL)
        return FALSE;
    if (database != NULL && sqlite3_prepare_v2(database, query, -1, &rows, NULL) == SQLITE_OK)
        while ((code = sqlite3_step(rows)) == SQLITE_ROW)
            take(self, rows);
    return code == SQLITE_DONE ||
           lac_fail(error, LAC_ERROR_IO, "%s/results.sqlite: %s", dir,
                    database != NULL ? sqlite3_errmsg(database) : "cannot be opened");
}

gboolean
rank_collect(RankCollected *self, const char *truth, const char *own, GError **error)
{
    self->candidates = g_ptr_array_new_with_free_func(candidate_free);
    return collect(self, truth, take_truth, error) &&
           (own == NULL || collect(self, own, take_own, error));
}

/* ---- which masks count -------------------------------------------------------------------------
 */

const RankRun *
rank_candidate_run(const RankCandidate *candidate, int64_t repeat)
{
    for (guint i = 0; i < candidate->runs->len; i++) {
        const RankRun *run = &g_array_index(candidate->runs, RankRun, i);

        if (run->repeat == repeat && run->good)
            return run;
    }
    return NULL;
}

gboolean
rank_candidate_ranked(const RankCandidate *candidate)
{
    return !candidate->error && rank_candidate_run(candidate, 1) != NULL;
}

/* The masks that every ranked candidate has completed. */
GArray *
rank_shared_repeats(const RankCollected *self)
{
    GArray *shared = g_array_new(FALSE, FALSE, sizeof(int64_t));
    int64_t last = 0;

    for (guint i = 0; i < self->candidates->len; i++) {
        const RankCandidate *candidate = self->candidates->pdata[i];

        for (guint r = 0; r < candidate->runs->len; r++)
            last = MAX(last, g_array_index(candidate->runs, RankRun, r).repeat);
    }
    for (int64_t repeat = 1; repeat <= last; repeat++) {
        gboolean all = TRUE;

        for (guint i = 0; i < self->candidates->len; i++) {
            const RankCandidate *candidate = self->candidates->pdata[i];

            all &=
                !rank_candidate_ranked(candidate) || rank_candidate_run(candidate, repeat) != NULL;
        }
        if (all)
            g_array_append_val(shared, repeat);
    }
    return shared;
}

/* ---- values of kinds of columns ----------------------------------------------------------------
 */

LacRankGroup
rank_group_of(const RankGroups *groups, size_t j)
{
    return groups->home[lac_rank_group(lac_data_column(groups->table, j)->kind)];
}

/* Cells of column @j that took part, whichever metric says so. */
static size_t
run_cells(const RankRun *run, size_t j)
{
    size_t most = 0;

    for (size_t v = 0; v < V_COLUMN_N; v++)
        most = MAX(most, run->value[j * V_COLUMN_N + v].n);
    return most;
}

gboolean
rank_hidden(const RankCollected *self, const GArray *repeats, double *hidden)
{
    const RankCandidate *candidate = NULL;

    for (int g = 0; g < LAC_RANK_GROUPS; g++)
        hidden[g] = 0.0;
    for (guint i = 0; i < self->candidates->len && candidate == NULL; i++)
        if (rank_candidate_ranked(self->candidates->pdata[i]))
            candidate = self->candidates->pdata[i];
    for (guint r = 0; candidate != NULL && r < repeats->len; r++) {
        const RankRun *run = rank_candidate_run(candidate, g_array_index(repeats, int64_t, r));

        for (size_t j = 0; j < self->table->cols; j++)
            hidden[lac_rank_group(lac_data_column(self->table, j)->kind)] +=
                (double)run_cells(run, j) / (double)repeats->len;
    }
    return candidate != NULL && repeats->len > 0;
}

double
rank_run_value(const RankRun *run, const RankGroups *groups, LacRankGroup group, int v)
{
    double sum = 0.0, n = 0.0;

    for (size_t j = 0; j < groups->table->cols; j++) {
        const RankValue *cell = &run->value[j * V_COLUMN_N + (size_t)v];

        if (cell->n == 0 || rank_group_of(groups, j) != group)
            continue;
        sum += (double)cell->n * (v == V_RMSE ? cell->value * cell->value : cell->value);
        n += (double)cell->n;
    }
    if (n == 0.0)
        return NAN;
    return v == V_RMSE ? sqrt(sum / n) : sum / n;
}

double
rank_candidate_mean(const RankCandidate *candidate, const GArray *repeats, const RankGroups *groups,
                    LacRankGroup group, int v)
{
    double sum = 0.0;

    for (guint r = 0; r < repeats->len; r++)
        sum += rank_run_value(rank_candidate_run(candidate, g_array_index(repeats, int64_t, r)),
                              groups, group, v);
    return repeats->len > 0 ? sum / repeats->len : NAN;
}

double
rank_candidate_energy(const RankCandidate *candidate, const GArray *repeats)
{
    double sum = 0.0;

    for (guint r = 0; r < repeats->len; r++)
        sum += rank_candidate_run(candidate, g_array_index(repeats, int64_t, r))->energy;
    return repeats->len > 0 ? sum / repeats->len : NAN;
}

double
rank_candidate_seconds(const RankCandidate *candidate, const GArray *repeats)
{
    g_autofree double *seconds = g_new(double, repeats->len + 1);

    for (guint r = 0; r < repeats->len; r++)
        seconds[r] = rank_candidate_run(candidate, g_array_index(repeats, int64_t, r))->seconds;
    if (repeats->len == 0 || isnan(seconds[0]))
        return NAN;
    lac_stats_sort(repeats->len, seconds);
    return lac_stats_quantile(repeats->len, seconds, 0.5, 7);
}
