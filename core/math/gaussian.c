#include "gaussian-private.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

#define LN_2PI 1.8378770664093454836

LacGaussian *
lac_gaussian_new(size_t p)
{
    LacGaussian *g = g_new0(LacGaussian, 1);

    g->p = p;
    g->mean = g_new0(double, MAX(p, 1));
    g->cov = g_new0(double, MAX(p * p, 1));
    g->precision = g_new0(double, MAX(p * p, 1));
    for (size_t j = 0; j < p; j++)
        g->cov[j * (p + 1)] = g->precision[j * (p + 1)] = 1.0;
    g->rcond = 1.0;
    return g;
}

LacGaussian *
lac_gaussian_dup(const LacGaussian *g)
{
    LacGaussian *copy = lac_gaussian_new(g->p);
    const size_t cells = g->p * g->p * sizeof(double);

    memcpy(copy->mean, g->mean, g->p * sizeof(double));
    memcpy(copy->cov, g->cov, cells);
    memcpy(copy->precision, g->precision, cells);
    copy->log_det = g->log_det;
    copy->rcond = g->rcond;
    return copy;
}

void
lac_gaussian_free(LacGaussian *g)
{
    if (g == NULL)
        return;
    g_free(g->mean);
    g_free(g->cov);
    g_free(g->precision);
    g_free(g);
}

static double
gaussian_norm1(size_t p, const double *a)
{
    double norm = 0.0;

    for (size_t i = 0; i < p; i++) {
        double sum = 0.0;

        for (size_t j = 0; j < p; j++)
            sum += fabs(a[i * p + j]);
        norm = MAX(norm, sum);
    }
    return norm;
}

/* Inverse, ln|cov| and rcond of cov as it is; FALSE when it is not positive definite. */
static gboolean
gaussian_invert(LacGaussian *g)
{
    const size_t p = g->p;
    g_autofree double *factor = g_memdup2(g->cov, p * p * sizeof(double));
    LacMatrix l = {.rows = p, .cols = p, .stride = p, .v = factor};
    LacMatrix inverse = {.rows = p, .cols = p, .stride = p, .v = g->precision};

    g->rcond = 0.0;
    if (!lac_cholesky(&l))
        return FALSE;
    memset(g->precision, 0, p * p * sizeof(double));
    g->log_det = 0.0;
    for (size_t j = 0; j < p; j++) {
        g->precision[j * (p + 1)] = 1.0;
        g->log_det += 2.0 * log(factor[j * (p + 1)]);
    }
    lac_cholesky_solve(&l, &inverse);
    for (size_t i = 0; i < p; i++) {
        for (size_t j = 0; j < i; j++)
            g->precision[i * p + j] = g->precision[j * p + i];
    }
    g->rcond = 1.0 / (gaussian_norm1(p, g->cov) * gaussian_norm1(p, g->precision));
    return isfinite(g->log_det) && g->rcond >= LAC_GAUSSIAN_RCOND;
}

double
lac_gaussian_prepare(LacGaussian *g)
{
    const size_t p = g->p;
    double scale = 0.0, added = 0.0;

    if (p == 0 || gaussian_invert(g))
        return 0.0;
    for (size_t j = 0; j < p; j++)
        scale += g->cov[j * (p + 1)] / (double)p;
    if (!isfinite(scale))
        return -1.0;
    scale = scale > 0.0 ? scale : 1.0;
    for (double share = 1e-10; share < 2.0; share *= 10.0) {
        for (size_t j = 0; j < p; j++)
            g->cov[j * (p + 1)] += share * scale - added;
        added = share * scale;
        if (gaussian_invert(g))
            return added;
    }
    return -1.0;
}

double
lac_gaussian_conditional(const LacGaussian *g, size_t q, const size_t *columns, const double *x,
                         double *mean, double *cov)
{
    const size_t p = g->p;
    g_autoptr(LacConditional) c = lac_conditional_new(g);
    g_autofree double *r = g_new0(double, p + 1);
    g_autofree double *pr = g_new0(double, p + 1);
    g_autofree double *rise = g_new(double, p + 1);

    lac_conditional_set(c, q, columns);
    for (size_t k = q; k < p; k++)
        r[columns[k]] = x[columns[k]] - g->mean[columns[k]];
    for (size_t i = 0; i < p; i++) {
        for (size_t j = 0; j < p; j++)
            pr[i] += g->precision[i * p + j] * r[j];
    }
    const double form = lac_conditional_mean(c, r, pr, rise);

    for (size_t a = 0; mean != NULL && a < q; a++)
        mean[a] = g->mean[columns[a]] + rise[a];
    if (cov != NULL)
        memcpy(cov, c->cov, q * q * sizeof(double));
    return q == p ? 0.0 : -0.5 * ((double)(p - q) * LN_2PI + c->log_det_observed + form);
}

/* What complete and log_density do with every row, pattern by pattern, patterns in parallel. */
typedef struct {
    const LacGaussian *g;
    const LacPatterns *patterns;
    const LacMatrix *x;
    const LacRng *draw;
    LacMatrix *fill; /* or NULL: densities to `out` */
    double *out;
    LacGaussianLimits limits; /* of filled entries, or NULL */
    const void *user;
} GaussianRows;

/* Here only the missing entries of P r are needed: the quadratic form is not used. */
static void
gaussian_residual(const LacConditional *c, const double *x, double *r, double *pr)
{
    const LacGaussian *g = c->g;
    const size_t p = g->p, *column = c->column;

    memset(r, 0, p * sizeof(double));
    for (size_t k = c->q; k < p; k++)
        r[column[k]] = x[column[k]] - g->mean[column[k]];
    if (!c->by_precision)
        return;
    memset(pr, 0, p * sizeof(double));
    for (size_t a = 0; a < c->q; a++) {
        const double *row = g->precision + column[a] * p;
        double sum = 0.0;

        for (size_t j = 0; j < p; j++)
            sum += row[j] * r[j];
        pr[column[a]] = sum;
    }
}

static void
gaussian_fill_row(LacConditional *c, const double *root, const double *mean, LacRng rng,
                  gboolean draw, double *x)
{
    const size_t q = c->q;
    double *normal = c->rest;

    if (draw)
        lac_rng_fill_normal(&rng, q, normal);
    for (size_t a = 0; a < q; a++) {
        double value = c->g->mean[c->column[a]] + mean[a];

        for (size_t b = 0; draw && b <= a; b++)
            value += root[a * q + b] * normal[b];
        x[c->column[a]] = value;
    }
}

/* ln N(d; 0, L L'), d is spoilt. Directions without variance count as certain: they add nothing. */
static double
gaussian_log_normal(size_t q, const double *root, double *d)
{
    double sum = 0.0;

    for (size_t a = 0; a < q; a++) {
        const double own = root[a * (q + 1)];

        for (size_t b = 0; b < a; b++)
            d[a] -= root[a * q + b] * d[b];
        d[a] = own > 0.0 ? d[a] / own : 0.0;
        sum += own > 0.0 ? LN_2PI + 2.0 * log(own) + d[a] * d[a] : 0.0;
    }
    return -0.5 * sum;
}

static void
gaussian_pattern(const GaussianRows *task, LacConditional *c, size_t pattern, double *scratch)
{
    const LacPatterns *patterns = task->patterns;
    const size_t p = patterns->cols, q = patterns->missing[pattern];
    double *r = scratch, *pr = r + p, *mean = pr + p, *root = c->work;

    if (q == 0)
        return;
    lac_conditional_set(c, q, patterns->column + pattern * p);
    memcpy(root, c->cov, q * q * sizeof(double));
    if (task->fill == NULL || task->draw != NULL || task->limits != NULL)
        lac_small_cholesky(q, root, q);
    for (size_t i = patterns->start[pattern]; i < patterns->start[pattern + 1]; i++) {
        const size_t row = patterns->row[i];
        const double *x = lac_matrix_row(task->x, row);

        gaussian_residual(c, x, r, pr);
        lac_conditional_mean(c, r, pr, mean);
        if (task->fill != NULL) {
            const LacRng rng = task->draw ? lac_rng_at(task->draw, row) : (LacRng){0};

            if (task->limits != NULL &&
                lac_conditional_fill_within(c, root, mean, task->draw ? &rng : NULL, task->limits,
                                            task->user, row, lac_matrix_row(task->fill, row)))
                continue;
            gaussian_fill_row(c, root, mean, rng, task->draw != NULL,
                              lac_matrix_row(task->fill, row));
            continue;
        }
        for (size_t a = 0; a < q; a++)
            mean[a] = x[c->column[a]] - task->g->mean[c->column[a]] - mean[a];
        task->out[row] = gaussian_log_normal(q, root, mean);
    }
}

static void
gaussian_patterns(size_t begin, size_t end, unsigned worker, void *user)
{
    const GaussianRows *task = user;
    g_autoptr(LacConditional) c = lac_conditional_new(task->g);
    g_autofree double *scratch = g_new(double, 3 * task->g->p + 1);

    for (size_t pattern = begin; pattern < end; pattern++)
        gaussian_pattern(task, c, pattern, scratch);
}

gboolean
lac_gaussian_complete(const LacGaussian *g, const LacPatterns *patterns, const LacRng *draw,
                      LacMatrix *x, GError **error)
{
    GaussianRows task = {.g = g, .patterns = patterns, .x = x, .draw = draw, .fill = x};

    g_assert(x->cols == g->p && x->rows == patterns->rows);
    lac_parallel_for(patterns->n, 64, gaussian_patterns, &task);
    return TRUE;
}

gboolean
lac_gaussian_complete_within(const LacGaussian *g, const LacPatterns *patterns, const LacRng *draw,
                             LacGaussianLimits limits, const void *user, LacMatrix *x,
                             GError **error)
{
    GaussianRows task = {.g = g,
                         .patterns = patterns,
                         .x = x,
                         .draw = draw,
                         .fill = x,
                         .limits = limits,
                         .user = user};

    g_assert(x->cols == g->p && x->rows == patterns->rows);
    lac_parallel_for(patterns->n, 64, gaussian_patterns, &task);
    return TRUE;
}

gboolean
lac_gaussian_log_density(const LacGaussian *g, const LacPatterns *patterns, const LacMatrix *x,
                         double *out, GError **error)
{
    GaussianRows task = {.g = g, .patterns = patterns, .x = x, .out = out};

    memset(out, 0, patterns->rows * sizeof(double));
    lac_parallel_for(patterns->n, 64, gaussian_patterns, &task);
    return TRUE;
}
