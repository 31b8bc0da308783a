/* Reading a file front to back, gunzipped on the way when it starts with gzip's magic bytes. */
#ifndef LACUNA_FILE_H
#define LACUNA_FILE_H

#include <lacuna/error.h>

G_BEGIN_DECLS

/** LacFile: a position in a stream of bytes; used by one thread at a time. */
typedef struct LacFile LacFile;

/** lac_file_open: @path, or standard input for "-" (which is read to its end at once). Owned; NULL
 * with LAC_ERROR_IO. */
LAC_API LacFile *lac_file_open(const char *path, GError **error);
/** lac_file_open_memory: the @n bytes as they are; they must outlive the file. @name: for messages.
 * Owned, never NULL. */
LAC_API LacFile *lac_file_open_memory(const void *bytes, size_t n, const char *name);
/** lac_file_close: frees it too; NULL is fine. */
LAC_API void lac_file_close(LacFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacFile, lac_file_close)

/** lac_file_name: what messages call it; lent until closed. */
LAC_API const char *lac_file_name(const LacFile *file);
/** lac_file_is_gzip: the bytes come out of a gzip stream. */
LAC_API gboolean lac_file_is_gzip(const LacFile *file);
/** lac_file_offset: bytes (after gunzip) read so far. */
LAC_API uint64_t lac_file_offset(const LacFile *file);

/** lac_file_most_left: no more bytes than this can still come; G_MAXUINT64 when nothing is known (a
 * pipe). Ask it before believing a size that a header claims. */
LAC_API uint64_t lac_file_most_left(const LacFile *file);

/** lac_file_read: the next @n bytes to @to; *@got is smaller only at the end.
 * @error: LAC_ERROR_IO, also for a damaged or cut off gzip stream */
LAC_API gboolean lac_file_read(LacFile *file, void *to, size_t n, size_t *got, GError **error);
/** lac_file_read_exactly: @n bytes; LAC_ERROR_DATA "<file>: byte <offset>: ends after <got> of the
 * <n> bytes of <what>" when the file ends before. */
LAC_API gboolean lac_file_read_exactly(LacFile *file, void *to, size_t n, const char *what,
                                       GError **error);
/** lac_file_expect_end: LAC_ERROR_DATA when there is a further byte behind @what. */
LAC_API gboolean lac_file_expect_end(LacFile *file, const char *what, GError **error);
/** lac_file_rewind: to the first byte again. LAC_ERROR_IO when that cannot be. */
LAC_API gboolean lac_file_rewind(LacFile *file, GError **error);
/** lac_file_read_rest: all that is still to come. Owned; NULL with LAC_ERROR_IO, or LAC_ERROR_SHAPE
 * when it does not fit into memory. */
LAC_API GBytes *lac_file_read_rest(LacFile *file, GError **error);

G_END_DECLS

#endif
