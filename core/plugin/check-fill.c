/* Cases that models and initial imputers share: both complete tables. */
#include "check-private.h"

#include <math.h>
#include <string.h>

/* room behind each row of a result, to see whether somebody writes there */
#define ROW_ROOM 3

gboolean
lac_check_is(const LacPlugin *plugin, LacModelTraits trait)
{
    LacModel *model;
    gboolean has;

    if (plugin->kind != LAC_PLUGIN_MODEL)
        return FALSE;
    model = lac_check_instance(plugin, NULL, NULL);
    has = model != NULL && (lac_model_traits(model) & trait) != 0;
    lac_instance_free(model);
    return has;
}

LacData *
lac_check_prepare(const LacPlugin *plugin, const LacData *data)
{
    g_autoptr(LacEncoder) encoder = lac_encoder_new(data->schema);

    if (lac_encoder_is_identity(encoder) || plugin->kind != LAC_PLUGIN_MODEL ||
        lac_check_is(plugin, LAC_MODEL_KINDS))
        return lac_data_ref((LacData *)data);
    return lac_encoder_apply(encoder, data, NULL);
}

gboolean
lac_check_predicts(const LacPlugin *plugin)
{
    return plugin->kind == LAC_PLUGIN_MODEL && ((const LacModelPlugin *)plugin)->fill == NULL;
}

void
lac_check_label(LacData *data)
{
    int32_t *labels = g_new(int32_t, data->rows + 1);

    for (size_t i = 0; i < data->rows; i++)
        labels[i] = i % 9 == 8 ? 2 : lac_data_at(data, i, 0) > lac_data_at(data, i, 1) ? 1 : 0;
    lac_data_take_labels(data, labels, 3, NULL);
}

static LacMatrix *
result_new(size_t rows, size_t cols)
{
    LacMatrix *m = lac_matrix_new(rows, cols + ROW_ROOM, NULL);

    for (size_t k = 0; k < rows * m->stride; k++)
        m->v[k] = NAN;
    m->cols = cols;
    return m;
}

static gboolean
complete_model(LacModel *model, const LacCheckRun *run, const LacData *train, const LacData *in,
               LacMatrix *out, GError **error)
{
    const LacModelPlugin *plugin = (const LacModelPlugin *)model->instance.plugin;

    if (!plugin->fit(model, train, error))
        return FALSE;
    if (run->draw >= 0)
        return plugin->sample(model, in, (size_t)run->draw, out, error);
    if (plugin->fill == NULL)
        return plugin->predict(model, in, out, error);
    return plugin->fill(model, in, out, error);
}

static gboolean
complete_initial(LacInitial *initial, LacContext *context, const LacData *train, const LacData *in,
                 LacMatrix *out, GError **error)
{
    const LacInitialPlugin *plugin = (const LacInitialPlugin *)initial->instance.plugin;

    initial->rng = lac_context_rng(context, "initial");
    return plugin->fill(initial, train, in, out, error);
}

LacMatrix *
lac_check_complete(const LacPlugin *plugin, const LacCheckRun *run, const LacData *train,
                   const LacData *in, GError **error)
{
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(run->seed));
    g_autoptr(LacMatrix) out =
        result_new(in->rows, lac_check_predicts(plugin) ? train->n_classes : in->cols);
    gpointer instance = lac_check_instance(plugin, run->set, error);
    gboolean ok;

    if (instance == NULL)
        return NULL;
    lac_threads_set(run->threads);
    lac_context_set_draws(context, run->draws);
    ((LacInstance *)instance)->context = context;
    ok = plugin->kind == LAC_PLUGIN_MODEL
             ? complete_model(instance, run, train, in, out, error)
             : complete_initial(instance, context, train, in, out, error);
    lac_instance_free(instance);
    return ok ? g_steal_pointer(&out) : NULL;
}

/* The table as this kind of model wants it: with holes, or complete with labels. */
static LacData *
raw_table(const LacPlugin *plugin, LacTableShape shape, uint64_t seed)
{
    LacData *data =
        lac_check_predicts(plugin) ? lac_check_truth(shape, seed) : lac_check_table(shape, seed);

    if (lac_check_predicts(plugin))
        lac_check_label(data);
    return data;
}

LacData *
lac_check_base(LacCheck *check, uint64_t seed)
{
    static const LacTableShape shapes[] = {LAC_TABLE_PLAIN, LAC_TABLE_IMAGES};
    g_autoptr(GString) reasons = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(LacData) raw = raw_table(check->plugin, shapes[i], seed);
        g_autoptr(LacData) data = lac_check_prepare(check->plugin, raw);
        g_autoptr(LacMatrix) out =
            lac_check_complete(check->plugin, &LAC_CHECK_RUN_PLAIN, data, data, &error);

        if (out != NULL)
            return g_steal_pointer(&data);
        g_string_append_printf(reasons, "%s%s", i > 0 ? ", " : "",
                               error != NULL ? error->message : "(no error set)");
    }
    lac_check_fail(check, "it completes neither a table of 60 x 6 numbers nor 8 x 8 images: %s",
                   reasons->str);
    return NULL;
}

static gboolean
same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

gboolean
lac_check_completed(LacCheck *check, const char *what, const LacData *in, const LacMatrix *out)
{
    for (size_t i = 0; i < in->rows; i++) {
        const double *row = lac_matrix_row(out, i);

        for (size_t j = 0; j < in->cols; j++) {
            if (!lac_data_is_hole(in, i, j) && !same_bits(row[j], lac_data_at(in, i, j))) {
                lac_check_fail(check,
                               "%s: observed cell (%zu, %zu) came back as %.17g, it was %.17g",
                               what, i, j, row[j], lac_data_at(in, i, j));
                return FALSE;
            }
            if (!isfinite(row[j])) {
                lac_check_fail(check, "%s: hole (%zu, %zu) was filled with %g", what, i, j, row[j]);
                return FALSE;
            }
        }
        for (size_t j = in->cols; j < out->stride; j++) {
            if (!isnan(row[j])) {
                lac_check_fail(check,
                               "%s: wrote behind the last column of row %zu; use the "
                               "matrix's stride",
                               what, i);
                return FALSE;
            }
        }
    }
    return TRUE;
}

gboolean
lac_check_same(const LacMatrix *a, const LacMatrix *b, double tolerance, size_t *row, size_t *col)
{
    for (size_t i = 0; i < a->rows; i++) {
        for (size_t j = 0; j < a->cols; j++) {
            const double x = lac_matrix_row(a, i)[j], y = lac_matrix_row(b, i)[j];
            const gboolean same =
                tolerance == 0.0 ? same_bits(x, y) : fabs(x - y) <= tolerance * fmax(1.0, fabs(y));

            if (!same) {
                *row = i;
                *col = j;
                return FALSE;
            }
        }
    }
    return TRUE;
}

void
lac_check_completes(LacCheck *check)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = lac_check_base(check, 1);
    g_autoptr(LacMatrix) out = NULL;

    if (data == NULL)
        return;
    out = lac_check_complete(check->plugin, &LAC_CHECK_RUN_PLAIN, data, data, &error);
    if (out == NULL)
        lac_check_fail(check, "a second run failed: %s", error->message);
    else
        lac_check_completed(check, lac_check_table_name(LAC_TABLE_PLAIN), data, out);
}

/* Runs twice as told and compares. */
static void
compare_runs(LacCheck *check, const LacCheckRun *first, const LacCheckRun *second, double tolerance,
             const char *what)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = lac_check_base(check, 1);
    g_autoptr(LacMatrix) a = NULL, b = NULL;
    size_t i, j;

    if (data == NULL)
        return;
    a = lac_check_complete(check->plugin, first, data, data, &error);
    if (a != NULL)
        b = lac_check_complete(check->plugin, second, data, data, &error);
    if (a == NULL || b == NULL) {
        lac_check_fail(check, "%s: a run failed: %s", what, error->message);
        return;
    }
    if (!lac_check_same(a, b, tolerance, &i, &j))
        lac_check_fail(check, "%s: cell (%zu, %zu) is %.17g and %.17g", what, i, j,
                       lac_matrix_row(a, i)[j], lac_matrix_row(b, i)[j]);
}

void
lac_check_same_seed(LacCheck *check)
{
    LacCheckRun other = LAC_CHECK_RUN_PLAIN;

    compare_runs(check, &LAC_CHECK_RUN_PLAIN, &LAC_CHECK_RUN_PLAIN, 0.0, "two runs of one seed");
    other.seed = 2;
    if (lac_check_is(check->plugin, LAC_MODEL_DETERMINISTIC))
        compare_runs(check, &LAC_CHECK_RUN_PLAIN, &other, 0.0,
                     "it says LAC_MODEL_DETERMINISTIC; seeds 1 and 2");
}

void
lac_check_threads(LacCheck *check)
{
    LacCheckRun two = LAC_CHECK_RUN_PLAIN;

    two.threads = 2;
    /* rounding of reordered sums, amplified by iterating */
    compare_runs(check, &LAC_CHECK_RUN_PLAIN, &two, 1e-6, "1 and 2 threads");
}

void
lac_check_new_rows(LacCheck *check)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) train = NULL, other = NULL;
    g_autoptr(LacMatrix) out = NULL;

    if (lac_check_is(check->plugin, LAC_MODEL_TRANSDUCTIVE)) {
        lac_check_note(check, "not asked: it says LAC_MODEL_TRANSDUCTIVE");
        return;
    }
    train = lac_check_base(check, 1);
    other = train != NULL ? lac_check_base(check, 2) : NULL;
    if (other == NULL)
        return;
    out = lac_check_complete(check->plugin, &LAC_CHECK_RUN_PLAIN, train, other, &error);
    if (out == NULL)
        lac_check_fail(check, "rows it was not fitted on were refused: %s", error->message);
    else
        lac_check_completed(check, "new rows", other, out);
}

void
lac_check_no_holes(LacCheck *check)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) base = lac_check_base(check, 1);
    g_autoptr(LacData) raw = NULL, data = NULL;
    g_autoptr(LacMatrix) out = NULL;

    if (base == NULL)
        return;
    raw = lac_check_truth(base->image.channels > 0 ? LAC_TABLE_IMAGES : LAC_TABLE_COMPLETE, 1);
    data = lac_check_prepare(check->plugin, raw);
    out = lac_check_complete(check->plugin, &LAC_CHECK_RUN_PLAIN, data, data, &error);
    if (out == NULL)
        lac_check_fail(check, "a table without holes was refused: %s", error->message);
    else
        lac_check_completed(check, "a table without holes", data, out);
}

void
lac_check_odd_table(LacCheck *check)
{
    const char *what = lac_check_table_name(check->shape);
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) raw = lac_check_table(check->shape, 1);
    g_autoptr(LacData) data = lac_check_prepare(check->plugin, raw);
    g_autoptr(LacMatrix) out =
        lac_check_complete(check->plugin, &LAC_CHECK_RUN_PLAIN, data, data, &error);

    if (out != NULL)
        lac_check_completed(check, what, data, out);
    else
        lac_check_refusal(check, what, error);
}
