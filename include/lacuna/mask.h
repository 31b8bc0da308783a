/* Bit masks over the cells of a table. A set bit means: missing. Everywhere. */
#ifndef LACUNA_MASK_H
#define LACUNA_MASK_H

#include <lacuna/error.h>

G_BEGIN_DECLS

/** LacMask: @rows x @cols bits; row i is the @words 64-bit words from bits + i * words, column j
 * of it bit j % 64 of word j / 64; bits past the last column are zero. */
typedef struct {
    size_t rows, cols, words;
    uint64_t *bits;
} LacMask;

/** lac_mask_get, lac_mask_set: bit of cell (@i, @j); lac_mask_row: the words of row @i, lent.
 * Indices are not checked. Two threads may not set bits of one row at once. */
static inline gboolean
lac_mask_get(const LacMask *m, size_t i, size_t j)
{
    return (gboolean)((m->bits[i * m->words + j / 64] >> (j % 64)) & 1u);
}

static inline void
lac_mask_set(LacMask *m, size_t i, size_t j, gboolean missing)
{
    uint64_t *word = &m->bits[i * m->words + j / 64];
    const uint64_t bit = (uint64_t)1 << (j % 64);

    *word = missing ? *word | bit : *word & ~bit;
}

static inline const uint64_t *
lac_mask_row(const LacMask *m, size_t i)
{
    return m->bits + i * m->words;
}

/** lac_mask_new: all bits clear (nothing missing); owned; NULL with LAC_ERROR_SHAPE. */
LAC_API LacMask *lac_mask_new(size_t rows, size_t cols, GError **error);
/** lac_mask_dup: deep copy; owned; NULL with LAC_ERROR_SHAPE. */
LAC_API LacMask *lac_mask_dup(const LacMask *m, GError **error);
LAC_API void lac_mask_free(LacMask *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacMask, lac_mask_free)

/** lac_mask_count: set bits in all; lac_mask_count_row, lac_mask_count_col: in one row or column.
 */
LAC_API size_t lac_mask_count(const LacMask *m);
LAC_API size_t lac_mask_count_row(const LacMask *m, size_t i);
LAC_API size_t lac_mask_count_col(const LacMask *m, size_t j);
/** lac_mask_or: into |= other, same shape. */
LAC_API void lac_mask_or(LacMask *into, const LacMask *other);

G_END_DECLS

#endif
