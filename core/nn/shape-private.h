/* Shapes: helpers of the operators that change them. */
#ifndef LACUNA_SHAPE_PRIVATE_H
#define LACUNA_SHAPE_PRIVATE_H

#include "map-private.h"

G_BEGIN_DECLS

/** nn_shape_text: "[64 x 10]", in arena memory. */
const char *nn_shape_text(LacTape *tape, const NnShape *shape);
/** nn_axes: turns 0 into all axes of @x. FALSE sets the tape's error: there is no such axis. */
gboolean nn_axes(const LacOp *op, const LacTensor *x, unsigned *axes);
/** nn_shape_without: @x's shape where the lengths of @axes are dropped, or with @keep become 1. */
NnShape nn_shape_without(const LacTensor *x, unsigned axes, gboolean keep);
/** nn_sum_to: @g, a recorded gradient of a shape that @x stretches to, summed to @x's shape. */
LacTensor *nn_sum_to(LacTensor *g, const LacTensor *x);
/** nn_copy_pieces: copies, or adds, @rows pieces of @n values, @to_step and @from_step apart. */
void nn_copy_pieces(size_t rows, size_t n, const LacReal *from, size_t from_step, LacReal *to,
                    size_t to_step, gboolean add);

G_END_DECLS

#endif
