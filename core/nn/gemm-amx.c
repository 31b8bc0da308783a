/* Matrix products on the processor's matrix unit, see amx-private.h: a block of C is some panels of
 * 32 columns, laid out once and kept in L2, times rows that are laid out 32 at a time. */
#include "activation-private.h"
#include "amx-private.h"
#include "gemm-private.h"
#include "parallel-private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef NN_AMX

enum {
    DEPTH = 512,                           /* steps of k laid out at once */
    PANEL = 3 * DEPTH * NN_AMX_EDGE,       /* values of a laid out panel, at most */
    GROUP_VALUES = 6 * PANEL,              /* of the panels laid out at once: half of L2 */
    MOST_GROUP = GROUP_VALUES / PANEL * 4, /* panels, where k is short */
    SERIAL_FLOPS = 1 << 22,                /* below this a second thread helps little */
};

/** AmxScratch: laid out factors, one a thread, kept for its life. */
typedef struct {
    uint16_t panels[GROUP_VALUES];
    uint16_t a[PANEL];
    float wide[DEPTH * NN_AMX_EDGE + NN_SLACK]; /* a factor that has to be turned first */
    float c[NN_AMX_EDGE * NN_AMX_EDGE];
} __attribute__((aligned(64))) AmxScratch;

static AmxScratch *
amx_scratch(void)
{
    static GPrivate scratch = G_PRIVATE_INIT(free);
    AmxScratch *own = g_private_get(&scratch);

    if (own == NULL) {
        own = aligned_alloc(64, sizeof *own);
        g_assert(own != NULL); /* less than a MiB */
        g_private_set(&scratch, own);
    }
    return own;
}

/** AmxPart: some steps of k of a product. */
typedef struct {
    const NnGemm *g;
    AmxScratch *scratch;
    unsigned parts;
    size_t k, depth, steps; /* depth values in steps of 32 */
    const uint16_t *panels;
} AmxPart;

static size_t
panel_size(const AmxPart *part)
{
    return part->steps * part->parts * NN_AMX_PAIR;
}

/* ---- laying out ---- */

/* 32 values of a row, those from @left on 0. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
lay_out_row(const float *x, size_t left, unsigned parts, uint16_t *to)
{
    nn_amx_join(_mm512_maskz_loadu_ps(nn_amx_mask(left), x),
                left <= 16 ? _mm512_setzero_ps()
                           : _mm512_maskz_loadu_ps(nn_amx_mask(left - 16), x + 16),
                parts, to, NN_AMX_PAIR);
}

/* Rows of values that follow one another, @step apart, as [steps][parts][32][32]; rows and values
 * beyond are 0. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
lay_out_rows_in(const float *from, size_t step, size_t rows, const AmxPart *part, unsigned parts,
                uint16_t *to)
{
    const size_t padded = rows > 16 ? 32 : 16;

    for (size_t k = 0; k < part->depth; k += NN_AMX_STEP, to += parts * NN_AMX_PAIR) {
        const size_t left = part->depth - k;

        if (left >= NN_AMX_STEP)
            for (size_t i = 0; i < rows; i++)
                lay_out_row(from + i * step + k, NN_AMX_STEP, parts, to + i * NN_AMX_STEP);
        else
            for (size_t i = 0; i < rows; i++)
                lay_out_row(from + i * step + k, left, parts, to + i * NN_AMX_STEP);
        for (unsigned p = 0; p < parts && rows < padded; p++)
            memset(to + p * NN_AMX_PAIR + rows * NN_AMX_STEP, 0,
                   (padded - rows) * NN_AMX_STEP * sizeof *to);
    }
}

NN_AMX_TARGET static void
lay_out_rows(const float *from, size_t step, size_t rows, const AmxPart *part, uint16_t *to)
{
    if (part->parts == 1)
        lay_out_rows_in(from, step, rows, part, 1, to);
    else
        lay_out_rows_in(from, step, rows, part, 3, to);
}

/* 16 rows of 16 values, @step apart, as 16 columns. Only @rows and @cols of them are read, the
 * others are 0. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
turn(const float *from, size_t step, size_t rows, size_t cols, __m512 out[16])
{
    const __mmask16 mask = nn_amx_mask(cols);
    __m512 r[16];

#pragma GCC unroll 16
    for (size_t i = 0; i < 16; i++)
        r[i] = i < rows ? _mm512_maskz_loadu_ps(mask, from + i * step) : _mm512_setzero_ps();
    nn_amx_turn(r, out);
}

/* [depth x rows], rows of memory @step apart, as lay_out_rows() would its transpose. */
NN_AMX_TARGET static void
lay_out_turned_rows(const float *from, size_t step, size_t rows, const AmxPart *part, float *wide,
                    uint16_t *to)
{
    for (size_t k = 0; k < part->depth; k += 16) {
        for (size_t i = 0; i < rows; i += 16) {
            __m512 columns[16];

            turn(from + k * step + i, step, part->depth - k, rows - i, columns);
#pragma GCC unroll 16
            for (size_t j = 0; j < 16; j++)
                _mm512_storeu_ps(wide + (i + j) * DEPTH + k, columns[j]);
        }
    }
    lay_out_rows(wide, DEPTH, rows, part, to);
}

/* [cols x depth], rows of memory @step apart, as a panel. */
NN_AMX_TARGET static void
lay_out_turned_columns(const float *from, size_t step, size_t cols, const AmxPart *part,
                       uint16_t *to)
{
    const size_t padded = part->steps * NN_AMX_STEP;

    for (size_t half = 0; half < (cols > 16 ? 2 : 1); half++) {
        for (size_t k = 0; k < padded; k += 16) {
            uint16_t *out = to + k / NN_AMX_STEP * part->parts * NN_AMX_PAIR +
                            half * NN_AMX_REGISTER + k % NN_AMX_STEP * 16;
            __m512 rows[16];

            turn(from + half * 16 * step + k, step, cols - 16 * half,
                 k < part->depth ? part->depth - k : 0, rows);
            if (part->parts == 1)
#pragma GCC unroll 8
                for (size_t j = 0; j < 16; j += 2)
                    nn_amx_interleave(rows[j], rows[j + 1], 1, out + j * 16, NN_AMX_PAIR);
            else
#pragma GCC unroll 8
                for (size_t j = 0; j < 16; j += 2)
                    nn_amx_interleave(rows[j], rows[j + 1], 3, out + j * 16, NN_AMX_PAIR);
        }
    }
}

/* [depth x cols], rows @step apart, as a panel. */
NN_AMX_TARGET static void
lay_out_columns(const float *from, size_t step, size_t cols, const AmxPart *part, uint16_t *to)
{
    const size_t padded = part->steps * NN_AMX_STEP;

    for (size_t half = 0; half < (cols > 16 ? 2 : 1); half++) {
        const __mmask16 mask = nn_amx_mask(cols - 16 * half);
        const float *x = from + 16 * half;

        for (size_t k = 0; k < padded; k += 2, x += 2 * step) {
            const __m512 none = _mm512_setzero_ps();

            nn_amx_interleave(k < part->depth ? _mm512_maskz_loadu_ps(mask, x) : none,
                              k + 1 < part->depth ? _mm512_maskz_loadu_ps(mask, x + step) : none,
                              part->parts,
                              to + k / NN_AMX_STEP * part->parts * NN_AMX_PAIR +
                                  half * NN_AMX_REGISTER + k % NN_AMX_STEP * 16,
                              NN_AMX_PAIR);
        }
    }
}

static void
lay_out_a(const AmxPart *part, size_t row, size_t rows)
{
    const NnGemm *g = part->g;
    AmxScratch *scratch = part->scratch;

    if (!g->ta) {
        lay_out_rows(g->a + row * g->lda + part->k, g->lda, rows, part, scratch->a);
        return;
    }
    lay_out_turned_rows(g->a + part->k * g->lda + row, g->lda, rows, part, scratch->wide,
                        scratch->a);
}

static void
lay_out_b(const AmxPart *part, size_t column, uint16_t *panel)
{
    const NnGemm *g = part->g;
    const size_t cols = MIN(NN_AMX_EDGE, g->n - column);

    if (g->lay_out == NULL && !g->tb) {
        lay_out_columns(g->b + part->k * g->ldb + column, g->ldb, cols, part, panel);
        return;
    }
    if (g->lay_out == NULL) {
        lay_out_turned_columns(g->b + column * g->ldb + part->k, g->ldb, cols, part, panel);
        return;
    }
    g->lay_out(g->lay_out_user, column, cols, part->k, part->depth, part->scratch->wide,
               NN_AMX_EDGE);
    lay_out_columns(part->scratch->wide, NN_AMX_EDGE, cols, part, panel);
}

/* ---- what is finished when the last step of k is done ---- */

/** AmxEnding: of a tile: what it begins with, and where it goes.
 * @direct: the unit reads and writes C itself; else it writes to memory of the thread */
typedef struct {
    gboolean direct, relu, rest; /* rest: of the activations */
    gboolean add_row_bias, add_bias, add_c;
} AmxEnding;

static AmxEnding
ending_of(const AmxPart *part)
{
    const NnGemm *g = part->g;
    const gboolean last = part->k + part->depth == g->k;

    return (AmxEnding){
        .direct = g->bias == NULL && g->activation == LAC_ACTIVATION_NONE,
        .relu = last && g->activation == LAC_ACTIVATION_RELU,
        .rest = last && g->activation > LAC_ACTIVATION_RELU,
        .add_row_bias = last && g->bias != NULL && g->bias_of_rows,
        .add_bias = last && g->bias != NULL && !g->bias_of_rows,
        .add_c = g->add || part->k > 0,
    };
}

/* 16 columns of a tile: what C held, bias, ReLU. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
store_half(const NnGemm *g, const AmxEnding *e, const gboolean add, const float *c, size_t row,
           size_t rows, size_t column, __mmask16 mask)
{
    const __m512 bias =
        e->add_bias ? _mm512_maskz_loadu_ps(mask, g->bias + column) : _mm512_setzero_ps();
    /* the second of two where one is NaN */
    const __m512 floor = _mm512_set1_ps(e->relu ? 0 : -INFINITY);
    float *to = g->c + row * g->ldc + column;

    for (size_t i = 0; i < rows; i++, c += NN_AMX_EDGE, to += g->ldc) {
        __m512 v = _mm512_add_ps(_mm512_load_ps(c), bias);

        if (add)
            v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(mask, to));
        if (e->add_row_bias)
            v = _mm512_add_ps(v, _mm512_set1_ps(g->bias[row + i]));
        _mm512_mask_storeu_ps(to, mask, _mm512_max_ps(floor, v));
    }
}

NN_AMX_TARGET static void
store_tile(const NnGemm *g, const AmxEnding *e, const float *c, size_t row, size_t rows,
           size_t column, size_t cols)
{
    for (size_t half = 0; half < cols; half += 16) {
        const __mmask16 mask = nn_amx_mask(cols - half);

        if (e->add_c)
            store_half(g, e, TRUE, c + half, row, rows, column + half, mask);
        else
            store_half(g, e, FALSE, c + half, row, rows, column + half, mask);
    }
    for (size_t i = row; e->rest && i < row + rows; i++)
        nn_activation_apply(g->activation, cols, 0, g->c + i * g->ldc + column);
}

/* ---- blocks ---- */

/* Where the unit may write: a whole register, and what it writes is the result. */
static gboolean
tile_is_direct(const AmxEnding *e, size_t rows, size_t cols)
{
    return e->direct && rows % 16 == 0 && cols % 16 == 0;
}

/* Rows [begin, end) of @n panels from @first on, over the steps of @part. */
static void
multiply(const AmxPart *part, size_t first, size_t n, size_t begin, size_t end)
{
    const NnGemm *g = part->g;
    const AmxEnding ending = ending_of(part);
    NnAmxTile tile = {
        .a = {part->scratch->a, NULL, part->parts * NN_AMX_PAIR, NN_AMX_PAIR, NN_AMX_REGISTER, 64},
        .steps = part->steps,
        .parts = part->parts,
        .from_row = g->ldc * sizeof(float),
    };

    tile.b = tile.a;
    for (size_t row = begin; row < end; row += NN_AMX_EDGE) {
        const size_t rows = MIN(NN_AMX_EDGE, end - row);

        lay_out_a(part, row, rows);
        tile.lower = rows > 16;
        for (size_t panel = 0; panel < n; panel++) {
            const size_t column = (first + panel) * NN_AMX_EDGE;
            const size_t cols = MIN(NN_AMX_EDGE, g->n - column);
            const gboolean direct = tile_is_direct(&ending, rows, cols);

            tile.b.v = part->panels + panel * panel_size(part);
            tile.right = cols > 16;
            tile.c = direct ? g->c + row * g->ldc + column : part->scratch->c;
            tile.c_row = (direct ? g->ldc : NN_AMX_EDGE) * sizeof(float);
            tile.from = direct && ending.add_c ? tile.c : NULL;
            nn_amx_tile(&tile);
            if (!direct)
                store_tile(g, &ending, part->scratch->c, row, rows, column, cols);
        }
    }
}

/** AmxPlan: C in @row_blocks x @groups blocks, @chunk steps of k at once. */
typedef struct {
    const NnGemm *g;
    unsigned parts;
    size_t chunk, panels, groups, group_panels, row_blocks, block_rows;
} AmxPlan;

static void
plan_block(const AmxPlan *plan, size_t first, size_t n, size_t begin, size_t end)
{
    AmxPart part = {.g = plan->g, .scratch = amx_scratch(), .parts = plan->parts};

    nn_amx_begin();
    for (part.k = 0; part.k < plan->g->k; part.k += plan->chunk) {
        part.depth = MIN(plan->chunk, plan->g->k - part.k);
        part.steps = (part.depth + NN_AMX_STEP - 1) / NN_AMX_STEP;
        part.panels = part.scratch->panels;
        if (plan->g->packed != NULL)
            part.panels = plan->g->packed + first * panel_size(&part);
        else
            for (size_t panel = 0; panel < n; panel++)
                lay_out_b(&part, (first + panel) * NN_AMX_EDGE,
                          part.scratch->panels + panel * panel_size(&part));
        multiply(&part, first, n, begin, end);
    }
    nn_amx_end();
}

static void
plan_blocks(size_t begin, size_t end, unsigned worker, void *user)
{
    const AmxPlan *plan = user;

    for (size_t block = begin; block < end; block++) {
        const size_t row = block / plan->groups * plan->block_rows;
        const size_t panel = block % plan->groups * plan->group_panels;

        if (row < plan->g->m && panel < plan->panels)
            plan_block(plan, panel, MIN(plan->group_panels, plan->panels - panel), row,
                       MIN(row + plan->block_rows, plan->g->m));
    }
}

/* Each row block lays out all of B, each group of panels all of A: so many of the one or the other
 * as there are threads, whichever has less to lay out. */
static AmxPlan
plan_make(const NnGemm *g, size_t threads)
{
    AmxPlan plan = {.g = g, .parts = nn_amx_parts(g->precision)};
    const size_t chunks = (g->k + DEPTH - 1) / DEPTH;
    const size_t row_tiles = (g->m + NN_AMX_EDGE - 1) / NN_AMX_EDGE;
    size_t most, by_columns;

    plan.chunk = ((g->k + chunks - 1) / chunks + NN_AMX_STEP - 1) / NN_AMX_STEP * NN_AMX_STEP;
    plan.panels = (g->n + NN_AMX_EDGE - 1) / NN_AMX_EDGE;
    most = GROUP_VALUES / (plan.chunk * NN_AMX_EDGE * plan.parts);
    plan.groups = (plan.panels + most - 1) / most;
    by_columns = MIN((plan.groups + threads - 1) / threads * threads, plan.panels);
    if (threads > 1 &&
        (by_columns < threads || by_columns * g->m + g->n > plan.groups * g->m + threads * g->n))
        plan.row_blocks = MIN(threads, row_tiles);
    else
        plan.row_blocks = 1, plan.groups = by_columns;
    plan.group_panels = (plan.panels + plan.groups - 1) / plan.groups;
    plan.block_rows = (row_tiles + plan.row_blocks - 1) / plan.row_blocks * NN_AMX_EDGE;
    return plan;
}

/* ---- a right factor laid out once for many products ---- */

static AmxPart
part_of_all(const NnGemm *g)
{
    return (AmxPart){.g = g,
                     .parts = nn_amx_parts(g->precision),
                     .depth = g->k,
                     .steps = (g->k + NN_AMX_STEP - 1) / NN_AMX_STEP};
}

size_t
nn_gemm_panels(const NnGemm *g)
{
    return (g->n + NN_AMX_EDGE - 1) / NN_AMX_EDGE;
}

size_t
nn_gemm_packed_size(const NnGemm *g)
{
    const AmxPart part = part_of_all(g);
    const gboolean suits = g->precision == LAC_PRECISION_BFLOAT16 || nn_gemm_suits_amx(g);

    return suits && g->k <= DEPTH && nn_amx_found() ? nn_gemm_panels(g) * panel_size(&part) : 0;
}

void
nn_gemm_pack(const NnGemm *g, size_t begin, size_t end, uint16_t *packed)
{
    AmxPart part = part_of_all(g);

    part.scratch = amx_scratch();
    for (size_t panel = begin; panel < end; panel++)
        lay_out_b(&part, panel * NN_AMX_EDGE, packed + panel * panel_size(&part));
}

#define FLOPS_PER_SECOND 2e11 /* of one core, rather too few */

gboolean
nn_gemm_amx(const NnGemm *g)
{
    const double flops = 2.0 * (double)g->m * (double)g->n * (double)g->k;
    const gboolean small = flops < SERIAL_FLOPS;
    AmxPlan plan;

    if (!nn_amx_found())
        return FALSE;
    plan = plan_make(g, small ? 1 : lac_threads());
    if (small)
        plan_blocks(0, plan.groups * plan.row_blocks, 0, &plan);
    else
        lac_parallel_for_short(flops / FLOPS_PER_SECOND, plan.groups * plan.row_blocks, 1,
                               plan_blocks, &plan);
    return TRUE;
}

#else

gboolean
nn_gemm_amx(const NnGemm *g)
{
    return FALSE;
}

size_t
nn_gemm_panels(const NnGemm *g)
{
    return 0;
}

size_t
nn_gemm_packed_size(const NnGemm *g)
{
    return 0;
}

void
nn_gemm_pack(const NnGemm *g, size_t begin, size_t end, uint16_t *packed)
{
    g_assert_not_reached();
}

#endif
