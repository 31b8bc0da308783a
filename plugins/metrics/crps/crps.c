/* crps: continuous ranked probability score of the draws of each hidden cell; the absolute error
 * when all draws agree, and smallest for draws from the true predictive distribution.
 * Source: Gneiting and Raftery (2007); fair form: Ferro, Fair scores for ensemble forecasts (2014).
 */
#include <lacuna/scoring.h>

enum { FAIR, V };

typedef struct {
    LacMetric base;
    int estimator, columns;
} Crps;

static const char *const estimators[] = {"fair", "V", NULL};

static const LacParam params[] = {
    LAC_PARAM_CHOICE(Crps, estimator, FAIR, estimators,
                     "fair does not depend on the number of draws in expectation; V charges few "
                     "draws for being few, as other programs do"),
    LAC_PARAM_CHOICE(Crps, columns, LAC_ACROSS_POOLED, LAC_ACROSS_CHOICES, LAC_ACROSS_HELP),
    LAC_PARAM_END,
};

static void
crps_cell(size_t m, const double *sorted, double truth, double *out, const void *user)
{
    *out = lac_score_crps(m, sorted, truth, ((const Crps *)user)->estimator == FAIR);
}

static gboolean
crps_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const Crps *self = LAC_CAST(const Crps, metric);
    const size_t cols = in->truth->cols, least = self->estimator == FAIR ? 2 : 1;
    g_autofree double *value = g_new(double, cols + 1);
    g_autofree size_t *n = g_new(size_t, cols + 1);
    LacSum all = {0};
    size_t cells = 0;

    if (in->n_draws < least) {
        lac_scores_undefined(out, NULL, -1, "%zu draws, the %s estimator needs at least %zu",
                             in->n_draws, estimators[self->estimator], least);
        return TRUE;
    }
    if (!lac_scoring_draws(in, 1, crps_cell, self, n, value, error))
        return FALSE;
    for (size_t j = 0; j < cols; j++) {
        lac_sum_add(&all, value[j]);
        cells += n[j];
        value[j] /= (double)n[j];
    }
    lac_scoring_add(out, NULL, (LacAcross)self->columns, in, n, value,
                    lac_sum_value(&all) / (double)cells, "the scores overflow");
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("crps", "Continuous ranked probability score of the draws", Crps, params),
    .plugin.citation = "Ferro, Fair scores for ensemble forecasts, QJRMS 140 (2014)",
    .direction = LAC_MINIMISE,
    .needs = LAC_NEEDS_TRUTH | LAC_NEEDS_DRAWS,
    .unit = "column unit",
    .scope = "scored cells",
    .judges = LAC_JUDGES_DRAWS,
    .valid = LAC_VALID_ALWAYS,
    .caution = "looks at one cell at a time: blind to dependence between cells",
    .score = crps_score,
};
