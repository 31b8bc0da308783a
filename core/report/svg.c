/* Running gnuplot, and turning what it draws into an element of the page. */
#define _GNU_SOURCE /* memmem */
#include "figure-private.h"
#include "text-private.h"

#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

/* one ink in the light theme, and its name in the page's style sheet */
static const struct {
    const char *variable, *light;
} inks[LAC_INKS] = {{"fg", "#20242a"},  {"s1", "#022e84"},    {"s2", "#eb721e"},
                    {"s3", "#376070"},  {"s4", "#7f2bc4"},    {"s5", "#0f95f7"},
                    {"s6", "#a6530c"},  {"s7", "#603900"},    {"s0", "#8c8c8c"},
                    {"fg", "#20242a"},  {"panel", "#ffffff"}, {"grid", "#d9dde3"},
                    {"soft", "#5b636e"}};

/* the ink that a colour in gnuplot's SVG stands for ("rgb( 10,  11,   3)"), else -1; *length: of
 * the colour's text */
static int
ink_at(const char *text, size_t *length)
{
    int r, g, b, used = 0;

    if (g_str_has_prefix(text, "rgb(") &&
        sscanf(text, "rgb( %d , %d , %d )%n", &r, &g, &b, &used) == 3 && used > 0 && r == 10 &&
        g == 11 && b < LAC_INKS) {
        *length = (size_t)used;
        return b;
    }
    if (g_ascii_strncasecmp(text, "#0a0b", 5) == 0 && g_ascii_isxdigit(text[5]) &&
        g_ascii_isxdigit(text[6])) {
        b = g_ascii_xdigit_value(text[5]) * 16 + g_ascii_xdigit_value(text[6]);
        *length = 7;
        return b < LAC_INKS ? b : -1;
    }
    return -1;
}

/* a tag of gnuplot's, between < and >: colours, ids and references made ours. Nothing in it comes
 * from data: texts are element content. */
static void
tag_append(GString *out, const char *tag, size_t n, const char *prefix, gboolean file)
{
    static const char *const names[] = {"id='", "id=\"", "href='#", "href=\"#", "url(#"};
    g_autofree char *copy = g_strndup(tag, n);

    for (const char *c = copy; *c != '\0';) {
        size_t length = 0, i;
        const int ink = ink_at(c, &length);
        if (ink >= 0) {
            if (file)
                g_string_append(out, inks[ink].light);
            else
                g_string_append_printf(out, "var(--lac-%s,%s)", inks[ink].variable,
                                       inks[ink].light);
            c += length;
            continue;
        }
        for (i = 0; i < G_N_ELEMENTS(names) && !g_str_has_prefix(c, names[i]); i++)
            continue;
        if (i < G_N_ELEMENTS(names)) {
            g_string_append(out, names[i]);
            g_string_append(out, prefix);
            c += strlen(names[i]);
        } else if (!file && g_str_has_prefix(c, "xlink:")) {
            c += strlen("xlink:");
        } else {
            g_string_append_c(out, *c == '\n' || *c == '\t' ? ' ' : *c);
            c++;
        }
    }
}

/* element content: spaces between tags go, and > is written as a reference */
static void
content_append(GString *out, const char *text, size_t n)
{
    g_autofree char *copy = g_strndup(text, n);

    if (strspn(copy, " \n\t\r") == n) {
        if (n > 0)
            g_string_append_c(out, '\n');
        return;
    }
    for (const char *c = copy; *c != '\0'; c++) {
        if (*c == '>')
            g_string_append(out, "&gt;");
        else
            g_string_append_c(out, *c);
    }
}

/* the canvas without gnuplot's own titles and filters */
static GString *
canvas_clean(const char *svg, const char *prefix, gboolean file)
{
    GString *out = g_string_new(NULL);
    const char *from = strstr(svg, "<g id=\"gnuplot_canvas\">");
    const char *end = g_strrstr(svg, "</svg>");

    while (from != NULL && end != NULL && from < end) {
        const char *open = memchr(from, '<', (size_t)(end - from));
        const char *close;
        if (open == NULL)
            break;
        content_append(out, from, (size_t)(open - from));
        close = strchr(open, '>');
        if (close == NULL)
            break;
        if (g_str_has_prefix(open, "<title>") || g_str_has_prefix(open, "<filter")) {
            const char *stop = strstr(open, open[1] == 't' ? "</title>" : "</filter>");
            from = stop == NULL ? end : strchr(stop, '>') + 1;
            continue;
        }
        tag_append(out, open, (size_t)(close + 1 - open), prefix, file);
        from = close + 1;
    }
    return out;
}

/* groups that draw nothing, from the inside out */
static void
drop_empty_groups(GString *svg)
{
    g_autoptr(GRegex) empty = g_regex_new("<g [^>]*>\\s*</g>\\s*", 0, 0, NULL);

    for (int depth = 0; depth < 4; depth++) {
        g_autofree char *less = g_regex_replace_literal(empty, svg->str, -1, 0, "", 0, NULL);
        if (less == NULL || strlen(less) == svg->len)
            return;
        g_string_assign(svg, less);
    }
}

char *
lac_svg_clean(const char *svg, const LacFigure *figure, const char *prefix, gboolean file)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GString) canvas = canvas_clean(svg, prefix, file);

    drop_empty_groups(canvas);
    if (file)
        g_string_append(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    g_string_append_printf(out,
                           "<svg role=\"img\" aria-labelledby=\"%st %sd\" viewBox=\"0 0 %u %u\"",
                           prefix, prefix, figure->width, figure->height);
    /* text of 13 px may shrink to 9.4 px before the figure scrolls */
    if (!file)
        g_string_append_printf(out, " style=\"min-width:%upx;max-width:%upx\"",
                               figure->width * 72 / 100, figure->width * 104 / 100);
    if (file)
        g_string_append_printf(out,
                               " width=\"%u\" height=\"%u\" xmlns=\"http://www.w3.org/2000/svg\""
                               " xmlns:xlink=\"http://www.w3.org/1999/xlink\"",
                               figure->width, figure->height);
    g_string_append_printf(out, ">\n<title id=\"%st\">", prefix);
    lac_report_put_html(out, figure->title);
    g_string_append_printf(out, "</title>\n<desc id=\"%sd\">", prefix);
    lac_report_put_html(out, figure->alt);
    g_string_append(out, "</desc>\n");
    g_string_append_len(out, canvas->str, (gssize)canvas->len);
    g_string_append(out, "</svg>\n");
    return g_string_free(out, FALSE);
}

GBytes *
figure_gnuplot(const char *script, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                  G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_autoptr(GSubprocess) child = NULL;
    g_autoptr(GBytes) in = g_bytes_new_static(script, strlen(script));
    g_autoptr(GBytes) out = NULL, trouble = NULL;
    g_autoptr(GError) local = NULL;
    g_autofree char *first = NULL;

    g_subprocess_launcher_setenv(launcher, "LC_ALL", "C.UTF-8", TRUE);
    g_subprocess_launcher_unsetenv(launcher, "GNUTERM");
    child = g_subprocess_launcher_spawn(launcher, &local, "gnuplot", "-d", NULL);
    if (child == NULL)
        return lac_fail_null(error, LAC_ERROR_PLUGIN, "gnuplot: %s", local->message);
    if (!g_subprocess_communicate(child, in, NULL, &out, &trouble, &local))
        return lac_fail_null(error, LAC_ERROR_IO, "gnuplot: %s", local->message);
    if (!g_subprocess_get_successful(child) || g_bytes_get_size(out) == 0) {
        first = g_strndup(g_bytes_get_data(trouble, NULL), MIN(g_bytes_get_size(trouble), 400));
        return lac_fail_null(error, LAC_ERROR_IO, "gnuplot: %s",
                             g_strstrip(g_strdelimit(first, "\n", ' ')));
    }
    return g_steal_pointer(&out);
}

GBytes *
figure_svg(const LacFigure *figure, GError **error)
{
    g_autofree char *script = g_strdup_printf(
        "set terminal svg size %u,%u dynamic noenhanced font 'sans-serif,13' background '%s'\n%s",
        figure->width, figure->height, figure_ink(LAC_INK_GROUND), figure->script->str);

    return figure_gnuplot(script, error);
}

/* No date of today in a PDF: the same results give the same bytes. The date has a fixed length, so
 * nothing else in the file moves. */
static GBytes *
pdf_fix_date(GBytes *taken)
{
    static const char mark[] = "/CreationDate (D:";
    const char *epoch = g_getenv("SOURCE_DATE_EPOCH");
    const gint64 seconds = epoch == NULL ? 0 : g_ascii_strtoll(epoch, NULL, 10);
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(seconds);
    g_autofree char *date = when == NULL ? NULL : g_date_time_format(when, "%Y%m%d%H%M%S");
    gsize n;
    char *bytes = g_bytes_unref_to_data(taken, &n);
    char *at = memmem(bytes, n, mark, strlen(mark));

    if (at != NULL && date != NULL && strlen(date) == 14 &&
        n - (gsize)(at - bytes) > strlen(mark) + 14)
        memcpy(at + strlen(mark), date, 14);
    return g_bytes_new_take(bytes, n);
}

GBytes *
figure_pdf(const LacFigure *figure, GError **error)
{
    g_autoptr(GString) script = g_string_new(NULL);
    GBytes *pdf;
    const unsigned width = figure->width, height = figure->height;

    /* 96 px an inch; in thousandths, so that no locale writes a comma */
    g_string_append_printf(script,
                           "set terminal pdfcairo noenhanced color font 'sans,9.75' "
                           "size %u.%03uin,%u.%03uin background '#ffffff'\n",
                           width / 96, width % 96 * 1000 / 96, height / 96,
                           height % 96 * 1000 / 96);
    g_string_append(script, figure->script->str);
    for (int ink = 0; ink < LAC_INKS; ink++)
        g_string_replace(script, figure_ink(ink), inks[ink].light, 0);
    pdf = figure_gnuplot(script->str, error);
    return pdf == NULL ? NULL : pdf_fix_date(pdf);
}
