/* adagrad: each value's steps shrink with the gradients it has seen: s += g^2,
 * x -= rate g / (sqrt(s) + eps); g includes decay * x.
 * Source: Duchi, Hazan & Singer, Adaptive subgradient methods (JMLR 12, 2011). */
#include <lacuna/optimizer.h>

#include <math.h>

typedef struct {
    LacOptimizer base;
    double eps, decay;
} Adagrad;

static const LacParam params[] = {
    LAC_OPTIMIZER_RATE(Adagrad, 0.01),
    LAC_PARAM_DOUBLE(Adagrad, eps, 1e-10, LAC_RANGE_ABOVE(0.0), "",
                     "Added to the root of the sum of squares"),
    LAC_PARAM_DOUBLE(Adagrad, decay, 0.0, LAC_RANGE_FROM(0.0), "per step",
                     "L2 penalty decay/2 * x^2, added to the gradient"),
    LAC_PARAM_END,
};

LAC_CLONES static void
adagrad_step(const LacOptimizer *optimizer, size_t step, double rate, size_t n,
             const float *gradient, float *state, float *x)
{
    const Adagrad *self = LAC_CAST(const Adagrad, optimizer);
    const float eps = (float)self->eps, decay = (float)self->decay, length = (float)rate;

#pragma omp simd
    for (size_t k = 0; k < n; k++) {
        const float g = gradient[k] + decay * x[k];

        state[k] += g * g;
        x[k] -= length * g / (sqrtf(state[k]) + eps);
    }
}

LAC_PLUGIN_EXPORT const LacOptimizerPlugin lac_plugin = {
    LAC_OPTIMIZER("adagrad", "Steps that shrink with all gradients seen", Adagrad, params),
    .plugin.citation = "Duchi, Hazan & Singer, JMLR 12 (2011)",
    .slots = 1,
    .step = adagrad_step,
};
