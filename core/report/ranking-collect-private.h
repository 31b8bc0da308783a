/* What the runs behind a ranking say of each candidate, before anything is compared. */
#ifndef LACUNA_REPORT_RANKING_COLLECT_PRIVATE_H
#define LACUNA_REPORT_RANKING_COLLECT_PRIVATE_H

#include "ranking-private.h"

/* Table values that a run with masked cells gives a candidate under one mask. */
enum { V_RMSE, V_MAE, V_CRPS, V_PFC, V_BRIER, V_ENERGY, V_COVERAGE, V_WIDTH, V_N };

/* One candidate under one mask. */
typedef struct {
    int64_t repeat;
    gboolean good;
    double seconds, value[V_N];
} RankRun;

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
/** rank_candidate_mean: of one value over the masks; rank_candidate_seconds: median. NaN: none. */
double rank_candidate_mean(const RankCandidate *candidate, const GArray *repeats, int value);
double rank_candidate_seconds(const RankCandidate *candidate, const GArray *repeats);

#endif
