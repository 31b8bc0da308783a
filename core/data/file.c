/* One way in for every reader: plain files, gzip files, standard input, memory. */
#include <lacuna/file.h>

#include "node-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

struct LacFile {
    char *name;
    gzFile gz; /* passes plain files through; NULL for memory */
    GBytes *owned;
    const uint8_t *memory;
    size_t size;
    uint64_t offset;
    uint64_t most; /* bytes it can give from the beginning */
    gboolean gzip;
};

static LacFile *
file_new(const char *name)
{
    LacFile *file = g_new0(LacFile, 1);

    file->name = g_strdup(name);
    return file;
}

/* Wraps descriptor @fd, taken. */
static gboolean
file_attach(LacFile *file, int fd, GError **error)
{
    enum { DEFLATE_MOST = 1032 }; /* no deflate stream grows more when it is unpacked */
    struct stat facts;
    const gboolean sized = fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode);

    file->gz = gzdopen(fd, "rb");
    if (file->gz == NULL) {
        close(fd);
        return lac_fail(error, LAC_ERROR_IO, "%s: cannot set up the gzip reader", file->name);
    }
    gzbuffer(file->gz, 256 * 1024);
    file->gzip = !gzdirect(file->gz);
    file->most = !sized ? G_MAXUINT64 : (uint64_t)facts.st_size * (file->gzip ? DEFLATE_MOST : 1);
    return TRUE;
}

static LacFile *
file_open_stdin(GError **error)
{
    g_autoptr(LacFile) file = file_new("standard input");
    const int fd = dup(STDIN_FILENO);

    if (fd < 0)
        return lac_fail_null(error, LAC_ERROR_IO, "standard input: %s", g_strerror(errno));
    if (!file_attach(file, fd, error))
        return NULL;
    file->owned = lac_file_read_rest(file, error); /* a pipe cannot be rewound */
    if (file->owned == NULL)
        return NULL;
    gzclose_r(file->gz);
    file->gz = NULL;
    file->memory = g_bytes_get_data(file->owned, &file->size);
    file->most = file->size;
    file->offset = 0;
    return g_steal_pointer(&file);
}

static LacFile *
file_fail_open(const char *path, int code, GError **error)
{
    g_autofree char *hint = code == ENOENT ? lac_suggest_file(path) : g_strdup("");

    return lac_fail_null(error, LAC_ERROR_IO, "%s: cannot open: %s%s", path, g_strerror(code),
                         hint);
}

LacFile *
lac_file_open(const char *path, GError **error)
{
    g_autoptr(LacFile) file = NULL;
    struct stat facts;
    int fd;

    if (strcmp(path, "-") == 0)
        return file_open_stdin(error);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return file_fail_open(path, errno, error);
    if (fstat(fd, &facts) == 0 && S_ISDIR(facts.st_mode)) {
        close(fd);
        return lac_fail_null(error, LAC_ERROR_IO, "%s: is a folder, expected a file", path);
    }
    file = file_new(path);
    if (!file_attach(file, fd, error))
        return NULL;
    return g_steal_pointer(&file);
}

LacFile *
lac_file_open_memory(const void *bytes, size_t n, const char *name)
{
    LacFile *file = file_new(name);

    file->memory = bytes;
    file->size = n;
    file->most = n;
    return file;
}

void
lac_file_close(LacFile *file)
{
    if (file == NULL)
        return;
    if (file->gz != NULL)
        gzclose_r(file->gz);
    g_clear_pointer(&file->owned, g_bytes_unref);
    g_free(file->name);
    g_free(file);
}

const char *
lac_file_name(const LacFile *file)
{
    return file->name;
}

gboolean
lac_file_is_gzip(const LacFile *file)
{
    return file->gzip;
}

uint64_t
lac_file_offset(const LacFile *file)
{
    return file->offset;
}

uint64_t
lac_file_most_left(const LacFile *file)
{
    if (file->most == G_MAXUINT64)
        return G_MAXUINT64;
    return file->most > file->offset ? file->most - file->offset : 0;
}

static gboolean
file_fail_gz(const LacFile *file, GError **error)
{
    int code = Z_OK;
    const char *why = gzerror(file->gz, &code);

    if (strncmp(why, "<fd:", 4) == 0 && strstr(why, ">: ") != NULL)
        why = strstr(why, ">: ") + 3; /* zlib's own name for what it was given to read */
    if (code == Z_ERRNO)
        return lac_fail(error, LAC_ERROR_IO, "%s: cannot read: %s", file->name, g_strerror(errno));
    if (code == Z_BUF_ERROR)
        return lac_fail(error, LAC_ERROR_IO,
                        "%s: the gzip stream is cut off after %" G_GUINT64_FORMAT
                        " unpacked bytes; fetch the file again",
                        file->name, file->offset);
    return lac_fail(error, LAC_ERROR_IO,
                    "%s: damaged gzip stream after %" G_GUINT64_FORMAT
                    " unpacked bytes (%s); fetch "
                    "the file again",
                    file->name, file->offset, why);
}

gboolean
lac_file_read(LacFile *file, void *to, size_t n, size_t *got, GError **error)
{
    size_t done = 0;

    if (file->gz == NULL) {
        done = MIN(n, file->size - (size_t)file->offset);
        if (done > 0)
            memcpy(to, file->memory + file->offset, done);
        file->offset += done;
        *got = done;
        return TRUE;
    }
    while (done < n) {
        const int part = gzread(file->gz, (char *)to + done, (unsigned)MIN(n - done, 1u << 30));
        int code = Z_OK;

        gzerror(file->gz, &code);
        if (part < 0 || code == Z_BUF_ERROR || code == Z_DATA_ERROR)
            return file_fail_gz(file, error);
        if (part == 0)
            break;
        done += (size_t)part;
        file->offset += (uint64_t)part;
    }
    *got = done;
    return TRUE;
}

gboolean
lac_file_read_exactly(LacFile *file, void *to, size_t n, const char *what, GError **error)
{
    const uint64_t at = file->offset;
    size_t got = 0;

    if (!lac_file_read(file, to, n, &got, error))
        return FALSE;
    if (got < n)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: byte %" G_GUINT64_FORMAT ": ends after %zu of the %zu bytes of %s; "
                        "the file is cut off or its header is wrong",
                        file->name, at, got, n, what);
    return TRUE;
}

gboolean
lac_file_expect_end(LacFile *file, const char *what, GError **error)
{
    const uint64_t at = file->offset;
    uint8_t byte;
    size_t got = 0;

    if (!lac_file_read(file, &byte, 1, &got, error))
        return FALSE;
    if (got != 0)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: byte %" G_GUINT64_FORMAT ": more bytes behind %s, expected the end of "
                        "the file",
                        file->name, at, what);
    return TRUE;
}

gboolean
lac_file_rewind(LacFile *file, GError **error)
{
    if (file->gz != NULL && gzrewind(file->gz) != 0)
        return file_fail_gz(file, error);
    file->offset = 0;
    return TRUE;
}

GBytes *
lac_file_read_rest(LacFile *file, GError **error)
{
    g_autofree char *bytes = NULL;
    size_t size = 0, capacity = 64 * 1024, got = 0;

    if (file->owned != NULL) { /* what a pipe gave is in memory already; once is enough */
        const size_t from = (size_t)file->offset;

        file->offset = file->size;
        return g_bytes_new_from_bytes(file->owned, from, file->size - from);
    }
    do {
        char *larger = g_try_realloc(bytes, capacity);

        if (larger == NULL)
            return lac_fail_null(error, LAC_ERROR_SHAPE, "%s: cannot allocate %.0f MiB", file->name,
                                 (double)capacity / (1024.0 * 1024.0));
        bytes = larger;
        if (!lac_file_read(file, bytes + size, capacity - size, &got, error))
            return NULL;
        size += got;
        capacity = capacity > G_MAXSSIZE / 2 ? capacity : capacity * 2;
    } while (got > 0);
    return g_bytes_new_take(g_steal_pointer(&bytes), size);
}
