/* From results.sqlite to memory. The layout is documented in store-private.h. */
#include "compare-private.h"
#include "database-private.h"
#include "model-private.h"

#include <math.h>
#include <string.h>

static Rows *
rows_of(Database *database, const char *dir, const char *sql, GError **error)
{
    Rows *rows = NULL;

    if (database == NULL || sqlite3_prepare_v2(database, sql, -1, &rows, NULL) != SQLITE_OK)
        return lac_fail_null(error, LAC_ERROR_IO, "%s/results.sqlite: %s; is it whole?", dir,
                             database == NULL ? "cannot be opened" : sqlite3_errmsg(database));
    return rows;
}

/* TRUE while there is another row; sets *failed on trouble */
static gboolean
rows_next(Rows *rows, const char *dir, gboolean *failed, GError **error)
{
    const int code = sqlite3_step(rows);

    if (code == SQLITE_ROW)
        return TRUE;
    if (code != SQLITE_DONE) {
        *failed = TRUE;
        lac_fail(error, LAC_ERROR_IO, "%s/results.sqlite: %s", dir,
                 sqlite3_errmsg(sqlite3_db_handle(rows)));
    }
    return FALSE;
}

static gboolean
load_run(LacReport *report, Database *database, const char *dir, GError **error)
{
    LacReportRun *run = g_new0(LacReportRun, 1);
    g_autoptr(Rows) rows = NULL;
    g_autoptr(Rows) environment = NULL;
    gboolean failed = FALSE;

    run->dir = g_strdup(dir);
    run->environment = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(report->runs, run);
    rows = rows_of(database, dir,
                   "SELECT name, seed, started, finished, yaml, command, version, abi FROM run",
                   error);
    if (rows == NULL)
        return FALSE;
    if (rows_next(rows, dir, &failed, error)) {
        run->name = report_text_at(rows, 0);
        run->seed_text = report_text_at(rows, 1);
        run->started = report_text_at(rows, 2);
        run->finished = report_text_at(rows, 3);
        run->yaml = report_text_at(rows, 4);
        run->command = report_text_at(rows, 5);
        run->version = report_text_at(rows, 6);
        run->abi = report_text_at(rows, 7);
        if (run->finished == NULL)
            report_note(report,
                        "%s: this run has not come to its end (it was interrupted, or still goes "
                        "on). The page shows the cells it has; 'lacuna run' with --resume does the "
                        "rest.",
                        dir);
    }
    environment =
        failed ? NULL
               : rows_of(database, dir, "SELECT key, value FROM environment ORDER BY key", error);
    if (environment == NULL)
        return FALSE;
    while (rows_next(environment, dir, &failed, error)) {
        g_ptr_array_add(run->environment, report_text_at(environment, 0));
        g_ptr_array_add(run->environment, report_text_at(environment, 1));
    }
    return !failed;
}

static LacReportCell *
cell_read(Rows *rows, const LacReportRun *run)
{
    LacReportCell *cell = g_new0(LacReportCell, 1);
    char **texts[] = {
        &cell->id,           &cell->data_name,   &cell->data_params,    &cell->family,
        &cell->data_sha,     &cell->split,       &cell->mask,           &cell->mask_params,
        &cell->mechanism,    &cell->initial,     &cell->initial_params, &cell->model,
        &cell->model_params, &cell->model_label, &cell->optimizer,      &cell->optimizer_params,
        &cell->scale,        &cell->status,      &cell->reason,         &cell->host,
        &cell->classifier};
    int64_t *wholes[] = {&cell->position, &cell->rows,   &cell->cols,
                         &cell->fold,     &cell->repeat, &cell->threads};
    double *numbers[] = {&cell->rate_asked, &cell->rate_realised, &cell->fit_s,
                         &cell->apply_s,    &cell->cpu_s,         &cell->peak_mib};
    int at = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        *texts[i] = report_text_at(rows, at++);
    for (size_t i = 0; i < G_N_ELEMENTS(wholes); i++)
        *wholes[i] = sqlite3_column_int64(rows, at++);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        *numbers[i] = report_number_at(rows, at++);
    cell->contended = sqlite3_column_int(rows, at) != 0;
    cell->ok = g_strcmp0(cell->status, "ok") == 0;
    cell->pair = g_strdup_printf("%s/%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT,
                                 run->seed_text ? run->seed_text : "", cell->repeat, cell->fold);
    return cell;
}

/* What a search has chosen differs between folds and repeats; the method is the search.
 * @known: id -> index of the cell */
static gboolean
load_cells(LacReport *report, Database *database, const char *dir, GHashTable *known,
           GError **error)
{
    static const char sql[] =
        "SELECT id, data, data_params, family, data_sha256, split, mask, mask_params, mechanism,"
        " initial, initial_params, model, coalesce(search, model_params), model_label, optimizer,"
        " CASE WHEN search IS NULL THEN optimizer_params END,"
        " scale, status, reason, host, json_extract(downstream, '$.model'), position, n_rows, "
        "n_cols, fold, repeat, threads,"
        " rate_asked, rate_realised, fit_s, apply_s, cpu_s, peak_rss_mib, contended"
        " FROM cells WHERE status IS NOT NULL ORDER BY position, id";
    g_autoptr(Rows) rows = rows_of(database, dir, sql, error);
    const LacReportRun *run = report_run(report, report->runs->len - 1);
    gboolean failed = FALSE;

    if (rows == NULL)
        return FALSE;
    while (rows_next(rows, dir, &failed, error)) {
        LacReportCell *cell = cell_read(rows, run);
        cell->run = report->runs->len - 1;
        if (cell->id == NULL || g_hash_table_contains(known, cell->id)) {
            report_cell_free(cell);
            continue;
        }
        g_hash_table_insert(known, cell->id, GSIZE_TO_POINTER((gsize)report->cells->len));
        g_ptr_array_add(report->cells, cell);
    }
    return !failed;
}

static char *
metric_key(const char *name, const char *part)
{
    return g_strconcat(name, "\x1f", part, NULL);
}

static size_t
metric_add(LacReport *report, GHashTable *metrics, const char *name, const char *part)
{
    g_autofree char *key = metric_key(name, part);
    gpointer found;
    LacReportMetric *metric;

    if (g_hash_table_lookup_extended(metrics, key, NULL, &found))
        return GPOINTER_TO_SIZE(found);
    metric = g_new0(LacReportMetric, 1);
    metric->name = g_strdup(name);
    metric->part = g_strdup(part);
    metric->judges = LAC_REPORT_UNKNOWN;
    metric->listed = report->metrics->len;
    metric->label = part == NULL ? g_strdup(name) : g_strdup_printf("%s %s", name, part);
    g_hash_table_insert(metrics, g_steal_pointer(&key),
                        GSIZE_TO_POINTER((gsize)report->metrics->len));
    g_ptr_array_add(report->metrics, metric);
    return report->metrics->len - 1;
}

static const char *const judges_words[] = {"draws", "table", "point", "task", ""};

static LacReportJudges
judges_of(const char *word)
{
    for (int i = 0; i < LAC_REPORT_UNKNOWN; i++)
        if (g_strcmp0(word, judges_words[i]) == 0)
            return (LacReportJudges)i;
    return LAC_REPORT_UNKNOWN;
}

const char *
report_judges_word(const LacReportMetric *metric)
{
    return judges_words[metric->judges];
}

gboolean
report_valid(const LacReportMetric *metric, const LacReportCondition *condition)
{
    g_auto(GStrv) under = NULL;

    if (metric->valid == NULL || condition->mechanism == NULL)
        return TRUE;
    under = g_strsplit(metric->valid, ",", -1);
    return g_strv_contains((const char *const *)under, condition->mechanism);
}

static gboolean
load_metric_info(LacReport *report, Database *database, const char *dir, GHashTable *metrics,
                 GError **error)
{
    g_autoptr(Rows) rows =
        rows_of(database, dir,
                "SELECT metric, part, direction, target, unit, scope, needs, judges, valid, caution"
                " FROM metric_info ORDER BY rowid",
                error);
    gboolean failed = FALSE;

    if (rows == NULL)
        return FALSE;
    while (rows_next(rows, dir, &failed, error)) {
        g_autofree char *name = report_text_at(rows, 0), *part = report_text_at(rows, 1);
        g_autofree char *direction = report_text_at(rows, 2);
        LacReportMetric *metric;
        size_t index;
        if (name == NULL)
            continue;
        index = metric_add(report, metrics, name, part);
        metric = g_ptr_array_index(report->metrics, index);
        if (metric->scope != NULL || metric->unit != NULL)
            continue; /* known from an earlier folder */
        metric->better = direction != NULL && g_str_has_prefix(direction, "max") ? LAC_BETTER_HIGH
                         : g_strcmp0(direction, "target") == 0                   ? LAC_BETTER_TARGET
                                                                                 : LAC_BETTER_LOW;
        metric->target = sqlite3_column_double(rows, 3);
        metric->unit = report_text_at(rows, 4);
        metric->scope = report_text_at(rows, 5);
        metric->needs = report_text_at(rows, 6);
        metric->judges = judges_of((const char *)sqlite3_column_text(rows, 7));
        metric->valid = report_text_at(rows, 8);
        metric->caution = report_text_at(rows, 9);
    }
    return !failed;
}

/* one value of the metrics table, before we know how many metrics there are */
typedef struct {
    size_t cell, metric;
    double value;
    LacValueStatus status;
} Reading;

static LacValueStatus
value_status(const char *status, double value)
{
    if (g_strcmp0(status, "ok") == 0 && !isnan(value))
        return LAC_VALUE_OK;
    if (g_strcmp0(status, "not-applicable") == 0)
        return LAC_VALUE_NOT_APPLICABLE;
    return LAC_VALUE_UNDEFINED;
}

static gboolean
load_values(LacReport *report, Database *database, const char *dir, GHashTable *known,
            GHashTable *metrics, GArray *readings, GError **error)
{
    g_autoptr(Rows) rows = rows_of(database, dir,
                                   "SELECT cell, metric, part, value, status FROM metrics"
                                   " WHERE column_name IS NULL ORDER BY rowid",
                                   error);
    const size_t run = report->runs->len - 1;
    gboolean failed = FALSE;

    if (rows == NULL)
        return FALSE;
    while (rows_next(rows, dir, &failed, error)) {
        const char *id = (const char *)sqlite3_column_text(rows, 0);
        const char *name = (const char *)sqlite3_column_text(rows, 1);
        Reading reading = {.value = report_number_at(rows, 3)};
        gpointer cell;
        if (id == NULL || name == NULL || !g_hash_table_lookup_extended(known, id, NULL, &cell))
            continue;
        reading.cell = GPOINTER_TO_SIZE(cell);
        if (report_cell(report, reading.cell)->run != run)
            continue; /* counted in an earlier folder */
        reading.metric =
            metric_add(report, metrics, name, (const char *)sqlite3_column_text(rows, 2));
        reading.status = value_status((const char *)sqlite3_column_text(rows, 4), reading.value);
        g_array_append_val(readings, reading);
    }
    return !failed;
}

/* Scores of distributions before those of points; @readings follow. */
static void
metrics_arrange(LacReport *report, GArray *readings)
{
    const size_t n = report->metrics->len;
    g_autofree size_t *place = g_new(size_t, MAX(n, 1));
    g_autofree gpointer *metrics = g_memdup2(report->metrics->pdata, n * sizeof(gpointer));
    size_t next = 0;

    for (int judges = 0; judges <= LAC_REPORT_UNKNOWN; judges++)
        for (size_t i = 0; i < n; i++)
            if (((const LacReportMetric *)metrics[i])->judges == (LacReportJudges)judges) {
                report->metrics->pdata[next] = metrics[i];
                place[i] = next++;
            }
    for (size_t i = 0; i < readings->len; i++) {
        Reading *reading = &g_array_index(readings, Reading, i);
        reading->metric = place[reading->metric];
    }
}

/* A metric with parts says "not applicable" once, without a part: that holds for all its parts. */
static void
values_spread(LacReport *report)
{
    const size_t metrics = report->metrics->len;

    for (size_t whole = 0; whole < metrics; whole++) {
        for (size_t part = 0; part < metrics; part++) {
            if (report_metric(report, whole)->part != NULL ||
                report_metric(report, part)->part == NULL ||
                !g_str_equal(report_metric(report, whole)->name, report_metric(report, part)->name))
                continue;
            for (size_t c = 0; c < report->cells->len; c++)
                if (report->status[c * metrics + part] == LAC_VALUE_ABSENT)
                    report->status[c * metrics + part] = report->status[c * metrics + whole];
        }
    }
}

static gboolean
values_settle(LacReport *report, const GArray *readings, GError **error)
{
    const size_t metrics = MAX(report->metrics->len, 1), cells = report->cells->len;

    report->value = lac_try_alloc(cells * metrics, sizeof(double), "metric values", error);
    report->status =
        report->value == NULL ? NULL : lac_try_alloc(cells * metrics, 1, "metric values", error);
    if (report->status == NULL)
        return FALSE;
    for (size_t c = 0; c < cells; c++)
        for (size_t k = 0; k < metrics; k++) {
            report->value[c * metrics + k] = NAN;
            report->status[c * metrics + k] =
                report_cell(report, c)->ok ? LAC_VALUE_ABSENT : LAC_VALUE_FAILED;
        }
    for (size_t i = 0; i < readings->len; i++) {
        const Reading *reading = &g_array_index(readings, Reading, i);
        const size_t at = reading->cell * metrics + reading->metric;
        if (!report_cell(report, reading->cell)->ok)
            continue;
        report->value[at] = reading->status == LAC_VALUE_OK ? reading->value : NAN;
        report->status[at] = (unsigned char)reading->status;
    }
    values_spread(report);
    return TRUE;
}

static gboolean
load_dir(LacReport *report, const char *dir, GHashTable *known, GHashTable *metrics,
         GArray *readings, GError **error)
{
    g_autoptr(Database) database = report_database(dir, error);

    if (database == NULL) {
        if (error != NULL && *error == NULL)
            lac_fail(error, LAC_ERROR_IO, "%s/results.sqlite: cannot be opened", dir);
        return FALSE;
    }
    return load_run(report, database, dir, error) &&
           load_cells(report, database, dir, known, error) &&
           load_metric_info(report, database, dir, metrics, error) &&
           load_values(report, database, dir, known, metrics, readings, error);
}

LacReport *
lac_report_load(const char *const *dirs, GError **error)
{
    g_autoptr(LacReport) report = report_new();
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) metrics = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GArray) readings = g_array_new(FALSE, FALSE, sizeof(Reading));
    const LacReportRun *first;

    for (size_t i = 0; dirs[i] != NULL; i++)
        if (!load_dir(report, dirs[i], known, metrics, readings, error))
            return NULL;
    metrics_arrange(report, readings);
    if (!values_settle(report, readings, error))
        return NULL;
    first = report_run(report, 0);
    report->rng = lac_rng_new(first->seed_text ? g_ascii_strtoull(first->seed_text, NULL, 10) : 0);
    report->rng = lac_rng_split(&report->rng, "report");
    report_settings_read(report, first->yaml);
    report_group(report);
    report_order(report);
    return g_steal_pointer(&report);
}
