/* From a formula and rows of a table to a model matrix. The coding of factors follows R's rule: by
 * contrasts where the term without the factor is (part of) an earlier term, by indicators of all
 * levels otherwise. */
#include "variable-private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COLUMNS = 5000 };

/* Bits of the variables of @term that are coded by all their levels. */
static uint64_t
term_indicators(const LacFormula *formula, const LacVariable *variables, size_t t)
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
design_coding(const LacFormula *formula, const LacVariable *variables)
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
term_width(const LacFormula *formula, const LacVariable *variables, size_t t, uint64_t full)
{
    size_t width = 1;

    for (size_t v = 0; v < formula->n_variables; v++) {
        if (formula->terms[t] >> v & 1)
            width = MIN(width * lac_variable_width(&variables[v], full >> v & 1), MOST_COLUMNS + 1);
    }
    return width;
}

/* The numbers of every variable, one after the other: [n] each, or [width][n] of a call. @at: where
 * each begins. */
static double *
design_values(const LacBinding *binding, size_t n, const size_t *rows, size_t *at, GError **error)
{
    const size_t n_variables = binding->formula->n_variables;
    size_t columns = 0;

    for (size_t v = 0; v < n_variables; v++) {
        const LacCall *call = &binding->variables[v].call;

        at[v] = columns * n;
        columns += call->kind != LAC_CALL_NONE ? call->width : 1;
    }
    g_autofree double *values = lac_try_alloc(columns * n + 1, sizeof(double), "variables", error);

    for (size_t v = 0; values != NULL && v < n_variables; v++)
        if (!lac_variable_columns(&binding->variables[v], binding, n, rows, values + at[v], error))
            return NULL;
    return g_steal_pointer(&values);
}

/* "poly(x, 2)1", "gb", "x" */
static void
append_name(GString *name, const LacVariable *variable, size_t column, size_t level)
{
    const gboolean call = variable->call.kind != LAC_CALL_NONE;

    g_string_append(name, name->len > 0 ? ":" : "");
    g_string_append(name, call ? variable->call.label : variable->text);
    if (call && variable->call.width > 1)
        g_string_append_printf(name, "%zu", column + 1);
    else if (variable->expression == NULL)
        g_string_append(name, variable->labels[level]);
}

/* One column of a term: which level of each factor it indicates, which column of a call it is; `at`
 * counts through them, the first variable fastest. */
static void
design_column(LacDesign *design, const LacBinding *binding, size_t t, uint64_t full, size_t at,
              const double *values, const size_t *begin)
{
    const LacFormula *formula = binding->formula;
    g_autoptr(GString) name = g_string_new(NULL);
    const size_t n = design->n;
    double *to = design->x + design->q;

    for (size_t i = 0; i < n; i++)
        to[i * design->stride] = 1.0;
    for (size_t v = 0; v < formula->n_variables; v++) {
        const LacVariable *variable = &binding->variables[v];
        const gboolean whole = full >> v & 1, numbers = variable->expression != NULL;
        const size_t width = lac_variable_width(variable, whole), column = at % width,
                     level = column + !whole;
        const double *x = values + begin[v] + (numbers ? column * n : 0);

        if (!(formula->terms[t] >> v & 1))
            continue;
        at /= width;
        append_name(name, variable, column, level);
        for (size_t i = 0; i < n; i++)
            to[i * design->stride] *= numbers ? x[i] : x[i] == variable->levels[level];
    }
    design->names[design->q++] = g_string_free(g_steal_pointer(&name), FALSE);
}

static gboolean
design_fill(LacDesign *design, const LacBinding *binding, const size_t *rows, GError **error)
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
    design->stride = (q + (design->offset != NULL) + 7) & ~(size_t)7;
    design->names = g_new0(char *, q + 1);
    design->x = lac_try_alloc(design->n * design->stride + 1, sizeof(double), "design", error);
    g_autofree size_t *begin = g_new(size_t, formula->n_variables + 1);
    g_autofree double *values =
        design->x ? design_values(binding, design->n, rows, begin, error) : NULL;

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
            design_column(design, binding, t, full[t], at, values, begin);
    }
    return TRUE;
}

/* The outcome; of a factor, 1 for every level but the first, as R's binomial models take it. */
static gboolean
design_response(LacDesign *design, const LacBinding *binding, const size_t *rows, GError **error)
{
    const LacVariable *response = &binding->response;
    gboolean classes = response->n_levels <= 2;

    design->y = lac_try_alloc(design->n + 1, sizeof(double), "outcome", error);
    if (design->y == NULL)
        return FALSE;
    if (response->n_levels > 2)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "the outcome '%s' has %zu levels, expected numbers or two levels",
                        response->text, response->n_levels);
    if (response->call.kind == LAC_CALL_POLY)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "formula: the outcome '%s' is several columns, "
                        "expected one",
                        response->text);
    if (!lac_variable_columns(response, binding, design->n, rows, design->y, error))
        return FALSE;
    for (size_t i = 0; i < design->n; i++) {
        if (response->expression == NULL)
            design->y[i] = design->y[i] == response->levels[1];
        classes &= design->y[i] == 0.0 || design->y[i] == 1.0;
    }
    design->n_classes = classes ? 2 : 0;
    design->factor = response->expression == NULL;
    return TRUE;
}

/* The sum of what stands in offset(...). */
static gboolean
design_offset(LacDesign *design, LacBinding *binding, const size_t *rows, GError **error)
{
    const size_t n = design->n;
    g_autofree double *part = NULL;
    gboolean good = TRUE;

    if (binding->formula->offsets[0] == NULL)
        return TRUE;
    design->offset = g_new0(double, n + 1);
    part = g_new(double, n + 1);
    for (char **text = binding->formula->offsets; *text != NULL && good; text++) {
        LacVariable variable = {0};

        good = lac_variable_bind(&variable, *text, binding, n, rows, error);
        if (good && (variable.expression == NULL || variable.call.kind == LAC_CALL_POLY))
            good = lac_fail(error, LAC_ERROR_PARAM,
                            "formula: 'offset(%s)': expected one column of "
                            "numbers",
                            *text);
        good = good && lac_variable_columns(&variable, binding, n, rows, part, error);
        for (size_t i = 0; i < n && good; i++)
            design->offset[i] += part[i];
        lac_variable_clear(&variable);
    }
    return good;
}

static gboolean
binding_run(LacBinding *binding, LacDesign *design, const size_t *rows, size_t n_levels_of,
            const size_t *levels_of, GError **error)
{
    const LacFormula *formula = binding->formula;

    lac_binding_init(binding);
    for (size_t v = 0; v < formula->n_variables; v++) {
        if (!lac_variable_bind(&binding->variables[v], formula->variables[v], binding, n_levels_of,
                               levels_of, error))
            return FALSE;
    }
    return lac_variable_bind(&binding->response, formula->response, binding, n_levels_of, levels_of,
                             error) &&
           design_response(design, binding, rows, error) &&
           design_offset(design, binding, rows, error) && design_fill(design, binding, rows, error);
}

LacDesign *
lac_design_new(const LacFormula *formula, const LacData *data, size_t n, const size_t *rows,
               size_t n_levels_of, const size_t *levels_of, GError **error)
{
    g_autoptr(LacDesign) design = g_new0(LacDesign, 1);
    g_autofree LacVariable *variables = g_new0(LacVariable, formula->n_variables + 1);
    g_autofree double **number = g_new0(double *, data->cols + 1);
    LacBinding binding = {
        .formula = formula, .data = data, .number = number, .variables = variables};

    design->n = n;
    design->intercept = formula->intercept;
    design->response = g_strdup(formula->response);
    const gboolean done = binding_run(&binding, design, rows, n_levels_of, levels_of, error);

    for (size_t v = 0; v < formula->n_variables; v++)
        lac_variable_clear(&variables[v]);
    lac_variable_clear(&binding.response);
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
    g_free(design->offset);
    g_free(design->response);
    g_free(design);
}
