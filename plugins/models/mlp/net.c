/* The networks. Weights start as Glorot & Bengio's, biases at 0, as Keras has them. */
#include "classify.h"

#include <string.h>

enum { FILTERS_FIRST = 32, FILTERS_SECOND = 64 };

Shape
net_shape(const Classifier *self)
{
    const char *name = self->base.instance.plugin->name;

    return strcmp(name, "cnn") == 0 ? NET_CNN : strcmp(name, "lenet") == 0 ? NET_LENET : NET_MLP;
}

static gboolean
check_image(const Classifier *self, const Layout *layout, Shape shape, GError **error)
{
    const char *name = self->base.instance.plugin->name;
    const size_t least = shape == NET_CNN ? 6 : 4;

    if (layout->image.channels == 0)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: reads images and the rows of this table are none; use mlp for tables",
                        name);
    if (layout->image.height < least || layout->image.width < least)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: images of %zu x %zu are too small for it; expected at least %zu x %zu",
                        name, layout->image.height, layout->image.width, least, least);
    return TRUE;
}

static void
add_dense(Net *net, const Classifier *self, const Layout *layout)
{
    size_t in = layout->cols;

    net->layers = self->hidden.n;
    net->hidden = g_new0(LacDense, net->layers + 1);
    for (size_t k = 0; k < net->layers; k++) {
        g_autofree char *name = g_strdup_printf("hidden.%zu", k);
        const size_t out = (size_t)self->hidden.v[k];

        lac_dense_init(&net->hidden[k], net->net, name, in, out, LAC_ACTIVATION_RELU,
                       LAC_INIT_GLOROT);
        in = out;
    }
    lac_dense_init(&net->last, net->net, "last", in, layout->classes, LAC_ACTIVATION_NONE,
                   LAC_INIT_GLOROT);
}

/* What the convolutions leave of @length pixels. */
static size_t
map_length(Shape shape, size_t length)
{
    return shape == NET_CNN ? (length - 4) / 2 : length / 4;
}

static void
add_convolutions(Net *net, const Classifier *self, const Layout *layout)
{
    static const LacConv valid = {.stride = 1};
    const size_t kernel = net->shape == NET_CNN ? 3 : 5, units = (size_t)self->units;
    const LacImageShape s = layout->image;
    const LacConv padded = lac_conv_same(s.height, kernel, 1);
    const LacConv geometry = net->shape == NET_CNN ? valid : padded;

    lac_conv_init(&net->conv[0], net->net, "conv.0", s.channels, FILTERS_FIRST, kernel, geometry,
                  LAC_ACTIVATION_RELU, LAC_INIT_GLOROT);
    lac_conv_init(&net->conv[1], net->net, "conv.1", FILTERS_FIRST, FILTERS_SECOND, kernel,
                  geometry, LAC_ACTIVATION_RELU, LAC_INIT_GLOROT);
    net->flat = FILTERS_SECOND * map_length(net->shape, s.height) * map_length(net->shape, s.width);
    net->layers = 1;
    net->hidden = g_new0(LacDense, 1);
    lac_dense_init(net->hidden, net->net, "hidden.0", net->flat, units, LAC_ACTIVATION_RELU,
                   LAC_INIT_GLOROT);
    lac_dense_init(&net->last, net->net, "last", units, layout->classes, LAC_ACTIVATION_NONE,
                   LAC_INIT_GLOROT);
}

Net *
net_new(const Classifier *self, const Layout *layout, const LacRng *rng, GError **error)
{
    const Shape shape = net_shape(self);
    Net *net;

    if (shape != NET_MLP && !check_image(self, layout, shape, error))
        return NULL;
    net = g_new0(Net, 1);
    net->shape = shape;
    net->net = lac_net_new(rng);
    if (shape == NET_MLP)
        add_dense(net, self, layout);
    else
        add_convolutions(net, self, layout);
    return net;
}

void
net_free(Net *net)
{
    if (net == NULL)
        return;
    g_free(net->hidden);
    lac_net_free(net->net);
    g_free(net);
}

static LacTensor *
convolve(const Classifier *self, LacTensor *x)
{
    const Net *net = self->net;
    const LacImageShape s = self->layout->image;
    const size_t n = x != NULL ? x->shape[0] : 0;

    x = lac_nn_reshape(x, LAC_SHAPE(n, s.channels, s.height, s.width));
    if (net->shape == NET_CNN) {
        x = lac_conv_stack_apply(G_N_ELEMENTS(net->conv), net->conv, NULL, x);
    } else {
        x = lac_nn_max_pool(lac_conv_apply(&net->conv[0], x), 2, 2);
        x = lac_conv_apply(&net->conv[1], x);
    }
    x = lac_nn_max_pool(x, 2, 2);
    if (self->map_dropout > 0.0)
        x = lac_nn_dropout(x, (LacReal)self->map_dropout);
    return lac_nn_reshape(x, LAC_SHAPE(n, net->flat));
}

/* Adds the squares of @weight's values to @sum (NULL: nothing yet). Biases are left out. */
static LacTensor *
add_squares(LacTape *tape, const LacNetParam *weight, LacTensor *sum)
{
    LacTensor *squares = lac_nn_sum(lac_nn_square(lac_net_use(tape, weight)), 0, FALSE);

    return sum != NULL ? lac_nn_add(sum, squares) : squares;
}

static LacTensor *
squares_of(const Net *net, LacTape *tape)
{
    LacTensor *sum = add_squares(tape, net->last.weight, NULL);

    for (size_t k = 0; k < net->layers; k++)
        sum = add_squares(tape, net->hidden[k].weight, sum);
    for (size_t k = 0; net->shape != NET_MLP && k < G_N_ELEMENTS(net->conv); k++)
        sum = add_squares(tape, net->conv[k].weight, sum);
    return sum;
}

LacTensor *
net_logits(const Classifier *self, LacTensor *x, LacTensor **penalty)
{
    const Net *net = self->net;

    if (x == NULL)
        return NULL;
    if (penalty != NULL)
        *penalty = squares_of(net, x->tape);
    if (net->shape != NET_MLP)
        x = convolve(self, x);
    for (size_t k = 0; k < net->layers; k++) {
        x = lac_dense_apply(&net->hidden[k], x);
        if (self->dropout > 0.0)
            x = lac_nn_dropout(x, (LacReal)self->dropout);
    }
    return lac_dense_apply(&net->last, x);
}

double
net_products(const Classifier *self, double cols)
{
    const Shape shape = net_shape(self);
    double last = cols, sum = 0.0;

    if (shape !=
        NET_MLP) { /* second convolution at full size, and the dense layer behind the pool */
        const double kernel = shape == NET_CNN ? 9.0 : 25.0 / 4.0;

        return cols * (kernel * FILTERS_FIRST * (FILTERS_SECOND + 1.0) +
                       FILTERS_SECOND * (double)self->units / 4.0);
    }
    for (size_t k = 0; k < self->hidden.n; k++) {
        sum += last * self->hidden.v[k];
        last = self->hidden.v[k];
    }
    return sum + 10.0 * last;
}
