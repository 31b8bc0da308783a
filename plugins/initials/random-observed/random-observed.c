/* random-observed: fill each hole with an observed value of its column, drawn with replacement.
 * Keeps every column's distribution; what chained equations and EMFlow start from. */
#include <lacuna/initial.h>

typedef struct {
    LacInitial base;
} RandomObservedInitial;

static double
random_observed_draw(const LacInitial *initial, const LacSeen *seen, LacRng *rng)
{
    return seen->values[lac_rng_below(rng, seen->n)];
}

static gboolean
random_observed_fill(const LacInitial *initial, const LacData *train, const LacData *in,
                     LacMatrix *out, GError **error)
{
    return lac_initial_draw_columns(initial, train, in, random_observed_draw, out, error);
}

LAC_PLUGIN_EXPORT const LacInitialPlugin lac_plugin = {
    LAC_INITIAL("random-observed", "A random observed value of the same column",
                RandomObservedInitial, NULL),
    .example = {.in = "a,b\n7,4\n,6\n7,6\n", .out = "a,b\n7,4\n7,6\n7,6\n"},
    .fill = random_observed_fill,
};
