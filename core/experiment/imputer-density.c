/* What a model says of true rows: densities of hidden cells, bounds of whole rows. */
#include "imputer-struct.h"

/* As a slot of LacModelPlugin: log_density or elbo. */
typedef gboolean (*OfRows)(const LacModel *model, const LacData *in, const LacData *truth,
                           double *out, GError **error);

/* A density over 0/1 indicator columns is not a density over levels. */
gboolean
lac_imputer_can_log_density(const LacImputer *imputer)
{
    return imputer->plugin->log_density != NULL && imputer->encoder == NULL;
}

gboolean
lac_imputer_can_elbo(const LacImputer *imputer)
{
    return imputer->plugin->elbo != NULL && imputer->encoder == NULL;
}

/* @of_rows of both tables in the model's units. */
static gboolean
ask(LacImputer *imputer, OfRows of_rows, const LacData *in, const LacData *truth, double *out,
    GError **error)
{
    g_autoptr(LacData) scaled_truth = NULL;
    const LacData *prepared;

    g_assert(imputer->fitted);
    if (!lac_imputer_check_in(imputer, in, error))
        return FALSE;
    prepared = lac_imputer_prepare_kept(imputer, in, error);
    if (prepared == NULL)
        return FALSE;
    scaled_truth = lac_imputer_prepare(imputer, truth, error);
    return scaled_truth != NULL && of_rows(imputer->model, prepared, scaled_truth, out, error);
}

gboolean
lac_imputer_log_density(LacImputer *imputer, const LacData *in, const LacData *truth, double *out,
                        GError **error)
{
    g_assert(lac_imputer_can_log_density(imputer));
    return ask(imputer, imputer->plugin->log_density, in, truth, out, error);
}

gboolean
lac_imputer_elbo(LacImputer *imputer, const LacData *in, const LacData *truth, double *out,
                 GError **error)
{
    g_assert(lac_imputer_can_elbo(imputer));
    return ask(imputer, imputer->plugin->elbo, in, truth, out, error);
}
