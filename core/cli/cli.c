/* The lacuna command: finds the subcommand, parses its options, runs it, checks its output. */
#include "commands-private.h"
#include "config.h"
#include "context-private.h"
#include "options-private.h"
#include "registry-private.h"
#include "terminal-private.h"
#include <lacuna/parallel.h>

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const LacCommand *const commands[] = {
#define LAC_COMMAND(name) &lac_command_##name,
#include "commands.def"
#undef LAC_COMMAND
    NULL,
};

const LacCommand *const *
lac_cli_commands(void)
{
    return commands;
}

static void
cli_print_version(void)
{
    g_auto(GStrv) folders = lac_plugin_path();
    g_autofree char *path = g_strjoinv(":", folders);

    printf("lacuna %s\n", LAC_VERSION);
    printf("plugin ABI   %u\n", LAC_ABI);
    printf("BLAS core    %s\n", lac_runtime_blas_core());
    printf("threads      %u\n", lac_threads());
    printf("plugin path  %s\n", path);
}

static void
cli_print_help(void)
{
    printf("Usage: lacuna COMMAND [OPTION...] [ARGUMENT...]\n\n"
           "Fills the gaps in data and measures, honestly, which way of filling them is best.\n\n"
           "Commands:\n");
    for (size_t i = 0; commands[i] != NULL; i++)
        if (!commands[i]->hidden)
            printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    printf("\nEvery command understands:\n");
    for (const LacOption *o = lac_cli_global_options(); o->type != LAC_OPTION_TYPE_END; o++)
        printf("  %c%c%c --%-10s %s\n", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
               o->letter ? ',' : ' ', o->name, o->help);
    printf("  -h, --help       Show the help of a command\n"
           "  -V, --version    Show version, plugin ABI, BLAS core, threads and plugin path\n\n"
           "Exit status: 0 done, 1 some cells failed, 2 bad usage or input, 3 interrupted.\n\n"
           "Examples:\n"
           "  lacuna run experiments/quickstart.yaml -o results/quickstart\n"
           "  lacuna report results/quickstart -o report.html\n"
           "  lacuna impute data.csv -o filled.csv --model knn --set k=10\n");
}

/* A full disk behind `>` must not pass for success; a closed pipe (| head) is nobody's error. */
static int
cli_close_stdout(int status)
{
    const gboolean failed = fflush(stdout) != 0 || ferror(stdout);

    if (!failed || errno == EPIPE)
        return status;
    fprintf(stderr, "lacuna: error: cannot write standard output: %s\n", g_strerror(errno));
    return LAC_EXIT_USAGE;
}

static int
cli_run(const LacCommand *command, int argc, char **argv)
{
    g_autofree void *state = g_malloc0(MAX(command->state_size, 1));
    g_autofree char *help = NULL;
    g_autoptr(GError) error = NULL;
    LacGlobalOptions global = {0};
    int status;

    if (!lac_options_parse(command, &argc, &argv, state, &global, &help, &error))
        status = lac_cli_error(error);
    else if (help != NULL)
        status = fputs(help, stdout) >= 0 ? LAC_EXIT_OK : LAC_EXIT_USAGE;
    else if (global.threads < 0)
        status = lac_cli_usage("--threads = %" G_GINT64_FORMAT " is below 1", global.threads);
    else {
        lac_cli_terminal_set(global.quiet, global.verbose, global.no_colour);
        if (global.threads > 0)
            lac_threads_set((unsigned)MIN(global.threads, 4096));
        status = command->run(state, argc - 1, argv + 1);
        lac_cli_progress_end();
    }
    lac_options_clear(command->options, state);
    return cli_close_stdout(status);
}

static int
cli_start(const LacCommand *command, int argc, char **argv)
{
    g_autofree char *name = g_strdup_printf("lacuna %s", command->name);

    g_set_prgname(name);
    return cli_run(command, argc, argv);
}

/* A closed standard stream (`>&-`) would give its number to the next file that is opened, and data
 * would go there. In its place stands one that refuses what the stream is for. */
static void
cli_hold_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_WRONLY) < 0)
            return;
}

int
lac_main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    const LacCommand *command;

    cli_hold_streams();
    /* numbers are read and written the same way everywhere; messages stay UTF-8 */
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file too large is a failed write, not a death */
    g_set_prgname("lacuna");
    lac_cli_terminal_set(FALSE, FALSE, FALSE);
    if (argc < 2) {
        cli_print_help();
        return cli_close_stdout(LAC_EXIT_USAGE);
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        cli_print_version();
        return cli_close_stdout(LAC_EXIT_OK);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        (strcmp(argv[1], "help") == 0 && argc == 2)) {
        cli_print_help();
        return cli_close_stdout(LAC_EXIT_OK);
    }
    if (strcmp(argv[1], "help") == 0) { /* lacuna help run = lacuna run --help */
        char *ask[] = {argv[2], (char *)"--help", NULL};

        command = lac_command_find(argv[2], &error);
        return command == NULL ? lac_cli_error(error) : cli_start(command, 2, ask);
    }
    command = lac_command_find(argv[1], &error);
    if (command == NULL)
        return lac_cli_error(error);
    return cli_start(command, argc - 1, argv + 1);
}
