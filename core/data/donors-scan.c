/* The single-precision scan: 64 donors at a time against one receiver, two operations a column
 * where the processor has fused multiply-add. Only a filter: see donors_limit(). */
#include "donors-private.h"

typedef float Lanes __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t LaneBits __attribute__((vector_size(64), aligned(4), may_alias));
typedef int64_t PairBits __attribute__((vector_size(64), aligned(4), may_alias));

/* Fusing changes last bits, which the error bound allows for and no result shows. */
#ifndef __clang__
#pragma GCC push_options
#pragma GCC optimize("fp-contract=fast")
#endif

/* Everything below is inlined into the two entry points, so no vector crosses a call. */
#pragma GCC diagnostic ignored "-Wpsabi"

static inline __attribute__((always_inline)) Lanes
scan_term(gboolean capped, Lanes value, Lanes observed, float receiver)
{
    const Lanes one = (Lanes){0} + 1.0f;
    const Lanes t = value - observed * receiver; /* 0 where the donor has a hole */

    if (!capped)
        return t * t;
    const LaneBits size = (LaneBits)t & 0x7fffffff;
    const LaneBits large = (LaneBits)(one - (Lanes)size) >> 31; /* all ones where |t| > 1 */
    return (Lanes)((size & ~large) | ((LaneBits)one & large));
}

/* TRUE when a lane has its sign bit set. */
static inline __attribute__((always_inline)) gboolean
scan_any_negative(LaneBits lanes)
{
    const PairBits p = (PairBits)lanes;
    const int64_t any = (p[0] | p[1]) | (p[2] | p[3]) | (p[4] | p[5]) | (p[6] | p[7]);

    return ((uint64_t)any & 0x8000000080000000u) != 0;
}

/* Bit j is set where sums[j] < limit. Signs of differences serve as comparisons, because vector
 * comparisons of this width are not compiled well everywhere. */
static inline __attribute__((always_inline)) uint64_t
scan_hits(const float *sums, float limit)
{
    const Lanes *s = (const Lanes *)sums;
    LaneBits below[4];
    uint64_t hits = 0;

    for (unsigned v = 0; v < 4; v++)
        below[v] = (LaneBits)(s[v] - limit);
    if (!scan_any_negative((below[0] | below[1]) | (below[2] | below[3])))
        return 0;
    for (unsigned v = 0; v < 4; v++) {
        if (!scan_any_negative(below[v]))
            continue;
        for (unsigned j = 0; j < 16; j++)
            hits |= (uint64_t)(sums[16 * v + j] < limit) << (16 * v + j);
    }
    return hits;
}

static inline __attribute__((always_inline)) void
scan_sum(gboolean capped, const DonorsScan *scan, const DonorsReceiver *receiver, float *sums)
{
    Lanes *s = (Lanes *)sums;
    Lanes a = {0}, b = {0}, c = {0}, d = {0};

    if (scan->chunk > 0)
        a = s[0], b = s[1], c = s[2], d = s[3];
    for (uint32_t i = receiver->chunk[scan->chunk]; i < receiver->chunk[scan->chunk + 1]; i++) {
        const DonorsTerm term = receiver->terms[i];
        const Lanes *value =
            (const Lanes *)(scan->panel + (size_t)term.column * (2 * DONORS_LANES));
        const Lanes *observed = value + 4;

        a += scan_term(capped, value[0], observed[0], term.value);
        b += scan_term(capped, value[1], observed[1], term.value);
        c += scan_term(capped, value[2], observed[2], term.value);
        d += scan_term(capped, value[3], observed[3], term.value);
    }
    s[0] = a, s[1] = b, s[2] = c, s[3] = d;
}

static inline __attribute__((always_inline)) void
scan_block(gboolean capped, const DonorsScan *scan)
{
    const gboolean last = scan->chunk + 1 == scan->n_chunks;

    for (size_t r = 0; r < scan->n; r++) {
        const DonorsReceiver *receiver = &scan->receivers[r];
        float *sums = scan->sums + r * DONORS_LANES;
        size_t common = 0; /* no donor of the panel shares more columns than this */

        scan_sum(capped, scan, receiver, sums);
        if (!last)
            continue;
        for (size_t w = 0; w < scan->words; w++)
            common += (size_t)__builtin_popcountll(receiver->observed[w] & scan->covers[w]);
        scan->hits[r] =
            common == 0
                ? 0
                : scan_hits(sums,
                            donors_limit(capped ? LAC_DISTANCE_GOWER : LAC_DISTANCE_NAN_EUCLIDEAN,
                                         receiver->reach, scan->panel_error, scan->slack, common));
    }
}

LAC_CLONES void
donors_scan_squares(const DonorsScan *scan)
{
    scan_block(FALSE, scan);
}

LAC_CLONES void
donors_scan_capped(const DonorsScan *scan)
{
    scan_block(TRUE, scan);
}

#ifndef __clang__
#pragma GCC pop_options
#endif
