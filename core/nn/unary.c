/* Element-wise operators of one tensor; those that networks use as activations are in
 * activations.c. Kernels of derivatives read gy = in[0], x = in[1] and y = in[2]. */
#include "unary-private.h"
#include "vmath-private.h"

#include <string.h>

/* ---- what they share ---- */

static void
unary_map(NnKernel kernel, const LacReal *p, const LacTensor *x, LacTensor *y)
{
    const NnShape flat = {1, {x->size}};

    nn_map(kernel, p, 1, &(NnOperand){x->v, flat}, &flat, y->v, FALSE);
}

LacTensor *
nn_unary(const LacOp *op, NnKernel kernel, LacTensor *x, const LacReal *p)
{
    LacTensor *y = x != NULL ? lac_tape_result(op, 1, &x, x->dims, x->shape) : NULL;

    if (y == NULL)
        return NULL;
    if (p != NULL) {
        y->saved = lac_tape_alloc(y->tape, NN_CONSTANTS * sizeof *p);
        if (y->saved == NULL)
            return NULL;
        memcpy(y->saved, p, NN_CONSTANTS * sizeof *p);
    }
    unary_map(kernel, p, x, y);
    return lac_tape_done(y);
}

void
nn_unary_backward(const LacTensor *y, NnKernel kernel)
{
    LacTensor *x = y->in[0];
    const NnShape flat = {1, {x->size}};

    nn_map(kernel, y->saved, 3, (NnOperand[]){{y->grad, flat}, {x->v, flat}, {y->v, flat}}, &flat,
           x->grad, !lac_tensor_first(x));
}

LacTensor *
nn_unary_constant(NnKernel kernel, LacTensor *x, const LacReal *p)
{
    LacTensor *y = lac_tape_constant(x->tape, x->dims, x->shape);

    if (y != NULL)
        unary_map(kernel, p, x, y);
    return y;
}

/* ---- affine: y = a x + b; dy/dx = a ---- */

LAC_CLONES static void
affine_forward(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *x = in[0], a = p[0], b = p[1];

    NN_EACH(a * x[i] + b);
}

LAC_CLONES static void
affine_slope(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0], a = p[0];

    NN_EACH(a * gy[i]);
}

static void
affine_backward(const LacTensor *y)
{
    nn_unary_backward(y, affine_slope);
}

static void
affine_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    gx[0] = lac_nn_affine(gy, ((const LacReal *)y->saved)[0], 0);
}

static const LacOp lac_op_affine = {
    "affine", "a x + b", affine_backward, affine_record, .assigns = TRUE,
};

LacTensor *
lac_nn_affine(LacTensor *x, LacReal a, LacReal b)
{
    return nn_unary(&lac_op_affine, affine_forward, x, (LacReal[]){a, b});
}

LacTensor *
lac_nn_neg(LacTensor *x)
{
    return lac_nn_affine(x, -1, 0);
}

/* ---- square: y = x^2; dy/dx = 2 x ---- */

LAC_CLONES static void
square_forward(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *x = in[0];

    NN_EACH(x[i] * x[i]);
}

LAC_CLONES static void
square_slope(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0], *x = in[1];

    NN_EACH(2 * gy[i] * x[i]);
}

static void
square_backward(const LacTensor *y)
{
    nn_unary_backward(y, square_slope);
}

static void
square_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    gx[0] = lac_nn_mul(gy, lac_nn_affine(y->in[0], 2, 0));
}

static const LacOp lac_op_square = {
    "square", "x^2", square_backward, square_record, .assigns = TRUE,
};

LacTensor *
lac_nn_square(LacTensor *x)
{
    return nn_unary(&lac_op_square, square_forward, x, NULL);
}

/* ---- sqrt: y = x^(1/2); dy/dx = 1 / (2 y) ---- */

#ifdef LAC_NN_DOUBLE
#define real_sqrt sqrt
#define real_abs fabs
#else
#define real_sqrt sqrtf
#define real_abs fabsf
#endif

LAC_CLONES static void
sqrt_forward(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *x = in[0];

    NN_EACH(real_sqrt(x[i]));
}

LAC_CLONES static void
sqrt_slope(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0], *root = in[2];

    NN_EACH(gy[i] / (2 * root[i]));
}

static void
sqrt_backward(const LacTensor *y)
{
    nn_unary_backward(y, sqrt_slope);
}

static void
sqrt_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    gx[0] = lac_nn_div(gy, lac_nn_affine(y, 2, 0));
}

static const LacOp lac_op_sqrt = {
    "sqrt", "x^(1/2)", sqrt_backward, sqrt_record, .assigns = TRUE,
};

LacTensor *
lac_nn_sqrt(LacTensor *x)
{
    return nn_unary(&lac_op_sqrt, sqrt_forward, x, NULL);
}

/* ---- abs: y = |x|; dy/dx = the sign of x, 0 at 0 ---- */

LAC_CLONES static void
abs_forward(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *x = in[0];

    NN_EACH(real_abs(x[i]));
}

LAC_CLONES static void
abs_slope(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0], *x = in[1];

    NN_EACH(x[i] > 0 ? gy[i] : x[i] < 0 ? -gy[i] : 0);
}

LAC_CLONES static void
abs_sign(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *x = in[0];

    NN_EACH((LacReal)(x[i] > 0) - (LacReal)(x[i] < 0));
}

static void
abs_backward(const LacTensor *y)
{
    nn_unary_backward(y, abs_slope);
}

static void
abs_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    gx[0] = lac_nn_mul(gy, nn_unary_constant(abs_sign, y->in[0], NULL));
}

static const LacOp lac_op_abs = {"abs", "|x|", abs_backward, abs_record, .assigns = TRUE};

LacTensor *
lac_nn_abs(LacTensor *x)
{
    return nn_unary(&lac_op_abs, abs_forward, x, NULL);
}

/* ---- exp: y = e^x; dy/dx = y ---- */

LAC_CLONES static void
exp_forward(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *x = in[0];

    NN_EACH(lac_real_exp(x[i]));
}

LAC_CLONES static void
exp_slope(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0], *power = in[2];

    NN_EACH(gy[i] * power[i]);
}

static void
exp_backward(const LacTensor *y)
{
    nn_unary_backward(y, exp_slope);
}

static void
exp_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    gx[0] = lac_nn_mul(gy, y);
}

static const LacOp lac_op_exp = {"exp", "e^x", exp_backward, exp_record, .assigns = TRUE};

LacTensor *
lac_nn_exp(LacTensor *x)
{
    return nn_unary(&lac_op_exp, exp_forward, x, NULL);
}

/* ---- log: y = ln x; dy/dx = 1 / x ---- */

LAC_CLONES static void
log_forward(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *x = in[0];

    NN_EACH(lac_real_log(x[i]));
}

LAC_CLONES static void
log_slope(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0], *x = in[1];

    NN_EACH(gy[i] / x[i]);
}

static void
log_backward(const LacTensor *y)
{
    nn_unary_backward(y, log_slope);
}

static void
log_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    gx[0] = lac_nn_div(gy, y->in[0]);
}

static const LacOp lac_op_log = {"log", "ln x", log_backward, log_record, .assigns = TRUE};

LacTensor *
lac_nn_log(LacTensor *x)
{
    return nn_unary(&lac_op_log, log_forward, x, NULL);
}

/* ---- clip: y = min(max(x, lower), upper); dy/dx = 1 between the bounds, 0 outside ---- */

LAC_CLONES static void
clip_forward(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *x = in[0], lower = p[0], upper = p[1];

    NN_EACH(x[i] < lower ? lower : x[i] > upper ? upper : x[i]);
}

LAC_CLONES static void
clip_slope(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0], *x = in[1], lower = p[0], upper = p[1];

    NN_EACH(x[i] < lower || x[i] > upper ? 0 : gy[i]);
}

LAC_CLONES static void
clip_inside(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *x = in[0], lower = p[0], upper = p[1];

    NN_EACH(x[i] < lower || x[i] > upper ? 0 : 1);
}

static void
clip_backward(const LacTensor *y)
{
    nn_unary_backward(y, clip_slope);
}

static void
clip_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    gx[0] = lac_nn_mul(gy, nn_unary_constant(clip_inside, y->in[0], y->saved));
}

static const LacOp lac_op_clip = {
    "clip", "min(max(x, lower), upper)", clip_backward, clip_record, .assigns = TRUE,
};

LacTensor *
lac_nn_clip(LacTensor *x, LacReal lower, LacReal upper)
{
    g_assert(lower <= upper);
    return nn_unary(&lac_op_clip, clip_forward, x, (LacReal[]){lower, upper});
}

/* ---- detach: y = x, for which no gradient goes back ---- */

LacTensor *
lac_nn_detach(LacTensor *x)
{
    return nn_tape_view(NULL, x, x != NULL ? x->v : NULL, x != NULL ? x->dims : 0,
                        x != NULL ? x->shape : NULL);
}
