/* The page as a whole: its frame, and what goes into it in which order. */
#include "page-private.h"
#include "report-private.h"
#include "text-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* only our own script may run, whatever a data set is called */
static void
append_policy(GString *html)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 digest[32];
    gsize length = sizeof digest;
    g_autofree char *base64 = NULL;

    g_checksum_update(checksum, (const guchar *)report_page_js, -1);
    g_checksum_get_digest(checksum, digest, &length);
    base64 = g_base64_encode(digest, length);
    g_string_append_printf(html,
                           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
                           "'none'; style-src 'unsafe-inline'; img-src data:; script-src "
                           "'sha256-%s'\">\n",
                           base64);
}

static const char *
report_title(const LacReport *report)
{
    const char *name = report_run(report, 0)->name;

    return name != NULL && *name ? name : "Lacuna";
}

static void
append_meta(GString *html, const LacReport *report)
{
    const LacReportRun *run = report_run(report, 0);
    g_autoptr(GString) meta = g_string_new(NULL);

    if (run->finished != NULL || run->started != NULL)
        g_string_append_printf(meta, "%s", run->finished ? run->finished : run->started);
    if (run->version != NULL)
        g_string_append_printf(meta, "%sLacuna %s", meta->len ? " · " : "", run->version);
    if (run->seed_text != NULL)
        g_string_append_printf(meta, "%sseed %s", meta->len ? " · " : "", run->seed_text);
    if (report->runs->len > 1)
        g_string_append_printf(meta, " · %u runs pooled", report->runs->len);
    g_string_append(html, "<p class=\"meta\">");
    report_html(html, meta->str);
    g_string_append(html, "</p>");
}

static char *
page_frame(const Page *page)
{
    const LacReport *report = page->report;
    GString *html = g_string_new("<!doctype html>\n<html lang=\"en\">\n<head>\n"
                                 "<meta charset=\"utf-8\">\n");

    append_policy(html);
    g_string_append(html, "<meta name=\"viewport\" content=\"width=device-width, "
                          "initial-scale=1\">\n<meta name=\"generator\" content=\"Lacuna\">\n"
                          "<link rel=\"icon\" href=\"data:,\">\n<title>");
    report_html(html, report_title(report));
    g_string_append(html, " – Lacuna report</title>\n<style>\n");
    g_string_append(html, report_page_css);
    g_string_append(html, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the "
                          "results</a>\n<div class=\"frame\">\n<header class=\"top\"><div>"
                          "<p class=\"eyebrow\">Lacuna report</p><h1>");
    report_html(html, report_title(report));
    g_string_append(html, "</h1>");
    append_meta(html, report);
    g_string_append(html, "</div><button type=\"button\" class=\"theme\" hidden>Theme</button>"
                          "</header>\n<nav class=\"toc\" aria-label=\"Contents\"><div>"
                          "<details open><summary>Contents</summary><ol>\n");
    g_string_append_len(html, page->toc->str, (gssize)page->toc->len);
    g_string_append(html, "</ol></details></div></nav>\n<main id=\"main\">\n");
    g_string_append_len(html, page->out->str, (gssize)page->out->len);
    g_string_append(html, "</main>\n<footer>Made by <code>lacuna report</code> from the results of "
                          "the run alone: the same results give the same page.</footer>\n"
                          "</div>\n<script>");
    g_string_append(html, report_page_js);
    g_string_append(html, "</script>\n</body>\n</html>\n");
    return g_string_free(html, FALSE);
}

/* what could not be shown, in front of everything else */
static void
prepend_notes(Page *page)
{
    g_autoptr(GString) box = g_string_new(NULL);

    if (page->report->notes->len == 0)
        return;
    g_string_append(box, "<div class=\"alarm-box\" role=\"note\">");
    for (guint i = 0; i < page->report->notes->len; i++) {
        g_string_append(box, "<p>");
        report_html(box, g_ptr_array_index(page->report->notes, i));
        g_string_append(box, "</p>");
    }
    g_string_append(box, "</div>\n");
    g_string_prepend_len(page->out, box->str, (gssize)box->len);
}

static void
page_sections(Page *page)
{
    const LacReport *report = page->report;

    page_summary(page);
    page_failures(page);
    if (report->metrics->len > 0)
        for (size_t c = 0; c < report->conditions->len; c++)
            page_condition(page, c);
    if (report->metrics->len > 0)
        page_rates(page);
    page_convergence(page);
    page_images(page);
    page_events(page);
    page_environment(page);
    page_method_notes(page);
    prepend_notes(page);
}

static char **
notes_steal(LacReport *report)
{
    GStrvBuilder *builder = g_strv_builder_new();
    char **notes;

    for (guint i = 0; i < report->notes->len; i++)
        g_strv_builder_add(builder, g_ptr_array_index(report->notes, i));
    notes = g_strv_builder_end(builder);
    g_strv_builder_unref(builder);
    return notes;
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
    page.slugs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    page.out = g_string_new(NULL);
    page.toc = g_string_new(NULL);
    page.primary = g_new0(LacComparison *, MAX(report->conditions->len, 1));
    for (size_t c = 0; report->metrics->len > 0 && c < report->conditions->len; c++)
        page.primary[c] = report_compare(report, c, report->primary, TRUE);
    page_sections(&page);
    html = page_frame(&page);
    for (size_t c = 0; c < report->conditions->len; c++)
        report_comparison_free(page.primary[c]);
    g_free(page.primary);
    g_hash_table_unref(page.slugs);
    g_string_free(page.out, TRUE);
    g_string_free(page.toc, TRUE);
    if (notes_out != NULL)
        *notes_out = notes_steal(report);
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
