/* mar: the first columns stay; each cell of the others is hidden with a chance that grows with the
 * sum of its row's kept values (MAR).
 * Source: Ma and Ghosh, EMFlow (2021), eq. 26, whose masks these are. Taken literally on min-max
 * scaled columns the chance is never below one half; standardised columns and an intercept that
 * reaches the wanted rate give the rates the paper reports. */
#include <lacuna/calibrate.h>
#include <lacuna/hiding.h>
#include <lacuna/mask_generator.h>
#include <lacuna/stats.h>
#include <math.h>

enum { LITERAL, ZSCORE, ZSCORE_INTERCEPT };

typedef struct {
    LacMaskGenerator base;
    double rate, kept;
    int variant;
} Mar;

static const char *const variants[] = {"literal", "zscore", "zscore+intercept", NULL};

static const LacParam params[] = {
    LAC_PARAM_DOUBLE(Mar, rate, 0.2, LAC_RANGE(0, 1), "share",
                     "Share of the cells of the columns not kept that is hidden; only "
                     "zscore+intercept can aim at it"),
    LAC_PARAM_DOUBLE(Mar, kept, 0.7, LAC_RANGE_OPEN(0, 1), "share",
                     "Share of the columns, from the first, that never lose a cell (rounded down)"),
    LAC_PARAM_CHOICE(Mar, variant, ZSCORE_INTERCEPT, variants,
                     "How kept values are scaled before they are summed: to 0..1, or to mean 0 and "
                     "variance 1, with or without an intercept that reaches the rate"),
    LAC_PARAM_END,
};

/* adds (x - min)/(max - min) of column @j, its mean in holes, to @sum; 0 for a constant column */
static void
mar_add_minmax(const LacData *truth, size_t j, double *seen, double *sum)
{
    const size_t n = lac_data_copy_seen(truth, j, seen);
    double low = INFINITY, high = -INFINITY;

    for (size_t i = 0; i < n; i++) {
        low = fmin(low, seen[i]);
        high = fmax(high, seen[i]);
    }
    if (!(high > low))
        return;
    const double mean = lac_stats_mean(n, seen);

    for (size_t i = 0; i < truth->rows; i++) {
        const double x = lac_data_is_hole(truth, i, j) ? mean : lac_data_at(truth, i, j);

        sum[i] += (x - low) / (high - low);
    }
}

static void
mar_add_zscore(const LacData *truth, size_t j, double *z, double *sum)
{
    lac_hiding_standardise(truth, j, z, 1);
    for (size_t i = 0; i < truth->rows; i++)
        sum[i] += z[i];
}

/* from linear predictors to chances, row by row */
static void
mar_chances(const Mar *self, const LacData *truth, size_t kept, double *row)
{
    g_autofree double *weight = g_new0(double, truth->rows);
    double intercept = 0;

    for (size_t i = 0; i < truth->rows; i++) {
        for (size_t j = kept; j < truth->cols; j++)
            weight[i] += !lac_data_is_hole(truth, i, j);
    }
    if (self->variant == ZSCORE_INTERCEPT)
        intercept = lac_calibrate_logistic(truth->rows, row, weight, self->rate);
    for (size_t i = 0; i < truth->rows; i++)
        row[i] = lac_sigmoid(row[i] + intercept);
}

static double
mar_chance(size_t i, size_t j, const void *user)
{
    return ((const double *)user)[i];
}

static gboolean
mar_draw(const LacMaskGenerator *generator, const LacData *truth, LacMask *out, GError **error)
{
    const Mar *self = LAC_CAST(const Mar, generator);
    const size_t kept = (size_t)floor(self->kept * (double)truth->cols + 1e-9);
    g_autofree double *row = g_new0(double, truth->rows), *scratch = g_new(double, truth->rows);
    g_autofree size_t *cols = g_new(size_t, truth->cols + 1);

    if (kept == 0 || kept == truth->cols)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "mar: kept = %g keeps %zu of %zu columns, expected at least one kept and "
                        "one that may lose cells; change kept",
                        self->kept, kept, truth->cols);
    for (size_t j = 0; j < kept; j++) {
        if (self->variant == LITERAL)
            mar_add_minmax(truth, j, scratch, row);
        else
            mar_add_zscore(truth, j, scratch, row);
    }
    mar_chances(self, truth, kept, row);
    for (size_t j = kept; j < truth->cols; j++)
        cols[j - kept] = j;
    lac_hiding_draw(truth, &generator->rng, truth->cols - kept, cols, mar_chance, row, out);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMaskPlugin lac_plugin = {
    LAC_MASK_GENERATOR("mar", "Last columns lose cells by a logistic function of the first ones",
                       Mar, params),
    .plugin.citation = "Ma and Ghosh, EMFlow: Data imputation in latent space via EM and deep flow "
                       "models (2021), eq. 26",
    .mechanism = LAC_MAR,
    .draw = mar_draw,
};
