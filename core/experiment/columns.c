#include "columns.h"
#include "plugin-private.h"

#include <string.h>

#define TEXT_OR_TEXTS                                                                              \
    "{\"anyOf\":[{\"type\":[\"string\",\"number\",\"boolean\"]},"                                  \
    "{\"type\":\"array\",\"items\":{\"type\":[\"string\",\"number\",\"boolean\"]}}]}"
#define NUMBER_OR_COLUMN "{\"type\":[\"number\",\"string\"]}"
#define RULE                                                                                       \
    "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"object\",\"additionalProperties\":false,"       \
    "\"properties\":{\"kind\":{\"type\":\"string\"},\"levels\":" TEXT_OR_TEXTS                     \
    ",\"order\":" TEXT_OR_TEXTS ",\"min\":{\"type\":\"number\"},\"max\":{\"type\":\"number\"},"    \
    "\"integer\":{\"type\":\"boolean\"},\"log\":{\"type\":\"boolean\"},"                           \
    "\"unit\":{\"type\":\"string\"},\"missing\":" TEXT_OR_TEXTS ",\"below\":" NUMBER_OR_COLUMN     \
    ",\"above\":" NUMBER_OR_COLUMN ",\"derived\":{\"type\":\"string\"}}}]}"

const char lac_columns_schema[] =
    "{\"description\":\"Rules of columns, by name, or a YAML file that holds them\",\"anyOf\":["
    "{\"type\":\"string\"},{\"type\":\"object\",\"additionalProperties\":" RULE "}]}";

const char lac_columns_help[] =
    "Beside the parameters of any reader stands `columns`: rules of columns by name, or the path "
    "of "
    "a YAML file that holds such a block. What is not said is sniffed; `lacuna inspect DATA "
    "--format yaml` prints it.\n\n"
    "| rule | meaning |\n| --- | --- |\n"
    "| `kind` | continuous, integer, binary, nominal, ordinal, or skip: no variable |\n"
    "| `levels` | the levels there may be; of an ordinal column in their order |\n"
    "| `order` | levels in their order: makes the column ordinal |\n"
    "| `min`, `max` | bounds: observed values must keep them, imputed ones are from the law cut "
    "at them |\n"
    "| `integer` | true: whole numbers |\n"
    "| `log` | true: modelled, and scored, on the scale of logarithms |\n"
    "| `unit` | for reports |\n"
    "| `missing` | texts or numbers that mean missing in this column |\n"
    "| `below`, `above` | a number, or the column that holds one for each row: missing values are "
    "known to lie on that side of it; such a column is no variable itself |\n"
    "| `derived` | a formula of other columns: not modelled, computed anew from every completion "
    "|\n";

/* ---- reading the block ------------------------------------------------------------------------
 */

static LacNode *
text_key(const char *text)
{
    LacNode *node = g_new0(LacNode, 1);

    node->type = LAC_NODE_STRING;
    node->text = g_strdup(text);
    return node;
}

/* @value is taken. */
static void
map_append(LacNode *map, const char *key, LacNode *value)
{
    map->keys = g_renew(LacNode *, map->keys, map->n + 1);
    map->items = g_renew(LacNode *, map->items, map->n + 1);
    map->keys[map->n] = text_key(key);
    map->items[map->n++] = value;
}

/* The block of the file that @node names. Owned. */
static LacNode *
load_file(const LacNode *node, const char *base_dir, GError **error)
{
    g_autofree char *path = lac_path_resolve(node, "columns", base_dir, error);
    g_autoptr(LacNode) root = path != NULL ? lac_yaml_load(path, error) : NULL;
    const LacNode *block;

    if (root == NULL)
        return NULL;
    block = root->type == LAC_NODE_MAP && root->n == 1 ? lac_node_get(root, LAC_COLUMNS_KEY) : NULL;
    if (block == NULL) {
        lac_node_fail(error, root, "expected the one key 'columns:', with a line for each column");
        return NULL;
    }
    return lac_node_dup(block);
}

gboolean
lac_choice_load_columns(LacChoice *choice, const char *base_dir, GError **error)
{
    const LacNode *node =
        choice->params != NULL ? lac_node_get(choice->params, LAC_COLUMNS_KEY) : NULL;
    g_autoptr(LacNode) block = NULL;

    if (choice->plugin->kind != LAC_PLUGIN_READER || node == NULL || node->type == LAC_NODE_NULL)
        return TRUE;
    block = node->type == LAC_NODE_STRING ? load_file(node, base_dir, error) : lac_node_dup(node);
    if (block == NULL)
        return FALSE;
    choice->columns = lac_column_rules_parse(block, error);
    if (choice->columns == NULL)
        return FALSE;
    map_append(choice->in_force, LAC_COLUMNS_KEY, g_steal_pointer(&block));
    return TRUE;
}

/* ---- reading the table ------------------------------------------------------------------------
 */

/* Names that the table need not have: the column of labels, and what the reader has skipped. */
static const char **
names_elsewhere(const LacChoice *choice, gboolean told)
{
    const LacNode *label = lac_node_get(choice->in_force, "label");
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    if (label != NULL && label->text != NULL)
        g_ptr_array_add(names, label->text);
    for (size_t k = 0; told && k < choice->columns->n; k++)
        if (g_strcmp0(choice->columns->rules[k].kind, "skip") == 0)
            g_ptr_array_add(names, choice->columns->rules[k].name);
    g_ptr_array_add(names, NULL);
    return (const char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

LacData *
lac_choice_read(const LacChoice *choice, LacReader *reader, GError **error)
{
    const LacReaderPlugin *plugin = (const LacReaderPlugin *)choice->plugin;
    const LacColumnRules *rules = choice->columns;
    g_auto(GStrv) kinds = lac_column_rules_kinds(rules);
    g_auto(GStrv) missing = lac_column_rules_missing(rules);
    g_autofree const char **elsewhere = NULL;
    g_autoptr(LacData) data = NULL;

    if (rules == NULL)
        return plugin->read(reader, error);
    if (plugin->tell != NULL)
        plugin->tell(reader, kinds, missing);
    data = plugin->read(reader, error);
    if (data == NULL) {
        if (rules->n > 0)
            g_prefix_error(error, "%s:%u: columns: ", rules->rules[0].place.file,
                           rules->rules[0].place.line);
        return NULL;
    }
    elsewhere = names_elsewhere(choice, plugin->tell != NULL);
    return lac_column_rules_apply(rules, data, elsewhere, NULL, error);
}
