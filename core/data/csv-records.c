/* From records to numbers. A record that the block cuts off is parsed again with the next block in
 * place: cells are stored by row and column, so parsing one twice does no harm. */
#include "csv-private.h"

#include <math.h>
#include <string.h>

static void
csv_store_text(CsvReader *reader, CsvColumn *column, const CsvField *field, double *cell)
{
    g_autofree char *text = csv_field_text(field);
    gboolean plain;
    double value = 0;
    CsvLevel *fresh;

    *cell = (double)csv_column_level(column, text, &fresh);
    if (fresh != NULL) {
        csv_place(reader, field->begin, &fresh->line, &fresh->column);
        fresh->number = csv_field_number(field, reader->format.decimal, &value, &plain);
        fresh->infinite = isinf(value) || csv_text_is_infinite(text);
        fresh->number |= fresh->infinite;
    }
}

/* A field of a column of numbers that the fast way did not take. */
static gboolean
csv_store_number(CsvReader *reader, CsvColumn *column, const CsvField *field, double *cell,
                 GError **error)
{
    g_autofree char *shown = NULL;
    gboolean plain = TRUE;
    double value = 0;

    if (csv_field_number(field, reader->format.decimal, &value, &plain) && !isinf(value) &&
        (plain || !column->given || column->kind != LAC_KIND_INTEGER || value == rint(value))) {
        *cell = value;
        column->seen |= (value == 0   ? CSV_SEEN_ZERO
                         : value == 1 ? CSV_SEEN_ONE
                                      : CSV_SEEN_OTHER) |
                        (plain ? 0 : CSV_SEEN_FRACTION);
        return TRUE;
    }
    if (!column->given) {
        column->seen |= CSV_SEEN_TEXT;
        return TRUE;
    }
    shown = csv_show(field->text, field->length);
    return csv_fail(reader, field->begin, error,
                    "%s in column '%s' is no %s number, but its kind was given as %s; correct it "
                    "or add it to the texts that mean missing (na)",
                    shown, column->name, column->kind == LAC_KIND_INTEGER ? "whole" : "finite",
                    lac_kind_name(column->kind));
}

static gboolean
csv_store_field(CsvReader *reader, size_t j, const CsvField *field, double *cell, GError **error)
{
    CsvColumn *column = &reader->columns[j];

    *cell = NAN;
    if (column->mode == CSV_MODE_SKIP)
        return TRUE;
    if (csv_field_is_na(field, reader->format.na) ||
        (column->mode == CSV_MODE_NUMBER && field->length == 0)) {
        column->seen |= CSV_SEEN_HOLE;
        return TRUE;
    }
    if (column->mode == CSV_MODE_TEXT) {
        csv_store_text(reader, column, field, cell);
        return TRUE;
    }
    return csv_store_number(reader, column, field, cell, error);
}

CsvRecord
csv_judge_field(CsvReader *reader, CsvFieldStatus status, const CsvField *field, GError **error)
{
    g_autofree char *shown = csv_show(field->text, (size_t)(reader->end - field->text));

    if (status != CSV_FIELD_AFTER_QUOTE && !reader->at_end)
        return CSV_RECORD_CUT;
    if (status == CSV_FIELD_UNCLOSED) {
        csv_fail(reader, field->begin, error, "the quote before %s is never closed", shown);
        return CSV_RECORD_BAD;
    }
    if (status == CSV_FIELD_AFTER_QUOTE) {
        csv_fail(reader, field->end, error,
                 "text behind the closing quote of %s; expected a delimiter '%c' or a line end (a "
                 "quote inside quotes is doubled)",
                 shown, reader->format.delimiter);
        return CSV_RECORD_BAD;
    }
    return CSV_RECORD_DONE;
}

/* Counts the fields of the record from its beginning, for a ragged one. */
static CsvRecord
csv_fail_ragged(CsvReader *reader, const char *at, GError **error)
{
    const char *p = reader->begin;
    size_t fields = 0;
    CsvFieldStatus status;
    CsvField field;

    do {
        p += fields > 0;
        status = csv_scan_field(&p, reader->end, reader->format.delimiter, &field);
        fields++;
    } while (status == CSV_FIELD_WHOLE && *p == reader->format.delimiter);
    if (status != CSV_FIELD_WHOLE && !reader->at_end)
        return CSV_RECORD_CUT;
    csv_fail(reader, at, error,
             "the record has %zu field%s, expected %zu as in the first record (delimiter '%c')",
             fields, fields == 1 ? "" : "s", reader->cols, reader->format.delimiter);
    return CSV_RECORD_BAD;
}

/* One or two digits and then @delimiter, the usual cell of coded data: read without a branch on how
 * many digits there are, which a processor would guess wrong every other time. */
static inline gboolean
csv_take_digits(CsvColumn *column, char delimiter, const char **p, double *cell)
{
    const char *text = *p;
    const unsigned first = (unsigned char)(text[0] - '0'), second = (unsigned char)(text[1] - '0');
    const gboolean one = text[1] == delimiter;
    const unsigned value = one ? first : 10 * first + second;

    if ((first < 10) & (one | ((second < 10) & (text[2] == delimiter)))) {
        *cell = (double)value;
        column->seen |= 1u << MIN(value, 2); /* CSV_SEEN_ZERO, _ONE or _OTHER */
        *p = text + 2 - one;
        return TRUE;
    }
    return FALSE;
}

/* The number at *@p straight into @cell when the field is nothing but one; most fields are. */
static inline gboolean
csv_take_number(CsvColumn *column, char delimiter, char decimal, const char **p, double *cell)
{
    double value;
    gboolean plain;
    const char *end = lac_number_scan_inline(*p, decimal, &value, &plain);

    if (end == NULL || (*end != delimiter && *end != '\n' && *end != '\r') || isinf(value) ||
        (!plain && column->given && column->kind == LAC_KIND_INTEGER))
        return FALSE;
    *cell = value;
    column->seen |= (value == 0   ? CSV_SEEN_ZERO
                     : value == 1 ? CSV_SEEN_ONE
                                  : CSV_SEEN_OTHER) |
                    (plain ? 0 : CSV_SEEN_FRACTION);
    *p = end;
    return TRUE;
}

/* Field @j at *@p into @cell the careful way. */
static CsvRecord
csv_take_field(CsvReader *reader, size_t j, const char **p, double *cell, GError **error)
{
    CsvField field;
    const CsvFieldStatus status = csv_scan_field(p, reader->end, reader->format.delimiter, &field);

    reader->quoted |= field.quoted;
    if (status != CSV_FIELD_WHOLE) {
        const CsvRecord record = csv_judge_field(reader, status, &field, error);

        if (record != CSV_RECORD_DONE)
            return record;
    }
    return csv_store_field(reader, j, &field, cell, error) ? CSV_RECORD_DONE : CSV_RECORD_BAD;
}

/* The record at reader->begin into @row; *@behind is set to what follows its line end. */
static CsvRecord
csv_read_record(CsvReader *reader, double *row, const char **behind, GError **error)
{
    const char *p = reader->begin, *const limit = reader->end;
    const char delimiter = reader->format.delimiter, decimal = reader->format.decimal;
    const size_t cols = reader->cols;

    for (size_t j = 0; j < cols; j++) {
        CsvColumn *column = &reader->columns[j];

        if (column->mode != CSV_MODE_NUMBER || reader->number_is_na ||
            !((!(column->seen & CSV_SEEN_FRACTION) &&
               csv_take_digits(column, delimiter, &p, &row[j])) ||
              csv_take_number(column, delimiter, decimal, &p, &row[j]))) {
            const CsvRecord record = csv_take_field(reader, j, &p, &row[j], error);

            if (record != CSV_RECORD_DONE)
                return record;
        }
        if ((p < limit && *p == delimiter) != (j + 1 < cols))
            return csv_fail_ragged(reader, p, error);
        p += j + 1 < cols;
    }
    *behind = csv_skip_line_end(p, limit);
    return *behind == limit && !reader->at_end ? CSV_RECORD_CUT : CSV_RECORD_DONE;
}

static gboolean
csv_reserve_row(CsvReader *reader, GError **error)
{
    const size_t capacity =
        MAX(reader->rows_capacity + reader->rows_capacity / 2, 4096 / reader->cols + 16);
    double *larger;

    if (reader->rows < reader->rows_capacity)
        return TRUE;
    larger = capacity > G_MAXSSIZE / sizeof(double) / reader->cols
                 ? NULL
                 : g_try_realloc(reader->values, capacity * reader->cols * sizeof(double));
    if (larger == NULL)
        return lac_fail(error, LAC_ERROR_SHAPE, "%s: cannot allocate %.0f MiB for the table",
                        lac_file_name(reader->file),
                        (double)capacity * (double)reader->cols * 8.0 / (1024.0 * 1024.0));
    reader->values = larger;
    reader->rows_capacity = capacity;
    return TRUE;
}

static gboolean
csv_any_text_seen(const CsvReader *reader)
{
    for (size_t j = 0; j < reader->cols; j++) {
        if (reader->columns[j].seen & CSV_SEEN_TEXT)
            return TRUE;
    }
    return FALSE;
}

gboolean
csv_read_records(CsvReader *reader, GError **error)
{
    gboolean found = FALSE;

    reader->rows = 0;
    for (;;) {
        const char *behind = NULL;
        CsvRecord record;

        if (!csv_find_record(reader, reader->cols > 1, &found, error))
            return FALSE;
        if (!found)
            return TRUE;
        if (!csv_reserve_row(reader, error))
            return FALSE;
        record =
            csv_read_record(reader, reader->values + reader->rows * reader->cols, &behind, error);
        if (record == CSV_RECORD_BAD)
            return FALSE;
        if (record == CSV_RECORD_DONE) {
            csv_advance(reader, behind);
            reader->rows++;
            continue;
        }
        if (reader->first_block && csv_any_text_seen(reader))
            return TRUE;
        reader->first_block = FALSE;
        if (!csv_fill_block(reader, error))
            return FALSE;
    }
}
