/* r2: share of the variance of the hidden values that the completion explains, column by column;
 * 1 is perfect, 0 is no better than the hidden values' own mean, and there is no lower end. */
#include <lacuna/scoring.h>

typedef struct {
    LacMetric base;
    int point;
} R2;

static const LacParam params[] = {
    LAC_PARAM_CHOICE(R2, point, LAC_POINT_FILL, LAC_POINT_CHOICES, LAC_POINT_HELP),
    LAC_PARAM_END,
};

static double
r2_of(const LacErrorTally *tally)
{
    const double unexplained = lac_norm_value(&tally->square) / sqrt(tally->m2);

    if (tally->n < 2 || !(tally->m2 > 0) || isinf(tally->m2))
        return NAN;
    return 1 - unexplained * unexplained;
}

static gboolean
r2_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    return lac_scoring_add_errors(in, (LacPoint)LAC_CAST(const R2, metric)->point, LAC_ACROSS_MEAN,
                                  r2_of, "the hidden values do not vary, or there is only one", out,
                                  error);
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("r2", "Explained share of the variance of the hidden values", R2, params),
    .direction = LAC_MAXIMISE,
    .needs = LAC_NEEDS_TRUTH,
    .unit = "share",
    .scope = "scored cells",
    .judges = LAC_JUDGES_POINT,
    .valid = LAC_VALID_ALWAYS,
    .caution = "conditional means win it, though their completions have too little spread and too "
               "much correlation",
    .score = r2_score,
};
