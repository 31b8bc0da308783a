/* Any bytes as CSV: a table or an error; and a table whose holes are left alone is written back
 * byte for byte. */
#include <lacuna/csv.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static gboolean
append(const char *text, gsize n, void *user, GError **error)
{
    g_string_append_len(user, text, (gssize)n);
    return TRUE;
}

static void
fail(const char *what, const char *detail)
{
    g_printerr("%s: %s\n", what, detail);
    abort(); /* which libFuzzer catches, unlike g_error() */
}

static void
check_written(const char *text, size_t n, const LacCsvFormat *format, const LacData *data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree double *cells = g_memdup2(data->values, data->rows * data->cols * sizeof(double));
    const LacMatrix same = {data->rows, data->cols, data->cols, cells};

    if (!lac_csv_write_filled(text, n, format, data, &same, NULL, append, out, &error))
        fail("a table that was read cannot be written", error->message);
    if (out->len != n || memcmp(out->str, text, n) != 0)
        fail("untouched cells changed", out->str);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static char *kinds[] = {"a", "low < high", "b", "nominal", NULL};
    const LacCsvOptions variants[] = {
        {0},
        {.header = LAC_CSV_HEADER_NO},
        {.delimiter = ';', .decimal = ',', .header = LAC_CSV_HEADER_YES},
        {.header = LAC_CSV_HEADER_YES, .kinds = kinds},
        {.header = LAC_CSV_HEADER_YES, .label = "a"},
    };
    const char *text = (const char *)bytes;

    for (size_t k = 0; k < G_N_ELEMENTS(variants); k++) {
        g_autoptr(GError) error = NULL;
        g_auto(LacCsvFormat) format = {0};
        g_autoptr(LacData) data = lac_csv_parse(text, n, "fuzz", &variants[k], &format, &error);

        g_assert((data == NULL) == (error != NULL));
        if (data != NULL)
            check_written(text, n, &format, data);
    }
    return 0;
}
