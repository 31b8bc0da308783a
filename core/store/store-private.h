/* Results on disk: one SQLite file a run. The schema below is the interchange format. */
#ifndef LACUNA_STORE_PRIVATE_H
#define LACUNA_STORE_PRIVATE_H

#include "base-private.h"
#include <lacuna/error.h>

G_BEGIN_DECLS

struct sqlite3;

/** lac_store_schema: the SQL that creates an empty results.sqlite. Tables:
 *
 *   run(name, seed, started, finished, yaml, command, version, abi)            one row
 *   environment(key, value)             host, cpu, cores, threads, blas, kernel, data SHA-256 ...
 *   cells(id TEXT PRIMARY KEY, position INTEGER,
 *         data, data_params, family, data_sha256, n_rows, n_cols,
 *         split, fold, mask, mask_params, mechanism, rate_asked, rate_realised,
 *         initial, initial_params, model, model_params, model_label, optimizer, optimizer_params,
 *         scale, repeat, seed, status, reason, fit_s, apply_s, cpu_s, peak_rss_mib, threads,
 *         contended, host, version, started, finished, downstream, search)
 *       status: ok | failed | timeout | memory | crash | not-finite
 *       downstream: JSON object: model, params, optimizer, optimizer_params, train_on, test_on,
 *       imputations; NULL without a classifier behind the model
 *       search: JSON object: draws, validation, and by which metric model and downstream classifier
 *       were chosen; NULL when nothing was searched for
 *       *_params: JSON objects of parameters in force, chosen ones included; model_label: what
 * distinguishes this model from the other models of the run ("knn", or "knn k=5" when k is swept)
 *   metrics(cell, metric, part, column_name, value, status, reason, n_cells, draws)
 *       status: ok | undefined | not-applicable; value NULL unless ok; column_name NULL: the table
 *   metric_info(metric, part, direction, target, unit, scope, needs, judges, valid, caution)
 *       judges: draws | table | point | task; valid: "MCAR,MAR,MNAR", what it holds under
 *   traces(cell, series, column_name, chain, iteration, value)
 *   events(cell, code, column_name, count, detail)
 *   trials(id, position, stage, draw, metric, score, model, model_params, optimizer,
 *         optimizer_params, downstream, status, reason, fit_s, apply_s, cpu_s, peak_rss_mib,
 *         threads, contended, host, version, started, finished)
 *       configurations tried on validation rows, kept apart from cells, which were scored on test
 *       rows; stage: model | downstream; draw counts from 1
 *   drawn(trial, parameter, value)            ("model.knn.k", "7")
 *   search(cell, trial, stage, rank, chosen)  which trials a cell had to choose from; rank 1 is the
 *       best, NULL failed; chosen 0 or 1
 *   axes(cell, axis, value)        what varies in this run, tidy: ("mask.mcar.rate", "0.2")
 *
 * Missing numbers are NULL. Times are seconds, instants ISO-8601 UTC text. */
LAC_PRIVATE_API const char *lac_store_schema(void);

/* ---- what is stored --------------------------------------------------------------------------
 * Texts are owned by the struct they are in and NULL where there is nothing to say; numbers that
 * are not known are NaN (double) or -1 (integers). */

/** LacSearchRow: one trial of the search behind a cell. @stage: "model" or "downstream"; @rank: 1
 * is the best, 0 for one that failed */
typedef struct {
    const char *trial, *stage; /* lent */
    int64_t rank;
    gboolean chosen;
} LacSearchRow;

/**
 * LacCellRecord: what a cell is, known before it runs. @axes: name, value, name, value..., NULL
 * @search: JSON object of the search that chooses a part of it, or NULL
 * @trials: of LacSearchRow, known once it has chosen; NULL without one
 * @stage, @draw, @metric: of a trial of a search: what it is about, its number from 1, what it is
 *   judged by; @stage is NULL for all other cells. @score: NaN until it has one
 */
typedef struct {
    char *id;
    int64_t position;
    char *data, *data_params, *family, *data_sha256;
    char *split;
    int64_t fold;
    char *mask, *mask_params;
    double rate_asked;
    char *initial, *initial_params;
    char *model, *model_params, *model_label;
    char *optimizer, *optimizer_params;
    char *scale, *downstream;
    int64_t repeat, seed;
    char **axes;
    char *search;
    GArray *trials;
    char *stage, *metric;
    int64_t draw;
    double score;
} LacCellRecord;

LAC_PRIVATE_API LacCellRecord *lac_cell_record_new(void);
LAC_PRIVATE_API void lac_cell_record_free(LacCellRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacCellRecord, lac_cell_record_free)

typedef struct {
    char *metric, *part, *column_name;
    double value;
    char *status, *reason;
    int64_t n_cells, draws;
} LacMetricRow;

typedef struct {
    char *metric, *part, *direction;
    double target;
    char *unit, *scope, *needs, *judges, *valid, *caution;
} LacMetricInfoRow;

typedef struct {
    char *series, *column_name;
    int64_t chain, iteration;
    double value;
} LacTraceRow;

typedef struct {
    char *code, *column_name;
    int64_t count;
    char *detail;
} LacEventRow;

/** LacArtifact: a file that belongs to a cell, written to artifacts/<cell>/<name>. */
typedef struct {
    char *name;
    GBytes *bytes;
} LacArtifact;

/** LacOutcome: what became of a cell. The arrays hold pointers to the rows above and free them. */
typedef struct {
    char *status, *reason;
    int64_t n_rows, n_cols;
    char *mechanism;
    double rate_realised;
    double fit_s, apply_s, cpu_s, peak_rss_mib;
    int64_t threads, contended;
    char *host, *started, *finished;
    GPtrArray *metrics, *infos, *traces, *events, *artifacts;
} LacOutcome;

/** lac_outcome_new: @status "ok", or what went wrong with the @reason. Owned. */
LAC_PRIVATE_API LacOutcome *lac_outcome_new(const char *status, const char *reason);
LAC_PRIVATE_API void lac_outcome_free(LacOutcome *outcome);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacOutcome, lac_outcome_free)
/** lac_outcome_pack, _unpack: as bytes between the worker and its parent, which share a machine.
 * Bytes that make no sense are NULL with LAC_ERROR_IO. */
LAC_PRIVATE_API GBytes *lac_outcome_pack(const LacOutcome *outcome);
LAC_PRIVATE_API LacOutcome *lac_outcome_unpack(GBytes *bytes, GError **error);

LAC_PRIVATE_API void
lac_outcome_add_metric(LacOutcome *outcome, const char *metric, const char *part,
                       const char *column_name, double value, const char *status,
                       const char *reason, int64_t n_cells, int64_t draws);
LAC_PRIVATE_API void
lac_outcome_add_info(LacOutcome *outcome, const char *metric, const char *part,
                     const char *direction, double target, const char *unit, const char *scope,
                     const char *needs, const char *judges, const char *valid, const char *caution);
LAC_PRIVATE_API void
lac_outcome_add_trace(LacOutcome *outcome, const char *series, const char *column_name,
                      int64_t chain, int64_t iteration, double value);
LAC_PRIVATE_API void
lac_outcome_add_event(LacOutcome *outcome, const char *code, const char *column_name, int64_t count,
                      const char *detail);
LAC_PRIVATE_API void
lac_outcome_take_artifact(LacOutcome *outcome, const char *name, GBytes *bytes);

/* ---- the folder of a run --------------------------------------------------------------------- */

typedef struct LacStore LacStore;

/**
 * LacStoreMode:
 * @LAC_STORE_NEW: the folder must not hold results yet
 * @LAC_STORE_RESUME: go on with the results in the folder, if there are any
 * @LAC_STORE_REPLACE: throw away the results in the folder
 */
typedef enum {
    LAC_STORE_NEW,
    LAC_STORE_RESUME,
    LAC_STORE_REPLACE,
} LacStoreMode;

/** LacRunInfo: the one row of table run. Lent. */
typedef struct {
    const char *name;
    int64_t seed;
    const char *yaml, *command, *version;
    int64_t abi;
} LacRunInfo;

/**
 * lac_store_begin:
 * @dir: made, with its parents, when it is not there; locked until lac_store_free(), so that a
 *   second run into it is refused
 *
 * Writes DIR/experiment.yaml (the text of @info->yaml) and opens DIR/results.sqlite.
 * @error: LAC_ERROR_IO that names the folder and says how to mend it: in use, has results, cannot
 *   be written, damaged
 */
LAC_PRIVATE_API LacStore *
lac_store_begin(const char *dir, LacStoreMode mode, const LacRunInfo *info, GError **error);
/** lac_store_open: to read the results in @dir, which may be a read-only folder. */
LAC_PRIVATE_API LacStore *lac_store_open(const char *dir, GError **error);
LAC_PRIVATE_API void lac_store_free(LacStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacStore, lac_store_free)

/** lac_store_db: the SQLite handle, lent. lac_store_dir: the folder, lent. */
LAC_PRIVATE_API struct sqlite3 *lac_store_db(const LacStore *store);
LAC_PRIVATE_API const char *lac_store_dir(const LacStore *store);

/** lac_store_trial: what the trial called @id was judged as; NaN and the @reason (owned) when it
 * failed or is not there. */
LAC_PRIVATE_API gboolean lac_store_trial(LacStore *store, const char *id, double *score,
                                         char **reason, GError **error);
/** lac_store_cells: id -> status of every cell and trial stored. Owned table of owned texts. */
LAC_PRIVATE_API GHashTable *lac_store_cells(LacStore *store, GError **error);
/** lac_store_delete: forget the cells of @ids (NULL-terminated), all or none. */
LAC_PRIVATE_API gboolean lac_store_delete(LacStore *store, const char *const *ids, GError **error);
/** lac_store_record: everything about one cell in one transaction, replacing what was stored for
 * it. LAC_ERROR_IO, and nothing stored, when the disk is full or failing. */
LAC_PRIVATE_API gboolean lac_store_record(LacStore *store, const LacCellRecord *cell,
                                          const LacOutcome *outcome, const char *version,
                                          GError **error);
/** lac_store_set_environment: @pairs: key, value, key, value..., NULL; all or none. */
LAC_PRIVATE_API gboolean lac_store_set_environment(LacStore *store, const char *const *pairs,
                                                   GError **error);
/** lac_store_finish: note the instant at which nothing was left to do. */
LAC_PRIVATE_API gboolean lac_store_finish(LacStore *store, GError **error);

/** lac_store_now: this instant as ISO-8601 UTC text. Owned. */
LAC_PRIVATE_API char *lac_store_now(void);

G_END_DECLS

#endif
