/* All the command says to a person. Data goes to stdout elsewhere; everything here to stderr. */
#include "atomic-private.h"
#include "node-private.h"
#include "terminal-private.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The one place with state of the process as a whole: what the terminal is and what is on it. */
static struct {
    gboolean quiet, verbose, no_colour, line_shown;
    gint64 last_progress;
} terminal;

static volatile sig_atomic_t interrupts;

void
lac_cli_terminal_set(gboolean quiet, gboolean verbose, gboolean no_colour)
{
    const char *wish = g_getenv("NO_COLOR");

    /* what is done within ten seconds is nothing to put on record in a file */
    terminal.last_progress = isatty(STDERR_FILENO) ? 0 : g_get_monotonic_time();
    terminal.quiet = quiet;
    terminal.verbose = verbose;
    terminal.no_colour = no_colour || (wish != NULL && wish[0] != '\0');
}

gboolean
lac_cli_quiet(void)
{
    return terminal.quiet;
}

gboolean
lac_cli_verbose(void)
{
    return terminal.verbose;
}

gboolean
lac_cli_colour(FILE *stream)
{
    return !terminal.no_colour && isatty(fileno(stream)) &&
           g_strcmp0(g_getenv("TERM"), "dumb") != 0;
}

unsigned
lac_cli_width(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

char *
lac_cli_shorten(const char *text, size_t most)
{
    const size_t length = (size_t)g_utf8_strlen(text, -1);
    const size_t kept = most > 1 ? most - 1 : 0, front = kept / 2;
    g_autofree char *head = NULL;

    if (length <= most)
        return g_strdup(text);
    head = g_utf8_substring(text, 0, (glong)front);
    return g_strconcat(head, "…", g_utf8_offset_to_pointer(text, (glong)(length - kept + front)),
                       NULL);
}

static void
terminal_line(const char *label, const char *colour, const char *message)
{
    lac_cli_progress_end();
    if (label != NULL && lac_cli_colour(stderr))
        fprintf(stderr, "lacuna: \033[%sm%s\033[0m%s\n", colour, label, message);
    else
        fprintf(stderr, "lacuna: %s%s\n", label != NULL ? label : "", message);
}

int
lac_cli_error(const GError *error)
{
    terminal_line("error: ", "1;31", error->message);
    return error->domain == LAC_ERROR && error->code == LAC_ERROR_CANCELLED ? LAC_EXIT_INTERRUPTED
                                                                            : LAC_EXIT_USAGE;
}

int
lac_cli_usage(const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list arguments;

    va_start(arguments, format);
    message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    terminal_line("error: ", "1;31", message);
    if (strstr(message, "--help") == NULL)
        fprintf(stderr, "Try 'lacuna --help' or 'lacuna COMMAND --help'.\n");
    return LAC_EXIT_USAGE;
}

gboolean
lac_cli_one_of(const char *option, const char *word, const char *const *words, GError **error)
{
    g_autoptr(GString) all = g_string_new(NULL);
    g_autofree char *hint = NULL;

    if (word == NULL || g_strv_contains(words, word))
        return TRUE;
    for (size_t k = 0; words[k] != NULL; k++)
        g_string_append_printf(all, "%s%s",
                               k == 0                 ? ""
                               : words[k + 1] != NULL ? ", "
                                                      : " or ",
                               words[k]);
    hint = lac_suggest_hint(word, words);
    return lac_fail(error, LAC_ERROR_PARAM, "%s=%s: expected %s%s", option, word, all->str, hint);
}

int
lac_cli_no_kind(const char *word, const char *const *kinds)
{
    g_autofree char *all = g_strjoinv(", ", (char **)kinds);
    g_autofree char *hint = lac_suggest_hint(word, kinds);

    return lac_cli_usage("'%s' is no kind of plugin; choose from %s%s", word, all, hint);
}

void
lac_cli_warn(const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list arguments;

    if (terminal.quiet)
        return;
    va_start(arguments, format);
    message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    terminal_line("warning: ", "1;33", message);
}

void
lac_cli_print_wrapped(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    const glong width = (glong)lac_cli_width() - 1;
    glong at = 0;

    for (char **word = words; *word != NULL; word++) {
        const glong length = g_utf8_strlen(*word, -1);

        if (at > 0 && at + 1 + length > width) {
            putchar('\n');
            at = 0;
        }
        printf("%s%s", at > 0 ? " " : "", *word);
        at += length + (at > 0 ? 1 : 0);
    }
    putchar('\n');
}

void
lac_cli_say(const char *format, ...)
{
    va_list arguments;

    if (terminal.quiet)
        return;
    lac_cli_progress_end();
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void
lac_cli_progress(const char *text)
{
    const gboolean tty = isatty(STDERR_FILENO);
    const gint64 now = g_get_monotonic_time();
    const gint64 pause = tty ? G_USEC_PER_SEC / 10 : 10 * G_USEC_PER_SEC;

    if (terminal.quiet || now - terminal.last_progress < pause)
        return;
    terminal.last_progress = now;
    if (!tty) {
        fprintf(stderr, "%s\n", text);
        return;
    }
    {
        const unsigned width = lac_cli_width();
        const size_t shown =
            g_utf8_strlen(text, -1) < (glong)width
                ? strlen(text)
                : (size_t)(g_utf8_offset_to_pointer(text, (glong)width - 1) - text);

        fprintf(stderr, "\r\033[K%.*s", (int)shown, text);
        fflush(stderr);
        terminal.line_shown = TRUE;
    }
}

void
lac_cli_progress_end(void)
{
    if (!terminal.line_shown)
        return;
    fputs("\r\033[K", stderr);
    terminal.line_shown = FALSE;
}

static void
terminal_on_signal(int number)
{
    (void)number;
    interrupts++;
}

static void
terminal_exit_on_signal(int number)
{
    static const char line[] = "\r\033[K", message[] = "lacuna: interrupted\n";

    (void)number;
    lac_atomic_discard_all();
    /* whether this can be said does not matter any more */
    if ((terminal.line_shown && write(STDERR_FILENO, line, sizeof line - 1) < 0) ||
        write(STDERR_FILENO, message, sizeof message - 1) < 0)
        _exit(LAC_EXIT_INTERRUPTED);
    _exit(LAC_EXIT_INTERRUPTED);
}

static void
terminal_catch(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void
lac_cli_catch_interrupts(void)
{
    terminal_catch(terminal_on_signal);
}

void
lac_cli_exit_on_interrupt(void)
{
    terminal_catch(terminal_exit_on_signal);
}

int
lac_cli_interrupted(void)
{
    return (int)interrupts;
}
