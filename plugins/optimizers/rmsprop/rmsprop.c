/* rmsprop: the gradient over its running root mean square, with momentum if asked for:
 * v = alpha v + (1 - alpha) g^2, b = momentum b + g / (sqrt(v) + eps), x -= rate b; centred, the
 * square of the running mean is taken off v under the root. g includes decay * x.
 * Source: Tieleman & Hinton, lecture 6.5 (2012); centred: Graves (2013), section 4.2. */
#include <lacuna/optimizer.h>

#include <math.h>

typedef struct {
    LacOptimizer base;
    double alpha, eps, momentum, decay;
    gboolean centred;
} RmsProp;

static const LacParam params[] = {
    LAC_OPTIMIZER_RATE(RmsProp, 0.01),
    LAC_PARAM_DOUBLE(RmsProp, alpha, 0.99, LAC_RANGE(0.0, 0.9999), "",
                     "Share of the running mean square kept in each step"),
    LAC_PARAM_DOUBLE(RmsProp, eps, 1e-8, LAC_RANGE_ABOVE(0.0), "", "Added to the root mean square"),
    LAC_PARAM_DOUBLE(RmsProp, momentum, 0.0, LAC_RANGE(0.0, 0.9999), "",
                     "Share of the last step that is taken again"),
    LAC_PARAM_BOOL(RmsProp, centred, FALSE,
                   "Divide by the running standard deviation instead of the mean square"),
    LAC_PARAM_DOUBLE(RmsProp, decay, 0.0, LAC_RANGE_FROM(0.0), "per step",
                     "L2 penalty decay/2 * x^2, added to the gradient"),
    LAC_PARAM_END,
};

LAC_CLONES static void
rmsprop_step(const LacOptimizer *optimizer, size_t step, double rate, size_t n,
             const float *gradient, float *state, float *x)
{
    const RmsProp *self = LAC_CAST(const RmsProp, optimizer);
    const float alpha = (float)self->alpha, eps = (float)self->eps, decay = (float)self->decay;
    const float momentum = (float)self->momentum, length = (float)rate;
    const float fresh = (float)(1.0 - self->alpha); /* 1.0f - alpha loses digits */
    const float centred = self->centred ? 1.0f : 0.0f;
    float *v = state, *b = state + n, *mean = state + 2 * n;

#pragma omp simd
    for (size_t k = 0; k < n; k++) {
        const float g = gradient[k] + decay * x[k];

        v[k] = alpha * v[k] + fresh * g * g;
        mean[k] = alpha * mean[k] + fresh * g;

        /* rounding may take a variance of nothing below zero */
        const float spread = fmaxf(v[k] - centred * mean[k] * mean[k], 0.0f);

        b[k] = momentum * b[k] + g / (sqrtf(spread) + eps);
        x[k] -= length * b[k];
    }
}

LAC_PLUGIN_EXPORT const LacOptimizerPlugin lac_plugin = {
    LAC_OPTIMIZER("rmsprop", "The gradient over its running root mean square", RmsProp, params),
    .plugin.citation = "Tieleman & Hinton, Coursera lecture 6.5 (2012); Graves (2013), sec. 4.2",
    .slots = 3,
    .step = rmsprop_step,
};
