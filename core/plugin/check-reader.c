/* What every reader must keep to: whatever the file holds, a table that makes sense or an error.
 */
#include "check-private.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* A table handed back must be one. */
static void
judge_table(LacCheck *check, const char *what, const LacData *data)
{
    if (data->cols == 0 || data->schema == NULL || data->schema->cols != data->cols ||
        data->origin == NULL) {
        lac_check_fail(check, "%s: a table of %zu x %zu without a proper description", what,
                       data->rows, data->cols);
        return;
    }
    for (size_t i = 0; i < data->rows; i++)
        for (size_t j = 0; j < data->cols; j++)
            if ((lac_data_is_hole(data, i, j) != 0) != (isnan(lac_data_at(data, i, j)) != 0))
                lac_check_fail(check, "%s: cell (%zu, %zu) holds %g and is %smarked as missing",
                               what, i, j, lac_data_at(data, i, j),
                               lac_data_is_hole(data, i, j) ? "" : "not ");
}

/* Reads @path; with @must_fail anything but a proper error is a failure. TRUE when it was read. */
static gboolean
read_path(LacCheck *check, const char *what, const char *path, gboolean must_fail)
{
    const LacReaderPlugin *plugin = (const LacReaderPlugin *)check->plugin;
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = NULL;
    LacReader *reader = lac_check_instance(check->plugin, "path: '-'", &error);

    if (reader == NULL) {
        lac_check_fail(check, "%s: %s", what, error->message);
        return FALSE;
    }
    g_free(reader->path);
    reader->path = g_strdup(path);
    data = plugin->read(reader, &error);
    if (data != NULL && must_fail)
        lac_check_fail(check, "%s: it read a table of %zu x %zu", what, data->rows, data->cols);
    else if (data != NULL)
        judge_table(check, what, data);
    else if (error == NULL || error->domain != LAC_ERROR || strlen(error->message) < 15)
        lac_check_fail(check, "%s: failed without a proper error (%s)", what,
                       error != NULL ? error->message : "none set");
    else if (must_fail && strstr(error->message, path) == NULL)
        lac_check_fail(check, "%s: the error does not name the file: %s", what, error->message);
    lac_instance_free(reader);
    return data != NULL;
}

/* A temporary file with one of the reader's endings. Owned. */
static char *
write_file(LacCheck *check, const char *folder, const char *bytes, gssize n)
{
    const LacReaderPlugin *plugin = (const LacReaderPlugin *)check->plugin;
    const char *suffix = plugin->suffixes != NULL ? plugin->suffixes[0] : "";
    char *path = g_strdup_printf("%s/data%s", folder, suffix != NULL ? suffix : "");

    g_file_set_contents(path, bytes, n, NULL);
    return path;
}

static void
read_bytes(LacCheck *check, const char *what, const char *bytes, gssize n, gboolean must_fail)
{
    g_autofree char *folder = g_dir_make_tmp("lacuna-check-XXXXXX", NULL);
    g_autofree char *path = write_file(check, folder, bytes, n);

    read_path(check, what, path, must_fail);
    g_remove(path);
    g_rmdir(folder);
}

static void
check_missing(LacCheck *check)
{
    read_path(check, "a file that is not there", "/nonexistent/lacuna/data.bin", TRUE);
}

static void
check_empty(LacCheck *check)
{
    read_bytes(check, "an empty file", "", 0, TRUE);
}

static void
check_noise(LacCheck *check)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        LacRng rng = lac_rng_new(seed);
        uint64_t noise[64];
        g_autofree char *what = g_strdup_printf("random bytes (seed %d)", (int)seed);

        for (size_t k = 0; k < G_N_ELEMENTS(noise); k++)
            noise[k] = lac_rng_u64(&rng);
        read_bytes(check, what, (const char *)noise, (gssize)(seed * 25), FALSE);
    }
}

/* The first bytes of formats that are about, and nothing behind them. */
static void
check_heads(LacCheck *check)
{
    static const struct {
        const char *what, *bytes;
        gssize n;
    } heads[] = {
        {"the head of a gzip file alone", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10},
        {"the head of an npy file alone", "\x93NUMPY\x01\x00\xff\xff", 10},
        {"the head of a zip file alone", "PK\x03\x04\xff\xff\xff\xff", 8},
        {"an idx file that says it is huge",
         "\x00\x00\x08\x03\x7f\xff\xff\xff\x7f\xff\xff\xff\x7f\xff\xff\xff", 16},
        {"zeros", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16},
        {"one byte", "7", 1},
        {"one line without an end", "a,b,c", 5},
    };

    for (size_t k = 0; k < G_N_ELEMENTS(heads); k++)
        read_bytes(check, heads[k].what, heads[k].bytes, heads[k].n, FALSE);
}

/* A file that was not written or copied to its end. */
static void
check_cut_short(LacCheck *check)
{
    g_autofree char *bytes = NULL;
    gsize n;

    if (check->sample == NULL) {
        lac_check_note(check, "not asked: give a file it can read with --sample");
        return;
    }
    if (!g_file_get_contents(check->sample, &bytes, &n, NULL)) {
        lac_check_fail(check, "the sample %s cannot be opened", check->sample);
        return;
    }
    if (!read_path(check, "the sample", check->sample, FALSE))
        lac_check_fail(check, "the sample %s cannot be read", check->sample);
    for (gsize k = 0; k < 64; k++) {
        /* every byte of the first 32, where headers are, then evenly to the last but one */
        const gsize length = k < 32 ? k : 32 + (k - 31) * (n > 33 ? n - 33 : 0) / 32;
        g_autofree char *what =
            g_strdup_printf("the first %zu of %zu bytes of the sample", length, n);

        if (length < n)
            read_bytes(check, what, bytes, (gssize)length, length == 0);
    }
}

const LacCheckCase lac_check_reader_cases[] = {
    {"takes its defaults and gives them back", lac_check_params_round_trip, 0},
    {"refuses bad parameters by name", lac_check_params_refused, 0},
    {"names a file that is not there", check_missing, 0},
    {"names an empty file", check_empty, 0},
    {"survives random bytes", check_noise, 0},
    {"survives the heads of files", check_heads, 0},
    {"survives files that are cut short", check_cut_short, 0},
    {NULL, NULL, 0},
};
