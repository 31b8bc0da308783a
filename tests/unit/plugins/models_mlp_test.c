/* mlp, cnn, lenet: what they learn, and what they refuse. */
#include "fitted.h"
#include "harness.h"

#include <math.h>

/* ---- tables ---------------------------------------------------------------------------------- */

static void
set_labels(LacData *data, size_t classes, int32_t (*label)(const LacData *data, size_t i))
{
    int32_t *labels = g_new(int32_t, data->rows);

    for (size_t i = 0; i < data->rows; i++)
        labels[i] = label(data, i);
    lac_data_take_labels(data, labels, classes, NULL);
}

static int32_t
by_product(const LacData *data, size_t i)
{
    return lac_data_at(data, i, 0) * lac_data_at(data, i, 1) > 0.0;
}

/* XOR of signs: no straight line separates it. */
static LacData *
crossed(uint64_t seed)
{
    LacRng rng = lac_rng_new(seed);
    double values[400];
    LacData *data;

    for (size_t k = 0; k < G_N_ELEMENTS(values); k++) /* a gap of .6 around both axes */
        values[k] = (lac_rng_uniform(&rng) < 0.5 ? -1 : 1) * (0.3 + lac_rng_uniform(&rng));
    data = harness_table(200, 2, values);
    set_labels(data, 2, by_product);
    return data;
}

static int32_t
by_stripes(const LacData *data, size_t i)
{
    return (int32_t)(i % 3);
}

/* 8 x 8 images of horizontal, vertical or no stripes, with noise; where stripes begin varies. */
static LacData *
striped(size_t rows, uint64_t seed)
{
    const LacRng all = lac_rng_new(seed);
    double *values = g_new(double, rows * 64);
    LacData *data;

    for (size_t i = 0; i < rows; i++) {
        LacRng rng = lac_rng_at(&all, i);
        const size_t shift = (size_t)(lac_rng_uniform(&rng) * 4.0);

        for (size_t k = 0; k < 64; k++) {
            const size_t at = i % 3 == 0 ? k / 8 : k % 8;
            const double ink = i % 3 == 2 ? 0.5 : (double)((at + shift) / 2 % 2);

            values[i * 64 + k] = 0.2 + 0.6 * ink + 0.1 * lac_rng_uniform(&rng);
        }
    }
    data = lac_data_new_take(lac_schema_new(64), rows, values, "stripes", NULL);
    lac_data_set_image(data, (LacImageShape){1, 8, 8});
    set_labels(data, 3, by_stripes);
    return data;
}

/* Class probabilities of @in; NULL with a failed test. */
static LacMatrix *
predict(const Fitted *fitted, const LacData *in, GError **error)
{
    g_autoptr(LacMatrix) out = lac_matrix_new(in->rows, in->n_classes, NULL);

    return fitted->plugin->predict(fitted->model, in, out, error) ? g_steal_pointer(&out) : NULL;
}

static size_t
mistakes(const LacMatrix *chances, const LacData *data)
{
    size_t wrong = 0;

    for (size_t i = 0; i < data->rows; i++) {
        const double *p = lac_matrix_row(chances, i);
        size_t best = 0;

        for (size_t k = 1; k < chances->cols; k++)
            best = p[k] > p[best] ? k : best;
        wrong += best != (size_t)data->labels[i];
    }
    return wrong;
}

/* How many new rows a fitted model gets wrong; a failed test when it fails. */
static size_t
wrong_of(const char *name, const char *yaml, const LacData *train, const LacData *test)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) fitted = fitted_new(name, yaml, train, 1, 3, &error);
    g_autoptr(LacMatrix) chances = fitted != NULL ? predict(fitted, test, &error) : NULL;

    EXPECT_TRUE(chances != NULL);
    return chances != NULL ? mistakes(chances, test) : G_MAXSIZE;
}

/* ---- what they learn ------------------------------------------------------------------------- */

LAC_TEST(models_mlp, hidden_layers_separate_what_no_line_does)
{
    g_autoptr(LacData) train = crossed(1), test = crossed(2);

    EXPECT_EQ_INT(wrong_of("mlp", "{hidden: [32], epochs: 120, batch: 20}", train, test), 0);
    EXPECT_TRUE(wrong_of("mlp", "{hidden: [], epochs: 60}", train, test) > 50); /* chance: 100 */
}

LAC_TEST(models_mlp, convolutions_tell_stripes_apart_wherever_they_begin)
{
    g_autoptr(LacData) train = striped(60, 1), test = striped(30, 2);

    EXPECT_EQ_INT(wrong_of("cnn", "{units: 16, epochs: 8, batch: 10}", train, test), 0);
    EXPECT_EQ_INT(wrong_of("lenet", "{units: 16, epochs: 8, batch: 10}", train, test), 0);
}

/* Two rows x = -1, +1 with classes 0, 1. Without hidden layers and with an L2 penalty the weights
 * of the two outputs are -w and w, the biases 0, and w minimises ln(1 + e^(-2w)) + 2 l2 w^2, where
 * -2 / (1 + e^(2w)) + 4 l2 w = 0: found by bisection here, in double. */
LAC_TEST(models_mlp, the_penalty_is_that_of_keras)
{
    const double x[] = {-1.0, 1.0};
    g_autoptr(LacData) data = harness_table(2, 1, x);
    g_autoptr(GError) error = NULL;
    g_autoptr(LacMatrix) chances = NULL;
    g_autoptr(Fitted) fitted = NULL;
    double low = 0.0, high = 10.0;

    lac_data_take_labels(data, g_memdup2((const int32_t[]){0, 1}, 2 * sizeof(int32_t)), 2, NULL);
    for (int i = 0; i < 100; i++) {
        const double w = (low + high) / 2.0;

        *(-2.0 / (1.0 + exp(2.0 * w)) + 0.4 * w > 0.0 ? &high : &low) = w;
    }
    fitted = fitted_new("mlp", "{hidden: [], l2: 0.1, epochs: 6000, batch: 2}", data, 1, 1, &error);
    chances = fitted != NULL ? predict(fitted, data, &error) : NULL;
    EXPECT_TRUE(chances != NULL);
    if (chances != NULL)
        EXPECT_NEAR_DOUBLE(lac_matrix_row(chances, 1)[1], 1.0 / (1.0 + exp(-2.0 * low)), 2e-3);
}

/* A class of one in four, and a column that says nothing: the chances are the shares. */
LAC_TEST(models_mlp, without_information_the_chances_are_the_shares)
{
    const double x[] = {1, 1, 1, 1, 1, 1, 1, 1};
    g_autoptr(LacData) data = harness_table(8, 1, x);
    g_autoptr(GError) error = NULL;
    g_autoptr(LacMatrix) chances = NULL;
    g_autoptr(Fitted) fitted = NULL;
    const int32_t labels[] = {0, 1, 1, 1, 1, 0, 1, 1};

    lac_data_take_labels(data, g_memdup2(labels, sizeof labels), 2, NULL);
    fitted = fitted_new("mlp", "{hidden: [], epochs: 3000}", data, 1, 1, &error);
    chances = fitted != NULL ? predict(fitted, data, &error) : NULL;
    EXPECT_TRUE(chances != NULL);
    if (chances != NULL)
        EXPECT_NEAR_DOUBLE(lac_matrix_row(chances, 0)[0], 0.25, 1e-3);
}

LAC_TEST(models_mlp, rows_without_a_label_are_left_out_and_counted)
{
    g_autoptr(LacData) data = crossed(1);
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) fitted = NULL;
    int32_t *labels = g_memdup2(data->labels, data->rows * sizeof *labels);
    const LacEvent *event;

    labels[3] = labels[7] = -1;
    lac_data_take_labels(data, labels, 2, NULL);
    fitted = fitted_new("mlp", "{epochs: 1}", data, 1, 1, &error);
    EXPECT_TRUE(fitted != NULL);
    EXPECT_EQ_INT(lac_context_events(fitted->context)->len, 1);
    event = lac_context_events(fitted->context)->pdata[0];
    EXPECT_CONTAINS(event->detail, "2 of 200 rows have no label");
}

/* ---- what they refuse ------------------------------------------------------------------------ */

LAC_TEST(models_mlp, holes_are_refused_by_row_and_column)
{
    const double values[] = {1, 2, 3, NAN, 5, 6};
    g_autoptr(LacData) complete = crossed(1), holed = harness_table(3, 2, values);
    g_autoptr(GError) error = NULL, fit_error = NULL;
    g_autoptr(Fitted) fitted = fitted_new("mlp", "{epochs: 1}", complete, 1, 1, NULL), none = NULL;
    g_autoptr(LacMatrix) out = NULL;

    lac_data_take_labels(holed, g_new0(int32_t, 3), 2, NULL);
    out = predict(fitted, holed, &error);
    EXPECT_TRUE(out == NULL);
    EXPECT_CONTAINS(error->message, "row 2, column 'x2' is missing");
    none = fitted_new("mlp", NULL, holed, 1, 1, &fit_error);
    EXPECT_TRUE(none == NULL);
    EXPECT_CONTAINS(fit_error->message, "impute first");
}

LAC_TEST(models_mlp, convolutions_refuse_tables_and_tiny_images)
{
    g_autoptr(LacData) table = crossed(1), tiny = striped(6, 1);
    g_autoptr(GError) error = NULL, small = NULL;
    g_autoptr(Fitted) none = fitted_new("cnn", NULL, table, 1, 1, &error), also = NULL;

    EXPECT_TRUE(none == NULL);
    EXPECT_CONTAINS(error->message, "use mlp for tables");
    lac_data_set_image(tiny, (LacImageShape){4, 4, 4});
    also = fitted_new("cnn", NULL, tiny, 1, 1, &small);
    EXPECT_TRUE(also == NULL);
    EXPECT_CONTAINS(small->message, "4 x 4 are too small");
}
