/* What every optimizer must keep to. */
#include "check-private.h"

#include <math.h>
#include <string.h>

#define N 8

/* sum of a_k (x_k - k)^2 / 2 with curvatures 0.5 ... 2 */
static double
bowl(const float *x, float *gradient)
{
    double sum = 0.0;

    for (size_t k = 0; k < N; k++) {
        const double a = 0.5 + 1.5 * (double)k / (N - 1), d = (double)x[k] - (double)k;

        sum += 0.5 * a * d * d;
        gradient[k] = (float)(a * d);
    }
    return sum;
}

/* @steps updates from 0 with learning rate @rate, or its own when that is negative; the value
 * reached. */
static double
descend(LacCheck *check, size_t steps, double rate, float *x)
{
    const LacOptimizerPlugin *plugin = (const LacOptimizerPlugin *)check->plugin;
    g_autofree float *state = g_new0(float, MAX(plugin->slots, 1) * N);
    LacOptimizer *optimizer = lac_check_instance(check->plugin, NULL, NULL);
    float gradient[N];

    memset(x, 0, N * sizeof *x);
    for (size_t t = 1; t <= steps && optimizer != NULL; t++) {
        bowl(x, gradient);
        plugin->step(optimizer, t, rate < 0.0 ? optimizer->rate : rate, N, gradient, state, x);
    }
    lac_instance_free(optimizer);
    return bowl(x, gradient);
}

static void
check_descends(LacCheck *check)
{
    float x[N], gradient[N];
    const double start = (memset(x, 0, sizeof x), bowl(x, gradient));
    const double end = descend(check, 20000, -1.0, x);

    if (!(end < 0.5 * start))
        lac_check_fail(check,
                       "20000 steps at the default rate in a quadratic bowl went from %g to %g, "
                       "expected below a half",
                       start, end);
}

static void
check_repeats(LacCheck *check)
{
    float x[N], y[N];

    descend(check, 50, 0.01, x);
    descend(check, 50, 0.01, y);
    if (memcmp(x, y, sizeof x) != 0)
        lac_check_fail(check, "two equal descents end at different points");
}

static void
check_rate_zero(LacCheck *check)
{
    float x[N];

    descend(check, 3, 0.0, x);
    for (size_t k = 0; k < N; k++)
        if (x[k] != 0.0f)
            lac_check_fail(check, "with rate 0 value %zu moved to %g", k, (double)x[k]);
}

static void
check_empty(LacCheck *check)
{
    const LacOptimizerPlugin *plugin = (const LacOptimizerPlugin *)check->plugin;
    LacOptimizer *optimizer = lac_check_instance(check->plugin, NULL, NULL);
    float nothing = 1.5f;

    if (optimizer != NULL)
        plugin->step(optimizer, 1, 0.1, 0, &nothing, &nothing, &nothing);
    lac_instance_free(optimizer);
    if (nothing != 1.5f)
        lac_check_fail(check, "a step over no values wrote one");
}

const LacCheckCase lac_check_optimizer_cases[] = {
    {"takes its defaults and gives them back", lac_check_params_round_trip, 0},
    {"refuses bad parameters by name", lac_check_params_refused, 0},
    {"descends a quadratic bowl", check_descends, 0},
    {"repeats itself", check_repeats, 0},
    {"does not move at rate 0", check_rate_zero, 0},
    {"takes a step over nothing", check_empty, 0},
    {NULL, NULL, 0},
};
