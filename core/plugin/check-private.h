/* The conformance suite: what its files share. A case runs in a child process of its own. */
#ifndef LACUNA_CHECK_PRIVATE_H
#define LACUNA_CHECK_PRIVATE_H

#include "context-private.h"
#include "plugin-private.h"
#include "table-private.h"

G_BEGIN_DECLS

/* Tables. All values come from fixed streams; nothing here can fail but for want of memory. */
typedef enum {
    LAC_TABLE_PLAIN,        /* 60 x 6 correlated numbers, 20 % holes */
    LAC_TABLE_IMAGES,       /* 40 images of 1 x 8 x 8, 20 % holes */
    LAC_TABLE_MIXED,        /* 60 x 6: two numbers, integer, binary, nominal, ordinal; 20 % holes */
    LAC_TABLE_COMPLETE,     /* plain without holes */
    LAC_TABLE_CONSTANT,     /* plain, column 2 constant */
    LAC_TABLE_DUPLICATED,   /* plain, column 3 equals column 1, also where they are seen */
    LAC_TABLE_EMPTY_COLUMN, /* plain, nothing seen in column 4 */
    LAC_TABLE_EMPTY_ROW,    /* plain, nothing seen in row 7 */
    LAC_TABLE_ONE_ROW,      /* 1 x 6, one hole */
    LAC_TABLE_ONE_COLUMN,   /* 60 x 1, 20 % holes */
    LAC_TABLE_WIDE,         /* 8 x 40, 20 % holes */
    LAC_TABLE_SPARSE,       /* 120 x 6, 90 % holes */
    LAC_TABLE_SCALES,       /* plain, columns multiplied by 1e-9 ... 1e9 */
    LAC_TABLE_LARGE,        /* 2000 x 20, 20 % holes */
    LAC_TABLE_TALL,         /* 400 x 12, 10 % holes: to be masked */
    LAC_TABLE_PICTURES,     /* 60 images of 1 x 16 x 16, complete: to be masked */
    LAC_TABLE_TWO_WORDS,    /* 40 x 70, 10 % holes: masks of two words a row */
} LacTableShape;

/** LacCheck: @shape: of the case; @sample: a file for readers, or NULL; @failures: sentences, empty
 * when the case passed; @note: what is worth knowing anyway
 */
typedef struct {
    const LacPlugin *plugin;
    LacTableShape shape;
    const char *sample;
    GString *failures, *note;
} LacCheck;

typedef struct {
    const char *name;
    void (*run)(LacCheck *check);
    LacTableShape shape; /* for the cases that meet different tables */
} LacCheckCase;

/* One case for each table that is not easy. */
#define LAC_CHECK_ODD_TABLES(run)                                                                  \
    {"takes or refuses a constant column", run, LAC_TABLE_CONSTANT},                               \
        {"takes or refuses a duplicated column", run, LAC_TABLE_DUPLICATED},                       \
        {"takes or refuses a column with nothing seen", run, LAC_TABLE_EMPTY_COLUMN},              \
        {"takes or refuses a row with nothing seen", run, LAC_TABLE_EMPTY_ROW},                    \
        {"takes or refuses one row", run, LAC_TABLE_ONE_ROW},                                      \
        {"takes or refuses one column", run, LAC_TABLE_ONE_COLUMN},                                \
        {"takes or refuses more columns than rows", run, LAC_TABLE_WIDE},                          \
        {"takes or refuses 90 % holes", run, LAC_TABLE_SPARSE},                                    \
        {"takes or refuses very different scales", run, LAC_TABLE_SCALES},                         \
    {                                                                                              \
        "takes or refuses columns of all kinds", run, LAC_TABLE_MIXED                              \
    }

/** lac_check_fail: adds a sentence; the case goes on or returns as it likes. */
void lac_check_fail(LacCheck *check, const char *format, ...) G_GNUC_PRINTF(2, 3);
void lac_check_note(LacCheck *check, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** lac_check_refusal: a refusal must be an error of our domain, with a code for bad data and a
 * sentence. */
void lac_check_refusal(LacCheck *check, const char *what, const GError *error);

/** The cases of each kind, ending with a NULL name. */
extern const LacCheckCase lac_check_model_cases[];
extern const LacCheckCase lac_check_classifier_cases[];
extern const LacCheckCase lac_check_initial_cases[];
extern const LacCheckCase lac_check_mask_cases[];
extern const LacCheckCase lac_check_metric_cases[];
extern const LacCheckCase lac_check_optimizer_cases[];
extern const LacCheckCase lac_check_reader_cases[];

/** lac_check_cases: those of @kind; @predicts: of a classifier. */
const LacCheckCase *lac_check_cases(LacPluginKind kind, gboolean predicts);
/** lac_check_predicts: a model that fills nothing: a classifier. It goes its own way through the
 * shared cases: tables are complete and have labels, a "completion" is its class probabilities. */
gboolean lac_check_predicts(const LacPlugin *plugin);

/* Cases that several kinds share. */
void lac_check_params_refused(LacCheck *check);
void lac_check_params_round_trip(LacCheck *check);
void lac_check_example(LacCheck *check);
void lac_check_completes(LacCheck *check);
void lac_check_same_seed(LacCheck *check);
void lac_check_threads(LacCheck *check);
void lac_check_new_rows(LacCheck *check);
void lac_check_no_holes(LacCheck *check);
void lac_check_odd_table(LacCheck *check);
/* ... and those that classifiers share with other models. */
void lac_check_cancelled_fit(LacCheck *check);
void lac_check_save_load(LacCheck *check);
void lac_check_cost(LacCheck *check);
/** lac_check_reconstruct, lac_check_log_density, lac_check_elbo: what a model says of whole rows.
 */
void lac_check_reconstruct(LacCheck *check);
void lac_check_log_density(LacCheck *check);
void lac_check_elbo(LacCheck *check);
void lac_check_leak(LacCheck *check);
void lac_check_predict(LacCheck *check);
static inline const LacModelPlugin *
lac_check_model(const LacCheck *check)
{
    return (const LacModelPlugin *)check->plugin;
}
/** lac_check_fitted: on @train; NULL after a failure that is told. */
LacModel *lac_check_fitted(LacCheck *check, LacContext *context, const LacData *train);

/** lac_check_instance: with its defaults, and @set ("k: 3", or a flow map) unless NULL. */
gpointer lac_check_instance(const LacPlugin *plugin, const char *set, GError **error);

const char *lac_check_table_name(LacTableShape shape);
/** lac_check_table: one of the above, other rows of the same population for another @seed. Owned.
 */
LacData *lac_check_table(LacTableShape shape, uint64_t seed);
/** lac_check_truth: the same without its holes (other than those of whole rows or columns). */
LacData *lac_check_truth(LacTableShape shape, uint64_t seed);

/** lac_check_is: a model with this trait, as its defaults stand. */
gboolean lac_check_is(const LacPlugin *plugin, LacModelTraits trait);

/** LacCheckRun: how to complete a table: seed, threads, draws announced; @draw -1: point fill. */
typedef struct {
    const char *set; /* parameters, or NULL for the defaults */
    uint64_t seed;
    unsigned threads;
    size_t draws;
    gssize draw;
} LacCheckRun;

#define LAC_CHECK_RUN_PLAIN ((LacCheckRun){.seed = 1, .threads = 1, .draws = 1, .draw = -1})

/** lac_check_prepare: the table as the core would hand it over: encoded for models that want
 * numbers only. Owned. */
LacData *lac_check_prepare(const LacPlugin *plugin, const LacData *data);
/** lac_check_label: each row's class is the larger of its first two cells: 0 or 1; 2 for every
 * ninth row, so that there are three. Before @data is shared. */
void lac_check_label(LacData *data);
/** lac_check_base: a prepared table that the component takes: plain, or images when it wants
 * them; a failure and NULL when it takes neither. Owned. */
LacData *lac_check_base(LacCheck *check, uint64_t seed);
/** lac_check_complete: learn from @train, complete @in, both prepared. The result's rows lie 3
 * doubles further apart than needed; untouched room holds NaN. Owned. */
LacMatrix *lac_check_complete(const LacPlugin *plugin, const LacCheckRun *run, const LacData *train,
                              const LacData *in, GError **error);
/** lac_check_completed: observed cells bit for bit, holes finite, nothing written beside the
 * table. */
gboolean
lac_check_completed(LacCheck *check, const char *what, const LacData *in, const LacMatrix *out);
/** lac_check_same: FALSE unless |a - b| <= tolerance max(1, |b|); 0 asks for the same bits. Tells
 * the first cell that differs in @where. */
gboolean
lac_check_same(const LacMatrix *a, const LacMatrix *b, double tolerance, size_t *row, size_t *col);

G_END_DECLS

#endif
