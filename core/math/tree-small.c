/* Nodes of up to eight rows, most of a tree. Each lies in a slot of its own, rows and sums in one
 * vector; a split writes both sides to slots behind, as nodes and as leaves, one of which is then
 * written over. So hardly a branch depends on the data, nothing is read in another width than it
 * was written, and one node need not wait for the one before it. The same trees as by tree.c alone.
 */
#include "tree-wide-private.h"

#include <string.h>

#if defined(__x86_64__)

enum { SLOTS = (TREE_PUT_OFF + 2) * TREE_SMALL };

/** SmallNode: lanes from @n on are nobody's. @link: where the node's number belongs. */
typedef struct {
    int64_t packed[TREE_LANES];
    uint32_t rows[TREE_LANES];
    int64_t sum;
    int32_t *link;
    uint64_t n;
} __attribute__((aligned(64))) SmallNode;

/** TreeSmall: @leaves: of this run, whose values are not yet known; one slot more to write to. */
struct TreeSmall {
    SmallNode nodes[SLOTS + 1], leaves[SLOTS + 1];
    size_t n_nodes, n_leaves;
};

/** SmallSplit: of the node at hand: codes of the feature chosen. */
typedef struct {
    __m512i own[TREE_ABREAST], sum[TREE_ABREAST], chosen;
    __m512d gain[TREE_ABREAST];
    TreeSplit best;
} SmallSplit;

TREE_WIDE_INLINE gboolean
small_is_pure(const SmallNode *node, const TreeSpace *space, __m512i packed, __mmask8 there)
{
    const int64_t counts = ((int64_t)1 << space->count_bits) - 1, *two = node->packed;

    if ((two[1] >> space->count_bits) * (two[0] & counts) !=
        (two[0] >> space->count_bits) * (two[1] & counts))
        return FALSE;
    const __m512i count = _mm512_set1_epi64(two[0] & counts);
    const __m512i target = _mm512_set1_epi64(two[0] >> space->count_bits);
    const __m512i a = _mm512_mullo_epi64(
        _mm512_sra_epi64(packed, _mm_cvtsi32_si128((int)space->count_bits)), count);
    const __m512i b =
        _mm512_mullo_epi64(_mm512_and_si512(packed, _mm512_set1_epi64(counts)), target);

    return _mm512_mask_cmpneq_epi64_mask(there, a, b) == 0;
}

/* Gains at each row's code, as in wide_few_gains(). */
TREE_WIDE_INLINE void
small_gains(const TreeSpace *space, const SmallNode *node, __mmask8 there, __m512i packed, size_t m,
            const uint32_t *features, const WideNode *wide, SmallSplit *split)
{
    const __m256i rows = _mm256_load_si256((const __m256i *)(const void *)node->rows);
    const __m256i safe = _mm256_maskz_mov_epi32(there, rows);
    int64_t alone[TREE_LANES];

    _mm512_storeu_si512(alone, packed);
    for (size_t f = 0; f < m; f++) {
        split->own[f] = wide_codes_at(space->codes + features[f] * space->stride, there, safe);
        split->sum[f] = _mm512_setzero_si512();
    }
    for (size_t j = 0; j < TREE_LANES; j++) {
        const __m512i one = _mm512_set1_epi64(alone[j]);

        for (size_t f = 0; f < m; f++) {
            const __m512i here =
                _mm512_set1_epi64(((const long long *)(const void *)&split->own[f])[j]);

            split->sum[f] = _mm512_mask_add_epi64(
                split->sum[f], _mm512_cmple_epi64_mask(here, split->own[f]), split->sum[f], one);
        }
    }
    for (size_t f = 0; f < m; f++)
        split->gain[f] = wide_gain_small(wide, split->sum[f]);
}

/* The first of the features that gains most and its lowest such threshold. */
TREE_WIDE_INLINE void
small_choose(size_t m, const uint32_t *features, SmallSplit *split)
{
    const __m512i most_bin = _mm512_set1_epi64(LAC_BINS_MOST);
    __m512d most = split->gain[0];
    unsigned winners = 0;

    for (size_t f = 1; f < m; f++)
        most = _mm512_max_pd(most, split->gain[f]);
    const double gain = _mm512_reduce_max_pd(most);

    if (!(gain > split->best.gain))
        return;
    most = _mm512_set1_pd(gain);
    for (size_t f = 0; f < m; f++)
        winners |= (unsigned)(_mm512_cmp_pd_mask(split->gain[f], most, _CMP_EQ_OQ) != 0) << f;
    const size_t winner = (size_t)__builtin_ctz(winners);
    const __m512i own = split->own[winner];
    const long long below = _mm512_mask_reduce_min_epi64(
        _mm512_cmp_pd_mask(split->gain[winner], most, _CMP_EQ_OQ), own);
    const __m512i cut = _mm512_set1_epi64(below);
    const __m512i above = _mm512_mask_mov_epi64(most_bin, _mm512_cmpgt_epi64_mask(own, cut), own);

    split->chosen = own;
    split->best.feature = features[winner];
    split->best.below = split->best.cut = (unsigned)below;
    split->best.above = (unsigned)_mm512_reduce_min_epi64(above);
}

/* When the features drawn cannot split the node: by more of them, the rows laid behind those of the
 * tree. */
TREE_WIDE static gboolean
small_search_more(TreeWork *work, const TreeSpace *space, const SmallNode *node, TreeDraw *draw,
                  const TreeNodeRows *about, SmallSplit *split)
{
    TreeNodeRows behind = *about;

    behind.begin = space->n;
    behind.end = space->n + node->n;
    memcpy(work->rows + space->n, node->rows, sizeof node->rows);
    memcpy(work->packed + space->n, node->packed, sizeof node->packed);
    if (!tree_search_more(work, space, &behind, draw, &split->best))
        return FALSE;
    split->chosen =
        wide_codes(space->codes + split->best.feature * space->stride, node->rows, node->n);
    return TRUE;
}

TREE_WIDE_INLINE void
small_write(SmallNode *to, __m256i rows, __m512i packed, int64_t sum, uint64_t n, int32_t *link)
{
    _mm512_store_si512(to->packed, packed);
    _mm256_store_si256((__m256i *)(void *)to->rows, rows);
    to->sum = sum;
    to->link = link;
    to->n = n;
}

/* One side of a split. */
TREE_WIDE_INLINE void
small_place(TreeSmall *small, const TreeSpace *space, __m256i rows, __m512i packed, int64_t sum,
            uint64_t n, int32_t *link)
{
    const int64_t weight = sum & (((int64_t)1 << space->count_bits) - 1);
    const gboolean leaf = (n == 1) | ((uint64_t)weight <= space->min_split);

    small_write(&small->nodes[small->n_nodes], rows, packed, sum, n, link);
    small_write(&small->leaves[small->n_leaves], rows, packed, sum, n, link);
    small->n_nodes += leaf ? 0 : 1;
    small->n_leaves += leaf ? 1 : 0;
}

TREE_WIDE_INLINE void
small_part(TreeWork *work, const TreeSpace *space, const SmallNode *node, __mmask8 there,
           __m512i packed, const SmallSplit *split)
{
    const __m256i rows = _mm256_load_si256((const __m256i *)(const void *)node->rows);
    const __mmask8 go =
        _mm512_mask_cmple_epi64_mask(there, split->chosen, _mm512_set1_epi64(split->best.below));
    const __mmask8 stay = there & (__mmask8)~go;
    const uint64_t n_go = (uint64_t)_mm_popcnt_u32(go);
    const __m512i left = _mm512_maskz_compress_epi64(go, packed);
    const int64_t sum = _mm512_reduce_add_epi64(left);
    TreeNode *added = &work->nodes[work->n_nodes];

    added->feature = (uint16_t)space->features[split->best.feature];
    added->cut = (uint16_t)(split->best.below | split->best.above << 8);
    *node->link = (int32_t)work->n_nodes++;
    small_place(work->small, space, _mm256_maskz_compress_epi32(go, rows), left, sum, n_go,
                &added->child[0]);
    small_place(work->small, space, _mm256_maskz_compress_epi32(stay, rows),
                _mm512_maskz_compress_epi64(stay, packed), node->sum - sum, node->n - n_go,
                &added->child[1]);
}

TREE_WIDE_INLINE void
small_step(TreeWork *work, const TreeSpace *space, double least, size_t m, const SmallNode *node)
{
    const __mmask8 there = packed_first(node->n);
    const __m512i packed = _mm512_maskz_mov_epi64(there, _mm512_load_si512(node->packed));
    const TreeNodeRows about = {.sum = (double)(node->sum >> space->count_bits),
                                .weight = tree_packed_weight(space, node->sum)};
    TreeDraw draw = {.taken = UINT32_MAX};
    SmallSplit split = {.best = {.gain = least, .feature = SIZE_MAX}};
    uint32_t features[TREE_ABREAST];
    WideNode wide;

    if (!small_is_pure(node, space, packed, there)) {
        for (size_t k = 0; k < m; k++) {
            tree_draw_feature(work, space, &draw, k);
            features[k] = work->order[k];
        }
        wide_node(space, &about, &wide);
        small_gains(space, node, there, packed, m, features, &wide, &split);
        small_choose(m, features, &split);
        if (split.best.feature != SIZE_MAX ||
            small_search_more(work, space, node, &draw, &about, &split)) {
            small_part(work, space, node, there, packed, &split);
            return;
        }
    }
    work->small->leaves[work->small->n_leaves++] = *node;
}

/* The mean of a leaf, as by tree_packed_leaf(). */
TREE_WIDE_INLINE double
small_leaf(const TreeSpace *space, const SmallNode *leaf)
{
    const __mmask8 there = packed_first(leaf->n);
    const __m512i packed = _mm512_maskz_mov_epi64(there, _mm512_load_si512(leaf->packed));
    const __m512i mask = _mm512_set1_epi64(((int64_t)1 << space->count_bits) - 1);
    const __m256i rows = _mm256_load_si256((const __m256i *)(const void *)leaf->rows);
    const __m512d own = _mm512_mask_i32gather_pd(_mm512_setzero_pd(), there, rows, space->y, 8);
    const __m512d count = _mm512_cvtepi64_pd(_mm512_and_si512(packed, mask));
    const __m512d like = _mm512_broadcastsd_pd(_mm512_castpd512_pd128(own));
    const __mmask8 differ = _mm512_mask_cmp_pd_mask(there, own, like, _CMP_NEQ_UQ);
    const double total = _mm512_reduce_add_pd(_mm512_mul_pd(own, count));
    const double all = tree_packed_weight(space, leaf->sum);
    const double mean = space->centre + space->unit * (total / all);

    if (space->classes == 2)
        return total > 0.5 * all ? 1.0 : 0.0;
    return differ ? mean : space->task->y[leaf->rows[0]];
}

TREE_WIDE_INLINE void
small_run(TreeWork *work, const TreeSpace *space, double least, size_t m)
{
    TreeSmall *small = work->small;

    for (size_t i = 0; i < small->n_nodes; i++)
        small_step(work, space, least, m, &small->nodes[i]);
    for (size_t i = 0; i < small->n_leaves; i++) {
        *small->leaves[i].link = ~(int32_t)work->n_leaves;
        work->value[work->n_leaves++] = small_leaf(space, &small->leaves[i]);
    }
}

TREE_WIDE void
tree_small_run(TreeWork *work, const TreeSpace *space, double least)
{
    TreeSmall *small = work->small;

    small->n_nodes = work->n_put_off;
    small->n_leaves = 0;
    for (size_t i = 0; i < work->n_put_off; i++) {
        const TreeTodo *todo = &work->put_off[i];
        const PackedRows here = packed_load(work, todo->begin, todo->end);

        small_write(&small->nodes[i], here.row, here.packed, todo->sum, todo->end - todo->begin,
                    todo->link);
    }
    switch (space->mtry) {
    case 1:
        small_run(work, space, least, 1);
        break;
    case 2:
        small_run(work, space, least, 2);
        break;
    case 3:
        small_run(work, space, least, 3);
        break;
    default:
        small_run(work, space, least, TREE_ABREAST);
    }
}

gboolean
tree_small_init(TreeWork *work, const TreeSpace *space, GError **error)
{
    if (space->packed == NULL || space->any_nominal || space->prune > 0.0 || space->mtry == 0 ||
        space->mtry > TREE_ABREAST)
        return TRUE;
    work->small = g_aligned_alloc(1, sizeof *work->small, 64);
    return TRUE;
}

#else

void
tree_small_run(TreeWork *work, const TreeSpace *space, double least)
{
    g_assert_not_reached();
}

gboolean
tree_small_init(TreeWork *work, const TreeSpace *space, GError **error)
{
    return TRUE;
}

#endif
