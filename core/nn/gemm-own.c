/* Our own matrix products, for the sizes of tabular networks, where a library's preparations cost
 * as much as the product: B is laid out in panels as wide as two vector registers, each by the
 * thread that uses it, and every tile of C is finished (bias, activation) while it is in registers.
 *
 * The order of summation depends on k alone, so results do not depend on the number of threads. */
#include "activation-private.h"
#include "gemm-private.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)

enum {
    DEPTH = 240, /* steps of k a panel holds */
    GROUP = 8,   /* panels laid out at once: they stay in L2 while a tile of A stays in L1 */
    A_STEP = 16, /* values of a laid out row of A: at least those of a tile */
    GRAIN_FLOPS = 1 << 21, /* below this a second thread starts for longer than it helps */
};

/** GemmTile: up to a panel's width of some rows of C over up to DEPTH steps of k. */
typedef struct {
    const LacReal *a, *b; /* the first value of A; the panel of B */
    size_t row_step, k_step, k;
    LacReal *c;
    size_t ldc, cols;
    gboolean add, relu;
    const LacReal *bias, *row_bias; /* [cols] and [rows], or NULL */
} GemmTile;

#define TILE_NAME(name) name##_avx512
#define TILE_TARGET target("arch=x86-64-v4")
#define TILE_BYTES 64
#define TILE_ROWS 14
#include "gemm-tile.h"
#undef TILE_NAME
#undef TILE_TARGET
#undef TILE_BYTES
#undef TILE_ROWS
#define TILE_NAME(name) name##_avx2
#define TILE_TARGET target("arch=x86-64-v3")
#define TILE_BYTES 32
#define TILE_ROWS 6
#include "gemm-tile.h"
#undef TILE_NAME
#undef TILE_TARGET
#undef TILE_BYTES
#undef TILE_ROWS

/** GemmKernel: the inner loops for this processor. */
typedef struct {
    void (*tile)(const GemmTile *tile, size_t rows);
    size_t rows, lanes; /* of a tile, and values of one vector */
} GemmKernel;

/* The same question LAC_CLONES asks; NULL: neither set of instructions. */
static const GemmKernel *
gemm_kernel(void)
{
    static const GemmKernel avx512 = {gemm_tile_avx512, 14, 64 / sizeof(LacReal)};
    static const GemmKernel avx2 = {gemm_tile_avx2, 6, 32 / sizeof(LacReal)};

    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return &avx512;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &avx2 : NULL;
}

/* ---- a group of panels times some rows of op(A) ---- */

/** GemmScratch: laid out factors, one a thread, kept for its life. */
typedef struct {
    LacReal panels[GROUP][DEPTH * NN_WIDEST + NN_SLACK];
    LacReal a[DEPTH * A_STEP];
} GemmScratch;

static GemmScratch *
gemm_scratch(void)
{
    static GPrivate scratch = G_PRIVATE_INIT(free);
    GemmScratch *own = g_private_get(&scratch);

    if (own == NULL) {
        own = aligned_alloc(64, sizeof *own);
        g_assert(own != NULL); /* half a MiB */
        g_private_set(&scratch, own);
    }
    return own;
}

/** GemmPart: the panels [first, first + n) of C's columns over [k, k + depth). */
typedef struct {
    const NnGemm *g;
    const GemmKernel *kernel;
    GemmScratch *scratch;
    size_t first, n, k, depth;
} GemmPart;

static size_t
part_cols(const GemmPart *part, size_t panel)
{
    const size_t width = 2 * part->kernel->lanes;

    return MIN(width, part->g->n - (part->first + panel) * width);
}

static void
part_lay_out(const GemmPart *part)
{
    const NnGemm *g = part->g;
    const size_t lanes = part->kernel->lanes;

    for (size_t panel = 0; panel < part->n; panel++) {
        const size_t column = (part->first + panel) * 2 * lanes, cols = part_cols(part, panel);
        const size_t width = cols <= lanes ? lanes : 2 * lanes;

        nn_gemm_lay_out(g, column, cols, part->k, part->depth, part->scratch->panels[panel], width);
    }
}

/* Rows [from, to) of C, at most a tile's, in all panels. */
static void
part_rows(const GemmPart *part, size_t from, size_t to)
{
    const NnGemm *g = part->g;
    const size_t width = 2 * part->kernel->lanes, rows = to - from;
    const gboolean last = part->k + part->depth == g->k, bias = last && g->bias != NULL;
    GemmTile tile = {.row_step = g->lda,
                     .k_step = 1,
                     .k = part->depth,
                     .ldc = g->ldc,
                     .a = g->a + from * g->lda + part->k,
                     .add = g->add || part->k > 0,
                     .relu = last && g->activation == LAC_ACTIVATION_RELU,
                     .row_bias = bias && g->bias_of_rows ? g->bias + from : NULL};

    if (g->ta) { /* far apart in memory, and needed for each panel; a few too many are as cheap */
        nn_lay_out_rows(g->a + part->k * g->lda + from, g->lda, MIN(A_STEP, g->m - from),
                        part->depth, part->scratch->a, A_STEP);
        tile.a = part->scratch->a, tile.row_step = 1, tile.k_step = A_STEP;
    }
    for (size_t panel = 0; panel < part->n; panel++) {
        const size_t column = (part->first + panel) * width;

        tile.b = part->scratch->panels[panel];
        tile.c = g->c + from * g->ldc + column;
        tile.cols = part_cols(part, panel);
        tile.bias = bias && !g->bias_of_rows ? g->bias + column : NULL;
        part->kernel->tile(&tile, rows);
        if (last && !tile.relu && g->activation != LAC_ACTIVATION_NONE)
            for (size_t i = 0; i < rows; i++)
                nn_activation_apply(g->activation, tile.cols, 0, tile.c + i * g->ldc);
    }
}

/* An NnGemmBlock. The rows in as equal tiles as there are: 15 rows are 8 and 7, not 14 and 1. */
static void
gemm_block(const NnGemm *g, size_t first, size_t n, size_t begin, size_t end)
{
    GemmPart part = {
        .g = g, .kernel = gemm_kernel(), .scratch = gemm_scratch(), .first = first, .n = n};
    const size_t rows = end - begin, tiles = (rows + part.kernel->rows - 1) / part.kernel->rows;

    for (part.k = 0; part.k < g->k; part.k += DEPTH) {
        part.depth = MIN(DEPTH, g->k - part.k);
        part_lay_out(&part);
        for (size_t t = 0; t < tiles; t++)
            part_rows(&part, begin + rows * t / tiles, begin + rows * (t + 1) / tiles);
    }
}

gboolean
nn_gemm_own(const NnGemm *g)
{
    const GemmKernel *kernel = gemm_kernel();

    if (kernel == NULL)
        return FALSE;
    nn_gemm_in_blocks(g, 2 * kernel->lanes, GROUP, GRAIN_FLOPS, gemm_block);
    return TRUE;
}

#else

gboolean
nn_gemm_own(const NnGemm *g)
{
    return FALSE;
}

#endif
