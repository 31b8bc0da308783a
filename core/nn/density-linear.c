/* linear_bernoulli_rows: y = sum_j o (x l - ln(1 + e^l)), l = h W' + b: the last layer of a decoder
 * and the log likelihood of its logits, see linear.c and density-bernoulli.c, row by row while they
 * are in the cache. Of the logits only r = o (x - 1 / (1 + e^-l)) is kept. With dl = diag(dy) r:
 *
 *   dh = dl W = diag(dy) (r W),  dW = dl' h = r' (diag(dy) h),  db = r' dy
 *
 * so that the large r is never written a second time. x and o are constants. */
#include "density-private.h"
#include "gemm-private.h"
#include "parallel-private.h"

enum { X, H, W, B }; /* among the inputs; what follows is o */

/** LinearRows: y [rows], r [rows x out], h [rows x in].
 * @x_samples, @o_samples: rows that share one of x or o */
typedef struct {
    size_t rows, in, out, x_samples, o_samples;
    const LacReal *x, *o;
    LacReal *y, *r;
} LinearRows;

/* ---- forward ---- */

/* An NnGemmRows: logits become slopes. */
static void
rows_likelihood(void *user, size_t begin, size_t end)
{
    const LinearRows *job = user;

    for (size_t row = begin; row < end; row++)
        job->y[row] = (LacReal)nn_bernoulli_row(
            job->out, job->x + row / job->x_samples * job->out,
            job->o != NULL ? job->o + row / job->o_samples * job->out : NULL,
            job->r + row * job->out);
}

/* The rows of the full shape that share one row of @x; 0: its shape is another one. */
static size_t
rows_that_share(const LacTensor *x, const NnShape *full)
{
    const NnShape shape = nn_shape(x);

    if (nn_shape_equal(&shape, full))
        return 1;
    return nn_density_is_shared(x, full)
               ? nn_shape_size(full) / full->n[0] / full->n[full->dims - 1]
               : 0;
}

/* Whether the operands are the usual ones: data that wants no gradient, one row of it for each row
 * of logits or for the samples of a row. */
static gboolean
rows_suit(const LacTensor *x, const LacTensor *h, const LacTensor *w, const LacTensor *b,
          const LacTensor *o, NnShape *full)
{
    if (h->dims < 2 || w->dims != 2 || h->shape[h->dims - 1] != w->shape[1] || b == NULL ||
        b->dims != 1 || b->size != w->shape[0] || x->wants_grad)
        return FALSE;
    *full = nn_shape(h);
    full->n[full->dims - 1] = w->shape[0];
    return rows_that_share(x, full) > 0 && (o == NULL || rows_that_share(o, full) > 0);
}

/* ---- backward ---- */

/** RowsBack: a job of rows_back().
 * @t: [rows x in] r W, or NULL: dh is not wanted. Where @first, dh itself
 * @rectify: dh is 0 where h is
 * @scaled: [rows x in] diag(dy) h, or NULL: dW is not wanted
 * @sums: [blocks of NN_FINISH_ROWS rows][out] of dl, or NULL */
typedef struct {
    const LinearRows *job;
    const LacReal *gy, *h;
    LacReal *t, *gh, *scaled, *sums;
    gboolean first, rectify;
} RowsBack;

LAC_CLONES static void
back_scale(size_t n, const LacReal *restrict v, LacReal scale, LacReal *restrict to)
{
    for (size_t j = 0; j < n; j++)
        to[j] = scale * v[j];
}

LAC_CLONES static void
back_add(size_t n, const LacReal *restrict v, LacReal scale, LacReal *restrict to)
{
    for (size_t j = 0; j < n; j++)
        to[j] += scale * v[j];
}

/* gh = scale t in place, 0 where h is when it @rectifies. */
LAC_CLONES static void
back_gradient(size_t n, const LacReal *restrict h, LacReal scale, gboolean rectify,
              LacReal *restrict gh)
{
    if (rectify)
        for (size_t j = 0; j < n; j++)
            gh[j] = h[j] > 0 ? scale * gh[j] : 0;
    else
        for (size_t j = 0; j < n; j++)
            gh[j] = scale * gh[j];
}

/* An NnGemmRows: all that is taken from rows [begin, end), and not a product. */
static void
rows_back(void *user, size_t begin, size_t end)
{
    const RowsBack *b = user;
    const size_t in = b->job->in, out = b->job->out;
    LacReal *sums = b->sums != NULL ? b->sums + begin / NN_FINISH_ROWS * out : NULL;

    for (size_t row = begin; row < end; row++) {
        const LacReal scale = b->gy[row], *h = b->h + row * in, *r = b->job->r + row * out;

        if (b->t != NULL && b->first)
            back_gradient(in, h, scale, b->rectify, b->gh + row * in);
        else if (b->t != NULL)
            back_add(in, b->t + row * in, scale, b->gh + row * in);
        if (b->scaled != NULL)
            back_scale(in, h, scale, b->scaled + row * in);
        if (sums != NULL && row == begin)
            back_scale(out, r, scale, sums);
        else if (sums != NULL)
            back_add(out, r, scale, sums);
    }
}

static void
back_blocks(size_t begin, size_t end, unsigned worker, void *user)
{
    for (size_t row = begin; row < end; row += NN_FINISH_ROWS)
        rows_back(user, row, MIN(row + NN_FINISH_ROWS, end));
}

static void
back_bias(LacTensor *bias, size_t blocks, const LacReal *sums)
{
    const gboolean first = lac_tensor_first(bias);

    for (size_t j = 0; j < bias->size; j++) {
        double sum = first ? 0.0 : (double)bias->grad[j];

        for (size_t k = 0; k < blocks; k++)
            sum += (double)sums[k * bias->size + j];
        bias->grad[j] = (LacReal)sum;
    }
}

/* Memory for what is wanted. FALSE: there is none. */
static gboolean
back_init(const LacTensor *y, RowsBack *b, size_t blocks)
{
    const LinearRows *job = b->job;
    LacTensor *h = y->in[H];

    if (lac_tensor_wants(y, H)) {
        b->gh = b->t = h->grad;
        b->first = lac_tensor_first(h);
        b->rectify = b->first && nn_slope_ahead(h);
        if (!b->first)
            b->t = lac_tape_alloc(y->tape, h->size * sizeof *b->t);
        if (b->t == NULL)
            return FALSE;
    }
    if (lac_tensor_wants(y, W)) {
        b->scaled = lac_tape_alloc(y->tape, h->size * sizeof *b->scaled);
        if (b->scaled == NULL)
            return FALSE;
    }
    if (lac_tensor_wants(y, B)) {
        b->sums = lac_tape_alloc(y->tape, blocks * job->out * sizeof *b->sums);
        if (b->sums == NULL)
            return FALSE;
    }
    return TRUE;
}

static void
linear_bernoulli_backward(const LacTensor *y)
{
    const LinearRows *job = y->saved;
    const size_t blocks = (job->rows + NN_FINISH_ROWS - 1) / NN_FINISH_ROWS;
    const NnArenaMark mark = nn_arena_mark(&y->tape->arena);
    const LacPrecision precision = lac_tape_precision(y->tape);
    LacTensor *w = y->in[W];
    RowsBack back = {.job = job, .gy = y->grad, .h = y->in[H]->v};

    if (!back_init(y, &back, blocks))
        return;
    if (back.t != NULL)
        nn_gemm(&(NnGemm){.m = job->rows,
                          .n = job->in,
                          .k = job->out,
                          .a = job->r,
                          .lda = job->out,
                          .b = w->v,
                          .ldb = job->in,
                          .c = back.t,
                          .ldc = job->in,
                          .precision = precision,
                          .finish = rows_back,
                          .finish_user = &back});
    else
        lac_parallel_for_short(1e-9 * (double)(job->rows * job->out), job->rows, 4 * NN_FINISH_ROWS,
                               back_blocks, &back);
    if (back.scaled != NULL)
        nn_gemm(&(NnGemm){.ta = TRUE,
                          .m = job->out,
                          .n = job->in,
                          .k = job->rows,
                          .a = job->r,
                          .lda = job->out,
                          .b = back.scaled,
                          .ldb = job->in,
                          .c = w->grad,
                          .ldc = job->in,
                          .add = !lac_tensor_first(w),
                          .precision = precision});
    if (back.sums != NULL)
        back_bias(y->in[B], blocks, back.sums);
    nn_arena_release(&y->tape->arena, mark);
}

static const LacOp lac_op_linear_bernoulli_rows = {
    "linear_bernoulli_rows",   "sum_j x l - ln(1 + e^l), l = h W' + b",
    linear_bernoulli_backward, NULL,
    .assigns = TRUE,
};

/* ---- the operator ---- */

/* FALSE: no memory. */
static gboolean
rows_init(LinearRows *job, const LacTensor *y, const LacTensor *o, const NnShape *full)
{
    const LacTensor *x = y->in[X], *w = y->in[W];

    *job = (LinearRows){
        .rows = y->size,
        .in = w->shape[1],
        .out = w->shape[0],
        .x = x->v,
        .x_samples = rows_that_share(x, full),
        .y = y->v,
        .r = lac_tape_alloc(y->tape, y->size * w->shape[0] * sizeof *job->r),
    };
    if (o != NULL)
        job->o = o->v, job->o_samples = rows_that_share(o, full);
    return job->r != NULL;
}

LacTensor *
lac_nn_linear_bernoulli_rows(LacTensor *x, LacTensor *h, LacTensor *w, LacTensor *b, LacTensor *o)
{
    LacTensor *in[] = {x, h, w, b, o}, *y;
    LinearRows *job;
    NnShape full;

    if (x == NULL || h == NULL || w == NULL)
        return NULL;
    if (!rows_suit(x, h, w, b, o, &full))
        return lac_nn_bernoulli_rows(x, lac_nn_linear(h, w, b, LAC_ACTIVATION_NONE), o);
    y = lac_tape_result(&lac_op_linear_bernoulli_rows, o != NULL ? 5 : 4, in, full.dims - 1,
                        full.n);
    job = y != NULL ? lac_tape_alloc(y->tape, sizeof *job) : NULL;
    if (job == NULL || !rows_init(job, y, o, &full))
        return NULL;
    y->saved = job;
    nn_gemm(&(NnGemm){.tb = TRUE,
                      .m = job->rows,
                      .n = job->out,
                      .k = job->in,
                      .a = h->v,
                      .lda = job->in,
                      .b = w->v,
                      .ldb = job->in,
                      .c = job->r,
                      .ldc = job->out,
                      .bias = b->v,
                      .precision = lac_tape_precision(y->tape),
                      .finish = rows_likelihood,
                      .finish_user = job});
    return lac_tape_done(y);
}
