/* Convergence: a traced statistic by iteration, one line a chain. */
#include "figure-private.h"
#include "text-private.h"

#include <math.h>

#define WIDTH 360
#define HEIGHT 230
#define MOST_CHAINS 10

LacFigure *
figure_trace(const LacReportTrace *trace, double rhat, const LacTraceOf *of)
{
    static const char *const dashes[] = {"solid", "(6,2)", "(2,2)", "(8,2,2,2)"};
    const size_t chains = MIN(trace->chains, MOST_CHAINS);
    g_autoptr(LacFigure) figure = figure_new(WIDTH, HEIGHT);
    g_autofree char *value = lac_report_fixed(rhat, 3);
    g_autofree char *what = trace->column == NULL
                                ? g_strdup(trace->series)
                                : g_strdup_printf("%s of %s", trace->series, trace->column);
    g_autofree char *slug = g_strdup_printf("trace %s %s %s", of->method, of->data, what);
    g_autofree char *label = figure_shorten(what, 34), *some = NULL;

    figure_frame(figure, 82, 16, 14, 46);
    figure_axis_label(figure, "x", "iteration");
    figure_axis_label(figure, "y", label);
    g_string_append(figure->csv, "chain,iteration,value\n");
    for (size_t c = 0; c < chains; c++) {
        figure_put(figure, "$c%d << E\n", (int)c);
        for (size_t t = 0; t < trace->iterations; t++) {
            const double v = trace->value[c * trace->iterations + t];
            if (!isfinite(v))
                continue;
            figure_put(figure, "%d %g\n", (int)t + 1, v);
            g_string_append_printf(figure->csv, "%zu,%zu,", c + 1, t + 1);
            figure_number(figure->csv, v);
            g_string_append_c(figure->csv, '\n');
        }
        figure_put(figure, "E\n");
    }
    figure_put(figure, "set xtics %g\n",
               fmax(1.0, figure_nice((double)MAX(trace->iterations - 1, 1), 6)));
    figure_put(figure, "set xrange [1:%d]\nset offsets 0,0,graph 0.05,graph 0.05\nplot ",
               (int)MAX(trace->iterations, 2));
    for (size_t c = 0; c < chains; c++)
        figure_put(figure, "%s$c%d using 1:2 with lines lw 1.3 lc rgb '%s' dt %s notitle",
                   c ? ", " : "", (int)c, figure_ink(1), dashes[c % 4]);
    figure_put(figure, "\n");
    figure->slug = lac_report_slug(slug);
    figure->title = isnan(rhat) ? g_strdup_printf("%s by iteration", what)
                                : g_strdup_printf("%s, R̂ %s", what, value);
    figure->alt =
        g_strdup_printf("Trace plot: %s by iteration, %zu chains of %zu iterations of %s on "
                        "%s%s%s.",
                        what, chains, trace->iterations, of->method, of->data,
                        isnan(rhat) ? "" : "; R-hat ", isnan(rhat) ? "" : value);
    some = chains < trace->chains ? g_strdup_printf("; %zu of %zu chains", chains, trace->chains)
                                  : g_strdup("");
    figure->caption =
        g_strdup_printf("%s on %s%s%s%s.", of->method, of->data, of->condition != NULL ? ", " : "",
                        of->condition != NULL ? of->condition : "", some);
    return g_steal_pointer(&figure);
}
