#include "yaml-private.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

void
lac_node_free(LacNode *node)
{
    if (node == NULL)
        return;
    for (size_t i = 0; i < node->n; i++) {
        lac_node_free(node->items[i]);
        if (node->keys != NULL)
            lac_node_free(node->keys[i]);
    }
    g_free(node->items);
    g_free(node->keys);
    g_free(node->tag);
    g_free(node->text);
    g_free(node);
}

LacNode *
lac_node_dup(const LacNode *node)
{
    if (node == NULL)
        return NULL;

    LacNode *copy = g_memdup2(node, sizeof *node);

    copy->tag = g_strdup(node->tag);
    copy->text = g_strdup(node->text);
    copy->n = 0;
    copy->items = copy->keys = NULL;
    for (size_t i = 0; i < node->n; i++)
        lac_node_append(copy, node->keys != NULL ? lac_node_dup(node->keys[i]) : NULL,
                        lac_node_dup(node->items[i]));
    return copy;
}

void
lac_node_append(LacNode *collection, LacNode *key, LacNode *item)
{
    const size_t n = collection->n++;

    /* room doubles at every power of two */
    if ((n & (n - 1)) == 0) {
        collection->items = g_renew(LacNode *, collection->items, n == 0 ? 1 : 2 * n);
        if (key != NULL)
            collection->keys = g_renew(LacNode *, collection->keys, n == 0 ? 1 : 2 * n);
    }
    collection->items[n] = item;
    if (key != NULL)
        collection->keys[n] = key;
}

/* where the child called @key is, or NULL */
static LacNode **
node_slot(const LacNode *map, const char *key)
{
    if (map == NULL || map->type != LAC_NODE_MAP)
        return NULL;
    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->keys[i]->text, key) == 0)
            return &map->items[i];
    return NULL;
}

LacNode *
lac_node_dup_without(const LacNode *map, const char *key)
{
    LacNode *copy = lac_node_dup(map);
    size_t n = 0;

    for (size_t i = 0; copy->type == LAC_NODE_MAP && i < copy->n; i++) {
        if (g_strcmp0(copy->keys[i]->text, key) == 0) {
            lac_node_free(copy->keys[i]);
            lac_node_free(copy->items[i]);
            continue;
        }
        copy->keys[n] = copy->keys[i];
        copy->items[n++] = copy->items[i];
    }
    if (copy->type == LAC_NODE_MAP)
        copy->n = n;
    return copy;
}

LacNode *
lac_node_get(const LacNode *map, const char *key)
{
    LacNode **slot = node_slot(map, key);

    return slot == NULL ? NULL : *slot;
}

LacNode *
lac_node_take(LacNode *map, const char *key)
{
    LacNode **slot = node_slot(map, key), *item;
    size_t at;

    if (slot == NULL)
        return NULL;
    item = *slot;
    at = (size_t)(slot - map->items);
    lac_node_free(map->keys[at]);
    map->n--;
    memmove(map->items + at, map->items + at + 1, (map->n - at) * sizeof *map->items);
    memmove(map->keys + at, map->keys + at + 1, (map->n - at) * sizeof *map->keys);
    return item;
}

gboolean
lac_node_fail(GError **error, const LacNode *node, const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list arguments;

    va_start(arguments, format);
    message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (node == NULL || node->file == NULL)
        return lac_fail(error, LAC_ERROR_PARAM, "%s", message);
    return lac_fail(error, LAC_ERROR_PARAM, "%s:%u:%u: %s", node->file, node->line, node->column,
                    message);
}

const char *
lac_node_type_name(LacNodeType type)
{
    static const char *const names[] = {
        [LAC_NODE_NULL] = "nothing",   [LAC_NODE_BOOL] = "true or false",
        [LAC_NODE_INT] = "an integer", [LAC_NODE_DOUBLE] = "a number",
        [LAC_NODE_STRING] = "a text",  [LAC_NODE_LIST] = "a list",
        [LAC_NODE_MAP] = "a map",
    };

    return names[type];
}

/* One step of a path, ".key" or "[index]". */
typedef struct {
    char *key; /* owned; NULL for an index */
    size_t index;
} Step;

/* A path, what messages about it begin with, and the place new keys are said to be written at. */
typedef struct {
    const char *path, *what;
    const LacNode *place;
} Path;

/* Reads the step at *@at and moves there past it. The first key has no dot in front. */
static gboolean
step_read(const Path *path, const char **at, Step *step, GError **error)
{
    const char *c = *at;

    if (*c == '[') {
        char *end;
        const guint64 index = g_ascii_strtoull(c + 1, &end, 10);

        if (!g_ascii_isdigit(c[1]) || *end != ']')
            return lac_fail(error, LAC_ERROR_PARAM,
                            "%s: expected a number and ']' after '[', found '%s'", path->what,
                            c + 1);
        step->index = (size_t)index;
        *at = end + 1;
        return TRUE;
    }
    if (c != path->path && *c != '.')
        return lac_fail(error, LAC_ERROR_PARAM, "%s: expected '.' or '[' at '%s'", path->what, c);
    c += c != path->path;

    const size_t length = strcspn(c, ".[");

    if (length == 0)
        return lac_fail(error, LAC_ERROR_PARAM, "%s: a name is empty; write for instance model.k=5",
                        path->what);
    step->key = g_strndup(c, length);
    *at = c + length;
    return TRUE;
}

static LacNode **
index_follow(LacNode *node, const Path *path, size_t index, GError **error)
{
    if (node->type != LAC_NODE_LIST)
        lac_fail(error, LAC_ERROR_PARAM, "%s: [%zu] needs a list, but there is %s", path->what,
                 index, lac_node_type_name(node->type));
    else if (index >= node->n)
        lac_fail(error, LAC_ERROR_PARAM, "%s: [%zu] is past the end of a list of %zu", path->what,
                 index, node->n);
    else
        return &node->items[index];
    return NULL;
}

static void
append_nothing(LacNode *map, const char *name, const LacNode *place)
{
    LacNode *key = g_new0(LacNode, 1), *nothing = g_new0(LacNode, 1);

    key->type = LAC_NODE_STRING;
    key->text = g_strdup(name);
    key->file = nothing->file = place->file;
    key->line = nothing->line = place->line;
    key->column = nothing->column = place->column;
    lac_node_append(map, key, nothing);
}

/* A missing key is made, holding nothing, and nothing becomes a map. */
static LacNode **
key_follow(LacNode *node, const Path *path, const char *key, GError **error)
{
    if (node->type == LAC_NODE_NULL) {
        node->type = LAC_NODE_MAP;
        g_clear_pointer(&node->text, g_free);
    }
    if (node->type != LAC_NODE_MAP) {
        lac_fail(error, LAC_ERROR_PARAM, "%s: '%s' needs a map, but there is %s%s", path->what, key,
                 lac_node_type_name(node->type),
                 node->type == LAC_NODE_LIST ? "; name one entry with [0], [1]..." : "");
        return NULL;
    }
    if (node_slot(node, key) == NULL)
        append_nothing(node, key, path->place);
    return node_slot(node, key);
}

/* The slot a step leads to; NULL with an error. */
static LacNode **
step_follow(LacNode *node, const Path *path, const Step *step, GError **error)
{
    return step->key != NULL ? key_follow(node, path, step->key, error)
                             : index_follow(node, path, step->index, error);
}

/* Walks @path from @root. Whether every step was possible is known before anything is changed,
 * because the walk goes over a copy first. */
static LacNode **
path_walk(LacNode **root, const Path *path, GError **error)
{
    const char *at = path->path;
    LacNode **slot = root;
    size_t depth = 0;

    do {
        Step step = {0};

        if (++depth > LAC_NODE_MOST_DEPTH) {
            lac_fail(error, LAC_ERROR_PARAM, "%.46s...: more than %d levels deep", path->what,
                     LAC_NODE_MOST_DEPTH);
            return NULL;
        }
        slot = step_read(path, &at, &step, error) ? step_follow(*slot, path, &step, error) : NULL;
        g_free(g_steal_pointer(&step.key));
    } while (slot != NULL && *at != '\0');
    return slot;
}

gboolean
lac_node_put_path(LacNode *root, const char *path, const LacNode *value, const char *what,
                  GError **error)
{
    const Path way = {path, what, value};
    g_autoptr(LacNode) rehearsal = lac_node_dup(root);
    LacNode **slot;

    if (path_walk(&rehearsal, &way, error) == NULL)
        return FALSE;
    slot = path_walk(&root, &way, NULL);
    lac_node_free(*slot);
    *slot = lac_node_dup(value);
    return TRUE;
}

gboolean
lac_node_set_path(LacNode *root, const char *path, const char *value, GError **error)
{
    g_autofree char *name = NULL;
    g_autoptr(LacNode) node = NULL;

    if (!g_utf8_validate(path, -1, NULL))
        return lac_fail(error, LAC_ERROR_PARAM, "--set: the path is not UTF-8 text");
    name = g_strdup_printf("--set %s", path);
    node = lac_yaml_parse(value, strlen(value), name, error);
    return node != NULL && lac_node_put_path(root, path, node, name, error);
}

char *
lac_format_double(double x, char *buffer)
{
    if (!isfinite(x)) {
        g_strlcpy(buffer, isnan(x) ? ".nan" : x > 0.0 ? ".inf" : "-.inf", G_ASCII_DTOSTR_BUF_SIZE);
        return buffer;
    }
    for (int digits = 15; digits <= 17; digits++) {
        char format[8];

        g_snprintf(format, sizeof format, "%%.%dg", digits);
        g_ascii_formatd(buffer, G_ASCII_DTOSTR_BUF_SIZE, format, x);
        if (g_ascii_strtod(buffer, NULL) == x)
            break;
    }
    if (strpbrk(buffer, ".e") == NULL)
        g_strlcat(buffer, ".0", G_ASCII_DTOSTR_BUF_SIZE);
    return buffer;
}

static void
json_text(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_printf(out, "\\%c", *c);
        else if ((unsigned char)*c < 0x20)
            g_string_append_printf(out, "\\u%04x", (unsigned)(unsigned char)*c);
        else
            g_string_append_c(out, *c);
    }
    g_string_append_c(out, '"');
}

static void json_node(GString *out, const LacNode *node);

static void
json_children(GString *out, const LacNode *node)
{
    for (size_t i = 0; i < node->n; i++) {
        if (i > 0)
            g_string_append(out, ", ");
        if (node->keys != NULL) {
            json_text(out, node->keys[i]->text);
            g_string_append(out, ": ");
        }
        json_node(out, node->items[i]);
    }
}

static void
json_double(GString *out, double x)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];

    lac_format_double(x, buffer);
    if (isfinite(x))
        g_string_append(out, buffer);
    else
        json_text(out, buffer); /* JSON has no such number */
}

static void
json_untagged(GString *out, const LacNode *node)
{
    switch (node->type) {
    case LAC_NODE_NULL:
        g_string_append(out, "null");
        break;
    case LAC_NODE_BOOL:
        g_string_append(out, node->number != 0.0 ? "true" : "false");
        break;
    case LAC_NODE_INT:
        g_string_append_printf(out, "%" G_GINT64_FORMAT, (gint64)node->integer);
        break;
    case LAC_NODE_DOUBLE:
        json_double(out, node->number);
        break;
    case LAC_NODE_STRING:
        json_text(out, node->text);
        break;
    case LAC_NODE_LIST:
        g_string_append_c(out, '[');
        json_children(out, node);
        g_string_append_c(out, ']');
        break;
    case LAC_NODE_MAP:
        g_string_append_c(out, '{');
        json_children(out, node);
        g_string_append_c(out, '}');
        break;
    }
}

static void
json_node(GString *out, const LacNode *node)
{
    if (node->tag == NULL) {
        json_untagged(out, node);
        return;
    }
    g_string_append_c(out, '{');
    json_text(out, node->tag);
    g_string_append(out, ": ");
    json_untagged(out, node);
    g_string_append_c(out, '}');
}

char *
lac_node_to_json(const LacNode *node)
{
    GString *out = g_string_new(NULL);

    json_node(out, node);
    return g_string_free(out, FALSE);
}
