/* The pieces of the mask generator `learned`: predictors, logistic weights, patterns. */
#ifndef LACUNA_LEARNED_H
#define LACUNA_LEARNED_H

#include <lacuna/gaussian.h>
#include <lacuna/mask_generator.h>

/**
 * Design: what going missing may depend on.
 * @z: [rows][n] columns standardised over their observed cells, 0 in holes; a nominal column with
 *   few levels is one 0/1 predictor a level
 * @source: [n] the column each comes from
 */
typedef struct {
    size_t rows, n;
    double *z;
    size_t *source;
} Design;

/** design_make: FALSE with LAC_ERROR_SHAPE when there is no memory. */
gboolean design_make(const LacData *data, Design *out, GError **error);
void design_clear(Design *design);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Design, design_clear)

/**
 * Blocks: columns that always go missing together count as one.
 * @of: [cols] the block of a column, -1 where nothing is missing, or everything
 * @first: [n] a column of each
 */
typedef struct {
    size_t n;
    gssize *of;
    size_t *first;
} Blocks;

void blocks_make(const LacData *data, Blocks *out);
void blocks_clear(Blocks *blocks);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Blocks, blocks_clear)

/** What weights are learnt with: @ridge: penalty; @most: predictors of a block, at most. */
typedef struct {
    double ridge;
    size_t most;
    LacRng rng;
} Learning;

/**
 * weights_learn:
 * @out: [blocks->n][design->n] log odds that a block is missing, for one standard deviation of a
 *   predictor, given the other predictors and what else is missing in the row
 */
void weights_learn(const LacData *data, const Design *design, const Blocks *blocks,
                   const Learning *how, double *out);

#endif
