/* Cross-products of a table whose holes keep changing: what chained regressions stand on.
 *
 * Z is n x q, usually [1, standardised columns]. One round of chained equations needs, for every
 * target column, the cross-products over the rows in which it was observed. They come from
 * G = Z'Z by taking the rows with holes away again, and a new column of values is a rank-one
 * change of G: a round costs |holes| q^2 instead of |observed cells| q^2 and copies nothing.
 * Centre and scale Z first: with raw columns of mean 1e4 sd the subtraction loses 8 digits. */
#ifndef LACUNA_GRAM_H
#define LACUNA_GRAM_H

#include <lacuna/matrix.h>

G_BEGIN_DECLS

/**
 * LacGram:
 * @n, @q: rows and columns of Z
 * @stride: doubles between rows of @z and of @g; a multiple of 8, the padding is zero
 * @z: [n][stride], owned; write it, then call lac_gram_refresh()
 * @g: [q][stride], owned; Z'Z, both triangles
 */
typedef struct {
    size_t n, q, stride;
    double *z, *g;
} LacGram;

/** lac_gram_stride: @q rounded up to the row distance that the kernels like. */
static inline size_t
lac_gram_stride(size_t q)
{
    return (q + 7) & ~(size_t)7;
}

/** lac_gram_new: Z and G zeroed. Owned; NULL with LAC_ERROR_SHAPE when too large. */
LAC_API LacGram *lac_gram_new(size_t n, size_t q, GError **error);
LAC_API void lac_gram_free(LacGram *gram);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacGram, lac_gram_free)

/** lac_gram_refresh: recomputes G from Z; once a round, so that rounding does not add up. */
LAC_API void lac_gram_refresh(LacGram *gram);

/**
 * lac_gram_observed:
 * @rows_missing: [n_missing] rows to leave out; @rows_observed: [n_observed] all the others
 * @out: [q][stride], the cross-products over the observed rows
 *
 * Subtracts the smaller part from G, or sums the observed rows where more than half is missing.
 */
LAC_API void lac_gram_observed(const LacGram *gram, size_t n_missing, const size_t *rows_missing,
                               size_t n_observed, const size_t *rows_observed, double *out);

/**
 * lac_gram_replace:
 * @j: column of Z
 * @rows: [n] rows in which it changes, @values: [n] the new entries
 *
 * Writes Z and brings G up to date: with d = new - old and v = Z'd (old Z), row and column j of G
 * grow by v and G[j][j] further by d'd.
 */
LAC_API void
lac_gram_replace(LacGram *gram, size_t j, size_t n, const size_t *rows, const double *values);

/**
 * lac_gram_add:
 * @index: [n] rows of @z, or NULL for 0 .. n-1
 * @weight: [n], or NULL for ones
 * @g: [q][stride], grows by alpha * sum of weight_i z_i z_i'; both triangles
 *
 * Rows are @stride doubles apart, stride a multiple of 8 >= q, padding finite. Sums run over fixed
 * blocks added in order, so the result does not depend on the number of threads.
 */
LAC_API void lac_gram_add(size_t n, size_t q, size_t stride, const double *z, const size_t *index,
                          const double *weight, double alpha, double *g);

/** lac_gram_times: out[i] = z_index[i] . beta, beta [stride] with zero padding; as above. */
LAC_API void lac_gram_times(size_t n, size_t stride, const double *z, const size_t *index,
                            const double *beta, double *out);

/** lac_gram_cross: out [stride] = sum over i of y[i] z_index[i]; as above. */
LAC_API void lac_gram_cross(size_t n, size_t stride, const double *z, const size_t *index,
                            const double *y, double *out);

G_END_DECLS

#endif
