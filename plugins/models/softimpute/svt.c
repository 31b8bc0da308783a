/* Singular value thresholding of Cai, Candes and Shen (SIAM Journal on Optimization 20 (2010)
 * 1956-1982), algorithm 1: among matrices that agree with the observed cells, the one with the
 * smallest tau |M|_* + |M|^2 / 2. Y is 0 in holes and starts at the multiple k0 delta of the
 * observed cells that the first steps would come to; then M = D_tau(Y), the singular values of Y
 * less tau, and Y += delta (X - M) at the observed cells, until M agrees with them.
 *
 * Y is as sparse as the table, and only its singular values above tau are asked for: by the
 * eigenvectors of the small Y'Y where columns are few, by subspace iteration from where the last
 * step ended where they are many. */
#include "softimpute.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

enum {
    FEW_COLUMNS = 64, /* Y'Y is taken apart whole */
    INCREMENT = 5,    /* singular values asked for at a time */
    SWEEPS = 300      /* of a subspace iteration */
};
#define RITZ_TOLERANCE 1e-13 /* relative, of singular values */
#define DIVERGED 1e4         /* times the observed cells */
/* Rows are fitted exactly but for this, beside columns of length at most 1. */
#define ROW_RIDGE 1e-10

/** SoftSvt: @y: [cells->n]; @squares: of the observed cells; @left, @right, @spent, @scratch,
 * @d, @q, @gram, @w: room for a step; @warm: columns of right that the last one left */
typedef struct {
    const SoftModel *self;
    SoftCells *cells;
    SoftFactors *m;
    LacRng rng;
    double tau, delta, squares;
    double *y, *left, *right, *spent, *scratch, *d, *q, *gram, *w;
    size_t warm;
} SoftSvt;

static void
svt_clear(SoftSvt *svt)
{
    g_clear_pointer(&svt->m, soft_factors_free);
    g_free(svt->y);
    g_free(svt->left);
    g_free(svt->right);
    g_free(svt->spent);
    g_free(svt->scratch);
    g_free(svt->d);
    g_free(svt->q);
    g_free(svt->gram);
    g_free(svt->w);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SoftSvt, svt_clear)

gboolean
soft_svt_is_small(size_t cols)
{
    return cols <= FEW_COLUMNS;
}

static gboolean
svt_is_small(const SoftSvt *svt)
{
    return soft_svt_is_small(svt->cells->cols);
}

static gboolean
svt_alloc(SoftSvt *svt, size_t most, GError **error)
{
    const SoftCells *cells = svt->cells;
    const size_t p = svt_is_small(svt) ? cells->cols : 0;
    const char *what = "factors";

    svt->m = soft_factors_new(cells->rows, cells->cols, most, error);
    if (svt->m == NULL)
        return FALSE;
    const size_t ld = svt->m->most;

    svt->d = g_new0(double, ld + 1);
    svt->q = g_new0(double, ld *ld + 1);
    svt->gram = g_new0(double, p *p + 1);
    svt->w = g_new0(double, p + 1);
    svt->spent = g_new0(double, cells->cols *ld + 1);
    svt->y = lac_try_alloc(cells->n + 1, sizeof(double), what, error);
    svt->left = svt->y ? lac_try_alloc(cells->rows * ld + 1, sizeof(double), what, error) : NULL;
    svt->right =
        svt->left ? lac_try_alloc(cells->cols * ld + 1, sizeof(double), what, error) : NULL;
    svt->scratch =
        svt->right ? lac_try_alloc(soft_cells_scratch(cells, ld) + 1, sizeof(double), what, error)
                   : NULL;
    return svt->scratch != NULL;
}

/* ---- singular vectors of Y, which the residuals of the cells hold ------------------------------
 */

/* From the eigenvectors of Y'Y; how many values are above tau, at most the room; -1 after an error.
 */
static gssize
svt_few(SoftSvt *svt, GError **error)
{
    const SoftFactors zero = {.rows = svt->cells->rows, .cols = svt->cells->cols};
    const size_t p = svt->cells->cols, ld = svt->m->most;
    LacMatrix gram = {p, p, p, svt->gram};
    size_t rank = 0;

    if (!soft_cells_gram(svt->cells, &zero, svt->gram, error) ||
        !lac_eigen_symmetric(&gram, svt->w, error))
        return -1;
    while (rank < MIN(svt->m->room, p) && svt->w[p - 1 - rank] > svt->tau * svt->tau)
        rank++;
    for (size_t j = 0; j < p; j++)
        for (size_t c = 0; c < rank; c++)
            svt->right[j * ld + c] = svt->gram[j * p + p - 1 - c];
    return (gssize)rank;
}

/* Columns of right up to @k: those there are, then random ones. */
static void
svt_widen(SoftSvt *svt, size_t k)
{
    for (; svt->warm < k; svt->warm++)
        for (size_t j = 0; j < svt->cells->cols; j++)
            svt->right[j * svt->m->most + svt->warm] = lac_rng_normal(&svt->rng);
}

/* right [cols][k]: the leading right singular vectors of Y, to d their values. */
static gboolean
svt_subspace(SoftSvt *svt, size_t k, GError **error)
{
    const SoftCells *cells = svt->cells;
    const size_t ld = svt->m->most;
    g_autofree double *before = g_new0(double, k + 1);
    gboolean moving = TRUE;

    for (int sweep = 0; sweep < SWEEPS && moving; sweep++) {
        memcpy(before, svt->d, k * sizeof(double));
        soft_cells_times(cells, k, ld, svt->right, svt->left);
        if (!soft_thin_svd(cells->rows, k, ld, svt->left, svt->d, svt->q, error))
            return FALSE;
        soft_cells_times_transposed(cells, k, ld, svt->left, svt->right, svt->scratch);
        if (!soft_thin_svd(cells->cols, k, ld, svt->right, svt->d, svt->q, error))
            return FALSE;
        moving = sweep == 0;
        for (size_t c = 0; c < k; c++)
            moving |= svt->d[c] > 0.9 * svt->tau &&
                      fabs(svt->d[c] - before[c]) > RITZ_TOLERANCE * svt->d[0];
    }
    return TRUE;
}

/* As algorithm 1 asks: one more than last time, then more until one is not above tau. */
static gssize
svt_many(SoftSvt *svt, GError **error)
{
    const size_t most = MIN(svt->m->room, svt->cells->cols);
    size_t k = MIN(MAX(svt->warm, svt->m->rank + 1 + INCREMENT), most), rank = 0;

    for (;;) {
        svt_widen(svt, k);
        if (!svt_subspace(svt, k, error))
            return -1;
        if (svt->d[k - 1] <= svt->tau || k == most)
            break;
        k = MIN(k + INCREMENT, most);
    }
    while (rank < k && svt->d[rank] > svt->tau)
        rank++;
    return (gssize)rank;
}

/* ---- steps -------------------------------------------------------------------------------------
 */

/* M = D_tau(Y), and what it leaves of the observed cells; their squares, -1 after an error. */
static double
svt_step(SoftSvt *svt, GError **error)
{
    SoftFactors *m = svt->m;
    const size_t ld = m->most;
    gssize rank;

    memcpy(svt->cells->residual, svt->y, svt->cells->n * sizeof(double));
    rank = svt_is_small(svt) ? svt_few(svt, error) : svt_many(svt, error);
    if (rank < 0)
        return -1.0;
    soft_cells_times(svt->cells, (size_t)rank, ld, svt->right, svt->left);

    /* thresholding uses its vectors up, and the next step wants them */
    memcpy(svt->spent, svt->right, svt->cells->cols * ld * sizeof(double));
    if (!soft_factors_threshold(m, (size_t)rank, svt->tau, svt->left, svt->spent, error))
        return -1.0;
    return soft_cells_residual(svt->cells, m);
}

/** SvtTask: a step, as the body of a loop. */
typedef struct {
    SoftSvt *svt;
    GError **error;
    double left;
} SvtTask;

static void
svt_body(size_t begin, size_t end, unsigned worker, void *user)
{
    SvtTask *task = user;

    task->left = svt_step(task->svt, task->error);
}

/* Inside a loop of one the algebra of a small table keeps to one thread. */
static double
svt_run_step(SoftSvt *svt, GError **error)
{
    SvtTask task = {svt, error, -1.0};

    const size_t k =
        svt_is_small(svt) ? svt->cells->cols : MAX(svt->warm, svt->m->rank + 1 + INCREMENT);

    if (soft_cells_are_few(svt->cells, k))
        lac_parallel_for(1, 1, svt_body, &task);
    else
        svt_body(0, 1, 0, &task);
    return task.left;
}

static gboolean
svt_check(const SoftSvt *svt, double left, GError **error)
{
    return (isfinite(left) && left <= DIVERGED * svt->squares) ||
           lac_fail(error, LAC_ERROR_NUMERIC,
                    "softimpute: variant svt moves away from the observed cells with steps of %g; "
                    "lower svt_step (below 2 it is sure to converge)",
                    svt->delta);
}

static gboolean
svt_run(SoftSvt *svt, GError **error)
{
    LacContext *context = svt->self->base.instance.context;
    const int64_t most = svt->self->iterations;
    double share = INFINITY;
    int64_t t = 0;

    for (; t < most && share > svt->self->tol; t++) {
        double left;

        if (!lac_context_step(context, (double)t / (double)most, error))
            return FALSE;
        left = svt_run_step(svt, error);
        if (left < 0.0 || !svt_check(svt, left, error))
            return FALSE;
        share = left / svt->squares;
        lac_context_trace(context, "residual", -1, (size_t)t, 0, sqrt(share));
        for (size_t c = 0; c < svt->cells->n; c++)
            svt->y[c] += svt->delta * svt->cells->residual[c];
    }
    if (share > svt->self->tol)
        lac_context_event(context, "not-converged", -1,
                          "stopped after %" G_GINT64_FORMAT
                          " iterations, the observed cells still off by %.1e of their size",
                          t, sqrt(share));
    return TRUE;
}

/* ---- the fit -----------------------------------------------------------------------------------
 * A row's scores a, of M = A B' with B = V sqrt(s), are those of smallest a'(tau + s)a that fit its
 * observed cells: the condition of the minimum, row by row. So B is scaled by 1 / sqrt(tau + s),
 * and the ridge is next to nothing. */

static void
svt_keep(SoftModel *self, const SoftSvt *svt, gboolean turned)
{
    const SoftFactors *m = svt->m;
    const double *side = turned ? m->u : m->v;

    self->rank = m->rank;
    self->lambda = ROW_RIDGE;
    self->loading = g_new0(double, self->cols * m->rank + 1);
    for (size_t j = 0; j < self->cols; j++)
        for (size_t c = 0; c < m->rank; c++)
            self->loading[j * m->rank + c] =
                side[j * m->most + c] * sqrt(m->s[c] / (m->s[c] + svt->tau));
}

/* Parameters left at 0 as the paper has them, and Y where the first steps would come to. */
static gboolean
svt_start(SoftSvt *svt, GError **error)
{
    const SoftCells *cells = svt->cells;
    const double size = (double)cells->rows * (double)cells->cols;
    const double norm = soft_cells_norm(svt->cells, error);

    if (norm < 0.0)
        return FALSE;
    svt->tau = svt->self->svt_threshold > 0.0 ? svt->self->svt_threshold : 5.0 * sqrt(size);
    svt->delta =
        svt->self->svt_step > 0.0 ? svt->self->svt_step : 1.2 * size / (double)MAX(cells->n, 1);
    const double k0 = norm > 0.0 ? ceil(svt->tau / (svt->delta * norm)) : 1.0;

    for (size_t c = 0; c < cells->n; c++) {
        svt->squares += cells->x[c] * cells->x[c];
        svt->y[c] = k0 * svt->delta * cells->x[c];
    }
    return TRUE;
}

gboolean
soft_svt_fit(SoftModel *self, const LacData *train, size_t most_rank, GError **error)
{
    LacContext *context = self->base.instance.context;
    g_autoptr(SoftCells) cells = soft_cells_new(self, train, NULL, NULL, error);
    g_auto(SoftSvt) svt = {.self = self, .cells = cells};

    if (cells == NULL)
        return FALSE;
    svt.rng = lac_context_rng(context, "start");
    if (!svt_alloc(&svt, MIN(most_rank, MIN(cells->rows, cells->cols)), error) ||
        !svt_start(&svt, error) || (svt.squares > 0.0 && !svt_run(&svt, error)))
        return FALSE;
    if (svt.m->rank == svt.m->room && svt.m->room < cells->cols)
        lac_context_event(context, "capped", -1,
                          "the rank stopped at %zu, the most there may be: observed cells need not "
                          "be reached; raise most_rank",
                          svt.m->rank);
    lac_context_trace(context, "lambda", -1, 0, 0, svt.tau);
    lac_context_trace(context, "rank", -1, 0, 0, (double)svt.m->rank);
    svt_keep(self, &svt, train->rows < train->cols);
    return TRUE;
}
