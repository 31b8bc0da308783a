/* The model of `lacuna impute`: made from the options or loaded, and met by the person's table. */
#include "impute-private.h"
#include "limits-private.h"
#include "schema-private.h"

#include <string.h>

const char *const lac_impute_scales[] = {"minmax", "standard", "none", NULL};

#define OF_OPTIMIZER "optimizer."

/* --set k=10 --set weights=distance onto the tree of parameters @given, which is taken; those
 * called "optimizer." or the others. */
static LacNode *
set_params(LacNode *given, char **set, gboolean of_optimizer, GError **error)
{
    g_autoptr(LacNode) params = given;

    for (size_t i = 0; params != NULL && set != NULL && set[i] != NULL; i++) {
        const gboolean is_its = g_str_has_prefix(set[i], OF_OPTIMIZER);
        const char *text = set[i] + (is_its ? strlen(OF_OPTIMIZER) : 0);
        const char *split = strchr(text, '=');
        g_autofree char *name = NULL;

        if (is_its != of_optimizer)
            continue;

        if (split == NULL)
            return lac_fail_null(error, LAC_ERROR_PARAM, "--set=%s: expected PARAM=VALUE", set[i]);
        name = g_strndup(text, (gsize)(split - text));
        if (!lac_node_set_path(params, name, split + 1, error))
            return NULL;
    }
    return g_steal_pointer(&params);
}

/* The optimizer that was asked for, by name or by a parameter; FALSE with an error. */
static gboolean
optimizer_new(const LacImputeOptions *o, LacOptimizer **out, GError **error)
{
    g_autoptr(LacNode) params =
        set_params(lac_yaml_parse("{}", 2, "--set", error), o->set, TRUE, error);
    const LacPlugin *plugin;

    if (params == NULL)
        return FALSE;
    if (o->optimizer == NULL && params->n == 0)
        return TRUE;
    plugin = lac_plugin_find(LAC_PLUGIN_OPTIMIZER,
                             o->optimizer != NULL ? o->optimizer : LAC_OPTIMIZER_DEFAULT, error);
    *out = plugin != NULL ? lac_instance_new(plugin, params, ".", error) : NULL;
    return *out != NULL;
}

/* @imputer is taken; NULL when its model needs no optimizer, or there is no such. */
static LacImputer *
with_optimizer(LacImputer *imputer, const LacImputeOptions *o, GError **error)
{
    LacOptimizer *optimizer = NULL;

    if (!optimizer_new(o, &optimizer, error)) {
        lac_imputer_free(imputer);
        return NULL;
    }
    if (optimizer == NULL)
        return imputer;
    if (!(lac_model_traits(lac_imputer_model(imputer)) & LAC_MODEL_GRADIENT)) {
        lac_fail(error, LAC_ERROR_PARAM,
                 "--optimizer: model '%s' is not trained by gradients; leave it out",
                 lac_imputer_model_name(imputer));
        lac_instance_free(optimizer);
        lac_imputer_free(imputer);
        return NULL;
    }
    lac_imputer_set_optimizer(imputer, optimizer);
    return imputer;
}

static LacImputer *
model_new(const LacImputeOptions *o, LacContext *context, GError **error)
{
    g_autofree char *name = NULL;
    g_autoptr(LacNode) given =
        lac_model_text_parse("--model", o->model != NULL ? o->model : "knn", &name, error);
    g_autoptr(LacNode) params =
        given != NULL ? set_params(g_steal_pointer(&given), o->set, FALSE, error) : NULL;
    LacScale scale = LAC_SCALE_MINMAX;
    const LacPlugin *plugin, *initial_plugin = NULL;
    LacInitial *initial = NULL;
    LacModel *model;

    if (params == NULL)
        return NULL;
    if (!lac_cli_one_of("--scale", o->scale, lac_impute_scales, error))
        return NULL;
    if (o->scale != NULL)
        lac_scale_parse(o->scale, &scale);
    plugin = lac_plugin_find(LAC_PLUGIN_MODEL, name, error);
    if (plugin == NULL || !lac_model_fills(plugin, error))
        return NULL;
    if (o->initial != NULL) {
        initial_plugin = lac_plugin_find(LAC_PLUGIN_INITIAL, o->initial, error);
        initial = initial_plugin ? lac_instance_new(initial_plugin, NULL, ".", error) : NULL;
        if (initial == NULL)
            return NULL;
    }
    model = lac_instance_new(plugin, params, ".", error);
    if (model == NULL) {
        lac_instance_free(initial);
        return NULL;
    }
    return with_optimizer(lac_imputer_new(model, initial, scale, context), o, error);
}

LacImputer *
lac_impute_imputer_new(const LacImputeOptions *o, LacContext *context, GError **error)
{
    lac_context_set_check_numerics(context, o->check_numerics);
    return o->load != NULL ? lac_imputer_load(o->load, context, error)
                           : model_new(o, context, error);
}

/* ---- new rows for a loaded model --------------------------------------------------------------
 */

static void
model_copy_column(const LacColumn *from, LacSchema *to, size_t j)
{
    lac_schema_set_name(to, j, from->name);
    if (!lac_kind_is_numeric(from->kind)) {
        lac_schema_set_levels(to, j, from->kind, from->n_levels, (const char *const *)from->levels);
        return;
    }
    to->columns[j].kind = from->kind;
    to->columns[j].lower = from->lower;
    to->columns[j].upper = from->upper;
}

/* @data in its own order of columns, each with the kind and the codes of the model's. Owned. */
static LacData *
model_retype(const LacImputeTable *table, GError **error)
{
    const LacData *data = table->data, *adapted = table->adapted;
    g_autofree double *values =
        lac_try_alloc(data->rows * MAX(data->cols, 1), sizeof *values, data->origin, error);
    LacSchema *schema;

    if (values == NULL)
        return NULL;
    schema = lac_schema_new(data->cols);
    for (size_t k = 0; k < data->cols; k++) {
        const gssize j = table->model_column[k];

        model_copy_column(j < 0 ? lac_data_column(data, k) : lac_data_column(adapted, (size_t)j),
                          schema, k);
        for (size_t i = 0; i < data->rows; i++)
            values[i * data->cols + k] =
                j < 0 ? lac_data_at(data, i, k) : lac_data_at(adapted, i, (size_t)j);
    }
    return lac_data_derive_take(data, schema, g_steal_pointer(&values), error);
}

gboolean
lac_impute_adapt(const LacImputer *imputer, LacImputeTable *table, GError **error)
{
    LacData *retyped;

    table->adapted = lac_imputer_adapt(imputer, table->data, error);
    if (table->adapted == NULL)
        return FALSE;
    table->model_column = g_new(gssize, table->data->cols);
    for (size_t k = 0; k < table->data->cols; k++)
        table->model_column[k] =
            lac_schema_find_from(lac_imputer_schema(imputer), k, lac_data_name(table->data, k));
    retyped = model_retype(table, error);
    if (retyped == NULL)
        return FALSE;
    lac_data_take_limits(retyped, lac_limits_ref(table->data->limits));
    lac_data_unref(table->data);
    table->data = retyped;
    return TRUE;
}
