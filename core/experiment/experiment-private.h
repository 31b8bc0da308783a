/* From an experiment file to its cells, and one cell from data to scores. */
#ifndef LACUNA_EXPERIMENT_PRIVATE_H
#define LACUNA_EXPERIMENT_PRIVATE_H

#include "column-rules-private.h"
#include "registry-private.h"
#include "store-private.h"
#include "table-private.h"

G_BEGIN_DECLS

/**
 * LacChoice: one alternative at a component position, every sweep resolved, parameters checked.
 * @params: as written, or NULL when none were
 * @in_force: MAP of parameters in force; paths as the file wrote them
 * @json: @in_force as one line
 * @label: tells it from the other alternatives of its position
 * @key: all that determines it: plugin, version, parameters, contents of files
 * @sha256: of the data file; @columns: rules of its columns, or NULL; only for data
 * @axes: swept parameter, value, ..., NULL; drawn ones last
 * @family: the first of the choices of a search that differ in drawn values alone, which may be
 *   itself; NULL for choices that no search draws
 * @family_label: of what they have in common
 * @draw: its number in the family, from 0; @n_drawn: how many of @axes were drawn
 * @place: where it was written, for messages; lent from the experiment's tree
 */
typedef struct LacChoice LacChoice;
struct LacChoice {
    const LacPlugin *plugin;
    LacNode *params, *in_force;
    char *json, *label, *key, *sha256;
    char **axes;
    LacColumnRules *columns;
    const LacNode *place;
    const LacChoice *family;
    char *family_label;
    size_t draw, n_drawn;
};

/** LacSplitChoice: @tests: of one LacChoice, the data set whose rows are tested, for a spec of
 * LAC_SPLIT_TAIL; NULL for the others. Its number of rows is known once it is read. */
typedef struct {
    LacSplitSpec spec;
    char *label;
    GPtrArray *tests;
} LacSplitChoice;

/** LacDownstreamTable: what a downstream classifier sees of rows: their completions, what they were
 * before masking, or what the model makes of all their cells, observed ones too. */
typedef enum {
    LAC_TABLE_IMPUTED,
    LAC_TABLE_ORIGINAL,
    LAC_TABLE_RECONSTRUCTED,
} LacDownstreamTable;

/**
 * LacDownstream: the `downstream:` block: a classifier learns from training rows and predicts the
 * labels of test rows.
 * @models, @optimizers: of LacChoice, alternatives; @models is NULL without the block
 * @imputations: of size_t, alternatives: completions of the test table, over which class
 *   probabilities of test rows are averaged
 * @train_imputations: completions learnt from; 0: as many as there are of the test table
 * @rotate: one after the other, epoch by epoch, instead of all at once
 */
typedef struct {
    GPtrArray *models, *optimizers;
    LacDownstreamTable train_on, test_on;
    GArray *imputations;
    size_t train_imputations;
    gboolean rotate;
} LacDownstream;

/** LacStage: what a trial of a search is about; LAC_STAGE_NONE: the cell is no trial. */
typedef enum {
    LAC_STAGE_NONE,
    LAC_STAGE_MODEL,
    LAC_STAGE_CLASSIFIER,
} LacStage;

/**
 * LacSearch: the `search:` block: !random parameters are tried on a part of the training rows, and
 * the best ones learn from all of them.
 * @draws: configurations to try; 0: no search
 * @validation: share of the training rows they are judged on; @stratify: keeping shares of labels
 * @model_metric, @classifier_metric: what they are judged by; NULL when nothing of it is drawn
 */
typedef struct {
    size_t draws;
    double validation;
    gboolean stratify;
    const LacChoice *model_metric, *classifier_metric;
} LacSearch;

/**
 * LacExperiment: a checked experiment file.
 * @base_dir: of the file; relative paths in it start there
 * @profile: name of the one in force, or NULL
 * @yaml: the text as run: the file itself, or the tree after overrides
 * @data, @masks, @initials, @models, @optimizers, @metrics: of LacChoice
 * @splits: of LacSplitChoice; @scales: of LacScale
 * @draws: completions to draw from models that can; 0: as many as the metrics ask for
 * @limit_s, @limit_mib, @threads: a cell's limits; 0: none
 * @deadline: g_get_monotonic_time() at which running cells are stopped; 0: none. Not of the file:
 *   set by who runs it
 * @report_json: the report's block, or NULL
 * @cells: of LacCell, by position
 */
typedef struct {
    LacNode *root;
    char *file, *base_dir, *name, *profile, *yaml;
    int64_t seed, repeats;
    GPtrArray *data, *masks, *initials, *models, *optimizers, *metrics, *splits;
    GArray *scales;
    LacDownstream downstream;
    LacSearch search;
    size_t draws;
    double limit_s, limit_mib;
    unsigned threads;
    gint64 deadline;
    char *report_json;
    GPtrArray *cells;
} LacExperiment;

/**
 * LacCell: one point of the sweep, or a trial that helps to choose what one is. Everything but
 * @record and the two arrays is lent by the experiment.
 * @optimizer: NULL when the experiment names none
 * @classifier, @classifier_optimizer: of the downstream block; NULL without one
 * @stage: of a trial: it learns from a part of the training rows and is judged on the rest of them
 * @model_trials, @classifier_trials: of LacCell, those that come before it: the best of them says
 *   what model (with optimizer), what classifier it is; NULL when that is known. Until then @model
 *   and @classifier are those of the first trial
 * @chosen_model, @chosen_classifier: which trials, once that is known
 */
typedef struct {
    LacCellRecord *record;
    const LacChoice *data, *mask, *initial, *model, *optimizer, *classifier, *classifier_optimizer;
    const LacSplitChoice *split;
    LacScale scale;
    size_t fold, repeat; /* from 0 */
    size_t imputations;  /* behind which the classifier is judged; 0 without one */
    LacStage stage;
    GPtrArray *model_trials, *classifier_trials;
    guint chosen_model, chosen_classifier;
} LacCell;

/**
 * lac_experiment_load: read, override and check @path.
 * @overrides: NULL-terminated "path=value", or NULL
 * @error: LAC_ERROR_PARAM as file:line:column: what was found, what was expected, the nearest name
 */
LAC_PRIVATE_API LacExperiment *
lac_experiment_load(const char *path, const char *const *overrides, GError **error);
/** lac_experiment_check_programs: whether the programs that components name (model `external`) are
 * registered and there. @error: as file:line:column. Not asked by lac_experiment_load(): another
 * machine, with other programs, may run the cells. */
LAC_PRIVATE_API gboolean lac_experiment_check_programs(const LacExperiment *e, GError **error);
/** lac_experiment_parse: the same from memory. @file: for messages and relative paths. */
LAC_PRIVATE_API LacExperiment *
lac_experiment_parse(const char *text, gsize length, const char *file, const char *base_dir,
                     const char *const *overrides, GError **error);
LAC_PRIVATE_API void lac_experiment_free(LacExperiment *experiment);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacExperiment, lac_experiment_free)

/** lac_experiment_holds_out: whether every split keeps test rows that nothing learns from. */
gboolean lac_experiment_holds_out(const LacExperiment *experiment);

/** lac_memory_parse: "512", "512 MiB", "2 GiB", "1 TiB" as MiB; LAC_ERROR_PARAM otherwise. */
LAC_PRIVATE_API gboolean lac_memory_parse(const char *text, double *mib, GError **error);

/** lac_cell_describe: one line for people: "letter, mcar rate=0.2, knn k=5, repeat 1". Owned. */
LAC_PRIVATE_API char *lac_cell_describe(const LacExperiment *experiment, const LacCell *cell);

/** lac_cell_resolve: @cell with what its searches have chosen in place of what they draw, and
 * nothing left to choose. Lent. */
LAC_PRIVATE_API LacCell lac_cell_resolve(const LacCell *cell);
/** lac_cell_fit_key: equal for resolved cells whose completions are the same. Owned. */
char *lac_cell_fit_key(const LacExperiment *experiment, const LacCell *resolved);
/** lac_cell_note_choice: write what @resolved has chosen into the record of its cell. */
LAC_PRIVATE_API void lac_cell_note_choice(const LacExperiment *experiment, const LacCell *resolved);
/** lac_cell_classifier_key: equal for resolved cells whose trained classifiers are the same. Owned.
 */
char *lac_cell_classifier_key(const LacExperiment *experiment, const LacCell *resolved);
/** lac_search_score: what @trial is judged by; NaN when it has no score. */
LAC_PRIVATE_API double
lac_search_score(const LacExperiment *experiment, const LacCell *trial, const LacOutcome *outcome);
/**
 * lac_search_rank:
 * @scores: [n] of trials of @stage, NaN for those that failed
 * @rank: (out) [n]: 1 for the best, equal ones share the smaller rank; 0 for those that failed
 *
 * Returns: index of the best, the first of equals; -1 when all failed.
 */
LAC_PRIVATE_API gssize lac_search_rank(const LacExperiment *experiment, LacStage stage, size_t n,
                                       const double *scores, size_t *rank);

/** LacCellRunner: runs cells one after the other, keeping the data set read last. */
typedef struct LacCellRunner LacCellRunner;

LAC_PRIVATE_API LacCellRunner *lac_cell_runner_new(const LacExperiment *experiment);
/** lac_cell_runner_set_check_numerics: nets look for NaN after every operator. */
LAC_PRIVATE_API void lac_cell_runner_set_check_numerics(LacCellRunner *runner, gboolean check);
LAC_PRIVATE_API void lac_cell_runner_free(LacCellRunner *runner);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacCellRunner, lac_cell_runner_free)
LAC_PRIVATE_API void
lac_cell_runner_set_progress(LacCellRunner *runner, void (*report)(void *user, double done),
                             void *user);
/** lac_cell_runner_run: data to scores. What goes wrong is the outcome's status and reason. Owned.
 */
LAC_PRIVATE_API LacOutcome *lac_cell_runner_run(LacCellRunner *runner, const LacCell *cell);

/** lac_experiment_schema: JSON Schema (2020-12) of experiment files, from every plugin found.
 * lac_experiment_reference: the same as Markdown for people. Owned. */
LAC_PRIVATE_API char *lac_experiment_schema(GError **error);
LAC_PRIVATE_API char *lac_experiment_reference(GError **error);

G_END_DECLS

#endif
