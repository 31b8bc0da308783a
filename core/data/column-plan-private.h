/* What rules of columns mean to a model: logarithms on the way in, and columns that are computed
 * from the others instead of being modelled. */
#ifndef LACUNA_COLUMN_PLAN_PRIVATE_H
#define LACUNA_COLUMN_PLAN_PRIVATE_H

#include "column-rules-private.h"

G_BEGIN_DECLS

/**
 * LacDerived: column @target is @expression of columns @parents [n_parents].
 * @expression: lent by the rules
 */
typedef struct {
    size_t target, n_parents, *parents;
    const LacExpression *expression;
    const char *formula;
} LacDerived;

/**
 * LacColumnPlan: for tables of @cols columns.
 * @log: [cols] the model sees the logarithm; @any_log: of any
 * @derived: [n_derived] in the order in which they can be computed; @is_derived: [cols]
 */
typedef struct {
    size_t cols, n_derived;
    gboolean any_log, *log, *is_derived;
    LacDerived *derived;
} LacColumnPlan;

/** lac_column_plan_new: @rules (or NULL) have been applied to tables of @schema; lent, they must
 * outlive the plan. Owned; NULL when there is nothing to do. */
LAC_PRIVATE_API LacColumnPlan *
lac_column_plan_new(const LacColumnRules *rules, const LacSchema *schema);
LAC_PRIVATE_API void lac_column_plan_free(LacColumnPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacColumnPlan, lac_column_plan_free)

/** lac_column_plan_logs: @data with logarithms, limits too; maybe @data itself, also for NULL
 * @plan. Owned. */
LAC_PRIVATE_API LacData *
lac_column_plan_logs(const LacColumnPlan *plan, const LacData *data, GError **error);
/** lac_column_plan_log_values, _exp_values: @m of cols columns there and back, in place. */
LAC_PRIVATE_API void lac_column_plan_log_values(const LacColumnPlan *plan, LacMatrix *m);
LAC_PRIVATE_API void lac_column_plan_exp_values(const LacColumnPlan *plan, LacMatrix *m);

/** lac_column_plan_derive: the holes of @in in derived columns, from the other cells of @out.
 * @error: LAC_ERROR_DATA naming row and column when a formula gives no finite number */
LAC_PRIVATE_API gboolean lac_column_plan_derive(const LacColumnPlan *plan, const LacData *in,
                                                LacMatrix *out, GError **error);
/** lac_column_plan_disagree: rows of @data in which @derived and all it is computed from are
 * observed, and differ by more than one part in a thousand; @first: the first of them. */
LAC_PRIVATE_API size_t lac_column_plan_disagree(const LacDerived *derived, const LacData *data,
                                                size_t *first);

G_END_DECLS

#endif
