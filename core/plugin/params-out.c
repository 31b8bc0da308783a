/* The parameters in force, back as a map node: what the results, model files and cell keys hold. */
#include "plugin-private.h"

static LacNode *
node_new(LacNodeType type, char *text)
{
    LacNode *node = g_new0(LacNode, 1);

    node->type = type;
    node->text = text;
    return node;
}

static LacNode *
node_number(double value)
{
    LacNode *node = node_new(LAC_NODE_DOUBLE, lac_number_text(value));

    node->number = value;
    return node;
}

static LacNode *
node_int(int64_t value)
{
    LacNode *node = node_new(LAC_NODE_INT, g_strdup_printf("%" G_GINT64_FORMAT, value));

    node->integer = value;
    node->number = (double)value;
    return node;
}

static LacNode *
node_bool(gboolean value)
{
    LacNode *node = node_new(LAC_NODE_BOOL, g_strdup(value ? "true" : "false"));

    node->number = value ? 1.0 : 0.0;
    return node;
}

static LacNode *
node_string(const char *text)
{
    return text != NULL ? node_new(LAC_NODE_STRING, g_strdup(text)) : node_new(LAC_NODE_NULL, NULL);
}

static LacNode *
node_list(size_t n)
{
    LacNode *node = node_new(LAC_NODE_LIST, NULL);

    node->n = n;
    node->items = g_new0(LacNode *, MAX(n, 1));
    return node;
}

static LacNode *
node_numbers(size_t n, const double *v)
{
    LacNode *list = node_list(n);

    for (size_t i = 0; i < n; i++)
        list->items[i] = node_number(v[i]);
    return list;
}

static LacNode *
node_table(const LacTable *table)
{
    LacNode *list = node_list(table->rows);

    for (size_t i = 0; i < table->rows; i++)
        list->items[i] = node_numbers(table->cols, table->v + i * table->cols);
    return list;
}

static LacNode *
node_strings(char **strings)
{
    const size_t n = strings != NULL ? g_strv_length(strings) : 0;
    LacNode *list = node_list(n);

    for (size_t i = 0; i < n; i++)
        list->items[i] = node_string(strings[i]);
    return list;
}

static LacNode *
node_pairs(char **pairs)
{
    const size_t n = pairs != NULL ? g_strv_length(pairs) / 2 : 0;
    LacNode *map = node_list(n);

    map->type = LAC_NODE_MAP;
    map->keys = g_new0(LacNode *, MAX(n, 1));
    for (size_t i = 0; i < n; i++) {
        map->keys[i] = node_string(pairs[2 * i]);
        map->items[i] = node_string(pairs[2 * i + 1]);
    }
    return map;
}

static LacNode *
param_node(const LacParam *param, gconstpointer instance)
{
    const void *field = (const char *)instance + param->offset;

    switch (param->type) {
    case LAC_PARAM_TYPE_BOOL:
        return node_bool(*(const gboolean *)field);
    case LAC_PARAM_TYPE_INT:
        return node_int(*(const int64_t *)field);
    case LAC_PARAM_TYPE_DOUBLE:
        return node_number(*(const double *)field);
    case LAC_PARAM_TYPE_CHOICE:
        return node_string(param->choices[*(const int *)field]);
    case LAC_PARAM_TYPE_STRING:
    case LAC_PARAM_TYPE_PATH:
        return node_string(*(char *const *)field);
    case LAC_PARAM_TYPE_DOUBLES:
        return node_numbers(((const LacDoubles *)field)->n, ((const LacDoubles *)field)->v);
    case LAC_PARAM_TYPE_TABLE:
        return node_table(field);
    case LAC_PARAM_TYPE_STRINGS:
        return node_strings(*(char **const *)field);
    case LAC_PARAM_TYPE_MAP:
        return node_pairs(*(char **const *)field);
    case LAC_PARAM_TYPE_END:
        break;
    }
    g_assert_not_reached();
}

typedef struct {
    gconstpointer instance;
    LacNode *map;
} Collect;

static void
collect(const LacParam *param, void *user)
{
    Collect *to = user;

    to->map->keys = g_renew(LacNode *, to->map->keys, to->map->n + 1);
    to->map->items = g_renew(LacNode *, to->map->items, to->map->n + 1);
    to->map->keys[to->map->n] = node_string(param->name);
    to->map->items[to->map->n] = param_node(param, to->instance);
    to->map->n++;
}

LacNode *
lac_instance_params(gconstpointer instance)
{
    Collect to = {instance, node_new(LAC_NODE_MAP, NULL)};

    lac_plugin_foreach_param(((const LacInstance *)instance)->plugin, collect, &to);
    return to.map;
}
