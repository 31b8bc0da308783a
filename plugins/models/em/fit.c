#include "em.h"

#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

void
em_rows_free(EmRows *rows)
{
    if (rows == NULL)
        return;
    lac_mask_free(rows->holes);
    lac_matrix_free(rows->x);
    lac_patterns_free(rows->patterns);
    g_free(rows);
}

gboolean
em_learn_columns(EmModel *self, const LacData *train, GError **error)
{
    g_autofree double *seen =
        lac_try_alloc(train->rows + 1, sizeof(double), "a column's observed cells", error);

    if (seen == NULL)
        return FALSE;
    self->cols = train->cols;
    self->used = g_new(size_t, train->cols + 1);
    self->centre = g_new(double, train->cols + 1);
    self->sd = g_new(double, train->cols + 1);
    for (size_t j = 0; j < train->cols; j++) {
        const size_t n = lac_data_copy_seen(train, j, seen);

        if (n == 0)
            return lac_fail(error, LAC_ERROR_DATA,
                            "em: column '%s' has no observed cell in %zu training rows; drop the "
                            "column or change the split",
                            lac_data_name(train, j), train->rows);
        self->centre[j] = lac_stats_mean(n, seen);
        const double sd = n > 1 ? sqrt(lac_stats_variance(n, seen, 1)) : 0.0;

        if (sd > 1e-12 * fabs(self->centre[j]) && isfinite(sd)) {
            self->sd[j] = sd;
            self->used[self->p++] = j;
            continue;
        }
        self->sd[j] = 1.0;
        self->centre[j] = seen[0];
        lac_context_event(self->base.instance.context, "constant", (gssize)j,
                          "column '%s' has one value only; its holes get that value",
                          lac_data_name(train, j));
    }
    return TRUE;
}

EmRows *
em_rows_new(const EmModel *self, const LacData *data, GError **error)
{
    g_autoptr(EmRows) rows = g_new0(EmRows, 1);

    rows->holes = lac_mask_new(data->rows, self->p, error);
    if (rows->holes == NULL)
        return NULL;
    rows->x = lac_matrix_new(data->rows, self->p, error);
    if (rows->x == NULL)
        return NULL;
    for (size_t i = 0; i < data->rows; i++) {
        double *x = lac_matrix_row(rows->x, i);

        for (size_t k = 0; k < self->p; k++) {
            const size_t j = self->used[k];

            x[k] = (lac_data_at(data, i, j) - self->centre[j]) / self->sd[j];
            if (lac_data_is_hole(data, i, j))
                lac_mask_set(rows->holes, i, k, TRUE);
        }
    }
    rows->patterns = lac_patterns_new(rows->holes, error);
    return rows->patterns == NULL ? NULL : g_steal_pointer(&rows);
}

static double
em_largest_change(const LacGaussian *a, const LacGaussian *b)
{
    double most = 0.0;

    for (size_t j = 0; j < a->p; j++)
        most = MAX(most, fabs(a->mean[j] - b->mean[j]));
    for (size_t k = 0; k < a->p * a->p; k++)
        most = MAX(most, fabs(a->cov[k] - b->cov[k]));
    return most;
}

/* One EM iteration in progress. */
typedef struct {
    const EmModel *self;
    const EmRows *rows;
    const LacMatrix *sorted;
    const double *weight; /* in the order of `sorted` */
    LacGaussianSums *sums;
    double ridge; /* in rows */
    double mended;
} EmStep;

/* to = EM(from). FALSE with an error when the covariance cannot be mended or memory is short. */
static gboolean
em_step(EmStep *step, const LacGaussian *from, LacGaussian **to, GError **error)
{
    if (!lac_gaussian_e_step(from, step->rows->patterns, step->sorted, step->weight, step->sums,
                             error))
        return FALSE;
    lac_gaussian_free(*to);
    *to = lac_gaussian_dup(from);
    if (step->sums->n <= 0.0)
        return TRUE; /* no row says anything */
    const double added = lac_gaussian_m_step(step->sums, step->ridge, *to);

    if (added < 0.0)
        return lac_fail(error, LAC_ERROR_NUMERIC,
                        "em: the covariance of %zu columns is not finite after a step; rescale "
                        "the data or set a ridge",
                        from->p);
    step->mended = MAX(step->mended, added);
    return TRUE;
}

/* theta0 - 2 alpha r + alpha^2 v with r the first step and v the change of the second: Varadhan
 * and Roland, "Simple and globally convergent methods for accelerating the convergence of any EM
 * algorithm" (2008), scheme S3. NULL when it leaves the positive definite matrices. */
static LacGaussian *
em_extrapolate(const LacGaussian *zero, const LacGaussian *one, const LacGaussian *two)
{
    const size_t p = zero->p, cells = p * p;
    double rr = 0.0, vv = 0.0;

    for (size_t k = 0; k < p + cells; k++) {
        const double a = k < p ? zero->mean[k] : zero->cov[k - p],
                     b = k < p ? one->mean[k] : one->cov[k - p],
                     c = k < p ? two->mean[k] : two->cov[k - p];

        rr += (b - a) * (b - a);
        vv += (c - 2.0 * b + a) * (c - 2.0 * b + a);
    }
    const double alpha = vv > 0.0 ? -sqrt(rr / vv) : -1.0;

    if (alpha >= -1.0)
        return NULL;
    g_autoptr(LacGaussian) far = lac_gaussian_dup(zero);

    for (size_t k = 0; k < p; k++)
        far->mean[k] += -2.0 * alpha * (one->mean[k] - zero->mean[k]) +
                        alpha * alpha * (two->mean[k] - 2.0 * one->mean[k] + zero->mean[k]);
    for (size_t k = 0; k < cells; k++)
        far->cov[k] += -2.0 * alpha * (one->cov[k] - zero->cov[k]) +
                       alpha * alpha * (two->cov[k] - 2.0 * one->cov[k] + zero->cov[k]);
    return lac_gaussian_prepare(far) == 0.0 ? g_steal_pointer(&far) : NULL;
}

/* A SQUAREM cycle: two steps, an extrapolation, and a step from there when the likelihood did not
 * fall. Replaces *at; @moved is the length of its first plain step. */
static gboolean
em_cycle(EmStep *step, LacGaussian **at, double *moved, double *log_likelihood, GError **error)
{
    g_autoptr(LacGaussian) one = NULL;
    g_autoptr(LacGaussian) two = NULL;
    g_autoptr(LacGaussian) three = NULL;

    if (!em_step(step, *at, &one, error))
        return FALSE;
    *log_likelihood = step->sums->log_likelihood;
    *moved = em_largest_change(*at, one);
    if (!step->self->accelerate || *moved <= step->self->tol) {
        lac_gaussian_free(*at);
        *at = g_steal_pointer(&one);
        return TRUE;
    }
    if (!em_step(step, one, &two, error))
        return FALSE;
    const double before = step->sums->log_likelihood;
    g_autoptr(LacGaussian) far = em_extrapolate(*at, one, two);

    if (far != NULL && !em_step(step, far, &three, error))
        return FALSE;
    const gboolean better = far != NULL && step->sums->log_likelihood >= before;

    lac_gaussian_free(*at);
    *at = better ? g_steal_pointer(&three) : g_steal_pointer(&two);
    return TRUE;
}

static void
em_tell(const EmStep *step, gboolean converged, double moved)
{
    LacContext *context = step->self->base.instance.context;

    if (step->mended > 0.0)
        lac_context_event(
            context, "ridge", -1,
            "the covariance became singular (too few rows, or columns that depend on "
            "each other); %.1e was added to the variances of the standardised columns",
            step->mended);
    if (!converged)
        lac_context_event(context, "not-converged", -1,
                          "EM stopped after %" G_GINT64_FORMAT
                          " iterations, parameters still moving by %.1e a step",
                          step->self->iterations, moved);
}

LacGaussian *
em_estimate(const EmModel *self, const EmRows *rows, const double *weight, const LacGaussian *start,
            gboolean loud, GError **error)
{
    LacContext *context = self->base.instance.context;
    g_autoptr(LacMatrix) sorted = lac_patterns_gather(rows->patterns, rows->x, error);
    g_autoptr(LacGaussianSums) sums = lac_gaussian_sums_new(self->p);
    g_autoptr(LacGaussian) at = lac_gaussian_dup(start);
    g_autofree double *sorted_weight = weight ? g_new(double, rows->patterns->rows + 1) : NULL;
    EmStep step = {.self = self,
                   .rows = rows,
                   .sorted = sorted,
                   .weight = sorted_weight,
                   .sums = sums,
                   .ridge = self->ridge * (double)rows->patterns->rows};
    double moved = INFINITY, log_likelihood;

    if (sorted == NULL)
        return NULL;
    for (size_t i = 0; weight != NULL && i < rows->patterns->rows; i++)
        sorted_weight[i] = weight[rows->patterns->row[i]];
    for (int64_t t = 0; t < self->iterations && moved > self->tol; t++) {
        if (!em_cycle(&step, &at, &moved, &log_likelihood, error))
            return NULL;
        if (loud)
            lac_context_trace(context, "loglik", -1, (size_t)t, 0, log_likelihood);
        if (!lac_context_step(context, (double)t / (double)self->iterations, error))
            return NULL;
    }
    if (loud)
        em_tell(&step, moved <= self->tol, moved);
    return g_steal_pointer(&at);
}

/* Every used column needs an observed cell among the rows drawn. */
static gboolean
em_counts_serve(const EmRows *rows, const double *count)
{
    for (size_t k = 0; k < rows->x->cols; k++) {
        gboolean seen = FALSE;

        for (size_t i = 0; i < rows->x->rows && !seen; i++)
            seen = count[i] > 0.0 && !lac_mask_get(rows->holes, i, k);
        if (!seen)
            return FALSE;
    }
    return TRUE;
}

LacGaussian *
em_bootstrap(const EmModel *self, const EmRows *rows, size_t draw, GError **error)
{
    enum { TRIES = 100 };
    const size_t n = rows->x->rows;
    const LacRng stream = lac_context_rng(self->base.instance.context, "bootstrap");
    LacRng rng = lac_rng_at(&stream, draw);
    g_autofree double *count = g_new0(double, n + 1);

    for (size_t t = 0; t < TRIES; t++) {
        memset(count, 0, n * sizeof(double));
        for (size_t i = 0; i < n; i++)
            count[lac_rng_below(&rng, n)] += 1.0;
        if (em_counts_serve(rows, count))
            return em_estimate(self, rows, count, self->gaussian, FALSE, error);
    }
    lac_context_event(self->base.instance.context, "fallback", -1,
                      "no bootstrap sample had every column observed; the draw uses the estimate "
                      "from all rows");
    return lac_gaussian_dup(self->gaussian);
}
