/* SQLite with errors that say how to mend them, and statements filled from left to right. */
#ifndef LACUNA_STORE_SQL_H
#define LACUNA_STORE_SQL_H

#include "store-private.h"

#include <sqlite3.h>

/** LacStore: @lock: file descriptor holding the flock, or -1 */
struct LacStore {
    char *dir, *path;
    int lock;
    sqlite3 *db;
};

/** lac_sql_fail: the last failure on @store as LAC_ERROR_IO. Always FALSE. */
gboolean lac_sql_fail(const LacStore *store, GError **error);
gboolean lac_sql_execute(LacStore *store, const char *sql, GError **error);
/** lac_sql_text: the first column of the first row, "" when there is none. Owned. */
char *lac_sql_text(LacStore *store, const char *sql, GError **error);

/** LacRow: one statement whose parameters are given from left to right, many times over. */
typedef struct {
    LacStore *store;
    sqlite3_stmt *statement;
    int at;
} LacRow;

gboolean lac_row_begin(LacRow *row, LacStore *store, const char *sql, GError **error);
void lac_row_text(LacRow *row, const char *text);
void lac_row_texts(LacRow *row, size_t n, const char *const *texts);
void lac_row_int(LacRow *row, int64_t number);
/** lac_row_count: NULL for a negative number. lac_row_real: NULL for NaN. */
void lac_row_count(LacRow *row, int64_t number);
void lac_row_real(LacRow *row, double number);
/** lac_row_next: write the row and make ready for the next. */
gboolean lac_row_next(LacRow *row, GError **error);
/** lac_row_end: free the statement; returns @good. */
gboolean lac_row_end(LacRow *row, gboolean good);

#endif
