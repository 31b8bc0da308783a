#include "json-private.h"

#include <math.h>

enum { DEPTH_MAX = 16 };

/* How deep brackets nest outside strings. */
static int
json_depth(const char *text, gsize length)
{
    gboolean inside = FALSE;
    int depth = 0, deepest = 0;

    for (gsize k = 0; k < length; k++) {
        if (inside) {
            k += text[k] == '\\';
            inside = k < length && text[k] != '"';
            continue;
        }
        inside = text[k] == '"';
        depth += (text[k] == '{' || text[k] == '[') - (text[k] == '}' || text[k] == ']');
        deepest = MAX(deepest, depth);
    }
    return deepest;
}

JsonParser *
json_parse_tree(const char *text, gsize length, const char *name, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_autoptr(GError) problem = NULL;

    if (json_depth(text, length) > DEPTH_MAX)
        return lac_fail_null(error, LAC_ERROR_DATA, "%s: JSON nested deeper than %d levels", name,
                             DEPTH_MAX);
    if (!g_utf8_validate_len(text, length, NULL))
        return lac_fail_null(error, LAC_ERROR_DATA, "%s: JSON that is not UTF-8", name);
    if (!json_parser_load_from_data(parser, text, (gssize)length, &problem))
        return lac_fail_null(error, LAC_ERROR_DATA, "%s: not JSON: %s", name, problem->message);
    if (json_parser_get_root(parser) == NULL)
        return lac_fail_null(error, LAC_ERROR_DATA, "%s: JSON without content", name);
    return g_steal_pointer(&parser);
}

char *
json_write_tree(JsonNode *root)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();

    json_generator_set_root(generator, root);
    return json_generator_to_data(generator, NULL);
}

void
json_add_text(JsonBuilder *builder, const char *name, const char *text)
{
    json_builder_set_member_name(builder, name);
    if (text != NULL)
        json_builder_add_string_value(builder, text);
    else
        json_builder_add_null_value(builder);
}

void
json_add_number(JsonBuilder *builder, const char *name, double value)
{
    json_builder_set_member_name(builder, name);
    if (isfinite(value))
        json_builder_add_double_value(builder, value);
    else
        json_builder_add_null_value(builder);
}

void
json_add_count(JsonBuilder *builder, const char *name, size_t value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, (gint64)value);
}

void
json_add_flag(JsonBuilder *builder, const char *name, gboolean value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_boolean_value(builder, value);
}

void
json_begin_array(JsonBuilder *builder, const char *name)
{
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
}

void
json_begin_object(JsonBuilder *builder, const char *name)
{
    json_builder_set_member_name(builder, name);
    json_builder_begin_object(builder);
}

char *
json_pretty(JsonBuilder *builder)
{
    g_autoptr(JsonNode) root = json_builder_get_root(builder);

    return json_to_string(root, TRUE);
}
