/* Predictive mean matching: the k donors nearest to a target on a line. */
#ifndef LACUNA_MATCH_H
#define LACUNA_MATCH_H

#include <lacuna/rng.h>

G_BEGIN_DECLS

/**
 * LacMatcher: donors in the order of their scores.
 * @n: donors; @score: [n] ascending; @donor: [n] each one's position in the list given
 */
typedef struct {
    size_t n, capacity;
    double *score;
    size_t *donor;
    uint64_t *scratch; /* [2 * capacity] */
} LacMatcher;

/** lac_matcher_new: empty; lac_matcher_build() fills it, as often as wanted. Owned. */
LAC_API LacMatcher *lac_matcher_new(void);
LAC_API void lac_matcher_free(LacMatcher *matcher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacMatcher, lac_matcher_free)

/**
 * lac_matcher_build:
 * @scores: [n] finite predictions of the donors, n >= 1
 * @ties: stream that orders equal scores at random, by position, so that a run of equal scores
 *   longer than k is sampled from evenly
 *
 * O(n): radix sort on order-preserving keys. Keeps its memory for the next call.
 */
LAC_API void
lac_matcher_build(LacMatcher *matcher, size_t n, const double *scores, const LacRng *ties);

/**
 * lac_match_nth:
 * @score: [n] ascending, n >= 1
 * @nth: 0 for the nearest, 1 for the second ...; nth < n
 *
 * Position in @score of the nth nearest entry to @target; of two at equal distance the right one
 * comes first. O(log n + nth).
 */
LAC_API size_t lac_match_nth(size_t n, const double *score, double target, size_t nth);

/** lac_match_pick: one of the @k nearest, evenly: @u in [0, 1) says which. k is cut to n. */
static inline size_t
lac_match_pick(size_t n, const double *score, double target, size_t k, double u)
{
    const size_t limit = k < n ? k : n;

    return lac_match_nth(n, score, target, (size_t)(u * (double)limit));
}

G_END_DECLS

#endif
