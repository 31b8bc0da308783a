#include "lac_test.h"
#include "node-private.h"

#include <glib/gstdio.h>

static LacNode *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    LacNode *node = lac_yaml_parse(text, strlen(text), "t.yaml", &error);

    if (error != NULL)
        lac_test_fail(__FILE__, __LINE__, "%s: %s", text, error->message);
    return node;
}

static void
expect_refused(const char *text, gsize length, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacNode) node = lac_yaml_parse(text, length, "t.yaml", &error);

    EXPECT_TRUE(node == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PARAM, part);
}

static void
expect_json(const char *yaml, const char *json)
{
    g_autoptr(LacNode) node = parse(yaml);
    g_autofree char *got = node != NULL ? lac_node_to_json(node) : NULL;

    EXPECT_STR(got, json);
}

/* Expected types from the tables of yaml.org/spec/1.2.2, section 10.3.2. */
LAC_TEST(base_yaml, plain_scalars_follow_the_core_schema)
{
    static const struct {
        const char *text;
        LacNodeType type;
        double number;
    } cases[] = {
        {"no", LAC_NODE_STRING, 0},
        {"yes", LAC_NODE_STRING, 0},
        {"on", LAC_NODE_STRING, 0},
        {"off", LAC_NODE_STRING, 0},
        {"y", LAC_NODE_STRING, 0},
        {"true", LAC_NODE_BOOL, 1},
        {"FALSE", LAC_NODE_BOOL, 0},
        {"tRue", LAC_NODE_STRING, 0},
        {"012", LAC_NODE_INT, 12},
        {"-7", LAC_NODE_INT, -7},
        {"+3", LAC_NODE_INT, 3},
        {"0o14", LAC_NODE_INT, 12},
        {"0x1F", LAC_NODE_INT, 31},
        {"-0x1F", LAC_NODE_STRING, 0},
        {"0o8", LAC_NODE_STRING, 0},
        {"0x", LAC_NODE_STRING, 0},
        {"1e3", LAC_NODE_DOUBLE, 1000},
        {"1.", LAC_NODE_DOUBLE, 1},
        {".5", LAC_NODE_DOUBLE, 0.5},
        {"-.5E-1", LAC_NODE_DOUBLE, -0.05},
        {".", LAC_NODE_STRING, 0},
        {"1e", LAC_NODE_STRING, 0},
        {"1_000", LAC_NODE_STRING, 0},
        {"1:30", LAC_NODE_STRING, 0},
        {".inf", LAC_NODE_DOUBLE, INFINITY},
        {"-.INF", LAC_NODE_DOUBLE, -INFINITY},
        {"+.Inf", LAC_NODE_DOUBLE, INFINITY},
        {".nan", LAC_NODE_DOUBLE, NAN},
        {".NAN", LAC_NODE_DOUBLE, NAN},
        {"inf", LAC_NODE_STRING, 0},
        {"nan", LAC_NODE_STRING, 0},
        {"-.nan", LAC_NODE_STRING, 0},
        {"~", LAC_NODE_NULL, 0},
        {"null", LAC_NODE_NULL, 0},
        {"NULL", LAC_NODE_NULL, 0},
        {"nUll", LAC_NODE_STRING, 0},
        {"'12'", LAC_NODE_STRING, 0},
        {"\"true\"", LAC_NODE_STRING, 0},
        {"''", LAC_NODE_STRING, 0},
        {"!!str 12", LAC_NODE_STRING, 0},
        {"2024-01-01", LAC_NODE_STRING, 0},
        {"9223372036854775807", LAC_NODE_INT, 9223372036854775807.0},
        {"9223372036854775808", LAC_NODE_DOUBLE, 9223372036854775808.0},
        {"0xFFFFFFFFFFFFFFFFF", LAC_NODE_DOUBLE, 295147905179352825855.0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(LacNode) node = parse(cases[i].text);

        ASSERT_TRUE(node != NULL);
        if (node->type != cases[i].type)
            lac_test_fail(__FILE__, __LINE__, "%s is %s, expected %s", cases[i].text,
                          lac_node_type_name(node->type), lac_node_type_name(cases[i].type));
        EXPECT_EQ_DOUBLE(node->number, cases[i].number);
    }
}

LAC_TEST(base_yaml, scalars_keep_their_text_and_every_node_its_place)
{
    g_autoptr(LacNode) root = parse("# first\nmask:\n  - mcar: {rate: 0.10}\n  - block\n");
    const LacNode *mask = lac_node_get(root, "mask");

    ASSERT_TRUE(mask != NULL && mask->type == LAC_NODE_LIST && mask->n == 2);
    EXPECT_STR(mask->file, "t.yaml");
    EXPECT_EQ_INT(mask->line, 3);
    EXPECT_EQ_INT(mask->column, 3);

    const LacNode *rate = lac_node_get(lac_node_get(mask->items[0], "mcar"), "rate");

    EXPECT_STR(rate->text, "0.10");
    EXPECT_EQ_INT(rate->line, 3);
    EXPECT_EQ_INT(rate->column, 18);
    EXPECT_EQ_INT(mask->items[0]->keys[0]->column, 5);
}

LAC_TEST(base_yaml, our_tags_are_kept_and_others_refused)
{
    g_autoptr(LacNode) root = parse("k: !sweep [1, 2]\nr: !range {from: 0}\nd: !random {draws: 3}");

    EXPECT_STR(lac_node_get(root, "k")->tag, "!sweep");
    EXPECT_STR(lac_node_get(root, "r")->tag, "!range");
    EXPECT_STR(lac_node_get(root, "d")->tag, "!random");
    expect_refused("k: !sweeep [1]", 14, "t.yaml:1:4: unknown tag '!sweeep'");
    expect_refused("k: !sweeep [1]", 14, "did you mean '!sweep'?");
    expect_refused("k: !!python/object x", 20, "unknown tag");
}

LAC_TEST(base_yaml, aliases_are_expanded)
{
    expect_json("a: &x {k: 1}\nb: *x\nc: [*x, &y 2, *y]",
                "{\"a\": {\"k\": 1}, \"b\": {\"k\": 1}, \"c\": [{\"k\": 1}, 2, 2]}");
    expect_refused("a: *x", 5, "t.yaml:1:4: alias '*x' has no anchor");
}

LAC_TEST(base_yaml, an_alias_inside_its_own_anchor_is_refused)
{
    expect_refused("a: &x [1, *x]", 13, "t.yaml:1:11: alias '*x' lies inside its own anchor");
    expect_refused("&x {a: {b: *x}}", 15, "inside its own anchor");
}

/* the "billion laughs": 9 levels of 9 would be 4e8 nodes */
LAC_TEST(base_yaml, a_small_document_cannot_become_a_huge_tree)
{
    g_autoptr(GString) bomb = g_string_new("a0: &a0 [1,1,1,1,1,1,1,1,1]\n");

    for (int i = 1; i < 9; i++) {
        g_string_append_printf(bomb, "a%d: &a%d [", i, i);
        for (int k = 0; k < 9; k++)
            g_string_append_printf(bomb, "%s*a%d", k > 0 ? "," : "", i - 1);
        g_string_append(bomb, "]\n");
    }
    expect_refused(bomb->str, bomb->len, "YAML bomb");
}

LAC_TEST(base_yaml, nesting_is_limited_also_through_aliases)
{
    g_autoptr(GString) deep = g_string_new(NULL), chain = g_string_new("- &a0 [1]\n");

    for (int i = 0; i < 100000; i++)
        g_string_append_c(deep, '[');
    expect_refused(deep->str, deep->len, "more than 64 levels");
    for (int i = 1; i < 100; i++)
        g_string_append_printf(chain, "- &a%d [*a%d]\n", i, i - 1);
    expect_refused(chain->str, chain->len, "more than 64 levels");
}

LAC_TEST(base_yaml, what_is_not_one_clean_document_is_refused_with_its_place)
{
    expect_refused("a: 1\nb: 2\na: 3\n", 15, "t.yaml:3:1: key 'a' appears twice");
    expect_refused("a: 1\n---\nb: 2\n", 14, "t.yaml:2:1: a second document");
    expect_refused("? [a]\n: 1\n", 10, "a key must be a plain word");
    expect_refused("a: [1, 2\n", 9, "t.yaml:2:1: not valid YAML");
    expect_refused("a:\n\tb: 1\n", 9, "indent with spaces, not tabs");
    expect_refused("a: b: c\n", 8, "t.yaml:1:5: not valid YAML");
    expect_refused("a: \xE4\n", 5, "t.yaml:1: byte 0xE4 at offset 3 is not UTF-8");
    expect_refused("a\nb\0c", 5, "t.yaml:2: byte 0x00 at offset 3");
    expect_refused("\xFF\xFE"
                   "a\0",
                   4, "byte 0xFF");
    expect_refused("a: \"\\0\"", 7, "must not hold the character");
}

LAC_TEST(base_yaml, empty_text_is_nothing)
{
    g_autoptr(LacNode) empty = parse(""), comment = parse("# only this\n"), key = parse("a:\n");

    EXPECT_EQ_INT(empty->type, LAC_NODE_NULL);
    EXPECT_EQ_INT(comment->type, LAC_NODE_NULL);
    EXPECT_EQ_INT(lac_node_get(key, "a")->type, LAC_NODE_NULL);
}

LAC_TEST(base_yaml, json_has_tags_as_maps_and_escapes_texts)
{
    expect_json("{a: !sweep [0.1, 1e3, 7], b: ~, c: \"q\\\"\\\\\\n\", d: .inf, e: 0x10, f: true}",
                "{\"a\": {\"!sweep\": [0.1, 1000.0, 7]}, \"b\": null, \"c\": \"q\\\"\\\\\\u000a\", "
                "\"d\": \".inf\", \"e\": 16, \"f\": true}");
}

static gboolean
nodes_equal(const LacNode *a, const LacNode *b)
{
    if (a->type != b->type || g_strcmp0(a->tag, b->tag) != 0 || a->n != b->n ||
        a->integer != b->integer || !lac_test_near(a->number, b->number, 0.0))
        return FALSE;
    if (a->type != LAC_NODE_NULL && g_strcmp0(a->text, b->text) != 0)
        return FALSE;
    for (size_t i = 0; i < a->n; i++)
        if (!nodes_equal(a->items[i], b->items[i]) ||
            (a->keys != NULL && !nodes_equal(a->keys[i], b->keys[i])))
            return FALSE;
    return TRUE;
}

LAC_TEST(base_yaml, what_is_written_reads_back_equal)
{
    static const char *const documents[] = {
        "lacuna: 1\nmodel:\n  - mean\n  - knn: {k: !sweep [1, 5]}\nsplit: {kfold: 5}\n",
        "a: []\nb: {}\nc: !sweep []\nd: [[], [[1]], {}]\n",
        "- - - 1\n    - 2\n  - {a: [x, y]}\n- !range {from: 0, to: 1}\n",
        "!sweep [1, 2]",
        "!range {a: b}",
        "plain",
        "'12'",
        "",
        "- \n- ~\n",
        "0x1F",
        "{}",
        "[]",
        "'yes': \"no\"\n'1': 'x: y'\n'': '#c'\n",
        "'- a': ' lead'\n'trail ': \"tab\\t nl\\n nul-like \\x01 \\u2028 \\U0001F600 \\uFEFF\"\n",
        "a: |\n  line one\n    deeper\n\n  end\n",
        "b: '---'\nc: '...'\nd: '%x'\ne: '@'\nf: '!x'\n",
        "grün: 'straße #1'\n",
        "a: 'two  blanks'\nb: 'a:b'\nc: a,b\nd: '[x'\n",
        "~: 1\nnull : 2\n",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(documents); i++) {
        g_autoptr(LacNode) node = parse(documents[i]);
        g_autofree char *written = lac_yaml_write(node);
        g_autoptr(LacNode) again = parse(written);

        ASSERT_TRUE(again != NULL);
        if (!nodes_equal(node, again))
            lac_test_fail(__FILE__, __LINE__, "%s\nbecame\n%s", documents[i], written);
    }
}

LAC_TEST(base_yaml, a_key_too_long_for_one_line_survives)
{
    g_autofree char *word = g_strnfill(3000, 'k');
    g_autofree char *text = g_strdup_printf("a:\n  ? %s\n  : {b: 1}\n  c: 2\n", word);
    g_autoptr(LacNode) node = parse(text);
    g_autofree char *written = lac_yaml_write(node);
    g_autoptr(LacNode) again = parse(written);

    ASSERT_TRUE(again != NULL);
    EXPECT_TRUE(nodes_equal(node, again));
}

LAC_TEST(base_yaml, written_yaml_is_what_a_person_would_write)
{
    g_autoptr(LacNode) node =
        parse("{name: letter, mask: [{mcar: {rate: !sweep [0.1, 0.2]}}, block], s: {kfold: 5}}");
    g_autofree char *written = lac_yaml_write(node);

    EXPECT_STR(written, "name: letter\nmask:\n  - mcar:\n      rate: !sweep\n        - 0.1\n"
                        "        - 0.2\n  - block\ns:\n  kfold: 5\n");
}

LAC_TEST(base_yaml, files_are_read_and_missing_ones_named)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "lac-yaml-XXXXXX", NULL);
    const int fd = g_mkstemp(path);

    ASSERT_TRUE(fd >= 0);
    g_close(fd, NULL);
    ASSERT_TRUE(g_file_set_contents(path, "\xEF\xBB\xBFseed: 1\r\nb: 2\r\n", -1, NULL));

    g_autoptr(LacNode) node = lac_yaml_load(path, &error);

    g_unlink(path);
    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(lac_node_get(node, "seed")->integer, 1);
    EXPECT_EQ_INT(lac_node_get(node, "b")->integer, 2);
    EXPECT_TRUE(lac_yaml_load(path, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_IO, "cannot be opened");
}

LAC_TEST(base_yaml, a_folder_or_an_endless_device_is_no_experiment)
{
    g_autoptr(GError) folder = NULL, device = NULL;

    EXPECT_TRUE(lac_yaml_load("/", &folder) == NULL);
    EXPECT_ERROR(folder, LAC_ERROR_IO, "/: cannot be read");
    EXPECT_TRUE(lac_yaml_load("/dev/zero", &device) == NULL);
    EXPECT_ERROR(device, LAC_ERROR_PARAM, "larger than 16 MiB");
}
