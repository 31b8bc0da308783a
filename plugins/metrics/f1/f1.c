/* f1: how well two-valued cells come back: binary columns, and numbers cut at a threshold, such as
 * the pixels of a binarised image.
 * Source: van Rijsbergen, Information Retrieval, 2nd ed. (1979), chapter 7; averages as in Sokolova
 * and Lapalme (2009). */
#include <lacuna/scoring.h>

typedef enum { OF_ONES, OF_MACRO, OF_MICRO } Average;

typedef struct {
    LacMetric base;
    double threshold;
    int average, point;
} F1;

static const char *const averages[] = {"ones", "macro", "micro", NULL};

static const LacParam params[] = {
    LAC_PARAM_DOUBLE(F1, threshold, 0.5, LAC_RANGE_ANY, "value",
                     "Numbers above it count as 1, in the truth and in the completion"),
    LAC_PARAM_CHOICE(F1, average, OF_ONES, averages,
                     "Of the class 1; macro: the mean of both classes' values; micro: of the sums "
                     "over both classes, which is the share of cells that are right"),
    LAC_PARAM_CHOICE(F1, point, LAC_POINT_FILL, LAC_POINT_CHOICES, LAC_POINT_HELP),
    LAC_PARAM_END,
};

/** Counts: [truth][completed] cells of two classes. */
typedef struct {
    size_t n[2][2];
} Counts;

static gboolean
is_two_valued(const LacData *truth, size_t j)
{
    const LacColumn *column = lac_data_column(truth, j);

    return lac_kind_is_numeric(column->kind) || column->kind == LAC_KIND_BINARY;
}

static gboolean
count_column(const F1 *self, const LacScoring *in, size_t j, double *scratch, Counts *counts,
             GError **error)
{
    for (size_t i = 0; i < in->truth->rows; i++) {
        double value;

        if (!lac_mask_get(in->scored, i, j))
            continue;
        value = lac_scoring_point(in, (LacPoint)self->point, i, j, scratch);
        if (!isfinite(value))
            return lac_fail(error, LAC_ERROR_NUMERIC,
                            "row %zu, column '%s': the completion is %g; the model must fill every "
                            "hole",
                            i + 1, lac_data_name(in->truth, j), value);
        counts->n[lac_data_at(in->truth, i, j) > self->threshold][value > self->threshold]++;
    }
    return TRUE;
}

/* 2 tp / (2 tp + fp + fn) of class @c; NaN when the class is neither there nor given. */
static double
of_class(const Counts *counts, int c)
{
    const double right = 2.0 * (double)counts->n[c][c];

    return right / (right + (double)counts->n[1 - c][c] + (double)counts->n[c][1 - c]);
}

static double
value_of(const Counts *counts, Average average)
{
    const double right = (double)(counts->n[0][0] + counts->n[1][1]);

    switch (average) {
    case OF_MICRO:
        return right / (right + (double)(counts->n[0][1] + counts->n[1][0]));
    case OF_MACRO:
        return 0.5 * (of_class(counts, 0) + of_class(counts, 1));
    default:
        return of_class(counts, 1);
    }
}

static gboolean
f1_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const F1 *self = LAC_CAST(const F1, metric);
    g_autofree double *scratch = g_new(double, in->n_draws + 1);
    Counts counts = {{{0}}};
    size_t cells;
    double value;

    if (!lac_scoring_has_point(in, (LacPoint)self->point, out))
        return TRUE;
    for (size_t j = 0; j < in->truth->cols; j++)
        if (is_two_valued(in->truth, j) && !count_column(self, in, j, scratch, &counts, error))
            return FALSE;
    cells = counts.n[0][0] + counts.n[0][1] + counts.n[1][0] + counts.n[1][1];
    value = value_of(&counts, (Average)self->average);
    if (isfinite(value))
        lac_scores_add(out, NULL, value, cells);
    else
        lac_scores_undefined(out, NULL, -1,
                             cells == 0 ? "no scored number or binary cell"
                                        : "a class is neither in the truth nor in the completion");
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("f1", "F1 of two-valued cells, such as binarised pixels", F1, params),
    .plugin.citation = "van Rijsbergen, Information Retrieval (1979)",
    .direction = LAC_MAXIMISE,
    .needs = LAC_NEEDS_TRUTH,
    .judges = LAC_JUDGES_POINT,
    .valid = LAC_VALID_ALWAYS,
    .caution = "conditional modes win it, whatever that does to the shares of ones",
    .unit = "share",
    .scope = "scored cells of numeric and binary columns",
    .score = f1_score,
};
