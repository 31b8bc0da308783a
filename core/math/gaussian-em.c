/* E- and M-step. Rows come sorted by pattern; each fixed block of rows makes its own sums, and the
 * sums are added in block order, so that the result does not depend on the threads. */
#include "gaussian-private.h"
#include "gram-private.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

#define LN_2PI 1.8378770664093454836

enum { TILE = 128, SMALL_P = 64, MOST_BLOCKS = 64 };

LacGaussianSums *
lac_gaussian_sums_new(size_t p)
{
    LacGaussianSums *sums = g_new0(LacGaussianSums, 1);

    sums->p = p;
    sums->first = g_new0(double, MAX(p, 1));
    sums->second = g_new0(double, MAX(p * p, 1));
    return sums;
}

void
lac_gaussian_sums_free(LacGaussianSums *sums)
{
    if (sums == NULL)
        return;
    g_free(sums->first);
    g_free(sums->second);
    g_free(sums);
}

typedef struct {
    const LacGaussian *g;
    const LacPatterns *patterns;
    const LacMatrix *sorted;
    const double *weight;
    double *precision; /* [p][stride] */
    size_t stride, block_rows, blocks;
    double *second; /* [blocks][p][stride], upper triangles */
    double *first;  /* [blocks][stride] */
    double *tally;  /* [blocks][2]: n, log-likelihood */
} EStep;

/* Rows begin .. end-1 of one tile belong to one pattern. */
typedef struct {
    size_t begin, end, pattern;
} EStepRun;

/* Named vectors: left to itself the compiler packs and unpacks single sums. */
enum { LANES = 8 };
typedef double Lanes __attribute__((vector_size(LANES * sizeof(double)), aligned(8), may_alias));

/* out = r P for four rows of the tile: each by eight columns, @wide times, in registers. */
static inline __attribute__((always_inline)) void
e_step_times_some(size_t p, size_t stride, size_t wide, const double *r, const double *precision,
                  double *out)
{
    Lanes sum[4][2] = {0};

    for (size_t a = 0; a < p; a++) {
        const Lanes *from = (const Lanes *)(const void *)(precision + a * stride);

        for (size_t i = 0; i < 4; i++) {
            for (size_t w = 0; w < wide; w++)
                sum[i][w] += r[i * stride + a] * from[w];
        }
    }
    for (size_t i = 0; i < 4; i++) {
        for (size_t w = 0; w < wide; w++)
            ((Lanes *)(void *)(out + i * stride))[w] = sum[i][w];
    }
}

LAC_CLONES static void
e_step_times4(size_t p, size_t stride, const double *r, const double *precision, double *out)
{
    size_t b = 0;

    for (; b + 2 * LANES <= stride; b += 2 * LANES)
        e_step_times_some(p, stride, 2, r, precision + b, out + b);
    if (b < stride)
        e_step_times_some(p, stride, 1, r, precision + b, out + b);
}

static void
e_step_times(const EStep *task, size_t rows, double *r, double *pr)
{
    const size_t p = task->g->p, stride = task->stride;

    if (p > SMALL_P) {
        const LacMatrix a = {.rows = rows, .cols = p, .stride = stride, .v = r};
        const LacMatrix b = {.rows = p, .cols = p, .stride = stride, .v = task->precision};
        LacMatrix c = {.rows = rows, .cols = p, .stride = stride, .v = pr};

        lac_gemm(FALSE, FALSE, 1.0, &a, &b, 0.0, &c);
        return;
    }
    for (size_t i = 0; i < rows; i += 4) /* the tile has room for three rows more */
        e_step_times4(p, stride, r + i * stride, task->precision, pr + i * stride);
}

/* r = x - mean at observed columns; holes hold 0 in x and get 0. */
static void
e_step_residuals(const EStep *task, EStepRun run, size_t tile_begin, double *centre, double *r)
{
    const LacPatterns *patterns = task->patterns;
    const size_t p = patterns->cols, q = patterns->missing[run.pattern];
    const size_t *column = patterns->column + run.pattern * p;

    memset(centre, 0, task->stride * sizeof(double));
    for (size_t k = q; k < p; k++)
        centre[column[k]] = task->g->mean[column[k]];
    for (size_t i = run.begin; i < run.end; i++) {
        const double *x = lac_matrix_row(task->sorted, i);
        double *to = r + (i - tile_begin) * task->stride;

        for (size_t j = 0; j < task->stride; j++)
            to[j] = x[j] - centre[j];
    }
}

static void
e_step_add_covariance(const LacConditional *c, double weight, size_t stride, double *second)
{
    for (size_t a = 0; a < c->q; a++) {
        double *row = second + c->column[a] * stride;

        for (size_t b = a; b < c->q; b++)
            row[c->column[b]] += weight * c->cov[a * c->q + b];
    }
}

/* Fills the holes of a run in place; its share of the sums that are not cross-products. */
static void
e_step_run(const EStep *task, LacConditional *c, EStepRun run, size_t tile_begin, double *r,
           const double *pr, size_t block)
{
    const LacPatterns *patterns = task->patterns;
    const size_t p = patterns->cols, q = patterns->missing[run.pattern], stride = task->stride;
    double *tally = task->tally + 2 * block, mean[p + 1], total = 0.0, forms = 0.0;

    if (q == p)
        return; /* nothing observed: says nothing about the parameters */
    lac_conditional_set(c, q, patterns->column + run.pattern * p);
    for (size_t i = run.begin; i < run.end; i++) {
        const double weight = task->weight ? task->weight[i] : 1.0;
        double *row = r + (i - tile_begin) * stride;
        const double form = lac_conditional_mean(c, row, pr + (i - tile_begin) * stride, mean);

        for (size_t a = 0; a < q; a++)
            row[c->column[a]] = mean[a];
        total += weight;
        forms += weight * form;
    }
    if (q > 0)
        e_step_add_covariance(c, total, stride, task->second + block * p * stride);
    tally[0] += total;
    tally[1] -= 0.5 * (total * ((double)(p - q) * LN_2PI + c->log_det_observed) + forms);
}

/* The runs of equal pattern in rows begin .. end-1; how many. */
static size_t
e_step_runs(const LacPatterns *patterns, size_t begin, size_t end, size_t *pattern, EStepRun *runs)
{
    size_t n = 0;

    for (size_t i = begin; i < end; n++) {
        while (patterns->start[*pattern + 1] <= i)
            ++*pattern;
        const size_t stop = MIN(end, patterns->start[*pattern + 1]);

        runs[n] = (EStepRun){.begin = i, .end = stop, .pattern = *pattern};
        i = stop;
    }
    return n;
}

static void
e_step_tile(const EStep *task, LacConditional *c, size_t begin, size_t end, size_t *pattern,
            double *scratch, size_t block)
{
    const size_t p = task->g->p, stride = task->stride, rows = end - begin;
    double *r = scratch, *pr = r + (TILE + 4) * stride, *centre = pr + (TILE + 4) * stride;
    double *first = task->first + block * stride;
    const double *weight = task->weight ? task->weight + begin : NULL;
    EStepRun runs[TILE];
    const size_t n = e_step_runs(task->patterns, begin, end, pattern, runs);

    for (size_t k = 0; k < n; k++)
        e_step_residuals(task, runs[k], begin, centre, r);
    if (lac_conditional_trusts_precision(task->g))
        e_step_times(task, rows, r, pr);
    for (size_t k = 0; k < n; k++)
        e_step_run(task, c, runs[k], begin, r, pr, block);
    lac_gram_add_upper(rows, p, stride, r, weight, task->second + block * p * stride);
    for (size_t i = 0; i < rows; i++) {
        const double w = weight ? weight[i] : 1.0;

        for (size_t j = 0; j < stride; j++)
            first[j] += w * r[i * stride + j];
    }
}

static void
e_step_blocks(size_t begin, size_t end, unsigned worker, void *user)
{
    const EStep *task = user;
    g_autoptr(LacConditional) c = lac_conditional_new(task->g);
    g_autofree double *scratch = g_new0(double, (2 * (TILE + 4) + 1) * task->stride);

    for (size_t block = begin; block < end; block++) {
        const size_t from = block * task->block_rows,
                     to = MIN(from + task->block_rows, task->patterns->rows);
        size_t pattern = 0;

        for (size_t i = from; i < to; i += TILE)
            e_step_tile(task, c, i, MIN(i + TILE, to), &pattern, scratch, block);
    }
}

/* Enough blocks to keep threads busy, few enough that their sums stay small: at most 64 MiB. */
static void
e_step_divide(EStep *task, size_t rows)
{
    const size_t cells = task->g->p * task->stride;
    const size_t fit = MAX((size_t)8 * 1024 * 1024 / MAX(cells, 1), 4);
    const size_t most = MIN((size_t)MOST_BLOCKS, fit);

    task->block_rows = MAX((size_t)TILE, (rows + most - 1) / most);
    task->blocks = (rows + task->block_rows - 1) / task->block_rows;
}

static void
e_step_collect(const EStep *task, LacGaussianSums *sums)
{
    const size_t p = task->g->p, stride = task->stride;

    sums->n = sums->log_likelihood = 0.0;
    memset(sums->first, 0, p * sizeof(double));
    memset(sums->second, 0, p * p * sizeof(double));
    for (size_t b = 0; b < task->blocks; b++) {
        sums->n += task->tally[2 * b];
        sums->log_likelihood += task->tally[2 * b + 1];
        for (size_t j = 0; j < p; j++) {
            const double *row = task->second + (b * p + j) * stride;

            sums->first[j] += task->first[b * stride + j];
            for (size_t k = j; k < p; k++)
                sums->second[j * p + k] += row[k];
        }
    }
    for (size_t j = 0; j < p; j++) {
        for (size_t k = 0; k < j; k++)
            sums->second[j * p + k] = sums->second[k * p + j];
    }
}

gboolean
lac_gaussian_e_step(const LacGaussian *g, const LacPatterns *patterns, const LacMatrix *sorted,
                    const double *weight, LacGaussianSums *sums, GError **error)
{
    EStep task = {.g = g,
                  .patterns = patterns,
                  .sorted = sorted,
                  .weight = weight,
                  .stride = lac_gram_stride(g->p)};

    g_assert(sorted->stride == task.stride && sums->p == g->p && patterns->cols == g->p);
    if (g->p == 0) { /* rows without columns say nothing */
        sums->n = sums->log_likelihood = 0.0;
        return TRUE;
    }
    e_step_divide(&task, patterns->rows);
    g_autofree double *second =
        lac_try_alloc(task.blocks * g->p * task.stride + 1, sizeof(double), "EM sums", error);
    if (second == NULL)
        return FALSE;
    g_autofree double *first = g_new0(double, task.blocks *task.stride + 1);
    g_autofree double *tally = g_new0(double, 2 * task.blocks + 1);
    g_autofree double *precision = g_new0(double, g->p *task.stride + 1);

    for (size_t j = 0; j < g->p; j++)
        memcpy(precision + j * task.stride, g->precision + j * g->p, g->p * sizeof(double));
    task.second = second;
    task.first = first;
    task.tally = tally;
    task.precision = precision;
    /* threads that meet, on a busy machine, cost more than the millisecond such a table takes */
    const gboolean small = patterns->rows * (g->p + 4) * (g->p + 4) < 1000000;

    lac_parallel_for(task.blocks, small ? MAX(task.blocks, 1) : 1, e_step_blocks, &task);
    e_step_collect(&task, sums);
    return TRUE;
}

double
lac_gaussian_m_step(const LacGaussianSums *sums, double ridge, LacGaussian *g)
{
    const size_t p = g->p;
    const double n = sums->n, divisor = ridge > 0.0 ? n + ridge + (double)p + 2.0 : n;

    for (size_t j = 0; j < p; j++) {
        for (size_t k = 0; k < p; k++)
            g->cov[j * p + k] =
                (sums->second[j * p + k] - sums->first[j] * sums->first[k] / n) / divisor;
        g->cov[j * (p + 1)] += ridge / divisor;
        g->mean[j] += sums->first[j] / n;
    }
    return lac_gaussian_prepare(g);
}
