/* Bradley-Terry ratings on the Elo scale, by Newton's method; and the Pareto front. */
#include "inference-private.h"

#include <lacuna/stats.h>
#include <math.h>

/* Solves a x = b for symmetric positive definite a [k x k] in place of b, by Cholesky. k is the
 * number of methods: small. */
static void
solve_spd(size_t k, double *a, double *b)
{
    for (size_t j = 0; j < k; j++) {
        for (size_t i = j; i < k; i++) {
            double sum = a[i * k + j];
            for (size_t l = 0; l < j; l++)
                sum -= a[i * k + l] * a[j * k + l];
            a[i * k + j] = i == j ? sqrt(sum) : sum / a[j * k + j];
        }
    }
    for (size_t i = 0; i < k; i++) {
        for (size_t l = 0; l < i; l++)
            b[i] -= a[i * k + l] * b[l];
        b[i] /= a[i * k + i];
    }
    for (size_t i = k; i-- > 0;) {
        for (size_t l = i + 1; l < k; l++)
            b[i] -= a[l * k + i] * b[l];
        b[i] /= a[i * k + i];
    }
}

/* [k x k] points i took from j: 1 a block, 1/2 for a tie */
static double *
elo_points(size_t blocks, size_t k, const double *loss)
{
    double *points = g_new0(double, k *k);

    for (size_t b = 0; b < blocks; b++) {
        const double *row = loss + b * k;
        for (size_t i = 0; i < k; i++)
            for (size_t j = 0; j < k; j++)
                if (i != j)
                    points[i * k + j] += row[i] < row[j] ? 1.0 : row[i] == row[j] ? 0.5 : 0.0;
    }
    return points;
}

/* one Newton step; returns the largest change */
static double
elo_step(size_t k, const double *points, double ridge, double *strength)
{
    g_autofree double *hessian = g_new(double, k *k), *step = g_new(double, k);
    double largest = 0.0;

    /* ratings are fixed up to a common shift only: penalise that direction, which no step takes */
    for (size_t i = 0; i < k * k; i++)
        hessian[i] = 1.0 / (double)k;
    for (size_t i = 0; i < k; i++) {
        step[i] = -ridge * strength[i];
        hessian[i * k + i] += ridge;
        for (size_t j = 0; j < k; j++) {
            const double games = points[i * k + j] + points[j * k + i];
            const double p = lac_sigmoid(strength[i] - strength[j]);
            step[i] += points[i * k + j] - games * p;
            hessian[i * k + i] += games * p * (1.0 - p);
            hessian[i * k + j] -= games * p * (1.0 - p);
        }
    }
    solve_spd(k, hessian, step);
    for (size_t i = 0; i < k; i++) {
        strength[i] += step[i];
        largest = fmax(largest, fabs(step[i]));
    }
    return largest;
}

void
lac_elo(size_t blocks, size_t k, const double *loss, double ridge, double *rating)
{
    g_autofree double *points = elo_points(blocks, k, loss);
    double mean = 0.0;

    for (size_t j = 0; j < k; j++)
        rating[j] = 0.0;
    for (int round = 0; round < 200 && elo_step(k, points, ridge, rating) > 1e-13; round++)
        continue;
    for (size_t j = 0; j < k; j++)
        mean += rating[j] / (double)k;
    for (size_t j = 0; j < k; j++)
        rating[j] = 1000.0 + 400.0 / G_LN10 * (rating[j] - mean);
}

void
lac_pareto(size_t n, const double *cost, const double *loss, gboolean *front)
{
    for (size_t i = 0; i < n; i++) {
        front[i] = isfinite(cost[i]) && isfinite(loss[i]);
        for (size_t j = 0; front[i] && j < n; j++)
            if (cost[j] <= cost[i] && loss[j] <= loss[i] &&
                (cost[j] < cost[i] || loss[j] < loss[i]))
                front[i] = FALSE;
    }
}
