/* What every metric must keep to. */
#include "check-private.h"
#include "scores-private.h"

#include <math.h>
#include <string.h>

#define DRAWS 4

/* A situation to be scored. */
typedef struct {
    LacData *truth, *incomplete;
    LacMask *scored;
    LacMatrix *completed;
    LacMatrix *draws[DRAWS];
    double *log_density;
    LacMatrix *prediction;
} Scene;

static void
scene_clear(Scene *scene)
{
    lac_data_unref(scene->truth);
    lac_data_unref(scene->incomplete);
    lac_mask_free(scene->scored);
    lac_matrix_free(scene->completed);
    for (size_t d = 0; d < DRAWS; d++)
        lac_matrix_free(scene->draws[d]);
    g_free(scene->log_density);
    lac_matrix_free(scene->prediction);
}

/* The truth with something else in the scored cells: @noise standard deviations away for numbers,
 * now and then another level for the others. */
static LacMatrix *
disturb(const Scene *scene, double noise, uint64_t seed)
{
    LacMatrix *out = lac_matrix_new(scene->truth->rows, scene->truth->cols, NULL);
    LacRng rng = lac_rng_new(seed);

    lac_data_copy_values(scene->truth, out);
    for (size_t i = 0; i < out->rows; i++) {
        for (size_t j = 0; j < out->cols; j++) {
            const LacColumn *column = lac_data_column(scene->truth, j);
            const double shift = noise * lac_rng_normal(&rng);
            double *x = &lac_matrix_row(out, i)[j];

            if (!lac_mask_get(scene->scored, i, j))
                continue;
            if (lac_kind_is_numeric(column->kind))
                *x += shift;
            else if (fabs(shift) > 1.0)
                *x = fmod(*x + 1.0, (double)column->n_levels);
        }
    }
    return out;
}

/* Three classes; the true one has the best chance, but for the @noise. */
static void
add_prediction(Scene *scene, double noise)
{
    const size_t rows = scene->truth->rows;
    int32_t *labels = g_new(int32_t, rows + 1);
    LacRng rng = lac_rng_new(19);

    scene->prediction = lac_matrix_new(rows, 3, NULL);
    for (size_t i = 0; i < rows; i++) {
        double *p = lac_matrix_row(scene->prediction, i), sum = 0.0;

        labels[i] = (int32_t)(i % 3);
        for (size_t k = 0; k < 3; k++)
            sum += p[k] = (k == i % 3 ? 1.0 : 0.0) + noise * lac_rng_uniform(&rng);
        for (size_t k = 0; k < 3; k++)
            p[k] /= sum;
    }
    lac_data_take_labels(scene->truth, labels, 3, NULL);
}

static Scene
scene_new(LacTableShape shape, double noise)
{
    Scene scene = {.truth = lac_check_truth(shape, 1), .incomplete = lac_check_table(shape, 1)};

    scene.scored = lac_mask_dup(scene.incomplete->holes, NULL);
    scene.completed = disturb(&scene, noise, 7);
    for (size_t d = 0; d < DRAWS; d++)
        scene.draws[d] = disturb(&scene, noise, 11 + d);
    scene.log_density = g_new0(double, scene.truth->rows);
    for (size_t i = 0; i < scene.truth->rows; i++)
        scene.log_density[i] = -0.5 * (double)lac_mask_count_row(scene.scored, i);
    add_prediction(&scene, 2.0 * noise);
    return scene;
}

/* A method to be learnt again: hot deck, one number a hole and draw. */
static gboolean
hot_deck(void *user, const LacData *table, uint64_t number, size_t n, LacMatrix *const *out,
         size_t *n_out, GError **error)
{
    g_autofree double *seen = g_new(double, table->rows + 1);

    for (size_t d = 0; d < n; d++) {
        LacRng rng = lac_rng_new(number + 1000 * d);

        lac_data_copy_values(table, out[d]);
        for (size_t j = 0; j < table->cols; j++) {
            const size_t known = lac_data_copy_seen(table, j, seen);

            for (size_t i = 0; i < table->rows; i++)
                if (lac_data_is_hole(table, i, j))
                    lac_matrix_row(out[d], i)[j] = known ? seen[lac_rng_below(&rng, known)] : 0.0;
        }
    }
    *n_out = n;
    return TRUE;
}

static LacScores *
score(LacCheck *check, const char *what, const Scene *scene, unsigned threads)
{
    const LacMetricPlugin *plugin = (const LacMetricPlugin *)check->plugin;
    const LacRefit refit = {hot_deck, NULL};
    const LacScoring in = {
        .truth = scene->truth,
        .incomplete = scene->incomplete,
        .reference = scene->incomplete,
        .completed = scene->completed,
        .n_draws = DRAWS,
        .draws = (const LacMatrix *const *)scene->draws,
        .scored = scene->scored,
        .log_density = scene->log_density,
        .elbo = scene->log_density,
        .scale = "raw",
        .prediction = scene->prediction,
        .refit = &refit,
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacScores) scores = lac_scores_new();
    LacMetric *metric = lac_check_instance(check->plugin, NULL, &error);
    gboolean ok = FALSE;

    lac_threads_set(threads);
    if (metric != NULL) {
        metric->instance.context = context;
        metric->rng = lac_rng_new(1);
        ok = plugin->score(metric, &in, scores, &error);
        lac_instance_free(metric);
    }
    if (ok)
        return g_steal_pointer(&scores);
    lac_check_refusal(check, what, error);
    return NULL;
}

/* Whatever the situation: numbers or reasons, never NaN. */
static void
judge_scores(LacCheck *check, const char *what, const Scene *scene, const LacScores *scores)
{
    const size_t cells = scene->truth->rows * scene->truth->cols;

    if (lac_scores_count(scores) == 0)
        lac_check_fail(check, "%s: it gave neither a value nor a reason", what);
    for (size_t k = 0; k < lac_scores_count(scores); k++) {
        const LacScore *s = lac_scores_get(scores, k);

        if (s->status == LAC_SCORE_REFUSED)
            lac_check_fail(check, "%s: %s; use lac_scores_undefined()", what, s->reason);
        if (s->status == LAC_SCORE_OK && s->n_cells > cells)
            lac_check_fail(check, "%s: says it rests on %zu of %zu cells", what, s->n_cells, cells);
        if (s->column >= (gssize)scene->truth->cols)
            lac_check_fail(check, "%s: scores column %zd of %zu", what, s->column,
                           scene->truth->cols);
    }
}

static void
check_values(LacCheck *check)
{
    Scene scene = scene_new(LAC_TABLE_MIXED, 0.7);
    g_autoptr(LacScores) scores = score(check, "columns of all kinds", &scene, 1);
    size_t ok = 0;

    if (scores == NULL) {
        lac_check_fail(check, "it refuses columns of all kinds");
    } else {
        judge_scores(check, "columns of all kinds", &scene, scores);
        for (size_t k = 0; k < lac_scores_count(scores); k++)
            ok += lac_scores_get(scores, k)->status == LAC_SCORE_OK;
        if (ok == 0)
            lac_check_fail(check, "no value at all: %s", lac_scores_get(scores, 0)->reason);
    }
    scene_clear(&scene);
}

static double
goodness(const LacMetricPlugin *plugin, const LacScore *s)
{
    return plugin->direction == LAC_MAXIMISE ? s->value : -s->value;
}

/* Nothing is better than the truth itself. */
static void
check_truth_is_best(LacCheck *check)
{
    const LacMetricPlugin *plugin = (const LacMetricPlugin *)check->plugin;

    if ((plugin->needs & (LAC_NEEDS_TRUTH | LAC_NEEDS_REFITS)) == LAC_NEEDS_REFITS) {
        lac_check_note(check, "not asked: it judges the method, not the completion at hand");
        return;
    }
    Scene perfect = scene_new(LAC_TABLE_MIXED, 0.0), noisy = scene_new(LAC_TABLE_MIXED, 0.7);
    g_autoptr(LacScores) best = score(check, "the truth", &perfect, 1);
    g_autoptr(LacScores) worse = score(check, "a disturbed truth", &noisy, 1);

    for (size_t k = 0; best != NULL && worse != NULL && k < lac_scores_count(best); k++) {
        const LacScore *a = lac_scores_get(best, k);
        const LacScore *b = lac_scores_find(worse, a->part, a->column);

        if (b == NULL || a->status != LAC_SCORE_OK || b->status != LAC_SCORE_OK ||
            plugin->direction == LAC_TARGET)
            continue;
        if (goodness(plugin, a) < goodness(plugin, b) - 1e-12)
            lac_check_fail(check,
                           "%s: the truth itself scores %g, a disturbed one %g, which its "
                           "direction calls better",
                           a->part != NULL ? a->part : "value", a->value, b->value);
    }
    if (plugin->direction == LAC_TARGET)
        lac_check_note(check, "not asked: it aims at a target");
    scene_clear(&perfect);
    scene_clear(&noisy);
}

static void
check_nothing_scored(LacCheck *check)
{
    Scene scene = scene_new(LAC_TABLE_COMPLETE, 0.0);

    lac_data_take_labels(scene.truth, NULL, 0, NULL);
    g_autoptr(LacScores) scores = score(check, "no scored cell", &scene, 1);

    if (scores != NULL) {
        judge_scores(check, "no scored cell", &scene, scores);
        for (size_t k = 0; k < lac_scores_count(scores); k++) {
            const LacScore *s = lac_scores_get(scores, k);

            if (s->status == LAC_SCORE_OK)
                lac_check_fail(check,
                               "with no scored cell it gives %g; there is nothing to "
                               "judge: use lac_scores_undefined()",
                               s->value);
        }
    }
    scene_clear(&scene);
}

static void
check_repeats(LacCheck *check)
{
    Scene scene = scene_new(LAC_TABLE_MIXED, 0.7);
    g_autoptr(LacScores) a = score(check, "a run", &scene, 1);
    g_autoptr(LacScores) b = score(check, "a second run", &scene, 1);
    g_autoptr(LacScores) c = score(check, "a run on two threads", &scene, 2);

    for (size_t k = 0; a != NULL && b != NULL && c != NULL && k < lac_scores_count(a); k++) {
        const LacScore *x = lac_scores_get(a, k), *y = lac_scores_find(b, x->part, x->column);
        const LacScore *z = lac_scores_find(c, x->part, x->column);

        if (y == NULL || z == NULL || x->status != y->status || x->status != z->status)
            lac_check_fail(check, "a second run gave other parts or reasons");
        else if (x->status == LAC_SCORE_OK && x->value != y->value)
            lac_check_fail(check, "two runs gave %.17g and %.17g", x->value, y->value);
        else if (x->status == LAC_SCORE_OK &&
                 fabs(x->value - z->value) > 1e-9 * fmax(1.0, fabs(x->value)))
            lac_check_fail(check, "1 and 2 threads gave %.17g and %.17g", x->value, z->value);
    }
    scene_clear(&scene);
}

static void
check_odd(LacCheck *check)
{
    const char *what = lac_check_table_name(check->shape);
    Scene scene = scene_new(check->shape, 0.7);
    g_autoptr(LacScores) scores = score(check, what, &scene, 1);

    if (scores != NULL)
        judge_scores(check, what, &scene, scores);
    scene_clear(&scene);
}

static void
check_targets(LacCheck *check)
{
    const LacMetricPlugin *plugin = (const LacMetricPlugin *)check->plugin;
    Scene scene = scene_new(LAC_TABLE_MIXED, 0.7);
    g_autoptr(LacScores) scores = score(check, "columns of all kinds", &scene, 1);
    LacMetric *metric = lac_check_instance(check->plugin, NULL, NULL);

    for (size_t k = 0; scores != NULL && metric != NULL && k < lac_scores_count(scores); k++) {
        const char *part = lac_scores_get(scores, k)->part;

        if (plugin->target_of != NULL && !isfinite(plugin->target_of(metric, part)))
            lac_check_fail(check, "the target of '%s' is not finite", part != NULL ? part : "");
    }
    lac_instance_free(metric);
    scene_clear(&scene);
}

const LacCheckCase lac_check_metric_cases[] = {
    {"takes its defaults and gives them back", lac_check_params_round_trip, 0},
    {"refuses bad parameters by name", lac_check_params_refused, 0},
    {"scores columns of all kinds", check_values, 0},
    {"finds nothing better than the truth", check_truth_is_best, 0},
    {"says so when nothing is scored", check_nothing_scored, 0},
    {"repeats itself, on 1 and 2 threads", check_repeats, 0},
    {"has finite targets", check_targets, 0},
    LAC_CHECK_ODD_TABLES(check_odd),
    {NULL, NULL, 0},
};
