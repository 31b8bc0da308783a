/* One question and its answer: poll() over the pipes, a look at the context in between. */
#include "external.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS 20      /* between two looks at the context */
#define WEIGH_US 200000 /* between two looks at the memory it holds */
#define LINE_MOST 65536 /* bytes of an answer's line */
#define LAST_WORDS 400  /* bytes of stderr that become part of an error */

typedef struct {
    ExternalProcess *process;
    LacContext *context;
    const ExternalQuestion *question;
    ExternalAnswer *answer;
    size_t sent;            /* bytes of head and table */
    GByteArray *came;       /* lines that came and are not understood yet; owned */
    size_t expected;        /* bytes of the array in the answer; G_MAXSIZE before its line */
    size_t got;             /* bytes of it so far */
    double done;            /* last share told */
    gint64 deadline, weigh; /* monotonic, us; deadline 0: none */
    gboolean ended;         /* its stdout is closed */
} Talk;

void
external_answer_clear(ExternalAnswer *answer)
{
    g_clear_object(&answer->parser);
    g_clear_pointer(&answer->array, g_free);
    answer->line = NULL;
}

/* The last lines on stderr, as one; NULL when there is none. Owned. */
static char *
last_words(ExternalProcess *p)
{
    const size_t from = p->tail_length > LAST_WORDS ? p->tail_length - LAST_WORDS : 0;
    g_autofree char *text = NULL;

    external_process_listen(p);
    text = g_utf8_make_valid(p->tail + from, (gssize)(p->tail_length - from));
    g_strstrip(text);
    for (char *c = text; *c != '\0'; c++)
        *c = (guchar)*c < ' ' ? ' ' : *c;
    return *text != '\0' ? g_steal_pointer(&text) : NULL;
}

gboolean
external_fail(ExternalProcess *p, const char *what, LacErrorCode code, GError **error,
              const char *format, ...)
{
    g_autofree char *message = NULL, *words = last_words(p);
    va_list arguments;

    va_start(arguments, format);
    message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return lac_fail(error, code, "external: %s, asked to %s, %s%s%s%s", p->name, what, message,
                    words != NULL ? "; it last said '" : "", words != NULL ? words : "",
                    words != NULL ? "'" : "");
}

/* It closed its output, or its input: most likely it is gone. */
static gboolean
fail_ended(Talk *talk, GError **error)
{
    ExternalProcess *p = talk->process;
    g_autofree char *fate = external_process_fate(p);

    return external_fail(p, talk->question->what, LAC_ERROR_IO, error, "%s",
                         fate != NULL ? fate : "closed its output before it answered");
}

/* write() that gives EPIPE and no signal, whatever the process does with SIGPIPE. */
static gssize
write_quietly(int fd, const void *bytes, size_t n)
{
    const struct timespec at_once = {0, 0};
    sigset_t pipe_signal, before, waiting;
    gssize written;
    int problem;

    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&waiting);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    written = write(fd, bytes, n);
    problem = errno;
    if (written < 0 && problem == EPIPE && !sigismember(&waiting, SIGPIPE))
        sigtimedwait(&pipe_signal, NULL, &at_once);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = problem;
    return written;
}

static size_t
question_bytes(const ExternalQuestion *q)
{
    return q->head->len + q->table->rows * q->table->cols * sizeof(double);
}

static gboolean
send_some(Talk *talk, GError **error)
{
    const ExternalQuestion *q = talk->question;
    const size_t all = question_bytes(q);

    while (talk->sent < all) {
        const gboolean in_head = talk->sent < q->head->len;
        const char *from = in_head ? (const char *)q->head->data + talk->sent
                                   : (const char *)q->table->values + (talk->sent - q->head->len);
        const size_t left = (in_head ? q->head->len : all) - talk->sent;
        const gssize n = write_quietly(talk->process->to, from, MIN(left, 1u << 20));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return TRUE;
        if (n < 0 && errno == EPIPE) {
            talk->sent = all; /* it may have said why */
            return TRUE;
        }
        if (n < 0)
            return external_fail(talk->process, q->what, LAC_ERROR_IO, error,
                                 "cannot be written to: %s", g_strerror(errno));
        talk->sent += (size_t)n;
    }
    return TRUE;
}

/* Into the answer's array once its size is known, among the lines before. */
static gssize
receive(Talk *talk)
{
    guint8 buffer[4096];
    gssize n;

    if (talk->expected != G_MAXSIZE) {
        n = read(talk->process->from, talk->answer->array + talk->got, talk->expected - talk->got);
        talk->got += n > 0 ? (size_t)n : 0;
        return n;
    }
    n = read(talk->process->from, buffer, sizeof buffer);
    if (n > 0)
        g_byte_array_append(talk->came, buffer, (guint)n);
    return n;
}

static gboolean
receive_some(Talk *talk, GError **error)
{
    while (talk->expected == G_MAXSIZE ? talk->came->len < LINE_MOST : talk->got < talk->expected) {
        const gssize n = receive(talk);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return TRUE;
        if (n < 0)
            return external_fail(talk->process, talk->question->what, LAC_ERROR_IO, error,
                                 "cannot be read from: %s", g_strerror(errno));
        talk->ended = n == 0;
        if (n == 0)
            return TRUE;
    }
    return TRUE;
}

/* Progress and warnings may come before the answer; TRUE when @line is one of them. */
static gboolean
take_aside(Talk *talk, JsonObject *line)
{
    const double progress = external_number(line, "progress", -1.0);
    const char *warning = external_text(line, "warning");

    if (progress >= 0.0)
        talk->done = CLAMP(progress, talk->done, 1.0);
    if (warning != NULL)
        lac_context_event(talk->context, "external", -1, "%s: %s", talk->process->name, warning);
    return progress >= 0.0 || warning != NULL;
}

static gboolean
fail_line(Talk *talk, size_t n, GError **error)
{
    g_autofree char *seen = g_utf8_make_valid((const char *)talk->came->data, (gssize)MIN(n, 60));

    for (char *c = seen; *c != '\0'; c++)
        *c = (guchar)*c < ' ' ? ' ' : *c;
    return external_fail(talk->process, talk->question->what, LAC_ERROR_IO, error,
                         "answered '%s', expected one line of JSON; only answers may go to its "
                         "standard output",
                         seen);
}

/* The line of the answer itself. */
static gboolean
take_answer(Talk *talk, JsonObject *line, GError **error)
{
    const char *refusal = external_text(line, "error");
    const double bytes = external_number(line, "bytes", 0.0);

    if (refusal != NULL)
        return external_fail(talk->process, talk->question->what, LAC_ERROR_DATA, error,
                             "refused: %s", refusal);
    if (!(bytes >= 0.0 && bytes <= (double)talk->question->most && floor(bytes) == bytes))
        return external_fail(talk->process, talk->question->what, LAC_ERROR_IO, error,
                             "announces an array of %.17g bytes, expected at most %zu: rows and "
                             "columns as it was sent, 8-byte numbers",
                             bytes, talk->question->most);
    talk->answer->array = lac_try_alloc((size_t)bytes + 1, 1, "a program's answer", error);
    if (talk->answer->array == NULL)
        return FALSE;
    talk->answer->bytes = talk->expected = (size_t)bytes;
    talk->got = MIN(talk->expected, talk->came->len);
    if (talk->got > 0)
        memcpy(talk->answer->array, talk->came->data, talk->got);
    g_byte_array_remove_range(talk->came, 0, (guint)talk->got);
    return TRUE;
}

/* Lines out of what came, up to and with the answer's. */
static gboolean
take_lines(Talk *talk, GError **error)
{
    while (talk->expected == G_MAXSIZE && talk->came->len > 0) {
        const guint8 *feed = memchr(talk->came->data, '\n', MIN(talk->came->len, LINE_MOST));
        const size_t n = feed != NULL ? (size_t)(feed - talk->came->data) : talk->came->len;
        g_autoptr(JsonParser) parser = NULL;
        JsonObject *line;

        if (feed == NULL && n < LINE_MOST && talk->came->data[0] == '{')
            return TRUE; /* the rest is still to come */
        parser = feed != NULL ? external_parse_line((const char *)talk->came->data, n) : NULL;
        if (parser == NULL)
            return fail_line(talk, n, error);
        line = json_node_get_object(json_parser_get_root(parser));
        g_byte_array_remove_range(talk->came, 0, (guint)n + 1);
        if (take_aside(talk, line))
            continue;
        if (!take_answer(talk, line, error))
            return FALSE;
        talk->answer->line = line;
        talk->answer->parser = g_steal_pointer(&parser);
    }
    return TRUE;
}

static gboolean
weigh(Talk *talk, GError **error)
{
    const gint64 now = g_get_monotonic_time();
    const size_t most = lac_context_memory(talk->context);
    double mib;

    if (talk->deadline > 0 && now > talk->deadline)
        return external_fail(talk->process, talk->question->what, LAC_ERROR_IO, error,
                             "did not answer within %g s (parameter timeout)",
                             talk->question->timeout);
    if (most == G_MAXSIZE || now < talk->weigh)
        return TRUE;
    talk->weigh = now + WEIGH_US;
    mib = external_process_resident(talk->process);
    if (mib * 1048576.0 <= (double)most)
        return TRUE;
    return external_fail(talk->process, talk->question->what, LAC_ERROR_SHAPE, error,
                         "holds %.0f MiB, more than the %.0f MiB it may", mib,
                         (double)most / 1048576.0);
}

/* Waits for something to happen, a moment at most. */
static gboolean
wait_and_move(Talk *talk, GError **error)
{
    const gboolean sending = talk->sent < question_bytes(talk->question);
    struct pollfd fds[] = {
        {.fd = talk->process->from, .events = POLLIN},
        {.fd = talk->process->complaints, .events = POLLIN},
        {.fd = sending ? talk->process->to : -1, .events = POLLOUT},
    };

    if (!lac_context_step(talk->context, talk->done, error) || !weigh(talk, error))
        return FALSE;
    if (poll(fds, G_N_ELEMENTS(fds), LOOK_MS) < 0 && errno != EINTR)
        return external_fail(talk->process, talk->question->what, LAC_ERROR_IO, error,
                             "cannot be waited for: %s", g_strerror(errno));
    external_process_listen(talk->process);
    return (fds[2].revents == 0 || send_some(talk, error)) &&
           (fds[0].revents == 0 || receive_some(talk, error)) && take_lines(talk, error);
}

static gboolean
talk_to_the_end(Talk *talk, GError **error)
{
    while (talk->expected == G_MAXSIZE || talk->got < talk->expected) {
        if (talk->ended)
            return fail_ended(talk, error);
        if (!wait_and_move(talk, error))
            return FALSE;
    }
    if (talk->sent < question_bytes(talk->question))
        return external_fail(talk->process, talk->question->what, LAC_ERROR_IO, error,
                             "answered before it had read the %zu bytes of the question",
                             question_bytes(talk->question));
    if (talk->came->len > 0)
        return external_fail(talk->process, talk->question->what, LAC_ERROR_IO, error,
                             "sent %u bytes more than the %zu it announced", talk->came->len,
                             talk->expected);
    return TRUE;
}

gboolean
external_talk(ExternalProcess *process, LacContext *context, const ExternalQuestion *question,
              ExternalAnswer *answer, GError **error)
{
    const gint64 now = g_get_monotonic_time();
    Talk talk = {.process = process,
                 .context = context,
                 .question = question,
                 .answer = answer,
                 .came = g_byte_array_new(),
                 .expected = G_MAXSIZE,
                 .deadline = question->timeout > 0.0 ? now + (gint64)(question->timeout * 1e6) : 0,
                 .weigh = now};

    if (process->keeper <= 0 || process->to < 0) {
        g_byte_array_unref(talk.came);
        return external_fail(process, question->what, LAC_ERROR_IO, error,
                             "is gone since an earlier failure");
    }
    const gboolean ok = talk_to_the_end(&talk, error);

    g_byte_array_unref(talk.came);
    if (ok)
        return TRUE;
    if (!(talk.expected == G_MAXSIZE && talk.sent == question_bytes(question) && error != NULL &&
          g_error_matches(*error, LAC_ERROR, LAC_ERROR_DATA)))
        external_process_kill(process); /* where its answers begin is no longer known */
    return FALSE;
}
