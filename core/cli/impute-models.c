/* The model of `lacuna impute`, or those that --model auto found for the kinds of columns: fitted
 * and asked for completions. */
#include "impute-private.h"

#include <string.h>

void
lac_impute_choice_clear(LacImputeChoice *choice)
{
    for (size_t k = 0; k < choice->n; k++)
        g_free(choice->name[k]);
    choice->n = 0;
}

gboolean
lac_impute_models_init(LacImputeModels *models, const LacImputeOptions *o,
                       const LacImputeChoice *choice, LacRng rng, GError **error)
{
    LacImputeOptions options = *o;

    for (size_t k = 0; k == 0 || (choice != NULL && k < choice->n); k++) {
        if (k > 0)
            options.model = choice->name[k]; /* only read */
        models->context[k] = lac_context_new(lac_rng_split(&rng, "impute"));
        models->n = k + 1;
        models->imputer[k] = lac_impute_imputer_new(&options, models->context[k], error);
        if (models->imputer[k] == NULL)
            return FALSE;
    }
    if (choice != NULL)
        memcpy(models->of_kind, choice->of_kind, sizeof models->of_kind);
    return TRUE;
}

void
lac_impute_models_choice(const LacImputeModels *models, LacImputeChoice *out)
{
    *out = (LacImputeChoice){.n = models->n};
    for (size_t k = 0; k < models->n; k++)
        out->name[k] = g_strdup(lac_imputer_model_name(models->imputer[k]));
    memcpy(out->of_kind, models->of_kind, sizeof out->of_kind);
}

void
lac_impute_models_rules(LacImputeModels *models, const LacImputeTable *table)
{
    for (size_t k = 0; k < models->n; k++)
        lac_imputer_set_rules(models->imputer[k], table->rules);
}

void
lac_impute_models_clear(LacImputeModels *models)
{
    for (size_t k = 0; k < models->n; k++) {
        g_clear_pointer(&models->imputer[k], lac_imputer_free);
        g_clear_pointer(&models->context[k], lac_context_free);
    }
    models->n = 0;
}

gboolean
lac_impute_models_fit(LacImputeModels *models, const LacData *in, GError **error)
{
    for (size_t k = 0; k < models->n; k++)
        if (!lac_imputer_fit(models->imputer[k], in, error))
            return FALSE;
    return TRUE;
}

gboolean
lac_impute_models_draw(const LacImputeModels *models)
{
    for (size_t k = 0; k < models->n; k++)
        if (!lac_imputer_can_sample(models->imputer[k]))
            return FALSE;
    return TRUE;
}

char *
lac_impute_models_name(const LacImputeModels *models)
{
    GString *out = g_string_new(lac_imputer_model_name(models->imputer[0]));

    for (size_t k = 1; k < models->n; k++)
        g_string_append_printf(out, "%s%s", k + 1 < models->n ? ", " : " and ",
                               lac_imputer_model_name(models->imputer[k]));
    return g_string_free(out, FALSE);
}

const LacImputer *
lac_impute_models_of(const LacImputeModels *models, const LacColumn *column)
{
    return models->imputer[models->of_kind[column->kind]];
}

static gboolean
models_ask(LacImputer *imputer, const LacData *in, gboolean drawn, size_t draw, LacMatrix *out,
           GError **error)
{
    return drawn ? lac_imputer_sample(imputer, in, draw, out, error)
                 : lac_imputer_fill(imputer, in, out, error);
}

/* @out has what the first makes of @seen; the columns of model @k become what that one does. */
static gboolean
models_add(const LacImputeModels *models, size_t k, const LacData *seen, gboolean drawn,
           size_t draw, LacMatrix *out, GError **error)
{
    g_autoptr(LacMatrix) other = lac_matrix_new(out->rows, out->cols, error);

    if (other == NULL || !models_ask(models->imputer[k], seen, drawn, draw, other, error))
        return FALSE;
    for (size_t j = 0; j < seen->cols; j++) {
        if (models->of_kind[lac_data_column(seen, j)->kind] != k)
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
    if (!models_ask(models->imputer[0], in, drawn, draw, out, error))
        return FALSE;
    for (size_t k = 1; k < models->n; k++)
        if (!models_add(models, k, in, drawn, draw, out, error))
            return FALSE;
    return TRUE;
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
    if (filled == NULL ||
        !models_ask(models->imputer[0], table->adapted, drawn, draw, filled, error))
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
