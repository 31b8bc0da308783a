/* Files that cannot be used, each with one fault (tests/unit/plugin/bad), and those that can. */
#include "lac_test.h"
#include "registry-private.h"

#include <glib/gstdio.h>
#include <unistd.h>
#include <utime.h>

#define BAD_FOLDER LAC_TEST_BINARY_DIR "/tests/bad"

/* Nothing of this test may be remembered in the user's own cache. */
static char *
fresh_cache(void)
{
    char *folder = g_dir_make_tmp("lacuna-cache-XXXXXX", NULL);

    g_setenv("XDG_CACHE_HOME", folder, TRUE);
    g_setenv("LACUNA_PLUGIN_TIMEOUT", "2", TRUE);
    return folder;
}

static void
drop_cache(char *folder)
{
    g_autofree char *inner = g_build_filename(folder, "lacuna", NULL);
    g_autofree char *file = g_build_filename(inner, "plugins", NULL);

    g_chmod(inner, 0700);
    g_remove(file);
    g_rmdir(inner);
    g_rmdir(folder);
    g_unsetenv("XDG_CACHE_HOME");
    g_unsetenv("LACUNA_PLUGIN_TIMEOUT");
    g_free(folder);
}

static void
expect_bad(const char *name, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_strdup_printf("%s/models/%s.so", BAD_FOLDER, name);
    char *cache = fresh_cache();

    EXPECT_TRUE(lac_plugin_load_file(path, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PLUGIN, part);
    EXPECT_CONTAINS(error->message, path);
    drop_cache(cache);
}

static void
expect_bad_bytes(const char *file, const char *bytes, gssize n, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("lacuna-so-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, file, NULL);

    ASSERT_TRUE(g_file_set_contents(path, bytes, n, NULL));
    EXPECT_TRUE(lac_plugin_load_file(path, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PLUGIN, part);
    g_remove(path);
    g_rmdir(folder);
}

LAC_TEST(plugin_loader, a_good_file_loads_once_and_stays)
{
    g_autoptr(GError) error = NULL;
    char *cache = fresh_cache();
    const LacPlugin *plugin = lac_plugin_load_file(BAD_FOLDER "/models/good.so", &error);

    ASSERT_NO_ERROR(error);
    EXPECT_STR(plugin->name, "good");
    EXPECT_EQ_INT(plugin->kind, LAC_PLUGIN_MODEL);
    EXPECT_TRUE(lac_plugin_load_file(BAD_FOLDER "/models/../models/good.so", NULL) == plugin);
    drop_cache(cache);
}

LAC_TEST(plugin_loader, each_fault_has_its_sentence)
{
    expect_bad("wrong-abi", "was built for plugin ABI 2, this Lacuna has 1; build it again");
    expect_bad("wrong-magic", "is no Lacuna descriptor (magic 0x12345678, expected 0x5543414c)");
    expect_bad("wrong-kind", "its kind is 42, expected 1 (mask) to 6 (reader)");
    expect_bad("wrong-name", "the plugin inside is called 'some-other-name'; name the file "
                             "some-other-name.so");
    expect_bad("wrong-summary", "expected one line without a full stop");
    expect_bad("no-symbol", "exports no symbol lac_plugin; declare");
    expect_bad("no-fill", "model 'no-fill' lacks fill");
    expect_bad("bad-default", "model.bad-default.share = 0.7 is outside [0, 0.5]");
    expect_bad("bad-choice", "has 2 choices and its default is number 2");
    expect_bad("bad-offset", "lies at offset 100000, outside the");
    expect_bad("twice", "parameter twice.share is declared twice");
    expect_bad("unresolved", "undefined symbol: lac_this_function_exists_nowhere");
}

LAC_TEST(plugin_loader, code_that_runs_wild_at_load_time_stays_in_its_child)
{
    expect_bad("crashing", "crashed: Segmentation fault (signal 11) while it was being loaded");
    expect_bad("exiting", "ended the process with exit status 0 while it was being loaded");
    expect_bad("looping", "did not come to an end within 2 s while it was being loaded");
}

LAC_TEST(plugin_loader, a_table_without_an_end_is_refused)
{
    g_autoptr(GError) error = NULL;
    char *cache = fresh_cache();

    /* what stands behind the table is not ours to say; any refusal will do, a crash will not */
    EXPECT_TRUE(lac_plugin_load_file(BAD_FOLDER "/models/no-end.so", &error) == NULL);
    EXPECT_TRUE(error != NULL);
    drop_cache(cache);
}

LAC_TEST(plugin_loader, what_is_no_shared_library_is_named)
{
    g_autofree char *good = NULL;
    gsize n;

    ASSERT_TRUE(g_file_get_contents(BAD_FOLDER "/models/good.so", &good, &n, NULL));
    expect_bad_bytes("text.so", "hello there\n", -1, "begins with 'hello there.', not with an ELF");
    expect_bad_bytes("empty.so", "", 0, "is empty");
    expect_bad_bytes("half.so", good, (gssize)n / 2, "is truncated: it should have");
    expect_bad_bytes("head.so", good, 40, "is truncated: it should have");
    expect_bad_bytes("almost.so", good, (gssize)n - 1, "is truncated: it should have");
    good[18] = 99; /* e_machine */
    expect_bad_bytes("other.so", good, (gssize)n, "is built for another processor (ELF machine 99");
    good[4] = sizeof(void *) == 8 ? 1 : 2; /* EI_CLASS: the other width */
    expect_bad_bytes("narrow.so", good, (gssize)n,
                     sizeof(void *) == 8 ? "is built for 32-bit programs, this is a 64-bit one"
                                         : "this is a 32-bit one");
}

LAC_TEST(plugin_loader, a_folder_and_a_missing_file_are_named)
{
    g_autoptr(GError) folder = NULL, missing = NULL;

    EXPECT_TRUE(lac_plugin_load_file(BAD_FOLDER, &folder) == NULL);
    EXPECT_ERROR(folder, LAC_ERROR_PLUGIN, "is a folder");
    EXPECT_TRUE(lac_plugin_load_file(BAD_FOLDER "/models/nowhere.so", &missing) == NULL);
    EXPECT_ERROR(missing, LAC_ERROR_PLUGIN, "there is no such file");
}

LAC_TEST(plugin_loader, structs_of_other_builds_of_the_same_abi)
{
    g_autoptr(GError) error = NULL;
    char *cache = fresh_cache();
    const LacPlugin *small = lac_plugin_load_file(BAD_FOLDER "/models/small-struct.so", &error);
    const LacPlugin *larger;

    ASSERT_NO_ERROR(error);
    /* the member that its build did not know is zero, whatever stands there in the file */
    EXPECT_TRUE(((const LacModelPlugin *)small)->traits_of == NULL);
    EXPECT_TRUE(((const LacModelPlugin *)small)->fill != NULL);
    larger = lac_plugin_load_file(BAD_FOLDER "/models/larger-unused.so", &error);
    ASSERT_NO_ERROR(error);
    EXPECT_STR(larger->name, "larger-unused");
    EXPECT_TRUE(lac_plugin_load_file(BAD_FOLDER "/models/larger-used.so", &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PLUGIN, "uses members that a newer Lacuna has");
    drop_cache(cache);
}

static const LacPluginInfo *
info_of(const GPtrArray *all, const char *name)
{
    for (size_t i = 0; i < all->len; i++) {
        const LacPluginInfo *info = g_ptr_array_index(all, i);

        if (strcmp(info->name, name) == 0)
            return info;
    }
    return NULL;
}

LAC_TEST(plugin_scan, survives_every_bad_file_and_says_what_is_wrong_with_it)
{
    g_autofree char *before = g_strdup(g_getenv("LACUNA_PLUGIN_PATH"));
    g_autoptr(GPtrArray) all = NULL;
    char *cache = fresh_cache();

    g_setenv("LACUNA_PLUGIN_PATH", BAD_FOLDER, TRUE);
    all = lac_plugin_scan(LAC_PLUGIN_MODEL, NULL);
    ASSERT_TRUE(info_of(all, "good") != NULL && info_of(all, "crashing") != NULL);
    EXPECT_TRUE(info_of(all, "good")->error == NULL);
    EXPECT_STR(info_of(all, "good")->summary, "A model with one fault");
    EXPECT_STR(info_of(all, "good")->licence, "MIT");
    EXPECT_STR(info_of(all, "good")->version, "1");
    EXPECT_CONTAINS(info_of(all, "crashing")->error, "signal 11");
    EXPECT_CONTAINS(info_of(all, "looping")->error, "did not come to an end");
    EXPECT_CONTAINS(info_of(all, "wrong-abi")->error, "plugin ABI 2");
    g_setenv("LACUNA_PLUGIN_PATH", before != NULL ? before : "", TRUE);
    drop_cache(cache);
}

/* A folder with models/good.so in it, on the path; give it back with leave_folder(). */
static char *
enter_folder(void)
{
    char *folder = g_dir_make_tmp("lacuna-path-XXXXXX", NULL);
    g_autofree char *models = g_build_filename(folder, "models", NULL);
    g_autofree char *file = g_build_filename(models, "good.so", NULL);
    g_autofree char *bytes = NULL;
    gsize n;

    g_mkdir(models, 0700);
    g_file_get_contents(BAD_FOLDER "/models/good.so", &bytes, &n, NULL);
    g_file_set_contents(file, bytes, (gssize)n, NULL);
    g_setenv("LACUNA_PLUGIN_PATH", folder, TRUE);
    return folder;
}

static void
leave_folder(char *folder)
{
    g_autofree char *models = g_build_filename(folder, "models", NULL);
    g_autofree char *file = g_build_filename(models, "good.so", NULL);

    g_remove(file);
    g_rmdir(models);
    g_rmdir(folder);
    g_free(folder);
    g_setenv("LACUNA_PLUGIN_PATH", LAC_TEST_BINARY_DIR "/plugins", TRUE);
}

static gboolean
good_is_listed(void)
{
    g_autoptr(GPtrArray) all = lac_plugin_scan(LAC_PLUGIN_MODEL, NULL);
    const LacPluginInfo *info = info_of(all, "good");

    return info != NULL && info->error == NULL &&
           strcmp(info->summary, "A model with one fault") == 0;
}

LAC_TEST(plugin_scan, the_cache_is_used_and_its_damage_does_not_matter)
{
    char *cache = fresh_cache(), *folder = enter_folder();
    g_autofree char *file = g_build_filename(cache, "lacuna", "plugins", NULL);
    g_autofree char *text = NULL, *so = g_build_filename(folder, "models", "good.so", NULL);
    const char *damages[] = {"", "garbage", "lacuna-plugin-cache 1 0.1.0 xx\n\n\n"};
    struct utimbuf later = {1700000000, 1700000000};

    EXPECT_TRUE(good_is_listed());
    ASSERT_TRUE(g_file_get_contents(file, &text, NULL, NULL));
    EXPECT_CONTAINS(text, so);
    for (size_t i = 0; i < G_N_ELEMENTS(damages); i++) {
        ASSERT_TRUE(g_file_set_contents(file, damages[i], -1, NULL));
        EXPECT_TRUE(good_is_listed());
    }
    /* one changed letter: the sum does not fit, nothing of it is believed */
    strstr(text, "one fault")[0] = 'X';
    ASSERT_TRUE(g_file_set_contents(file, text, -1, NULL));
    EXPECT_TRUE(good_is_listed());
    /* the file changes: what was known about it is not used any more */
    ASSERT_TRUE(g_file_set_contents(so, "no library now", -1, NULL));
    ASSERT_EQ_INT(utime(so, &later), 0);
    EXPECT_FALSE(good_is_listed());
    leave_folder(folder);
    drop_cache(cache);
}

LAC_TEST(plugin_scan, a_cache_folder_that_cannot_be_written_does_no_harm)
{
    char *cache = fresh_cache(), *folder = enter_folder();
    g_autofree char *blocked = g_build_filename(cache, "lacuna", NULL);

    /* a file where the folder should be stops even root */
    ASSERT_TRUE(g_file_set_contents(blocked, "", 0, NULL));
    EXPECT_TRUE(good_is_listed());
    EXPECT_TRUE(good_is_listed());
    g_remove(blocked);
    leave_folder(folder);
    drop_cache(cache);
}

LAC_TEST(plugin_scan, a_file_in_the_folder_of_another_kind_is_told_to_move)
{
    char *cache = fresh_cache(), *folder = enter_folder();
    g_autofree char *masks = g_build_filename(folder, "masks", NULL);
    g_autofree char *from = g_build_filename(folder, "models", "good.so", NULL);
    g_autofree char *to = g_build_filename(masks, "good.so", NULL);
    g_autoptr(GPtrArray) all = NULL;

    g_mkdir(masks, 0700);
    ASSERT_EQ_INT(g_rename(from, to), 0);
    all = lac_plugin_scan(LAC_PLUGIN_MASK, NULL);
    ASSERT_TRUE(info_of(all, "good") != NULL);
    EXPECT_CONTAINS(info_of(all, "good")->error, "is a model; move it to the folder models");
    g_remove(to);
    g_rmdir(masks);
    leave_folder(folder);
    drop_cache(cache);
}

LAC_TEST(plugin_registry, a_name_is_found_on_the_path)
{
    g_autoptr(GError) error = NULL;
    char *cache = fresh_cache(), *folder = enter_folder();
    const LacPlugin *plugin = lac_plugin_find(LAC_PLUGIN_MODEL, "good", &error);

    ASSERT_NO_ERROR(error);
    EXPECT_STR(plugin->name, "good");
    leave_folder(folder);
    drop_cache(cache);
}

LAC_TEST(plugin_registry, a_second_component_is_found_through_a_link_of_its_name)
{
    g_autoptr(GError) error = NULL;
    char *cache = fresh_cache(), *folder = enter_folder();
    g_autofree char *link = g_build_filename(folder, "models", "twins-two.so", NULL);
    const LacPlugin *plugin;

    ASSERT_EQ_INT(symlink(BAD_FOLDER "/models/twins.so", link), 0);
    plugin = lac_plugin_find(LAC_PLUGIN_MODEL, "twins-two", &error);
    ASSERT_NO_ERROR(error);
    EXPECT_STR(plugin->summary, "The second of two components");
    /* the first one was built with a smaller struct: the copy leads to the second all the same */
    plugin = lac_plugin_load_file(BAD_FOLDER "/models/twins.so", &error);
    ASSERT_NO_ERROR(error);
    ASSERT_TRUE(plugin->next != NULL);
    EXPECT_STR(plugin->next->name, "twins-two");
    g_remove(link);
    leave_folder(folder);
    drop_cache(cache);
}

/* 150 copies of a good file, each with some bytes changed, mostly in its headers. Each is used or
 * refused with a sentence; this process goes on. */
LAC_TEST(plugin_scan, damaged_files_are_listed_with_what_is_wrong)
{
    char *cache = fresh_cache(), *folder = enter_folder();
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    g_autofree char *good = NULL;
    g_autoptr(GPtrArray) all = NULL;
    gsize n;

    ASSERT_TRUE(g_file_get_contents(BAD_FOLDER "/models/good.so", &good, &n, NULL));
    for (int k = 0; k < 150; k++) {
        g_autofree char *path = g_strdup_printf("%s/models/good%d.so", folder, k);
        g_autofree char *bytes = g_memdup2(good, n);
        const gsize from = k % 3 == 0 ? 16 : k % 3 == 1 ? n - 2000 : 64;
        const gsize to = k % 3 == 0 ? 64 : k % 3 == 1 ? n : 4000;

        for (int change = 0; change < 4; change++)
            bytes[g_rand_int_range(rand, (gint32)from, (gint32)to)] = (char)g_rand_int(rand);
        ASSERT_TRUE(g_file_set_contents(path, bytes, (gssize)n, NULL));
    }
    all = lac_plugin_scan(LAC_PLUGIN_MODEL, NULL);
    for (int k = 0; k < 150; k++) {
        g_autofree char *name = g_strdup_printf("good%d", k);
        g_autofree char *path = g_strdup_printf("%s/models/good%d.so", folder, k);
        const LacPluginInfo *info = info_of(all, name);

        /* its name does not fit the file's, if nothing else is wrong with it */
        EXPECT_TRUE(info != NULL && info->error != NULL);
        EXPECT_CONTAINS(info->error, path);
        g_remove(path);
    }
    leave_folder(folder);
    drop_cache(cache);
}

LAC_TEST(plugin_registry, a_mistyped_name_is_answered_with_the_nearest_and_the_folders)
{
    g_autoptr(GError) typo = NULL, unknown = NULL, other = NULL, path = NULL;
    char *folder = enter_folder();

    EXPECT_TRUE(lac_plugin_find(LAC_PLUGIN_MODEL, "godo", &typo) == NULL);
    EXPECT_ERROR(typo, LAC_ERROR_PLUGIN, "there is no model called 'godo' (did you mean 'good'?)");
    EXPECT_CONTAINS(typo->message, folder);
    EXPECT_TRUE(lac_plugin_find(LAC_PLUGIN_MODEL, "zzzzz", &unknown) == NULL);
    EXPECT_ERROR(unknown, LAC_ERROR_PLUGIN, "'lacuna plugins models' lists what there is");
    EXPECT_TRUE(lac_plugin_find(LAC_PLUGIN_METRIC, "good", &other) == NULL);
    EXPECT_ERROR(other, LAC_ERROR_PLUGIN, "'good' is the name of a plugin of kind 'model'");
    EXPECT_TRUE(lac_plugin_find(LAC_PLUGIN_MODEL, "../models/good", &path) == NULL);
    EXPECT_ERROR(path, LAC_ERROR_PLUGIN, "is not the name of a model");
    leave_folder(folder);
}

LAC_TEST(plugin_registry, the_path_has_the_variable_first_and_no_folder_twice)
{
    g_auto(GStrv) folders = NULL;

    g_setenv("LACUNA_PLUGIN_PATH", "/some/where::/some/where:/else", TRUE);
    folders = lac_plugin_path();
    ASSERT_TRUE(g_strv_length(folders) >= 4);
    EXPECT_STR(folders[0], "/some/where");
    EXPECT_STR(folders[1], "/else");
    EXPECT_STR(folders[2], LAC_TEST_BINARY_DIR "/plugins");
    EXPECT_CONTAINS(folders[3], "/lacuna/plugins");
    g_setenv("LACUNA_PLUGIN_PATH", LAC_TEST_BINARY_DIR "/plugins", TRUE);
}

LAC_TEST(plugin_kinds, all_spellings_are_understood)
{
    LacPluginKind kind = LAC_PLUGIN_MASK;

    EXPECT_TRUE(lac_plugin_kind_parse("models", &kind) && kind == LAC_PLUGIN_MODEL);
    EXPECT_TRUE(lac_plugin_kind_parse("model", &kind) && kind == LAC_PLUGIN_MODEL);
    EXPECT_TRUE(lac_plugin_kind_parse("data", &kind) && kind == LAC_PLUGIN_READER);
    EXPECT_TRUE(lac_plugin_kind_parse("metric", &kind) && kind == LAC_PLUGIN_METRIC);
    EXPECT_FALSE(lac_plugin_kind_parse("thing", &kind));
    EXPECT_STR(lac_plugin_kind_folder(LAC_PLUGIN_OPTIMIZER), "optimizers");
    EXPECT_STR(lac_plugin_kind_word(LAC_PLUGIN_MASK), "mask generator");
    EXPECT_STR(lac_plugin_kind_key(LAC_PLUGIN_READER), "data");
}
