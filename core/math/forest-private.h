/* Inside of forests: trees as arrays, and what growing one needs.
 *   forest.c        the forest: growing many trees, out-of-bag figures, predictions, donors
 *   forest-walk.c   rows down a tree
 *   tree.c          one tree: bag, nodes, partition of the rows
 *   tree-search.c   the features of a node and its cut
 *   tree-mean.c     best splits of numbers and two classes
 *   tree-wide.c     the same by 512-bit vectors, where the processor has them
 *   tree-packed.c   the other things done at a node, by such vectors
 *   tree-small.c    nodes of up to eight rows, one after the other without waiting, by such vectors
 *   tree-class.c    best splits of more classes
 *   tree-prune.c    subtrees that are not worth their splits */
#ifndef LACUNA_FOREST_PRIVATE_H
#define LACUNA_FOREST_PRIVATE_H

#include "base-private.h"
#include <lacuna/forest.h>

#if defined(__x86_64__)
#include <immintrin.h>
/** TREE_WIDE: compiled for processors that tree_wide_here() accepts. */
#if defined(__clang__) /* it takes no preference here, and has none to be talked out of */
#define TREE_WIDE                                                                                  \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,lzcnt,popcnt")))
#else
#define TREE_WIDE                                                                                  \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,lzcnt,popcnt,"              \
                          "prefer-vector-width=512")))
#endif
#define TREE_WIDE_INLINE TREE_WIDE static inline __attribute__((always_inline))
#endif

G_BEGIN_DECLS

enum {
    TREE_BY_SUBSET = 0xffff, /* cut of nodes that split on a set of bins */
    TREE_NO_LEAF = -1,       /* ~0, before there is a leaf */
    TREE_WIDE_FEW = 32,      /* rows that vectors compare with each other */
    TREE_ABREAST = 4,        /* features summed in one pass */
    TREE_LANES = 8,          /* of vectors */
    TREE_SMALL = 8,          /* rows of nodes that are put off and done together */
    TREE_PUT_OFF = 16,       /* so many of them */
    TREE_DRAWS = 512,        /* uniform numbers at a time */
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

/** TreeFixed: a mean as two whole numbers, the second one in parts of a unit of the first. */
typedef int64_t TreeFixed __attribute__((vector_size(16)));

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
 * @packed: [n] what a row adds for each time it is in the bag: 1 and, above the lowest @count_bits
 *   bits, its target as a whole number; NULL where sums are doubles
 */
typedef struct {
    const LacBins *bins;
    const LacForestTask *task;
    size_t n, stride, n_features, mtry, min_split, min_leaf, classes;
    gboolean bootstrap, mtry_alone, as_classes; /* more than two classes */
    gboolean any_nominal;
    unsigned count_bits;
    double min_gain, prune;
    uint8_t *codes;
    uint32_t *features; /* [n_features] their columns of the bins */
    double *y, centre, unit;
    int exponent; /* of the power of two above all targets */
    int64_t *packed;
} TreeSpace;

/** TreeSplit: @gain: drop of impurity; rows go left whose code of @feature is up to @cut, which is
 * halfway between the occupied bins @below and @above (or @below, where sums are packed: cuts are
 * then sought when the tree stands), or is in @subset. */
typedef struct {
    double gain;
    size_t feature;
    unsigned below, above, cut;
    int64_t left; /* packed sum of the left side; not by subset */
    gboolean by_subset;
    TreeSubset subset;
} TreeSplit;

/** TreeTodo: a node to come, its sum where sums are packed, and where its number belongs. */
typedef struct {
    size_t begin, end;
    int64_t sum; /* packed */
    int32_t *link;
} TreeTodo;

typedef struct TreeSmall TreeSmall;

/**
 * TreeWork: scratch of one thread, and the tree it grows.
 * @rows: [n] positions in the task, node by node, ascending within one; @pay or @packed: alike
 */
typedef struct {
    uint32_t *rows, *spare_rows, *order;
    TreePay *pay, *spare_pay;
    int64_t *packed, *spare_packed;
    uint32_t *bag; /* [n] how often the tree sees a row */
    uint32_t *out; /* [n_out] positions in the task that it does not see */
    size_t n_out;
    uint32_t *asked, *leaf; /* [rows to predict], and the leaves they fall into */
    TreeFixed *fixed;       /* [n] means of leaves as whole numbers */
    double *draws;          /* uniform numbers in store, from n_drawn on */
    size_t n_drawn;
    /* histograms are all zero between uses */
    TreePair histogram[LAC_BINS_MOST];
    uint32_t counts[LAC_BINS_MOST];
    /* tree-wide.c: all zero between uses, as are the marks */
    int64_t sums[TREE_ABREAST][LAC_BINS_MOST];
    uint8_t marks[TREE_ABREAST][LAC_BINS_MOST];
    int64_t passed[LAC_BINS_MOST + 8];
    uint16_t passed_bin[LAC_BINS_MOST];
    uint8_t *codes;                /* [n] of the node at hand */
    double *total, *left;          /* [classes], zero between uses */
    double *score;                 /* [classes] */
    TreeNode *nodes;               /* [n] */
    double *value;                 /* [n] */
    uint32_t *leaf_from, *leaf_to; /* [n] rows of a leaf, when trees are pruned */
    uint32_t *subset_of;           /* [n] */
    TreeSubset *subsets;           /* grows */
    size_t n_nodes, n_leaves, n_subsets, most_subsets;
    TreeTodo put_off[(TREE_PUT_OFF + 2) * TREE_SMALL]; /* with all that comes of them */
    size_t n_put_off;
    TreeSmall *small; /* tree-small.c; NULL where it does not serve */
    LacRng rng;
} TreeWork;

/** TreeDraw: what is left of a uniform fraction of 2^64 after whole numbers were taken from it, and
 * how many different ones these could be: as long as they are few, the rest is as uniform. */
typedef struct {
    uint64_t fraction, taken;
} TreeDraw;

static inline void
tree_draw_fresh(TreeWork *work, TreeDraw *draw)
{
    if (work->n_drawn == TREE_DRAWS) {
        lac_rng_fill_uniform(&work->rng, TREE_DRAWS, work->draws);
        work->n_drawn = 0;
    }
    *draw = (TreeDraw){(uint64_t)(work->draws[work->n_drawn++] * 0x1p53) << 11, 1};
}

/** tree_pick: a position from @k on, at random; the next one when all features take part anyway. */
static inline size_t
tree_pick(TreeWork *work, const TreeSpace *space, TreeDraw *draw, size_t k)
{
    const uint64_t n = space->n_features - k;

    if (space->mtry == space->n_features || n == 1)
        return k;
    if (draw->taken * n > UINT32_MAX)
        tree_draw_fresh(work, draw);
    const unsigned __int128 at = (unsigned __int128)draw->fraction * n;

    draw->taken *= n;
    draw->fraction = (uint64_t)at;
    return k + (size_t)(at >> 64);
}

/** tree_draw_feature: the @k-th of a node, to work->order[k]; begin with draw->taken UINT32_MAX. */
static inline void
tree_draw_feature(TreeWork *work, const TreeSpace *space, TreeDraw *draw, size_t k)
{
    const size_t pick = tree_pick(work, space, draw, k);
    const uint32_t feature = work->order[pick];

    work->order[pick] = work->order[k];
    work->order[k] = feature;
}

/** TreeNodeRows: a node to be split: rows [begin, end) of the work. */
typedef struct {
    size_t begin, end;
    double weight, sum; /* counts; counts times targets (not for more than two classes) */
    double squares;     /* sum of squared class weights (more than two classes) */
} TreeNodeRows;

/** tree_search: the best split by mtry features drawn without replacement, and (unless these are to
 * do alone) by more of them, one at a time, as long as none can split the node; FALSE when none
 * gains more than @least. */
gboolean tree_search(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node, double least,
                     TreeSplit *best);
/** tree_search_more: the part of tree_search() that draws more, as long as @best has no feature. */
gboolean tree_search_more(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node,
                          TreeDraw *draw, TreeSplit *best);
/** tree_mean_search, tree_class_search: improves @best by @feature where it can. */
void tree_mean_search(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node,
                      size_t feature, TreeSplit *best);
void tree_class_search(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node,
                       size_t feature, TreeSplit *best);

/** tree_wide_here: whether this processor has what the functions below need: trees of numbers or
 * two classes whose targets are packed. */
gboolean tree_wide_here(void);
/** lac_forest_forbid_vectors: for tests: as on a processor without them. */
LAC_PRIVATE_API void lac_forest_forbid_vectors(gboolean forbid);

/** tree_wide_few, tree_wide_many: searches by @m <= TREE_ABREAST features that are no nominal ones,
 * in the order of the list; _few: nodes of up to TREE_WIDE_FEW rows, _many: larger ones. */
void tree_wide_few(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node, size_t m,
                   const uint32_t *features, TreeSplit *best);
void tree_wide_many(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node, size_t m,
                    const uint32_t *features, TreeSplit *best);

/** tree_packed_init: space->packed, where vectors are here and whole numbers fine enough for the
 * targets of a forest of @trees; FALSE when memory runs out. */
gboolean tree_packed_init(TreeSpace *space, size_t trees, GError **error);
/** tree_packed_list: rows in the bag with their sums, rows out of it; how many are in it. */
size_t tree_packed_list(TreeWork *work, const TreeSpace *space);
/** tree_packed_cuts: of nodes whose cut holds, so far, the occupied bins below it and, times 256,
 * above it. */
void tree_packed_cuts(TreeWork *work, const TreeSpace *space);
/** tree_packed_unpack: the same sums to work->pay, for searches that know no packed ones. */
void tree_packed_unpack(TreeWork *work, const TreeSpace *space, size_t begin, size_t end);
int64_t tree_packed_sum(const TreeWork *work, size_t begin, size_t end);
gboolean
tree_packed_is_pure(const TreeWork *work, const TreeSpace *space, size_t begin, size_t end);
double tree_packed_leaf(const TreeWork *work, const TreeSpace *space, size_t begin, size_t end);
/** tree_packed_partition: as the one of pairs: left rows first, in their order. */
size_t tree_packed_partition(TreeWork *work, const TreeSpace *space, size_t begin, size_t end,
                             const TreeSplit *split);

/** tree_small_init: work->small, where it serves; FALSE when memory runs out. */
gboolean tree_small_init(TreeWork *work, const TreeSpace *space, GError **error);
/** tree_small_run: all that was put off, and what comes of it. */
void tree_small_run(TreeWork *work, const TreeSpace *space, double least);

static inline double
tree_packed_weight(const TreeSpace *space, int64_t packed)
{
    return (double)(packed & (((int64_t)1 << space->count_bits) - 1));
}

gboolean tree_work_init(TreeWork *work, const TreeSpace *space, GError **error);
void tree_work_clear(TreeWork *work);
/** tree_grow: tree number @tree of the forest whose streams are named by @forest, into @work, whose
 * bag then tells which rows it saw. Returns: its root. */
int32_t tree_grow(TreeWork *work, const TreeSpace *space, const LacRng *forest, size_t tree);
/** tree_prune: of what was grown with leaf_from and leaf_to, by space->prune. Returns: its root. */
int32_t tree_prune(TreeWork *work, const TreeSpace *space, int32_t root);
/** tree_keep: an exact copy of what was grown. */
void tree_keep(const TreeWork *work, int32_t root, LacTree *tree);

G_END_DECLS

#endif
