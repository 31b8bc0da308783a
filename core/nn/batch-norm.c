/* batch_norm: y = gamma h + beta, h = (x - mean) / sqrt(var + eps), a channel at a time.
 *
 *   dgamma = sum of dy h,  dbeta = sum of dy,
 *   dx = gamma / sqrt(var + eps) (dy - [dbeta / n + h dgamma / n])
 *
 * over the n values of the channel; the part in brackets is there only when the batch's own moments
 * normalise. Source: Ioffe & Szegedy (2015). */
#include "base-private.h"
#include <lacuna/ops.h>
#include <lacuna/parallel.h>

#include <math.h>

enum { X, GAMMA, BETA };

/** BatchNorm: channels lie in runs of @run values, @images of them, @step values apart. Columns of
 * a matrix are channels with runs of one value. */
typedef struct {
    size_t channels, images, run, step;
    gboolean batch; /* normalised by the moments of the batch */
    LacReal eps;
    double *mean, *scale; /* [channels], scale = 1 / sqrt(var + eps) */
} BatchNorm;

static double
norm_count(const BatchNorm *norm)
{
    return (double)norm->images * (double)norm->run;
}

/* ---- sums over a channel, in double, in an order that does not depend on the processor ---- */

enum { LANES = 8 };

/* of (v - shift) and of (v - shift) (u - shift_u), added to @sums [2] */
LAC_CLONES static void
norm_add_run(size_t n, const LacReal *v, const LacReal *u, double shift_v, double shift_u,
             double *sums)
{
    double first[LANES] = {0}, second[LANES] = {0};
    const size_t whole = n / LANES * LANES;

    for (size_t i = 0; i < whole; i += LANES) {
        for (size_t j = 0; j < LANES; j++) {
            const double d = (double)v[i + j] - shift_v;

            first[j] += d;
            second[j] += d * ((double)u[i + j] - shift_u);
        }
    }
    for (size_t i = whole; i < n; i++) {
        const double d = (double)v[i] - shift_v;

        first[0] += d;
        second[0] += d * ((double)u[i] - shift_u);
    }
    for (size_t j = 0; j < LANES; j++) {
        sums[0] += first[j];
        sums[1] += second[j];
    }
}

static void
norm_sums(const BatchNorm *norm, const LacReal *v, const LacReal *u, double shift_v, double shift_u,
          double *sums)
{
    sums[0] = sums[1] = 0.0;
    for (size_t i = 0; i < norm->images; i++)
        norm_add_run(norm->run, v + i * norm->step, u + i * norm->step, shift_v, shift_u, sums);
}

/* ---- forward ---- */

typedef struct {
    BatchNorm *norm;
    const LacReal *x, *gamma, *beta;
    LacReal *y, *running;
    double momentum;
} NormForward;

/* The channel's values are in the cache after the first pass. */
static void
norm_moments(const NormForward *f, size_t c)
{
    const LacReal *x = f->x + c * f->norm->run;
    const double n = norm_count(f->norm);
    double sums[2], mean, square;

    norm_sums(f->norm, x, x, 0.0, 0.0, sums);
    mean = sums[0] / n;
    norm_sums(f->norm, x, x, mean, mean, sums); /* about the mean, so that nothing cancels */
    square = MAX(sums[1] - sums[0] * sums[0] / n, 0.0);
    f->norm->mean[c] = mean;
    f->norm->scale[c] = 1.0 / sqrt(square / n + (double)f->norm->eps);

    LacReal *running_mean = f->running + c, *running_var = f->running + f->norm->channels + c;

    *running_mean = (LacReal)((1.0 - f->momentum) * (double)*running_mean + f->momentum * mean);
    *running_var = (LacReal)((1.0 - f->momentum) * (double)*running_var +
                             f->momentum * square / MAX(n - 1.0, 1.0));
}

LAC_CLONES static void
norm_scale_run(size_t n, const LacReal *x, LacReal scale, LacReal shift, LacReal *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = scale * x[i] + shift;
}

static void
norm_forward_channels(size_t begin, size_t end, unsigned worker, void *user)
{
    const NormForward *f = user;
    const BatchNorm *norm = f->norm;

    for (size_t c = begin; c < end; c++) {
        if (norm->batch) {
            norm_moments(f, c);
        } else {
            norm->mean[c] = (double)f->running[c];
            norm->scale[c] = 1.0 / sqrt((double)f->running[norm->channels + c] + (double)norm->eps);
        }

        const double scale = (double)f->gamma[c] * norm->scale[c];
        const double shift = (double)f->beta[c] - scale * norm->mean[c];

        for (size_t i = 0; i < norm->images; i++) {
            const size_t at = i * norm->step + c * norm->run;

            norm_scale_run(norm->run, f->x + at, (LacReal)scale, (LacReal)shift, f->y + at);
        }
    }
}

/* ---- backward ---- */

typedef struct {
    const BatchNorm *norm;
    const LacReal *x, *gamma, *gy;
    LacReal *gx, *ggamma, *gbeta; /* NULL: not wanted */
    gboolean add_x, add_gamma, add_beta;
} NormBackward;

LAC_CLONES static void
norm_gradient_run(size_t n, const LacReal *gy, const LacReal *x, const LacReal *k, gboolean add,
                  LacReal *gx)
{
    if (add)
        for (size_t i = 0; i < n; i++)
            gx[i] += k[0] * gy[i] + k[1] * x[i] + k[2];
    else
        for (size_t i = 0; i < n; i++)
            gx[i] = k[0] * gy[i] + k[1] * x[i] + k[2];
}

static void
norm_backward_channels(size_t begin, size_t end, unsigned worker, void *user)
{
    const NormBackward *b = user;
    const BatchNorm *norm = b->norm;
    const double n = norm->batch ? norm_count(norm) : INFINITY;

    for (size_t c = begin; c < end; c++) {
        const size_t first = c * norm->run;
        const double scale = norm->scale[c], factor = (double)b->gamma[c] * scale;
        double sums[2];

        norm_sums(norm, b->gy + first, b->x + first, 0.0, norm->mean[c], sums);
        sums[1] *= scale;
        if (b->gbeta != NULL)
            b->gbeta[c] = (LacReal)(sums[0] + (b->add_beta ? (double)b->gbeta[c] : 0.0));
        if (b->ggamma != NULL)
            b->ggamma[c] = (LacReal)(sums[1] + (b->add_gamma ? (double)b->ggamma[c] : 0.0));
        if (b->gx == NULL)
            continue;

        const double slope = -factor * scale * sums[1] / n;
        const LacReal k[] = {(LacReal)factor, (LacReal)slope,
                             (LacReal)(-factor * sums[0] / n - slope * norm->mean[c])};

        for (size_t i = 0; i < norm->images; i++) {
            const size_t at = first + i * norm->step;

            norm_gradient_run(norm->run, b->gy + at, b->x + at, k, b->add_x, b->gx + at);
        }
    }
}

/* channels a block of the parallel loops holds */
static size_t
norm_grain(const BatchNorm *norm)
{
    const size_t values = norm->images * norm->run;

    return MAX(1, ((size_t)1 << 14) / values);
}

static void
batch_norm_backward(const LacTensor *y)
{
    const BatchNorm *norm = y->saved;
    LacTensor *x = y->in[X], *gamma = y->in[GAMMA], *beta = y->in[BETA];
    NormBackward b = {.norm = norm, .x = x->v, .gamma = gamma->v, .gy = y->grad};

    if (lac_tensor_wants(y, X))
        b.gx = x->grad, b.add_x = !lac_tensor_first(x);
    if (lac_tensor_wants(y, GAMMA))
        b.ggamma = gamma->grad, b.add_gamma = !lac_tensor_first(gamma);
    if (lac_tensor_wants(y, BETA))
        b.gbeta = beta->grad, b.add_beta = !lac_tensor_first(beta);
    lac_parallel_for(norm->channels, norm_grain(norm), norm_backward_channels, &b);
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
        y != NULL ? lac_tape_alloc(x->tape, sizeof *norm + 2 * gamma->size * sizeof(double)) : NULL;
    if (norm == NULL)
        return NULL;
    *norm = (BatchNorm){.channels = gamma->size,
                        .images = x->shape[0],
                        .run = x->dims == 4 ? x->shape[2] * x->shape[3] : 1,
                        .batch = lac_tape_is_training(x->tape),
                        .eps = eps,
                        .mean = (double *)(norm + 1)};
    norm->scale = norm->mean + norm->channels;
    norm->step = norm->channels * norm->run;
    y->saved = norm;
    lac_parallel_for(
        norm->channels, norm_grain(norm), norm_forward_channels,
        &(NormForward){norm, x->v, gamma->v, beta->v, y->v, running, (double)momentum});
    return lac_tape_done(y);
}
