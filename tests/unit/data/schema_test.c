#include "lac_test.h"
#include "schema-private.h"
#include <lacuna/data.h>

LAC_TEST(data_schema, kinds_have_names_that_parse_back)
{
    for (int k = LAC_KIND_CONTINUOUS; k <= LAC_KIND_ORDINAL; k++) {
        LacKind back = LAC_KIND_CONTINUOUS;

        EXPECT_TRUE(lac_kind_parse(lac_kind_name((LacKind)k), &back));
        EXPECT_EQ_INT(back, k);
    }
    LacKind untouched = LAC_KIND_NOMINAL;

    EXPECT_FALSE(lac_kind_parse("Ordinal", &untouched));
    EXPECT_EQ_INT(untouched, LAC_KIND_NOMINAL);
}

LAC_TEST(data_schema, a_new_schema_is_continuous_and_unbounded)
{
    g_autoptr(LacSchema) schema = lac_schema_new(2);

    EXPECT_STR(schema->columns[1].name, "x2");
    EXPECT_EQ_INT(schema->columns[1].kind, LAC_KIND_CONTINUOUS);
    EXPECT_TRUE(schema->columns[0].lower == -INFINITY && schema->columns[0].upper == INFINITY);
    EXPECT_EQ_INT(lac_schema_find(schema, "x2"), 1);
    EXPECT_EQ_INT(lac_schema_find(schema, "X2"), -1);
    for (size_t start = 0; start <= schema->cols; start++) {
        EXPECT_EQ_INT(lac_schema_find_from(schema, start, "x2"), 1);
        EXPECT_EQ_INT(lac_schema_find_from(schema, start, "X2"), -1);
    }
}

LAC_TEST(data_schema, a_copy_owns_its_names_and_levels)
{
    const char *levels[] = {"low", "high", "not copied"};
    g_autoptr(LacSchema) schema = lac_schema_new(1);
    g_autoptr(LacSchema) copy = NULL;

    lac_schema_set_name(schema, 0, "grade");
    lac_schema_set_levels(schema, 0, LAC_KIND_ORDINAL, 2, levels);
    copy = lac_schema_dup(schema);
    lac_schema_set_name(schema, 0, "changed");
    lac_schema_set_levels(schema, 0, LAC_KIND_CONTINUOUS, 0, NULL);
    EXPECT_STR(copy->columns[0].name, "grade");
    EXPECT_EQ_INT(copy->columns[0].n_levels, 2);
    EXPECT_STR(copy->columns[0].levels[1], "high");
    EXPECT_TRUE(copy->columns[0].levels[2] == NULL);
    EXPECT_TRUE(schema->columns[0].levels == NULL);
}
