/* lacuna check FILE.so: the conformance suite of its kind. */
#include "commands-private.h"
#include "registry-private.h"

typedef struct {
    gboolean notes;
    char *sample;
} CheckOptions;

static const LacOption options[] = {
    LAC_OPTION(CheckOptions, sample, "sample", 0, PATH, "FILE",
               "For readers: a file they can read, to be cut short in many places"),
    LAC_OPTION(CheckOptions, notes, "notes", 0, FLAG, NULL,
               "Print what passed checks have to say, such as reasons for refusals"),
    LAC_OPTION_END,
};

typedef struct {
    gboolean notes;
    unsigned passed, failed;
} Tally;

static void
print_line(gboolean passed, const char *check, const char *detail, void *user)
{
    Tally *tally = user;
    const gboolean colour = lac_cli_colour(stdout);

    if (passed)
        tally->passed++;
    else
        tally->failed++;
    if (passed && lac_cli_quiet())
        return;
    printf("%s%s%s  %s\n", colour ? (passed ? "\033[32m" : "\033[31m") : "",
           passed ? "ok    " : "FAILED", colour ? "\033[0m" : "", check);
    if (*detail != '\0' && (!passed || tally->notes || lac_cli_verbose()))
        printf("          %s\n", detail);
    fflush(stdout);
}

static int
check_run(void *state, int argc, char **argv)
{
    const CheckOptions *self = state;
    Tally tally = {self->notes, 0, 0};
    gboolean ok = TRUE;

    if (argc == 0)
        return lac_cli_usage("expected the path of a plugin, such as build/models/my-model.so");
    for (int i = 0; i < argc; i++) {
        g_autoptr(GError) error = NULL;

        if (argc > 1 && !lac_cli_quiet())
            printf("%s%s\n", i > 0 ? "\n" : "", argv[i]);
        ok = lac_check_file(argv[i], self->sample, print_line, &tally, &error) && ok;
        if (error != NULL)
            return lac_cli_error(error);
    }
    if (!lac_cli_quiet() || tally.failed > 0)
        printf("%u passed, %u failed\n", tally.passed, tally.failed);
    return ok ? LAC_EXIT_OK : LAC_EXIT_FAILED;
}

const LacCommand lac_command_check = {
    .name = "check",
    .arguments = "FILE.so...",
    .summary = "Run the conformance suite of a plugin",
    .details =
        "Every component of the file goes through the checks of its kind: parameters, the example "
        "it carries, observed cells untouched, no hole left, the same seed giving the same bytes, "
        "1 and 2 threads agreeing, odd tables taken or refused with a sentence, cancellation, "
        "saving and loading, draws, memory. Each check runs in a process of its own, so a crash is "
        "one failed line. Exit status 1 when a check failed.\n\n"
        "LACUNA_CHECK_TIMEOUT is the time limit of one check in seconds (default 120).\n\n"
        "  lacuna check build/models/my-model.so",
    .options = options,
    .state_size = sizeof(CheckOptions),
    .run = check_run,
};
