/* Flows: couplings over the parameters of a net, see flow.c. */
#include "flow-private.h"
#include "net-private.h"
#include <lacuna/flow.h>

#include <string.h>

/* ---- life ---- */

/* The networks of all couplings, one kind after the other: see flow.c. */
static LacMlp *
flow_networks(const LacFlow *flow, const char *name, const char *kind, size_t n_widths,
              const size_t *widths, LacActivation activation, LacActivation last)
{
    LacMlp *networks = g_new(LacMlp, flow->couplings);

    for (size_t k = 0; k < flow->couplings; k++) {
        g_autofree char *full = g_strdup_printf("%s.%zu.%s", name, k, kind);

        lac_mlp_init(&networks[k], flow->net, full, n_widths, widths, activation, last,
                     LAC_INIT_HE_UNIFORM);
    }
    return networks;
}

void
lac_flow_init(LacFlow *flow, LacNet *net, const char *name, size_t columns, size_t couplings,
              size_t n_hidden, const size_t *hidden, LacActivation activation, const LacReal *masks)
{
    size_t widths[NN_CHAIN_MOST + 1];

    g_assert(columns >= 1 && couplings >= 1 && n_hidden < NN_CHAIN_MOST);
    widths[0] = widths[n_hidden + 1] = columns;
    if (n_hidden > 0)
        memcpy(widths + 1, hidden, n_hidden * sizeof *widths);
    *flow = (LacFlow){.net = net, .columns = columns, .couplings = couplings};
    flow->scale =
        flow_networks(flow, name, "scale", n_hidden + 2, widths, activation, LAC_ACTIVATION_TANH);
    flow->shift =
        flow_networks(flow, name, "shift", n_hidden + 2, widths, activation, LAC_ACTIVATION_NONE);
    flow->masks = g_new(LacReal, couplings * columns);
    for (size_t k = 0; k < couplings * columns; k++)
        flow->masks[k] = masks != NULL ? masks[k] : (LacReal)((k % columns + k / columns) % 2);
}

void
lac_flow_clear(LacFlow *flow)
{
    for (size_t k = 0; k < flow->couplings; k++) {
        lac_mlp_clear(&flow->scale[k]);
        lac_mlp_clear(&flow->shift[k]);
    }
    g_clear_pointer(&flow->scale, g_free);
    g_clear_pointer(&flow->shift, g_free);
    g_clear_pointer(&flow->masks, g_free);
    flow->couplings = 0;
}

/* ---- application ---- */

static NnFlow
flow_sizes(const LacFlow *flow)
{
    const LacMlp *net = &flow->scale[0];
    NnFlow sizes = {.columns = flow->columns,
                    .couplings = flow->couplings,
                    .layers = net->n,
                    .activation = net->n > 1 ? net->layers[0].activation : LAC_ACTIVATION_NONE,
                    .masks = flow->masks};

    for (size_t k = 0; k <= MIN(net->n, NN_CHAIN_MOST); k++)
        sizes.widths[k] = k > 0 ? net->layers[k - 1].weight->shape[0] : flow->columns;
    return sizes;
}

/* All parameters as one vector: they were added one after another. */
static LacTensor *
flow_parameters(const LacFlow *flow, const NnFlow *sizes, LacTape *tape)
{
    LacNet *net = flow->net;
    const size_t begin = flow->scale[0].layers[0].weight->offset;
    const size_t n = 2 * flow->couplings * nn_flow_values(sizes);

    return lac_tape_leaf(tape, net->values + begin, net->frozen ? NULL : net->gradient + begin,
                         LAC_SHAPE(n));
}

static LacTensor *
by_layers(const LacFlow *flow, const NnFlow *sizes, LacTensor *x, gboolean decode)
{
    NnFlowPieces theta;

    if (!nn_flow_pieces_init(&theta, x->tape, sizes))
        return NULL;
    for (size_t k = 0; k < 2 * flow->couplings * sizes->layers; k++) {
        const LacMlp *networks = k < flow->couplings * sizes->layers ? flow->scale : flow->shift;
        const LacMlp *network = &networks[k / sizes->layers % flow->couplings];
        const LacDense *layer = &network->layers[k % sizes->layers];

        theta.w[k] = lac_net_use(x->tape, layer->weight);
        theta.b[k] = lac_net_use(x->tape, layer->bias);
    }
    return nn_flow_by_layers(x, &theta, sizes, decode);
}

static LacTensor *
flow_apply(const LacFlow *flow, LacTensor *x, gboolean decode, LacTensor **log_det_out)
{
    const NnFlow sizes = flow_sizes(flow);
    LacTensor *y;

    if (x == NULL)
        return NULL;
    if (x->dims != 2 || x->shape[1] != flow->columns)
        return lac_tape_fail(x->tape, LAC_ERROR_SHAPE,
                             "flow: %s does not fit %zu columns; expected [rows x %zu]",
                             lac_tensor_shape_text(x), flow->columns, flow->columns);
    if (nn_flow_suits(&sizes, x))
        y = nn_flow(x, flow_parameters(flow, &sizes, x->tape), &sizes, decode);
    else
        y = by_layers(flow, &sizes, x, decode);
    if (log_det_out != NULL)
        *log_det_out = lac_nn_slice(y, 1, flow->columns, 1);
    return lac_nn_slice(y, 1, 0, flow->columns);
}

LacTensor *
lac_flow_encode(const LacFlow *flow, LacTensor *x, LacTensor **log_det_out)
{
    return flow_apply(flow, x, FALSE, log_det_out);
}

LacTensor *
lac_flow_decode(const LacFlow *flow, LacTensor *z, LacTensor **log_det_out)
{
    return flow_apply(flow, z, TRUE, log_det_out);
}
