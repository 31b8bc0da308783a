/* Rows of sums and of operators that move values. */
#include "rows.h"

/* a sum over the axes of a set of bits */
#define OVER(name, label, axes, keep)                                                              \
    static LacTensor *apply_##name##_##label(LacTape *tape, LacTensor *const *x)                   \
    {                                                                                              \
        return lac_nn_##name(x[0], axes, keep);                                                    \
    }

OVER(sum, all, 0, FALSE)
OVER(sum, first, 1u << 0, FALSE)
OVER(sum, last, 1u << 1, TRUE)
OVER(sum, middle, 1u << 1, FALSE)
OVER(sum, channels, 1u << 0 | 1u << 2 | 1u << 3, TRUE)
OVER(sum, two, 1u << 1 | 1u << 3, FALSE)
OVER(mean, all, 0, TRUE)
OVER(mean, last, 1u << 1, FALSE)

OVER(logsumexp, all, 0, FALSE)
OVER(logsumexp, last, 1u << 1, TRUE)
OVER(logsumexp, first, 1u << 0, FALSE)
OVER(logsumexp, two, 1u << 0 | 1u << 2, FALSE)

static LacTensor *
apply_softmax(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_softmax(x[0]);
}

static LacTensor *
apply_log_softmax(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_log_softmax(x[0]);
}

static LacTensor *
apply_reshape(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_reshape(x[0], LAC_SHAPE(3, 2, 2));
}

static LacTensor *
apply_reshape_used_twice(LacTape *tape, LacTensor *const *x)
{
    LacTensor *twice =
        lac_nn_mul(lac_nn_reshape(x[0], LAC_SHAPE(6)), lac_nn_reshape(x[0], LAC_SHAPE(6)));

    return lac_nn_reshape(twice, LAC_SHAPE(3, 2));
}

static LacTensor *
apply_transpose(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_transpose(x[0], (const unsigned[]){1, 0});
}

static LacTensor *
apply_transpose_images(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_transpose(x[0], (const unsigned[]){2, 0, 3, 1});
}

static LacTensor *
apply_concat_first(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_concat(2, x, 0);
}

static LacTensor *
apply_concat_middle(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_concat(3, x, 1);
}

static LacTensor *
apply_slice_rows(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_slice(x[0], 0, 1, 2);
}

static LacTensor *
apply_slice_columns(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_slice(x[0], 1, 2, 2);
}

static LacTensor *
apply_gather(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_gather(x[0], 5, (const size_t[]){2, 0, 2, 2, 1});
}

static LacTensor *
apply_gather_one(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_gather(x[0], 1, (const size_t[]){0});
}

static LacTensor *
apply_scatter(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_scatter(x[0], 4, (const size_t[]){2, 0, 2});
}

ROWS(shape) = {
    ROW("sum", "all", apply_sum_all, X(3, 5)),
    ROW("sum", "one value", apply_sum_all, X(1)),
    ROW("sum", "first axis", apply_sum_first, X(3, 5)),
    ROW("sum", "last axis, kept", apply_sum_last, X(3, 5)),
    ROW("sum", "middle axis", apply_sum_middle, X(2, 3, 4)),
    ROW("sum", "all but channels", apply_sum_channels, X(2, 3, 2, 5)),
    ROW("sum", "every other axis", apply_sum_two, X(2, 3, 2, 5)),
    ROW("mean", "all, kept", apply_mean_all, X(3, 5)),
    ROW("mean", "last axis", apply_mean_last, X(3, 5)),
    ROW("logsumexp", "all", apply_logsumexp_all, X(3, 5)),
    ROW("logsumexp", "last axis, kept", apply_logsumexp_last, X(3, 5)),
    ROW("logsumexp", "first axis", apply_logsumexp_first, X(3, 5)),
    ROW("logsumexp", "outer axes", apply_logsumexp_two, X(3, 2, 4)),
    ROW("softmax", "rows", apply_softmax, X(3, 5)),
    ROW("softmax", "one level", apply_softmax, X(3, 1)),
    ROW("log_softmax", "samples", apply_log_softmax, X(2, 3, 5)),
    ROW("reshape", "matrix to cube", apply_reshape, X(4, 3)),
    ROW("reshape", "a tensor that is used twice", apply_reshape_used_twice, X(2, 3)),
    ROW("transpose", "matrix", apply_transpose, X(3, 5)),
    ROW("transpose", "images, all axes move", apply_transpose_images, X(2, 3, 4, 5)),
    ROW("transpose", "images, equal lengths", apply_transpose_images, X(2, 2, 2, 1)),
    ROW("concat", "rows", apply_concat_first, X(3, 2), X(1, 2)),
    ROW("concat", "middle axis", apply_concat_middle, X(2, 1, 3), X(2, 4, 3), X(2, 2, 3)),
    ROW("slice", "rows", apply_slice_rows, X(4, 3)),
    ROW("slice", "columns", apply_slice_columns, X(3, 4, 2)),
    ROW("gather", "with repeats", apply_gather, X(3, 4)),
    ROW("scatter", "with repeats", apply_scatter, X(3, 2)),
    /* a batch of one */
    ROW("sum", "one row", apply_sum_first, X(1, 5)),
    ROW("mean", "one row", apply_mean_last, X(1, 5)),
    ROW("logsumexp", "one row", apply_logsumexp_first, X(1, 5)),
    ROW("softmax", "one row", apply_softmax, X(1, 5)),
    ROW("log_softmax", "one row", apply_log_softmax, X(1, 1, 5)),
    ROW("reshape", "one row", apply_reshape, X(1, 12)),
    ROW("transpose", "one row", apply_transpose, X(1, 5)),
    ROW("concat", "one row", apply_concat_middle, X(1, 1, 3), X(1, 4, 3), X(1, 2, 3)),
    ROW("slice", "one row", apply_slice_columns, X(1, 5)),
    ROW("gather", "one row", apply_gather_one, X(1, 5)),
    ROW("scatter", "one row", apply_scatter, X(1, 5)),
};
ROWS_END(shape);
