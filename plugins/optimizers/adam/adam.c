/* adam: steps of the running mean of the gradient over the running root mean square, both
 * corrected for their start at zero: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, then
 * x -= rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps); g includes decay * x.
 * adamw: weight decay does not pass through the moments, x first shrinks by rate * decay, so that
 * strong gradients do not weaken it.
 * Source: Kingma & Ba, Adam (ICLR 2015), algorithm 1; Loshchilov & Hutter, Decoupled weight decay
 * regularization (ICLR 2019), algorithm 2. */
#include <lacuna/optimizer.h>

#include <math.h>

typedef struct {
    LacOptimizer base;
    double beta1, beta2, eps, decay;
} Adam;

#define ADAM_PARAMS                                                                                \
    LAC_OPTIMIZER_RATE(Adam, 1e-3),                                                                \
        LAC_PARAM_DOUBLE(Adam, beta1, 0.9, LAC_RANGE(0.0, 0.9999), "",                             \
                         "Share of the running mean kept in each step"),                           \
        LAC_PARAM_DOUBLE(Adam, beta2, 0.999, LAC_RANGE(0.0, 0.999999), "",                         \
                         "Share of the running mean square kept in each step"),                    \
        LAC_PARAM_DOUBLE(Adam, eps, 1e-8, LAC_RANGE_ABOVE(0.0), "",                                \
                         "Added to the root mean square; keeps small gradients from large steps")

static const LacParam adam_params[] = {
    ADAM_PARAMS,
    LAC_PARAM_DOUBLE(Adam, decay, 0.0, LAC_RANGE_FROM(0.0), "per step",
                     "L2 penalty decay/2 * x^2, added to the gradient"),
    LAC_PARAM_END,
};

static const LacParam adamw_params[] = {
    ADAM_PARAMS,
    LAC_PARAM_DOUBLE(Adam, decay, 0.01, LAC_RANGE_FROM(0.0), "per step and rate",
                     "Share of every value lost in a step, times the rate"),
    LAC_PARAM_END,
};

/* One update; @penalty * x joins the gradient, @kept is what a step leaves of x. */
LAC_CLONES static void
update(const Adam *self, size_t step, double rate, float penalty, float kept, size_t n,
       const float *gradient, float *state, float *x)
{
    const float b1 = (float)self->beta1, b2 = (float)self->beta2;
    /* 1 - 0.999f is wrong in its fifth digit */
    const float new1 = (float)(1.0 - self->beta1), new2 = (float)(1.0 - self->beta2);
    /* the bias corrections of a whole step in two factors, in double: 1 - b2^t loses half of a
     * float's digits in the first steps */
    const double root = sqrt(1.0 - pow(self->beta2, (double)step));
    const float length = (float)(rate * root / (1.0 - pow(self->beta1, (double)step)));
    const float eps = (float)(self->eps * root);
    float *m = state, *v = state + n;

#pragma omp simd
    for (size_t k = 0; k < n; k++) {
        const float g = gradient[k] + penalty * x[k];

        m[k] = b1 * m[k] + new1 * g;
        v[k] = b2 * v[k] + new2 * g * g;
        x[k] = kept * x[k] - length * m[k] / (sqrtf(v[k]) + eps);
    }
}

static void
adam_step(const LacOptimizer *optimizer, size_t step, double rate, size_t n, const float *gradient,
          float *state, float *x)
{
    const Adam *self = LAC_CAST(const Adam, optimizer);

    update(self, step, rate, (float)self->decay, 1.0f, n, gradient, state, x);
}

static void
adamw_step(const LacOptimizer *optimizer, size_t step, double rate, size_t n, const float *gradient,
           float *state, float *x)
{
    const Adam *self = LAC_CAST(const Adam, optimizer);

    update(self, step, rate, 0.0f, (float)(1.0 - rate * self->decay), n, gradient, state, x);
}

static const LacOptimizerPlugin adamw_plugin = {
    LAC_OPTIMIZER("adamw", "Adam with decoupled weight decay", Adam, adamw_params),
    .plugin.citation = "Loshchilov & Hutter, Decoupled weight decay regularization (ICLR 2019)",
    .slots = 2,
    .step = adamw_step,
};

LAC_PLUGIN_EXPORT const LacOptimizerPlugin lac_plugin = {
    LAC_OPTIMIZER("adam", "Steps scaled by running moments of the gradient", Adam, adam_params),
    .plugin.citation = "Kingma & Ba, Adam: a method for stochastic optimization (ICLR 2015)",
    .plugin.next = &adamw_plugin.plugin,
    .slots = 2,
    .step = adam_step,
};
