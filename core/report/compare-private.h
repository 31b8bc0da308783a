/* Methods compared: inside one data set over its repeats, and across data sets. */
#ifndef LACUNA_REPORT_COMPARE_PRIVATE_H
#define LACUNA_REPORT_COMPARE_PRIVATE_H

#include "inference-private.h"
#include "model-private.h"

G_BEGIN_DECLS

/** LacEntry: one method on one data set under one condition, by one metric. @n values; mean and sd
 * (divisor n - 1; NaN when n < 2) of them; @failed cells that did not finish. */
typedef struct {
    size_t n, failed, cells;
    double mean, sd;
    LacValueStatus status;
} LacEntry;
LacEntry
report_entry(const LacReport *report, size_t condition, size_t data, size_t method, size_t metric);

/** report_any_cell: whether anything ran on @data under @condition. */
gboolean report_any_cell(const LacReport *report, size_t condition, size_t data);
/** report_entries_decimals: for a column of @n entries: two significant digits of the median sd. */
int report_entries_decimals(size_t n, const LacEntry *entries);

/** report_cost: median over the finished cells of one method on one data set: seconds to fit and to
 * apply, of processor, and peak MiB; NaN when nothing was recorded. @low, @high: range of
 * fit + apply. */
typedef struct {
    double fit, apply, wall, low, high, cpu, memory;
    size_t n, timeouts;
    double limit; /* longest time of a cell that was stopped for it */
    gboolean contended;
} LacCost;
LacCost report_cost(const LacReport *report, size_t condition, size_t data, size_t method);

/**
 * LacInside: methods on one data set. Arrays are [k], in the report's method order.
 * @best: index into them of the smallest mean loss, k when no method has a value
 * @difference: paired loss differences from the best over repeats; n = 0 where there are none
 * @holm: adjusted p, from tests of all pairs; NaN without a test
 * @as_good: the best, and those not shown to be worse at the report's alpha
 */
typedef struct {
    size_t k, best, pairs;
    size_t *method;
    LacEntry *entry;
    double *loss, *p_holm;
    LacPairedT *difference;
    size_t *n_pairs;
    gboolean *as_good;
    gboolean tested;
} LacInside;
LAC_PRIVATE_API LacInside *
lac_report_inside(const LacReport *report, size_t condition, size_t data, size_t metric);
LAC_PRIVATE_API void lac_report_inside_free(LacInside *inside);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacInside, lac_report_inside_free)

/**
 * LacComparison: methods across data sets under one condition, by one metric. Methods are sorted by
 * mean rank (then name), blocks (data sets or families) are in the report's order.
 * @loss, @rank: [n x k]; INFINITY is a failure
 * @left_out: data sets without a value of every method; @apart: methods left out for failures
 * @tested: there are enough blocks and methods for a test
 * @versus: [k] signed-rank test of method j against the best, on log ratios of losses when
 *   @log_ratio, else on their differences; positive: worse than the best
 * @p, @p_holm: [k x k] of all @pairs pairs of methods, in the upper triangle, NaN elsewhere; raw
 * and adjusted. Row 0 holds the tests against the best
 * @interval: [k] 95 % bootstrap interval of the mean rank over blocks
 * @elo: [k] ratings with mean 1000; @elo_ridge: what kept them finite
 * @bayes: [k]; @more is "practically worse than the best"; only when asked for
 */
typedef struct {
    size_t condition, metric, k, n, data_sets, left_out, failures, pairs, filled;
    size_t *method;
    char **block;
    double *loss, *rank, *mean_rank, *p, *p_holm, *elo, elo_ridge;
    LacInterval *interval;
    size_t *wins, *failed;
    gboolean tested, log_ratio, permuted, bayesian;
    LacFriedman friedman;
    double p_permutation, difference;
    LacClique *clique;
    size_t n_cliques;
    LacWilcoxon *versus;
    LacDuel *duel;
    LacBayes *bayes;
    GPtrArray *apart;
} LacComparison;

/** lac_report_compare: owned; NULL when no two methods share a data set. @thorough: also
 * permutation and Bayesian tests. */
LAC_PRIVATE_API LacComparison *
lac_report_compare(const LacReport *report, size_t condition, size_t metric, gboolean thorough);
LAC_PRIVATE_API void lac_report_comparison_free(LacComparison *comparison);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacComparison, lac_report_comparison_free)

/** report_order: fills report->order and the methods' slots: by mean rank over conditions of the
 * primary metric, then by name. */
void report_order(LacReport *report);
/** report_overall: [methods] mean over conditions of the mean rank by @metric, NaN for methods in
 * no comparison; owned. */
double *report_overall(const LacReport *report, size_t metric);

/** report_median: of @x [n], which it sorts; NaN of nothing. */
double report_median(size_t n, double *x);
/** report_jitter: in [-0.5, 0.5), a pure function of the report's seed and @key. */
double report_jitter(const LacReport *report, const char *purpose, size_t key);

G_END_DECLS

#endif
