/* adadelta: steps in the unit of the parameters themselves: the root mean square of earlier steps
 * over that of the gradients. a = rho a + (1 - rho) g^2, u = g sqrt(d + eps) / sqrt(a + eps),
 * x -= rate u, d = rho d + (1 - rho) u^2; g includes decay * x.
 * Source: Zeiler, ADADELTA (2012), algorithm 1, where the rate is 1. */
#include <lacuna/optimizer.h>

#include <math.h>

typedef struct {
    LacOptimizer base;
    double rho, eps, decay;
} Adadelta;

static const LacParam params[] = {
    LAC_OPTIMIZER_RATE(Adadelta, 1.0),
    LAC_PARAM_DOUBLE(Adadelta, rho, 0.95, LAC_RANGE(0.0, 0.9999), "",
                     "Share of both running mean squares kept in each step"),
    LAC_PARAM_DOUBLE(Adadelta, eps, 1e-7, LAC_RANGE_ABOVE(0.0), "",
                     "Under both roots; sets the length of the first steps"),
    LAC_PARAM_DOUBLE(Adadelta, decay, 0.0, LAC_RANGE_FROM(0.0), "per step",
                     "L2 penalty decay/2 * x^2, added to the gradient"),
    LAC_PARAM_END,
};

LAC_CLONES static void
adadelta_step(const LacOptimizer *optimizer, size_t step, double rate, size_t n,
              const float *gradient, float *state, float *x)
{
    const Adadelta *self = LAC_CAST(const Adadelta, optimizer);
    const float rho = (float)self->rho, eps = (float)self->eps, decay = (float)self->decay;
    const float fresh = (float)(1.0 - self->rho), length = (float)rate;
    float *a = state, *d = state + n;

#pragma omp simd
    for (size_t k = 0; k < n; k++) {
        const float g = gradient[k] + decay * x[k];

        a[k] = rho * a[k] + fresh * g * g;

        const float u = g * sqrtf(d[k] + eps) / sqrtf(a[k] + eps);

        x[k] -= length * u;
        d[k] = rho * d[k] + fresh * u * u;
    }
}

LAC_PLUGIN_EXPORT const LacOptimizerPlugin lac_plugin = {
    LAC_OPTIMIZER("adadelta", "Steps as long as earlier steps were", Adadelta, params),
    .plugin.citation = "Zeiler, ADADELTA: an adaptive learning rate method (2012)",
    .slots = 2,
    .step = adadelta_step,
};
