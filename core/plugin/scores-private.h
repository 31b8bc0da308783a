/* The core's side of LacScores: who calls a metric makes one, and reads what came back. */
#ifndef LACUNA_SCORES_PRIVATE_H
#define LACUNA_SCORES_PRIVATE_H

#include "base-private.h"
#include <lacuna/metric.h>

G_BEGIN_DECLS

/** LacScoreStatus: @LAC_SCORE_REFUSED: the metric gave NaN or an infinity; store it as undefined
 * with its reason. A conformance failure. */
typedef enum {
    LAC_SCORE_OK,
    LAC_SCORE_UNDEFINED,
    LAC_SCORE_REFUSED,
} LacScoreStatus;

/**
 * LacScore:
 * @part: NULL when the metric gives one value
 * @column: -1 for the whole table
 * @value: finite when OK, else NaN
 * @reason: why there is no value; NULL when OK
 */
typedef struct {
    char *part;
    gssize column;
    LacScoreStatus status;
    double value;
    size_t n_cells;
    char *reason;
} LacScore;

LAC_PRIVATE_API LacScores *lac_scores_new(void);
LAC_PRIVATE_API void lac_scores_free(LacScores *scores);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacScores, lac_scores_free)

/** lac_scores_count, _get: in the order the metric gave them; lent until free. */
LAC_PRIVATE_API size_t lac_scores_count(const LacScores *scores);
LAC_PRIVATE_API const LacScore *lac_scores_get(const LacScores *scores, size_t i);
/** lac_scores_find: the first of @part (NULL matches NULL) and @column, or NULL. */
LAC_PRIVATE_API const LacScore *
lac_scores_find(const LacScores *scores, const char *part, gssize column);

G_END_DECLS

#endif
