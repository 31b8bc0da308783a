/* Timing and printing. */
#include "bench-private.h"
#include "context-private.h"
#include "registry-private.h"

#include <malloc.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LONG_RUN = 4, /* seconds after which a growth series ends */
    MOST_REPEATS = 99,
};

/* VmHWM or VmRSS in bytes; 0 where there is no such file. */
static double
measure_memory(const char *key)
{
    g_autofree char *text = NULL;
    const char *at = NULL;

    if (g_file_get_contents("/proc/self/status", &text, NULL, NULL))
        at = strstr(text, key);
    return at != NULL ? 1024.0 * g_ascii_strtod(at + strlen(key) + 1, NULL) : 0.0;
}

static int
compare_doubles(gconstpointer a, gconstpointer b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double
measure_cpu(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double
measure_once(void (*work)(void *user), void *user, double *cpu)
{
    const gint64 begin = g_get_monotonic_time();
    const double busy = measure_cpu();

    work(user);
    *cpu = MIN(*cpu, measure_cpu() - busy);
    return (double)(g_get_monotonic_time() - begin) / 1e6;
}

LacBenchTime
lac_bench_time(unsigned repeats, void (*work)(void *user), void *user)
{
    LacBenchTime time = {.repeats = CLAMP(repeats, 1u, (unsigned)MOST_REPEATS), .cpu = INFINITY};
    double seconds[MOST_REPEATS];
    malloc_trim(0); /* what was freed before would hide what this takes */
    const double before = measure_memory("VmRSS");
    FILE *peak = fopen("/proc/self/clear_refs", "w");

    if (peak != NULL) { /* 5: forget the highest resident set so far */
        fputs("5", peak);
        fclose(peak);
    }
    seconds[0] = measure_once(work, user, &time.cpu);
    time.peak = MAX(measure_memory("VmHWM") - before, 0.0);
    /* a short first run counts as warming up */
    for (unsigned i = seconds[0] < 1.0 ? 0u : 1u; i < time.repeats; i++)
        seconds[i] = measure_once(work, user, &time.cpu);
    qsort(seconds, time.repeats, sizeof *seconds, compare_doubles);
    time.min = seconds[0];
    time.max = seconds[time.repeats - 1];
    time.median = 0.5 * (seconds[(time.repeats - 1) / 2] + seconds[time.repeats / 2]);
    return time;
}

void
lac_bench_say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_print("%s", text);
    fflush(stdout);
}

void
lac_bench_line(const char *label, const LacBenchTime *time, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    lac_bench_say("  %-34s %9.4f s  (%.4f to %.4f, n = %u)  %7.1f MiB  %s\n", label, time->median,
                  time->min, time->max, time->repeats, time->peak / 0x1p20, text);
    if (bench_tsv != NULL)
        fprintf(bench_tsv, "%s\t%.6f\t%.6f\t%.6f\t%.1f\t%s\n", label, time->median, time->min,
                time->max, time->peak / 0x1p20, text);
}

/** Job: what is timed, and whether it worked. */
typedef struct {
    const LacPlugin *plugin;
    const LacNode *params;
    const LacBenchData *data;
    size_t draws; /* 0: fill */
    unsigned seeds;
    double rounds; /* that its fit traced, mean of the seeds */
    LacMatrix *out;
    double rmse; /* mean of draws and seeds */
    GError *error;
} Job;

static gboolean
job_complete(Job *job, LacModel *model)
{
    const LacModelPlugin *plugin = (const LacModelPlugin *)job->plugin;
    const LacData *in = job->data->holey;

    if (job->draws == 0 && !plugin->fill(model, in, job->out, &job->error))
        return FALSE;
    if (job->draws == 0)
        job->rmse += lac_bench_rmse(job->data, job->out->v) / job->seeds;
    if (job->draws == 0)
        return TRUE;
    if (plugin->sample == NULL)
        return lac_fail(&job->error, LAC_ERROR_PARAM, "%s draws no samples", job->plugin->name);
    for (size_t d = 0; d < job->draws; d++) {
        if (!plugin->sample(model, in, d, job->out, &job->error))
            return FALSE;
        job->rmse += lac_bench_rmse(job->data, job->out->v) / (double)job->draws / job->seeds;
    }
    return TRUE;
}

/* Rounds a model has told of, whether or not the last is its result. */
static size_t
job_count_rounds(const LacContext *context)
{
    const GPtrArray *points = lac_context_traces(context);
    size_t rounds = 0;

    for (guint k = 0; k < points->len; k++) {
        const LacTracePoint *point = points->pdata[k];

        rounds = MAX(rounds, point->iteration + 1);
    }
    return rounds;
}

static void
job_run(Job *job, unsigned seed)
{
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(seed));
    LacModel *model = lac_instance_new(job->plugin, job->params, NULL, &job->error);
    const LacModelPlugin *plugin = (const LacModelPlugin *)job->plugin;

    if (model == NULL)
        return;
    lac_context_set_draws(context, MAX(job->draws, 1));
    model->instance.context = context;
    const gboolean fitted = plugin->fit(model, job->data->holey, &job->error);

    job->rounds += (double)job_count_rounds(context) / job->seeds;
    if (fitted)
        job_complete(job, model);
    lac_instance_free(model);
}

/* Once a seed, until one fails. */
static void
job_run_all(void *user)
{
    Job *job = user;

    job->rmse = job->rounds = 0.0;
    for (unsigned seed = 1; seed <= job->seeds && job->error == NULL; seed++)
        job_run(job, seed);
}

static gboolean
job_prepare(Job *job, const char *plugin, LacNode *params)
{
    job->plugin = lac_plugin_find(LAC_PLUGIN_MODEL, plugin, &job->error);
    job->params = params;
    if (job->plugin == NULL)
        return FALSE;
    job->out = lac_matrix_new(job->data->holey->rows, job->data->holey->cols, &job->error);
    return job->out != NULL;
}

static LacBenchTime
measure_model(const char *label, const char *plugin, const char *params, const LacBenchData *data,
              size_t draws, unsigned seeds, unsigned repeats)
{
    LacBenchTime time = {.median = NAN};
    Job job = {.data = data, .draws = draws, .seeds = seeds};
    g_autoptr(LacNode) node = NULL;

    if (data == NULL)
        return time;
    if (params != NULL)
        node = lac_yaml_parse(params, strlen(params), "benchmark", &job.error);
    if (job.error == NULL && job_prepare(&job, plugin, node))
        time = lac_bench_time(repeats, job_run_all, &job);
    if (job.error != NULL) {
        lac_bench_say("  %-34s skipped: %s\n", label, job.error->message);
        time.median = NAN;
    } else {
        g_autofree char *rounds =
            job.rounds > 0.0 ? g_strdup_printf("  %.3g rounds run", job.rounds) : NULL;

        time.median /= seeds;
        time.min /= seeds;
        time.max /= seeds;
        time.cpu /= seeds;

        lac_bench_line(label, &time, "RMSE %.4f%s", job.rmse, rounds != NULL ? rounds : "");
    }
    g_clear_error(&job.error);
    lac_matrix_free(job.out);
    return time;
}

LacBenchTime
lac_bench_model(const char *label, const char *plugin, const char *params, const LacBenchData *data,
                unsigned repeats)
{
    return measure_model(label, plugin, params, data, 0, 1, repeats);
}

LacBenchTime
lac_bench_seeds(const char *label, const char *plugin, const char *params, const LacBenchData *data,
                unsigned seeds, unsigned repeats)
{
    return measure_model(label, plugin, params, data, 0, seeds, repeats);
}

LacBenchTime
lac_bench_draws(const char *label, const char *plugin, const char *params, const LacBenchData *data,
                size_t m, unsigned repeats)
{
    return measure_model(label, plugin, params, data, MAX(m, 1), 1, repeats);
}

/* Least-squares slope of ln y on ln x. */
static double
measure_slope(size_t n, const double *x, const double *y)
{
    double mx = 0.0, my = 0.0, xx = 0.0, xy = 0.0;

    for (size_t i = 0; i < n; i++) {
        mx += log(x[i]) / (double)n;
        my += log(y[i]) / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        xx += (log(x[i]) - mx) * (log(x[i]) - mx);
        xy += (log(x[i]) - mx) * (log(y[i]) - my);
    }
    return xy / xx;
}

static void
measure_series(const char *what, size_t n, const size_t *sizes, gboolean rows, const char *plugin,
               const char *params)
{
    double x[16], y[16];
    size_t done = 0;

    for (; done < n && done < G_N_ELEMENTS(x); done++) {
        g_autofree char *label = g_strdup_printf("%s, %zu %s", plugin, sizes[done], what);
        const LacBenchData *data =
            rows ? lac_bench_made(sizes[done], 16, 0.2) : lac_bench_made(2000, sizes[done], 0.2);
        const unsigned repeats = done > 0 && y[done - 1] > 0.5 ? 1 : 3;
        const LacBenchTime time = lac_bench_model(label, plugin, params, data, repeats);

        if (!(time.median > 0.0))
            return;
        x[done] = (double)sizes[done];
        y[done] = time.median;
        if (time.median > LONG_RUN) {
            done++;
            break;
        }
    }
    if (done >= 3)
        lac_bench_say("  %s grows with %s as n^%.2f (last three: n^%.2f)\n", plugin, what,
                      measure_slope(done, x, y), measure_slope(3, x + done - 3, y + done - 3));
}

void
lac_bench_growth(const char *plugin, const char *params)
{
    static const size_t rows[] = {1000, 3000, 10000, 30000, 100000};
    static const size_t cols[] = {8, 16, 32, 64, 128, 256, 512};

    measure_series("rows", G_N_ELEMENTS(rows), rows, TRUE, plugin, params);
    measure_series("columns", G_N_ELEMENTS(cols), cols, FALSE, plugin, params);
}
