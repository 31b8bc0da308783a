/* xgboost: each column boosted on all others, chained, by XGBoost.
 * Source: Chen and Guestrin, "XGBoost: a scalable tree boosting system", KDD 2016 785-794; Deng and
 * Lumley, "Multiple imputation through XGBoost", J. Comput. Graph. Stat. 33 (2024) 352-363, for
 * draws by matched donors. */
#include "boost.h"

#include <lacuna/levels.h>
#include <lacuna/resample.h>
#include <string.h>

static const LacParam params[] = {
    LAC_PARAM_INT(BoostModel, iterations, 3, LAC_RANGE(1, 1000), "rounds",
                  "Rounds over the columns; in the first one holes are missing features"),
    LAC_PARAM_INT(BoostModel, trees, 200, LAC_RANGE(1, 100000), "trees", "Most trees for a column"),
    LAC_PARAM_DOUBLE(BoostModel, rate, 0.2, LAC_RANGE(1e-6, 1.0), "share",
                     "How much of each tree is taken (eta)"),
    LAC_PARAM_INT(BoostModel, depth, 6, LAC_RANGE(1, 30), "splits", "Most depth of a tree"),
    LAC_PARAM_DOUBLE(BoostModel, child_weight, 1.0, LAC_RANGE_FROM(0.0), "rows",
                     "Least weight of a leaf"),
    LAC_PARAM_DOUBLE(BoostModel, subsample, 0.8, LAC_RANGE(0.01, 1.0), "share",
                     "Rows drawn for each tree"),
    LAC_PARAM_INT(BoostModel, patience, 10, LAC_RANGE(0, 100000), "trees",
                  "Stop when the held-out loss has not fallen for so many trees; 0: never"),
    LAC_PARAM_DOUBLE(BoostModel, hold_out, 0.1, LAC_RANGE_OPEN(0.0, 1.0), "share",
                     "Observed cells of a column held out to stop by"),
    LAC_PARAM_INT(BoostModel, donors, 5, LAC_RANGE(1, 4096), "rows",
                  "Draws of numbers: nearest predictions to take an observed value from"),
    LAC_PARAM_BOOL(BoostModel, bootstrap, FALSE,
                   "Learn anew on rows drawn with replacement for every draw, so that draws carry "
                   "the uncertainty of the trees, too; as many chains as draws"),
    LAC_PARAM_END,
};

static gboolean
xgboost_fit(LacModel *model, const LacData *train, GError **error)
{
    BoostModel *self = LAC_CAST(BoostModel, model);

    if (self->bootstrap)
        self->train = lac_data_ref((LacData *)train);
    return lac_levels_check(train->schema, "xgboost", error) && boost_fit(self, train, error);
}

static gboolean
xgboost_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error)
{
    return boost_complete(LAC_CAST(const BoostModel, model), in, NULL, out, error);
}

static void xgboost_clear(LacModel *model);

/* Draw @draw by what the same rows, drawn with replacement, teach. */
static gboolean
xgboost_sample_anew(const BoostModel *self, const LacData *in, size_t draw, const LacRng *rng,
                    LacMatrix *out, GError **error)
{
    const LacRng stream = lac_context_rng(self->base.instance.context, "bootstrap");
    const LacRng rows = lac_rng_at(&stream, draw);
    BoostModel anew = {.base = self->base,
                       .iterations = self->iterations,
                       .trees = self->trees,
                       .depth = self->depth,
                       .patience = self->patience,
                       .donors = self->donors,
                       .rate = self->rate,
                       .subsample = self->subsample,
                       .child_weight = self->child_weight,
                       .hold_out = self->hold_out};
    g_autoptr(LacData) train = lac_data_resample(self->train, &rows, error);
    const gboolean good = train != NULL && boost_fit(&anew, train, error) &&
                          boost_complete(&anew, in, rng, out, error);

    xgboost_clear(&anew.base);
    return good;
}

static gboolean
xgboost_sample(const LacModel *model, const LacData *in, size_t draw, LacMatrix *out,
               GError **error)
{
    const BoostModel *self = LAC_CAST(const BoostModel, model);
    const LacRng stream = lac_context_rng(model->instance.context, "draw");
    const LacRng rng = lac_rng_at(&stream, draw);

    if (self->bootstrap && self->train != NULL)
        return xgboost_sample_anew(self, in, draw, &rng, out, error);
    if (self->bootstrap)
        lac_context_event(model->instance.context, "fallback", -1,
                          "the saved model has no training rows to learn draws anew on: they use "
                          "the trees of all rows");
    return boost_complete(self, in, &rng, out, error);
}

/* ---- saving -----------------------------------------------------------------------------------
 */

enum { SAVED_COLUMN = 6 };

static gboolean
save_learner(const BoostLearner *learner, size_t r, LacBundle *out, int64_t *sizes, GError **error)
{
    g_autofree char *model_name = g_strdup_printf("trees%zu", r);
    g_autofree char *donor_name = g_strdup_printf("donors%zu", r);
    g_autofree char *bytes = NULL;
    g_autofree uint64_t *words = NULL;
    g_autofree double *donors = g_new(double, 2 * learner->n_donors + 1);
    gsize n = 0;

    if (learner->handle == NULL)
        return TRUE;
    if (!boost_save(learner, &bytes, &n, error))
        return FALSE;
    words = g_new0(uint64_t, n / 8 + 1);
    memcpy(words, bytes, n);
    sizes[0] = (int64_t)n;
    sizes[1] = learner->rounds;
    lac_bundle_put_u64(out, model_name, 1, n / 8 + 1, words);
    if (learner->n_donors > 0) {
        memcpy(donors, learner->score, learner->n_donors * sizeof(double));
        memcpy(donors + learner->n_donors, learner->value, learner->n_donors * sizeof(double));
    }
    lac_bundle_put_doubles(out, donor_name, 2, learner->n_donors, donors);
    return TRUE;
}

static gboolean
xgboost_save(const LacModel *model, LacBundle *out, GError **error)
{
    const BoostModel *self = LAC_CAST(const BoostModel, model);
    const size_t learners = (size_t)self->iterations * self->cols;
    g_autofree int64_t *columns = g_new(int64_t, SAVED_COLUMN * self->cols + 1);
    g_autofree int64_t *sizes = g_new0(int64_t, 2 * learners + 1);
    g_autofree double *numbers = g_new(double, 2 * self->cols + 1);

    for (size_t j = 0; j < self->cols; j++) {
        const BoostColumn *c = &self->column[j];
        const int64_t whole[SAVED_COLUMN] = {c->kind,           (int64_t)c->first,
                                             (int64_t)c->width, (int64_t)c->classes,
                                             c->constant,       (int64_t)self->order[j]};

        memcpy(columns + SAVED_COLUMN * j, whole, sizeof whole);
        numbers[2 * j] = c->centre;
        numbers[2 * j + 1] = c->sd;
    }
    for (size_t r = 0; r < learners; r++)
        if (!save_learner(&self->learner[r], r, out, sizes + 2 * r, error))
            return FALSE;
    lac_bundle_put_i64(out, "columns", self->cols, SAVED_COLUMN, columns);
    lac_bundle_put_doubles(out, "numbers", self->cols, 2, numbers);
    lac_bundle_put_i64(out, "sizes", learners, 2, sizes);
    return TRUE;
}

static gboolean
load_columns(BoostModel *self, const LacBundle *in, GError **error)
{
    const int64_t *columns =
        lac_bundle_get_i64(in, "columns", G_MAXSIZE, SAVED_COLUMN, &self->cols, NULL, error);
    const double *numbers =
        columns ? lac_bundle_get_doubles(in, "numbers", self->cols, 2, NULL, NULL, error) : NULL;

    if (numbers == NULL)
        return FALSE;
    self->column = g_new0(BoostColumn, self->cols + 1);
    self->order = g_new(size_t, self->cols + 1);
    for (size_t j = 0; j < self->cols; j++) {
        const int64_t *c = columns + SAVED_COLUMN * j;

        if (c[0] < LAC_KIND_CONTINUOUS || c[0] > LAC_KIND_ORDINAL || c[1] != (int64_t)self->q ||
            c[2] < 1 || c[2] > 1000000 || c[3] < 0 || c[3] > 1000000 || c[5] < 0 ||
            (size_t)c[5] >= self->cols)
            return lac_fail(error, LAC_ERROR_DATA,
                            "xgboost: the model file's column %zu makes no sense", j);
        self->column[j] =
            (BoostColumn){(LacKind)c[0],  (size_t)c[1],       (size_t)c[2], (size_t)c[3],
                          numbers[2 * j], numbers[2 * j + 1], c[4] != 0};
        self->order[j] = (size_t)c[5];
        self->q += (size_t)c[2];
    }
    return TRUE;
}

static gboolean
load_learner(BoostLearner *learner, size_t r, const int64_t *sizes, const LacBundle *in,
             GError **error)
{
    g_autofree char *model_name = g_strdup_printf("trees%zu", r);
    g_autofree char *donor_name = g_strdup_printf("donors%zu", r);
    size_t words = 0, n = 0;

    if (sizes[0] <= 0)
        return TRUE; /* none in this round */
    const uint64_t *bytes = lac_bundle_get_u64(in, model_name, 1, G_MAXSIZE, NULL, &words, error);
    const double *donors =
        bytes ? lac_bundle_get_doubles(in, donor_name, 2, G_MAXSIZE, NULL, &n, error) : NULL;

    if (donors == NULL)
        return FALSE;
    if ((uint64_t)sizes[0] > 8 * (uint64_t)words || sizes[1] < 1)
        return lac_fail(error, LAC_ERROR_DATA,
                        "xgboost: block '%s' of the model file holds %zu bytes, expected "
                        "%" G_GINT64_FORMAT,
                        model_name, 8 * words, sizes[0]);
    learner->rounds = sizes[1];
    learner->n_donors = n;
    learner->score = g_new(double, n + 1);
    learner->value = g_new(double, n + 1);
    memcpy(learner->score, donors, n * sizeof(double));
    memcpy(learner->value, donors + n, n * sizeof(double));
    return boost_load(learner, bytes, (gsize)sizes[0], error);
}

static gboolean
xgboost_load(LacModel *model, const LacBundle *in, GError **error)
{
    BoostModel *self = LAC_CAST(BoostModel, model);
    const size_t rounds = (size_t)self->iterations;

    if (!load_columns(self, in, error))
        return FALSE;
    const int64_t *sizes =
        lac_bundle_get_i64(in, "sizes", rounds * self->cols, 2, NULL, NULL, error);

    if (sizes == NULL)
        return FALSE;
    self->learner = g_new0(BoostLearner, rounds * self->cols + 1);
    for (size_t r = 0; r < rounds * self->cols; r++)
        if (!load_learner(&self->learner[r], r, sizes + 2 * r, in, error))
            return FALSE;
    return TRUE;
}

static void
xgboost_clear(LacModel *model)
{
    BoostModel *self = LAC_CAST(BoostModel, model);

    for (size_t r = 0; self->learner != NULL && r < (size_t)self->iterations * self->cols; r++)
        boost_learner_clear(&self->learner[r]);
    g_clear_pointer(&self->learner, g_free);
    g_clear_pointer(&self->column, g_free);
    g_clear_pointer(&self->order, g_free);
    self->cols = self->q = 0;
    g_clear_pointer(&self->train, lac_data_unref);
}

static void
xgboost_cost(const LacModel *model, const LacWorkload *work, LacCost *out)
{
    const BoostModel *self = LAC_CAST(const BoostModel, model);
    const double n = (double)work->rows, p = (double)work->cols;
    const double trees = 0.6 * (double)self->trees, leaves = (double)(1 << MIN(self->depth, 12));
    const double tree = 5.0 * LAC_COST_STEP * n * p * (double)self->depth * self->subsample +
                        5000.0 * LAC_COST_STEP * p * MIN(leaves, n); /* bins */

    out->seconds = (double)self->iterations * p * (trees * tree + 30.0 * LAC_COST_STEP * n * p);
    if (self->bootstrap && work->draws > 1)
        out->seconds *= 1.0 + (double)work->draws;
    out->bytes = (self->bootstrap ? n * p * 8.125 : 0.0) + n * p * (4.0 + 4.0 + 16.0) + 40.0 * n +
                 2.0 * MIN(leaves, n) * p * MIN(256.0, n) * 16.0 + /* histograms of one model */
                 (double)self->iterations * p * (trees * MIN(2.0 * leaves, n) * 80.0) +
                 p * 16.0 * MIN(n, BOOST_MOST_DONORS);
}

LAC_PLUGIN_EXPORT const LacModelPlugin lac_plugin = {
    LAC_MODEL("xgboost", "Each column boosted on the others by XGBoost, chained", BoostModel,
              params),
    .plugin.citation = "Chen and Guestrin, KDD 2016, 785-794; Deng and Lumley, J. Comput. Graph. "
                       "Stat. 33 (2024) 352-363",
    /* b standardised is -+0.8660254; a leaf's weight is its sum over (rows + 1): 2 x 0.8660254 / 3,
     * and back: 5 -+ 0.5773503 x 5.7735027 */
    .example = {.in = "a,b\n0.5,0\n0.5,0\n1.5,10\n1.5,10\n0.5,\n1.5,\n",
                .out = "a,b\n0.5,0\n0.5,0\n1.5,10\n1.5,10\n0.5,1.6666667\n1.5,8.3333333\n",
                .params =
                    "{iterations: 1, trees: 1, rate: 1, depth: 1, subsample: 1, patience: 0}"},
    .traits = LAC_MODEL_KINDS | LAC_MODEL_SCALE_FREE | LAC_MODEL_CANDIDATE,
    .fit = xgboost_fit,
    .fill = xgboost_fill,
    .sample = xgboost_sample,
    .save = xgboost_save,
    .load = xgboost_load,
    .clear = xgboost_clear,
    .cost = xgboost_cost,
    .quick = "{trees: 12, depth: 3}",
};
