/* One lambda on a table of few columns. A step of SoftImpute takes the completed table Z to M = Z
 * T, T = V diag((sigma - lambda)+ / sigma) V' from the eigenvalues of the small Z'Z, and then only
 * M's holes matter. So Z is held, and a step is one pass over its rows: M there, the next Z, its
 * Z'Z.
 *
 * Steps start from where the holes are heading, y = m + beta (m - before) (Beck and Teboulle, SIAM
 * J. Imaging Sciences 2 (2009) 183-202); one that would raise the objective is taken again from m,
 * and the momentum starts anew (O'Donoghue and Candes, Found. Comput. Math. 15 (2015) 715-732). The
 * objective costs nothing: |Z - M|^2 is known from the eigenvalues, and its part in the holes is
 * |m - y|^2. */
#include "softimpute.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

enum {
    MOST_COLUMNS = 128,
    LEAST_SEEN = 4,       /* one cell in so many: sparser tables are not worth holding */
    BLOCK = 128,          /* rows at a time */
    MOST_PARTS = 16,      /* partial sums of Z'Z */
    FEW_PRODUCTS = 400000 /* of a step that threads are not worth */
};
#define ROUNDING 1e-15 /* smaller changes cannot be told from none */

/** SoftExact: @z: [rows][cols], y in its holes; @start: [rows + 1] and @column: [holes];
 * @now, @next: [holes] of M, and of the step being tried; @gram: [cols][cols], then eigenvectors;
 * @w: [cols] ascending; @turn: T; @sums: [parts] of Z'Z; @moved: [parts][2] squares of next - y and
 * next - now */
typedef struct {
    SoftFit *fit;
    size_t n, p, parts, part_rows, rank;
    size_t *start;
    uint32_t *column;
    double *z, *now, *next, *gram, *w, *turn, *sums, *moved;
    double beta;
    gboolean turning; /* a pass takes a step; otherwise it brings back now */
    GError **error;
    gboolean failed;
} SoftExact;

static void
exact_clear(SoftExact *exact)
{
    g_free(exact->start);
    g_free(exact->column);
    g_free(exact->z);
    g_free(exact->now);
    g_free(exact->next);
    g_free(exact->gram);
    g_free(exact->w);
    g_free(exact->turn);
    g_free(exact->sums);
    g_free(exact->moved);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SoftExact, exact_clear)

gboolean
soft_fit_is_exact(const SoftModel *self, const SoftCells *cells)
{
    return self->variant == SOFT_AUTO && cells->cols <= MOST_COLUMNS &&
           cells->n >= cells->rows * cells->cols / LEAST_SEEN;
}

static gboolean
exact_alloc(SoftExact *exact, size_t holes, GError **error)
{
    const size_t p = exact->p;
    const char *what = "the completed table";

    exact->gram = g_new0(double, p *p + 1);
    exact->turn = g_new0(double, p *p + 1);
    exact->sums = g_new0(double, exact->parts *p *p + 1);
    exact->moved = g_new0(double, 2 * exact->parts);
    exact->w = g_new0(double, p + 1);
    return (exact->start = lac_try_alloc(exact->n + 1, sizeof(size_t), what, error)) &&
           (exact->column = lac_try_alloc(holes + 1, sizeof(uint32_t), what, error)) &&
           (exact->z = lac_try_alloc(exact->n * p + 1, sizeof(double), what, error)) &&
           (exact->now = lac_try_alloc(holes + 1, sizeof(double), what, error)) &&
           (exact->next = lac_try_alloc(holes + 1, sizeof(double), what, error));
}

/* Row @i of Z from M and the observed cells, and which of its columns are holes. */
static void
exact_fill_row(SoftExact *exact, size_t i, size_t *holes)
{
    const SoftCells *cells = exact->fit->cells;
    const SoftFactors *m = exact->fit->m;
    double *z = exact->z + i * exact->p;
    size_t at = cells->start[i];

    exact->start[i] = *holes;
    for (size_t j = 0; j < exact->p; j++) {
        if (at < cells->start[i + 1] && cells->column[at] == j) {
            z[j] = cells->x[at++];
            continue;
        }
        z[j] = 0.0;
        for (size_t c = 0; c < m->rank; c++)
            z[j] += m->u[i * m->most + c] * m->s[c] * m->v[j * m->most + c];
        exact->now[*holes] = z[j];
        exact->column[(*holes)++] = (uint32_t)j;
    }
}

static gboolean
exact_init(SoftExact *exact, SoftFit *fit, GError **error)
{
    const SoftCells *cells = fit->cells;
    size_t holes = 0;

    exact->fit = fit;
    exact->error = error;
    exact->n = cells->rows;
    exact->p = cells->cols;
    exact->parts = CLAMP(cells->rows / BLOCK, (size_t)1, (size_t)MOST_PARTS);
    exact->part_rows = (cells->rows + exact->parts - 1) / exact->parts;
    if (!exact_alloc(exact, cells->rows * cells->cols - cells->n, error))
        return FALSE;
    for (size_t i = 0; i < exact->n; i++)
        exact_fill_row(exact, i, &holes);
    exact->start[exact->n] = holes;
    return TRUE;
}

/* A row's holes of @m = ZT: the step, and where the next one starts. */
static void
exact_holes(SoftExact *exact, size_t i, const double *m, double *moved)
{
    double *z = exact->z + i * exact->p;

    for (size_t h = exact->start[i]; h < exact->start[i + 1]; h++) {
        const size_t j = exact->column[h];
        const double now = exact->now[h], next = m[j];

        moved[0] += (next - z[j]) * (next - z[j]);
        moved[1] += (next - now) * (next - now);
        exact->next[h] = next;
        z[j] = next + exact->beta * (next - now);
    }
}

static void
exact_return(SoftExact *exact, size_t i)
{
    for (size_t h = exact->start[i]; h < exact->start[i + 1]; h++)
        exact->z[i * exact->p + exact->column[h]] = exact->now[h];
}

static void
exact_part(size_t begin, size_t end, unsigned worker, void *user)
{
    SoftExact *exact = user;
    const size_t p = exact->p;
    g_autofree double *product = g_new(double, BLOCK *p);
    LacMatrix turn = {p, p, p, exact->turn};

    for (size_t part = begin; part < end; part++) {
        const size_t last = MIN(exact->n, (part + 1) * exact->part_rows);
        LacMatrix gram = {p, p, p, exact->sums + part * p * p};
        double *moved = exact->moved + 2 * part;

        memset(gram.v, 0, p * p * sizeof(double));
        moved[0] = moved[1] = 0.0;
        for (size_t first = part * exact->part_rows; first < last; first += BLOCK) {
            LacMatrix z = {MIN((size_t)BLOCK, last - first), p, p, exact->z + first * p};
            LacMatrix m = {z.rows, p, p, product};

            if (exact->turning)
                lac_gemm(FALSE, FALSE, 1.0, &z, &turn, 0.0, &m);
            for (size_t i = 0; i < z.rows; i++) {
                if (exact->turning)
                    exact_holes(exact, first + i, product + i * p, moved);
                else
                    exact_return(exact, first + i);
            }
            lac_syrk_upper(1.0, &z, 1.0, &gram);
        }
    }
}

/* gram = the sum of the parts, taken apart into eigenvectors and w. */
static void
exact_eigen(size_t begin, size_t end, unsigned worker, void *user)
{
    SoftExact *exact = user;
    const size_t p = exact->p;
    LacMatrix gram = {p, p, p, exact->gram};

    for (size_t a = 0; a < p; a++) {
        for (size_t b = a; b < p; b++) {
            double sum = 0.0;

            for (size_t part = 0; part < exact->parts; part++)
                sum += exact->sums[part * p * p + a * p + b];
            exact->gram[a * p + b] = exact->gram[b * p + a] = sum;
        }
    }
    exact->failed = !lac_eigen_symmetric(&gram, exact->w, exact->error);
}

static double
exact_sigma(const SoftExact *exact, size_t c)
{
    return sqrt(MAX(exact->w[exact->p - 1 - c], 0.0));
}

/* T, from the eigenvectors of Z'Z; and the rank of ZT. */
static void
exact_turn(SoftExact *exact)
{
    const size_t p = exact->p;
    const double lambda = exact->fit->lambda;

    exact->rank = 0;
    memset(exact->turn, 0, p * p * sizeof(double));
    while (exact->rank < MIN(exact->fit->m->room, p) && exact_sigma(exact, exact->rank) > lambda)
        exact->rank++;
    for (size_t c = 0; c < exact->rank; c++) {
        const double sigma = exact_sigma(exact, c), share = (sigma - lambda) / sigma;
        const double *v = exact->gram + p - 1 - c; /* a column */

        for (size_t a = 0; a < p; a++)
            for (size_t b = 0; b < p; b++)
                exact->turn[a * p + b] += share * v[a * p] * v[b * p];
    }
}

/* One pass, as a step or bringing back now, and what the next one takes. FALSE with an error. */
static gboolean
exact_pass(SoftExact *exact, gboolean turning)
{
    const gboolean few = exact->n * exact->p * exact->p < FEW_PRODUCTS;

    exact->turning = turning;
    lac_parallel_for(exact->parts, few ? exact->parts : 1, exact_part, exact);
    lac_parallel_for(1, 1, exact_eigen, exact); /* small: one thread */
    return !exact->failed;
}

/* A step from Z: the objective afterwards, and the change as a share of M's squares, the fit of
 * observed cells taken to move as its holes do. -1 after an error. */
static double
exact_step(SoftExact *exact, double *change)
{
    const double lambda = exact->fit->lambda, holes = (double)exact->start[exact->n];
    double left = 0.0, norm = 0.0, squares = 0.0, moved[2] = {0};

    exact_turn(exact);
    for (size_t c = 0; c < exact->p; c++) {
        const double sigma = exact_sigma(exact, c), kept = c < exact->rank ? sigma - lambda : 0.0;

        left += (sigma - kept) * (sigma - kept);
        norm += kept;
        squares += kept * kept;
    }
    if (!exact_pass(exact, TRUE))
        return -1.0;
    for (size_t part = 0; part < exact->parts; part++) {
        moved[0] += exact->moved[2 * part];
        moved[1] += exact->moved[2 * part + 1];
    }
    const double most = MAX(moved[0], moved[1]) * (double)(exact->n * exact->p);

    *change = most > 0.0 ? MAX(most / (holes * squares), ROUNDING) : ROUNDING;
    return MAX(0.5 * (left - moved[0]), 0.0) + lambda * norm;
}

/* One iteration: with momentum, and without it where that would not go down. */
static double
exact_iterate(SoftExact *exact, double before, double *momentum, double *change)
{
    const double after = (1.0 + sqrt(1.0 + 4.0 * *momentum * *momentum)) / 2.0;
    const gboolean plain = *momentum == 1.0;

    exact->beta = (*momentum - 1.0) / after;
    double now = exact_step(exact, change);

    *momentum = after;
    if (now > before && !plain) {
        if (!exact_pass(exact, FALSE))
            return -1.0;
        exact->beta = 0.0;
        *momentum = 1.0;
        now = exact_step(exact, change);
    }
    double *old = exact->now;

    exact->now = exact->next;
    exact->next = old;
    return now;
}

/* The factors of a last step without momentum. */
static gboolean
exact_finish(SoftExact *exact, GError **error)
{
    SoftFactors *m = exact->fit->m;
    const size_t p = exact->p;

    if (!exact_pass(exact, FALSE))
        return FALSE;
    exact_turn(exact);
    g_autofree double *left =
        lac_try_alloc(m->rows * m->most + 1, sizeof(double), "left factor", error);
    g_autofree double *right = g_new0(double, p * m->most + 1);
    LacMatrix z = {exact->n, p, p, exact->z}, v = {p, exact->rank, m->most, right};
    LacMatrix u = {exact->n, exact->rank, m->most, left};

    if (left == NULL)
        return FALSE;
    for (size_t j = 0; j < p; j++)
        for (size_t c = 0; c < exact->rank; c++)
            right[j * m->most + c] = exact->gram[j * p + p - 1 - c];
    if (exact->rank > 0)
        lac_gemm(FALSE, FALSE, 1.0, &z, &v, 0.0, &u);
    if (!soft_factors_threshold(m, exact->rank, exact->fit->lambda, left, right, error))
        return FALSE;
    soft_cells_residual(exact->fit->cells, m);
    return TRUE;
}

gboolean
soft_fit_exact(SoftFit *fit, GError **error)
{
    const int64_t most = fit->self->iterations;
    LacContext *context = fit->self->base.instance.context;
    g_auto(SoftExact) exact = {0};
    double change = INFINITY, value = INFINITY, momentum = 1.0;
    int64_t t = 0;

    if (!exact_init(&exact, fit, error) || !exact_pass(&exact, FALSE))
        return FALSE;
    for (; t < most && change > fit->tol; t++) {
        const double done = (double)t / (double)most;

        if (!lac_context_step(context, fit->done + fit->share * done, error))
            return FALSE;
        value = exact_iterate(&exact, value, &momentum, &change);
        if (value < 0.0)
            return FALSE;
        if (fit->loud)
            lac_context_trace(context, "objective", -1, (size_t)t, 0, value);
    }
    soft_fit_tell(fit, t, change);
    return exact_finish(&exact, error);
}
