/* Reading delimited text: what the file looks like, passes over its records, and the table they
 * make. A column of numbers in which a text appears is read as text in a further pass, because its
 * earlier texts are gone. */
#include "csv-private.h"

#include <math.h>
#include <string.h>

static gboolean
csv_check_mark(const char *what, char mark, const char *name, GError **error)
{
    if (mark == 0 || (g_ascii_ispunct(mark) && strchr("\"+-", mark) == NULL) || mark == '\t' ||
        mark == ' ')
        return TRUE;
    return lac_fail(error, LAC_ERROR_PARAM,
                    "%s: the %s cannot be the byte 0x%02X; expected punctuation, a blank or a tab",
                    name, what, (unsigned char)mark);
}

/* Such texts have to be looked for in columns of numbers too. */
static gboolean
csv_any_number(char *const *texts)
{
    for (; *texts != NULL; texts++)
        if ((*texts)[0] != '\0' && strchr("+-.,0123456789", (*texts)[0]) != NULL)
            return TRUE;
    return FALSE;
}

/* Delimiter, decimal mark and texts that mean missing: given, or sniffed from the first block. */
static gboolean
csv_settle_format(CsvReader *reader, GError **error)
{
    static const char *const default_na[] = {"", "NA", "NaN", "nan", "?", "null", "NULL", NULL};
    const LacCsvOptions *options = reader->options;
    const char *name = lac_file_name(reader->file);
    const CsvSample sample = {reader->begin, reader->end, reader->at_end};
    LacCsvFormat *format = &reader->format;
    const char *first_end;

    if (!csv_check_mark("delimiter", options->delimiter, name, error) ||
        !csv_check_mark("decimal mark", options->decimal, name, error))
        return FALSE;
    format->na = g_strdupv(options->na != NULL ? options->na : (char **)default_na);
    reader->number_is_na = csv_any_number(format->na);
    format->gzip = lac_file_is_gzip(reader->file);
    format->delimiter = options->delimiter != 0 ? options->delimiter : csv_sniff_delimiter(&sample);
    reader->mark_certain = TRUE;
    format->decimal = options->decimal != 0
                          ? options->decimal
                          : csv_sniff_decimal(&sample, format->delimiter, &reader->mark_certain);
    if (format->decimal == format->delimiter)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "%s: '%c' cannot be both the delimiter and the decimal mark", name,
                        format->decimal);
    first_end = strpbrk(reader->begin, "\r\n");
    format->crlf = first_end != NULL && first_end[0] == '\r' && first_end[1] == '\n';
    format->header = options->header == LAC_CSV_HEADER_SNIFF
                         ? csv_sniff_header(&sample, format)
                         : options->header == LAC_CSV_HEADER_YES;
    return TRUE;
}

/* The texts of the first record, owned; the block grows until it holds the record. */
static GPtrArray *
csv_read_first(CsvReader *reader, const char **behind, GError **error)
{
    for (;;) {
        g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
        const char *p = reader->begin;
        CsvRecord record = CSV_RECORD_DONE;
        CsvFieldStatus status;
        CsvField field;

        do {
            p += texts->len > 0;
            status = csv_scan_field(&p, reader->end, reader->format.delimiter, &field);
            reader->quoted |= field.quoted;
            if (status != CSV_FIELD_WHOLE)
                record = csv_judge_field(reader, status, &field, error);
            g_ptr_array_add(texts, csv_field_text(&field));
        } while (status == CSV_FIELD_WHOLE && *p == reader->format.delimiter);
        if (record == CSV_RECORD_BAD)
            return NULL;
        *behind = csv_skip_line_end(p, reader->end);
        if (record == CSV_RECORD_DONE && (*behind < reader->end || reader->at_end))
            return g_steal_pointer(&texts); /* at the border the LF of a CRLF may still come */
        if (!csv_fill_block(reader, error))
            return NULL;
    }
}

static gboolean
csv_check_names(const CsvReader *reader, GError **error)
{
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    static const char hint[] = "name it in the file, or say that there is no header";

    for (size_t j = 0; j < reader->cols; j++) {
        const char *column = reader->columns[j].name;
        const gpointer before = g_hash_table_lookup(known, column);

        if (column[0] == '\0')
            return lac_fail(error, LAC_ERROR_DATA, "%s:%zu: column %zu has no name; %s",
                            lac_file_name(reader->file), reader->line, j + 1, hint);
        if (before != NULL)
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s:%zu: columns %zu and %zu are both called '%s'; re%s",
                            lac_file_name(reader->file), reader->line, GPOINTER_TO_SIZE(before),
                            j + 1, column, hint);
        g_hash_table_insert(known, (gpointer)column, GSIZE_TO_POINTER(j + 1));
    }
    return TRUE;
}

/* A first column without a name holds row names: pandas and R write tables so by default. It is set
 * aside like other identifiers, unless its kind is given. */
static void
csv_recognise_row_names(CsvReader *reader)
{
    CsvColumn *first = &reader->columns[0];

    if (!reader->format.header || reader->cols < 2 || first->name[0] != '\0')
        return;
    g_free(first->name);
    first->name = g_strdup("(row names)");
    first->mode = CSV_MODE_SKIP;
}

/* Columns from the first record, named by it or x1, x2 ... Steps over a header. */
static gboolean
csv_make_columns(CsvReader *reader, GError **error)
{
    g_autoptr(GPtrArray) texts = NULL;
    const char *behind = NULL;
    gboolean found = FALSE;

    if (!csv_find_record(reader, TRUE, &found, error))
        return FALSE;
    if (!found)
        return lac_fail(error, LAC_ERROR_DATA, "%s: is empty, expected a table",
                        lac_file_name(reader->file));
    texts = csv_read_first(reader, &behind, error);
    if (texts == NULL)
        return FALSE;
    reader->cols = texts->len;
    reader->columns = g_new0(CsvColumn, reader->cols);
    for (size_t j = 0; j < reader->cols; j++)
        reader->columns[j].name = reader->format.header ? g_strstrip(g_strdup(texts->pdata[j]))
                                                        : g_strdup_printf("x%zu", j + 1);
    csv_recognise_row_names(reader);
    if (!csv_check_names(reader, error))
        return FALSE;
    if (reader->format.header)
        csv_advance(reader, behind);
    return csv_columns_configure(reader->columns, reader->cols, reader->options,
                                 lac_file_name(reader->file), error);
}

/* One pass over all records, from the top. */
static gboolean
csv_read_pass(CsvReader *reader, GError **error)
{
    g_autoptr(GPtrArray) first = NULL;
    const char *behind = NULL;
    gboolean found;

    for (size_t j = 0; j < reader->cols; j++)
        csv_column_forget(&reader->columns[j]);
    if (!csv_start(reader, error) || !csv_find_record(reader, TRUE, &found, error))
        return FALSE;
    if (reader->format.header) {
        first = csv_read_first(reader, &behind, error);
        if (first == NULL)
            return FALSE;
        csv_advance(reader, behind);
    }
    return csv_read_records(reader, error);
}

/* Columns in which texts were seen are read as texts from now on. */
static gboolean
csv_turn_to_text(CsvReader *reader)
{
    gboolean any = FALSE;

    for (size_t j = 0; j < reader->cols; j++) {
        if (reader->columns[j].seen & CSV_SEEN_TEXT || csv_column_is_padded(&reader->columns[j])) {
            reader->columns[j].padded = csv_column_is_padded(&reader->columns[j]);
            reader->columns[j].mode = CSV_MODE_TEXT;
            any = TRUE;
        }
    }
    return any;
}

/* The sample had no fractions to tell the decimal mark by; did a later text turn out to be a number
 * with the other mark? Then everything is read again with that one. */
static gboolean
csv_change_mark(CsvReader *reader)
{
    gboolean other = FALSE;

    if (reader->mark_certain)
        return FALSE;
    reader->mark_certain = TRUE;
    for (size_t j = 0; j < reader->cols; j++) {
        const CsvColumn *column = &reader->columns[j];

        for (size_t l = 0; !column->given && column->levels != NULL && l < column->levels->len; l++)
            other |= g_regex_match_simple("^[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?$",
                                          g_array_index(column->levels, CsvLevel, l).text, 0, 0);
    }
    if (!other)
        return FALSE;
    reader->format.decimal = ',';
    for (size_t j = 0; j < reader->cols; j++) {
        if (!reader->columns[j].given && !reader->columns[j].label)
            reader->columns[j].mode = CSV_MODE_NUMBER;
    }
    return TRUE;
}

static gboolean
csv_read_all(CsvReader *reader, GError **error)
{
    do {
        if (!csv_read_pass(reader, error))
            return FALSE;
    } while (csv_turn_to_text(reader) || csv_change_mark(reader));
    if (reader->rows == 0)
        return lac_fail(error, LAC_ERROR_DATA, "%s: has names of %zu column%s but no row of data",
                        lac_file_name(reader->file), reader->cols, reader->cols == 1 ? "" : "s");
    return TRUE;
}

/* Codes by order of appearance, in column @j, become codes by level. */
static void
csv_translate_codes(CsvReader *reader, size_t j, const size_t *codes)
{
    for (size_t i = 0; i < reader->rows; i++) {
        double *cell = &reader->values[i * reader->cols + j];

        if (!isnan(*cell))
            *cell = (double)codes[(size_t)*cell];
    }
}

/* Decides all kinds; lists the columns that stay variables in @keep and returns their number. */
static gboolean
csv_settle_columns(CsvReader *reader, size_t *keep, size_t *n_keep, GError **error)
{
    g_autoptr(GPtrArray) aside = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) codes_of = g_ptr_array_new_with_free_func(g_free);

    reader->format.fields = reader->cols;
    reader->format.variable = g_new(gssize, reader->cols);
    for (size_t j = 0; j < reader->cols; j++) {
        CsvColumn *column = &reader->columns[j];
        g_autofree size_t *codes = NULL;
        const gboolean asked = column->mode == CSV_MODE_SKIP && column->given;

        if (!csv_column_settle(column, lac_file_name(reader->file), &codes, error))
            return FALSE;
        if (codes != NULL)
            csv_translate_codes(reader, j, codes);
        if (column->mode == CSV_MODE_SKIP && !asked)
            g_ptr_array_add(aside, g_strdup(column->name));
        else if (column->padded && column->mode == CSV_MODE_TEXT)
            g_ptr_array_add(codes_of, g_strdup(column->name));
        reader->format.variable[j] = -1;
        if (column->mode == CSV_MODE_SKIP || column->label)
            continue;
        reader->format.variable[j] = (gssize)*n_keep;
        keep[(*n_keep)++] = j;
    }
    g_ptr_array_add(aside, NULL);
    reader->format.set_aside = (char **)g_ptr_array_steal(aside, NULL);
    g_ptr_array_add(codes_of, NULL);
    reader->format.padded = (char **)g_ptr_array_steal(codes_of, NULL);
    if (*n_keep == 0)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: no column is left as a variable; the others are the label, skipped or "
                        "identifiers",
                        lac_file_name(reader->file));
    return TRUE;
}

/* The label column's codes, owned; NULL with no error when there is none. */
static gboolean
csv_take_labels(const CsvReader *reader, int32_t **labels, const CsvColumn **column_out,
                GError **error)
{
    for (size_t j = 0; j < reader->cols; j++) {
        if (!reader->columns[j].label)
            continue;
        *labels = lac_try_alloc(reader->rows, sizeof **labels, "labels", error);
        if (*labels == NULL)
            return FALSE;
        for (size_t i = 0; i < reader->rows; i++) {
            const double code = reader->values[i * reader->cols + j];

            (*labels)[i] = isnan(code) ? -1 : (int32_t)code;
        }
        *column_out = &reader->columns[j];
    }
    return TRUE;
}

/* Closes the gaps of columns that are no variables and gives back what is too much. */
static void
csv_compact(CsvReader *reader, const size_t *keep, size_t n_keep)
{
    double *to = reader->values;

    for (size_t i = 0; n_keep < reader->cols && i < reader->rows; i++) {
        const double *row = reader->values + i * reader->cols;

        for (size_t k = 0; k < n_keep; k++)
            *to++ = row[keep[k]];
    }
    reader->values = g_realloc(reader->values, reader->rows * n_keep * sizeof(double));
}

static LacData *
csv_make_table(CsvReader *reader, GError **error)
{
    g_autofree size_t *keep = g_new(size_t, reader->cols);
    g_autofree int32_t *labels = NULL;
    g_autoptr(LacSchema) schema = NULL;
    const CsvColumn *label = NULL;
    size_t n_keep = 0;
    LacData *data;

    if (!csv_settle_columns(reader, keep, &n_keep, error) ||
        !csv_take_labels(reader, &labels, &label, error))
        return NULL;
    schema = lac_schema_new(n_keep);
    for (size_t k = 0; k < n_keep; k++)
        csv_column_describe(&reader->columns[keep[k]], schema, k);
    csv_compact(reader, keep, n_keep);
    g_clear_pointer(&reader->buffer, g_free);
    data = lac_data_new_take(g_steal_pointer(&schema), reader->rows,
                             g_steal_pointer(&reader->values), lac_file_name(reader->file), error);
    if (data != NULL && label != NULL)
        lac_data_take_labels(data, g_steal_pointer(&labels), g_strv_length(label->order),
                             g_strdupv(label->order));
    return data;
}

static void
csv_reader_clear(CsvReader *reader)
{
    for (size_t j = 0; reader->columns != NULL && j < reader->cols; j++)
        csv_column_clear(&reader->columns[j]);
    g_free(reader->columns);
    g_free(reader->buffer);
    g_free(reader->values);
    lac_csv_format_clear(&reader->format);
}

static LacData *
csv_read_file(LacFile *file, const LacCsvOptions *options, LacCsvFormat *format_out, GError **error)
{
    static const LacCsvOptions sniff_all = {0};
    CsvReader reader = {.file = file, .options = options != NULL ? options : &sniff_all};
    LacData *data = NULL;

    reader.capacity = (size_t)MIN(lac_file_most_left(file), CSV_BLOCK - 1) + 1;
    reader.buffer = g_malloc(reader.capacity + CSV_PADDING);
    if (csv_start(&reader, error) && csv_settle_format(&reader, error) &&
        csv_make_columns(&reader, error) && csv_read_all(&reader, error))
        data = csv_make_table(&reader, error);
    if (data != NULL && format_out != NULL) {
        reader.format.data_rows = reader.rows;
        *format_out = reader.format;
        reader.format = (LacCsvFormat){0};
    }
    csv_reader_clear(&reader);
    return data;
}

LacData *
lac_csv_read(const char *path, const LacCsvOptions *options, LacCsvFormat *format_out,
             GError **error)
{
    g_autoptr(LacFile) file = lac_file_open(path, error);

    return file == NULL ? NULL : csv_read_file(file, options, format_out, error);
}

LacData *
lac_csv_parse(const char *text, gsize length, const char *name, const LacCsvOptions *options,
              LacCsvFormat *format_out, GError **error)
{
    g_autoptr(LacFile) file = lac_file_open_memory(text, length, name);

    return csv_read_file(file, options, format_out, error);
}

GBytes *
lac_csv_load(const char *path, gboolean *gzip_out, GError **error)
{
    g_autoptr(LacFile) file = lac_file_open(path, error);
    g_autoptr(GMappedFile) mapped = NULL;

    if (file == NULL)
        return NULL;
    *gzip_out = lac_file_is_gzip(file);
    if (!*gzip_out && strcmp(path, "-") != 0)
        mapped = g_mapped_file_new(path, FALSE, NULL); /* a pipe cannot be mapped */
    return mapped != NULL ? g_mapped_file_get_bytes(mapped) : lac_file_read_rest(file, error);
}

void
lac_csv_format_clear(LacCsvFormat *format)
{
    g_strfreev(format->na);
    g_strfreev(format->set_aside);
    g_strfreev(format->padded);
    g_free(format->variable);
    *format = (LacCsvFormat){0};
}
