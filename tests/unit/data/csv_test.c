#include "lac_test.h"
#include <lacuna/csv.h>

#include <glib/gstdio.h>
#include <unistd.h>
#include <zlib.h>

static LacData *
parse(const char *text, const LacCsvOptions *options, LacCsvFormat *format)
{
    g_autoptr(GError) error = NULL;
    LacData *data = lac_csv_parse(text, strlen(text), "t.csv", options, format, &error);

    if (error != NULL)
        lac_test_fail(__FILE__, __LINE__, "unexpected error: %s", error->message);
    return data;
}

/* The text must be refused with a message that contains @part. */
static void
expect_refused(const char *text, const LacCsvOptions *options, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = lac_csv_parse(text, strlen(text), "t.csv", options, NULL, &error);

    EXPECT_TRUE(data == NULL);
    EXPECT_TRUE(error != NULL && error->domain == LAC_ERROR);
    if (error == NULL || strstr(error->message, part) == NULL)
        lac_test_fail(__FILE__, __LINE__, "\"%s\"\n  does not say \"%s\"",
                      error != NULL ? error->message : "(no error)", part);
}

static void
expect_kinds(const LacData *data, const char *kinds)
{
    g_autoptr(GString) seen = g_string_new(NULL);

    for (size_t j = 0; j < data->cols; j++)
        g_string_append_printf(seen, "%s%s", j > 0 ? " " : "",
                               lac_kind_name(lac_data_column(data, j)->kind));
    EXPECT_STR(seen->str, kinds);
}

LAC_TEST(data_csv, numbers_names_and_holes)
{
    g_auto(LacCsvFormat) format = {0};
    g_autoptr(LacData) data = parse("a,b\n1,2.5\n,-3e2\nNA,?\n4,NaN\n", NULL, &format);

    ASSERT_TRUE(data != NULL);
    EXPECT_EQ_INT(data->rows, 4);
    EXPECT_EQ_INT(data->cols, 2);
    EXPECT_STR(lac_data_name(data, 1), "b");
    EXPECT_EQ_DOUBLE(lac_data_at(data, 0, 1), 2.5);
    EXPECT_EQ_DOUBLE(lac_data_at(data, 1, 1), -300.0);
    EXPECT_EQ_INT(lac_mask_count(data->holes), 4);
    EXPECT_TRUE(lac_data_is_hole(data, 1, 0) && lac_data_is_hole(data, 3, 1));
    expect_kinds(data, "integer continuous");
    EXPECT_EQ_INT(format.delimiter, ',');
    EXPECT_EQ_INT(format.decimal, '.');
    EXPECT_TRUE(format.header && !format.crlf && !format.bom && !format.gzip);
    EXPECT_EQ_INT(format.data_rows, 4);
}

LAC_TEST(data_csv, kinds_are_sniffed_and_levels_sorted)
{
    g_autoptr(LacData) data = parse("real,count,flag,answer,colour,whole,none\n"
                                    "1.5,1,0,yes,red,1.0,\n"
                                    "2,20,1,no,blue,2.0,\n"
                                    "3,,1,yes,green,3.0,NA\n",
                                    NULL, NULL);

    ASSERT_TRUE(data != NULL);
    expect_kinds(data, "continuous integer binary binary nominal continuous continuous");
    EXPECT_STR(lac_data_column(data, 2)->levels[1], "1");
    EXPECT_STR(lac_data_column(data, 3)->levels[0], "no");
    EXPECT_EQ_DOUBLE(lac_data_at(data, 0, 3), 1.0);
    EXPECT_EQ_INT(lac_data_column(data, 4)->n_levels, 3);
    EXPECT_STR(lac_data_column(data, 4)->levels[0], "blue");
    EXPECT_EQ_DOUBLE(lac_data_at(data, 0, 4), 2.0);
    EXPECT_EQ_INT(lac_mask_count_col(data->holes, 6), 3);
}

LAC_TEST(data_csv, quotes_hold_delimiters_line_ends_and_quotes)
{
    g_autoptr(LacData) data = parse("x,note\r\n1,\"a, b\"\r\n2,\"two\r\nlines\"\r\n"
                                    "\"3\",\"say \"\"hi\"\"\"\r\n",
                                    NULL, NULL);

    ASSERT_TRUE(data != NULL);
    EXPECT_EQ_INT(data->rows, 3);
    EXPECT_EQ_DOUBLE(lac_data_at(data, 2, 0), 3.0);
    EXPECT_STR(lac_data_column(data, 1)->levels[0], "a, b");
    EXPECT_STR(lac_data_column(data, 1)->levels[1], "say \"hi\"");
    EXPECT_STR(lac_data_column(data, 1)->levels[2], "two\r\nlines");
}

LAC_TEST(data_csv, a_quoted_empty_field_is_a_text_among_texts_and_missing_among_numbers)
{
    g_autoptr(LacData) data =
        parse("t,n\n\"\",\"\"\na,\"1.5\"\n,\"2.5\"\n\"NA\",\"NA\"\n", NULL, NULL);

    ASSERT_TRUE(data != NULL);
    expect_kinds(data, "binary continuous");
    EXPECT_STR(lac_data_column(data, 0)->levels[0], "");
    EXPECT_FALSE(lac_data_is_hole(data, 0, 0));
    EXPECT_TRUE(lac_data_is_hole(data, 2, 0) && lac_data_is_hole(data, 3, 0));
    EXPECT_TRUE(lac_data_is_hole(data, 0, 1) && lac_data_is_hole(data, 3, 1));
}

LAC_TEST(data_csv, delimiter_and_decimal_mark_are_sniffed)
{
    const struct {
        const char *text;
        char delimiter, decimal;
        size_t cols;
        double first;
    } cases[] = {
        {"a;b\n1,5;2,25\n3,5;4\n", ';', ',', 2, 1.5},
        {"1,5;2,5\n3,5;4,5\n", ';', ',', 2, 1.5}, /* , would give three even fields */
        {"a\tb c\n1.5\t2\n", '\t', '.', 2, 1.5},
        {"a|b|c\n1.5|2|3\n", '|', '.', 3, 1.5},
        {"a,b\n1.5,\"x;y;z\"\n2,\"x;y;z\"\n", ',', '.', 2, 1.5},
        {"only\n1.5\n2\n", ',', '.', 1, 1.5},
        {"n;t\n1,5;Smith, John\n2,5;Doe\n", ';', ',', 2, 1.5},
        {"a;b\n1.5;2\n", ';', '.', 2, 1.5},
        {"x,tag\n1.5,a;b\n2.5,c;d\n3.5,e;f\n", ',', '.', 2, 1.5},
    };

    for (size_t k = 0; k < G_N_ELEMENTS(cases); k++) {
        g_auto(LacCsvFormat) format = {0};
        g_autoptr(LacData) data = parse(cases[k].text, NULL, &format);

        ASSERT_TRUE(data != NULL);
        EXPECT_EQ_INT(format.delimiter, cases[k].delimiter);
        EXPECT_EQ_INT(format.decimal, cases[k].decimal);
        EXPECT_EQ_INT(data->cols, cases[k].cols);
        EXPECT_EQ_DOUBLE(lac_data_at(data, 0, 0), cases[k].first);
    }
}

LAC_TEST(data_csv, a_decimal_comma_that_shows_late_is_still_seen)
{
    g_autoptr(GString) text = g_string_new("a;b\n");
    g_auto(LacCsvFormat) format = {0};
    g_autoptr(LacData) data = NULL;

    for (int i = 0; i < 1000; i++)
        g_string_append(text, "1;2\n");
    g_string_append(text, "1;2,5\n");
    data = parse(text->str, NULL, &format);
    ASSERT_TRUE(data != NULL);
    EXPECT_EQ_INT(format.decimal, ',');
    expect_kinds(data, "integer continuous");
    EXPECT_EQ_DOUBLE(lac_data_at(data, 1000, 1), 2.5);
}

LAC_TEST(data_csv, headers_are_sniffed)
{
    const struct {
        const char *text;
        gboolean header;
    } cases[] = {
        {"a,b\n1,2\n", TRUE},
        {"1,2\n3,4\n", FALSE},
        {"T,2,8\nI,5,12\nT,4,11\n", FALSE},                      /* as UCI's letter data */
        {"5.1,3.5,setosa\n4.9,3.0,setosa\n", FALSE},             /* as UCI's iris data */
        {"country,2001,2002\nFrance,1.5,1.7\nPeru,2,3\n", TRUE}, /* years as names */
        {"name,colour\nann,red\nbob,blue\n", TRUE},
        {"NA,1\n2,3\n", FALSE},
    };

    for (size_t k = 0; k < G_N_ELEMENTS(cases); k++) {
        g_auto(LacCsvFormat) format = {0};
        g_autoptr(LacData) data = parse(cases[k].text, NULL, &format);

        ASSERT_TRUE(data != NULL);
        if (format.header != cases[k].header)
            lac_test_fail(__FILE__, __LINE__, "header sniffed as %d in:\n%s", format.header,
                          cases[k].text);
    }
}

LAC_TEST(data_csv, without_header_columns_get_numbers)
{
    const LacCsvOptions options = {.header = LAC_CSV_HEADER_NO};
    g_autoptr(LacData) data = parse("1,2\n3,4", &options, NULL);

    ASSERT_TRUE(data != NULL);
    EXPECT_EQ_INT(data->rows, 2);
    EXPECT_STR(lac_data_name(data, 1), "x2");
    EXPECT_EQ_DOUBLE(lac_data_at(data, 1, 1), 4.0);
}

LAC_TEST(data_csv, line_ends_bom_and_blank_lines)
{
    const char *texts[] = {"a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\r3,4",
                           "\xEF\xBB\xBF\n a , b \n\n 1 , 2 \n  \n3,4\n\n\n"};

    for (size_t k = 0; k < G_N_ELEMENTS(texts); k++) {
        g_auto(LacCsvFormat) format = {0};
        g_autoptr(LacData) data = parse(texts[k], NULL, &format);

        ASSERT_TRUE(data != NULL);
        EXPECT_EQ_INT(data->rows, 2);
        EXPECT_STR(lac_data_name(data, 0), "a");
        EXPECT_EQ_DOUBLE(lac_data_at(data, 1, 1), 4.0);
        EXPECT_EQ_INT(format.crlf, k == 1);
        EXPECT_EQ_INT(format.bom, k == 3);
    }
}

LAC_TEST(data_csv, a_blank_line_of_a_single_column_is_a_missing_cell)
{
    g_autoptr(LacData) data = parse("x\n1.5\n\n2.5\n\n", NULL, NULL);

    ASSERT_TRUE(data != NULL);
    EXPECT_EQ_INT(data->rows, 4);
    EXPECT_EQ_INT(lac_mask_count(data->holes), 2);
}

LAC_TEST(data_csv, texts_that_mean_missing_can_be_chosen)
{
    char *na[] = {"-", "n/a", NULL};
    const LacCsvOptions options = {.na = na};
    g_autoptr(LacData) data = parse("a,b\n-,x\n n/a ,NA\n3,y\n", &options, NULL);

    ASSERT_TRUE(data != NULL);
    EXPECT_EQ_INT(lac_mask_count_col(data->holes, 0), 2);
    EXPECT_EQ_INT(lac_mask_count_col(data->holes, 1), 0);
    EXPECT_STR(lac_data_column(data, 1)->levels[0], "NA");
}

LAC_TEST(data_csv, kinds_can_be_given)
{
    char *kinds[] = {"code", "nominal", "grade", "low < mid < high", "stage", "ordinal",
                     "n",    "integer", "f",     "continuous",       "id",    "skip",
                     NULL};
    const LacCsvOptions options = {.kinds = kinds};
    g_auto(LacCsvFormat) format = {0};
    g_autoptr(LacData) data = parse("code,grade,stage,n,f,id\n10,high,10,1.0,1,q\n2,low,9,2,2,r\n"
                                    "10,mid,1,,3,s\n",
                                    &options, &format);

    ASSERT_TRUE(data != NULL);
    expect_kinds(data, "nominal ordinal ordinal integer continuous");
    EXPECT_STR(lac_data_column(data, 0)->levels[0], "2"); /* numbers sort by value */
    EXPECT_EQ_DOUBLE(lac_data_at(data, 0, 0), 1.0);
    EXPECT_EQ_DOUBLE(lac_data_at(data, 0, 1), 2.0);
    EXPECT_EQ_DOUBLE(lac_data_at(data, 1, 2), 1.0);
    EXPECT_STR(lac_data_column(data, 2)->levels[2], "10");
    EXPECT_EQ_INT(format.fields, 6);
    EXPECT_EQ_INT(format.variable[4], 4);
    EXPECT_EQ_INT(format.variable[5], -1);
}

LAC_TEST(data_csv, wrong_kinds_are_refused)
{
    const struct {
        const char *name, *kind, *message;
    } cases[] = {
        {"c", "nominal", "there is no column 'c'; there are a, b"},
        {"a", "real", "'real' is no kind, expected continuous"},
        {"a", "low < < high", "empty or repeated level"},
        {"b", "ordinal", "order of texts such as 'x' is not known"},
        {"b", "y < z", "t.csv:2:3: 'x' is not among the levels y < z of column 'b'"},
        {"b", "binary", "'b' has 3 different texts, expected at most two"},
        {"b", "continuous", "t.csv:2:3: 'x' in column 'b' is no finite number"},
        {"a", "integer", "t.csv:3:1: '2.5' in column 'a' is no whole number"},
    };

    for (size_t k = 0; k < G_N_ELEMENTS(cases); k++) {
        char *kinds[] = {(char *)cases[k].name, (char *)cases[k].kind, NULL};
        const LacCsvOptions options = {.kinds = kinds};

        expect_refused("a,b\n1,x\n2.5,y\n3,z\n", &options, cases[k].message);
    }
}

LAC_TEST(data_csv, the_label_column_becomes_class_codes)
{
    const LacCsvOptions options = {.label = "digit"};
    g_auto(LacCsvFormat) format = {0};
    g_autoptr(LacData) data = parse("x,digit,y\n1.5,10,2\n2.5,9,3\n3.5,,4\n", &options, &format);

    ASSERT_TRUE(data != NULL);
    EXPECT_EQ_INT(data->cols, 2);
    EXPECT_STR(lac_data_name(data, 1), "y");
    EXPECT_EQ_DOUBLE(lac_data_at(data, 2, 1), 4.0);
    EXPECT_EQ_INT(data->n_classes, 2);
    EXPECT_STR(data->label_names[0], "9");
    EXPECT_EQ_INT(data->labels[0], 1);
    EXPECT_EQ_INT(data->labels[2], -1);
    EXPECT_EQ_INT(format.variable[1], -1);
    EXPECT_EQ_INT(format.variable[2], 1);
}

LAC_TEST(data_csv, a_label_outside_its_given_order_is_refused)
{
    static char *kinds[] = {(char *)"lab", (char *)"x < y", NULL};
    const LacCsvOptions options = {.label = "lab", .kinds = kinds};

    expect_refused("a,lab\n1,x\n2,z\n", &options, "t.csv:3:3: 'z' is not among the levels");
}

/* @rows records "k<i>,<i>.5", with the text of row @special replaced by @text. */
static char *
many_names(int rows, int special, const char *text)
{
    g_autoptr(GString) out = g_string_new("name,x\n");

    for (int i = 0; i < rows; i++) {
        if (i == special)
            g_string_append_printf(out, "%s,%d.5\n", text, i);
        else
            g_string_append_printf(out, "k%d,%d.5\n", i, i);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

LAC_TEST(data_csv, identifiers_are_set_aside_and_reported)
{
    g_autofree char *text = many_names(40, -1, NULL);
    g_auto(LacCsvFormat) format = {0};
    g_autoptr(LacData) data = parse(text, NULL, &format);

    ASSERT_TRUE(data != NULL);
    EXPECT_EQ_INT(data->cols, 1);
    EXPECT_EQ_DOUBLE(lac_data_at(data, 39, 0), 39.5);
    EXPECT_STR(format.set_aside[0], "name");
    EXPECT_TRUE(format.set_aside[1] == NULL);
}

LAC_TEST(data_csv, an_identifier_with_holes_needs_a_kind)
{
    g_autofree char *text = many_names(40, 7, "");
    char *kinds[] = {"name", "nominal", NULL};
    const LacCsvOptions options = {.kinds = kinds};
    g_autoptr(LacData) data = NULL;

    expect_refused(text, NULL, "column 'name' looks like an identifier (39 different texts in 39");
    data = parse(text, &options, NULL);
    ASSERT_TRUE(data != NULL);
    EXPECT_EQ_INT(lac_data_column(data, 0)->n_levels, 39);
}

LAC_TEST(data_csv, one_text_among_numbers_is_an_error_with_its_place)
{
    expect_refused("a,b\n1,2\n3,4\n5,n.a.\n7,8\n", NULL,
                   "t.csv:4:3: 'n.a.' is not a number, but 3 of the 4 cells of column 'b' are");
}

LAC_TEST(data_csv, a_file_refused_after_a_column_was_set_aside_leaves_nothing_behind)
{
    /* found by fuzzing; the leak checker of the sanitized run is what fails here */
    expect_refused("\tinf\n1\t1e999\n", NULL, "t.csv");
}

LAC_TEST(data_csv, ragged_records_are_refused_with_counts)
{
    expect_refused("a,b,c\n1,2,3\n4,5\n", NULL,
                   "t.csv:3:4: the record has 2 fields, expected 3 as in the first record");
    expect_refused("a,b\n1,2\n3,4,5,6\n", NULL, "t.csv:3:4: the record has 4 fields, expected 2");
    expect_refused("a,b\n1,\"two\nlines\"\n3\n", NULL, "t.csv:4:2: the record has 1 field, exp");
}

LAC_TEST(data_csv, broken_quotes_are_refused_with_their_place)
{
    expect_refused("a,b\n1,\"open\n2,3\n", NULL, "t.csv:2:3: the quote before 'open 2,3 ' is nev");
    expect_refused("a,b\n1,\"x\"y\n", NULL, "t.csv:2:6: text behind the closing quote");
}

LAC_TEST(data_csv, infinite_and_huge_numbers_are_refused_with_their_place)
{
    expect_refused("a,b\n1,2\n3,1e999\n", NULL, "t.csv:3:3: '1e999' in column 'b' is not a finite");
    expect_refused("a,b\n1,2\n3,-Inf\n", NULL, "t.csv:3:3: '-Inf' in column 'b' is not a finite");
    expect_refused("a\n1\ninfinity\n", NULL, "t.csv:3:1: 'infinity' in column 'a'");
}

/* as pandas' to_csv() and R's write.csv() write by default */
LAC_TEST(data_csv, a_first_column_without_a_name_holds_row_names)
{
    static const char *const texts[] = {",a,b\n0,1.5,2\n1,,3\n",
                                        "\"\",\"a\",\"b\"\n\"r1\",1.5,2\n\"r2\",,3\n"};

    for (size_t t = 0; t < G_N_ELEMENTS(texts); t++) {
        g_autoptr(GError) error = NULL;
        g_auto(LacCsvFormat) format = {0};
        g_autoptr(LacData) data =
            lac_csv_parse(texts[t], strlen(texts[t]), "t.csv", NULL, &format, &error);

        ASSERT_NO_ERROR(error);
        ASSERT_EQ_INT(data->cols, 2);
        EXPECT_EQ_INT(data->rows, 2);
        EXPECT_STR(lac_data_name(data, 0), "a");
        EXPECT_EQ_DOUBLE(lac_data_at(data, 0, 0), 1.5);
        EXPECT_TRUE(lac_data_is_hole(data, 1, 0));
        EXPECT_STR(format.set_aside[0], "(row names)");
        EXPECT_EQ_INT(format.variable[0], -1);
    }
}

LAC_TEST(data_csv, other_bad_files_are_refused)
{
    const LacCsvOptions letter = {.delimiter = 'x'}, same = {.delimiter = ',', .decimal = ','};

    expect_refused("", NULL, "t.csv: is empty");
    expect_refused("\n \n\n", NULL, "t.csv: is empty");
    expect_refused("a,b\n", NULL, "t.csv: has names of 2 columns but no row of data");
    expect_refused("a,b,a\n1,2,3\n", NULL, "columns 1 and 3 are both called 'a'");
    expect_refused("a,,c\n1,2,3\n", NULL, "t.csv:1: column 2 has no name");
    expect_refused("a,b\n1,caf\xE9\n", NULL, "t.csv:2:6: byte 0xE9 is not UTF-8");
    expect_refused("\xFF\xFE"
                   "a",
                   NULL, "UTF-16");
    expect_refused("a,b\n1,2\n", &letter, "delimiter cannot be the byte 0x78");
    expect_refused("a,b\n1,2\n", &same, "both the delimiter and the decimal mark");
}

LAC_TEST(data_csv, a_nul_byte_is_refused)
{
    g_autoptr(GError) error = NULL;

    EXPECT_TRUE(lac_csv_parse("a,b\n1,\0\n", 8, "t.csv", NULL, NULL, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_DATA, "t.csv:2:3: byte 0x00 is not UTF-8");
}

LAC_TEST(data_csv, bad_bytes_behind_the_first_block_are_refused_with_their_place)
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

LAC_TEST(data_csv, bad_bytes_behind_a_block_of_blank_lines_are_refused)
{
    g_autoptr(GString) text = g_string_new("a,b\n1,2\n");
    g_autofree char *blank = g_strnfill(3 << 20, '\n');

    g_string_append(text, blank);
    g_string_append(text, "3,\xE9\n");
    expect_refused(text->str, NULL, "byte 0xE9 is not UTF-8");
}

LAC_TEST(data_csv, a_block_border_between_cr_and_lf_of_the_header_adds_no_row)
{
    g_autofree char *name = g_strnfill((1 << 20) - 1, 'n'); /* the CR is the last byte of a block */
    g_autofree char *text = g_strconcat(name, "\r\n1\r\n2\r\n", NULL);
    g_autoptr(LacData) data = parse(text, NULL, NULL);

    ASSERT_TRUE(data != NULL);
    EXPECT_EQ_INT(data->rows, 2);
    EXPECT_EQ_INT(lac_mask_count(data->holes), 0);
}

LAC_TEST(data_csv, a_line_of_more_than_64_MiB_is_refused)
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

LAC_TEST(data_csv, missing_files_and_folders_are_input_errors)
{
    g_autoptr(GError) error = NULL, folder = NULL;

    EXPECT_TRUE(lac_csv_read("/nonexistent/x.csv", NULL, NULL, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_IO, "/nonexistent/x.csv: cannot open: No such file");
    EXPECT_TRUE(lac_csv_read("/tmp", NULL, NULL, &folder) == NULL);
    EXPECT_ERROR(folder, LAC_ERROR_IO, "/tmp: is a folder");
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

LAC_TEST(data_csv, records_and_characters_across_blocks_are_put_together)
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

LAC_TEST(data_csv, a_text_that_shows_late_turns_the_whole_column_to_texts)
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

LAC_TEST(data_csv, numbers_with_zeros_in_front_are_codes_unless_somebody_says_otherwise)
{
    char *kinds[] = {"ward", "integer", NULL};
    const LacCsvOptions options = {.kinds = kinds};
    const char *text = "ward,x,y\n007,0.5,00.5\n012,1.5,\n,0,2\n007,2,3\n";
    g_auto(LacCsvFormat) format = {0};
    g_autoptr(LacData) codes = lac_csv_parse(text, strlen(text), "t.csv", NULL, &format, NULL);
    g_autoptr(LacData) numbers = lac_csv_parse(text, strlen(text), "t.csv", &options, NULL, NULL);

    ASSERT_TRUE(codes != NULL && numbers != NULL);
    expect_kinds(codes, "binary continuous continuous");
    EXPECT_STR(lac_data_column(codes, 0)->levels[0], "007");
    EXPECT_TRUE(lac_data_is_hole(codes, 2, 0));
    EXPECT_STR(format.padded[0], "ward");
    EXPECT_TRUE(format.padded[1] == NULL);
    expect_kinds(numbers, "integer continuous continuous");
    EXPECT_EQ_DOUBLE(lac_data_at(numbers, 1, 0), 12.0);
}

/* @n rows of an identifier that @format makes of the row's number, and a value; one cell of the
 * identifier is empty when @hole. */
static LacData *
identified(const char *before, size_t n, gboolean hole, char **kinds, LacCsvFormat *format,
           GError **error)
{
    const LacCsvOptions options = {.kinds = kinds};
    g_autoptr(GString) text = g_string_new("id,x\n");

    for (size_t i = 0; i < n; i++) {
        if (!hole || i != 3)
            g_string_append_printf(text, "%s%02zu", before, i);
        g_string_append_printf(text, ",%zu\n", i % 7);
    }
    return lac_csv_parse(text->str, text->len, "t.csv", &options, format, error);
}

LAC_TEST(data_csv, numbers_that_name_rows_are_set_aside)
{
    /* zeros in front, all different; and 2^53 + 1 and its like, which doubles do not keep apart */
    static const char *const before[] = {"00", "90071992547410"};
    char *kinds[] = {"id", "continuous", NULL};

    for (size_t k = 0; k < G_N_ELEMENTS(before); k++) {
        g_auto(LacCsvFormat) format = {0};
        g_autoptr(GError) error = NULL;
        g_autoptr(LacData) data = identified(before[k], 60, FALSE, NULL, &format, &error);
        g_autoptr(LacData) holes = NULL;
        g_autoptr(LacData) given = identified(before[k], 60, TRUE, kinds, NULL, NULL);

        ASSERT_NO_ERROR(error);
        EXPECT_EQ_INT(data->cols, 1);
        EXPECT_STR(format.set_aside[0], "id");
        holes = identified(before[k], 60, TRUE, NULL, NULL, &error);
        EXPECT_TRUE(holes == NULL);
        EXPECT_ERROR(error, LAC_ERROR_DATA, "'id' looks like an identifier");
        ASSERT_TRUE(given != NULL);
        expect_kinds(given, "continuous integer");
    }
}

LAC_TEST(data_csv, a_cut_off_gzip_file_is_refused)
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

LAC_TEST(data_csv, damaged_gzip_is_named_with_the_file_and_what_to_do)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "lacuna-odd-XXXXXX", NULL);

    close(g_mkstemp(path));
    g_file_set_contents(path, "\037\213no gzip behind the magic", -1, NULL);
    EXPECT_TRUE(lac_csv_read(path, NULL, NULL, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_IO, path);
    EXPECT_ERROR(error, LAC_ERROR_IO,
                 "damaged gzip stream after 0 unpacked bytes (unknown compression method); fetch");
    g_unlink(path);
}
