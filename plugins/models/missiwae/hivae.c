/* hivae: a mixture of S classes behind z, and a linear code of each column behind its likelihood:
 *   s ~ uniform on S classes,  z | s ~ N(W_p s + b_p, I),  y = W_y z + b_y, `units` numbers a
 * column, location of column j: v_j . y_j + u_j[s],  its scale and thresholds: functions of s
 * alone; q(s | x) softmax of a linear map, q(z | x, s) normal, mean and log variance linear in x
 * and s. There is no hidden layer. Trained with one sample, s relaxed by Gumbel-softmax; filled by
 * importance sampling with s drawn as it is.
 * Source: Nazabal, Olmos, Ghahramani & Valera, Handling incomplete heterogeneous data using VAEs
 * (Pattern Recognition 107, 2020), sections 3 and 4; relaxation: Jang, Gu & Poole (ICLR 2017). */
#include "missiwae.h"

#include <math.h>

#define MOST_LOG_VARIANCE ((LacReal)15.0)
#define LEAST_SHARE ((LacReal)1e-6)
#define LEAST_GAP ((LacReal)1e-3)

/* ---- building -------------------------------------------------------------------------------- */

/* A linear map, with a bias or without. */
static LacDense
map_new(LacNet *net, const char *name, size_t in, size_t out, gboolean bias)
{
    g_autofree char *weight = g_strconcat(name, ".weight", NULL);
    g_autofree char *constant = g_strconcat(name, ".bias", NULL);
    LacDense map = {.activation = LAC_ACTIVATION_NONE};

    map.weight = lac_net_add(net, weight, LAC_INIT_NORMAL, in, out, LAC_SHAPE(out, in));
    if (bias)
        map.bias = lac_net_add(net, constant, LAC_INIT_ZEROS, in, out, LAC_SHAPE(out));
    return map;
}

/* Columns whose heads are one number of the code. */
static size_t
plain_columns(const Layout *layout)
{
    return layout_dense(layout);
}

static void
add_category(Net *net, const Dlvm *self, const Layout *layout, size_t c)
{
    Mixture *m = &net->mixture;
    const size_t classes = (size_t)self->components, levels = layout->category[c].levels;
    const size_t out = layout->category[c].ordered ? 1 : levels - 1;
    g_autofree char *code = g_strdup_printf("decoder.category.%zu", c);
    g_autofree char *class = g_strdup_printf("decoder.category.%zu.class", c);
    g_autofree char *cut = g_strdup_printf("decoder.category.%zu.cut", c);

    m->category[c] = map_new(net->net, code, (size_t)self->units, out, FALSE);
    m->category_class[c] = map_new(net->net, class, classes, out, FALSE);
    if (layout->category[c].ordered)
        m->cut_class[c] = map_new(net->net, cut, classes, levels - 1, FALSE);
}

void
hivae_add(Net *net, const Dlvm *self, const Layout *layout)
{
    Mixture *m = &net->mixture;
    const size_t in = layout->width, d = (size_t)self->latent, classes = (size_t)self->components;
    const size_t units = (size_t)self->units, plain = plain_columns(layout);

    m->class = map_new(net->net, "encoder.class", in, classes, TRUE);
    net->mu = map_new(net->net, "encoder.mu", in, d, TRUE);
    m->mu_class = map_new(net->net, "encoder.mu.class", classes, d, FALSE);
    net->s = map_new(net->net, "encoder.log_variance", in, d, TRUE);
    m->s_class = map_new(net->net, "encoder.log_variance.class", classes, d, FALSE);
    m->prior = map_new(net->net, "prior", classes, d, TRUE);
    m->unit = map_new(net->net, "decoder.unit", d, layout->cols * units, TRUE);
    m->category = g_new0(LacDense, layout->categories + 1);
    m->category_class = g_new0(LacDense, layout->categories + 1);
    m->cut_class = g_new0(LacDense, layout->categories + 1);
    if (plain > 0) {
        m->location = lac_net_add(net->net, "decoder.location", LAC_INIT_NORMAL, units, 1,
                                  LAC_SHAPE(plain, units));
        m->location_class = map_new(net->net, "decoder.location.class", classes, plain, FALSE);
    }
    if (layout->numeric > 0)
        m->scale_class = map_new(net->net, "decoder.scale.class", classes, layout->numeric, FALSE);
    for (size_t c = 0; c < layout->categories; c++)
        add_category(net, self, layout, c);
}

void
hivae_free(Net *net)
{
    g_free(net->mixture.category);
    g_free(net->mixture.category_class);
    g_free(net->mixture.cut_class);
}

/* ---- decoder --------------------------------------------------------------------------------- */

/* Locations of the columns with one number each, [n x plain]. */
static LacTensor *
locations(const Dlvm *self, LacTensor *y, LacTensor *s)
{
    const Mixture *m = &self->net->mixture;
    const size_t plain = plain_columns(self->layout), units = (size_t)self->units;
    LacTensor *own;

    if (y == NULL)
        return NULL;
    own =
        lac_nn_reshape(lac_nn_slice(y, 1, 0, plain * units), LAC_SHAPE(y->shape[0], plain, units));
    own = lac_nn_sum(lac_nn_mul(own, lac_net_use(y->tape, m->location)), 1u << 2, FALSE);
    return lac_nn_add(own, lac_dense_apply(&m->location_class, s));
}

/* Logits of category @c; the first is 0, or those of ordered levels. */
static LacTensor *
category(const Dlvm *self, LacTensor *y, LacTensor *s, size_t c)
{
    const Mixture *m = &self->net->mixture;
    const Category *column = &self->layout->category[c];
    const size_t units = (size_t)self->units, at = (plain_columns(self->layout) + c) * units;
    LacTensor *own = lac_nn_add(lac_dense_apply(&m->category[c], lac_nn_slice(y, 1, at, units)),
                                lac_dense_apply(&m->category_class[c], s));
    LacTensor *none, *cut;

    if (own == NULL)
        return NULL;
    if (column->ordered) {
        cut = lac_nn_affine(lac_nn_softplus(lac_dense_apply(&m->cut_class[c], s)), 1, LEAST_GAP);
        return net_ordered(own, lac_nn_slice(cut, 1, 0, 1),
                           lac_nn_slice(cut, 1, 1, column->levels - 2));
    }
    none = lac_tape_fill(own->tape, 0, LAC_SHAPE(own->shape[0], 1));
    return lac_nn_concat(2, (LacTensor *[]){none, own}, 1);
}

void
hivae_decode(const Dlvm *self, LacTensor *code, Heads *out)
{
    const Mixture *m = &self->net->mixture;
    const Layout *layout = self->layout;
    const size_t d = (size_t)self->latent;
    LacTensor *z = lac_nn_slice(code, 1, 0, d);
    LacTensor *s = lac_nn_slice(code, 1, d, (size_t)self->components);
    LacTensor *y = lac_dense_apply(&m->unit, z), *location = NULL;

    if (plain_columns(layout) > 0)
        location = locations(self, y, s);
    if (layout->numeric > 0) {
        out->mu = lac_nn_slice(location, 1, 0, layout->numeric);
        out->s = net_scales(layout, lac_dense_apply(&m->scale_class, s), TRUE);
    }
    if (layout->counts > 0)
        out->rate = net_rates(layout, lac_nn_slice(location, 1, layout->numeric, layout->counts));
    if (layout->binary > 0)
        out->binary = lac_nn_slice(location, 1, layout->numeric + layout->counts, layout->binary);
    for (size_t c = 0; c < layout->categories; c++)
        out->category[c] = category(self, y, s, c);
}

/* ---- learning -------------------------------------------------------------------------------- */

/* softmax((logits + Gumbel noise) / tau) */
static LacTensor *
relaxed_class(LacTensor *logits, double tau, LacRng *rng)
{
    LacTensor *noise;

    if (logits == NULL)
        return NULL;
    noise = lac_tape_constant(logits->tape, logits->dims, logits->shape);
    for (size_t k = 0; noise != NULL && k < noise->size; k++)
        noise->v[k] = (LacReal)-log(-log(lac_rng_open(rng)));
    return lac_nn_softmax(lac_nn_affine(lac_nn_add(logits, noise), (LacReal)(1.0 / tau), 0));
}

/* KL of q(s | x) from the uniform law on S classes, per row, without its constant ln S. */
static LacTensor *
class_divergence(LacTensor *logits)
{
    LacTensor *share = lac_nn_clip(lac_nn_softmax(logits), LEAST_SHARE, 1);

    return lac_nn_sum(lac_nn_mul(share, lac_nn_log(share)), 1u << 1, FALSE);
}

LacTensor *
hivae_loss(const Dlvm *self, const Batch *batch, LacTape *tape, double tau, LacRng *rng)
{
    const Mixture *m = &self->net->mixture;
    const size_t n = batch->n, d = (size_t)self->latent;
    const LacReal constant = (LacReal)(log((double)self->components) - 0.5 * (double)d);
    LacTensor *s, *mu, *log_variance, *z, *gap, *kl, *fit;
    Encoded q;
    Heads heads;

    net_encode(self, batch, tape, &q);
    s = relaxed_class(q.class, tau, rng);
    mu = lac_nn_add(q.mu, lac_dense_apply(&m->mu_class, s));
    log_variance = lac_nn_clip(lac_nn_add(q.s, lac_dense_apply(&m->s_class, s)), -MOST_LOG_VARIANCE,
                               MOST_LOG_VARIANCE);
    z = lac_nn_add(mu, lac_nn_mul(lac_nn_exp(lac_nn_affine(log_variance, (LacReal)0.5, 0)),
                                  lac_tape_normal(tape, rng, LAC_SHAPE(n, d))));
    gap = lac_nn_square(lac_nn_sub(mu, lac_dense_apply(&m->prior, s)));
    kl = lac_nn_sub(lac_nn_add(lac_nn_exp(log_variance), gap), log_variance);
    kl = lac_nn_affine(lac_nn_sum(kl, 1u << 1, FALSE), (LacReal)0.5, constant);
    kl = lac_nn_add(kl, class_divergence(q.class));
    net_decode(self, lac_nn_concat(2, (LacTensor *[]){z, s}, 1), &heads);
    fit = heads_log_likelihood(&heads, self->layout, batch, 1);
    return lac_nn_sub(lac_nn_mean(kl, 0, FALSE), lac_nn_mean(fit, 0, FALSE));
}

/* ---- filling --------------------------------------------------------------------------------- */

/* Number @k of column @c of a map [out x classes] without a bias. */
static double
of_class(const LacDense *map, size_t classes, size_t k, size_t c)
{
    return (double)lac_net_param_values(map->weight)[k * classes + c];
}

void
hivae_class_moments(const Dlvm *self, size_t c, const LacReal *mu_x, const LacReal *log_variance_x,
                    double *mu, double *s)
{
    const Mixture *m = &self->net->mixture;
    const size_t classes = (size_t)self->components;

    for (size_t k = 0; k < (size_t)self->latent; k++) {
        const double log_variance =
            (double)log_variance_x[k] + of_class(&m->s_class, classes, k, c);

        mu[k] = (double)mu_x[k] + of_class(&m->mu_class, classes, k, c);
        s[k] =
            exp(0.5 * CLAMP(log_variance, (double)-MOST_LOG_VARIANCE, (double)MOST_LOG_VARIANCE));
    }
}

double
hivae_prior(const Dlvm *self, size_t c, size_t k)
{
    const LacDense *prior = &self->net->mixture.prior;

    return of_class(prior, (size_t)self->components, k, c) +
           (double)lac_net_param_values(prior->bias)[k];
}
