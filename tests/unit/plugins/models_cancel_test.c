/* Cancelled in the middle of long work on images: training, filling, drawing and predicting end
 * soon, all with the error that says so. */
#include "fitted.h"
#include "harness.h"
#include "lac_sanitized.h"

#include <time.h>

enum { SIDE = 28, PIXELS = SIDE * SIDE, CLASSES = 10, WAIT_US = 200000 };

/* ---- images ---------------------------------------------------------------------------------- */

/* Noise, a third of the pixels missing when @holed; labels in turn. */
static LacData *
images(size_t rows, gboolean holed)
{
    double *v = g_new(double, rows *PIXELS);
    int32_t *labels = g_new(int32_t, rows);
    LacRng rng = lac_rng_new(7);
    LacData *data;

    for (size_t k = 0; k < rows * PIXELS; k++) {
        v[k] = lac_rng_uniform(&rng) < 0.5 ? 0.0 : 1.0;
        if (holed && k % 3 == 0)
            v[k] = NAN;
    }
    for (size_t i = 0; i < rows; i++)
        labels[i] = (int32_t)(i % CLASSES);
    data = lac_data_new_take(lac_schema_new(PIXELS), rows, v, "images", NULL);
    lac_data_set_image(data, (LacImageShape){1, SIDE, SIDE});
    lac_data_take_labels(data, labels, CLASSES, NULL);
    return data;
}

/* ---- impatience ------------------------------------------------------------------------------ */

/* Of the processor, by this process: other work on the machine does not count. */
static double
seconds_spent(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/** Impatience: cancels @context WAIT_US from now; @spent: seconds_spent() until then. */
typedef struct {
    LacContext *context;
    double spent;
} Impatience;

static gpointer
cancel_later(gpointer user)
{
    Impatience *self = user;

    g_usleep(WAIT_US);
    self->spent = seconds_spent();
    lac_context_cancel(self->context);
    return NULL;
}

typedef gboolean (*Work)(LacModel *model, const LacData *in, GError **error);

static gboolean
work_fit(LacModel *model, const LacData *in, GError **error)
{
    return ((const LacModelPlugin *)model->instance.plugin)->fit(model, in, error);
}

static gboolean
work_fill(LacModel *model, const LacData *in, GError **error)
{
    g_autoptr(LacMatrix) out = lac_matrix_new(in->rows, in->cols, NULL);

    return ((const LacModelPlugin *)model->instance.plugin)->fill(model, in, out, error);
}

static gboolean
work_sample(LacModel *model, const LacData *in, GError **error)
{
    g_autoptr(LacMatrix) out = lac_matrix_new(in->rows, in->cols, NULL);

    return ((const LacModelPlugin *)model->instance.plugin)->sample(model, in, 0, out, error);
}

static gboolean
work_density(LacModel *model, const LacData *in, GError **error)
{
    g_autoptr(LacData) truth = images(in->rows, FALSE);
    g_autofree double *out = g_new(double, in->rows);

    return ((const LacModelPlugin *)model->instance.plugin)
        ->log_density(model, in, truth, out, error);
}

static gboolean
work_predict(LacModel *model, const LacData *in, GError **error)
{
    g_autoptr(LacMatrix) out = lac_matrix_new(in->rows, in->n_classes, NULL);

    return ((const LacModelPlugin *)model->instance.plugin)->predict(model, in, out, error);
}

/* The wait asked for is a second; this allows for slow machines. Each of these works for a minute
 * at least when nobody stops it. */
static void
expect_leaves(LacModel *model, Work work, const LacData *in)
{
    Impatience impatience = {model->instance.context, 0.0};
    g_autoptr(GError) error = NULL;
    GThread *thread = g_thread_new("cancel", cancel_later, &impatience);
    const gboolean done = work(model, in, &error);
    const double spent = seconds_spent();

    g_thread_join(thread);
    EXPECT_FALSE(done);
    EXPECT_ERROR(error, LAC_ERROR_CANCELLED, "stopped on request");
    EXPECT_TRUE(spent - impatience.spent < LAC_REPEATS(5.0, 50.0));
}

static void
expect_leaves_fit(const char *name, const char *yaml, const LacData *in)
{
    g_autoptr(Harness) h = harness_new(LAC_PLUGIN_MODEL, name, yaml, 1);

    expect_leaves(LAC_CAST(LacModel, h->instance), work_fit, in);
}

/* ---- rows ------------------------------------------------------------------------------------ */

LAC_TEST(models_cancel, training_on_images_ends)
{
    g_autoptr(LacData) holed = images(1000, TRUE), whole = images(1000, FALSE);

    expect_leaves_fit("missiwae", "{shape: conv, train_samples: 50, epochs: 99}", holed);
    expect_leaves_fit("dvae", "{hidden: [1024, 1024], target: observed, epochs: 999}", holed);
    expect_leaves_fit("cnn", "{epochs: 999, batch: 500}", whole);
}

LAC_TEST(models_cancel, many_samples_of_images_end)
{
    static const Work works[] = {work_fill, work_sample, work_density};
    g_autoptr(LacData) few = images(10, TRUE), many = images(1000, TRUE);

    for (size_t k = 0; k < G_N_ELEMENTS(works); k++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Fitted) fitted = fitted_new(
            "missiwae", "{shape: conv, train_samples: 5, impute_samples: 10000, epochs: 1}", few, 1,
            1, &error);

        ASSERT_NO_ERROR(error);
        expect_leaves(fitted->model, works[k], many);
    }
}

LAC_TEST(models_cancel, predictions_of_images_end)
{
    g_autoptr(LacData) few = images(20, FALSE), many = images(20000, FALSE);
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) fitted = fitted_new("cnn", "{epochs: 1}", few, 1, 1, &error);

    ASSERT_NO_ERROR(error);
    expect_leaves(fitted->model, work_predict, many);
}
