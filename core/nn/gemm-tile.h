/* The inner loops of matrix products, for one instruction set. Included by gemm-own.c once for
 * each, with TILE_NAME(x), TILE_TARGET and TILE_BYTES (of a vector register) and TILE_ROWS defined.
 *
 * A tile is up to TILE_ROWS rows and two vectors of C: its sums stay in registers while k runs, and
 * each step reads two vectors of B and one value of A a row. */

typedef LacReal
    TILE_NAME(Vec) __attribute__((vector_size(TILE_BYTES), aligned(sizeof(LacReal)), may_alias));
#define Vec TILE_NAME(Vec)
#define LANES (TILE_BYTES / sizeof(LacReal))

/* Some values of a row from their sums: what C held, the bias, rectified. */
__attribute__((always_inline, TILE_TARGET)) static inline void
TILE_NAME(finish)(const GemmTile *t, int vecs, const Vec *sum, const LacReal *bias, LacReal shift,
                  LacReal *c)
{
#pragma GCC unroll 2
    for (int v = 0; v < vecs; v++) {
        Vec y = sum[v] + shift;

        if (t->add)
            y += *(const Vec *)(c + (size_t)v * LANES);
        if (t->bias != NULL)
            y += *(const Vec *)(bias + (size_t)v * LANES);
        if (t->relu) { /* clears what is negative; NaN stays */
            const __typeof__(y < 0) keep = ~(y < 0);

            y = (Vec)((__typeof__(y < 0))y & keep);
        }
        *(Vec *)(c + (size_t)v * LANES) = y;
    }
}

/* The last columns, where they fill no vector, go through copies that do. */
__attribute__((always_inline, TILE_TARGET)) static inline void
TILE_NAME(store)(const GemmTile *t, int vecs, const Vec *sum, size_t row)
{
    LacReal *c = t->c + row * t->ldc;
    const LacReal shift = t->row_bias != NULL ? t->row_bias[row] : 0;
    LacReal bias[2 * LANES] = {0}, edge[2 * LANES] = {0};

    if (t->cols == (size_t)vecs * LANES) {
        TILE_NAME(finish)(t, vecs, sum, t->bias, shift, c);
        return;
    }
    if (t->bias != NULL)
        memcpy(bias, t->bias, t->cols * sizeof *bias);
    if (t->add)
        memcpy(edge, c, t->cols * sizeof *c);
    TILE_NAME(finish)(t, vecs, sum, bias, shift, edge);
    memcpy(c, edge, t->cols * sizeof *c);
}

__attribute__((always_inline, TILE_TARGET)) static inline void
TILE_NAME(tile)(const GemmTile *t, const int rows, const int vecs)
{
    Vec sum[TILE_ROWS][2];
    const LacReal *b = t->b;
    const size_t step = t->row_step;
    /* one pointer for three rows, at no, one and two steps: x86 has too few registers for more */
    const LacReal *base[(TILE_ROWS + 2) / 3];

#pragma GCC unroll 8
    for (int r = 0; r < rows; r += 3)
        base[r / 3] = t->a + (size_t)r * step;
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int v = 0; v < vecs; v++)
            sum[r][v] = (Vec){0};
    for (size_t p = 0; p < t->k; p++) {
        const Vec b0 = *(const Vec *)b, b1 = vecs > 1 ? *(const Vec *)(b + LANES) : b0;

#pragma GCC unroll 16
        for (int r = 0; r < rows; r++) {
            const LacReal value = base[r / 3][(size_t)(r % 3) * step];

            sum[r][0] += value * b0;
            if (vecs > 1)
                sum[r][1] += value * b1;
        }
#pragma GCC unroll 8
        for (int r = 0; r < rows; r += 3) {
            base[r / 3] += t->k_step;
            __asm__("" : "+r"(base[r / 3]));
        }
        b += (size_t)vecs * LANES;
    }
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++)
        TILE_NAME(store)(t, vecs, sum[r], (size_t)r);
}

#define TILE_CASE(rows)                                                                            \
    case rows:                                                                                     \
        if (narrow)                                                                                \
            TILE_NAME(tile)(t, rows, 1);                                                           \
        else                                                                                       \
            TILE_NAME(tile)(t, rows, 2);                                                           \
        break

__attribute__((TILE_TARGET)) static void
TILE_NAME(gemm_tile)(const GemmTile *t, size_t rows)
{
    const gboolean narrow = t->cols <= LANES;

    switch (rows) {
        TILE_CASE(1);
        TILE_CASE(2);
        TILE_CASE(3);
        TILE_CASE(4);
        TILE_CASE(5);
        TILE_CASE(6);
#if TILE_ROWS > 6
        TILE_CASE(7);
        TILE_CASE(8);
        TILE_CASE(9);
        TILE_CASE(10);
        TILE_CASE(11);
        TILE_CASE(12);
        TILE_CASE(13);
        TILE_CASE(14);
#endif
    default:
        g_assert_not_reached();
    }
}

#undef TILE_CASE
#undef LANES
#undef Vec
