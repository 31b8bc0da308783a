/* What the searches of a cell have chosen: scores of stored trials, ranks, the best. */
#include "select.h"

#include <math.h>

static gboolean
is_pending(const GPtrArray *trials, GHashTable *pending)
{
    for (guint i = 0; trials != NULL && i < trials->len; i++)
        if (g_hash_table_contains(pending, ((const LacCell *)trials->pdata[i])->record->id))
            return TRUE;
    return FALSE;
}

gboolean
lac_select_is_ready(const LacCell *cell, GHashTable *pending)
{
    return !is_pending(cell->model_trials, pending) &&
           !is_pending(cell->classifier_trials, pending);
}

static void
note_trials(LacCellRecord *record, const GPtrArray *trials, const size_t *rank, gssize best)
{
    for (guint i = 0; i < trials->len; i++) {
        const LacCellRecord *trial = ((const LacCell *)trials->pdata[i])->record;
        const LacSearchRow row = {trial->id, trial->stage, (int64_t)rank[i], (gssize)i == best};

        g_array_append_val(record->trials, row);
    }
}

/* Among @trials, if there are any; *refusal is left when there is a best one. */
static gboolean
choose(const LacExperiment *e, LacStore *store, LacCellRecord *record, const GPtrArray *trials,
       guint *chosen, char **refusal, GError **error)
{
    const guint n = trials != NULL ? trials->len : 0;
    g_autofree double *scores = g_new(double, n + 1);
    g_autofree size_t *rank = g_new(size_t, n + 1);
    g_autofree char *first = NULL;
    gssize best;

    for (guint i = 0; i < n; i++) {
        g_autofree char *reason = NULL;

        if (!lac_store_trial(store, ((const LacCell *)trials->pdata[i])->record->id, &scores[i],
                             &reason, error))
            return FALSE;
        if (isnan(scores[i]) && first == NULL)
            first = g_steal_pointer(&reason);
    }
    if (n == 0)
        return TRUE;
    best = lac_search_rank(e, ((const LacCell *)trials->pdata[0])->stage, n, scores, rank);
    note_trials(record, trials, rank, best);
    if (best < 0 && *refusal == NULL)
        *refusal = g_strdup_printf("search: all %u trials failed; the first: %s", n,
                                   first != NULL ? first : "without a reason");
    *chosen = best < 0 ? 0 : (guint)best;
    return TRUE;
}

gboolean
lac_select(const LacExperiment *e, LacStore *store, LacCell *cell, char **refusal, GError **error)
{
    LacCellRecord *record = cell->record;
    LacCell resolved;

    *refusal = NULL;
    if (cell->model_trials == NULL && cell->classifier_trials == NULL)
        return TRUE;
    g_clear_pointer(&record->trials, g_array_unref);
    record->trials = g_array_new(FALSE, FALSE, sizeof(LacSearchRow));
    if (!choose(e, store, record, cell->model_trials, &cell->chosen_model, refusal, error) ||
        !choose(e, store, record, cell->classifier_trials, &cell->chosen_classifier, refusal,
                error))
        return FALSE;
    resolved = lac_cell_resolve(cell);
    lac_cell_note_choice(e, &resolved);
    return TRUE;
}
