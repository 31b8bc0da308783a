/* The worked example of probabilistic PCA that missiwae's tests share: latent size 2, decoder W z +
 * b with noise sd .5, row (1, .4, missing), put in by hand as a model file whose encoder says q =
 * N((.5, .5), diag(.36, .25)) whatever it sees. Expected numbers by the formulas of Tipping &
 * Bishop (1999), worked out apart in double precision. */
#ifndef LAC_MISSIWAE_EXAMPLE_H
#define LAC_MISSIWAE_EXAMPLE_H

#include "../fitted.h"
#include "../harness.h"

#include <math.h>

#define LOG_P_SEEN -2.4468898   /* ln N((1, .4); b_o, W_o W_o' + .25 I) */
#define HOLE_MEAN -0.0558904    /* E[x_3 | x_1, x_2] */
#define HOLE_VARIANCE 0.3510959 /* Var[x_3 | x_1, x_2] */
#define ESS_SHARE 0.684         /* (sum w)^2 / (L sum w^2), by quadrature */

static inline double
inverse_softplus(double y)
{
    return y + log(-expm1(-y));
}

/* N((@mu, @mu), diag(@sd1^2, @sd2^2)): the q the encoder says whatever it sees. */
static inline LacBundle *
worked_example(double mu, double sd1, double sd2)
{
    static const int64_t sizes[] = {2 /* gaussian-shared */, 3, 0, 0, 0, 0, 0, 0},
                         order[] = {0, 1, 2};
    static const double ends[] = {0.5, 0.0, 0.0}, zeros[6] = {0}, ones[] = {1, 1, 1};
    static const float none[6] = {0};
    static const float w[] = {1.0f, 0.5f, -0.3f, 0.8f, 0.2f, -0.6f}, b[] = {0.1f, -0.2f, 0.3f};
    const float mus[] = {(float)mu, (float)mu};
    const float s[] = {(float)inverse_softplus(sd1), (float)inverse_softplus(sd2)};
    const float log_sigma = (float)log(0.5);
    LacBundle *bundle = lac_bundle_new();

    lac_bundle_put_i64(bundle, "layout.sizes", 1, 8, sizes);
    lac_bundle_put_i64(bundle, "layout.order", 1, 3, order);
    lac_bundle_put_i64(bundle, "layout.levels", 1, 0, order);
    lac_bundle_put_i64(bundle, "layout.logarithm", 1, 3, (const int64_t[]){0, 0, 0});
    lac_bundle_put_doubles(bundle, "layout.ends", 1, 3, ends);
    lac_bundle_put_doubles(bundle, "layout.centre", 1, 3, zeros);
    lac_bundle_put_doubles(bundle, "layout.sd", 1, 3, ones);
    lac_bundle_put_doubles(bundle, "layout.mean", 1, 3, zeros);
    lac_bundle_put_floats(bundle, "net.encoder.mu.weight", LAC_SHAPE(2, 3), none);
    lac_bundle_put_floats(bundle, "net.encoder.mu.bias", LAC_SHAPE(2), mus);
    lac_bundle_put_floats(bundle, "net.encoder.s.weight", LAC_SHAPE(2, 3), none);
    lac_bundle_put_floats(bundle, "net.encoder.s.bias", LAC_SHAPE(2), s);
    lac_bundle_put_floats(bundle, "net.decoder.numeric.weight", LAC_SHAPE(3, 2), w);
    lac_bundle_put_floats(bundle, "net.decoder.numeric.bias", LAC_SHAPE(3), b);
    lac_bundle_put_floats(bundle, "net.decoder.log_sigma", LAC_SHAPE(1), &log_sigma);
    return bundle;
}

/* The model in @bundle, which it frees, with @samples importance samples and other parameters @more
 * ("", or ", name: value ..."), ready to fill. */
static inline Harness *
example_of(LacBundle *made, size_t samples, size_t draws, const char *more)
{
    g_autofree char *params = g_strdup_printf(
        "{latent: 2, hidden: [], likelihood: gaussian-shared, impute_samples: %zu%s}", samples,
        more);
    Harness *h = harness_new(LAC_PLUGIN_MODEL, "missiwae", params, 5);
    g_autoptr(LacBundle) bundle = made;
    g_autoptr(GError) error = NULL;

    lac_context_set_draws(h->context, draws);
    ((const LacModelPlugin *)h->instance->plugin)
        ->load(LAC_CAST(LacModel, h->instance), bundle, &error);
    g_assert_no_error(error);
    return h;
}

static inline Harness *
example_with(size_t samples, size_t draws, const char *more)
{
    return example_of(worked_example(0.5, 0.6, 0.5), samples, draws, more);
}

/* The same decoder behind an encoder that says the prior, N(0, I). */
static inline Harness *
example_of_prior(size_t samples)
{
    return example_of(worked_example(0.0, 1.0, 1.0), samples, 1, "");
}

static inline Harness *
example_new(size_t samples, size_t draws)
{
    return example_with(samples, draws, "");
}

static inline LacData *
example_row(void)
{
    return harness_table(1, 3, (const double[]){1.0, 0.4, NAN});
}

static inline double
traced(const Harness *h, const char *series)
{
    const GPtrArray *traces = lac_context_traces(h->context);

    for (guint i = 0; i < traces->len; i++) {
        const LacTracePoint *point = traces->pdata[i];

        if (g_str_equal(point->series, series))
            return point->value;
    }
    return NAN;
}

#endif
