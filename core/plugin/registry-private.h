/* Finding, loading and instantiating plugins. */
#ifndef LACUNA_REGISTRY_PRIVATE_H
#define LACUNA_REGISTRY_PRIVATE_H

#include "node-private.h"
#include <lacuna/initial.h>
#include <lacuna/mask_generator.h>
#include <lacuna/metric.h>
#include <lacuna/model.h>
#include <lacuna/optimizer.h>
#include <lacuna/reader.h>

G_BEGIN_DECLS

/** lac_plugin_kind_folder: "masks", "models"...; _word: "mask generator", "model"... Static. */
LAC_PRIVATE_API const char *lac_plugin_kind_folder(LacPluginKind kind);
LAC_PRIVATE_API const char *lac_plugin_kind_word(LacPluginKind kind);
/** lac_metric_judges_word: "draws", "table", "point" or "task". */
LAC_PRIVATE_API const char *lac_metric_judges_word(LacJudges judges);
/** lac_plugin_kind_parse: accepts folder, singular and YAML key ("models", "model"). */
LAC_PRIVATE_API gboolean lac_plugin_kind_parse(const char *word, LacPluginKind *out);

/** lac_plugin_kind_key: the word in an experiment file: "mask", "model", "metrics", "data"... */
LAC_PRIVATE_API const char *lac_plugin_kind_key(LacPluginKind kind);

/** lac_plugin_path: folders searched, in order: LACUNA_PLUGIN_PATH, the build tree's plugins
 * folder when run from there, $XDG_DATA_HOME/lacuna/plugins, the installed folder. Owned strv. */
LAC_PRIVATE_API char **lac_plugin_path(void);

/** lac_plugin_find: load <folder>/<kind>/<name>.so from the path (once per process; stays mapped).
 * @error: LAC_ERROR_PLUGIN; when there is no such name, suggests the nearest and lists where it
 * looked */
LAC_PRIVATE_API const LacPlugin *
lac_plugin_find(LacPluginKind kind, const char *name, GError **error);
/**
 * lac_plugin_load_file: load and validate one file; the head of its component list, lent for ever.
 *
 * A file never seen before is first loaded in a child process, so a crash, an exit or an endless
 * loop while loading is an error here and not the end of this process (the time limit is 10 s, or
 * LACUNA_PLUGIN_TIMEOUT seconds). What passed is remembered by path, mtime and size.
 */
LAC_PRIVATE_API const LacPlugin *lac_plugin_load_file(const char *path, GError **error);

/** LacPluginInfo: what a scan in a child process learnt without loading anything here.
 * @error: why the file cannot be used, or NULL */
typedef struct {
    LacPluginKind kind;
    char *name, *path, *summary, *version, *licence, *error;
} LacPluginInfo;

/** lac_plugin_scan: every file of @kind (0: all kinds) on the path, by kind and name; survives
 * files that crash. Array of LacPluginInfo, owned, frees its entries. */
LAC_PRIVATE_API GPtrArray *lac_plugin_scan(LacPluginKind kind, GError **error);

/** lac_plugin_names: what the path offers as @kind, by file name only, sorted. Owned strv. */
LAC_PRIVATE_API char **lac_plugin_names(LacPluginKind kind);

/** lac_plugin_params: own and family parameters of a component, one table after the other;
 * calls @visit for each. */
LAC_PRIVATE_API void
lac_plugin_foreach_param(const LacPlugin *plugin, void (*visit)(const LacParam *param, void *user),
                         void *user);

/** lac_plugin_find_param: own or family parameter called @name, lent; NULL when there is none. */
LAC_PRIVATE_API const LacParam *lac_plugin_find_param(const LacPlugin *plugin, const char *name);

/** lac_param_default_text: as in YAML; NULL when there is none. lac_param_range_text: "[0, 0.5]",
 * "(0, ...]", the choices separated by commas, or NULL. Owned. lac_param_type_word: "whole
 * number", "list of texts"... Static. */
LAC_PRIVATE_API char *lac_param_default_text(const LacParam *param);
LAC_PRIVATE_API char *lac_param_range_text(const LacParam *param);
LAC_PRIVATE_API const char *lac_param_type_word(const LacParam *param);
/** lac_number_text: shortest decimal that reads back to @value. Owned. */
LAC_PRIVATE_API char *lac_number_text(double value);

/**
 * lac_instance_new:
 * @params: a MAP of parameters or NULL for defaults; unknown keys, types and ranges are checked,
 *   errors carry file:line:column, the offending text, what was expected, the nearest name
 * @base_dir: PATH parameters are resolved against it, then against LACUNA_DATA
 *
 * Returns: owned; cast to the kind's base. Free with lac_instance_free(), which calls `clear`.
 */
LAC_PRIVATE_API gpointer lac_instance_new(const LacPlugin *plugin, const LacNode *params,
                                          const char *base_dir, GError **error);
LAC_PRIVATE_API void lac_instance_free(gpointer instance);
/** lac_instance_params: the parameters in force, defaults included, as a MAP node. Owned. */
LAC_PRIVATE_API LacNode *lac_instance_params(gconstpointer instance);

/**
 * lac_mask_generate: the holes @generator makes in @truth, drawn from generator->rng.
 * @out: truth->rows x truth->cols, overwritten: only cells known in @truth, and, unless
 *   allow_empty is set, at least one cell left in every row and column that had one
 *
 * What has to be given back is chosen uniformly from the generator's own stream.
 * @error: the generator's, or LAC_ERROR_DATA when it wants images and @truth has none
 */
LAC_PRIVATE_API gboolean lac_mask_generate(const LacMaskGenerator *generator, const LacData *truth,
                                           LacMask *out, GError **error);

/**
 * lac_check_file: run the conformance suite of every component in @path.
 * @sample: a file that a reader can read, to be cut short in many places; NULL: none at hand
 * @say: gets the lines; passed is FALSE for a failed check
 *
 * Returns: TRUE when all passed; FALSE with @error only when no child process can be started.
 */
LAC_PRIVATE_API gboolean lac_check_file(const char *path, const char *sample,
                                        void (*say)(gboolean passed, const char *check,
                                                    const char *detail, void *user),
                                        void *user, GError **error);

G_END_DECLS

#endif
