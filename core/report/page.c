/* The page as a whole: its frame, and what goes into it in which order. */
#include "page-private.h"
#include "report-private.h"
#include "text-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static const char *
report_title(const LacReport *report)
{
    const char *name = report_run(report, 0)->name;

    return name != NULL && *name ? name : "Lacuna";
}

/* of a run in one of several sizes, which it was; NULL otherwise */
static const char *
profile_of(const LacReportRun *run)
{
    for (guint i = 0; i + 1 < run->environment->len; i += 2)
        if (g_str_equal(run->environment->pdata[i], "profile"))
            return run->environment->pdata[i + 1];
    return NULL;
}

static char *
report_meta(const LacReport *report)
{
    const LacReportRun *run = report_run(report, 0);
    GString *meta = g_string_new(NULL);

    if (run->finished != NULL || run->started != NULL)
        g_string_append_printf(meta, "%s", run->finished ? run->finished : run->started);
    if (run->version != NULL)
        g_string_append_printf(meta, "%sLacuna %s", meta->len ? " · " : "", run->version);
    if (run->seed_text != NULL)
        g_string_append_printf(meta, "%sseed %s", meta->len ? " · " : "", run->seed_text);
    if (profile_of(run) != NULL)
        g_string_append_printf(meta, "%sprofile %s", meta->len ? " · " : "", profile_of(run));
    if (report->runs->len > 1)
        g_string_append_printf(meta, " · %u runs pooled", report->runs->len);
    return g_string_free(meta, FALSE);
}

static char *
report_frame(const Page *page)
{
    g_autofree char *meta = report_meta(page->report);
    const PageFrame frame = {.title = report_title(page->report),
                             .eyebrow = "Lacuna report",
                             .meta = meta,
                             .command = "lacuna report",
                             .source = "the results of the run alone: the same results give the "
                                       "same page"};

    return page_frame(page, &frame);
}

static void
page_sections(Page *page)
{
    const LacReport *report = page->report;

    page_summary(page);
    page_scores(page);
    page_failures(page);
    if (report->metrics->len > 0)
        for (size_t c = 0; c < report->conditions->len; c++)
            page_condition(page, c);
    if (report->metrics->len > 0)
        page_rates(page);
    page_searches(page);
    page_convergence(page);
    page_images(page);
    page_events(page);
    page_environment(page);
    page_method_notes(page);
    page_prepend_notes(page);
}

char *
lac_report_html(const char *const *dirs, const char *figures, char ***notes_out, GError **error)
{
    g_autoptr(LacReport) report = lac_report_load(dirs, error);
    Page page = {.report = report, .figures = figures};
    char *html;

    if (report == NULL)
        return NULL;
    if (figures != NULL && g_mkdir_with_parents(figures, 0777) != 0)
        return lac_fail_null(error, LAC_ERROR_IO, "%s: cannot make this folder for figures: %s",
                             figures, g_strerror(errno));
    page_start(&page, report->notes);
    page.primary = g_new0(LacComparison *, MAX(report->conditions->len, 1));
    for (size_t c = 0; report->metrics->len > 0 && c < report->conditions->len; c++)
        page.primary[c] = lac_report_compare(report, c, report->primary, TRUE);
    page_sections(&page);
    html = report_frame(&page);
    for (size_t c = 0; c < report->conditions->len; c++)
        lac_report_comparison_free(page.primary[c]);
    g_free(page.primary);
    if (notes_out != NULL)
        *notes_out = page_notes_dup(&page);
    page_clear(&page);
    return html;
}

gboolean
lac_report_write(const char *const *dirs, const char *path, const char *figures, char ***notes_out,
                 GError **error)
{
    g_autofree char *html = lac_report_html(dirs, figures, notes_out, error);
    g_autoptr(GError) local = NULL;

    if (html == NULL)
        return FALSE;
    if (!g_file_set_contents(path, html, -1, &local)) {
        if (notes_out != NULL)
            g_clear_pointer(notes_out, g_strfreev);
        return lac_fail(error, LAC_ERROR_IO, "%s: the report cannot be written: %s", path,
                        local->message);
    }
    return TRUE;
}
