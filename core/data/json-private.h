/* Reading JSON that nobody has vouched for. */
#ifndef LACUNA_JSON_PRIVATE_H
#define LACUNA_JSON_PRIVATE_H

#include <json-glib/json-glib.h>
#include <lacuna/error.h>

G_BEGIN_DECLS

/** json_parse_tree: @text as a tree; the parser is owned and owns the tree. Nesting deeper than 16
 * is refused, because json-glib recurses. @name: for messages */
JsonParser *json_parse_tree(const char *text, gsize length, const char *name, GError **error);
/** json_write_tree: @root as one line; owned. */
char *json_write_tree(JsonNode *root);

G_END_DECLS

#endif
