/* mae: mean absolute error of the scored cells, in the columns' unit.
 * A conditional median wins it by construction; it says nothing about spread or dependence. */
#include <lacuna/scoring.h>

typedef struct {
    LacMetric base;
    int columns, point;
} Mae;

static const LacParam params[] = {
    LAC_PARAM_CHOICE(Mae, columns, LAC_ACROSS_POOLED, LAC_ACROSS_CHOICES, LAC_ACROSS_HELP),
    LAC_PARAM_CHOICE(Mae, point, LAC_POINT_FILL, LAC_POINT_CHOICES, LAC_POINT_HELP),
    LAC_PARAM_END,
};

static double
mae_of(const LacErrorTally *tally)
{
    return lac_sum_value(&tally->absolute) / (double)tally->n;
}

static gboolean
mae_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const Mae *self = LAC_CAST(const Mae, metric);

    return lac_scoring_add_errors(in, (LacPoint)self->point, (LacAcross)self->columns, mae_of,
                                  "the errors overflow", out, error);
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("mae", "Mean absolute error of the imputed cells", Mae, params),
    .direction = LAC_MINIMISE,
    .needs = LAC_NEEDS_TRUTH,
    .unit = "column unit",
    .scope = "scored cells",
    .judges = LAC_JUDGES_POINT,
    .valid = LAC_VALID_ALWAYS,
    .caution = "conditional medians win it, though their completions have too little spread",
    .score = mae_score,
};
