/* Names of alternatives: the plugin's, with what tells it from the others of the same plugin and
 * what else the file says about it. */
#include "choice.h"
#include "columns.h"

#include <string.h>

/* "{n_neighbors: 10}": as the file would say it, where all values are scalars. */
static char *
map_text(const LacNode *node)
{
    g_autoptr(GString) text = g_string_new("{");

    for (size_t i = 0; i < node->n; i++) {
        if (node->items[i]->text == NULL)
            return lac_node_to_json(node);
        g_string_append_printf(text, "%s%s: %s", i > 0 ? ", " : "", node->keys[i]->text,
                               node->items[i]->text);
    }
    g_string_append_c(text, '}');
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *
value_text(const LacChoice *choice, size_t i)
{
    const LacNode *node = choice->in_force->items[i], *written = NULL;
    g_autofree char *json = NULL, *hash = NULL;

    if (strcmp(choice->in_force->keys[i]->text, LAC_COLUMNS_KEY) == 0 &&
        choice->columns != NULL) { /* too long to be read: the file's name, or a mark of it */
        written = lac_node_get(choice->params, LAC_COLUMNS_KEY);
        if (written->text != NULL)
            return g_strdup(written->text);
        json = lac_node_to_json(node);
        hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, json, -1);
        return g_strndup(hash, 8);
    }
    if (node->text != NULL)
        return g_strdup(node->text);
    return node->type == LAC_NODE_MAP ? map_text(node) : lac_node_to_json(node);
}

/* What a choice is called before parameters have to tell it from another. */
static char *
base_label(const LacChoice *choice)
{
    const LacNode *path = lac_node_get(choice->in_force, "path");
    g_autofree char *name = NULL;

    if (choice->plugin->kind != LAC_PLUGIN_READER || path == NULL || path->text == NULL)
        return g_strdup(choice->plugin->name);
    name = g_path_get_basename(path->text);
    if (g_str_has_suffix(name, ".gz"))
        name[strlen(name) - 3] = '\0';
    if (strrchr(name, '.') != NULL && strrchr(name, '.') != name)
        *strrchr(name, '.') = '\0';
    return g_steal_pointer(&name);
}

/* ---- what has to be said -----------------------------------------------------------------------
 */

/* Parameters of the choices that share a base label. */
typedef struct {
    GPtrArray *choices;  /* LacChoice, lent */
    GPtrArray *names;    /* of all parameters in force, in order, lent */
    GHashTable *varying; /* not the same in all choices */
    GHashTable *needed;  /* the first of these that tell all choices apart */
} Family;

static void
family_free(gpointer data)
{
    Family *family = data;

    g_ptr_array_unref(family->choices);
    g_ptr_array_unref(family->names);
    g_hash_table_unref(family->varying);
    g_hash_table_unref(family->needed);
    g_free(family);
}

static void
family_add(GHashTable *families, const char *base, LacChoice *choice)
{
    Family *family = g_hash_table_lookup(families, base);

    if (family == NULL) {
        family = g_new(Family, 1);
        family->choices = g_ptr_array_new();
        family->names = g_ptr_array_new();
        family->varying = g_hash_table_new(g_str_hash, g_str_equal);
        family->needed = g_hash_table_new(g_str_hash, g_str_equal);
        g_hash_table_insert(families, (gpointer)base, family);
    }
    g_ptr_array_add(family->choices, choice);
    for (size_t p = 0; p < choice->in_force->n; p++) {
        const char *name = choice->in_force->keys[p]->text;

        if (!g_ptr_array_find_with_equal_func(family->names, name, g_str_equal, NULL))
            g_ptr_array_add(family->names, (gpointer)name);
    }
}

/* Into @finer[]: what @parts[] says of each choice, and the value of @name. Returns how many
 * differ;
 * @values: how many values there are. */
static guint
family_split(const Family *family, const char *name, char *const *parts, char **finer,
             guint *values)
{
    g_autoptr(GHashTable) distinct = g_hash_table_new(g_str_hash, g_str_equal),
                          own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < family->choices->len; i++) {
        const LacChoice *choice = family->choices->pdata[i];
        const LacNode *value = lac_node_get(choice->in_force, name);
        char *json = value != NULL ? lac_node_to_json(value) : g_strdup("");

        finer[i] = g_strdup_printf("%s\x1f%s", parts[i], json);
        g_hash_table_add(distinct, finer[i]);
        g_hash_table_add(own, json);
    }
    *values = g_hash_table_size(own);
    return g_hash_table_size(distinct);
}

static void
family_compare(Family *family)
{
    const guint n = family->choices->len;
    g_auto(GStrv) parts = g_new0(char *, n + 1);
    guint apart = 1, values;

    for (guint i = 0; i < n; i++)
        parts[i] = g_strdup("");
    for (guint p = 0; p < family->names->len; p++) {
        g_auto(GStrv) finer = g_new0(char *, n + 1);
        const guint now = family_split(family, family->names->pdata[p], parts, finer, &values);

        if (values > 1)
            g_hash_table_add(family->varying, family->names->pdata[p]);
        if (now > apart) {
            g_hash_table_add(family->needed, family->names->pdata[p]);
            g_strfreev(parts);
            parts = g_steal_pointer(&finer);
            apart = now;
        }
    }
}

/* Whether a search draws @name, or something inside it. Paths read "model.knn.k", "model.mlp.l[0]".
 */
static gboolean
is_drawn(const LacChoice *choice, const char *position, const char *name)
{
    g_autofree char *path = g_strdup_printf("%s.%s.%s", position, choice->plugin->name, name);
    const guint n = g_strv_length(choice->axes);
    const size_t length = strlen(path);

    for (guint i = n - 2 * (guint)choice->n_drawn; i < n; i += 2)
        if (g_str_has_prefix(choice->axes[i], path) &&
            strchr(".[", choice->axes[i][length]) != NULL)
            return TRUE;
    return FALSE;
}

/* A text that every choice has to give says by itself what it is: "external sk-knn". */
static gboolean
is_name(const LacChoice *choice, const char *name)
{
    const LacParam *first = choice->plugin->params;

    return first != NULL && g_strcmp0(first->name, name) == 0 &&
           first->type == LAC_PARAM_TYPE_STRING && first->text == NULL;
}

static char *
choice_label(const LacChoice *choice, const char *position, const char *base, const Family *family)
{
    GString *label = g_string_new(base);

    for (size_t p = 0; p < choice->in_force->n; p++) {
        const char *name = choice->in_force->keys[p]->text;
        const gboolean needed = g_hash_table_contains(family->needed, name),
                       told = g_hash_table_contains(family->varying, name) &&
                              lac_node_get(choice->params, name) != NULL;
        g_autofree char *value = NULL;

        if ((!needed && !told) || (choice->family != NULL && is_drawn(choice, position, name)))
            continue;
        value = value_text(choice, p);
        if (is_name(choice, name))
            g_string_append_printf(label, " %s", value);
        else
            g_string_append_printf(label, " %s=%s", name, value);
    }
    return g_string_free(label, FALSE);
}

/* What a search draws is told by its number; the family has the name without it. */
static void
label_choice(LacChoice *choice, const char *position, const char *base, const Family *family)
{
    choice->label = choice_label(choice, position, base, family);
    if (choice->family == NULL)
        return;
    choice->family_label = g_steal_pointer(&choice->label);
    choice->label = g_strdup_printf("%s draw %zu", choice->family_label, choice->draw + 1);
}

gboolean
lac_choices_label(GPtrArray *choices, const char *position, GError **error)
{
    g_auto(GStrv) bases = g_new0(char *, choices->len + 1);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) families =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, family_free);
    GHashTableIter iter;
    gpointer family;

    for (guint i = 0; i < choices->len; i++) {
        bases[i] = base_label(choices->pdata[i]);
        family_add(families, bases[i], choices->pdata[i]);
    }
    g_hash_table_iter_init(&iter, families);
    while (g_hash_table_iter_next(&iter, NULL, &family))
        family_compare(family);
    for (guint i = 0; i < choices->len; i++) {
        LacChoice *choice = choices->pdata[i];

        label_choice(choice, position, bases[i], g_hash_table_lookup(families, bases[i]));
        if (!g_hash_table_add(seen, choice->label))
            return lac_node_fail(error, choice->place, "%s: '%s' is listed twice", position,
                                 choice->label);
    }
    return TRUE;
}
