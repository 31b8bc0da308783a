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
energy_distance(const LacMatrix *truth, const LacMatrix *completed, const void *user, double *out,
                GError **error)
{
    return lac_score_energy_distance(truth, completed, out, error);
}

static gboolean
energy_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const Energy *self = LAC_CAST(const Energy, metric);

    return lac_comparison_add_mean(in, (LacCompletions)self->of, self->rows == WITH_HOLES,
                                   (size_t)self->max_rows, &metric->rng, energy_distance, self, out,
                                   error);
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("energy", "Energy distance between completed and true rows", Energy, params),
    .plugin.citation = "Szekely and Rizzo, Energy statistics, J. Stat. Plan. Inference 143 (2013)",
    .direction = LAC_MINIMISE,
    .needs = LAC_NEEDS_TRUTH | LAC_WANTS_DRAWS,
    .unit = "sd of the columns",
    .scope = "rows with holes",
    .judges = LAC_JUDGES_TABLE,
    .valid = LAC_VALID_ALWAYS,
    .caution = "blind to which row got which value",
    .score = energy_score,
};
