/* median: fill each hole with its column's median; ordered categories get their middle level (the
 * lower one of two), the others the most frequent one. */
#include <lacuna/initial.h>

typedef struct {
    LacInitial base;
} MedianInitial;

static double
median_value(const LacInitial *initial, const LacSeen *seen)
{
    return lac_initial_median(seen);
}

static gboolean
median_fill(const LacInitial *initial, const LacData *train, const LacData *in, LacMatrix *out,
            GError **error)
{
    return lac_initial_fill_columns(initial, train, in, median_value, out, error);
}

LAC_PLUGIN_EXPORT const LacInitialPlugin lac_plugin = {
    LAC_INITIAL("median",
                "Column medians of the observed values; modes for categories without order",
                MedianInitial, NULL),
    .example = {.in = "a,b\n1,4\n,6\n3,\n20,9\n", .out = "a,b\n1,4\n3,6\n3,6\n20,9\n"},
    .fill = median_fill,
};
