/* One convolution of a chain of them, in images with 32 channels side by side (blocked-private.h):
 * its sizes, its filters as the matrix unit reads them, and its products with one image. */
#ifndef LACUNA_CONV_STAGE_PRIVATE_H
#define LACUNA_CONV_STAGE_PRIVATE_H

#include "blocked-private.h"
#include "filter-tiles-private.h"
#include "frame-private.h"

G_BEGIN_DECLS

/**
 * NnStage: the geometry of a stage.
 * @patches: the image has few channels: a row is a window, its lanes what the window shows
 * @x, @g: rows of the image with its padding, and of the gradient by the result with its own; both
 *   have rows of pixels @width long, so that pixels of the one meet those of the other
 * @in_lanes: lanes of all blocks of @x: channels, or channels times taps
 * @tap_at: [taps] rows of @x from a window to its pixel under a tap; patches have one tap
 * @places, @g_places: where pixels of the image and of the gradient go
 * @top, @left: rows and columns of @g before the gradient
 * @frame: patches are read from it
 * @in, @out: the image (not with patches) and the result
 */
typedef struct {
    NnConv v;
    unsigned parts;
    gboolean patches;
    size_t width, in_lanes, taps, top, left;
    NnRows x, g;
    const size_t *tap_at;
    NnPlaces places, g_places;
    NnFrame frame;
    NnBlocked in, out;
} NnStage;

/** nn_stage_suits: whether the unit is there and a convolution fills its registers. */
gboolean nn_stage_suits(const NnConv *v);
/** nn_stage_init: @plane: the image comes channel by channel, as tensors are. FALSE: no memory, the
 * tape's error is set. */
gboolean nn_stage_init(LacTape *tape, NnStage *stage, const NnConv *v, gboolean plane);

/** nn_stage_fill: the rows of an image @x that comes channel by channel. @framed: memory for
 * nn_frame_size() of the stage's frame, cleared once; patches need it. */
void nn_stage_fill(const NnStage *stage, const LacReal *x, LacReal *framed, uint16_t *rows);

/** NnStageTile: up to 16 neighbouring pixels of a result: row @y, columns @x + i of it for @skip <=
 * i < @n, 32 channels each at @sums + 32 i. */
typedef struct {
    size_t block, y, x, skip, n;
    const float *sums;
} NnStageTile;

typedef void (*NnStageEnd)(const NnStageTile *tile, void *user);

/** NnStageProduct: rows of an image times filters, a pixel of the result from those of @steps rows.
 * @height, @across: of the result
 * @at: [steps] values from the first row of a pixel
 * @filters: [@blocks][steps][parts][32][32] */
typedef struct {
    const NnRows *rows;
    size_t width, height, across, blocks, steps;
    const size_t *at;
    const uint16_t *filters;
} NnStageProduct;

/** NnStageAhead: memory that comes next, to be asked for while the unit computes; NULL: none. */
typedef struct {
    const void *v[2];
    size_t bytes[2];
} NnStageAhead;

/** nn_stage_ahead: in @pieces. */
static inline void
nn_stage_ahead(const NnStageAhead *ahead, size_t pieces, NnAhead next[2])
{
    for (size_t k = 0; k < 2; k++)
        next[k] = nn_ahead(ahead->v[k], ahead->bytes[k], pieces);
}

/** nn_stage_product: a tile after the other, block after block, to @end. */
void nn_stage_product(const NnStageProduct *product, const uint16_t *rows,
                      const NnStageAhead *ahead, NnStageEnd end, void *user);
/** nn_stage_forward: the product with filters @w. NULL filters in it: no memory. */
NnStageProduct nn_stage_forward(LacTape *tape, const NnStage *stage, const LacReal *w);
/** nn_stage_adjoint: of one phase of the adjoint. */
NnStageProduct nn_stage_adjoint(LacTape *tape, const NnStage *stage, const NnDirection *down,
                                const NnDirection *across, const LacReal *w);

/** NnStageWeights: memory of one thread for the gradient by the filters: both factors. */
typedef struct {
    uint16_t *turned, *pairs[2];
} NnStageWeights;

/** nn_stage_weights_init: FALSE: no memory. */
gboolean nn_stage_weights_init(LacTape *tape, const NnStage *stage, NnStageWeights *weights);
/** nn_stage_tiles: of the sums. */
NnFilterTiles nn_stage_tiles(const NnStage *stage);
/** nn_stage_weights: @sums = (@first) or += the gradient of an image whose rows are @x and whose
 * result's gradient has rows @g. */
void nn_stage_weights(const NnStage *stage, const NnStageWeights *weights, const uint16_t *x,
                      const uint16_t *g, const NnStageAhead *ahead, gboolean first, float *sums);

G_END_DECLS

#endif
