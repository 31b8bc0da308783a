/* A model as people write it on a command line: NAME, or NAME: {PARAM: VALUE}. */
#include "impute-private.h"

#include <string.h>

static LacNode *
fail_shape(const char *option, const char *text, GError **error)
{
    return lac_fail_null(error, LAC_ERROR_PARAM,
                         "%s=%s: expected NAME or \"NAME: {PARAM: VALUE}\", as in \"knn: {k: 10}\"",
                         option, text);
}

LacNode *
lac_model_text_parse(const char *option, const char *text, char **name_out, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(LacNode) node = lac_yaml_parse(text, strlen(text), option, &why);

    if (node != NULL && node->type == LAC_NODE_STRING && strpbrk(node->text, "{}[]") == NULL) {
        *name_out = g_strdup(node->text);
        return lac_yaml_parse("{}", 2, option, error);
    }
    if (node == NULL || node->type != LAC_NODE_MAP || node->n != 1 ||
        (node->items[0]->type != LAC_NODE_MAP && node->items[0]->type != LAC_NODE_NULL))
        return fail_shape(option, text, error);
    *name_out = g_strdup(node->keys[0]->text);
    return node->items[0]->type == LAC_NODE_MAP ? lac_node_dup(node->items[0])
                                                : lac_yaml_parse("{}", 2, option, error);
}
