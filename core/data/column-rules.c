#include "column-rules-private.h"

#include "json-private.h"
#include "table-private.h"
#include <math.h>
#include <string.h>

void
lac_column_rules_free(LacColumnRules *rules)
{
    if (rules == NULL)
        return;
    for (size_t k = 0; k < rules->n; k++) {
        g_free(rules->rules[k].name);
        g_free(rules->rules[k].kind);
        g_free(rules->rules[k].unit);
        g_strfreev(rules->rules[k].na);
    }
    g_free(rules->rules);
    g_free(rules);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static gboolean
rule_bool(const LacNode *node, gboolean *out, GError **error)
{
    if (node->type != LAC_NODE_BOOL)
        return lac_node_fail(error, node, "expected true or false, got %s",
                             lac_node_type_name(node->type));
    *out = node->number != 0.0;
    return TRUE;
}

static gboolean
rule_number(const LacNode *node, double *out, GError **error)
{
    if ((node->type != LAC_NODE_INT && node->type != LAC_NODE_DOUBLE) || isnan(node->number))
        return lac_node_fail(error, node, "expected a number, got %s",
                             lac_node_type_name(node->type));
    *out = node->number;
    return TRUE;
}

static gboolean
rule_text(const LacNode *node, char **out, GError **error)
{
    if (node->text == NULL)
        return lac_node_fail(error, node, "expected a text, got %s",
                             lac_node_type_name(node->type));
    g_free(*out);
    *out = g_strdup(node->text);
    return TRUE;
}

/* One text or a list of them, as written: 01 stays 01. */
static gboolean
rule_texts(const LacNode *node, char ***out, GError **error)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    const size_t n = node->type == LAC_NODE_LIST ? node->n : 1;

    for (size_t i = 0; i < n; i++) {
        const LacNode *item = node->type == LAC_NODE_LIST ? node->items[i] : node;

        if (item->text == NULL)
            return lac_node_fail(error, item, "expected a text or a list of texts, got %s",
                                 lac_node_type_name(item->type));
        g_strv_builder_add(builder, item->text);
    }
    g_strfreev(*out);
    *out = g_strv_builder_end(builder);
    return TRUE;
}

/* What is said of one column, before it becomes a rule. */
typedef struct {
    LacColumnRule *rule;
    gboolean integer;
    char **levels, **order;
} RuleText;

static void
rule_text_clear(RuleText *text)
{
    g_strfreev(text->levels);
    g_strfreev(text->order);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RuleText, rule_text_clear)

static gboolean
rule_key(RuleText *to, const LacNode *key, const LacNode *value, GError **error)
{
    static const char *const keys[] = {"kind",    "levels", "order", "min",     "max",
                                       "integer", "log",    "unit",  "missing", NULL};
    const char *word = key->text, *near;

    if (g_str_equal(word, "kind"))
        return rule_text(value, &to->rule->kind, error);
    if (g_str_equal(word, "levels"))
        return rule_texts(value, &to->levels, error);
    if (g_str_equal(word, "order"))
        return rule_texts(value, &to->order, error);
    if (g_str_equal(word, "min"))
        return rule_number(value, &to->rule->lower, error);
    if (g_str_equal(word, "max"))
        return rule_number(value, &to->rule->upper, error);
    if (g_str_equal(word, "integer"))
        return rule_bool(value, &to->integer, error);
    if (g_str_equal(word, "log"))
        return rule_bool(value, &to->rule->log, error);
    if (g_str_equal(word, "unit"))
        return rule_text(value, &to->rule->unit, error);
    if (g_str_equal(word, "missing"))
        return rule_texts(value, &to->rule->na, error);
    near = lac_suggest(word, keys);
    return lac_node_fail(error, key,
                         "columns.%s.%s is not known%s%s; expected kind, levels, order, "
                         "min, max, integer, log, unit or missing",
                         to->rule->name, word, near ? ", did you mean " : "", near ? near : "");
}

/* Levels in an order are an ordinal column; without one they are a nominal one (or binary), of
 * which the reader finds the levels itself. */
static gboolean
rule_kind(RuleText *text, const LacNode *node, GError **error)
{
    LacColumnRule *rule = text->rule;
    const gboolean ordinal = g_strcmp0(rule->kind, "ordinal") == 0;
    char **order = text->order != NULL ? text->order : ordinal ? text->levels : NULL;

    if (text->integer && rule->kind != NULL && !g_str_equal(rule->kind, "integer"))
        return lac_node_fail(error, node, "columns.%s: integer: true and kind: %s do not agree",
                             rule->name, rule->kind);
    if (order != NULL && rule->kind != NULL && !ordinal)
        return lac_node_fail(error, node, "columns.%s: an order of levels makes it ordinal, not %s",
                             rule->name, rule->kind);
    if (rule->lower > rule->upper)
        return lac_node_fail(error, node, "columns.%s: min %g is above max %g", rule->name,
                             rule->lower, rule->upper);
    if (text->integer && rule->kind == NULL)
        rule->kind = g_strdup("integer");
    if (text->levels != NULL && order == NULL && rule->kind == NULL)
        rule->kind = g_strdup("nominal");
    if (order != NULL) {
        g_free(rule->kind);
        rule->kind = g_strjoinv(" < ", order);
    }
    return TRUE;
}

static gboolean
rule_parse(LacColumnRule *rule, const LacNode *name, const LacNode *node, GError **error)
{
    g_auto(RuleText) text = {.rule = rule};

    rule->name = g_strdup(name->text);
    rule->lower = -INFINITY;
    rule->upper = INFINITY;
    if (node->type == LAC_NODE_STRING) /* grade: ordinal */
        return rule_text(node, &rule->kind, error);
    if (node->type != LAC_NODE_MAP)
        return lac_node_fail(error, node, "columns.%s: expected a kind or a map of rules, got %s",
                             rule->name, lac_node_type_name(node->type));
    for (size_t i = 0; i < node->n; i++)
        if (!rule_key(&text, node->keys[i], node->items[i], error))
            return FALSE;
    return rule_kind(&text, node, error);
}

LacColumnRules *
lac_column_rules_parse(const LacNode *columns, GError **error)
{
    g_autoptr(LacColumnRules) rules = g_new0(LacColumnRules, 1);

    if (columns->type != LAC_NODE_MAP) {
        lac_node_fail(error, columns, "columns: expected a map of column names, got %s",
                      lac_node_type_name(columns->type));
        return NULL;
    }
    rules->rules = g_new0(LacColumnRule, MAX(columns->n, 1));
    for (size_t i = 0; i < columns->n; i++) {
        rules->n++;
        if (!rule_parse(&rules->rules[i], columns->keys[i], columns->items[i], error))
            return NULL;
    }
    return g_steal_pointer(&rules);
}

LacColumnRules *
lac_column_rules_load(const char *path, GError **error)
{
    g_autoptr(LacNode) root = lac_yaml_load(path, error);

    if (root == NULL)
        return NULL;
    if (root->type != LAC_NODE_MAP || root->n != 1 || !g_str_equal(root->keys[0]->text, "columns"))
        return lac_fail_null(error, LAC_ERROR_PARAM,
                             "%s: expected the one key 'columns:', with a line for each column",
                             path);
    return lac_column_rules_parse(root->items[0], error);
}

const LacColumnRule *
lac_column_rules_find(const LacColumnRules *rules, const char *name)
{
    for (size_t k = 0; rules != NULL && k < rules->n; k++)
        if (g_str_equal(rules->rules[k].name, name))
            return &rules->rules[k];
    return NULL;
}

/* ---- bounds -----------------------------------------------------------------------------------
 */

static gboolean
rule_check(const LacColumnRule *rule, const LacData *data, size_t j, GError **error)
{
    if (!lac_kind_is_numeric(lac_data_column(data, j)->kind))
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: column '%s' is %s, and min, max and log are for numbers; leave them "
                        "out, or give it kind: continuous",
                        data->origin, rule->name, lac_kind_name(lac_data_column(data, j)->kind));
    for (size_t i = 0; i < data->rows; i++) {
        const double value = lac_data_at(data, i, j);

        if (value < rule->lower || value > rule->upper)
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: row %zu: column '%s' is %g, outside its bounds [%g, %g]; correct "
                            "it, widen the bounds, or list it under missing",
                            data->origin, i + 1, rule->name, value, rule->lower, rule->upper);
        if (rule->log && value <= 0.0)
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: row %zu: column '%s' is %g, which has no logarithm; correct it, "
                            "leave log out, or list it under missing",
                            data->origin, i + 1, rule->name, value);
    }
    return TRUE;
}

LacData *
lac_column_rules_bound(const LacColumnRules *rules, const LacData *data, GError **error)
{
    g_autoptr(LacSchema) schema = lac_schema_dup(data->schema);
    double *values;

    for (size_t k = 0; k < rules->n; k++) {
        const LacColumnRule *rule = &rules->rules[k];
        const gssize j = lac_schema_find(schema, rule->name);

        if (j < 0 || (isinf(rule->lower) && isinf(rule->upper) && !rule->log))
            continue; /* the reader has refused names that the file does not have */
        if (!rule_check(rule, data, (size_t)j, error))
            return NULL;
        schema->columns[j].lower = rule->lower;
        schema->columns[j].upper = rule->upper;
    }
    values = lac_try_alloc(MAX(data->rows * data->cols, 1), sizeof *values, data->origin, error);
    if (values == NULL)
        return NULL;
    memcpy(values, data->values, data->rows * data->cols * sizeof *values);
    return lac_data_derive_take(data, g_steal_pointer(&schema), values, error);
}

/* ---- writing ----------------------------------------------------------------------------------
 */

/* A text in double quotes, which YAML reads as JSON writes it. */
static void
quoted(GString *out, const char *text)
{
    g_autoptr(JsonNode) node = json_node_init_string(json_node_alloc(), text);
    g_autofree char *json = json_to_string(node, FALSE);

    g_string_append(out, json);
}

char *
lac_column_rules_write(const LacSchema *schema)
{
    GString *out = g_string_new("columns:\n");

    for (size_t j = 0; j < schema->cols; j++) {
        const LacColumn *column = &schema->columns[j];

        g_string_append(out, "  ");
        quoted(out, column->name);
        g_string_append_printf(out, ": {kind: %s", lac_kind_name(column->kind));
        for (size_t l = 0; column->levels != NULL && l < column->n_levels; l++) {
            g_string_append(out, l == 0 ? ", levels: [" : ", ");
            quoted(out, column->levels[l]);
        }
        g_string_append(out, column->levels != NULL && column->n_levels > 0 ? "]}\n" : "}\n");
    }
    return g_string_free(out, FALSE);
}
