#include "wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HEADER = 5,
};

void
lac_wire_message_clear(LacWireMessage *message)
{
    g_clear_pointer(&message->content, g_bytes_unref);
}

static gboolean
send_all(int fd, const guint8 *bytes, gsize n, GError **error)
{
    while (n > 0) {
        const ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return lac_fail(error, LAC_ERROR_IO, "the other process does not listen: %s",
                            g_strerror(errno));
        bytes += sent;
        n -= (gsize)sent;
    }
    return TRUE;
}

gboolean
lac_wire_send(int fd, LacWireType type, gconstpointer content, gsize n, GError **error)
{
    guint8 header[HEADER] = {(guint8)type};
    const guint32 length = (guint32)n;

    if (n > G_MAXUINT32)
        return lac_fail(error, LAC_ERROR_SHAPE, "a message of %zu bytes is too long", n);
    memcpy(header + 1, &length, sizeof length);
    return send_all(fd, header, sizeof header, error) && send_all(fd, content, n, error);
}

static gboolean
receive_all(int fd, guint8 *bytes, gsize n, GError **error)
{
    while (n > 0) {
        const ssize_t got = read(fd, bytes, n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return lac_fail(error, LAC_ERROR_IO, "cannot read from the other process: %s",
                            g_strerror(errno));
        if (got == 0)
            return FALSE;
        bytes += got;
        n -= (gsize)got;
    }
    return TRUE;
}

gboolean
lac_wire_receive(int fd, LacWireMessage *out, GError **error)
{
    guint8 header[HEADER];
    guint32 length;
    guint8 *content;

    if (!receive_all(fd, header, sizeof header, error))
        return FALSE;
    memcpy(&length, header + 1, sizeof length);
    content = g_malloc(MAX(length, 1));
    if (!receive_all(fd, content, length, error)) {
        g_free(content);
        return FALSE;
    }
    out->type = (LacWireType)header[0];
    out->content = g_bytes_new_take(content, length);
    return TRUE;
}

gboolean
lac_wire_take(GByteArray *buffer, LacWireMessage *out)
{
    guint32 length;

    if (buffer->len < HEADER)
        return FALSE;
    memcpy(&length, buffer->data + 1, sizeof length);
    if (buffer->len - HEADER < length)
        return FALSE;
    out->type = (LacWireType)buffer->data[0];
    out->content = g_bytes_new(buffer->data + HEADER, length);
    g_byte_array_remove_range(buffer, 0, HEADER + length);
    return TRUE;
}
