/* Parameters, on a component that exists only here. All expected texts are by hand. */
#include "lac_test.h"
#include "registry-private.h"

#include <glib/gstdio.h>

typedef struct {
    LacModel base;
    gboolean flag;
    int64_t k;
    double trim;
    char *title;
    int kind;
    char *file;
    LacDoubles levels;
    char **names;
    LacTable patterns;
    char **map;
} Toy;

static const char *const kinds[] = {"left", "right", "tail", NULL};

static const LacParam toy_params[] = {
    LAC_PARAM_BOOL(Toy, flag, TRUE, "A flag"),
    LAC_PARAM_INT(Toy, k, 5, LAC_RANGE_FROM(1), "rows", "Number of donors"),
    LAC_PARAM_DOUBLE(Toy, trim, 0.0, LAC_RANGE(0.0, 0.5), "share", "0.5 gives the median"),
    LAC_PARAM_STRING(Toy, title, NULL, "A title"),
    LAC_PARAM_CHOICE(Toy, kind, 1, kinds, "Which side"),
    LAC_PARAM_PATH(Toy, file, NULL, "A file"),
    LAC_PARAM_DOUBLES(Toy, levels, "[0.5, 0.8]", LAC_RANGE_OPEN(0.0, 1.0), "", "Levels"),
    LAC_PARAM_STRINGS(Toy, names, NULL, "Names"),
    LAC_PARAM_TABLE(Toy, patterns, NULL, LAC_RANGE(0, 1), "", "Patterns"),
    LAC_PARAM_MAP(Toy, map, NULL, "Pairs"),
    LAC_PARAM_END,
};

static const LacModelPlugin toy = {
    LAC_MODEL("toy", "A component of this test", Toy, toy_params),
};

/* An instance from @yaml, which was written in a file called t.yaml. */
static Toy *
toy_new(const char *yaml, const char *base_dir, GError **error)
{
    g_autoptr(LacNode) node = lac_yaml_parse(yaml, strlen(yaml), "t.yaml", error);

    return node != NULL ? lac_instance_new(&toy.plugin, node, base_dir, error) : NULL;
}

static void
expect_refused(const char *yaml, const char *message)
{
    g_autoptr(GError) error = NULL;
    Toy *self = toy_new(yaml, NULL, &error);

    EXPECT_TRUE(self == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PARAM, message);
    lac_instance_free(self);
}

LAC_TEST(plugin_params, defaults_come_from_the_table)
{
    g_autoptr(GError) error = NULL;
    Toy *self = lac_instance_new(&toy.plugin, NULL, NULL, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_TRUE(self->base.instance.plugin == &toy.plugin);
    EXPECT_EQ_INT(self->flag, TRUE);
    EXPECT_EQ_INT(self->k, 5);
    EXPECT_EQ_DOUBLE(self->trim, 0.0);
    EXPECT_TRUE(self->title == NULL && self->file == NULL);
    EXPECT_EQ_INT(self->kind, 1);
    ASSERT_EQ_INT(self->levels.n, 2);
    EXPECT_EQ_DOUBLE(self->levels.v[1], 0.8);
    EXPECT_TRUE(self->names == NULL && self->map == NULL);
    EXPECT_EQ_INT(self->patterns.rows, 0);
    lac_instance_free(self);
}

LAC_TEST(plugin_params, every_type_is_read)
{
    g_autoptr(GError) error = NULL;
    Toy *self = toy_new("{flag: false, k: 1e3, trim: 0.25, title: 12, kind: tail, file: '-',\n"
                        " levels: 0.9, names: [a, 2], patterns: [[0, 1], [1, 0], [1, 1]],\n"
                        " map: {x: ordinal, y: 3}}",
                        NULL, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(self->flag, FALSE);
    EXPECT_EQ_INT(self->k, 1000);
    EXPECT_EQ_DOUBLE(self->trim, 0.25);
    EXPECT_STR(self->title, "12");
    EXPECT_EQ_INT(self->kind, 2);
    EXPECT_STR(self->file, "-");
    ASSERT_EQ_INT(self->levels.n, 1);
    EXPECT_EQ_DOUBLE(self->levels.v[0], 0.9);
    EXPECT_STR(self->names[1], "2");
    EXPECT_TRUE(self->names[2] == NULL);
    ASSERT_EQ_INT(self->patterns.rows, 3);
    ASSERT_EQ_INT(self->patterns.cols, 2);
    EXPECT_EQ_DOUBLE(self->patterns.v[1], 1.0);
    EXPECT_EQ_DOUBLE(self->patterns.v[2], 1.0);
    EXPECT_STR(self->map[2], "y");
    EXPECT_STR(self->map[3], "3");
    EXPECT_TRUE(self->map[4] == NULL);
    lac_instance_free(self);
}

LAC_TEST(plugin_params, refusals_give_place_text_expectation_and_remedy)
{
    expect_refused("k: 0", "t.yaml:1:4: model.toy.k = 0 is outside [1, ...]; Number of donors "
                           "(default 5)");
    expect_refused("\n\ntrim: 0.7", "t.yaml:3:7: model.toy.trim = 0.7 is outside [0, 0.5]; 0.5 "
                                    "gives the median (default 0)");
    expect_refused("k: 2.5", "model.toy.k = 2.5 is a number, expected a whole number");
    expect_refused("trim: .nan", "model.toy.trim = .nan is outside [0, 0.5]");
    expect_refused("trim: half", "model.toy.trim = half is a text, expected a number");
    expect_refused("flag: yes", "model.toy.flag = yes is a text, expected true or false");
    expect_refused("kind: tial", "is not one of the choices (did you mean 'tail'?); choose from "
                                 "left, right, tail");
    expect_refused("levels: [0.5, 1]", "t.yaml:1:15: model.toy.levels[1] = 1 is outside (0, 1)");
    expect_refused("levels: [0.5, x]", "model.toy.levels[1] = x is a text, expected a number");
    expect_refused("patterns: [[0, 1], [1]]", "model.toy.patterns[1] has 1 numbers, the first "
                                              "list has 2");
    expect_refused("patterns: [[0, 7]]", "model.toy.patterns[0][1] = 7 is outside [0, 1]");
    expect_refused("names: {a: b}", "expected a list of texts");
    expect_refused("title: [a]", "expected text");
    expect_refused("map: [a]", "expected a map of names to texts");
    expect_refused("[1, 2]", "model.toy: expected a map of parameters, found a list");
    expect_refused("k: !sweep [1, 2]", "model.toy.k: !sweep is not understood here");
}

LAC_TEST(plugin_params, unknown_names_are_refused_with_the_nearest_and_all)
{
    expect_refused("tirm: 0.1", "t.yaml:1:1: model.toy: unknown parameter 'tirm' (did you mean "
                                "'trim'?); toy takes flag, k, trim, title");
    expect_refused("zzzzzz: 0.1", "unknown parameter 'zzzzzz'; toy takes flag");
}

LAC_TEST(plugin_params, parameters_in_force_read_back_equal)
{
    g_autoptr(GError) error = NULL;
    Toy *self = toy_new("{trim: 0.1, names: [a, 'b: c'], patterns: [[0, 1]], map: {x: '1'},\n"
                        " levels: [0.1, 0.30000000000000004], title: 'null'}",
                        NULL, &error);
    g_autoptr(LacNode) params = NULL, again = NULL;
    g_autofree char *yaml = NULL, *json = NULL, *json_again = NULL;
    Toy *copy;

    ASSERT_NO_ERROR(error);
    params = lac_instance_params(self);
    yaml = lac_yaml_write(params);
    copy = toy_new(yaml, NULL, &error);
    ASSERT_NO_ERROR(error);
    again = lac_instance_params(copy);
    json = lac_node_to_json(params);
    json_again = lac_node_to_json(again);
    EXPECT_STR(json_again, json);
    EXPECT_EQ_DOUBLE(copy->levels.v[1], 0.30000000000000004);
    EXPECT_CONTAINS(json, "0.30000000000000004");
    lac_instance_free(self);
    lac_instance_free(copy);
}

LAC_TEST(plugin_params, paths_are_looked_for_beside_the_file_then_below_LACUNA_DATA)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *base = g_dir_make_tmp("lacuna-base-XXXXXX", NULL);
    g_autofree char *data = g_dir_make_tmp("lacuna-data-XXXXXX", NULL);
    g_autofree char *near = g_build_filename(base, "near.csv", NULL);
    g_autofree char *far = g_build_filename(data, "far.csv", NULL);
    Toy *self;

    g_setenv("LACUNA_DATA", data, TRUE);
    g_setenv("LAC_TEST_WORD", "far", TRUE);
    ASSERT_TRUE(g_file_set_contents(near, "a\n", -1, NULL));
    ASSERT_TRUE(g_file_set_contents(far, "a\n", -1, NULL));

    self = toy_new("file: near.csv", base, &error);
    ASSERT_NO_ERROR(error);
    EXPECT_STR(self->file, near);
    lac_instance_free(self);
    self = toy_new("file: ${LAC_TEST_WORD}.csv", base, &error);
    ASSERT_NO_ERROR(error);
    EXPECT_STR(self->file, far);
    lac_instance_free(self);

    expect_refused("file: ${LAC_TEST_UNSET}/x.csv", "environment variable LAC_TEST_UNSET is not "
                                                    "set");
    expect_refused("file: nowhere.csv", "there is no such file in");
    /* the only place where variables are expanded */
    self = toy_new("title: ${LAC_TEST_WORD}", base, &error);
    ASSERT_NO_ERROR(error);
    EXPECT_STR(self->title, "${LAC_TEST_WORD}");
    lac_instance_free(self);
    g_unsetenv("LACUNA_DATA");
    g_remove(near);
    g_remove(far);
    g_rmdir(base);
    g_rmdir(data);
}

typedef struct {
    LacMaskGenerator base;
} ToyMask;

LAC_TEST(plugin_params, a_family_parameter_belongs_to_every_member)
{
    static const LacMaskPlugin mask = {
        LAC_MASK_GENERATOR("toy", "A generator of this test", ToyMask, NULL),
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(LacNode) node = lac_yaml_parse("allow_empty: true", 17, "t.yaml", &error);
    LacMaskGenerator *self = lac_instance_new(&mask.plugin, node, NULL, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(self->allow_empty, TRUE);
    lac_instance_free(self);
}

LAC_TEST(plugin_params, a_reader_of_files_needs_a_path)
{
    static const char *const suffixes[] = {".toy", NULL};
    typedef struct {
        LacReader base;
    } ToyReader;
    static const LacReaderPlugin reader = {
        LAC_READER("toy", "A reader of this test", ToyReader, NULL),
        .suffixes = suffixes,
    };
    g_autoptr(GError) error = NULL;

    EXPECT_TRUE(lac_instance_new(&reader.plugin, NULL, NULL, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PARAM, "data.toy: no path");
}
