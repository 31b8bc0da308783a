/* Convolution and batch norm with their gradients, the adjoint identity, and dropout's shares. The
 * expected numbers are PyTorch's, printed by golden/images.py in double. */
#include "lac_test.h"
#include <lacuna/nn.h>

/* the numbers golden/images.py calls v(n, a, b) */
static void
fill(LacTensor *x, size_t a, size_t b)
{
    for (size_t k = 0; k < x->size; k++)
        x->v[k] = (LacReal)(k * a % b) / (LacReal)b - (LacReal)0.5;
}

static void
expect_values(const char *what, size_t n, const double *expected, const LacReal *seen)
{
    for (size_t k = 0; k < n; k++)
        LAC_CHECK_OR((void)0, lac_test_near((double)seen[k], expected[k], 2e-6),
                     "%s: value %zu is %.8g, expected %.8g", what, k, (double)seen[k], expected[k]);
}

LAC_TEST(nn_images, strided_convolution_is_that_of_pytorch)
{
    static const double result[] = {-0.472028,  -1.0524476, -0.2412587, -0.7762238, 0.018648,
                                    -0.2960373, 0.0885781,  -0.02331,   0.4184149,  0.0512821,
                                    0.3275058,  0.4568765,  -0.8531469, -0.4160839, -0.4825175,
                                    -0.9160839, -0.1806527, -0.4009324, 0.0990676,  -0.7156177,
                                    0.4009324,  -0.0675991, 0.5897436,  -0.3333333};
    static const double by_bias[] = {-10.4195804, -2.8205128, 3.6876457};
    static const double by_image[] = {-0.1343016, 0.7666308,  -0.0700197, -0.2998028,
                                      2.3160301,  -0.5270755, -0.1009503, 0.1337637,
                                      -0.1633495, -0.047158,  0.3874843,  -0.2687825};
    static const double by_filter[] = {-0.6535283, 0.686904,   -0.3289892, -0.9732994, 2.4265734,
                                       -1.0241577, -0.3986014, 2.4297521,  -0.6516211};
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *x = lac_tape_variable(tape, LAC_SHAPE(2, 2, 4, 3));
    LacTensor *w = lac_tape_variable(tape, LAC_SHAPE(3, 2, 3, 3));
    LacTensor *b = lac_tape_variable(tape, LAC_SHAPE(3)), *y;

    fill(x, 7, 11);
    fill(w, 5, 13);
    fill(b, 1, 3);
    y = lac_nn_conv2d(x, w, b, (LacConv){2, 1, 1, 1, 1}, LAC_ACTIVATION_NONE);
    ASSERT_TRUE(lac_tape_backward(tape, lac_nn_sum(lac_nn_square(y), 0, FALSE), NULL));
    expect_values("y", G_N_ELEMENTS(result), result, y->v);
    expect_values("gradient by b", G_N_ELEMENTS(by_bias), by_bias, b->grad);
    expect_values("gradient by x", G_N_ELEMENTS(by_image), by_image, x->grad);
    expect_values("gradient by W", G_N_ELEMENTS(by_filter), by_filter, w->grad);
}

LAC_TEST(nn_images, batch_norm_is_that_of_pytorch)
{
    static const double result[] = {-0.4838469, 0.6071821,  -0.016263, 1.074766,
                                    0.4513208,  -0.1721243, 0.9189047, 0.2954595,
                                    -0.3279856, 0.7630434,  0.1395983, -0.4838469};
    static const double moments[] = {-0.007197, -0.0018939, 0.9088738, 0.9088738};
    static const double by_gamma[] = {19.8989994, -318.3839908};
    static const double by_beta[] = {22.4978836, 359.9661379};
    static const double by_image[] = {1.6832932,  -0.7264204, -0.8488151, 1.9892798,
                                      -1.1318626, -0.2546746, 0.8341507,  -1.287409,
                                      0.5893615,  -0.0710827, -1.1930599, 1.6832932};
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *x = lac_tape_variable(tape, LAC_SHAPE(2, 2, 4, 3));
    LacTensor *gamma = lac_tape_variable(tape, LAC_SHAPE(2));
    LacTensor *beta = lac_tape_variable(tape, LAC_SHAPE(2)), *y;
    LacReal running[] = {0, 0, 1, 1};

    fill(x, 7, 11);
    gamma->v[0] = (LacReal)0.5, gamma->v[1] = 2;
    beta->v[0] = (LacReal)0.25, beta->v[1] = -1;
    y = lac_nn_batch_norm(x, gamma, beta, running, (LacReal)0.1, (LacReal)1e-5);
    ASSERT_TRUE(
        lac_tape_backward(tape, lac_nn_sum(lac_nn_mul(y, lac_nn_square(y)), 0, FALSE), NULL));
    expect_values("y", G_N_ELEMENTS(result), result, y->v);
    expect_values("running moments", 4, moments, running);
    expect_values("gradient by gamma", 2, by_gamma, gamma->grad);
    expect_values("gradient by beta", 2, by_beta, beta->grad);
    expect_values("gradient by x", G_N_ELEMENTS(by_image), by_image, x->grad);
}

/* The trainer leaves out the step of such a batch; what is normalised later must not suffer. */
LAC_TEST(nn_images, a_batch_that_is_no_numbers_leaves_the_running_moments)
{
    static const LacReal spoilt[] = {NAN, INFINITY, (LacReal)1e30};
    const LacReal before[] = {(LacReal)0.5, -1, 2, (LacReal)0.25};

    for (size_t k = 0; k < G_N_ELEMENTS(spoilt); k++) {
        g_autoptr(LacTape) tape = lac_tape_new();
        LacTensor *x = lac_tape_fill(tape, 1, LAC_SHAPE(3, 2));
        LacReal running[] = {before[0], before[1], before[2], before[3]};

        x->v[2] = spoilt[k]; /* in the first column; the variance of 1e30 is beyond float */
        lac_nn_batch_norm(x, lac_tape_fill(tape, 1, LAC_SHAPE(2)),
                          lac_tape_fill(tape, 0, LAC_SHAPE(2)), running, (LacReal)0.1,
                          (LacReal)1e-5);
        ASSERT_TRUE(lac_tape_check(tape, NULL));
        EXPECT_TRUE(running[0] == before[0] && running[2] == before[2]);
        EXPECT_NEAR_DOUBLE((double)running[1], -0.8, 1e-6); /* 0.9 . -1 + 0.1 . 1 */
    }
}

/* <x * W, y> = <x, adjoint(y, W)>, at the size of an image model, in both precisions. The two sides
 * differ by rounding only: factors in bfloat16 are off by 2^-9 at most, and independently. */
LAC_TEST(nn_images, transposed_convolution_is_the_adjoint)
{
    for (int precision = LAC_PRECISION_FLOAT32; precision <= LAC_PRECISION_BFLOAT16; precision++) {
        g_autoptr(LacTape) tape = lac_tape_new();
        const LacConv geometry = {2, 0, 1, 1, 0};
        const double tolerance = precision == LAC_PRECISION_FLOAT32 ? 1e-5 : 1e-2;
        LacRng rng = lac_rng_new(11);
        LacTensor *x = lac_tape_normal(tape, &rng, LAC_SHAPE(4, 3, 29, 28));
        LacTensor *w = lac_tape_normal(tape, &rng, LAC_SHAPE(20, 3, 4, 5)), *y, *there, *back;
        double left = 0.0, right = 0.0, size = 0.0;

        lac_tape_set_precision(tape, (LacPrecision)precision);
        there = lac_nn_conv2d(x, w, NULL, geometry, LAC_ACTIVATION_NONE);
        y = lac_tape_normal(tape, &rng, there->dims, there->shape);
        back = lac_nn_conv_transpose2d(y, w, NULL, geometry, 29, 28, LAC_ACTIVATION_NONE);
        ASSERT_TRUE(lac_tape_check(tape, NULL));
        for (size_t k = 0; k < y->size; k++) {
            left += (double)there->v[k] * (double)y->v[k];
            size += (double)there->v[k] * (double)there->v[k];
        }
        for (size_t k = 0; k < x->size; k++)
            right += (double)x->v[k] * (double)back->v[k];
        LAC_CHECK_OR((void)0, fabs(left - right) <= tolerance * sqrt(size),
                     "precision %d: <x * W, y> = %.8g, <x, adjoint> = %.8g", precision, left,
                     right);
    }
}

/* Of 100,000 values at rate 0.3 the share dropped is within five of its standard deviations. */
LAC_TEST(nn_images, dropout_drops_its_share_and_keeps_the_mean)
{
    g_autoptr(LacTape) tape = lac_tape_new();
    const LacRng rng = lac_rng_new(2);
    LacTensor *x = lac_tape_fill(tape, 1, LAC_SHAPE(1000, 100)), *y;
    size_t dropped = 0;

    lac_tape_set_rng(tape, &rng);
    y = lac_nn_dropout(x, (LacReal)0.3);
    for (size_t k = 0; k < y->size; k++) {
        dropped += y->v[k] == 0;
        LAC_CHECK_OR(return, y->v[k] == 0 || fabs((double)y->v[k] - 1.0 / 0.7) < 1e-6,
                           "value %zu is %g", k, (double)y->v[k]);
    }
    EXPECT_TRUE(fabs((double)dropped / 1e5 - 0.3) < 5.0 * sqrt(0.3 * 0.7 / 1e5));
    lac_tape_set_training(tape, FALSE);
    EXPECT_TRUE(lac_nn_dropout(x, (LacReal)0.3) == x);
}
