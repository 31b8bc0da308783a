/* Layers: structs of parameter handles, and how they are applied. */
#include "chain-private.h"
#include "layer-private.h"

LacNetParam *
nn_layer_add(LacNet *net, const char *name, const char *part, LacInit init, size_t fan_in,
             size_t fan_out, unsigned dims, const size_t *shape)
{
    g_autofree char *full = g_strconcat(name, ".", part, NULL);

    return lac_net_add(net, full, init, fan_in, fan_out, dims, shape);
}

LacInit
nn_bias_init(LacInit init)
{
    return init == LAC_INIT_HE_UNIFORM ? init : LAC_INIT_ZEROS;
}

/* ---- linear ---- */

void
lac_dense_init(LacDense *layer, LacNet *net, const char *name, size_t in, size_t out,
               LacActivation activation, LacInit init)
{
    layer->weight = nn_layer_add(net, name, "weight", init, in, out, LAC_SHAPE(out, in));
    layer->bias = nn_layer_add(net, name, "bias", nn_bias_init(init), in, out, LAC_SHAPE(out));
    layer->activation = activation;
}

LacTensor *
lac_dense_apply(const LacDense *layer, LacTensor *x)
{
    if (x == NULL)
        return NULL;
    return lac_nn_linear(x, lac_net_use(x->tape, layer->weight),
                         layer->bias != NULL ? lac_net_use(x->tape, layer->bias) : NULL,
                         layer->activation);
}

/* ---- several linear layers ---- */

void
lac_mlp_init(LacMlp *mlp, LacNet *net, const char *name, size_t n_widths, const size_t *widths,
             LacActivation activation, LacActivation last, LacInit init)
{
    g_assert(n_widths >= 2);
    mlp->n = n_widths - 1;
    mlp->layers = g_new0(LacDense, mlp->n);
    for (size_t k = 0; k < mlp->n; k++) {
        g_autofree char *full = g_strdup_printf("%s.%zu", name, k);

        lac_dense_init(&mlp->layers[k], net, full, widths[k], widths[k + 1],
                       k + 1 < mlp->n ? activation : last, init);
    }
}

/* The first @layers of them. */
static LacTensor *
mlp_apply_first(const LacMlp *mlp, size_t layers, LacTensor *x)
{
    size_t k = 0;

    while (x != NULL && k < layers) {
        const size_t n = MIN(layers - k, NN_CHAIN_LAYERS);
        LacTensor *w[NN_CHAIN_LAYERS], *b[NN_CHAIN_LAYERS];
        LacActivation activations[NN_CHAIN_LAYERS];

        for (size_t i = 0; i < n; i++) {
            const LacDense *layer = &mlp->layers[k + i];

            w[i] = lac_net_use(x->tape, layer->weight);
            b[i] = layer->bias != NULL ? lac_net_use(x->tape, layer->bias) : NULL;
            activations[i] = layer->activation;
        }
        if (nn_chain_suits(x, n, w, b))
            x = nn_chain(x, n, w, b, activations);
        else
            for (size_t i = 0; i < n; i++)
                x = lac_nn_linear(x, w[i], b[i], activations[i]);
        k += n;
    }
    return x;
}

LacTensor *
lac_mlp_apply(const LacMlp *mlp, LacTensor *x)
{
    return mlp_apply_first(mlp, mlp->n, x);
}

LacTensor *
lac_mlp_bernoulli_rows(const LacMlp *mlp, LacTensor *z, LacTensor *x, LacTensor *o)
{
    const LacDense *last = &mlp->layers[mlp->n - 1];
    LacTensor *h, *w;

    if (z == NULL || last->bias == NULL || last->activation != LAC_ACTIVATION_NONE)
        return lac_nn_bernoulli_rows(x, lac_mlp_apply(mlp, z), o);
    w = lac_net_use(z->tape, last->weight);
    if (w == NULL || w->size <= NN_CHAIN_VALUES) /* small layers are better one operator */
        return lac_nn_bernoulli_rows(x, lac_mlp_apply(mlp, z), o);
    h = mlp_apply_first(mlp, mlp->n - 1, z);
    return lac_nn_linear_bernoulli_rows(x, h, w, lac_net_use(z->tape, last->bias), o);
}

void
lac_mlp_clear(LacMlp *mlp)
{
    g_clear_pointer(&mlp->layers, g_free);
    mlp->n = 0;
}
