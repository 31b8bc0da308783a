/* Small dense algebra on batches of square matrices, computed in double: Cholesky factor,
 * triangular and positive definite solutions, log determinant. Matrices given as symmetric are
 * taken as (A + A')/2, and so are their gradients. Gradients after Giles, "An extended collection
 * of matrix derivative results" (2008), and Murray, "Differentiation of the Cholesky decomposition"
 * (2016). */
#include "map-private.h"
#include <lacuna/ops.h>

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

/* ---- what they share ---- */

/* [… q x q] with [… q x r], as double copies in the arena. Parts that an operator does not have
 * are NULL. */
typedef struct {
    size_t batch, q, r;
    double *l;          /* [batch][q][q] Cholesky factors, or L itself: lower triangle */
    double *x;          /* [batch][q][r] solutions */
    size_t *failed;     /* [batch] 1 + the pivot that is not positive, 0: none */
    gboolean transpose; /* solves with L' */
} Dense;

static size_t
square_side(const LacTensor *a)
{
    return a->dims >= 2 && a->shape[a->dims - 1] == a->shape[a->dims - 2] ? a->shape[a->dims - 1]
                                                                          : 0;
}

static LacTensor *
dense_refuse(const LacOp *op, const LacTensor *a, const LacTensor *b)
{
    return lac_tape_fail(a->tape, LAC_ERROR_SHAPE,
                         "%s: shapes %s%s%s do not fit; expected [… x q x q]%s", op->name,
                         lac_tensor_shape_text(a), b != NULL ? " and " : "",
                         b != NULL ? lac_tensor_shape_text(b) : "",
                         b != NULL ? " and [… x q x r] with the same leading lengths" : "");
}

/* Whether [… q x r] goes with [… q x q]. */
static gboolean
dense_pair_fits(const LacTensor *a, const LacTensor *b)
{
    return square_side(a) > 0 && b->dims == a->dims &&
           memcmp(a->shape, b->shape, (a->dims - 1) * sizeof *a->shape) == 0;
}

/* The sizes and memory of an operator on @a and perhaps @b. NULL: no memory. */
static Dense *
dense_new(LacTensor *y, const LacTensor *a, const LacTensor *b)
{
    Dense *dense = y != NULL ? lac_tape_alloc(y->tape, sizeof *dense) : NULL;

    if (dense == NULL)
        return NULL;
    *dense = (Dense){.q = square_side(a), .r = b != NULL ? b->shape[b->dims - 1] : 0};
    dense->batch = a->size / (dense->q * dense->q);
    dense->l = lac_tape_alloc(y->tape, a->size * sizeof *dense->l);
    dense->x = b != NULL ? lac_tape_alloc(y->tape, b->size * sizeof *dense->x) : NULL;
    dense->failed = lac_tape_alloc(y->tape, dense->batch * sizeof *dense->failed);
    if (dense->l == NULL || dense->failed == NULL || (b != NULL && dense->x == NULL))
        return NULL;
    memset(dense->failed, 0, dense->batch * sizeof *dense->failed);
    y->saved = dense;
    return dense;
}

/* Matrices a block of a parallel loop holds. */
static size_t
dense_grain(const Dense *dense)
{
    return MAX(1, NN_GRAIN / (dense->q * dense->q * (dense->q + dense->r)));
}

/* The lower triangle of (A + A')/2, zeros above. */
static void
symmetric_lower(size_t q, const LacReal *a, double *l)
{
    for (size_t i = 0; i < q; i++) {
        for (size_t j = 0; j < q; j++)
            l[i * q + j] = j <= i ? ((double)a[i * q + j] + (double)a[j * q + i]) / 2 : 0.0;
    }
}

/* L in place of the lower triangle of A. LAPACK sees the transpose, of which that is the upper
 * triangle. Returns: 0, or 1 + the pivot that is not positive. */
static size_t
factor(size_t q, double *a)
{
    const lapack_int info =
        LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', (lapack_int)q, a, (lapack_int)q);

    for (size_t i = 0; info == 0 && i < q; i++) {
        if (!(a[i * q + i] > 0.0)) /* NaN */
            return i + 1;
    }
    return (size_t)info;
}

/* B = L^-1 B or L'^-1 B, [q x r] */
static void
solve_with(size_t q, size_t r, const double *l, gboolean transpose, double *b)
{
    cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, transpose ? CblasTrans : CblasNoTrans,
                CblasNonUnit, (blasint)q, (blasint)r, 1.0, l, (blasint)q, b, (blasint)r);
}

static void
widen(size_t n, const LacReal *from, double *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (double)from[i];
}

static void
narrow(size_t n, const double *from, LacReal *to, gboolean add)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (LacReal)((add ? (double)to[i] : 0.0) + from[i]);
}

/* @y, or NULL with the tape's error when a matrix was not positive definite. */
static LacTensor *
dense_done(LacTensor *y, const Dense *dense)
{
    for (size_t k = 0; k < dense->batch; k++) {
        if (dense->failed[k] > 0)
            return lac_tape_fail(y->tape, LAC_ERROR_NUMERIC,
                                 "%s: matrix %zu of %s is not positive definite: its pivot %zu "
                                 "is not above 0; a larger diagonal mends that",
                                 y->op->name, k, lac_tensor_shape_text(y->in[0]),
                                 dense->failed[k] - 1);
    }
    return lac_tape_done(y);
}

/* A step of backward: scratch for one batch entry each. */
typedef struct {
    const LacTensor *y;
    const Dense *dense;
    LacReal *ga, *gb; /* NULL where not wanted */
    gboolean add_a, add_b;
    double *work; /* [batch][q q + q r] */
} DenseBack;

static gboolean
dense_back_start(DenseBack *back, const LacTensor *y)
{
    const Dense *dense = y->saved;

    *back = (DenseBack){.y = y, .dense = dense};
    back->work = lac_tape_alloc(y->tape, dense->batch * dense->q * (dense->q + dense->r) *
                                             sizeof *back->work);
    if (back->work == NULL)
        return FALSE;
    if (lac_tensor_wants(y, 0)) {
        back->ga = y->in[0]->grad;
        back->add_a = !lac_tensor_first(y->in[0]);
    }
    if (y->inputs > 1 && lac_tensor_wants(y, 1)) {
        back->gb = y->in[1]->grad;
        back->add_b = !lac_tensor_first(y->in[1]);
    }
    return TRUE;
}

/* gA += scale (S + S')/2 */
static void
add_symmetric(size_t q, const double *s, double scale, LacReal *ga, gboolean add)
{
    for (size_t i = 0; i < q; i++) {
        for (size_t j = 0; j < q; j++) {
            const double g = scale * (s[i * q + j] + s[j * q + i]) / 2;

            ga[i * q + j] = (LacReal)((add ? (double)ga[i * q + j] : 0.0) + g);
        }
    }
}

/* C = A B' for A, B [q x r] */
static void
outer(size_t q, size_t r, const double *a, const double *b, double *c)
{
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)q, (blasint)q, (blasint)r, 1.0, a,
                (blasint)r, b, (blasint)r, 0.0, c, (blasint)q);
}

/* ---- cholesky: L L' = A; dA = sym(L'^-1 Phi(L' dL) L^-1), Phi: the lower triangle with its
 *      diagonal halved ---- */

static void
cholesky_forward(size_t begin, size_t end, unsigned worker, void *user)
{
    LacTensor *y = user;
    Dense *dense = y->saved;
    const size_t n = dense->q * dense->q;

    for (size_t k = begin; k < end; k++) {
        symmetric_lower(dense->q, y->in[0]->v + k * n, dense->l + k * n);
        dense->failed[k] = factor(dense->q, dense->l + k * n);
        narrow(n, dense->l + k * n, y->v + k * n, FALSE);
    }
}

static void
cholesky_back(size_t begin, size_t end, unsigned worker, void *user)
{
    const DenseBack *back = user;
    const size_t q = back->dense->q, n = q * q;

    for (size_t k = begin; k < end; k++) {
        const double *l = back->dense->l + k * n;
        double *s = back->work + k * n;

        widen(n, back->y->grad + k * n, s);
        for (size_t i = 0; i < q; i++) /* what lies above the diagonal of L is always 0 */
            for (size_t j = i + 1; j < q; j++)
                s[i * q + j] = 0.0;
        cblas_dtrmm(CblasRowMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, (blasint)q,
                    (blasint)q, 1.0, l, (blasint)q, s, (blasint)q);
        for (size_t i = 0; i < q; i++) {
            s[i * q + i] /= 2;
            for (size_t j = i + 1; j < q; j++)
                s[i * q + j] = 0.0;
        }
        solve_with(q, q, l, TRUE, s);
        cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasNoTrans, CblasNonUnit, (blasint)q,
                    (blasint)q, 1.0, l, (blasint)q, s, (blasint)q);
        add_symmetric(q, s, 1.0, back->ga + k * n, back->add_a);
    }
}

static void
cholesky_backward(const LacTensor *y)
{
    DenseBack back;

    if (dense_back_start(&back, y))
        nn_for(back.dense->batch, dense_grain(back.dense), cholesky_back, &back);
}

static const LacOp lac_op_cholesky = {
    "cholesky", "L with L L' = A", cholesky_backward, NULL, .assigns = TRUE,
};

LacTensor *
lac_nn_cholesky(LacTensor *a)
{
    LacTensor *y;
    Dense *dense;

    if (a == NULL)
        return NULL;
    if (square_side(a) == 0)
        return dense_refuse(&lac_op_cholesky, a, NULL);
    y = lac_tape_result(&lac_op_cholesky, 1, &a, a->dims, a->shape);
    dense = dense_new(y, a, NULL);
    if (dense == NULL)
        return NULL;
    nn_for(dense->batch, dense_grain(dense), cholesky_forward, y);
    return dense_done(y, dense);
}

/* ---- logdet: y = ln |A| = 2 sum ln L_ii; dA = dy A^-1 ---- */

static void
logdet_forward(size_t begin, size_t end, unsigned worker, void *user)
{
    LacTensor *y = user;
    Dense *dense = y->saved;
    const size_t q = dense->q, n = q * q;

    for (size_t k = begin; k < end; k++) {
        double *l = dense->l + k * n, sum = 0;

        symmetric_lower(q, y->in[0]->v + k * n, l);
        dense->failed[k] = factor(q, l);
        for (size_t i = 0; i < q; i++)
            sum += 2 * log(l[i * q + i]);
        y->v[k] = (LacReal)sum;
    }
}

static void
logdet_back(size_t begin, size_t end, unsigned worker, void *user)
{
    const DenseBack *back = user;
    const size_t q = back->dense->q, n = q * q;

    for (size_t k = begin; k < end; k++) {
        const double *l = back->dense->l + k * n;
        double *inverse = back->work + k * n;

        memset(inverse, 0, n * sizeof *inverse);
        for (size_t i = 0; i < q; i++)
            inverse[i * q + i] = 1;
        solve_with(q, q, l, FALSE, inverse);
        solve_with(q, q, l, TRUE, inverse);
        add_symmetric(q, inverse, (double)back->y->grad[k], back->ga + k * n, back->add_a);
    }
}

static void
logdet_backward(const LacTensor *y)
{
    DenseBack back;

    if (dense_back_start(&back, y))
        nn_for(back.dense->batch, dense_grain(back.dense), logdet_back, &back);
}

static const LacOp lac_op_logdet = {"logdet", "ln |A|", logdet_backward, NULL, .assigns = TRUE};

LacTensor *
lac_nn_logdet(LacTensor *a)
{
    LacTensor *y;
    Dense *dense;

    if (a == NULL)
        return NULL;
    if (square_side(a) == 0)
        return dense_refuse(&lac_op_logdet, a, NULL);
    y = lac_tape_result(&lac_op_logdet, 1, &a, a->dims - 2, a->shape);
    dense = dense_new(y, a, NULL);
    if (dense == NULL)
        return NULL;
    nn_for(dense->batch, dense_grain(dense), logdet_forward, y);
    return dense_done(y, dense);
}

/* ---- solve_lower: Y = L^-1 B: dB = L'^-1 dY, dL = -tril(dB Y');
 *      Y = L'^-1 B: dB = L^-1 dY, dL = -tril(Y dB') ---- */

static void
solve_lower_forward(size_t begin, size_t end, unsigned worker, void *user)
{
    LacTensor *y = user;
    Dense *dense = y->saved;
    const size_t q = dense->q, n = q * q, m = q * dense->r;

    for (size_t k = begin; k < end; k++) {
        double *l = dense->l + k * n, *x = dense->x + k * m;

        widen(n, y->in[0]->v + k * n, l);
        widen(m, y->in[1]->v + k * m, x);
        solve_with(q, dense->r, l, dense->transpose, x);
        narrow(m, x, y->v + k * m, FALSE);
    }
}

static void
solve_lower_back(size_t begin, size_t end, unsigned worker, void *user)
{
    const DenseBack *back = user;
    const Dense *dense = back->dense;
    const size_t q = dense->q, r = dense->r, n = q * q, m = q * r;

    for (size_t k = begin; k < end; k++) {
        const double *l = dense->l + k * n, *x = dense->x + k * m;
        double *gl = back->work + k * (n + m), *gb = gl + n;

        widen(m, back->y->grad + k * m, gb);
        solve_with(q, r, l, !dense->transpose, gb);
        if (back->gb != NULL)
            narrow(m, gb, back->gb + k * m, back->add_b);
        if (back->ga == NULL)
            continue;
        outer(q, r, dense->transpose ? x : gb, dense->transpose ? gb : x, gl);
        for (size_t i = 0; i < q; i++)
            for (size_t j = 0; j < q; j++)
                gl[i * q + j] = j <= i ? -gl[i * q + j] : 0.0;
        narrow(n, gl, back->ga + k * n, back->add_a);
    }
}

static void
solve_lower_backward(const LacTensor *y)
{
    DenseBack back;

    if (dense_back_start(&back, y))
        nn_for(back.dense->batch, dense_grain(back.dense), solve_lower_back, &back);
}

static const LacOp lac_op_solve_lower = {
    "solve_lower", "L^-1 B", solve_lower_backward, NULL, .assigns = TRUE,
};

LacTensor *
lac_nn_solve_lower(LacTensor *l, LacTensor *b, gboolean transpose)
{
    LacTensor *y;
    Dense *dense;

    if (l == NULL || b == NULL)
        return NULL;
    if (!dense_pair_fits(l, b))
        return dense_refuse(&lac_op_solve_lower, l, b);
    y = lac_tape_result(&lac_op_solve_lower, 2, (LacTensor *[]){l, b}, b->dims, b->shape);
    dense = dense_new(y, l, b);
    if (dense == NULL)
        return NULL;
    dense->transpose = transpose;
    nn_for(dense->batch, dense_grain(dense), solve_lower_forward, y);
    return lac_tape_done(y);
}

/* ---- cholesky_solve: X = A^-1 B; dB = A^-1 dX, dA = -sym(dB X') ---- */

static void
cholesky_solve_forward(size_t begin, size_t end, unsigned worker, void *user)
{
    LacTensor *y = user;
    Dense *dense = y->saved;
    const size_t q = dense->q, n = q * q, m = q * dense->r;

    for (size_t k = begin; k < end; k++) {
        double *l = dense->l + k * n, *x = dense->x + k * m;

        symmetric_lower(q, y->in[0]->v + k * n, l);
        widen(m, y->in[1]->v + k * m, x);
        dense->failed[k] = factor(q, l);
        if (dense->failed[k] > 0)
            continue;
        solve_with(q, dense->r, l, FALSE, x);
        solve_with(q, dense->r, l, TRUE, x);
        narrow(m, x, y->v + k * m, FALSE);
    }
}

static void
cholesky_solve_back(size_t begin, size_t end, unsigned worker, void *user)
{
    const DenseBack *back = user;
    const Dense *dense = back->dense;
    const size_t q = dense->q, r = dense->r, n = q * q, m = q * r;

    for (size_t k = begin; k < end; k++) {
        const double *l = dense->l + k * n;
        double *ga = back->work + k * (n + m), *gb = ga + n;

        widen(m, back->y->grad + k * m, gb);
        solve_with(q, r, l, FALSE, gb);
        solve_with(q, r, l, TRUE, gb);
        if (back->gb != NULL)
            narrow(m, gb, back->gb + k * m, back->add_b);
        if (back->ga == NULL)
            continue;
        outer(q, r, gb, dense->x + k * m, ga);
        add_symmetric(q, ga, -1.0, back->ga + k * n, back->add_a);
    }
}

static void
cholesky_solve_backward(const LacTensor *y)
{
    DenseBack back;

    if (dense_back_start(&back, y))
        nn_for(back.dense->batch, dense_grain(back.dense), cholesky_solve_back, &back);
}

static const LacOp lac_op_cholesky_solve = {
    "cholesky_solve", "A^-1 B", cholesky_solve_backward, NULL, .assigns = TRUE,
};

LacTensor *
lac_nn_cholesky_solve(LacTensor *a, LacTensor *b)
{
    LacTensor *y;
    Dense *dense;

    if (a == NULL || b == NULL)
        return NULL;
    if (!dense_pair_fits(a, b))
        return dense_refuse(&lac_op_cholesky_solve, a, b);
    y = lac_tape_result(&lac_op_cholesky_solve, 2, (LacTensor *[]){a, b}, b->dims, b->shape);
    dense = dense_new(y, a, b);
    if (dense == NULL)
        return NULL;
    nn_for(dense->batch, dense_grain(dense), cholesky_solve_forward, y);
    return dense_done(y, dense);
}
