/* adamw: Adam whose weight decay does not pass through the moments: x is first shrunk by
 * rate * decay, then takes Adam's step, so strong gradients do not weaken the decay.
 * Source: Loshchilov & Hutter, Decoupled weight decay regularization (ICLR 2019), algorithm 2. */
#include <lacuna/optimizer.h>

#include <math.h>

typedef struct {
    LacOptimizer base;
    double beta1, beta2, eps, decay;
} AdamW;

static const LacParam params[] = {
    LAC_OPTIMIZER_RATE(AdamW, 1e-3),
    LAC_PARAM_DOUBLE(AdamW, beta1, 0.9, LAC_RANGE(0.0, 0.9999), "",
                     "Share of the running mean kept in each step"),
    LAC_PARAM_DOUBLE(AdamW, beta2, 0.999, LAC_RANGE(0.0, 0.999999), "",
                     "Share of the running mean square kept in each step"),
    LAC_PARAM_DOUBLE(AdamW, eps, 1e-8, LAC_RANGE_ABOVE(0.0), "",
                     "Added to the root mean square; keeps small gradients from large steps"),
    LAC_PARAM_DOUBLE(AdamW, decay, 0.01, LAC_RANGE_FROM(0.0), "per step and rate",
                     "Share of every value lost in a step, times the rate"),
    LAC_PARAM_END,
};

LAC_CLONES static void
adamw_step(const LacOptimizer *optimizer, size_t step, double rate, size_t n, const float *gradient,
           float *state, float *x)
{
    const AdamW *self = LAC_CAST(const AdamW, optimizer);
    const float b1 = (float)self->beta1, b2 = (float)self->beta2;
    /* 1 - 0.999f is wrong in its fifth digit */
    const float new1 = (float)(1.0 - self->beta1), new2 = (float)(1.0 - self->beta2);
    const float kept = (float)(1.0 - rate * self->decay);
    /* as in adam: the bias corrections in two factors, computed in double */
    const double root = sqrt(1.0 - pow(self->beta2, (double)step));
    const float length = (float)(rate * root / (1.0 - pow(self->beta1, (double)step)));
    const float eps = (float)(self->eps * root);
    float *m = state, *v = state + n;

#pragma omp simd
    for (size_t k = 0; k < n; k++) {
        const float g = gradient[k];

        m[k] = b1 * m[k] + new1 * g;
        v[k] = b2 * v[k] + new2 * g * g;
        x[k] = kept * x[k] - length * m[k] / (sqrtf(v[k]) + eps);
    }
}

LAC_PLUGIN_EXPORT const LacOptimizerPlugin lac_plugin = {
    LAC_OPTIMIZER("adamw", "Adam with decoupled weight decay", AdamW, params),
    .plugin.citation = "Loshchilov & Hutter, Decoupled weight decay regularization (ICLR 2019)",
    .slots = 2,
    .step = adamw_step,
};
