#include "mice.h"

#include <lacuna/columns.h>
#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

/* Shares of the levels among @n codes, then the most frequent one. */
static double
columns_most_frequent(size_t n, const double *codes, size_t n_levels, double *share)
{
    size_t best = 0;

    memset(share, 0, n_levels * sizeof(double));
    for (size_t i = 0; i < n; i++)
        share[(size_t)codes[i]] += 1.0 / (double)n;
    for (size_t k = 1; k < n_levels; k++)
        best = share[k] > share[best] ? k : best;
    return (double)best;
}

/* Centres and scales of the column's part of Z. */
static void
columns_standardise(MiceModel *self, const MiceColumn *column, const double *share)
{
    double *centre = self->centre + column->first, *scale = self->scale + column->first;

    if (column->width == 1) {
        centre[0] = column->centre;
        scale[0] = column->sd;
        return;
    }
    for (size_t k = 0; k < column->width; k++) {
        const double p = share[k + 1];

        centre[k] = p;
        scale[k] = p > 0.0 && p < 1.0 ? sqrt(p * (1.0 - p)) : 1.0;
    }
}

void
mice_encode(const MiceModel *self, const MiceColumn *column, double value, double *out)
{
    const double *centre = self->centre + column->first, *scale = self->scale + column->first;

    if (column->width == 1) {
        out[0] = (value - centre[0]) / scale[0];
        return;
    }
    for (size_t k = 0; k < column->width; k++)
        out[k] = ((value == (double)(k + 1)) - centre[k]) / scale[k];
}

static gboolean
columns_learn_one(MiceModel *self, const LacData *train, size_t j, double *seen, double *share,
                  GError **error)
{
    MiceColumn *column = &self->columns[j];
    const size_t n = lac_data_copy_seen(train, j, seen);

    if (n == 0)
        return lac_fail(error, LAC_ERROR_DATA,
                        "mice: column '%s' has no observed cell in %zu training rows; drop the "
                        "column or change the split",
                        lac_data_name(train, j), train->rows);
    column->n_holes = train->rows - n;
    if (!lac_stats_mean_sd(n, seen, &column->centre, &column->sd))
        return lac_fail(error, LAC_ERROR_DATA,
                        "mice: column '%s' spans more than the largest number, 1.8e308; rescale it",
                        lac_data_name(train, j));
    column->start = column->n_levels > 0 ? columns_most_frequent(n, seen, column->n_levels, share)
                                         : column->centre;
    column->constant = !(column->sd > 1e-12 * fabs(column->centre));
    if (column->constant) {
        column->sd = 1.0;
        column->centre = column->start = seen[0];
        lac_context_event(self->base.instance.context, "constant", (gssize)j,
                          "column '%s' has one value only; its holes get that value and it "
                          "predicts nothing",
                          lac_data_name(train, j));
    }
    columns_standardise(self, column, share);
    return TRUE;
}

static gboolean
columns_many_levels(const MiceModel *self, const MiceColumn *column)
{
    return column->n_levels > (size_t)self->levels;
}

/* Dummies of thousands of levels would drown everything else: ordered levels then enter as their
 * codes, others not at all. */
static size_t
columns_width(const MiceModel *self, const LacData *train, size_t j)
{
    const MiceColumn *column = &self->columns[j];
    const gboolean ordered = column->kind == LAC_KIND_ORDINAL;

    if (column->n_levels == 0)
        return 1;
    if (!columns_many_levels(self, column))
        return column->n_levels - 1;
    lac_context_event(self->base.instance.context, "capped", (gssize)j,
                      "column '%s' has %zu levels, more than %" G_GINT64_FORMAT
                      " (levels); other columns are predicted %s",
                      lac_data_name(train, j), column->n_levels, self->levels,
                      ordered ? "from its codes" : "without it");
    return ordered ? 1 : 0;
}

/* The design: intercept, then every column's part, then the spare one. */
static void
columns_lay_out(MiceModel *self, const LacData *train)
{
    size_t next = 1;

    self->cols = train->cols;
    self->columns = g_new0(MiceColumn, train->cols + 1);
    for (size_t j = 0; j < train->cols; j++) {
        MiceColumn *column = &self->columns[j];

        column->kind = lac_data_column(train, j)->kind;
        column->n_levels =
            lac_kind_is_numeric(column->kind) ? 0 : MAX(lac_data_column(train, j)->n_levels, 1);
        column->first = next;
        column->width = columns_width(self, train, j);
        next += column->width;
    }
    self->q = next + 1;
    self->stride = lac_gram_stride(self->q);
    self->centre = g_new0(double, self->q);
    self->scale = g_new0(double, self->q);
}

/* Every column of Z that varies and belongs to a predicting column. */
static void
columns_predictors(MiceModel *self, const gboolean *predicts)
{
    for (size_t j = 0; j < self->cols; j++) {
        MiceColumn *column = &self->columns[j];

        column->predictors = g_new0(size_t, self->q);
        column->n_predictors = 1;
        for (size_t k = 0; k < self->cols; k++) {
            const MiceColumn *other = &self->columns[k];

            if (k == j || other->constant || (predicts && !predicts[j * self->cols + k]))
                continue;
            for (size_t a = 0; a < other->width; a++)
                column->predictors[column->n_predictors++] = other->first + a;
        }
    }
}

static gboolean
columns_visited(const MiceColumn *column)
{
    return column->n_holes > 0 && !column->constant && !column->passive;
}

/* Stable insertion by number of holes; tables have few columns compared with rows. */
static void
columns_sort_by_holes(MiceModel *self, gboolean ascending)
{
    for (size_t i = 1; i < self->n_visited; i++) {
        const size_t j = self->order[i], holes = self->columns[j].n_holes;
        size_t at = i;

        for (; at > 0; at--) {
            const size_t other = self->columns[self->order[at - 1]].n_holes;

            if (ascending ? other <= holes : other >= holes)
                break;
            self->order[at] = self->order[at - 1];
        }
        self->order[at] = j;
    }
}

/* The explicit sequence first; @taken: [cols]. */
static gboolean
columns_sequence(MiceModel *self, const LacData *train, gboolean *taken, GError **error)
{
    for (char **name = self->sequence; name != NULL && *name != NULL; name++) {
        const gssize j = lac_columns_find(train, *name, "mice: sequence", error);

        if (j < 0)
            return FALSE;
        if (taken[j])
            return lac_fail(error, LAC_ERROR_PARAM, "mice: sequence names column '%s' twice",
                            *name);
        taken[j] = TRUE;
        if (columns_visited(&self->columns[j]))
            self->order[self->n_visited++] = (size_t)j;
    }
    return TRUE;
}

static gboolean
columns_order(MiceModel *self, const LacData *train, GError **error)
{
    g_autofree gboolean *taken = g_new0(gboolean, self->cols + 1);

    self->order = g_new0(size_t, self->cols + 1);
    if (!columns_sequence(self, train, taken, error))
        return FALSE;
    for (size_t k = 0; k < self->cols; k++) {
        const size_t j = self->visit == MICE_RIGHT_LEFT ? self->cols - 1 - k : k;

        if (columns_visited(&self->columns[j]) && !taken[j])
            self->order[self->n_visited++] = j;
    }
    self->n_ordered = self->n_visited;
    for (size_t j = 0; j < self->cols; j++) {
        const MiceColumn *column = &self->columns[j];

        if (!column->constant && !column->passive && !columns_visited(column))
            self->order[self->n_ordered++] = j;
    }
    if (self->sequence == NULL && (self->visit == MICE_MONOTONE || self->visit == MICE_REVMONOTONE))
        columns_sort_by_holes(self, self->visit == MICE_MONOTONE);
    return TRUE;
}

/* Regressions of every level on its own. */
static gboolean
columns_too_many(const MiceModel *self, const MiceColumn *column, const MiceMethod *method)
{
    return columns_many_levels(self, column) &&
           (method == &mice_method_polyreg || method == &mice_method_polr);
}

/* Always FALSE. */
static gboolean
columns_wrong_kind(const MiceColumn *column, const MiceMethod *method, const char *name,
                   GError **error)
{
    g_autoptr(GString) kinds = g_string_new(NULL);

    for (int kind = LAC_KIND_CONTINUOUS; kind <= LAC_KIND_ORDINAL; kind++)
        if (method->kinds & MICE_KIND(kind))
            g_string_append_printf(kinds, "%s%s", kinds->len > 0 ? ", " : "",
                                   lac_kind_name((LacKind)kind));
    return lac_fail(error, LAC_ERROR_PARAM,
                    "mice: method '%s' cannot impute column '%s', which is %s; it is for columns "
                    "of these kinds: %s",
                    method->name, name, lac_kind_name(column->kind), kinds->str);
}

static gboolean
columns_set_method(MiceModel *self, const LacData *train, const char *name, const char *wanted,
                   GError **error)
{
    const gssize j = lac_columns_find(train, name, "mice: methods", error);
    const MiceMethod *method = mice_method_find(wanted);
    g_autofree char *names = mice_method_names();

    if (j < 0)
        return FALSE;
    if (method == NULL)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "mice: method '%s' of column '%s' is unknown; there are %s", wanted, name,
                        names);
    if (!(method->kinds & MICE_KIND(self->columns[j].kind)))
        return columns_wrong_kind(&self->columns[j], method, name, error);
    if (columns_too_many(self, &self->columns[j], method))
        return lac_fail(error, LAC_ERROR_PARAM,
                        "mice: column '%s' has %zu levels, more than %" G_GINT64_FORMAT
                        " (levels), too many for method '%s'; cart, rf, pmm and sample take them",
                        name, self->columns[j].n_levels, self->levels, wanted);
    self->columns[j].method = method;
    return TRUE;
}

/* The method of a column that no exception names. */
static const MiceMethod *
columns_method(const MiceModel *self, const LacData *train, size_t j, const MiceMethod *common)
{
    const MiceColumn *column = &self->columns[j];
    const MiceMethod *method = common != NULL && (common->kinds & MICE_KIND(column->kind))
                                   ? common
                                   : mice_method_default(column->kind);

    /* no donor has a value below the limit under which values are not seen */
    if (common == NULL && lac_data_has_cell_limits(train, j)) {
        lac_context_event(self->base.instance.context, "fallback", (gssize)j,
                          "column '%s' has limits for single cells; %s draws inside them",
                          lac_data_name(train, j), mice_method_norm.name);
        return &mice_method_norm;
    }

    if (!columns_too_many(self, column, method))
        return method;
    method = column->kind == LAC_KIND_ORDINAL ? &mice_method_pmm : &mice_method_cart;
    if (column->n_holes > 0)
        lac_context_event(self->base.instance.context, "fallback", (gssize)j,
                          "column '%s' has %zu levels, too many for a regression of each; %s fills "
                          "it",
                          lac_data_name(train, j), column->n_levels, method->name);
    return method;
}

/* One method for all columns that it suits, their defaults for the others, then exceptions. */
static gboolean
columns_methods(MiceModel *self, const LacData *train, GError **error)
{
    const gboolean automatic = self->method == NULL || g_str_equal(self->method, "auto");
    const MiceMethod *common = automatic ? NULL : mice_method_find(self->method);
    g_autofree char *names = mice_method_names();

    if (!automatic && common == NULL)
        return lac_fail(error, LAC_ERROR_PARAM, "mice: method '%s' is unknown; there are auto, %s",
                        self->method, names);
    for (size_t j = 0; j < self->cols; j++)
        self->columns[j].method = columns_method(self, train, j, common);
    for (char **pair = self->methods; pair != NULL && pair[0] != NULL; pair += 2) {
        if (!columns_set_method(self, train, pair[0], pair[1], error))
            return FALSE;
    }
    return TRUE;
}

gboolean
mice_learn_columns(MiceModel *self, const LacData *train, GError **error)
{
    g_autofree double *seen = lac_try_alloc(train->rows + 1, sizeof(double), "a column", error);
    g_autofree gboolean *predicts = NULL;

    if (seen == NULL)
        return FALSE;
    columns_lay_out(self, train);
    size_t levels = 1;

    for (size_t j = 0; j < self->cols; j++)
        levels = MAX(levels, self->columns[j].n_levels);
    g_autofree double *share = g_new0(double, levels);

    for (size_t j = 0; j < self->cols; j++) {
        if (!columns_learn_one(self, train, j, seen, share, error))
            return FALSE;
    }
    if (!mice_learn_passive(self, train, error) || !mice_predictors(self, train, &predicts, error))
        return FALSE;
    columns_predictors(self, predicts);
    return columns_order(self, train, error) && columns_methods(self, train, error);
}
