/* Columns, and the table as bins. */
#include "missforest.h"

#include <lacuna/stats.h>
#include <math.h>
#include <stdlib.h>

/* Bins kept free between two neighbouring values of a column that has few: what is imputed there
 * is a mean of several of them. */
#define BETWEEN 3

gboolean
forest_rows_init(ForestRows *rows, size_t n, GError **error)
{
    const char *what = "missforest: a column's rows";

    *rows = (ForestRows){0};
    return (rows->seen = lac_try_alloc(n, sizeof *rows->seen, what, error)) &&
           (rows->holes = lac_try_alloc(n, sizeof *rows->holes, what, error)) &&
           (rows->y = lac_try_alloc(n, sizeof *rows->y, what, error));
}

void
forest_rows_clear(ForestRows *rows)
{
    g_free(rows->seen);
    g_free(rows->holes);
    g_free(rows->y);
}

void
forest_rows_split(ForestRows *rows, const LacData *data, size_t j)
{
    rows->n_seen = rows->n_holes = 0;
    for (size_t i = 0; i < data->rows; i++) {
        const gboolean hole = lac_data_is_hole(data, i, j);

        rows->holes[rows->n_holes] = rows->seen[rows->n_seen] = (uint32_t)i;
        rows->y[rows->n_seen] = lac_data_at(data, i, j);
        rows->n_holes += (size_t)hole;
        rows->n_seen += (size_t)!hole;
    }
}

static void
forest_learn_column(const LacData *train, size_t j, ForestRows *rows, ForestColumn *column)
{
    const LacColumn *about = lac_data_column(train, j);
    double mean = 0.0, sd = 0.0;

    forest_rows_split(rows, train, j);
    *column = (ForestColumn){.kind = about->kind,
                             .classes = about->n_levels,
                             .n_seen = rows->n_seen,
                             .n_holes = rows->n_holes,
                             .unit = 1.0};
    if (lac_kind_is_numeric(about->kind))
        column->classes = 0;
    if (rows->n_seen == 0)
        return;
    if (column->classes > 0) {
        column->start = (double)lac_stats_mode(rows->n_seen, rows->y, column->classes);
        return;
    }
    if (!lac_stats_mean_sd(rows->n_seen, rows->y, &mean, &sd))
        mean = rows->y[0]; /* a range beyond doubles: any value will do to start from */
    column->start = mean;
    column->unit = sd > 0.0 && isfinite(sd) ? sd : 1.0;
}

/** ForestVisit: for sorting. */
typedef struct {
    size_t holes, column;
} ForestVisit;

static int
forest_compare_visits(const void *a, const void *b)
{
    const ForestVisit *x = a, *y = b;

    if (x->holes != y->holes)
        return x->holes < y->holes ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

/* Columns with holes by increasing number of them, then, when all are to be learnt, the others. A
 * column without observed cells has no forest; nor has one of more levels than forests know. */
static void
forest_order_columns(MissForest *self)
{
    enum { MOST_CLASSES = 65535 };
    g_autofree ForestVisit *visits = g_new(ForestVisit, self->cols + 1);
    size_t n = 0;

    for (size_t j = 0; j < self->cols; j++) {
        const ForestColumn *column = &self->columns[j];

        if (column->n_seen > 0 && column->n_holes > 0 && column->classes <= MOST_CLASSES)
            visits[n++] = (ForestVisit){column->n_holes, j};
    }
    qsort(visits, n, sizeof *visits, forest_compare_visits);
    self->order = g_new(size_t, self->cols + 1);
    for (size_t v = 0; v < n; v++)
        self->order[v] = visits[v].column;
    self->n_visited = self->n_order = n;
    for (size_t j = 0; self->keep && self->all && j < self->cols; j++) {
        if (self->columns[j].n_holes == 0 && self->columns[j].classes <= MOST_CLASSES)
            self->order[self->n_order++] = j;
    }
}

size_t *
forest_count_cells(const LacData *data)
{
    size_t *start = g_new0(size_t, data->cols + 1);

    for (size_t j = 0; j < data->cols; j++)
        start[j + 1] = start[j] + lac_mask_count_col(data->holes, j);
    return start;
}

gboolean
forest_learn_columns(MissForest *self, const LacData *train, GError **error)
{
    g_auto(ForestRows) rows = {0};

    if (!forest_rows_init(&rows, train->rows, error))
        return FALSE;
    self->cols = train->cols;
    self->columns = g_new0(ForestColumn, self->cols + 1);
    self->forests = g_new0(LacForest *, self->cols + 1);
    for (size_t j = 0; j < self->cols; j++)
        forest_learn_column(train, j, &rows, &self->columns[j]);
    self->cell_start = forest_count_cells(train);
    forest_order_columns(self);
    return TRUE;
}

LacBins *
forest_learn_bins(const MissForest *self, const LacData *train, GError **error)
{
    g_autoptr(LacBins) bins = lac_bins_new(train->rows, train->cols, error);
    g_auto(ForestRows) rows = {0};

    if (bins == NULL || !forest_rows_init(&rows, train->rows, error))
        return NULL;
    g_autofree double *seen = lac_try_alloc(train->rows, sizeof *seen, "a column", error);
    if (seen == NULL)
        return NULL;
    for (size_t j = 0; j < train->cols; j++) {
        const ForestColumn *column = &self->columns[j];
        const size_t n = lac_data_copy_seen(train, j, seen);

        forest_rows_split(&rows, train, j);
        if (column->kind != LAC_KIND_NOMINAL) {
            lac_bins_learn_ordered(bins, j, n, seen, column->classes > 0 ? 0 : BETWEEN);
        } else {
            const size_t shared = lac_bins_learn_nominal(bins, j, n, seen, column->classes);

            if (shared > 0)
                lac_context_event(self->base.instance.context, "capped", (gssize)j,
                                  "column '%s' has %zu levels: as a predictor of other columns "
                                  "its %zu rarest count as one",
                                  lac_data_name(train, j), column->classes, shared);
        }
        lac_bins_put(bins, j, rows.n_seen, rows.seen, rows.y);
    }
    return g_steal_pointer(&bins);
}

void
forest_put_cells(const LacData *data, const size_t *cell_start, const double *cells,
                 ForestRows *rows, LacBins *bins)
{
    for (size_t j = 0; j < data->cols; j++) {
        if (cell_start[j + 1] == cell_start[j])
            continue;
        forest_rows_split(rows, data, j);
        lac_bins_put(bins, j, rows->n_holes, rows->holes, cells + cell_start[j]);
    }
}

void
forest_write_cells(const LacData *data, const size_t *cell_start, const double *cells,
                   LacMatrix *out)
{
    lac_data_copy_values(data, out);
    for (size_t j = 0; j < data->cols; j++) {
        const double *from = cells + cell_start[j];

        if (cell_start[j + 1] == cell_start[j])
            continue;
        for (size_t i = 0; i < data->rows; i++) {
            if (lac_data_is_hole(data, i, j))
                lac_matrix_row(out, i)[j] = *from++;
        }
    }
}
