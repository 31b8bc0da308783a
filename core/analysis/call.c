/* poly(x, k) and scale(x): what a formula computes from a whole column rather than row by row. */
#include "formula-private.h"

#include <math.h>
#include <string.h>

enum { MOST_DEGREE = 20, MOST_ARGUMENTS = 4 };

static const char *const call_names[] = {"", "poly", "scale"};

/* ---- what was asked ----------------------------------------------------------------------------
 */

/* "poly(x,2,raw=TRUE)" as R writes it: "poly(x, 2, raw = TRUE)". Owned. */
static char *
call_label(const char *text)
{
    GString *out = g_string_new(NULL);

    for (gboolean quoted = FALSE; *text != '\0'; text++) {
        quoted ^= *text == '`';
        if (!quoted && *text == ',')
            g_string_append(out, ", ");
        else if (!quoted && *text == '=')
            g_string_append(out, " = ");
        else
            g_string_append_c(out, *text);
    }
    return g_string_free(out, FALSE);
}

/* What stands between the brackets, split at commas that no bracket holds. Owned. */
static char **
call_arguments(const char *text, size_t skip)
{
    g_autoptr(GStrvBuilder) out = g_strv_builder_new();
    const char *begin = text + skip, *end = text + strlen(text) - 1;
    size_t open = 0;

    for (const char *at = begin; at <= end; at++) {
        open += *at == '(';
        if (at == end || (*at == ',' && open == 0)) {
            g_autofree char *part = g_strndup(begin, (gsize)(at - begin));

            g_strv_builder_add(out, part);
            begin = at + 1;
        }
        open -= *at == ')' && open > 0;
    }
    return g_strv_builder_end(out);
}

static gboolean
call_flag(const char *value, gboolean *out)
{
    const gboolean yes = g_str_equal(value, "TRUE") || g_str_equal(value, "T");

    *out = yes;
    return yes || g_str_equal(value, "FALSE") || g_str_equal(value, "F");
}

static gboolean
poly_argument(LacCall *call, const char *name, const char *value)
{
    char *end;
    guint64 degree;

    if (name != NULL && g_str_equal(name, "raw"))
        return call_flag(value, &call->raw);
    if (name != NULL && !g_str_equal(name, "degree"))
        return FALSE;
    degree = g_ascii_strtoull(value, &end, 10);
    call->width = (size_t)MIN(degree, MOST_DEGREE + 1);
    return end != value && *end == '\0' && degree >= 1 && degree <= MOST_DEGREE;
}

static gboolean
scale_argument(LacCall *call, const char *name, const char *value)
{
    return name != NULL && g_str_equal(name, "scale") && call_flag(value, &call->scaled);
}

static gboolean
call_fail(const char *text, const char *argument, LacCallKind kind, GError **error)
{
    const char *expected =
        kind == LAC_CALL_POLY
            ? "a column, then a degree from 1 to 20 and, if wanted, raw = TRUE: poly(x, 2)"
            : "a column and, if wanted, scale = FALSE: scale(x)";

    return lac_fail(error, LAC_ERROR_PARAM, "formula: '%s': at '%s': expected %s", text, argument,
                    expected);
}

gboolean
lac_call_parse(const char *text, LacCall *out, GError **error)
{
    *out = (LacCall){.width = 1, .scaled = TRUE};
    for (int kind = LAC_CALL_POLY; kind <= LAC_CALL_SCALE; kind++) {
        const size_t length = strlen(call_names[kind]);

        if (strncmp(text, call_names[kind], length) == 0 && text[length] == '(')
            out->kind = (LacCallKind)kind;
    }
    if (out->kind == LAC_CALL_NONE)
        return TRUE;
    g_auto(GStrv) words = call_arguments(text, strlen(call_names[out->kind]) + 1);
    const guint n = g_strv_length(words);

    if (n == 0 || *words[0] == '\0' || n > MOST_ARGUMENTS || (n == 1 && out->kind == LAC_CALL_POLY))
        return call_fail(text, n > 0 ? words[n - 1] : "", out->kind, error);
    for (guint k = 1; k < n; k++) {
        char *equals = strchr(words[k], '=');
        g_autofree char *name = equals ? g_strndup(words[k], (gsize)(equals - words[k])) : NULL;
        const char *value = equals ? equals + 1 : words[k];

        if (!(out->kind == LAC_CALL_POLY ? poly_argument : scale_argument)(out, name, value))
            return call_fail(text, words[k], out->kind, error);
    }
    out->inside = g_strdup(words[0]);
    out->label = call_label(text);
    return TRUE;
}

void
lac_call_clear(LacCall *call)
{
    g_clear_pointer(&call->inside, g_free);
    g_clear_pointer(&call->label, g_free);
}

/* ---- what it gives -----------------------------------------------------------------------------
 */

static double
mean_of(size_t n, const double *x)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

static gboolean
scale_columns(const LacCall *call, size_t n, const double *x, double *out, GError **error)
{
    const double mean = mean_of(n, x);
    double squares = 0.0;

    for (size_t i = 0; i < n; i++) {
        out[i] = x[i] - mean;
        squares += out[i] * out[i];
    }
    if (!call->scaled)
        return TRUE;
    if (n < 2 || !(squares > 0.0))
        return lac_fail(error, LAC_ERROR_DATA, "'%s': the column does not vary, so it has no scale",
                        call->label);
    for (size_t i = 0; i < n; i++)
        out[i] /= sqrt(squares / (double)(n - 1));
    return TRUE;
}

/* out[k] minus its part along the columns before it and the constant. */
static double
orthogonalise(size_t n, size_t k, double *out)
{
    double *to = out + k * n, squares = 0.0;

    for (int twice = 0; twice < 2; twice++) {
        const double mean = mean_of(n, to);

        for (size_t i = 0; i < n; i++)
            to[i] -= mean;
        for (size_t c = 0; c < k; c++) {
            double along = 0.0;

            for (size_t i = 0; i < n; i++)
                along += to[i] * out[c * n + i];
            for (size_t i = 0; i < n; i++)
                to[i] -= along * out[c * n + i];
        }
    }
    for (size_t i = 0; i < n; i++)
        squares += to[i] * to[i];
    return sqrt(squares);
}

/* Orthonormal columns of degree 1 .. width with positive leading coefficients: each is x times the
 * one before it, less what lies along those there are. That is what R's QR of the powers gives. */
static gboolean
poly_columns(const LacCall *call, size_t n, const double *x, double *out, GError **error)
{
    g_autofree double *centred = g_new(double, n + 1);
    const double mean = mean_of(n, x);
    double most = 0.0;

    for (size_t i = 0; i < n; i++) {
        centred[i] = x[i] - mean;
        most = MAX(most, fabs(centred[i]));
    }
    for (size_t k = 0; k < call->width; k++) {
        double *to = out + k * n, length;

        for (size_t i = 0; i < n; i++)
            to[i] = call->raw ? (k > 0 ? to[i - n] : 1.0) * x[i]
                              : (k > 0 ? to[i - n] : 1.0) * centred[i] / MAX(most, G_MINDOUBLE);
        if (call->raw)
            continue;
        length = orthogonalise(n, k, out);
        if (!(length > 1e-10 * (k > 0 ? 1.0 : sqrt((double)n))))
            return lac_fail(error, LAC_ERROR_DATA,
                            "'%s': the column takes %zu value%s only, expected more than the "
                            "degree, %zu",
                            call->label, k + 1, k == 0 ? "" : "s", call->width);
        for (size_t i = 0; i < n; i++)
            to[i] /= length;
    }
    return TRUE;
}

gboolean
lac_call_columns(const LacCall *call, size_t n, const double *x, double *out, GError **error)
{
    return call->kind == LAC_CALL_SCALE ? scale_columns(call, n, x, out, error)
                                        : poly_columns(call, n, x, out, error);
}
