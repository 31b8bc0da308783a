/* What the files of layers share. */
#ifndef LACUNA_LAYER_PRIVATE_H
#define LACUNA_LAYER_PRIVATE_H

#include <lacuna/net.h>

G_BEGIN_DECLS

/** nn_layer_add: a parameter called "@name.@part". */
LacNetParam *nn_layer_add(LacNet *net, const char *name, const char *part, LacInit init,
                          size_t fan_in, size_t fan_out, unsigned dims, const size_t *shape);
/** nn_bias_init: zeros, but under PyTorch's rule, which draws biases too. */
LacInit nn_bias_init(LacInit init);

G_END_DECLS

#endif
