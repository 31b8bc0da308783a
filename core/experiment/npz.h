/* A small NPZ file in memory: what an image grid is stored as. */
#ifndef LACUNA_NPZ_H
#define LACUNA_NPZ_H

#include <glib.h>

typedef struct LacNpz LacNpz;

LacNpz *lac_npz_new(void);
/** lac_npz_add: @dtype "<f4" or "<i8"; @shape [dims]; @bytes of the elements in C order. Copied. */
void lac_npz_add(LacNpz *npz, const char *name, const char *dtype, size_t dims, const size_t *shape,
                 gconstpointer bytes, gsize n);
/** lac_npz_finish: the file; frees @npz. Owned. */
GBytes *lac_npz_finish(LacNpz *npz);

#endif
