/* Missing entries of a normal row that are known to lie in intervals. */
#include "gaussian-private.h"

#include <lacuna/truncated.h>
#include <math.h>
#include <string.h>

enum {
    JOINT_TRIES = 16,
    DRAW_SWEEPS = 50,
    WARM_SWEEPS = 50,
    MEAN_SWEEPS = 400,
    MEAN_KEY = 0x6c696d69 /* any constant: means depend on nothing but the row */
};

/**
 * Within: one row's problem.
 * @mean, @lower, @upper: [q]; @limited: how many entries have limits, @one: the last of them
 * @precision: [q][q] of the missing entries given the observed ones; NULL until it is needed
 */
typedef struct {
    size_t q, limited, one;
    const double *cov, *root;
    double *mean, *lower, *upper, *at, *precision;
} Within;

static void
within_clear(Within *self)
{
    g_free(self->mean);
    g_free(self->precision);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Within, within_clear)

static gboolean
within_is_inside(const Within *self)
{
    for (size_t a = 0; a < self->q; a++)
        if (self->at[a] < self->lower[a] || self->at[a] > self->upper[a])
            return FALSE;
    return TRUE;
}

/* FALSE when no draw of the unlimited law lies inside. */
static gboolean
within_joint(Within *self, LacRng *rng)
{
    g_autofree double *normal = g_new(double, self->q);

    for (int t = 0; t < JOINT_TRIES; t++) {
        lac_rng_fill_normal(rng, self->q, normal);
        for (size_t a = 0; a < self->q; a++) {
            self->at[a] = self->mean[a];
            for (size_t b = 0; b <= a; b++)
                self->at[a] += self->root[a * self->q + b] * normal[b];
        }
        if (within_is_inside(self))
            return TRUE;
    }
    return FALSE;
}

/* cov^-1; a covariance that is singular gets a ridge: there the order of 1e-8 does not matter. */
static void
within_invert(Within *self)
{
    const size_t q = self->q;
    g_autofree double *factor = g_new(double, q *q);
    LacMatrix l = {.rows = q, .cols = q, .stride = q, .v = factor};
    LacMatrix inverse = {.rows = q, .cols = q, .stride = q};
    double ridge = 0.0, scale = 0.0;

    self->precision = g_new(double, q *q);
    inverse.v = self->precision;
    for (size_t a = 0; a < q; a++)
        scale = fmax(scale, self->cov[a * (q + 1)]);
    for (int t = 0; t < 3; t++) {
        memcpy(factor, self->cov, q * q * sizeof(double));
        for (size_t a = 0; a < q; a++)
            factor[a * (q + 1)] += ridge;
        if (lac_cholesky(&l))
            break;
        ridge = fmax(1e3 * ridge, 1e-10 * fmax(scale, 1e-300));
    }
    memset(self->precision, 0, q * q * sizeof(double));
    for (size_t a = 0; a < q; a++)
        self->precision[a * (q + 1)] = 1.0;
    lac_cholesky_solve(&l, &inverse);
}

/* Every entry in turn from its law given all others; @sum: [q] adds up the means of those laws, or
 * NULL. */
static void
within_sweep(Within *self, LacRng *rng, double *sum)
{
    const size_t q = self->q;

    for (size_t a = 0; a < q; a++) {
        const double own = self->precision[a * (q + 1)], sd = sqrt(1.0 / own);
        double pull = 0.0, mean, expected;

        for (size_t b = 0; b < q; b++)
            pull += b != a ? self->precision[a * q + b] * (self->at[b] - self->mean[b]) : 0.0;
        mean = self->mean[a] - pull / own;
        if (sum != NULL) {
            lac_truncated_normal_moments(mean, sd, self->lower[a], self->upper[a], &expected, NULL);
            sum[a] += expected;
        }
        self->at[a] = lac_rng_truncated_normal(rng, mean, sd, self->lower[a], self->upper[a]);
    }
}

static void
within_start(Within *self)
{
    if (self->precision == NULL)
        within_invert(self);
    for (size_t a = 0; a < self->q; a++)
        self->at[a] = CLAMP(self->mean[a], self->lower[a], self->upper[a]);
}

static void
within_draw(Within *self, LacRng rng)
{
    if (within_joint(self, &rng))
        return;
    within_start(self);
    for (int t = 0; t < DRAW_SWEEPS; t++)
        within_sweep(self, &rng, NULL);
}

/* One limited entry is shifted to the mean of its cut law, and the others follow it linearly. */
static void
within_mean_of_one(Within *self)
{
    const size_t q = self->q, one = self->one;
    const double variance = self->cov[one * (q + 1)];
    double cut, shift;

    lac_truncated_normal_moments(self->mean[one], sqrt(fmax(variance, 0.0)), self->lower[one],
                                 self->upper[one], &cut, NULL);
    shift = variance > 0.0 ? (cut - self->mean[one]) / variance : 0.0;
    for (size_t a = 0; a < q; a++)
        self->at[a] = self->mean[a] + self->cov[a * q + one] * shift;
    self->at[one] = cut;
}

static void
within_mean(Within *self, size_t row)
{
    const LacRng all = lac_rng_new(MEAN_KEY);
    LacRng rng = lac_rng_at(&all, row);
    g_autofree double *sum = g_new0(double, self->q);

    if (self->limited == 1) {
        within_mean_of_one(self);
        return;
    }
    within_start(self);
    for (int t = 0; t < WARM_SWEEPS; t++)
        within_sweep(self, &rng, NULL);
    for (int t = 0; t < MEAN_SWEEPS; t++)
        within_sweep(self, &rng, sum);
    for (size_t a = 0; a < self->q; a++)
        self->at[a] = sum[a] / MEAN_SWEEPS;
}

static void
within_ask(Within *self, const LacConditional *c, const double *rise, LacGaussianLimits limits,
           const void *user, size_t row)
{
    const size_t q = c->q;

    self->mean = g_new(double, 4 * q);
    self->lower = self->mean + q;
    self->upper = self->lower + q;
    self->at = self->upper + q;
    for (size_t a = 0; a < q; a++) {
        self->mean[a] = c->g->mean[c->column[a]] + rise[a];
        limits(user, row, c->column[a], &self->lower[a], &self->upper[a]);
        if (isfinite(self->lower[a]) || isfinite(self->upper[a])) {
            self->limited++;
            self->one = a;
        }
    }
}

gboolean
lac_conditional_fill_within(LacConditional *c, const double *root, const double *mean,
                            const LacRng *rng, LacGaussianLimits limits, const void *user,
                            size_t row, double *x)
{
    g_auto(Within) self = {.q = c->q, .cov = c->cov, .root = root};

    within_ask(&self, c, mean, limits, user, row);
    if (self.limited == 0)
        return FALSE;
    if (rng != NULL)
        within_draw(&self, *rng);
    else
        within_mean(&self, row);
    for (size_t a = 0; a < c->q; a++)
        x[c->column[a]] = self.at[a];
    return TRUE;
}
