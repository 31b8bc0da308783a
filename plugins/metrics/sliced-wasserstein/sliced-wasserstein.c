/* sliced-wasserstein: mean Wasserstein distance between the completed and the true rows, seen along
 * random directions. Sees dependence between columns, as the column-wise distance does not.
 * Source: Bonneel et al., Sliced and Radon Wasserstein barycenters of measures (2015). */
#include <lacuna/scoring.h>
#include <lacuna/stats.h>

enum { WITH_HOLES, ALL };

typedef struct {
    LacMetric base;
    int64_t order, slices, max_rows;
    int rows, of;
} Sliced;

static const char *const rows_choices[] = {"with-holes", "all", NULL};

static const LacParam params[] = {
    LAC_PARAM_INT(Sliced, order, 1, LAC_RANGE(1, 2), "",
                  "1: mean of the distances, 2: root mean square"),
    LAC_PARAM_INT(Sliced, slices, 100, LAC_RANGE(1, 100000), "",
                  "Random directions, the same for every model"),
    LAC_PARAM_CHOICE(Sliced, rows, WITH_HOLES, rows_choices, "Rows with a scored cell, or all"),
    LAC_PARAM_INT(Sliced, max_rows, 100000, LAC_RANGE_FROM(2), "rows",
                  "A random subset of that many rows, the same for every model, when there are "
                  "more"),
    LAC_PARAM_CHOICE(Sliced, of, LAC_OF_DRAWS, LAC_OF_CHOICES, LAC_OF_HELP),
    LAC_PARAM_END,
};

/* unit vector number @slice */
static void
sliced_direction(const LacMetric *metric, size_t slice, size_t q, double *direction)
{
    const LacRng stream = lac_rng_split(&metric->rng, "slices");
    LacRng rng = lac_rng_at(&stream, slice);
    double length = 0;

    lac_rng_fill_normal(&rng, q, direction);
    for (size_t j = 0; j < q; j++)
        length += direction[j] * direction[j];
    for (size_t j = 0; j < q; j++)
        direction[j] /= sqrt(length);
}

/* the rows of @x seen along @direction, ascending */
static void
sliced_project(const LacMatrix *x, const double *direction, double *out)
{
    lac_gemv(FALSE, 1, x, direction, 0, out);
    lac_stats_sort(x->rows, out);
}

static gboolean
sliced_distance(const LacMatrix *truth, const LacMatrix *completed, const void *user, double *out,
                GError **error)
{
    const Sliced *self = user;
    const size_t n = truth->rows;
    g_autofree double *direction = g_new(double, truth->cols);
    g_autofree double *x = lac_try_alloc(n, sizeof(double), "projected rows", error);
    g_autofree double *y = x ? lac_try_alloc(n, sizeof(double), "projected rows", error) : NULL;
    LacSum sum = {0};

    if (!y)
        return FALSE;
    for (size_t s = 0; s < (size_t)self->slices; s++) {
        sliced_direction(&self->base, s, truth->cols, direction);
        sliced_project(truth, direction, x);
        sliced_project(completed, direction, y);
        const double distance = lac_score_wasserstein(n, x, n, y, (int)self->order);

        lac_sum_add(&sum, self->order == 1 ? distance : distance * distance);
    }
    const double mean = lac_sum_value(&sum) / (double)self->slices;

    *out = self->order == 1 ? mean : sqrt(mean);
    return TRUE;
}

static gboolean
sliced_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const Sliced *self = LAC_CAST(const Sliced, metric);

    return lac_comparison_add_mean(in, (LacCompletions)self->of, self->rows == WITH_HOLES,
                                   (size_t)self->max_rows, &metric->rng, sliced_distance, self, out,
                                   error);
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("sliced-wasserstein", "Wasserstein distance of rows along random directions", Sliced,
               params),
    .plugin.citation = "Bonneel et al., Sliced and Radon Wasserstein barycenters of measures, JMIV "
                       "51 (2015)",
    .direction = LAC_MINIMISE,
    .needs = LAC_NEEDS_TRUTH | LAC_WANTS_DRAWS,
    .unit = "sd of the columns",
    .scope = "rows with holes",
    .judges = LAC_JUDGES_TABLE,
    .valid = LAC_VALID_ALWAYS,
    .caution = "blind to which row got which value",
    .score = sliced_score,
};
