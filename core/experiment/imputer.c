/* A model between raw tables: scale and encode on the way in, undo both on the way out, and believe
 * nothing about what came back before it has been checked. */
#include "imputer-struct.h"
#include "schema-private.h"

#include <lacuna/levels.h>
#include <math.h>
#include <string.h>

static const char *
model_name(const LacImputer *imputer)
{
    return imputer->plugin->plugin.name;
}

static gboolean
imputer_initial_fill(void *user, LacContext *context, const LacData *train, const LacData *in,
                     size_t chain, LacMatrix *out, GError **error)
{
    LacImputer *self = user;
    const LacInitialPlugin *plugin = (const LacInitialPlugin *)self->initial->instance.plugin;

    self->initial->rng = lac_rng_at(&self->initial_rng, chain);
    return plugin->fill(self->initial, train, in, out, error);
}

LacImputer *
lac_imputer_new(LacModel *model, LacInitial *initial, LacScale scale, LacContext *context)
{
    static const LacRng unset = {0};
    LacImputer *self = g_new0(LacImputer, 1);

    self->model = model;
    self->plugin = (const LacModelPlugin *)model->instance.plugin;
    self->initial = initial;
    self->context = context;
    self->scale = scale;
    self->rounds = TRUE;
    model->instance.context = context;
    if (initial != NULL) {
        initial->instance.context = context;
        self->initial_rng = memcmp(&initial->rng, &unset, sizeof unset) != 0
                                ? initial->rng
                                : lac_context_rng(context, "initial");
        lac_context_set_initial(context, imputer_initial_fill, self);
    }
    return self;
}

void
lac_imputer_set_optimizer(LacImputer *imputer, LacOptimizer *optimizer)
{
    g_assert(imputer->optimizer == NULL);
    imputer->optimizer = optimizer;
    lac_context_set_optimizer(imputer->context, optimizer);
}

void
lac_imputer_free(LacImputer *imputer)
{
    if (imputer == NULL)
        return;
    if (imputer->optimizer != NULL) {
        lac_context_set_optimizer(imputer->context, NULL);
        lac_instance_free(imputer->optimizer);
    }
    if (imputer->initial != NULL)
        lac_context_set_initial(imputer->context, NULL, NULL);
    lac_context_set_truth(imputer->context, NULL, NULL);
    lac_context_set_passes(imputer->context, NULL, NULL);
    for (size_t k = 0; k < G_N_ELEMENTS(imputer->known); k++) {
        g_clear_pointer(&imputer->known[k], lac_data_unref);
        g_clear_pointer(&imputer->truth[k], lac_data_unref);
    }
    g_clear_pointer(&imputer->last, lac_data_unref);
    g_clear_pointer(&imputer->last_prepared, lac_data_unref);
    g_clear_pointer(&imputer->schema, lac_schema_unref);
    g_clear_pointer(&imputer->model_schema, lac_schema_unref);
    g_clear_pointer(&imputer->scaler, lac_scaler_free);
    g_clear_pointer(&imputer->units, lac_scaler_free);
    g_clear_pointer(&imputer->encoder, lac_encoder_free);
    g_clear_pointer(&imputer->plan, lac_column_plan_free);
    g_clear_pointer(&imputer->kept_rules, lac_column_rules_free);
    lac_instance_free(imputer->model);
    if (imputer->initial != NULL)
        lac_instance_free(imputer->initial);
    g_free(imputer);
}

void
lac_imputer_set_rounding(LacImputer *imputer, gboolean rounds)
{
    imputer->rounds = rounds;
}

void
lac_imputer_set_rules(LacImputer *imputer, const LacColumnRules *rules)
{
    g_assert(!imputer->fitted || rules == NULL);
    imputer->rules = rules;
}

LacData *
lac_imputer_logs(const LacImputer *imputer, const LacData *in, GError **error)
{
    return lac_column_plan_logs(imputer->plan, in, error);
}

void
lac_imputer_log_values(const LacImputer *imputer, LacMatrix *m)
{
    lac_column_plan_log_values(imputer->plan, m);
}

const LacScaler *
lac_imputer_units(const LacImputer *imputer)
{
    return lac_imputer_is_raw(imputer) ? imputer->units : imputer->scaler;
}

gboolean
lac_imputer_is_raw(const LacImputer *imputer)
{
    return imputer->units != NULL;
}

const LacModel *
lac_imputer_model(const LacImputer *imputer)
{
    return imputer->model;
}

const char *
lac_imputer_model_name(const LacImputer *imputer)
{
    return imputer->plugin->plugin.name;
}

const LacSchema *
lac_imputer_schema(const LacImputer *imputer)
{
    return imputer->schema;
}

const LacSchema *
lac_imputer_model_schema(const LacImputer *imputer)
{
    return imputer->model_schema;
}

gboolean
lac_imputer_was_not_finite(const LacImputer *imputer)
{
    return imputer->not_finite;
}

gboolean
lac_imputer_can_sample(const LacImputer *imputer)
{
    return imputer->plugin->sample != NULL &&
           (lac_model_traits(imputer->model) & LAC_MODEL_NO_DRAWS) == 0;
}

void
lac_imputer_set_columns(LacImputer *imputer, LacSchema *schema)
{
    g_clear_pointer(&imputer->schema, lac_schema_unref);
    g_clear_pointer(&imputer->encoder, lac_encoder_free);
    g_clear_pointer(&imputer->plan, lac_column_plan_free);
    imputer->schema = lac_schema_ref(schema);
    imputer->plan = lac_column_plan_new(imputer->rules, schema);
    imputer->encoder = lac_encoder_new_for(
        imputer->schema, (lac_model_traits(imputer->model) & LAC_MODEL_KINDS) == 0,
        imputer->plan != NULL ? imputer->plan->is_derived : NULL);
    if (lac_encoder_is_identity(imputer->encoder))
        g_clear_pointer(&imputer->encoder, lac_encoder_free);
}

/* ---- in -------------------------------------------------------------------------------------- */

LacData *
lac_imputer_prepare(const LacImputer *imputer, const LacData *in, GError **error)
{
    g_autoptr(LacData) logs = lac_column_plan_logs(imputer->plan, in, error);
    g_autoptr(LacData) scaled = NULL;

    if (logs == NULL)
        return NULL;
    scaled = imputer->scaler->scale == LAC_SCALE_NONE
                 ? lac_data_ref(logs)
                 : lac_scaler_apply(imputer->scaler, logs, error);
    if (scaled == NULL)
        return NULL;
    if (imputer->encoder == NULL)
        return g_steal_pointer(&scaled);
    if ((lac_model_traits(imputer->model) & LAC_MODEL_KINDS) == 0 &&
        !lac_levels_check(scaled->schema, imputer->plugin->plugin.name, error))
        return NULL;
    return lac_encoder_apply(imputer->encoder, scaled, error);
}

const LacData *
lac_imputer_prepare_kept(LacImputer *imputer, const LacData *in, GError **error)
{
    LacData *prepared;

    if (imputer->last == in)
        return imputer->last_prepared;
    prepared = lac_imputer_prepare(imputer, in, error);
    if (prepared == NULL)
        return NULL;
    g_clear_pointer(&imputer->last, lac_data_unref);
    g_clear_pointer(&imputer->last_prepared, lac_data_unref);
    imputer->last = lac_data_ref(in);
    imputer->last_prepared = prepared;
    return prepared;
}

gboolean
lac_imputer_check_columns(const LacImputer *imputer, const LacData *in, GError **error)
{
    if (in->cols != imputer->schema->cols)
        return lac_fail(error, LAC_ERROR_SHAPE,
                        "%s: the table has %zu columns, the model was fitted on %zu; give it a "
                        "table with the same columns",
                        in->origin, in->cols, imputer->schema->cols);
    for (size_t j = 0; j < in->cols; j++) {
        const LacColumn *here = lac_data_column(in, j), *there = &imputer->schema->columns[j];

        if (here->n_levels != there->n_levels)
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: column '%s' has %zu levels, the model was fitted on %zu",
                            in->origin, here->name, here->n_levels, there->n_levels);
    }
    return TRUE;
}

gboolean
lac_imputer_is_derived(const LacImputer *imputer, size_t j)
{
    return imputer->plan != NULL && imputer->plan->is_derived[j];
}

static gboolean
check_trainable(const LacImputer *imputer, const LacData *train, GError **error)
{
    if (train->rows == 0 || train->cols == 0)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: %s cannot learn from a table of %zu rows and %zu columns",
                        train->origin, model_name(imputer), train->rows, train->cols);
    for (size_t j = 0; j < train->cols; j++)
        if (lac_mask_count_col(train->holes, j) == train->rows &&
            !lac_imputer_is_derived(imputer, j))
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: column '%s' has no observed cell in %zu rows, so %s has nothing "
                            "to learn its values from; drop the column, or give at least one value",
                            train->origin, lac_data_name(train, j), train->rows,
                            model_name(imputer));
    return TRUE;
}

gssize
lac_imputer_event_column(const LacImputer *imputer, const LacData *in, size_t j)
{
    return imputer->model_schema != NULL
               ? lac_schema_find_from(imputer->model_schema, j, lac_data_name(in, j))
               : -1;
}

/* Observed values stay, also where the formula says something else. */
static void
tell_disagreements(const LacImputer *imputer, const LacData *train)
{
    for (size_t d = 0; imputer->plan != NULL && d < imputer->plan->n_derived; d++) {
        const LacDerived *derived = &imputer->plan->derived[d];
        size_t first = 0;
        const size_t n = lac_column_plan_disagree(derived, train, &first);

        if (n > 0)
            lac_context_event(imputer->context, "derived-disagrees", -1,
                              "%zu observed value%s of '%s' %s not what %s gives (the first in row "
                              "%zu); left as observed",
                              n, n == 1 ? "" : "s", lac_data_name(train, derived->target),
                              n == 1 ? "is" : "are", derived->formula, first + 1);
    }
}

static void
learn_scale(LacImputer *imputer, const LacData *logs)
{
    const gboolean raw = (lac_model_traits(imputer->model) & LAC_MODEL_RAW) != 0;

    imputer->scaler = lac_scaler_learn(raw ? LAC_SCALE_NONE : imputer->scale, logs);
    if (raw && imputer->scale != LAC_SCALE_NONE)
        imputer->units = lac_scaler_learn(imputer->scale, logs);
}

/* What the model traced of its scaled columns, in the units of the table. */
static void
scale_traces(const LacImputer *self, guint from)
{
    const gboolean traced = lac_context_traces(self->context)->len > from;

    for (size_t k = 0; traced && k < self->model_schema->cols; k++) {
        const gssize j = lac_schema_find_from(self->schema, k, self->model_schema->columns[k].name);

        if (j >= 0 && (size_t)j < self->scaler->cols &&
            lac_kind_is_numeric(self->schema->columns[j].kind))
            lac_context_trace_units(self->context, from, (gssize)k, self->scaler->shift[j],
                                    self->scaler->factor[j]);
    }
}

gboolean
lac_imputer_fit(LacImputer *imputer, const LacData *train, GError **error)
{
    const guint traced = lac_context_traces(imputer->context)->len;
    g_autoptr(LacData) logs = NULL;
    const LacData *prepared;

    g_assert(!imputer->fitted);
    lac_imputer_set_columns(imputer, train->schema);
    if (!check_trainable(imputer, train, error))
        return FALSE;
    logs = lac_column_plan_logs(imputer->plan, train, error);
    if (logs == NULL)
        return FALSE;
    learn_scale(imputer, logs);
    if (lac_model_traits(imputer->model) & LAC_MODEL_TRANSDUCTIVE)
        imputer->train_fingerprint = lac_data_fingerprint(train);
    if (!lac_imputer_check_memory(imputer, train, error))
        return FALSE;
    prepared = lac_imputer_prepare_kept(imputer, train, error);
    if (prepared == NULL)
        return FALSE;
    imputer->model_schema = lac_schema_ref(prepared->schema);
    tell_disagreements(imputer, train);
    imputer->fitted = imputer->plugin->fit(imputer->model, prepared, error);
    if (!imputer->fitted && error != NULL && *error == NULL)
        lac_fail(error, LAC_ERROR_PLUGIN, "%s: fit failed without saying why", model_name(imputer));
    scale_traces(imputer, traced);
    return imputer->fitted;
}

/* The truth of the table the model was handed last, as the model would be handed it. */
static LacData *
prepared_truth(void *user, const LacData *in, GError **error)
{
    LacImputer *self = user;

    for (size_t k = 0; k < G_N_ELEMENTS(self->known) && in == self->last_prepared; k++)
        if (self->known[k] != NULL && self->known[k] == self->last)
            return lac_imputer_prepare(self, self->truth[k], error);
    return lac_fail_null(error, LAC_ERROR_DATA,
                         "%s: the truth under the holes of this table is not known", in->origin);
}

void
lac_imputer_set_truth(LacImputer *imputer, const LacData *in, const LacData *truth)
{
    const size_t k = imputer->known[0] == NULL ? 0 : 1;

    g_assert(imputer->known[k] == NULL);
    imputer->known[k] = lac_data_ref(in);
    imputer->truth[k] = lac_data_ref(truth);
    lac_context_set_truth(imputer->context, prepared_truth, imputer);
}

/* Of an epoch, as the model would be handed it. */
static LacData *
prepared_pass(void *user, size_t epoch, GError **error)
{
    LacImputer *self = user;
    g_autoptr(LacData) raw = self->passes(self->passes_user, epoch, error);

    return raw != NULL ? lac_imputer_prepare(self, raw, error) : NULL;
}

void
lac_imputer_set_passes(LacImputer *imputer, LacPasses passes, void *user)
{
    imputer->passes = passes;
    imputer->passes_user = user;
    lac_context_set_passes(imputer->context, passes != NULL ? prepared_pass : NULL, imputer);
}

/* ---- both ways ------------------------------------------------------------------------------- */

gboolean
lac_imputer_check_in(const LacImputer *imputer, const LacData *in, GError **error)
{
    if (!lac_imputer_check_columns(imputer, in, error))
        return FALSE;
    if ((lac_model_traits(imputer->model) & LAC_MODEL_TRANSDUCTIVE) &&
        lac_data_fingerprint(in) != imputer->train_fingerprint)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: completes only the rows it was fitted on; use `split: none`, or a "
                        "model that learns a rule for new rows",
                        model_name(imputer));
    return TRUE;
}

gboolean
lac_model_fills(const LacPlugin *model, GError **error)
{
    if (((const LacModelPlugin *)model)->fill != NULL)
        return TRUE;
    return lac_fail(error, LAC_ERROR_PARAM,
                    "%s predicts labels and fills no holes; a classifier stands in the "
                    "`downstream:` block of an experiment, behind the model that fills them",
                    model->name);
}

static gboolean
complete(LacImputer *imputer, const LacData *in, gboolean drawn, size_t draw, LacMatrix *out,
         GError **error)
{
    const LacData *prepared;

    g_assert(out->rows == in->rows && out->cols == in->cols);
    if (lac_mask_count(in->holes) == 0) {
        lac_data_copy_values(in, out);
        return TRUE;
    }
    g_assert(imputer->fitted);
    if (!lac_model_fills(&imputer->plugin->plugin, error) ||
        !lac_imputer_check_in(imputer, in, error))
        return FALSE;
    prepared = lac_imputer_prepare_kept(imputer, in, error);
    return prepared != NULL &&
           lac_imputer_complete(imputer, in, prepared, drawn, draw, out, error) &&
           lac_imputer_hold_limits(imputer, in, prepared, drawn, draw, out, error) &&
           lac_column_plan_derive(imputer->plan, in, out, error);
}

gboolean
lac_imputer_fill(LacImputer *imputer, const LacData *in, LacMatrix *out, GError **error)
{
    return complete(imputer, in, FALSE, 0, out, error);
}

gboolean
lac_imputer_sample(LacImputer *imputer, const LacData *in, size_t draw, LacMatrix *out,
                   GError **error)
{
    g_assert(lac_imputer_can_sample(imputer));
    return complete(imputer, in, TRUE, draw, out, error);
}
