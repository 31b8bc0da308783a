/* Tables that tests of forests grow trees on. */
#ifndef LACUNA_TESTS_FOREST_TABLE_H
#define LACUNA_TESTS_FOREST_TABLE_H

#include <lacuna/forest.h>
#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

#define NEW_FOREST(bins, task, options, outcome)                                                   \
    lac_forest_grow((bins), (task), (options), &(const LacRng){.key = 7}, (outcome), NULL, NULL)

/** Table: columns as they are, their bins, and lists of all rows and features. */
typedef struct {
    LacBins *bins;
    uint32_t rows[4096], features[16];
    LacForestTask task;
} Table;

static inline void
table_clear(Table *self)
{
    lac_bins_free(self->bins);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Table, table_clear)

/* @x: [p][n]; the first @nominal columns hold codes below 8. */
static inline void
table_init(Table *self, size_t n, size_t p, const double *x, size_t nominal, const double *y,
           size_t classes)
{
    g_autofree double *sorted = g_new(double, n);

    self->bins = lac_bins_new(n, p, NULL);
    for (size_t j = 0; j < p; j++) {
        memcpy(sorted, x + j * n, n * sizeof *x);
        if (j < nominal)
            lac_bins_learn_nominal(self->bins, j, n, sorted, 8);
        else
            lac_bins_learn_ordered(self->bins, j, n, sorted, 0);
        lac_bins_put(self->bins, j, n, NULL, x + j * n);
        self->features[j] = (uint32_t)j;
    }
    for (size_t i = 0; i < n; i++)
        self->rows[i] = (uint32_t)i;
    self->task = (LacForestTask){.n = n,
                                 .rows = self->rows,
                                 .y = y,
                                 .classes = classes,
                                 .n_features = p,
                                 .features = self->features};
}

/* Numbers that any program can make again: fractional parts of i sqrt(prime), i from 1. */
static inline double
weyl(size_t i, double prime)
{
    const double x = (double)(i + 1) * sqrt(prime);

    return x - floor(x);
}

/** Friedman: his first benchmark on Weyl sequences; the mean is that of ten forests of ranger with
 * 500 trees and mtry = 3:
 * x <- sapply(c(2, 3, 5, 7, 11, 13, 17, 19), function(p) ((1:1000) * sqrt(p)) %% 1)
 * y <- 10 * sin(pi * x[,1] * x[,2]) + 20 * (x[,3] - .5)^2 + 10 * x[,4] + 5 * x[,5] +
 *      qnorm(((1:1000) * sqrt(31)) %% 1)
 * mean(sapply(1:10, function(s) ranger(y ~ ., data.frame(y, x), num.trees = 500, mtry = 3,
 *                                      seed = s)$prediction.error)) */
enum { FRIEDMAN_ROWS = 1000, FRIEDMAN_COLS = 8 };

static inline void
friedman(double *x, double *y)
{
    static const double primes[] = {2, 3, 5, 7, 11, 13, 17, 19};
    const size_t n = FRIEDMAN_ROWS;

    for (size_t j = 0; j < FRIEDMAN_COLS; j++) {
        for (size_t i = 0; i < n; i++)
            x[j * n + i] = weyl(i, primes[j]);
    }
    for (size_t i = 0; i < n; i++)
        y[i] = 10 * sin(G_PI * x[i] * x[n + i]) + 20 * pow(x[2 * n + i] - .5, 2) +
               10 * x[3 * n + i] + 5 * x[4 * n + i] + lac_normal_quantile(weyl(i, 31));
}

#endif
