/* Normalizing flows of affine couplings (RealNVP): an invertible map between data and a latent
 * space whose change of volume is a sum. */
#ifndef LACUNA_FLOW_H
#define LACUNA_FLOW_H

#include <lacuna/net.h>

G_BEGIN_DECLS

/**
 * LacFlow: couplings one behind the other. Each passes the columns of its mask m unchanged, and
 * with them moves the others, x -> x e^s + t, where s, in (-1, 1), and t are networks of m x.
 * @scale, @shift: [couplings] the networks of s and t
 * @masks: [couplings x columns], 1: the column passes
 */
typedef struct {
    LacNet *net; /* lent */
    size_t columns, couplings;
    LacMlp *scale, *shift; /* owned */
    LacReal *masks;        /* owned */
} LacFlow;

/**
 * lac_flow_init:
 * @name: parameters are called "@name.0.scale.0.weight" and so on
 * @hidden: [@n_hidden], up to 7, widths of the layers between @columns and @columns of each network
 * @activation: after those
 * @masks: [couplings x columns], copied; NULL: coupling k passes every other column, from column
 *   1 - k mod 2 on
 *
 * Weights and biases are uniform on +- sqrt(1 / fan_in). They live in @net, which is lent for the
 * flow's life.
 * Source: Dinh, Sohl-Dickstein and Bengio (ICLR 2017); the networks as in Richardson et al., MCFlow
 * (CVPR 2020).
 */
LAC_API void lac_flow_init(LacFlow *flow, LacNet *net, const char *name, size_t columns,
                           size_t couplings, size_t n_hidden, const size_t *hidden,
                           LacActivation activation, const LacReal *masks);
LAC_API void lac_flow_clear(LacFlow *flow);

/**
 * lac_flow_encode, lac_flow_decode:
 * @x, @z: [B x columns]
 * @log_det_out: (out) (nullable): [B x 1] ln |dz/dx| of encoding at x, which is, for decode, at
 * what it returns: ln p(x) = ln p(z) + this, either way
 *
 * From data to the latent space and back, the one the inverse of the other, with gradients by @x
 * and all parameters. One operator where the networks are small (up to 65536 weights each), else
 * layer by layer. Returns: [B x columns], lent by the tape of @x.
 */
LAC_API LacTensor *lac_flow_encode(const LacFlow *flow, LacTensor *x, LacTensor **log_det_out);
LAC_API LacTensor *lac_flow_decode(const LacFlow *flow, LacTensor *z, LacTensor **log_det_out);

G_END_DECLS

#endif
