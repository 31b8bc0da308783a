/* A convolution as a link of a chain: its images go from link to link in blocks of 32 channels
 * (blocked-private.h), with the scale and shift that make the result normalised; who reads it
 * applies them on the way. The moments of the result are summed while a tile of it is at hand, and
 * so are, on the way back, the two sums over the gradient that batch norm wants (norm-private.h).
 */
#ifndef LACUNA_CONV_LINK_PRIVATE_H
#define LACUNA_CONV_LINK_PRIVATE_H

#include "conv-stack-private.h"
#include "conv-stage-private.h"
#include "norm-private.h"
#include <lacuna/parallel.h>

#include <math.h>

G_BEGIN_DECLS

#ifdef NN_AMX

/** NN_LINK_X, NN_LINK_W: the inputs of the operator that all have. */
enum { NN_LINK_X, NN_LINK_W };

/** NnLink: what the links of a chain know of each other.
 * @before: whose result is read; NULL: a tensor
 * @by: scale and shift of the result, @centre: its means, [@all] each
 * @norm: [filters]; NULL: nothing is normalised
 * @sums: [images][2][all], of the gradient by the result, set by who reads it
 * @b, @gamma, @beta: inputs, 0: there is none */
typedef struct NnLink {
    NnStage shape;
    struct NnLink *before;
    gboolean relu, batch;
    unsigned b, gamma, beta;
    size_t all;
    NnScale by;
    const float *centre;
    NnNormChannel *norm;
    double *sums;
} NnLink;

static inline size_t
nn_link_bytes(const NnLink *link)
{
    return nn_blocked_bytes(&link->shape.out);
}

/** nn_link_image: of the results @v. */
static inline const char *
nn_link_image(const LacReal *v, const NnLink *link, size_t image)
{
    return (const char *)v + image * nn_link_bytes(link);
}

/** nn_link_values: of a channel, that its moments are of; INFINITY: they are running ones. */
static inline double
nn_link_values(const NnLink *link)
{
    return link->batch ? (double)link->shape.v.n * (double)link->shape.out.pixels : INFINITY;
}

/** nn_link_seconds: roughly what a product of all images takes in one thread. */
static inline double
nn_link_seconds(const NnLink *link)
{
    const NnConv *v = &link->shape.v;
    const double taps = (double)(v->channels * v->kernel_height * v->kernel_width);
    const double values = (double)(v->n * link->shape.out.pixels * link->all);

    return 2.0 * values * taps / (link->shape.parts == 1 ? 4e11 : 1e11) + 2e-9 * values;
}

/** nn_link_total: the sums @sums [images][2][all] of channel @c over all images, in their order. */
void nn_link_total(const NnLink *link, const double *sums, size_t c, double out[2]);
/** nn_each_image: lac_parallel_for() over @n images, @seconds of one thread. */
void nn_each_image(double seconds, size_t n, size_t grain, LacLoopBody body, void *user);

/** NnLinkSource: images as rows. @frames: [workers][@frame] memory for them, @framed likewise for
 * patches
 */
typedef struct {
    const NnLink *link;
    const LacReal *x;
    uint16_t *frames;
    LacReal *framed;
    size_t frame, framed_size;
} NnLinkSource;

/** nn_link_source_bytes: of an image that a link reads; nn_link_source: it. */
static inline size_t
nn_link_source_bytes(const NnLink *link)
{
    const NnBlocked *in = &link->shape.in;

    return link->before != NULL ? nn_blocked_bytes(in)
                                : in->channels * in->pixels * sizeof(LacReal);
}
const void *nn_link_source(const NnLinkSource *source, size_t image);
/** nn_link_source_init: FALSE: no memory. nn_link_rows: lent until the worker's next call. */
gboolean
nn_link_source_init(LacTape *tape, NnLinkSource *source, const NnLink *link, const LacReal *x);
const uint16_t *nn_link_rows(const NnLinkSource *source, size_t image, unsigned worker);

/** nn_link_forward: @y from @x; @lanes: the memory of scale, shift and centre. FALSE: no memory. */
gboolean nn_link_forward(NnLink *link, const NnStackLayer *layer, const LacReal *x, LacReal *y,
                         float *lanes);
/** nn_link_backward: of the operator whose result is @y. */
void nn_link_backward(const LacTensor *y);

#endif

G_END_DECLS

#endif
