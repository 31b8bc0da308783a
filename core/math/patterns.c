#include <lacuna/gaussian.h>

#include "sort-private.h"

#include <string.h>

void
lac_patterns_free(LacPatterns *patterns)
{
    if (patterns == NULL)
        return;
    g_free(patterns->row);
    g_free(patterns->start);
    g_free(patterns->column);
    g_free(patterns->missing);
    g_free(patterns);
}

/* Rows by mask: least significant word first, each pass stable. */
static gboolean
patterns_sort(LacPatterns *patterns, const LacMask *holes, GError **error)
{
    const size_t n = patterns->rows;
    g_autofree uint64_t *keys = lac_try_alloc(2 * n + 1, sizeof *keys, "pattern keys", error);
    g_autofree size_t *spare = lac_try_alloc(n + 1, sizeof *spare, "pattern order", error);

    if (keys == NULL || spare == NULL)
        return FALSE;
    for (size_t i = 0; i < n; i++)
        patterns->row[i] = i;
    for (size_t w = 0; w < holes->words; w++) {
        for (size_t i = 0; i < n; i++)
            keys[i] = lac_mask_row(holes, patterns->row[i])[w];
        lac_radix_sort(n, keys, patterns->row, keys + n, spare);
    }
    return TRUE;
}

static void
patterns_list_columns(LacPatterns *patterns, const LacMask *holes)
{
    for (size_t g = 0; g < patterns->n; g++) {
        const size_t row = patterns->row[patterns->start[g]];
        size_t *missing = patterns->column + g * patterns->cols;
        size_t *observed = missing + lac_mask_count_row(holes, row);

        patterns->missing[g] = (size_t)(observed - missing);
        for (size_t j = 0; j < patterns->cols; j++) {
            if (lac_mask_get(holes, row, j))
                *missing++ = j;
            else
                *observed++ = j;
        }
    }
}

LacPatterns *
lac_patterns_new(const LacMask *holes, GError **error)
{
    g_autoptr(LacPatterns) patterns = g_new0(LacPatterns, 1);
    const size_t n = holes->rows, bytes = holes->words * sizeof(uint64_t);

    patterns->rows = n;
    patterns->cols = holes->cols;
    patterns->row = lac_try_alloc(n + 1, sizeof(size_t), "row order", error);
    patterns->start = lac_try_alloc(n + 1, sizeof(size_t), "pattern starts", error);
    if (patterns->row == NULL || patterns->start == NULL || !patterns_sort(patterns, holes, error))
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || memcmp(lac_mask_row(holes, patterns->row[i]),
                             lac_mask_row(holes, patterns->row[i - 1]), bytes) != 0)
            patterns->start[patterns->n++] = i;
    }
    patterns->start[patterns->n] = n;
    patterns->column =
        lac_try_alloc(patterns->n * holes->cols + 1, sizeof(size_t), "pattern columns", error);
    if (patterns->column == NULL)
        return NULL;
    patterns->missing = g_new(size_t, patterns->n + 1);
    patterns_list_columns(patterns, holes);
    return g_steal_pointer(&patterns);
}

LacMatrix *
lac_patterns_gather(const LacPatterns *patterns, const LacMatrix *x, GError **error)
{
    const size_t stride = (patterns->cols + 7) & ~(size_t)7;
    g_autoptr(LacMatrix) sorted = lac_matrix_new(patterns->rows, stride, error);

    if (sorted == NULL)
        return NULL;
    sorted->cols = patterns->cols;
    for (size_t g = 0; g < patterns->n; g++) {
        const size_t *column = patterns->column + g * patterns->cols;

        for (size_t i = patterns->start[g]; i < patterns->start[g + 1]; i++) {
            const double *from = lac_matrix_row(x, patterns->row[i]);
            double *to = lac_matrix_row(sorted, i);

            for (size_t k = patterns->missing[g]; k < patterns->cols; k++)
                to[column[k]] = from[column[k]];
        }
    }
    return g_steal_pointer(&sorted);
}
