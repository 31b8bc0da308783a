/* Searching: blocks of receivers against panels of donors, one bounded heap a hole. */
#include "donors-private.h"
#include <lacuna/parallel.h>

#include <math.h>
#include <string.h>

/* 2 u (|x| + |y|), u = 2^-24, bounds the error of a single-precision difference of two rounded
 * numbers; the last per cent covers terms of second order. */
#define DONORS_ROUNDING (2.02 * 0x1p-24)

enum {
    BATCH_CELLS = 1 << 29, /* receivers x donors x columns between two looks at the context */
};

/** Search: what all threads read. */
typedef struct {
    const LacDonors *donors;
    const LacData *in;
    const size_t *rows; /* of @in that have holes */
    size_t n_rows, k, n_chunks, most_holes, block;
    double slack;
    LacDonorVisit visit;
    void *user;
    struct Block *blocks; /* [lac_threads()] */
    size_t first;         /* receiver the batch starts at */
} Search;

/**
 * Block: the receivers one thread works on.
 * @missing: [block][words]
 * @slots: [block + 1] first heap of each receiver; heap s is heaps[s * k ...], filled[s] entries
 * @norms: [block] rounding error of the receiver's own row; INFINITY: beyond single precision
 */
typedef struct Block {
    size_t n;
    DonorsReceiver *receivers;
    DonorsTerm *terms;
    uint32_t *chunks;
    uint64_t *observed, *missing, *hits;
    size_t *slots, *filled;
    double *exact, *norms;
    float *sums;
    LacNeighbour *heaps;
} Block;

/* Sums that differ by rounding only must tie: 32 significant bits decide. */
static inline uint64_t
search_key(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return (bits + ((uint64_t)1 << 19)) >> 20;
}

static inline gboolean
search_nearer(LacNeighbour a, LacNeighbour b)
{
    const uint64_t x = search_key(a.distance), y = search_key(b.distance);

    return x != y ? x < y : a.row < b.row;
}

/* Lets @entry sink from the top of a heap whose top is the farthest. */
static inline void
heap_sink(LacNeighbour *heap, size_t n, LacNeighbour entry)
{
    size_t at = 0;

    for (size_t child = 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n && search_nearer(heap[child], heap[child + 1]))
            child++;
        if (!search_nearer(entry, heap[child]))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = entry;
}

/* Returns: TRUE when @entry is among the @k nearest so far. */
static inline gboolean
heap_offer(LacNeighbour *heap, size_t *n, size_t k, LacNeighbour entry)
{
    size_t at = *n;

    if (at == k) {
        if (!search_nearer(entry, heap[0]))
            return FALSE;
        heap_sink(heap, k, entry);
        return TRUE;
    }
    for (; at > 0 && search_nearer(heap[(at - 1) / 2], entry); at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = entry;
    (*n)++;
    return TRUE;
}

/* From heap to ascending order. */
static void
heap_sort(LacNeighbour *heap, size_t n)
{
    while (n > 1) {
        const LacNeighbour farthest = heap[0];

        n--;
        heap_sink(heap, n, heap[n]);
        heap[n] = farthest;
    }
}

typedef double Exact __attribute__((vector_size(32), aligned(8), may_alias));
typedef int64_t ExactBits __attribute__((vector_size(32), aligned(8), may_alias));

/* Four fixed lanes, so the sum is the same for every instruction set. A hole is NaN and adds 0. */
static inline double
search_sum(LacDistance distance, size_t padded, const double *x, const double *y)
{
    Exact sum = {0};

    for (size_t j = 0; j < padded; j += 4) {
        const Exact t = *(const Exact *)(x + j) - *(const Exact *)(y + j);
        Exact term = t * t;

        if (distance == LAC_DISTANCE_GOWER) {
            const ExactBits large = term > 1.0;
            const ExactBits size = (ExactBits)t & G_MAXINT64;
            term = (Exact)((size & ~large) | ((ExactBits)((Exact){0} + 1.0) & large));
        }
        sum += (Exact)((ExactBits)term & (t == t));
    }
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* From a mean over common columns of scaled rows to the distance of the header. */
static double
search_distance(const LacDonors *donors, double mean)
{
    return donors->distance == LAC_DISTANCE_GOWER
               ? mean
               : sqrt(mean * (double)donors->cols) / donors->unit;
}

/* The farthest that a donor may be to matter to receiver @r, whose donors come from a panel that
 * covers @covers (NULL: any): the receiver's part of donors_limit(). */
static inline double
search_reach(const Search *s, const Block *b, size_t r, const uint64_t *covers)
{
    const size_t words = s->donors->words;
    const uint64_t *missing = b->missing + r * words;
    size_t slot = b->slots[r];
    double worst = 0.0;

    for (size_t w = 0; w < words; w++) {
        const uint64_t offered = covers != NULL ? covers[w] : G_MAXUINT64;

        for (uint64_t m = missing[w]; m != 0; m &= m - 1, slot++) {
            if ((m & -m & offered) == 0)
                continue;
            if (b->filled[slot] < s->k)
                return INFINITY;
            worst = fmax(worst, b->heaps[slot * s->k].distance);
        }
    }
    worst *= 1.0 + 0x1p-30; /* ties are decided by row, see search_key() */
    return (s->donors->distance == LAC_DISTANCE_GOWER ? worst : sqrt(worst)) + b->norms[r];
}

static inline gboolean
search_offer(const Search *s, Block *b, size_t r, size_t position, size_t common)
{
    const LacDonors *d = s->donors;
    const uint64_t *missing = b->missing + r * d->words;
    const uint64_t *offered = d->observed + position * d->words;
    const size_t row = d->row_of[position];
    const double sum =
        search_sum(d->distance, d->padded, b->exact + r * d->padded, d->exact + row * d->padded);
    const LacNeighbour entry = {row, sum / (double)common};
    size_t slot = b->slots[r];
    gboolean changed = FALSE;

    for (size_t w = 0; w < d->words; w++) {
        for (uint64_t m = missing[w]; m != 0; m &= m - 1, slot++) {
            if ((m & -m & offered[w]) != 0)
                changed |= heap_offer(b->heaps + slot * s->k, &b->filled[slot], s->k, entry);
        }
    }
    return changed;
}

/* Lanes the scan could not rule out: count common columns, look again, then compare exactly. */
static inline __attribute__((always_inline)) void
search_hits(const Search *s, Block *b, size_t r, size_t panel)
{
    const LacDonors *d = s->donors;
    const uint64_t *covers = d->covers + panel * d->words;
    const uint64_t *missing = b->missing + r * d->words;
    const double panel_error = d->norms[panel] * DONORS_ROUNDING;
    DonorsReceiver *receiver = &b->receivers[r];
    double reach = receiver->reach;
    gboolean partly = FALSE;

    for (size_t w = 0; w < d->words; w++)
        partly |= (missing[w] & ~covers[w]) != 0;
    if (partly)
        reach = search_reach(s, b, r, covers);
    for (uint64_t hits = b->hits[r]; hits != 0; hits &= hits - 1) {
        const size_t lane = (size_t)__builtin_ctzll(hits);
        const uint64_t *observed = d->observed + (panel * DONORS_LANES + lane) * d->words;
        size_t common = 0;
        uint64_t wanted = 0;

        for (size_t w = 0; w < d->words; w++) {
            common += (size_t)__builtin_popcountll(observed[w] & receiver->observed[w]);
            wanted |= observed[w] & missing[w];
        }
        if (common == 0 || wanted == 0 ||
            b->sums[r * DONORS_LANES + lane] >=
                donors_limit(d->distance, reach, panel_error, s->slack, common))
            continue;
        if (search_offer(s, b, r, panel * DONORS_LANES + lane, common)) {
            receiver->reach = search_reach(s, b, r, NULL);
            reach = partly ? search_reach(s, b, r, covers) : receiver->reach;
        }
    }
}

LAC_CLONES static void
search_panel_hits(const Search *s, Block *b, size_t panel)
{
    for (size_t r = 0; r < b->n; r++) {
        if (b->hits[r] != 0)
            search_hits(s, b, r, panel);
    }
}

/* Receiver @r of the block becomes row @row of the input. */
static void
search_receive(const Search *s, Block *b, size_t r, size_t row)
{
    const LacDonors *d = s->donors;
    const double most = d->distance == LAC_DISTANCE_GOWER ? 0x1p23 : 0x1p50;
    DonorsTerm *terms = b->terms + r * d->cols;
    uint32_t *chunks = b->chunks + r * (s->n_chunks + 1);
    uint64_t *observed = b->observed + r * d->words, *missing = b->missing + r * d->words;
    double *exact = b->exact + r * d->padded;
    double norm = 0.0;
    uint32_t n = 0;

    memset(observed, 0, d->words * sizeof *observed);
    memcpy(missing, lac_mask_row(s->in->holes, row), d->words * sizeof *missing);
    for (size_t j = 0; j < d->cols; j++) {
        if (j % DONORS_CHUNK == 0)
            chunks[j / DONORS_CHUNK] = n;
        exact[j] = donors_scaled(d, j, lac_data_at(s->in, row, j));
        if (lac_data_is_hole(s->in, row, j))
            continue;
        /* beyond `most` squares leave single precision; for Gower the term is 1 anyway */
        const double centred = CLAMP(exact[j] - d->centre[j], -most, most);
        if (d->distance == LAC_DISTANCE_GOWER)
            norm += fabs(centred);
        else
            norm += fabs(centred) < most ? centred * centred : INFINITY;
        terms[n++] = (DonorsTerm){(uint32_t)(j % DONORS_CHUNK), (float)centred};
        observed[j / 64] |= (uint64_t)1 << (j % 64);
    }
    chunks[s->n_chunks] = n;
    if (d->distance == LAC_DISTANCE_NAN_EUCLIDEAN)
        norm = sqrt(norm);
    b->norms[r] = norm * DONORS_ROUNDING;
    b->receivers[r] = (DonorsReceiver){terms, chunks, observed, INFINITY};
    b->slots[r + 1] = b->slots[r] + lac_mask_count_row(s->in->holes, row);
}

static void
search_report(const Search *s, const Block *b, size_t r, size_t row)
{
    const LacDonors *d = s->donors;
    size_t slot = b->slots[r];

    for (size_t j = 0; j < d->cols; j++) {
        if (!lac_data_is_hole(s->in, row, j))
            continue;
        LacNeighbour *nearest = b->heaps + slot * s->k;
        const size_t n = b->filled[slot++];
        heap_sort(nearest, n);
        for (size_t i = 0; i < n; i++)
            nearest[i].distance = search_distance(d, nearest[i].distance);
        s->visit(row, j, n, nearest, s->user);
    }
}

static void
search_panel(const Search *s, Block *b, size_t panel)
{
    const LacDonors *d = s->donors;
    DonorsScan scan = {
        .n = b->n,
        .words = d->words,
        .n_chunks = s->n_chunks,
        .receivers = b->receivers,
        .covers = d->covers + panel * d->words,
        .slack = s->slack,
        .panel_error = d->norms[panel] * DONORS_ROUNDING,
        .sums = b->sums,
        .hits = b->hits,
    };
    const float *lanes = d->panels + panel * d->cols * 2 * DONORS_LANES;

    for (; scan.chunk < s->n_chunks; scan.chunk++) {
        scan.panel = lanes + scan.chunk * DONORS_CHUNK * 2 * DONORS_LANES;
        if (d->distance == LAC_DISTANCE_GOWER)
            donors_scan_capped(&scan);
        else
            donors_scan_squares(&scan);
    }
    search_panel_hits(s, b, panel);
}

static void
search_body(size_t begin, size_t end, unsigned worker, void *user)
{
    const Search *s = user;
    Block *b = &s->blocks[worker];
    const size_t *rows = s->rows + s->first;

    b->n = end - begin;
    for (size_t r = 0; r < b->n; r++)
        search_receive(s, b, r, rows[begin + r]);
    memset(b->filled, 0, b->slots[b->n] * sizeof *b->filled);
    for (size_t panel = 0; panel < s->donors->n_panels; panel++)
        search_panel(s, b, panel);
    for (size_t r = 0; r < b->n; r++)
        search_report(s, b, r, rows[begin + r]);
}

static void
search_free(Search *s)
{
    for (unsigned i = 0; s->blocks != NULL && i < lac_threads(); i++) {
        Block *b = &s->blocks[i];

        g_free(b->receivers);
        g_free(b->terms);
        g_free(b->chunks);
        g_free(b->observed);
        g_free(b->missing);
        g_free(b->hits);
        g_free(b->slots);
        g_free(b->filled);
        g_free(b->exact);
        g_free(b->norms);
        g_free(b->sums);
        g_free(b->heaps);
    }
    g_free(s->blocks);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Search, search_free)

static gboolean
search_alloc_block(const Search *s, Block *b, GError **error)
{
    static const char what[] = "scratch of the donor search";
    const LacDonors *d = s->donors;
    const size_t n = s->block;

    b->receivers = g_new0(DonorsReceiver, n);
    b->hits = g_new0(uint64_t, n);
    b->slots = g_new0(size_t, n + 1);
    b->norms = g_new0(double, n);
    return (b->terms = lac_try_alloc(n * d->cols, sizeof *b->terms, what, error)) &&
           (b->chunks = lac_try_alloc(n * (s->n_chunks + 1), sizeof *b->chunks, what, error)) &&
           (b->observed = lac_try_alloc(n * d->words, sizeof *b->observed, what, error)) &&
           (b->missing = lac_try_alloc(n * d->words, sizeof *b->missing, what, error)) &&
           (b->exact = lac_try_alloc(n * d->padded, sizeof *b->exact, what, error)) &&
           (b->sums = lac_try_alloc(n * DONORS_LANES, sizeof *b->sums, what, error)) &&
           (b->filled = lac_try_alloc(s->most_holes, sizeof *b->filled, what, error)) &&
           (b->heaps = lac_try_alloc(s->most_holes * s->k, sizeof *b->heaps, what, error));
}

/* Receivers a block, and the heaps the fullest block needs: about 8 MiB a thread at most. */
static gboolean
search_prepare(Search *s, GError **error)
{
    const size_t widest = MAX(1, s->donors->cols);
    const size_t heap = s->k * sizeof(LacNeighbour);

    s->block = CLAMP(((size_t)8 << 20) / heap / widest, 1, DONORS_BLOCK);
    for (size_t first = 0; first < s->n_rows; first += s->block) {
        size_t holes = 0;

        for (size_t r = first; r < MIN(first + s->block, s->n_rows); r++)
            holes += lac_mask_count_row(s->in->holes, s->rows[r]);
        s->most_holes = MAX(s->most_holes, holes);
    }
    s->blocks = g_new0(Block, lac_threads());
    for (unsigned i = 0; i < lac_threads(); i++) {
        if (!search_alloc_block(s, &s->blocks[i], error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
search_run(Search *s, LacContext *context, GError **error)
{
    const LacDonors *d = s->donors;
    const double row_cost = (double)d->rows * (double)d->cols;
    const size_t wanted = (size_t)((double)BATCH_CELLS / MAX(row_cost, 1.0));
    const size_t least = s->block * lac_threads();
    const size_t batch = MAX((wanted + least - 1) / least, 1) * least;

    for (; s->first < s->n_rows; s->first += batch) {
        if (context != NULL &&
            !lac_context_step(context, (double)s->first / (double)s->n_rows, error))
            return FALSE;
        lac_parallel_for(MIN(batch, s->n_rows - s->first), s->block, search_body, s);
    }
    return TRUE;
}

gboolean
lac_donors_search(const LacDonors *donors, const LacData *in, size_t k, LacDonorVisit visit,
                  void *user, LacContext *context, GError **error)
{
    g_autofree size_t *rows = lac_try_alloc(in->rows, sizeof *rows, "rows with holes", error);
    g_auto(Search) s = {
        .donors = donors,
        .in = in,
        .rows = rows,
        .k = CLAMP(k, 1, MAX(donors->rows, 1)),
        .n_chunks = (donors->cols + DONORS_CHUNK - 1) / DONORS_CHUNK,
        .slack = exp((double)(donors->cols + 16) * 0x1p-24),
        .visit = visit,
        .user = user,
    };

    g_assert(in->cols == donors->cols);
    if (rows == NULL)
        return FALSE;
    for (size_t i = 0; i < in->rows; i++) {
        if (lac_mask_count_row(in->holes, i) > 0)
            rows[s.n_rows++] = i;
    }
    return s.n_rows == 0 || (search_prepare(&s, error) && search_run(&s, context, error));
}

double
lac_donors_distance(const LacDonors *donors, const double *x, size_t row)
{
    g_autofree double *scaled = g_new0(double, donors->padded);
    const double *y = donors->exact + row * donors->padded;
    size_t common = 0;

    for (size_t j = 0; j < donors->cols; j++) {
        scaled[j] = donors_scaled(donors, j, x[j]);
        common += !isnan(scaled[j]) && !isnan(y[j]);
    }
    if (common == 0)
        return NAN;
    return search_distance(donors, search_sum(donors->distance, donors->padded, scaled, y) /
                                       (double)common);
}
