/* Which features a node is searched by, one after the other or several at once, and where it is
 * cut.
 */
#include "forest-private.h"

/* The last bin no farther up than halfway from @a to @b. */
static unsigned
tree_cut_between(const LacBinColumn *column, unsigned a, unsigned b)
{
    const double middle = 0.5 * column->centre[a] + 0.5 * column->centre[b];
    unsigned cut = a, left = b - a;

    while (left > 1) {
        const unsigned half = left / 2;

        cut += column->centre[cut + half] <= middle ? half : 0;
        left -= half;
    }
    return cut;
}

static gboolean
tree_is_nominal(const TreeSpace *space, uint32_t feature)
{
    return space->bins->columns[space->features[feature]].nominal;
}

/* How many of @features, from the first on, are searched at once. */
static size_t
tree_abreast(const TreeSpace *space, size_t n, const uint32_t *features)
{
    size_t m = 0;

    if (space->packed == NULL)
        return 1;
    if (!space->any_nominal)
        return MIN(n, (size_t)TREE_ABREAST);
    while (m < MIN(n, (size_t)TREE_ABREAST) && !tree_is_nominal(space, features[m]))
        m++;
    return MAX(m, 1);
}

/* As many features as vectors search at once. */
static void
tree_search_abreast(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node, size_t m,
                    const uint32_t *features, TreeSplit *best)
{
    if (node->end - node->begin <= TREE_WIDE_FEW)
        tree_wide_few(work, space, node, m, features, best);
    else
        tree_wide_many(work, space, node, m, features, best);
}

static void
tree_search_one(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node, uint32_t feature,
                TreeSplit *best)
{
    if (space->as_classes) {
        tree_class_search(work, space, node, feature, best);
    } else if (space->packed == NULL) {
        tree_mean_search(work, space, node, feature, best);
    } else if (tree_is_nominal(space, feature)) {
        tree_packed_unpack(work, space, node->begin, node->end);
        tree_mean_search(work, space, node, feature, best);
    } else {
        tree_search_abreast(work, space, node, 1, &feature, best);
    }
}

/* Where the best split found cuts. */
static gboolean
tree_search_end(const TreeSpace *space, TreeSplit *best)
{
    if (best->feature == SIZE_MAX)
        return FALSE;
    best->cut = best->below; /* parts the node's own rows as well */
    if (!best->by_subset && space->packed == NULL)
        best->cut = tree_cut_between(&space->bins->columns[space->features[best->feature]],
                                     best->below, best->above);
    return TRUE;
}

gboolean
tree_search_more(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node, TreeDraw *draw,
                 TreeSplit *best)
{
    for (size_t k = space->mtry;
         k < space->n_features && best->feature == SIZE_MAX && !space->mtry_alone; k++) {
        tree_draw_feature(work, space, draw, k);
        tree_search_one(work, space, node, work->order[k], best);
    }
    return tree_search_end(space, best);
}

gboolean
tree_search(TreeWork *work, const TreeSpace *space, const TreeNodeRows *node, double least,
            TreeSplit *best)
{
    const uint32_t *order = work->order;
    TreeDraw draw = {.taken = UINT32_MAX};

    *best = (TreeSplit){.gain = least, .feature = SIZE_MAX};
    for (size_t k = 0; k < space->mtry; k++)
        tree_draw_feature(work, space, &draw, k);
    for (size_t k = 0, m; k < space->mtry; k += m) {
        m = tree_abreast(space, space->mtry - k, order + k);
        if (m > 1)
            tree_search_abreast(work, space, node, m, order + k, best);
        else
            tree_search_one(work, space, node, order[k], best);
    }
    return tree_search_more(work, space, node, &draw, best);
}
