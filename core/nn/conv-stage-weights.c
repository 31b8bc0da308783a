/* The gradient by the filters of one convolution of a chain, see conv-stage-private.h: filters are
 * rows of C, lanes its columns, pixels are k. */
#include "conv-stage-private.h"
#include "tape-private.h"

#ifdef NN_AMX

static size_t
window_steps(const NnStage *s)
{
    const size_t windows = (s->v.out_height - 1) * s->width + s->v.out_width;

    return (windows + NN_AMX_STEP - 1) / NN_AMX_STEP;
}

gboolean
nn_stage_weights_init(LacTape *tape, const NnStage *s, NnStageWeights *w)
{
    const size_t turned = s->g.blocks * window_steps(s) * s->parts * NN_AMX_PAIR;

    *w = (NnStageWeights){.turned = lac_tape_alloc(tape, turned * sizeof(uint16_t))};
    for (size_t odd = 0; odd < 2; odd++)
        w->pairs[odd] = lac_tape_alloc(tape, nn_rows_pairs_size(&s->x) * sizeof(uint16_t));
    return w->turned != NULL && w->pairs[0] != NULL && w->pairs[1] != NULL;
}

NnFilterTiles
nn_stage_tiles(const NnStage *s)
{
    return (NnFilterTiles){s->v.filters, s->in_lanes, s->taps, TRUE};
}

static gboolean
any_tap(const NnStage *s, size_t odd)
{
    for (size_t k = 0; k < s->taps; k++)
        if (s->tap_at[k] % 2 == odd)
            return TRUE;
    return FALSE;
}

static size_t
farthest_tap(const NnStage *s)
{
    size_t farthest = 0;

    for (size_t k = 0; k < s->taps; k++)
        farthest = MAX(farthest, s->tap_at[k]);
    return farthest;
}

void
nn_stage_weights(const NnStage *s, const NnStageWeights *w, const uint16_t *x, const uint16_t *g,
                 const NnStageAhead *ahead, gboolean first, float *sums)
{
    NnAhead next[2];
    const size_t steps = window_steps(s), step = s->parts * NN_AMX_PAIR;
    const size_t used = farthest_tap(s) + steps * NN_AMX_STEP + 2;
    NnAmxTile tile = {
        .a = {.step = step, .part = NN_AMX_PAIR, .half = NN_AMX_REGISTER, .row = 64},
        .b = {.step = NN_AMX_PAIR, .part = nn_rows_part(&s->x), .half = NN_LANES, .row = 128},
        .steps = steps,
        .parts = s->parts,
        .lower = TRUE,
        .right = TRUE,
        .from_row = 32 * sizeof *sums,
        .c_row = 32 * sizeof *sums,
    };

    nn_stage_ahead(ahead, s->out.blocks * s->x.blocks * s->taps, next);
    nn_rows_turn(&s->g, s->top * s->width + s->left, steps, g, w->turned);
    for (size_t odd = 0; odd < 2; odd++)
        if (any_tap(s, odd))
            nn_rows_pairs(&s->x, odd, used, x, w->pairs[odd]);
    nn_amx_begin();
    for (size_t row = 0; row < s->out.blocks; row++)
        for (size_t column = 0; column < s->x.blocks; column++)
            for (size_t tap = 0; tap < s->taps; tap++, sums += 32 * 32) {
                const size_t at = s->tap_at[tap];

                tile.a.v = w->turned + row * steps * step;
                tile.b.v = w->pairs[at % 2] + (column * s->x.rows + at / 2 * 2) * NN_LANES;
                tile.c = sums;
                tile.from = first ? NULL : sums;
                nn_ahead_next(&next[0]);
                nn_ahead_next(&next[1]);
                nn_amx_tile(&tile);
            }
    nn_amx_end();
}

#endif
