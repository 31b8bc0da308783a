/* Where a PATH parameter points: ${VAR} expanded, then looked for beside the experiment file and
 * below LACUNA_DATA. */
#include "plugin-private.h"

#include <string.h>

/* @text with every ${NAME} replaced; an unset variable is an error, not an empty text. */
static char *
expand(const LacNode *node, const char *where, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (const char *p = node->text; *p != '\0';) {
        const char *end = g_str_has_prefix(p, "${") ? strchr(p, '}') : NULL;
        g_autofree char *name = NULL;
        const char *value;

        if (end == NULL) {
            g_string_append_c(out, *p++);
            continue;
        }
        name = g_strndup(p + 2, (gsize)(end - p - 2));
        value = g_getenv(name);
        if (value == NULL) {
            lac_node_fail(error, node,
                          "%s = %s: the environment variable %s is not set; set it or write the "
                          "path out",
                          where, node->text, name);
            return NULL;
        }
        g_string_append(out, value);
        p = end + 1;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

char *
lac_path_resolve(const LacNode *node, const char *where, const char *base_dir, GError **error)
{
    g_autofree char *path = expand(node, where, error);
    g_autofree char *beside = NULL, *below = NULL, *base = NULL;
    const char *data = g_getenv("LACUNA_DATA");

    if (path == NULL)
        return NULL;
    if (*path == '\0') {
        lac_node_fail(error, node, "%s is empty; expected a path", where);
        return NULL;
    }
    /* "-" is standard input */
    if (g_path_is_absolute(path) || strcmp(path, "-") == 0)
        return g_steal_pointer(&path);
    base = g_canonicalize_filename(base_dir != NULL ? base_dir : ".", NULL);
    beside = g_canonicalize_filename(path, base);
    if (g_file_test(beside, G_FILE_TEST_EXISTS))
        return g_steal_pointer(&beside);
    if (data == NULL || *data == '\0') {
        lac_node_fail(error, node,
                      "%s = %s: there is no such file in %s; correct the path or set LACUNA_DATA "
                      "to the folder that holds it",
                      where, node->text, base);
        return NULL;
    }
    below = g_build_filename(data, path, NULL);
    if (g_file_test(below, G_FILE_TEST_EXISTS))
        return g_canonicalize_filename(below, NULL);
    lac_node_fail(error, node, "%s = %s: there is no such file in %s nor in LACUNA_DATA (%s)",
                  where, node->text, base, data);
    return NULL;
}
