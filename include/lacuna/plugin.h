/* What every component, of whatever kind, says about itself. A plugin is one .so that exports one
 * constant symbol, `lac_plugin`: the descriptor of its component. */
#ifndef LACUNA_PLUGIN_H
#define LACUNA_PLUGIN_H

#include <lacuna/context.h>
#include <lacuna/error.h>
#include <lacuna/param.h>

G_BEGIN_DECLS

/** LacPluginKind: also the folder: masks, initials, models, optimizers, metrics, readers. */
typedef enum {
    LAC_PLUGIN_MASK = 1,
    LAC_PLUGIN_INITIAL,
    LAC_PLUGIN_MODEL,
    LAC_PLUGIN_OPTIMIZER,
    LAC_PLUGIN_METRIC,
    LAC_PLUGIN_READER,
} LacPluginKind;

/**
 * LacPlugin: the part all descriptors start with. Constant data: the registry lists, documents and
 * validates a plugin without running any of its code.
 * @magic, @abi, @struct_size, @param_size: checked before anything else is believed
 * @name: equals the file name without .so; lower case, digits and dashes
 * @summary: one line, no full stop
 * @citation: where the method comes from; NULL when it is folklore
 * @licence: SPDX expression; NULL reads as "MIT"
 * @version: of the component; part of a cell's hash; NULL reads as "1"
 * @params: ends with LAC_PARAM_END; NULL when there are none
 * @instance_size: of the struct whose first member is the kind's base
 * @next: a further component in the same .so, or NULL. It is found under its own name when the
 *   file is also reachable under that name (a link), or when the whole file is checked.
 */
typedef struct LacPlugin {
    uint32_t magic, abi, struct_size, param_size;
    LacPluginKind kind;
    const char *name, *summary, *citation, *licence, *version;
    const LacParam *params;
    size_t instance_size;
    const struct LacPlugin *next;
} LacPlugin;

/** LacInstance: what every instance starts with. The core allocates it (zeroed), fills the
 * parameters, sets these two, and frees it after the component's own `clear`. */
typedef struct {
    const LacPlugin *plugin;
    LacContext *context;
} LacInstance;

/* The designated initialisers shared by the LAC_MODEL, LAC_MASK ... macros. */
#define LAC_PLUGIN_HEAD(Descriptor, kind_, name_, summary_, Type, params_)                         \
    .plugin.magic = LAC_MAGIC, .plugin.abi = LAC_ABI,                                              \
    .plugin.struct_size = (uint32_t)sizeof(Descriptor),                                            \
    .plugin.param_size = (uint32_t)sizeof(LacParam), .plugin.kind = (kind_),                       \
    .plugin.name = (name_), .plugin.summary = (summary_), .plugin.params = (params_),              \
    .plugin.instance_size = sizeof(Type) + 0 * sizeof(char[offsetof(Type, base) == 0 ? 1 : -1])

/** LacExample: a tiny table the conformance suite runs; CSV text with header, LF line ends.
 * @params: YAML flow map of parameters, or NULL for the defaults
 * @image: shape of its rows when they are images */
typedef struct {
    const char *in, *out, *params;
    LacImageShape image;
} LacExample;

G_END_DECLS

#endif
