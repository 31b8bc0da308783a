/* Model files: the training table, its completed holes, and the forests. */
#include "missforest.h"

#include <math.h>
#include <string.h>

enum { KIND, CLASSES, SAVED };

static void
saved_put_columns(const MissForest *self, LacBundle *out)
{
    g_autofree int64_t *columns = g_new(int64_t, SAVED * self->cols + 1);

    for (size_t j = 0; j < self->cols; j++) {
        columns[SAVED * j + KIND] = self->columns[j].kind;
        columns[SAVED * j + CLASSES] = (int64_t)self->columns[j].classes;
    }
    lac_bundle_put_i64(out, "columns", self->cols, SAVED, columns);
}

gboolean
forest_save(const LacModel *model, LacBundle *out, GError **error)
{
    const MissForest *self = LAC_CAST(const MissForest, model);
    const int64_t rounds = (int64_t)self->rounds;

    if (!self->keep)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "missforest: a model that was fitted with keep: false has no forests to "
                        "save; fit it with keep: true");
    saved_put_columns(self, out);
    lac_bundle_put_doubles(out, "values", self->train->rows, self->cols, self->train->values);
    lac_bundle_put_doubles(out, "cells", 1, self->cell_start[self->cols], self->cells);
    lac_bundle_put_u64(out, "fingerprint", 1, 1, &self->fingerprint);
    lac_bundle_put_i64(out, "rounds", 1, 1, &rounds);
    for (size_t v = 0; v < self->n_order; v++) {
        const size_t j = self->order[v];
        g_autofree char *name = g_strdup_printf("forest.%zu", j);

        lac_forest_save(self->forests[j], out, name);
    }
    return TRUE;
}

static LacSchema *
saved_get_schema(const LacBundle *in, size_t cols, GError **error)
{
    const int64_t *columns = lac_bundle_get_i64(in, "columns", cols, SAVED, NULL, NULL, error);
    g_autoptr(LacSchema) schema = columns == NULL ? NULL : lac_schema_new(cols);

    for (size_t j = 0; schema != NULL && j < cols; j++) {
        const int64_t kind = columns[SAVED * j + KIND], classes = columns[SAVED * j + CLASSES];
        const gboolean known = kind >= LAC_KIND_CONTINUOUS && kind <= LAC_KIND_ORDINAL;

        if (!known || classes < 0 || classes > INT32_MAX ||
            (classes == 0) != lac_kind_is_numeric((LacKind)kind))
            return lac_fail_null(error, LAC_ERROR_DATA,
                                 "missforest: model file: column %zu has kind %" G_GINT64_FORMAT
                                 " and %" G_GINT64_FORMAT " levels",
                                 j, kind, classes);
        schema->columns[j].kind = (LacKind)kind;
        schema->columns[j].n_levels = (size_t)classes;
    }
    return g_steal_pointer(&schema);
}

/* Level codes are positions of arrays later: each must be one of its column's. */
static gboolean
saved_check_codes(const LacSchema *schema, size_t n, const double *values, size_t stride, size_t j,
                  GError **error)
{
    const LacColumn *column = &schema->columns[j];

    for (size_t i = 0; i < n; i++) {
        const double v = values[i * stride];

        if (column->n_levels == 0
                ? isinf(v)
                : !isnan(v) && !(v >= 0.0 && v < (double)column->n_levels && v == floor(v)))
            return lac_fail(error, LAC_ERROR_DATA,
                            "missforest: model file: %g is no value of column %zu", v, j);
    }
    return TRUE;
}

static LacData *
saved_get_table(const LacBundle *in, GError **error)
{
    size_t rows, cols;
    const double *values =
        lac_bundle_get_doubles(in, "values", G_MAXSIZE, G_MAXSIZE, &rows, &cols, error);
    g_autoptr(LacSchema) schema = values == NULL ? NULL : saved_get_schema(in, cols, error);

    if (schema == NULL)
        return NULL;
    for (size_t j = 0; j < cols; j++) {
        if (!saved_check_codes(schema, rows, values + j, cols, j, error))
            return NULL;
    }
    double *copy = lac_try_alloc(rows * cols, sizeof *copy, "missforest: training rows", error);
    if (copy == NULL)
        return NULL;
    memcpy(copy, values, rows * cols * sizeof *copy);
    return lac_data_new_take(g_steal_pointer(&schema), rows, copy, "model file", error);
}

static gboolean
saved_get_cells(MissForest *self, const LacBundle *in, GError **error)
{
    const size_t n = self->cell_start[self->cols];
    const double *cells = lac_bundle_get_doubles(in, "cells", 1, n, NULL, NULL, error);
    g_auto(ForestRows) rows = {0};

    if (cells == NULL || !forest_rows_init(&rows, self->train->rows, error))
        return FALSE;
    for (size_t j = 0; j < self->cols; j++) {
        const double *of_column = cells + self->cell_start[j];
        const size_t n_holes = self->columns[j].n_holes;

        if (!saved_check_codes(self->train->schema, n_holes, of_column, 1, j, error))
            return FALSE;
        for (size_t i = 0; i < n_holes; i++) {
            if (!isfinite(of_column[i]))
                return lac_fail(error, LAC_ERROR_DATA,
                                "missforest: model file: a completed hole of column %zu is %g", j,
                                of_column[i]);
        }
    }
    self->cells = lac_try_alloc(n, sizeof *self->cells, "completed holes", error);
    if (self->cells == NULL)
        return FALSE;
    memcpy(self->cells, cells, n * sizeof *cells);
    self->bins = forest_learn_bins(self, self->train, error);
    if (self->bins == NULL)
        return FALSE;
    forest_put_cells(self->train, self->cell_start, self->cells, &rows, self->bins);
    return TRUE;
}

static gboolean
saved_get_forests(MissForest *self, const LacBundle *in, GError **error)
{
    for (size_t v = 0; v < self->n_order; v++) {
        const size_t j = self->order[v];
        g_autofree char *name = g_strdup_printf("forest.%zu", j);

        self->forests[j] = lac_forest_load(in, name, self->bins, error);
        if (self->forests[j] == NULL)
            return FALSE;
        if (lac_forest_classes(self->forests[j]) != self->columns[j].classes ||
            lac_forest_trees(self->forests[j]) != (size_t)self->trees)
            return lac_fail(error, LAC_ERROR_DATA,
                            "missforest: model file: the forest of column %zu has %zu trees for "
                            "%zu levels; expected %" G_GINT64_FORMAT " for %zu",
                            j, lac_forest_trees(self->forests[j]),
                            lac_forest_classes(self->forests[j]), self->trees,
                            self->columns[j].classes);
    }
    return TRUE;
}

gboolean
forest_load(LacModel *model, const LacBundle *in, GError **error)
{
    enum { MOST_ROUNDS = 1000000 };
    MissForest *self = LAC_CAST(MissForest, model);
    const int64_t *rounds = lac_bundle_get_i64(in, "rounds", 1, 1, NULL, NULL, error);
    const uint64_t *print =
        rounds ? lac_bundle_get_u64(in, "fingerprint", 1, 1, NULL, NULL, error) : NULL;

    self->train = print ? saved_get_table(in, error) : NULL;
    if (self->train == NULL)
        return FALSE;
    if (*rounds < 0 || *rounds > MOST_ROUNDS)
        return lac_fail(error, LAC_ERROR_DATA,
                        "missforest: the model file claims %" G_GINT64_FORMAT " rounds", *rounds);
    self->rounds = (size_t)*rounds;
    self->fingerprint = *print;
    return forest_learn_columns(self, self->train, error) && saved_get_cells(self, in, error) &&
           saved_get_forests(self, in, error);
}
