/* Models learn from an incomplete table and complete tables with the same columns. */
#ifndef LACUNA_MODEL_H
#define LACUNA_MODEL_H

#include <lacuna/bundle.h>
#include <lacuna/cost.h>
#include <lacuna/plugin.h>

G_BEGIN_DECLS

/** LacModel: base of every model's struct; must be its first member, called `base`. */
typedef struct {
    LacInstance instance;
} LacModel;

/**
 * LacModelTraits:
 * @LAC_MODEL_KINDS: handles binary, nominal and ordinal columns itself (level codes in, level
 *   codes out). Without it the core hands over numbers only: nominal columns one-hot encoded,
 *   ordinal and binary ones as their codes, and turns the result back.
 * @LAC_MODEL_TRANSDUCTIVE: completes only the rows it was fitted on
 * @LAC_MODEL_DETERMINISTIC: uses no random numbers; the seed does not matter
 * @LAC_MODEL_SCALE_FREE: rescaling columns does not change its result; never needs scaling
 * @LAC_MODEL_RAW: works in the columns' own units; the core never scales for it
 * @LAC_MODEL_GRADIENT: trained by gradients; takes the experiment's optimizer
 * @LAC_MODEL_NO_DRAWS: cannot sample under its parameters, although it has the slot
 * @LAC_MODEL_TRUTH: may ask lac_context_truth() in experiments (clean training targets, oracles)
 * @LAC_MODEL_CANDIDATE: `lacuna rank` and `--model auto` try it unbidden: with its defaults it
 * suits most tables. Read from @traits only, as parameters cannot change it
 */
typedef enum {
    LAC_MODEL_KINDS = 1 << 0,
    LAC_MODEL_TRANSDUCTIVE = 1 << 1,
    LAC_MODEL_DETERMINISTIC = 1 << 2,
    LAC_MODEL_SCALE_FREE = 1 << 3,
    LAC_MODEL_GRADIENT = 1 << 4,
    LAC_MODEL_TRUTH = 1 << 5,
    LAC_MODEL_RAW = 1 << 6,
    LAC_MODEL_NO_DRAWS = 1 << 7,
    LAC_MODEL_CANDIDATE = 1 << 8,
} LacModelTraits;

/**
 * LacModelPlugin: fit once, then only read. Optional slots are NULL; they are the capabilities.
 * Common to fill, sample: @out is in->rows x in->cols; every hole gets a finite value; observed
 * entries are copied bit for bit. @in has the columns of the training table.
 */
typedef struct {
    LacPlugin plugin;
    LacExample example;
    unsigned traits; /* LacModelTraits */

    /** learn from @train; the instance has no state before and is cleared after a failure */
    gboolean (*fit)(LacModel *model, const LacData *train, GError **error);
    /** the model's best point completion (a conditional mean, median or mode); NULL for a
     * classifier, which has `predict` instead and stands at `downstream:`, not at `model:` */
    gboolean (*fill)(const LacModel *model, const LacData *in, LacMatrix *out, GError **error);
    /** completion number @draw = 0, 1 ... lac_context_draws()-1, a draw from the predictive
     * distribution; draw d is the same however many are asked for */
    gboolean (*sample)(const LacModel *model, const LacData *in, size_t draw, LacMatrix *out,
                       GError **error);
    /** per row, ln p(@truth in the holes of @in | observed in @in), nats; 0 for complete rows.
     * @out: [in->rows] */
    gboolean (*log_density)(const LacModel *model, const LacData *in, const LacData *truth,
                            double *out, GError **error);
    /** class probabilities of complete rows, @out is in->rows x n_classes of the training labels;
     * fit then learnt from a table with labels (-1: unknown, to be left out). Holes are refused */
    gboolean (*predict)(const LacModel *model, const LacData *in, LacMatrix *out, GError **error);
    /** write / read back everything fill and sample need; parameters are stored by the core */
    gboolean (*save)(const LacModel *model, LacBundle *out, GError **error);
    gboolean (*load)(LacModel *model, const LacBundle *in, GError **error);
    /** free what fit or load allocated; the struct itself is the core's. Safe on a zeroed one */
    void (*clear)(LacModel *model);
    /** NULL, or the traits under the instance's parameters instead of @traits */
    unsigned (*traits_of)(const LacModel *model);
    /** NULL, or what fit and fill will take under the instance's parameters; called before fit, so
     * that a job beyond the memory allowed is refused before it starts. Pure arithmetic: it looks
     * at no data, and must not fall when rows or columns grow */
    void (*cost)(const LacModel *model, const LacWorkload *work, LacCost *out);
    /** NULL, or a YAML flow map of parameters with which the conformance suite runs the model
     * instead of its defaults: few epochs, few samples. Its example has parameters of its own */
    const char *quick;
    /** NULL, or the rows of @in as the model gives them back, observed cells too: what it would
     * have put there. @draw: -1: as of fill, else the number of a draw as of sample. No imputation:
     * `downstream:` learns from it with `train_on: reconstructed` */
    gboolean (*reconstruct)(const LacModel *model, const LacData *in, gssize draw, LacMatrix *out,
                            GError **error);
    /** NULL, or per row a lower bound of ln p(@truth), the whole row, by the posterior that the
     * model gives the row of @in: the evidence lower bound, nats. Cells not known in @truth do not
     * count.
     * @out: [in->rows] */
    gboolean (*elbo)(const LacModel *model, const LacData *in, const LacData *truth, double *out,
                     GError **error);
} LacModelPlugin;

/** lac_model_traits: the LacModelTraits of @model as its parameters stand. */
static inline unsigned
lac_model_traits(const LacModel *model)
{
    const LacModelPlugin *plugin = (const LacModelPlugin *)model->instance.plugin;

    return plugin->traits_of != NULL ? plugin->traits_of(model) : plugin->traits;
}

#define LAC_MODEL(name_, summary_, Type, params_)                                                  \
    LAC_PLUGIN_HEAD(LacModelPlugin, LAC_PLUGIN_MODEL, name_, summary_, Type, params_)

G_END_DECLS

#endif
