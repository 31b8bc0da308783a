/* The standard normal law on an interval (a, b). Everything is turned into the lower tail first,
 * where the distribution function keeps its relative accuracy. */
#include <lacuna/truncated.h>

#include <lacuna/stats.h>
#include <math.h>

#define FAR 30.0    /* beyond it the tail is handled by its logarithm */
#define NARROW 1e-4 /* below it the density is a straight line */

/* ln Q(t) up to a constant, t >= FAR: -t^2 / 2 - ln t + ln(1 - 1/t^2 + 3/t^4 ...), and its
 * derivative, minus the hazard. The series' terms fall below 1e-16 within eight. */
static double
tail_log(double t, double *slope)
{
    const double s = 1.0 / (t * t);
    double term = 1.0, sum = 1.0;

    for (int k = 1; k <= 8; k++) {
        term *= -(2.0 * k - 1.0) * s;
        sum += term;
    }
    *slope = -t / sum;
    return -0.5 * t * t - log(t) + log(sum);
}

/* y in [t, w] (w may be infinite) that leaves the share @v of Q(t) - Q(w) above it, plus Q(w). */
static double
tail_quantile(double t, double w, double v)
{
    double slope, y;
    const double at = tail_log(t, &slope);
    const double beyond = isinf(w) ? 0.0 : exp(tail_log(w, &slope) - at);
    const double want = log(v + (1.0 - v) * beyond); /* ln Q(y) - ln Q(t) */

    y = sqrt(t * t - 2.0 * want);
    for (int k = 0; k < 4; k++) {
        const double off = tail_log(y, &slope) - at - want;

        y = MAX(y - off / slope, t);
    }
    return y;
}

/* Lower half: a < b, and not 0 < a. */
static double
lower_quantile(double a, double b, double u)
{
    const double low = lac_normal_cdf(a), high = lac_normal_cdf(b);

    if (b < -FAR)
        return -tail_quantile(-b, -a, u);
    return lac_normal_quantile(low + u * (high - low));
}

double
lac_truncated_normal_quantile(double mean, double sd, double lower, double upper, double u)
{
    double a, b, z;

    if (!(sd > 0.0) || lower == upper)
        return CLAMP(mean, lower, upper);
    a = (lower - mean) / sd;
    b = (upper - mean) / sd;
    z = a > 0.0 ? -lower_quantile(-b, -a, 1.0 - u) : lower_quantile(a, b, u);
    return CLAMP(mean + sd * z, lower, upper);
}

double
lac_rng_truncated_normal(LacRng *rng, double mean, double sd, double lower, double upper)
{
    return lac_truncated_normal_quantile(mean, sd, lower, upper, lac_rng_open(rng));
}

/* Of -y, y > t >= FAR and y < w: an exponential law of the tail's rate, cut at w - t. */
static void
tail_moments(double t, double w, double *mean, double *variance)
{
    const double s = 1.0 / (t * t);
    const double excess = (1.0 - s * (2.0 - s * (10.0 - 74.0 * s))) / t;
    const double cut = (w - t) / excess;
    const double lost = isinf(w) || cut > 700.0 ? 0.0 : cut / expm1(cut);

    *mean = -(t + excess * (1.0 - lost));
    *variance = isinf(w) ? s * (1.0 - s * (6.0 - s * (50.0 - 518.0 * s)))
                         : excess * excess * (1.0 - lost * lost * exp(MIN(cut, 700.0)));
}

static void
lower_moments(double a, double b, double *mean, double *variance)
{
    const double mass = lac_normal_cdf(b) - lac_normal_cdf(a), width = b - a;

    if (width < NARROW) {
        const double middle = 0.5 * (a + b);

        *mean = middle - middle * width * width / 12.0;
        *variance = width * width / 12.0;
    } else if (b < -FAR) {
        tail_moments(-b, -a, mean, variance);
    } else {
        const double left = isinf(a) ? 0.0 : lac_normal_pdf(a);
        const double right = isinf(b) ? 0.0 : lac_normal_pdf(b);
        const double edge = (isinf(a) ? 0.0 : a * left) - (isinf(b) ? 0.0 : b * right);

        *mean = (left - right) / mass;
        *variance = MAX(1.0 + edge / mass - *mean * *mean, 0.0);
    }
}

void
lac_truncated_normal_moments(double mean, double sd, double lower, double upper, double *mean_out,
                             double *variance_out)
{
    double z = 0.0, spread = 0.0;

    if (sd > 0.0 && lower < upper) {
        const double a = (lower - mean) / sd, b = (upper - mean) / sd;

        if (a > 0.0) {
            lower_moments(-b, -a, &z, &spread);
            z = -z;
        } else {
            lower_moments(a, b, &z, &spread);
        }
    }
    if (mean_out != NULL)
        *mean_out = CLAMP(mean + sd * z, lower, upper);
    if (variance_out != NULL)
        *variance_out = sd * sd * spread;
}
