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

/** LacInitialPlugin: what an initial imputer exports; `fill` is required. */
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

/** LacSeen: the observed training values of one column, in row order; n >= 1. @lower and @upper are
 * the smallest and the largest of them. All lent. */
typedef struct {
    const LacColumn *column;
    size_t n;
    double *values; /* [n]; may be reordered while a value is sought, not while drawing */
    double lower, upper;
} LacSeen;

/**
 * lac_initial_fill_columns: the `fill` of imputers that give all holes of a column one number.
 * @value: finds it, once a column; any thread may call it
 *
 * Looks after empty columns and observed cells as the slot `fill` asks for.
 */
typedef double (*LacInitialValue)(const LacInitial *initial, const LacSeen *seen);
LAC_API gboolean lac_initial_fill_columns(const LacInitial *initial, const LacData *train,
                                          const LacData *in, LacInitialValue value, LacMatrix *out,
                                          GError **error);

/**
 * lac_initial_draw_columns: the `fill` of imputers that draw each hole from its column alone.
 * @draw: one number; @rng is the cell's own stream, so a draw depends on no other cell
 */
typedef double (*LacInitialDraw)(const LacInitial *initial, const LacSeen *seen, LacRng *rng);
LAC_API gboolean lac_initial_draw_columns(const LacInitial *initial, const LacData *train,
                                          const LacData *in, LacInitialDraw draw, LacMatrix *out,
                                          GError **error);

/** lac_initial_mode: the most frequent level code, or number of a numeric column; ties give the
 * smallest. May reorder @seen. */
LAC_API double lac_initial_mode(const LacSeen *seen);
/** lac_initial_median: the median of a numeric column, the middle level (the lower of two) of an
 * ordinal one, the mode of the others. May reorder @seen. */
LAC_API double lac_initial_median(const LacSeen *seen);

G_END_DECLS

#endif
