/* With P = R^-1: R_mo R_oo^-1 = -P_mm^-1 P_mo, R_oo^-1 = P_oo + P_om (R_mo R_oo^-1), and the law of
 * the missing scores given the observed ones has covariance P_mm^-1. */
#include "gcopula.h"

#include <math.h>
#include <string.h>

GcPattern *
gc_pattern_new(const LacGaussian *g)
{
    GcPattern *pattern = g_new0(GcPattern, 1);
    const size_t cells = g->p * g->p + 1;

    pattern->g = g;
    pattern->q = g_new(double, cells);
    pattern->j = g_new(double, cells);
    pattern->cov = g_new(double, cells);
    pattern->root = g_new(double, cells);
    pattern->work = g_new(double, cells);
    return pattern;
}

void
gc_pattern_free(GcPattern *pattern)
{
    g_free(pattern->q);
    g_free(pattern->j);
    g_free(pattern->cov);
    g_free(pattern->root);
    g_free(pattern->work);
    g_free(pattern);
}

static void
gather(const double *from, size_t p, size_t rows, const size_t *row, size_t cols,
       const size_t *column, double *out)
{
    for (size_t a = 0; a < rows; a++)
        for (size_t b = 0; b < cols; b++)
            out[a * cols + b] = from[row[a] * p + column[b]];
}

/* cov = P_mm^-1 and its root; j = -cov P_mo. */
static void
pattern_condition(GcPattern *pattern)
{
    const size_t p = pattern->g->p, m = pattern->m, o = pattern->o;
    const size_t *missing = pattern->column, *observed = pattern->column + m;
    LacMatrix l = {m, m, m, pattern->root}, cov = {m, m, m, pattern->cov};
    LacMatrix pmo = {m, o, MAX(o, 1), pattern->work}, j = {m, o, MAX(o, 1), pattern->j};

    gather(pattern->g->precision, p, m, missing, m, missing, pattern->root);
    memset(pattern->cov, 0, m * m * sizeof(double));
    for (size_t a = 0; a < m; a++)
        pattern->cov[a * (m + 1)] = 1.0;
    if (!lac_cholesky(&l)) { /* P is positive definite, and well conditioned by now */
        memset(pattern->cov, 0, m * m * sizeof(double));
        memset(pattern->j, 0, m * o * sizeof(double));
        memset(pattern->root, 0, m * m * sizeof(double));
        return;
    }
    lac_cholesky_solve(&l, &cov);
    memcpy(pattern->root, pattern->cov, m * m * sizeof(double));
    if (!lac_cholesky(&l))
        memset(pattern->root, 0, m * m * sizeof(double));
    gather(pattern->g->precision, p, m, missing, o, observed, pattern->work);
    if (o > 0)
        lac_gemm(FALSE, FALSE, -1.0, &cov, &pmo, 0.0, &j);
}

void
gc_pattern_set(GcPattern *pattern, size_t missing, const size_t *column)
{
    const size_t p = pattern->g->p, m = missing, o = p - missing;
    const size_t *observed = column + m;

    pattern->m = m;
    pattern->o = o;
    pattern->column = column;
    if (m > 0)
        pattern_condition(pattern);
    gather(pattern->g->precision, p, o, observed, o, observed, pattern->q);
    if (m > 0 && o > 0) {
        LacMatrix pmo = {m, o, o, pattern->work}, j = {m, o, o, pattern->j};
        LacMatrix q = {o, o, o, pattern->q};

        lac_gemm(TRUE, FALSE, 1.0, &pmo, &j, 1.0, &q);
    }
}

void
gc_pattern_fill(const GcPattern *pattern, double *z)
{
    const size_t *observed = pattern->column + pattern->m;

    for (size_t a = 0; a < pattern->m; a++) {
        double sum = 0.0;

        for (size_t b = 0; b < pattern->o; b++)
            sum += pattern->j[a * pattern->o + b] * z[observed[b]];
        z[pattern->column[a]] = sum;
    }
}
