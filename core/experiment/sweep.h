/* !sweep, !range and !random inside a component's parameters become plain values. */
#ifndef LACUNA_SWEEP_H
#define LACUNA_SWEEP_H

#include "node-private.h"
#include <lacuna/rng.h>

/** LacVariant: parameters with one value chosen everywhere; NULL for none.
 * @axes: path, value, path, value... of what was chosen, drawn values last
 * @n_drawn: how many of these pairs !random has drawn
 * @draw, @grid: number of the draw and place in the product of the other axes, from 0 */
typedef struct {
    LacNode *params;
    GPtrArray *axes;
    size_t n_drawn, draw, grid;
} LacVariant;

void lac_variant_free(gpointer variant);

/**
 * lac_sweep_expand:
 * @params: MAP or NULL
 * @path: of @params in the file, "model.knn"
 * @rng: where !random draws from
 * @draws: of a search, which !random need not repeat; 0 without one
 *
 * The product of all !sweep and !range axes, in the order of the file, the last varying fastest.
 * All !random of one component are drawn together, @draws times: random search, not a product.
 * Returns: array of LacVariant, owned; NULL with LAC_ERROR_PARAM that names the place.
 */
GPtrArray *lac_sweep_expand(const LacNode *params, const char *path, const LacRng *rng,
                            size_t draws, GError **error);

/** lac_node_check_keys: every key of MAP @node is among NULL-terminated @known; suggests if not. */
gboolean lac_node_check_keys(const LacNode *node, const char *what, const char *const *known,
                             GError **error);

#endif
