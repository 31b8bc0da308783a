/* Files of several blocks of a MiB, and what a border between two blocks cuts. */
#include "csv_parse.h"

#include <glib/gstdio.h>
#include <unistd.h>
#include <zlib.h>

LAC_TEST(data_csv_blocks, bad_bytes_behind_the_first_block_are_refused_with_their_place)
{
    static const struct {
        char byte;
        const char *message;
    } cases[] = {{'\0', "t.csv:200002:4: byte 0x00 is not UTF-8"},
                 {'\xE9', "t.csv:200002:4: byte 0xE9 is not UTF-8"}};

    for (size_t k = 0; k < G_N_ELEMENTS(cases); k++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GString) text = g_string_new("a,b\n");

        for (int i = 0; i < 400000; i++) /* 3.2 MB */
            g_string_append(text, "1,2345\n");
        text->str[4 + 7 * 200000 + 3] = cases[k].byte;
        EXPECT_TRUE(lac_csv_parse(text->str, text->len, "t.csv", NULL, NULL, &error) == NULL);
        EXPECT_ERROR(error, LAC_ERROR_DATA, cases[k].message);
    }
}

LAC_TEST(data_csv_blocks, bad_bytes_behind_a_block_of_blank_lines_are_refused)
{
    g_autoptr(GString) text = g_string_new("a,b\n1,2\n");
    g_autofree char *blank = g_strnfill(3 << 20, '\n');

    g_string_append(text, blank);
    g_string_append(text, "3,\xE9\n");
    expect_refused(text->str, NULL, "byte 0xE9 is not UTF-8");
}

LAC_TEST(data_csv_blocks, a_block_border_between_cr_and_lf_of_the_header_adds_no_row)
{
    g_autofree char *name = g_strnfill((1 << 20) - 1, 'n'); /* the CR is the last byte of a block */
    g_autofree char *text = g_strconcat(name, "\r\n1\r\n2\r\n", NULL);
    g_autoptr(LacData) data = parse(text, NULL, NULL);

    ASSERT_TRUE(data != NULL);
    EXPECT_EQ_INT(data->rows, 2);
    EXPECT_EQ_INT(lac_mask_count(data->holes), 0);
}

LAC_TEST(data_csv_blocks, a_line_of_more_than_64_MiB_is_refused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "lacuna-line-XXXXXX", NULL);
    g_autofree char *piece = g_strnfill(1 << 20, 'x');
    gzFile file = gzdopen(g_mkstemp(path), "wb1");

    gzputs(file, "a\n1\n");
    for (int k = 0; k < 65; k++) /* packed to some 300 kB */
        gzwrite(file, piece, 1 << 20);
    gzclose(file);
    EXPECT_TRUE(lac_csv_read(path, NULL, NULL, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_DATA, ":3:1: the record is longer than 64 MiB; is a line end");
    g_unlink(path);
}

/* Three columns over several blocks: a number of varying length, a quoted text with a line end in
 * every 97th row, and an umlaut that some block border cuts. */
static GString *
large_text(size_t rows)
{
    GString *text = g_string_new("x,t,u\n");

    for (size_t i = 0; i < rows; i++)
        g_string_append_printf(text, "%zu.%zu,%s,\xC3\xA4%zu\n", i, i * i % 1000,
                               i % 97 == 0 ? "\"two\nlines\"" : "one", i % 7);
    return text;
}

static void
expect_large(const LacData *data, size_t rows)
{
    ASSERT_EQ_INT(data->rows, rows);
    expect_kinds(data, "continuous binary nominal");
    EXPECT_EQ_INT(lac_data_column(data, 2)->n_levels, 7);
    for (size_t i = 0; i < rows; i++) {
        g_autofree char *number = g_strdup_printf("%zu.%zu", i, i * i % 1000);

        if (lac_data_at(data, i, 0) != g_ascii_strtod(number, NULL) ||
            lac_data_at(data, i, 1) != (double)(i % 97 == 0) ||
            lac_data_at(data, i, 2) != (double)(i % 7)) {
            lac_test_fail(__FILE__, __LINE__, "row %zu is wrong", i);
            return;
        }
    }
}

LAC_TEST(data_csv_blocks, records_and_characters_across_blocks_are_put_together)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = large_text(200000); /* some 3.3 MB: several blocks of 1 MiB */
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "lacuna-large-XXXXXX", NULL);
    g_auto(LacCsvFormat) format = {0};
    g_autoptr(LacData) from_memory = parse(text->str, NULL, NULL), from_gzip = NULL;
    g_autoptr(GBytes) loaded = NULL;
    gboolean gzip = FALSE;
    gzFile file = gzdopen(g_mkstemp(path), "wb");

    gzwrite(file, text->str, (unsigned)text->len);
    gzclose(file);
    ASSERT_TRUE(from_memory != NULL);
    expect_large(from_memory, 200000);
    from_gzip = lac_csv_read(path, NULL, &format, &error);
    ASSERT_NO_ERROR(error);
    EXPECT_TRUE(format.gzip);
    EXPECT_TRUE(lac_data_fingerprint(from_gzip) == lac_data_fingerprint(from_memory));
    loaded = lac_csv_load(path, &gzip, &error);
    ASSERT_NO_ERROR(error);
    EXPECT_TRUE(gzip);
    EXPECT_EQ_INT(g_bytes_get_size(loaded), text->len);
    g_unlink(path);
}

LAC_TEST(data_csv_blocks, a_text_that_shows_late_turns_the_whole_column_to_texts)
{
    g_autoptr(GString) text = g_string_new("x,c\n");
    g_autoptr(LacData) data = NULL;

    for (int i = 0; i < 200000; i++) /* first texts 1.5 MB into the file */
        g_string_append(text, i < 90000 ? "1.25,0123456789\n" : "2.5,b\n");
    data = parse(text->str, NULL, NULL);
    ASSERT_TRUE(data != NULL);
    expect_kinds(data, "continuous binary");
    EXPECT_STR(lac_data_column(data, 1)->levels[0], "0123456789");
    EXPECT_EQ_DOUBLE(lac_data_at(data, 0, 1), 0.0);
    EXPECT_EQ_DOUBLE(lac_data_at(data, 199999, 1), 1.0);
}

LAC_TEST(data_csv_blocks, a_cut_off_gzip_file_is_refused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = large_text(1000);
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "lacuna-cut-XXXXXX", NULL);
    g_autofree char *bytes = NULL;
    gsize n = 0;
    gzFile file = gzdopen(g_mkstemp(path), "wb");

    gzwrite(file, text->str, (unsigned)text->len);
    gzclose(file);
    g_file_get_contents(path, &bytes, &n, NULL);
    g_file_set_contents(path, bytes, (gssize)n / 2, NULL);
    EXPECT_TRUE(lac_csv_read(path, NULL, NULL, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_IO, "the gzip stream is cut off after");
    g_unlink(path);
}
