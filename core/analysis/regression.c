/* Linear and logistic regression on each of several completed tables. Columns of the design are
 * standardised first and the coefficients turned back, and least squares are refined from their
 * residuals, so that normal equations lose no digits that matter. */
#include "analysis-private.h"
#include "draws-private.h"
#include "formula-private.h"

#include <lacuna/glm.h>
#include <lacuna/gram.h>
#include <math.h>
#include <string.h>

/* One completed table's regression. */
typedef struct {
    LacDesign *design;
    double *centre, *scale; /* [q] of the design's columns; 0 and 1 for the intercept */
    double y_centre;
    double *beta;       /* [q], in standardised units first, then in the columns' own */
    double *covariance; /* [rank][rank], likewise */
    const LacLinear *solved;
} Regression;

static void
regression_standardise(Regression *fit)
{
    LacDesign *design = fit->design;
    const gboolean centred = design->intercept;

    for (size_t j = 0; j < design->q; j++) {
        double mean = 0.0, squares = 0.0, *x = design->x + j;

        fit->scale[j] = 1.0;
        if (centred && j == 0)
            continue;
        for (size_t i = 0; i < design->n && centred; i++)
            mean += x[i * design->stride] / (double)design->n;
        for (size_t i = 0; i < design->n; i++) {
            const double d = x[i * design->stride] - mean;

            squares += d * d / (double)design->n;
        }
        /* a constant column is left as it is: 0 after centring, so it is found to be aliased */
        fit->centre[j] = mean;
        if (sqrt(squares) > 1e-12 * fabs(mean))
            fit->scale[j] = sqrt(squares);
        else if (centred)
            fit->scale[j] = INFINITY;
        for (size_t i = 0; i < design->n; i++)
            x[i * design->stride] = (x[i * design->stride] - mean) / fit->scale[j];
        if (isinf(fit->scale[j]))
            fit->scale[j] = 1.0;
    }
}

static LacMatrix
factor_of(const LacLinear *solved)
{
    return (LacMatrix){
        .rows = solved->rank, .cols = solved->rank, .stride = solved->rank, .v = solved->factor};
}

/* @covariance = @s2 (L L')^-1 */
static void
regression_invert(const LacLinear *solved, double s2, double *covariance)
{
    const LacMatrix l = factor_of(solved);
    const size_t r = solved->rank;

    for (size_t k = 0; k < r; k++) {
        double *x = covariance + k * r;

        memset(x, 0, r * sizeof(double));
        x[k] = s2;
        lac_solve_lower(FALSE, &l, x);
        lac_solve_lower(TRUE, &l, x);
    }
}

static double
gaussian_residuals(const Regression *fit, double *residual)
{
    const LacDesign *design = fit->design;
    double rss = 0.0;

    for (size_t i = 0; i < design->n; i++) {
        const double *x = design->x + i * design->stride;
        double eta = 0.0;

        for (size_t j = 0; j < design->q; j++)
            eta += x[j] * fit->beta[j];
        residual[i] = design->y[i] - fit->y_centre - eta;
        rss += residual[i] * residual[i];
    }
    return rss;
}

/* beta += (X'X)^-1 X'(y - X beta), until the normal equations hold to rounding. */
static double
gaussian_refine(Regression *fit, double *residual, double *cross)
{
    enum { REFINEMENTS = 2 };
    const LacDesign *design = fit->design;
    const LacMatrix l = factor_of(fit->solved);
    g_autofree double *step = g_new(double, fit->solved->rank + 1);

    for (size_t round = 0; round < REFINEMENTS && fit->solved->rank > 0; round++) {
        gaussian_residuals(fit, residual);
        lac_gram_cross(design->n, design->stride, design->x, NULL, residual, cross);
        for (size_t k = 0; k < l.rows; k++)
            step[k] = cross[fit->solved->kept[k]];
        lac_solve_lower(FALSE, &l, step);
        lac_solve_lower(TRUE, &l, step);
        for (size_t k = 0; k < l.rows; k++)
            fit->beta[fit->solved->kept[k]] += step[k];
    }
    return gaussian_residuals(fit, residual);
}

static gboolean
gaussian_fit(Regression *fit, LacLinear *linear, GError **error)
{
    LacDesign *design = fit->design;
    const size_t q = design->q, ld = design->stride + 8;
    g_autofree double *residual = lac_try_alloc(design->n + 1, sizeof(double), "residuals", error);
    g_autofree double *gram = g_new0(double, (q + 1) * ld);
    g_autofree double *cross = g_new0(double, design->stride);
    g_autofree size_t *order = g_new(size_t, q);
    double yty = 0.0;

    if (residual == NULL)
        return FALSE;
    for (size_t i = 0; design->offset != NULL && i < design->n; i++)
        design->y[i] -= design->offset[i]; /* least squares of what it leaves */
    fit->y_centre = design->intercept ? lac_stats_mean(design->n, design->y) : 0.0;
    for (size_t i = 0; i < design->n; i++) {
        residual[i] = design->y[i] - fit->y_centre;
        yty += residual[i] * residual[i];
    }
    g_autofree double *packed = g_new0(double, q * design->stride);

    lac_gram_add(design->n, q, design->stride, design->x, NULL, NULL, 1.0, packed);
    lac_gram_cross(design->n, design->stride, design->x, NULL, residual, cross);
    for (size_t j = 0; j < q; j++) {
        memcpy(gram + j * ld, packed + j * design->stride, q * sizeof(double));
        gram[j * ld + q] = gram[q * ld + j] = cross[j];
        order[j] = j;
    }
    gram[q * ld + q] = yty;
    lac_linear_solve(linear, gram, ld, q, order, q, 0.0);
    fit->solved = linear;
    memcpy(fit->beta, linear->beta, q * sizeof(double));
    if (design->n <= linear->rank)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%zu rows are not enough for %zu coefficients and a residual variance",
                        design->n, linear->rank);
    const double rss = gaussian_refine(fit, residual, cross);

    regression_invert(linear, rss / (double)(design->n - linear->rank), fit->covariance);
    return TRUE;
}

/* Coefficients that run away: some row's log odds are beyond anything data can tell. */
static gboolean
binomial_check(const Regression *fit, const LacGlm *glm, GError **error)
{
    static const double most_odds = 25.0;
    const LacDesign *design = fit->design;
    double most = 0.0;
    size_t worst = design->intercept && design->q > 1;

    for (size_t i = 0; i < design->n; i++) {
        double eta = 0.0;

        for (size_t j = 0; j < design->q; j++)
            eta += design->x[i * design->stride + j] * fit->beta[j];
        eta += design->offset != NULL ? design->offset[i] : 0.0;
        most = MAX(most, fabs(eta));
    }
    for (size_t j = worst; j < design->q; j++)
        worst = fabs(fit->beta[j]) > fabs(fit->beta[worst]) ? j : worst;
    return (glm->converged && most < most_odds) ||
           lac_fail(error, LAC_ERROR_DATA,
                    "the outcome '%s' is predicted perfectly (separation), foremost by '%s', whose "
                    "coefficient has no finite estimate; leave it out or join levels",
                    design->response, design->names[worst]);
}

static gboolean
binomial_fit(Regression *fit, LacGlm *glm, GError **error)
{
    const LacDesign *design = fit->design;
    const LacGlmRows part = {
        .n = design->n, .stride = design->stride, .z = design->x, .y = design->y};
    double ones = 0.0;

    for (size_t i = 0; i < design->n; i++)
        ones += design->y[i];
    if (ones == 0.0 || ones == (double)design->n)
        return lac_fail(error, LAC_ERROR_DATA, "the outcome '%s' takes one value only",
                        design->response);
    if (design->offset != NULL) { /* a column that takes no part, with coefficient 1 */
        for (size_t i = 0; i < design->n; i++)
            design->x[i * design->stride + design->q] = design->offset[i];
        glm->beta[design->q] = 1.0;
    }
    /* the information is that of where the last step began: one more, from the maximum */
    if (lac_glm_fit(glm, 1, &part))
        lac_glm_fit(glm, 1, &part);
    fit->solved = glm->hessian;
    memcpy(fit->beta, glm->beta, design->q * sizeof(double));
    regression_invert(glm->hessian, 1.0, fit->covariance);
    return binomial_check(fit, glm, error);
}

/* Row @j of what turns estimated coefficients back: b_j = beta_j / s_j, b_0 = beta_0 + mean(y) -
 * sum c_j b_j. @row: [rank] */
static void
regression_turning(const Regression *fit, size_t j, double *row)
{
    const gboolean sum = fit->design->intercept && j == 0;

    for (size_t k = 0; k < fit->solved->rank; k++) {
        const size_t other = fit->solved->kept[k];

        row[k] = other == j          ? 1.0 / (sum ? 1.0 : fit->scale[j])
                 : sum && other != 0 ? -fit->centre[other] / fit->scale[other]
                                     : 0.0;
    }
}

/* @variance: [q][q], 0 for aliased coefficients. */
static void
regression_turn_variance(const Regression *fit, double *variance)
{
    const size_t q = fit->design->q, r = fit->solved->rank;
    g_autofree double *turn = g_new0(double, q *r + 1), *part = g_new0(double, r + 1);

    for (size_t j = 0; j < q; j++)
        regression_turning(fit, j, turn + j * r);
    for (size_t j = 0; j < q; j++) {
        for (size_t a = 0; a < r; a++) {
            part[a] = 0.0;
            for (size_t b = 0; b < r; b++)
                part[a] += turn[j * r + b] * fit->covariance[b * r + a];
        }
        for (size_t i = 0; i < q; i++) {
            variance[j * q + i] = 0.0;
            for (size_t a = 0; a < r; a++)
                variance[j * q + i] += part[a] * turn[i * r + a];
        }
    }
}

/* From standardised columns to their own. */
static void
regression_turn_back(Regression *fit, double *variance)
{
    const LacDesign *design = fit->design;

    regression_turn_variance(fit, variance);
    for (size_t k = 0; k < fit->solved->rank; k++) {
        const size_t j = fit->solved->kept[k];

        if (!design->intercept || j > 0)
            fit->beta[j] /= fit->scale[j];
    }
    if (!design->intercept)
        return;
    fit->beta[0] += fit->y_centre;
    for (size_t j = 1; j < design->q; j++)
        fit->beta[0] -= fit->centre[j] * fit->beta[j];
}

/* Takes @design. @estimate: [q]; @variance: [q][q]; @kept: [q]. Returns FALSE with an error. */
static gboolean
regression_run(LacDesign *design, LacFamily family, double *estimate, double *variance,
               gboolean *kept, GError **error)
{
    const size_t q = design->q;
    g_autofree double *centre = g_new0(double, q), *scale = g_new0(double, q);
    g_autofree double *covariance = g_new0(double, q *q);
    g_autofree size_t *order = g_new(size_t, q);
    g_autoptr(LacLinear) linear = lac_linear_new(q);
    Regression fit = {.design = design,
                      .centre = centre,
                      .scale = scale,
                      .beta = estimate,
                      .covariance = covariance};

    for (size_t j = 0; j < q; j++)
        order[j] = j;
    g_autoptr(LacGlm) glm = lac_glm_new(2, design->stride, q, order);

    regression_standardise(&fit);
    if (!(family == LAC_FAMILY_GAUSSIAN ? gaussian_fit(&fit, linear, error)
                                        : binomial_fit(&fit, glm, error)))
        return FALSE;
    regression_turn_back(&fit, variance);
    memset(kept, 0, q * sizeof(gboolean));
    for (size_t k = 0; k < fit.solved->rank; k++)
        kept[fit.solved->kept[k]] = TRUE;
    return TRUE;
}

/* ---- over the draws -------------------------------------------------------------------------- */

/* Room for the results, once the first design has told the terms. */
static void
tidy_start(LacTidy *tidy, const LacDraws *draws, LacDesign *design)
{
    tidy->n_terms = design->q;
    tidy->m = draws->m;
    tidy->terms = g_strdupv(design->names);
    tidy->draws = g_memdup2(draws->draws, draws->m * sizeof(double));
    tidy->estimate = g_new0(double, design->q * draws->m);
    tidy->error = g_new0(double, design->q * draws->m);
    tidy->df = g_new(double, design->q);
    tidy->covariance = g_new0(double, design->q * design->q * draws->m);
}

/* One draw's results into their column; what is aliased must be so in all draws. */
static gboolean
tidy_put(LacTidy *tidy, size_t d, size_t n, const double *estimate, const double *variance,
         const gboolean *kept, gboolean *first, GError **error)
{
    size_t rank = 0;

    for (size_t j = 0; j < tidy->n_terms; j++) {
        if (d > 0 && kept[j] != first[j])
            return lac_fail(
                error, LAC_ERROR_DATA,
                "coefficient '%s' can be estimated in draw %g but not in draw %g, so it "
                "cannot be pooled; leave it out or join levels",
                tidy->terms[j], tidy->draws[kept[j] ? d : 0], tidy->draws[kept[j] ? 0 : d]);
        first[j] = kept[j];
        rank += kept[j] ? 1 : 0;
        tidy->estimate[j * tidy->m + d] = estimate[j];
        tidy->error[j * tidy->m + d] = sqrt(variance[j * tidy->n_terms + j]);
    }
    memcpy(tidy->covariance + d * tidy->n_terms * tidy->n_terms, variance,
           tidy->n_terms * tidy->n_terms * sizeof(double));
    for (size_t j = 0; j < tidy->n_terms; j++) {
        const double df = (double)MAX(n - rank, 1);

        tidy->df[j] = d == 0 ? df : MIN(df, tidy->df[j]);
    }
    return TRUE;
}

static void
tidy_compact_covariance(LacTidy *tidy, const gboolean *kept)
{
    const size_t q = tidy->n_terms;
    size_t to = 0;

    for (size_t d = 0; d < tidy->m; d++)
        for (size_t i = 0; i < q; i++)
            for (size_t j = 0; j < q; j++)
                if (kept[i] && kept[j])
                    tidy->covariance[to++] = tidy->covariance[(d * q + i) * q + j];
}

/* Takes aliased terms out. */
static void
tidy_compact(LacTidy *tidy, const gboolean *kept)
{
    GPtrArray *aliased = g_ptr_array_new();
    size_t to = 0;

    tidy_compact_covariance(tidy, kept);
    for (size_t j = 0; j < tidy->n_terms; j++) {
        if (!kept[j]) {
            g_ptr_array_add(aliased, tidy->terms[j]);
            continue;
        }
        memmove(tidy->estimate + to * tidy->m, tidy->estimate + j * tidy->m,
                tidy->m * sizeof(double));
        memmove(tidy->error + to * tidy->m, tidy->error + j * tidy->m, tidy->m * sizeof(double));
        tidy->df[to] = tidy->df[j];
        tidy->terms[to++] = tidy->terms[j];
    }
    tidy->terms[to] = NULL;
    tidy->n_terms = to;
    g_ptr_array_add(aliased, NULL);
    tidy->aliased = (char **)g_ptr_array_free(aliased, FALSE);
}

static gboolean
draws_run(const LacData *table, const LacDraws *draws, const LacFormula *formula, LacFamily family,
          LacTidy *tidy, GError **error)
{
    g_autofree gboolean *first = NULL, *kept = NULL;
    g_autofree double *estimate = NULL, *variance = NULL;

    for (size_t d = 0; d < draws->m; d++) {
        const size_t n = draws->start[d + 1] - draws->start[d];
        g_autoptr(LacDesign) design =
            lac_design_new(formula, table, n, draws->rows + draws->start[d], draws->start[draws->m],
                           draws->rows, error);

        if (design == NULL)
            return FALSE;
        if (d == 0) {
            tidy_start(tidy, draws, design);
            first = g_new0(gboolean, design->q + 1);
            kept = g_new0(gboolean, design->q + 1);
            estimate = g_new0(double, design->q + 1);
            variance = g_new0(double, design->q * design->q + 1);
        }
        if (family == LAC_FAMILY_BINOMIAL && design->n_classes != 2)
            return lac_fail(error, LAC_ERROR_DATA,
                            "the outcome '%s' is not two-valued (0 and 1, or two levels), as "
                            "--family binomial expects; where it is coded in other numbers, write "
                            "factor(%s)",
                            design->response, design->response);
        if (family == LAC_FAMILY_GAUSSIAN && design->factor)
            return lac_fail(error, LAC_ERROR_DATA,
                            "the outcome '%s' is a category, expected numbers; add --family "
                            "binomial for its odds",
                            design->response);
        memset(estimate, 0, design->q * sizeof(double));
        if (!regression_run(design, family, estimate, variance, kept, error)) {
            g_prefix_error(error, "%s, draw %g: ", table->origin, draws->draws[d]);
            return FALSE;
        }
        if (!tidy_put(tidy, d, n, estimate, variance, kept, first, error))
            return FALSE;
    }
    tidy_compact(tidy, first);
    return TRUE;
}

LacTidy *
lac_tidy_regress(const LacData *table, const char *text, LacFamily family, GError **error)
{
    g_auto(GStrv) names = lac_draws_columns(table);
    g_autoptr(LacFormula) formula = lac_formula_parse(text, (const char *const *)names, error);
    g_autoptr(LacTidy) tidy = g_new0(LacTidy, 1);
    g_auto(LacDraws) draws = {0};

    if (formula == NULL || !lac_draws_split(table, &draws, error) ||
        !draws_run(table, &draws, formula, family, tidy, error))
        return NULL;
    return g_steal_pointer(&tidy);
}
