/* How often intervals hold the truth, against how often they promise to. */
#include "figure-private.h"
#include "text-private.h"

#include <math.h>
#include <string.h>

#define WIDTH 460
#define HEIGHT 360
#define LEFT 62
#define RIGHT 112
#define TOP 14
#define BOTTOM 48

typedef struct {
    LacFigure *figure;
    const LacReport *report;
    size_t condition;
    size_t *metric; /* [levels] parts of one metric */
    double *nominal;
    size_t levels;
} Calibration;

/* mean over data sets; NaN where the method offers none */
static double
observed_share(const Calibration *plot, size_t method, size_t level)
{
    double sum = 0.0;
    size_t n = 0;

    for (size_t d = 0; d < plot->report->data->len; d++) {
        const LacEntry entry =
            report_entry(plot->report, plot->condition, d, method, plot->metric[level]);
        if (entry.status != LAC_VALUE_OK)
            continue;
        sum += entry.mean;
        n++;
    }
    return n == 0 ? NAN : sum / (double)n;
}

static void
calibration_levels(Calibration *plot, size_t first)
{
    const LacReport *report = plot->report;
    const char *name = report_metric(report, first)->name;

    for (size_t m = first; m < report->metrics->len; m++) {
        const LacReportMetric *metric = report_metric(report, m);
        size_t at = plot->levels;
        if (!g_str_equal(metric->name, name) || metric->part == NULL ||
            metric->better != LAC_BETTER_TARGET || !(metric->target > 0.0) ||
            !(metric->target < 1.0))
            continue;
        for (; at > 0 && plot->nominal[at - 1] > metric->target; at--) {
            plot->nominal[at] = plot->nominal[at - 1];
            plot->metric[at] = plot->metric[at - 1];
        }
        plot->nominal[at] = metric->target;
        plot->metric[at] = m;
        plot->levels++;
    }
}

/* data blocks and CSV; returns how many methods have a line */
static size_t
calibration_data(const Calibration *plot, gboolean *drawn, double *last)
{
    LacFigure *figure = plot->figure;
    size_t lines = 0;

    g_string_append(figure->csv, "method,nominal,observed\n");
    for (size_t j = 0; j < plot->report->methods->len; j++) {
        const size_t method = plot->report->order[j];
        figure_put(figure, "$m%d << E\n", (int)j);
        drawn[j] = FALSE;
        for (size_t l = 0; l < plot->levels; l++) {
            const double share = observed_share(plot, method, l);
            if (isnan(share))
                continue;
            drawn[j] = TRUE;
            last[j] = share;
            figure_put(figure, "%g %g\n", plot->nominal[l], share);
            lac_report_put_csv(figure->csv, report_method(plot->report, method)->label);
            g_string_append_c(figure->csv, ',');
            figure_number(figure->csv, plot->nominal[l]);
            g_string_append_c(figure->csv, ',');
            figure_number(figure->csv, share);
            g_string_append_c(figure->csv, '\n');
        }
        figure_put(figure, "E\n");
        lines += drawn[j] ? 1 : 0;
    }
    return lines;
}

static void
calibration_labels(const Calibration *plot, const gboolean *drawn, const double *last)
{
    const size_t k = plot->report->methods->len;
    const double x = LEFT + plot->nominal[plot->levels - 1] * (WIDTH - LEFT - RIGHT);
    g_autofree double *y = g_new(double, k), *at = g_new(double, k);
    g_autofree size_t *who = g_new(size_t, k);
    size_t n = 0;

    for (size_t j = 0; j < k; j++) {
        if (!drawn[j])
            continue;
        who[n] = j;
        at[n] = y[n] = HEIGHT - BOTTOM - last[j] * (HEIGHT - TOP - BOTTOM);
        n++;
    }
    lac_figure_spread(n, y, 15, TOP + 4, HEIGHT - BOTTOM - 4);
    for (size_t i = 0; i < n; i++) {
        const LacReportMethod *method = report_method(plot->report, plot->report->order[who[i]]);
        g_autofree char *name = figure_shorten(method->label, 14);
        figure_line(plot->figure, x + 6, at[i], WIDTH - RIGHT + 6, y[i], 0.8, LAC_INK_SOFT,
                    "(1,5)");
        figure_label(plot->figure, name, WIDTH - RIGHT + 10, y[i], "left", LAC_INK_TEXT);
    }
}

static void
calibration_lines(const Calibration *plot, const gboolean *drawn)
{
    LacFigure *figure = plot->figure;

    figure_put(figure,
               "set xrange [0:1]\nset yrange [0:1]\nplot x with lines lw 1 dt (4,3) "
               "lc rgb '%s' notitle",
               figure_ink(LAC_INK_SOFT));
    for (size_t j = plot->report->methods->len; j-- > 0;)
        if (drawn[j])
            figure_put(figure,
                       ", $m%d using 1:2 with linespoints lw 1.6 dt %s pt %d ps 0.9 lc rgb '%s' "
                       "notitle",
                       (int)j, figure_slot_dash(j), figure_slot_point(j),
                       figure_ink(figure_slot_ink(j)));
    figure_put(figure, "\n");
}

LacFigure *
figure_calibration(const LacReport *report, size_t condition, size_t first)
{
    const size_t metrics = report->metrics->len, k = report->methods->len;
    const char *name = report_metric(report, first)->name;
    const char *under = report_condition(report, condition)->label;
    g_autofree size_t *metric = g_new(size_t, metrics);
    g_autofree double *nominal = g_new(double, metrics), *last = g_new0(double, MAX(k, 1));
    g_autofree gboolean *drawn = g_new0(gboolean, MAX(k, 1));
    g_autofree char *slug = g_strdup_printf("calibration %s %s", under, name);
    g_autoptr(LacFigure) figure = NULL;
    Calibration plot = {
        .report = report, .condition = condition, .metric = metric, .nominal = nominal};
    size_t lines;

    calibration_levels(&plot, first);
    if (plot.levels < 2)
        return NULL;
    figure = plot.figure = figure_new(WIDTH, HEIGHT);
    figure_frame(figure, LEFT, RIGHT, TOP, BOTTOM);
    figure_axis_label(figure, "x", "promised share");
    figure_axis_label(figure, "y", "share that held the truth");
    lines = calibration_data(&plot, drawn, last);
    if (lines == 0)
        return NULL;
    calibration_labels(&plot, drawn, last);
    calibration_lines(&plot, drawn);
    figure->slug = lac_report_slug(slug);
    figure->title = g_strdup_printf("Calibration: %s, %s", name, under);
    figure->alt = g_strdup_printf(
        "Line plot: %s of %zu methods at %zu promised shares from %.2g to "
        "%.2g, %s, mean over %u data sets. On the diagonal intervals hold "
        "what they promise.",
        name, lines, plot.levels, nominal[0], nominal[plot.levels - 1], under, report->data->len);
    figure->caption = g_strdup_printf("Mean over data sets. Below the diagonal intervals are too "
                                      "narrow, above it too wide.");
    return g_steal_pointer(&figure);
}
