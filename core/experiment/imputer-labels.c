/* Labels predicted by a model between raw tables. */
#include "imputer-struct.h"

#include <math.h>

static gboolean
check_probabilities(const LacImputer *imputer, const LacData *in, const LacMatrix *out,
                    GError **error)
{
    for (size_t i = 0; i < out->rows; i++) {
        const double *p = lac_matrix_row(out, i);
        double sum = 0.0;

        for (size_t k = 0; k < out->cols; k++)
            sum += p[k] >= 0.0 ? p[k] : NAN;
        if (!(fabs(sum - 1.0) <= 1e-6))
            return lac_fail(error, LAC_ERROR_NUMERIC,
                            "%s: the class probabilities of row %zu of %s add up to %g, or one of "
                            "them is negative or not a number",
                            lac_imputer_model_name(imputer), i + 1, in->origin, sum);
    }
    return TRUE;
}

gboolean
lac_imputer_predict(LacImputer *imputer, const LacData *in, LacMatrix *out, GError **error)
{
    const LacData *prepared;

    g_assert(imputer->plugin->predict != NULL && imputer->fitted && out->rows == in->rows);
    if (!lac_imputer_check_columns(imputer, in, error))
        return FALSE;
    prepared = lac_imputer_prepare_kept(imputer, in, error);
    if (prepared == NULL)
        return FALSE;
    if (!imputer->plugin->predict(imputer->model, prepared, out, error)) {
        if (error != NULL && *error == NULL)
            lac_fail(error, LAC_ERROR_PLUGIN, "%s: predict failed without saying why",
                     lac_imputer_model_name(imputer));
        return FALSE;
    }
    return check_probabilities(imputer, in, out, error);
}
