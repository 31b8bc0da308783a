/* mode: fill each hole with the value seen most often in its column during training, the smallest
 * where several are equally frequent. For truly continuous columns that is their minimum: prefer
 * the median.
 * Source: Little & Rubin, Statistical Analysis with Missing Data, 3rd ed. (2019), ch. 4. */
#include <lacuna/columnwise.h>

typedef struct {
    LacColumnwise base;
} ModeModel;

static double
mode_value(const LacModel *model, const LacSeen *seen)
{
    return lac_initial_mode(seen);
}

static gboolean
mode_fit(LacModel *model, const LacData *train, GError **error)
{
    return lac_columnwise_fit(model, train, mode_value, error);
}

LAC_PLUGIN_EXPORT const LacModelPlugin lac_plugin = {
    LAC_MODEL("mode", "The most frequent seen value of each column", ModeModel, NULL),
    .plugin.citation =
        "Little & Rubin, Statistical Analysis with Missing Data, 3rd ed. (2019), ch. 4",
    .example = {.in = "a,b\n1,4\n,6\n3,\n3,4\n", .out = "a,b\n1,4\n3,6\n3,4\n3,4\n"},
    .traits = LAC_MODEL_KINDS | LAC_MODEL_DETERMINISTIC | LAC_MODEL_SCALE_FREE,
    .fit = mode_fit,
    .fill = lac_columnwise_fill,
    .save = lac_columnwise_save,
    .load = lac_columnwise_load,
    .clear = lac_columnwise_clear,
};
