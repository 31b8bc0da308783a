/* gcopula: every column is a step or curve of a normal score, and the scores of a row are jointly
 * normal with one correlation matrix. Holes get what their score, given the others, stands for.
 * Source: Zhao and Udell, "Missing value imputation for mixed data via Gaussian copula", KDD 2020
 * 636-646. */
#include "gcopula.h"

#include <lacuna/resample.h>
#include <math.h>
#include <string.h>

static const LacParam params[] = {
    LAC_PARAM_DOUBLE(GcModel, spike, 0.1, LAC_RANGE(0.0, 1.0), "share",
                     "A value of a numeric column as frequent as this is a level (an interval of "
                     "scores), or, alone and at an end, where the column is cut off"),
    LAC_PARAM_INT(GcModel, iterations, 100, LAC_RANGE(1, 1e6), "iterations", "Most EM iterations"),
    LAC_PARAM_DOUBLE(GcModel, tol, 1e-3, LAC_RANGE_FROM(0.0), "share",
                     "Stop when the correlations move by less than this share of their size"),
    LAC_PARAM_INT(GcModel, passes, 10, LAC_RANGE(1, 100000), "passes",
                  "Gibbs passes over a row's interval scores before a draw"),
    LAC_PARAM_BOOL(
        GcModel, bootstrap, FALSE,
        "Fit anew on rows drawn with replacement for every draw, so that draws carry the "
        "uncertainty of correlations and marginals, too; as many fits as draws"),
    LAC_PARAM_END,
};

static gboolean
gcopula_fit(LacModel *model, const LacData *train, GError **error)
{
    GcModel *self = LAC_CAST(GcModel, model);

    if (self->bootstrap)
        self->train = lac_data_ref((LacData *)train);
    return gc_fit(self, train, error);
}

static gboolean
gcopula_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error)
{
    return gc_complete(LAC_CAST(const GcModel, model), in, NULL, out, error);
}

static void gcopula_clear(LacModel *model);

/* Draw @draw by what the same rows, drawn with replacement, teach. */
static gboolean
gcopula_sample_anew(const GcModel *self, const LacData *in, size_t draw, const LacRng *rng,
                    LacMatrix *out, GError **error)
{
    const LacRng stream = lac_context_rng(self->base.instance.context, "bootstrap");
    const LacRng rows = lac_rng_at(&stream, draw);
    GcModel anew = {.base = self->base,
                    .spike = self->spike,
                    .tol = self->tol,
                    .iterations = self->iterations,
                    .passes = self->passes};
    g_autoptr(LacData) train = lac_data_resample(self->train, &rows, error);
    const gboolean good =
        train != NULL && gc_fit(&anew, train, error) && gc_complete(&anew, in, rng, out, error);

    gcopula_clear(&anew.base);
    return good;
}

static gboolean
gcopula_sample(const LacModel *model, const LacData *in, size_t draw, LacMatrix *out,
               GError **error)
{
    const GcModel *self = LAC_CAST(const GcModel, model);
    const LacRng stream = lac_context_rng(model->instance.context, "draw");
    const LacRng rng = lac_rng_at(&stream, draw);

    if (self->bootstrap && self->train != NULL)
        return gcopula_sample_anew(self, in, draw, &rng, out, error);
    if (self->bootstrap)
        lac_context_event(model->instance.context, "fallback", -1,
                          "the saved model has no training rows to fit draws anew on: they use the "
                          "correlations of all rows");
    return gc_complete(self, in, &rng, out, error);
}

/* ---- saving -----------------------------------------------------------------------------------
 */

enum { SAVED_COLUMN = 3, SAVED_MARGINAL = 2, SAVED_CURVE = 3, WITH_CURVE = 16 };

/* Scores of the values, then what lies below them and the slopes of both tails. */
static void
save_curve(const GcMarginal *marginal, size_t c, LacBundle *out)
{
    const size_t k = marginal->n_values;
    g_autofree char *name = g_strdup_printf("curve%zu", c);
    g_autofree double *all = g_new(double, k + SAVED_CURVE);

    memcpy(all, marginal->score, k * sizeof(double));
    all[k] = marginal->low;
    all[k + 1] = marginal->slope[0];
    all[k + 2] = marginal->slope[1];
    lac_bundle_put_doubles(out, name, 1, k + SAVED_CURVE, all);
}

static gboolean
load_curve(GcMarginal *marginal, size_t c, const LacBundle *in, GError **error)
{
    const size_t k = marginal->n_values;
    g_autofree char *name = g_strdup_printf("curve%zu", c);
    const double *all = lac_bundle_get_doubles(in, name, 1, k + SAVED_CURVE, NULL, NULL, error);

    if (all == NULL)
        return FALSE;
    for (size_t v = 1; v < k; v++)
        if (!(all[v] > all[v - 1]))
            return lac_fail(error, LAC_ERROR_DATA,
                            "gcopula: block '%s' of the model file does not rise at %zu", name, v);
    if (!(all[k] >= 0.0 && all[k] < marginal->upto[0] && all[k + 1] >= 0.0 && all[k + 2] >= 0.0))
        return lac_fail(error, LAC_ERROR_DATA,
                        "gcopula: block '%s' of the model file ends with %g, %g, %g", name, all[k],
                        all[k + 1], all[k + 2]);
    marginal->score = g_memdup2(all, k * sizeof(double));
    marginal->low = all[k];
    marginal->slope[0] = all[k + 1];
    marginal->slope[1] = all[k + 2];
    return TRUE;
}

static gboolean
gcopula_save(const LacModel *model, LacBundle *out, GError **error)
{
    const GcModel *self = LAC_CAST(const GcModel, model);
    g_autofree int64_t *columns = g_new(int64_t, SAVED_COLUMN * self->cols + 1);
    g_autofree int64_t *marginals = g_new(int64_t, SAVED_MARGINAL * self->q + 1);
    g_autofree double *base = g_new(double, self->cols + 1);
    g_autofree double *level = g_new0(double, self->q + 1);

    for (size_t j = 0; j < self->cols; j++) {
        const GcColumn *column = &self->column[j];

        columns[SAVED_COLUMN * j] = (int64_t)column->kind;
        columns[SAVED_COLUMN * j + 1] = (int64_t)column->first;
        columns[SAVED_COLUMN * j + 2] = (int64_t)column->width;
        base[j] = column->base;
        for (size_t k = 0; column->level != NULL && k < column->width; k++)
            level[column->first + k] = column->level[k];
    }
    for (size_t c = 0; c < self->q; c++) {
        g_autofree char *values = g_strdup_printf("values%zu", c);
        g_autofree char *upto = g_strdup_printf("upto%zu", c);

        marginals[SAVED_MARGINAL * c] = self->marginal[c].kind;
        if (self->marginal[c].score != NULL) {
            marginals[SAVED_MARGINAL * c] += WITH_CURVE;
            save_curve(&self->marginal[c], c, out);
        }
        marginals[SAVED_MARGINAL * c + 1] = (int64_t)self->marginal[c].n;
        lac_bundle_put_doubles(out, values, 1, self->marginal[c].n_values, self->marginal[c].value);
        lac_bundle_put_doubles(out, upto, 1, self->marginal[c].n_values, self->marginal[c].upto);
    }
    lac_bundle_put_i64(out, "columns", self->cols, SAVED_COLUMN, columns);
    lac_bundle_put_i64(out, "marginals", self->q, SAVED_MARGINAL, marginals);
    lac_bundle_put_doubles(out, "base", 1, self->cols, base);
    lac_bundle_put_doubles(out, "level", 1, self->q, level);
    lac_bundle_put_doubles(out, "correlation", self->q, self->q, self->gaussian->cov);
    return TRUE;
}

static gboolean
load_columns(GcModel *self, const LacBundle *in, GError **error)
{
    const int64_t *columns =
        lac_bundle_get_i64(in, "columns", G_MAXSIZE, SAVED_COLUMN, &self->cols, NULL, error);
    const double *base =
        columns ? lac_bundle_get_doubles(in, "base", 1, self->cols, NULL, NULL, error) : NULL;
    const double *level =
        base ? lac_bundle_get_doubles(in, "level", 1, G_MAXSIZE, NULL, &self->q, error) : NULL;
    size_t first = 0;

    if (level == NULL)
        return FALSE;
    self->column = g_new0(GcColumn, self->cols + 1);
    for (size_t j = 0; j < self->cols; j++) {
        const int64_t *c = columns + SAVED_COLUMN * j;

        if (c[0] < LAC_KIND_CONTINUOUS || c[0] > LAC_KIND_ORDINAL || c[1] != (int64_t)first ||
            c[2] < 0 || (size_t)c[2] > self->q - first || (c[0] != LAC_KIND_NOMINAL && c[2] > 1))
            return lac_fail(error, LAC_ERROR_DATA,
                            "gcopula: the model file gives column %zu kind %" G_GINT64_FORMAT
                            " and scores %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT " of %zu",
                            j, c[0], c[1], c[1] + c[2], self->q);
        self->column[j] = (GcColumn){(LacKind)c[0], first, (size_t)c[2], base[j], NULL};
        if (c[0] == LAC_KIND_NOMINAL)
            self->column[j].level = g_memdup2(level + first, (size_t)c[2] * sizeof(double));
        first += (size_t)c[2];
    }
    return first == self->q ||
           lac_fail(error, LAC_ERROR_DATA,
                    "gcopula: the model file's columns have %zu scores of %zu", first, self->q);
}

static gboolean
load_marginal(GcMarginal *marginal, size_t c, const int64_t *saved, const LacBundle *in,
              GError **error)
{
    g_autofree char *values = g_strdup_printf("values%zu", c);
    g_autofree char *counts = g_strdup_printf("upto%zu", c);
    size_t n = 0;
    const double *value = lac_bundle_get_doubles(in, values, 1, G_MAXSIZE, NULL, &n, error);
    const double *upto = value ? lac_bundle_get_doubles(in, counts, 1, n, NULL, NULL, error) : NULL;

    if (upto == NULL)
        return FALSE;
    for (size_t v = 0; v < n; v++)
        if (!(upto[v] > (v > 0 ? upto[v - 1] : 0.0)) || (v > 0 && !(value[v] > value[v - 1])))
            return lac_fail(error, LAC_ERROR_DATA,
                            "gcopula: blocks '%s' and '%s' of the model file do not rise at %zu",
                            values, counts, v);
    const gboolean curve = saved[0] >= WITH_CURVE;
    const int64_t kind = curve ? saved[0] - WITH_CURVE : saved[0];

    if (n < 2 || kind < GC_POINTS || kind > GC_HIGH_SPIKE ||
        (curve ? !((double)saved[1] >= upto[n - 1]) : (double)saved[1] != upto[n - 1]))
        return lac_fail(error, LAC_ERROR_DATA,
                        "gcopula: score %zu of the model file has %zu values and kind "
                        "%" G_GINT64_FORMAT,
                        c, n, saved[0]);
    marginal->kind = (int)kind;
    marginal->n = (double)saved[1];
    marginal->n_values = n;
    marginal->value = g_memdup2(value, n * sizeof(double));
    marginal->upto = g_memdup2(upto, n * sizeof(double));
    if (curve && !load_curve(marginal, c, in, error))
        return FALSE;
    gc_marginal_bounds(marginal);
    return TRUE;
}

static gboolean
gcopula_load(LacModel *model, const LacBundle *in, GError **error)
{
    GcModel *self = LAC_CAST(GcModel, model);

    if (!load_columns(self, in, error))
        return FALSE;
    const int64_t *marginals =
        lac_bundle_get_i64(in, "marginals", self->q, SAVED_MARGINAL, NULL, NULL, error);
    const double *correlation =
        marginals ? lac_bundle_get_doubles(in, "correlation", self->q, self->q, NULL, NULL, error)
                  : NULL;

    if (correlation == NULL)
        return FALSE;
    self->marginal = g_new0(GcMarginal, self->q + 1);
    for (size_t c = 0; c < self->q; c++)
        if (!load_marginal(&self->marginal[c], c, marginals + SAVED_MARGINAL * c, in, error))
            return FALSE;
    self->gaussian = lac_gaussian_new(self->q);
    memcpy(self->gaussian->cov, correlation, self->q * self->q * sizeof(double));
    return lac_gaussian_prepare(self->gaussian) == 0.0 ||
           lac_fail(error, LAC_ERROR_DATA,
                    "gcopula: block 'correlation' of the model file cannot be inverted");
}

static void
gcopula_clear(LacModel *model)
{
    GcModel *self = LAC_CAST(GcModel, model);

    for (size_t c = 0; self->marginal != NULL && c < self->q; c++)
        gc_marginal_clear(&self->marginal[c]);
    for (size_t j = 0; self->column != NULL && j < self->cols; j++)
        g_free(self->column[j].level);
    g_clear_pointer(&self->marginal, g_free);
    g_clear_pointer(&self->column, g_free);
    g_clear_pointer(&self->gaussian, lac_gaussian_free);
    g_clear_pointer(&self->train, lac_data_unref);
    self->q = self->cols = 0;
}

/* Constants measured: an iteration's row is 27 steps a column, a pattern columns^2 x (holes + 2)
 * products and a half. */
static void
gcopula_cost(const LacModel *model, const LacWorkload *work, LacCost *out)
{
    enum { BLOCKS = 16 };
    const GcModel *self = LAC_CAST(const GcModel, model);
    const double n = (double)work->rows, p = (double)work->cols, m = p * work->missing;
    const double usual = 14.0 * (1.0 + 2.5 * work->missing);
    const double steps = MIN((double)self->iterations, usual);
    const double patterns = MIN(n, pow(2.0, MIN(60.0, p * sqrt(work->missing))));
    const double step =
        27.0 * LAC_COST_STEP * n * p + 1.6 * LAC_COST_FLOP * patterns * p * p * (m + 2.0);

    out->seconds = steps * step / (double)work->threads;
    if (self->bootstrap && work->draws > 1)
        out->seconds *= 1.0 + (double)work->draws;
    out->bytes = (self->bootstrap ? n * p * 8.125 : 0.0) + n * p * (8.0 + 4.0 + 0.125) +
                 32.0 * lac_workload_seen(work) + 8.0 * patterns * (p + 3.0) + 16.0 * n +
                 8.0 * p * p * (BLOCKS + 10.0 * (double)work->threads);
}

LAC_PLUGIN_EXPORT const LacModelPlugin lac_plugin = {
    LAC_MODEL("gcopula", "Gaussian copula for numbers, levels and cut-off columns, by EM", GcModel,
              params),
    .plugin.citation = "Zhao and Udell, KDD 2020, 636-646",
    /* gcimpute: GaussianCopula(min_ord_ratio = .3, tol = 1e-10) */
    .example = {.in = "a,b,c\n1,0.2,1\n2,,2\n3.5,1.1,2\n4,0.9,\n,2.4,3\n7,1.9,3\n",
                .out = "a,b,c\n1,0.2,1\n2,1.0049312147,2\n3.5,1.1,2\n4,0.9,3\n"
                       "4.8635635849,2.4,3\n7,1.9,3\n",
                .params = "{spike: 0.3, tol: 1e-10, iterations: 5000}"},
    .traits = LAC_MODEL_KINDS | LAC_MODEL_SCALE_FREE | LAC_MODEL_CANDIDATE,
    .fit = gcopula_fit,
    .fill = gcopula_fill,
    .sample = gcopula_sample,
    .save = gcopula_save,
    .load = gcopula_load,
    .clear = gcopula_clear,
    .cost = gcopula_cost,
};
