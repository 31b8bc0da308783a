/* Convolutions one behind the other, each with ReLU and batch norm if wanted, as one chain of
 * operators: what is between two of them never becomes a tensor of channel after channel. */
#ifndef LACUNA_CONV_STACK_PRIVATE_H
#define LACUNA_CONV_STACK_PRIVATE_H

#include "base-private.h"
#include <lacuna/ops.h>

G_BEGIN_DECLS

/** NnStackLayer: gamma (r - mean) / sd + beta, r = act(x * w + b), the activation ReLU or none.
 * @b: or NULL
 * @gamma, @beta, @running: as lac_nn_batch_norm() takes them; NULL: r it is */
typedef struct {
    LacTensor *w, *b, *gamma, *beta;
    LacReal *running;
    LacReal momentum, eps;
    LacConv geometry;
    LacActivation activation;
} NnStackLayer;

/** nn_stack_suits: whether the matrix unit is there and @n layers fit it, each other and @x. */
LAC_PRIVATE_API gboolean nn_stack_suits(const LacTensor *x, size_t n, const NnStackLayer *layers);
/** nn_stack: the last layer's result, [N x C x H x W]. Differentiable once. */
LAC_PRIVATE_API LacTensor *nn_stack(LacTensor *x, size_t n, const NnStackLayer *layers);

G_END_DECLS

#endif
