/* Rates, pictures, events, environment, and how the numbers were made. */
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
