/* dvae: a variational autoencoder that is shown rows with their holes filled by one constant and
 * learns to give back the clean row. It needs clean targets, which experiments have.
 * Source: Zethraeus, Deep Learning techniques for classification of data with missing values (Lund
 * 2019), sections 2.2 and 3.3; Vincent et al., denoising autoencoders (ICML 2008). */
#include <lacuna/model.h>
#include <lacuna/moments.h>
#include <lacuna/train.h>

#include <math.h>

enum { ROWS_AT_ONCE = 256, ELBO_DRAWS = 16, MOST = 1 << 24 };

#define SLACK 1e-6 /* what scaling may leave beyond 0 and 1 */

typedef enum { TARGET_TRUTH, TARGET_OBSERVED } Target;

typedef struct {
    LacModel base;
    /* parameters */
    LacDoubles hidden;
    int64_t latent;
    double fill, l2;
    int target;
    LacTrainParams train;
    /* state */
    size_t cols;
    LacNet *net;
    LacMlp encoder, decoder;
    LacDense mu, log_variance, logits;
} Dvae;

static const char *const targets[] = {"truth", "observed", NULL};

static const LacParam params[] = {
    LAC_PARAM_DOUBLES(Dvae, hidden, "[512, 512]", LAC_RANGE(1, 65536), "units",
                      "Widths of the encoder's hidden layers; the decoder mirrors them"),
    LAC_PARAM_INT(Dvae, latent, 20, LAC_RANGE(1, 4096), "dimensions",
                  "Dimensions of the latent space"),
    LAC_PARAM_DOUBLE(Dvae, fill, 1.0, LAC_RANGE(0.0, 1.0), "value",
                     "What the encoder sees in a hole; 1 is white ink on MNIST's black"),
    LAC_PARAM_CHOICE(Dvae, target, TARGET_TRUTH, targets,
                     "What is to be given back: the clean row, known in experiments only, or the "
                     "observed cells"),
    LAC_PARAM_DOUBLE(Dvae, l2, 0.0, LAC_RANGE_FROM(0), "per squared weight",
                     "Added to the loss: l2 times the sum of squared weights, biases left out"),
    LAC_TRAIN_PARAMS(Dvae, train, 50),
    LAC_PARAM_END,
};

/* ---- network --------------------------------------------------------------------------------- */

static void
add_layers(Dvae *self)
{
    const size_t n = self->hidden.n, d = (size_t)self->latent;
    g_autofree size_t *down = g_new(size_t, n + 1), *up = g_new(size_t, n + 1);

    down[0] = self->cols;
    up[0] = d;
    for (size_t k = 0; k < n; k++) {
        down[k + 1] = (size_t)self->hidden.v[k];
        up[k + 1] = (size_t)self->hidden.v[n - 1 - k];
    }
    if (n > 0) {
        lac_mlp_init(&self->encoder, self->net, "encoder", n + 1, down, LAC_ACTIVATION_RELU,
                     LAC_ACTIVATION_RELU, LAC_INIT_GLOROT);
        lac_mlp_init(&self->decoder, self->net, "decoder", n + 1, up, LAC_ACTIVATION_RELU,
                     LAC_ACTIVATION_RELU, LAC_INIT_GLOROT);
    }
    lac_dense_init(&self->mu, self->net, "encoder.mu", down[n], d, LAC_ACTIVATION_NONE,
                   LAC_INIT_GLOROT);
    lac_dense_init(&self->log_variance, self->net, "encoder.log_variance", down[n], d,
                   LAC_ACTIVATION_NONE, LAC_INIT_GLOROT);
    lac_dense_init(&self->logits, self->net, "decoder.logits", up[n], self->cols,
                   LAC_ACTIVATION_NONE, LAC_INIT_GLOROT);
}

/* Cells @v [n] with @fill for those that are missing. */
LAC_CLONES static void
fill_cells(size_t n, const double *v, double fill, LacReal *out)
{
#pragma omp simd
    for (size_t k = 0; k < n; k++)
        out[k] = (LacReal)(isnan(v[k]) ? fill : v[k]);
}

/* Rows @index [n] with their holes filled, [n x cols]. */
static LacTensor *
corrupted_rows(const Dvae *self, const LacData *data, LacTape *tape, size_t n, const size_t *index)
{
    LacTensor *x = lac_tape_constant(tape, LAC_SHAPE(n, self->cols));

    for (size_t i = 0; x != NULL && i < n; i++)
        fill_cells(self->cols, lac_data_row(data, index[i]), self->fill, x->v + i * self->cols);
    return x;
}

static void
encode(const Dvae *self, LacTensor *x, LacTensor **mu, LacTensor **log_variance)
{
    LacTensor *h = self->encoder.n > 0 ? lac_mlp_apply(&self->encoder, x) : x;

    *mu = lac_dense_apply(&self->mu, h);
    *log_variance = lac_dense_apply(&self->log_variance, h);
}

/* z = mu + sigma eps */
static LacTensor *
draw_z(LacTensor *mu, LacTensor *log_variance, LacTensor *eps)
{
    LacTensor *sigma = lac_nn_exp(lac_nn_affine(log_variance, (LacReal)0.5, 0));

    return lac_nn_add(mu, lac_nn_mul(sigma, eps));
}

static LacTensor *
decode(const Dvae *self, LacTensor *z)
{
    return lac_dense_apply(&self->logits,
                           self->decoder.n > 0 ? lac_mlp_apply(&self->decoder, z) : z);
}

/* ---- learning -------------------------------------------------------------------------------- */

/** Task: @target: what is to be given back; its holes, and NaN, do not count. */
typedef struct {
    const Dvae *self;
    const LacData *data, *target;
} Task;

static LacTensor *
add_squares(LacTensor *sum, LacTape *tape, const LacDense *layer)
{
    LacTensor *squares = lac_nn_sum(lac_nn_square(lac_net_use(tape, layer->weight)), 0, FALSE);

    return sum != NULL ? lac_nn_add(sum, squares) : squares;
}

static LacTensor *
penalty(const Dvae *self, LacTape *tape)
{
    LacTensor *sum = add_squares(NULL, tape, &self->mu);

    sum = add_squares(sum, tape, &self->log_variance);
    sum = add_squares(sum, tape, &self->logits);
    for (size_t k = 0; k < self->encoder.n; k++)
        sum = add_squares(sum, tape, &self->encoder.layers[k]);
    for (size_t k = 0; k < self->decoder.n; k++)
        sum = add_squares(sum, tape, &self->decoder.layers[k]);
    return lac_nn_affine(sum, (LacReal)self->l2, 0);
}

/* Cells @v [n] as a target: @x in [0, 1], 0 for unknown ones; @o 1 where they are known. */
LAC_CLONES static void
target_cells(size_t n, const double *v, LacReal *x, LacReal *o)
{
#pragma omp simd
    for (size_t k = 0; k < n; k++) {
        x[k] = (LacReal)(v[k] > 0.0 ? MIN(v[k], 1.0) : 0.0); /* 0 for NaN */
        o[k] = isnan(v[k]) ? 0.0f : 1.0f;
    }
}

/* ln p(clean cells | z) of each row, in nats summed over the cells. */
static LacTensor *
likelihoods(const Task *task, LacTensor *logits, size_t n, const size_t *rows)
{
    const size_t cols = task->self->cols;
    LacTensor *x, *o;

    if (logits == NULL)
        return NULL;
    x = lac_tape_constant(logits->tape, LAC_SHAPE(n, cols));
    o = lac_tape_constant(logits->tape, LAC_SHAPE(n, cols));
    if (x == NULL || o == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++)
        target_cells(cols, lac_data_row(task->target, rows[i]), x->v + i * cols, o->v + i * cols);
    return lac_nn_bernoulli_rows(x, logits, o);
}

/* -ELBO, the KL of N(mu, sigma^2) from N(0, I) in closed form; while training, plus the penalty. */
static LacTensor *
task_loss(LacTape *tape, size_t n, const size_t *rows, LacRng *rng, void *user)
{
    const Task *task = user;
    const Dvae *self = task->self;
    const LacReal half = (LacReal)self->latent / 2;
    LacTensor *mu, *log_variance, *z, *kl, *loss;

    encode(self, corrupted_rows(self, task->data, tape, n, rows), &mu, &log_variance);
    z = draw_z(mu, log_variance, lac_tape_normal(tape, rng, LAC_SHAPE(n, (size_t)self->latent)));
    kl = lac_nn_sub(lac_nn_add(lac_nn_square(mu), lac_nn_exp(log_variance)), log_variance);
    kl = lac_nn_affine(lac_nn_mean(kl, 0, FALSE), half, -half); /* mean over all = rows / latent */
    loss = lac_nn_sub(kl, lac_nn_mean(likelihoods(task, decode(self, z), n, rows), 0, FALSE));
    if (self->l2 > 0.0 && lac_tape_is_training(tape))
        loss = lac_nn_add(loss, penalty(self, tape));
    return loss;
}

static gboolean
check_range(const LacData *data, GError **error)
{
    for (size_t i = 0; i < data->rows; i++)
        for (size_t j = 0; j < data->cols; j++) {
            const double v = lac_data_at(data, i, j);

            if (v < -SLACK || v > 1.0 + SLACK)
                return lac_fail(error, LAC_ERROR_DATA,
                                "%s: row %zu, column '%s' is %g; dvae's cells are grey values in "
                                "[0, 1]: use `scale: minmax`, or `unit: true` of the reader",
                                data->origin, i + 1, lac_data_name(data, j), v);
        }
    return TRUE;
}

static gboolean
dvae_fit(LacModel *model, const LacData *train, GError **error)
{
    Dvae *self = LAC_CAST(Dvae, model);
    LacContext *context = model->instance.context;
    const LacRng rng = lac_context_rng(context, "weights");
    g_autoptr(LacData) truth = NULL;
    Task task = {.self = self, .data = train, .target = train};
    LacTraining training = {.rows = train->rows,
                            .params = &self->train,
                            .loss = task_loss,
                            .user = &task,
                            .saves = TRUE};

    if (!check_range(train, error))
        return FALSE;
    if (self->target == TARGET_TRUTH) {
        truth = lac_context_truth(context, train, error);
        if (truth == NULL) {
            g_prefix_error(error, "dvae learns from clean rows, which experiments alone have "
                                  "(`target: observed` does without): ");
            return FALSE;
        }
        task.target = truth;
    }
    self->cols = train->cols;
    self->net = lac_net_new(&rng);
    add_layers(self);
    training.net = self->net;
    return lac_train(context, &training, NULL, error);
}

/* ---- filling --------------------------------------------------------------------------------- */

/** Pass: @draw: -1: z = mu; else the number of a draw, each row from a stream of its own.
 * @whole: the decoder's values for observed cells, too. */
typedef struct {
    const Dvae *self;
    const LacData *in;
    LacMatrix *out;
    gssize draw;
    gboolean whole;
    LacRng rng;
    LacTape *tape;
} Pass;

static LacTensor *
latent_of(const Pass *pass, size_t n, const size_t *rows)
{
    const size_t d = (size_t)pass->self->latent;
    LacTensor *mu, *log_variance, *eps;

    encode(pass->self, corrupted_rows(pass->self, pass->in, pass->tape, n, rows), &mu,
           &log_variance);
    if (pass->draw < 0)
        return mu;
    eps = lac_tape_constant(pass->tape, LAC_SHAPE(n, d));
    for (size_t i = 0; eps != NULL && i < n; i++) {
        LacRng own = lac_rng_at(&pass->rng, rows[i]);

        for (size_t k = 0; k < d; k++)
            eps->v[i * d + k] = (LacReal)lac_rng_normal(&own);
    }
    return draw_z(mu, log_variance, eps);
}

static gboolean
fill_rows(const Pass *pass, size_t n, const size_t *rows, GError **error)
{
    const size_t cols = pass->self->cols;
    LacTensor *mean;

    lac_tape_reset(pass->tape);
    mean = lac_nn_sigmoid(decode(pass->self, latent_of(pass, n, rows)));
    if (!lac_tape_check(pass->tape, error))
        return FALSE;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < cols; j++)
            if (pass->whole || lac_data_is_hole(pass->in, rows[i], j))
                lac_matrix_row(pass->out, rows[i])[j] = (double)mean->v[i * cols + j];
    return TRUE;
}

static gboolean
decode_table(const LacModel *model, const LacData *in, gssize draw, gboolean whole, LacMatrix *out,
             GError **error)
{
    LacContext *context = model->instance.context;
    const LacRng draws = lac_context_rng(context, "draws");
    g_autoptr(LacTape) tape = lac_tape_new();
    const Pass pass = {LAC_CAST(const Dvae, model),
                       in,
                       out,
                       draw,
                       whole,
                       lac_rng_at(&draws, draw < 0 ? 0 : (size_t)draw),
                       tape};
    size_t rows[ROWS_AT_ONCE], n = 0;

    lac_tape_set_recording(tape, FALSE);
    lac_tape_set_training(tape, FALSE);
    lac_tape_set_precision(tape, (LacPrecision)pass.self->train.precision);
    lac_tape_set_context(tape, context);
    lac_data_copy_values(in, out);
    for (size_t i = 0; i < in->rows; i++) {
        if (whole || lac_mask_count_row(in->holes, i) > 0)
            rows[n++] = i;
        if (n == 0 || (n < ROWS_AT_ONCE && i + 1 < in->rows))
            continue;
        if (!fill_rows(&pass, n, rows, error) ||
            !lac_context_step(context, (double)i / (double)in->rows, error))
            return FALSE;
        n = 0;
    }
    return TRUE;
}

static gboolean
dvae_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error)
{
    return decode_table(model, in, -1, FALSE, out, error);
}

static gboolean
dvae_sample(const LacModel *model, const LacData *in, size_t draw, LacMatrix *out, GError **error)
{
    return decode_table(model, in, (gssize)draw, FALSE, out, error);
}

static gboolean
dvae_reconstruct(const LacModel *model, const LacData *in, gssize draw, LacMatrix *out,
                 GError **error)
{
    return decode_table(model, in, draw, TRUE, out, error);
}

/* ---- the bound ------------------------------------------------------------------------------- */

/* Adds to @out, of row @rows[i], what draw @draw of z says of the clean row, and the share of the
 * KL that is a draw's. */
static gboolean
add_bound(const Task *task, LacTape *tape, const LacRng *rng, size_t n, const size_t *rows,
          double *out, GError **error)
{
    const size_t d = (size_t)task->self->latent;
    LacTensor *mu, *log_variance, *eps, *fit;

    lac_tape_reset(tape);
    encode(task->self, corrupted_rows(task->self, task->data, tape, n, rows), &mu, &log_variance);
    eps = lac_tape_constant(tape, LAC_SHAPE(n, d));
    for (size_t i = 0; eps != NULL && i < n; i++) {
        LacRng own = lac_rng_at(rng, rows[i]);

        for (size_t k = 0; k < d; k++)
            eps->v[i * d + k] = (LacReal)lac_rng_normal(&own);
    }
    fit = likelihoods(task, decode(task->self, draw_z(mu, log_variance, eps)), n, rows);
    if (!lac_tape_check(tape, error))
        return FALSE;
    for (size_t i = 0; i < n; i++) {
        double kl = 0.0;

        for (size_t k = i * d; k < (i + 1) * d; k++) {
            const double m = (double)mu->v[k], l = (double)log_variance->v[k];

            kl += 0.5 * (m * m + exp(l) - 1.0 - l);
        }
        out[rows[i]] += ((double)fit->v[i] - kl) / ELBO_DRAWS;
    }
    return TRUE;
}

static gboolean
dvae_elbo(const LacModel *model, const LacData *in, const LacData *truth, double *out,
          GError **error)
{
    const Dvae *self = LAC_CAST(const Dvae, model);
    LacContext *context = model->instance.context;
    const LacRng rng = lac_context_rng(context, "elbo");
    const Task task = {self, in, truth};
    g_autoptr(LacTape) tape = lac_tape_new();
    size_t rows[ROWS_AT_ONCE];

    lac_tape_set_recording(tape, FALSE);
    lac_tape_set_training(tape, FALSE);
    lac_tape_set_precision(tape, (LacPrecision)self->train.precision);
    lac_tape_set_context(tape, context);
    for (size_t begin = 0; begin < in->rows; begin += ROWS_AT_ONCE) {
        const size_t n = MIN(ROWS_AT_ONCE, in->rows - begin);

        for (size_t i = 0; i < n; i++) {
            rows[i] = begin + i;
            out[begin + i] = 0.0;
        }
        for (size_t draw = 0; draw < ELBO_DRAWS; draw++) {
            const LacRng own = lac_rng_at(&rng, draw);

            if (!add_bound(&task, tape, &own, n, rows, out, error) ||
                !lac_context_step(context, (double)begin / (double)in->rows, error))
                return FALSE;
        }
    }
    return TRUE;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static gboolean
dvae_save(const LacModel *model, LacBundle *out, GError **error)
{
    const Dvae *self = LAC_CAST(const Dvae, model);

    lac_bundle_put_sizes(out, "cols", 1, &self->cols);
    lac_net_save(self->net, "net.", out);
    return TRUE;
}

static gboolean
dvae_load(LacModel *model, const LacBundle *in, GError **error)
{
    Dvae *self = LAC_CAST(Dvae, model);
    const LacRng rng = lac_rng_new(0); /* initial values are overwritten */
    const size_t least = 1;

    if (!lac_bundle_get_sizes(in, "cols", 1, &least, MOST, &self->cols, error))
        return FALSE;
    self->net = lac_net_new(&rng);
    add_layers(self);
    return lac_net_load(self->net, "net.", in, error);
}

static void
dvae_clear(LacModel *model)
{
    Dvae *self = LAC_CAST(Dvae, model);

    lac_mlp_clear(&self->encoder);
    lac_mlp_clear(&self->decoder);
    g_clear_pointer(&self->net, lac_net_free);
}

static void
dvae_cost(const LacModel *model, const LacWorkload *work, LacCost *out)
{
    static const double float_flop = 0.3 * LAC_COST_FLOP; /* of large products */
    const Dvae *self = LAC_CAST(const Dvae, model);
    const double n = (double)work->rows, p = (double)work->cols;
    const double batch = self->train.batch > 0 ? (double)self->train.batch : 64.0;
    double last = p, products = 0.0;

    for (size_t k = 0; k < self->hidden.n; k++) {
        products += last * self->hidden.v[k];
        last = self->hidden.v[k];
    }
    products = 2.0 * products + 3.0 * last * (double)self->latent;
    out->seconds = float_flop * n * products * (6.0 * (double)self->train.epochs + 2.0) /
                   (double)work->threads;
    out->bytes = 40.0 * p * MAX(batch, (double)ROWS_AT_ONCE) + 20.0 * products + 8.0 * n * p;
}

LAC_PLUGIN_EXPORT const LacModelPlugin lac_plugin = {
    LAC_MODEL("dvae", "Denoising variational autoencoder, learnt from clean rows", Dvae, params),
    .plugin.citation =
        "Zethraeus, Deep learning for classification of data with missing values (2019)",
    .traits = LAC_MODEL_GRADIENT | LAC_MODEL_TRUTH,
    .fit = dvae_fit,
    .fill = dvae_fill,
    .sample = dvae_sample,
    .reconstruct = dvae_reconstruct,
    .elbo = dvae_elbo,
    .save = dvae_save,
    .load = dvae_load,
    .clear = dvae_clear,
    .cost = dvae_cost,
    .quick = "{target: observed, epochs: 2, hidden: [8], latent: 2}",
};
