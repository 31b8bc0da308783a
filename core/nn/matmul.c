/* matmul: C = op(A) op(B), where op is the transpose or nothing; with leading dimensions, one
 * product for each. An operand without them serves all.
 *
 *   d op(A) = dC op(B)',  d op(B) = op(A)' dC */
#include "gemm-private.h"
#include "tape-private.h"
#include <lacuna/ops.h>
#include <lacuna/parallel.h>

enum { A, B, GRAIN_FLOPS = 1 << 18 };

/** MatmulFactor: an operand as a pile of stored matrices. */
typedef struct {
    gboolean transposed;
    size_t rows, cols; /* of one, as stored */
    size_t step;       /* values from one to the next; 0: one serves all */
} MatmulFactor;

typedef struct {
    MatmulFactor a, b, c;
    size_t batch, k;
    unsigned shared_axes[2]; /* for A and B: the leading axes of C it does not have, as bits */
} Matmul;

/* ---- shape rule ---- */

static MatmulFactor
matmul_factor(const LacTensor *x, gboolean transposed)
{
    const size_t rows = x->shape[x->dims - 2], cols = x->shape[x->dims - 1];

    return (MatmulFactor){transposed, rows, cols, x->dims > 2 ? rows * cols : 0};
}

static gboolean
matmul_leading_fit(const LacTensor *a, const LacTensor *b)
{
    if (a->dims == 2 || b->dims == 2)
        return TRUE;
    for (unsigned d = 0; d + 2 < a->dims; d++) {
        if (a->dims != b->dims || a->shape[d] != b->shape[d])
            return FALSE;
    }
    return TRUE;
}

/* FALSE: the shapes do not fit. */
static gboolean
matmul_plan(const LacTensor *a, const LacTensor *b, gboolean ta, gboolean tb, Matmul *m,
            size_t *shape)
{
    const LacTensor *piled = a->dims > 2 ? a : b;

    if (a->dims < 2 || b->dims < 2 || !matmul_leading_fit(a, b))
        return FALSE;
    m->a = matmul_factor(a, ta);
    m->b = matmul_factor(b, tb);
    m->k = ta ? m->a.rows : m->a.cols;
    if (m->k != (tb ? m->b.cols : m->b.rows))
        return FALSE;
    m->c = (MatmulFactor){FALSE, ta ? m->a.cols : m->a.rows, tb ? m->b.rows : m->b.cols, 0};
    m->c.step = m->c.rows * m->c.cols;
    m->batch = 1;
    for (unsigned d = 0; d + 2 < piled->dims; d++)
        m->batch *= shape[d] = piled->shape[d];
    shape[piled->dims - 2] = m->c.rows;
    shape[piled->dims - 1] = m->c.cols;
    m->shared_axes[A] = a->dims < piled->dims ? (1u << (piled->dims - 2)) - 1 : 0;
    m->shared_axes[B] = b->dims < piled->dims ? (1u << (piled->dims - 2)) - 1 : 0;
    /* one right factor for all: the pile on the left is one tall matrix */
    if (m->b.step == 0 && !ta && m->a.step != 0) {
        m->a.rows *= m->batch;
        m->c.rows *= m->batch;
        m->batch = 1;
    }
    return TRUE;
}

/* ---- the products ---- */

/** MatmulJob: Z = op(X) op(Y) for each of a pile; @z.step 0: their sum. */
typedef struct {
    MatmulFactor x, y, z;
    const LacReal *xv, *yv;
    LacReal *zv;
    size_t batch;
    gboolean add;
    LacPrecision precision;
} MatmulJob;

static void
matmul_one(const MatmulJob *job, size_t i, gboolean add)
{
    nn_gemm(&(NnGemm){.ta = job->x.transposed,
                      .tb = job->y.transposed,
                      .m = job->z.rows,
                      .n = job->z.cols,
                      .k = job->x.transposed ? job->x.rows : job->x.cols,
                      .a = job->xv + i * job->x.step,
                      .lda = job->x.cols,
                      .b = job->yv + i * job->y.step,
                      .ldb = job->y.cols,
                      .c = job->zv + i * job->z.step,
                      .ldc = job->z.cols,
                      .add = add,
                      .precision = job->precision});
}

static void
matmul_some(size_t begin, size_t end, unsigned worker, void *user)
{
    const MatmulJob *job = user;

    for (size_t i = begin; i < end; i++)
        matmul_one(job, i, job->add);
}

static void
matmul_run(MatmulJob *job)
{
    const size_t inner = job->x.transposed ? job->x.rows : job->x.cols;
    const size_t flops = MAX(1, 2 * job->z.rows * job->z.cols * inner);

    if (job->batch == 1) {
        matmul_one(job, 0, job->add);
    } else if (job->z.step == 0) { /* in order, so that the sum is always the same */
        for (size_t i = 0; i < job->batch; i++)
            matmul_one(job, i, job->add || i > 0);
    } else {
        lac_parallel_for(job->batch, MAX(1, GRAIN_FLOPS / flops), matmul_some, job);
    }
}

/* ---- backward ---- */

static MatmulFactor
matmul_flip(MatmulFactor f)
{
    f.transposed = !f.transposed;
    return f;
}

static void
matmul_backward(const LacTensor *y)
{
    const Matmul *m = y->saved;
    LacTensor *a = y->in[A], *b = y->in[B];
    MatmulJob job = {.batch = m->batch, .precision = lac_tape_precision(y->tape)};

    if (lac_tensor_wants(y, A)) {
        job.z = m->a, job.zv = a->grad, job.add = !lac_tensor_first(a);
        if (m->a.transposed) { /* dA = op(B) dC' */
            job.x = m->b, job.xv = b->v;
            job.y = matmul_flip(m->c), job.yv = y->grad;
        } else { /* dA = dC op(B)' */
            job.x = m->c, job.xv = y->grad;
            job.y = matmul_flip(m->b), job.yv = b->v;
        }
        matmul_run(&job);
    }
    if (lac_tensor_wants(y, B)) {
        job.z = m->b, job.zv = b->grad, job.add = !lac_tensor_first(b);
        if (m->b.transposed) { /* dB = dC' op(A) */
            job.x = matmul_flip(m->c), job.xv = y->grad;
            job.y = m->a, job.yv = a->v;
        } else { /* dB = op(A)' dC */
            job.x = matmul_flip(m->a), job.xv = a->v;
            job.y = m->c, job.yv = y->grad;
        }
        matmul_run(&job);
    }
}

/* the gradient of an operand that serves a whole pile is the sum over the pile */
static LacTensor *
matmul_sum_shared(LacTensor *g, unsigned axes)
{
    return axes != 0 ? lac_nn_sum(g, axes, FALSE) : g;
}

static void
matmul_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    const Matmul *m = y->saved;
    const gboolean ta = m->a.transposed, tb = m->b.transposed;
    LacTensor *a = y->in[A], *b = y->in[B];

    if (lac_tensor_wants(y, A))
        gx[A] = matmul_sum_shared(ta ? lac_nn_matmul(tb, TRUE, b, gy)
                                     : lac_nn_matmul(FALSE, !tb, gy, b),
                                  m->shared_axes[A]);
    if (lac_tensor_wants(y, B))
        gx[B] = matmul_sum_shared(tb ? lac_nn_matmul(TRUE, ta, gy, a)
                                     : lac_nn_matmul(!ta, FALSE, a, gy),
                                  m->shared_axes[B]);
}

/* ---- the operator ---- */

static const LacOp lac_op_matmul = {
    "matmul", "op(A) op(B)", matmul_backward, matmul_record, .assigns = TRUE,
};

LacTensor *
lac_nn_matmul(gboolean ta, gboolean tb, LacTensor *a, LacTensor *b)
{
    size_t shape[LAC_DIMS];
    Matmul plan, *m;
    LacTensor *y;

    if (a == NULL || b == NULL)
        return NULL;
    if (!matmul_plan(a, b, ta, tb, &plan, shape))
        return lac_tape_fail(a->tape, LAC_ERROR_SHAPE,
                             "matmul: %s%s and %s%s do not fit; expected [… x a x k] and [… x k x "
                             "b] with the same leading lengths, or none in one of them",
                             lac_tensor_shape_text(a), ta ? " transposed" : "",
                             lac_tensor_shape_text(b), tb ? " transposed" : "");
    y = lac_tape_result(&lac_op_matmul, 2, (LacTensor *[]){a, b}, MAX(a->dims, b->dims), shape);
    m = y != NULL ? lac_tape_alloc(a->tape, sizeof *m) : NULL;
    if (m == NULL)
        return NULL;
    *m = plan;
    y->saved = m;
    matmul_run(&(MatmulJob){m->a, m->b, m->c, a->v, b->v, y->v, m->batch, FALSE,
                            lac_tape_precision(a->tape)});
    return lac_tape_done(y);
}
