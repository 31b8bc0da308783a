#include "radix-private.h"

#include <string.h>

enum { DIGIT = 11, BUCKETS = 1 << DIGIT };

static void
radix_pass(size_t n, unsigned shift, size_t *start, const uint64_t *keys, const size_t *index,
           uint64_t *keys_out, size_t *index_out)
{
    for (size_t i = 0; i < n; i++) {
        const size_t to = start[(keys[i] >> shift) & (BUCKETS - 1)]++;

        keys_out[to] = keys[i];
        index_out[to] = index[i];
    }
}

/* TRUE when the pass would move something; turns counts into first positions. */
static gboolean
radix_starts(size_t n, size_t *count)
{
    size_t sum = 0;

    for (size_t b = 0; b < BUCKETS; b++) {
        const size_t here = count[b];

        if (here == n)
            return FALSE;
        count[b] = sum;
        sum += here;
    }
    return TRUE;
}

static void
radix_insertion(size_t n, uint64_t *keys, size_t *index)
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
    size_t count[BUCKETS];

    if (n <= 32) {
        radix_insertion(n, keys, index);
        return;
    }
    for (size_t i = 1; i < n; i++)
        differ |= keys[i] ^ keys[0];
    for (unsigned shift = 0; shift < 64; shift += DIGIT) {
        if (((differ >> shift) & (BUCKETS - 1)) == 0)
            continue;
        memset(count, 0, sizeof count);
        for (size_t i = 0; i < n; i++)
            count[(from[i] >> shift) & (BUCKETS - 1)]++;
        if (!radix_starts(n, count))
            continue;
        radix_pass(n, shift, count, from, from_index, to, to_index);
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
