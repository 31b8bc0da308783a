#include "csv_parse.h"

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
