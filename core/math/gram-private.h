/* The kernel of lac_gram_add(), for callers that have blocks and threads of their own. */
#ifndef LACUNA_GRAM_PRIVATE_H
#define LACUNA_GRAM_PRIVATE_H

#include "base-private.h"
#include <lacuna/gram.h>

G_BEGIN_DECLS

/** lac_gram_add_upper: g [q][stride] += sum of weight_i z_i z_i' over @n contiguous rows, in the
 * calling thread; only the upper triangle of @g means something afterwards. */
void lac_gram_add_upper(size_t n, size_t q, size_t stride, const double *z, const double *weight,
                        double *g);

G_END_DECLS

#endif
