#include "lac_test.h"
#include "table-private.h"
#include "tables.h"

/* Undoes @scaler on a copy of @scaled's cells and compares with @raw. */
static void
expect_round_trip(const LacScaler *scaler, const LacData *scaled, const LacData *raw)
{
    g_autofree double *cells = g_memdup2(scaled->values, raw->rows * raw->cols * sizeof(double));
    LacMatrix view = {raw->rows, raw->cols, raw->cols, cells};

    lac_scaler_undo(scaler, &view);
    for (size_t k = 0; k < raw->rows * raw->cols; k++)
        EXPECT_NEAR_DOUBLE(cells[k], raw->values[k], 4e-16); /* two roundings */
}

LAC_TEST(data_scale, minmax_uses_observed_training_cells_only)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) train =
        test_table(lac_schema_new(2), 4, (double[]){2, 5, NAN, 5, 6, 5, 4, NAN});
    g_autoptr(LacData) test = test_table(lac_schema_new(2), 1, (double[]){10, 7});
    g_autoptr(LacScaler) scaler = lac_scaler_learn(LAC_SCALE_MINMAX, train);
    g_autoptr(LacData) scaled = lac_scaler_apply(scaler, train, &error);
    g_autoptr(LacData) outside = lac_scaler_apply(scaler, test, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_DOUBLE(lac_data_at(scaled, 0, 0), 0.0);
    EXPECT_EQ_DOUBLE(lac_data_at(scaled, 2, 0), 1.0);
    EXPECT_EQ_DOUBLE(lac_data_at(scaled, 3, 0), 0.5);
    EXPECT_TRUE(lac_data_is_hole(scaled, 1, 0));
    EXPECT_EQ_DOUBLE(lac_data_at(scaled, 0, 1), 0.0);  /* constant: centred, not divided */
    EXPECT_EQ_DOUBLE(lac_data_at(outside, 0, 0), 2.0); /* (10 - 2) / 4 */
    EXPECT_EQ_DOUBLE(lac_data_at(outside, 0, 1), 2.0); /* (7 - 5) / 1 */
    expect_round_trip(scaler, scaled, train);
}

LAC_TEST(data_scale, standard_divides_by_the_population_sd)
{
    /* 2, 4, 4, 4, 5, 5, 7, 9: mean 5, sd 2 with divisor n (by hand) */
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) train =
        test_table(lac_schema_new(1), 9, (double[]){2, 4, 4, 4, NAN, 5, 5, 7, 9});
    g_autoptr(LacScaler) scaler = lac_scaler_learn(LAC_SCALE_STANDARD, train);
    g_autoptr(LacData) scaled = lac_scaler_apply(scaler, train, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_DOUBLE(scaler->shift[0], 5.0);
    EXPECT_EQ_DOUBLE(scaler->factor[0], 2.0);
    EXPECT_EQ_DOUBLE(lac_data_at(scaled, 8, 0), 2.0);
    expect_round_trip(scaler, scaled, train);
}

LAC_TEST(data_scale, codes_stay_and_scaled_integers_become_continuous)
{
    g_autoptr(GError) error = NULL;
    LacSchema *schema = lac_schema_new(3);
    g_autoptr(LacScaler) scaler = NULL;
    g_autoptr(LacData) data = NULL, scaled = NULL, same = NULL;
    g_autoptr(LacScaler) none = NULL;

    lac_schema_set_levels(schema, 0, LAC_KIND_NOMINAL, 3, (const char *[]){"a", "b", "c"});
    schema->columns[1].kind = LAC_KIND_INTEGER;
    schema->columns[1].lower = 0.0;
    data = test_table(schema, 3, (double[]){0, 10, 1, 2, 20, 2, 1, 30, 3});
    scaler = lac_scaler_learn(LAC_SCALE_MINMAX, data);
    scaled = lac_scaler_apply(scaler, data, &error);
    ASSERT_NO_ERROR(error);
    EXPECT_EQ_DOUBLE(lac_data_at(scaled, 1, 0), 2.0);
    EXPECT_EQ_INT(lac_data_column(scaled, 0)->kind, LAC_KIND_NOMINAL);
    EXPECT_EQ_INT(lac_data_column(scaled, 1)->kind, LAC_KIND_CONTINUOUS);
    EXPECT_EQ_DOUBLE(lac_data_column(scaled, 1)->lower, -0.5); /* (0 - 10) / 20 */
    EXPECT_TRUE(lac_data_column(scaled, 1)->upper == INFINITY);
    none = lac_scaler_learn(LAC_SCALE_NONE, data);
    same = lac_scaler_apply(none, data, &error);
    EXPECT_TRUE(same == data);
}

LAC_TEST(data_scale, extreme_columns_stay_finite)
{
    /* all missing; range beyond the largest double; the same value whose mean does not round back
     */
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = test_table(
        lac_schema_new(3), 3, (double[]){NAN, 1.5e308, 0.1, NAN, -1.5e308, 0.1, NAN, 0, 0.1});
    const LacScale scales[] = {LAC_SCALE_MINMAX, LAC_SCALE_STANDARD};

    for (size_t s = 0; s < G_N_ELEMENTS(scales); s++) {
        g_autoptr(LacScaler) scaler = lac_scaler_learn(scales[s], data);
        g_autoptr(LacData) scaled = lac_scaler_apply(scaler, data, &error);

        ASSERT_NO_ERROR(error);
        EXPECT_EQ_DOUBLE(scaler->factor[0], 1.0);
        EXPECT_EQ_DOUBLE(lac_data_at(scaled, 1, 1), -1.0);
        EXPECT_EQ_DOUBLE(lac_data_at(scaled, 2, 2), 0.0);
        expect_round_trip(scaler, scaled, data);
    }
}

LAC_TEST(data_scale, names_parse_back)
{
    LacScale scale = LAC_SCALE_NONE;

    EXPECT_TRUE(lac_scale_parse(lac_scale_name(LAC_SCALE_STANDARD), &scale));
    EXPECT_EQ_INT(scale, LAC_SCALE_STANDARD);
    EXPECT_FALSE(lac_scale_parse("zscore", &scale));
}
