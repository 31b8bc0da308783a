/* Vector functions over the whole range of floats, against the C library in long double, whose
 * error is some 2^-40 of theirs. */
#include "lac_test.h"
#include "vmath-private.h"

enum {
    STEP = 2503, /* a prime: every exponent is met with some 3000 fractions, and both signs */
    BATCH = 1024,
};

static long double
exact_sigmoid(long double x)
{
    return (x < 0 ? expl(x) : 1.0L) / (1.0L + expl(-fabsl(x)));
}

static long double
exact_softplus(long double x)
{
    return (x < 0 ? 0.0L : x) + log1pl(expl(-fabsl(x)));
}

/* a unit in the last place of a float near @y */
static double
last_place(long double y)
{
    int exponent;

    if (fabsl(y) < 0x1p-126L)
        return 0x1p-149;
    frexpl(y, &exponent);
    return ldexp(1.0, exponent - 24);
}

/* How many last places @seen is away from @exact; beyond the largest float only infinity is right,
 * and NaN must meet NaN. */
static double
error_in_last_places(float seen, long double exact)
{
    if (isnan(exact) || isnan(seen))
        return isnan(exact) && isnan(seen) ? 0.0 : INFINITY;
    if (isinf(seen) || fabsl(exact) >= 0x1.ffffffp127L)
        return (float)exact == seen ? 0.0 : INFINITY;
    return (double)fabsl((long double)seen - exact) / last_place(exact);
}

static void
expect_error(const char *name, void (*function)(size_t n, const float *x, float *y),
             long double (*exact)(long double x), double most)
{
    float x[BATCH], y[BATCH];
    double worst = 0.0, at = 0.0;

    for (uint64_t bits = 0; bits <= G_MAXUINT32;) {
        size_t n = 0;

        for (; n < BATCH && bits <= G_MAXUINT32; n++, bits += STEP)
            x[n] = lac_float_from_bits((int32_t)(uint32_t)bits);
        function(n, x, y);
        for (size_t i = 0; i < n; i++) {
            const double error = error_in_last_places(y[i], exact((long double)x[i]));

            if (error > worst)
                worst = error, at = (double)x[i];
        }
    }
    LAC_CHECK_OR((void)0, worst <= most, "%s(%a) is %g last places off, expected at most %g", name,
                 at, worst, most);
}

LAC_TEST(nn_vmath, exp_is_right_to_one_last_place)
{
    expect_error("exp", lac_vexp, expl, 1.0);
}

LAC_TEST(nn_vmath, log_is_right_to_one_last_place)
{
    expect_error("log", lac_vlog, logl, 1.0);
}

LAC_TEST(nn_vmath, log1p_is_right_to_two_last_places)
{
    expect_error("log1p", lac_vlog1p, log1pl, 2.0);
}

LAC_TEST(nn_vmath, tanh_is_right_to_two_last_places)
{
    expect_error("tanh", lac_vtanh, tanhl, 2.0);
}

LAC_TEST(nn_vmath, sigmoid_is_right_to_two_last_places)
{
    expect_error("sigmoid", lac_vsigmoid, exact_sigmoid, 2.0);
}

LAC_TEST(nn_vmath, softplus_is_right_to_two_last_places)
{
    expect_error("softplus", lac_vsoftplus, exact_softplus, 2.0);
}

LAC_TEST(nn_vmath, limits_are_exact)
{
    const float x[] = {0.0f, INFINITY, -INFINITY, 1.0f};
    float y[G_N_ELEMENTS(x)];

    lac_vtanh(G_N_ELEMENTS(x), x, y);
    EXPECT_TRUE(y[0] == 0.0f && y[1] == 1.0f && y[2] == -1.0f);
    lac_vexp(G_N_ELEMENTS(x), x, y);
    EXPECT_TRUE(y[0] == 1.0f && y[1] == INFINITY && y[2] == 0.0f);
    lac_vlog(G_N_ELEMENTS(x), x, y);
    EXPECT_TRUE(y[0] == -INFINITY && y[1] == INFINITY && isnan(y[2]) && y[3] == 0.0f);
    lac_vsoftplus(G_N_ELEMENTS(x), x, y);
    EXPECT_TRUE(y[1] == INFINITY && y[2] == 0.0f);
}
