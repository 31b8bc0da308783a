/* What each operator says of shapes that do not fit: its name and both of them. Unary operators
 * take any shape. */
#include "lac_test.h"

#include <lacuna/nn.h>

/* @y came of a misfit; @text is part of what the tape says, and where it begins. */
static void
expect_refused(LacTape *tape, LacTensor *y, const char *text)
{
    g_autoptr(GError) error = NULL;

    LAC_CHECK_OR((void)0, y == NULL, "a result where \"%s\" was expected", text);
    EXPECT_FALSE(lac_tape_check(tape, &error));
    EXPECT_ERROR(error, LAC_ERROR_SHAPE, text);
    lac_tape_reset(tape);
}

#define T(...) lac_tape_fill(tape, 1, LAC_SHAPE(__VA_ARGS__))

LAC_TEST(nn_misfits, elements_name_both_shapes)
{
    g_autoptr(LacTape) tape = lac_tape_new();

    expect_refused(tape, lac_nn_add(T(2, 3), T(2, 4)), "add: shapes [2 x 3] and [2 x 4]");
    expect_refused(tape, lac_nn_sub(T(2, 3), T(4)), "sub: shapes [2 x 3] and [4]");
    expect_refused(tape, lac_nn_mul(T(2, 3), T(3, 2)), "mul: shapes [2 x 3] and [3 x 2]");
    expect_refused(tape, lac_nn_div(T(5), T(2, 3)), "div: shapes [5] and [2 x 3]");
    expect_refused(tape, lac_nn_maximum(T(2), T(3)), "maximum: shapes [2] and [3]");
    expect_refused(tape, lac_nn_expected_relu(T(2, 3), T(4)),
                   "expected_relu: shapes [2 x 3] and [4]");
    expect_refused(tape, lac_nn_select(T(2), T(3), T(4)), "select: shapes [2] (mask), [3] and [4]");
}

LAC_TEST(nn_misfits, moves_name_what_is_not_there)
{
    static const unsigned twice[] = {0, 0}, far[] = {0, 5};
    static const size_t row = 5;
    g_autoptr(LacTape) tape = lac_tape_new();

    expect_refused(tape, lac_nn_transpose(T(2, 3), twice), "transpose: the axes of [2 x 3]");
    expect_refused(tape, lac_nn_transpose(T(2, 3), far), "transpose: the axes of [2 x 3]");
    expect_refused(tape, lac_nn_concat(2, (LacTensor *[]){T(2, 3), T(2, 3, 1)}, 0),
                   "concat: shapes [2 x 3] and [2 x 3 x 1]");
    expect_refused(tape, lac_nn_slice(T(2, 3), 4, 0, 1),
                   "slice: 1 entries from 0 on along axis 4 of [2 x 3]");
    expect_refused(tape, lac_nn_gather(T(2, 3), 0, &row), "gather: no row of [2 x 3]");
    expect_refused(tape, lac_nn_scatter(T(1, 3), 2, &row), "scatter: [1 x 3] has row 5 of 2");
    expect_refused(tape, lac_nn_mean(T(2, 3), 1u << 3, FALSE),
                   "mean: axes 0x8 of a tensor [2 x 3]");
    expect_refused(tape, lac_nn_logsumexp(T(2, 3), 1u << 3, FALSE),
                   "logsumexp: axes 0x8 of a tensor [2 x 3]");
}

LAC_TEST(nn_misfits, products_name_their_factors)
{
    const LacConv plain = {.stride = 1};
    g_autoptr(LacTape) tape = lac_tape_new();

    expect_refused(tape, lac_nn_matmul(FALSE, FALSE, T(2, 3), T(4, 5)),
                   "matmul: [2 x 3] and [4 x 5]");
    expect_refused(tape, lac_nn_matmul(TRUE, TRUE, T(2, 3), T(4, 5)),
                   "matmul: [2 x 3] transposed and [4 x 5] transposed");
    expect_refused(tape, lac_nn_linear(T(2, 3), T(4, 3), T(5), LAC_ACTIVATION_NONE),
                   "linear: x [2 x 3], W [4 x 3] and b [5]");
    expect_refused(tape,
                   lac_nn_conv2d(T(1, 2, 5, 5), T(4, 3, 3, 3), NULL, plain, LAC_ACTIVATION_NONE),
                   "conv2d: x [1 x 2 x 5 x 5], W [4 x 3 x 3 x 3] and b (none)");
    expect_refused(tape,
                   lac_nn_conv2d(T(1, 2, 5, 5), T(4, 2, 7, 7), NULL, plain, LAC_ACTIVATION_NONE),
                   "conv2d: x [1 x 2 x 5 x 5], W [4 x 2 x 7 x 7]");
    expect_refused(tape,
                   lac_nn_conv_transpose2d(T(1, 2, 5, 5), T(2, 4, 3, 3), T(4), plain, 9, 7,
                                           LAC_ACTIVATION_NONE),
                   "conv_transpose2d: x [1 x 2 x 5 x 5], W [2 x 4 x 3 x 3], b [4] and a result of "
                   "9 x 7");
    expect_refused(tape, lac_nn_solve_lower(T(3, 3), T(2, 1), FALSE),
                   "solve_lower: shapes [3 x 3] and [2 x 1]");
    expect_refused(tape, lac_nn_cholesky_solve(T(3, 3), T(2, 1)),
                   "cholesky_solve: shapes [3 x 3] and [2 x 1]");
    expect_refused(tape, lac_nn_logdet(T(3)), "logdet: shapes [3]");
}

LAC_TEST(nn_misfits, image_operators_say_what_they_want)
{
    LacReal running[6] = {0};
    g_autoptr(LacTape) tape = lac_tape_new();

    expect_refused(tape, lac_nn_max_pool(T(1, 1, 2, 2), 3, 1),
                   "max_pool: x [1 x 1 x 2 x 2] does not fit windows of 3 x 3");
    expect_refused(tape, lac_nn_avg_pool(T(1, 2, 2), 2, 1), "avg_pool: x [1 x 2 x 2]");
    expect_refused(tape, lac_nn_upsample(T(2, 2), 2), "upsample: x [2 x 2]");
    expect_refused(tape,
                   lac_nn_batch_norm(T(4, 3), T(2), T(3), running, (LacReal)0.1, (LacReal)1e-5),
                   "batch_norm: x [4 x 3], gamma [2] and beta [3]");
}

LAC_TEST(nn_misfits, densities_name_data_and_parameters)
{
    static const size_t labels[] = {0, 9, 1};
    g_autoptr(LacTape) tape = lac_tape_new();

    expect_refused(tape, lac_nn_gaussian_logpdf(T(2, 3), T(2, 3), T(2, 4), NULL),
                   "gaussian_logpdf: shapes [2 x 3], [2 x 3], [2 x 4]");
    expect_refused(tape, lac_nn_bernoulli_rows(T(2, 3), T(2, 4), NULL),
                   "bernoulli_rows: shapes [2 x 3], [2 x 4]");
    expect_refused(tape, lac_nn_linear_bernoulli_rows(T(2, 3), T(2, 5), T(3, 6), T(3), NULL),
                   "linear: x [2 x 5], W [3 x 6] and b [3]");
    expect_refused(tape, lac_nn_student_rows(T(2, 3), T(2, 3), T(2, 3), T(4, 3), NULL),
                   "student_rows: shapes [2 x 3], [2 x 3], [2 x 3], [4 x 3]");
    expect_refused(tape, lac_nn_logistic_rows(T(2, 3), T(2, 4), T(2, 3), NULL, (LacReal)0.5, 0, 3),
                   "logistic_rows: shapes [2 x 3], [2 x 4], [2 x 3]");
    expect_refused(tape, lac_nn_categorical_rows(T(3), T(2, 4), NULL),
                   "categorical_rows: codes [3] do not fit logits [2 x 4]");
    expect_refused(tape, lac_nn_cross_entropy(T(3), labels), "cross_entropy: logits of shape [3]");
    expect_refused(tape, lac_nn_iwae_bound(T(3)), "iwae_bound: log weights of shape [3]");
}
