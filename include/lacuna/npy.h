/* NumPy's array files: for the npy and npz readers and whoever else meets one. */
#ifndef LACUNA_NPY_H
#define LACUNA_NPY_H

#include <lacuna/data.h>
#include <lacuna/file.h>

G_BEGIN_DECLS

/**
 * lac_npy_read:
 * @file: at the first byte of an npy file, version 1.0 to 3.0; read to its end
 *
 * The first dimension are the rows. [n] becomes one column; [n, p] p columns; [n, h, w] and
 * [n, c, h, w] images, one column a pixel. Floats (2, 4, 8 bytes) give continuous columns, integers
 * (1 to 8 bytes; rounded beyond 2^53) integer ones, booleans binary ones; little and big endian, C
 * and Fortran order. NaN is a hole.
 * @error: LAC_ERROR_DATA with file and byte offset; objects, texts and records are refused;
 *   LAC_ERROR_SHAPE when it does not fit into memory
 * Returns: owned; NULL on failure.
 */
LAC_API LacData *lac_npy_read(LacFile *file, GError **error);

/** lac_npy_read_labels: the classes of @data from an array [rows] or [rows, 1] of numbers in @file;
 * only before @data is shared. LAC_ERROR_DATA as above, and for another number of rows. */
LAC_API gboolean lac_npy_read_labels(LacFile *file, LacData *data, GError **error);

/**
 * lac_npy_head:
 * @dtype: as NumPy writes it: "<f8"
 * @shape: [dims]
 *
 * What an npy file starts with (version 1.0); the numbers follow it, row-major.
 * Returns: owned (g_byte_array_unref()).
 */
LAC_API GByteArray *lac_npy_head(const char *dtype, size_t dims, const size_t *shape);

G_END_DECLS

#endif
