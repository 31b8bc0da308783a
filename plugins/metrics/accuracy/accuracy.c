/* accuracy: share of the rows whose likeliest class is the true one. */
#include <lacuna/scoring.h>

typedef struct {
    LacMetric base;
} Accuracy;

static const LacParam params[] = {
    LAC_PARAM_END,
};

static gboolean
accuracy_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const LacData *truth = in->truth;
    size_t rows = 0, right = 0;

    for (size_t i = 0; i < truth->rows; i++) {
        if (!lac_scoring_is_labelled(in, i))
            continue;
        rows++;
        right += lac_scoring_class(in, i) == (size_t)truth->labels[i];
    }
    if (rows == 0)
        lac_scores_undefined(out, NULL, -1, "no row has a label");
    else
        lac_scores_add(out, NULL, (double)right / (double)rows, rows);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("accuracy", "Share of rows that the downstream classifier gets right", Accuracy,
               params),
    .direction = LAC_MAXIMISE,
    .needs = LAC_NEEDS_PREDICTION,
    .unit = "share",
    .scope = "rows with a label",
    .judges = LAC_JUDGES_TASK,
    .valid = LAC_VALID_ALWAYS,
    .score = accuracy_score,
};
