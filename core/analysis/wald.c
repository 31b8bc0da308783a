/* Several coefficients at once against 0, over completions. Sources: Li, Raghunathan and Rubin, J.
 * Am. Stat. Assoc. 86 (1991), 1065 (D1); Li, Meng, Raghunathan and Rubin, Stat. Sin. 1 (1991), 65
 * (D2); Reiter, Biometrika 94 (2007), 502 (degrees of freedom of D1); for D3, likelihood.c. */
#include "analysis-private.h"

#include <lacuna/matrix.h>
#include <math.h>
#include <string.h>

/** Wald: the @k coefficients of question in @m completions: means, and U of one or of all. */
typedef struct {
    const LacTidy *tidy;
    const size_t *terms;
    size_t k, m;
    LacMatrix *u;
    double *q; /* [k] */
} Wald;

static double
wald_estimate(const Wald *self, size_t a, size_t d)
{
    return self->tidy->estimate[self->terms[a] * self->m + d];
}

/* U of completion @d, or its mean over all; factored. */
static gboolean
wald_factor(Wald *self, gssize d, GError **error)
{
    const size_t n = self->tidy->n_terms, from = d < 0 ? 0 : (size_t)d;
    const size_t to = d < 0 ? self->m : from + 1;

    for (size_t a = 0; a < self->k; a++) {
        double *row = lac_matrix_row(self->u, a);

        for (size_t b = 0; b < self->k; b++) {
            row[b] = 0.0;
            for (size_t e = from; e < to; e++)
                row[b] += self->tidy->covariance[(e * n + self->terms[a]) * n + self->terms[b]] /
                          (double)(to - from);
        }
    }
    if (lac_cholesky(self->u))
        return TRUE;
    return lac_fail(error, LAC_ERROR_NUMERIC,
                    "the covariance of the %zu coefficients to test cannot be inverted", self->k);
}

/* x U^-1 x by the factor in place; @x: [k], overwritten */
static double
wald_form(const Wald *self, double *x)
{
    double sum = 0.0;

    lac_solve_lower(FALSE, self->u, x);
    for (size_t a = 0; a < self->k; a++)
        sum += x[a] * x[a];
    return sum;
}

/* tr(B U^-1): the forms of the deviations of all completions, added up */
static double
wald_trace(const Wald *self, double *x)
{
    double sum = 0.0;

    for (size_t d = 0; d < self->m; d++) {
        for (size_t a = 0; a < self->k; a++)
            x[a] = wald_estimate(self, a, d) - self->q[a];
        sum += wald_form(self, x);
    }
    return sum / (double)(self->m - 1);
}

/* Reiter (2007), equations 1 and 2; @t: k (m - 1) > 4 */
static double
wald_df_reiter(double r, double t, double complete)
{
    const double a = r * t / (t - 2.0), v = (complete + 1.0) / (complete + 3.0) * complete;
    const double c0 = 1.0 / (t - 4.0), c1 = v - 2.0 * (1.0 + a), c2 = v - 4.0 * (1.0 + a);
    const double z =
        1.0 / c2 + c0 * (a * a * c1 / ((1.0 + a) * (1.0 + a) * c2)) +
        c0 * (8.0 * a * a * c1 / ((1.0 + a) * c2 * c2) + 4.0 * a * a / ((1.0 + a) * c2)) +
        c0 * (4.0 * a * a / (c2 * c1) + 16.0 * a * a * c1 / (c2 * c2 * c2)) +
        c0 * (8.0 * a * a / (c2 * c2));

    return 4.0 + 1.0 / z;
}

static double
wald_df(double k, double r, double t, double complete)
{
    if (t > 4.0 && isfinite(complete))
        return wald_df_reiter(r, t, complete);
    if (r == 0.0)
        return INFINITY;
    return t > 4.0 ? 4.0 + (t - 4.0) * pow(1.0 + (1.0 - 2.0 / t) / r, 2.0)
                   : t * (1.0 + 1.0 / k) * pow(1.0 + 1.0 / r, 2.0) / 2.0;
}

static void
test_finish(LacPooledTest *test)
{
    const double f = MAX(test->statistic, 0.0);

    test->p = isfinite(test->df2) ? lac_f_cdf(f, test->df1, test->df2, TRUE)
                                  : lac_chi2_cdf(f * test->df1, test->df1, TRUE);
}

static gboolean
wald_d1(Wald *self, double complete, LacPooledTest *out, GError **error)
{
    const double k = (double)self->k, m = (double)self->m;
    g_autofree double *x = g_new(double, self->k);

    if (!wald_factor(self, -1, error))
        return FALSE;
    *out = (LacPooledTest){.name = "D1", .df1 = k};
    out->riv = (1.0 + 1.0 / m) * wald_trace(self, x) / k;
    memcpy(x, self->q, self->k * sizeof(double));
    out->statistic = wald_form(self, x) / (1.0 + out->riv) / k;
    out->df2 = wald_df(k, out->riv, k * (m - 1.0), complete);
    test_finish(out);
    return TRUE;
}

static gboolean
wald_d2(Wald *self, LacPooledTest *out, GError **error)
{
    const double k = (double)self->k, m = (double)self->m;
    g_autofree double *x = g_new(double, self->k), *root = g_new(double, self->m);
    double mean = 0.0, mean_root, sd;

    for (size_t d = 0; d < self->m; d++) {
        if (!wald_factor(self, (gssize)d, error))
            return FALSE;
        for (size_t a = 0; a < self->k; a++)
            x[a] = wald_estimate(self, a, d);
        const double form = wald_form(self, x);

        mean += form / m;
        root[d] = sqrt(form);
    }
    lac_stats_mean_sd(self->m, root, &mean_root, &sd);
    *out = (LacPooledTest){.name = "D2", .df1 = k, .riv = (1.0 + 1.0 / m) * sd * sd};
    out->statistic = (mean / k - (m + 1.0) / (m - 1.0) * out->riv) / (1.0 + out->riv);
    out->df2 =
        out->riv == 0.0 ? INFINITY : pow(k, -3.0 / m) * (m - 1.0) * pow(1.0 + 1.0 / out->riv, 2.0);
    test_finish(out);
    return TRUE;
}

void
lac_pool_ratio(double k, double m, double own, double pooled, LacPooledTest *out)
{
    *out = (LacPooledTest){.name = "D3", .df1 = k};
    out->riv = MAX((m + 1.0) / (k * (m - 1.0)) * (own - pooled), 0.0);
    out->statistic = pooled / (k * (1.0 + out->riv));
    out->df2 = wald_df(k, out->riv, k * (m - 1.0), INFINITY);
    test_finish(out);
}

gboolean
lac_pool_wald(const LacTidy *tidy, size_t n, const size_t *terms, double df, LacPooledTest *out,
              GError **error)
{
    g_autofree double *q = g_new0(double, n + 1);
    g_autoptr(LacMatrix) u = lac_matrix_new(n, n, error);
    Wald wald = {.tidy = tidy, .terms = terms, .k = n, .m = tidy->m, .u = u, .q = q};
    LacPooledTest tests[LAC_POOLED_WALD];

    g_assert(n > 0 && tidy->covariance != NULL);
    for (size_t a = 0; a < n; a++)
        for (size_t d = 0; d < tidy->m; d++)
            q[a] += wald_estimate(&wald, a, d) / (double)tidy->m;
    if (u == NULL || !wald_d1(&wald, isnan(df) ? tidy->df[terms[0]] : df, &tests[0], error) ||
        !wald_d2(&wald, &tests[1], error))
        return FALSE;
    memcpy(out, tests, sizeof tests);
    return TRUE;
}

size_t *
lac_tidy_beyond(const LacTidy *large, const LacTidy *small, size_t *n_out, GError **error)
{
    g_autofree size_t *beyond = g_new(size_t, large->n_terms + 1);
    size_t n = 0;

    for (size_t t = 0; t < small->n_terms; t++)
        if (!g_strv_contains((const char *const *)large->terms, small->terms[t]))
            return lac_fail_null(error, LAC_ERROR_PARAM,
                                 "the formulas are not nested: '%s' is in the smaller one alone",
                                 small->terms[t]);
    for (size_t t = 0; t < large->n_terms; t++)
        if (!g_strv_contains((const char *const *)small->terms, large->terms[t]))
            beyond[n++] = t;
    if (n == 0)
        return lac_fail_null(error, LAC_ERROR_PARAM,
                             "both formulas have the same coefficients: nothing to test");
    *n_out = n;
    return g_steal_pointer(&beyond);
}
