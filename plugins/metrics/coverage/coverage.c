/* coverage: share of the hidden values that lie in central intervals of the model's draws.
 * Intervals end at type-6 quantiles: the usual type 7 covers too little even for perfect draws. */
#include <lacuna/scoring.h>

typedef struct {
    LacMetric base;
    LacDoubles levels;
} Coverage;

static const LacParam params[] = {
    LAC_PARAM_DOUBLES(Coverage, levels, "[0.5, 0.8, 0.9]", LAC_RANGE_OPEN(0, 1), "share",
                      "Shares that the central intervals shall hold"),
    LAC_PARAM_END,
};

static double
coverage_of(double lower, double upper, double truth, double level)
{
    return truth >= lower && truth <= upper;
}

static gboolean
coverage_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const LacDoubles *levels = &LAC_CAST(const Coverage, metric)->levels;

    return lac_scoring_add_intervals(in, levels->n, levels->v, coverage_of, out, error);
}

/* parts are named by the level they aim at */
static double
coverage_target(const LacMetric *metric, const char *part)
{
    return part ? g_ascii_strtod(part, NULL) : 0.8;
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("coverage", "Share of the hidden values inside intervals from the draws", Coverage,
               params),
    .direction = LAC_TARGET,
    .target = 0.8,
    .target_of = coverage_target,
    .needs = LAC_NEEDS_TRUTH | LAC_NEEDS_DRAWS,
    .unit = "share",
    .scope = "scored cells",
    .judges = LAC_JUDGES_DRAWS,
    .valid = LAC_VALID_ALWAYS,
    .caution = "wide intervals everywhere reach it too: read it beside the width or a proper score",
    .score = coverage_score,
};
