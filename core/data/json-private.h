/* Reading JSON that nobody has vouched for, and members of what is written. */
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

/* Members of the object that @builder is in. JSON has no infinity: what is not finite is null, and
 * so is a text that is NULL. */
void json_add_text(JsonBuilder *builder, const char *name, const char *text);
void json_add_number(JsonBuilder *builder, const char *name, double value);
void json_add_count(JsonBuilder *builder, const char *name, size_t value);
void json_add_flag(JsonBuilder *builder, const char *name, gboolean value);
/** json_begin_array, json_begin_object: member @name, to be ended with json_builder_end_... */
void json_begin_array(JsonBuilder *builder, const char *name);
void json_begin_object(JsonBuilder *builder, const char *name);
/** json_pretty: what was built, indented; owned. */
char *json_pretty(JsonBuilder *builder);

G_END_DECLS

#endif
