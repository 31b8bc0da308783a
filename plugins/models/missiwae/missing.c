/* The missingness model of not-miwae: the probability that a cell is observed, as a function of the
 * completed row, so that holes that depend on their own values can be learnt from. With l_j the
 * logit of "column j is observed":
 *   agnostic    l = W x + c
 *   nonlinear   l = W tanh(V x + b) + c
 *   self        l_j = -a_j (x_j - b_j)
 *   self-known  l_j = -softplus(a_j) (x_j - b_j): large values go missing
 * Source: Ipsen, Mattei & Frellsen, not-MIWAE (ICLR 2021), section 3 and appendix A. */
#include "missiwae.h"

enum { HIDDEN = 32 };

gboolean
missing_check(const Layout *layout, GError **error)
{
    if (layout->likelihood != GAUSSIAN && layout->likelihood != SHARED)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "not-miwae needs likelihood gaussian or gaussian-shared");
    return TRUE;
}

void
missing_add(Net *net, const Dlvm *self, const Layout *layout)
{
    const size_t p = layout->numeric;

    switch ((Mechanism)self->mechanism) {
    case NONLINEAR:
        lac_dense_init(&net->missing[1], net->net, "missing.hidden", p, HIDDEN, LAC_ACTIVATION_TANH,
                       LAC_INIT_GLOROT);
        lac_dense_init(&net->missing[0], net->net, "missing.logit", HIDDEN, p, LAC_ACTIVATION_NONE,
                       LAC_INIT_GLOROT);
        break;
    case AGNOSTIC:
        lac_dense_init(&net->missing[0], net->net, "missing.logit", p, p, LAC_ACTIVATION_NONE,
                       LAC_INIT_GLOROT);
        break;
    default:
        net->slope = lac_net_add(net->net, "missing.slope", LAC_INIT_ZEROS, p, p, LAC_SHAPE(p));
        net->threshold =
            lac_net_add(net->net, "missing.threshold", LAC_INIT_ZEROS, p, p, LAC_SHAPE(p));
    }
}

LacTensor *
missing_complete(const Batch *batch, LacTensor *drawn, size_t samples)
{
    const size_t n = batch->n, p = batch->numeric->shape[1];
    LacTensor *o = lac_nn_reshape(batch->numeric_o, LAC_SHAPE(n, 1, p));
    LacTensor *x = lac_nn_reshape(batch->numeric, LAC_SHAPE(n, 1, p));

    return lac_nn_select(o, x, lac_nn_reshape(drawn, LAC_SHAPE(n, samples, p)));
}

static LacTensor *
logits(const Dlvm *self, LacTensor *x)
{
    const Net *net = self->net;
    LacTensor *slope;

    if (net->slope == NULL) {
        if (net->missing[1].weight != NULL)
            x = lac_dense_apply(&net->missing[1], x);
        return lac_dense_apply(&net->missing[0], x);
    }
    slope = lac_net_use(x->tape, net->slope);
    if (self->mechanism == SELF_KNOWN)
        slope = lac_nn_softplus(slope);
    return lac_nn_mul(slope, lac_nn_sub(lac_net_use(x->tape, net->threshold), x));
}

LacTensor *
missing_log_likelihood(const Dlvm *self, const Batch *batch, LacTensor *x)
{
    if (x == NULL)
        return NULL;
    return lac_nn_bernoulli_rows(batch->numeric_o, logits(self, x), NULL);
}
