/* mlp, cnn, lenet: networks that predict labels from complete rows, for the `downstream:` block.
 * Source: Zethraeus, Deep Learning techniques for classification of data with missing values (Lund
 * 2019), Type 1 networks, cnn as the Keras MNIST example has it; Wan et al. (ICML 2013) for the
 * dropout form of LeNet that Mattei & Frellsen (2018) use; Srivastava et al. (JMLR 2014) for
 * dropout. */
#include "classify.h"

#include <math.h>

enum { PREDICT_ROWS = 256 };

#define TRAIN_ROWS(epochs_)                                                                        \
    LAC_PARAM_DOUBLE(                                                                              \
        Classifier, l2, 0.0, LAC_RANGE_FROM(0), "per squared weight",                              \
        "Added to the loss: l2 times the sum of squared weights; biases are left out, "            \
        "as in Keras"),                                                                            \
        LAC_TRAIN_PARAMS(Classifier, train, epochs_), LAC_PARAM_END

#define DROPOUT(default_)                                                                          \
    LAC_PARAM_DOUBLE(Classifier, dropout, default_, LAC_RANGE(0.0, 0.95), "share",                 \
                     "Share of each dense hidden layer dropped while training")

#define IMAGE_ROWS(units_, map_dropout_)                                                           \
    LAC_PARAM_INT(Classifier, units, units_, LAC_RANGE(1, 65536), "units",                         \
                  "Width of the dense layer"),                                                     \
        LAC_PARAM_DOUBLE(Classifier, map_dropout, map_dropout_, LAC_RANGE(0.0, 0.95), "share",     \
                         "Share of the last feature map dropped while training")

static const LacParam mlp_params[] = {
    LAC_PARAM_DOUBLES(Classifier, hidden, "[128, 128]", LAC_RANGE(1, 65536), "units",
                      "Widths of the hidden layers; [] is logistic regression"),
    DROPOUT(0.0),
    TRAIN_ROWS(50),
};

static const LacParam cnn_params[] = {
    IMAGE_ROWS(128, 0.25),
    DROPOUT(0.5),
    TRAIN_ROWS(12),
};

static const LacParam lenet_params[] = {
    IMAGE_ROWS(150, 0.0),
    DROPOUT(0.5),
    TRAIN_ROWS(20),
};

/* ---- learning -------------------------------------------------------------------------------- */

/** Task: @index: [n] rows with a label; @data: them as the epoch sees them, owned from the first
 * on. */
typedef struct {
    const Classifier *self;
    const LacData *train;
    LacData *data;
    size_t n, *index;
} Task;

static gboolean
task_epoch(size_t epoch, void *user, GError **error)
{
    Task *task = user;

    g_clear_pointer(&task->data, lac_data_unref);
    task->data = lac_context_pass(task->self->base.instance.context, task->train, epoch, error);
    return task->data != NULL;
}

/* mean of -ln p(label) + l2 * sum of squared weights; validation looks at the first part alone */
static LacTensor *
task_loss(LacTape *tape, size_t n, const size_t *rows, LacRng *rng, void *user)
{
    const Task *task = user;
    const Classifier *self = task->self;
    const gboolean penalised = self->l2 > 0.0 && lac_tape_is_training(tape);
    size_t *index = lac_tape_alloc(tape, n * sizeof *index);
    size_t *label = lac_tape_alloc(tape, n * sizeof *label);
    LacTensor *penalty = NULL, *loss;

    if (index == NULL || label == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        index[i] = task->index[rows[i]];
        label[i] = (size_t)task->data->labels[index[i]];
    }
    loss = lac_nn_cross_entropy(net_logits(self,
                                           layout_rows(self->layout, task->data, tape, n, index, 0),
                                           penalised ? &penalty : NULL),
                                label);
    if (!penalised)
        return loss;
    return lac_nn_add(loss, lac_nn_affine(penalty, (LacReal)self->l2, 0));
}

static gboolean
classifier_fit(LacModel *model, const LacData *train, GError **error)
{
    Classifier *self = LAC_CAST(Classifier, model);
    LacContext *context = model->instance.context;
    const LacRng rng = lac_context_rng(context, "weights");
    g_autofree size_t *index = g_new(size_t, train->rows + 1);
    Task task = {.self = self, .train = train, .index = index};
    LacTraining training = {.params = &self->train,
                            .loss = task_loss,
                            .epoch = task_epoch,
                            .user = &task,
                            .saves = TRUE};
    gboolean good;

    self->layout = layout_new(train, error);
    if (self->layout == NULL)
        return FALSE;
    self->net = net_new(self, self->layout, &rng, error);
    if (self->net == NULL)
        return FALSE;
    for (size_t i = 0; i < train->rows; i++)
        if (train->labels[i] >= 0)
            index[task.n++] = i;
    if (task.n < train->rows)
        lac_context_event(context, "rows-left-out", -1,
                          "%zu of %zu rows have no label and were not learnt from",
                          train->rows - task.n, train->rows);
    training.net = self->net->net;
    training.rows = task.n;
    good = lac_train(context, &training, NULL, error);
    g_clear_pointer(&task.data, lac_data_unref);
    return good;
}

/* ---- predicting ------------------------------------------------------------------------------ */

/* Softmax in double: a row sums to 1 whatever float made of the logits. */
static void
softmax(const LacReal *logit, size_t n, double *out)
{
    double largest = (double)logit[0], sum = 0.0;

    for (size_t k = 1; k < n; k++)
        largest = fmax(largest, (double)logit[k]);
    for (size_t k = 0; k < n; k++)
        sum += out[k] = exp((double)logit[k] - largest);
    for (size_t k = 0; k < n; k++)
        out[k] /= sum;
}

static gboolean
predict_rows(const Classifier *self, const LacData *in, LacTape *tape, size_t begin, size_t n,
             LacMatrix *out, GError **error)
{
    const size_t classes = self->layout->classes;
    LacTensor *logits;

    lac_tape_reset(tape);
    logits = net_logits(self, layout_rows(self->layout, in, tape, n, NULL, begin), NULL);
    if (!lac_tape_check(tape, error))
        return FALSE;
    for (size_t i = 0; i < n; i++) {
        double *row = lac_matrix_row(out, begin + i);

        softmax(logits->v + i * classes, classes, row);
        if (!isfinite(row[0]))
            return lac_fail(error, LAC_ERROR_NUMERIC,
                            "%s: row %zu gives scores that are not finite; lower the optimizer's "
                            "rate or scale the columns",
                            in->origin, begin + i + 1);
    }
    return TRUE;
}

static gboolean
classifier_predict(const LacModel *model, const LacData *in, LacMatrix *out, GError **error)
{
    const Classifier *self = LAC_CAST(const Classifier, model);
    g_autoptr(LacTape) tape = lac_tape_new();

    g_assert(out->rows == in->rows && out->cols == self->layout->classes);
    if (!layout_check(self->layout, in, error))
        return FALSE;
    lac_tape_set_recording(tape, FALSE);
    lac_tape_set_training(tape, FALSE);
    lac_tape_set_precision(tape, (LacPrecision)self->train.precision);
    lac_tape_set_context(tape, model->instance.context);
    for (size_t begin = 0; begin < in->rows; begin += PREDICT_ROWS)
        if (!predict_rows(self, in, tape, begin, MIN(PREDICT_ROWS, in->rows - begin), out, error) ||
            !lac_context_step(model->instance.context, (double)begin / (double)in->rows, error))
            return FALSE;
    return TRUE;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static gboolean
classifier_save(const LacModel *model, LacBundle *out, GError **error)
{
    const Classifier *self = LAC_CAST(const Classifier, model);

    layout_save(self->layout, out);
    lac_net_save(self->net->net, "net.", out);
    return TRUE;
}

static gboolean
classifier_load(LacModel *model, const LacBundle *in, GError **error)
{
    Classifier *self = LAC_CAST(Classifier, model);
    const LacRng rng = lac_rng_new(0); /* initial values are overwritten */

    self->layout = layout_load(in, error);
    if (self->layout == NULL)
        return FALSE;
    self->net = net_new(self, self->layout, &rng, error);
    return self->net != NULL && lac_net_load(self->net->net, "net.", in, error);
}

static void
classifier_clear(LacModel *model)
{
    Classifier *self = LAC_CAST(Classifier, model);

    g_clear_pointer(&self->net, net_free);
    g_clear_pointer(&self->layout, layout_free);
}

static void
classifier_cost(const LacModel *model, const LacWorkload *work, LacCost *out)
{
    const Classifier *self = LAC_CAST(const Classifier, model);
    const double n = (double)work->rows, p = (double)work->cols;
    const double products = net_products(self, p);
    const double batch = self->train.batch > 0 ? (double)self->train.batch : 64.0;
    const double maps = net_shape(self) == NET_MLP ? 1.0 : 128.0; /* values kept of each input */

    out->seconds = LAC_COST_FLOP * n * products * (6.0 * (double)self->train.epochs + 2.0) /
                   (double)work->threads;
    out->bytes = 32.0 * p * MAX(batch, (double)PREDICT_ROWS) * maps + 20.0 * products;
}

#define CLASSIFIER_SLOTS(quick_)                                                                   \
    .traits = LAC_MODEL_GRADIENT, .fit = classifier_fit, .predict = classifier_predict,            \
    .save = classifier_save, .load = classifier_load, .clear = classifier_clear,                   \
    .cost = classifier_cost, .quick = (quick_)

static const LacModelPlugin lenet_plugin = {
    LAC_MODEL("lenet", "Classifier of images: two 5x5 convolutions with a pool behind each",
              Classifier, lenet_params),
    .plugin.citation = "LeCun et al. (1998); Wan et al., DropConnect (ICML 2013)",
    CLASSIFIER_SLOTS("{epochs: 2, units: 8}"),
};

static const LacModelPlugin cnn_plugin = {
    LAC_MODEL("cnn", "Classifier of images: two 3x3 convolutions, a pool, a dense layer",
              Classifier, cnn_params),
    .plugin.citation =
        "Zethraeus, Deep learning for classification of data with missing values (2019)",
    .plugin.next = &lenet_plugin.plugin,
    CLASSIFIER_SLOTS("{epochs: 2, units: 8}"),
};

LAC_PLUGIN_EXPORT const LacModelPlugin lac_plugin = {
    LAC_MODEL("mlp", "Classifier: dense layers from a complete row to the chances of its class",
              Classifier, mlp_params),
    .plugin.citation = "Rumelhart, Hinton & Williams (1986); Srivastava et al., Dropout (2014)",
    .plugin.next = &cnn_plugin.plugin,
    CLASSIFIER_SLOTS("{epochs: 3, hidden: [8]}"),
};
