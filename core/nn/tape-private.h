/* What a tape is made of, and what operators of this room may ask it beyond <lacuna/tensor.h>. */
#ifndef LACUNA_TAPE_PRIVATE_H
#define LACUNA_TAPE_PRIVATE_H

#include "arena-private.h"
#include <lacuna/tensor.h>

G_BEGIN_DECLS

/** NnNode: a tensor and what only the tape looks at.
 * @number: operators recorded before it
 * @adjoint: its gradient as a tensor, while lac_tape_gradient() walks
 * @fresh: @grad is memory that nobody has written yet
 * @path: lies between the two ends of lac_tape_gradient()
 * @kept: @grad belongs to a leaf or a variable, and stays when backward is done with it
 * @rectifies: the operator ends with a ReLU
 * @sloped: all of @grad is 0 already where that ReLU has no slope */
typedef struct {
    LacTensor base;
    size_t number;
    LacTensor *adjoint;
    gboolean fresh, path, kept, rectifies, sloped;
} NnNode;

/** NnSpare: a gradient that backward is done with, to be used again while it is in the cache. */
typedef struct {
    LacReal *v;
    size_t size;
} NnSpare;

enum { NN_SPARES = 16 };

struct LacTape {
    NnArena arena;
    NnNode **nodes; /* results that want a gradient, in the order they were made; owned array */
    size_t n_nodes, room;
    size_t results; /* of all operators since the reset */
    NnSpare spares[NN_SPARES];
    unsigned n_spares;
    gboolean recording, training, check;
    gboolean walking; /* lac_tape_gradient() is at work */
    NnNode *current;  /* whose backward runs */
    LacPrecision precision;
    const LacContext *context; /* asked whether to stop; NULL: nobody is */
    LacRng rng;
    uint64_t draws;
    GError *error; /* the first since the reset */
};

/** nn_node: the tape's side of a tensor. */
static inline NnNode *
nn_node(LacTensor *x)
{
    return (NnNode *)x;
}

/** nn_alloc_cleared: lac_tape_alloc(), all 0. */
void *nn_alloc_cleared(LacTape *tape, size_t bytes);
/** nn_tape_goes_on: FALSE when the tape has failed, or fails now because it should stop. */
gboolean nn_tape_goes_on(LacTape *tape);
/** nn_tape_view: a result of @op, or with @op NULL a constant, that shows values @v of @x. */
LacTensor *
nn_tape_view(const LacOp *op, LacTensor *x, LacReal *v, unsigned dims, const size_t *shape);
/**
 * nn_take_gradient: for backward of operators whose input's gradient is their own, under whatever
 * shape. Gives @x the buffer of the result whose backward runs, where that saves the copy.
 * Returns: FALSE when the gradient must be added instead.
 */
gboolean nn_take_gradient(LacTensor *x);
/**
 * nn_slope_ahead: for backward of an operator that was the first to write the gradient of its input
 * @x, and could set it to 0 where @x is 0 in the same pass.
 * Returns: TRUE when @x ends with a ReLU; then the caller does so, and the operator of @x need not.
 */
gboolean nn_slope_ahead(LacTensor *x);
/** nn_all_finite: whether none of @n values is NaN or infinite. */
gboolean nn_all_finite(size_t n, const LacReal *v);

G_END_DECLS

#endif
