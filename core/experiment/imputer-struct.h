/* The inside of LacImputer, shared by imputer.c (fit and fill) and imputer-file.c (save and load).
 */
#ifndef LACUNA_IMPUTER_STRUCT_H
#define LACUNA_IMPUTER_STRUCT_H

#include "imputer-private.h"

/**
 * LacImputer:
 * @schema, @scaler, @encoder: NULL until fit or load; @encoder stays NULL when nothing is encoded
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
    LacScaler *scaler;
    LacEncoder *encoder;
    LacData *last, *last_prepared;
    LacData *known[2], *truth[2];
    uint64_t train_fingerprint;
};

/** lac_imputer_set_columns: adopt @schema (a reference is taken) and build what depends on it. */
void lac_imputer_set_columns(LacImputer *imputer, LacSchema *schema);

/** lac_imputer_check_memory: refuses a fit that would take more than the context's memory, before
 * it starts; once columns and scaler are known. */
gboolean lac_imputer_check_memory(LacImputer *imputer, const LacData *train, GError **error);

#endif
