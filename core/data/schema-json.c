/* Column descriptions as JSON, for model files: readable from Python and R. */
#include "json-private.h"
#include "table-private.h"

#include <math.h>
#include <string.h>

char *
lac_schema_to_json(const LacSchema *schema)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;

    json_builder_begin_array(builder);
    for (size_t j = 0; j < schema->cols; j++) {
        const LacColumn *column = &schema->columns[j];

        json_builder_begin_object(builder);
        json_add_text(builder, "name", column->name);
        json_add_text(builder, "kind", lac_kind_name(column->kind));
        if (column->n_levels > 0) {
            json_begin_array(builder, "levels");
            for (size_t l = 0; l < column->n_levels; l++) {
                if (column->levels != NULL)
                    json_builder_add_string_value(builder, column->levels[l]);
                else
                    json_builder_add_null_value(builder);
            }
            json_builder_end_array(builder);
        }
        if (isfinite(column->lower)) /* JSON knows no infinity */
            json_add_number(builder, "lower", column->lower);
        if (isfinite(column->upper))
            json_add_number(builder, "upper", column->upper);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    root = json_builder_get_root(builder);
    return json_write_tree(root);
}

/* The text of member @name, lent; NULL when there is none. */
static const char *
schema_json_text(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
}

static gboolean
schema_parse_bound(JsonObject *object, const char *name, double *bound)
{
    JsonNode *node = json_object_get_member(object, name);

    if (node == NULL)
        return TRUE;
    if (!JSON_NODE_HOLDS_VALUE(node) || (json_node_get_value_type(node) != G_TYPE_DOUBLE &&
                                         json_node_get_value_type(node) != G_TYPE_INT64))
        return FALSE;
    *bound = json_node_get_double(node);
    return isfinite(*bound);
}

/* Levels are all texts, or all null where they have no labels. */
static gboolean
schema_parse_levels(JsonObject *object, LacKind kind, LacSchema *schema, size_t j)
{
    JsonNode *node = json_object_get_member(object, "levels");
    JsonArray *array =
        node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    const guint n = array != NULL ? json_array_get_length(array) : 0;
    g_autofree const char **levels = g_new0(const char *, n + 1);
    guint texts = 0;

    if ((node != NULL && array == NULL) || (n > 0 && lac_kind_is_numeric(kind)))
        return FALSE;
    for (guint l = 0; l < n; l++) {
        JsonNode *level = json_array_get_element(array, l);

        levels[l] = JSON_NODE_HOLDS_VALUE(level) ? json_node_get_string(level) : NULL;
        if (levels[l] == NULL && !JSON_NODE_HOLDS_NULL(level))
            return FALSE;
        texts += levels[l] != NULL;
    }
    if (texts != 0 && texts != n)
        return FALSE;
    lac_schema_set_levels(schema, j, kind, n, texts > 0 ? levels : NULL);
    return TRUE;
}

static gboolean
schema_parse_column(JsonNode *node, LacSchema *schema, size_t j, GError **error)
{
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    const char *name = object != NULL ? schema_json_text(object, "name") : NULL;
    const char *kind_name = object != NULL ? schema_json_text(object, "kind") : NULL;
    LacKind kind;

    if (name == NULL || kind_name == NULL || !lac_kind_parse(kind_name, &kind))
        return lac_fail(error, LAC_ERROR_DATA,
                        "schema: column %zu: expected a map with a name and a known kind", j + 1);
    lac_schema_set_name(schema, j, name);
    if (!schema_parse_levels(object, kind, schema, j))
        return lac_fail(error, LAC_ERROR_DATA,
                        "schema: column '%s': expected its levels as a list of texts", name);
    if (!schema_parse_bound(object, "lower", &schema->columns[j].lower) ||
        !schema_parse_bound(object, "upper", &schema->columns[j].upper))
        return lac_fail(error, LAC_ERROR_DATA, "schema: column '%s': a bound is no finite number",
                        name);
    return TRUE;
}

LacSchema *
lac_schema_from_json(const char *json, GError **error)
{
    g_autoptr(JsonParser) parser = json_parse_tree(json, strlen(json), "schema", error);
    g_autoptr(LacSchema) schema = NULL;
    JsonNode *root = parser != NULL ? json_parser_get_root(parser) : NULL;
    JsonArray *array;

    if (root == NULL)
        return NULL;
    if (!JSON_NODE_HOLDS_ARRAY(root))
        return lac_fail_null(error, LAC_ERROR_DATA, "schema: expected a list of columns");
    array = json_node_get_array(root);
    schema = lac_schema_new(json_array_get_length(array));
    for (guint j = 0; j < json_array_get_length(array); j++) {
        if (!schema_parse_column(json_array_get_element(array, j), schema, j, error))
            return NULL;
    }
    return g_steal_pointer(&schema);
}
