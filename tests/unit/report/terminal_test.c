#include "lac_test.h"
#include "report-private.h"
#include "report_fixture.h"

static char *
terminal_of(const FixtureSize *size, gboolean colour, unsigned width)
{
    g_autofree char *dir = fixture_folder();
    char *text;

    fixture_write(dir, size);
    text = lac_report_terminal(dir, colour, width, NULL);
    if (g_getenv("LAC_TEST_PRINT"))
        g_print("%s", text);
    fixture_remove(dir);
    return text;
}

LAC_TEST(report_terminal, every_condition_has_a_table_with_the_best_marked)
{
    const FixtureSize size = {.data = 3, .repeats = 3};
    g_autofree char *text = terminal_of(&size, FALSE, 100);

    EXPECT_CONTAINS(text, "mcar 20 %  rmse (lower is better)");
    EXPECT_CONTAINS(text, "mcar 60 %");
    EXPECT_CONTAINS(text, "mar  rmse");
    EXPECT_CONTAINS(text, "concrete");
    EXPECT_CONTAINS(text, "*");
    EXPECT_CONTAINS(text, "failed");
    EXPECT_CONTAINS(text,
                    "of 252 cells failed; the first: forest <b> on letter: stopped after 60 s");
}

LAC_TEST(report_terminal, no_line_is_wider_than_the_terminal)
{
    static const unsigned widths[] = {60, 80, 100, 132};
    const FixtureSize size = {.data = 6, .repeats = 2};

    for (size_t i = 0; i < G_N_ELEMENTS(widths); i++) {
        g_autofree char *text = terminal_of(&size, FALSE, widths[i]);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (size_t l = 0; lines[l] != NULL; l++)
            if (strstr(lines[l], "cells failed") == NULL)
                EXPECT_TRUE(g_utf8_strlen(lines[l], -1) <= (glong)widths[i]);
    }
}

LAC_TEST(report_terminal, colour_is_only_used_when_asked_for)
{
    const FixtureSize size = {.data = 1, .repeats = 1};
    g_autofree char *plain = terminal_of(&size, FALSE, 80);
    g_autofree char *colour = terminal_of(&size, TRUE, 80);

    EXPECT_TRUE(strchr(plain, '\033') == NULL);
    EXPECT_CONTAINS(colour, "\033[1;32m");
}

LAC_TEST(report_terminal, a_folder_without_results_is_a_clear_error)
{
    g_autoptr(GError) error = NULL;

    EXPECT_TRUE(lac_report_terminal("/nonexistent", FALSE, 80, &error) == NULL);
    EXPECT_ERROR(error, 5, "/nonexistent/results.sqlite: no such file");
}

LAC_TEST(report_terminal, a_damaged_file_is_a_clear_error)
{
    g_autofree char *dir = fixture_folder();
    g_autofree char *path = g_build_filename(dir, "results.sqlite", NULL);
    g_autoptr(GError) error = NULL;

    g_file_set_contents(path, "this is no database, whatever its name says......", -1, NULL);
    EXPECT_TRUE(lac_report_terminal(dir, FALSE, 80, &error) == NULL);
    EXPECT_ERROR(error, 5, "results.sqlite");
    fixture_remove(dir);
}
