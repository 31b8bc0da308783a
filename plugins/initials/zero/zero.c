/* zero: fill each hole with 0, or the first level of a category. After standardisation this is
 * the column mean; in images it is black. */
#include <lacuna/initial.h>

typedef struct {
    LacInitial base;
} ZeroInitial;

static double
zero_value(const LacInitial *initial, const LacSeen *seen)
{
    return 0.0;
}

static gboolean
zero_fill(const LacInitial *initial, const LacData *train, const LacData *in, LacMatrix *out,
          GError **error)
{
    return lac_initial_fill_columns(initial, train, in, zero_value, out, error);
}

LAC_PLUGIN_EXPORT const LacInitialPlugin lac_plugin = {
    LAC_INITIAL("zero", "Zero, or the first level of a category", ZeroInitial, NULL),
    .example = {.in = "a,b\n1,4\n,6\n3,\n", .out = "a,b\n1,4\n0,6\n3,0\n"},
    .fill = zero_fill,
};
