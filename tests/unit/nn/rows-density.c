/* Rows of log densities and bounds. */
#include "rows.h"

static LacTensor *
apply_gaussian_logpdf(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_gaussian_logpdf(x[0], x[1], x[2], x[3]);
}

static LacTensor *
apply_gaussian_rows(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_gaussian_rows(x[0], x[1], x[2], x[3]);
}

static LacTensor *
apply_gaussian_all(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_gaussian_rows(x[0], x[1], x[2], NULL);
}

static LacTensor *
apply_factor_rows(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_factor_rows(x[0], x[1], x[2], x[3], x[4]);
}

static LacTensor *
apply_factor_all(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_factor_rows(x[0], x[1], x[2], x[3], NULL);
}

static LacTensor *
apply_normal_rows(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_normal_rows(x[0]);
}

static LacTensor *
apply_bernoulli_rows(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_bernoulli_rows(x[0], x[1], x[2]);
}

static LacTensor *
apply_bernoulli_all(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_bernoulli_rows(x[0], x[1], NULL);
}

static LacTensor *
apply_linear_bernoulli_rows(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_linear_bernoulli_rows(x[0], x[1], x[2], x[3], x[4]);
}

static LacTensor *
apply_linear_bernoulli_all(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_linear_bernoulli_rows(x[0], x[1], x[2], x[3], NULL);
}

/* h is the result of a layer that rectifies, and goes into the bias, too: its gradient is written
 * here first. */
static LacTensor *
apply_linear_bernoulli_behind(LacTape *tape, LacTensor *const *x)
{
    LacTensor *h = lac_nn_linear(x[1], x[4], x[5], LAC_ACTIVATION_RELU);

    return lac_nn_linear_bernoulli_rows(x[0], h, x[2], lac_nn_add(x[3], lac_nn_sum(h, 0, FALSE)),
                                        NULL);
}

/* The same layer has a reader whose gradient comes before. */
static LacTensor *
apply_normal_of_likelihood(LacTape *tape, LacTensor *const *x)
{
    LacTensor *h = lac_nn_linear(x[1], x[4], x[5], LAC_ACTIVATION_RELU);
    LacTensor *y = lac_nn_linear_bernoulli_rows(x[0], h, x[2], x[3], NULL);

    return lac_nn_normal_rows(lac_nn_add(y, lac_nn_sum(h, 1u << 1, FALSE)));
}

static LacTensor *
apply_student_rows(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_student_rows(x[0], x[1], x[2], x[3], x[4]);
}

static LacTensor *
apply_logistic_rows(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_logistic_rows(x[0], x[1], x[2], x[3], (LacReal)0.5, 0, 3);
}

static LacTensor *
apply_categorical_rows(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_categorical_rows(x[0], x[1], x[2]);
}

static LacTensor *
apply_categorical_all(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_categorical_rows(x[0], x[1], NULL);
}

static LacTensor *
apply_cross_entropy(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_cross_entropy(x[0], (const size_t[]){1, 0, 4});
}

static LacTensor *
apply_iwae_bound(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_iwae_bound(x[0]);
}

#define SCALE(...) BETWEEN(0.5, 2.0, __VA_ARGS__)

ROWS(density) = {
    ROW("gaussian_logpdf", "one row a row", apply_gaussian_logpdf, X(3, 5), X(3, 5), SCALE(3, 5),
        BITS(3, 5)),
    ROW("gaussian_logpdf", "samples share data", apply_gaussian_logpdf, CONSTANT(-2, 2, 3, 5),
        X(3, 4, 5), SCALE(3, 4, 5), BITS(3, 5)),
    ROW("gaussian_rows", "samples share data", apply_gaussian_rows, CONSTANT(-2, 2, 3, 5),
        X(3, 4, 5), SCALE(3, 4, 5), BITS(3, 5)),
    ROW("gaussian_rows", "draws share a posterior", apply_gaussian_all, X(3, 4, 2), X(3, 2),
        SCALE(3, 2)),
    ROW("gaussian_rows", "one scale for all", apply_gaussian_rows, CONSTANT(-2, 2, 3, 5),
        X(3, 4, 5), SCALE(1), BITS(3, 5)),
    ROW("gaussian_rows", "as many samples as rows", apply_gaussian_all, X(3, 3, 2), X(3, 2),
        SCALE(3, 2)),
    ROW("gaussian_rows", "one row", apply_gaussian_all, X(5), X(5), SCALE(5)),
    ROW("gaussian_rows", "wider than a part", apply_gaussian_rows, CONSTANT(-2, 2, 2, 300),
        X(2, 300), SCALE(300), BITS(2, 300)),
    ROW("factor_rows", "some cells", apply_factor_rows, X(3, 5), X(3, 5), X(3, 2, 5), SCALE(3, 5),
        BITS(3, 5)),
    ROW("factor_rows", "components share data", apply_factor_rows, X(2, 5), X(2, 3, 5),
        X(2, 3, 2, 5), SCALE(2, 3, 5), BITS(2, 5)),
    ROW("factor_rows", "all cells of one row", apply_factor_all, X(7), X(7), X(3, 7), SCALE(7)),
    ROW("factor_rows", "more factors than cells", apply_factor_all, X(2, 1), X(2, 1), X(2, 3, 1),
        SCALE(2, 1)),
    ROW("normal_rows", "samples", apply_normal_rows, X(3, 4, 2)),
    ROW("bernoulli_rows", "samples share data", apply_bernoulli_rows, CONSTANT(0, 1, 3, 5),
        BETWEEN(-9, 9, 3, 4, 5), BITS(3, 5)),
    ROW("bernoulli_rows", "data with a gradient", apply_bernoulli_all, BETWEEN(0, 1, 3, 5),
        X(3, 5)),
    ROW("linear_bernoulli_rows", "samples share data", apply_linear_bernoulli_rows,
        CONSTANT(0, 1, 3, 5), X(3, 4, 2), BETWEEN(-4, 4, 5, 2), X(5), BITS(3, 5)),
    ROW("linear_bernoulli_rows", "more rows than a block", apply_linear_bernoulli_all,
        CONSTANT(0, 1, 35, 6), X(35, 2), X(6, 2), X(6)),
    ROW("linear_bernoulli_rows", "wider than a part", apply_linear_bernoulli_all,
        CONSTANT(0, 1, 2, 300), X(2, 3), X(300, 3), X(300)),
    ROW("linear_bernoulli_rows", "behind a layer", apply_linear_bernoulli_behind,
        CONSTANT(0, 1, 3, 5), X(3, 2), X(5, 4), X(5), X(4, 2), X(4)),
    ROW("normal_rows", "of a likelihood behind a layer", apply_normal_of_likelihood,
        CONSTANT(0, 1, 3, 5), X(3, 2), X(5, 4), X(5), X(4, 2), X(4)),
    ROW("student_rows", "samples share data", apply_student_rows, CONSTANT(-2, 2, 3, 5), X(3, 4, 5),
        SCALE(3, 4, 5), BETWEEN(3, 30, 3, 4, 5), BITS(3, 5)),
    ROW("student_rows", "few degrees of freedom, all vary", apply_student_rows, X(3, 5), X(3, 5),
        SCALE(3, 5), BETWEEN(0.5, 3, 3, 5), BITS(3, 5)),
    ROW("student_rows", "many degrees of freedom", apply_student_rows, X(3, 5), X(3, 5),
        SCALE(3, 5), BETWEEN(100, 3000, 5), BITS(3, 5)),
    ROW("logistic_rows", "samples share data", apply_logistic_rows, CODES(4, 3, 5),
        BETWEEN(-1, 4, 3, 2, 5), BETWEEN(-2, 1, 3, 2, 5), BITS(3, 5)),
    ROW("logistic_rows", "wide and narrow", apply_logistic_rows, CODES(4, 2, 5),
        BETWEEN(0, 3, 2, 5), BETWEEN(-3, 9, 2, 5), BITS(2, 5)),
    ROW("categorical_rows", "samples share data", apply_categorical_rows, CODES(4, 3), X(3, 2, 4),
        BITS(3)),
    ROW("categorical_rows", "all cells", apply_categorical_all, CODES(4, 3, 2), X(3, 2, 4)),
    ROW("cross_entropy", "three rows", apply_cross_entropy, X(3, 5)),
    ROW("iwae_bound", "some samples", apply_iwae_bound, BETWEEN(-30, 5, 3, 5)),
    ROW("iwae_bound", "one sample", apply_iwae_bound, X(3, 1)),
    /* a batch of one */
    ROW("gaussian_logpdf", "one row", apply_gaussian_logpdf, X(1, 5), X(1, 5), SCALE(1, 5),
        BITS(1, 5)),
    ROW("gaussian_rows", "one row of samples", apply_gaussian_rows, CONSTANT(-2, 2, 1, 5),
        X(1, 3, 5), SCALE(1, 3, 5), BITS(1, 5)),
    ROW("factor_rows", "one row of components", apply_factor_rows, X(1, 5), X(1, 3, 5),
        X(1, 3, 2, 5), SCALE(1, 3, 5), BITS(1, 5)),
    ROW("normal_rows", "one row", apply_normal_rows, X(1, 3, 5)),
    ROW("bernoulli_rows", "one row", apply_bernoulli_rows, CONSTANT(0, 1, 1, 5), X(1, 3, 5),
        BITS(1, 5)),
    ROW("linear_bernoulli_rows", "one row", apply_linear_bernoulli_all, CONSTANT(0, 1, 1, 5),
        X(1, 3), X(5, 3), X(5)),
    ROW("student_rows", "one row", apply_student_rows, CONSTANT(-2, 2, 1, 5), X(1, 3, 5),
        SCALE(1, 3, 5), BETWEEN(3, 30, 1, 3, 5), BITS(1, 5)),
    ROW("logistic_rows", "one row", apply_logistic_rows, CODES(4, 1, 5), BETWEEN(-1, 4, 1, 3, 5),
        BETWEEN(-2, 1, 1, 3, 5), BITS(1, 5)),
    ROW("categorical_rows", "one row", apply_categorical_all, CODES(5, 1, 3), X(1, 3, 5)),
    ROW("cross_entropy", "one row", apply_cross_entropy, X(1, 5)),
    ROW("iwae_bound", "one row", apply_iwae_bound, X(1, 5)),
};
ROWS_END(density);
