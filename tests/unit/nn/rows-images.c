/* Rows of convolutions, pooling, batch norm and dropout. */
#include "kernels-private.h"
#include "rows.h"

/* ---- convolutions ---- */

#define CONV(name, activation, ...)                                                                \
    static LacTensor *apply_conv_##name(LacTape *tape, LacTensor *const *x)                        \
    {                                                                                              \
        return lac_nn_conv2d(x[0], x[1], x[2], (LacConv){__VA_ARGS__},                             \
                             LAC_ACTIVATION_##activation);                                         \
    }

CONV(plain, NONE, 1, 0, 0, 0, 0)
CONV(padded, NONE, 1, 1, 1, 1, 1)
CONV(stride, TANH, 2, 0, 1, 1, 0)
CONV(far, NONE, 3, 2, 0, 1, 2)
CONV(relu, RELU, 1, 1, 1, 1, 1)
CONV(sigmoid, SIGMOID, 1, 1, 0, 0, 1)

static LacTensor *
apply_conv_no_bias(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_conv2d(x[0], x[1], NULL, (LacConv){1, 1, 1, 1, 1}, LAC_ACTIVATION_NONE);
}

static LacTensor *
apply_transpose_plain(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_conv_transpose2d(x[0], x[1], x[2], (LacConv){1, 1, 1, 1, 1}, 4, 5,
                                   LAC_ACTIVATION_NONE);
}

static LacTensor *
apply_transpose_stride(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_conv_transpose2d(x[0], x[1], x[2], (LacConv){2, 0, 1, 1, 0}, 7, 6,
                                   LAC_ACTIVATION_TANH);
}

/* the kernel reaches two of three rows and columns */
static LacTensor *
apply_transpose_gaps(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_conv_transpose2d(x[0], x[1], x[2], (LacConv){3, 0, 0, 0, 0}, 7, 5,
                                   LAC_ACTIVATION_SIGMOID);
}

/* d <conv2d(x, W), y> / dW, which is how that operator comes about */
static LacTensor *
apply_weights(LacTape *tape, LacTensor *const *x)
{
    LacTensor *y = lac_nn_conv2d(x[0], x[2], NULL, (LacConv){2, 1, 0, 0, 1}, LAC_ACTIVATION_NONE);

    return lac_tape_gradient(tape, lac_nn_mul(y, x[1]), x[2]);
}

/* ---- planes ---- */

#define PLANES(name, call)                                                                         \
    static LacTensor *apply_##name(LacTape *tape, LacTensor *const *x)                             \
    {                                                                                              \
        return call;                                                                               \
    }

PLANES(max_pool, lac_nn_max_pool(x[0], 2, 2))
PLANES(max_pool_overlapping, lac_nn_max_pool(x[0], 3, 2))
PLANES(avg_pool, lac_nn_avg_pool(x[0], 2, 2))
PLANES(avg_pool_overlapping, lac_nn_avg_pool(x[0], 3, 1))
PLANES(upsample, lac_nn_upsample(x[0], 3))

static LacTensor *
apply_batch_norm(LacTape *tape, LacTensor *const *x)
{
    static LacReal running[2 * 8];

    return lac_nn_batch_norm(x[0], x[1], x[2], running, (LacReal)0.1, (LacReal)1e-5);
}

static LacTensor *
apply_batch_norm_running(LacTape *tape, LacTensor *const *x)
{
    static LacReal running[] = {(LacReal)0.5, -1, 2, (LacReal)0.25};
    LacTensor *y;

    lac_tape_set_training(tape, FALSE);
    y = lac_nn_batch_norm(x[0], x[1], x[2], running, (LacReal)0.1, (LacReal)1e-5);
    lac_tape_set_training(tape, TRUE);
    return y;
}

/* One layer of a stack, where there are operators for that; else what it stands for. */
static LacTensor *
stack_of(LacTensor *x, const NnStackLayer *layer)
{
    LacTensor *y;

    if (lac_nn_kernels()->stack_suits(x, 1, layer))
        return lac_nn_kernels()->stack(x, 1, layer);
    y = lac_nn_conv2d(x, layer->w, layer->b, layer->geometry, layer->activation);
    return layer->gamma == NULL ? y
                                : lac_nn_batch_norm(y, layer->gamma, layer->beta, layer->running,
                                                    layer->momentum, layer->eps);
}

static LacTensor *
apply_stack(LacTape *tape, LacTensor *const *x)
{
    static LacReal running[2 * 17];
    const LacConv geometry = {2, 1, 1, 1, 1};

    return stack_of(x[0], &(NnStackLayer){x[1], x[2], x[3], x[4], running, (LacReal)0.1,
                                          (LacReal)1e-5, geometry, LAC_ACTIVATION_NONE});
}

static LacTensor *
apply_stack_wide(LacTape *tape, LacTensor *const *x)
{
    static LacReal running[2 * 16];

    return stack_of(x[0], &(NnStackLayer){x[1],
                                          NULL,
                                          x[2],
                                          x[3],
                                          running,
                                          (LacReal)0.1,
                                          (LacReal)1e-5,
                                          {1, 0, 0, 0, 1},
                                          LAC_ACTIVATION_NONE});
}

static LacTensor *
apply_stack_relu(LacTape *tape, LacTensor *const *x)
{
    return stack_of(x[0], &(NnStackLayer){.w = x[1],
                                          .b = x[2],
                                          .geometry = {1, 0, 1, 1, 0},
                                          .activation = LAC_ACTIVATION_RELU});
}

/* the same values are dropped each time */
static LacTensor *
apply_dropout(LacTape *tape, LacTensor *const *x)
{
    const LacRng rng = lac_rng_new(5);

    lac_tape_set_rng(tape, &rng);
    return lac_nn_dropout(x[0], (LacReal)0.4);
}

ROWS(images) = {
    ROW("conv2d", "plain", apply_conv_plain, X(2, 3, 4, 5), X(2, 3, 3, 3), X(2)),
    ROW("conv2d", "one image, one channel", apply_conv_padded, X(1, 1, 5, 3), X(1, 1, 3, 3), X(1)),
    ROW("conv2d", "one pixel", apply_conv_padded, X(2, 2, 1, 1), X(3, 2, 3, 3), X(3)),
    ROW("conv2d", "one by one", apply_conv_plain, X(2, 3, 2, 3), X(2, 3, 1, 1), X(2)),
    ROW("conv2d", "stride 2, uneven padding, tanh", apply_conv_stride,
        BETWEEN(-0.5, 0.5, 2, 2, 6, 5), BETWEEN(-0.5, 0.5, 3, 2, 3, 2), X(3)),
    ROW("conv2d", "stride beyond the kernel", apply_conv_far, X(1, 2, 7, 8), X(2, 2, 2, 2), X(2)),
    ROW("conv2d", "relu", apply_conv_relu, X(2, 2, 3, 3), X(3, 2, 3, 3), X(3)),
    ROW("conv2d", "sigmoid", apply_conv_sigmoid, X(1, 2, 3, 4), X(2, 2, 2, 2), X(2)),
    ROW("conv2d", "no bias", apply_conv_no_bias, X(2, 2, 3, 4), X(2, 2, 3, 3)),
    ROW("conv_transpose2d", "plain", apply_transpose_plain, X(2, 3, 4, 5), X(3, 2, 3, 3), X(2)),
    ROW("conv_transpose2d", "stride 2, uneven padding, tanh", apply_transpose_stride,
        BETWEEN(-0.5, 0.5, 2, 3, 3, 3), BETWEEN(-0.5, 0.5, 3, 2, 3, 2), X(2)),
    ROW("conv_transpose2d", "stride beyond the kernel", apply_transpose_gaps, X(1, 2, 2, 2),
        X(2, 2, 2, 2), X(2)),
    ROW("conv_weights", "stride 2", apply_weights, X(2, 2, 4, 5), X(2, 3, 2, 3), X(3, 2, 2, 2)),
    ROW("max_pool", "plain", apply_max_pool, X(2, 2, 4, 5)),
    ROW("max_pool", "overlapping", apply_max_pool_overlapping, X(1, 2, 5, 7)),
    ROW("avg_pool", "plain", apply_avg_pool, X(2, 2, 4, 5)),
    ROW("avg_pool", "overlapping", apply_avg_pool_overlapping, X(1, 2, 4, 5)),
    ROW("upsample", "three times", apply_upsample, X(2, 1, 2, 3)),
    LOOSE_ROW(10 /* variances of six values magnify rounding */, "batch_norm", "columns",
              apply_batch_norm, X(6, 3), X(3), X(3)),
    LOOSE_ROW(10 /* as above */, "batch_norm", "channels", apply_batch_norm, X(2, 2, 3, 2), X(2),
              X(2)),
    ROW("batch_norm", "running moments", apply_batch_norm_running, X(3, 2), X(2), X(2)),
    LOOSE_ROW(10 /* as above */, "conv_stage", "batch norm, stride 2", apply_stack, X(2, 3, 5, 3),
              X(17, 3, 3, 3), X(17), X(17), X(17)),
    ROW("conv_stage", "few channels, ReLU", apply_stack_relu, X(2, 3, 4, 3), X(16, 3, 2, 3), X(16)),
    LOOSE_ROW(10 /* as above */, "planes", "no bias", apply_stack_wide, X(2, 16, 2, 3),
              X(16, 16, 1, 2), X(16), X(16)),
    ROW("dropout", "two fifths", apply_dropout, X(7, 5)),
    /* a batch of one */
    ROW("conv_weights", "one image", apply_weights, X(1, 2, 4, 5), X(1, 3, 2, 3), X(3, 2, 2, 2)),
    LOOSE_ROW(10 /* as above */, "batch_norm", "one image", apply_batch_norm, X(1, 2, 3, 5), X(2),
              X(2)),
    ROW("upsample", "one image", apply_upsample, X(1, 1, 3, 5)),
    LOOSE_ROW(10 /* as above */, "conv_stage", "one image", apply_stack, X(1, 3, 5, 3),
              X(17, 3, 3, 3), X(17), X(17), X(17)),
    LOOSE_ROW(10 /* as above */, "planes", "one image", apply_stack_wide, X(1, 16, 3, 3),
              X(16, 16, 1, 2), X(16), X(16)),
    ROW("dropout", "one row", apply_dropout, X(1, 5)),
};
ROWS_END(images);
