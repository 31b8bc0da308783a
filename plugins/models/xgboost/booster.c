/* One boosted model. One thread each: sums over threads come in another order with another number
 * of them, and a split that moves is not a matter of rounding. */
#include "boost.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xgboost/c_api.h>

/* FALSE with XGBoost's own words when @status is not 0. */
static gboolean
worked(int status, const char *what, GError **error)
{
    if (status == 0)
        return TRUE;
    const char *text = XGBGetLastError();
    const char *end = strchr(text, '\n'); /* a stack trace follows */

    return lac_fail(error, LAC_ERROR_NUMERIC, "xgboost: %s failed: %.*s", what,
                    end != NULL ? (int)(end - text) : (int)strlen(text), text);
}

static gboolean
matrix_new(const BoostSet *set, DMatrixHandle *out, GError **error)
{
    if (!worked(XGDMatrixCreateFromMat_omp(set->x, set->rows, set->cols, NAN, out, 1),
                "making a matrix", error))
        return FALSE;
    return set->y == NULL || worked(XGDMatrixSetFloatInfo(*out, "label", set->y, set->rows),
                                    "setting its labels", error);
}

static gboolean
set_number(BoosterHandle handle, const char *name, double value, GError **error)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    g_ascii_formatd(text, sizeof text, "%.17g", value);
    return worked(XGBoosterSetParam(handle, name, text), name, error);
}

static gboolean
set_text(BoosterHandle handle, const char *name, const char *value, GError **error)
{
    return worked(XGBoosterSetParam(handle, name, value), name, error);
}

static gboolean
configure(const BoostModel *self, BoosterHandle handle, size_t classes, uint64_t seed,
          GError **error)
{
    const char *objective = classes == 0   ? "reg:squarederror"
                            : classes == 2 ? "binary:logistic"
                                           : "multi:softprob";
    const char *metric = classes == 0 ? "rmse" : classes == 2 ? "logloss" : "mlogloss";

    return set_text(handle, "objective", objective, error) &&
           set_text(handle, "eval_metric", metric, error) &&
           set_text(handle, "tree_method", "hist", error) &&
           set_text(handle, "verbosity", "0", error) &&
           set_number(handle, "base_score", classes == 0 ? 0.0 : 0.5, error) &&
           set_number(handle, "nthread", 1, error) &&
           set_number(handle, "seed", (double)(seed & 0x7fffffff), error) &&
           set_number(handle, "eta", self->rate, error) &&
           set_number(handle, "max_depth", (double)self->depth, error) &&
           set_number(handle, "subsample", self->subsample, error) &&
           set_number(handle, "min_child_weight", self->child_weight, error) &&
           (classes <= 2 || set_number(handle, "num_class", (double)classes, error));
}

/* The held-out loss after round @t: "[3]\theld-rmse:0.25". */
static gboolean
held_loss(BoosterHandle handle, int t, DMatrixHandle held, double *out, GError **error)
{
    const char *name = "held", *text = NULL;

    if (!worked(XGBoosterEvalOneIter(handle, t, &held, &name, 1, &text), "scoring", error))
        return FALSE;
    text = strrchr(text, ':');
    *out = text != NULL ? g_ascii_strtod(text + 1, NULL) : NAN;
    return TRUE;
}

/* Trees until the held-out loss has not fallen for `patience` rounds; @held NULL: all of them. */
static gboolean
boost_rounds(const BoostModel *self, BoosterHandle handle, DMatrixHandle train, DMatrixHandle held,
             int64_t *rounds, GError **error)
{
    double best = INFINITY;

    *rounds = self->trees;
    for (int64_t t = 0; t < self->trees; t++) {
        double loss;

        if (!lac_context_step(self->base.instance.context, 0.0, error) ||
            !worked(XGBoosterUpdateOneIter(handle, (int)t, train), "a round", error))
            return FALSE;
        if (held == NULL)
            continue;
        if (!held_loss(handle, (int)t, held, &loss, error))
            return FALSE;
        if (t == 0 || loss < best) {
            best = loss;
            *rounds = t + 1;
        } else if (t + 1 - *rounds >= self->patience) {
            return TRUE;
        }
    }
    return TRUE;
}

gboolean
boost_train(const BoostModel *self, const BoostSet *train, const BoostSet *held, size_t classes,
            uint64_t seed, BoostLearner *out, GError **error)
{
    DMatrixHandle matrices[2] = {NULL, NULL};
    BoosterHandle handle = NULL;
    gboolean done;

    done = matrix_new(train, &matrices[0], error) &&
           (held->rows == 0 || matrix_new(held, &matrices[1], error)) &&
           worked(XGBoosterCreate(matrices, held->rows > 0 ? 2 : 1, &handle), "a model", error) &&
           configure(self, handle, classes, seed, error) &&
           boost_rounds(self, handle, matrices[0], matrices[1], &out->rounds, error);
    for (size_t k = 0; k < G_N_ELEMENTS(matrices); k++)
        if (matrices[k] != NULL)
            XGDMatrixFree(matrices[k]);
    if (done) { /* a trained model keeps its histograms; only the trees are wanted */
        BoostLearner trained = {.handle = handle};
        g_autofree char *bytes = NULL;
        gsize n = 0;

        done = boost_save(&trained, &bytes, &n, error) && boost_load(out, bytes, n, error);
    }
    if (handle != NULL)
        XGBoosterFree(handle);
    return done;
}

gboolean
boost_predict(const BoostLearner *learner, const BoostSet *set, size_t n_out, double *out,
              GError **error)
{
    g_autofree char *config =
        g_strdup_printf("{\"type\": 0, \"training\": false, \"iteration_begin\": 0, "
                        "\"iteration_end\": %" G_GINT64_FORMAT ", \"strict_shape\": true}",
                        learner->rounds);
    DMatrixHandle matrix = NULL;
    const bst_ulong *shape = NULL;
    bst_ulong dimensions = 0, n = 1;
    const float *result = NULL;
    gboolean done = matrix_new(set, &matrix, error) &&
                    worked(XGBoosterPredictFromDMatrix(learner->handle, matrix, config, &shape,
                                                       &dimensions, &result),
                           "predicting", error);

    for (bst_ulong d = 0; done && d < dimensions; d++)
        n *= shape[d];
    if (done && n != n_out)
        done = lac_fail(error, LAC_ERROR_DATA, "xgboost: %zu predictions came back, expected %zu",
                        (size_t)n, n_out);
    for (size_t k = 0; done && k < n_out; k++)
        out[k] = (double)result[k];
    if (matrix != NULL)
        XGDMatrixFree(matrix);
    return done;
}

gboolean
boost_save(const BoostLearner *learner, char **bytes, gsize *n, GError **error)
{
    const char *lent = NULL;
    bst_ulong length = 0;

    if (!worked(
            XGBoosterSaveModelToBuffer(learner->handle, "{\"format\": \"ubj\"}", &length, &lent),
            "saving", error))
        return FALSE;
    *n = length;
    *bytes = g_memdup2(lent, length);
    return TRUE;
}

gboolean
boost_load(BoostLearner *learner, const void *bytes, gsize n, GError **error)
{
    BoosterHandle handle = NULL;

    if (worked(XGBoosterCreate(NULL, 0, &handle), "a model", error) &&
        worked(XGBoosterLoadModelFromBuffer(handle, bytes, n), "loading", error) &&
        set_number(handle, "nthread", 1, error)) {
        learner->handle = handle;
        return TRUE;
    }
    if (handle != NULL)
        XGBoosterFree(handle);
    return FALSE;
}

void
boost_learner_clear(BoostLearner *learner)
{
    if (learner->handle != NULL)
        XGBoosterFree(learner->handle);
    g_free(learner->score);
    g_free(learner->value);
    *learner = (BoostLearner){0};
}
