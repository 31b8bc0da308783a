/* A tree with axes in it becomes a list of trees without. */
#include "sweep.h"

#include <math.h>
#include <string.h>

enum {
    MAX_VARIANTS = 100000, /* of one component; more is a slip of the pen */
};

static const double range_slack = 1e-9; /* of a step: 0.1 .. 0.9 by 0.1 includes 0.9 */

void
lac_variant_free(gpointer data)
{
    LacVariant *variant = data;

    if (variant == NULL)
        return;
    lac_node_free(variant->params);
    g_ptr_array_unref(variant->axes);
    g_free(variant);
}

gboolean
lac_node_check_keys(const LacNode *node, const char *what, const char *const *known, GError **error)
{
    if (node->type != LAC_NODE_MAP)
        return lac_node_fail(error, node, "%s is %s, expected a map", what,
                             lac_node_type_name(node->type));
    for (size_t i = 0; i < node->n; i++) {
        const char *key = node->keys[i]->text, *near;
        g_autofree char *all = NULL;

        if (key != NULL && g_strv_contains(known, key))
            continue;
        near = key != NULL ? lac_suggest(key, known) : NULL;
        if (near != NULL)
            return lac_node_fail(error, node->keys[i], "unknown key '%s' in %s; did you mean '%s'?",
                                 key, what, near);
        all = g_strjoinv(", ", (char **)known);
        return lac_node_fail(error, node->keys[i], "unknown key '%s' in %s; expected one of %s",
                             key != NULL ? key : "?", what, all);
    }
    return TRUE;
}

/* ---- numbers made here ----------------------------------------------------------------------- */

static LacNode *
number_node(const LacNode *place, double value, gboolean whole)
{
    LacNode *node = g_new0(LacNode, 1);
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    /* twelve digits: 0.1 + 2 * 0.1 is written, and meant, as 0.3 */
    g_ascii_formatd(text, sizeof text, whole ? "%.0f" : "%.12g", value);
    node->type = whole ? LAC_NODE_INT : LAC_NODE_DOUBLE;
    node->text = g_strdup(text);
    node->number = g_ascii_strtod(text, NULL);
    node->integer = whole ? (int64_t)value : 0;
    node->file = place->file;
    node->line = place->line;
    node->column = place->column;
    return node;
}

static gboolean
is_number(const LacNode *node)
{
    return node != NULL && (node->type == LAC_NODE_INT || node->type == LAC_NODE_DOUBLE);
}

static LacNode *
number_of(const LacNode *map, const char *tag, const char *key, GError **error)
{
    LacNode *node = lac_node_get(map, key);

    if (is_number(node))
        return node;
    lac_node_fail(error, node != NULL ? node : map, "%s: '%s' must be a number", tag, key);
    return NULL;
}

static GPtrArray *
node_list(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)lac_node_free);
}

/* !range {from: 0.1, to: 0.9, step: 0.1}: both ends included. */
static GPtrArray *
range_values(const LacNode *node, GError **error)
{
    static const char *const known[] = {"from", "to", "step", NULL};
    g_autoptr(GPtrArray) values = node_list();
    const LacNode *from, *to, *step;
    gboolean whole;
    double count;

    if (!lac_node_check_keys(node, "!range", known, error) ||
        (from = number_of(node, "!range", "from", error)) == NULL ||
        (to = number_of(node, "!range", "to", error)) == NULL ||
        (step = number_of(node, "!range", "step", error)) == NULL)
        return NULL;
    count = floor((to->number - from->number) / step->number + range_slack) + 1.0;
    if (!(step->number != 0.0) || !(count >= 1.0)) {
        lac_node_fail(error, node, "!range from %s to %s by %s has no value", from->text, to->text,
                      step->text);
        return NULL;
    }
    if (count > MAX_VARIANTS) {
        lac_node_fail(error, node, "!range has %.0f values; at most %d are allowed", count,
                      MAX_VARIANTS);
        return NULL;
    }
    whole = from->type == LAC_NODE_INT && step->type == LAC_NODE_INT;
    for (double i = 0; i < count; i++)
        g_ptr_array_add(values, number_node(node, from->number + i * step->number, whole));
    return g_steal_pointer(&values);
}

/* ---- product --------------------------------------------------------------------------------- */

static LacVariant *
variant_new(LacNode *params)
{
    LacVariant *variant = g_new0(LacVariant, 1);

    variant->params = params;
    variant->axes = g_ptr_array_new_with_free_func(g_free);
    return variant;
}

static void
variant_add_axis(LacVariant *variant, const char *path, const LacNode *value)
{
    g_ptr_array_add(variant->axes, g_strdup(path));
    g_ptr_array_add(variant->axes,
                    value->text != NULL ? g_strdup(value->text) : lac_node_to_json(value));
}

static LacVariant *
variant_dup(const LacVariant *from)
{
    LacVariant *variant = variant_new(lac_node_dup(from->params));

    for (guint i = 0; i < from->axes->len; i++)
        g_ptr_array_add(variant->axes, g_strdup(from->axes->pdata[i]));
    return variant;
}

static GPtrArray *expand(const LacNode *node, const char *path, GError **error);

static GPtrArray *
expand_sweep(const LacNode *node, const char *path, GError **error)
{
    g_autoptr(GPtrArray) variants = g_ptr_array_new_with_free_func(lac_variant_free);

    if (node->type != LAC_NODE_LIST || node->n == 0) {
        lac_node_fail(error, node, "!sweep wants a list of values, as in !sweep [1, 5, 10]");
        return NULL;
    }
    for (size_t i = 0; i < node->n; i++) {
        LacVariant *variant;

        if (node->items[i]->tag != NULL) {
            lac_node_fail(error, node->items[i], "%s inside !sweep is not possible",
                          node->items[i]->tag);
            return NULL;
        }
        variant = variant_new(lac_node_dup(node->items[i]));
        variant_add_axis(variant, path, node->items[i]);
        g_ptr_array_add(variants, variant);
    }
    return g_steal_pointer(&variants);
}

static GPtrArray *
expand_range(const LacNode *node, const char *path, GError **error)
{
    g_autoptr(GPtrArray) values = range_values(node, error), variants = NULL;

    if (values == NULL)
        return NULL;
    variants = g_ptr_array_new_with_free_func(lac_variant_free);
    for (guint i = 0; i < values->len; i++) {
        LacVariant *variant = variant_new(lac_node_dup(values->pdata[i]));

        variant_add_axis(variant, path, values->pdata[i]);
        g_ptr_array_add(variants, variant);
    }
    return g_steal_pointer(&variants);
}

/* Every variant so far with every variant of child @at. */
static GPtrArray *
multiply(const GPtrArray *so_far, size_t at, const GPtrArray *child, const LacNode *place,
         GError **error)
{
    g_autoptr(GPtrArray) product = g_ptr_array_new_with_free_func(lac_variant_free);

    if ((guint64)so_far->len * child->len > MAX_VARIANTS) {
        lac_node_fail(error, place, "the sweep has more than %d combinations", MAX_VARIANTS);
        return NULL;
    }
    for (guint i = 0; i < so_far->len; i++)
        for (guint j = 0; j < child->len; j++) {
            LacVariant *variant = variant_dup(so_far->pdata[i]);
            const LacVariant *chosen = child->pdata[j];

            lac_node_free(variant->params->items[at]);
            variant->params->items[at] = lac_node_dup(chosen->params);
            for (guint k = 0; k < chosen->axes->len; k++)
                g_ptr_array_add(variant->axes, g_strdup(chosen->axes->pdata[k]));
            g_ptr_array_add(product, variant);
        }
    return g_steal_pointer(&product);
}

static gboolean
holds_axis(const LacNode *node)
{
    if (node->tag != NULL)
        return TRUE;
    for (size_t i = 0; i < node->n; i++)
        if (holds_axis(node->items[i]))
            return TRUE;
    return FALSE;
}

static GPtrArray *
expand_children(const LacNode *node, const char *path, GError **error)
{
    g_autoptr(GPtrArray) variants = g_ptr_array_new_with_free_func(lac_variant_free);

    g_ptr_array_add(variants, variant_new(lac_node_dup(node)));
    for (size_t i = 0; i < node->n; i++) {
        g_autofree char *below = node->type == LAC_NODE_MAP
                                     ? g_strdup_printf("%s.%s", path, node->keys[i]->text)
                                     : g_strdup_printf("%s[%zu]", path, i);
        g_autoptr(GPtrArray) child = NULL;
        GPtrArray *product;

        if (!holds_axis(node->items[i]))
            continue;
        child = expand(node->items[i], below, error);
        product = child != NULL ? multiply(variants, i, child, node->items[i], error) : NULL;
        if (product == NULL)
            return NULL;
        g_ptr_array_unref(variants);
        variants = product;
    }
    return g_steal_pointer(&variants);
}

static GPtrArray *
expand(const LacNode *node, const char *path, GError **error)
{
    if (g_strcmp0(node->tag, "!sweep") == 0)
        return expand_sweep(node, path, error);
    if (g_strcmp0(node->tag, "!range") == 0)
        return expand_range(node, path, error);
    if (node->tag != NULL) {
        lac_node_fail(error, node, "unknown tag '%s'; expected !sweep, !range or !random",
                      node->tag);
        return NULL;
    }
    return expand_children(node, path, error);
}

/* ---- random search --------------------------------------------------------------------------- */

/* One !random found in a tree: where it hangs and what it is called. */
typedef struct {
    LacNode **slot;
    char *path;
} RandomSlot;

static void
random_slot_clear(gpointer data)
{
    g_free(((RandomSlot *)data)->path);
}

static void
find_random(LacNode **slot, const char *path, GArray *found)
{
    LacNode *node = *slot;

    if (g_strcmp0(node->tag, "!random") == 0) {
        const RandomSlot here = {slot, g_strdup(path)};

        g_array_append_val(found, here);
        return;
    }
    for (size_t i = 0; i < node->n; i++) {
        g_autofree char *below = node->type == LAC_NODE_MAP
                                     ? g_strdup_printf("%s.%s", path, node->keys[i]->text)
                                     : g_strdup_printf("%s[%zu]", path, i);

        find_random(&node->items[i], below, found);
    }
}

/* How many draws the !random nodes ask for, @searched when a search says it for all; 0 with an
 * error. */
static int64_t
random_draws(const GArray *found, size_t searched, GError **error)
{
    int64_t draws = (int64_t)searched;

    for (guint i = 0; i < found->len; i++) {
        const LacNode *node = *g_array_index(found, RandomSlot, i).slot;
        const LacNode *wanted = node->type == LAC_NODE_MAP ? lac_node_get(node, "draws") : NULL;

        if (wanted == NULL && searched > 0 && node->type == LAC_NODE_MAP)
            continue;
        if (wanted == NULL || wanted->type != LAC_NODE_INT || wanted->integer < 1 ||
            wanted->integer > MAX_VARIANTS) {
            lac_node_fail(error, node, "!random wants {draws: N, ...} with N from 1 to %d",
                          MAX_VARIANTS);
            return 0;
        }
        if (draws != 0 && wanted->integer != draws) {
            lac_node_fail(error, wanted,
                          "!random: %" G_GINT64_FORMAT " draws here, %" G_GINT64_FORMAT
                          " %s; they are drawn together and must agree",
                          wanted->integer, draws,
                          searched > 0 ? "in `search`" : "in the same component");
            return 0;
        }
        draws = wanted->integer;
    }
    return draws;
}

/* Four digits: search needs no more, and the value can be read and typed again. */
static double
rounded(double value, double from, double to)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    g_ascii_formatd(text, sizeof text, "%.4g", value);
    return CLAMP(g_ascii_strtod(text, NULL), from, to);
}

/* !random {draws: 20, from: 1e-4, to: 1e-1, log: true}, or !random {draws: 20, of: [a, b, c]} */
static LacNode *
random_value(const LacNode *node, LacRng *rng, GError **error)
{
    static const char *const known[] = {"draws", "from", "to", "log", "of", NULL};
    const LacNode *of = lac_node_get(node, "of"), *from, *to, *log_scale;
    double value;
    gboolean whole;

    if (!lac_node_check_keys(node, "!random", known, error))
        return NULL;
    if (of != NULL) {
        if (of->type == LAC_NODE_LIST && of->n > 0)
            return lac_node_dup(of->items[lac_rng_below(rng, of->n)]);
        lac_node_fail(error, of, "!random: 'of' wants a list of values");
        return NULL;
    }
    if ((from = number_of(node, "!random", "from", error)) == NULL ||
        (to = number_of(node, "!random", "to", error)) == NULL)
        return NULL;
    log_scale = lac_node_get(node, "log");
    whole = from->type == LAC_NODE_INT && to->type == LAC_NODE_INT;
    if (!(from->number <= to->number) ||
        (log_scale != NULL && log_scale->number != 0 && !(from->number > 0))) {
        lac_node_fail(error, node, "!random from %s to %s is not possible%s", from->text, to->text,
                      log_scale != NULL ? " on a log scale" : "");
        return NULL;
    }
    value = lac_rng_uniform(rng);
    if (log_scale != NULL && log_scale->number != 0)
        value = exp(log(from->number) + value * (log(to->number) - log(from->number)));
    else if (whole)
        value = floor(from->number + value * (to->number - from->number + 1.0));
    else
        value = from->number + value * (to->number - from->number);
    return number_node(node, whole ? rint(value) : rounded(value, from->number, to->number), whole);
}

static gboolean draw_variants(LacNode *tree, const char *path, const LacRng *rng, size_t searched,
                              GPtrArray *out, GError **error);

GPtrArray *
lac_sweep_expand(const LacNode *params, const char *path, const LacRng *rng, size_t draws,
                 GError **error)
{
    g_autoptr(GPtrArray) grid = NULL, out = g_ptr_array_new_with_free_func(lac_variant_free);
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(RandomSlot));
    g_autoptr(LacNode) tree = NULL;

    if (params == NULL || !holds_axis(params)) {
        g_ptr_array_add(out, variant_new(params != NULL ? lac_node_dup(params) : NULL));
        return g_steal_pointer(&out);
    }
    tree = lac_node_dup(params);
    g_array_set_clear_func(found, random_slot_clear);
    find_random(&tree, path, found);
    if (found->len == 0)
        return expand(tree, path, error);
    return draw_variants(tree, path, rng, draws, out, error) ? g_steal_pointer(&out) : NULL;
}

/* Replaces the !random of @tree, found in it, by the values of draw @d. */
static gboolean
draw_values(const GArray *found, const LacRng *rng, uint64_t d, GError **error)
{
    for (guint i = 0; i < found->len; i++) {
        const RandomSlot *slot = &g_array_index(found, RandomSlot, i);
        const LacRng own = lac_rng_split(rng, slot->path);
        LacRng stream = lac_rng_at(&own, d);
        LacNode *value = random_value(*slot->slot, &stream, error);

        if (value == NULL)
            return FALSE;
        lac_node_free(*slot->slot);
        *slot->slot = value;
    }
    return TRUE;
}

static LacVariant *
drawn_variant(const LacVariant *from, const GArray *found, size_t draw, size_t grid)
{
    LacVariant *variant = variant_dup(from);

    for (guint i = 0; i < found->len; i++) {
        const RandomSlot *slot = &g_array_index(found, RandomSlot, i);

        variant_add_axis(variant, slot->path, *slot->slot);
    }
    variant->n_drawn = found->len;
    variant->draw = draw;
    variant->grid = grid;
    return variant;
}

/* One tree a draw with its !random replaced, then its grid. */
static gboolean
draw_variants(LacNode *tree, const char *path, const LacRng *rng, size_t searched, GPtrArray *out,
              GError **error)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(RandomSlot));
    int64_t draws;

    g_array_set_clear_func(all, random_slot_clear);
    find_random(&tree, path, all);
    draws = random_draws(all, searched, error);
    for (int64_t d = 0; d < draws; d++) {
        g_autoptr(LacNode) drawn = lac_node_dup(tree);
        g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(RandomSlot));
        g_autoptr(GPtrArray) grid = NULL;

        g_array_set_clear_func(found, random_slot_clear);
        find_random(&drawn, path, found);
        grid = draw_values(found, rng, (uint64_t)d, error) ? expand(drawn, path, error) : NULL;
        if (grid == NULL)
            return FALSE;
        for (guint g = 0; g < grid->len; g++)
            g_ptr_array_add(out, drawn_variant(grid->pdata[g], found, (size_t)d, g));
    }
    return draws > 0;
}
