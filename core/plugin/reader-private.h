/* Which reader reads a file. */
#ifndef LACUNA_READER_PRIVATE_H
#define LACUNA_READER_PRIVATE_H

#include "registry-private.h"

G_BEGIN_DECLS

/** lac_reader_for_path: the reader whose suffix @path has, whatever its case and a ".gz" behind;
 * lent; NULL when there is none. Opens the readers that are installed until one fits. */
LAC_PRIVATE_API const LacReaderPlugin *lac_reader_for_path(const char *path);

G_END_DECLS

#endif
