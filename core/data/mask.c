/* Bit masks over the cells of a table; a set bit means missing. Bits past the last column stay
 * zero, so whole words can be counted and compared. */
#include <lacuna/mask.h>

#include <string.h>

LacMask *
lac_mask_new(size_t rows, size_t cols, GError **error)
{
    const size_t words = cols / 64 + (cols % 64 != 0);
    g_autofree uint64_t *bits = NULL;
    LacMask *m;

    if (words != 0 && rows > G_MAXSSIZE / sizeof(uint64_t) / words)
        return lac_fail_null(error, LAC_ERROR_SHAPE,
                             "missing mask: %zu rows x %zu columns do not fit into memory", rows,
                             cols);
    bits = lac_try_alloc(rows * words, sizeof(uint64_t), "missing mask", error);
    if (bits == NULL)
        return NULL;
    m = g_new(LacMask, 1);
    *m = (LacMask){.rows = rows, .cols = cols, .words = words, .bits = g_steal_pointer(&bits)};
    return m;
}

LacMask *
lac_mask_dup(const LacMask *m, GError **error)
{
    LacMask *copy = lac_mask_new(m->rows, m->cols, error);

    if (copy != NULL)
        memcpy(copy->bits, m->bits, m->rows * m->words * sizeof(uint64_t));
    return copy;
}

void
lac_mask_free(LacMask *m)
{
    if (m == NULL)
        return;
    g_free(m->bits);
    g_free(m);
}

LAC_CLONES static size_t
mask_count_words(const uint64_t *words, size_t n)
{
    size_t count = 0;

    for (size_t k = 0; k < n; k++)
        count += (size_t)__builtin_popcountll(words[k]);
    return count;
}

size_t
lac_mask_count(const LacMask *m)
{
    return mask_count_words(m->bits, m->rows * m->words);
}

size_t
lac_mask_count_row(const LacMask *m, size_t i)
{
    g_assert(i < m->rows);
    return mask_count_words(lac_mask_row(m, i), m->words);
}

size_t
lac_mask_count_col(const LacMask *m, size_t j)
{
    size_t count = 0;

    g_assert(j < m->cols);
    for (size_t i = 0; i < m->rows; i++)
        count += (size_t)lac_mask_get(m, i, j);
    return count;
}

void
lac_mask_or(LacMask *into, const LacMask *other)
{
    g_assert(into->rows == other->rows && into->cols == other->cols);
    for (size_t k = 0; k < into->rows * into->words; k++)
        into->bits[k] |= other->bits[k];
}
