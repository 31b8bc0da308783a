/* One parameter: from a YAML value to the typed field of a component's struct, and its release.
 * Every message starts with the place and the whole name, "exp.yaml:7:12: model.knn.k = 0 ...". */
#include "plugin-private.h"

#include <math.h>
#include <string.h>

/* What is being parsed, for messages. */
typedef struct {
    const LacPlugin *plugin;
    const LacParam *param;
    const char *where; /* "model.knn.k" */
    const char *base_dir;
} Parse;

size_t
lac_param_size(LacParamType type)
{
    switch (type) {
    case LAC_PARAM_TYPE_BOOL:
        return sizeof(gboolean);
    case LAC_PARAM_TYPE_INT:
        return sizeof(int64_t);
    case LAC_PARAM_TYPE_DOUBLE:
        return sizeof(double);
    case LAC_PARAM_TYPE_CHOICE:
        return sizeof(int);
    case LAC_PARAM_TYPE_STRING:
    case LAC_PARAM_TYPE_PATH:
        return sizeof(char *);
    case LAC_PARAM_TYPE_STRINGS:
    case LAC_PARAM_TYPE_MAP:
        return sizeof(char **);
    case LAC_PARAM_TYPE_DOUBLES:
        return sizeof(LacDoubles);
    case LAC_PARAM_TYPE_TABLE:
        return sizeof(LacTable);
    case LAC_PARAM_TYPE_END:
        break;
    }
    return 0;
}

static gpointer
field_of(const LacParam *param, gpointer instance)
{
    return (char *)instance + param->offset;
}

/* What stands at @node, as a user would recognise it. Owned. */
static char *
seen_text(const LacNode *node)
{
    if (node->text != NULL && strlen(node->text) <= 60)
        return g_strdup(node->text);
    if (node->text != NULL)
        return g_strdup_printf("%.50s...", node->text);
    return g_strdup(lac_node_type_name(node->type));
}

/* "; <help> (default 5)": the mending half of a message. Owned. */
static char *
mend_text(const Parse *parse)
{
    g_autofree char *fallback = lac_param_default_text(parse->param);

    if (fallback == NULL)
        return g_strdup_printf("; %s", parse->param->help);
    return g_strdup_printf("; %s (default %s)", parse->param->help, fallback);
}

static gboolean
fail_type(const Parse *parse, const LacNode *node, const char *wanted, GError **error)
{
    g_autofree char *seen = seen_text(node);
    g_autofree char *mend = mend_text(parse);

    return lac_node_fail(error, node, "%s = %s is %s, expected %s%s", parse->where, seen,
                         lac_node_type_name(node->type), wanted, mend);
}

static gboolean
in_range(const LacRange *range, double x)
{
    return (range->lower_open ? x > range->lower : x >= range->lower) &&
           (range->upper_open ? x < range->upper : x <= range->upper);
}

/* @node as a number inside the range; @where may carry an index behind the parameter's name. */
static gboolean
parse_number(const Parse *parse, const char *where, const LacNode *node, double *out,
             GError **error)
{
    g_autofree char *seen = seen_text(node);
    g_autofree char *range = lac_param_range_text(parse->param);

    if (node->type != LAC_NODE_INT && node->type != LAC_NODE_DOUBLE) {
        const Parse here = {parse->plugin, parse->param, where, parse->base_dir};

        return fail_type(&here, node, "a number", error);
    }
    if (isnan(node->number) || !in_range(&parse->param->range, node->number)) {
        g_autofree char *mend = mend_text(parse);

        if (range == NULL)
            return lac_node_fail(error, node, "%s = %s is not a finite number%s", where, seen,
                                 mend);
        return lac_node_fail(error, node, "%s = %s is outside %s%s", where, seen, range, mend);
    }
    *out = node->number;
    return TRUE;
}

static gboolean
parse_int(const Parse *parse, const LacNode *node, int64_t *out, GError **error)
{
    double number;

    if (!parse_number(parse, parse->where, node, &number, error))
        return FALSE;
    if (node->type == LAC_NODE_INT) {
        *out = node->integer;
        return TRUE;
    }
    /* 1e3 is a floating number in YAML; beyond 2^53 it may not be the one that was meant */
    if (number != floor(number) || fabs(number) > 9007199254740992.0)
        return fail_type(parse, node, "a whole number", error);
    *out = (int64_t)number;
    return TRUE;
}

static gboolean
parse_choice(const Parse *parse, const LacNode *node, int *out, GError **error)
{
    const char *const *choices = parse->param->choices;
    const char *nearest;
    g_autofree char *all = lac_param_range_text(parse->param);

    if (node->text == NULL)
        return fail_type(parse, node, all, error);
    for (int i = 0; choices[i] != NULL; i++) {
        if (strcmp(choices[i], node->text) == 0) {
            *out = i;
            return TRUE;
        }
    }
    nearest = lac_suggest(node->text, choices);
    if (nearest != NULL)
        return lac_node_fail(error, node,
                             "%s = %s is not one of the choices (did you mean '%s'?); "
                             "choose from %s",
                             parse->where, node->text, nearest, all);
    return lac_node_fail(error, node, "%s = %s is not one of the choices; choose from %s",
                         parse->where, node->text, all);
}

static gboolean
parse_string(const Parse *parse, const LacNode *node, char **out, GError **error)
{
    if (node->text == NULL)
        return fail_type(parse, node, "text", error);
    *out = g_strdup(node->text);
    return TRUE;
}

static gboolean
parse_doubles(const Parse *parse, const LacNode *node, LacDoubles *out, GError **error)
{
    const gboolean is_list = node->type == LAC_NODE_LIST;
    const size_t n = is_list ? node->n : 1;
    g_autofree double *v = g_new0(double, MAX(n, 1));

    if (node->type == LAC_NODE_MAP)
        return fail_type(parse, node, "a list of numbers", error);
    for (size_t i = 0; i < n; i++) {
        g_autofree char *where =
            is_list ? g_strdup_printf("%s[%zu]", parse->where, i) : g_strdup(parse->where);

        if (!parse_number(parse, where, is_list ? node->items[i] : node, &v[i], error))
            return FALSE;
    }
    out->n = n;
    out->v = g_steal_pointer(&v);
    return TRUE;
}

static gboolean
parse_table(const Parse *parse, const LacNode *node, LacTable *out, GError **error)
{
    g_autofree double *v = NULL;
    size_t cols = 0;

    if (node->type != LAC_NODE_LIST)
        return fail_type(parse, node, "a list of lists of numbers", error);
    for (size_t i = 0; i < node->n; i++) {
        const LacNode *row = node->items[i];

        if (row->type != LAC_NODE_LIST)
            return fail_type(parse, row, "a list of numbers", error);
        if (i == 0) {
            cols = row->n;
            v = g_new0(double, MAX(node->n * cols, 1));
        }
        if (row->n != cols)
            return lac_node_fail(error, row,
                                 "%s[%zu] has %zu numbers, the first list has %zu; give every "
                                 "list the same length",
                                 parse->where, i, row->n, cols);
        for (size_t j = 0; j < cols; j++) {
            g_autofree char *where = g_strdup_printf("%s[%zu][%zu]", parse->where, i, j);

            if (!parse_number(parse, where, row->items[j], &v[i * cols + j], error))
                return FALSE;
        }
    }
    out->rows = node->n;
    out->cols = cols;
    out->v = g_steal_pointer(&v);
    return TRUE;
}

static gboolean
parse_strings(const Parse *parse, const LacNode *node, char ***out, GError **error)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    if (node->type == LAC_NODE_MAP)
        return fail_type(parse, node, "a list of texts", error);
    if (node->type != LAC_NODE_LIST) {
        g_strv_builder_add(builder, node->text);
    } else {
        if (node->n == 0)
            return TRUE; /* empty lists are NULL */
        for (size_t i = 0; i < node->n; i++) {
            if (node->items[i]->text == NULL)
                return fail_type(parse, node->items[i], "text", error);
            g_strv_builder_add(builder, node->items[i]->text);
        }
    }
    *out = g_strv_builder_end(builder);
    return TRUE;
}

static gboolean
parse_map(const Parse *parse, const LacNode *node, char ***out, GError **error)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    if (node->type != LAC_NODE_MAP)
        return fail_type(parse, node, "a map of names to texts", error);
    if (node->n == 0)
        return TRUE;
    for (size_t i = 0; i < node->n; i++) {
        if (node->items[i]->text == NULL)
            return fail_type(parse, node->items[i], "text", error);
        g_strv_builder_add(builder, node->keys[i]->text);
        g_strv_builder_add(builder, node->items[i]->text);
    }
    *out = g_strv_builder_end(builder);
    return TRUE;
}

static gboolean
parse_path(const Parse *parse, const LacNode *node, char **out, GError **error)
{
    if (node->text == NULL)
        return fail_type(parse, node, "a path", error);
    *out = lac_path_resolve(node, parse->where, parse->base_dir, error);
    return *out != NULL;
}

/* @node into the field, whose old content has been cleared. */
static gboolean
parse_value(const Parse *parse, const LacNode *node, gpointer instance, GError **error)
{
    gpointer field = field_of(parse->param, instance);

    switch (parse->param->type) {
    case LAC_PARAM_TYPE_BOOL:
        if (node->type != LAC_NODE_BOOL)
            return fail_type(parse, node, "true or false", error);
        *(gboolean *)field = node->number != 0.0;
        return TRUE;
    case LAC_PARAM_TYPE_INT:
        return parse_int(parse, node, field, error);
    case LAC_PARAM_TYPE_DOUBLE:
        return parse_number(parse, parse->where, node, field, error);
    case LAC_PARAM_TYPE_CHOICE:
        return parse_choice(parse, node, field, error);
    case LAC_PARAM_TYPE_STRING:
        return parse_string(parse, node, field, error);
    case LAC_PARAM_TYPE_PATH:
        return parse_path(parse, node, field, error);
    case LAC_PARAM_TYPE_DOUBLES:
        return parse_doubles(parse, node, field, error);
    case LAC_PARAM_TYPE_TABLE:
        return parse_table(parse, node, field, error);
    case LAC_PARAM_TYPE_STRINGS:
        return parse_strings(parse, node, field, error);
    case LAC_PARAM_TYPE_MAP:
        return parse_map(parse, node, field, error);
    case LAC_PARAM_TYPE_END:
        break;
    }
    g_assert_not_reached();
}

void
lac_param_clear(const LacParam *param, gpointer instance)
{
    gpointer field = field_of(param, instance);

    switch (param->type) {
    case LAC_PARAM_TYPE_STRING:
    case LAC_PARAM_TYPE_PATH:
        g_clear_pointer((char **)field, g_free);
        break;
    case LAC_PARAM_TYPE_STRINGS:
    case LAC_PARAM_TYPE_MAP:
        g_clear_pointer((char ***)field, g_strfreev);
        break;
    case LAC_PARAM_TYPE_DOUBLES:
        g_clear_pointer(&((LacDoubles *)field)->v, g_free);
        ((LacDoubles *)field)->n = 0;
        break;
    case LAC_PARAM_TYPE_TABLE:
        g_clear_pointer(&((LacTable *)field)->v, g_free);
        ((LacTable *)field)->rows = ((LacTable *)field)->cols = 0;
        break;
    default:
        break;
    }
}

gboolean
lac_param_set(const LacPlugin *plugin, const LacParam *param, const char *where,
              const LacNode *value, const char *base_dir, gpointer instance, GError **error)
{
    const Parse parse = {plugin, param, where, base_dir};

    lac_param_clear(param, instance);
    return parse_value(&parse, value, instance, error);
}

gboolean
lac_param_set_default(const LacPlugin *plugin, const LacParam *param, gpointer instance,
                      GError **error)
{
    g_autofree char *where =
        g_strdup_printf("%s.%s.%s", lac_plugin_kind_key(plugin->kind), plugin->name, param->name);
    const Parse parse = {plugin, param, where, NULL};
    g_autofree char *text = lac_param_default_text(param);
    g_autofree char *place = g_strdup_printf("(default of %s)", where);
    g_autoptr(LacNode) node = NULL;

    switch (param->type) {
    case LAC_PARAM_TYPE_CHOICE: /* not through YAML: a choice may be spelt like a number or null */
        *(int *)field_of(param, instance) = (int)param->number;
        return TRUE;
    case LAC_PARAM_TYPE_STRING:
        *(char **)field_of(param, instance) = g_steal_pointer(&text);
        return TRUE;
    default:
        if (text == NULL)
            return TRUE; /* the instance is zeroed */
        node = lac_yaml_parse(text, strlen(text), place, error);
        return node != NULL && parse_value(&parse, node, instance, error);
    }
}
