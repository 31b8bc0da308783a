/* What each score speaks of, where it holds, and on what scale; and where there is no number. */
#include "database-private.h"
#include "page-private.h"
#include "text-private.h"

#include <string.h>

char *
page_judged(const Page *page, size_t metric, size_t condition, const char *rest)
{
    const LacReport *report = page->report;
    const LacReportMetric *info = report_metric(report, metric);
    const char *word = report_judges_word(info);
    gboolean valid = TRUE;

    for (size_t c = 0; c < report->conditions->len; c++)
        if (condition == report->conditions->len || condition == c)
            valid &= report_valid(info, report_condition(report, c));
    return g_strdup_printf("%s%s%s%s", word, *word != '\0' ? " · " : "", rest,
                           valid                                  ? ""
                           : condition == report->conditions->len ? ", not valid everywhere here"
                                                                  : ", not valid here");
}

static const char *
judges_sentence(LacReportJudges judges)
{
    switch (judges) {
    case LAC_REPORT_DRAWS:
        return "draws (or a density) of hidden cells against their values";
    case LAC_REPORT_TABLE:
        return "the completed table's distribution against the true one";
    case LAC_REPORT_POINT:
        return "one completion, cell by cell";
    case LAC_REPORT_TASK:
        return "what is done with the completed table";
    case LAC_REPORT_UNKNOWN:
        break;
    }
    return "not stated";
}

/* "MCAR,MAR" -> "MCAR, MAR" */
static char *
valid_text(const char *valid)
{
    g_auto(GStrv) words = g_strsplit(valid != NULL ? valid : "not stated", ",", -1);

    return g_strjoinv(", ", words);
}

static gboolean
of_column(const LacReportMetric *metric)
{
    return g_strcmp0(metric->unit, "column unit") == 0;
}

/* "column unit (minmax)": the scales that the run's conditions used */
static char *
unit_text(const LacReport *report, const LacReportMetric *metric)
{
    g_autoptr(GPtrArray) scales = g_ptr_array_new();
    g_autofree char *joined = NULL;

    if (metric->unit == NULL || !of_column(metric))
        return g_strdup(metric->unit != NULL ? metric->unit : "not stated");
    for (size_t c = 0; c < report->conditions->len; c++) {
        const char *scale = report_condition(report, c)->scale;
        if (scale != NULL && !g_ptr_array_find_with_equal_func(scales, scale, g_str_equal, NULL))
            g_ptr_array_add(scales, (gpointer)scale);
    }
    g_ptr_array_add(scales, NULL);
    joined = g_strjoinv(", ", (char **)scales->pdata);
    return *joined == '\0' ? g_strdup(metric->unit)
                           : g_strdup_printf("%s, scale %s", metric->unit, joined);
}

static void
scores_row(Page *page, const LacReportMetric *metric)
{
    g_autofree char *valid = valid_text(metric->valid);
    g_autofree char *unit = unit_text(page->report, metric);

    page_row(page);
    page_row_head(page, metric->label);
    page_cell(page, judges_sentence(metric->judges), "left wrap");
    page_cell(page, valid, "left phrase");
    page_cell(page, metric->caution != NULL ? metric->caution : "", "left wrap");
    page_cell(page, unit, "left phrase");
    page_cell(page, metric->scope != NULL ? metric->scope : "not stated", "left phrase");
    page_row_end(page);
}

/* Some table's columns were left in units of their own; pixels share one. */
static gboolean
joins_units(const LacReport *report)
{
    gboolean joins = FALSE;

    for (size_t d = 0; !joins && d < report->data->len; d++) {
        for (size_t k = 0; !joins && k < report->cells->len; k++)
            joins = report_cell(report, k)->data == d &&
                    g_strcmp0(report_cell(report, k)->scale, "none") == 0;
        joins = joins && !page_has_images(report, d);
    }
    return joins;
}

/* sums over columns in units of their own are no one's unit */
static void
scores_scale(Page *page)
{
    const LacReport *report = page->report;
    g_autoptr(GString) names = g_string_new(NULL);
    const gboolean raw = joins_units(report);

    for (size_t m = 0; raw && m < report->metrics->len; m++)
        if (of_column(report_metric(report, m)))
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "",
                                   report_metric(report, m)->label);
    if (names->len > 0)
        report_note(page->report,
                    "With scale: none these scores join columns in units of their own, so that the "
                    "column with the largest numbers decides: %s. Scale the data, or use scores in "
                    "standard deviations.",
                    names->str);
}

void
page_scores(Page *page)
{
    const LacReport *report = page->report;

    if (report->metrics->len == 0)
        return;
    page_section(page, "scores", "What the scores say");
    page_text(page, "Scores of draws and of the table's distribution come first, scores of single "
                    "completions after them: which one a question needs is not for a table to "
                    "decide. A score is valid under a mechanism of missingness when its best value "
                    "goes to the truth there.");
    page_table(page, "What the scores say");
    page_head_text(page, "score");
    page_head_text(page, "judges");
    page_head_text(page, "valid under");
    page_head_text(page, "read alone, it misleads");
    page_head_text(page, "unit");
    page_head_text(page, "over");
    page_body(page);
    for (size_t m = 0; m < report->metrics->len; m++)
        if (report_has_values(report, m))
            scores_row(page, report_metric(report, m));
    page_table_end(page);
    page_note(page, "All values, one a row, with their status: lacuna results %s --format csv.",
              report->runs->len == 1 ? "DIR" : "DIR...");
    scores_scale(page);
    page_section_end(page);
}

/* ---- no number ---- */

static void
undefined_of(Page *page, const LacReportRun *run, gboolean *started)
{
    g_autoptr(Database) database = report_database(run->dir, NULL);
    g_autoptr(Rows) rows = NULL;

    if (database == NULL ||
        sqlite3_prepare_v2(database,
                           "SELECT m.metric, m.part, c.model_label, c.data, m.reason, count(*)"
                           " FROM metrics m JOIN cells c ON c.id = m.cell"
                           " WHERE m.status = 'undefined' AND m.column_name IS NULL"
                           " GROUP BY 1, 2, 3, 4, 5 ORDER BY min(c.position), min(m.rowid)",
                           -1, &rows, NULL) != SQLITE_OK)
        return;
    while (sqlite3_step(rows) == SQLITE_ROW) {
        g_autofree char *metric = report_text_at(rows, 0), *part = report_text_at(rows, 1);
        g_autofree char *model = report_text_at(rows, 2), *data = report_text_at(rows, 3);
        g_autofree char *reason = report_text_at(rows, 4);
        g_autofree char *label = g_strjoin(" ", metric, part, NULL);

        if (!*started) {
            page_heading(page, 3, "Scores without a number");
            page_table(page, "Scores without a number");
            page_head_text(page, "score");
            page_head_text(page, "method");
            page_head_text(page, "data set");
            page_head(page, "cells", NULL);
            page_head_text(page, "reason");
            page_body(page);
            *started = TRUE;
        }
        page_row(page);
        page_row_head(page, label);
        page_cell(page, model != NULL ? model : "–", "left");
        page_cell(page, data != NULL ? data : "–", "left");
        page_count_cell(page, (size_t)sqlite3_column_int64(rows, 5));
        page_cell(page, reason != NULL ? reason : "no reason recorded", "left wrap");
        page_row_end(page);
    }
}

void
page_undefined(Page *page)
{
    gboolean started = FALSE;

    for (size_t r = 0; r < page->report->runs->len; r++)
        undefined_of(page, report_run(page->report, r), &started);
    if (started)
        page_table_end(page);
}
