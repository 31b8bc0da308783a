/* correlation: root mean square difference between the correlations of the completed and of the
 * true table, over all pairs of numeric columns. */
#include <lacuna/scoring.h>

enum { WITH_HOLES, ALL };

typedef struct {
    LacMetric base;
    int rows, of;
} Correlation;

static const char *const rows_choices[] = {"with-holes", "all", NULL};

static const LacParam params[] = {
    LAC_PARAM_CHOICE(Correlation, rows, ALL, rows_choices, "All rows, or those with a scored cell"),
    LAC_PARAM_CHOICE(Correlation, of, LAC_OF_DRAWS, LAC_OF_CHOICES, LAC_OF_HELP),
    LAC_PARAM_END,
};

/* correlations of the columns of @x, which is centred and scaled; NaN with a constant one. Owned */
static LacMatrix *
correlation_matrix(LacMatrix *x, GError **error)
{
    g_autoptr(LacMatrix) r = lac_matrix_new(x->cols, x->cols, error);

    for (size_t j = 0; r && j < x->cols; j++) {
        LacSum sum = {0};
        LacNorm norm = {0};

        for (size_t i = 0; i < x->rows; i++)
            lac_sum_add(&sum, lac_matrix_row(x, i)[j]);
        for (size_t i = 0; i < x->rows; i++) {
            lac_matrix_row(x, i)[j] -= lac_sum_value(&sum) / (double)x->rows;
            lac_norm_add(&norm, lac_matrix_row(x, i)[j]);
        }
        const double length = lac_norm_value(&norm);

        for (size_t i = 0; i < x->rows; i++)
            lac_matrix_row(x, i)[j] = length > 0 ? lac_matrix_row(x, i)[j] / length : NAN;
    }
    if (r)
        lac_syrk(1, x, 0, r);
    return g_steal_pointer(&r);
}

/* adds the squared differences of the pairs defined on both sides; how many */
static size_t
correlation_compare(const LacMatrix *r, const LacMatrix *s, LacNorm *norm)
{
    size_t pairs = 0;

    for (size_t j = 0; j < r->rows; j++) {
        for (size_t k = 0; k < j; k++) {
            const double gap = lac_matrix_row(r, j)[k] - lac_matrix_row(s, j)[k];

            if (isnan(gap))
                continue;
            lac_norm_add(norm, gap);
            pairs++;
        }
    }
    return pairs;
}

static gboolean
correlation_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const Correlation *self = LAC_CAST(const Correlation, metric);
    const size_t tables = lac_scoring_completions(in, (LacCompletions)self->of);
    g_auto(LacComparison) rows = {0};
    LacNorm norm = {0};
    size_t pairs = 0;

    if (!lac_comparison_init(&rows, in, self->rows == WITH_HOLES, G_MAXSIZE, &metric->rng, out))
        return TRUE;
    g_autoptr(LacMatrix) truth = lac_comparison_take(&rows, in, NULL, error);
    g_autoptr(LacMatrix) r = truth ? correlation_matrix(truth, error) : NULL;

    if (!r)
        return FALSE;
    for (size_t d = 0; d < tables; d++) {
        const LacMatrix *table = lac_scoring_completion(in, (LacCompletions)self->of, d);
        g_autoptr(LacMatrix) completed = lac_comparison_take(&rows, in, table, error);
        g_autoptr(LacMatrix) s = completed ? correlation_matrix(completed, error) : NULL;

        if (!s)
            return FALSE;
        pairs += correlation_compare(r, s, &norm);
    }
    if (pairs == 0)
        lac_scores_undefined(out, NULL, -1, "fewer than two columns vary in both tables");
    else
        lac_scores_add(out, NULL, lac_norm_value(&norm) / sqrt((double)pairs), rows.n);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("correlation", "Error of the correlations between columns", Correlation, params),
    .direction = LAC_MINIMISE,
    .needs = LAC_NEEDS_TRUTH | LAC_WANTS_DRAWS,
    .unit = "correlation",
    .scope = "all rows",
    .judges = LAC_JUDGES_TABLE,
    .valid = LAC_VALID_ALWAYS,
    .caution = "sees linear dependence alone",
    .score = correlation_score,
};
