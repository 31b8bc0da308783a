/* Cells known only to lie beyond a limit (below the limit of detection) say something about the law
 * they come from. Stochastic EM: draw them inside their limits given all that is observed, estimate
 * as if they had been observed, and again; the estimates of the second half are averaged. Source:
 * Celeux and Diebolt, "The SEM algorithm", Comput. Stat. Q. 2 (1985) 73-82; Nielsen, "The
 * stochastic EM algorithm: estimation and asymptotic results", Bernoulli 6 (2000) 457-489. */
#include "em.h"

#include <lacuna/limits.h>
#include <math.h>
#include <string.h>

enum { ROUNDS = 40, KEPT = 20 };

typedef struct {
    const EmModel *self;
    const LacData *in;
} EmLimits;

static void
em_limits(const void *user, size_t row, size_t k, double *lower, double *upper)
{
    const EmLimits *limits = user;
    const size_t j = limits->self->used[k];

    lac_data_limits(limits->in, row, j, lower, upper);
    *lower = (*lower - limits->self->centre[j]) / limits->self->sd[j];
    *upper = (*upper - limits->self->centre[j]) / limits->self->sd[j];
}

gboolean
em_complete_rows(const EmModel *self, const LacGaussian *gaussian, const LacData *in, EmRows *rows,
                 const LacRng *rng, GError **error)
{
    const EmLimits limits = {self, in};

    if (in->limits == NULL)
        return lac_gaussian_complete(gaussian, rows->patterns, rng, rows->x, error);
    return lac_gaussian_complete_within(gaussian, rows->patterns, rng, em_limits, &limits, rows->x,
                                        error);
}

static gboolean
em_has_censored(const EmModel *self, const LacData *data)
{
    for (size_t k = 0; k < self->p; k++)
        if (lac_data_has_cell_limits(data, self->used[k]))
            return TRUE;
    return FALSE;
}

/* @rows of @train with its censored cells drawn from @gaussian and observed from now on. */
static gboolean
em_augment(const EmModel *self, const LacGaussian *gaussian, const LacData *train,
           const LacRng *rng, EmRows *rows, GError **error)
{
    g_autoptr(EmRows) drawn = em_rows_new(self, train, error);

    if (drawn == NULL || !em_complete_rows(self, gaussian, train, drawn, rng, error))
        return FALSE;
    for (size_t i = 0; i < train->rows; i++)
        for (size_t k = 0; k < self->p; k++)
            if (lac_data_is_censored(train, i, self->used[k])) {
                lac_matrix_row(rows->x, i)[k] = lac_matrix_row(drawn->x, i)[k];
                lac_mask_set(rows->holes, i, k, FALSE);
            }
    g_clear_pointer(&rows->patterns, lac_patterns_free);
    rows->patterns = lac_patterns_new(rows->holes, error);
    return rows->patterns != NULL;
}

gboolean
em_take_censored(const EmModel *self, const LacData *train, size_t draw, EmRows *rows,
                 GError **error)
{
    const LacRng stream = lac_context_rng(self->base.instance.context, "censored");
    const LacRng rng = lac_rng_at(&stream, draw + 1);

    return !em_has_censored(self, train) ||
           em_augment(self, self->gaussian, train, &rng, rows, error);
}

static void
em_add(const LacGaussian *from, double share, LacGaussian *to)
{
    for (size_t k = 0; k < from->p; k++)
        to->mean[k] += share * from->mean[k];
    for (size_t k = 0; k < from->p * from->p; k++)
        to->cov[k] += share * from->cov[k];
}

gboolean
em_learn_censored(EmModel *self, const LacData *train, GError **error)
{
    const LacRng stream = lac_context_rng(self->base.instance.context, "censored");
    const LacRng learn = lac_rng_at(&stream, 0);
    g_autoptr(LacGaussian) mean = NULL, at = NULL;

    if (!em_has_censored(self, train))
        return TRUE;
    at = lac_gaussian_dup(self->gaussian);
    mean = lac_gaussian_new(self->p);
    memset(mean->mean, 0, self->p * sizeof(double));
    memset(mean->cov, 0, self->p * self->p * sizeof(double));
    for (size_t t = 0; t < ROUNDS; t++) {
        const LacRng rng = lac_rng_at(&learn, t);
        g_autoptr(EmRows) rows = em_rows_new(self, train, error);
        LacGaussian *next;

        if (rows == NULL || !em_augment(self, at, train, &rng, rows, error))
            return FALSE;
        next = em_estimate(self, rows, NULL, at, FALSE, error);
        if (next == NULL)
            return FALSE;
        lac_gaussian_free(at);
        at = next;
        if (t >= ROUNDS - KEPT)
            em_add(at, 1.0 / KEPT, mean);
    }
    if (lac_gaussian_prepare(mean) < 0.0)
        return lac_fail(error, LAC_ERROR_NUMERIC, "em: the estimate with censored cells diverged");
    lac_gaussian_free(self->gaussian);
    self->gaussian = g_steal_pointer(&mean);
    return TRUE;
}
