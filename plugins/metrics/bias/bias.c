/* bias: mean error, completed minus true, of the scored cells; 0 is best.
 * Errors of both signs cancel: read it beside rmse or mae. */
#include <lacuna/scoring.h>

typedef struct {
    LacMetric base;
    int columns, point;
} Bias;

static const LacParam params[] = {
    LAC_PARAM_CHOICE(Bias, columns, LAC_ACROSS_POOLED, LAC_ACROSS_CHOICES, LAC_ACROSS_HELP),
    LAC_PARAM_CHOICE(Bias, point, LAC_POINT_FILL, LAC_POINT_CHOICES, LAC_POINT_HELP),
    LAC_PARAM_END,
};

static double
bias_of(const LacErrorTally *tally)
{
    return lac_sum_value(&tally->sum) / (double)tally->n;
}

static gboolean
bias_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const Bias *self = LAC_CAST(const Bias, metric);

    return lac_scoring_add_errors(in, (LacPoint)self->point, (LacAcross)self->columns, bias_of,
                                  "the errors overflow", out, error);
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("bias", "Mean error of the imputed cells", Bias, params),
    .direction = LAC_TARGET,
    .needs = LAC_NEEDS_TRUTH,
    .unit = "column unit",
    .scope = "scored cells",
    .judges = LAC_JUDGES_POINT,
    .valid = LAC_VALID_ALWAYS,
    .caution = "errors of both signs cancel",
    .score = bias_score,
};
