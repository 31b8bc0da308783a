#include "column-plan-private.h"

#include "limits-private.h"
#include "table-private.h"
#include <math.h>
#include <string.h>

/* An observed derived value may have been rounded when it was written down. */
#define AGREES 1e-3

void
lac_column_plan_free(LacColumnPlan *plan)
{
    if (plan == NULL)
        return;
    for (size_t d = 0; d < plan->n_derived; d++)
        g_free(plan->derived[d].parents);
    g_free(plan->derived);
    g_free(plan->log);
    g_free(plan->is_derived);
    g_free(plan);
}

/* After what it is computed from; the rules have no circles. */
static void
plan_place(LacColumnPlan *plan, const LacColumnRules *rules, const LacSchema *schema, size_t j)
{
    const LacColumnRule *rule = lac_column_rules_find(rules, schema->columns[j].name);
    LacDerived made = {.target = j};

    if (rule == NULL || rule->derived == NULL || plan->is_derived[j])
        return;
    const char *const *names = lac_expression_names(rule->derived, &made.n_parents);

    plan->is_derived[j] = TRUE;
    made.expression = rule->derived;
    made.formula = rule->formula;
    made.parents = g_new(size_t, made.n_parents + 1);
    for (size_t p = 0; p < made.n_parents; p++) {
        const gssize parent = lac_schema_find(schema, names[p]);

        g_assert(parent >= 0);
        made.parents[p] = (size_t)parent;
        plan_place(plan, rules, schema, (size_t)parent);
    }
    plan->derived[plan->n_derived++] = made;
}

LacColumnPlan *
lac_column_plan_new(const LacColumnRules *rules, const LacSchema *schema)
{
    g_autoptr(LacColumnPlan) plan = g_new0(LacColumnPlan, 1);

    plan->cols = schema->cols;
    plan->log = g_new0(gboolean, MAX(schema->cols, 1));
    plan->is_derived = g_new0(gboolean, MAX(schema->cols, 1));
    plan->derived = g_new0(LacDerived, MAX(schema->cols, 1));
    for (size_t j = 0; j < schema->cols; j++) {
        const LacColumnRule *rule = lac_column_rules_find(rules, schema->columns[j].name);

        plan->log[j] = rule != NULL && rule->log;
        plan->any_log |= plan->log[j];
        plan_place(plan, rules, schema, j);
    }
    return plan->any_log || plan->n_derived > 0 ? g_steal_pointer(&plan) : NULL;
}

/* ---- logarithms -------------------------------------------------------------------------------
 */

static double
plan_log_limit(const void *user, size_t j, double x)
{
    const LacColumnPlan *plan = user;

    if (!plan->log[j])
        return x;
    return x > 0.0 ? log(x) : -INFINITY;
}

static LacSchema *
plan_log_schema(const LacColumnPlan *plan, const LacSchema *schema)
{
    LacSchema *logs = lac_schema_dup(schema);

    for (size_t j = 0; j < plan->cols; j++) {
        LacColumn *column = &logs->columns[j];

        if (!plan->log[j])
            continue;
        column->kind = LAC_KIND_CONTINUOUS;
        column->lower = plan_log_limit(plan, j, column->lower);
        column->upper = plan_log_limit(plan, j, column->upper);
    }
    return logs;
}

LacData *
lac_column_plan_logs(const LacColumnPlan *plan, const LacData *data, GError **error)
{
    g_autofree double *values = NULL;
    g_autoptr(LacData) logs = NULL;

    if (plan == NULL || !plan->any_log)
        return lac_data_ref(data);
    g_assert(plan->cols == data->cols);
    values = lac_try_alloc(MAX(data->rows * data->cols, 1), sizeof *values, data->origin, error);
    if (values == NULL)
        return NULL;
    for (size_t i = 0; i < data->rows; i++)
        for (size_t j = 0; j < data->cols; j++) {
            const double x = lac_data_at(data, i, j); /* NaN stays NaN */

            values[i * data->cols + j] = plan->log[j] ? log(x) : x;
        }
    logs = lac_data_derive_take(data, plan_log_schema(plan, data->schema), g_steal_pointer(&values),
                                error);
    if (logs == NULL ||
        !lac_limits_map_some(data->limits, plan->log, plan_log_limit, plan, &logs->limits, error))
        return NULL;
    return g_steal_pointer(&logs);
}

void
lac_column_plan_log_values(const LacColumnPlan *plan, LacMatrix *m)
{
    for (size_t j = 0; plan != NULL && j < m->cols; j++)
        for (size_t i = 0; plan->log[j] && i < m->rows; i++)
            lac_matrix_row(m, i)[j] = log(lac_matrix_row(m, i)[j]);
}

void
lac_column_plan_exp_values(const LacColumnPlan *plan, LacMatrix *m)
{
    for (size_t j = 0; plan != NULL && j < m->cols; j++)
        for (size_t i = 0; plan->log[j] && i < m->rows; i++)
            lac_matrix_row(m, i)[j] = exp(lac_matrix_row(m, i)[j]);
}

/* ---- computed columns -------------------------------------------------------------------------
 */

static double
derived_value(const LacDerived *derived, const double *row, double *scratch)
{
    for (size_t p = 0; p < derived->n_parents; p++)
        scratch[p] = row[derived->parents[p]];
    return lac_expression_value(derived->expression, scratch);
}

/* "height = 0, weight = 70" */
static char *
derived_inputs(const LacDerived *derived, const LacData *in, const double *row)
{
    GString *text = g_string_new(NULL);

    for (size_t p = 0; p < derived->n_parents; p++)
        g_string_append_printf(text, "%s%s = %g", p > 0 ? ", " : "",
                               lac_data_name(in, derived->parents[p]), row[derived->parents[p]]);
    return g_string_free(text, FALSE);
}

gboolean
lac_column_plan_derive(const LacColumnPlan *plan, const LacData *in, LacMatrix *out, GError **error)
{
    g_autofree double *scratch = NULL;

    if (plan == NULL || plan->n_derived == 0)
        return TRUE;
    scratch = g_new(double, plan->cols + 1);
    for (size_t i = 0; i < in->rows; i++)
        for (size_t d = 0; d < plan->n_derived; d++) {
            const LacDerived *derived = &plan->derived[d];
            const LacColumn *column = lac_data_column(in, derived->target);
            double *row = lac_matrix_row(out, i), *cell = &row[derived->target];

            if (!lac_data_is_hole(in, i, derived->target))
                continue;
            *cell = derived_value(derived, row, scratch);
            if (column->kind == LAC_KIND_INTEGER)
                *cell = rint(*cell);
            if (!isfinite(*cell)) {
                g_autofree char *inputs = derived_inputs(derived, in, row);

                return lac_fail(error, LAC_ERROR_DATA,
                                "row %zu: %s = %s is no finite number for %s; give what it is "
                                "computed from bounds (min, max) that keep it finite",
                                i + 1, column->name, derived->formula, inputs);
            }
        }
    return TRUE;
}

size_t
lac_column_plan_disagree(const LacDerived *derived, const LacData *data, size_t *first)
{
    g_autofree double *scratch = g_new(double, derived->n_parents + 1);
    size_t n = 0;

    for (size_t i = 0; i < data->rows; i++) {
        const double told = lac_data_at(data, i, derived->target);
        const double value = derived_value(derived, lac_data_row(data, i), scratch);

        if (isnan(told) || isnan(value) ||
            fabs(told - value) <= AGREES * fmax(fabs(told), fabs(value)))
            continue;
        if (n++ == 0)
            *first = i;
    }
    return n;
}
