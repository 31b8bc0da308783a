/* ks: largest difference between the distribution functions of a column's imputed and hidden
 * values. No p-value: the two samples are paired. */
#include <lacuna/scoring.h>

typedef struct {
    LacMetric base;
    int of;
} Ks;

static const LacParam params[] = {
    LAC_PARAM_CHOICE(Ks, of, LAC_OF_DRAWS, LAC_OF_CHOICES, LAC_OF_HELP),
    LAC_PARAM_END,
};

static double
ks_distance(size_t n, const double *x, size_t m, const double *y, const void *user)
{
    return lac_score_ks(n, x, m, y);
}

static gboolean
ks_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const Ks *self = LAC_CAST(const Ks, metric);

    return lac_scoring_add_marginals(in, (LacCompletions)self->of, ks_distance, NULL, NULL, out,
                                     error);
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("ks", "Largest gap between distribution functions of imputed and hidden values", Ks,
               params),
    .plugin.citation = "Smirnov, Table for estimating the goodness of fit of empirical "
                       "distributions, Ann. Math. Stat. 19 (1948)",
    .direction = LAC_MINIMISE,
    .needs = LAC_NEEDS_TRUTH | LAC_WANTS_DRAWS,
    .unit = "share",
    .scope = "scored cells",
    .judges = LAC_JUDGES_TABLE,
    .valid = LAC_VALID_ALWAYS,
    .caution = "one column at a time: blind to rows and to dependence",
    .score = ks_score,
};
