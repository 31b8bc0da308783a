/* Columns that name rows, or look like it. */
#include "csv_parse.h"

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

LAC_TEST(data_csv_identifiers, identifiers_are_set_aside_and_reported)
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

LAC_TEST(data_csv_identifiers, an_identifier_with_holes_needs_a_kind)
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

/* as pandas' to_csv() and R's write.csv() write by default */
LAC_TEST(data_csv_identifiers, a_first_column_without_a_name_holds_row_names)
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

LAC_TEST(data_csv_identifiers, numbers_with_zeros_in_front_are_codes_unless_somebody_says_otherwise)
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

LAC_TEST(data_csv_identifiers, numbers_that_name_rows_are_set_aside)
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
