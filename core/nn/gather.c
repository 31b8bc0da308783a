/* Rows by number, and back. */
#include "shape-private.h"
#include <lacuna/ops.h>

#include <string.h>

/* ---- gather: y[i] = x[index[i]], along axis 0; gradients of repeats add up ---- */

static void
gather_backward(const LacTensor *y)
{
    const size_t *index = y->saved;
    LacTensor *x = y->in[0];
    const size_t row = x->size / x->shape[0];

    if (lac_tensor_first(x))
        memset(x->grad, 0, x->size * sizeof *x->grad);
    for (size_t i = 0; i < y->shape[0]; i++)
        nn_copy_pieces(1, row, y->grad + i * row, 0, x->grad + index[i] * row, 0, TRUE);
}

/* The result of @op on @x with @rows rows, values not yet computed, that keeps the @n indices. */
static LacTensor *
indexed_result(const LacOp *op, LacTensor *x, size_t rows, size_t n, const size_t *index)
{
    size_t shape[LAC_DIMS];
    LacTensor *y;

    for (unsigned d = 0; d < x->dims; d++)
        shape[d] = d == 0 ? rows : x->shape[d];
    y = lac_tape_result(op, 1, &x, x->dims, shape);
    if (y == NULL)
        return NULL;
    y->saved = lac_tape_alloc(y->tape, n * sizeof *index);
    if (y->saved == NULL)
        return NULL;
    memcpy(y->saved, index, n * sizeof *index);
    return y;
}

static void gather_record(LacTensor *y, LacTensor *gy, LacTensor **gx);

static const LacOp lac_op_gather = {
    "gather", "x[index]", gather_backward, gather_record, .assigns = TRUE,
};

LacTensor *
lac_nn_gather(LacTensor *x, size_t n, const size_t *index)
{
    LacTensor *y;
    size_t row;

    if (x == NULL)
        return NULL;
    g_assert(x->dims >= 1);
    for (size_t i = 0; i < n; i++) {
        if (index[i] >= x->shape[0])
            return lac_tape_fail(x->tape, LAC_ERROR_SHAPE,
                                 "gather: row %zu of %s, expected rows 0 to %zu", index[i],
                                 lac_tensor_shape_text(x), x->shape[0] - 1);
    }
    if (n == 0)
        return lac_tape_fail(x->tape, LAC_ERROR_SHAPE,
                             "gather: no row of %s is taken, expected 1 or more",
                             lac_tensor_shape_text(x));
    y = indexed_result(&lac_op_gather, x, n, n, index);
    if (y == NULL)
        return NULL;
    row = x->size / x->shape[0];
    for (size_t i = 0; i < n; i++)
        memcpy(y->v + i * row, x->v + index[i] * row, row * sizeof *y->v);
    return lac_tape_done(y);
}

/* ---- scatter: y[index[i]] += x[i], along axis 0: the adjoint of gather, and it of this ---- */

static void
scatter_backward(const LacTensor *y)
{
    const size_t *index = y->saved;
    LacTensor *x = y->in[0];
    const size_t row = x->size / x->shape[0];
    const gboolean add = !lac_tensor_first(x);

    for (size_t i = 0; i < x->shape[0]; i++)
        nn_copy_pieces(1, row, y->grad + index[i] * row, 0, x->grad + i * row, 0, add);
}

static void
scatter_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    const size_t *index = y->saved;

    gx[0] = lac_nn_gather(gy, y->in[0]->shape[0], index);
}

static const LacOp lac_op_scatter = {
    "scatter", "y[index] += x", scatter_backward, scatter_record, .assigns = TRUE,
};

LacTensor *
lac_nn_scatter(LacTensor *x, size_t rows, const size_t *index)
{
    LacTensor *y;
    size_t row;

    if (x == NULL)
        return NULL;
    g_assert(x->dims >= 1);
    for (size_t i = 0; i < x->shape[0]; i++) {
        if (index[i] >= rows)
            return lac_tape_fail(x->tape, LAC_ERROR_SHAPE,
                                 "scatter: %s has row %zu of %zu; rows count from 0",
                                 lac_tensor_shape_text(x), index[i], rows);
    }
    y = indexed_result(&lac_op_scatter, x, rows, x->shape[0], index);
    if (y == NULL)
        return NULL;
    row = x->size / x->shape[0];
    memset(y->v, 0, y->size * sizeof *y->v);
    for (size_t i = 0; i < x->shape[0]; i++)
        nn_copy_pieces(1, row, x->v + i * row, 0, y->v + index[i] * row, 0, TRUE);
    return lac_tape_done(y);
}

static void
gather_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    gx[0] = lac_nn_scatter(gy, y->in[0]->shape[0], y->saved);
}
