#include "column-rules-private.h"
#include "lac_test.h"

#include <lacuna/csv.h>

static LacColumnRules *
rules_of(const char *yaml, GError **error)
{
    g_autoptr(LacNode) node = lac_yaml_parse(yaml, strlen(yaml), "rules.yaml", error);

    return node == NULL ? NULL : lac_column_rules_parse(lac_node_get(node, "columns"), error);
}

LAC_TEST(data_column_rules, every_key_is_understood)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacColumnRules) rules =
        rules_of("columns:\n"
                 "  bmi: {min: 10, max: 60.5, unit: kg/m2, log: true, missing: [-9, none]}\n"
                 "  age: {integer: true, missing: 999}\n"
                 "  grade: {order: [low, mid, high]}\n"
                 "  stage: {kind: ordinal, levels: [1, 2, 3]}\n"
                 "  town: {levels: [x, y]}\n"
                 "  id: skip\n",
                 &error);
    const LacColumnRule *bmi;

    ASSERT_NO_ERROR(error);
    bmi = lac_column_rules_find(rules, "bmi");
    ASSERT_TRUE(bmi != NULL && rules->n == 6);
    EXPECT_TRUE(bmi->kind == NULL && bmi->log);
    EXPECT_EQ_DOUBLE(bmi->lower, 10);
    EXPECT_EQ_DOUBLE(bmi->upper, 60.5);
    EXPECT_STR(bmi->unit, "kg/m2");
    EXPECT_STR(bmi->na[0], "-9");
    EXPECT_STR(bmi->na[1], "none");
    EXPECT_STR(lac_column_rules_find(rules, "age")->kind, "integer");
    EXPECT_STR(lac_column_rules_find(rules, "age")->na[0], "999");
    EXPECT_STR(lac_column_rules_find(rules, "grade")->kind, "low < mid < high");
    EXPECT_STR(lac_column_rules_find(rules, "stage")->kind, "1 < 2 < 3");
    EXPECT_STR(lac_column_rules_find(rules, "town")->kind, "nominal");
    EXPECT_STR(lac_column_rules_find(rules, "id")->kind, "skip");
    EXPECT_TRUE(lac_column_rules_find(rules, "none") == NULL);
    EXPECT_TRUE(lac_column_rules_find(NULL, "bmi") == NULL);
}

LAC_TEST(data_column_rules, slips_are_named_with_their_place)
{
    static const struct {
        const char *yaml, *says;
    } slips[] = {
        {"columns: [a]", "expected a map of column names"},
        {"columns: {a: {mni: 1}}", "did you mean min"},
        {"columns: {a: {min: low}}", "expected a number"},
        {"columns: {a: {min: 2, max: 1}}", "min 2 is above max 1"},
        {"columns: {a: {integer: 1}}", "expected true or false"},
        {"columns: {a: {integer: true, kind: nominal}}", "do not agree"},
        {"columns: {a: {order: [x, y], kind: nominal}}", "makes it ordinal"},
        {"columns: {a: {missing: {b: 1}}}", "expected a text or a list of texts"},
        {"columns: {a: 1}", "expected a kind or a map of rules"},
    };

    for (size_t k = 0; k < G_N_ELEMENTS(slips); k++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(LacColumnRules) rules = rules_of(slips[k].yaml, &error);

        EXPECT_TRUE(rules == NULL);
        EXPECT_ERROR(error, LAC_ERROR_PARAM, slips[k].says);
        EXPECT_CONTAINS(error->message, "rules.yaml:1:");
    }
}

LAC_TEST(data_column_rules, bounds_go_to_the_schema_and_observed_values_must_keep_them)
{
    static const char text[] = "a,g\n1.5,x\n,y\n3,x\n";
    g_autoptr(LacData) data = lac_csv_parse(text, strlen(text), "t.csv", NULL, NULL, NULL);
    g_autoptr(LacColumnRules) fits = rules_of("columns: {a: {min: 0, max: 3}}", NULL);
    g_autoptr(LacColumnRules) tight = rules_of("columns: {a: {max: 2}}", NULL);
    g_autoptr(LacColumnRules) level = rules_of("columns: {g: {max: 2}}", NULL);
    g_autoptr(LacData) bound = lac_column_rules_bound(fits, data, NULL);
    g_autoptr(GError) outside = NULL, kind = NULL;

    ASSERT_TRUE(bound != NULL);
    EXPECT_EQ_DOUBLE(lac_data_column(bound, 0)->lower, 0);
    EXPECT_EQ_DOUBLE(lac_data_column(bound, 0)->upper, 3);
    EXPECT_TRUE(isinf(lac_data_column(data, 0)->upper)); /* the other table is as it was */
    EXPECT_TRUE(lac_data_is_hole(bound, 1, 0));
    EXPECT_TRUE(lac_column_rules_bound(tight, data, &outside) == NULL);
    EXPECT_ERROR(outside, LAC_ERROR_DATA, "row 3: column 'a' is 3, outside its bounds [-inf, 2]");
    EXPECT_TRUE(lac_column_rules_bound(level, data, &kind) == NULL);
    EXPECT_ERROR(kind, LAC_ERROR_DATA, "are for numbers");
}

LAC_TEST(data_column_rules, what_is_written_reads_back)
{
    static const char text[] = "a,\"the \"\"g\"\"\"\n1.5,no\n,yes\n3,maybe\n";
    g_autoptr(LacData) data = lac_csv_parse(text, strlen(text), "t.csv", NULL, NULL, NULL);
    g_autofree char *yaml = lac_column_rules_write(data->schema);
    g_autoptr(GError) error = NULL;
    g_autoptr(LacColumnRules) rules = rules_of(yaml, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_STR(lac_column_rules_find(rules, "a")->kind, "continuous");
    EXPECT_STR(lac_column_rules_find(rules, "the \"g\"")->kind, "nominal");
}
