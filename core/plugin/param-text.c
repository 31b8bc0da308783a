/* A parameter in words: type, default and range as `lacuna describe`, the READMEs, the schema and
 * error messages show them. */
#include "plugin-private.h"

#include <math.h>

char *
lac_number_text(double value)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];
    static const char *const formats[] = {"%.15g", "%.16g", "%.17g"};

    /* the shortest of the three that reads back to the same double */
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_ascii_formatd(buffer, sizeof buffer, formats[i], value);
        if (g_ascii_strtod(buffer, NULL) == value)
            break;
    }
    return g_strdup(buffer);
}

const char *
lac_param_type_word(const LacParam *param)
{
    static const char *const words[] = {
        [LAC_PARAM_TYPE_END] = "",
        [LAC_PARAM_TYPE_BOOL] = "true or false",
        [LAC_PARAM_TYPE_INT] = "whole number",
        [LAC_PARAM_TYPE_DOUBLE] = "number",
        [LAC_PARAM_TYPE_STRING] = "text",
        [LAC_PARAM_TYPE_CHOICE] = "choice",
        [LAC_PARAM_TYPE_PATH] = "path",
        [LAC_PARAM_TYPE_DOUBLES] = "list of numbers",
        [LAC_PARAM_TYPE_STRINGS] = "list of texts",
        [LAC_PARAM_TYPE_TABLE] = "table of numbers",
        [LAC_PARAM_TYPE_MAP] = "map of texts",
    };

    return words[param->type];
}

char *
lac_param_default_text(const LacParam *param)
{
    switch (param->type) {
    case LAC_PARAM_TYPE_BOOL:
        return g_strdup(param->number != 0.0 ? "true" : "false");
    case LAC_PARAM_TYPE_CHOICE:
        return g_strdup(param->choices[(size_t)param->number]);
    case LAC_PARAM_TYPE_INT:
    case LAC_PARAM_TYPE_DOUBLE:
        return lac_number_text(param->number);
    default:
        return g_strdup(param->text);
    }
}

static char *
bound_text(double bound)
{
    return fabs(bound) >= G_MAXDOUBLE ? g_strdup("...") : lac_number_text(bound);
}

static char *
range_text(const LacRange *range)
{
    g_autofree char *lower = bound_text(range->lower);
    g_autofree char *upper = bound_text(range->upper);

    if (range->lower <= -G_MAXDOUBLE && range->upper >= G_MAXDOUBLE)
        return NULL;
    return g_strdup_printf("%c%s, %s%c", range->lower_open ? '(' : '[', lower, upper,
                           range->upper_open ? ')' : ']');
}

char *
lac_param_range_text(const LacParam *param)
{
    switch (param->type) {
    case LAC_PARAM_TYPE_INT:
    case LAC_PARAM_TYPE_DOUBLE:
    case LAC_PARAM_TYPE_DOUBLES:
    case LAC_PARAM_TYPE_TABLE:
        return range_text(&param->range);
    case LAC_PARAM_TYPE_CHOICE:
        return g_strjoinv(", ", (char **)param->choices);
    default:
        return NULL;
    }
}
