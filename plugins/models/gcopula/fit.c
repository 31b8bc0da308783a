/* EM of Zhao and Udell (2020): the E-step replaces scores that are known by an interval only by
 * their mean given the others of the row (one update a step, kept from step to step), and missing
 * ones by theirs; the M-step is their covariance, scaled to a correlation. */
#include "gcopula.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

enum { BLOCKS = 16 };    /* partial sums, whatever the number of threads */
#define LEAST_RCOND 1e-6 /* of the correlations; below it they are drawn towards 0 */

/** GcEm: an estimation in progress. @spread: [BLOCKS][q][q] sums of conditional covariances */
typedef struct {
    GcModel *self;
    GcRows *rows;
    const LacGaussian *g;
    double *spread;
    size_t used; /* rows with an observed score: those before `blank` in the order of patterns */
} GcEm;

/* One simultaneous (Jacobi) update of the interval scores of row @z; their variances are added to
 * @variance [o]. */
static void
update_intervals(const GcEm *em, const GcPattern *pattern, const uint32_t *code, double *z,
                 double *fresh, double *variance)
{
    const size_t o = pattern->o, *observed = pattern->column + pattern->m;

    for (size_t a = 0; a < o; a++) {
        const size_t c = observed[a];
        double pull = 0.0, mean, spread;

        fresh[a] = z[c];
        if (code[c] == GC_POINT)
            continue;
        for (size_t b = 0; b < o; b++)
            pull += pattern->q[a * o + b] * z[observed[b]];
        const double s2 = 1.0 / pattern->q[a * (o + 1)], s = sqrt(s2), mu = z[c] - s2 * pull;

        const GcInterval in = gc_rows_interval(em->rows, em->self, c, code[c]);

        lac_truncated_normal_moments(0.0, 1.0, (in.lower - mu) / s, (in.upper - mu) / s, &mean,
                                     &spread);
        fresh[a] = mu + s * mean;
        variance[a] += s2 * spread;
    }
    for (size_t a = 0; a < o; a++)
        z[observed[a]] = fresh[a];
}

/* spread += n cov on the missing scores, and what the variances of interval scores bring about. */
static void
add_spread(const GcPattern *pattern, double n, const double *variance, double *spread)
{
    const size_t p = pattern->g->p, m = pattern->m, o = pattern->o;
    const size_t *missing = pattern->column, *observed = missing + m;

    for (size_t a = 0; a < o; a++)
        spread[observed[a] * (p + 1)] += variance[a];
    for (size_t a = 0; a < m; a++) {
        const double *ja = pattern->j + a * o;

        for (size_t b = 0; b < o; b++) {
            const double both = ja[b] * variance[b];

            spread[missing[a] * p + observed[b]] += both;
            spread[observed[b] * p + missing[a]] += both;
        }
        for (size_t b = 0; b < m; b++) {
            double sum = n * pattern->cov[a * m + b];

            for (size_t c = 0; c < o; c++)
                sum += ja[c] * variance[c] * pattern->j[b * o + c];
            spread[missing[a] * p + missing[b]] += sum;
        }
    }
}

static void
e_step_pattern(const GcEm *em, GcPattern *pattern, size_t k, double *variance, double *spread)
{
    const LacPatterns *patterns = em->rows->patterns;
    const size_t p = em->g->p;
    g_autofree double *fresh = g_new(double, p + 1);

    gc_pattern_set(pattern, patterns->missing[k], patterns->column + k * p);
    memset(variance, 0, p * sizeof(double));
    for (size_t r = patterns->start[k]; r < patterns->start[k + 1]; r++) {
        double *z = lac_matrix_row(em->rows->z, r);

        update_intervals(em, pattern, em->rows->code + r * p, z, fresh, variance);
        gc_pattern_fill(pattern, z);
    }
    add_spread(pattern, (double)(patterns->start[k + 1] - patterns->start[k]), variance, spread);
}

/* Block b: the patterns whose first row is in the b-th of BLOCKS equal parts of the rows. */
static void
e_step_block(size_t begin, size_t end, unsigned worker, void *user)
{
    const GcEm *em = user;
    const LacPatterns *patterns = em->rows->patterns;
    const size_t p = em->g->p, n = patterns->rows;
    g_autofree double *variance = g_new(double, p + 1);
    GcPattern *pattern = gc_pattern_new(em->g);

    for (size_t b = begin; b < end; b++) {
        double *spread = em->spread + b * p * p;

        memset(spread, 0, p * p * sizeof(double));
        for (size_t k = 0; k < patterns->n; k++) {
            const size_t first = patterns->start[k];

            if (first * BLOCKS >= b * n && first * BLOCKS < (b + 1) * n && patterns->missing[k] < p)
                e_step_pattern(em, pattern, k, variance, spread);
        }
    }
    gc_pattern_free(pattern);
}

/* Covariance (n - 1) of the scores of rows in which something was observed. */
static void
covariance(const GcEm *em, double *out)
{
    const LacPatterns *patterns = em->rows->patterns;
    const size_t p = em->g->p;
    LacMatrix gram = {p, p, p, out};
    g_autofree double *mean = g_new0(double, p + 1);

    memset(out, 0, p * p * sizeof(double));
    lac_syrk(1.0, em->rows->z, 0.0, &gram); /* rows with nothing observed are all 0 */
    for (size_t r = 0; r < patterns->rows; r++)
        for (size_t c = 0; c < p; c++)
            mean[c] += lac_matrix_row(em->rows->z, r)[c];
    for (size_t a = 0; a < p; a++)
        for (size_t b = 0; b < p; b++)
            out[a * p + b] = (out[a * p + b] - mean[a] * mean[b] / (double)em->used) /
                             (double)MAX(em->used - 1, 1);
}

/* To a correlation, drawn towards none until it can be inverted safely. Returns by how much. */
static double
settle(LacGaussian *g)
{
    const size_t p = g->p;
    g_autofree double *sd = g_new(double, p + 1);
    double drawn = 0.0;

    for (size_t c = 0; c < p; c++)
        sd[c] = sqrt(MAX(g->cov[c * (p + 1)], 1e-300));
    for (size_t a = 0; a < p; a++)
        for (size_t b = 0; b < p; b++)
            g->cov[a * p + b] = a == b ? 1.0 : g->cov[a * p + b] / (sd[a] * sd[b]);
    for (double share = 1e-3;; share = MIN(2.0 * share, 1.0)) {
        g_autofree double *before = g_memdup2(g->cov, p * p * sizeof(double));

        if (p == 0 || (lac_gaussian_prepare(g) == 0.0 && g->rcond >= LEAST_RCOND) || drawn == 1.0)
            return drawn;
        for (size_t c = 0; c < p * p; c++)
            g->cov[c] = c % (p + 1) == 0 ? 1.0 : before[c] * (1.0 - share);
        drawn = share;
    }
}

/* g := EM(g); how far it moved, relative to its size. */
static double
em_step(GcEm *em, LacGaussian *g, double *drawn)
{
    const size_t p = g->p;
    g_autofree double *before = g_memdup2(g->cov, p * p * sizeof(double));
    double moved = 0.0, size = 0.0;

    em->g = g;
    lac_parallel_for(BLOCKS, 1, e_step_block, em);
    covariance(em, g->cov);
    for (size_t b = 0; b < BLOCKS; b++)
        for (size_t c = 0; c < p * p; c++)
            g->cov[c] += em->spread[b * p * p + c] / (double)em->used;
    const double here = settle(g);

    *drawn = MAX(*drawn, here);
    for (size_t c = 0; c < p * p; c++) {
        moved += (g->cov[c] - before[c]) * (g->cov[c] - before[c]);
        size += before[c] * before[c];
    }
    return sqrt(moved / size);
}

static void
em_tell(const GcModel *self, double moved, double drawn)
{
    LacContext *context = self->base.instance.context;

    if (drawn > 0.0)
        lac_context_event(context, "ridge", -1,
                          "the correlations were singular (too few rows, or columns that depend on "
                          "each other) and drawn towards 0 by %g of their size",
                          drawn);
    if (moved > self->tol)
        lac_context_event(context, "not-converged", -1,
                          "EM stopped after %" G_GINT64_FORMAT
                          " iterations, the correlations still moving by %.1e of their size a step",
                          self->iterations, moved);
}

static gboolean
em_run(GcEm *em, GError **error)
{
    GcModel *self = em->self;
    LacContext *context = self->base.instance.context;
    double moved = INFINITY, drawn = 0.0;

    em->g = self->gaussian;
    covariance(em, self->gaussian->cov);
    drawn = settle(self->gaussian);
    for (int64_t t = 0; t < self->iterations && moved > self->tol; t++) {
        if (!lac_context_step(context, (double)t / (double)self->iterations, error))
            return FALSE;
        moved = em_step(em, self->gaussian, &drawn);
        lac_context_trace(context, "change", -1, (size_t)t, 0, moved);
    }
    em_tell(self, moved, drawn);
    return TRUE;
}

gboolean
gc_fit(GcModel *self, const LacData *train, GError **error)
{
    g_autoptr(GcRows) rows = NULL;
    g_autofree double *spread = NULL;
    GcEm em = {.self = self};

    if (!gc_marginals_learn(self, train, error))
        return FALSE;
    self->gaussian = lac_gaussian_new(self->q);
    rows = gc_rows_new(self, train, TRUE, error);
    spread = rows ? lac_try_alloc(BLOCKS * self->q * self->q + 1, sizeof(double),
                                  "sums of covariances", error)
                  : NULL;
    if (spread == NULL)
        return FALSE;
    em.rows = rows;
    em.spread = spread;
    for (size_t k = 0; k < rows->patterns->n; k++)
        if (rows->patterns->missing[k] < self->q)
            em.used += rows->patterns->start[k + 1] - rows->patterns->start[k];
    return self->q < 2 || em.used < 2 || em_run(&em, error);
}
