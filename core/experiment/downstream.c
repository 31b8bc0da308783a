/* A classifier behind the imputation: what the file says of it, and how a cell runs it. */
#include "downstream.h"
#include "choice.h"
#include "sweep.h"
#include "work.h"

#include <lacuna/scoring.h>
#include <math.h>
#include <string.h>

enum {
    MAX_IMPUTATIONS = 10000,
};

/* ---- the block ------------------------------------------------------------------------------- */

static const char *const tables[] = {"imputed", "original", "reconstructed"};

const char *
lac_downstream_table_name(LacDownstreamTable table)
{
    return tables[table];
}

/* @out stays as it is when the key is absent. */
static gboolean
parse_table(const LacNode *block, const char *key, LacDownstreamTable *out, GError **error)
{
    const LacNode *node = lac_node_get(block, key);

    if (node == NULL)
        return TRUE;
    for (guint k = 0; k < G_N_ELEMENTS(tables); k++)
        if (g_strcmp0(node->text, tables[k]) == 0) {
            *out = (LacDownstreamTable)k;
            return TRUE;
        }
    return lac_node_fail(error, node,
                         "downstream.%s: '%s' is not known; expected original, imputed or "
                         "reconstructed",
                         key, node->text != NULL ? node->text : lac_node_type_name(node->type));
}

static gboolean
parse_count(const LacNode *node, const char *key, size_t *out, GError **error)
{
    if (node->type != LAC_NODE_INT || node->integer < 1 || node->integer > MAX_IMPUTATIONS)
        return lac_node_fail(error, node, "downstream.%s: '%s' is not a whole number of 1 .. %d",
                             key, node->text != NULL ? node->text : lac_node_type_name(node->type),
                             MAX_IMPUTATIONS);
    *out = (size_t)node->integer;
    return TRUE;
}

/* One number, or a list of alternatives. */
static gboolean
parse_imputations(LacExperiment *e, const LacNode *block, GError **error)
{
    const LacNode *node = lac_node_get(block, "imputations");
    const gboolean is_list = node != NULL && node->type == LAC_NODE_LIST;
    const size_t n = node == NULL ? 0 : is_list ? node->n : 1;
    size_t count = 1;

    e->downstream.imputations = g_array_new(FALSE, FALSE, sizeof(size_t));
    if (node == NULL)
        g_array_append_val(e->downstream.imputations, count);
    else if (n == 0)
        return lac_node_fail(error, node, "downstream.imputations: the list is empty");
    for (size_t i = 0; i < n; i++) {
        if (!parse_count(is_list ? node->items[i] : node, "imputations", &count, error))
            return FALSE;
        for (guint k = 0; k < e->downstream.imputations->len; k++)
            if (g_array_index(e->downstream.imputations, size_t, k) == count)
                return lac_node_fail(error, node->items[i],
                                     "downstream.imputations: %zu is listed twice", count);
        g_array_append_val(e->downstream.imputations, count);
    }
    return TRUE;
}

static gboolean
parse_training(LacExperiment *e, const LacNode *block, GError **error)
{
    const LacNode *count = lac_node_get(block, "train_imputations"),
                  *rotate = lac_node_get(block, "rotate");

    if (count != NULL &&
        !parse_count(count, "train_imputations", &e->downstream.train_imputations, error))
        return FALSE;
    if (rotate != NULL && rotate->type != LAC_NODE_BOOL)
        return lac_node_fail(error, rotate, "downstream.rotate is %s, expected true or false",
                             lac_node_type_name(rotate->type));
    e->downstream.rotate = rotate != NULL && rotate->number != 0.0;
    if (e->downstream.train_on == LAC_TABLE_ORIGINAL && (count != NULL || e->downstream.rotate))
        return lac_node_fail(
            error, count != NULL ? count : rotate,
            "downstream: with `train_on: original` nothing imputed is learnt from, "
            "so train_imputations and rotate say nothing");
    return TRUE;
}

static gboolean
parse_components(LacExperiment *e, const LacNode *block, GError **error)
{
    const LacNode *model = lac_node_get(block, "model"),
                  *optimizer = lac_node_get(block, "optimizer");
    const LacRng root = lac_rng_new((uint64_t)e->seed), rng = lac_rng_split(&root, "random search");
    LacDownstream *d = &e->downstream;
    gboolean steps = FALSE;

    if (model == NULL)
        return lac_node_fail(error, block,
                             "downstream: the key 'model' is missing; name a classifier, as in "
                             "`downstream: {model: mlp}`");
    d->models = lac_choices_parse(model, LAC_PLUGIN_MODEL, "downstream.model", e->base_dir, &rng,
                                  e->search.draws, error);
    if (d->models == NULL)
        return FALSE;
    for (guint i = 0; i < d->models->len; i++)
        steps |= lac_choice_uses_optimizer(d->models->pdata[i]);
    if (optimizer != NULL)
        d->optimizers = lac_choices_parse(optimizer, LAC_PLUGIN_OPTIMIZER, "downstream.optimizer",
                                          e->base_dir, &rng, e->search.draws, error);
    else if (steps)
        d->optimizers =
            lac_choices_default(LAC_PLUGIN_OPTIMIZER, LAC_OPTIMIZER_DEFAULT, block, error);
    return d->optimizers != NULL || (optimizer == NULL && !steps);
}

gboolean
lac_downstream_parse(LacExperiment *e, GError **error)
{
    static const char *const known[] = {"model",       "optimizer",         "train_on", "test_on",
                                        "imputations", "train_imputations", "rotate",   NULL};
    const LacNode *block = lac_node_get(e->root, "downstream");

    if (block == NULL || block->type == LAC_NODE_NULL)
        return TRUE;
    return lac_node_check_keys(block, "downstream", known, error) &&
           parse_table(block, "train_on", &e->downstream.train_on, error) &&
           parse_table(block, "test_on", &e->downstream.test_on, error) &&
           parse_imputations(e, block, error) && parse_training(e, block, error) &&
           parse_components(e, block, error) &&
           /* rows learnt from cannot also judge */
           (lac_experiment_holds_out(e) ||
            lac_node_fail(error, block,
                          "downstream: with `split: none` the classifier would be tested on "
                          "the rows it learnt from; use `split: {kfold: 5}` or "
                          "`split: {holdout: 0.2}`"));
}

/* ---- tables ---------------------------------------------------------------------------------- */

/* How many completions there are of @asked: those of a model that cannot draw are all the same. */
static size_t
completions(const LacWork *work, size_t asked)
{
    if (asked == 1 || lac_imputer_can_sample(work->imputer))
        return asked;
    lac_context_event(
        work->context, "single-completion", -1,
        "the model gives one completion and no draws, so the classifier had 1 instead "
        "of %zu",
        asked);
    return 1;
}

/* Of the training rows. */
static size_t
training_completions(const LacWork *work)
{
    const LacDownstream *d = &work->experiment->downstream;

    return completions(work,
                       d->train_imputations > 0 ? d->train_imputations : work->cell->imputations);
}

/* Completion @draw of @of of the raw table @in, or, with @table, the model's output for all cells.
 */
static gboolean
complete(LacWork *work, const LacData *in, LacDownstreamTable table, size_t draw, size_t of,
         LacMatrix *out, GError **error)
{
    if (table == LAC_TABLE_RECONSTRUCTED && lac_imputer_can_reconstruct(work->imputer))
        return lac_imputer_reconstruct(work->imputer, in, of == 1 ? -1 : (gssize)draw, out, error);
    return of == 1 ? lac_imputer_fill(work->imputer, in, out, error)
                   : lac_imputer_sample(work->imputer, in, draw, out, error);
}

/* @m completions of @in, one below the other, with the labels of its rows. */
static LacData *
stack_completions(LacWork *work, const LacData *in, size_t m, GError **error)
{
    g_autofree size_t *rows = g_new(size_t, in->rows * m + 1);
    g_autofree double *values =
        lac_try_alloc(in->rows * m * in->cols, sizeof *values, "imputed training rows", error);
    g_autoptr(LacData) repeated = NULL;

    for (size_t i = 0; i < in->rows * m; i++)
        rows[i] = i % in->rows;
    if (values == NULL)
        return NULL;
    for (size_t d = 0; d < m; d++) {
        LacMatrix part = {in->rows, in->cols, in->cols, values + d * in->rows * in->cols};

        if (!complete(work, in, work->experiment->downstream.train_on, d, m, &part, error))
            return NULL;
    }
    repeated = lac_data_select_rows(in, in->rows * m, rows, error);
    return repeated != NULL ? lac_data_with_values_take(repeated, g_steal_pointer(&values), error)
                            : NULL;
}

/* The completion that epoch @epoch learns from. */
static LacData *
pass_table(void *user, size_t epoch, GError **error)
{
    LacWork *work = user;
    const size_t m = work->learns_from;
    g_autofree double *values = lac_try_alloc(work->train->rows * work->train->cols, sizeof *values,
                                              "an epoch's rows", error);
    LacMatrix out = {work->train->rows, work->train->cols, work->train->cols, values};

    if (values == NULL || !complete(work, work->train, work->experiment->downstream.train_on,
                                    epoch % m, m, &out, error))
        return NULL;
    return lac_data_with_values_take(work->train, g_steal_pointer(&values), error);
}

static gboolean
check_original(const LacData *table, const char *key, GError **error)
{
    size_t holes = lac_mask_count(table->holes);

    if (holes == 0)
        return TRUE;
    return lac_fail(error, LAC_ERROR_DATA,
                    "%s: %zu cells are missing in the data themselves, and a classifier wants "
                    "complete rows; use `%s: imputed`",
                    table->origin, holes, key);
}

static LacData *
training_table(LacWork *work, const LacData *truth, GError **error)
{
    g_autoptr(LacData) original = NULL;

    if (work->experiment->downstream.train_on != LAC_TABLE_ORIGINAL)
        return work->experiment->downstream.rotate
                   ? pass_table(work, 0, error)
                   : stack_completions(work, work->train, work->learns_from, error);
    original = lac_data_select_rows(truth, work->split->n_train, work->split->train, error);
    if (original == NULL || !check_original(original, "train_on", error))
        return NULL;
    return g_steal_pointer(&original);
}

/* ---- the classifier -------------------------------------------------------------------------- */

static gboolean
make_classifier(LacWork *work, const LacRng *rng, GError **error)
{
    const LacExperiment *e = work->experiment;
    LacModel *model = lac_work_instance(e, work->cell->classifier, error);
    LacOptimizer *optimizer = NULL;

    if (model == NULL)
        return FALSE;
    if (work->cell->classifier_optimizer != NULL) {
        optimizer = lac_work_instance(e, work->cell->classifier_optimizer, error);
        if (optimizer == NULL) {
            lac_instance_free(model);
            return FALSE;
        }
    }
    work->classifier_context = lac_context_new(*rng);
    lac_context_set_check_numerics(work->classifier_context,
                                   lac_context_check_numerics(work->context));
    if (work->classifier_share.report != NULL)
        lac_context_set_progress(work->classifier_context, lac_share_report,
                                 &work->classifier_share);
    if (e->limit_mib > 0)
        lac_context_set_memory(work->classifier_context, (size_t)(e->limit_mib * 1024.0 * 1024.0));
    work->classifier = lac_imputer_new(model, NULL, work->cell->scale, work->classifier_context);
    if (optimizer != NULL)
        lac_imputer_set_optimizer(work->classifier, optimizer);
    if (e->downstream.rotate)
        lac_imputer_set_passes(work->classifier, pass_table, work);
    return TRUE;
}

static gboolean
check_labels(const LacData *data, GError **error)
{
    for (size_t i = 0; data->labels != NULL && i < data->rows; i++)
        if (data->labels[i] >= 0)
            return TRUE;
    return lac_fail(error, LAC_ERROR_DATA,
                    "%s: no row has a label, so the downstream classifier has nothing to learn; "
                    "name the labels in the reader, as in `csv: {path: ..., label: species}`",
                    data->origin);
}

/* Said once of a cell; white holes and the like are what they are. */
static void
tell_completions_only(const LacWork *work)
{
    const LacDownstream *d = &work->experiment->downstream;

    if ((d->train_on == LAC_TABLE_RECONSTRUCTED || d->test_on == LAC_TABLE_RECONSTRUCTED) &&
        !lac_imputer_can_reconstruct(work->imputer))
        lac_context_event(work->context, "no-reconstruction", -1,
                          "%s gives completions only, so the classifier had these instead of "
                          "reconstructed rows",
                          lac_imputer_model_name(work->imputer));
}

/* Adds the class probabilities of completion @draw of @of to work->prediction. */
static gboolean
predict_completion(LacWork *work, size_t draw, size_t of, LacMatrix *values, LacMatrix *chances,
                   GError **error)
{
    g_autoptr(LacData) table = NULL;
    double *copy;

    if (!complete(work, work->test, work->experiment->downstream.test_on, draw, of, values, error))
        return FALSE;
    copy = lac_try_alloc(values->rows * values->cols, sizeof *copy, "imputed test rows", error);
    if (copy == NULL)
        return FALSE;
    for (size_t i = 0; i < values->rows; i++)
        memcpy(copy + i * values->cols, lac_matrix_row(values, i), values->cols * sizeof *copy);
    table = lac_data_with_values_take(work->test, copy, error);
    if (table == NULL || !lac_imputer_predict(work->classifier, table, chances, error))
        return FALSE;
    for (size_t i = 0; i < chances->rows; i++)
        for (size_t k = 0; k < chances->cols; k++)
            lac_matrix_row(work->prediction, i)[k] += lac_matrix_row(chances, i)[k] / (double)of;
    return TRUE;
}

/* Share of the labelled test rows that come out right over the completions so far: what more of
 * them would add. */
static void
trace_accuracy(const LacWork *work, size_t draw)
{
    const LacScoring in = {.truth = work->test_truth, .prediction = work->prediction};
    size_t right = 0, labelled = 0;

    for (size_t i = 0; i < work->test->rows; i++) {
        if (!lac_scoring_is_labelled(&in, i))
            continue;
        labelled++;
        right += lac_scoring_class(&in, i) == (size_t)work->test_truth->labels[i] ? 1 : 0;
    }
    if (labelled > 0)
        lac_context_trace(work->classifier_context, "accuracy by draws", -1, draw, 0,
                          (double)right / (double)labelled);
}

static gboolean
predict_tests(LacWork *work, GError **error)
{
    const LacData *test = work->test;
    g_autoptr(LacMatrix) values = NULL, chances = NULL;
    size_t m;

    work->prediction = lac_matrix_new(test->rows, test->n_classes, error);
    if (work->prediction == NULL)
        return FALSE;
    if (work->experiment->downstream.test_on == LAC_TABLE_ORIGINAL)
        return check_original(work->test_truth, "test_on", error) &&
               lac_imputer_predict(work->classifier, work->test_truth, work->prediction, error);
    m = completions(work, work->cell->imputations);
    for (size_t i = 0; i < test->rows; i++)
        memset(lac_matrix_row(work->prediction, i), 0, test->n_classes * sizeof(double));
    values = lac_matrix_new(test->rows, test->cols, error);
    chances = values != NULL ? lac_matrix_new(test->rows, test->n_classes, error) : NULL;
    for (size_t d = 0; chances != NULL && d < m; d++) {
        if (!predict_completion(work, d, m, values, chances, error))
            return FALSE;
        if (m > 1)
            trace_accuracy(work, d);
    }
    return chances != NULL;
}

/* Row number in the data (from 1), label and predicted class (codes from 0): what the report
 * compares methods by, row for row. */
static void
keep_predictions(LacWork *work)
{
    const LacScoring in = {.truth = work->test_truth, .prediction = work->prediction};
    GString *text = g_string_new("row,label,predicted\n");

    for (size_t i = 0; i < work->test->rows; i++)
        if (lac_scoring_is_labelled(&in, i))
            g_string_append_printf(text, "%zu,%d,%zu\n", work->split->test[i] + 1,
                                   work->test_truth->labels[i], lac_scoring_class(&in, i));
    lac_outcome_take_artifact(work->outcome, "predictions.csv", g_string_free_to_bytes(text));
}

static gboolean
train_classifier(LacWork *work, const LacData *truth, const LacRng *rng, GError **error)
{
    g_autoptr(LacData) train = NULL;

    if (!make_classifier(work, rng, error))
        return FALSE;
    if (work->experiment->downstream.train_on != LAC_TABLE_ORIGINAL)
        work->learns_from = training_completions(work);
    train = training_table(work, truth, error);
    if (train == NULL || !lac_imputer_fit(work->classifier, train, error))
        return FALSE;
    if (work->experiment->downstream.rotate) /* there is no further epoch */
        lac_imputer_set_passes(work->classifier, NULL, NULL);
    lac_context_mark(work->classifier_context);
    return TRUE;
}

gboolean
lac_work_downstream(LacWork *work, const LacData *truth, const LacRng *rng, GError **error)
{
    if (work->cell->classifier == NULL)
        return TRUE;
    if (!check_labels(work->train, error))
        return FALSE;
    tell_completions_only(work);
    if ((work->classifier == NULL && !train_classifier(work, truth, rng, error)) ||
        !predict_tests(work, error)) {
        g_prefix_error(error, "downstream: ");
        return FALSE;
    }
    keep_predictions(work);
    return TRUE;
}
