/* Inside of forests: trees as arrays, and what growing one needs.
 *   forest.c        the forest: growing many trees, out-of-bag figures, predictions, donors
 *   forest-walk.c   rows down a tree
 *   tree.c          one tree: bag, nodes, partition of the rows
 *   tree-mean.c     best splits of numbers and two classes
 *   tree-wide.c     the same by 512-bit vectors, where the processor has them
 *   tree-class.c    best splits of more classes */
#ifndef LACUNA_FOREST_PRIVATE_H
#define LACUNA_FOREST_PRIVATE_H

#include "base-private.h"
#include <lacuna/forest.h>

G_BEGIN_DECLS

enum {
    TREE_BY_SUBSET = 0xffff, /* cut of nodes that split on a set of bins */
    TREE_NO_LEAF = -1,       /* ~0, before there is a leaf */
    TREE_WIDE_FEW = 32,      /* rows that vectors compare with each other */
    TREE_ABREAST = 4,        /* features summed in one pass */
};

/** TreeSubset: bit c % 64 of word c / 64: bin c goes left. */
typedef struct {
    uint64_t words[LAC_BINS_MOST / 64];
} TreeSubset;

/** TreeNode: codes up to @cut go to child[0]. A negative child is leaf ~child. */
typedef struct {
    int32_t child[2];
    uint16_t feature, cut;
} TreeNode;

/**
 * LacTree:
 * @root: 0, or ~0 when the tree is one leaf
 * @subset_of: [n_nodes], where a node's set of bins stands; NULL when none splits so
 * @value: [n_leaves] mean or class
 * @first_donor: [n_leaves + 1] into @donors [of the task's rows]; NULL unless kept
 */
typedef struct {
    size_t n_nodes, n_leaves, n_subsets, n_donors;
    int32_t root;
    TreeNode *nodes;
    double *value;
    uint32_t *subset_of;
    TreeSubset *subsets;
    uint32_t *first_donor, *donors;
} LacTree;

struct LacForest {
    size_t n_trees, classes;
    LacTree *trees;
};

LAC_PRIVATE_API void lac_tree_clear(LacTree *tree);

/** lac_tree_walk: leaves of @n rows of @bins (NULL: 0 .. n-1). */
void lac_tree_walk(const LacTree *tree, const LacBins *bins, size_t n, const uint32_t *rows,
                   uint32_t *leaf);

/** TreePay: what a row brings into sums: its target times its count in the bag, and the count; or,
 * with more than two classes, its class and the count. */
typedef double TreePair __attribute__((vector_size(16)));
typedef union {
    TreePair pair; /* target * count, count */
    struct {
        uint64_t class, count;
    };
} TreePay;

/**
 * TreeSpace: what all trees of a forest have in common.
 * @codes: [n_features][stride] of the task's rows alone, features that vary only
 * @y: [n] targets as they are summed: moved and scaled near [-1, 1], or classes
 * @unit, @centre: back: y * unit + centre
 */
typedef struct {
    const LacBins *bins;
    const LacForestTask *task;
    size_t n, stride, n_features, mtry, min_split, min_leaf, classes;
    gboolean bootstrap, mtry_alone, wide, as_classes; /* more than two classes */
    double min_gain;
    uint8_t *codes;
    uint32_t *features; /* [n_features] their columns of the bins */
    double *y, centre, unit;
} TreeSpace;

/** TreeSplit: @gain: drop of impurity; rows go left whose code of @feature is up to @cut, halfway
 * between the occupied bins @below and @above, or is in @subset. */
typedef struct {
    double gain;
    size_t feature;
    unsigned below, above, cut;
    gboolean by_subset;
    TreeSubset subset;
} TreeSplit;

/**
 * TreeWork: scratch of one thread, and the tree it grows.
 * @rows: [n] positions in the task, node by node, ascending within one; @pay: alike
 */
typedef struct {
    uint32_t *rows, *spare_rows, *order;
    TreePay *pay, *spare_pay;
    uint32_t *bag;          /* [n] how often the tree sees a row */
    uint32_t *asked, *leaf; /* [rows to predict], and the leaves they fall into */
    double *draws;          /* uniform numbers in store, from n_drawn on */
    size_t n_drawn;
    /* histograms are all zero between uses */
    TreePair histogram[LAC_BINS_MOST];
    uint32_t counts[LAC_BINS_MOST];
    /* tree-wide.c: all zero between uses, as are the marks */
    TreePair sums[TREE_ABREAST][LAC_BINS_MOST], other_sums[TREE_ABREAST][LAC_BINS_MOST];
    uint8_t marks[TREE_ABREAST][LAC_BINS_MOST];
    double passed_sum[LAC_BINS_MOST + 8], passed_weight[LAC_BINS_MOST + 8];
    uint16_t passed_bin[LAC_BINS_MOST];
    uint8_t *codes;       /* [n] of the node at hand */
    double *total, *left; /* [classes], zero between uses */
    double *score;        /* [classes] */
    TreeNode *nodes;      /* [n] */
    double *value;        /* [n] */
    uint32_t *subset_of;  /* [n] */
    TreeSubset *subsets;  /* grows */
    size_t n_nodes, n_leaves, n_subsets, most_subsets;
    LacRng rng;
} TreeWork;

/** TreeNodeRows: a node to be split: rows [begin, end) of the work. */
typedef struct {
    size_t begin, end;
    double weight, sum; /* counts; counts times targets (not for more than two classes) */
    double squares;     /* sum of squared class weights (more than two classes) */
} TreeNodeRows;

/** tree_mean_search, tree_class_search: improves @best by @feature where it can. */
void tree_mean_search(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node,
                      size_t feature, TreeSplit *best);
void tree_class_search(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node,
                       size_t feature, TreeSplit *best);

/** tree_wide_here: whether this processor has what tree_wide_few and tree_wide_many need: searches
 * of a numeric target by features that are no nominal ones. _few: nodes of up to TREE_WIDE_FEW
 * rows; _many: larger ones; both by @m <= TREE_ABREAST features at once, in the order of the list.
 */
gboolean tree_wide_here(void);
/** lac_forest_forbid_vectors: for tests: as on a processor without them. */
LAC_PRIVATE_API void lac_forest_forbid_vectors(gboolean forbid);
void tree_wide_few(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node, size_t m,
                   const uint32_t *features, TreeSplit *best);
void tree_wide_many(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node, size_t m,
                    const uint32_t *features, TreeSplit *best);

gboolean tree_work_init(TreeWork *work, const TreeSpace *space, GError **error);
void tree_work_clear(TreeWork *work);
/** tree_grow: tree number @tree of the forest whose streams are named by @forest, into @work, whose
 * bag then tells which rows it saw. Returns: its root. */
int32_t tree_grow(TreeWork *work, const TreeSpace *space, const LacRng *forest, size_t tree);
/** tree_keep: an exact copy of what was grown. */
void tree_keep(const TreeWork *work, int32_t root, LacTree *tree);

G_END_DECLS

#endif
