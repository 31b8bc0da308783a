/* Images with their padding, for convolutions.
 *
 * An image is first copied into a frame, so that no loop asks where its border is. With a stride s
 * the frame is split into s x s phases (the pixels whose row and column leave the same remainders),
 * so that the pixels one tap of the filter meets along a row of the result lie side by side,
 * whatever the stride. */
#ifndef LACUNA_FRAME_PRIVATE_H
#define LACUNA_FRAME_PRIVATE_H

#include "conv-private.h"

G_BEGIN_DECLS

/** NnFrame: geometry of a padded image and of the windows on it. */
typedef struct {
    size_t channels, height, width; /* of the image */
    size_t stride;
    ptrdiff_t top, left; /* rows and columns before the image; < 0: cut off */
    size_t kernel_height, kernel_width;
    size_t out_height, out_width;     /* windows */
    size_t phase_height, phase_width; /* of a phase of the frame */
    size_t *taps;                     /* [channels * kernel] where in the frame each begins */
} NnFrame;

/** nn_frame_of_input: the frame of the input of a convolution, without what nn_frame_init() adds.
 */
NnFrame nn_frame_of_input(const NnConv *conv);
/** nn_frame_init: works out the phases and taps. FALSE: no memory, the tape's error is set. */
gboolean nn_frame_init(LacTape *tape, NnFrame *frame);
/** nn_frame_pixels: of one channel in a frame. */
static inline size_t
nn_frame_pixels(const NnFrame *f)
{
    return f->stride * f->stride * f->phase_height * f->phase_width;
}
/** nn_frame_kernel: taps of one channel. */
static inline size_t
nn_frame_kernel(const NnFrame *f)
{
    return f->kernel_height * f->kernel_width;
}
/** nn_frame_size: values of a frame, with some to spare that may be read. */
size_t nn_frame_size(const NnFrame *frame);
/** NnColumns: those of a phase that are in the image, and where the first of them is there. */
typedef struct {
    size_t first, n, from;
} NnColumns;

/** nn_frame_columns: of the phases whose columns leave the remainder @phase. */
NnColumns nn_frame_columns(const NnFrame *frame, ptrdiff_t phase);
/** nn_frame_fill: the frame @pixels of the image @x; @pixels was cleared once, its border stays 0
 * from image to image. */
void nn_frame_fill(const NnFrame *frame, const LacReal *x, LacReal *pixels);

G_END_DECLS

#endif
