/* two-stage: for columns that pile up at one end of their range (no income, below detection). First
 * a logistic regression draws whether a hole lies at the end, then predictive mean matching among
 * the other rows draws its value. Source: van Buuren, Flexible Imputation of Missing Data, 2nd ed.
 * (2018), section 3.7 (semi-continuous data). */
#include "mice.h"

#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

/* A rule holds the coefficients of both regressions, the donors of the second, and as sigma the
 * end; with one row of coefficients it is pmm's: nothing piles up. */

/* The end of the range that more rows hold, at least one in twenty; NaN when there is none. */
static double
two_stage_end(const MiceTask *task)
{
    const double *y = task->y;
    double low = y[0], high = y[0];
    size_t at_low = 0, at_high = 0;

    for (size_t i = 1; i < task->n_observed; i++) {
        low = MIN(low, y[i]);
        high = MAX(high, y[i]);
    }
    for (size_t i = 0; i < task->n_observed; i++) {
        at_low += y[i] == low ? 1 : 0;
        at_high += y[i] == high ? 1 : 0;
    }
    const size_t most = MAX(at_low, at_high);

    if (20 * most < task->n_observed || most < 2 || most + 2 > task->n_observed)
        return NAN;
    return at_low >= at_high ? low : high;
}

/* pmm on the rows that are not at the end; all the others count as missing. */
static void
two_stage_match(const MiceTask *task, double end, MiceRule *rule)
{
    const size_t n = task->gram->n;
    g_autofree size_t *inside = g_new(size_t, n + 1), *others = g_new(size_t, n + 1);
    g_autofree double *y = g_new(double, n + 1);
    MiceTask rest = *task;

    rest.n_observed = rest.n_missing = 0;
    for (size_t i = 0; i < task->n_observed; i++) {
        if (task->y[i] == end) {
            others[rest.n_missing++] = task->observed[i];
            continue;
        }
        y[rest.n_observed] = task->y[i];
        inside[rest.n_observed++] = task->observed[i];
    }
    for (size_t i = 0; i < task->n_missing; i++)
        others[rest.n_missing++] = task->missing[i];
    rest.observed = inside;
    rest.missing = others;
    rest.y = y;
    mice_method_pmm.learn(&rest, rule);
}

static void
two_stage_learn(MiceTask *task, MiceRule *rule)
{
    const MiceModel *model = task->model;
    const size_t stride = model->stride;
    const double end = two_stage_end(task);
    double *at_end = task->scratch->fitted;

    if (isnan(end)) {
        lac_context_event(model->base.instance.context, "fallback", (gssize)task->j,
                          "column '%s' does not pile up at an end of its range; pmm was used",
                          lac_data_name(task->data, task->j));
        mice_method_pmm.learn(task, rule);
        return;
    }
    for (size_t i = 0; i < task->n_observed; i++)
        at_end[i] = task->y[i] == end;
    g_autofree double *logistic = g_new0(double, stride);
    MiceTask first = *task;

    first.rng = lac_rng_split(&task->rng, "whether");
    mice_levels_draw(&first, 2, at_end, logistic);
    two_stage_match(task, end, rule);
    memcpy(task->scratch->cross, logistic, stride * sizeof(double));
    memcpy(task->scratch->cross + stride, rule->beta, stride * sizeof(double));
    rule->rows = 2;
    rule->beta = task->scratch->cross;
    rule->sigma = end;
}

static void
two_stage_draw(const MiceModel *model, const MiceColumn *column, const MiceRule *rule,
               const MiceRows *rows, LacRng rng, double *out)
{
    const gboolean both = rule->rows == 2;
    const LacRng whether = lac_rng_split(&rng, "whether");
    MiceRule value = *rule;
    LacRng stream = whether;

    value.beta = rule->beta + (both ? rows->stride : 0);
    mice_method_pmm.draw(model, column, &value, rows, rng, out);
    if (!both)
        return;
    g_autofree double *odds = g_new(double, rows->n + 1);

    lac_gram_times(rows->n, rows->stride, rows->z, rows->index, rule->beta, odds);
    for (size_t i = 0; i < rows->n; i++) {
        if (lac_rng_uniform(&stream) < lac_sigmoid(odds[i]))
            out[i] = rule->sigma;
    }
}

const MiceMethod mice_method_two_stage = {.name = "two-stage",
                                          .kinds = MICE_NUMBERS,
                                          .random = TRUE,
                                          .needs_beta = TRUE,
                                          .needs_scores = TRUE,
                                          .needs_values = TRUE,
                                          .learn = two_stage_learn,
                                          .draw = two_stage_draw};
