/* The products of a convolution, see conv-private.h.
 *
 * An image is first copied into a frame (frame-private.h); a panel of the matrix product is then
 * filled by copying short runs of it. The matrix unit needs no panels: conv-amx.c. */
#include "conv-amx-private.h"
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

/* ---- loops over images ---- */

/** ConvJob: what the threads that work on images share. */
typedef struct {
    const NnConv *conv;
    NnFrame frame;
    LacReal *frames; /* [workers][nn_frame_size] */
    const LacReal *in, *w, *bias;
    LacReal *out, *phase; /* @phase: [workers][out of a phase]; see nn_conv_adjoint() */
    LacActivation activation;
    gboolean add;
    LacPrecision precision;
    size_t rows, blocks; /* of the result of one product; of images, for nn_conv_weights() */
    gboolean on_amx;
    NnConvAmx amx;
    NnWeightsAmx weights;
} ConvJob;

/* Images are shared out among the threads; where there are too few of them, each product is. */
static void
conv_each(ConvJob *job, size_t n, LacLoopBody body)
{
    if (n >= 2 * lac_threads())
        lac_parallel_for(n, 1, body, job);
    else
        body(0, n, 0, job);
}

static gboolean
conv_alloc_frames(LacTape *tape, ConvJob *job)
{
    if (!nn_frame_init(tape, &job->frame))
        return FALSE;

    const size_t bytes = lac_threads() * nn_frame_size(&job->frame) * sizeof(LacReal);

    job->frames = lac_tape_alloc(tape, bytes);
    if (job->frames != NULL)
        memset(job->frames, 0, bytes);
    return job->frames != NULL;
}

static size_t
conv_taps(const ConvJob *job)
{
    return job->frame.channels * job->frame.kernel_height * job->frame.kernel_width;
}

/* FALSE: no memory. */
static gboolean
conv_prepare(LacTape *tape, ConvJob *job)
{
    job->on_amx = nn_conv_amx_suits(&job->frame);
    return !job->on_amx || nn_conv_amx_init(tape, &job->amx, &job->frame, job->rows, job->w);
}

/* One image: out [rows x windows] = act(w [rows x taps] patches + bias). */
static void
conv_image(const ConvJob *job, unsigned worker, const LacReal *image, gboolean add, LacReal *out)
{
    LacReal *pixels = job->frames + worker * nn_frame_size(&job->frame);
    const Patches patches = {&job->frame, pixels};
    const size_t windows = job->frame.out_height * job->frame.out_width, taps = conv_taps(job);

    if (job->on_amx) {
        nn_conv_amx_image(&job->amx, worker, image, job->bias, job->activation, add, out);
        return;
    }
    nn_frame_fill(&job->frame, image, pixels);
    nn_gemm(&(NnGemm){.m = job->rows,
                      .n = windows,
                      .k = taps,
                      .a = job->w,
                      .lda = taps,
                      .lay_out = patches_lay_out,
                      .lay_out_user = &patches,
                      .c = out,
                      .ldc = windows,
                      .add = add,
                      .bias = job->bias,
                      .bias_of_rows = TRUE,
                      .activation = job->activation,
                      .precision = job->precision});
}

/* ---- forward ---- */

static void
conv_forward_images(size_t begin, size_t end, unsigned worker, void *user)
{
    const ConvJob *job = user;
    const NnConv *v = job->conv;
    const size_t in = v->channels * v->height * v->width;
    const size_t out = v->filters * v->out_height * v->out_width;

    for (size_t i = begin; i < end; i++)
        conv_image(job, worker, job->in + i * in, job->add, job->out + i * out);
}

gboolean
nn_conv_forward(LacTape *tape, const NnConv *v, const LacReal *x, const LacReal *w,
                const LacReal *b, LacActivation activation, gboolean add, LacReal *y)
{
    ConvJob job = {
        .conv = v,
        .in = x,
        .w = w,
        .bias = b,
        .out = y,
        .activation = activation,
        .add = add,
        .rows = v->filters,
        .precision = lac_tape_precision(tape),
        .frame = nn_frame_of_input(v),
    };

    if (!conv_alloc_frames(tape, &job) || !conv_prepare(tape, &job))
        return FALSE;
    conv_each(&job, v->n, conv_forward_images);
    return TRUE;
}

/* ---- the gradient by the weights ---- */

/* Images in blocks that do not depend on the number of threads; each block has a sum of its own. */
static void
conv_weights_blocks(size_t begin, size_t end, unsigned worker, void *user)
{
    const ConvJob *job = user;
    const NnConv *v = job->conv;
    LacReal *pixels = job->frames + worker * nn_frame_size(&job->frame);
    const Patches patches = {&job->frame, pixels};
    const size_t in = v->channels * v->height * v->width, taps = conv_taps(job);
    const size_t windows = v->out_height * v->out_width;

    for (size_t block = begin; block < end; block++) {
        const size_t first = v->n * block / job->blocks, last = v->n * (block + 1) / job->blocks;

        for (size_t i = first; i < last; i++) {
            if (job->on_amx) {
                nn_weights_amx_image(&job->weights, worker, job->in + i * in,
                                     job->w + i * v->filters * windows,
                                     job->out + block * job->weights.sums);
                continue;
            }
            nn_frame_fill(&job->frame, job->in + i * in, pixels);
            nn_gemm(&(NnGemm){.m = v->filters,
                              .n = taps,
                              .k = windows,
                              .a = job->w + i * v->filters * windows,
                              .lda = windows,
                              .lay_out = patches_lay_out_transposed,
                              .lay_out_user = &patches,
                              .c = job->out + block * v->filters * taps,
                              .ldc = taps,
                              .add = i > first,
                              .precision = job->precision});
        }
    }
}

static gboolean
conv_weights_amx(LacTape *tape, ConvJob *job, gboolean add, LacReal *w)
{
    NnWeightsAmx *weights = &job->weights;

    if (!nn_weights_amx_init(tape, weights, &job->frame, job->conv->filters))
        return FALSE;

    const size_t size = job->blocks * weights->sums;

    job->out = lac_tape_alloc(tape, size * sizeof *job->out);
    if (job->out == NULL)
        return FALSE;
    memset(job->out, 0, size * sizeof *job->out);
    conv_each(job, job->blocks, conv_weights_blocks);
    nn_weights_amx_end(weights, job->blocks, job->out, add, w);
    return TRUE;
}

gboolean
nn_conv_weights(LacTape *tape, const NnConv *v, const LacReal *x, const LacReal *y, gboolean add,
                LacReal *w)
{
    enum { MOST_BLOCKS = 8 };
    ConvJob job = {
        .conv = v,
        .in = x,
        .w = y,
        .blocks = MIN(v->n, MOST_BLOCKS),
        .precision = lac_tape_precision(tape),
        .frame = nn_frame_of_input(v),
    };
    const size_t size = v->filters * v->channels * v->kernel_height * v->kernel_width;

    if (!conv_alloc_frames(tape, &job))
        return FALSE;
    job.on_amx = nn_conv_amx_suits(&job.frame);
    if (job.on_amx)
        return conv_weights_amx(tape, &job, add, w);
    job.out = lac_tape_alloc(tape, job.blocks * size * sizeof *job.out);
    if (job.out == NULL)
        return FALSE;
    conv_each(&job, job.blocks, conv_weights_blocks);
    for (size_t k = 0; k < size; k++) {
        LacReal sum = add ? w[k] : 0;

        for (size_t block = 0; block < job.blocks; block++)
            sum += job.out[block * size + k];
        w[k] = sum;
    }
    return TRUE;
}

/* ---- the adjoint ----
 *
 * Pixel u = s i + p of the padded image (phase p, place i) meets tap k = s t + p of the window that
 * begins at row s (i - t): x[s i + p] = sum over t of y[i - t] W[s t + p]. For each phase that is a
 * convolution of y, with stride 1, with the taps of that phase in reverse order. */

/** Phase: one direction of it. */
typedef struct {
    size_t p, taps;       /* taps: of the kernel with that remainder; if none, one that is 0 */
    size_t first, places; /* the places that are inside the image */
} Phase;

static Phase
phase_find(size_t p, size_t stride, size_t kernel, size_t before, size_t size)
{
    Phase phase = {.p = p, .taps = p < kernel ? (kernel - p + stride - 1) / stride : 1};
    /* u runs over [before, before + size) */
    const size_t first = before > p ? (before - p + stride - 1) / stride : 0;
    const size_t end = before + size > p ? (before + size - p + stride - 1) / stride : 0;

    phase.first = first;
    phase.places = end > first ? end - first : 0;
    return phase;
}

/* The filters of a phase, [channels][filters][taps down][taps across], taps reversed. */
static void
phase_filters(const NnConv *v, const Phase *down, const Phase *across, const LacReal *w,
              LacReal *out)
{
    const size_t s = v->geometry.stride, kernel = v->kernel_height * v->kernel_width;

    for (size_t c = 0; c < v->channels; c++) {
        for (size_t f = 0; f < v->filters; f++) {
            const LacReal *taps = w + (f * v->channels + c) * kernel;

            for (size_t ky = s * down->taps + down->p; ky >= s;) {
                ky -= s;
                for (size_t kx = s * across->taps + across->p; kx >= s;) {
                    kx -= s;
                    *out++ = ky < v->kernel_height && kx < v->kernel_width
                                 ? taps[ky * v->kernel_width + kx]
                                 : 0;
                }
            }
        }
    }
}

/** AdjointJob: one phase of all images. */
typedef struct {
    ConvJob base;
    Phase down, across;
} AdjointJob;

/* Puts the pixels of a phase where they belong. */
static void
adjoint_scatter(const AdjointJob *job, const LacReal *phase, LacReal *x)
{
    const NnConv *v = job->base.conv;
    const size_t s = v->geometry.stride;
    const size_t row = s * job->down.first + job->down.p - v->geometry.top;
    const size_t col = s * job->across.first + job->across.p - v->geometry.left;

    for (size_t c = 0; c < v->channels; c++) {
        for (size_t i = 0; i < job->down.places; i++) {
            LacReal *out = x + (c * v->height + row + s * i) * v->width + col;

            for (size_t j = 0; j < job->across.places; j++, phase++)
                out[s * j] = *phase + (job->base.add ? out[s * j] : 0);
        }
    }
}

static void
adjoint_images(size_t begin, size_t end, unsigned worker, void *user)
{
    const AdjointJob *job = user;
    const NnConv *v = job->base.conv;
    const size_t in = v->filters * v->out_height * v->out_width;
    const size_t out = v->channels * v->height * v->width;
    LacReal *phase = job->base.phase + worker * out;

    for (size_t i = begin; i < end; i++) {
        LacReal *x = job->base.out + i * out;

        if (v->geometry.stride == 1) {
            conv_image(&job->base, worker, job->base.in + i * in, job->base.add, x);
        } else {
            conv_image(&job->base, worker, job->base.in + i * in, FALSE, phase);
            adjoint_scatter(job, phase, x);
        }
    }
}

static gboolean
adjoint_phase(LacTape *tape, AdjointJob *job, const LacReal *w, LacReal *filters)
{
    const NnConv *v = job->base.conv;

    if (job->down.places == 0 || job->across.places == 0)
        return TRUE;
    phase_filters(v, &job->down, &job->across, w, filters);
    job->base.w = filters;
    job->base.frame = (NnFrame){
        .channels = v->filters,
        .height = v->out_height,
        .width = v->out_width,
        .stride = 1,
        .top = (ptrdiff_t)job->down.taps - 1 - (ptrdiff_t)job->down.first,
        .left = (ptrdiff_t)job->across.taps - 1 - (ptrdiff_t)job->across.first,
        .kernel_height = job->down.taps,
        .kernel_width = job->across.taps,
        .out_height = job->down.places,
        .out_width = job->across.places,
    };
    if (!conv_alloc_frames(tape, &job->base) || !conv_prepare(tape, &job->base))
        return FALSE;
    conv_each(&job->base, v->n, adjoint_images);
    return TRUE;
}

gboolean
nn_conv_adjoint(LacTape *tape, const NnConv *v, const LacReal *y, const LacReal *w,
                const LacReal *b, LacActivation activation, gboolean add, LacReal *x)
{
    const size_t s = v->geometry.stride, image = v->channels * v->height * v->width;
    const size_t most_down = (v->kernel_height + s - 1) / s,
                 most_across = (v->kernel_width + s - 1) / s;
    AdjointJob job = {.base = {.conv = v,
                               .in = y,
                               .bias = b,
                               .out = x,
                               .activation = activation,
                               .add = add,
                               .rows = v->channels,
                               .precision = lac_tape_precision(tape)}};
    LacReal *filters =
        lac_tape_alloc(tape, v->channels * v->filters * most_down * most_across * sizeof *filters);

    if (s > 1)
        job.base.phase = lac_tape_alloc(tape, lac_threads() * image * sizeof *job.base.phase);
    if (filters == NULL || (s > 1 && job.base.phase == NULL))
        return FALSE;
    for (size_t p = 0; p < s * s; p++) {
        job.down = phase_find(p / s, s, v->kernel_height, v->geometry.top, v->height);
        job.across = phase_find(p % s, s, v->kernel_width, v->geometry.left, v->width);
        if (!adjoint_phase(tape, &job, w, filters))
            return FALSE;
    }
    return TRUE;
}
