/* Influx against outflux: which columns are easy to fill, and which help to fill the others. */
#include "figure-private.h"
#include "text-private.h"

#include <lacuna/stats.h>
#include <math.h>

#define WIDTH 620
#define HEIGHT 400
#define RIGHT 190
#define MOST_NAMES 18

/* Columns with holes, those with the largest outflux first. */
static size_t
flux_columns(const LacMissingness *m, size_t *out)
{
    g_autofree double *key = g_new(double, MAX(m->cols, 1));
    g_autofree size_t *order = g_new(size_t, MAX(m->cols, 1));
    size_t n = 0;

    for (size_t j = 0; j < m->cols; j++)
        key[j] = -m->flux[j].outflux;
    lac_stats_order(m->cols, key, order);
    for (size_t k = 0; k < m->cols; k++)
        if (m->missing[order[k]] > 0)
            out[n++] = order[k];
    return n;
}

/* Names beside the plot, at the height of their points, each with a thin line to its point. */
static void
flux_names(LacFigure *figure, const LacData *data, const LacMissingness *m, const size_t *use,
           size_t n)
{
    const double inner = WIDTH - figure->left - figure->right;
    const double tall = HEIGHT - figure->top - figure->bottom, edge = WIDTH - figure->right;
    g_autofree double *y = g_new(double, MAX(n, 1));

    for (size_t k = 0; k < n; k++)
        y[k] = figure->top + (1.0 - m->flux[use[k]].outflux) * tall;
    lac_figure_spread(n, y, 17.0, figure->top + 4.0, HEIGHT - figure->bottom - 4.0);
    for (size_t k = 0; k < n; k++) {
        g_autofree char *name = figure_shorten(lac_data_name(data, use[k]), 20);

        figure_line(figure, figure->left + m->flux[use[k]].influx * inner,
                    figure->top + (1.0 - m->flux[use[k]].outflux) * tall, edge + 10.0, y[k], 0.7,
                    LAC_INK_GRID, NULL);
        figure_label(figure, name, edge + 14.0, y[k], "left", LAC_INK_TEXT);
    }
}

static void
flux_points(LacFigure *figure, const LacData *data, const LacMissingness *m)
{
    g_string_append(figure->csv, "column,observed,influx,outflux\n");
    figure_put(figure, "$points << E\n");
    for (size_t j = 0; j < m->cols; j++) {
        const LacFlux *flux = &m->flux[j];

        figure_put(figure, "%g %g\n", flux->influx, flux->outflux);
        lac_report_put_csv(figure->csv, lac_data_name(data, j));
        g_string_append_c(figure->csv, ',');
        figure_number(figure->csv, flux->observed);
        g_string_append_c(figure->csv, ',');
        figure_number(figure->csv, flux->influx);
        g_string_append_c(figure->csv, ',');
        figure_number(figure->csv, flux->outflux);
        g_string_append_c(figure->csv, '\n');
    }
    figure_put(figure, "E\nset xrange [0:1]\nset yrange [0:1]\nset xtics 0.2\nset ytics 0.2\n");
    figure_put(figure,
               "plot 1 - x with lines lw 1 lc rgb '%s' dt (4,4) notitle, "
               "$points using 1:2 with points pt 7 ps 0.8 lc rgb '%s' notitle\n",
               figure_ink(LAC_INK_SOFT), figure_ink(1));
}

LacFigure *
figure_flux(const LacData *data, const LacMissingness *m)
{
    g_autoptr(LacFigure) figure = NULL;
    g_autofree size_t *use = g_new(size_t, MAX(m->cols, 1));
    const size_t n = flux_columns(m, use);

    if (n == 0)
        return NULL;
    figure = figure_new(WIDTH, HEIGHT);
    figure_frame(figure, 66, RIGHT, 16, 46);
    figure_axis_label(figure, "x", "influx");
    figure_axis_label(figure, "y", "outflux");
    flux_names(figure, data, m, use, MIN(n, MOST_NAMES));
    flux_points(figure, data, m);
    figure->slug = g_strdup("flux");
    figure->title = g_strdup("Influx and outflux");
    figure->alt = g_strdup_printf("Scatter plot of %zu columns: influx against outflux. Of those "
                                  "with holes, %s has the largest outflux, %.2f; the table below "
                                  "has all numbers.",
                                  m->cols, lac_data_name(data, use[0]), m->flux[use[0]].outflux);
    figure->caption = g_strdup_printf("One point a column; those without holes stand in the top "
                                      "left corner%s.",
                                      n > MOST_NAMES ? ", and only some are named" : "");
    return g_steal_pointer(&figure);
}
