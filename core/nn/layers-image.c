/* Layers on images: convolutions and batch norm. */
#include "conv-stack-private.h"
#include "layer-private.h"

/* ---- convolution ---- */

void
lac_conv_init(LacConvLayer *layer, LacNet *net, const char *name, size_t channels, size_t filters,
              size_t kernel, LacConv geometry, LacActivation activation, LacInit init)
{
    const size_t area = kernel * kernel, in = channels * area, out = filters * area;

    *layer = (LacConvLayer){.geometry = geometry, .activation = activation};
    layer->weight = nn_layer_add(net, name, "weight", init, in, out,
                                 LAC_SHAPE(filters, channels, kernel, kernel));
    layer->bias = nn_layer_add(net, name, "bias", nn_bias_init(init), in, out, LAC_SHAPE(filters));
}

void
lac_conv_transpose_init(LacConvLayer *layer, LacNet *net, const char *name, size_t channels,
                        size_t filters, size_t kernel, LacConv geometry, size_t height,
                        size_t width, LacActivation activation, LacInit init)
{
    const size_t area = kernel * kernel, in = channels * area, out = filters * area;

    *layer = (LacConvLayer){
        .geometry = geometry,
        .activation = activation,
        .transposed = TRUE,
        .height = height,
        .width = width,
    };
    layer->weight = nn_layer_add(net, name, "weight", init, in, out,
                                 LAC_SHAPE(channels, filters, kernel, kernel));
    layer->bias = nn_layer_add(net, name, "bias", nn_bias_init(init), in, out, LAC_SHAPE(filters));
}

LacTensor *
lac_conv_apply(const LacConvLayer *layer, LacTensor *x)
{
    LacTensor *weight, *bias;

    if (x == NULL)
        return NULL;
    weight = lac_net_use(x->tape, layer->weight);
    bias = layer->bias != NULL ? lac_net_use(x->tape, layer->bias) : NULL;
    if (layer->transposed)
        return lac_nn_conv_transpose2d(x, weight, bias, layer->geometry, layer->height,
                                       layer->width, layer->activation);
    return lac_nn_conv2d(x, weight, bias, layer->geometry, layer->activation);
}

LacConv
lac_conv_same(size_t size, size_t kernel, size_t stride)
{
    const size_t out = (size + stride - 1) / stride, reach = (out - 1) * stride + kernel;
    const size_t total = reach > size ? reach - size : 0, before = total / 2;

    return (LacConv){
        .stride = stride,
        .top = before,
        .left = before,
        .bottom = total - before,
        .right = total - before,
    };
}

/* ---- batch norm ---- */

void
lac_batch_norm_init(LacBatchNorm *layer, LacNet *net, const char *name, size_t channels)
{
    g_autofree char *running = g_strconcat(name, ".running", NULL);

    layer->gamma = nn_layer_add(net, name, "gamma", LAC_INIT_ONES, 1, 1, LAC_SHAPE(channels));
    layer->beta = nn_layer_add(net, name, "beta", LAC_INIT_ZEROS, 1, 1, LAC_SHAPE(channels));
    layer->running = lac_net_add_state(net, running, 2 * channels);
    for (size_t c = 0; c < channels; c++)
        layer->running[channels + c] = 1; /* variances */
    layer->momentum = (LacReal)0.1;
    layer->eps = (LacReal)1e-5;
}

LacTensor *
lac_batch_norm_apply(const LacBatchNorm *layer, LacTensor *x)
{
    if (x == NULL)
        return NULL;
    return lac_nn_batch_norm(x, lac_net_use(x->tape, layer->gamma),
                             lac_net_use(x->tape, layer->beta), layer->running, layer->momentum,
                             layer->eps);
}

/* ---- one behind the other ---- */

static NnStackLayer
stack_layer(LacTape *tape, const LacConvLayer *conv, const LacBatchNorm *norm)
{
    NnStackLayer layer = {.w = lac_net_use(tape, conv->weight),
                          .b = conv->bias != NULL ? lac_net_use(tape, conv->bias) : NULL,
                          .geometry = conv->geometry,
                          .activation = conv->activation};

    if (norm != NULL) {
        layer.gamma = lac_net_use(tape, norm->gamma);
        layer.beta = lac_net_use(tape, norm->beta);
        layer.running = norm->running;
        layer.momentum = norm->momentum;
        layer.eps = norm->eps;
    }
    return layer;
}

LacTensor *
lac_conv_stack_apply(size_t n, const LacConvLayer *conv, const LacBatchNorm *norm, LacTensor *x)
{
    NnStackLayer layers[LAC_CONV_STACK] = {0};
    gboolean plain = n <= LAC_CONV_STACK;

    if (x == NULL)
        return NULL;
    for (size_t k = 0; k < n && plain; k++) {
        plain = !conv[k].transposed;
        if (plain)
            layers[k] = stack_layer(x->tape, &conv[k], norm != NULL ? &norm[k] : NULL);
    }
    if (plain && nn_stack_suits(x, n, layers))
        return nn_stack(x, n, layers);
    for (size_t k = 0; k < n; k++) {
        x = lac_conv_apply(&conv[k], x);
        if (norm != NULL)
            x = lac_batch_norm_apply(&norm[k], x);
    }
    return x;
}
