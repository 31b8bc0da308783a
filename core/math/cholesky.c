/* The Cholesky factor, tile by tile: LAPACK's own threads meet at a barrier dozens of times in a
 * matrix of a few hundred columns, which gains nothing on free cores, and on busy ones every
 * barrier waits for a thread that is not running. Here each tile waits for just the tiles it needs.
 * Tiles and their sums are the same for any number of threads. */
#include <lacuna/matrix.h>
#include <lacuna/parallel.h>

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <sched.h>
#include <string.h>

enum { TILE = 128, LARGE_TILE = 256, LARGE = 1024 }; /* from here on fewer, larger tiles */

/** CholeskyTask: @ticket: the next tile to take; @done: [tiles], a flag each; @failed: not positive
 * definite. Tiles are counted down the columns of the lower triangle, each from its diagonal. */
typedef struct {
    LacMatrix *a;
    size_t tile, tiles; /* edge of a tile; tiles along an edge of the matrix */
    gint ticket, failed;
    gint *done;
} CholeskyTask;

static size_t
cholesky_index(const CholeskyTask *task, size_t i, size_t j)
{
    return j * task->tiles - j * (j + 1) / 2 + i;
}

/* The tile at (i, j) as a matrix of its own, lent. */
static LacMatrix
cholesky_tile(const CholeskyTask *task, size_t i, size_t j)
{
    const LacMatrix *a = task->a;
    const size_t row = i * task->tile, column = j * task->tile;

    return (LacMatrix){.rows = MIN(task->tile, a->rows - row),
                       .cols = MIN(task->tile, a->rows - column),
                       .stride = a->stride,
                       .v = a->v + row * a->stride + column};
}

/* All tiles left of (i, j) in its row and in row j are taken before it, so this ends. */
static void
cholesky_await(CholeskyTask *task, size_t i, size_t j)
{
    gint *done = &task->done[cholesky_index(task, i, j)];

    while (!g_atomic_int_get(done))
        sched_yield();
}

/* A tile on the diagonal; LAPACK counts by columns, where a lower triangle is an upper one. */
static gboolean
cholesky_diagonal(LacMatrix *tile)
{
    if (LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', (int)tile->rows, tile->v, (int)tile->stride))
        return FALSE;
    for (size_t i = 0; i < tile->rows; i++) {
        const double pivot = tile->v[i * (tile->stride + 1)];

        /* OpenBLAS lets a NaN pivot pass */
        if (!(pivot > 0.0 && isfinite(pivot)))
            return FALSE;
    }
    return TRUE;
}

/* A_ij less the products of what is left of it in rows i and j, then its part of the factor. */
static void
cholesky_do_tile(CholeskyTask *task, size_t i, size_t j)
{
    LacMatrix tile = cholesky_tile(task, i, j);
    const LacMatrix left = cholesky_tile(task, i, 0), above = cholesky_tile(task, j, 0);
    const int ld = (int)tile.stride, inner = (int)(j * task->tile);

    for (size_t k = 0; k < j; k++) {
        cholesky_await(task, i, k);
        cholesky_await(task, j, k);
    }
    if (g_atomic_int_get(&task->failed))
        return;
    if (i == j) {
        if (inner > 0)
            cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (int)tile.rows, inner, -1.0,
                        left.v, ld, 1.0, tile.v, ld);
        if (!cholesky_diagonal(&tile))
            g_atomic_int_set(&task->failed, TRUE);
        return;
    }
    if (inner > 0)
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)tile.rows, (int)tile.cols, inner,
                    -1.0, left.v, ld, above.v, ld, 1.0, tile.v, ld);
    cholesky_await(task, j, j);
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, (int)tile.rows,
                (int)tile.cols, 1.0, cholesky_tile(task, j, j).v, ld, tile.v, ld);
}

/* Which tile is whose turn is settled here, in order, and not left to the loop: a tile whose
 * predecessors nobody has taken would wait for ever. */
static void
cholesky_take_tiles(size_t begin, size_t end, unsigned worker, void *user)
{
    CholeskyTask *task = user;

    for (size_t k = begin; k < end; k++) {
        const size_t ticket = (size_t)g_atomic_int_add(&task->ticket, 1);
        size_t j = 0, first = 0;

        while (ticket - first >= task->tiles - j)
            first += task->tiles - j++;
        cholesky_do_tile(task, ticket - first + j, j);
        g_atomic_int_set(&task->done[ticket], TRUE);
    }
}

gboolean
lac_cholesky(LacMatrix *a)
{
    const size_t tile = a->rows < LARGE ? TILE : LARGE_TILE;
    const size_t edge = (a->rows + tile - 1) / tile, tiles = edge * (edge + 1) / 2;
    g_autofree gint *done = g_new0(gint, tiles + 1);
    CholeskyTask task = {.a = a, .tile = tile, .tiles = edge, .done = done};

    g_assert(a->rows == a->cols && a->stride <= G_MAXINT);
    lac_parallel_for(tiles, 1, cholesky_take_tiles, &task);
    for (size_t i = 0; i < a->rows; i++)
        memset(lac_matrix_row(a, i) + i + 1, 0, (a->cols - i - 1) * sizeof(double));
    return !task.failed;
}
