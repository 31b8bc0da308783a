/* Affine couplings one behind the other as one operator. */
#ifndef LACUNA_FLOW_PRIVATE_H
#define LACUNA_FLOW_PRIVATE_H

#include "chain-private.h"

G_BEGIN_DECLS

/** NnFlow: the couplings' sizes. Their parameters are one vector: the networks of all scales,
 * then those of all shifts, of each the layers' weights [out x in] and biases [out] in turn.
 * @layers, @widths: of every network; the first and the last width are @columns
 * @activation: after all layers but the last, where scales have tanh and shifts nothing
 * @masks: [couplings x columns], 1: the column passes unchanged, 0: it is transformed */
typedef struct {
    size_t columns, couplings, layers, widths[NN_CHAIN_MOST + 1];
    LacActivation activation;
    const LacReal *masks;
} NnFlow;

/** nn_flow_values: how many parameters one network has; nn_flow_suits: whether nn_flow() is the
 * way to apply @flow to @x. */
size_t nn_flow_values(const NnFlow *flow);
/** nn_flow_network: where the parameters of a coupling's scales (@which: 0) or shifts (1) begin;
 * nn_flow_activation: behind layer @layer of such a network. */
size_t nn_flow_network(const NnFlow *flow, size_t coupling, size_t which);
LacActivation nn_flow_activation(const NnFlow *flow, size_t which, size_t layer);
gboolean nn_flow_suits(const NnFlow *flow, const LacTensor *x);
/**
 * nn_flow:
 * @x: [B x columns]
 * @theta: [2 couplings * nn_flow_values()]
 * @decode: backwards through the couplings
 *
 * Returns: [B x columns + 1]: what becomes of x, then the sum of all scales, ln |dz/dx|.
 */
LAC_PRIVATE_API LacTensor *
nn_flow(LacTensor *x, LacTensor *theta, const NnFlow *flow, gboolean decode);
/** NnFlowPieces: the tensors @w, @b [2 couplings * layers] of weights and biases, in theta's order.
 * nn_flow_pieces_init: arena memory for them; FALSE: there is none. */
typedef struct {
    LacTensor **w, **b;
} NnFlowPieces;

gboolean nn_flow_pieces_init(NnFlowPieces *pieces, LacTape *tape, const NnFlow *flow);
/** nn_flow_by_layers: the same as nn_flow() from other operators. */
LacTensor *
nn_flow_by_layers(LacTensor *x, const NnFlowPieces *theta, const NnFlow *flow, gboolean decode);
/** nn_flow_record: what the operator's `record` does. */
void
nn_flow_record(LacTensor *y, LacTensor *gy, LacTensor **gx, const NnFlow *flow, gboolean decode);

G_END_DECLS

#endif
