/* The user's registered programs: a YAML map from names to lists of words. */
#include <lacuna/program.h>

#include "node-private.h"

#include <string.h>

char *
lac_program_file(void)
{
    const char *named = g_getenv("LACUNA_IMPUTERS");

    if (named != NULL && *named != '\0')
        return g_strdup(named);
    return g_build_filename(g_get_user_config_dir(), "lacuna", "imputers.yaml", NULL);
}

/* "knn, mice", or NULL when there is none. Owned. */
static char *
names_of(const LacNode *all)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (size_t i = 0; i < all->n; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", all->keys[i]->text);
    return names->len > 0 ? g_string_free(g_steal_pointer(&names), FALSE) : NULL;
}

static const char *
nearest(const LacNode *all, const char *name)
{
    g_autofree const char **names = g_new0(const char *, all->n + 1);

    for (size_t i = 0; i < all->n; i++)
        names[i] = all->keys[i]->text;
    return lac_suggest(name, names);
}

static gpointer
fail_unknown(const LacNode *all, const char *file, const char *name, GError **error)
{
    g_autofree char *names = names_of(all);
    const char *near = nearest(all, name);

    return lac_fail_null(error, LAC_ERROR_PLUGIN,
                         "no program is registered as '%s' in %s, which names %s%s%s%s; add a line "
                         "'%s: [PROGRAM, ARGUMENT ...]' to it",
                         name, file, names != NULL ? names : "none",
                         near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
                         near != NULL ? "'?)" : "", name);
}

static char **
words_of(const LacNode *list, const char *name, GError **error)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();

    if (list->type != LAC_NODE_LIST || list->n == 0) {
        lac_node_fail(error, list, "%s is %s, expected a list [PROGRAM, ARGUMENT ...]", name,
                      list->n == 0 && list->type == LAC_NODE_LIST ? "an empty list"
                                                                  : lac_node_type_name(list->type));
        return NULL;
    }
    for (size_t i = 0; i < list->n; i++) {
        if (list->items[i]->text == NULL) {
            lac_node_fail(error, list->items[i], "%s: word %zu is %s, expected a text", name, i + 1,
                          lac_node_type_name(list->items[i]->type));
            return NULL;
        }
        g_strv_builder_add(words, list->items[i]->text);
    }
    if (*list->items[0]->text == '\0' ||
        (strchr(list->items[0]->text, '/') != NULL && !g_path_is_absolute(list->items[0]->text))) {
        lac_node_fail(error, list->items[0],
                      "%s: '%s' is neither the name of a program on PATH nor an absolute path",
                      name, list->items[0]->text);
        return NULL;
    }
    return g_strv_builder_end(words);
}

char **
lac_program_find(const char *name, GError **error)
{
    g_autofree char *file = lac_program_file();
    g_autoptr(LacNode) all = NULL;
    const LacNode *words;

    if (strchr(name, '/') != NULL)
        return lac_fail_null(error, LAC_ERROR_PLUGIN,
                             "'%s' is a path, and files of experiments run no programs by path; "
                             "register it by a name in %s, and give that name",
                             name, file);
    if (!g_file_test(file, G_FILE_TEST_EXISTS))
        return lac_fail_null(error, LAC_ERROR_PLUGIN,
                             "no program is registered as '%s': there is no file %s; make it, with "
                             "a line '%s: [PROGRAM, ARGUMENT ...]', or let LACUNA_IMPUTERS name "
                             "another",
                             name, file, name);
    all = lac_yaml_load(file, error);
    if (all == NULL)
        return NULL;
    if (all->type != LAC_NODE_MAP && all->type != LAC_NODE_NULL) {
        lac_node_fail(error, all, "%s, expected a map from names to lists [PROGRAM, ARGUMENT ...]",
                      lac_node_type_name(all->type));
        return NULL;
    }
    words = all->type == LAC_NODE_MAP ? lac_node_get(all, name) : NULL;
    return words != NULL ? words_of(words, name, error) : fail_unknown(all, file, name, error);
}

gboolean
lac_program_check(const char *name, GError **error)
{
    g_auto(GStrv) words = lac_program_find(name, error);
    g_autofree char *file = lac_program_file(), *found = NULL;

    if (words == NULL)
        return FALSE;
    found = g_find_program_in_path(words[0]);
    if (found != NULL)
        return TRUE;
    if (g_path_is_absolute(words[0]))
        return lac_fail(error, LAC_ERROR_PLUGIN, "'%s' runs %s, says %s, and %s; correct its line",
                        name, words[0], file,
                        g_file_test(words[0], G_FILE_TEST_EXISTS) ? "that is no program"
                                                                  : "there is no such file");
    return lac_fail(error, LAC_ERROR_PLUGIN,
                    "'%s' runs %s, says %s, and no program of that name is on PATH; install it, or "
                    "correct its line",
                    name, words[0], file);
}
