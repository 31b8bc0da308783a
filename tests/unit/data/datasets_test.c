/* The data sets that Lacuna ships are what experiments/data/README.md says. */
#include "lac_test.h"
#include <lacuna/csv.h>

/* Reads @name, and checks its size and that its SHA-256 stands in the README. */
static LacData *
shipped(const char *name, const char *label, size_t rows, size_t cols)
{
    g_autofree char *folder = g_build_filename(LAC_TEST_SOURCE_DIR, "experiments", "data", NULL);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *readme = g_build_filename(folder, "README.md", NULL);
    g_autofree char *text = NULL, *bytes = NULL, *sum = NULL;
    g_autoptr(GError) error = NULL;
    const LacCsvOptions options = {.label = label};
    LacData *data = lac_csv_read(path, &options, NULL, &error);
    gsize n = 0;

    g_assert_no_error(error);
    g_assert(g_file_get_contents(path, &bytes, &n, NULL));
    g_assert(g_file_get_contents(readme, &text, NULL, NULL));
    sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, n);
    EXPECT_CONTAINS(text, sum);
    EXPECT_EQ_INT(data->rows, rows);
    EXPECT_EQ_INT(data->cols, cols);
    EXPECT_EQ_INT(lac_mask_count(data->holes), 0);
    return data;
}

LAC_TEST(data_datasets, concrete)
{
    g_autoptr(LacData) data = shipped("concrete.csv", NULL, 1030, 9);

    EXPECT_STR(lac_data_name(data, 8), "compressive_strength");
    EXPECT_EQ_DOUBLE(lac_data_at(data, 0, 8), 79.99);
    EXPECT_EQ_INT(lac_data_column(data, 7)->kind, LAC_KIND_INTEGER);
}

LAC_TEST(data_datasets, letter)
{
    g_autoptr(LacData) data = shipped("letter.csv", "lettr", 20000, 16);

    EXPECT_EQ_INT(data->n_classes, 26);
    EXPECT_STR(data->label_names[data->labels[0]], "T"); /* UCI's first record: T,2,8,3,5,1 ... */
    EXPECT_EQ_DOUBLE(lac_data_at(data, 0, 1), 8.0);
}

LAC_TEST(data_datasets, spambase)
{
    g_autoptr(LacData) data = shipped("spambase.csv", "type", 4601, 57);
    size_t spam = 0;

    for (size_t i = 0; i < data->rows; i++)
        spam += data->labels[i] == 1;
    EXPECT_STR(data->label_names[1], "spam");
    EXPECT_EQ_INT(spam, 1813); /* as UCI's spambase.names says */
}
