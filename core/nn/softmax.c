/* Log-sum-exp, softmax and its logarithm. Rows are shifted by their largest value, so that nothing
 * overflows; sums are in double. */
#include "shape-private.h"
#include "softmax-private.h"
#include "vmath-private.h"
#include <lacuna/ops.h>

#include <math.h>
#include <string.h>

/* ---- what they share: one row ---- */

LAC_CLONES void
nn_scale_row(size_t n, LacReal factor, LacReal *x)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        x[i] *= factor;
}

/* ln sum e^x, and softmax(x) in @p, which may be @x. */
static inline double
softmax_loops(size_t n, const LacReal *x, LacReal *p)
{
    LacReal most = x[0];
    double sum = 0;

#pragma omp simd reduction(max : most)
    for (size_t i = 0; i < n; i++)
        most = x[i] > most ? x[i] : most;
    if (most == -INFINITY) {
        memset(p, 0, n * sizeof *p);
        return -INFINITY;
    }
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++) {
        p[i] = lac_real_exp(x[i] - most);
        sum += (double)p[i];
    }

    const LacReal factor = (LacReal)(1.0 / sum);

#pragma omp simd
    for (size_t i = 0; i < n; i++)
        p[i] *= factor;
    return (double)most + log(sum);
}

/* Most rows are a few levels: filled up with -Inf to a whole vector they need no loop. */
enum { FEW = 16 };

LAC_CLONES double
nn_softmax_row(size_t n, const LacReal *x, LacReal *p)
{
    LacReal few[FEW];
    double sum;

    if (n > FEW)
        return softmax_loops(n, x, p);
    for (size_t i = 0; i < FEW; i++)
        few[i] = i < n ? x[i] : -INFINITY;
    sum = softmax_loops(FEW, few, few);
    memcpy(p, few, n * sizeof *p);
    return sum;
}

void
nn_rows_for(size_t size, LacLoopBody body, NnRows *rows)
{
    nn_for(size / rows->n, MAX(1, NN_GRAIN / 8 / rows->n), body, rows);
}

/* ---- softmax: y_i = e^x_i / sum_j e^x_j; dx_i = y_i (dy_i - sum_j dy_j y_j) ---- */

static void
softmax_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const NnRows *rows = user;

    for (size_t r = begin; r < end; r++)
        nn_softmax_row(rows->n, rows->x + r * rows->n, rows->out + r * rows->n);
}

LAC_CLONES static double
row_dot(size_t n, const LacReal *a, const LacReal *b)
{
    double sum = 0;

#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

LAC_CLONES static void
row_softmax_gradient(size_t n, const LacReal *p, const LacReal *gy, LacReal dot, LacReal *y,
                     gboolean add)
{
    NN_EACH(p[i] * (gy[i] - dot));
}

static void
softmax_back(size_t begin, size_t end, unsigned worker, void *user)
{
    const NnRows *rows = user;
    const size_t n = rows->n;

    for (size_t at = begin * n; at < end * n; at += n)
        row_softmax_gradient(n, rows->y + at, rows->gy + at,
                             (LacReal)row_dot(n, rows->y + at, rows->gy + at), rows->out + at,
                             rows->add);
}

static void
softmax_backward(const LacTensor *y)
{
    LacTensor *x = y->in[0];
    NnRows rows = {.n = y->shape[y->dims - 1], .y = y->v, .gy = y->grad, .out = x->grad};

    rows.add = !lac_tensor_first(x);
    nn_rows_for(y->size, softmax_back, &rows);
}

static void
softmax_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    LacTensor *dot = lac_nn_sum(lac_nn_mul(gy, y), 1u << (y->dims - 1), TRUE);

    gx[0] = lac_nn_mul(y, lac_nn_sub(gy, dot));
}

static const LacOp lac_op_softmax = {
    "softmax", "e^x_i / sum_j e^x_j", softmax_backward, softmax_record, .assigns = TRUE,
};

/* A result of x's shape, of which the last axis holds rows. */
static LacTensor *
rows_result(const LacOp *op, LacTensor *x)
{
    if (x == NULL)
        return NULL;
    if (x->dims == 0)
        return lac_tape_fail(x->tape, LAC_ERROR_SHAPE,
                             "%s: a scalar has no last axis, expected [… x C]", op->name);
    return lac_tape_result(op, 1, &x, x->dims, x->shape);
}

LacTensor *
lac_nn_softmax(LacTensor *x)
{
    LacTensor *y = rows_result(&lac_op_softmax, x);
    NnRows rows;

    if (y == NULL)
        return NULL;
    rows = (NnRows){.n = x->shape[x->dims - 1], .x = x->v, .out = y->v};
    nn_rows_for(x->size, softmax_rows, &rows);
    return lac_tape_done(y);
}

/* ---- log_softmax: y = x - ln sum e^x; dx = dy - e^y sum dy ---- */

LAC_CLONES static void
row_shift(size_t n, const LacReal *x, LacReal shift, LacReal *y)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] - shift;
}

static void
log_softmax_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const NnRows *rows = user;
    const size_t n = rows->n;

    for (size_t at = begin * n; at < end * n; at += n) {
        const LacReal sum = (LacReal)nn_softmax_row(n, rows->x + at, rows->out + at);

        row_shift(n, rows->x + at, sum, rows->out + at);
    }
}

LAC_CLONES static void
row_log_softmax_gradient(size_t n, const LacReal *ln_p, const LacReal *gy, LacReal sum, LacReal *y,
                         gboolean add)
{
    NN_EACH(gy[i] - sum * lac_real_exp(ln_p[i]));
}

static void
log_softmax_back(size_t begin, size_t end, unsigned worker, void *user)
{
    const NnRows *rows = user;
    const size_t n = rows->n;

    for (size_t at = begin * n; at < end * n; at += n)
        row_log_softmax_gradient(n, rows->y + at, rows->gy + at, (LacReal)nn_sum(n, rows->gy + at),
                                 rows->out + at, rows->add);
}

static void
log_softmax_backward(const LacTensor *y)
{
    LacTensor *x = y->in[0];
    NnRows rows = {.n = y->shape[y->dims - 1], .y = y->v, .gy = y->grad, .out = x->grad};

    rows.add = !lac_tensor_first(x);
    nn_rows_for(y->size, log_softmax_back, &rows);
}

static void
log_softmax_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    LacTensor *sum = lac_nn_sum(gy, 1u << (y->dims - 1), TRUE);

    gx[0] = lac_nn_sub(gy, lac_nn_mul(lac_nn_exp(y), sum));
}

static const LacOp lac_op_log_softmax = {
    "log_softmax",      "x_i - ln sum_j e^x_j", log_softmax_backward,
    log_softmax_record, .assigns = TRUE,
};

LacTensor *
lac_nn_log_softmax(LacTensor *x)
{
    LacTensor *y = rows_result(&lac_op_log_softmax, x);
    NnRows rows;

    if (y == NULL)
        return NULL;
    rows = (NnRows){.n = x->shape[x->dims - 1], .x = x->v, .out = y->v};
    nn_rows_for(x->size, log_softmax_rows, &rows);
    return lac_tape_done(y);
}

/* ---- logsumexp: y = ln sum e^x; dx = dy softmax(x) ---- */

static void
logsumexp_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const NnRows *rows = user;

    for (size_t r = begin; r < end; r++)
        rows->out[r] =
            (LacReal)nn_softmax_row(rows->n, rows->x + r * rows->n, rows->p + r * rows->n);
}

LAC_CLONES static void
row_add_scaled(size_t n, const LacReal *p, LacReal gy, LacReal *y, gboolean add)
{
    NN_EACH(gy * p[i]);
}

void
nn_scaled_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const NnRows *rows = user;
    const size_t n = rows->n;

    for (size_t r = begin; r < end; r++)
        row_add_scaled(n, rows->p + r * n, rows->gy[r], rows->out + r * n, rows->add);
}

static void
logsumexp_backward(const LacTensor *y)
{
    LacTensor *x = y->in[0];
    NnRows rows = {.n = x->size / y->size, .p = y->saved, .gy = y->grad, .out = x->grad};

    rows.add = !lac_tensor_first(x);
    nn_rows_for(x->size, nn_scaled_rows, &rows);
}

static void
logsumexp_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    LacTensor *x = y->in[0];
    NnShape one = nn_shape(y);
    LacTensor *column;

    while (one.dims < x->dims)
        one.n[one.dims++] = 1;
    column = lac_nn_reshape(y, one.dims, one.n);
    gx[0] = lac_nn_mul(lac_nn_reshape(gy, one.dims, one.n), lac_nn_exp(lac_nn_sub(x, column)));
}

static const LacOp lac_op_logsumexp = {
    "logsumexp", "ln sum e^x", logsumexp_backward, logsumexp_record, .assigns = TRUE,
};

/* @x with the @axes last, in their order; the others keep theirs. */
static LacTensor *
axes_to_the_end(LacTensor *x, unsigned axes)
{
    unsigned order[LAC_DIMS], n = 0;
    gboolean moved = FALSE;

    for (unsigned d = 0; d < x->dims; d++) {
        if ((axes & 1u << d) == 0)
            order[n++] = d;
    }
    for (unsigned d = 0; d < x->dims; d++) {
        if ((axes & 1u << d) != 0)
            order[n++] = d;
    }
    for (unsigned d = 0; d < x->dims; d++)
        moved = moved || order[d] != d;
    return moved ? lac_nn_transpose(x, order) : x;
}

LacTensor *
lac_nn_logsumexp(LacTensor *x, unsigned axes, gboolean keep)
{
    LacTensor *last, *y;
    NnShape shape, kept;
    NnRows rows;

    if (x == NULL || !nn_axes(&lac_op_logsumexp, x, &axes))
        return NULL;
    last = axes_to_the_end(x, axes);
    shape = nn_shape_without(x, axes, FALSE);
    kept = nn_shape_without(x, axes, keep);
    y = lac_tape_result(&lac_op_logsumexp, 1, &last, shape.dims, shape.n);
    if (y != NULL)
        y->saved = lac_tape_alloc(y->tape, x->size * sizeof(LacReal));
    if (y == NULL || y->saved == NULL)
        return NULL;
    rows = (NnRows){.n = x->size / y->size, .x = last->v, .out = y->v, .p = y->saved};
    nn_rows_for(x->size, logsumexp_rows, &rows);
    return lac_nn_reshape(lac_tape_done(y), kept.dims, kept.n);
}
