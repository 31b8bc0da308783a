/* The backward pass of a link of a chain of convolutions, see conv-link-private.h. */
#include "conv-link-private.h"
#include "tape-private.h"

#include <math.h>
#include <string.h>

#ifdef NN_AMX

/** Backward: @slope: constants of NnSlope, @bias: [images][all] its sums, or NULL
 * @phases: of the adjoint, [stride][stride]; @down, @across: [stride]
 * @gx: the gradient by x; NULL: not wanted. @apart: [workers] images of it, where x is a tensor
 * @sums: [blocks of images][@size] of the gradient by the filters, NULL: not wanted */
typedef struct {
    const NnLink *link;
    NnLinkSource source;
    const LacReal *y, *gy;
    const float *slope;
    double *bias;
    uint16_t *frames;
    size_t frame;
    NnStageProduct *phases;
    NnDirection *down, *across;
    LacReal *gx;
    char *apart;
    gboolean add_x;
    size_t blocks, size;
    NnFilterTiles tiles;
    float *sums;
    NnStageWeights *weights; /* [workers] */
} Backward;

/** BackwardTile: where a tile of a phase goes, and the stage before with its sums or NULL. */
typedef struct {
    const Backward *job;
    const NnLink *before;
    const NnDirection *down, *across;
    const char *r;
    char *out;
    double *sums;
} BackwardTile;

__attribute__((always_inline)) NN_AMX_TARGET static inline void
store_gradient(const NnStageTile *tile, const BackwardTile *b, unsigned parts)
{
    const NnConv *v = &b->job->link->shape.v;
    const size_t stride = v->geometry.stride, lane = tile->block * NN_LANES;
    const size_t y = stride * (b->down->first + tile->y) + b->down->p - v->geometry.top;
    const size_t x = stride * (b->across->first + tile->x) + b->across->p - v->geometry.left;
    const size_t pixel = (tile->block * v->height + y) * v->width + x;
    const __m512 zero = _mm512_setzero_ps();
    NnLanes sum = {zero, zero}, moment = {zero, zero}, centre;

    for (size_t i = tile->skip; i < tile->n; i++)
        nn_lanes_store(nn_lanes_at(tile->sums + i * NN_LANES), b->out, pixel + stride * i, parts);
    if (b->sums == NULL)
        return;
    centre = nn_lanes_at(b->before->centre + lane);
    for (size_t i = tile->skip; i < tile->n; i++) {
        const NnLanes g = nn_lanes_at(tile->sums + i * NN_LANES);
        const NnLanes r = nn_lanes_load(b->r, pixel + stride * i, parts);

        sum = (NnLanes){_mm512_add_ps(sum.low, g.low), _mm512_add_ps(sum.high, g.high)};
        moment.low = _mm512_fmadd_ps(g.low, _mm512_sub_ps(r.low, centre.low), moment.low);
        moment.high = _mm512_fmadd_ps(g.high, _mm512_sub_ps(r.high, centre.high), moment.high);
    }
    nn_lanes_widen(sum, b->sums + lane);
    nn_lanes_widen(moment, b->sums + b->before->all + lane);
}

NN_AMX_TARGET static void
backward_tile(const NnStageTile *tile, void *user)
{
    const BackwardTile *b = user;

    if (b->job->link->shape.parts == 1)
        store_gradient(tile, b, 1);
    else
        store_gradient(tile, b, 3);
}

/* The gradient by image @i of x. */
static void
backward_adjoint(const Backward *job, const uint16_t *rows, size_t i, gboolean more,
                 unsigned worker)
{
    const NnStage *s = &job->link->shape;
    const NnLink *before = job->link->before;
    const size_t stride = s->v.geometry.stride, bytes = nn_blocked_bytes(&s->in);
    const NnStageAhead none = {{NULL}, {0}};
    NnStageAhead ahead = none;
    BackwardTile b = {.job = job, .before = before};

    if (before == NULL) {
        b.out = job->apart + worker * bytes;
    } else {
        b.out = (char *)job->gx + i * bytes;
        b.r = nn_link_image(job->source.x, before, i);
        b.sums = before->norm != NULL ? before->sums + i * 2 * before->all : NULL;
    }
    if (more)
        ahead = (NnStageAhead){{nn_link_source(&job->source, i + 1),
                                before != NULL ? (char *)job->gx + (i + 1) * bytes : NULL},
                               {nn_link_source_bytes(job->link), bytes}};
    for (size_t p = 0; p < stride * stride; p++) {
        b.down = &job->down[p / stride];
        b.across = &job->across[p % stride];
        if (b.down->places > 0 && b.across->places > 0)
            nn_stage_product(&job->phases[p], rows, p == 0 ? &ahead : &none, backward_tile, &b);
    }
    if (before == NULL)
        nn_blocked_spread(&s->in, b.out, NULL, job->add_x, more,
                          job->gx + i * s->v.channels * s->in.pixels);
}

static void
backward_image(const Backward *job, size_t i, gboolean more, unsigned worker, gboolean first,
               float *sums)
{
    const NnLink *s = job->link;
    const NnSlope slope = {nn_link_image(job->gy, s, i), nn_link_image(job->y, s, i), job->slope,
                           s->relu};
    uint16_t *rows = job->frames + worker * job->frame;
    NnStageAhead ahead = {{NULL}, {0}};

    if (more)
        ahead = (NnStageAhead){{nn_link_image(job->gy, s, i + 1), nn_link_image(job->y, s, i + 1)},
                               {nn_link_bytes(s), nn_link_bytes(s)}};
    nn_rows_fill_slope(&s->shape.g, &s->shape.g_places, &s->shape.out, &slope,
                       job->bias + i * s->all, rows);
    if (job->gx != NULL)
        backward_adjoint(job, rows, i, more, worker);
    if (job->sums != NULL)
        nn_stage_weights(&s->shape, &job->weights[worker], nn_link_rows(&job->source, i, worker),
                         rows, &ahead, first, sums);
}

/* Blocks of images do not depend on the number of threads; each has sums of its own. */
static void
backward_blocks(size_t begin, size_t end, unsigned worker, void *user)
{
    const Backward *job = user;
    const size_t n = job->link->shape.v.n;

    for (size_t block = begin; block < end; block++) {
        const size_t first = n * block / job->blocks, last = n * (block + 1) / job->blocks;

        for (size_t i = first; i < last; i++)
            backward_image(job, i, i + 1 < last, worker, i == first,
                           job->sums != NULL ? job->sums + block * job->size : NULL);
    }
}

/* The constants of the slope, and the gradients by gamma and beta. NULL: no memory. */
static const float *
backward_slope(const LacTensor *y, const NnLink *s)
{
    float *k = nn_alloc_cleared(y->tape, 3 * s->all * sizeof *k);
    LacTensor *gamma = s->norm != NULL ? y->in[s->gamma] : NULL;
    LacTensor *beta = s->norm != NULL ? y->in[s->beta] : NULL;
    const gboolean by_gamma = gamma != NULL && lac_tensor_wants(y, s->gamma);
    const gboolean by_beta = beta != NULL && lac_tensor_wants(y, s->beta);
    const gboolean add_gamma = by_gamma && !lac_tensor_first(gamma);
    const gboolean add_beta = by_beta && !lac_tensor_first(beta);

    for (size_t c = 0; k != NULL && c < s->shape.v.filters; c++) {
        double sums[2], slope;
        LacReal own[3] = {1, 0, 0};

        if (gamma != NULL) {
            nn_link_total(s, s->sums, c, sums);
            slope = nn_norm_slope(&s->norm[c], nn_link_values(s), (double)gamma->v[c], sums, own);
            if (by_gamma)
                gamma->grad[c] = (LacReal)(slope + (add_gamma ? (double)gamma->grad[c] : 0.0));
            if (by_beta)
                beta->grad[c] = (LacReal)(sums[0] + (add_beta ? (double)beta->grad[c] : 0.0));
        }
        for (size_t j = 0; j < 3; j++)
            k[j * s->all + c] = own[j];
    }
    return k;
}

/* FALSE: no memory. */
static gboolean
backward_init_adjoint(LacTape *tape, Backward *job, LacTensor *x, const LacReal *w)
{
    const NnStage *s = &job->link->shape;
    const NnConv *v = &s->v;
    const size_t stride = v->geometry.stride;

    job->gx = x->grad;
    job->add_x = !lac_tensor_first(x);
    job->phases = lac_tape_alloc(tape, stride * stride * sizeof *job->phases);
    job->down = lac_tape_alloc(tape, 2 * stride * sizeof *job->down);
    if (job->link->before == NULL)
        job->apart = lac_tape_alloc(tape, lac_threads() * nn_blocked_bytes(&s->in));
    if (job->phases == NULL || job->down == NULL ||
        (job->link->before == NULL && job->apart == NULL))
        return FALSE;
    job->across = job->down + stride;
    for (size_t p = 0; p < stride; p++) {
        job->down[p] = nn_direction(p, stride, v->kernel_height, v->geometry.top, v->height);
        job->across[p] = nn_direction(p, stride, v->kernel_width, v->geometry.left, v->width);
    }
    for (size_t p = 0; p < stride * stride; p++) {
        job->phases[p] =
            nn_stage_adjoint(tape, s, &job->down[p / stride], &job->across[p % stride], w);
        if (job->phases[p].filters == NULL)
            return FALSE;
    }
    return TRUE;
}

/* FALSE: no memory. */
static gboolean
backward_init_weights(LacTape *tape, Backward *job)
{
    const NnStage *s = &job->link->shape;

    job->tiles = nn_stage_tiles(s);
    job->size = nn_filter_tiles_size(&job->tiles);
    job->sums = lac_tape_alloc(tape, job->blocks * job->size * sizeof *job->sums);
    job->weights = lac_tape_alloc(tape, lac_threads() * sizeof *job->weights);
    if (job->sums == NULL || job->weights == NULL)
        return FALSE;
    for (unsigned worker = 0; worker < lac_threads(); worker++)
        if (!nn_stage_weights_init(tape, s, &job->weights[worker]))
            return FALSE;
    return TRUE;
}

static void
backward_bias(const Backward *job, LacTensor *b)
{
    const NnLink *s = job->link;
    const gboolean first = lac_tensor_first(b);

    for (size_t c = 0; c < b->size; c++) {
        double sum = first ? 0.0 : (double)b->grad[c];

        for (size_t i = 0; i < s->shape.v.n; i++)
            sum += job->bias[i * s->all + c];
        b->grad[c] = (LacReal)sum;
    }
}

void
nn_link_backward(const LacTensor *y)
{
    enum { MOST_BLOCKS = 8 };
    NnLink *s = y->saved;
    LacTape *tape = y->tape;
    LacTensor *x = y->in[NN_LINK_X], *w = y->in[NN_LINK_W];
    const gboolean wants_w = lac_tensor_wants(y, NN_LINK_W),
                   wants_b = s->b > 0 && lac_tensor_wants(y, s->b);
    Backward job = {.link = s, .y = y->v, .gy = y->grad, .blocks = MIN(s->shape.v.n, MOST_BLOCKS)};
    NnArenaMark mark;

    if (lac_tensor_wants(y, NN_LINK_X) && s->before != NULL && s->before->norm != NULL) {
        s->before->sums =
            nn_alloc_cleared(tape, s->shape.v.n * 2 * s->before->all * sizeof *s->before->sums);
        if (s->before->sums == NULL)
            return;
    }
    mark = nn_arena_mark(&tape->arena);
    job.slope = backward_slope(y, s);
    job.bias = nn_alloc_cleared(tape, s->shape.v.n * s->all * sizeof *job.bias);
    job.frame = s->shape.parts * nn_rows_part(&s->shape.g);
    job.frames = nn_alloc_cleared(tape, lac_threads() * job.frame * sizeof *job.frames);
    if (job.slope == NULL || job.bias == NULL || job.frames == NULL ||
        !nn_link_source_init(tape, &job.source, s, x->v))
        return;
    if (lac_tensor_wants(y, NN_LINK_X) && !backward_init_adjoint(tape, &job, x, w->v))
        return;
    if (wants_w && !backward_init_weights(tape, &job))
        return;
    nn_each_image(2.0 * nn_link_seconds(s), job.blocks, 1, backward_blocks, &job);
    if (wants_w)
        nn_filter_tiles_end(&job.tiles, job.blocks, job.sums, !lac_tensor_first(w), w->grad);
    if (wants_b)
        backward_bias(&job, y->in[s->b]);
    nn_arena_release(&tape->arena, mark);
}

#endif
