/* What missiwae's family makes of a hole's predictive distribution, on tables made so that the
 * answer is known. */
#include "bundle-private.h"
#include "missiwae/example.h"

#include <lacuna/stats.h>

/* ---- quantiles ------------------------------------------------------------------------------- */

static double
example_fill(size_t samples, const char *more)
{
    g_autoptr(LacData) row = example_row();
    g_autoptr(Harness) h = example_with(samples, 1, more);
    g_autofree double *out = harness_fill(h, row, row, -1, NULL);

    return out != NULL ? out[2] : NAN;
}

/* The hole's law is normal: its quantiles are known. The weighted sum of parts has the same noise
 * as the mean, but for the parts of a reservoir: sd of a level sqrt(.25 / 4096) at most. */
LAC_TEST(models_missiwae_fill, quantiles_are_those_of_the_conditional_law)
{
    const double sd = sqrt(HOLE_VARIANCE), z = 1.2815516 /* normal quantile of .9 */;
    const double se = 0.318 / sqrt(ESS_SHARE * 4000.0);
    const double density = 0.1755 / sd; /* normal density at z, in the hole's unit */
    const double reservoir = sqrt(0.25 / 4096.0) / density;

    EXPECT_NEAR_DOUBLE(example_fill(4000, ", fill: median"), HOLE_MEAN, 5.0 * se);
    EXPECT_NEAR_DOUBLE(example_fill(4000, ", fill: quantile, level: 0.9"), HOLE_MEAN + z * sd,
                       5.0 * 1.5 * se);
    EXPECT_NEAR_DOUBLE(example_fill(4000, ", fill: quantile, level: 0.1"), HOLE_MEAN - z * sd,
                       5.0 * 1.5 * se);
    /* more samples than are kept */
    EXPECT_NEAR_DOUBLE(example_fill(200000, ", fill: quantile, level: 0.9"), HOLE_MEAN + z * sd,
                       4.0 * reservoir);
    EXPECT_NEAR_DOUBLE(example_fill(200000, ", fill: median"), HOLE_MEAN, 4.0 * reservoir);
}

LAC_TEST(models_missiwae_fill, a_students_posterior_leads_to_the_same_answers)
{
    g_autoptr(LacData) row = example_row();
    g_autoptr(Harness) h = example_with(100000, 1, ", posterior: student, freedom: 4");
    g_autofree double *out = harness_fill(h, row, row, -1, NULL);
    double ess;

    ASSERT_TRUE(out != NULL);
    ess = traced(h, "ess-median");
    EXPECT_NEAR_DOUBLE(out[2], HOLE_MEAN, 5.0 * 0.318 / sqrt(ess));
    /* sd of ln of a mean of weights: sqrt(1 / ess - 1 / L) */
    EXPECT_NEAR_DOUBLE(traced(h, "bound"), LOG_P_SEEN, 5.0 * sqrt(1.0 / ess));
    EXPECT_TRUE(fabs(ess / 100000.0 - ESS_SHARE) > 0.005); /* it is another posterior */
}

/* x_2 is skewed given x_1, so mean and median differ; the median wins in absolute error */
LAC_TEST(models_missiwae_fill, the_median_has_the_smaller_absolute_error)
{
    enum { ROWS = 1500 };
    g_autofree double *v = g_new(double, 2 * ROWS), *truth = g_new(double, ROWS);
    LacRng rng = lac_rng_new(11);
    double error[2] = {0.0, 0.0};

    for (size_t i = 0; i < ROWS; i++) {
        v[2 * i] = lac_rng_normal(&rng);
        truth[i] = v[2 * i + 1] = lac_rng_gamma(&rng, 0.5);
        if (i % 3 == 0)
            v[2 * i + 1] = NAN;
    }
    g_autoptr(LacData) table = harness_table(ROWS, 2, v);

    for (int median = 0; median < 2; median++) {
        g_autofree char *params =
            g_strdup_printf("{latent: 2, hidden: [16], epochs: 60, train_samples: 5, "
                            "impute_samples: 300, likelihood: gaussian, fill: %s}",
                            median ? "median" : "mean");
        g_autoptr(GError) problem = NULL;
        g_autoptr(Fitted) fitted = fitted_new("missiwae", params, table, 1, 1, &problem);

        ASSERT_NO_ERROR(problem);
        const double *out = fitted_fill(fitted, table);

        ASSERT_TRUE(out != NULL);
        for (size_t i = 0; i < ROWS; i += 3)
            error[median] += fabs(out[2 * i + 1] - truth[i]) / (ROWS / 3);
    }
    /* the best constants: E|x - .5| = .4839 against E|x - .2275| = .4148 for gamma(1/2); a third of
     * that difference is asked for */
    EXPECT_TRUE(error[1] < 0.95 * error[0]);
}

/* ---- ordered categories and counts ----------------------------------------------------------- */

/* Column 1: number, 2: ordered in five levels, 3: count, 4: positive number; all from one z. */
static LacData *
ordered_table(size_t rows, double *truth, uint64_t seed)
{
    double *v = g_new(double, 4 * rows);
    LacRng rng = lac_rng_new(seed);

    for (size_t i = 0; i < rows; i++) {
        const double z = lac_rng_normal(&rng), level = 2.5 + 1.5 * z + 0.4 * lac_rng_normal(&rng);

        v[4 * i] = z + 0.3 * lac_rng_normal(&rng);
        v[4 * i + 1] = CLAMP(floor(level), 0.0, 4.0);
        v[4 * i + 2] = floor(exp(1.5 + 0.8 * z) + lac_rng_uniform(&rng));
        v[4 * i + 3] = exp(1.0 - z + 0.2 * lac_rng_normal(&rng));
        memcpy(truth + 4 * i, v + 4 * i, 4 * sizeof *v);
        for (size_t j = 0; j < 4; j++)
            if (lac_rng_uniform(&rng) < 0.2)
                v[4 * i + j] = NAN;
    }
    g_autofree double *values = v;

    return fitted_table(rows, 4, values, "coic");
}

/* Mean absolute error of each column over the holes; of the column medians to @base. */
static void
column_errors(const LacData *table, const double *truth, const double *out, double *error,
              double *base)
{
    for (size_t j = 0; j < 4; j++) {
        g_autofree double *seen = g_new(double, table->rows);
        const size_t n = lac_data_copy_seen(table, j, seen);
        const double centre = lac_stats_trimmed_mean(n, seen, 0.5);
        size_t holes = 0;

        error[j] = base[j] = 0.0;
        for (size_t i = 0; i < table->rows; i++)
            if (lac_data_is_hole(table, i, j)) {
                holes++;
                error[j] += fabs(out[4 * i + j] - truth[4 * i + j]);
                base[j] += fabs(centre - truth[4 * i + j]);
            }
        error[j] /= (double)holes;
        base[j] /= (double)holes;
    }
}

static void
expect_ordered(const char *model, const char *params, double share)
{
    enum { ROWS = 800 };
    g_autofree double *truth = g_new(double, 4 * ROWS);
    g_autoptr(LacData) table = ordered_table(ROWS, truth, 6);
    g_autoptr(GError) problem = NULL;
    g_autoptr(Fitted) fitted = fitted_new(model, params, table, 3, 1, &problem);
    double error[4], base[4];

    ASSERT_NO_ERROR(problem);
    for (int draw = -1; draw < 2; draw++) {
        const double *out =
            draw < 0 ? fitted_fill(fitted, table) : fitted_sample(fitted, table, (size_t)draw);

        ASSERT_TRUE(out != NULL);
        for (size_t i = 0; i < ROWS; i++) {
            const double level = out[4 * i + 1];

            EXPECT_TRUE(level == rint(level) && level >= 0.0 && level <= 4.0);
            EXPECT_TRUE(out[4 * i + 2] >= 0.0 && out[4 * i + 3] >= 0.0);
            if (draw >= 0)
                EXPECT_EQ_DOUBLE(out[4 * i + 2], rint(out[4 * i + 2]));
        }
        if (draw >= 0)
            continue;
        column_errors(table, truth, out, error, base);
        for (size_t j = 0; j < 4; j++)
            EXPECT_TRUE(error[j] < share * base[j]);
    }
}

LAC_TEST(models_missiwae_fill, mixed_likelihoods_fill_levels_counts_and_positive_numbers)
{
    expect_ordered("missiwae",
                   "{likelihood: mixed, latent: 2, hidden: [32], epochs: 80, train_samples: 5, "
                   "impute_samples: 200, fill: median}",
                   0.7);
}

LAC_TEST(models_missiwae_fill, so_does_hivae)
{
    expect_ordered("hivae", "{epochs: 150, components: 5, impute_samples: 200, fill: median}", 0.8);
}

/* ---- what experiments alone can do ----------------------------------------------------------- */

static LacData *
known_truth(void *user, const LacData *in, GError **error)
{
    LacData *const *both = user; /* the table, what is under its holes */

    return in == both[0] ? lac_data_ref(both[1])
                         : lac_fail_null(error, LAC_ERROR_DATA, "the truth is not known");
}

static void
make_pair(LacData *both[2])
{
    double v[2][3 * 80];
    LacRng rng = lac_rng_new(21);

    for (size_t k = 0; k < 3 * 80; k++) {
        v[1][k] = lac_rng_normal(&rng) + (k % 3 == 2 ? v[1][k - 1] : 0.0);
        v[0][k] = k % 4 == 0 ? NAN : v[1][k];
    }
    for (int t = 0; t < 2; t++)
        both[t] = harness_table(80, 3, v[t]);
}

static void
density_of(const char *model, const char *params, LacData *both[2], double *fill, double *density,
           double *refitted)
{
    g_autoptr(Harness) h = harness_new(LAC_PLUGIN_MODEL, model, params, 3);
    const LacModelPlugin *plugin = (const LacModelPlugin *)h->instance->plugin;
    g_autoptr(GError) error = NULL;
    g_autofree double *out = NULL;

    lac_context_set_truth(h->context, known_truth, both);
    EXPECT_TRUE(harness_fit(h, both[0], &error));
    ASSERT_NO_ERROR(error);
    out = harness_fill(h, both[0], both[0], -1, &error);
    ASSERT_NO_ERROR(error);
    memcpy(fill, out, 3 * 80 * sizeof *fill);
    EXPECT_TRUE(
        plugin->log_density(LAC_CAST(LacModel, h->instance), both[0], both[1], density, &error));
    ASSERT_NO_ERROR(error);
    *refitted = traced(h, "log-likelihood-refit");
}

/* Whatever the encoder saw in holes: fills are those of the encoder that was trained with the
 * model, and the refitted one, which estimates the same likelihood, comes near the other's
 * estimate. */
LAC_TEST(models_missiwae_fill, a_refitted_encoder_changes_densities_only)
{
    LacData *both[2];

    make_pair(both);
    for (int oracle = 0; oracle < 2; oracle++) {
        const char *iota = oracle ? "oracle" : "zero";
        g_autofree char *plain = g_strdup_printf(
            "{latent: 1, hidden: [8], epochs: 30, train_samples: 5, impute_samples: 3000, "
            "likelihood: gaussian-shared, iota: %s}",
            iota);
        g_autofree char *refit = g_strdup_printf(
            "{latent: 1, hidden: [8], epochs: 30, train_samples: 5, impute_samples: 3000, "
            "likelihood: gaussian-shared, iota: %s, refit: 10}",
            iota);
        double fill[2][3 * 80], density[2][80], mean[2] = {0.0, 0.0}, refitted[2];

        density_of("missiwae", plain, both, fill[0], density[0], &refitted[0]);
        density_of("missiwae", refit, both, fill[1], density[1], &refitted[1]);
        EXPECT_TRUE(memcmp(fill[0], fill[1], sizeof fill[0]) == 0);
        EXPECT_TRUE(isnan(refitted[0]) && isfinite(refitted[1]));
        for (size_t i = 0; i < 80; i++)
            for (int k = 0; k < 2; k++)
                mean[k] += density[k][i] / 80.0;
        EXPECT_TRUE(mean[0] != mean[1]);
        EXPECT_NEAR_DOUBLE(mean[0], mean[1], 0.05); /* both nearly exact at 3000 samples */
    }
    for (int t = 0; t < 2; t++)
        lac_data_unref(both[t]);
}

LAC_TEST(models_missiwae_fill, a_vae_may_learn_from_the_rows_before_masking)
{
    LacData *both[2];
    double fill[3 * 80], density[80], refitted;

    make_pair(both);
    density_of("vae", "{latent: 1, hidden: [8], epochs: 3, impute_samples: 20, truth: true}", both,
               fill, density, &refitted);
    {
        g_autoptr(GError) error = NULL;
        g_autoptr(Fitted) outside = fitted_new("vae", "{truth: true}", both[0], 1, 1, &error);

        EXPECT_TRUE(outside == NULL);
        EXPECT_ERROR(error, LAC_ERROR_DATA, "which experiments alone have");
    }
    for (int t = 0; t < 2; t++)
        lac_data_unref(both[t]);
}

/* ---- sizes ----------------------------------------------------------------------------------- */

/* Counted from the layers of Salimans et al. as the specification lists them: encoder 416 + 12832 +
 * 25632 + 153900 + 30100, decoder 15300 + 154112 + 25632 + 12816 + 401. */
LAC_TEST(models_missiwae_fill, the_convolutional_nets_have_431141_parameters)
{
    g_autofree double *v = g_new0(double, 2 * 784);
    g_autoptr(LacBundle) bundle = lac_bundle_new();
    size_t sum = 0;

    for (size_t k = 0; k < 2 * 784; k += 3)
        v[k] = 1.0;
    g_autoptr(LacData) images = harness_table(2, 784, v);
    lac_data_set_image(images, (LacImageShape){1, 28, 28});
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) fitted =
        fitted_new("missvae", "{latent: 50, shape: conv, activation: softplus, epochs: 1}", images,
                   1, 1, &error);

    ASSERT_NO_ERROR(error);
    fitted->plugin->save(fitted->model, bundle, NULL);
    for (guint k = 0; k < bundle->blocks->len; k++) {
        const BundleBlock *block = bundle->blocks->pdata[k];

        if (g_str_has_prefix(block->name, "net."))
            sum += lac_bundle_block_size(block);
    }
    EXPECT_EQ_INT(sum, 431141);
}
