#include "impute-private.h"

#include <math.h>
#include <string.h>

static gboolean
table_header(const char *word, LacCsvHeader *out, GError **error)
{
    *out = LAC_CSV_HEADER_SNIFF;
    if (word == NULL || strcmp(word, "auto") == 0)
        return TRUE;
    if (strcmp(word, "yes") != 0 && strcmp(word, "no") != 0)
        return lac_fail(error, LAC_ERROR_PARAM, "--header=%s: expected yes, no or auto", word);
    *out = strcmp(word, "yes") == 0 ? LAC_CSV_HEADER_YES : LAC_CSV_HEADER_NO;
    return TRUE;
}

static gboolean
table_byte(const char *option, const char *text, char *out, GError **error)
{
    if (text == NULL)
        return TRUE;
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
        *out = '\t';
    else if (strlen(text) == 1)
        *out = text[0];
    else
        return lac_fail(error, LAC_ERROR_PARAM, "--%s=%s: expected one character%s", option, text,
                        strcmp(option, "delimiter") == 0 ? ", or 'tab'" : "");
    return TRUE;
}

/* --kind grade=ordinal becomes the pair "grade", "ordinal"; --ignore id the pair "id", "skip". */
static gboolean
table_kinds(const LacImputeOptions *options, char ***out, GError **error)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    char **words = options->kinds, **ignore = options->ignore;

    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        const char *split = strrchr(words[i], '=');
        g_autofree char *name = NULL;

        if (split == NULL)
            return lac_fail(error, LAC_ERROR_PARAM, "--kind=%s: expected COLUMN=KIND", words[i]);
        name = g_strndup(words[i], (gsize)(split - words[i]));
        g_strv_builder_add(builder, name);
        g_strv_builder_add(builder, split + 1);
    }
    for (size_t i = 0; ignore != NULL && ignore[i] != NULL; i++) {
        g_strv_builder_add(builder, ignore[i]);
        g_strv_builder_add(builder, "skip");
    }
    *out = g_strv_builder_end(builder);
    return TRUE;
}

gboolean
lac_impute_table_read(LacImputeTable *table, const char *path, const LacImputeOptions *options,
                      GError **error)
{
    LacCsvOptions csv = {0};
    g_auto(GStrv) kinds = NULL;
    gsize length;
    const char *text;

    if (!table_header(options->header, &csv.header, error) ||
        !table_byte("delimiter", options->delimiter, &csv.delimiter, error) ||
        !table_byte("decimal", options->decimal, &csv.decimal, error) ||
        !table_kinds(options, &kinds, error))
        return FALSE;
    csv.na = options->na;
    csv.kinds = kinds[0] != NULL ? kinds : NULL;
    table->source = lac_csv_load(path, &table->format.gzip, error);
    if (table->source == NULL)
        return FALSE;
    text = g_bytes_get_data(table->source, &length);
    table->data = lac_csv_parse(text, length, path, &csv, &table->format, error);
    return table->data != NULL;
}

void
lac_impute_table_clear(LacImputeTable *table)
{
    g_clear_pointer(&table->source, g_bytes_unref);
    lac_csv_format_clear(&table->format);
    g_clear_pointer(&table->data, lac_data_unref);
}

gboolean
lac_impute_write_filled(const LacImputeTable *table, const LacMatrix *completed,
                        LacImputeOutput *out, GError **error)
{
    gsize length;
    const char *text = g_bytes_get_data(table->source, &length);

    return lac_csv_write_filled(text, length, &table->format, table->data, completed, NULL,
                                lac_impute_output_write, out, error);
}

/* mice's long format: the number of the completion and of the row, as the last two columns. */
static void
table_long_suffix(GString *out, gssize row, const void *user)
{
    const size_t *draw = user;

    if (row < 0)
        g_string_append(out, ".imp,.id");
    else
        g_string_append_printf(out, "%zu,%" G_GSSIZE_FORMAT, *draw, row + 1);
}

gboolean
lac_impute_write_draw(const LacImputeTable *table, const LacMatrix *completed, size_t draw,
                      gboolean header, LacImputeOutput *out, GError **error)
{
    gsize length;
    const char *text = g_bytes_get_data(table->source, &length);
    const LacCsvExtra extra = {
        .suffix = table_long_suffix, .user = &draw, .skip_header = !header, .end_last_line = TRUE};

    return lac_csv_write_filled(text, length, &table->format, table->data, completed, &extra,
                                lac_impute_output_write, out, error);
}

gboolean
lac_impute_write_flags(const LacImputeTable *table, const LacMatrix *completed, const char *model,
                       LacImputeOutput *out, GError **error)
{
    const LacData *data = table->data;
    g_autoptr(GString) line = g_string_new(".id,column,model,value\n");

    for (size_t i = 0; i < data->rows; i++) {
        for (size_t j = 0; j < data->cols; j++) {
            const double value = lac_matrix_row(completed, i)[j];

            if (!lac_data_is_hole(data, i, j) || isnan(value))
                continue;
            g_string_append_printf(line, "%zu,", i + 1);
            lac_csv_format_text(line, lac_data_name(data, j), ',');
            g_string_append_printf(line, ",%s,", model);
            lac_csv_format_value(line, lac_data_column(data, j), value, ',', '.');
            g_string_append_c(line, '\n');
        }
        if (!lac_impute_output_write(line->str, line->len, out, error))
            return FALSE;
        g_string_truncate(line, 0);
    }
    return lac_impute_output_write(line->str, line->len, out, error);
}
