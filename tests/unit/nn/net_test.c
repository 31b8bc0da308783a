/* Networks: initial values, names, checkpoints, tables for people. */
#include "lac_test.h"
#include "table-private.h"

#include <lacuna/nn.h>

static LacNet *
net_seeded(uint64_t seed)
{
    const LacRng rng = lac_rng_new(seed);

    return lac_net_new(&rng);
}

/* mean and variance of @n values */
static void
moments(size_t n, const LacReal *v, double *mean, double *variance)
{
    double sum = 0, squares = 0;

    for (size_t k = 0; k < n; k++)
        sum += (double)v[k];
    *mean = sum / (double)n;
    for (size_t k = 0; k < n; k++)
        squares += ((double)v[k] - *mean) * ((double)v[k] - *mean);
    *variance = squares / (double)(n - 1);
}

/* 40000 values: the mean's error is sd / 200, that of a variance at most 1.4 / 200 of it; four of
 * those are allowed. */
LAC_TEST(nn_net, initial_values_have_the_stated_moments)
{
    static const struct {
        LacInit init;
        double variance, bound; /* 0: no bound */
    } rows[] = {
        {LAC_INIT_GLOROT, 2.0 / 400, 0.122474487139}, /* sqrt(6 / 400) */
        {LAC_INIT_HE, 2.0 / 100, 0},
        {LAC_INIT_HE_UNIFORM, 1.0 / 300, 0.1},
        {LAC_INIT_NORMAL, 0.0025, 0},
        {LAC_INIT_GLOROT_NORMAL, 2.0 / 400, 0},
    };
    g_autoptr(LacNet) net = net_seeded(1);

    for (size_t k = 0; k < G_N_ELEMENTS(rows); k++) {
        g_autofree char *name = g_strdup_printf("w%zu", k);
        LacNetParam *w = lac_net_add(net, name, rows[k].init, 100, 300, LAC_SHAPE(200, 200));
        const LacReal *v = lac_net_param_values(w);
        double mean, variance;

        moments(40000, v, &mean, &variance);
        EXPECT_TRUE(fabs(mean) < 4 * sqrt(rows[k].variance) / 200);
        EXPECT_TRUE(fabs(variance / rows[k].variance - 1) < 4 * 1.4142 / 200);
        for (size_t i = 0; rows[k].bound > 0 && i < 40000; i++)
            LAC_CHECK_OR(break, fabs((double)v[i]) <= rows[k].bound * (1 + 1e-6), "value %g",
                         (double)v[i]);
    }
}

/* the shorter side of the weight, as rows, times its transpose is the identity */
LAC_TEST(nn_net, orthogonal_weights_are_orthogonal)
{
    static const size_t shapes[][2] = {{5, 9}, {9, 5}, {4, 4}, {1, 3}};
    g_autoptr(LacNet) net = net_seeded(1);

    for (size_t k = 0; k < G_N_ELEMENTS(shapes); k++) {
        const size_t rows = shapes[k][0], cols = shapes[k][1], n = MIN(rows, cols);
        g_autofree char *name = g_strdup_printf("w%zu", k);
        LacNetParam *w =
            lac_net_add(net, name, LAC_INIT_ORTHOGONAL, cols, rows, LAC_SHAPE(rows, cols));
        const LacReal *v = lac_net_param_values(w);

        for (size_t a = 0; a < n; a++) {
            for (size_t b = 0; b < n; b++) {
                double dot = 0;

                for (size_t i = 0; i < MAX(rows, cols); i++)
                    dot += rows <= cols ? (double)v[a * cols + i] * (double)v[b * cols + i]
                                        : (double)v[i * cols + a] * (double)v[i * cols + b];
                EXPECT_NEAR_DOUBLE(dot, a == b, 1e-6);
            }
        }
    }
}

LAC_TEST(nn_net, a_parameter_starts_the_same_whatever_else_there_is)
{
    g_autoptr(LacNet) one = net_seeded(1), two = net_seeded(1), other = net_seeded(2);
    LacNetParam *a, *b, *c;

    a = lac_net_add(one, "w", LAC_INIT_GLOROT, 3, 2, LAC_SHAPE(2, 3));
    lac_net_add(two, "before", LAC_INIT_GLOROT, 3, 2, LAC_SHAPE(2, 3));
    b = lac_net_add(two, "w", LAC_INIT_GLOROT, 3, 2, LAC_SHAPE(2, 3));
    c = lac_net_add(other, "w", LAC_INIT_GLOROT, 3, 2, LAC_SHAPE(2, 3));
    EXPECT_TRUE(memcmp(lac_net_param_values(a), lac_net_param_values(b), 6 * sizeof(float)) == 0);
    EXPECT_FALSE(memcmp(lac_net_param_values(a), lac_net_param_values(c), 6 * sizeof(float)) == 0);
}

LAC_TEST(nn_net, a_table_tells_names_shapes_and_counts)
{
    g_autoptr(LacNet) net = net_seeded(1);
    g_autofree char *text = NULL;
    LacConvLayer conv;
    LacBatchNorm norm;

    lac_conv_init(&conv, net, "conv", 1, 16, 5, lac_conv_same(28, 5, 2), LAC_ACTIVATION_RELU,
                  LAC_INIT_GLOROT);
    lac_batch_norm_init(&norm, net, "norm", 16);
    EXPECT_EQ_INT(lac_net_size(net), 416 + 32);
    EXPECT_TRUE(lac_net_is_weight(net, 0));
    EXPECT_TRUE(lac_net_is_weight(net, 399));
    EXPECT_FALSE(lac_net_is_weight(net, 400));
    EXPECT_FALSE(lac_net_is_weight(net, 447));
    text = lac_net_describe(net);
    EXPECT_CONTAINS(text, "conv.weight");
    EXPECT_CONTAINS(text, "16 x 1 x 5 x 5");
    EXPECT_CONTAINS(text, "448 values are trained, 32 are kept beside them");
}

/* 28 -> 14 and 14 -> 7 pad one before and two after, 7 -> 4 two and two: TensorFlow's SAME */
LAC_TEST(nn_net, same_padding_is_tensorflows)
{
    const LacConv even = lac_conv_same(28, 5, 2), odd = lac_conv_same(7, 5, 2);
    const LacConv none = lac_conv_same(8, 2, 2);

    EXPECT_EQ_INT(even.top, 1);
    EXPECT_EQ_INT(even.bottom, 2);
    EXPECT_EQ_INT(odd.left, 2);
    EXPECT_EQ_INT(odd.right, 2);
    EXPECT_EQ_INT(none.top + none.bottom, 0);
}

LAC_TEST(nn_net, the_largest_gradient_is_named_and_nan_is_the_largest)
{
    g_autoptr(LacNet) net = net_seeded(1);
    double value;

    lac_net_add(net, "a", LAC_INIT_ZEROS, 1, 1, LAC_SHAPE(2));
    lac_net_add(net, "b", LAC_INIT_ZEROS, 1, 1, LAC_SHAPE(3));
    lac_net_gradient(net)[1] = 2;
    lac_net_gradient(net)[4] = -3;
    EXPECT_STR(lac_net_largest_gradient(net, &value), "b");
    EXPECT_EQ_DOUBLE(value, -3);
    lac_net_gradient(net)[0] = NAN;
    EXPECT_STR(lac_net_largest_gradient(net, &value), "a");
    EXPECT_TRUE(isnan(value));
}

LAC_TEST(nn_net, frozen_parameters_get_no_gradient)
{
    g_autoptr(LacTape) tape = lac_tape_new();
    g_autoptr(LacNet) net = net_seeded(1);
    LacNetParam *w = lac_net_add(net, "w", LAC_INIT_ONES, 1, 1, LAC_SHAPE(2));

    EXPECT_TRUE(lac_net_use(tape, w)->wants_grad);
    lac_net_freeze(net, TRUE);
    EXPECT_FALSE(lac_net_use(tape, w)->wants_grad);
}

/* ---- checkpoints ---- */

typedef struct {
    LacNet *net;
    LacMlp mlp;
    LacBatchNorm norm;
} Small;

static void
small_open(Small *small, uint64_t seed, size_t width)
{
    small->net = net_seeded(seed);
    lac_mlp_init(&small->mlp, small->net, "mlp", 3, (const size_t[]){4, width, 2},
                 LAC_ACTIVATION_RELU, LAC_ACTIVATION_NONE, LAC_INIT_HE_UNIFORM);
    lac_batch_norm_init(&small->norm, small->net, "norm", 2);
}

static void
small_close(Small *small)
{
    lac_mlp_clear(&small->mlp);
    lac_net_free(small->net);
}

LAC_TEST(nn_net, a_checkpoint_brings_back_every_bit)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacBundle) bundle = lac_bundle_new();
    Small a, b;

    small_open(&a, 1, 5);
    small_open(&b, 2, 5);
    a.norm.running[3] = 0.125f;
    lac_net_save(a.net, "model.", bundle);
    ASSERT_TRUE(lac_net_load(b.net, "model.", bundle, &error));
    EXPECT_TRUE(memcmp(lac_net_values(a.net), lac_net_values(b.net),
                       lac_net_size(a.net) * sizeof(float)) == 0);
    EXPECT_EQ_DOUBLE(b.norm.running[3], 0.125);
    small_close(&a);
    small_close(&b);
}

/* Loads @bundle into a net of its own, which must refuse it and stay as it was. */
static void
expect_checkpoint_refused(const LacBundle *bundle, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autofree LacReal *before = NULL;
    Small small;

    small_open(&small, 7, 5);
    before = g_memdup2(lac_net_values(small.net), lac_net_size(small.net) * sizeof *before);
    EXPECT_FALSE(lac_net_load(small.net, "", bundle, &error));
    EXPECT_ERROR(error, LAC_ERROR_DATA, part);
    EXPECT_TRUE(
        memcmp(before, lac_net_values(small.net), lac_net_size(small.net) * sizeof *before) == 0);
    small_close(&small);
}

LAC_TEST(nn_net, checkpoints_of_other_nets_and_damaged_ones_are_refused)
{
    g_autoptr(LacBundle) empty = lac_bundle_new(), wider = lac_bundle_new();
    g_autoptr(LacBundle) broken = lac_bundle_new();
    Small other, nan;

    expect_checkpoint_refused(empty, "there is no block 'mlp.0.weight'");
    small_open(&other, 1, 6);
    lac_net_save(other.net, "", wider);
    expect_checkpoint_refused(wider, "'mlp.0.weight' holds F32 numbers of shape [6, 4], expected "
                                     "F32 of shape [5, 4]");
    small_close(&other);
    small_open(&nan, 1, 5);
    lac_net_values(nan.net)[lac_net_size(nan.net) - 1] = NAN;
    lac_net_save(nan.net, "", broken);
    expect_checkpoint_refused(broken, "value 1 of 'norm.beta' is nan");
    small_close(&nan);
}
