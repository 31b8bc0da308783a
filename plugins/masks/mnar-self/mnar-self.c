/* mnar-self: each cell is hidden by a logistic function of its own value (MNAR, self-masking).
 * Source: Muzellec et al., Missing data imputation using optimal transport (2020), section 5. */
#include <lacuna/hiding.h>
#include <lacuna/mask_generator.h>

typedef struct {
    LacMaskGenerator base;
    double rate, slope;
    char **columns;
} MnarSelf;

static const LacParam params[] = {
    LAC_PARAM_DOUBLE(MnarSelf, rate, 0.2, LAC_RANGE(0, 1), "share",
                     "Expected share of the observed cells of each listed column"),
    LAC_PARAM_DOUBLE(MnarSelf, slope, 1, LAC_RANGE_ANY, "1/sd",
                     "How much the log-odds of going missing grow with one standard deviation of "
                     "the cell's value; negative hides small values"),
    LAC_PARAM_STRINGS(MnarSelf, columns, NULL, "Columns that may lose cells; default: all"),
    LAC_PARAM_END,
};

static gboolean
mnar_self_draw(const LacMaskGenerator *generator, const LacData *truth, LacMask *out,
               GError **error)
{
    const MnarSelf *self = LAC_CAST(const MnarSelf, generator);
    size_t n;
    g_autofree size_t *cols = lac_hiding_columns(truth, self->columns, "mnar-self", &n, error);
    g_autoptr(LacMatrix) score = cols ? lac_matrix_new(truth->rows, n, error) : NULL;

    if (!score)
        return FALSE;
    for (size_t k = 0; k < n; k++) {
        lac_hiding_standardise(truth, cols[k], score->v + k, score->stride);
        for (size_t i = 0; i < truth->rows; i++)
            lac_matrix_row(score, i)[k] *= self->slope;
    }
    lac_hiding_draw_logistic(truth, &generator->rng, n, cols, score, self->rate, out);
    return TRUE;
}

static LacMechanism
mnar_self_mechanism(const LacMaskGenerator *generator)
{
    const double slope = LAC_CAST(const MnarSelf, generator)->slope;

    return slope > 0 || slope < 0 ? LAC_MNAR : LAC_MCAR;
}

LAC_PLUGIN_EXPORT const LacMaskPlugin lac_plugin = {
    LAC_MASK_GENERATOR("mnar-self", "Logistic in the cell's own value", MnarSelf, params),
    .plugin.citation = "Muzellec et al., Missing data imputation using optimal transport, ICML "
                       "(2020)",
    .mechanism = LAC_MNAR,
    .mechanism_of = mnar_self_mechanism,
    .draw = mnar_self_draw,
};
