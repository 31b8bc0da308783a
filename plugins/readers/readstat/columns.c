/* Dates: SPSS counts seconds since 1582-10-14, Stata days (%td) or milliseconds (%tc) since
 * 1960-01-01, SAS days or seconds since 1960-01-01. */
#include "survey.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SPSS_EPOCH 12219379200.0 /* seconds from 1582-10-14 to 1970-01-01 */
#define SAS_EPOCH 3653.0         /* days from 1960-01-01 to 1970-01-01 */
#define DAY 86400.0

enum { MOST_LEVELS = 256, FEW_ROWS = 20 };

static gboolean
begins(const char *format, const char *const *words)
{
    for (; *words != NULL; words++)
        if (g_ascii_strncasecmp(format, *words, strlen(*words)) == 0)
            return TRUE;
    return FALSE;
}

static Role
time_role(FileFormat file, const char *format)
{
    static const char *const stata_days[] = {"%td", "%-td", "%d", NULL};
    static const char *const stata_clock[] = {"%tc", "%-tc", "%tC", NULL};
    static const char *const times[] = {"DATETIME", "YMDHMS", "E8601DT", "B8601DT", NULL};
    static const char *const days[] = {"DATE",   "ADATE",  "EDATE",   "SDATE",   "JDATE", "MMDDYY",
                                       "DDMMYY", "YYMMDD", "E8601DA", "B8601DA", NULL};

    if (format == NULL)
        return ROLE_NUMBER;
    if (file == FORMAT_DTA)
        return begins(format, stata_days)    ? ROLE_DATE
               : begins(format, stata_clock) ? ROLE_TIME
                                             : ROLE_NUMBER;
    return begins(format, times) ? ROLE_TIME : begins(format, days) ? ROLE_DATE : ROLE_NUMBER;
}

double
survey_since_1970(const Survey *survey, const Variable *variable, Role role, double value)
{
    const gboolean spss = survey->format == FORMAT_SAV || survey->format == FORMAT_POR;

    if (spss) {
        const double seconds = value - SPSS_EPOCH;

        return role == ROLE_DATE ? seconds / DAY : seconds;
    }
    if (role == ROLE_DATE)
        return value - SAS_EPOCH;
    return (survey->format == FORMAT_DTA ? value / 1000.0 : value) - SAS_EPOCH * DAY;
}

/* ---- strings ----------------------------------------------------------------------------------
 */

static Role
text_role(const Variable *variable)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    size_t n = 0;

    for (size_t i = 0; i < variable->n; i++) {
        if (variable->texts[i] == NULL)
            continue;
        g_hash_table_add(seen, variable->texts[i]);
        n++;
    }
    if (n == 0 || g_hash_table_size(seen) > MOST_LEVELS ||
        (n >= FEW_ROWS && 2 * g_hash_table_size(seen) > n))
        return ROLE_PASSED;
    return ROLE_WORDS;
}

/* ---- value labels -----------------------------------------------------------------------------
 */

static int
compare_doubles(gconstpointer a, gconstpointer b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Observed values, ascending, each once, at most MOST_LEVELS + 1 of them; owned. */
static double *
distinct(const Variable *variable, size_t *n_out)
{
    double *seen = g_new(double, variable->n + 1);
    size_t n = 0, kept = 0;

    for (size_t i = 0; i < variable->n; i++)
        if (!isnan(variable->values[i]))
            seen[n++] = variable->values[i];
    qsort(seen, n, sizeof *seen, compare_doubles);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || seen[i] != seen[kept - 1])
            seen[kept++] = seen[i];
    *n_out = kept;
    return seen;
}

/* Labels are levels when every observed value has one, of its own. */
static gboolean
labels_are_levels(const Survey *survey, const Variable *variable)
{
    size_t n;
    g_autofree double *value = distinct(variable, &n);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    if (n == 0 || n > MOST_LEVELS)
        return FALSE;
    for (size_t l = 0; l < n; l++) {
        const char *label = survey_label(survey, variable, value[l]);

        if (label == NULL || !g_hash_table_add(seen, (gpointer)label))
            return FALSE;
    }
    return TRUE;
}

/* "low < mid < high", all labels there are, in the order of their values. NULL when a label has a
 * "<" in it or stands twice. */
static char *
order_of_labels(const Survey *survey, const Variable *variable)
{
    size_t n;
    g_autofree double *value = distinct(variable, &n);
    GString *order = g_string_new(NULL);

    for (size_t l = 0; l < n; l++) {
        const char *label = survey_label(survey, variable, value[l]);

        if (strchr(label, '<') != NULL) {
            g_string_free(order, TRUE);
            return NULL;
        }
        g_string_append_printf(order, "%s%s", l > 0 ? " < " : "", label);
    }
    return g_string_free(order, FALSE);
}

static Role
labelled_role(const Survey *survey, const Variable *variable)
{
    g_autofree char *order = NULL;

    if (variable->measure != READSTAT_MEASURE_ORDINAL)
        return ROLE_LEVELS;
    order = order_of_labels(survey, variable);
    return order != NULL && strchr(order, '<') != NULL ? ROLE_ORDERED : ROLE_CODES;
}

Role
survey_role(const Survey *survey, const Variable *variable, gboolean use_labels)
{
    const Role time = variable->is_text ? ROLE_NUMBER : time_role(survey->format, variable->format);

    if (variable->is_text)
        return text_role(variable);
    if (time != ROLE_NUMBER)
        return time;
    if (use_labels && variable->measure != READSTAT_MEASURE_SCALE && variable->labels != NULL &&
        labels_are_levels(survey, variable))
        return labelled_role(survey, variable);
    return ROLE_NUMBER;
}

char *
survey_kind(const Survey *survey, const Variable *variable, Role role)
{
    size_t n = 3;

    if (role == ROLE_ORDERED)
        return order_of_labels(survey, variable);
    if (role == ROLE_CODES)
        return g_strdup("ordinal");
    if (role == ROLE_PASSED)
        return g_strdup("skip");
    if (role == ROLE_LEVELS)
        g_free(distinct(variable, &n));
    return role == ROLE_LEVELS || role == ROLE_WORDS ? g_strdup(n == 2 ? "binary" : "nominal")
                                                     : NULL;
}
