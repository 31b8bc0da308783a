/* Temporary file in the same folder, fsync, rename, fsync of the folder: after a crash or on a full
 * disk there is the old file or the new one, never a part. */
#include "atomic-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

struct LacAtomic {
    char *path, *temporary;
    int fd;
};

/* Paths of the files that wait for their commit; a signal handler reads them. More than these at a
 * time would only outlive a kill. */
static gpointer waiting[32];

static void
atomic_note(gpointer before, gpointer after)
{
    for (size_t k = 0; k < G_N_ELEMENTS(waiting); k++)
        if (g_atomic_pointer_compare_and_exchange(&waiting[k], before, after))
            return;
}

/* The file has its name, or none. */
static void
atomic_forget(LacAtomic *file)
{
    if (file->temporary != NULL)
        atomic_note(file->temporary, NULL);
    g_clear_pointer(&file->temporary, g_free);
}

void
lac_atomic_discard_all(void)
{
    for (size_t k = 0; k < G_N_ELEMENTS(waiting); k++) {
        const char *path = g_atomic_pointer_get(&waiting[k]);

        if (path != NULL)
            unlink(path);
    }
}

LacAtomic *
lac_atomic_open(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *base = g_path_get_basename(path);
    LacAtomic *file = g_new0(LacAtomic, 1);

    file->path = g_strdup(path);
    do { /* not mkstemp, which ignores the user's umask */
        atomic_forget(file);
        file->temporary = g_strdup_printf("%s/.%s.%08x", folder, base, g_random_int());
        atomic_note(NULL, file->temporary); /* before it is there: a signal may come in between */
        file->fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (file->fd < 0 && errno == EEXIST);
    if (file->fd < 0) {
        lac_fail(error, LAC_ERROR_IO, "%s: cannot write into its folder: %s", path,
                 g_strerror(errno));
        atomic_forget(file);
        lac_atomic_free(file);
        return NULL;
    }
    return file;
}

gboolean
lac_atomic_write(LacAtomic *file, const void *bytes, gsize n, GError **error)
{
    const char *p = bytes;

    while (n > 0) {
        const ssize_t part = write(file->fd, p, MIN(n, (gsize)1 << 30));

        if (part < 0 && errno == EINTR)
            continue;
        if (part < 0)
            return lac_fail(error, LAC_ERROR_IO, "%s: cannot write: %s", file->path,
                            g_strerror(errno));
        p += part;
        n -= (gsize)part;
    }
    return TRUE;
}

gboolean
lac_atomic_commit(LacAtomic *file, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(file->path);
    int folder_fd, closed;

    if (fsync(file->fd) != 0)
        return lac_fail(error, LAC_ERROR_IO, "%s: cannot write to the disk: %s", file->path,
                        g_strerror(errno));
    closed = close(file->fd);
    file->fd = -1;
    if (closed != 0 || g_rename(file->temporary, file->path) != 0)
        return lac_fail(error, LAC_ERROR_IO, "%s: cannot be put in place: %s", file->path,
                        g_strerror(errno));
    atomic_forget(file);
    folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd >= 0) { /* the name itself; not all file systems can, and the file is there */
        fsync(folder_fd);
        close(folder_fd);
    }
    return TRUE;
}

void
lac_atomic_free(LacAtomic *file)
{
    if (file == NULL)
        return;
    if (file->fd >= 0)
        close(file->fd);
    if (file->temporary != NULL)
        g_unlink(file->temporary);
    atomic_forget(file);
    g_free(file->path);
    g_free(file);
}
