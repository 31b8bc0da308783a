/* interval-score: interval score: the width of a central interval, plus 2/(1 - level) times the
 * distance by which the truth misses it. Proper: honest intervals win. Source: Gneiting and
 * Raftery, Strictly proper scoring rules, prediction, and estimation (2007). */
#include <lacuna/scoring.h>

typedef struct {
    LacMetric base;
    LacDoubles levels;
} IntervalScore;

static const LacParam params[] = {
    LAC_PARAM_DOUBLES(IntervalScore, levels, "[0.5, 0.8, 0.9]", LAC_RANGE_OPEN(0, 1), "share",
                      "Shares that the central intervals shall hold"),
    LAC_PARAM_END,
};

static double
interval_of(double lower, double upper, double truth, double level)
{
    return upper - lower + 2 / (1 - level) * (fmax(lower - truth, 0) + fmax(truth - upper, 0));
}

static gboolean
interval_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const LacDoubles *levels = &LAC_CAST(const IntervalScore, metric)->levels;

    return lac_scoring_add_intervals(in, levels->n, levels->v, interval_of, out, error);
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("interval-score", "Width of intervals from the draws plus a fine for misses",
               IntervalScore, params),
    .plugin.citation = "Gneiting and Raftery, Strictly proper scoring rules, JASA 102 (2007)",
    .direction = LAC_MINIMISE,
    .needs = LAC_NEEDS_TRUTH | LAC_NEEDS_DRAWS,
    .unit = "column unit",
    .scope = "scored cells",
    .judges = LAC_JUDGES_DRAWS,
    .valid = LAC_VALID_ALWAYS,
    .score = interval_score,
};
