/* From the lambda that empties M downwards, each fit started from the one before. Which lambda:
 * the one that predicts observed cells best that were held out. */
#include "softimpute.h"

#include <math.h>
#include <string.h>

enum {
    AUTO_RANK = 64,    /* most rank when none is given */
    FEWEST_HELD = 10,  /* cells, to choose by */
    SVD_COLUMNS = 3000 /* Z'Z of more is no small matrix */
};
#define SMALLEST_SHARE 1e-3 /* of lambda, at the end of the path */
#define FALLBACK_SHARE 0.05
#define ON_THE_WAY 10.0 /* times the tolerance, for fits that are only passed through */

/** SoftPath: fits along lambda. @cells, @held: lent; @m: owned; @top: the largest lambda of use */
typedef struct {
    SoftModel *self;
    SoftCells *cells, *held;
    SoftFactors *m;
    LacRng rng;
    double top;
} SoftPath;

static void
path_clear(SoftPath *path)
{
    g_clear_pointer(&path->m, soft_factors_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SoftPath, path_clear)

static size_t
path_most_rank(const SoftModel *self, const SoftCells *cells)
{
    const size_t limit = MIN(cells->rows, cells->cols);

    return MIN(limit, self->most_rank > 0 ? (size_t)self->most_rank : AUTO_RANK);
}

/* Share of the largest lambda at position @k of @n: from just below 1 to @last, evenly in logs. */
static double
path_share(size_t k, size_t n, double last)
{
    return exp(log(last) * (double)(k + 1) / (double)n);
}

/* The fit of one lambda; the rank grows until it is not the rank that limits M. */
static gboolean
path_step(SoftPath *path, double lambda, gboolean loud, double done, double share, GError **error)
{
    SoftFactors *m = path->m;
    const double tol = path->self->tol * (loud ? 1.0 : ON_THE_WAY);
    SoftFit fit = {path->self, path->cells, m, lambda, tol, loud, done, share};
    size_t room = MIN(m->rank + 2, m->room);

    const gboolean exact = soft_fit_is_exact(path->self, path->cells);

    if (path->self->variant == SOFT_SVD || path->self->path == 1 || exact)
        room = m->room;
    for (;;) {
        if (path->self->variant != SOFT_SVD && !exact)
            soft_factors_grow(m, room, &path->rng);
        if (!soft_fit_lambda(&fit, error))
            return FALSE;
        if (m->rank < room || room == m->room)
            return TRUE;
        room = MIN(room + MAX(2, room / 2), m->room);
    }
}

static double
path_error(const SoftPath *path)
{
    return soft_cells_residual(path->held, path->m) / (double)path->held->n;
}

/* A new path over @train (lent), from M = 0. */
static gboolean
path_begin(SoftPath *path, SoftModel *self, SoftCells *train, GError **error)
{
    path->self = self;
    path->cells = train;
    path->rng = lac_context_rng(self->base.instance.context, "start");
    path->top = soft_cells_norm(train, error);
    return path->top >= 0.0;
}

/* M = 0, unless there is something nearer. */
static gboolean
path_start(SoftPath *path, GError **error)
{
    const SoftCells *cells = path->cells;

    if (path->m == NULL)
        path->m =
            soft_factors_new(cells->rows, cells->cols, path_most_rank(path->self, cells), error);
    return path->m != NULL;
}

/* Down to @last as a share of the largest lambda, in @n steps; the last fit is traced. */
static gboolean
path_run(SoftPath *path, size_t n, double last, double done, GError **error)
{
    for (size_t k = 0; k < n; k++) {
        const double share = (1.0 - done) / (double)n;

        if (!path_step(path, path->top * path_share(k, n, last), k + 1 == n,
                       done + share * (double)k, share, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- choosing ---------------------------------------------------------------------------------
 */

/* A random share of the observed cells, but never the last one of a row. Row i uses its own stream.
 */
static LacMask *
path_hold_out(const SoftModel *self, const LacData *train, GError **error)
{
    const LacRng stream = lac_context_rng(self->base.instance.context, "held-out");
    g_autoptr(LacMask) held = lac_mask_new(train->rows, train->cols, error);

    for (size_t i = 0; held != NULL && i < train->rows; i++) {
        LacRng rng = lac_rng_at(&stream, i);
        size_t left = train->cols - lac_mask_count_row(train->holes, i);

        for (size_t j = 0; j < train->cols && left > 1; j++) {
            if (!lac_data_is_hole(train, i, j) && lac_rng_uniform(&rng) < self->hold_out) {
                lac_mask_set(held, i, j, TRUE);
                left--;
            }
        }
    }
    return g_steal_pointer(&held);
}

/* The share of lambda with the smallest held-out error, and the fit there; the path ends when the
 * error has risen for a while. */
static gboolean
path_search(SoftPath *path, double *best_share, SoftFactors **best_m, GError **error)
{
    enum { PATIENCE = 3 };
    LacContext *context = path->self->base.instance.context;
    const size_t n = (size_t)path->self->path;
    double best = path_error(path); /* of M = 0 */
    size_t since = 0;

    *best_share = 1.0;
    for (size_t k = 0; k < n && since < PATIENCE; k++, since++) {
        const double share = path_share(k, n, SMALLEST_SHARE);

        if (!path_step(path, path->top * share, FALSE, 0.5 * (double)k / (double)n, 0.5 / (double)n,
                       error))
            return FALSE;
        const double now = path_error(path);

        lac_context_trace(context, "held-out", -1, k, 0, sqrt(now));
        if (now < best) {
            best = now;
            *best_share = share;
            since = 0;
            soft_factors_free(*best_m);
            *best_m = soft_factors_dup(path->m, error);
            if (*best_m == NULL)
                return FALSE;
        }
    }
    return TRUE;
}

static gboolean
path_choose(SoftModel *self, const LacData *train, double *share, SoftFactors **near,
            GError **error)
{
    g_autoptr(LacMask) held = path_hold_out(self, train, error);
    g_autoptr(SoftCells) out = NULL;
    g_autoptr(SoftCells) kept = NULL;
    g_auto(SoftPath) path = {0};

    if (held == NULL)
        return FALSE;
    if (lac_mask_count(held) < FEWEST_HELD) {
        *share = FALLBACK_SHARE;
        lac_context_event(self->base.instance.context, "fallback", -1,
                          "too few observed cells to hold some out: lambda is %g of the largest",
                          *share);
        return TRUE;
    }
    kept = soft_cells_new(self, train, held, &out, error);
    if (kept == NULL || !path_begin(&path, self, kept, error) || !path_start(&path, error))
        return FALSE;
    path.held = out;
    return path_search(&path, share, near, error);
}

/* ---- the fit ----------------------------------------------------------------------------------
 */

/* loading = V sqrt(s), V of the table's columns. */
static void
path_keep(SoftModel *self, const SoftFactors *m, gboolean turned)
{
    const double *side = turned ? m->u : m->v;

    self->rank = m->rank;
    self->loading = g_new0(double, self->cols * m->rank + 1);
    for (size_t j = 0; j < self->cols; j++)
        for (size_t c = 0; c < m->rank; c++)
            self->loading[j * m->rank + c] = side[j * m->most + c] * sqrt(m->s[c]);
}

/* All observed cells at one share of the largest lambda, from what the search left. */
static gboolean
path_finish(SoftPath *path, SoftModel *self, const LacData *train, double share, GError **error)
{
    g_autoptr(SoftCells) cells = soft_cells_new(self, train, NULL, NULL, error);
    const size_t steps = path->m != NULL ? 1 : (size_t)self->path;
    LacContext *context = self->base.instance.context;

    if (cells == NULL || !path_begin(path, self, cells, error) || !path_start(path, error))
        return FALSE;
    self->lambda = share * path->top;
    if (path->top > 0.0 && share < 1.0 && !path_run(path, steps, share, 0.8, error))
        return FALSE;
    lac_context_trace(context, "lambda", -1, 0, 0, self->lambda);
    lac_context_trace(context, "rank", -1, 0, 0, (double)path->m->rank);
    path_keep(self, path->m, train->rows < train->cols);
    return TRUE;
}

gboolean
soft_path_fit(SoftModel *self, const LacData *train, GError **error)
{
    g_auto(SoftPath) path = {0};
    double share = self->lambda_share;

    if (self->variant == SOFT_SVT)
        return soft_svt_fit(self, train, self->most_rank > 0 ? (size_t)self->most_rank : AUTO_RANK,
                            error);
    if (self->variant == SOFT_SVD && MIN(train->rows, train->cols) > SVD_COLUMNS)
        return lac_fail(error, LAC_ERROR_SHAPE,
                        "softimpute: variant svd takes tables with at most %d rows or columns, "
                        "this one has %zu x %zu; use variant auto",
                        SVD_COLUMNS, train->rows, train->cols);
    if (share == 0.0 && !path_choose(self, train, &share, &path.m, error))
        return FALSE;
    return path_finish(&path, self, train, share, error);
}
