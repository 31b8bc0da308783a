/* vae, missvae, missiwae: deep latent variable models of incomplete rows, trained on a bound of the
 * likelihood of what was observed, filling holes by importance sampling.
 * Source: Mattei & Frellsen, missIWAE (Bayesian Deep Learning workshop, NeurIPS 2018) and MIWAE
 * (ICML 2019); Kingma & Welling (2014) for the complete-data VAE; Burda, Grosse & Salakhutdinov
 * (2016) for the bound; Tucker et al. (2019) for its gradient. */
#include "missiwae.h"

#include <math.h>
#include <string.h>

static const char *const likelihoods[] = {"auto",      "gaussian", "gaussian-shared", "student",
                                          "bernoulli", "logistic", "mixed",           NULL};
static const char *const iotas[] = {"zero", "mean", "learned", "oracle", NULL};
static const char *const fills[] = {"mean", "median", "quantile", NULL};
static const char *const posteriors[] = {"gaussian", "student", NULL};
static const char *const shapes[] = {"dense", "linear", "conv", NULL};
static const char *const gradients[] = {"auto", "reparam", "dreg", NULL};
static const char *const activations[] = {"none", "relu",    "leaky-relu", "elu",
                                          "tanh", "sigmoid", "softplus",   NULL};
static const char *const inits[] = {"zeros",      "ones",   "glorot",        "he", "he-uniform",
                                    "orthogonal", "normal", "glorot-normal", NULL};

static const char *const mechanisms[] = {"agnostic", "nonlinear", "self", "self-known", NULL};
static const char *const estimates[] = {"means", "samples", NULL};

/* How holes are filled, of all members. */
#define FILL_PARAMS                                                                                \
    LAC_PARAM_INT(Dlvm, impute_samples, 1000, LAC_RANGE(1, 1e7), "samples",                        \
                  "L: importance samples of each row when holes are filled"),                      \
        LAC_PARAM_CHOICE(Dlvm, fill, FILL_MEAN, fills,                                             \
                         "Of a hole's predictive distribution: mean (of categories the likeliest " \
                         "level), median, or the quantile at `level`; unordered categories "       \
                         "always get their likeliest level"),                                      \
        LAC_PARAM_DOUBLE(Dlvm, level, 0.5, LAC_RANGE(1e-4, 0.9999), "probability",                 \
                         "Of `fill: quantile`")

/* What the members with networks share; they differ in the number of samples of the bound. */
#define DLVM_PARAMS(samples_)                                                                      \
    LAC_PARAM_INT(Dlvm, latent, 10, LAC_RANGE(1, 4096), "dimensions",                              \
                  "Dimensions of the latent space"),                                               \
        LAC_PARAM_INT(Dlvm, train_samples, samples_, LAC_RANGE(1, 100000), "samples",              \
                      "K: importance samples of the training bound; 1 is the ELBO"),               \
        FILL_PARAMS,                                                                               \
        LAC_PARAM_CHOICE(                                                                          \
            Dlvm, likelihood, AUTO, likelihoods,                                                   \
            "Of numeric columns; auto: bernoulli for images within 0 .. 1, else student; mixed: "  \
            "each by its values, unscaled (log-normal where all are above 0, Poisson for whole "   \
            "numbers, else normal). Binary columns are Bernoulli, ordered ones cumulative "        \
            "logits, "                                                                             \
            "other categories categorical"),                                                       \
        LAC_PARAM_CHOICE(Dlvm, iota, IOTA_ZERO, iotas,                                             \
                         "What the encoder sees in a hole, in standardised units; oracle: the "    \
                         "truth, in experiments only"),                                            \
        LAC_PARAM_BOOL(Dlvm, mask_input, FALSE, "Show the encoder where the holes are"),           \
        LAC_PARAM_CHOICE(Dlvm, posterior, POSTERIOR_GAUSSIAN, posteriors,                          \
                         "Noise of the encoder's z; student has tails that cover more, as "        \
                         "importance sampling likes"),                                             \
        LAC_PARAM_DOUBLE(Dlvm, freedom, 5.0, LAC_RANGE(2.0, 1000.0), "degrees of freedom",         \
                         "Of `posterior: student`"),                                               \
        LAC_PARAM_CHOICE(                                                                          \
            Dlvm, shape, NET_DENSE, shapes,                                                        \
            "Networks: dense layers; linear: only the encoder has hidden ones; conv: three "       \
            "halving 5x5 convolutions of images"),                                                 \
        LAC_PARAM_DOUBLES(Dlvm, hidden, "[128, 128]", LAC_RANGE(1, 65536), "units",                \
                          "Widths of the encoder's hidden layers; the decoder mirrors them; [] "   \
                          "is linear"),                                                            \
        LAC_PARAM_CHOICE(Dlvm, activation, LAC_ACTIVATION_TANH, activations,                       \
                         "After each hidden layer"),                                               \
        LAC_PARAM_CHOICE(Dlvm, init, LAC_INIT_GLOROT, inits, "How weights start"),                 \
        LAC_PARAM_CHOICE(Dlvm, gradient, GRADIENT_AUTO, gradients,                                 \
                         "Of the bound: reparameterised, or doubly so (dreg), which pays with "    \
                         "many samples; auto: dreg from K = 20"),                                  \
        LAC_PARAM_INT(Dlvm, step_memory, 256, LAC_RANGE(1, 1 << 20), "MiB",                        \
                      "For the samples of one gradient step; more are taken in pieces, at one "    \
                      "more pass through the decoder"),                                            \
        LAC_PARAM_INT(Dlvm, refit, 0, LAC_RANGE_FROM(0), "epochs",                                 \
                      "Train an encoder of complete rows for so long, by which densities are "     \
                      "estimated; in experiments only, 0: the encoder of incomplete rows does"),   \
        LAC_TRAIN_PARAMS(Dlvm, train, 500)

static const LacParam vae_params[] = {
    LAC_PARAM_BOOL(Dlvm, truth, FALSE,
                   "Learn from the rows as they were before masking, which experiments alone have: "
                   "what could be reached without holes"),
    DLVM_PARAMS(1),
    LAC_PARAM_END,
};
static const LacParam missvae_params[] = {DLVM_PARAMS(1), LAC_PARAM_END};
static const LacParam missiwae_params[] = {DLVM_PARAMS(20), LAC_PARAM_END};
static const LacParam not_miwae_params[] = {
    LAC_PARAM_CHOICE(
        Dlvm, mechanism, SELF, mechanisms,
        "What the probability of a hole depends on: all columns (agnostic: linearly; "
        "nonlinear), or the cell's own value (self; self-known: large ones go missing)"),
    LAC_PARAM_CHOICE(Dlvm, estimate, ESTIMATE_MEANS, estimates,
                     "A hole's fill: weighted decoder means, as the published tables, or weighted "
                     "draws, which are consistent but noisier"),
    DLVM_PARAMS(20),
    LAC_PARAM_END,
};
static const LacParam hivae_params[] = {
    LAC_PARAM_INT(Dlvm, latent, 2, LAC_RANGE(1, 4096), "dimensions",
                  "Dimensions of the latent space"),
    LAC_PARAM_INT(Dlvm, components, 10, LAC_RANGE(1, 1000), "classes",
                  "Classes of the mixture behind z"),
    LAC_PARAM_INT(Dlvm, units, 5, LAC_RANGE(1, 1000), "units", "Length of each column's code"),
    FILL_PARAMS,
    LAC_TRAIN_PARAMS(Dlvm, train, 200),
    LAC_PARAM_END,
};

static gboolean
dlvm_fit(LacModel *model, const LacData *train, GError **error)
{
    Dlvm *self = LAC_CAST(Dlvm, model);

    if (self->train_samples > 1 && self->iota == IOTA_ORACLE && self->shape == NET_CONV &&
        self->mask_input)
        return lac_fail(
            error, LAC_ERROR_PARAM,
            "iota: oracle fills all holes, so mask_input has nothing to show; drop one");
    return dlvm_train(self, train, error);
}

static gboolean
fit_truth(Dlvm *self, const LacData *train, GError **error)
{
    g_autoptr(LacData) truth = lac_context_truth(self->base.instance.context, train, error);

    if (truth == NULL) {
        g_prefix_error(error, "vae: truth asks for complete rows, which experiments alone have: ");
        return FALSE;
    }
    return dlvm_train(self, truth, error);
}

/* The VAE of complete data knows no holes in training: rows that have some are left out. */
static gboolean
vae_fit(LacModel *model, const LacData *train, GError **error)
{
    g_autofree size_t *index = g_new(size_t, train->rows + 1);
    g_autoptr(LacData) complete = NULL;
    size_t n = 0;

    if (LAC_CAST(Dlvm, model)->truth)
        return fit_truth(LAC_CAST(Dlvm, model), train, error);
    for (size_t i = 0; i < train->rows; i++)
        if (lac_mask_count_row(train->holes, i) == 0)
            index[n++] = i;
    if (n == 0)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: vae learns from complete rows and all %zu have holes; use missvae or "
                        "missiwae, or mask only the test rows",
                        train->origin, train->rows);
    if (n < train->rows)
        lac_context_event(model->instance.context, "rows-left-out", -1,
                          "%zu of %zu rows have holes and were not learnt from", train->rows - n,
                          train->rows);
    complete = lac_data_select_rows(train, n, index, error);
    return complete != NULL && dlvm_fit(model, complete, error);
}

/* auto would choose a likelihood it has no reparameterised draws for. */
static gboolean
not_miwae_fit(LacModel *model, const LacData *train, GError **error)
{
    Dlvm *self = LAC_CAST(Dlvm, model);

    self->mnar = TRUE;
    if (self->likelihood == AUTO)
        self->likelihood = GAUSSIAN;
    return dlvm_train(self, train, error);
}

/* Mixed likelihoods are about values in their own unit. */
static unsigned
traits_of(const LacModel *model)
{
    const LacModelPlugin *plugin = (const LacModelPlugin *)model->instance.plugin;
    const Dlvm *self = LAC_CAST(const Dlvm, model);

    return plugin->traits | (self->likelihood == MIXED ? (unsigned)LAC_MODEL_RAW : 0u);
}

/* What the table of parameters does not hold, since a hivae has no choice of it. */
static void
hivae_settle(Dlvm *self)
{
    self->likelihood = MIXED;
    self->train_samples = 1;
    self->step_memory = 1;
}

static gboolean
hivae_fit(LacModel *model, const LacData *train, GError **error)
{
    Dlvm *self = LAC_CAST(Dlvm, model);

    hivae_settle(self);
    return dlvm_train(self, train, error);
}

static gboolean
dlvm_save(const LacModel *model, LacBundle *out, GError **error)
{
    const Dlvm *self = LAC_CAST(const Dlvm, model);

    layout_save(self->layout, out);
    lac_net_save(self->net->net, "net.", out);
    return TRUE;
}

static gboolean
dlvm_load(LacModel *model, const LacBundle *in, GError **error)
{
    Dlvm *self = LAC_CAST(Dlvm, model);
    const LacRng rng = lac_rng_new(0); /* initial values are overwritten */

    self->kept = kept_new();
    self->layout = layout_load(in, error);
    if (self->layout == NULL)
        return FALSE;
    self->net = net_new(self, self->layout, &rng, error);
    return self->net != NULL && lac_net_load(self->net->net, "net.", in, error);
}

static gboolean
not_miwae_load(LacModel *model, const LacBundle *in, GError **error)
{
    LAC_CAST(Dlvm, model)->mnar = TRUE;
    return dlvm_load(model, in, error);
}

static gboolean
hivae_load(LacModel *model, const LacBundle *in, GError **error)
{
    hivae_settle(LAC_CAST(Dlvm, model));
    return dlvm_load(model, in, error);
}

static void
dlvm_clear(LacModel *model)
{
    Dlvm *self = LAC_CAST(Dlvm, model);

    g_clear_pointer(&self->kept, kept_free);
    g_clear_pointer(&self->net, net_free);
    g_clear_pointer(&self->refitted, net_free);
    g_clear_pointer(&self->layout, layout_free);
}

/* Multiply-adds of one row through encoder and, for each sample, decoder. */
static double
dlvm_products(const Dlvm *self, double width, double samples)
{
    double last = width, sum = 0.0;

    if (self->shape == NET_CONV) /* three halvings: about as many as a dense layer of 1600 */
        return 1600.0 * width * (1.0 + samples);
    for (size_t k = 0; k < self->hidden.n; k++) {
        sum += last * self->hidden.v[k];
        last = self->hidden.v[k];
    }
    sum += last * (double)dlvm_code(self);
    if (self->components > 0) /* each column's own code */
        sum += width * (double)(self->units * self->latent);
    return sum * (1.0 + samples);
}

/* Seconds of one row and sample beside products: columns of a mixture of codes are drawn and judged
 * one by one. */
static double
dlvm_aside(const Dlvm *self, double width)
{
    return self->components > 0 ? LAC_COST_STEP * (360.0 + 44.0 * width) : 0.0;
}

/* What a step keeps of a row and sample, in units of 16 bytes. */
static double
dlvm_step_width(const Dlvm *self, double width)
{
    double sum = width;

    for (size_t k = 0; k < self->hidden.n; k++)
        sum += 0.75 * self->hidden.v[k];
    return sum;
}

static void
dlvm_cost(const LacModel *model, const LacWorkload *work, LacCost *out)
{
    static const double float_flop = 0.7 * LAC_COST_FLOP; /* twice as many fit into a register */
    const Dlvm *self = LAC_CAST(const Dlvm, model);
    const double n = (double)work->rows, p = (double)work->cols;
    const double epochs = (double)self->train.epochs, inner = (double)self->train_samples;
    const double outer = (double)self->impute_samples;
    const double products =
        6.0 * epochs * dlvm_products(self, p, inner) + 2.0 * dlvm_products(self, p, outer);
    const double aside = (3.0 * epochs * inner + outer) * dlvm_aside(self, p);
    const double batch = self->train.batch > 0 ? (double)self->train.batch : 64.0;

    const double step = fmin(16.0 * batch * inner * dlvm_step_width(self, p),
                             1048576.0 * (double)self->step_memory); /* more are taken in pieces */
    const double code = (double)dlvm_code(self);
    const double parts = self->fill == FILL_MEAN ? 0.0 : fmin(4096.0, (double)self->impute_samples);

    out->seconds = n * (float_flop * products + aside) / (double)work->threads;
    out->bytes = 13.0 * n * p + step + 64.0 * dlvm_products(self, p, 1.0) + 4.0 * n * code +
                 parts * (32.0 * code + 16.0 * p) * (double)work->threads;
}

/* An example that no initial weights can spoil: the only hole is in a column of one level. */
#define DLVM_SLOTS(fit_, load_)                                                                    \
    .example = {.in = "a,b\n1,x\n2,x\n3,\n4,x\n",                                                  \
                .out = "a,b\n1,x\n2,x\n3,x\n4,x\n",                                                \
                .params = "{epochs: 2, impute_samples: 5}"},                                       \
    .fit = (fit_), .fill = dlvm_fill, .sample = dlvm_sample, .save = dlvm_save, .load = (load_),   \
    .clear = dlvm_clear, .cost = dlvm_cost, .traits_of = traits_of

#define DLVM_QUICK "{epochs: 3, impute_samples: 20, hidden: [8], latent: 2}"

/* The mask of numbers only: categories arrive as indicators from the core. Without a density, since
 * that of the holes would have to know the mask's too. */
static const LacModelPlugin not_miwae_plugin = {
    LAC_MODEL("not-miwae", "Deep latent variable model of cells and of which are missing (MNAR)",
              Dlvm, not_miwae_params),
    .plugin.citation = "Ipsen, Mattei & Frellsen, not-MIWAE (ICLR 2021)",
    .traits = LAC_MODEL_GRADIENT | LAC_MODEL_TRUTH,
    .quick = DLVM_QUICK,
    DLVM_SLOTS(not_miwae_fit, not_miwae_load),
};

static const LacModelPlugin hivae_plugin = {
    LAC_MODEL("hivae", "Mixture of linear codes with one likelihood a column (HI-VAE)", Dlvm,
              hivae_params),
    .plugin.citation = "Nazabal et al., HI-VAE (Pattern Recognition 107, 2020)",
    .plugin.next = &not_miwae_plugin.plugin,
    .traits = LAC_MODEL_KINDS | LAC_MODEL_GRADIENT | LAC_MODEL_RAW,
    .log_density = dlvm_log_density,
    .quick = "{epochs: 3, impute_samples: 20, components: 2}",
    DLVM_SLOTS(hivae_fit, hivae_load),
};

static const LacModelPlugin vae_plugin = {
    LAC_MODEL("vae", "Variational autoencoder learnt from complete rows", Dlvm, vae_params),
    .plugin.citation = "Kingma & Welling, Auto-encoding variational Bayes (ICLR 2014)",
    .plugin.next = &hivae_plugin.plugin,
    .traits = LAC_MODEL_KINDS | LAC_MODEL_GRADIENT | LAC_MODEL_TRUTH,
    .log_density = dlvm_log_density,
    .quick = DLVM_QUICK,
    DLVM_SLOTS(vae_fit, dlvm_load),
};

static const LacModelPlugin missvae_plugin = {
    LAC_MODEL("missvae", "Variational autoencoder of the observed cells", Dlvm, missvae_params),
    .plugin.citation = "Mattei & Frellsen, missIWAE (2018); Nazabal et al., HI-VAE (2020)",
    .plugin.next = &vae_plugin.plugin,
    .traits = LAC_MODEL_KINDS | LAC_MODEL_GRADIENT | LAC_MODEL_TRUTH,
    .log_density = dlvm_log_density,
    .quick = DLVM_QUICK,
    DLVM_SLOTS(dlvm_fit, dlvm_load),
};

LAC_PLUGIN_EXPORT const LacModelPlugin lac_plugin = {
    LAC_MODEL("missiwae", "Deep latent variable model by an importance-weighted bound (MIWAE)",
              Dlvm, missiwae_params),
    .plugin.citation = "Mattei & Frellsen, missIWAE (2018); MIWAE (ICML 2019)",
    .plugin.next = &missvae_plugin.plugin,
    .traits = LAC_MODEL_KINDS | LAC_MODEL_GRADIENT | LAC_MODEL_TRUTH | LAC_MODEL_CANDIDATE,
    .log_density = dlvm_log_density,
    .quick = DLVM_QUICK,
    DLVM_SLOTS(dlvm_fit, dlvm_load),
};
