/* What classifiers must keep to: they predict, and fill nothing. */
#include "check-private.h"

#include <math.h>
#include <string.h>

/* Rows of probabilities over the classes of the training labels. */
void
lac_check_predict(LacCheck *check)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacData) data = NULL;
    g_autoptr(LacMatrix) out = NULL;
    LacModel *model;
    int32_t *labels;

    if (lac_check_model(check)->predict == NULL) {
        lac_check_note(check, "it does not predict");
        return;
    }
    data = lac_check_base(check, 1);
    if (data == NULL)
        return;
    labels = g_new0(int32_t, data->rows);
    for (size_t i = 0; i < data->rows; i++)
        labels[i] = (int32_t)(i % 3);
    lac_data_take_labels(data, labels, 3, NULL);
    model = lac_check_fitted(check, context, data);
    out = lac_matrix_new(data->rows, 3, NULL);
    if (model != NULL && !lac_check_model(check)->predict(model, data, out, &error))
        lac_check_fail(check, "predict failed: %s",
                       error != NULL ? error->message : "(no error set)");
    for (size_t i = 0; model != NULL && error == NULL && i < out->rows; i++) {
        const double *q = lac_matrix_row(out, i);

        if (!(q[0] >= 0.0 && q[1] >= 0.0 && q[2] >= 0.0 && fabs(q[0] + q[1] + q[2] - 1.0) <= 1e-6))
            lac_check_fail(check, "row %zu: %g, %g, %g are no probabilities of three classes", i,
                           q[0], q[1], q[2]);
    }
    lac_instance_free(model);
}

static void
check_refusal_of(LacCheck *check, const char *what, gboolean done, const GError *error)
{
    if (done)
        lac_check_fail(check, "%s was taken without a word; refuse with LAC_ERROR_DATA", what);
    else
        lac_check_refusal(check, what, error);
}

static void
check_without_labels(LacCheck *check)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacData) data = lac_check_base(check, 1);
    LacModel *model = lac_check_instance(check->plugin, NULL, NULL);
    gboolean done;

    if (data != NULL) {
        lac_data_take_labels(data, NULL, 0, NULL);
        model->instance.context = context;
        done = lac_check_model(check)->fit(model, data, &error);
        check_refusal_of(check, "a table without labels", done, error);
    }
    lac_instance_free(model);
}

static void
check_predict_holes(LacCheck *check)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacData) data = lac_check_base(check, 1), raw = NULL, holed = NULL;
    g_autoptr(LacMatrix) out = NULL;
    LacModel *model = data != NULL ? lac_check_fitted(check, context, data) : NULL;
    gboolean done;

    if (model == NULL)
        return;
    raw = lac_check_table(data->image.channels > 0 ? LAC_TABLE_IMAGES : LAC_TABLE_PLAIN, 1);
    holed = lac_check_prepare(check->plugin, raw);
    out = lac_matrix_new(data->rows, data->n_classes, NULL);
    done = lac_check_model(check)->predict(model, holed, out, &error);
    check_refusal_of(check, "a row with a hole", done, error);
    lac_instance_free(model);
}

const LacCheckCase lac_check_classifier_cases[] = {
    {"takes its defaults and gives them back", lac_check_params_round_trip, 0},
    {"refuses bad parameters by name", lac_check_params_refused, 0},
    {"predicts probabilities", lac_check_predict, 0},
    {"gives the same bytes for the same seed", lac_check_same_seed, 0},
    {"agrees on 1 and 2 threads", lac_check_threads, 0},
    {"refuses a table without labels", check_without_labels, 0},
    {"refuses rows with holes", check_predict_holes, 0},
    {"stops fitting when cancelled", lac_check_cancelled_fit, 0},
    {"predicts the same after save and load", lac_check_save_load, 0},
    {"estimates costs that grow with the table", lac_check_cost, 0},
    {"frees what it allocates", lac_check_leak, 0},
    {NULL, NULL, 0},
};
