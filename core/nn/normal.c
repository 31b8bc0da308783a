/* The normal distribution function, and what a rectifier expects of a normal number: the first
 * layer of a network that sees a distribution where a pixel is missing. phi(t) = e^(-t^2/2) / (2
 * pi)^(1/2),  Phi(t) = integral of phi up to t,  Q = 1 - Phi In float Q(a), a >= 0, comes from one
 * exponential and a polynomial of 1 / (1 + p a): Abramowitz & Stegun, Handbook of Mathematical
 * Functions (1964), 7.1.26; it is right to 7.5e-8, and
 * two roundings. */
#include "binary-private.h"
#include "unary-private.h"
#include "vmath-private.h"

#define SQRT_HALF ((LacReal)0.70710678118654752440)
#define PHI_0 ((LacReal)0.39894228040143267794) /* phi(0) */

/* Below this variance there is no slope by it: the true one grows beyond all bounds at mean 0. */
#define LEAST_VARIANCE ((LacReal)1e-10)

/* e^(-a^2/2) */
static inline LacReal
bell(LacReal a)
{
    return lac_real_exp((LacReal)-0.5 * a * a);
}

/* Q(@a) for @a >= 0; @e is bell(a) */
static inline LacReal
upper_tail(LacReal a, LacReal e)
{
#ifdef LAC_NN_DOUBLE
    return 0.5 * erfc(a * SQRT_HALF);
#else
    const float k = 1.0f / (1.0f + 0.3275911f * SQRT_HALF * a);
    float p = 1.061405429f;

    p = p * k - 1.453152027f;
    p = p * k + 1.421413741f;
    p = p * k - 0.284496736f;
    p = p * k + 0.254829592f;
    return 0.5f * k * p * e;
#endif
}

static inline LacReal
distribution(LacReal t)
{
    const LacReal a = t < 0 ? -t : t, q = upper_tail(a, bell(a));

    return t < 0 ? q : 1 - q;
}

/* ---- normal_cdf: y = Phi(x), dy/dx = phi(x) ---- */

LAC_CLONES static void
cdf_forward(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *x = in[0];

    NN_EACH(distribution(x[i]));
}

LAC_CLONES static void
cdf_slope(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *gy = in[0], *x = in[1];

    NN_EACH(gy[i] * PHI_0 * bell(x[i]));
}

static void
cdf_backward(const LacTensor *y)
{
    nn_unary_backward(y, cdf_slope);
}

static void
cdf_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    LacTensor *half = lac_nn_affine(lac_nn_square(y->in[0]), (LacReal)-0.5, 0);

    gx[0] = lac_nn_mul(gy, lac_nn_affine(lac_nn_exp(half), PHI_0, 0));
}

static const LacOp lac_op_normal_cdf = {
    "normal_cdf", "Phi(x)", cdf_backward, cdf_record, .assigns = TRUE,
};

LacTensor *
lac_nn_normal_cdf(LacTensor *x)
{
    return nn_unary(&lac_op_normal_cdf, cdf_forward, x, NULL);
}

/* ---- expected_relu: with s = v^(1/2), t = m / s: y = m Phi(t) + s phi(t), computed as
 *      max(m, 0) + s (phi(|t|) - |t| Q(|t|)), so that v = 0 gives max(m, 0) exactly and nothing
 *      cancels for t far below 0; dy/dm = Phi(t), dy/dv = phi(t) / (2 s) ---- */

static inline LacReal
inverse_deviation(LacReal v)
{
    const LacReal least = (LacReal)1e-12, w = v > least ? v : least;

#ifdef LAC_NN_DOUBLE
    return 1.0 / sqrt(w);
#else
    return 1.0f / sqrtf(w);
#endif
}

static inline LacReal
expected_relu(LacReal m, LacReal v)
{
    const LacReal r = inverse_deviation(v), s = v * r, t = m * r, a = t < 0 ? -t : t;
    const LacReal e = bell(a), h = PHI_0 * e - a * upper_tail(a, e);

    return (m > 0 ? m : 0) + s * (h > 0 ? h : 0);
}

LAC_CLONES static void
expected_relu_forward(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y,
                      gboolean add)
{
    const LacReal *m = in[0], *v = in[1];

    NN_EACH(expected_relu(m[i], v[i]));
}

static inline LacReal
mean_slope(LacReal m, LacReal v)
{
    const LacReal phi = distribution(m * inverse_deviation(v)), step = m > 0 ? 1 : 0;

    return v < LEAST_VARIANCE ? step : phi;
}

static inline LacReal
variance_slope(LacReal m, LacReal v)
{
    const LacReal r = inverse_deviation(v), slope = (LacReal)0.5 * PHI_0 * bell(m * r) * r;

    return v < LEAST_VARIANCE ? 0 : slope;
}

LAC_CLONES static void
expected_relu_by_mean(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y,
                      gboolean add)
{
    const LacReal *gy = in[0], *m = in[1], *v = in[2];

    NN_EACH(gy[i] * mean_slope(m[i], v[i]));
}

LAC_CLONES static void
expected_relu_by_variance(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y,
                          gboolean add)
{
    const LacReal *gy = in[0], *m = in[1], *v = in[2];

    NN_EACH(gy[i] * variance_slope(m[i], v[i]));
}

static void
expected_relu_backward(const LacTensor *y)
{
    const NnOperand in[] = {{y->grad, nn_shape(y)}, nn_operand(y->in[0]), nn_operand(y->in[1])};

    if (lac_tensor_wants(y, 0))
        nn_add_gradient(y, 0, expected_relu_by_mean, NULL, 3, in);
    if (lac_tensor_wants(y, 1))
        nn_add_gradient(y, 1, expected_relu_by_variance, NULL, 3, in);
}

static const LacOp lac_op_expected_relu = {
    "expected_relu", "E max(N(m, v), 0)", expected_relu_backward, NULL, .assigns = TRUE,
};

LacTensor *
lac_nn_expected_relu(LacTensor *m, LacTensor *v)
{
    return nn_binary(&lac_op_expected_relu, expected_relu_forward, m, v);
}
