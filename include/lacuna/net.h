/* Networks: named parameters in one block of memory, layers that own some of them, checkpoints. */
#ifndef LACUNA_NET_H
#define LACUNA_NET_H

#include <lacuna/bundle.h>
#include <lacuna/ops.h>

G_BEGIN_DECLS

/** LacInit: how a weight starts. fan_in and fan_out count the inputs and outputs of one unit. */
typedef enum {
    LAC_INIT_ZEROS,
    LAC_INIT_ONES,
    LAC_INIT_GLOROT,        /* uniform on +- sqrt(6 / (fan_in + fan_out)); Glorot & Bengio 2010 */
    LAC_INIT_HE,            /* normal, variance 2 / fan_in; He et al. 2015 */
    LAC_INIT_HE_UNIFORM,    /* uniform on +- sqrt(1 / fan_in), PyTorch's default, biases too */
    LAC_INIT_ORTHOGONAL,    /* Saxe et al. 2014, gain 1 */
    LAC_INIT_NORMAL,        /* normal, sd 0.05 */
    LAC_INIT_GLOROT_NORMAL, /* normal, variance 2 / (fan_in + fan_out); Glorot & Bengio 2010 */
} LacInit;

typedef struct LacNet LacNet;

/** lac_net_new: no parameters yet. @rng: where initial values come from; each parameter draws from
 * the stream of its own name, so adding one changes no other. */
LAC_API LacNet *lac_net_new(const LacRng *rng);
LAC_API void lac_net_free(LacNet *net);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacNet, lac_net_free)

/** LacNetParam: a parameter's handle, lent by the net for its life. */
typedef struct LacNetParam LacNetParam;

/**
 * lac_net_add:
 * @name: unique in the net, with dots: "encoder.0.weight"
 * @fan_in, @fan_out: of one unit, for the initialiser
 *
 * All parameters are added before the first lac_net_use(). Adding the same name twice is a
 * programming error. Values live in one block, see lac_net_values().
 */
LAC_API LacNetParam *lac_net_add(LacNet *net, const char *name, LacInit init, size_t fan_in,
                                 size_t fan_out, unsigned dims, const size_t *shape);
/** lac_net_add_state: a buffer saved with the net but not trained (running moments), zeroed. */
LAC_API LacReal *lac_net_add_state(LacNet *net, const char *name, size_t n);
/** lac_net_use: the parameter as a leaf of @tape; its gradient is added to the net's. */
LAC_API LacTensor *lac_net_use(LacTape *tape, const LacNetParam *param);
/** lac_net_param_values: [size] for the caller to change before training starts. */
LAC_API LacReal *lac_net_param_values(const LacNetParam *param);

/** lac_net_size: number of trained values; lac_net_values(), lac_net_gradient(): [size], lent,
 * parameters in the order they were added. */
LAC_API size_t lac_net_size(const LacNet *net);
LAC_API LacReal *lac_net_values(LacNet *net);
LAC_API LacReal *lac_net_gradient(LacNet *net);
/** lac_net_copy_out, lac_net_copy_in: values and states (running moments) to and from memory of
 * lac_net_copy_size() values: a snapshot to come back to. */
LAC_API size_t lac_net_copy_size(const LacNet *net);
LAC_API void lac_net_copy_out(const LacNet *net, LacReal *out);
LAC_API void lac_net_copy_in(LacNet *net, const LacReal *in);
/** lac_net_is_weight: TRUE when value @k is one of a parameter with two or more dimensions; L2
 * penalties of the Keras kind leave biases out. */
LAC_API gboolean lac_net_is_weight(const LacNet *net, size_t k);
/** lac_net_zero_gradient: before the first backward pass of a step; later ones add to it. */
LAC_API void lac_net_zero_gradient(LacNet *net);
/** lac_net_freeze: TRUE: lac_net_use() gives constants (a decoder under a classifier). */
LAC_API void lac_net_freeze(LacNet *net, gboolean frozen);
/** lac_net_describe: a table of names, shapes and counts, for people. Returns: owned. */
LAC_API char *lac_net_describe(const LacNet *net);
/** lac_net_largest_gradient: the name of the parameter with the largest |gradient|, lent, and it */
LAC_API const char *lac_net_largest_gradient(const LacNet *net, double *value_out);

/** lac_net_save, lac_net_load: parameters and states as float32 tensors named @prefix + name. A
 * bundle that lacks one, or has another shape or a value that is not finite, is refused with
 * LAC_ERROR_DATA that names it; the net is then unchanged. */
LAC_API void lac_net_save(const LacNet *net, const char *prefix, LacBundle *out);
LAC_API gboolean lac_net_load(LacNet *net, const char *prefix, const LacBundle *in, GError **error);

/* ---- layers: small structs of handles; *_init adds "<name>.weight", "<name>.bias" ---- */

/** LacDense: act(x W' + b), a linear layer; see lac_nn_linear(). */
typedef struct {
    LacNetParam *weight, *bias; /* bias may be NULL */
    LacActivation activation;
} LacDense;

/** lac_dense_init: parameters of @in and @out values a row, drawn as @init says, into @net, which
 * owns them; lac_dense_apply: [... x in] to [... x out], lent by the tape of @x. */
LAC_API void lac_dense_init(LacDense *layer, LacNet *net, const char *name, size_t in, size_t out,
                            LacActivation activation, LacInit init);
LAC_API LacTensor *lac_dense_apply(const LacDense *layer, LacTensor *x);

/** LacConvLayer: act(convolution of x + bias), also transposed. */
typedef struct {
    LacNetParam *weight, *bias;
    LacConv geometry;
    LacActivation activation;
    gboolean transposed;
    size_t height, width; /* of the result, when transposed */
} LacConvLayer;

/** lac_conv_init, lac_conv_transpose_init: @filters kernels of @kernel x @kernel over @channels;
 * @height, @width: of the result, which a transposed convolution leaves open. lac_conv_apply:
 * [B x channels x h x w] to [B x filters x h' x w'], lent by the tape of @x. */
LAC_API void
lac_conv_init(LacConvLayer *layer, LacNet *net, const char *name, size_t channels, size_t filters,
              size_t kernel, LacConv geometry, LacActivation activation, LacInit init);
LAC_API void
lac_conv_transpose_init(LacConvLayer *layer, LacNet *net, const char *name, size_t channels,
                        size_t filters, size_t kernel, LacConv geometry, size_t height,
                        size_t width, LacActivation activation, LacInit init);
LAC_API LacTensor *lac_conv_apply(const LacConvLayer *layer, LacTensor *x);
/** lac_conv_same: TensorFlow's SAME padding of a @kernel at @stride over @size pixels: out =
 * ceil(size / stride), total = max((out - 1) stride + kernel - size, 0), the smaller half first. */
LAC_API LacConv lac_conv_same(size_t size, size_t kernel, size_t stride);

/** LacBatchNorm: gamma (x - mean) / sd + beta of each channel; @running: its moments, in the net.
 */
typedef struct {
    LacNetParam *gamma, *beta;
    LacReal *running;
    LacReal momentum, eps; /* 0.1 and 1e-5, as PyTorch's */
} LacBatchNorm;

/** lac_batch_norm_init: over @channels; lac_batch_norm_apply: keeps the shape of @x; while training
 * it uses the batch and updates the running moments. */
LAC_API void
lac_batch_norm_init(LacBatchNorm *layer, LacNet *net, const char *name, size_t channels);
LAC_API LacTensor *lac_batch_norm_apply(const LacBatchNorm *layer, LacTensor *x);

/** LAC_CONV_STACK: convolutions that become one chain, at most. */
#define LAC_CONV_STACK 16

/**
 * lac_conv_stack_apply:
 * @conv: [@n] layers, one behind the other
 * @norm: [@n] batch norm behind each, or NULL
 *
 * The same as lac_conv_apply() and lac_batch_norm_apply() of each in turn, but where the processor
 * has a matrix unit much faster: what is between the layers stays in the order the unit reads, in
 * bfloat16 under that precision. Such a chain can be differentiated once; WGAN-GP's critics want
 * the layers one by one. With more than LAC_CONV_STACK layers, activations other than ReLU,
 * transposed layers, or few filters it is just those calls. Returns: lent by the tape of @x.
 */
LAC_API LacTensor *
lac_conv_stack_apply(size_t n, const LacConvLayer *conv, const LacBatchNorm *norm, LacTensor *x);

/** LacMlp: linear layers widths[0] -> widths[1] -> ... ; @activation after all but the last, which
 * has @last. */
typedef struct {
    size_t n;         /* layers */
    LacDense *layers; /* [n], owned */
} LacMlp;

/** lac_mlp_init: @widths [n_widths], n_widths >= 2; lac_mlp_apply: [... x widths[0]] to
 * [... x widths[n_widths - 1]], lent by the tape of @x. */
LAC_API void
lac_mlp_init(LacMlp *mlp, LacNet *net, const char *name, size_t n_widths, const size_t *widths,
             LacActivation activation, LacActivation last, LacInit init);
LAC_API LacTensor *lac_mlp_apply(const LacMlp *mlp, LacTensor *x);
/** lac_mlp_bernoulli_rows: lac_nn_bernoulli_rows() of @x under the logits that @mlp makes of @z, in
 * one operator with the last layer where that is faster. */
LAC_API LacTensor *
lac_mlp_bernoulli_rows(const LacMlp *mlp, LacTensor *z, LacTensor *x, LacTensor *o);
LAC_API void lac_mlp_clear(LacMlp *mlp);

G_END_DECLS

#endif
