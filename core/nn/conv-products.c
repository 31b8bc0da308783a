/* The products of a convolution, see conv-private.h: loops over images (conv-image-private.h). */
#include "conv-image-private.h"
#include "tape-private.h"

/* Images are shared out among the threads; where there are too few of them, each product is. */
static void
each_image(size_t n, LacLoopBody body, void *user)
{
    if (n >= 2 * lac_threads())
        lac_parallel_for(n, nn_image_grain(n), body, user);
    else
        body(0, n, 0, user);
}

static size_t
image_size(const NnConv *v)
{
    return v->channels * v->height * v->width;
}

static size_t
result_size(const NnConv *v)
{
    return v->filters * v->out_height * v->out_width;
}

/* ---- forward ---- */

typedef struct {
    const NnConv *conv;
    NnImageProduct product;
    const LacReal *x;
    gboolean add;
    LacReal *y;
} Forward;

static void
forward_images(size_t begin, size_t end, unsigned worker, void *user)
{
    const Forward *job = user;

    for (size_t i = begin; i < end; i++)
        nn_image_product(&job->product, worker, job->x + i * image_size(job->conv), i + 1 < end,
                         job->add, job->y + i * result_size(job->conv));
}

gboolean
nn_conv_forward(LacTape *tape, const NnConv *v, const LacReal *x, const LacReal *w,
                const LacReal *b, LacActivation activation, gboolean add, LacReal *y)
{
    const NnArenaMark mark = nn_arena_mark(&tape->arena);
    Forward job = {.conv = v,
                   .product = {.frame = nn_frame_of_input(v),
                               .rows = v->filters,
                               .w = w,
                               .bias = b,
                               .activation = activation,
                               .precision = lac_tape_precision(tape)},
                   .x = x,
                   .add = add,
                   .y = y};

    if (!nn_image_product_init(tape, &job.product))
        return FALSE;
    each_image(v->n, forward_images, &job);
    nn_arena_release(&tape->arena, mark);
    return TRUE;
}

/* ---- the adjoint ----
 *
 * Pixel u = s i + p of the padded image (phase p, place i) meets tap k = s t + p of the window that
 * begins at row s (i - t): x[s i + p] = sum over t of y[i - t] W[s t + p]. For each phase that is a
 * convolution of y, with stride 1, with the taps of that phase in reverse order. */

NnDirection
nn_direction(size_t p, size_t stride, size_t kernel, size_t before, size_t size)
{
    NnDirection phase = {.p = p, .taps = p < kernel ? (kernel - p + stride - 1) / stride : 1};
    /* u runs over [before, before + size) */
    const size_t first = before > p ? (before - p + stride - 1) / stride : 0;
    const size_t end = before + size > p ? (before + size - p + stride - 1) / stride : 0;

    phase.first = first;
    phase.places = end > first ? end - first : 0;
    return phase;
}

/* The filters of a phase, [channels][filters][taps down][taps across], taps reversed. */
static void
phase_filters(const NnConv *v, const NnDirection *down, const NnDirection *across, const LacReal *w,
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

/** Phase: the convolution of y that gives one phase of the images. */
typedef struct {
    NnDirection down, across;
    NnImageProduct product;
    size_t at; /* of its result in the thread's memory */
} Phase;

/** Adjoint: all phases; with a stride of 1 there is one, and it writes to the images. */
typedef struct {
    const NnConv *conv;
    const LacReal *y;
    gboolean add;
    LacReal *x;
    Phase *phases;  /* [stride down][stride across] */
    LacReal *apart; /* [workers][image], phase after phase */
} Adjoint;

/* FALSE: no memory. */
static gboolean
phase_init(LacTape *tape, Adjoint *a, Phase *phase, const LacReal *w)
{
    const NnConv *v = a->conv;
    LacReal *filters = lac_tape_alloc(tape, v->channels * v->filters * phase->down.taps *
                                                phase->across.taps * sizeof *filters);

    if (filters == NULL)
        return FALSE;
    phase_filters(v, &phase->down, &phase->across, w, filters);
    phase->product.w = filters;
    phase->product.frame = (NnFrame){
        .channels = v->filters,
        .height = v->out_height,
        .width = v->out_width,
        .stride = 1,
        .top = (ptrdiff_t)phase->down.taps - 1 - (ptrdiff_t)phase->down.first,
        .left = (ptrdiff_t)phase->across.taps - 1 - (ptrdiff_t)phase->across.first,
        .kernel_height = phase->down.taps,
        .kernel_width = phase->across.taps,
        .out_height = phase->down.places,
        .out_width = phase->across.places,
    };
    return nn_image_product_init(tape, &phase->product);
}

static gboolean
adjoint_init(LacTape *tape, Adjoint *a, const LacReal *w, const LacReal *b,
             LacActivation activation)
{
    const NnConv *v = a->conv;
    const size_t s = v->geometry.stride;
    size_t at = 0;

    a->phases = lac_tape_alloc(tape, s * s * sizeof *a->phases);
    if (s > 1)
        a->apart = lac_tape_alloc(tape, lac_threads() * image_size(v) * sizeof *a->apart);
    if (a->phases == NULL || (s > 1 && a->apart == NULL))
        return FALSE;
    for (size_t p = 0; p < s * s; p++) {
        Phase *phase = &a->phases[p];

        *phase = (Phase){
            .down = nn_direction(p / s, s, v->kernel_height, v->geometry.top, v->height),
            .across = nn_direction(p % s, s, v->kernel_width, v->geometry.left, v->width),
            .product = {.rows = v->channels,
                        .bias = b,
                        .activation = activation,
                        .precision = lac_tape_precision(tape)},
            .at = at,
        };
        at += v->channels * phase->down.places * phase->across.places;
        if (phase->down.places > 0 && phase->across.places > 0 && !phase_init(tape, a, phase, w))
            return FALSE;
    }
    return TRUE;
}

/* The values of two phases in turns: @first has as many as @second or one more. */
static inline void
merge_two(size_t n, const LacReal *first, const LacReal *second, LacReal *x)
{
    enum { PART = 8 };
    typedef LacReal Part
        __attribute__((vector_size(PART * sizeof(LacReal)), aligned(sizeof(LacReal)), may_alias));
    size_t i = 0;

    for (; 2 * (i + PART) <= n; i += PART) {
        const Part a = *(const Part *)(first + i), b = *(const Part *)(second + i);

        *(Part *)(x + 2 * i) = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
        *(Part *)(x + 2 * i + PART) = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
    }
    for (i *= 2; i < n; i++)
        x[i] = i % 2 == 0 ? first[i / 2] : second[i / 2];
}

/* Puts the pixels of all phases of an image where they belong. */
LAC_CLONES static void
merge_phases(const Adjoint *a, const LacReal *apart, LacReal *x)
{
    enum { LINE = 64 / sizeof *x };
    const NnConv *v = a->conv;
    const size_t s = v->geometry.stride, left = v->geometry.left % s, size = image_size(v);

    for (size_t c = 0; c < v->channels; c++) {
        for (size_t i = 0; i < v->height; i++, x += v->width) {
            const size_t u = i + v->geometry.top;
            const Phase *row = a->phases + u % s * s;
            const LacReal *from[2] = {NULL};

            for (size_t j = 0; j < v->width; j += LINE) /* of the next image */
                __builtin_prefetch(x + size + j, 1);

            for (size_t p = 0; p < s; p++) {
                const Phase *phase = &row[(left + p) % s];
                const size_t at = c * phase->down.places + u / s - phase->down.first;
                const LacReal *values = apart + phase->at + at * phase->across.places;

                if (s == 2 && !a->add)
                    from[p] = values;
                else
                    for (size_t j = 0; j < phase->across.places; j++)
                        x[s * j + p] = values[j] + (a->add ? x[s * j + p] : 0);
            }
            if (s == 2 && !a->add)
                merge_two(v->width, from[0], from[1], x);
        }
    }
}

static void
adjoint_image(const Adjoint *a, unsigned worker, size_t i, gboolean more)
{
    const NnConv *v = a->conv;
    const size_t s = v->geometry.stride, size = image_size(v);
    const LacReal *y = a->y + i * result_size(v);
    LacReal *apart;

    if (s == 1) {
        nn_image_product(&a->phases->product, worker, y, more, a->add, a->x + i * size);
        return;
    }
    apart = a->apart + worker * size;
    for (const Phase *phase = a->phases; phase < a->phases + s * s; phase++)
        if (phase->down.places > 0 && phase->across.places > 0)
            nn_image_product(&phase->product, worker, y, more && phase == a->phases, FALSE,
                             apart + phase->at);
    merge_phases(a, apart, a->x + i * size);
}

static void
adjoint_images(size_t begin, size_t end, unsigned worker, void *user)
{
    for (size_t i = begin; i < end; i++)
        adjoint_image(user, worker, i, i + 1 < end);
}

gboolean
nn_conv_adjoint(LacTape *tape, const NnConv *v, const LacReal *y, const LacReal *w,
                const LacReal *b, LacActivation activation, gboolean add, LacReal *x)
{
    const NnArenaMark mark = nn_arena_mark(&tape->arena);
    Adjoint a = {.conv = v, .y = y, .add = add, .x = x};

    if (!adjoint_init(tape, &a, w, b, activation))
        return FALSE;
    each_image(v->n, adjoint_images, &a);
    nn_arena_release(&tape->arena, mark);
    return TRUE;
}

/* ---- the gradient by the weights, and both gradients of an image while it is in the cache ---- */

/** Backward: @adjoint is used when its x is wanted, @weights likewise. */
typedef struct {
    const NnConvBackward *what;
    Adjoint adjoint;
    NnImageWeights weights;
    size_t blocks;
} Backward;

/* Images in blocks that do not depend on the number of threads; each block has a sum of its own. */
static void
backward_blocks(size_t begin, size_t end, unsigned worker, void *user)
{
    const Backward *job = user;
    const NnConvBackward *b = job->what;
    const NnConv *v = b->conv;

    for (size_t block = begin; block < end; block++) {
        const size_t first = v->n * block / job->blocks, last = v->n * (block + 1) / job->blocks;

        for (size_t i = first; i < last; i++) {
            if (b->before != NULL)
                b->before(i, b->user);
            if (b->gx != NULL)
                adjoint_image(&job->adjoint, worker, i, i + 1 < last);
            if (b->gw != NULL)
                nn_image_weights(&job->weights, worker, block, b->x + i * image_size(v),
                                 b->gy + i * result_size(v), i + 1 < last);
        }
    }
}

gboolean
nn_conv_backward(LacTape *tape, const NnConvBackward *b)
{
    enum { MOST_BLOCKS = 8 };
    const NnConv *v = b->conv;
    const NnArenaMark mark = nn_arena_mark(&tape->arena);
    Backward job = {.what = b,
                    .adjoint = {.conv = v, .y = b->gy, .add = b->add_x, .x = b->gx},
                    .blocks = MIN(v->n, MOST_BLOCKS)};

    if (b->gx != NULL && !adjoint_init(tape, &job.adjoint, b->w, NULL, LAC_ACTIVATION_NONE))
        return FALSE;
    if (b->gw != NULL && !nn_image_weights_init(tape, &job.weights, v, job.blocks))
        return FALSE;
    each_image(job.blocks, backward_blocks, &job);
    if (b->gw != NULL)
        nn_image_weights_end(&job.weights, b->add_w, b->gw);
    nn_arena_release(&tape->arena, mark);
    return TRUE;
}

gboolean
nn_conv_weights(LacTape *tape, const NnConv *v, const LacReal *x, const LacReal *y, gboolean add,
                LacReal *w)
{
    return nn_conv_backward(tape,
                            &(NnConvBackward){.conv = v, .x = x, .gy = y, .gw = w, .add_w = add});
}
