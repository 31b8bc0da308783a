/* The pieces pages are made of. Everything that comes from data goes through lac_report_put_html().
 */
#include "page-private.h"
#include "text-private.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

void
page_section(Page *page, const char *id, const char *title)
{
    g_string_append_printf(
        page->out, "<section id=\"%s\" aria-labelledby=\"h-%s\"><h2 id=\"h-%s\">", id, id, id);
    lac_report_put_html(page->out, title);
    g_string_append(page->out, "</h2>\n");
    g_string_append_printf(page->toc, "<li><a href=\"#%s\">", id);
    lac_report_put_html(page->toc, title);
    g_string_append(page->toc, "</a></li>\n");
}

void
page_section_end(Page *page)
{
    g_string_append(page->out, "</section>\n");
}

static void
escaped(Page *page, const char *before, const char *after, const char *format, va_list arguments)
{
    g_autofree char *text = g_strdup_vprintf(format, arguments);

    g_string_append(page->out, before);
    lac_report_put_html(page->out, text);
    g_string_append(page->out, after);
}

void
page_heading(Page *page, int level, const char *format, ...)
{
    g_autofree char *open = g_strdup_printf("<h%d>", level);
    g_autofree char *close = g_strdup_printf("</h%d>\n", level);
    va_list arguments;

    va_start(arguments, format);
    escaped(page, open, close, format, arguments);
    va_end(arguments);
}

void
page_text(Page *page, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    escaped(page, "<p>", "</p>\n", format, arguments);
    va_end(arguments);
}

void
page_note(Page *page, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    escaped(page, "<p class=\"note\">", "</p>\n", format, arguments);
    va_end(arguments);
}

/* ---- tables ---- */

void
page_table(Page *page, const char *label)
{
    g_string_append(page->out, "<div class=\"panel\"><div class=\"scroll\" tabindex=\"0\" "
                               "role=\"group\" aria-label=\"");
    lac_report_put_html(page->out, label);
    g_string_append(page->out, "\"><table class=\"sortable\"><thead><tr>");
}

static void
head_append(Page *page, const char *text, const char *unit, const char *classes)
{
    const gboolean brief = g_utf8_strlen(text, -1) <= 20;

    g_string_append_printf(page->out,
                           "<th scope=\"col\" class=\"%s%s\" aria-sort=\"none\">"
                           "<button type=\"button\">",
                           classes, brief ? " brief" : "");
    lac_report_put_html(page->out, text);
    g_string_append(page->out, "</button>");
    if (unit != NULL) {
        g_string_append(page->out, "<span class=\"unit\">");
        lac_report_put_html(page->out, unit);
        g_string_append(page->out, "</span>");
    }
    g_string_append(page->out, "</th>");
}

void
page_head(Page *page, const char *text, const char *unit)
{
    head_append(page, text, unit, "number");
}

void
page_head_text(Page *page, const char *text)
{
    head_append(page, text, NULL, "left");
}

void
page_head_tall(Page *page, const char *text, const char *unit)
{
    head_append(page, text, unit, "number tall");
}

void
page_body(Page *page)
{
    g_string_append(page->out, "</tr></thead><tbody>\n");
}

void
page_table_end(Page *page)
{
    g_string_append(page->out, "</tbody></table></div></div>\n");
}

void
page_row(Page *page)
{
    g_string_append(page->out, "<tr>");
}

void
page_row_end(Page *page)
{
    g_string_append(page->out, "</tr>\n");
}

void
page_cell(Page *page, const char *text, const char *classes)
{
    if (classes == NULL)
        g_string_append(page->out, "<td>");
    else
        g_string_append_printf(page->out, "<td class=\"%s\">", classes);
    lac_report_put_html(page->out, text);
    g_string_append(page->out, "</td>");
}

/* sorting reads data-v; no value is the empty text and stays last */
static void
cell_open(Page *page, double value)
{
    g_string_append(page->out, "<td data-v=\"");
    if (isfinite(value))
        report_number(page->out, "%.10g", value);
    g_string_append(page->out, "\">");
}

void
page_number_cell(Page *page, double value, const char *text)
{
    cell_open(page, value);
    lac_report_put_html(page->out, text);
    g_string_append(page->out, "</td>");
}

void
page_value_cell(Page *page, double value)
{
    g_autoptr(GString) text = g_string_new(isfinite(value) ? NULL : "–");

    if (isfinite(value))
        report_number(text, "%.5g", value);
    page_number_cell(page, value, text->str);
}

void
page_count_cell(Page *page, size_t n)
{
    g_autofree char *text = g_strdup_printf("%zu", n);

    page_number_cell(page, (double)n, text);
}

void
page_share_cell(Page *page, double share)
{
    g_autofree char *text = report_percent(share);

    g_string_append(page->out, "<td class=\"bar\" style=\"--share:");
    report_number(page->out, "%.2f", isfinite(share) ? 100.0 * share : 0.0);
    g_string_append(page->out, "%\" data-v=\"");
    if (isfinite(share))
        report_number(page->out, "%.10g", share);
    g_string_append(page->out, "\">");
    lac_report_put_html(page->out, isfinite(share) ? text : "–");
    g_string_append(page->out, "</td>");
}

void
page_row_head(Page *page, const char *name)
{
    g_string_append(page->out, "<th scope=\"row\"><span class=\"name\" title=\"");
    lac_report_put_html(page->out, name);
    g_string_append(page->out, "\">");
    lac_report_put_html(page->out, name);
    g_string_append(page->out, "</span></th>");
}

void
page_facts(Page *page)
{
    g_string_append(page->out, "<dl class=\"facts\">");
}

void
page_fact(Page *page, const char *name, const char *value, gboolean alarm)
{
    g_string_append_printf(page->out, "<div%s><dt>", alarm ? " class=\"alarm\"" : "");
    lac_report_put_html(page->out, name);
    g_string_append(page->out, "</dt><dd>");
    lac_report_put_html(page->out, value);
    g_string_append(page->out, "</dd></div>");
}

void
page_facts_end(Page *page)
{
    g_string_append(page->out, "</dl>\n");
}

void
page_method(Page *page, size_t index)
{
    static const char *const marks[LAC_SLOTS] = {"●", "▲", "■", "◆", "▼", "○", "△"};
    const LacReportMethod *method = report_method(page->report, index);
    const gboolean coloured = method->slot < LAC_SLOTS;

    g_string_append_printf(page->out,
                           "<th scope=\"row\"><span class=\"mark\" aria-hidden=\"true\" "
                           "style=\"color:var(--lac-s%zu)\">%s</span><span class=\"name\" title=\"",
                           coloured ? method->slot + 1 : 0, coloured ? marks[method->slot] : "·");
    lac_report_put_html(page->out, method->label);
    g_string_append(page->out, "\">");
    lac_report_put_html(page->out, method->label);
    g_string_append(page->out, "</span></th>");
}

void
page_entry(Page *page, const LacEntry *entry, int decimals, gboolean best, gboolean good)
{
    g_autofree char *mean = lac_report_fixed(entry->mean, decimals);
    g_autofree char *sd = lac_report_fixed(entry->sd, decimals);

    cell_open(page, entry->status == LAC_VALUE_OK ? entry->mean : NAN);
    switch (entry->status) {
    case LAC_VALUE_OK:
        g_string_append_printf(page->out, "<span class=\"%s\">%s</span>",
                               best   ? "best"
                               : good ? "good"
                                      : "plain",
                               mean);
        if (isfinite(entry->sd))
            g_string_append_printf(page->out, " <span class=\"sd\">± %s</span>", sd);
        if (entry->failed > 0)
            g_string_append_printf(page->out, " <span class=\"fail\">✗ %zu of %zu</span>",
                                   entry->failed, entry->cells);
        break;
    case LAC_VALUE_FAILED:
        g_string_append_printf(page->out, "<span class=\"fail\">✗ %zu of %zu failed</span>",
                               entry->failed, entry->cells);
        break;
    case LAC_VALUE_UNDEFINED:
        g_string_append(page->out, "<span class=\"none\">undefined</span>");
        break;
    case LAC_VALUE_NOT_APPLICABLE:
        g_string_append(page->out, "<span class=\"none\" title=\"the method does not offer what "
                                   "this metric needs\">n/a</span>");
        break;
    case LAC_VALUE_ABSENT:
        g_string_append(page->out, "<span class=\"none\" title=\"not run\">–</span>");
        break;
    }
    g_string_append(page->out, "</td>");
}

/* ---- figures ---- */

static void
write_bytes(Page *page, const LacFigure *figure, const char *ending, const void *bytes, gsize n)
{
    g_autofree char *name = g_strconcat(figure->slug, ending, NULL);
    g_autofree char *path = g_build_filename(page->figures, name, NULL);
    g_autoptr(GError) error = NULL;

    if (!g_file_set_contents(path, bytes, (gssize)n, &error))
        report_note_add(page->notes, "%s could not be written: %s", path, error->message);
}

static void
write_files(Page *page, const LacFigure *figure, const char *svg)
{
    g_autofree char *clean = lac_svg_clean(svg, figure, "", TRUE);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) pdf = figure_pdf(figure, &error);

    write_bytes(page, figure, ".svg", clean, strlen(clean));
    write_bytes(page, figure, ".csv", figure->csv->str, figure->csv->len);
    if (pdf != NULL)
        write_bytes(page, figure, ".pdf", g_bytes_get_data(pdf, NULL), g_bytes_get_size(pdf));
    else
        report_note_add(page->notes, "%s.pdf could not be drawn: %s", figure->slug, error->message);
}

static void
figure_append(Page *page, const LacFigure *figure, const char *svg)
{
    g_autofree char *prefix = g_strdup_printf("f%u-", page->drawn);
    g_autofree char *element = lac_svg_clean(svg, figure, prefix, FALSE);
    g_autofree char *csv = g_base64_encode((const guchar *)figure->csv->str, figure->csv->len);

    g_string_append(page->out, "<figure><h4>");
    lac_report_put_html(page->out, figure->title);
    g_string_append(page->out, "</h4><div class=\"scroll\" tabindex=\"0\" role=\"group\" "
                               "aria-label=\"");
    lac_report_put_html(page->out, figure->title);
    g_string_append_printf(page->out, "\">%s</div><figcaption>", element);
    lac_report_put_html(page->out, figure->caption);
    g_string_append_printf(page->out,
                           " <a download=\"%s.csv\" href=\"data:text/csv;base64,%s\">"
                           "Data (CSV)</a></figcaption></figure>\n",
                           figure->slug, csv);
}

/* names that differ only in signs a file name cannot hold must not share a file */
static void
slug_make_unique(Page *page, LacFigure *figure)
{
    g_autofree char *base = g_strdup(figure->slug);

    for (unsigned n = 2; !g_hash_table_add(page->slugs, g_strdup(figure->slug)); n++) {
        g_free(figure->slug);
        figure->slug = g_strdup_printf("%s-%u", base, n);
    }
}

void
page_figure(Page *page, LacFigure *taken)
{
    g_autoptr(LacFigure) figure = taken;
    g_autoptr(GBytes) svg = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    if (figure == NULL || page->no_figures)
        return;
    svg = figure_svg(figure, &error);
    if (svg == NULL && g_error_matches(error, LAC_ERROR, LAC_ERROR_PLUGIN)) {
        page->no_figures = TRUE;
        report_note_add(
            page->notes,
            "No figures: %s. Install gnuplot and make the report again; the tables hold "
            "the same numbers.",
            error->message);
        return;
    }
    if (svg == NULL) {
        report_note_add(page->notes, "Figure '%s' could not be drawn: %s", figure->title,
                        error->message);
        return;
    }
    page->drawn++;
    slug_make_unique(page, figure);
    text = g_strndup(g_bytes_get_data(svg, NULL), g_bytes_get_size(svg));
    figure_append(page, figure, text);
    if (page->figures != NULL)
        write_files(page, figure, text);
}
