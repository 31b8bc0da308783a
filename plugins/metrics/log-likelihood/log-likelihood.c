/* log-likelihood: mean over rows of ln p(hidden cells | observed cells) under the model, at the
 * true values; also per hidden cell. Proper: the true conditional distribution wins. */
#include <lacuna/scoring.h>

typedef struct {
    LacMetric base;
} LogLikelihood;

static const LacParam params[] = {
    LAC_PARAM_END,
};

static gboolean
log_likelihood_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    LacSum sum = {0};
    size_t rows = 0, cells = 0;

    for (size_t i = 0; i < in->truth->rows; i++) {
        const size_t scored = lac_mask_count_row(in->scored, i);

        /* a row with a hole whose truth nobody knows has no density at the truth */
        if (scored == 0 || scored != lac_mask_count_row(in->incomplete->holes, i))
            continue;
        if (isnan(in->log_density[i]))
            return lac_fail(error, LAC_ERROR_NUMERIC,
                            "row %zu: the model's log-density is not a number", i + 1);
        lac_sum_add(&sum, in->log_density[i]);
        rows++;
        cells += scored;
    }
    const double total = lac_sum_value(&sum);

    if (rows == 0)
        lac_scores_undefined(out, NULL, -1,
                             "no row with holes whose truth is known in all of them");
    else if (!isfinite(total))
        lac_scores_undefined(out, NULL, -1, "the model gives a row density %s",
                             total < 0 ? "0" : "infinity");
    if (rows == 0 || !isfinite(total))
        return TRUE;
    lac_scores_add(out, NULL, total / (double)rows, cells);
    lac_scores_add(out, "per cell", total / (double)cells, cells);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("log-likelihood", "Log-density of the hidden values under the model", LogLikelihood,
               params),
    .plugin.citation = "Gneiting and Raftery, Strictly proper scoring rules, JASA 102 (2007)",
    .direction = LAC_MAXIMISE,
    .needs = LAC_NEEDS_TRUTH | LAC_NEEDS_DENSITY,
    .unit = "nats a row, in the model's units",
    .scope = "rows with holes",
    .judges = LAC_JUDGES_DRAWS,
    .valid = LAC_VALID_ALWAYS,
    .caution = "one hidden value that a model holds impossible outweighs all others",
    .score = log_likelihood_score,
};
