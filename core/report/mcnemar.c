/* Two classifiers on the same rows. */
#include "inference-private.h"

#include <math.h>

/* 2 P(X <= k), X ~ binomial(n, 1/2); terms by their ratios from the largest, in logarithms. */
static double
binomial_two_sided(size_t n, size_t k)
{
    const double all = (double)n * log(2.0);
    double sum = 0.0;

    for (size_t i = 0; i <= k; i++)
        sum += exp(lgamma((double)n + 1.0) - lgamma((double)i + 1.0) -
                   lgamma((double)(n - i) + 1.0) - all);
    return fmin(1.0, 2.0 * sum);
}

LacMcNemar
lac_mcnemar(size_t b, size_t c)
{
    const double n = (double)(b + c);
    LacMcNemar test = {b, c, 0.0, 1.0, 1.0};

    if (b + c == 0)
        return test;
    test.z = ((double)b - (double)c) / sqrt(n);
    test.p = erfc(fabs(test.z) / sqrt(2.0));
    test.p_exact = binomial_two_sided(b + c, MIN(b, c));
    return test;
}

double
lac_differing_z(size_t right, size_t n)
{
    return n == 0 ? 0.0 : (2.0 * (double)right - (double)n) / sqrt((double)n);
}
