/* One component position: from names and one-key maps to checked, distinguishable alternatives. */
#include "choice.h"
#include "columns.h"
#include "imputer-private.h"
#include "sweep.h"

#include <string.h>

static void
choice_free(gpointer data)
{
    LacChoice *choice = data;

    lac_node_free(choice->params);
    lac_node_free(choice->in_force);
    lac_column_rules_free(choice->columns);
    g_free(choice->json);
    g_free(choice->label);
    g_free(choice->family_label);
    g_free(choice->key);
    g_free(choice->sha256);
    g_strfreev(choice->axes);
    g_free(choice);
}

/* ---- paths ----------------------------------------------------------------------------------- */

static void
collect_path_param(const LacParam *param, void *user)
{
    if (param->type == LAC_PARAM_TYPE_PATH)
        g_ptr_array_add(user, (gpointer)param);
}

static gboolean
is_path_param(const GPtrArray *paths, const char *name)
{
    for (guint i = 0; i < paths->len; i++)
        if (g_strcmp0(((const LacParam *)paths->pdata[i])->name, name) == 0)
            return TRUE;
    return FALSE;
}

/* ${VAR} in @node's text becomes the variable's value; only ever called for paths. */
static gboolean
expand_variables(LacNode *node, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const char *from = node->text, *open;

    while ((open = strstr(from, "${")) != NULL) {
        const char *close = strchr(open, '}');
        g_autofree char *name = NULL;
        const char *value;

        if (close == NULL)
            return lac_node_fail(error, node, "'%s' has a ${ without its }", node->text);
        name = g_strndup(open + 2, (gsize)(close - open - 2));
        value = g_getenv(name);
        if (value == NULL)
            return lac_node_fail(error, node,
                                 "'%s' needs the environment variable %s, which is not set",
                                 node->text, name);
        g_string_append_len(text, from, open - from);
        g_string_append(text, value);
        from = close + 1;
    }
    g_string_append(text, from);
    g_free(node->text);
    node->text = g_string_free(g_steal_pointer(&text), FALSE);
    return TRUE;
}

static gboolean
expand_paths(LacNode *params, const GPtrArray *paths, GError **error)
{
    for (size_t i = 0; params != NULL && i < params->n; i++)
        if (is_path_param(paths, params->keys[i]->text) &&
            params->items[i]->type == LAC_NODE_STRING && !expand_variables(params->items[i], error))
            return FALSE;
    return TRUE;
}

LacNode *
lac_choice_params(const LacChoice *choice, GError **error)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    g_autoptr(LacNode) params = NULL;

    if (choice->params == NULL) {
        params = g_new0(LacNode, 1);
        params->type = LAC_NODE_MAP;
        return g_steal_pointer(&params);
    }
    params = choice->plugin->kind == LAC_PLUGIN_READER
                 ? lac_node_dup_without(choice->params, LAC_COLUMNS_KEY)
                 : lac_node_dup(choice->params);
    lac_plugin_foreach_param(choice->plugin, collect_path_param, paths);
    return expand_paths(params, paths, error) ? g_steal_pointer(&params) : NULL;
}

static gboolean
hash_file(const LacNode *place, const char *path, GChecksum *checksum, GError **error)
{
    g_autoptr(GError) cause = NULL;
    GMappedFile *mapped = g_mapped_file_new(path, FALSE, &cause);

    if (mapped == NULL)
        return lac_node_fail(error, place, "%s", cause->message);
    g_checksum_update(checksum, (const guchar *)g_mapped_file_get_contents(mapped),
                      (gssize)g_mapped_file_get_length(mapped));
    g_mapped_file_unref(mapped);
    return TRUE;
}

/* The bytes behind every path the component was given: what the name of a file cannot tell. */
static gboolean
hash_files(LacChoice *choice, const GPtrArray *paths, GError **error)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    gboolean any = FALSE;

    for (guint i = 0; i < paths->len; i++) {
        const LacParam *param = paths->pdata[i];
        const LacNode *node = lac_node_get(choice->in_force, param->name);

        if (node == NULL || node->type != LAC_NODE_STRING)
            continue;
        if (!g_file_test(node->text, G_FILE_TEST_EXISTS))
            return lac_node_fail(error, choice->place,
                                 "%s: there is no file '%s'; relative paths start at the "
                                 "experiment file, then at LACUNA_DATA",
                                 choice->plugin->name, node->text);
        if (g_file_test(node->text, G_FILE_TEST_IS_DIR))
            continue;
        if (!hash_file(choice->place, node->text, checksum, error))
            return FALSE;
        any = TRUE;
    }
    if (any)
        choice->sha256 = g_strdup(g_checksum_get_string(checksum));
    return TRUE;
}

/* In what is stored, a path stands as the file wrote it: results do not depend on where the folder
 * lies, and the contents are in the key by their hash. */
static void
restore_written_paths(LacChoice *choice, const GPtrArray *paths)
{
    for (size_t i = 0; i < choice->in_force->n; i++) {
        const char *key = choice->in_force->keys[i]->text;
        const LacNode *written = choice->params != NULL ? lac_node_get(choice->params, key) : NULL;

        if (!is_path_param(paths, key) || written == NULL || written->type != LAC_NODE_STRING)
            continue;
        lac_node_free(choice->in_force->items[i]);
        choice->in_force->items[i] = lac_node_dup(written);
    }
}

/* ---- one alternative ------------------------------------------------------------------------- */

static char *
choice_key(const LacChoice *choice, const GPtrArray *paths)
{
    GString *key = g_string_new(choice->plugin->name);

    g_string_append_printf(key, " %s",
                           choice->plugin->version != NULL ? choice->plugin->version : "1");
    for (size_t i = 0; i < choice->in_force->n; i++) {
        const char *name = choice->in_force->keys[i]->text;
        g_autofree char *value = lac_node_to_json(choice->in_force->items[i]);

        if (!is_path_param(paths, name))
            g_string_append_printf(key, " %s=%s", name, value);
    }
    if (choice->sha256 != NULL)
        g_string_append_printf(key, " sha256=%s", choice->sha256);
    return g_string_free(key, FALSE);
}

static gboolean
choice_check(LacChoice *choice, const char *base_dir, GError **error)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    g_autoptr(LacNode) params = lac_choice_params(choice, error);
    gpointer instance;

    if (params == NULL)
        return FALSE;
    lac_plugin_foreach_param(choice->plugin, collect_path_param, paths);
    instance = lac_instance_new(choice->plugin, params, base_dir, error);
    if (instance == NULL)
        return FALSE;
    choice->in_force = lac_instance_params(instance);
    lac_instance_free(instance);
    if (!hash_files(choice, paths, error) || !lac_choice_load_columns(choice, base_dir, error))
        return FALSE;
    restore_written_paths(choice, paths);
    choice->json = lac_node_to_json(choice->in_force);
    choice->key = choice_key(choice, paths);
    return TRUE;
}

static char **
axes_of(const LacVariant *variant)
{
    char **axes = g_new0(char *, variant->axes->len + 1);

    for (guint i = 0; i < variant->axes->len; i++)
        axes[i] = g_strdup(variant->axes->pdata[i]);
    return axes;
}

/* The choice of the same component that the first draw of @variant's place in the grid made. */
static const LacChoice *
family_of(const GPtrArray *choices, guint first, const LacVariant *variant)
{
    return choices->pdata[first + variant->grid];
}

static gboolean
add_alternative(GPtrArray *choices, const LacPlugin *plugin, const LacNode *params,
                const LacNode *place, const char *position, const char *base_dir, const LacRng *rng,
                size_t draws, GError **error)
{
    g_autofree char *path = g_strdup_printf("%s.%s", position, plugin->name);
    g_autoptr(GPtrArray) variants = lac_sweep_expand(params, path, rng, draws, error);
    const guint first = choices->len;

    for (guint i = 0; variants != NULL && i < variants->len; i++) {
        LacVariant *variant = variants->pdata[i];
        LacChoice *choice = g_new0(LacChoice, 1);

        choice->plugin = plugin;
        choice->params = g_steal_pointer(&variant->params);
        choice->axes = axes_of(variant);
        choice->place = place;
        g_ptr_array_add(choices, choice);
        if (draws > 0 && variant->n_drawn > 0) {
            choice->family = family_of(choices, first, variant);
            choice->draw = variant->draw;
            choice->n_drawn = variant->n_drawn;
        }
        if (!choice_check(choice, base_dir, error))
            return FALSE;
    }
    return variants != NULL;
}

/* What fills holes stands at `model:`, what predicts labels at `downstream.model:`. */
static gboolean
check_model(const LacPlugin *plugin, const LacNode *name, const char *position, GError **error)
{
    if (strcmp(position, "model") != 0) {
        if (((const LacModelPlugin *)plugin)->predict != NULL)
            return TRUE;
        return lac_node_fail(error, name,
                             "%s: %s fills holes and predicts no labels; name a classifier "
                             "(`lacuna describe NAME` says which models predict labels)",
                             position, plugin->name);
    }
    if (lac_model_fills(plugin, error))
        return TRUE;
    g_prefix_error(error, "%s:%u:%u: %s: ", name->file, name->line, name->column, position);
    return FALSE;
}

/* A name, or a map with one key whose value is the parameters. */
static gboolean
parse_component(GPtrArray *choices, const LacNode *node, LacPluginKind kind, const char *position,
                const char *base_dir, const LacRng *rng, size_t draws, GError **error)
{
    const LacNode *name = node, *params = NULL;
    const LacPlugin *plugin;

    if (node->type == LAC_NODE_MAP && node->n == 1) {
        name = node->keys[0];
        params = node->items[0]->type != LAC_NODE_NULL ? node->items[0] : NULL;
    }
    if (name->text == NULL || (node->type != LAC_NODE_STRING && node->type != LAC_NODE_MAP))
        return lac_node_fail(error, node,
                             "%s: %s is not a component; write a name, or a map with one key from "
                             "name to parameters, as in `- knn: {k: 5}`",
                             position,
                             node->type == LAC_NODE_MAP ? "a map with more or less than one key"
                                                        : lac_node_type_name(node->type));
    if (params != NULL && params->type != LAC_NODE_MAP)
        return lac_node_fail(error, params,
                             "%s.%s: parameters are %s, expected a map as in `{k: 5}`", position,
                             name->text, lac_node_type_name(params->type));
    plugin = lac_plugin_find(kind, name->text, error);
    if (plugin == NULL) {
        g_prefix_error(error, "%s:%u:%u: %s: ", name->file, name->line, name->column, position);
        return FALSE;
    }
    if (kind == LAC_PLUGIN_MODEL && !check_model(plugin, name, position, error))
        return FALSE;
    return add_alternative(choices, plugin, params, name, position, base_dir, rng, draws, error);
}

GPtrArray *
lac_choices_parse(const LacNode *node, LacPluginKind kind, const char *position,
                  const char *base_dir, const LacRng *rng, size_t draws, GError **error)
{
    g_autoptr(GPtrArray) choices = g_ptr_array_new_with_free_func(choice_free);

    if (node->type != LAC_NODE_LIST) {
        if (!parse_component(choices, node, kind, position, base_dir, rng, draws, error))
            return NULL;
    } else {
        if (node->n == 0) {
            lac_node_fail(error, node, "%s: the list is empty; name at least one", position);
            return NULL;
        }
        for (size_t i = 0; i < node->n; i++)
            if (!parse_component(choices, node->items[i], kind, position, base_dir, rng, draws,
                                 error))
                return NULL;
    }
    return lac_choices_label(choices, position, error) ? g_steal_pointer(&choices) : NULL;
}

GPtrArray *
lac_choices_default(LacPluginKind kind, const char *name, const LacNode *place, GError **error)
{
    g_autoptr(GPtrArray) choices = g_ptr_array_new_with_free_func(choice_free);
    const LacPlugin *plugin = lac_plugin_find(kind, name, error);
    const LacRng none = lac_rng_new(0);

    if (plugin == NULL ||
        !add_alternative(choices, plugin, NULL, place, name, NULL, &none, 0, error) ||
        !lac_choices_label(choices, name, error))
        return NULL;
    return g_steal_pointer(&choices);
}

gboolean
lac_choice_uses_optimizer(const LacChoice *model)
{
    return (((const LacModelPlugin *)model->plugin)->traits & LAC_MODEL_GRADIENT) != 0;
}
