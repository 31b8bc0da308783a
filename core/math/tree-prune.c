/* Cost-complexity pruning: the smallest of the subtrees whose risk plus a price for every split is
 * least. Risk is the squared error, or the number of rows that are not of their leaf's most
 * frequent class. Source: Breiman, Friedman, Olshen and Stone, Classification and Regression Trees
 * (1984), chapters 3 and 8. */
#include "forest-private.h"

#include <string.h>

/**
 * Pruning: of the tree in @work.
 * @width: numbers that stand for a set of rows: weights of classes, or weight, sum and squares
 * @stat: [n_nodes + 1][width], the last one scratch; @cost: [n_nodes]
 * @now: [n_nodes] new number of a node that stays; negative for one that goes
 */
typedef struct {
    TreeWork *work;
    const TreeSpace *space;
    size_t width;
    double *stat, *cost;
    int32_t *now;
} Pruning;

static void
pruning_clear(Pruning *self)
{
    g_free(self->stat);
    g_free(self->cost);
    g_free(self->now);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pruning, pruning_clear)

static void
add_leaf(const Pruning *self, size_t leaf, double *stat)
{
    const TreeWork *work = self->work;

    for (size_t i = work->leaf_from[leaf]; i < work->leaf_to[leaf]; i++) {
        const double y = self->space->y[work->rows[i]], count = (double)work->bag[work->rows[i]];

        if (self->space->as_classes) {
            stat[(size_t)y] += count;
        } else {
            stat[0] += count;
            stat[1] += count * y;
            stat[2] += count * y * y;
        }
    }
}

static size_t
majority(const Pruning *self, const double *stat)
{
    size_t best = 0;

    for (size_t c = 1; c < self->width; c++)
        best = stat[c] > stat[best] ? c : best;
    return best;
}

static double
risk(const Pruning *self, const double *stat)
{
    double sum = 0.0;

    if (!self->space->as_classes)
        return self->space->classes == 2 ? MIN(stat[1], stat[0] - stat[1])
                                         : MAX(stat[2] - stat[1] * stat[1] / stat[0], 0.0);
    for (size_t c = 0; c < self->width; c++)
        sum += stat[c];
    return sum - stat[majority(self, stat)];
}

/* What a collapsed node says. */
static double
said(const Pruning *self, const double *stat)
{
    const TreeSpace *space = self->space;

    if (space->as_classes)
        return (double)majority(self, stat);
    if (space->classes == 2)
        return stat[1] > 0.5 * stat[0] ? 1.0 : 0.0;
    return space->centre + space->unit * (stat[1] / stat[0]);
}

/* Children have larger numbers than their parents: from the last node to the first. */
static void
sum_up(Pruning *self)
{
    const TreeWork *work = self->work;

    for (size_t i = work->n_nodes; i-- > 0;) {
        double *stat = self->stat + i * self->width;

        for (int side = 0; side < 2; side++) {
            const int32_t child = work->nodes[i].child[side];

            if (child < 0)
                add_leaf(self, (size_t)~child, stat);
            for (size_t c = 0; child >= 0 && c < self->width; c++)
                stat[c] += self->stat[(size_t)child * self->width + c];
        }
    }
}

static double
child_cost(const Pruning *self, int32_t child)
{
    double *leaf = self->stat + self->work->n_nodes * self->width;

    if (child >= 0)
        return self->cost[child];
    memset(leaf, 0, self->width * sizeof(double));
    add_leaf(self, (size_t)~child, leaf);
    return risk(self, leaf);
}

/* Marks (now = -1) the nodes whose subtree is not worth its price. */
static void
judge(Pruning *self, double price)
{
    const TreeWork *work = self->work;

    for (size_t i = work->n_nodes; i-- > 0;) {
        const TreeNode *node = &work->nodes[i];
        const double own = risk(self, self->stat + i * self->width);
        const double split =
            child_cost(self, node->child[0]) + child_cost(self, node->child[1]) + price;

        self->cost[i] = MIN(own, split);
        self->now[i] = own <= split ? -1 : 0;
    }
}

/* Numbers what stays, in order. */
static size_t
number(Pruning *self)
{
    const TreeWork *work = self->work;
    size_t n = 0;

    for (size_t i = 1; i < work->n_nodes; i++) /* until a parent stays */
        self->now[i] = self->now[i] < 0 ? -1 : -2;
    for (size_t i = 0; i < work->n_nodes; i++) {
        if (self->now[i] < 0)
            continue;
        self->now[i] = (int32_t)n++;
        for (int side = 0; side < 2; side++) {
            const int32_t child = work->nodes[i].child[side];

            if (child >= 0 && self->now[child] == -2)
                self->now[child] = 0;
        }
    }
    return n;
}

/* The new number of a child: of a node that stays, or of a leaf, whose value is noted. */
static int32_t
place(const Pruning *self, int32_t child, size_t *n_leaves, double *value)
{
    if (child >= 0 && self->now[child] >= 0)
        return self->now[child];
    value[*n_leaves] = child < 0 ? self->work->value[~child]
                                 : said(self, self->stat + (size_t)child * self->width);
    return ~(int32_t)(*n_leaves)++;
}

/* A node's new number is never above its old one: nothing is written over before it was read. */
static int32_t
compact(Pruning *self)
{
    TreeWork *work = self->work;
    const size_t all = work->n_nodes;
    g_autofree double *value = g_new(double, work->n_leaves + 1);
    size_t n_leaves = 0;

    work->n_nodes = number(self);
    for (size_t i = 0; i < all; i++) {
        if (self->now[i] < 0)
            continue;
        TreeNode node = work->nodes[i];

        for (int side = 0; side < 2; side++)
            node.child[side] = place(self, node.child[side], &n_leaves, value);
        work->nodes[self->now[i]] = node;
        work->subset_of[self->now[i]] = work->subset_of[i];
    }
    const int32_t root = work->n_nodes > 0 ? 0 : place(self, 0, &n_leaves, value);

    memcpy(work->value, value, n_leaves * sizeof *value);
    work->n_leaves = n_leaves;
    return root;
}

int32_t
tree_prune(TreeWork *work, const TreeSpace *space, int32_t root)
{
    const size_t width = space->as_classes ? space->classes : 3;
    g_auto(Pruning) self = {.work = work, .space = space, .width = width};

    if (root < 0)
        return root;
    self.stat = g_new0(double, (work->n_nodes + 1) * width);
    self.cost = g_new0(double, work->n_nodes);
    self.now = g_new0(int32_t, work->n_nodes);
    sum_up(&self);
    judge(&self, space->prune * risk(&self, self.stat));
    return compact(&self);
}
