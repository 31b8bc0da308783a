/* dear: fills with 0 at once, and says beforehand that it takes a day. For the tests of time
 * budgets.
 */
#include <lacuna/model.h>

typedef struct {
    LacModel base;
} DearModel;

static gboolean
dear_fit(LacModel *model, const LacData *train, GError **error)
{
    return TRUE;
}

static gboolean
dear_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error)
{
    g_autofree double *zero = g_new0(double, in->cols + 1);

    lac_data_fill_holes(in, zero, out);
    return TRUE;
}

static void
dear_cost(const LacModel *model, const LacWorkload *work, LacCost *out)
{
    *out = (LacCost){.seconds = 86400.0};
}

LAC_PLUGIN_EXPORT const LacModelPlugin lac_plugin = {
    LAC_MODEL("dear", "Zeros, for a day's work", DearModel, NULL),
    .traits = LAC_MODEL_CANDIDATE,
    .fit = dear_fit,
    .fill = dear_fill,
    .cost = dear_cost,
};
