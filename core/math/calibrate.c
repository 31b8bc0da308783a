/* Intercepts that reach a wanted rate. */
#include <lacuna/calibrate.h>
#include <lacuna/score.h>
#include <lacuna/stats.h>

/* the weighted mean chance at intercept c, and its slope in c */
static double
calibrate_mean(size_t n, const double *score, const double *weight, double c, double *slope)
{
    LacSum mass = {0}, chance = {0};
    double rise = 0;

    for (size_t i = 0; i < n; i++) {
        const double w = weight ? weight[i] : 1, p = lac_sigmoid(score[i] + c);

        lac_sum_add(&mass, w);
        lac_sum_add(&chance, w * p);
        rise += w * p * (1 - p);
    }
    *slope = rise / lac_sum_value(&mass);
    return lac_sum_value(&chance) / lac_sum_value(&mass);
}

/* the smallest and largest score that carries weight; FALSE when none does */
static gboolean
calibrate_range(size_t n, const double *score, const double *weight, double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        if (weight && weight[i] <= 0)
            continue;
        *low = fmin(*low, score[i]);
        *high = fmax(*high, score[i]);
    }
    return *low <= *high;
}

double
lac_calibrate_logistic(size_t n, const double *score, const double *weight, double rate)
{
    double lowest, highest;

    g_assert(rate >= 0 && rate <= 1);
    if (!calibrate_range(n, score, weight, &lowest, &highest))
        return 0;
    if (rate == 0 || rate == 1)
        return rate == 0 ? -INFINITY : INFINITY;

    const double logit = log(rate) - log1p(-rate);
    double below = logit - highest, above = logit - lowest; /* the mean at these brackets rate */
    double c = 0.5 * (below + above);

    for (int step = 0; step < 200 && above - below > 1e-15 * fmax(1, fabs(c)); step++) {
        double slope;
        const double excess = calibrate_mean(n, score, weight, c, &slope) - rate;

        if (excess == 0)
            break;
        if (excess > 0)
            above = c;
        else
            below = c;
        const double next = c - excess / slope;
        const gboolean inside = next > below && next < above; /* FALSE for slope 0, too */

        if (inside && fabs(next - c) <= 1e-15 * fmax(1, fabs(c)))
            break;
        c = inside ? next : 0.5 * (below + above);
    }
    return c;
}

double
lac_calibrate_normal(double (*shape)(double z), double rate)
{
    enum { PANELS = 4608 }; /* even on each side of 0, so that 0 ends a panel */
    const double width = 18.0 / PANELS;
    g_autofree double *score = g_new(double, PANELS + 1), *weight = g_new(double, PANELS + 1);

    for (int k = 0; k <= PANELS; k++) {
        const double z = -9 + width * k;

        score[k] = shape(z);
        weight[k] = lac_normal_pdf(z) * (k == 0 || k == PANELS ? 1 : k % 2 ? 4 : 2);
    }
    return lac_calibrate_logistic(PANELS + 1, score, weight, rate);
}
