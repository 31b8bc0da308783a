/* One field at a time, byte for byte: shared by sniffing, reading and writing, so that they cannot
 * disagree about where a field ends. */
#include "csv-private.h"

#include <math.h>
#include <string.h>

static inline gboolean
csv_is_blank(char c, char delimiter)
{
    return (c == ' ' || c == '\t') && c != delimiter;
}

static CsvFieldStatus
csv_scan_quoted(const char **at, const char *limit, char delimiter, CsvField *field)
{
    const char *p = *at + 1;

    *field = (CsvField){.begin = *at, .text = p, .quoted = TRUE};
    for (;; p += 2) {
        const char *quote = memchr(p, '"', (size_t)(limit - p));

        if (quote == NULL) {
            field->end = limit;
            *at = limit;
            return CSV_FIELD_UNCLOSED;
        }
        p = quote;
        if (p + 1 == limit || p[1] != '"')
            break;
        field->doubled = TRUE;
    }
    field->length = (size_t)(p - field->text);
    field->end = ++p;
    while (p < limit && csv_is_blank(*p, delimiter))
        p++;
    *at = p;
    if (p == limit)
        return CSV_FIELD_AT_LIMIT;
    if (*p == delimiter || *p == '\n' || *p == '\r')
        return CSV_FIELD_WHOLE;
    return CSV_FIELD_AFTER_QUOTE;
}

CsvFieldStatus
csv_scan_field(const char **at, const char *limit, char delimiter, CsvField *field)
{
    const char *p = *at, *end;

    while (p < limit && csv_is_blank(*p, delimiter))
        p++;
    if (p < limit && *p == '"') {
        *at = p;
        return csv_scan_quoted(at, limit, delimiter, field);
    }
    *field = (CsvField){.begin = p, .text = p};
    while (p < limit && *p != delimiter && *p != '\n' && *p != '\r')
        p++;
    for (end = p; end > field->begin && csv_is_blank(end[-1], delimiter);)
        end--;
    field->end = end;
    field->length = (size_t)(end - field->begin);
    *at = p;
    return p == limit ? CSV_FIELD_AT_LIMIT : CSV_FIELD_WHOLE;
}

char *
csv_field_text(const CsvField *field)
{
    char *text = g_strndup(field->text, field->length);

    if (field->doubled) {
        char *to = text;

        for (const char *from = text; *from != '\0'; from += 1 + (*from == '"'))
            *to++ = *from;
        *to = '\0';
    }
    return text;
}

const char *
csv_skip_line_end(const char *p, const char *limit)
{
    if (p < limit && *p == '\r')
        return p + 1 < limit && p[1] == '\n' ? p + 2 : p + 1;
    return p < limit && *p == '\n' ? p + 1 : p;
}

gboolean
csv_is_blank_line(const char *p, const char *limit, char delimiter)
{
    while (p < limit && csv_is_blank(*p, delimiter))
        p++;
    return p == limit || *p == '\n' || *p == '\r';
}

gboolean
csv_field_is_na(const CsvField *field, char *const *na)
{
    if (field->quoted && field->length == 0)
        return FALSE;
    for (; *na != NULL; na++) {
        if (strlen(*na) == field->length && memcmp(*na, field->text, field->length) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean
csv_field_number(const CsvField *field, char decimal, double *out, gboolean *plain)
{
    return lac_number_scan(field->text, decimal, out, plain) == field->text + field->length;
}

gboolean
csv_text_is_infinite(const char *text)
{
    text += *text == '-' || *text == '+';
    return g_ascii_strcasecmp(text, "inf") == 0 || g_ascii_strcasecmp(text, "infinity") == 0;
}

char *
csv_show(const char *text, size_t length)
{
    enum { SHOWN = 40 };
    const gboolean cut = length > SHOWN;
    g_autofree char *shown = NULL;

    length = cut ? SHOWN - 3 : length;
    while (cut && length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
        length--; /* not in the middle of a character */
    shown = g_strndup(text, length);
    for (char *p = shown; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == 127)
            *p = ' ';
    }
    return g_strdup_printf("'%s%s'", shown, cut ? "..." : "");
}
