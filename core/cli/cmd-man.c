/* Man pages, written from the same declarations that parse the options (build and packaging). */
#include "commands-private.h"
#include "config.h"
#include "options-private.h"

#include <string.h>

/* Text for roff: backslashes and leading dots mean something there, and so do hyphens. */
static void
man_escape(GString *out, const char *text)
{
    gboolean line_start = TRUE;

    for (const char *c = text; *c != '\0'; c++) {
        if (line_start && (*c == '.' || *c == '\''))
            g_string_append(out, "\\&");
        if (*c == '\\')
            g_string_append(out, "\\e");
        else if (*c == '-')
            g_string_append(out, "\\-");
        else
            g_string_append_c(out, *c);
        line_start = *c == '\n';
    }
}

/* Paragraphs; lines that start with two spaces are examples, set as they are. */
static void
man_paragraphs(GString *out, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    gboolean example = FALSE;

    for (size_t i = 0; lines[i] != NULL; i++) {
        const gboolean indented = g_str_has_prefix(lines[i], "  ");

        if (lines[i][0] == '\0' && lines[i + 1] != NULL &&
            (g_str_has_prefix(lines[i + 1], "  ") != example))
            continue; /* the change of paragraph is a space already */
        if (indented != example)
            g_string_append(out, indented ? ".PP\n.nf\n" : ".fi\n");
        example = indented;
        if (lines[i][0] == '\0')
            g_string_append(out, example ? "\n" : ".PP\n");
        else {
            man_escape(out, lines[i]);
            g_string_append_c(out, '\n');
        }
    }
    if (example)
        g_string_append(out, ".fi\n");
}

static void
man_options(GString *out, const LacOption *options)
{
    for (const LacOption *o = options; o->type != LAC_OPTION_TYPE_END; o++) {
        g_string_append(out, ".TP\n\\fB");
        if (o->letter != 0)
            g_string_append_printf(out, "\\-%c\\fR, \\fB", o->letter);
        g_string_append(out, "\\-\\-");
        man_escape(out, o->name);
        g_string_append(out, "\\fR");
        if (o->argument != NULL)
            g_string_append_printf(out, "=\\fI%s\\fR", o->argument);
        g_string_append_c(out, '\n');
        man_escape(out, o->help);
        g_string_append(out, ".\n");
    }
}

static char *
man_page(const LacCommand *command)
{
    GString *out = g_string_new(NULL);
    g_autofree char *upper = g_ascii_strup(command->name, -1);

    g_string_append_printf(out, ".TH LACUNA\\-%s 1 \"\" \"lacuna %s\" \"User Commands\"\n", upper,
                           LAC_VERSION);
    g_string_append_printf(out, ".SH NAME\nlacuna\\-%s \\- ", command->name);
    man_escape(out, command->summary);
    g_string_append_printf(out, "\n.SH SYNOPSIS\n\\fBlacuna %s\\fR [\\fIOPTION\\fR...]%s",
                           command->name, *command->arguments != '\0' ? " " : "");
    man_escape(out, command->arguments);
    g_string_append(out, "\n.SH DESCRIPTION\n");
    man_paragraphs(out, command->details);
    g_string_append(out, ".SH OPTIONS\n");
    man_options(out, command->options);
    man_options(out, lac_cli_global_options());
    g_string_append(out, ".SH EXIT STATUS\n0 done, 1 some cells failed, 2 bad usage or input, 3 "
                         "interrupted.\n.SH SEE ALSO\n\\fBlacuna\\fR(1)\n");
    return g_string_free(out, FALSE);
}

static char *
man_overview(void)
{
    const LacCommand *const *commands = lac_cli_commands();
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, ".TH LACUNA 1 \"\" \"lacuna %s\" \"User Commands\"\n", LAC_VERSION);
    g_string_append(out, ".SH NAME\nlacuna \\- fill the gaps in data and measure which way of "
                         "filling them is best\n.SH SYNOPSIS\n\\fBlacuna\\fR \\fICOMMAND\\fR "
                         "[\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n.SH DESCRIPTION\n"
                         "Completes tables and images that have holes, and compares methods of "
                         "doing so: an experiment file names data,\nmasks, models and metrics; "
                         "\\fBlacuna run\\fR does all of their combinations, and \\fBlacuna "
                         "report\\fR makes a page\nof tables, figures and tests of significance. "
                         "Methods are plugins.\n.SH COMMANDS\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (commands[i]->hidden)
            continue;
        g_string_append_printf(out, ".TP\n\\fBlacuna\\-%s\\fR(1)\n", commands[i]->name);
        man_escape(out, commands[i]->summary);
        g_string_append(out, ".\n");
    }
    g_string_append(out, ".SH OPTIONS\n");
    man_options(out, lac_cli_global_options());
    g_string_append(
        out, ".SH ENVIRONMENT\n"
             ".TP\nLACUNA_PLUGIN_PATH\nFolders searched for plugins first, separated by colons.\n"
             ".TP\nLACUNA_DATA\nFolder against which relative data paths are resolved second.\n"
             ".TP\nLACUNA_THREADS\nThreads to compute with, as \\-\\-threads.\n"
             ".TP\nNO_COLOR\nNo colour, whatever its value.\n"
             ".SH EXIT STATUS\n0 done, 1 some cells failed, 2 bad usage or input, 3 "
             "interrupted.\n");
    return g_string_free(out, FALSE);
}

static gboolean
man_write(const char *folder, const char *name, const char *text, GError **error)
{
    g_autofree char *file = g_strconcat(name, ".1", NULL);
    g_autofree char *path = g_build_filename(folder, file, NULL);

    return g_file_set_contents(path, text, -1, error);
}

static int
man_run(void *state, int argc, char **argv)
{
    const LacCommand *const *commands = lac_cli_commands();
    g_autoptr(GError) error = NULL;
    g_autofree char *overview = man_overview();

    (void)state;
    if (argc != 1)
        return lac_cli_usage("man: expected one folder to write to");
    if (!man_write(argv[0], "lacuna", overview, &error))
        return lac_cli_error(error);
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (!commands[i]->hidden) {
            g_autofree char *name = g_strconcat("lacuna-", commands[i]->name, NULL);
            g_autofree char *page = man_page(commands[i]);

            if (!man_write(argv[0], name, page, &error))
                return lac_cli_error(error);
        }
    }
    return LAC_EXIT_OK;
}

static const LacOption options[] = {LAC_OPTION_END};

const LacCommand lac_command_man = {
    .name = "man",
    .arguments = "FOLDER",
    .summary = "Write the man pages",
    .details = "Writes lacuna.1 and one page a command into FOLDER.",
    .options = options,
    .hidden = TRUE,
    .run = man_run,
};
