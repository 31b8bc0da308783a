/* What a candidate takes against what it gains, for one kind of columns. */
#include "figure-private.h"
#include "ranking-private.h"
#include "text-private.h"

#include <math.h>

#define WIDTH 620
#define HEIGHT 360
#define RIGHT 150

/* The first score in use; -1 without any. */
static int
ranking_score(const LacRanking *ranking, LacRankGroup group)
{
    for (int s = 0; s < LAC_RANK_SCORES; s++)
        if (ranking->used[group][s])
            return s;
    return -1;
}

/* Ranked models with a time and a value. */
static size_t
ranking_points(const LacRanking *ranking, LacRankGroup group, int score, size_t *out)
{
    size_t n = 0;

    for (size_t i = 0; i < ranking->ranked; i++)
        if (ranking->model[i].seconds > 0 && !isnan(ranking->model[i].part[group].value[score]))
            out[n++] = i;
    return n;
}

/* A range of @n numbers with a little air; on a log scale the air is a factor. */
static void
ranking_range(size_t n, const double *x, gboolean logarithmic, double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t k = 0; k < n; k++) {
        *low = MIN(*low, x[k]);
        *high = MAX(*high, x[k]);
    }
    if (logarithmic) {
        *low /= 1.6;
        *high *= 1.6;
    } else {
        const double air = 0.08 * (*high > *low ? *high - *low : MAX(fabs(*high), 1e-9));

        *low -= air;
        *high += air;
    }
}

static void
ranking_plot(LacFigure *figure, const LacRanking *ranking, size_t n, const size_t *model,
             const double *x, const double *y)
{
    const double inner = WIDTH - figure->left - figure->right,
                 tall = HEIGHT - figure->top - figure->bottom, edge = WIDTH - figure->right;
    g_autofree double *at = g_new(double, n + 1);
    double left, right, low, high;

    ranking_range(n, x, TRUE, &left, &right);
    ranking_range(n, y, FALSE, &low, &high);
    for (size_t k = 0; k < n; k++)
        at[k] = figure->top + (high - y[k]) / (high - low) * tall;
    lac_figure_spread(n, at, 17.0, figure->top + 4.0, HEIGHT - figure->bottom - 4.0);
    g_string_append(figure->csv, "model,seconds,score\n");
    figure_put(figure, "$points << E\n");
    for (size_t k = 0; k < n; k++) {
        const char *name = ranking->model[model[k]].name;

        figure_put(figure, "%g %g\n", x[k], y[k]);
        lac_report_put_csv(figure->csv, name);
        g_string_append_c(figure->csv, ',');
        figure_number(figure->csv, x[k]);
        g_string_append_c(figure->csv, ',');
        figure_number(figure->csv, y[k]);
        g_string_append_c(figure->csv, '\n');
    }
    figure_put(figure, "E\n");
    for (size_t k = 0; k < n; k++) {
        g_autofree char *shown = figure_shorten(ranking->model[model[k]].name, 18);

        figure_line(figure, figure->left + log(x[k] / left) / log(right / left) * inner,
                    figure->top + (high - y[k]) / (high - low) * tall, edge + 8.0, at[k], 0.7,
                    LAC_INK_GRID, NULL);
        figure_label(figure, shown, edge + 12.0, at[k], "left", LAC_INK_TEXT);
    }
    figure_put(figure,
               "set logscale x\nset format x '%%g'\nset xrange [%g:%g]\nset yrange "
               "[%g:%g]\nplot $points using 1:2 with points pt 7 ps 0.9 lc rgb '%s' "
               "notitle\n",
               left, right, low, high, figure_ink(1));
}

LacFigure *
figure_ranking(const LacRanking *ranking, LacRankGroup group)
{
    g_autoptr(LacFigure) figure = NULL;
    g_autofree size_t *model = g_new(size_t, ranking->n + 1);
    g_autofree double *x = g_new(double, ranking->n + 1), *y = g_new(double, ranking->n + 1);
    g_autofree char *label = NULL;
    const int score = ranking_score(ranking, group);
    const size_t n = score < 0 ? 0 : ranking_points(ranking, group, score, model);
    const char *name;

    if (n < 2)
        return NULL;
    name = lac_rank_score_name(group, (LacRankScore)score);
    for (size_t k = 0; k < n; k++) {
        x[k] = ranking->model[model[k]].seconds;
        y[k] = ranking->model[model[k]].part[group].value[score];
    }
    figure = figure_new(WIDTH, HEIGHT);
    figure_frame(figure, 76, RIGHT, 16, 46);
    label = g_strdup_printf("%s, lower is better", name);
    figure_axis_label(figure, "x", "seconds of a fit and a completion");
    figure_axis_label(figure, "y", label);
    ranking_plot(figure, ranking, n, model, x, y);
    figure->slug = g_strdelimit(g_strdup_printf("cost-%s", lac_rank_group_name(group)), " ", '-');
    figure->title = g_strdup_printf("%s of %s against time", name, lac_rank_group_name(group));
    figure->alt = g_strdup_printf("Scatter plot of %zu models: %s against seconds. The table above "
                                  "has all numbers.",
                                  n, name);
    figure->caption = g_strdup("Lower left is better. Means over the masks that all have "
                               "completed; times are medians.");
    return g_steal_pointer(&figure);
}
