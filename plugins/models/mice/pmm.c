/* pmm: predictive mean matching. A hole takes the observed value of one of the k rows whose
 * predictions are nearest to its own: values stay possible ones, whatever their distribution.
 * Source: Little (1988); van Buuren (2018), section 3.4. */
#include "mice.h"

#include <string.h>

static void
pmm_predict_donors(MiceTask *task, const double *beta)
{
    lac_gram_times(task->n_observed, task->model->stride, task->gram->z, task->observed, beta,
                   task->scratch->fitted);
}

static void
pmm_learn(MiceTask *task, MiceRule *rule)
{
    MiceScratch *scratch = task->scratch;
    const MiceModel *model = task->model;
    double *drawn = scratch->beta, *estimate = scratch->beta + model->stride;
    const double df = mice_linear_solve(task, NULL, 0.0);
    const gboolean exact = model->match == MICE_MATCH_0;

    mice_linear_place(task, scratch->linear->beta, estimate);
    if (!exact)
        mice_linear_draw_beta(task, df, drawn);
    pmm_predict_donors(task, model->match == MICE_MATCH_2 ? drawn : estimate);
    const LacRng ties = lac_rng_split(&task->rng, "ties");

    lac_matcher_build(scratch->matcher, task->n_observed, scratch->fitted, &ties);
    for (size_t i = 0; i < task->n_observed; i++)
        scratch->value[i] = task->y[scratch->matcher->donor[i]];
    *rule = (MiceRule){.rows = 1,
                       .beta = exact ? estimate : drawn,
                       .n_donors = task->n_observed,
                       .score = scratch->matcher->score,
                       .value = scratch->value};
}

static void
pmm_draw(const MiceModel *model, const MiceColumn *column, const MiceRule *rule,
         const MiceRows *rows, LacRng rng, double *out)
{
    /* donors lie anywhere in a long list: their values are on their way before they are needed */
    enum { AHEAD = 64 };
    size_t at[AHEAD];

    lac_gram_times(rows->n, rows->stride, rows->z, rows->index, rule->beta, out);
    for (size_t begin = 0; begin < rows->n; begin += AHEAD) {
        const size_t n = MIN(rows->n - begin, (size_t)AHEAD);

        for (size_t i = 0; i < n; i++) {
            at[i] = lac_match_pick(rule->n_donors, rule->score, out[begin + i],
                                   (size_t)model->donors, lac_rng_uniform(&rng));
            __builtin_prefetch(&rule->value[at[i]]);
        }
        for (size_t i = 0; i < n; i++)
            out[begin + i] = rule->value[at[i]];
    }
}

const MiceMethod mice_method_pmm = {.name = "pmm",
                                    .kinds = MICE_ANY_KIND,
                                    .random = TRUE,
                                    .matches = TRUE,
                                    .needs_beta = TRUE,
                                    .needs_scores = TRUE,
                                    .needs_values = TRUE,
                                    .learn = pmm_learn,
                                    .draw = pmm_draw};
