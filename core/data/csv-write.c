/* Writing a table back: the source is walked through with the reader's own field scanner, and only
 * the fields of filled holes are replaced. */
#include "csv-private.h"

#include <math.h>
#include <string.h>

enum {
    PIECE = 128 * 1024, /* bytes handed on at once */
    STYLE_ROWS = 1000,  /* rows by which the way a column is written is judged */
};

void
lac_csv_format_text(GString *out, const char *text, char delimiter)
{
    const size_t n = strlen(text);
    const char special[] = {'"', '\r', '\n', delimiter, '\0'};

    if (n > 0 && strpbrk(text, special) == NULL && strchr(" \t", text[0]) == NULL &&
        strchr(" \t", text[n - 1]) == NULL) {
        g_string_append(out, text);
        return;
    }
    g_string_append_c(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            g_string_append_c(out, '"');
        g_string_append_c(out, *text);
    }
    g_string_append_c(out, '"');
}

/* The shortest of 15, 16 and 17 digits that reads back; 17 always do. */
static void
csv_format_double(char *text, size_t size, double value)
{
    static const char *const formats[] = {"%.15g", "%.16g", "%.17g"};

    for (size_t k = 0; k < G_N_ELEMENTS(formats); k++) {
        g_ascii_formatd(text, (int)size, formats[k], value);
        if (g_ascii_strtod(text, NULL) == value)
            return;
    }
}

void
lac_csv_format_value(GString *out, const LacColumn *column, double value, char delimiter,
                     char decimal)
{
    char text[400]; /* the largest double has 309 digits */
    char *mark;

    if (column->n_levels > 0 && column->levels != NULL) {
        const double code = CLAMP(nearbyint(value), 0.0, (double)column->n_levels - 1.0);

        lac_csv_format_text(out, column->levels[(size_t)code], delimiter);
        return;
    }
    if (column->kind == LAC_KIND_CONTINUOUS)
        csv_format_double(text, sizeof text, value == 0.0 ? 0.0 : value);
    else
        g_ascii_formatd(text, sizeof text, "%.0f", nearbyint(value) + 0.0);
    mark = strchr(text, '.');
    if (mark != NULL)
        *mark = decimal;
    lac_csv_format_text(out, text, delimiter);
}

/* How the seen cells of a column are written, by which what is filled in is written too. */
typedef struct {
    gboolean seen, bare; /* any cell; any without quotes */
    gboolean zeros;      /* one of them starts with a zero that its value does not need */
    gboolean ragged;     /* not all are digits of one width */
    size_t width;        /* of the first, in bytes */
} CsvStyle;

typedef struct {
    const LacCsvFormat *format;
    const LacData *data;
    const LacMatrix *completed;
    const LacCsvExtra *extra;
    LacWriteFunc write;
    void *user;
    CsvStyle *styles;         /* [fields] */
    const char *done, *limit; /* of the source: copied so far, end */
    GString *out;
} CsvWriter;

static gboolean
csv_flush(CsvWriter *writer, GError **error)
{
    const gboolean ok = writer->out->len == 0 ||
                        writer->write(writer->out->str, writer->out->len, writer->user, error);

    g_string_truncate(writer->out, 0);
    return ok;
}

/* Copies the source up to @to. */
static void
csv_copy(CsvWriter *writer, const char *to)
{
    g_string_append_len(writer->out, writer->done, to - writer->done);
    writer->done = to;
}

static void
csv_style_add(CsvStyle *style, const CsvField *field)
{
    const char *text = field->text;
    gboolean digits = field->length > 0;

    for (size_t i = 0; i < field->length; i++)
        digits &= g_ascii_isdigit(text[i]);
    if (!style->seen)
        style->width = field->length;
    style->seen = TRUE;
    style->bare |= !field->quoted;
    style->zeros |= digits && field->length > 1 && text[0] == '0';
    style->ragged |= !digits || field->length != style->width;
}

/* The seen cells of the record at @p, which is row @row. */
static const char *
csv_look_at_style(CsvWriter *writer, const char *p, size_t row)
{
    const LacCsvFormat *format = writer->format;
    CsvFieldStatus status;
    CsvField field;
    size_t f = 0;

    do {
        p += f > 0;
        status = csv_scan_field(&p, writer->limit, format->delimiter, &field);
        if (f < format->fields && format->variable[f] >= 0 &&
            !lac_data_is_hole(writer->data, row, (size_t)format->variable[f]))
            csv_style_add(&writer->styles[f], &field);
        f++;
    } while (status == CSV_FIELD_WHOLE && *p == format->delimiter);
    return csv_skip_line_end(p, writer->limit);
}

/* What is filled in is quoted, and starts with zeros, as the column's other cells, judged by its
 * first rows. */
static void
csv_find_styles(CsvWriter *writer, const char *p)
{
    const LacCsvFormat *format = writer->format;
    gboolean header = format->header, first = TRUE;
    size_t row = 0;

    while (p < writer->limit && row < MIN(STYLE_ROWS, writer->data->rows)) {
        CsvField blank;

        if ((format->fields > 1 || first) &&
            csv_is_blank_line(p, writer->limit, format->delimiter)) {
            csv_scan_field(&p, writer->limit, format->delimiter, &blank);
            p = csv_skip_line_end(p, writer->limit);
            continue;
        }
        p = csv_look_at_style(writer, p, row);
        if (header) /* names are written in their own way */
            memset(writer->styles, 0, format->fields * sizeof *writer->styles);
        row += !header;
        header = first = FALSE;
    }
}

/* Zeros before the whole number at @begin of @out: 7 among 01, 04 and 12 is 07. */
static void
csv_pad(GString *out, gsize begin, const CsvStyle *style)
{
    const gsize n = out->len - begin;

    if (!style->zeros || style->ragged || n >= style->width)
        return;
    for (gsize i = 0; i < n; i++)
        if (!g_ascii_isdigit(out->str[begin + i]))
            return;
    for (gsize i = n; i < style->width; i++)
        g_string_insert_c(out, (gssize)begin, '0');
}

static void
csv_write_field(CsvWriter *writer, const CsvField *field, size_t row, size_t f)
{
    const gssize j = writer->format->variable[f];
    double value;
    gsize begin;

    if (j < 0 || !lac_data_is_hole(writer->data, row, (size_t)j))
        return;
    value = lac_matrix_row(writer->completed, row)[j];
    if (isnan(value))
        return;
    csv_copy(writer, field->begin);
    begin = writer->out->len;
    lac_csv_format_value(writer->out, lac_data_column(writer->data, (size_t)j), value,
                         writer->format->delimiter, writer->format->decimal);
    if (lac_data_column(writer->data, (size_t)j)->kind == LAC_KIND_INTEGER)
        csv_pad(writer->out, begin, &writer->styles[f]);
    if ((field->quoted || (writer->styles[f].seen && !writer->styles[f].bare)) &&
        writer->out->str[begin] != '"') {
        g_string_insert_c(writer->out, (gssize)begin, '"');
        g_string_append_c(writer->out, '"');
    }
    writer->done = field->end;
}

/* The record at @p, number @row or the header (-1); returns what follows its line end. */
static const char *
csv_write_record(CsvWriter *writer, const char *p, gssize row, GError **error)
{
    const LacCsvFormat *format = writer->format;
    CsvFieldStatus status;
    CsvField field;
    size_t j = 0;

    do {
        p += j > 0;
        status = csv_scan_field(&p, writer->limit, format->delimiter, &field);
        if (j < format->fields && row >= 0 && row < (gssize)writer->data->rows)
            csv_write_field(writer, &field, (size_t)row, j);
        j++;
    } while (status == CSV_FIELD_WHOLE && *p == format->delimiter);
    if (j != format->fields || row >= (gssize)writer->data->rows)
        return lac_fail_null(error, LAC_ERROR_DATA,
                             "%s: record %" G_GSSIZE_FORMAT
                             " is not of the table that was read; did the file change meanwhile?",
                             writer->data->origin, row + 1);
    csv_copy(writer, p);
    if (writer->extra != NULL && writer->extra->suffix != NULL) {
        g_string_append_c(writer->out, format->delimiter);
        writer->extra->suffix(writer->out, row, writer->extra->user);
    }
    return csv_skip_line_end(p, writer->limit);
}

static gboolean
csv_write_records(CsvWriter *writer, const char *p, GError **error)
{
    const gboolean skip_blank = writer->format->fields > 1;
    gssize row = writer->format->header ? -1 : 0;
    gboolean first = TRUE;
    CsvField blank;

    while (p < writer->limit) {
        if ((skip_blank || first) &&
            csv_is_blank_line(p, writer->limit, writer->format->delimiter)) {
            csv_scan_field(&p, writer->limit, writer->format->delimiter, &blank);
            p = csv_skip_line_end(p, writer->limit);
            continue;
        }
        first = FALSE;
        p = csv_write_record(writer, p, row, error);
        if (p == NULL)
            return FALSE;
        if (row < 0 && writer->extra != NULL && writer->extra->skip_header) {
            g_string_truncate(writer->out, 0);
            writer->done = p;
        }
        row++;
        if (writer->out->len >= PIECE && !csv_flush(writer, error))
            return FALSE;
    }
    if (row != (gssize)writer->data->rows)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: %" G_GSSIZE_FORMAT
                        " records where %zu were read; did the file change meanwhile?",
                        writer->data->origin, row, writer->data->rows);
    csv_copy(writer, writer->limit);
    return TRUE;
}

gboolean
lac_csv_write_filled(const char *source, gsize length, const LacCsvFormat *format,
                     const LacData *data, const LacMatrix *completed, const LacCsvExtra *extra,
                     LacWriteFunc write, void *user, GError **error)
{
    g_autoptr(GString) out = g_string_sized_new(2 * PIECE);
    g_autofree CsvStyle *styles = g_new0(CsvStyle, format->fields);
    CsvWriter writer = {.format = format,
                        .data = data,
                        .completed = completed,
                        .extra = extra,
                        .write = write,
                        .user = user,
                        .styles = styles,
                        .done = source,
                        .limit = source + length,
                        .out = out};

    g_assert(format->variable != NULL);
    g_assert(completed->rows == data->rows && completed->cols == data->cols);
    csv_find_styles(&writer, source + (format->bom ? 3 : 0));
    if (!csv_write_records(&writer, source + (format->bom ? 3 : 0), error))
        return FALSE;
    if (extra != NULL && extra->end_last_line && length > 0 && source[length - 1] != '\n' &&
        source[length - 1] != '\r')
        g_string_append(out, format->crlf ? "\r\n" : "\n");
    return csv_flush(&writer, error);
}
