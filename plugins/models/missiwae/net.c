/* Encoder and decoder: dense, or convolutions over images. */
#include "missiwae.h"

#include <math.h>

enum { KERNEL = 5, STRIDE = 2, DENSE_WIDTH = 300 };
static const size_t filters[] = {16, 32, 32}; /* Salimans, Kingma & Welling 2015, section 5 */

/* q's scale never reaches 0, nor does a numeric column's: the likelihood would be unbounded */
#define POSTERIOR_FLOOR ((LacReal)1e-6)
#define SCALE_FLOOR ((LacReal)1e-3)
#define FREEDOM_FLOOR ((LacReal)3.0)

/* How many numbers the decoder gives for each numeric column. */
static size_t
numbers_a_column(Likelihood likelihood)
{
    switch (likelihood) {
    case STUDENT:
        return 3;
    case GAUSSIAN:
    case LOGISTIC:
        return 2;
    default:
        return 1;
    }
}

/* ---- building -------------------------------------------------------------------------------- */

/* Layers from @in over the hidden widths, forwards or backwards; returns the last width. */
static size_t
add_mlp(LacMlp *mlp, const Dlvm *self, LacNet *net, const char *name, size_t in, gboolean reversed)
{
    const size_t n = self->hidden.n;
    g_autofree size_t *widths = g_new(size_t, n + 1);

    widths[0] = in;
    for (size_t k = 0; k < n; k++)
        widths[k + 1] = (size_t)self->hidden.v[reversed ? n - 1 - k : k];
    if (n > 0)
        lac_mlp_init(mlp, net, name, n + 1, widths, (LacActivation)self->activation,
                     (LacActivation)self->activation, (LacInit)self->init);
    return widths[n];
}

static void
add_numeric_heads(Net *net, const Dlvm *self, const Layout *layout, size_t in)
{
    const LacInit init = (LacInit)self->init;

    if (layout->numeric == 0)
        return;
    lac_dense_init(&net->numeric, net->net, "decoder.numeric", in, layout->numeric,
                   LAC_ACTIVATION_NONE, init);
    if (numbers_a_column(layout->likelihood) >= 2)
        lac_dense_init(&net->scale, net->net, "decoder.scale", in, layout->numeric,
                       LAC_ACTIVATION_NONE, init);
    if (layout->likelihood == STUDENT)
        lac_dense_init(&net->freedom, net->net, "decoder.freedom", in, layout->numeric,
                       LAC_ACTIVATION_NONE, init);
}

static void
add_heads(Net *net, const Dlvm *self, const Layout *layout, size_t in)
{
    add_numeric_heads(net, self, layout, in);
    if (layout->binary > 0)
        lac_dense_init(&net->binary, net->net, "decoder.binary", in, layout->binary,
                       LAC_ACTIVATION_NONE, (LacInit)self->init);
    net->category = g_new0(LacDense, layout->categories + 1);
    for (size_t c = 0; c < layout->categories; c++) {
        g_autofree char *name = g_strdup_printf("decoder.category.%zu", c);

        lac_dense_init(&net->category[c], net->net, name, in, layout->category[c].levels,
                       LAC_ACTIVATION_NONE, (LacInit)self->init);
    }
}

static void
add_dense(Net *net, const Dlvm *self, const Layout *layout)
{
    const size_t d = (size_t)self->latent, in = layout->width * (self->mask_input ? 2 : 1);
    const size_t seen = add_mlp(&net->encoder, self, net->net, "encoder", in, FALSE);

    lac_dense_init(&net->mu, net->net, "encoder.mu", seen, d, LAC_ACTIVATION_NONE,
                   (LacInit)self->init);
    lac_dense_init(&net->s, net->net, "encoder.s", seen, d, LAC_ACTIVATION_NONE,
                   (LacInit)self->init);
    add_heads(
        net, self, layout,
        net->shape == NET_LINEAR ? d : add_mlp(&net->decoder, self, net->net, "decoder", d, TRUE));
}

/* Three halvings; the decoder mirrors them, each transposed convolution the adjoint of its twin. */
static void
add_conv(Net *net, const Dlvm *self, const Layout *layout)
{
    const LacActivation act = (LacActivation)self->activation;
    const LacInit init = (LacInit)self->init;
    const size_t d = (size_t)self->latent, out = numbers_a_column(layout->likelihood);
    size_t sizes[4][3] = {{layout->image.channels * (self->mask_input ? 2 : 1),
                           layout->image.height, layout->image.width}};

    for (size_t l = 0; l < 3; l++) {
        const LacConv rows = lac_conv_same(sizes[l][1], KERNEL, STRIDE),
                      cols = lac_conv_same(sizes[l][2], KERNEL, STRIDE);
        const LacConv geometry = {STRIDE, rows.top, cols.left, rows.bottom, cols.right};
        g_autofree char *down = g_strdup_printf("encoder.conv.%zu", l);
        g_autofree char *up = g_strdup_printf("decoder.conv.%zu", 2 - l);

        sizes[l + 1][0] = filters[l];
        sizes[l + 1][1] = (sizes[l][1] + 1) / STRIDE;
        sizes[l + 1][2] = (sizes[l][2] + 1) / STRIDE;
        lac_conv_init(&net->down[l], net->net, down, sizes[l][0], filters[l], KERNEL, geometry, act,
                      init);
        lac_conv_transpose_init(&net->up[2 - l], net->net, up, filters[l],
                                l == 0 ? layout->image.channels * out : sizes[l][0], KERNEL,
                                geometry, sizes[l][1], sizes[l][2],
                                l == 0 ? LAC_ACTIVATION_NONE : act, init);
    }
    for (size_t k = 0; k < 3; k++)
        net->map[k] = sizes[3][k];
    const size_t flat = net->map[0] * net->map[1] * net->map[2];

    lac_dense_init(&net->flat, net->net, "encoder.dense", flat, DENSE_WIDTH, act, init);
    lac_dense_init(&net->mu, net->net, "encoder.mu", DENSE_WIDTH, d, LAC_ACTIVATION_NONE, init);
    lac_dense_init(&net->s, net->net, "encoder.s", DENSE_WIDTH, d, LAC_ACTIVATION_NONE, init);
    lac_dense_init(&net->unflat[0], net->net, "decoder.dense.0", d, DENSE_WIDTH, act, init);
    lac_dense_init(&net->unflat[1], net->net, "decoder.dense.1", DENSE_WIDTH, flat, act, init);
}

static gboolean
check_image(const Dlvm *self, const Layout *layout, GError **error)
{
    const LacImageShape s = layout->image;

    if (self->shape != NET_CONV)
        return TRUE;
    if (s.height == 0 || layout->numeric != layout->cols)
        return lac_fail(error, LAC_ERROR_DATA,
                        "net: conv needs rows that are images; use net: dense for tables");
    if (s.height < 8 || s.width < 8)
        return lac_fail(error, LAC_ERROR_DATA,
                        "net: conv halves images three times; %zu x %zu is too small, use net: "
                        "dense",
                        s.height, s.width);
    return TRUE;
}

/* Outputs start at the observed means: the logit of each Bernoulli column (one for all pixels of
 * the convolutional net); others are standardised and start at 0. */
static void
start_biases(Net *net, const Layout *layout)
{
    const gboolean bernoulli = layout->likelihood == BERNOULLI;
    double all = 0.0;

    for (size_t k = 0; k < layout->numeric + layout->binary; k++) {
        const double share = CLAMP((double)layout->mean[k], 0.001, 0.999);
        const LacReal logit = (LacReal)log(share / (1.0 - share));

        all += (double)layout->mean[k] / (double)(layout->numeric + layout->binary);
        if (k >= layout->numeric)
            lac_net_param_values(net->binary.bias)[k - layout->numeric] = logit;
        else if (bernoulli && net->shape != NET_CONV)
            lac_net_param_values(net->numeric.bias)[k] = logit;
    }
    all = CLAMP(all, 0.001, 0.999);
    for (size_t c = 0; bernoulli && net->shape == NET_CONV && c < layout->image.channels; c++)
        lac_net_param_values(net->up[2].bias)[c] = (LacReal)log(all / (1.0 - all));
}

Net *
net_new(const Dlvm *self, const Layout *layout, const LacRng *rng, GError **error)
{
    g_autoptr(Net) net = g_new0(Net, 1);

    if (!check_image(self, layout, error) || (self->mnar && !missing_check(layout, error)))
        return NULL;
    net->net = lac_net_new(rng);
    net->shape = (Shape)self->shape;
    net->categories = layout->categories;
    if (net->shape == NET_CONV)
        add_conv(net, self, layout);
    else
        add_dense(net, self, layout);
    if (layout->likelihood == SHARED && layout->numeric > 0)
        net->log_sigma =
            lac_net_add(net->net, "decoder.log_sigma", LAC_INIT_ZEROS, 1, 1, LAC_SHAPE(1));
    if (self->iota == FILL_LEARNED)
        net->fill =
            lac_net_add(net->net, "encoder.fill", LAC_INIT_ZEROS, 1, 1, LAC_SHAPE(layout->width));
    if (self->mnar)
        missing_add(net, self, layout);
    start_biases(net, layout);
    return g_steal_pointer(&net);
}

void
net_free(Net *net)
{
    if (net == NULL)
        return;
    lac_mlp_clear(&net->encoder);
    lac_mlp_clear(&net->decoder);
    g_free(net->category);
    lac_net_free(net->net);
    g_free(net);
}

/* ---- running --------------------------------------------------------------------------------- */

/* iota(x, m): the row with its holes filled; the mask beside it when asked for. */
static LacTensor *
encoder_input(const Dlvm *self, const Batch *batch, LacTape *tape)
{
    LacTensor *x = batch->input, *fill = NULL;

    if (self->iota == FILL_LEARNED)
        fill = lac_net_use(tape, self->net->fill);
    else if (self->iota == FILL_MEAN)
        fill = lac_tape_leaf(tape, self->layout->mean, NULL, LAC_SHAPE(self->layout->width));
    if (fill != NULL)
        x = lac_nn_add(x, lac_nn_mul(batch->hidden, fill));
    if (!self->mask_input)
        return x;
    return lac_nn_concat(2, (LacTensor *[]){x, batch->hidden}, 1);
}

static LacTensor *
encode_image(const Dlvm *self, LacTensor *x, size_t n)
{
    const Net *net = self->net;
    const LacImageShape s = self->layout->image;

    x = lac_nn_reshape(x, LAC_SHAPE(n, s.channels * (self->mask_input ? 2 : 1), s.height, s.width));
    for (size_t l = 0; l < 3; l++)
        x = lac_conv_apply(&net->down[l], x);
    x = lac_nn_reshape(x, LAC_SHAPE(n, net->map[0] * net->map[1] * net->map[2]));
    return lac_dense_apply(&net->flat, x);
}

void
net_encode(const Dlvm *self, const Batch *batch, LacTape *tape, LacTensor **mu, LacTensor **s)
{
    const Net *net = self->net;
    LacTensor *h = encoder_input(self, batch, tape);

    if (net->shape == NET_CONV)
        h = encode_image(self, h, batch->n);
    else if (net->encoder.n > 0)
        h = lac_mlp_apply(&net->encoder, h);
    *mu = lac_dense_apply(&net->mu, h);
    *s = lac_nn_affine(lac_nn_softplus(lac_dense_apply(&net->s, h)), 1, POSTERIOR_FLOOR);
}

/* From raw decoder numbers to the parameters of the likelihood. */
static void
finish_numeric(const Net *net, const Layout *layout, LacTensor *raw[3], Heads *out)
{
    out->mu = raw[0];
    switch (layout->likelihood) {
    case STUDENT:
        out->nu = lac_nn_affine(lac_nn_softplus(raw[2]), 1, FREEDOM_FLOOR);
        /* fall through */
    case GAUSSIAN:
        out->s = lac_nn_affine(lac_nn_softplus(raw[1]), 1, SCALE_FLOOR);
        break;
    case LOGISTIC: /* ln s */
        out->s = lac_nn_clip(raw[1], -7, 7);
        break;
    case SHARED: {
        LacTensor *sigma =
            raw[0] != NULL ? lac_nn_exp(lac_net_use(raw[0]->tape, net->log_sigma)) : NULL;

        out->s = sigma != NULL ? lac_nn_broadcast(sigma, raw[0]->dims, raw[0]->shape) : NULL;
        break;
    }
    default:
        break;
    }
}

static void
decode_image(const Net *net, const Layout *layout, LacTensor *z, LacTensor *raw[3])
{
    const size_t n = z->shape[0], heads = numbers_a_column(layout->likelihood);
    LacTensor *h = lac_dense_apply(&net->unflat[0], z);

    h = lac_dense_apply(&net->unflat[1], h);
    h = lac_nn_reshape(h, LAC_SHAPE(n, net->map[0], net->map[1], net->map[2]));
    for (size_t l = 0; l < 3; l++)
        h = lac_conv_apply(&net->up[l], h);
    h = lac_nn_reshape(h, LAC_SHAPE(n, heads * layout->cols));
    for (size_t k = 0; k < heads; k++)
        raw[k] = heads == 1 ? h : lac_nn_slice(h, 1, k * layout->cols, layout->cols);
}

void
net_decode(const Net *net, const Layout *layout, LacTensor *z, Heads *out)
{
    LacTensor *raw[3] = {NULL, NULL, NULL}, *h = z;

    *out = (Heads){NULL, NULL, NULL, NULL, NULL};
    if (z == NULL)
        return;
    out->category = lac_tape_alloc(z->tape, (layout->categories + 1) * sizeof *out->category);
    if (out->category == NULL)
        return;
    if (net->shape == NET_CONV) {
        decode_image(net, layout, z, raw);
        finish_numeric(net, layout, raw, out);
        return;
    }
    if (net->decoder.n > 0)
        h = lac_mlp_apply(&net->decoder, h);
    if (layout->numeric > 0) {
        raw[0] = lac_dense_apply(&net->numeric, h);
        raw[1] = net->scale.weight != NULL ? lac_dense_apply(&net->scale, h) : NULL;
        raw[2] = net->freedom.weight != NULL ? lac_dense_apply(&net->freedom, h) : NULL;
        finish_numeric(net, layout, raw, out);
    }
    if (layout->binary > 0)
        out->binary = lac_dense_apply(&net->binary, h);
    for (size_t c = 0; c < layout->categories; c++)
        out->category[c] = lac_dense_apply(&net->category[c], h);
}
