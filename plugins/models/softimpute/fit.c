/* One lambda. Both ways minimise F(M) = |X - M|^2 / 2 over the observed cells + lambda |M|_*.
 *
 * ALS (Hastie, Mazumder, Lee and Zadeh 2015, algorithm 3.1): M = A B' with A = U sqrt(s), B = V
 * sqrt(s); a step gives one of them by ridge regression on the table whose holes the other two
 * fill, Z = R + U diag(s) V', and balances both by a thin SVD. SVD (SoftImpute, Mazumder, Hastie
 * and Tibshirani 2010): M becomes the soft-thresholded SVD of Z, whose right half are the
 * eigenvectors of Z'Z. Z itself is never held here; exact.c
 * holds it where columns are few. */
#include "softimpute.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

/* Room for the steps of one lambda. */
typedef struct {
    double *left, *right, *scratch; /* [rows][most], [cols][most], partial sums */
    double *d, *q, *gram, *w;       /* [most], [most]^2, [cols]^2 and [cols] (SVD only) */
} FitRoom;

static void
room_clear(FitRoom *room)
{
    g_free(room->left);
    g_free(room->right);
    g_free(room->scratch);
    g_free(room->d);
    g_free(room->q);
    g_free(room->gram);
    g_free(room->w);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FitRoom, room_clear)

static gboolean
room_init(const SoftFit *fit, FitRoom *room, GError **error)
{
    const SoftFactors *m = fit->m;
    const size_t p = fit->self->variant == SOFT_SVD ? m->cols : 0;
    const char *what = "factors";

    room->d = g_new0(double, m->most + 1);
    room->q = g_new0(double, m->most * m->most + 1);
    room->w = g_new0(double, p + 1);
    return (room->left = lac_try_alloc(m->rows * m->most + 1, sizeof(double), what, error)) &&
           (room->right = lac_try_alloc(m->cols * m->most + 1, sizeof(double), what, error)) &&
           (room->scratch = lac_try_alloc(soft_cells_scratch(fit->cells, m->most) + 1,
                                          sizeof(double), what, error)) &&
           (room->gram = lac_try_alloc(p * p + 1, sizeof(double), "cross-products", error));
}

/* out [n][most] += side diag(s) */
static void
add_scaled(const SoftFactors *m, size_t n, const double *side, double *out)
{
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < m->rank; c++)
            out[i * m->most + c] += side[i * m->most + c] * m->s[c];
}

/* Shrinks by s / (s + lambda), which is the ridge regression, and takes the SVD apart: @fresh
 * becomes the new side, the other one turns along. */
static gboolean
balance(SoftFit *fit, FitRoom *room, size_t n, double *fresh, size_t n_other, double *other,
        GError **error)
{
    SoftFactors *m = fit->m;

    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < m->rank; c++)
            fresh[i * m->most + c] *= m->s[c] > 0.0 ? m->s[c] / (m->s[c] + fit->lambda) : 0.0;
    if (!soft_thin_svd(n, m->rank, m->most, fresh, room->d, room->q, error))
        return FALSE;
    memcpy(m->s, room->d, m->rank * sizeof(double));
    soft_rotate(n_other, m->rank, m->most, other, room->q);
    return TRUE;
}

/* Residuals belong to m before and after. */
static gboolean
step_als(SoftFit *fit, FitRoom *room, GError **error)
{
    SoftFactors *m = fit->m;

    soft_cells_times_transposed(fit->cells, m->rank, m->most, m->u, room->right, room->scratch);
    add_scaled(m, m->cols, m->v, room->right);
    if (!balance(fit, room, m->cols, room->right, m->rows, m->u, error))
        return FALSE;
    soft_factors_take(m, m->cols, room->right, m->v);
    soft_cells_residual(fit->cells, m);
    soft_cells_times(fit->cells, m->rank, m->most, m->v, room->left);
    add_scaled(m, m->rows, m->u, room->left);
    if (!balance(fit, room, m->rows, room->left, m->cols, m->v, error))
        return FALSE;
    soft_factors_take(m, m->rows, room->left, m->u);
    return TRUE;
}

/* m = Z V, its singular values reduced by lambda; V = room->right has orthonormal columns, which
 * turn along. The last step of ALS, which gives exact zeros. */
static gboolean
threshold(SoftFit *fit, FitRoom *room, size_t rank, GError **error)
{
    SoftFactors *m = fit->m;
    LacMatrix v = {m->cols, rank, m->most, room->right};
    LacMatrix v0 = {m->cols, m->rank, m->most, m->v};

    soft_cells_times(fit->cells, rank, m->most, room->right, room->left);
    if (m->rank > 0) { /* + U diag(s) V0'V */
        g_autofree double *turn = g_new(double, m->rank *rank + 1);
        LacMatrix cross = {m->rank, rank, rank, turn}, u = {m->rows, m->rank, m->most, m->u};
        LacMatrix left = {m->rows, rank, m->most, room->left};

        lac_gemm(TRUE, FALSE, 1.0, &v0, &v, 0.0, &cross);
        for (size_t c = 0; c < m->rank; c++)
            for (size_t e = 0; e < rank; e++)
                turn[c * rank + e] *= m->s[c];
        lac_gemm(FALSE, FALSE, 1.0, &u, &cross, 1.0, &left);
    }
    return soft_factors_threshold(m, rank, fit->lambda, room->left, room->right, error);
}

static gboolean
step_svd(SoftFit *fit, FitRoom *room, GError **error)
{
    SoftFactors *m = fit->m;
    const size_t p = m->cols;
    LacMatrix gram = {p, p, p, room->gram};
    size_t rank = 0;

    if (!soft_cells_gram(fit->cells, m, room->gram, error) ||
        !lac_eigen_symmetric(&gram, room->w, error))
        return FALSE;
    while (rank < MIN(m->room, p) && room->w[p - 1 - rank] > fit->lambda * fit->lambda)
        rank++;
    for (size_t j = 0; j < p; j++)
        for (size_t c = 0; c < rank; c++)
            room->right[j * m->most + c] = room->gram[j * p + p - 1 - c];
    return threshold(fit, room, rank, error);
}

/** FitStep: an iteration, as the body of a loop. */
typedef struct {
    SoftFit *fit;
    FitRoom *room;
    GError **error;
    double squares; /* of the residuals afterwards; -1 after a failure */
} FitStep;

static void
step_body(size_t begin, size_t end, unsigned worker, void *user)
{
    FitStep *step = user;
    SoftFit *fit = step->fit;
    const gboolean done = fit->self->variant != SOFT_SVD ? step_als(fit, step->room, step->error)
                                                         : step_svd(fit, step->room, step->error);

    step->squares = done ? soft_cells_residual(fit->cells, fit->m) : -1.0;
}

/* One iteration; inside a loop of one the algebra of a small table keeps to one thread. */
static double
step(SoftFit *fit, FitRoom *room, GError **error)
{
    FitStep step = {fit, room, error, -1.0};
    const size_t k = fit->self->variant != SOFT_SVD ? fit->m->rank : fit->m->cols;

    if (soft_cells_are_few(fit->cells, k))
        lac_parallel_for(1, 1, step_body, &step);
    else
        step_body(0, 1, 0, &step);
    return step.squares;
}

static double
objective(const SoftFit *fit, double squares)
{
    double norm = 0.0;

    for (size_t c = 0; c < fit->m->rank; c++)
        norm += fit->m->s[c];
    return 0.5 * squares + fit->lambda * norm;
}

static gboolean
fit_finish(SoftFit *fit, FitRoom *room, GError **error)
{
    if (fit->self->variant != SOFT_SVD) {
        memcpy(room->right, fit->m->v, fit->m->cols * fit->m->most * sizeof(double));
        if (!threshold(fit, room, fit->m->rank, error))
            return FALSE;
    }
    soft_cells_residual(fit->cells, fit->m);
    return TRUE;
}

void
soft_fit_tell(const SoftFit *fit, int64_t t, double change)
{
    if (fit->loud && change > fit->tol)
        lac_context_event(fit->self->base.instance.context, "not-converged", -1,
                          "stopped after %" G_GINT64_FORMAT
                          " iterations, the completed matrix still moving by %.1e of its size",
                          t, sqrt(change));
}

/* s of the ALS start is no singular value while v is 0: M is, and |M|_* = 0 there. */
gboolean
soft_fit_lambda(SoftFit *fit, GError **error)
{
    const SoftModel *self = fit->self;
    LacContext *context = self->base.instance.context;
    g_auto(FitRoom) room = {0};
    double change = INFINITY;
    int64_t t = 0;

    if (soft_fit_is_exact(self, fit->cells))
        return soft_fit_exact(fit, error);
    if (!room_init(fit, &room, error))
        return FALSE;
    soft_cells_residual(fit->cells, fit->m);
    for (; t < self->iterations && change > fit->tol; t++) {
        g_autoptr(SoftFactors) before = soft_factors_dup(fit->m, error);
        const double done = (double)t / (double)self->iterations;

        if (before == NULL || !lac_context_step(context, fit->done + fit->share * done, error))
            return FALSE;
        const double squares = step(fit, &room, error);

        if (squares < 0.0)
            return FALSE;
        if (fit->loud)
            lac_context_trace(context, "objective", -1, (size_t)t, 0, objective(fit, squares));
        change = soft_factors_change(fit->m, before);
    }
    soft_fit_tell(fit, t, change);
    return fit_finish(fit, &room, error);
}
