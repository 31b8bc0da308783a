/* mnar-threshold: every value of a column beyond its mean (or median) goes missing (MNAR); nothing
 * is left to chance.
 * Source: Ipsen, Mattei & Frellsen, not-MIWAE (ICLR 2021), section 4.1: self-masking of UCI data.
 */
#include <lacuna/hiding.h>
#include <lacuna/mask_generator.h>
#include <lacuna/stats.h>

enum { MEAN, MEDIAN };
enum { ABOVE, BELOW };

typedef struct {
    LacMaskGenerator base;
    int at, side;
    char **columns;
} MnarThreshold;

static const char *const places[] = {"mean", "median", NULL};
static const char *const sides[] = {"above", "below", NULL};

static const LacParam params[] = {
    LAC_PARAM_CHOICE(MnarThreshold, at, MEAN, places,
                     "Where the limit is: at the mean or the median of the column's known values"),
    LAC_PARAM_CHOICE(MnarThreshold, side, ABOVE, sides, "Which values go missing"),
    LAC_PARAM_STRINGS(MnarThreshold, columns, NULL, "Columns that may lose cells; default: all"),
    LAC_PARAM_END,
};

/* Limits: @at: [cols] of the columns that lose cells */
typedef struct {
    const LacData *truth;
    double *at;
    gboolean below;
} Limits;

static double
mnar_threshold_chance(size_t i, size_t j, const void *user)
{
    const Limits *limits = user;
    const double v = lac_data_at(limits->truth, i, j);

    return (limits->below ? v < limits->at[j] : v > limits->at[j]) ? 1.0 : 0.0;
}

static gboolean
mnar_threshold_draw(const LacMaskGenerator *generator, const LacData *truth, LacMask *out,
                    GError **error)
{
    const MnarThreshold *self = LAC_CAST(const MnarThreshold, generator);
    size_t n_cols;
    g_autofree size_t *cols =
        lac_hiding_columns(truth, self->columns, "mnar-threshold", &n_cols, error);
    g_autofree double *at = g_new0(double, truth->cols + 1);
    g_autofree double *seen = g_new(double, truth->rows + 1);
    const Limits limits = {truth, at, self->side == BELOW};

    if (cols == NULL)
        return FALSE;
    for (size_t k = 0; k < n_cols; k++) {
        const size_t n = lac_data_copy_seen(truth, cols[k], seen);

        /* all but the middle trimmed is the median */
        if (n > 0)
            at[cols[k]] = lac_stats_trimmed_mean(n, seen, self->at == MEDIAN ? 0.5 : 0.0);
    }
    lac_hiding_draw(truth, &generator->rng, n_cols, cols, mnar_threshold_chance, &limits, out);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMaskPlugin lac_plugin = {
    LAC_MASK_GENERATOR("mnar-threshold", "Values beyond the column's mean go missing",
                       MnarThreshold, params),
    .plugin.citation = "Ipsen, Mattei & Frellsen, not-MIWAE (ICLR 2021), section 4.1",
    .mechanism = LAC_MNAR,
    .draw = mnar_threshold_draw,
};
