#include "reading.h"

/* A file of @n records of label bytes @label ... and pixels i, i+1, i+2 ... modulo 256. */
static char *
write_records(size_t n, size_t label_bytes, const uint8_t *label, size_t cut)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *folder = g_dir_make_tmp("lacuna-XXXXXX", NULL);
    char *path = g_build_filename(folder, "x.bin", NULL);

    for (size_t i = 0; i < n; i++) {
        g_byte_array_append(bytes, label + i * label_bytes, (guint)label_bytes);
        for (size_t k = 0; k < 3072; k++)
            g_byte_array_append(bytes, (const guint8[]){(guint8)(i + k)}, 1);
    }
    g_file_set_contents(path, (const char *)bytes->data, (gssize)(bytes->len - cut), NULL);
    return path;
}

static void
forget(char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);

    g_unlink(path);
    g_rmdir(folder);
}

LAC_TEST(plugins_readers_cifar, records_become_labelled_images)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = write_records(3, 1, (const uint8_t[]){3, 9, 0}, 0);
    g_autoptr(LacData) data = reading("cifar", path, NULL, &error);
    g_autoptr(LacData) two = reading("cifar", path, "rows: 2, unit: true", &error);

    ASSERT_NO_ERROR(error);
    ASSERT_EQ_INT(data->rows, 3);
    EXPECT_EQ_INT(data->image.channels, 3);
    EXPECT_EQ_INT(data->image.width, 32);
    EXPECT_EQ_DOUBLE(lac_data_at(data, 2, 300), 46.0); /* (2 + 300) % 256 */
    EXPECT_STR(data->label_names[data->labels[1]], "truck");
    ASSERT_EQ_INT(two->rows, 2);
    EXPECT_EQ_DOUBLE(lac_data_at(two, 0, 51), 0.2);
    forget(path);
}

LAC_TEST(plugins_readers_cifar, the_hundred_classes_have_two_labels)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = write_records(2, 2, (const uint8_t[]){19, 99, 4, 50}, 0);
    g_autoptr(LacData) fine = reading("cifar", path, "variant: cifar100", &error);
    g_autoptr(LacData) coarse = reading("cifar", path, "variant: cifar100-coarse", &error);

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(fine->labels[0], 99);
    EXPECT_EQ_INT(fine->n_classes, 100);
    EXPECT_EQ_INT(coarse->labels[1], 4);
    EXPECT_EQ_DOUBLE(lac_data_at(fine, 1, 0), 1.0);
    forget(path);
}

LAC_TEST(plugins_readers_cifar, cut_off_and_foreign_files_are_refused_with_the_byte)
{
    g_autoptr(GError) cut = NULL, foreign = NULL;
    g_autofree char *short_path = write_records(2, 1, (const uint8_t[]){3, 9}, 5);
    g_autofree char *other_path = write_records(2, 1, (const uint8_t[]){3, 10}, 0);

    EXPECT_TRUE(reading("cifar", short_path, NULL, &cut) == NULL);
    EXPECT_ERROR(cut, LAC_ERROR_DATA, "byte 3073: the last record has 3068 of 3073 bytes");
    EXPECT_TRUE(reading("cifar", other_path, NULL, &foreign) == NULL);
    EXPECT_ERROR(foreign, LAC_ERROR_DATA, "byte 3073: 10 is no label of cifar10");
    forget(short_path);
    forget(other_path);
}

LAC_TEST(plugins_readers_cifar, the_cifar10_test_batch)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = reading_shared("cifar10/test_batch.bin.gz");
    g_autoptr(LacData) data = NULL;
    size_t counts[10] = {0};
    double sum = 0;

    if (path == NULL)
        LAC_SKIP("LACUNA_DATA holds no cifar10/test_batch.bin.gz");
    data = reading("cifar", path, "rows: 1000", &error);
    ASSERT_NO_ERROR(error);
    ASSERT_EQ_INT(data->rows, 1000);
    for (size_t i = 0; i < data->rows; i++)
        counts[data->labels[i]]++;
    for (size_t k = 0; k < data->rows * data->cols; k++)
        sum += data->values[k];
    /* python3 -c 'import gzip; b = gzip.open("test_batch.bin.gz").read(3073000); r = [b[i:i+3073]
     * for i in range(0, 3073000, 3073)]; print(sum(sum(x[1:]) for x in r), sum(x[0] == 0 for x in
     * r), r[0][0])' */
    EXPECT_EQ_DOUBLE(sum, 374560331.0);
    EXPECT_EQ_INT(counts[0], 103);
    EXPECT_EQ_INT(data->labels[0], 3);
}
