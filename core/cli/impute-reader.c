/* Tables that are no delimited text: what a reader makes of them goes the same way as text. */
#include "impute-private.h"
#include "reader-private.h"

#include <string.h>

/* Names of delimited text, for which no reader needs to be opened. */
static gboolean
reads_as_text(const char *path)
{
    static const char *const usual[] = {"csv", "tsv", "txt", "data", "dat", NULL};
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *name = g_ascii_strdown(base, -1);
    const char *dot;

    if (g_str_has_suffix(name, ".gz"))
        name[strlen(name) - 3] = '\0';
    dot = strrchr(name, '.');
    return dot == NULL || g_strv_contains(usual, dot + 1);
}

/* The reader of @path, NULL when it is delimited text. */
static const LacReaderPlugin *
reader_of(const char *path)
{
    const LacReaderPlugin *reader = reads_as_text(path) ? NULL : lac_reader_for_path(path);

    return reader != NULL && strcmp(reader->plugin.name, "csv") != 0 ? reader : NULL;
}

gboolean
lac_impute_can_write(const char *path, GError **error)
{
    const LacReaderPlugin *reader = reader_of(path);

    return reader == NULL ||
           lac_fail(error, LAC_ERROR_PARAM,
                    "%s: only delimited text is written, which is not what %s reads; give a name "
                    "that ends in .csv",
                    path, reader->plugin.name);
}

static LacNode *
path_params(const char *path, GError **error)
{
    g_autofree char *absolute =
        strcmp(path, "-") == 0 ? g_strdup(path) : g_canonicalize_filename(path, NULL);
    g_autoptr(LacNode) params = lac_yaml_parse("{path: x}", 9, path, error);
    LacNode *node = params != NULL ? lac_node_get(params, "path") : NULL;

    if (node == NULL)
        return NULL;
    g_free(node->text);
    node->text = g_steal_pointer(&absolute);
    return g_steal_pointer(&params);
}

gboolean
lac_impute_read_text(const char *path, LacReaderText **out, GError **error)
{
    const LacReaderPlugin *plugin = reader_of(path);
    g_autoptr(LacNode) params = NULL;
    LacReader *reader;

    *out = NULL;
    if (plugin == NULL)
        return TRUE;
    if (plugin->text == NULL)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "%s: what %s reads has no names and kinds of columns to write it back "
                        "with; turn it into delimited text, or use it in an experiment",
                        path, plugin->plugin.name);
    params = path_params(path, error);
    reader = params != NULL ? lac_instance_new(&plugin->plugin, params, ".", error) : NULL;
    if (reader == NULL)
        return FALSE;
    *out = plugin->text(reader, error);
    lac_instance_free(reader);
    return *out != NULL;
}
