/* libreadstat reads what strangers wrote, and some damaged files lead it astray (fuzzing found
 * reads behind its own buffers). So it works in a process of its own, and what becomes of the file
 * comes back through a pipe: whatever happens there is an error message here. */
#include "survey.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEPARATOR "\x1e" /* between texts; the record separator of ASCII */

static void
put_bytes(GByteArray *out, const void *bytes, gsize n)
{
    const uint64_t length = n;

    g_byte_array_append(out, (const guint8 *)&length, sizeof length);
    g_byte_array_append(out, bytes, (guint)n);
}

static void
put_list(GByteArray *out, char *const *texts)
{
    g_autofree char *joined = g_strjoinv(SEPARATOR, (char **)texts);

    put_bytes(out, joined, strlen(joined));
}

static gboolean
write_all(int fd, const void *bytes, gsize n)
{
    const char *from = bytes;

    while (n > 0) {
        const ssize_t done = write(fd, from, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return FALSE;
        from += done;
        n -= (gsize)done;
    }
    return TRUE;
}

/* In the child: kinds, notes, csv; or only a message. */
static gboolean
tell(int fd, const SurveyFile *file)
{
    g_autoptr(GByteArray) head = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(Survey) survey = survey_read(file, &error);
    g_autoptr(LacReaderText) text = survey != NULL ? survey_text(survey, file->labels) : NULL;
    gsize n;

    if (text == NULL) {
        put_bytes(head, error->message, strlen(error->message));
        return write_all(fd, head->data, head->len);
    }
    put_bytes(head, "", 0);
    put_list(head, text->kinds);
    put_list(head, text->notes);
    const char *csv = g_bytes_get_data(text->csv, &n);

    return write_all(fd, head->data, head->len) && write_all(fd, csv, n);
}

/* All that comes; NULL when there is no memory for it. */
static GByteArray *
listen(int fd)
{
    GByteArray *all = g_byte_array_new();
    guint8 block[1 << 16];

    for (;;) {
        const ssize_t n = read(fd, block, sizeof block);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return all;
        g_byte_array_append(all, block, (guint)n);
    }
}

/* The next part of @all, as a text; NULL when it is cut off. */
static char *
take_part(const GByteArray *all, gsize *at)
{
    uint64_t length;
    char *part;

    if (all->len - *at < sizeof length)
        return NULL;
    memcpy(&length, all->data + *at, sizeof length);
    *at += sizeof length;
    if (length > all->len - *at)
        return NULL;
    part = g_strndup((const char *)all->data + *at, length);
    *at += length;
    return part;
}

static char **
take_list(const char *joined)
{
    return *joined != '\0' ? g_strsplit(joined, SEPARATOR, -1) : g_new0(char *, 1);
}

static LacReaderText *
understand(const SurveyFile *file, const GByteArray *all, int status, GError **error)
{
    gsize at = 0;
    g_autofree char *message = take_part(all, &at);
    g_autofree char *kinds = message != NULL && *message == '\0' ? take_part(all, &at) : NULL;
    g_autofree char *notes = kinds != NULL ? take_part(all, &at) : NULL;
    LacReaderText *text;

    if (message != NULL && *message != '\0')
        return lac_fail_null(error, LAC_ERROR_DATA, "%s", message);
    if (notes == NULL || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return lac_fail_null(error, LAC_ERROR_DATA,
                             "%s: libreadstat crashed on this file (%s %d); it is damaged, or not "
                             "what its name says",
                             file->name, WIFSIGNALED(status) ? "signal" : "status",
                             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    text = g_new0(LacReaderText, 1);
    text->kinds = take_list(kinds);
    text->notes = take_list(notes);
    text->csv = g_bytes_new(all->data + at, all->len - at);
    return text;
}

LacReaderText *
survey_text_of_file(const SurveyFile *file, GError **error)
{
    g_autoptr(GByteArray) all = NULL;
    int ends[2], status = 0;
    pid_t child;

    if (pipe(ends) != 0)
        return lac_fail_null(error, LAC_ERROR_IO, "%s: no pipe: %s", file->name, g_strerror(errno));
    child = fork();
    if (child < 0) {
        close(ends[0]);
        close(ends[1]);
        return lac_fail_null(error, LAC_ERROR_IO, "%s: no process to read it in: %s", file->name,
                             g_strerror(errno));
    }
    if (child == 0) {
        close(ends[0]);
        _exit(tell(ends[1], file) ? 0 : 1);
    }
    close(ends[1]);
    all = listen(ends[0]);
    close(ends[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return understand(file, all, status, error);
}
