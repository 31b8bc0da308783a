/* What the files of element-wise operators of one tensor share. */
#ifndef LACUNA_UNARY_PRIVATE_H
#define LACUNA_UNARY_PRIVATE_H

#include "map-private.h"
#include <lacuna/ops.h>

G_BEGIN_DECLS

enum { NN_CONSTANTS = 2 };

/** nn_unary: y = @kernel(x), in[0] = x; @p [NN_CONSTANTS] or NULL are kept for backward. */
LacTensor *nn_unary(const LacOp *op, NnKernel kernel, LacTensor *x, const LacReal *p);
/** nn_unary_backward: adds @kernel to the gradient of x; in[0] = gradient of y, in[1] = x,
 * in[2] = y. */
void nn_unary_backward(const LacTensor *y, NnKernel kernel);
/** nn_unary_constant: a constant of x's shape, @kernel of in[0] = x. */
LacTensor *nn_unary_constant(NnKernel kernel, LacTensor *x, const LacReal *p);

/** nn_activation_record: @gy times the derivative of @activation, from its result @y: for
 * operators that end in an activation. */
LacTensor *nn_activation_record(LacTensor *y, LacTensor *gy, LacActivation activation);

G_END_DECLS

#endif
