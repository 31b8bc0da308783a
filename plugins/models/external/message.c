/* Questions are lines of JSON in front of arrays; so are answers. */
#include "external.h"

#include <lacuna/npy.h>
#include <lacuna/parallel.h>
#include <math.h>

static void
put_text(JsonBuilder *b, const char *name, const char *value)
{
    g_autofree char *valid = g_utf8_make_valid(value, -1);

    json_builder_set_member_name(b, name);
    json_builder_add_string_value(b, valid);
}

static void
put_number(JsonBuilder *b, const char *name, double value)
{
    json_builder_set_member_name(b, name);
    json_builder_add_double_value(b, value);
}

static void
put_count(JsonBuilder *b, const char *name, size_t value)
{
    json_builder_set_member_name(b, name);
    json_builder_add_int_value(b, (gint64)value);
}

static void
put_column(JsonBuilder *b, const LacColumn *column)
{
    json_builder_begin_object(b);
    put_text(b, "name", column->name);
    put_text(b, "kind", lac_kind_name(column->kind));
    if (!lac_kind_is_numeric(column->kind))
        put_count(b, "levels", column->n_levels);
    if (!lac_kind_is_numeric(column->kind) && column->levels != NULL) {
        json_builder_set_member_name(b, "labels");
        json_builder_begin_array(b);
        for (size_t l = 0; l < column->n_levels; l++) {
            g_autofree char *valid = g_utf8_make_valid(column->levels[l], -1);

            json_builder_add_string_value(b, valid);
        }
        json_builder_end_array(b);
    }
    if (isfinite(column->lower))
        put_number(b, "lower", column->lower);
    if (isfinite(column->upper))
        put_number(b, "upper", column->upper);
    json_builder_end_object(b);
}

static void
put_options(JsonBuilder *b, char **options)
{
    json_builder_set_member_name(b, "options");
    json_builder_begin_object(b);
    for (char **o = options; o != NULL && o[0] != NULL; o += 2)
        put_text(b, o[0], o[1]);
    json_builder_end_object(b);
}

static void
put_description(JsonBuilder *b, const ExternalModel *model, const LacData *in)
{
    put_count(b, "protocol", EXTERNAL_PROTOCOL);
    put_count(b, "threads", lac_threads());
    put_count(b, "draws", lac_context_draws(model->base.instance.context));
    put_options(b, model->options);
    json_builder_set_member_name(b, "columns");
    json_builder_begin_array(b);
    for (size_t j = 0; j < in->cols; j++)
        put_column(b, lac_data_column(in, j));
    json_builder_end_array(b);
    if (in->image.channels > 0) {
        json_builder_set_member_name(b, "image");
        json_builder_begin_array(b);
        json_builder_add_int_value(b, (gint64)in->image.channels);
        json_builder_add_int_value(b, (gint64)in->image.height);
        json_builder_add_int_value(b, (gint64)in->image.width);
        json_builder_end_array(b);
    }
}

GByteArray *
external_question(const ExternalModel *model, const char *ask, const LacData *in, gssize draw,
                  gboolean describe, uint32_t seed)
{
    const size_t shape[] = {in->rows, in->cols};
    g_autoptr(GByteArray) npy =
        lac_npy_head(G_BYTE_ORDER == G_LITTLE_ENDIAN ? "<f8" : ">f8", 2, shape);
    g_autoptr(JsonBuilder) b = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;
    GByteArray *head = g_byte_array_new();

    json_builder_begin_object(b);
    put_text(b, "ask", ask);
    put_count(b, "rows", in->rows);
    put_count(b, "cols", in->cols);
    put_count(b, "bytes", npy->len + in->rows * in->cols * sizeof(double));
    put_count(b, "seed", seed);
    if (draw >= 0)
        put_count(b, "draw", (size_t)draw);
    if (describe)
        put_description(b, model, in);
    json_builder_end_object(b);
    root = json_builder_get_root(b);
    text = json_to_string(root, FALSE); /* escapes line feeds */
    g_byte_array_append(head, (const guint8 *)text, (guint)strlen(text));
    g_byte_array_append(head, (const guint8 *)"\n", 1);
    g_byte_array_append(head, npy->data, npy->len);
    return head;
}

/* Nested deeper than any answer is; the parser recurses. */
static gboolean
too_deep(const char *text, size_t n)
{
    int depth = 0;

    for (size_t i = 0; i < n; i++) {
        depth += (text[i] == '{' || text[i] == '[') - (text[i] == '}' || text[i] == ']');
        if (depth > 16)
            return TRUE;
    }
    return FALSE;
}

JsonParser *
external_parse_line(const char *text, size_t n)
{
    g_autoptr(JsonParser) parser = json_parser_new();

    if (n == 0 || text[0] != '{' || too_deep(text, n) || !g_utf8_validate(text, (gssize)n, NULL) ||
        !json_parser_load_from_data(parser, text, (gssize)n, NULL) ||
        json_parser_get_root(parser) == NULL ||
        !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)))
        return NULL;
    return g_steal_pointer(&parser);
}

static JsonNode *
member_of(JsonObject *line, const char *name, GType type)
{
    JsonNode *node = json_object_get_member(line, name);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type
               ? node
               : NULL;
}

double
external_number(JsonObject *line, const char *name, double fallback)
{
    JsonNode *whole = member_of(line, name, G_TYPE_INT64);
    JsonNode *real = member_of(line, name, G_TYPE_DOUBLE);

    if (whole != NULL)
        return (double)json_node_get_int(whole);
    return real != NULL ? json_node_get_double(real) : fallback;
}

const char *
external_text(JsonObject *line, const char *name)
{
    JsonNode *node = member_of(line, name, G_TYPE_STRING);

    return node != NULL ? json_node_get_string(node) : NULL;
}

gboolean
external_flag(JsonObject *line, const char *name)
{
    JsonNode *node = member_of(line, name, G_TYPE_BOOLEAN);

    return node != NULL && json_node_get_boolean(node);
}
