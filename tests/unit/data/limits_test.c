#include "limits-private.h"

#include "lac_test.h"
#include "table-private.h"

/* x: an integer within [0, 9], rows 1 and 2 below 3; y: nothing known; g: three levels */
static LacData *
limited_table(void)
{
    static const char *const levels[] = {"a", "b", "c"};
    const double cells[] = {1, 0.5, 0, NAN, 0.25, 1, NAN, NAN, 2, NAN, 2.5, NAN};
    LacSchema *schema = lac_schema_new(3);
    LacData *data;
    LacLimits *limits = lac_limits_new(4, 3);

    lac_schema_set_levels(schema, 2, LAC_KIND_NOMINAL, 3, levels);
    schema->columns[0].kind = LAC_KIND_INTEGER;
    data = lac_data_new_take(schema, 4, g_memdup2(cells, sizeof cells), "test", NULL);
    limits->column[0].lower = 0.0;
    limits->column[0].upper = 9.0;
    limits->column[0].rounds = TRUE;
    EXPECT_TRUE(lac_limits_set(limits, 1, 0, TRUE, 3.0, NULL));
    EXPECT_TRUE(lac_limits_set(limits, 2, 0, TRUE, 3.0, NULL));
    lac_data_take_limits(data, limits);
    return data;
}

static void
expect_limits(const LacData *data, size_t i, size_t j, double lower, double upper)
{
    double a, b;

    lac_data_limits(data, i, j, &a, &b);
    EXPECT_NEAR_DOUBLE(a, lower, 1e-14);
    EXPECT_NEAR_DOUBLE(b, upper, 1e-14);
}

LAC_TEST(data_limits, of_columns_and_of_single_cells_are_both_kept)
{
    g_autoptr(LacData) data = limited_table();

    expect_limits(data, 1, 0, -0.5, 3.5); /* a whole number is compared after rounding */
    expect_limits(data, 3, 0, -0.5, 9.5);
    expect_limits(data, 2, 1, -INFINITY, INFINITY);
    EXPECT_TRUE(lac_data_is_limited(data, 0) && !lac_data_is_limited(data, 1));
    EXPECT_TRUE(lac_data_has_cell_limits(data, 0) && !lac_data_has_cell_limits(data, 2));
}

LAC_TEST(data_limits, follow_rows_holes_units_and_encoding)
{
    const size_t rows[] = {3, 1};
    g_autoptr(LacData) data = limited_table();
    g_autoptr(LacData) some = lac_data_select_rows(data, 2, rows, NULL);
    g_autoptr(LacMask) more = lac_mask_new(4, 3, NULL);
    g_autoptr(LacScaler) scaler = lac_scaler_learn(LAC_SCALE_STANDARD, data);
    g_autoptr(LacEncoder) encoder = lac_encoder_new(data->schema);
    g_autoptr(LacData) holed = NULL, scaled = NULL, encoded = NULL;

    expect_limits(some, 0, 0, -0.5, 9.5);
    expect_limits(some, 1, 0, -0.5, 3.5);
    lac_mask_set(more, 0, 0, TRUE);
    holed = lac_data_with_holes(data, more, NULL);
    expect_limits(holed, 0, 0, -0.5, 9.5); /* hidden, but nobody said it were below 3 */
    scaler->shift[0] = 2.0;
    scaler->factor[0] = 4.0;
    scaled = lac_scaler_apply(scaler, data, NULL);
    expect_limits(scaled, 1, 0, -0.625, 0.375);
    encoded = lac_encoder_apply(encoder, scaled, NULL);
    EXPECT_EQ_INT(encoded->cols, 5);
    expect_limits(encoded, 2, 0, -0.625, 0.375);
    expect_limits(encoded, 2, 3, -INFINITY, INFINITY);
}

LAC_TEST(data_limits, are_part_of_the_fingerprint)
{
    g_autoptr(LacData) data = limited_table();
    g_autoptr(LacData) plain = lac_data_derive_take(
        data, lac_schema_ref(data->schema), g_memdup2(data->values, 12 * sizeof(double)), NULL);

    EXPECT_TRUE(lac_data_fingerprint(data) != lac_data_fingerprint(plain));
}
