/* A fitted imputer on disk. */
#include "imputer-struct.h"

#include <math.h>
#include <string.h>

/* Texts and tensors of the core in a model file; everything else in it is the model's own. */
#define KEY_FORMAT "lacuna.format"
#define KEY_PLUGIN "lacuna.plugin"
#define KEY_VERSION "lacuna.version"
#define KEY_PARAMS "lacuna.parameters"
#define KEY_TRAITS "lacuna.traits"
#define KEY_INITIAL "lacuna.initial"
#define KEY_INITIAL_PARAMS "lacuna.initial.parameters"
#define KEY_SCHEMA "lacuna.schema"
#define KEY_COLUMNS "lacuna.columns"
#define KEY_SCALE "lacuna.scale"
#define KEY_SHIFT "lacuna.scale.shift"
#define KEY_FACTOR "lacuna.scale.factor"
#define KEY_TRAIN "lacuna.train.fingerprint"
#define FORMAT "lacuna model 1"

static const char *
component_version(const LacPlugin *plugin)
{
    return plugin->version != NULL ? plugin->version : "1";
}

static void
put_component(LacBundle *bundle, const char *name_key, const char *params_key,
              gconstpointer instance)
{
    const LacInstance *head = instance;
    g_autoptr(LacNode) params = lac_instance_params(instance);
    g_autofree char *json = lac_node_to_json(params);

    lac_bundle_put_text(bundle, name_key, head->plugin->name);
    lac_bundle_put_text(bundle, params_key, json);
}

size_t
lac_imputer_kept_epoch(const LacImputer *imputer)
{
    const gboolean left = !imputer->fitted && imputer->plugin->save != NULL;

    return left && imputer->plugin->load != NULL ? lac_context_kept_epoch(imputer->context) : 0;
}

static LacBundle *
imputer_bundle(const LacImputer *imputer, GError **error)
{
    g_autoptr(LacBundle) bundle = lac_bundle_new();
    g_autofree char *schema = NULL, *traits = NULL;

    g_assert(imputer->fitted || lac_imputer_kept_epoch(imputer) > 0);
    if (imputer->plugin->save == NULL || imputer->plugin->load == NULL)
        return lac_fail_null(error, LAC_ERROR_PLUGIN,
                             "%s: this model cannot be saved; choose one whose `lacuna describe` "
                             "lists 'save'",
                             imputer->plugin->plugin.name);
    schema = lac_schema_to_json(imputer->schema);
    traits = g_strdup_printf("%u", lac_model_traits(imputer->model));
    lac_bundle_put_text(bundle, KEY_FORMAT, FORMAT);
    put_component(bundle, KEY_PLUGIN, KEY_PARAMS, imputer->model);
    lac_bundle_put_text(bundle, KEY_VERSION, component_version(&imputer->plugin->plugin));
    lac_bundle_put_text(bundle, KEY_TRAITS, traits);
    if (imputer->initial != NULL)
        put_component(bundle, KEY_INITIAL, KEY_INITIAL_PARAMS, imputer->initial);
    lac_bundle_put_text(bundle, KEY_SCHEMA, schema);
    if (imputer->rules != NULL)
        lac_bundle_put_text(bundle, KEY_COLUMNS, imputer->rules->text);
    lac_bundle_put_text(bundle, KEY_SCALE, lac_scale_name(imputer->scaler->scale));
    lac_bundle_put_doubles(bundle, KEY_SHIFT, 1, imputer->scaler->cols, imputer->scaler->shift);
    lac_bundle_put_doubles(bundle, KEY_FACTOR, 1, imputer->scaler->cols, imputer->scaler->factor);
    lac_bundle_put_u64(bundle, KEY_TRAIN, 1, 1, &imputer->train_fingerprint);
    return imputer->plugin->save(imputer->model, bundle, error) ? g_steal_pointer(&bundle) : NULL;
}

gboolean
lac_imputer_save(const LacImputer *imputer, const char *path, GError **error)
{
    g_autoptr(LacBundle) bundle = imputer_bundle(imputer, error);

    return bundle != NULL && lac_bundle_write(bundle, path, error);
}

GBytes *
lac_imputer_save_bytes(const LacImputer *imputer, GError **error)
{
    g_autoptr(LacBundle) bundle = imputer_bundle(imputer, error);

    return bundle != NULL ? lac_bundle_to_bytes(bundle, error) : NULL;
}

/* ---- load ------------------------------------------------------------------------------------ */

static gpointer
load_component(const LacBundle *bundle, LacPluginKind kind, const char *name_key,
               const char *params_key, GError **error)
{
    const char *name = lac_bundle_get_text(bundle, name_key, error), *json;
    const LacPlugin *plugin;
    g_autoptr(LacNode) params = NULL;

    json = name != NULL ? lac_bundle_get_text(bundle, params_key, error) : NULL;
    if (json == NULL)
        return NULL;
    plugin = lac_plugin_find(kind, name, error);
    if (plugin == NULL)
        return NULL;
    params = lac_yaml_parse(json, strlen(json), params_key, error);
    return params != NULL ? lac_instance_new(plugin, params, NULL, error) : NULL;
}

static gboolean
check_version(const LacBundle *bundle, const LacPlugin *plugin, GError **error)
{
    const char *format = lac_bundle_get_text(bundle, KEY_FORMAT, error), *version;

    if (format == NULL)
        return FALSE;
    if (strcmp(format, FORMAT) != 0)
        return lac_fail(error, LAC_ERROR_DATA, "format is '%s', expected '%s'", format, FORMAT);
    version = lac_bundle_get_text(bundle, KEY_VERSION, error);
    if (version == NULL)
        return FALSE;
    if (strcmp(version, component_version(plugin)) != 0)
        return lac_fail(error, LAC_ERROR_PLUGIN,
                        "was written by version %s of %s, installed is version %s; fit it again",
                        version, plugin->name, component_version(plugin));
    return TRUE;
}

static LacScaler *
load_scaler(const LacBundle *bundle, size_t cols, GError **error)
{
    const char *name = lac_bundle_get_text(bundle, KEY_SCALE, error);
    const double *shift, *factor;
    g_autoptr(LacScaler) scaler = NULL;
    LacScale scale;

    if (name == NULL)
        return NULL;
    if (!lac_scale_parse(name, &scale))
        return lac_fail_null(error, LAC_ERROR_DATA, "%s is '%s', expected minmax, standard or none",
                             KEY_SCALE, name);
    shift = lac_bundle_get_doubles(bundle, KEY_SHIFT, 1, cols, NULL, NULL, error);
    factor = shift != NULL ? lac_bundle_get_doubles(bundle, KEY_FACTOR, 1, cols, NULL, NULL, error)
                           : NULL;
    if (factor == NULL)
        return NULL;
    for (size_t j = 0; j < cols; j++)
        if (!isfinite(shift[j]) || !isfinite(factor[j]) || factor[j] == 0.0)
            return lac_fail_null(error, LAC_ERROR_DATA,
                                 "%s: column %zu is scaled by shift %g and factor %g", KEY_SCALE,
                                 j + 1, shift[j], factor[j]);
    scaler = g_new0(LacScaler, 1);
    scaler->scale = scale;
    scaler->cols = cols;
    scaler->shift = g_memdup2(shift, cols * sizeof *shift);
    scaler->factor = g_memdup2(factor, cols * sizeof *factor);
    return g_steal_pointer(&scaler);
}

/* What was said of the columns when the model was fitted, if anything was. */
static gboolean
load_rules(LacImputer *imputer, const LacBundle *bundle, GError **error)
{
    const char *text = lac_bundle_get_text(bundle, KEY_COLUMNS, NULL);

    if (text == NULL)
        return TRUE;
    imputer->kept_rules = lac_column_rules_from_text(text, error);
    lac_imputer_set_rules(imputer, imputer->kept_rules);
    return imputer->kept_rules != NULL;
}

const LacColumnRules *
lac_imputer_rules(const LacImputer *imputer)
{
    return imputer->rules;
}

static gboolean
load_columns(LacImputer *imputer, const LacBundle *bundle, GError **error)
{
    const char *json = lac_bundle_get_text(bundle, KEY_SCHEMA, error);
    g_autoptr(LacSchema) schema = json != NULL ? lac_schema_from_json(json, error) : NULL;
    const uint64_t *train;

    if (schema == NULL)
        return FALSE;
    imputer->scaler = load_scaler(bundle, schema->cols, error);
    if (imputer->scaler == NULL)
        return FALSE;
    imputer->scale = imputer->scaler->scale;
    train = lac_bundle_get_u64(bundle, KEY_TRAIN, 1, 1, NULL, NULL, error);
    if (train == NULL)
        return FALSE;
    imputer->train_fingerprint = *train;
    lac_imputer_set_columns(imputer, schema);
    return TRUE;
}

static LacImputer *
imputer_from_bundle(const LacBundle *bundle, LacContext *context, GError **error)
{
    g_autoptr(LacImputer) imputer = NULL;
    LacModel *model = load_component(bundle, LAC_PLUGIN_MODEL, KEY_PLUGIN, KEY_PARAMS, error);
    LacInitial *initial = NULL;

    if (model == NULL)
        return NULL;
    if (lac_bundle_get_text(bundle, KEY_INITIAL, NULL) != NULL) {
        initial =
            load_component(bundle, LAC_PLUGIN_INITIAL, KEY_INITIAL, KEY_INITIAL_PARAMS, error);
        if (initial == NULL) {
            lac_instance_free(model);
            return NULL;
        }
    }
    imputer = lac_imputer_new(model, initial, LAC_SCALE_NONE, context);
    if (imputer->plugin->load == NULL)
        return lac_fail_null(error, LAC_ERROR_PLUGIN, "%s cannot load what was saved",
                             imputer->plugin->plugin.name);
    if (!check_version(bundle, &imputer->plugin->plugin, error) ||
        !load_rules(imputer, bundle, error) || !load_columns(imputer, bundle, error) ||
        !imputer->plugin->load(imputer->model, bundle, error))
        return NULL;
    imputer->fitted = TRUE;
    return g_steal_pointer(&imputer);
}

LacImputer *
lac_imputer_load(const char *path, LacContext *context, GError **error)
{
    g_autoptr(LacBundle) bundle = lac_bundle_read(path, error);
    LacImputer *imputer;

    if (bundle == NULL)
        return NULL;
    imputer = imputer_from_bundle(bundle, context, error);
    /* what the bundle itself says names the file already */
    if (imputer == NULL && error != NULL && !g_str_has_prefix((*error)->message, path))
        g_prefix_error(error, "%s: ", path);
    return imputer;
}
