/* width: mean width of the central intervals of the model's draws. Worth comparing only between
 * models whose coverage is right. */
#include <lacuna/scoring.h>

typedef struct {
    LacMetric base;
    LacDoubles levels;
} Width;

static const LacParam params[] = {
    LAC_PARAM_DOUBLES(Width, levels, "[0.5, 0.8, 0.9]", LAC_RANGE_OPEN(0, 1), "share",
                      "Shares that the central intervals shall hold"),
    LAC_PARAM_END,
};

static double
width_of(double lower, double upper, double truth, double level)
{
    return upper - lower;
}

static gboolean
width_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const LacDoubles *levels = &LAC_CAST(const Width, metric)->levels;

    return lac_scoring_add_intervals(in, levels->n, levels->v, width_of, out, error);
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("width", "Mean width of intervals from the draws", Width, params),
    .direction = LAC_MINIMISE,
    .needs = LAC_NEEDS_TRUTH | LAC_NEEDS_DRAWS,
    .unit = "column unit",
    .scope = "scored cells",
    .judges = LAC_JUDGES_DRAWS,
    .valid = LAC_VALID_ALWAYS,
    .caution = "worth comparing only between methods whose coverage is right",
    .score = width_score,
};
