/* initial: the experiment's initial imputer as a model of its own, so that any cheap fill can stand
 * in a comparison: what does an iterative model add to the fill it starts from?
 * It keeps the training table, because an initial imputer learns and fills in one step. */
#include <lacuna/model.h>

typedef struct {
    LacModel base;
    LacData *train; /* owned; NULL until fit */
} InitialModel;

static gboolean
initial_fit(LacModel *model, const LacData *train, GError **error)
{
    LAC_CAST(InitialModel, model)->train = lac_data_ref((LacData *)train);
    return TRUE;
}

static gboolean
initial_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error)
{
    return lac_context_step(model->instance.context, 0.0, error) &&
           lac_context_initial_fill(model->instance.context,
                                    LAC_CAST(const InitialModel, model)->train, in, 0, out, error);
}

static void
initial_clear(LacModel *model)
{
    g_clear_pointer(&LAC_CAST(InitialModel, model)->train, lac_data_unref);
}

LAC_PLUGIN_EXPORT const LacModelPlugin lac_plugin = {
    LAC_MODEL("initial", "The experiment's initial imputer, as a model", InitialModel, NULL),
    .example = {.in = "a,b\n1,4\n,6\n3,\n", .out = "a,b\n1,4\n2,6\n3,5\n"},
    .traits = LAC_MODEL_KINDS,
    .fit = initial_fit,
    .fill = initial_fill,
    .clear = initial_clear,
};
