/* mean: the mean (numbers) or the most frequent level; sample: a random observed value. */
#include "mice.h"

static void
mean_learn(MiceTask *task, MiceRule *rule)
{
    task->scratch->value[0] = task->column->start;
    *rule = (MiceRule){.n_donors = 1, .value = task->scratch->value};
}

static void
mean_draw(const MiceModel *model, const MiceColumn *column, const MiceRule *rule,
          const MiceRows *rows, LacRng rng, double *out)
{
    for (size_t i = 0; i < rows->n; i++)
        out[i] = rule->value[0];
}

const MiceMethod mice_method_mean = {.name = "mean",
                                     .kinds = MICE_ANY_KIND,
                                     .needs_values = TRUE,
                                     .learn = mean_learn,
                                     .draw = mean_draw};

static void
sample_learn(MiceTask *task, MiceRule *rule)
{
    *rule = (MiceRule){.n_donors = task->n_observed, .value = task->scratch->y};
}

static void
sample_draw(const MiceModel *model, const MiceColumn *column, const MiceRule *rule,
            const MiceRows *rows, LacRng rng, double *out)
{
    for (size_t i = 0; i < rows->n; i++)
        out[i] = rule->value[lac_rng_below(&rng, rule->n_donors)];
}

const MiceMethod mice_method_sample = {.name = "sample",
                                       .kinds = MICE_ANY_KIND,
                                       .random = TRUE,
                                       .needs_values = TRUE,
                                       .learn = sample_learn,
                                       .draw = sample_draw};
