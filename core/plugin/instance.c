/* An instance: a zeroed block of the component's struct with its parameters in it. */
#include "plugin-private.h"

#include <string.h>

/* The component's and its family's parameter names, for suggestions. Lent strings, owned array. */
static void
add_name(const LacParam *param, void *user)
{
    g_ptr_array_add(user, (gpointer)param->name);
}

static gboolean
fail_unknown(const LacPlugin *plugin, const char *where, const LacNode *key, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *all = NULL;
    const char *nearest;

    lac_plugin_foreach_param(plugin, add_name, names);
    g_ptr_array_add(names, NULL);
    if (names->len == 1)
        return lac_node_fail(error, key, "%s: unknown parameter '%s'; %s takes none", where,
                             key->text, plugin->name);
    all = g_strjoinv(", ", (char **)names->pdata);
    nearest = lac_suggest(key->text, (const char *const *)names->pdata);
    if (nearest != NULL)
        return lac_node_fail(error, key,
                             "%s: unknown parameter '%s' (did you mean '%s'?); %s takes %s", where,
                             key->text, nearest, plugin->name, all);
    return lac_node_fail(error, key, "%s: unknown parameter '%s'; %s takes %s", where, key->text,
                         plugin->name, all);
}

static gboolean
set_one(const LacPlugin *plugin, const char *where, const LacNode *key, const LacNode *value,
        const char *base_dir, gpointer instance, GError **error)
{
    const LacParam *param = lac_plugin_find_param(plugin, key->text);
    g_autofree char *name = g_strdup_printf("%s.%s", where, key->text);

    if (param == NULL)
        return fail_unknown(plugin, where, key, error);
    if (value->tag != NULL)
        return lac_node_fail(error, value, "%s: %s is not understood here; give one value", name,
                             value->tag);
    if (value->type == LAC_NODE_NULL)
        return TRUE; /* "k:" and "k: null" leave the default */
    return lac_param_set(plugin, param, name, value, base_dir, instance, error);
}

typedef struct {
    const LacPlugin *plugin;
    gpointer instance;
    gboolean ok;
    GError **error;
} Defaults;

static void
set_default(const LacParam *param, void *user)
{
    Defaults *defaults = user;

    if (defaults->ok)
        defaults->ok =
            lac_param_set_default(defaults->plugin, param, defaults->instance, defaults->error);
}

static gboolean
set_params(const LacPlugin *plugin, const LacNode *params, const char *base_dir, gpointer instance,
           GError **error)
{
    g_autofree char *where =
        g_strdup_printf("%s.%s", lac_plugin_kind_key(plugin->kind), plugin->name);
    Defaults defaults = {plugin, instance, TRUE, error};

    lac_plugin_foreach_param(plugin, set_default, &defaults);
    if (!defaults.ok)
        return FALSE;
    if (params == NULL || params->type == LAC_NODE_NULL)
        return TRUE;
    if (params->type != LAC_NODE_MAP)
        return lac_node_fail(error, params, "%s: expected a map of parameters, found %s", where,
                             lac_node_type_name(params->type));
    for (size_t i = 0; i < params->n; i++)
        if (!set_one(plugin, where, params->keys[i], params->items[i], base_dir, instance, error))
            return FALSE;
    return TRUE;
}

/* A reader that lists file suffixes reads files, so it needs one. */
static gboolean
check_reader_path(const LacPlugin *plugin, const LacNode *params, gconstpointer instance,
                  GError **error)
{
    if (plugin->kind != LAC_PLUGIN_READER || ((const LacReaderPlugin *)plugin)->suffixes == NULL ||
        ((const LacReader *)instance)->path != NULL)
        return TRUE;
    if (params != NULL)
        return lac_node_fail(error, params, "data.%s: no path; say which file to read: {path: ...}",
                             plugin->name);
    return lac_fail(error, LAC_ERROR_PARAM, "data.%s: no path; say which file to read: {path: ...}",
                    plugin->name);
}

gpointer
lac_instance_new(const LacPlugin *plugin, const LacNode *params, const char *base_dir,
                 GError **error)
{
    LacInstance *instance = g_malloc0(plugin->instance_size);

    instance->plugin = plugin;
    if (!set_params(plugin, params, base_dir, instance, error) ||
        !check_reader_path(plugin, params, instance, error)) {
        lac_instance_free(instance);
        return NULL;
    }
    return instance;
}

static void
clear_param(const LacParam *param, void *user)
{
    lac_param_clear(param, user);
}

/* The component's own `clear` first: it may still look at its parameters. */
static void
clear_component(gpointer instance)
{
    const LacPlugin *plugin = ((LacInstance *)instance)->plugin;

    switch (plugin->kind) {
#define CLEAR(KIND, Plugin)                                                                        \
    case KIND:                                                                                     \
        if (((const Plugin *)plugin)->clear != NULL)                                               \
            ((const Plugin *)plugin)->clear(instance);                                             \
        break
        CLEAR(LAC_PLUGIN_MASK, LacMaskPlugin);
        CLEAR(LAC_PLUGIN_INITIAL, LacInitialPlugin);
        CLEAR(LAC_PLUGIN_MODEL, LacModelPlugin);
        CLEAR(LAC_PLUGIN_OPTIMIZER, LacOptimizerPlugin);
        CLEAR(LAC_PLUGIN_METRIC, LacMetricPlugin);
        CLEAR(LAC_PLUGIN_READER, LacReaderPlugin);
#undef CLEAR
    }
}

void
lac_instance_free(gpointer instance)
{
    if (instance == NULL)
        return;
    clear_component(instance);
    lac_plugin_foreach_param(((LacInstance *)instance)->plugin, clear_param, instance);
    g_free(instance);
}
