#include <lacuna/linear.h>

#include <math.h>
#include <string.h>

LacLinear *
lac_linear_new(size_t capacity)
{
    LacLinear *fit = g_new0(LacLinear, 1);

    fit->capacity = capacity;
    fit->kept = g_new(size_t, capacity);
    fit->factor = g_new0(double, capacity *capacity);
    fit->beta = g_new0(double, capacity);
    fit->root = g_new0(double, capacity);
    return fit;
}

void
lac_linear_free(LacLinear *fit)
{
    if (fit == NULL)
        return;
    g_free(fit->kept);
    g_free(fit->factor);
    g_free(fit->beta);
    g_free(fit->design);
    g_free(fit->root);
    g_free(fit);
}

/* Row `k` of the factor for the predictor with cross-products g; FALSE when it is aliased. Rows
 * are capacity apart while building: the rank is not known yet. */
static gboolean
linear_append(LacLinear *fit, const double *g, const size_t *predictors, double diagonal,
              double scale)
{
    const size_t k = fit->rank, ld = fit->capacity;
    double *row = fit->factor + k * ld;
    double rest = diagonal;

    for (size_t b = 0; b < k; b++) {
        const double *other = fit->factor + b * ld;
        double sum = g[predictors[fit->kept[b]]];

        for (size_t c = 0; c < b; c++)
            sum -= row[c] * other[c];
        row[b] = sum / other[b];
        rest -= row[b] * row[b];
    }
    if (!(rest > LAC_LINEAR_TOLERANCE * scale))
        return FALSE;
    row[k] = sqrt(rest);
    return TRUE;
}

static void
linear_pack(LacLinear *fit)
{
    for (size_t k = 1; k < fit->rank; k++)
        memmove(fit->factor + k * fit->rank, fit->factor + k * fit->capacity,
                (k + 1) * sizeof(double));
    for (size_t k = 0; k < fit->rank; k++)
        memset(fit->factor + k * fit->rank + k + 1, 0, (fit->rank - k - 1) * sizeof(double));
}

/* The common case, nothing aliased, at LAPACK's speed for many predictors. */
static gboolean
linear_factor_whole(LacLinear *fit, const double *gram, size_t ld, const size_t *predictors,
                    double ridge)
{
    const size_t q = fit->q;
    LacMatrix a = {.rows = q, .cols = q, .stride = q, .v = fit->factor};

    for (size_t k = 0; k < q; k++) {
        for (size_t c = 0; c < k; c++)
            a.v[k * q + c] = gram[predictors[k] * ld + predictors[c]];
        a.v[k * q + k] = gram[predictors[k] * ld + predictors[k]] * (1.0 + ridge);
        fit->kept[k] = k;
    }
    if (!lac_cholesky(&a))
        return FALSE;
    for (size_t k = 0; k < q; k++) {
        const double left = a.v[k * q + k];

        if (!(left * left > LAC_LINEAR_TOLERANCE * gram[predictors[k] * (ld + 1)]))
            return FALSE;
    }
    fit->rank = q;
    return TRUE;
}

static void
linear_factor(LacLinear *fit, const double *gram, size_t ld, const size_t *predictors, double ridge)
{
    enum { LAPACK_FROM = 48 };

    if (fit->q >= LAPACK_FROM && linear_factor_whole(fit, gram, ld, predictors, ridge))
        return;
    fit->rank = 0;
    for (size_t k = 0; k < fit->q; k++) {
        const double *g = gram + predictors[k] * ld, own = g[predictors[k]];

        fit->kept[fit->rank] = k;
        if (linear_append(fit, g, predictors, own * (1.0 + ridge), own))
            fit->rank++;
    }
    linear_pack(fit);
}

size_t
lac_linear_solve(LacLinear *fit, const double *gram, size_t ld, size_t q, const size_t *predictors,
                 size_t target, double ridge)
{
    const double *y = gram + target * ld;

    g_assert(q <= fit->capacity);
    fit->q = q;
    fit->rows = 0;
    linear_factor(fit, gram, ld, predictors, ridge);
    memset(fit->beta, 0, q * sizeof(double));

    const LacMatrix l = {
        .rows = fit->rank, .cols = fit->rank, .stride = fit->rank, .v = fit->factor};
    g_autofree double *solution = g_new(double, MAX(fit->rank, 1));
    double explained = 0.0;

    for (size_t k = 0; k < fit->rank; k++)
        solution[k] = y[predictors[fit->kept[k]]];
    if (fit->rank > 0)
        lac_solve_lower(FALSE, &l, solution);
    for (size_t k = 0; k < fit->rank; k++)
        explained += solution[k] * solution[k];
    if (fit->rank > 0)
        lac_solve_lower(TRUE, &l, solution);
    for (size_t k = 0; k < fit->rank; k++) {
        fit->beta[fit->kept[k]] = solution[k];
        /* (G + R) beta = c, so rss = yty - beta'c - beta'R beta */
        explained += ridge * solution[k] * solution[k] * gram[predictors[fit->kept[k]] * (ld + 1)];
    }
    fit->yty = y[target];
    fit->rss = MAX(fit->yty - explained, 0.0);
    return q - fit->rank;
}

/* S = Z R^-1/2 with R = ridge x squares of each column; a column of zeros stays out. */
static void
linear_scale_design(LacLinear *fit, double ridge)
{
    const size_t q = fit->q;

    memset(fit->root, 0, q * sizeof(double));
    for (size_t i = 0; i < fit->rows; i++) {
        for (size_t k = 0; k < q; k++)
            fit->root[k] += fit->design[i * q + k] * fit->design[i * q + k];
    }
    fit->rank = 0;
    for (size_t k = 0; k < q; k++) {
        if (fit->root[k] > 0.0)
            fit->kept[fit->rank++] = k;
        fit->root[k] = fit->root[k] > 0.0 ? 1.0 / sqrt(ridge * fit->root[k]) : 0.0;
    }
    for (size_t i = 0; i < fit->rows; i++) {
        for (size_t k = 0; k < q; k++)
            fit->design[i * q + k] *= fit->root[k];
    }
}

/* The factor of S S' + I. */
static gboolean
linear_factor_kernel(LacLinear *fit)
{
    const size_t n = fit->rows;
    const LacMatrix s = {.rows = n, .cols = fit->q, .stride = fit->q, .v = fit->design};
    LacMatrix kernel = {.rows = n, .cols = n, .stride = n, .v = fit->factor};

    lac_gemm(FALSE, TRUE, 1.0, &s, &s, 0.0, &kernel);
    for (size_t i = 0; i < n; i++)
        kernel.v[i * (n + 1)] += 1.0;
    return lac_cholesky(&kernel);
}

/* x = (S S' + I)^-1 x; to += f R^-1/2 S' x. */
static void
linear_from_rows(const LacLinear *fit, double f, double *x, double *to)
{
    const size_t n = fit->rows;
    const LacMatrix l = {.rows = n, .cols = n, .stride = n, .v = fit->factor};

    lac_solve_lower(FALSE, &l, x);
    lac_solve_lower(TRUE, &l, x);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < fit->q; k++)
            to[k] += f * x[i] * fit->root[k] * fit->design[i * fit->q + k];
    }
}

gboolean
lac_linear_solve_rows(LacLinear *fit, size_t n, const double *z, const size_t *index, size_t stride,
                      const double *weight, const double *y, size_t q, const size_t *predictors,
                      double ridge)
{
    g_autofree double *rest = g_new(double, MAX(n, 1));

    g_assert(q <= fit->capacity && n <= fit->capacity && ridge > 0.0);
    if (n * q > fit->room) {
        g_free(fit->design);
        fit->design = g_new(double, n *q);
        fit->room = n * q;
    }
    fit->q = q;
    fit->rows = n;
    for (size_t i = 0; i < n; i++) {
        const double *row = z + (index ? index[i] : i) * stride;
        const double w = weight ? sqrt(weight[i]) : 1.0;

        for (size_t k = 0; k < q; k++)
            fit->design[i * q + k] = w * row[predictors[k]];
        rest[i] = w * y[i];
    }
    linear_scale_design(fit, ridge);
    if (!linear_factor_kernel(fit))
        return FALSE;
    fit->yty = fit->rss = 0.0;
    for (size_t i = 0; i < n; i++)
        fit->yty += rest[i] * rest[i];
    memset(fit->beta, 0, q * sizeof(double));
    linear_from_rows(fit, 1.0, rest, fit->beta);
    for (size_t i = 0; i < n; i++) /* y - Z beta = (S S' + I)^-1 y */
        fit->rss += rest[i] * rest[i];
    return TRUE;
}

/* With g, d standard normal and v = S g + d, R^-1/2 (g - S' (S S' + I)^-1 v) has covariance
 * (Z'Z + R)^-1. */
static void
linear_draw_rows(const LacLinear *fit, double sigma, const double *normals, double *beta)
{
    const LacMatrix s = {.rows = fit->rows, .cols = fit->q, .stride = fit->q, .v = fit->design};
    g_autofree double *v = g_memdup2(normals + fit->q, MAX(fit->rows, 1) * sizeof(double));

    lac_gemv(FALSE, 1.0, &s, normals, 1.0, v);
    for (size_t k = 0; k < fit->q; k++)
        beta[k] += sigma * fit->root[k] * normals[k];
    linear_from_rows(fit, -sigma, v, beta);
}

size_t
lac_linear_normals(const LacLinear *fit)
{
    return fit->rows > 0 ? fit->q + fit->rows : fit->rank;
}

/* R^-1/2 (I - S' (S S' + I)^-1 S) R^-1/2 x */
static void
linear_invert_rows(const LacLinear *fit, const double *x, double *work, double *out)
{
    for (size_t i = 0; i < fit->rows; i++) {
        work[i] = 0.0;
        for (size_t k = 0; k < fit->q; k++)
            work[i] += fit->design[i * fit->q + k] * fit->root[k] * x[k];
    }
    for (size_t k = 0; k < fit->q; k++)
        out[k] = fit->root[k] * fit->root[k] * x[k];
    linear_from_rows(fit, -1.0, work, out);
}

void
lac_linear_apply_inverse(const LacLinear *fit, const double *x, double *work, double *out)
{
    const LacMatrix l = {
        .rows = fit->rank, .cols = fit->rank, .stride = fit->rank, .v = fit->factor};

    if (fit->rows > 0) {
        linear_invert_rows(fit, x, work, out);
        return;
    }
    memset(out, 0, fit->q * sizeof(double));
    if (fit->rank == 0)
        return;
    for (size_t k = 0; k < fit->rank; k++)
        work[k] = x[fit->kept[k]];
    lac_solve_lower(FALSE, &l, work);
    lac_solve_lower(TRUE, &l, work);
    for (size_t k = 0; k < fit->rank; k++)
        out[fit->kept[k]] = work[k];
}

double
lac_linear_sigma(double rss, double chi2)
{
    return sqrt(rss / chi2);
}

void
lac_linear_draw(const LacLinear *fit, double sigma, const double *normals, double *beta)
{
    const LacMatrix l = {
        .rows = fit->rank, .cols = fit->rank, .stride = fit->rank, .v = fit->factor};

    memcpy(beta, fit->beta, fit->q * sizeof(double));
    if (fit->rows > 0) {
        linear_draw_rows(fit, sigma, normals, beta);
        return;
    }
    if (fit->rank == 0)
        return;
    g_autofree double *step = g_memdup2(normals, fit->rank * sizeof(double));

    lac_solve_lower(TRUE, &l, step);
    for (size_t k = 0; k < fit->rank; k++)
        beta[fit->kept[k]] += sigma * step[k];
}
