/* Best splits for squared error, which for two classes coded 0 and 1 is half the Gini impurity.
 * A node's rows are summed by bin; bins that hold any are then visited in order, by bits. */
#include "forest-private.h"

#include <math.h>
#include <string.h>

enum {
    WORDS = LAC_BINS_MOST / 64,
    FEW = 8, /* rows that are compared with each other: doubles of the widest vectors */
};

/** MeanScan: sums so far, and what splits are measured against. */
typedef struct {
    double sum, weight;      /* of the bins passed */
    double mean, all, least; /* of the node: mean, weight, least weight of a side */
} MeanScan;

/* The drop of squared error by a split whose left side is what was passed: with d the left sum
 * about the node's mean, d^2 (1 / left + 1 / right), by one division. */
static inline __attribute__((always_inline)) double
mean_gain(const MeanScan *scan)
{
    const double d = scan->sum - scan->weight * scan->mean, right = scan->all - scan->weight;

    if (scan->weight < scan->least || right < scan->least)
        return -1.0;
    return d * d * scan->all / (scan->weight * right);
}

/* Sums of the node's rows by bin, and which bins hold any, when there are up to 64 bins. */
static inline __attribute__((always_inline)) uint64_t
mean_fill_word(TreeWork *work, const uint8_t *codes, size_t begin, size_t end)
{
    uint64_t held = 0;

    for (size_t i = begin; i < end; i++) {
        const uint8_t c = codes[work->rows[i]];

        held |= (uint64_t)1 << c;
        work->histogram[c] += work->pay[i].pair;
    }
    return held;
}

static inline __attribute__((always_inline)) void
mean_fill_words(TreeWork *work, const uint8_t *codes, size_t begin, size_t end, uint64_t *held)
{
    for (size_t i = begin; i < end; i++) {
        const uint8_t c = codes[work->rows[i]];

        held[c / 64] |= (uint64_t)1 << (c % 64);
        work->histogram[c] += work->pay[i].pair;
    }
}

/* Fewer instructions a row where rows outnumber bins. */
static inline __attribute__((always_inline)) void
mean_fill_many(TreeWork *work, const uint8_t *codes, size_t begin, size_t end, uint64_t *held)
{
    for (size_t i = begin; i < end; i++)
        work->histogram[codes[work->rows[i]]] += work->pay[i].pair;
    for (unsigned c = 0; c < LAC_BINS_MOST; c++)
        held[c / 64] |= (uint64_t)(work->histogram[c][1] > 0.0) << (c % 64);
}

static inline __attribute__((always_inline)) void
mean_scan_ordered(TreeWork *work, size_t words, const uint64_t *held, MeanScan *scan,
                  size_t feature, TreeSplit *best)
{
    double gain = best->gain;
    unsigned before = 0, a = 0, b = 0;
    gboolean first = TRUE;

    for (size_t w = 0; w < words; w++) {
        for (uint64_t bits = held[w]; bits != 0; bits &= bits - 1) {
            const unsigned c = (unsigned)(64 * w) + (unsigned)__builtin_ctzll(bits);
            const double here = first ? -2.0 : mean_gain(scan);

            if (here > gain) {
                gain = here;
                a = before;
                b = c;
            }
            scan->sum += work->histogram[c][0];
            scan->weight += work->histogram[c][1];
            work->histogram[c] = (TreePair){0.0, 0.0};
            before = c;
            first = FALSE;
        }
    }
    if (gain > best->gain && b > a) {
        best->gain = gain;
        best->feature = feature;
        best->by_subset = FALSE;
        best->below = a;
        best->above = b;
    }
}

/** MeanFew: the few rows of a small node, and for each the sums over rows whose code is not above
 * its own, as if it were the threshold. */
typedef struct {
    double code[FEW], sum[FEW], weight[FEW], sum_below[FEW], weight_below[FEW], gain[FEW];
} MeanFew;

/* Compares every row with every other, all at once: for few rows that is quicker than summing
 * by bin. Rows past the last one are above all others: no split. */
static inline __attribute__((always_inline)) double
mean_few_gains(MeanFew *few, size_t n, const TreeNodeRows *node, double least)
{
    const double mean = node->sum / node->weight, all = node->weight;
    double best = -1.0;

    for (size_t i = 0; i < FEW; i++)
        few->sum_below[i] = few->weight_below[i] = 0.0;
    for (size_t j = 0; j < n; j++) {
        const double code = few->code[j], sum = few->sum[j], weight = few->weight[j];

#pragma omp simd
        for (size_t i = 0; i < FEW; i++) {
            const gboolean below = code <= few->code[i];

            few->sum_below[i] += below ? sum : 0.0;
            few->weight_below[i] += below ? weight : 0.0;
        }
    }
#pragma omp simd reduction(max : best)
    for (size_t i = 0; i < FEW; i++) {
        const double left = few->weight_below[i], right = all - left;
        const double d = few->sum_below[i] - left * mean;
        const double here = d * d * (1.0 / left + 1.0 / right);

        few->gain[i] = left < least || right < least ? -1.0 : here;
        best = few->gain[i] > best ? few->gain[i] : best;
    }
    return best;
}

/* A number that splits a node of at most FEW rows; of equally good thresholds the lowest. */
static inline __attribute__((always_inline)) void
mean_scan_few(const TreeWork *work, const uint8_t *codes, const TreeNodeRows *node, double least,
              size_t feature, TreeSplit *best)
{
    const size_t n = node->end - node->begin;
    MeanFew few;
    double below = INFINITY, above = INFINITY;

    for (size_t i = 0; i < FEW; i++)
        few.code[i] = LAC_BINS_MOST;
    for (size_t i = 0; i < n; i++) {
        few.code[i] = codes[work->rows[node->begin + i]];
        few.sum[i] = work->pay[node->begin + i].pair[0];
        few.weight[i] = work->pay[node->begin + i].pair[1];
    }
    const double gain = mean_few_gains(&few, n, node, least);

    if (!(gain > best->gain))
        return;
    for (size_t i = 0; i < n; i++)
        below = few.gain[i] == gain && few.code[i] < below ? few.code[i] : below;
    for (size_t i = 0; i < n; i++)
        above = few.code[i] > below && few.code[i] < above ? few.code[i] : above;
    best->gain = gain;
    best->feature = feature;
    best->by_subset = FALSE;
    best->below = (unsigned)below;
    best->above = (unsigned)above;
}

/** MeanBin: a bin and its mean target. */
typedef struct {
    double mean;
    unsigned bin;
} MeanBin;

/* By mean, then by bin; few enough, and nearly enough in order, for insertion. */
static size_t
mean_order_bins(const TreeWork *work, const uint64_t *held, MeanBin *order)
{
    size_t m = 0;

    for (size_t w = 0; w < WORDS; w++) {
        for (uint64_t bits = held[w]; bits != 0; bits &= bits - 1) {
            const unsigned c = (unsigned)(64 * w) + (unsigned)__builtin_ctzll(bits);
            const double mean = work->histogram[c][0] / work->histogram[c][1];
            size_t at = m++;

            for (; at > 0 && order[at - 1].mean > mean; at--)
                order[at] = order[at - 1];
            order[at] = (MeanBin){mean, c};
        }
    }
    return m;
}

/* Ordered by mean target, the best of all two-way partitions is a threshold (Fisher 1958). */
static void
mean_scan_nominal(TreeWork *work, const uint64_t *held, MeanScan *scan, size_t feature,
                  TreeSplit *best)
{
    MeanBin order[LAC_BINS_MOST];
    const size_t m = mean_order_bins(work, held, order);
    double gain = best->gain;
    size_t last = 0;

    for (size_t k = 0; k < m; k++) {
        const double here = k == 0 ? -2.0 : mean_gain(scan);

        if (here > gain) {
            gain = here;
            last = k;
        }
        scan->sum += work->histogram[order[k].bin][0];
        scan->weight += work->histogram[order[k].bin][1];
        work->histogram[order[k].bin] = (TreePair){0.0, 0.0};
    }
    if (last == 0)
        return;
    best->gain = gain;
    best->feature = feature;
    best->by_subset = TRUE;
    memset(&best->subset, 0, sizeof best->subset);
    for (size_t k = 0; k < last; k++)
        best->subset.words[order[k].bin / 64] |= (uint64_t)1 << (order[k].bin % 64);
}

LAC_CLONES void
tree_mean_search(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node, size_t feature,
                 TreeSplit *best)
{
    const LacBinColumn *column = &space->bins->columns[space->features[feature]];
    const uint8_t *codes = space->codes + feature * space->stride;
    MeanScan scan = {.mean = node->sum / node->weight,
                     .all = node->weight,
                     .least = (double)MAX(space->min_leaf, 1)};
    uint64_t held[WORDS] = {0};

    if (!column->nominal && node->end - node->begin <= FEW) {
        mean_scan_few(work, codes, node, scan.least, feature, best);
        return;
    }
    if (column->n_bins <= 64)
        held[0] = mean_fill_word(work, codes, node->begin, node->end);
    else if (node->end - node->begin < LAC_BINS_MOST)
        mean_fill_words(work, codes, node->begin, node->end, held);
    else
        mean_fill_many(work, codes, node->begin, node->end, held);
    if (column->nominal)
        mean_scan_nominal(work, held, &scan, feature, best);
    else
        mean_scan_ordered(work, column->n_bins <= 64 ? 1 : WORDS, held, &scan, feature, best);
}
