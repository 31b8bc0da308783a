/* From a formula and rows of a table to a model matrix. The coding of factors follows R's rule: by
 * contrasts where the term without the factor is (part of) an earlier term, by indicators of all
 * levels otherwise. */
#include "formula-private.h"

#include <lacuna/columns.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COLUMNS = 5000, MOST_LEVELS = 1000 };

/* A variable of the formula, found in the table. */
typedef struct {
    const char *text;
    LacExpression *expression; /* of numbers; NULL: a factor */
    size_t n_columns, *columns;
    double *levels; /* [n_levels] values, ascending, that @columns[0] takes */
    char **labels;
    size_t n_levels;
} Variable;

typedef struct {
    const LacFormula *formula;
    const LacData *data;
    double **number; /* [cols] value of each code; NULL where cells are numbers */
    Variable *variables;
    Variable response;
} Binding;

static void
variable_clear(Variable *variable)
{
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
binding_column(const Binding *binding, const char *name, size_t *out, GError **error)
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
variable_levels(Variable *variable, const Binding *binding, size_t n, const size_t *rows,
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

static gboolean
variable_numeric(Variable *variable, Binding *binding, GError **error)
{
    const gboolean bare = lac_schema_find(binding->data->schema, variable->text) >= 0;
    g_autofree char *quoted = bare ? g_strdup_printf("`%s`", variable->text) : NULL;
    const char *const *names;

    variable->expression = lac_expression_parse(bare ? quoted : variable->text, error);
    if (variable->expression == NULL)
        return FALSE;
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

static gboolean
variable_bind(Variable *variable, const char *text, Binding *binding, size_t n, const size_t *rows,
              GError **error)
{
    g_autofree char *inside = factor_inside(text);
    const gssize whole = lac_schema_find(binding->data->schema, text);

    variable->text = text;
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

/* Bits of the variables of @term that are coded by all their levels. */
static uint64_t
term_indicators(const LacFormula *formula, const Variable *variables, size_t t)
{
    const uint64_t term = formula->terms[t];
    uint64_t full = 0;

    for (size_t v = 0; v < formula->n_variables; v++) {
        const uint64_t bit = UINT64_C(1) << v, rest = term & ~bit;
        gboolean marginal = rest == 0;

        if (!(term & bit) || variables[v].expression != NULL)
            continue;
        for (size_t s = 0; s < t && !marginal; s++)
            marginal = (rest & ~formula->terms[s]) == 0;
        full |= marginal ? 0 : bit;
    }
    return full;
}

/* For every term, as above; without an intercept the first factor gets all its levels. */
static uint64_t *
design_coding(const LacFormula *formula, const Variable *variables)
{
    uint64_t *full = g_new(uint64_t, formula->n_terms + 1);
    gboolean found = formula->intercept;

    for (size_t t = 0; t < formula->n_terms; t++)
        full[t] = term_indicators(formula, variables, t);
    for (size_t t = 0; t < formula->n_terms && !found; t++) {
        for (size_t v = 0; v < formula->n_variables && !found; v++) {
            found = (formula->terms[t] >> v & 1) && variables[v].expression == NULL;
            full[t] |= found ? UINT64_C(1) << v : 0;
        }
    }
    return full;
}

static size_t
variable_width(const Variable *variable, gboolean full)
{
    return variable->expression != NULL ? 1 : variable->n_levels - !full;
}

static size_t
term_width(const LacFormula *formula, const Variable *variables, size_t t, uint64_t full)
{
    size_t width = 1;

    for (size_t v = 0; v < formula->n_variables; v++) {
        if (formula->terms[t] >> v & 1)
            width = MIN(width * variable_width(&variables[v], full >> v & 1), MOST_COLUMNS + 1);
    }
    return width;
}

/* Its value in row @i; NaN for a hole or what is not defined. */
static double
variable_value(const Variable *variable, const Binding *binding, size_t i)
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
variable_fail(const Variable *variable, const Binding *binding, size_t i, GError **error)
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

/* The numbers of every variable, [n], one after the other. */
static double *
design_values(const Binding *binding, size_t n, const size_t *rows, GError **error)
{
    const size_t n_variables = binding->formula->n_variables;
    g_autofree double *values =
        lac_try_alloc(n_variables * n + 1, sizeof(double), "variables", error);

    for (size_t v = 0; values != NULL && v < n_variables; v++) {
        for (size_t i = 0; i < n; i++) {
            values[v * n + i] = variable_value(&binding->variables[v], binding, rows[i]);
            if (!isfinite(values[v * n + i])) {
                variable_fail(&binding->variables[v], binding, rows[i], error);
                return NULL;
            }
        }
    }
    return g_steal_pointer(&values);
}

/* One column of a term: which level of each factor it indicates; `at` counts through them, the
 * first variable fastest. */
static void
design_column(LacDesign *design, const Binding *binding, size_t t, uint64_t full, size_t at,
              const double *values)
{
    const LacFormula *formula = binding->formula;
    g_autoptr(GString) name = g_string_new(NULL);
    const size_t n = design->n;
    double *to = design->x + design->q;

    for (size_t i = 0; i < n; i++)
        to[i * design->stride] = 1.0;
    for (size_t v = 0; v < formula->n_variables; v++) {
        const Variable *variable = &binding->variables[v];
        const gboolean whole = full >> v & 1;
        const size_t width = variable_width(variable, whole), level = at % width + !whole;
        const double *x = values + v * n;

        if (!(formula->terms[t] >> v & 1))
            continue;
        at /= width;
        g_string_append_printf(name, "%s%s%s", name->len > 0 ? ":" : "", variable->text,
                               variable->expression != NULL ? "" : variable->labels[level]);
        for (size_t i = 0; i < n; i++)
            to[i * design->stride] *=
                variable->expression != NULL ? x[i] : x[i] == variable->levels[level];
    }
    design->names[design->q++] = g_string_free(g_steal_pointer(&name), FALSE);
}

static gboolean
design_fill(LacDesign *design, const Binding *binding, const size_t *rows, GError **error)
{
    const LacFormula *formula = binding->formula;
    g_autofree uint64_t *full = design_coding(formula, binding->variables);
    size_t q = formula->intercept ? 1 : 0;

    for (size_t t = 0; t < formula->n_terms; t++)
        q += term_width(formula, binding->variables, t, full[t]);
    if (q > MOST_COLUMNS)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "the formula makes more than %d coefficients; leave out factors of many "
                        "levels",
                        MOST_COLUMNS);
    design->stride = (q + 7) & ~(size_t)7;
    design->names = g_new0(char *, q + 1);
    design->x = lac_try_alloc(design->n * design->stride + 1, sizeof(double), "design", error);
    g_autofree double *values = design->x ? design_values(binding, design->n, rows, error) : NULL;

    if (values == NULL)
        return FALSE;
    if (formula->intercept) {
        design->names[design->q++] = g_strdup("(Intercept)");
        for (size_t i = 0; i < design->n; i++)
            design->x[i * design->stride] = 1.0;
    }
    for (size_t t = 0; t < formula->n_terms; t++) {
        const size_t width = term_width(formula, binding->variables, t, full[t]);

        for (size_t at = 0; at < width; at++)
            design_column(design, binding, t, full[t], at, values);
    }
    return TRUE;
}

/* The outcome; of a factor, 1 for every level but the first, as R's binomial models take it. */
static gboolean
design_response(LacDesign *design, const Binding *binding, const size_t *rows, GError **error)
{
    const Variable *response = &binding->response;
    gboolean classes = response->n_levels <= 2;

    design->y = lac_try_alloc(design->n + 1, sizeof(double), "outcome", error);
    if (design->y == NULL)
        return FALSE;
    if (response->n_levels > 2)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "the outcome '%s' has %zu levels, expected numbers or two levels",
                        response->text, response->n_levels);
    for (size_t i = 0; i < design->n; i++) {
        const double value = variable_value(response, binding, rows[i]);

        if (!isfinite(value))
            return variable_fail(response, binding, rows[i], error);
        design->y[i] = response->expression != NULL ? value : value == response->levels[1];
        classes &= design->y[i] == 0.0 || design->y[i] == 1.0;
    }
    design->n_classes = classes ? 2 : 0;
    design->factor = response->expression == NULL;
    return TRUE;
}

static gboolean
binding_run(Binding *binding, LacDesign *design, const size_t *rows, size_t n_levels_of,
            const size_t *levels_of, GError **error)
{
    const LacFormula *formula = binding->formula;

    for (size_t j = 0; j < binding->data->cols; j++)
        column_numbers(lac_data_column(binding->data, j), &binding->number[j]);
    for (size_t v = 0; v < formula->n_variables; v++) {
        if (!variable_bind(&binding->variables[v], formula->variables[v], binding, n_levels_of,
                           levels_of, error))
            return FALSE;
    }
    return variable_bind(&binding->response, formula->response, binding, n_levels_of, levels_of,
                         error) &&
           design_response(design, binding, rows, error) &&
           design_fill(design, binding, rows, error);
}

LacDesign *
lac_design_new(const LacFormula *formula, const LacData *data, size_t n, const size_t *rows,
               size_t n_levels_of, const size_t *levels_of, GError **error)
{
    g_autoptr(LacDesign) design = g_new0(LacDesign, 1);
    g_autofree Variable *variables = g_new0(Variable, formula->n_variables + 1);
    g_autofree double **number = g_new0(double *, data->cols + 1);
    Binding binding = {.formula = formula, .data = data, .number = number, .variables = variables};

    design->n = n;
    design->intercept = formula->intercept;
    design->response = g_strdup(formula->response);
    const gboolean done = binding_run(&binding, design, rows, n_levels_of, levels_of, error);

    for (size_t v = 0; v < formula->n_variables; v++)
        variable_clear(&variables[v]);
    variable_clear(&binding.response);
    for (size_t j = 0; j < data->cols; j++)
        g_free(number[j]);
    return done ? g_steal_pointer(&design) : NULL;
}

void
lac_design_free(LacDesign *design)
{
    if (design == NULL)
        return;
    g_strfreev(design->names);
    g_free(design->x);
    g_free(design->y);
    g_free(design->response);
    g_free(design);
}
