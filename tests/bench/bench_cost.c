/* Are the cost estimates of models within a factor of 2? Memory as it is; time after one constant a
 * model, because a nominal machine is not this one: processor time in one thread, which a busy
 * machine stretches least. */
#include "bench-private.h"
#include "context-private.h"
#include "registry-private.h"

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

/* Geometric mean of @n ratios to @centre, and the largest factor from it. */
static double
cost_spread(size_t n, const double *ratio, double *centre)
{
    double sum = 0.0, most = 1.0;

    for (size_t k = 0; k < n; k++)
        sum += log(ratio[k]) / (double)n;
    *centre = exp(sum);
    for (size_t k = 0; k < n; k++)
        most = MAX(most, exp(fabs(log(ratio[k]) - sum)));
    return most;
}

static void
cost_of_model(const char *name, const char *params)
{
    double time[JOBS], memory[JOBS], worst = 1.0, centre = 1.0;
    size_t n = 0, held = 0;

    for (size_t k = 0; k < JOBS; k++) {
        g_autofree char *label = g_strdup_printf("%s, %zu x %zu, %.0f %% missing", name,
                                                 jobs[k].rows, jobs[k].cols, 100 * jobs[k].missing);
        LacCost estimate;

        if (!cost_estimate(name, params, k, &estimate)) {
            lac_bench_say("  %s: not built, or gives no estimate\n", name);
            return;
        }
        const LacBenchTime seen = lac_bench_model(
            label, name, params, lac_bench_made(jobs[k].rows, jobs[k].cols, jobs[k].missing), 1);

        if (!(seen.median > 0.0))
            return;
        time[n++] = seen.cpu / estimate.seconds;
        lac_bench_say("    expected %.3f s nominal, %.1f MiB: ratios %.2f, %.2f\n",
                      estimate.seconds, estimate.bytes / 0x1p20, time[n - 1],
                      seen.peak / estimate.bytes);
        if (estimate.bytes > TOO_SMALL * 0x1p20) {
            memory[held++] = seen.peak / estimate.bytes;
            worst = MAX(worst, exp(fabs(log(memory[held - 1]))));
        }
    }
    const double spread = cost_spread(n, time, &centre);

    lac_bench_say("  %s: memory within a factor of %.2f of its estimate (%zu jobs above %d MiB), "
                  "time within %.2f after one constant (%.2f)%s\n",
                  name, worst, held, TOO_SMALL, spread, centre,
                  worst > 2.0 || spread > 2.0 ? ": NOT within 2" : "");
}

LAC_BENCH(cost, "cost estimates against what models take; both should be within a factor of 2")
{
    static const struct {
        const char *name, *params;
    } models[] = {{"em", "{}"},
                  {"gcopula", "{}"},
                  {"knn", "{}"},
                  {"mice", "{}"},
                  {"softimpute", "{}"},
                  {"xgboost", "{iterations: 1, trees: 30}"},
                  {"missforest", "{iterations: 2, trees: 10}"}};
    const unsigned before = lac_threads();

    lac_threads_set(1);
    for (size_t m = 0; m < G_N_ELEMENTS(models); m++)
        cost_of_model(models[m].name, models[m].params);
    lac_threads_set(before);
}
