/* What is read only when a figure asks for it: traces and events. */
#include "database-private.h"
#include "model-private.h"

#include <math.h>

void
report_trace_free(LacReportTrace *trace)
{
    g_free(trace->series);
    g_free(trace->column);
    g_free(trace->value);
    g_free(trace);
}

/* fills trace->value; rows come in any order */
static void
trace_fill(LacReportTrace *trace, Database *database, const char *id)
{
    g_autoptr(Rows) rows = NULL;

    if (sqlite3_prepare_v2(database,
                           "SELECT chain, iteration, value FROM traces WHERE cell = ? AND"
                           " series = ? AND column_name IS ?",
                           -1, &rows, NULL) != SQLITE_OK)
        return;
    sqlite3_bind_text(rows, 1, id, -1, SQLITE_STATIC);
    sqlite3_bind_text(rows, 2, trace->series, -1, SQLITE_STATIC);
    sqlite3_bind_text(rows, 3, trace->column, -1, SQLITE_STATIC);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        const sqlite3_int64 chain = sqlite3_column_int64(rows, 0);
        const sqlite3_int64 iteration = sqlite3_column_int64(rows, 1);
        if (chain >= 0 && (size_t)chain < trace->chains && iteration >= 0 &&
            (size_t)iteration < trace->iterations)
            trace->value[(size_t)chain * trace->iterations + (size_t)iteration] =
                report_number_at(rows, 2);
    }
}

static LacReportTrace *
trace_read(Rows *rows, Database *database, const char *id)
{
    const sqlite3_int64 chains = sqlite3_column_int64(rows, 2) + 1;
    const sqlite3_int64 iterations = sqlite3_column_int64(rows, 3) + 1;
    LacReportTrace *trace;

    if (chains < 1 || iterations < 1 || chains > 1000 || iterations > 1000000)
        return NULL;
    trace = g_new0(LacReportTrace, 1);
    trace->series = report_text_at(rows, 0);
    trace->column = report_text_at(rows, 1);
    trace->chains = (size_t)chains;
    trace->iterations = (size_t)iterations;
    trace->value = g_new(double, trace->chains * trace->iterations);
    for (size_t i = 0; i < trace->chains * trace->iterations; i++)
        trace->value[i] = NAN;
    trace_fill(trace, database, id);
    return trace;
}

GPtrArray *
report_traces(const LacReport *report, size_t index, size_t most)
{
    GPtrArray *out = g_ptr_array_new_with_free_func((GDestroyNotify)report_trace_free);
    const LacReportCell *cell = report_cell(report, index);
    g_autoptr(Database) database = report_database(report_run(report, cell->run)->dir, NULL);
    g_autoptr(Rows) rows = NULL;

    if (database == NULL ||
        sqlite3_prepare_v2(database,
                           "SELECT series, column_name, max(chain), max(iteration) FROM traces"
                           " WHERE cell = ? GROUP BY series, column_name ORDER BY min(rowid)",
                           -1, &rows, NULL) != SQLITE_OK)
        return out;
    sqlite3_bind_text(rows, 1, cell->id, -1, SQLITE_STATIC);
    while (out->len < most && sqlite3_step(rows) == SQLITE_ROW) {
        LacReportTrace *trace = trace_read(rows, database, cell->id);
        if (trace != NULL)
            g_ptr_array_add(out, trace);
    }
    return out;
}

void
report_event_free(LacReportEvent *event)
{
    g_free(event->code);
    g_free(event->column);
    g_free(event->detail);
    g_free(event);
}

/* merge one row into the events of its data set and method */
static void
event_merge(GPtrArray *events, GHashTable *index, const LacReportCell *cell, Rows *rows)
{
    g_autofree char *code = report_text_at(rows, 1), *column = report_text_at(rows, 2);
    g_autofree char *key = g_strdup_printf("%s\x1f%s\x1f%zu\x1f%zu", code ? code : "",
                                           column ? column : "", cell->data, cell->method);
    LacReportEvent *event = g_hash_table_lookup(index, key);

    if (event == NULL) {
        event = g_new0(LacReportEvent, 1);
        event->code = g_steal_pointer(&code);
        event->column = g_steal_pointer(&column);
        event->detail = report_text_at(rows, 4);
        event->data = cell->data;
        event->method = cell->method;
        g_hash_table_insert(index, g_steal_pointer(&key), event);
        g_ptr_array_add(events, event);
    }
    event->count += sqlite3_column_int64(rows, 3);
    event->cells++;
}

GPtrArray *
report_events(const LacReport *report)
{
    GPtrArray *out = g_ptr_array_new_with_free_func((GDestroyNotify)report_event_free);
    g_autoptr(GHashTable) cells = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (size_t i = 0; i < report->cells->len; i++)
        g_hash_table_insert(cells, report_cell(report, i)->id, (gpointer)report_cell(report, i));
    for (size_t r = 0; r < report->runs->len; r++) {
        g_autoptr(Database) database = report_database(report_run(report, r)->dir, NULL);
        g_autoptr(Rows) rows = NULL;
        if (database == NULL ||
            sqlite3_prepare_v2(database,
                               "SELECT cell, code, column_name, count, detail FROM events"
                               " ORDER BY rowid",
                               -1, &rows, NULL) != SQLITE_OK)
            continue;
        while (sqlite3_step(rows) == SQLITE_ROW) {
            const char *id = (const char *)sqlite3_column_text(rows, 0);
            const LacReportCell *cell = id == NULL ? NULL : g_hash_table_lookup(cells, id);
            if (cell != NULL && cell->run == r)
                event_merge(out, index, cell, rows);
        }
    }
    return out;
}
