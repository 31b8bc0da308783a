#include "column-plan-private.h"
#include "lac_test.h"

#include <lacuna/csv.h>

typedef struct {
    LacColumnRules *rules;
    LacData *data;
    LacColumnPlan *plan;
} Planned;

static void
planned_clear(Planned *self)
{
    lac_column_plan_free(self->plan);
    lac_data_unref(self->data);
    lac_column_rules_free(self->rules);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Planned, planned_clear)

static void
planned(Planned *self, const char *yaml, const char *csv)
{
    g_autoptr(LacNode) node = lac_yaml_parse(yaml, strlen(yaml), "rules.yaml", NULL);
    g_autoptr(LacData) raw = lac_csv_parse(csv, strlen(csv), "t.csv", NULL, NULL, NULL);

    self->rules = lac_column_rules_parse(lac_node_get(node, "columns"), NULL);
    self->data = lac_column_rules_apply(self->rules, raw, NULL, NULL, NULL);
    self->plan = lac_column_plan_new(self->rules, self->data->schema);
}

LAC_TEST(data_column_plan, nothing_to_do_is_no_plan)
{
    g_auto(Planned) it = {NULL, NULL, NULL};

    planned(&it, "columns: {a: {min: 0}}", "a,b\n1,2\n,3\n");
    EXPECT_TRUE(it.plan == NULL);
}

LAC_TEST(data_column_plan, logarithms_take_limits_along_and_come_back)
{
    g_auto(Planned) it = {NULL, NULL, NULL};
    g_autoptr(LacData) logs = NULL;
    g_autoptr(LacMatrix) m = lac_matrix_new(3, 2, NULL);
    double lower, upper;

    planned(&it, "columns: {a: {log: true, below: lod, max: 8}}",
            "a,b,lod\n1.0,2,\n,3,0.5\n4,5,\n");
    logs = lac_column_plan_logs(it.plan, it.data, NULL);
    EXPECT_NEAR_DOUBLE(lac_data_at(logs, 2, 0), log(4.0), 1e-15);
    EXPECT_EQ_DOUBLE(lac_data_at(logs, 2, 1), 5.0);
    lac_data_limits(logs, 1, 0, &lower, &upper);
    EXPECT_TRUE(isinf(lower));
    EXPECT_NEAR_DOUBLE(upper, log(0.5), 1e-15);
    lac_data_limits(logs, 0, 0, &lower, &upper);
    EXPECT_NEAR_DOUBLE(upper, log(8.0), 1e-15);
    lac_data_copy_values(logs, m);
    lac_column_plan_exp_values(it.plan, m);
    EXPECT_NEAR_DOUBLE(lac_matrix_row(m, 2)[0], 4.0, 1e-14);
}

LAC_TEST(data_column_plan, derived_columns_are_computed_in_their_order_where_they_are_missing)
{
    static const char csv[] = "bmi,w,h,risk\n,80,2,\n25,50,1,\n,45,1.5,7\n";
    g_auto(Planned) it = {NULL, NULL, NULL};
    g_autoptr(LacMatrix) m = lac_matrix_new(3, 4, NULL);
    size_t first = 99;

    planned(&it, "columns: {risk: {derived: bmi / 10, kind: continuous}, bmi: {derived: w / h^2}}",
            csv);
    ASSERT_TRUE(it.plan != NULL && it.plan->n_derived == 2);
    lac_data_copy_values(it.data, m);
    EXPECT_TRUE(lac_column_plan_derive(it.plan, it.data, m, NULL));
    EXPECT_NEAR_DOUBLE(lac_matrix_row(m, 0)[0], 20.0, 1e-14);
    EXPECT_NEAR_DOUBLE(lac_matrix_row(m, 0)[3], 2.0, 1e-14);
    EXPECT_EQ_DOUBLE(lac_matrix_row(m, 1)[0], 25.0); /* observed, whatever the formula says */
    EXPECT_EQ_DOUBLE(lac_matrix_row(m, 2)[3], 7.0);
    EXPECT_EQ_INT(lac_column_plan_disagree(&it.plan->derived[0], it.data, &first), 1);
    EXPECT_EQ_INT(first, 1);
}

LAC_TEST(data_column_plan, a_formula_without_a_value_names_the_row_and_what_it_met)
{
    g_auto(Planned) it = {NULL, NULL, NULL};
    g_autoptr(LacMatrix) m = lac_matrix_new(2, 3, NULL);
    g_autoptr(GError) error = NULL;

    planned(&it, "columns: {r: {derived: a / b}}", "a,b,r\n1,2,\n3,0,\n");
    lac_data_copy_values(it.data, m);
    EXPECT_FALSE(lac_column_plan_derive(it.plan, it.data, m, &error));
    EXPECT_ERROR(error, LAC_ERROR_DATA, "row 2: r = a / b is no finite number for a = 3, b = 0");
}
