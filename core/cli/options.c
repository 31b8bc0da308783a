#include "options-private.h"

#include "node-private.h"
#include <string.h>

enum {
    HELP_WIDTH = 100, /* columns of the longest line of a help */
};

static const LacOption global_options[] = {
    LAC_OPTION(LacGlobalOptions, quiet, "quiet", 'q', FLAG, NULL, "Say nothing but errors"),
    LAC_OPTION(LacGlobalOptions, verbose, "verbose", 'v', FLAG, NULL, "Say more"),
    LAC_OPTION(LacGlobalOptions, threads, "threads", 0, INT, "N",
               "Threads to compute with (default: all cores this process may use)"),
    LAC_OPTION(LacGlobalOptions, no_colour, "no-color", 0, FLAG, NULL,
               "No colour, also on a terminal (as the environment variable NO_COLOR)"),
    LAC_OPTION_END,
};

const LacOption *
lac_cli_global_options(void)
{
    return global_options;
}

static GOptionArg
option_arg(LacOptionType type)
{
    switch (type) {
    case LAC_OPTION_TYPE_INT:
        return G_OPTION_ARG_INT64;
    case LAC_OPTION_TYPE_DOUBLE:
        return G_OPTION_ARG_DOUBLE;
    case LAC_OPTION_TYPE_STRING:
        return G_OPTION_ARG_STRING;
    case LAC_OPTION_TYPE_PATH:
        return G_OPTION_ARG_FILENAME;
    case LAC_OPTION_TYPE_STRINGS:
        return G_OPTION_ARG_STRING_ARRAY;
    case LAC_OPTION_TYPE_FLAG:
    case LAC_OPTION_TYPE_END:
        break;
    }
    return G_OPTION_ARG_NONE;
}

static void
options_to_entries(const LacOption *options, void *state, GArray *entries)
{
    for (const LacOption *o = options; o->type != LAC_OPTION_TYPE_END; o++) {
        const GOptionEntry entry = {
            .long_name = o->name,
            .short_name = o->letter,
            .arg = option_arg(o->type),
            .arg_data = (char *)state + o->offset,
            .description = o->help,
            .arg_description = o->argument,
        };
        g_array_append_val(entries, entry);
    }
}

static void
options_collect_names(const LacOption *options, GPtrArray *names)
{
    for (const LacOption *o = options; o->type != LAC_OPTION_TYPE_END; o++)
        g_ptr_array_add(names, (gpointer)o->name);
}

/* GOption only says "Unknown option --x"; a person wants to know what it should have been. */
static gboolean
options_explain(const LacCommand *command, GError *raw, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *word = strstr(raw->message, "--"), *near = NULL;

    options_collect_names(command->options, names);
    options_collect_names(global_options, names);
    g_ptr_array_add(names, NULL);
    if (raw->code == G_OPTION_ERROR_UNKNOWN_OPTION && word != NULL) {
        g_autofree char *name = g_strndup(word + 2, strcspn(word + 2, "= "));

        near = lac_suggest(name, (const char *const *)names->pdata);
    }
    if (near != NULL)
        lac_fail(error, LAC_ERROR_PARAM, "%s: %s; did you mean --%s?", command->name, raw->message,
                 near);
    else
        lac_fail(error, LAC_ERROR_PARAM, "%s: %s; see 'lacuna %s --help'", command->name,
                 raw->message, command->name);
    g_error_free(raw);
    return FALSE;
}

/* ---- help that fits ----------------------------------------------------------------------------
 */

/* Where the lines that continue @line begin: below the explanation of an option, else at its start.
 */
static size_t
hanging_indent(const char *line)
{
    const char *gap = g_str_has_prefix(line, "  -") ? strstr(line + 2, "  ") : NULL;

    return gap != NULL ? (size_t)(gap - line) + strspn(gap, " ") : strspn(line, " ");
}

static void
append_wrapped(GString *out, const char *line)
{
    const size_t indent = hanging_indent(line);
    glong column = (glong)indent;
    g_auto(GStrv) words = g_strsplit(line + indent, " ", -1);

    g_string_append_len(out, line, (gssize)indent);
    for (size_t i = 0; words[i] != NULL; i++) {
        const glong width = g_utf8_strlen(words[i], -1);

        if (i > 0 && column + 1 + width > HELP_WIDTH) {
            g_string_append_printf(out, "\n%*s", (int)indent, "");
            column = (glong)indent;
        } else if (i > 0) {
            g_string_append_c(out, ' ');
            column++;
        }
        g_string_append(out, words[i]);
        column += width;
    }
}

/* @help with its long lines wrapped between words. Owned. */
static char *
wrap_help(const char *help)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(help, "\n", -1);

    for (size_t i = 0; lines[i] != NULL; i++) {
        if (i > 0)
            g_string_append_c(out, '\n');
        append_wrapped(out, lines[i]);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

gboolean
lac_options_parse(const LacCommand *command, int *argc, char ***argv, void *state,
                  LacGlobalOptions *global, char **help_out, GError **error)
{
    g_autofree char *usage = g_strdup_printf("%s - %s", command->arguments, command->summary);
    g_autoptr(GOptionContext) context = g_option_context_new(usage);
    g_autoptr(GArray) entries = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));
    gboolean help = FALSE;
    GError *raw = NULL;
    const GOptionEntry help_entry = {"help",           'h', 0, G_OPTION_ARG_NONE, &help,
                                     "Show this help", NULL};

    options_to_entries(command->options, state, entries);
    options_to_entries(global_options, global, entries);
    g_array_append_val(entries, help_entry);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_description(context, command->details);
    g_option_context_add_main_entries(context, (const GOptionEntry *)(void *)entries->data, NULL);
    if (!g_option_context_parse(context, argc, argv, &raw))
        return options_explain(command, raw, error);
    if (help) {
        g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);

        *help_out = wrap_help(text);
    }
    return TRUE;
}

void
lac_options_clear(const LacOption *options, void *state)
{
    for (const LacOption *o = options; o->type != LAC_OPTION_TYPE_END; o++) {
        void *field = (char *)state + o->offset;

        if (o->type == LAC_OPTION_TYPE_STRING || o->type == LAC_OPTION_TYPE_PATH)
            g_clear_pointer((char **)field, g_free);
        else if (o->type == LAC_OPTION_TYPE_STRINGS)
            g_clear_pointer((char ***)field, g_strfreev);
    }
}

const LacCommand *
lac_command_find(const char *name, GError **error)
{
    const LacCommand *const *commands = lac_cli_commands();
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *near;

    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
        if (!commands[i]->hidden)
            g_ptr_array_add(names, (gpointer)commands[i]->name);
    }
    g_ptr_array_add(names, NULL);
    near = lac_suggest(name, (const char *const *)names->pdata);
    return lac_fail_null(error, LAC_ERROR_PARAM, "'%s' is not a command of lacuna%s%s%s", name,
                         near != NULL ? "; did you mean '" : "; see 'lacuna --help'",
                         near != NULL ? near : "", near != NULL ? "'?" : "");
}
