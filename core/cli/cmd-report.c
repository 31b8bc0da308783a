/* lacuna report: the comparison as a web page. */
#include "cli-private.h"
#include "report-private.h"

typedef struct {
    char *output, *figures, *tabarena;
} ReportOptions;

static const LacOption options[] = {
    LAC_OPTION(ReportOptions, output, "output", 'o', PATH, "FILE",
               "The page to write; report.html in the first folder unless given, - for stdout"),
    LAC_OPTION(ReportOptions, figures, "figures", 0, PATH, "DIR",
               "Also write every figure as SVG, PDF and CSV into this folder"),
    LAC_OPTION(ReportOptions, tabarena, "tabarena", 0, PATH, "FILE",
               "Also write the primary metric as CSV for TabArena's evaluation"),
    LAC_OPTION_END,
};

static gboolean
write_tabarena(const char *const *dirs, const char *path, GError **error)
{
    size_t left_out = 0;
    g_autofree char *csv = lac_report_tabarena(dirs, &left_out, error);

    if (csv == NULL || !g_file_set_contents(path, csv, -1, error))
        return FALSE;
    if (left_out > 0)
        lac_cli_warn("%s: %zu tasks that some method has no value on were left out", path,
                     left_out);
    return TRUE;
}

static int
report_run_command(void *state, int argc, char **argv)
{
    const ReportOptions *self = state;
    g_autofree const char **dirs = g_new0(const char *, (gsize)argc + 1);
    g_autofree char *page = NULL;
    g_auto(GStrv) notes = NULL;
    g_autoptr(GError) error = NULL;

    if (argc < 1)
        return lac_cli_usage("report: which folder? Give one or more written by `lacuna run`");
    for (int i = 0; i < argc; i++)
        dirs[i] = argv[i];
    page = self->output ? g_strdup(self->output) : g_build_filename(dirs[0], "report.html", NULL);
    if (g_str_equal(page, "-")) {
        g_autofree char *html = lac_report_html(dirs, self->figures, &notes, &error);
        if (html == NULL)
            return lac_cli_error(error);
        fputs(html, stdout);
    } else if (!lac_report_write(dirs, page, self->figures, &notes, &error)) {
        return lac_cli_error(error);
    }
    for (size_t i = 0; notes[i] != NULL; i++)
        lac_cli_warn("%s", notes[i]);
    if (self->tabarena != NULL && !write_tabarena(dirs, self->tabarena, &error))
        return lac_cli_error(error);
    if (!g_str_equal(page, "-"))
        lac_cli_say("%s", page);
    return LAC_EXIT_OK;
}

const LacCommand lac_command_report = {
    .name = "report",
    .arguments = "DIR...",
    .summary = "Compare the methods of one or more runs on a web page",
    .details =
        "Writes one HTML file that needs nothing else: tables of means and deviations with the "
        "best "
        "marked, ranks and tests of significance across data sets, figures, failures with their "
        "reasons, the environment and the experiment. The same results always give the same file.\n"
        "\n"
        "Several folders are pooled: their cells are compared as if they were one run. Figures are "
        "drawn by gnuplot; without it the tables are complete and a warning says what is missing.\n"
        "\n"
        "  lacuna report results/quickstart\n"
        "  lacuna report results/a results/b -o comparison.html --figures figures",
    .options = options,
    .state_size = sizeof(ReportOptions),
    .run = report_run_command,
};
