/* From records to numbers. A record that the block cuts off is parsed again with the next block in
 * place: cells are stored by row and column, so parsing one twice does no harm. */
#include "csv-private.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>

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

/* CsvColumn.seen of a value below 2^53. */
static inline unsigned
csv_seen_small(double value, gboolean plain)
{
    return (value == 0   ? CSV_SEEN_ZERO
            : value == 1 ? CSV_SEEN_ONE
                         : CSV_SEEN_OTHER) |
           (plain ? 0 : CSV_SEEN_FRACTION);
}

/* CsvColumn.seen of a value. */
static inline unsigned
csv_seen(double value, gboolean plain)
{
    return csv_seen_small(value, plain) | (fabs(value) >= 0x1p53 ? CSV_SEEN_HUGE : 0);
}

/* Whether the two characters at @text are a zero and a digit. Only whole numbers are asked: a
 * column with a fraction holds no codes. */
static inline unsigned
csv_padded(const char *text)
{
    const unsigned digit = (unsigned)(unsigned char)text[1] - '0' <= 9;

    return (digit & (text[0] == '0')) * CSV_SEEN_PADDED;
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
        column->seen |= csv_seen(value, plain);
        if (plain && field->length > 1)
            column->seen |= csv_padded(field->text);
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
        (column->na != NULL && csv_field_is_na(field, column->na)) ||
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
        csv_fail(reader, field->begin, error,
                 "the quote before %s is never closed; close it, or double a quote that is text",
                 shown);
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
             "the record has %zu field%s, expected %zu as in the first record (delimiter '%c'); "
             "quote a cell that holds the delimiter, fill up the record, or name another delimiter",
             fields, fields == 1 ? "" : "s", reader->cols, reader->format.delimiter);
    return CSV_RECORD_BAD;
}

/* The digits behind the mark, whose flag is the lowest bit of @marks; @eight loses the mark. */
static inline unsigned
csv_close_mark(uint64_t marks, uint64_t *eight)
{
    const unsigned at = (unsigned)__builtin_ctzll(marks) / 8; /* bytes in front of it */
    const uint64_t front = ((uint64_t)1 << (8 * at)) - 1, behind = ~(front << 8 | 0xFF);

    *eight = (*eight & front) << 8 | (*eight & behind);
    return 7 - at;
}

/* A cell of up to eight characters besides its sign, or of none. There is no branch on how many,
 * nor on the sign, which a processor would guess wrong every other time: the characters are shifted
 * to the end of a word with zeros in front. */
static inline gboolean
csv_take_short(CsvColumn *column, char decimal, const char *text, const char *end, double *cell)
{
    const uint64_t ones = 0x0101010101010101u, zeros = 0x30 * ones, high = 0x80 * ones;
    const uint64_t negative = *text == '-';
    const size_t length = (size_t)(end - text) - negative;
    uint64_t eight, marks, bits;
    unsigned fraction = 0;
    double value;

    if (length - 1 >= sizeof eight) {
        *cell = NAN;
        column->seen |= text == end ? CSV_SEEN_HOLE : 0;
        return text == end;
    }
    memcpy(&eight, text + negative, sizeof eight);
    eight = (GUINT64_FROM_LE(eight) ^ zeros) << (8 * (sizeof eight - length));
    marks = eight ^ ((unsigned char)decimal ^ 0x30) * ones;
    marks = (marks - ones) & ~marks & high; /* the lowest bit is that of the first zero byte */
    if (marks != 0) {
        if (length == 1 || (column->given && column->kind == LAC_KIND_INTEGER))
            return FALSE;
        fraction = csv_close_mark(marks, &eight);
    }
    if ((eight | (eight + 0x76 * ones)) & high) /* a byte above 9 */
        return FALSE;
    eight = lac_number_join_digits(eight);
    value = fraction > 0 ? (double)eight / lac_number_tens[fraction] : (double)eight;
    column->seen |= marks != 0 ? csv_seen_small(value, FALSE)
                               : 1u << MIN(eight << negative, 2) | csv_padded(text);
    memcpy(&bits, &value, sizeof bits);
    bits |= negative << 63;
    memcpy(cell, &bits, sizeof bits);
    return TRUE;
}

/* A cell of one or two digits, without a branch on which: what codes, counts and grades look like.
 */
static inline gboolean
csv_take_tiny(CsvColumn *column, const char *text, size_t length, double *cell)
{
    const unsigned first = (unsigned)(unsigned char)text[0] - '0', two = (unsigned)length - 1;
    const unsigned second = (unsigned)(unsigned char)text[1] - '0'; /* the cell's end, or padding */
    const unsigned value = first + two * (9 * first + second);

    if ((first > 9) | (two & (second > 9)))
        return FALSE;
    *cell = (double)value;
    column->seen |= 1u << MIN(value, 2) | (two & (first == 0)) * CSV_SEEN_PADDED;
    return TRUE;
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
    column->seen |= csv_seen(value, plain) | (plain ? csv_padded(*p) : 0);
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

/* Field @j at *@p, which ends before the stop *@p is moved to, into @cell the fast way. */
static inline gboolean
csv_take_fast(CsvReader *reader, size_t j, const char **p, double *cell)
{
    CsvColumn *column = &reader->columns[j];
    const char delimiter = reader->format.delimiter;
    const char *end = csv_stops_next(&reader->stops, reader->end, delimiter);

    if (column->mode != CSV_MODE_NUMBER || reader->number_is_na || column->na != NULL ||
        end == NULL)
        return FALSE;
    if ((size_t)(end - *p) - 1 < 2 && csv_take_tiny(column, *p, (size_t)(end - *p), cell))
        *p = end;
    else if (csv_take_short(column, reader->format.decimal, *p, end, cell))
        *p = end;
    else if (!csv_take_number(column, delimiter, reader->format.decimal, p, cell))
        return FALSE;
    csv_stops_step(&reader->stops);
    return TRUE;
}

/* The record at reader->begin into @row; *@behind is set to what follows its line end. */
static CsvRecord
csv_read_record(CsvReader *reader, double *row, const char **behind, GError **error)
{
    const char *p = reader->begin, *const limit = reader->end;
    const char delimiter = reader->format.delimiter;
    const size_t cols = reader->cols;

    csv_stops_seek(&reader->stops, p);
    for (size_t j = 0; j < cols; j++) {
        if (!csv_take_fast(reader, j, &p, &row[j])) {
            const CsvRecord record = csv_take_field(reader, j, &p, &row[j], error);

            if (record != CSV_RECORD_DONE)
                return record;
            csv_stops_seek(&reader->stops, p + 1);
        }
        if ((p < limit && *p == delimiter) != (j + 1 < cols))
            return csv_fail_ragged(reader, p, error);
        p += j + 1 < cols;
    }
    *behind = csv_skip_line_end(p, limit);
    return *behind == limit && !reader->at_end ? CSV_RECORD_CUT : CSV_RECORD_DONE;
}

/* How many rows the whole file has if its rest is like what was read; 0 when nobody can tell. */
static double
csv_expected_rows(const CsvReader *reader)
{
    const double left = (double)lac_file_most_left(reader->file);
    const double ahead = (double)(reader->end - reader->begin);
    const double behind = (double)lac_file_offset(reader->file) - ahead;

    if (reader->format.gzip || reader->rows == 0 || !(behind > 0.0))
        return 0.0;
    return (double)reader->rows * (1.0 + (left + ahead) / behind);
}

/* Asks for large pages where the table is so large that one page more is next to nothing: setting
 * up small ones takes as long as reading short cells. */
static void
csv_prefer_large_pages(double *values, size_t bytes)
{
    enum { LARGE = 2 << 20, ENOUGH = 32 };
    char *first = (char *)values + (-(uintptr_t)values & (LARGE - 1));

#ifdef MADV_HUGEPAGE
    if (bytes >= (size_t)LARGE * ENOUGH)
        madvise(first, (bytes - LARGE) & ~(size_t)(LARGE - 1), MADV_HUGEPAGE); /* a wish only */
#endif
}

static gboolean
csv_grow_table(CsvReader *reader, size_t capacity)
{
    double *larger = capacity > G_MAXSSIZE / sizeof(double) / reader->cols
                         ? NULL
                         : g_try_realloc(reader->values, capacity * reader->cols * sizeof(double));

    if (larger == NULL)
        return FALSE;
    reader->values = larger;
    reader->rows_capacity = capacity;
    csv_prefer_large_pages(larger, capacity * reader->cols * sizeof(double));
    return TRUE;
}

/* Room for one row more: at once for all that are expected, where that is possible. Memory that is
 * never written to costs nothing. */
static gboolean
csv_reserve_row(CsvReader *reader, GError **error)
{
    const double expected = 1.01 * csv_expected_rows(reader);
    const size_t usual =
        MAX(reader->rows_capacity + reader->rows_capacity / 2, 4096 / reader->cols + 16);
    const size_t least = reader->rows_capacity + reader->rows_capacity / 16;

    if (reader->rows < reader->rows_capacity ||
        (expected > (double)least && expected < 1e15 &&
         csv_grow_table(reader, (size_t)expected + 16)) ||
        csv_grow_table(reader, usual))
        return TRUE;
    return lac_fail(error, LAC_ERROR_SHAPE, "%s: cannot allocate %.0f MiB for the table",
                    lac_file_name(reader->file),
                    (double)usual * (double)reader->cols * 8.0 / (1024.0 * 1024.0));
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
