/* `profiles:` and `profile:`, and the values of --set around them. */
#include "profile.h"

#include <string.h>

/* What an override asks of the order: the choice of a profile and its text come before it. */
static gboolean
is_about_profiles(const char *path)
{
    return strcmp(path, "profile") == 0 || g_str_has_prefix(path, "profiles");
}

static gboolean
apply_overrides(LacExperiment *e, const char *const *overrides, gboolean about_profiles,
                GError **error)
{
    for (; overrides != NULL && *overrides != NULL; overrides++) {
        const char *equals = strchr(*overrides, '=');
        g_autofree char *path = NULL;

        if (equals == NULL || equals == *overrides)
            return lac_fail(error, LAC_ERROR_PARAM,
                            "--set %s: expected path=value, as in --set repeats=1", *overrides);
        path = g_strndup(*overrides, (gsize)(equals - *overrides));
        if (is_about_profiles(path) == about_profiles &&
            !lac_node_set_path(e->root, path, equals + 1, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
check_profiles(const LacNode *profiles, GError **error)
{
    if (profiles->type != LAC_NODE_MAP || profiles->n == 0)
        return lac_node_fail(error, profiles,
                             "profiles is %s, expected a map from names to values, as in "
                             "`full: {repeats: 10}`",
                             profiles->n == 0 && profiles->type == LAC_NODE_MAP
                                 ? "empty"
                                 : lac_node_type_name(profiles->type));
    for (size_t i = 0; i < profiles->n; i++) {
        const LacNode *values = profiles->items[i];

        if (values->type != LAC_NODE_MAP && values->type != LAC_NODE_NULL)
            return lac_node_fail(error, values,
                                 "profile %s is %s, expected a map from paths to values, as in "
                                 "`data.csv.rows: 1000`",
                                 profiles->keys[i]->text, lac_node_type_name(values->type));
    }
    return TRUE;
}

static gboolean
set_values(LacNode *root, const LacNode *values, const char *name, GError **error)
{
    for (size_t i = 0; i < values->n; i++) {
        const LacNode *path = values->keys[i];
        g_autofree char *what = g_strdup_printf("%s:%u:%u: profile %s, %s", path->file, path->line,
                                                path->column, name, path->text);

        if (is_about_profiles(path->text) || strcmp(path->text, "lacuna") == 0)
            return lac_node_fail(error, path, "profile %s cannot set '%s'", name, path->text);
        if (!lac_node_put_path(root, path->text, values->items[i], what, error))
            return FALSE;
    }
    return TRUE;
}

/* The values of the profile called @wanted, lent; NULL with an error that lists the names. */
static const LacNode *
find_profile(const LacNode *profiles, const LacNode *wanted, GError **error)
{
    const LacNode *found = wanted->text != NULL ? lac_node_get(profiles, wanted->text) : NULL;
    g_autoptr(GPtrArray) names = NULL;
    g_autofree char *all = NULL;

    if (found != NULL)
        return found;
    names = g_ptr_array_new();
    for (size_t i = 0; i < profiles->n; i++)
        g_ptr_array_add(names, profiles->keys[i]->text);
    g_ptr_array_add(names, NULL);
    all = g_strjoinv(", ", (char **)names->pdata);
    lac_node_fail(error, wanted, "profile: '%s' is not one of the profiles: %s",
                  wanted->text != NULL ? wanted->text : lac_node_type_name(wanted->type), all);
    return NULL;
}

/* Without profiles to choose from, `profile` is what an earlier choice has left: a name. */
static gboolean
take_name(LacExperiment *e, const LacNode *profile, const char *const *overrides, GError **error)
{
    if (profile == NULL)
        return TRUE;
    for (; overrides != NULL && *overrides != NULL; overrides++)
        if (g_str_has_prefix(*overrides, "profile="))
            return lac_fail(error, LAC_ERROR_PARAM, "--set %s: %s has no `profiles` to choose from",
                            *overrides, e->file);
    if (profile->text == NULL || profile->text[0] == '\0')
        return lac_node_fail(error, profile, "profile is %s, expected a name",
                             lac_node_type_name(profile->type));
    e->profile = g_strdup(profile->text);
    return TRUE;
}

static LacNode *
text_node(const LacNode *place, const char *text)
{
    LacNode *node = g_new0(LacNode, 1);

    node->type = LAC_NODE_STRING;
    node->text = g_strdup(text);
    node->file = place->file;
    node->line = place->line;
    node->column = place->column;
    return node;
}

/* Without a choice it is the profile written first. */
static gboolean
choose(LacExperiment *e, GError **error)
{
    g_autoptr(LacNode) profiles = lac_node_take(e->root, "profiles");
    const LacNode *wanted = lac_node_get(e->root, "profile"), *values;
    g_autoptr(LacNode) name = NULL;

    if (!check_profiles(profiles, error))
        return FALSE;
    name = wanted != NULL ? lac_node_dup(wanted) : text_node(profiles, profiles->keys[0]->text);
    values = find_profile(profiles, name, error);
    if (values == NULL || !set_values(e->root, values, name->text, error))
        return FALSE;
    e->profile = g_strdup(name->text);
    return lac_node_put_path(e->root, "profile", name, "profile", error);
}

gboolean
lac_profile_apply(LacExperiment *e, const char *const *overrides, GError **error)
{
    const LacNode *profiles;

    if (!apply_overrides(e, overrides, TRUE, error))
        return FALSE;
    profiles = lac_node_get(e->root, "profiles");
    if (profiles != NULL && profiles->type != LAC_NODE_NULL) {
        if (!choose(e, error))
            return FALSE;
    } else if (!take_name(e, lac_node_get(e->root, "profile"), overrides, error)) {
        return FALSE;
    }
    return apply_overrides(e, overrides, FALSE, error);
}
