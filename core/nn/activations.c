/* Element-wise operators that networks use as activations. Derivatives are written in terms of the
 * result y, so that operators that end in an activation need not keep what went into it. Kernels of
 * derivatives read gy = in[0] and y = in[2]. */
#include "activation-private.h"
#include "unary-private.h"
#include "vmath-private.h"

/* ---- leaky_relu: y = x > 0 ? x : slope x; dy/dx = x > 0 ? 1 : slope; relu is slope 0 ---- */

LAC_CLONES static void
leaky_relu_forward(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *x = in[0], slope = p[0];

    NN_EACH(x[i] > 0 ? x[i] : slope * x[i]);
}

/* x > 0 where y > 0, slope >= 0 */
LAC_CLONES static void
leaky_relu_slope(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0], *result = in[2], slope = p[0];

    NN_EACH(result[i] > 0 ? gy[i] : slope * gy[i]);
}

LAC_CLONES static void
leaky_relu_steps(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *result = in[0], slope = p[0];

    NN_EACH(result[i] > 0 ? 1 : slope);
}

static void
leaky_relu_backward(const LacTensor *y)
{
    nn_unary_backward(y, leaky_relu_slope);
}

static LacTensor *
leaky_relu_gradient(LacTensor *y, LacTensor *gy, LacReal slope)
{
    return lac_nn_mul(gy, nn_unary_constant(leaky_relu_steps, y, (LacReal[]){slope, 0}));
}

static void
leaky_relu_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    gx[0] = leaky_relu_gradient(y, gy, ((const LacReal *)y->saved)[0]);
}

static const LacOp lac_op_leaky_relu = {
    "leaky_relu", "x > 0 ? x : slope x", leaky_relu_backward, leaky_relu_record, .assigns = TRUE,
};

LacTensor *
lac_nn_leaky_relu(LacTensor *x, LacReal slope)
{
    g_assert(slope >= 0);
    return nn_unary(&lac_op_leaky_relu, leaky_relu_forward, x, (LacReal[]){slope, 0});
}

/* ---- relu: y = max(x, 0); dy/dx = x > 0 ? 1 : 0 ---- */

LAC_CLONES static void
relu_forward(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *x = in[0];

    NN_EACH(x[i] < 0 ? 0 : x[i]); /* NaN stays */
}

LAC_CLONES static void
relu_slope(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0], *result = in[2];

    NN_EACH(result[i] > 0 ? gy[i] : 0);
}

static void
relu_backward(const LacTensor *y)
{
    nn_unary_backward(y, relu_slope);
}

static void
relu_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    gx[0] = leaky_relu_gradient(y, gy, 0);
}

static const LacOp lac_op_relu = {
    "relu", "max(x, 0)", relu_backward, relu_record, .assigns = TRUE,
};

LacTensor *
lac_nn_relu(LacTensor *x)
{
    return nn_unary(&lac_op_relu, relu_forward, x, NULL);
}

/* ---- elu: y = x > 0 ? x : alpha (e^x - 1); dy/dx = x > 0 ? 1 : y + alpha ---- */

LAC_CLONES static void
elu_forward(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *x = in[0], alpha = p[0];

    NN_EACH(x[i] > 0 ? x[i] : alpha * (lac_real_exp(x[i]) - 1));
}

LAC_CLONES static void
elu_slope(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0], *result = in[2], alpha = p[0];

    NN_EACH(result[i] > 0 ? gy[i] : gy[i] * (result[i] + alpha));
}

static void
elu_backward(const LacTensor *y)
{
    nn_unary_backward(y, elu_slope);
}

/* the slope is relu-like in y: steps (1 - y - alpha) + y + alpha, with steps 0 or 1 */
static LacTensor *
elu_gradient(LacTensor *y, LacTensor *gy, LacReal alpha)
{
    LacTensor *steps = nn_unary_constant(leaky_relu_steps, y, (LacReal[]){0, 0});
    LacTensor *one = lac_tape_fill(y->tape, 1, 0, NULL);

    return lac_nn_mul(gy, lac_nn_select(steps, one, lac_nn_affine(y, 1, alpha)));
}

static void
elu_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    gx[0] = elu_gradient(y, gy, ((const LacReal *)y->saved)[0]);
}

static const LacOp lac_op_elu = {
    "elu", "x > 0 ? x : alpha (e^x - 1)", elu_backward, elu_record, .assigns = TRUE,
};

LacTensor *
lac_nn_elu(LacTensor *x, LacReal alpha)
{
    g_assert(alpha >= 0);
    return nn_unary(&lac_op_elu, elu_forward, x, (LacReal[]){alpha, 0});
}

/* ---- tanh: dy/dx = 1 - y^2 ---- */

LAC_CLONES static void
tanh_forward(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *x = in[0];

    NN_EACH(lac_real_tanh(x[i]));
}

LAC_CLONES static void
tanh_slope(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0], *result = in[2];

    NN_EACH(gy[i] * (1 - result[i] * result[i]));
}

static void
tanh_backward(const LacTensor *y)
{
    nn_unary_backward(y, tanh_slope);
}

static void
tanh_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    gx[0] = lac_nn_mul(gy, lac_nn_affine(lac_nn_square(y), -1, 1));
}

static const LacOp lac_op_tanh = {"tanh", "tanh x", tanh_backward, tanh_record, .assigns = TRUE};

LacTensor *
lac_nn_tanh(LacTensor *x)
{
    return nn_unary(&lac_op_tanh, tanh_forward, x, NULL);
}

/* ---- sigmoid: y = 1 / (1 + e^-x); dy/dx = y (1 - y) ---- */

LAC_CLONES static void
sigmoid_forward(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *x = in[0];

    NN_EACH(lac_real_sigmoid(x[i]));
}

LAC_CLONES static void
sigmoid_slope(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0], *result = in[2];

    NN_EACH(gy[i] * result[i] * (1 - result[i]));
}

static void
sigmoid_backward(const LacTensor *y)
{
    nn_unary_backward(y, sigmoid_slope);
}

static void
sigmoid_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    gx[0] = lac_nn_mul(gy, lac_nn_mul(y, lac_nn_affine(y, -1, 1)));
}

static const LacOp lac_op_sigmoid = {
    "sigmoid", "1 / (1 + e^-x)", sigmoid_backward, sigmoid_record, .assigns = TRUE,
};

LacTensor *
lac_nn_sigmoid(LacTensor *x)
{
    return nn_unary(&lac_op_sigmoid, sigmoid_forward, x, NULL);
}

/* ---- softplus: y = ln(1 + e^x); dy/dx = 1 / (1 + e^-x) = 1 - e^-y ---- */

LAC_CLONES static void
softplus_forward(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *x = in[0];

    NN_EACH(lac_real_softplus(x[i]));
}

/* from x: 1 - e^-y would lose digits where y is small */
LAC_CLONES static void
softplus_slope(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0], *x = in[1];

    NN_EACH(gy[i] * lac_real_sigmoid(x[i]));
}

static void
softplus_backward(const LacTensor *y)
{
    nn_unary_backward(y, softplus_slope);
}

static void
softplus_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    gx[0] = lac_nn_mul(gy, lac_nn_sigmoid(y->in[0]));
}

static const LacOp lac_op_softplus = {
    "softplus", "ln(1 + e^x)", softplus_backward, softplus_record, .assigns = TRUE,
};

LacTensor *
lac_nn_softplus(LacTensor *x)
{
    return nn_unary(&lac_op_softplus, softplus_forward, x, NULL);
}

/* ---- by name ---- */

LacTensor *
lac_nn_activate(LacTensor *x, LacActivation activation)
{
    switch (activation) {
    case LAC_ACTIVATION_RELU:
        return lac_nn_relu(x);
    case LAC_ACTIVATION_LEAKY_RELU:
        return lac_nn_leaky_relu(x, NN_LEAKY_SLOPE);
    case LAC_ACTIVATION_ELU:
        return lac_nn_elu(x, 1);
    case LAC_ACTIVATION_TANH:
        return lac_nn_tanh(x);
    case LAC_ACTIVATION_SIGMOID:
        return lac_nn_sigmoid(x);
    case LAC_ACTIVATION_SOFTPLUS:
        return lac_nn_softplus(x);
    default:
        return x;
    }
}

LacTensor *
nn_activation_record(LacTensor *y, LacTensor *gy, LacActivation activation)
{
    switch (activation) {
    case LAC_ACTIVATION_RELU:
        return leaky_relu_gradient(y, gy, 0);
    case LAC_ACTIVATION_LEAKY_RELU:
        return leaky_relu_gradient(y, gy, NN_LEAKY_SLOPE);
    case LAC_ACTIVATION_ELU:
        return elu_gradient(y, gy, 1);
    case LAC_ACTIVATION_TANH:
        return lac_nn_mul(gy, lac_nn_affine(lac_nn_square(y), -1, 1));
    case LAC_ACTIVATION_SIGMOID:
        return lac_nn_mul(gy, lac_nn_mul(y, lac_nn_affine(y, -1, 1)));
    case LAC_ACTIVATION_SOFTPLUS:
        return lac_nn_mul(gy, lac_nn_affine(lac_nn_exp(lac_nn_neg(y)), -1, 1));
    default:
        return gy;
    }
}
