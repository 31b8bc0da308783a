/* Walks over the scored cells of a table, shared by the metrics. */
#include "scoring-private.h"

#include <lacuna/parallel.h>
#include <lacuna/stats.h>
#include <math.h>

enum { MAX_BLOCKS = 64, MIN_BLOCK_ROWS = 16 };

size_t
scoring_block_rows(size_t rows)
{
    return MAX(MIN_BLOCK_ROWS, (rows + MAX_BLOCKS - 1) / MAX_BLOCKS);
}

gboolean *
scoring_kinds(const LacData *truth, gboolean numeric)
{
    gboolean *wanted = g_new(gboolean, truth->cols);

    for (size_t j = 0; j < truth->cols; j++)
        wanted[j] = lac_kind_is_numeric(lac_data_column(truth, j)->kind) == numeric;
    return wanted;
}

void
lac_error_tally_merge(LacErrorTally *into, const LacErrorTally *other)
{
    if (other->n == 0)
        return;
    const double n = (double)(into->n + other->n), share = (double)other->n / n;
    const double gap = other->mean - into->mean;

    into->m2 += other->m2 + gap * gap * share * (double)into->n;
    into->mean += gap * share;
    into->n += other->n;
    lac_sum_add(&into->sum, lac_sum_value(&other->sum));
    lac_sum_add(&into->absolute, lac_sum_value(&other->absolute));
    lac_norm_merge(&into->square, &other->square);
}

static void
scoring_tally(LacErrorTally *tally, double truth, double completed)
{
    const double e = completed - truth, gap = truth - tally->mean;

    tally->n++;
    lac_sum_add(&tally->sum, e);
    lac_sum_add(&tally->absolute, fabs(e));
    lac_norm_add(&tally->square, e);
    tally->mean += gap / (double)tally->n;
    tally->m2 += gap * (truth - tally->mean);
}

double
lac_scoring_point(const LacScoring *in, LacPoint point, size_t i, size_t j, double *scratch)
{
    const LacColumn *column = lac_data_column(in->truth, j);

    if (point == LAC_POINT_FILL)
        return lac_matrix_row(in->completed, i)[j];
    if (point == LAC_POINT_FIRST)
        return lac_matrix_row(in->draws[0], i)[j];
    for (size_t d = 0; d < in->n_draws; d++) {
        scratch[d] = lac_matrix_row(in->draws[d], i)[j];
        if (!isfinite(scratch[d]))
            return scratch[d];
    }
    if (!lac_kind_is_numeric(column->kind))
        return (double)lac_stats_mode(in->n_draws, scratch, column->n_levels);
    if (point == LAC_POINT_MEAN)
        return lac_stats_mean(in->n_draws, scratch);
    return lac_stats_trimmed_mean(in->n_draws, scratch, 0.5);
}

gboolean
lac_scoring_has_point(const LacScoring *in, LacPoint point, LacScores *out)
{
    if (point == LAC_POINT_FILL || in->n_draws > 0)
        return TRUE;
    lac_scores_undefined(out, NULL, -1,
                         "there are no draws: the model gives none, or the experiment "
                         "does not ask for any; use point: fill");
    return FALSE;
}

gboolean
scoring_check(const LacScoring *in, size_t n, const ScoringFault *faults, GError **error)
{
    for (size_t b = 0; b < n; b++) {
        if (faults[b].row != G_MAXSIZE)
            return lac_fail(error, LAC_ERROR_NUMERIC,
                            "row %zu, column '%s': the completion is %g, expected a finite number; "
                            "the model must fill every hole",
                            faults[b].row + 1, lac_data_name(in->truth, faults[b].col),
                            faults[b].seen);
    }
    return TRUE;
}

typedef struct {
    const LacScoring *in;
    LacPoint point;
    size_t block_rows;
    const gboolean *wanted;
    double *scratch;        /* [threads][n_draws] */
    LacErrorTally *tallies; /* [blocks][cols] */
    ScoringFault *faults;   /* [blocks] */
} ErrorLoop;

static void
scoring_error_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const ErrorLoop *loop = user;
    const LacScoring *in = loop->in;
    const size_t block = begin / loop->block_rows;
    LacErrorTally *tallies = loop->tallies + block * in->truth->cols;
    double *scratch = loop->scratch + worker * in->n_draws;

    for (size_t i = begin; i < end; i++) {
        for (size_t w = 0; w < in->scored->words; w++) {
            uint64_t word = lac_mask_row(in->scored, i)[w];

            while (word) {
                const size_t j = w * 64 + scoring_next_bit(&word);

                if (!loop->wanted[j])
                    continue;
                const double value = lac_scoring_point(in, loop->point, i, j, scratch);

                if (!isfinite(value)) {
                    loop->faults[block] = (ScoringFault){i, j, value};
                    return;
                }
                scoring_tally(&tallies[j], lac_data_at(in->truth, i, j), value);
            }
        }
    }
}

ScoringFault *
scoring_no_faults(size_t blocks)
{
    ScoringFault *faults = g_new(ScoringFault, blocks);

    for (size_t b = 0; b < blocks; b++)
        faults[b].row = G_MAXSIZE;
    return faults;
}

gboolean
lac_scoring_errors(const LacScoring *in, LacPoint point, LacErrorTally *out, GError **error)
{
    const size_t cols = in->truth->cols, block_rows = scoring_block_rows(in->truth->rows);
    const size_t blocks = (in->truth->rows + block_rows - 1) / block_rows;
    g_autofree gboolean *wanted = scoring_kinds(in->truth, TRUE);
    g_autofree double *scratch = g_new(double, lac_threads() * in->n_draws + 1);
    g_autofree ScoringFault *faults = scoring_no_faults(blocks);
    g_autofree LacErrorTally *tallies =
        lac_try_alloc(blocks * cols + 1, sizeof(LacErrorTally), "sums of errors", error);

    if (!tallies)
        return FALSE;
    ErrorLoop loop = {in, point, block_rows, wanted, scratch, tallies, faults};

    lac_parallel_for(in->truth->rows, block_rows, scoring_error_rows, &loop);
    if (!scoring_check(in, blocks, faults, error))
        return FALSE;
    memset(out, 0, cols * sizeof *out);
    for (size_t b = 0; b < blocks; b++) {
        for (size_t j = 0; j < cols; j++)
            lac_error_tally_merge(&out[j], &tallies[b * cols + j]);
    }
    return TRUE;
}

size_t
lac_scoring_count(const LacScoring *in, gboolean numeric, size_t *n)
{
    g_autofree gboolean *wanted = scoring_kinds(in->truth, numeric);
    size_t total = 0;

    for (size_t j = 0; j < in->truth->cols; j++) {
        n[j] = wanted[j] ? lac_mask_count_col(in->scored, j) : 0;
        total += n[j];
    }
    return total;
}

double
lac_scoring_level_distance(const LacColumn *column, gboolean ranked, double a, double b)
{
    if (ranked && column->kind == LAC_KIND_ORDINAL && column->n_levels > 2)
        return fabs(a - b) / (double)(column->n_levels - 1);
    return a != b;
}

void
lac_scoring_truth_sd(const LacScoring *in, double *sd)
{
    g_autofree double *known = g_new(double, in->truth->rows);

    for (size_t j = 0; j < in->truth->cols; j++) {
        const size_t n = lac_data_copy_seen(in->truth, j, known);

        sd[j] = sqrt(lac_stats_variance(n, known, 1));
    }
}

void
lac_scoring_add(LacScores *out, const char *part, LacAcross across, const LacScoring *in,
                const size_t *n, const double *value, double pooled, const char *why)
{
    LacSum sum = {0};
    LacNorm norm = {0};
    size_t cells = 0, columns = 0, all = 0;

    for (size_t j = 0; j < in->truth->cols; j++) {
        all += n[j];
        if (n[j] == 0)
            continue;
        if (!isfinite(value[j])) {
            lac_scores_undefined(out, part, (gssize)j, "%s", why);
            continue;
        }
        lac_scores_add_column(out, part, j, value[j], n[j]);
        lac_sum_add(&sum, value[j]);
        lac_norm_add(&norm, value[j]);
        cells += n[j];
        columns++;
    }
    const double mean = lac_sum_value(&sum) / (double)columns;
    const double rms = lac_norm_value(&norm) / sqrt((double)columns);
    const double total = across == LAC_ACROSS_POOLED ? pooled
                         : across == LAC_ACROSS_MEAN ? mean
                                                     : rms;

    if (all == 0)
        lac_scores_undefined(out, part, -1, "no scored cell of a kind this metric looks at");
    else if (!isfinite(total))
        lac_scores_undefined(out, part, -1, "%s", why);
    else
        lac_scores_add(out, part, total, cells);
}

gboolean
lac_scoring_add_errors(const LacScoring *in, LacPoint point, LacAcross across,
                       double (*value)(const LacErrorTally *tally), const char *why, LacScores *out,
                       GError **error)
{
    const size_t cols = in->truth->cols;
    g_autofree LacErrorTally *tallies = g_new0(LacErrorTally, cols);
    g_autofree double *values = g_new(double, cols);
    g_autofree size_t *n = g_new(size_t, cols);
    LacErrorTally all = {0};

    if (!lac_scoring_has_point(in, point, out))
        return TRUE;
    if (!lac_scoring_errors(in, point, tallies, error))
        return FALSE;
    for (size_t j = 0; j < cols; j++) {
        n[j] = tallies[j].n;
        values[j] = n[j] ? value(&tallies[j]) : NAN;
        lac_error_tally_merge(&all, &tallies[j]);
    }
    lac_scoring_add(out, NULL, across, in, n, values, all.n ? value(&all) : NAN, why);
    return TRUE;
}

size_t
lac_scoring_class(const LacScoring *in, size_t i)
{
    const double *p = lac_matrix_row(in->prediction, i);
    size_t best = 0;

    for (size_t k = 1; k < in->prediction->cols; k++)
        if (p[k] > p[best])
            best = k;
    return best;
}
