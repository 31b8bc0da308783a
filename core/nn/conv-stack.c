/* A chain of convolutions, see conv-stack-private.h and conv-link-private.h.
 *
 * conv_stage: y = r = act(x * W + b), in blocks of 32 channels, with what makes it
 * gamma (r - mean) / sd + beta.
 * planes: that as a tensor of plane after plane. */
#include "conv-link-private.h"
#include "tape-private.h"

#include <string.h>

#ifdef NN_AMX

static const LacOp lac_op_conv_stage = {
    "conv_stage",     "gamma (act(x * W + b) - mean) / sqrt(var + eps) + beta",
    nn_link_backward, NULL,
    .assigns = TRUE,
};

/* ---- planes ---- */

typedef struct {
    const NnLink *link;
    const LacReal *x;
    LacReal *planes;
    const LacReal *gy; /* backward: of planes */
    char *gx;
} Planes;

static size_t
planes_size(const NnLink *s)
{
    return s->shape.v.filters * s->shape.out.pixels;
}

static double
planes_seconds(const NnLink *s)
{
    return 2e-9 * (double)(s->shape.v.n * planes_size(s));
}

static void
planes_forward(size_t begin, size_t end, unsigned worker, void *user)
{
    const Planes *job = user;
    const NnLink *s = job->link;

    for (size_t i = begin; i < end; i++)
        nn_blocked_spread(&s->shape.out, nn_link_image(job->x, s, i), &s->by, FALSE, i + 1 < end,
                          job->planes + i * planes_size(s));
}

static void
planes_gather(size_t begin, size_t end, unsigned worker, void *user)
{
    const Planes *job = user;
    const NnLink *s = job->link;

    for (size_t i = begin; i < end; i++) {
        char *gx = job->gx + i * nn_link_bytes(s);

        nn_blocked_gather(&s->shape.out, job->gy + i * planes_size(s), i + 1 < end, gx);
        if (s->norm != NULL)
            nn_blocked_sums(&s->shape.out, gx, nn_link_image(job->x, s, i), s->centre,
                            s->sums + i * 2 * s->all);
    }
}

static void
planes_backward(const LacTensor *y)
{
    LacTensor *x = y->in[NN_LINK_X];
    NnLink *s = x->saved;

    lac_tensor_first(x);
    s->sums = nn_alloc_cleared(y->tape, s->shape.v.n * 2 * s->all * sizeof *s->sums);
    if (s->sums != NULL)
        nn_each_image(planes_seconds(s), s->shape.v.n, nn_image_grain(s->shape.v.n), planes_gather,
                      &(Planes){.link = s, .x = x->v, .gy = y->grad, .gx = (char *)x->grad});
}

static const LacOp lac_op_planes = {
    "planes", "plane after plane", planes_backward, NULL, .assigns = TRUE,
};

static LacTensor *
planes(LacTensor *x)
{
    const NnLink *s = x != NULL ? x->saved : NULL;
    LacTensor *y;

    if (x == NULL)
        return NULL;
    y = lac_tape_result(&lac_op_planes, 1, &x, 4,
                        (const size_t[]){s->shape.v.n, s->shape.v.filters, s->shape.v.out_height,
                                         s->shape.v.out_width});
    if (y == NULL)
        return NULL;
    nn_each_image(planes_seconds(s), s->shape.v.n, nn_image_grain(s->shape.v.n), planes_forward,
                  &(Planes){.link = s, .x = x->v, .planes = y->v});
    return lac_tape_done(y);
}

/* ---- the chain ---- */

/* The sizes of layer @k; FALSE: something does not fit. */
static gboolean
layer_sizes(const NnConv *before, const NnStackLayer *l, NnConv *v)
{
    const size_t filters = l->w != NULL && l->w->dims == 4 ? l->w->shape[0] : 0;

    return filters > 0 && l->w->shape[1] == before->filters && l->geometry.stride >= 1 &&
           (l->b == NULL || (l->b->dims == 1 && l->b->size == filters)) &&
           (l->gamma == NULL || (l->gamma->dims == 1 && l->gamma->size == filters &&
                                 l->beta->dims == 1 && l->beta->size == filters)) &&
           nn_conv_sizes(before->n, l->w, before->out_height, before->out_width, l->geometry, v);
}

/* What the first layer follows, as if it were a layer. */
static NnConv
sizes_of(const LacTensor *x)
{
    return (NnConv){.n = x->shape[0],
                    .filters = x->shape[1],
                    .out_height = x->shape[2],
                    .out_width = x->shape[3]};
}

gboolean
nn_stack_suits(const LacTensor *x, size_t n, const NnStackLayer *layers)
{
    NnConv v;

    if (x == NULL || x->dims != 4 || x->tape->check)
        return FALSE;
    v = sizes_of(x);
    for (size_t k = 0; k < n; k++) {
        const NnConv before = v;

        if (layers[k].activation > LAC_ACTIVATION_RELU || !layer_sizes(&before, &layers[k], &v) ||
            !nn_stage_suits(&v))
            return FALSE;
    }
    return n > 0;
}

/* The lanes of scale, shift and centre, as if there were no batch norm: 1, 0 and what is near the
 * mean. */
static float *
stage_lanes(LacTape *tape, NnLink *s, const NnStackLayer *layer)
{
    float *lanes = nn_alloc_cleared(tape, 3 * s->all * sizeof *lanes);

    for (size_t c = 0; lanes != NULL && c < s->shape.v.filters; c++) {
        lanes[c] = 1;
        lanes[2 * s->all + c] = s->norm != NULL ? layer->running[c] : 0;
    }
    s->by = (NnScale){lanes, lanes != NULL ? lanes + s->all : NULL};
    s->centre = lanes != NULL ? lanes + 2 * s->all : NULL;
    return lanes;
}

static LacTensor *
stage(LacTensor *x, NnLink *before, const NnConv *v, const NnStackLayer *layer)
{
    LacTape *tape = x->tape;
    LacTensor *in[LAC_OP_INPUTS] = {x, layer->w}, *y;
    NnLink *s = lac_tape_alloc(tape, sizeof *s);
    unsigned inputs = NN_LINK_W + 1;
    float *lanes;

    if (s == NULL)
        return NULL;
    *s = (NnLink){.before = before,
                  .relu = layer->activation == LAC_ACTIVATION_RELU,
                  .batch = lac_tape_is_training(tape)};
    if (!nn_stage_init(tape, &s->shape, v, before == NULL))
        return NULL;
    s->all = s->shape.out.blocks * NN_LANES;
    if (layer->b != NULL)
        in[s->b = inputs++] = layer->b;
    if (layer->gamma != NULL) {
        in[s->gamma = inputs++] = layer->gamma;
        in[s->beta = inputs++] = layer->beta;
        s->norm = lac_tape_alloc(tape, v->filters * sizeof *s->norm);
    }
    lanes = stage_lanes(tape, s, layer);
    if (lanes == NULL || (layer->gamma != NULL && s->norm == NULL))
        return NULL;
    y = lac_tape_result(&lac_op_conv_stage, inputs, in, 1,
                        (const size_t[]){v->n * nn_link_bytes(s) / sizeof(LacReal)});
    if (y == NULL || !nn_link_forward(s, layer, x->v, y->v, lanes))
        return NULL;
    y->saved = s;
    return y;
}

LacTensor *
nn_stack(LacTensor *x, size_t n, const NnStackLayer *layers)
{
    NnConv before = sizes_of(x), v;
    LacTensor *y = x;

    for (size_t k = 0; k < n && y != NULL; k++, before = v) {
        if (!layer_sizes(&before, &layers[k], &v))
            return NULL;
        y = stage(y, k > 0 ? y->saved : NULL, &v, &layers[k]);
    }
    return planes(y);
}

#else

gboolean
nn_stack_suits(const LacTensor *x, size_t n, const NnStackLayer *layers)
{
    return FALSE;
}

LacTensor *
nn_stack(LacTensor *x, size_t n, const NnStackLayer *layers)
{
    g_assert_not_reached();
}

#endif
