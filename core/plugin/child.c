/* Code we do not trust yet runs in a forked process: its crash, exit or endless loop becomes a
 * sentence. */
#define _GNU_SOURCE /* memfd_create, pipe2 */
#include "plugin-private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMPLAINT_BYTES 400

unsigned
lac_child_timeout(void)
{
    const char *text = g_getenv("LACUNA_PLUGIN_TIMEOUT");
    const double seconds = text != NULL ? g_ascii_strtod(text, NULL) : 0.0;

    return seconds > 0.0 && seconds < 1e6 ? (unsigned)(seconds * 1000.0) : 10000u;
}

void
lac_child_clear(LacChild *child)
{
    if (child->report != NULL)
        g_string_free(child->report, TRUE);
    g_free(child->complaint);
    g_free(child->outcome);
    *child = (LacChild){NULL, NULL, NULL};
}

/* A child must not run its parent's signal handlers, write to its terminal or outlive it. */
static void
child_settle(int complaints)
{
    static const int signals[] = {SIGSEGV, SIGBUS,  SIGABRT, SIGFPE,  SIGILL, SIGALRM,
                                  SIGINT,  SIGTERM, SIGPIPE, SIGTRAP, SIGSYS, SIGCHLD};
    const struct rlimit no_core = {0, 0};
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
        signal(signals[i], SIG_DFL);
    setrlimit(RLIMIT_CORE, &no_core);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(complaints >= 0 ? complaints : null, STDERR_FILENO);
}

static void
write_all(int fd, const char *bytes, gsize n)
{
    while (n > 0) {
        const gssize done = write(fd, bytes, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return;
        bytes += done;
        n -= (gsize)done;
    }
}

/* The last byte says that the body came to its end; exit() inside it cannot write that. */
static const char end_mark = '\x04';

G_GNUC_NORETURN static void
child_main(void (*body)(GString *report, void *user), void *user, int pipe_end, int complaints)
{
    GString *report = g_string_new(NULL);

    child_settle(complaints);
    body(report, user);
    g_string_append_c(report, end_mark);
    write_all(pipe_end, report->str, report->len);
    g_string_free(report, TRUE);
    _exit(0);
}

/* Reads until the other end closes; FALSE when @deadline (monotonic, us) passes first. */
static gboolean
drain(int fd, gint64 deadline, GString *out)
{
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        const gint64 left = (deadline - g_get_monotonic_time()) / 1000;
        char buffer[4096];
        gssize n;

        if (left <= 0)
            return FALSE;
        if (poll(&wait, 1, (int)MIN(left, 1000)) <= 0)
            continue;
        n = read(fd, buffer, sizeof buffer);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            return TRUE;
        g_string_append_len(out, buffer, n);
    }
}

/* The wait status of @pid, killed when it does not end by @deadline; -1 when somebody else got it.
 */
static int
reap(pid_t pid, gint64 deadline)
{
    int status = -1;
    pid_t got;

    while ((got = waitpid(pid, &status, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
        if (g_get_monotonic_time() > deadline) {
            kill(pid, SIGKILL);
            deadline = G_MAXINT64;
        }
        g_usleep(200);
    }
    return got == pid ? status : -1;
}

static char *
read_complaint(int fd)
{
    char buffer[COMPLAINT_BYTES + 1];
    const off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
    gssize n;

    if (size <= 0)
        return NULL;
    n = pread(fd, buffer, COMPLAINT_BYTES, size > COMPLAINT_BYTES ? size - COMPLAINT_BYTES : 0);
    if (n <= 0)
        return NULL;
    buffer[n] = '\0';
    return g_strdelimit(g_strstrip(g_utf8_make_valid(buffer, -1)), "\n\r\t", ' ');
}

static char *
outcome_text(gboolean in_time, gboolean finished, int status, unsigned timeout_ms)
{
    if (!in_time)
        return g_strdup_printf("did not come to an end within %g s", timeout_ms / 1000.0);
    if (finished)
        return NULL;
    if (status >= 0 && WIFSIGNALED(status))
        return g_strdup_printf("crashed: %s (signal %d)", g_strsignal(WTERMSIG(status)),
                               WTERMSIG(status));
    if (status >= 0 && WIFEXITED(status))
        return g_strdup_printf("ended the process with exit status %d", WEXITSTATUS(status));
    return g_strdup("ended the process");
}

gboolean
lac_child_run(void (*body)(GString *report, void *user), void *user, unsigned timeout_ms,
              LacChild *child, GError **error)
{
    const gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    const int complaints = memfd_create("lacuna-child", MFD_CLOEXEC);
    gboolean in_time, finished;
    int ends[2], status;
    pid_t pid;

    *child = (LacChild){g_string_new(NULL), NULL, NULL};
    if (pipe2(ends, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
        const int cause = errno;

        if (complaints >= 0)
            close(complaints);
        return lac_fail(error, LAC_ERROR_IO, "cannot start a child process: %s", g_strerror(cause));
    }
    if (pid == 0)
        child_main(body, user, ends[1], complaints);
    close(ends[1]);
    in_time = drain(ends[0], deadline, child->report);
    if (!in_time)
        kill(pid, SIGKILL);
    status = reap(pid, deadline);
    close(ends[0]);
    finished = child->report->len > 0 && child->report->str[child->report->len - 1] == end_mark;
    if (finished)
        g_string_truncate(child->report, child->report->len - 1);
    child->complaint = read_complaint(complaints);
    child->outcome = outcome_text(in_time, finished, status, timeout_ms);
    if (complaints >= 0)
        close(complaints);
    return TRUE;
}
