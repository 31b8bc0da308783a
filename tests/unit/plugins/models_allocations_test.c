/* Once training runs, a step asks the system for no memory: neither the tape, nor the operators
 * that models bring along, nor the optimizer. */
#include "fitted.h"
#include "lac_allocations.h"

enum { ROWS = 160, COLS = 4, BATCH = 4, STEPS = ROWS / BATCH, EPOCHS = 2, MORE_EPOCHS = 6 };

/* calls for memory of a whole fit */
static size_t
asked_for(const char *model, const char *params, int epochs, const LacData *table)
{
    g_autofree char *yaml = g_strdup_printf("{epochs: %d, batch: %d%s}", epochs, BATCH, params);
    g_autoptr(GError) error = NULL;
    const size_t before = allocations;
    g_autoptr(Fitted) fitted = fitted_new(model, yaml, table, 1, 1, &error);

    EXPECT_TRUE(fitted != NULL);
    return allocations - before;
}

static void
expect_none_of(const char *model, const char *params, const LacData *table)
{
    size_t few, many;

    if (!COUNTS_ALLOCATIONS)
        LAC_SKIP("the sanitizer owns malloc");
    asked_for(model, params, 1, table); /* what is made once a program */
    few = asked_for(model, params, EPOCHS, table);
    many = asked_for(model, params, MORE_EPOCHS, table);
    /* traces grow by an entry an epoch; one a step would be 160 */
    LAC_CHECK_OR((void)0, many < few + (MORE_EPOCHS - EPOCHS) * STEPS / 2,
                 "%s %s: %zu allocations in %d epochs, %zu in %d of %d steps", model, params, few,
                 EPOCHS, many, MORE_EPOCHS, STEPS);
}

static void
expect_none_a_step(const char *model, const char *params)
{
    g_autoptr(LacData) table = fitted_made(ROWS, COLS, 0.5, 0.2, 1);

    expect_none_of(model, params, table);
}

/* Grey images of 8 x 8 with labels. */
static LacData *
images(void)
{
    enum { PIXELS = 64, CLASSES = 3 };
    double *values = g_new(double, ROWS *PIXELS);
    int32_t *labels = g_new(int32_t, ROWS);
    LacRng rng = lac_rng_new(4);
    LacData *data;

    for (size_t k = 0; k < ROWS * PIXELS; k++)
        values[k] = lac_rng_uniform(&rng);
    for (size_t i = 0; i < ROWS; i++)
        labels[i] = (int32_t)(i % CLASSES);
    data = lac_data_new_take(lac_schema_new(PIXELS), ROWS, values, "images", NULL);
    lac_data_set_image(data, (LacImageShape){1, 8, 8});
    lac_data_take_labels(data, labels, CLASSES, NULL);
    return data;
}

LAC_TEST(models_allocations, a_step_of_missiwae_asks_for_no_memory)
{
    expect_none_a_step("missiwae", ", train_samples: 20, gradient: dreg");
    expect_none_a_step("missiwae", ", train_samples: 20, gradient: reparam, iota: learned");
    expect_none_a_step("missiwae", ", posterior: student, likelihood: gaussian");
}

LAC_TEST(models_allocations, a_step_in_pieces_asks_for_no_memory)
{
    expect_none_a_step("missiwae",
                       ", train_samples: 100, step_memory: 1, hidden: [512], likelihood: gaussian");
}

LAC_TEST(models_allocations, nor_do_steps_of_the_rest_of_the_family)
{
    expect_none_a_step("missvae", "");
    expect_none_a_step("hivae", "");
    expect_none_a_step("not-miwae", ", hidden: [8]");
}

LAC_TEST(models_allocations, nor_do_steps_of_classifiers_and_of_image_networks)
{
    g_autoptr(LacData) data = images();

    expect_none_of("mlp", ", hidden: [16], dropout: 0.2, l2: 0.001", data);
    expect_none_of("cnn", ", units: 8", data);
    expect_none_of("lenet", ", units: 8", data);
    expect_none_of("dvae", ", hidden: [16], latent: 2, target: observed", data);
    expect_none_of("missvae", ", shape: conv, latent: 2", data);
}
