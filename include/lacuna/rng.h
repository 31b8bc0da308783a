/* Counter-based random streams: a value is a pure function of (seed, purpose, indices, position),
 * so no draw depends on thread count, on order of work, or on what somebody else drew. */
#ifndef LACUNA_RNG_H
#define LACUNA_RNG_H

#include <lacuna/macros.h>

G_BEGIN_DECLS

/**
 * LacRng: a stream by value, cheap to copy (copying forks the same sequence). Philox 4x32-10 of
 * Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). Treat as opaque.
 */
typedef struct {
    uint64_t key;     /* the stream's name */
    uint64_t stream;  /* upper half of the counter */
    uint64_t counter; /* lower half of the counter, in blocks of four words */
    uint32_t words[4];
    unsigned left; /* words not yet handed out */
} LacRng;

/** lac_rng_new: the root stream of @seed. */
LAC_API LacRng lac_rng_new(uint64_t seed);
/** lac_rng_split: an independent stream named @purpose below @parent ("mask", "bootstrap"...). It
 * depends on the name of @parent, not on what has been drawn from it; so does lac_rng_at(). */
LAC_API LacRng lac_rng_split(const LacRng *parent, const char *purpose);
/** lac_rng_at: the independent stream number @index below @parent (a row, step, chain...). */
LAC_API LacRng lac_rng_at(const LacRng *parent, uint64_t index);

/** lac_rng_u64: 64 uniform bits. */
LAC_API uint64_t lac_rng_u64(LacRng *rng);
/** lac_rng_uniform: uniform on [0, 1), a multiple of 2^-53. */
LAC_API double lac_rng_uniform(LacRng *rng);
/** lac_rng_open: uniform on (0, 1), never an end point; safe to take the logarithm of. */
LAC_API double lac_rng_open(LacRng *rng);
/** lac_rng_below: uniform integer on 0 .. n-1 without modulo bias; n >= 1. */
LAC_API uint64_t lac_rng_below(LacRng *rng, uint64_t n);
/** lac_rng_normal: standard normal, the quantile of one open uniform (Wichura's AS 241); at
 * most 8.3 in size. */
LAC_API double lac_rng_normal(LacRng *rng);
/** lac_rng_gamma: gamma with @shape > 0 and unit scale (Marsaglia and Tsang 2000). */
LAC_API double lac_rng_gamma(LacRng *rng, double shape);
/** lac_rng_chi2: chi-squared with @df > 0 degrees of freedom. */
LAC_API double lac_rng_chi2(LacRng *rng, double df);
/** lac_rng_fill_uniform, lac_rng_fill_normal: @n values at once, the same as @n single calls. */
LAC_API void lac_rng_fill_uniform(LacRng *rng, size_t n, double *out);
LAC_API void lac_rng_fill_normal(LacRng *rng, size_t n, double *out);
/** lac_rng_skip: as after @n draws of 64 bits each (u64, uniform, open, normal), in no time: so
 * that several threads fill their parts of one sequence. */
LAC_API void lac_rng_skip(LacRng *rng, uint64_t n);
/** lac_rng_shuffle: uniform permutation of @items in place (Fisher and Yates). */
LAC_API void lac_rng_shuffle(LacRng *rng, size_t n, size_t *items);
/**
 * lac_rng_sample:
 * @k: how many, k <= n
 * @out: [k] distinct numbers below @n, uniformly without replacement, in increasing order
 *
 * O(k) memory and time whatever @n is.
 */
LAC_API void lac_rng_sample(LacRng *rng, size_t n, size_t k, size_t *out);

G_END_DECLS

#endif
