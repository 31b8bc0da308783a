/* Training: the bound of a few rows, and its gradient. */
#include "bound.h"

#include <lacuna/levels.h>
#include <math.h>
#include <string.h>

enum {
    DREG_FROM = 20,        /* samples that drown the encoder's signal otherwise */
    VALIDATION_DRAWS = 50, /* samples of z a held-out row, at least */
    COLD_AFTER = 100,      /* epochs until hivae's classes are all but drawn */
};

#define COLDEST 1e-3
#define DONE_BEFORE_REFIT 0.7 /* of the progress */

/* ---- an operator: z as it is, its gradient times the normalised weight of its sample --------- */

/** Weigh: @w: log weights [B x K], computed behind z, so that forward only leaves a place for them;
 * @share: their softmax, when it is known; else @own [K]: a place for that of a row. */
typedef struct {
    LacTensor *w;
    const LacReal *share;
    LacReal *own;
} Weigh;

/* softmax of one row of log weights */
static void
shares_of(size_t n, const LacReal *w, LacReal *share)
{
    double largest = -INFINITY, sum = 0.0;

    for (size_t k = 0; k < n; k++)
        largest = fmax(largest, (double)w[k]);
    for (size_t k = 0; k < n; k++)
        sum += exp((double)w[k] - largest);
    for (size_t k = 0; k < n; k++)
        share[k] = (LacReal)(exp((double)w[k] - largest) / sum);
}

/* y = z [B x K x d]; dz_bk = softmax_k(w_b)_k dy_bk. What arrives carries the weight once already,
 * so that the encoder gets the square, as the doubly reparameterised gradient wants (Tucker et al.,
 * ICLR 2019, eq. 8). */
static void
weigh_backward(const LacTensor *y)
{
    const Weigh *weigh = y->saved;
    const size_t samples = y->shape[1], d = y->shape[2];

    for (size_t b = 0; b < y->shape[0]; b++) {
        const LacReal *share = weigh->own;

        if (weigh->share != NULL)
            share = weigh->share + b * samples;
        else
            shares_of(samples, weigh->w->v + b * samples, weigh->own);
        for (size_t k = 0; k < samples; k++) {
            const size_t at = (b * samples + k) * d;

            for (size_t j = 0; j < d; j++)
                y->in[0]->grad[at + j] += share[k] * y->grad[at + j];
        }
    }
}

static const LacOp weigh_op = {
    .name = "weigh", .formula = "z, gradient times softmax_k(w)", .backward = weigh_backward};

static LacTensor *
weigh(LacTensor *z, const LacReal *share)
{
    LacTensor *y = z != NULL ? lac_tape_result(&weigh_op, 1, &z, z->dims, z->shape) : NULL;
    Weigh *saved;

    if (y == NULL)
        return NULL;
    y->saved = saved = lac_tape_alloc(z->tape, sizeof *saved);
    if (saved == NULL)
        return NULL;
    *saved = (Weigh){.share = share};
    if (share == NULL) {
        saved->own = lac_tape_alloc(z->tape, z->shape[1] * sizeof *saved->own);
        if (saved->own == NULL)
            return NULL;
    }
    memcpy(y->v, z->v, z->size * sizeof *z->v);
    return lac_tape_done(y);
}

/* ---- the posterior --------------------------------------------------------------------------- */

/* ln of Student's density at 0, relative to the normal one's. */
static double
student_constant(double nu)
{
    int sign;

    return lgamma_r(0.5 * (nu + 1.0), &sign) - lgamma_r(0.5 * nu, &sign) - 0.5 * log(nu / 2.0);
}

double
posterior_log_density(const Dlvm *self, double t)
{
    const double nu = self->freedom;

    if (self->posterior == POSTERIOR_GAUSSIAN)
        return -0.5 * t * t;
    return student_constant(nu) - 0.5 * (nu + 1.0) * log1p(t * t / nu);
}

/* Noise of q before it is moved and scaled: normal, or Student-t of fixed degrees of freedom. */
static LacTensor *
posterior_noise(const Dlvm *self, LacTape *tape, LacRng *rng, size_t n, size_t samples)
{
    LacTensor *eps = lac_tape_normal(tape, rng, LAC_SHAPE(n, samples, (size_t)self->latent));

    for (size_t k = 0; self->posterior == POSTERIOR_STUDENT && eps != NULL && k < eps->size; k++)
        eps->v[k] /= (LacReal)sqrt(lac_rng_chi2(rng, self->freedom) / self->freedom);
    return eps;
}

/* ln density of noise @t [B x K x d] summed over d, constants as posterior_log_density(), minus
 * the prior's d/2 ln 2 pi. */
static LacTensor *
noise_rows(const Dlvm *self, LacTensor *t)
{
    const double nu = self->freedom, d = (double)self->latent;
    LacTensor *tails;

    if (self->posterior == POSTERIOR_GAUSSIAN)
        return lac_nn_normal_rows(t);
    tails = lac_nn_log(lac_nn_affine(lac_nn_square(t), (LacReal)(1.0 / nu), 1));
    return lac_nn_affine(lac_nn_sum(tails, 1u << 2, FALSE), (LacReal)(-0.5 * (nu + 1.0)),
                         (LacReal)(d * (student_constant(nu) - 0.5 * log(2.0 * G_PI))));
}

/* ln q(z | x) per sample [B x K] with the encoder's moments held fixed. */
static LacTensor *
fixed_posterior(const Dlvm *self, LacTensor *z, LacTensor *mu, LacTensor *s)
{
    LacTensor *t = lac_nn_div(lac_nn_sub(z, lac_nn_detach(mu)), lac_nn_detach(s));
    LacTensor *log_s = lac_nn_sum(lac_nn_log(lac_nn_detach(s)), 1u << 2, FALSE);

    return lac_nn_sub(noise_rows(self, t), log_s);
}

/* ---- the bound ------------------------------------------------------------------------------- */

gboolean
bound_uses_dreg(const Dlvm *self)
{
    if (self->gradient == GRADIENT_AUTO)
        return self->train_samples >= DREG_FROM;
    return self->gradient == GRADIENT_DREG;
}

/* not-miwae: ln p(mask | x^o, x^m) of reparameterised draws x^m of the holes. */
static LacTensor *
mask_likelihood(const Dlvm *self, const Batch *batch, const Heads *heads, size_t samples,
                LacRng *rng)
{
    LacTensor *eps, *drawn;

    if (heads->mu == NULL || heads->s == NULL)
        return NULL;
    eps = lac_tape_normal(heads->mu->tape, rng, heads->mu->dims, heads->mu->shape);
    drawn = lac_nn_add(heads->mu, lac_nn_mul(heads->s, eps));
    return missing_log_likelihood(self, batch, missing_complete(batch, drawn, samples));
}

/* Whether all columns are Bernoulli ones behind linear layers. */
static gboolean
is_bernoulli(const Dlvm *self)
{
    const Layout *layout = self->layout;

    return self->components == 0 && !self->mnar && self->net->shape != NET_CONV &&
           layout->likelihood == BERNOULLI && layout->numeric > 0 && layout->counts == 0 &&
           layout->binary == 0 && layout->categories == 0;
}

/* Their likelihood in one operator with the last layer. */
static LacTensor *
bernoulli_rows(const Dlvm *self, const Batch *batch, LacTensor *z)
{
    const Net *net = self->net;
    LacTensor *h = net->decoder.n > 0 ? lac_mlp_apply(&net->decoder, z) : z;

    if (h == NULL)
        return NULL;
    return lac_nn_linear_bernoulli_rows(batch->numeric, h,
                                        lac_net_use(h->tape, net->numeric.weight),
                                        lac_net_use(h->tape, net->numeric.bias), batch->numeric_o);
}

static LacTensor *
log_likelihood(const Dlvm *self, const Batch *batch, LacTensor *z, size_t samples, LacRng *rng)
{
    const size_t d = (size_t)self->latent;
    LacTensor *rows;
    Heads heads;

    if (is_bernoulli(self))
        return bernoulli_rows(self, batch, z);
    net_decode(self, lac_nn_reshape(z, LAC_SHAPE(batch->n * samples, d)), &heads);
    rows = heads_log_likelihood(&heads, self->layout, batch, samples);
    if (!self->mnar)
        return rows;
    return lac_nn_add(rows, mask_likelihood(self, batch, &heads, samples, rng));
}

LacTensor *
bound_log_weights(const Dlvm *self, const Batch *batch, LacTensor *mu, LacTensor *s, LacTensor *eps,
                  const LacReal *share, LacRng *rng)
{
    const gboolean dreg = bound_uses_dreg(self);
    LacTensor *z = lac_nn_add(mu, lac_nn_mul(s, eps)), *w, *q;

    if (dreg)
        z = weigh(z, share);
    if (z == NULL)
        return NULL;
    w = lac_nn_add(log_likelihood(self, batch, z, eps->shape[1], rng), lac_nn_normal_rows(z));
    if (dreg)
        q = fixed_posterior(self, z, mu, s);
    else /* (z - mu)/s is eps, whatever mu and s are */
        q = lac_nn_sub(noise_rows(self, eps), lac_nn_sum(lac_nn_log(s), 1u << 2, FALSE));
    w = lac_nn_sub(w, q);
    if (dreg)
        ((Weigh *)z->saved)->w = w;
    return w;
}

/* K = 1, normal q: E ln p(x^o | z) - KL(q || p), the KL in closed form; minus its mean. */
static LacTensor *
evidence_loss(const Dlvm *self, const Batch *batch, LacTensor *mu, LacTensor *s, size_t samples,
              LacRng *rng)
{
    LacTensor *eps, *z, *fit, *moments, *kl;

    if (mu == NULL)
        return NULL;
    eps = posterior_noise(self, mu->tape, rng, batch->n, samples);
    z = lac_nn_add(mu, lac_nn_mul(s, eps));
    fit = lac_nn_mean(log_likelihood(self, batch, z, samples, rng), 0, FALSE);
    moments = lac_nn_add(lac_nn_square(s), lac_nn_square(mu));
    kl = lac_nn_sub(lac_nn_affine(moments, (LacReal)0.5, (LacReal)-0.5), lac_nn_log(s));
    /* mean over all = mean over rows / d */
    kl = lac_nn_affine(lac_nn_mean(kl, 0, FALSE), (LacReal)self->latent, 0);
    return lac_nn_sub(kl, fit);
}

/* Minus eq. 3 of the paper, @repeats times with noise of its own, averaged. */
static LacTensor *
importance_loss(const Dlvm *self, const Batch *batch, LacTensor *mu, LacTensor *s, size_t repeats,
                LacRng *rng)
{
    const size_t samples = (size_t)self->train_samples;
    LacTensor *eps, *w;

    if (mu == NULL)
        return NULL;
    eps = posterior_noise(self, mu->tape, rng, batch->n, samples * repeats);
    w = bound_log_weights(self, batch, mu, s, eps, NULL, rng);
    return lac_nn_neg(lac_nn_iwae_bound(lac_nn_reshape(w, LAC_SHAPE(batch->n * repeats, samples))));
}

/* Samples of a row of @n that fit into step_memory. */
static size_t
fitting_samples(const Dlvm *self, size_t n)
{
    const double bytes = (double)n * net_bytes(self, self->layout);

    return (size_t)fmax(1.0, (double)self->step_memory * 1024.0 * 1024.0 / bytes);
}

/* While training, K samples once. Held-out rows are judged by the same bound, but its noise must
 * not choose the epoch: enough repeats, with the same noise in every epoch. */
static size_t
repeats_of(const Dlvm *self, const LacTape *tape, size_t fitting)
{
    const size_t samples = (size_t)self->train_samples;

    if (lac_tape_is_training(tape))
        return 1;
    return CLAMP(VALIDATION_DRAWS / samples, 1, MAX(1, fitting / samples));
}

/* Gumbel-softmax's temperature falls with the epochs; of held-out rows it is the present one. */
static double
temperature(Task *task, const LacTape *tape, size_t n)
{
    const double epoch = floor((double)task->seen / (double)task->n);

    if (lac_tape_is_training(tape))
        task->seen += n;
    return fmax(COLDEST, 1.0 - epoch / COLD_AFTER);
}

LacTensor *
bound_loss(LacTape *tape, size_t n, const size_t *rows, LacRng *rng, void *user)
{
    Task *task = user;
    const Dlvm *self = task->self;
    const size_t d = (size_t)self->latent, samples = (size_t)self->train_samples;
    const size_t fitting = fitting_samples(self, n), repeats = repeats_of(self, tape, fitting);
    size_t *index = lac_tape_alloc(tape, n * sizeof *index);
    LacTensor *mu, *s;
    Batch batch;
    Encoded q;

    if (index == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++)
        index[i] = task->index[rows[i]];
    if (!batch_make(self->layout, task->rows, task->oracle, tape, n, index, &batch))
        return NULL;
    if (self->components > 0)
        return hivae_loss(self, &batch, tape, temperature(task, tape, n), rng);
    net_encode(task->encoder, &batch, tape, &q);
    mu = lac_nn_reshape(q.mu, LAC_SHAPE(n, 1, d));
    s = lac_nn_reshape(q.s, LAC_SHAPE(n, 1, d));
    if (samples == 1 && self->posterior == POSTERIOR_GAUSSIAN)
        return evidence_loss(self, &batch, mu, s, repeats, rng);
    if (samples <= fitting || mu == NULL)
        return importance_loss(self, &batch, mu, s, repeats, rng);
    return lac_nn_neg(pieces_bound(task, mu, s, posterior_noise(self, tape, rng, n, samples), index,
                                   fitting, rng));
}

/* ---- training -------------------------------------------------------------------------------- */

static void
task_clear(Task *task)
{
    rows_free(task->rows);
    rows_free(task->oracle);
    lac_tape_free(task->inner);
    g_free(task->index);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Task, task_clear)

/* Rows without any observed cell say nothing about the parameters. */
static gboolean
choose_rows(Task *task, const LacData *train, GError **error)
{
    const Rows *rows = task->rows;

    task->index = g_new(size_t, rows->rows + 1);
    for (size_t i = 0; i < rows->rows; i++)
        if (memchr(rows->o + i * rows->cols, 1, rows->cols) != NULL)
            task->index[task->n++] = i;
    if (task->n == 0)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: none of the %zu training rows has an observed cell; there is nothing "
                        "to learn from",
                        train->origin, train->rows);
    return TRUE;
}

static gboolean
task_make(Task *task, Dlvm *self, const LacData *train, GError **error)
{
    LacContext *context = self->base.instance.context;

    task->self = task->encoder = self;
    task->rows = rows_new(self->layout, train, error);
    if (task->rows == NULL || !choose_rows(task, train, error))
        return FALSE;
    task->inner = lac_tape_new();
    lac_tape_set_precision(task->inner, (LacPrecision)self->train.precision);
    lac_tape_set_check_numerics(task->inner, lac_context_check_numerics(context));
    lac_tape_set_context(task->inner, context);
    if (self->iota == IOTA_ORACLE && lac_mask_count(train->holes) > 0) {
        g_autoptr(LacData) truth = lac_context_truth(context, train, error);

        task->oracle = truth != NULL ? rows_new(self->layout, truth, error) : NULL;
        return task->oracle != NULL;
    }
    return TRUE;
}

/* A second encoder learns from complete rows while the decoder stays as it is: one that has only
 * seen rows with holes is a poor guide to the likelihood of complete ones. Source: Ipsen, Mattei &
 * Frellsen (ICLR 2021), section 4.1, after Mattei & Frellsen (2018). */
static gboolean
refit(Dlvm *self, const LacData *train, const LacRng *rng, GError **error)
{
    LacContext *context = self->base.instance.context;
    const LacRng own = lac_rng_split(rng, "refit");
    g_autoptr(LacData) truth = lac_context_truth(context, train, error);
    g_autofree LacReal *values = g_new(LacReal, lac_net_copy_size(self->net->net) + 1);
    g_auto(Task) task = {0};
    LacTrainParams params = self->train;
    LacTraining training = {.params = &params, .loss = bound_loss, .user = &task};
    Dlvm encoder;
    gboolean good;

    if (truth == NULL) {
        g_prefix_error(error, "refit learns from complete rows, which experiments alone have: ");
        return FALSE;
    }
    self->refitted = net_new(self, self->layout, &own, error);
    if (self->refitted == NULL || !task_make(&task, self, truth, error))
        return FALSE;
    lac_net_copy_out(self->net->net, values);
    lac_net_copy_in(self->refitted->net, values);
    encoder = *self;
    encoder.net = self->refitted;
    task.encoder = &encoder;
    params.epochs = self->refit;
    training.net = self->refitted->net;
    training.rows = task.n;
    training.series = "refit";
    training.begin = DONE_BEFORE_REFIT;
    training.end = 1.0;
    lac_net_freeze(self->net->net, TRUE);
    good = lac_train(context, &training, NULL, error);
    lac_net_freeze(self->net->net, FALSE);
    return good;
}

gboolean
dlvm_train(Dlvm *self, const LacData *train, GError **error)
{
    LacContext *context = self->base.instance.context;
    const LacRng rng = lac_context_rng(context, "weights");
    g_auto(Task) task = {0};
    LacTraining training = {.params = &self->train, .loss = bound_loss, .user = &task};

    if (!lac_levels_check(train->schema, self->base.instance.plugin->name, error))
        return FALSE;
    self->kept = kept_new();
    self->layout = layout_new(train, (Likelihood)self->likelihood, self->mnar, error);
    if (self->layout == NULL)
        return FALSE;
    self->net = net_new(self, self->layout, &rng, error);
    if (self->net == NULL || !task_make(&task, self, train, error))
        return FALSE;
    training.net = self->net->net;
    training.rows = task.n;
    training.end = self->refit > 0 ? DONE_BEFORE_REFIT : 1.0;
    training.saves = TRUE;
    return lac_train(context, &training, NULL, error) &&
           (self->refit == 0 || refit(self, train, &rng, error));
}
