#include "lac_test.h"
#include "table-private.h"
#include "tables.h"

/* age (continuous), colour (three levels), smoker (binary), grade (ordinal, three levels) */
static LacSchema *
people(void)
{
    LacSchema *schema = lac_schema_new(4);

    lac_schema_set_name(schema, 0, "age");
    lac_schema_set_name(schema, 1, "colour");
    lac_schema_set_levels(schema, 1, LAC_KIND_NOMINAL, 3, (const char *[]){"blue", "green", "red"});
    lac_schema_set_levels(schema, 2, LAC_KIND_BINARY, 2, (const char *[]){"no", "yes"});
    lac_schema_set_levels(schema, 3, LAC_KIND_ORDINAL, 3, (const char *[]){"low", "mid", "high"});
    return schema;
}

LAC_TEST(data_encode, nominal_levels_become_columns_and_holes_stay_holes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = test_table(people(), 2, (double[]){31.5, 2, 1, 0, 40, NAN, 0, 2});
    g_autoptr(LacEncoder) encoder = lac_encoder_new(data->schema);
    g_autoptr(LacData) wide = lac_encoder_apply(encoder, data, &error);
    const double first[] = {31.5, 0, 0, 1, 1, 0};

    ASSERT_NO_ERROR(error);
    EXPECT_FALSE(lac_encoder_is_identity(encoder));
    ASSERT_EQ_INT(wide->cols, 6);
    EXPECT_STR(lac_data_name(wide, 3), "colour=red");
    EXPECT_EQ_INT(lac_data_column(wide, 3)->kind, LAC_KIND_BINARY);
    EXPECT_EQ_INT(lac_data_column(wide, 5)->kind, LAC_KIND_ORDINAL);
    for (size_t j = 0; j < 6; j++)
        EXPECT_EQ_DOUBLE(lac_data_at(wide, 0, j), first[j]);
    EXPECT_EQ_INT(lac_mask_count_row(wide->holes, 1), 3);
}

LAC_TEST(data_encode, undo_takes_the_largest_score_and_keeps_codes_in_range)
{
    g_autoptr(LacSchema) schema = people();
    g_autoptr(LacEncoder) encoder = lac_encoder_new(schema);
    double wide_cells[] = {31.25, 0.2, 0.5, 0.3, 1.7, 1.4, 7.5, 0.4, 0.1, 0.4, -0.2, 9.0};
    double cells[8];
    const double expected[] = {31.25, 1, 1, 1, 7.5, 0, 0, 2};
    LacMatrix wide = {2, 6, 6, wide_cells}, out = {2, 4, 4, cells};

    lac_encoder_undo(encoder, &wide, &out);
    for (size_t k = 0; k < 8; k++)
        EXPECT_EQ_DOUBLE(cells[k], expected[k]);
}

LAC_TEST(data_encode, a_table_of_numbers_needs_no_encoding)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = test_table(lac_schema_new(2), 1, (double[]){1, 2}), same = NULL;
    g_autoptr(LacEncoder) encoder = lac_encoder_new(data->schema);

    EXPECT_TRUE(lac_encoder_is_identity(encoder));
    same = lac_encoder_apply(encoder, data, &error);
    EXPECT_TRUE(same == data);
}
