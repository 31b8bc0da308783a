/* energy: energy distance between the completed and the true rows. Sees means, spreads and
 * dependence, but not which row got which value.
 * Source: Szekely and Rizzo, Energy statistics: a class of statistics based on distances (2013). */
#include <lacuna/scoring.h>

enum { WITH_HOLES, ALL };

typedef struct {
    LacMetric base;
    int64_t max_rows;
    int rows, of;
} Energy;

static const char *const rows_choices[] = {"with-holes", "all", NULL};

static const LacParam params[] = {
    LAC_PARAM_CHOICE(Energy, rows, WITH_HOLES, rows_choices,
                     "Rows with a scored cell; or all, which makes the number shrink with the "
                     "square of their share"),
    LAC_PARAM_INT(Energy, max_rows, 5000, LAC_RANGE_FROM(2), "rows",
                  "A random subset of that many rows, the same for every model, when there are "
                  "more"),
    LAC_PARAM_CHOICE(Energy, of, LAC_OF_DRAWS, LAC_OF_CHOICES, LAC_OF_HELP),
    LAC_PARAM_END,
};

static gboolean
energy_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const Energy *self = LAC_CAST(const Energy, metric);
    const size_t tables = lac_scoring_completions(in, (LacCompletions)self->of);
    g_auto(LacComparison) rows = {0};
    LacSum sum = {0};

    if (!lac_comparison_init(&rows, in, self->rows == WITH_HOLES, (size_t)self->max_rows,
                             &metric->rng, out))
        return TRUE;
    g_autoptr(LacMatrix) truth = lac_comparison_take(&rows, in, NULL, error);

    if (!truth)
        return FALSE;
    for (size_t d = 0; d < tables; d++) {
        const LacMatrix *table = lac_scoring_completion(in, (LacCompletions)self->of, d);
        g_autoptr(LacMatrix) completed = lac_comparison_take(&rows, in, table, error);
        double distance;

        if (!completed || !lac_score_energy_distance(truth, completed, &distance, error))
            return FALSE;
        lac_sum_add(&sum, distance);
    }
    lac_scores_add(out, NULL, lac_sum_value(&sum) / (double)tables, rows.n);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("energy", "Energy distance between completed and true rows", Energy, params),
    .plugin.citation = "Szekely and Rizzo, Energy statistics, J. Stat. Plan. Inference 143 (2013)",
    .direction = LAC_MINIMISE,
    .needs = LAC_NEEDS_TRUTH | LAC_WANTS_DRAWS,
    .unit = "sd of the columns",
    .scope = "rows with holes",
    .score = energy_score,
};
