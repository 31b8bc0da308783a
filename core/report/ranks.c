/* Ranks inside blocks, and whether they agree more than chance would have it. */
#include "inference-private.h"

#include <lacuna/stats.h>
#include <math.h>

/* [k] sums over the blocks */
static void
ranks_sum(size_t blocks, size_t k, const double *ranks, double *sum)
{
    for (size_t j = 0; j < k; j++)
        sum[j] = 0.0;
    for (size_t b = 0; b < blocks; b++)
        for (size_t j = 0; j < k; j++)
            sum[j] += ranks[b * k + j];
}

/* sum over methods of the squared distance of rank sums from what equal methods would have */
static double
ranks_spread(size_t blocks, size_t k, const double *sum)
{
    const double expected = (double)blocks * (double)(k + 1) / 2.0;
    double spread = 0.0;

    for (size_t j = 0; j < k; j++)
        spread += (sum[j] - expected) * (sum[j] - expected);
    return spread;
}

LacFriedman
lac_friedman(size_t blocks, size_t k, const double *ranks)
{
    const double n = (double)blocks, methods = (double)k;
    LacFriedman out = {.p_chi2 = 1.0, .p_f = 1.0, .df1 = methods - 1.0};
    g_autofree double *sum = g_new(double, k);
    double squares = 0.0, room;

    out.df2 = (methods - 1.0) * (n - 1.0);
    for (size_t i = 0; i < blocks * k; i++)
        squares += ranks[i] * ranks[i];
    squares -= n * methods * (methods + 1.0) * (methods + 1.0) / 4.0;
    if (squares <= 0.0) /* every block is one big tie */
        return out;
    ranks_sum(blocks, k, ranks, sum);
    out.chi2 = (methods - 1.0) * ranks_spread(blocks, k, sum) / squares;
    out.p_chi2 = lac_chi2_cdf(out.chi2, out.df1, TRUE);
    room = n * (methods - 1.0) - out.chi2;
    if (room <= 1e-12 * n * methods) { /* all blocks rank alike */
        out.f = INFINITY;
        out.p_f = 0.0;
        return out;
    }
    out.f = (n - 1.0) * out.chi2 / room;
    out.p_f = lac_f_cdf(out.f, out.df1, out.df2, TRUE);
    return out;
}

double
lac_friedman_permutation(size_t blocks, size_t k, const double *ranks, size_t draws, LacRng rng)
{
    g_autofree double *shuffled = g_memdup2(ranks, blocks * k * sizeof *ranks);
    g_autofree double *sum = g_new(double, k);
    size_t as_large = 1;
    double seen;

    /* ties inside blocks do not change under shuffling: the spread alone orders arrangements */
    ranks_sum(blocks, k, ranks, sum);
    seen = ranks_spread(blocks, k, sum) * (1.0 - 1e-12);
    for (size_t draw = 0; draw < draws; draw++) {
        for (size_t b = 0; b < blocks; b++) {
            double *row = shuffled + b * k;
            for (size_t j = k - 1; j > 0; j--) {
                const size_t other = (size_t)lac_rng_below(&rng, j + 1);
                const double kept = row[j];
                row[j] = row[other];
                row[other] = kept;
            }
        }
        ranks_sum(blocks, k, shuffled, sum);
        if (ranks_spread(blocks, k, sum) >= seen)
            as_large++;
    }
    return (double)as_large / (double)(draws + 1);
}

LacDuel
lac_duel(size_t blocks, const double *a, const double *b)
{
    LacDuel out = {0};

    for (size_t i = 0; i < blocks; i++) {
        if (a[i] < b[i])
            out.win++;
        else if (a[i] == b[i])
            out.tie++;
        else
            out.loss++;
    }
    return out;
}
