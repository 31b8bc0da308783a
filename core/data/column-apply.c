/* Rules of columns met by a table: what stays, what its cells become, what its holes may hold. */
#include "column-apply-private.h"

#include "table-private.h"
#include <math.h>
#include <string.h>

static void
apply_clear(LacColumnApply *self)
{
    g_free(self->kept);
    g_free(self->values);
    g_clear_pointer(&self->schema, lac_schema_unref);
    lac_limits_unref(self->limits);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LacColumnApply, apply_clear)

/* ---- names ------------------------------------------------------------------------------------
 */

static gboolean
fail_unknown(const LacNode *place, const char *owner, const char *name, const LacData *data,
             GError **error)
{
    g_autofree const char **names = g_new0(const char *, data->cols + 1);
    const char *near;

    for (size_t j = 0; j < data->cols; j++)
        names[j] = lac_data_name(data, j);
    near = lac_suggest(name, names);
    return lac_node_fail(error, place, "columns.%s: there is no column '%s' in %s%s%s%s", owner,
                         name, data->origin, near ? "; did you mean '" : "", near ? near : "",
                         near ? "'?" : "");
}

/* Of two levels that are called 0 and 1 the codes are the numbers. */
static gboolean
holds_numbers(const LacColumn *column)
{
    return lac_kind_is_numeric(column->kind) ||
           (column->kind == LAC_KIND_BINARY &&
            (column->levels == NULL || g_str_equal(column->levels[0], "0")));
}

static gboolean
check_limit_column(const LacColumnApply *self, const LacColumnRule *rule, const char *name,
                   GError **error)
{
    const gssize j = name != NULL ? lac_schema_find(self->data->schema, name) : 0;

    if (name == NULL)
        return TRUE;
    if (j < 0)
        return fail_unknown(&rule->place, rule->name, name, self->data, error);
    if (g_str_equal(name, rule->name) || lac_column_rules_find(self->rules, name) != NULL)
        return lac_node_fail(
            error, &rule->place,
            "columns.%s: '%s' holds its limits and is no variable, so there can be "
            "no rule for it",
            rule->name, name);
    if (!holds_numbers(lac_data_column(self->data, (size_t)j)))
        return lac_node_fail(error, &rule->place,
                             "columns.%s: column '%s' is %s, expected a limit in numbers for each "
                             "row",
                             rule->name, name,
                             lac_kind_name(lac_data_column(self->data, (size_t)j)->kind));
    return TRUE;
}

static gboolean
check_names(const LacColumnApply *self, const char *const *elsewhere, GError **error)
{
    for (size_t k = 0; k < self->rules->n; k++) {
        const LacColumnRule *rule = &self->rules->rules[k];
        const gboolean known = lac_schema_find(self->data->schema, rule->name) >= 0;

        if (!known && !(elsewhere != NULL && g_strv_contains(elsewhere, rule->name)))
            return fail_unknown(&rule->place, rule->name, rule->name, self->data, error);
        if (!check_limit_column(self, rule, rule->below.column, error) ||
            !check_limit_column(self, rule, rule->above.column, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
is_kept(const LacColumnApply *self, const char *name)
{
    const LacColumnRule *own = lac_column_rules_find(self->rules, name);

    if (own != NULL && g_strcmp0(own->kind, "skip") == 0)
        return FALSE;
    for (size_t k = 0; k < self->rules->n; k++)
        if (g_strcmp0(self->rules->rules[k].below.column, name) == 0 ||
            g_strcmp0(self->rules->rules[k].above.column, name) == 0)
            return FALSE;
    return TRUE;
}

/* ---- the table as it is, without what does not stay -------------------------------------------
 */

static void
copy_column(const LacColumn *from, LacSchema *to, size_t k)
{
    lac_schema_set_name(to, k, from->name);
    if (!lac_kind_is_numeric(from->kind))
        lac_schema_set_levels(to, k, from->kind, from->n_levels, (const char *const *)from->levels);
    to->columns[k].kind = from->kind;
    to->columns[k].lower = from->lower;
    to->columns[k].upper = from->upper;
}

static gboolean
take_kept(LacColumnApply *self, GError **error)
{
    const LacData *data = self->data;

    self->kept = g_new(size_t, MAX(data->cols, 1));
    for (size_t j = 0; j < data->cols; j++)
        if (is_kept(self, lac_data_name(data, j)))
            self->kept[self->n_kept++] = j;
    self->values =
        lac_try_alloc(MAX(data->rows * self->n_kept, 1), sizeof(double), data->origin, error);
    if (self->values == NULL)
        return FALSE;
    self->schema = lac_schema_new(self->n_kept);
    for (size_t k = 0; k < self->n_kept; k++)
        copy_column(lac_data_column(data, self->kept[k]), self->schema, k);
    for (size_t i = 0; i < data->rows; i++)
        for (size_t k = 0; k < self->n_kept; k++)
            self->values[i * self->n_kept + k] = lac_data_at(data, i, self->kept[k]);
    return TRUE;
}

/* ---- bounds and limits ------------------------------------------------------------------------
 */

static gboolean
has_limit(const LacCellLimit *limit)
{
    return limit->column != NULL || !isnan(limit->number);
}

static gboolean
is_bounded(const LacColumnRule *rule)
{
    return isfinite(rule->lower) || isfinite(rule->upper) || rule->log || has_limit(&rule->below) ||
           has_limit(&rule->above);
}

static gboolean
check_values(const LacColumnApply *self, const LacColumnRule *rule, size_t k, GError **error)
{
    const char *origin = self->data->origin;

    if (!lac_kind_is_numeric(self->schema->columns[k].kind))
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: column '%s' is %s, and min, max, log, below and above are for "
                        "numbers; leave them out, or give it kind: continuous",
                        origin, rule->name, lac_kind_name(self->schema->columns[k].kind));
    for (size_t i = 0; i < self->data->rows; i++) {
        const double value = self->values[i * self->n_kept + k];

        if (value < rule->lower || value > rule->upper)
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: row %zu: column '%s' is %g, outside its bounds [%g, %g]; correct "
                            "it, widen the bounds, or list it under missing",
                            origin, i + 1, rule->name, value, rule->lower, rule->upper);
        if (rule->log && value <= 0.0)
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: row %zu: column '%s' is %g, which has no logarithm; correct it, "
                            "leave log out, or list it under missing",
                            origin, i + 1, rule->name, value);
    }
    return TRUE;
}

/* The holes of column @k: each below (or above) what is known for its row. */
static gboolean
apply_cell_limits(LacColumnApply *self, const LacColumnRule *rule, size_t k, gboolean below,
                  GError **error)
{
    const LacCellLimit *limit = below ? &rule->below : &rule->above;
    const gssize j =
        limit->column != NULL ? lac_schema_find(self->data->schema, limit->column) : -1;
    const double least = rule->log ? MAX(rule->lower, 0.0) : rule->lower;

    for (size_t i = 0; has_limit(limit) && i < self->data->rows; i++) {
        const double value = j >= 0 ? lac_data_at(self->data, i, (size_t)j) : limit->number;

        if (isnan(value) || !isnan(self->values[i * self->n_kept + k]))
            continue;
        if (below ? value < least || (rule->log && value <= 0.0) : value > rule->upper)
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: row %zu: column '%s' is missing and %s %g, but its bounds are "
                            "[%g, %g]; correct the limit or the bounds",
                            self->data->origin, i + 1, rule->name, below ? "below" : "above", value,
                            least, rule->upper);
        if (!lac_limits_set(self->limits, i, k, below, value, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
apply_bounds(LacColumnApply *self, const LacColumnRule *rule, size_t k, GError **error)
{
    LacColumn *column = &self->schema->columns[k];

    if (!is_bounded(rule))
        return TRUE;
    if (!check_values(self, rule, k, error))
        return FALSE;
    if (isfinite(rule->lower))
        column->lower = rule->lower;
    if (isfinite(rule->upper))
        column->upper = rule->upper;
    if (self->limits == NULL)
        self->limits = lac_limits_new(self->data->rows, self->n_kept);
    self->limits->column[k].lower = rule->lower;
    self->limits->column[k].upper = rule->upper;
    self->limits->column[k].rounds = column->kind == LAC_KIND_INTEGER;
    if (rule->log && column->kind == LAC_KIND_INTEGER) /* the least that has a logarithm */
        self->limits->column[k].lower = MAX(rule->lower, 1.0);
    return apply_cell_limits(self, rule, k, TRUE, error) &&
           apply_cell_limits(self, rule, k, FALSE, error);
}

/* ---- all of it --------------------------------------------------------------------------------
 */

/* A column of two levels is one where it is written as the 0 and 1 that formulas see, or as words
 * for these. */
static gboolean
is_number(const LacSchema *schema, gssize j)
{
    static const char *const pairs[][2] = {{"0", "1"}, {"false", "true"}, {"no", "yes"}};
    const LacColumn *column = &schema->columns[j];

    if (lac_kind_is_numeric(column->kind))
        return TRUE;
    if (column->kind != LAC_KIND_BINARY || column->levels == NULL)
        return column->kind == LAC_KIND_BINARY;
    for (size_t k = 0; k < G_N_ELEMENTS(pairs) && g_strv_length(column->levels) == 2; k++)
        if (g_ascii_strcasecmp(column->levels[0], pairs[k][0]) == 0 &&
            g_ascii_strcasecmp(column->levels[1], pairs[k][1]) == 0)
            return TRUE;
    return FALSE;
}

static gboolean
check_derived(const LacColumnApply *self, const LacColumnRule *rule, size_t k, GError **error)
{
    const char *const *parents =
        rule->derived != NULL ? lac_expression_names(rule->derived, NULL) : NULL;

    if (parents != NULL && !lac_kind_is_numeric(self->schema->columns[k].kind))
        return lac_node_fail(error, &rule->place,
                             "columns.%s holds levels; only numbers are derived", rule->name);
    for (size_t p = 0; parents != NULL && parents[p] != NULL; p++) {
        const gssize j = lac_schema_find(self->schema, parents[p]);

        if (j < 0)
            return fail_unknown(&rule->place, rule->name, parents[p], self->data, error);
        if (!is_number(self->schema, j))
            return lac_node_fail(error, &rule->place,
                                 "columns.%s is computed from '%s', which holds levels, expected "
                                 "numbers",
                                 rule->name, parents[p]);
    }
    return TRUE;
}

LacData *
lac_column_rules_apply(const LacColumnRules *rules, const LacData *data,
                       const char *const *elsewhere, size_t **source, GError **error)
{
    g_auto(LacColumnApply) self = {.rules = rules, .data = data};
    g_autoptr(LacData) table = NULL;

    if (!check_names(&self, elsewhere, error) || !take_kept(&self, error))
        return NULL;
    for (size_t k = 0; k < self.n_kept; k++) {
        const LacColumnRule *rule = lac_column_rules_find(rules, self.schema->columns[k].name);

        if (rule != NULL &&
            !(lac_column_apply_cells(&self, rule, k, error) && apply_bounds(&self, rule, k, error)))
            return NULL;
    }
    for (size_t k = 0; k < self.n_kept; k++) {
        const LacColumnRule *rule = lac_column_rules_find(rules, self.schema->columns[k].name);

        if (rule != NULL && !check_derived(&self, rule, k, error))
            return NULL;
    }
    table = lac_data_derive_take(data, g_steal_pointer(&self.schema), g_steal_pointer(&self.values),
                                 error);
    if (table == NULL)
        return NULL;
    lac_data_take_limits(table, g_steal_pointer(&self.limits));
    if (source != NULL)
        *source = g_steal_pointer(&self.kept);
    return g_steal_pointer(&table);
}
