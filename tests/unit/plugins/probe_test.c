/* The shared helpers of these tests; no cases of their own. */
#include "probe.h"

gpointer
probe_new(LacPluginKind kind, const char *name, const char *yaml, GError **error)
{
    const LacPlugin *plugin = lac_plugin_find(kind, name, error);
    g_autoptr(LacNode) node = NULL;

    if (plugin && yaml) {
        node = lac_yaml_parse(yaml, strlen(yaml), "test.yaml", error);
        if (!node)
            return NULL;
    }
    return plugin ? lac_instance_new(plugin, node, NULL, error) : NULL;
}

LacData *
probe_table(size_t rows, size_t cols, const double *values)
{
    return lac_data_new_take(lac_schema_new(cols), rows,
                             g_memdup2(values, rows * cols * sizeof *values), "probe", NULL);
}

LacData *
probe_normal(size_t rows, size_t cols, uint64_t seed)
{
    LacRng rng = lac_rng_new(seed);
    double *values = g_new(double, rows *cols + 1);

    lac_rng_fill_normal(&rng, rows * cols, values);
    return lac_data_new_take(lac_schema_new(cols), rows, values, "probe", NULL);
}

LacData *
probe_images(size_t rows, size_t channels, size_t height, size_t width)
{
    const size_t cols = channels * height * width;
    LacRng rng = lac_rng_new(1);
    double *values = g_new(double, rows *cols + 1);

    lac_rng_fill_uniform(&rng, rows * cols, values);
    LacData *data = lac_data_new_take(lac_schema_new(cols), rows, values, "probe", NULL);

    lac_data_set_image(data, (LacImageShape){channels, height, width});
    return data;
}

LacMask *
probe_mask(const char *name, const char *yaml, const LacData *truth, uint64_t seed, GError **error)
{
    LacMaskGenerator *generator = probe_new(LAC_PLUGIN_MASK, name, yaml, error);
    g_autoptr(LacMask) mask = NULL;

    if (!generator)
        return NULL;
    generator->rng = lac_rng_new(seed);
    mask = lac_mask_new(truth->rows, truth->cols, NULL);
    if (!lac_mask_generate(generator, truth, mask, error))
        g_clear_pointer(&mask, lac_mask_free);
    lac_instance_free(generator);
    return g_steal_pointer(&mask);
}

static LacMatrix *
probe_matrix(const LacData *like, const double *values)
{
    LacMatrix *matrix = lac_matrix_new(like->rows, like->cols, NULL);

    memcpy(matrix->v, values, like->rows * like->cols * sizeof *values);
    return matrix;
}

ProbeScoring *
probe_scoring(LacData *truth, LacData *incomplete, const double *completed)
{
    ProbeScoring *self = g_new0(ProbeScoring, 1);

    self->truth = truth;
    self->incomplete = incomplete;
    self->completed = probe_matrix(truth, completed);
    return self;
}

void
probe_scoring_add_draw(ProbeScoring *self, const double *draw)
{
    self->draws = g_renew(LacMatrix *, self->draws, self->n_draws + 1);
    self->draws[self->n_draws++] = probe_matrix(self->truth, draw);
}

void
probe_scoring_free(ProbeScoring *self)
{
    if (!self)
        return;
    for (size_t d = 0; d < self->n_draws; d++)
        lac_matrix_free(self->draws[d]);
    g_free(self->draws);
    g_free(self->log_density);
    g_free(self->elbo);
    lac_matrix_free(self->completed);
    lac_data_unref(self->truth);
    lac_data_unref(self->incomplete);
    g_free(self);
}

LacScores *
probe_score(const ProbeScoring *self, const char *name, const char *yaml, GError **error)
{
    LacMetric *metric = probe_new(LAC_PLUGIN_METRIC, name, yaml, error);
    g_autoptr(LacMask) scored = lac_mask_dup(self->incomplete->holes, NULL);
    g_autoptr(LacScores) scores = lac_scores_new();

    if (!metric)
        return NULL;
    for (size_t i = 0; i < self->truth->rows; i++) {
        for (size_t j = 0; j < self->truth->cols; j++) {
            if (lac_data_is_hole(self->truth, i, j))
                lac_mask_set(scored, i, j, FALSE);
        }
    }
    const LacScoring scoring = {
        .truth = self->truth,
        .incomplete = self->incomplete,
        .reference = self->incomplete,
        .completed = self->completed,
        .n_draws = self->n_draws,
        .draws = (const LacMatrix *const *)self->draws,
        .scored = scored,
        .log_density = self->log_density,
        .elbo = self->elbo,
        .refit = self->refit,
        .scale = "raw",
    };
    const LacMetricPlugin *plugin = (const LacMetricPlugin *)metric->instance.plugin;

    metric->rng = lac_rng_new(7);
    if (!plugin->score(metric, &scoring, scores, error))
        g_clear_pointer(&scores, lac_scores_free);
    lac_instance_free(metric);
    return g_steal_pointer(&scores);
}

double
probe_value(const LacScores *scores, const char *part, gssize column)
{
    const LacScore *score = scores ? lac_scores_find(scores, part, column) : NULL;

    if (score && score->status == LAC_SCORE_OK)
        return score->value;
    lac_test_fail(__FILE__, __LINE__, "part %s, column %d: no value: %s", part ? part : "-",
                  (int)column, score ? score->reason : "never said");
    return NAN;
}

const char *
probe_reason(const LacScores *scores, const char *part, gssize column)
{
    const LacScore *score = scores ? lac_scores_find(scores, part, column) : NULL;

    return score ? score->reason : NULL;
}
