/* Rates, convergence, pictures, events, environment, and how the numbers were made. */
#include "page-private.h"
#include "text-private.h"

#include <math.h>
#include <string.h>

/* ---- error against rate ---- */

static gboolean
curve_is_first(const LacReport *report, size_t condition)
{
    for (size_t c = 0; c < condition; c++)
        if (g_str_equal(report_condition(report, c)->curve,
                        report_condition(report, condition)->curve))
            return FALSE;
    return TRUE;
}

void
page_rates(Page *page)
{
    const LacReport *report = page->report;
    gboolean started = FALSE;

    for (size_t c = 0; c < report->conditions->len; c++) {
        if (!curve_is_first(report, c))
            continue;
        for (size_t i = 0; i <= report->data->len; i++) { /* over all first */
            const size_t d = i == 0 ? report->data->len : i - 1;
            LacFigure *figure = figure_rate(report, report_condition(report, c)->curve, d);
            if (figure == NULL)
                continue;
            if (!started) {
                page_section(page, "rates", "Error against missing rate");
                page_text(page, "How each method's %s changes as more cells are hidden.",
                          report_metric(report, report->primary)->label);
                g_string_append(page->out, "<div class=\"figures\">\n");
                started = TRUE;
            }
            page_figure(page, figure);
        }
    }
    if (started) {
        g_string_append(page->out, "</div>\n");
        page_section_end(page);
    }
}

/* ---- convergence ---- */

#define MOST_SERIES 200
#define MOST_PANELS 4

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

/* the series that agree least between chains come first */
static void
trace_panels(Page *page, const LacTraceOf *of, const GPtrArray *traces, const double *rhat)
{
    g_autofree gboolean *used = g_new0(gboolean, MAX(traces->len, 1));

    g_string_append(page->out, "<div class=\"figures small\">\n");
    for (size_t panel = 0; panel < MIN(traces->len, MOST_PANELS); panel++) {
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

void
page_traces(Page *page, const LacTraceOf *of, const GPtrArray *traces)
{
    g_autofree double *rhat = g_new(double, MAX(traces->len, 1));

    for (guint i = 0; i < traces->len; i++)
        rhat[i] = trace_rhat(g_ptr_array_index(traces, i));
    trace_panels(page, of, traces, rhat);
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
    page_traces(page, &of, traces);
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

/* ---- pictures ---- */

void
page_images(Page *page)
{
    const LacReport *report = page->report;
    const gsize start = page->out->len, contents = page->toc->len;
    gboolean any = FALSE;

    page_section(page, "images", "Images");
    page_text(page,
              "The same images for every method, enlarged without smoothing. Hidden pixels are "
              "hatched; values outside the range of the data are clipped.");
    for (size_t c = 0; c < report->conditions->len; c++)
        for (size_t d = 0; d < report->data->len; d++)
            any |= page_image_grid(page, c, d);
    page_section_end(page);
    if (!any) {
        g_string_truncate(page->out, start);
        g_string_truncate(page->toc, contents);
    }
}

/* ---- events ---- */

void
page_events(Page *page)
{
    const LacReport *report = page->report;
    g_autoptr(GPtrArray) events = report_events(report);

    if (events->len == 0)
        return;
    page_section(page, "events", "Events");
    page_text(page, "What had to be done to data on the way that a reader should know of.");
    page_table(page, "Events");
    page_head_text(page, "method");
    page_head_text(page, "data set");
    page_head_text(page, "what");
    page_head_text(page, "column");
    page_head(page, "times", NULL);
    page_head(page, "cells", NULL);
    page_head_text(page, "detail, of the first");
    page_body(page);
    for (guint i = 0; i < events->len; i++) {
        const LacReportEvent *event = g_ptr_array_index(events, i);
        g_autofree char *count = g_strdup_printf("%" G_GINT64_FORMAT, event->count);
        g_autofree char *cells = g_strdup_printf("%" G_GINT64_FORMAT, event->cells);
        page_row(page);
        page_method(page, event->method);
        page_cell(page, report_data(report, event->data)->label, "left");
        page_cell(page, event->code, "left");
        page_cell(page, event->column ? event->column : "–", "left");
        page_number_cell(page, (double)event->count, count);
        page_number_cell(page, (double)event->cells, cells);
        page_cell(page, event->detail ? event->detail : "", "left wrap");
        page_row_end(page);
    }
    page_table_end(page);
    page_section_end(page);
}

/* ---- environment and experiment ---- */

static void
fact_row(Page *page, const char *key, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    g_string_append(page->out, "<tr><th scope=\"row\">");
    lac_report_put_html(page->out, key);
    g_string_append(page->out, "</th><td>");
    lac_report_put_html(page->out, value);
    g_string_append(page->out, "</td></tr>\n");
}

static void
environment_of(Page *page, const LacReportRun *run)
{
    g_string_append(page->out, "<div class=\"panel\"><div class=\"scroll\" tabindex=\"0\" "
                               "role=\"group\" aria-label=\"Environment\"><table class=\"kv\">"
                               "<tbody>\n");
    fact_row(page, "command", run->command);
    fact_row(page, "started", run->started);
    fact_row(page, "finished", run->finished);
    fact_row(page, "Lacuna", run->version);
    fact_row(page, "ABI", run->abi);
    fact_row(page, "seed", run->seed_text);
    for (guint i = 0; i + 1 < run->environment->len; i += 2) {
        const char *key = g_ptr_array_index(run->environment, i);
        /* the run itself has told these two */
        if (!g_str_equal(key, "version") && !g_str_equal(key, "abi"))
            fact_row(page, key, g_ptr_array_index(run->environment, i + 1));
    }
    g_string_append(page->out, "</tbody></table></div></div>\n");
}

void
page_environment(Page *page)
{
    const LacReport *report = page->report;
    gboolean contended = FALSE;

    page_section(page, "environment", "Environment and experiment");
    for (size_t i = 0; i < report->cells->len; i++)
        contended |= report_cell(report, i)->contended;
    if (contended)
        page_text(page, "Some cells ran while the machine had more to do than it has cores: their "
                        "times are upper bounds.");
    for (size_t r = 0; r < report->runs->len; r++) {
        const LacReportRun *run = report_run(report, r);
        if (report->runs->len > 1)
            page_heading(page, 3, "%s", run->name ? run->name : "run");
        environment_of(page, run);
        page_heading(page, 3, "The experiment as run");
        g_string_append(page->out, "<pre tabindex=\"0\"><code>");
        lac_report_put_html(page->out, run->yaml);
        g_string_append(page->out, "</code></pre>\n");
    }
    page_section_end(page);
}

/* ---- how it was made ---- */

void
page_method_notes(Page *page)
{
    const LacReportSettings *settings = &page->report->settings;

    page_section(page, "how", "How these numbers were made");
    page_text(page,
              "The unit of comparison is the data set: repeats, folds and seeds are averaged "
              "before methods are ranked, so more repeats sharpen a value but never the test "
              "across data sets. Values of different conditions and metrics are never mixed.");
    page_text(page,
              "Ranks run from 1, the best, by the metric's own direction; ties share their mean "
              "rank; metrics with a target are ranked by distance from it. A metric that a "
              "method cannot offer is marked n/a and does not count against it; a failure does.");
    page_text(page,
              "Across data sets: Friedman's test with the correction for ties, in Iman and "
              "Davenport's form, from 5 data sets and 3 methods on; Nemenyi's critical "
              "difference for the diagram (Demšar 2006); Wilcoxon signed-rank tests, exact, "
              "zeros by %s, adjusted by Holm over all pairs; the Bayesian signed-rank test with "
              "50 000 draws (Benavoli et al. 2017). α = %g.",
              settings->drop_zeros ? "Wilcoxon's rule" : "Pratt's rule", settings->alpha);
    page_text(page, "Times are wall-clock seconds of fitting and completing alone, medians over "
                    "repeats; compare them only between cells of one machine.");
    page_section_end(page);
}
