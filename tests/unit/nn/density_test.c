/* Values of log densities against scipy 1.10.1 (density_golden.py wrote them), and what holes mean.
 * Their gradients are rows. Tolerances are a few roundings of float. */
#include "lac_test.h"

#include <lacuna/nn.h>
#include <math.h>

static const float x[] = {0.5f, -1.25f, 3, 0}, mu[] = {0.25f, 0.5f, -1, 2};
static const float s[] = {0.5f, 1.5f, 0.75f, 2}, nu[] = {3, 0.7f, 45, 5000};
static const float logit[] = {-30, 0.4f, 3, 95}, grey[] = {0, 0.3f, 1, 0.75f};
static const float level[] = {0, 1, 3, 2}, log_s[] = {-1.5f, 0, 1, -3};

static LacTensor *
four(LacTape *tape, const float *v)
{
    return lac_tape_input(tape, v, LAC_SHAPE(1, 4));
}

LAC_TEST(nn_density, values_agree_with_scipy)
{
    static const double each[] = {-0.3507913526, -2.004959197, -14.85347868, -2.112085714};
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *tx = four(tape, x), *tmu = four(tape, mu), *ts = four(tape, s);
    LacTensor *terms = lac_nn_gaussian_logpdf(tx, tmu, ts, NULL);

    for (size_t i = 0; i < 4; i++)
        EXPECT_NEAR_DOUBLE(terms->v[i], each[i], 5e-7);
    EXPECT_NEAR_DOUBLE(lac_nn_gaussian_rows(tx, tmu, ts, NULL)->v[0], -19.32131495, 5e-7);
    EXPECT_NEAR_DOUBLE(lac_nn_normal_rows(tx)->v[0], -9.082004133, 5e-7);
    EXPECT_NEAR_DOUBLE(lac_nn_student_rows(tx, tmu, ts, four(tape, nu), NULL)->v[0], -17.02917095,
                       5e-7);
    EXPECT_NEAR_DOUBLE(lac_nn_bernoulli_rows(four(tape, grey), four(tape, logit), NULL)->v[0],
                       -24.5916026, 5e-7);
    EXPECT_NEAR_DOUBLE(
        lac_nn_logistic_rows(four(tape, level), tmu, four(tape, log_s), NULL, 0.5f, 0, 3)->v[0],
        -3.278704883, 5e-7);
}

/* Grey values of images, 0 .. 255: the ends hold the tails, so that nothing is lost. */
LAC_TEST(nn_density, chances_of_256_levels_sum_to_1)
{
    static const float centre[] = {-20, 0, 127.3f, 254, 300}, scale[] = {-2, 0, 3, 1.5f, 4};
    g_autoptr(LacTape) tape = lac_tape_new();

    for (size_t k = 0; k < G_N_ELEMENTS(centre); k++) {
        LacTensor *grey_levels = lac_tape_constant(tape, LAC_SHAPE(256, 1));
        LacTensor *m = lac_tape_fill(tape, centre[k], LAC_SHAPE(256, 1));
        LacTensor *l = lac_tape_fill(tape, scale[k], LAC_SHAPE(256, 1)), *ln_p;
        double sum = 0.0;

        for (size_t v = 0; v < 256; v++)
            grey_levels->v[v] = (float)v;
        ln_p = lac_nn_logistic_rows(grey_levels, m, l, NULL, 0.5f, 0, 255);
        for (size_t v = 0; v < 256; v++)
            sum += exp((double)ln_p->v[v]);
        EXPECT_NEAR_DOUBLE(sum, 1.0, 1e-5);
    }
}

LAC_TEST(nn_density, a_student_of_many_degrees_is_normal)
{
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *tx = four(tape, x), *tmu = four(tape, mu), *ts = four(tape, s);
    LacTensor *many = lac_tape_fill(tape, 1e6f, LAC_SHAPE(1, 4));

    EXPECT_NEAR_DOUBLE(lac_nn_student_rows(tx, tmu, ts, many, NULL)->v[0],
                       lac_nn_gaussian_rows(tx, tmu, ts, NULL)->v[0], 5e-4);
}

LAC_TEST(nn_density, sums_of_exponentials_agree_with_scipy)
{
    static const float w[] = {-800, -801.5f, -799.25f, -3, -90, -4};
    static const double each[] = {-125, -94.6, -92, 0};
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *t = four(tape, logit), *ln_p = lac_nn_log_softmax(t);

    for (size_t i = 0; i < 4; i++) {
        const float code = (float)i;

        EXPECT_NEAR_DOUBLE(ln_p->v[i], each[i], 5e-7);
        EXPECT_NEAR_DOUBLE(
            lac_nn_categorical_rows(lac_tape_input(tape, &code, LAC_SHAPE(1)), t, NULL)->v[0],
            each[i], 5e-7);
        EXPECT_NEAR_DOUBLE(lac_nn_cross_entropy(t, &i)->v[0], -each[i], 5e-7);
    }
    EXPECT_NEAR_DOUBLE(lac_nn_logsumexp(t, 0, FALSE)->v[0], 95, 5e-7);
    EXPECT_NEAR_DOUBLE(lac_nn_iwae_bound(lac_tape_input(tape, w, LAC_SHAPE(2, 3)))->v[0],
                       -401.8389766, 5e-7);
}

/* every density of @n columns under a mask, against the sum over the cells that count */
LAC_TEST(nn_density, what_lies_under_a_hole_is_never_computed_with)
{
    static const float holes[] = {0.5f, NAN, INFINITY, 0}, o[] = {1, 0, 0, 1};
    static const double seen = -0.3507913526 - 2.112085714;
    g_autoptr(GError) error = NULL;
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *location = lac_tape_variable(tape, LAC_SHAPE(1, 4)), *rows;

    memcpy(location->v, mu, sizeof mu);
    rows = lac_nn_gaussian_rows(four(tape, holes), location, four(tape, s), four(tape, o));
    EXPECT_NEAR_DOUBLE(rows->v[0], seen, 5e-7);
    ASSERT_TRUE(lac_tape_backward(tape, lac_nn_sum(rows, 0, FALSE), &error));
    EXPECT_NEAR_DOUBLE(location->grad[0], 1.0, 1e-6); /* (0.5 - 0.25) / 0.5^2 */
    EXPECT_EQ_DOUBLE(location->grad[1], 0);
    EXPECT_EQ_DOUBLE(location->grad[2], 0);
    EXPECT_NEAR_DOUBLE(location->grad[3], -0.5, 1e-6); /* (0 - 2) / 2^2 */
}

LAC_TEST(nn_density, a_row_of_data_serves_all_its_samples)
{
    static const float both[] = {0.25f, 0.5f, -1, 2, 0, 0, 0, 0};
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *location = lac_tape_input(tape, both, LAC_SHAPE(1, 2, 4));
    LacTensor *rows = lac_nn_gaussian_rows(four(tape, x), location, four(tape, s), NULL);

    ASSERT_TRUE(rows != NULL);
    EXPECT_EQ_INT(rows->dims, 2);
    EXPECT_EQ_INT(rows->shape[1], 2);
    EXPECT_NEAR_DOUBLE(rows->v[0], -19.32131495, 5e-7);
    EXPECT_NEAR_DOUBLE(
        rows->v[1],
        lac_nn_gaussian_rows(four(tape, x), lac_tape_fill(tape, 0, 0, NULL), four(tape, s), NULL)
            ->v[0],
        1e-7);
}

/* The likelihood of a layer's logits, and d sum_r weight_r y_r by what went in, in double. */
enum { GROUPS = 9, SAMPLES = 5, WIDE = GROUPS * SAMPLES, IN = 48, OUT = 300 };

typedef struct {
    double y[WIDE], gh[WIDE * IN], gw[OUT * IN], gb[OUT];
} Likelihood;

static Likelihood *
likelihood_in_double(const float *cells, const float *o, const float *h, const float *w,
                     const float *b, const float *weight)
{
    Likelihood *l = g_new0(Likelihood, 1);

    for (size_t r = 0; r < WIDE; r++) {
        for (size_t j = 0; j < OUT; j++) {
            const size_t cell = r / SAMPLES * OUT + j;
            double z = b[j], slope;

            if (o[cell] == 0)
                continue;
            for (size_t k = 0; k < IN; k++)
                z += (double)h[r * IN + k] * (double)w[j * IN + k];
            l->y[r] += (double)cells[cell] * z - fmax(z, 0) - log1p(exp(-fabs(z)));
            slope = (double)weight[r] * ((double)cells[cell] - 1 / (1 + exp(-z)));
            l->gb[j] += slope;
            for (size_t k = 0; k < IN; k++) {
                l->gh[r * IN + k] += slope * (double)w[j * IN + k];
                l->gw[j * IN + k] += slope * (double)h[r * IN + k];
            }
        }
    }
    return l;
}

static void
fill_uniform(LacRng *rng, size_t n, double low, double high, float *v)
{
    for (size_t i = 0; i < n; i++)
        v[i] = (float)(low + (high - low) * lac_rng_uniform(rng));
}

static void
expect_all_near(const char *what, size_t n, const float *v, const double *expected,
                double tolerance)
{
    for (size_t i = 0; i < n; i++)
        LAC_CHECK_OR(return, fabs((double)v[i] - expected[i]) <= tolerance,
                           "%s: value %zu is %.9g, in double %.9g", what, i, (double)v[i],
                           expected[i]);
}

/* @roundoff: of a value of about 1; sums of more of them may be off by more */
static void
expect_likelihood(LacPrecision precision, double roundoff)
{
    LacRng rng = lac_rng_new(3);
    g_autoptr(LacTape) tape = lac_tape_new();
    g_autofree Likelihood *expected = NULL;
    LacTensor *h, *w, *b, *weight, *cells, *o, *y;

    lac_tape_set_precision(tape, precision);
    h = lac_tape_variable(tape, LAC_SHAPE(GROUPS, SAMPLES, IN));
    w = lac_tape_variable(tape, LAC_SHAPE(OUT, IN));
    b = lac_tape_variable(tape, LAC_SHAPE(OUT));
    weight = lac_tape_constant(tape, LAC_SHAPE(GROUPS, SAMPLES));
    cells = lac_tape_constant(tape, LAC_SHAPE(GROUPS, OUT));
    o = lac_tape_constant(tape, LAC_SHAPE(GROUPS, OUT));
    fill_uniform(&rng, h->size, -1, 1, h->v);
    fill_uniform(&rng, w->size, -1, 1, w->v);
    fill_uniform(&rng, b->size, -1, 1, b->v);
    fill_uniform(&rng, weight->size, 0, 1, weight->v);
    fill_uniform(&rng, cells->size, 0, 1, cells->v);
    for (size_t i = 0; i < o->size; i++) {
        o->v[i] = lac_rng_uniform(&rng) < 0.5 ? 1 : 0;
        cells->v[i] = o->v[i] == 0 ? NAN : cells->v[i];
    }
    expected = likelihood_in_double(cells->v, o->v, h->v, w->v, b->v, weight->v);
    y = lac_nn_linear_bernoulli_rows(cells, h, w, b, o);
    ASSERT_TRUE(y != NULL);
    EXPECT_EQ_INT(y->dims, 2);
    expect_all_near("y", WIDE, y->v, expected->y, OUT * roundoff);
    ASSERT_TRUE(lac_tape_backward(tape, lac_nn_sum(lac_nn_mul(y, weight), 0, FALSE), NULL));
    expect_all_near("dh", WIDE * IN, h->grad, expected->gh, 16 * roundoff);
    expect_all_near("dW", OUT * IN, w->grad, expected->gw, 8 * roundoff);
    expect_all_near("db", OUT, b->grad, expected->gb, 8 * roundoff);
}

LAC_TEST(nn_density, a_layer_and_its_likelihood_agree_with_sums_in_double)
{
    expect_likelihood(LAC_PRECISION_FLOAT32, 1e-7 * 4);
    expect_likelihood(LAC_PRECISION_BFLOAT16, 0x1p-8);
}

/* by the fused operator, whose name the result has, and by the two others */
LAC_TEST(nn_density, a_network_and_its_likelihood_are_those_of_its_logits)
{
    static const size_t wide[] = {8, 100, 700}, narrow[] = {8, 10, 30};

    for (size_t i = 0; i < 2; i++) {
        const size_t *widths = i == 0 ? wide : narrow;
        LacRng rng = lac_rng_new(7);
        g_autoptr(LacTape) tape = lac_tape_new();
        g_autoptr(LacNet) net = lac_net_new(&rng);
        LacTensor *z, *grey_cells, *fused, *plain;
        LacMlp mlp;

        lac_mlp_init(&mlp, net, "decoder", 3, widths, LAC_ACTIVATION_RELU, LAC_ACTIVATION_NONE,
                     LAC_INIT_GLOROT);
        z = lac_tape_normal(tape, &rng, LAC_SHAPE(5, 3, 8));
        grey_cells = lac_tape_fill(tape, 0.25f, LAC_SHAPE(5, widths[2]));
        fused = lac_mlp_bernoulli_rows(&mlp, z, grey_cells, NULL);
        plain = lac_nn_bernoulli_rows(grey_cells, lac_mlp_apply(&mlp, z), NULL);
        ASSERT_TRUE(fused != NULL && plain != NULL);
        EXPECT_STR(fused->op->name, i == 0 ? "linear_bernoulli_rows" : "bernoulli_rows");
        ASSERT_EQ_INT(fused->size, 15);
        for (size_t k = 0; k < 15; k++) /* a row is about 500 */
            EXPECT_NEAR_DOUBLE(fused->v[k], plain->v[k], 2e-4);
        lac_mlp_clear(&mlp);
    }
}

LAC_TEST(nn_density, codes_that_are_no_level_are_named)
{
    static const float codes[] = {1, 4}, o[] = {1, 0};
    g_autoptr(GError) error = NULL;
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *x2 = lac_tape_input(tape, codes, LAC_SHAPE(2));
    LacTensor *logits = lac_tape_fill(tape, 0, LAC_SHAPE(2, 3));
    LacTensor *seen = lac_nn_categorical_rows(x2, logits, lac_tape_input(tape, o, LAC_SHAPE(2)));

    ASSERT_TRUE(seen != NULL);
    EXPECT_NEAR_DOUBLE(seen->v[0], -log(3), 1e-7);
    EXPECT_EQ_DOUBLE(seen->v[1], 0);
    EXPECT_TRUE(lac_nn_categorical_rows(x2, logits, NULL) == NULL);
    EXPECT_FALSE(lac_tape_check(tape, &error));
    EXPECT_ERROR(error, LAC_ERROR_DATA, "row 1 holds code 4, expected 0 to 2");
}
