/* Some small linear layers as one operator. */
#ifndef LACUNA_CHAIN_PRIVATE_H
#define LACUNA_CHAIN_PRIVATE_H

#include "base-private.h"
#include <lacuna/ops.h>

G_BEGIN_DECLS

enum {
    NN_CHAIN_LAYERS = 3,       /* at most */
    NN_CHAIN_VALUES = 1 << 16, /* of all weights, at most: each block has gradients of its own */
};

/** nn_chain_suits: whether @n layers are better one operator than @n of them. */
gboolean nn_chain_suits(const LacTensor *x, size_t n, LacTensor *const *w, LacTensor *const *b);
/** nn_chain: @n layers of lac_nn_linear(), 1 <= n <= NN_CHAIN_LAYERS, each with bias @b. */
LAC_PRIVATE_API LacTensor *nn_chain(LacTensor *x, size_t n, LacTensor *const *w,
                                    LacTensor *const *b, const LacActivation *activations);

G_END_DECLS

#endif
