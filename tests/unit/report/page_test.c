#include "lac_test.h"
#include "report-private.h"
#include "report_fixture.h"

static char *
page_of(const char *dir, const char *figures, char ***notes)
{
    const char *dirs[] = {dir, NULL};
    g_autoptr(GError) error = NULL;
    char *html = lac_report_html(dirs, figures, notes, &error);

    if (error != NULL)
        lac_test_fail(__FILE__, __LINE__, "%s", error->message);
    return html;
}

/* a page without figures: gnuplot is not found on an empty PATH */
static char *
plain_page(const FixtureSize *size, char ***notes)
{
    g_autofree char *dir = fixture_folder(), *path = g_strdup(g_getenv("PATH"));
    char *html;

    fixture_write(dir, size);
    g_setenv("PATH", "/nowhere", TRUE);
    html = page_of(dir, NULL, notes);
    g_setenv("PATH", path, TRUE);
    fixture_remove(dir);
    return html;
}

static size_t
occurrences(const char *text, const char *part)
{
    size_t count = 0;

    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

LAC_TEST(report_page, without_gnuplot_tables_are_complete_and_a_note_says_so)
{
    const FixtureSize size = {.data = 6, .repeats = 3};
    g_auto(GStrv) notes = NULL;
    g_autofree char *html = plain_page(&size, &notes);

    EXPECT_TRUE(notes != NULL && notes[0] != NULL && notes[1] == NULL);
    EXPECT_CONTAINS(notes[0], "Install gnuplot");
    EXPECT_CONTAINS(html, "Install gnuplot");
    EXPECT_EQ_INT(occurrences(html, "<svg"), 0);
    /* the score of draws first, then the primary one */
    EXPECT_CONTAINS(html, "Over 6 data sets under 4 conditions, em has the best mean rank by "
                          "coverage");
    EXPECT_CONTAINS(html, "By rmse, forest &lt;b&gt; has the best mean rank (1.");
    EXPECT_CONTAINS(html, "Wilcoxon signed-rank tests over 6 data sets");
    EXPECT_CONTAINS(html, "4 of 504 cells did not finish");
    EXPECT_CONTAINS(html, "OpenBLAS SkylakeX");
    /* five methods without draws, three levels of coverage, on 24 data sets and masks: once each in
     * the data set's table and once in the one across data sets; in two places one of them failed
     * (and once each among the ranks of the first table)
     */
    EXPECT_EQ_INT(occurrences(html, ">n/a<"), (5 * 24 - 2) * 3 * 2 + 5 * 3);
    EXPECT_CONTAINS(html, "has one value only &amp; was filled with it");
    /* a number a fit told once stands in a table of its own */
    EXPECT_CONTAINS(html, "aria-label=\"Numbers of the fit\"");
    EXPECT_CONTAINS(html, "<td data-v=\"37.25\">37.25</td>");
}

LAC_TEST(report_page, nothing_from_data_becomes_markup)
{
    const FixtureSize size = {.data = 6, .repeats = 2};
    g_autofree char *html = plain_page(&size, NULL);

    EXPECT_EQ_INT(occurrences(html, "<script"), 1); /* our own */
    EXPECT_TRUE(strstr(html, "<img") == NULL);
    EXPECT_TRUE(strstr(html, "forest <b>") == NULL);
    EXPECT_CONTAINS(html, "&lt;script&gt;alert(1)&lt;/script&gt;");
    EXPECT_CONTAINS(html, "O&#39;Brien &quot;&amp;&quot; sons");
    EXPECT_CONTAINS(html, "&lt;img src=x onerror=alert(2)&gt;");
    EXPECT_CONTAINS(html, "nä_ïve^2\nπ`date`");
}

LAC_TEST(report_page, needs_nothing_from_a_network)
{
    const FixtureSize size = {.data = 2, .repeats = 2};
    g_autofree char *html = plain_page(&size, NULL);

    EXPECT_TRUE(strstr(html, "http://") == NULL);
    EXPECT_TRUE(strstr(html, "https://") == NULL);
    EXPECT_TRUE(strstr(html, "<link rel=\"stylesheet") == NULL);
    EXPECT_CONTAINS(html, "default-src 'none'");
}

LAC_TEST(report_page, the_same_results_give_the_same_bytes)
{
    const FixtureSize size = {.data = 6, .repeats = 2};
    g_autofree char *one = plain_page(&size, NULL), *two = plain_page(&size, NULL);

    EXPECT_TRUE(g_strcmp0(one, two) == 0);
}

LAC_TEST(report_page, few_data_sets_are_not_tested)
{
    const FixtureSize size = {.data = 3, .repeats = 2};
    g_autofree char *html = plain_page(&size, NULL);

    EXPECT_CONTAINS(html, "3 data sets are too few for a test");
    EXPECT_TRUE(strstr(html, "Wilcoxon signed-rank tests over") == NULL);
}

LAC_TEST(report_page, one_data_set_tells_values_instead_of_ranks)
{
    const FixtureSize size = {.data = 1, .repeats = 1};
    g_autofree char *html = plain_page(&size, NULL);

    /* four conditions are too many to tell each */
    EXPECT_CONTAINS(html, "On concrete, forest &lt;b&gt; is best by rmse under 4 of 4 conditions.");
    EXPECT_TRUE(strstr(html, "All data sets:") == NULL);
}

LAC_TEST(report_page, a_run_that_was_interrupted_says_so)
{
    g_autofree char *dir = fixture_folder(), *html = NULL;
    g_auto(GStrv) notes = NULL;
    g_autofree char *path = g_build_filename(dir, "results.sqlite", NULL);
    sqlite3 *db = NULL;

    fixture_write(dir, &(FixtureSize){.data = 1, .repeats = 1});
    ASSERT_EQ_INT(sqlite3_open(path, &db), SQLITE_OK);
    fixture_sql(db, "UPDATE run SET finished = NULL");
    sqlite3_close(db);
    html = page_of(dir, NULL, &notes);
    EXPECT_CONTAINS(html, "this run has not come to its end");
    EXPECT_TRUE(notes != NULL && strstr(notes[0], "--resume") != NULL);
    fixture_remove(dir);
}

LAC_TEST(report_page, a_run_without_cells_is_reported_as_such)
{
    const FixtureSize size = {.data = 0, .repeats = 0};
    g_autofree char *html = plain_page(&size, NULL);

    EXPECT_CONTAINS(html, "This run holds no results yet.");
}

LAC_TEST(report_page, pooled_folders_count_a_cell_once)
{
    const FixtureSize size = {.data = 2, .repeats = 1};
    g_autofree char *a = fixture_folder(), *b = fixture_folder(), *path = NULL, *html = NULL;
    const char *dirs[] = {a, b, NULL};

    path = g_strdup(g_getenv("PATH"));
    fixture_write(a, &size);
    fixture_write(b, &size);
    g_setenv("PATH", "/nowhere", TRUE);
    html = lac_report_html(dirs, NULL, NULL, NULL);
    g_setenv("PATH", path, TRUE);
    EXPECT_CONTAINS(html, "<dt>cells</dt><dd>56</dd>"); /* 2 data sets x 4 masks x 7 methods */
    EXPECT_CONTAINS(html, "2 runs pooled");
    fixture_remove(a);
    fixture_remove(b);
}

static gboolean
bytes_contain(const char *bytes, gsize n, const char *part)
{
    for (gsize i = 0; i + strlen(part) <= n; i++)
        if (memcmp(bytes + i, part, strlen(part)) == 0)
            return TRUE;
    return FALSE;
}

/* mean at rate 0.2 over data sets 1, 4 and 5 (forest failed on 2 and 3), from the values themselves
 */
static void
expect_geometric_mean(const char *dir, const char *csv)
{
    g_autofree char *path = g_build_filename(dir, "results.sqlite", NULL);
    const char *row = csv != NULL ? strstr(csv, "\nmean,") : NULL;
    const char *sql =
        "SELECT avg(l) FROM (SELECT ln(avg(value)) l FROM cells, metrics WHERE cell = id AND "
        "metric "
        "= 'rmse' AND column_name IS NULL AND mask = 'mcar' AND rate_asked = 0.2 AND model = "
        "'mean' "
        "AND data NOT IN (SELECT data FROM cells WHERE status <> 'ok' AND mask = 'mcar') "
        "GROUP BY data)";
    double drawn = NAN, wanted = NAN;
    sqlite3_stmt *statement = NULL;
    sqlite3 *db = NULL;

    ASSERT_TRUE(row != NULL);
    drawn = g_ascii_strtod(strchr(row + 6, ',') + 1, NULL);
    ASSERT_EQ_INT(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        wanted = exp(sqlite3_column_double(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    EXPECT_NEAR_DOUBLE(drawn, wanted, 1e-9);
}

LAC_TEST(report_page, figures_are_drawn_named_and_written)
{
    const FixtureSize size = {.data = 5, .repeats = 2, .images = TRUE};
    g_autofree char *dir = fixture_folder(), *found = g_find_program_in_path("gnuplot");
    g_autofree char *figures = NULL, *html = NULL, *ranks = NULL, *csv = NULL;
    g_auto(GStrv) notes = NULL;
    gsize length = 0;

    if (found == NULL)
        LAC_SKIP("gnuplot is not installed");
    figures = g_build_filename(dir, "figures", NULL);
    g_unsetenv("SOURCE_DATE_EPOCH");
    fixture_write(dir, &size);
    html = page_of(dir, figures, &notes);
    EXPECT_TRUE(notes != NULL && notes[0] == NULL);
    EXPECT_EQ_INT(occurrences(html, "<figure>"), occurrences(html, "<svg role=\"img\""));
    EXPECT_TRUE(occurrences(html, "<figure>") > 20);
    EXPECT_EQ_INT(occurrences(html, "log-likelihood by iteration</h4>"), 1);
    EXPECT_EQ_INT(occurrences(html, "ess-min by iteration"), 0); /* one point is no trace */
    EXPECT_EQ_INT(occurrences(html, "<img "), occurrences(html, "alt=\"image "));
    EXPECT_EQ_INT(occurrences(html, "<img "), 3 * 9);
    /* forest failed on one of five data sets, and the time limit stopped it on another */
    EXPECT_CONTAINS(html,
                    "Geometric mean over the 3 of 5 data sets that all methods drawn finished");
    /* what the time limit stopped is in the figure of times */
    EXPECT_CONTAINS(html, "Stopped by the time limit: forest &lt;b&gt; &gt; 60 s.");
    EXPECT_CONTAINS(html, "Critical-difference diagram: rmse (lower is better) of 7 methods on 5 "
                          "data sets, mcar 20 %. Best forest &lt;b&gt;");
    ranks = g_build_filename(figures, "ranks-mcar-20-rmse.pdf", NULL);
    g_file_get_contents(ranks, &csv, &length, NULL);
    EXPECT_TRUE(csv != NULL && g_str_has_prefix(csv, "%PDF"));
    /* made at no time: the same results give the same bytes */
    EXPECT_TRUE(csv != NULL && bytes_contain(csv, length, "/CreationDate (D:19700101000000Z)"));
    g_free(ranks);
    g_free(g_steal_pointer(&csv));
    ranks = g_build_filename(figures, "ranks-mcar-20-rmse.csv", NULL);
    g_file_get_contents(ranks, &csv, &length, NULL);
    EXPECT_CONTAINS(csv, "method,mean_rank\nforest <b>,1\n");
    g_free(ranks);
    g_free(g_steal_pointer(&csv));
    ranks = g_build_filename(figures, "rate-all-data-sets-mcar-rmse.csv", NULL);
    g_file_get_contents(ranks, &csv, &length, NULL);
    expect_geometric_mean(dir, csv);
    fixture_remove(dir);
}

LAC_TEST(report_page, damaged_pictures_are_left_out)
{
    const FixtureSize size = {.data = 1, .repeats = 1, .images = TRUE};
    g_autofree char *dir = fixture_folder(), *path = g_strdup(g_getenv("PATH"));
    g_autofree char *file = NULL, *bytes = NULL, *html = NULL;
    gsize length = 0;

    fixture_write(dir, &size);
    file = g_build_filename(dir, "artifacts", "c00000", "images.npz", NULL);
    ASSERT_TRUE(g_file_get_contents(file, &bytes, &length, NULL));
    /* every way to cut it short must be survived, whatever it leaves of the grid */
    g_setenv("PATH", "/nowhere", TRUE);
    for (gsize cut = 0; cut < length; cut += 1 + length / 24) {
        g_free(g_steal_pointer(&html));
        g_file_set_contents(file, bytes, (gssize)cut, NULL);
        html = page_of(dir, NULL, NULL);
        EXPECT_EQ_INT(occurrences(html, "<img ") % 3, 0);
    }
    g_setenv("PATH", path, TRUE);
    fixture_remove(dir);
}

LAC_TEST(report_tabarena, is_a_dense_grid_of_errors)
{
    const FixtureSize size = {.data = 3, .repeats = 3};
    g_autofree char *dir = fixture_folder(), *csv = NULL;
    const char *dirs[] = {dir, NULL};
    g_auto(GStrv) lines = NULL;
    size_t left_out = 0;

    fixture_write(dir, &size);
    csv = lac_report_tabarena(dirs, &left_out, NULL);
    lines = g_strsplit(csv, "\n", -1);
    EXPECT_STR(lines[0], "method,task,seed,metric,metric_error,time_train_s,time_infer_s");
    /* 12 tasks, two of them with failures: 10 x 7 methods x 3 repeats */
    EXPECT_EQ_INT(left_out, 2);
    EXPECT_EQ_INT(g_strv_length(lines), 1 + 210 + 1);
    fixture_remove(dir);
}

LAC_TEST(report_page, scores_of_distributions_come_first_and_say_what_they_hold_under)
{
    const FixtureSize size = {.data = 6, .repeats = 3};
    g_autofree char *html = plain_page(&size, NULL);
    const char *draws = strstr(html, ">coverage 0.5<"), *point = strstr(html, ">rmse<");

    EXPECT_TRUE(draws != NULL && point != NULL && draws < point);
    EXPECT_CONTAINS(html, "draws \302\267 mean rank");
    EXPECT_CONTAINS(html, "<td class=\"left phrase\">MCAR, MAR, MNAR</td>");
    EXPECT_CONTAINS(html, "column unit, scale minmax");
    EXPECT_CONTAINS(html, "Of rmse: conditional means win it.");
    /* r2 says that it holds under MCAR alone; one of the four masks is MAR */
    EXPECT_EQ_INT(occurrences(html, "point \302\267 higher is better, not valid here"), 6);
    EXPECT_EQ_INT(occurrences(html, "point \302\267 higher is better<"), 18);
    EXPECT_CONTAINS(html, "Missingness: MAR.");
}

static char *
page_of_changed(const FixtureSize *size, const char *sql, char ***notes)
{
    g_autofree char *dir = fixture_folder(), *html = NULL;
    g_autofree char *path = g_build_filename(dir, "results.sqlite", NULL);
    sqlite3 *db;

    fixture_write(dir, size);
    if (sqlite3_open(path, &db) != SQLITE_OK)
        g_error("no %s", path);
    fixture_sql(db, "%s", sql);
    sqlite3_close(db);
    html = page_of(dir, NULL, notes);
    fixture_remove(dir);
    return g_steal_pointer(&html);
}

static char *
page_after(const char *sql, char ***notes)
{
    const FixtureSize size = {.data = 2, .repeats = 2};

    return page_of_changed(&size, sql, notes);
}

LAC_TEST(report_page, units_of_different_columns_are_not_pooled_without_a_word)
{
    g_auto(GStrv) notes = NULL;
    g_autofree char *html = page_after("UPDATE cells SET scale = 'none'", &notes);

    EXPECT_TRUE(notes != NULL && notes[0] != NULL);
    EXPECT_CONTAINS(notes[0], "the column with the largest numbers decides: rmse.");
    EXPECT_CONTAINS(html, "the column with the largest numbers decides: rmse.");
}

/* concrete has pictures in the fixture, letter has none */
LAC_TEST(report_page, pixels_share_a_unit)
{
    const FixtureSize size = {.data = 2, .repeats = 1, .images = TRUE};
    g_autofree char *images =
        page_of_changed(&size, "UPDATE cells SET scale = 'none' WHERE data = 'concrete'", NULL);
    g_autofree char *both = page_of_changed(&size, "UPDATE cells SET scale = 'none'", NULL);

    EXPECT_EQ_INT(occurrences(images, "the column with the largest numbers decides"), 0);
    EXPECT_TRUE(occurrences(both, "the column with the largest numbers decides") > 0);
}

LAC_TEST(report_page, scores_without_a_number_are_counted_with_their_reason)
{
    g_autofree char *html =
        page_after("UPDATE metrics SET status = 'undefined', value = NULL, reason = 'no <cell> is "
                   "scored' WHERE metric = 'r2' AND cell IN (SELECT id FROM cells WHERE model = "
                   "'em' AND data = 'letter')",
                   NULL);

    EXPECT_CONTAINS(html, "Scores without a number");
    EXPECT_CONTAINS(html, "no &lt;cell&gt; is scored");
    EXPECT_CONTAINS(html, "<td data-v=\"8\">8</td>"); /* four masks, two repeats */
}

LAC_TEST(report_page, points_alone_are_called_points_alone)
{
    g_autofree char *html = page_after("DELETE FROM metric_info WHERE metric = 'coverage'; DELETE "
                                       "FROM metrics WHERE metric = 'coverage'",
                                       NULL);

    EXPECT_CONTAINS(html, "No score of this run judges draws or distributions");
}
