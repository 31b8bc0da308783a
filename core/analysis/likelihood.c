/* Likelihood-ratio tests over completions. Source: Meng and Rubin, "Performing likelihood ratio
 * tests with multiply-imputed data sets", Biometrika 79 (1992) 103. As in R's mice, coefficients
 * are held at their means over the completions, while intercept and residual variance are estimated
 * again. */
#include "analysis-private.h"
#include "draws-private.h"
#include "formula-private.h"

#include <math.h>

/** Nested: a regression of which the terms are known. @eta: of one completion's rows */
typedef struct {
    LacFormula *formula;
    const LacTidy *tidy;
} Nested;

static void
nested_clear(Nested *self)
{
    lac_formula_free(self->formula);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Nested, nested_clear)

/* The coefficient of @name in draw @d, or (d < 0) its mean; 0 when it was aliased. */
static double
coefficient(const LacTidy *tidy, const char *name, gssize d)
{
    for (size_t t = 0; t < tidy->n_terms; t++)
        if (g_str_equal(tidy->terms[t], name))
            return d >= 0 ? tidy->estimate[t * tidy->m + (size_t)d]
                          : lac_stats_mean(tidy->m, tidy->estimate + t * tidy->m);
    return 0.0;
}

static void
predict(const LacDesign *design, const LacTidy *tidy, gssize d, double *eta)
{
    g_autofree double *beta = g_new(double, design->q + 1);

    for (size_t j = 0; j < design->q; j++)
        beta[j] = coefficient(tidy, design->names[j], d);
    for (size_t i = 0; i < design->n; i++) {
        const double *x = design->x + i * design->stride;

        eta[i] = design->offset != NULL ? design->offset[i] : 0.0;
        for (size_t j = 0; j < design->q; j++)
            eta[i] += x[j] * beta[j];
    }
}

/* -2 ln likelihood, without constants of the rows; @shifts: with an intercept estimated again. */
static double
gaussian_deviance(size_t n, const double *y, const double *eta, gboolean shifts)
{
    double mean = 0.0, rss = 0.0;

    for (size_t i = 0; i < n && shifts; i++)
        mean += (y[i] - eta[i]) / (double)n;
    for (size_t i = 0; i < n; i++)
        rss += (y[i] - eta[i] - mean) * (y[i] - eta[i] - mean);
    return (double)n * log(rss / (double)n);
}

/* The intercept that is best added to @eta: Newton's steps of at most 1 on a concave function. */
static double
binomial_shift(size_t n, const double *y, const double *eta)
{
    enum { STEPS = 200 };
    double shift = 0.0;

    for (int t = 0; t < STEPS; t++) {
        double slope = 0.0, curve = 0.0;

        for (size_t i = 0; i < n; i++) {
            const double p = 1.0 / (1.0 + exp(-eta[i] - shift));

            slope += y[i] - p;
            curve += p * (1.0 - p);
        }
        const double step = CLAMP(slope / MAX(curve, 1e-300), -1.0, 1.0);

        shift += step;
        if (fabs(step) < 1e-13)
            break;
    }
    return shift;
}

static double
binomial_deviance(size_t n, const double *y, const double *eta, gboolean shifts)
{
    const double shift = shifts ? binomial_shift(n, y, eta) : 0.0;
    double sum = 0.0;

    for (size_t i = 0; i < n; i++) {
        const double at = eta[i] + shift;

        sum += (at > 0.0 ? at + log1p(exp(-at)) : log1p(exp(at))) - y[i] * at;
    }
    return 2.0 * sum;
}

/* Adds to @own the deviance at draw @d's own estimates, to @pooled at the means of all. */
static gboolean
nested_add(const Nested *self, const LacData *table, const LacDraws *draws, size_t d,
           LacFamily family, double sign, double *own, double *pooled, GError **error)
{
    const size_t n = draws->start[d + 1] - draws->start[d];
    g_autoptr(LacDesign) design =
        lac_design_new(self->formula, table, n, draws->rows + draws->start[d],
                       draws->start[draws->m], draws->rows, error);
    g_autofree double *eta =
        design ? lac_try_alloc(n + 1, sizeof(double), "predictions", error) : NULL;
    double (*const deviance)(size_t, const double *, const double *, gboolean) =
        family == LAC_FAMILY_GAUSSIAN ? gaussian_deviance : binomial_deviance;

    if (eta == NULL)
        return FALSE;
    predict(design, self->tidy, (gssize)d, eta);
    *own += sign * deviance(n, design->y, eta, FALSE) / (double)draws->m;
    predict(design, self->tidy, -1, eta);
    *pooled += sign * deviance(n, design->y, eta, TRUE) / (double)draws->m;
    return TRUE;
}

gboolean
lac_pool_likelihood(const LacData *table, LacFamily family, const char *const formulas[2],
                    const LacTidy *const tidy[2], size_t k, LacPooledTest *out, GError **error)
{
    g_auto(GStrv) names = lac_draws_columns(table);
    g_auto(LacDraws) draws = {0};
    double own = 0.0, pooled = 0.0;

    if (!lac_draws_split(table, &draws, error))
        return FALSE;
    for (size_t f = 0; f < 2; f++) {
        g_auto(Nested)
            nested = {.formula = lac_formula_parse(formulas[f], (const char *const *)names, error),
                      .tidy = tidy[f]};

        if (nested.formula == NULL)
            return FALSE;
        for (size_t d = 0; d < draws.m; d++)
            if (!nested_add(&nested, table, &draws, d, family, f == 0 ? -1.0 : 1.0, &own, &pooled,
                            error))
                return FALSE;
    }
    lac_pool_ratio((double)k, (double)draws.m, own, pooled, out);
    return TRUE;
}
