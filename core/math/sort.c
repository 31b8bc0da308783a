/* Radix sorts from the lowest digit, of doubles by their bits, turned so that they order as
 * unsigned numbers. Passes in which all keys agree are skipped; they are many when the data hold
 * few distinct values or short decimals. Values alone go by eight bits, whose digits are all
 * counted in one reading; keys that carry an index, which costs more to move, by eleven. */
#include "sort-private.h"
#include <lacuna/stats.h>

#include <stdlib.h>
#include <string.h>

#define DIGITS 8
#define BUCKETS 256
#define WIDE_BITS 11
#define WIDE_BUCKETS (1 << WIDE_BITS)
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

/* Counts to first positions; FALSE when all @n keys share this digit: nothing would move. */
static gboolean
start_positions(size_t n, size_t buckets, size_t *count)
{
    size_t start = 0;

    for (size_t b = 0; b < buckets; b++) {
        const size_t here = count[b];

        if (here == n)
            return FALSE;
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
        if (!start_positions(n, BUCKETS, count[pass]))
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
wide_pass(size_t n, unsigned shift, size_t *start, const uint64_t *keys, const size_t *index,
          uint64_t *keys_out, size_t *index_out)
{
    for (size_t i = 0; i < n; i++) {
        const size_t to = start[(keys[i] >> shift) & (WIDE_BUCKETS - 1)]++;

        keys_out[to] = keys[i];
        index_out[to] = index[i];
    }
}

static void
insertion_sort_keys(size_t n, uint64_t *keys, size_t *index)
{
    for (size_t i = 1; i < n; i++) {
        const uint64_t key = keys[i];
        const size_t at = index[i];
        size_t j = i;

        for (; j > 0 && keys[j - 1] > key; j--) {
            keys[j] = keys[j - 1];
            index[j] = index[j - 1];
        }
        keys[j] = key;
        index[j] = at;
    }
}

void
lac_radix_sort(size_t n, uint64_t *keys, size_t *index, uint64_t *spare_keys, size_t *spare_index)
{
    uint64_t *from = keys, *to = spare_keys, differ = 0;
    size_t *from_index = index, *to_index = spare_index;
    size_t count[WIDE_BUCKETS];

    if (n <= 32) {
        insertion_sort_keys(n, keys, index);
        return;
    }
    for (size_t i = 1; i < n; i++)
        differ |= keys[i] ^ keys[0];
    for (unsigned shift = 0; shift < 64; shift += WIDE_BITS) {
        if (((differ >> shift) & (WIDE_BUCKETS - 1)) == 0)
            continue;
        memset(count, 0, sizeof count);
        for (size_t i = 0; i < n; i++)
            count[(from[i] >> shift) & (WIDE_BUCKETS - 1)]++;
        if (!start_positions(n, WIDE_BUCKETS, count))
            continue;
        wide_pass(n, shift, count, from, from_index, to, to_index);
        uint64_t *keys_swap = from;
        size_t *index_swap = from_index;

        from = to;
        from_index = to_index;
        to = keys_swap;
        to_index = index_swap;
    }
    if (from != keys) {
        memcpy(keys, from, n * sizeof *keys);
        memcpy(index, from_index, n * sizeof *index);
    }
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
