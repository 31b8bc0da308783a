/* The model of `lacuna impute`, or the two that --model auto found: fitted and asked for
 * completions. */
#include "impute-private.h"

gboolean
lac_impute_models_init(LacImputeModels *models, const LacImputeOptions *o, const char *levels,
                       LacRng rng, GError **error)
{
    LacImputeOptions other = *o;

    models->context = lac_context_new(lac_rng_split(&rng, "impute"));
    models->main = lac_impute_imputer_new(o, models->context, error);
    if (models->main == NULL || levels == NULL)
        return models->main != NULL;
    other.model = (char *)(gpointer)levels; /* only read */
    models->levels_context = lac_context_new(lac_rng_split(&rng, "impute"));
    models->levels = lac_impute_imputer_new(&other, models->levels_context, error);
    return models->levels != NULL;
}

void
lac_impute_models_rules(LacImputeModels *models, const LacImputeTable *table)
{
    lac_imputer_set_rules(models->main, table->rules);
    if (models->levels != NULL)
        lac_imputer_set_rules(models->levels, table->rules);
}

void
lac_impute_models_clear(LacImputeModels *models)
{
    g_clear_pointer(&models->main, lac_imputer_free);
    g_clear_pointer(&models->levels, lac_imputer_free);
    g_clear_pointer(&models->context, lac_context_free);
    g_clear_pointer(&models->levels_context, lac_context_free);
}

gboolean
lac_impute_models_fit(LacImputeModels *models, const LacData *in, GError **error)
{
    return lac_imputer_fit(models->main, in, error) &&
           (models->levels == NULL || lac_imputer_fit(models->levels, in, error));
}

gboolean
lac_impute_models_draw(const LacImputeModels *models)
{
    return lac_imputer_can_sample(models->main) &&
           (models->levels == NULL || lac_imputer_can_sample(models->levels));
}

char *
lac_impute_models_name(const LacImputeModels *models)
{
    const char *name = lac_imputer_model_name(models->main);

    return models->levels == NULL
               ? g_strdup(name)
               : g_strdup_printf("%s and %s", name, lac_imputer_model_name(models->levels));
}

const LacImputer *
lac_impute_models_of(const LacImputeModels *models, const LacColumn *column)
{
    return models->levels == NULL || lac_kind_is_numeric(column->kind) ? models->main
                                                                       : models->levels;
}

static gboolean
models_ask(LacImputer *imputer, const LacData *in, gboolean drawn, size_t draw, LacMatrix *out,
           GError **error)
{
    return drawn ? lac_imputer_sample(imputer, in, draw, out, error)
                 : lac_imputer_fill(imputer, in, out, error);
}

/* @out has what @models->main makes of @seen; its categories become what the other one does. */
static gboolean
models_add_levels(const LacImputeModels *models, const LacData *seen, gboolean drawn, size_t draw,
                  LacMatrix *out, GError **error)
{
    g_autoptr(LacMatrix) other = lac_matrix_new(out->rows, out->cols, error);

    if (other == NULL || !models_ask(models->levels, seen, drawn, draw, other, error))
        return FALSE;
    for (size_t j = 0; j < seen->cols; j++) {
        if (lac_kind_is_numeric(lac_data_column(seen, j)->kind))
            continue;
        for (size_t i = 0; i < seen->rows; i++)
            lac_matrix_row(out, i)[j] = lac_matrix_row(other, i)[j];
    }
    return TRUE;
}

gboolean
lac_impute_models_fill(const LacImputeModels *models, const LacData *in, gboolean drawn,
                       size_t draw, LacMatrix *out, GError **error)
{
    return models_ask(models->main, in, drawn, draw, out, error) &&
           (models->levels == NULL || models_add_levels(models, in, drawn, draw, out, error));
}

LacMatrix *
lac_impute_complete(const LacImputeModels *models, const LacImputeTable *table, gboolean drawn,
                    size_t draw, GError **error)
{
    const LacData *data = table->data;
    g_autoptr(LacMatrix) out = lac_matrix_new(data->rows, data->cols, error);
    g_autoptr(LacMatrix) filled = NULL;

    if (out == NULL)
        return NULL;
    if (table->adapted == NULL)
        return lac_impute_models_fill(models, data, drawn, draw, out, error) ? g_steal_pointer(&out)
                                                                             : NULL;
    filled = lac_matrix_new(data->rows, table->adapted->cols, error);
    if (filled == NULL || !models_ask(models->main, table->adapted, drawn, draw, filled, error))
        return NULL;
    for (size_t i = 0; i < data->rows; i++)
        for (size_t k = 0; k < data->cols; k++) {
            const gssize j = table->model_column[k];

            lac_matrix_row(out, i)[k] =
                j < 0 ? lac_data_at(data, i, k) : lac_matrix_row(filled, i)[j];
        }
    return g_steal_pointer(&out);
}

/* Not under the name that was asked for: whoever finds a file there takes it for the model. */
gboolean
lac_impute_keep_last_good(const LacImputeOptions *o, const LacImputer *imputer, GError **error)
{
    const size_t epoch = lac_imputer_kept_epoch(imputer);
    g_autofree char *path = o->save != NULL ? g_strconcat(o->save, ".last-good", NULL) : NULL;
    g_autofree char *said = NULL;

    if (epoch == 0 || error == NULL || *error == NULL)
        return FALSE;
    said = (*error)->message;
    if (path == NULL)
        (*error)->message = g_strdup_printf(
            "%s. With --save FILE the model of epoch %zu, the last good one, would be kept", said,
            epoch);
    else if (lac_imputer_save(imputer, path, NULL))
        (*error)->message = g_strdup_printf(
            "%s. The model of epoch %zu, the last good one, is in %s", said, epoch, path);
    else
        g_steal_pointer(&said);
    return FALSE;
}
