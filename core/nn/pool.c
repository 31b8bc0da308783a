/* max_pool, avg_pool: the largest or the mean value of each window; upsample: each pixel as a
 * square of its copies, the adjoint of avg_pool up to a factor. Images are worked on plane by
 * plane.
 *
 *   max_pool: dx = dy at the first largest pixel of each window
 *   avg_pool: dx = dy / size^2 under each window
 *   upsample: dx = the sum of dy over the copies */
#include "base-private.h"
#include <lacuna/ops.h>
#include <lacuna/parallel.h>

#include <string.h>

/** Pool: sizes; @x is the larger image, also when it is the result (upsample). */
typedef struct {
    size_t size, stride, height, width, out_height, out_width;
    uint32_t *largest; /* [y] pixel of the plane, max_pool only */
} Pool;

typedef struct {
    const Pool *pool;
    const LacReal *from;
    LacReal *to;
    LacReal scale;
    gboolean add;
} PoolJob;

static size_t
pool_in(const Pool *pool)
{
    return pool->height * pool->width;
}

static size_t
pool_out(const Pool *pool)
{
    return pool->out_height * pool->out_width;
}

static void
pool_run(const LacTensor *planes, LacLoopBody body, PoolJob *job)
{
    enum { GRAIN = 1 << 14 };

    lac_parallel_for(planes->shape[0] * planes->shape[1], MAX(1, GRAIN / pool_in(job->pool)), body,
                     job);
}

/* ---- max ---- */

/* Pixel @from + k @stride of each window k, against the best so far. NaN is larger than all, so
 * that it is not lost. No branch: which pixel wins cannot be foretold. */
LAC_CLONES
static void
pool_max_step(const LacReal *x, uint32_t from, size_t stride, size_t n, LacReal *best, uint32_t *at)
{
    for (size_t k = 0; k < n; k++) {
        const LacReal v = x[from + k * stride], b = best[k];
        const gboolean larger = !(v <= b) & (b == b);

        best[k] = larger ? v : b;
        at[k] = larger ? from + (uint32_t)(k * stride) : at[k];
    }
}

static void
pool_max_planes(size_t begin, size_t end, unsigned worker, void *user)
{
    const PoolJob *job = user;
    const Pool *p = job->pool;

    for (size_t row = begin * p->out_height; row < end * p->out_height; row++) {
        const LacReal *x = job->from + row / p->out_height * pool_in(p);
        const size_t corner = row % p->out_height * p->stride * p->width;
        LacReal *best = job->to + row * p->out_width;
        uint32_t *at = p->largest + row * p->out_width;

        for (size_t k = 0; k < p->out_width; k++) {
            at[k] = (uint32_t)(corner + k * p->stride);
            best[k] = x[at[k]];
        }
        for (size_t i = 1; i < p->size * p->size; i++)
            pool_max_step(x, (uint32_t)(corner + i / p->size * p->width + i % p->size), p->stride,
                          p->out_width, best, at);
    }
}

static void
pool_max_back_planes(size_t begin, size_t end, unsigned worker, void *user)
{
    const PoolJob *job = user;
    const Pool *p = job->pool;

    for (size_t plane = begin; plane < end; plane++) {
        LacReal *gx = job->to + plane * pool_in(p);

        if (!job->add)
            memset(gx, 0, pool_in(p) * sizeof *gx);
        for (size_t o = plane * pool_out(p); o < (plane + 1) * pool_out(p); o++)
            gx[p->largest[o]] += job->from[o];
    }
}

static void
max_pool_backward(const LacTensor *y)
{
    LacTensor *x = y->in[0];
    PoolJob job = {y->saved, y->grad, x->grad, 1, !lac_tensor_first(x)};

    pool_run(x, pool_max_back_planes, &job);
}

static const LacOp lac_op_max_pool = {
    "max_pool", "largest of each window", max_pool_backward, NULL, .assigns = TRUE,
};

/* ---- sums over windows, and their adjoint ---- */

static void
pool_sum_planes(size_t begin, size_t end, unsigned worker, void *user)
{
    const PoolJob *job = user;
    const Pool *p = job->pool;

    for (size_t plane = begin; plane < end; plane++) {
        for (size_t o = 0; o < pool_out(p); o++) {
            const LacReal *x = job->from + plane * pool_in(p) +
                               o / p->out_width * p->stride * p->width +
                               o % p->out_width * p->stride;
            LacReal *y = job->to + plane * pool_out(p) + o, sum = 0;

            for (size_t i = 0; i < p->size; i++)
                for (size_t j = 0; j < p->size; j++)
                    sum += x[i * p->width + j];
            *y = job->scale * sum + (job->add ? *y : 0);
        }
    }
}

static void
pool_spread_planes(size_t begin, size_t end, unsigned worker, void *user)
{
    const PoolJob *job = user;
    const Pool *p = job->pool;

    for (size_t plane = begin; plane < end; plane++) {
        LacReal *x = job->to + plane * pool_in(p);

        if (!job->add)
            memset(x, 0, pool_in(p) * sizeof *x);
        for (size_t o = 0; o < pool_out(p); o++) {
            const LacReal y = job->scale * job->from[plane * pool_out(p) + o];
            LacReal *window =
                x + o / p->out_width * p->stride * p->width + o % p->out_width * p->stride;

            for (size_t i = 0; i < p->size; i++)
                for (size_t j = 0; j < p->size; j++)
                    window[i * p->width + j] += y;
        }
    }
}

/* ---- avg_pool ---- */

static LacReal
pool_share(const Pool *pool)
{
    return 1 / (LacReal)(pool->size * pool->size);
}

static void
avg_pool_backward(const LacTensor *y)
{
    LacTensor *x = y->in[0];
    const Pool *pool = y->saved;
    PoolJob job = {pool, y->grad, x->grad, pool_share(pool), !lac_tensor_first(x)};

    pool_run(x, pool_spread_planes, &job);
}

static const LacOp lac_op_avg_pool = {
    "avg_pool", "mean of each window", avg_pool_backward, NULL, .assigns = TRUE,
};

/* ---- upsample ---- */

static void
upsample_backward(const LacTensor *y)
{
    LacTensor *x = y->in[0];
    PoolJob job = {y->saved, y->grad, x->grad, 1, !lac_tensor_first(x)};

    pool_run(x, pool_sum_planes, &job);
}

static void
upsample_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    const Pool *pool = y->saved;

    gx[0] = lac_nn_affine(lac_nn_avg_pool(gy, pool->size, pool->size), 1 / pool_share(pool), 0);
}

static const LacOp lac_op_upsample = {
    "upsample",      "y[i, j] = x[i / factor, j / factor]", upsample_backward, upsample_record,
    .assigns = TRUE,
};

/* ---- the operators ---- */

/* The result of a pooling operator with its sizes; NULL: the shape does not fit. */
static LacTensor *
pool_result(const LacOp *op, LacTensor *x, size_t size, size_t stride)
{
    Pool *pool;
    LacTensor *y;

    g_assert(size >= 1 && stride >= 1);
    if (x == NULL)
        return NULL;
    if (x->dims != 4 || x->shape[2] < size || x->shape[3] < size)
        return lac_tape_fail(x->tape, LAC_ERROR_SHAPE,
                             "%s: x %s does not fit windows of %zu x %zu; expected [N x C x H x W] "
                             "with H and W at least that",
                             op->name, lac_tensor_shape_text(x), size, size);

    const size_t shape[] = {x->shape[0], x->shape[1], (x->shape[2] - size) / stride + 1,
                            (x->shape[3] - size) / stride + 1};

    y = lac_tape_result(op, 1, &x, 4, shape);
    pool = y != NULL ? lac_tape_alloc(x->tape, sizeof *pool) : NULL;
    if (pool == NULL)
        return NULL;
    *pool = (Pool){size, stride, x->shape[2], x->shape[3], shape[2], shape[3], NULL};
    y->saved = pool;
    return y;
}

LacTensor *
lac_nn_max_pool(LacTensor *x, size_t size, size_t stride)
{
    LacTensor *y = pool_result(&lac_op_max_pool, x, size, stride);
    Pool *pool;

    if (y == NULL)
        return NULL;
    pool = y->saved;
    if (pool_in(pool) > G_MAXUINT32)
        return lac_tape_fail(x->tape, LAC_ERROR_SHAPE, "max_pool: x %s has too many pixels",
                             lac_tensor_shape_text(x));
    pool->largest = lac_tape_alloc(x->tape, y->size * sizeof *pool->largest);
    if (pool->largest == NULL)
        return NULL;
    pool_run(x, pool_max_planes, &(PoolJob){.pool = pool, .from = x->v, .to = y->v});
    return lac_tape_done(y);
}

LacTensor *
lac_nn_avg_pool(LacTensor *x, size_t size, size_t stride)
{
    LacTensor *y = pool_result(&lac_op_avg_pool, x, size, stride);

    if (y == NULL)
        return NULL;
    pool_run(x, pool_sum_planes, &(PoolJob){y->saved, x->v, y->v, pool_share(y->saved), FALSE});
    return lac_tape_done(y);
}

LacTensor *
lac_nn_upsample(LacTensor *x, size_t factor)
{
    Pool *pool;
    LacTensor *y;

    g_assert(factor >= 1);
    if (x == NULL)
        return NULL;
    if (x->dims != 4)
        return lac_tape_fail(x->tape, LAC_ERROR_SHAPE,
                             "upsample: x %s does not fit; expected [N x C x H x W]",
                             lac_tensor_shape_text(x));

    const size_t shape[] = {x->shape[0], x->shape[1], factor * x->shape[2], factor * x->shape[3]};

    y = lac_tape_result(&lac_op_upsample, 1, &x, 4, shape);
    pool = y != NULL ? lac_tape_alloc(x->tape, sizeof *pool) : NULL;
    if (pool == NULL)
        return NULL;
    *pool = (Pool){factor, factor, shape[2], shape[3], x->shape[2], x->shape[3], NULL};
    y->saved = pool;
    pool_run(x, pool_spread_planes, &(PoolJob){pool, x->v, y->v, 1, FALSE});
    return lac_tape_done(y);
}
