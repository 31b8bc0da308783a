/* Stable radix sort of 64-bit keys that carry an index along. */
#ifndef LACUNA_SORT_PRIVATE_H
#define LACUNA_SORT_PRIVATE_H

#include "base-private.h"

G_BEGIN_DECLS

/**
 * lac_radix_sort:
 * @keys, @index: [n] sorted together, ascending by key; equal keys keep their order
 * @spare_keys, @spare_index: [n] scratch
 *
 * Eleven bits a pass; passes in which all keys agree are skipped.
 */
void
lac_radix_sort(size_t n, uint64_t *keys, size_t *index, uint64_t *spare_keys, size_t *spare_index);

/** lac_radix_key: unsigned integers in the order of the (not NaN) doubles; -0 equals 0. */
static inline uint64_t
lac_radix_key(double x)
{
    union {
        double d;
        uint64_t u;
    } bits = {.d = x + 0.0};

    return bits.u >> 63 ? ~bits.u : bits.u | (uint64_t)1 << 63;
}

/** lac_radix_value: the inverse. */
static inline double
lac_radix_value(uint64_t key)
{
    union {
        double d;
        uint64_t u;
    } bits = {.u = key >> 63 ? key & ~((uint64_t)1 << 63) : ~key};

    return bits.d;
}

G_END_DECLS

#endif
