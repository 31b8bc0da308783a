/* The fixtures are written by tests/data/readers/make.py. */
#include "reading.h"

LAC_TEST(plugins_readers_idx, images_labels_and_shape)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *labels = reading_fixture("labels.idx");
    g_autofree char *yaml = g_strdup_printf("labels: '%s', unit: true", labels);
    g_autoptr(LacData) raw = reading("idx", "images.idx", NULL, &error);
    g_autoptr(LacData) unit = reading("idx", "images.idx", yaml, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(raw->rows, 2);
    EXPECT_EQ_INT(raw->image.channels, 1);
    EXPECT_EQ_INT(raw->image.height, 2);
    EXPECT_EQ_INT(raw->image.width, 3);
    EXPECT_EQ_DOUBLE(lac_data_at(raw, 0, 5), 255.0);
    EXPECT_EQ_DOUBLE(lac_data_at(raw, 1, 0), 6.0);
    EXPECT_EQ_DOUBLE(lac_data_column(raw, 0)->upper, 255.0);
    EXPECT_EQ_DOUBLE(lac_data_at(unit, 0, 1), 0.2); /* 51 / 255 */
    EXPECT_EQ_DOUBLE(lac_data_column(unit, 0)->upper, 1.0);
    EXPECT_EQ_INT(unit->labels[0], 1);
    EXPECT_STR(unit->label_names[0], "4");
}

LAC_TEST(plugins_readers_idx, binarised_images_are_drawn_once_and_for_all)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) grey = reading("idx", "images.idx", "unit: true", &error);
    g_autoptr(LacData) a = reading("idx", "images.idx", "binarise: true", &error);
    g_autoptr(LacData) first = reading("idx", "images.idx", "binarise: true, rows: 1", &error);

    ASSERT_NO_ERROR(error);
    EXPECT_TRUE(memcmp(a->values, first->values, a->cols * sizeof *a->values) == 0);
    for (size_t k = 0; k < a->rows * a->cols; k++) {
        EXPECT_TRUE(a->values[k] == 0.0 || a->values[k] == 1.0);
        if (grey->values[k] == 0.0 || grey->values[k] == 1.0)
            EXPECT_EQ_DOUBLE(a->values[k], grey->values[k]);
    }
}

LAC_TEST(plugins_readers_idx, only_bytes_are_binarised)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = reading("idx", "f8.idx", "binarise: true", &error);

    EXPECT_ERROR(error, LAC_ERROR_DATA, "binarise needs bytes (type 08), these are of type 0e");
    EXPECT_TRUE(data == NULL);
}

LAC_TEST(plugins_readers_idx, doubles_with_a_hole)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = reading("idx", "f8.idx", NULL, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_DOUBLE(lac_data_at(data, 0, 0), 1.5);
    EXPECT_TRUE(lac_data_is_hole(data, 0, 1));
    EXPECT_EQ_DOUBLE(lac_data_at(data, 1, 1), 1e-300);
    EXPECT_EQ_INT(data->image.height, 0);
}

LAC_TEST(plugins_readers_idx, the_first_rows_alone)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *labels = reading_fixture("labels.idx");
    g_autofree char *yaml = g_strdup_printf("rows: 1, labels: '%s'", labels);
    g_autoptr(LacData) data = reading("idx", "images.idx", yaml, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(data->rows, 1);
    EXPECT_STR(data->label_names[data->labels[0]], "9");
}

LAC_TEST(plugins_readers_idx, bad_files_are_refused_with_the_byte)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *labels = reading_fixture("labels.idx");
    g_autofree char *yaml = g_strdup_printf("labels: '%s'", labels);
    g_autoptr(LacData) flat = NULL;

    reading_cut("idx", "f8.npy", 176, 0, "byte 0: no idx file: it starts with 93 4e 55 4d");
    reading_cut("idx", "images.idx", 2, 0, "byte 0: ends after 2 of the 4 bytes of the idx magic");
    reading_cut("idx", "images.idx", 10, 0, "byte 4: ends after 6 of the 12 bytes of the sizes");
    reading_cut("idx", "images.idx", -1, 0, "byte 4: the header promises 2 rows of 6 numbers");
    reading_cut("idx", "images.idx", 28, 3, "byte 28: more bytes behind the numbers");
    flat = reading("idx", "labels.idx", yaml, &error);
    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(flat->cols, 1);
    EXPECT_TRUE(reading("idx", labels, "labels: '/nonexistent'", &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_IO, "/nonexistent: cannot open");
}

LAC_TEST(plugins_readers_idx, the_mnist_test_images)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *images = reading_shared("mnist/t10k-images-idx3-ubyte.gz");
    g_autofree char *labels = reading_shared("mnist/t10k-labels-idx1-ubyte.gz");
    g_autofree char *yaml = g_strdup_printf("labels: '%s'", labels);
    g_autoptr(LacData) data = NULL;
    size_t counts[10] = {0};
    double sum = 0;

    if (images == NULL || labels == NULL)
        LAC_SKIP("LACUNA_DATA holds no mnist/t10k-*.gz");
    data = reading("idx", images, yaml, &error);
    ASSERT_NO_ERROR(error);
    ASSERT_EQ_INT(data->rows, 10000);
    ASSERT_EQ_INT(data->cols, 784);
    ASSERT_EQ_INT(data->n_classes, 10);
    for (size_t i = 0; i < data->rows; i++)
        counts[data->labels[i]]++;
    for (size_t k = 0; k < data->rows * data->cols; k++)
        sum += data->values[k];
    /* zcat t10k-images-idx3-ubyte.gz | python3 -c 'import sys;
     * print(sum(sys.stdin.buffer.read()[16:]))' and the same with collections.Counter for the
     * labels */
    EXPECT_EQ_DOUBLE(sum, 264923200.0);
    EXPECT_EQ_INT(counts[0], 980);
    EXPECT_EQ_INT(counts[1], 1135);
    EXPECT_EQ_INT(data->labels[0], 7);
}
