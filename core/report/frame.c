/* What all pages have in common: one file, no network, a frame around the sections. */
#include "page-private.h"
#include "text-private.h"

#include <string.h>

void
page_start(Page *page, GPtrArray *notes)
{
    page->notes = g_ptr_array_ref(notes);
    page->slugs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    page->out = g_string_new(NULL);
    page->toc = g_string_new(NULL);
}

void
page_clear(Page *page)
{
    g_ptr_array_unref(page->notes);
    g_hash_table_unref(page->slugs);
    g_string_free(page->out, TRUE);
    g_string_free(page->toc, TRUE);
}

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

char *
page_frame(const Page *page, const PageFrame *frame)
{
    GString *html = g_string_new("<!doctype html>\n<html lang=\"en\">\n<head>\n"
                                 "<meta charset=\"utf-8\">\n");

    append_policy(html);
    g_string_append(html, "<meta name=\"viewport\" content=\"width=device-width, "
                          "initial-scale=1\">\n<meta name=\"generator\" content=\"Lacuna\">\n"
                          "<link rel=\"icon\" href=\"data:,\">\n<title>");
    lac_report_put_html(html, frame->title);
    g_string_append_printf(html, " – %s</title>\n<style>\n", frame->eyebrow);
    g_string_append(html, report_page_css);
    g_string_append(html, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the "
                          "results</a>\n<div class=\"frame\">\n<header class=\"top\"><div>");
    g_string_append_printf(html, "<p class=\"eyebrow\">%s</p><h1>", frame->eyebrow);
    lac_report_put_html(html, frame->title);
    g_string_append(html, "</h1><p class=\"meta\">");
    lac_report_put_html(html, frame->meta);
    g_string_append(html, "</p></div><button type=\"button\" class=\"theme\" hidden>Theme</button>"
                          "</header>\n<nav class=\"toc\" aria-label=\"Contents\"><div>"
                          "<details open><summary>Contents</summary><ol>\n");
    g_string_append_len(html, page->toc->str, (gssize)page->toc->len);
    g_string_append(html, "</ol></details></div></nav>\n<main id=\"main\">\n");
    g_string_append_len(html, page->out->str, (gssize)page->out->len);
    g_string_append_printf(html,
                           "</main>\n<footer>Made by <code>%s</code> from %s.</footer>\n"
                           "</div>\n<script>",
                           frame->command, frame->source);
    g_string_append(html, report_page_js);
    g_string_append(html, "</script>\n</body>\n</html>\n");
    return g_string_free(html, FALSE);
}

/* what could not be shown, in front of everything else */
void
page_prepend_notes(Page *page)
{
    g_autoptr(GString) box = g_string_new(NULL);

    if (page->notes->len == 0)
        return;
    g_string_append(box, "<div class=\"alarm-box\" role=\"note\">");
    for (guint i = 0; i < page->notes->len; i++) {
        g_string_append(box, "<p>");
        lac_report_put_html(box, g_ptr_array_index(page->notes, i));
        g_string_append(box, "</p>");
    }
    g_string_append(box, "</div>\n");
    g_string_prepend_len(page->out, box->str, (gssize)box->len);
}

char **
page_notes_dup(const Page *page)
{
    GStrvBuilder *builder = g_strv_builder_new();
    char **notes;

    for (guint i = 0; i < page->notes->len; i++)
        g_strv_builder_add(builder, g_ptr_array_index(page->notes, i));
    notes = g_strv_builder_end(builder);
    g_strv_builder_unref(builder);
    return notes;
}
