/* What a report is about: the cells of one or more runs, grouped into data sets, conditions and
 * methods. Read once from results.sqlite, then only looked at. */
#ifndef LACUNA_REPORT_MODEL_PRIVATE_H
#define LACUNA_REPORT_MODEL_PRIVATE_H

#include "base-private.h"
#include <lacuna/error.h>
#include <lacuna/rng.h>

G_BEGIN_DECLS

/** LacReportRun: one folder. @environment: key, value, key, value... */
typedef struct {
    char *dir, *name, *started, *finished, *yaml, *command, *version, *abi;
    char *seed_text;
    GPtrArray *environment;
} LacReportRun;

/**
 * LacReportCell: one row of `cells`. @data, @condition, @method: index into the report's lists.
 * @pair: what ties cells of different methods together: same seed, repeat and fold, same holes
 * Times in seconds, NaN when not recorded.
 */
typedef struct {
    size_t run, data, condition, method;
    char *id, *status, *reason, *split, *scale, *host, *pair;
    char *data_name, *data_params, *family, *data_sha;
    char *mask, *mask_params, *mechanism;
    char *model, *model_params, *model_label, *initial, *initial_params;
    char *optimizer, *optimizer_params;
    char *classifier; /* behind it, or NULL */
    int64_t repeat, fold, rows, cols, threads, position;
    double rate_asked, rate_realised, fit_s, apply_s, cpu_s, peak_mib;
    gboolean ok, contended;
} LacReportCell;

/** LacReportData: a data set; data sets of one @family count as one block. */
typedef struct {
    char *label, *family;
    int64_t rows, cols;
} LacReportData;

/** LacReportCondition: under what methods are compared: a mask with its parameters (and scale and
 * split, where a run has several). @curve: the same without the rate, which groups rates.
 * @rate: share of cells missing, as asked for or as realised on average; NaN unknown. */
typedef struct {
    char *label, *curve, *scale, *split, *mechanism;
    double rate, realised;
    double ratio; /* test rows by training rows, 0 without a split */
} LacReportCondition;

/** LacReportMethod: @slot: colour and marker, 0 the best overall; fixed for the whole report. */
typedef struct {
    char *label;
    size_t slot;
} LacReportMethod;

typedef enum { LAC_BETTER_LOW, LAC_BETTER_HIGH, LAC_BETTER_TARGET } LacBetter;

/** LacReportJudges: what a metric speaks of, in the order in which a page shows them; an unknown
 * one comes last. */
typedef enum {
    LAC_REPORT_DRAWS,
    LAC_REPORT_TABLE,
    LAC_REPORT_POINT,
    LAC_REPORT_TASK,
    LAC_REPORT_UNKNOWN,
} LacReportJudges;

/** LacReportMetric: one metric, or one part of it ("coverage 0.8").
 * @valid: "MCAR,MAR,MNAR", what the number holds under; NULL unknown
 * @caution: how it misleads when read alone, or NULL; @listed: its place in the experiment */
typedef struct {
    char *name, *part, *label, *unit, *scope, *needs, *valid, *caution;
    LacReportJudges judges;
    size_t listed;
    LacBetter better;
    double target;
} LacReportMetric;

typedef enum {
    LAC_VALUE_ABSENT, /* no such cell, or the metric was not asked for */
    LAC_VALUE_OK,
    LAC_VALUE_UNDEFINED,      /* there is no number (no scored cell, zero denominator...) */
    LAC_VALUE_NOT_APPLICABLE, /* the method does not offer what the metric needs */
    LAC_VALUE_FAILED,         /* the cell failed */
} LacValueStatus;

typedef enum {
    LAC_FAILURES_WORST,
    LAC_FAILURES_EXCLUDE_DATASET,
    LAC_FAILURES_EXCLUDE_METHOD,
    LAC_FAILURES_SEPARATE,
    LAC_FAILURES_FILL,
} LacFailurePolicy;

/** LacReportSettings: the `report:` block of the experiment, with its defaults. */
typedef struct {
    char *primary, *fill; /* metric; method whose value stands in for failures */
    double alpha, tie, rope;
    gboolean drop_zeros, log_ratio;
    LacFailurePolicy failures;
    size_t max_failed_repeats;
} LacReportSettings;

/**
 * LacReport:
 * @order: [methods] method indices from best to worst overall
 * @value: [cells x metrics]; @status: LacValueStatus of each
 * @primary: index of the metric that orders methods
 * @notes: sentences about what could not be shown, for the reader and for stderr
 */
typedef struct {
    GPtrArray *runs, *cells, *data, *conditions, *methods, *metrics, *notes;
    double *value;
    unsigned char *status;
    size_t *order;
    size_t *grid_start, *grid_cell; /* cells by condition, data set and method */
    size_t primary;
    LacReportSettings settings;
    LacRng rng;
} LacReport;

/**
 * lac_report_load:
 * @dirs: NULL-terminated run folders, at least one
 * @error: LAC_ERROR_IO when a folder holds no readable results; names the file
 *
 * Cells found in several folders (same id) count once. Owned.
 */
LAC_PRIVATE_API LacReport *lac_report_load(const char *const *dirs, GError **error);
LAC_PRIVATE_API void lac_report_free(LacReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacReport, lac_report_free)

/** report_new: empty lists; report_cell_free: a cell that is in no list. */
LacReport *report_new(void);
void report_cell_free(LacReportCell *cell);

/* Typed access to the lists above; lent. */
const LacReportRun *report_run(const LacReport *report, size_t i);
const LacReportCell *report_cell(const LacReport *report, size_t i);
const LacReportData *report_data(const LacReport *report, size_t i);
const LacReportCondition *report_condition(const LacReport *report, size_t i);
const LacReportMethod *report_method(const LacReport *report, size_t i);
const LacReportMetric *report_metric(const LacReport *report, size_t i);
/** report_note: adds a sentence to the notes, once. report_note_add: to any list of them. */
void report_note(LacReport *report, const char *format, ...) G_GNUC_PRINTF(2, 3);
void report_note_add(GPtrArray *notes, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** report_value_status, report_value: of cell @cell and metric @metric. */
LacValueStatus report_value_status(const LacReport *report, size_t cell, size_t metric);
double report_value(const LacReport *report, size_t cell, size_t metric);
/** report_has_values: whether any cell has a value of @metric. */
gboolean report_has_values(const LacReport *report, size_t metric);

/** report_cells: indices of the @n_out cells of one method on one data set under one condition, in
 * the order of the run; lent. */
const size_t *
report_cells(const LacReport *report, size_t condition, size_t data, size_t method, size_t *n_out);

/** report_valid: whether @metric means what it says under @condition's mechanism; TRUE when one of
 * the two is unknown. report_judges_word: "draws", "table", "point", "task" or "". */
gboolean report_valid(const LacReportMetric *metric, const LacReportCondition *condition);
const char *report_judges_word(const LacReportMetric *metric);

/** report_loss: smaller is better, from a metric's value and direction. */
double report_loss(const LacReportMetric *metric, double value);

/** labels.c: group cells into data sets, conditions, methods, and name them. */
void report_group(LacReport *report);
/** settings.c: the report block of an experiment file; a sentence in the notes when it cannot be
 * read. */
void report_settings_read(LacReport *report, const char *yaml);
void report_settings_clear(LacReportSettings *settings);

/** lac_report_differences: for each JSON object of @params [n] what sets it apart from the others:
 * "k=5 weights=distance", or "". Array of owned strings. */
LAC_PRIVATE_API GPtrArray *lac_report_differences(size_t n, const char *const *params);

/** LacReportTrace: one series of one cell. */
typedef struct {
    char *series, *column;
    size_t chains, iterations;
    double *value; /* [chains x iterations], NaN where nothing was traced */
} LacReportTrace;
void report_trace_free(LacReportTrace *trace);
/** report_traces: of cell @cell, at most @most of them, as an array; empty on trouble. */
GPtrArray *report_traces(const LacReport *report, size_t cell, size_t most);

/** LacReportEvent: what happened to data on the way, summed over cells. */
typedef struct {
    char *code, *column, *detail;
    size_t data, method;
    int64_t count, cells;
} LacReportEvent;
void report_event_free(LacReportEvent *event);
GPtrArray *report_events(const LacReport *report);

G_END_DECLS

#endif
