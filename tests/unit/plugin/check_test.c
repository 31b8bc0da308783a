/* The conformance suite, on models that are wrong in one way (tests/unit/plugin/bad): the check
 * that should notice does, and a right model passes. */
#include "lac_test.h"
#include "registry-private.h"

typedef struct {
    GString *failed; /* "check: detail" lines */
    size_t passed;
} Said;

static void
hear(gboolean passed, const char *check, const char *detail, void *user)
{
    Said *said = user;

    if (passed)
        said->passed++;
    else
        g_string_append_printf(said->failed, "%s: %s\n", check, detail);
}

/* The failed lines of the suite on bad/<name>.so. Owned. */
static char *
failures_of(const char *name, size_t *passed)
{
    g_autofree char *path = g_strdup_printf("%s/tests/bad/models/%s.so", LAC_TEST_BINARY_DIR, name);
    g_autoptr(GError) error = NULL;
    Said said = {g_string_new(NULL), 0};
    const gboolean ok = lac_check_file(path, NULL, hear, &said, &error);

    EXPECT_TRUE(error == NULL);
    EXPECT_EQ_INT(ok, said.failed->len == 0);
    if (passed != NULL)
        *passed = said.passed;
    return g_string_free(said.failed, FALSE);
}

static void
expect_caught(const char *name, const char *line)
{
    g_autofree char *failures = failures_of(name, NULL);

    EXPECT_CONTAINS(failures, line);
}

LAC_TEST(plugin_check, a_right_model_passes_everything)
{
    size_t passed = 0;
    g_autofree char *failures = failures_of("good", &passed);

    EXPECT_STR(failures, "");
    EXPECT_TRUE(passed > 20);
}

LAC_TEST(plugin_check, each_wrong_model_is_caught_by_the_check_for_it)
{
    expect_caught("two-symbols", "exports lac_plugin and nothing else: it exports bad_helper, "
                                 "lac_plugin");
    expect_caught("touching", "leaves observed cells alone: a plain table: observed cell (0, 0)");
    expect_caught("nan-out", "was filled with nan");
    expect_caught("peeking", "was filled with nan");
    expect_caught("unseeded", "gives the same bytes for the same seed: two runs of one seed");
    expect_caught("forgetful", "fills the same after save and load: fill of cell");
    expect_caught("aborting", "takes or refuses one row: crashed: ");
    expect_caught("aborting", "one row is not enough for me");
    expect_caught("wrong-abi", "its descriptor is well formed");
}

LAC_TEST(plugin_check, a_leak_is_noticed)
{
    expect_caught("leaky", "frees what it allocates: each life of a model loses ");
}
