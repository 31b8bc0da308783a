/* Affine couplings from other operators, see flow.c for the formulas: what cannot be one operator,
 * and gradients of gradients. */
#include "flow-private.h"
#include "tape-private.h"
#include "unary-private.h"

#include <string.h>

/** Masks: of a coupling as tensors [columns]: the columns that pass, and the others. */
typedef struct {
    LacTensor *kept, *moved;
} Masks;

static Masks
masks_at(LacTape *tape, const NnFlow *flow, size_t coupling)
{
    LacTensor *kept =
        lac_tape_input(tape, flow->masks + coupling * flow->columns, LAC_SHAPE(flow->columns));

    return (Masks){kept, lac_nn_affine(kept, -1, 1)};
}

/* The coupling that is passed @i-th. */
static size_t
coupling_at(const NnFlow *flow, gboolean decode, size_t i)
{
    return decode ? flow->couplings - 1 - i : i;
}

/* The first layer of a network among those of all. */
static size_t
first_layer(const NnFlow *flow, size_t coupling, size_t which)
{
    return (which * flow->couplings + coupling) * flow->layers;
}

/* Network @which of @h[0]: @h [layers + 1] are its layers. */
static LacTensor *
network_apply(const NnFlow *flow, size_t coupling, size_t which, const NnFlowPieces *theta,
              LacTensor **h)
{
    const size_t first = first_layer(flow, coupling, which);

    for (size_t k = 0; k < flow->layers; k++)
        h[k + 1] = lac_nn_linear(h[k], theta->w[first + k], theta->b[first + k],
                                 nn_flow_activation(flow, which, k));
    return h[flow->layers];
}

/** Step: a coupling as it was passed. */
typedef struct {
    Masks masks;
    LacTensor *before, *after, *e, *scales;
    LacTensor *s[NN_CHAIN_MOST + 1], *t[NN_CHAIN_MOST + 1];
} Step;

static void
step_apply(Step *p, const NnFlow *flow, gboolean decode, size_t coupling, const NnFlowPieces *theta)
{
    LacTensor *kept = lac_nn_mul(p->before, p->masks.kept), *t, *moved;

    p->s[0] = p->t[0] = kept;
    p->scales = lac_nn_mul(network_apply(flow, coupling, 0, theta, p->s), p->masks.moved);
    t = network_apply(flow, coupling, 1, theta, p->t);
    p->e = lac_nn_exp(decode ? lac_nn_neg(p->scales) : p->scales);
    moved = decode ? lac_nn_mul(lac_nn_sub(p->before, t), p->e)
                   : lac_nn_add(lac_nn_mul(p->before, p->e), t);
    p->after = lac_nn_add(kept, lac_nn_mul(p->masks.moved, moved));
}

gboolean
nn_flow_pieces_init(NnFlowPieces *p, LacTape *tape, const NnFlow *flow)
{
    const size_t n = 2 * flow->couplings * flow->layers;

    p->w = lac_tape_alloc(tape, 2 * n * sizeof *p->w);
    p->b = p->w != NULL ? p->w + n : NULL;
    return p->w != NULL;
}

LacTensor *
nn_flow_by_layers(LacTensor *x, const NnFlowPieces *theta, const NnFlow *flow, gboolean decode)
{
    LacTensor *sum = NULL;

    for (size_t i = 0; i < flow->couplings && x != NULL; i++) {
        const size_t coupling = coupling_at(flow, decode, i);
        Step p = {.masks = masks_at(x->tape, flow, coupling), .before = x};
        LacTensor *scales;

        step_apply(&p, flow, decode, coupling, theta);
        scales = lac_nn_sum(p.scales, 1u << 1, TRUE);
        sum = sum != NULL ? lac_nn_add(sum, scales) : scales;
        x = p.after;
    }
    return lac_nn_concat(2, (LacTensor *[]){x, sum}, 1);
}

/* ---- gradients of gradients ---- */

static void
pieces_of(const NnFlowPieces *p, const NnFlow *flow, LacTensor *theta)
{
    size_t at = 0;

    for (size_t k = 0; k < 2 * flow->couplings * flow->layers; k++) {
        const size_t in = flow->widths[k % flow->layers], out = flow->widths[k % flow->layers + 1];

        p->w[k] = lac_nn_reshape(lac_nn_slice(theta, 0, at, in * out), LAC_SHAPE(out, in));
        p->b[k] = lac_nn_slice(theta, 0, at + in * out, out);
        at += (in + 1) * out;
    }
}

/* theta's gradient from those of its pieces, as many at a time as can be joined. */
static LacTensor *
pieces_join(const NnFlowPieces *p, const NnFlow *flow)
{
    LacTensor *all = NULL;

    for (size_t k = 0; k < 2 * flow->couplings * flow->layers; k++) {
        LacTensor *piece[] = {
            all,
            p->w[k] != NULL ? lac_nn_reshape(p->w[k], LAC_SHAPE(p->w[k]->size)) : NULL,
            p->b[k],
        };

        all = all != NULL ? lac_nn_concat(3, piece, 0) : lac_nn_concat(2, piece + 1, 0);
    }
    return all;
}

/* From the gradient @g by the result of network @which: that by what it was given, and by its
 * weights and biases. */
static LacTensor *
network_record(const NnFlow *flow, size_t coupling, size_t which, const NnFlowPieces *theta,
               LacTensor **h, LacTensor *g, const NnFlowPieces *gradient)
{
    for (size_t k = flow->layers; k-- > 0;) {
        const size_t at = first_layer(flow, coupling, which) + k;
        LacTensor *gz = nn_activation_record(h[k + 1], g, nn_flow_activation(flow, which, k));

        gradient->w[at] = lac_nn_matmul(TRUE, FALSE, gz, h[k]);
        gradient->b[at] = lac_nn_sum(gz, 1u << 0, FALSE);
        g = lac_nn_matmul(FALSE, FALSE, gz, theta->w[at]);
    }
    return g;
}

/* From the gradients by what follows a coupling, @g, and by the sum of scales, @gl: that by what it
 * was given. */
static LacTensor *
step_record(Step *p, const NnFlow *flow, gboolean decode, size_t coupling,
            const NnFlowPieces *theta, LacTensor *g, LacTensor *gl, const NnFlowPieces *gradient)
{
    LacTensor *moved = lac_nn_mul(lac_nn_mul(g, p->masks.moved), p->e), *gs, *gt, *gh;

    gs = decode ? lac_nn_sub(gl, lac_nn_mul(g, p->after))
                : lac_nn_add(lac_nn_mul(moved, p->before), gl);
    gs = lac_nn_mul(gs, p->masks.moved);
    gt = decode ? lac_nn_neg(moved) : lac_nn_mul(g, p->masks.moved);
    gh = lac_nn_add(network_record(flow, coupling, 0, theta, p->s, gs, gradient),
                    network_record(flow, coupling, 1, theta, p->t, gt, gradient));
    return lac_nn_add(moved, lac_nn_mul(lac_nn_add(g, gh), p->masks.kept));
}

void
nn_flow_record(LacTensor *y, LacTensor *gy, LacTensor **gx, const NnFlow *flow, gboolean decode)
{
    const size_t n = flow->couplings, p = flow->columns;
    LacTensor *x = y->in[0], *theta = y->in[1], *g, *gl;
    Step *steps = lac_tape_alloc(y->tape, n * sizeof *steps);
    NnFlowPieces pieces, gradient;

    if (steps == NULL || !nn_flow_pieces_init(&pieces, y->tape, flow) ||
        !nn_flow_pieces_init(&gradient, y->tape, flow))
        return;
    pieces_of(&pieces, flow, theta);
    for (size_t i = 0; i < n; i++) {
        const size_t coupling = coupling_at(flow, decode, i);

        steps[i] = (Step){.masks = masks_at(y->tape, flow, coupling), .before = x};
        step_apply(&steps[i], flow, decode, coupling, &pieces);
        x = steps[i].after;
    }
    g = lac_nn_slice(gy, 1, 0, p);
    gl = lac_nn_slice(gy, 1, p, 1);
    for (size_t i = n; i-- > 0;)
        g = step_record(&steps[i], flow, decode, coupling_at(flow, decode, i), &pieces, g, gl,
                        &gradient);
    if (lac_tensor_wants(y, 0))
        gx[0] = g;
    if (lac_tensor_wants(y, 1))
        gx[1] = pieces_join(&gradient, flow);
}
