/* Are the cost estimates of models within a factor of 2? Memory and time as they are, the time that
 * of the processor in one thread, which a busy machine stretches least; how fast the machine is
 * while it is asked is said beside, in the nominal one's units. */
#include "bench-private.h"
#include "context-private.h"
#include "registry-private.h"

#include <cblas.h>
#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

enum { JOBS = 5, TOO_SMALL = 4 }; /* MiB: below it the allocator's own habits are the figure */

static const struct {
    size_t rows, cols;
    double missing;
} jobs[JOBS] = {
    {4000, 16, 0.2}, {20000, 16, 0.1}, {20000, 16, 0.4}, {6000, 50, 0.2}, {60000, 8, 0.2}};

/* The estimate of @name for job @k; FALSE when there is no such model or it gives none. */
static gboolean
cost_estimate(const char *name, const char *params, size_t k, LacCost *out)
{
    const LacModelPlugin *plugin =
        (const LacModelPlugin *)lac_plugin_find(LAC_PLUGIN_MODEL, name, NULL);
    const LacWorkload work = {jobs[k].rows, jobs[k].cols, jobs[k].missing, 1, 1};
    g_autoptr(LacNode) node = lac_yaml_parse(params, strlen(params), "benchmark", NULL);
    LacModel *model;

    if (plugin == NULL || plugin->cost == NULL)
        return FALSE;
    model = lac_instance_new(&plugin->plugin, node, ".", NULL);
    plugin->cost(model, &work, out);
    lac_instance_free(model);
    return TRUE;
}

/** Speed: fixed pieces of work, and their results so that none is left out. */
typedef struct {
    double *a, *b, *c;
    double sum;
} Speed;

enum { SPEED_SIDE = 512, SPEED_STEPS = 4000000, SPEED_ROUNDS = 5 };

static void
speed_product(void *user)
{
    Speed *speed = user;

    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SPEED_SIDE, SPEED_SIDE, SPEED_SIDE, 1.0,
                speed->a, SPEED_SIDE, speed->b, SPEED_SIDE, 0.0, speed->c, SPEED_SIDE);
}

/* A plain sum, in order. */
static void
speed_steps(void *user)
{
    Speed *speed = user;
    double at = 0.5;

    for (size_t i = 0; i < SPEED_STEPS; i++)
        at += speed->a[i % (SPEED_SIDE * SPEED_SIDE)];
    speed->sum += at;
}

/* What this machine takes, now, for an operation of a product and for a step, by what the nominal
 * one does. */
static void
cost_say_speed(void)
{
    const size_t cells = (size_t)SPEED_SIDE * SPEED_SIDE;
    Speed speed = {g_new0(double, cells), g_new0(double, cells), g_new0(double, cells), 0.0};
    const double product = lac_bench_time(SPEED_ROUNDS, speed_product, &speed).cpu;
    const double steps = lac_bench_time(SPEED_ROUNDS, speed_steps, &speed).cpu;

    lac_bench_say("  this machine, now: x %.2f the nominal time of a product, x %.2f that of a "
                  "step\n",
                  product / (2.0 * (double)cells * SPEED_SIDE * LAC_COST_FLOP),
                  steps / (SPEED_STEPS * LAC_COST_STEP));
    g_free(speed.a);
    g_free(speed.b);
    g_free(speed.c);
}

/* Largest factor between @n ratios and 1; *centre: their geometric mean. */
static double
cost_worst(size_t n, const double *ratio, double *centre)
{
    double sum = 0.0, most = 1.0;

    for (size_t k = 0; k < n; k++) {
        sum += log(ratio[k]) / (double)n;
        most = MAX(most, exp(fabs(log(ratio[k]))));
    }
    *centre = exp(sum);
    return most;
}

static void
cost_of_model(const char *name, const char *params, gboolean grey)
{
    double time[JOBS], memory[JOBS], centre = 1.0, unused = 1.0;
    size_t n = 0, held = 0;

    for (size_t k = 0; k < JOBS; k++) {
        g_autofree char *label = g_strdup_printf("%s %s, %zu x %zu, %.0f %% missing", name, params,
                                                 jobs[k].rows, jobs[k].cols, 100 * jobs[k].missing);
        LacCost estimate;

        if (!cost_estimate(name, params, k, &estimate)) {
            lac_bench_say("  %s: not built, or gives no estimate\n", name);
            return;
        }
        const LacBenchData *data =
            (grey ? lac_bench_grey : lac_bench_made)(jobs[k].rows, jobs[k].cols, jobs[k].missing);
        const LacBenchTime seen = lac_bench_model(label, name, params, data, 1);

        if (!(seen.median > 0.0))
            return;
        time[n++] = seen.cpu / estimate.seconds;
        lac_bench_say("    expected %.3f s nominal, %.1f MiB: ratios %.2f, %.2f\n",
                      estimate.seconds, estimate.bytes / 0x1p20, time[n - 1],
                      seen.peak / estimate.bytes);
        if (estimate.bytes > TOO_SMALL * 0x1p20)
            memory[held++] = seen.peak / estimate.bytes;
    }
    const double slow = cost_worst(n, time, &centre), large = cost_worst(held, memory, &unused);

    lac_bench_say(
        "  %s %s: memory within a factor of %.2f of its estimate (%zu jobs above %d MiB), "
        "time within %.2f (on average x %.2f)%s\n",
        name, params, large, held, TOO_SMALL, slow, centre,
        large > 2.0 || slow > 2.0 ? ": NOT within 2" : "");
}

LAC_BENCH(cost, "cost estimates against what models take; both should be within a factor of 2")
{
    static const struct {
        const char *name, *params;
        gboolean grey;
    } models[] = {{"em", "{}", FALSE},
                  {"gcopula", "{}", FALSE},
                  {"knn", "{}", FALSE},
                  {"mice", "{}", FALSE},
                  {"softimpute", "{}", FALSE},
                  {"softimpute", "{variant: svt}", FALSE},
                  {"xgboost", "{iterations: 1, trees: 30}", FALSE},
                  {"missforest", "{iterations: 2, trees: 10}", FALSE},
                  {"missiwae", "{epochs: 3, impute_samples: 100}", FALSE},
                  {"missvae", "{epochs: 3, impute_samples: 100}", FALSE},
                  {"not-miwae", "{epochs: 3, impute_samples: 100}", FALSE},
                  {"hivae", "{epochs: 20, impute_samples: 50}", FALSE},
                  {"dvae", "{epochs: 10, target: observed}", TRUE}};
    const unsigned before = lac_threads();

    lac_threads_set(1);
    cost_say_speed();
    for (size_t m = 0; m < G_N_ELEMENTS(models); m++)
        cost_of_model(models[m].name, models[m].params, models[m].grey);
    cost_say_speed();
    lac_threads_set(before);
}
