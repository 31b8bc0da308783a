/* wasserstein: how far the imputed values of a column would have to be moved to become its hidden
 * values, whichever row they belong to. */
#include <lacuna/scoring.h>

enum { STANDARD, MODEL };

typedef struct {
    LacMetric base;
    int64_t order;
    int scale, of;
} Wasserstein;

static const char *const scales[] = {"standard", "model", NULL};

static const LacParam params[] = {
    LAC_PARAM_INT(Wasserstein, order, 1, LAC_RANGE(1, 2), "",
                  "1: mean distance, 2: root mean square distance"),
    LAC_PARAM_CHOICE(Wasserstein, scale, STANDARD, scales,
                     "In standard deviations of the true column, or in the model's units"),
    LAC_PARAM_CHOICE(Wasserstein, of, LAC_OF_DRAWS, LAC_OF_CHOICES, LAC_OF_HELP),
    LAC_PARAM_END,
};

static double
wasserstein_distance(size_t n, const double *x, size_t m, const double *y, const void *user)
{
    return lac_score_wasserstein(n, x, m, y, (int)((const Wasserstein *)user)->order);
}

static gboolean
wasserstein_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const Wasserstein *self = LAC_CAST(const Wasserstein, metric);
    g_autofree double *sd = g_new(double, in->truth->cols + 1);

    lac_scoring_truth_sd(in, sd);
    return lac_scoring_add_marginals(in, (LacCompletions)self->of, wasserstein_distance, self,
                                     self->scale == STANDARD ? sd : NULL, out, error);
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("wasserstein", "Distance between the laws of imputed and hidden values", Wasserstein,
               params),
    .plugin.citation = "Villani, Optimal transport: old and new (2009), ch. 6",
    .direction = LAC_MINIMISE,
    .needs = LAC_NEEDS_TRUTH | LAC_WANTS_DRAWS,
    .unit = "sd of the column",
    .scope = "scored cells",
    .judges = LAC_JUDGES_TABLE,
    .valid = LAC_VALID_ALWAYS,
    .caution = "one column at a time: blind to rows and to dependence",
    .score = wasserstein_score,
};
