/* The tail of importance weights and its Pareto shape. */
#include "tail.h"

#include <math.h>
#include <stdlib.h>

enum {
    FEWEST = 10, /* weights beyond the threshold that a shape is estimated from */
    BASE = 30,   /* of the grid: 30 + sqrt(n) points */
    PRIOR = 3,   /* of the grid's spread (Zhang and Stephens, section 4) */
    BELIEF = 10, /* the weakly informed prior counts as much as so many weights of shape 1/2 */
};

size_t
tail_size(size_t samples)
{
    const size_t most = (size_t)fmin((double)samples / 5.0, 3.0 * sqrt((double)samples));

    return most >= FEWEST ? most : 0;
}

static void
swap(double *a, double *b)
{
    const double kept = *a;

    *a = *b;
    *b = kept;
}

static void
rise(double *heap, size_t at)
{
    for (; at > 0 && heap[at] < heap[(at - 1) / 2]; at = (at - 1) / 2)
        swap(&heap[at], &heap[(at - 1) / 2]);
}

static void
sink(double *heap, size_t n)
{
    for (size_t at = 0; 2 * at + 1 < n;) {
        size_t child = 2 * at + 1;

        if (child + 1 < n && heap[child + 1] < heap[child])
            child++;
        if (heap[at] <= heap[child])
            return;
        swap(&heap[at], &heap[child]);
        at = child;
    }
}

void
tail_add(Tail *tail, double log_weight)
{
    if (tail->n <= tail->most) {
        tail->least[tail->n] = log_weight;
        rise(tail->least, tail->n++);
    } else if (log_weight > tail->least[0]) {
        tail->least[0] = log_weight;
        sink(tail->least, tail->n);
    }
}

static int
ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Mean of ln(1 - theta x). */
static double
shape_at(size_t n, const double *x, double theta)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += log1p(-theta * x[i]);
    return sum / (double)n;
}

/* Posterior mean of theta = -k / sigma over a grid, by the profile likelihood, then the shape. @x:
 * [n] exceedances, ascending, the first positive. */
static double
pareto_shape(size_t n, const double *x)
{
    const size_t points = BASE + (size_t)sqrt((double)n);
    const double quartile = x[(size_t)((double)n / 4.0 + 0.5) - 1];
    g_autofree double *theta = g_new(double, 2 * points);
    double *fit = theta + points, best = -INFINITY, sum = 0.0, mean = 0.0;

    for (size_t j = 0; j < points; j++) {
        double k;

        theta[j] =
            1.0 / x[n - 1] + (1.0 - sqrt((double)points / ((double)j + 0.5))) / PRIOR / quartile;
        k = shape_at(n, x, theta[j]);
        fit[j] = (double)n * (log(-theta[j] / k) - k - 1.0);
        best = fmax(best, fit[j]);
    }
    for (size_t j = 0; j < points; j++) {
        const double weight = isnan(fit[j]) ? 0.0 : exp(fit[j] - best);

        sum += weight;
        mean += weight * theta[j];
    }
    return ((double)n * shape_at(n, x, mean / sum) + 0.5 * BELIEF) / ((double)n + BELIEF);
}

double
tail_shape(Tail *tail)
{
    const size_t n = tail->n > 0 ? tail->n - 1 : 0; /* the smallest is the threshold */
    size_t first = 0;

    if (n < FEWEST)
        return 0.0;
    qsort(tail->least, tail->n, sizeof *tail->least, ascending);
    const double top = tail->least[n], threshold = exp(tail->least[0] - top);

    for (size_t i = 0; i < n; i++) {
        tail->least[i] = exp(tail->least[i + 1] - top) - threshold;
        first += tail->least[i] > 0.0 ? 0 : 1;
    }
    return n - first >= FEWEST ? pareto_shape(n - first, tail->least + first) : 0.0;
}
