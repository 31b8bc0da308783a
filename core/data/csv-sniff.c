/* Delimiter, decimal mark and header, guessed from the beginning of the text. */
#include "csv-private.h"

#include <string.h>

enum { SAMPLE_RECORDS = 200 };

/* How well a delimiter explains the sample. */
typedef struct {
    size_t first, records, alike; /* fields of the first record; records; those with as many */
    size_t fields, clean;         /* fields; those without another delimiter inside */
} CsvFit;

static const char candidates[] = {',', ';', '\t', '|'};

/* Calls @visit for each field of up to SAMPLE_RECORDS records; a record that the sample cuts off is
 * left out unless it is all the text. */
static void
csv_sample(const CsvSample *sample, char delimiter,
           void (*visit)(const CsvField *field, size_t record, size_t position, void *user),
           void *user)
{
    const char *const limit = sample->limit;
    size_t record = 0;

    for (const char *p = sample->text; p < limit && record < SAMPLE_RECORDS;) {
        const char *q = p;
        CsvFieldStatus status;
        CsvField field;

        if (csv_is_blank_line(p, limit, delimiter)) {
            csv_scan_field(&p, limit, delimiter, &field);
            p = csv_skip_line_end(p, limit);
            continue;
        }
        while ((status = csv_scan_field(&q, limit, delimiter, &field)) == CSV_FIELD_WHOLE &&
               *q == delimiter)
            q++;
        if (status != CSV_FIELD_WHOLE && !sample->whole && record > 0)
            return;
        for (size_t position = 0;; position++) {
            status = csv_scan_field(&p, limit, delimiter, &field);
            visit(&field, record, position, user);
            if (status != CSV_FIELD_WHOLE || *p != delimiter)
                break;
            p++;
        }
        if (status == CSV_FIELD_AFTER_QUOTE) /* not CSV with this delimiter */
            return;
        p = csv_skip_line_end(p, limit);
        record++;
    }
}

typedef struct {
    CsvFit fit;
    char delimiter;
    size_t in_record; /* fields of the record at hand */
} CsvFitter;

static void
csv_fit_record(CsvFitter *fitter)
{
    CsvFit *fit = &fitter->fit;

    if (fit->records++ == 0)
        fit->first = fitter->in_record;
    fit->alike += (size_t)(fitter->in_record == fit->first);
    fitter->in_record = 0;
}

static void
csv_fit_field(const CsvField *field, size_t record, size_t position, void *user)
{
    CsvFitter *fitter = user;
    gboolean clean = TRUE, plain;
    double value;

    if (position == 0 && record > 0)
        csv_fit_record(fitter);
    for (size_t c = 0; c < sizeof candidates && !field->quoted; c++)
        clean &= memchr(field->text, candidates[c], field->length) == NULL;
    clean |= csv_field_number(field, ',', &value, &plain);
    fitter->fit.fields++;
    fitter->fit.clean += (size_t)clean;
    fitter->in_record++;
}

/* TRUE when @a explains the text better: every record alike, then fewest other delimiters inside
 * fields, then most fields. */
static gboolean
csv_fit_better(const CsvFit *a, const CsvFit *b)
{
    const gboolean even_a = a->alike == a->records, even_b = b->alike == b->records;

    if (a->first < 2 || b->first < 2)
        return a->first >= 2;
    if (even_a != even_b)
        return even_a;
    if (a->clean * b->fields != b->clean * a->fields)
        return a->clean * b->fields > b->clean * a->fields;
    if (!even_a && a->alike * b->records != b->alike * a->records)
        return a->alike * b->records > b->alike * a->records;
    return a->first > b->first;
}

char
csv_sniff_delimiter(const CsvSample *sample)
{
    CsvFitter best = {.delimiter = ','};

    for (size_t c = 0; c < sizeof candidates; c++) {
        CsvFitter fitter = {.delimiter = candidates[c]};

        csv_sample(sample, candidates[c], csv_fit_field, &fitter);
        csv_fit_record(&fitter);
        if (csv_fit_better(&fitter.fit, &best.fit))
            best = fitter;
    }
    return best.delimiter;
}

typedef struct {
    size_t points, commas;
} CsvMarks;

static void
csv_count_mark(const CsvField *field, size_t record, size_t position, void *user)
{
    CsvMarks *marks = user;
    double value;
    gboolean plain;

    if (csv_field_number(field, '.', &value, &plain))
        marks->points += memchr(field->text, '.', field->length) != NULL;
    else if (csv_field_number(field, ',', &value, &plain))
        marks->commas++;
}

char
csv_sniff_decimal(const CsvSample *sample, char delimiter, gboolean *certain_out)
{
    CsvMarks marks = {0};

    *certain_out = TRUE;
    if (delimiter == ',') /* "1,234" in quotes is more likely a thousand than a fraction */
        return '.';
    csv_sample(sample, delimiter, csv_count_mark, &marks);
    *certain_out = marks.points + marks.commas > 0;
    return marks.commas > marks.points ? ',' : '.';
}

typedef struct {
    const LacCsvFormat *format;
    GPtrArray *first;          /* texts of the first record */
    GByteArray *number;        /* whether each is a number */
    size_t numbers, texts;     /* in the first record */
    gboolean whole_numbers;    /* all its numbers are written as whole ones */
    gboolean repeats;          /* a text of it comes again in its column */
    gboolean text_over_number; /* it has a text in a column that has numbers below */
} CsvHeaderHints;

static void
csv_see_first(CsvHeaderHints *hints, const CsvField *field)
{
    gboolean plain = TRUE;
    double value;
    const gboolean number = csv_field_number(field, hints->format->decimal, &value, &plain);
    const guint8 flag = (guint8)number;

    g_ptr_array_add(hints->first, csv_field_text(field));
    g_byte_array_append(hints->number, &flag, 1);
    hints->whole_numbers &= plain;
    hints->numbers += (size_t)number;
    hints->texts += (size_t)(!number && !csv_field_is_na(field, hints->format->na));
}

static void
csv_see_field(const CsvField *field, size_t record, size_t position, void *user)
{
    CsvHeaderHints *hints = user;
    g_autofree char *text = NULL;
    gboolean plain;
    double value;

    if (record == 0) {
        csv_see_first(hints, field);
        return;
    }
    if (position >= hints->first->len || hints->number->data[position] ||
        csv_field_is_na(field, hints->format->na))
        return;
    text = csv_field_text(field);
    hints->repeats |= g_str_equal(text, hints->first->pdata[position]);
    hints->text_over_number |= csv_field_number(field, hints->format->decimal, &value, &plain);
}

/* Names stand above numbers, and are not seen again. Years are names too: "country,2001,2002". */
gboolean
csv_sniff_header(const CsvSample *sample, const LacCsvFormat *format)
{
    g_autoptr(GPtrArray) first = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GByteArray) number = g_byte_array_new();
    CsvHeaderHints hints = {
        .format = format, .first = first, .number = number, .whole_numbers = TRUE};

    csv_sample(sample, format->delimiter, csv_see_field, &hints);
    if (hints.texts == 0)
        return FALSE;
    if (hints.numbers == 0 || hints.text_over_number)
        return TRUE;
    return !hints.repeats && hints.whole_numbers;
}
