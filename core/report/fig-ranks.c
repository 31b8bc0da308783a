/* The critical-difference diagram: mean ranks on a line, bars over methods that no test tells
 * apart. */
#include "figure-private.h"
#include "text-private.h"

#include <math.h>

#define AXIS_WIDTH 300
#define NAME_MOST 24
#define AXIS 74
#define BAR_PITCH 7
#define ROW 21

typedef struct {
    LacFigure *figure;
    const LacReport *report;
    const LacComparison *comparison;
    double first;       /* y of the first row of labels */
    double left, right; /* x of ranks 1 and k */
} Ranks;

static double
rank_x(const Ranks *r, double rank)
{
    const double span = (double)r->comparison->k - 1.0;

    return r->left + (rank - 1.0) / span * (r->right - r->left);
}

static void
draw_axis(const Ranks *r)
{
    LacFigure *figure = r->figure;
    const double k = (double)r->comparison->k, step = fmax(1.0, figure_nice(k - 1.0, 10));
    const double difference = r->comparison->difference;

    figure_line(figure, r->left, AXIS, r->right, AXIS, 1.2, LAC_INK_TEXT, NULL);
    for (double rank = 1.0; rank <= k + 1e-9; rank += step) {
        g_autofree char *text = lac_report_fixed(rank, 0);
        figure_line(figure, rank_x(r, rank), AXIS - 5, rank_x(r, rank), AXIS, 1.2, LAC_INK_TEXT,
                    NULL);
        figure_label(figure, text, rank_x(r, rank), AXIS - 15, "center", LAC_INK_TEXT);
    }
    figure_label(figure, "better", r->left - 14, AXIS - 2, "right", LAC_INK_SOFT);
    if (difference > 0.0) {
        const double length =
            fmin(rank_x(r, 1.0 + difference) - r->left, figure->width - r->left - 12.0);
        g_autofree char *number = lac_report_fixed(difference, 2);
        g_autofree char *text = g_strdup_printf("critical difference %s", number);
        figure_line(figure, r->left, 34, r->left + length, 34, 1.2, LAC_INK_TEXT, NULL);
        figure_line(figure, r->left, 30, r->left, 38, 1.2, LAC_INK_TEXT, NULL);
        figure_line(figure, r->left + length, 30, r->left + length, 38, 1.2, LAC_INK_TEXT, NULL);
        figure_label(figure, text, r->left, 17, "left", LAC_INK_TEXT);
    }
}

static void
draw_method(const Ranks *r, size_t j, size_t left_rows)
{
    const LacComparison *c = r->comparison;
    const gboolean left = j < left_rows;
    const size_t row = left ? j : c->k - 1 - j;
    const double x = rank_x(r, c->mean_rank[j]), y = r->first + ROW * (double)row;
    const LacReportMethod *method = report_method(r->report, c->method[j]);
    g_autofree char *rank = lac_report_fixed(c->mean_rank[j], 2);
    g_autofree char *name = figure_shorten(method->label, NAME_MOST);
    g_autofree char *text =
        left ? g_strdup_printf("%s   %s", name, rank) : g_strdup_printf("%s   %s", rank, name);
    const double end = left ? r->left - 12.0 : r->right + 12.0;

    figure_line(r->figure, x, AXIS, x, y, 1.0, LAC_INK_SOFT, NULL);
    figure_line(r->figure, x, y, end, y, 1.0, LAC_INK_SOFT, NULL);
    figure_label(r->figure, text, left ? end - 6 : end + 6, y, left ? "right" : "left",
                 LAC_INK_TEXT);
    figure_put(r->figure,
               "set object circle at screen %g, screen %g size screen %g "
               "fc rgb '%s' fs solid noborder front\n",
               x / r->figure->width, 1.0 - (double)AXIS / r->figure->height, 4.6 / r->figure->width,
               figure_ink(figure_slot_ink(method->slot)));
}

static void
ranks_words(LacFigure *figure, const LacReport *report, const LacComparison *c)
{
    const LacReportMetric *metric = report_metric(report, c->metric);
    const char *condition = report_condition(report, c->condition)->label;
    const LacReportMethod *best = report_method(report, c->method[0]);
    const LacReportMethod *worst = report_method(report, c->method[c->k - 1]);
    g_autofree char *cd = lac_report_fixed(c->difference, 2), *p = lac_report_p(c->friedman.p_f);
    g_autofree char *low = lac_report_fixed(c->mean_rank[0], 2);
    g_autofree char *high = lac_report_fixed(c->mean_rank[c->k - 1], 2);
    const gboolean differ = c->friedman.p_f <= report->settings.alpha;
    g_autofree char *slug = g_strdup_printf("ranks %s %s", condition, metric->label);

    figure->slug = lac_report_slug(slug);
    figure->title = g_strdup_printf("Mean ranks by %s, %s", metric->label, condition);
    figure->alt = g_strdup_printf(
        "Critical-difference diagram: %s (%s) of %zu methods on %zu data sets, %s. Best %s with "
        "mean "
        "rank %s; worst %s with %s. %s %zu failures.",
        metric->label, report_direction(metric), c->k, c->n, condition, best->label, low,
        worst->label, high,
        differ ? "The methods differ overall." : "No significant difference overall.", c->failures);
    figure->caption = g_strdup_printf(
        "Mean rank over %zu data sets, 1 is best. Methods joined by a bar lie closer than the "
        "critical difference %s (Nemenyi, α = %g, k = %zu). Friedman test in Iman and Davenport's "
        "form: %s%s",
        c->n, cd, report->settings.alpha, c->k, p,
        differ ? "." : ": no significant difference overall, so the bars are not to be read.");
}

/* room for the longest name and its rank beside the axis */
static double
names_width(const LacReport *report, const LacComparison *c, size_t from, size_t to)
{
    double most = figure_text_width("better");

    for (size_t j = from; j < to; j++) {
        const char *label = report_method(report, c->method[j])->label;
        g_autofree char *name = figure_shorten(label, NAME_MOST);
        most = fmax(most, figure_text_width(name) + figure_text_width("   9.99"));
    }
    return most + 26.0;
}

LacFigure *
figure_ranks(const LacReport *report, const LacComparison *c)
{
    const size_t rows = (c->k + 1) / 2;
    g_autoptr(LacFigure) figure = NULL;
    Ranks r = {.report = report, .comparison = c};

    if (!c->tested || c->k < 3)
        return NULL;
    r.first = AXIS + 16 + BAR_PITCH * (double)c->n_cliques + 8;
    r.left = names_width(report, c, 0, rows);
    r.right = r.left + AXIS_WIDTH;
    figure = r.figure = figure_new((unsigned)(r.right + names_width(report, c, rows, c->k)),
                                   (unsigned)(r.first + ROW * (double)rows));
    figure_put(figure, "set encoding utf8\nunset border\nunset tics\nunset key\n"
                       "set lmargin at screen 0\nset rmargin at screen 1\n"
                       "set tmargin at screen 1\nset bmargin at screen 0\n");
    draw_axis(&r);
    for (size_t i = 0; i < c->n_cliques; i++) {
        const double y = AXIS + 10 + BAR_PITCH * (double)i;
        figure_line(figure, rank_x(&r, c->mean_rank[c->clique[i].first]) - 5, y,
                    rank_x(&r, c->mean_rank[c->clique[i].last]) + 5, y, 3.5, LAC_INK_TEXT, NULL);
    }
    g_string_append(figure->csv, "method,mean_rank\n");
    for (size_t j = 0; j < c->k; j++) {
        draw_method(&r, j, rows);
        lac_report_put_csv(figure->csv, report_method(report, c->method[j])->label);
        g_string_append_c(figure->csv, ',');
        figure_number(figure->csv, c->mean_rank[j]);
        g_string_append_c(figure->csv, '\n');
    }
    figure_put(figure, "plot [0:1][0:1] NaN notitle\n");
    ranks_words(figure, report, c);
    return g_steal_pointer(&figure);
}
