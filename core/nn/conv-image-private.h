/* The products of one image of a convolution, in the thread that asks: on the matrix unit
 * (conv-amx-private.h), else as matrix products whose right factor is laid out from its frame. */
#ifndef LACUNA_CONV_IMAGE_PRIVATE_H
#define LACUNA_CONV_IMAGE_PRIVATE_H

#include "conv-amx-private.h"

G_BEGIN_DECLS

/** NnImageProduct: filters applied to images, as nn_image_product_init() finds it.
 * @w: [rows][channels][taps], @bias: [rows] or NULL */
typedef struct {
    NnFrame frame;
    size_t rows;
    const LacReal *w, *bias;
    LacActivation activation;
    LacPrecision precision;
    LacReal *frames; /* [workers][nn_frame_size()] where the matrix unit does not compute */
    gboolean on_amx;
    NnConvAmx amx;
} NnImageProduct;

/** nn_image_product_init: memory for all threads. FALSE: there is none, the tape's error is set. */
gboolean nn_image_product_init(LacTape *tape, NnImageProduct *product);
/** nn_image_product: @out [rows x windows] = act(w applied to @image + bias) or += it. @more: the
 * image behind it comes next. */
void nn_image_product(const NnImageProduct *product, unsigned worker, const LacReal *image,
                      gboolean more, gboolean add, LacReal *out);

/** NnImageWeights: the gradient by the filters, in as many sums as blocks of images. */
typedef struct {
    NnFrame frame;
    size_t filters, blocks, size; /* size: values of a sum */
    LacReal *sums;                /* [blocks][size] */
    LacPrecision precision;
    LacReal *frames;
    gboolean on_amx;
    NnWeightsAmx amx;
} NnImageWeights;

gboolean
nn_image_weights_init(LacTape *tape, NnImageWeights *weights, const NnConv *conv, size_t blocks);
/** nn_image_weights: adds that of @image and @y [filters x windows] to the sum of @block. */
void nn_image_weights(const NnImageWeights *weights, unsigned worker, size_t block,
                      const LacReal *image, const LacReal *y, gboolean more);
/** nn_image_weights_end: @w [filters][channels][taps] = or += the sum of sums, in order. */
void nn_image_weights_end(const NnImageWeights *weights, gboolean add, LacReal *w);

G_END_DECLS

#endif
