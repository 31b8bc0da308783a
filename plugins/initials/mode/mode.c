/* mode: fill each hole with its column's most frequent observed value, the smallest where several
 * are equally frequent. For truly continuous columns that is their minimum: prefer the median. */
#include <lacuna/initial.h>

typedef struct {
    LacInitial base;
} ModeInitial;

static double
mode_value(const LacInitial *initial, const LacSeen *seen)
{
    return lac_initial_mode(seen);
}

static gboolean
mode_fill(const LacInitial *initial, const LacData *train, const LacData *in, LacMatrix *out,
          GError **error)
{
    return lac_initial_fill_columns(initial, train, in, mode_value, out, error);
}

LAC_PLUGIN_EXPORT const LacInitialPlugin lac_plugin = {
    LAC_INITIAL("mode", "The most frequent observed value of each column", ModeInitial, NULL),
    .example = {.in = "a,b\n1,4\n,6\n3,\n3,4\n", .out = "a,b\n1,4\n3,6\n3,4\n3,4\n"},
    .fill = mode_fill,
};
