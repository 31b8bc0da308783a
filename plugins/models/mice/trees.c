/* cart and rf: a hole takes the observed value of a row that falls into the same leaf: of one tree,
 * or of any tree of a small random forest, where large leaves weigh more. Source: Burgette and
 * Reiter, Am. J. Epidemiol. 172 (2010), 1070; Doove, van Buuren and Dusseldorp, Comput. Stat. Data
 * Anal. 72 (2014), 92. */
#include "mice.h"

#include <math.h>

gboolean
mice_needs_bins(const MiceModel *self)
{
    for (size_t v = 0; v < self->n_ordered; v++) {
        if (self->columns[self->order[v]].method->needs_forest)
            return TRUE;
    }
    return FALSE;
}

gboolean
mice_learn_bins(MiceModel *self, const LacData *train, GError **error)
{
    enum { BETWEEN = 3 }; /* drawn values that nobody observed need a place between the others */

    if (!mice_needs_bins(self))
        return TRUE;
    if (train->rows >= G_MAXUINT32)
        return lac_fail(error, LAC_ERROR_SHAPE,
                        "mice: trees take fewer than %u rows, the table has %zu", G_MAXUINT32,
                        train->rows);
    g_autofree double *seen = lac_try_alloc(train->rows + 1, sizeof(double), "a column", error);

    self->bins = seen ? lac_bins_new(0, self->cols, error) : NULL;
    for (size_t j = 0; self->bins != NULL && j < self->cols; j++) {
        const size_t n = lac_data_copy_seen(train, j, seen);

        if (self->columns[j].kind == LAC_KIND_NOMINAL)
            lac_bins_learn_nominal(self->bins, j, n, seen, self->columns[j].n_levels);
        else
            lac_bins_learn_ordered(self->bins, j, n, seen, BETWEEN);
    }
    return self->bins != NULL;
}

void
mice_put_bins(LacBins *bins, size_t j, size_t n, const size_t *rows, const double *values)
{
    g_autofree uint32_t *index = rows != NULL ? g_new(uint32_t, n + 1) : NULL;

    for (size_t i = 0; i < n && rows != NULL; i++)
        index[i] = (uint32_t)rows[i];
    lac_bins_put(bins, j, n, index, values);
}

/* Columns of the table whose design columns predict this one. */
static uint32_t *
trees_features(const MiceModel *model, const MiceColumn *column, size_t *n_out)
{
    uint32_t *features = g_new(uint32_t, model->cols + 1);
    size_t at = 1; /* behind the intercept */

    *n_out = 0;
    for (size_t k = 0; k < model->cols && at < column->n_predictors; k++) {
        const MiceColumn *other = &model->columns[k];

        if (other->width == 0 || column->predictors[at] != other->first)
            continue;
        features[(*n_out)++] = (uint32_t)k;
        at += other->width;
    }
    return features;
}

static void
trees_learn(MiceTask *task, LacForestOptions options, gboolean few, MiceRule *rule)
{
    MiceScratch *scratch = task->scratch;
    const size_t n = task->n_observed;
    g_autofree uint32_t *rows = g_new(uint32_t, n + 1);
    LacForestTask job = {.n = n, .rows = rows, .y = task->y, .classes = task->column->n_levels};
    g_autofree uint32_t *features = trees_features(task->model, task->column, &job.n_features);
    g_autoptr(GError) error = NULL;

    for (size_t i = 0; i < n; i++)
        rows[i] = (uint32_t)task->observed[i];
    job.features = features;
    options.keep_donors = TRUE;
    options.mtry = few ? MAX((size_t)sqrt((double)job.n_features), 1) : G_MAXSIZE;
    *rule = (MiceRule){.n_donors = n, .value = scratch->y};
    rule->forest = lac_forest_grow(scratch->bins, &job, &options, &task->rng, NULL, NULL, &error);
    if (rule->forest == NULL && scratch->error == NULL)
        scratch->error = g_steal_pointer(&error);
}

/* As R's mice sets rpart: leaves of 5, nodes of 15 and more are split, cp 1e-4: of levels, splits
 * after which no more rows are of their leaf's most frequent one are taken back. */
static void
cart_learn(MiceTask *task, MiceRule *rule)
{
    trees_learn(
        task,
        (LacForestOptions){
            .trees = 1, .min_split = 14, .min_leaf = 5, .prune = 1e-4, .no_bootstrap = TRUE},
        FALSE, rule);
}

static void
rf_learn(MiceTask *task, MiceRule *rule)
{
    trees_learn(task, (LacForestOptions){.trees = (size_t)task->model->trees, .mtry_alone = TRUE},
                TRUE, rule);
}

static void
trees_draw(const MiceModel *model, const MiceColumn *column, const MiceRule *rule,
           const MiceRows *rows, LacRng rng, double *out)
{
    g_autofree uint32_t *index = g_new(uint32_t, rows->n + 1);
    g_autofree uint32_t *donor = g_new(uint32_t, rows->n + 1);

    for (size_t i = 0; i < rows->n; i++)
        index[i] = (uint32_t)rows->index[i];
    if (rule->forest != NULL)
        lac_forest_draw(rule->forest, rows->bins, rows->n, index, &rng, donor);
    for (size_t i = 0; i < rows->n; i++) /* without memory for it the chain is about to end */
        out[i] = rule->forest != NULL ? rule->value[donor[i]] : column->start;
}

const MiceMethod mice_method_cart = {.name = "cart",
                                     .kinds = MICE_ANY_KIND,
                                     .random = TRUE,
                                     .needs_values = TRUE,
                                     .needs_forest = TRUE,
                                     .learn = cart_learn,
                                     .draw = trees_draw};
const MiceMethod mice_method_rf = {.name = "rf",
                                   .kinds = MICE_ANY_KIND,
                                   .random = TRUE,
                                   .needs_values = TRUE,
                                   .needs_forest = TRUE,
                                   .learn = rf_learn,
                                   .draw = trees_draw};
