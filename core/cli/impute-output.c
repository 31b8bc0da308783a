#include "atomic-private.h"
#include "impute-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { GZIP_WINDOW = 15 + 16, PIECE = 64 * 1024 };

/* Where the bytes go: @file, or @fd when that is NULL (standard output, a pipe, a device). */
struct LacImputeOutput {
    char *path;
    LacAtomic *file;
    int fd;
    gboolean gone; /* the reader of the pipe went away; nobody wants the rest */
    z_stream *gzip;
};

gboolean
lac_impute_output_check(const char *path, gboolean force, GError **error)
{
    struct stat status;

    if (g_str_equal(path, "-") || stat(path, &status) != 0)
        return TRUE;
    if (S_ISDIR(status.st_mode))
        return lac_fail(error, LAC_ERROR_IO, "%s is a folder, expected the name of a file", path);
    return force || !S_ISREG(status.st_mode) ||
           lac_fail(error, LAC_ERROR_IO, "%s exists already; choose another name or add --force",
                    path);
}

static gboolean
output_is_stream(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

static gboolean
output_start_gzip(LacImputeOutput *out, GError **error)
{
    out->gzip = g_new0(z_stream, 1);
    if (deflateInit2(out->gzip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8,
                     Z_DEFAULT_STRATEGY) == Z_OK)
        return TRUE;
    g_clear_pointer(&out->gzip, g_free);
    return lac_fail(error, LAC_ERROR_IO, "%s: cannot start to compress", out->path);
}

LacImputeOutput *
lac_impute_output_open(const char *path, gboolean force, GError **error)
{
    g_autoptr(LacImputeOutput) out = g_new0(LacImputeOutput, 1);
    g_autofree char *real = NULL;

    out->path = g_strdup(path);
    out->fd = -1;
    if (!lac_impute_output_check(path, force, error))
        return NULL;
    if (g_str_has_suffix(path, ".gz") && !output_start_gzip(out, error))
        return NULL;
    if (g_str_equal(path, "-")) {
        out->fd = STDOUT_FILENO;
    } else if (output_is_stream(path)) {
        out->fd = open(path, O_WRONLY | O_CLOEXEC);
        if (out->fd < 0)
            return lac_fail_null(error, LAC_ERROR_IO, "%s: cannot write: %s", path,
                                 g_strerror(errno));
    } else {
        real = realpath(path, NULL); /* a link stays a link, what it points to is replaced */
        out->file = lac_atomic_open(real != NULL ? real : path, error);
        if (out->file == NULL)
            return NULL;
    }
    return g_steal_pointer(&out);
}

static gboolean
output_put(LacImputeOutput *out, const char *bytes, gsize n, GError **error)
{
    if (out->file != NULL)
        return lac_atomic_write(out->file, bytes, n, error);
    while (n > 0 && !out->gone) {
        const ssize_t written = write(out->fd, bytes, n);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0 && errno != EPIPE)
            return lac_fail(error, LAC_ERROR_IO, "%s: cannot write: %s",
                            out->fd == STDOUT_FILENO ? "standard output" : out->path,
                            g_strerror(errno));
        if (written < 0) { /* `| head` is nobody's error */
            out->gone = TRUE;
            break;
        }
        bytes += written;
        n -= (gsize)written;
    }
    return TRUE;
}

static gboolean
output_deflate(LacImputeOutput *out, const char *bytes, gsize n, int flush, GError **error)
{
    g_autofree Bytef *piece = g_malloc(PIECE);
    z_stream *stream = out->gzip;

    stream->next_in = (z_const Bytef *)(gpointer)bytes;
    stream->avail_in = (uInt)n;
    do {
        stream->next_out = piece;
        stream->avail_out = PIECE;
        deflate(stream, flush); /* cannot fail on a stream that was set up */
        if (!output_put(out, (const char *)piece, PIECE - stream->avail_out, error))
            return FALSE;
    } while (stream->avail_out == 0);
    return TRUE;
}

gboolean
lac_impute_output_write(const char *bytes, gsize n, void *output, GError **error)
{
    LacImputeOutput *out = output;

    if (out->gzip == NULL)
        return output_put(out, bytes, n, error);
    for (; n > G_MAXINT32; bytes += G_MAXINT32, n -= G_MAXINT32)
        if (!output_deflate(out, bytes, G_MAXINT32, Z_NO_FLUSH, error))
            return FALSE;
    return output_deflate(out, bytes, n, Z_NO_FLUSH, error);
}

gboolean
lac_impute_output_close(LacImputeOutput *output, GError **error)
{
    g_autoptr(LacImputeOutput) out = output;

    if (out->gzip != NULL && !output_deflate(out, NULL, 0, Z_FINISH, error))
        return FALSE;
    return out->file == NULL || lac_atomic_commit(out->file, error);
}

void
lac_impute_output_abandon(LacImputeOutput *out)
{
    if (out == NULL)
        return;
    if (out->gzip != NULL) {
        deflateEnd(out->gzip);
        g_free(out->gzip);
    }
    if (out->fd > STDERR_FILENO)
        close(out->fd);
    lac_atomic_free(out->file);
    g_free(out->path);
    g_free(out);
}
