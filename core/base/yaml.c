/* YAML text to a tree of nodes, by libyaml's events. */
#include "yaml-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

/* no experiment file comes near; a device or a data file given by mistake soon does */
#define LARGEST_FILE ((size_t)16 << 20)
#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

typedef struct {
    yaml_parser_t parser;
    const char *file;    /* interned */
    GHashTable *anchors; /* name -> LacNode, lent by the tree in the making */
    size_t nodes;
    const LacNode *open[LAC_NODE_MOST_DEPTH + 1]; /* the collections we are inside of */
    size_t depth;
} Reader;

typedef yaml_event_t Event;

static void
event_clear(Event *event)
{
    yaml_event_delete(event);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Event, event_clear)

static gboolean
fail_at(const Reader *reader, const yaml_mark_t *mark, GError **error, const char *message)
{
    return lac_fail(error, LAC_ERROR_PARAM, "%s:%zu:%zu: %s", reader->file, mark->line + 1,
                    mark->column + 1, message);
}

/* libyaml's own complaint; its marks may lie at the end of the input */
static gboolean
fail_parse(const Reader *reader, GError **error)
{
    const yaml_parser_t *p = &reader->parser;
    const char *problem = p->problem != NULL ? p->problem : "out of memory";
    const gboolean tab = strstr(problem, "cannot start any token") != NULL;
    g_autofree char *message =
        g_strdup_printf("not valid YAML: %s%s%s%s", problem, p->context != NULL ? " " : "",
                        p->context != NULL ? p->context : "",
                        tab ? "; quote the text, and indent with spaces, not tabs" : "");

    return fail_at(reader, &p->problem_mark, error, message);
}

static gboolean
next_event(Reader *reader, Event *event, GError **error)
{
    return yaml_parser_parse(&reader->parser, event) ? TRUE : fail_parse(reader, error);
}

static LacNode *
node_new(const Reader *reader, LacNodeType type, const yaml_mark_t *mark)
{
    LacNode *node = g_new0(LacNode, 1);

    node->type = type;
    node->file = reader->file;
    node->line = (unsigned)mark->line + 1;
    node->column = (unsigned)mark->column + 1;
    return node;
}

/* Our own tags are kept; `!` and `!!str` only say that a scalar is a text. */
static gboolean
accept_tag(const Reader *reader, const Event *event, const yaml_char_t *tag, LacNode *node,
           gboolean *is_text, GError **error)
{
    static const char *const ours[] = {"!sweep", "!range", "!random", NULL};
    const char *name = (const char *)tag;

    *is_text = FALSE;
    if (name == NULL)
        return TRUE;
    if (node->type == LAC_NODE_STRING &&
        (strcmp(name, "!") == 0 || strcmp(name, "tag:yaml.org,2002:str") == 0)) {
        *is_text = TRUE;
        return TRUE;
    }
    if (g_strv_contains(ours, name)) {
        node->tag = g_strdup(name);
        return TRUE;
    }

    const char *near = lac_suggest(name, ours);
    g_autofree char *message =
        g_strdup_printf("unknown tag '%s'; known are !sweep, !range and !random%s%s%s", name,
                        near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
                        near != NULL ? "'?)" : "");

    return fail_at(reader, &event->start_mark, error, message);
}

static void
remember(Reader *reader, const yaml_char_t *anchor, LacNode *node)
{
    if (anchor != NULL)
        g_hash_table_insert(reader->anchors, g_strdup((const char *)anchor), node);
}

static gboolean
count_node(Reader *reader, const yaml_mark_t *mark, size_t depth, GError **error)
{
    if (++reader->nodes > LAC_NODE_MOST_NODES)
        return fail_at(reader, mark, error,
                       "more than 100000 values, aliases expanded; this looks like a YAML bomb");
    if (depth > LAC_NODE_MOST_DEPTH)
        return fail_at(reader, mark, error, "nested more than 64 levels deep");
    return TRUE;
}

/* whether a copy of @node at @depth stays within the limits; counts its nodes */
static gboolean
count_copy(Reader *reader, const LacNode *node, const yaml_mark_t *mark, size_t depth,
           GError **error)
{
    if (!count_node(reader, mark, depth, error))
        return FALSE;
    for (size_t i = 0; i < node->n; i++)
        if ((node->keys != NULL && !count_node(reader, mark, depth + 1, error)) ||
            !count_copy(reader, node->items[i], mark, depth + 1, error))
            return FALSE;
    return TRUE;
}

static LacNode *
read_alias(Reader *reader, const Event *event, GError **error)
{
    const char *name = (const char *)event->data.alias.anchor;
    const LacNode *target = g_hash_table_lookup(reader->anchors, name);
    g_autofree char *message = NULL;

    if (target == NULL) {
        message = g_strdup_printf("alias '*%s' has no anchor '&%s' before it", name, name);
        fail_at(reader, &event->start_mark, error, message);
        return NULL;
    }
    for (size_t i = 0; i < reader->depth; i++)
        if (reader->open[i] == target) {
            message = g_strdup_printf("alias '*%s' lies inside its own anchor", name);
            fail_at(reader, &event->start_mark, error, message);
            return NULL;
        }
    if (!count_copy(reader, target, &event->start_mark, reader->depth, error))
        return NULL;
    return lac_node_dup(target);
}

static LacNode *
read_scalar(Reader *reader, const Event *event, GError **error)
{
    g_autoptr(LacNode) node = node_new(reader, LAC_NODE_STRING, &event->start_mark);
    const char *text = (const char *)event->data.scalar.value;
    gboolean is_text;

    if (strlen(text) != event->data.scalar.length) {
        fail_at(reader, &event->start_mark, error, "a text must not hold the character \\0");
        return NULL;
    }
    if (!accept_tag(reader, event, event->data.scalar.tag, node, &is_text, error))
        return NULL;
    node->text = g_strdup(text);
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !is_text)
        node->type = lac_yaml_resolve(text, &node->number, &node->integer);
    remember(reader, event->data.scalar.anchor, node);
    return g_steal_pointer(&node);
}

static LacNode *read_node(Reader *reader, const Event *event, GError **error);

static gboolean
read_items(Reader *reader, LacNode *list, GError **error)
{
    for (;;) {
        g_auto(Event) event = {0};

        if (!next_event(reader, &event, error))
            return FALSE;
        if (event.type == YAML_SEQUENCE_END_EVENT)
            return TRUE;

        LacNode *item = read_node(reader, &event, error);

        if (item == NULL)
            return FALSE;
        lac_node_append(list, NULL, item);
    }
}

/* A key is its text, whatever that would be as a value. */
static LacNode *
read_key(Reader *reader, const Event *event, GHashTable *seen, GError **error)
{
    g_autoptr(LacNode) key = NULL;

    if (event->type != YAML_SCALAR_EVENT && event->type != YAML_ALIAS_EVENT) {
        fail_at(reader, &event->start_mark, error, "a key must be a plain word, not a list or map");
        return NULL;
    }
    key = read_node(reader, event, error);
    if (key == NULL)
        return NULL;
    if (key->text == NULL || key->tag != NULL) {
        fail_at(reader, &event->start_mark, error, "a key must be a plain word without a tag");
        return NULL;
    }
    key->type = LAC_NODE_STRING;
    key->number = 0.0;
    key->integer = 0;
    if (!g_hash_table_add(seen, key->text)) {
        g_autofree char *message = g_strdup_printf("key '%s' appears twice in one map", key->text);

        fail_at(reader, &event->start_mark, error, message);
        return NULL;
    }
    return g_steal_pointer(&key);
}

static gboolean
read_pairs(Reader *reader, LacNode *map, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (;;) {
        g_auto(Event) at_key = {0}, at_value = {0};

        if (!next_event(reader, &at_key, error))
            return FALSE;
        if (at_key.type == YAML_MAPPING_END_EVENT)
            return TRUE;

        g_autoptr(LacNode) key = read_key(reader, &at_key, seen, error);

        if (key == NULL || !next_event(reader, &at_value, error))
            return FALSE;

        LacNode *value = read_node(reader, &at_value, error);

        if (value == NULL)
            return FALSE;
        lac_node_append(map, g_steal_pointer(&key), value);
    }
}

static LacNode *
read_collection(Reader *reader, const Event *event, GError **error)
{
    const gboolean map = event->type == YAML_MAPPING_START_EVENT;
    g_autoptr(LacNode) node =
        node_new(reader, map ? LAC_NODE_MAP : LAC_NODE_LIST, &event->start_mark);
    gboolean unused;

    if (!accept_tag(reader, event,
                    map ? event->data.mapping_start.tag : event->data.sequence_start.tag, node,
                    &unused, error))
        return NULL;
    remember(reader, map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor,
             node);
    reader->open[reader->depth++] = node;
    if (!(map ? read_pairs(reader, node, error) : read_items(reader, node, error)))
        return NULL;
    reader->depth--;
    return g_steal_pointer(&node);
}

static LacNode *
read_node(Reader *reader, const Event *event, GError **error)
{
    if (event->type == YAML_ALIAS_EVENT)
        return read_alias(reader, event, error);
    if (!count_node(reader, &event->start_mark, reader->depth, error))
        return NULL;
    if (event->type == YAML_SCALAR_EVENT)
        return read_scalar(reader, event, error);
    return read_collection(reader, event, error);
}

/* the one document of the stream, a null where there is none */
static LacNode *
read_document(Reader *reader, GError **error)
{
    g_auto(Event) start = {0}, document = {0}, first = {0}, document_end = {0}, end = {0};
    g_autoptr(LacNode) root = NULL;

    if (!next_event(reader, &start, error) || !next_event(reader, &document, error))
        return NULL;
    if (document.type == YAML_STREAM_END_EVENT)
        return node_new(reader, LAC_NODE_NULL, &(yaml_mark_t){0});
    if (!next_event(reader, &first, error))
        return NULL;
    root = read_node(reader, &first, error);
    if (root == NULL || !next_event(reader, &document_end, error) ||
        !next_event(reader, &end, error))
        return NULL;
    if (end.type != YAML_STREAM_END_EVENT) {
        fail_at(reader, &end.start_mark, error,
                "a second document begins here; write one file for each");
        return NULL;
    }
    return g_steal_pointer(&root);
}

/* libyaml would refuse these as well, but in terms of its own buffers */
static gboolean
check_encoding(const char *text, gsize length, const char *name, GError **error)
{
    const char *bad;
    size_t line = 1;

    if (g_utf8_validate(text, (gssize)length, &bad))
        return TRUE;
    for (const char *c = text; c < bad; c++)
        line += *c == '\n';
    return lac_fail(error, LAC_ERROR_PARAM,
                    "%s:%zu: byte 0x%02X at offset %zu is not UTF-8 text; save the file as UTF-8",
                    name, line, (unsigned)(unsigned char)*bad, (size_t)(bad - text));
}

LacNode *
lac_yaml_parse(const char *text, gsize length, const char *name, GError **error)
{
    Reader reader = {.file = g_intern_string(name)};
    LacNode *root = NULL;

    if (!check_encoding(text, length, name, error))
        return NULL;
    if (!yaml_parser_initialize(&reader.parser))
        return lac_fail_null(error, LAC_ERROR_SHAPE, "%s: no memory for the YAML parser", name);
    if (length >= 3 && memcmp(text, BYTE_ORDER_MARK, 3) == 0) {
        text += 3;
        length -= 3;
    }
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, length);
    reader.anchors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    root = read_document(&reader, error);
    g_hash_table_unref(reader.anchors);
    yaml_parser_delete(&reader.parser);
    return root;
}

/* Everything of @file up to the limit, so that a pipe serves as well as a file. */
static GString *
read_all(FILE *file, const char *path, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char block[65536];
    size_t got;

    while ((got = fread(block, 1, sizeof block, file)) > 0) {
        g_string_append_len(text, block, (gssize)got);
        if (text->len > LARGEST_FILE)
            return lac_fail_null(error, LAC_ERROR_PARAM,
                                 "%s: larger than 16 MiB, so not an experiment file", path);
    }
    if (ferror(file))
        return lac_fail_null(error, LAC_ERROR_IO, "%s: cannot be read: %s", path,
                             g_strerror(errno));
    return g_steal_pointer(&text);
}

LacNode *
lac_yaml_load(const char *path, GError **error)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        const int code = errno;
        g_autofree char *hint = code == ENOENT ? lac_suggest_file(path) : g_strdup("");

        return lac_fail_null(error, LAC_ERROR_IO, "%s: cannot be opened: %s%s", path,
                             g_strerror(code), hint);
    }

    g_autoptr(GString) text = read_all(file, path, error);

    fclose(file);
    return text == NULL ? NULL : lac_yaml_parse(text->str, text->len, path, error);
}
