/* The program leads a process group. Between it and us stands a keeper, a fork of ours that does
 * nothing but wait: when the program ends, or when we close `life` or die of whatever, it ends the
 * whole group, collects its dead, and tells how the program ended. So nothing the program started
 * outlives us, not even after SIGKILL, and no zombie is left to anybody. */
#define _GNU_SOURCE /* close_range, execvpe, pipe2, ppoll */
#include "external.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 500

/* What comes through `report`. */
enum { NOTHING, STARTED, NOT_STARTED, ENDED };
typedef struct {
    int what;
    int value; /* process id, errno, wait status */
} Report;

/* Descriptors of the child's side, all above the standard ones. */
typedef struct {
    int in, out, complaints, life, report;
} Far;

/* ---- in the forked processes: async-signal-safe calls only ---- */

static void
on_child(int number)
{
    (void)number; /* its coming interrupts ppoll() */
}

static void
tell(int fd, int what, int value)
{
    const Report report = {what, value};

    while (write(fd, &report, sizeof report) < 0 && errno == EINTR) {
    }
}

static void
default_signals(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS,  SIGABRT, SIGFPE, SIGILL,  SIGALRM, SIGINT,
                                  SIGTERM, SIGPIPE, SIGTRAP, SIGSYS, SIGCHLD, SIGHUP,  SIGQUIT};

    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
        signal(signals[i], SIG_DFL);
}

G_GNUC_NORETURN static void
program_main(const Far *far, char **argv, char **envp)
{
    const struct rlimit no_core = {0, 0};
    sigset_t none;

    setpgid(0, 0);
    default_signals();
    setrlimit(RLIMIT_CORE, &no_core);
    if (dup2(far->in, 0) >= 0 && dup2(far->out, 1) >= 0 && dup2(far->complaints, 2) >= 0) {
        close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execvpe(argv[0], argv, envp);
    }
    tell(far->report, NOT_STARTED, errno);
    _exit(127);
}

/* Closes all but `life` and `report`. */
static void
keep_two(Far *far)
{
    const int low = MIN(far->life, far->report), high = MAX(far->life, far->report);

    close_range(0, (unsigned)low - 1, 0);
    if (high > low + 1)
        close_range((unsigned)low + 1, (unsigned)high - 1, 0);
    close_range((unsigned)high + 1, ~0u, 0);
}

/* Until @program ends (it stays uncollected, so that its id stays its own) or `life` closes. */
static void
keep_watch(const Far *far, pid_t program)
{
    struct pollfd wait = {.fd = far->life, .events = POLLIN};
    sigset_t none;
    siginfo_t end = {0};

    sigemptyset(&none);
    do {
        if (waitid(P_PID, (id_t)program, &end, WEXITED | WNOHANG | WNOWAIT) != 0 ||
            end.si_pid == program)
            return;
    } while (ppoll(&wait, 1, NULL, &none) <= 0);
}

G_GNUC_NORETURN static void
keeper_main(Far *far, char **argv, char **envp)
{
    struct sigaction action = {.sa_handler = on_child};
    sigset_t child;
    int status = 0;
    pid_t program;

    setpgid(0, 0);                      /* Ctrl-C is ours to answer */
    prctl(PR_SET_CHILD_SUBREAPER, 1ul); /* what the program leaves behind comes to us */
    default_signals();
    sigaction(SIGCHLD, &action, NULL);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_SETMASK, &child, NULL);
    program = fork();
    if (program == 0)
        program_main(far, argv, envp);
    tell(far->report, program > 0 ? STARTED : NOT_STARTED, program > 0 ? program : errno);
    if (program < 0)
        _exit(1);
    setpgid(program, program); /* whichever of the two comes first */
    keep_two(far);
    keep_watch(far, program);
    kill(-program, SIGKILL);
    waitpid(program, &status, 0);
    tell(far->report, ENDED, status);
    while (waitpid(-program, NULL, 0) > 0) {
    }
    _exit(0);
}

/* ---- in our own process ---- */

static char **
environment_of(unsigned threads)
{
    static const char *const names[] = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS",
                                        "MKL_NUM_THREADS"};
    g_autofree char *number = g_strdup_printf("%u", threads);
    char **all = g_get_environ();

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        all = g_environ_setenv(all, names[i], number, TRUE);
    return all;
}

static void
close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* A pipe whose ends are both above the standard descriptors, which the program's will replace. */
static gboolean
pipe_above(int *read_end, int *write_end)
{
    int ends[2], *to[2] = {read_end, write_end};

    if (pipe2(ends, O_CLOEXEC) != 0)
        return FALSE;
    for (int i = 0; i < 2; i++) {
        *to[i] = fcntl(ends[i], F_DUPFD_CLOEXEC, 10);
        close(ends[i]);
    }
    return *read_end >= 0 && *write_end >= 0;
}

static void
far_close(Far *far)
{
    close_fd(&far->in);
    close_fd(&far->out);
    close_fd(&far->complaints);
    close_fd(&far->life);
    close_fd(&far->report);
}

static gboolean
open_pipes(ExternalProcess *p, Far *far)
{
    return pipe_above(&far->in, &p->to) && pipe_above(&p->from, &far->out) &&
           pipe_above(&p->complaints, &far->complaints) && pipe_above(&far->life, &p->life) &&
           pipe_above(&p->report, &far->report) && fcntl(p->to, F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(p->from, F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(p->complaints, F_SETFL, O_NONBLOCK) == 0;
}

ExternalProcess *
external_process_start(const char *name, char **argv, unsigned threads, GError **error)
{
    ExternalProcess *p = g_new0(ExternalProcess, 1);
    g_auto(GStrv) environment = environment_of(threads);
    Far far = {-1, -1, -1, -1, -1};
    gboolean ok;

    p->name = g_strdup(name);
    p->to = p->from = p->complaints = p->life = p->report = -1;
    ok = open_pipes(p, &far);
    if (ok)
        p->keeper = fork();
    if (ok && p->keeper == 0)
        keeper_main(&far, argv, environment);
    if (!ok || p->keeper < 0) {
        lac_fail(error, LAC_ERROR_IO, "external: %s cannot be started: %s", name,
                 g_strerror(errno));
        p->keeper = 0;
        far_close(&far);
        g_clear_pointer(&p, external_process_stop);
        return NULL;
    }
    far_close(&far);
    return p;
}

void
external_process_listen(ExternalProcess *p)
{
    char buffer[1024];
    gssize n;

    while (p->complaints >= 0 && (n = read(p->complaints, buffer, sizeof buffer)) != 0) {
        const size_t got = n > 0 ? (size_t)n : 0;
        const size_t over =
            p->tail_length + got > sizeof p->tail ? p->tail_length + got - sizeof p->tail : 0;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return; /* nothing more for now */
        memmove(p->tail, p->tail + over, p->tail_length - over);
        memcpy(p->tail + p->tail_length - over, buffer, got);
        p->tail_length += got - over;
    }
    close_fd(&p->complaints);
}

/* What the keeper has told; waits at most @ms for the end. */
static void
hear_keeper(ExternalProcess *p, int ms)
{
    const gint64 until = g_get_monotonic_time() + ms * G_GINT64_CONSTANT(1000);
    struct pollfd wait = {.fd = p->report, .events = POLLIN};
    Report report;

    while (p->report >= 0 && p->fate == NOTHING) {
        const gint64 left = MAX(0, (until - g_get_monotonic_time()) / 1000);

        if (poll(&wait, 1, (int)left) <= 0 ||
            read(p->report, &report, sizeof report) != (gssize)sizeof report)
            return;
        if (report.what == STARTED) {
            p->program = report.value;
            continue;
        }
        p->fate = report.what;
        p->fate_value = report.value;
    }
}

char *
external_process_fate(ExternalProcess *p)
{
    const int value = (hear_keeper(p, PATIENCE_MS), p->fate_value);

    if (p->fate == NOTHING)
        return NULL;
    if (p->fate == NOT_STARTED)
        return g_strdup_printf("could not be started: %s", g_strerror(value));
    if (WIFSIGNALED(value))
        return g_strdup_printf("was ended by signal %d (%s) before it answered", WTERMSIG(value),
                               g_strsignal(WTERMSIG(value)));
    return g_strdup_printf("ended with status %d before it answered", WEXITSTATUS(value));
}

double
external_process_resident(ExternalProcess *p)
{
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    const double page = (double)sysconf(_SC_PAGESIZE) / (1024.0 * 1024.0);
    const char *entry;
    double mib = 0.0;

    hear_keeper(p, 0);
    while (proc != NULL && (entry = g_dir_read_name(proc)) != NULL) {
        const pid_t pid = (pid_t)g_ascii_strtoll(entry, NULL, 10);
        g_autofree char *path = NULL, *text = NULL;
        const char *second;

        if (pid <= 0 || p->program <= 0 || getpgid(pid) != p->program)
            continue;
        path = g_strdup_printf("/proc/%s/statm", entry);
        if (g_file_get_contents(path, &text, NULL, NULL) && (second = strchr(text, ' ')) != NULL)
            mib += page * g_ascii_strtod(second, NULL);
    }
    return mib;
}

void
external_process_kill(ExternalProcess *p)
{
    int status = 0;

    close_fd(&p->to);
    close_fd(&p->life);
    if (p->keeper <= 0)
        return;
    while (waitpid(p->keeper, &status, 0) < 0 && errno == EINTR) {
    }
    p->keeper = 0;
    hear_keeper(p, 0);
    if (WIFSIGNALED(status) && p->fate == NOTHING && p->program > 0)
        kill(-p->program, SIGKILL); /* somebody ended the keeper */
}

void
external_process_stop(ExternalProcess *p)
{
    if (p == NULL)
        return;
    close_fd(&p->to); /* the end of its input asks it to go */
    if (p->keeper > 0)
        hear_keeper(p, PATIENCE_MS);
    external_process_kill(p);
    close_fd(&p->from);
    close_fd(&p->complaints);
    close_fd(&p->report);
    g_free(p->name);
    g_free(p);
}
