/* batch_norm: y = gamma h + beta, h = (x - mean) / sqrt(var + eps), a channel at a time.
 *
 *   dgamma = sum of dy h,  dbeta = sum of dy,
 *   dx = gamma / sqrt(var + eps) (dy - [dbeta / n + h dgamma / n])
 *
 * over the n values of the channel; the part in brackets is there only when the batch's own moments
 * normalise. Source: Ioffe & Szegedy (2015). */
#include "norm-private.h"
#include "parallel-private.h"
#include "tape-private.h"
#include <lacuna/ops.h>

#include <math.h>
#include <string.h>

enum { X, GAMMA, BETA };

/** BatchNorm: channels lie in runs of @run values, @images of them, @step values apart. Columns of
 * a matrix are channels with runs of one value. */
typedef struct {
    size_t channels, images, run, step;
    gboolean batch; /* normalised by the moments of the batch */
    LacReal eps;
    NnNormChannel *by; /* [channels] */
} BatchNorm;

static double
norm_count(const BatchNorm *norm)
{
    return (double)norm->images * (double)norm->run;
}

/* ---- formulas ---- */

NnNormChannel
nn_norm_moments(double n, double shift, const double *sums, LacReal momentum, LacReal eps,
                LacReal *running_mean, LacReal *running_var)
{
    const double mean = shift + sums[0] / n, m = (double)momentum;
    const double square = MAX(sums[1] - sums[0] * sums[0] / n, 0.0);

    const LacReal moved[2] = {
        (LacReal)((1.0 - m) * (double)*running_mean + m * mean),
        (LacReal)((1.0 - m) * (double)*running_var + m * square / MAX(n - 1.0, 1.0))};

    /* a batch that is no numbers must not spoil those of all others: its step is left out */
    if (isfinite(moved[0]) && isfinite(moved[1])) {
        *running_mean = moved[0];
        *running_var = moved[1];
    }
    return (NnNormChannel){mean, 1.0 / sqrt(square / n + (double)eps)};
}

NnNormChannel
nn_norm_running(LacReal mean, LacReal var, LacReal eps)
{
    return (NnNormChannel){(double)mean, 1.0 / sqrt((double)var + (double)eps)};
}

double
nn_norm_slope(const NnNormChannel *channel, double n, double gamma, const double *sums,
              LacReal k[3])
{
    const double scale = channel->scale, factor = gamma * scale, by_gamma = sums[1] * scale;
    const double slope = -factor * scale * by_gamma / n;

    k[0] = (LacReal)factor;
    k[1] = (LacReal)slope;
    k[2] = (LacReal)(-factor * sums[0] / n - slope * channel->mean);
    return by_gamma;
}

/* ---- sums over a channel: along a run in LANES numbers at a time, from run to run in double. The
 * order depends on the sizes alone ---- */

enum { LANES = 64 / sizeof(LacReal), MOST_CHANNELS = 16 };

typedef LacReal Lanes __attribute__((vector_size(64), aligned(sizeof(LacReal)), may_alias));
typedef double WideLanes __attribute__((vector_size(LANES * sizeof(double)), aligned(64)));

/* of (v - shift) and of (v - shift) (u - shift_u), added to @sums [2] lane by lane. @next: how far
 * behind the run that comes after the next few lies. Runs are short, and what fetches memory ahead
 * of a loop stops at their ends: without being asked, most of the time would be waiting */
LAC_CLONES static void
norm_add_run(size_t n, const LacReal *v, const LacReal *u, LacReal shift_v, LacReal shift_u,
             size_t next, WideLanes *sums)
{
    Lanes first = {0}, second = {0};
    const size_t whole = n / LANES * LANES;

    for (size_t i = 0; i < whole; i += LANES) {
        const Lanes d = *(const Lanes *)(v + i) - shift_v;

        __builtin_prefetch(v + i + next);
        __builtin_prefetch(u + i + next);
        first += d;
        second += d * (*(const Lanes *)(u + i) - shift_u);
    }
    for (size_t i = whole; i < n; i++) {
        const LacReal d = v[i] - shift_v;

        first[i - whole] += d;
        second[i - whole] += d * (u[i] - shift_u);
    }
    sums[0] += __builtin_convertvector(first, WideLanes);
    sums[1] += __builtin_convertvector(second, WideLanes);
}

/** NormSums: over the channels of a block: of v - shift and of (v - shift) (u - shift_u). */
typedef struct {
    double shift_v[MOST_CHANNELS], shift_u[MOST_CHANNELS], sums[MOST_CHANNELS][2];
} NormSums;

/* Images one after another, as they lie in memory. */
static void
norm_sum(const BatchNorm *norm, size_t begin, size_t end, size_t images, const LacReal *v,
         const LacReal *u, NormSums *s)
{
    WideLanes lanes[MOST_CHANNELS][2] = {0};

    for (size_t i = 0; i < images; i++) {
        for (size_t c = begin; c < end; c++) {
            const size_t at = i * norm->step + c * norm->run, k = c - begin;

            norm_add_run(norm->run, v + at, u + at, (LacReal)s->shift_v[k], (LacReal)s->shift_u[k],
                         norm->step, lanes[k]);
        }
    }
    for (size_t k = 0; k < end - begin; k++) {
        s->sums[k][0] = s->sums[k][1] = 0.0;
        for (size_t j = 0; j < LANES; j++) {
            s->sums[k][0] += lanes[k][0][j];
            s->sums[k][1] += lanes[k][1][j];
        }
    }
}

/* ---- forward ---- */

typedef struct {
    BatchNorm *norm;
    const LacReal *x, *gamma, *beta;
    LacReal *y, *running;
    LacReal momentum;
} NormForward;

/* Moments about the mean of the first image, so that nothing cancels: one pass is enough. */
static void
norm_moments(const NormForward *f, size_t begin, size_t end)
{
    const double n = norm_count(f->norm);
    NormSums s = {0};

    norm_sum(f->norm, begin, end, 1, f->x, f->x, &s);
    for (size_t k = 0; k < end - begin; k++)
        s.shift_v[k] = s.shift_u[k] = (double)(LacReal)(s.sums[k][0] / (double)f->norm->run);
    norm_sum(f->norm, begin, end, f->norm->images, f->x, f->x, &s);
    for (size_t c = begin; c < end; c++)
        f->norm->by[c] =
            nn_norm_moments(n, s.shift_v[c - begin], s.sums[c - begin], f->momentum, f->norm->eps,
                            f->running + c, f->running + f->norm->channels + c);
}

LAC_CLONES static void
norm_scale_run(size_t n, const LacReal *x, LacReal scale, LacReal shift, size_t next, LacReal *y)
{
    for (size_t i = 0; i < n; i += LANES)
        __builtin_prefetch(y + i + next, 1);
    for (size_t i = 0; i < n; i++)
        y[i] = scale * x[i] + shift;
}

static void
norm_forward_channels(size_t begin, size_t end, unsigned worker, void *user)
{
    const NormForward *f = user;
    const BatchNorm *norm = f->norm;

    if (norm->batch)
        norm_moments(f, begin, end);
    for (size_t c = begin; c < end && !norm->batch; c++)
        norm->by[c] = nn_norm_running(f->running[c], f->running[norm->channels + c], norm->eps);
    for (size_t i = 0; i < norm->images; i++) {
        for (size_t c = begin; c < end; c++) {
            const double scale = (double)f->gamma[c] * norm->by[c].scale;
            const size_t at = i * norm->step + c * norm->run;

            norm_scale_run(norm->run, f->x + at, (LacReal)scale,
                           (LacReal)((double)f->beta[c] - scale * norm->by[c].mean), norm->step,
                           f->y + at);
        }
    }
}

/* ---- backward ---- */

typedef struct {
    const BatchNorm *norm;
    const LacReal *x, *gamma, *gy;
    LacReal *gx, *ggamma, *gbeta; /* NULL: not wanted */
    gboolean add_x, add_gamma, add_beta;
    gboolean rectified; /* @x came out of a ReLU, whose slope is applied on the way */
} NormBackward;

/* @gx may be @gy */
LAC_CLONES static void
norm_gradient_run(size_t n, const LacReal *gy, const LacReal *x, const LacReal *k, gboolean add,
                  gboolean rectified, LacReal *gx)
{
    const LacReal by_gy = k[0], by_x = k[1], shift = k[2];

    if (rectified)
#pragma omp simd
        for (size_t i = 0; i < n; i++) {
            const LacReal g = by_gy * gy[i] + by_x * x[i] + shift;

            gx[i] = x[i] > 0 ? g : 0;
        }
    else if (add)
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            gx[i] += by_gy * gy[i] + by_x * x[i] + shift;
    else
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            gx[i] = by_gy * gy[i] + by_x * x[i] + shift;
}

/* dgamma, dbeta, and @k: gx = k[0] gy + k[1] x + k[2] */
static void
norm_backward_channel(const NormBackward *b, size_t c, const double *sums, LacReal *k)
{
    const BatchNorm *norm = b->norm;
    const double n = norm->batch ? norm_count(norm) : INFINITY;
    const double by_gamma = nn_norm_slope(&norm->by[c], n, (double)b->gamma[c], sums, k);

    if (b->gbeta != NULL)
        b->gbeta[c] = (LacReal)(sums[0] + (b->add_beta ? (double)b->gbeta[c] : 0.0));
    if (b->ggamma != NULL)
        b->ggamma[c] = (LacReal)(by_gamma + (b->add_gamma ? (double)b->ggamma[c] : 0.0));
}

static void
norm_backward_channels(size_t begin, size_t end, unsigned worker, void *user)
{
    const NormBackward *b = user;
    const BatchNorm *norm = b->norm;
    LacReal k[MOST_CHANNELS][3];
    NormSums s = {0};

    for (size_t c = begin; c < end; c++)
        s.shift_u[c - begin] = norm->by[c].mean;
    norm_sum(norm, begin, end, norm->images, b->gy, b->x, &s);
    for (size_t c = begin; c < end; c++)
        norm_backward_channel(b, c, s.sums[c - begin], k[c - begin]);
    for (size_t i = 0; i < norm->images && b->gx != NULL; i++) {
        for (size_t c = begin; c < end; c++) {
            const size_t at = i * norm->step + c * norm->run;

            norm_gradient_run(norm->run, b->gy + at, b->x + at, k[c - begin], b->add_x,
                              b->rectified, b->gx + at);
        }
    }
}

/* Channels a block of the parallel loops holds: neighbours, that their values may be read in long
 * runs, and few enough for the second pass to find them in the cache. */
static size_t
norm_grain(const BatchNorm *norm)
{
    return CLAMP(((size_t)1 << 17) / (norm->images * norm->run), 1, MOST_CHANNELS);
}

static void
batch_norm_backward(const LacTensor *y)
{
    const BatchNorm *norm = y->saved;
    LacTensor *x = y->in[X], *gamma = y->in[GAMMA], *beta = y->in[BETA];
    NormBackward b = {.norm = norm, .x = x->v, .gamma = gamma->v, .gy = y->grad};

    if (lac_tensor_wants(y, X)) {
        b.add_x = !nn_take_gradient(x); /* then in place, in memory that was just read */
        b.gx = x->grad;
        b.rectified = !b.add_x && nn_slope_ahead(x);
    }
    if (lac_tensor_wants(y, GAMMA))
        b.ggamma = gamma->grad, b.add_gamma = !lac_tensor_first(gamma);
    if (lac_tensor_wants(y, BETA))
        b.gbeta = beta->grad, b.add_beta = !lac_tensor_first(beta);
    lac_parallel_for_short(2e-9 * (double)x->size, norm->channels, norm_grain(norm),
                           norm_backward_channels, &b);
}

/* ---- the operator ---- */

static const LacOp lac_op_batch_norm = {
    "batch_norm",    "gamma (x - mean) / sqrt(var + eps) + beta", batch_norm_backward, NULL,
    .assigns = TRUE,
};

static gboolean
norm_fits(const LacTensor *x, const LacTensor *gamma, const LacTensor *beta)
{
    return (x->dims == 2 || x->dims == 4) && gamma->dims == 1 && beta->dims == 1 &&
           gamma->size == x->shape[1] && beta->size == x->shape[1];
}

LacTensor *
lac_nn_batch_norm(LacTensor *x, LacTensor *gamma, LacTensor *beta, LacReal *running,
                  LacReal momentum, LacReal eps)
{
    LacTensor *y;
    BatchNorm *norm;

    if (x == NULL || gamma == NULL || beta == NULL)
        return NULL;
    if (!norm_fits(x, gamma, beta))
        return lac_tape_fail(x->tape, LAC_ERROR_SHAPE,
                             "batch_norm: x %s, gamma %s and beta %s do not fit; expected [N x C] "
                             "or [N x C x H x W], [C] and [C]",
                             lac_tensor_shape_text(x), lac_tensor_shape_text(gamma),
                             lac_tensor_shape_text(beta));
    y = lac_tape_result(&lac_op_batch_norm, 3, (LacTensor *[]){x, gamma, beta}, x->dims, x->shape);
    norm =
        y != NULL ? lac_tape_alloc(x->tape, sizeof *norm + gamma->size * sizeof *norm->by) : NULL;
    if (norm == NULL)
        return NULL;
    *norm = (BatchNorm){.channels = gamma->size,
                        .images = x->shape[0],
                        .run = x->dims == 4 ? x->shape[2] * x->shape[3] : 1,
                        .batch = lac_tape_is_training(x->tape),
                        .eps = eps,
                        .by = (NnNormChannel *)(norm + 1)};
    norm->step = norm->channels * norm->run;
    y->saved = norm;
    lac_parallel_for_short(2e-9 * (double)x->size, norm->channels, norm_grain(norm),
                           norm_forward_channels,
                           &(NormForward){norm, x->v, gamma->v, beta->v, y->v, running, momentum});
    return lac_tape_done(y);
}
