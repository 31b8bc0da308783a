/* Encoder and decoder: dense, or convolutions over images. */
#include "missiwae.h"

#include <math.h>

enum { KERNEL = 5, STRIDE = 2, DENSE_WIDTH = 300 };
static const size_t filters[] = {16, 32, 32}; /* Salimans, Kingma & Welling 2015, section 5 */

/* q's scale never reaches 0, nor does a numeric column's: the likelihood would be unbounded */
#define POSTERIOR_FLOOR ((LacReal)1e-6)
#define SCALE_FLOOR ((LacReal)1e-3)
#define FREEDOM_FLOOR ((LacReal)3.0)
#define RATE_FLOOR ((LacReal)1e-6)
#define GAP_FLOOR ((LacReal)1e-3)

/* How many numbers the decoder gives for each numeric column. */
static size_t
numbers_a_column(Likelihood likelihood)
{
    switch (likelihood) {
    case STUDENT:
        return 3;
    case GAUSSIAN:
    case MIXED:
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

/* Logits of a category, or the score and the thresholds of an ordered one. */
static void
add_category(Net *net, const Dlvm *self, const Layout *layout, size_t in, size_t c)
{
    const Category *category = &layout->category[c];
    CategoryHead *head = &net->category[c];
    g_autofree char *name = g_strdup_printf("decoder.category.%zu", c);
    g_autofree char *cut = g_strdup_printf("decoder.category.%zu.cut", c);

    lac_dense_init(&head->dense, net->net, name, in, category->ordered ? 1 : category->levels,
                   LAC_ACTIVATION_NONE, (LacInit)self->init);
    if (category->ordered)
        head->cut =
            lac_net_add(net->net, cut, LAC_INIT_ZEROS, 1, 1, LAC_SHAPE(category->levels - 1));
}

static void
add_heads(Net *net, const Dlvm *self, const Layout *layout, size_t in)
{
    const LacInit init = (LacInit)self->init;

    add_numeric_heads(net, self, layout, in);
    if (layout->counts > 0)
        lac_dense_init(&net->counts, net->net, "decoder.count", in, layout->counts,
                       LAC_ACTIVATION_NONE, init);
    if (layout->binary > 0)
        lac_dense_init(&net->binary, net->net, "decoder.binary", in, layout->binary,
                       LAC_ACTIVATION_NONE, init);
    for (size_t c = 0; c < layout->categories; c++)
        add_category(net, self, layout, in, c);
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

static double
logit(double share)
{
    share = CLAMP(share, 0.001, 0.999);
    return log(share / (1.0 - share));
}

static double
inverse_softplus(double y)
{
    return y + log(-expm1(-y));
}

/* Thresholds at the observed shares; @seen: [levels] shares of values at or above each level. */
static void
start_cut(LacNetParam *cut, size_t levels, const LacReal *seen)
{
    LacReal *v = lac_net_param_values(cut);
    double last = logit(1.0 - (double)seen[1]);

    v[0] = (LacReal)last;
    for (size_t r = 1; r + 1 < levels; r++) {
        const double next = logit(1.0 - (double)seen[r + 1]);

        v[r] = (LacReal)inverse_softplus(fmax(next - last, 0.05));
        last = next;
    }
}

/* Outputs start at the observed means: the logit of each Bernoulli column (one for all pixels of
 * the convolutional net), the size of counts, thresholds; others are standardised and start at 0.
 */
static void
start_biases(Net *net, const Layout *layout)
{
    const gboolean bernoulli = layout->likelihood == BERNOULLI;
    const size_t before = layout->numeric + layout->counts;
    double all = 0.0;

    for (size_t k = 0; bernoulli && k < layout->numeric; k++) {
        all += (double)layout->mean[k] / (double)layout->numeric;
        if (net->shape != NET_CONV)
            lac_net_param_values(net->numeric.bias)[k] = (LacReal)logit((double)layout->mean[k]);
    }
    for (size_t k = 0; k < layout->counts; k++)
        lac_net_param_values(net->counts.bias)[k] = (LacReal)inverse_softplus(1.0);
    for (size_t k = 0; k < layout->binary; k++)
        lac_net_param_values(net->binary.bias)[k] =
            (LacReal)logit((double)layout->mean[before + k]);
    for (size_t c = 0; c < layout->categories; c++)
        if (net->category[c].cut != NULL)
            start_cut(net->category[c].cut, layout->category[c].levels,
                      layout->mean + layout->category[c].offset);
    for (size_t c = 0; bernoulli && net->shape == NET_CONV && c < layout->image.channels; c++)
        lac_net_param_values(net->up[2].bias)[c] = (LacReal)logit(all);
}

Net *
net_new(const Dlvm *self, const Layout *layout, const LacRng *rng, GError **error)
{
    g_autoptr(Net) net = g_new0(Net, 1);

    if (!check_image(self, layout, error) || (self->mnar && !missing_check(layout, error)))
        return NULL;
    net->net = lac_net_new(rng);
    net->shape = (Shape)self->shape;
    net->category = g_new0(CategoryHead, layout->categories + 1);
    if (self->components > 0) {
        hivae_add(net, self, layout);
        return g_steal_pointer(&net);
    }
    if (net->shape == NET_CONV)
        add_conv(net, self, layout);
    else
        add_dense(net, self, layout);
    if (layout->likelihood == SHARED && layout->numeric > 0)
        net->log_sigma =
            lac_net_add(net->net, "decoder.log_sigma", LAC_INIT_ZEROS, 1, 1, LAC_SHAPE(1));
    if (self->iota == IOTA_LEARNED)
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
    hivae_free(net);
    lac_net_free(net->net);
    g_free(net);
}

/* ---- running --------------------------------------------------------------------------------- */

/* iota(x, m): the row with its holes filled; the mask beside it when asked for. */
static LacTensor *
encoder_input(const Dlvm *self, const Batch *batch, LacTape *tape)
{
    LacTensor *x = batch->input, *fill = NULL;

    if (self->iota == IOTA_LEARNED)
        fill = lac_net_use(tape, self->net->fill);
    else if (self->iota == IOTA_MEAN)
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
    x = lac_conv_stack_apply(G_N_ELEMENTS(net->down), net->down, NULL, x);
    x = lac_nn_reshape(x, LAC_SHAPE(n, net->map[0] * net->map[1] * net->map[2]));
    return lac_dense_apply(&net->flat, x);
}

void
net_encode(const Dlvm *self, const Batch *batch, LacTape *tape, Encoded *out)
{
    const Net *net = self->net;
    LacTensor *h = encoder_input(self, batch, tape);

    if (net->shape == NET_CONV)
        h = encode_image(self, h, batch->n);
    else if (net->encoder.n > 0)
        h = lac_mlp_apply(&net->encoder, h);
    out->mu = lac_dense_apply(&net->mu, h);
    out->s = lac_dense_apply(&net->s, h);
    out->class = NULL;
    if (self->components > 0)
        out->class = lac_dense_apply(&net->mixture.class, h);
    else
        out->s = lac_nn_affine(lac_nn_softplus(out->s), 1, POSTERIOR_FLOOR);
}

LacTensor *
net_scales(const Layout *layout, LacTensor *raw, gboolean square)
{
    LacTensor *s = square ? lac_nn_sqrt(lac_nn_affine(lac_nn_softplus(raw), 1, SCALE_FLOOR))
                          : lac_nn_affine(lac_nn_softplus(raw), 1, SCALE_FLOOR);
    LacTensor *least;
    gboolean any = FALSE;

    for (size_t k = 0; k < layout->numeric; k++)
        any = any || layout->logarithm[k];
    if (!any || s == NULL)
        return s;
    least = lac_tape_constant(s->tape, LAC_SHAPE(layout->numeric));
    for (size_t k = 0; least != NULL && k < layout->numeric; k++)
        least->v[k] = layout->logarithm[k] ? (LacReal)-1.0 : (LacReal)-1e6;
    return lac_nn_neg(lac_nn_maximum(lac_nn_neg(s), least)); /* min(s, 1) */
}

LacTensor *
net_rates(const Layout *layout, LacTensor *raw)
{
    LacTensor *size = raw != NULL ? lac_tape_constant(raw->tape, LAC_SHAPE(layout->counts)) : NULL;

    for (size_t k = 0; size != NULL && k < layout->counts; k++)
        size->v[k] = (LacReal)fmax(expm1(layout->moments.centre[layout->numeric + k]), 0.1);
    return lac_nn_affine(lac_nn_mul(lac_nn_softplus(raw), size), 1, RATE_FLOOR);
}

/* With A = ln sigmoid(t - h), B = ln sigmoid(h - t) and gaps g: level 0 has A_0, the last B, one
 * between A_r + B_(r-1) + ln(1 - e^-g_r): sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b)
 * (1 - e^(b - a)), which is as exact for close thresholds as for distant ones. */
LacTensor *
net_ordered(LacTensor *score, LacTensor *first, LacTensor *gaps)
{
    LacTensor *sum, *t, *below, *above, *between, *none;
    size_t n, cuts;

    if (score == NULL || first == NULL || gaps == NULL)
        return NULL;
    n = score->shape[0];
    cuts = gaps->shape[1] + 1;
    sum = lac_tape_constant(score->tape, LAC_SHAPE(cuts, cuts));
    none = lac_tape_fill(score->tape, 0, LAC_SHAPE(n, 1));
    if (sum == NULL || none == NULL)
        return NULL;
    for (size_t r = 0; r < cuts; r++)
        for (size_t k = 0; k < cuts; k++)
            sum->v[r * cuts + k] = k <= r;
    t = lac_nn_matmul(FALSE, TRUE, lac_nn_concat(2, (LacTensor *[]){first, gaps}, 1), sum);
    below = lac_nn_neg(lac_nn_softplus(lac_nn_sub(score, t)));
    above = lac_nn_neg(lac_nn_softplus(lac_nn_sub(t, score)));
    between = lac_nn_log(lac_nn_affine(lac_nn_exp(lac_nn_neg(gaps)), -1, 1));
    between = between != NULL && between->shape[0] != n
                  ? lac_nn_broadcast(between, LAC_SHAPE(n, cuts - 1))
                  : between;
    return lac_nn_add(lac_nn_add(lac_nn_concat(2, (LacTensor *[]){below, none}, 1),
                                 lac_nn_concat(2, (LacTensor *[]){none, above}, 1)),
                      lac_nn_concat(3, (LacTensor *[]){none, between, none}, 1));
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
    case MIXED:
        out->s = net_scales(layout, raw[1], FALSE);
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

/* Logits of category @c from the decoder's features. */
static LacTensor *
category_logits(const CategoryHead *head, LacTensor *h)
{
    LacTensor *score = lac_dense_apply(&head->dense, h), *cut, *gaps;
    size_t cuts;

    if (head->cut == NULL || score == NULL)
        return score;
    cut = lac_net_use(h->tape, head->cut);
    cuts = cut->size;
    cut = lac_nn_reshape(cut, LAC_SHAPE(1, cuts));
    gaps = lac_nn_affine(lac_nn_softplus(lac_nn_slice(cut, 1, 1, cuts - 1)), 1, GAP_FLOOR);
    return net_ordered(score, lac_nn_slice(cut, 1, 0, 1), gaps);
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
net_decode(const Dlvm *self, LacTensor *code, Heads *out)
{
    const Net *net = self->net;
    const Layout *layout = self->layout;
    LacTensor *raw[3] = {NULL, NULL, NULL}, *h = code;

    *out = (Heads){NULL, NULL, NULL, NULL, NULL, NULL};
    if (code == NULL)
        return;
    out->category = lac_tape_alloc(code->tape, (layout->categories + 1) * sizeof *out->category);
    if (out->category == NULL)
        return;
    if (self->components > 0) {
        hivae_decode(self, code, out);
        return;
    }
    if (net->shape == NET_CONV) {
        decode_image(net, layout, code, raw);
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
    if (layout->counts > 0)
        out->rate = net_rates(layout, lac_dense_apply(&net->counts, h));
    if (layout->binary > 0)
        out->binary = lac_dense_apply(&net->binary, h);
    for (size_t c = 0; c < layout->categories; c++)
        out->category[c] = category_logits(&net->category[c], h);
}

/* Values and gradients of what lies between z and its log weight. */
double
net_bytes(const Dlvm *self, const Layout *layout)
{
    double values = 4.0 * (double)self->latent +
                    2.0 * (double)(layout->width * numbers_a_column(layout->likelihood));

    if (self->shape == NET_CONV)
        values += 2.0 * DENSE_WIDTH + 10.0 * (double)layout->width;
    else if (self->shape == NET_DENSE)
        for (size_t k = 0; k < self->hidden.n; k++)
            values += 2.0 * self->hidden.v[k];
    return values * sizeof(LacReal);
}
