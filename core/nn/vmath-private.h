/* Elementary functions for vector loops. The lane functions have no branches and no calls, so that
 * a loop over them, in a function with LAC_CLONES, becomes vector instructions; the array functions
 * are such loops. In the double build of the tests they are those of the C library.
 *
 * Errors are against exact values, in units in the last place of the float result, over all floats
 * (tests/unit/nn/vmath_test.c measures them): exp and log <= 1, log1p, sigmoid, tanh and softplus
 * <= 2. Subnormal results of exp and sigmoid are right to 2 of their own last places. NaN gives
 * NaN; infinities give their limits. */
#ifndef LACUNA_VMATH_PRIVATE_H
#define LACUNA_VMATH_PRIVATE_H

#include "base-private.h"
#include <lacuna/tensor.h>

#include <math.h>
#include <string.h>

G_BEGIN_DECLS

/* ---- float lanes ---- */

static inline int32_t
lac_float_bits(float x)
{
    int32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float
lac_float_from_bits(int32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* 2^k as bits. For NaN k is any number: unsigned, so that it may wrap. */
static inline int32_t
lac_power_bits(int32_t k)
{
    return (int32_t)((uint32_t)(k + 127) << 23);
}

/** LacExpParts: e^x = (1 + @t) @scale @again; two factors, so that results below the smallest
 * normal number come out right. */
typedef struct {
    float t, scale, again;
} LacExpParts;

/* x = k ln 2 + r with |r| <= ln 2 / 2; t = e^r - 1 by a polynomial of degree 7 */
static inline LacExpParts
lac_exp_parts(float x)
{
    /* the two bounds are just beyond those of the largest and the smallest result; written so that
     * NaN stays NaN */
    const float low = x < -104.0f ? -104.0f : x, y = low > 89.0f ? 89.0f : low;
    /* adding 1.5 2^23 rounds to a whole number, which then is in the lowest bits */
    const float shifted = y * 0x1.715476p+0f + 0x1.8p+23f;
    const float k = shifted - 0x1.8p+23f;
    const int32_t power = lac_float_bits(shifted) - 0x4b400000, half = power >> 1;
    /* ln 2 in two parts; k times the first is exact, and so is the first difference */
    const float near = y - k * 0x1.62e400p-1f, rest = k * 0x1.7f7d1cp-20f;
    const float r = near - rest, lost = (near - r) - rest;
    float q = 0x1.a124f2p-13f;

    q = q * r + 0x1.6d4324p-10f;
    q = q * r + 0x1.1110e0p-7f;
    q = q * r + 0x1.5554eap-5f;
    q = q * r + 0x1.555556p-3f;
    q = q * r + 0.5f;
    return (LacExpParts){r + (r * r * q + lost), lac_float_from_bits(lac_power_bits(half)),
                         lac_float_from_bits(lac_power_bits(power - half))};
}

/** lac_exp_lane: e^x. */
static inline float
lac_exp_lane(float x)
{
    const LacExpParts e = lac_exp_parts(x);

    return (1.0f + e.t) * e.scale * e.again;
}

/* ln of 2^@lift x for normal numbers @x > 0. x = 2^k m with m in [sqrt 1/2, sqrt 2), f = m - 1:
 * ln m = f - f^2/2 + f^3 Q(f). */
static inline float
lac_log_normal_lane(float x, int32_t lift)
{
    /* sqrt(1/2) has the bits 0x3f3504f3 */
    const int32_t bits = lac_float_bits(x), k = (int32_t)((uint32_t)bits - 0x3f3504f3u) >> 23;
    const float f = lac_float_from_bits((int32_t)((uint32_t)bits - ((uint32_t)k << 23))) - 1.0f;
    const float power = (float)(k + lift);
    float q = 0x1.1d8ea6p-4f;

    q = q * f - 0x1.d635bcp-4f;
    q = q * f + 0x1.dea282p-4f;
    q = q * f - 0x1.fcf4c6p-4f;
    q = q * f + 0x1.23d21ap-3f;
    q = q * f - 0x1.555b4ap-3f;
    q = q * f + 0x1.999d5ap-3f;
    q = q * f - 0x1.fffffcp-3f;
    q = q * f + 0x1.555554p-2f;
    q = f * f * f * q + power * 0x1.7f7d1cp-20f;
    return power * 0x1.62e400p-1f + (f + (q - 0.5f * f * f));
}

/** lac_log_lane: ln x; NaN below 0, -Inf at 0. */
static inline float
lac_log_lane(float x)
{
    const int tiny = x < 0x1p-126f;
    float y = lac_log_normal_lane(tiny ? x * 0x1p23f : x, tiny ? -23 : 0);

    y = x < INFINITY ? y : x;
    y = x > 0.0f ? y : NAN;
    return x == 0.0f ? -INFINITY : y;
}

/** lac_log1p_lane: ln(1 + x). ln u with u = 1 + x rounded, and what rounding lost. */
static inline float
lac_log1p_lane(float x)
{
    const float u = 1.0f + x;
    const float lost = x > 1.0f ? 1.0f - (u - x) : x - (u - 1.0f);
    float y = lac_log_normal_lane(u, 0) + lost / u;

    y = x < INFINITY ? y : x;
    y = x > -1.0f ? y : NAN;
    return x == -1.0f ? -INFINITY : y;
}

/** lac_sigmoid_lane: 1 / (1 + e^-x), from e^-|x| so that neither side overflows. What rounding
 * takes from dividend and divisor is made good, or it would cost a third last place. */
static inline float
lac_sigmoid_lane(float x)
{
    const LacExpParts e = lac_exp_parts(-fabsf(x));
    const float m = 1.0f + e.t, small = m * e.scale * e.again, u = 1.0f + small;
    const float lost = small - (u - 1.0f), above = x < 0.0f ? m : 1.0f;
    const float rest = (x < 0.0f ? e.t - (m - 1.0f) : 0.0f) - above * lost;
    const float y = above / u + rest / u;

    return x < 0.0f ? y * e.scale * e.again : y;
}

/** lac_softplus_lane: ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|); the second logarithm is that of a
 * number in [1, 2], as in lac_log1p_lane(). */
static inline float
lac_softplus_lane(float x)
{
    const float e = lac_exp_lane(-fabsf(x)), u = 1.0f + e;

    return (x < 0.0f ? 0.0f : x) + (lac_log_normal_lane(u, 0) + (e - (u - 1.0f)) / u);
}

/** lac_softplus_slope_lane: ln(1 + e^x), and its derivative 1 / (1 + e^-x) for the same exponential
 * and division; the latter right to 4 last places. */
static inline float
lac_softplus_slope_lane(float x, float *slope)
{
    const float e = lac_exp_lane(-fabsf(x)), u = 1.0f + e, r = 1.0f / u;

    *slope = x < 0.0f ? e * r : r;
    return (x < 0.0f ? 0.0f : x) + (lac_log_normal_lane(u, 0) + (e - (u - 1.0f)) * r);
}

/** lac_tanh_lane: x + x^3 P(x^2) where |x| < 0.9, else 1 - 2 / (e^2|x| + 1) with x's sign. */
static inline float
lac_tanh_lane(float x)
{
    const float a = fabsf(x), u = x * x;
    const float far = 1.0f - 2.0f / (lac_exp_lane(a + a) + 1.0f);
    float p = -0x1.10d08ep-11f;

    p = p * u + 0x1.69a4aep-9f;
    p = p * u - 0x1.14eb0ep-7f;
    p = p * u + 0x1.648194p-6f;
    p = p * u - 0x1.b9fd82p-5f;
    p = p * u + 0x1.1110b2p-3f;
    p = p * u - 0x1.555554p-2f;
    return a < 0.9f ? x + x * u * p : copysignf(far, x);
}

/* ---- what tensors hold ---- */

#ifdef LAC_NN_DOUBLE
static inline double
lac_real_exp(double x)
{
    return exp(x);
}
static inline double
lac_real_log(double x)
{
    return log(x);
}
static inline double
lac_real_log1p(double x)
{
    return log1p(x);
}
static inline double
lac_real_tanh(double x)
{
    return tanh(x);
}
static inline double
lac_real_sigmoid(double x)
{
    const double e = exp(-fabs(x));

    return (x < 0.0 ? e : 1.0) / (1.0 + e);
}
static inline double
lac_real_softplus(double x)
{
    return (x < 0.0 ? 0.0 : x) + log1p(exp(-fabs(x)));
}
static inline double
lac_real_softplus_slope(double x, double *slope)
{
    *slope = lac_real_sigmoid(x);
    return lac_real_softplus(x);
}
#else
#define lac_real_softplus_slope lac_softplus_slope_lane
#define lac_real_exp lac_exp_lane
#define lac_real_log lac_log_lane
#define lac_real_log1p lac_log1p_lane
#define lac_real_tanh lac_tanh_lane
#define lac_real_sigmoid lac_sigmoid_lane
#define lac_real_softplus lac_softplus_lane
#endif

/** lac_vexp and the rest: y[i] = f(x[i]), i < @n; @y may be @x. In the calling thread. */
LAC_PRIVATE_API void lac_vexp(size_t n, const LacReal *x, LacReal *y);
LAC_PRIVATE_API void lac_vlog(size_t n, const LacReal *x, LacReal *y);
LAC_PRIVATE_API void lac_vlog1p(size_t n, const LacReal *x, LacReal *y);
LAC_PRIVATE_API void lac_vtanh(size_t n, const LacReal *x, LacReal *y);
LAC_PRIVATE_API void lac_vsigmoid(size_t n, const LacReal *x, LacReal *y);
LAC_PRIVATE_API void lac_vsoftplus(size_t n, const LacReal *x, LacReal *y);

G_END_DECLS

#endif
