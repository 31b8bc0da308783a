/* A file that appears whole or not at all. */
#ifndef LACUNA_ATOMIC_PRIVATE_H
#define LACUNA_ATOMIC_PRIVATE_H

#include "base-private.h"
#include <lacuna/error.h>

G_BEGIN_DECLS

typedef struct LacAtomic LacAtomic;

/** lac_atomic_open: a new file beside @path that nobody sees under that name yet. Owned; NULL with
 * LAC_ERROR_IO. */
LAC_PRIVATE_API LacAtomic *lac_atomic_open(const char *path, GError **error);
/** lac_atomic_write: appends @n bytes. */
LAC_PRIVATE_API gboolean lac_atomic_write(LacAtomic *file, const void *bytes, gsize n,
                                          GError **error);
/** lac_atomic_commit: to the disk, then under its name in one step, replacing what was there. */
LAC_PRIVATE_API gboolean lac_atomic_commit(LacAtomic *file, GError **error);
/** lac_atomic_free: without a commit before, nothing remains of the file. */
LAC_PRIVATE_API void lac_atomic_free(LacAtomic *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacAtomic, lac_atomic_free)
/** lac_atomic_discard_all: removes every file that was opened and not committed, before the process
 * ends at once. Async-signal-safe. */
LAC_PRIVATE_API void lac_atomic_discard_all(void);

G_END_DECLS

#endif
