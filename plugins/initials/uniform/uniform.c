/* uniform: fill each hole with a uniform draw between its column's smallest and largest observed
 * value; any whole number between them for integer columns, any level for categories. */
#include <lacuna/initial.h>

#include <math.h>

typedef struct {
    LacInitial base;
} UniformInitial;

static double
uniform_draw(const LacInitial *initial, const LacSeen *seen, LacRng *rng)
{
    const double u = lac_rng_uniform(rng);

    if (seen->column->n_levels > 0)
        return floor(u * (double)seen->column->n_levels);
    if (seen->column->kind == LAC_KIND_INTEGER)
        return MIN(seen->lower + floor(u * (seen->upper - seen->lower + 1.0)), seen->upper);
    return (1.0 - u) * seen->lower + u * seen->upper;
}

static gboolean
uniform_fill(const LacInitial *initial, const LacData *train, const LacData *in, LacMatrix *out,
             GError **error)
{
    return lac_initial_draw_columns(initial, train, in, uniform_draw, out, error);
}

LAC_PLUGIN_EXPORT const LacInitialPlugin lac_plugin = {
    LAC_INITIAL("uniform", "Uniform between the smallest and largest observed value",
                UniformInitial, NULL),
    .example = {.in = "a,b\n7,4\n,4\n7,\n", .out = "a,b\n7,4\n7,4\n7,4\n"},
    .fill = uniform_fill,
};
