/* The inside of LacImputer, shared by the imputer-*.c files. */
#ifndef LACUNA_IMPUTER_STRUCT_H
#define LACUNA_IMPUTER_STRUCT_H

#include "column-plan-private.h"
#include "imputer-private.h"

/**
 * LacImputer:
 * @schema, @scaler, @encoder: NULL until fit or load; @encoder stays NULL when nothing is encoded
 * @units: what scores are in where a model that works in raw units was asked for others, or NULL
 * @rules: of columns, lent, or NULL; @kept_rules: those of a loaded model, owned; @plan: what they
 * mean here, or NULL
 * @rounds: integers are rounded and numbers held within their column's bounds
 * @model_schema: of what the model was handed by fit
 * @last, @last_prepared: the raw table seen last and what the model was handed for it, so that m
 *   draws scale and encode it once, and a model meets its training table again as the same object
 * @known, @truth: raw tables and what is under their holes, for models that may ask
 * @train_fingerprint: of the raw training table; asked only of transductive models
 */
struct LacImputer {
    LacModel *model;
    const LacModelPlugin *plugin;
    LacInitial *initial;
    LacRng initial_rng;
    LacOptimizer *optimizer;
    LacContext *context;
    LacScale scale;
    gboolean rounds, fitted, not_finite, too_large;
    LacSchema *schema, *model_schema;
    const LacColumnRules *rules;
    LacColumnRules *kept_rules;
    LacColumnPlan *plan;
    LacScaler *scaler, *units;
    LacEncoder *encoder;
    LacData *last, *last_prepared;
    LacData *known[2], *truth[2];
    LacPasses passes;
    void *passes_user;
    uint64_t train_fingerprint;
};

/** lac_imputer_set_columns: adopt @schema (a reference is taken) and build what depends on it. */
void lac_imputer_set_columns(LacImputer *imputer, LacSchema *schema);

/** lac_imputer_prepare: raw @in as the model is to see it. Owned. */
LacData *lac_imputer_prepare(const LacImputer *imputer, const LacData *in, GError **error);
/** lac_imputer_prepare_kept: the same, kept and lent until the next call, so that a table that
 * comes again is the same object to the model. */
const LacData *lac_imputer_prepare_kept(LacImputer *imputer, const LacData *in, GError **error);
/** lac_imputer_check_columns: @in has the columns the model was fitted on. */
gboolean lac_imputer_check_columns(const LacImputer *imputer, const LacData *in, GError **error);
/** lac_imputer_check_in: the same, and rows the model can complete. */
gboolean lac_imputer_check_in(const LacImputer *imputer, const LacData *in, GError **error);
/** lac_imputer_is_derived: column @j of the raw table is computed from others. */
gboolean lac_imputer_is_derived(const LacImputer *imputer, size_t j);
/** lac_imputer_undo: @modelled, in the model's columns, to @out in raw ones; cells as they are. */
void lac_imputer_undo(const LacImputer *imputer, const LacMatrix *modelled, LacMatrix *out);
/** lac_imputer_complete: @out of raw @in by the model's own sample or fill of @prepared, checked
 * and turned back, limits not looked at yet. */
gboolean lac_imputer_complete(LacImputer *imputer, const LacData *in, const LacData *prepared,
                              gboolean drawn, size_t draw, LacMatrix *out, GError **error);
/** lac_imputer_hold_limits: whatever lies outside the limits of @in is drawn again. */
gboolean lac_imputer_hold_limits(LacImputer *imputer, const LacData *in, const LacData *prepared,
                                 gboolean drawn, size_t draw, LacMatrix *out, GError **error);
/** lac_imputer_event_column: what lac_context_event() calls column @j of the raw table. */
gssize lac_imputer_event_column(const LacImputer *imputer, const LacData *in, size_t j);

/** lac_imputer_check_memory: refuses a fit that would take more than the context's memory, before
 * it starts; once columns and scaler are known. */
gboolean lac_imputer_check_memory(LacImputer *imputer, const LacData *train, GError **error);

#endif
