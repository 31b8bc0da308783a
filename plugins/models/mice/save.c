/* A fitted model to a bundle and back. A file may lie: all is checked before it is used. */
#include "mice.h"

#include <string.h>

/* Per column: kind, levels, first, width, holes, constant, passive. */
enum { SAVED = 7 };

static void
mice_save_columns(const MiceModel *self, LacBundle *out)
{
    g_autofree int64_t *whole = g_new0(int64_t, SAVED * self->cols + 1);
    g_autofree double *real = g_new0(double, 3 * self->cols + 1);
    g_autofree int64_t *order = g_new0(int64_t, self->n_ordered + 1);
    g_autoptr(GString) names = g_string_new(NULL);

    for (size_t j = 0; j < self->cols; j++) {
        const MiceColumn *column = &self->columns[j];
        const int64_t at[SAVED] = {(int64_t)column->kind,    (int64_t)column->n_levels,
                                   (int64_t)column->first,   (int64_t)column->width,
                                   (int64_t)column->n_holes, column->constant,
                                   column->passive};
        const double numbers[3] = {column->centre, column->sd, column->start};

        memcpy(whole + SAVED * j, at, sizeof at);
        memcpy(real + 3 * j, numbers, sizeof numbers);
        g_string_append_printf(names, "%s%s", j > 0 ? " " : "", column->method->name);
    }
    for (size_t v = 0; v < self->n_ordered; v++)
        order[v] = (int64_t)self->order[v];
    lac_bundle_put_i64(out, "columns", self->cols, SAVED, whole);
    lac_bundle_put_doubles(out, "columns.numbers", self->cols, 3, real);
    lac_bundle_put_text(out, "columns.methods", names->str);
    lac_bundle_put_doubles(out, "design.centre", 1, self->q, self->centre);
    lac_bundle_put_doubles(out, "design.scale", 1, self->q, self->scale);
    lac_bundle_put_i64(out, "order", 1, self->n_ordered, order);
}

/* Targets and parents as columns, expressions as lines of one text. */
static void
mice_save_passive(const MiceModel *self, LacBundle *out)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GString) lines = g_string_new(NULL);

    for (size_t p = 0; p < self->n_passive; p++) {
        const MicePassive *passive = &self->passives[p];

        for (size_t k = 0; k <= passive->n_parents; k++) {
            const int64_t id = (int64_t)(k == 0 ? passive->target : passive->parents[k - 1]);

            g_array_append_val(ids, id);
        }
        for (const char *c = passive->text; *c != '\0'; c++)
            g_string_append_c(lines, *c == '\n' ? ' ' : *c);
        g_string_append_c(lines, '\n');
    }
    lac_bundle_put_i64(out, "passive.columns", 1, ids->len, (const int64_t *)(gpointer)ids->data);
    lac_bundle_put_text(out, "passive.expressions", lines->str);
}

static gboolean
mice_load_passive(MiceModel *self, const LacBundle *in, GError **error)
{
    size_t n = 0, at = 0;
    const int64_t *ids = lac_bundle_get_i64(in, "passive.columns", 1, G_MAXSIZE, NULL, &n, error);
    const char *text = ids ? lac_bundle_get_text(in, "passive.expressions", error) : NULL;
    g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;

    if (lines == NULL)
        return FALSE;
    for (size_t k = 0; k < n; k++) {
        if (ids[k] < 0 || (size_t)ids[k] >= self->cols)
            return lac_fail(error, LAC_ERROR_DATA,
                            "mice: the model file computes from a column that it does not have");
    }
    self->passives = g_new0(MicePassive, g_strv_length(lines) + 1);
    for (size_t p = 0; lines[p] != NULL && lines[p][0] != '\0'; p++) {
        MicePassive *passive = &self->passives[self->n_passive++];

        if (!mice_passive_parse(passive, lines[p], error))
            return FALSE;
        if (at + 1 + passive->n_parents > n)
            return lac_fail(error, LAC_ERROR_DATA,
                            "mice: the model file has fewer columns than its expressions need");
        passive->target = (size_t)ids[at];
        passive->parents = g_new(size_t, passive->n_parents + 1);
        for (size_t k = 0; k < passive->n_parents; k++)
            passive->parents[k] = (size_t)ids[at + 1 + k];
        at += 1 + passive->n_parents;
        if (!self->columns[passive->target].passive)
            return lac_fail(error, LAC_ERROR_DATA,
                            "mice: the model file computes column %zu, which it also draws",
                            passive->target);
    }
    return TRUE;
}

gboolean
mice_save(const LacModel *model, LacBundle *out, GError **error)
{
    const MiceModel *self = LAC_CAST(const MiceModel, model);
    const int64_t sizes[3] = {(int64_t)self->chains, (int64_t)self->rounds,
                              (int64_t)self->n_visited};

    lac_bundle_put_i64(out, "sizes", 1, 3, sizes);
    lac_bundle_put_u64(out, "fingerprint", 1, 1, &self->fingerprint);
    lac_bundle_put_doubles(out, "cells", self->chains, self->n_cells, self->cells);
    mice_save_columns(self, out);
    mice_save_passive(self, out);
    mice_rules_save(self, out);
    return TRUE;
}

static gboolean
mice_load_column(MiceModel *self, size_t j, const int64_t *whole, const double *real,
                 const char *method, GError **error)
{
    MiceColumn *column = &self->columns[j];
    const int64_t q = (int64_t)self->q;

    *column = (MiceColumn){.kind = (LacKind)whole[0],
                           .n_levels = (size_t)whole[1],
                           .first = (size_t)whole[2],
                           .width = (size_t)whole[3],
                           .n_holes = (size_t)whole[4],
                           .constant = whole[5] != 0,
                           .passive = whole[6] != 0,
                           .centre = real[0],
                           .sd = real[1],
                           .start = real[2],
                           .method = mice_method_find(method)};
    for (size_t k = 0; k < SAVED; k++) {
        if (whole[k] < 0 || (k == 0 && whole[k] > LAC_KIND_ORDINAL) ||
            (k > 0 && k < 4 && whole[k] >= q) || (k == 4 && whole[k] > G_MAXINT32 * (int64_t)1024))
            return lac_fail(error, LAC_ERROR_DATA,
                            "mice: the model file describes column %zu as nothing that can be", j);
    }
    if (whole[2] + whole[3] >= q || column->method == NULL)
        return lac_fail(error, LAC_ERROR_DATA,
                        "mice: the model file gives column %zu no place in the design, or method "
                        "'%s', which is unknown",
                        j, method);
    return TRUE;
}

static gboolean
mice_load_columns(MiceModel *self, const LacBundle *in, GError **error)
{
    const int64_t *whole =
        lac_bundle_get_i64(in, "columns", G_MAXSIZE, SAVED, &self->cols, NULL, error);
    const double *real =
        whole ? lac_bundle_get_doubles(in, "columns.numbers", self->cols, 3, NULL, NULL, error)
              : NULL;
    const char *names = real ? lac_bundle_get_text(in, "columns.methods", error) : NULL;
    const double *centre =
        names ? lac_bundle_get_doubles(in, "design.centre", 1, G_MAXSIZE, NULL, &self->q, error)
              : NULL;
    const double *scale =
        centre ? lac_bundle_get_doubles(in, "design.scale", 1, self->q, NULL, NULL, error) : NULL;
    g_auto(GStrv) method = names ? g_strsplit(names, " ", -1) : NULL;

    if (scale == NULL)
        return FALSE;
    if (g_strv_length(method) != self->cols)
        return lac_fail(error, LAC_ERROR_DATA,
                        "mice: the model file names %u methods for %zu columns",
                        g_strv_length(method), self->cols);
    self->stride = lac_gram_stride(self->q);
    self->centre = g_memdup2(centre, self->q * sizeof(double));
    self->scale = g_memdup2(scale, self->q * sizeof(double));
    self->columns = g_new0(MiceColumn, self->cols + 1);
    for (size_t j = 0; j < self->cols; j++) {
        if (!mice_load_column(self, j, whole + SAVED * j, real + 3 * j, method[j], error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
mice_load_order(MiceModel *self, const LacBundle *in, GError **error)
{
    const int64_t *order =
        lac_bundle_get_i64(in, "order", 1, G_MAXSIZE, NULL, &self->n_ordered, error);

    if (order == NULL)
        return FALSE;
    self->order = g_new0(size_t, self->n_ordered + 1);
    for (size_t v = 0; v < self->n_ordered; v++) {
        if (order[v] < 0 || (size_t)order[v] >= self->cols)
            return lac_fail(error, LAC_ERROR_DATA,
                            "mice: the model file visits column %" G_GINT64_FORMAT " of %zu",
                            order[v], self->cols);
        self->order[v] = (size_t)order[v];
    }
    return TRUE;
}

gboolean
mice_load(LacModel *model, const LacBundle *in, GError **error)
{
    MiceModel *self = LAC_CAST(MiceModel, model);
    const int64_t *sizes = lac_bundle_get_i64(in, "sizes", 1, 3, NULL, NULL, error);
    const uint64_t *print =
        sizes ? lac_bundle_get_u64(in, "fingerprint", 1, 1, NULL, NULL, error) : NULL;

    if (print == NULL || !mice_load_columns(self, in, error) || !mice_load_order(self, in, error) ||
        !mice_load_passive(self, in, error))
        return FALSE;
    for (size_t k = 0; k < 3; k++) {
        if (sizes[k] < (k < 2) || sizes[k] > 100000)
            return lac_fail(error, LAC_ERROR_DATA,
                            "mice: the model file claims %" G_GINT64_FORMAT " chains or rounds",
                            sizes[k]);
    }
    self->fingerprint = *print;
    self->chains = (size_t)sizes[0];
    self->rounds = (size_t)sizes[1];
    self->n_visited = MIN((size_t)sizes[2], self->n_ordered);
    mice_count_cells(self);
    const double *cells =
        lac_bundle_get_doubles(in, "cells", self->chains, self->n_cells, NULL, NULL, error);

    if (cells == NULL)
        return FALSE;
    self->cells = g_new(double, self->chains * self->n_cells + 1);
    memcpy(self->cells, cells, self->chains * self->n_cells * sizeof(double));
    return mice_rules_load(self, in, error);
}
