/* mar-logistic: a random share of the columns stays; each of the others loses cells by a logistic
 * function, with random weights of its own, of the columns that stay (MAR).
 * Source: Muzellec et al., Missing data imputation using optimal transport (2020), section 5. */
#include <lacuna/hiding.h>
#include <lacuna/mask_generator.h>
#include <lacuna/stats.h>
#include <math.h>

typedef struct {
    LacMaskGenerator base;
    double rate, predictors;
} MarLogistic;

static const LacParam params[] = {
    LAC_PARAM_DOUBLE(MarLogistic, rate, 0.2, LAC_RANGE(0, 1), "share",
                     "Expected share of the observed cells of each column that may lose cells"),
    LAC_PARAM_DOUBLE(MarLogistic, predictors, 0.3, LAC_RANGE_OPEN(0, 1), "share",
                     "Share of the columns, chosen at random, that stay and decide (rounded, at "
                     "least one)"),
    LAC_PARAM_END,
};

/* splits columns into @n predictors, which vary, and the others; both ascending */
typedef struct {
    size_t n_kept, n_losing;
    size_t *kept, *losing; /* [cols] each, owned */
} Roles;

static void
roles_clear(Roles *roles)
{
    g_free(roles->kept);
    g_free(roles->losing);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Roles, roles_clear)

static gboolean
mar_logistic_cast(const MarLogistic *self, const LacData *truth, Roles *roles, GError **error)
{
    LacRng rng = lac_rng_split(&self->base.rng, "predictors");
    g_autofree size_t *varying = g_new(size_t, truth->cols + 1);
    g_autofree double *z = g_new(double, truth->rows + 1);
    const size_t wanted = (size_t)fmax(1, round(self->predictors * (double)truth->cols));
    size_t n = 0;

    for (size_t j = 0; j < truth->cols; j++) {
        if (lac_hiding_standardise(truth, j, z, 1))
            varying[n++] = j;
    }
    if (n < wanted || truth->cols <= wanted)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "mar-logistic: predictors = %g needs %zu columns that vary and one more, "
                        "%s has %zu of %zu; lower predictors or use mcar",
                        self->predictors, wanted, truth->origin, n, truth->cols);
    roles->kept = g_new(size_t, truth->cols);
    roles->losing = g_new(size_t, truth->cols);
    roles->n_kept = wanted;
    lac_rng_sample(&rng, n, wanted, roles->kept);
    for (size_t k = 0; k < wanted; k++)
        roles->kept[k] = varying[roles->kept[k]];
    for (size_t j = 0, k = 0; j < truth->cols; j++) {
        if (k < wanted && roles->kept[k] == j)
            k++;
        else
            roles->losing[roles->n_losing++] = j;
    }
    return TRUE;
}

/* random weights for losing column @j, scaled so that its score has unit variance over the rows */
static void
mar_logistic_scores(const MarLogistic *self, const LacMatrix *z, size_t j, double *weight,
                    double *score)
{
    const LacRng stream = lac_rng_split(&self->base.rng, "weights");
    LacRng rng = lac_rng_at(&stream, j);

    lac_rng_fill_normal(&rng, z->cols, weight);
    lac_gemv(FALSE, 1, z, weight, 0, score);
    const double sd = sqrt(lac_stats_variance(z->rows, score, 1));

    for (size_t i = 0; i < z->rows; i++)
        score[i] = sd > 0 ? score[i] / sd : 0;
}

static gboolean
mar_logistic_draw(const LacMaskGenerator *generator, const LacData *truth, LacMask *out,
                  GError **error)
{
    const MarLogistic *self = LAC_CAST(const MarLogistic, generator);
    g_auto(Roles) roles = {0};

    if (!mar_logistic_cast(self, truth, &roles, error))
        return FALSE;
    g_autoptr(LacMatrix) z = lac_matrix_new(truth->rows, roles.n_kept, error);
    g_autoptr(LacMatrix) score = z ? lac_matrix_new(truth->rows, roles.n_losing, error) : NULL;
    g_autofree double *weight = g_new(double, roles.n_kept);
    g_autofree double *column = g_new(double, truth->rows + 1);

    if (!score)
        return FALSE;
    for (size_t k = 0; k < roles.n_kept; k++)
        lac_hiding_standardise(truth, roles.kept[k], z->v + k, z->stride);
    for (size_t k = 0; k < roles.n_losing; k++) {
        mar_logistic_scores(self, z, roles.losing[k], weight, column);
        for (size_t i = 0; i < truth->rows; i++)
            lac_matrix_row(score, i)[k] = column[i];
    }
    const LacRng cells = lac_rng_split(&generator->rng, "cells");

    lac_hiding_draw_logistic(truth, &cells, roles.n_losing, roles.losing, score, self->rate, out);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMaskPlugin lac_plugin = {
    LAC_MASK_GENERATOR("mar-logistic", "Logistic in randomly chosen columns that stay observed",
                       MarLogistic, params),
    .plugin.citation = "Muzellec et al., Missing data imputation using optimal transport, ICML "
                       "(2020)",
    .mechanism = LAC_MAR,
    .draw = mar_logistic_draw,
};
