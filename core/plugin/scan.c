/* Lists what is installed without loading any of it into this process. */
#include "plugin-private.h"

#include <string.h>

static int
by_kind_and_name(gconstpointer a, gconstpointer b)
{
    const LacPluginInfo *x = *(LacPluginInfo *const *)a, *y = *(LacPluginInfo *const *)b;

    return x->kind != y->kind ? (int)x->kind - (int)y->kind : strcmp(x->name, y->name);
}

/* A file in the wrong folder would never be found under its name. */
static void
check_place(LacPluginInfo *info, LacPluginKind kind)
{
    if (info->error == NULL && info->kind != kind)
        info->error =
            g_strdup_printf("%s: is a %s; move it to the folder %s", info->path,
                            lac_plugin_kind_word(info->kind), lac_plugin_kind_folder(info->kind));
    info->kind = kind;
}

static void
scan_folder(const char *folder, LacPluginKind kind, LacProbeCache *cache, GHashTable *seen,
            GPtrArray *out)
{
    g_autofree char *place = g_build_filename(folder, lac_plugin_kind_folder(kind), NULL);
    g_autoptr(GDir) dir = g_dir_open(place, 0, NULL);
    const char *file;

    while (dir != NULL && (file = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(place, file, NULL);
        LacPluginInfo *info;

        /* an earlier folder of the path hides the same name in a later one */
        if (!g_str_has_suffix(file, ".so") || !g_hash_table_add(seen, g_strdup(file)))
            continue;
        info = lac_probe_cache_get(cache, path);
        check_place(info, kind);
        g_ptr_array_add(out, info);
    }
}

GPtrArray *
lac_plugin_scan(LacPluginKind kind, GError **error)
{
    g_auto(GStrv) folders = lac_plugin_path();
    GPtrArray *out = g_ptr_array_new_with_free_func(lac_plugin_info_free);
    LacProbeCache *cache = lac_probe_cache_open();

    for (int k = LAC_PLUGIN_MASK; k <= LAC_PLUGIN_READER; k++) {
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

        if (kind != 0 && k != (int)kind)
            continue;
        for (char **folder = folders; *folder != NULL; folder++)
            scan_folder(*folder, (LacPluginKind)k, cache, seen, out);
    }
    lac_probe_cache_close(cache);
    g_ptr_array_sort(out, by_kind_and_name);
    return out;
}
