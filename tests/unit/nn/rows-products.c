/* Rows of linear layers and matrix products. */
#include "kernels-private.h"
#include "rows.h"

/* a linear layer that ends in an activation */
#define LINEAR(name, activation)                                                                   \
    static LacTensor *apply_linear_##name(LacTape *tape, LacTensor *const *x)                      \
    {                                                                                              \
        return lac_nn_linear(x[0], x[1], x[2], LAC_ACTIVATION_##activation);                       \
    }

LINEAR(none, NONE)
LINEAR(relu, RELU)
LINEAR(leaky_relu, LEAKY_RELU)
LINEAR(elu, ELU)
LINEAR(tanh, TANH)
LINEAR(sigmoid, SIGMOID)
LINEAR(softplus, SOFTPLUS)

static LacTensor *
apply_linear_no_bias(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_linear(x[0], x[1], NULL, LAC_ACTIVATION_NONE);
}

/* layers of one operator; the last ends in a sigmoid */
static LacTensor *
apply_chain(LacTape *tape, LacTensor *const *x)
{
    static const LacActivation activations[] = {LAC_ACTIVATION_TANH, LAC_ACTIVATION_ELU,
                                                LAC_ACTIVATION_SIGMOID};

    return lac_nn_kernels()->chain(x[0], 3, (LacTensor *[]){x[1], x[3], x[5]},
                                   (LacTensor *[]){x[2], x[4], x[6]}, activations);
}

static LacTensor *
apply_chain_of_two(LacTape *tape, LacTensor *const *x)
{
    static const LacActivation activations[] = {LAC_ACTIVATION_SOFTPLUS, LAC_ACTIVATION_NONE};

    return lac_nn_kernels()->chain(x[0], 2, (LacTensor *[]){x[1], x[3]},
                                   (LacTensor *[]){x[2], x[4]}, activations);
}

/* affine couplings: two of one hidden layer, and three of two */
static const LacReal flow_masks[] = {1, 0, 1, 0, 1, 0, 0, 0, 1};

#define FLOW(name, layers_, activation_, decode, ...)                                              \
    static LacTensor *apply_flow_##name(LacTape *tape, LacTensor *const *x)                        \
    {                                                                                              \
        const NnFlow flow = {.columns = 3,                                                         \
                             .couplings = (layers_),                                               \
                             .layers = (layers_),                                                  \
                             .widths = {__VA_ARGS__},                                              \
                             .activation = LAC_ACTIVATION_##activation_,                           \
                             .masks = flow_masks};                                                 \
                                                                                                   \
        return lac_nn_kernels()->flow(x[0], x[1], &flow, decode);                                  \
    }

FLOW(encode, 2, TANH, FALSE, 3, 4, 3)
FLOW(decode, 2, SOFTPLUS, TRUE, 3, 4, 3)
FLOW(encode_three, 3, ELU, FALSE, 3, 2, 4, 3)
FLOW(decode_three, 3, SIGMOID, TRUE, 3, 2, 4, 3)

#define MATMUL(name, ta, tb)                                                                       \
    static LacTensor *apply_matmul_##name(LacTape *tape, LacTensor *const *x)                      \
    {                                                                                              \
        return lac_nn_matmul(ta, tb, x[0], x[1]);                                                  \
    }

MATMUL(nn, FALSE, FALSE)
MATMUL(nt, FALSE, TRUE)
MATMUL(tn, TRUE, FALSE)
MATMUL(tt, TRUE, TRUE)

ROWS(products) = {
    ROW("linear", "plain", apply_linear_none, X(3, 5), X(4, 5), X(4)),
    ROW("linear", "one row", apply_linear_none, X(1, 5), X(4, 5), X(4)),
    ROW("linear", "one in, one out", apply_linear_none, X(1, 1), X(1, 1), X(1)),
    ROW("linear", "no bias", apply_linear_no_bias, X(3, 5), X(4, 5)),
    ROW("linear", "samples", apply_linear_tanh, X(2, 3, 5), X(4, 5), X(4)),
    ROW("linear", "relu", apply_linear_relu, X(3, 5), X(4, 5), X(4)),
    ROW("linear", "leaky relu", apply_linear_leaky_relu, X(3, 5), X(4, 5), X(4)),
    ROW("linear", "elu", apply_linear_elu, X(3, 5), X(4, 5), X(4)),
    ROW("linear", "sigmoid", apply_linear_sigmoid, X(3, 5), X(4, 5), X(4)),
    ROW("linear", "softplus", apply_linear_softplus, X(3, 5), X(4, 5), X(4)),
    ROW("linear", "more than one panel", apply_linear_tanh, BETWEEN(-0.2, 0.2, 7, 70),
        BETWEEN(-0.2, 0.2, 33, 70), X(33)),
    ROW("chain", "three layers", apply_chain, X(5, 3), X(4, 3), X(4), X(6, 4), X(6), X(2, 6), X(2)),
    ROW("chain", "one row", apply_chain, X(1, 3), X(4, 3), X(4), X(1, 4), X(1), X(2, 1), X(2)),
    ROW("chain", "two layers, samples", apply_chain_of_two, X(2, 3, 3), X(4, 3), X(4), X(2, 4),
        X(2)),
    /* differences of sums over 300 rows lose a digit more */
    LOOSE_ROW(10, "chain", "several blocks", apply_chain_of_two, BETWEEN(-0.2, 0.2, 300, 2),
              BETWEEN(-0.2, 0.2, 3, 2), X(3), BETWEEN(-0.2, 0.2, 1, 3), X(1)),
    /* of a network 3-4-3 there are 31 parameters, of 3-2-4-3 there are 35 */
    ROW("flow", "encode", apply_flow_encode, X(5, 3), BETWEEN(-0.7, 0.7, 124)),
    ROW("flow", "decode", apply_flow_decode, X(5, 3), BETWEEN(-0.7, 0.7, 124)),
    ROW("flow", "encode, two hidden layers", apply_flow_encode_three, X(2, 3),
        BETWEEN(-0.7, 0.7, 210)),
    ROW("flow", "decode, one row", apply_flow_decode_three, X(1, 3), BETWEEN(-0.7, 0.7, 210)),
    ROW("matmul", "plain", apply_matmul_nn, X(3, 4), X(4, 5)),
    ROW("matmul", "second transposed", apply_matmul_nt, X(3, 4), X(5, 4)),
    ROW("matmul", "first transposed", apply_matmul_tn, X(4, 3), X(4, 5)),
    ROW("matmul", "both transposed", apply_matmul_tt, X(4, 3), X(5, 4)),
    ROW("matmul", "a batch", apply_matmul_nn, X(2, 3, 4), X(2, 4, 5)),
    ROW("matmul", "a batch, transposed", apply_matmul_tt, X(2, 4, 3), X(2, 5, 4)),
    ROW("matmul", "one factor for the batch", apply_matmul_nn, X(2, 3, 4), X(4, 5)),
    ROW("matmul", "one factor in front of a batch", apply_matmul_tn, X(4, 3), X(2, 4, 5)),
    /* a batch of one */
    ROW("matmul", "one row", apply_matmul_nn, X(1, 5), X(5, 3)),
    ROW("matmul", "one of a batch", apply_matmul_nt, X(1, 3, 5), X(1, 1, 5)),
};
ROWS_END(products);
