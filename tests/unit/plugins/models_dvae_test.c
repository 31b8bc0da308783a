/* dvae: its bound where that is known, and what it makes of holes. */
#include "harness.h"

#include <math.h>

static LacData *
give_truth(void *user, const LacData *in, GError **error)
{
    return lac_data_ref(user);
}

/* fitted on @train with @truth under its holes */
static Harness *
fitted(const char *params, const LacData *train, LacData *truth)
{
    Harness *h = harness_new(LAC_PLUGIN_MODEL, "dvae", params, 3);
    GError *error = NULL;

    if (truth != NULL)
        lac_context_set_truth(h->context, give_truth, truth);
    harness_fit(h, train, &error);
    g_assert_no_error(error);
    return h;
}

static double
last_loss(const Harness *h)
{
    const GPtrArray *traces = lac_context_traces(h->context);

    return ((const LacTracePoint *)traces->pdata[traces->len - 1])->value;
}

/* Four independent columns with 1/2, 1/4, 1/8 and 1/2 ones, in all combinations: no latent number
 * helps, so the bound is at best minus the sum of the columns' entropies. */
LAC_TEST(models_dvae, independent_columns_cost_their_entropy)
{
    enum { ROWS = 128 };
    double values[ROWS * 4], entropy = 0.0;
    const double share[] = {0.5, 0.25, 0.125, 0.5};

    for (size_t i = 0; i < ROWS; i++) {
        values[4 * i] = (double)(i % 2);
        values[4 * i + 1] = i / 2 % 4 == 0;
        values[4 * i + 2] = i / 8 % 8 == 0;
        values[4 * i + 3] = (double)(i / 64);
    }
    for (size_t j = 0; j < 4; j++)
        entropy -= share[j] * log(share[j]) + (1.0 - share[j]) * log(1.0 - share[j]);
    g_autoptr(LacData) data = harness_table(ROWS, 4, values);
    g_autoptr(Harness) h =
        fitted("{hidden: [], latent: 1, epochs: 2500, target: observed}", data, NULL);

    EXPECT_TRUE(last_loss(h) > entropy - 0.02); /* a bound cannot be passed but by noise of z */
    EXPECT_NEAR_DOUBLE(last_loss(h), entropy, 0.05 * entropy);
}

/* Six copies of one bit, the first hidden in every third row. */
static void
copies(LacData **truth, LacData **holed)
{
    enum { ROWS = 90 };
    double values[ROWS * 6];

    for (size_t k = 0; k < ROWS * 6; k++)
        values[k] = k / 6 % 2 == 0 ? 0.05 : 0.95;
    *truth = harness_table(ROWS, 6, values);
    for (size_t i = 0; i < ROWS; i += 3)
        values[i * 6] = NAN;
    *holed = harness_table(ROWS, 6, values);
}

#define COPIES "{hidden: [16], latent: 2, epochs: 300, batch: 30}"

LAC_TEST(models_dvae, a_hole_becomes_what_its_row_says)
{
    LacData *truth, *holed;
    g_autofree double *out = NULL, *drawn = NULL;
    double off = 0.0;

    copies(&truth, &holed);
    g_autoptr(Harness) h = fitted(COPIES, holed, truth);

    out = harness_fill(h, holed, holed, -1, NULL);
    drawn = harness_fill(h, holed, holed, 1, NULL);
    EXPECT_TRUE(out != NULL && drawn != NULL);
    for (size_t i = 0; i < holed->rows; i += 3) { /* shown as 1 in each of them */
        EXPECT_TRUE(fabs(out[i * 6] - lac_data_at(truth, i, 0)) < 0.15);
        EXPECT_TRUE(drawn[i * 6] != out[i * 6]);
        off += fabs(drawn[i * 6] - lac_data_at(truth, i, 0)) / (double)(holed->rows / 3);
    }
    EXPECT_TRUE(off < 0.2); /* a draw may go astray, not most of them; 0.45 is ignorance */
    lac_data_unref(truth);
    lac_data_unref(holed);
}

/* ---- the bound ------------------------------------------------------------------------------- */

typedef struct {
    const float *mu, *mu_bias, *log_variance, *log_variance_bias, *logits, *logits_bias;
} Weights;

static const float *
weights_of(const LacBundle *bundle, const char *name)
{
    g_autoptr(GError) error = NULL;
    const float *v = lac_bundle_get_floats(bundle, name, LAC_SHAPE(G_MAXSIZE, G_MAXSIZE), &error);

    g_assert_no_error(error);
    return v;
}

/* Row @i: E[ln p(x | z)] by the trapezoidal rule over 16 standard deviations, less the KL in closed
 * form, for one latent number and no hidden layer. @variance: of ln p(x | z) over z. */
static double
integrated_bound(const Weights *w, const LacData *in, const LacData *truth, size_t i,
                 double *variance)
{
    enum { STEPS = 4000 };
    double mu = (double)w->mu_bias[0], l = (double)w->log_variance_bias[0], first = 0.0,
           second = 0.0;

    for (size_t j = 0; j < in->cols; j++) {
        const double v = lac_data_is_hole(in, i, j) ? 1.0 : lac_data_at(in, i, j);

        mu += (double)w->mu[j] * v;
        l += (double)w->log_variance[j] * v;
    }
    for (int k = 0; k <= STEPS; k++) {
        const double eps = -8.0 + 16.0 * k / STEPS, z = mu + exp(0.5 * l) * eps;
        const double density = exp(-0.5 * eps * eps) / sqrt(2.0 * G_PI) * 16.0 / STEPS;
        double fit = 0.0;

        for (size_t j = 0; j < in->cols; j++) {
            const double logit = (double)w->logits[j] * z + (double)w->logits_bias[j];

            fit += lac_data_at(truth, i, j) * logit - fmax(logit, 0.0) - log1p(exp(-fabs(logit)));
        }
        first += density * fit;
        second += density * fit * fit;
    }
    *variance = second - first * first;
    return first - 0.5 * (mu * mu + exp(l) - 1.0 - l);
}

/* 16 draws a row: the mean over rows is within four of its standard errors of the integral. */
LAC_TEST(models_dvae, elbo_is_the_integral_over_the_latent_number)
{
    LacData *truth, *holed;
    g_autoptr(GError) error = NULL;
    double sum = 0.0, exact = 0.0, variance = 0.0;

    copies(&truth, &holed);
    g_autoptr(Harness) h = fitted("{hidden: [], latent: 1, epochs: 60}", holed, truth);
    const LacModelPlugin *plugin = (const LacModelPlugin *)h->instance->plugin;
    const LacModel *model = LAC_CAST(LacModel, h->instance);
    g_autoptr(LacBundle) bundle = lac_bundle_new();
    g_autofree double *out = g_new(double, holed->rows);

    EXPECT_TRUE(plugin->save(model, bundle, &error));
    const Weights w = {weights_of(bundle, "net.encoder.mu.weight"),
                       weights_of(bundle, "net.encoder.mu.bias"),
                       weights_of(bundle, "net.encoder.log_variance.weight"),
                       weights_of(bundle, "net.encoder.log_variance.bias"),
                       weights_of(bundle, "net.decoder.logits.weight"),
                       weights_of(bundle, "net.decoder.logits.bias")};

    EXPECT_TRUE(plugin->elbo(model, holed, truth, out, &error));
    for (size_t i = 0; i < holed->rows; i++) {
        double of_row;

        exact += integrated_bound(&w, holed, truth, i, &of_row);
        variance += of_row / 16.0;
        sum += out[i];
    }
    EXPECT_TRUE(variance > 1e-6); /* or draws would not matter */
    EXPECT_TRUE(fabs(sum - exact) < 4.0 * sqrt(variance));
    EXPECT_TRUE(exact < -1.0 * (double)holed->rows); /* nats: ln 2 and more a row */
    lac_data_unref(truth);
    lac_data_unref(holed);
}

LAC_TEST(models_dvae, reconstructed_rows_are_the_decoders_in_every_cell)
{
    LacData *truth, *holed;
    g_autoptr(GError) error = NULL;
    size_t kept = 0;

    copies(&truth, &holed);
    g_autoptr(Harness) h = fitted(COPIES, holed, truth);
    const LacModelPlugin *plugin = (const LacModelPlugin *)h->instance->plugin;
    const LacModel *model = LAC_CAST(LacModel, h->instance);
    g_autoptr(LacMatrix) whole = lac_matrix_new(holed->rows, holed->cols, NULL);
    g_autofree double *filled = harness_fill(h, holed, holed, -1, NULL);

    EXPECT_TRUE(plugin->reconstruct(model, holed, -1, whole, &error));
    for (size_t i = 0; i < holed->rows; i++)
        for (size_t j = 0; j < holed->cols; j++) {
            const double v = lac_matrix_row(whole, i)[j];

            kept += v == lac_data_at(truth, i, j);
            EXPECT_TRUE(fabs(v - lac_data_at(truth, i, j)) < 0.2);
            if (lac_data_is_hole(holed, i, j))
                EXPECT_NEAR_DOUBLE(v, filled[i * holed->cols + j], 1e-6);
        }
    EXPECT_TRUE(kept < holed->rows); /* of six times as many */
    lac_data_unref(truth);
    lac_data_unref(holed);
}

LAC_TEST(models_dvae, refuses_to_learn_without_the_truth_and_beyond_0_and_1)
{
    const double grey[] = {0.1, 0.9}, large[] = {0.1, 2.5};
    g_autoptr(LacData) unit = harness_table(2, 1, grey), beyond = harness_table(2, 1, large);
    g_autoptr(Harness) a = harness_new(LAC_PLUGIN_MODEL, "dvae", NULL, 1);
    g_autoptr(Harness) b = harness_new(LAC_PLUGIN_MODEL, "dvae", "{target: observed}", 1);
    g_autoptr(GError) nobody = NULL, range = NULL;

    EXPECT_FALSE(harness_fit(a, unit, &nobody));
    EXPECT_CONTAINS(nobody->message, "`target: observed` does without");
    EXPECT_FALSE(harness_fit(b, beyond, &range));
    EXPECT_CONTAINS(range->message, "row 2, column 'x1' is 2.5");
}
