/* Distribution functions. The tails are computed as such, never as 1 minus the other one. */
#include "normal-private.h"
#include <lacuna/stats.h>

#include <float.h>
#include <math.h>

#define SQRT_2_HIGH 0x1.6a09e667f3bcdp+0
#define SQRT_2_LOW (-0x1.bdd3413b26456p-54) /* sqrt(2) - SQRT_2_HIGH */
#define SQRT_2PI 2.50662827463100050242
#define TINY 1e-300

double
lac_normal_pdf(double x)
{
    return exp(-0.5 * x * x) / SQRT_2PI;
}

/* erfc(t) / 2 with t = -x / sqrt(2). Rounding t alone would cost t^2 digits' worth in the tail, so
 * the remainder enters by one step of Taylor. */
double
lac_normal_cdf(double x)
{
    const double t = -x / SQRT_2_HIGH;
    const double half = 0.5 * erfc(t);

    if (!isfinite(t) || half < DBL_MIN)
        return half;

    const double rest = (fma(-t, SQRT_2_HIGH, -x) - t * SQRT_2_LOW) / SQRT_2_HIGH;

    return half - rest * M_2_SQRTPI * 0.5 * exp(-t * t);
}

double
lac_normal_quantile(double p)
{
    if (!(p >= 0.0 && p <= 1.0))
        return NAN;
    if (p == 0.0 || p == 1.0)
        return p == 0.0 ? -INFINITY : INFINITY;
    return lac_as241(p);
}

double
lac_sigmoid(double x)
{
    const double e = exp(-fabs(x));

    return x >= 0.0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
}

/* ln Gamma(n + 1) - ln(sqrt(2 pi n) (n / e)^n), n > 0: Stirling's series from 16 on, and
 * downwards from there by the recurrence that follows from its definition. */
static double
stirling_error(double n)
{
    double below = 0.0;

    for (; n < 16.0; n += 1.0)
        below += (n + 0.5) * log1p(1.0 / n) - 1.0;

    const double r = 1.0 / (n * n);

    return below +
           (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - r / 1188) * r) * r) * r) / n;
}

/* x ln(x / m) + m - x without cancellation where x and m are close. Source: Loader (2000), "Fast
 * and accurate computation of binomial probabilities", with v = (x - m) / (x + m):
 * x ln(x / m) = 2 x (v + v^3 / 3 + v^5 / 5 ...), of which x - m = (x + m) v takes the first. */
static double
deviance(double x, double m)
{
    if (fabs(x - m) >= 0.1 * (x + m))
        return x * log(x / m) + m - x;

    const double v = (x - m) / (x + m);
    double power = 2.0 * x * v, sum = (x - m) * v;

    for (double k = 3.0;; k += 2.0) {
        power *= v * v;

        const double next = sum + power / k;

        if (next == sum)
            return sum;
        sum = next;
    }
}

/* x^a exp(-x) / Gamma(a + 1) */
static double
gamma_front(double a, double x)
{
    return exp(-stirling_error(a) - deviance(a, x)) / (SQRT_2PI * sqrt(a));
}

/* P(a, x) by its power series; terms shrink from the start when x < a + 1 */
static double
gamma_series(double a, double x)
{
    double term = 1.0, sum = 1.0;

    for (double k = 1.0; term > sum * 0.1 * DBL_EPSILON; k += 1.0) {
        term *= x / (a + k);
        sum += term;
    }
    return sum * gamma_front(a, x);
}

/* One step of Lentz's method for b0 + a1 / (b1 + a2 / (b2 + ...)). */
typedef struct {
    double value, c, d;
} Fraction;

static gboolean
fraction_step(Fraction *f, double a, double b)
{
    f->d = b + a * f->d;
    f->c = b + a / f->c;
    if (fabs(f->d) < TINY)
        f->d = TINY;
    if (fabs(f->c) < TINY)
        f->c = TINY;
    f->d = 1.0 / f->d;

    const double factor = f->c * f->d;

    f->value *= factor;
    return fabs(factor - 1.0) > DBL_EPSILON;
}

/* Q(a, x) by Legendre's continued fraction, x > a + 1 */
static double
gamma_fraction(double a, double x)
{
    const double b0 = x + 1.0 - a;
    Fraction f = {.value = b0, .c = b0, .d = 0.0};
    const double most = 1000.0 + 20.0 * sqrt(a);

    for (double k = 1.0; k < most; k += 1.0)
        if (!fraction_step(&f, -k * (k - a), b0 + 2.0 * k))
            break;
    return gamma_front(a, x) * a / f.value;
}

double
lac_gamma_inc(double a, double x, gboolean upper)
{
    if (isnan(a) || isnan(x) || a <= 0.0)
        return NAN;
    if (x <= 0.0)
        return upper ? 1.0 : 0.0;
    if (isinf(x))
        return upper ? 0.0 : 1.0;
    if (x < a + 1.0) {
        const double p = MIN(gamma_series(a, x), 1.0);

        return upper ? 1.0 - p : p;
    }

    const double q = gamma_fraction(a, x);

    return upper ? q : 1.0 - q;
}

double
lac_chi2_cdf(double x, double df, gboolean upper)
{
    return lac_gamma_inc(0.5 * df, 0.5 * x, upper);
}

/* x^a y^b / B(a, b), y = 1 - x, as a b / (a + b) times a binomial probability */
static double
beta_front(double x, double y, double a, double b)
{
    const double n = a + b;
    const double log_binomial = stirling_error(n) - stirling_error(a) - stirling_error(b) -
                                deviance(a, n * x) - deviance(b, n * y);

    return exp(log_binomial) * sqrt(a / n * b) / SQRT_2PI;
}

/* I_x(a, b) for x <= a / (a + b), by the continued fraction of DiDonato and Morris (1992),
 * "Algorithm 708", section 2: the even part of the usual one (DLMF 8.17.22). Its terms stay of the
 * order of the result where those of the usual one cancel, which is for large a and small y. */
static double
beta_fraction(double x, double y, double a, double b)
{
    const double lambda = a * y - b * x;
    const double b1 = a / (a + 1.0) * (lambda + 1.0);
    const double most = 1000.0 + 20.0 * sqrt(a + b);
    Fraction f = {.value = b1, .c = b1, .d = 0.0};

    for (double k = 1.0; k < most; k += 1.0) {
        const double m = a + 2.0 * k - 1.0;
        const double top = (a + k - 1.0) / m * ((a + b + k - 1.0) / m) * k * (b - k) * x * x;
        const double bottom =
            k + k * (b - k) * x / m + (a + k) / (m + 2.0) * (lambda + 1.0 + k * (1.0 + y));

        if (!fraction_step(&f, top, bottom))
            break;
    }
    return beta_front(x, y, a, b) / f.value;
}

/* I_x(a, b) with y = 1 - x given, since whoever has x near 1 often knows y better */
static double
beta_inc(double x, double y, double a, double b)
{
    if (isnan(x) || isnan(a) || isnan(b) || a <= 0.0 || b <= 0.0)
        return NAN;
    if (x <= 0.0 || y <= 0.0)
        return x <= 0.0 ? 0.0 : 1.0;
    if (b * x <= a * y)
        return MIN(beta_fraction(x, y, a, b), 1.0);
    return 1.0 - MIN(beta_fraction(y, x, b, a), 1.0);
}

double
lac_beta_inc(double x, double a, double b)
{
    return beta_inc(x, 1.0 - x, a, b);
}

double
lac_f_cdf(double x, double df1, double df2, gboolean upper)
{
    if (x <= 0.0)
        return upper ? 1.0 : 0.0;
    if (isinf(df2))
        return lac_chi2_cdf(x * df1, df1, upper);
    if (isinf(df1))
        return lac_chi2_cdf(df2 / x, df2, !upper);

    const double share = df1 * x / (df1 * x + df2), rest = df2 / (df1 * x + df2);

    if (isinf(df1 * x))
        return upper ? 0.0 : 1.0;
    return upper ? beta_inc(rest, share, 0.5 * df2, 0.5 * df1)
                 : beta_inc(share, rest, 0.5 * df1, 0.5 * df2);
}

/* from here on the t and normal distributions agree to double precision */
#define T_IS_NORMAL 1e17

/* P(T > t), t >= 0 */
static double
t_tail(double t, double df)
{
    if (df > T_IS_NORMAL)
        return lac_normal_cdf(-t);
    /* in this form nothing overflows before the result underflows to nothing */
    const double r = t / sqrt(df), x = 1.0 / (1.0 + r * r);

    return 0.5 * beta_inc(x, isinf(r * r) ? 1.0 : r * r * x, 0.5 * df, 0.5);
}

/* P(0 < T < t), t >= 0 */
static double
t_centre(double t, double df)
{
    if (df > T_IS_NORMAL)
        return 0.5 * erf(t / SQRT_2_HIGH);

    const double r = t / sqrt(df), x = 1.0 / (1.0 + r * r);

    return 0.5 * beta_inc(isinf(r * r) ? 1.0 : r * r * x, x, 0.5, 0.5 * df);
}

double
lac_t_cdf(double x, double df, gboolean upper)
{
    if (isnan(x) || !(df > 0.0))
        return NAN;
    if (upper)
        x = -x;
    return x < 0.0 ? t_tail(-x, df) : 1.0 - t_tail(x, df);
}

static double
t_log_pdf(double t, double df)
{
    if (df > T_IS_NORMAL)
        return log(lac_normal_pdf(t));

    const double r = t / sqrt(df);

    /* the gamma functions by Stirling's formula, whose large terms cancel on paper */
    return stirling_error(0.5 * (df + 1.0)) - stirling_error(0.5 * df) +
           0.5 * df * log1p(1.0 / df) - 0.5 - log(SQRT_2PI) - 0.5 * (df + 1.0) * log1p(r * r);
}

/* t > 0 at which the tail, or with @centre what lies below it, is @share. In logarithms of both
 * the function is nearly straight, so Newton's steps are long; the bracket keeps them honest. */
static double
t_solve(double share, double df, gboolean centre)
{
    double low = -745.0, high = 709.0; /* logarithms of the range of doubles */
    double s = log(fabs(lac_as241(centre ? 0.5 - share : share)) + 1e-300);

    for (int round = 0; round < 200 && high - low > 4.0 * DBL_EPSILON; round++) {
        const double t = exp(s);
        const double value = centre ? t_centre(t, df) : t_tail(t, df);
        const double slope = exp(t_log_pdf(t, df) + s) / value;
        const gboolean too_far = centre ? value > share : value < share;

        *(too_far ? &high : &low) = s;

        const double step = log(value / share) / slope;
        double next = centre ? s - step : s + step;

        if (!(next > low && next < high))
            next = 0.5 * (low + high);
        if (fabs(next - s) < 0.5 * DBL_EPSILON * MAX(1.0, fabs(s)))
            return exp(next);
        s = next;
    }
    return exp(s);
}

double
lac_t_quantile(double p, double df)
{
    if (!(p >= 0.0 && p <= 1.0) || !(df > 0.0))
        return NAN;
    if (p == 0.0 || p == 1.0)
        return p == 0.0 ? -INFINITY : INFINITY;
    if (df > T_IS_NORMAL)
        return lac_normal_quantile(p);
    if (p == 0.5)
        return 0.0;

    const double tail = MIN(p, 1.0 - p);
    const double t = tail > 0.25 ? t_solve(fabs(p - 0.5), df, TRUE) : t_solve(tail, df, FALSE);

    return p < 0.5 ? -t : t;
}
