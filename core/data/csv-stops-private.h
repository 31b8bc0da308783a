/* Where cells end: delimiters and line ends, found 64 bytes at a time and before anyone looks at
 * the cells between them. That a cell may be of any length then costs no wrong guess. */
#ifndef LACUNA_CSV_STOPS_PRIVATE_H
#define LACUNA_CSV_STOPS_PRIVATE_H

#include <glib.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

G_BEGIN_DECLS

enum { CSV_STOPS = 64 }; /* bytes looked at at once; as many must be readable behind a text */

/** CsvStops: a walk over a text; zeroed before another text.
 * @behind: stops are known up to here; NULL at first
 * @bits: bit k is a stop at behind - 64 + k that was not stepped over yet */
typedef struct {
    const char *behind;
    uint64_t bits;
} CsvStops;

/** csv_stops_at: bit k: p[k] is @delimiter, LF or CR. */
static inline uint64_t
csv_stops_at(const char *p, char delimiter)
{
    uint64_t bits = 0;
#ifdef __SSE2__
    for (int k = 0; k < CSV_STOPS; k += 16) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(p + k));
        const __m128i cut = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(delimiter));
        const __m128i lf = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'));
        const __m128i cr = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r'));
        const int some = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(lf, cr), cut));

        bits |= (uint64_t)(unsigned)some << k;
    }
#else
    for (int k = 0; k < CSV_STOPS; k++)
        bits |= (uint64_t)((p[k] == delimiter) | (p[k] == '\n') | (p[k] == '\r')) << k;
#endif
    return bits;
}

/** csv_stops_seek: forgets all before @p, which never goes back. */
static inline void
csv_stops_seek(CsvStops *stops, const char *p)
{
    if (stops->behind == NULL || p >= stops->behind) {
        stops->behind = p;
        stops->bits = 0;
    } else if (p > stops->behind - CSV_STOPS) {
        stops->bits &= ~(uint64_t)0 << (p - (stops->behind - CSV_STOPS));
    }
}

/** csv_stops_next: the next stop before @limit, behind which CSV_STOPS bytes are no stops; else
 * NULL. */
static inline const char *
csv_stops_next(CsvStops *stops, const char *limit, char delimiter)
{
    while (stops->bits == 0) {
        if (stops->behind >= limit)
            return NULL;
        stops->bits = csv_stops_at(stops->behind, delimiter);
        stops->behind += CSV_STOPS;
    }
    return stops->behind - CSV_STOPS + __builtin_ctzll(stops->bits);
}

/** csv_stops_step: over the stop that csv_stops_next() gave. */
static inline void
csv_stops_step(CsvStops *stops)
{
    stops->bits &= stops->bits - 1;
}

G_END_DECLS

#endif
