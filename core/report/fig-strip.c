/* One row a method, one point a data set or a repeat; a box where there are enough points. */
#include "figure-private.h"
#include "text-private.h"

#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

#define PLOT_WIDTH 390
#define NAME_MOST 20
#define RIGHT 24
#define TOP 12
#define BOTTOM 48
#define ROW 30
#define BOX_LEAST 8

/* points of one row; failures are drawn hollow at the right edge */
typedef struct {
    const LacReportMethod *method;
    size_t n, failed;
    double *x;
} StripRow;

typedef struct {
    LacFigure *figure;
    const LacReport *report;
    StripRow *row;
    size_t rows;
    double low, high, left;
    gboolean logarithmic;
} Strip;

static void
strip_clear(Strip *strip)
{
    for (size_t i = 0; i < strip->rows; i++)
        g_free(strip->row[i].x);
    g_free(strip->row);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Strip, strip_clear)

/* a figure with room for the longest name */
static LacFigure *
strip_new(Strip *strip)
{
    for (size_t i = 0; i < strip->rows; i++) {
        g_autofree char *name = figure_shorten(strip->row[i].method->label, NAME_MOST);
        strip->left = fmax(strip->left, figure_text_width(name) + 24.0);
    }
    strip->figure = figure_new((unsigned)strip->left + PLOT_WIDTH + RIGHT,
                               (unsigned)(TOP + BOTTOM + ROW * strip->rows));
    return strip->figure;
}

static void
strip_range(Strip *strip, double include)
{
    strip->low = strip->high = include;
    for (size_t i = 0; i < strip->rows; i++) {
        for (size_t p = 0; p < strip->row[i].n; p++) {
            strip->low =
                isnan(strip->low) ? strip->row[i].x[p] : fmin(strip->low, strip->row[i].x[p]);
            strip->high =
                isnan(strip->high) ? strip->row[i].x[p] : fmax(strip->high, strip->row[i].x[p]);
        }
    }
}

static size_t
strip_failures(const Strip *strip)
{
    size_t failed = 0;

    for (size_t i = 0; i < strip->rows; i++)
        failed += strip->row[i].failed;
    return failed;
}

/* x axis; failures get a lane of their own behind the largest value */
static double
strip_axis(Strip *strip)
{
    const gboolean lane = strip_failures(strip) > 0;
    double low = strip->low, high = strip->high, fail;
    double pad;

    if (strip->logarithmic) {
        pad = fmax(log(high / low), 0.1) * 0.05;
        fail = high * exp((lane ? 3.0 : 1.0) * pad);
        figure_put(strip->figure, "set logscale x\nset xrange [%g:%g]\n", low * exp(-pad),
                   lane ? fail * exp(pad) : fail);
        return fail;
    }
    pad = fmax(high - low, fmax(1e-12, 1e-6 * fabs(high))) * 0.05;
    fail = high + (lane ? 3.0 : 1.0) * pad;
    figure_put(strip->figure, "set xrange [%g:%g]\n", low - pad, lane ? fail + pad : fail);
    if (lane) { /* no number where the lane has its name */
        const double step = figure_nice(high - low + 2.0 * pad, 6);
        figure_put(strip->figure, "set xtics %g,%g,%g\n", step * ceil((low - pad) / step), step,
                   high + 0.5 * pad);
    }
    return fail;
}

static void
strip_box(const Strip *strip, const StripRow *row, double y)
{
    g_autofree double *sorted = g_memdup2(row->x, MAX(row->n, 1) * sizeof(double));
    double q1, median, q3, low, high;

    lac_stats_sort(row->n, sorted);
    median = lac_stats_quantile(row->n, sorted, 0.5, 7);
    if (row->n >= BOX_LEAST) {
        q1 = lac_stats_quantile(row->n, sorted, 0.25, 7);
        q3 = lac_stats_quantile(row->n, sorted, 0.75, 7);
        low = q1;
        high = q3;
        for (size_t i = 0; i < row->n; i++) {
            if (sorted[i] >= q1 - 1.5 * (q3 - q1))
                low = fmin(low, sorted[i]);
            if (sorted[i] <= q3 + 1.5 * (q3 - q1))
                high = fmax(high, sorted[i]);
        }
        figure_put(strip->figure,
                   "set object rectangle from %g,%g to %g,%g fs empty border lc rgb '%s' lw 1\n"
                   "set arrow from %g,%g to %g,%g nohead lw 1 lc rgb '%s'\n"
                   "set arrow from %g,%g to %g,%g nohead lw 1 lc rgb '%s'\n",
                   q1, y - 0.28, q3, y + 0.28, figure_ink(LAC_INK_SOFT), low, y, q1, y,
                   figure_ink(LAC_INK_SOFT), q3, y, high, y, figure_ink(LAC_INK_SOFT));
    }
    figure_put(strip->figure, "set arrow from %g,%g to %g,%g nohead lw 2 lc rgb '%s'\n", median,
               y - 0.3, median, y + 0.3, figure_ink(LAC_INK_SOFT));
}

static void
strip_points(const Strip *strip, double fail)
{
    LacFigure *figure = strip->figure;

    for (size_t i = 0; i < strip->rows; i++) {
        const StripRow *row = &strip->row[i];
        figure_put(figure, "$r%d << E\n", (int)i);
        for (size_t p = 0; p < row->n; p++)
            figure_put(figure, "%g %g\n", row->x[p],
                       (double)i + 0.36 * report_jitter(strip->report, "strip", 1000 * i + p));
        if (row->n == 0)
            figure_put(figure, "NaN NaN\n");
        figure_put(figure, "E\n$f%d << E\n", (int)i);
        for (size_t p = 0; p < row->failed; p++)
            figure_put(figure, "%g %g\n", fail,
                       (double)i + 0.4 * report_jitter(strip->report, "failed", 1000 * i + p));
        if (row->failed == 0)
            figure_put(figure, "NaN NaN\n");
        figure_put(figure, "E\n");
    }
    figure_put(figure, "plot ");
    for (size_t i = 0; i < strip->rows; i++) {
        const size_t slot = strip->row[i].method->slot;
        if (strip->row[i].n > 0)
            figure_put(figure, "$r%d using 1:2 with points pt %d ps %g lc rgb '%s' notitle, ",
                       (int)i, figure_slot_point(slot), strip->row[i].n >= BOX_LEAST ? 0.6 : 0.9,
                       figure_ink(figure_slot_ink(slot)));
        if (strip->row[i].failed > 0)
            figure_put(figure, "$f%d using 1:2 with points pt 6 ps 0.9 lc rgb '%s' notitle, ",
                       (int)i, figure_ink(LAC_INK_SOFT));
    }
    figure_put(figure, "NaN notitle\n");
}

static void
strip_draw(Strip *strip, const char *axis)
{
    LacFigure *figure = strip->figure;
    const double bottom = figure->height - BOTTOM;
    double fail;

    figure_frame(figure, (unsigned)strip->left, RIGHT, TOP, BOTTOM);
    figure_put(figure, "unset ytics\nset border 1\nset yrange [%g:-0.6]\n",
               (double)strip->rows - 0.4);
    figure_axis_label(figure, "x", axis);
    fail = strip_axis(strip);
    for (size_t i = 0; i < strip->rows; i++) {
        const double y = TOP + (bottom - TOP) * ((double)i + 0.6) / (double)strip->rows;
        g_autofree char *name = figure_shorten(strip->row[i].method->label, NAME_MOST);
        figure_label(figure, name, strip->left - 12, y, "right", LAC_INK_TEXT);
        if (strip->row[i].n > 0)
            strip_box(strip, &strip->row[i], (double)i);
    }
    if (strip_failures(strip) > 0)
        figure_label(figure, "failed", figure->width - RIGHT + 20, bottom + 13, "right",
                     LAC_INK_SOFT);
    strip_points(strip, fail);
}

static void
strip_csv(const Strip *strip, const char *value)
{
    g_string_append_printf(strip->figure->csv, "method,%s\n", value);
    for (size_t i = 0; i < strip->rows; i++) {
        for (size_t p = 0; p < strip->row[i].n + strip->row[i].failed; p++) {
            lac_report_put_csv(strip->figure->csv, strip->row[i].method->label);
            g_string_append_c(strip->figure->csv, ',');
            if (p < strip->row[i].n)
                figure_number(strip->figure->csv, strip->row[i].x[p]);
            g_string_append_c(strip->figure->csv, '\n');
        }
    }
}

/* x = loss by the best loss on that data set, or the rank where ratios make no sense */
static void
strip_fill(Strip *strip, const LacComparison *c)
{
    for (size_t j = 0; j < c->k; j++) {
        StripRow *row = &strip->row[j];
        row->method = report_method(strip->report, c->method[j]);
        row->x = g_new(double, MAX(c->n, 1));
        for (size_t b = 0; b < c->n; b++) {
            double best = INFINITY;
            for (size_t l = 0; l < c->k; l++)
                best = fmin(best, c->loss[b * c->k + l]);
            if (isinf(c->loss[b * c->k + j]))
                row->failed++;
            else
                row->x[row->n++] =
                    c->log_ratio ? c->loss[b * c->k + j] / best : c->rank[b * c->k + j];
        }
    }
}

LacFigure *
figure_strip(const LacReport *report, const LacComparison *c)
{
    const LacReportMetric *metric = report_metric(report, c->metric);
    const char *condition = report_condition(report, c->condition)->label;
    g_auto(Strip) strip = {.report = report, .rows = c->k, .row = g_new0(StripRow, c->k)};
    g_autoptr(LacFigure) figure = NULL;
    g_autofree char *slug = g_strdup_printf("strip %s %s", condition, metric->label);
    g_autofree char *axis = NULL;

    if (c->n < 2 || c->k < 2)
        return NULL;
    strip_fill(&strip, c);
    figure = strip_new(&strip);
    strip_range(&strip, 1.0);
    strip.logarithmic = c->log_ratio && strip.high > 20.0;
    axis = c->log_ratio
               ? g_strdup_printf("%s ÷ best %s on the same data set", metric->label, metric->label)
               : g_strdup_printf("rank by %s on each data set (1 = best)", metric->label);
    strip_draw(&strip, axis);
    strip_csv(&strip, c->log_ratio ? "ratio_to_best" : "rank");
    figure->slug = lac_report_slug(slug);
    figure->title = g_strdup_printf("How far from the best: %s, %s", metric->label, condition);
    figure->alt =
        g_strdup_printf("Strip plot: %s (%s) of %zu methods on %zu data sets, %s, as %s. "
                        "Best overall %s; worst %s. %zu failures.",
                        metric->label, report_direction(metric), c->k, c->n, condition,
                        c->log_ratio ? "ratio to the best" : "rank", strip.row[0].method->label,
                        strip.row[c->k - 1].method->label, strip_failures(&strip));
    figure->caption = g_strdup_printf(
        "One point a data set (%zu); tick: median%s.%s", c->n,
        c->n >= BOX_LEAST ? "; box: quartiles, whiskers within 1.5 of their distance" : "",
        strip_failures(&strip) > 0 ? " Hollow marks at the right edge are failures." : "");
    return g_steal_pointer(&figure);
}

LacFigure *
figure_repeats(const LacReport *report, size_t condition, const LacInside *inside, size_t data)
{
    const LacReportMetric *metric = report_metric(report, report->primary);
    const char *under = report_condition(report, condition)->label;
    const char *name = report_data(report, data)->label;
    g_auto(Strip) strip = {.report = report, .row = g_new0(StripRow, MAX(inside->k, 1))};
    g_autoptr(LacFigure) figure = NULL;
    g_autofree char *slug = g_strdup_printf("repeats %s %s %s", name, under, metric->label);
    g_autofree char *axis = report_axis_text(report, report->primary, condition);
    g_autofree char *best = NULL;
    size_t most = 0;

    if (inside->best == inside->k)
        return NULL;
    for (size_t j = 0; j < inside->k; j++) {
        size_t n;
        const size_t *cells = report_cells(report, condition, data, inside->method[j], &n);
        StripRow *row = &strip.row[strip.rows];
        if (n == 0 || inside->entry[j].status == LAC_VALUE_NOT_APPLICABLE)
            continue;
        row->method = report_method(report, inside->method[j]);
        row->x = g_new(double, n);
        for (size_t i = 0; i < n; i++) {
            if (report_value_status(report, cells[i], report->primary) == LAC_VALUE_OK)
                row->x[row->n++] = report_value(report, cells[i], report->primary);
            else
                row->failed++;
        }
        most = MAX(most, n);
        strip.rows++;
    }
    figure = strip_new(&strip);
    strip_range(&strip, NAN);
    strip.logarithmic = strip.low > 0.0 && strip.high / strip.low > 20.0;
    strip_draw(&strip, axis);
    strip_csv(&strip, metric->name);
    best = lac_report_fixed(
        inside->entry[inside->best].mean,
        lac_report_decimals(inside->entry[inside->best].mean, inside->entry[inside->best].sd));
    figure->slug = lac_report_slug(slug);
    figure->title = g_strdup_printf("%s on %s, %s", metric->label, name, under);
    figure->alt = g_strdup_printf("Strip plot: %s of %zu methods on %s, %s, up to %zu repeats. "
                                  "Best %s %s. %zu failures.",
                                  axis, strip.rows, name, under, most,
                                  report_method(report, inside->method[inside->best])->label, best,
                                  strip_failures(&strip));
    figure->caption = g_strdup_printf("One point a repeat or fold (up to %zu); tick: median%s. "
                                      "Methods in the order of the overall "
                                      "rank.",
                                      most, most >= BOX_LEAST ? "; box: quartiles" : "");
    return g_steal_pointer(&figure);
}
