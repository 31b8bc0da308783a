/* pfc: share of the hidden categories that come back wrong; of ordered levels, on request, by how
 * many ranks. Source: Stekhoven and Buehlmann, MissForest (2012). */
#include <lacuna/scoring.h>

#include <math.h>

typedef struct {
    LacMetric base;
    int columns, point;
    gboolean ranked;
} Pfc;

static const LacParam params[] = {
    LAC_PARAM_CHOICE(Pfc, columns, LAC_ACROSS_POOLED, LAC_ACROSS_CHOICES, LAC_ACROSS_HELP),
    LAC_PARAM_CHOICE(Pfc, point, LAC_POINT_FILL, LAC_POINT_CHOICES, LAC_POINT_HELP),
    LAC_PARAM_BOOL(Pfc, ranked, FALSE,
                   "Ordered levels are as wrong as their ranks are apart (the first for the last: "
                   "1), which makes it the mean error of ranks"),
    LAC_PARAM_END,
};

/* What the cells of column @j are wrong by, or NaN with an error when one is not finite. */
static double
pfc_wrong(const Pfc *self, const LacScoring *in, size_t j, double *scratch, GError **error)
{
    const LacColumn *column = lac_data_column(in->truth, j);
    LacSum wrong = {0};

    for (size_t i = 0; i < in->truth->rows; i++) {
        if (!lac_mask_get(in->scored, i, j))
            continue;
        const double level = lac_scoring_point(in, (LacPoint)self->point, i, j, scratch);

        if (!isfinite(level)) {
            lac_fail(error, LAC_ERROR_NUMERIC,
                     "row %zu, column '%s': the completion is %g, expected a level code; the model "
                     "must fill every hole",
                     i + 1, lac_data_name(in->truth, j), level);
            return NAN;
        }
        /* unseen levels are wrong, too */
        lac_sum_add(&wrong, lac_scoring_level_distance(column, self->ranked, level,
                                                       lac_data_at(in->truth, i, j)));
    }
    return lac_sum_value(&wrong);
}

static gboolean
pfc_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const Pfc *self = LAC_CAST(const Pfc, metric);
    g_autofree double *value = g_new(double, in->truth->cols + 1);
    g_autofree double *scratch = g_new(double, in->n_draws + 1);
    g_autofree size_t *n = g_new(size_t, in->truth->cols + 1);
    const size_t cells = lac_scoring_count(in, FALSE, n);
    LacSum all = {0};

    if (!lac_scoring_has_point(in, (LacPoint)self->point, out))
        return TRUE;
    for (size_t j = 0; j < in->truth->cols; j++) {
        const double wrong = n[j] ? pfc_wrong(self, in, j, scratch, error) : 0.0;

        if (isnan(wrong))
            return FALSE;
        value[j] = wrong / (double)n[j];
        lac_sum_add(&all, wrong);
    }
    lac_scoring_add(out, NULL, (LacAcross)self->columns, in, n, value,
                    lac_sum_value(&all) / (double)cells, "no scored category");
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
