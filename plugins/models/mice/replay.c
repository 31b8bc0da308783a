/* New rows: they start from column means or most frequent levels and go through the regressions of
 * all iterations of a chain, in the order in which they were learnt. */
#include "mice.h"

#include <string.h>

typedef struct {
    const MiceModel *model;
    const LacData *in;
    MiceTable table;
    size_t chain;
    double *cells;
    size_t *start;        /* [cols + 1] of each column's holes in `cells` */
    size_t *rows;         /* [holes] their rows */
    MiceCurrent *current; /* NULL without passive columns */
} Replay;

static void
replay_list_holes(Replay *replay)
{
    size_t n = 0;

    for (size_t j = 0; j < replay->in->cols; j++) {
        replay->start[j] = n;
        for (size_t i = 0; i < replay->in->rows; i++) {
            if (lac_data_is_hole(replay->in, i, j))
                replay->rows[n++] = i;
        }
    }
    replay->start[replay->in->cols] = n;
}

static void
replay_fill_design(const Replay *replay)
{
    const MiceModel *self = replay->model;
    LacGram *gram = replay->table.gram;

    for (size_t i = 0; i < replay->in->rows; i++) {
        double *z = gram->z + i * gram->stride;

        z[0] = 1.0;
        for (size_t j = 0; j < self->cols; j++) {
            const MiceColumn *column = &self->columns[j];
            const double value =
                lac_data_is_hole(replay->in, i, j) ? column->start : lac_data_at(replay->in, i, j);

            if (!column->constant)
                mice_encode(self, column, value, z + column->first);
        }
    }
}

/* The same as codes. */
static gboolean
replay_fill_bins(Replay *replay, GError **error)
{
    const LacData *in = replay->in;
    g_autofree double *values = NULL;

    if (replay->model->bins == NULL)
        return TRUE;
    replay->table.bins = lac_bins_like(replay->model->bins, in->rows, error);
    values = lac_try_alloc(in->rows + 1, sizeof(double), "a column", error);
    if (replay->table.bins == NULL || values == NULL)
        return FALSE;
    for (size_t j = 0; j < in->cols; j++) {
        for (size_t i = 0; i < in->rows; i++)
            values[i] = lac_data_is_hole(in, i, j) ? replay->model->columns[j].start
                                                   : lac_data_at(in, i, j);
        mice_put_bins(replay->table.bins, j, in->rows, NULL, values);
    }
    return TRUE;
}

static void
replay_visit(const Replay *replay, size_t t, size_t j, LacRng rng)
{
    const MiceModel *self = replay->model;
    const MiceColumn *column = &self->columns[j];
    const size_t round = mice_rule_round(self, column, t);
    const size_t n = replay->start[j + 1] - replay->start[j];
    const MiceRows rows = {.n = n,
                           .stride = self->stride,
                           .index = replay->rows + replay->start[j],
                           .z = replay->table.gram->z,
                           .bins = replay->table.bins,
                           .data = replay->in,
                           .column = j};
    double *values = replay->cells + replay->start[j];

    if (n == 0)
        return;
    column->method->draw(self, column, mice_rule(self, replay->chain, round, j), &rows, rng,
                         values);
    mice_write(self, column, &replay->table, FALSE, n, rows.index, values);
    if (replay->current == NULL)
        return;
    mice_current_put(replay->current, j, n, rows.index, values);
    mice_passive_update(self, replay->in, replay->current, &replay->table, FALSE, replay->start,
                        replay->cells);
}

/* Values to start from, which constant columns keep. */
static void
replay_start(const Replay *replay)
{
    const MiceModel *self = replay->model;

    for (size_t j = 0; j < self->cols; j++) {
        const size_t at = replay->start[j], n = replay->start[j + 1] - at;

        for (size_t k = 0; k < n; k++)
            replay->cells[at + k] = self->columns[j].start;
        if (replay->current != NULL)
            mice_current_put(replay->current, j, n, replay->rows + at, replay->cells + at);
    }
    if (replay->current != NULL)
        mice_passive_update(self, replay->in, replay->current, &replay->table, FALSE, replay->start,
                            replay->cells);
}

static void
replay_run(const Replay *replay)
{
    const MiceModel *self = replay->model;
    const LacRng root = lac_context_rng(self->base.instance.context, "replay");
    const LacRng of_chain = lac_rng_at(&root, replay->chain);

    replay_start(replay);
    for (size_t t = 0; t < self->rounds; t++) {
        const LacRng of_round = lac_rng_at(&of_chain, t);

        for (size_t v = 0; v < self->n_ordered; v++)
            replay_visit(replay, t, self->order[v], lac_rng_at(&of_round, self->order[v]));
    }
}

gboolean
mice_replay(const MiceModel *self, const LacData *in, size_t chain, double *cells, GError **error)
{
    const size_t holes = lac_mask_count(in->holes);
    g_autoptr(LacGram) gram = lac_gram_new(in->rows, self->q, error);
    g_autofree size_t *start = g_new0(size_t, self->cols + 1);
    g_autofree size_t *rows = lac_try_alloc(holes + 1, sizeof(size_t), "list of holes", error);
    Replay replay = {.model = self,
                     .in = in,
                     .table = {.gram = gram},
                     .chain = chain,
                     .cells = cells,
                     .start = start,
                     .rows = rows};

    if (gram == NULL || rows == NULL)
        return FALSE;
    if (self->n_passive > 0) {
        replay.current = mice_current_new(self, in, error);
        if (replay.current == NULL)
            return FALSE;
    }
    const gboolean filled = replay_fill_bins(&replay, error);

    if (filled) {
        replay_list_holes(&replay);
        replay_fill_design(&replay);
        replay_run(&replay);
    }
    mice_current_free(replay.current);
    lac_bins_free(replay.table.bins);
    return filled;
}
