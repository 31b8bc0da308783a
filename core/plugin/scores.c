/* What a metric hands back. */
#include "scores-private.h"

#include <math.h>

struct LacScores {
    GPtrArray *all; /* of LacScore */
};

static void
score_free(gpointer data)
{
    LacScore *score = data;

    g_free(score->part);
    g_free(score->reason);
    g_free(score);
}

LacScores *
lac_scores_new(void)
{
    LacScores *scores = g_new0(LacScores, 1);

    scores->all = g_ptr_array_new_with_free_func(score_free);
    return scores;
}

void
lac_scores_free(LacScores *scores)
{
    if (scores == NULL)
        return;
    g_ptr_array_unref(scores->all);
    g_free(scores);
}

size_t
lac_scores_count(const LacScores *scores)
{
    return scores->all->len;
}

const LacScore *
lac_scores_get(const LacScores *scores, size_t i)
{
    g_assert(i < scores->all->len);
    return g_ptr_array_index(scores->all, i);
}

const LacScore *
lac_scores_find(const LacScores *scores, const char *part, gssize column)
{
    for (size_t i = 0; i < scores->all->len; i++) {
        const LacScore *score = g_ptr_array_index(scores->all, i);

        if (score->column == column && g_strcmp0(score->part, part) == 0)
            return score;
    }
    return NULL;
}

static LacScore *
score_add(LacScores *scores, const char *part, gssize column)
{
    LacScore *score = g_new0(LacScore, 1);

    score->part = g_strdup(part);
    score->column = column;
    score->value = NAN;
    g_ptr_array_add(scores->all, score);
    return score;
}

static void
score_set(LacScore *score, double value, size_t n_cells)
{
    score->n_cells = n_cells;
    if (isfinite(value)) {
        score->status = LAC_SCORE_OK;
        score->value = value;
        return;
    }
    score->status = LAC_SCORE_REFUSED;
    score->reason = g_strdup_printf("the metric returned %f, which is not a finite number", value);
}

void
lac_scores_add(LacScores *scores, const char *part, double value, size_t n_cells)
{
    score_set(score_add(scores, part, -1), value, n_cells);
}

void
lac_scores_add_column(LacScores *scores, const char *part, size_t j, double value, size_t n_cells)
{
    score_set(score_add(scores, part, (gssize)j), value, n_cells);
}

void
lac_scores_undefined(LacScores *scores, const char *part, gssize column, const char *format, ...)
{
    LacScore *score = score_add(scores, part, column);
    va_list arguments;

    va_start(arguments, format);
    score->reason = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    score->status = LAC_SCORE_UNDEFINED;
}
