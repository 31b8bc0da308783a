/* Forests: trees are grown in batches over the threads, each from its own random stream; what they
 * predict is added up as whole numbers, which come to the same in any order, so that threads change
 * nothing. */
#include "forest-private.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

enum {
    DEFAULT_TREES = 100,
    MIN_SPLIT_MEAN = 5,
    MIN_SPLIT_CLASS = 1,
    MOST_CLASSES = 65535,
};

#define NO_VOTE UINT16_MAX
#define BATCH_WORK 2e7 /* rows times features a thread, between two looks at the clock */

/** GrowerSums: what the trees of one thread say of the rows: [n_all] the sum of their predictions,
 * and how many there are. */
typedef struct {
    TreeFixed *sum;
    uint32_t *heard;
} GrowerSums;

/** Grower: a forest on its way. @fine: of regression: how many of the larger whole numbers that are
 * added up, and of the smaller in a larger one, are the power of two above all targets; all trees
 * together stay below 2^62. */
typedef struct {
    TreeSpace space;
    const LacForestOptions *options;
    const LacRng *rng;
    LacForestOutcome *outcome;
    LacForest *forest;
    TreeWork *works;  /* [threads] */
    GrowerSums *sums; /* [threads] of regression with an outcome */
    size_t threads, batch, first, n_all;
    gboolean wants_oob;
    double fine;
    uint32_t *all_rows; /* [n_all] task's rows, then those to fill */
    uint16_t *votes;    /* [n_all][trees] of classes */
} Grower;

void
lac_tree_clear(LacTree *tree)
{
    g_free(tree->nodes);
    g_free(tree->value);
    g_free(tree->subset_of);
    g_free(tree->subsets);
    g_free(tree->first_donor);
    g_free(tree->donors);
}

void
lac_forest_free(LacForest *forest)
{
    if (forest == NULL)
        return;
    for (size_t t = 0; forest->trees != NULL && t < forest->n_trees; t++)
        lac_tree_clear(&forest->trees[t]);
    g_free(forest->trees);
    g_free(forest);
}

/* Targets as they are summed: about the first one, in units of a power of two, so that targets
 * with few digits add up exactly and none overflows. */
static void
grower_scale_target(TreeSpace *space)
{
    const double *y = space->task->y;
    double largest = 0.0;
    int exponent = 0;

    if (space->classes > 0) {
        memcpy(space->y, y, space->n * sizeof *y);
        return;
    }
    for (size_t i = 0; i < space->n; i++)
        largest = fmax(largest, fabs(0.5 * y[i] - 0.5 * y[0]));
    frexp(largest, &exponent);
    for (size_t i = 0; i < space->n; i++)
        space->y[i] = ldexp(0.5 * y[i] - 0.5 * y[0], -exponent);
    space->centre = y[0];
    space->unit = ldexp(1.0, exponent + 1);
    largest = 0.0;
    for (size_t i = 0; i < space->n; i++)
        largest = fmax(largest, fabs(y[i]));
    frexp(largest, &space->exponent);
}

/* Codes of the task's rows, column by column; constant columns are left out. */
static void
grower_take_features(TreeSpace *space)
{
    const LacForestTask *task = space->task;

    for (size_t f = 0; f < task->n_features; f++) {
        const uint8_t *from = space->bins->codes + task->features[f] * space->bins->stride;
        uint8_t *to = space->codes + space->n_features * space->stride;
        uint8_t differs = 0;

        for (size_t i = 0; i < task->n; i++) {
            to[i] = from[task->rows[i]];
            differs |= to[i] ^ to[0];
        }
        if (!differs)
            continue;
        space->features[space->n_features++] = task->features[f];
        space->any_nominal |= space->bins->columns[task->features[f]].nominal;
    }
}

static gboolean
grower_init_space(Grower *self, const LacBins *bins, const LacForestTask *task,
                  const LacForestOptions *options, GError **error)
{
    TreeSpace *space = &self->space;

    g_assert(task->n >= 1 && task->n < INT32_MAX && task->classes <= MOST_CLASSES &&
             bins->cols < TREE_BY_SUBSET);
    *space = (TreeSpace){
        .bins = bins,
        .task = task,
        .n = task->n,
        .stride = (task->n + 63) / 64 * 64,
        .min_leaf = MAX(options->min_leaf, 1),
        .min_split = options->min_split,
        .classes = task->classes,
        .bootstrap = !options->no_bootstrap || task->bags != NULL,
        .mtry_alone = options->mtry_alone,
        .as_classes = task->classes > 2,
        .min_gain = options->min_gain,
        .prune = options->prune,
    };
    if (options->min_split == 0)
        space->min_split = task->classes > 0 ? MIN_SPLIT_CLASS : MIN_SPLIT_MEAN;
    space->features = g_new(uint32_t, task->n_features + 1);
    space->codes = lac_try_alloc(space->stride, task->n_features + 2, "codes of a forest", error);
    space->y = lac_try_alloc(task->n, sizeof(double), "targets of a forest", error);
    if (space->codes == NULL || space->y == NULL)
        return FALSE;
    grower_take_features(space);
    grower_scale_target(space);
    space->mtry = options->mtry > 0 ? options->mtry : (size_t)sqrt((double)task->n_features + 1.0);
    space->mtry = MIN(space->mtry, space->n_features);
    return tree_packed_init(space, options->trees > 0 ? options->trees : DEFAULT_TREES, error);
}

static gboolean
grower_init_rows(Grower *self, GError **error)
{
    const LacForestTask *task = self->space.task;
    const LacForestOutcome *outcome = self->outcome;

    self->wants_oob = outcome != NULL && self->space.bootstrap;
    self->n_all = self->wants_oob || self->options->keep_donors ? task->n : 0;
    const size_t n_task = self->n_all, n_fill = outcome != NULL ? outcome->n_fill : 0;

    self->n_all += n_fill;
    if (!(self->all_rows = lac_try_alloc(self->n_all, sizeof(uint32_t), "rows", error)))
        return FALSE;
    memcpy(self->all_rows, task->rows, n_task * sizeof(uint32_t));
    if (n_fill > 0)
        memcpy(self->all_rows + n_task, outcome->fill_rows, n_fill * sizeof(uint32_t));
    if (outcome == NULL)
        return TRUE;
    const size_t trees = self->forest->n_trees;

    if (task->classes > 0)
        return (self->votes =
                    lac_try_alloc(self->n_all * trees, sizeof(uint16_t), "votes", error)) != NULL;
    self->fine = ldexp(1.0, 62 - (int)g_bit_storage(trees));
    self->sums = g_new0(GrowerSums, self->threads);
    for (size_t w = 0; w < self->threads; w++) {
        GrowerSums *sums = &self->sums[w];

        sums->sum = lac_try_alloc(self->n_all, sizeof *sums->sum, "predictions", error);
        sums->heard = lac_try_alloc(self->n_all, sizeof *sums->heard, "predictions", error);
        if (sums->sum == NULL || sums->heard == NULL)
            return FALSE;
    }
    return TRUE;
}

/* Trees between two looks at the clock: what takes a thread about a twentieth of a second. */
static size_t
grower_batch(const Grower *self)
{
    const LacForestOutcome *outcome = self->outcome;
    const double n = (double)self->space.n + (outcome != NULL ? (double)outcome->n_fill : 0.0);
    const double work = n * (double)(self->space.mtry + 2) * log2(n + 2.0);
    const double a_thread = CLAMP(BATCH_WORK / work, 1.0, 1e6);

    return (size_t)MIN(a_thread * (double)self->threads, (double)self->forest->n_trees);
}

static gboolean
grower_init(Grower *self, const LacBins *bins, const LacForestTask *task, GError **error)
{
    if (!grower_init_space(self, bins, task, self->options, error))
        return FALSE;
    self->forest = g_new0(LacForest, 1);
    self->forest->n_trees = self->options->trees > 0 ? self->options->trees : DEFAULT_TREES;
    self->forest->classes = task->classes;
    self->forest->trees = g_new0(LacTree, self->forest->n_trees);
    self->threads = lac_threads();
    self->batch = grower_batch(self);
    self->works = g_new0(TreeWork, self->threads);
    if (!grower_init_rows(self, error))
        return FALSE;
    for (size_t w = 0; w < self->threads; w++) {
        self->works[w].leaf = lac_try_alloc(self->n_all, sizeof(uint32_t), "rows", error);
        self->works[w].asked = lac_try_alloc(self->n_all, sizeof(uint32_t), "rows", error);
        if (self->works[w].leaf == NULL || self->works[w].asked == NULL ||
            !tree_work_init(&self->works[w], &self->space, error))
            return FALSE;
    }
    return TRUE;
}

static void
grower_clear(Grower *self)
{
    for (size_t w = 0; self->works != NULL && w < self->threads; w++)
        tree_work_clear(&self->works[w]);
    g_free(self->works);
    for (size_t w = 0; self->sums != NULL && w < self->threads; w++) {
        g_free(self->sums[w].sum);
        g_free(self->sums[w].heard);
    }
    g_free(self->sums);
    g_free(self->space.codes);
    g_free(self->space.features);
    g_free(self->space.y);
    g_free(self->space.packed);
    g_free(self->all_rows);
    g_free(self->votes);
    lac_forest_free(self->forest);
}

/* Lists the task's rows leaf by leaf. */
static void
grower_keep_donors(const Grower *self, const uint32_t *leaf, LacTree *tree)
{
    const size_t n = self->space.n;

    tree->n_donors = n;
    tree->first_donor = g_new0(uint32_t, tree->n_leaves + 1);
    tree->donors = g_new(uint32_t, n);
    for (size_t i = 0; i < n; i++)
        tree->first_donor[leaf[i] + 1]++;
    for (size_t l = 0; l < tree->n_leaves; l++)
        tree->first_donor[l + 1] += tree->first_donor[l];
    for (size_t i = 0; i < n; i++)
        tree->donors[tree->first_donor[leaf[i]]++] = (uint32_t)i;
    memmove(tree->first_donor + 1, tree->first_donor, tree->n_leaves * sizeof(uint32_t));
    tree->first_donor[0] = 0;
}

/* The rows that the tree is asked about, to work->asked: all of them where leaves keep their rows,
 * else not those in the bag. How many. */
static size_t
grower_ask(const Grower *self, TreeWork *work)
{
    const size_t n_task = self->wants_oob || self->options->keep_donors ? self->space.n : 0;
    size_t m = 0;

    if (self->options->keep_donors) {
        memcpy(work->asked, self->all_rows, self->n_all * sizeof *work->asked);
        return self->n_all;
    }
    for (; n_task > 0 && m < work->n_out; m++)
        work->asked[m] = self->all_rows[work->out[m]];
    memcpy(work->asked + m, self->all_rows + n_task, (self->n_all - n_task) * sizeof *work->asked);
    return m + self->n_all - n_task;
}

/* Means of leaves as whole numbers, larger ones and what these leave. */
LAC_CLONES static void
grower_fix_values(const TreeSpace *space, double fine, size_t n, const double *value,
                  TreeFixed *fixed)
{
    const double scale = ldexp(0.5, space->exponent);

    for (size_t l = 0; l < n; l++) {
        const double x = 0.5 * value[l] / scale * fine;
        const int64_t whole = (int64_t)x;

        fixed[l] = (TreeFixed){whole, (int64_t)((x - (double)whole) * fine)};
    }
}

/* What the tree says of @n rows: number at[0] .. of the list, or 0 .. where @at is NULL. */
static void
grower_add(const TreeWork *work, const GrowerSums *sums, size_t first, size_t n, const uint32_t *at,
           const uint32_t *leaf)
{
    for (size_t k = 0; k < n; k++) {
        const size_t i = first + (at != NULL ? at[k] : k);

        sums->sum[i] += work->fixed[leaf[k]];
        sums->heard[i]++;
    }
}

static void
grower_vote(const Grower *self, const LacTree *tree, size_t t, size_t first, size_t n,
            const uint32_t *at, const uint32_t *leaf)
{
    for (size_t k = 0; k < n; k++) {
        const size_t i = first + (at != NULL ? at[k] : k);

        self->votes[i * self->forest->n_trees + t] = (uint16_t)tree->value[leaf[k]];
    }
}

/* What the tree says of each row, but of those in its bag. */
static void
grower_note(const Grower *self, TreeWork *work, const GrowerSums *sums, const LacTree *tree,
            size_t t)
{
    const size_t n_task = self->wants_oob || self->options->keep_donors ? self->space.n : 0;
    const size_t n_out = n_task > 0 ? work->n_out : 0;
    const uint32_t *leaf = work->leaf, *out_leaf = leaf;

    for (size_t k = 0; self->options->keep_donors && k < n_out; k++)
        work->asked[k] = leaf[work->out[k]];
    if (self->options->keep_donors)
        out_leaf = work->asked;
    leaf += self->options->keep_donors ? n_task : n_out;
    if (self->votes == NULL) {
        grower_fix_values(&self->space, self->fine, tree->n_leaves, tree->value, work->fixed);
        grower_add(work, sums, 0, n_out, work->out, out_leaf);
        grower_add(work, sums, n_task, self->n_all - n_task, NULL, leaf);
        return;
    }
    for (size_t i = 0; i < n_task; i++)
        self->votes[i * self->forest->n_trees + t] = NO_VOTE;
    grower_vote(self, tree, t, 0, n_out, work->out, out_leaf);
    grower_vote(self, tree, t, n_task, self->n_all - n_task, NULL, leaf);
}

static void
grower_grow_some(size_t begin, size_t end, unsigned worker, void *user)
{
    const Grower *self = user;
    TreeWork *work = &self->works[worker];

    for (size_t k = begin; k < end; k++) {
        const size_t t = self->first + k;
        LacTree *tree = &self->forest->trees[t];

        tree_keep(work, tree_grow(work, &self->space, self->rng, t), tree);
        lac_tree_walk(tree, self->space.bins, grower_ask(self, work), work->asked, work->leaf);
        if (self->options->keep_donors)
            grower_keep_donors(self, work->leaf, tree);
        if (self->outcome == NULL)
            continue;
        grower_note(self, work, self->sums + (self->sums != NULL ? worker : 0), tree, t);
        if (self->outcome->discard) {
            lac_tree_clear(tree);
            memset(tree, 0, sizeof *tree);
        }
    }
}

static gboolean
grower_run(Grower *self, const LacForestStep *step, GError **error)
{
    const size_t trees = self->forest->n_trees;

    for (self->first = 0; self->first < trees; self->first += self->batch) {
        if (step != NULL && !step->step((double)self->first / (double)trees, step->user, error))
            return FALSE;
        lac_parallel_for(MIN(self->batch, trees - self->first), 1, grower_grow_some, self);
    }
    return TRUE;
}

/* The most frequent of @n votes, the lowest of several; -1 when nobody voted. @count: zeroed, and
 * again afterwards. */
static gssize
forest_tally(size_t n, const uint16_t *votes, uint32_t *count)
{
    gssize best = -1;

    for (size_t t = 0; t < n; t++) {
        if (votes[t] != NO_VOTE)
            count[votes[t]]++;
    }
    for (size_t t = 0; t < n; t++) {
        if (votes[t] == NO_VOTE)
            continue;
        if (best < 0 || count[votes[t]] > count[best] ||
            (count[votes[t]] == count[best] && votes[t] < best))
            best = votes[t];
    }
    for (size_t t = 0; t < n; t++) {
        if (votes[t] != NO_VOTE)
            count[votes[t]] = 0;
    }
    return best;
}

/* The mean of the trees that were heard, NaN when none was. */
static double
grower_mean(const Grower *self, size_t i)
{
    TreeFixed sum = {0, 0};
    uint32_t heard = 0;

    for (size_t w = 0; w < self->threads; w++) {
        sum += self->sums[w].sum[i];
        heard += self->sums[w].heard[i];
    }
    const double all = ((double)sum[0] + (double)sum[1] / self->fine) / self->fine;

    return heard == 0 ? (double)NAN : ldexp(all / (double)heard, self->space.exponent);
}

/* The forest's word on row @i of all, NaN when no tree has one. */
static double
grower_says(const Grower *self, size_t i, uint32_t *count)
{
    const size_t trees = self->forest->n_trees;

    if (self->votes == NULL)
        return grower_mean(self, i);
    const gssize class = forest_tally(trees, self->votes + i * trees, count);
    return class < 0 ? (double)NAN : (double)class;
}

static void
grower_report(const Grower *self)
{
    LacForestOutcome *outcome = self->outcome;
    const size_t n_task = self->n_all - outcome->n_fill;
    g_autofree uint32_t *count = g_new0(uint32_t, self->forest->classes + 1);
    double wrong = 0.0, judged = 0.0;

    for (size_t i = 0; i < self->space.n; i++) {
        const double says = self->wants_oob ? grower_says(self, i, count) : (double)NAN;
        const double off = says - self->space.task->y[i];

        if (outcome->oob != NULL)
            outcome->oob[i] = says;
        if (says == says) {
            wrong += self->votes != NULL ? off != 0.0 : off * off;
            judged += 1.0;
        }
    }
    outcome->oob_error = wrong / judged;
    for (size_t i = 0; i < outcome->n_fill; i++)
        outcome->fill[i] = grower_says(self, n_task + i, count);
}

LacForest *
lac_forest_grow(const LacBins *bins, const LacForestTask *task, const LacForestOptions *options,
                const LacRng *rng, LacForestOutcome *outcome, const LacForestStep *step,
                GError **error)
{
    Grower self = {.options = options, .rng = rng, .outcome = outcome};
    LacForest *forest = NULL;

    if (grower_init(&self, bins, task, error) && grower_run(&self, step, error)) {
        if (outcome != NULL)
            grower_report(&self);
        forest = g_steal_pointer(&self.forest);
    }
    grower_clear(&self);
    return forest;
}
