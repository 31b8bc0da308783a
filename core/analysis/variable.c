/* Variables of a formula in a table: numbers, functions of them, factors. */
#include "variable-private.h"

#include "node-private.h"

#include <lacuna/columns.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LEVELS = 1000 };

void
lac_variable_clear(LacVariable *variable)
{
    lac_call_clear(&variable->call);
    lac_expression_free(variable->expression);
    g_free(variable->columns);
    g_free(variable->levels);
    g_strfreev(variable->labels);
}

/* A category counts as numbers when its levels are numbers, unless it was declared nominal. */
static gboolean
column_numbers(const LacColumn *column, double **number_out)
{
    g_autofree double *number = g_new(double, column->n_levels + 1);

    *number_out = NULL;
    if (lac_kind_is_numeric(column->kind))
        return TRUE;
    if (column->kind == LAC_KIND_NOMINAL || column->levels == NULL)
        return FALSE;
    for (size_t k = 0; k < column->n_levels; k++) {
        char *end;

        number[k] = g_ascii_strtod(column->levels[k], &end);
        if (end == column->levels[k] || *end != '\0')
            return FALSE;
    }
    *number_out = g_steal_pointer(&number);
    return TRUE;
}

static gboolean
binding_column(const LacBinding *binding, const char *name, size_t *out, GError **error)
{
    const gssize j = lac_schema_find(binding->data->schema, name);
    const char *near = j < 0 ? lac_columns_near(binding->data, name) : NULL;

    if (j < 0)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "the formula uses column '%s', which %s does not have%s%s%s", name,
                        binding->data->origin, near != NULL ? "; did you mean '" : "",
                        near != NULL ? near
                                     : " (texts that differ from row to row are taken for "
                                       "identifiers)",
                        near != NULL ? "'?" : "");
    *out = (size_t)j;
    return TRUE;
}

/* The column inside factor(...); NULL when @text is something else. Owned. */
static char *
factor_inside(const char *text)
{
    const size_t n = strlen(text);

    if (!g_str_has_prefix(text, "factor(") || text[n - 1] != ')')
        return NULL;
    char *inside = g_strndup(text + 7, n - 8);

    if (inside[0] == '`' && n > 10)
        memmove(inside, inside + 1, n - 10), inside[n - 10] = '\0';
    return inside;
}

static int
compare_doubles(gconstpointer a, gconstpointer b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The levels that occur in @rows, in order. */
static gboolean
variable_levels(LacVariable *variable, const LacBinding *binding, size_t n, const size_t *rows,
                GError **error)
{
    const size_t j = variable->columns[0];
    const LacColumn *column = lac_data_column(binding->data, j);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_double_hash, g_double_equal);
    g_autoptr(GArray) levels = g_array_new(FALSE, FALSE, sizeof(double));
    g_autoptr(GPtrArray) labels = g_ptr_array_new();

    for (size_t i = 0; i < n; i++) {
        const double *value = lac_data_row(binding->data, rows[i]) + j;

        if (isnan(*value) || !g_hash_table_add(seen, (gpointer)(uintptr_t)value))
            continue;
        g_array_append_val(levels, *value);
        if (levels->len > MOST_LEVELS)
            return lac_fail(error, LAC_ERROR_DATA,
                            "'%s' has more than %d levels, too many for a regression",
                            variable->text, MOST_LEVELS);
    }
    g_array_sort(levels, compare_doubles);
    for (guint k = 0; k < levels->len; k++) {
        const double value = g_array_index(levels, double, k);
        char text[G_ASCII_DTOSTR_BUF_SIZE];

        g_ascii_formatd(text, sizeof text, "%.15g", value);
        g_ptr_array_add(labels, g_strdup(column->levels != NULL && column->n_levels > 0
                                             ? column->levels[(size_t)value]
                                             : text));
    }
    g_ptr_array_add(labels, NULL);
    variable->n_levels = levels->len;
    variable->levels = (double *)(gpointer)g_array_steal(levels, NULL);
    variable->labels = (char **)g_ptr_array_steal(labels, NULL);
    return variable->n_levels >= 2 ||
           lac_fail(error, LAC_ERROR_DATA,
                    "'%s' has one level only, '%s': it cannot stand in the formula", variable->text,
                    variable->n_levels > 0 ? variable->labels[0] : "");
}

/* Adds to @error what formulas know beyond expressions. FALSE. */
static gboolean
fail_expression(const char *text, GError **error)
{
    static const char *const functions[] = {"factor", "poly", "scale", "offset", NULL};
    const char *open = strchr(text, '(');
    g_autofree char *name = g_strndup(text, open != NULL ? (gsize)(open - text) : 0);
    g_autofree char *hint = lac_suggest_hint(name, functions);
    g_autofree char *said = error != NULL ? (*error)->message : NULL;

    if (said != NULL)
        (*error)->message =
            g_strdup_printf("formula: %s%s%s", said,
                            strstr(said, "there is no function") != NULL
                                ? ", and in formulas factor, poly, scale, offset and I"
                                : "",
                            hint);
    return FALSE;
}

static gboolean
variable_numeric(LacVariable *variable, LacBinding *binding, GError **error)
{
    const char *text =
        variable->call.kind != LAC_CALL_NONE ? variable->call.inside : variable->text;
    const gboolean bare = lac_schema_find(binding->data->schema, text) >= 0;
    g_autofree char *quoted = bare ? g_strdup_printf("`%s`", text) : NULL;
    const char *const *names;

    variable->expression = lac_expression_parse(bare ? quoted : text, error);
    if (variable->expression == NULL)
        return fail_expression(text, error);
    names = lac_expression_names(variable->expression, &variable->n_columns);
    variable->columns = g_new(size_t, variable->n_columns + 1);
    for (size_t k = 0; k < variable->n_columns; k++) {
        size_t j = 0;

        if (!binding_column(binding, names[k], &j, error))
            return FALSE;
        variable->columns[k] = j;
        if (binding->number[j] == NULL &&
            !lac_kind_is_numeric(lac_data_column(binding->data, j)->kind))
            return lac_fail(error, LAC_ERROR_PARAM,
                            "'%s': column '%s' holds texts, which nothing can be computed from",
                            variable->text, names[k]);
    }
    return TRUE;
}

gboolean
lac_variable_bind(LacVariable *variable, const char *text, LacBinding *binding, size_t n,
                  const size_t *rows, GError **error)
{
    g_autofree char *inside = factor_inside(text);
    const gssize whole = lac_schema_find(binding->data->schema, text);

    variable->text = text;
    if (whole < 0 && !lac_call_parse(text, &variable->call, error))
        return FALSE;
    if (inside == NULL && whole >= 0 &&
        (binding->number[whole] != NULL ||
         lac_kind_is_numeric(lac_data_column(binding->data, (size_t)whole)->kind)))
        return variable_numeric(variable, binding, error);
    if (inside == NULL && whole < 0)
        return variable_numeric(variable, binding, error);
    variable->columns = g_new(size_t, 1);
    variable->n_columns = 1;
    return binding_column(binding, inside != NULL ? inside : text, variable->columns, error) &&
           variable_levels(variable, binding, n, rows, error);
}

size_t
lac_variable_width(const LacVariable *variable, gboolean full)
{
    if (variable->call.kind != LAC_CALL_NONE)
        return variable->call.width;
    return variable->expression != NULL ? 1 : variable->n_levels - !full;
}

/* Its value in row @i; NaN for a hole or what is not defined. */
static double
variable_value(const LacVariable *variable, const LacBinding *binding, size_t i)
{
    const double *row = lac_data_row(binding->data, i);
    double few[16];
    g_autofree double *many =
        variable->n_columns > G_N_ELEMENTS(few) ? g_new(double, variable->n_columns) : NULL;
    double *values = many != NULL ? many : few;

    for (size_t k = 0; k < variable->n_columns; k++) {
        const size_t j = variable->columns[k];

        if (isnan(row[j]))
            return NAN;
        values[k] = binding->number[j] != NULL ? binding->number[j][(size_t)row[j]] : row[j];
    }
    return variable->expression == NULL ? row[variable->columns[0]]
                                        : lac_expression_value(variable->expression, values);
}

static gboolean
variable_fail(const LacVariable *variable, const LacBinding *binding, size_t i, GError **error)
{
    for (size_t k = 0; k < variable->n_columns; k++) {
        if (lac_data_is_hole(binding->data, i, variable->columns[k]))
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: column '%s' has a hole in data row %zu; fill it first (lacuna "
                            "impute -m)",
                            binding->data->origin,
                            lac_data_name(binding->data, variable->columns[k]), i + 1);
    }
    return lac_fail(error, LAC_ERROR_DATA, "%s: '%s' is not a finite number in data row %zu",
                    binding->data->origin, variable->text, i + 1);
}

/* @variable's columns in @rows, [width][n]: of a factor the codes. */
gboolean
lac_variable_columns(const LacVariable *variable, const LacBinding *binding, size_t n,
                     const size_t *rows, double *out, GError **error)
{
    const gboolean call = variable->call.kind != LAC_CALL_NONE;
    g_autofree double *inside =
        call ? lac_try_alloc(n + 1, sizeof(double), variable->text, error) : NULL;
    double *to = call ? inside : out;

    for (size_t i = 0; to != NULL && i < n; i++) {
        to[i] = variable_value(variable, binding, rows[i]);
        if (!isfinite(to[i]))
            return variable_fail(variable, binding, rows[i], error);
    }
    if (call && to != NULL && !lac_call_columns(&variable->call, n, inside, out, error)) {
        g_prefix_error(error, "%s: ", binding->data->origin);
        return FALSE;
    }
    return to != NULL;
}

void
lac_binding_init(LacBinding *binding)
{
    for (size_t j = 0; j < binding->data->cols; j++)
        column_numbers(lac_data_column(binding->data, j), &binding->number[j]);
}
