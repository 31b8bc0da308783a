/* Cells in and out of the result file: each whole or not at all. */
#include "sql.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>

GHashTable *
lac_store_cells(LacStore *store, GError **error)
{
    g_autoptr(GHashTable) cells = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    sqlite3_stmt *statement;
    int step;

    if (sqlite3_prepare_v2(store->db,
                           "SELECT id, status FROM cells UNION ALL SELECT id, status FROM trials",
                           -1, &statement, NULL) != SQLITE_OK) {
        lac_sql_fail(store, error);
        return NULL;
    }
    while ((step = sqlite3_step(statement)) == SQLITE_ROW)
        g_hash_table_insert(cells, g_strdup((const char *)sqlite3_column_text(statement, 0)),
                            g_strdup((const char *)sqlite3_column_text(statement, 1)));
    sqlite3_finalize(statement);
    if (step != SQLITE_DONE) {
        lac_sql_fail(store, error);
        return NULL;
    }
    return g_steal_pointer(&cells);
}

static gboolean
delete_cell(LacStore *store, const char *id, GError **error)
{
    static const char *const statements[] = {
        "DELETE FROM metrics WHERE cell = ?", "DELETE FROM traces WHERE cell = ?",
        "DELETE FROM events WHERE cell = ?",  "DELETE FROM axes WHERE cell = ?",
        "DELETE FROM search WHERE cell = ?",  "DELETE FROM drawn WHERE trial = ?",
        "DELETE FROM cells WHERE id = ?",     "DELETE FROM trials WHERE id = ?",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(statements); i++) {
        LacRow row;

        if (!lac_row_begin(&row, store, statements[i], error))
            return FALSE;
        lac_row_text(&row, id);
        if (!lac_row_end(&row, lac_row_next(&row, error)))
            return FALSE;
    }
    return TRUE;
}

static gboolean
commit(LacStore *store, gboolean good, GError **error)
{
    if (good && lac_sql_execute(store, "COMMIT", error))
        return TRUE;
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return FALSE;
}

gboolean
lac_store_delete(LacStore *store, const char *const *ids, GError **error)
{
    gboolean good = lac_sql_execute(store, "BEGIN IMMEDIATE", error);

    for (; good && *ids != NULL; ids++)
        good = delete_cell(store, *ids, error);
    return commit(store, good, error);
}

/* fit_s, apply_s, cpu_s, peak_rss_mib, threads, contended: columns that cells and trials share. */
static void
row_spent(LacRow *row, const LacOutcome *outcome)
{
    lac_row_real(row, outcome->fit_s);
    lac_row_real(row, outcome->apply_s);
    lac_row_real(row, outcome->cpu_s);
    lac_row_real(row, outcome->peak_rss_mib);
    lac_row_count(row, outcome->threads);
    lac_row_count(row, outcome->contended);
}

static gboolean
insert_cell(LacStore *store, const LacCellRecord *cell, const LacOutcome *outcome,
            const char *version, GError **error)
{
    const char *const before[] = {cell->mask, cell->mask_params, outcome->mechanism};
    const char *const after[] = {cell->initial,          cell->initial_params, cell->model,
                                 cell->model_params,     cell->model_label,    cell->optimizer,
                                 cell->optimizer_params, cell->scale};
    const char *const data[] = {cell->data, cell->data_params, cell->family, cell->data_sha256};
    const char *const end[] = {outcome->host,     version,          outcome->started,
                               outcome->finished, cell->downstream, cell->search};
    LacRow row;

    if (!lac_row_begin(
            &row, store,
            "INSERT INTO cells(id, position, data, data_params, family, data_sha256, n_rows,"
            " n_cols, split, fold, mask, mask_params, mechanism, rate_asked, rate_realised,"
            " initial, initial_params, model, model_params, model_label, optimizer,"
            " optimizer_params, scale, repeat, seed, status, reason, fit_s, apply_s, cpu_s,"
            " peak_rss_mib, threads, contended, host, version, started, finished, downstream,"
            " search)"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
            "?,?,?,?)",
            error))
        return FALSE;
    lac_row_text(&row, cell->id);
    lac_row_int(&row, cell->position);
    lac_row_texts(&row, G_N_ELEMENTS(data), data);
    lac_row_count(&row, outcome->n_rows);
    lac_row_count(&row, outcome->n_cols);
    lac_row_text(&row, cell->split);
    lac_row_count(&row, cell->fold);
    lac_row_texts(&row, G_N_ELEMENTS(before), before);
    lac_row_real(&row, cell->rate_asked);
    lac_row_real(&row, outcome->rate_realised);
    lac_row_texts(&row, G_N_ELEMENTS(after), after);
    lac_row_int(&row, cell->repeat);
    lac_row_int(&row, cell->seed);
    lac_row_text(&row, outcome->status);
    lac_row_text(&row, outcome->reason);
    row_spent(&row, outcome);
    lac_row_texts(&row, G_N_ELEMENTS(end), end);
    return lac_row_end(&row, lac_row_next(&row, error));
}

static gboolean
insert_metrics(LacStore *store, const char *id, const LacOutcome *outcome, GError **error)
{
    gboolean good = TRUE;
    LacRow row;

    if (!lac_row_begin(&row, store,
                       "INSERT INTO metrics(cell, metric, part, column_name, value, status, reason,"
                       " n_cells, draws) VALUES (?,?,?,?,?,?,?,?,?)",
                       error))
        return FALSE;
    for (guint i = 0; good && i < outcome->metrics->len; i++) {
        const LacMetricRow *metric = outcome->metrics->pdata[i];

        lac_row_text(&row, id);
        lac_row_text(&row, metric->metric);
        lac_row_text(&row, metric->part);
        lac_row_text(&row, metric->column_name);
        lac_row_real(&row, metric->value);
        lac_row_text(&row, metric->status);
        lac_row_text(&row, metric->reason);
        lac_row_count(&row, metric->n_cells);
        lac_row_count(&row, metric->draws);
        good = lac_row_next(&row, error);
    }
    return lac_row_end(&row, good);
}

static gboolean
insert_infos(LacStore *store, const LacOutcome *outcome, GError **error)
{
    gboolean good = TRUE;
    LacRow row;

    if (!lac_row_begin(
            &row, store,
            "INSERT INTO metric_info(metric, part, direction, target, unit, scope, needs,"
            " judges, valid, caution)"
            " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 WHERE NOT EXISTS"
            " (SELECT 1 FROM metric_info WHERE metric = ?1 AND part IS ?2)",
            error))
        return FALSE;
    for (guint i = 0; good && i < outcome->infos->len; i++) {
        const LacMetricInfoRow *info = outcome->infos->pdata[i];

        lac_row_text(&row, info->metric);
        lac_row_text(&row, info->part);
        lac_row_text(&row, info->direction);
        lac_row_real(&row, info->target);
        lac_row_text(&row, info->unit);
        lac_row_text(&row, info->scope);
        lac_row_text(&row, info->needs);
        lac_row_text(&row, info->judges);
        lac_row_text(&row, info->valid);
        lac_row_text(&row, info->caution);
        good = lac_row_next(&row, error);
    }
    return lac_row_end(&row, good);
}

static gboolean
insert_traces(LacStore *store, const char *id, const LacOutcome *outcome, GError **error)
{
    gboolean good = TRUE;
    LacRow row;

    if (!lac_row_begin(&row, store,
                       "INSERT INTO traces(cell, series, column_name, chain, iteration, value)"
                       " VALUES (?,?,?,?,?,?)",
                       error))
        return FALSE;
    for (guint i = 0; good && i < outcome->traces->len; i++) {
        const LacTraceRow *trace = outcome->traces->pdata[i];

        lac_row_text(&row, id);
        lac_row_text(&row, trace->series);
        lac_row_text(&row, trace->column_name);
        lac_row_int(&row, trace->chain);
        lac_row_int(&row, trace->iteration);
        lac_row_real(&row, trace->value);
        good = lac_row_next(&row, error);
    }
    return lac_row_end(&row, good);
}

static gboolean
insert_events(LacStore *store, const char *id, const LacOutcome *outcome, GError **error)
{
    gboolean good = TRUE;
    LacRow row;

    if (!lac_row_begin(&row, store,
                       "INSERT INTO events(cell, code, column_name, count, detail)"
                       " VALUES (?,?,?,?,?)",
                       error))
        return FALSE;
    for (guint i = 0; good && i < outcome->events->len; i++) {
        const LacEventRow *event = outcome->events->pdata[i];

        lac_row_text(&row, id);
        lac_row_text(&row, event->code);
        lac_row_text(&row, event->column_name);
        lac_row_int(&row, event->count);
        lac_row_text(&row, event->detail);
        good = lac_row_next(&row, error);
    }
    return lac_row_end(&row, good);
}

static gboolean
insert_axes(LacStore *store, const LacCellRecord *cell, GError **error)
{
    gboolean good = TRUE;
    LacRow row;

    if (!lac_row_begin(&row, store, "INSERT INTO axes(cell, axis, value) VALUES (?,?,?)", error))
        return FALSE;
    for (char **axis = cell->axes; good && axis != NULL && *axis != NULL; axis += 2) {
        lac_row_text(&row, cell->id);
        lac_row_text(&row, axis[0]);
        lac_row_text(&row, axis[1]);
        good = lac_row_next(&row, error);
    }
    return lac_row_end(&row, good);
}

/* ---- searches -------------------------------------------------------------------------------- */

static gboolean
insert_trial(LacStore *store, const LacCellRecord *trial, const LacOutcome *outcome,
             const char *version, GError **error)
{
    const char *const what[] = {
        trial->model,      trial->model_params, trial->optimizer, trial->optimizer_params,
        trial->downstream, outcome->status,     outcome->reason};
    const char *const end[] = {outcome->host, version, outcome->started, outcome->finished};
    LacRow row;

    if (!lac_row_begin(&row, store,
                       "INSERT INTO trials(id, position, stage, draw, metric, score, model,"
                       " model_params, optimizer, optimizer_params, downstream, status, reason,"
                       " fit_s, apply_s, cpu_s, peak_rss_mib, threads, contended, host, version,"
                       " started, finished)"
                       " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                       error))
        return FALSE;
    lac_row_text(&row, trial->id);
    lac_row_int(&row, trial->position);
    lac_row_text(&row, trial->stage);
    lac_row_int(&row, trial->draw);
    lac_row_text(&row, trial->metric);
    lac_row_real(&row, trial->score);
    lac_row_texts(&row, G_N_ELEMENTS(what), what);
    row_spent(&row, outcome);
    lac_row_texts(&row, G_N_ELEMENTS(end), end);
    return lac_row_end(&row, lac_row_next(&row, error));
}

static gboolean
insert_drawn(LacStore *store, const LacCellRecord *trial, GError **error)
{
    gboolean good = TRUE;
    LacRow row;

    if (!lac_row_begin(&row, store, "INSERT INTO drawn(trial, parameter, value) VALUES (?,?,?)",
                       error))
        return FALSE;
    for (char **axis = trial->axes; good && axis != NULL && *axis != NULL; axis += 2) {
        lac_row_text(&row, trial->id);
        lac_row_text(&row, axis[0]);
        lac_row_text(&row, axis[1]);
        good = lac_row_next(&row, error);
    }
    return lac_row_end(&row, good);
}

static gboolean
insert_search(LacStore *store, const LacCellRecord *cell, GError **error)
{
    gboolean good = TRUE;
    LacRow row;

    if (cell->trials == NULL)
        return TRUE;
    if (!lac_row_begin(&row, store,
                       "INSERT INTO search(cell, trial, stage, rank, chosen)"
                       " VALUES (?,?,?,nullif(?,0),?)",
                       error))
        return FALSE;
    for (guint i = 0; good && i < cell->trials->len; i++) {
        const LacSearchRow *trial = &g_array_index(cell->trials, LacSearchRow, i);

        lac_row_text(&row, cell->id);
        lac_row_text(&row, trial->trial);
        lac_row_text(&row, trial->stage);
        lac_row_int(&row, trial->rank);
        lac_row_int(&row, trial->chosen ? 1 : 0);
        good = lac_row_next(&row, error);
    }
    return lac_row_end(&row, good);
}

gboolean
lac_store_trial(LacStore *store, const char *id, double *score, char **reason, GError **error)
{
    sqlite3_stmt *statement;
    int step;

    if (sqlite3_prepare_v2(store->db,
                           "SELECT score, coalesce(reason, status) FROM trials"
                           " WHERE id = ?",
                           -1, &statement, NULL) != SQLITE_OK)
        return lac_sql_fail(store, error);
    sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
    *score = NAN;
    *reason = NULL;
    step = sqlite3_step(statement);
    if (step == SQLITE_ROW) {
        if (sqlite3_column_type(statement, 0) == SQLITE_FLOAT)
            *score = sqlite3_column_double(statement, 0);
        *reason = g_strdup((const char *)sqlite3_column_text(statement, 1));
    }
    sqlite3_finalize(statement);
    return step == SQLITE_ROW || step == SQLITE_DONE || lac_sql_fail(store, error);
}

/* ---- whole cells ----------------------------------------------------------------------------- */

/* Files first: without their row nobody looks at them, and running the cell again replaces them. */
static gboolean
write_artifacts(const LacStore *store, const char *id, const LacOutcome *outcome, GError **error)
{
    g_autofree char *folder = g_build_filename(store->dir, "artifacts", id, NULL);

    if (outcome->artifacts->len == 0)
        return TRUE;
    if (g_mkdir_with_parents(folder, 0755) != 0)
        return lac_fail(error, LAC_ERROR_IO, "%s: cannot make this folder: %s", folder,
                        g_strerror(errno));
    for (guint i = 0; i < outcome->artifacts->len; i++) {
        const LacArtifact *artifact = outcome->artifacts->pdata[i];
        g_autofree char *path = g_build_filename(folder, artifact->name, NULL);
        g_autoptr(GError) cause = NULL;
        gsize size;
        const char *bytes = g_bytes_get_data(artifact->bytes, &size);

        if (!g_file_set_contents(path, bytes, (gssize)size, &cause))
            return lac_fail(error, LAC_ERROR_IO, "%s: %s; make room, then run again with --resume",
                            path, cause->message);
    }
    return TRUE;
}

static gboolean
insert_whole_trial(LacStore *store, const LacCellRecord *trial, const LacOutcome *outcome,
                   const char *version, GError **error)
{
    return insert_trial(store, trial, outcome, version, error) && insert_drawn(store, trial, error);
}

static gboolean
insert_whole_cell(LacStore *store, const LacCellRecord *cell, const LacOutcome *outcome,
                  const char *version, GError **error)
{
    return insert_cell(store, cell, outcome, version, error) &&
           insert_metrics(store, cell->id, outcome, error) && insert_infos(store, outcome, error) &&
           insert_traces(store, cell->id, outcome, error) &&
           insert_events(store, cell->id, outcome, error) && insert_axes(store, cell, error) &&
           insert_search(store, cell, error);
}

gboolean
lac_store_record(LacStore *store, const LacCellRecord *cell, const LacOutcome *outcome,
                 const char *version, GError **error)
{
    const gboolean is_trial = cell->stage != NULL;

    if (!is_trial && !write_artifacts(store, cell->id, outcome, error))
        return FALSE;
    return commit(store,
                  lac_sql_execute(store, "BEGIN IMMEDIATE", error) &&
                      delete_cell(store, cell->id, error) &&
                      (is_trial ? insert_whole_trial(store, cell, outcome, version, error)
                                : insert_whole_cell(store, cell, outcome, version, error)),
                  error);
}

static gboolean
insert_environment(LacStore *store, const char *const *pairs, GError **error)
{
    gboolean good = TRUE;
    LacRow row;

    if (!lac_row_begin(&row, store, "INSERT OR REPLACE INTO environment(key, value) VALUES (?, ?)",
                       error))
        return FALSE;
    for (; good && *pairs != NULL; pairs += 2) {
        lac_row_text(&row, pairs[0]);
        lac_row_text(&row, pairs[1]);
        good = lac_row_next(&row, error);
    }
    return lac_row_end(&row, good);
}

gboolean
lac_store_set_environment(LacStore *store, const char *const *pairs, GError **error)
{
    return commit(store,
                  lac_sql_execute(store, "BEGIN IMMEDIATE", error) &&
                      insert_environment(store, pairs, error),
                  error);
}

gboolean
lac_store_finish(LacStore *store, GError **error)
{
    g_autofree char *now = lac_store_now();
    LacRow row;

    if (!lac_row_begin(&row, store, "UPDATE run SET finished = ?", error))
        return FALSE;
    lac_row_text(&row, now);
    return lac_row_end(&row, lac_row_next(&row, error));
}
