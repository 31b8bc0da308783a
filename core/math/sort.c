/* Radix sort of doubles: their bits, turned so that they order as unsigned numbers, eight bits a
 * pass from the lowest. Passes in which all keys agree are skipped; they are many when the data
 * hold few distinct values or short decimals. Without indices to move, all digits are counted in
 * one reading, which lac_radix_sort() with its wider digits does not do. */
#include "radix-private.h"
#include <lacuna/stats.h>

#include <stdlib.h>

#define DIGITS 8
#define BUCKETS 256
/* below this, counting 8 x 256 digits costs more than insertion */
#define SMALL 80

static inline size_t
digit(uint64_t key, size_t pass)
{
    return (key >> (8 * pass)) & (BUCKETS - 1);
}

static inline void
count_digits(uint64_t key, size_t count[DIGITS][BUCKETS])
{
    for (size_t pass = 0; pass < DIGITS; pass++)
        count[pass][digit(key, pass)]++;
}

/* Counts to first positions; FALSE when all @n keys (@any is one) share this digit. */
static gboolean
start_positions(size_t n, uint64_t any, size_t pass, size_t count[BUCKETS])
{
    size_t start = 0;

    if (count[digit(any, pass)] == n)
        return FALSE;
    for (size_t b = 0; b < BUCKETS; b++) {
        const size_t here = count[b];

        count[b] = start;
        start += here;
    }
    return TRUE;
}

static void
insertion_sort(size_t n, double *x)
{
    for (size_t i = 1; i < n; i++) {
        const double item = x[i];
        size_t at = i;

        for (; at > 0 && x[at - 1] > item; at--)
            x[at] = x[at - 1];
        x[at] = item;
    }
}

static int
compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void
radix_sort(size_t n, double *x, uint64_t *keys, uint64_t *other)
{
    size_t count[DIGITS][BUCKETS] = {{0}};

    for (size_t i = 0; i < n; i++) {
        keys[i] = lac_radix_key(x[i]);
        count_digits(keys[i], count);
    }
    for (size_t pass = 0; pass < DIGITS; pass++) {
        if (!start_positions(n, keys[0], pass, count[pass]))
            continue;
        for (size_t i = 0; i < n; i++)
            other[count[pass][digit(keys[i], pass)]++] = keys[i];

        uint64_t *sorted = other;

        other = keys;
        keys = sorted;
    }
    for (size_t i = 0; i < n; i++)
        x[i] = lac_radix_value(keys[i]);
}

void
lac_stats_sort(size_t n, double *x)
{
    if (n <= SMALL) {
        insertion_sort(n, x);
        return;
    }

    g_autofree uint64_t *room = g_try_new(uint64_t, 2 * n);

    if (room != NULL)
        radix_sort(n, x, room, room + n);
    else
        qsort(x, n, sizeof *x, compare_doubles);
}

static void
insertion_order(size_t n, const double *x, size_t *order)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = i;

        for (; at > 0 && x[order[at - 1]] > x[i]; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
}

static int
compare_indices(const void *a, const void *b, void *values)
{
    const size_t i = *(const size_t *)a, j = *(const size_t *)b;
    const double x = ((const double *)values)[i], y = ((const double *)values)[j];

    return x != y ? (x > y) - (x < y) : (i > j) - (i < j);
}

/* The radix sort is stable, so ties stay in the order of their indices. */
void
lac_stats_order(size_t n, const double *x, size_t *order)
{
    if (n <= SMALL) {
        insertion_order(n, x, order);
        return;
    }
    for (size_t i = 0; i < n; i++)
        order[i] = i;

    g_autofree uint64_t *keys = g_try_new(uint64_t, 2 * n);
    g_autofree size_t *spare = g_try_new(size_t, n);

    if (keys == NULL || spare == NULL) {
        g_qsort_with_data(order, (gint)n, sizeof *order, compare_indices, (gpointer)x);
        return;
    }
    for (size_t i = 0; i < n; i++)
        keys[i] = lac_radix_key(x[i]);
    lac_radix_sort(n, keys, order, keys + n, spare);
}
