/* constant: fill each hole with one given number. */
#include <lacuna/initial.h>

#include <math.h>

typedef struct {
    LacInitial base;
    double value;
} ConstantInitial;

static const LacParam params[] = {
    LAC_PARAM_DOUBLE(ConstantInitial, value, 0.0, LAC_RANGE_ANY, "",
                     "The number, in the units the model works in (after scaling); the code of a "
                     "level, from 0, for categories"),
    LAC_PARAM_END,
};

static double
constant_value(const LacInitial *initial, const LacSeen *seen)
{
    return LAC_CAST(const ConstantInitial, initial)->value;
}

static gboolean
constant_fill(const LacInitial *initial, const LacData *train, const LacData *in, LacMatrix *out,
              GError **error)
{
    const double value = LAC_CAST(const ConstantInitial, initial)->value;

    for (size_t j = 0; j < in->cols; j++) {
        const LacColumn *column = lac_data_column(in, j);

        if (column->n_levels > 0 &&
            (value < 0.0 || value >= (double)column->n_levels || value != floor(value)))
            return lac_fail(error, LAC_ERROR_PARAM,
                            "constant: value %g is not a level of column '%s', whose codes are 0 "
                            "to %zu; choose one of them or another initial imputer",
                            value, column->name, column->n_levels - 1);
    }
    return lac_initial_fill_columns(initial, train, in, constant_value, out, error);
}

LAC_PLUGIN_EXPORT const LacInitialPlugin lac_plugin = {
    LAC_INITIAL("constant", "One given number", ConstantInitial, params),
    .example = {.in = "a,b\n1,4\n,6\n3,\n", .out = "a,b\n1,4\n9,6\n3,9\n", .params = "{value: 9}"},
    .fill = constant_fill,
};
