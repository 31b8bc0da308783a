/* From declarations to GOption and back: shared by the parser, the help, man pages, completion. */
#ifndef LACUNA_OPTIONS_PRIVATE_H
#define LACUNA_OPTIONS_PRIVATE_H

#include "cli-private.h"

/** What every subcommand understands beside its own options. */
typedef struct {
    gboolean quiet, verbose, no_colour;
    int64_t threads;
} LacGlobalOptions;

/**
 * lac_options_parse:
 * @argv: (inout): the words after the subcommand; only positional ones are left
 * @state: @command's struct, zeroed; filled
 * @help_out: set, and nothing else done, when --help was asked for: text to print; owned
 * @error: LAC_ERROR_PARAM; names the option and the nearest existing one
 */
gboolean lac_options_parse(const LacCommand *command, int *argc, char ***argv, void *state,
                           LacGlobalOptions *global, char **help_out, GError **error);
/** lac_options_clear: free the values that parsing put into @state. */
void lac_options_clear(const LacOption *options, void *state);
/** lac_command_find: by name, also hidden ones; NULL with a suggestion in @error. */
const LacCommand *lac_command_find(const char *name, GError **error);

#endif
