/* The bound of missiwae's family, its gradients and its summaries, with tensors of double (see
 * missiwae/inside.h). "PPCA": the linear decoder of models_missiwae_test.c, whose bounds were
 * worked out apart in closed form or, for K > 1, by quadrature and long simulation. */
#include "lac_sanitized.h"
#include "missiwae/inside.h"

#include <glib.h>
#include <lacuna/rng.h>
#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

enum { AUTO, GAUSSIAN, SHARED, STUDENT, BERNOULLI, LOGISTIC, MIXED };
enum { ZERO, MEAN, LEARNED };
enum { NORMAL_Q, STUDENT_Q };
enum { PICK, REPARAM, DREG };
enum { NOT_MNAR = -1, AGNOSTIC, NONLINEAR, SELF, SELF_KNOWN };

#define ROWS 6

typedef struct {
    double mean, variance;
} Moments;

/* ---- gradients against differences ----------------------------------------------------------- */

/* Rows of the kinds with a third of the cells missing and one row missing altogether; numbers in
 * steps of 1/255 where @levels, which is what the discretised logistic is about. */
static double *
mixed_values(const char *kinds, gboolean unit, gboolean levels)
{
    const size_t cols = strlen(kinds);
    double *v = g_new(double, ROWS *cols);
    LacRng rng = lac_rng_new(4);

    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < cols; j++) {
            const double u = lac_rng_uniform(&rng), normal = lac_rng_normal(&rng);
            double *at = v + i * cols + j;

            *at = kinds[j] == 'c'   ? (unit ? u : normal)
                  : kinds[j] == 'i' ? floor(9.0 * u)
                  : kinds[j] == 'b' ? floor(2.0 * u)
                                    : floor(4.0 * u);
            if (kinds[j] == 'c' && levels)
                *at = rint(255.0 * u) / 255.0;
            if (i == 5 || (i + j) % 3 == 0)
                *at = NAN;
        }
    return v;
}

static void
expect_gradient(const char *label, Setup setup, gboolean unit, gboolean levels)
{
    g_autofree double *values = mixed_values(setup.kinds, unit, levels);
    Inside *inside = inside_new(&setup, ROWS, values);
    size_t where = 0;
    const double worst = inside_worst(inside, 3, 60, &where);

    /* a central difference at step 1e-5 errs by about 1e-9 of the loss' third derivative, and by
     * 1e-16 / 1e-5 of the loss itself */
    if (!(worst < 1e-6))
        g_test_message("%s: parameter %zu", label, where);
    EXPECT_TRUE(worst < 1e-6);
    inside_free(inside);
}

LAC_TEST(models_missiwae_bound, every_likelihood_has_the_gradient_of_its_bound)
{
    static const int likelihoods[] = {GAUSSIAN, SHARED, STUDENT, BERNOULLI, LOGISTIC, MIXED};

    for (size_t l = 0; l < G_N_ELEMENTS(likelihoods); l++)
        for (size_t samples = 1; samples <= 3; samples += 2) {
            const Setup setup = {.kinds = "ccbnoc",
                                 .likelihood = likelihoods[l],
                                 .iota = LEARNED,
                                 .gradient = REPARAM,
                                 .mechanism = NOT_MNAR,
                                 .latent = 2,
                                 .samples = samples,
                                 .hidden = 5};

            expect_gradient("likelihood", setup, likelihoods[l] >= BERNOULLI,
                            likelihoods[l] == LOGISTIC);
        }
}

LAC_TEST(models_missiwae_bound, counts_and_students_posterior_have_theirs)
{
    for (size_t samples = 1; samples <= 3; samples += 2) {
        const Setup setup = {.kinds = "icoin",
                             .likelihood = MIXED,
                             .iota = MEAN,
                             .posterior = STUDENT_Q,
                             .gradient = REPARAM,
                             .mechanism = NOT_MNAR,
                             .latent = 2,
                             .samples = samples,
                             .hidden = 4};

        expect_gradient("student posterior", setup, FALSE, FALSE);
    }
}

LAC_TEST(models_missiwae_bound, every_mechanism_of_not_miwae_has_its)
{
    for (int mechanism = AGNOSTIC; mechanism <= SELF_KNOWN; mechanism++) {
        const Setup setup = {.kinds = "ccc",
                             .likelihood = GAUSSIAN,
                             .iota = LEARNED,
                             .gradient = REPARAM,
                             .mechanism = mechanism,
                             .latent = 2,
                             .samples = 3,
                             .hidden = 4};

        expect_gradient("mechanism", setup, FALSE, FALSE);
    }
}

LAC_TEST(models_missiwae_bound, hivae_has_its)
{
    const Setup setup = {.kinds = "ciboncn",
                         .likelihood = MIXED,
                         .mechanism = NOT_MNAR,
                         .latent = 2,
                         .samples = 1,
                         .components = 3};

    expect_gradient("hivae", setup, FALSE, FALSE);
}

/* ---- in pieces ------------------------------------------------------------------------------- */

/* 6 rows of 1000 samples take more than a MiB, whatever a sample takes beyond 175 bytes. */
static void
expect_pieces(Setup setup)
{
    g_autofree double *values = mixed_values(setup.kinds, FALSE, FALSE);
    Inside *whole, *pieces;
    g_autofree double *a = NULL, *b = NULL;
    double largest = 0.0;

    setup.samples = 1000;
    whole = inside_new(&setup, ROWS, values);
    setup.step_memory = 1;
    pieces = inside_new(&setup, ROWS, values);
    a = g_new(double, inside_size(whole));
    b = g_new(double, inside_size(whole));
    EXPECT_NEAR_DOUBLE(inside_loss(whole, 5, TRUE, a), inside_loss(pieces, 5, TRUE, b), 1e-11);
    for (size_t k = 0; k < inside_size(whole); k++)
        largest = fmax(largest, fabs(a[k]));
    for (size_t k = 0; k < inside_size(whole); k++)
        EXPECT_NEAR_DOUBLE(a[k], b[k], 1e-10 * largest); /* the order of sums */
    inside_free(whole);
    inside_free(pieces);
}

LAC_TEST(models_missiwae_bound, pieces_have_value_and_gradient_of_the_whole)
{
    Setup setup = {.kinds = "ccbnoc",
                   .likelihood = STUDENT,
                   .iota = LEARNED,
                   .gradient = REPARAM,
                   .mechanism = NOT_MNAR,
                   .latent = 2,
                   .hidden = 5};

    expect_pieces(setup);
    setup.gradient = DREG;
    expect_pieces(setup);
    setup.posterior = STUDENT_Q;
    expect_pieces(setup);
}

/* ---- probabilistic PCA ----------------------------------------------------------------------- */

static void
put(Inside *inside, const char *name, size_t n, const double *v)
{
    memcpy(inside_values(inside) + inside_find(inside, name), v, n * sizeof *v);
}

static double
inverse_softplus(double y)
{
    return y + log(-expm1(-y));
}

/* @rows times the worked example's row; decoder and (constant) posterior as the example has them.
 * Equal rows are their own centre and keep sd 1, so the biases are moved by the row. */
static Inside *
ppca_new(size_t rows, size_t samples, int gradient, const double *mu, const double *s)
{
    const Setup setup = {.kinds = "ccc",
                         .likelihood = SHARED,
                         .gradient = gradient,
                         .mechanism = NOT_MNAR,
                         .latent = 2,
                         .samples = samples,
                         .linear = TRUE};
    static const double w[] = {1.0, 0.5, -0.3, 0.8, 0.2, -0.6};
    const double b[] = {0.1 - 1.0, -0.2 - 0.4, 0.3};
    const double log_sigma = log(0.5), none[6] = {0};
    const double raw[] = {inverse_softplus(s[0] - 1e-6), inverse_softplus(s[1] - 1e-6)};
    g_autofree double *values = g_new(double, 3 * rows);
    Inside *inside;

    for (size_t i = 0; i < rows; i++)
        memcpy(values + 3 * i, (const double[]){1.0, 0.4, NAN}, 3 * sizeof *values);
    inside = inside_new(&setup, rows, values);
    put(inside, "decoder.numeric.weight", 6, w);
    put(inside, "decoder.numeric.bias", 3, b);
    put(inside, "decoder.log_sigma", 1, &log_sigma);
    put(inside, "encoder.mu.weight", 6, none);
    put(inside, "encoder.s.weight", 6, none);
    put(inside, "encoder.mu.bias", 2, mu);
    put(inside, "encoder.s.bias", 2, raw);
    return inside;
}

/* The bound over @draws noises of 1000 rows, and its standard error. */
static Moments
ppca_bound(size_t samples, const double *mu, const double *s, size_t draws)
{
    Inside *inside = ppca_new(1000, samples, REPARAM, mu, s);
    g_autofree double *value = g_new(double, draws);
    Moments out;

    for (size_t k = 0; k < draws; k++)
        value[k] = -inside_loss(inside, k, TRUE, NULL);
    out = (Moments){lac_stats_mean(draws, value),
                    lac_stats_variance(draws, value, 1) / (double)draws};
    inside_free(inside);
    return out;
}

/* The bound at K = 1 (closed form) and five K (simulated apart, standard errors @se). */
static void
expect_bounds(const double *mu, const double *s, double first, const double *expected,
              const double *se)
{
    static const size_t samples[] = {2, 5, 20, 50, 200};
    double last = first;
    const Moments one = ppca_bound(1, mu, s, 20);

    EXPECT_NEAR_DOUBLE(one.mean, last, 4.0 * sqrt(one.variance));
    for (size_t k = 0; k < G_N_ELEMENTS(samples); k++) {
        const Moments bound = ppca_bound(samples[k], mu, s, 20);

        EXPECT_NEAR_DOUBLE(bound.mean, expected[k],
                           4.0 * sqrt(bound.variance + se[k] * se[k]) + 0.0005 /* digits */);
        EXPECT_TRUE(bound.mean > last - 4.0 * sqrt(bound.variance));
        last = bound.mean;
    }
}

LAC_TEST(models_missiwae_bound, the_bound_has_its_golden_values_and_grows_with_samples)
{
    expect_bounds((const double[]){0.5, 0.5}, (const double[]){0.6, 0.5}, -2.7303555,
                  (const double[]){-2.569, -2.494, -2.458, -2.452, -2.448},
                  (const double[]){3e-4, 3e-4, 3e-4, 3e-4, 3e-4});
}

LAC_TEST(models_missiwae_bound, so_it_has_where_the_encoder_knows_nothing)
{
    LAC_SKIP_SANITIZED();
    expect_bounds((const double[]){0.0, 0.0}, (const double[]){1.0, 1.0}, -6.7515827,
                  (const double[]){-4.200, -2.930, -2.525, -2.476, -2.453},
                  (const double[]){0.007, 0.003, 0.003, 0.003, 0.003});
}

LAC_TEST(models_missiwae_bound, the_best_diagonal_posterior_has_its_closed_form)
{
    static const double mu[] = {0.3965753, 0.7253425}, s[] = {0.4319342, 0.4682929};
    const Moments bound = ppca_bound(1, mu, s, 20);

    EXPECT_NEAR_DOUBLE(bound.mean, -2.4695205, 4.0 * sqrt(bound.variance));
}

/* ---- doubly reparameterised ------------------------------------------------------------------ */

/* Of @n_places numbers of the gradient over @n draws of the noise. */
static void
gradient_moments(Inside *inside, size_t n_places, const size_t *place, size_t n, Moments *out)
{
    g_autofree double *gradient = g_new(double, inside_size(inside));
    g_autofree double *value = g_new(double, n_places *n);

    for (size_t k = 0; k < n; k++) {
        inside_loss(inside, k, TRUE, gradient);
        for (size_t p = 0; p < n_places; p++)
            value[p * n + k] = gradient[place[p]];
    }
    for (size_t p = 0; p < n_places; p++)
        out[p] =
            (Moments){lac_stats_mean(n, value + p * n), lac_stats_variance(n, value + p * n, 1)};
}

/* By the worked example's posterior, which is near the exact one: far from it neither need win. */
LAC_TEST(models_missiwae_bound, dreg_expects_the_same_gradient_and_varies_less)
{
    enum { DRAWS = 4000 };
    static const double mu[] = {0.5, 0.5}, s[] = {0.6, 0.5};
    Inside *reparam = ppca_new(5, 20, REPARAM, mu, s), *dreg = ppca_new(5, 20, DREG, mu, s);
    const size_t m = inside_find(dreg, "encoder.mu.bias"), v = inside_find(dreg, "encoder.s.bias");
    const size_t places[] = {m, m + 1, v, v + 1};
    g_autofree double *scratch = g_new(double, 2 * inside_size(reparam));
    double *other = scratch + inside_size(reparam);
    Moments a[4], b[4];

    gradient_moments(reparam, 4, places, DRAWS, a);
    gradient_moments(dreg, 4, places, DRAWS, b);
    for (size_t k = 0; k < 4; k++) {
        EXPECT_NEAR_DOUBLE(a[k].mean, b[k].mean,
                           4.0 * sqrt((a[k].variance + b[k].variance) / DRAWS));
        EXPECT_TRUE(b[k].variance < 0.5 * a[k].variance);
    }
    /* the decoder's is the same number, draw by draw */
    inside_loss(reparam, 1, TRUE, scratch);
    inside_loss(dreg, 1, TRUE, other);
    EXPECT_NEAR_DOUBLE(scratch[inside_find(dreg, "decoder.numeric.weight")],
                       other[inside_find(dreg, "decoder.numeric.weight")], 1e-12);
    inside_free(reparam);
    inside_free(dreg);
}

/* One latent dimension and the exact posterior: every sample's weight is ln p(x^o), whatever the
 * noise, and the doubly reparameterised gradient of the encoder is 0. */
LAC_TEST(models_missiwae_bound, with_the_exact_posterior_nothing_varies)
{
    Setup setup = {.kinds = "cc",
                   .likelihood = SHARED,
                   .gradient = DREG,
                   .mechanism = NOT_MNAR,
                   .latent = 1,
                   .samples = 4,
                   .linear = TRUE};
    static const double values[] = {0.7, -0.2}, w[] = {1.0, -0.5}, b[] = {0.3, 0.1}, none[2] = {0};
    const double log_sigma = log(0.5), precision = 1.0 + 0.25, total = precision + 0.25;
    /* the row is its own centre: y = 0, r = -b */
    const double mean = -(w[0] * b[0] + w[1] * b[1]) / total;
    const double s = inverse_softplus(sqrt(0.25 / total) - 1e-6);
    const double c[] = {1.25, 0.5, -0.5}; /* w w' + .25 I: C_11 = 1.25, C_22 = .5, C_12 = -.5 */
    const double det = c[0] * c[1] - c[2] * c[2];
    const double square =
        (c[1] * b[0] * b[0] - 2.0 * c[2] * b[0] * b[1] + c[0] * b[1] * b[1]) / det;
    const double exact = -0.5 * (2.0 * log(2.0 * G_PI) + log(det) + square);

    for (int gradient = REPARAM; gradient <= DREG; gradient++) {
        Inside *inside;
        g_autofree double *grad = NULL;

        setup.gradient = gradient;
        inside = inside_new(&setup, 1, values);
        grad = g_new(double, inside_size(inside));
        put(inside, "decoder.numeric.weight", 2, w);
        put(inside, "decoder.numeric.bias", 2, b);
        put(inside, "decoder.log_sigma", 1, &log_sigma);
        put(inside, "encoder.mu.weight", 2, none);
        put(inside, "encoder.s.weight", 2, none);
        put(inside, "encoder.mu.bias", 1, &mean);
        put(inside, "encoder.s.bias", 1, &s);
        for (uint64_t noise = 0; noise < 5; noise++) {
            EXPECT_NEAR_DOUBLE(-inside_loss(inside, noise, TRUE, grad), exact, 1e-10);
            if (gradient == DREG) {
                EXPECT_NEAR_DOUBLE(grad[inside_find(inside, "encoder.mu.bias")], 0.0, 1e-10);
                EXPECT_NEAR_DOUBLE(grad[inside_find(inside, "encoder.s.bias")], 0.0, 1e-10);
            } else {
                EXPECT_TRUE(fabs(grad[inside_find(inside, "encoder.mu.bias")]) > 1e-3);
            }
        }
        inside_free(inside);
    }
}

/* ---- what is held out ------------------------------------------------------------------------ */

LAC_TEST(models_missiwae_bound, held_out_rows_are_judged_by_the_same_bound_with_less_noise)
{
    enum { DRAWS = 400 };

    for (size_t samples = 1; samples <= 5; samples += 4) {
        const Setup setup = {.kinds = "ccc",
                             .likelihood = GAUSSIAN,
                             .gradient = REPARAM,
                             .mechanism = NOT_MNAR,
                             .latent = 2,
                             .samples = samples,
                             .hidden = 4};
        g_autofree double *values = mixed_values(setup.kinds, FALSE, FALSE);
        Inside *inside = inside_new(&setup, ROWS, values);
        double v[2][DRAWS], mean[2], variance[2];

        for (int training = 0; training < 2; training++) {
            for (size_t k = 0; k < DRAWS; k++)
                v[training][k] = inside_loss(inside, k, training, NULL);
            mean[training] = lac_stats_mean(DRAWS, v[training]);
            variance[training] = lac_stats_variance(DRAWS, v[training], 1);
        }
        EXPECT_NEAR_DOUBLE(mean[0], mean[1], 4.0 * sqrt((variance[0] + variance[1]) / DRAWS));
        /* 50 samples in place of 1 or 5; the ratio of two variances of 400 values is known to 14 %
         * (sd), so five of them leave a factor of two */
        EXPECT_TRUE(variance[0] < 2.0 * (double)samples / 50.0 * variance[1]);
        inside_free(inside);
    }
}

/* ---- heads and quantiles --------------------------------------------------------------------- */

LAC_TEST(models_missiwae_bound, ordered_levels_have_cumulative_logits)
{
    static const double scores[] = {-30.0, -0.7, 0.0, 2.0, 30.0}, gaps[] = {1e-3, 2.0, 0.4};
    double p[5];

    for (size_t k = 0; k < G_N_ELEMENTS(scores); k++) {
        double sum = 0.0, t = -0.5;

        inside_ordered(scores[k], -0.5, 5, gaps, p);
        for (size_t r = 0; r < 5; r++) {
            sum += p[r];
            /* P(x <= r) = sigmoid(t_r - h) */
            EXPECT_NEAR_DOUBLE(sum, r < 4 ? lac_sigmoid(t - scores[k]) : 1.0, 1e-12);
            EXPECT_TRUE(p[r] > 0.0);
            t += r < 3 ? gaps[r] : 0.0;
        }
    }
}

LAC_TEST(models_missiwae_bound, quantiles_of_one_part_are_those_of_its_law)
{
    static const double levels[] = {0.001, 0.05, 0.5, 0.7, 0.999}, one = 1.0, mu = 3.0, s = 0.2;
    static const double freedoms[] = {3.0, 3.5, 5.0, 30.0, 1e6};

    for (size_t k = 0; k < G_N_ELEMENTS(levels); k++) {
        const double z = lac_normal_quantile(levels[k]);

        EXPECT_NEAR_DOUBLE(inside_quantile(1, &one, &mu, &s, NULL, levels[k]), mu + s * z, 1e-6);
        for (size_t f = 0; f < G_N_ELEMENTS(freedoms); f++) {
            const double x = inside_quantile(1, &one, &mu, &s, &freedoms[f], levels[k]);

            /* the level is met to 1.1e-5, Hill's approximation at its worst */
            EXPECT_NEAR_DOUBLE(lac_t_cdf((x - mu) / s, freedoms[f], FALSE), levels[k], 2e-5);
        }
    }
}

/* .3 N(-4, .5^2) + .7 N(2, 1): the level is met by the distribution function itself */
LAC_TEST(models_missiwae_bound, quantiles_of_a_mixture_meet_their_level)
{
    static const double levels[] = {0.01, 0.3, 0.31, 0.5, 0.99};
    static const double weight[] = {0.3, 0.7}, mu[] = {-4.0, 2.0}, s[] = {0.5, 1.0};

    for (size_t k = 0; k < G_N_ELEMENTS(levels); k++) {
        const double x = inside_quantile(2, weight, mu, s, NULL, levels[k]);

        EXPECT_NEAR_DOUBLE(0.3 * lac_normal_cdf((x + 4.0) / 0.5) + 0.7 * lac_normal_cdf(x - 2.0),
                           levels[k], 1e-5);
    }
}

LAC_TEST(models_missiwae_bound, quantiles_of_counts_are_the_smallest_that_reach_the_level)
{
    static const double weight[] = {0.5, 0.5}, rate[] = {1.0, 400.0}, one = 1.0, small = 2.0;

    /* Poisson(2): P(0) = .135, P(<= 1) = .406, P(<= 2) = .677 */
    EXPECT_EQ_DOUBLE(inside_quantile_counts(1, &one, &small, 0.13), 0.0);
    EXPECT_EQ_DOUBLE(inside_quantile_counts(1, &one, &small, 0.14), 1.0);
    EXPECT_EQ_DOUBLE(inside_quantile_counts(1, &one, &small, 0.5), 2.0);
    /* half of the mass is Poisson(1)'s: P(<= 1) = .736 > .4 / .5; 400's median is 400 */
    EXPECT_EQ_DOUBLE(inside_quantile_counts(2, weight, rate, 0.36), 1.0);
    EXPECT_EQ_DOUBLE(inside_quantile_counts(2, weight, rate, 0.75), 400.0);
}
