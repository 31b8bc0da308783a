/* What a run tells of its convergence: mean and sd of the imputed values by column, iteration and
 * chain; how far chains still differ (psrf: R-hat of the means so far) and how much a chain keeps
 * of where it was (autocorrelation). Source: van Buuren (2018), section 6.5; Vehtari et al.,
 * Bayesian Anal. 16 (2021), 667. */
#include "mice.h"

#include <lacuna/convergence.h>
#include <math.h>

enum { MOST_POINTS = 50, ENOUGH_ROUNDS = 20 };

static void
traces_emit_values(const MiceModel *self, const double *trace)
{
    LacContext *context = self->base.instance.context;

    for (size_t chain = 0; chain < self->chains; chain++) {
        for (size_t t = 0; t < self->rounds; t++) {
            for (size_t v = 0; v < self->n_visited; v++) {
                const size_t j = self->order[v];
                const double *at = trace + 2 * ((chain * self->rounds + t) * self->cols + j);

                lac_context_trace(context, "mean", (gssize)j, t, chain, at[0]);
                lac_context_trace(context, "sd", (gssize)j, t, chain, at[1]);
            }
        }
    }
}

/* Means of column @j, the first @n draws of every chain, chain by chain. */
static void
traces_means(const MiceModel *self, const double *trace, size_t j, size_t n, double *x)
{
    for (size_t chain = 0; chain < self->chains; chain++) {
        for (size_t t = 0; t < n; t++)
            x[chain * n + t] = trace[2 * ((chain * self->rounds + t) * self->cols + j)];
    }
}

/* At most MOST_POINTS points of each series, the last one included. */
static void
traces_emit_convergence(const MiceModel *self, const LacData *data, const double *trace, size_t j,
                        double *x)
{
    const double mixed = 1.1; /* usual for five to twenty rounds */
    LacContext *context = self->base.instance.context;
    const size_t step = (self->rounds + MOST_POINTS - 1) / MOST_POINTS;
    double psrf = NAN;

    for (size_t n = 1; n <= self->rounds; n++) {
        if ((self->rounds - n) % step != 0)
            continue;
        traces_means(self, trace, j, n, x);
        psrf = lac_rhat_rank(self->chains, n, x);
        const double kept = lac_chains_autocorrelation(self->chains, n, x);

        if (isfinite(psrf))
            lac_context_trace(context, "psrf", (gssize)j, n - 1, 0, psrf);
        if (isfinite(kept))
            lac_context_trace(context, "autocorrelation", (gssize)j, n - 1, 0, kept);
    }
    if (self->rounds >= ENOUGH_ROUNDS && psrf > mixed)
        lac_context_event(
            context, "not-mixed", (gssize)j,
            "column '%s': chains still differ after %zu rounds (R-hat %.3g over all of them, "
            "expected below %g); more iterations, or fewer predictors computed from each other",
            lac_data_name(data, j), self->rounds, psrf, mixed);
}

void
mice_emit_traces(const MiceModel *self, const LacData *data, const double *trace)
{
    g_autofree double *x = g_new(double, self->chains * self->rounds + 1);

    traces_emit_values(self, trace);
    for (size_t v = 0; v < self->n_visited && self->chains > 1; v++)
        traces_emit_convergence(self, data, trace, self->order[v], x);
}
