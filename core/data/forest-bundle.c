/* Forests and the rules of bins in model files. Trees stand one behind the other in blocks of
 * 64-bit words: a node is two words, a leaf one. Nothing read is trusted: after loading, every walk
 * ends in a leaf that exists and every donor is one of the task's rows. */
#include "forest-private.h"

#include <math.h>
#include <string.h>

enum {
    COUNTS = 6, /* of a tree: nodes, leaves, subsets, donors, root, whether nodes have subsets */
    NODE_WORDS = 2,
    SUBSET_WORDS = LAC_BINS_MOST / 64,
};

static char *
forest_block(const char *prefix, const char *name)
{
    return g_strconcat(prefix, ".", name, NULL);
}

/** ForestSizes: of all trees together. */
typedef struct {
    size_t nodes, leaves, subsets, subset_of, donors, first_donor;
} ForestSizes;

static ForestSizes
forest_sizes(const LacForest *forest)
{
    ForestSizes sizes = {0};

    for (size_t t = 0; t < forest->n_trees; t++) {
        const LacTree *tree = &forest->trees[t];

        sizes.nodes += tree->n_nodes;
        sizes.leaves += tree->n_leaves;
        sizes.subsets += tree->n_subsets;
        sizes.subset_of += tree->subset_of != NULL ? tree->n_nodes : 0;
        sizes.donors += tree->n_donors;
        sizes.first_donor += tree->donors != NULL ? tree->n_leaves + 1 : 0;
    }
    return sizes;
}

/* Numbers of 32 bits, two a word. */
static size_t
forest_words(size_t n)
{
    return (n + 1) / 2;
}

static uint64_t *
forest_put_small(uint64_t *to, size_t n, const uint32_t *from)
{
    for (size_t i = 0; i < n; i += 2)
        *to++ = from[i] | (uint64_t)(i + 1 < n ? from[i + 1] : 0) << 32;
    return to;
}

static void
forest_get_small(const uint64_t *from, size_t n, uint32_t *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint32_t)(from[i / 2] >> (32 * (i % 2)));
}

static uint64_t *
tree_put(const LacTree *tree, uint64_t *to)
{
    for (size_t k = 0; k < tree->n_nodes; k++, to += NODE_WORDS) {
        const TreeNode *node = &tree->nodes[k];

        to[0] = (uint32_t)node->child[0] | (uint64_t)(uint32_t)node->child[1] << 32;
        to[1] = (uint64_t)node->feature | (uint64_t)node->cut << 16 |
                (uint64_t)(tree->subset_of != NULL ? tree->subset_of[k] : 0) << 32;
    }
    if (tree->n_subsets > 0)
        memcpy(to, tree->subsets, tree->n_subsets * sizeof *tree->subsets);
    to += tree->n_subsets * SUBSET_WORDS;
    if (tree->donors == NULL)
        return to;
    to = forest_put_small(to, tree->n_leaves + 1, tree->first_donor);
    return forest_put_small(to, tree->n_donors, tree->donors);
}

static size_t
tree_words(const LacTree *tree)
{
    return tree->n_nodes * NODE_WORDS + tree->n_subsets * SUBSET_WORDS +
           (tree->n_donors > 0 ? forest_words(tree->n_leaves + 1) + forest_words(tree->n_donors)
                               : 0);
}

void
lac_forest_save(const LacForest *forest, LacBundle *bundle, const char *prefix)
{
    const ForestSizes sizes = forest_sizes(forest);
    const int64_t shape[] = {(int64_t)forest->n_trees, (int64_t)forest->classes};
    g_autofree int64_t *counts = g_new0(int64_t, forest->n_trees * COUNTS);
    g_autofree double *value = g_new(double, sizes.leaves + 1);
    g_autofree char *shape_name = forest_block(prefix, "shape");
    g_autofree char *counts_name = forest_block(prefix, "trees");
    g_autofree char *value_name = forest_block(prefix, "leaves");
    g_autofree char *words_name = forest_block(prefix, "nodes");
    size_t n_words = 0, leaf = 0;

    for (size_t t = 0; t < forest->n_trees; t++)
        n_words += tree_words(&forest->trees[t]);
    g_autofree uint64_t *words = g_new0(uint64_t, n_words + 1);
    uint64_t *to = words;

    for (size_t t = 0; t < forest->n_trees; t++) {
        const LacTree *tree = &forest->trees[t];
        const int64_t of_tree[COUNTS] = {(int64_t)tree->n_nodes,
                                         (int64_t)tree->n_leaves,
                                         (int64_t)tree->n_subsets,
                                         (int64_t)tree->n_donors,
                                         tree->root,
                                         tree->subset_of != NULL};

        memcpy(counts + t * COUNTS, of_tree, sizeof of_tree);
        memcpy(value + leaf, tree->value, tree->n_leaves * sizeof *value);
        leaf += tree->n_leaves;
        to = tree_put(tree, to);
    }
    lac_bundle_put_i64(bundle, shape_name, 1, G_N_ELEMENTS(shape), shape);
    lac_bundle_put_i64(bundle, counts_name, forest->n_trees, COUNTS, counts);
    lac_bundle_put_doubles(bundle, value_name, 1, sizes.leaves, value);
    lac_bundle_put_u64(bundle, words_name, 1, n_words, words);
}

/** Reading: what is left of the two long blocks. */
typedef struct {
    const LacBins *bins;
    size_t classes, n_leaves, n_words;
    const double *leaves;
    const uint64_t *words;
} Reading;

/* Children come later than their node, or are leaves, so a walk goes on and ends. */
static gboolean
tree_get_nodes(LacTree *tree, const Reading *in, const uint64_t *from, gboolean subsets)
{
    tree->nodes = g_new(TreeNode, tree->n_nodes);
    if (subsets)
        tree->subset_of = g_new(uint32_t, tree->n_nodes);
    for (size_t k = 0; k < tree->n_nodes; k++, from += NODE_WORDS) {
        TreeNode *node = &tree->nodes[k];

        *node = (TreeNode){.child = {(int32_t)(uint32_t)from[0], (int32_t)(from[0] >> 32)},
                           .feature = (uint16_t)from[1],
                           .cut = (uint16_t)(from[1] >> 16)};
        if (subsets)
            tree->subset_of[k] = (uint32_t)(from[1] >> 32);
        if (node->feature >= in->bins->cols ||
            (node->cut == TREE_BY_SUBSET && (!subsets || tree->subset_of[k] >= tree->n_subsets)))
            return FALSE;
        for (int side = 0; side < 2; side++) {
            const int32_t child = node->child[side];

            if (child < 0 ? (size_t)~child >= tree->n_leaves
                          : (size_t)child <= k || (size_t)child >= tree->n_nodes)
                return FALSE;
        }
    }
    return TRUE;
}

static gboolean
tree_get_donors(LacTree *tree, const uint64_t *from)
{
    tree->first_donor = g_new(uint32_t, tree->n_leaves + 1);
    tree->donors = g_new(uint32_t, tree->n_donors);
    forest_get_small(from, tree->n_leaves + 1, tree->first_donor);
    forest_get_small(from + forest_words(tree->n_leaves + 1), tree->n_donors, tree->donors);
    if (tree->first_donor[0] != 0 || tree->first_donor[tree->n_leaves] != tree->n_donors)
        return FALSE;
    for (size_t l = 0; l < tree->n_leaves; l++) {
        if (tree->first_donor[l] >= tree->first_donor[l + 1]) /* no leaf is without a donor */
            return FALSE;
    }
    for (size_t i = 0; i < tree->n_donors; i++) {
        if (tree->donors[i] >= tree->n_donors)
            return FALSE;
    }
    return TRUE;
}

static gboolean
tree_get_values(LacTree *tree, const Reading *in)
{
    for (size_t l = 0; l < tree->n_leaves; l++) {
        const double v = in->leaves[l];

        if (!isfinite(v) || (in->classes > 0 && !(v >= 0.0 && v < (double)in->classes)))
            return FALSE;
    }
    tree->value = g_memdup2(in->leaves, tree->n_leaves * sizeof *tree->value);
    return TRUE;
}

static gboolean
tree_get(LacTree *tree, const int64_t *counts, Reading *in)
{
    const int64_t most = INT32_MAX;

    for (size_t k = 0; k < 4; k++) {
        if (counts[k] < 0 || counts[k] > most)
            return FALSE;
    }
    tree->n_nodes = (size_t)counts[0];
    tree->n_leaves = (size_t)counts[1];
    tree->n_subsets = (size_t)counts[2];
    tree->n_donors = (size_t)counts[3];
    tree->root = (int32_t)counts[4];
    if (tree->n_leaves == 0 || tree->n_leaves > in->n_leaves || tree_words(tree) > in->n_words ||
        counts[4] != (tree->n_nodes > 0 ? 0 : TREE_NO_LEAF))
        return FALSE;
    const uint64_t *subsets = in->words + tree->n_nodes * NODE_WORDS;

    if (!tree_get_nodes(tree, in, in->words, counts[5] != 0) || !tree_get_values(tree, in))
        return FALSE;
    if (tree->n_subsets > 0)
        tree->subsets = g_memdup2(subsets, tree->n_subsets * sizeof *tree->subsets);
    if (tree->n_donors > 0 && !tree_get_donors(tree, subsets + tree->n_subsets * SUBSET_WORDS))
        return FALSE;
    in->words += tree_words(tree);
    in->n_words -= tree_words(tree);
    in->leaves += tree->n_leaves;
    in->n_leaves -= tree->n_leaves;
    return TRUE;
}

LacForest *
lac_forest_load(const LacBundle *bundle, const char *prefix, const LacBins *bins, GError **error)
{
    g_autofree char *shape_name = forest_block(prefix, "shape");
    g_autofree char *counts_name = forest_block(prefix, "trees");
    g_autofree char *value_name = forest_block(prefix, "leaves");
    g_autofree char *words_name = forest_block(prefix, "nodes");
    Reading in = {.bins = bins};
    const int64_t *shape = lac_bundle_get_i64(bundle, shape_name, 1, 2, NULL, NULL, error);

    if (shape == NULL)
        return NULL;
    if (shape[0] < 1 || shape[0] > INT32_MAX || shape[1] < 0 || shape[1] > UINT16_MAX)
        return lac_fail_null(error, LAC_ERROR_DATA,
                             "model file: '%s' tells of %" G_GINT64_FORMAT
                             " trees for %" G_GINT64_FORMAT " classes",
                             prefix, shape[0], shape[1]);
    const int64_t *counts =
        lac_bundle_get_i64(bundle, counts_name, (size_t)shape[0], COUNTS, NULL, NULL, error);
    if (counts == NULL ||
        !(in.leaves = lac_bundle_get_doubles(bundle, value_name, 1, G_MAXSIZE, NULL, &in.n_leaves,
                                             error)) ||
        !(in.words =
              lac_bundle_get_u64(bundle, words_name, 1, G_MAXSIZE, NULL, &in.n_words, error)))
        return NULL;
    g_autoptr(LacForest) forest = g_new0(LacForest, 1);

    forest->n_trees = (size_t)shape[0];
    forest->classes = in.classes = (size_t)shape[1];
    forest->trees = g_new0(LacTree, forest->n_trees);
    for (size_t t = 0; t < forest->n_trees; t++) {
        if (!tree_get(&forest->trees[t], counts + t * COUNTS, &in))
            return lac_fail_null(error, LAC_ERROR_DATA,
                                 "model file: tree %zu of '%s' does not fit its data", t, prefix);
    }
    return g_steal_pointer(&forest);
}

void
lac_bins_save(const LacBins *bins, LacBundle *bundle, const char *prefix)
{
    enum { SHAPE = 3 };
    g_autofree int64_t *shape = g_new0(int64_t, SHAPE * bins->cols + 1);
    g_autofree char *shape_name = forest_block(prefix, "columns");
    g_autofree char *bins_name = forest_block(prefix, "bins");
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(double));

    for (size_t j = 0; j < bins->cols; j++) {
        const LacBinColumn *column = &bins->columns[j];

        shape[SHAPE * j] = column->nominal;
        shape[SHAPE * j + 1] = (int64_t)column->n_bins;
        shape[SHAPE * j + 2] = (int64_t)column->n_levels;
        for (size_t l = 0; column->nominal && l < column->n_levels; l++) {
            const double code = column->map[l];

            g_array_append_val(numbers, code);
        }
        if (column->nominal || column->n_bins == 0)
            continue;
        g_array_append_vals(numbers, column->centre, (guint)column->n_bins);
        g_array_append_vals(numbers, column->edges, (guint)column->n_bins - 1);
    }
    lac_bundle_put_i64(bundle, shape_name, bins->cols, SHAPE, shape);
    lac_bundle_put_doubles(bundle, bins_name, 1, numbers->len, (const double *)numbers->data);
}

static gboolean
bins_get_nominal(LacBinColumn *column, const double *from)
{
    column->map = g_new(uint8_t, column->n_levels + 1);
    for (size_t l = 0; l < column->n_levels; l++) {
        if (!(from[l] >= 0.0 && from[l] < (double)column->n_bins))
            return FALSE;
        column->map[l] = (uint8_t)from[l];
    }
    return TRUE;
}

static gboolean
bins_get_ordered(LacBinColumn *column, const double *from)
{
    column->centre = g_new0(double, LAC_BINS_MOST);
    column->edges = g_new0(double, LAC_BINS_MOST);
    memcpy(column->centre, from, column->n_bins * sizeof *from);
    memcpy(column->edges, from + column->n_bins, (column->n_bins - 1) * sizeof *from);
    for (size_t k = 0; k + 1 < column->n_bins; k++) {
        if (!(column->centre[k] <= column->edges[k] && column->edges[k] <= column->centre[k + 1]))
            return FALSE;
    }
    return isfinite(column->centre[0]) && isfinite(column->centre[column->n_bins - 1]);
}

/* Numbers the column took from the block; 0 when they do not fit. */
static size_t
bins_get(LacBinColumn *column, const int64_t *shape, const double *from, size_t left)
{
    if (shape[0] < 0 || shape[0] > 1 || shape[1] < 1 || shape[1] > LAC_BINS_MOST || shape[2] < 0 ||
        shape[2] > INT32_MAX)
        return 0;
    column->nominal = shape[0] != 0;
    column->n_bins = (size_t)shape[1];
    column->n_levels = (size_t)shape[2];
    const size_t n = column->nominal ? column->n_levels : 2 * column->n_bins - 1;

    if (n > left || n == 0)
        return 0;
    return (column->nominal ? bins_get_nominal(column, from) : bins_get_ordered(column, from)) ? n
                                                                                               : 0;
}

LacBins *
lac_bins_load(const LacBundle *bundle, const char *prefix, GError **error)
{
    g_autofree char *shape_name = forest_block(prefix, "columns");
    g_autofree char *bins_name = forest_block(prefix, "bins");
    size_t cols, left;
    const int64_t *shape = lac_bundle_get_i64(bundle, shape_name, G_MAXSIZE, 3, &cols, NULL, error);
    const double *from =
        shape == NULL ? NULL
                      : lac_bundle_get_doubles(bundle, bins_name, 1, G_MAXSIZE, NULL, &left, error);
    g_autoptr(LacBins) bins = from == NULL ? NULL : lac_bins_new(0, cols, error);

    if (bins == NULL)
        return NULL;
    for (size_t j = 0; j < cols; j++) {
        const size_t taken = bins_get(&bins->columns[j], shape + 3 * j, from, left);

        if (taken == 0)
            return lac_fail_null(error, LAC_ERROR_DATA,
                                 "model file: the bins of column %zu in '%s' do not fit", j,
                                 prefix);
        from += taken;
        left -= taken;
    }
    return g_steal_pointer(&bins);
}
