/* The top level of an experiment file: scale, and which rows learn. */
#include "choice.h"
#include "parse.h"
#include "sweep.h"

#include <string.h>

enum {
    MAX_FOLDS = 100000,
};

static void
split_free(gpointer data)
{
    LacSplitChoice *choice = data;

    g_free(choice->label);
    if (choice->tests != NULL)
        g_ptr_array_unref(choice->tests);
    g_free(choice);
}

/* What is allowed as one value or as a list of alternatives. */
typedef gboolean (*ParseOne)(LacExperiment *experiment, const LacNode *node, GError **error);

static gboolean
parse_alternatives(LacExperiment *e, const char *key, ParseOne parse, GError **error)
{
    const LacNode *node = lac_node_get(e->root, key);

    if (node->type != LAC_NODE_LIST)
        return parse(e, node, error);
    if (node->n == 0)
        return lac_node_fail(error, node, "%s: the list is empty; name at least one", key);
    for (size_t i = 0; i < node->n; i++)
        if (!parse(e, node->items[i], error))
            return FALSE;
    return TRUE;
}

static gboolean
parse_scale(LacExperiment *e, const LacNode *node, GError **error)
{
    static const char *const known[] = {"minmax", "standard", "none", NULL};
    LacScale scale;

    if (node->text == NULL || !lac_scale_parse(node->text, &scale)) {
        g_autofree char *hint = lac_suggest_hint(node->text != NULL ? node->text : "", known);

        return lac_node_fail(
            error, node, "scale: '%s' is not known; expected minmax, standard or none%s",
            node->text != NULL ? node->text : lac_node_type_name(node->type), hint);
    }
    g_array_append_val(e->scales, scale);
    return TRUE;
}

static gboolean
parse_share(const LacNode *node, LacSplitSpec *spec, GError **error)
{
    if (node == NULL)
        return TRUE;
    if (!(node->type == LAC_NODE_DOUBLE && node->number > 0.0 && node->number < 1.0))
        return lac_node_fail(error, node,
                             "holdout is the share of rows that are tested; it must lie inside "
                             "(0, 1)");
    spec->kind = LAC_SPLIT_HOLDOUT;
    spec->share = node->number;
    return TRUE;
}

/* {test: {idx: ...}}: a data set of its own. */
static gboolean
parse_tests(const LacExperiment *e, const LacNode *node, LacSplitChoice *choice, GError **error)
{
    const LacRng none = lac_rng_new(0);

    if (node == NULL)
        return TRUE;
    choice->tests =
        lac_choices_parse(node, LAC_PLUGIN_READER, "split.test", e->base_dir, &none, 0, error);
    if (choice->tests == NULL)
        return FALSE;
    if (choice->tests->len != 1)
        return lac_node_fail(error, node, "split.test: %u data sets, expected one",
                             choice->tests->len);
    choice->spec.kind = LAC_SPLIT_TAIL;
    return TRUE;
}

static gboolean
parse_split_map(const LacExperiment *e, const LacNode *node, LacSplitChoice *choice, GError **error)
{
    static const char *const known[] = {"kfold", "holdout", "test", "stratify", NULL};
    const LacNode *stratify, *holdout, *test;
    int64_t folds = 0;

    if (!lac_node_check_keys(node, "split", known, error) ||
        !lac_parse_integer(node, "kfold", 2, MAX_FOLDS, &folds, error))
        return FALSE;
    stratify = lac_node_get(node, "stratify");
    holdout = lac_node_get(node, "holdout");
    test = lac_node_get(node, "test");
    if ((folds > 0) + (holdout != NULL) + (test != NULL) != 1)
        return lac_node_fail(error, node,
                             "split wants either kfold or holdout or test, as in {kfold: 5}, "
                             "{holdout: 0.2} or {test: {csv: {path: test.csv}}}");
    if (stratify != NULL && stratify->type != LAC_NODE_BOOL)
        return lac_node_fail(error, stratify, "stratify is %s, expected true or false",
                             lac_node_type_name(stratify->type));
    choice->spec.stratify = stratify != NULL && stratify->number != 0.0;
    if (folds > 0) {
        choice->spec.kind = LAC_SPLIT_KFOLD;
        choice->spec.folds = (size_t)folds;
    }
    return parse_share(holdout, &choice->spec, error) && parse_tests(e, test, choice, error);
}

static char *
split_label(const LacSplitChoice *choice, const LacNode *node)
{
    const LacSplitSpec *spec = &choice->spec;
    const char *suffix = spec->stratify ? " stratified" : "";

    if (spec->kind == LAC_SPLIT_KFOLD)
        return g_strdup_printf("kfold %zu%s", spec->folds, suffix);
    if (spec->kind == LAC_SPLIT_HOLDOUT)
        return g_strdup_printf("holdout %s%s", lac_node_get(node, "holdout")->text, suffix);
    if (spec->kind == LAC_SPLIT_TAIL)
        return g_strdup_printf("test %s%s", ((const LacChoice *)choice->tests->pdata[0])->label,
                               suffix);
    return g_strdup("none");
}

gboolean
lac_experiment_holds_out(const LacExperiment *e)
{
    for (guint i = 0; i < e->splits->len; i++)
        if (((const LacSplitChoice *)e->splits->pdata[i])->spec.kind == LAC_SPLIT_NONE)
            return FALSE;
    return TRUE;
}

static gboolean
parse_split(LacExperiment *e, const LacNode *node, GError **error)
{
    LacSplitChoice *choice = g_new0(LacSplitChoice, 1);

    choice->spec = (LacSplitSpec){.kind = LAC_SPLIT_NONE, .folds = 1};
    g_ptr_array_add(e->splits, choice);
    if (node->type == LAC_NODE_MAP) {
        if (!parse_split_map(e, node, choice, error))
            return FALSE;
    } else if (node->type != LAC_NODE_NULL && g_strcmp0(node->text, "none") != 0) {
        return lac_node_fail(error, node,
                             "split: '%s' is not known; expected none, {kfold: 5} or "
                             "{holdout: 0.2}",
                             node->text != NULL ? node->text : lac_node_type_name(node->type));
    }
    choice->label = split_label(choice, node);
    return TRUE;
}

gboolean
lac_parse_scale_and_split(LacExperiment *e, GError **error)
{
    const LacScale scale = LAC_SCALE_MINMAX;

    e->scales = g_array_new(FALSE, FALSE, sizeof(LacScale));
    e->splits = g_ptr_array_new_with_free_func(split_free);
    if (lac_node_get(e->root, "scale") == NULL)
        g_array_append_val(e->scales, scale);
    else if (!parse_alternatives(e, "scale", parse_scale, error))
        return FALSE;
    if (lac_node_get(e->root, "split") != NULL)
        return parse_alternatives(e, "split", parse_split, error);
    return parse_split(e, &(LacNode){.type = LAC_NODE_NULL}, error);
}
