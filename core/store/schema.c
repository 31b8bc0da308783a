/* The tables of results.sqlite: the interchange format, read by the report, by pandas, R, DuckDB.
 */
#include "store-private.h"

const char *
lac_store_schema(void)
{
    return "CREATE TABLE run("
           " name TEXT NOT NULL, seed INTEGER NOT NULL, started TEXT NOT NULL, finished TEXT,"
           " yaml TEXT NOT NULL, command TEXT, version TEXT NOT NULL, abi INTEGER NOT NULL);"
           "CREATE TABLE environment(key TEXT PRIMARY KEY, value TEXT);"
           "CREATE TABLE cells("
           " id TEXT PRIMARY KEY, position INTEGER NOT NULL,"
           " data TEXT NOT NULL, data_params TEXT, family TEXT, data_sha256 TEXT,"
           " n_rows INTEGER, n_cols INTEGER, split TEXT, fold INTEGER,"
           " mask TEXT, mask_params TEXT, mechanism TEXT, rate_asked REAL, rate_realised REAL,"
           " initial TEXT, initial_params TEXT,"
           " model TEXT NOT NULL, model_params TEXT, model_label TEXT NOT NULL,"
           " optimizer TEXT, optimizer_params TEXT, scale TEXT,"
           " repeat INTEGER NOT NULL, seed INTEGER NOT NULL, status TEXT NOT NULL, reason TEXT,"
           " fit_s REAL, apply_s REAL, cpu_s REAL, peak_rss_mib REAL, threads INTEGER,"
           " contended INTEGER, host TEXT, version TEXT, started TEXT, finished TEXT,"
           " downstream TEXT);"
           "CREATE TABLE metrics("
           " cell TEXT NOT NULL REFERENCES cells(id), metric TEXT NOT NULL, part TEXT,"
           " column_name TEXT, value REAL, status TEXT NOT NULL, reason TEXT,"
           " n_cells INTEGER, draws INTEGER);"
           "CREATE INDEX metrics_cell ON metrics(cell);"
           "CREATE TABLE metric_info("
           " metric TEXT NOT NULL, part TEXT, direction TEXT NOT NULL, target REAL,"
           " unit TEXT, scope TEXT, needs TEXT);"
           "CREATE TABLE traces("
           " cell TEXT NOT NULL REFERENCES cells(id), series TEXT NOT NULL, column_name TEXT,"
           " chain INTEGER NOT NULL, iteration INTEGER NOT NULL, value REAL);"
           "CREATE INDEX traces_cell ON traces(cell);"
           "CREATE TABLE events("
           " cell TEXT NOT NULL REFERENCES cells(id), code TEXT NOT NULL, column_name TEXT,"
           " count INTEGER NOT NULL, detail TEXT);"
           "CREATE INDEX events_cell ON events(cell);"
           "CREATE TABLE axes("
           " cell TEXT NOT NULL REFERENCES cells(id), axis TEXT NOT NULL, value TEXT);"
           "CREATE INDEX axes_cell ON axes(cell);";
}
