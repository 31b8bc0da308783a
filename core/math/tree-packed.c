/* Targets as whole numbers. What a row brings into sums is one number of 64 bits: how often the bag
 * holds it in the lowest count_bits, and its target as many times above them. One addition adds
 * both, in any order with the same result, and half as many bytes move down the tree; what nodes do
 * beside searching is done here, eight rows at a time. */
#include "tree-wide-private.h"

#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

#if defined(__x86_64__)

static gboolean
tree_processor_is_wide(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("bmi2");
}

TREE_WIDE size_t
tree_packed_list(TreeWork *work, const TreeSpace *space)
{
    const __m256i step = _mm256_set1_epi32(TREE_LANES);
    __m256i at = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    size_t m = 0;

    work->n_out = 0;
    for (size_t i = 0; i < space->n; i += TREE_LANES, at = _mm256_add_epi32(at, step)) {
        const __mmask8 there = packed_first(space->n - i);
        const __m256i bag = _mm256_maskz_loadu_epi32(there, work->bag + i);
        const __mmask8 in = _mm256_test_epi32_mask(bag, bag), out = there & (__mmask8)~in;
        const size_t n_in = (size_t)_mm_popcnt_u32(in), n_out = (size_t)_mm_popcnt_u32(out);
        const __m512i packed = _mm512_mullo_epi64(
            _mm512_cvtepu32_epi64(bag), _mm512_maskz_loadu_epi64(there, space->packed + i));

        packed_store(work->rows + m, work->packed + m, n_in, _mm256_maskz_compress_epi32(in, at),
                     _mm512_maskz_compress_epi64(in, packed));
        _mm256_mask_storeu_epi32(work->out + work->n_out, packed_first(n_out),
                                 _mm256_maskz_compress_epi32(out, at));
        m += n_in;
        work->n_out += n_out;
    }
    return m;
}

TREE_WIDE int64_t
tree_packed_sum(const TreeWork *work, size_t begin, size_t end)
{
    __m512i sum = _mm512_setzero_si512();

    for (size_t i = begin; i < end; i += TREE_LANES)
        sum = _mm512_add_epi64(sum, packed_load(work, i, end).packed);
    return _mm512_reduce_add_epi64(sum);
}

/* Targets are compared times each other's count: exact, as the product of two counts is less than
 * the square of all. */
TREE_WIDE gboolean
tree_packed_is_pure(const TreeWork *work, const TreeSpace *space, size_t begin, size_t end)
{
    const __m512i mask = _mm512_set1_epi64(((int64_t)1 << space->count_bits) - 1);
    const __m128i shift = _mm_cvtsi32_si128((int)space->count_bits);
    const __m512i first = _mm512_set1_epi64(work->packed[begin]);
    const __m512i count = _mm512_and_si512(first, mask), target = _mm512_sra_epi64(first, shift);
    const int64_t counts = ((int64_t)1 << space->count_bits) - 1, *two = work->packed + begin;

    if ((two[1] >> space->count_bits) * (two[0] & counts) !=
        (two[0] >> space->count_bits) * (two[1] & counts))
        return FALSE; /* nearly always */
    for (size_t i = begin; i < end; i += TREE_LANES) {
        const PackedRows here = packed_load(work, i, end);
        const __m512i a = _mm512_mullo_epi64(_mm512_sra_epi64(here.packed, shift), count);
        const __m512i b = _mm512_mullo_epi64(_mm512_and_si512(here.packed, mask), target);

        if (_mm512_mask_cmpneq_epi64_mask(here.there, a, b))
            return FALSE;
    }
    return TRUE;
}

/* From the targets as they are: whole numbers would round them. */
TREE_WIDE double
tree_packed_leaf(const TreeWork *work, const TreeSpace *space, size_t begin, size_t end)
{
    const double *y = space->task->y, first = y[work->rows[begin]];
    const __m512i mask = _mm512_set1_epi64(((int64_t)1 << space->count_bits) - 1);
    const __m512d zero = _mm512_setzero_pd();
    const __m512d like = _mm512_set1_pd(space->y[work->rows[begin]]);
    __m512d sum = zero, weight = zero;
    unsigned differ = 0;

    if (end == begin + 1)
        return first;
    for (size_t i = begin; i < end; i += TREE_LANES) {
        const PackedRows here = packed_load(work, i, end);
        const __m512d own = _mm512_mask_i32gather_pd(zero, here.there, here.row, space->y, 8);
        const __m512d count = _mm512_cvtepi64_pd(_mm512_and_si512(here.packed, mask));

        differ |= _mm512_mask_cmp_pd_mask(here.there, own, like, _CMP_NEQ_UQ);
        sum = _mm512_add_pd(sum, _mm512_mul_pd(own, count));
        weight = _mm512_add_pd(weight, count);
    }
    if (!differ)
        return first;
    const double total = _mm512_reduce_add_pd(sum), all = _mm512_reduce_add_pd(weight);

    if (space->classes == 2)
        return total > 0.5 * all ? 1.0 : 0.0;
    return space->centre + space->unit * (total / all);
}

/** PackedSplit: which codes go left: up to @cut or, @by_subset, those whose bit is set. */
typedef struct {
    const uint8_t *codes;
    __m256i cut;
    __m512i subset;
    gboolean by_subset;
} PackedSplit;

TREE_WIDE_INLINE __mmask8
packed_go_left(const PackedSplit *split, const PackedRows *rows)
{
    const __m256i word =
        _mm256_i32gather_epi32((const int *)(const void *)split->codes, rows->row, 1);
    const __m256i code = _mm256_and_si256(word, _mm256_set1_epi32(0xff));

    if (!split->by_subset)
        return _mm256_mask_cmple_epi32_mask(rows->there, code, split->cut);
    const __m512i c = _mm512_cvtepu32_epi64(code);
    const __m512i words = _mm512_permutexvar_epi64(_mm512_srli_epi64(c, 6), split->subset);
    const __m512i bits = _mm512_srlv_epi64(words, _mm512_and_si512(c, _mm512_set1_epi64(63)));

    return _mm512_mask_test_epi64_mask(rows->there, bits, _mm512_set1_epi64(1));
}

/* @n rows and sums from the spare arrays to the right of the left ones. */
TREE_WIDE_INLINE void
packed_copy_back(TreeWork *work, size_t to, size_t n)
{
    for (size_t i = 0; i < n; i += TREE_LANES)
        packed_store(work->rows + to + i, work->packed + to + i, n - i,
                     _mm256_loadu_si256((const __m256i *)(const void *)(work->spare_rows + i)),
                     _mm512_loadu_si512(work->spare_packed + i));
}

/* Up to eight rows change places within their vectors; one whole store, from which what follows can
 * be read at once. */
TREE_WIDE_INLINE size_t
packed_partition_vector(TreeWork *work, size_t begin, size_t end, const PackedSplit *by)
{
    const __m256i all_rows =
        _mm256_loadu_si256((const __m256i *)(const void *)(work->rows + begin));
    const __m512i all = _mm512_loadu_si512(work->packed + begin);
    const PackedRows here = {packed_first(end - begin),
                             _mm256_maskz_mov_epi32(packed_first(end - begin), all_rows), all};
    const __mmask8 go = packed_go_left(by, &here), stay = here.there & (__mmask8)~go;
    const size_t n_go = (size_t)_mm_popcnt_u32(go);
    const __mmask8 left = packed_first(n_go), right = here.there & (__mmask8)~left;
    __m256i row = _mm256_mask_compress_epi32(all_rows, go, all_rows);
    __m512i packed = _mm512_mask_compress_epi64(all, go, all);

    row = _mm256_mask_mov_epi32(all_rows, left, row);
    packed = _mm512_mask_mov_epi64(all, left, packed);
    row = _mm256_mask_expand_epi32(row, right, _mm256_maskz_compress_epi32(stay, all_rows));
    packed = _mm512_mask_expand_epi64(packed, right, _mm512_maskz_compress_epi64(stay, all));
    _mm256_storeu_si256((__m256i *)(void *)(work->rows + begin), row);
    _mm512_storeu_si512(work->packed + begin, packed);
    return begin + n_go;
}

/* Up to four vectors of rows, which are all in registers before the first is stored. */
TREE_WIDE_INLINE size_t
packed_partition_few(TreeWork *work, size_t begin, size_t end, size_t vectors,
                     const PackedSplit *by)
{
    PackedRows rows[4];
    __mmask8 go[4];
    size_t left = begin, right = begin;

    for (size_t v = 0; v < vectors; v++) {
        rows[v] = packed_load(work, begin + v * TREE_LANES, end);
        go[v] = packed_go_left(by, &rows[v]);
        right += (size_t)_mm_popcnt_u32(go[v]);
    }
    const size_t middle = right;

    for (size_t v = 0; v < vectors; v++) {
        const __mmask8 stay = rows[v].there & (__mmask8)~go[v];
        const size_t n_go = (size_t)_mm_popcnt_u32(go[v]), n_stay = (size_t)_mm_popcnt_u32(stay);

        packed_store(work->rows + left, work->packed + left, n_go,
                     _mm256_maskz_compress_epi32(go[v], rows[v].row),
                     _mm512_maskz_compress_epi64(go[v], rows[v].packed));
        packed_store(work->rows + right, work->packed + right, n_stay,
                     _mm256_maskz_compress_epi32(stay, rows[v].row),
                     _mm512_maskz_compress_epi64(stay, rows[v].packed));
        left += n_go;
        right += n_stay;
    }
    return middle;
}

TREE_WIDE_INLINE size_t
packed_partition_many(TreeWork *work, size_t begin, size_t end, const PackedSplit *by)
{
    size_t left = begin, right = 0;

    for (size_t i = begin; i < end; i += TREE_LANES) {
        const PackedRows here = packed_load(work, i, end);
        const __mmask8 go = packed_go_left(by, &here), stay = here.there & (__mmask8)~go;
        const size_t n_go = (size_t)_mm_popcnt_u32(go), n_stay = (size_t)_mm_popcnt_u32(stay);

        packed_store(work->rows + left, work->packed + left, n_go,
                     _mm256_maskz_compress_epi32(go, here.row),
                     _mm512_maskz_compress_epi64(go, here.packed));
        packed_store(work->spare_rows + right, work->spare_packed + right, n_stay,
                     _mm256_maskz_compress_epi32(stay, here.row),
                     _mm512_maskz_compress_epi64(stay, here.packed));
        left += n_go;
        right += n_stay;
    }
    packed_copy_back(work, left, right);
    return left;
}

TREE_WIDE size_t
tree_packed_partition(TreeWork *work, const TreeSpace *space, size_t begin, size_t end,
                      const TreeSplit *split)
{
    PackedSplit by = {.codes = space->codes + split->feature * space->stride,
                      .cut = _mm256_set1_epi32((int)split->cut),
                      .by_subset = split->by_subset};

    if (split->by_subset)
        by.subset = _mm512_zextsi256_si512(
            _mm256_loadu_si256((const __m256i *)(const void *)split->subset.words));
    switch ((end - begin + TREE_LANES - 1) / TREE_LANES) {
    case 1:
        return packed_partition_vector(work, begin, end, &by);
    case 2:
        return packed_partition_few(work, begin, end, 2, &by);
    case 3:
    case 4:
        return packed_partition_few(work, begin, end, (end - begin + 7) / TREE_LANES, &by);
    default:
        return packed_partition_many(work, begin, end, &by);
    }
}

/* The rules of eight nodes from the @i-th on; *live: those that split at a threshold. */
TREE_WIDE_INLINE __m512i
packed_rules(const TreeWork *work, size_t i, __mmask8 *live)
{
    const __m256i at = _mm256_add_epi32(
        _mm256_setr_epi32(2, 5, 8, 11, 14, 17, 20, 23), /* the last of the three words of each */
        _mm256_set1_epi32((int)(3 * i)));
    const __mmask8 there = packed_first(work->n_nodes - i);
    const __m256i rule = _mm256_mmask_i32gather_epi32(_mm256_setzero_si256(), there, at,
                                                      (const int *)(const void *)work->nodes, 4);

    *live = _mm256_mask_cmpneq_epi32_mask(there, _mm256_srli_epi32(rule, 16),
                                          _mm256_set1_epi32(TREE_BY_SUBSET));
    return _mm512_cvtepu32_epi64(rule);
}

/* Addresses of the centres of the columns that rules name. */
TREE_WIDE_INLINE __m512i
packed_centres(const TreeSpace *space, __mmask8 live, __m512i rule)
{
    const __m512i feature = _mm512_and_si512(rule, _mm512_set1_epi64(0xffff));
    const __m512i offset = _mm512_mullo_epi64(feature, _mm512_set1_epi64(sizeof(LacBinColumn)));

    return _mm512_mask_i64gather_epi64(rule, live, offset, &space->bins->columns[0].centre, 1);
}

TREE_WIDE_INLINE __m512d
packed_centre(__mmask8 live, __m512i centres, __m512i code)
{
    return _mm512_mask_i64gather_pd(_mm512_setzero_pd(), live,
                                    _mm512_add_epi64(centres, _mm512_slli_epi64(code, 3)), NULL, 1);
}

/* For each the last bin no farther up than halfway, by halving, eight nodes at a time. */
TREE_WIDE void
tree_packed_cuts(TreeWork *work, const TreeSpace *space)
{
    const __m512i byte = _mm512_set1_epi64(0xff), one = _mm512_set1_epi64(1);
    const __m512d share = _mm512_set1_pd(0.5);
    uint64_t cuts[TREE_LANES];

    g_assert(work->n_nodes < INT32_MAX / 3);
    for (size_t i = 0; i < work->n_nodes; i += TREE_LANES) {
        __mmask8 live;
        const __m512i rule = packed_rules(work, i, &live);
        const __m512i centres = packed_centres(space, live, rule);
        const __m512i below = _mm512_and_si512(_mm512_srli_epi64(rule, 16), byte);
        const __m512i above = _mm512_srli_epi64(rule, 24);
        const __m512d middle =
            _mm512_add_pd(_mm512_mul_pd(share, packed_centre(live, centres, below)),
                          _mm512_mul_pd(share, packed_centre(live, centres, above)));
        __m512i cut = below, left = _mm512_maskz_sub_epi64(live, above, below);

        while (_mm512_cmpgt_epi64_mask(left, one)) {
            const __m512i half = _mm512_srli_epi64(left, 1), try = _mm512_add_epi64(cut, half);
            const __mmask8 up = _mm512_mask_cmp_pd_mask(live, packed_centre(live, centres, try),
                                                        middle, _CMP_LE_OQ);

            cut = _mm512_mask_mov_epi64(cut, up, try);
            left = _mm512_sub_epi64(left, half);
        }
        _mm512_storeu_si512(cuts, cut);
        for (size_t k = 0; i + k < work->n_nodes && k < TREE_LANES; k++)
            work->nodes[i + k].cut = live >> k & 1 ? (uint16_t)cuts[k] : (uint16_t)TREE_BY_SUBSET;
    }
}

#else

static gboolean
tree_processor_is_wide(void)
{
    return FALSE;
}

size_t
tree_packed_list(TreeWork *work, const TreeSpace *space)
{
    g_assert_not_reached();
}

int64_t
tree_packed_sum(const TreeWork *work, size_t begin, size_t end)
{
    g_assert_not_reached();
}

gboolean
tree_packed_is_pure(const TreeWork *work, const TreeSpace *space, size_t begin, size_t end)
{
    g_assert_not_reached();
}

double
tree_packed_leaf(const TreeWork *work, const TreeSpace *space, size_t begin, size_t end)
{
    g_assert_not_reached();
}

size_t
tree_packed_partition(TreeWork *work, const TreeSpace *space, size_t begin, size_t end,
                      const TreeSplit *split)
{
    g_assert_not_reached();
}

void
tree_packed_cuts(TreeWork *work, const TreeSpace *space)
{
    g_assert_not_reached();
}

#endif

static gint forbidden;

void
lac_forest_forbid_vectors(gboolean forbid)
{
    g_atomic_int_set(&forbidden, forbid);
}

gboolean
tree_wide_here(void)
{
    return !g_atomic_int_get(&forbidden) && tree_processor_is_wide();
}

/* The largest number of rows, with multiplicity, in a bag. */
static uint64_t
packed_most_rows(const TreeSpace *space, size_t trees)
{
    const uint32_t *bags = space->task->bags;
    uint64_t most = space->n;

    for (size_t t = 0; bags != NULL && t < trees; t++) {
        uint64_t sum = 0;

        for (size_t i = 0; i < space->n; i++)
            sum += bags[t * space->n + i];
        most = MAX(most, sum);
    }
    return most;
}

/* The median of what is not 0 among the distances to the median; 0 when there is none. */
static double
packed_typical_distance(size_t n, const double *y, double *scratch)
{
    size_t m = 0;

    memcpy(scratch, y, n * sizeof *y);
    lac_stats_sort(n, scratch);
    const double middle = scratch[n / 2];

    for (size_t i = 0; i < n; i++) {
        scratch[m] = fabs(y[i] - middle);
        m += scratch[m] > 0.0;
    }
    lac_stats_sort(m, scratch);
    return m > 0 ? scratch[m / 2] : 0.0;
}

/* Sums must fit: rows times the largest target, above the bits that count rows. Targets with
 * outliers so far that the others would be less than some 2^16 apart stay doubles. */
gboolean
tree_packed_init(TreeSpace *space, size_t trees, GError **error)
{
    const double fine = 0x1p16;
    const unsigned bits = g_bit_storage(packed_most_rows(space, trees));

    if (space->as_classes || !tree_wide_here() || bits > 24)
        return TRUE;
    const int scale = 63 - 2 * (int)bits;
    int64_t *packed = lac_try_alloc(space->n, sizeof *packed, "targets of a forest", error);

    if (packed == NULL)
        return FALSE;
    const double typical = packed_typical_distance(space->n, space->y, (double *)(void *)packed);

    if (typical > 0.0 && ldexp(typical, scale) < fine) {
        g_free(packed);
        return TRUE;
    }
    for (size_t i = 0; i < space->n; i++)
        packed[i] = (int64_t)((uint64_t)llround(ldexp(space->y[i], scale)) << bits) + 1;
    space->packed = packed;
    space->count_bits = bits;
    return TRUE;
}

void
tree_packed_unpack(TreeWork *work, const TreeSpace *space, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++) {
        const int64_t packed = work->packed[i];

        work->pay[i].pair =
            (TreePair){(double)(packed >> space->count_bits), tree_packed_weight(space, packed)};
    }
}
