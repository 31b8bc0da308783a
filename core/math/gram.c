#include "gram-private.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

/* Below this many columns our own kernel beats gathering rows for BLAS. */
enum { SMALL_Q = 64, ROWS_AT_ONCE = 8, GATHER_ROWS = 512, MAX_BLOCKS = 16 };

LacGram *
lac_gram_new(size_t n, size_t q, GError **error)
{
    g_autoptr(LacGram) gram = g_new0(LacGram, 1);

    gram->n = n;
    gram->q = q;
    gram->stride = lac_gram_stride(q);
    gram->z = lac_try_alloc(n * gram->stride, sizeof(double), "standardised table", error);
    if (gram->z == NULL)
        return NULL;
    gram->g = lac_try_alloc(q * gram->stride, sizeof(double), "cross-products", error);
    return gram->g == NULL ? NULL : g_steal_pointer(&gram);
}

void
lac_gram_free(LacGram *gram)
{
    if (gram == NULL)
        return;
    g_free(gram->z);
    g_free(gram->g);
    g_free(gram);
}

/* Eight rows' outer products onto the upper triangle, whole vectors from the diagonal's on. */
LAC_CLONES static void
gram_rank8(size_t q, size_t stride, const double *const row[ROWS_AT_ONCE],
           const double factor[ROWS_AT_ONCE], double *restrict g)
{
    const double *restrict r0 = row[0], *restrict r1 = row[1], *restrict r2 = row[2],
                           *restrict r3 = row[3], *restrict r4 = row[4], *restrict r5 = row[5],
                           *restrict r6 = row[6], *restrict r7 = row[7];

    for (size_t a = 0; a < q; a++) {
        const double f0 = factor[0] * r0[a], f1 = factor[1] * r1[a], f2 = factor[2] * r2[a],
                     f3 = factor[3] * r3[a], f4 = factor[4] * r4[a], f5 = factor[5] * r5[a],
                     f6 = factor[6] * r6[a], f7 = factor[7] * r7[a];
        double *restrict to = g + a * stride;

        for (size_t b = a & ~(size_t)7; b < stride; b++)
            to[b] += ((f0 * r0[b] + f1 * r1[b]) + (f2 * r2[b] + f3 * r3[b])) +
                     ((f4 * r4[b] + f5 * r5[b]) + (f6 * r6[b] + f7 * r7[b]));
    }
}

typedef struct {
    size_t n, q, stride, block;
    const double *z;
    const size_t *index;
    const double *weight, *beta, *y;
    double alpha;
    double *g;   /* one [q][stride] or [stride] a block */
    double *out; /* [n] */
} GramTask;

static inline const double *
gram_row(const GramTask *task, size_t i)
{
    return task->z + (task->index ? task->index[i] : i) * task->stride;
}

static inline double
gram_factor(const GramTask *task, size_t i)
{
    return task->weight ? task->alpha * task->weight[i] : task->alpha;
}

static void
gram_block_small(const GramTask *task, size_t begin, size_t end, double *g)
{
    const double *row[ROWS_AT_ONCE];
    double factor[ROWS_AT_ONCE];

    for (size_t i = begin; i < end; i += ROWS_AT_ONCE) {
        for (size_t k = 0; k < ROWS_AT_ONCE; k++) {
            const gboolean inside = i + k < end;

            row[k] = gram_row(task, inside ? i + k : i);
            factor[k] = inside ? gram_factor(task, i + k) : 0.0;
        }
        gram_rank8(task->q, task->stride, row, factor, g);
    }
}

/* Rows @begin to @end copied together, scaled by the root of their weight. */
static void
gram_gather(const GramTask *task, size_t begin, size_t end, double *to)
{
    for (size_t i = begin; i < end; i++, to += task->stride) {
        const double *from = gram_row(task, i);
        const double w = task->weight ? sqrt(task->weight[i]) : 1.0;

        for (size_t b = 0; b < task->q; b++)
            to[b] = w * from[b];
    }
}

/* Many columns: gathered for dsyrk. */
static void
gram_block_large(const GramTask *task, size_t begin, size_t end, double *g)
{
    const size_t q = task->q, stride = task->stride, most = MIN((size_t)GATHER_ROWS, end - begin);
    g_autofree double *buffer = g_new(double, MAX(most, 1) * stride);
    LacMatrix c = {.rows = q, .cols = q, .stride = stride, .v = g};

    for (size_t i = begin; i < end; i += GATHER_ROWS) {
        const size_t rows = MIN(GATHER_ROWS, end - i);
        const LacMatrix a = {.rows = rows, .cols = q, .stride = stride, .v = buffer};

        gram_gather(task, i, i + rows, buffer);
        lac_syrk_upper(task->alpha, &a, 1.0, &c);
    }
}

/* Rows of the upper triangle from @begin on, by the gathered rows; see gram_direct(). */
static void
gram_stripe(size_t begin, size_t end, unsigned worker, void *user)
{
    const GramTask *task = user;
    const size_t rest = task->q - end, stride = task->stride;
    const LacMatrix own = {task->n, end - begin, stride, (double *)task->z + begin};
    const LacMatrix right = {task->n, rest, stride, (double *)task->z + end};
    LacMatrix diagonal = {end - begin, end - begin, stride, task->g + begin * (stride + 1)};
    LacMatrix behind = {end - begin, rest, stride, task->g + begin * stride + end};

    lac_syrk_upper(task->alpha, &own, 1.0, &diagonal);
    lac_gemm(TRUE, FALSE, task->alpha, &own, &right, 1.0, &behind);
}

/* Many columns and few rows: threads share the columns instead, in fixed stripes. */
static void
gram_direct(const GramTask *task)
{
    enum { STRIPE = 128, MOST_ROWS = 2048 };
    const size_t most = MIN((size_t)MOST_ROWS, task->n);
    g_autofree double *buffer = g_new(double, MAX(most, 1) * task->stride);

    for (size_t i = 0; i < task->n; i += MOST_ROWS) {
        GramTask part = *task;

        part.n = MIN((size_t)MOST_ROWS, task->n - i);
        part.z = buffer;
        gram_gather(task, i, i + part.n, buffer);
        lac_parallel_for(task->q, STRIPE, gram_stripe, &part);
    }
}

static void
gram_rows(const GramTask *task, size_t begin, size_t end, double *g)
{
    if (task->q <= SMALL_Q)
        gram_block_small(task, begin, end, g);
    else
        gram_block_large(task, begin, end, g);
}

void
lac_gram_add_upper(size_t n, size_t q, size_t stride, const double *z, const double *weight,
                   double *g)
{
    const GramTask task = {
        .n = n, .q = q, .stride = stride, .z = z, .weight = weight, .alpha = 1.0};

    gram_rows(&task, 0, n, g);
}

static void
gram_block(size_t begin, size_t end, unsigned worker, void *user)
{
    const GramTask *task = user;

    for (size_t b = begin; b < end; b++) {
        const size_t from = b * task->block, to = MIN(from + task->block, task->n);

        gram_rows(task, from, to, task->g + b * task->q * task->stride);
    }
}

/* The lower triangle from the upper one, in tiles that stay in the cache. */
static void
gram_mirror(size_t q, size_t stride, double *g)
{
    enum { EDGE = 32 };

    for (size_t a0 = 0; a0 < q; a0 += EDGE)
        for (size_t c0 = 0; c0 <= a0; c0 += EDGE)
            for (size_t a = a0; a < MIN(a0 + EDGE, q); a++)
                for (size_t c = c0; c < MIN(c0 + EDGE, a); c++)
                    g[a * stride + c] = g[c * stride + a];
}

/* Rows per block: a function of n alone, so that sums do not depend on the threads. */
static size_t
gram_block_rows(size_t n)
{
    const size_t least = 2048, share = (n + MAX_BLOCKS - 1) / MAX_BLOCKS;

    return MAX(least, share);
}

void
lac_gram_add(size_t n, size_t q, size_t stride, const double *z, const size_t *index,
             const double *weight, double alpha, double *g)
{
    const size_t block = gram_block_rows(n), blocks = (n + block - 1) / block;
    const gboolean direct = blocks == 1 && q > SMALL_Q; /* spares a large table of zeros */
    g_autofree double *sums = direct ? NULL : g_new0(double, MAX(blocks, 1) * q * stride);
    GramTask task = {.n = n,
                     .q = q,
                     .stride = stride,
                     .block = block,
                     .z = z,
                     .index = index,
                     .weight = weight,
                     .alpha = alpha,
                     .g = direct ? g : sums};

    g_assert(stride % 8 == 0 && stride >= q);
    if (direct)
        gram_direct(&task);
    else
        lac_parallel_for(blocks, 1, gram_block, &task);
    for (size_t b = 0; !direct && b < blocks; b++) {
        for (size_t a = 0; a < q; a++) {
            const double *from = sums + (b * q + a) * stride;

            for (size_t c = a; c < q; c++)
                g[a * stride + c] += from[c];
        }
    }
    gram_mirror(q, stride, g);
}

void
lac_gram_refresh(LacGram *gram)
{
    memset(gram->g, 0, gram->q * gram->stride * sizeof(double));
    lac_gram_add(gram->n, gram->q, gram->stride, gram->z, NULL, NULL, 1.0, gram->g);
}

void
lac_gram_observed(const LacGram *gram, size_t n_missing, const size_t *rows_missing,
                  size_t n_observed, const size_t *rows_observed, double *out)
{
    const size_t bytes = gram->q * gram->stride * sizeof(double);

    if (n_missing > n_observed) {
        memset(out, 0, bytes);
        lac_gram_add(n_observed, gram->q, gram->stride, gram->z, rows_observed, NULL, 1.0, out);
        return;
    }
    memcpy(out, gram->g, bytes);
    lac_gram_add(n_missing, gram->q, gram->stride, gram->z, rows_missing, NULL, -1.0, out);
}

/* Eight partial sums that a vector holds at once, added pairwise: the same on every machine. */
LAC_CLONES static double
gram_dot(size_t stride, const double *restrict a, const double *restrict b)
{
    double s[8] = {0};

    for (size_t j = 0; j < stride; j += 8) {
        for (size_t k = 0; k < 8; k++)
            s[k] += a[j + k] * b[j + k];
    }
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

LAC_CLONES static void
gram_axpy(size_t stride, double f, const double *restrict x, double *restrict y)
{
    for (size_t j = 0; j < stride; j++)
        y[j] += f * x[j];
}

static void
gram_times_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const GramTask *task = user;

    for (size_t i = begin; i < end; i++)
        task->out[i] = gram_dot(task->stride, gram_row(task, i), task->beta);
}

void
lac_gram_times(size_t n, size_t stride, const double *z, const size_t *index, const double *beta,
               double *out)
{
    GramTask task = {.stride = stride, .z = z, .index = index, .beta = beta, .out = out};

    g_assert(stride % 8 == 0);
    lac_parallel_for(n, 4096, gram_times_rows, &task);
}

static void
gram_cross_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const GramTask *task = user;

    for (size_t b = begin; b < end; b++) {
        const size_t from = b * task->block, to = MIN(from + task->block, task->n);

        for (size_t i = from; i < to; i++)
            gram_axpy(task->stride, task->y[i], gram_row(task, i), task->g + b * task->stride);
    }
}

void
lac_gram_cross(size_t n, size_t stride, const double *z, const size_t *index, const double *y,
               double *out)
{
    const size_t block = gram_block_rows(n), blocks = (n + block - 1) / block;
    g_autofree double *sums = g_new0(double, MAX(blocks, 1) * stride);
    GramTask task = {
        .n = n, .stride = stride, .block = block, .z = z, .index = index, .y = y, .g = sums};

    lac_parallel_for(blocks, 1, gram_cross_rows, &task);
    memset(out, 0, stride * sizeof(double));
    for (size_t b = 0; b < blocks; b++)
        gram_axpy(stride, 1.0, sums + b * stride, out);
}

void
lac_gram_replace(LacGram *gram, size_t j, size_t n, const size_t *rows, const double *values)
{
    g_autofree double *delta = g_new(double, MAX(n, 1));
    g_autofree double *v = g_new(double, gram->stride);
    double squares = 0.0;

    for (size_t i = 0; i < n; i++) {
        delta[i] = values[i] - gram->z[rows[i] * gram->stride + j];
        squares += delta[i] * delta[i];
    }
    lac_gram_cross(n, gram->stride, gram->z, rows, delta, v);
    for (size_t b = 0; b < gram->q; b++) {
        gram->g[j * gram->stride + b] += v[b];
        gram->g[b * gram->stride + j] += v[b];
    }
    gram->g[j * gram->stride + j] += squares;
    for (size_t i = 0; i < n; i++)
        gram->z[rows[i] * gram->stride + j] = values[i];
}
