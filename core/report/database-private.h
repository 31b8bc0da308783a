/* Reading results.sqlite, shared by the files that do. */
#ifndef LACUNA_REPORT_DATABASE_PRIVATE_H
#define LACUNA_REPORT_DATABASE_PRIVATE_H

#include "base-private.h"
#include <lacuna/error.h>
#include <sqlite3.h>

typedef sqlite3 Database;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Database, sqlite3_close)
typedef sqlite3_stmt Rows;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rows, sqlite3_finalize)

/** report_database: the results in folder @dir, opened for reading only. */
Database *report_database(const char *dir, GError **error);
/** report_text_at: valid UTF-8, owned; NULL for NULL. report_number_at: NaN for NULL. */
char *report_text_at(Rows *rows, int column);
double report_number_at(Rows *rows, int column);

#endif
