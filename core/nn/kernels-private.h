/* The inner functions of this room that tests and benchmarks look at by themselves. liblacuna.so
 * shows none of their names to third parties, only the way to this table. */
#ifndef LACUNA_KERNELS_PRIVATE_H
#define LACUNA_KERNELS_PRIVATE_H

#include "chain-private.h"
#include "conv-private.h"
#include "conv-stack-private.h"
#include "flow-private.h"
#include "gemm-private.h"

G_BEGIN_DECLS

/** NnKernels: each field is the function nn_<field>. */
typedef struct {
    __typeof__(nn_gemm) *gemm;
    __typeof__(nn_gemm_own) *gemm_own;
    __typeof__(nn_gemm_amx) *gemm_amx;
    __typeof__(nn_gemm_blas) *gemm_blas;
    __typeof__(nn_lay_out_transposed) *lay_out_transposed;
    __typeof__(nn_conv_forward) *conv_forward;
    __typeof__(nn_conv_adjoint) *conv_adjoint;
    __typeof__(nn_conv_weights) *conv_weights;
    __typeof__(nn_chain) *chain;
    __typeof__(nn_flow) *flow;
    __typeof__(nn_stack) *stack;
    __typeof__(nn_stack_suits) *stack_suits;
} NnKernels;

/** lac_nn_kernels: static. */
LAC_PRIVATE_API const NnKernels *lac_nn_kernels(void);

G_END_DECLS

#endif
