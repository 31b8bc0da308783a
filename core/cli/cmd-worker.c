/* The other end of `lacuna run`: a process that runs cells it is told over a socket. */
#include "cli-private.h"
#include "exec-private.h"

enum {
    SOCKET_FD = 3, /* where core/exec/local.c puts it */
};

static int
worker_run(void *state, int argc, char **argv)
{
    return lac_worker_main(SOCKET_FD);
}

static const LacOption options[] = {LAC_OPTION_END};

const LacCommand lac_command_worker = {
    .name = "worker",
    .arguments = "",
    .summary = "Run cells for `lacuna run`",
    .details = "Started by `lacuna run`, which talks to it over file descriptor 3.",
    .options = options,
    .hidden = TRUE,
    .run = worker_run,
};
