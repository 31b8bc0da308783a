/* The matrix unit, see amx-private.h. */
#include "amx-private.h"

#ifdef NN_AMX

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- is there such a unit, and may we use it ---- */

static gboolean
amx_look(void)
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
nn_amx_found(void)
{
    static gsize answer; /* 1: no, 2: yes */

    if (g_once_init_enter(&answer))
        g_once_init_leave(&answer, amx_look() ? 2 : 1);
    return answer == 2;
}

/* ---- registers: 0 .. 3 hold C, 4 and 5 its rows of the left factor, 6 and 7 its columns ---- */

/** AmxConfig: as the instruction reads it. */
typedef struct {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16]; /* of a register's row */
    uint8_t rows[16];
} AmxConfig;

NN_AMX_TARGET void
nn_amx_begin_rows(unsigned rows)
{
    const uint8_t n = (uint8_t)rows;
    const AmxConfig config = {.palette = 1,
                              .bytes = {64, 64, 64, 64, 64, 64, 64, 64},
                              .rows = {n, n, n, n, n, n, 16, 16}};

    /* the compiler does not know that all of it is read */
    __asm__ volatile("ldtilecfg %0" ::"m"(config));
}

void
nn_amx_begin(void)
{
    nn_amx_begin_rows(16);
}

NN_AMX_TARGET void
nn_amx_end(void)
{
    _tile_release();
}

static inline const uint16_t *
factor_at(const NnAmxFactor *f, size_t step)
{
    return f->v + (f->at != NULL ? f->at[step] : step * f->step);
}

/* Part @p of a factor's registers, each followed by the products that only waited for it. */
#define LOAD_ROWS_THEN(p)                                                                          \
    _tile_loadd(4, a + (p)*t->a.part, t->a.row);                                                   \
    _tile_dpbf16ps(0, 4, 6);                                                                       \
    if (right)                                                                                     \
        _tile_dpbf16ps(1, 4, 7);                                                                   \
    if (lower) {                                                                                   \
        _tile_loadd(5, a + (p)*t->a.part + t->a.half, t->a.row);                                   \
        _tile_dpbf16ps(2, 5, 6);                                                                   \
        if (right)                                                                                 \
            _tile_dpbf16ps(3, 5, 7);                                                               \
    }

#define LOAD_COLUMNS_THEN(p)                                                                       \
    _tile_loadd(6, b + (p)*t->b.part, t->b.row);                                                   \
    _tile_dpbf16ps(0, 4, 6);                                                                       \
    if (lower)                                                                                     \
        _tile_dpbf16ps(2, 5, 6);                                                                   \
    if (right) {                                                                                   \
        _tile_loadd(7, b + (p)*t->b.part + t->b.half, t->b.row);                                   \
        _tile_dpbf16ps(1, 4, 7);                                                                   \
        if (lower)                                                                                 \
            _tile_dpbf16ps(3, 5, 7);                                                               \
    }

/* The products of one step: of the parts (0, 0), or (2, 0), (1, 0), (1, 1), (0, 1), (0, 0), (0, 2),
 * an order in which each needs but one of the factors loaded anew. */
__attribute__((always_inline)) NN_AMX_TARGET static inline void
amx_steps(const NnAmxTile *t, unsigned parts, gboolean lower, gboolean right)
{
    for (size_t s = 0; s < t->steps; s++) {
        const uint16_t *a = factor_at(&t->a, s), *b = factor_at(&t->b, s);

        _tile_loadd(6, b, t->b.row);
        if (right)
            _tile_loadd(7, b + t->b.half, t->b.row);
        if (parts == 3) {
            LOAD_ROWS_THEN(2);
            LOAD_ROWS_THEN(1);
            LOAD_COLUMNS_THEN(1);
        }
        LOAD_ROWS_THEN(0);
        if (parts == 3) {
            LOAD_COLUMNS_THEN(0);
            LOAD_COLUMNS_THEN(2);
        }
    }
}

__attribute__((always_inline)) NN_AMX_TARGET static inline void
amx_tile(const NnAmxTile *t, unsigned parts, gboolean lower, gboolean right)
{
    char *c = (char *)t->c, *below = c + 16 * t->c_row;
    const char *from = (const char *)t->from, *from_below = from + 16 * t->from_row;

    /* the compiler does not know that the unit reads memory */
    __asm__ volatile("" ::: "memory");
    if (t->from != NULL) {
        _tile_loadd(0, from, t->from_row);
        if (right)
            _tile_loadd(1, from + 64, t->from_row);
        if (lower)
            _tile_loadd(2, from_below, t->from_row);
        if (lower && right)
            _tile_loadd(3, from_below + 64, t->from_row);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    amx_steps(t, parts, lower, right);
    _tile_stored(0, c, t->c_row);
    if (right)
        _tile_stored(1, c + 64, t->c_row);
    if (lower)
        _tile_stored(2, below, t->c_row);
    if (lower && right)
        _tile_stored(3, below + 64, t->c_row);
    __asm__ volatile("" ::: "memory");
}

NN_AMX_TARGET void
nn_amx_tile(const NnAmxTile *t)
{
    const unsigned which = (t->parts == 3 ? 4u : 0u) | (t->lower ? 2u : 0u) | (t->right ? 1u : 0u);

    switch (which) {
    case 0:
        amx_tile(t, 1, FALSE, FALSE);
        break;
    case 1:
        amx_tile(t, 1, FALSE, TRUE);
        break;
    case 2:
        amx_tile(t, 1, TRUE, FALSE);
        break;
    case 3:
        amx_tile(t, 1, TRUE, TRUE);
        break;
    case 4:
        amx_tile(t, 3, FALSE, FALSE);
        break;
    case 5:
        amx_tile(t, 3, FALSE, TRUE);
        break;
    case 6:
        amx_tile(t, 3, TRUE, FALSE);
        break;
    default:
        amx_tile(t, 3, TRUE, TRUE);
    }
}

#else

gboolean
nn_amx_found(void)
{
    return FALSE;
}

void
nn_amx_begin(void)
{
}

void
nn_amx_begin_rows(unsigned rows)
{
}

void
nn_amx_end(void)
{
}

void
nn_amx_tile(const NnAmxTile *tile)
{
    g_assert_not_reached();
}

#endif
