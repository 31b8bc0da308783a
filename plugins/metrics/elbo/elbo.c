/* elbo: mean over rows with holes of the evidence lower bound of ln p(whole true row), by the
 * posterior that the model gives the incomplete row. Zethraeus' thesis reports it with the sign
 * turned. */
#include <lacuna/scoring.h>

typedef struct {
    LacMetric base;
} Elbo;

static const LacParam params[] = {
    LAC_PARAM_END,
};

static gboolean
elbo_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    LacSum sum = {0};
    size_t rows = 0, cells = 0;

    for (size_t i = 0; i < in->truth->rows; i++) {
        if (lac_mask_count_row(in->scored, i) == 0)
            continue;
        rows++;
        if (isnan(in->elbo[i]))
            return lac_fail(error, LAC_ERROR_NUMERIC, "row %zu: the model's bound is not a number",
                            i + 1);
        lac_sum_add(&sum, in->elbo[i]);
        cells += in->truth->cols - lac_mask_count_row(in->truth->holes, i);
    }
    const double total = lac_sum_value(&sum);

    if (rows == 0)
        lac_scores_undefined(out, NULL, -1, "no row has a hole whose truth is known");
    else if (!isfinite(total))
        lac_scores_undefined(out, NULL, -1, "a row's bound is %s infinity", total < 0 ? "-" : "+");
    else
        lac_scores_add(out, NULL, total / (double)rows, cells);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("elbo", "Evidence lower bound of whole rows", Elbo, params),
    .plugin.citation = "Kingma and Welling, Auto-encoding variational Bayes (ICLR 2014)",
    .direction = LAC_MAXIMISE,
    .needs = LAC_NEEDS_TRUTH | LAC_NEEDS_ELBO,
    .unit = "nats a row, in the model's units",
    .scope = "rows with holes, all known cells",
    .judges = LAC_JUDGES_DRAWS,
    .valid = LAC_VALID_ALWAYS,
    .caution = "a bound: a model with a looser one can be the better model; grey values are taken "
               "for probabilities",
    .score = elbo_score,
};
