/* One experiment in several sizes: which values hold, and what is kept of the choice. */
#include "experiment-private.h"
#include "lac_test.h"

#include <string.h>

static const char file[] = "lacuna: 1\n"
                           "name: t\n"
                           "data: {csv: {path: data.csv}}\n"
                           "mask: {mcar: {rate: 0.2}}\n"
                           "model: [mean, knn: {k: 3}]\n"
                           "profiles:\n"
                           "  desk: {repeats: 2}\n"
                           "  full:\n"
                           "    repeats: 10\n"
                           "    model[1].knn.k: !sweep [1, 5]\n"
                           "    scale: [minmax, none]\n";

/* The experiment in a folder of its own, which is gone afterwards. */
static LacExperiment *
parse_text(const char *text, const char *const *overrides, GError **error)
{
    g_autofree char *dir = g_dir_make_tmp("lacuna-profile-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "data.csv", NULL);
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", dir);
    LacExperiment *e;

    g_assert(g_file_set_contents(path, "a,b\n1,2\n3,4\n5,6\n", -1, NULL));
    e = lac_experiment_parse(text, strlen(text), "t.yaml", dir, overrides, error);
    g_assert(system(command) == 0);
    return e;
}

static LacExperiment *
parse(const char *const *overrides)
{
    g_autoptr(GError) error = NULL;
    LacExperiment *e = parse_text(file, overrides, &error);

    if (e == NULL)
        g_error("%s", error->message);
    return e;
}

static void
expect_refused(const char *text, const char *override, const char *message)
{
    const char *const overrides[] = {override, NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(LacExperiment) e = parse_text(text, override != NULL ? overrides : NULL, &error);

    EXPECT_TRUE(e == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PARAM, message);
}

#define NEED_PLUGINS                                                                               \
    do {                                                                                           \
        if (lac_plugin_find(LAC_PLUGIN_MODEL, "knn", NULL) == NULL)                                \
            LAC_SKIP("the plugins are not built");                                                 \
    } while (0)

LAC_TEST(profile, the_first_one_holds_unless_another_is_chosen)
{
    static const char *const full[] = {"profile=full", NULL};
    g_autoptr(LacExperiment) desk = NULL, chosen = NULL;

    NEED_PLUGINS;
    desk = parse(NULL);
    EXPECT_STR(desk->profile, "desk");
    EXPECT_EQ_INT(desk->cells->len, 2 * 2);
    chosen = parse(full);
    EXPECT_STR(chosen->profile, "full");
    EXPECT_EQ_INT(chosen->cells->len, 10 * 2 * 3); /* repeats, scales, mean and two k */
}

LAC_TEST(profile, a_value_of_set_replaces_that_of_the_profile_wherever_it_stands)
{
    static const char *const before[] = {"repeats=1", "profile=full", NULL};
    static const char *const after[] = {"profile=full", "repeats=1", NULL};
    static const char *const inside[] = {"profiles.full.repeats=3", "profile=full", NULL};
    g_autoptr(LacExperiment) one = NULL, other = NULL, changed = NULL;

    NEED_PLUGINS;
    one = parse(before);
    other = parse(after);
    changed = parse(inside);
    EXPECT_EQ_INT(one->repeats, 1);
    EXPECT_EQ_INT(other->repeats, 1);
    EXPECT_EQ_INT(changed->repeats, 3);
}

/* Workers and people read the stored text: it must not be changed by its profile once more. */
LAC_TEST(profile, the_text_as_run_gives_the_same_cells_and_the_name)
{
    static const char *const both[] = {"profile=full", "repeats=1", NULL};
    g_autoptr(LacExperiment) e = NULL, again = NULL;

    NEED_PLUGINS;
    e = parse(both);
    EXPECT_TRUE(strstr(e->yaml, "profiles") == NULL);
    again = parse_text(e->yaml, NULL, NULL);
    ASSERT_TRUE(again != NULL);
    EXPECT_STR(again->profile, "full");
    ASSERT_EQ_INT(again->cells->len, e->cells->len);
    for (guint i = 0; i < e->cells->len; i++)
        EXPECT_STR(((const LacCell *)again->cells->pdata[i])->record->id,
                   ((const LacCell *)e->cells->pdata[i])->record->id);
}

LAC_TEST(profile, what_cannot_be_is_told_with_its_place)
{
    NEED_PLUGINS;
    expect_refused(file, "profile=ful", "'ful' is not one of the profiles: desk, full");
    expect_refused("lacuna: 1\n", "profile=full", "t.yaml has no `profiles` to choose from");
    expect_refused("lacuna: 1\nprofiles: [desk]\n", NULL,
                   "t.yaml:2:11: profiles is a list, expected a map");
    expect_refused("lacuna: 1\nprofiles: {}\n", NULL, "t.yaml:2:11: profiles is empty");
    expect_refused("lacuna: 1\nprofiles: {desk: 3}\n", NULL,
                   "t.yaml:2:18: profile desk is an integer");
    expect_refused("lacuna: 1\nprofiles:\n  desk:\n    model[3].k: 1\n", NULL,
                   "t.yaml:4:5: profile desk, model[3].k: [3] needs a list");
    expect_refused("lacuna: 1\nprofiles:\n  desk: {profile: full}\n", NULL,
                   "t.yaml:3:10: profile desk cannot set 'profile'");
    expect_refused(
        "lacuna: 1\nprofiles:\n  desk: {repeat: 3}\n", NULL,
        "t.yaml:3:18: unknown key 'repeat' in an experiment file; did you mean 'repeats'");
}
