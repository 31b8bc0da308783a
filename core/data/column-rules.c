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
        g_free(rules->rules[k].formula);
        g_free(rules->rules[k].below.column);
        g_free(rules->rules[k].above.column);
        g_strfreev(rules->rules[k].na);
        g_strfreev(rules->rules[k].levels);
        lac_expression_free(rules->rules[k].derived);
    }
    g_free(rules->rules);
    g_free(rules->text);
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

/* A number for all rows, or the column that holds one for each. */
static gboolean
rule_limit(const LacNode *node, LacCellLimit *out, GError **error)
{
    if (node->type == LAC_NODE_INT || node->type == LAC_NODE_DOUBLE) {
        g_clear_pointer(&out->column, g_free);
        return rule_number(node, &out->number, error);
    }
    if (node->type != LAC_NODE_STRING)
        return lac_node_fail(error, node, "expected a number or the name of a column, got %s",
                             lac_node_type_name(node->type));
    return rule_text(node, &out->column, error);
}

/* "weight / height^2", or, as people write it, "bmi = weight / height^2". */
static gboolean
rule_derived(LacColumnRule *rule, const LacNode *node, GError **error)
{
    g_autoptr(GError) cause = NULL;
    const char *equals, *text = node->text;

    if (text == NULL)
        return lac_node_fail(error, node, "expected a formula, got %s",
                             lac_node_type_name(node->type));
    equals = strchr(text, '=');
    if (equals != NULL && equals[1] != '=' && equals > text && !strchr("<>!", equals[-1])) {
        g_autofree char *target = g_strstrip(g_strndup(text, (gsize)(equals - text)));

        if (!g_str_equal(target, rule->name))
            return lac_node_fail(error, node,
                                 "columns.%s.derived computes '%s'; expected '%s = ...'",
                                 rule->name, target, rule->name);
        text = equals + 1;
    }
    rule->formula = g_strstrip(g_strdup(text));
    rule->derived = lac_expression_parse(rule->formula, &cause);
    return rule->derived != NULL ||
           lac_node_fail(error, node, "columns.%s.derived: %s", rule->name, cause->message);
}

static gboolean
rule_key(RuleText *to, const LacNode *key, const LacNode *value, GError **error)
{
    static const char *const keys[] = {"kind",    "levels",  "order", "min",     "max",
                                       "integer", "log",     "unit",  "missing", "below",
                                       "above",   "derived", NULL};
    LacColumnRule *rule = to->rule;
    const char *word = key->text, *near;
    g_autofree char *all = NULL;

    if (g_str_equal(word, "kind"))
        return rule_text(value, &rule->kind, error);
    if (g_str_equal(word, "levels"))
        return rule_texts(value, &to->levels, error);
    if (g_str_equal(word, "order"))
        return rule_texts(value, &to->order, error);
    if (g_str_equal(word, "min"))
        return rule_number(value, &rule->lower, error);
    if (g_str_equal(word, "max"))
        return rule_number(value, &rule->upper, error);
    if (g_str_equal(word, "integer"))
        return rule_bool(value, &to->integer, error);
    if (g_str_equal(word, "log"))
        return rule_bool(value, &rule->log, error);
    if (g_str_equal(word, "unit"))
        return rule_text(value, &rule->unit, error);
    if (g_str_equal(word, "missing"))
        return rule_texts(value, &rule->na, error);
    if (g_str_equal(word, "below"))
        return rule_limit(value, &rule->below, error);
    if (g_str_equal(word, "above"))
        return rule_limit(value, &rule->above, error);
    if (g_str_equal(word, "derived"))
        return rule_derived(rule, value, error);
    near = lac_suggest(word, keys);
    all = g_strjoinv(", ", (char **)keys);
    return lac_node_fail(error, key, "columns.%s.%s is not known%s%s; expected one of %s",
                         rule->name, word, near ? ", did you mean " : "", near ? near : "", all);
}

/* A word that no reader would know is a slip; an order of levels has a < in it. */
static gboolean
rule_check_kind(const LacColumnRule *rule, const LacNode *node, GError **error)
{
    static const char *const words[] = {"continuous", "integer", "binary", "nominal",
                                        "ordinal",    "skip",    NULL};
    const char *near;

    if (rule->kind == NULL || strchr(rule->kind, '<') != NULL || g_strv_contains(words, rule->kind))
        return TRUE;
    near = lac_suggest(rule->kind, words);
    return lac_node_fail(error, node,
                         "columns.%s: kind '%s' is not known%s%s; expected continuous, integer, "
                         "binary, nominal, ordinal, skip or an order of levels 'low < mid < high'",
                         rule->name, rule->kind, near ? ", did you mean " : "", near ? near : "");
}

/* What is computed has no say in how it is modelled. */
static gboolean
rule_check_derived(const LacColumnRule *rule, const LacNode *node, GError **error)
{
    if (rule->derived == NULL)
        return TRUE;
    if (rule->log || rule->below.column != NULL || !isnan(rule->below.number) ||
        rule->above.column != NULL || !isnan(rule->above.number) || isfinite(rule->lower) ||
        isfinite(rule->upper))
        return lac_node_fail(error, node,
                             "columns.%s: derived does not go with min, max, log, below or above: "
                             "the column is computed, not drawn; bound what it is computed from",
                             rule->name);
    return TRUE;
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
    rule->levels = g_strdupv(text->levels);
    return rule_check_kind(rule, node, error) && rule_check_derived(rule, node, error);
}

static gboolean
rule_parse(LacColumnRule *rule, const LacNode *name, const LacNode *node, GError **error)
{
    g_auto(RuleText) text = {.rule = rule};

    rule->name = g_strdup(name->text);
    rule->lower = -INFINITY;
    rule->upper = INFINITY;
    rule->below.number = rule->above.number = NAN;
    rule->place = (LacNode){.file = name->file, .line = name->line, .column = name->column};
    if (node->type == LAC_NODE_STRING) /* grade: ordinal */
        return rule_text(node, &rule->kind, error) && rule_check_kind(rule, node, error);
    if (node->type != LAC_NODE_MAP)
        return lac_node_fail(error, node, "columns.%s: expected a kind or a map of rules, got %s",
                             rule->name, lac_node_type_name(node->type));
    for (size_t i = 0; i < node->n; i++)
        if (!rule_key(&text, node->keys[i], node->items[i], error))
            return FALSE;
    return rule_kind(&text, node, error);
}

/* Depth first along what columns are computed from. @path: names so far; @state: 0 new, 1 open,
 * 2 done. */
static gboolean
rules_check_circle(const LacColumnRules *rules, size_t k, int *state, GPtrArray *path,
                   GError **error)
{
    const LacColumnRule *rule = &rules->rules[k];
    const char *const *parents =
        rule->derived != NULL ? lac_expression_names(rule->derived, NULL) : NULL;
    gboolean good = TRUE;

    if (state[k] == 2)
        return TRUE;
    g_ptr_array_add(path, rule->name);
    if (state[k] == 1) {
        g_autofree char *circle = NULL;
        guint first = 0;

        while (!g_str_equal(path->pdata[first], rule->name))
            first++;
        g_ptr_array_add(path, NULL);
        circle = g_strjoinv(" <- ", (char **)path->pdata + first);
        return lac_node_fail(error, &rule->place,
                             "columns.%s is computed from itself: %s; break the circle", rule->name,
                             circle);
    }
    state[k] = 1;
    for (size_t p = 0; good && parents != NULL && parents[p] != NULL; p++)
        for (size_t other = 0; good && other < rules->n; other++)
            if (g_str_equal(rules->rules[other].name, parents[p]))
                good = rules_check_circle(rules, other, state, path, error);
    if (good)
        g_ptr_array_remove_index(path, path->len - 1);
    state[k] = 2;
    return good;
}

static gboolean
rules_check_circles(const LacColumnRules *rules, GError **error)
{
    g_autofree int *state = g_new0(int, rules->n + 1);
    g_autoptr(GPtrArray) path = g_ptr_array_new();

    for (size_t k = 0; k < rules->n; k++)
        if (!rules_check_circle(rules, k, state, path, error))
            return FALSE;
    return TRUE;
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
    rules->text = lac_node_to_json(columns);
    for (size_t i = 0; i < columns->n; i++) {
        rules->n++;
        if (!rule_parse(&rules->rules[i], columns->keys[i], columns->items[i], error))
            return NULL;
    }
    return rules_check_circles(rules, error) ? g_steal_pointer(&rules) : NULL;
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

char **
lac_column_rules_kinds(const LacColumnRules *rules)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (size_t k = 0; rules != NULL && k < rules->n; k++) {
        if (rules->rules[k].kind == NULL)
            continue;
        g_strv_builder_add(builder, rules->rules[k].name);
        g_strv_builder_add(builder, rules->rules[k].kind);
    }
    return g_strv_builder_end(builder);
}

char **
lac_column_rules_missing(const LacColumnRules *rules)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (size_t k = 0; rules != NULL && k < rules->n; k++)
        for (char **text = rules->rules[k].na; text != NULL && *text != NULL; text++) {
            g_strv_builder_add(builder, rules->rules[k].name);
            g_strv_builder_add(builder, *text);
        }
    return g_strv_builder_end(builder);
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

/* The shortest decimal that reads back to @value. */
static void
write_number(GString *out, const char *key, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    for (int digits = 15; digits <= 17; digits++) {
        const char format[] = {'%', '.', '1', (char)('0' + digits - 10), 'g', '\0'};

        g_ascii_formatd(text, sizeof text, format, value);
        if (g_ascii_strtod(text, NULL) == value)
            break;
    }
    g_string_append_printf(out, ", %s: %s", key, text);
}

static void
write_list(GString *out, const char *key, char *const *texts, size_t n)
{
    g_string_append_printf(out, ", %s: [", key);
    for (size_t i = 0; i < n; i++) {
        g_string_append(out, i == 0 ? "" : ", ");
        quoted(out, texts[i]);
    }
    g_string_append_c(out, ']');
}

static void
write_limit(GString *out, const char *key, const LacCellLimit *limit)
{
    if (limit->column == NULL && isnan(limit->number))
        return;
    if (limit->column == NULL) {
        write_number(out, key, limit->number);
        return;
    }
    g_string_append_printf(out, ", %s: ", key);
    quoted(out, limit->column);
}

/* What cannot be seen in a table. */
static void
write_rule(GString *out, const LacColumnRule *rule)
{
    if (isfinite(rule->lower))
        write_number(out, "min", rule->lower);
    if (isfinite(rule->upper))
        write_number(out, "max", rule->upper);
    if (rule->log)
        g_string_append(out, ", log: true");
    if (rule->unit != NULL) {
        g_string_append(out, ", unit: ");
        quoted(out, rule->unit);
    }
    if (rule->na != NULL)
        write_list(out, "missing", rule->na, g_strv_length(rule->na));
    write_limit(out, "below", &rule->below);
    write_limit(out, "above", &rule->above);
    if (rule->formula != NULL) {
        g_string_append(out, ", derived: ");
        quoted(out, rule->formula);
    }
}

char *
lac_column_rules_write(const LacSchema *schema, const LacColumnRules *rules)
{
    GString *out = g_string_new("columns:\n");

    for (size_t j = 0; j < schema->cols; j++) {
        const LacColumn *column = &schema->columns[j];
        const LacColumnRule *rule = lac_column_rules_find(rules, column->name);

        g_string_append(out, "  ");
        quoted(out, column->name);
        g_string_append_printf(out, ": {kind: %s", lac_kind_name(column->kind));
        if (column->levels != NULL && column->n_levels > 0)
            write_list(out, "levels", column->levels, column->n_levels);
        if (rule != NULL)
            write_rule(out, rule);
        g_string_append(out, "}\n");
    }
    for (size_t k = 0; rules != NULL && k < rules->n; k++) {
        const LacColumnRule *rule = &rules->rules[k];

        if (lac_schema_find(schema, rule->name) >= 0 || g_strcmp0(rule->kind, "skip") != 0)
            continue;
        g_string_append(out, "  ");
        quoted(out, rule->name);
        g_string_append(out, ": skip\n");
    }
    return g_string_free(out, FALSE);
}
