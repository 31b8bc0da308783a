/* mean: fill each hole with its column's mean; the most frequent level for categories. */
#include <lacuna/initial.h>
#include <lacuna/stats.h>

typedef struct {
    LacInitial base;
} MeanInitial;

static double
mean_value(const LacInitial *initial, const LacSeen *seen)
{
    if (!lac_kind_is_numeric(seen->column->kind))
        return lac_initial_mode(seen);
    return lac_stats_mean(seen->n, seen->values);
}

static gboolean
mean_fill(const LacInitial *initial, const LacData *train, const LacData *in, LacMatrix *out,
          GError **error)
{
    return lac_initial_fill_columns(initial, train, in, mean_value, out, error);
}

LAC_PLUGIN_EXPORT const LacInitialPlugin lac_plugin = {
    LAC_INITIAL("mean", "Column means of the observed values; modes for categories", MeanInitial,
                NULL),
    .example = {.in = "a,b\n1,4\n,6\n3,\n", .out = "a,b\n1,4\n2,6\n3,5\n"},
    .fill = mean_fill,
};
