/* Methods across data sets: ranks and tests. */
#include "grid-private.h"

#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

#define LEAST_BLOCKS 5
#define PERMUTE_BELOW 10
#define PERMUTATIONS 100000
#define BAYES_DRAWS 50000
#define BOOTSTRAPS 9999

/* permutes methods (columns) by mean rank, then label */
static void
sort_methods(LacComparison *out, const LacReport *report, const LacGrid *grid)
{
    const size_t k = out->k, n = out->n;
    g_autofree double *loss = g_memdup2(out->loss, n * k * sizeof(double));
    g_autofree double *rank = g_memdup2(out->rank, n * k * sizeof(double));
    g_autofree double *mean = g_memdup2(out->mean_rank, k * sizeof(double));
    g_autofree size_t *order = g_new(size_t, k);

    for (size_t j = 0; j < k; j++) {
        size_t at = j;
        for (; at > 0; at--) {
            const size_t other = order[at - 1];
            const int by_name = g_strcmp0(report_method(report, grid->method[other])->label,
                                          report_method(report, grid->method[j])->label);
            if (mean[other] < mean[j] || (mean[other] == mean[j] && by_name <= 0))
                break;
            order[at] = other;
        }
        order[at] = j;
    }
    for (size_t j = 0; j < k; j++) {
        out->method[j] = grid->method[order[j]];
        out->mean_rank[j] = mean[order[j]];
        for (size_t b = 0; b < n; b++) {
            out->loss[b * k + j] = loss[b * k + order[j]];
            out->rank[b * k + j] = rank[b * k + order[j]];
        }
    }
}

static void
rank_blocks(LacComparison *out, const LacReport *report, const LacGrid *grid)
{
    const size_t k = out->k, n = out->n;

    out->method = g_new0(size_t, k);
    out->rank = g_new0(double, MAX(n * k, 1));
    out->mean_rank = g_new0(double, k);
    out->wins = g_new0(size_t, k);
    out->failed = g_new0(size_t, k);
    for (size_t b = 0; b < n; b++) {
        lac_ranks(k, out->loss + b * k, report->settings.tie, out->rank + b * k);
        for (size_t j = 0; j < k; j++)
            out->mean_rank[j] += out->rank[b * k + j] / (double)n;
    }
    sort_methods(out, report, grid);
    for (size_t j = 0; j < k; j++) {
        for (size_t b = 0; b < n; b++) {
            double best = INFINITY;
            for (size_t l = 0; l < k; l++)
                best = fmin(best, out->loss[b * k + l]);
            out->wins[j] += out->loss[b * k + j] <= best && isfinite(best) ? 1 : 0;
            out->failed[j] += report_has_failed(out->loss[b * k + j]) ? 1 : 0;
        }
    }
}

/* log ratio, or difference, of losses a against b; failures are infinitely worse, and alike */
static double
contrast(const LacComparison *out, double a, double b)
{
    if (a == b)
        return 0.0;
    if (report_has_failed(a))
        return INFINITY;
    if (report_has_failed(b))
        return -INFINITY;
    return out->log_ratio ? log(a / b) : a - b;
}

static void
contrasts(const LacComparison *out, size_t a, size_t b, double *difference)
{
    for (size_t i = 0; i < out->n; i++)
        difference[i] = contrast(out, out->loss[i * out->k + a], out->loss[i * out->k + b]);
}

static LacDuel
duel_of(const LacComparison *out, size_t i, size_t j)
{
    g_autofree double *a = g_new(double, out->n), *b = g_new(double, out->n);

    for (size_t block = 0; block < out->n; block++) {
        a[block] = out->loss[block * out->k + i];
        b[block] = out->loss[block * out->k + j];
    }
    return lac_duel(out->n, a, b);
}

/* TRUE when every method is reached from every other along "took at least half a point from": then
 * ratings have a finite maximum */
static gboolean
elo_connected(const LacComparison *out)
{
    const size_t k = out->k;
    g_autofree gboolean *reach = g_new0(gboolean, k * k);

    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++)
            for (size_t b = 0; b < out->n; b++)
                reach[i * k + j] |= i == j || out->loss[b * k + i] <= out->loss[b * k + j];
    for (size_t via = 0; via < k; via++)
        for (size_t i = 0; i < k; i++)
            for (size_t j = 0; j < k; j++)
                reach[i * k + j] |= reach[i * k + via] && reach[via * k + j];
    for (size_t at = 0; at < k * k; at++)
        if (!reach[at])
            return FALSE;
    return TRUE;
}

static void
rate_methods(LacComparison *out, const LacReport *report)
{
    LacRng rng = lac_rng_split(&report->rng, "bootstrap");
    g_autofree double *ranks = g_new(double, out->n);

    rng = lac_rng_at(&rng, out->condition);
    rng = lac_rng_at(&rng, out->metric);
    out->interval = g_new0(LacInterval, out->k);
    for (size_t j = 0; j < out->k; j++) {
        for (size_t b = 0; b < out->n; b++)
            ranks[b] = out->rank[b * out->k + j];
        out->interval[j] = lac_bootstrap_mean(out->n, ranks, 0.95, BOOTSTRAPS, lac_rng_at(&rng, j));
    }
    out->elo = g_new0(double, out->k);
    out->elo_ridge = elo_connected(out) ? 1e-6 : 1.0;
    lac_elo(out->n, out->k, out->loss, out->elo_ridge, out->elo);
}

static void
test_pairs(LacComparison *out, const LacReport *report)
{
    const size_t k = out->k;
    const LacZeros zeros = report->settings.drop_zeros ? LAC_ZEROS_DROP : LAC_ZEROS_PRATT;
    g_autofree double *difference = g_new(double, MAX(out->n, 1));

    out->p = g_new(double, k *k);
    out->p_holm = g_new(double, k *k);
    out->versus = g_new0(LacWilcoxon, k);
    out->duel = g_new0(LacDuel, k * k);
    for (size_t i = 0; i < k; i++) {
        for (size_t j = 0; j < k; j++) {
            LacWilcoxon test;
            out->p[i * k + j] = NAN;
            if (j <= i)
                continue;
            contrasts(out, j, i, difference);
            test = lac_wilcoxon(out->n, difference, zeros);
            out->p[i * k + j] = test.p;
            out->duel[i * k + j] = duel_of(out, i, j);
            out->pairs++;
            if (i == 0)
                out->versus[j] = test;
        }
    }
    lac_holm(k * k, out->p, out->p_holm);
}

static void
test_thoroughly(LacComparison *out, const LacReport *report)
{
    LacRng rng = lac_rng_split(&report->rng, "compare");
    g_autofree double *difference = g_new(double, out->n);

    rng = lac_rng_at(&rng, out->condition);
    rng = lac_rng_at(&rng, out->metric);
    if (out->n < PERMUTE_BELOW) {
        out->permuted = TRUE;
        out->p_permutation = lac_friedman_permutation(out->n, out->k, out->rank, PERMUTATIONS,
                                                      lac_rng_split(&rng, "permutation"));
    }
    if (!out->log_ratio)
        return; /* the region of equivalence is a ratio */
    out->bayesian = TRUE;
    out->bayes = g_new0(LacBayes, out->k);
    rng = lac_rng_split(&rng, "bayes");
    for (size_t j = 1; j < out->k; j++) {
        contrasts(out, j, 0, difference);
        out->bayes[j] = lac_bayes_signed_rank(out->n, difference, report->settings.rope,
                                              BAYES_DRAWS, lac_rng_at(&rng, j));
    }
}

LacComparison *
lac_report_compare(const LacReport *report, size_t condition, size_t metric, gboolean thorough)
{
    g_autoptr(LacComparison) out = g_new0(LacComparison, 1);
    g_auto(LacGrid) grid = report_grid_read(report, condition, metric);

    out->condition = condition;
    out->metric = metric;
    out->apart = g_ptr_array_new_with_free_func(g_free);
    report_grid_trim(&grid, out);
    report_grid_apply_policy(&grid, report, out);
    if (grid.n == 0 || grid.k == 0)
        return NULL;
    out->k = grid.k;
    out->log_ratio = report->settings.log_ratio && report_grid_all_positive(&grid) &&
                     report_metric(report, metric)->better == LAC_BETTER_LOW;
    report_grid_merge_families(&grid, report, out);
    rank_blocks(out, report, &grid);
    out->tested = out->n >= LEAST_BLOCKS && out->k >= 2;
    if (!out->tested)
        return g_steal_pointer(&out);
    test_pairs(out, report);
    rate_methods(out, report);
    if (out->k >= 3) {
        out->friedman = lac_friedman(out->n, out->k, out->rank);
        out->difference = lac_nemenyi_difference(report->settings.alpha, out->k, out->n);
        out->clique = g_new0(LacClique, out->k);
        out->n_cliques = lac_cliques(out->k, out->mean_rank, out->difference, out->clique);
    }
    if (thorough)
        test_thoroughly(out, report);
    return g_steal_pointer(&out);
}

void
lac_report_comparison_free(LacComparison *comparison)
{
    if (comparison == NULL)
        return;
    g_free(comparison->method);
    g_strfreev(comparison->block);
    g_free(comparison->loss);
    g_free(comparison->rank);
    g_free(comparison->mean_rank);
    g_free(comparison->p);
    g_free(comparison->p_holm);
    g_free(comparison->interval);
    g_free(comparison->elo);
    g_free(comparison->wins);
    g_free(comparison->failed);
    g_free(comparison->clique);
    g_free(comparison->versus);
    g_free(comparison->duel);
    g_free(comparison->bayes);
    if (comparison->apart != NULL)
        g_ptr_array_unref(comparison->apart);
    g_free(comparison);
}

/* ---- over the whole report ---- */

double *
report_overall(const LacReport *report, size_t metric)
{
    const size_t k = report->methods->len;
    double *mean = g_new0(double, MAX(k, 1));
    g_autofree size_t *count = g_new0(size_t, MAX(k, 1));

    for (size_t c = 0; report->metrics->len > 0 && c < report->conditions->len; c++) {
        g_autoptr(LacComparison) comparison = lac_report_compare(report, c, metric, FALSE);
        for (size_t j = 0; comparison != NULL && j < comparison->k; j++) {
            mean[comparison->method[j]] += comparison->mean_rank[j];
            count[comparison->method[j]]++;
        }
    }
    for (size_t j = 0; j < k; j++)
        mean[j] = count[j] == 0 ? NAN : mean[j] / (double)count[j];
    return mean;
}

void
report_order(LacReport *report)
{
    const size_t k = report->methods->len;
    g_autofree double *mean = report_overall(report, report->primary);

    g_free(report->order);
    report->order = g_new0(size_t, MAX(k, 1));
    for (size_t j = 0; j < k; j++) {
        const double own = isnan(mean[j]) ? INFINITY : mean[j];
        size_t at = j;
        for (; at > 0; at--) {
            const size_t other = report->order[at - 1];
            const double its = isnan(mean[other]) ? INFINITY : mean[other];
            const int by_name =
                g_strcmp0(report_method(report, other)->label, report_method(report, j)->label);
            if (its < own || (its == own && by_name <= 0))
                break;
            report->order[at] = other;
        }
        report->order[at] = j;
    }
    for (size_t j = 0; j < k; j++)
        ((LacReportMethod *)g_ptr_array_index(report->methods, report->order[j]))->slot = j;
}

double
report_jitter(const LacReport *report, const char *purpose, size_t key)
{
    LacRng rng = lac_rng_split(&report->rng, purpose);

    rng = lac_rng_at(&rng, key);
    return lac_rng_uniform(&rng) - 0.5;
}
