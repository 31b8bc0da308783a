/* One column of a filled table: what was observed beside what was imputed. */
#include "figure-private.h"
#include "kde-private.h"
#include "text-private.h"

#include <lacuna/stats.h>
#include <math.h>

#define WIDTH 400
#define HEIGHT 250

enum {
    GRID = 128,
    INK_OBSERVED = 1,
    INK_IMPUTED = 2,
    MOST_RUG = 150,
    MOST_POINTS = 250,
    MOST_STRIPS = 10,
    MOST_LEVELS_SHOWN = 10,
    MOST_INTERVALS = 60,
};

/* @out: sorted observed values of column @j; their number. */
static size_t
observed_sorted(const LacData *data, size_t j, double *out)
{
    const size_t n = lac_data_copy_seen(data, j, out);

    lac_stats_sort(n, out);
    return n;
}

/* All imputed values of column @j over all draws, sorted. Owned. */
static double *
imputed_sorted(const LacFilledCells *cells, size_t j, size_t *n_out)
{
    const size_t from = cells->start[j], n = cells->start[j + 1] - from;
    double *out = g_new(double, MAX(n * cells->draws, 1));

    for (size_t d = 0; d < cells->draws; d++)
        for (size_t k = 0; k < n; k++)
            out[d * n + k] = cells->value[d * cells->n + from + k];
    *n_out = n * cells->draws;
    lac_stats_sort(*n_out, out);
    return out;
}

/* "what,x,y"; with nothing for @what it ends a line that a number began. */
static void
csv_line(LacFigure *figure, const char *what, double x, double y)
{
    g_string_append(figure->csv, what);
    g_string_append_c(figure->csv, ',');
    figure_number(figure->csv, x);
    g_string_append_c(figure->csv, ',');
    figure_number(figure->csv, y);
    g_string_append_c(figure->csv, '\n');
}

static LacFigure *
filled_figure(const LacData *data, size_t j, const char *what, const char *x, const char *y)
{
    LacFigure *figure = figure_new(WIDTH, HEIGHT);
    g_autofree char *slug = g_strdup_printf("%s %s", what, lac_data_name(data, j));
    g_autofree char *label = figure_shorten(x, 40), *side = figure_shorten(y, 24);

    figure->slug = lac_report_slug(slug);
    figure_frame(figure, 76, 14, 26, 46);
    figure_axis_label(figure, "x", label);
    figure_axis_label(figure, "y", side);
    return figure;
}

static void
legend(LacFigure *figure)
{
    figure_label(figure, "observed", 80, 10, "left", INK_OBSERVED);
    figure_label(figure, "imputed", 156, 10, "left", INK_IMPUTED);
}

/* ---- densities and bars -----------------------------------------------------------------------
 */

static void
density_curve(LacFigure *figure, const char *block, const char *what, size_t n, const double *x,
              const double *at)
{
    double density[GRID];

    figure_put(figure, "$%s << E\n", block);
    if (n >= 5) {
        lac_kde(n, x, lac_kde_bandwidth(n, x), GRID, at, density);
        for (size_t k = 0; k < GRID; k++) {
            figure_put(figure, "%g %g\n", at[k], density[k]);
            csv_line(figure, what, at[k], density[k]);
        }
    } else {
        figure_put(figure, "NaN NaN\n");
    }
    figure_put(figure, "E\n");
}

LacFigure *
figure_density(const LacData *data, const LacFilledCells *cells, size_t j, const char *label)
{
    LacFigure *figure = filled_figure(data, j, "density", label, "density");
    g_autofree double *seen = g_new(double, MAX(data->rows, 1));
    const size_t n_seen = observed_sorted(data, j, seen);
    size_t n;
    g_autofree double *filled = imputed_sorted(cells, j, &n);
    const double low = n_seen > 0 ? fmin(seen[0], filled[0]) : filled[0];
    const double high = n_seen > 0 ? fmax(seen[n_seen - 1], filled[n - 1]) : filled[n - 1];
    const double margin = n_seen > 1 ? 2.0 * lac_kde_bandwidth(n_seen, seen)
                          : n > 1    ? 2.0 * lac_kde_bandwidth(n, filled)
                                     : 1.0;
    double at[GRID];

    for (size_t k = 0; k < GRID; k++)
        at[k] = low - margin + (high - low + 2.0 * margin) * (double)k / (GRID - 1);
    g_string_append(figure->csv, "what,value,density\n");
    density_curve(figure, "seen", "observed", n_seen, seen, at);
    density_curve(figure, "filled", "imputed", n, filled, at);
    figure_put(figure, "$rug << E\n");
    for (size_t k = 0; k < n; k += n / MOST_RUG + 1)
        figure_put(figure, "%g 0\n", filled[k]);
    figure_put(figure, "E\n");
    legend(figure);
    figure_put(figure, "set xrange [%g:%g]\nset yrange [0:*]\nset xtics %g\n", at[0], at[GRID - 1],
               figure_nice(at[GRID - 1] - at[0], 5));
    figure_put(figure,
               "plot $seen using 1:2 with lines lw 2 lc rgb '%s' notitle, "
               "$filled using 1:2 with lines lw 2 lc rgb '%s' dt (6,2) notitle, "
               "$rug using 1:2 with points pt 2 ps 0.5 lc rgb '%s' notitle\n",
               figure_ink(INK_OBSERVED), figure_ink(INK_IMPUTED), figure_ink(INK_IMPUTED));
    figure->title = g_strdup_printf("%s: density", lac_data_name(data, j));
    figure->alt = g_strdup_printf("Densities of %zu observed and %zu imputed values of %s.", n_seen,
                                  n, lac_data_name(data, j));
    figure->caption = g_strdup_printf("%zu observed values; %zu cells in %zu completions. Crosses: "
                                      "imputed values. The two need not agree: what is missing "
                                      "may differ.",
                                      n_seen, cells->start[j + 1] - cells->start[j], cells->draws);
    return figure;
}

static void
level_shares(const LacColumn *column, size_t n, const double *codes, double *share)
{
    for (size_t i = 0; i < n; i++)
        share[(size_t)codes[i]] += 1.0 / (double)n;
}

LacFigure *
figure_levels(const LacData *data, const LacFilledCells *cells, size_t j, const char *label)
{
    const LacColumn *column = lac_data_column(data, j);
    const size_t shown = MIN(column->n_levels, MOST_LEVELS_SHOWN);
    LacFigure *figure = filled_figure(data, j, "levels", label, "share");
    g_autofree double *seen = g_new(double, MAX(data->rows, 1));
    const size_t n_seen = lac_data_copy_seen(data, j, seen);
    g_autofree double *a = g_new0(double, MAX(column->n_levels, 1));
    g_autofree double *b = g_new0(double, MAX(column->n_levels, 1));
    size_t n;
    g_autofree double *filled = imputed_sorted(cells, j, &n);

    level_shares(column, n_seen, seen, a);
    level_shares(column, n, filled, b);
    g_string_append(figure->csv, "level,observed,imputed\n");
    figure_put(figure, "$bars << E\n");
    for (size_t l = 0; l < shown; l++) {
        figure_put(figure, "%d %g %g\n", (int)l, a[l], b[l]);
        lac_report_put_csv(figure->csv, column->levels != NULL ? column->levels[l] : "");
        g_string_append_c(figure->csv, ',');
        figure_number(figure->csv, a[l]);
        g_string_append_c(figure->csv, ',');
        figure_number(figure->csv, b[l]);
        g_string_append_c(figure->csv, '\n');
    }
    figure_put(figure, "E\nset xtics (");
    for (size_t l = 0; l < shown; l++) {
        g_autofree char *number = g_strdup_printf("%zu", l);
        g_autofree char *name =
            figure_shorten(column->levels != NULL ? column->levels[l] : number, MAX(3, 44 / shown));

        figure_put(figure, l > 0 ? ", " : "");
        lac_report_put_gnuplot(figure->script, name);
        figure_put(figure, " %d", (int)l);
    }
    figure_put(figure, ")\n");
    legend(figure);
    figure_put(figure,
               "set xrange [-0.6:%g]\nset yrange [0:*]\nset boxwidth 0.34\nset style fill solid\n"
               "plot $bars using ($1-0.19):2 with boxes lc rgb '%s' notitle, "
               "$bars using ($1+0.19):3 with boxes lc rgb '%s' notitle\n",
               (double)shown - 0.4, figure_ink(INK_OBSERVED), figure_ink(INK_IMPUTED));
    figure->title = g_strdup_printf("%s: shares of levels", column->name);
    figure->alt = g_strdup_printf("Bars: shares of the levels of %s among %zu observed and %zu "
                                  "imputed cells.",
                                  column->name, n_seen, n);
    figure->caption = g_strdup_printf("%zu observed cells; %zu imputed in %zu completions%s.",
                                      n_seen, cells->start[j + 1] - cells->start[j], cells->draws,
                                      column->n_levels > shown ? "; only some levels" : "");
    return figure;
}

/* ---- strips and intervals ---------------------------------------------------------------------
 */

/* Points of one strip, at most so many, each a little to the side of the others. */
static void
strip_points(LacFigure *figure, size_t strip, size_t n, const double *value, LacRng *rng)
{
    for (size_t i = 0; i < n; i += n / MOST_POINTS + 1) {
        const double x = (double)strip + 0.5 * (lac_rng_uniform(rng) - 0.5);

        figure_put(figure, "%g %g\n", x, value[i]);
        g_string_append_printf(figure->csv, "%zu,", strip);
        figure_number(figure->csv, value[i]);
        g_string_append_c(figure->csv, '\n');
    }
}

LacFigure *
figure_draws(const LacData *data, const LacFilledCells *cells, size_t j, const char *label)
{
    const size_t from = cells->start[j], n = cells->start[j + 1] - from;
    const size_t strips = MIN(cells->draws, MOST_STRIPS);
    LacFigure *figure = filled_figure(data, j, "strips", "completion (0: observed)", label);
    g_autofree double *seen = g_new(double, MAX(data->rows, 1));
    const size_t n_seen = observed_sorted(data, j, seen);
    LacRng rng = lac_rng_new(j);

    legend(figure);
    g_string_append(figure->csv, "completion,value\n");
    figure_put(figure, "$seen << E\n");
    strip_points(figure, 0, n_seen, seen, &rng);
    figure_put(figure, "E\n$filled << E\n");
    for (size_t d = 0; d < strips; d++)
        strip_points(figure, d + 1, n, cells->value + d * cells->n + from, &rng);
    figure_put(figure,
               "E\nset xrange [-0.6:%g]\nset xtics 1\nset offsets 0,0,graph 0.04,graph 0.04\n"
               "plot $seen using 1:2 with points pt 6 ps 0.4 lc rgb '%s' notitle, "
               "$filled using 1:2 with points pt 7 ps 0.4 lc rgb '%s' notitle\n",
               (double)strips + 0.6, figure_ink(INK_OBSERVED), figure_ink(INK_IMPUTED));
    figure->title = g_strdup_printf("%s: completions", lac_data_name(data, j));
    figure->alt = g_strdup_printf("Strip plot: observed values of %s and those imputed in %zu "
                                  "completions.",
                                  lac_data_name(data, j), strips);
    figure->caption = g_strdup_printf("%zu of %zu completions.", strips, cells->draws);
    return figure;
}

LacFigure *
figure_intervals(const LacData *data, const LacFilledCells *cells, size_t j, const char *label)
{
    const size_t from = cells->start[j], n = cells->start[j + 1] - from;
    const size_t step = n / MOST_INTERVALS + 1;
    g_autofree double *low = g_new(double, MAX(n, 1)), *middle = g_new(double, MAX(n, 1));
    g_autofree double *high = g_new(double, MAX(n, 1)), *scratch = g_new(double, cells->draws);
    g_autofree size_t *order = g_new(size_t, MAX(n, 1));
    LacFigure *figure;
    size_t shown = 0;

    for (size_t k = 0; k < n; k++)
        lac_filled_interval(cells, from + k, LAC_OVERIMPUTE_LEVEL, scratch, &low[k], &middle[k],
                            &high[k]);
    if (n == 0 || isnan(low[0]))
        return NULL;
    lac_stats_order(n, middle, order);
    figure = filled_figure(data, j, "intervals", "imputed cells, by median", label);
    g_string_append(figure->csv, "row,low,median,high\n");
    figure_put(figure, "$cells << E\n");
    for (size_t k = 0; k < n; k += step) {
        const size_t o = order[k];

        figure_put(figure, "%d %g %g %g\n", (int)++shown, middle[o], low[o], high[o]);
        g_string_append_printf(figure->csv, "%zu,", cells->row[from + o] + 1);
        figure_number(figure->csv, low[o]);
        csv_line(figure, "", middle[o], high[o]);
    }
    figure_put(figure,
               "E\nset xrange [0:%d]\nset xtics %g\nset offsets 0,0,graph 0.04,graph 0.04\n"
               "plot $cells using 1:2:3:4 with yerrorbars pt 7 ps 0.35 lw 1 lc rgb '%s' notitle\n",
               (int)shown + 1, fmax(1.0, figure_nice((double)shown + 1.0, 6)),
               figure_ink(INK_IMPUTED));
    figure->title = g_strdup_printf("%s: intervals", lac_data_name(data, j));
    figure->alt =
        g_strdup_printf("90 %% intervals of %zu imputed cells of %s over %zu completions.", shown,
                        lac_data_name(data, j), cells->draws);
    figure->caption =
        g_strdup_printf("Median and 90 %% interval over %zu completions of %zu of %zu "
                        "cells.",
                        cells->draws, shown, n);
    return figure;
}

/* ---- over-imputation --------------------------------------------------------------------------
 */

LacFigure *
figure_overimputed(const LacData *data, const LacFilledCells *cells, size_t j, const char *label)
{
    const size_t from = cells->start[j], n = cells->start[j + 1] - from;
    g_autofree double *scratch = g_new(double, MAX(cells->draws, 1));
    g_autofree char *x = NULL;
    LacFigure *figure;
    gboolean intervals = FALSE;

    if (n == 0 || !lac_kind_is_numeric(lac_data_column(data, j)->kind))
        return NULL;
    x = g_strdup_printf("observed, then hidden: %s", label);
    figure = filled_figure(data, j, "overimputed", x, "imputed");
    g_string_append(figure->csv, "observed,low,median,high\n");
    figure_put(figure, "$cells << E\n");
    for (size_t k = from; k < from + n; k += n / MOST_POINTS + 1) {
        const double truth = lac_data_at(data, cells->row[k], j);
        double low, middle, high;

        lac_filled_interval(cells, k, LAC_OVERIMPUTE_LEVEL, scratch, &low, &middle, &high);
        intervals = !isnan(low);
        figure_put(figure, "%g %g %g %g\n", truth, middle, intervals ? low : middle,
                   intervals ? high : middle);
        figure_number(figure->csv, truth);
        g_string_append_c(figure->csv, ',');
        figure_number(figure->csv, low);
        csv_line(figure, "", middle, high);
    }
    figure_put(figure,
               "E\nset offsets graph 0.04,graph 0.04,graph 0.04,graph 0.04\nset xtics autofreq\n"
               "plot x with lines lw 1 lc rgb '%s' dt (4,4) notitle, "
               "$cells using 1:2:3:4 with yerrorbars pt 7 ps 0.4 lw 1 lc rgb '%s' notitle\n",
               figure_ink(LAC_INK_SOFT), figure_ink(INK_IMPUTED));
    figure->title = g_strdup_printf("%s: hidden and imputed", lac_data_name(data, j));
    figure->alt =
        g_strdup_printf("Scatter plot: %zu observed values of %s that were hidden, against "
                        "what was imputed for them%s.",
                        n, lac_data_name(data, j), intervals ? ", with 90 % intervals" : "");
    figure->caption = g_strdup_printf("On the dashed line they agree%s.",
                                      intervals ? "; bars are 90 % intervals" : "");
    return figure;
}
