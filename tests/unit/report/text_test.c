#include "figure-private.h"
#include "lac_test.h"
#include "text-private.h"

LAC_TEST(report_text, html_escapes_everything_that_means_something)
{
    g_autoptr(GString) out = g_string_new(NULL);

    lac_report_put_html(out, "<b a='1' b=\"2\">&amp;\x01\xff</b>");
    EXPECT_STR(out->str, "&lt;b a=&#39;1&#39; b=&quot;2&quot;&gt;&amp;amp; \xef\xbf\xbd&lt;/b&gt;");
}

LAC_TEST(report_text, gnuplot_strings_have_no_way_out)
{
    g_autoptr(GString) out = g_string_new(NULL);

    lac_report_put_gnuplot(out, "it's `date` \"$x\"\n!rm\\");
    EXPECT_STR(out->str, "'it''s `date` \"$x\" !rm\\'");
}

LAC_TEST(report_text, csv_quotes_only_where_it_must)
{
    g_autoptr(GString) out = g_string_new(NULL);

    lac_report_put_csv(out, "plain");
    lac_report_put_csv(out, "a,\"b\"\nc");
    EXPECT_STR(out->str, "plain\"a,\"\"b\"\"\nc\"");
}

LAC_TEST(report_text, file_names_are_plain)
{
    static const char *const pairs[][2] = {{"Ranks mcar 20 % rmse", "ranks-mcar-20-rmse"},
                                           {"../../etc/passwd", "etc-passwd"},
                                           {"rate=0.25", "rate-0.25"},
                                           {"π", "x"},
                                           {"", "x"}};

    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autofree char *slug = lac_report_slug(pairs[i][0]);
        EXPECT_STR(slug, pairs[i][1]);
    }
}

LAC_TEST(report_text, decimals_follow_the_deviation)
{
    /* two significant digits of the sd, by hand */
    EXPECT_EQ_INT(lac_report_decimals(0.1134, 0.0021), 4);
    EXPECT_EQ_INT(lac_report_decimals(0.1134, 0.021), 3);
    EXPECT_EQ_INT(lac_report_decimals(153.2, 12.0), 0);
    EXPECT_EQ_INT(lac_report_decimals(0.1134, NAN), 4); /* four of the mean */
    EXPECT_EQ_INT(lac_report_decimals(0.0, 0.0), 0);
    EXPECT_EQ_INT(lac_report_decimals(3e9, 1.0), -1);
    EXPECT_EQ_INT(lac_report_decimals(0.5, 1e-300), 7); /* never more than seven digits */
}

LAC_TEST(report_text, numbers_read_well)
{
    static const struct {
        double value;
        int decimals;
        const char *text;
    } rows[] = {{-1.5, 2, "−1.50"},
                {-0.0001, 2, "0.00"},
                {NAN, 2, "–"},
                {INFINITY, 1, "∞"},
                {12345678.0, -1, "1.235e+07"}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = lac_report_fixed(rows[i].value, rows[i].decimals);
        EXPECT_STR(text, rows[i].text);
    }
}

LAC_TEST(report_text, seconds_choose_their_unit)
{
    static const struct {
        double seconds;
        const char *text;
    } rows[] = {{0.00042, "420 µs"}, {0.0042, "4.2 ms"}, {1.25, "1.2 s"}, {90.0, "90 s"},
                {600.0, "10 min"},   {9000.0, "2.5 h"},  {NAN, "–"}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = lac_report_seconds(rows[i].seconds);
        EXPECT_STR(text, rows[i].text);
    }
}

LAC_TEST(report_text, p_values_say_no_more_than_they_know)
{
    g_autofree char *tiny = lac_report_p(1e-9), *small = lac_report_p(0.0123),
                    *large = lac_report_p(0.5);

    EXPECT_STR(tiny, "p < 0.001");
    EXPECT_STR(small, "p = 0.012");
    EXPECT_STR(large, "p = 0.50");
}

LAC_TEST(report_figure, labels_are_spread_as_little_as_possible)
{
    double alone[] = {10.0, 50.0, 90.0}, crowd[] = {50.0, 50.0, 50.0}, edge[] = {99.0, 98.0};

    lac_figure_spread(3, alone, 10.0, 0.0, 100.0);
    EXPECT_EQ_DOUBLE(alone[0], 10.0);
    EXPECT_EQ_DOUBLE(alone[2], 90.0);
    lac_figure_spread(3, crowd, 10.0, 0.0, 100.0);
    EXPECT_NEAR_DOUBLE(crowd[0], 40.0, 1e-12); /* around where they wanted to be */
    EXPECT_NEAR_DOUBLE(crowd[1], 50.0, 1e-12);
    EXPECT_NEAR_DOUBLE(crowd[2], 60.0, 1e-12);
    lac_figure_spread(2, edge, 10.0, 0.0, 100.0);
    EXPECT_NEAR_DOUBLE(edge[0], 100.0, 1e-12);
    EXPECT_NEAR_DOUBLE(edge[1], 90.0, 1e-12);
}

/* a drawing as gnuplot writes them, with a label that looks like markup and like our colour names
 */
static const char svg[] =
    "<?xml version=\"1.0\"?>\n<svg viewBox=\"0 0 10 10\">\n<title>Gnuplot</title>\n"
    "<desc>Produced</desc>\n<g id=\"gnuplot_canvas\">\n<defs>\n<circle id='gpDot' r='1'/>\n"
    "<filter id='textbox'><feFlood/></filter></defs>\n"
    "<g fill=\"none\">\n</g>\n<g id=\"gnuplot_plot_1\"><title>secret</title>"
    "<path stroke='rgb( 10,  11,   3)' d='M0,0'/><use xlink:href='#gpDot' color='#0a0b0a'/>"
    "<text>&lt;b> rgb( 10,  11,   3) id='gpDot'</text></g>\n</g>\n</svg>\n";

LAC_TEST(report_figure, svg_becomes_an_element_of_the_page)
{
    LacFigure figure = {
        .title = (char *)"A <b>", .alt = (char *)"says \"so\"", .width = 10, .height = 20};
    g_autofree char *element = lac_svg_clean(svg, &figure, "f7-", FALSE);

    EXPECT_CONTAINS(element, "role=\"img\" aria-labelledby=\"f7-t f7-d\" viewBox=\"0 0 10 20\"");
    EXPECT_CONTAINS(element, "<title id=\"f7-t\">A &lt;b&gt;</title>");
    EXPECT_CONTAINS(element, "<desc id=\"f7-d\">says &quot;so&quot;</desc>");
    EXPECT_CONTAINS(element, "id='f7-gpDot'");
    EXPECT_CONTAINS(element, "href='#f7-gpDot'");
    EXPECT_CONTAINS(element, "stroke='var(--lac-s3,#376070)'");
    EXPECT_CONTAINS(element, "color='var(--lac-panel,#ffffff)'");
    /* text is left alone, but for the > that gnuplot does not escape */
    EXPECT_CONTAINS(element, "<text>&lt;b&gt; rgb( 10,  11,   3) id='gpDot'</text>");
    EXPECT_TRUE(strstr(element, "secret") == NULL);
    EXPECT_TRUE(strstr(element, "filter") == NULL);
    EXPECT_TRUE(strstr(element, "<g fill") == NULL); /* the group that draws nothing */
    EXPECT_TRUE(strstr(element, "xlink") == NULL);
}

LAC_TEST(report_figure, svg_files_carry_plain_light_colours)
{
    LacFigure figure = {.title = (char *)"t", .alt = (char *)"a", .width = 10, .height = 20};
    g_autofree char *file = lac_svg_clean(svg, &figure, "", TRUE);

    EXPECT_CONTAINS(file, "<?xml version");
    EXPECT_CONTAINS(file, "stroke='#376070'");
    EXPECT_CONTAINS(file, "xmlns:xlink");
    EXPECT_TRUE(strstr(file, "var(") == NULL);
}
