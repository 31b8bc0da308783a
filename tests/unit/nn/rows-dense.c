/* Rows of small dense algebra. Positive definite matrices are M M' + I. */
#include "rows.h"

static LacTensor *
positive_definite(LacTape *tape, LacTensor *m)
{
    const size_t q = m->shape[m->dims - 1];
    LacTensor *one = lac_tape_fill(tape, 0, LAC_SHAPE(q, q));

    for (size_t i = 0; i < q; i++)
        one->v[i * q + i] = 1;
    return lac_nn_add(lac_nn_matmul(FALSE, TRUE, m, m), one);
}

static LacTensor *
apply_cholesky(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_cholesky(positive_definite(tape, x[0]));
}

/* the matrix itself is the input, and not symmetric */
static LacTensor *
apply_cholesky_of_skew(LacTape *tape, LacTensor *const *x)
{
    LacTensor *far = lac_tape_fill(tape, 0, LAC_SHAPE(4, 4));

    for (size_t i = 0; i < 4; i++)
        far->v[i * 4 + i] = 5;
    return lac_nn_cholesky(lac_nn_add(x[0], far));
}

static LacTensor *
apply_logdet(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_logdet(positive_definite(tape, x[0]));
}

static LacTensor *
apply_cholesky_solve(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_cholesky_solve(positive_definite(tape, x[0]), x[1]);
}

/* triangles with a diagonal away from 0; what lies above it is not read */
static LacTensor *
triangle(LacTape *tape, LacTensor *m)
{
    const size_t q = m->shape[m->dims - 1];
    LacTensor *three = lac_tape_fill(tape, 0, LAC_SHAPE(q, q));

    for (size_t i = 0; i < q; i++)
        three->v[i * q + i] = 3;
    return lac_nn_add(m, three);
}

static LacTensor *
apply_solve_lower(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_solve_lower(triangle(tape, x[0]), x[1], FALSE);
}

static LacTensor *
apply_solve_lower_transposed(LacTape *tape, LacTensor *const *x)
{
    return lac_nn_solve_lower(triangle(tape, x[0]), x[1], TRUE);
}

#define SMALL(...) BETWEEN(-1.0, 1.0, __VA_ARGS__)

ROWS(dense) = {
    ROW("cholesky", "one matrix", apply_cholesky, SMALL(4, 4)),
    ROW("cholesky", "a batch", apply_cholesky, SMALL(2, 3, 3)),
    ROW("cholesky", "one by one", apply_cholesky, SMALL(1, 1)),
    ROW("cholesky", "not symmetric", apply_cholesky_of_skew, SMALL(4, 4)),
    ROW("logdet", "one matrix", apply_logdet, SMALL(4, 4)),
    ROW("logdet", "a batch", apply_logdet, SMALL(3, 2, 2)),
    ROW("cholesky_solve", "one matrix", apply_cholesky_solve, SMALL(4, 4), X(4, 3)),
    ROW("cholesky_solve", "a batch", apply_cholesky_solve, SMALL(2, 3, 3), X(2, 3, 1)),
    ROW("solve_lower", "one matrix", apply_solve_lower, SMALL(4, 4), X(4, 3)),
    ROW("solve_lower", "transposed, a batch", apply_solve_lower_transposed, SMALL(2, 3, 3),
        X(2, 3, 2)),
    /* a batch of one */
    ROW("cholesky", "one of a batch", apply_cholesky, SMALL(1, 3, 3)),
    ROW("logdet", "one of a batch", apply_logdet, SMALL(1, 3, 3)),
    ROW("cholesky_solve", "one of a batch", apply_cholesky_solve, SMALL(1, 3, 3), X(1, 3, 1)),
    ROW("solve_lower", "one of a batch", apply_solve_lower, SMALL(1, 3, 3), X(1, 3, 5)),
};
ROWS_END(dense);
