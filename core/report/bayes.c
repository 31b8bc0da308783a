/* The Bayesian signed-rank test with a region of practical equivalence. */
#include "inference-private.h"

#include <math.h>

#define PRIOR_WEIGHT 0.5

/* which side of +-2 rope the sum of a pair falls on: 1, or 1/2 exactly on the edge */
static double
side(double sum, double edge)
{
    return sum > edge ? 1.0 : sum == edge ? 0.5 : 0.0;
}

/* [(n+1) x (n+1)] shares of each pair that count for more (+1) and less; the prior's pseudo
 * observation 0 comes first */
static void
bayes_sides(size_t n, const double *difference, double rope, double *more, double *less)
{
    for (size_t i = 0; i <= n; i++) {
        for (size_t j = 0; j <= n; j++) {
            const double a = i == 0 ? 0.0 : difference[i - 1];
            const double b = j == 0 ? 0.0 : difference[j - 1];
            more[i * (n + 1) + j] = side(a + b, 2.0 * rope);
            less[i * (n + 1) + j] = side(-(a + b), 2.0 * rope);
        }
    }
}

LacBayes
lac_bayes_expectation(size_t n, const double *difference, double rope)
{
    const size_t m = n + 1;
    const double total = PRIOR_WEIGHT + (double)n;
    g_autofree double *more = g_new(double, m *m), *less = g_new(double, m *m);
    LacBayes out = {0};

    bayes_sides(n, difference, rope, more, less);
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < m; j++) {
            const double a = i == 0 ? PRIOR_WEIGHT : 1.0, b = j == 0 ? PRIOR_WEIGHT : 1.0;
            const double weight = a * (b + (i == j ? 1.0 : 0.0)) / (total * (total + 1.0));
            out.more += weight * more[i * m + j];
            out.less += weight * less[i * m + j];
        }
    }
    out.same = 1.0 - out.more - out.less;
    return out;
}

/* Dirichlet(1/2, 1, ..., 1) by normalised gamma variates */
static void
bayes_weights(size_t m, LacRng *rng, double *weight)
{
    double total = 0.0;

    for (size_t i = 0; i < m; i++) {
        weight[i] = i == 0 ? lac_rng_gamma(rng, PRIOR_WEIGHT) : -log(lac_rng_open(rng));
        total += weight[i];
    }
    for (size_t i = 0; i < m; i++)
        weight[i] /= total;
}

/* w' S w for a symmetric S */
static double
bayes_share(size_t m, const double *weight, const double *sides)
{
    double share = 0.0;

    for (size_t i = 0; i < m; i++) {
        double row = 0.5 * weight[i] * sides[i * m + i];
        for (size_t j = i + 1; j < m; j++)
            row += weight[j] * sides[i * m + j];
        share += 2.0 * weight[i] * row;
    }
    return share;
}

LacBayes
lac_bayes_signed_rank(size_t n, const double *difference, double rope, size_t draws, LacRng rng)
{
    const size_t m = n + 1;
    g_autofree double *more = g_new(double, m *m), *less = g_new(double, m *m);
    g_autofree double *weight = g_new(double, m);
    LacBayes out = {0};

    bayes_sides(n, difference, rope, more, less);
    for (size_t draw = 0; draw < draws; draw++) {
        double right, left, middle;
        bayes_weights(m, &rng, weight);
        right = bayes_share(m, weight, more);
        left = bayes_share(m, weight, less);
        middle = 1.0 - right - left;
        if (left >= middle && left >= right)
            out.less += 1.0;
        else if (middle >= right)
            out.same += 1.0;
        else
            out.more += 1.0;
    }
    out.less /= (double)draws;
    out.same /= (double)draws;
    out.more /= (double)draws;
    for (size_t i = 0; i < 3; i++) {
        const double p = i == 0 ? out.less : i == 1 ? out.same : out.more;
        out.error = fmax(out.error, sqrt(p * (1.0 - p) / (double)draws));
    }
    return out;
}
