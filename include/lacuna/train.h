/* Training a net: batches, epochs, the optimizer's steps, schedules, clipping, early stopping, and
 * what to do when a loss is not a number. */
#ifndef LACUNA_TRAIN_H
#define LACUNA_TRAIN_H

#include <lacuna/context.h>
#include <lacuna/floats.h>
#include <lacuna/nn.h>
#include <lacuna/param.h>

G_BEGIN_DECLS

/**
 * LacTrainParams: the parameters every gradient-trained model has; a member of its struct, its
 * rows in the model's table by LAC_TRAIN_PARAMS.
 * @epochs: passes over the training rows, >= 1; @batch: rows a step; 0: 64, or all rows when there
 *   are fewer
 * @validation: share of the rows held out to watch the loss on, 0: none
 * @patience: epochs without a better validation loss before training stops, 0: never
 * @precision: a LacPrecision
 */
typedef struct {
    int64_t epochs, batch;
    double validation;
    int64_t patience;
    int precision;
} LacTrainParams;

/** lac_train_precisions: names of LacPrecision, for parameter tables. */
LAC_API extern const char *const lac_train_precisions[];

/** LAC_TRAIN_PARAMS: rows of a parameter table for the member @field of @Type. */
#define LAC_TRAIN_PARAMS(Type, field, epochs_)                                                     \
    {.name = "epochs",                                                                             \
     .type = LAC_PARAM_TYPE_INT,                                                                   \
     .offset = LAC_FIELD(Type, field.epochs, int64_t),                                             \
     .number = (epochs_),                                                                          \
     .range = LAC_RANGE_FROM(1),                                                                   \
     .unit = "epochs",                                                                             \
     .help = "Passes over the training rows"},                                                     \
        {.name = "batch",                                                                          \
         .type = LAC_PARAM_TYPE_INT,                                                               \
         .offset = LAC_FIELD(Type, field.batch, int64_t),                                          \
         .number = 0,                                                                              \
         .range = LAC_RANGE_FROM(0),                                                               \
         .unit = "rows",                                                                           \
         .help = "Rows of one gradient step; 0: 64, or all when there are fewer"},                 \
        {.name = "validation",                                                                     \
         .type = LAC_PARAM_TYPE_DOUBLE,                                                            \
         .offset = LAC_FIELD(Type, field.validation, double),                                      \
         .number = 0.0,                                                                            \
         .range = LAC_RANGE(0.0, 0.9),                                                             \
         .unit = "share",                                                                          \
         .help = "Training rows held out; the parameters with the best loss on them are kept"},    \
        {.name = "patience",                                                                       \
         .type = LAC_PARAM_TYPE_INT,                                                               \
         .offset = LAC_FIELD(Type, field.patience, int64_t),                                       \
         .number = 0,                                                                              \
         .range = LAC_RANGE_FROM(0),                                                               \
         .unit = "epochs",                                                                         \
         .help = "Stop after so many epochs without a better validation loss; 0: never"},          \
    {                                                                                              \
        .name = "precision", .type = LAC_PARAM_TYPE_CHOICE,                                        \
        .offset = LAC_FIELD(Type, field.precision, int), .number = LAC_PRECISION_FLOAT32,          \
        .range = LAC_RANGE_ANY, .choices = lac_train_precisions, .unit = "",                       \
        .help = "Of matrix products and convolutions; bf16 pays where the processor has it"        \
    }

/* ---- one step -------------------------------------------------------------------------------- */

typedef struct LacTrainer LacTrainer;

/**
 * lac_trainer_new:
 * @context: lends the optimizer; outlives the trainer
 * @net: what is trained; outlives the trainer. No parameter is added from now on
 * @steps: of the whole training; @per_epoch: of one epoch; what schedules count in
 *
 * Returns: owned; NULL with LAC_ERROR_PARAM when the optimizer's state does not fit into memory.
 */
LAC_API LacTrainer *
lac_trainer_new(LacContext *context, LacNet *net, size_t steps, size_t per_epoch, GError **error);
/**
 * lac_trainer_new_with: the same with an optimizer of the model's own, by @name and @params as YAML
 *   ("{rate: 2e-4, beta1: 0.5}"; NULL: its defaults), instead of the user's: for models whose
 *   networks play against each other, each with its own net, trainer and loss. lac_net_freeze()
 *   keeps the other's parameters out of a loss.
 *
 * Returns: owned; NULL also with LAC_ERROR_PLUGIN or LAC_ERROR_PARAM when there is no such
 *   optimizer or parameter.
 */
LAC_API LacTrainer *
lac_trainer_new_with(LacContext *context, LacNet *net, const char *name, const char *params,
                     size_t steps, size_t per_epoch, GError **error);
LAC_API void lac_trainer_free(LacTrainer *trainer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacTrainer, lac_trainer_free)

/**
 * lac_trainer_step: backward, clipping, the optimizer's update; gradients are zero afterwards.
 * @loss: one value; NULL when an operator failed, which is reported
 * @loss_out: (out) (nullable): its value
 *
 * A loss or a clipped gradient that is not finite changes nothing, and without clipping no value
 * moves whose gradient is not finite: the step is skipped and counted as an event "non-finite".
 * After ten in a row the parameters go back to those of the last lac_trainer_keep() (or the start),
 * and the step fails with LAC_ERROR_NUMERIC that names step, loss and the largest gradient.
 */
LAC_API gboolean lac_trainer_step(LacTrainer *trainer, LacTape *tape, LacTensor *loss,
                                  double *loss_out, GError **error);
/** lac_trainer_keep: the parameters as they are now are good ones to come back to. Returns: FALSE
 * when one of them is not finite; those kept before stay. */
LAC_API gboolean lac_trainer_keep(LacTrainer *trainer);

/* ---- epochs ---------------------------------------------------------------------------------- */

/**
 * LacTrainLoss: the mean loss of some rows, recorded on @tape; lower is better.
 * @rows: [n] indices of training rows; @rng: this step's own stream
 * Returns: one value; NULL when something failed (the tape's error is reported).
 */
typedef LacTensor *(*LacTrainLoss)(LacTape *tape, size_t n, const size_t *rows, LacRng *rng,
                                   void *user);

/**
 * LacTraining:
 * @net: trained in place; @rows: 0 .. rows-1 are the training rows
 * @loss: called once a step; for validation too, with the tape neither recording nor training, and
 *   the same streams in every epoch, so that noise does not hide progress
 * @epoch: called before each epoch, from 0; NULL: nothing is to be done
 * @series: name of the trace of losses, "loss" when NULL; validation is "<series>-validation"
 * @begin, @end: shares of the caller's progress at which this training starts and ends, 0 and 1
 *   when both are 0
 * @saves: the model can be saved as soon as this training has begun. When a loss that is not finite
 *   ends it, `save` is called and the model of the last good epoch goes to a file
 */
typedef struct {
    LacNet *net;
    size_t rows;
    const LacTrainParams *params;
    LacTrainLoss loss;
    gboolean (*epoch)(size_t epoch, void *user, GError **error);
    void *user;
    const char *series;
    double begin, end;
    gboolean saves;
} LacTraining;

/** LacTrained: what came of it. @best_epoch counts from 1; @loss is the last epoch's mean training
 * loss, @validation the best validation loss (NaN without one). */
typedef struct {
    size_t epochs, best_epoch;
    double loss, validation;
} LacTrained;

/**
 * lac_train: @params->epochs passes over the rows in a new order each time, a short last batch
 * included, with the context's optimizer. With a validation share the best epoch's parameters are
 * restored at the end.
 * @out: (out) (nullable)
 *
 * Returns: FALSE with LAC_ERROR_NUMERIC (see lac_trainer_step()), LAC_ERROR_CANCELLED within one
 *   step, LAC_ERROR_PARAM for a batch larger than the rows left after validation, or the error of
 *   an operator; the net then holds the parameters of the last good epoch (NUMERIC).
 */
LAC_API gboolean lac_train(LacContext *context, const LacTraining *training, LacTrained *out,
                           GError **error);

G_END_DECLS

#endif
