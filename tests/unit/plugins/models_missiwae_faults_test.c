/* missiwae's family under bad input, bad luck and impatience. */
#include "bundle-private.h"
#include "missiwae/example.h"

/* ---- parameters and tables ------------------------------------------------------------------- */

static void
expect_refused(const char *params, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacNode) node = lac_yaml_parse(params, strlen(params), "test", NULL);
    const LacPlugin *plugin = lac_plugin_find(LAC_PLUGIN_MODEL, "missiwae", NULL);
    LacInstance *instance = lac_instance_new(plugin, node, NULL, &error);

    EXPECT_TRUE(instance == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PARAM, message);
    if (instance != NULL)
        lac_instance_free(instance);
}

LAC_TEST(models_missiwae_faults, sizes_of_nothing_are_parameter_errors)
{
    expect_refused("{latent: 0}", "latent = 0 is outside [1, 4096]");
    expect_refused("{train_samples: 0}", "train_samples = 0 is outside [1, 100000]");
    expect_refused("{impute_samples: 0}", "impute_samples = 0 is outside [1, 10000000]");
    expect_refused("{hidden: [16, 0]}", "outside [1, 65536]");
    expect_refused("{level: 1}", "level = 1 is outside");
}

static const char *const members[] = {"missiwae", "missvae", "hivae", "not-miwae"};

LAC_TEST(models_missiwae_faults, one_row_is_enough)
{
    g_autoptr(LacData) row = harness_table(1, 3, (const double[]){1.0, NAN, -2.0});

    for (size_t k = 0; k < G_N_ELEMENTS(members); k++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Fitted) fitted =
            fitted_new(members[k], "{epochs: 2, impute_samples: 10}", row, 1, 1, &error);

        ASSERT_NO_ERROR(error);
        EXPECT_TRUE(fitted_fill(fitted, row) != NULL); /* no hole is left, observed untouched */
    }
}

LAC_TEST(models_missiwae_faults, a_table_without_any_cell_is_refused)
{
    g_autofree double *v = g_new(double, 12);

    for (size_t k = 0; k < 12; k++)
        v[k] = NAN;
    g_autoptr(LacData) table = harness_table(4, 3, v);

    for (size_t k = 0; k < G_N_ELEMENTS(members); k++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Fitted) fitted = fitted_new(members[k], "{epochs: 2}", table, 1, 1, &error);

        EXPECT_TRUE(fitted == NULL);
        EXPECT_ERROR(error, LAC_ERROR_DATA, "none of the 4 training rows has an observed cell");
    }
}

/* 32 rows with cells and 100 without: with q = p all weights of an empty row are equal */
LAC_TEST(models_missiwae_faults, rows_without_any_cell_are_filled_from_the_prior)
{
    g_autofree double *v = g_new(double, 3 * 132);

    for (size_t i = 0; i < 132; i++)
        for (size_t j = 0; j < 3; j++)
            v[3 * i + j] = i < 32 ? sin((double)(3 * i + j)) : NAN;
    g_autoptr(LacData) table = harness_table(132, 3, v);
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) fitted =
        fitted_new("missiwae", "{epochs: 3, batch: 8, impute_samples: 50}", table, 1, 1, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_TRUE(fitted_fill(fitted, table) != NULL);
}

LAC_TEST(models_missiwae_faults, a_batch_larger_than_what_validation_leaves_is_refused)
{
    g_autoptr(LacData) table = fitted_made(20, 3, 0.5, 0.2, 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) fitted =
        fitted_new("missvae", "{batch: 16, validation: 0.5}", table, 1, 1, &error);

    EXPECT_TRUE(fitted == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PARAM,
                 "batch: 16 is more than the 10 training rows left after validation");
}

/* ---- training -------------------------------------------------------------------------------- */

/* A table of noise, which a large net learns by heart: the held-out bound falls at first and then
 * rises, so that training ends early and the parameters are those of the best epoch. */
LAC_TEST(models_missiwae_faults, training_ends_when_the_held_out_bound_gets_no_better)
{
    enum { EPOCHS = 400, PATIENCE = 10 };
    g_autoptr(LacData) table = fitted_made(60, 6, 0.3, 0.2, 2);
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) fitted =
        fitted_new("missvae",
                   "{epochs: 400, validation: 0.3, patience: 10, latent: 6, hidden: [64], "
                   "batch: 6, likelihood: gaussian, impute_samples: 10}",
                   table, 1, 1, &error);
    size_t ran = 0, best = 0;
    double lowest = INFINITY;

    ASSERT_NO_ERROR(error);
    for (size_t epoch = 0; epoch < EPOCHS; epoch++) {
        const double loss = fitted_trace(fitted, "loss-validation", -1, epoch, 0);

        if (isnan(loss))
            break;
        ran++;
        if (loss < lowest) {
            lowest = loss;
            best = epoch + 1;
        }
    }
    EXPECT_EQ_INT(ran, best + PATIENCE);
    EXPECT_TRUE(ran < EPOCHS);
}

LAC_TEST(models_missiwae_faults, a_loss_that_explodes_is_told_with_step_loss_and_gradient)
{
    g_autoptr(LacData) table = fitted_made(64, 4, 0.5, 0.2, 3);
    g_autoptr(Harness) h = harness_new(
        LAC_PLUGIN_MODEL, "missiwae",
        "{epochs: 50, batch: 8, latent: 2, hidden: [8], activation: none, likelihood: gaussian}",
        1);
    g_autoptr(Harness) sgd = harness_new(LAC_PLUGIN_OPTIMIZER, "sgd", "{rate: 1e30}", 1);
    g_autoptr(GError) error = NULL;

    lac_context_set_optimizer(h->context, (const LacOptimizer *)sgd->instance);
    EXPECT_FALSE(harness_fit(h, table, &error));
    EXPECT_ERROR(error, LAC_ERROR_NUMERIC, "10 times in a row; the gradient is not a number in");
    EXPECT_CONTAINS(error->message, "step ");
    EXPECT_EQ_INT(harness_events(h, "non-finite"), 1);
}

/** Impatience: cancels @context after @wait us. */
typedef struct {
    LacContext *context;
    gulong wait;
    gint64 at;
} Impatience;

static gpointer
cancel_later(gpointer user)
{
    Impatience *self = user;

    g_usleep(self->wait);
    self->at = g_get_monotonic_time();
    lac_context_cancel(self->context);
    return NULL;
}

/* One step of 64 rows x 4000 samples through 784 columns takes many seconds; it is left within a
 * second of the request, since its pieces look for one. */
LAC_TEST(models_missiwae_faults, a_step_of_many_samples_is_left_when_cancelled)
{
    enum { ROWS = 64, COLS = 784 };
    g_autofree double *v = g_new(double, ROWS *COLS);

    for (size_t k = 0; k < ROWS * COLS; k++)
        v[k] = k % 3 == 0 ? NAN : sin((double)k);
    g_autoptr(LacData) table = harness_table(ROWS, COLS, v);
    g_autoptr(Harness) h =
        harness_new(LAC_PLUGIN_MODEL, "missiwae",
                    "{epochs: 2, batch: 64, train_samples: 4000, hidden: [500, 500], step_memory: "
                    "32, likelihood: gaussian}",
                    1);
    Impatience impatience = {h->context, 300000, 0};
    g_autoptr(GError) error = NULL;
    GThread *thread = g_thread_new("cancel", cancel_later, &impatience);
    const gboolean done = harness_fit(h, table, &error);
    const gint64 now = g_get_monotonic_time();

    g_thread_join(thread);
    EXPECT_FALSE(done);
    EXPECT_ERROR(error, LAC_ERROR_CANCELLED, "stopped on request");
    /* not a measurement of speed: without the pieces' looking the step takes half a minute */
    EXPECT_TRUE(now - impatience.at < 10 * G_USEC_PER_SEC);
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

/* A fitted model's file in memory, block by block. */
static LacBundle *
saved(const char *model, const LacData *table)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) fitted =
        fitted_new(model, "{epochs: 1, impute_samples: 5, latent: 2}", table, 1, 1, &error);
    LacBundle *bundle = lac_bundle_new();

    g_assert_no_error(error);
    fitted->plugin->save(fitted->model, bundle, NULL);
    return bundle;
}

static gboolean
loads(const char *model, const LacBundle *bundle, GError **error)
{
    g_autoptr(Harness) h =
        harness_new(LAC_PLUGIN_MODEL, model, "{impute_samples: 5, latent: 2}", 1);

    return ((const LacModelPlugin *)h->instance->plugin)
        ->load(LAC_CAST(LacModel, h->instance), bundle, error);
}

/* A copy of a block, with the first number replaced by one that nothing takes where @spoilt. */
static void
copy_block(LacBundle *to, const BundleBlock *block, gboolean spoilt)
{
    const size_t n = lac_bundle_block_size(block);

    if (block->type == BUNDLE_I64) {
        g_autofree int64_t *v = g_memdup2(block->values, n * sizeof *v);

        if (spoilt && n > 0)
            v[0] = -1;
        lac_bundle_put_i64(to, block->name, block->shape[0], block->shape[1], v);
    } else if (block->type == BUNDLE_F64) {
        g_autofree double *v = g_memdup2(block->values, n * sizeof *v);

        if (spoilt && n > 0)
            v[0] = NAN;
        lac_bundle_put_doubles(to, block->name, block->shape[0], block->shape[1], v);
    } else {
        g_autofree float *v = g_memdup2(block->values, n * sizeof *v);

        if (spoilt && n > 0)
            v[0] = NAN;
        lac_bundle_put_floats(to, block->name, block->dims, block->shape, v);
    }
}

static LacBundle *
copy_bundle(const LacBundle *from, gssize without, gssize spoilt)
{
    LacBundle *to = lac_bundle_new();

    for (guint k = 0; k < from->blocks->len; k++)
        if ((gssize)k != without)
            copy_block(to, from->blocks->pdata[k], (gssize)k == spoilt);
    return to;
}

LAC_TEST(models_missiwae_faults, a_file_that_lacks_or_spoils_a_block_is_refused_by_its_name)
{
    static const double v[] = {1, 0, 2, NAN, 1, 1, 0.5, 1, 0, 2, 2, NAN, 1.5, NAN, 3, -1, 0, 0};

    for (size_t m = 0; m < 3; m++) {
        g_autoptr(LacData) table = fitted_table(6, 3, v, "cbo");
        g_autoptr(LacBundle) good = saved(members[m], table);

        EXPECT_TRUE(loads(members[m], good, NULL));
        for (guint k = 0; k < good->blocks->len; k++) {
            const BundleBlock *block = good->blocks->pdata[k];
            g_autoptr(GError) lacking = NULL, spoiling = NULL;
            g_autoptr(LacBundle) shorter = copy_bundle(good, (gssize)k, -1);
            g_autoptr(LacBundle) spoilt = copy_bundle(good, -1, (gssize)k);

            EXPECT_FALSE(loads(members[m], shorter, &lacking));
            EXPECT_ERROR(lacking, LAC_ERROR_DATA, block->name);
            if (lac_bundle_block_size(block) == 0)
                continue;
            EXPECT_FALSE(loads(members[m], spoilt, &spoiling));
            EXPECT_ERROR(spoiling, LAC_ERROR_DATA, block->name);
        }
    }
}

LAC_TEST(models_missiwae_faults, a_file_of_another_model_is_refused)
{
    g_autoptr(LacData) table = fitted_made(10, 3, 0.5, 0.2, 1);
    g_autoptr(LacBundle) other = saved("hivae", table);
    g_autoptr(GError) error = NULL;

    EXPECT_FALSE(loads("missiwae", other, &error));
    EXPECT_ERROR(error, LAC_ERROR_DATA, "net.");
}
