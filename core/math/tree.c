/* One tree. A node's rows lie together in an array of positions, ascending, with what they bring
 * into sums beside them; a split moves both. The smaller side is grown first, so that the stack
 * of nodes still to do stays as short as log2 of the rows. */
#include "forest-private.h"

#include <math.h>
#include <string.h>

enum {
    STACK = 64, /* nodes to do; they halve at least from entry to entry */
};

gboolean
tree_work_init(TreeWork *work, const TreeSpace *space, GError **error)
{
    const size_t n = space->n + TREE_LANES, classes = space->as_classes ? space->classes : 1;
    const gboolean pairs = space->packed == NULL || space->any_nominal || space->min_gain > 0.0;
    const char *what = "a tree's rows";

    work->most_subsets = 64;
    work->subsets = g_new(TreeSubset, work->most_subsets);
    work->draws = g_new(double, TREE_DRAWS);
    work->order = g_new(uint32_t, space->n_features + 1);
    return (work->rows = lac_try_alloc(n, sizeof *work->rows, what, error)) &&
           (work->spare_rows = lac_try_alloc(n, sizeof *work->rows, what, error)) &&
           (work->pay = lac_try_alloc(pairs ? n : 1, sizeof *work->pay, what, error)) &&
           (work->spare_pay =
                lac_try_alloc(space->packed != NULL ? 1 : n, sizeof *work->pay, what, error)) &&
           (work->packed =
                lac_try_alloc(space->packed != NULL ? n : 1, sizeof *work->packed, what, error)) &&
           (work->spare_packed =
                lac_try_alloc(space->packed != NULL ? n : 1, sizeof *work->packed, what, error)) &&
           (work->out = lac_try_alloc(n, sizeof *work->out, what, error)) &&
           (work->bag = lac_try_alloc(n, sizeof *work->bag, what, error)) &&
           (work->codes = lac_try_alloc(n, sizeof *work->codes, what, error)) &&
           (work->nodes = lac_try_alloc(n, sizeof *work->nodes, what, error)) &&
           (work->value = lac_try_alloc(n, sizeof *work->value, what, error)) &&
           (work->fixed = lac_try_alloc(n, sizeof *work->fixed, what, error)) &&
           (work->subset_of = lac_try_alloc(n, sizeof *work->subset_of, what, error)) &&
           (work->total = lac_try_alloc(classes, sizeof(double), what, error)) &&
           (work->left = lac_try_alloc(classes, sizeof(double), what, error)) &&
           (space->prune == 0.0 ||
            ((work->leaf_from = lac_try_alloc(n, sizeof *work->leaf_from, what, error)) &&
             (work->leaf_to = lac_try_alloc(n, sizeof *work->leaf_to, what, error)))) &&
           (work->score = lac_try_alloc(classes, sizeof(double), what, error)) &&
           tree_small_init(work, space, error);
}

void
tree_work_clear(TreeWork *work)
{
    g_free(work->rows);
    g_free(work->spare_rows);
    g_free(work->order);
    g_free(work->pay);
    g_free(work->spare_pay);
    g_free(work->packed);
    g_free(work->spare_packed);
    g_free(work->out);
    g_free(work->bag);
    g_free(work->leaf);
    g_free(work->asked);
    g_free(work->draws);
    g_free(work->codes);
    g_free(work->total);
    g_free(work->left);
    g_free(work->score);
    g_free(work->nodes);
    g_free(work->value);
    g_free(work->fixed);
    g_free(work->subset_of);
    g_free(work->subsets);
    g_free(work->leaf_from);
    g_free(work->leaf_to);
    g_aligned_free(work->small);
}

/* How often the tree sees each row. */
static void
tree_draw_bag(TreeWork *work, const TreeSpace *space, size_t tree)
{
    const size_t n = space->n;

    if (space->task->bags != NULL) {
        memcpy(work->bag, space->task->bags + tree * n, n * sizeof *work->bag);
    } else if (!space->bootstrap) {
        for (size_t i = 0; i < n; i++)
            work->bag[i] = 1;
    } else {
        memset(work->bag, 0, n * sizeof *work->bag);
        for (size_t done = 0; done < n; done += TREE_DRAWS) {
            const size_t k = MIN((size_t)TREE_DRAWS, n - done);

            lac_rng_fill_uniform(&work->rng, k, work->draws);
            work->n_drawn = TREE_DRAWS;
            for (size_t i = 0; i < k; i++)
                work->bag[(size_t)(work->draws[i] * (double)n)]++;
        }
    }
}

/* Lists the rows that the tree sees, and the others; how many it sees. */
static size_t
tree_list_bag(TreeWork *work, const TreeSpace *space)
{
    size_t m = 0;

    if (space->packed != NULL)
        return tree_packed_list(work, space);
    work->n_out = 0;
    for (size_t i = 0; i < space->n; i++) {
        const uint32_t count = work->bag[i];

        work->rows[m] = work->out[work->n_out] = (uint32_t)i;
        work->n_out += count == 0;
        if (space->as_classes) {
            work->pay[m].class = (uint64_t)space->y[i];
            work->pay[m].count = count;
        } else {
            work->pay[m].pair = (TreePair){space->y[i] * (double)count, (double)count};
        }
        m += count > 0;
    }
    return m;
}

static int
tree_compare_mean(const TreePay *a, const TreePay *b)
{
    return a->pair[0] * b->pair[1] != b->pair[0] * a->pair[1];
}

/* Whether all rows have one target. Multiplied out, so that equal targets compare equal but for
 * rounding; that costs a search which finds nothing. */
static gboolean
tree_is_pure(const TreeWork *work, const TreeSpace *space, size_t begin, size_t end)
{
    const TreePay *first = work->pay + begin;

    if (end - begin == 1)
        return TRUE;
    if (space->packed != NULL)
        return tree_packed_is_pure(work, space, begin, end);
    for (size_t i = begin + 1; i < end; i++) {
        if (space->as_classes ? work->pay[i].class != first->class
                              : tree_compare_mean(work->pay + i, first))
            return FALSE;
    }
    return TRUE;
}

/* Weight and sum of a node; @packed: where sums are. */
static void
tree_sum(TreeWork *work, const TreeSpace *space, int64_t packed, TreeNodeRows *node)
{
    if (space->packed != NULL) {
        node->sum = (double)(packed >> space->count_bits);
        node->weight = tree_packed_weight(space, packed);
        return;
    }
    if (!space->as_classes) {
        TreePair sum = {0.0, 0.0};

        for (size_t i = node->begin; i < node->end; i++)
            sum += work->pay[i].pair;
        node->sum = sum[0];
        node->weight = sum[1];
        return;
    }
    for (size_t i = node->begin; i < node->end; i++) {
        const double count = (double)work->pay[i].count;
        double *total = &work->total[work->pay[i].class];

        node->weight += count;
        node->squares += count * (count + 2.0 * *total);
        *total += count;
    }
}

static void
tree_forget_totals(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node)
{
    for (size_t i = node->begin; space->as_classes && i < node->end; i++)
        work->total[work->pay[i].class] = 0.0;
}

/* The mean of a leaf; where all targets are one, that one, to the last bit. */
static double
tree_leaf_mean(const TreeWork *work, const TreeSpace *space, const TreeNodeRows *node)
{
    const double *y = space->task->y, first = y[work->rows[node->begin]];
    gboolean same = TRUE;

    if (space->packed != NULL)
        return tree_packed_leaf(work, space, node->begin, node->end);
    for (size_t i = node->begin; i < node->end && same; i++)
        same = y[work->rows[i]] == first;
    if (same)
        return first;
    if (space->classes == 2)
        return node->sum > 0.5 * node->weight ? 1.0 : 0.0;
    return space->centre + space->unit * (node->sum / node->weight);
}

static double
tree_leaf_class(const TreeWork *work, const TreeNodeRows *node)
{
    uint64_t best = work->pay[node->begin].class;

    for (size_t i = node->begin + 1; i < node->end; i++) {
        const uint64_t class = work->pay[i].class;

        if (work->total[class] > work->total[best] ||
            (work->total[class] == work->total[best] && class < best))
            best = class;
    }
    return (double)best;
}

static int32_t
tree_add_leaf(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node)
{
    if (work->leaf_from != NULL) {
        work->leaf_from[work->n_leaves] = (uint32_t)node->begin;
        work->leaf_to[work->n_leaves] = (uint32_t)node->end;
    }
    work->value[work->n_leaves] =
        space->as_classes ? tree_leaf_class(work, node) : tree_leaf_mean(work, space, node);
    return ~(int32_t)work->n_leaves++;
}

/* Rows that go left to the front, both sides in their order; where the right ones begin. Every row
 * is written to both sides, one of which is written over: no branch depends on the data. */
static inline __attribute__((always_inline)) size_t
tree_partition_by(TreeWork *work, size_t begin, size_t end, const uint8_t *codes, unsigned cut,
                  const TreeSubset *subset)
{
    size_t left = begin, right = 0;

    for (size_t i = begin; i < end; i++) {
        const uint32_t row = work->rows[i];
        const TreePay pay = work->pay[i];
        const unsigned c = codes[row];
        const size_t go =
            subset != NULL ? (size_t)(subset->words[c / 64] >> (c % 64) & 1) : (size_t)(c <= cut);

        work->rows[left] = row;
        work->pay[left] = pay;
        work->spare_rows[right] = row;
        work->spare_pay[right] = pay;
        left += go;
        right += 1 - go;
    }
    memcpy(work->rows + left, work->spare_rows, right * sizeof *work->rows);
    memcpy(work->pay + left, work->spare_pay, right * sizeof *work->pay);
    return left;
}

LAC_CLONES static size_t
tree_partition(TreeWork *work, const TreeSpace *space, size_t begin, size_t end,
               const TreeSplit *split)
{
    const uint8_t *codes = space->codes + split->feature * space->stride;

    return split->by_subset ? tree_partition_by(work, begin, end, codes, 0, &split->subset)
                            : tree_partition_by(work, begin, end, codes, split->cut, NULL);
}

/* Bins that are not in the node go with its heavier side. */
static void
tree_add_subset(TreeWork *work, const TreeSpace *space, size_t begin, size_t middle, size_t end,
                const TreeSplit *split)
{
    TreeSubset *subset;

    if (work->n_subsets == work->most_subsets) {
        work->most_subsets *= 2;
        work->subsets = g_renew(TreeSubset, work->subsets, work->most_subsets);
    }
    subset = &work->subsets[work->n_subsets];
    *subset = split->subset;
    if (middle - begin >= end - middle) {
        const uint8_t *codes = space->codes + split->feature * space->stride;

        memset(subset, 0xff, sizeof *subset);
        for (size_t i = middle; i < end; i++) {
            const unsigned c = codes[work->rows[i]];

            subset->words[c / 64] &= ~((uint64_t)1 << (c % 64));
        }
    }
    work->subset_of[work->n_nodes] = (uint32_t)work->n_subsets++;
}

static TreeNode *
tree_add_node(TreeWork *work, const TreeSpace *space, size_t begin, size_t middle, size_t end,
              const TreeSplit *split)
{
    if (split->by_subset)
        tree_add_subset(work, space, begin, middle, end, split);
    work->nodes[work->n_nodes] = (TreeNode){
        .feature = (uint16_t)space->features[split->feature],
        .cut = split->by_subset        ? (uint16_t)TREE_BY_SUBSET
               : space->packed != NULL ? (uint16_t)(split->below | split->above << 8)
                                       : (uint16_t)split->cut,
    };
    return &work->nodes[work->n_nodes++];
}

static double
tree_impurity(const TreeWork *work, const TreeSpace *space, const TreeNodeRows *node)
{
    double sum = 0.0;

    if (space->as_classes)
        return node->weight - node->squares / node->weight;
    for (size_t i = node->begin; i < node->end; i++) {
        const double w = work->pay[i].pair[1];
        const double d = work->pay[i].pair[0] / w - node->sum / node->weight;

        sum += w * d * d;
    }
    return sum;
}

/* FALSE for a leaf, else both sides of the split. */
static gboolean
tree_split(TreeWork *work, const TreeSpace *space, double least, const TreeTodo *todo,
           TreeTodo *sides)
{
    TreeNodeRows node = {.begin = todo->begin, .end = todo->end};
    TreeSplit split;

    tree_sum(work, space, todo->sum, &node);
    const gboolean found = node.weight > (double)space->min_split &&
                           !tree_is_pure(work, space, node.begin, node.end) &&
                           tree_search(work, space, &node, least, &split);
    if (!found)
        *todo->link = tree_add_leaf(work, space, &node);
    tree_forget_totals(work, space, &node);
    if (!found)
        return FALSE;
    const size_t middle = space->packed != NULL
                              ? tree_packed_partition(work, space, node.begin, node.end, &split)
                              : tree_partition(work, space, node.begin, node.end, &split);

    g_assert(middle > node.begin && middle < node.end);
    *todo->link = (int32_t)work->n_nodes;
    TreeNode *added = tree_add_node(work, space, node.begin, middle, node.end, &split);
    const int64_t sum = space->packed != NULL && split.by_subset
                            ? tree_packed_sum(work, node.begin, middle)
                            : split.left;
    sides[0] = (TreeTodo){node.begin, middle, sum, &added->child[0]};
    sides[1] = (TreeTodo){middle, node.end, todo->sum - sum, &added->child[1]};
    return TRUE;
}

/* A small node: a leaf at once, where its weight says so, or put off. */
static void
tree_put_off(TreeWork *work, const TreeSpace *space, const TreeTodo *todo)
{
    TreeNodeRows node = {.begin = todo->begin, .end = todo->end};

    tree_sum(work, space, todo->sum, &node);
    if (node.end - node.begin == 1 || node.weight <= (double)space->min_split)
        *todo->link = tree_add_leaf(work, space, &node);
    else
        work->put_off[work->n_put_off++] = *todo;
    tree_forget_totals(work, space, &node);
}

/* Small nodes in the order they were put off, with those that come of them behind. */
static void
tree_do_put_off(TreeWork *work, const TreeSpace *space, double least)
{
    TreeTodo sides[2];

    if (work->small != NULL) {
        tree_small_run(work, space, least);
    } else {
        for (size_t i = 0; i < work->n_put_off; i++) {
            if (!tree_split(work, space, least, &work->put_off[i], sides))
                continue;
            tree_put_off(work, space, &sides[0]);
            tree_put_off(work, space, &sides[1]);
        }
    }
    work->n_put_off = 0;
}

/* Onto the stack or, when small, put off. */
static void
tree_add_todo(TreeWork *work, const TreeSpace *space, const TreeTodo *todo, TreeTodo *stack,
              size_t *depth)
{
    if (todo->end - todo->begin <= TREE_SMALL) {
        tree_put_off(work, space, todo);
        return;
    }
    g_assert(*depth < STACK);
    stack[(*depth)++] = *todo;
}

/* All below @root, the smaller side of a split before the larger one. */
static void
tree_grow_below(TreeWork *work, const TreeSpace *space, double least, const TreeTodo *root)
{
    TreeTodo stack[STACK], sides[2];
    size_t depth = 0;

    work->n_put_off = 0;
    tree_add_todo(work, space, root, stack, &depth);
    while (depth > 0) {
        const TreeTodo todo = stack[--depth];

        if (!tree_split(work, space, least, &todo, sides))
            continue;
        const int smaller = sides[0].end - sides[0].begin < sides[1].end - sides[1].begin ? 0 : 1;

        tree_add_todo(work, space, &sides[1 - smaller], stack, &depth);
        tree_add_todo(work, space, &sides[smaller], stack, &depth);
        if (work->n_put_off >= TREE_PUT_OFF)
            tree_do_put_off(work, space, least);
    }
    tree_do_put_off(work, space, least);
}

int32_t
tree_grow(TreeWork *work, const TreeSpace *space, const LacRng *forest, size_t tree)
{
    int32_t root = TREE_NO_LEAF;
    TreeTodo all_rows = {.link = &root};
    /* any split of a node that is not pure, as in ranger; as in rpart none that gains nothing */
    double least = space->prune > 0.0 ? 0.0 : -1.0;

    work->rng = lac_rng_at(forest, tree);
    work->n_drawn = TREE_DRAWS;
    tree_draw_bag(work, space, tree);
    work->n_nodes = work->n_leaves = work->n_subsets = 0;
    for (uint32_t f = 0; f < space->n_features; f++)
        work->order[f] = f;
    all_rows.end = tree_list_bag(work, space);
    if (space->packed != NULL)
        all_rows.sum = tree_packed_sum(work, 0, all_rows.end);
    if (space->min_gain > 0.0) {
        TreeNodeRows all = {.begin = 0, .end = all_rows.end};

        if (space->packed != NULL)
            tree_packed_unpack(work, space, 0, all_rows.end);
        tree_sum(work, space, all_rows.sum, &all);
        least = space->min_gain * tree_impurity(work, space, &all);
        tree_forget_totals(work, space, &all);
    }
    tree_grow_below(work, space, least, &all_rows);
    if (space->packed != NULL)
        tree_packed_cuts(work, space);
    return space->prune > 0.0 ? tree_prune(work, space, root) : root;
}

void
tree_keep(const TreeWork *work, int32_t root, LacTree *tree)
{
    *tree = (LacTree){.n_nodes = work->n_nodes,
                      .n_leaves = work->n_leaves,
                      .n_subsets = work->n_subsets,
                      .root = root,
                      .nodes = g_memdup2(work->nodes, work->n_nodes * sizeof *work->nodes),
                      .value = g_memdup2(work->value, work->n_leaves * sizeof *work->value)};
    if (work->n_subsets > 0) {
        tree->subset_of = g_memdup2(work->subset_of, work->n_nodes * sizeof *work->subset_of);
        tree->subsets = g_memdup2(work->subsets, work->n_subsets * sizeof *work->subsets);
    }
}
