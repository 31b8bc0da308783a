/* Metrics and mask generators. */
#include "bench.h"

#include "registry-private.h"
#include "scores-private.h"
#include <lacuna/parallel.h>

typedef struct {
    LacMetric *metric;
    LacScoring in;
} ScoreWork;

static void
score_work(void *user)
{
    const ScoreWork *work = user;
    const LacMetricPlugin *plugin = (const LacMetricPlugin *)work->metric->instance.plugin;
    g_autoptr(LacScores) scores = lac_scores_new();
    g_autoptr(GError) error = NULL;

    if (!plugin->score(work->metric, &work->in, scores, &error))
        lac_bench_say("%s", error->message);
}

/* times metric @name on @in, in which @cells are scored */
static void
score_time(const char *label, const char *name, const char *params, const LacScoring *in,
           size_t cells, const char *target)
{
    g_autoptr(LacNode) node = params ? lac_yaml_parse(params, strlen(params), "bench", NULL) : NULL;
    const LacPlugin *plugin = lac_plugin_find(LAC_PLUGIN_METRIC, name, NULL);
    ScoreWork work = {plugin ? lac_instance_new(plugin, node, NULL, NULL) : NULL, *in};

    if (!work.metric) {
        lac_bench_say("%s: cannot be loaded", name);
        return;
    }
    work.metric->rng = lac_rng_new(1);
    const LacBenchTime time = lac_bench_time(3, score_work, &work);

    lac_bench_line(label, &time, "%.1f ns a cell%s", 1e9 * time.median / (double)cells, target);
    lac_instance_free(work.metric);
}

/* a table without structure, all cells hidden, and @m independent draws */
typedef struct {
    LacData *truth, *incomplete;
    LacMatrix *completed, **draws;
    LacScoring in;
} ScoreTable;

static double *
score_numbers(size_t n, uint64_t seed)
{
    LacRng rng = lac_rng_new(seed);
    double *x = g_new(double, n);

    lac_rng_fill_normal(&rng, n, x);
    return x;
}

static LacMatrix *
score_matrix(size_t rows, size_t cols, uint64_t seed)
{
    LacMatrix *m = g_new(LacMatrix, 1);

    *m = (LacMatrix){rows, cols, cols, score_numbers(rows * cols, seed)};
    return m;
}

static void
score_table_init(ScoreTable *self, size_t rows, size_t cols, size_t m)
{
    double *nothing = g_new(double, rows *cols);

    for (size_t k = 0; k < rows * cols; k++)
        nothing[k] = NAN;
    self->truth =
        lac_data_new_take(lac_schema_new(cols), rows, score_numbers(rows * cols, 1), "bench", NULL);
    self->incomplete = lac_data_with_values_take(self->truth, nothing, NULL);
    self->completed = score_matrix(rows, cols, 2);
    self->draws = g_new(LacMatrix *, m + 1);
    for (size_t d = 0; d < m; d++)
        self->draws[d] = score_matrix(rows, cols, 3 + d);
    self->in = (LacScoring){
        .truth = self->truth,
        .incomplete = self->incomplete,
        .reference = self->truth,
        .completed = self->completed,
        .n_draws = m,
        .draws = (const LacMatrix *const *)self->draws,
        .scored = self->incomplete->holes,
        .scale = "raw",
    };
}

static void
score_table_clear(ScoreTable *self)
{
    for (size_t d = 0; d < self->in.n_draws; d++)
        lac_matrix_free(self->draws[d]);
    g_free(self->draws);
    lac_matrix_free(self->completed);
    lac_data_unref(self->truth);
    lac_data_unref(self->incomplete);
}

LAC_BENCH(scores, "metrics of random tables")
{
    ScoreTable points, draws, rows;

    score_table_init(&points, 100000, 100, 0);
    score_time("rmse, 1e7 cells", "rmse", NULL, &points.in, 10000000, " (aim 0.3 s)");
    score_time("nrmse, 1e7 cells", "nrmse", NULL, &points.in, 10000000, "");
    score_time("wasserstein, 1e7 cells", "wasserstein", NULL, &points.in, 10000000, "");
    score_table_clear(&points);

    score_table_init(&draws, 50000, 20, 20);
    score_time("crps, 1e6 cells x 20 draws", "crps", NULL, &draws.in, 1000000, " (aim 1.5 s)");
    score_time("coverage, 1e6 cells x 20 draws", "coverage", NULL, &draws.in, 1000000, "");
    score_time("energy-score, 1e6 cells x 20 draws", "energy-score", NULL, &draws.in, 1000000, "");
    score_table_clear(&draws);

    score_table_init(&rows, 5000, 50, 0);
    score_time("energy, 5000 rows x 50", "energy", NULL, &rows.in, 250000, " (aim 2 s)");
    score_time("sliced-wasserstein, 5000 rows x 50", "sliced-wasserstein", NULL, &rows.in, 250000,
               "");
    score_time("correlation, 5000 rows x 50", "correlation", NULL, &rows.in, 250000, "");
    score_table_clear(&rows);
}

typedef struct {
    LacMaskGenerator *generator;
    const LacData *truth;
    LacMask *out;
} MaskWork;

static void
mask_work(void *user)
{
    const MaskWork *work = user;
    g_autoptr(GError) error = NULL;

    if (!lac_mask_generate(work->generator, work->truth, work->out, &error))
        lac_bench_say("%s", error->message);
}

static void
mask_time(const char *label, const char *name, const char *params, const LacData *truth)
{
    g_autoptr(LacNode) node = params ? lac_yaml_parse(params, strlen(params), "bench", NULL) : NULL;
    const LacPlugin *plugin = lac_plugin_find(LAC_PLUGIN_MASK, name, NULL);
    g_autoptr(LacMask) out = lac_mask_new(truth->rows, truth->cols, NULL);
    MaskWork work = {plugin ? lac_instance_new(plugin, node, NULL, NULL) : NULL, truth, out};

    if (!work.generator) {
        lac_bench_say("%s: cannot be loaded", name);
        return;
    }
    work.generator->rng = lac_rng_new(1);
    const LacBenchTime time = lac_bench_time(3, mask_work, &work);

    lac_bench_line(label, &time, "%.1f ns a cell",
                   1e9 * time.median / ((double)truth->rows * (double)truth->cols));
    lac_instance_free(work.generator);
}

LAC_BENCH(masks, "mask generators, 1e7 cells")
{
    static const char *const tables[] = {"mcar",          "mar",    "mar-logistic", "mnar-self",
                                         "mnar-quantile", "ampute", "block"};
    static const char *const images[] = {"pixels", "vertical-lines", "square", "trapezoid",
                                         "noise"};
    LacData *table =
        lac_data_new_take(lac_schema_new(100), 100000, score_numbers(10000000, 1), "bench", NULL);
    LacData *pictures =
        lac_data_new_take(lac_schema_new(784), 12755, score_numbers(9999920, 1), "bench", NULL);

    lac_data_set_image(pictures, (LacImageShape){1, 28, 28});
    for (size_t k = 0; k < G_N_ELEMENTS(tables); k++)
        mask_time(tables[k], tables[k], NULL, table);
    mask_time("mcar, exact", "mcar", "{how: exact}", table);
    for (size_t k = 0; k < G_N_ELEMENTS(images); k++)
        mask_time(images[k], images[k], NULL, pictures);
    lac_data_unref(table);
    lac_data_unref(pictures);
}
