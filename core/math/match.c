#include <lacuna/match.h>

#include "sort-private.h"

LacMatcher *
lac_matcher_new(void)
{
    return g_new0(LacMatcher, 1);
}

void
lac_matcher_free(LacMatcher *matcher)
{
    if (matcher == NULL)
        return;
    g_free(matcher->score);
    g_free(matcher->donor);
    g_free(matcher->scratch);
    g_free(matcher);
}

static void
matcher_reserve(LacMatcher *matcher, size_t n)
{
    if (n <= matcher->capacity)
        return;
    matcher->capacity = n;
    matcher->score = g_renew(double, matcher->score, n);
    matcher->donor = g_renew(size_t, matcher->donor, n);
    matcher->scratch = g_renew(uint64_t, matcher->scratch, 3 * n);
}

/* Gives the run of equal scores [begin, end) a random order that depends on nothing but the
 * stream and the donors' positions. */
static void
matcher_shuffle_run(LacMatcher *matcher, size_t begin, size_t end, const LacRng *ties)
{
    const size_t n = end - begin;
    g_autofree uint64_t *keys = g_new(uint64_t, 2 * n);
    g_autofree size_t *spare = g_new(size_t, n);

    for (size_t i = 0; i < n; i++) {
        LacRng rng = lac_rng_at(ties, matcher->donor[begin + i]);

        keys[i] = lac_rng_u64(&rng);
    }
    lac_radix_sort(n, keys, matcher->donor + begin, keys + n, spare);
}

void
lac_matcher_build(LacMatcher *matcher, size_t n, const double *scores, const LacRng *ties)
{
    g_assert(n > 0);
    matcher_reserve(matcher, n);
    matcher->n = n;
    uint64_t *keys = matcher->scratch, *spare = keys + n;
    G_STATIC_ASSERT(sizeof(size_t) == sizeof(uint64_t));

    for (size_t i = 0; i < n; i++) {
        keys[i] = lac_radix_key(scores[i]);
        matcher->donor[i] = i;
    }
    lac_radix_sort(n, keys, matcher->donor, spare, (size_t *)(spare + n));
    for (size_t i = 0; i < n; i++)
        matcher->score[i] = lac_radix_value(keys[i]);
    for (size_t begin = 0, end; begin < n; begin = end) {
        for (end = begin + 1; end < n && keys[end] == keys[begin];)
            end++;
        if (end - begin > 1)
            matcher_shuffle_run(matcher, begin, end, ties);
    }
}

/* First position whose score is not below the target; branch-free halving. */
static size_t
match_lower_bound(size_t n, const double *score, double target)
{
    const double *base = score;
    size_t left = n;

    while (left > 1) {
        const size_t half = left / 2;

        base += base[half - 1] < target ? half : 0;
        left -= half;
    }
    return (size_t)(base - score) + (*base < target);
}

size_t
lac_match_nth(size_t n, const double *score, double target, size_t nth)
{
    size_t right = match_lower_bound(n, score, target), left = right;

    g_assert(nth < n);
    for (;; nth--) { /* left - 1 and right are the nearest entries not yet taken */
        const gboolean go_left =
            left > 0 && (right == n || target - score[left - 1] < score[right] - target);

        if (nth == 0)
            return go_left ? left - 1 : right;
        if (go_left)
            left--;
        else
            right++;
    }
}
