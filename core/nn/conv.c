/* conv2d: y = act(x * W + b), correlation; conv_transpose2d: its adjoint as an operator.
 *
 *   dz = dy act'(y),  db = sum of dz over images and pixels,
 *   conv2d:            dx = adjoint(dz, W),  dW = weights(x, dz)
 *   conv_transpose2d:  dx = dz * W,          dW = weights(dz, x)
 *
 * where weights(x, y) is the gradient of <x * W, y> by W; it is linear in both, and an operator
 * too, so that gradients of gradients are made of these three. */
#include "activation-private.h"
#include "conv-private.h"
#include "parallel-private.h"
#include "tape-private.h"
#include "unary-private.h"

enum { X, W, B };

/** Conv: what backward is to know. */
typedef struct {
    NnConv v;
    LacActivation activation;
} Conv;

/* ---- shape rules ---- */

gboolean
nn_conv_sizes(size_t n, const LacTensor *w, size_t height, size_t width, LacConv geometry,
              NnConv *v)
{
    const size_t padded_height = height + geometry.top + geometry.bottom;
    const size_t padded_width = width + geometry.left + geometry.right;

    *v = (NnConv){.n = n,
                  .channels = w->shape[1],
                  .height = height,
                  .width = width,
                  .filters = w->shape[0],
                  .kernel_height = w->shape[2],
                  .kernel_width = w->shape[3],
                  .geometry = geometry};
    if (padded_height < v->kernel_height || padded_width < v->kernel_width)
        return FALSE;
    v->out_height = (padded_height - v->kernel_height) / geometry.stride + 1;
    v->out_width = (padded_width - v->kernel_width) / geometry.stride + 1;
    return TRUE;
}

static const char *
bias_text(const LacTensor *b)
{
    return b != NULL ? lac_tensor_shape_text(b) : "(none)";
}

static LacTensor *
conv_result(const LacOp *op, LacTensor *x, LacTensor *w, LacTensor *b, const Conv *plan,
            const size_t *shape)
{
    LacTensor *y = lac_tape_result(op, b != NULL ? 3 : 2, (LacTensor *[]){x, w, b}, 4, shape);
    Conv *conv = y != NULL ? lac_tape_alloc(x->tape, sizeof *conv) : NULL;

    if (conv == NULL)
        return NULL;
    *conv = *plan;
    y->saved = conv;
    nn_node(y)->rectifies = plan->activation == LAC_ACTIVATION_RELU;
    return y;
}

/* ---- dz and db ---- */

typedef struct {
    const LacTensor *y;
    LacActivation activation;
    size_t pixels;
    double *sums; /* [images * channels] or NULL */
} ConvSlope;

enum { LANES = 64 / sizeof(LacReal) };

typedef LacReal Lanes __attribute__((vector_size(64), aligned(sizeof(LacReal)), may_alias));

/* Of a plane of pixels, in one order; from plane to plane sums are double. */
LAC_CLONES static double
conv_sum(size_t n, const LacReal *v)
{
    Lanes sums = {0};
    const size_t whole = n / LANES * LANES;
    double sum = 0.0;

    for (size_t i = 0; i < whole; i += LANES)
        sums += *(const Lanes *)(v + i);
    for (size_t i = whole; i < n; i++)
        sums[i - whole] += v[i];
    for (size_t j = 0; j < LANES; j++)
        sum += (double)sums[j];
    return sum;
}

/* Makes dy dz, in place: it is nobody's but this operator's. */
static void
conv_slope_image(size_t image, void *user)
{
    const ConvSlope *s = user;
    const size_t channels = s->y->shape[1];

    for (size_t plane = image * channels; plane < (image + 1) * channels; plane++) {
        LacReal *gz = s->y->grad + plane * s->pixels;

        if (s->activation != LAC_ACTIVATION_NONE)
            nn_activation_slope(s->activation, s->pixels, s->y->v + plane * s->pixels, gz, gz);
        if (s->sums != NULL)
            s->sums[plane] = conv_sum(s->pixels, gz);
    }
}

static void
conv_slope_images(size_t begin, size_t end, unsigned worker, void *user)
{
    for (size_t i = begin; i < end; i++)
        conv_slope_image(i, user);
}

/* FALSE: no memory. */
static gboolean
conv_slope_init(const LacTensor *y, ConvSlope *s)
{
    const Conv *conv = y->saved;
    const gboolean sloped = ((const NnNode *)y)->sloped;
    const gboolean bias = y->inputs > B && lac_tensor_wants(y, B);

    *s = (ConvSlope){y, sloped ? LAC_ACTIVATION_NONE : conv->activation, y->shape[2] * y->shape[3],
                     NULL};
    if (bias)
        s->sums = lac_tape_alloc(y->tape, y->shape[0] * y->shape[1] * sizeof *s->sums);
    return !bias || s->sums != NULL;
}

static gboolean
conv_slope_wanted(const ConvSlope *s)
{
    return s->sums != NULL || s->activation != LAC_ACTIVATION_NONE;
}

/* db, once dz of all images is there. */
static void
conv_slope_end(const ConvSlope *s)
{
    LacTensor *b = s->sums != NULL ? s->y->in[B] : NULL;
    const gboolean first = b != NULL && lac_tensor_first(b);

    for (size_t c = 0; b != NULL && c < b->size; c++) {
        double sum = first ? 0.0 : (double)b->grad[c];

        for (size_t i = 0; i < s->y->shape[0]; i++)
            sum += s->sums[i * b->size + c];
        b->grad[c] = (LacReal)sum;
    }
}

/* ---- weights(x, y), for gradients of gradients ---- */

static LacTensor *conv_weights(LacTensor *x, LacTensor *y, const NnConv *v);

static void
conv_weights_backward(const LacTensor *gw)
{
    const NnConv *v = &((const Conv *)gw->saved)->v;
    LacTensor *x = gw->in[0], *y = gw->in[1];

    if (lac_tensor_wants(gw, 0))
        nn_conv_adjoint(gw->tape, v, y->v, gw->grad, NULL, LAC_ACTIVATION_NONE,
                        !lac_tensor_first(x), x->grad);
    if (lac_tensor_wants(gw, 1))
        nn_conv_forward(gw->tape, v, x->v, gw->grad, NULL, LAC_ACTIVATION_NONE,
                        !lac_tensor_first(y), y->grad);
}

static void
conv_weights_record(LacTensor *gw, LacTensor *ggw, LacTensor **gx)
{
    const NnConv *v = &((const Conv *)gw->saved)->v;

    if (lac_tensor_wants(gw, 0))
        gx[0] = lac_nn_conv_transpose2d(gw->in[1], ggw, NULL, v->geometry, v->height, v->width,
                                        LAC_ACTIVATION_NONE);
    if (lac_tensor_wants(gw, 1))
        gx[1] = lac_nn_conv2d(gw->in[0], ggw, NULL, v->geometry, LAC_ACTIVATION_NONE);
}

static const LacOp lac_op_conv_weights = {
    "conv_weights",      "d <x * W, y> / dW", conv_weights_backward,
    conv_weights_record, .assigns = TRUE,
};

static LacTensor *
conv_weights(LacTensor *x, LacTensor *y, const NnConv *v)
{
    const size_t shape[] = {v->filters, v->channels, v->kernel_height, v->kernel_width};
    const Conv plan = {*v, LAC_ACTIVATION_NONE};
    LacTensor *gw;

    if (x == NULL || y == NULL)
        return NULL;
    gw = conv_result(&lac_op_conv_weights, x, y, NULL, &plan, shape);
    if (gw == NULL || !nn_conv_weights(x->tape, v, x->v, y->v, FALSE, gw->v))
        return NULL;
    return lac_tape_done(gw);
}

/* ---- conv2d ---- */

static void
conv2d_backward(const LacTensor *y)
{
    const NnConv *v = &((const Conv *)y->saved)->v;
    LacTensor *x = y->in[X], *w = y->in[W];
    NnConvBackward b = {.conv = v, .x = x->v, .w = w->v, .gy = y->grad};
    ConvSlope s;

    if (!conv_slope_init(y, &s))
        return;
    if (conv_slope_wanted(&s))
        b.before = conv_slope_image, b.user = &s;
    if (lac_tensor_wants(y, X))
        b.gx = x->grad, b.add_x = !lac_tensor_first(x);
    if (lac_tensor_wants(y, W))
        b.gw = w->grad, b.add_w = !lac_tensor_first(w);
    if (nn_conv_backward(y->tape, &b))
        conv_slope_end(&s);
}

static void
conv2d_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    const Conv *conv = y->saved;
    const NnConv *v = &conv->v;
    LacTensor *gz = nn_activation_record(y, gy, conv->activation);

    if (lac_tensor_wants(y, X))
        gx[X] = lac_nn_conv_transpose2d(gz, y->in[W], NULL, v->geometry, v->height, v->width,
                                        LAC_ACTIVATION_NONE);
    if (lac_tensor_wants(y, W))
        gx[W] = conv_weights(y->in[X], gz, v);
    if (y->inputs > B && lac_tensor_wants(y, B))
        gx[B] = lac_nn_sum(gz, 1u << 0 | 1u << 2 | 1u << 3, FALSE);
}

static const LacOp lac_op_conv2d = {
    "conv2d", "act(x * W + b)", conv2d_backward, conv2d_record, .assigns = TRUE,
};

LacTensor *
lac_nn_conv2d(LacTensor *x, LacTensor *w, LacTensor *b, LacConv geometry, LacActivation activation)
{
    Conv plan = {.activation = activation};
    LacTensor *y;

    g_assert(geometry.stride >= 1);
    if (x == NULL || w == NULL)
        return NULL;
    if (x->dims != 4 || w->dims != 4 || x->shape[1] != w->shape[1] ||
        (b != NULL && (b->dims != 1 || b->shape[0] != w->shape[0])) ||
        !nn_conv_sizes(x->shape[0], w, x->shape[2], x->shape[3], geometry, &plan.v))
        return lac_tape_fail(x->tape, LAC_ERROR_SHAPE,
                             "conv2d: x %s, W %s and b %s do not fit; expected [N x C x H x W], [O "
                             "x C x kh x kw] and "
                             "[O], the kernel no larger than the padded image",
                             lac_tensor_shape_text(x), lac_tensor_shape_text(w), bias_text(b));

    const size_t shape[] = {plan.v.n, plan.v.filters, plan.v.out_height, plan.v.out_width};

    y = conv_result(&lac_op_conv2d, x, w, b, &plan, shape);
    if (y == NULL || !nn_conv_forward(x->tape, &plan.v, x->v, w->v, b != NULL ? b->v : NULL,
                                      activation, FALSE, y->v))
        return NULL;
    return lac_tape_done(y);
}

/* ---- conv_transpose2d ---- */

static void
conv_transpose2d_backward(const LacTensor *y)
{
    const NnConv *v = &((const Conv *)y->saved)->v;
    LacTensor *x = y->in[X], *w = y->in[W];
    ConvSlope s;

    if (!conv_slope_init(y, &s))
        return;
    if (conv_slope_wanted(&s))
        lac_parallel_for_short(1e-9 * (double)y->size, y->shape[0], 1, conv_slope_images, &s);
    conv_slope_end(&s);
    if (lac_tensor_wants(y, X))
        nn_conv_forward(y->tape, v, y->grad, w->v, NULL, LAC_ACTIVATION_NONE, !lac_tensor_first(x),
                        x->grad);
    if (lac_tensor_wants(y, W))
        nn_conv_weights(y->tape, v, y->grad, x->v, !lac_tensor_first(w), w->grad);
}

static void
conv_transpose2d_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    const Conv *conv = y->saved;
    const NnConv *v = &conv->v;
    LacTensor *gz = nn_activation_record(y, gy, conv->activation);

    if (lac_tensor_wants(y, X))
        gx[X] = lac_nn_conv2d(gz, y->in[W], NULL, v->geometry, LAC_ACTIVATION_NONE);
    if (lac_tensor_wants(y, W))
        gx[W] = conv_weights(gz, y->in[X], v);
    if (y->inputs > B && lac_tensor_wants(y, B))
        gx[B] = lac_nn_sum(gz, 1u << 0 | 1u << 2 | 1u << 3, FALSE);
}

static const LacOp lac_op_conv_transpose2d = {
    "conv_transpose2d",        "act(adjoint of (· * W) at x + b)",
    conv_transpose2d_backward, conv_transpose2d_record,
    .assigns = TRUE,
};

LacTensor *
lac_nn_conv_transpose2d(LacTensor *x, LacTensor *w, LacTensor *b, LacConv geometry, size_t height,
                        size_t width, LacActivation activation)
{
    Conv plan = {.activation = activation};
    LacTensor *y;

    g_assert(geometry.stride >= 1 && height >= 1 && width >= 1);
    if (x == NULL || w == NULL)
        return NULL;
    if (x->dims != 4 || w->dims != 4 || x->shape[1] != w->shape[0] ||
        (b != NULL && (b->dims != 1 || b->shape[0] != w->shape[1])) ||
        !nn_conv_sizes(x->shape[0], w, height, width, geometry, &plan.v) ||
        plan.v.out_height != x->shape[2] || plan.v.out_width != x->shape[3])
        return lac_tape_fail(
            x->tape, LAC_ERROR_SHAPE,
            "conv_transpose2d: x %s, W %s, b %s and a result of %zu x %zu do not fit; expected "
            "[N x C x H x W], [C x O x kh x kw], [O], and a convolution that takes the result to "
            "H x W",
            lac_tensor_shape_text(x), lac_tensor_shape_text(w), bias_text(b), height, width);

    const size_t shape[] = {plan.v.n, plan.v.channels, height, width};

    y = conv_result(&lac_op_conv_transpose2d, x, w, b, &plan, shape);
    if (y == NULL || !nn_conv_adjoint(x->tape, &plan.v, x->v, w->v, b != NULL ? b->v : NULL,
                                      activation, FALSE, y->v))
        return NULL;
    return lac_tape_done(y);
}
