/* sgd: three steps on x^2/2 from x = 1. The expected numbers are by hand, from
 * b = mu b + g, x -= rate b (or rate (g + mu b) with Nesterov), g = x + decay x. */
#include "lac_test.h"
#include "registry-private.h"

#define STEPS 3

static void
descend(const char *yaml, double rate, float *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacNode) params = lac_yaml_parse(yaml, strlen(yaml), "t.yaml", &error);
    const LacPlugin *plugin = lac_plugin_find(LAC_PLUGIN_OPTIMIZER, "sgd", &error);
    LacOptimizer *optimizer = NULL;
    float x = 1.0f, state = 0.0f;

    ASSERT_NO_ERROR(error);
    optimizer = lac_instance_new(plugin, params, NULL, &error);
    ASSERT_NO_ERROR(error);
    for (size_t t = 1; t <= STEPS; t++) {
        const float gradient = x;

        ((const LacOptimizerPlugin *)plugin)->step(optimizer, t, rate, 1, &gradient, &state, &x);
        path[t - 1] = x;
    }
    lac_instance_free(optimizer);
}

/* single precision: 2^-23 a step and operation */
#define FLOAT_ROUNDING 1e-6

LAC_TEST(plugins_optimizers_sgd, plain_steps)
{
    float x[STEPS] = {0};

    descend("momentum: 0", 0.1, x);
    EXPECT_NEAR_DOUBLE((double)x[0], 0.9, FLOAT_ROUNDING);
    EXPECT_NEAR_DOUBLE((double)x[1], 0.81, FLOAT_ROUNDING);
    EXPECT_NEAR_DOUBLE((double)x[2], 0.729, FLOAT_ROUNDING);
}

LAC_TEST(plugins_optimizers_sgd, momentum)
{
    float x[STEPS] = {0};

    descend("momentum: 0.9", 0.1, x);
    EXPECT_NEAR_DOUBLE((double)x[0], 0.9, FLOAT_ROUNDING);   /* b = 1 */
    EXPECT_NEAR_DOUBLE((double)x[1], 0.72, FLOAT_ROUNDING);  /* b = 0.9 + 0.9 = 1.8 */
    EXPECT_NEAR_DOUBLE((double)x[2], 0.486, FLOAT_ROUNDING); /* b = 1.62 + 0.72 = 2.34 */
}

LAC_TEST(plugins_optimizers_sgd, nesterov)
{
    float x[STEPS] = {0};

    descend("{momentum: 0.9, nesterov: true}", 0.1, x);
    EXPECT_NEAR_DOUBLE((double)x[0], 0.81, FLOAT_ROUNDING);   /* 1 + 0.9 */
    EXPECT_NEAR_DOUBLE((double)x[1], 0.5751, FLOAT_ROUNDING); /* b = 1.71; 0.81 + 1.539 */
    /* b = 1.539 + 0.5751 = 2.1141; 0.5751 + 1.90269 = 2.47779 */
    EXPECT_NEAR_DOUBLE((double)x[2], 0.327321, FLOAT_ROUNDING);
}

LAC_TEST(plugins_optimizers_sgd, decay_pulls_towards_zero)
{
    float x[STEPS] = {0};

    descend("{momentum: 0, decay: 0.5}", 0.1, x);
    EXPECT_NEAR_DOUBLE((double)x[0], 0.85, FLOAT_ROUNDING);   /* g = 1 + 0.5 */
    EXPECT_NEAR_DOUBLE((double)x[1], 0.7225, FLOAT_ROUNDING); /* times 0.85 each step */
    EXPECT_NEAR_DOUBLE((double)x[2], 0.614125, FLOAT_ROUNDING);
}
