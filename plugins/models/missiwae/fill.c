/* Whole tables: fills, draws, densities, and what is told about the samples. */
#include "snis.h"
#include "tail.h"

#include <math.h>
#include <string.h>

enum {
    FEW_EFFECTIVE = 10, /* effective samples below which a mean is noise, or as many as draws */
    MOST_PARTS = 4096,  /* samples of a row that quantiles are made of */
};

#define HEAVY 0.7 /* k-hat beyond which importance sampling is not to be trusted */

/**
 * Kept: what is left of the last pass over a table, so that m draws cost one pass. A cache: fill
 * and sample give the same with and without it.
 * @winners: [rows][draws][width] what was resampled: codes, or under not-miwae, where the mask
 *   speaks about the cells themselves, whole rows [cols]
 */
typedef struct Kept {
    uint64_t fingerprint;
    size_t rows, draws, width;
    float *winners; /* NULL: nothing is kept */
} Kept;

Kept *
kept_new(void)
{
    return g_new0(Kept, 1);
}

void
kept_free(Kept *kept)
{
    if (kept == NULL)
        return;
    g_free(kept->winners);
    g_free(kept);
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
    const double needed = (double)MAX(FEW_EFFECTIVE, job->draws); /* a mean; draws that differ */
    g_autofree double *effective = g_new(double, job->n + 1);

    if (job->n == 0)
        return;
    for (size_t k = 0; k < job->n; k++)
        effective[k] = job->effective[job->index[k]];
    g_qsort_with_data(effective, (gint)job->n, sizeof *effective, compare, NULL);
    for (size_t k = 0; k < 3; k++)
        lac_context_trace(context, series[k], -1, 0, 0, effective[at[k]]);
    if (effective[at[1]] < needed && (double)self->impute_samples > needed)
        lac_context_event(context, "few-effective", -1,
                          "one row in twenty has fewer than %g effective of %" G_GINT64_FORMAT
                          " importance samples (%.3g); raise impute_samples",
                          needed, self->impute_samples, effective[at[1]]);
}

/* k-hat of the rows' weights as traces; a sentence when many are too heavy to trust. */
static void
report_tails(const Dlvm *self, const Job *job)
{
    LacContext *context = self->base.instance.context;
    g_autofree double *shape = g_new(double, job->n + 1);
    size_t heavy = 0;

    if (job->n == 0 || tail_size((size_t)self->impute_samples) == 0)
        return;
    for (size_t k = 0; k < job->n; k++) {
        shape[k] = job->shape[job->index[k]];
        heavy += shape[k] > HEAVY;
    }
    g_qsort_with_data(shape, (gint)job->n, sizeof *shape, compare, NULL);
    lac_context_trace(context, "k-hat-median", -1, 0, 0, shape[job->n / 2]);
    lac_context_trace(context, "k-hat-95%", -1, 0, 0, shape[job->n - 1 - job->n / 20]);
    if (4 * heavy > job->n) /* some rows always are */
        lac_context_event(context, "heavy-weights", -1,
                          "%.0f %% of the rows with holes have importance weights with a tail too "
                          "heavy to rely on (k-hat above %g); more samples help little, a better "
                          "encoder does: train longer, or `posterior: student`",
                          100.0 * (double)heavy / (double)job->n, HEAVY);
}

static Rows *
oracle_rows(const Dlvm *self, const LacData *in, gboolean *good, GError **error)
{
    g_autoptr(LacData) truth = NULL;
    Rows *rows;

    *good = TRUE;
    if (self->iota != IOTA_ORACLE)
        return NULL;
    truth = lac_context_truth(self->base.instance.context, in, error);
    rows = truth != NULL ? rows_new(self->layout, truth, error) : NULL;
    *good = rows != NULL;
    return rows;
}

/* Discrete columns have their quantiles from shares; of numbers samples are kept. */
static size_t
parts_wanted(const Dlvm *self, const double *expected)
{
    if (self->fill == FILL_MEAN || expected == NULL)
        return 0;
    return (size_t)MIN(self->impute_samples, MOST_PARTS);
}

/* One pass over @in: @expected [rows][cols] (NULL: not wanted), and the draws that are kept, which
 * take the place of those of the table before. */
static gboolean
kept_run(const Dlvm *self, const LacData *in, double *expected, GError **error)
{
    const size_t width = self->mnar ? in->cols : dlvm_code(self);
    g_autofree double *effective = g_new0(double, in->rows + 1);
    g_autofree double *likelihood = g_new0(double, in->rows + 1);
    g_autofree double *shape = g_new0(double, in->rows + 1);
    g_autofree size_t *index = NULL;
    g_autoptr(Rows) rows = rows_new(self->layout, in, error), oracle = NULL;
    Job job = {.self = self, .encoder = self, .expected = expected, .likelihood = likelihood};
    Kept next = {lac_data_fingerprint(in), in->rows, lac_context_draws(self->base.instance.context),
                 width, NULL};
    const size_t size = next.rows * next.draws * width;
    gboolean good = rows != NULL;

    if (good)
        oracle = oracle_rows(self, in, &good, error);
    if (good)
        next.winners = lac_try_alloc(size + 1, sizeof *next.winners, "resampled draws", error);
    if (next.winners == NULL)
        return FALSE;
    memset(next.winners, 0, size * sizeof *next.winners);
    job.rows = rows;
    job.oracle = oracle;
    job.index = index = incomplete_rows(in, &job.n);
    job.draws = next.draws;
    job.winners = next.winners;
    job.width = width;
    job.parts = parts_wanted(self, expected);
    job.effective = effective;
    job.shape = shape;
    if (!job_run(&job, error)) {
        g_free(next.winners);
        return FALSE;
    }
    report_bound(self, &job);
    report_effective(self, &job);
    report_tails(self, &job);
    g_free(self->kept->winners);
    *self->kept = next;
    return TRUE;
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
    const Dlvm *self = LAC_CAST(const Dlvm, model);
    g_autofree double *expected =
        lac_try_alloc(in->rows * in->cols + 1, sizeof *expected, "the table", error);

    if (expected == NULL || !kept_run(self, in, expected, error))
        return FALSE;
    for (size_t i = 0; i < in->rows; i++)
        fill_row(self->layout, in, i, expected + i * in->cols, lac_matrix_row(out, i));
    return TRUE;
}

/* ---- draws ----------------------------------------------------------------------------------- */

static const float *
winner(const Kept *kept, size_t row, size_t draw)
{
    return kept->winners + (row * kept->draws + draw) * kept->width;
}

/* Rows begin .. begin+n-1 of draw number @draw: decode the winners, draw x given z. */
static gboolean
sample_rows(const Dlvm *self, LacTape *tape, const LacData *in, size_t draw, size_t begin, size_t n,
            LacMatrix *out, GError **error)
{
    const size_t width = self->kept->width;
    const LacRng all = lac_context_rng(self->base.instance.context, "draw");
    const LacRng own = lac_rng_at(&all, draw);
    g_autofree double *values = g_new(double, in->cols + 1);
    LacTensor *code;
    Heads heads;

    lac_tape_reset(tape);
    code = lac_tape_constant(tape, LAC_SHAPE(n, width));
    for (size_t r = 0; code != NULL && r < n; r++)
        for (size_t k = 0; k < width; k++)
            code->v[r * width + k] = (LacReal)winner(self->kept, begin + r, draw)[k];
    net_decode(self, code, &heads);
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
            values[k] = (double)winner(self->kept, i, draw)[k];
        fill_row(self->layout, in, i, values, lac_matrix_row(out, i));
    }
}

/* Made anew when what is kept is of another table or holds too few draws. */
static gboolean
ensure_draws(const Dlvm *self, const LacData *in, size_t draw, GError **error)
{
    const Kept *kept = self->kept;

    if (kept->winners != NULL && kept->draws > draw &&
        kept->fingerprint == lac_data_fingerprint(in))
        return TRUE;
    return kept_run(self, in, NULL, error);
}

gboolean
dlvm_sample(const LacModel *model, const LacData *in, size_t draw, LacMatrix *out, GError **error)
{
    enum { ROWS = 512 };
    const Dlvm *self = LAC_CAST(const Dlvm, model);
    g_autoptr(LacTape) tape = inference_tape(self);
    gboolean good = ensure_draws(self, in, draw, error);

    if (good && self->mnar) {
        sample_cells(self, in, draw, out);
        return TRUE;
    }
    for (size_t begin = 0; good && begin < in->rows; begin += ROWS)
        good = sample_rows(self, tape, in, draw, begin, MIN(ROWS, in->rows - begin), out, error);
    return good;
}

/* ---- density --------------------------------------------------------------------------------- */

/* ln p of the observed cells of rows with holes in @in, by the encoder of @encoder, @out [rows]; 0
 * for the others. Their mean becomes the trace @series. */
static gboolean
likelihood_of(const Dlvm *self, const Dlvm *encoder, const LacData *in, const Rows *rows,
              const Rows *oracle, const char *series, double *out, GError **error)
{
    Job job = {.self = self, .encoder = encoder, .rows = rows, .oracle = oracle, .likelihood = out};
    g_autofree size_t *index = incomplete_rows(in, &job.n);
    double sum = 0.0;

    memset(out, 0, in->rows * sizeof *out);
    job.index = index;
    if (!job_run(&job, error))
        return FALSE;
    for (size_t k = 0; k < job.n; k++)
        sum += out[index[k]];
    if (job.n > 0)
        lac_context_trace(self->base.instance.context, series, -1, 0, 0, sum / (double)job.n);
    return TRUE;
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
            shift[i] += layout_log_unit(layout, k, (double)truth->v[at]);
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
    if (full == NULL || !good ||
        !likelihood_of(self, self, in, rows, oracle, "log-likelihood-observed", out, error))
        return FALSE;
    reveal(self->layout, in, full, rows, shift);
    if (!likelihood_of(self, self, in, rows, NULL, "log-likelihood-complete", joint, error))
        return FALSE;
    if (self->refitted != NULL) {
        Dlvm encoder = *self;

        encoder.net = self->refitted;
        if (!likelihood_of(self, &encoder, in, rows, NULL, "log-likelihood-refit", joint, error))
            return FALSE;
    }
    for (size_t i = 0; i < in->rows; i++)
        out[i] = joint[i] - out[i] - shift[i];
    return TRUE;
}
