/* The folder of a run: its lock, its experiment file, its results. */
#include "sql.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define APPLICATION_ID "0x4C414355" /* "LACU": tells our files from other SQLite files */
#define LAYOUT_VERSION "3"          /* of the tables in schema.c; a test notices what changes */

enum {
    BUSY_MS = 10000, /* how long to wait for a reader's lock */
};

char *
lac_store_now(void)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();

    return g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
}

sqlite3 *
lac_store_db(const LacStore *store)
{
    return store->db;
}

const char *
lac_store_dir(const LacStore *store)
{
    return store->dir;
}

void
lac_store_free(LacStore *store)
{
    if (store == NULL)
        return;
    if (store->db != NULL)
        sqlite3_close_v2(store->db);
    if (store->lock >= 0)
        close(store->lock);
    g_free(store->dir);
    g_free(store->path);
    g_free(store);
}

/* ---- opening --------------------------------------------------------------------------------- */

static gboolean
take_lock(LacStore *store, GError **error)
{
    g_autofree char *path = g_build_filename(store->dir, "lock", NULL);

    store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (store->lock < 0)
        return lac_fail(error, LAC_ERROR_IO,
                        "%s: cannot write here: %s; choose another folder with -o", store->dir,
                        g_strerror(errno));
    if (flock(store->lock, LOCK_EX | LOCK_NB) != 0)
        return lac_fail(error, LAC_ERROR_IO,
                        "%s: another run is writing into this folder; wait for it, or choose "
                        "another folder with -o",
                        store->dir);
    return TRUE;
}

static gboolean
check_layout(LacStore *store, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *id = lac_sql_text(store, "PRAGMA application_id", &cause);
    g_autofree char *layout = NULL, *health = NULL;

    if (cause == NULL)
        layout = lac_sql_text(store, "PRAGMA user_version", &cause);
    if (cause == NULL)
        health = lac_sql_text(store, "PRAGMA quick_check(1)", &cause);
    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if (g_ascii_strtoull(id, NULL, 10) != g_ascii_strtoull(APPLICATION_ID, NULL, 16))
        return lac_fail(error, LAC_ERROR_IO, "%s: is not a result file of Lacuna", store->path);
    if (strcmp(layout, LAYOUT_VERSION) != 0)
        return lac_fail(
            error, LAC_ERROR_IO,
            "%s: was written by %s Lacuna (table layout %s, this one reads " LAYOUT_VERSION
            "); read it with that one, or run the experiment again into another folder",
            store->path,
            g_ascii_strtoull(layout, NULL, 10) < g_ascii_strtoull(LAYOUT_VERSION, NULL, 10)
                ? "an older"
                : "a newer",
            layout);
    if (strcmp(health, "ok") != 0)
        return lac_fail(error, LAC_ERROR_IO,
                        "%s: the file is damaged (%s); move it away, or use another folder",
                        store->path, health);
    return TRUE;
}

static gboolean
open_file(LacStore *store, int flags, const char *uri, GError **error)
{
    if (sqlite3_open_v2(uri, &store->db, flags, NULL) != SQLITE_OK)
        return lac_sql_fail(store, error);
    sqlite3_extended_result_codes(store->db, 0);
    sqlite3_busy_timeout(store->db, BUSY_MS);
    return TRUE;
}

static gboolean
insert_run(LacStore *store, const LacRunInfo *info, GError **error)
{
    g_autofree char *started = lac_store_now();
    LacRow row;

    if (!lac_row_begin(&row, store,
                       "INSERT INTO run(name, seed, started, yaml, command, version, abi) "
                       "VALUES (?, ?, ?, ?, ?, ?, ?)",
                       error))
        return FALSE;
    lac_row_text(&row, info->name);
    lac_row_int(&row, info->seed);
    lac_row_text(&row, started);
    lac_row_text(&row, info->yaml);
    lac_row_text(&row, info->command);
    lac_row_text(&row, info->version);
    lac_row_int(&row, info->abi);
    return lac_row_end(&row, lac_row_next(&row, error));
}

static gboolean
create_tables(LacStore *store, const LacRunInfo *info, GError **error)
{
    const gboolean good = lac_sql_execute(store, "BEGIN IMMEDIATE", error) &&
                          lac_sql_execute(store, lac_store_schema(), error) &&
                          lac_sql_execute(store,
                                          "PRAGMA application_id = " APPLICATION_ID
                                          "; PRAGMA user_version = " LAYOUT_VERSION,
                                          error) &&
                          insert_run(store, info, error) && lac_sql_execute(store, "COMMIT", error);

    if (!good)
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return good;
}

/* A resumed run keeps its start; what it was told may have changed. */
static gboolean
update_run(LacStore *store, const LacRunInfo *info, GError **error)
{
    LacRow row;

    if (!lac_row_begin(
            &row, store,
            "UPDATE run SET name = ?, yaml = ?, command = ?, version = ?, finished = NULL", error))
        return FALSE;
    lac_row_text(&row, info->name);
    lac_row_text(&row, info->yaml);
    lac_row_text(&row, info->command);
    lac_row_text(&row, info->version);
    return lac_row_end(&row, lac_row_next(&row, error));
}

static gboolean
open_for_writing(LacStore *store, const LacRunInfo *info, gboolean fresh, GError **error)
{
    if (!open_file(store, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, store->path, error))
        return FALSE;
    if (!fresh && !check_layout(store, error))
        return FALSE;
    if (!lac_sql_execute(store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", error))
        return FALSE;
    return fresh ? create_tables(store, info, error) : update_run(store, info, error);
}

static gboolean
remove_results(const LacStore *store, GError **error)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};

    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *path = g_strconcat(store->path, suffixes[i], NULL);

        if (g_unlink(path) != 0 && errno != ENOENT)
            return lac_fail(error, LAC_ERROR_IO, "%s: cannot remove: %s", path, g_strerror(errno));
    }
    return TRUE;
}

/* A file without tables is what a full disk leaves behind: not results, and safe to start over. */
static gboolean
has_results(const LacStore *store)
{
    GStatBuf status;

    return g_stat(store->path, &status) == 0 && status.st_size > 0;
}

static gboolean
write_experiment(const LacStore *store, const char *yaml, GError **error)
{
    g_autofree char *path = g_build_filename(store->dir, "experiment.yaml", NULL);
    g_autoptr(GError) cause = NULL;

    if (g_file_set_contents(path, yaml, -1, &cause))
        return TRUE;
    return lac_fail(error, LAC_ERROR_IO, "%s: %s", path, cause->message);
}

static gboolean
begin(LacStore *store, LacStoreMode mode, const LacRunInfo *info, GError **error)
{
    if (g_mkdir_with_parents(store->dir, 0755) != 0)
        return lac_fail(error, LAC_ERROR_IO, "%s: cannot make this folder: %s", store->dir,
                        g_strerror(errno));
    if (!take_lock(store, error))
        return FALSE;
    if (mode == LAC_STORE_NEW && has_results(store))
        return lac_fail(error, LAC_ERROR_IO,
                        "%s: holds results already; go on with --resume, throw them away with "
                        "--force, or choose another folder with -o",
                        store->dir);
    if (mode == LAC_STORE_REPLACE && !remove_results(store, error))
        return FALSE;
    return open_for_writing(store, info, !has_results(store), error) &&
           write_experiment(store, info->yaml, error);
}

static LacStore *
store_new(const char *dir)
{
    LacStore *store = g_new0(LacStore, 1);

    store->dir = g_strdup(dir);
    store->path = g_build_filename(dir, "results.sqlite", NULL);
    store->lock = -1;
    return store;
}

LacStore *
lac_store_begin(const char *dir, LacStoreMode mode, const LacRunInfo *info, GError **error)
{
    g_autoptr(LacStore) store = store_new(dir);

    return begin(store, mode, info, error) ? g_steal_pointer(&store) : NULL;
}

/* In a folder that cannot be written, SQLite can make no lock; nobody else writes there either. */
static gboolean
open_immutable(LacStore *store, GError **error)
{
    g_autofree char *escaped = g_uri_escape_string(store->path, "/", FALSE);
    g_autofree char *uri = g_strconcat("file:", escaped, "?immutable=1", NULL);

    g_clear_pointer(&store->db, sqlite3_close_v2);
    return open_file(store, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, uri, error) &&
           check_layout(store, error);
}

LacStore *
lac_store_open(const char *dir, GError **error)
{
    g_autoptr(LacStore) store = store_new(dir);
    g_autoptr(GError) cause = NULL;

    if (!g_file_test(store->path, G_FILE_TEST_EXISTS))
        return lac_fail_null(error, LAC_ERROR_IO,
                             "%s: there is no results.sqlite in it; is it the folder given to "
                             "`lacuna run -o`?",
                             dir);
    if (open_file(store, SQLITE_OPEN_READONLY, store->path, &cause) && check_layout(store, &cause))
        return g_steal_pointer(&store);
    if (access(dir, W_OK) != 0 && open_immutable(store, NULL))
        return g_steal_pointer(&store);
    g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}
