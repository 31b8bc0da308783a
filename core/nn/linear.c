/* linear: y = act(x W' + b), x [… x in], W [out x in], b [out].
 *
 *   dz = dy act'(y),  dx = dz W,  dW = dz' x,  db = sum of dz over the rows */
#include "activation-private.h"
#include "gemm-private.h"
#include "map-private.h"
#include "parallel-private.h"
#include "unary-private.h"

enum { X, W, B, GRAIN = 1 << 14 };

/** Linear: the sizes, and what backward is to know. */
typedef struct {
    size_t rows, in, out;
    LacActivation activation;
} Linear;

/* ---- forward ---- */

static gboolean
linear_fits(const LacTensor *x, const LacTensor *w, const LacTensor *b)
{
    return x->dims >= 1 && w->dims == 2 && x->shape[x->dims - 1] == w->shape[1] &&
           (b == NULL || (b->dims == 1 && b->shape[0] == w->shape[0]));
}

static LacTensor *
linear_refuse(const LacTensor *x, const LacTensor *w, const LacTensor *b)
{
    return lac_tape_fail(x->tape, LAC_ERROR_SHAPE,
                         "linear: x %s, W %s and b %s do not fit; expected [… x in], [out x in] "
                         "and [out]",
                         lac_tensor_shape_text(x), lac_tensor_shape_text(w),
                         b != NULL ? lac_tensor_shape_text(b) : "(none)");
}

/* ---- backward ---- */

typedef struct {
    const Linear *linear;
    const LacReal *y, *gy;
    LacReal *gz;  /* NULL: gy is it */
    double *sums; /* [blocks][out] or NULL: no bias gradient is wanted */
    size_t rows;  /* in a block */
} LinearSlope;

LAC_CLONES static void
linear_add_row(size_t n, const LacReal *restrict row, double *restrict sums)
{
    for (size_t j = 0; j < n; j++)
        sums[j] += (double)row[j];
}

/* dz of some rows, and their part of db while they are in the cache */
static void
linear_slope_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const LinearSlope *s = user;
    const size_t out = s->linear->out;
    double *sums = s->sums != NULL ? s->sums + begin / s->rows * out : NULL;
    const LacReal *gz = s->gz != NULL ? s->gz : s->gy;

    for (size_t j = 0; sums != NULL && j < out; j++)
        sums[j] = 0.0;
    for (size_t i = begin; i < end; i++) {
        if (s->gz != NULL)
            nn_activation_slope(s->linear->activation, out, s->y + i * out, s->gy + i * out,
                                s->gz + i * out);
        if (sums != NULL)
            linear_add_row(out, gz + i * out, sums);
    }
}

static void
linear_bias_gradient(LacTensor *b, size_t blocks, const double *sums)
{
    const gboolean first = lac_tensor_first(b);

    for (size_t j = 0; j < b->size; j++) {
        double sum = 0.0;

        for (size_t k = 0; k < blocks; k++)
            sum += sums[k * b->size + j];
        b->grad[j] = (LacReal)(sum + (first ? 0.0 : (double)b->grad[j]));
    }
}

/* dz, in place of dy where that is somebody's own; db on the way. NULL: no memory. */
static const LacReal *
linear_slope(const LacTensor *y, const Linear *linear)
{
    const gboolean bias = y->inputs > B && lac_tensor_wants(y, B);
    LinearSlope s = {.linear = linear, .y = y->v, .gy = y->grad};

    s.rows = MAX(1, GRAIN / linear->out);
    /* the gradient of a result is nobody's but its operator's */
    if (linear->activation != LAC_ACTIVATION_NONE && !((const NnNode *)y)->sloped)
        s.gz = y->grad;

    const size_t blocks = (linear->rows + s.rows - 1) / s.rows;

    if (bias)
        s.sums = lac_tape_alloc(y->tape, blocks * linear->out * sizeof *s.sums);
    if (bias && s.sums == NULL)
        return NULL;
    if (bias || s.gz != NULL)
        lac_parallel_for_short(1e-9 * (double)y->size, linear->rows, s.rows, linear_slope_rows, &s);
    if (bias)
        linear_bias_gradient(y->in[B], blocks, s.sums);
    return y->grad;
}

static void
linear_backward(const LacTensor *y)
{
    const Linear *linear = y->saved;
    const LacReal *gz = linear_slope(y, linear);
    LacTensor *x = y->in[X], *w = y->in[W];
    const LacPrecision precision = lac_tape_precision(y->tape);

    if (gz == NULL)
        return;
    if (lac_tensor_wants(y, X))
        nn_gemm(&(NnGemm){.m = linear->rows,
                          .n = linear->in,
                          .k = linear->out,
                          .a = gz,
                          .lda = linear->out,
                          .b = w->v,
                          .ldb = linear->in,
                          .c = x->grad,
                          .ldc = linear->in,
                          .add = !lac_tensor_first(x),
                          .precision = precision});
    if (lac_tensor_wants(y, W))
        nn_gemm(&(NnGemm){.ta = TRUE,
                          .m = linear->out,
                          .n = linear->in,
                          .k = linear->rows,
                          .a = gz,
                          .lda = linear->out,
                          .b = x->v,
                          .ldb = linear->in,
                          .c = w->grad,
                          .ldc = linear->in,
                          .add = !lac_tensor_first(w),
                          .precision = precision});
}

static void
linear_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    const Linear *linear = y->saved;
    LacTensor *gz = nn_activation_record(y, gy, linear->activation);
    LacTensor *rows = lac_nn_reshape(gz, LAC_SHAPE(linear->rows, linear->out));

    if (lac_tensor_wants(y, X))
        gx[X] = lac_nn_reshape(lac_nn_matmul(FALSE, FALSE, rows, y->in[W]), y->in[X]->dims,
                               y->in[X]->shape);
    if (lac_tensor_wants(y, W))
        gx[W] = lac_nn_matmul(TRUE, FALSE, rows,
                              lac_nn_reshape(y->in[X], LAC_SHAPE(linear->rows, linear->in)));
    if (y->inputs > B && lac_tensor_wants(y, B))
        gx[B] = lac_nn_sum(rows, 1u << 0, FALSE);
}

static const LacOp lac_op_linear = {
    "linear", "act(x W' + b)", linear_backward, linear_record, .assigns = TRUE,
};

LacTensor *
lac_nn_linear(LacTensor *x, LacTensor *w, LacTensor *b, LacActivation activation)
{
    size_t shape[LAC_DIMS];
    Linear *linear;
    LacTensor *y;

    if (x == NULL || w == NULL)
        return NULL;
    if (!linear_fits(x, w, b))
        return linear_refuse(x, w, b);
    for (unsigned d = 0; d < x->dims; d++)
        shape[d] = x->shape[d];
    shape[x->dims - 1] = w->shape[0];
    y = lac_tape_result(&lac_op_linear, b != NULL ? 3 : 2, (LacTensor *[]){x, w, b}, x->dims,
                        shape);
    linear = y != NULL ? lac_tape_alloc(x->tape, sizeof *linear) : NULL;
    if (linear == NULL)
        return NULL;
    *linear = (Linear){x->size / w->shape[1], w->shape[1], w->shape[0], activation};
    y->saved = linear;
    nn_node(y)->rectifies = activation == LAC_ACTIVATION_RELU;
    nn_gemm(&(NnGemm){.tb = TRUE,
                      .m = linear->rows,
                      .n = linear->out,
                      .k = linear->in,
                      .a = x->v,
                      .lda = linear->in,
                      .b = w->v,
                      .ldb = linear->in,
                      .c = y->v,
                      .ldc = linear->out,
                      .bias = b != NULL ? b->v : NULL,
                      .activation = activation,
                      .precision = lac_tape_precision(x->tape)});
    return lac_tape_done(y);
}
