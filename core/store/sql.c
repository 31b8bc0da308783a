#include "sql.h"

#include <errno.h>
#include <math.h>

gboolean
lac_sql_fail(const LacStore *store, GError **error)
{
    const int code = sqlite3_errcode(store->db), system = sqlite3_system_errno(store->db);
    const char *mend = "";

    if (code == SQLITE_FULL || system == ENOSPC || system == EFBIG || system == EDQUOT)
        mend = ": the disk is full; make room, then run again with --resume";
    else if (code == SQLITE_IOERR)
        mend = ": the disk is full or failing; make room, then run again with --resume";
    else if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
        mend = ": the file is damaged or not a result file; move it away, or use another folder";
    else if (code == SQLITE_READONLY || code == SQLITE_CANTOPEN || code == SQLITE_PERM)
        mend = ": the folder cannot be written to; choose another with -o";
    else if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        mend = ": another program keeps it locked; close it and run again with --resume";
    return lac_fail(error, LAC_ERROR_IO, "%s: %s%s", store->path, sqlite3_errmsg(store->db), mend);
}

gboolean
lac_sql_execute(LacStore *store, const char *sql, GError **error)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           lac_sql_fail(store, error);
}

char *
lac_sql_text(LacStore *store, const char *sql, GError **error)
{
    sqlite3_stmt *statement;
    char *text = NULL;

    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK) {
        lac_sql_fail(store, error);
        return NULL;
    }
    if (sqlite3_step(statement) == SQLITE_ROW)
        text = g_strdup((const char *)sqlite3_column_text(statement, 0));
    else
        lac_sql_fail(store, error);
    sqlite3_finalize(statement);
    return text != NULL ? text : g_strdup("");
}

gboolean
lac_row_begin(LacRow *row, LacStore *store, const char *sql, GError **error)
{
    row->store = store;
    row->at = 0;
    return sqlite3_prepare_v2(store->db, sql, -1, &row->statement, NULL) == SQLITE_OK ||
           lac_sql_fail(store, error);
}

void
lac_row_text(LacRow *row, const char *text)
{
    sqlite3_bind_text(row->statement, ++row->at, text, -1, SQLITE_TRANSIENT); /* NULL binds NULL */
}

void
lac_row_texts(LacRow *row, size_t n, const char *const *texts)
{
    for (size_t i = 0; i < n; i++)
        lac_row_text(row, texts[i]);
}

void
lac_row_int(LacRow *row, int64_t number)
{
    sqlite3_bind_int64(row->statement, ++row->at, number);
}

void
lac_row_count(LacRow *row, int64_t number)
{
    ++row->at;
    if (number >= 0)
        sqlite3_bind_int64(row->statement, row->at, number);
}

void
lac_row_real(LacRow *row, double number)
{
    ++row->at;
    if (!isnan(number))
        sqlite3_bind_double(row->statement, row->at, number);
}

gboolean
lac_row_next(LacRow *row, GError **error)
{
    const gboolean done = sqlite3_step(row->statement) == SQLITE_DONE;

    if (!done)
        lac_sql_fail(row->store, error);
    sqlite3_reset(row->statement);
    sqlite3_clear_bindings(row->statement);
    row->at = 0;
    return done;
}

gboolean
lac_row_end(LacRow *row, gboolean good)
{
    sqlite3_finalize(row->statement);
    return good;
}
