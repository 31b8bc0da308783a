/* Philox 4x32-10 streams and the draws made from them.
 *
 * A stream's name is its 128-bit (key, stream). The counter of the cipher is (stream, counter), so
 * block number `counter` of a stream costs the same wherever it lies. Children are named by
 * enciphering (parent's stream, index or hashed purpose) under the parent's key with a tag mixed
 * in; the cipher is a bijection for a given key, so the children of one parent never share a name.
 *
 * One draw takes one 64-bit number. Normals are the inverse distribution function (Wichura's AS
 * 241) of one open uniform: position k of a stream is normal number k, there is nothing to carry
 * over between calls, and bulk fills vectorise. */
#include "normal-private.h"
#include <lacuna/rng.h>

#include <string.h>

#define PHILOX_M0 0xD2511F53u
#define PHILOX_M1 0xCD9E8D57u
#define PHILOX_W0 0x9E3779B9u
#define PHILOX_W1 0xBB67AE85u

/* fractional digits of pi: they only have to differ from each other and from 0 */
#define TAG_INDEX UINT64_C(0x243F6A8885A308D3)
#define TAG_PURPOSE UINT64_C(0x13198A2E03707344)

/* blocks enciphered at once by the bulk fills, and draws they hold */
#define LANES 64
#define CHUNK (2 * LANES)

static void
philox(uint64_t key, uint64_t counter, uint64_t stream, uint32_t out[4])
{
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    uint32_t c0 = (uint32_t)counter, c1 = (uint32_t)(counter >> 32);
    uint32_t c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);

    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = (uint64_t)PHILOX_M0 * c0, p1 = (uint64_t)PHILOX_M1 * c2;

        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += PHILOX_W0;
        k1 += PHILOX_W1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* Draws 2 i and 2 i + 1 of @out are block counter + i. The words live in 64-bit lanes, which is
 * what the vector multiplications take. */
LAC_CLONES static void
philox_lanes(uint64_t key, uint64_t counter, uint64_t stream, uint64_t out[CHUNK])
{
    const uint64_t low = UINT32_MAX;
    uint64_t c0[LANES], c1[LANES], c2[LANES], c3[LANES];
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);

    for (size_t i = 0; i < LANES; i++) {
        c0[i] = (counter + i) & low;
        c1[i] = (counter + i) >> 32;
        c2[i] = stream & low;
        c3[i] = stream >> 32;
    }
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < LANES; i++) {
            const uint64_t p0 = PHILOX_M0 * (c0[i] & low), p1 = PHILOX_M1 * (c2[i] & low);

            c0[i] = (p1 >> 32) ^ c1[i] ^ k0;
            c1[i] = p1 & low;
            c2[i] = (p0 >> 32) ^ c3[i] ^ k1;
            c3[i] = p0 & low;
        }
        k0 += PHILOX_W0;
        k1 += PHILOX_W1;
    }
    for (size_t i = 0; i < LANES; i++) {
        out[2 * i] = c0[i] | c1[i] << 32;
        out[2 * i + 1] = c2[i] | c3[i] << 32;
    }
}

LacRng
lac_rng_new(uint64_t seed)
{
    return (LacRng){.key = seed};
}

static LacRng
rng_child(const LacRng *parent, uint64_t tag, uint64_t name)
{
    uint32_t w[4];

    philox(parent->key ^ tag, name, parent->stream, w);
    return (LacRng){
        .key = (uint64_t)w[1] << 32 | w[0],
        .stream = (uint64_t)w[3] << 32 | w[2],
    };
}

LacRng
lac_rng_split(const LacRng *parent, const char *purpose)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325); /* FNV-1a, 64 bits */

    for (const char *c = purpose; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001B3);
    return rng_child(parent, TAG_PURPOSE, hash);
}

LacRng
lac_rng_at(const LacRng *parent, uint64_t index)
{
    return rng_child(parent, TAG_INDEX, index);
}

uint64_t
lac_rng_u64(LacRng *rng)
{
    if (rng->left == 0) {
        philox(rng->key, rng->counter, rng->stream, rng->words);
        rng->counter++;
        rng->left = 4;
    }

    const uint32_t *w = rng->words + (4 - rng->left);

    rng->left -= 2;
    return (uint64_t)w[1] << 32 | w[0];
}

void
lac_rng_skip(LacRng *rng, uint64_t n)
{
    for (; n > 0 && rng->left > 0; n--)
        rng->left -= 2;
    rng->counter += n / 2;
    if (n % 2 == 1)
        lac_rng_u64(rng);
}

static inline double
bits_to_uniform(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

/* the middle of one of 2^52 equal cells; with 2^53 of them the last would round to 1 */
static inline double
bits_to_open(uint64_t bits)
{
    return ((double)(bits >> 12) + 0.5) * 0x1p-52;
}

double
lac_rng_uniform(LacRng *rng)
{
    return bits_to_uniform(lac_rng_u64(rng));
}

double
lac_rng_open(LacRng *rng)
{
    return bits_to_open(lac_rng_u64(rng));
}

/* Lemire (2019), "Fast random integer generation in an interval": the high word of a product is
 * uniform once the few low words that would favour some outcomes are drawn again. */
uint64_t
lac_rng_below(LacRng *rng, uint64_t n)
{
    g_assert(n >= 1);

    unsigned __int128 product = (unsigned __int128)lac_rng_u64(rng) * n;

    if ((uint64_t)product < n) {
        const uint64_t floor = (0 - n) % n;

        while ((uint64_t)product < floor)
            product = (unsigned __int128)lac_rng_u64(rng) * n;
    }
    return (uint64_t)(product >> 64);
}

double
lac_rng_normal(LacRng *rng)
{
    return lac_as241(lac_rng_open(rng));
}

/* Marsaglia and Tsang (2000), "A simple method for generating gamma variables"; below shape 1 by
 * their last remark, gamma(a) = gamma(a + 1) U^(1/a). */
double
lac_rng_gamma(LacRng *rng, double shape)
{
    g_assert(shape > 0.0);

    const double d = (shape < 1.0 ? shape + 1.0 : shape) - 1.0 / 3.0;
    const double c = 1.0 / sqrt(9.0 * d);
    double v;

    for (;;) {
        const double x = lac_rng_normal(rng);

        v = 1.0 + c * x;
        if (v <= 0.0)
            continue;
        v = v * v * v;

        const double u = lac_rng_open(rng);

        if (log(u) < 0.5 * x * x + d - d * v + d * log(v))
            break;
    }
    return shape < 1.0 ? d * v * pow(lac_rng_open(rng), 1.0 / shape) : d * v;
}

double
lac_rng_chi2(LacRng *rng, double df)
{
    return 2.0 * lac_rng_gamma(rng, 0.5 * df);
}

LAC_CLONES static void
fill_uniform_chunk(const uint64_t bits[CHUNK], double *out)
{
    for (size_t i = 0; i < CHUNK; i++)
        out[i] = bits_to_uniform(bits[i]);
}

/* All take the formula of the centre, which vectorises; the 15 % in the tails are then redone. */
LAC_CLONES static void
fill_normal_chunk(const uint64_t bits[CHUNK], double *out)
{
    for (size_t i = 0; i < CHUNK; i++)
        out[i] = lac_as241_centre(bits_to_open(bits[i]) - 0.5);
    for (size_t i = 0; i < CHUNK; i++) {
        const double p = bits_to_open(bits[i]);

        if (fabs(p - 0.5) > 0.425)
            out[i] = lac_as241(p);
    }
}

/* Single calls up to a block boundary, whole chunks, single calls for the rest. */
static void
rng_fill(LacRng *rng, size_t n, double *out, double (*one)(LacRng *),
         void (*chunk)(const uint64_t *, double *))
{
    uint64_t bits[CHUNK];
    size_t i = 0;

    while (i < n && rng->left > 0)
        out[i++] = one(rng);
    for (; n - i >= CHUNK; i += CHUNK) {
        philox_lanes(rng->key, rng->counter, rng->stream, bits);
        rng->counter += LANES;
        chunk(bits, out + i);
    }
    while (i < n)
        out[i++] = one(rng);
}

void
lac_rng_fill_uniform(LacRng *rng, size_t n, double *out)
{
    rng_fill(rng, n, out, lac_rng_uniform, fill_uniform_chunk);
}

void
lac_rng_fill_normal(LacRng *rng, size_t n, double *out)
{
    rng_fill(rng, n, out, lac_rng_normal, fill_normal_chunk);
}

void
lac_rng_shuffle(LacRng *rng, size_t n, size_t *items)
{
    for (size_t i = n; i > 1; i--) {
        const size_t j = (size_t)lac_rng_below(rng, i);
        const size_t item = items[i - 1];

        items[i - 1] = items[j];
        items[j] = item;
    }
}

/* Knuth, TAOCP 2, algorithm S: walks all of 0..n-1. */
static void
sample_dense(LacRng *rng, size_t n, size_t k, size_t *out)
{
    for (size_t i = 0, taken = 0; taken < k; i++)
        if (lac_rng_below(rng, n - i) < k - taken)
            out[taken++] = i;
}

/* Where @item is or belongs in a linear-probing table whose hash keeps the order of the items. */
static size_t *
sample_slot(size_t *table, size_t slots, size_t n, size_t item)
{
    size_t i = (size_t)((unsigned __int128)item * slots / n);

    while (table[i] != SIZE_MAX && table[i] != item)
        i++;
    return &table[i];
}

/* Floyd (in Bentley, CACM 30(9), 1987). The items are spread evenly, so a hash that keeps their
 * order is a good one, and reading the table out leaves only neighbours to be swapped. */
static void
sample_sparse(LacRng *rng, size_t n, size_t k, size_t *out)
{
    const size_t slots = 2 * k, room = slots + k; /* probing past the end needs at most k more */
    g_autofree size_t *table = g_new(size_t, room);
    size_t taken = 0;

    memset(table, 0xFF, room * sizeof *table);
    for (size_t top = n - k; top < n; top++) {
        const size_t item = (size_t)lac_rng_below(rng, top + 1);
        size_t *slot = sample_slot(table, slots, n, item);

        if (*slot == item)
            *sample_slot(table, slots, n, top) = top;
        else
            *slot = item;
    }
    for (size_t i = 0; i < room; i++) {
        if (table[i] == SIZE_MAX)
            continue;

        size_t at = taken++;

        for (; at > 0 && out[at - 1] > table[i]; at--)
            out[at] = out[at - 1];
        out[at] = table[i];
    }
}

void
lac_rng_sample(LacRng *rng, size_t n, size_t k, size_t *out)
{
    g_assert(k <= n);

    if (k > n / 16)
        sample_dense(rng, n, k, out);
    else if (k > 0)
        sample_sparse(rng, n, k, out);
}
