/* What the files of `lacuna results` share. */
#ifndef LACUNA_RESULTS_PRIVATE_H
#define LACUNA_RESULTS_PRIVATE_H

#include "cli-private.h"

#include <sqlite3.h>

/** lac_results_column: the number of the column called @name; there must be one. */
int lac_results_column(sqlite3_stmt *statement, const char *name);
/** lac_results_text: a value as text that reads back to the same double; "" for NULL. Owned. */
char *lac_results_text(sqlite3_stmt *statement, int column);

/** lac_results_collect: of every row of @statement the @columns, NULL-terminated, as a terminal can
 * show them; added to @rows, each a string vector. Rows of single columns with -v alone. */
void lac_results_collect(sqlite3_stmt *statement, const char *const *columns, GPtrArray *rows);
/** lac_results_print: under their names; a column in which no row has anything is left out. */
void lac_results_print(const char *const *columns, const GPtrArray *rows);

#endif
