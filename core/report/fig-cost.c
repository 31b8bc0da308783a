/* Error against time, with the methods that no other beats in both. */
#include "figure-private.h"
#include "text-private.h"

#include <math.h>

#define WIDTH 560
#define HEIGHT 340
#define LEFT 76
#define RIGHT 120
#define TOP 16
#define BOTTOM 48

typedef struct {
    const LacReportMethod *method;
    LacEntry entry;
    LacCost cost;
    gboolean front;
} CostPoint;

/* methods that the time limit stopped have no error: an arrow to the right starts at the limit, in
 * rows of their own above the points */
#define LATE_ROW 17.0

typedef struct {
    LacFigure *figure;
    CostPoint *point, *late;
    size_t n, n_late;
    double x_low, x_high, y_low, y_high;
} CostPlot;

static double
whisker(const LacEntry *entry)
{
    return isnan(entry->sd) ? 0.0 : entry->sd;
}

static void
cost_ranges(CostPlot *plot)
{
    double pad;

    plot->x_low = plot->y_low = INFINITY;
    plot->x_high = plot->y_high = -INFINITY;
    for (size_t i = 0; i < plot->n; i++) {
        const CostPoint *p = &plot->point[i];
        plot->x_low = fmin(plot->x_low, p->cost.low);
        plot->x_high = fmax(plot->x_high, p->cost.high);
        plot->y_low = fmin(plot->y_low, p->entry.mean - whisker(&p->entry));
        plot->y_high = fmax(plot->y_high, p->entry.mean + whisker(&p->entry));
    }
    for (size_t i = 0; i < plot->n_late; i++) {
        plot->x_low = fmin(plot->x_low, plot->late[i].cost.limit);
        plot->x_high = fmax(plot->x_high, plot->late[i].cost.limit);
    }
    plot->x_low /= 1.6;
    plot->x_high *= 1.6;
    pad = fmax(plot->y_high - plot->y_low, 1e-9 * fmax(fabs(plot->y_high), 1e-3)) * 0.08;
    plot->y_low -= pad;
    plot->y_high += pad;
    if (plot->n_late > 0) { /* room for the rows */
        const double room = fmin((double)plot->n_late * LATE_ROW / (HEIGHT - TOP - BOTTOM), 0.6);
        plot->y_high += (plot->y_high - plot->y_low) * room / (1.0 - room);
    }
}

static double
to_px_y(const CostPlot *plot, double y)
{
    return HEIGHT - BOTTOM -
           (y - plot->y_low) / (plot->y_high - plot->y_low) * (HEIGHT - TOP - BOTTOM);
}

static double
to_px_x(const CostPlot *plot, double x)
{
    return LEFT + log(x / plot->x_low) / log(plot->x_high / plot->x_low) * (WIDTH - LEFT - RIGHT);
}

/* TRUE when another point lies where the name right of point @i would be */
static gboolean
cost_right_taken(const CostPlot *plot, size_t i, double width)
{
    const double x = to_px_x(plot, plot->point[i].cost.wall);
    const double y = to_px_y(plot, plot->point[i].entry.mean);

    for (size_t j = 0; j < plot->n; j++) {
        const double dx = to_px_x(plot, plot->point[j].cost.wall) - x;
        if (j != i && dx > 0.0 && dx < width + 18.0 &&
            fabs(to_px_y(plot, plot->point[j].entry.mean) - y) < 14.0)
            return TRUE;
    }
    return FALSE;
}

/* names beside their points, pushed apart; on the left where the right is taken */
static void
cost_labels(const CostPlot *plot)
{
    g_autofree double *y = g_new(double, plot->n);

    for (size_t i = 0; i < plot->n; i++)
        y[i] = to_px_y(plot, plot->point[i].entry.mean);
    lac_figure_spread(plot->n, y, 15, TOP + 6, HEIGHT - BOTTOM - 6);
    for (size_t i = 0; i < plot->n; i++) {
        const CostPoint *p = &plot->point[i];
        g_autofree char *name = figure_shorten(p->method->label, 16);
        const double x = to_px_x(plot, p->cost.wall), at = to_px_y(plot, p->entry.mean);
        const double width = figure_text_width(name);
        const gboolean left = cost_right_taken(plot, i, width) && x - width - 14.0 > LEFT;
        const double side = left ? -1.0 : 1.0;
        if (fabs(y[i] - at) > 5.0)
            figure_line(plot->figure, x + 5 * side, at, x + 10 * side, y[i], 0.7, LAC_INK_SOFT,
                        NULL);
        /* a little higher where the front runs right from its point */
        figure_label(plot->figure, name, x + 12 * side, y[i] - (p->front && !left ? 8.0 : 0.0),
                     left ? "right" : "left", LAC_INK_TEXT);
    }
}

static char *
late_label(const CostPoint *p)
{
    g_autofree char *name = figure_shorten(p->method->label, 16);
    g_autofree char *limit = lac_report_seconds(p->cost.limit);

    return g_strdup_printf("%s > %s", name, limit);
}

static void
cost_late(const CostPlot *plot)
{
    for (size_t i = 0; i < plot->n_late; i++) {
        const CostPoint *p = &plot->late[i];
        g_autofree char *name = late_label(p);
        const double x = to_px_x(plot, p->cost.limit);
        const double y = TOP + LATE_ROW * ((double)i + 0.5);
        const double ahead = x + 24.0 + 8.0 + figure_text_width(name) < WIDTH ? 1.0 : -1.0;

        figure_arrow(plot->figure, x, y, x + 24.0, y, 1.6, figure_slot_ink(p->method->slot));
        figure_label(plot->figure, name, ahead > 0.0 ? x + 30.0 : x - 6.0, y,
                     ahead > 0.0 ? "left" : "right", LAC_INK_TEXT);
    }
}

/* the front as a staircase: from each of its points right to the next, then to its error */
static void
cost_front(const CostPlot *plot, gboolean high_is_better)
{
    LacFigure *figure = plot->figure;
    g_autofree size_t *order = g_new(size_t, plot->n);
    size_t n = 0;

    for (size_t i = 0; i < plot->n; i++) {
        size_t at = n;
        if (!plot->point[i].front)
            continue;
        for (; at > 0 && plot->point[order[at - 1]].cost.wall > plot->point[i].cost.wall; at--)
            order[at] = order[at - 1];
        order[at] = i;
        n++;
    }
    figure_put(figure, "$front << E\n");
    for (size_t i = 0; i < n; i++)
        figure_put(figure, "%g %g\n", plot->point[order[i]].cost.wall,
                   plot->point[order[i]].entry.mean);
    if (n > 0)
        figure_put(figure, "%g %g\n", plot->x_high, plot->point[order[n - 1]].entry.mean);
    figure_put(figure, "E\n");
    figure_label(figure, high_is_better ? "↖ better" : "↙ better", LEFT + 10,
                 high_is_better ? TOP + 10 : HEIGHT - BOTTOM - 12, "left", LAC_INK_SOFT);
}

static void
cost_points(const CostPlot *plot)
{
    LacFigure *figure = plot->figure;

    for (size_t i = 0; i < plot->n; i++) {
        const CostPoint *p = &plot->point[i];
        figure_put(figure, "$p%d << E\n%g %g %g %g %g %g\nE\n", (int)i, p->cost.wall, p->entry.mean,
                   p->cost.low, p->cost.high, p->entry.mean - whisker(&p->entry),
                   p->entry.mean + whisker(&p->entry));
    }
    figure_put(figure, "plot $front using 1:2 with steps lw 1.2 dt (4,3) lc rgb '%s' notitle",
               figure_ink(LAC_INK_NEUTRAL));
    for (size_t i = 0; i < plot->n; i++) {
        const size_t slot = plot->point[i].method->slot;
        const char *ink = figure_ink(figure_slot_ink(slot));
        figure_put(figure,
                   ", $p%d using 1:2:3:4:5:6 with xyerrorbars pt -1 lw 1 lc rgb '%s' notitle"
                   ", $p%d using 1:2 with points pt %d ps %g lc rgb '%s' notitle",
                   (int)i, ink, (int)i, figure_slot_point(slot), plot->point[i].front ? 1.4 : 1.0,
                   ink);
    }
    figure_put(figure, "\n");
}

static void
cost_collect(const LacReport *report, size_t condition, size_t data, CostPlot *plot)
{
    CostPoint *point = plot->point;
    const LacReportMetric *metric = report_metric(report, report->primary);
    const size_t k = report->methods->len;
    g_autofree double *time = g_new(double, k), *loss = g_new(double, k);
    g_autofree gboolean *front = g_new(gboolean, k);
    size_t n = 0;

    for (size_t j = 0; j < k; j++) {
        CostPoint p = {.method = report_method(report, report->order[j])};
        p.entry = report_entry(report, condition, data, report->order[j], report->primary);
        p.cost = report_cost(report, condition, data, report->order[j]);
        if (p.entry.status != LAC_VALUE_OK && p.cost.timeouts > 0 && p.cost.limit > 0.0)
            plot->late[plot->n_late++] = p;
        if (p.entry.status != LAC_VALUE_OK || !(p.cost.wall > 0.0) || !(p.cost.low > 0.0))
            continue;
        time[n] = p.cost.wall;
        loss[n] = report_loss(metric, p.entry.mean);
        point[n++] = p;
    }
    lac_pareto(n, time, loss, front);
    for (size_t i = 0; i < n; i++)
        point[i].front = front[i];
    plot->n = n;
}

/* the numbers drawn, and the names on the front and of the late */
static void
cost_csv(const CostPlot *plot, GString *front, GString *late)
{
    GString *csv = plot->figure->csv;

    g_string_append(csv, "method,seconds,mean,sd,front\n");
    for (size_t i = 0; i < plot->n; i++) {
        const CostPoint *p = &plot->point[i];
        if (p->front)
            g_string_append_printf(front, "%s%s", front->len ? ", " : "", p->method->label);
        lac_report_put_csv(csv, p->method->label);
        g_string_append_c(csv, ',');
        figure_number(csv, p->cost.wall);
        g_string_append_c(csv, ',');
        figure_number(csv, p->entry.mean);
        g_string_append_c(csv, ',');
        if (isfinite(p->entry.sd))
            figure_number(csv, p->entry.sd);
        g_string_append_printf(csv, ",%d\n", p->front ? 1 : 0);
    }
    for (size_t i = 0; i < plot->n_late; i++) {
        const CostPoint *p = &plot->late[i];
        g_autofree char *label = late_label(p);
        g_string_append_printf(late, "%s%s",
                               late->len ? ", " : " Stopped by the time limit: ", label);
        lac_report_put_csv(csv, p->method->label);
        g_string_append(csv, ",>");
        figure_number(csv, p->cost.limit);
        g_string_append(csv, ",,,0\n");
    }
    g_string_append(late, late->len > 0 ? "." : "");
}

static void
cost_words(const CostPlot *plot, const LacReport *report, size_t condition, size_t data)
{
    const size_t missing = report->methods->len - plot->n - plot->n_late;
    const LacReportMetric *metric = report_metric(report, report->primary);
    const char *under = report_condition(report, condition)->label;
    const char *name = report_data(report, data)->label;
    g_autoptr(GString) front = g_string_new(NULL), late = g_string_new(NULL);
    g_autofree char *slug = g_strdup_printf("time %s %s %s", name, under, metric->label);
    LacFigure *figure = plot->figure;

    cost_csv(plot, front, late);
    figure->slug = lac_report_slug(slug);
    figure->title = g_strdup_printf("%s against time on %s, %s", metric->label, name, under);
    figure->alt =
        g_strdup_printf("Scatter plot: %s (%s) against seconds of %zu methods on %s, %s. On the "
                        "Pareto front: %s.%s %zu methods without a value are not shown.",
                        metric->label, report_direction(metric), plot->n, name, under, front->str,
                        late->str, missing);
    figure->caption = g_strdup_printf(
        "Median seconds to fit and apply, whiskers from the fastest to the slowest repeat; %s as "
        "mean ± sd. The line joins the methods that no other beats in both: %s.%s",
        metric->label, front->str, late->str);
}

LacFigure *
figure_cost(const LacReport *report, size_t condition, size_t data)
{
    const LacReportMetric *metric = report_metric(report, report->primary);
    g_autofree CostPoint *point = g_new0(CostPoint, MAX(report->methods->len, 1));
    g_autoptr(LacFigure) figure = NULL;
    g_autofree char *axis = report_axis_text(report, report->primary, condition);
    g_autofree CostPoint *late = g_new0(CostPoint, MAX(report->methods->len, 1));
    CostPlot plot = {.point = point, .late = late};

    cost_collect(report, condition, data, &plot);
    if (plot.n == 0 || plot.n + plot.n_late < 2)
        return NULL;
    figure = plot.figure = figure_new(WIDTH, HEIGHT);
    cost_ranges(&plot);
    figure_frame(figure, LEFT, RIGHT, TOP, BOTTOM);
    figure_put(figure,
               "set logscale x\nset format x '%%g'\nset xrange [%g:%g]\nset yrange [%g:%g]\n"
               "set bars 0.4\n",
               plot.x_low, plot.x_high, plot.y_low, plot.y_high);
    figure_axis_label(figure, "x", "seconds (log scale)");
    figure_axis_label(figure, "y", axis);
    cost_labels(&plot);
    cost_late(&plot);
    cost_front(&plot, metric->better == LAC_BETTER_HIGH);
    cost_points(&plot);
    cost_words(&plot, report, condition, data);
    return g_steal_pointer(&figure);
}
