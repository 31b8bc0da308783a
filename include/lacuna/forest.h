/* Decision trees and random forests over binned columns: regression and classification, with
 * leaves that give means, majority classes, or the training rows in them (donors).
 *
 *   bins = lac_bins_new(rows, cols, error);            once a table
 *   lac_bins_learn_ordered(bins, j, n, seen, 3);        once a column, from its observed values
 *   lac_bins_put(bins, j, rows, NULL, values);          and again when imputed values change
 *   forest = lac_forest_grow(bins, &task, &options, &rng, NULL, NULL, error);
 *   lac_forest_predict(forest, bins, n, holes, out);    means or classes
 *   lac_forest_draw(forest, bins, n, holes, &rng, donor);  rows to take observed values from
 *
 * A single tree (CART) is a forest of one tree without bootstrap and with mtry = all features.
 *
 * Sources: Breiman et al., Classification and Regression Trees (1984); Breiman, "Random forests",
 * Machine Learning 45 (2001) 5-32; what is split when, as R's ranger does (Wright and Ziegler,
 * J. Stat. Softw. 77(1), 2017). */
#ifndef LACUNA_FOREST_H
#define LACUNA_FOREST_H

#include <lacuna/bins.h>
#include <lacuna/bundle.h>
#include <lacuna/rng.h>

G_BEGIN_DECLS

/**
 * LacForestOptions: zero everywhere is the random forest of R's randomForest and ranger.
 * @trees: 0 means 100
 * @mtry: features drawn for each node, without replacement; 0 means floor(sqrt(features + 1)),
 *   at least 1 (missForest counts the target too); more than there are means all
 * @min_split: a node is split only when it holds more rows than this (with the multiplicity of the
 *   bootstrap) and they differ in the target; 0 means 5 for regression and 1 for classes
 * @min_leaf: rows (with multiplicity) that each side of a split keeps at least; 0 means 1
 * @min_gain: share of the root's impurity (squared error or Gini) that a split must remove, judged
 *   as the tree grows
 * @prune: share of the root's risk (squared error, or rows not of the most frequent class) that
 * each split must be worth when the tree is grown; R's rpart calls it cp. Subtrees that are not are
 *   taken back
 * @mtry_alone: a node that none of the features drawn can split becomes a leaf, as in ranger; else
 * more are drawn until one can
 * @no_bootstrap: every tree sees every row once
 * @keep_donors: leaves keep the training rows that fall into them, in the bag or not; needed by
 *   lac_forest_draw(); 4 bytes a tree and row
 */
typedef struct {
    size_t trees, mtry, min_split, min_leaf;
    double min_gain, prune;
    gboolean mtry_alone, no_bootstrap, keep_donors;
} LacForestOptions;

/**
 * LacForestTask: what is predicted from what.
 * @n, @rows: [n] rows of the bins to learn from, ascending; n >= 1
 * @y: [n] the target in these rows: finite numbers, or class codes 0 .. classes-1
 * @classes: 0 for regression; 2 .. 65535 otherwise
 * @n_features, @features: [n_features] columns of the bins, fewer than 65535; may be none
 * @bags: [trees][n] how often each tree sees each row, at least one of them; NULL: drawn
 */
typedef struct {
    size_t n;
    const uint32_t *rows;
    const double *y;
    size_t classes;
    size_t n_features;
    const uint32_t *features;
    const uint32_t *bags;
} LacForestTask;

/**
 * LacForestOutcome: what can be had while a tree is still in the cache, and out-of-bag figures.
 * @n_fill, @fill_rows: [n_fill] rows of the bins to predict
 * @fill: (out): [n_fill] their predictions, as by lac_forest_predict()
 * @oob: (out): [task n] predictions by the trees that did not see the row, NaN where all did; or
 *   NULL
 * @oob_error: (out): mean squared error, or share of wrong classes, over rows that were out of
 *   some bag; NaN when there is none
 * @discard: the trees are not needed afterwards; the forest that comes back predicts nothing
 */
typedef struct {
    size_t n_fill;
    const uint32_t *fill_rows;
    double *fill;
    double *oob;
    double oob_error;
    gboolean discard;
} LacForestOutcome;

/** LacForestStep: @done: share of the trees that stand; FALSE with an error stops the growing. */
typedef struct {
    gboolean (*step)(double done, gpointer user, GError **error);
    gpointer user;
} LacForestStep;

typedef struct LacForest LacForest;

/**
 * lac_forest_grow:
 * @rng: names the forest's streams; tree t draws from lac_rng_at(rng, t)
 * @outcome: or NULL
 * @step: called between batches of trees from the calling thread; or NULL
 * @error: LAC_ERROR_SHAPE when memory runs out, or what @step said
 *
 * Best splits: for numbers, the threshold between two neighbouring occupied bins (halfway between
 * their centres) that lowers the squared error most, or the Gini impurity; the first best feature
 * in the order drawn wins (in the task's order when all take part). For nominal features the bins
 * in the node are ordered by mean target, in which order the best two-way partition is a threshold
 * (exact for regression and two classes), or, with more classes, by the first principal component
 * of their class shares (Coppersmith, Hong and Hosking 1999; a heuristic); bins the node does not
 * hold go with its larger side. When none of the features drawn can split a node, more are drawn,
 * one at a time, until one can (with @mtry_alone a leaf is made of it, which costs accuracy where
 * features have few values). Features that are constant over the task's rows are never drawn.
 *
 * Uses all threads, over trees; the result does not depend on their number. Expected time trees *
 * n * mtry * log(n).
 * Returns: owned; NULL on failure.
 */
LAC_API LacForest *
lac_forest_grow(const LacBins *bins, const LacForestTask *task, const LacForestOptions *options,
                const LacRng *rng, LacForestOutcome *outcome, const LacForestStep *step,
                GError **error);
LAC_API void lac_forest_free(LacForest *forest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacForest, lac_forest_free)

/** lac_forest_trees, lac_forest_classes: how many; lac_forest_bytes: memory held. */
LAC_API size_t lac_forest_trees(const LacForest *forest);
LAC_API size_t lac_forest_classes(const LacForest *forest);
LAC_API size_t lac_forest_bytes(const LacForest *forest);

/**
 * lac_forest_predict:
 * @bins: the training bins or lac_bins_like() them
 * @rows: [n] rows of @bins, or NULL for rows 0 .. n-1
 * @out: [n] mean of the trees' leaf means; or the class most trees vote for (ties: the lower code;
 *   a tree votes for the most frequent class of the leaf)
 */
LAC_API void lac_forest_predict(const LacForest *forest, const LacBins *bins, size_t n,
                                const uint32_t *rows, double *out);

/** lac_forest_shares: @out [n][classes] share of the trees that vote for each class. */
LAC_API void lac_forest_shares(const LacForest *forest, const LacBins *bins, size_t n,
                               const uint32_t *rows, double *out);

/**
 * lac_forest_draw: a donor for each row: all training rows in the leaves that the row falls into,
 * tree by tree, and one of them at random, so that large leaves weigh more (Doove, van Buuren and
 * Dusseldorp 2014); for a single tree, a random row of the leaf. Needs keep_donors.
 * @rng: row number @rows[i] draws from lac_rng_at(rng, rows[i])
 * @donor: (out): [n] positions in the task's lists (the target is y[donor])
 */
LAC_API void lac_forest_draw(const LacForest *forest, const LacBins *bins, size_t n,
                             const uint32_t *rows, const LacRng *rng, uint32_t *donor);

/**
 * lac_forest_leaf: in which leaf of tree @tree each row falls; leaves of a tree are numbered from
 * 0.
 * @leaf: (out): [n]
 * Returns: how many leaves the tree has.
 */
LAC_API size_t lac_forest_leaf(const LacForest *forest, size_t tree, const LacBins *bins, size_t n,
                               const uint32_t *rows, uint32_t *leaf);

/**
 * lac_forest_save, lac_forest_load: a forest as blocks of @bundle whose names begin with @prefix
 * (16 bytes a leaf and less than as much a split); lac_bins_save, lac_bins_load: the rules of bins,
 * without codes; loaded bins have no rows and serve lac_bins_like().
 * Loading checks all that walking and drawing rely on: LAC_ERROR_DATA says what does not fit.
 * @bins: what the forest will be walked with
 */
LAC_API void lac_forest_save(const LacForest *forest, LacBundle *bundle, const char *prefix);
LAC_API LacForest *
lac_forest_load(const LacBundle *bundle, const char *prefix, const LacBins *bins, GError **error);
LAC_API void lac_bins_save(const LacBins *bins, LacBundle *bundle, const char *prefix);
LAC_API LacBins *lac_bins_load(const LacBundle *bundle, const char *prefix, GError **error);

G_END_DECLS

#endif
