/* Candidates on one table, from the results of their runs to ranks. */
#include "ranking-private.h"

#include "database-private.h"
#include "inference-private.h"

#include <math.h>
#include <string.h>

static const double alpha = 0.05;

/* ---- what is read ------------------------------------------------------------------------------
 */

/* Table values that a run with masked cells gives a candidate under one mask. */
enum { V_RMSE, V_MAE, V_CRPS, V_PFC, V_ENERGY, V_COVERAGE, V_WIDTH, V_N };
static const char *const value_names[V_N] = {"rmse",   "mae",      "crps", "pfc",
                                             "energy", "coverage", "width"};

/* One candidate under one mask. */
typedef struct {
    int64_t repeat;
    gboolean good;
    double seconds, value[V_N];
} Run;

typedef struct {
    char *name, *reason;
    GArray *runs;   /* of Run */
    gboolean error; /* of its own, under some mask */
    gboolean draws, has_own;
    double *own; /* [cols] energy-I-score of each column, NaN where there is none */
} Candidate;

typedef struct {
    const LacData *table;
    GPtrArray *candidates;
    char *level;
} Collected;

static void
candidate_free(gpointer data)
{
    Candidate *candidate = data;

    g_free(candidate->name);
    g_free(candidate->reason);
    g_free(candidate->own);
    g_array_unref(candidate->runs);
    g_free(candidate);
}

static void
collected_clear(Collected *self)
{
    g_ptr_array_unref(self->candidates);
    g_free(self->level);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Collected, collected_clear)

static Candidate *
candidate_of(Collected *self, const char *name)
{
    Candidate *candidate;

    for (guint i = 0; i < self->candidates->len; i++) {
        candidate = self->candidates->pdata[i];
        if (strcmp(candidate->name, name) == 0)
            return candidate;
    }
    candidate = g_new0(Candidate, 1);
    candidate->name = g_strdup(name);
    candidate->runs = g_array_new(FALSE, FALSE, sizeof(Run));
    candidate->own = g_new(double, self->table->cols + 1);
    for (size_t j = 0; j < self->table->cols; j++)
        candidate->own[j] = NAN;
    g_ptr_array_add(self->candidates, candidate);
    return candidate;
}

static Run *
run_of(Candidate *candidate, int64_t repeat)
{
    Run fresh = {.repeat = repeat, .seconds = NAN};

    for (guint i = 0; i < candidate->runs->len; i++)
        if (g_array_index(candidate->runs, Run, i).repeat == repeat)
            return &g_array_index(candidate->runs, Run, i);
    for (size_t v = 0; v < V_N; v++)
        fresh.value[v] = NAN;
    g_array_append_val(candidate->runs, fresh);
    return &g_array_index(candidate->runs, Run, candidate->runs->len - 1);
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
    C_DRAWS
};
static const char query[] =
    "SELECT c.model_label, c.repeat, c.status, c.reason, c.fit_s + coalesce(c.apply_s, 0),"
    " m.metric, m.part, m.column_name, m.value, m.draws"
    " FROM cells c LEFT JOIN metrics m ON m.cell = c.id ORDER BY c.position";

static void
note_failure(Candidate *candidate, Rows *rows, const char *status)
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
take_truth(Collected *self, Rows *rows)
{
    g_autofree char *name = report_text_at(rows, C_MODEL);
    g_autofree char *status = report_text_at(rows, C_STATUS);
    g_autofree char *metric = report_text_at(rows, C_METRIC);
    Candidate *candidate = candidate_of(self, name);
    Run *run = run_of(candidate, sqlite3_column_int64(rows, C_REPEAT));

    run->good = strcmp(status, "ok") == 0;
    run->seconds = report_number_at(rows, C_SECONDS);
    if (!run->good)
        note_failure(candidate, rows, status);
    if (metric == NULL || sqlite3_column_type(rows, C_COLUMN) != SQLITE_NULL)
        return;
    for (size_t v = 0; v < V_N; v++)
        if (strcmp(metric, value_names[v]) == 0)
            run->value[v] = report_number_at(rows, C_VALUE);
    if (strcmp(metric, "coverage") == 0 && self->level == NULL)
        self->level = report_text_at(rows, C_PART);
    if (strcmp(metric, "crps") == 0)
        candidate->draws |= sqlite3_column_int64(rows, C_DRAWS) > 0;
}

static void
take_own(Collected *self, Rows *rows)
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
collect(Collected *self, const char *dir, void (*take)(Collected *, Rows *), GError **error)
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

/* ---- which masks count -------------------------------------------------------------------------
 */

static const Run *
candidate_run(const Candidate *candidate, int64_t repeat)
{
    for (guint i = 0; i < candidate->runs->len; i++) {
        const Run *run = &g_array_index(candidate->runs, Run, i);

        if (run->repeat == repeat && run->good)
            return run;
    }
    return NULL;
}

static gboolean
candidate_ranked(const Candidate *candidate)
{
    return !candidate->error && candidate_run(candidate, 1) != NULL;
}

/* The masks that every ranked candidate has completed. */
static GArray *
shared_repeats(const Collected *self)
{
    GArray *shared = g_array_new(FALSE, FALSE, sizeof(int64_t));
    int64_t last = 0;

    for (guint i = 0; i < self->candidates->len; i++) {
        const Candidate *candidate = self->candidates->pdata[i];

        for (guint r = 0; r < candidate->runs->len; r++)
            last = MAX(last, g_array_index(candidate->runs, Run, r).repeat);
    }
    for (int64_t repeat = 1; repeat <= last; repeat++) {
        gboolean all = TRUE;

        for (guint i = 0; i < self->candidates->len; i++) {
            const Candidate *candidate = self->candidates->pdata[i];

            all &= !candidate_ranked(candidate) || candidate_run(candidate, repeat) != NULL;
        }
        if (all)
            g_array_append_val(shared, repeat);
    }
    return shared;
}

static double
candidate_mean(const Candidate *candidate, const GArray *repeats, int value)
{
    double sum = 0.0;

    for (guint r = 0; r < repeats->len; r++)
        sum += candidate_run(candidate, g_array_index(repeats, int64_t, r))->value[value];
    return repeats->len > 0 ? sum / repeats->len : NAN;
}

static double
candidate_seconds(const Candidate *candidate, const GArray *repeats)
{
    g_autofree double *seconds = g_new(double, repeats->len + 1);

    for (guint r = 0; r < repeats->len; r++)
        seconds[r] = candidate_run(candidate, g_array_index(repeats, int64_t, r))->seconds;
    if (repeats->len == 0 || isnan(seconds[0]))
        return NAN;
    lac_stats_sort(repeats->len, seconds);
    return lac_stats_quantile(repeats->len, seconds, 0.5, 7);
}

/* ---- scores ------------------------------------------------------------------------------------
 */

static LacRankGroup
group_of(const LacData *table, size_t j)
{
    return lac_kind_is_numeric(lac_data_column(table, j)->kind) ? LAC_RANK_NUMBERS
                                                                : LAC_RANK_LEVELS;
}

/* Whether every ranked candidate was scored on column @j. */
static gboolean
own_is_shared(const Collected *self, size_t j)
{
    for (guint i = 0; i < self->candidates->len; i++) {
        const Candidate *candidate = self->candidates->pdata[i];

        if (candidate_ranked(candidate) && isnan(candidate->own[j]))
            return FALSE;
    }
    return TRUE;
}

/* Columns of @group that all were scored on, weighted by the shares observed and missing. */
static double
candidate_own(const Collected *self, const Candidate *candidate, LacRankGroup group)
{
    const LacData *table = self->table;
    double sum = 0.0, weights = 0.0;

    for (size_t j = 0; j < table->cols; j++) {
        const double holes = (double)lac_mask_count_col(table->holes, j),
                     weight = holes * ((double)table->rows - holes);

        if (group_of(table, j) != group || weight <= 0.0 || !own_is_shared(self, j))
            continue;
        sum += weight * candidate->own[j];
        weights += weight;
    }
    return weights > 0.0 ? sum / weights : NAN;
}

/* The value that takes the place of a score under one mask. */
static int
value_of(const Candidate *candidate, LacRankGroup group, LacRankScore score)
{
    if (score == LAC_RANK_CRPS && group == LAC_RANK_NUMBERS)
        return candidate->draws ? V_CRPS : V_MAE;
    if (score == LAC_RANK_POINT)
        return group == LAC_RANK_NUMBERS ? V_RMSE : V_PFC;
    return -1;
}

static void
model_fill(const Collected *self, const Candidate *candidate, const GArray *repeats,
           LacRankModel *model)
{
    model->draws = candidate->draws;
    model->seconds = candidate_seconds(candidate, repeats);
    model->coverage = candidate_mean(candidate, repeats, V_COVERAGE);
    model->width = candidate_mean(candidate, repeats, V_WIDTH);
    model->energy = candidate_mean(candidate, repeats, V_ENERGY);
    for (int g = 0; g < LAC_RANK_GROUPS; g++) {
        for (int s = 0; s < LAC_RANK_SCORES; s++) {
            const int value = value_of(candidate, (LacRankGroup)g, (LacRankScore)s);

            if (value >= 0)
                model->part[g].value[s] = candidate_mean(candidate, repeats, value);
        }
        model->part[g].value[LAC_RANK_I_SCORE] = candidate_own(self, candidate, (LacRankGroup)g);
    }
}

static void
model_init(LacRankModel *model, const char *name, const char *reason, LacRankStatus status)
{
    model->name = g_strdup(name);
    model->reason = g_strdup(reason);
    model->status = status;
    model->seconds = model->overall = model->coverage = model->width = model->energy = NAN;
    for (int g = 0; g < LAC_RANK_GROUPS; g++) {
        model->part[g].mean_rank = NAN;
        for (int s = 0; s < LAC_RANK_SCORES; s++)
            model->part[g].value[s] = model->part[g].rank[s] = NAN;
    }
}

/* ---- ranks -------------------------------------------------------------------------------------
 */

/* Ranks by one score; FALSE, and none, when some candidate has no value. */
static gboolean
rank_by(LacRanking *self, int g, int s)
{
    g_autofree double *value = g_new(double, self->ranked + 1);
    g_autofree double *rank = g_new(double, self->ranked + 1);

    for (size_t i = 0; i < self->ranked; i++) {
        value[i] = self->model[i].part[g].value[s];
        if (isnan(value[i]))
            return FALSE;
    }
    lac_ranks(self->ranked, value, 0.0, rank);
    for (size_t i = 0; i < self->ranked; i++)
        self->model[i].part[g].rank[s] = rank[i];
    return TRUE;
}

static void
rank_group(LacRanking *self, int g)
{
    size_t used = 0;

    for (int s = 0; s < LAC_RANK_SCORES && self->ranked > 0; s++)
        if ((self->used[g][s] = rank_by(self, g, s)))
            used++;
    self->scored[g] = used > 0;
    for (size_t i = 0; i < self->ranked && used > 0; i++) {
        LacRankPart *part = &self->model[i].part[g];

        part->mean_rank = 0.0;
        for (int s = 0; s < LAC_RANK_SCORES; s++)
            if (self->used[g][s])
                part->mean_rank += part->rank[s] / (double)used;
    }
}

/* Better mean rank; then better by the first score in use; then less time. */
static gboolean
part_before(const LacRanking *self, int g, size_t a, size_t b)
{
    const LacRankPart *x = &self->model[a].part[g], *y = &self->model[b].part[g];

    if (x->mean_rank != y->mean_rank)
        return x->mean_rank < y->mean_rank;
    for (int s = 0; s < LAC_RANK_SCORES; s++)
        if (self->used[g][s] && x->value[s] != y->value[s])
            return x->value[s] < y->value[s];
    return self->model[a].seconds < self->model[b].seconds;
}

static void
find_winners(LacRanking *self)
{
    for (int g = 0; g < LAC_RANK_GROUPS; g++) {
        self->winner[g] = self->n;
        for (size_t i = 0; i < self->ranked && self->scored[g]; i++)
            if (self->winner[g] == self->n || part_before(self, g, i, self->winner[g]))
                self->winner[g] = i;
    }
}

static void
find_overall(LacRanking *self)
{
    for (size_t i = 0; i < self->ranked; i++) {
        double sum = 0.0, weights = 0.0;

        for (int g = 0; g < LAC_RANK_GROUPS; g++) {
            const double weight = (double)MAX(self->columns[g], 1);

            if (!self->scored[g])
                continue;
            sum += weight * self->model[i].part[g].mean_rank;
            weights += weight;
        }
        self->model[i].overall = weights > 0.0 ? sum / weights : NAN;
    }
}

static int
model_compare(const void *a, const void *b)
{
    const LacRankModel *x = a, *y = b;

    if (x->status != y->status)
        return x->status < y->status ? -1 : 1;
    if (x->status == LAC_RANK_RANKED && x->overall != y->overall)
        return x->overall < y->overall ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* ---- who differs from the winner ---------------------------------------------------------------
 */

static const Candidate *
candidate_called(const Collected *self, const char *name)
{
    for (guint i = 0; i < self->candidates->len; i++) {
        const Candidate *candidate = self->candidates->pdata[i];

        if (strcmp(candidate->name, name) == 0)
            return candidate;
    }
    g_assert_not_reached();
}

/* p of the paired t test between two models by one score over the shared masks; NaN without. */
static double
pair_p(const Collected *self, const LacRanking *ranking, const GArray *repeats, int g, int s,
       const size_t pair[2])
{
    const Candidate *a = candidate_called(self, ranking->model[pair[0]].name),
                    *b = candidate_called(self, ranking->model[pair[1]].name);
    const int x = value_of(a, (LacRankGroup)g, (LacRankScore)s),
              y = value_of(b, (LacRankGroup)g, (LacRankScore)s);
    g_autofree double *difference = g_new(double, repeats->len + 1);

    for (guint r = 0; r < repeats->len; r++) {
        const int64_t repeat = g_array_index(repeats, int64_t, r);

        difference[r] = candidate_run(a, repeat)->value[x] - candidate_run(b, repeat)->value[y];
        if (isnan(difference[r]))
            return NAN;
    }
    return lac_paired_t(repeats->len, difference, 0.0).p;
}

/* All pairs by one score, adjusted by Holm; marks those that differ from the group's winner. */
static void
tell_apart(const Collected *self, LacRanking *ranking, const GArray *repeats, int g, int s)
{
    const size_t k = ranking->ranked, winner = ranking->winner[g];
    g_autofree double *p = g_new(double, k *k + 1), *holm = g_new(double, k *k + 1);
    size_t n = 0;

    for (size_t i = 0; i < k; i++)
        for (size_t j = i + 1; j < k; j++)
            p[n++] = pair_p(self, ranking, repeats, g, s, (const size_t[]){i, j});
    lac_holm(n, p, holm);
    n = 0;
    for (size_t i = 0; i < k; i++)
        for (size_t j = i + 1; j < k; j++, n++)
            if (holm[n] < alpha && (i == winner || j == winner))
                ranking->model[i == winner ? j : i].part[g].apart = TRUE;
}

static void
test_all(const Collected *self, LacRanking *ranking, const GArray *repeats)
{
    for (int g = 0; g < LAC_RANK_GROUPS; g++)
        for (int s = 0; s < LAC_RANK_SCORES; s++)
            if (s != LAC_RANK_I_SCORE && ranking->used[g][s] && repeats->len >= LAC_RANK_TESTED)
                tell_apart(self, ranking, repeats, g, s);
}

/* ---- all of it ---------------------------------------------------------------------------------
 */

static void
note_missing_own(LacRanking *self, const Collected *collected)
{
    g_autoptr(GString) names = g_string_new(NULL);
    gboolean any = FALSE;

    for (guint i = 0; i < collected->candidates->len; i++) {
        const Candidate *candidate = collected->candidates->pdata[i];

        any |= candidate->has_own;
        if (candidate_ranked(candidate) && !candidate->has_own)
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", candidate->name);
    }
    if (any && names->len > 0)
        g_ptr_array_add(
            self->notes,
            g_strdup_printf("The energy-I-score takes no part: there is none of %s.", names->str));
}

static void
add_models(LacRanking *self, const Collected *collected, const GArray *repeats)
{
    for (guint i = 0; i < collected->candidates->len; i++) {
        const Candidate *candidate = collected->candidates->pdata[i];
        LacRankModel *model = &self->model[self->n++];
        const gboolean ranked = candidate_ranked(candidate);

        model_init(model, candidate->name, ranked ? NULL : candidate->reason,
                   ranked ? LAC_RANK_RANKED : LAC_RANK_FAILED);
        if (ranked)
            model_fill(collected, candidate, repeats, model);
        if (ranked)
            self->ranked++;
    }
}

static void
count_columns(LacRanking *self, const LacData *table)
{
    for (size_t j = 0; j < table->cols; j++)
        if (lac_mask_count_col(table->holes, j) > 0)
            self->columns[group_of(table, j)]++;
}

LacRanking *
lac_ranking_new(const LacData *table, const char *truth, const char *own, size_t n_skipped,
                const LacRankSkipped *skipped, GError **error)
{
    g_auto(Collected) collected = {table, g_ptr_array_new_with_free_func(candidate_free), NULL};
    g_autoptr(LacRanking) self = g_new0(LacRanking, 1);
    g_autoptr(GArray) repeats = NULL;

    self->notes = g_ptr_array_new_with_free_func(g_free);
    if (!collect(&collected, truth, take_truth, error) ||
        (own != NULL && !collect(&collected, own, take_own, error)))
        return NULL;
    repeats = shared_repeats(&collected);
    self->repeats = repeats->len;
    self->level = g_strdup(collected.level != NULL ? collected.level : "");
    self->model = g_new0(LacRankModel, collected.candidates->len + n_skipped + 1);
    add_models(self, &collected, repeats);
    for (size_t i = 0; i < n_skipped; i++)
        model_init(&self->model[self->n++], skipped[i].name, skipped[i].reason, LAC_RANK_SKIPPED);
    count_columns(self, table);
    qsort(self->model, self->n, sizeof *self->model, model_compare); /* ranked ones first */
    for (int g = 0; g < LAC_RANK_GROUPS; g++)
        rank_group(self, g);
    find_overall(self);
    qsort(self->model, self->n, sizeof *self->model, model_compare);
    find_winners(self);
    test_all(&collected, self, repeats);
    if (own != NULL)
        note_missing_own(self, &collected);
    return g_steal_pointer(&self);
}

void
lac_ranking_free(LacRanking *self)
{
    if (self == NULL)
        return;
    for (size_t i = 0; self->model != NULL && i < self->n; i++) {
        g_free(self->model[i].name);
        g_free(self->model[i].reason);
    }
    g_free(self->model);
    g_free(self->level);
    g_ptr_array_unref(self->notes);
    g_free(self);
}
