/* Convergence: series that models trace, by iteration and chain, and how far chains agree. */
#include "page-private.h"
#include "text-private.h"

#include <math.h>
#include <string.h>

#define MOST_SERIES 200
#define PANELS_OF_CELL 4
#define MOST_LATEST 6 /* of columns in the table of columns */

/* R-hat over the second half of the iterations: the first is burn-in */
static double
trace_rhat(const LacReportTrace *trace)
{
    const size_t half = trace->iterations / 2, n = trace->iterations - half;
    g_autofree double *late = g_new(double, trace->chains *n);

    if (trace->chains < 2) /* one chain has nothing to agree with */
        return NAN;
    for (size_t c = 0; c < trace->chains; c++)
        memcpy(late + c * n, trace->value + c * trace->iterations + half, n * sizeof *late);
    return lac_rhat_rank(trace->chains, n, late);
}

/* first cell of a method that has traces */
static gboolean
traced_cell(const LacReport *report, size_t method, size_t *cell_out, GPtrArray **traces_out)
{
    size_t tried = 0;

    for (size_t i = 0; i < report->cells->len && tried < 3; i++) {
        const LacReportCell *cell = report_cell(report, i);
        g_autoptr(GPtrArray) traces = NULL;
        if (cell->method != method || !cell->ok)
            continue;
        tried++;
        traces = report_traces(report, i, MOST_SERIES);
        if (traces->len == 0)
            continue;
        *cell_out = i;
        *traces_out = g_steal_pointer(&traces);
        return TRUE;
    }
    return FALSE;
}

static void
trace_table(Page *page, const GPtrArray *traces, const double *rhat)
{
    page_table(page, "Traced series");
    page_head_text(page, "series");
    page_head_text(page, "column");
    page_head(page, "chains", NULL);
    page_head(page, "iterations", NULL);
    page_head(page, "last value", "mean over chains");
    page_head(page, "R̂", "rank-normalised");
    page_body(page);
    for (guint i = 0; i < traces->len; i++) {
        const LacReportTrace *trace = g_ptr_array_index(traces, i);
        g_autofree char *chains = g_strdup_printf("%zu", trace->chains);
        g_autofree char *iterations = g_strdup_printf("%zu", trace->iterations);
        g_autofree char *r = lac_report_fixed(rhat[i], 3), *value = NULL;
        double last = 0.0;
        for (size_t c = 0; c < trace->chains; c++)
            last += trace->value[(c + 1) * trace->iterations - 1] / (double)trace->chains;
        value = lac_report_fixed(last, lac_report_decimals(last, NAN));
        page_row(page);
        page_cell(page, trace->series, NULL);
        page_cell(page, trace->column ? trace->column : "(table)", "left");
        page_number_cell(page, (double)trace->chains, chains);
        page_number_cell(page, (double)trace->iterations, iterations);
        page_number_cell(page, last, value);
        page_number_cell(page, rhat[i], r);
        page_row_end(page);
    }
    page_table_end(page);
}

static gboolean
has_chains(const GPtrArray *traces)
{
    for (guint i = 0; i < traces->len; i++)
        if (((const LacReportTrace *)g_ptr_array_index(traces, i))->chains > 1)
            return TRUE;
    return FALSE;
}

/* Whether it is one number of the whole fit: nothing to draw. */
static gboolean
is_number(const LacReportTrace *trace)
{
    return trace->column == NULL && trace->chains == 1 && trace->iterations == 1;
}

/* What the fit said of itself in single numbers: bound, effective samples and the like. */
static void
number_table(Page *page, const GPtrArray *traces)
{
    guint n = 0;

    for (guint i = 0; i < traces->len; i++)
        n += is_number(g_ptr_array_index(traces, i)) ? 1 : 0;
    if (n == 0)
        return;
    page_table(page, "Numbers of the fit");
    page_head_text(page, "number of the fit");
    page_head(page, "value", "at the end");
    page_body(page);
    for (guint i = 0; i < traces->len; i++) {
        const LacReportTrace *trace = g_ptr_array_index(traces, i);
        g_autofree char *value =
            lac_report_fixed(trace->value[0], lac_report_decimals(trace->value[0], NAN));

        if (!is_number(trace))
            continue;
        page_row(page);
        page_cell(page, trace->series, NULL);
        page_number_cell(page, trace->value[0], value);
        page_row_end(page);
    }
    page_table_end(page);
}

/* the series that agree least between chains come first; what is said of chains as a whole stands
 * in the table of columns */
static void
trace_panels(Page *page, const LacTraceOf *of, const GPtrArray *traces, const double *rhat,
             size_t most)
{
    g_autofree gboolean *used = g_new0(gboolean, MAX(traces->len, 1));
    const gboolean chains = has_chains(traces);
    guint left = traces->len;

    for (guint i = 0; i < traces->len; i++) {
        const LacReportTrace *trace = g_ptr_array_index(traces, i);

        used[i] = is_number(trace) || (chains && trace->chains == 1 && trace->column != NULL);
        left -= used[i] ? 1 : 0;
    }
    g_string_append(page->out, "<div class=\"figures small\">\n");
    for (size_t panel = 0; panel < MIN(left, most); panel++) {
        guint worst = traces->len;
        for (guint i = 0; i < traces->len; i++) {
            const double own = isnan(rhat[i]) ? -1.0 : rhat[i];
            if (!used[i] &&
                (worst == traces->len || own > (isnan(rhat[worst]) ? -1.0 : rhat[worst])))
                worst = i;
        }
        used[worst] = TRUE;
        page_figure(page, figure_trace(g_ptr_array_index(traces, worst), rhat[worst], of));
    }
    g_string_append(page->out, "</div>\n");
}

/* ---- by column ---- */

/* The series of columns: of several chains, whose R-hat is shown, then of one (psrf,
 * autocorrelation), whose last value is. Lent. */
static GPtrArray *
series_of_columns(const GPtrArray *traces)
{
    GPtrArray *out = g_ptr_array_new();

    for (int single = 0; single < 2; single++)
        for (guint i = 0; i < traces->len && out->len < MOST_LATEST; i++) {
            const LacReportTrace *trace = g_ptr_array_index(traces, i);

            if (trace->column != NULL && (trace->chains == 1) == single &&
                !g_ptr_array_find_with_equal_func(out, trace->series, g_str_equal, NULL))
                g_ptr_array_add(out, trace->series);
        }
    return out;
}

/* traces->len where there is none */
static guint
trace_find(const GPtrArray *traces, const char *series, const char *column)
{
    for (guint i = 0; i < traces->len; i++) {
        const LacReportTrace *trace = g_ptr_array_index(traces, i);

        if (g_strcmp0(trace->series, series) == 0 && g_strcmp0(trace->column, column) == 0)
            return i;
    }
    return traces->len;
}

static void
column_row(Page *page, const GPtrArray *traces, const double *rhat, const GPtrArray *series,
           const char *column)
{
    page_row(page);
    page_cell(page, column, NULL);
    for (guint k = 0; k < series->len; k++) {
        const guint at = trace_find(traces, g_ptr_array_index(series, k), column);
        double value = NAN;
        g_autofree char *text = NULL;

        if (at < traces->len) {
            const LacReportTrace *trace = g_ptr_array_index(traces, at);

            value = trace->chains > 1 ? rhat[at] : trace->value[trace->iterations - 1];
        }
        text = isnan(value) ? g_strdup("–") : lac_report_fixed(value, 3);
        page_number_cell(page, value, text);
    }
    page_row_end(page);
}

/* A line a column: how far its chains differ, and what the model says of itself. */
static void
column_table(Page *page, const GPtrArray *traces, const double *rhat)
{
    g_autoptr(GPtrArray) series = series_of_columns(traces), columns = g_ptr_array_new();

    for (guint i = 0; i < traces->len; i++) {
        const char *column = ((const LacReportTrace *)g_ptr_array_index(traces, i))->column;

        if (column != NULL && !g_ptr_array_find_with_equal_func(columns, column, g_str_equal, NULL))
            g_ptr_array_add(columns, (gpointer)column);
    }
    if (columns->len == 0 || series->len == 0)
        return;
    page_table(page, "Convergence by column");
    page_head_text(page, "column");
    for (guint k = 0; k < series->len; k++) {
        const char *name = g_ptr_array_index(series, k);
        gboolean chains = FALSE;

        for (guint i = 0; i < traces->len; i++) {
            const LacReportTrace *trace = g_ptr_array_index(traces, i);
            chains |= trace->chains > 1 && g_str_equal(trace->series, name);
        }
        if (chains) {
            g_autofree char *head = g_strdup_printf("R̂ of %s", name);
            page_head(page, head, "second half");
        } else {
            page_head(page, name, "at the end");
        }
    }
    page_body(page);
    for (guint c = 0; c < columns->len; c++)
        column_row(page, traces, rhat, series, g_ptr_array_index(columns, c));
    page_table_end(page);
}

void
page_traces(Page *page, const LacTraceOf *of, const GPtrArray *traces, size_t most)
{
    g_autofree double *rhat = g_new(double, MAX(traces->len, 1));

    for (guint i = 0; i < traces->len; i++)
        rhat[i] = trace_rhat(g_ptr_array_index(traces, i));
    column_table(page, traces, rhat);
    number_table(page, traces);
    trace_panels(page, of, traces, rhat, most);
    g_string_append(page->out,
                    "<details class=\"more\"><summary>All series as a table</summary>\n");
    trace_table(page, traces, rhat);
    g_string_append(page->out, "</details>\n");
}

static void
convergence_of(Page *page, size_t cell, const GPtrArray *traces)
{
    const LacReport *report = page->report;
    const LacReportCell *at = report_cell(report, cell);
    const LacTraceOf of = {report_method(report, at->method)->label,
                           report_data(report, at->data)->label,
                           report_condition(report, at->condition)->label};

    page_heading(page, 3, "%s on %s, %s", of.method, of.data, of.condition);
    page_traces(page, &of, traces, PANELS_OF_CELL);
}

void
page_convergence(Page *page)
{
    const LacReport *report = page->report;
    gboolean started = FALSE;

    for (size_t j = 0; j < report->methods->len; j++) {
        g_autoptr(GPtrArray) traces = NULL;
        size_t cell;
        if (!traced_cell(report, report->order[j], &cell, &traces))
            continue;
        if (!started) {
            page_section(page, "convergence", "Convergence");
            page_text(
                page,
                "Traces of the first cell of each iterative method. R̂ compares chains over the "
                "second half of the iterations; above 1.1 they have not yet forgotten where "
                "they started. It needs 2 chains and 8 iterations.");
            started = TRUE;
        }
        convergence_of(page, cell, traces);
    }
    if (started)
        page_section_end(page);
}
