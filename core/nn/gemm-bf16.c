/* Matrix products in bfloat16 on the processor's matrix unit (AMX): 32 x 32 values of C in four of
 * its registers, the factors rounded to nearest while they are laid out in the order it wants:
 * rows of A with 32 steps of k each; of B the values of two steps side by side for 16 columns. */
#include "activation-private.h"
#include "gemm-private.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) &&       \
    !defined(LAC_NN_DOUBLE)

#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BF16_TARGET __attribute__((target("arch=x86-64-v4,avx512bf16,amx-tile,amx-bf16")))

enum {
    EDGE = 32,             /* rows and columns of a tile of C */
    STEP = 32,             /* steps of k the unit takes at once */
    DEPTH = 384,           /* steps of k a panel holds */
    GROUP = 8,             /* panels laid out at once: they stay in L2 */
    LEAST_FLOPS = 1 << 23, /* below this a second thread starts for longer than it helps */
    TILE = 16 * STEP,      /* values of a register of bfloat16 */
};

/** Bf16Scratch: laid out factors, one a thread, kept for its life. */
typedef struct {
    uint16_t panels[GROUP][DEPTH * EDGE];      /* [k / 32][column / 16][16 pairs of k][16][2] */
    uint16_t a[DEPTH * EDGE];                  /* [k / 32][row / 16][16][32] */
    float wide[(DEPTH + 2) * EDGE + NN_SLACK]; /* a factor before it is rounded */
    float c[EDGE * EDGE] __attribute__((aligned(64)));
} Bf16Scratch;

static Bf16Scratch *
bf16_scratch(void)
{
    static GPrivate scratch = G_PRIVATE_INIT(free);
    Bf16Scratch *own = g_private_get(&scratch);

    if (own == NULL) {
        own = aligned_alloc(64, (sizeof *own + 63) / 64 * 64);
        g_assert(own != NULL); /* a third of a MiB */
        g_private_set(&scratch, own);
    }
    return own;
}

/* ---- is there such a unit, and may we use it ---- */

static gboolean
bf16_found(void)
{
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 }; /* arch_prctl(2) */
    unsigned a, b, c, d;

    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d >> 22 & 1) == 0 || (d >> 24 & 1) == 0)
        return FALSE; /* bfloat16 products, registers */
    if (!__get_cpuid_count(7, 1, &a, &b, &c, &d) || (a >> 5 & 1) == 0)
        return FALSE; /* rounding to bfloat16 */
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

gboolean
nn_gemm_has_bf16(void)
{
    static gsize answer; /* 1: no, 2: yes */

    if (g_once_init_enter(&answer))
        g_once_init_leave(&answer, bf16_found() ? 2 : 1);
    return answer == 2;
}

/* ---- laying out ---- */

/* 16 rows of 32 values, @step apart, rounded. */
BF16_TARGET static void
bf16_round_rows(const float *from, size_t step, uint16_t *to)
{
    for (size_t i = 0; i < 16; i++, from += step, to += STEP)
        _mm512_storeu_si512(
            to, (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + 16), _mm512_loadu_ps(from)));
}

/* [depth x 32] rounded, two rows side by side. */
BF16_TARGET static void
bf16_round_panel(const float *from, size_t depth, uint16_t *to)
{
    const __m512i order =
        _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                         21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);

    for (size_t p = 0; p < depth; p += 2, from += 2 * EDGE) {
        uint16_t *out = to + p / STEP * (2 * TILE) + p % STEP / 2 * 32;

        for (size_t half = 0; half < 2; half++) {
            const __m512i pair = (__m512i)_mm512_cvtne2ps_pbh(
                _mm512_loadu_ps(from + EDGE + 16 * half), _mm512_loadu_ps(from + 16 * half));

            _mm512_storeu_si512(out + half * TILE, _mm512_permutexvar_epi16(order, pair));
        }
    }
}

static size_t
bf16_padded(size_t depth)
{
    return (depth + STEP - 1) / STEP * STEP;
}

static void
bf16_lay_out_panel(const NnGemm *g, Bf16Scratch *scratch, size_t column, size_t k, size_t depth,
                   uint16_t *panel)
{
    const size_t padded = bf16_padded(depth);

    nn_gemm_lay_out(g, column, MIN(EDGE, g->n - column), k, depth, scratch->wide, EDGE);
    memset(scratch->wide + depth * EDGE, 0, (padded - depth) * EDGE * sizeof(float));
    bf16_round_panel(scratch->wide, padded, panel);
}

/* Rows [from, from + rows) of op(A), rows <= 32; the rest is 0. */
static void
bf16_lay_out_rows(const NnGemm *g, Bf16Scratch *scratch, size_t from, size_t rows, size_t k,
                  size_t depth)
{
    enum { WIDE_STEP = DEPTH };
    const float *a = g->a + from * g->lda + k;
    size_t step = g->lda;
    const size_t padded = bf16_padded(depth);

    if (g->ta || rows < EDGE || padded > depth) {
        if (g->ta)
            nn_lay_out_transposed(g->a + k * g->lda + from, g->lda, depth, rows, scratch->wide,
                                  WIDE_STEP);
        for (size_t i = 0; i < rows; i++) {
            float *row = scratch->wide + i * WIDE_STEP;

            if (!g->ta)
                memcpy(row, a + i * g->lda, depth * sizeof *row);
            memset(row + depth, 0, (padded - depth) * sizeof *row);
        }
        for (size_t i = rows; i < EDGE; i++)
            memset(scratch->wide + i * WIDE_STEP, 0, padded * sizeof(float));
        a = scratch->wide, step = WIDE_STEP;
    }
    for (size_t p = 0; p < padded; p += STEP)
        for (size_t half = 0; half < 2; half++)
            bf16_round_rows(a + half * 16 * step + p, step,
                            scratch->a + p / STEP * (2 * TILE) + half * TILE);
}

/* ---- the unit ---- */

/** Bf16Config: as the instruction reads it. */
typedef struct {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16]; /* of a register's row */
    uint8_t rows[16];
} Bf16Config;

BF16_TARGET static void
bf16_begin(void)
{
    /* a constant, since the compiler does not know either that all of it is read */
    static const Bf16Config config = {.palette = 1,
                                      .bytes = {64, 64, 64, 64, 64, 64, 64, 64},
                                      .rows = {16, 16, 16, 16, 16, 16, 16, 16}};

    _tile_loadconfig(&config);
}

BF16_TARGET static void
bf16_end(void)
{
    _tile_release();
}

/* c [32 x 32] = a panel */
BF16_TARGET static void
bf16_tile(const uint16_t *a, const uint16_t *panel, size_t padded, float *c)
{
    /* the compiler does not know that the unit reads memory */
    __asm__ volatile("" ::: "memory");
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (size_t p = 0; p < padded; p += STEP, a += 2 * TILE, panel += 2 * TILE) {
        _tile_loadd(4, a, 64);
        _tile_loadd(6, panel, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, panel + TILE, 64);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, a + TILE, 64);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, c, EDGE * sizeof *c);
    _tile_stored(1, c + 16, EDGE * sizeof *c);
    _tile_stored(2, c + 16 * EDGE, EDGE * sizeof *c);
    _tile_stored(3, c + 16 * EDGE + 16, EDGE * sizeof *c);
}

/* ---- blocks ---- */

/** Bf16Part: what is finished when the last step of k is done. */
typedef struct {
    const NnGemm *g;
    gboolean add, last;
} Bf16Part;

/* One row: what C held, bias, ReLU. */
BF16_TARGET static inline void
bf16_store_row(const Bf16Part *part, const float *c, size_t row, size_t column, __mmask16 mask,
               float *to)
{
    const NnGemm *g = part->g;
    __m512 v = _mm512_load_ps(c);

    if (part->add)
        v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(mask, to));
    if (part->last && g->bias != NULL)
        v = _mm512_add_ps(v, g->bias_of_rows ? _mm512_set1_ps(g->bias[row])
                                             : _mm512_maskz_loadu_ps(mask, g->bias + column));
    if (part->last && g->activation == LAC_ACTIVATION_RELU) /* the second where one is NaN */
        v = _mm512_max_ps(_mm512_setzero_ps(), v);
    _mm512_mask_storeu_ps(to, mask, v);
}

BF16_TARGET static void
bf16_store(const Bf16Part *part, const float *c, size_t row, size_t rows, size_t column)
{
    const NnGemm *g = part->g;
    const size_t cols = MIN(EDGE, g->n - column);
    const __mmask16 left = (__mmask16)(cols >= 16 ? 0xffff : (1u << cols) - 1);
    const __mmask16 right = (__mmask16)(cols > 16 ? (1u << (cols - 16)) - 1 : 0);

    for (size_t i = 0; i < rows; i++, c += EDGE) {
        float *to = g->c + (row + i) * g->ldc + column;

        bf16_store_row(part, c, row + i, column, left, to);
        if (right != 0)
            bf16_store_row(part, c + 16, row + i, column + 16, right, to + 16);
        if (part->last && g->activation > LAC_ACTIVATION_RELU)
            nn_activation_apply(g->activation, cols, 0, to);
    }
}

/* An NnGemmBlock. */
static void
bf16_block(const NnGemm *g, size_t first, size_t n, size_t begin, size_t end)
{
    Bf16Scratch *scratch = bf16_scratch();

    bf16_begin();
    for (size_t k = 0; k < g->k; k += DEPTH) {
        const size_t depth = MIN(DEPTH, g->k - k);
        const Bf16Part part = {g, g->add || k > 0, k + depth == g->k};

        for (size_t panel = 0; panel < n; panel++)
            bf16_lay_out_panel(g, scratch, (first + panel) * EDGE, k, depth,
                               scratch->panels[panel]);
        for (size_t row = begin; row < end; row += EDGE) {
            const size_t rows = MIN(EDGE, end - row);

            bf16_lay_out_rows(g, scratch, row, rows, k, depth);
            for (size_t panel = 0; panel < n; panel++) {
                bf16_tile(scratch->a, scratch->panels[panel], bf16_padded(depth), scratch->c);
                bf16_store(&part, scratch->c, row, rows, (first + panel) * EDGE);
            }
        }
    }
    bf16_end();
}

gboolean
nn_gemm_bf16(const NnGemm *g)
{
    if (!nn_gemm_has_bf16())
        return FALSE;
    nn_gemm_in_blocks(g, EDGE, GROUP, LEAST_FLOPS, bf16_block);
    return TRUE;
}

#else

gboolean
nn_gemm_has_bf16(void)
{
    return FALSE;
}

gboolean
nn_gemm_bf16(const NnGemm *g)
{
    return FALSE;
}

#endif
