/* What figures have in common: scripts, places, inks. */
#include "figure-private.h"
#include "text-private.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

LacFigure *
figure_new(unsigned width, unsigned height)
{
    LacFigure *figure = g_new0(LacFigure, 1);

    figure->width = width;
    figure->height = height;
    figure->script = g_string_new(NULL);
    figure->csv = g_string_new(NULL);
    return figure;
}

void
figure_free(LacFigure *figure)
{
    if (figure == NULL)
        return;
    g_free(figure->slug);
    g_free(figure->title);
    g_free(figure->alt);
    g_free(figure->caption);
    g_string_free(figure->script, TRUE);
    g_string_free(figure->csv, TRUE);
    g_free(figure);
}

void
figure_number(GString *out, double value)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];

    if (isfinite(value))
        g_string_append(out, g_ascii_formatd(buffer, sizeof buffer, "%.10g", value));
    else
        g_string_append(out, "NaN");
}

/* "%s" takes lent text, "%d" an int, "%g" a double, whatever the locale says about commas */
void
figure_put(LacFigure *figure, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    for (const char *c = format; *c != '\0'; c++) {
        if (*c != '%') {
            g_string_append_c(figure->script, *c);
            continue;
        }
        c++;
        if (*c == 's')
            g_string_append(figure->script, va_arg(arguments, const char *));
        else if (*c == 'd')
            g_string_append_printf(figure->script, "%d", va_arg(arguments, int));
        else if (*c == 'g')
            figure_number(figure->script, va_arg(arguments, double));
        else if (*c == '%')
            g_string_append_c(figure->script, '%');
        else
            g_assert_not_reached();
    }
    va_end(arguments);
}

const char *
figure_ink(int ink)
{
    static const char *const names[LAC_INKS] = {
        "#0a0b00", "#0a0b01", "#0a0b02", "#0a0b03", "#0a0b04", "#0a0b05", "#0a0b06",
        "#0a0b07", "#0a0b08", "#0a0b09", "#0a0b0a", "#0a0b0b", "#0a0b0c"};

    return names[CLAMP(ink, 0, LAC_INKS - 1)];
}

int
figure_slot_ink(size_t slot)
{
    return slot < LAC_SLOTS ? (int)slot + 1 : LAC_INK_NEUTRAL;
}

int
figure_slot_point(size_t slot)
{
    static const int points[LAC_SLOTS] = {7, 9, 5, 13, 11, 6, 8};

    return slot < LAC_SLOTS ? points[slot] : 7;
}

const char *
figure_slot_dash(size_t slot)
{
    static const char *const dashes[] = {"solid", "(6,2)", "(2,2)", "(8,2,2,2)"};

    return slot < LAC_SLOTS ? dashes[slot % 4] : "solid";
}

void
figure_frame(LacFigure *figure, unsigned left, unsigned right, unsigned top, unsigned bottom)
{
    const double w = figure->width, h = figure->height;

    figure->left = left;
    figure->right = right;
    figure->top = top;
    figure->bottom = bottom;
    figure_put(figure,
               "set encoding utf8\nset key off\nset border 3 lc rgb '%s' lw 1\n"
               "set tics nomirror out scale 0.5 textcolor rgb '%s'\n"
               "set xtics offset 0,0.6\nset ytics offset 0.6,0\n"
               "set grid lt 1 lc rgb '%s' lw 0.7, lt 1 lc rgb '%s' lw 0.7\n"
               "set lmargin at screen %g\nset rmargin at screen %g\n"
               "set tmargin at screen %g\nset bmargin at screen %g\n",
               figure_ink(LAC_INK_SOFT), figure_ink(LAC_INK_TEXT), figure_ink(LAC_INK_GRID),
               figure_ink(LAC_INK_GRID), left / w, 1.0 - right / w, 1.0 - top / h, bottom / h);
}

void
figure_label(LacFigure *figure, const char *text, double x, double y, const char *align, int ink)
{
    figure_put(figure, "set label ");
    lac_report_put_gnuplot(figure->script, text);
    figure_put(figure, " at screen %g, screen %g %s noenhanced tc rgb '%s' front\n",
               x / figure->width, 1.0 - y / figure->height, align, figure_ink(ink));
}

void
figure_line(LacFigure *figure, double x0, double y0, double x1, double y1, double width, int ink,
            const char *dash)
{
    const double w = figure->width, h = figure->height;

    figure_put(figure,
               "set arrow from screen %g, screen %g to screen %g, screen %g nohead lw %g "
               "lc rgb '%s' dt %s front\n",
               x0 / w, 1.0 - y0 / h, x1 / w, 1.0 - y1 / h, width, figure_ink(ink),
               dash == NULL ? "solid" : dash);
}

void
figure_arrow(LacFigure *figure, double x0, double y0, double x1, double y1, double width, int ink)
{
    const double w = figure->width, h = figure->height;

    figure_put(figure,
               "set arrow from screen %g, screen %g to screen %g, screen %g head size screen "
               "0.016,22 filled lw %g lc rgb '%s' front\n",
               x0 / w, 1.0 - y0 / h, x1 / w, 1.0 - y1 / h, width, figure_ink(ink));
}

void
figure_axis_label(LacFigure *figure, const char *axis, const char *text)
{
    const gboolean x = axis[0] == 'x';
    const double across = 0.5 * (figure->left + figure->width - figure->right);
    const double down = 0.5 * (figure->top + figure->height - figure->bottom);

    /* placed by hand: gnuplot's own place moves with the width of the numbers */
    figure_put(figure, "set label ");
    lac_report_put_gnuplot(figure->script, text);
    figure_put(figure, " at screen %g, screen %g center %s noenhanced tc rgb '%s'\n",
               (x ? across : 11.0) / figure->width,
               1.0 - (x ? figure->height - 11.0 : down) / figure->height,
               x ? "norotate" : "rotate by 90", figure_ink(LAC_INK_TEXT));
}

/* merges the last two of @n groups of labels while they overlap; a group sits at the mean of where
 * its labels want to be */
static size_t
groups_merge(size_t n, double *sum, size_t *count)
{
    while (n > 1 && sum[n - 1] / (double)count[n - 1] < sum[n - 2] / (double)count[n - 2]) {
        sum[n - 2] += sum[n - 1];
        count[n - 2] += count[n - 1];
        n--;
    }
    return n;
}

void
lac_figure_spread(size_t n, double *at, double gap, double low, double high)
{
    g_autofree size_t *order = g_new(size_t, MAX(n, 1)), *count = g_new(size_t, MAX(n, 1));
    g_autofree double *sum = g_new(double, MAX(n, 1));
    const double step = n > 1 ? fmin(gap, (high - low) / (double)(n - 1)) : 0.0;
    const double most = high - step * (double)(n > 0 ? n - 1 : 0);
    size_t groups = 0, next = 0;

    for (size_t i = 0; i < n; i++) {
        size_t j = i;
        for (; j > 0 && at[order[j - 1]] > at[i]; j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
    /* Least squares with labels at least a step apart: what is left after taking i steps off label
     * i has to increase, which pooling neighbours that do not settles. */
    for (size_t i = 0; i < n; i++) {
        sum[groups] = at[order[i]] - step * (double)i;
        count[groups++] = 1;
        groups = groups_merge(groups, sum, count);
    }
    for (size_t g = 0; g < groups; g++) {
        const double place = fmin(fmax(sum[g] / (double)count[g], low), most);
        for (size_t i = 0; i < count[g]; i++, next++)
            at[order[next]] = place + step * (double)next;
    }
}

double
figure_text_width(const char *text)
{
    return 7.4 * (double)g_utf8_strlen(text, -1);
}

double
figure_nice(double span, unsigned n)
{
    const double raw = span / n, power = pow(10.0, floor(log10(raw)));
    const double lead = raw / power;

    return power * (lead <= 1.0 ? 1.0 : lead <= 2.0 ? 2.0 : lead <= 5.0 ? 5.0 : 10.0);
}

char *
figure_shorten(const char *text, size_t most)
{
    g_autofree char *cut = NULL;

    if ((size_t)g_utf8_strlen(text, -1) <= most)
        return g_strdup(text);
    cut = g_utf8_substring(text, 0, (glong)most - 1);
    return g_strconcat(cut, "…", NULL);
}

const char *
report_direction(const LacReportMetric *metric)
{
    return metric->better == LAC_BETTER_LOW    ? "lower is better"
           : metric->better == LAC_BETTER_HIGH ? "higher is better"
                                               : "nearer its target is better";
}

char *
report_axis_text(const LacReport *report, size_t index, size_t condition)
{
    const LacReportMetric *metric = report_metric(report, index);
    const char *scale = report_condition(report, condition)->scale;
    const gboolean of_column = metric->unit != NULL && g_str_equal(metric->unit, "column unit");

    if (of_column && g_strcmp0(scale, "none") == 0)
        return g_strdup_printf("%s, the data's units, %s", metric->label, report_direction(metric));
    if (of_column && scale != NULL)
        return g_strdup_printf("%s, %s units, %s", metric->label, scale, report_direction(metric));
    if (metric->unit != NULL && !of_column)
        return g_strdup_printf("%s, %s, %s", metric->label, metric->unit, report_direction(metric));
    return g_strdup_printf("%s, %s", metric->label, report_direction(metric));
}
