#include "lac_test.h"
#include "table-private.h"

LAC_TEST(data_schema_json, a_schema_comes_back)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacSchema) schema = lac_schema_new(4), back = NULL;
    g_autofree char *json = NULL;

    lac_schema_set_name(schema, 0, "age \"x\"");
    schema->columns[0].kind = LAC_KIND_INTEGER;
    schema->columns[0].lower = 0.0;
    lac_schema_set_levels(schema, 1, LAC_KIND_ORDINAL, 2, (const char *[]){"low", "\xC3\xA4"});
    lac_schema_set_levels(schema, 2, LAC_KIND_BINARY, 2, NULL);
    schema->columns[3].upper = 0.1;
    json = lac_schema_to_json(schema);
    back = lac_schema_from_json(json, &error);
    ASSERT_NO_ERROR(error);
    ASSERT_EQ_INT(back->cols, 4);
    EXPECT_STR(back->columns[0].name, "age \"x\"");
    EXPECT_EQ_INT(back->columns[0].kind, LAC_KIND_INTEGER);
    EXPECT_EQ_DOUBLE(back->columns[0].lower, 0.0);
    EXPECT_TRUE(back->columns[0].upper == INFINITY);
    EXPECT_EQ_INT(back->columns[1].n_levels, 2);
    EXPECT_STR(back->columns[1].levels[1], "\xC3\xA4");
    EXPECT_EQ_INT(back->columns[2].n_levels, 2);
    EXPECT_TRUE(back->columns[2].levels == NULL);
    EXPECT_EQ_DOUBLE(back->columns[3].upper, 0.1);
}

LAC_TEST(data_schema_json, what_is_no_schema_is_refused)
{
    const struct {
        const char *json, *message;
    } cases[] = {
        {"", "JSON"},
        {"{}", "expected a list of columns"},
        {"[3]", "column 1: expected a map with a name and a known kind"},
        {"[{\"name\":\"a\",\"kind\":\"colour\"}]", "column 1: expected a map"},
        {"[{\"name\":\"a\",\"kind\":\"nominal\",\"levels\":[1]}]", "column 'a': expected its lev"},
        {"[{\"name\":\"a\",\"kind\":\"nominal\",\"levels\":[\"x\",null]}]", "expected its levels"},
        {"[{\"name\":\"a\",\"kind\":\"integer\",\"levels\":[\"x\"]}]", "expected its levels"},
        {"[{\"name\":\"a\",\"kind\":\"integer\",\"lower\":\"x\"}]", "a bound is no finite number"},
    };

    for (size_t k = 0; k < G_N_ELEMENTS(cases); k++) {
        g_autoptr(GError) error = NULL;

        EXPECT_TRUE(lac_schema_from_json(cases[k].json, &error) == NULL);
        EXPECT_ERROR(error, LAC_ERROR_DATA, cases[k].message);
    }
}
