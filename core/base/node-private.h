/* A typed tree of values with the place each was written at: what YAML files, --set arguments and
 * model headers become before anybody interprets them. */
#ifndef LACUNA_NODE_PRIVATE_H
#define LACUNA_NODE_PRIVATE_H

#include "base-private.h"
#include <lacuna/error.h>

G_BEGIN_DECLS

typedef enum {
    LAC_NODE_NULL,
    LAC_NODE_BOOL,
    LAC_NODE_INT,
    LAC_NODE_DOUBLE,
    LAC_NODE_STRING,
    LAC_NODE_LIST,
    LAC_NODE_MAP,
} LacNodeType;

typedef struct LacNode LacNode;

/**
 * LacNode:
 * @tag: "!sweep", "!range", "!random" or NULL
 * @text: a scalar exactly as written (also for numbers), else NULL
 * @number: of BOOL (0 or 1), INT and DOUBLE
 * @integer: of INT
 * @items: children of LIST and MAP; @keys: their keys, for MAP (same length)
 * @file, @line, @column: where it was written; file is interned, lines and columns count from 1
 */
struct LacNode {
    LacNodeType type;
    char *tag, *text;
    double number;
    int64_t integer;
    size_t n;
    LacNode **items;
    LacNode **keys;
    const char *file;
    unsigned line, column;
};

LAC_PRIVATE_API void lac_node_free(LacNode *node);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacNode, lac_node_free)
LAC_PRIVATE_API LacNode *lac_node_dup(const LacNode *node);

/** lac_node_dup_without: a copy of MAP @map without its key @key, if it has it. */
LAC_PRIVATE_API LacNode *lac_node_dup_without(const LacNode *map, const char *key);

/** lac_node_get: the child of a MAP called @key, lent; NULL when there is none. */
LAC_PRIVATE_API LacNode *lac_node_get(const LacNode *map, const char *key);

/** lac_node_take: the child of a MAP called @key, out of it and the caller's; NULL when there is
 * none. */
LAC_PRIVATE_API LacNode *lac_node_take(LacNode *map, const char *key);

/**
 * lac_node_set_path: `a.b[2].c=value` on the tree @root, creating maps on the way; @value is YAML.
 * @error: LAC_ERROR_PARAM when the path goes through a scalar or past the end of a list
 */
LAC_PRIVATE_API gboolean lac_node_set_path(LacNode *root, const char *path, const char *value,
                                           GError **error);

/** lac_node_put_path: the same with a value that is a tree already; it is copied. @what: what
 * messages begin with. */
LAC_PRIVATE_API gboolean lac_node_put_path(LacNode *root, const char *path, const LacNode *value,
                                           const char *what, GError **error);

/** lac_node_fail: like lac_fail() with "file:line:column: " in front. Always FALSE. */
LAC_PRIVATE_API gboolean lac_node_fail(GError **error, const LacNode *node, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/** lac_node_type_name: "a number", "a list"... for messages. Static. */
LAC_PRIVATE_API const char *lac_node_type_name(LacNodeType type);

/**
 * lac_yaml_parse:
 * @name: file name for messages
 *
 * YAML 1.2 core scalars; one document; anchors expanded up to a total of 100 000 nodes and depth
 * 64, cycles refused; duplicate keys refused. Errors are LAC_ERROR_PARAM with the place.
 */
LAC_PRIVATE_API LacNode *
lac_yaml_parse(const char *text, gsize length, const char *name, GError **error);
LAC_PRIVATE_API LacNode *lac_yaml_load(const char *path, GError **error);
/** lac_yaml_write: @node as block-style YAML that parses back to an equal tree. Owned. */
LAC_PRIVATE_API char *lac_yaml_write(const LacNode *node);
/** lac_node_to_json: one line, keys in their order. Owned. */
LAC_PRIVATE_API char *lac_node_to_json(const LacNode *node);

/** lac_suggest: the entry of NULL-terminated @names nearest to @word (Damerau-Levenshtein, at most
 * a third of its length), or NULL. */
LAC_PRIVATE_API const char *lac_suggest(const char *word, const char *const *names);
/** lac_suggest_hint: "; did you mean 'NAME'?" of that, or "". lac_suggest_file: the same of the
 * files in the folder of @path, which is not there. Owned. */
LAC_PRIVATE_API char *lac_suggest_hint(const char *word, const char *const *names);
LAC_PRIVATE_API char *lac_suggest_file(const char *path);

G_END_DECLS

#endif
