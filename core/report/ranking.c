/* Candidates on one table, from the results of their runs to ranks. */
#include "ranking-collect-private.h"

#include "inference-private.h"

#include <math.h>
#include <string.h>

static const double alpha = 0.05;

/* ---- scores ------------------------------------------------------------------------------------
 */

LacRankGroup
lac_rank_group(LacKind kind)
{
    switch (kind) {
    case LAC_KIND_CONTINUOUS:
        return LAC_RANK_NUMBERS;
    case LAC_KIND_INTEGER:
        return LAC_RANK_COUNTS;
    case LAC_KIND_ORDINAL:
        return LAC_RANK_ORDERED;
    default:
        return LAC_RANK_LEVELS;
    }
}

LacRankGroup
lac_ranking_group(const LacRanking *self, LacKind kind)
{
    return self->home[lac_rank_group(kind)];
}

/* Whether every ranked candidate was scored on column @j. */
static gboolean
own_is_shared(const RankCollected *self, size_t j)
{
    for (guint i = 0; i < self->candidates->len; i++) {
        const RankCandidate *candidate = self->candidates->pdata[i];

        if (rank_candidate_ranked(candidate) && isnan(candidate->own[j]))
            return FALSE;
    }
    return TRUE;
}

/* Columns of @group that all were scored on, weighted by the shares observed and missing. */
static double
candidate_own(const RankCollected *self, const RankCandidate *candidate, const RankGroups *groups,
              LacRankGroup group)
{
    const LacData *table = self->table;
    double sum = 0.0, weights = 0.0;

    for (size_t j = 0; j < table->cols; j++) {
        const double holes = (double)lac_mask_count_col(table->holes, j),
                     weight = holes * ((double)table->rows - holes);

        if (rank_group_of(groups, j) != group || weight <= 0.0 || !own_is_shared(self, j))
            continue;
        sum += weight * candidate->own[j];
        weights += weight;
    }
    return weights > 0.0 ? sum / weights : NAN;
}

/* The value that takes the place of a score under one mask; -1: none. */
static int
value_of(gboolean draws, LacRankGroup group, LacRankScore score)
{
    static const struct {
        int drawn, single, point;
    } values[LAC_RANK_GROUPS] = {{V_CRPS, V_MAE, V_RMSE},
                                 {V_CRPS, V_MAE, V_MAE},
                                 {V_BRIER_RANKED, V_PFC_RANKED, V_PFC_RANKED},
                                 {V_BRIER, V_PFC, V_PFC}};

    if (score == LAC_RANK_I_SCORE)
        return -1;
    if (score == LAC_RANK_POINT)
        return values[group].point;
    return draws ? values[group].drawn : values[group].single;
}

static void
model_fill(const RankCollected *self, const RankCandidate *candidate, const GArray *repeats,
           const RankGroups *groups, LacRankModel *model)
{
    model->draws = candidate->draws;
    model->seconds = rank_candidate_seconds(candidate, repeats);
    model->energy = rank_candidate_energy(candidate, repeats);
    for (LacRankGroup g = 0; g < LAC_RANK_GROUPS; g++) {
        LacRankPart *part = &model->part[g];

        for (LacRankScore s = 0; s < LAC_RANK_SCORES; s++) {
            const int value = value_of(candidate->draws, g, s);

            part->value[s] = value >= 0 ? rank_candidate_mean(candidate, repeats, groups, g, value)
                                        : candidate_own(self, candidate, groups, g);
        }
        part->coverage = rank_candidate_mean(candidate, repeats, groups, g, V_COVERAGE);
        part->width = rank_candidate_mean(candidate, repeats, groups, g, V_WIDTH);
    }
}

static void
model_init(LacRankModel *model, const char *name, const char *reason, LacRankStatus status)
{
    model->name = g_strdup(name);
    model->reason = g_strdup(reason);
    model->status = status;
    model->seconds = model->overall = model->energy = NAN;
    for (int g = 0; g < LAC_RANK_GROUPS; g++) {
        model->part[g].mean_rank = model->part[g].coverage = model->part[g].width = NAN;
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

/* ---- kinds with too few cells to be judged alone -----------------------------------------------
 */

static RankGroups
ranking_groups(const LacRanking *self, const LacData *table)
{
    RankGroups groups = {.table = table};

    memcpy(groups.home, self->home, sizeof groups.home);
    return groups;
}

static void
note_few(LacRanking *self, LacRankGroup group, double hidden, const char *so)
{
    char *text = g_strdup_printf("%s: a mask hides %.3g cell%s of them, fewer than %d%s.",
                                 lac_rank_group_title(group), hidden, hidden == 1.0 ? "" : "s",
                                 LAC_RANK_FEWEST, so);

    g_ptr_array_add(self->few, text);
    g_ptr_array_add(self->notes, g_strdup(text));
}

/* Two kinds whose scores can be those of either: the one of few hidden cells goes to the other. */
static void
settle_pair(LacRanking *self, const double *hidden, const size_t *columns, LacRankGroup a,
            LacRankGroup b)
{
    const LacRankGroup large = hidden[b] > hidden[a] ? b : a, small = large == a ? b : a;
    const gboolean moves = hidden[small] < LAC_RANK_FEWEST && hidden[large] > 0.0 &&
                           (hidden[small] > 0.0 || columns[small] > 0);
    const double together = hidden[large] + (moves ? hidden[small] : 0.0);

    if (moves) {
        g_autofree char *so =
            g_strdup_printf(", so they are judged, and won, with %s", lac_rank_group_name(large));

        self->home[small] = large;
        note_few(self, small, hidden[small], so);
    }
    if (together > 0.0 && together < LAC_RANK_FEWEST)
        note_few(self, large, together, ": their winner stands on little");
    for (int k = 0; k < 2 && together == 0.0; k++)
        if (columns[k ? b : a] > 0)
            note_few(self, k ? b : a, 0.0, ": no model can be chosen for them");
}

/* Each kind at home with itself, but one with few hidden cells with the kind beside it. */
static void
find_homes(LacRanking *self, const RankCollected *collected, const GArray *repeats)
{
    double hidden[LAC_RANK_GROUPS];
    size_t columns[LAC_RANK_GROUPS] = {0};

    for (LacRankGroup g = 0; g < LAC_RANK_GROUPS; g++)
        self->home[g] = g;
    if (!rank_hidden(collected, repeats, hidden))
        return;
    for (size_t j = 0; j < collected->table->cols; j++)
        if (lac_mask_count_col(collected->table->holes, j) > 0)
            columns[lac_rank_group(lac_data_column(collected->table, j)->kind)]++;
    settle_pair(self, hidden, columns, LAC_RANK_NUMBERS, LAC_RANK_COUNTS);
    settle_pair(self, hidden, columns, LAC_RANK_ORDERED, LAC_RANK_LEVELS);
}

/* ---- who differs from the winner ---------------------------------------------------------------
 */

static const RankCandidate *
candidate_called(const RankCollected *self, const char *name)
{
    for (guint i = 0; i < self->candidates->len; i++) {
        const RankCandidate *candidate = self->candidates->pdata[i];

        if (strcmp(candidate->name, name) == 0)
            return candidate;
    }
    g_assert_not_reached();
}

/* p of the paired t test between two models by one score over the shared masks; NaN without. */
static double
pair_p(const RankCollected *self, const LacRanking *ranking, const GArray *repeats, int g, int s,
       const size_t pair[2])
{
    const RankGroups groups = ranking_groups(ranking, self->table);
    const RankCandidate *a = candidate_called(self, ranking->model[pair[0]].name),
                        *b = candidate_called(self, ranking->model[pair[1]].name);
    const int x = value_of(a->draws, (LacRankGroup)g, (LacRankScore)s),
              y = value_of(b->draws, (LacRankGroup)g, (LacRankScore)s);
    g_autofree double *difference = g_new(double, repeats->len + 1);

    for (guint r = 0; r < repeats->len; r++) {
        const int64_t repeat = g_array_index(repeats, int64_t, r);

        difference[r] = rank_run_value(rank_candidate_run(a, repeat), &groups, (LacRankGroup)g, x) -
                        rank_run_value(rank_candidate_run(b, repeat), &groups, (LacRankGroup)g, y);
        if (isnan(difference[r]))
            return NAN;
    }
    return lac_paired_t(repeats->len, difference, 0.0).p;
}

/* All pairs by one score, adjusted by Holm; marks those that differ from the group's winner. */
static void
tell_apart(const RankCollected *self, LacRanking *ranking, const GArray *repeats, int g, int s)
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
test_all(const RankCollected *self, LacRanking *ranking, const GArray *repeats)
{
    for (int g = 0; g < LAC_RANK_GROUPS; g++)
        for (int s = 0; s < LAC_RANK_SCORES; s++)
            if (s != LAC_RANK_I_SCORE && ranking->used[g][s] && repeats->len >= LAC_RANK_TESTED)
                tell_apart(self, ranking, repeats, g, s);
}

/* ---- all of it ---------------------------------------------------------------------------------
 */

static void
note_missing_own(LacRanking *self, const RankCollected *collected)
{
    g_autoptr(GString) names = g_string_new(NULL);
    gboolean any = FALSE;

    for (guint i = 0; i < collected->candidates->len; i++) {
        const RankCandidate *candidate = collected->candidates->pdata[i];

        any |= candidate->has_own;
        if (rank_candidate_ranked(candidate) && !candidate->has_own)
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", candidate->name);
    }
    if (any && names->len > 0)
        g_ptr_array_add(
            self->notes,
            g_strdup_printf("The energy-I-score takes no part: there is none of %s.", names->str));
}

static void
add_models(LacRanking *self, const RankCollected *collected, const GArray *repeats)
{
    const RankGroups groups = ranking_groups(self, collected->table);

    for (guint i = 0; i < collected->candidates->len; i++) {
        const RankCandidate *candidate = collected->candidates->pdata[i];
        LacRankModel *model = &self->model[self->n++];
        const gboolean ranked = rank_candidate_ranked(candidate);

        model_init(model, candidate->name, ranked ? NULL : candidate->reason,
                   ranked ? LAC_RANK_RANKED : LAC_RANK_FAILED);
        if (ranked)
            model_fill(collected, candidate, repeats, &groups, model);
        if (ranked)
            self->ranked++;
    }
}

static void
count_columns(LacRanking *self, const LacData *table)
{
    for (size_t j = 0; j < table->cols; j++)
        if (lac_mask_count_col(table->holes, j) > 0)
            self->columns[lac_ranking_group(self, lac_data_column(table, j)->kind)]++;
}

LacRanking *
lac_ranking_new(const LacData *table, const char *truth, const char *own, size_t n_skipped,
                const LacRankSkipped *skipped, GError **error)
{
    g_auto(RankCollected) collected = {table, NULL, NULL};
    g_autoptr(LacRanking) self = g_new0(LacRanking, 1);
    g_autoptr(GArray) repeats = NULL;

    self->few = g_ptr_array_new_with_free_func(g_free);
    self->notes = g_ptr_array_new_with_free_func(g_free);
    if (!rank_collect(&collected, truth, own, error))
        return NULL;
    repeats = rank_shared_repeats(&collected);
    self->repeats = repeats->len;
    self->level = g_strdup(collected.level != NULL ? collected.level : "");
    self->model = g_new0(LacRankModel, collected.candidates->len + n_skipped + 1);
    find_homes(self, &collected, repeats);
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
    g_ptr_array_unref(self->few);
    g_ptr_array_unref(self->notes);
    g_free(self);
}
