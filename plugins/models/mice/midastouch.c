/* midastouch: predictive mean matching in which every donor has a chance that falls with a power of
 * its distance; the power follows from how well the regression fits. One regression on bootstrapped
 * rows serves all donors (outout = FALSE in R's mice). Source: Gaffert, Meinfelder and Bosch,
 * "Towards an MI-proper predictive mean matching" (2016); Siddique and Belin, Stat. Med. 27 (2008),
 * 83, for the power. */
#include "mice.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* A rule holds every row as often as the bootstrap drew it, in the order of the predictions, and
 * the power as sigma. */

/* The power from the share of variance explained; 3 where that is not defined. */
static double
midastouch_power(const MiceTask *task, const double *count, const double *fitted)
{
    const MiceColumn *column = task->column;
    double n = 0.0, mean = 0.0, total = 0.0, rest = 0.0;

    for (size_t i = 0; i < task->n_observed; i++) {
        n += count[i];
        mean += count[i] * (task->y[i] - column->centre) / column->sd;
    }
    mean /= n;
    for (size_t i = 0; i < task->n_observed; i++) {
        const double y = (task->y[i] - column->centre) / column->sd;

        total += count[i] * (y - mean) * (y - mean);
        rest += count[i] * (y - fitted[i]) * (y - fitted[i]);
    }
    const double share = 1.0 - rest / total;
    const double power = pow(50.0 * share / (1.0 - share), 3.0 / 8.0);

    return isnan(power) ? 3.0 : MIN(power, 100.0);
}

static void
midastouch_learn(MiceTask *task, MiceRule *rule)
{
    MiceScratch *scratch = task->scratch;
    const size_t n = task->n_observed, stride = task->model->stride;
    double *count = scratch->value, *fitted = scratch->fitted;
    g_autofree double *scores = g_new(double, n + 1), *values = g_new(double, n + 1);
    size_t to = 0;

    memset(count, 0, n * sizeof(double));
    for (size_t i = 0; i < n; i++)
        count[lac_rng_below(&task->rng, n)] += 1.0;
    mice_linear_solve(task, count, task->model->ridge);
    mice_linear_place(task, scratch->linear->beta, scratch->beta);
    lac_gram_times(n, stride, task->gram->z, task->observed, scratch->beta, fitted);
    const double power = midastouch_power(task, count, fitted);

    for (size_t i = 0; i < n; i++) {
        for (double k = 0.0; k < count[i]; k += 1.0) {
            scores[to] = fitted[i];
            values[to++] = task->y[i];
        }
    }
    const LacRng ties = lac_rng_split(&task->rng, "ties");

    lac_matcher_build(scratch->matcher, n, scores, &ties);
    for (size_t i = 0; i < n; i++)
        scratch->value[i] = values[scratch->matcher->donor[i]];
    *rule = (MiceRule){.rows = 1,
                       .beta = scratch->beta,
                       .n_donors = n,
                       .score = scratch->matcher->score,
                       .value = scratch->value,
                       .sigma = power};
}

static double
midastouch_weight(double distance, double power)
{
    return CLAMP(pow(fabs(distance), -power), sqrt(DBL_EPSILON), sqrt(DBL_MAX));
}

/* From the nearest donor outwards until all that are left could not change the choice by 1e-9; then
 * one of those seen, by weight. @at, @weight: [n_donors] */
static size_t
midastouch_pick(const MiceRule *rule, double target, double u, size_t *at, double *weight)
{
    const size_t n = rule->n_donors;
    const double *score = rule->score;
    size_t right = lac_match_nth(n, score, target, 0), left = right, seen = 0;
    double sum = 0.0;

    while (seen < n) { /* left - 1 and right are the next ones on either side */
        const gboolean go_left =
            right == n || (left > 0 && target - score[left - 1] < score[right] - target);

        at[seen] = go_left ? --left : right++;
        weight[seen] = midastouch_weight(score[at[seen]] - target, rule->sigma);
        sum += weight[seen++];
        if (weight[seen - 1] * (double)(n - seen) < 1e-9 * sum)
            break;
    }
    for (size_t k = 0; k + 1 < seen; k++) {
        u -= weight[k] / sum;
        if (u < 0.0)
            return at[k];
    }
    return at[seen - 1];
}

static void
midastouch_draw(const MiceModel *model, const MiceColumn *column, const MiceRule *rule,
                const MiceRows *rows, LacRng rng, double *out)
{
    g_autofree size_t *at = g_new(size_t, rule->n_donors);
    g_autofree double *weight = g_new(double, rule->n_donors);

    lac_gram_times(rows->n, rows->stride, rows->z, rows->index, rule->beta, out);
    for (size_t i = 0; i < rows->n; i++)
        out[i] = rule->value[midastouch_pick(rule, out[i], lac_rng_uniform(&rng), at, weight)];
}

const MiceMethod mice_method_midastouch = {.name = "midastouch",
                                           .kinds = MICE_NUMBERS,
                                           .random = TRUE,
                                           .matches = TRUE,
                                           .needs_beta = TRUE,
                                           .needs_scores = TRUE,
                                           .needs_values = TRUE,
                                           .learn = midastouch_learn,
                                           .draw = midastouch_draw};
