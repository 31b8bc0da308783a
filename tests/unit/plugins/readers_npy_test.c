/* The fixtures are written by NumPy: tests/data/readers/make.py. */
#include "reading.h"

/* The array all f8 files hold. */
static void
expect_array(const LacData *data)
{
    const double expected[] = {1.5, NAN, -3.0, 4.25, 5.0, 1e300};

    ASSERT_EQ_INT(data->rows, 2);
    ASSERT_EQ_INT(data->cols, 3);
    for (size_t k = 0; k < 6; k++)
        EXPECT_EQ_DOUBLE(data->values[k], expected[k]);
    EXPECT_EQ_INT(lac_mask_count(data->holes), 1);
    EXPECT_EQ_INT(lac_data_column(data, 0)->kind, LAC_KIND_CONTINUOUS);
}

LAC_TEST(plugins_readers_npy, c_and_fortran_order_and_versions_give_the_same_table)
{
    static const char *const files[] = {"f8.npy", "f8-fortran.npy", "v3.npy"};

    for (size_t k = 0; k < G_N_ELEMENTS(files); k++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(LacData) data = reading("npy", files[k], NULL, &error);

        ASSERT_NO_ERROR(error);
        expect_array(data);
    }
}

LAC_TEST(plugins_readers_npy, types_and_byte_orders)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) single = reading("npy", "f4-big.npy", NULL, &error);
    g_autoptr(LacData) half = reading("npy", "f2.npy", NULL, &error);
    g_autoptr(LacData) small = reading("npy", "i2-big.npy", NULL, &error);
    g_autoptr(LacData) large = reading("npy", "i8.npy", NULL, &error);
    g_autoptr(LacData) logical = reading("npy", "b1.npy", NULL, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_DOUBLE(lac_data_at(single, 1, 0), 4.25);
    EXPECT_TRUE(lac_data_is_hole(single, 0, 1));
    /* NumPy: float(np.float16(0.1)), the largest half, and its nearest to 6e-8 */
    EXPECT_EQ_DOUBLE(lac_data_at(half, 0, 0), 0.0999755859375);
    EXPECT_EQ_DOUBLE(lac_data_at(half, 0, 1), 65504.0);
    EXPECT_EQ_DOUBLE(lac_data_at(half, 0, 2), 5.9604644775390625e-08);
    EXPECT_EQ_DOUBLE(lac_data_at(half, 1, 0), -2.0);
    EXPECT_TRUE(lac_data_is_hole(half, 1, 1));
    EXPECT_EQ_DOUBLE(lac_data_at(small, 0, 0), -300.0);
    EXPECT_EQ_DOUBLE(lac_data_at(small, 1, 1), -32768.0);
    EXPECT_EQ_INT(lac_data_column(small, 0)->kind, LAC_KIND_INTEGER);
    EXPECT_EQ_DOUBLE(lac_data_at(large, 0, 0), -5.0);
    EXPECT_EQ_DOUBLE(lac_data_at(large, 1, 0), 1099511627776.0);
    EXPECT_EQ_INT(logical->rows, 3);
    EXPECT_EQ_INT(lac_data_column(logical, 0)->kind, LAC_KIND_BINARY);
    EXPECT_EQ_DOUBLE(lac_data_at(logical, 2, 0), 1.0);
}

LAC_TEST(plugins_readers_npy, three_and_four_dimensions_are_images)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) grey = reading("npy", "u1-image.npy", NULL, &error);
    g_autoptr(LacData) colour = reading("npy", "u1-image-fortran.npy", NULL, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(grey->image.channels, 1);
    EXPECT_EQ_INT(grey->image.height, 3);
    EXPECT_EQ_INT(grey->image.width, 4);
    EXPECT_EQ_INT(colour->image.channels, 2);
    for (size_t k = 0; k < 24; k++) /* np.arange in C order, however it is stored */
        EXPECT_EQ_DOUBLE(grey->values[k], (double)k);
    for (size_t k = 0; k < 48; k++)
        EXPECT_EQ_DOUBLE(colour->values[k], (double)k);
}

LAC_TEST(plugins_readers_npy, labels_come_from_another_array)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *labels = reading_fixture("labels.npy");
    g_autofree char *yaml = g_strdup_printf("labels: '%s'", labels);
    g_autoptr(LacData) data = reading("npy", "f8.npy", yaml, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(data->n_classes, 2);
    EXPECT_EQ_INT(data->labels[0], 1);
    EXPECT_STR(data->label_names[1], "7");
    g_clear_pointer(&data, lac_data_unref);
    data = reading("npy", "b1.npy", yaml, &error);
    EXPECT_ERROR(error, LAC_ERROR_SHAPE, "2 x 1 labels, expected one for each of the 3 rows");
}

LAC_TEST(plugins_readers_npy, bad_files_are_refused_with_the_byte)
{
    g_autoptr(GError) error = NULL;

    EXPECT_TRUE(reading("npy", "object.npy", NULL, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_DATA, "is none of f2 f4 f8");
    reading_cut("npy", "f8.npy", 4, 0, "byte 0: ends after 4 of the 8 bytes of the npy magic");
    reading_cut("npy", "f8.npy", 60, 0, "byte 10: ends after 50 of the 118 bytes of the header");
    reading_cut("npy", "f8.npy", -1, 0, "byte 128: the header promises 2 x 3 numbers of 8 bytes");
    reading_cut("npy", "f8.npy", 176, 1, "byte 176: more bytes behind the array");
    reading_cut("npy", "images.idx", 28, 0, "no npy file");
}

LAC_TEST(plugins_readers_npz, stored_and_deflated_arrays)
{
    static const char *const files[] = {"stored.npz", "deflated.npz"};

    for (size_t k = 0; k < G_N_ELEMENTS(files); k++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(LacData) data = reading("npz", files[k], "name: x, labels: y", &error);
        g_autoptr(LacData) other = reading("npz", files[k], "labels: y", &error);

        ASSERT_NO_ERROR(error);
        expect_array(data);
        expect_array(other); /* the only one besides the labels */
        EXPECT_EQ_INT(data->labels[0], 1);
        EXPECT_EQ_INT(data->n_classes, 2);
    }
}

LAC_TEST(plugins_readers_npz, a_single_array_needs_no_name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = reading("npz", "one.npz", NULL, &error);

    ASSERT_NO_ERROR(error);
    expect_array(data);
    EXPECT_CONTAINS(data->origin, "one.npz(arr_0)");
}

LAC_TEST(plugins_readers_npz, unclear_and_unknown_names_list_the_arrays)
{
    g_autoptr(GError) unclear = NULL, unknown = NULL;

    EXPECT_TRUE(reading("npz", "stored.npz", NULL, &unclear) == NULL);
    EXPECT_ERROR(unclear, LAC_ERROR_PARAM,
                 "say which array to read with `name`; the archive holds "
                 "x, y");
    EXPECT_TRUE(reading("npz", "stored.npz", "name: z", &unknown) == NULL);
    EXPECT_ERROR(unknown, LAC_ERROR_PARAM, "there is no array z; the archive holds x, y");
}

LAC_TEST(plugins_readers_npz, damaged_archives_are_refused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *source = reading_fixture("one.npz");
    g_autofree char *folder = g_dir_make_tmp("lacuna-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "one.npz", NULL);
    g_autofree char *bytes = NULL;
    gsize size = 0;

    reading_cut("npz", "one.npz", 10, 0, "byte 10: too short for a zip archive");
    reading_cut("npz", "one.npz", -1, 0, "no zip directory found");
    g_assert(g_file_get_contents(source, &bytes, &size, NULL));
    bytes[200] ^= 1; /* inside the array */
    g_file_set_contents(path, bytes, (gssize)size, NULL);
    EXPECT_TRUE(reading("npz", path, NULL, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_DATA, "checksum is wrong");
    g_unlink(path);
    g_rmdir(folder);
}
