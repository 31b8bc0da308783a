/* Scores that look at the draws of each scored cell. */
#include "scoring-private.h"

#include <lacuna/parallel.h>
#include <lacuna/stats.h>

typedef struct {
    const LacScoring *in;
    size_t k, block_rows;
    const gboolean *wanted;
    LacDrawScore score;
    const void *user;
    double *scratch;      /* [threads][n_draws + k] */
    size_t *n;            /* [blocks][cols] */
    LacSum *sums;         /* [blocks][cols][k] */
    ScoringFault *faults; /* [blocks] */
} DrawLoop;

/* few numbers, nearly always; insertion beats anything that sets itself up */
static void
draws_sort(size_t m, double *x)
{
    if (m > 64) {
        lac_stats_sort(m, x);
        return;
    }
    for (size_t d = 1; d < m; d++) {
        const double value = x[d];
        size_t e = d;

        for (; e > 0 && x[e - 1] > value; e--)
            x[e] = x[e - 1];
        x[e] = value;
    }
}

/* FALSE, with *bad set, when a draw is not finite */
static gboolean
draws_gather(const LacScoring *in, size_t i, size_t j, double *draws, double *bad)
{
    for (size_t d = 0; d < in->n_draws; d++) {
        draws[d] = lac_matrix_row(in->draws[d], i)[j];
        if (!isfinite(draws[d])) {
            *bad = draws[d];
            return FALSE;
        }
    }
    draws_sort(in->n_draws, draws);
    return TRUE;
}

static void
draws_row(const DrawLoop *loop, size_t i, size_t block, double *draws)
{
    const LacScoring *in = loop->in;
    const size_t cols = in->truth->cols;
    double *values = draws + in->n_draws;

    for (size_t w = 0; w < in->scored->words; w++) {
        uint64_t word = lac_mask_row(in->scored, i)[w];

        while (word) {
            const size_t j = w * 64 + scoring_next_bit(&word);
            double bad;

            if (!loop->wanted[j])
                continue;
            if (!draws_gather(in, i, j, draws, &bad)) {
                if (loop->faults[block].row == G_MAXSIZE)
                    loop->faults[block] = (ScoringFault){i, j, bad};
                return;
            }
            loop->score(in->n_draws, draws, lac_data_at(in->truth, i, j), values, loop->user);
            loop->n[block * cols + j]++;
            for (size_t s = 0; s < loop->k; s++)
                lac_sum_add(&loop->sums[(block * cols + j) * loop->k + s], values[s]);
        }
    }
}

static void
draws_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const DrawLoop *loop = user;
    double *draws = loop->scratch + worker * (loop->in->n_draws + loop->k);

    for (size_t i = begin; i < end; i++)
        draws_row(loop, i, begin / loop->block_rows, draws);
}

gboolean
lac_scoring_draws(const LacScoring *in, size_t k, LacDrawScore score, const void *user, size_t *n,
                  double *sum, GError **error)
{
    const size_t cols = in->truth->cols, block_rows = scoring_block_rows(in->truth->rows);
    const size_t blocks = (in->truth->rows + block_rows - 1) / block_rows;
    g_autofree gboolean *wanted = scoring_kinds(in->truth, TRUE);
    g_autofree double *scratch = g_new(double, lac_threads() * (in->n_draws + k) + 1);
    g_autofree ScoringFault *faults = scoring_no_faults(blocks);
    g_autofree size_t *counts = g_new0(size_t, blocks * cols + 1);
    g_autofree LacSum *sums =
        lac_try_alloc(blocks * cols * k + 1, sizeof(LacSum), "sums of scores", error);

    if (!sums)
        return FALSE;
    DrawLoop loop = {in, k, block_rows, wanted, score, user, scratch, counts, sums, faults};

    lac_parallel_for(in->truth->rows, block_rows, draws_rows, &loop);
    if (!scoring_check(in, blocks, faults, error))
        return FALSE;
    for (size_t j = 0; j < cols; j++) {
        n[j] = 0;
        for (size_t b = 0; b < blocks; b++)
            n[j] += counts[b * cols + j];
        for (size_t s = 0; s < k; s++) {
            LacSum total = {0};

            for (size_t b = 0; b < blocks; b++)
                lac_sum_add(&total, lac_sum_value(&sums[(b * cols + j) * k + s]));
            sum[j * k + s] = lac_sum_value(&total);
        }
    }
    return TRUE;
}

typedef struct {
    size_t n;
    const double *levels;
    LacIntervalScore score;
} Intervals;

static void
intervals_score(size_t m, const double *sorted, double truth, double *out, const void *user)
{
    const Intervals *self = user;

    for (size_t l = 0; l < self->n; l++) {
        double lower, upper;
        const double level = lac_score_interval(m, sorted, self->levels[l], &lower, &upper);

        out[l] = self->score(lower, upper, truth, level);
    }
}

/* The levels that @m draws can give, each once: several may end in the draws' range. */
static size_t
intervals_levels(size_t m, size_t n, const double *levels, double *nominal)
{
    g_autofree double *line = g_new0(double, m);
    size_t kept = 0;

    for (size_t l = 0; l < n; l++) {
        double lower, upper;
        const double level = lac_score_interval(m, line, levels[l], &lower, &upper);
        gboolean known = FALSE;

        for (size_t k = 0; k < kept; k++)
            known = known || nominal[k] == level;
        if (!known)
            nominal[kept++] = level;
    }
    return kept;
}

gboolean
lac_scoring_add_intervals(const LacScoring *in, size_t n, const double *levels,
                          LacIntervalScore score, LacScores *out, GError **error)
{
    const size_t cols = in->truth->cols;
    g_autofree double *nominal = g_new(double, n + 1), *value = g_new(double, cols + 1);
    g_autofree double *sum = g_new(double, cols *n + 1);
    g_autofree size_t *cells = g_new(size_t, cols + 1);

    if (in->n_draws < 2) {
        lac_scores_undefined(out, NULL, -1, "%zu draws, an interval needs at least 2", in->n_draws);
        return TRUE;
    }
    const size_t kept = intervals_levels(in->n_draws, n, levels, nominal);
    const Intervals intervals = {kept, nominal, score};

    if (!lac_scoring_draws(in, kept, intervals_score, &intervals, cells, sum, error))
        return FALSE;
    for (size_t l = 0; l < kept; l++) {
        char part[G_ASCII_DTOSTR_BUF_SIZE];
        LacSum all = {0};
        size_t total = 0;

        for (size_t j = 0; j < cols; j++) {
            value[j] = cells[j] ? sum[j * kept + l] / (double)cells[j] : NAN;
            lac_sum_add(&all, sum[j * kept + l]);
            total += cells[j];
        }
        g_ascii_formatd(part, sizeof part, "%.6g", nominal[l]);
        lac_scoring_add(out, part, LAC_ACROSS_POOLED, in, cells, value,
                        lac_sum_value(&all) / (double)total, "the intervals overflow");
    }
    return TRUE;
}
