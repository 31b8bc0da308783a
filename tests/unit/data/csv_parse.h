/* What the tests of delimited text share. */
#ifndef LAC_DATA_CSV_PARSE_H
#define LAC_DATA_CSV_PARSE_H

#include "lac_test.h"
#include <lacuna/csv.h>

/* @text must be read. */
static inline LacData *
parse(const char *text, const LacCsvOptions *options, LacCsvFormat *format)
{
    g_autoptr(GError) error = NULL;
    LacData *data = lac_csv_parse(text, strlen(text), "t.csv", options, format, &error);

    if (error != NULL)
        lac_test_fail(__FILE__, __LINE__, "unexpected error: %s", error->message);
    return data;
}

/* The text must be refused with a message that contains @part. */
static inline void
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

/* @kinds: names of the columns' kinds with blanks between. */
static inline void
expect_kinds(const LacData *data, const char *kinds)
{
    g_autoptr(GString) seen = g_string_new(NULL);

    for (size_t j = 0; j < data->cols; j++)
        g_string_append_printf(seen, "%s%s", j > 0 ? " " : "",
                               lac_kind_name(lac_data_column(data, j)->kind));
    EXPECT_STR(seen->str, kinds);
}

#endif
