/* Draws. A hole takes the observed value of a random training row of the leaf it falls into in a
 * random tree: a draw from the distribution that a forest of quantiles estimates (Meinshausen
 * 2006). Columns take turns, a few sweeps from the point completion on, so that holes of one row
 * are drawn given each other. Leaves' rows are not stored but found again by walking the training
 * rows. */
#include "missforest.h"

#include <lacuna/parallel.h>
#include <string.h>

/**
 * Drawing: one column of one sweep.
 * @by_tree: [n_holes] positions of holes, tree by tree; @first: [trees + 1] where a tree's begin
 * @works: [threads] scratch: leaves of the training rows, and these rows leaf by leaf
 */
typedef struct {
    uint32_t *leaf, *first, *listed, *hole_leaf, *hole_row;
    size_t most_leaves;
} DrawWork;

typedef struct {
    const MissForest *self;
    const LacForest *forest;
    const LacBins *bins;
    const ForestRows *train, *holes;
    const LacRng *rng;
    uint32_t *by_tree, *first;
    DrawWork *works;
    double *fill;
} Drawing;

/* Which tree each hole asks, and the holes in the order of trees. */
static void
draw_assign(Drawing *drawing)
{
    const size_t n = drawing->holes->n_holes, trees = lac_forest_trees(drawing->forest);
    g_autofree uint32_t *tree = g_new(uint32_t, n + 1);

    memset(drawing->first, 0, (trees + 2) * sizeof(uint32_t));
    for (size_t i = 0; i < n; i++) {
        LacRng rng = lac_rng_at(drawing->rng, drawing->holes->holes[i]);

        tree[i] = (uint32_t)lac_rng_below(&rng, trees);
        drawing->first[tree[i] + 2]++;
    }
    for (size_t t = 0; t < trees; t++)
        drawing->first[t + 2] += drawing->first[t + 1];
    for (size_t i = 0; i < n; i++)
        drawing->by_tree[drawing->first[tree[i] + 1]++] = (uint32_t)i;
}

/* The training rows of tree @t, leaf by leaf. */
static void
draw_list_leaves(const Drawing *drawing, size_t t, DrawWork *work)
{
    const ForestRows *train = drawing->train;
    const size_t leaves = lac_forest_leaf(drawing->forest, t, drawing->self->bins, train->n_seen,
                                          train->seen, work->leaf);

    if (leaves + 2 > work->most_leaves) {
        work->most_leaves = 2 * (leaves + 2);
        g_free(work->first);
        work->first = g_new(uint32_t, work->most_leaves);
    }
    memset(work->first, 0, (leaves + 2) * sizeof(uint32_t));
    for (size_t i = 0; i < train->n_seen; i++)
        work->first[work->leaf[i] + 2]++;
    for (size_t l = 0; l < leaves; l++)
        work->first[l + 2] += work->first[l + 1];
    for (size_t i = 0; i < train->n_seen; i++)
        work->listed[work->first[work->leaf[i] + 1]++] = (uint32_t)i;
}

static void
draw_tree(const Drawing *drawing, size_t t, DrawWork *work)
{
    const uint32_t *mine = drawing->by_tree + drawing->first[t];
    const size_t n = drawing->first[t + 1] - drawing->first[t];

    if (n == 0)
        return;
    draw_list_leaves(drawing, t, work);
    for (size_t i = 0; i < n; i++)
        work->hole_row[i] = drawing->holes->holes[mine[i]];
    lac_forest_leaf(drawing->forest, t, drawing->bins, n, work->hole_row, work->hole_leaf);
    for (size_t i = 0; i < n; i++) {
        const uint32_t first = work->first[work->hole_leaf[i]];
        const uint32_t here = work->first[work->hole_leaf[i] + 1] - first;
        LacRng rng = lac_rng_at(drawing->rng, work->hole_row[i]);

        lac_rng_u64(&rng); /* chose the tree */
        /* every leaf holds the rows it was grown from, unless values that were imputed anew have
         * led all of them elsewhere; then any observed value */
        const uint64_t at = here > 0 ? work->listed[first + lac_rng_below(&rng, here)]
                                     : lac_rng_below(&rng, drawing->train->n_seen);
        drawing->fill[mine[i]] = drawing->train->y[at];
    }
}

static void
draw_some_trees(size_t begin, size_t end, unsigned worker, void *user)
{
    const Drawing *drawing = user;

    for (size_t t = begin; t < end; t++)
        draw_tree(drawing, t, &drawing->works[worker]);
}

static void
draw_clear(Drawing *drawing, size_t threads)
{
    for (size_t w = 0; drawing->works != NULL && w < threads; w++) {
        g_free(drawing->works[w].leaf);
        g_free(drawing->works[w].first);
        g_free(drawing->works[w].listed);
        g_free(drawing->works[w].hole_leaf);
        g_free(drawing->works[w].hole_row);
    }
    g_free(drawing->works);
    g_free(drawing->by_tree);
    g_free(drawing->first);
}

static gboolean
draw_init(Drawing *drawing, size_t threads, size_t n_train, size_t n_in, GError **error)
{
    const char *what = "missforest: rows of leaves";

    drawing->works = g_new0(DrawWork, threads);
    drawing->first = g_new(uint32_t, (size_t)drawing->self->trees + 2);
    if (!(drawing->by_tree = lac_try_alloc(n_in, sizeof(uint32_t), what, error)))
        return FALSE;
    for (size_t w = 0; w < threads; w++) {
        DrawWork *work = &drawing->works[w];

        if (!(work->leaf = lac_try_alloc(n_train, sizeof(uint32_t), what, error)) ||
            !(work->listed = lac_try_alloc(n_train, sizeof(uint32_t), what, error)) ||
            !(work->hole_leaf = lac_try_alloc(n_in, sizeof(uint32_t), what, error)) ||
            !(work->hole_row = lac_try_alloc(n_in, sizeof(uint32_t), what, error)))
            return FALSE;
    }
    return TRUE;
}

/* Sweeps over the columns with holes. */
static gboolean
draw_sweeps(Drawing *drawing, const LacData *in, size_t draw, const size_t *cell_start,
            ForestRows *train, ForestRows *holes, LacBins *bins, double *cells, GError **error)
{
    const MissForest *self = drawing->self;
    const LacRng root = lac_context_rng(self->base.instance.context, "draws");
    const LacRng of_draw = lac_rng_at(&root, draw);
    const size_t parts = (size_t)self->sweeps * self->n_order;

    for (size_t k = 0; k < parts; k++) {
        const size_t j = self->order[k % self->n_order];
        const LacRng rng = lac_rng_at(&of_draw, k);

        if (!lac_context_step(self->base.instance.context, (double)k / (double)parts, error))
            return FALSE;
        if (cell_start[j + 1] == cell_start[j])
            continue;
        forest_rows_split(train, self->train, j);
        forest_rows_split(holes, in, j);
        drawing->forest = self->forests[j];
        drawing->rng = &rng;
        drawing->fill = cells + cell_start[j];
        draw_assign(drawing);
        lac_parallel_for(lac_forest_trees(drawing->forest), 1, draw_some_trees, drawing);
        lac_bins_put(bins, j, holes->n_holes, holes->holes, drawing->fill);
    }
    return TRUE;
}

gboolean
forest_draw_cells(const MissForest *self, const LacData *in, size_t draw, const size_t *cell_start,
                  LacBins *bins, double *cells, GError **error)
{
    const size_t threads = lac_threads();
    g_auto(ForestRows) train = {0}, holes = {0};
    Drawing drawing = {.self = self, .bins = bins, .train = &train, .holes = &holes};

    const gboolean drawn =
        forest_rows_init(&train, self->train->rows, error) &&
        forest_rows_init(&holes, in->rows, error) &&
        draw_init(&drawing, threads, self->train->rows, in->rows, error) &&
        draw_sweeps(&drawing, in, draw, cell_start, &train, &holes, bins, cells, error);

    draw_clear(&drawing, threads);
    return drawn;
}
