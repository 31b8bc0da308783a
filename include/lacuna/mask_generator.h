/* Mask generators: which cells of a complete table to hide. */
#ifndef LACUNA_MASK_GENERATOR_H
#define LACUNA_MASK_GENERATOR_H

#include <lacuna/plugin.h>

G_BEGIN_DECLS

/** LacMechanism: what hiding depends on (Rubin 1976); shown in reports, decides which scores are
 * valid. */
typedef enum {
    LAC_MCAR = 1, /* on nothing */
    LAC_MAR,      /* on values that stay observed */
    LAC_MNAR,     /* on the hidden values themselves */
} LacMechanism;

/** LacMaskGenerator: base of every generator's struct; first member, called `base`.
 * @rng: keyed by seed, repeat, data and this generator's parameters; split it by row
 * @allow_empty: parameter of every generator, declared by the core: FALSE gives back one cell to
 *   each row and column that would lose everything it had */
typedef struct {
    LacInstance instance;
    LacRng rng;
    gboolean allow_empty;
} LacMaskGenerator;

/** LacMaskPlugin: what a mask generator exports; `mechanism` and `draw` are required. */
typedef struct {
    LacPlugin plugin;
    LacMechanism mechanism; /* of the defaults; see mechanism_of */
    /** NULL, or the mechanism under the instance's parameters */
    LacMechanism (*mechanism_of)(const LacMaskGenerator *generator);
    gboolean images_only; /* refuse tables whose rows are not images */
    /** set in @out, which arrives clear, the cells to hide. Cells already missing in @truth stay
     * missing whatever @out says, and do not count towards a rate. Values are unscaled. A rate
     * that cannot be reached is LAC_ERROR_PARAM with the reachable maximum. The core looks after
     * @allow_empty afterwards. */
    gboolean (*draw)(const LacMaskGenerator *generator, const LacData *truth, LacMask *out,
                     GError **error);
    void (*clear)(LacMaskGenerator *generator);
} LacMaskPlugin;

#define LAC_MASK_GENERATOR(name_, summary_, Type, params_)                                         \
    LAC_PLUGIN_HEAD(LacMaskPlugin, LAC_PLUGIN_MASK, name_, summary_, Type, params_)

G_END_DECLS

#endif
