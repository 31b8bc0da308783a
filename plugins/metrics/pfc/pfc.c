/* pfc: share of the hidden categories that come back wrong.
 * Source: Stekhoven and Buehlmann, MissForest (2012). */
#include <lacuna/scoring.h>

typedef struct {
    LacMetric base;
    int columns, point;
} Pfc;

static const LacParam params[] = {
    LAC_PARAM_CHOICE(Pfc, columns, LAC_ACROSS_POOLED, LAC_ACROSS_CHOICES, LAC_ACROSS_HELP),
    LAC_PARAM_CHOICE(Pfc, point, LAC_POINT_FILL, LAC_POINT_CHOICES, LAC_POINT_HELP),
    LAC_PARAM_END,
};

/* wrong cells of column @j, or G_MAXSIZE with an error when one is not finite */
static size_t
pfc_wrong(const Pfc *self, const LacScoring *in, size_t j, double *scratch, GError **error)
{
    size_t wrong = 0;

    for (size_t i = 0; i < in->truth->rows; i++) {
        if (!lac_mask_get(in->scored, i, j))
            continue;
        const double level = lac_scoring_point(in, (LacPoint)self->point, i, j, scratch);

        if (!isfinite(level)) {
            lac_fail(error, LAC_ERROR_NUMERIC,
                     "row %zu, column '%s': the completion is %g, expected a level code; the model "
                     "must fill every hole",
                     i + 1, lac_data_name(in->truth, j), level);
            return G_MAXSIZE;
        }
        wrong += level == lac_data_at(in->truth, i, j) ? 0 : 1; /* unseen levels are wrong, too */
    }
    return wrong;
}

static gboolean
pfc_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const Pfc *self = LAC_CAST(const Pfc, metric);
    g_autofree double *value = g_new(double, in->truth->cols + 1);
    g_autofree double *scratch = g_new(double, in->n_draws + 1);
    g_autofree size_t *n = g_new(size_t, in->truth->cols + 1);
    const size_t cells = lac_scoring_count(in, FALSE, n);
    size_t all_wrong = 0;

    if (!lac_scoring_has_point(in, (LacPoint)self->point, out))
        return TRUE;
    for (size_t j = 0; j < in->truth->cols; j++) {
        const size_t wrong = n[j] ? pfc_wrong(self, in, j, scratch, error) : 0;

        if (wrong == G_MAXSIZE)
            return FALSE;
        value[j] = (double)wrong / (double)n[j];
        all_wrong += wrong;
    }
    lac_scoring_add(out, NULL, (LacAcross)self->columns, in, n, value,
                    (double)all_wrong / (double)cells, "no scored category");
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("pfc", "Share of the imputed categories that are wrong", Pfc, params),
    .plugin.citation = "Stekhoven and Buehlmann, MissForest, Bioinformatics 28 (2012)",
    .direction = LAC_MINIMISE,
    .needs = LAC_NEEDS_TRUTH,
    .unit = "share",
    .scope = "scored cells of categorical columns",
    .judges = LAC_JUDGES_POINT,
    .valid = LAC_VALID_ALWAYS,
    .caution = "conditional modes win it, whatever that does to the shares of levels",
    .score = pfc_score,
};
