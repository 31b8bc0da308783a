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
        {"columns: {a: {kind: interger}}", "kind 'interger' is not known, did you mean integer"},
        {"columns: {a: {below: [1]}}", "expected a number or the name of a column"},
        {"columns: {a: {derived: 'b *'}}", "columns.a.derived: "},
        {"columns: {a: {derived: 'c = b'}}", "computes 'c'; expected 'a = ...'"},
        {"columns: {a: {derived: b, min: 0}}", "bound what it is computed from"},
        {"columns: {a: {derived: a + 1}}", "computed from itself: a <- a; break the circle"},
        {"columns: {d: {unit: x}, a: {derived: b}, b: {derived: c * d}, c: {derived: 2 * a}}",
         "computed from itself: a <- b <- c <- a"},
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
    g_autoptr(LacData) bound = lac_column_rules_apply(fits, data, NULL, NULL, NULL);
    g_autoptr(GError) outside = NULL, kind = NULL;

    ASSERT_TRUE(bound != NULL);
    EXPECT_EQ_DOUBLE(lac_data_column(bound, 0)->lower, 0);
    EXPECT_EQ_DOUBLE(lac_data_column(bound, 0)->upper, 3);
    EXPECT_TRUE(isinf(lac_data_column(data, 0)->upper)); /* the other table is as it was */
    EXPECT_TRUE(lac_data_is_hole(bound, 1, 0));
    EXPECT_TRUE(lac_column_rules_apply(tight, data, NULL, NULL, &outside) == NULL);
    EXPECT_ERROR(outside, LAC_ERROR_DATA, "row 3: column 'a' is 3, outside its bounds [-inf, 2]");
    EXPECT_TRUE(lac_column_rules_apply(level, data, NULL, NULL, &kind) == NULL);
    EXPECT_ERROR(kind, LAC_ERROR_DATA, "are for numbers");
}

LAC_TEST(data_column_rules, what_is_written_reads_back)
{
    static const char text[] = "a,\"the \"\"g\"\"\"\n1.5,no\n,yes\n3,maybe\n";
    g_autoptr(LacData) data = lac_csv_parse(text, strlen(text), "t.csv", NULL, NULL, NULL);
    g_autofree char *yaml = lac_column_rules_write(data->schema, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(LacColumnRules) rules = rules_of(yaml, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_STR(lac_column_rules_find(rules, "a")->kind, "continuous");
    EXPECT_STR(lac_column_rules_find(rules, "the \"g\"")->kind, "nominal");
}

/* Rules met by @csv, or (NULL) the error. */
static LacData *
applied(const char *yaml, const char *csv, GError **error)
{
    g_autoptr(LacData) data = lac_csv_parse(csv, strlen(csv), "t.csv", NULL, NULL, NULL);
    g_autoptr(LacColumnRules) rules = rules_of(yaml, NULL);

    return lac_column_rules_apply(rules, data, NULL, NULL, error);
}

LAC_TEST(data_column_rules, detection_limits_hold_for_holes_of_their_rows_and_are_no_variables)
{
    static const char csv[] = "dose,lod\n1.5,\n,0.5\n,\n3,0.5\n,0.25\n";
    g_autoptr(LacData) data = applied("columns: {dose: {below: lod, min: 0}}", csv, NULL);
    double lower, upper;

    ASSERT_TRUE(data != NULL && data->cols == 1);
    EXPECT_TRUE(lac_data_has_cell_limits(data, 0));
    for (size_t i = 0; i < 5; i++) {
        static const double expected[] = {INFINITY, 0.5, INFINITY, INFINITY, 0.25};

        lac_data_limits(data, i, 0, &lower, &upper);
        EXPECT_EQ_DOUBLE(lower, 0.0);
        EXPECT_EQ_DOUBLE(upper, expected[i]);
    }
}

LAC_TEST(data_column_rules, one_limit_may_hold_for_all_rows_and_from_below)
{
    g_autoptr(LacData) data =
        applied("columns: {days: {above: 365}}", "days,x\n12,1\n,2\n300,3\n", NULL);
    double lower, upper;

    ASSERT_TRUE(data != NULL);
    lac_data_limits(data, 1, 0, &lower, &upper);
    EXPECT_EQ_DOUBLE(lower, 364.5); /* days are whole numbers */
    EXPECT_TRUE(isinf(upper));
}

LAC_TEST(data_column_rules, what_a_table_does_not_allow_is_refused_by_row_and_name)
{
    static const char csv[] = "a,b,g\n1,0,x\n,2,y\n3,4,\n";
    static const struct {
        const char *yaml, *says;
    } slips[] = {
        {"columns: {aa: {min: 0}}",
         "rules.yaml:1:11: columns.aa: there is no column 'aa' in t.csv"},
        {"columns: {a: {below: bb}}", "there is no column 'bb'"},
        {"columns: {a: {below: g}}", "column 'g' is binary, expected a limit in numbers"},
        {"columns: {a: {below: b}, b: {min: 0}}", "holds its limits and is no variable"},
        {"columns: {a: {below: a}}", "holds its limits"},
        {"columns: {a: {below: -1, min: 0}}", "row 2: column 'a' is missing and below -1, but"},
        {"columns: {b: {log: true}}", "row 1: column 'b' is 0, which has no logarithm"},
        {"columns: {g: {levels: [x, z]}}", "holds 'y', which is none of its levels"},
        {"columns: {a: {derived: bb + 1}}", "there is no column 'bb'"},
        {"columns: {a: {derived: c + 1}}", "there is no column 'c'"},
        {"columns: {g: {derived: a}}", "holds levels; only numbers are derived"},
        {"columns: {a: {derived: g + 1}}", "computed from 'g', which holds levels"},
    };

    for (size_t k = 0; k < G_N_ELEMENTS(slips); k++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(LacData) data = applied(slips[k].yaml, csv, &error);

        EXPECT_TRUE(data == NULL);
        if (error == NULL || strstr(error->message, slips[k].says) == NULL)
            lac_test_fail(__FILE__, __LINE__, "%s: says '%s', expected '%s'", slips[k].yaml,
                          error ? error->message : "nothing", slips[k].says);
    }
}

/* What a reader that knows no texts returns: numbers only. */
LAC_TEST(data_column_rules, kinds_and_codes_for_missing_are_found_in_plain_numbers_too)
{
    static const char csv[] = "a,b,c\n1,-9,0\n3,0.5,1\n2,1.5,1\n1,999,0\n";
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = applied("columns: {a: {order: [3, 1, 2]}, b: {missing: [-9, 999]}, "
                                      "c: {kind: integer}}",
                                      csv, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(lac_data_column(data, 0)->kind, LAC_KIND_ORDINAL);
    EXPECT_STR(lac_data_column(data, 0)->levels[0], "3");
    EXPECT_EQ_DOUBLE(lac_data_at(data, 0, 0), 1.0);
    EXPECT_EQ_DOUBLE(lac_data_at(data, 1, 0), 0.0);
    EXPECT_TRUE(lac_data_is_hole(data, 0, 1) && lac_data_is_hole(data, 3, 1));
    EXPECT_EQ_DOUBLE(lac_data_at(data, 2, 1), 1.5);
    EXPECT_EQ_INT(lac_data_column(data, 2)->kind, LAC_KIND_INTEGER);
    EXPECT_EQ_DOUBLE(lac_data_at(data, 1, 2), 1.0);
}

LAC_TEST(data_column_rules, written_rules_keep_what_a_table_does_not_show)
{
    static const char yaml[] =
        "columns: {a: {min: 0.1, max: 3, log: true, unit: \"m\\\"g\", missing: "
        "[-9], below: b}, c: {derived: a^2}, id: skip}";
    g_autoptr(LacColumnRules) rules = rules_of(yaml, NULL), again = NULL;
    g_autoptr(LacSchema) schema = lac_schema_new(2);
    g_autofree char *first = NULL, *second = NULL;
    g_autoptr(GError) error = NULL;

    lac_schema_set_name(schema, 0, "a");
    lac_schema_set_name(schema, 1, "c");
    first = lac_column_rules_write(schema, rules);
    again = rules_of(first, &error);
    ASSERT_NO_ERROR(error);
    second = lac_column_rules_write(schema, again);
    EXPECT_STR(first, second);
    EXPECT_CONTAINS(first, "min: 0.1, max: 3, log: true, unit: \"m\\\"g\"");
    EXPECT_CONTAINS(first, "missing: [\"-9\"], below: \"b\"");
    EXPECT_CONTAINS(first, "derived: \"a^2\"");
    EXPECT_CONTAINS(first, "\"id\": skip");
}
