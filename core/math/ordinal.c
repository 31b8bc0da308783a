#include <lacuna/ordinal.h>

#include <lacuna/gram.h>
#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

enum { MOST_ITERATIONS = 50, MOST_HALVINGS = 12 };

LacOrdinal *
lac_ordinal_new(size_t classes, size_t stride, size_t q, const size_t *predictors)
{
    LacOrdinal *ordinal = g_new0(LacOrdinal, 1);

    g_assert(classes >= 2);
    ordinal->classes = classes;
    ordinal->stride = stride;
    ordinal->q = q;
    ordinal->predictors = g_memdup2(predictors, q * sizeof(size_t));
    ordinal->beta = g_new0(double, stride + 1);
    ordinal->cut = g_new0(double, classes - 1);
    ordinal->hessian = lac_linear_new(classes - 1 + q);
    return ordinal;
}

void
lac_ordinal_free(LacOrdinal *ordinal)
{
    if (ordinal == NULL)
        return;
    g_free(ordinal->predictors);
    g_free(ordinal->beta);
    g_free(ordinal->cut);
    lac_linear_free(ordinal->hessian);
    g_free(ordinal);
}

/* The class of a row lies between a = upper cut - eta and b = lower cut - eta (infinite at the
 * ends); with F logistic and p = F(a) - F(b), the derivatives of ln p: */
typedef struct {
    double log_p, da, db; /* by a and by b */
    double aa, bb, ab;    /* second ones, negated */
} RowTerms;

static RowTerms
row_terms(double a, double b)
{
    static const double least = 1e-290;
    /* both in the upper tail: F(a) - F(b) = F(-b) - F(-a) keeps its digits */
    const double p = b > 0.0 ? lac_sigmoid(-b) - lac_sigmoid(-a) : lac_sigmoid(a) - lac_sigmoid(b);
    const double fa = lac_sigmoid(a), fb = lac_sigmoid(b), safe = MAX(p, least);
    const double pa = fa * lac_sigmoid(-a), pb = fb * lac_sigmoid(-b);
    RowTerms t = {.log_p = log(safe), .da = pa / safe, .db = -pb / safe};

    t.aa = t.da * t.da - pa * (1.0 - 2.0 * fa) / safe;
    t.bb = t.db * t.db + pb * (1.0 - 2.0 * fb) / safe;
    t.ab = t.da * t.db;
    return t;
}

typedef struct {
    LacOrdinal *of;
    size_t n_parts, width, size, ld; /* size: cuts, then coefficients */
    const LacGlmRows *parts;
    double *m;     /* [size + 1][ld]: information, and the gradient as its last row */
    double *block; /* [width][stride] */
    double *eta, *weight, *slope, *by_cut; /* [n] of the largest part; by_cut [classes - 1][n] */
    double *trial;                         /* [size] */
} OrdinalFit;

static double
bound(const OrdinalFit *fit, const double *cut, size_t k, double eta)
{
    if (k == 0)
        return -INFINITY;
    return k == fit->of->classes ? INFINITY : cut[k - 1] - eta;
}

static void
fit_eta(const OrdinalFit *fit, const LacGlmRows *rows, const double *beta)
{
    lac_gram_times(rows->n, rows->stride, rows->z, rows->index, beta, fit->eta);
}

/* -infinity where the cuts are not in order */
static double
fit_likelihood(const OrdinalFit *fit, const double *cut, const double *beta)
{
    double sum = 0.0;

    for (size_t k = 1; k + 1 < fit->of->classes; k++) {
        if (!(cut[k] > cut[k - 1]))
            return -INFINITY;
    }
    for (size_t part = 0; part < fit->n_parts; part++) {
        const LacGlmRows *rows = &fit->parts[part];

        fit_eta(fit, rows, beta);
        for (size_t i = 0; i < rows->n; i++) {
            const size_t y = (size_t)rows->y[i];
            const RowTerms t =
                row_terms(bound(fit, cut, y + 1, fit->eta[i]), bound(fit, cut, y, fit->eta[i]));

            sum += (rows->weight ? rows->weight[i] : 1.0) * t.log_p;
        }
    }
    return sum;
}

/* One row's share in the cuts' part; what the coefficients need is left in weight, slope, by_cut.
 */
static void
fit_add_row(OrdinalFit *fit, const LacGlmRows *rows, size_t i)
{
    const size_t y = (size_t)rows->y[i], cuts = fit->of->classes - 1, ld = fit->ld;
    const double w = rows->weight ? rows->weight[i] : 1.0;
    const RowTerms t = row_terms(bound(fit, fit->of->cut, y + 1, fit->eta[i]),
                                 bound(fit, fit->of->cut, y, fit->eta[i]));
    const gboolean upper = y<cuts, lower = y> 0;
    double *gradient = fit->m + fit->size * ld;

    fit->weight[i] = w * (t.aa + t.bb + 2.0 * t.ab);
    fit->slope[i] = -w * (t.da + t.db);
    for (size_t k = 0; k < cuts; k++)
        fit->by_cut[k * rows->n + i] = 0.0;
    if (upper) {
        fit->m[y * ld + y] += w * t.aa;
        gradient[y] += w * t.da;
        fit->by_cut[y * rows->n + i] = -w * (t.aa + t.ab);
    }
    if (lower) {
        fit->m[(y - 1) * ld + y - 1] += w * t.bb;
        gradient[y - 1] += w * t.db;
        fit->by_cut[(y - 1) * rows->n + i] = -w * (t.bb + t.ab);
    }
    if (upper && lower)
        fit->m[y * ld + y - 1] += w * t.ab;
}

static void
fit_add_part(OrdinalFit *fit, const LacGlmRows *rows)
{
    const LacOrdinal *of = fit->of;
    const size_t cuts = of->classes - 1, stride = of->stride;
    g_autofree double *cross = g_new(double, stride);

    fit_eta(fit, rows, of->beta);
    for (size_t i = 0; i < rows->n; i++)
        fit_add_row(fit, rows, i);
    if (of->q == 0)
        return;
    for (size_t k = 0; k <= cuts; k++) {
        double *to = fit->m + (k < cuts ? k : fit->size) * fit->ld;

        lac_gram_cross(rows->n, stride, rows->z, rows->index,
                       k < cuts ? fit->by_cut + k * rows->n : fit->slope, cross);
        for (size_t j = 0; j < of->q; j++)
            to[cuts + j] += cross[of->predictors[j]];
    }
    memset(fit->block, 0, fit->width * stride * sizeof(double));
    lac_gram_add(rows->n, fit->width, stride, rows->z, rows->index, fit->weight, 1.0, fit->block);
    for (size_t a = 0; a < of->q; a++) {
        for (size_t b = 0; b < of->q; b++)
            fit->m[(cuts + a) * fit->ld + cuts + b] +=
                fit->block[of->predictors[a] * stride + of->predictors[b]];
    }
}

/* The cuts' part was summed below the diagonal, the mixed one above. */
static void
fit_mirror(OrdinalFit *fit)
{
    const size_t cuts = fit->of->classes - 1, ld = fit->ld;

    for (size_t i = 0; i < cuts; i++) {
        for (size_t j = 0; j < i; j++)
            fit->m[j * ld + i] = fit->m[i * ld + j];
        for (size_t j = cuts; j < fit->size; j++)
            fit->m[j * ld + i] = fit->m[i * ld + j];
    }
}

/* @share of the step; TRUE and taken when the likelihood does not fall. */
static gboolean
fit_try(OrdinalFit *fit, double share, gboolean always)
{
    LacOrdinal *of = fit->of;
    const size_t cuts = of->classes - 1;
    double *cut = fit->trial, *beta = fit->trial + cuts;
    const double *step = of->hessian->beta;

    for (size_t k = 0; k < cuts; k++)
        cut[k] = of->cut[k] + share * step[k];
    memcpy(beta, of->beta, of->stride * sizeof(double));
    for (size_t j = 0; j < of->q; j++)
        beta[of->predictors[j]] += share * step[cuts + j];
    const double likelihood = fit_likelihood(fit, cut, beta);

    if (!(likelihood >= of->log_likelihood) && !(always && isfinite(likelihood)))
        return FALSE;
    of->log_likelihood = likelihood;
    memcpy(of->cut, cut, cuts * sizeof(double));
    memcpy(of->beta, beta, of->stride * sizeof(double));
    return TRUE;
}

/* One Newton step. TRUE when there is nothing left to gain. */
static gboolean
fit_step(OrdinalFit *fit)
{
    LacOrdinal *of = fit->of;
    const double *gradient = fit->m + fit->size * fit->ld;
    g_autofree size_t *order = g_new(size_t, fit->size);
    double decrement = 0.0, share = 1.0;

    memset(fit->m, 0, (fit->size + 1) * fit->ld * sizeof(double));
    for (size_t part = 0; part < fit->n_parts; part++)
        fit_add_part(fit, &fit->parts[part]);
    fit_mirror(fit);
    for (size_t k = 0; k < fit->size; k++)
        order[k] = k;
    lac_linear_solve(of->hessian, fit->m, fit->ld, fit->size, order, fit->size, 0.0);
    for (size_t k = 0; k < fit->size; k++)
        decrement += of->hessian->beta[k] * gradient[k];
    if (decrement <= 1e-12 * (1.0 + fabs(of->log_likelihood))) {
        fit_try(fit, 1.0, TRUE); /* the error after a step is of the order of its square */
        return TRUE;
    }
    for (size_t h = 0; h < MOST_HALVINGS; h++, share *= 0.5) {
        if (fit_try(fit, share, FALSE))
            return FALSE;
    }
    return TRUE; /* rounding is all that is left */
}

/* Log odds of the cumulative shares. */
static void
fit_start(OrdinalFit *fit)
{
    LacOrdinal *of = fit->of;
    g_autofree double *share = g_new0(double, of->classes);
    double total = 0.0, below = 0.0;

    for (size_t part = 0; part < fit->n_parts; part++) {
        const LacGlmRows *rows = &fit->parts[part];

        for (size_t i = 0; i < rows->n; i++) {
            share[(size_t)rows->y[i]] += rows->weight ? rows->weight[i] : 1.0;
            total += rows->weight ? rows->weight[i] : 1.0;
        }
    }
    memset(of->beta, 0, of->stride * sizeof(double));
    for (size_t k = 0; k + 1 < of->classes; k++) {
        below += share[k];
        of->cut[k] = log(below / (total - below));
    }
}

gboolean
lac_ordinal_fit(LacOrdinal *of, size_t n_parts, const LacGlmRows *parts)
{
    const size_t size = of->classes - 1 + of->q;
    size_t n = 1, width = 1;

    for (size_t part = 0; part < n_parts; part++)
        n = MAX(n, parts[part].n);
    for (size_t j = 0; j < of->q; j++)
        width = MAX(width, of->predictors[j] + 1);
    g_autofree double *m = g_new(double, (size + 1) * (size + 1));
    g_autofree double *block = g_new(double, width * of->stride + 1);
    g_autofree double *rows = g_new(double, n *(of->classes + 2));
    g_autofree double *trial = g_new(double, of->classes + of->stride);
    OrdinalFit fit = {.of = of,
                      .n_parts = n_parts,
                      .parts = parts,
                      .width = width,
                      .size = size,
                      .ld = size + 1,
                      .m = m,
                      .block = block,
                      .eta = rows,
                      .weight = rows + n,
                      .slope = rows + 2 * n,
                      .by_cut = rows + 3 * n,
                      .trial = trial};

    fit_start(&fit);
    of->log_likelihood = fit_likelihood(&fit, of->cut, of->beta);
    of->converged = FALSE;
    for (of->iterations = 0; !of->converged && of->iterations < MOST_ITERATIONS; of->iterations++)
        of->converged = fit_step(&fit);
    return of->converged;
}

size_t
lac_ordinal_pick(size_t classes, const double *cut, double eta, double u)
{
    size_t k = 0;

    while (k + 1 < classes && u > lac_sigmoid(cut[k] - eta))
        k++;
    return k;
}
