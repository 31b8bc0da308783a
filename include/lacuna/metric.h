/* Metrics: how good a completion is, judged where the truth is known. */
#ifndef LACUNA_METRIC_H
#define LACUNA_METRIC_H

#include <lacuna/mask_generator.h>
#include <lacuna/plugin.h>

G_BEGIN_DECLS

/** LacDirection: @LAC_TARGET ranks by |value - target| (coverage, bias). */
typedef enum {
    LAC_MINIMISE = 1,
    LAC_MAXIMISE,
    LAC_TARGET,
} LacDirection;

/** LacNeeds: a metric whose needs are not met is `not-applicable`, never guessed.
 * @LAC_WANTS_DRAWS: scores the draws of models that draw, so that they are made for it; the single
 *   completion of the others
 * @LAC_NEEDS_PREDICTION: scores the classifier of a `downstream:` block on rows with a label
 * @LAC_NEEDS_ELBO: scores the bound of models that have one
 * @LAC_NEEDS_REFITS: has the method learn tables of its own making (LacScoring.refit) */
typedef enum {
    LAC_NEEDS_TRUTH = 1 << 0,
    LAC_NEEDS_DRAWS = 1 << 1,
    LAC_NEEDS_DENSITY = 1 << 2,
    LAC_WANTS_DRAWS = 1 << 3,
    LAC_NEEDS_PREDICTION = 1 << 4,
    LAC_NEEDS_REFITS = 1 << 5,
    LAC_NEEDS_ELBO = 1 << 6,
} LacNeeds;

/** LacJudges: what a metric's number speaks of. The report says it beside each score, and shows
 * scores of distributions before those of points.
 * @LAC_JUDGES_DRAWS: draws, or a density, of hidden cells or rows against their true values; draws
 *   from the true law given what was seen do best
 * @LAC_JUDGES_TABLE: the completed table's distribution against the true one, whoever got which
 * value
 * @LAC_JUDGES_POINT: one completion, cell by cell; conditional means (or modes) do best
 * @LAC_JUDGES_TASK: what somebody does with the completed table */
typedef enum {
    LAC_JUDGES_DRAWS = 1,
    LAC_JUDGES_TABLE,
    LAC_JUDGES_POINT,
    LAC_JUDGES_TASK,
} LacJudges;

/** LacValidity: the mechanisms of missingness under which a number means what it says. A metric
 * that sees the truth under the holes is valid under all; one that has only observed cells to go by
 * is not. */
typedef enum {
    LAC_VALID_MCAR = 1 << LAC_MCAR,
    LAC_VALID_MAR = 1 << LAC_MAR,
    LAC_VALID_MNAR = 1 << LAC_MNAR,
    LAC_VALID_ALWAYS = LAC_VALID_MCAR | LAC_VALID_MAR | LAC_VALID_MNAR,
} LacValidity;

/**
 * LacRefit: the method that is scored, to be learnt anew.
 * @learn: fits it on @table, whose columns are any of those of LacScoring in the same units, and
 *   completes it. @number names the random streams of this fit. @n: draws wanted, the matrices
 *   @out [n] have the shape of @table; @n_out: (out): @n, or 1 when the method gives a single
 *   completion. FALSE with the method's own error when it refuses the table.
 */
typedef struct {
    gboolean (*learn)(void *user, const LacData *table, uint64_t number, size_t n,
                      LacMatrix *const *out, size_t *n_out, GError **error);
    void *user;
} LacRefit;

/**
 * LacScoring: everything a metric may look at. All matrices have the rows of the evaluated split.
 * @truth: before masking; numeric columns in the model's units, others as level codes
 * @incomplete: after masking
 * @completed: the point completion, finite everywhere it is scored
 * @draws: [n_draws] completions drawn from the model; n_draws may be 0
 * @scored: the scored cells H: missing in @incomplete, known in @truth
 * @log_density: [rows], or NULL when the model gives none
 * @reference: the training table (observed cells only), for metrics normalised by it
 * @scale: "minmax", "standard" or "raw": the units of numeric columns, for the report
 * @prediction: [rows x truth->n_classes] class probabilities that a classifier gave for the
 *   completed rows, averaged over the completions; NULL without a `downstream:` block
 * @refit: the method itself; NULL where it cannot be learnt again
 * @elbo: [rows] bounds of whole rows, or NULL when the model gives none
 */
typedef struct {
    const LacData *truth, *incomplete, *reference;
    const LacMatrix *completed;
    size_t n_draws;
    const LacMatrix *const *draws;
    const LacMask *scored;
    const double *log_density;
    const char *scale;
    const LacMatrix *prediction;
    const LacRefit *refit;
    const double *elbo;
} LacScoring;

/** LacMetric: base of every metric's struct; first member, called `base`.
 * @rng: keyed by seed and data only, so that every method meets the same random choices */
typedef struct {
    LacInstance instance;
    LacRng rng;
} LacMetric;

/** LacScores: where a metric says its values; owned by the core. */
typedef struct LacScores LacScores;

/** lac_scores_add: a value for the whole table. @part names it when a metric gives more than one
 * ("0.8" for the level of an interval), else NULL. @n_cells: how many cells it rests on. Not
 * finite values are refused by the core: say lac_scores_undefined() instead. */
LAC_API void lac_scores_add(LacScores *scores, const char *part, double value, size_t n_cells);
/** lac_scores_add_column: a value for column @j alone. */
LAC_API void
lac_scores_add_column(LacScores *scores, const char *part, size_t j, double value, size_t n_cells);
/** lac_scores_undefined: there is no number, and why (no scored cell, zero denominator...).
 * @column: -1 for the whole table */
LAC_API void lac_scores_undefined(LacScores *scores, const char *part, gssize column,
                                  const char *format, ...) G_GNUC_PRINTF(4, 5);

/** LacMetricPlugin: what a metric exports; `score`, `direction`, `needs`, `unit`, `scope`,
 * `judges` and `valid` are required. `score` says its values to @out, and fails only when it cannot
 * work at all. */
typedef struct {
    LacPlugin plugin;
    LacDirection direction;
    double target;     /* for LAC_TARGET, when target_of is NULL */
    unsigned needs;    /* LacNeeds */
    const char *unit;  /* "column unit", "share", "nats"...; shown in table heads */
    const char *scope; /* "scored cells", "rows with holes"... */
    /** the target of @part ("0.8" -> 0.8); NULL when it is always the same */
    double (*target_of)(const LacMetric *metric, const char *part);
    gboolean (*score)(const LacMetric *metric, const LacScoring *in, LacScores *out,
                      GError **error);
    void (*clear)(LacMetric *metric);
    LacJudges judges;
    unsigned valid; /* LacValidity */
    const char
        *caution; /* how the number misleads when read alone; one line, no full stop; or NULL */
} LacMetricPlugin;

#define LAC_METRIC(name_, summary_, Type, params_)                                                 \
    LAC_PLUGIN_HEAD(LacMetricPlugin, LAC_PLUGIN_METRIC, name_, summary_, Type, params_)

G_END_DECLS

#endif
