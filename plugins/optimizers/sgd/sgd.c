/* sgd: a step against the gradient, with momentum (plain or Nesterov's) and weight decay.
 * The update is the one of torch.optim.SGD with dampening 0: b_t = mu b_{t-1} + g_t, then
 * x -= rate b_t, or with Nesterov x -= rate (g_t + mu b_t); g_t includes decay * x.
 * Source: Polyak (1964), USSR Comp. Math. 4(5); Nesterov (1983); Sutskever et al. (ICML 2013). */
#include <lacuna/optimizer.h>

typedef struct {
    LacOptimizer base;
    double momentum, decay;
    gboolean nesterov;
} Sgd;

static const LacParam params[] = {
    LAC_OPTIMIZER_RATE(Sgd, 0.01),
    LAC_PARAM_DOUBLE(Sgd, momentum, 0.9, LAC_RANGE(0.0, 0.9999), "",
                     "Share of the last step that is taken again; 0 is plain gradient descent"),
    LAC_PARAM_BOOL(Sgd, nesterov, FALSE, "Look ahead along the momentum before stepping"),
    LAC_PARAM_DOUBLE(Sgd, decay, 0.0, LAC_RANGE_FROM(0.0), "per step and rate",
                     "Pull of every value towards 0 (L2 penalty decay/2 * x^2)"),
    LAC_PARAM_END,
};

LAC_CLONES static void
sgd_step(const LacOptimizer *optimizer, size_t step, double rate, size_t n, const float *gradient,
         float *state, float *x)
{
    const Sgd *self = LAC_CAST(const Sgd, optimizer);
    const float momentum = (float)self->momentum, decay = (float)self->decay;
    /* the direction is now * g + ahead * b: g + mu b with Nesterov, otherwise b */
    const float now = self->nesterov ? 1.0f : 0.0f, ahead = self->nesterov ? momentum : 1.0f;

    for (size_t k = 0; k < n; k++) {
        const float g = gradient[k] + decay * x[k];

        state[k] = momentum * state[k] + g;
        x[k] -= (float)rate * (now * g + ahead * state[k]);
    }
}

LAC_PLUGIN_EXPORT const LacOptimizerPlugin lac_plugin = {
    LAC_OPTIMIZER("sgd", "Gradient descent with momentum", Sgd, params),
    .plugin.citation = "Polyak (1964); Nesterov (1983); Sutskever et al. (2013)",
    .slots = 1,
    .step = sgd_step,
};
