/* polr: proportional odds for ordered levels, augmented so that perfect prediction does no harm. As
 * in R's mice the coefficients are the estimates and only the level is drawn. Source: McCullagh
 * (1980); White, Daniel and Royston (2010); van Buuren (2018), section 3.6. */
#include "mice.h"

#include <lacuna/ordinal.h>
#include <string.h>

/* A rule holds the coefficients, the levels present as values, and the cuts between them as scores,
 * closed by the largest number. */

static void
polr_learn(MiceTask *task, MiceRule *rule)
{
    const MiceModel *model = task->model;
    const MiceColumn *column = task->column;
    const LacGram *gram = task->gram;
    MiceScratch *scratch = task->scratch;
    const size_t present = mice_present_levels(task, scratch->value, scratch->fitted);

    *rule = (MiceRule){.n_donors = present, .value = scratch->value, .score = scratch->cross};
    scratch->cross[present - 1] = G_MAXDOUBLE;
    memset(scratch->beta, 0, model->stride * sizeof(double));
    rule->rows = 1;
    rule->beta = scratch->beta;
    if (present < 2)
        return;
    g_autoptr(LacOrdinal) fit =
        lac_ordinal_new(present, model->stride, column->n_predictors - 1, column->predictors + 1);
    g_autoptr(LacGlmPseudo) pseudo = lac_glm_augment(
        gram->n, gram->stride, gram->z, column->n_predictors, column->predictors, present);
    const LacGlmRows parts[] = {{.n = task->n_observed,
                                 .stride = gram->stride,
                                 .z = gram->z,
                                 .index = task->observed,
                                 .y = scratch->fitted},
                                pseudo->rows};

    if (!lac_ordinal_fit(fit, G_N_ELEMENTS(parts), parts))
        lac_context_event(model->base.instance.context, "not-converged", (gssize)task->j,
                          "column '%s', iteration %zu: the regression of its levels stopped after "
                          "%u steps",
                          lac_data_name(task->data, task->j), task->iteration + 1, fit->iterations);
    memcpy(rule->score, fit->cut, (present - 1) * sizeof(double));
    memcpy(rule->beta, fit->beta, model->stride * sizeof(double));
}

static void
polr_draw(const MiceModel *model, const MiceColumn *column, const MiceRule *rule,
          const MiceRows *rows, LacRng rng, double *out)
{
    lac_gram_times(rows->n, rows->stride, rows->z, rows->index, rule->beta, out);
    for (size_t i = 0; i < rows->n; i++)
        out[i] = rule->value[lac_ordinal_pick(rule->n_donors, rule->score, out[i],
                                              lac_rng_uniform(&rng))];
}

const MiceMethod mice_method_polr = {.name = "polr",
                                     .kinds =
                                         MICE_KIND(LAC_KIND_BINARY) | MICE_KIND(LAC_KIND_ORDINAL),
                                     .random = TRUE,
                                     .needs_beta = TRUE,
                                     .needs_scores = TRUE,
                                     .needs_values = TRUE,
                                     .learn = polr_learn,
                                     .draw = polr_draw};
