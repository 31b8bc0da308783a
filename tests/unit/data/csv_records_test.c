#include "lac_test.h"
#include <lacuna/csv.h>

enum { ROWS = 3000, COLS = 7 };

static void
random_digits(GString *text, GRand *rand, int n)
{
    for (int k = 0; k < n; k++)
        g_string_append_c(text, (char)('0' + g_rand_int_range(rand, 0, 10)));
}

/* A number as people write them, nothing, or one of the odd forms. */
static void
random_cell(GString *cell, GRand *rand)
{
    static const char *const odd[] = {"",         "-0",  "0",   "1",        "-1",       ".5",
                                      "5.",       "-.5", "+1",  "1e5",      "12345678", "123456789",
                                      "1234567.", "00",  "007", ".0000001", "-1E-3",    "99999999"};

    g_string_truncate(cell, 0);
    if (g_rand_int_range(rand, 0, 4) == 0) {
        g_string_assign(cell, odd[g_rand_int_range(rand, 0, (int)G_N_ELEMENTS(odd))]);
        return;
    }
    g_string_append(cell, g_rand_boolean(rand) ? "-" : "");
    random_digits(cell, rand, g_rand_int_range(rand, 1, 11));
    if (g_rand_boolean(rand)) {
        g_string_append_c(cell, '.');
        random_digits(cell, rand, g_rand_int_range(rand, 0, 11));
    }
}

/* @cells [ROWS * COLS] as a table with these marks. */
static char *
write_cells(char *const *cells, char delimiter, char decimal, const char *line_end)
{
    GString *text = g_string_new(NULL);

    for (size_t k = 0; k < ROWS * COLS; k++) {
        for (const char *c = cells[k]; *c != '\0'; c++)
            g_string_append_c(text, *c == '.' ? decimal : *c);
        if (k % COLS + 1 < COLS)
            g_string_append_c(text, delimiter);
        else
            g_string_append(text, k + 1 < ROWS * COLS ? line_end : "");
    }
    return g_string_free(text, FALSE);
}

/* Every cell has the bits that the C library's strtod gives, which rounds correctly. */
static void
expect_cells(const LacData *data, char *const *cells)
{
    size_t wrong = 0;

    ASSERT_TRUE(data != NULL && data->rows == ROWS && data->cols == COLS);
    for (size_t k = 0; k < ROWS * COLS && wrong < 5; k++) {
        const double expected = g_ascii_strtod(cells[k], NULL);
        const gboolean hole = isnan(data->values[k]);

        if (hole != (cells[k][0] == '\0') ||
            (!hole && memcmp(&data->values[k], &expected, sizeof expected) != 0)) {
            lac_test_fail(__FILE__, __LINE__, "'%s' reads as %.17g", cells[k], data->values[k]);
            wrong++;
        }
    }
}

LAC_TEST(data_csv_records, cells_of_all_lengths_read_as_strtod_does)
{
    static const struct {
        char delimiter, decimal;
        const char *line_end;
    } forms[] = {{',', '.', "\n"}, {';', ',', "\r\n"}, {'\t', '.', "\r"}, {' ', '.', "\n"}};
    GRand *rand = g_rand_new_with_seed(20261121);
    g_auto(GStrv) cells = g_new0(char *, ROWS *COLS + 1);

    for (size_t k = 0; k < ROWS * COLS; k++) {
        g_autoptr(GString) cell = g_string_new(NULL);

        do
            random_cell(cell, rand);
        while (k % COLS == 0 && cell->len == 0); /* else a record might be a blank line */
        cells[k] = g_strdup(cell->str);
    }
    for (size_t f = 0; f < G_N_ELEMENTS(forms); f++) {
        const LacCsvOptions options = {.delimiter = forms[f].delimiter,
                                       .decimal = forms[f].decimal,
                                       .header = LAC_CSV_HEADER_NO};
        g_autofree char *text =
            write_cells(cells, forms[f].delimiter, forms[f].decimal, forms[f].line_end);
        g_autoptr(GError) error = NULL;
        g_autoptr(LacData) data =
            lac_csv_parse(text, strlen(text), "t.csv", &options, NULL, &error);

        EXPECT_STR(error != NULL ? error->message : "", "");
        expect_cells(data, cells);
    }
    g_rand_free(rand);
}

/* The kind of a column that holds 0, 1 and @cell. */
static LacKind
kind_with(const char *cell)
{
    g_autofree char *text = g_strdup_printf("x,y\n0,0\n1,0\n0,0\n1,0\n%s,1\n", cell);
    g_autoptr(LacData) data = lac_csv_parse(text, strlen(text), "t.csv", NULL, NULL, NULL);

    return data == NULL ? LAC_KIND_ORDINAL : lac_data_column(data, 0)->kind;
}

LAC_TEST(data_csv_records, short_cells_tell_their_kind)
{
    EXPECT_EQ_INT(kind_with("1"), LAC_KIND_BINARY);
    EXPECT_EQ_INT(kind_with("-0"), LAC_KIND_BINARY);
    EXPECT_EQ_INT(kind_with("-1"), LAC_KIND_INTEGER);
    EXPECT_EQ_INT(kind_with("2"), LAC_KIND_INTEGER);
    EXPECT_EQ_INT(kind_with("1."), LAC_KIND_CONTINUOUS);
    EXPECT_EQ_INT(kind_with("-.5"), LAC_KIND_CONTINUOUS);
}

/* Numbers in the other rows make a text among them an error, which tells it from a number. */
LAC_TEST(data_csv_records, near_numbers_are_texts)
{
    static const char *const texts[] = {
        ".",    "-",  "--1",  "-.",  "1.2.3", "1..2", "1-2",      "12:4567",  "1/2",
        "0x10", "1e", "1,5e", "1 2", "..",    "5-",   "1234567:", "\xC2\xBD", "-\xC2\xBD"};

    for (size_t k = 0; k < G_N_ELEMENTS(texts); k++) {
        g_autofree char *text = g_strdup_printf("x;y\n1.5;2\n2;3\n3;4\n%s;5\n", texts[k]);
        const LacCsvOptions options = {.delimiter = ';', .decimal = '.'};
        g_autoptr(GError) error = NULL;
        g_autoptr(LacData) data =
            lac_csv_parse(text, strlen(text), "t.csv", &options, NULL, &error);

        if (data != NULL || strstr(error->message, "t.csv:5:1: ") == NULL)
            lac_test_fail(__FILE__, __LINE__, "'%s' is taken for a number", texts[k]);
    }
}
