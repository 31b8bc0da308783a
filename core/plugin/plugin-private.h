/* What the files of this room share among themselves. */
#ifndef LACUNA_PLUGIN_PRIVATE_H
#define LACUNA_PLUGIN_PRIVATE_H

#include "registry-private.h"

G_BEGIN_DECLS

/**
 * LacKindInfo:
 * @folder: under each folder of the search path; @singular, @key: other spellings, @key as in YAML
 * @word: for sentences
 * @descriptor_size, @base_size: of the family's descriptor and of the base of its instances
 * @params: offsets are into the base
 * @own_from: where the fields a plugin itself may declare begin: behind the base, except for what
 *   the family leaves each member to declare (an optimizer's rate, with its own default)
 */
typedef struct {
    LacPluginKind kind;
    const char *folder, *singular, *key, *word;
    size_t descriptor_size, base_size;
    const LacParam *params;
    size_t own_from;
} LacKindInfo;

const LacKindInfo *lac_plugin_kind_info(LacPluginKind kind);
gboolean lac_plugin_kind_is_known(LacPluginKind kind);

/** lac_param_size: bytes of the C field of @type; 0 for an unknown type. */
size_t lac_param_size(LacParamType type);
/** lac_param_set: @value into the field of @param, checked; @where names it in messages. */
gboolean
lac_param_set(const LacPlugin *plugin, const LacParam *param, const char *where,
              const LacNode *value, const char *base_dir, gpointer instance, GError **error);
/** lac_param_set_default: the default of @param into @instance, checked like a user's value. */
gboolean lac_param_set_default(const LacPlugin *plugin, const LacParam *param, gpointer instance,
                               GError **error);
/** lac_param_clear: free what the field of @param owns. */
void lac_param_clear(const LacParam *param, gpointer instance);

/** lac_path_resolve: @node's text as an absolute path; see lac_instance_new(). @where names the
 * parameter in messages. Owned. */
char *
lac_path_resolve(const LacNode *node, const char *where, const char *base_dir, GError **error);

/** lac_elf_check: FALSE, with a message that says what it is instead, unless @path is a whole
 * shared library for this processor. Nothing is loaded. */
gboolean lac_elf_check(const char *path, GError **error);
/** lac_elf_exports: names of the symbols @path shows to the world, sorted. Owned strv. */
char **lac_elf_exports(const char *path, GError **error);

/**
 * lac_descriptor_accept: checks the descriptors that start at @head against what this build knows.
 *
 * Returns: @head itself, or, when the plugin was built with smaller or larger structs of the same
 * ABI, a copy in today's size that is never freed. NULL with LAC_ERROR_PLUGIN.
 */
const LacPlugin *lac_descriptor_accept(const LacPlugin *head, const char *path, GError **error);
/** lac_descriptor_named: the component of @head's list called @name, or NULL. */
const LacPlugin *lac_descriptor_named(const LacPlugin *head, const char *name);

/** LacChild: how a child process ended. @report: what it wrote; @complaint: the last of its
 * standard error; @outcome: NULL when it finished, else "crashed: ..." and the like. */
typedef struct {
    GString *report;
    char *complaint, *outcome;
} LacChild;

/** lac_child_run: @body in a forked process; what it writes to @report comes back. FALSE only when
 * no child could be started. Clear @child with lac_child_clear() in any case. */
gboolean lac_child_run(void (*body)(GString *report, void *user), void *user, unsigned timeout_ms,
                       LacChild *child, GError **error);
void lac_child_clear(LacChild *child);
/** lac_child_timeout: 10 s or LACUNA_PLUGIN_TIMEOUT, in ms. */
unsigned lac_child_timeout(void);

/** lac_plugin_open: dlopen and accept @path in this very process. */
const LacPlugin *lac_plugin_open(const char *path, GError **error);
/** lac_plugin_probe: open @path in a child process (or remember that this was done); what it is,
 * or why it cannot be used. Owned. */
LacPluginInfo *lac_plugin_probe(const char *path);
void lac_plugin_info_free(gpointer info);

/** LacProbeCache: $XDG_CACHE_HOME/lacuna/plugins. Files that could be used are tried once per
 * path, mtime, size and inode; a damaged or unwritable cache is as good as an empty one. */
typedef struct LacProbeCache LacProbeCache;
LacProbeCache *lac_probe_cache_open(void);
LacPluginInfo *lac_probe_cache_get(LacProbeCache *cache, const char *path);
/** lac_probe_cache_close: writes it, whole or not at all, when something was learnt. */
void lac_probe_cache_close(LacProbeCache *cache);

/** lac_record_write: @n fields as one line of @out; lac_record_read: its inverse, NULL unless
 * there are @n of them. */
void lac_record_write(GString *out, size_t n, const char *const *fields);
char **lac_record_read(const char *line, size_t n);

G_END_DECLS

#endif
