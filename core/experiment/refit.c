/* A cell's method learnt once more, on a table that a metric has made. */
#include "work.h"

/* A fresh imputer of the cell's components. NULL with an error. */
static LacImputer *
refit_imputer(const LacWork *work, LacContext *context, GError **error)
{
    const LacExperiment *e = work->experiment;
    const LacCell *cell = work->cell;
    LacInitial *initial = lac_work_instance(e, cell->initial, error);
    LacModel *model = initial != NULL ? lac_work_instance(e, cell->model, error) : NULL;
    LacOptimizer *optimizer = NULL;
    LacImputer *imputer;

    if (model == NULL) {
        if (initial != NULL)
            lac_instance_free(initial);
        return NULL;
    }
    imputer = lac_imputer_new(model, initial, cell->scale, context);
    if (cell->optimizer != NULL) {
        optimizer = lac_work_instance(e, cell->optimizer, error);
        if (optimizer == NULL) {
            lac_imputer_free(imputer);
            return NULL;
        }
        lac_imputer_set_optimizer(imputer, optimizer);
    }
    lac_imputer_set_rounding(imputer, FALSE);
    return imputer;
}

gboolean
lac_work_refit(void *user, const LacData *table, uint64_t number, size_t n, LacMatrix *const *out,
               size_t *n_out, GError **error)
{
    const LacWork *work = user;
    const LacRng all = lac_context_rng(work->context, "refit");
    g_autoptr(LacContext) context = lac_context_new(lac_rng_at(&all, number));
    g_autoptr(LacImputer) imputer = refit_imputer(work, context, error);

    if (imputer == NULL)
        return FALSE;
    lac_context_set_memory(context, lac_context_memory(work->context));
    lac_context_set_draws(context, n);
    if (!lac_imputer_fit(imputer, table, error))
        return FALSE;
    if (!lac_imputer_can_sample(imputer)) {
        *n_out = 1;
        return lac_imputer_fill(imputer, table, out[0], error);
    }
    for (size_t d = 0; d < n; d++)
        if (!lac_imputer_sample(imputer, table, d, out[d], error))
            return FALSE;
    *n_out = n;
    return TRUE;
}
