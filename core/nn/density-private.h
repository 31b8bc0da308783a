/* Log densities: the family owns shapes, sharing of rows among samples, holes and sums; a member
 * brings one kernel. */
#ifndef LACUNA_DENSITY_PRIVATE_H
#define LACUNA_DENSITY_PRIVATE_H

#include "map-private.h"
#include <lacuna/ops.h>

G_BEGIN_DECLS

enum { NN_DENSITY_OPERANDS = 5 }; /* data, at most three parameters, cells that count */

/**
 * NnDensityKernel: the terms of @n cells of one row, and their derivatives.
 * @in: the operands, @o after them; a cell with o = 0 has term and slopes 0, whatever it holds
 * @p: constants of the operator
 * @terms: [n]
 * @slope: for each operand d term / d operand [n], NULL where not wanted
 */
typedef void (*NnDensityKernel)(size_t n, const LacReal *const *in, const LacReal *p,
                                LacReal *terms, LacReal *const *slope);

/**
 * nn_density:
 * @operands: how many of @in there are, the last of them @o or NULL
 * @p: [constants], copied
 * @rows: whether terms are summed over the last axis
 *
 * Operands are of the full shape [B x K x p], or [B x p] and then serve the K samples of their row,
 * or stretch. Slopes are kept from the forward pass.
 */
LacTensor *nn_density(const LacOp *op, NnDensityKernel kernel, unsigned operands,
                      LacTensor *const *in, unsigned constants, const LacReal *p, gboolean rows);
/** nn_density_backward: the backward of all of them. */
void nn_density_backward(const LacTensor *y);

/** nn_bernoulli_row: the sum of Bernoulli terms of @n cells with logits @l, in place of which their
 * derivatives are left; @o NULL: all ones. */
double nn_bernoulli_row(size_t n, const LacReal *x, const LacReal *o, LacReal *l);
/** nn_density_is_shared: whether a row of @x, [B x p], serves all samples of @full, [B x ... x p].
 */
gboolean nn_density_is_shared(const LacTensor *x, const NnShape *full);

/** NN_HALF_LN_2PI: ln(2 pi) / 2 */
#define NN_HALF_LN_2PI ((LacReal)0.91893853320467274178)

G_END_DECLS

#endif
