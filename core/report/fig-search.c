/* A random search: scores by draw with the best so far, and by the value of each parameter. */
#include "search-private.h"
#include "text-private.h"

#include <math.h>
#include <string.h>

#define WIDTH 360
#define HEIGHT 230
#define LONGEST_TICK 12

/* values span so much that a log axis shows them better */
static const double log_from = 10.0;

/* smaller numbers are written with an exponent and take more room */
static const double wide_ticks = 1e-3;

static void
frame(LacFigure *figure, const LacReport *report, const LacReportSearch *search, const char *x)
{
    const char *metric = report_metric(report, search->metric)->label;
    g_autofree char *label = figure_shorten(metric, 30), *across = figure_shorten(x, 40);

    figure_frame(figure, 82, 28, 14, 46);
    figure_axis_label(figure, "x", across);
    figure_axis_label(figure, "y", label);
}

static void
name_figure(LacFigure *figure, const LacReport *report, const LacReportSearch *search,
            const char *what)
{
    g_autofree char *of = report_search_text(report, search);
    g_autofree char *slug = g_strdup_printf("search %s %s %s", search->stage, of, what);

    figure->slug = lac_report_slug(slug);
    figure->title = g_strdup_printf("%s by %s", report_metric(report, search->metric)->label, what);
    figure->caption = g_strdup_printf("Validation rows, %s; filled: chosen",
                                      report_direction(report_metric(report, search->metric)));
}

/* One line a score: x, score; those that were chosen in a block of their own. */
static void
put_points(LacFigure *figure, const LacReportSearch *search, const double *x)
{
    static const char *const blocks[] = {"$others", "$chosen"};

    g_string_append(figure->csv, "draw,x,score,chosen\n");
    for (size_t chosen = 0; chosen < 2; chosen++) {
        figure_put(figure, "%s << E\n", blocks[chosen]);
        for (guint i = 0; i < search->tried->len; i++) {
            const LacReportTried *tried = search->tried->pdata[i];

            for (guint k = 0; k < tried->score->len; k++) {
                const double score = g_array_index(tried->score, double, k);
                const gboolean picked = g_array_index(tried->picked, gboolean, k);

                if (isnan(score) || isnan(x[i]) || picked != (chosen > 0))
                    continue;
                figure_put(figure, "%g %g\n", x[i], score);
                g_string_append_printf(figure->csv, "%" G_GINT64_FORMAT ",", tried->draw);
                figure_number(figure->csv, x[i]);
                g_string_append_c(figure->csv, ',');
                figure_number(figure->csv, score);
                g_string_append_printf(figure->csv, ",%d\n", picked ? 1 : 0);
            }
        }
        figure_put(figure, "E\n");
    }
}

static void
plot_points(LacFigure *figure, const char *before)
{
    figure_put(figure,
               "set offsets graph 0.05,graph 0.05,graph 0.08,graph 0.08\n"
               "plot %s$others using 1:2 with points pt 6 ps 0.7 lc rgb '%s' notitle, "
               "$chosen using 1:2 with points pt 7 ps 0.9 lc rgb '%s' notitle\n",
               before, figure_ink(LAC_INK_TEXT), figure_ink(1));
}

static gboolean
any_score(const LacReportSearch *search)
{
    for (guint i = 0; i < search->tried->len; i++)
        if (!isnan(((const LacReportTried *)search->tried->pdata[i])->mean))
            return TRUE;
    return FALSE;
}

/* The best mean so far as steps. */
static void
put_best(LacFigure *figure, const LacReport *report, const LacReportSearch *search)
{
    const LacReportMetric *metric = report_metric(report, search->metric);
    double best = NAN;

    figure_put(figure, "$best << E\n");
    for (guint i = 0; i < search->tried->len; i++) {
        const LacReportTried *tried = search->tried->pdata[i];

        if (!isnan(tried->mean) &&
            (isnan(best) || report_loss(metric, tried->mean) < report_loss(metric, best)))
            best = tried->mean;
        if (!isnan(best))
            figure_put(figure, "%d %g\n", (int)tried->draw, best);
    }
    figure_put(figure, "E\n");
}

LacFigure *
figure_search_draws(const LacReport *report, const LacReportSearch *search)
{
    g_autofree double *x = g_new(double, search->tried->len + 1);
    g_autofree char *line = NULL;
    double last = 1.0;
    LacFigure *figure;

    if (!any_score(search))
        return NULL;
    for (guint i = 0; i < search->tried->len; i++) {
        x[i] = (double)((const LacReportTried *)search->tried->pdata[i])->draw;
        last = fmax(last, x[i]);
    }
    figure = figure_new(WIDTH, HEIGHT);
    frame(figure, report, search, "draw");
    put_points(figure, search, x);
    put_best(figure, report, search);
    figure_put(figure, "set xrange [0.5:%g]\nset xtics %g\n", last + 0.5,
               fmax(1.0, figure_nice(last, 6)));
    line = g_strdup_printf("$best using 1:2 with steps lw 1.3 lc rgb '%s' dt (6,2) notitle, ",
                           figure_ink(LAC_INK_SOFT));
    plot_points(figure, line);
    name_figure(figure, report, search, "draw");
    figure->alt = g_strdup_printf("Scatter plot of %u configurations: score by draw, and the best "
                                  "so far as a line; the table below has all numbers.",
                                  search->tried->len);
    return figure;
}

/* ---- one parameter --------------------------------------------------------------------------- */

/* The number @text is; NaN for words and lists. */
static double
number_of(const char *text)
{
    char *end = NULL;
    const double x = text != NULL ? g_ascii_strtod(text, &end) : NAN;

    return text != NULL && end != text && *end == '\0' ? x : NAN;
}

static gboolean
all_numbers(const LacReportSearch *search, const char *name)
{
    for (guint i = 0; i < search->tried->len; i++) {
        const char *value = report_tried_value(search->tried->pdata[i], name);

        if (value != NULL && isnan(number_of(value)))
            return FALSE;
    }
    return TRUE;
}

static void
number_axis(LacFigure *figure, const double *x, size_t n)
{
    double low = INFINITY, high = -INFINITY;

    for (size_t i = 0; i < n; i++) {
        low = isnan(x[i]) ? low : fmin(low, x[i]);
        high = isnan(x[i]) ? high : fmax(high, x[i]);
    }
    if (low > 0.0 && high / low >= log_from)
        figure_put(figure, "set logscale x\nset format x '%%h'\n");
    else if (high > low)
        figure_put(figure, "set xtics %g\n", figure_nice(high - low, high < wide_ticks ? 2 : 5));
}

/* [8] before [16]. */
static int
by_length(gconstpointer a, gconstpointer b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    const size_t lx = strlen(x), ly = strlen(y);

    return lx != ly ? (lx < ly ? -1 : 1) : strcmp(x, y);
}

static GPtrArray *
words_of(const LacReportSearch *search, const char *name)
{
    GPtrArray *words = g_ptr_array_new();

    for (guint i = 0; i < search->tried->len; i++) {
        const char *value = report_tried_value(search->tried->pdata[i], name);

        if (value != NULL && !g_ptr_array_find_with_equal_func(words, value, g_str_equal, NULL))
            g_ptr_array_add(words, (gpointer)value);
    }
    g_ptr_array_sort(words, by_length);
    return words;
}

/* Words stand side by side. */
static void
word_axis(LacFigure *figure, const LacReportSearch *search, const char *name, double *x)
{
    g_autoptr(GPtrArray) words = words_of(search, name);

    for (guint i = 0; i < search->tried->len; i++) {
        const char *value = report_tried_value(search->tried->pdata[i], name);
        guint at = 0;

        if (value != NULL)
            g_ptr_array_find_with_equal_func(words, value, g_str_equal, &at);
        x[i] = value != NULL ? (double)at : NAN;
    }
    figure_put(figure, "set xtics (");
    for (guint w = 0; w < words->len; w++) {
        g_autofree char *tick = figure_shorten(words->pdata[w], LONGEST_TICK);

        figure_put(figure, w > 0 ? ", " : "");
        lac_report_put_gnuplot(figure->script, words->len > 5 && w % 2 == 1 ? "" : tick);
        figure_put(figure, " %d", (int)w);
    }
    figure_put(figure, ") noenhanced\nset xrange [-0.5:%g]\n", (double)words->len - 0.5);
}

LacFigure *
figure_search_parameter(const LacReport *report, const LacReportSearch *search, const char *name)
{
    g_autofree double *x = g_new(double, search->tried->len + 1);
    LacFigure *figure;

    if (!any_score(search))
        return NULL;
    figure = figure_new(WIDTH, HEIGHT);
    frame(figure, report, search, name);
    if (all_numbers(search, name)) {
        for (guint i = 0; i < search->tried->len; i++)
            x[i] = number_of(report_tried_value(search->tried->pdata[i], name));
        number_axis(figure, x, search->tried->len);
    } else {
        word_axis(figure, search, name, x);
    }
    put_points(figure, search, x);
    plot_points(figure, "");
    name_figure(figure, report, search, name);
    figure->alt = g_strdup_printf("Scatter plot of %u configurations: score by %s; the table below "
                                  "has all numbers.",
                                  search->tried->len, name);
    return figure;
}
