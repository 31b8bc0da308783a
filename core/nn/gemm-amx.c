/* Matrix products on the processor's matrix unit, see amx-private.h: a block of C is some panels of
 * 32 columns, laid out once and kept in L2, times rows that are laid out 32 at a time. */
#include "activation-private.h"
#include "gemm-amx-private.h"
#include "parallel-private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef NN_AMX

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

        nn_amx_lay_out_a(part, row, rows);
        tile.lower = rows > 16;
        for (size_t panel = 0; panel < n; panel++) {
            const size_t column = (first + panel) * NN_AMX_EDGE;
            const size_t cols = MIN(NN_AMX_EDGE, g->n - column);
            const gboolean direct = tile_is_direct(&ending, rows, cols);

            tile.b.v = part->panels + panel * nn_amx_panel_size(part);
            tile.right = cols > 16;
            tile.c = direct ? g->c + row * g->ldc + column : part->scratch->c;
            tile.c_row = (direct ? g->ldc : NN_AMX_EDGE) * sizeof(float);
            tile.from = direct && ending.add_c ? tile.c : NULL;
            nn_amx_tile(&tile);
            if (!direct)
                store_tile(g, &ending, part->scratch->c, row, rows, column, cols);
        }
        if (part->finish)
            g->finish(g->finish_user, row, row + rows);
    }
}

/** AmxPlan: C in @row_blocks x @groups blocks, @chunk steps of k at once.
 * @finish: blocks finish their rows */
typedef struct {
    const NnGemm *g;
    unsigned parts;
    gboolean finish;
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
        part.finish = plan->finish && part.k + part.depth == plan->g->k;
        part.panels = part.scratch->panels;
        if (plan->g->packed != NULL)
            part.panels = plan->g->packed + first * nn_amx_panel_size(&part);
        else
            nn_amx_lay_out_b(&part, first, n, part.scratch->panels);
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
    size_t panel_values, most, by_columns;

    plan.chunk = ((g->k + chunks - 1) / chunks + NN_AMX_STEP - 1) / NN_AMX_STEP * NN_AMX_STEP;
    panel_values = plan.chunk * NN_AMX_EDGE * plan.parts;
    plan.panels = (g->n + NN_AMX_EDGE - 1) / NN_AMX_EDGE;
    plan.finish = g->finish != NULL && plan.panels * panel_values <= FINISH_VALUES;
    most = plan.finish ? plan.panels : GROUP_VALUES / panel_values;
    plan.groups = (plan.panels + most - 1) / most;
    by_columns = MIN((plan.groups + threads - 1) / threads * threads, plan.panels);
    if (threads > 1 && (plan.finish || by_columns < threads ||
                        by_columns * g->m + g->n > plan.groups * g->m + threads * g->n))
        plan.row_blocks = MIN(threads, row_tiles);
    else
        plan.row_blocks = 1, plan.groups = plan.finish ? 1 : by_columns;
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

    return suits && g->k <= DEPTH && nn_amx_found() ? nn_gemm_panels(g) * nn_amx_panel_size(&part)
                                                    : 0;
}

void
nn_gemm_pack(const NnGemm *g, size_t begin, size_t end, uint16_t *packed)
{
    AmxPart part = part_of_all(g);

    part.scratch = amx_scratch();
    nn_amx_lay_out_b(&part, begin, end - begin, packed + begin * nn_amx_panel_size(&part));
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
    if (g->finish != NULL && !plan.finish)
        nn_gemm_finish(g);
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
