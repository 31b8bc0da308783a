/* The model `initial` against the initial imputers themselves. */
#include "fitted.h"
#include "harness.h"

/* Lends @user, an initial imputer, to a context. */
static gboolean
lend(void *user, LacContext *context, const LacData *train, const LacData *in, size_t chain,
     LacMatrix *out, GError **error)
{
    LacInitial *initial = user;
    const LacInitialPlugin *plugin = (const LacInitialPlugin *)initial->instance.plugin;

    return plugin->fill(initial, train, in, out, error);
}

/* The model's fill of @in after training on @train, with initial imputer @name, must be that
 * imputer's own. */
static void
expect_same(const char *name, const LacData *train, const LacData *in)
{
    g_autoptr(Harness) initial = harness_new(LAC_PLUGIN_INITIAL, name, NULL, 5);
    g_autoptr(Fitted) fitted = fitted_new("initial", NULL, train, 1, 1, NULL);
    g_autofree double *direct = harness_fill(initial, train, in, -1, NULL);
    const double *through;

    ASSERT_TRUE(fitted != NULL && direct != NULL);
    lac_context_set_initial(fitted->context, lend, initial->instance);
    through = fitted_fill(fitted, in);
    ASSERT_TRUE(through != NULL);
    EXPECT_EQ_INT(memcmp(through, direct, in->rows * in->cols * sizeof *direct), 0);
}

LAC_TEST(models_initial, is_the_initial_imputer_learnt_on_the_training_rows)
{
    g_autoptr(LacData) train = fitted_made(60, 4, 0.5, 0.3, 1), in = fitted_made(9, 4, 0.5, 0.5, 2);

    expect_same("median", train, in);
    expect_same("random-observed", train, in);
    expect_same("zero", train, in);
}

LAC_TEST(models_initial, takes_means_when_no_imputer_is_lent)
{
    const double v[] = {1, NAN, 5};
    g_autoptr(LacData) data = fitted_table(3, 1, v, NULL);
    g_autoptr(Fitted) fitted = fitted_new("initial", NULL, data, 1, 1, NULL);
    const double *out = fitted != NULL ? fitted_fill(fitted, data) : NULL;

    ASSERT_TRUE(out != NULL);
    EXPECT_EQ_DOUBLE(out[1], 3.0);
}
