/* The pieces of `lacuna rank` and of `impute --model auto`: candidates, runs within a time budget,
 * the ranking that comes out. */
#ifndef LACUNA_RANK_PRIVATE_H
#define LACUNA_RANK_PRIVATE_H

#include "experiment-private.h"
#include "impute-private.h"
#include "ranking-private.h"

G_BEGIN_DECLS

/**
 * LacRankRequest: all lent.
 * @table: as it was read, by @options
 * @models: lists of names or components in YAML; NULL: those that ship and suit the table
 * @mask: a mask generator in YAML; NULL: `learned`, or mcar where nothing is missing
 * @scale, @initial, @optimizer: as for impute; NULL: the defaults
 * @repeats: masks; @draws: completions of each model that draws; @jobs: worker processes
 * @budget_s: seconds for everything; 0: no limit
 * @cell_s: seconds one candidate may take under one mask; 0: no limit of its own
 * @max_mib: memory of a worker; 0: no limit
 * @keep: folder for the runs, which are resumed when they are there already; NULL: a temporary one
 * @draw_only: leave out models that cannot draw
 */
typedef struct {
    const LacImputeTable *table;
    const LacImputeOptions *options;
    char *const *models;
    const char *mask, *scale, *initial, *optimizer, *keep;
    uint64_t seed;
    int64_t repeats, draws, jobs;
    double budget_s, cell_s, max_mib;
    gboolean draw_only;
} LacRankRequest;

/** LacRankOutcome: @mask: how cells were hidden, a sentence; @interrupted: by the user. */
typedef struct {
    LacRanking *ranking;
    char *mask;
    gboolean interrupted;
} LacRankOutcome;

/** lac_rank_run: runs the candidates and ranks them. What a candidate does wrong is told in the
 * ranking. @error: bad requests, results that cannot be stored. */
gboolean lac_rank_run(const LacRankRequest *request, LacRankOutcome *out, GError **error);
void lac_rank_outcome_clear(LacRankOutcome *outcome);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LacRankOutcome, lac_rank_outcome_clear)

/** lac_rank_seconds: "90", "90s", "10m", "1.5h", "none"; LAC_ERROR_PARAM otherwise. */
gboolean lac_rank_seconds(const char *text, double *out, GError **error);
/** The budget unless one is given. */
#define LAC_RANK_BUDGET "2m"
/** What `impute --model` says to have a model chosen; "auto:knn,em": among these. */
#define LAC_AUTO "auto"

/** lac_rank_suits: FALSE with a sentence where no comparison is possible: one column, too few
 * rows. */
gboolean lac_rank_suits(const LacData *data, GError **error);

/* ---- rank-plan.c: what will be run ------------------------------------------------------------
 */

/** LacRankPlan: two experiments on one written table, as YAML.
 * @truth: with masked cells; @own: none masked, scored by energy-I-score; NULL where there are no
 *   holes of its own to score
 * @own_columns: how many columns that scores, each taking a fit
 * @mask: how cells are hidden, a sentence */
typedef struct {
    char *truth, *own, *mask;
    size_t own_columns;
} LacRankPlan;

gboolean lac_rank_plan_make(const LacRankRequest *request, LacRankPlan *out, GError **error);
void lac_rank_plan_clear(LacRankPlan *plan);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LacRankPlan, lac_rank_plan_clear)

/** lac_rank_write_table: a copy of the person's file, and of the rules of its columns, in folder
 * @dir, where the experiments look for them. */
gboolean lac_rank_write_table(const LacRankRequest *request, const char *dir, GError **error);
#define LAC_RANK_TABLE "table.csv"
#define LAC_RANK_COLUMNS "columns.yaml"
/** What messages call the experiments. */
#define LAC_RANK_NAME "rank"

/** lac_rank_fail: FALSE with @said about these copies in @dir (NULL: not made yet), or about a line
 * of the plan, as about the person's own files and options; lac_rank_own_reasons: the same of why
 * candidates failed. */
gboolean
lac_rank_fail(const LacRankRequest *request, const char *dir, const GError *said, GError **error);
void lac_rank_own_reasons(const LacRankRequest *request, const char *dir, LacRanking *ranking);

/** LacRankCandidate: @model: lent by the experiment; @seconds: by its own estimate for one mask,
 * NaN when it gives none; @reason: why it does not start, or NULL; owned. */
typedef struct {
    const LacChoice *model;
    double seconds;
    gboolean draws;
    char *reason;
} LacRankCandidate;

/** lac_rank_candidates: of @experiment, cheap ones first, those without an estimate last. Owned
 * array of LacRankCandidate. */
GArray *
lac_rank_candidates(const LacExperiment *experiment, const LacRankRequest *request, GError **error);

G_END_DECLS

#endif
