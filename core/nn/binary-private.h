/* What the files of element-wise operators of two tensors share. */
#ifndef LACUNA_BINARY_PRIVATE_H
#define LACUNA_BINARY_PRIVATE_H

#include "map-private.h"

G_BEGIN_DECLS

/** nn_binary: y = @kernel(a, b), in[0] = a, in[1] = b, both stretched to the shape of y. */
LacTensor *nn_binary(const LacOp *op, NnKernel kernel, LacTensor *a, LacTensor *b);

G_END_DECLS

#endif
