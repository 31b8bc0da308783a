/* Convolutions on the processor's matrix unit (amx-private.h). Its registers are filled from frames
 * in which two channels, or two pixels, lie side by side: no matrix of patches is laid out at all.
 */
#ifndef LACUNA_CONV_AMX_PRIVATE_H
#define LACUNA_CONV_AMX_PRIVATE_H

#include "filter-tiles-private.h"
#include "frame-private.h"

G_BEGIN_DECLS

enum { NN_CONV_AMX_SLACK = 128 }; /* values behind a split frame that may be read */

/** nn_conv_amx_suits: whether the unit is there and enough channels to fill its registers. */
gboolean nn_conv_amx_suits(const NnFrame *frame);

/** NnWindows: which of 16 neighbours are windows, and the place of the first one in the result. */
typedef struct {
    uint16_t real;
    size_t place;
} NnWindows;

/** NnConvAmx: a convolution of many images with the same filters.
 * @rows: filters
 * @filters: [tiles of 32 filters][steps][parts][32][32]; a step is a tap and 32 channels
 * @at: [steps], where in the split frame the pixels under a tap begin
 * @frames: [workers][frame] split frames, channels c and c + 16 of each 32 side by side */
typedef struct {
    const NnFrame *frame;
    unsigned parts;
    size_t rows, steps;
    uint16_t *filters;
    size_t *at;
    NnWindows *windows; /* all, 16 at a time */
    uint16_t *frames;
    size_t part, frame_values; /* values of a part of a frame, and of all */
} NnConvAmx;

/** nn_conv_amx_init: with filters @w [rows][channels][taps]. FALSE: no memory, the tape's error is
 * set. */
gboolean nn_conv_amx_init(LacTape *tape, NnConvAmx *conv, const NnFrame *frame, size_t rows,
                          const LacReal *w);
/** nn_conv_amx_image: @out [rows x windows] = act(the filters applied to @image + @bias)
 * or += them, in the calling thread, @worker of a parallel loop. @more: the image behind @image
 * will be the next of this thread; its memory is asked for while this one computes. */
void nn_conv_amx_image(const NnConvAmx *conv, unsigned worker, const LacReal *image, gboolean more,
                       const LacReal *bias, LacActivation activation, gboolean add, LacReal *out);

/** nn_conv_amx_windows: from the first window to the last, in rows as long as those of the frame.
 */
static inline size_t
nn_conv_amx_windows(const NnFrame *f)
{
    return (f->out_height - 1) * f->phase_width + f->out_width;
}
#ifdef NN_AMX
/** nn_conv_amx_split: one channel's @plane into a frame @to that was cleared once, in @parts, @part
 * values apart. */
NN_AMX_TARGET void nn_conv_amx_split(const NnFrame *frame, const float *plane, unsigned parts,
                                     uint16_t *to, size_t part);
#endif

/** NnWeightsAmx: the gradient of <y, x * W> by W, summed over images.
 * @steps: of 32 windows, of @y in rows as long as those of the frame
 * @tiles: of what nn_weights_amx_image() adds to
 * @x, @y, @wide: [workers], factors as they are laid out */
typedef struct {
    const NnFrame *frame;
    unsigned parts;
    size_t filters, steps;
    NnFilterTiles tiles;
    uint16_t *x, *y;
    LacReal *wide;
    size_t x_part, x_values, y_values, wide_values;
} NnWeightsAmx;

gboolean
nn_weights_amx_init(LacTape *tape, NnWeightsAmx *weights, const NnFrame *frame, size_t filters);
/** nn_weights_amx_image: adds the gradient of one image, given itself and @y [filters x
 * windows], to @sums. */
void nn_weights_amx_image(const NnWeightsAmx *weights, unsigned worker, const LacReal *image,
                          const LacReal *y, gboolean more, LacReal *sums);

G_END_DECLS

#endif
