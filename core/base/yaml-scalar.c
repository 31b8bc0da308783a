/* Plain scalars by the YAML 1.2 core schema (yaml.org/spec/1.2.2, section 10.3.2). Other than in
 * YAML 1.1, `no` is a text, 012 is twelve and 1e3 is a number. */
#include "yaml-private.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static gboolean
is_one_of(const char *text, const char *const *words)
{
    return g_strv_contains(words, text);
}

/* what follows the sign of [-+]?[0-9]+, or 0o[0-7]+ or 0x[0-9a-fA-F]+ without one */
static gboolean
read_integer(const char *text, int64_t *integer)
{
    const gboolean sign = *text == '-' || *text == '+';
    const gboolean octal = g_str_has_prefix(text, "0o"), hex = g_str_has_prefix(text, "0x");
    const char *digits = text + (octal || hex ? 2 : sign);
    const char *allowed = octal ? "01234567" : hex ? "0123456789abcdefABCDEF" : "0123456789";
    const size_t length = strlen(digits);
    char *end;

    if (length == 0 || strspn(digits, allowed) != length)
        return FALSE;
    errno = 0;
    *integer = g_ascii_strtoll(octal || hex ? digits : text, &end, octal ? 8 : hex ? 16 : 10);
    return errno == 0; /* what does not fit is a double */
}

/* [-+]? ( \.[0-9]+ | [0-9]+ ( \.[0-9]* )? ) ( [eE][-+]?[0-9]+ )? */
static gboolean
is_decimal(const char *text)
{
    static const char digits[] = "0123456789";
    const char *c = text + (*text == '-' || *text == '+');
    const size_t before = strspn(c, digits);
    size_t after = 0;

    c += before;
    if (*c == '.') {
        after = strspn(c + 1, digits);
        c += 1 + after;
    }
    if (before + after == 0)
        return FALSE;
    if (*c == 'e' || *c == 'E') {
        c++;
        c += *c == '-' || *c == '+';
        if (!g_ascii_isdigit(*c))
            return FALSE;
        c += strspn(c, digits);
    }
    return *c == '\0';
}

/* an integer in base 8 or 16 that is too large for 64 bits */
static gboolean
is_large_based(const char *text)
{
    int64_t unused;

    return text[0] == '0' && (text[1] == 'o' || text[1] == 'x') && !read_integer(text, &unused) &&
           text[2] != '\0' &&
           text[2 + strspn(text + 2, text[1] == 'o' ? "01234567" : "0123456789abcdefABCDEF")] ==
               '\0';
}

static double
read_based(const char *text)
{
    const double base = text[1] == 'o' ? 8.0 : 16.0;
    double x = 0.0;

    for (const char *c = text + 2; *c != '\0'; c++)
        x = x * base + g_ascii_xdigit_value(*c);
    return x;
}

static gboolean
read_special(const char *text, double *number)
{
    static const char *const inf[] = {".inf", ".Inf", ".INF", NULL};
    static const char *const nan_words[] = {".nan", ".NaN", ".NAN", NULL};

    if (is_one_of(text, nan_words))
        *number = NAN;
    else if (is_one_of(text + (*text == '+' || *text == '-'), inf))
        *number = *text == '-' ? -INFINITY : INFINITY;
    else
        return FALSE;
    return TRUE;
}

LacNodeType
lac_yaml_resolve(const char *text, double *number, int64_t *integer)
{
    static const char *const null_words[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const yes[] = {"true", "True", "TRUE", NULL};
    static const char *const no[] = {"false", "False", "FALSE", NULL};

    if (is_one_of(text, null_words))
        return LAC_NODE_NULL;
    if (is_one_of(text, yes) || is_one_of(text, no)) {
        *number = is_one_of(text, yes);
        return LAC_NODE_BOOL;
    }
    if (read_integer(text, integer)) {
        *number = (double)*integer;
        return LAC_NODE_INT;
    }
    if (is_decimal(text))
        *number = g_ascii_strtod(text, NULL);
    else if (is_large_based(text))
        *number = read_based(text);
    else if (!read_special(text, number))
        return LAC_NODE_STRING;
    return LAC_NODE_DOUBLE;
}
