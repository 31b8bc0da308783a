/* logreg and polyreg: logistic and multinomial regression on the other columns, augmented so that
 * perfect prediction does no harm. logreg draws its coefficients from their normal approximation;
 * polyreg, as in R's mice, uses the estimates and draws the level only. Source: White, Daniel and
 * Royston (2010); van Buuren (2018), section 3.6. */
#include "mice.h"

#include <lacuna/glm.h>
#include <string.h>

/* A rule holds coefficients [levels present - 1][stride] and, as values, the levels present. */

size_t
mice_present_levels(const MiceTask *task, double *value, double *y)
{
    const size_t n_levels = task->column->n_levels;
    g_autofree size_t *position = g_new0(size_t, n_levels);
    size_t present = 0;

    for (size_t i = 0; i < task->n_observed; i++)
        position[(size_t)task->y[i]] = 1;
    for (size_t k = 0; k < n_levels; k++) {
        if (position[k] == 0)
            continue;
        position[k] = present;
        value[present++] = (double)k;
    }
    for (size_t i = 0; i < task->n_observed; i++)
        y[i] = (double)position[(size_t)task->y[i]];
    return present;
}

/* Last round's coefficients are a good start; the maximum does not depend on it. */
static void
categorical_warm_start(const MiceTask *task, LacGlm *glm)
{
    const MiceRule *before = task->iteration > 0 && task->iteration < task->model->rounds
                                 ? mice_rule(task->model, task->chain, task->iteration - 1, task->j)
                                 : NULL;

    if (before != NULL && before->rows == glm->classes - 1)
        memcpy(glm->beta, before->beta, before->rows * glm->stride * sizeof(double));
}

static LacGlm *
categorical_fit(MiceTask *task, size_t classes, const double *y)
{
    const MiceModel *model = task->model;
    const MiceColumn *column = task->column;
    const LacGram *gram = task->gram;
    LacGlm *glm = lac_glm_new(classes, model->stride, column->n_predictors, column->predictors);
    g_autoptr(LacGlmPseudo) pseudo = lac_glm_augment(
        gram->n, gram->stride, gram->z, column->n_predictors, column->predictors, classes);
    const LacGlmRows parts[] = {{.n = task->n_observed,
                                 .stride = gram->stride,
                                 .z = gram->z,
                                 .index = task->observed,
                                 .y = y},
                                pseudo->rows};

    categorical_warm_start(task, glm);
    if (!lac_glm_fit(glm, G_N_ELEMENTS(parts), parts))
        lac_context_event(model->base.instance.context, "not-converged", (gssize)task->j,
                          "column '%s', iteration %zu: the regression of its levels stopped after "
                          "%u steps",
                          lac_data_name(task->data, task->j), task->iteration + 1, glm->iterations);
    return glm;
}

/* Coefficients drawn from their normal approximation. */
static void
categorical_draw_beta(MiceTask *task, const LacGlm *glm, double *beta)
{
    g_autofree double *normals = g_new(double, glm->hessian->rank + 1);

    lac_rng_fill_normal(&task->rng, glm->hessian->rank, normals);
    lac_glm_draw(glm, normals, beta);
}

void
mice_levels_draw(MiceTask *task, size_t classes, const double *y, double *beta)
{
    g_autoptr(LacGlm) glm = categorical_fit(task, classes, y);

    categorical_draw_beta(task, glm, beta);
}

static void
categorical_learn(MiceTask *task, gboolean draw, MiceRule *rule)
{
    MiceScratch *scratch = task->scratch;
    const size_t present = mice_present_levels(task, scratch->value, scratch->fitted);

    *rule = (MiceRule){.n_donors = present, .value = scratch->value};
    if (present < 2)
        return;
    g_autoptr(LacGlm) glm = categorical_fit(task, present, scratch->fitted);

    rule->rows = present - 1;
    rule->beta = scratch->cross; /* has room: levels <= columns of Z + 1 */
    memcpy(rule->beta, glm->beta, rule->rows * glm->stride * sizeof(double));
    if (draw)
        categorical_draw_beta(task, glm, rule->beta);
}

static void
logreg_learn(MiceTask *task, MiceRule *rule)
{
    categorical_learn(task, TRUE, rule);
}

static void
polyreg_learn(MiceTask *task, MiceRule *rule)
{
    categorical_learn(task, FALSE, rule);
}

/* The first level whose cumulative probability reaches u. */
static void
categorical_draw(const MiceModel *model, const MiceColumn *column, const MiceRule *rule,
                 const MiceRows *rows, LacRng rng, double *out)
{
    const size_t classes = MIN(rule->n_donors, rule->rows + 1);
    g_autofree double *p = g_new(double, classes);

    for (size_t i = 0; i < rows->n; i++) {
        double u = lac_rng_uniform(&rng);
        size_t k = 0;

        if (classes > 1)
            lac_glm_probabilities(classes, rows->stride, rule->beta, 1, rows->z, rows->index + i,
                                  p);
        for (; k + 1 < classes && u > p[k]; k++)
            u -= p[k];
        out[i] = rule->value[k];
    }
}

const MiceMethod mice_method_logreg = {.name = "logreg",
                                       .kinds = MICE_KIND(LAC_KIND_BINARY),
                                       .random = TRUE,
                                       .needs_values = TRUE,
                                       .learn = logreg_learn,
                                       .draw = categorical_draw};
const MiceMethod mice_method_polyreg = {.name = "polyreg",
                                        .kinds = MICE_CATEGORIES,
                                        .random = TRUE,
                                        .needs_values = TRUE,
                                        .learn = polyreg_learn,
                                        .draw = categorical_draw};
