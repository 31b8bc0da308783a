/* missiwae and its family against closed forms: with a linear decoder and one noise variance the
 * model is probabilistic PCA, whose likelihood and conditional moments are known exactly.
 *
 * The worked example: W = [[1, .5], [-.3, .8], [.2, -.6]], b = (.1, -.2, .3), sigma^2 = .25,
 * x = (1, .4, missing); the encoder says N((.5, .5), diag(.36, .25)) whatever it sees. Expected
 * numbers by the formulas of Tipping & Bishop (1999), worked out apart in double precision. */
#include "lac_sanitized.h"
#include "missiwae/example.h"

#include <lacuna/stats.h>

LAC_TEST(models_missiwae, the_conditional_mean_is_reached_as_samples_grow)
{
    static const size_t samples[] = {100, 10000, 1000000};
    g_autoptr(LacData) row = example_row();

    for (size_t k = 0; k < 3; k++) {
        g_autoptr(Harness) h = example_new(samples[k], 1);
        g_autofree double *out = harness_fill(h, row, row, -1, NULL);
        /* sd of the conditional mean given z: |w_3| spread over the posterior, .318; as many
         * samples as are effective */
        const double se = 0.318 / sqrt(ESS_SHARE * (double)samples[k]);

        ASSERT_TRUE(out != NULL);
        EXPECT_NEAR_DOUBLE(out[2], HOLE_MEAN, 5.0 * se);
        EXPECT_EQ_DOUBLE(out[0], 1.0);
        EXPECT_EQ_DOUBLE(out[1], 0.4);
    }
}

LAC_TEST(models_missiwae, the_effective_sample_size_is_that_of_the_weights)
{
    g_autoptr(LacData) row = example_row();
    g_autoptr(Harness) h = example_new(100000, 1);
    g_autofree double *out = harness_fill(h, row, row, -1, NULL);

    ASSERT_TRUE(out != NULL);
    /* three digits are given; its own spread at 1e5 samples is smaller */
    EXPECT_NEAR_DOUBLE(traced(h, "ess-median") / 100000.0, ESS_SHARE, 0.005);
}

LAC_TEST(models_missiwae, from_the_prior_a_quarter_of_the_samples_count)
{
    g_autoptr(LacData) row = example_row();
    g_autoptr(Harness) h = example_of_prior(100000);
    g_autofree double *out = harness_fill(h, row, row, -1, NULL);

    ASSERT_TRUE(out != NULL);
    EXPECT_NEAR_DOUBLE(traced(h, "ess-median") / 100000.0, 0.250, 0.005); /* by quadrature */
}

/* Where nothing was seen and q = p, all weights are equal: every sample counts, the bound is
 * ln 1 = 0, and the fill is the mean of the marginal law N(b, W W' + .25 I). */
LAC_TEST(models_missiwae, an_empty_row_is_the_priors)
{
    enum { SAMPLES = 100000 };
    static const double b[] = {0.1, -0.2, 0.3}, variance[] = {1.25, 0.73, 0.40}; /* of W z */
    g_autoptr(LacData) row = harness_table(1, 3, (const double[]){NAN, NAN, NAN});
    g_autoptr(Harness) h = example_of_prior(SAMPLES);
    g_autofree double *out = harness_fill(h, row, row, -1, NULL);

    ASSERT_TRUE(out != NULL);
    for (size_t j = 0; j < 3; j++)
        EXPECT_NEAR_DOUBLE(out[j], b[j], 5.0 * sqrt(variance[j] / SAMPLES));
    EXPECT_NEAR_DOUBLE(traced(h, "ess-median"), SAMPLES, 1e-6 * SAMPLES);
    EXPECT_NEAR_DOUBLE(traced(h, "bound"), 0.0, 1e-6);
}

LAC_TEST(models_missiwae, the_density_of_the_hole_is_the_gaussian_conditional)
{
    g_autoptr(LacData) row = example_row();
    g_autoptr(LacData) truth = harness_table(1, 3, (const double[]){1.0, 0.4, 0.5});
    g_autoptr(Harness) h = example_new(1000000, 1);
    const LacModelPlugin *plugin = (const LacModelPlugin *)h->instance->plugin;
    const double d = 0.5 - HOLE_MEAN;
    double out = NAN;

    ASSERT_TRUE(plugin->log_density(LAC_CAST(LacModel, h->instance), row, truth, &out, NULL));
    /* relative error of two means of weights, each about sqrt((1/.684 - 1)/1e6) = 7e-4 */
    EXPECT_NEAR_DOUBLE(out, -0.5 * log(2.0 * G_PI * HOLE_VARIANCE) - 0.5 * d * d / HOLE_VARIANCE,
                       5.0 * 1e-3);
}

LAC_TEST(models_missiwae, a_thousand_samples_give_the_exact_likelihood_within_half_a_percent)
{
    enum { ROWS = 200 }; /* equal ones with draws of their own: the error of a mean */
    g_autofree double *v = g_new(double, 3 * ROWS);

    for (size_t i = 0; i < ROWS; i++)
        memcpy(v + 3 * i, (const double[]){1.0, 0.4, NAN}, 3 * sizeof *v);
    g_autoptr(LacData) rows = harness_table(ROWS, 3, v);
    g_autoptr(Harness) h = example_new(1000, 1);
    g_autofree double *out = harness_fill(h, rows, rows, -1, NULL);

    ASSERT_TRUE(out != NULL);
    EXPECT_NEAR_DOUBLE(traced(h, "bound"), LOG_P_SEEN, 0.005 * -LOG_P_SEEN);
}

LAC_TEST(models_missiwae, draws_have_the_conditional_mean_and_variance)
{
    enum { DRAWS = 4000 };
    g_autoptr(LacData) row = example_row();
    g_autoptr(Harness) h = example_new(20000, DRAWS);
    double sum = 0.0, squares = 0.0;

    for (int m = 0; m < DRAWS; m++) {
        g_autofree double *out = harness_fill(h, row, row, m, NULL);

        ASSERT_TRUE(out != NULL);
        sum += out[2];
        squares += out[2] * out[2];
    }
    /* four standard errors of a mean and of a variance of 4000 normal values */
    EXPECT_NEAR_DOUBLE(sum / DRAWS, HOLE_MEAN, 4.0 * sqrt(HOLE_VARIANCE / DRAWS));
    EXPECT_NEAR_DOUBLE(squares / DRAWS - pow(sum / DRAWS, 2.0), HOLE_VARIANCE,
                       4.0 * HOLE_VARIANCE * sqrt(2.0 / DRAWS));
}

LAC_TEST(models_missiwae, draw_d_does_not_depend_on_how_many_are_asked_for)
{
    g_autoptr(LacData) row = example_row();
    g_autoptr(Harness) few = example_new(500, 2), many = example_new(500, 7);
    g_autofree double *a = harness_fill(few, row, row, 1, NULL);
    g_autofree double *b = harness_fill(many, row, row, 1, NULL);

    ASSERT_TRUE(a != NULL && b != NULL);
    EXPECT_EQ_DOUBLE(a[2], b[2]);
}

/* ---- training -------------------------------------------------------------------------------- */

#define GAUSS_ROWS 1000

/* N(0, [[2, 1], [1, 2]]), the first column missing in half the rows. */
static LacData *
gauss_table(double *truth)
{
    double *v = g_new(double, 2 * GAUSS_ROWS);
    LacRng rng = lac_rng_new(3);

    for (size_t i = 0; i < GAUSS_ROWS; i++) {
        const double common = lac_rng_normal(&rng);

        v[2 * i] = truth[i] = common + lac_rng_normal(&rng);
        v[2 * i + 1] = common + lac_rng_normal(&rng);
        if (i % 2 == 0)
            v[2 * i] = NAN;
    }
    return lac_data_new_take(lac_schema_new(2), GAUSS_ROWS, v, "gauss", NULL);
}

/* Mean squared error over the holes, and that of the exact conditional mean x_2/2. */
static void
gauss_errors(const char *model, const char *params, double *mse, double *exact)
{
    double truth[GAUSS_ROWS];
    g_autoptr(LacData) table = gauss_table(truth);
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) fitted = fitted_new(model, params, table, 1, 1, &error);

    ASSERT_NO_ERROR(error);
    const double *out = fitted_fill(fitted, table);

    ASSERT_TRUE(out != NULL);
    *mse = *exact = 0.0;
    for (size_t i = 0; i < GAUSS_ROWS; i += 2) {
        *mse += pow(out[2 * i] - truth[i], 2.0) / (GAUSS_ROWS / 2);
        *exact += pow(0.5 * out[2 * i + 1] - truth[i], 2.0) / (GAUSS_ROWS / 2);
    }
}

LAC_TEST(models_missiwae, two_correlated_columns_are_learnt)
{
    double mse = NAN, exact = NAN;

    gauss_errors("missiwae",
                 "{latent: 1, train_samples: 5, hidden: [32], epochs: 60, batch: 32, "
                 "impute_samples: 300, likelihood: gaussian, iota: learned}",
                 &mse, &exact);
    /* within 8 % of the best any method can do on this sample; column means give 2.0 */
    EXPECT_NEAR_DOUBLE(mse, exact, 0.08 * exact);
}

/* The trained bound, per row in the table's units: at the population's optimum -2.5763, less for K
 * = 5, and off by the sample's own luck, whose standard error is .03 for 1000 rows. */
LAC_TEST(models_missiwae, the_trained_bound_comes_near_the_populations)
{
    enum { EPOCHS = 60 };
    double truth[GAUSS_ROWS], bound;
    g_autoptr(LacData) table = gauss_table(truth);
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) fitted = fitted_new(
        "missiwae",
        "{latent: 1, train_samples: 5, hidden: [32], epochs: 60, batch: 32, impute_samples: 10, "
        "likelihood: gaussian, iota: learned}",
        table, 1, 1, &error);

    ASSERT_NO_ERROR(error);
    bound = -fitted_trace(fitted, "loss", -1, EPOCHS - 1, 0);
    for (size_t j = 0; j < 2; j++) {
        g_autofree double *seen = g_new(double, GAUSS_ROWS);
        const size_t n = lac_data_copy_seen(table, j, seen);

        bound -= (double)n / GAUSS_ROWS * 0.5 * log(lac_stats_variance(n, seen, 0));
    }
    EXPECT_NEAR_DOUBLE(bound, -2.615, 0.065 + 4.0 * 0.03);
}

LAC_TEST(models_missiwae, missvae_learns_them_too)
{
    double mse = NAN, exact = NAN;

    gauss_errors("missvae",
                 "{latent: 1, hidden: [32], epochs: 60, batch: 32, impute_samples: 300, "
                 "likelihood: gaussian}",
                 &mse, &exact);
    EXPECT_NEAR_DOUBLE(mse, exact, 0.12 * exact);
}

/* No hole, no difference: the same numbers, step by step. */
LAC_TEST(models_missiwae, on_complete_rows_missvae_is_the_vae)
{
    static const char params[] = "{latent: 2, hidden: [8], epochs: 5, impute_samples: 5}";
    g_autoptr(LacData) table = fitted_made(80, 4, 0.6, 0.0, 4);
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) vae = fitted_new("vae", params, table, 1, 1, &error);
    g_autoptr(Fitted) missvae = fitted_new("missvae", params, table, 1, 1, &error);

    ASSERT_NO_ERROR(error);
    for (size_t epoch = 0; epoch < 5; epoch++) {
        const double loss = fitted_trace(vae, "loss", -1, epoch, 0);

        EXPECT_TRUE(isfinite(loss));
        EXPECT_EQ_DOUBLE(fitted_trace(missvae, "loss", -1, epoch, 0), loss);
    }
}

LAC_TEST(models_missiwae, a_vae_of_complete_rows_says_that_it_leaves_others_out)
{
    double truth[GAUSS_ROWS];
    g_autoptr(LacData) table = gauss_table(truth);
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) fitted =
        fitted_new("vae", "{latent: 1, hidden: [8], epochs: 1}", table, 1, 1, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(fitted_events(fitted, "rows-left-out", -1), 1);
    EXPECT_TRUE(fitted_fill(fitted, table) != NULL);
}

LAC_TEST(models_missiwae, equal_seeds_give_equal_bytes)
{
    double truth[GAUSS_ROWS];
    g_autoptr(LacData) table = gauss_table(truth);
    g_autoptr(Fitted) a = fitted_new(
        "missiwae", "{latent: 1, hidden: [8], epochs: 2, impute_samples: 20}", table, 1, 9, NULL);
    g_autoptr(Fitted) b = fitted_new(
        "missiwae", "{latent: 1, hidden: [8], epochs: 2, impute_samples: 20}", table, 1, 9, NULL);

    ASSERT_TRUE(a != NULL && b != NULL);
    const double *x = fitted_fill(a, table), *y = fitted_fill(b, table);

    ASSERT_TRUE(x != NULL && y != NULL);
    EXPECT_TRUE(memcmp(x, y, 2 * GAUSS_ROWS * sizeof *x) == 0);
}

LAC_TEST(models_missiwae, mixed_kinds_are_filled_with_their_own_codes)
{
    enum { ROWS = 300 };
    double v[4 * ROWS];
    LacRng rng = lac_rng_new(4);

    for (size_t i = 0; i < ROWS; i++) {
        const double z = lac_rng_normal(&rng);

        v[4 * i] = 10.0 + 3.0 * z;
        v[4 * i + 1] = z + 0.5 * lac_rng_normal(&rng) > 0.0;
        v[4 * i + 2] = z < -0.6 ? 0.0 : z < 0.6 ? 1.0 : 2.0;
        v[4 * i + 3] = z < 0.0 ? 2.0 : z < 0.8 ? 0.0 : 1.0;
        for (size_t j = 0; j < 4; j++)
            if (lac_rng_uniform(&rng) < 0.2)
                v[4 * i + j] = NAN;
    }
    g_autoptr(LacData) table = fitted_table(ROWS, 4, v, "cbon");
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) fitted = fitted_new(
        "missiwae", "{latent: 2, hidden: [32], epochs: 60, impute_samples: 100, train_samples: 5}",
        table, 3, 1, &error);

    ASSERT_NO_ERROR(error);
    for (int draw = -1; draw < 3; draw++) {
        const double *out =
            draw < 0 ? fitted_fill(fitted, table) : fitted_sample(fitted, table, (size_t)draw);
        double sum = 0.0;

        ASSERT_TRUE(out != NULL);
        for (size_t i = 0; i < ROWS; i++) {
            EXPECT_TRUE(out[4 * i + 1] == 0.0 || out[4 * i + 1] == 1.0);
            EXPECT_TRUE(out[4 * i + 2] == 0.0 || out[4 * i + 2] == 1.0 || out[4 * i + 2] == 2.0);
            EXPECT_TRUE(out[4 * i + 3] == 0.0 || out[4 * i + 3] == 1.0 || out[4 * i + 3] == 2.0);
            sum += out[4 * i];
        }
        EXPECT_NEAR_DOUBLE(sum / ROWS, 10.0, 1.0);
    }
}

LAC_TEST(models_missiwae, bernoulli_refuses_values_outside_0_and_1)
{
    g_autoptr(LacData) table = harness_table(2, 2, (const double[]){0.5, 3.0, 0.1, NAN});
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) fitted =
        fitted_new("missiwae", "{likelihood: bernoulli, batch: 1}", table, 1, 1, &error);

    EXPECT_ERROR(error, LAC_ERROR_DATA, "needs values between 0 and 1, the table has 0.1 .. 3");
    EXPECT_TRUE(fitted == NULL);
}

LAC_TEST(models_missiwae, a_batch_larger_than_the_table_is_refused)
{
    g_autoptr(LacData) table = harness_table(2, 2, (const double[]){0.5, 3.0, 0.1, NAN});
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) fitted = fitted_new("missiwae", "{batch: 64}", table, 1, 1, &error);

    EXPECT_ERROR(error, LAC_ERROR_PARAM, "batch: 64 is more than the 2 training rows");
    EXPECT_TRUE(fitted == NULL);
}

/* ---- not-miwae ------------------------------------------------------------------------------- */

LAC_TEST(models_missiwae, values_that_hide_themselves_are_found_by_not_miwae)
{
    /* x_1 goes missing with probability sigmoid(4 (x_1 - 1/2)), x_2 = x_1 + noise is always seen.
     * The holes' true mean is far above what the seen x_1 suggest; a model that knows the
     * mechanism's form recovers most of it (the rest is the bound's looseness at K = 10: K = 30
     * leaves 15 %), one that ignores it nothing */
    enum { ROWS = 1000 };
    g_autofree double *v = g_new(double, 2 * ROWS), *truth = g_new(double, ROWS);
    double bias[2] = {0.0, 0.0};
    LacRng rng = lac_rng_new(8);
    size_t holes = 0;

    for (size_t i = 0; i < ROWS; i++) {
        v[2 * i] = truth[i] = lac_rng_normal(&rng);
        v[2 * i + 1] = truth[i] + 1.5 * lac_rng_normal(&rng);
        if (lac_rng_uniform(&rng) < 1.0 / (1.0 + exp(-4.0 * (truth[i] - 0.5)))) {
            v[2 * i] = NAN;
            holes++;
        }
    }
    g_autoptr(LacData) table = harness_table(ROWS, 2, v);

    for (int mnar = 0; mnar < 2; mnar++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *yaml = g_strdup_printf(
            mnar ? "{latent: 1, hidden: [16], epochs: %d, train_samples: 10, impute_samples: 300, "
                   "mechanism: self-known, likelihood: gaussian-shared, shape: linear, "
                   "estimate: samples, mask_input: true}"
                 : "{latent: 1, hidden: [32], epochs: %d, train_samples: 10, impute_samples: 300, "
                   "likelihood: gaussian}",
            mnar ? LAC_REPEATS(300, 5) : LAC_REPEATS(80, 5));
        g_autoptr(Fitted) fitted =
            fitted_new(mnar ? "not-miwae" : "missiwae", yaml, table, 1, 1, &error);

        ASSERT_NO_ERROR(error);
        const double *out = fitted_fill(fitted, table);

        ASSERT_TRUE(out != NULL);
        for (size_t i = 0; i < ROWS; i++)
            if (isnan(v[2 * i]))
                bias[mnar] += (out[2 * i] - truth[i]) / (double)holes;
    }
    LAC_SKIP_SANITIZED(); /* there it has learnt next to nothing */
    EXPECT_TRUE(bias[0] < -0.5);
    EXPECT_NEAR_DOUBLE(bias[1], 0.0, 0.3 * fabs(bias[0]));
}

LAC_TEST(models_missiwae, not_miwae_wants_a_gaussian)
{
    g_autoptr(LacData) table = fitted_made(50, 3, 0.5, 0.2, 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) fitted =
        fitted_new("not-miwae", "{likelihood: student, epochs: 1}", table, 1, 1, &error);

    EXPECT_ERROR(error, LAC_ERROR_PARAM, "not-miwae needs likelihood gaussian");
    EXPECT_TRUE(fitted == NULL);
}
