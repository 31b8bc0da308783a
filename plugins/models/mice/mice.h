/* Chained equations. One file a concern:
 *   mice.c      parameters, the core's slots, saving
 *   columns.c   what each table column becomes in the design matrix
 *   predictors.c, quickpred.c   who predicts whom
 *   passive.c   columns that are computed from others
 *   chains.c    the loop: iterations x columns, chains side by side
 *   traces.c    what is told of convergence
 *   save.c      a fitted model to a file and back
 *   replay.c    the learnt rules applied to new rows
 *   rules.c     storage of what one visit of a column learnt
 *   methods.c   the table of univariate methods; one file each beside it */
#ifndef LACUNA_MICE_H
#define LACUNA_MICE_H

#include <lacuna/expression.h>
#include <lacuna/forest.h>
#include <lacuna/gram.h>
#include <lacuna/linear.h>
#include <lacuna/match.h>
#include <lacuna/model.h>
#include <lacuna/truncated.h>

typedef struct MiceModel MiceModel;
typedef struct MiceMethod MiceMethod;

/**
 * MiceColumn: a column of the table.
 * @first, @width: its columns of the design Z: one for numbers and two levels, levels - 1
 *   treatment dummies otherwise; of very many levels one for the codes if ordered, else none
 * @centre, @sd: of its observed values (level codes for categories)
 * @start: where new rows start: mean or most frequent level
 * @constant: one observed value only, which is @start
 * @passive: computed from other columns, never visited
 * @predictors: [n_predictors] columns of Z it is regressed on, 0 (the intercept) first
 */
typedef struct {
    LacKind kind;
    size_t n_levels, first, width, n_holes, n_predictors;
    size_t *predictors;
    double centre, sd, start;
    gboolean constant, passive;
    const MiceMethod *method;
} MiceColumn;

/**
 * MicePassive: a column that is computed from others.
 * @text, @expression: how; @parents: [n_parents] columns its names stand for
 * @depends: [cols] which columns it is computed from, also by way of other passive ones; NULL in
 *   a loaded model
 */
typedef struct {
    size_t target, n_parents;
    char *text;
    LacExpression *expression;
    size_t *parents;
    gboolean *depends;
} MicePassive;

/** MiceCurrent: the values, as they are now, of the columns that passive ones are made of. */
typedef struct MiceCurrent MiceCurrent;

/**
 * MiceLeftOut: how predictions of a column change when the regression is learnt without a donor's
 * own row: that of the donor by -@shift, that of a row z of the design by -z'@move.
 * @row: [n_donors] which observed row a donor is
 * @shift: [n_observed], @move: [n_observed][stride], @length: [n_observed] of the moves
 * @most_shift, @most_length: the largest |shift| and length
 */
typedef struct {
    size_t *row;
    double *shift, *move, *length, most_shift, most_length;
} MiceLeftOut;

/**
 * MiceRule: what one visit learnt, enough to complete other rows.
 * @beta: [rows][stride] coefficients on Z, 0 where a column does not take part
 * @sigma: sd of the noise to add, in sd's of the column
 * @score, @value: [n_donors] donors' predictions, ascending, and their observed values; or only
 *   values, where the method needs no scores
 * @forest: whose leaves hold positions in @value
 * @left_out: lent during the visit, never kept; NULL: all donors share the regression
 */
typedef struct {
    size_t rows, n_donors;
    double *beta, *score, *value;
    double sigma;
    LacForest *forest;
    const MiceLeftOut *left_out;
} MiceRule;

/** A kept rule holds no more donors than this; they are thinned evenly along their scores. Forests
 * are kept as they are, but only those of the last round, which then stand for all rounds. */
#define MICE_MOST_DONORS 4096

struct MiceModel {
    LacModel base;
    char *method; /* parameters */
    char **methods, **predict, **include, **exclude, **passive, **sequence;
    int64_t iterations, imputations, donors, trees, levels;
    int match, visit, predictors, start;
    double ridge, mincor, minpuc;

    size_t cols, q, stride; /* q: columns of Z and one spare, for the response of other codings */
    MiceColumn *columns;    /* [cols] */
    double *centre, *scale; /* [q] of Z's columns */
    size_t *order;          /* [n_ordered] columns that vary, the n_visited with holes first */
    size_t n_visited, n_ordered, chains, rounds;
    MicePassive *passives; /* [n_passive] in the order in which they can be computed */
    size_t n_passive;
    LacBins *bins;        /* how values become codes, for trees; no rows. NULL: no tree */
    MiceRule *rules;      /* [chains][rounds + 1][cols]; the last round: columns without holes */
    uint64_t fingerprint; /* of the training table, whose completions are kept: */
    size_t n_cells, *cell_start; /* [cols + 1]: holes by column, by row within one */
    double *cells;               /* [chains][n_cells] */
};

enum { MICE_MATCH_0, MICE_MATCH_1, MICE_MATCH_2 };
enum { MICE_LEFT_RIGHT, MICE_RIGHT_LEFT, MICE_MONOTONE, MICE_REVMONOTONE };
enum { MICE_PREDICTORS_ALL, MICE_PREDICTORS_QUICK };
enum { MICE_START_INITIAL, MICE_START_SAMPLE };

/** MiceRows: rows of a design matrix, and of the same table as codes. @data, @column: whose limits
 * hold for what is drawn. */
typedef struct {
    size_t n, stride;
    const size_t *index;
    const double *z;
    const LacBins *bins;
    const LacData *data;
    size_t column;
} MiceRows;

/** MiceTable: a completed table as the methods see it. @bins: NULL without trees */
typedef struct {
    LacGram *gram;
    LacBins *bins;
} MiceTable;

/** MiceScratch: memory of one chain, for tables of up to n rows. */
typedef struct {
    LacGram *gram;
    size_t *observed, *missing, *holes;
    double *y, *fitted, *value, *cross; /* [n], [n], [n], [q][stride] */
    double *beta, *normals;             /* [2][stride], [2 q] */
    LacLinear *linear;
    LacMatcher *matcher;
    LacBins *bins;        /* of the completed table; NULL: no tree */
    MiceLeftOut left_out; /* NULL where no method leaves donors out */
    GError *error;        /* why the chain has to end, or NULL */
} MiceScratch;

/**
 * MiceTask: one visit: column @j is to be learnt from the rows in which it is observed. Cells that
 * are censored take part with their values of the moment, where the method cuts its draws at
 * limits: that is the data augmentation of Chib, J. Econometrics 51 (1992) 79-99.
 * @y: [n_observed] the observed values, in the table's unit
 * @missing: [n_missing] all other rows; @holes: [n_holes] those to be drawn, censored ones too
 */
typedef struct {
    const MiceModel *model;
    const LacData *data;
    size_t j, chain, iteration;
    const MiceColumn *column;
    LacGram *gram;
    size_t n_observed, n_missing, n_holes;
    const size_t *observed, *missing, *holes;
    const double *y;
    LacRng rng;
    MiceScratch *scratch;
} MiceTask;

#define MICE_KIND(kind) (1u << (kind))
#define MICE_NUMBERS (MICE_KIND(LAC_KIND_CONTINUOUS) | MICE_KIND(LAC_KIND_INTEGER))
#define MICE_ANY_KIND (MICE_NUMBERS | MICE_CATEGORIES)
#define MICE_CATEGORIES                                                                            \
    (MICE_KIND(LAC_KIND_BINARY) | MICE_KIND(LAC_KIND_NOMINAL) | MICE_KIND(LAC_KIND_ORDINAL))

/**
 * MiceMethod: a way to impute one column from the others.
 * @kinds: bits MICE_KIND() of the columns it can impute
 * @random: draws random numbers, so chains differ
 * @matches: so that few donors can carry too much, of which the user is told
 * @learn: from a visit to a rule whose arrays are lent by the scratch
 * @draw: values for @rows in the table's unit; @rng is this visit's own
 */
struct MiceMethod {
    const char *name;
    unsigned kinds;
    gboolean random;
    gboolean matches;
    gboolean truncates;  /* draws inside limits, from its own law */
    gboolean leaves_out; /* learns into the scratch's left_out */
    gboolean needs_beta, needs_scores, needs_values,
        needs_forest; /* what a rule must hold; load checks it */
    void (*learn)(MiceTask *task, MiceRule *rule);
    void (*draw)(const MiceModel *model, const MiceColumn *column, const MiceRule *rule,
                 const MiceRows *rows, LacRng rng, double *out);
};

/* methods.c */
const MiceMethod *mice_method_find(const char *name);
const MiceMethod *mice_method_default(LacKind kind);
/** mice_method_names: for messages; owned. */
char *mice_method_names(void);
extern const MiceMethod mice_method_norm, mice_method_norm_predict, mice_method_norm_nob,
    mice_method_norm_boot, mice_method_ridge, mice_method_pmm, mice_method_midastouch,
    mice_method_two_stage, mice_method_logreg, mice_method_polyreg, mice_method_polr,
    mice_method_cart, mice_method_rf, mice_method_mean, mice_method_sample;

/* categorical.c */
/** mice_present_levels: levels that occur among the observed values, ascending, to @value; @y
 * [n_observed] as positions in that list. Returns: how many, at least one. */
size_t mice_present_levels(const MiceTask *task, double *value, double *y);
/** mice_levels_draw: drawn coefficients of a logistic or multinomial regression of @y [n_observed],
 * codes 0 .. @classes-1; @beta: [classes - 1][stride]. */
void mice_levels_draw(MiceTask *task, size_t classes, const double *y, double *beta);

/* cost.c */
void mice_cost(const LacModel *model, const LacWorkload *work, LacCost *out);

/* columns.c */
gboolean mice_learn_columns(MiceModel *self, const LacData *train, GError **error);
/** mice_encode: Z entries of one column for a value. @out: [width] */
void mice_encode(const MiceModel *self, const MiceColumn *column, double value, double *out);

/* quickpred.c */
/** mice_quickpred: [cols][cols], TRUE at (j, k) when column k predicts column j: an absolute
 * correlation above @mincor with it or with its being missing, and at least @minpuc of its holes in
 * rows in which k is observed. Owned. */
gboolean *mice_quickpred(const LacData *train, double mincor, double minpuc, GError **error);

/* predictors.c */
/** mice_predictors: @out [cols][cols] likewise, owned, from all parameters; NULL: all of all. */
gboolean
mice_predictors(const MiceModel *self, const LacData *train, gboolean **out, GError **error);

/* passive.c */
gboolean mice_learn_passive(MiceModel *self, const LacData *train, GError **error);
/** mice_passive_parse: sets text, expression and n_parents. */
gboolean mice_passive_parse(MicePassive *passive, const char *text, GError **error);
void mice_passives_free(MicePassive *passives, size_t n);
/** mice_current_new: of @in, holes still NaN. mice_current_put: new values of column @j. */
MiceCurrent *mice_current_new(const MiceModel *self, const LacData *in, GError **error);
void mice_current_free(MiceCurrent *current);
void mice_current_put(MiceCurrent *current, size_t j, size_t n, const size_t *rows,
                      const double *values);
/** mice_passive_update: computes the passive columns whose parents were put since the last call,
 * into @cells (holes by column, beginning at @cell_start) and @table; @cross as for mice_write().
 */
void mice_passive_update(const MiceModel *self, const LacData *in, MiceCurrent *current,
                         const MiceTable *table, gboolean cross, const size_t *cell_start,
                         double *cells);

/* traces.c */
/** mice_emit_traces: @trace: [chains][rounds][cols][2] mean and sd of the imputed values. */
void mice_emit_traces(const MiceModel *self, const LacData *data, const double *trace);

/* trees.c */
gboolean mice_needs_bins(const MiceModel *self);
/** mice_learn_bins: sets model->bins where some column needs them. */
gboolean mice_learn_bins(MiceModel *self, const LacData *train, GError **error);
void mice_put_bins(LacBins *bins, size_t j, size_t n, const size_t *rows, const double *values);

/* save.c */
gboolean mice_save(const LacModel *model, LacBundle *out, GError **error);
gboolean mice_load(LacModel *model, const LacBundle *in, GError **error);

/* mice.c */
/** mice_count_cells: where each column's holes begin among all. */
void mice_count_cells(MiceModel *self);

/* chains.c */
gboolean mice_run_chains(MiceModel *self, const LacData *train, GError **error);
/** mice_write: new values of a column into @table; @cross tells whether G is kept up to date. */
void mice_write(const MiceModel *self, const MiceColumn *column, const MiceTable *table,
                gboolean cross, size_t n, const size_t *rows, const double *values);

/* replay.c */
/** mice_replay: completes @in by the rules of one chain; @cells: [holes of @in], by column. */
gboolean
mice_replay(const MiceModel *self, const LacData *in, size_t chain, double *cells, GError **error);

/* rules.c */
void mice_rule_clear(MiceRule *rule);
/** mice_rule_keep: an own copy, with at most MICE_MOST_DONORS donors. */
void mice_rule_keep(const MiceModel *self, const MiceRule *from, MiceRule *to);
MiceRule *mice_rule(const MiceModel *self, size_t chain, size_t round, size_t j);
/** mice_rule_round: the round whose rule of @column stands for round @t. */
size_t mice_rule_round(const MiceModel *self, const MiceColumn *column, size_t t);
void mice_rules_save(const MiceModel *self, LacBundle *out);
gboolean mice_rules_load(MiceModel *self, const LacBundle *in, GError **error);

/* linear.c */
/** mice_linear_solve: regression of the standardised column on its predictors, over the rows it
 * was observed in, or over these rows with @weight each. Tells the user of what was mended.
 * Returns: the residual degrees of freedom, >= 1. */
double mice_linear_solve(MiceTask *task, const double *weight, double ridge);
/** mice_linear_place: coefficients [q of the fit] to their columns of Z; @beta [stride]. */
void mice_linear_place(const MiceTask *task, const double *coefficients, double *beta);
/** mice_linear_draw_beta: residual sd and coefficients from their posterior; @beta [stride]. */
double mice_linear_draw_beta(MiceTask *task, double df, double *beta);

#endif
