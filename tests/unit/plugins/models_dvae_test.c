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
