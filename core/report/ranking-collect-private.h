/* What the runs behind a ranking say of each candidate, before anything is compared. */
#ifndef LACUNA_REPORT_RANKING_COLLECT_PRIVATE_H
#define LACUNA_REPORT_RANKING_COLLECT_PRIVATE_H

#include "ranking-private.h"

/* What a run with masked cells says of each column (V_ENERGY: of the table) under one mask. */
enum {
    V_RMSE,
    V_MAE,
    V_CRPS,
    V_PFC,
    V_PFC_RANKED,
    V_BRIER,
    V_BRIER_RANKED,
    V_COVERAGE,
    V_WIDTH,
    V_COLUMN_N, /* what follows is of the table */
};

/* A value of one column, and the cells it is the mean of; 0 where there is none. */
typedef struct {
    double value;
    size_t n;
} RankValue;

/* One candidate under one mask. @value: [cols][V_COLUMN_N], owned. */
typedef struct {
    int64_t repeat;
    gboolean good;
    double seconds, energy;
    RankValue *value;
} RankRun;

/* Which columns of the table belong together. */
typedef struct {
    const LacData *table;
    LacRankGroup home[LAC_RANK_GROUPS];
} RankGroups;

typedef struct {
    char *name, *reason;
    GArray *runs;   /* of RankRun */
    gboolean error; /* of its own, under some mask */
    gboolean draws, has_own;
    double *own; /* [cols] energy-I-score of each column, NaN where there is none */
} RankCandidate;

typedef struct {
    const LacData *table;
    GPtrArray *candidates;
    char *level;
} RankCollected;

/** rank_collect: from the folder of a run with masked cells, and of one without (NULL: none). */
gboolean rank_collect(RankCollected *self, const char *truth, const char *own, GError **error);
void rank_collected_clear(RankCollected *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RankCollected, rank_collected_clear)

/** rank_candidate_run: under mask @repeat, if it went well; NULL otherwise. */
const RankRun *rank_candidate_run(const RankCandidate *candidate, int64_t repeat);
/** rank_candidate_ranked: it has no error of its own and completed the first mask. */
gboolean rank_candidate_ranked(const RankCandidate *candidate);
/** rank_shared_repeats: the masks that every ranked candidate has completed; of int64_t, owned. */
GArray *rank_shared_repeats(const RankCollected *self);
/** rank_group_of: where column @j of the table belongs. */
LacRankGroup rank_group_of(const RankGroups *groups, size_t j);
/** rank_hidden: cells that a mask hid in columns of each kind, to @hidden [LAC_RANK_GROUPS]: means
 * over @repeats, as the first ranked candidate was scored. FALSE when there is none. */
gboolean rank_hidden(const RankCollected *self, const GArray *repeats, double *hidden);

/** rank_run_value: value @v of all cells of @group's columns alike; NaN: there is none. */
double rank_run_value(const RankRun *run, const RankGroups *groups, LacRankGroup group, int v);
/** rank_candidate_mean: of that over the masks; rank_candidate_energy: of the distance between
 * tables; rank_candidate_seconds: median. NaN: none. */
double rank_candidate_mean(const RankCandidate *candidate, const GArray *repeats,
                           const RankGroups *groups, LacRankGroup group, int v);
double rank_candidate_energy(const RankCandidate *candidate, const GArray *repeats);
double rank_candidate_seconds(const RankCandidate *candidate, const GArray *repeats);

#endif
