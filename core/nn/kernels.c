#include "kernels-private.h"

const NnKernels *
lac_nn_kernels(void)
{
    static const NnKernels kernels = {
        .gemm = nn_gemm,
        .gemm_own = nn_gemm_own,
        .gemm_amx = nn_gemm_amx,
        .gemm_blas = nn_gemm_blas,
        .lay_out_transposed = nn_lay_out_transposed,
        .conv_forward = nn_conv_forward,
        .conv_adjoint = nn_conv_adjoint,
        .conv_weights = nn_conv_weights,
        .chain = nn_chain,
        .flow = nn_flow,
        .stack = nn_stack,
        .stack_suits = nn_stack_suits,
    };

    return &kernels;
}
