/* Filling by importance sampling: for each row L draws from its posterior q, weighted by
 * p(x^o, z)/q(z), give the conditional mean (self-normalised), draws (resampling) and the
 * likelihood, in one pass and in memory that does not grow with L. Source: Mattei & Frellsen,
 * missIWAE, section 2; MIWAE (ICML 2019), eq. 10-13. */
#include "missiwae.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

enum {
    BLOCK = 8,          /* rows a thread takes at a time */
    CHUNK = 64,         /* samples of each of them that are decoded together */
    FEW_EFFECTIVE = 10, /* effective samples below which a mean is noise */
};

/**
 * Pass: what is kept of the last table, so that m draws cost one pass.
 * @winners: [rows][draws][width] what was resampled: latent draws [d], or under not-miwae, where
 *   the mask speaks about the cells themselves, whole rows [cols]
 */
typedef struct Pass {
    uint64_t fingerprint;
    size_t rows, draws, width;
    float *winners;
} Pass;

void
pass_free(Pass *pass)
{
    if (pass == NULL)
        return;
    g_free(pass->winners);
    g_free(pass);
}

/* What one pass reads and writes; outputs that are NULL are not wanted. */
typedef struct {
    const Dlvm *self;
    const Rows *rows, *oracle;
    size_t n;
    const size_t *index; /* [n] rows that are worked on */
    size_t first;        /* block the slice at hand begins with */
    size_t draws;
    LacRng noise, cells, picks;
    LacTape **tapes;  /* [threads] */
    double *expected; /* [rows][cols] settled values */
    float *winners;   /* [rows][draws][width] */
    size_t width;
    double *likelihood; /* [rows] ln p(x^o) */
    double *effective;  /* [rows] effective sample size */
    GMutex lock;        /* of error */
    GError *error;
} Job;

/* A row on its way through L samples. Weights are relative to e^max, which rises as it goes. */
typedef struct {
    double max, sum, squares;
    double *expected; /* [width] */
    LacReal *mu, *s;  /* [d] */
    const uint8_t *o; /* [cols] */
    LacRng noise, cells, *pick;
    float *winners; /* [draws][width] or NULL */
} Row;

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

/* One sample of a row: its weight, its place @at in the heads, and what is resampled of it, which
 * under not-miwae is also what may be averaged. */
static void
row_add(const Job *job, Row *row, double log_weight, const Heads *heads, size_t at,
        const LacReal *sample)
{
    const Dlvm *self = job->self;
    const Layout *layout = self->layout;
    double weight;

    if (!isfinite(log_weight)) /* impossible: weight 0 */
        return;
    if (log_weight > row->max)
        row_rescale(row, log_weight, layout->width);
    weight = exp(log_weight - row->max);
    row->sum += weight;
    row->squares += weight * weight;
    if (row->winners != NULL)
        row_resample(row, weight, job->draws, job->width, sample);
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
    const size_t d = (size_t)job->self->latent;
    LacTensor *mu, *s;
    Batch batch;

    lac_tape_reset(tape);
    if (!batch_make(job->self->layout, job->rows, job->oracle, tape, n, index, &batch))
        return;
    net_encode(job->self, &batch, tape, &mu, &s);
    for (size_t r = 0; s != NULL && mu != NULL && r < n; r++) {
        memcpy(rows[r].mu, mu->v + r * d, d * sizeof *rows[r].mu);
        memcpy(rows[r].s, s->v + r * d, d * sizeof *rows[r].s);
    }
}

/* z = mu + s eps for @samples of each row, and ln p(z) - ln q(z) of each. */
static void
draw_latent(Row *rows, size_t n, size_t samples, size_t d, LacReal *z, double *ratio)
{
    double eps;

    for (size_t r = 0; r < n; r++)
        for (size_t l = 0; l < samples; l++, z += d) {
            double sum = 0.0;

            for (size_t k = 0; k < d; k++) {
                eps = lac_rng_normal(&rows[r].noise);
                z[k] = rows[r].mu[k] + rows[r].s[k] * (LacReal)eps;
                sum += 0.5 * (eps * eps - (double)z[k] * (double)z[k]) + log((double)rows[r].s[k]);
            }
            ratio[r * samples + l] = sum;
        }
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
    const size_t d = (size_t)job->self->latent;
    LacTensor *z, *fit, *cells = NULL;
    double *ratio;
    Heads heads;
    Batch batch;

    lac_tape_reset(tape);
    z = lac_tape_constant(tape, LAC_SHAPE(n * samples, d));
    ratio = lac_tape_alloc(tape, n * samples * sizeof *ratio);
    if (z == NULL || ratio == NULL || !batch_make(layout, job->rows, NULL, tape, n, index, &batch))
        return;
    draw_latent(rows, n, samples, d, z->v, ratio);
    net_decode(job->self->net, layout, z, &heads);
    fit = heads_log_likelihood(&heads, layout, &batch, samples);
    if (job->self->mnar) {
        cells = draw_cells(job, tape, &batch, &heads, samples, rows);
        fit = lac_nn_add(fit, missing_log_likelihood(job->self, &batch, cells));
    }
    for (size_t r = 0; fit != NULL && r < n; r++)
        for (size_t l = 0; l < samples; l++) {
            const size_t at = r * samples + l;

            row_add(job, &rows[r], (double)fit->v[at] + ratio[at], &heads, at,
                    cells != NULL ? cells->v + at * layout->cols : z->v + at * d);
        }
}

static void
block_finish(const Job *job, size_t i, const Row *row)
{
    const Layout *layout = job->self->layout;
    const double samples = (double)job->self->impute_samples;

    if (job->likelihood != NULL)
        job->likelihood[i] = row->max + log(row->sum) - log(samples);
    if (job->effective != NULL)
        job->effective[i] = row->sum * row->sum / row->squares;
    if (job->expected == NULL)
        return;
    for (size_t k = 0; k < layout->width; k++)
        row->expected[k] /= row->sum;
    heads_settle(layout, row->expected, job->expected + i * layout->cols);
}

static void
rows_begin(const Job *job, size_t n, const size_t *index, double *doubles, LacReal *reals,
           LacRng *picks, Row *rows)
{
    const size_t d = (size_t)job->self->latent, width = job->self->layout->width;

    for (size_t r = 0; r < n; r++) {
        const LacRng pick = lac_rng_at(&job->picks, index[r]);

        rows[r] = (Row){.max = -INFINITY,
                        .expected = job->expected != NULL ? doubles + r * width : NULL,
                        .mu = reals + 2 * r * d,
                        .s = reals + (2 * r + 1) * d,
                        .o = job->rows->o + index[r] * job->rows->cols,
                        .noise = lac_rng_at(&job->noise, index[r]),
                        .cells = lac_rng_at(&job->cells, index[r]),
                        .pick = picks + r * job->draws,
                        .winners = job->winners != NULL
                                       ? job->winners + index[r] * job->draws * job->width
                                       : NULL};
        for (size_t m = 0; job->winners != NULL && m < job->draws; m++)
            rows[r].pick[m] = lac_rng_at(&pick, m);
    }
}

static void
run_block(Job *job, LacTape *tape, size_t block)
{
    const size_t begin = block * BLOCK, n = MIN(BLOCK, job->n - begin);
    const size_t *index = job->index + begin;
    const size_t d = (size_t)job->self->latent, left = (size_t)job->self->impute_samples;
    g_autofree double *doubles = g_new0(double, BLOCK * job->self->layout->width + 1);
    g_autofree LacReal *reals = g_new0(LacReal, 2 * BLOCK * d + 1);
    g_autofree LacRng *picks = g_new(LacRng, BLOCK * job->draws + 1);
    GError *error = NULL;
    Row rows[BLOCK];

    rows_begin(job, n, index, doubles, reals, picks, rows);
    block_encode(job, tape, n, index, rows);
    for (size_t l = 0; l < left && lac_tape_check(tape, NULL); l += CHUNK)
        block_chunk(job, tape, n, index, MIN(CHUNK, left - l), rows);
    if (!lac_tape_check(tape, &error)) {
        g_mutex_lock(&job->lock);
        if (job->error == NULL)
            job->error = g_steal_pointer(&error);
        g_mutex_unlock(&job->lock);
        g_clear_error(&error);
        return;
    }
    for (size_t r = 0; r < n; r++)
        block_finish(job, index[r], &rows[r]);
}

static void
run_blocks(size_t begin, size_t end, unsigned worker, void *user)
{
    Job *job = user;

    for (size_t b = begin; b < end; b++)
        run_block(job, job->tapes[worker], job->first + b);
}

/* ---- the whole table ------------------------------------------------------------------------- */

static LacTape *
inference_tape(const Dlvm *self)
{
    LacTape *tape = lac_tape_new();

    lac_tape_set_recording(tape, FALSE);
    lac_tape_set_training(tape, FALSE);
    lac_tape_set_precision(tape, (LacPrecision)self->train.precision);
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

/* Complete rows have nothing to fill. Returns: [n_out], owned. */
static size_t *
incomplete_rows(const LacData *in, size_t *n_out)
{
    size_t *index = g_new(size_t, in->rows + 1);

    *n_out = 0;
    for (size_t i = 0; i < in->rows; i++)
        if (lac_mask_count_row(in->holes, i) > 0)
            index[(*n_out)++] = i;
    return index;
}

static gboolean
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

static int
compare(gconstpointer a, gconstpointer b, gpointer user)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* Mean ln p(x^o) of a row with holes, standardised: the bound at K = impute_samples. */
static void
report_bound(const Dlvm *self, const Job *job)
{
    double sum = 0.0;

    for (size_t k = 0; k < job->n; k++)
        sum += job->likelihood[job->index[k]];
    if (job->n > 0)
        lac_context_trace(self->base.instance.context, "bound", -1, 0, 0, sum / (double)job->n);
}

/* Effective samples as a trace; a sentence when they are too few to trust. */
static void
report_effective(const Dlvm *self, const Job *job)
{
    static const char *const series[] = {"ess-min", "ess-5%", "ess-median"};
    LacContext *context = self->base.instance.context;
    const size_t at[] = {0, job->n / 20, job->n / 2};
    g_autofree double *effective = g_new(double, job->n + 1);

    if (job->n == 0)
        return;
    for (size_t k = 0; k < job->n; k++)
        effective[k] = job->effective[job->index[k]];
    g_qsort_with_data(effective, (gint)job->n, sizeof *effective, compare, NULL);
    for (size_t k = 0; k < 3; k++)
        lac_context_trace(context, series[k], -1, 0, 0, effective[at[k]]);
    if (effective[at[1]] < FEW_EFFECTIVE && self->impute_samples > FEW_EFFECTIVE)
        lac_context_event(context, "few-effective", -1,
                          "one row in twenty has fewer than %d effective of %" G_GINT64_FORMAT
                          " importance samples (%.3g); raise impute_samples",
                          FEW_EFFECTIVE, self->impute_samples, effective[at[1]]);
}

static Rows *
oracle_rows(const Dlvm *self, const LacData *in, gboolean *good, GError **error)
{
    g_autoptr(LacData) truth = NULL;
    Rows *rows;

    *good = TRUE;
    if (self->iota != FILL_ORACLE)
        return NULL;
    truth = lac_context_truth(self->base.instance.context, in, error);
    rows = truth != NULL ? rows_new(self->layout, truth, error) : NULL;
    *good = rows != NULL;
    return rows;
}

/* One pass over @in: @expected [rows][cols] (NULL: not wanted), and the draws that are kept. */
static Pass *
pass_run(const Dlvm *self, const LacData *in, double *expected, GError **error)
{
    const size_t width = self->mnar ? in->cols : (size_t)self->latent;
    g_autofree double *effective = g_new0(double, in->rows + 1);
    g_autofree double *likelihood = g_new0(double, in->rows + 1);
    g_autofree size_t *index = NULL;
    g_autoptr(Rows) rows = rows_new(self->layout, in, error), oracle = NULL;
    Job job = {.self = self, .expected = expected, .likelihood = likelihood};
    Pass *pass = g_new0(Pass, 1);
    gboolean good = rows != NULL;

    pass->fingerprint = lac_data_fingerprint(in);
    pass->rows = in->rows;
    pass->width = width;
    pass->draws = lac_context_draws(self->base.instance.context);
    if (good)
        oracle = oracle_rows(self, in, &good, error);
    if (good) {
        pass->winners = lac_try_alloc(pass->rows * pass->draws * width + 1, sizeof *pass->winners,
                                      "resampled draws", error);
        good = pass->winners != NULL;
    }
    if (good) {
        memset(pass->winners, 0, pass->rows * pass->draws * width * sizeof *pass->winners);
        job.rows = rows;
        job.oracle = oracle;
        job.index = index = incomplete_rows(in, &job.n);
        job.draws = pass->draws;
        job.winners = pass->winners;
        job.width = width;
        job.effective = effective;
        good = job_run(&job, error);
    }
    if (!good) {
        pass_free(pass);
        return NULL;
    }
    report_bound(self, &job);
    report_effective(self, &job);
    return pass;
}

/* @out = @in with the holes of row i filled from @values [cols] in the layout's order. */
static void
fill_row(const Layout *layout, const LacData *in, size_t i, const double *values, double *out)
{
    g_autofree double *row = g_new(double, in->cols);

    if (lac_mask_count_row(in->holes, i) == 0) { /* has no values */
        memcpy(out, lac_data_row(in, i), in->cols * sizeof *out);
        return;
    }
    for (size_t k = 0; k < in->cols; k++)
        layout_put(layout, k, values[k], row);
    for (size_t j = 0; j < in->cols; j++) {
        const LacColumn *column = lac_data_column(in, j);

        if (!lac_kind_is_numeric(column->kind)) /* not-miwae's codes are numbers */
            row[j] = CLAMP(rint(row[j]), 0.0, (double)column->n_levels - 1.0);
        out[j] = lac_data_is_hole(in, i, j) ? row[j] : lac_data_at(in, i, j);
    }
}

gboolean
dlvm_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error)
{
    Dlvm *self = (Dlvm *)LAC_CAST(const Dlvm, model);
    double *expected = lac_try_alloc(in->rows * in->cols + 1, sizeof *expected, "the table", error);
    Pass *pass = expected != NULL ? pass_run(self, in, expected, error) : NULL;

    for (size_t i = 0; pass != NULL && i < in->rows; i++)
        fill_row(self->layout, in, i, expected + i * in->cols, lac_matrix_row(out, i));
    g_free(expected);
    if (pass == NULL)
        return FALSE;
    pass_free(self->pass);
    self->pass = pass;
    return TRUE;
}

/* ---- draws ----------------------------------------------------------------------------------- */

static const float *
winner(const Pass *pass, size_t row, size_t draw)
{
    return pass->winners + (row * pass->draws + draw) * pass->width;
}

/* Rows begin .. begin+n-1 of draw number @draw: decode the winners, draw x given z. */
static gboolean
sample_rows(const Dlvm *self, const Pass *pass, LacTape *tape, const LacData *in, size_t draw,
            size_t begin, size_t n, LacMatrix *out, GError **error)
{
    const size_t d = (size_t)self->latent;
    const LacRng all = lac_context_rng(self->base.instance.context, "draw");
    const LacRng own = lac_rng_at(&all, draw);
    g_autofree double *values = g_new(double, in->cols + 1);
    LacTensor *z;
    Heads heads;

    lac_tape_reset(tape);
    z = lac_tape_constant(tape, LAC_SHAPE(n, d));
    for (size_t r = 0; z != NULL && r < n; r++)
        memcpy(z->v + r * d, winner(pass, begin + r, draw), d * sizeof *z->v);
    net_decode(self->net, self->layout, z, &heads);
    if (!lac_tape_check(tape, error))
        return FALSE;
    for (size_t r = 0; r < n; r++) {
        LacRng rng = lac_rng_at(&own, begin + r);

        heads_draw(&heads, self->layout, r, &rng, values);
        fill_row(self->layout, in, begin + r, values, lac_matrix_row(out, begin + r));
    }
    return lac_context_step(self->base.instance.context, (double)begin / (double)in->rows, error);
}

/* not-miwae resampled whole rows. */
static void
sample_cells(const Dlvm *self, const LacData *in, size_t draw, LacMatrix *out)
{
    g_autofree double *values = g_new(double, in->cols + 1);

    for (size_t i = 0; i < in->rows; i++) {
        for (size_t k = 0; k < in->cols; k++)
            values[k] = (double)winner(self->pass, i, draw)[k];
        fill_row(self->layout, in, i, values, lac_matrix_row(out, i));
    }
}

/* The kept pass, made anew when it is of another table or holds too few draws. */
static gboolean
ensure_pass(Dlvm *self, const LacData *in, size_t draw, GError **error)
{
    Pass *pass = self->pass;

    if (pass != NULL && pass->draws > draw && pass->fingerprint == lac_data_fingerprint(in))
        return TRUE;
    pass = pass_run(self, in, NULL, error);
    if (pass == NULL)
        return FALSE;
    pass_free(self->pass);
    self->pass = pass;
    return TRUE;
}

gboolean
dlvm_sample(const LacModel *model, const LacData *in, size_t draw, LacMatrix *out, GError **error)
{
    enum { ROWS = 512 };
    Dlvm *self = (Dlvm *)LAC_CAST(const Dlvm, model);
    g_autoptr(LacTape) tape = inference_tape(self);
    gboolean good;

    good = ensure_pass(self, in, draw, error);
    if (good && self->mnar) {
        sample_cells(self, in, draw, out);
        return TRUE;
    }
    for (size_t begin = 0; good && begin < in->rows; begin += ROWS)
        good = sample_rows(self, self->pass, tape, in, draw, begin, MIN(ROWS, in->rows - begin),
                           out, error);
    return good;
}

/* ---- density --------------------------------------------------------------------------------- */

/* ln p of the observed cells of rows with holes in @in, @out [rows]; 0 for the others. */
static gboolean
likelihood_of(const Dlvm *self, const LacData *in, const Rows *rows, const Rows *oracle,
              double *out, GError **error)
{
    Job job = {.self = self, .rows = rows, .oracle = oracle, .likelihood = out};
    g_autofree size_t *index = incomplete_rows(in, &job.n);

    memset(out, 0, in->rows * sizeof *out);
    job.index = index;
    return job_run(&job, error);
}

/* Observed where @in or @truth is; density per unit of the table, not of standardised columns. */
static void
reveal(const Layout *layout, const LacData *in, const Rows *truth, Rows *rows, double *shift)
{
    for (size_t i = 0; i < in->rows; i++)
        for (size_t k = 0; k < in->cols; k++) {
            const size_t at = i * in->cols + k;

            if (rows->o[at] || !truth->o[at])
                continue;
            rows->o[at] = 1;
            rows->v[at] = truth->v[at];
            if (k < layout->numeric)
                shift[i] += log(layout->sd[k]);
        }
}

gboolean
dlvm_log_density(const LacModel *model, const LacData *in, const LacData *truth, double *out,
                 GError **error)
{
    const Dlvm *self = LAC_CAST(const Dlvm, model);
    g_autofree double *shift = g_new0(double, in->rows + 1);
    g_autofree double *joint = g_new0(double, in->rows + 1);
    g_autoptr(Rows) rows = rows_new(self->layout, in, error), oracle = NULL, full = NULL;
    gboolean good = rows != NULL;

    full = good ? rows_new(self->layout, truth, error) : NULL;
    if (full != NULL)
        oracle = oracle_rows(self, in, &good, error);
    if (full == NULL || !good || !likelihood_of(self, in, rows, oracle, out, error))
        return FALSE;
    reveal(self->layout, in, full, rows, shift);
    if (!likelihood_of(self, in, rows, NULL, joint, error))
        return FALSE;
    for (size_t i = 0; i < in->rows; i++)
        out[i] = joint[i] - out[i] - shift[i];
    return TRUE;
}
