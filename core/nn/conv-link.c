/* A link of a chain of convolutions and its forward pass, see conv-link-private.h. */
#include "conv-link-private.h"
#include "parallel-private.h"
#include "tape-private.h"

#include <math.h>
#include <string.h>

#ifdef NN_AMX

void
nn_each_image(double seconds, size_t n, size_t grain, LacLoopBody body, void *user)
{
    const double short_loop = 1e-3; /* longer ones gain even where a thread starts late */

    if (seconds < short_loop)
        lac_parallel_for_short(seconds, n, grain, body, user);
    else
        lac_parallel_for(n, grain, body, user);
}

void
nn_link_total(const NnLink *s, const double *sums, size_t c, double out[2])
{
    out[0] = out[1] = 0.0;
    for (size_t i = 0; i < s->shape.v.n; i++, sums += 2 * s->all) {
        out[0] += sums[c];
        out[1] += sums[s->all + c];
    }
}

/* ---- the rows of a link's images ---- */

gboolean
nn_link_source_init(LacTape *tape, NnLinkSource *source, const NnLink *link, const LacReal *x)
{
    const NnStage *s = &link->shape;

    *source = (NnLinkSource){.link = link, .x = x, .frame = s->parts * nn_rows_part(&s->x)};
    source->frames = nn_alloc_cleared(tape, lac_threads() * source->frame * sizeof(uint16_t));
    if (s->patches) {
        source->framed_size = nn_frame_size(&s->frame);
        source->framed =
            nn_alloc_cleared(tape, lac_threads() * source->framed_size * sizeof(LacReal));
    }
    return source->frames != NULL && (!s->patches || source->framed != NULL);
}

const void *
nn_link_source(const NnLinkSource *source, size_t image)
{
    return (const char *)source->x + image * nn_link_source_bytes(source->link);
}

const uint16_t *
nn_link_rows(const NnLinkSource *source, size_t image, unsigned worker)
{
    const NnLink *before = source->link->before;
    const NnStage *s = &source->link->shape;
    uint16_t *rows = source->frames + worker * source->frame;

    if (before == NULL)
        nn_stage_fill(s, nn_link_source(source, image),
                      source->framed + worker * source->framed_size, rows);
    else
        nn_rows_fill(&s->x, &s->places, &s->in, nn_link_source(source, image), &before->by, rows);
    return rows;
}

/* ---- forward ---- */

/** Forward: @bias: [all], @moments: [images][2][all] of r - centre and its square, or NULL */
typedef struct {
    const NnLink *link;
    NnLinkSource source;
    NnStageProduct product;
    const float *bias;
    double *moments;
    LacReal *y;
} Forward;

/** ForwardImage: where a tile goes. */
typedef struct {
    const Forward *job;
    char *out;
    double *moments;
} ForwardImage;

__attribute__((always_inline)) NN_AMX_TARGET static inline void
store_tile(const NnStageTile *tile, const ForwardImage *f, unsigned parts)
{
    const NnLink *s = f->job->link;
    const size_t lane = tile->block * NN_LANES;
    const size_t pixel =
        tile->block * s->shape.out.pixels + tile->y * s->shape.v.out_width + tile->x;
    const NnLanes bias = nn_lanes_at(f->job->bias + lane), centre = nn_lanes_at(s->centre + lane);
    const __m512 zero = _mm512_setzero_ps(), floor = s->relu ? zero : _mm512_set1_ps(-INFINITY);
    NnLanes sum = {zero, zero}, square = {zero, zero};

    for (size_t i = tile->skip; i < tile->n; i++) {
        NnLanes v = nn_lanes_at(tile->sums + i * NN_LANES), d;

        /* the second where one is NaN */
        v.low = _mm512_max_ps(floor, _mm512_add_ps(v.low, bias.low));
        v.high = _mm512_max_ps(floor, _mm512_add_ps(v.high, bias.high));
        nn_lanes_store(v, f->out, pixel + i, parts);
        d = (NnLanes){_mm512_sub_ps(v.low, centre.low), _mm512_sub_ps(v.high, centre.high)};
        sum = (NnLanes){_mm512_add_ps(sum.low, d.low), _mm512_add_ps(sum.high, d.high)};
        square = (NnLanes){_mm512_fmadd_ps(d.low, d.low, square.low),
                           _mm512_fmadd_ps(d.high, d.high, square.high)};
    }
    if (f->moments == NULL)
        return;
    nn_lanes_widen(sum, f->moments + lane);
    nn_lanes_widen(square, f->moments + s->all + lane);
}

NN_AMX_TARGET static void
forward_tile(const NnStageTile *tile, void *user)
{
    const ForwardImage *f = user;

    if (f->job->link->shape.parts == 1)
        store_tile(tile, f, 1);
    else
        store_tile(tile, f, 3);
}

static void
forward_images(size_t begin, size_t end, unsigned worker, void *user)
{
    const Forward *job = user;
    const NnLink *s = job->link;

    for (size_t i = begin; i < end; i++) {
        ForwardImage image = {job, (char *)job->y + i * nn_link_bytes(s),
                              job->moments != NULL ? job->moments + i * 2 * s->all : NULL};

        const NnStageAhead ahead = i + 1 < end
                                       ? (NnStageAhead){{nn_link_source(&job->source, i + 1),
                                                         nn_link_image(job->y, s, i + 1)},
                                                        {nn_link_source_bytes(s), nn_link_bytes(s)}}
                                       : (NnStageAhead){{NULL}, {0}};

        nn_stage_product(&job->product, nn_link_rows(&job->source, i, worker), &ahead, forward_tile,
                         &image);
    }
}

/* What normalises the result, from its moments or the running ones. */
static void
stage_normalise(NnLink *s, const NnStackLayer *layer, const double *moments, float *lanes)
{
    float *scale = lanes, *shift = lanes + s->all, *centre = shift + s->all;

    for (size_t c = 0; c < s->shape.v.filters; c++) {
        LacReal *mean = layer->running + c, *var = mean + s->shape.v.filters;
        double sums[2], factor;

        if (s->batch) {
            nn_link_total(s, moments, c, sums);
            s->norm[c] = nn_norm_moments(nn_link_values(s), (double)centre[c], sums,
                                         layer->momentum, layer->eps, mean, var);
        } else {
            s->norm[c] = nn_norm_running(*mean, *var, layer->eps);
        }
        factor = (double)layer->gamma->v[c] * s->norm[c].scale;
        scale[c] = (float)factor;
        shift[c] = (float)((double)layer->beta->v[c] - factor * s->norm[c].mean);
        centre[c] = (float)s->norm[c].mean;
    }
}

gboolean
nn_link_forward(NnLink *s, const NnStackLayer *layer, const LacReal *x, LacReal *y, float *lanes)
{
    LacTape *tape = layer->w->tape;
    const NnArenaMark mark = nn_arena_mark(&tape->arena);
    const size_t n = s->shape.v.n;
    const gboolean batch = s->batch && s->norm != NULL;
    Forward job = {.link = s, .y = y};
    float *bias = nn_alloc_cleared(tape, s->all * sizeof *bias);

    if (bias == NULL || !nn_link_source_init(tape, &job.source, s, x))
        return FALSE;
    if (batch)
        job.moments = nn_alloc_cleared(tape, n * 2 * s->all * sizeof *job.moments);
    job.product = nn_stage_forward(tape, &s->shape, layer->w->v);
    if (job.product.filters == NULL || (batch && job.moments == NULL))
        return FALSE;
    if (layer->b != NULL)
        memcpy(bias, layer->b->v, s->shape.v.filters * sizeof *bias);
    job.bias = bias;
    nn_each_image(nn_link_seconds(s), n, nn_image_grain(n), forward_images, &job);
    if (s->norm != NULL)
        stage_normalise(s, layer, job.moments, lanes);
    nn_arena_release(&tape->arena, mark);
    return TRUE;
}

#endif
