/* What a subcommand declares about itself. Option parsing, `--help`, man pages and shell completion
 * all come from this one declaration. */
#ifndef LACUNA_CLI_PRIVATE_H
#define LACUNA_CLI_PRIVATE_H

#include "base-private.h"
#include <lacuna/error.h>
#include <stdio.h>

G_BEGIN_DECLS

/** Exit status of the command. */
enum {
    LAC_EXIT_OK = 0,
    LAC_EXIT_FAILED = 1,      /* some cells failed, some check did not pass */
    LAC_EXIT_USAGE = 2,       /* bad usage or bad input */
    LAC_EXIT_INTERRUPTED = 3, /* stopped by the user; can be resumed */
};

/** LacOptionType: the C type of the field is in brackets. */
typedef enum {
    LAC_OPTION_TYPE_END,
    LAC_OPTION_TYPE_FLAG,    /* [gboolean] */
    LAC_OPTION_TYPE_INT,     /* [int64_t], 0 unless given */
    LAC_OPTION_TYPE_DOUBLE,  /* [double], 0 unless given */
    LAC_OPTION_TYPE_STRING,  /* [char *], NULL unless given */
    LAC_OPTION_TYPE_PATH,    /* [char *], NULL unless given; completed as a file name */
    LAC_OPTION_TYPE_STRINGS, /* [char **], may be given more than once; NULL unless given */
} LacOptionType;

/** LacOption: @letter 0 for none; @argument: what the value is called in the help ("FILE"). */
typedef struct {
    const char *name;
    char letter;
    LacOptionType type;
    size_t offset;
    const char *argument, *help;
} LacOption;

/* clang-format off */
#define LAC_OPTION(Type, field, name_, letter_, TYPE, argument_, help_)                            \
    {(name_), (letter_), LAC_OPTION_TYPE_##TYPE, offsetof(Type, field), (argument_), (help_)}
#define LAC_OPTION_END {NULL, 0, LAC_OPTION_TYPE_END, 0, NULL, NULL}
/* clang-format on */

/**
 * LacCommand:
 * @arguments: positional ones as shown in the usage line ("EXPERIMENT.yaml")
 * @summary: one line, no full stop
 * @details: paragraphs for --help and the man page, separated by blank lines; lines that start with
 *   two spaces are examples and kept as they are
 * @options: ends with LAC_OPTION_END
 * @state_size: of the struct the options are written to; zeroed, its option values freed by the
 *   caller of @run
 * @hidden: not listed (helpers of the core)
 * @run: @argv are the @argc positional arguments. Returns an exit status.
 */
typedef struct {
    const char *name, *arguments, *summary, *details;
    const LacOption *options;
    size_t state_size;
    gboolean hidden;
    int (*run)(void *state, int argc, char **argv);
} LacCommand;

/** lac_cli_commands: all of them, NULL-terminated, in the order of the help. Static. */
const LacCommand *const *lac_cli_commands(void);
/** lac_cli_global_options: -q, -v, --threads ..., understood by every subcommand. Static. */
const LacOption *lac_cli_global_options(void);

/** lac_main: the whole command line program. */
LAC_PRIVATE_API int lac_main(int argc, char **argv);

/** lac_cli_quiet, lac_cli_verbose: what -q and -v asked for. */
gboolean lac_cli_quiet(void);
gboolean lac_cli_verbose(void);
/** lac_cli_colour: whether @stream (stdout or stderr) is a terminal that wants colour. */
gboolean lac_cli_colour(FILE *stream);
/** lac_cli_width: columns of the terminal, 80 when there is none. */
unsigned lac_cli_width(void);
/** lac_cli_shorten: at most @most characters of @text, the middle cut out. Owned. */
char *lac_cli_shorten(const char *text, size_t most);

/** lac_cli_print_wrapped: @text to stdout as a paragraph of lines no longer than the terminal's. */
void lac_cli_print_wrapped(const char *text);

/** lac_cli_error: "lacuna: message" to stderr, even with -q. Returns LAC_EXIT_USAGE, so that a
 * command ends in `return lac_cli_error(error);`; LAC_EXIT_INTERRUPTED for LAC_ERROR_CANCELLED. */
int lac_cli_error(const GError *error);
/** lac_cli_usage: the same for a message of its own, followed by a hint at --help. */
int lac_cli_usage(const char *format, ...) G_GNUC_PRINTF(1, 2);
/** lac_cli_one_of: FALSE unless @word, what @option says, is NULL or among @words,
 * NULL-terminated; names them, and the nearest. */
gboolean
lac_cli_one_of(const char *option, const char *word, const char *const *words, GError **error);
/** lac_cli_plugin_kinds: as people write them: "masks", "initials" ...; NULL-terminated. */
extern const char *const lac_cli_plugin_kinds[];
/** lac_cli_no_kind: the same for a @word that is none of @kinds, NULL-terminated: the nearest. */
int lac_cli_no_kind(const char *word, const char *const *kinds);
/** lac_cli_warn: to stderr unless -q. lac_cli_say: information, to stderr unless -q. */
void lac_cli_warn(const char *format, ...) G_GNUC_PRINTF(1, 2);
void lac_cli_say(const char *format, ...) G_GNUC_PRINTF(1, 2);

/** lac_cli_progress: replaces the progress line on a terminal (at most ten times a second unless
 * @text is final); elsewhere prints a plain line every ten seconds, the first after ten; nothing
 * with -q. */
void lac_cli_progress(const char *text);
/** lac_cli_progress_end: clears the line. */
void lac_cli_progress_end(void);

/** lac_cli_exit_on_interrupt: from now on Ctrl-C and SIGTERM end the process at once with
 * LAC_EXIT_INTERRUPTED, wherever it is, and remove the files that were not finished (LacAtomic).
 * For commands that have nothing to resume. */
void lac_cli_exit_on_interrupt(void);
/** lac_cli_interrupted: how often Ctrl-C (or SIGTERM) came since lac_cli_catch_interrupts(). */
void lac_cli_catch_interrupts(void);
int lac_cli_interrupted(void);

G_END_DECLS

#endif
