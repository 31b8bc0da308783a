/* lacuna results: the table for people. */
#include "results-private.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_WIDTH = 48, /* of a column of the table */
    MOST_COLUMNS = 20,
};

int
lac_results_column(sqlite3_stmt *statement, const char *name)
{
    for (int i = 0; i < sqlite3_column_count(statement); i++)
        if (strcmp(sqlite3_column_name(statement, i), name) == 0)
            return i;
    g_assert_not_reached();
}

static char *
table_text(sqlite3_stmt *statement, int column)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_autofree char *whole = NULL;

    if (sqlite3_column_type(statement, column) == SQLITE_FLOAT) {
        g_ascii_formatd(text, sizeof text, "%.6g", sqlite3_column_double(statement, column));
        return g_strdup(text);
    }
    whole = lac_results_text(statement, column);
    g_strdelimit(whole, "\r\n\t", ' ');
    if (g_utf8_strlen(whole, -1) <= MAX_WIDTH)
        return g_steal_pointer(&whole);
    *g_utf8_offset_to_pointer(whole, MAX_WIDTH - 3) = '\0';
    return g_strconcat(whole, "...", NULL);
}

/* Values of single columns are told with -v alone. */
static gboolean
is_of_column(sqlite3_stmt *statement, const char *const *columns)
{
    return g_strv_contains(columns, "column_name") &&
           sqlite3_column_type(statement, lac_results_column(statement, "column_name")) !=
               SQLITE_NULL;
}

void
lac_results_collect(sqlite3_stmt *statement, const char *const *columns, GPtrArray *rows)
{
    const size_t n = g_strv_length((char **)columns);

    while (sqlite3_step(statement) == SQLITE_ROW) {
        char **row;

        if (!lac_cli_verbose() && is_of_column(statement, columns))
            continue;
        row = g_new0(char *, n + 1);
        for (size_t i = 0; i < n; i++)
            row[i] = table_text(statement, lac_results_column(statement, columns[i]));
        g_ptr_array_add(rows, row);
    }
}

/* Columns in which no row has anything are left out. */
void
lac_results_print(const char *const *columns, const GPtrArray *rows)
{
    const size_t n = g_strv_length((char **)columns);
    glong width[MOST_COLUMNS] = {0};

    g_assert(n <= MOST_COLUMNS);
    for (guint r = 0; r < rows->len; r++)
        for (size_t i = 0; i < n; i++)
            width[i] = MAX(width[i], g_utf8_strlen(((char **)rows->pdata[r])[i], -1));
    for (size_t i = 0; i < n; i++)
        if (width[i] > 0)
            width[i] = MAX(width[i], (glong)strlen(columns[i]));
    for (gint64 r = -1; r < (gint64)rows->len && !ferror(stdout); r++) {
        g_autoptr(GString) line = g_string_new(NULL);

        for (size_t i = 0; i < n; i++) {
            const char *text = r < 0 ? columns[i] : ((char **)rows->pdata[r])[i];

            if (width[i] == 0)
                continue;
            g_string_append(line, text);
            for (glong w = g_utf8_strlen(text, -1); w < width[i] + 2; w++)
                g_string_append_c(line, ' ');
        }
        g_strchomp(line->str);
        puts(line->str);
    }
}
