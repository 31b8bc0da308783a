/* Which model for one table: candidates ranked by what runs on it have found out. */
#ifndef LACUNA_REPORT_RANKING_PRIVATE_H
#define LACUNA_REPORT_RANKING_PRIVATE_H

#include "base-private.h"
#include <lacuna/data.h>

G_BEGIN_DECLS

/** LacRankGroup: columns that are scored, and won, together. */
typedef enum {
    LAC_RANK_NUMBERS, /* continuous */
    LAC_RANK_COUNTS,  /* integer */
    LAC_RANK_ORDERED, /* ordinal */
    LAC_RANK_LEVELS,  /* binary and nominal */
    LAC_RANK_GROUPS,
} LacRankGroup;

/** Cells hidden by a mask; a kind with fewer has no winner of its own where the kind beside it
 * (whole numbers beside numbers, ordered levels beside categories) can be judged together with it.
 */
enum { LAC_RANK_FEWEST = 20 };

/**
 * LacRankScore: what a group is ranked by; smaller is better.
 * @LAC_RANK_CRPS: of draws against hidden values; the ranked probability score of ordered levels,
 *   half the Brier score of categories. Of a model without draws its mean absolute error, its mean
 *   error of ranks, or its share of wrong levels, which are the same scores of a single value
 * @LAC_RANK_I_SCORE: energy-I-score, of the table's own holes, without a truth
 * @LAC_RANK_POINT: RMSE of numbers; MAE of whole numbers, which a few large counts do not rule;
 * mean error of ranks of ordered levels; share of wrong categories
 */
typedef enum {
    LAC_RANK_CRPS,
    LAC_RANK_I_SCORE,
    LAC_RANK_POINT,
    LAC_RANK_SCORES,
} LacRankScore;

/** Masks from which on differences are tested; fewer tell nothing. */
enum { LAC_RANK_TESTED = 3 };

/** LacRankPart: one candidate in one group. @value, @rank: NaN where there is none; @mean_rank:
 * over the scores in use; @coverage, @width: of intervals at the ranking's level, NaN of levels;
 * @apart: shown to differ from the group's winner */
typedef struct {
    double value[LAC_RANK_SCORES], rank[LAC_RANK_SCORES], mean_rank, coverage, width;
    gboolean apart;
} LacRankPart;

typedef enum {
    LAC_RANK_RANKED,
    LAC_RANK_FAILED,  /* with a reason: its own error, or stopped */
    LAC_RANK_SKIPPED, /* never started */
} LacRankStatus;

/**
 * LacRankModel:
 * @draws: it draws completions
 * @seconds: median of a fit and a completion; @overall: mean of the groups' mean ranks, weighted by
 *   their columns with holes; @energy: distance between completed and true rows
 */
typedef struct {
    char *name, *reason;
    LacRankStatus status;
    gboolean draws;
    double seconds, overall, energy;
    LacRankPart part[LAC_RANK_GROUPS];
} LacRankModel;

/**
 * LacRanking:
 * @model: [n] ranked ones first, from best to worst overall
 * @ranked: how many of them are
 * @repeats: masks that every ranked model has completed
 * @home: [groups] where columns of that kind are judged and won: itself, or the kind beside it
 * @columns: [groups] columns with holes judged there; @scored: [groups] there is something to rank
 * by
 * @used: [groups][scores] took part in the ranks
 * @winner: [groups] index into @model; n when there is none
 * @level: of the intervals, as text ("0.8"); "" when nothing draws
 * @few: sentences about kinds with few hidden cells; @notes: about what was left out, for people;
 *   these among them
 */
typedef struct {
    size_t n, ranked, repeats;
    LacRankModel *model;
    LacRankGroup home[LAC_RANK_GROUPS];
    size_t columns[LAC_RANK_GROUPS], winner[LAC_RANK_GROUPS];
    gboolean scored[LAC_RANK_GROUPS], used[LAC_RANK_GROUPS][LAC_RANK_SCORES];
    char *level;
    GPtrArray *few, *notes;
} LacRanking;

/** LacRankSkipped: a candidate without a run; lent. */
typedef struct {
    const char *name, *reason;
} LacRankSkipped;

/**
 * lac_ranking_new:
 * @table: what was ranked on
 * @truth: folder of a run with masked cells; @own: of one without, scored by energy-I-score, or
 * NULL
 * @skipped: [n_skipped]
 * @error: LAC_ERROR_IO when a folder holds no readable results
 *
 * Means over the masks that every candidate has completed; a candidate without any, or with an
 * error, is not ranked. Scores that some candidate lacks are not used. Owned.
 */
LAC_PRIVATE_API LacRanking *
lac_ranking_new(const LacData *table, const char *truth, const char *own, size_t n_skipped,
                const LacRankSkipped *skipped, GError **error);
LAC_PRIVATE_API void lac_ranking_free(LacRanking *ranking);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacRanking, lac_ranking_free)

/** lac_rank_group: of columns of @kind; lac_ranking_group: where they were judged. */
LAC_PRIVATE_API LacRankGroup lac_rank_group(LacKind kind);
LAC_PRIVATE_API LacRankGroup lac_ranking_group(const LacRanking *ranking, LacKind kind);

/** lac_rank_group_name: "numbers", "whole numbers", "ordered levels" or "categories";
 * lac_rank_score_name: "CRPS" ... Static. */
LAC_PRIVATE_API const char *lac_rank_group_name(LacRankGroup group);
LAC_PRIVATE_API const char *lac_rank_group_title(LacRankGroup group); /* "Numbers" ... */
LAC_PRIVATE_API const char *lac_rank_score_name(LacRankGroup group, LacRankScore score);

/** lac_ranking_verdict: who wins @group and why, and who cannot be told from it, in one or two
 * sentences; lac_ranking_rule: how ranks came about. Owned. */
LAC_PRIVATE_API char *lac_ranking_verdict(const LacRanking *ranking, LacRankGroup group);
LAC_PRIVATE_API char *lac_ranking_rule(const LacRanking *ranking);

/** lac_ranking_table: for a terminal, lines of at most 80 columns where names allow. @bold: mark
 * the best by weight too. lac_ranking_csv: tidy, one line a candidate, group and score.
 * lac_ranking_json: all there is. Owned. */
LAC_PRIVATE_API char *lac_ranking_table(const LacRanking *ranking, gboolean bold);
LAC_PRIVATE_API char *lac_ranking_csv(const LacRanking *ranking);
LAC_PRIVATE_API char *
lac_ranking_json(const LacRanking *ranking, const char *table, const char *mask);

/** LacRankingPage: lent. @mask: how cells were hidden, a sentence; @dirs: the runs behind. */
typedef struct {
    const char *title, *reading, *mask;
    const LacRanking *ranking;
} LacRankingPage;

/** lac_ranking_html: the page of `lacuna rank -o`. @notes_out: what could not be drawn. Owned. */
LAC_PRIVATE_API char *lac_ranking_html(const LacRankingPage *self, char ***notes_out);

G_END_DECLS

#endif
