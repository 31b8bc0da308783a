/* Initial imputers: a cheap complete table for iterative models to start from. */
#ifndef LACUNA_INITIAL_H
#define LACUNA_INITIAL_H

#include <lacuna/plugin.h>

G_BEGIN_DECLS

/** LacInitial: base of every initial imputer's struct; first member, called `base`.
 * @rng: the stream to draw from, keyed by seed, repeat, data, mask and chain, not by model */
typedef struct {
    LacInstance instance;
    LacRng rng;
} LacInitial;

typedef struct {
    LacPlugin plugin;
    LacExample example;
    /** learn from the observed cells of @train, complete @in (which may be the same table);
     * @out is in->rows x in->cols and holds no NaN afterwards; observed cells bit for bit.
     * A column with no observed cell gets 0 and an event `empty-column`. */
    gboolean (*fill)(const LacInitial *initial, const LacData *train, const LacData *in,
                     LacMatrix *out, GError **error);
    void (*clear)(LacInitial *initial);
} LacInitialPlugin;

#define LAC_INITIAL(name_, summary_, Type, params_)                                                \
    LAC_PLUGIN_HEAD(LacInitialPlugin, LAC_PLUGIN_INITIAL, name_, summary_, Type, params_)

G_END_DECLS

#endif
