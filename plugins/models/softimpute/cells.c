/* The observed cells by row. Work is cut into blocks of rows that do not depend on the number of
 * threads, and partial sums are added in the order of the blocks. */
#include "softimpute.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

enum {
    GRAIN = 256,          /* rows a body works on at a time */
    MOST_BLOCKS = 16,     /* partial sums of R'U */
    DENSE_ROWS = 128,     /* of Z at a time */
    PART_CELLS = 4 << 20, /* of the partial sums of Z'Z */
    FEW = 400000,         /* cells times columns: less than a millisecond */
    EXACT_NORM = 512,     /* up to so many columns the norm comes from an eigenvalue */
};

void
soft_cells_free(SoftCells *cells)
{
    if (cells == NULL)
        return;
    g_free(cells->start);
    g_free(cells->column);
    g_free(cells->x);
    g_free(cells->residual);
    g_free(cells);
}

static SoftCells *
cells_alloc(size_t rows, size_t cols, size_t n, GError **error)
{
    g_autoptr(SoftCells) cells = g_new0(SoftCells, 1);

    cells->rows = rows;
    cells->cols = cols;
    cells->n = n;
    cells->start = lac_try_alloc(rows + 2, sizeof(size_t), "row starts", error);
    cells->column = cells->start ? lac_try_alloc(n + 1, sizeof(uint32_t), "cells", error) : NULL;
    cells->x = cells->column ? lac_try_alloc(n + 1, sizeof(double), "cells", error) : NULL;
    cells->residual = cells->x ? lac_try_alloc(n + 1, sizeof(double), "residuals", error) : NULL;
    return cells->residual != NULL ? g_steal_pointer(&cells) : NULL;
}

/* Which of the two sets a cell belongs to: 0, 1, or -1 for holes. */
static int
cells_side(const LacData *data, const LacMask *held, size_t i, size_t j)
{
    if (lac_data_is_hole(data, i, j))
        return -1;
    return held != NULL && lac_mask_get(held, i, j);
}

/* Counts to starts: start[r + 1] is where row r will be written next, so that after filling
 * start[r] is where it begins. */
static void
cells_begin(SoftCells *cells)
{
    for (size_t r = 0; r < cells->rows; r++)
        cells->start[r + 1] += cells->start[r];
    memmove(cells->start + 1, cells->start, cells->rows * sizeof(size_t));
    cells->start[0] = 0;
}

static void
cells_put(SoftCells *cells, size_t row, size_t column, double x)
{
    const size_t at = cells->start[row + 1]++;

    cells->column[at] = (uint32_t)column;
    cells->x[at] = cells->residual[at] = x;
}

static void
cells_write(const SoftModel *self, const LacData *data, const LacMask *held, gboolean turned,
            SoftCells *const *sets)
{
    g_autofree double *z = g_new(double, data->cols + 1);

    for (size_t i = 0; i < data->rows; i++) {
        double a, t;

        soft_scale_row(self, lac_data_row(data, i), z, &a, &t);
        for (size_t j = 0; j < data->cols; j++) {
            const int side = cells_side(data, held, i, j);

            if (side >= 0)
                cells_put(sets[side], turned ? j : i, turned ? i : j, z[j]);
        }
    }
}

SoftCells *
soft_cells_new(const SoftModel *self, const LacData *data, const LacMask *held,
               SoftCells **out_held, GError **error)
{
    const gboolean turned = data->rows < data->cols;
    const size_t rows = turned ? data->cols : data->rows, cols = turned ? data->rows : data->cols;
    const size_t all = data->rows * data->cols - lac_mask_count(data->holes);
    const size_t kept_out = held != NULL ? lac_mask_count(held) : 0;
    g_autoptr(SoftCells) kept = cells_alloc(rows, cols, all - kept_out, error);
    g_autoptr(SoftCells) other = kept ? cells_alloc(rows, cols, kept_out, error) : NULL;

    if (other == NULL)
        return NULL;
    SoftCells *const sets[2] = {kept, other};

    for (size_t i = 0; i < data->rows; i++) {
        for (size_t j = 0; j < data->cols; j++) {
            const int side = cells_side(data, held, i, j);

            if (side >= 0)
                sets[side]->start[(turned ? j : i) + 1]++;
        }
    }
    cells_begin(kept);
    cells_begin(other);
    cells_write(self, data, held, turned, sets);
    if (out_held != NULL)
        *out_held = g_steal_pointer(&other);
    return g_steal_pointer(&kept);
}

/* ---- products -------------------------------------------------------------------------------- */

typedef struct {
    const SoftCells *cells;
    const SoftFactors *m;
    double *residual, *squares; /* [n]; [blocks of GRAIN rows] */
    size_t k, ld, grain, block_rows;
    const double *in;
    double *out;
} CellsTask;

/* Threads that meet cost more than a small table is worth. */
static size_t
cells_grain(const SoftCells *cells, size_t k)
{
    return soft_cells_are_few(cells, k) ? MAX(cells->rows, 1) : GRAIN;
}

gboolean
soft_cells_are_few(const SoftCells *cells, size_t k)
{
    return cells->n * (k + 4) < FEW;
}

/* Whole vectors at a time: columns past the rank are zero on one side, or written to no use. */
static size_t
cells_padded(size_t k)
{
    return (k + SOFT_LANES - 1) / SOFT_LANES * SOFT_LANES;
}

/* Residuals of @n cells of a row whose scores are @left [k]; their sum of squares. */
LAC_CLONES static double
residual_row(size_t n, const uint32_t *column, const double *x, size_t k, const double *left,
             size_t ld, const double *v, double *residual)
{
    double squares = 0.0;

    for (size_t at = 0; at < n; at++) {
        const double *right = v + column[at] * ld;
        double sum[SOFT_LANES] = {0}, all = 0.0;

        for (size_t c = 0; c < k; c += SOFT_LANES)
            for (size_t lane = 0; lane < SOFT_LANES; lane++)
                sum[lane] += left[c + lane] * right[c + lane];
        for (size_t lane = 0; lane < SOFT_LANES; lane++)
            all += sum[lane];
        residual[at] = x[at] - all;
        squares += residual[at] * residual[at];
    }
    return squares;
}

/* out [k] += sum over @n cells of a row of residual * v[column]. */
LAC_CLONES static void
times_row(size_t n, const uint32_t *column, const double *residual, size_t k, size_t ld,
          const double *v, double *out)
{
    for (size_t c = 0; c < k; c += SOFT_LANES) {
        double sum[SOFT_LANES] = {0};

        for (size_t at = 0; at < n; at++)
            for (size_t lane = 0; lane < SOFT_LANES; lane++)
                sum[lane] += residual[at] * v[column[at] * ld + c + lane];
        for (size_t lane = 0; lane < SOFT_LANES; lane++)
            out[c + lane] = sum[lane];
    }
}

/* out[column] += residual * u [k] for @n cells of a row. */
LAC_CLONES static void
transposed_row(size_t n, const uint32_t *column, const double *residual, size_t k, size_t ld,
               const double *u, double *out)
{
    for (size_t at = 0; at < n; at++) {
        double *to = out + column[at] * ld;

        for (size_t c = 0; c < k; c += SOFT_LANES)
            for (size_t lane = 0; lane < SOFT_LANES; lane++)
                to[c + lane] += residual[at] * u[c + lane];
    }
}

static void
residual_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const CellsTask *task = user;
    const SoftCells *cells = task->cells;
    const SoftFactors *m = task->m;
    const size_t k = cells_padded(m->rank);
    g_autofree double *left = g_new0(double, k + 1);
    double squares = 0.0;

    for (size_t i = begin; i < end; i++) {
        const size_t at = cells->start[i];

        for (size_t c = 0; c < m->rank; c++)
            left[c] = m->u[i * m->most + c] * m->s[c];
        squares += residual_row(cells->start[i + 1] - at, cells->column + at, cells->x + at, k,
                                left, m->most, m->v, task->residual + at);
    }
    task->squares[begin / task->grain] = squares;
}

double
soft_cells_residual(SoftCells *cells, const SoftFactors *m)
{
    const size_t grain = cells_grain(cells, m->rank);
    g_autofree double *squares = g_new0(double, cells->rows / grain + 1);
    CellsTask task = {
        .cells = cells, .m = m, .residual = cells->residual, .squares = squares, .grain = grain};
    double sum = 0.0;

    lac_parallel_for(cells->rows, grain, residual_rows, &task);
    for (size_t b = 0; b <= cells->rows / grain; b++)
        sum += squares[b];
    return sum;
}

static void
times_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const CellsTask *task = user;
    const SoftCells *cells = task->cells;

    for (size_t i = begin; i < end; i++) {
        const size_t at = cells->start[i];

        times_row(cells->start[i + 1] - at, cells->column + at, cells->residual + at, task->k,
                  task->ld, task->in, task->out + i * task->ld);
    }
}

void
soft_cells_times(const SoftCells *cells, size_t k, size_t ld, const double *v, double *out)
{
    CellsTask task = {.cells = cells, .k = cells_padded(k), .ld = ld, .in = v, .out = out};

    lac_parallel_for(cells->rows, cells_grain(cells, k), times_rows, &task);
}

static size_t
cells_blocks(const SoftCells *cells)
{
    if (soft_cells_are_few(cells, 1))
        return 1;
    return CLAMP(cells->rows / (4 * MAX(cells->cols, 1) + GRAIN), 1, MOST_BLOCKS);
}

size_t
soft_cells_scratch(const SoftCells *cells, size_t ld)
{
    return cells_blocks(cells) * cells->cols * ld;
}

static void
transposed_block(size_t begin, size_t end, unsigned worker, void *user)
{
    const CellsTask *task = user;
    const SoftCells *cells = task->cells;

    for (size_t b = begin; b < end; b++) {
        const size_t last = MIN(cells->rows, (b + 1) * task->block_rows);
        double *out = task->out + b * cells->cols * task->ld;

        memset(out, 0, cells->cols * task->ld * sizeof(double));
        for (size_t i = b * task->block_rows; i < last; i++) {
            const size_t at = cells->start[i];

            transposed_row(cells->start[i + 1] - at, cells->column + at, cells->residual + at,
                           task->k, task->ld, task->in + i * task->ld, out);
        }
    }
}

void
soft_cells_times_transposed(const SoftCells *cells, size_t k, size_t ld, const double *u,
                            double *out, double *scratch)
{
    const size_t blocks = cells_blocks(cells);
    CellsTask task = {.cells = cells,
                      .k = cells_padded(k),
                      .ld = ld,
                      .in = u,
                      .out = scratch,
                      .block_rows = (cells->rows + blocks - 1) / blocks};

    lac_parallel_for(blocks, 1, transposed_block, &task);
    memcpy(out, scratch, cells->cols * ld * sizeof(double));
    for (size_t b = 1; b < blocks; b++)
        for (size_t k2 = 0; k2 < cells->cols * ld; k2++)
            out[k2] += scratch[b * cells->cols * ld + k2];
}

/* ---- Z'Z ------------------------------------------------------------------------------------- */

typedef struct {
    const SoftCells *cells;
    const SoftFactors *m;
    size_t part_rows;
    double *sums; /* [parts][cols][cols] */
} GramTask;

/* Rows first .. first + z->rows - 1 of R + U diag(s) V'. */
static void
cells_dense(const SoftCells *cells, const SoftFactors *m, size_t first, LacMatrix *left,
            LacMatrix *z)
{
    LacMatrix v = {m->cols, m->rank, m->most, m->v};

    memset(z->v, 0, z->rows * z->stride * sizeof(double));
    left->rows = z->rows;
    for (size_t i = 0; i < z->rows; i++)
        for (size_t c = 0; c < m->rank; c++)
            lac_matrix_row(left, i)[c] = m->u[(first + i) * m->most + c] * m->s[c];
    if (m->rank > 0)
        lac_gemm(FALSE, TRUE, 1.0, left, &v, 0.0, z);
    for (size_t i = 0; i < z->rows; i++) {
        double *row = lac_matrix_row(z, i);

        for (size_t at = cells->start[first + i]; at < cells->start[first + i + 1]; at++)
            row[cells->column[at]] += cells->residual[at];
    }
}

static void
gram_part(size_t begin, size_t end, unsigned worker, void *user)
{
    const GramTask *task = user;
    const size_t p = task->cells->cols, k = MAX(task->m->rank, 1);
    g_autofree double *dense = g_new(double, DENSE_ROWS *p);
    g_autofree double *scores = g_new(double, DENSE_ROWS *k);

    for (size_t part = begin; part < end; part++) {
        const size_t last = MIN(task->cells->rows, (part + 1) * task->part_rows);
        LacMatrix gram = {p, p, p, task->sums + part * p * p};

        for (size_t first = part * task->part_rows; first < last; first += DENSE_ROWS) {
            LacMatrix z = {MIN((size_t)DENSE_ROWS, last - first), p, p, dense};
            LacMatrix left = {z.rows, task->m->rank, k, scores};

            cells_dense(task->cells, task->m, first, &left, &z);
            lac_syrk_upper(1.0, &z, 1.0, &gram);
        }
    }
}

gboolean
soft_cells_gram(const SoftCells *cells, const SoftFactors *m, double *out, GError **error)
{
    const size_t p = cells->cols;
    const size_t parts =
        CLAMP(MIN(cells->rows / DENSE_ROWS, PART_CELLS / (p * p)), (size_t)1, (size_t)MOST_BLOCKS);
    g_autofree double *sums = lac_try_alloc(parts * p * p, sizeof(double), "cross-products", error);
    GramTask task = {cells, m, (cells->rows + parts - 1) / parts, sums};

    if (sums == NULL)
        return FALSE;
    lac_parallel_for(parts, 1, gram_part, &task);
    for (size_t part = 1; part < parts; part++)
        for (size_t c = 0; c < p * p; c++)
            sums[c] += sums[part * p * p + c];
    for (size_t a = 0; a < p; a++)
        for (size_t b = 0; b < p; b++)
            out[a * p + b] = a <= b ? sums[a * p + b] : sums[b * p + a];
    return TRUE;
}

static double
cells_norm_exact(const SoftCells *cells, GError **error)
{
    const size_t p = cells->cols;
    const SoftFactors zero = {.rows = cells->rows, .cols = p};
    g_autofree double *gram = lac_try_alloc(p * p, sizeof(double), "cross-products", error);
    g_autofree double *w = g_new(double, p + 1);
    LacMatrix a = {p, p, p, gram};

    if (gram == NULL || !soft_cells_gram(cells, &zero, gram, error) ||
        !lac_eigen_symmetric(&a, w, error))
        return -1.0;
    return sqrt(MAX(w[p - 1], 0.0));
}

/* The power method; the start has a part in every direction that columns span. */
static double
cells_norm_power(const SoftCells *cells, GError **error)
{
    enum { STEPS = 300 };
    enum { LD = SOFT_LANES };
    g_autofree double *v = lac_try_alloc(cells->cols * LD, sizeof(double), "a direction", error);
    g_autofree double *u = lac_try_alloc(cells->rows * LD, sizeof(double), "a direction", error);
    g_autofree double *scratch =
        lac_try_alloc(soft_cells_scratch(cells, LD), sizeof(double), "partial sums", error);
    LacRng rng = lac_rng_new(1);
    double norm = 0.0, before = -1.0;

    if (v == NULL || u == NULL || scratch == NULL)
        return -1.0;
    for (size_t j = 0; j < cells->cols; j++)
        v[j * LD] = lac_rng_normal(&rng);
    for (size_t t = 0; t < STEPS && fabs(norm - before) > 1e-10 * norm; t++) {
        double length = 0.0;

        for (size_t j = 0; j < cells->cols; j++)
            length += v[j * LD] * v[j * LD];
        if (!(length > 0.0))
            return 0.0;
        before = norm;
        norm = t > 0 ? sqrt(sqrt(length)) : 0.0; /* |R'R v| with |v| = 1 */
        for (size_t j = 0; j < cells->cols; j++)
            v[j * LD] /= sqrt(length);
        soft_cells_times(cells, 1, LD, v, u);
        soft_cells_times_transposed(cells, 1, LD, u, v, scratch);
    }
    return norm;
}

double
soft_cells_norm(SoftCells *cells, GError **error)
{
    memcpy(cells->residual, cells->x, cells->n * sizeof(double));
    return cells->cols <= EXACT_NORM ? cells_norm_exact(cells, error)
                                     : cells_norm_power(cells, error);
}
