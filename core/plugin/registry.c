/* From a kind and a name to a loaded plugin. */
#define _GNU_SOURCE /* dladdr */
#include "config.h"
#include "plugin-private.h"

#include <dlfcn.h>
#include <string.h>

/* The folder liblacuna itself was loaded from; where the rest of an installation or of a build
 * tree lies follows from it, wherever either was moved. Owned, or NULL. */
static char *
library_folder(void)
{
    Dl_info info;

    if (dladdr((void *)(uintptr_t)lac_plugin_path, &info) == 0 || info.dli_fname == NULL ||
        strchr(info.dli_fname, '/') == NULL)
        return NULL;
    return g_path_get_dirname(info.dli_fname);
}

static void
add_folder(GPtrArray *folders, const char *folder)
{
    g_autofree char *whole = NULL;

    if (folder == NULL || *folder == '\0')
        return;
    whole = g_canonicalize_filename(folder, NULL);
    for (size_t i = 0; i < folders->len; i++)
        if (strcmp(folders->pdata[i], whole) == 0)
            return;
    g_ptr_array_add(folders, g_steal_pointer(&whole));
}

static void
add_variable(GPtrArray *folders)
{
    const char *text = g_getenv("LACUNA_PLUGIN_PATH");
    g_auto(GStrv) parts = g_strsplit(text != NULL ? text : "", ":", -1);

    for (char **part = parts; *part != NULL; part++)
        add_folder(folders, *part);
}

/* liblacuna lies in <build>/lib, the plugins in <build>/plugins. */
static void
add_build_tree(GPtrArray *folders, const char *library)
{
    g_autofree char *cache = NULL, *plugins = NULL;

    if (library == NULL)
        return;
    cache = g_build_filename(library, "..", "CMakeCache.txt", NULL);
    plugins = g_build_filename(library, "..", "plugins", NULL);
    if (g_file_test(cache, G_FILE_TEST_EXISTS))
        add_folder(folders, plugins);
}

static void
add_installed(GPtrArray *folders, const char *library)
{
    g_autofree char *abi = g_strdup_printf("%u", LAC_ABI);
    g_autofree char *beside =
        library != NULL ? g_build_filename(library, "lacuna", abi, NULL) : NULL;

    if (beside != NULL && g_file_test(beside, G_FILE_TEST_IS_DIR))
        add_folder(folders, beside);
    else
        add_folder(folders, LAC_INSTALL_PLUGIN_DIR);
}

char **
lac_plugin_path(void)
{
    g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(g_free);
    const char *set = g_getenv("XDG_DATA_HOME");
    g_autofree char *user =
        g_build_filename(set != NULL && g_path_is_absolute(set) ? set : g_get_user_data_dir(),
                         "lacuna", "plugins", NULL);
    g_autofree char *library = library_folder();

    add_variable(folders);
    add_build_tree(folders, library);
    add_folder(folders, user);
    add_installed(folders, library);
    g_ptr_array_add(folders, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&folders), FALSE);
}

static int
by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **
lac_plugin_names(LacPluginKind kind)
{
    g_auto(GStrv) folders = lac_plugin_path();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    for (char **folder = folders; *folder != NULL; folder++) {
        g_autofree char *place = g_build_filename(*folder, lac_plugin_kind_folder(kind), NULL);
        g_autoptr(GDir) dir = g_dir_open(place, 0, NULL);
        const char *file;

        while (dir != NULL && (file = g_dir_read_name(dir)) != NULL) {
            g_autofree char *name = g_strdup(file);

            if (!g_str_has_suffix(name, ".so"))
                continue;
            name[strlen(name) - 3] = '\0';
            if (g_hash_table_add(seen, name))
                g_ptr_array_add(names, g_steal_pointer(&name));
        }
    }
    g_ptr_array_sort(names, by_text);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

/* The kind that does have a plugin called @name; FALSE when none has. */
static gboolean
find_other_kind(LacPluginKind kind, const char *name, LacPluginKind *out)
{
    for (int k = LAC_PLUGIN_MASK; k <= LAC_PLUGIN_READER; k++) {
        g_auto(GStrv) names = lac_plugin_names((LacPluginKind)k);

        if (k != (int)kind && g_strv_contains((const char *const *)names, name)) {
            *out = (LacPluginKind)k;
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean
fail_not_found(LacPluginKind kind, const char *name, char **folders, GError **error)
{
    g_auto(GStrv) names = lac_plugin_names(kind);
    g_autofree char *places = g_strjoinv(", ", folders);
    const char *word = lac_plugin_kind_word(kind);
    const char *nearest = lac_suggest(name, (const char *const *)names);
    LacPluginKind other;

    if (nearest != NULL)
        return lac_fail(error, LAC_ERROR_PLUGIN,
                        "there is no %s called '%s' (did you mean '%s'?); looked for %s/%s.so in "
                        "%s",
                        word, name, nearest, lac_plugin_kind_folder(kind), name, places);
    if (find_other_kind(kind, name, &other))
        return lac_fail(error, LAC_ERROR_PLUGIN,
                        "there is no %s called '%s'; '%s' is the name of a plugin of kind '%s'",
                        word, name, name, lac_plugin_kind_word(other));
    return lac_fail(error, LAC_ERROR_PLUGIN,
                    "there is no %s called '%s'; looked for %s/%s.so in %s; 'lacuna plugins %s' "
                    "lists what there is",
                    word, name, lac_plugin_kind_folder(kind), name, places,
                    lac_plugin_kind_folder(kind));
}

/* Names come from experiment files, which must not be able to point at code. */
static gboolean
is_plain_name(const char *name)
{
    if (*name == '\0')
        return FALSE;
    for (const char *c = name; *c != '\0'; c++)
        if (!g_ascii_isalnum(*c) && *c != '-' && *c != '_')
            return FALSE;
    return TRUE;
}

static const LacPlugin *
load_component(const char *path, LacPluginKind kind, const char *name, GError **error)
{
    const LacPlugin *plugin = lac_plugin_load_file(path, error);

    if (plugin == NULL)
        return NULL;
    plugin = lac_descriptor_named(plugin, name);
    if (plugin == NULL || plugin->kind != kind)
        return lac_fail_null(error, LAC_ERROR_PLUGIN, "%s: holds no %s called '%s'", path,
                             lac_plugin_kind_word(kind), name);
    return plugin;
}

const LacPlugin *
lac_plugin_find(LacPluginKind kind, const char *name, GError **error)
{
    g_auto(GStrv) folders = lac_plugin_path();

    if (!is_plain_name(name))
        return lac_fail_null(error, LAC_ERROR_PLUGIN,
                             "'%s' is not the name of a %s; expected letters, digits and dashes",
                             name, lac_plugin_kind_word(kind));
    for (char **folder = folders; *folder != NULL; folder++) {
        g_autofree char *file = g_strconcat(name, ".so", NULL);
        g_autofree char *path = g_build_filename(*folder, lac_plugin_kind_folder(kind), file, NULL);

        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return load_component(path, kind, name, error);
    }
    fail_not_found(kind, name, folders, error);
    return NULL;
}
