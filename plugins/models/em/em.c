/* em: one multivariate normal for the whole table, estimated by EM; holes get their conditional
 * mean. Draws re-estimate from bootstrapped rows, so that they carry parameter uncertainty (EMB).
 * Source: Dempster, Laird and Rubin (1977); Little and Rubin (2019), ch. 11; Honaker, King and
 * Blackwell (2011) for the draws. */
#include "em.h"

#include <math.h>
#include <string.h>

static const LacParam params[] = {
    LAC_PARAM_INT(EmModel, iterations, 1000, LAC_RANGE(1, 1e6), "iterations", "Most EM iterations"),
    LAC_PARAM_DOUBLE(
        EmModel, tol, 1e-4, LAC_RANGE_FROM(0.0), "sd",
        "Stop when no mean or covariance of the standardised columns moves by more, or the "
        "log-likelihood rises by less than the square of this, relatively"),
    LAC_PARAM_DOUBLE(EmModel, ridge, 0.0, LAC_RANGE_FROM(0.0), "share of rows",
                     "Weight of a prior of uncorrelated columns; 0.01 tames small or collinear "
                     "tables"),
    LAC_PARAM_BOOL(EmModel, accelerate, TRUE,
                   "Extrapolate (SQUAREM), guarded by the likelihood: the same maximum in fewer "
                   "iterations"),
    LAC_PARAM_BOOL(EmModel, bootstrap, TRUE,
                   "Re-estimate from bootstrapped rows for every draw, as Amelia does; without it "
                   "draws ignore that the parameters are uncertain"),
    LAC_PARAM_END,
};

static gboolean
em_fit(LacModel *model, const LacData *train, GError **error)
{
    EmModel *self = LAC_CAST(EmModel, model);

    if (!em_learn_columns(self, train, error))
        return FALSE;
    g_autoptr(LacGaussian) start = lac_gaussian_new(self->p);
    g_autoptr(EmRows) rows = em_rows_new(self, train, error);

    if (rows == NULL)
        return FALSE;
    self->train = lac_data_ref(train);
    self->gaussian = em_estimate(self, rows, NULL, start, TRUE, error);
    return self->gaussian != NULL && em_learn_censored(self, train, error);
}

/* @out = @in with its holes filled: conditional means, or draws when @rng is given. */
static gboolean
em_complete(const EmModel *self, const LacGaussian *gaussian, const LacData *in, const LacRng *rng,
            LacMatrix *out, GError **error)
{
    g_autoptr(EmRows) rows = em_rows_new(self, in, error);

    if (rows == NULL || !em_complete_rows(self, gaussian, in, rows, rng, error))
        return FALSE;
    lac_data_fill_holes(in, self->centre, out); /* right already for constant columns */
    for (size_t i = 0; i < in->rows; i++) {
        const double *x = lac_matrix_row(rows->x, i);
        double *to = lac_matrix_row(out, i);

        for (size_t k = 0; k < self->p; k++) {
            const size_t j = self->used[k];

            if (lac_data_is_hole(in, i, j))
                to[j] = self->centre[j] + self->sd[j] * x[k];
        }
    }
    return TRUE;
}

static gboolean
em_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error)
{
    const EmModel *self = LAC_CAST(const EmModel, model);

    return em_complete(self, self->gaussian, in, NULL, out, error);
}

/* The parameters of draw number @draw. Owned. */
static LacGaussian *
em_parameters(const EmModel *self, size_t draw, GError **error)
{
    if (!self->bootstrap)
        return lac_gaussian_dup(self->gaussian);
    if (draw < self->n_boot)
        return lac_gaussian_dup(self->boot[draw]);
    if (self->train == NULL) {
        lac_context_event(self->base.instance.context, "fallback", -1,
                          "the saved model holds %zu bootstrap fits; further draws use the "
                          "estimate from all rows",
                          self->n_boot);
        return lac_gaussian_dup(self->gaussian);
    }
    g_autoptr(EmRows) rows = em_rows_new(self, self->train, error);

    if (rows == NULL || !em_take_censored(self, self->train, draw, rows, error))
        return NULL;
    return em_bootstrap(self, rows, draw, error);
}

static gboolean
em_sample(const LacModel *model, const LacData *in, size_t draw, LacMatrix *out, GError **error)
{
    const EmModel *self = LAC_CAST(const EmModel, model);
    g_autoptr(LacGaussian) gaussian = em_parameters(self, draw, error);
    const LacRng stream = lac_context_rng(self->base.instance.context, "draw");
    const LacRng rng = lac_rng_at(&stream, draw);

    return gaussian != NULL && em_complete(self, gaussian, in, &rng, out, error);
}

static gboolean
em_log_density(const LacModel *model, const LacData *in, const LacData *truth, double *out,
               GError **error)
{
    const EmModel *self = LAC_CAST(const EmModel, model);
    g_autoptr(EmRows) holes = em_rows_new(self, in, error);
    g_autoptr(EmRows) full = holes ? em_rows_new(self, truth, error) : NULL;

    if (full == NULL ||
        !lac_gaussian_log_density(self->gaussian, holes->patterns, full->x, out, error))
        return FALSE;
    for (size_t i = 0; i < in->rows; i++) { /* from standardised to the table's units */
        for (size_t k = 0; k < self->p; k++) {
            if (lac_data_is_hole(in, i, self->used[k]))
                out[i] -= log(self->sd[self->used[k]]);
        }
    }
    return TRUE;
}

static void
em_put_gaussian(LacBundle *out, const char *name, const LacGaussian *g)
{
    g_autofree char *mean = g_strconcat(name, ".mean", NULL);
    g_autofree char *cov = g_strconcat(name, ".cov", NULL);

    lac_bundle_put_doubles(out, mean, 1, g->p, g->mean);
    lac_bundle_put_doubles(out, cov, g->p, g->p, g->cov);
}

static LacGaussian *
em_get_gaussian(const LacBundle *in, const char *name, size_t p, GError **error)
{
    g_autofree char *mean_name = g_strconcat(name, ".mean", NULL);
    g_autofree char *cov_name = g_strconcat(name, ".cov", NULL);
    const double *mean = lac_bundle_get_doubles(in, mean_name, 1, p, NULL, NULL, error);
    const double *cov = mean ? lac_bundle_get_doubles(in, cov_name, p, p, NULL, NULL, error) : NULL;

    if (cov == NULL)
        return NULL;
    g_autoptr(LacGaussian) g = lac_gaussian_new(p);

    memcpy(g->mean, mean, p * sizeof(double));
    memcpy(g->cov, cov, p * p * sizeof(double));
    if (lac_gaussian_prepare(g) < 0.0)
        return lac_fail_null(error, LAC_ERROR_DATA,
                             "em: block '%s' of the model file is no covariance matrix", cov_name);
    return g_steal_pointer(&g);
}

static gboolean
em_save(const LacModel *model, LacBundle *out, GError **error)
{
    const EmModel *self = LAC_CAST(const EmModel, model);
    g_autofree int64_t *used = g_new(int64_t, self->p + 1);
    const size_t draws = lac_context_draws(self->base.instance.context);

    for (size_t k = 0; k < self->p; k++)
        used[k] = (int64_t)self->used[k];
    lac_bundle_put_doubles(out, "centre", 1, self->cols, self->centre);
    lac_bundle_put_doubles(out, "sd", 1, self->cols, self->sd);
    lac_bundle_put_i64(out, "used", 1, self->p, used);
    em_put_gaussian(out, "all", self->gaussian);
    for (size_t d = 0; self->bootstrap && d < draws; d++) {
        g_autofree char *name = g_strdup_printf("boot%zu", d);
        g_autoptr(LacGaussian) g = em_parameters(self, d, error);

        if (g == NULL)
            return FALSE;
        em_put_gaussian(out, name, g);
    }
    const int64_t n_boot = self->bootstrap ? (int64_t)draws : 0;

    lac_bundle_put_i64(out, "boots", 1, 1, &n_boot);
    return TRUE;
}

static gboolean
em_load_columns(EmModel *self, const LacBundle *in, GError **error)
{
    const double *centre =
        lac_bundle_get_doubles(in, "centre", 1, G_MAXSIZE, NULL, &self->cols, error);
    const double *sd =
        centre ? lac_bundle_get_doubles(in, "sd", 1, self->cols, NULL, NULL, error) : NULL;
    const int64_t *used =
        sd ? lac_bundle_get_i64(in, "used", 1, G_MAXSIZE, NULL, &self->p, error) : NULL;

    if (used == NULL)
        return FALSE;
    self->centre = g_memdup2(centre, self->cols * sizeof(double));
    self->sd = g_memdup2(sd, self->cols * sizeof(double));
    self->used = g_new(size_t, self->p + 1);
    for (size_t k = 0; k < self->p; k++) {
        if (used[k] < 0 || (size_t)used[k] >= self->cols)
            return lac_fail(error, LAC_ERROR_DATA,
                            "em: the model file names column %" G_GINT64_FORMAT " of %zu", used[k],
                            self->cols);
        self->used[k] = (size_t)used[k];
    }
    return TRUE;
}

static gboolean
em_load(LacModel *model, const LacBundle *in, GError **error)
{
    enum { MOST_BOOTS = 100000 };
    EmModel *self = LAC_CAST(EmModel, model);
    const int64_t *boots = lac_bundle_get_i64(in, "boots", 1, 1, NULL, NULL, error);

    if (boots == NULL || !em_load_columns(self, in, error))
        return FALSE;
    self->gaussian = em_get_gaussian(in, "all", self->p, error);
    if (self->gaussian == NULL)
        return FALSE;
    if (*boots < 0 || *boots > MOST_BOOTS)
        return lac_fail(error, LAC_ERROR_DATA,
                        "em: the model file claims %" G_GINT64_FORMAT " bootstrap fits", *boots);
    self->boot = g_new0(LacGaussian *, (size_t)*boots + 1);
    for (; self->n_boot < (size_t)*boots; self->n_boot++) {
        g_autofree char *name = g_strdup_printf("boot%zu", self->n_boot);

        self->boot[self->n_boot] = em_get_gaussian(in, name, self->p, error);
        if (self->boot[self->n_boot] == NULL)
            return FALSE;
    }
    return TRUE;
}

/* About so many patterns of holes among rows whose cells are missing independently. */
static double
em_patterns(const LacWorkload *work)
{
    const double r = CLAMP(work->missing, 1e-9, 1.0 - 1e-9);
    const double bits = -(double)work->cols * (r * log2(r) + (1.0 - r) * log2(1.0 - r));

    return MIN((double)work->rows, exp2(MIN(bits, 60.0)));
}

static void
em_cost(const LacModel *model, const LacWorkload *work, LacCost *out)
{
    const double usual = 19.0 * (1.0 + 2.5 * work->missing); /* accelerated, default tolerance */
    const EmModel *self = LAC_CAST(const EmModel, model);
    const double n = (double)work->rows, p = (double)work->cols, q = 1.0 + p * work->missing;
    const double patterns = em_patterns(work);
    const double steps = MIN((double)self->iterations, self->accelerate ? usual : 3.0 * usual);
    const double step =
        LAC_COST_FLOP * (4.0 * n * p * p + patterns * q * q * (p + q)) + LAC_COST_STEP * n * p;

    out->seconds = steps * step / (double)work->threads + 10.0 * LAC_COST_STEP * n * p;
    out->bytes = 16.0 * n * (p + 4.0) + 8.0 * patterns * (p + 3.0) + 64.0 * p * p;
}

static void
em_clear(LacModel *model)
{
    EmModel *self = LAC_CAST(EmModel, model);

    for (size_t d = 0; d < self->n_boot; d++)
        lac_gaussian_free(self->boot[d]);
    g_clear_pointer(&self->boot, g_free);
    self->n_boot = self->p = self->cols = 0;
    g_clear_pointer(&self->used, g_free);
    g_clear_pointer(&self->centre, g_free);
    g_clear_pointer(&self->sd, g_free);
    g_clear_pointer(&self->gaussian, lac_gaussian_free);
    if (self->train != NULL)
        lac_data_unref(g_steal_pointer((LacData **)&self->train));
}

LAC_PLUGIN_EXPORT const LacModelPlugin lac_plugin = {
    LAC_MODEL("em", "Multivariate normal by EM, conditional means and bootstrap draws", EmModel,
              params),
    .plugin.citation = "Dempster, Laird and Rubin (1977); Little and Rubin (2019), chapter 11; "
                       "Honaker, King and Blackwell (2011)",
    .example = {.in = "a,b\n1,2.1\n2,2.9\n3,\n4,3.6\n,5.2\n6,5\n",
                .out = "a,b\n1,2.1\n2,2.9\n3,3.269039949053\n4,3.6\n6.442381388468,5.2\n6,5\n",
                .params = "{tol: 1e-13}"},
    .traits = LAC_MODEL_SCALE_FREE | LAC_MODEL_CANDIDATE,
    .fit = em_fit,
    .fill = em_fill,
    .sample = em_sample,
    .log_density = em_log_density,
    .save = em_save,
    .load = em_load,
    .clear = em_clear,
    .cost = em_cost,
};
