/* Whole rows as a model gives them back: what it would have put in every cell, observed or not. */
#include "imputer-struct.h"

#include <math.h>

gboolean
lac_imputer_can_reconstruct(const LacImputer *imputer)
{
    return imputer->plugin->reconstruct != NULL;
}

static gboolean
run_model(const LacImputer *imputer, const LacData *prepared, gssize draw, LacMatrix *modelled,
          GError **error)
{
    if (imputer->plugin->reconstruct(imputer->model, prepared, draw, modelled, error))
        return TRUE;
    return error == NULL || *error != NULL
               ? FALSE
               : lac_fail(error, LAC_ERROR_PLUGIN, "%s: reconstruct failed without saying why",
                          lac_imputer_model_name(imputer));
}

/* Level codes are whole; a column computed from others was not the model's. */
static gboolean
settle_row(const LacImputer *imputer, const LacData *in, size_t i, double *row, GError **error)
{
    for (size_t j = 0; j < in->cols; j++) {
        const LacColumn *column = lac_data_column(in, j);

        if (imputer->plan != NULL && imputer->plan->is_derived[j]) {
            row[j] = lac_data_at(in, i, j);
            continue;
        }
        if (!isfinite(row[j]))
            return lac_fail(error, LAC_ERROR_NUMERIC,
                            "%s: gave row %zu, column '%s' back as %g, which is not finite",
                            lac_imputer_model_name(imputer), i + 1, lac_data_name(in, j), row[j]);
        if (!lac_kind_is_numeric(column->kind))
            row[j] = CLAMP(rint(row[j]), 0.0, (double)column->n_levels - 1.0);
    }
    return TRUE;
}

gboolean
lac_imputer_reconstruct(LacImputer *imputer, const LacData *in, gssize draw, LacMatrix *out,
                        GError **error)
{
    g_autoptr(LacMatrix) modelled = NULL;
    const LacData *prepared;

    g_assert(lac_imputer_can_reconstruct(imputer) && imputer->fitted);
    g_assert(out->rows == in->rows && out->cols == in->cols);
    if (!lac_imputer_check_in(imputer, in, error))
        return FALSE;
    prepared = lac_imputer_prepare_kept(imputer, in, error);
    if (prepared != NULL && imputer->encoder != NULL)
        modelled = lac_matrix_new(prepared->rows, prepared->cols, error);
    if (prepared == NULL || (imputer->encoder != NULL && modelled == NULL) ||
        !run_model(imputer, prepared, draw, modelled != NULL ? modelled : out, error))
        return FALSE;
    lac_imputer_undo(imputer, modelled != NULL ? modelled : out, out);
    for (size_t i = 0; i < in->rows; i++)
        if (!settle_row(imputer, in, i, lac_matrix_row(out, i), error))
            return FALSE;
    return lac_column_plan_derive(imputer->plan, in, out, error);
}
