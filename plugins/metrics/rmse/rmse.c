/* rmse: root mean square error of the scored cells, in the columns' unit.
 * A conditional mean wins it by construction; it says nothing about spread or dependence. */
#include <lacuna/scoring.h>

typedef struct {
    LacMetric base;
    int columns, point;
} Rmse;

static const LacParam params[] = {
    LAC_PARAM_CHOICE(Rmse, columns, LAC_ACROSS_POOLED, LAC_ACROSS_CHOICES, LAC_ACROSS_HELP),
    LAC_PARAM_CHOICE(Rmse, point, LAC_POINT_FILL, LAC_POINT_CHOICES, LAC_POINT_HELP),
    LAC_PARAM_END,
};

static double
rmse_of(const LacErrorTally *tally)
{
    return lac_norm_value(&tally->square) / sqrt((double)tally->n);
}

static gboolean
rmse_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const Rmse *self = LAC_CAST(const Rmse, metric);

    return lac_scoring_add_errors(in, (LacPoint)self->point, (LacAcross)self->columns, rmse_of,
                                  "the errors overflow", out, error);
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("rmse", "Root mean square error of the imputed cells", Rmse, params),
    .direction = LAC_MINIMISE,
    .needs = LAC_NEEDS_TRUTH,
    .unit = "column unit",
    .scope = "scored cells",
    .judges = LAC_JUDGES_POINT,
    .valid = LAC_VALID_ALWAYS,
    .caution = "conditional means win it, though their completions have too little spread and too "
               "much correlation",
    .score = rmse_score,
};
