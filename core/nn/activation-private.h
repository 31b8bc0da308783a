/* Activations that linear layers, convolutions and products apply to their own result. The slope is
 * a function of that result y, so that nothing but y has to be kept:
 *
 *   relu        y > 0                leaky_relu  y > 0 ? 1 : 0.01
 *   elu         y > 0 ? 1 : y + 1    tanh        1 - y^2
 *   sigmoid     y (1 - y)            softplus    1 - e^-y
 *
 * The same as tape operators is nn_activation_record() (unary-private.h). */
#ifndef LACUNA_ACTIVATION_PRIVATE_H
#define LACUNA_ACTIVATION_PRIVATE_H

#include "base-private.h"
#include <lacuna/ops.h>

G_BEGIN_DECLS

/** NN_LEAKY_SLOPE: of LAC_ACTIVATION_LEAKY_RELU. */
#define NN_LEAKY_SLOPE ((LacReal)0.01)

/** nn_activation_apply: v = act(v + shift) for @n values, in the calling thread. */
LAC_PRIVATE_API void
nn_activation_apply(LacActivation activation, size_t n, LacReal shift, LacReal *v);
/** nn_activation_apply_row: the same with a shift [n] for each, which may be NULL. */
LAC_PRIVATE_API void
nn_activation_apply_row(LacActivation activation, size_t n, const LacReal *shift, LacReal *v);
/** nn_activation_slope: g = gy act'(y) for @n values, in the calling thread; @g may be @gy. */
LAC_PRIVATE_API void nn_activation_slope(LacActivation activation, size_t n, const LacReal *y,
                                         const LacReal *gy, LacReal *g);

G_END_DECLS

#endif
