/* From a file to a descriptor that can be believed. Loaded files stay mapped until exit: traces,
 * results and instances keep pointers to their names. */
#include "plugin-private.h"

#include <dlfcn.h>
#include <string.h>

/* The name a file promises: "models/mean.so" -> "mean". Owned. */
static char *
promised_name(const char *path)
{
    g_autofree char *base = g_path_get_basename(path);

    if (g_str_has_suffix(base, ".so"))
        base[strlen(base) - 3] = '\0';
    return g_steal_pointer(&base);
}

const LacPlugin *
lac_plugin_open(const char *path, GError **error)
{
    g_autofree char *whole = g_canonicalize_filename(path, NULL);
    g_autofree char *name = promised_name(path);
    const LacPlugin *head;
    void *handle;

    if (!lac_elf_check(whole, error))
        return NULL;
    handle = dlopen(whole, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        return lac_fail_null(error, LAC_ERROR_PLUGIN, "%s: cannot be loaded: %s", path, dlerror());
    head = dlsym(handle, "lac_plugin");
    if (head == NULL)
        return lac_fail_null(error, LAC_ERROR_PLUGIN,
                             "%s: exports no symbol lac_plugin; declare "
                             "LAC_PLUGIN_EXPORT const Lac...Plugin lac_plugin = {...}",
                             path);
    head = lac_descriptor_accept(head, path, error);
    if (head != NULL && lac_descriptor_named(head, name) == NULL)
        return lac_fail_null(error, LAC_ERROR_PLUGIN,
                             "%s: the plugin inside is called '%s'; name the file %s.so", path,
                             head->name, head->name);
    return head;
}

static const LacPlugin *
load_new(const char *path, GError **error)
{
    LacPluginInfo *info = lac_plugin_probe(path);
    const gboolean ok = info->error == NULL;

    if (!ok)
        lac_fail(error, LAC_ERROR_PLUGIN, "%s", info->error);
    lac_plugin_info_free(info);
    return ok ? lac_plugin_open(path, error) : NULL;
}

const LacPlugin *
lac_plugin_load_file(const char *path, GError **error)
{
    static GMutex mutex;
    static GHashTable *loaded; /* absolute path -> head; for the life of the process */
    g_autofree char *whole = g_canonicalize_filename(path, NULL);
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&mutex);
    const LacPlugin *head;

    if (loaded == NULL)
        loaded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    head = g_hash_table_lookup(loaded, whole);
    if (head == NULL) {
        head = load_new(whole, error);
        if (head != NULL)
            g_hash_table_insert(loaded, g_steal_pointer(&whole), (gpointer)head);
    }
    return head;
}
