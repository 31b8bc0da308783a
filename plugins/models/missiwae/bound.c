/* Training: the bound of a few rows, and its gradient. */
#include "missiwae.h"

#include <math.h>
#include <string.h>

/* doubly reparameterised gradients pay when the encoder's signal drowns in many samples */
enum { DREG_FROM = 20 };

typedef struct {
    const Dlvm *self;
    Rows *rows, *oracle;
    size_t n;
    size_t *index; /* [n] rows with something observed */
} Task;

static void
task_clear(Task *task)
{
    rows_free(task->rows);
    rows_free(task->oracle);
    g_free(task->index);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Task, task_clear)

/* ---- an operator: z as it is, its gradient times the normalised weight of its sample --------- */

/* y = z [B x K x d]; dz_bk = softmax_k(w_b)_k dy_bk. What arrives carries the weight once already,
 * so that the encoder gets the square, as the doubly reparameterised gradient wants (Tucker et al.,
 * ICLR 2019, eq. 8). w is computed behind z, so forward only leaves a place to put it. */
static void
weigh_backward(const LacTensor *y)
{
    const LacTensor *w = *(LacTensor **)y->saved;
    const size_t samples = y->shape[1], d = y->shape[2];

    for (size_t b = 0; b < y->shape[0]; b++) {
        double largest = -INFINITY, sum = 0.0;

        for (size_t k = 0; k < samples; k++)
            largest = fmax(largest, (double)w->v[b * samples + k]);
        for (size_t k = 0; k < samples; k++)
            sum += exp((double)w->v[b * samples + k] - largest);
        for (size_t k = 0; k < samples; k++) {
            const size_t at = (b * samples + k) * d;
            const LacReal weight = (LacReal)(exp((double)w->v[b * samples + k] - largest) / sum);

            for (size_t j = 0; j < d; j++)
                y->in[0]->grad[at + j] += weight * y->grad[at + j];
        }
    }
}

static const LacOp weigh_op = {
    .name = "weigh", .formula = "z, gradient times softmax_k(w)", .backward = weigh_backward};

static LacTensor *
weigh(LacTensor *z)
{
    LacTensor *y = z != NULL ? lac_tape_result(&weigh_op, 1, &z, z->dims, z->shape) : NULL;

    if (y == NULL)
        return NULL;
    y->saved = lac_tape_alloc(z->tape, sizeof(LacTensor *));
    if (y->saved == NULL)
        return NULL;
    memcpy(y->v, z->v, z->size * sizeof *z->v);
    return lac_tape_done(y);
}

/* ---- the bound ------------------------------------------------------------------------------- */

static gboolean
uses_dreg(const Dlvm *self)
{
    if (self->gradient == GRADIENT_AUTO)
        return self->train_samples >= DREG_FROM;
    return self->gradient == GRADIENT_DREG;
}

/* ln q(z | x) per sample [B x K] with the encoder's moments held fixed. */
static LacTensor *
fixed_posterior(LacTensor *z, LacTensor *mu, LacTensor *s)
{
    LacTensor *t = lac_nn_div(lac_nn_sub(z, lac_nn_detach(mu)), lac_nn_detach(s));
    LacTensor *log_s = lac_nn_sum(lac_nn_log(lac_nn_detach(s)), 1u << 2, FALSE);

    return lac_nn_sub(lac_nn_normal_rows(t), log_s);
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

static LacTensor *
log_likelihood(const Dlvm *self, const Batch *batch, LacTensor *z, size_t samples, LacRng *rng)
{
    const size_t d = (size_t)self->latent;
    LacTensor *rows;
    Heads heads;

    net_decode(self->net, self->layout, lac_nn_reshape(z, LAC_SHAPE(batch->n * samples, d)),
               &heads);
    rows = heads_log_likelihood(&heads, self->layout, batch, samples);
    if (!self->mnar)
        return rows;
    return lac_nn_add(rows, mask_likelihood(self, batch, &heads, samples, rng));
}

/* K = 1: E ln p(x^o | z) - KL(q || p), the KL in closed form. Returns minus its mean. */
static LacTensor *
evidence_loss(const Dlvm *self, const Batch *batch, LacTensor *z, LacTensor *mu, LacTensor *s,
              LacRng *rng)
{
    LacTensor *fit = lac_nn_mean(log_likelihood(self, batch, z, 1, rng), 0, FALSE);
    LacTensor *moments = lac_nn_add(lac_nn_square(s), lac_nn_square(mu));
    LacTensor *kl = lac_nn_sub(lac_nn_affine(moments, (LacReal)0.5, (LacReal)-0.5), lac_nn_log(s));

    /* mean over all = mean over rows / d */
    kl = lac_nn_affine(lac_nn_mean(kl, 0, FALSE), (LacReal)self->latent, 0);
    return lac_nn_sub(kl, fit);
}

/* K > 1: minus eq. 3 of the paper. */
static LacTensor *
importance_loss(const Dlvm *self, const Batch *batch, LacTensor *z, LacTensor *eps, LacTensor *mu,
                LacTensor *s, LacRng *rng)
{
    LacTensor *weighed = uses_dreg(self) ? weigh(z) : z, *w, *q;

    if (weighed == NULL)
        return NULL;
    w = lac_nn_add(log_likelihood(self, batch, weighed, (size_t)self->train_samples, rng),
                   lac_nn_normal_rows(weighed));
    if (weighed != z)
        q = fixed_posterior(weighed, mu, s);
    else /* (z - mu)/s is eps, whatever mu and s are */
        q = lac_nn_sub(lac_nn_normal_rows(eps), lac_nn_sum(lac_nn_log(s), 1u << 2, FALSE));
    w = lac_nn_sub(w, q);
    if (weighed != z)
        *(LacTensor **)weighed->saved = w;
    return lac_nn_neg(lac_nn_iwae_bound(w));
}

static LacTensor *
task_loss(LacTape *tape, size_t n, const size_t *rows, LacRng *rng, void *user)
{
    const Task *task = user;
    const Dlvm *self = task->self;
    const size_t samples = (size_t)self->train_samples, d = (size_t)self->latent;
    size_t *index = lac_tape_alloc(tape, n * sizeof *index);
    LacTensor *mu, *s, *eps, *z;
    Batch batch;

    if (index == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++)
        index[i] = task->index[rows[i]];
    if (!batch_make(self->layout, task->rows, task->oracle, tape, n, index, &batch))
        return NULL;
    net_encode(self, &batch, tape, &mu, &s);
    mu = lac_nn_reshape(mu, LAC_SHAPE(n, 1, d));
    s = lac_nn_reshape(s, LAC_SHAPE(n, 1, d));
    eps = lac_tape_normal(tape, rng, LAC_SHAPE(n, samples, d));
    z = lac_nn_add(mu, lac_nn_mul(s, eps));
    return samples == 1 ? evidence_loss(self, &batch, z, mu, s, rng)
                        : importance_loss(self, &batch, z, eps, mu, s, rng);
}

/* ---- training -------------------------------------------------------------------------------- */

/* Rows without any observed cell say nothing about the parameters. */
static void
choose_rows(Task *task)
{
    const Rows *rows = task->rows;

    task->index = g_new(size_t, rows->rows + 1);
    for (size_t i = 0; i < rows->rows; i++)
        if (memchr(rows->o + i * rows->cols, 1, rows->cols) != NULL)
            task->index[task->n++] = i;
}

gboolean
dlvm_train(Dlvm *self, const LacData *train, GError **error)
{
    LacContext *context = self->base.instance.context;
    const LacRng rng = lac_context_rng(context, "weights");
    g_auto(Task) task = {.self = self};
    LacTraining training = {.rows = 0, .params = &self->train, .loss = task_loss, .user = &task};

    self->layout = layout_new(train, (Likelihood)self->likelihood, self->mnar, error);
    if (self->layout == NULL)
        return FALSE;
    self->net = net_new(self, self->layout, &rng, error);
    task.rows = self->net != NULL ? rows_new(self->layout, train, error) : NULL;
    if (task.rows == NULL)
        return FALSE;
    if (self->iota == FILL_ORACLE) {
        g_autoptr(LacData) truth = lac_context_truth(context, train, error);

        task.oracle = truth != NULL ? rows_new(self->layout, truth, error) : NULL;
        if (task.oracle == NULL)
            return FALSE;
    }
    choose_rows(&task);
    training.net = self->net->net;
    training.rows = task.n;
    return lac_train(context, &training, NULL, error);
}
