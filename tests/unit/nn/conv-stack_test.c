/* Chains of convolutions against the operators they stand for, one by one, which conv_test.c and
 * images_test.c hold against sums in double and against PyTorch. */
#include "context-private.h"
#include "lac_test.h"
#include <lacuna/nn.h>
#include <lacuna/parallel.h>

#include <math.h>
#include <string.h>

enum { MOST_LAYERS = 4 };

/** Layer: filters of @kernel x @kernel, in @geometry. */
typedef struct {
    size_t filters, kernel;
    LacConv geometry;
    LacActivation activation;
} Layer;

/** Case: images and the layers behind them; @norm: each with batch norm. */
typedef struct {
    size_t n, channels, height, width;
    gboolean norm, by_image;
    size_t layers;
    Layer layer[MOST_LAYERS];
} Case;

#define SAME                                                                                       \
    {                                                                                              \
        1, 1, 1, 1, 1                                                                              \
    }

/* the network of the benchmark on small images; odd sizes, strides, paddings, numbers of filters;
 * lines longer than a tile; kernels of one pixel and wide ones; strides beyond the kernel */
static const Case cases[] = {
    {6,
     1,
     10,
     10,
     TRUE,
     FALSE,
     4,
     {{32, 3, SAME, LAC_ACTIVATION_RELU},
      {64, 3, {2, 1, 1, 1, 1}, LAC_ACTIVATION_RELU},
      {64, 3, SAME, LAC_ACTIVATION_RELU},
      {64, 3, SAME, LAC_ACTIVATION_RELU}}},
    {3,
     2,
     9,
     21,
     TRUE,
     TRUE,
     2,
     {{17, 3, {1, 2, 0, 1, 0}, LAC_ACTIVATION_RELU},
      {40, 4, {3, 1, 2, 0, 1}, LAC_ACTIVATION_NONE}}},
    {2,
     20,
     7,
     38,
     FALSE,
     TRUE,
     2,
     {{33, 2, {1, 0, 1, 1, 0}, LAC_ACTIVATION_RELU},
      {16, 1, {2, 0, 0, 0, 0}, LAC_ACTIVATION_RELU}}},
    {1,
     35,
     5,
     4,
     FALSE,
     TRUE,
     2,
     {{48, 1, {1, 0, 0, 0, 0}, LAC_ACTIVATION_NONE},
      {70, 5, {1, 2, 2, 2, 2}, LAC_ACTIVATION_RELU}}},
    {5,
     3,
     12,
     6,
     TRUE,
     FALSE,
     2,
     {{16, 5, {2, 2, 2, 2, 2}, LAC_ACTIVATION_RELU},
      {18, 3, {1, 4, 0, 3, 5}, LAC_ACTIVATION_RELU}}},
    {9, 16, 33, 3, TRUE, TRUE, 1, {{16, 3, {2, 0, 1, 1, 2}, LAC_ACTIVATION_RELU}}},
};

/** Run: a network of a case under one of both. */
typedef struct {
    LacNet *net;
    LacConvLayer conv[MOST_LAYERS];
    LacBatchNorm norm[MOST_LAYERS];
    LacTape *tape;
    LacTensor *x, *y;
} Run;

static void
run_open(Run *run, const Case *c, LacPrecision precision)
{
    const LacRng root = lac_rng_new(7);
    LacRng rng = lac_rng_new(8);
    size_t channels = c->channels;

    *run = (Run){.net = lac_net_new(&root), .tape = lac_tape_new()};
    for (size_t k = 0; k < c->layers; k++) {
        const Layer *l = &c->layer[k];
        g_autofree char *conv = g_strdup_printf("conv%zu", k);
        g_autofree char *norm = g_strdup_printf("norm%zu", k);

        lac_conv_init(&run->conv[k], run->net, conv, channels, l->filters, l->kernel, l->geometry,
                      l->activation, LAC_INIT_HE_UNIFORM);
        if (c->norm)
            lac_batch_norm_init(&run->norm[k], run->net, norm, l->filters);
        channels = l->filters;
    }
    lac_tape_set_precision(run->tape, precision);
    run->x = c->by_image
                 ? lac_tape_variable(run->tape, LAC_SHAPE(c->n, c->channels, c->height, c->width))
                 : lac_tape_constant(run->tape, LAC_SHAPE(c->n, c->channels, c->height, c->width));
    for (size_t i = 0; i < run->x->size; i++)
        run->x->v[i] = (LacReal)(lac_rng_uniform(&rng) - 0.25);
}

static void
run_step(Run *run, const Case *c, gboolean stack)
{
    const LacBatchNorm *norm = c->norm ? run->norm : NULL;
    LacTensor *y = run->x, *w;

    lac_net_zero_gradient(run->net);
    if (stack)
        y = lac_conv_stack_apply(c->layers, run->conv, norm, y);
    for (size_t k = 0; k < c->layers && !stack; k++) {
        y = lac_conv_apply(&run->conv[k], y);
        y = norm != NULL ? lac_batch_norm_apply(&norm[k], y) : y;
    }
    ASSERT_TRUE(y != NULL);
    run->y = y;
    w = lac_tape_constant(run->tape, y->dims, y->shape);
    for (size_t i = 0; i < w->size; i++)
        w->v[i] = (LacReal)(i * 7 % 11) / 11 - (LacReal)0.4;
    ASSERT_TRUE(lac_tape_backward(run->tape, lac_nn_sum(lac_nn_mul(y, w), 0, FALSE), NULL));
}

static void
run_close(Run *run)
{
    lac_net_free(run->net);
    lac_tape_free(run->tape);
}

/* No value further off than @tolerance of the largest. */
static void
expect_near(const char *what, size_t k, size_t n, const LacReal *seen, const LacReal *expected,
            double tolerance)
{
    double largest = 0.0;

    for (size_t i = 0; i < n; i++)
        largest = MAX(largest, fabs((double)expected[i]));
    for (size_t i = 0; i < n; i++)
        LAC_CHECK_OR(return, fabs((double)seen[i] - (double)expected[i]) <= tolerance * largest,
                           "case %zu, %s: value %zu of %zu is %g, expected %g; the largest is %g",
                           k, what, i, n, (double)seen[i], (double)expected[i], largest);
}

/* Values of the parameters of a layer, which lie one behind the other. */
static size_t
layer_values(const Case *c, size_t channels, const Layer *l)
{
    return l->filters * (channels * l->kernel * l->kernel + 1 + (c->norm ? 2 : 0));
}

/* Values, moments and all gradients. */
static void
compare(size_t k, double tolerance)
{
    const Case *c = &cases[k];
    size_t at = 0, channels = c->channels;
    Run one, other;

    run_open(&one, c, LAC_PRECISION_FLOAT32);
    run_open(&other, c, LAC_PRECISION_FLOAT32);
    run_step(&one, c, FALSE);
    run_step(&other, c, TRUE);
    expect_near("y", k, one.y->size, other.y->v, one.y->v, tolerance);
    if (c->by_image)
        expect_near("gradient by x", k, one.x->size, other.x->grad, one.x->grad, tolerance);
    for (size_t l = 0; l < c->layers; l++) {
        const size_t n = layer_values(c, channels, &c->layer[l]);

        expect_near(l == 0 ? "first gradient" : "gradient", k, n, lac_net_gradient(other.net) + at,
                    lac_net_gradient(one.net) + at, tolerance);
        if (c->norm)
            expect_near("running moments", k, 2 * c->layer[l].filters, other.norm[l].running,
                        one.norm[l].running, tolerance);
        at += n;
        channels = c->layer[l].filters;
    }
    run_close(&one);
    run_close(&other);
}

/* The same sums in another order: some roundings of 6e-8, which the moments of few values magnify.
 */
LAC_TEST(nn_conv_stack, is_its_layers_one_by_one)
{
    for (size_t k = 0; k < G_N_ELEMENTS(cases); k++)
        compare(k, 3e-6);
}

/* The distance of the gradients of @run from @exact, beside their own length. */
static double
gradient_error(const Run *run, const Run *exact)
{
    const LacReal *seen = lac_net_gradient(run->net), *expected = lac_net_gradient(exact->net);
    double error = 0.0, size = 0.0;

    for (size_t i = 0; i < lac_net_size(run->net); i++) {
        error += pow((double)seen[i] - (double)expected[i], 2.0);
        size += pow((double)expected[i], 2.0);
    }
    return sqrt(error / size);
}

/* Rounding to eight bits turns the slopes of some ReLUs over, so that single gradients may be far
 * off with or without a chain; all together they are as near to the exact ones. The chain also
 * rounds what is between its layers: a few roundings more a layer, less than as much again. */
LAC_TEST(nn_conv_stack, bfloat16_loses_no_more_than_layer_by_layer)
{
    for (size_t k = 0; k < G_N_ELEMENTS(cases); k++) {
        const LacPrecision precisions[] = {LAC_PRECISION_FLOAT32, LAC_PRECISION_BFLOAT16,
                                           LAC_PRECISION_BFLOAT16};
        Run run[3];
        double apart, chained;

        for (size_t r = 0; r < 3; r++) {
            run_open(&run[r], &cases[k], precisions[r]);
            run_step(&run[r], &cases[k], r == 2);
        }
        apart = gradient_error(&run[1], &run[0]);
        chained = gradient_error(&run[2], &run[0]);
        LAC_CHECK_OR((void)0, chained <= 2 * apart + 1e-3, "case %zu: off by %g, layer by layer %g",
                     k, chained, apart);
        for (size_t r = 0; r < 3; r++)
            run_close(&run[r]);
    }
}

/* What a thread sums does not depend on which thread it is. */
LAC_TEST(nn_conv_stack, is_the_same_for_any_number_of_threads)
{
    const Case *c = &cases[0];
    const unsigned before = lac_threads();
    Run one, two;

    run_open(&one, c, LAC_PRECISION_FLOAT32);
    run_open(&two, c, LAC_PRECISION_FLOAT32);
    lac_threads_set(1);
    run_step(&one, c, TRUE);
    lac_threads_set(2);
    run_step(&two, c, TRUE);
    lac_threads_set(before);
    EXPECT_TRUE(memcmp(one.y->v, two.y->v, one.y->size * sizeof *one.y->v) == 0);
    EXPECT_TRUE(memcmp(lac_net_gradient(one.net), lac_net_gradient(two.net),
                       lac_net_size(one.net) * sizeof(LacReal)) == 0);
    run_close(&one);
    run_close(&two);
}
