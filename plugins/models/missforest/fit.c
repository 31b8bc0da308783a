/* Rounds: in each, every column with holes is learnt from all others as they stand and its holes
 * are predicted anew. They end when the change of the numbers and the change of the levels have
 * both grown, and then the round before counts; or after so many rounds, and then the last does
 * (Stekhoven and Buehlmann 2012). */
#include "missforest.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

/**
 * Rounds:
 * @cells, @before: after this round and the one before
 * @forests_before: of that round, with its rounds
 * @seen_squares: sum of the squared observed numbers, each in its column's unit
 * @done, @share: of the work, for progress: of earlier columns, and this column's part
 */
typedef struct {
    MissForest *self;
    ForestRows rows;
    uint32_t *features;
    double *cells, *before;
    LacForest **forests_before;
    double seen_squares, done, share;
    double numbers, levels; /* changes in the round before; infinite at first */
} Rounds;

static void
rounds_free_forests(MissForest *self, LacForest **forests)
{
    for (size_t j = 0; forests != NULL && j < self->cols; j++)
        g_clear_pointer(&forests[j], lac_forest_free);
}

static void
rounds_clear(Rounds *rounds)
{
    forest_rows_clear(&rounds->rows);
    rounds_free_forests(rounds->self, rounds->forests_before);
    g_free(rounds->forests_before);
    g_free(rounds->features);
    g_free(rounds->cells);
    g_free(rounds->before);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rounds, rounds_clear)

/* First values from the initial imputer; those of categories become codes. */
static gboolean
rounds_start(Rounds *rounds, GError **error)
{
    MissForest *self = rounds->self;
    const LacData *train = self->train;
    g_autoptr(LacMatrix) fill = lac_matrix_new(train->rows, train->cols, error);

    if (fill == NULL ||
        !lac_context_initial_fill(self->base.instance.context, train, train, 0, fill, error))
        return FALSE;
    for (size_t j = 0; j < self->cols; j++) {
        const ForestColumn *column = &self->columns[j];
        double *to = rounds->cells + self->cell_start[j];

        forest_rows_split(&rounds->rows, train, j);
        for (size_t i = 0; i < rounds->rows.n_holes; i++) {
            const double value = lac_matrix_row(fill, rounds->rows.holes[i])[j];

            to[i] = column->classes > 0 ? CLAMP(round(value), 0.0, (double)column->classes - 1.0)
                                        : value;
        }
        for (size_t i = 0; column->classes == 0 && i < rounds->rows.n_seen; i++)
            rounds->seen_squares += pow(rounds->rows.y[i] / column->unit, 2);
    }
    return TRUE;
}

static gboolean
rounds_init(Rounds *rounds, MissForest *self, GError **error)
{
    const size_t n_cells = self->cell_start[self->cols];

    rounds->self = self;
    rounds->numbers = rounds->levels = INFINITY;
    rounds->features = g_new(uint32_t, self->cols + 1);
    rounds->forests_before = g_new0(LacForest *, self->cols + 1);
    return forest_rows_init(&rounds->rows, self->train->rows, error) &&
           (rounds->cells = lac_try_alloc(n_cells, sizeof(double), "completed holes", error)) &&
           (rounds->before = lac_try_alloc(n_cells, sizeof(double), "completed holes", error)) &&
           rounds_start(rounds, error) &&
           (self->bins = forest_learn_bins(self, self->train, error)) != NULL;
}

static gboolean
rounds_step(double done, gpointer user, GError **error)
{
    const Rounds *rounds = user;

    return lac_context_step(rounds->self->base.instance.context,
                            MIN(rounds->done + done * rounds->share, 1.0), error);
}

/* The forest of column @j from all others; its holes' predictions to @fill. */
static LacForest *
rounds_grow(Rounds *rounds, size_t round, size_t j, double *fill, double *oob_error, GError **error)
{
    MissForest *self = rounds->self;
    const ForestColumn *column = &self->columns[j];
    const LacRng root = lac_context_rng(self->base.instance.context, "forests");
    const LacRng of_round = lac_rng_at(&root, round), rng = lac_rng_at(&of_round, j);
    const LacForestStep step = {rounds_step, rounds};
    const LacForestOptions options = {.trees = (size_t)self->trees,
                                      .mtry = (size_t)self->mtry,
                                      .min_split = (size_t)self->min_split,
                                      .min_leaf = (size_t)self->min_leaf};
    size_t n_features = 0;

    forest_rows_split(&rounds->rows, self->train, j);
    for (size_t k = 0; k < self->cols; k++) {
        rounds->features[n_features] = (uint32_t)k;
        n_features += k != j;
    }
    const LacForestTask task = {.n = rounds->rows.n_seen,
                                .rows = rounds->rows.seen,
                                .y = rounds->rows.y,
                                .classes = column->classes,
                                .n_features = n_features,
                                .features = rounds->features};
    LacForestOutcome outcome = {.n_fill = rounds->rows.n_holes,
                                .fill_rows = rounds->rows.holes,
                                .fill = fill,
                                .discard = !self->keep};
    LacForest *forest = lac_forest_grow(self->bins, &task, &options, &rng, &outcome, &step, error);

    *oob_error = outcome.oob_error;
    return forest;
}

static gboolean
rounds_visit(Rounds *rounds, size_t round, size_t j, GError **error)
{
    MissForest *self = rounds->self;
    double *fill = rounds->cells + self->cell_start[j], oob_error = NAN;
    LacForest *forest = rounds_grow(rounds, round, j, fill, &oob_error, error);

    if (forest == NULL)
        return FALSE;
    lac_forest_free(self->forests[j]);
    self->forests[j] = forest;
    lac_bins_put(self->bins, j, rounds->rows.n_holes, rounds->rows.holes, fill);
    if (isfinite(oob_error))
        lac_context_trace(self->base.instance.context,
                          self->columns[j].classes > 0 ? "oob-wrong" : "oob-mse", (gssize)j, round,
                          0, oob_error);
    return TRUE;
}

/* Changes since the round before: of numbers, the sum of squared changes by that of squared values,
 * in each column's unit; of levels, the share of all cells of such columns that changed. */
static void
rounds_measure(const Rounds *rounds, double *numbers, double *levels)
{
    const MissForest *self = rounds->self;
    double moved = 0.0, squares = rounds->seen_squares, changed = 0.0, cells = 0.0;

    for (size_t j = 0; j < self->cols; j++) {
        const ForestColumn *column = &self->columns[j];

        cells += column->classes > 0 ? (double)self->train->rows : 0.0;
        for (size_t k = self->cell_start[j]; k < self->cell_start[j + 1]; k++) {
            const double x = rounds->cells[k], d = x - rounds->before[k];

            changed += column->classes > 0 && d != 0.0;
            if (column->classes > 0)
                continue;
            moved += pow(d / column->unit, 2);
            squares += pow(x / column->unit, 2);
        }
    }
    *numbers = squares > 0.0 ? moved / squares : 0.0;
    *levels = cells > 0.0 ? changed / cells : 0.0;
}

/* Whether another round is worth it; FALSE when both kinds of change have stopped to shrink. A kind
 * that the table does not have never shrinks. */
static gboolean
rounds_improve(Rounds *rounds, size_t round)
{
    LacContext *context = rounds->self->base.instance.context;
    double numbers, levels;

    rounds_measure(rounds, &numbers, &levels);
    gboolean better = FALSE, any[2] = {FALSE, FALSE};
    for (size_t v = 0; v < rounds->self->n_visited; v++)
        any[rounds->self->columns[rounds->self->order[v]].classes > 0] = TRUE;
    if (any[0]) {
        lac_context_trace(context, "change-numbers", -1, round, 0, numbers);
        better |= numbers < rounds->numbers;
    }
    if (any[1]) {
        lac_context_trace(context, "change-levels", -1, round, 0, levels);
        better |= levels < rounds->levels;
    }
    rounds->numbers = numbers;
    rounds->levels = levels;
    return better;
}

/* This round becomes the one before: its values are copied and, unless @last says that there is no
 * way back, its forests kept as they are. */
static void
rounds_remember(Rounds *rounds, gboolean last)
{
    MissForest *self = rounds->self;

    memcpy(rounds->before, rounds->cells, self->cell_start[self->cols] * sizeof(double));
    rounds_free_forests(self, rounds->forests_before);
    for (size_t j = 0; j < self->cols && !last; j++)
        rounds->forests_before[j] = g_steal_pointer(&self->forests[j]);
}

/* The round before the last counts: back to its values and forests. */
static void
rounds_step_back(Rounds *rounds)
{
    MissForest *self = rounds->self;

    memcpy(rounds->cells, rounds->before, self->cell_start[self->cols] * sizeof(double));
    rounds_free_forests(self, self->forests);
    for (size_t j = 0; j < self->cols; j++)
        self->forests[j] = g_steal_pointer(&rounds->forests_before[j]);
    forest_put_cells(self->train, self->cell_start, rounds->cells, &rounds->rows, self->bins);
    self->rounds--;
}

static gboolean
rounds_run(Rounds *rounds, GError **error)
{
    MissForest *self = rounds->self;
    const double parts = (double)((size_t)self->iterations * self->n_visited + self->n_order + 1);

    forest_put_cells(self->train, self->cell_start, rounds->cells, &rounds->rows, self->bins);
    rounds->share = 1.0 / parts;
    for (size_t round = 0; round < (size_t)self->iterations && self->n_visited > 0; round++) {
        const gboolean last = round + 1 == (size_t)self->iterations;

        rounds_remember(rounds, last);
        for (size_t v = 0; v < self->n_visited; v++, rounds->done += rounds->share) {
            if (!rounds_visit(rounds, round, self->order[v], error))
                return FALSE;
        }
        self->rounds = round + 1;
        if (!rounds_improve(rounds, round) && !last) {
            rounds_step_back(rounds);
            break;
        }
    }
    rounds->done = 1.0 - (double)(self->n_order - self->n_visited) * rounds->share;
    for (size_t v = self->n_visited; v < self->n_order; v++, rounds->done += rounds->share) {
        if (!rounds_visit(rounds, self->rounds, self->order[v], error))
            return FALSE;
    }
    return TRUE;
}

gboolean
forest_run_rounds(MissForest *self, GError **error)
{
    g_auto(Rounds) rounds = {.self = self};

    if (!rounds_init(&rounds, self, error) || !rounds_run(&rounds, error))
        return FALSE;
    self->cells = g_steal_pointer(&rounds.cells);
    if (!self->keep) /* what is left of a forest that was not kept says nothing */
        rounds_free_forests(self, self->forests);
    return TRUE;
}
