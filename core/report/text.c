/* Escaping, and numbers as people write them. Numbers never depend on the locale. */
#include "text-private.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

void
lac_report_put_html(GString *out, const char *text)
{
    g_autofree char *valid = text == NULL ? NULL : g_utf8_make_valid(text, -1);

    for (const char *c = valid; c != NULL && *c != '\0'; c++) {
        switch (*c) {
        case '<':
            g_string_append(out, "&lt;");
            break;
        case '>':
            g_string_append(out, "&gt;");
            break;
        case '&':
            g_string_append(out, "&amp;");
            break;
        case '"':
            g_string_append(out, "&quot;");
            break;
        case '\'':
            g_string_append(out, "&#39;");
            break;
        default:
            g_string_append_c(out, (guchar)*c < 0x20 && *c != '\n' ? ' ' : *c == 0x7f ? ' ' : *c);
        }
    }
}

void
report_htmlf(GString *out, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    lac_report_put_html(out, text);
}

void
lac_report_put_gnuplot(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text == NULL ? "" : text, -1);

    /* a single-quoted string knows one escape, the doubled quote, and no command substitution */
    g_string_append_c(out, '\'');
    for (const char *c = valid; *c != '\0'; c++) {
        if (*c == '\'')
            g_string_append(out, "''");
        else
            g_string_append_c(out, (guchar)*c < 0x20 || *c == 0x7f ? ' ' : *c);
    }
    g_string_append_c(out, '\'');
}

void
lac_report_put_csv(GString *out, const char *text)
{
    if (text == NULL)
        return;
    if (strpbrk(text, ",\"\r\n") == NULL) {
        g_string_append(out, text);
        return;
    }
    g_string_append_c(out, '"');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"')
            g_string_append_c(out, '"');
        g_string_append_c(out, *c);
    }
    g_string_append_c(out, '"');
}

char *
lac_report_slug(const char *text)
{
    GString *out = g_string_new(NULL);

    for (const char *c = text; c != NULL && *c != '\0'; c++) {
        if (g_ascii_isalnum(*c))
            g_string_append_c(out, g_ascii_tolower(*c));
        else if (*c == '.' && out->len > 0 && g_ascii_isdigit(c[-1]) && g_ascii_isdigit(c[1]))
            g_string_append_c(out, '.');
        else if (out->len > 0 && out->str[out->len - 1] != '-')
            g_string_append_c(out, '-');
    }
    while (out->len > 0 && out->str[out->len - 1] == '-')
        g_string_truncate(out, out->len - 1);
    if (out->len == 0)
        g_string_append(out, "x");
    return g_string_free(out, FALSE);
}

void
report_number(GString *out, const char *format, double value)
{
    char buffer[64];

    g_string_append(out, g_ascii_formatd(buffer, sizeof buffer, format, value));
}

int
lac_report_decimals(double mean, double sd)
{
    const double size = fabs(mean);
    double digits, most;

    if (!isfinite(mean) || size >= 1e7 || (size > 0.0 && size < 1e-5 && !(sd > 1e-5)))
        return -1;
    if (isfinite(sd) && sd > 0.0 && sd < 10.0 * fmax(size, 1e-300))
        digits = 1.0 - floor(log10(sd));
    else if (size > 0.0)
        digits = 3.0 - floor(log10(size));
    else
        digits = 0.0;
    /* seven significant digits are the most a reader can use */
    most = size > 0.0 ? fmax(6.0 - floor(log10(size)), 2.0) : 8.0;
    return (int)fmin(fmax(digits, 0.0), fmin(most, 8.0));
}

char *
lac_report_fixed(double value, int decimals)
{
    char format[16], buffer[64];
    GString *out = g_string_new(NULL);

    if (isnan(value))
        return g_string_free(g_string_append(out, "–"), FALSE);
    if (isinf(value))
        return g_string_free(g_string_append(out, value > 0.0 ? "∞" : "−∞"), FALSE);
    if (decimals < 0)
        g_strlcpy(format, "%.3e", sizeof format);
    else
        g_snprintf(format, sizeof format, "%%.%df", decimals);
    g_ascii_formatd(buffer, sizeof buffer, format, value);
    if (buffer[0] == '-' && strspn(buffer + 1, "0.") == strlen(buffer + 1))
        memmove(buffer, buffer + 1, strlen(buffer)); /* no minus before nothing */
    for (const char *c = buffer; *c != '\0'; c++) {
        if (*c == '-')
            g_string_append(out, "−");
        else
            g_string_append_c(out, *c);
    }
    return g_string_free(out, FALSE);
}

char *
lac_report_seconds(double seconds)
{
    static const struct {
        double below, unit;
        const char *name;
    } units[] = {{1e-3, 1e-6, "µs"},
                 {1.0, 1e-3, "ms"},
                 {120.0, 1.0, "s"},
                 {7200.0, 60.0, "min"},
                 {INFINITY, 3600.0, "h"}};
    char buffer[64];
    size_t i = 0;
    double value;

    if (!isfinite(seconds) || seconds < 0.0)
        return g_strdup("–");
    while (seconds >= units[i].below)
        i++;
    value = seconds / units[i].unit;
    g_ascii_formatd(buffer, sizeof buffer, value >= 10.0 ? "%.0f" : "%.1f", value);
    return g_strdup_printf("%s %s", buffer, units[i].name);
}

char *
report_p_value(double p)
{
    char buffer[64];

    if (isnan(p))
        return g_strdup("–");
    if (p < 0.001)
        return g_strdup("< 0.001");
    g_ascii_formatd(buffer, sizeof buffer, p < 0.0995 ? "%.3f" : "%.2f", p);
    return g_strdup(buffer);
}

char *
lac_report_p(double p)
{
    g_autofree char *value = report_p_value(p);

    return g_strconcat(g_str_has_prefix(value, "<") ? "p " : "p = ", value, NULL);
}

char *
report_percent(double share)
{
    g_autofree char *number = lac_report_fixed(100.0 * share, 1);

    return g_strconcat(number, "\u00a0%", NULL);
}

char *
report_count(size_t n, const char *one, const char *many)
{
    return g_strdup_printf("%zu %s", n, n == 1 ? one : many);
}
