/* Large tensors on the tape: several blocks, several threads. */
#include "lac_test.h"

#include <lacuna/nn.h>

LAC_TEST(nn_tape_large, large_tensors_give_what_small_ones_give)
{
    enum { ROWS = 1000, COLS = 257 };
    g_autoptr(GError) error = NULL;
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *x = lac_tape_variable(tape, LAC_SHAPE(ROWS, COLS)), *row, *column, *y;
    double total = 0, of_column = 0;

    for (size_t i = 0; i < x->size; i++)
        x->v[i] = (LacReal)((double)(i % 1013) / 1013.0);
    row = lac_tape_variable(tape, LAC_SHAPE(COLS));
    for (size_t j = 0; j < COLS; j++)
        row->v[j] = (LacReal)j;
    column = lac_tape_variable(tape, LAC_SHAPE(ROWS, 1));
    for (size_t i = 0; i < ROWS; i++)
        column->v[i] = (LacReal)(i % 7);
    y = lac_nn_sum(lac_nn_mul(lac_nn_mul(x, row), column), 0, FALSE);
    ASSERT_TRUE(lac_tape_backward(tape, y, &error));
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < COLS; j++)
            total += (double)x->v[i * COLS + j] * (double)j * (double)(i % 7);
        of_column += (double)x->v[i * COLS + 5] * (double)(i % 7);
    }
    EXPECT_NEAR_DOUBLE(y->v[0] / total, 1.0, 1e-6);
    EXPECT_NEAR_DOUBLE(row->grad[5] / of_column, 1.0, 1e-6);
    EXPECT_EQ_DOUBLE(x->grad[3 * COLS + 4], 12);
    total = 0;
    for (size_t j = 0; j < COLS; j++)
        total += (double)x->v[9 * COLS + j] * (double)j;
    EXPECT_NEAR_DOUBLE(column->grad[9] / total, 1.0, 1e-6);
}

enum { N = 8, C = 5, H = 40, W = 41 }; /* together more than one block of a parallel loop */

/* Offset of [n, c, h, w] in a tensor of those lengths where the axes in @dropped are 1. */
static size_t
kept_offset(unsigned dropped, size_t n, size_t c, size_t h, size_t w)
{
    const size_t index[] = {n, c, h, w}, length[] = {N, C, H, W};
    size_t offset = 0;

    for (unsigned d = 0; d < 4; d++) {
        if ((dropped & 1u << d) == 0)
            offset = offset * length[d] + index[d];
    }
    return offset;
}

/* Visits all values; @sums [N x C x H x W] collects them by the axes that are kept. */
static void
plain_sums(const LacReal *v, unsigned dropped, double *sums)
{
    memset(sums, 0, sizeof(double) * N * C * H * W);
    for (size_t n = 0; n < N; n++)
        for (size_t c = 0; c < C; c++)
            for (size_t h = 0; h < H; h++)
                for (size_t w = 0; w < W; w++)
                    sums[kept_offset(dropped, n, c, h, w)] += (double)v[kept_offset(0, n, c, h, w)];
}

/* Every set of axes, against plain loops; sums are at most 65600 of numbers below 1, rounded once.
 */
LAC_TEST(nn_tape_large, sums_over_any_axes_of_large_tensors_agree_with_plain_loops)
{
    g_autofree double *sums = g_new(double, N *C *H *W);
    g_autoptr(LacTape) tape = lac_tape_new();

    for (unsigned axes = 1; axes < 16; axes++) {
        LacTensor *x, *y;

        lac_tape_reset(tape);
        x = lac_tape_constant(tape, LAC_SHAPE(N, C, H, W));
        for (size_t i = 0; i < x->size; i++)
            x->v[i] = (LacReal)((double)(i * 31 % 1013) / 1013.0);
        y = lac_nn_sum(x, axes, FALSE);
        plain_sums(x->v, axes, sums);
        for (size_t i = 0; i < y->size; i++)
            LAC_CHECK_OR(break, lac_test_near((double)y->v[i], sums[i], 1e-7),
                         "axes %x: value %zu is %g, expected %g", axes, i, (double)y->v[i],
                         sums[i]);
    }
}

/* a b for a of full shape and b with lengths of 1 in any set of axes */
LAC_TEST(nn_tape_large, large_tensors_stretch_along_any_axes)
{
    g_autoptr(LacTape) tape = lac_tape_new();
    const size_t length[] = {N, C, H, W};

    for (unsigned axes = 0; axes < 16; axes++) {
        size_t shape[4], wrong = 0;
        LacTensor *a, *b, *y;

        lac_tape_reset(tape);
        for (unsigned d = 0; d < 4; d++)
            shape[d] = (axes & 1u << d) != 0 ? 1 : length[d];
        a = lac_tape_constant(tape, 4, length);
        b = lac_tape_constant(tape, 4, shape);
        for (size_t i = 0; i < a->size; i++)
            a->v[i] = (LacReal)(i % 1013);
        for (size_t i = 0; i < b->size; i++)
            b->v[i] = (LacReal)(i % 107);
        y = lac_nn_sub(a, b);
        for (size_t n = 0; n < N; n++)
            for (size_t c = 0; c < C; c++)
                for (size_t h = 0; h < H; h++)
                    for (size_t w = 0; w < W; w++) {
                        const size_t i = kept_offset(0, n, c, h, w);

                        wrong += y->v[i] != a->v[i] - b->v[kept_offset(axes, n, c, h, w)];
                    }
        EXPECT_EQ_INT(wrong, 0);
    }
}
