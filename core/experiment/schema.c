/* What an experiment file may say, from the plugins that are installed: as JSON Schema for editors
 * and as a page for people. */
#include "columns.h"
#include "experiment-private.h"
#include "keys.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

/* Models come in two sorts: those that fill holes, and those that only predict labels. */
typedef enum { FOR_POSITION, FOR_DOWNSTREAM } Place;

static gboolean
stands_at(const LacPlugin *plugin, Place place)
{
    const LacModelPlugin *model = (const LacModelPlugin *)plugin;

    if (plugin->kind != LAC_PLUGIN_MODEL)
        return TRUE;
    return place == FOR_DOWNSTREAM ? model->predict != NULL : model->fill != NULL;
}

/* Every plugin that can be used, by kind and name. */
static GPtrArray *
usable_plugins(LacPluginKind kind, Place place, GError **error)
{
    g_autoptr(GPtrArray) infos = lac_plugin_scan(kind, error);
    GPtrArray *plugins;

    if (infos == NULL)
        return NULL;
    plugins = g_ptr_array_new();
    for (guint i = 0; i < infos->len; i++) {
        const LacPluginInfo *info = infos->pdata[i];
        const LacPlugin *plugin =
            info->error == NULL ? lac_plugin_find(info->kind, info->name, NULL) : NULL;

        if (plugin != NULL && stands_at(plugin, place) && !g_ptr_array_find(plugins, plugin, NULL))
            g_ptr_array_add(plugins, (gpointer)plugin);
    }
    return plugins;
}

static void
collect_param(const LacParam *param, void *user)
{
    g_ptr_array_add(user, (gpointer)param);
}

static GPtrArray *
params_of(const LacPlugin *plugin)
{
    GPtrArray *params = g_ptr_array_new();

    lac_plugin_foreach_param(plugin, collect_param, params);
    return params;
}

/* The default as a node; NULL when there is none. */
static LacNode *
default_of(const LacPlugin *plugin, const LacParam *param)
{
    gpointer instance;
    g_autoptr(LacNode) all = NULL;
    LacNode *value;

    if (param->type == LAC_PARAM_TYPE_CHOICE || param->type == LAC_PARAM_TYPE_BOOL ||
        param->type == LAC_PARAM_TYPE_INT || param->type == LAC_PARAM_TYPE_DOUBLE) {
        g_autofree char *text =
            param->type == LAC_PARAM_TYPE_CHOICE ? g_strdup(param->choices[(size_t)param->number])
            : param->type == LAC_PARAM_TYPE_BOOL ? g_strdup(param->number != 0 ? "true" : "false")
                                                 : g_strdup_printf("%.15g", param->number);

        return lac_yaml_parse(text, strlen(text), param->name, NULL);
    }
    if (param->text != NULL)
        return lac_yaml_parse(param->text, strlen(param->text), param->name, NULL);
    instance = lac_instance_new(plugin, NULL, NULL, NULL);
    if (instance == NULL)
        return NULL;
    all = lac_instance_params(instance);
    lac_instance_free(instance);
    value = lac_node_get(all, param->name);
    return value != NULL && value->type != LAC_NODE_NULL ? lac_node_dup(value) : NULL;
}

/* ---- JSON Schema ----------------------------------------------------------------------------- */

static JsonNode *
parse_json(const char *text)
{
    g_autoptr(GError) error = NULL;
    JsonNode *node = json_from_string(text, &error);

    if (node == NULL)
        g_error("schema: %s in %s", error->message, text); /* a slip in our own constants */
    return node;
}

static void
set_string(JsonObject *object, const char *key, const char *value)
{
    json_object_set_string_member(object, key, value);
}

static void
set_limits(JsonObject *schema, const LacRange *range)
{
    if (range->lower > -G_MAXDOUBLE)
        json_object_set_double_member(schema, range->lower_open ? "exclusiveMinimum" : "minimum",
                                      range->lower);
    if (range->upper < G_MAXDOUBLE)
        json_object_set_double_member(schema, range->upper_open ? "exclusiveMaximum" : "maximum",
                                      range->upper);
}

static JsonObject *
number_schema(const LacParam *param, const char *type)
{
    JsonObject *schema = json_object_new();

    set_string(schema, "type", type);
    set_limits(schema, &param->range);
    return schema;
}

static JsonObject *
list_schema(JsonObject *items)
{
    JsonObject *schema = json_object_new();

    set_string(schema, "type", "array");
    json_object_set_object_member(schema, "items", items);
    return schema;
}

static JsonObject *
simple_schema(const char *type)
{
    JsonObject *schema = json_object_new();

    set_string(schema, "type", type);
    return schema;
}

static JsonObject *
choice_schema(const LacParam *param)
{
    JsonObject *schema = json_object_new();
    JsonArray *names = json_array_new();

    for (size_t i = 0; param->choices[i] != NULL; i++)
        json_array_add_string_element(names, param->choices[i]);
    json_object_set_array_member(schema, "enum", names);
    return schema;
}

/* One plain value of @param. */
static JsonObject *
value_schema(const LacParam *param)
{
    switch (param->type) {
    case LAC_PARAM_TYPE_BOOL:
        return simple_schema("boolean");
    case LAC_PARAM_TYPE_INT:
        return number_schema(param, "integer");
    case LAC_PARAM_TYPE_DOUBLE:
        return number_schema(param, "number");
    case LAC_PARAM_TYPE_CHOICE:
        return choice_schema(param);
    case LAC_PARAM_TYPE_DOUBLES:
        return list_schema(number_schema(param, "number"));
    case LAC_PARAM_TYPE_STRINGS:
        return list_schema(simple_schema("string"));
    case LAC_PARAM_TYPE_TABLE:
        return list_schema(list_schema(number_schema(param, "number")));
    case LAC_PARAM_TYPE_MAP:
        return simple_schema("object");
    case LAC_PARAM_TYPE_STRING:
    case LAC_PARAM_TYPE_PATH:
    case LAC_PARAM_TYPE_END:
        break;
    }
    return simple_schema("string");
}

static JsonObject *
reference_to(const char *definition)
{
    JsonObject *schema = json_object_new();
    g_autofree char *path = g_strconcat("#/$defs/", definition, NULL);

    set_string(schema, "$ref", path);
    return schema;
}

/* A value, or one of the three ways to vary it; an editor sees the value behind a YAML tag. */
static JsonObject *
param_schema(const LacPlugin *plugin, const LacParam *param)
{
    g_autofree char *help = param->unit[0] != '\0'
                                ? g_strdup_printf("%s (%s)", param->help, param->unit)
                                : g_strdup(param->help);
    g_autoptr(LacNode) fallback = default_of(plugin, param);
    JsonObject *schema = json_object_new();
    JsonArray *any = json_array_new();

    json_array_add_object_element(any, value_schema(param));
    json_array_add_object_element(any, list_schema(value_schema(param)));
    json_array_add_object_element(any, reference_to("range"));
    json_array_add_object_element(any, reference_to("random"));
    set_string(schema, "description", help);
    if (fallback != NULL) {
        g_autofree char *json = lac_node_to_json(fallback);

        json_object_set_member(schema, "default", parse_json(json));
    }
    json_object_set_array_member(schema, "anyOf", any);
    return schema;
}

static JsonObject *
closed_object(JsonObject *properties)
{
    JsonObject *schema = simple_schema("object");

    json_object_set_boolean_member(schema, "additionalProperties", FALSE);
    json_object_set_object_member(schema, "properties", properties);
    return schema;
}

/* {name: {parameters}} */
static JsonObject *
component_schema(const LacPlugin *plugin)
{
    g_autoptr(GPtrArray) params = params_of(plugin);
    JsonObject *properties = json_object_new(), *outer = json_object_new(), *schema;
    JsonArray *types = json_array_new();
    JsonObject *inner;

    for (guint i = 0; i < params->len; i++) {
        const LacParam *param = params->pdata[i];

        json_object_set_object_member(properties, param->name, param_schema(plugin, param));
    }
    if (plugin->kind == LAC_PLUGIN_READER)
        json_object_set_member(properties, LAC_COLUMNS_KEY, parse_json(lac_columns_schema));
    inner = closed_object(properties);
    json_array_add_string_element(types, "object");
    json_array_add_string_element(types, "null");
    json_object_set_array_member(inner, "type", types);
    set_string(inner, "description", plugin->summary);
    json_object_set_object_member(outer, plugin->name, inner);
    schema = closed_object(outer);
    json_object_set_int_member(schema, "minProperties", 1);
    return schema;
}

/* One component of a position, under @name in $defs. */
static gboolean
add_position(JsonObject *defs, const char *name, LacPluginKind kind, Place place, GError **error)
{
    g_autoptr(GPtrArray) plugins = usable_plugins(kind, place, error);
    JsonObject *enumeration, *one;
    JsonArray *names, *any;

    if (plugins == NULL)
        return FALSE;
    names = json_array_new();
    any = json_array_new();
    for (guint i = 0; i < plugins->len; i++) {
        const LacPlugin *plugin = plugins->pdata[i];

        json_array_add_string_element(names, plugin->name);
        json_array_add_object_element(any, component_schema(plugin));
    }
    enumeration = json_object_new();
    json_object_set_array_member(enumeration, "enum", names);
    json_array_add_object_element(any, enumeration);
    one = json_object_new();
    json_object_set_array_member(one, "anyOf", any);
    json_object_set_object_member(defs, name, one);
    return TRUE;
}

/* In the file: one of them, or a list. */
static JsonObject *
position_schema(const LacKey *key)
{
    JsonObject *schema = json_object_new(), *list = list_schema(reference_to(key->name));
    JsonArray *any = json_array_new();

    json_object_set_int_member(list, "minItems", 1);
    json_array_add_object_element(any, reference_to(key->name));
    json_array_add_object_element(any, list);
    json_object_set_array_member(schema, "anyOf", any);
    return schema;
}

static JsonObject *
definitions(GError **error)
{
    g_autoptr(JsonObject) all = json_object_new();

    json_object_set_member(
        all, "range",
        parse_json(
            "{\"description\":\"!range {from: 0.1, to: 0.9, step: 0.1}\",\"type\":\"object\","
            "\"additionalProperties\":false,\"required\":[\"from\",\"to\",\"step\"],"
            "\"properties\":{\"from\":{\"type\":\"number\"},\"to\":{\"type\":\"number\"},"
            "\"step\":{\"type\":\"number\"}}}"));
    json_object_set_member(
        all, "random",
        parse_json("{\"description\":\"!random {draws: 20, from: 1e-4, to: 1, log: true} or "
                   "!random {draws: 20, of: [a, b]}\",\"type\":\"object\","
                   "\"additionalProperties\":false,\"properties\":{"
                   "\"draws\":{\"type\":\"integer\",\"minimum\":1},\"from\":{\"type\":\"number\"},"
                   "\"to\":{\"type\":\"number\"},\"log\":{\"type\":\"boolean\"},"
                   "\"of\":{\"type\":\"array\",\"minItems\":1}}}"));
    for (const LacKey *key = lac_experiment_keys; key->name != NULL; key++)
        if (key->kind != 0 && !add_position(all, key->name, key->kind, FOR_POSITION, error))
            return NULL;
    if (!add_position(all, "classifier", LAC_PLUGIN_MODEL, FOR_DOWNSTREAM, error))
        return NULL;
    return g_steal_pointer(&all);
}

static JsonObject *
root_properties(JsonArray *required)
{
    JsonObject *properties = json_object_new();

    for (const LacKey *key = lac_experiment_keys; key->name != NULL; key++) {
        JsonNode *node = NULL;

        if (key->schema != NULL) {
            node = parse_json(key->schema);
        } else {
            node = json_node_alloc();
            json_node_init(node, JSON_NODE_OBJECT);
            json_node_take_object(node, position_schema(key));
        }
        set_string(json_node_get_object(node), "description", key->help);
        json_object_set_member(properties, key->name, node);
        if (key->fallback == NULL)
            json_array_add_string_element(required, key->name);
    }
    return properties;
}

/* json-glib writes 1e-10 as 1e-10.0, which is no JSON. */
static char *
mend_numbers(const char *text)
{
    g_autoptr(GRegex) exponent = g_regex_new(" : (-?[0-9.]+e[-+][0-9]+)\\.0\\b", 0, 0, NULL);

    return g_regex_replace(exponent, text, -1, 0, " : \\1", 0, NULL);
}

char *
lac_experiment_schema(GError **error)
{
    JsonObject *defs = definitions(error), *root;
    JsonArray *required;
    g_autoptr(JsonNode) node = NULL;
    g_autofree char *text = NULL, *plain = NULL;

    if (defs == NULL)
        return NULL;
    required = json_array_new();
    root = closed_object(root_properties(required));
    set_string(root, "$schema", "https://json-schema.org/draft/2020-12/schema");
    set_string(root, "title", "Lacuna experiment");
    json_object_set_array_member(root, "required", required);
    json_object_set_object_member(root, "$defs", defs);
    node = json_node_alloc();
    json_node_init(node, JSON_NODE_OBJECT);
    json_node_take_object(node, root);
    text = json_to_string(node, TRUE);
    plain = mend_numbers(text);
    return g_strconcat(plain, "\n", NULL);
}

/* ---- the page for people --------------------------------------------------------------------- */

static void
append_range(GString *out, const LacParam *param)
{
    const LacRange *r = &param->range;
    g_autofree char *choices = NULL;

    if (param->type == LAC_PARAM_TYPE_CHOICE) {
        choices = g_strjoinv(", ", (char **)param->choices);
        g_string_append(out, choices);
        return;
    }
    if (param->type == LAC_PARAM_TYPE_BOOL) {
        g_string_append(out, "true, false");
        return;
    }
    if (r->lower <= -G_MAXDOUBLE && r->upper >= G_MAXDOUBLE)
        return;
    if (r->upper >= G_MAXDOUBLE)
        g_string_append_printf(out, "%s %g", r->lower_open ? "above" : "from", r->lower);
    else if (r->lower <= -G_MAXDOUBLE)
        g_string_append_printf(out, "%s %g", r->upper_open ? "below" : "up to", r->upper);
    else
        g_string_append_printf(out, "%c%g, %g%c", r->lower_open ? '(' : '[', r->lower, r->upper,
                               r->upper_open ? ')' : ']');
}

/* A bar would end the table's cell. */
static void
append_help(GString *out, const char *help)
{
    for (; *help != '\0'; help++) {
        if (*help == '|')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *help);
    }
}

static void
append_params(GString *out, const LacPlugin *plugin)
{
    g_autoptr(GPtrArray) params = params_of(plugin);

    if (params->len == 0) {
        g_string_append(out, "No parameters.\n\n");
        return;
    }
    g_string_append(out, "| parameter | default | allowed | unit | meaning |\n"
                         "| --- | --- | --- | --- | --- |\n");
    for (guint i = 0; i < params->len; i++) {
        const LacParam *param = params->pdata[i];
        g_autoptr(LacNode) fallback = default_of(plugin, param);
        g_autofree char *json = fallback != NULL ? lac_node_to_json(fallback) : NULL;

        g_string_append_printf(out, "| `%s` | %s%s%s | ", param->name, json ? "`" : "",
                               json ? json : "", json ? "`" : "");
        append_range(out, param);
        g_string_append_printf(out, " | %s | ", param->unit);
        append_help(out, param->help);
        g_string_append(out, " |\n");
    }
    g_string_append_c(out, '\n');
}

static gboolean
append_position(GString *out, const char *name, LacPluginKind kind, Place place, const char *help,
                GError **error)
{
    g_autoptr(GPtrArray) plugins = usable_plugins(kind, place, error);

    g_string_append_printf(out, "## `%s`\n\n%s.\n\n", name, help);
    if (kind == LAC_PLUGIN_READER)
        g_string_append_printf(out, "### `%s: {NAME: {..., columns: ...}}`\n\n%s\n", name,
                               lac_columns_help);
    for (guint i = 0; plugins != NULL && i < plugins->len; i++) {
        const LacPlugin *plugin = plugins->pdata[i];

        g_string_append_printf(out, "### `%s: %s`\n\n%s.\n\n", name, plugin->name, plugin->summary);
        append_params(out, plugin);
    }
    return plugins != NULL;
}

static const char preface[] =
    "# Experiment files\n\n"
    "This page is generated by `lacuna schema --markdown` from the installed plugins; `lacuna "
    "schema`\nprints the same as JSON Schema for editors.\n\n"
    "A component is a name (`knn`) or a map with one key from name to parameters (`knn: {k: 5}`). "
    "At a\ncomponent position a list means alternatives, and the product of all alternatives is "
    "the "
    "list of cells.\nInside parameters a value is varied explicitly:\n\n"
    "| written | means |\n| --- | --- |\n"
    "| `k: !sweep [1, 5, 10]` | each of these |\n"
    "| `rate: !range {from: 0.1, to: 0.9, step: 0.1}` | both ends included |\n"
    "| `rate: !random {draws: 20, from: 1e-4, to: 1e-1, log: true}` | random search; all `!random` "
    "of one component are drawn together |\n"
    "| `k: !random {draws: 20, of: [1, 2, 5]}` | the same from a list |\n\n"
    "With a `search:` block the !random of models and classifiers need no `draws`, and what they "
    "draw are\ntrials of which the best is kept, not alternatives to compare.\n\n"
    "Relative paths start at the experiment file, then at the folder `LACUNA_DATA`; `${VAR}` works "
    "in\npaths only. `lacuna run --set model.knn.k=3` changes a value without editing the file.\n\n"
    "## Keys\n\n| key | default | meaning |\n| --- | --- | --- |\n";

char *
lac_experiment_reference(GError **error)
{
    g_autoptr(GString) out = g_string_new(preface);

    for (const LacKey *key = lac_experiment_keys; key->name != NULL; key++)
        g_string_append_printf(out, "| `%s` | %s | %s |\n", key->name,
                               key->fallback == NULL ? "required" : key->fallback, key->help);
    g_string_append_c(out, '\n');
    for (const LacKey *key = lac_experiment_keys; key->name != NULL; key++)
        if (key->kind != 0 &&
            !append_position(out, key->name, key->kind, FOR_POSITION, key->help, error))
            return NULL;
    if (!append_position(out, "downstream.model", LAC_PLUGIN_MODEL, FOR_DOWNSTREAM,
                         "Classifiers: what may stand at `model` of the `downstream` block", error))
        return NULL;
    g_string_truncate(out, out->len - 1); /* one line end at the end */
    return g_string_free(g_steal_pointer(&out), FALSE);
}
