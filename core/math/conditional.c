#include "gaussian-private.h"

#include <math.h>
#include <string.h>

LacConditional *
lac_conditional_new(const LacGaussian *g)
{
    LacConditional *c = g_new0(LacConditional, 1);
    const size_t cells = g->p * g->p;

    c->g = g;
    c->factor = g_new(double, cells);
    c->half = g_new(double, cells);
    c->cov = g_new(double, cells);
    c->work = g_new(double, cells);
    c->rest = g_new(double, g->p);
    return c;
}

void
lac_conditional_free(LacConditional *c)
{
    if (c == NULL)
        return;
    g_free(c->factor);
    g_free(c->half);
    g_free(c->cov);
    g_free(c->work);
    g_free(c->rest);
    g_free(c);
}

gboolean
lac_small_cholesky(size_t q, double *a, size_t ld)
{
    gboolean positive = TRUE;

    for (size_t k = 0; k < q; k++) {
        double *row = a + k * ld, pivot = row[k];

        for (size_t c = 0; c < k; c++) {
            const double *other = a + c * ld;
            double sum = row[c];

            for (size_t b = 0; b < c; b++)
                sum -= row[b] * other[b];
            row[c] = other[c] > 0.0 ? sum / other[c] : 0.0;
            pivot -= row[c] * row[c];
        }
        positive = positive && pivot > 0.0;
        row[k] = pivot > 0.0 ? sqrt(pivot) : 0.0;
    }
    return positive;
}

enum { LAPACK_FROM = 40 };

static gboolean
conditional_cholesky(size_t q, double *a)
{
    LacMatrix m = {.rows = q, .cols = q, .stride = q, .v = a};

    return q < LAPACK_FROM ? lac_small_cholesky(q, a, q) : lac_cholesky(&m);
}

static void
conditional_take(const double *from, size_t p, size_t n, const size_t *rows, size_t m,
                 const size_t *cols, double *to)
{
    for (size_t a = 0; a < n; a++) {
        for (size_t b = 0; b < m; b++)
            to[a * m + b] = from[rows[a] * p + cols[b]];
    }
}

static double
conditional_log_det(size_t q, const double *factor)
{
    double product = 1.0, sum = 0.0;

    for (size_t k = 0; k < q; k++) {
        product *= factor[k * (q + 1)];
        if ((k & 7) == 7) { /* eight at a time: pivots may be 1e-10 each */
            sum += log(product);
            product = 1.0;
        }
    }
    return 2.0 * (sum + log(product));
}

/* cov = L'^-1 L^-1 from the factor of P_mm. */
static void
conditional_invert_small(size_t q, const double *l, double *inverse, double *cov)
{
    for (size_t c = 0; c < q; c++) { /* column c of L^-1 */
        inverse[c * (q + 1)] = 1.0 / l[c * (q + 1)];
        for (size_t a = c + 1; a < q; a++) {
            double sum = 0.0;

            for (size_t b = c; b < a; b++)
                sum -= l[a * q + b] * inverse[b * q + c];
            inverse[a * q + c] = sum / l[a * (q + 1)];
        }
    }
    for (size_t a = 0; a < q; a++) {
        for (size_t b = 0; b <= a; b++) {
            double sum = 0.0;

            for (size_t k = a; k < q; k++)
                sum += inverse[k * q + a] * inverse[k * q + b];
            cov[a * q + b] = cov[b * q + a] = sum;
        }
    }
}

static void
conditional_invert(LacConditional *c)
{
    const size_t q = c->q;
    const LacMatrix l = {.rows = q, .cols = q, .stride = q, .v = c->factor};
    LacMatrix x = {.rows = q, .cols = q, .stride = q, .v = c->cov};

    if (q < LAPACK_FROM) {
        conditional_invert_small(q, c->factor, c->work, c->cov);
        return;
    }
    memset(c->cov, 0, q * q * sizeof(double));
    for (size_t k = 0; k < q; k++)
        c->cov[k * (q + 1)] = 1.0;
    lac_cholesky_solve(&l, &x);
}

static gboolean
conditional_by_precision(LacConditional *c)
{
    const LacGaussian *g = c->g;

    if (c->q == 1) {
        const double own = g->precision[c->column[0] * (g->p + 1)];

        c->cov[0] = 1.0 / own;
        c->log_det_observed = g->log_det + log(own);
        return own > 0.0;
    }
    conditional_take(g->precision, g->p, c->q, c->column, c->q, c->column, c->factor);
    if (!conditional_cholesky(c->q, c->factor))
        return FALSE;
    conditional_invert(c);
    c->log_det_observed = g->log_det + conditional_log_det(c->q, c->factor);
    return TRUE;
}

/* v [k x q] := L^-1 v */
LAC_CLONES static void
conditional_forward(size_t k, size_t q, const double *restrict factor, double *restrict v)
{
    for (size_t a = 0; a < k; a++) {
        const double own = factor[a * (k + 1)], inverse = own > 0.0 ? 1.0 / own : 0.0;
        double *restrict row = v + a * q;

        for (size_t b = 0; b < a; b++) {
            const double f = factor[a * k + b], *restrict other = v + b * q;

            for (size_t j = 0; j < q; j++)
                row[j] -= f * other[j];
        }
        for (size_t j = 0; j < q; j++)
            row[j] *= inverse;
    }
}

/* cov [q x q] := cov - v'v */
LAC_CLONES static void
conditional_subtract(size_t k, size_t q, const double *restrict v, double *restrict cov)
{
    for (size_t a = 0; a < k; a++) {
        const double *restrict row = v + a * q;

        for (size_t i = 0; i < q; i++) {
            for (size_t j = 0; j < q; j++)
                cov[i * q + j] -= row[i] * row[j];
        }
    }
}

/* V = L^-1 cov_om by forward substitution, cov = cov_mm - V'V. */
static void
conditional_by_covariance(LacConditional *c)
{
    const LacGaussian *g = c->g;
    const size_t p = g->p, q = c->q, k = p - q, *observed = c->column + q;
    double *v = c->half;

    conditional_take(g->cov, p, k, observed, k, observed, c->factor);
    conditional_cholesky(k, c->factor);
    conditional_take(g->cov, p, k, observed, q, c->column, v);
    conditional_forward(k, q, c->factor, v);
    conditional_take(g->cov, p, q, c->column, q, c->column, c->cov);
    conditional_subtract(k, q, v, c->cov);
    c->log_det_observed = k > 0 ? conditional_log_det(k, c->factor) : 0.0;
}

/* The precision loses cond digits; beyond 1e8 only the covariance form is trusted. */
gboolean
lac_conditional_trusts_precision(const LacGaussian *g)
{
    return g->rcond > 1e-8;
}

void
lac_conditional_set(LacConditional *c, size_t q, const size_t *column)
{
    const size_t observed = c->g->p - q;

    c->q = q;
    c->column = column;
    c->by_precision = q < observed && lac_conditional_trusts_precision(c->g);
    if (c->by_precision && q == 0) {
        c->log_det_observed = c->g->log_det;
        return;
    }
    c->by_precision = c->by_precision && conditional_by_precision(c);
    if (!c->by_precision)
        conditional_by_covariance(c);
}

/* r_hat' P r_hat = r_o'(P r)_o + mean'(P r)_m, because r_hat is r at o and P r_hat is 0 at m. */
static double
conditional_mean_by_precision(LacConditional *c, const double *r, const double *pr, double *mean)
{
    const size_t q = c->q, p = c->g->p;
    double form = 0.0;

    for (size_t a = 0; a < q; a++) {
        double sum = 0.0;

        for (size_t b = 0; b < q; b++)
            sum -= c->cov[a * q + b] * pr[c->column[b]];
        mean[a] = sum;
        form += sum * pr[c->column[a]];
    }
    for (size_t j = 0; j < p; j++)
        form += r[j] * pr[j];
    return form;
}

double
lac_conditional_mean(LacConditional *c, const double *r, const double *pr, double *mean)
{
    const size_t q = c->q, k = c->g->p - q;
    const size_t *observed = c->column + q;
    double form = 0.0;

    if (c->by_precision)
        return conditional_mean_by_precision(c, r, pr, mean);
    memset(mean, 0, q * sizeof(double));
    for (size_t a = 0; a < k; a++) {
        const double *row = c->factor + a * k;
        double sum = r[observed[a]];

        for (size_t b = 0; b < a; b++)
            sum -= row[b] * c->rest[b];
        c->rest[a] = row[a] > 0.0 ? sum / row[a] : 0.0;
        form += c->rest[a] * c->rest[a];
        for (size_t j = 0; j < q; j++)
            mean[j] += c->half[a * q + j] * c->rest[a];
    }
    return form;
}
