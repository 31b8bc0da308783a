/* One convolution of a chain, see conv-stage-private.h. */
#include "conv-stage-private.h"
#include "tape-private.h"

#include <string.h>

#ifdef NN_AMX

enum {
    LEAST_FILTERS = 16,  /* fewer leave half of a register empty */
    LEAST_CHANNELS = 16, /* likewise; an image with fewer is read as patches */
    MOST_PATCH = 96,     /* lanes of a patch */
    SLACK = 2 * 32 + 2,  /* rows behind those of a block that are read, times 0 */
};

gboolean
nn_stage_suits(const NnConv *v)
{
    const size_t taps = v->kernel_height * v->kernel_width;

    return v->filters >= LEAST_FILTERS &&
           (v->channels >= LEAST_CHANNELS || v->channels * taps <= MOST_PATCH) && nn_amx_found();
}

/* ---- geometry ---- */

/* Rows or columns that the phases of the adjoint want of the gradient before its first and behind
 * its last. */
static void
adjoint_margins(size_t stride, size_t kernel, size_t pad, size_t size, size_t out, size_t *before,
                size_t *behind)
{
    *before = *behind = 0;
    for (size_t p = 0; p < stride; p++) {
        const NnDirection d = nn_direction(p, stride, kernel, pad, size);

        if (d.places == 0)
            continue;
        if (d.taps > d.first + 1)
            *before = MAX(*before, d.taps - 1 - d.first);
        if (d.first + d.places > out)
            *behind = MAX(*behind, d.first + d.places - out);
    }
}

/* Where the @n pixels of a line go, after @pad others: phase after phase, @phase rows apart, and
 * @step for the next of the same phase. Returns how many there is room for. */
static size_t
line_places(size_t n, size_t pad, size_t stride, size_t room, size_t phase, size_t step, size_t *at)
{
    for (size_t i = 0; i < n; i++) {
        if ((i + pad) / stride >= room)
            return i;
        at[i] = (i + pad) % stride * phase + (i + pad) / stride * step;
    }
    return n;
}

/* FALSE: no memory. */
static gboolean
input_places(LacTape *tape, NnStage *s)
{
    const NnConv *v = &s->v;
    const size_t stride = v->geometry.stride, kernel = v->kernel_height * v->kernel_width;
    const size_t phase_height =
        ((v->out_height - 1) * stride + v->kernel_height + stride - 1) / stride;
    const size_t phase = phase_height * s->width;
    size_t *at = lac_tape_alloc(tape, (v->height + v->width + kernel) * sizeof *at);
    size_t *column, *tap;

    if (at == NULL)
        return FALSE;
    column = at + v->height;
    tap = column + v->width;
    s->x.rows = stride * stride * phase + SLACK;
    s->places = (NnPlaces){
        v->width,
        line_places(v->height, v->geometry.top, stride, phase_height, stride * phase, s->width, at),
        line_places(v->width, v->geometry.left, stride, s->width, phase, 1, column), at, column};
    for (size_t k = 0; k < kernel; k++) {
        const size_t y = k / v->kernel_width, x = k % v->kernel_width;

        tap[k] = (y % stride * stride + x % stride) * phase + y / stride * s->width + x / stride;
    }
    s->tap_at = tap;
    s->taps = kernel;
    s->in_lanes = v->channels;
    return TRUE;
}

static gboolean
patch_places(LacTape *tape, NnStage *s)
{
    static const size_t origin = 0;

    s->frame = nn_frame_of_input(&s->v);
    s->x.rows = s->v.out_height * s->width + SLACK;
    s->tap_at = &origin;
    s->taps = 1;
    s->in_lanes = s->v.channels * s->v.kernel_height * s->v.kernel_width;
    return nn_frame_init(tape, &s->frame);
}

gboolean
nn_stage_init(LacTape *tape, NnStage *s, const NnConv *v, gboolean plane)
{
    const size_t stride = v->geometry.stride, in = nn_lane_blocks(v->channels);
    const size_t phase_width =
        ((v->out_width - 1) * stride + v->kernel_width + stride - 1) / stride;
    size_t bottom, right, *g;

    *s = (NnStage){.v = *v,
                   .parts = nn_amx_parts(lac_tape_precision(tape)),
                   .patches = plane && v->channels < LEAST_CHANNELS};
    adjoint_margins(stride, v->kernel_height, v->geometry.top, v->height, v->out_height, &s->top,
                    &bottom);
    adjoint_margins(stride, v->kernel_width, v->geometry.left, v->width, v->out_width, &s->left,
                    &right);
    s->width = MAX(s->left + v->out_width + right, s->patches ? v->out_width : phase_width);
    s->in = (NnBlocked){v->channels, in, v->height * v->width, s->parts};
    s->out =
        (NnBlocked){v->filters, nn_lane_blocks(v->filters), v->out_height * v->out_width, s->parts};
    if (s->patches ? !patch_places(tape, s) : !input_places(tape, s))
        return FALSE;
    s->x.blocks = nn_lane_blocks(s->in_lanes);
    s->x.parts = s->g.parts = s->parts;
    s->g.blocks = s->out.blocks;
    s->g.rows = (s->top + v->out_height + bottom + 1) * s->width + SLACK;
    g = lac_tape_alloc(tape, (v->out_height + v->out_width) * sizeof *g);
    if (g == NULL)
        return FALSE;
    line_places(v->out_height, s->top, 1, SIZE_MAX, 0, s->width, g);
    line_places(v->out_width, s->left, 1, SIZE_MAX, 0, 1, g + v->out_height);
    s->g_places = (NnPlaces){v->out_width, v->out_height, v->out_width, g, g + v->out_height};
    return TRUE;
}

/* ---- rows of an image that comes channel by channel ---- */

/* What the lanes of block @b show of the window or pixel at @from: NULL for those that are none. */
static void
planes_at(const NnStage *s, size_t b, const float *from, const float **planes)
{
    const size_t plane = s->v.height * s->v.width;

    for (size_t k = 0; k < NN_LANES; k++) {
        const size_t lane = b * NN_LANES + k;

        if (lane >= s->in_lanes)
            planes[k] = NULL;
        else
            planes[k] = from + (s->patches ? s->frame.taps[lane] : lane * plane);
    }
}

static void
fill_patches(const NnStage *s, const float *framed, uint16_t *rows)
{
    const float *planes[NN_LANES];

    for (size_t b = 0; b < s->x.blocks; b++, rows += s->x.rows * NN_LANES)
        for (size_t y = 0; y < s->v.out_height; y++)
            for (size_t x = 0; x < s->v.out_width; x += 16) {
                planes_at(s, b, framed + y * s->frame.phase_width + x, planes);
                nn_rows_from_planes(&s->x, planes, MIN(16, s->v.out_width - x),
                                    rows + (y * s->width + x) * NN_LANES);
            }
}

void
nn_stage_fill(const NnStage *s, const LacReal *image, LacReal *framed, uint16_t *rows)
{
    const NnPlaces *p = &s->places;
    const float *planes[NN_LANES];

    if (s->patches) {
        nn_frame_fill(&s->frame, image, framed);
        fill_patches(s, framed, rows);
        return;
    }
    for (size_t b = 0; b < s->x.blocks; b++, rows += s->x.rows * NN_LANES)
        for (size_t y = 0; y < p->height_read; y++)
            for (size_t x = 0; x < p->width_read; x += 16) {
                const size_t n = MIN(16, p->width_read - x);
                uint16_t line[3 * 16 * NN_LANES] __attribute__((aligned(64)));
                const NnRows apart = {1, 16, s->parts};

                planes_at(s, b, image + y * p->width + x, planes);
                nn_rows_from_planes(&apart, planes, n, line);
                for (unsigned part = 0; part < s->parts; part++)
                    for (size_t i = 0; i < n; i++)
                        memcpy(rows + part * nn_rows_part(&s->x) +
                                   (p->row[y] + p->column[x + i]) * NN_LANES,
                               line + (part * 16 + i) * NN_LANES, NN_LANES * sizeof *rows);
            }
}

/* ---- filters ---- */

/** Pack: where weights are read: w + tap[step] + step of k * @k_step + column * @step.
 * @n_k, @n: of both there are */
typedef struct {
    const float *w;
    size_t k_step, n_k, step, n;
} Pack;

/* 16 columns of one step of k. */
NN_AMX_TARGET static inline __m512
pack_load(const Pack *p, size_t tap, size_t k, size_t column)
{
    const size_t n = k < p->n_k && column < p->n ? MIN(16, p->n - column) : 0;
    const float *w = n > 0 ? p->w + tap + k * p->k_step + column * p->step : NULL;
    float lanes[16] __attribute__((aligned(64))) = {0};

    for (size_t i = 0; i < n; i++)
        lanes[i] = w[i * p->step];
    return _mm512_load_ps(lanes);
}

/* One step of the unit: k, k + 16 and 32 columns. */
NN_AMX_TARGET static void
pack_step(const Pack *p, size_t tap, size_t k, size_t column, unsigned parts, uint16_t *to)
{
    for (size_t half = 0; half < 2; half++)
        for (size_t i = 0; i < 16; i++)
            nn_amx_interleave(pack_load(p, tap, k + i, column + 16 * half),
                              pack_load(p, tap, k + i + 16, column + 16 * half), parts,
                              to + half * NN_AMX_REGISTER + i * NN_LANES, NN_AMX_PAIR);
}

/* [tiles][steps][parts][32][32]; step = block * taps + tap. A tap of SIZE_MAX is 0. */
static uint16_t *
pack(LacTape *tape, const Pack *p, size_t taps, const size_t *tap, unsigned parts)
{
    const size_t tiles = nn_lane_blocks(p->n), steps = nn_lane_blocks(p->n_k) * taps;
    const size_t size = parts * NN_AMX_PAIR;
    uint16_t *all = lac_tape_alloc(tape, tiles * steps * size * sizeof *all), *to = all;

    for (size_t tile = 0; all != NULL && tile < tiles; tile++)
        for (size_t s = 0; s < steps; s++, to += size) {
            if (tap[s % taps] == SIZE_MAX)
                memset(to, 0, size * sizeof *to);
            else
                pack_step(p, tap[s % taps], s / taps * NN_LANES, tile * NN_LANES, parts, to);
        }
    return all;
}

NnStageProduct
nn_stage_forward(LacTape *tape, const NnStage *s, const LacReal *w)
{
    const size_t row = s->in_lanes * s->taps, steps = s->x.blocks * s->taps;
    const Pack p = {w, s->taps, s->in_lanes, row, s->v.filters};
    size_t *at = lac_tape_alloc(tape, (steps + s->taps) * sizeof *at);
    NnStageProduct product = {
        &s->x, s->width, s->v.out_height, s->v.out_width, s->out.blocks, steps, at, NULL};

    if (at == NULL)
        return product;
    for (size_t k = 0; k < steps; k++)
        at[k] = (k / s->taps * s->x.rows + s->tap_at[k % s->taps]) * NN_LANES;
    for (size_t k = 0; k < s->taps; k++)
        at[steps + k] = k;
    product.filters = pack(tape, &p, s->taps, at + steps, s->parts);
    return product;
}

NnStageProduct
nn_stage_adjoint(LacTape *tape, const NnStage *s, const NnDirection *down,
                 const NnDirection *across, const LacReal *w)
{
    const NnConv *v = &s->v;
    const size_t kernel = v->kernel_height * v->kernel_width, stride = v->geometry.stride;
    const size_t taps = down->taps * across->taps, steps = s->g.blocks * taps;
    const Pack p = {w, v->channels * kernel, v->filters, kernel, v->channels};
    size_t *at = lac_tape_alloc(tape, (steps + taps) * sizeof *at), *tap;
    NnStageProduct product = {&s->g,        s->width, down->places, across->places,
                              s->in.blocks, steps,    at,           NULL};

    if (at == NULL)
        return product;
    tap = at + steps;
    for (size_t k = 0; k < taps; k++) {
        const size_t ty = k / across->taps, tx = k % across->taps;
        const size_t y = stride * ty + down->p, x = stride * tx + across->p;

        tap[k] = y < v->kernel_height && x < v->kernel_width ? y * v->kernel_width + x : SIZE_MAX;
        at[k] = (s->top + down->first - ty) * s->width + s->left + across->first - tx;
    }
    for (size_t k = steps; k-- > 0;)
        at[k] = (k / taps * s->g.rows + at[k % taps]) * NN_LANES;
    product.filters = pack(tape, &p, taps, tap, s->parts);
    return product;
}

/* ---- products ---- */

/** Tiling: the pixels of a result in tiles as high as each other; the last of a line may begin
 * before the last but one ends. */
typedef struct {
    size_t rows, a_line, all;
} Tiling;

static Tiling
tiling_of(const NnStageProduct *p)
{
    const size_t a_line = (p->across + 15) / 16;

    return (Tiling){(p->across + a_line - 1) / a_line, a_line, a_line * p->height};
}

static NnStageTile
tile_at(const NnStageProduct *p, const Tiling *t, size_t k)
{
    const size_t x = k % t->a_line * t->rows, last = p->across - t->rows;

    return (NnStageTile){
        .y = k / t->a_line, .x = MIN(x, last), .skip = x - MIN(x, last), .n = t->rows};
}

static size_t
tile_row(const NnStageProduct *p, const NnStageTile *tile)
{
    return (tile->y * p->width + tile->x) * NN_LANES;
}

void
nn_stage_product(const NnStageProduct *p, const uint16_t *rows, const NnStageAhead *ahead,
                 NnStageEnd end, void *user)
{
    const Tiling tiling = tiling_of(p);
    NnAhead next[2];
    float c[32 * 32] __attribute__((aligned(64)));
    NnAmxTile both = {
        .a = {.at = p->at, .part = nn_rows_part(p->rows), .row = 2 * NN_LANES},
        .b = {.step = p->rows->parts * NN_AMX_PAIR,
              .part = NN_AMX_PAIR,
              .half = NN_AMX_REGISTER,
              .row = 64},
        .steps = p->steps,
        .parts = p->rows->parts,
        .right = TRUE,
        .c = c,
        .c_row = 32 * sizeof *c,
    };

    nn_stage_ahead(ahead, p->blocks * ((tiling.all + 1) / 2), next);
    nn_amx_begin_rows((unsigned)tiling.rows);
    for (size_t block = 0; block < p->blocks; block++) {
        both.b.v = p->filters + block * p->steps * both.b.step;
        for (size_t k = 0; k < tiling.all; k += 2) {
            NnStageTile tile[2] = {tile_at(p, &tiling, k)};

            tile[0].block = block;
            tile[0].sums = c;
            both.a.v = rows + tile_row(p, &tile[0]);
            both.lower = k + 1 < tiling.all;
            if (both.lower) {
                tile[1] = tile_at(p, &tiling, k + 1);
                tile[1].block = block;
                tile[1].sums = c + 16 * 32;
                both.a.half = tile_row(p, &tile[1]) - tile_row(p, &tile[0]);
            }
            nn_ahead_next(&next[0]);
            nn_ahead_next(&next[1]);
            nn_amx_tile(&both);
            end(&tile[0], user);
            if (both.lower)
                end(&tile[1], user);
        }
    }
    nn_amx_end();
}

#endif
