#include "lac_test.h"
#include "tables.h"

static LacData *
table(size_t rows, size_t cols, const double *cells)
{
    return test_table(lac_schema_new(cols), rows, cells);
}

LAC_TEST(data_data, nan_cells_become_holes)
{
    g_autoptr(LacData) data = table(2, 3, (double[]){1, NAN, 3, 4, 5, NAN});

    EXPECT_EQ_INT(lac_mask_count(data->holes), 2);
    EXPECT_TRUE(lac_data_is_hole(data, 0, 1) && lac_data_is_hole(data, 1, 2));
    EXPECT_EQ_DOUBLE(lac_data_at(data, 1, 1), 5.0);
    EXPECT_STR(lac_data_name(data, 2), "x3");
    EXPECT_STR(data->origin, "test");
}

LAC_TEST(data_data, infinite_values_are_refused_with_row_and_column)
{
    g_autoptr(GError) error = NULL;
    double *values = g_new0(double, 140);

    values[70 + 65] = -INFINITY;
    EXPECT_TRUE(lac_data_new_take(lac_schema_new(70), 2, values, "bad.csv", &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_DATA, "bad.csv: row 2, column 'x66' is infinite");
}

LAC_TEST(data_data, more_holes_leave_the_original_alone_and_keep_its_own)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = table(2, 2, (double[]){1, NAN, 3, 4});
    g_autoptr(LacMask) more = lac_mask_new(2, 2, &error);
    g_autoptr(LacData) holed = NULL;

    lac_mask_set(more, 1, 0, TRUE);
    holed = lac_data_with_holes(data, more, &error);
    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(lac_mask_count(holed->holes), 2);
    EXPECT_TRUE(lac_data_is_hole(holed, 1, 0) && lac_data_is_hole(holed, 0, 1));
    EXPECT_TRUE(isnan(lac_data_at(holed, 1, 0)));
    EXPECT_EQ_DOUBLE(lac_data_at(data, 1, 0), 3.0);
    EXPECT_TRUE(holed->schema == data->schema);
}

LAC_TEST(data_data, selected_rows_carry_labels_holes_and_image)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = table(3, 2, (double[]){1, NAN, 3, 4, 5, 6});
    g_autoptr(LacData) some = NULL;
    const int32_t codes[] = {0, 1, -1};
    const char *names[] = {"cat", "dog", NULL};

    lac_data_take_labels(data, g_memdup2(codes, sizeof codes), 2, g_strdupv((char **)names));
    lac_data_set_image(data, (LacImageShape){2, 1, 1});
    some = lac_data_select_rows(data, 4, (size_t[]){2, 0, 0, 1}, &error);
    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(some->rows, 4);
    EXPECT_EQ_DOUBLE(lac_data_at(some, 0, 1), 6.0);
    EXPECT_TRUE(lac_data_is_hole(some, 1, 1) && lac_data_is_hole(some, 2, 1));
    EXPECT_EQ_INT(some->labels[0], -1);
    EXPECT_EQ_INT(some->labels[3], 1);
    EXPECT_STR(some->label_names[1], "dog");
    EXPECT_EQ_INT(some->image.channels, 2);
}

LAC_TEST(data_data, a_table_lives_as_long_as_its_last_holder)
{
    LacData *data = table(1, 1, (double[]){7});
    LacData *held = lac_data_ref(data);

    lac_data_unref(data);
    EXPECT_EQ_DOUBLE(lac_data_at(held, 0, 0), 7.0);
    lac_data_unref(held);
    lac_data_unref(NULL);
}

LAC_TEST(data_data, fingerprint_sees_each_part_and_not_the_nan_payload)
{
    g_autoptr(LacData) a = table(2, 2, (double[]){1, NAN, 3, 4});
    g_autoptr(LacData) same = table(2, 2, (double[]){1, -NAN, 3, 4});
    g_autoptr(LacData) flat = table(1, 4, (double[]){1, NAN, 3, 4});
    g_autoptr(LacData) value = table(2, 2, (double[]){1, NAN, 3, 4.0000000000000009});
    g_autoptr(LacData) hole = table(2, 2, (double[]){1, 0, 3, 4});
    g_autoptr(LacData) swapped = table(2, 2, (double[]){NAN, 1, 3, 4});
    const uint64_t h = lac_data_fingerprint(a);

    EXPECT_TRUE(h == lac_data_fingerprint(same));
    EXPECT_TRUE(h != lac_data_fingerprint(flat));
    EXPECT_TRUE(h != lac_data_fingerprint(value));
    EXPECT_TRUE(h != lac_data_fingerprint(hole));
    EXPECT_TRUE(h != lac_data_fingerprint(swapped));
    lac_data_take_labels(same, g_new0(int32_t, 2), 1, NULL);
    EXPECT_TRUE(h != lac_data_fingerprint(same));
}

LAC_TEST(data_data, copying_and_filling_touch_only_the_holes)
{
    g_autoptr(LacData) data = table(2, 3, (double[]){1, NAN, 3, NAN, 5, NAN});
    double cells[8] = {0}, seen[2];
    LacMatrix out_view = {.rows = 2, .cols = 3, .stride = 4, .v = cells}, *out = &out_view;

    lac_data_fill_holes(data, (double[]){10, 20, 30}, out);
    EXPECT_EQ_DOUBLE(lac_matrix_row(out, 0)[0], 1.0);
    EXPECT_EQ_DOUBLE(lac_matrix_row(out, 0)[1], 20.0);
    EXPECT_EQ_DOUBLE(lac_matrix_row(out, 1)[0], 10.0);
    EXPECT_EQ_DOUBLE(lac_matrix_row(out, 1)[2], 30.0);
    lac_data_copy_values(data, out);
    EXPECT_TRUE(isnan(lac_matrix_row(out, 1)[0]));
    EXPECT_EQ_INT(lac_data_copy_seen(data, 0, seen), 1);
    EXPECT_EQ_DOUBLE(seen[0], 1.0);
}
