/* median: fill each hole with its column's median over the cells seen in training; ordered
 * categories get their middle level, the others the most frequent one.
 * Source: Little & Rubin, Statistical Analysis with Missing Data, 3rd ed. (2019), ch. 4. */
#include <lacuna/columnwise.h>

typedef struct {
    LacColumnwise base;
} MedianModel;

static double
median_value(const LacModel *model, const LacSeen *seen)
{
    return lac_initial_median(seen);
}

static gboolean
median_fit(LacModel *model, const LacData *train, GError **error)
{
    return lac_columnwise_fit(model, train, median_value, error);
}

LAC_PLUGIN_EXPORT const LacModelPlugin lac_plugin = {
    LAC_MODEL("median", "Column medians of the seen cells; modes for categories without order",
              MedianModel, NULL),
    .plugin.citation =
        "Little & Rubin, Statistical Analysis with Missing Data, 3rd ed. (2019), ch. 4",
    .example = {.in = "a,b\n1,4\n,6\n3,\n20,9\n", .out = "a,b\n1,4\n3,6\n3,6\n20,9\n"},
    .traits =
        LAC_MODEL_KINDS | LAC_MODEL_DETERMINISTIC | LAC_MODEL_SCALE_FREE | LAC_MODEL_CANDIDATE,
    .fit = median_fit,
    .fill = lac_columnwise_fill,
    .save = lac_columnwise_save,
    .load = lac_columnwise_load,
    .clear = lac_columnwise_clear,
};
