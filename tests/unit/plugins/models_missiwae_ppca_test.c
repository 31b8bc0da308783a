/* A whole training of missiwae against closed forms: those of probabilistic PCA. */
#include "bundle-private.h"
#include "lac_sanitized.h"
#include "missiwae/example.h"

#include <lacuna/stats.h>

enum { N = 2000, FILLED = 200, P = 5, D = 2 };

/** Ppca: x = W z + b + noise. */
typedef struct {
    double w[P][D], b[P], variance;
} Ppca;

/** Posterior: of z given the observed cells of a row; @log_p of these. */
typedef struct {
    double mean[D], cov[D][D], log_p;
} Posterior;

static Posterior
ppca_posterior(const Ppca *m, const double *x)
{
    double a[D][D] = {{m->variance, 0.0}, {0.0, m->variance}}, c[D] = {0.0, 0.0};
    double square = 0.0, det;
    size_t seen = 0;
    Posterior out;

    for (size_t j = 0; j < P; j++) {
        if (isnan(x[j]))
            continue;
        seen++;
        square += pow(x[j] - m->b[j], 2.0);
        for (size_t k = 0; k < D; k++) {
            c[k] += m->w[j][k] * (x[j] - m->b[j]);
            for (size_t l = 0; l < D; l++)
                a[k][l] += m->w[j][k] * m->w[j][l];
        }
    }
    det = a[0][0] * a[1][1] - a[0][1] * a[1][0];
    out.mean[0] = (a[1][1] * c[0] - a[0][1] * c[1]) / det;
    out.mean[1] = (a[0][0] * c[1] - a[1][0] * c[0]) / det;
    out.cov[0][0] = m->variance * a[1][1] / det;
    out.cov[1][1] = m->variance * a[0][0] / det;
    out.cov[0][1] = out.cov[1][0] = -m->variance * a[0][1] / det;
    /* |W W' + s I| = s^(n - d) |W'W + s I|, and the inverse by Woodbury */
    out.log_p =
        seen == 0
            ? 0.0
            : -0.5 * ((double)seen * log(2.0 * G_PI) + ((double)seen - D) * log(m->variance) +
                      log(det) + (square - c[0] * out.mean[0] - c[1] * out.mean[1]) / m->variance);
    return out;
}

static double
ppca_likelihood(const Ppca *m, const double *x, size_t rows, gboolean with_holes_only)
{
    double sum = 0.0;
    size_t n = 0;

    for (size_t i = 0; i < rows; i++) {
        gboolean holes = FALSE;

        for (size_t j = 0; j < P; j++)
            holes = holes || isnan(x[P * i + j]);
        if (with_holes_only && !holes)
            continue;
        sum += ppca_posterior(m, x + P * i).log_p;
        n++;
    }
    return sum / (double)n;
}

/* Solves the symmetric 3 x 3 system A y = c in place (Gauss, no pivot: A is positive definite). */
static void
solve3(double a[3][3], double *c)
{
    for (size_t k = 0; k < 3; k++)
        for (size_t r = 0; r < 3; r++) {
            const double f = r != k ? a[r][k] / a[k][k] : 0.0;

            for (size_t l = 0; l < 3; l++)
                a[r][l] -= f * a[k][l];
            c[r] -= f * c[k];
        }
    for (size_t k = 0; k < 3; k++)
        c[k] /= a[k][k];
}

/* One round of EM (Tipping & Bishop 1999, with sums over observed cells only). */
static void
ppca_round(Ppca *m, const double *x)
{
    static Posterior q[N];
    double square = 0.0, cells = 0.0;
    Ppca next = *m;

    for (size_t i = 0; i < N; i++)
        q[i] = ppca_posterior(m, x + P * i);
    for (size_t j = 0; j < P; j++) {
        double a[3][3] = {{0.0}}, c[3] = {0.0};

        for (size_t i = 0; i < N; i++) {
            const double f[3] = {q[i].mean[0], q[i].mean[1], 1.0};

            for (size_t k = 0; !isnan(x[P * i + j]) && k < 3; k++) {
                c[k] += f[k] * x[P * i + j];
                for (size_t l = 0; l < 3; l++)
                    a[k][l] += f[k] * f[l] + (k < D && l < D ? q[i].cov[k][l] : 0.0);
            }
        }
        solve3(a, c);
        next.w[j][0] = c[0];
        next.w[j][1] = c[1];
        next.b[j] = c[2];
    }
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < P; j++) {
            const double *w = next.w[j];

            if (isnan(x[P * i + j]))
                continue;
            cells++;
            square +=
                pow(x[P * i + j] - next.b[j] - w[0] * q[i].mean[0] - w[1] * q[i].mean[1], 2.0) +
                w[0] * w[0] * q[i].cov[0][0] + w[1] * w[1] * q[i].cov[1][1] +
                2.0 * w[0] * w[1] * q[i].cov[0][1];
        }
    next.variance = square / cells;
    *m = next;
}

/* Five columns from two latent numbers, half of the cells missing, standardised as the model does
 * it: mean 0 and sd 1 (divisor n) over what is observed. */
static double *
ppca_table(void)
{
    static const double w[P][D] = {{1.0, 0.2}, {-0.6, 0.9}, {0.8, -0.7}, {0.3, 1.1}, {-1.0, -0.4}};
    double *x = g_new(double, N *P);
    LacRng rng = lac_rng_new(17);

    for (size_t i = 0; i < N; i++) {
        const double z[D] = {lac_rng_normal(&rng), lac_rng_normal(&rng)};

        for (size_t j = 0; j < P; j++) {
            x[P * i + j] = w[j][0] * z[0] + w[j][1] * z[1] + 0.5 * lac_rng_normal(&rng);
            if (lac_rng_uniform(&rng) < 0.5)
                x[P * i + j] = NAN;
        }
    }
    for (size_t j = 0; j < P; j++) {
        double sum = 0.0, square = 0.0, n = 0.0;

        for (size_t i = 0; i < N; i++)
            if (!isnan(x[P * i + j])) {
                n++;
                sum += x[P * i + j];
                square += x[P * i + j] * x[P * i + j];
            }
        for (size_t i = 0; i < N; i++)
            x[P * i + j] = (x[P * i + j] - sum / n) / sqrt(square / n - sum / n * sum / n);
    }
    return x;
}

static Ppca
learnt(const Fitted *fitted)
{
    g_autoptr(LacBundle) bundle = lac_bundle_new();
    const float *w, *b, *log_sigma;
    Ppca out;

    fitted->plugin->save(fitted->model, bundle, NULL);
    w = lac_bundle_get_floats(bundle, "net.decoder.numeric.weight", LAC_SHAPE(P, D), NULL);
    b = lac_bundle_get_floats(bundle, "net.decoder.numeric.bias", LAC_SHAPE(P), NULL);
    log_sigma = lac_bundle_get_floats(bundle, "net.decoder.log_sigma", LAC_SHAPE(1), NULL);
    for (size_t j = 0; j < P; j++) {
        out.b[j] = (double)b[j];
        out.w[j][0] = (double)w[D * j];
        out.w[j][1] = (double)w[D * j + 1];
    }
    out.variance = exp(2.0 * (double)log_sigma[0]);
    return out;
}

LAC_TEST(models_missiwae_ppca, a_linear_decoder_finds_probabilistic_pca)
{
    LAC_SKIP_SANITIZED();
    g_autofree double *x = ppca_table();
    g_autoptr(LacData) table = harness_table(N, P, x);
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) fitted = fitted_new(
        "missiwae",
        "{latent: 2, shape: linear, hidden: [32], likelihood: gaussian-shared, train_samples: 50, "
        "epochs: 40, batch: 32, mask_input: true, impute_samples: 30000, gradient: reparam}",
        table, 1, 3, &error);
    Ppca best = {{{1.0, 0.0}, {0.0, 1.0}, {0.5, -0.5}, {0.2, 0.8}, {-0.7, 0.1}}, {0.0}, 1.0};
    double gap = 0.0, size = 0.0;

    ASSERT_NO_ERROR(error);
    g_autoptr(LacData) some = harness_table(FILLED, P, x);
    const double *out = fitted_fill(fitted, some);
    const Ppca m = learnt(fitted);

    ASSERT_TRUE(out != NULL);
    for (size_t round = 0; round < 300; round++)
        ppca_round(&best, x);
    /* the estimate against the exact likelihood of the same parameters */
    EXPECT_NEAR_DOUBLE(fitted_trace(fitted, "bound", -1, 0, 0),
                       ppca_likelihood(&m, x, FILLED, TRUE),
                       0.005 * fabs(ppca_likelihood(&m, x, FILLED, TRUE)));
    /* what was learnt against the maximum of the likelihood, nats a row */
    EXPECT_NEAR_DOUBLE(ppca_likelihood(&m, x, N, FALSE), ppca_likelihood(&best, x, N, FALSE), 0.03);
    /* fills against exact conditional means: root mean squares */
    for (size_t i = 0; i < FILLED; i++) {
        const Posterior q = ppca_posterior(&m, x + P * i);

        for (size_t j = 0; j < P; j++) {
            const double exact = m.b[j] + m.w[j][0] * q.mean[0] + m.w[j][1] * q.mean[1];

            if (!isnan(x[P * i + j]))
                continue;
            gap += pow(out[P * i + j] - exact, 2.0);
            size += exact * exact;
        }
    }
    EXPECT_TRUE(sqrt(gap / size) < 0.01);
}
