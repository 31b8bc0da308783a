#include "impute-private.h"

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

/* Levels that are all numbers read well as numbers, however they are written; 007 is none. */
static gboolean
table_levels_are_numbers(const LacColumn *column)
{
    char *end;

    for (size_t l = 0; column->levels != NULL && l < column->n_levels; l++) {
        g_ascii_strtod(column->levels[l], &end);
        if (end == column->levels[l] || *end != '\0' ||
            (column->levels[l][0] == '0' && g_ascii_isdigit(column->levels[l][1])))
            return FALSE;
    }
    return TRUE;
}

/* The columns of a loaded model are what they were when it was fitted; a few new rows are too
 * little to sniff them from. */
static void
table_model_kinds(const LacSchema *schema, GStrvBuilder *builder)
{
    for (size_t j = 0; j < schema->cols; j++) {
        const LacColumn *column = &schema->columns[j];

        if (!lac_kind_is_numeric(column->kind) && table_levels_are_numbers(column))
            continue;
        g_strv_builder_add(builder, column->name);
        g_strv_builder_add(builder, lac_kind_is_numeric(column->kind) ? "continuous" : "nominal");
    }
}

/* A column of limits is none of the model's, but numbers all the same. */
static void
table_limit_kind(const LacCellLimit *limit, GStrvBuilder *builder)
{
    if (limit->column == NULL)
        return;
    g_strv_builder_add(builder, limit->column);
    g_strv_builder_add(builder, "continuous");
}

/* --kind grade=ordinal becomes the pair "grade", "ordinal"; --ignore id the pair "id", "skip". */
static gboolean
table_kinds(const LacImputeOptions *options, const LacReaderText *read, const LacSchema *schema,
            const LacColumnRules *rules, char ***out, GError **error)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    char **ignore = options->ignore;
    g_auto(GStrv) from_rules = NULL;

    if (read != NULL)
        g_strv_builder_addv(builder, (const char **)read->kinds);
    if (schema != NULL)
        table_model_kinds(schema, builder);
    for (size_t k = 0; schema != NULL && rules != NULL && k < rules->n; k++) {
        table_limit_kind(&rules->rules[k].below, builder);
        table_limit_kind(&rules->rules[k].above, builder);
    }
    from_rules = lac_column_rules_kinds(rules);
    for (size_t k = 0; from_rules[k] != NULL; k++)
        g_strv_builder_add(builder, from_rules[k]);
    if (!lac_text_kinds(options->kinds, builder, error))
        return FALSE;
    for (size_t i = 0; ignore != NULL && ignore[i] != NULL; i++) {
        g_strv_builder_add(builder, ignore[i]);
        g_strv_builder_add(builder, "skip");
    }
    *out = g_strv_builder_end(builder);
    return TRUE;
}

/* The reader speaks of its parameters; at the command line they have other names. */
static void
table_explain(const char *load, GError **error)
{
    if (error == NULL)
        return;
    if (load != NULL && strstr((*error)->message, "there is no column") != NULL) {
        char *message =
            g_strdup_printf("%s; the model in %s was fitted on it", (*error)->message, load);

        g_free((*error)->message);
        (*error)->message = message;
    } else if (strstr((*error)->message, "kind") != NULL ||
               strstr((*error)->message, "(na)") != NULL) {
        char *message = g_strdup_printf("%s [--na TEXT, --kind COLUMN=KIND, --ignore COLUMN]",
                                        (*error)->message);

        g_free((*error)->message);
        (*error)->message = message;
    }
}

/* Columns of the file that are no variables; the reader has checked that they are there. */
static const char **
table_elsewhere(const LacImputeTable *table, const LacImputeOptions *options)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (char **name = table->format.set_aside; name != NULL && *name != NULL; name++)
        g_ptr_array_add(names, *name);
    for (char **name = options->ignore; name != NULL && *name != NULL; name++)
        g_ptr_array_add(names, *name);
    for (size_t k = 0; k < table->rules->n; k++)
        if (g_strcmp0(table->rules->rules[k].kind, "skip") == 0)
            g_ptr_array_add(names, table->rules->rules[k].name);
    g_ptr_array_add(names, NULL);
    return (const char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

/* Columns that only hold limits are passed through. */
static gboolean
table_apply_rules(LacImputeTable *table, const LacImputeOptions *options, GError **error)
{
    g_autofree const char **elsewhere = table_elsewhere(table, options);
    g_autofree size_t *source = NULL;
    LacData *applied = lac_column_rules_apply(table->rules, table->data, elsewhere, &source, error);
    LacCsvFormat *format = &table->format;

    if (applied == NULL)
        return FALSE;
    for (size_t f = 0; f < format->fields; f++) {
        gssize at = -1;

        for (size_t k = 0; k < applied->cols; k++)
            if (format->variable[f] == (gssize)source[k])
                at = (gssize)k;
        format->variable[f] = at;
    }
    lac_data_unref(table->data);
    table->data = applied;
    return TRUE;
}

static gboolean
table_options(const LacImputeOptions *options, const LacReaderText *read, LacCsvOptions *csv,
              GError **error)
{
    static char *const only_empty[] = {(char *)"", NULL};

    csv->na = options->na;
    if (read == NULL)
        return table_header(options->header, &csv->header, error) &&
               lac_text_byte("delimiter", options->delimiter, &csv->delimiter, error) &&
               lac_text_byte("decimal", options->decimal, &csv->decimal, error);
    if (options->na == NULL)
        csv->na = (char **)only_empty;
    csv->header = LAC_CSV_HEADER_YES;
    csv->delimiter = ',';
    csv->decimal = '.';
    return TRUE;
}

/* The text of the file, or what a reader made of it. */
static gboolean
table_load(LacImputeTable *table, const char *path, LacReaderText **read, GError **error)
{
    if (!lac_impute_read_text(path, read, error))
        return FALSE;
    if (*read == NULL) {
        table->source = lac_csv_load(path, &table->format.gzip, error);
        return table->source != NULL;
    }
    table->source = g_bytes_ref((*read)->csv);
    table->notes = g_strdupv((*read)->notes);
    return TRUE;
}

gboolean
lac_impute_table_read(LacImputeTable *table, const char *path, const LacImputeOptions *options,
                      const LacSchema *schema, GError **error)
{
    LacCsvOptions csv = {0};
    g_autoptr(LacReaderText) read = NULL;
    g_auto(GStrv) kinds = NULL, column_na = NULL;
    gsize length;
    const char *text;

    if (options->columns != NULL && table->rules == NULL) {
        table->rules = lac_column_rules_load(options->columns, error);
        if (table->rules == NULL)
            return FALSE;
    }
    if (!table_load(table, path, &read, error) || !table_options(options, read, &csv, error) ||
        !table_kinds(options, read, schema, table->rules, &kinds, error))
        return FALSE;
    csv.kinds = kinds[0] != NULL ? kinds : NULL;
    column_na = lac_column_rules_missing(table->rules);
    csv.column_na = column_na;
    text = g_bytes_get_data(table->source, &length);
    table->data = lac_csv_parse(text, length, path, &csv, &table->format, error);
    if (table->data == NULL)
        table_explain(options->load, error);
    return table->data != NULL &&
           (table->rules == NULL || table_apply_rules(table, options, error));
}

/* "delimiter ',', decimal mark '.', with header" */
static char *
table_how_read(const LacImputeTable *table)
{
    const char delimiter[] = {table->format.delimiter, '\0'};

    if (table->notes != NULL)
        return g_strdup("written as comma-separated text");
    return g_strdup_printf("delimiter '%s', decimal mark '%c', %s header",
                           table->format.delimiter == '\t' ? "tab" : delimiter,
                           table->format.decimal, table->format.header ? "with" : "no");
}

char *
lac_impute_reading(const LacImputeTable *table, const char *kinds)
{
    const LacData *data = table->data;
    const size_t holes = lac_mask_count(data->holes);
    g_autofree char *how = table_how_read(table);

    return g_strdup_printf("%zu row%s, %zu column%s%s%s%s; %zu of %zu cells missing (%.1f %%); %s",
                           data->rows, data->rows == 1 ? "" : "s", data->cols,
                           data->cols == 1 ? "" : "s", kinds != NULL ? " (" : "",
                           kinds != NULL ? kinds : "", kinds != NULL ? ")" : "", holes,
                           data->rows * data->cols,
                           100.0 * (double)holes / (double)MAX(data->rows * data->cols, 1), how);
}

void
lac_impute_say_set_aside(const LacImputeTable *table)
{
    g_autofree char *names = NULL, *padded = NULL;

    for (char **note = table->notes; note != NULL && *note != NULL; note++)
        lac_cli_say("%s", *note);
    if (table->format.padded != NULL && table->format.padded[0] != NULL) {
        padded = g_strjoinv(", ", table->format.padded);
        lac_cli_say("taken for categories, because zeros stand in front of numbers: %s (--kind "
                    "NAME=integer makes one a number)",
                    padded);
    }
    if (table->format.set_aside == NULL || table->format.set_aside[0] == NULL)
        return;
    names = g_strjoinv(", ", table->format.set_aside);
    lac_cli_say("passed through as identifiers: %s (--kind NAME=nominal makes one a variable)",
                names);
}

void
lac_impute_table_clear(LacImputeTable *table)
{
    g_clear_pointer(&table->source, g_bytes_unref);
    lac_csv_format_clear(&table->format);
    g_clear_pointer(&table->notes, g_strfreev);
    g_clear_pointer(&table->rules, lac_column_rules_free);
    g_clear_pointer(&table->data, lac_data_unref);
    g_clear_pointer(&table->adapted, lac_data_unref);
    g_clear_pointer(&table->model_column, g_free);
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
typedef struct {
    size_t draw;
    char delimiter;
} LongSuffix;

static void
table_long_suffix(GString *out, gssize row, const void *user)
{
    const LongSuffix *suffix = user;

    if (row < 0)
        g_string_append_printf(out, ".imp%c.id", suffix->delimiter);
    else
        g_string_append_printf(out, "%zu%c%" G_GSSIZE_FORMAT, suffix->draw, suffix->delimiter,
                               row + 1);
}

gboolean
lac_impute_write_draw(const LacImputeTable *table, const LacMatrix *completed, size_t draw,
                      gboolean header, LacImputeOutput *out, GError **error)
{
    gsize length;
    const char *text = g_bytes_get_data(table->source, &length);
    const LongSuffix suffix = {draw, table->format.delimiter};
    const LacCsvExtra extra = {.suffix = table_long_suffix,
                               .user = &suffix,
                               .skip_header = !header,
                               .end_last_line = TRUE};

    return lac_csv_write_filled(text, length, &table->format, table->data, completed, &extra,
                                lac_impute_output_write, out, error);
}

gboolean
lac_impute_write_flags(const LacImputeTable *table, const LacMatrix *completed,
                       const LacImputeModels *models, LacImputeOutput *out, GError **error)
{
    const LacData *data = table->data;
    g_autoptr(GString) line = g_string_new(".id,column,model");

    g_string_append(line, completed != NULL ? ",value\n" : "\n");
    for (size_t i = 0; i < data->rows; i++) {
        for (size_t j = 0; j < data->cols; j++) {
            if (!lac_data_is_hole(data, i, j))
                continue;
            g_string_append_printf(line, "%zu,", i + 1);
            lac_csv_format_text(line, lac_data_name(data, j), ',');
            g_string_append_printf(
                line, ",%s",
                lac_imputer_model_name(lac_impute_models_of(models, lac_data_column(data, j))));
            if (completed != NULL) {
                g_string_append_c(line, ',');
                lac_csv_format_value(line, lac_data_column(data, j),
                                     lac_matrix_row(completed, i)[j], ',', '.');
            }
            g_string_append_c(line, '\n');
        }
        if (!lac_impute_output_write(line->str, line->len, out, error))
            return FALSE;
        g_string_truncate(line, 0);
    }
    return lac_impute_output_write(line->str, line->len, out, error);
}
