/* Epochs: shuffle, step, validate, keep the best. */
#include "train-private.h"

#include "context-private.h"
#include <math.h>
#include <string.h>

enum { USUAL_BATCH = 64 };

const char *const lac_train_precisions[] = {"float32", "bf16", NULL};

/**
 * Epochs: one training as it goes.
 * @order: [rows] training rows, shuffled anew each epoch, then [n_validation] held-out rows
 * @best: [size of the net] parameters of the best epoch so far; NULL without validation
 */
typedef struct {
    LacContext *context;
    const LacTraining *training;
    LacTrainer *trainer;
    LacTape *tape;
    size_t rows, n_validation, batch, batches;
    size_t *order;
    float *best;
    size_t kept; /* the epoch the trainer kept last, from 1; 0: none */
    LacRng orders, noise, validation_noise;
    char *validation_series;
    LacTrained result;
} Epochs;

static void
epochs_clear(Epochs *self)
{
    lac_trainer_free(self->trainer);
    lac_tape_free(self->tape);
    g_free(self->order);
    g_free(self->best);
    g_free(self->validation_series);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Epochs, epochs_clear)

static const char *
series_of(const LacTraining *training)
{
    return training->series != NULL ? training->series : "loss";
}

/* Which rows are held out depends on the model's stream alone. */
static gboolean
split(Epochs *self, GError **error)
{
    const LacTraining *t = self->training;
    const LacRng rows = lac_context_rng(self->context, "validation rows");
    LacRng rng = lac_rng_split(&rows, series_of(t));

    self->order = g_new(size_t, t->rows + 1);
    for (size_t i = 0; i < t->rows; i++)
        self->order[i] = i;
    lac_rng_shuffle(&rng, t->rows, self->order);
    if (t->params->validation > 0.0)
        self->n_validation = MAX(1, (size_t)llround(t->params->validation * (double)t->rows));
    if (self->n_validation >= t->rows)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "%zu rows with validation: %g leave none to train on; lower validation",
                        t->rows, t->params->validation);
    self->rows = t->rows - self->n_validation;
    self->batch = t->params->batch > 0 ? (size_t)t->params->batch : MIN(USUAL_BATCH, self->rows);
    if (self->batch > self->rows)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "batch: %" G_GINT64_FORMAT
                        " is more than the %zu training rows%s; expected "
                        "1 .. %zu",
                        t->params->batch, self->rows,
                        self->n_validation > 0 ? " left after validation" : "", self->rows);
    self->batches = (self->rows + self->batch - 1) / self->batch;
    return TRUE;
}

static gboolean
prepare(Epochs *self, GError **error)
{
    const LacTraining *t = self->training;
    const size_t epochs = (size_t)t->params->epochs, size = lac_net_copy_size(t->net);
    const LacRng root = lac_context_rng(self->context, "training");
    const LacRng own = lac_rng_split(&root, series_of(t));

    if (t->rows == 0)
        return lac_fail(error, LAC_ERROR_DATA, "there is no row to train on");
    if (!split(self, error))
        return FALSE;
    self->orders = lac_rng_split(&own, "order");
    self->noise = lac_rng_split(&own, "noise");
    self->validation_noise = lac_rng_split(&own, "validation noise");
    self->validation_series = g_strconcat(series_of(t), "-validation", NULL);
    self->result.validation = NAN;
    if (self->n_validation > 0) {
        self->best = lac_try_alloc(size + 1, sizeof *self->best, "best parameters", error);
        if (self->best == NULL)
            return FALSE;
    }
    self->tape = lac_tape_new();
    lac_tape_set_precision(self->tape, (LacPrecision)t->params->precision);
    lac_tape_set_check_numerics(self->tape, lac_context_check_numerics(self->context));
    lac_tape_set_context(self->tape, self->context);
    self->trainer =
        lac_trainer_new(self->context, t->net, epochs * self->batches, self->batches, error);
    return self->trainer != NULL;
}

static gboolean
step_progress(Epochs *self, size_t epoch, size_t batch, GError **error)
{
    const LacTraining *t = self->training;
    const double end = t->begin == 0.0 && t->end == 0.0 ? 1.0 : t->end;
    const double done =
        ((double)epoch + (double)batch / (double)self->batches) / (double)t->params->epochs;

    return lac_context_step(self->context, t->begin + (end - t->begin) * done, error);
}

/* Loss of the rows @rows [n] on a fresh tape, with the stream @rng; dropout draws from it too. */
static LacTensor *
record(Epochs *self, size_t n, const size_t *rows, LacRng rng)
{
    const LacRng tape_rng = lac_rng_split(&rng, "tape");

    lac_tape_reset(self->tape);
    lac_tape_set_rng(self->tape, &tape_rng);
    return self->training->loss(self->tape, n, rows, &rng, self->training->user);
}

/* The parameters that @epoch epochs have led to are good when the next loss is a number. */
static void
keep_what_was_good(Epochs *self, size_t epoch, const LacTensor *loss)
{
    if (loss != NULL && isfinite(loss->v[0]) && lac_trainer_keep(self->trainer))
        self->kept = epoch;
}

static gboolean
train_epoch(Epochs *self, size_t epoch, GError **error)
{
    const LacTraining *t = self->training;
    LacRng shuffle = lac_rng_at(&self->orders, epoch);
    double sum = 0.0;

    if (t->epoch != NULL && !t->epoch(epoch, t->user, error))
        return FALSE;
    lac_rng_shuffle(&shuffle, self->rows, self->order);
    for (size_t b = 0; b < self->batches; b++) {
        const size_t begin = b * self->batch, n = MIN(self->batch, self->rows - begin);
        LacTensor *loss = record(self, n, self->order + begin,
                                 lac_rng_at(&self->noise, epoch * self->batches + b));
        double value;

        if (b == 0)
            keep_what_was_good(self, epoch, loss);
        if (!lac_trainer_step(self->trainer, self->tape, loss, &value, error))
            return FALSE;
        sum += value * (double)n;
        if (!step_progress(self, epoch, b + 1, error))
            return FALSE;
    }
    self->result.loss = sum / (double)self->rows;
    self->result.epochs = epoch + 1;
    lac_context_trace(self->context, series_of(self->training), -1, epoch, 0, self->result.loss);
    return TRUE;
}

static gboolean
validate(Epochs *self, size_t epoch, double *out, GError **error)
{
    const size_t *rows = self->order + self->rows;
    double sum = 0.0;

    lac_tape_set_recording(self->tape, FALSE);
    lac_tape_set_training(self->tape, FALSE);
    for (size_t begin = 0; begin < self->n_validation; begin += self->batch) {
        const size_t n = MIN(self->batch, self->n_validation - begin);
        const LacTensor *loss =
            record(self, n, rows + begin, lac_rng_at(&self->validation_noise, begin));

        if (!lac_tape_check(self->tape, error))
            return FALSE;
        sum += (double)loss->v[0] * (double)n;
        if (!step_progress(self, epoch, self->batches, error))
            return FALSE;
    }
    lac_tape_reset(self->tape);
    lac_tape_set_recording(self->tape, TRUE);
    lac_tape_set_training(self->tape, TRUE);
    *out = sum / (double)self->n_validation;
    lac_context_trace(self->context, self->validation_series, -1, epoch, 0, *out);
    return TRUE;
}

/* FALSE in @go_on when patience has run out. A loss that is not finite is never the best. */
static gboolean
watch(Epochs *self, size_t epoch, gboolean *go_on, GError **error)
{
    const LacTraining *t = self->training;
    double loss;

    *go_on = TRUE;
    if (self->n_validation == 0)
        return TRUE;
    if (!validate(self, epoch, &loss, error))
        return FALSE;
    if (isfinite(loss) && !(loss >= self->result.validation)) {
        self->result.validation = loss;
        self->result.best_epoch = epoch + 1;
        lac_net_copy_out(t->net, self->best);
    }
    if (t->params->patience > 0 &&
        epoch + 1 >= self->result.best_epoch + (size_t)t->params->patience)
        *go_on = FALSE;
    return TRUE;
}

/* What the last steps led to is not finite, though no loss has seen it any more. */
static gboolean
fail_last_epoch(Epochs *self, GError **error)
{
    lac_trainer_restore(self->trainer);
    return lac_fail(error, LAC_ERROR_NUMERIC,
                    "a parameter is not finite after the last of %zu epochs. Lower the optimizer's "
                    "rate, set clip_norm, or scale the columns",
                    self->result.epochs);
}

static gboolean
run(Epochs *self, GError **error)
{
    gboolean go_on = TRUE;

    for (size_t epoch = 0; go_on && epoch < (size_t)self->training->params->epochs; epoch++) {
        if (!train_epoch(self, epoch, error))
            return FALSE;
        if (!watch(self, epoch, &go_on, error))
            return FALSE;
    }
    if (self->best != NULL && self->result.best_epoch > 0) {
        lac_net_copy_in(self->training->net, self->best);
        return TRUE;
    }
    self->result.best_epoch = self->result.epochs;
    return lac_trainer_keep(self->trainer) || fail_last_epoch(self, error);
}

gboolean
lac_train(LacContext *context, const LacTraining *training, LacTrained *out, GError **error)
{
    g_auto(Epochs) self = {.context = context, .training = training};
    GError *own = NULL;

    lac_context_set_kept_epoch(context, 0);
    if (!prepare(&self, &own) || !run(&self, &own)) {
        if (training->saves && g_error_matches(own, LAC_ERROR, LAC_ERROR_NUMERIC))
            lac_context_set_kept_epoch(context, self.kept);
        g_propagate_error(error, own);
        return FALSE;
    }
    if (out != NULL)
        *out = self.result;
    return TRUE;
}
