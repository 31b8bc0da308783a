#include "lac_test.h"
#include <lacuna/data.h>

LAC_TEST(data_columns, a_selection_keeps_names_kinds_values_and_holes)
{
    static const char *const levels[] = {"low", "high"};
    const double source[] = {1, NAN, 0, 4, 5, 1};
    const size_t index[] = {2, 1};
    double *values = g_memdup2(source, sizeof(source));
    LacSchema *schema = lac_schema_new(3);
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = NULL, part = NULL;

    lac_schema_set_name(schema, 1, "middle");
    lac_schema_set_levels(schema, 2, LAC_KIND_BINARY, 2, levels);
    data = lac_data_new_take(schema, 2, values, "by hand", &error);
    ASSERT_NO_ERROR(error);
    part = lac_data_select_cols(data, 2, index, &error);
    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(part->rows, 2);
    EXPECT_EQ_INT(part->cols, 2);
    EXPECT_STR(lac_data_name(part, 1), "middle");
    EXPECT_EQ_INT(lac_data_column(part, 0)->kind, LAC_KIND_BINARY);
    EXPECT_STR(lac_data_column(part, 0)->levels[1], "high");
    EXPECT_EQ_DOUBLE(lac_data_at(part, 1, 0), 1);
    EXPECT_EQ_DOUBLE(lac_data_at(part, 1, 1), 5);
    EXPECT_TRUE(lac_data_is_hole(part, 0, 1));
    EXPECT_FALSE(lac_data_is_hole(part, 0, 0));
}
