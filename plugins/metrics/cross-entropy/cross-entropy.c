/* cross-entropy: mean over rows of -ln p(true class). Proper: honest probabilities win. */
#include <lacuna/scoring.h>

typedef struct {
    LacMetric base;
    double floor;
} CrossEntropy;

static const LacParam params[] = {
    LAC_PARAM_DOUBLE(CrossEntropy, floor, 1e-7, LAC_RANGE(0.0, 0.5), "probability",
                     "Probabilities below it count as it, as in Keras; 0: a class that was given "
                     "no chance makes the value undefined"),
    LAC_PARAM_END,
};

static gboolean
cross_entropy_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const CrossEntropy *self = LAC_CAST(const CrossEntropy, metric);
    LacSum sum = {0};
    size_t rows = 0;

    for (size_t i = 0; i < in->truth->rows; i++) {
        if (!lac_scoring_is_labelled(in, i))
            continue;
        const double p = lac_matrix_row(in->prediction, i)[in->truth->labels[i]];

        lac_sum_add(&sum, -log(fmax(p, self->floor)));
        rows++;
    }
    const double total = lac_sum_value(&sum);

    if (rows == 0)
        lac_scores_undefined(out, NULL, -1, "no row has a label");
    else if (!isfinite(total))
        lac_scores_undefined(out, NULL, -1, "a true class was given probability 0");
    else
        lac_scores_add(out, NULL, fmax(total / (double)rows, 0.0), rows);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("cross-entropy", "Mean surprise of the downstream classifier at the true labels",
               CrossEntropy, params),
    .plugin.citation = "Gneiting and Raftery, Strictly proper scoring rules, JASA 102 (2007)",
    .direction = LAC_MINIMISE,
    .needs = LAC_NEEDS_PREDICTION,
    .unit = "nats a row",
    .scope = "rows with a label",
    .judges = LAC_JUDGES_TASK,
    .valid = LAC_VALID_ALWAYS,
    .score = cross_entropy_score,
};
