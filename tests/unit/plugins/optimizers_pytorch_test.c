/* Every optimizer against PyTorch 1.13: five steps down a quadratic. Expected numbers: output of
 * golden/optimizers.py. */
#include "lac_test.h"
#include "registry-private.h"

#define N 3
#define STEPS 5

/* five steps of single precision, values below 2: a few units of 2^-23 each */
#define TOLERANCE 1e-6

static void
descend(const char *name, const char *yaml, float *x)
{
    static const float a[N] = {0.5f, 1.0f, 4.0f}, c[N] = {1.0f, -2.0f, 0.25f};
    g_autoptr(GError) error = NULL;
    g_autoptr(LacNode) params = lac_yaml_parse(yaml, strlen(yaml), "t.yaml", &error);
    const LacPlugin *plugin = lac_plugin_find(LAC_PLUGIN_OPTIMIZER, name, &error);
    LacOptimizer *optimizer;
    float state[4 * N] = {0}, gradient[N];

    ASSERT_NO_ERROR(error);
    optimizer = lac_instance_new(plugin, params, NULL, &error);
    ASSERT_NO_ERROR(error);
    for (size_t t = 1; t <= STEPS; t++) {
        for (size_t k = 0; k < N; k++)
            gradient[k] = a[k] * (x[k] - c[k]);
        ((const LacOptimizerPlugin *)plugin)
            ->step(optimizer, t, lac_optimizer_rate(optimizer, t, STEPS, 1), N, gradient, state, x);
    }
    lac_instance_free(optimizer);
}

static void
expect(const char *name, const char *yaml, const double *expected)
{
    float x[N] = {0.3f, 0.1f, -0.2f};

    descend(name, yaml, x);
    for (size_t k = 0; k < N; k++)
        EXPECT_NEAR_DOUBLE((double)x[k], expected[k], TOLERANCE);
}

#define CASE(case_, name_, yaml_, ...)                                                             \
    LAC_TEST(plugins_optimizers_pytorch, case_)                                                    \
    {                                                                                              \
        static const double expected[N] = {__VA_ARGS__};                                           \
                                                                                                   \
        expect(name_, yaml_, expected);                                                            \
    }

/* clang-format off */
CASE(sgd_with_momentum, "sgd", "{rate: 0.05, momentum: 0.9}",
     0.516734958, -1.12397254, 0.511188984)
CASE(sgd_with_nesterov_and_decay, "sgd", "{rate: 0.05, momentum: 0.9, nesterov: true, decay: 0.1}",
     0.538008034, -1.31322992, 0.429706752)
CASE(adam, "adam", "{rate: 0.05}",
     0.547597766, -0.14940086, 0.0452801771)
CASE(adam_with_decay, "adam", "{rate: 0.05, decay: 0.1, beta1: 0.8, beta2: 0.95, eps: 1e-4}",
     0.544831932, -0.148957312, 0.0433048233)
CASE(adamw, "adamw", "{rate: 0.05}",
     0.546611667, -0.149400666, 0.0455201715)
CASE(adamw_with_much_decay, "adamw", "{rate: 0.05, decay: 0.5}",
     0.500330627, -0.149097502, 0.0563962087)
CASE(adadelta, "adadelta", "{rate: 1, rho: 0.95, eps: 1e-7}",
     0.307187617, 0.0928001925, -0.192822456)
CASE(adadelta_with_decay, "adadelta", "{rate: 0.5, rho: 0.9, eps: 1e-3, decay: 0.1}",
     0.517831981, -0.151013196, 0.0204754062)
CASE(adagrad, "adagrad", "{rate: 0.05}",
     0.454335749, -0.0592821911, -0.0501451641)
CASE(adagrad_with_decay, "adagrad", "{rate: 0.05, decay: 0.1}",
     0.451855659, -0.0590581968, -0.0503240637)
CASE(rmsprop, "rmsprop", "{rate: 0.01}",
     0.593275547, -0.215015173, 0.0723234043)
CASE(rmsprop_centred_with_momentum, "rmsprop",
     "{rate: 0.01, alpha: 0.9, momentum: 0.5, centred: true, decay: 0.1}",
     0.491907269, -0.100682482, -0.0108220922)
/* clang-format on */
