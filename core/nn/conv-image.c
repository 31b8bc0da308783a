/* The products of one image, see conv-image-private.h. */
#include "conv-image-private.h"
#include "gemm-private.h"
#include "tape-private.h"
#include <lacuna/parallel.h>

#include <string.h>

/* ---- runs: windows whose pixels lie side by side ---- */

enum { MOST_RUNS = 2 * NN_WIDEST };

/** Runs: where the pixels under windows [first, first + n) lie, relative to a tap, in pieces of at
 * most NN_SLACK. A piece is copied whole: what is too much lands where the next piece goes. */
typedef struct {
    size_t n, from[MOST_RUNS], to[MOST_RUNS];
} Runs;

static void
runs_find(const NnFrame *f, size_t first, size_t n, Runs *runs)
{
    size_t row = first / f->out_width, col = first % f->out_width;

    runs->n = 0;
    for (size_t done = 0; done < n;) {
        const size_t length = MIN(n - done, f->out_width - col);

        for (size_t part = 0; part < length; part += NN_SLACK) {
            runs->from[runs->n] = row * f->phase_width + col + part;
            runs->to[runs->n++] = done + part;
        }
        done += length;
        col = 0;
        row++;
    }
}

/** Patches: the matrix [channels * kernel x windows] of one image, or its transpose. */
typedef struct {
    const NnFrame *frame;
    const LacReal *pixels;
} Patches;

/* Rows [k, k + depth), a known number of runs each */
static inline void
patches_copy(const Patches *p, const Runs *runs, const size_t n, size_t k, size_t depth,
             LacReal *out, size_t width)
{
    for (size_t i = 0; i < depth; i++, out += width) {
        const LacReal *pixels = p->pixels + p->frame->taps[k + i];

        for (size_t r = 0; r < n; r++)
            memcpy(out + runs->to[r], pixels + runs->from[r], NN_SLACK * sizeof *out);
    }
}

/* Loops of known length have no branches. */
static inline void
patches_rows(const Patches *p, const Runs *runs, size_t k, size_t depth, LacReal *out, size_t width)
{
    switch (runs->n) {
    case 1:
        patches_copy(p, runs, 1, k, depth, out, width);
        break;
    case 2:
        patches_copy(p, runs, 2, k, depth, out, width);
        break;
    case 3:
        patches_copy(p, runs, 3, k, depth, out, width);
        break;
    case 4:
        patches_copy(p, runs, 4, k, depth, out, width);
        break;
    default:
        patches_copy(p, runs, runs->n, k, depth, out, width);
    }
}

/* NnLayOut: windows are columns, taps are rows */
LAC_CLONES static void
patches_lay_out(const void *user, size_t column, size_t cols, size_t k, size_t depth, LacReal *out,
                size_t width)
{
    const Patches *p = user;
    Runs runs;

    runs_find(p->frame, column, cols, &runs);
    patches_rows(p, &runs, k, depth, out, width);
    for (size_t i = 0; i < depth && cols < width; i++)
        for (size_t j = cols; j < width; j++)
            out[i * width + j] = 0;
}

/* NnLayOut: taps are columns, windows are rows */
LAC_CLONES static void
patches_lay_out_transposed(const void *user, size_t column, size_t cols, size_t k, size_t depth,
                           LacReal *out, size_t width)
{
    enum { STRIP = NN_WIDEST, STEP = STRIP + NN_SLACK };
    const Patches *p = user;
    LacReal strip[NN_WIDEST * STEP];
    Runs runs;

    for (size_t done = 0; done < depth; done += STRIP, out += STRIP * width) {
        const size_t n = MIN(STRIP, depth - done);

        runs_find(p->frame, k + done, n, &runs);
        patches_rows(p, &runs, column, cols, strip, STEP);
        nn_lay_out_transposed(strip, STEP, cols, n, out, width);
    }
}

/* ---- filters applied to an image ---- */

/* A frame for each thread. */
static LacReal *
alloc_frames(LacTape *tape, const NnFrame *frame)
{
    return nn_alloc_cleared(tape, lac_threads() * nn_frame_size(frame) * sizeof(LacReal));
}

static size_t
frame_taps(const NnFrame *f)
{
    return f->channels * nn_frame_kernel(f);
}

gboolean
nn_image_product_init(LacTape *tape, NnImageProduct *p)
{
    if (!nn_frame_init(tape, &p->frame))
        return FALSE;
    p->on_amx = nn_conv_amx_suits(&p->frame);
    if (p->on_amx)
        return nn_conv_amx_init(tape, &p->amx, &p->frame, p->rows, p->w);
    p->frames = alloc_frames(tape, &p->frame);
    return p->frames != NULL;
}

void
nn_image_product(const NnImageProduct *p, unsigned worker, const LacReal *image, gboolean more,
                 gboolean add, LacReal *out)
{
    const size_t windows = p->frame.out_height * p->frame.out_width, taps = frame_taps(&p->frame);

    if (p->on_amx) {
        nn_conv_amx_image(&p->amx, worker, image, more, p->bias, p->activation, add, out);
        return;
    }

    LacReal *pixels = p->frames + worker * nn_frame_size(&p->frame);
    const Patches patches = {&p->frame, pixels};

    nn_frame_fill(&p->frame, image, pixels);
    nn_gemm(&(NnGemm){.m = p->rows,
                      .n = windows,
                      .k = taps,
                      .a = p->w,
                      .lda = taps,
                      .lay_out = patches_lay_out,
                      .lay_out_user = &patches,
                      .c = out,
                      .ldc = windows,
                      .add = add,
                      .bias = p->bias,
                      .bias_of_rows = TRUE,
                      .activation = p->activation,
                      .precision = p->precision});
}

/* ---- the gradient by the filters ---- */

gboolean
nn_image_weights_init(LacTape *tape, NnImageWeights *w, const NnConv *conv, size_t blocks)
{
    *w = (NnImageWeights){.frame = nn_frame_of_input(conv),
                          .filters = conv->filters,
                          .blocks = blocks,
                          .precision = lac_tape_precision(tape)};
    if (!nn_frame_init(tape, &w->frame))
        return FALSE;
    w->on_amx = nn_conv_amx_suits(&w->frame);
    if (w->on_amx) {
        if (!nn_weights_amx_init(tape, &w->amx, &w->frame, w->filters))
            return FALSE;
        w->size = nn_filter_tiles_size(&w->amx.tiles);
    } else {
        w->frames = alloc_frames(tape, &w->frame);
        w->size = w->filters * frame_taps(&w->frame);
    }
    w->sums = nn_alloc_cleared(tape, blocks * w->size * sizeof *w->sums);
    return w->sums != NULL && (w->on_amx || w->frames != NULL);
}

void
nn_image_weights(const NnImageWeights *w, unsigned worker, size_t block, const LacReal *image,
                 const LacReal *y, gboolean more)
{
    const size_t windows = w->frame.out_height * w->frame.out_width, taps = frame_taps(&w->frame);
    LacReal *sums = w->sums + block * w->size;

    if (w->on_amx) {
        nn_weights_amx_image(&w->amx, worker, image, y, more, sums);
        return;
    }

    LacReal *pixels = w->frames + worker * nn_frame_size(&w->frame);
    const Patches patches = {&w->frame, pixels};

    nn_frame_fill(&w->frame, image, pixels);
    nn_gemm(&(NnGemm){.m = w->filters,
                      .n = taps,
                      .k = windows,
                      .a = y,
                      .lda = windows,
                      .lay_out = patches_lay_out_transposed,
                      .lay_out_user = &patches,
                      .c = sums,
                      .ldc = taps,
                      .add = TRUE,
                      .precision = w->precision});
}

void
nn_image_weights_end(const NnImageWeights *weights, gboolean add, LacReal *w)
{
    if (weights->on_amx) {
        nn_filter_tiles_end(&weights->amx.tiles, weights->blocks, weights->sums, add, w);
        return;
    }
    for (size_t k = 0; k < weights->size; k++) {
        LacReal sum = add ? w[k] : 0;

        for (size_t block = 0; block < weights->blocks; block++)
            sum += weights->sums[block * weights->size + k];
        w[k] = sum;
    }
}
