/* What came out, in a few sentences and one table; and what did not come out at all. */
#include "page-private.h"
#include "text-private.h"

#include <math.h>
#include <string.h>

static size_t
failed_cells(const LacReport *report)
{
    size_t failed = 0;

    for (size_t i = 0; i < report->cells->len; i++)
        failed += report_cell(report, i)->ok ? 0 : 1;
    return failed;
}

static size_t
repeats_of(const LacReport *report)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (size_t i = 0; i < report->cells->len; i++)
        g_hash_table_add(seen, report_cell(report, i)->pair);
    return g_hash_table_size(seen);
}

static gboolean
has_folds(const LacReport *report)
{
    for (size_t i = 0; i < report->cells->len; i++)
        if (report_cell(report, i)->fold > 1)
            return TRUE;
    return FALSE;
}

static void
count_fact(Page *page, const char *what, size_t count, gboolean alarm)
{
    g_autofree char *text = g_strdup_printf("%zu", count);

    page_fact(page, what, text, alarm);
}

/* [metrics] what the first table ranks by: the primary metric, and beside it every score of draws
 * and tables and the first of points, so that no ranking stands for all; @overall[m] is NULL where
 * there are no ranks */
typedef struct {
    gboolean *shown;
    double **overall;
    size_t n;
} Board;

static Board
board_new(const LacReport *report)
{
    const size_t n = report->metrics->len;
    Board board = {g_new0(gboolean, MAX(n, 1)), g_new0(double *, MAX(n, 1)), n};
    gboolean point = report_metric(report, report->primary)->judges == LAC_REPORT_POINT;

    for (size_t m = 0; m < n; m++) {
        const LacReportJudges judges = report_metric(report, m)->judges;
        const gboolean first_point = judges == LAC_REPORT_POINT && !point;
        if (m != report->primary && judges != LAC_REPORT_DRAWS && judges != LAC_REPORT_TABLE &&
            !first_point)
            continue;
        board.overall[m] = report_overall(report, m);
        for (size_t j = 0; j < report->methods->len; j++)
            board.shown[m] |= isfinite(board.overall[m][j]);
        board.shown[m] |= m == report->primary;
        point |= first_point && board.shown[m];
    }
    return board;
}

static void
board_clear(Board *board)
{
    for (size_t m = 0; m < board->n; m++)
        g_free(board->overall[m]);
    g_free(board->overall);
    g_free(board->shown);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Board, board_clear)

static void
board_heads(Page *page, const Board *board)
{
    const LacReport *report = page->report;
    g_autofree char *of_primary =
        g_strdup_printf("mean rank by %s", report_metric(report, report->primary)->label);

    page_head_text(page, "method");
    for (size_t m = 0; m < report->metrics->len; m++) {
        g_autofree char *judged = page_judged(page, m, report->conditions->len, "mean rank");
        if (board->shown[m])
            page_head(page, report_metric(report, m)->label, judged);
    }
    for (size_t c = 0; report->conditions->len > 1 && c < report->conditions->len; c++)
        page_head(page, report_condition(report, c)->label, of_primary);
    page_head(page, "first places", "data sets × conditions");
    page_head(page, "failed cells", NULL);
    page_head(page, "median time", "fit + apply");
    page_body(page);
}

static double
rank_under(const LacComparison *comparison, size_t method, size_t *wins)
{
    for (size_t j = 0; comparison != NULL && j < comparison->k; j++) {
        if (comparison->method[j] == method) {
            *wins += comparison->wins[j];
            return comparison->mean_rank[j];
        }
    }
    return NAN;
}

/* median over the method's finished cells; and how many did not finish */
static double
time_of(const LacReport *report, size_t method, size_t *failed)
{
    g_autoptr(GArray) seconds = g_array_new(FALSE, FALSE, sizeof(double));

    for (size_t i = 0; i < report->cells->len; i++) {
        const LacReportCell *cell = report_cell(report, i);
        const double wall = isnan(cell->apply_s) ? cell->fit_s : cell->fit_s + cell->apply_s;
        if (cell->method != method)
            continue;
        *failed += cell->ok ? 0 : 1;
        if (cell->ok && isfinite(wall))
            g_array_append_val(seconds, wall);
    }
    return report_median(seconds->len, (double *)(void *)seconds->data);
}

static void
board_row(Page *page, size_t method, const Board *board)
{
    const LacReport *report = page->report;
    const gboolean several = report->conditions->len > 1;
    g_autofree char *time = NULL, *won = NULL, *lost = NULL;
    size_t wins = 0, failed = 0;
    double seconds;

    page_row(page);
    page_method(page, method);
    for (size_t m = 0; m < board->n; m++) {
        const double overall = board->shown[m] ? board->overall[m][method] : NAN;
        g_autofree char *rank = isfinite(overall) ? lac_report_fixed(overall, 2) : g_strdup("n/a");
        if (board->shown[m])
            page_number_cell(page, overall, rank);
    }
    for (size_t c = 0; c < report->conditions->len; c++) {
        const double under = rank_under(page->primary[c], method, &wins);
        g_autofree char *text = lac_report_fixed(under, 2);
        if (several)
            page_number_cell(page, under, text);
    }
    won = g_strdup_printf("%zu", wins);
    page_number_cell(page, (double)wins, won);
    seconds = time_of(report, method, &failed);
    lost = failed == 0 ? g_strdup("0") : g_strdup_printf("✗ %zu", failed);
    page_number_cell(page, (double)failed, lost);
    time = lac_report_seconds(seconds);
    page_number_cell(page, seconds, time);
    page_row_end(page);
}

void
page_summary(Page *page)
{
    const LacReport *report = page->report;
    g_autoptr(GString) lead = g_string_new(NULL);
    const size_t failed = failed_cells(report);

    page_section(page, "summary", "Summary");
    if (report->cells->len == 0 || report->metrics->len == 0) {
        g_string_append(lead, "This run holds no results yet.");
    } else {
        page_lead(page, lead);
    }
    g_string_append(page->out, "<p class=\"lead\">");
    lac_report_put_html(page->out, lead->str);
    g_string_append(page->out, "</p>\n");
    page_facts(page);
    count_fact(page, "data sets", report->data->len, FALSE);
    count_fact(page, "conditions", report->conditions->len, FALSE);
    count_fact(page, "methods", report->methods->len, FALSE);
    count_fact(page, has_folds(report) ? "repeats × folds" : "repeats", repeats_of(report), FALSE);
    count_fact(page, "cells", report->cells->len, FALSE);
    count_fact(page, "failed", failed, failed > 0);
    page_facts_end(page);
    if (report->metrics->len > 0 && report->cells->len > 0) {
        g_auto(Board) board = board_new(report);
        page_table(page, "Methods by mean rank");
        board_heads(page, &board);
        for (size_t j = 0; j < report->methods->len; j++)
            board_row(page, report->order[j], &board);
        page_table_end(page);
        page_note(page,
                  "Rows are in the order of %s (%s); 1 is the best rank. Within a condition, "
                  "repeats and folds are averaged first, then methods are ranked on each data set "
                  "among those that offer what the metric needs; data sets of one family count "
                  "once. Values of different data sets, conditions or scales are never averaged, "
                  "their ranks are. Click a column head to sort.",
                  report_metric(report, report->primary)->label,
                  report_direction(report_metric(report, report->primary)));
    }
    page_section_end(page);
}

/* ---- failures ---- */

typedef struct {
    const LacReportCell *first;
    size_t cells;
} FailureGroup;

static GPtrArray *
failure_groups(const LacReport *report)
{
    GPtrArray *groups = g_ptr_array_new_with_free_func(g_free);

    for (size_t i = 0; i < report->cells->len; i++) {
        const LacReportCell *cell = report_cell(report, i);
        FailureGroup *group = NULL;
        if (cell->ok)
            continue;
        for (guint g = 0; g < groups->len && group == NULL; g++) {
            FailureGroup *other = g_ptr_array_index(groups, g);
            if (other->first->method == cell->method && other->first->data == cell->data &&
                other->first->condition == cell->condition &&
                g_strcmp0(other->first->status, cell->status) == 0 &&
                g_strcmp0(other->first->reason, cell->reason) == 0)
                group = other;
        }
        if (group == NULL) {
            group = g_new0(FailureGroup, 1);
            group->first = cell;
            g_ptr_array_add(groups, group);
        }
        group->cells++;
    }
    return groups;
}

static const char *
policy_text(LacFailurePolicy policy)
{
    switch (policy) {
    case LAC_FAILURES_WORST:
        return "A method that failed on a data set shares the last ranks there.";
    case LAC_FAILURES_EXCLUDE_DATASET:
        return "Data sets on which a method failed are left out of the ranking for all.";
    case LAC_FAILURES_EXCLUDE_METHOD:
    case LAC_FAILURES_SEPARATE:
        return "Methods that failed somewhere are left out of the ranking.";
    case LAC_FAILURES_FILL:
        return "Where a method failed, the value of the fallback method stands in for its own.";
    }
    return "";
}

void
page_failures(Page *page)
{
    const LacReport *report = page->report;
    g_autoptr(GPtrArray) groups = failure_groups(report);

    page_section(page, "failures", "Failures");
    if (groups->len == 0) {
        page_text(page, "Every cell that was run finished (%u of %u).", report->cells->len,
                  report->cells->len);
        page_undefined(page);
        page_section_end(page);
        return;
    }
    page_text(page, "%zu of %u cells did not finish. %s", failed_cells(report), report->cells->len,
              policy_text(report->settings.failures));
    page_table(page, "Failures and their reasons");
    page_head_text(page, "method");
    page_head_text(page, "data set");
    page_head_text(page, "condition");
    page_head(page, "cells", NULL);
    page_head_text(page, "what");
    page_head_text(page, "reason");
    page_body(page);
    for (guint g = 0; g < groups->len; g++) {
        const FailureGroup *group = g_ptr_array_index(groups, g);
        g_autofree char *count = g_strdup_printf("%zu", group->cells);
        page_row(page);
        page_method(page, group->first->method);
        page_cell(page, report_data(report, group->first->data)->label, "left");
        page_cell(page, report_condition(report, group->first->condition)->label, "left");
        page_number_cell(page, (double)group->cells, count);
        page_cell(page, group->first->status, "left");
        page_cell(page, group->first->reason ? group->first->reason : "no reason recorded",
                  "left wrap");
        page_row_end(page);
    }
    page_table_end(page);
    page_undefined(page);
    page_section_end(page);
}
