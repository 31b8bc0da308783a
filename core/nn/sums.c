/* Sums and means over axes, and their adjoint, stretching to a shape. */
#include "map-private.h"
#include "shape-private.h"
#include <lacuna/ops.h>

/* ---- what they share ---- */

gboolean
nn_axes(const LacOp *op, const LacTensor *x, unsigned *axes)
{
    const unsigned all = (1u << x->dims) - 1u;

    if (*axes == 0)
        *axes = all;
    if ((*axes & ~all) == 0)
        return TRUE;
    lac_tape_fail(x->tape, LAC_ERROR_SHAPE,
                  "%s: axes 0x%x of a tensor %s, expected bits 0 to %u, one a dimension", op->name,
                  *axes, lac_tensor_shape_text(x), x->dims == 0 ? 0 : x->dims - 1);
    return FALSE;
}

NnShape
nn_shape_without(const LacTensor *x, unsigned axes, gboolean keep)
{
    NnShape shape = {0};

    for (unsigned d = 0; d < x->dims; d++) {
        if ((axes & 1u << d) == 0)
            shape.n[shape.dims++] = x->shape[d];
        else if (keep)
            shape.n[shape.dims++] = 1;
    }
    return shape;
}

/* What backward needs: the shape of the result with lengths of 1 kept, and a factor. */
typedef struct {
    NnShape kept;
    double scale;
} SumSaved;

static LacTensor *
sum_scaled(const LacOp *op, LacTensor *x, unsigned axes, gboolean keep, gboolean mean)
{
    SumSaved *saved;
    LacTensor *y;
    NnShape shape;

    if (x == NULL || !nn_axes(op, x, &axes))
        return NULL;
    shape = nn_shape_without(x, axes, keep);
    y = lac_tape_result(op, 1, &x, shape.dims, shape.n);
    saved = y != NULL ? lac_tape_alloc(y->tape, sizeof *saved) : NULL;
    if (saved == NULL)
        return NULL;
    saved->kept = nn_shape_without(x, axes, TRUE);
    saved->scale = mean ? (double)y->size / (double)x->size : 1.0;
    y->saved = saved;
    if (!nn_reduce(y->tape, &(NnOperand){x->v, nn_shape(x)}, &saved->kept, saved->scale, y->v,
                   FALSE))
        return NULL;
    return lac_tape_done(y);
}

LAC_CLONES static void
scaled(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0], scale = p[0];

    NN_EACH(scale * gy[i]);
}

/* dy/dx = scale for every term */
static void
sum_backward(const LacTensor *y)
{
    const SumSaved *saved = y->saved;
    LacTensor *x = y->in[0];
    const NnShape shape = nn_shape(x);
    const LacReal scale = (LacReal)saved->scale;

    nn_map(scaled, &scale, 1, &(NnOperand){y->grad, saved->kept}, &shape, x->grad,
           !lac_tensor_first(x));
}

static void
sum_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    const SumSaved *saved = y->saved;
    LacTensor *x = y->in[0], *kept = lac_nn_reshape(gy, saved->kept.dims, saved->kept.n);

    if (saved->scale != 1.0)
        kept = lac_nn_affine(kept, (LacReal)saved->scale, 0);
    gx[0] = lac_nn_broadcast(kept, x->dims, x->shape);
}

/* ---- sum: y = sum x over axes; dy/dx = 1 ---- */

static const LacOp lac_op_sum = {"sum", "sum x", sum_backward, sum_record, .assigns = TRUE};

LacTensor *
lac_nn_sum(LacTensor *x, unsigned axes, gboolean keep)
{
    return sum_scaled(&lac_op_sum, x, axes, keep, FALSE);
}

/* ---- mean: y = sum x / n; dy/dx = 1 / n ---- */

static const LacOp lac_op_mean = {"mean", "sum x / n", sum_backward, sum_record, .assigns = TRUE};

LacTensor *
lac_nn_mean(LacTensor *x, unsigned axes, gboolean keep)
{
    return sum_scaled(&lac_op_mean, x, axes, keep, TRUE);
}

/* ---- broadcast: y = x stretched; dy/dx sums over what was stretched ---- */

static void
broadcast_backward(const LacTensor *y)
{
    nn_add_gradient(y, 0, nn_copy, NULL, 1, &(NnOperand){y->grad, nn_shape(y)});
}

static void
broadcast_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    gx[0] = nn_sum_to(gy, y->in[0]);
}

static const LacOp lac_op_broadcast = {
    "broadcast", "x stretched to a shape", broadcast_backward, broadcast_record, .assigns = TRUE,
};

LacTensor *
lac_nn_broadcast(LacTensor *x, unsigned dims, const size_t *shape)
{
    NnShape from, to = {.dims = dims}, both;
    LacTensor *y;

    if (x == NULL)
        return NULL;
    g_assert(dims <= LAC_DIMS);
    from = nn_shape(x);
    for (unsigned d = 0; d < dims; d++)
        to.n[d] = shape[d];
    if (nn_shape_equal(&from, &to))
        return x;
    if (!nn_shape_broadcast(&from, &to, &both) || !nn_shape_equal(&both, &to))
        return lac_tape_fail(x->tape, LAC_ERROR_SHAPE,
                             "broadcast: %s does not stretch to %s; aligned at the right, its "
                             "lengths must agree or be 1",
                             lac_tensor_shape_text(x), nn_shape_text(x->tape, &to));
    y = lac_tape_result(&lac_op_broadcast, 1, &x, dims, shape);
    if (y == NULL)
        return NULL;
    nn_map(nn_copy, NULL, 1, (NnOperand[]){nn_operand(x)}, &to, y->v, FALSE);
    return lac_tape_done(y);
}
