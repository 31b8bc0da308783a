#include "database-private.h"

#include <math.h>

char *
report_text_at(Rows *rows, int column)
{
    const char *text = (const char *)sqlite3_column_text(rows, column);

    return text == NULL ? NULL : g_utf8_make_valid(text, -1);
}

double
report_number_at(Rows *rows, int column)
{
    return sqlite3_column_type(rows, column) == SQLITE_NULL ? NAN
                                                            : sqlite3_column_double(rows, column);
}

Database *
report_database(const char *dir, GError **error)
{
    g_autofree char *path = g_build_filename(dir, "results.sqlite", NULL);
    Database *database = NULL;

    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return lac_fail_null(error, LAC_ERROR_IO,
                             "%s: no such file; give a folder written by `lacuna run`", path);
    if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_exec(database, "SELECT count(*) FROM cells", NULL, NULL, NULL) == SQLITE_CANTOPEN) {
        /* a folder we may not write to has no place for the shared-memory file of a WAL database */
        g_autofree char *escaped = g_uri_escape_string(path, "/", FALSE);
        g_autofree char *uri = g_strdup_printf("file:%s?immutable=1", escaped);
        sqlite3_close(database);
        database = NULL;
        (void)sqlite3_open_v2(uri, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
    }
    if (database != NULL)
        sqlite3_busy_timeout(database, 5000);
    return database;
}
