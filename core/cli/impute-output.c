#include "impute-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

struct LacImputeOutput {
    char *path, *temporary; /* temporary is NULL for standard output */
    int fd;
};

static gboolean
output_fail(const LacImputeOutput *out, const char *what, GError **error)
{
    return lac_fail(error, LAC_ERROR_IO, "%s: cannot %s: %s", out->path, what, g_strerror(errno));
}

LacImputeOutput *
lac_impute_output_open(const char *path, gboolean force, GError **error)
{
    g_autoptr(LacImputeOutput) out = g_new0(LacImputeOutput, 1);

    out->path = g_strdup(path);
    out->fd = STDOUT_FILENO;
    if (strcmp(path, "-") == 0)
        return g_steal_pointer(&out);
    if (!force && g_file_test(path, G_FILE_TEST_EXISTS))
        return lac_fail_null(error, LAC_ERROR_IO,
                             "%s exists already; choose another name or add --force", path);
    out->temporary = g_strdup_printf("%s.XXXXXX", path);
    out->fd = g_mkstemp_full(out->temporary, O_WRONLY | O_CLOEXEC, 0666);
    if (out->fd < 0) {
        output_fail(out, "create", error);
        g_clear_pointer(&out->temporary, g_free);
        return NULL;
    }
    return g_steal_pointer(&out);
}

gboolean
lac_impute_output_write(const char *bytes, gsize n, void *output, GError **error)
{
    LacImputeOutput *out = output;

    while (n > 0) {
        const ssize_t written = write(out->fd, bytes, n);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return output_fail(out, "write", error);
        bytes += written;
        n -= (gsize)written;
    }
    return TRUE;
}

gboolean
lac_impute_output_close(LacImputeOutput *output, GError **error)
{
    g_autoptr(LacImputeOutput) out = output;
    int fd;

    if (out->temporary == NULL)
        return TRUE;
    if (fsync(out->fd) != 0 && errno != EINVAL)
        return output_fail(out, "write", error);
    fd = out->fd;
    out->fd = -1;
    if (close(fd) != 0)
        return output_fail(out, "write", error);
    if (g_rename(out->temporary, out->path) != 0)
        return output_fail(out, "create", error);
    g_clear_pointer(&out->temporary, g_free);
    return TRUE;
}

void
lac_impute_output_abandon(LacImputeOutput *out)
{
    if (out == NULL)
        return;
    if (out->temporary != NULL) {
        if (out->fd >= 0)
            close(out->fd);
        g_unlink(out->temporary);
    }
    g_free(out->temporary);
    g_free(out->path);
    g_free(out);
}
