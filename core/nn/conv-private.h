/* The three products of a convolution, each a matrix product of the filters or gradients with
 * pixels that are laid out as they are read: no matrix of patches is ever written to memory. */
#ifndef LACUNA_CONV_PRIVATE_H
#define LACUNA_CONV_PRIVATE_H

#include "base-private.h"
#include <lacuna/ops.h>
#include <lacuna/parallel.h>

G_BEGIN_DECLS

/** NnConv: sizes of y [n x filters x out_height x out_width] = x [n x channels x height x width]
 * correlated with W [filters x channels x kernel_height x kernel_width]. */
typedef struct {
    size_t n, channels, height, width;
    size_t filters, kernel_height, kernel_width;
    size_t out_height, out_width;
    LacConv geometry;
} NnConv;

/** nn_conv_sizes: of a convolution with filters @w over @n images of @height x @width; FALSE: the
 * filters do not fit into them. */
gboolean nn_conv_sizes(size_t n, const LacTensor *w, size_t height, size_t width, LacConv geometry,
                       NnConv *v);

/** nn_image_grain: of a loop over @n images whose sums do not depend on it: a few shares a thread,
 * to even out what other programs take of the processor. */
static inline size_t
nn_image_grain(size_t n)
{
    enum { SHARES = 4 };

    return MAX(1, n / (SHARES * lac_threads()));
}

/** NnDirection: a phase of the adjoint, down or across: pixels u = stride i + p of the padded
 * image, which meet taps stride t + p of windows i - t.
 * @taps: t below it; if the kernel has none, one that is 0
 * @first, @places: the i that are inside the image */
typedef struct {
    size_t p, taps, first, places;
} NnDirection;

/** nn_direction: of an image of @size pixels behind @before of padding. */
NnDirection nn_direction(size_t p, size_t stride, size_t kernel, size_t before, size_t size);

/** nn_conv_forward: y = act(x * W + b), @b [filters] or NULL. FALSE: no memory, the tape's error is
 * set; so for all three. */
LAC_PRIVATE_API gboolean nn_conv_forward(LacTape *tape, const NnConv *conv, const LacReal *x,
                                         const LacReal *w, const LacReal *b,
                                         LacActivation activation, gboolean add, LacReal *y);
/** nn_conv_adjoint: x = act(the adjoint applied to y + b), @b [channels] or NULL; or x += it. */
LAC_PRIVATE_API gboolean nn_conv_adjoint(LacTape *tape, const NnConv *conv, const LacReal *y,
                                         const LacReal *w, const LacReal *b,
                                         LacActivation activation, gboolean add, LacReal *x);
/** NnConvBackward: both gradients of a convolution by @gy, the gradient of y, image after image.
 * @before: called with each image before its @gy is read, from several threads; or NULL
 * @gx: gradient of @x by filters @w; NULL: not wanted. @add_x: to what it holds
 * @gw: gradient of @w; NULL: not wanted */
typedef struct {
    const NnConv *conv;
    const LacReal *x, *w, *gy;
    void (*before)(size_t image, void *user);
    void *user;
    LacReal *gx, *gw;
    gboolean add_x, add_w;
} NnConvBackward;

LAC_PRIVATE_API gboolean nn_conv_backward(LacTape *tape, const NnConvBackward *backward);
/** nn_conv_weights: the gradient of <y, x * W> by W; assigned or added to @w. */
LAC_PRIVATE_API gboolean nn_conv_weights(LacTape *tape, const NnConv *conv, const LacReal *x,
                                         const LacReal *y, gboolean add, LacReal *w);

G_END_DECLS

#endif
