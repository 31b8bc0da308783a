/* Any bytes as an experiment file: the parser must refuse or give a tree that its writers take, and
 * what they write must read back. */
#include "node-private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacNode) node = lac_yaml_parse((const char *)data, size, "fuzz.yaml", &error);

    g_assert((node == NULL) == (error != NULL));
    if (node == NULL)
        return 0;

    g_autofree char *yaml = lac_yaml_write(node), *json = lac_node_to_json(node);
    g_autoptr(LacNode) again = lac_yaml_parse(yaml, strlen(yaml), "again.yaml", &error);

    g_assert_no_error(error);

    g_autofree char *json_again = lac_node_to_json(again);

    g_assert_cmpstr(json, ==, json_again);
    lac_node_set_path(node, "model.knn[0].k", "5", NULL);
    return 0;
}
