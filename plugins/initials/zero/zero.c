/* zero: fill each hole with 0, or the first level of a category. After standardisation this is
 * the column mean; in images it is black. */
#include <lacuna/initial.h>

typedef struct {
    LacInitial base;
} ZeroInitial;

static gboolean
zero_fill(const LacInitial *initial, const LacData *train, const LacData *in, LacMatrix *out,
          GError **error)
{
    g_autofree double *zeros = g_new0(double, in->cols);

    lac_data_fill_holes(in, zeros, out);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacInitialPlugin lac_plugin = {
    LAC_INITIAL("zero", "Zero, or the first level of a category", ZeroInitial, NULL),
    .example = {.in = "a,b\n1,4\n,6\n3,\n", .out = "a,b\n1,4\n0,6\n3,0\n"},
    .fill = zero_fill,
};
