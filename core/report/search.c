/* Searches from results.sqlite: tables search, trials and drawn. */
#include "database-private.h"
#include "search-private.h"

#include <math.h>
#include <string.h>

static void
tried_free(gpointer data)
{
    LacReportTried *tried = data;

    g_ptr_array_unref(tried->name);
    g_ptr_array_unref(tried->value);
    g_array_unref(tried->score);
    g_array_unref(tried->picked);
    g_free(tried->reason);
    g_free(tried);
}

static void
search_free(gpointer data)
{
    LacReportSearch *search = data;

    g_ptr_array_unref(search->methods);
    g_ptr_array_unref(search->tried);
    g_free(search->stage);
    g_free(search);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* "model.knn.k" is k, "optimizer.adam.rate" adam rate; the place says the rest. */
static char *
short_name(const char *path)
{
    const char *rest = g_str_has_prefix(path, "downstream.") ? path + strlen("downstream.") : path;
    const gboolean of_optimizer = g_str_has_prefix(rest, "optimizer.");
    const char *component = strchr(rest, '.'), *key;

    if (component == NULL)
        return g_strdup(path);
    component++;
    key = strchr(component, '.');
    if (key == NULL)
        return g_strdup(component);
    return of_optimizer ? g_strdup_printf("%.*s %s", (int)(key - component), component, key + 1)
                        : g_strdup(key + 1);
}

static LacReportTried *
tried_new(Database *database, const char *trial, int64_t draw)
{
    LacReportTried *tried = g_new0(LacReportTried, 1);
    g_autoptr(Rows) rows = NULL;

    tried->draw = draw;
    tried->name = g_ptr_array_new_with_free_func(g_free);
    tried->value = g_ptr_array_new_with_free_func(g_free);
    tried->score = g_array_new(FALSE, FALSE, sizeof(double));
    tried->picked = g_array_new(FALSE, FALSE, sizeof(gboolean));
    if (sqlite3_prepare_v2(database,
                           "SELECT parameter, value FROM drawn WHERE trial = ? ORDER BY rowid", -1,
                           &rows, NULL) != SQLITE_OK)
        return tried;
    sqlite3_bind_text(rows, 1, trial, -1, SQLITE_STATIC);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        g_autofree char *path = report_text_at(rows, 0);

        g_ptr_array_add(tried->name, short_name(path != NULL ? path : ""));
        g_ptr_array_add(tried->value, report_text_at(rows, 1));
    }
    return tried;
}

static LacReportTried *
tried_find(LacReportSearch *search, Database *database, const char *trial, int64_t draw)
{
    LacReportTried *tried;

    for (guint i = 0; i < search->tried->len; i++) {
        tried = search->tried->pdata[i];
        if (tried->draw == draw)
            return tried;
    }
    tried = tried_new(database, trial, draw);
    g_ptr_array_add(search->tried, tried);
    return tried;
}

static size_t
metric_called(const LacReport *report, const char *name)
{
    for (size_t i = 0; i < report->metrics->len; i++)
        if (g_strcmp0(report_metric(report, i)->name, name) == 0)
            return i;
    return report->primary;
}

/** Reading: @by_place: condition, data, stage and method -> search; @by_trial: first trial of a
 * search -> search */
typedef struct {
    const LacReport *report;
    GPtrArray *searches;
    GHashTable *by_place, *by_trial;
} Reading;

static void
add_method(LacReportSearch *search, const char *label)
{
    for (guint i = 0; i < search->methods->len; i++)
        if (g_str_equal(search->methods->pdata[i], label))
            return;
    g_ptr_array_add(search->methods, (gpointer)label);
}

/* NULL when the trials of this cell are counted already, for another method. */
static LacReportSearch *
search_of(Reading *reading, const LacReportCell *cell, const char *stage, const char *first,
          const char *metric)
{
    const char *label = report_method(reading->report, cell->method)->label;
    g_autofree char *place =
        g_strdup_printf("%zu/%zu/%s/%zu", cell->condition, cell->data, stage, cell->method);
    LacReportSearch *known = g_hash_table_lookup(reading->by_trial, first), *search;

    if (known != NULL) {
        add_method(known, label);
        g_hash_table_replace(reading->by_place, g_steal_pointer(&place), known);
        return NULL;
    }
    search = g_hash_table_lookup(reading->by_place, place);
    if (search == NULL) {
        search = g_new0(LacReportSearch, 1);
        search->condition = cell->condition;
        search->data = cell->data;
        search->metric = metric_called(reading->report, metric);
        search->stage = g_strdup(stage);
        search->methods = g_ptr_array_new();
        search->tried = g_ptr_array_new_with_free_func(tried_free);
        g_ptr_array_add(reading->searches, search);
        g_hash_table_replace(reading->by_place, g_steal_pointer(&place), search);
    }
    add_method(search, label);
    g_hash_table_replace(reading->by_trial, g_strdup(first), search);
    search->cells++;
    return search;
}

static void
add_trial(LacReportTried *tried, Rows *rows)
{
    const double score = report_number_at(rows, 5), seconds = report_number_at(rows, 7);
    const gboolean picked = sqlite3_column_int(rows, 2) != 0;

    g_array_append_val(tried->score, score);
    g_array_append_val(tried->picked, picked);
    tried->chosen += picked ? 1 : 0;
    tried->seconds += isfinite(seconds) ? seconds : 0.0;
    if (!isnan(score))
        return;
    tried->failed++;
    if (tried->reason == NULL)
        tried->reason = report_text_at(rows, 6);
}

static void
read_cell(Reading *reading, Database *database, const LacReportCell *cell)
{
    g_autoptr(Rows) rows = NULL;
    g_autofree char *stage = NULL;
    LacReportSearch *search = NULL;

    if (sqlite3_prepare_v2(database,
                           "SELECT s.trial, s.stage, s.chosen, t.draw, t.metric, t.score,"
                           " coalesce(t.reason, t.status), t.fit_s + t.apply_s"
                           " FROM search s JOIN trials t ON t.id = s.trial WHERE s.cell = ?"
                           " ORDER BY s.rowid",
                           -1, &rows, NULL) != SQLITE_OK)
        return;
    sqlite3_bind_text(rows, 1, cell->id, -1, SQLITE_STATIC);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        g_autofree char *trial = report_text_at(rows, 0), *of = report_text_at(rows, 1);
        g_autofree char *metric = report_text_at(rows, 4);

        if (g_strcmp0(stage, of) != 0) {
            search = search_of(reading, cell, of, trial, metric);
            g_free(stage);
            stage = g_strdup(of);
        }
        if (search != NULL)
            add_trial(tried_find(search, database, trial, sqlite3_column_int64(rows, 3)), rows);
    }
}

/* ---- judging --------------------------------------------------------------------------------- */

static void
find_means(LacReportSearch *search)
{
    for (guint i = 0; i < search->tried->len; i++) {
        LacReportTried *tried = search->tried->pdata[i];
        double sum = 0.0;

        for (guint k = 0; k < tried->score->len; k++) {
            const double score = g_array_index(tried->score, double, k);

            sum += isnan(score) ? 0.0 : score;
        }
        tried->mean = tried->score->len > tried->failed
                          ? sum / (double)(tried->score->len - tried->failed)
                          : NAN;
        tried->seconds /= (double)MAX(tried->score->len, 1);
    }
}

static void
find_ranks(const LacReport *report, LacReportSearch *search)
{
    const LacReportMetric *metric = report_metric(report, search->metric);

    for (guint i = 0; i < search->tried->len; i++) {
        LacReportTried *tried = search->tried->pdata[i];

        tried->rank = isnan(tried->mean) ? 0u : 1u;
        for (guint k = 0; tried->rank > 0 && k < search->tried->len; k++) {
            const LacReportTried *other = search->tried->pdata[k];

            if (!isnan(other->mean) &&
                report_loss(metric, other->mean) < report_loss(metric, tried->mean))
                tried->rank++;
        }
    }
}

GPtrArray *
report_searches(const LacReport *report)
{
    g_autoptr(GHashTable) by_place = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) by_trial = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Reading reading = {report, g_ptr_array_new_with_free_func(search_free), by_place, by_trial};
    g_autoptr(Database) database = NULL;
    size_t run = G_MAXSIZE;

    for (size_t i = 0; report->metrics->len > 0 && i < report->cells->len; i++) {
        const LacReportCell *cell = report_cell(report, i);

        if (cell->run != run) {
            g_clear_pointer(&database, sqlite3_close);
            database = report_database(report_run(report, cell->run)->dir, NULL);
            run = cell->run;
        }
        if (database != NULL)
            read_cell(&reading, database, cell);
    }
    for (guint i = 0; i < reading.searches->len; i++) {
        find_means(reading.searches->pdata[i]);
        find_ranks(report, reading.searches->pdata[i]);
    }
    return reading.searches;
}

GPtrArray *
report_search_names(const LacReportSearch *search)
{
    GPtrArray *names = g_ptr_array_new();

    for (guint i = 0; i < search->tried->len; i++) {
        const LacReportTried *tried = search->tried->pdata[i];

        for (guint k = 0; k < tried->name->len; k++)
            if (!g_ptr_array_find_with_equal_func(names, tried->name->pdata[k], g_str_equal, NULL))
                g_ptr_array_add(names, tried->name->pdata[k]);
    }
    return names;
}

const char *
report_tried_value(const LacReportTried *tried, const char *name)
{
    for (guint k = 0; k < tried->name->len; k++)
        if (g_str_equal(tried->name->pdata[k], name))
            return tried->value->pdata[k];
    return NULL;
}

char *
report_search_text(const LacReport *report, const LacReportSearch *search)
{
    g_autoptr(GString) methods = g_string_new(NULL);

    for (guint i = 0; i < search->methods->len; i++)
        g_string_append_printf(methods, "%s%s", i > 0 ? "; " : "",
                               (const char *)search->methods->pdata[i]);
    return g_strdup_printf("%s on %s, %s", methods->str, report_data(report, search->data)->label,
                           report_condition(report, search->condition)->label);
}
