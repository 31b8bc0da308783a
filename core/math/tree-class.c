/* Best splits by Gini impurity for more than two classes. The node's rows are laid out bin by bin;
 * as one after another goes from the right side to the left, the sums of squared class weights
 * follow in constant time, so that the number of classes does not matter. */
#include "forest-private.h"

#include <string.h>

enum {
    WORDS = LAC_BINS_MOST / 64,
    ROUNDS = 3, /* of the power method that orders nominal bins */
};

/** ClassBins: the bins a node holds, in the order of the scan, and where their rows begin in the
 * laid-out list: bin order[k] has rows [begin[k], begin[k + 1]). */
typedef struct {
    size_t m;
    unsigned order[LAC_BINS_MOST];
    size_t begin[LAC_BINS_MOST + 1];
} ClassBins;

/* Counts rows by bin into work->counts, their bins into work->codes. */
static void
class_count(TreeWork *work, const uint8_t *codes, const TreeNodeRows *node, ClassBins *bins)
{
    uint64_t held[WORDS] = {0};

    for (size_t i = node->begin; i < node->end; i++) {
        const uint8_t c = codes[work->rows[i]];

        work->codes[i] = c;
        work->counts[c]++;
        held[c / 64] |= (uint64_t)1 << (c % 64);
    }
    bins->m = 0;
    for (size_t w = 0; w < WORDS; w++) {
        for (uint64_t bits = held[w]; bits != 0; bits &= bits - 1)
            bins->order[bins->m++] = (unsigned)(64 * w) + (unsigned)__builtin_ctzll(bits);
    }
}

/* Rows bin by bin into work->spare_pay; the counts are zero again afterwards. */
static void
class_lay_out(TreeWork *work, const TreeNodeRows *node, ClassBins *bins)
{
    size_t at[LAC_BINS_MOST], from = 0;

    for (size_t k = 0; k < bins->m; k++) {
        const unsigned c = bins->order[k];

        bins->begin[k] = at[c] = from;
        from += work->counts[c];
        work->counts[c] = 0;
    }
    bins->begin[bins->m] = from;
    for (size_t i = node->begin; i < node->end; i++)
        work->spare_pay[at[work->codes[i]]++] = work->pay[i];
}

/* Scores of bins: the mean score of the classes of their rows. */
static void
class_score_bins(const TreeWork *work, const TreeNodeRows *node, const ClassBins *bins,
                 double *of_bin)
{
    double weight[LAC_BINS_MOST];

    for (size_t k = 0; k < bins->m; k++)
        of_bin[bins->order[k]] = weight[bins->order[k]] = 0.0;
    for (size_t i = node->begin; i < node->end; i++) {
        const double count = (double)work->pay[i].count;

        of_bin[work->codes[i]] += count * work->score[work->pay[i].class];
        weight[work->codes[i]] += count;
    }
    for (size_t k = 0; k < bins->m; k++)
        of_bin[bins->order[k]] /= weight[bins->order[k]];
}

/* Scores of classes: sum of their rows' bin scores about the mean; one step of the power method on
 * the covariance of the bins' class shares. They grow by the node's weight at most, so that the few
 * rounds there are need no scaling. */
static void
class_score_classes(TreeWork *work, const TreeNodeRows *node, const double *of_bin)
{
    double mean = 0.0;

    for (size_t i = node->begin; i < node->end; i++) {
        mean += (double)work->pay[i].count * of_bin[work->codes[i]] / node->weight;
        work->score[work->pay[i].class] = 0.0;
    }
    for (size_t i = node->begin; i < node->end; i++)
        work->score[work->pay[i].class] +=
            (double)work->pay[i].count * (of_bin[work->codes[i]] - mean);
}

/* Orders the bins by the first principal component of their class shares, started from the share
 * of the node's most frequent class. */
static void
class_order_nominal(TreeWork *work, const TreeNodeRows *node, ClassBins *bins)
{
    double of_bin[LAC_BINS_MOST];
    uint64_t most = work->pay[node->begin].class;

    for (size_t i = node->begin; i < node->end; i++) {
        const uint64_t class = work->pay[i].class;

        if (work->total[class] > work->total[most] ||
            (work->total[class] == work->total[most] && class < most))
            most = class;
        work->score[class] = 0.0;
    }
    work->score[most] = 1.0;
    class_score_bins(work, node, bins, of_bin);
    for (int round = 0; round < ROUNDS; round++) {
        class_score_classes(work, node, of_bin);
        class_score_bins(work, node, bins, of_bin);
    }
    for (size_t k = 1; k < bins->m; k++) {
        const unsigned bin = bins->order[k];
        size_t at = k;

        for (; at > 0 && of_bin[bins->order[at - 1]] > of_bin[bin]; at--)
            bins->order[at] = bins->order[at - 1];
        bins->order[at] = bin;
    }
}

/* The best of the thresholds along the order; the number of bins to its left, 0 for none. */
static size_t
class_scan(TreeWork *work, const TreeNodeRows *node, const ClassBins *bins, double least,
           double *gain)
{
    const double none = node->squares / node->weight;
    double left = 0.0, right = node->squares, weight = 0.0;
    size_t best = 0;

    for (size_t k = 0; k < bins->m; k++) {
        const double rest = node->weight - weight;

        if (k > 0 && weight >= least && rest >= least) {
            const double here = left / weight + right / rest - none;

            if (here > *gain) {
                *gain = here;
                best = k;
            }
        }
        for (size_t i = bins->begin[k]; i < bins->begin[k + 1]; i++) {
            const uint64_t class = work->spare_pay[i].class;
            const double count = (double)work->spare_pay[i].count, before = work->left[class];

            left += count * (count + 2.0 * before);
            right += count * (count - 2.0 * (work->total[class] - before));
            work->left[class] = before + count;
            weight += count;
        }
    }
    for (size_t i = node->begin; i < node->end; i++)
        work->left[work->pay[i].class] = 0.0;
    return best;
}

LAC_CLONES void
tree_class_search(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node, size_t feature,
                  TreeSplit *best)
{
    const LacBinColumn *column = &space->bins->columns[space->features[feature]];
    ClassBins bins;
    double gain = best->gain;

    class_count(work, space->codes + feature * space->stride, node, &bins);
    if (column->nominal && bins.m > 2)
        class_order_nominal(work, node, &bins);
    class_lay_out(work, node, &bins);
    const size_t last = class_scan(work, node, &bins, (double)space->min_leaf, &gain);

    if (last == 0)
        return;
    best->gain = gain;
    best->feature = feature;
    best->by_subset = column->nominal;
    if (!column->nominal) {
        best->below = bins.order[last - 1];
        best->above = bins.order[last];
        return;
    }
    memset(&best->subset, 0, sizeof best->subset);
    for (size_t k = 0; k < last; k++)
        best->subset.words[bins.order[k] / 64] |= (uint64_t)1 << (bins.order[k] % 64);
}
