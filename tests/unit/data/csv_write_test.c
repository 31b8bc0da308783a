#include "lac_test.h"
#include <lacuna/csv.h>

static gboolean
append(const char *bytes, gsize n, void *user, GError **error)
{
    g_string_append_len(user, bytes, (gssize)n);
    return TRUE;
}

/* @text with every hole of column j filled with @fill[j]; @kinds: as LacCsvOptions has them. */
static char *
filled_as(const char *text, char **kinds, const double *fill, const LacCsvExtra *extra)
{
    const LacCsvOptions options = {.kinds = kinds};
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    g_auto(LacCsvFormat) format = {0};
    g_autoptr(LacData) data = lac_csv_parse(text, strlen(text), "t.csv", &options, &format, &error);
    g_autofree double *cells = NULL;
    LacMatrix completed;

    g_assert_no_error(error);
    cells = g_new(double, data->rows * data->cols);
    completed = (LacMatrix){data->rows, data->cols, data->cols, cells};
    lac_data_fill_holes(data, fill, &completed);
    lac_csv_write_filled(text, strlen(text), &format, data, &completed, extra, append, out, &error);
    g_assert_no_error(error);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static char *
filled(const char *text, const double *fill, const LacCsvExtra *extra)
{
    return filled_as(text, NULL, fill, extra);
}

LAC_TEST(data_csv_write, untouched_cells_keep_every_byte)
{
    /* odd but legal: BOM, CRLF, blanks, quoted numbers, leading zeros, blank lines, no last line
     * end */
    const char *text = "\xEF\xBB\xBF\r\na , \"b\",t\r\n 01.50,\"2\", x \r\n\r\nNA , ? ,\"\"\r\n"
                       "+3e0,\"4\",\"q\"\"\"";
    const char *expected =
        "\xEF\xBB\xBF\r\na , \"b\",t\r\n 01.50,\"2\", x \r\n\r\n2.25 , \"7\" ,\"\""
        "\r\n+3e0,\"4\",\"q\"\"\"";
    g_autofree char *out = filled(text, (double[]){2.25, 7, 0}, NULL);

    EXPECT_STR(out, expected);
}

LAC_TEST(data_csv_write, a_table_without_holes_comes_out_as_it_went_in)
{
    const char *text = "a;b\n1,5;x\n2,5;\"y;\"\n\n";
    g_autofree char *out = filled(text, (double[]){0, 0}, NULL);

    EXPECT_STR(out, text);
}

LAC_TEST(data_csv_write, filled_texts_are_quoted_and_decimals_follow_the_file)
{
    g_autofree char *out = filled("n;t\n1,5;\"a;b\"\n;\n2;c\n", (double[]){0.1, 0}, NULL);

    EXPECT_STR(out, "n;t\n1,5;\"a;b\"\n0,1;\"a;b\"\n2;c\n");
}

LAC_TEST(data_csv_write, blank_lines_of_a_single_column_are_filled)
{
    g_autofree char *out = filled("x\n1.5\n\n2.5\n", (double[]){2}, NULL);

    EXPECT_STR(out, "x\n1.5\n2\n2.5\n");
}

LAC_TEST(data_csv_write, a_nan_leaves_the_hole_as_it_is)
{
    g_autofree char *out = filled("a,b\n1,NA\n,2\n", (double[]){NAN, 5}, NULL);

    EXPECT_STR(out, "a,b\n1,5\n,2\n");
}

static void
number_rows(GString *out, gssize row, const void *user)
{
    if (row < 0)
        g_string_append(out, ".imp,.id");
    else
        g_string_append_printf(out, "%d,%d", *(const int *)user, (int)row + 1);
}

LAC_TEST(data_csv_write, further_fields_make_long_tables)
{
    const int imp = 2;
    LacCsvExtra extra = {.suffix = number_rows, .user = &imp};
    g_autofree char *first = filled("a,b\n1,\n\n3,4", (double[]){0, 9}, &extra);
    g_autofree char *second = NULL;

    EXPECT_STR(first, "a,b,.imp,.id\n1,9,2,1\n\n3,4,2,2");
    extra.skip_header = extra.end_last_line = TRUE;
    second = filled("\xEF\xBB\xBF"
                    "a,b\r\n1,\r\n3,4",
                    (double[]){0, 9}, &extra);
    EXPECT_STR(second, "1,9,2,1\r\n3,4,2,2\r\n");
}

LAC_TEST(data_csv_write, doubles_are_as_short_as_they_can_be_and_read_back)
{
    LacColumn column = {.kind = LAC_KIND_CONTINUOUS};
    GRand *rand = g_rand_new_with_seed(3);
    g_autoptr(GString) out = g_string_new(NULL);
    const struct {
        double value;
        const char *text;
    } cases[] = {{0.1, "0.1"},
                 {1.0 / 3, "0.3333333333333333"},
                 {100, "100"},
                 {-0.0, "0"},
                 {1e300, "1e+300"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {123456789.125, "123456789.125"}};

    for (size_t k = 0; k < G_N_ELEMENTS(cases); k++) {
        g_string_truncate(out, 0);
        lac_csv_format_value(out, &column, cases[k].value, ',', '.');
        EXPECT_STR(out->str, cases[k].text);
    }
    for (int k = 0; k < 10000; k++) {
        const double value = g_rand_double_range(rand, -1e6, 1e6) * g_rand_double(rand);

        g_string_truncate(out, 0);
        lac_csv_format_value(out, &column, value, ',', '.');
        EXPECT_EQ_DOUBLE(g_ascii_strtod(out->str, NULL), value);
    }
    g_rand_free(rand);
}

LAC_TEST(data_csv_write, whole_numbers_and_levels_are_rounded_to_what_the_column_holds)
{
    char *levels[] = {"no", "yes, sir", NULL};
    LacColumn count = {.kind = LAC_KIND_INTEGER};
    LacColumn answer = {.kind = LAC_KIND_BINARY, .n_levels = 2, .levels = levels};
    g_autoptr(GString) out = g_string_new(NULL);

    lac_csv_format_value(out, &count, 1234567890123.4, ',', '.');
    g_string_append_c(out, '|');
    lac_csv_format_value(out, &count, -0.2, ',', '.');
    g_string_append_c(out, '|');
    lac_csv_format_value(out, &answer, 0.8, ',', '.');
    g_string_append_c(out, '|');
    lac_csv_format_value(out, &answer, -3, ',', '.');
    EXPECT_STR(out->str, "1234567890123|0|\"yes, sir\"|no");
}

LAC_TEST(data_csv_write, a_changed_source_is_noticed)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    g_auto(LacCsvFormat) format = {0};
    g_autoptr(LacData) data = lac_csv_parse("a,b\n1,2\n", 8, "t.csv", NULL, &format, &error);
    double cells[2] = {1, 2};
    const LacMatrix completed = {1, 2, 2, cells};

    ASSERT_NO_ERROR(error);
    EXPECT_FALSE(lac_csv_write_filled("a,b\n1,2\n3,4\n", 12, &format, data, &completed, NULL,
                                      append, out, &error));
    EXPECT_ERROR(error, LAC_ERROR_DATA, "did the file change meanwhile?");
}

LAC_TEST(data_csv_write, what_is_filled_in_has_the_leading_zeros_of_its_column)
{
    /* zip: all of five digits, some with a zero first; n: of several widths; m: no zero first */
    const char *text = "zip,n,m\n01234,7,10\n?,?,?\n\"90210\",010,42\n00501,3,77\n";
    char *kinds[] = {"zip", "integer", "n", "integer", NULL};
    g_autofree char *out = filled_as(text, kinds, (double[]){501.0, 5.0, 7.0}, NULL);

    EXPECT_STR(out, "zip,n,m\n01234,7,10\n00501,5,7\n\"90210\",010,42\n00501,3,77\n");
}
