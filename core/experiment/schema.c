/* What an experiment file may say, from the plugins that are installed: as JSON Schema for editors.
 */
#include "schema.h"
#include "columns.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

static gboolean
stands_at(const LacPlugin *plugin, LacPlace place)
{
    const LacModelPlugin *model = (const LacModelPlugin *)plugin;

    if (plugin->kind != LAC_PLUGIN_MODEL)
        return TRUE;
    return place == LAC_PLACE_DOWNSTREAM ? model->predict != NULL : model->fill != NULL;
}

GPtrArray *
lac_schema_plugins(LacPluginKind kind, LacPlace place, GError **error)
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

GPtrArray *
lac_schema_params(const LacPlugin *plugin)
{
    GPtrArray *params = g_ptr_array_new();

    lac_plugin_foreach_param(plugin, collect_param, params);
    return params;
}

LacNode *
lac_schema_default(const LacPlugin *plugin, const LacParam *param)
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
    g_autoptr(LacNode) fallback = lac_schema_default(plugin, param);
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
    g_autoptr(GPtrArray) params = lac_schema_params(plugin);
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
add_position(JsonObject *defs, const char *name, LacPluginKind kind, LacPlace place, GError **error)
{
    g_autoptr(GPtrArray) plugins = lac_schema_plugins(kind, place, error);
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
        if (key->kind != 0 && !add_position(all, key->name, key->kind, LAC_PLACE_POSITION, error))
            return NULL;
    if (!add_position(all, "classifier", LAC_PLUGIN_MODEL, LAC_PLACE_DOWNSTREAM, error))
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
