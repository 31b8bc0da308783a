/* brier: half the Brier score of the draws of each hidden category, as the kernel score that crps
 * is for numbers: E d(X, y) - E d(X, X') / 2, where two levels are 1 apart, or (ranked) ordered
 * ones by their ranks. Source: Brier (1950); Gneiting and Raftery (2007), sections 3.2 and 4.2;
 * fair form: Ferro, Fair scores for ensemble forecasts (2014). */
#include <lacuna/scoring.h>

#include <math.h>

enum { FAIR, V };

typedef struct {
    LacMetric base;
    int estimator, columns;
    gboolean ranked;
} Brier;

static const char *const estimators[] = {"fair", "V", NULL};

static const LacParam params[] = {
    LAC_PARAM_CHOICE(Brier, estimator, FAIR, estimators,
                     "fair does not depend on the number of draws in expectation; V charges few "
                     "draws for being few"),
    LAC_PARAM_BOOL(Brier, ranked, FALSE,
                   "Ordered levels are as far apart as their ranks (the first from the last: 1), "
                   "which makes it the ranked probability score"),
    LAC_PARAM_CHOICE(Brier, columns, LAC_ACROSS_POOLED, LAC_ACROSS_CHOICES, LAC_ACROSS_HELP),
    LAC_PARAM_END,
};

/* NaN when a draw is not finite. */
static double
brier_cell(const Brier *self, const LacScoring *in, size_t i, size_t j)
{
    const LacColumn *column = lac_data_column(in->truth, j);
    const double m = (double)in->n_draws, truth = lac_data_at(in->truth, i, j);
    double off = 0.0, apart = 0.0;

    for (size_t d = 0; d < in->n_draws; d++) {
        const double x = lac_matrix_row(in->draws[d], i)[j];

        if (!isfinite(x))
            return NAN;
        off += lac_scoring_level_distance(column, self->ranked, x, truth);
        for (size_t e = 0; e < d; e++)
            apart += lac_scoring_level_distance(column, self->ranked, x,
                                                lac_matrix_row(in->draws[e], i)[j]);
    }
    return off / m - apart / (m * (self->estimator == FAIR ? m - 1.0 : m));
}

/* Sum over the scored cells of column @j; FALSE with an error when a draw is not finite. */
static gboolean
brier_column(const Brier *self, const LacScoring *in, size_t j, double *out, GError **error)
{
    LacSum sum = {0};

    for (size_t i = 0; i < in->truth->rows; i++) {
        if (!lac_mask_get(in->scored, i, j))
            continue;
        const double here = brier_cell(self, in, i, j);

        if (isnan(here))
            return lac_fail(error, LAC_ERROR_NUMERIC,
                            "row %zu, column '%s': a draw is not finite, expected a level code; "
                            "the model must fill every hole",
                            i + 1, lac_data_name(in->truth, j));
        lac_sum_add(&sum, here);
    }
    *out = lac_sum_value(&sum);
    return TRUE;
}

static gboolean
brier_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const Brier *self = LAC_CAST(const Brier, metric);
    const size_t cols = in->truth->cols, least = self->estimator == FAIR ? 2 : 1;
    g_autofree double *value = g_new0(double, cols + 1);
    g_autofree size_t *n = g_new(size_t, cols + 1);
    const size_t cells = lac_scoring_count(in, FALSE, n);
    LacSum all = {0};

    if (in->n_draws < least) {
        lac_scores_undefined(out, NULL, -1, "%zu draws, the %s estimator needs at least %zu",
                             in->n_draws, estimators[self->estimator], least);
        return TRUE;
    }
    for (size_t j = 0; j < cols; j++) {
        if (n[j] > 0 && !brier_column(self, in, j, &value[j], error))
            return FALSE;
        lac_sum_add(&all, value[j]);
        value[j] /= (double)n[j];
    }
    lac_scoring_add(out, NULL, (LacAcross)self->columns, in, n, value,
                    lac_sum_value(&all) / (double)cells, "no scored category");
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("brier", "Half the Brier score of the draws of categories", Brier, params),
    .plugin.citation = "Gneiting and Raftery, JASA 102 (2007)",
    .direction = LAC_MINIMISE,
    .needs = LAC_NEEDS_TRUTH | LAC_NEEDS_DRAWS,
    .unit = "share",
    .scope = "scored cells of categorical columns",
    .judges = LAC_JUDGES_DRAWS,
    .valid = LAC_VALID_ALWAYS,
    .caution = "looks at one cell at a time: blind to dependence between cells",
    .score = brier_score,
};
