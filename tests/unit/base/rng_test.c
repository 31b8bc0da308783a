#include "lac_test.h"
#include <lacuna/rng.h>

/* Known answers of Random123 (Salmon et al.), file kat_vectors, "philox4x32 10": counter, key and
 * result as printed there, words in order. */
static void
expect_block(uint64_t counter, uint64_t stream, uint64_t key, const uint32_t expected[4])
{
    LacRng rng = {.key = key, .stream = stream, .counter = counter};

    for (int half = 0; half < 2; half++) {
        const uint64_t got = lac_rng_u64(&rng);

        EXPECT_EQ_INT((uint32_t)got, expected[2 * half]);
        EXPECT_EQ_INT((uint32_t)(got >> 32), expected[2 * half + 1]);
    }
}

LAC_TEST(base_rng, philox_matches_the_known_answers)
{
    expect_block(0, 0, 0, (uint32_t[]){0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    expect_block(UINT64_MAX, UINT64_MAX, UINT64_MAX,
                 (uint32_t[]){0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    /* counter 243f6a88 85a308d3 13198a2e 03707344, key a4093822 299f31d0 */
    expect_block(UINT64_C(0x85a308d3243f6a88), UINT64_C(0x0370734413198a2e),
                 UINT64_C(0x299f31d0a4093822),
                 (uint32_t[]){0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

LAC_TEST(base_rng, bulk_fills_equal_single_calls_from_any_position)
{
    enum { N = 777 };
    double bulk[N];

    for (int skip = 0; skip < 5; skip++) {
        LacRng a = lac_rng_new(7), b;

        for (int i = 0; i < skip; i++)
            lac_rng_u64(&a);
        b = a;
        lac_rng_fill_normal(&a, N, bulk);
        for (int i = 0; i < N; i++)
            EXPECT_EQ_DOUBLE(bulk[i], lac_rng_normal(&b));
        lac_rng_fill_uniform(&a, N, bulk);
        for (int i = 0; i < N; i++)
            EXPECT_EQ_DOUBLE(bulk[i], lac_rng_uniform(&b));
        EXPECT_TRUE(lac_rng_u64(&a) == lac_rng_u64(&b));
    }
}

LAC_TEST(base_rng, skipping_is_drawing_and_throwing_away)
{
    for (unsigned before = 0; before < 4; before++)
        for (unsigned skipped = 0; skipped < 9; skipped++) {
            LacRng drawn = lac_rng_new(3), jumped = drawn;

            for (unsigned k = 0; k < before; k++)
                EXPECT_TRUE(lac_rng_u64(&drawn) == lac_rng_u64(&jumped));
            for (unsigned k = 0; k < skipped; k++)
                lac_rng_u64(&drawn);
            lac_rng_skip(&jumped, skipped);
            for (unsigned k = 0; k < 5; k++)
                EXPECT_TRUE(lac_rng_u64(&drawn) == lac_rng_u64(&jumped));
        }
}

LAC_TEST(base_rng, children_do_not_depend_on_what_the_parent_drew)
{
    LacRng parent = lac_rng_new(3);
    LacRng before = lac_rng_at(&parent, 5), named = lac_rng_split(&parent, "mask");

    lac_rng_u64(&parent);

    LacRng after = lac_rng_at(&parent, 5), named_after = lac_rng_split(&parent, "mask");

    EXPECT_TRUE(lac_rng_u64(&before) == lac_rng_u64(&after));
    EXPECT_TRUE(lac_rng_u64(&named) == lac_rng_u64(&named_after));
}

/* 30 000 streams below one root: a 64-bit collision among their first draws has probability below
 * 3e-11, so any is a fault of the naming. */
LAC_TEST(base_rng, streams_below_one_root_all_differ)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    LacRng root = lac_rng_new(1), a = lac_rng_split(&root, "a");
    const LacRng parents[] = {root, a, lac_rng_at(&root, 1)};

    for (size_t p = 0; p < G_N_ELEMENTS(parents); p++)
        for (uint64_t i = 0; i < 10000; i++) {
            LacRng child = lac_rng_at(&parents[p], i);
            const uint64_t first = lac_rng_u64(&child);

            EXPECT_TRUE(g_hash_table_add(seen, g_memdup2(&first, sizeof first)));
        }
}

/* Mean of n draws of variance v has standard error sqrt(v / n); the bounds are five of them. The
 * variance of a sample variance is (kurtosis - 1) v^2 / n. */
LAC_TEST(base_rng, normals_have_the_right_moments)
{
    enum { N = 200000 };
    g_autofree double *x = g_new(double, N);
    LacRng rng = lac_rng_new(11);
    double m[5] = {0};

    lac_rng_fill_normal(&rng, N, x);
    for (int i = 0; i < N; i++)
        for (int k = 1; k <= 4; k++)
            m[k] += pow(x[i], k) / N;
    EXPECT_NEAR_DOUBLE(m[1], 0.0, 5.0 * sqrt(1.0 / N));
    EXPECT_NEAR_DOUBLE(m[2], 1.0, 5.0 * sqrt(2.0 / N));
    EXPECT_NEAR_DOUBLE(m[3], 0.0, 5.0 * sqrt(15.0 / N));
    EXPECT_NEAR_DOUBLE(m[4] / 3.0, 1.0, 5.0 * sqrt(96.0 / N) / 3.0);
}

LAC_TEST(base_rng, gammas_have_the_right_mean_and_variance)
{
    enum { N = 100000 };
    static const double shapes[] = {0.1, 0.9, 1.0, 3.5, 200.0};
    LacRng rng = lac_rng_new(5);

    for (size_t s = 0; s < G_N_ELEMENTS(shapes); s++) {
        const double a = shapes[s];
        double sum = 0.0, square = 0.0;

        for (int i = 0; i < N; i++) {
            const double x = lac_rng_gamma(&rng, a);

            EXPECT_TRUE(x >= 0.0);
            sum += x;
            square += (x - a) * (x - a);
        }
        /* gamma: variance a, excess kurtosis 6 / a */
        EXPECT_TRUE(fabs(sum / N - a) < 5.0 * sqrt(a / N));
        EXPECT_TRUE(fabs(square / N - a) < 5.0 * a * sqrt((2.0 + 6.0 / a) / N));
    }
}

LAC_TEST(base_rng, below_is_uniform_and_in_range)
{
    enum { N = 70000, K = 7 };
    size_t count[K] = {0};
    LacRng rng = lac_rng_new(2);
    double chi2 = 0.0;

    for (int i = 0; i < N; i++) {
        const uint64_t x = lac_rng_below(&rng, K);

        ASSERT_TRUE(x < K);
        count[x]++;
    }
    for (int k = 0; k < K; k++)
        chi2 += pow((double)count[k] - N / (double)K, 2) / (N / (double)K);
    EXPECT_TRUE(chi2 < 30.66); /* chi-squared, 6 df, upper tail 3e-5 (scipy.stats.chi2.isf) */
    EXPECT_EQ_INT(lac_rng_below(&rng, 1), 0);
}

LAC_TEST(base_rng, shuffle_keeps_every_item_and_moves_them_evenly)
{
    enum { N = 6000 };
    size_t first[5] = {0};
    LacRng rng = lac_rng_new(9);

    for (int round = 0; round < N; round++) {
        size_t items[] = {0, 1, 2, 3, 4}, seen = 0;

        lac_rng_shuffle(&rng, 5, items);
        for (int i = 0; i < 5; i++)
            seen |= (size_t)1 << items[i];
        ASSERT_EQ_INT(seen, 31);
        first[items[0]]++;
    }
    for (int i = 0; i < 5; i++) /* binomial(N, 1/5), five standard deviations */
        EXPECT_TRUE(fabs((double)first[i] - N / 5.0) < 5.0 * sqrt(N * 0.16));
}

static void
expect_sample(LacRng *rng, size_t n, size_t k, size_t *hits)
{
    g_autofree size_t *out = g_new(size_t, k + 1);

    lac_rng_sample(rng, n, k, out);
    for (size_t i = 0; i < k; i++) {
        ASSERT_TRUE(out[i] < n);
        ASSERT_TRUE(i == 0 || out[i] > out[i - 1]);
        hits[out[i]]++;
    }
}

LAC_TEST(base_rng, samples_are_sorted_distinct_and_even)
{
    enum { N = 200, ROUNDS = 20000 };
    static const size_t sizes[] = {1, 3, 11, 12, 13, 100, 199};
    LacRng rng = lac_rng_new(4);

    for (size_t s = 0; s < G_N_ELEMENTS(sizes); s++) {
        const double share = (double)sizes[s] / N;
        size_t hits[N] = {0};

        for (int round = 0; round < ROUNDS; round++)
            expect_sample(&rng, N, sizes[s], hits);
        for (int i = 0; i < N; i++) /* binomial; 1400 comparisons at six standard deviations */
            EXPECT_TRUE(fabs((double)hits[i] - ROUNDS * share) <
                        6.0 * sqrt(ROUNDS * share * (1.0 - share)) + 1.0);
    }
}

LAC_TEST(base_rng, a_sample_may_take_nothing_everything_or_little_of_much)
{
    LacRng rng = lac_rng_new(6);
    size_t out[10];

    lac_rng_sample(&rng, 10, 0, out);
    lac_rng_sample(&rng, 10, 10, out);
    for (size_t i = 0; i < 10; i++)
        EXPECT_EQ_INT(out[i], i);
    lac_rng_sample(&rng, SIZE_MAX / 2, 10, out);
    for (size_t i = 1; i < 10; i++)
        EXPECT_TRUE(out[i] > out[i - 1]);
}

LAC_TEST(base_rng, open_uniforms_never_reach_the_ends)
{
    LacRng rng = {.words = {0, 0, UINT32_MAX, UINT32_MAX}, .left = 4};

    EXPECT_EQ_DOUBLE(lac_rng_open(&rng), 0x1p-53);
    EXPECT_EQ_DOUBLE(lac_rng_open(&rng), 1.0 - 0x1p-53);
}
