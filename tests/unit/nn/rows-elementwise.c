/* Rows of element-wise operators and of broadcasting. */
#include "rows.h"

/* an operator of one tensor */
#define UNARY(name)                                                                                \
    static LacTensor *apply_##name(LacTape *tape, LacTensor *const *x)                             \
    {                                                                                              \
        return lac_nn_##name(x[0]);                                                                \
    }
#define BINARY(name)                                                                               \
    static LacTensor *apply_##name(LacTape *tape, LacTensor *const *x)                             \
    {                                                                                              \
        return lac_nn_##name(x[0], x[1]);                                                          \
    }

BINARY(add)
BINARY(sub)
BINARY(mul)
BINARY(div)
BINARY(maximum)
UNARY(square)
UNARY(sqrt)
UNARY(abs)
UNARY(exp)
UNARY(log)
UNARY(relu)
UNARY(tanh)
UNARY(sigmoid)
UNARY(softplus)

static LacTensor *
apply_affine(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_affine(x[0], -3, (LacReal)0.5);
}

static LacTensor *
apply_neg(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_neg(x[0]);
}

static LacTensor *
apply_leaky_relu(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_leaky_relu(x[0], (LacReal)0.2);
}

static LacTensor *
apply_elu(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_elu(x[0], (LacReal)1.5);
}

static LacTensor *
apply_clip(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_clip(x[0], (LacReal)-0.75, (LacReal)1.25);
}

static LacTensor *
apply_normal_cdf(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_normal_cdf(x[0]);
}

static LacTensor *
apply_expected_relu(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_expected_relu(x[0], x[1]);
}

static LacTensor *
apply_select(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_select(x[0], x[1], x[2]);
}

static LacTensor *
apply_square_as_product(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_mul(x[0], x[0]);
}

static LacTensor *
apply_broadcast(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_broadcast(x[0], LAC_SHAPE(3, 2, 5));
}

ROWS(elementwise) = {
    ROW("add", "same shape", apply_add, X(3, 5), X(3, 5)),
    ROW("add", "a row", apply_add, X(3, 5), X(5)),
    ROW("add", "a column", apply_add, X(3, 1), X(3, 5)),
    ROW("add", "both stretch", apply_add, X(3, 1, 2), X(4, 1)),
    ROW("add", "a scalar", apply_add, X(1), X(2, 3, 2, 2)),
    ROW("add", "one channel", apply_add, X(2, 3, 2, 2), X(3, 1, 1)),
    ROW("sub", "same shape", apply_sub, X(7), X(7)),
    ROW("sub", "samples", apply_sub, X(2, 1, 3), X(2, 4, 3)),
    ROW("mul", "same shape", apply_mul, X(3, 5), X(3, 5)),
    ROW("mul", "a row times a column", apply_mul, X(5), X(3, 1)),
    ROW("mul", "one by one", apply_mul, X(1, 1), X(1, 1)),
    ROW("mul", "outer axes differ", apply_mul, X(2, 1, 3, 1), X(4, 1, 5)),
    ROW("mul", "with itself", apply_square_as_product, X(3, 5)),
    ROW("div", "same shape", apply_div, X(3, 5), BETWEEN(0.5, 2, 3, 5)),
    ROW("div", "by a column", apply_div, X(3, 5), BETWEEN(-2, -0.5, 3, 1)),
    ROW("maximum", "with a row", apply_maximum, X(3, 5), X(5)),
    ROW("affine", "odd size", apply_affine, X(3, 7)),
    ROW("affine", "negation", apply_neg, X(2)),
    ROW("square", "odd size", apply_square, X(3, 7)),
    ROW("sqrt", "odd size", apply_sqrt, BETWEEN(0.1, 4, 3, 7)),
    ROW("abs", "odd size", apply_abs, X(3, 7)),
    ROW("exp", "odd size", apply_exp, X(3, 7)),
    ROW("log", "odd size", apply_log, BETWEEN(0.1, 4, 3, 7)),
    ROW("relu", "odd size", apply_relu, X(3, 7)),
    ROW("leaky_relu", "odd size", apply_leaky_relu, X(3, 7)),
    ROW("elu", "odd size", apply_elu, X(3, 7)),
    ROW("tanh", "odd size", apply_tanh, X(3, 7)),
    ROW("sigmoid", "odd size", apply_sigmoid, BETWEEN(-8, 8, 3, 7)),
    ROW("softplus", "odd size", apply_softplus, BETWEEN(-8, 8, 3, 7)),
    ROW("clip", "odd size", apply_clip, X(3, 7)),
    ROW("normal_cdf", "odd size", apply_normal_cdf, BETWEEN(-4, 4, 3, 7)),
    ROW("normal_cdf", "one value", apply_normal_cdf, X(1)),
    ROW("expected_relu", "images", apply_expected_relu, X(2, 3, 3, 5), BETWEEN(0.1, 2, 2, 3, 3, 5)),
    ROW("expected_relu", "one variance a channel", apply_expected_relu, X(2, 3, 1, 5),
        BETWEEN(0.1, 2, 3, 1, 1)),
    ROW("expected_relu", "one value", apply_expected_relu, X(1), BETWEEN(0.1, 2, 1)),
    ROW("expected_relu", "small variances", apply_expected_relu, BETWEEN(0.5, 2, 7),
        BETWEEN(0.01, 0.05, 7)),
    ROW("select", "same shape", apply_select, BITS(3, 5), X(3, 5), X(3, 5)),
    ROW("select", "all stretch", apply_select, BITS(3, 1, 1), X(4, 1), X(5)),
    ROW("broadcast", "one in the middle", apply_broadcast, X(3, 1, 5)),
    ROW("broadcast", "leading axes", apply_broadcast, X(2, 1)),
    /* a batch of one */
    ROW("affine", "one row", apply_affine, X(1, 5)),
    ROW("square", "one row", apply_square, X(1, 5)),
    ROW("sqrt", "one row", apply_sqrt, BETWEEN(0.1, 4, 1, 5)),
    ROW("abs", "one row", apply_abs, X(1, 5)),
    ROW("exp", "one row", apply_exp, X(1, 5)),
    ROW("log", "one row", apply_log, BETWEEN(0.1, 4, 1, 5)),
    ROW("relu", "one row", apply_relu, X(1, 5)),
    ROW("leaky_relu", "one row", apply_leaky_relu, X(1, 5)),
    ROW("elu", "one row", apply_elu, X(1, 5)),
    ROW("tanh", "one row", apply_tanh, X(1, 5)),
    ROW("sigmoid", "one row", apply_sigmoid, X(1, 5)),
    ROW("softplus", "one row", apply_softplus, X(1, 5)),
    ROW("clip", "one row", apply_clip, X(1, 5)),
    ROW("normal_cdf", "one row", apply_normal_cdf, X(1, 5)),
    ROW("add", "one row", apply_add, X(1, 5), X(1, 5)),
    ROW("sub", "one row", apply_sub, X(1, 5), X(5)),
    ROW("mul", "one row", apply_mul, X(1, 5), X(1, 1)),
    ROW("div", "one row", apply_div, X(1, 5), BETWEEN(0.5, 2, 1, 5)),
    ROW("maximum", "one row", apply_maximum, X(1, 5), X(1, 5)),
    ROW("expected_relu", "one row", apply_expected_relu, X(1, 5), BETWEEN(0.1, 2, 1, 5)),
    ROW("maximum", "with a column", apply_maximum, X(3, 1), X(3, 5)),
    ROW("select", "one row", apply_select, BITS(1, 5), X(1, 5), X(1, 1)),
    ROW("broadcast", "one row", apply_broadcast, X(1, 5)),
};
ROWS_END(elementwise);
