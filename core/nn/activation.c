/* Loops of the activations, see activation-private.h. */
#include "activation-private.h"
#include "vmath-private.h"

/* The loop around a formula in x = v[i] + what, for each activation. */
#define APPLY_LOOP(what, formula)                                                                  \
    for (size_t i = 0; i < n; i++) {                                                               \
        const LacReal x = v[i] + (what);                                                           \
                                                                                                   \
        v[i] = (formula);                                                                          \
    }                                                                                              \
    break

#define APPLY_SWITCH(what)                                                                         \
    switch (activation) {                                                                          \
    case LAC_ACTIVATION_RELU:                                                                      \
        APPLY_LOOP(what, x < 0 ? 0 : x); /* NaN stays */                                           \
    case LAC_ACTIVATION_LEAKY_RELU:                                                                \
        APPLY_LOOP(what, x > 0 ? x : NN_LEAKY_SLOPE * x);                                          \
    case LAC_ACTIVATION_ELU:                                                                       \
        APPLY_LOOP(what, x > 0 ? x : lac_real_exp(x) - 1);                                         \
    case LAC_ACTIVATION_TANH:                                                                      \
        APPLY_LOOP(what, lac_real_tanh(x));                                                        \
    case LAC_ACTIVATION_SIGMOID:                                                                   \
        APPLY_LOOP(what, lac_real_sigmoid(x));                                                     \
    case LAC_ACTIVATION_SOFTPLUS:                                                                  \
        APPLY_LOOP(what, lac_real_softplus(x));                                                    \
    default:                                                                                       \
        APPLY_LOOP(what, x);                                                                       \
    }

LAC_CLONES void
nn_activation_apply(LacActivation activation, size_t n, LacReal shift, LacReal *v)
{
    APPLY_SWITCH(shift);
}

LAC_CLONES static void
apply_shifted(LacActivation activation, size_t n, const LacReal *restrict shift,
              LacReal *restrict v)
{
    APPLY_SWITCH(shift[i]);
}

void
nn_activation_apply_row(LacActivation activation, size_t n, const LacReal *shift, LacReal *v)
{
    if (shift != NULL)
        apply_shifted(activation, n, shift, v);
    else if (activation != LAC_ACTIVATION_NONE)
        nn_activation_apply(activation, n, 0, v);
}

/* 1 - e^-y = 2 t / (1 + t) with t = tanh(y/2), which keeps its digits where y is small */
static inline LacReal
softplus_slope(LacReal y)
{
    const LacReal t = lac_real_tanh((LacReal)0.5 * y);

    return 2 * t / (1 + t);
}

#define SLOPE_LOOP(formula)                                                                        \
    for (size_t i = 0; i < n; i++)                                                                 \
        g[i] = (formula);                                                                          \
    break

LAC_CLONES void
nn_activation_slope(LacActivation activation, size_t n, const LacReal *y, const LacReal *gy,
                    LacReal *g)
{
    switch (activation) {
    case LAC_ACTIVATION_RELU:
        SLOPE_LOOP(y[i] > 0 ? gy[i] : 0);
    case LAC_ACTIVATION_LEAKY_RELU:
        SLOPE_LOOP(y[i] > 0 ? gy[i] : NN_LEAKY_SLOPE * gy[i]);
    case LAC_ACTIVATION_ELU:
        SLOPE_LOOP(y[i] > 0 ? gy[i] : gy[i] * (y[i] + 1));
    case LAC_ACTIVATION_TANH:
        SLOPE_LOOP(gy[i] * (1 - y[i] * y[i]));
    case LAC_ACTIVATION_SIGMOID:
        SLOPE_LOOP(gy[i] * y[i] * (1 - y[i]));
    case LAC_ACTIVATION_SOFTPLUS:
        SLOPE_LOOP(gy[i] * softplus_slope(y[i]));
    default:
        SLOPE_LOOP(gy[i]);
    }
}
