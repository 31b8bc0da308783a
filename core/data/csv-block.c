/* The text in blocks: filling them, checking that they are UTF-8, and knowing the place of every
 * byte. */
#include "csv-private.h"

#include <string.h>

enum { RECORD_MAX = 64 << 20 }; /* a longer line is a missing line end or quote, not data */

void
csv_place(const CsvReader *reader, const char *at, size_t *line, size_t *column)
{
    const char *start = reader->begin;

    *line = reader->line;
    for (const char *p = reader->begin; p < at;) {
        const char *behind = csv_skip_line_end(p, reader->end);

        if (behind == p) {
            p++;
            continue;
        }
        ++*line;
        p = start = behind;
    }
    *column = 1;
    for (const char *p = start; p < at; p++)
        *column += ((unsigned char)*p & 0xC0) != 0x80;
}

gboolean
csv_fail(const CsvReader *reader, const char *at, GError **error, const char *format, ...)
{
    g_autofree char *message = NULL;
    size_t line, column;
    va_list arguments;

    va_start(arguments, format);
    message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    csv_place(reader, at, &line, &column);
    return lac_fail(error, LAC_ERROR_DATA, "%s:%zu:%zu: %s", lac_file_name(reader->file), line,
                    column, message);
}

/* TRUE when all @n bytes are ASCII and none is NUL. */
LAC_CLONES static gboolean
csv_is_plain_ascii(const char *bytes, size_t n)
{
    unsigned char odd = 0;

    for (size_t k = 0; k < n; k++) /* NUL - 1 has the high bit too */
        odd |= (unsigned char)bytes[k] | (unsigned char)(bytes[k] - 1);
    return (odd & 0x80) == 0;
}

/* TRUE when the bytes from @p to @end begin a character that is longer. */
static gboolean
csv_is_cut_character(const char *p, const char *end)
{
    return end - p < 4 && memchr(p, '\0', (size_t)(end - p)) == NULL &&
           g_utf8_get_char_validated(p, end - p) == (gunichar)-2;
}

static gboolean
csv_check_utf8(CsvReader *reader, GError **error)
{
    const char *bad;
    size_t line, column;

    if (csv_is_plain_ascii(reader->checked, (size_t)(reader->end - reader->checked)) ||
        g_utf8_validate_len(reader->checked, (gsize)(reader->end - reader->checked), &bad)) {
        reader->checked = reader->end;
        return TRUE;
    }
    if (!reader->at_end && csv_is_cut_character(bad, reader->end)) {
        reader->checked = (char *)bad; /* the block cuts a character */
        return TRUE;
    }
    csv_place(reader, bad, &line, &column);
    return lac_fail(error, LAC_ERROR_DATA,
                    "%s:%zu:%zu: byte 0x%02X is not UTF-8 text%s; convert the file, for example "
                    "with iconv -f %s -t UTF-8",
                    lac_file_name(reader->file), line, column, (unsigned char)*bad,
                    *bad == '\0' ? " (is it UTF-16, or no text at all?)" : "",
                    *bad == '\0' || (unsigned char)*bad >= 0xFE ? "UTF-16" : "WINDOWS-1252");
}

static gboolean
csv_grow_block(CsvReader *reader, GError **error)
{
    const size_t begin = (size_t)(reader->begin - reader->buffer);
    const size_t end = (size_t)(reader->end - reader->buffer);
    const size_t checked = (size_t)(reader->checked - reader->buffer);
    char *larger;

    if (reader->capacity >= RECORD_MAX)
        return csv_fail(reader, reader->begin, error,
                        "the record is longer than %d MiB; is a line end or a closing quote "
                        "missing?",
                        RECORD_MAX >> 20);
    larger = g_try_realloc(reader->buffer, 2 * reader->capacity + CSV_PADDING);
    if (larger == NULL)
        return lac_fail(error, LAC_ERROR_SHAPE, "%s: cannot allocate %zu MiB for one record",
                        lac_file_name(reader->file), reader->capacity >> 19);
    reader->capacity *= 2;
    reader->buffer = larger;
    reader->begin = larger + begin;
    reader->end = larger + end;
    reader->checked = larger + checked;
    return TRUE;
}

gboolean
csv_fill_block(CsvReader *reader, GError **error)
{
    const size_t left = (size_t)(reader->end - reader->begin);
    size_t got = 0, room;

    if (left == reader->capacity && !csv_grow_block(reader, error))
        return FALSE;
    memmove(reader->buffer, reader->begin, left);
    reader->stops = (CsvStops){0};
    reader->checked -= reader->begin - reader->buffer;
    reader->begin = reader->buffer;
    room = reader->capacity - left;
    if (!lac_file_read(reader->file, reader->buffer + left, room, &got, error))
        return FALSE;
    reader->at_end = got < room;
    reader->end = reader->buffer + left + got;
    memset(reader->end, 0, CSV_PADDING);
    return csv_check_utf8(reader, error);
}

gboolean
csv_start(CsvReader *reader, GError **error)
{
    if (lac_file_offset(reader->file) > 0 && !lac_file_rewind(reader->file, error))
        return FALSE;
    reader->begin = reader->end = reader->checked = reader->buffer;
    reader->line = 1;
    reader->at_end = FALSE;
    reader->first_block = TRUE;
    if (!csv_fill_block(reader, error))
        return FALSE;
    reader->format.bom =
        reader->end - reader->begin >= 3 && memcmp(reader->begin, "\xEF\xBB\xBF", 3) == 0;
    reader->begin += reader->format.bom ? 3 : 0;
    return TRUE;
}

void
csv_advance(CsvReader *reader, const char *behind)
{
    size_t column;

    if (reader->quoted) /* quotes may hold line ends */
        csv_place(reader, behind, &reader->line, &column);
    else
        reader->line++;
    reader->quoted = FALSE;
    reader->begin = (char *)behind;
}

gboolean
csv_find_record(CsvReader *reader, gboolean skip_blank, gboolean *found, GError **error)
{
    for (;;) {
        const char *p = reader->begin;

        *found = p < reader->end &&
                 (!skip_blank || !csv_is_blank_line(p, reader->end, reader->format.delimiter));
        if (*found)
            return TRUE;
        p = csv_skip_line_end(p + strspn(p, " \t"), reader->end);
        if (p == reader->end && reader->at_end)
            return TRUE;
        if (p < reader->end) {
            reader->line++;
            reader->begin = (char *)p;
        } else if (!csv_fill_block(reader, error)) {
            return FALSE;
        }
    }
}
