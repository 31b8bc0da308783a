/* Importance sampling: for each row L draws from its posterior q, weighted by p(x^o, z)/q(z), give
 * the conditional mean (self-normalised), quantiles, draws (resampling) and the likelihood, in one
 * pass and in memory that does not grow with L. Source: Mattei & Frellsen, missIWAE, section 2;
 * MIWAE (ICML 2019), eq. 10-13. */
#include "snis.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

enum {
    BLOCK = 8,  /* rows a thread takes at a time */
    CHUNK = 64, /* samples of each of them that are decoded together */
};

/* ---- one row --------------------------------------------------------------------------------- */

static void
row_rescale(Row *row, double log_weight, size_t width)
{
    const double down = exp(row->max - log_weight); /* 0 the first time */

    row->sum *= down;
    row->squares *= down * down;
    for (size_t k = 0; row->expected != NULL && k < width; k++)
        row->expected[k] *= down;
    row->max = log_weight;
}

/* Reservoirs: sample l takes each one over with probability w_l / (w_1 + ... + w_l), which leaves
 * every one of them with an exact draw from the normalised weights. */
static void
row_resample(Row *row, double weight, size_t draws, size_t width, const LacReal *sample)
{
    for (size_t m = 0; m < draws; m++)
        if (lac_rng_uniform(&row->pick[m]) * row->sum < weight)
            for (size_t k = 0; k < width; k++)
                row->winners[m * width + k] = (float)sample[k];
}

/* Where L is at most @parts all samples are kept with their weights. Else @parts reservoirs as
 * above, which weigh the same; those that a sample takes over are found by geometric leaps, so that
 * a sample costs as many steps as it takes over reservoirs, not as there are. */
static void
row_keep(Row *row, const Job *job, double log_weight, double weight, const LacReal *sample)
{
    const double share = weight / row->sum;
    const gboolean all = (size_t)job->self->impute_samples <= job->parts;
    size_t m = all ? row->met : 0;

    if (!(share > 0.0))
        return;
    for (;; m++) {
        if (!all && share < 1.0) {
            const double leap = log(lac_rng_open(&row->skip)) / log1p(-share);

            m = leap < (double)job->parts ? m + (size_t)leap : job->parts;
        }
        if (m >= job->parts)
            return;
        for (size_t k = 0; k < job->width; k++)
            row->part[m * job->width + k] = (float)sample[k];
        row->part_log_weight[m] = all ? log_weight : 0.0;
        if (all)
            return;
    }
}

/* One sample of a row: its weight, its place @at in the heads, and what is resampled of it, which
 * under not-miwae is also what may be averaged. */
static void
row_add(const Job *job, Row *row, double log_weight, const Heads *heads, size_t at,
        const LacReal *sample)
{
    const Dlvm *self = job->self;
    const Layout *layout = self->layout;
    double weight;

    if (!isfinite(log_weight)) { /* impossible: weight 0 */
        row->met++;
        return;
    }
    if (log_weight > row->max)
        row_rescale(row, log_weight, layout->width);
    weight = exp(log_weight - row->max);
    row->sum += weight;
    row->squares += weight * weight;
    if (row->tail.most > 0)
        tail_add(&row->tail, log_weight);
    if (row->winners != NULL)
        row_resample(row, weight, job->draws, job->width, sample);
    if (row->part != NULL)
        row_keep(row, job, log_weight, weight, sample);
    row->met++;
    if (row->expected == NULL || weight == 0.0)
        return;
    if (!self->mnar || self->estimate == ESTIMATE_MEANS)
        heads_expect(heads, layout, at, row->o, weight, row->expected);
    else
        for (size_t k = 0; k < layout->numeric; k++)
            row->expected[k] += weight * (double)sample[k];
}

/* ---- a block of rows ------------------------------------------------------------------------- */

static void
block_encode(const Job *job, LacTape *tape, size_t n, const size_t *index, Row *rows)
{
    const size_t d = (size_t)job->self->latent, classes = (size_t)job->self->components;
    LacTensor *log_shares = NULL;
    Encoded q;
    Batch batch;

    lac_tape_reset(tape);
    if (!batch_make(job->self->layout, job->rows, job->oracle, tape, n, index, &batch))
        return;
    net_encode(job->encoder, &batch, tape, &q);
    if (classes > 0)
        log_shares = lac_nn_log_softmax(q.class);
    if (!lac_tape_check(tape, NULL))
        return;
    for (size_t r = 0; r < n; r++) {
        memcpy(rows[r].mu, q.mu->v + r * d, d * sizeof *rows[r].mu);
        memcpy(rows[r].s, q.s->v + r * d, d * sizeof *rows[r].s);
        for (size_t c = 0; c < classes; c++)
            rows[r].class[c] = (double)log_shares->v[r * classes + c];
    }
}

/* One draw of q's noise and its log density, constants of the prior's left out on both sides. */
static double
draw_noise(const Dlvm *self, LacRng *rng, double *log_density)
{
    const double eps = lac_rng_normal(rng);
    double t;

    if (self->posterior == POSTERIOR_GAUSSIAN) {
        *log_density = -0.5 * eps * eps;
        return eps;
    }
    t = eps / sqrt(lac_rng_chi2(rng, self->freedom) / self->freedom);
    *log_density = posterior_log_density(self, t);
    return t;
}

/* z = mu + s eps, and ln p(z) - ln q(z). */
static double
draw_code(const Dlvm *self, Row *row, LacReal *z)
{
    double sum = 0.0, log_q;

    for (size_t k = 0; k < (size_t)self->latent; k++) {
        const double eps = draw_noise(self, &row->noise, &log_q);

        z[k] = row->mu[k] + row->s[k] * (LacReal)eps;
        sum += log((double)row->s[k]) - log_q - 0.5 * (double)z[k] * (double)z[k];
    }
    return sum;
}

/* hivae: a class, then z in it; both priors and both posteriors. @mu, @s: [d] scratch */
static double
draw_class(const Dlvm *self, Row *row, LacReal *code, double *mu, double *s)
{
    const size_t d = (size_t)self->latent, classes = (size_t)self->components;
    double left = lac_rng_uniform(&row->noise), sum;
    size_t c = 0;

    for (; c + 1 < classes && left >= exp(row->class[c]); c++)
        left -= exp(row->class[c]);
    hivae_class_moments(self, c, row->mu, row->s, mu, s);
    sum = -log((double)classes) - row->class[c];
    for (size_t k = 0; k < d; k++) {
        const double eps = lac_rng_normal(&row->noise);

        code[k] = (LacReal)(mu[k] + s[k] * eps);
        sum +=
            log(s[k]) + 0.5 * eps * eps - 0.5 * pow((double)code[k] - hivae_prior(self, c, k), 2.0);
    }
    for (size_t k = 0; k < classes; k++)
        code[d + k] = k == c;
    return sum;
}

static gboolean
draw_codes(const Dlvm *self, LacTape *tape, Row *rows, size_t n, size_t samples, LacReal *code,
           double *ratio)
{
    const size_t width = dlvm_code(self), d = (size_t)self->latent;
    double *scratch = lac_tape_alloc(tape, 2 * d * sizeof *scratch);

    for (size_t at = 0; scratch != NULL && at < n * samples; at++, code += width)
        ratio[at] = self->components > 0
                        ? draw_class(self, &rows[at / samples], code, scratch, scratch + d)
                        : draw_code(self, &rows[at / samples], code);
    return scratch != NULL;
}

/* not-miwae: the rows with each sample's draw of their holes, [n x samples x cols]. */
static LacTensor *
draw_cells(const Job *job, LacTape *tape, const Batch *batch, const Heads *heads, size_t samples,
           Row *rows)
{
    const Layout *layout = job->self->layout;
    LacTensor *drawn = lac_tape_constant(tape, LAC_SHAPE(batch->n * samples, layout->cols));
    double *values = lac_tape_alloc(tape, layout->cols * sizeof *values);

    if (drawn == NULL || values == NULL || heads->s == NULL)
        return NULL;
    for (size_t at = 0; at < batch->n * samples; at++) {
        heads_draw(heads, layout, at, &rows[at / samples].cells, values);
        for (size_t k = 0; k < layout->cols; k++)
            drawn->v[at * layout->cols + k] = (LacReal)values[k];
    }
    return missing_complete(batch, drawn, samples);
}

static void
block_chunk(const Job *job, LacTape *tape, size_t n, const size_t *index, size_t samples, Row *rows)
{
    const Layout *layout = job->self->layout;
    const size_t width = dlvm_code(job->self);
    LacTensor *code, *fit, *cells = NULL;
    double *ratio;
    Heads heads;
    Batch batch;

    lac_tape_reset(tape);
    code = lac_tape_constant(tape, LAC_SHAPE(n * samples, width));
    ratio = lac_tape_alloc(tape, n * samples * sizeof *ratio);
    if (code == NULL || ratio == NULL ||
        !batch_make(layout, job->rows, NULL, tape, n, index, &batch) ||
        !draw_codes(job->self, tape, rows, n, samples, code->v, ratio))
        return;
    net_decode(job->self, code, &heads);
    fit = heads_log_likelihood(&heads, layout, &batch, samples);
    if (job->self->mnar) {
        cells = draw_cells(job, tape, &batch, &heads, samples, rows);
        fit = lac_nn_add(fit, missing_log_likelihood(job->self, &batch, cells));
    }
    for (size_t r = 0; fit != NULL && r < n; r++)
        for (size_t l = 0; l < samples; l++) {
            const size_t at = r * samples + l;

            row_add(job, &rows[r], (double)fit->v[at] + ratio[at], &heads, at,
                    cells != NULL ? cells->v + at * layout->cols : code->v + at * width);
        }
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static void
block_finish(const Job *job, LacTape *tape, size_t i, Row *row)
{
    const Layout *layout = job->self->layout;
    const double samples = (double)job->self->impute_samples;
    double *out = job->expected != NULL ? job->expected + i * layout->cols : NULL;

    if (job->likelihood != NULL)
        job->likelihood[i] = row->max + log(row->sum) - log(samples);
    if (job->effective != NULL)
        job->effective[i] = row->sum * row->sum / row->squares;
    if (job->shape != NULL)
        job->shape[i] = tail_shape(&row->tail);
    if (out == NULL)
        return;
    for (size_t k = 0; k < layout->width; k++)
        row->expected[k] /= row->sum;
    heads_settle(layout, row->expected, out);
    if (row->part != NULL)
        row_quantiles(job, tape, row, out);
}

/* Scratch memory of a block. */
typedef struct {
    double *doubles, *log_weights, *tails;
    LacReal *reals;
    LacRng *picks;
    float *parts;
} Scratch;

static void
scratch_clear(Scratch *scratch)
{
    g_free(scratch->doubles);
    g_free(scratch->log_weights);
    g_free(scratch->tails);
    g_free(scratch->reals);
    g_free(scratch->picks);
    g_free(scratch->parts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scratch, scratch_clear)

static gboolean
scratch_make(const Job *job, Scratch *out, GError **error)
{
    const Dlvm *self = job->self;
    const size_t doubles = self->layout->width + (size_t)self->components;

    *out = (Scratch){0};
    out->doubles = g_new0(double, BLOCK *doubles + 1);
    out->reals = g_new0(LacReal, 2 * BLOCK * (size_t)self->latent + 1);
    out->picks = g_new(LacRng, BLOCK * job->draws + 1);
    if (job->shape != NULL)
        out->tails = g_new(double, BLOCK *(tail_size((size_t)self->impute_samples) + 1));
    if (job->parts == 0)
        return TRUE;
    out->parts = lac_try_alloc(BLOCK * job->parts * job->width, sizeof *out->parts,
                               "samples kept for quantiles", error);
    out->log_weights = g_new(double, BLOCK * job->parts);
    for (size_t k = 0; k < BLOCK * job->parts; k++)
        out->log_weights[k] = -INFINITY;
    return out->parts != NULL;
}

static void
rows_begin(const Job *job, size_t n, const size_t *index, const Scratch *scratch, Row *rows)
{
    const Dlvm *self = job->self;
    const size_t d = (size_t)self->latent, width = self->layout->width;
    const LacRng skips = lac_rng_split(&job->picks, "parts");

    for (size_t r = 0; r < n; r++) {
        const LacRng pick = lac_rng_at(&job->picks, index[r]);
        double *doubles = scratch->doubles + r * (width + (size_t)self->components);

        rows[r] = (Row){.max = -INFINITY,
                        .expected = job->expected != NULL ? doubles : NULL,
                        .class = doubles + width,
                        .mu = scratch->reals + 2 * r * d,
                        .s = scratch->reals + (2 * r + 1) * d,
                        .o = job->rows->o + index[r] * job->rows->cols,
                        .noise = lac_rng_at(&job->noise, index[r]),
                        .cells = lac_rng_at(&job->cells, index[r]),
                        .skip = lac_rng_at(&skips, index[r]),
                        .pick = scratch->picks + r * job->draws};
        if (job->shape != NULL) {
            const size_t most = tail_size((size_t)self->impute_samples);

            rows[r].tail = (Tail){scratch->tails + r * (most + 1), 0, most};
        }
        if (job->winners != NULL)
            rows[r].winners = job->winners + index[r] * job->draws * job->width;
        if (job->parts > 0) {
            rows[r].part = scratch->parts + r * job->parts * job->width;
            rows[r].part_log_weight = scratch->log_weights + r * job->parts;
        }
        for (size_t m = 0; job->winners != NULL && m < job->draws; m++)
            rows[r].pick[m] = lac_rng_at(&pick, m);
    }
}

static void
job_fail(Job *job, GError *error)
{
    g_mutex_lock(&job->lock);
    if (job->error == NULL)
        job->error = g_steal_pointer(&error);
    g_mutex_unlock(&job->lock);
    g_clear_error(&error);
}

static void
run_block(Job *job, LacTape *tape, size_t block)
{
    const size_t begin = block * BLOCK, n = MIN(BLOCK, job->n - begin);
    const size_t *index = job->index + begin;
    const size_t left = (size_t)job->self->impute_samples;
    g_auto(Scratch) scratch = {0};
    GError *error = NULL;
    Row rows[BLOCK];

    if (!scratch_make(job, &scratch, &error)) {
        job_fail(job, error);
        return;
    }
    rows_begin(job, n, index, &scratch, rows);
    block_encode(job, tape, n, index, rows);
    for (size_t l = 0; l < left && lac_tape_check(tape, NULL); l += CHUNK)
        block_chunk(job, tape, n, index, MIN(CHUNK, left - l), rows);
    for (size_t r = 0; lac_tape_check(tape, NULL) && r < n; r++)
        block_finish(job, tape, index[r], &rows[r]);
    if (!lac_tape_check(tape, &error))
        job_fail(job, error);
}

static void
run_blocks(size_t begin, size_t end, unsigned worker, void *user)
{
    Job *job = user;

    for (size_t b = begin; b < end; b++)
        run_block(job, job->tapes[worker], job->first + b);
}

/* ---- the whole table ------------------------------------------------------------------------- */

LacTape *
inference_tape(const Dlvm *self)
{
    LacTape *tape = lac_tape_new();

    lac_tape_set_recording(tape, FALSE);
    lac_tape_set_training(tape, FALSE);
    lac_tape_set_precision(tape, (LacPrecision)self->train.precision);
    lac_tape_set_context(tape, self->base.instance.context);
    return tape;
}

/* Slices of a block a thread, so that a cancelled run ends soon. */
static gboolean
run_slices(Job *job, GError **error)
{
    const size_t blocks = (job->n + BLOCK - 1) / BLOCK;

    for (job->first = 0; job->first < blocks; job->first += lac_threads()) {
        lac_parallel_for(MIN(lac_threads(), blocks - job->first), 1, run_blocks, job);
        if (job->error != NULL) {
            g_propagate_error(error, g_steal_pointer(&job->error));
            return FALSE;
        }
        if (!lac_context_step(job->self->base.instance.context, (double)job->first / (double)blocks,
                              error))
            return FALSE;
    }
    return TRUE;
}

gboolean
job_run(Job *job, GError **error)
{
    LacContext *context = job->self->base.instance.context;
    const LacRng rng = lac_context_rng(context, "importance");
    gboolean good;

    job->noise = lac_rng_split(&rng, "noise");
    job->cells = lac_rng_split(&rng, "cells");
    job->picks = lac_rng_split(&rng, "picks");
    g_mutex_init(&job->lock);
    job->tapes = g_new(LacTape *, lac_threads());
    for (unsigned t = 0; t < lac_threads(); t++)
        job->tapes[t] = inference_tape(job->self);
    good = run_slices(job, error);
    for (unsigned t = 0; t < lac_threads(); t++)
        lac_tape_free(job->tapes[t]);
    g_free(job->tapes);
    g_mutex_clear(&job->lock);
    return good;
}
