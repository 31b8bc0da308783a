/* Some small linear layers at once: a block of rows goes through all of them in one thread. */
#ifndef LACUNA_CHAIN_PRIVATE_H
#define LACUNA_CHAIN_PRIVATE_H

#include "gemm-private.h"
#include "parallel-private.h"
#include <lacuna/ops.h>

G_BEGIN_DECLS

enum {
    NN_CHAIN_LAYERS = 3,       /* of the operator, at most */
    NN_CHAIN_MOST = 8,         /* of an NnChain */
    NN_CHAIN_VALUES = 1 << 16, /* of all weights, at most: each block has gradients of its own */
};

/* ---- as an operator ---- */

/** nn_chain_suits: whether @n layers are better one operator than @n of them. */
gboolean nn_chain_suits(const LacTensor *x, size_t n, LacTensor *const *w, LacTensor *const *b);
/** nn_chain: @n layers of lac_nn_linear(), 1 <= n <= NN_CHAIN_LAYERS, each with bias @b. */
LAC_PRIVATE_API LacTensor *nn_chain(LacTensor *x, size_t n, LacTensor *const *w,
                                    LacTensor *const *b, const LacActivation *activations);

/* ---- as a part of other operators ---- */

/** NnBlocks: @n blocks of @rows rows, the last of what is left; whatever the number of threads. */
typedef struct {
    size_t n, rows;
} NnBlocks;

NnBlocks nn_blocks(size_t rows);
/** nn_blocks_for: @body for blocks; @seconds: what it takes in one thread, roughly. */
void nn_blocks_for(NnBlocks blocks, double seconds, LacLoopBody body, void *user);

/** NnChain: layer k maps @widths[k] to @widths[k + 1] columns.
 * @h: [layers + 1] what goes in, what is between, and the result, [rows x width] each
 * @packed: W' and W as nn_chain_pack() laid them out for all blocks; NULL: each does */
typedef struct {
    size_t layers, widths[NN_CHAIN_MOST + 1];
    LacActivation activations[NN_CHAIN_MOST];
    const LacReal *w[NN_CHAIN_MOST], *b[NN_CHAIN_MOST];
    LacReal *h[NN_CHAIN_MOST + 1];
    LacPrecision precision;
    uint16_t *packed[2][NN_CHAIN_MOST];
} NnChain;

/** NnChainBack: where the gradients of some rows go.
 * @gy: [rows x last width] that of the result; used up
 * @spare: [rows x widest but the last] each, for what is between
 * @gx, @gw, @gb: NULL: not wanted. @add_x, @add_w, @add_b: to what is there */
typedef struct {
    LacReal *gy, *spare[2], *gx, *gw[NN_CHAIN_MOST], *gb[NN_CHAIN_MOST];
    gboolean add_x, add_w[NN_CHAIN_MOST], add_b[NN_CHAIN_MOST];
} NnChainBack;

/** nn_chain_pack: lays out weights in arena memory where there are so many blocks that it pays.
 * FALSE: no memory. */
gboolean nn_chain_pack(LacTape *tape, NnChain *chain, NnBlocks blocks, gboolean backward);
/** nn_chain_forward: rows [@from, @from + @rows) through all layers, in the calling thread. */
void nn_chain_forward(const NnChain *chain, size_t from, size_t rows);
/** nn_chain_backward: the same back; pointers of @to are to the first of these rows. */
void nn_chain_backward(const NnChain *chain, size_t from, size_t rows, const NnChainBack *to);
/** nn_chain_seconds: roughly, in one thread; @passes: 1 forward, 2 backward. */
double nn_chain_seconds(const NnChain *chain, size_t rows, double passes);

G_END_DECLS

#endif
