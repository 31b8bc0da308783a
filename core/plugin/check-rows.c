/* What a model may say of whole rows beside completing them: rows given back, densities, bounds. */
#include "check-private.h"

#include <math.h>

static const LacModelPlugin *
model_plugin(const LacCheck *check)
{
    return (const LacModelPlugin *)check->plugin;
}

/* Finite everywhere, the same bytes twice; it may, and should, change observed cells. */
void
lac_check_reconstruct(LacCheck *check)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacData) data = NULL;
    g_autoptr(LacMatrix) once = NULL, twice = NULL;
    LacModel *model;
    size_t i, j;

    if (model_plugin(check)->reconstruct == NULL) {
        lac_check_note(check, "it gives completions only");
        return;
    }
    data = lac_check_base(check, 1);
    model = data != NULL ? lac_check_fitted(check, context, data) : NULL;
    if (model == NULL)
        return;
    once = lac_matrix_new(data->rows, data->cols, NULL);
    twice = lac_matrix_new(data->rows, data->cols, NULL);
    if (!model_plugin(check)->reconstruct(model, data, -1, once, &error) ||
        !model_plugin(check)->reconstruct(model, data, -1, twice, &error))
        lac_check_fail(check, "reconstruct failed: %s",
                       error != NULL ? error->message : "(no error set)");
    else if (!lac_check_same(once, twice, 0.0, &i, &j))
        lac_check_fail(check, "reconstruct gave cell (%zu, %zu) as %.17g and then as %.17g", i, j,
                       lac_matrix_row(once, i)[j], lac_matrix_row(twice, i)[j]);
    for (i = 0; error == NULL && i < data->rows; i++)
        for (j = 0; j < data->cols; j++)
            if (!isfinite(lac_matrix_row(once, i)[j])) {
                lac_check_fail(check, "reconstruct gave cell (%zu, %zu) as %g", i, j,
                               lac_matrix_row(once, i)[j]);
                i = data->rows - 1;
                break;
            }
    lac_instance_free(model);
}

/* Numbers of rows, from a fitted model and the truth under its holes, which is known in full.
 * @slot: log_density or elbo. Returns: [rows of @data_out], owned; NULL after a failure that is
 * told. */
static double *
rows_of(LacCheck *check, const char *name,
        gboolean (*slot)(const LacModel *model, const LacData *in, const LacData *truth,
                         double *out, GError **error),
        LacData **data_out)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacData) data = lac_check_base(check, 1), raw = NULL, truth = NULL;
    g_autofree double *out = NULL;
    LacModel *model = data != NULL ? lac_check_fitted(check, context, data) : NULL;
    gboolean good;

    if (model == NULL)
        return NULL;
    raw = lac_check_truth(data->image.channels > 0 ? LAC_TABLE_IMAGES : LAC_TABLE_PLAIN, 1);
    truth = lac_check_prepare(check->plugin, raw);
    out = g_new0(double, data->rows);
    good = slot(model, data, truth, out, &error);
    lac_instance_free(model);
    if (!good) {
        lac_check_fail(check, "%s failed: %s", name,
                       error != NULL ? error->message : "(no error set)");
        return NULL;
    }
    *data_out = g_steal_pointer(&data);
    return g_steal_pointer(&out);
}

void
lac_check_log_density(LacCheck *check)
{
    g_autoptr(LacData) data = NULL;
    g_autofree double *out = NULL;

    if (model_plugin(check)->log_density == NULL) {
        lac_check_note(check, "it gives no densities");
        return;
    }
    out = rows_of(check, "log_density", model_plugin(check)->log_density, &data);
    for (size_t i = 0; out != NULL && i < data->rows; i++) {
        const gboolean complete = lac_mask_count_row(data->holes, i) == 0;

        if (isnan(out[i]) || out[i] == (double)INFINITY || (complete && out[i] != 0.0))
            lac_check_fail(check, "row %zu, which %s: %g", i,
                           complete ? "has no hole, so 0 is expected" : "has holes", out[i]);
    }
}

void
lac_check_elbo(LacCheck *check)
{
    g_autoptr(LacData) data = NULL;
    g_autofree double *out = NULL;

    if (model_plugin(check)->elbo == NULL) {
        lac_check_note(check, "it gives no bounds");
        return;
    }
    out = rows_of(check, "elbo", model_plugin(check)->elbo, &data);
    for (size_t i = 0; out != NULL && i < data->rows; i++)
        if (isnan(out[i]) || out[i] == (double)INFINITY)
            lac_check_fail(check, "the bound of row %zu is %g", i, out[i]);
}
