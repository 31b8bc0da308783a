#include "lac_test.h"
#include "node-private.h"

static LacNode *
parse(const char *text)
{
    return lac_yaml_parse(text, strlen(text), "t.yaml", NULL);
}

static void
expect_set(const char *before, const char *path, const char *value, const char *after)
{
    g_autoptr(LacNode) root = parse(before);
    g_autoptr(GError) error = NULL;
    g_autofree char *json = NULL;

    EXPECT_TRUE(lac_node_set_path(root, path, value, &error));
    ASSERT_NO_ERROR(error);
    json = lac_node_to_json(root);
    EXPECT_STR(json, after);
}

LAC_TEST(base_node, set_path_replaces_adds_and_makes_maps_on_the_way)
{
    expect_set("a: 1", "a", "2", "{\"a\": 2}");
    expect_set("a: 1", "b", "[x, 1.5]", "{\"a\": 1, \"b\": [\"x\", 1.5]}");
    expect_set("a: {b: [1, {c: 2}]}", "a.b[1].c", "no", "{\"a\": {\"b\": [1, {\"c\": \"no\"}]}}");
    expect_set("a: {b: [1, 2]}", "a.b[0]", "{z: 1}", "{\"a\": {\"b\": [{\"z\": 1}, 2]}}");
    expect_set("a:", "a.b.c", "'7'", "{\"a\": {\"b\": {\"c\": \"7\"}}}");
    expect_set("", "model.k", "!sweep [1, 2]", "{\"model\": {\"k\": {\"!sweep\": [1, 2]}}}");
    expect_set("a: 1", "a", "", "{\"a\": null}");
    expect_set("[[1, 2], 3]", "[0][1]", "9", "[[1, 9], 3]");
}

static void
expect_set_fails(const char *before, const char *path, const char *value, const char *part)
{
    g_autoptr(LacNode) root = parse(before);
    g_autofree char *json_before = lac_node_to_json(root), *json_after = NULL;
    g_autoptr(GError) error = NULL;

    EXPECT_FALSE(lac_node_set_path(root, path, value, &error));
    EXPECT_ERROR(error, LAC_ERROR_PARAM, part);
    json_after = lac_node_to_json(root);
    EXPECT_STR(json_after, json_before);
}

LAC_TEST(base_node, a_refused_path_says_why_and_changes_nothing)
{
    expect_set_fails("a: 1", "a.b", "2", "--set a.b: 'b' needs a map, but there is an integer");
    expect_set_fails("a: [1]", "a[1]", "2", "[1] is past the end of a list of 1");
    expect_set_fails("a: [1]", "a.k", "2", "name one entry with [0]");
    expect_set_fails("a: {}", "a[0]", "2", "[0] needs a list, but there is a map");
    expect_set_fails("a: {}", "new.deep[0]", "2", "[0] needs a list, but there is nothing");
    expect_set_fails("a: {}", "a..b", "2", "a name is empty");
    expect_set_fails("a: {}", "", "2", "a name is empty");
    expect_set_fails("a: [1]", "a[x]", "2", "expected a number and ']'");
    expect_set_fails("a: [1]", "a[0]b", "2", "expected '.' or '[' at 'b'");
    expect_set_fails("a: 1", "b.c", "[1,", "--set b.c:2:1: not valid YAML");
    expect_set_fails("a: 1", "b\xFF", "1", "not UTF-8");
}

LAC_TEST(base_node, a_path_cannot_be_deeper_than_a_file)
{
    g_autoptr(GString) path = g_string_new("a");

    for (int i = 0; i < 100000; i++)
        g_string_append(path, ".a");
    expect_set_fails("a: {}", path->str, "1", "more than 64 levels deep");
}

LAC_TEST(base_node, values_set_name_their_origin)
{
    g_autoptr(LacNode) root = parse("a: 1");

    EXPECT_TRUE(lac_node_set_path(root, "a", "5", NULL));
    EXPECT_STR(lac_node_get(root, "a")->file, "--set a");
}

LAC_TEST(base_node, fail_begins_with_the_place)
{
    g_autoptr(LacNode) root = parse("a: 1\nb: 0.7");
    g_autoptr(GError) error = NULL, without = NULL;

    EXPECT_FALSE(lac_node_fail(&error, lac_node_get(root, "b"), "%g is too large", 0.7));
    EXPECT_STR(error->message, "t.yaml:2:4: 0.7 is too large");
    EXPECT_FALSE(lac_node_fail(&without, NULL, "no place"));
    EXPECT_STR(without->message, "no place");
}

LAC_TEST(base_node, get_finds_nothing_in_what_is_not_a_map)
{
    g_autoptr(LacNode) list = parse("[a]");

    EXPECT_TRUE(lac_node_get(list, "a") == NULL);
    EXPECT_TRUE(lac_node_get(NULL, "a") == NULL);
}

LAC_TEST(base_node, a_copy_is_equal_and_independent)
{
    g_autoptr(LacNode) root = parse("a: !sweep [1, {b: x}]\nc: 0x10");
    LacNode *copy = lac_node_dup(root);
    g_autofree char *before = lac_node_to_json(root), *json = lac_node_to_json(copy);

    EXPECT_STR(json, before);
    lac_node_set_path(copy, "c", "1", NULL);
    lac_node_free(copy);

    g_autofree char *after = lac_node_to_json(root);

    EXPECT_STR(after, before);
}

LAC_TEST(base_node, suggest_finds_the_nearest_name_within_a_third)
{
    static const char *const names[] = {"mean", "median", "knn", "random-observed", "em", NULL};

    EXPECT_STR(lac_suggest("maen", names), "mean");
    EXPECT_STR(lac_suggest("medain", names), "median");
    EXPECT_STR(lac_suggest("KNN", names), "knn");
    EXPECT_STR(lac_suggest("random_observd", names), "random-observed");
    EXPECT_STR(lac_suggest("kn", names), "knn");
    EXPECT_TRUE(lac_suggest("forest", names) == NULL);
    EXPECT_TRUE(lac_suggest("x", names) == NULL);
    EXPECT_TRUE(lac_suggest("", names) == NULL);
}
