/* The energy distance between two samples of rows. */
#include <lacuna/parallel.h>
#include <lacuna/score.h>
#include <lacuna/stats.h>

#include <string.h>

/* Pairs are visited in blocks of ROWS x ROWS. Up to DIRECT columns, differences are squared as they
 * stand; above, the squares come from a matrix product, and pairs so close that it cancels are done
 * again directly. */
enum { ROWS = 256, DIRECT = 16 };
static const double CANCELS = 1e-10;

typedef struct {
    const LacMatrix *x, *y;        /* centred on the same point */
    const double *x_norm, *y_norm; /* squared lengths of the rows */
    gboolean same;                 /* x is y: only blocks on and above the diagonal */
    size_t blocks_y;
    double *product; /* [threads][ROWS][ROWS] */
    double *sums;    /* [blocks_x * blocks_y] */
} EnergyLoop;

/* @square [ny] = squared distances of @row to rows @begin.. of @y */
LAC_CLONES static void
energy_direct(size_t q, const double *row, const LacMatrix *y, size_t begin, size_t ny,
              double *square)
{
    for (size_t k = 0; k < ny; k++) {
        const double *other = y->v + (begin + k) * y->stride;
        double s = 0;

        for (size_t j = 0; j < q; j++)
            s += (row[j] - other[j]) * (row[j] - other[j]);
        square[k] = s;
    }
}

/* from products to squared distances; @product is overwritten */
static void
energy_from_product(const EnergyLoop *loop, size_t i, size_t begin, size_t ny, double *product)
{
    const double *row = lac_matrix_row(loop->x, i);

    for (size_t k = 0; k < ny; k++) {
        const double lengths = loop->x_norm[i] + loop->y_norm[begin + k];
        const double square = lengths - 2 * product[k];

        if (square < CANCELS * lengths)
            energy_direct(loop->x->cols, row, loop->y, begin + k, 1, &product[k]);
        else
            product[k] = square;
    }
}

LAC_CLONES static double
energy_sum_roots(size_t n, const double *square)
{
    double sum = 0;

    for (size_t k = 0; k < n; k++)
        sum += sqrt(square[k]);
    return sum;
}

static void
energy_block(const EnergyLoop *loop, size_t bx, size_t by, double *product, double *out)
{
    const size_t i0 = bx * ROWS, k0 = by * ROWS, q = loop->x->cols;
    const size_t nx = MIN(ROWS, loop->x->rows - i0), ny = MIN(ROWS, loop->y->rows - k0);
    const LacMatrix left = {nx, q, loop->x->stride, lac_matrix_row(loop->x, i0)};
    const LacMatrix right = {ny, q, loop->y->stride, lac_matrix_row(loop->y, k0)};
    LacMatrix target = {nx, ny, ROWS, product};
    LacSum sum = {0};

    if (q > DIRECT)
        lac_gemm(FALSE, TRUE, 1, &left, &right, 0, &target);
    for (size_t i = 0; i < nx; i++) {
        double *square = product + i * ROWS;

        if (q > DIRECT)
            energy_from_product(loop, i0 + i, k0, ny, square);
        else
            energy_direct(q, lac_matrix_row(loop->x, i0 + i), loop->y, k0, ny, square);
        lac_sum_add(&sum, energy_sum_roots(ny, square));
    }
    /* blocks above the diagonal stand for their mirror images, too */
    *out = lac_sum_value(&sum) * (loop->same && bx != by ? 2 : 1);
}

static void
energy_blocks(size_t begin, size_t end, unsigned worker, void *user)
{
    const EnergyLoop *loop = user;

    for (size_t b = begin; b < end; b++) {
        const size_t bx = b / loop->blocks_y, by = b % loop->blocks_y;

        if (!loop->same || by >= bx)
            energy_block(loop, bx, by, loop->product + (size_t)worker * ROWS * ROWS,
                         &loop->sums[b]);
    }
}

static double *
energy_norms(const LacMatrix *x)
{
    double *norm = g_new(double, x->rows);

    for (size_t i = 0; i < x->rows; i++) {
        const double *row = lac_matrix_row(x, i);

        norm[i] = 0;
        for (size_t j = 0; j < x->cols; j++)
            norm[i] += row[j] * row[j];
    }
    return norm;
}

/* the mean distance between the rows of @x and those of @y */
static double
energy_mean(const LacMatrix *x, const LacMatrix *y, double *product)
{
    const size_t blocks_x = (x->rows + ROWS - 1) / ROWS, blocks_y = (y->rows + ROWS - 1) / ROWS;
    g_autofree double *x_norm = energy_norms(x), *y_norm = energy_norms(y);
    g_autofree double *sums = g_new0(double, blocks_x *blocks_y);
    EnergyLoop loop = {x, y, x_norm, y_norm, x == y, blocks_y, product, sums};

    lac_parallel_for(blocks_x * blocks_y, 1, energy_blocks, &loop);
    return lac_stats_sum(blocks_x * blocks_y, sums) / ((double)x->rows * (double)y->rows);
}

/* 2 integral of (F - G)^2 over the line */
static double
energy_line(size_t n, double *x, size_t m, double *y)
{
    LacSum total = {0};

    lac_stats_sort(n, x);
    lac_stats_sort(m, y);
    double at = fmin(x[0], y[0]);

    for (size_t i = 0, k = 0; i < n || k < m;) {
        const double next = i < n && (k == m || x[i] <= y[k]) ? x[i] : y[k];
        const double gap = (double)i / (double)n - (double)k / (double)m;

        lac_sum_add(&total, 2 * gap * gap * (next - at));
        at = next;
        while (i < n && x[i] <= at)
            i++;
        while (k < m && y[k] <= at)
            k++;
    }
    return lac_sum_value(&total);
}

/* a copy of @x, less @centre in each row; owned */
static LacMatrix *
energy_centred(const LacMatrix *x, const double *centre, GError **error)
{
    LacMatrix *copy = lac_matrix_new(x->rows, x->cols, error);

    for (size_t i = 0; copy && i < x->rows; i++) {
        for (size_t j = 0; j < x->cols; j++)
            lac_matrix_row(copy, i)[j] = lac_matrix_row(x, i)[j] - centre[j];
    }
    return copy;
}

/* the middle of both samples' cloud; any common point would do */
static double *
energy_centre(const LacMatrix *x)
{
    double *centre = g_new0(double, x->cols + 1);

    for (size_t i = 0; i < x->rows; i++) {
        for (size_t j = 0; j < x->cols; j++)
            centre[j] += (lac_matrix_row(x, i)[j] - centre[j]) / (double)(i + 1);
    }
    return centre;
}

static gboolean
energy_equal(const LacMatrix *a, const LacMatrix *b)
{
    return a->rows == b->rows && memcmp(a->v, b->v, a->rows * a->cols * sizeof *a->v) == 0;
}

gboolean
lac_score_energy_distance(const LacMatrix *x, const LacMatrix *y, double *out, GError **error)
{
    g_assert(x->cols == y->cols && x->rows >= 1 && y->rows >= 1);
    g_autofree double *centre = energy_centre(x);
    g_autoptr(LacMatrix) a = energy_centred(x, centre, error);
    g_autoptr(LacMatrix) b = a ? energy_centred(y, centre, error) : NULL;

    if (!b)
        return FALSE;
    if (energy_equal(a, b)) { /* rounding would leave 1e-16 */
        *out = 0;
        return TRUE;
    }
    if (x->cols == 1) {
        *out = energy_line(a->rows, a->v, b->rows, b->v);
        return TRUE;
    }
    g_autofree double *product =
        lac_try_alloc((size_t)lac_threads() * ROWS * ROWS, sizeof(double), "distances", error);

    if (!product)
        return FALSE;
    const double distance =
        2 * energy_mean(a, b, product) - energy_mean(a, a, product) - energy_mean(b, b, product);

    *out = fmax(0, distance); /* below 0 by rounding only */
    return TRUE;
}
