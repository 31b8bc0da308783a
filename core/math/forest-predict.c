/* What a forest that stands says of itself and of rows: predictions, shares of votes, donors. */
#include "forest-private.h"

#include <lacuna/parallel.h>
#include <string.h>

enum { BLOCK = 1024 }; /* rows that go down a tree before the next one is fetched */

size_t
lac_forest_trees(const LacForest *forest)
{
    return forest->n_trees;
}

size_t
lac_forest_classes(const LacForest *forest)
{
    return forest->classes;
}

size_t
lac_forest_bytes(const LacForest *forest)
{
    size_t bytes = sizeof *forest;

    for (size_t t = 0; t < forest->n_trees; t++) {
        const LacTree *tree = &forest->trees[t];

        bytes += sizeof *tree + tree->n_nodes * sizeof *tree->nodes +
                 tree->n_leaves * sizeof *tree->value + tree->n_subsets * sizeof *tree->subsets;
        bytes += tree->subset_of != NULL ? tree->n_nodes * sizeof *tree->subset_of : 0;
        bytes +=
            tree->donors != NULL ? (tree->n_donors + tree->n_leaves + 1) * sizeof(uint32_t) : 0;
    }
    return bytes;
}

/** Asking: rows of @bins; one of @out, @shares, @donor is wanted. */
typedef struct {
    const LacForest *forest;
    const LacBins *bins;
    const uint32_t *rows;
    const LacRng *rng;
    double *out, *shares;
    uint32_t *donor;
} Asking;

/* Rows begin .. begin + n - 1 of the list; those of no list are made up in @own. */
static const uint32_t *
asking_rows(const Asking *asking, size_t begin, size_t n, uint32_t *own)
{
    if (asking->rows != NULL)
        return asking->rows + begin;
    for (size_t i = 0; i < n; i++)
        own[i] = (uint32_t)(begin + i);
    return own;
}

static void
asking_mean(size_t begin, size_t end, unsigned worker, void *user)
{
    const Asking *asking = user;
    uint32_t own[BLOCK], leaf[BLOCK];
    const uint32_t *rows = asking_rows(asking, begin, end - begin, own);
    const size_t trees = asking->forest->n_trees;
    double *out = asking->out + begin;

    memset(out, 0, (end - begin) * sizeof *out);
    for (size_t t = 0; t < trees; t++) {
        const LacTree *tree = &asking->forest->trees[t];

        lac_tree_walk(tree, asking->bins, end - begin, rows, leaf);
        for (size_t i = 0; i < end - begin; i++)
            out[i] += tree->value[leaf[i]];
    }
    for (size_t i = 0; i < end - begin; i++)
        out[i] /= (double)trees;
}

/* Votes counted in asking->shares [n][classes]. */
static void
asking_shares(size_t begin, size_t end, unsigned worker, void *user)
{
    const Asking *asking = user;
    uint32_t own[BLOCK], leaf[BLOCK];
    const uint32_t *rows = asking_rows(asking, begin, end - begin, own);
    const size_t trees = asking->forest->n_trees, classes = asking->forest->classes;
    double *shares = asking->shares + begin * classes;

    memset(shares, 0, (end - begin) * classes * sizeof *shares);
    for (size_t t = 0; t < trees; t++) {
        const LacTree *tree = &asking->forest->trees[t];

        lac_tree_walk(tree, asking->bins, end - begin, rows, leaf);
        for (size_t i = 0; i < end - begin; i++)
            shares[i * classes + (size_t)tree->value[leaf[i]]] += 1.0;
    }
    for (size_t i = 0; i < (end - begin) * classes; i++)
        shares[i] /= (double)trees;
}

/* Votes of one row after the other; the winner is sought among the classes that have any. */
static void
asking_class(size_t begin, size_t end, unsigned worker, void *user)
{
    const Asking *asking = user;
    const size_t trees = asking->forest->n_trees;
    g_autofree uint32_t *votes = g_new(uint32_t, trees * (end - begin));
    g_autofree uint32_t *count = g_new0(uint32_t, asking->forest->classes);
    uint32_t own[BLOCK], leaf[BLOCK];
    const uint32_t *rows = asking_rows(asking, begin, end - begin, own);

    for (size_t t = 0; t < trees; t++) {
        const LacTree *tree = &asking->forest->trees[t];

        lac_tree_walk(tree, asking->bins, end - begin, rows, leaf);
        for (size_t i = 0; i < end - begin; i++)
            votes[i * trees + t] = (uint32_t)tree->value[leaf[i]];
    }
    for (size_t i = 0; i < end - begin; i++) {
        const uint32_t *mine = votes + i * trees;
        uint32_t best = mine[0];

        for (size_t t = 0; t < trees; t++)
            count[mine[t]]++;
        for (size_t t = 1; t < trees; t++) {
            if (count[mine[t]] > count[best] || (count[mine[t]] == count[best] && mine[t] < best))
                best = mine[t];
        }
        for (size_t t = 0; t < trees; t++)
            count[mine[t]] = 0;
        asking->out[begin + i] = (double)best;
    }
}

void
lac_forest_predict(const LacForest *forest, const LacBins *bins, size_t n, const uint32_t *rows,
                   double *out)
{
    Asking asking = {.forest = forest, .bins = bins, .rows = rows, .out = out};

    lac_parallel_for(n, BLOCK, forest->classes > 0 ? asking_class : asking_mean, &asking);
}

void
lac_forest_shares(const LacForest *forest, const LacBins *bins, size_t n, const uint32_t *rows,
                  double *out)
{
    Asking asking = {.forest = forest, .bins = bins, .rows = rows, .shares = out};

    g_assert(forest->classes > 0);
    lac_parallel_for(n, BLOCK, asking_shares, &asking);
}

/* The donor at position @at of the leaves' lists one behind the other. */
static uint32_t
asking_nth_donor(const LacForest *forest, size_t stride, const uint32_t *leaf, uint64_t at)
{
    for (size_t t = 0;; t++) {
        const LacTree *tree = &forest->trees[t];
        const uint32_t first = tree->first_donor[leaf[t * stride]];
        const uint32_t n = tree->first_donor[leaf[t * stride] + 1] - first;

        if (at < n)
            return tree->donors[first + at];
        at -= n;
    }
}

static void
asking_donor(size_t begin, size_t end, unsigned worker, void *user)
{
    const Asking *asking = user;
    const LacForest *forest = asking->forest;
    const size_t n = end - begin;
    g_autofree uint32_t *leaf = g_new(uint32_t, n * forest->n_trees);
    uint64_t total[BLOCK] = {0};
    uint32_t own[BLOCK];
    const uint32_t *rows = asking_rows(asking, begin, n, own);

    for (size_t t = 0; t < forest->n_trees; t++) {
        const LacTree *tree = &forest->trees[t];

        lac_tree_walk(tree, asking->bins, n, rows, leaf + t * n);
        for (size_t i = 0; i < n; i++)
            total[i] += tree->first_donor[leaf[t * n + i] + 1] - tree->first_donor[leaf[t * n + i]];
    }
    for (size_t i = 0; i < n; i++) {
        LacRng rng = lac_rng_at(asking->rng, rows[i]);

        asking->donor[begin + i] =
            asking_nth_donor(forest, n, leaf + i, lac_rng_below(&rng, total[i]));
    }
}

void
lac_forest_draw(const LacForest *forest, const LacBins *bins, size_t n, const uint32_t *rows,
                const LacRng *rng, uint32_t *donor)
{
    Asking asking = {.forest = forest, .bins = bins, .rows = rows, .rng = rng, .donor = donor};

    g_assert(forest->trees[0].donors != NULL);
    lac_parallel_for(n, BLOCK, asking_donor, &asking);
}

size_t
lac_forest_leaf(const LacForest *forest, size_t tree, const LacBins *bins, size_t n,
                const uint32_t *rows, uint32_t *leaf)
{
    lac_tree_walk(&forest->trees[tree], bins, n, rows, leaf);
    return forest->trees[tree].n_leaves;
}
