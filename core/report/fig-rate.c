/* Error against the share of cells missing, on one data set or over all, when a run sweeps the
 * rate. */
#include "figure-private.h"
#include "text-private.h"

#include <math.h>

#define WIDTH 560
#define HEIGHT 340
#define LEFT 76
#define RIGHT 135
#define TOP 16
#define BOTTOM 48
#define LEAST_RATES 3
#define MOST_BANDS 4

typedef struct {
    LacFigure *figure;
    const LacReport *report;
    size_t *condition; /* [rates], by rate */
    double *rate;
    size_t rates, data;
    LacEntry *over; /* [methods x rates] over all data sets; NULL: of one */
    double y_low, y_high;
} RatePlot;

static void
rate_conditions(RatePlot *plot, const char *curve)
{
    const LacReport *report = plot->report;

    for (size_t c = 0; c < report->conditions->len; c++) {
        const LacReportCondition *condition = report_condition(report, c);
        const double rate = isfinite(condition->realised) ? condition->realised : condition->rate;
        size_t at = plot->rates;
        if (!g_str_equal(condition->curve, curve) || !isfinite(rate))
            continue;
        for (; at > 0 && plot->rate[at - 1] > rate; at--) {
            plot->rate[at] = plot->rate[at - 1];
            plot->condition[at] = plot->condition[at - 1];
        }
        plot->rate[at] = rate;
        plot->condition[at] = c;
        plot->rates++;
    }
}

static LacEntry
rate_entry(const RatePlot *plot, size_t j, size_t i)
{
    if (plot->over != NULL)
        return plot->over[j * plot->rates + i];
    return report_entry(plot->report, plot->condition[i], plot->data, plot->report->order[j],
                        plot->report->primary);
}

/* the axis starts a little before the first rate */
static double
rate_low(const RatePlot *plot)
{
    return plot->rate[0] - 0.03 * (plot->rate[plot->rates - 1] - plot->rate[0]);
}

static void
rate_range(RatePlot *plot)
{
    plot->y_low = INFINITY;
    plot->y_high = -INFINITY;
    for (size_t j = 0; j < plot->report->methods->len; j++) {
        for (size_t i = 0; i < plot->rates; i++) {
            const LacEntry entry = rate_entry(plot, j, i);
            const double reach = isnan(entry.sd) ? 0.0 : entry.sd;
            if (entry.status != LAC_VALUE_OK)
                continue;
            plot->y_low = fmin(plot->y_low, entry.mean - reach);
            plot->y_high = fmax(plot->y_high, entry.mean + reach);
        }
    }
    /* an error starts at nothing; other scores need not */
    if (plot->y_low >= 0.0 &&
        report_metric(plot->report, plot->report->primary)->better == LAC_BETTER_LOW)
        plot->y_low = 0.0;
    plot->y_high += 0.05 * fmax(plot->y_high - plot->y_low, 1e-12);
}

static void
rate_blocks(const RatePlot *plot)
{
    LacFigure *figure = plot->figure;

    g_string_append(figure->csv, "method,rate,mean,sd,n\n");
    for (size_t j = 0; j < plot->report->methods->len; j++) {
        const char *label = report_method(plot->report, plot->report->order[j])->label;
        figure_put(figure, "$m%d << E\n", (int)j);
        for (size_t i = 0; i < plot->rates; i++) {
            const LacEntry entry = rate_entry(plot, j, i);
            const double reach = isnan(entry.sd) ? 0.0 : entry.sd;
            if (entry.status != LAC_VALUE_OK) {
                figure_put(figure, "\n"); /* no line across a missing condition */
                continue;
            }
            figure_put(figure, "%g %g %g %g\n", plot->rate[i], entry.mean, entry.mean - reach,
                       entry.mean + reach);
            lac_report_put_csv(figure->csv, label);
            g_string_append_c(figure->csv, ',');
            figure_number(figure->csv, plot->rate[i]);
            g_string_append_c(figure->csv, ',');
            figure_number(figure->csv, entry.mean);
            g_string_append_c(figure->csv, ',');
            if (isfinite(entry.sd))
                figure_number(figure->csv, entry.sd);
            g_string_append_printf(figure->csv, ",%zu\n", entry.n);
        }
        figure_put(figure, "E\n");
    }
}

static double
rate_px(const RatePlot *plot, double rate)
{
    const double low = rate_low(plot), high = plot->rate[plot->rates - 1];

    return LEFT + (rate - low) / (high - low) * (WIDTH - LEFT - RIGHT);
}

/* which methods have a line, and where their names go: beside its last point, pushed apart */
static size_t
rate_labels(const RatePlot *plot, gboolean *drawn)
{
    const size_t k = plot->report->methods->len;
    g_autofree double *y = g_new(double, k), *at = g_new(double, k), *from = g_new(double, k);
    g_autofree size_t *who = g_new(size_t, k);
    const double plot_height = HEIGHT - TOP - BOTTOM;
    size_t n = 0;

    for (size_t j = 0; j < k; j++) {
        drawn[j] = FALSE;
        for (size_t i = plot->rates; i-- > 0;) {
            const LacEntry entry = rate_entry(plot, j, i);
            if (entry.status != LAC_VALUE_OK)
                continue;
            drawn[j] = TRUE;
            who[n] = j;
            from[n] = rate_px(plot, plot->rate[i]);
            at[n] = y[n] = HEIGHT - BOTTOM -
                           (entry.mean - plot->y_low) / (plot->y_high - plot->y_low) * plot_height;
            n++;
            break;
        }
    }
    lac_figure_spread(n, y, 16, TOP + 4, HEIGHT - BOTTOM - 4);
    for (size_t i = 0; i < n; i++) {
        const LacReportMethod *method = report_method(plot->report, plot->report->order[who[i]]);
        g_autofree char *name = figure_shorten(method->label, 16);
        {
            const gboolean cut = from[i] < WIDTH - RIGHT - 1;
            figure_line(plot->figure, from[i] + 5, at[i], WIDTH - RIGHT + 13, y[i], 0.8,
                        cut ? LAC_INK_SOFT : figure_slot_ink(method->slot), cut ? "(1,5)" : NULL);
        }
        figure_label(plot->figure, name, WIDTH - RIGHT + 17, y[i], "left", LAC_INK_TEXT);
    }
    return n;
}

static void
rate_lines(const RatePlot *plot, const gboolean *drawn, gboolean bands)
{
    LacFigure *figure = plot->figure;

    figure_put(figure, "plot ");
    for (size_t j = 0; bands && j < plot->report->methods->len; j++)
        if (drawn[j])
            figure_put(figure,
                       "$m%d using 1:3:4 with filledcurves lc rgb '%s' fs transparent solid 0.15 "
                       "noborder notitle, ",
                       (int)j, figure_ink(figure_slot_ink(j)));
    for (size_t j = plot->report->methods->len; j-- > 0;) {
        const char *ink = figure_ink(figure_slot_ink(j));
        if (!drawn[j])
            continue;
        if (!bands && plot->over == NULL && j < LAC_SLOTS)
            figure_put(figure,
                       "$m%d using 1:2:3:4 with yerrorbars pt -1 lw 1 lc rgb '%s' notitle, ",
                       (int)j, ink);
        figure_put(figure,
                   "$m%d using 1:2 with linespoints lw %g dt %s pt %d ps %g lc rgb '%s' notitle, ",
                   (int)j, j < LAC_SLOTS ? 1.8 : 0.8, figure_slot_dash(j), figure_slot_point(j),
                   j < LAC_SLOTS ? 0.9 : 0.4, ink);
    }
    figure_put(figure, "NaN notitle\n");
}

/* TRUE when method @j has a positive value at every rate of data set @data; their logarithms */
static gboolean
rate_logs(RatePlot *plot, size_t j, size_t data, double *logs)
{
    plot->data = data;
    for (size_t i = 0; i < plot->rates; i++) {
        const LacEntry entry = rate_entry(plot, j, i);
        if (entry.status != LAC_VALUE_OK || !(entry.mean > 0.0))
            return FALSE;
        logs[i] = log(entry.mean);
    }
    return TRUE;
}

/* Geometric means over the data sets that all drawn methods finished at every rate; a method that
 * did not on half of them is not drawn. Returns how many data sets that are. */
static size_t
rate_over_all(RatePlot *plot, LacEntry *over)
{
    const size_t k = plot->report->methods->len, data = plot->report->data->len;
    g_autofree double *logs = g_new(double, MAX(k * data * plot->rates, 1));
    g_autofree gboolean *whole = g_new(gboolean, MAX(k * data, 1));
    g_autofree gboolean *in = g_new0(gboolean, MAX(k, 1));
    size_t used = 0;

    for (size_t j = 0; j < k; j++) {
        size_t n = 0;
        for (size_t d = 0; d < data; d++) {
            whole[j * data + d] = rate_logs(plot, j, d, logs + (j * data + d) * plot->rates);
            n += whole[j * data + d] ? 1 : 0;
        }
        in[j] = 2 * n >= data && n > 0;
        for (size_t i = 0; i < plot->rates; i++)
            over[j * plot->rates + i] = (LacEntry){.status = LAC_VALUE_UNDEFINED, .sd = NAN};
    }
    for (size_t d = 0; d < data; d++) {
        gboolean all = TRUE;
        for (size_t j = 0; j < k; j++)
            all = all && (!in[j] || whole[j * data + d]);
        if (!all)
            continue;
        used++;
        for (size_t j = 0; j < k; j++)
            for (size_t i = 0; in[j] && i < plot->rates; i++)
                over[j * plot->rates + i].mean += logs[(j * data + d) * plot->rates + i];
    }
    for (size_t j = 0; used > 0 && j < k; j++)
        for (size_t i = 0; in[j] && i < plot->rates; i++) {
            LacEntry *entry = &over[j * plot->rates + i];
            entry->mean = exp(entry->mean / (double)used);
            entry->n = used;
            entry->status = LAC_VALUE_OK;
        }
    return used;
}

static void
rate_words(const RatePlot *plot, const char *curve, const char *name, size_t used, size_t lines)
{
    const LacReport *report = plot->report;
    const LacReportMetric *metric = report_metric(report, report->primary);
    g_autofree char *slug = g_strdup_printf(
        "rate %s %s %s", plot->over != NULL ? "all data sets" : name, curve, metric->label);
    LacFigure *figure = plot->figure;

    figure->slug = lac_report_slug(slug);
    figure->title =
        g_strdup_printf("%s against missing rate on %s, %s", metric->label, name, curve);
    figure->alt = g_strdup_printf(
        "Line plot: %s (%s) of %zu methods on %s under %s at %zu rates from "
        "%.3g to %.3g. Best overall %s.",
        metric->label, report_direction(metric), lines, name, curve, plot->rates, plot->rate[0],
        plot->rate[plot->rates - 1], report_method(report, report->order[0])->label);
    figure->caption =
        plot->over != NULL
            ? g_strdup_printf("Geometric mean over the %zu of %zu data sets that all methods drawn "
                              "finished at every rate, at the mean realised rate.",
                              used, (size_t)report->data->len)
            : g_strdup_printf("Mean over repeats at the realised rate; %s: ± 1 sd over repeats. "
                              "Lines break where a method failed.",
                              lines <= MOST_BANDS ? "band" : "bars");
}

LacFigure *
figure_rate(const LacReport *report, const char *curve, size_t data)
{
    const gboolean all = data == report->data->len;
    const size_t most = MAX(report->conditions->len, 1), k = MAX(report->methods->len, 1);
    g_autofree size_t *condition = g_new(size_t, most);
    g_autofree double *rate = g_new(double, most);
    g_autofree gboolean *drawn = g_new0(gboolean, k);
    g_autofree LacEntry *over = all ? g_new0(LacEntry, k * most) : NULL;
    g_autofree char *axis = NULL, *name = NULL;
    g_autoptr(LacFigure) figure = NULL;
    RatePlot plot = {.report = report, .condition = condition, .rate = rate, .data = data};
    size_t lines, used = 0;

    rate_conditions(&plot, curve);
    if (plot.rates < LEAST_RATES)
        return NULL;
    if (all && (report_metric(report, report->primary)->better != LAC_BETTER_LOW ||
                (used = rate_over_all(&plot, over)) < 2))
        return NULL;
    plot.over = over;
    name =
        all ? g_strdup_printf("%zu data sets", used) : g_strdup(report_data(report, data)->label);
    rate_range(&plot);
    if (!isfinite(plot.y_low) || !isfinite(plot.y_high))
        return NULL;
    figure = plot.figure = figure_new(WIDTH, HEIGHT);
    axis = report_axis_text(report, report->primary, condition[0]);
    figure_frame(figure, LEFT, RIGHT, TOP, BOTTOM);
    figure_put(figure, "set xrange [%g:%g]\nset yrange [%g:%g]\nset bars 0.4\n", rate_low(&plot),
               rate[plot.rates - 1], plot.y_low, plot.y_high);
    figure_axis_label(figure, "x", "share of cells missing");
    figure_axis_label(figure, "y", axis);
    rate_blocks(&plot);
    lines = rate_labels(&plot, drawn);
    rate_lines(&plot, drawn, !all && lines <= MOST_BANDS);
    rate_words(&plot, curve, name, used, lines);
    return g_steal_pointer(&figure);
}
