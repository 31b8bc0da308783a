/* What the tests of readers share. */
#ifndef LAC_PLUGINS_READING_H
#define LAC_PLUGINS_READING_H

#include "probe.h"

#include <glib/gstdio.h>

/** reading: the table that reader @name gets out of @file, a file of tests/data/readers or an
 * absolute path, with further parameters @yaml ("rows: 3"; may be NULL). */
static inline LacData *
reading(const char *name, const char *file, const char *yaml, GError **error)
{
    g_autofree char *path =
        g_path_is_absolute(file)
            ? g_strdup(file)
            : g_build_filename(LAC_TEST_SOURCE_DIR, "tests", "data", "readers", file, NULL);
    g_autofree char *params =
        g_strdup_printf("{path: '%s'%s%s}", path, yaml != NULL ? ", " : "", yaml ? yaml : "");
    LacReader *reader = probe_new(LAC_PLUGIN_READER, name, params, error);
    LacData *data;

    if (reader == NULL)
        return NULL;
    data = ((const LacReaderPlugin *)reader->instance.plugin)->read(reader, error);
    lac_instance_free(reader);
    return data;
}

/** reading_fixture: path of a file of tests/data/readers; owned. */
static inline char *
reading_fixture(const char *file)
{
    return g_build_filename(LAC_TEST_SOURCE_DIR, "tests", "data", "readers", file, NULL);
}

/** reading_cut: the first @n bytes of fixture @file (all but the last -@n when negative), with
 * @more bytes of 0 behind, must be refused with @message. */
static inline void
reading_cut(const char *name, const char *file, gssize n, gsize more, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *source = reading_fixture(file);
    g_autofree char *folder = g_dir_make_tmp("lacuna-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, file, NULL);
    g_autofree char *bytes = NULL;
    g_autofree char *cut = NULL;
    gsize size = 0;

    g_assert(g_file_get_contents(source, &bytes, &size, NULL));
    n = n < 0 ? (gssize)size + n : n;
    cut = g_malloc0((gsize)n + more + 1);
    memcpy(cut, bytes, (gsize)n);
    g_file_set_contents(path, cut, n + (gssize)more, NULL);
    EXPECT_TRUE(reading(name, path, NULL, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_DATA, message);
    g_unlink(path);
    g_rmdir(folder);
}

/** reading_shared: a file below LACUNA_DATA, owned; NULL, and the test should be skipped, when it
 * is not there. */
static inline char *
reading_shared(const char *file)
{
    const char *folder = g_getenv("LACUNA_DATA");
    g_autofree char *path = folder != NULL ? g_build_filename(folder, file, NULL) : NULL;

    return path != NULL && g_file_test(path, G_FILE_TEST_EXISTS) ? g_steal_pointer(&path) : NULL;
}

#endif
