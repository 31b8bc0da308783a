/* nrmse: root mean square error of each column in units of that column's spread, so that columns
 * of different units may be averaged.
 * Source of by: missforest: Stekhoven and Buehlmann, MissForest (2012). */
#include <lacuna/scoring.h>
#include <lacuna/stats.h>

enum { BY_SD, BY_RANGE, BY_IQR, BY_MISSFOREST };
enum { FROM_TRUTH, FROM_OBSERVED };

typedef struct {
    LacMetric base;
    int by, from, columns, point;
} Nrmse;

static const char *const by_choices[] = {"sd", "range", "iqr", "missforest", NULL};
static const char *const from_choices[] = {"truth", "observed", NULL};

static const LacParam params[] = {
    LAC_PARAM_CHOICE(Nrmse, by, BY_SD, by_choices,
                     "What errors are divided by: each column's standard deviation, range or "
                     "interquartile range; or, as missForest's authors do, the standard deviation "
                     "of all hidden values of all columns together"),
    LAC_PARAM_CHOICE(Nrmse, from, FROM_TRUTH, from_choices,
                     "Where the spread is taken: true values of the evaluated rows, or observed "
                     "cells of the training rows"),
    LAC_PARAM_CHOICE(Nrmse, columns, LAC_ACROSS_MEAN, LAC_ACROSS_CHOICES, LAC_ACROSS_HELP),
    LAC_PARAM_CHOICE(Nrmse, point, LAC_POINT_FILL, LAC_POINT_CHOICES, LAC_POINT_HELP),
    LAC_PARAM_END,
};

/* the spread of @n values, which are reordered; 0 or NaN where there is none */
static double
nrmse_spread(int by, size_t n, double *x)
{
    if (n == 0)
        return NAN;
    if (by == BY_SD)
        return sqrt(lac_stats_variance(n, x, 1));
    lac_stats_sort(n, x);
    if (by == BY_RANGE)
        return x[n - 1] - x[0];
    return lac_stats_quantile(n, x, 0.75, 7) - lac_stats_quantile(n, x, 0.25, 7);
}

static void
nrmse_by_columns(const Nrmse *self, const LacScoring *in, const LacErrorTally *tallies,
                 LacScores *out)
{
    const LacData *source = self->from == FROM_TRUTH ? in->truth : in->reference;
    g_autofree double *values = g_new(double, source->rows + 1);
    g_autofree double *value = g_new(double, in->truth->cols + 1);
    g_autofree size_t *n = g_new(size_t, in->truth->cols + 1);
    LacNorm pooled = {0};
    size_t cells = 0;

    for (size_t j = 0; j < in->truth->cols; j++) {
        n[j] = tallies[j].n;
        value[j] = NAN;
        if (n[j] == 0)
            continue;
        const double spread = nrmse_spread(self->by, lac_data_copy_seen(source, j, values), values);

        if (!(spread > 0))
            continue;
        value[j] = lac_norm_value(&tallies[j].square) / sqrt((double)n[j]) / spread;
        lac_norm_add(&pooled, value[j] * sqrt((double)n[j]));
        cells += n[j];
    }
    lac_scoring_add(out, NULL, (LacAcross)self->columns, in, n, value,
                    lac_norm_value(&pooled) / sqrt((double)cells),
                    "the column does not vary, so its spread is 0");
}

static void
nrmse_missforest(const LacScoring *in, const LacErrorTally *tallies, LacScores *out)
{
    LacErrorTally all = {0};

    for (size_t j = 0; j < in->truth->cols; j++)
        lac_error_tally_merge(&all, &tallies[j]);
    const double sd = sqrt(all.m2 / ((double)all.n - 1));

    if (all.n < 2 || !(sd > 0))
        lac_scores_undefined(out, NULL, -1, "%zu scored numeric cells that do not vary", all.n);
    else
        lac_scores_add(out, NULL, lac_norm_value(&all.square) / sqrt((double)all.n) / sd, all.n);
}

static gboolean
nrmse_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const Nrmse *self = LAC_CAST(const Nrmse, metric);
    g_autofree LacErrorTally *tallies = g_new0(LacErrorTally, in->truth->cols + 1);

    if (!lac_scoring_has_point(in, (LacPoint)self->point, out))
        return TRUE;
    if (!lac_scoring_errors(in, (LacPoint)self->point, tallies, error))
        return FALSE;
    if (self->by == BY_MISSFOREST)
        nrmse_missforest(in, tallies, out);
    else
        nrmse_by_columns(self, in, tallies, out);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("nrmse", "Root mean square error in units of the column's spread", Nrmse, params),
    .plugin.citation = "Stekhoven and Buehlmann, MissForest, Bioinformatics 28 (2012), for by: "
                       "missforest",
    .direction = LAC_MINIMISE,
    .needs = LAC_NEEDS_TRUTH,
    .unit = "spread of the column",
    .scope = "scored cells",
    .judges = LAC_JUDGES_POINT,
    .valid = LAC_VALID_ALWAYS,
    .caution = "conditional means win it, though their completions have too little spread and too "
               "much correlation",
    .score = nrmse_score,
};
