/* class-distribution: how far the shares of the predicted classes are from the true ones, as total
 * variation, sum |p - q| / 2: the share of rows that would have to change class. */
#include <lacuna/scoring.h>

typedef struct {
    LacMetric base;
} ClassDistribution;

static const LacParam params[] = {
    LAC_PARAM_END,
};

static gboolean
class_distribution_score(const LacMetric *metric, const LacScoring *in, LacScores *out,
                         GError **error)
{
    const size_t classes = in->truth->n_classes;
    g_autofree size_t *is = g_new0(size_t, classes + 1), *said = g_new0(size_t, classes + 1);
    size_t rows = 0, apart = 0;

    for (size_t i = 0; i < in->truth->rows; i++) {
        if (!lac_scoring_is_labelled(in, i))
            continue;
        rows++;
        is[in->truth->labels[i]]++;
        said[lac_scoring_class(in, i)]++;
    }
    for (size_t k = 0; k < classes; k++)
        apart += is[k] > said[k] ? is[k] - said[k] : 0;
    if (rows == 0)
        lac_scores_undefined(out, NULL, -1, "no row has a label");
    else
        lac_scores_add(out, NULL, (double)apart / (double)rows, rows);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("class-distribution", "Distance between the shares of predicted and true classes",
               ClassDistribution, params),
    .plugin.citation =
        "Zethraeus, Deep learning for classification of data with missing values (2019), fig. 12",
    .direction = LAC_MINIMISE,
    .needs = LAC_NEEDS_PREDICTION,
    .unit = "total variation",
    .scope = "rows with a label",
    .judges = LAC_JUDGES_TASK,
    .valid = LAC_VALID_ALWAYS,
    .caution = "a classifier that is wrong everywhere can still get the shares right",
    .score = class_distribution_score,
};
