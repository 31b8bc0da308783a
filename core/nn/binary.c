/* Element-wise operators of two and three tensors, with broadcasting. Kernels of derivatives read
 * gy = in[0] and then the inputs their formula needs. */
#include "binary-private.h"
#include "shape-private.h"
#include <lacuna/ops.h>

/* ---- what they share ---- */

LacTensor *
nn_binary(const LacOp *op, NnKernel kernel, LacTensor *a, LacTensor *b)
{
    LacTensor *y;
    NnShape na, nb, shape;

    if (a == NULL || b == NULL)
        return NULL;
    na = nn_shape(a);
    nb = nn_shape(b);
    if (!nn_shape_broadcast(&na, &nb, &shape))
        return lac_tape_fail(a->tape, LAC_ERROR_SHAPE,
                             "%s: shapes %s and %s do not fit; aligned at the right, lengths must "
                             "agree or be 1",
                             op->name, lac_tensor_shape_text(a), lac_tensor_shape_text(b));
    y = lac_tape_result(op, 2, (LacTensor *[]){a, b}, shape.dims, shape.n);
    if (y == NULL)
        return NULL;
    nn_map(kernel, NULL, 2, (NnOperand[]){nn_operand(a), nn_operand(b)}, &shape, y->v, FALSE);
    return lac_tape_done(y);
}

static NnOperand
gradient_of(const LacTensor *y)
{
    return (NnOperand){y->grad, nn_shape(y)};
}

LAC_CLONES static void
negative(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0];

    NN_EACH(-gy[i]);
}

LAC_CLONES static void
quotient(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *a = in[0], *b = in[1];

    NN_EACH(a[i] / b[i]);
}

/* ---- add: y = a + b; dy/da = dy/db = 1 ---- */

LAC_CLONES static void
add_forward(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *a = in[0], *b = in[1];

    NN_EACH(a[i] + b[i]);
}

static void
add_backward(const LacTensor *y)
{
    const NnOperand gy = gradient_of(y);

    for (unsigned k = 0; k < 2; k++) {
        if (lac_tensor_wants(y, k))
            nn_add_gradient(y, k, nn_copy, NULL, 1, &gy);
    }
}

static void
add_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    for (unsigned k = 0; k < 2; k++) {
        if (lac_tensor_wants(y, k))
            gx[k] = nn_sum_to(gy, y->in[k]);
    }
}

static const LacOp lac_op_add = {"add", "a + b", add_backward, add_record, .assigns = TRUE};

LacTensor *
lac_nn_add(LacTensor *a, LacTensor *b)
{
    return nn_binary(&lac_op_add, add_forward, a, b);
}

/* ---- sub: y = a - b; dy/da = 1, dy/db = -1 ---- */

LAC_CLONES static void
sub_forward(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *a = in[0], *b = in[1];

    NN_EACH(a[i] - b[i]);
}

static void
sub_backward(const LacTensor *y)
{
    const NnOperand gy = gradient_of(y);

    if (lac_tensor_wants(y, 0))
        nn_add_gradient(y, 0, nn_copy, NULL, 1, &gy);
    if (lac_tensor_wants(y, 1))
        nn_add_gradient(y, 1, negative, NULL, 1, &gy);
}

static void
sub_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    if (lac_tensor_wants(y, 0))
        gx[0] = nn_sum_to(gy, y->in[0]);
    if (lac_tensor_wants(y, 1))
        gx[1] = lac_nn_neg(nn_sum_to(gy, y->in[1]));
}

static const LacOp lac_op_sub = {"sub", "a - b", sub_backward, sub_record, .assigns = TRUE};

LacTensor *
lac_nn_sub(LacTensor *a, LacTensor *b)
{
    return nn_binary(&lac_op_sub, sub_forward, a, b);
}

/* ---- mul: y = a b; dy/da = b, dy/db = a ---- */

static void
mul_backward(const LacTensor *y)
{
    for (unsigned k = 0; k < 2; k++) {
        if (lac_tensor_wants(y, k))
            nn_add_gradient(y, k, nn_product, NULL, 2,
                            (NnOperand[]){gradient_of(y), nn_operand(y->in[1 - k])});
    }
}

static void
mul_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    for (unsigned k = 0; k < 2; k++) {
        if (lac_tensor_wants(y, k))
            gx[k] = nn_sum_to(lac_nn_mul(gy, y->in[1 - k]), y->in[k]);
    }
}

static const LacOp lac_op_mul = {"mul", "a b", mul_backward, mul_record, .assigns = TRUE};

LacTensor *
lac_nn_mul(LacTensor *a, LacTensor *b)
{
    return nn_binary(&lac_op_mul, nn_product, a, b);
}

/* ---- div: y = a / b; dy/da = 1 / b, dy/db = -y / b ---- */

LAC_CLONES static void
div_slope(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0], *ratio = in[1], *b = in[2];

    NN_EACH(-gy[i] * ratio[i] / b[i]);
}

static void
div_backward(const LacTensor *y)
{
    const NnOperand gy = gradient_of(y), b = nn_operand(y->in[1]);

    if (lac_tensor_wants(y, 0))
        nn_add_gradient(y, 0, quotient, NULL, 2, (NnOperand[]){gy, b});
    if (lac_tensor_wants(y, 1))
        nn_add_gradient(y, 1, div_slope, NULL, 3, (NnOperand[]){gy, nn_operand(y), b});
}

static void
div_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    LacTensor *ga = lac_nn_div(gy, y->in[1]);

    if (lac_tensor_wants(y, 0))
        gx[0] = nn_sum_to(ga, y->in[0]);
    if (lac_tensor_wants(y, 1))
        gx[1] = nn_sum_to(lac_nn_neg(lac_nn_mul(ga, y)), y->in[1]);
}

static const LacOp lac_op_div = {"div", "a / b", div_backward, div_record, .assigns = TRUE};

LacTensor *
lac_nn_div(LacTensor *a, LacTensor *b)
{
    return nn_binary(&lac_op_div, quotient, a, b);
}

/* ---- maximum: y = max(a, b); dy/da = 1 where a > b, half where equal, else 0 ---- */

LAC_CLONES static void
maximum_forward(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *a = in[0], *b = in[1];

    NN_EACH(a[i] <= b[i] ? b[i] : b[i] != b[i] ? b[i] : a[i]); /* NaN stays */
}

LAC_CLONES static void
maximum_share(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0], *mine = in[1], *other = in[2];

    NN_EACH(mine[i] > other[i] ? gy[i] : mine[i] < other[i] ? 0 : gy[i] / 2);
}

static void
maximum_backward(const LacTensor *y)
{
    for (unsigned k = 0; k < 2; k++) {
        const LacTensor *mine = y->in[k], *other = y->in[1 - k];

        if (lac_tensor_wants(y, k))
            nn_add_gradient(y, k, maximum_share, NULL, 3,
                            (NnOperand[]){gradient_of(y), nn_operand(mine), nn_operand(other)});
    }
}

static void
maximum_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    const NnShape shape = nn_shape(y);
    LacTensor *one = lac_tape_fill(y->tape, 1, 0, NULL);

    for (unsigned k = 0; k < 2; k++) {
        LacTensor *share = lac_tape_constant(y->tape, y->dims, y->shape);
        const LacTensor *mine = y->in[k], *other = y->in[1 - k];

        if (one == NULL || share == NULL)
            return;
        nn_map(maximum_share, NULL, 3,
               (NnOperand[]){nn_operand(one), nn_operand(mine), nn_operand(other)}, &shape,
               share->v, FALSE);
        if (lac_tensor_wants(y, k))
            gx[k] = nn_sum_to(lac_nn_mul(gy, share), y->in[k]);
    }
}

static const LacOp lac_op_maximum = {
    "maximum", "max(a, b)", maximum_backward, maximum_record, .assigns = TRUE,
};

LacTensor *
lac_nn_maximum(LacTensor *a, LacTensor *b)
{
    return nn_binary(&lac_op_maximum, maximum_forward, a, b);
}

/* ---- select: y = m = 1 ? a : b; dy/da = m, dy/db = 1 - m, by choice and not by product ---- */

LAC_CLONES static void
select_forward(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *m = in[0], *a = in[1], *b = in[2];

    NN_EACH(m[i] != 0 ? a[i] : b[i]);
}

LAC_CLONES static void
select_chosen(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0], *m = in[1];

    NN_EACH(m[i] != 0 ? gy[i] : 0);
}

LAC_CLONES static void
select_rejected(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0], *m = in[1];

    NN_EACH(m[i] != 0 ? 0 : gy[i]);
}

static void
select_backward(const LacTensor *y)
{
    const NnOperand in[] = {gradient_of(y), nn_operand(y->in[0])};

    if (lac_tensor_wants(y, 1))
        nn_add_gradient(y, 1, select_chosen, NULL, 2, in);
    if (lac_tensor_wants(y, 2))
        nn_add_gradient(y, 2, select_rejected, NULL, 2, in);
}

static void
select_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    LacTensor *m = y->in[0], *zero = lac_tape_fill(y->tape, 0, 0, NULL);

    if (lac_tensor_wants(y, 1))
        gx[1] = nn_sum_to(lac_nn_select(m, gy, zero), y->in[1]);
    if (lac_tensor_wants(y, 2))
        gx[2] = nn_sum_to(lac_nn_select(m, zero, gy), y->in[2]);
}

static const LacOp lac_op_select = {
    "select", "m = 1 ? a : b", select_backward, select_record, .assigns = TRUE,
};

LacTensor *
lac_nn_select(LacTensor *m, LacTensor *a, LacTensor *b)
{
    LacTensor *y, *in[] = {m, a, b};
    NnOperand operands[3];
    NnShape shape;

    if (m == NULL || a == NULL || b == NULL)
        return NULL;
    for (unsigned k = 0; k < 3; k++)
        operands[k] = nn_operand(in[k]);
    shape = operands[0].shape;
    if (!nn_shape_broadcast(&operands[1].shape, &shape, &shape) ||
        !nn_shape_broadcast(&operands[2].shape, &shape, &shape))
        return lac_tape_fail(m->tape, LAC_ERROR_SHAPE,
                             "select: shapes %s (mask), %s and %s do not fit; aligned at the "
                             "right, lengths must agree or be 1",
                             lac_tensor_shape_text(m), lac_tensor_shape_text(a),
                             lac_tensor_shape_text(b));
    g_assert(!m->wants_grad);
    y = lac_tape_result(&lac_op_select, 3, in, shape.dims, shape.n);
    if (y == NULL)
        return NULL;
    nn_map(select_forward, NULL, 3, operands, &shape, y->v, FALSE);
    return lac_tape_done(y);
}
