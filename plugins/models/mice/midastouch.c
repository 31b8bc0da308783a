/* midastouch: predictive mean matching in which every donor has a chance that falls with a power of
 * its distance; the power follows from how well the regression fits. The regression is learnt from
 * bootstrapped rows, and for each donor without its own. New rows, which come after the donors are
 * gone, meet the one of all rows. Source: Gaffert, Meinfelder and Bosch, "Towards an MI-proper
 * predictive mean matching" (2016); Siddique and Belin, Stat. Med. 27 (2008), 83, for the power. */
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

/* The regression without observed row @i, which the bootstrap drew w times, is by Sherman and
 * Morrison beta - c A^-1 x with c = w e / (1 - w h), h = x' A^-1 x and residual e; the ridge, a
 * small share of A's diagonal, stays. A row without which there is no regression keeps it.
 * @x, @inverse, @work: [q] each; x in the order of the predictors. */
static void
midastouch_leave_out(const MiceTask *task, size_t i, double w, double residual, double *x,
                     double *inverse, double *work)
{
    const double needed = 1e-10;
    const LacLinear *fit = task->scratch->linear;
    MiceLeftOut *out = &task->scratch->left_out;
    const size_t stride = task->model->stride;
    const double *z = task->gram->z + task->observed[i] * stride;
    double *move = out->move + i * stride, leverage = 0.0, length = 0.0;

    for (size_t k = 0; k < fit->q; k++)
        x[k] = z[task->column->predictors[k]];
    lac_linear_apply_inverse(fit, x, work, inverse);
    for (size_t k = 0; k < fit->q; k++)
        leverage += x[k] * inverse[k];
    const double rest = 1.0 - w * leverage, c = rest > needed ? w * residual / rest : 0.0;

    for (size_t k = 0; k < fit->q; k++) {
        inverse[k] *= c;
        length += inverse[k] * inverse[k];
    }
    mice_linear_place(task, inverse, move);
    out->shift[i] = c * leverage;
    out->most_shift = MAX(out->most_shift, fabs(out->shift[i]));
    out->length[i] = sqrt(length);
    out->most_length = MAX(out->most_length, out->length[i]);
}

static void
midastouch_leave_each_out(const MiceTask *task, const double *count, const double *fitted)
{
    const MiceColumn *column = task->column;
    const size_t q = MAX(task->scratch->linear->q, task->scratch->linear->rows);
    g_autofree double *work = g_new(double, 3 * q + 1);

    task->scratch->left_out.most_shift = task->scratch->left_out.most_length = 0.0;
    for (size_t i = 0; i < task->n_observed; i++)
        if (count[i] > 0.0)
            midastouch_leave_out(task, i, count[i],
                                 (task->y[i] - column->centre) / column->sd - fitted[i], work,
                                 work + q, work + 2 * q);
}

static void
midastouch_learn(MiceTask *task, MiceRule *rule)
{
    MiceScratch *scratch = task->scratch;
    const size_t n = task->n_observed, stride = task->model->stride;
    double *count = scratch->value, *fitted = scratch->fitted;
    g_autofree double *scores = g_new(double, n + 1);
    g_autofree size_t *drawn = g_new(size_t, n + 1);
    size_t to = 0;

    memset(count, 0, n * sizeof(double));
    for (size_t i = 0; i < n; i++)
        count[lac_rng_below(&task->rng, n)] += 1.0;
    mice_linear_solve(task, count, task->model->ridge);
    mice_linear_place(task, scratch->linear->beta, scratch->beta);
    lac_gram_times(n, stride, task->gram->z, task->observed, scratch->beta, fitted);
    midastouch_leave_each_out(task, count, fitted);
    const double power = midastouch_power(task, count, fitted);

    for (size_t i = 0; i < n; i++) {
        for (double k = 0.0; k < count[i]; k += 1.0) {
            scores[to] = fitted[i];
            drawn[to++] = i;
        }
    }
    const LacRng ties = lac_rng_split(&task->rng, "ties");

    lac_matcher_build(scratch->matcher, n, scores, &ties);
    for (size_t i = 0; i < n; i++) {
        scratch->left_out.row[i] = drawn[scratch->matcher->donor[i]];
        scratch->value[i] = task->y[scratch->left_out.row[i]];
    }
    *rule = (MiceRule){.rows = 1,
                       .beta = scratch->beta,
                       .n_donors = n,
                       .score = scratch->matcher->score,
                       .value = scratch->value,
                       .sigma = power,
                       .left_out = &scratch->left_out};
}

static double
midastouch_weight(double distance, double power)
{
    return CLAMP(pow(fabs(distance), -power), sqrt(DBL_EPSILON), sqrt(DBL_MAX));
}

/** Recipient: a row @z of the design, of Euclidean length @length, and the prediction @target of
 * the regression that all donors share. */
typedef struct {
    const double *z;
    size_t stride;
    double length, target;
} Recipient;

static Recipient
recipient_of(const double *z, size_t stride, double target)
{
    double squares = 0.0;

    for (size_t k = 0; k < stride; k++)
        squares += z[k] * z[k];
    return (Recipient){z, stride, sqrt(squares), target};
}

/* Between what the regression without donor @k predicts for it and for the recipient. */
static double
midastouch_distance(const MiceRule *rule, const Recipient *to, size_t k)
{
    const MiceLeftOut *left_out = rule->left_out;
    double distance = rule->score[k] - to->target;

    if (left_out == NULL)
        return distance;
    const double *move = left_out->move + left_out->row[k] * to->stride;

    distance -= left_out->shift[left_out->row[k]];
    for (size_t j = 0; j < to->stride; j++)
        distance += to->z[j] * move[j];
    return distance;
}

/* By how much that can differ at most from the distance of the shared predictions: for donor @k,
 * for any. */
static double
midastouch_slack(const MiceRule *rule, const Recipient *to, size_t k)
{
    const MiceLeftOut *left_out = rule->left_out;

    return left_out == NULL ? 0.0
                            : fabs(left_out->shift[left_out->row[k]]) +
                                  left_out->length[left_out->row[k]] * to->length;
}

static double
midastouch_most_slack(const MiceRule *rule, const Recipient *to)
{
    const MiceLeftOut *left_out = rule->left_out;

    return left_out == NULL ? 0.0 : left_out->most_shift + left_out->most_length * to->length;
}

/* The distance from which on @n donors together weigh less than 1e-9 of @sum. */
static double
midastouch_reach(double sum, size_t n, double power)
{
    const double weight = 1e-9 * sum / (double)n;

    return weight > sqrt(DBL_EPSILON) ? pow(weight, -1.0 / power) : INFINITY;
}

/* From the nearest donor outwards until all that are left could not change the choice by 1e-9; then
 * one of those that could, by weight. @at, @weight: [n_donors] */
static size_t
midastouch_pick(const MiceRule *rule, const Recipient *to, double u, size_t *at, double *weight)
{
    const size_t n = rule->n_donors;
    const double *score = rule->score, target = to->target;
    const double slack = midastouch_most_slack(rule, to);
    double sum = 0.0, reach = INFINITY, reached = 0.0; /* the sum that gave the reach */
    size_t right = lac_match_nth(n, score, target, 0), left = right, seen = 0;

    while (left > 0 || right < n) { /* left - 1 and right are the next ones on either side */
        const gboolean go_left =
            right == n || (left > 0 && target - score[left - 1] < score[right] - target);
        const size_t k = go_left ? --left : right++;
        const double gap = fabs(score[k] - target);

        if (gap > reach + slack)
            break;
        if (gap > reach + midastouch_slack(rule, to, k))
            continue;
        const double distance = midastouch_distance(rule, to, k);

        if (fabs(distance) > reach)
            continue;
        at[seen] = k;
        weight[seen] = midastouch_weight(distance, rule->sigma);
        sum += weight[seen++];
        if (sum > 2.0 * reached) {
            reach = midastouch_reach(sum, n, rule->sigma);
            reached = sum;
        }
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
    for (size_t i = 0; i < rows->n; i++) {
        const Recipient to =
            recipient_of(rows->z + rows->index[i] * rows->stride, rows->stride, out[i]);

        out[i] = rule->value[midastouch_pick(rule, &to, lac_rng_uniform(&rng), at, weight)];
    }
}

const MiceMethod mice_method_midastouch = {.name = "midastouch",
                                           .kinds = MICE_NUMBERS,
                                           .random = TRUE,
                                           .matches = TRUE,
                                           .leaves_out = TRUE,
                                           .needs_beta = TRUE,
                                           .needs_scores = TRUE,
                                           .needs_values = TRUE,
                                           .learn = midastouch_learn,
                                           .draw = midastouch_draw};
