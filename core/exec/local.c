/* LacWorker processes on this machine, watched for time, memory and death. */
#define _GNU_SOURCE /* pipe2 */
#include "local.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    WORKER_FD = 3,  /* where a worker finds its socket */
    WATCH_MS = 50,  /* between two looks at time and memory */
    CHATTER = 2000, /* bytes of a worker's stderr kept for the reason of a crash */
    READ_CHUNK = 65536,
};

static const double mib = 1024.0 * 1024.0;

/* ---- starting and ending a process ----------------------------------------------------------- */

/* Between fork and exec: only async-signal-safe calls. */
static void
become_worker(const LacLocal *local, pid_t parent, int socket, int chatter)
{
    const char *const argv[] = {"lacuna", "worker", NULL};
    const int nothing = open("/dev/null", O_RDWR);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    signal(SIGINT, SIG_IGN); /* Ctrl-C on the terminal is the parent's to answer */
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    dup2(chatter, STDERR_FILENO);
    if (socket == WORKER_FD)
        fcntl(socket, F_SETFD, 0);
    else
        dup2(socket, WORKER_FD);
    execve(local->program, (char *const *)argv, local->environment);
    _exit(127);
}

static void
worker_close(LacWorker *worker)
{
    if (worker->socket >= 0)
        close(worker->socket);
    if (worker->chatter >= 0)
        close(worker->chatter);
    worker->socket = worker->chatter = -1;
    worker->pid = 0;
    worker->cell = NULL;
    worker->doom = LAC_DOOM_NONE;
    g_byte_array_set_size(worker->buffer, 0);
    g_string_truncate(worker->said, 0);
}

static void
worker_kill(LacWorker *worker)
{
    if (worker->pid > 0) {
        kill(worker->pid, SIGKILL);
        while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    worker_close(worker);
}

/* A worker that has ended already does not listen; the next wait notices its end. */
static void
send_init(const LacLocal *local, LacWorker *worker)
{
    const LacExperiment *e = local->experiment;
    g_autoptr(GVariant) init =
        g_variant_ref_sink(g_variant_new(LAC_WIRE_INIT_TYPE, e->yaml, e->file, e->base_dir,
                                         (guint32)local->threads, local->check_numerics));

    lac_wire_send(worker->socket, LAC_WIRE_INIT, g_variant_get_data(init), g_variant_get_size(init),
                  NULL);
}

static gboolean
worker_start(const LacLocal *local, LacWorker *worker, GError **error)
{
    const pid_t parent = getpid();
    int pair[2], chatter[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return lac_fail(error, LAC_ERROR_IO, "cannot start a worker: %s", g_strerror(errno));
    if (pipe2(chatter, O_CLOEXEC | O_NONBLOCK) != 0) {
        close(pair[0]);
        close(pair[1]);
        return lac_fail(error, LAC_ERROR_IO, "cannot start a worker: %s", g_strerror(errno));
    }
    worker->pid = fork();
    if (worker->pid == 0)
        become_worker(local, parent, pair[1], chatter[1]);
    close(pair[1]);
    close(chatter[1]);
    worker->socket = pair[0];
    worker->chatter = chatter[0];
    if (worker->pid < 0) {
        worker_close(worker);
        return lac_fail(error, LAC_ERROR_IO, "cannot start a worker: %s", g_strerror(errno));
    }
    send_init(local, worker);
    return TRUE;
}

/* ---- cells ----------------------------------------------------------------------------------- */

static gboolean
local_submit(LacBackend *backend, size_t slot, const LacCell *cell, GError **error)
{
    LacLocal *local = (LacLocal *)backend;
    LacWorker *worker = &local->workers[slot];
    g_autoptr(GVariant) order = g_variant_ref_sink(
        g_variant_new(LAC_WIRE_RUN_TYPE, (guint32)cell->record->position, cell->record->id,
                      (guint32)cell->chosen_model, (guint32)cell->chosen_classifier));

    g_assert(worker->cell == NULL);
    if (worker->pid == 0 && !worker_start(local, worker, error))
        return FALSE;
    worker->cell = cell;
    worker->started = g_get_monotonic_time();
    g_free(worker->started_at);
    worker->started_at = lac_store_now();
    worker->seen_mib = 0.0;
    /* this, too, may be said to a worker that died while idle */
    lac_wire_send(worker->socket, LAC_WIRE_RUN, g_variant_get_data(order),
                  g_variant_get_size(order), NULL);
    return TRUE;
}

/* ---- watching -------------------------------------------------------------------------------- */

static double
resident_mib(pid_t pid)
{
    char path[64], text[128];
    unsigned long pages = 0;
    ssize_t n;
    int fd;

    g_snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0.0;
    n = read(fd, text, sizeof text - 1);
    close(fd);
    text[MAX(n, 0)] = '\0';
    if (sscanf(text, "%*s %lu", &pages) != 1)
        return 0.0;
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / mib;
}

static void
watch(const LacLocal *local, LacWorker *worker)
{
    const LacExperiment *e = local->experiment;
    const gint64 now = g_get_monotonic_time();

    if (worker->cell == NULL || worker->doom != LAC_DOOM_NONE)
        return;
    worker->seen_mib = MAX(worker->seen_mib, resident_mib(worker->pid));
    worker->ran_s = (double)(now - worker->started) / G_USEC_PER_SEC;
    if ((e->limit_s > 0 && worker->ran_s > e->limit_s) || (e->deadline > 0 && now > e->deadline))
        worker->doom = LAC_DOOM_TIME;
    else if (e->limit_mib > 0 && worker->seen_mib > e->limit_mib)
        worker->doom = LAC_DOOM_MEMORY;
    if (worker->doom != LAC_DOOM_NONE)
        kill(worker->pid, SIGKILL);
}

static void
read_chatter(LacWorker *worker)
{
    char text[512];
    ssize_t n;

    while ((n = worker->chatter >= 0 ? read(worker->chatter, text, sizeof text) : -1) > 0) {
        g_string_append_len(worker->said, text, n);
        if (worker->said->len > CHATTER)
            g_string_erase(worker->said, 0, (gssize)(worker->said->len - CHATTER));
    }
    if (n == 0 && worker->chatter >= 0) { /* closed: or poll() would never sleep again */
        close(worker->chatter);
        worker->chatter = -1;
    }
}

/* FALSE when the worker has closed its end. */
static gboolean
read_socket(LacWorker *worker)
{
    guint8 bytes[READ_CHUNK];
    ssize_t n;

    while ((n = recv(worker->socket, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        g_byte_array_append(worker->buffer, bytes, (guint)n);
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

static gboolean
take_outcome(const LacLocal *local, LacWorker *worker, GBytes *content, LacBackendEvent *out)
{
    g_autoptr(GError) error = NULL;

    out->type = LAC_BACKEND_DONE;
    out->outcome = lac_outcome_unpack(content, &error);
    if (out->outcome == NULL)
        out->outcome = lac_local_lost(local, worker, "crash", error->message);
    worker->cell = NULL;
    g_string_truncate(worker->said, 0);
    return TRUE;
}

/* The next message of @worker as an event. */
static gboolean
take_message(const LacLocal *local, LacWorker *worker, LacBackendEvent *out)
{
    LacWireMessage message = {0};
    gboolean taken = FALSE;

    while (!taken && lac_wire_take(worker->buffer, &message)) {
        if (worker->cell != NULL && message.type == LAC_WIRE_OUTCOME) {
            taken = take_outcome(local, worker, message.content, out);
        } else if (worker->cell != NULL && message.type == LAC_WIRE_PROGRESS &&
                   g_bytes_get_size(message.content) == sizeof out->done) {
            out->type = LAC_BACKEND_PROGRESS;
            memcpy(&out->done, g_bytes_get_data(message.content, NULL), sizeof out->done);
            taken = TRUE;
        }
        lac_wire_message_clear(&message);
    }
    return taken;
}

/* By a signal that comes from outside, not from a fault of the cell. */
static gboolean
was_sent_away(int status)
{
    return WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGTERM ||
                                   WTERMSIG(status) == SIGHUP);
}

static gboolean
bury(const LacLocal *local, LacWorker *worker, LacBackendEvent *out)
{
    const gboolean busy = worker->cell != NULL;
    int status = 0;

    kill(worker->pid, SIGKILL); /* it may have closed its socket and live on */
    while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
        ;
    read_chatter(worker);
    if (busy) {
        out->type = LAC_BACKEND_DONE;
        out->outcome = lac_local_death(local, worker, status);
        out->lost = worker->doom == LAC_DOOM_NONE && was_sent_away(status);
    }
    worker_close(worker);
    return busy;
}

/* One event of one worker, if it has one. */
static gboolean
attend(const LacLocal *local, size_t slot, LacBackendEvent *out)
{
    LacWorker *worker = &local->workers[slot];
    gboolean alive;

    if (worker->pid == 0)
        return FALSE;
    out->slot = slot;
    read_chatter(worker);
    alive = read_socket(worker);
    if (take_message(local, worker, out))
        return TRUE;
    if (!alive)
        return bury(local, worker, out);
    watch(local, worker);
    return FALSE;
}

static gboolean
attend_all(LacLocal *local, LacBackendEvent *out)
{
    for (size_t i = 0; i < local->backend.slots; i++) {
        const size_t slot = (local->next + i) % local->backend.slots;

        if (attend(local, slot, out)) {
            local->next = slot + 1;
            return TRUE;
        }
    }
    return FALSE;
}

static void
sleep_until_news(const LacLocal *local, int timeout_ms)
{
    g_autofree struct pollfd *fds = g_new0(struct pollfd, 2 * local->backend.slots);
    nfds_t n = 0;

    for (size_t i = 0; i < local->backend.slots; i++) {
        if (local->workers[i].pid == 0)
            continue;
        fds[n++] = (struct pollfd){.fd = local->workers[i].socket, .events = POLLIN};
        fds[n++] = (struct pollfd){.fd = local->workers[i].chatter, .events = POLLIN};
    }
    poll(fds, n, MIN(timeout_ms, WATCH_MS));
}

static gboolean
local_wait(LacBackend *backend, int timeout_ms, LacBackendEvent *out, GError **error)
{
    LacLocal *local = (LacLocal *)backend;
    const gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;

    *out = (LacBackendEvent){.type = LAC_BACKEND_NOTHING};
    while (!attend_all(local, out)) {
        const gint64 left = (deadline - g_get_monotonic_time()) / 1000;

        if (left <= 0)
            break;
        sleep_until_news(local, (int)left);
    }
    return TRUE;
}

static void
local_stop(LacBackend *backend)
{
    LacLocal *local = (LacLocal *)backend;

    for (size_t i = 0; i < backend->slots; i++)
        worker_kill(&local->workers[i]);
}

static void
local_free(LacBackend *backend)
{
    LacLocal *local = (LacLocal *)backend;

    local_stop(backend);
    for (size_t i = 0; i < backend->slots; i++) {
        g_byte_array_unref(local->workers[i].buffer);
        g_string_free(local->workers[i].said, TRUE);
        g_free(local->workers[i].started_at);
    }
    g_free(local->workers);
    g_free(local->program);
    g_strfreev(local->environment);
    g_free(local);
}

/* One setting for every library that counts threads before it reads ours. */
static char **
worker_environment(unsigned threads)
{
    static const char *const names[] = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"};
    g_autofree char *text = g_strdup_printf("%u", threads);
    char **environment = g_get_environ();

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        environment = g_environ_setenv(environment, names[i], text, TRUE);
    return environment;
}

LacBackend *
lac_local_new(const LacExperiment *experiment, const LacLocalOptions *options, GError **error)
{
    LacLocal *local = g_new0(LacLocal, 1);

    g_assert(options->workers > 0 && options->threads > 0);
    local->backend =
        (LacBackend){options->workers, local_submit, local_wait, local_stop, local_free};
    local->experiment = experiment;
    local->threads = options->threads;
    local->check_numerics = options->check_numerics;
    local->program = g_strdup(options->program != NULL ? options->program : "/proc/self/exe");
    local->environment = worker_environment(options->threads);
    local->workers = g_new0(LacWorker, options->workers);
    for (size_t i = 0; i < options->workers; i++) {
        local->workers[i].socket = local->workers[i].chatter = -1;
        local->workers[i].buffer = g_byte_array_new();
        local->workers[i].said = g_string_new(NULL);
    }
    return &local->backend;
}
