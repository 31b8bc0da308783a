/* energy-score: CRPS of whole rows: distance of the draws of a row's hidden cells to their true
 * values, less half the distance between the draws. Sees dependence, as the CRPS does not.
 * Source: Gneiting and Raftery (2007); fair form: Ferro (2014). */
#include <lacuna/scoring.h>

typedef struct {
    LacMetric base;
} EnergyScore;

static const LacParam params[] = {
    LAC_PARAM_END,
};

/* the scored numeric cells of row @i in truth [q] and draws [m][q], in standard deviations; q, or
 * G_MAXSIZE with an error when a draw is not finite */
static size_t
energy_score_row(const LacScoring *in, size_t i, const double *sd, double *truth, double *draws,
                 GError **error)
{
    g_autofree size_t *cells = g_new(size_t, in->truth->cols + 1);
    size_t q = 0;

    for (size_t j = 0; j < in->truth->cols; j++) {
        if (lac_mask_get(in->scored, i, j) && sd[j] > 0)
            cells[q++] = j;
    }
    for (size_t k = 0; k < q; k++) {
        truth[k] = lac_data_at(in->truth, i, cells[k]) / sd[cells[k]];
        for (size_t d = 0; d < in->n_draws; d++) {
            const double x = lac_matrix_row(in->draws[d], i)[cells[k]];

            if (!isfinite(x)) {
                lac_fail(error, LAC_ERROR_NUMERIC,
                         "row %zu, column '%s': draw %zu is %g, expected a finite number", i + 1,
                         lac_data_name(in->truth, cells[k]), d + 1, x);
                return G_MAXSIZE;
            }
            draws[d * q + k] = x / sd[cells[k]];
        }
    }
    return q;
}

static gboolean
energy_score_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const size_t cols = in->truth->cols;
    g_autofree double *sd = g_new(double, cols + 1), *truth = g_new(double, cols + 1);
    g_autofree double *draws = g_new(double, in->n_draws *cols + 1);
    LacSum sum = {0};
    size_t rows = 0, cells = 0;

    if (in->n_draws < 2) {
        lac_scores_undefined(out, NULL, -1, "%zu draws, the energy score needs at least 2",
                             in->n_draws);
        return TRUE;
    }
    lac_scoring_truth_sd(in, sd);
    for (size_t j = 0; j < cols; j++) {
        if (!lac_kind_is_numeric(lac_data_column(in->truth, j)->kind))
            sd[j] = 0; /* leaves the column out */
    }
    for (size_t i = 0; i < in->truth->rows; i++) {
        const size_t q = energy_score_row(in, i, sd, truth, draws, error);

        if (q == G_MAXSIZE)
            return FALSE;
        if (q == 0)
            continue;
        lac_sum_add(&sum, lac_score_energy(in->n_draws, q, draws, truth));
        rows++;
        cells += q;
    }
    if (rows == 0)
        lac_scores_undefined(out, NULL, -1, "no scored numeric cell in a column that varies");
    else
        lac_scores_add(out, NULL, lac_sum_value(&sum) / (double)rows, cells);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("energy-score", "Continuous ranked probability score of whole rows", EnergyScore,
               params),
    .plugin.citation = "Gneiting and Raftery, Strictly proper scoring rules, JASA 102 (2007)",
    .direction = LAC_MINIMISE,
    .needs = LAC_NEEDS_TRUTH | LAC_NEEDS_DRAWS,
    .unit = "sd of the columns",
    .scope = "scored cells, row by row",
    .judges = LAC_JUDGES_DRAWS,
    .valid = LAC_VALID_ALWAYS,
    .score = energy_score_score,
};
