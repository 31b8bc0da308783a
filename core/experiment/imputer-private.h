/* One model with all that surrounds it: scaling, encoding, the check that observed cells come back
 * untouched and no hole stays open. Used by every cell of a sweep and by `lacuna impute`. */
#ifndef LACUNA_IMPUTER_PRIVATE_H
#define LACUNA_IMPUTER_PRIVATE_H

#include "column-rules-private.h"
#include "context-private.h"
#include "registry-private.h"
#include "table-private.h"

G_BEGIN_DECLS

typedef struct LacImputer LacImputer;

/**
 * lac_imputer_new:
 * @model: (transfer full): an instance of a model; freed with the imputer
 * @initial: (transfer full) (nullable): an instance of an initial imputer; NULL: column means
 * @context: lent, must outlive the imputer
 */
LAC_PRIVATE_API LacImputer *
lac_imputer_new(LacModel *model, LacInitial *initial, LacScale scale, LacContext *context);
/** lac_imputer_set_optimizer: (transfer full): what a gradient-trained model takes its steps with;
 * without it the usual one. */
LAC_PRIVATE_API void lac_imputer_set_optimizer(LacImputer *imputer, LacOptimizer *optimizer);
/** lac_imputer_set_truth: what is under the holes of raw @in, for models that ask for it; both are
 * referenced. Once for each of the two tables of an experiment. */
LAC_PRIVATE_API void
lac_imputer_set_truth(LacImputer *imputer, const LacData *in, const LacData *truth);
/** lac_imputer_set_rules: before fit; lent, NULL is fine. They must have been applied to the tables
 * that follow: columns are modelled on the scale of logarithms, and computed from others, as they
 * say. Limits come with the tables themselves. */
LAC_PRIVATE_API void lac_imputer_set_rules(LacImputer *imputer, const LacColumnRules *rules);
/** lac_imputer_rules: lent; of a loaded imputer those it was fitted with, or NULL. */
LAC_PRIVATE_API const LacColumnRules *lac_imputer_rules(const LacImputer *imputer);
/** lac_imputer_set_passes: raw tables with the rows of the training table, one an epoch, for models
 * that ask lac_context_pass(). Before fit. */
LAC_PRIVATE_API void lac_imputer_set_passes(LacImputer *imputer, LacPasses passes, void *user);
LAC_PRIVATE_API void lac_imputer_free(LacImputer *imputer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacImputer, lac_imputer_free)

/** lac_imputer_set_rounding: whether imputed integers are rounded and numbers held within their
 * column's bounds (default: TRUE). Limits that somebody stated hold anyway. A sweep scores what the
 * model said, so it turns this off. */
LAC_PRIVATE_API void lac_imputer_set_rounding(LacImputer *imputer, gboolean rounds);

/** lac_imputer_fit: learn scaling, encoding and model from the observed cells of raw @train.
 * Once per imputer. A column without any observed cell is LAC_ERROR_DATA naming it: there is
 * nothing to learn from, and dropping or zeroing it without a word is what users complain about
 * most. */
LAC_PRIVATE_API gboolean lac_imputer_fit(LacImputer *imputer, const LacData *train, GError **error);
/**
 * lac_imputer_fill: point completion of raw @in, in raw units, integers rounded, categories as
 * level codes. @out: in->rows x in->cols. Fails with LAC_ERROR_NUMERIC naming the cell when the
 * model left a hole, changed an observed cell or returned a number that is not finite.
 */
LAC_PRIVATE_API gboolean lac_imputer_fill(LacImputer *imputer, const LacData *in, LacMatrix *out,
                                          GError **error);
LAC_PRIVATE_API gboolean lac_imputer_sample(LacImputer *imputer, const LacData *in, size_t draw,
                                            LacMatrix *out, GError **error);
LAC_PRIVATE_API gboolean lac_imputer_can_sample(const LacImputer *imputer);
/** lac_imputer_reconstruct: every cell of raw @in as the model gives it back, observed ones too, in
 * raw units, categories as level codes; columns computed from others are as lac_imputer_fill() has
 * them. @draw: -1: its best point, else the number of a draw. LAC_ERROR_NUMERIC names a cell that
 * is not finite. */
LAC_PRIVATE_API gboolean lac_imputer_reconstruct(LacImputer *imputer, const LacData *in,
                                                 gssize draw, LacMatrix *out, GError **error);
LAC_PRIVATE_API gboolean lac_imputer_can_reconstruct(const LacImputer *imputer);
LAC_PRIVATE_API gboolean lac_imputer_can_log_density(const LacImputer *imputer);
/** lac_imputer_log_density: in the model's (scaled) units. @out [rows]. */
LAC_PRIVATE_API gboolean lac_imputer_log_density(LacImputer *imputer, const LacData *in,
                                                 const LacData *truth, double *out, GError **error);
/** lac_imputer_elbo: bounds of ln p of the whole rows of @truth, in the model's units. @out [rows].
 */
LAC_PRIVATE_API gboolean lac_imputer_elbo(LacImputer *imputer, const LacData *in,
                                          const LacData *truth, double *out, GError **error);
LAC_PRIVATE_API gboolean lac_imputer_can_elbo(const LacImputer *imputer);
/** lac_imputer_predict: class probabilities of complete raw @in, for models that predict labels.
 * @out: in->rows x classes of the training labels. Fails with LAC_ERROR_NUMERIC naming the row when
 * what the model gave are no probabilities. */
LAC_PRIVATE_API gboolean lac_imputer_predict(LacImputer *imputer, const LacData *in, LacMatrix *out,
                                             GError **error);
/** lac_model_fills: TRUE, or FALSE with a sentence that says where a classifier belongs. */
LAC_PRIVATE_API gboolean lac_model_fills(const LacPlugin *model, GError **error);
/** lac_imputer_logs: @in with logarithms where a rule wants them: what the scaler was learnt on.
 * Owned, maybe @in itself. lac_imputer_log_values: the same of a matrix, in place. */
LAC_PRIVATE_API LacData *
lac_imputer_logs(const LacImputer *imputer, const LacData *in, GError **error);
LAC_PRIVATE_API void lac_imputer_log_values(const LacImputer *imputer, LacMatrix *m);
/** lac_imputer_units: lent; learnt by fit: the units scores are in. They are those that were asked
 * for, also where the model (LAC_MODEL_RAW) works in the columns' own; lac_imputer_is_raw() then.
 */
LAC_PRIVATE_API const LacScaler *lac_imputer_units(const LacImputer *imputer);
LAC_PRIVATE_API gboolean lac_imputer_is_raw(const LacImputer *imputer);
/** lac_imputer_model_schema: lent; the columns the model sees (encoded), which is what the indices
 * in its traces and events mean. NULL before fit. */
LAC_PRIVATE_API const LacSchema *lac_imputer_model_schema(const LacImputer *imputer);
/** lac_imputer_was_not_finite: the last failure was a hole filled with NaN or an infinity. */
LAC_PRIVATE_API gboolean lac_imputer_was_not_finite(const LacImputer *imputer);
/** lac_imputer_was_too_large: the last failure was a fit refused because it would take more memory
 * than the context allows. */
LAC_PRIVATE_API gboolean lac_imputer_was_too_large(const LacImputer *imputer);
/** lac_imputer_cost: what a fit on raw @train and one completion of it will take, the tables
 * around the model included; once fit has begun. FALSE when the model gives no estimate: then only
 * the tables count. */
LAC_PRIVATE_API gboolean lac_imputer_cost(const LacImputer *imputer, const LacData *train,
                                          LacCost *out);
/** lac_imputer_forecast: the model's estimate alone, before anything of @train but its shape and
 * its kinds of columns is looked at. FALSE when it gives none. */
LAC_PRIVATE_API gboolean lac_imputer_forecast(LacImputer *imputer, const LacData *train,
                                              LacCost *out);
/** lac_imputer_save, _load: a model file: tensors, column schema, plugin, version, parameters.
 * _load finds the plugin by the name in the file. */
LAC_PRIVATE_API gboolean lac_imputer_save(const LacImputer *imputer, const char *path,
                                          GError **error);
LAC_PRIVATE_API LacImputer *lac_imputer_load(const char *path, LacContext *context, GError **error);
/** lac_imputer_kept_epoch: the epoch whose parameters a failed fit has left, so that _save and
 * _save_bytes keep the model as it was then; 0: there is nothing to keep. */
LAC_PRIVATE_API size_t lac_imputer_kept_epoch(const LacImputer *imputer);
/** lac_imputer_save_bytes: the file that _save writes. Owned. */
LAC_PRIVATE_API GBytes *lac_imputer_save_bytes(const LacImputer *imputer, GError **error);
/** lac_imputer_model: lent. */
LAC_PRIVATE_API const LacModel *lac_imputer_model(const LacImputer *imputer);
/** lac_imputer_model_name: lent; the plugin's name. */
LAC_PRIVATE_API const char *lac_imputer_model_name(const LacImputer *imputer);
/** lac_imputer_schema: lent; the columns the model was fitted on. */
LAC_PRIVATE_API const LacSchema *lac_imputer_schema(const LacImputer *imputer);
/** lac_imputer_adapt: @in with its columns reordered and its level codes translated to @imputer's
 * schema; an unseen level or a missing column is LAC_ERROR_DATA that names it. Owned. */
LAC_PRIVATE_API LacData *
lac_imputer_adapt(const LacImputer *imputer, const LacData *in, GError **error);

G_END_DECLS

#endif
