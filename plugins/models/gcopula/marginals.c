/* Columns and their normal scores: a value's score is the standard normal quantile of its share in
 * the observed values; values that many cells share are intervals of scores. */
#include "gcopula.h"

#include <lacuna/levels.h>
#include <lacuna/limits.h>
#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

#define MOST_SCORE 8.0 /* of values far beyond all that were seen in training */

void
gc_marginal_clear(GcMarginal *marginal)
{
    g_free(marginal->value);
    g_free(marginal->upto);
    g_free(marginal->lower);
    g_free(marginal->upper);
    g_free(marginal->score);
}

void
gc_marginal_bounds(GcMarginal *marginal)
{
    const size_t k = marginal->n_values;

    g_free(marginal->lower);
    g_free(marginal->upper);
    marginal->lower = g_new(double, k);
    marginal->upper = g_new(double, k);
    for (size_t v = 0; v < k; v++) {
        const double before = v > 0 ? marginal->upto[v - 1] : marginal->low;
        const gboolean beyond = v + 1 < k || marginal->upto[v] < marginal->n;

        marginal->lower[v] = before > 0.0 ? lac_normal_quantile(before / marginal->n) : -INFINITY;
        marginal->upper[v] =
            beyond ? lac_normal_quantile(marginal->upto[v] / marginal->n) : INFINITY;
    }
}

/* From @n sorted values. */
static void
marginal_count(GcMarginal *marginal, size_t n, const double *sorted)
{
    marginal->n = (double)n;
    for (size_t i = 0; i < n; i++)
        marginal->n_values += i + 1 == n || sorted[i + 1] > sorted[i];
    marginal->value = g_new(double, marginal->n_values);
    marginal->upto = g_new(double, marginal->n_values);
    for (size_t i = 0, v = 0; i < n; i++) {
        if (i + 1 == n || sorted[i + 1] > sorted[i]) {
            marginal->value[v] = sorted[i];
            marginal->upto[v++] = (double)(i + 1);
        }
    }
}

/* Numbers with one value too frequent to be a point are levels, unless it is the only one and at an
 * end: then the column is cut off there. */
static int
marginal_kind(const GcModel *self, LacKind kind, const GcMarginal *marginal)
{
    const size_t k = marginal->n_values;
    size_t frequent = 0, which = 0;

    if (!lac_kind_is_numeric(kind))
        return GC_INTERVALS;
    for (size_t v = 0; v < k; v++) {
        const double before = v > 0 ? marginal->upto[v - 1] : 0.0;

        if (marginal->upto[v] - before >= self->spike * marginal->n &&
            marginal->upto[v] - before > 1.0) {
            frequent++;
            which = v;
        }
    }
    if (frequent == 0)
        return GC_POINTS;
    if (frequent == 1 && k > 20 && which == 0)
        return GC_LOW_SPIKE;
    return frequent == 1 && k > 20 && which + 1 == k ? GC_HIGH_SPIKE : GC_INTERVALS;
}

static void
learn_latent(GcModel *self, LacKind kind, size_t n, const double *sorted)
{
    GcMarginal *marginal = &self->marginal[self->q++];

    marginal_count(marginal, n, sorted);
    marginal->kind = marginal_kind(self, kind, marginal);
    gc_marginal_bounds(marginal);
}

/* A nominal column: for each level seen but the most frequent one, whether it is this one. */
static void
learn_nominal(GcModel *self, GcColumn *column, size_t n, double *sorted, GcMarginal *levels)
{
    size_t most = 0;
    double count = 0.0;

    for (size_t v = 0; v < levels->n_values; v++) {
        const double here = levels->upto[v] - (v > 0 ? levels->upto[v - 1] : 0.0);

        if (here > count) {
            count = here;
            most = v;
        }
    }
    column->base = levels->value[most];
    column->level = g_new(double, levels->n_values);
    for (size_t v = 0; v < levels->n_values; v++) {
        if (v == most)
            continue;
        const size_t ones = (size_t)(levels->upto[v] - (v > 0 ? levels->upto[v - 1] : 0.0));

        for (size_t i = 0; i < n; i++)
            sorted[i] = i + ones >= n;
        column->level[column->width++] = levels->value[v];
        learn_latent(self, LAC_KIND_BINARY, n, sorted);
    }
}

static void
learn_censored(GcModel *self, const LacData *train, size_t j)
{
    GcMarginal *marginal = &self->marginal[self->column[j].first];

    gc_marginal_censor(marginal, train, j);
    const double beyond = marginal->low + marginal->n - marginal->upto[marginal->n_values - 1];

    if (marginal->score != NULL && beyond > 0.0)
        lac_context_event(self->base.instance.context, "extrapolated", (gssize)j,
                          "%.3g of %.0f values of '%s' lie beyond all that were seen; there the "
                          "curve of the nearest values against normal scores goes on straight",
                          beyond, marginal->n, lac_data_name(train, j));
}

static gboolean
learn_column(GcModel *self, const LacData *train, size_t j, double *seen, GError **error)
{
    GcColumn *column = &self->column[j];
    const size_t n = lac_data_copy_seen(train, j, seen);
    GcMarginal levels = {0};

    column->kind = lac_data_column(train, j)->kind;
    column->first = self->q;
    if (n == 0)
        return lac_fail(error, LAC_ERROR_DATA,
                        "gcopula: column '%s' has no observed cell in %zu training rows; drop the "
                        "column or change the split",
                        lac_data_name(train, j), train->rows);
    lac_stats_sort(n, seen);
    column->base = seen[0];
    if (!(seen[n - 1] > seen[0])) {
        lac_context_event(self->base.instance.context, "constant", (gssize)j,
                          "column '%s' has one value only; its holes get that value",
                          lac_data_name(train, j));
        return TRUE;
    }
    if (column->kind == LAC_KIND_NOMINAL) {
        marginal_count(&levels, n, seen);
        learn_nominal(self, column, n, seen, &levels);
        gc_marginal_clear(&levels);
        return TRUE;
    }
    column->width = 1;
    learn_latent(self, column->kind, n, seen);
    if (lac_kind_is_numeric(column->kind))
        learn_censored(self, train, j);
    return TRUE;
}

gboolean
gc_marginals_learn(GcModel *self, const LacData *train, GError **error)
{
    g_autofree double *seen =
        lac_try_alloc(train->rows + 1, sizeof(double), "a column's observed cells", error);
    size_t most = 0;

    if (seen == NULL || !lac_levels_check(train->schema, "gcopula", error))
        return FALSE;
    for (size_t j = 0; j < train->cols; j++)
        most += MAX(lac_data_column(train, j)->n_levels, 1);
    self->cols = train->cols;
    self->column = g_new0(GcColumn, train->cols + 1);
    self->marginal = g_new0(GcMarginal, most + 1);
    for (size_t j = 0; j < train->cols; j++)
        if (!learn_column(self, train, j, seen, error))
            return FALSE;
    return TRUE;
}

/* ---- values to scores -------------------------------------------------------------------------
 */

size_t
gc_marginal_below(const GcMarginal *marginal, double x)
{
    size_t low = 0, high = marginal->n_values;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (marginal->value[middle] < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t
gc_marginal_upto(const GcMarginal *marginal, double x)
{
    const size_t below = gc_marginal_below(marginal, x);

    return below + (below < marginal->n_values && marginal->value[below] == x);
}

static gboolean
is_interval(const GcMarginal *marginal, size_t v)
{
    switch (marginal->kind) {
    case GC_POINTS:
        return FALSE;
    case GC_LOW_SPIKE:
        return v == 0;
    case GC_HIGH_SPIKE:
        return v + 1 == marginal->n_values;
    default:
        return TRUE;
    }
}

/* The score of @x, or the interval's mean and its number in @code. */
static double
marginal_encode(const GcMarginal *marginal, double x, uint32_t *code)
{
    const size_t v = gc_marginal_below(marginal, x);
    const gboolean seen = v < marginal->n_values && marginal->value[v] == x;
    double upto = v > 0 ? marginal->upto[v - 1] : 0.5, mean, variance;

    *code = GC_POINT;
    if (seen && is_interval(marginal, v)) {
        *code = (uint32_t)v;
        lac_truncated_normal_moments(0.0, 1.0, marginal->lower[v], marginal->upper[v], &mean,
                                     &variance);
        return mean;
    }
    if (marginal->score != NULL && marginal->kind != GC_INTERVALS)
        return CLAMP(gc_marginal_limit(marginal, x, TRUE), -MOST_SCORE, MOST_SCORE);
    if (seen)
        upto = marginal->upto[v];
    return lac_normal_quantile(upto / (marginal->n + 1.0));
}

static void
encode_cell(const GcModel *self, const GcColumn *column, double x, double *z, uint32_t *code)
{
    for (size_t k = 0; k < column->width; k++) {
        const double value = column->kind == LAC_KIND_NOMINAL ? (double)(column->level[k] == x) : x;

        z[column->first + k] =
            marginal_encode(&self->marginal[column->first + k], value, &code[column->first + k]);
    }
}

/* What is known of hole (@i, @j), if anything is. */
static gboolean
hole_interval(const GcModel *self, const LacData *data, gboolean learning, size_t i, size_t j,
              GcInterval *out)
{
    const GcColumn *column = &self->column[j];
    double lower, upper;

    if (!lac_data_is_limited(data, j) || column->width != 1 || !lac_kind_is_numeric(column->kind) ||
        (learning && !lac_data_is_censored(data, i, j)))
        return FALSE;
    lac_data_limits(data, i, j, &lower, &upper);
    out->lower = gc_marginal_limit(&self->marginal[column->first], lower, FALSE);
    out->upper = gc_marginal_limit(&self->marginal[column->first], upper, TRUE);
    return out->lower < out->upper && (isfinite(out->lower) || isfinite(out->upper));
}

static gboolean
rows_group(const GcModel *self, GcRows *rows, const LacData *data, gboolean learning,
           GError **error)
{
    GcInterval known;

    rows->holes = lac_mask_new(data->rows, self->q, error);
    if (rows->holes == NULL)
        return FALSE;
    for (size_t i = 0; i < data->rows; i++)
        for (size_t j = 0; j < self->cols; j++)
            if (lac_data_is_hole(data, i, j) && !hole_interval(self, data, learning, i, j, &known))
                for (size_t k = 0; k < self->column[j].width; k++)
                    lac_mask_set(rows->holes, i, self->column[j].first + k, TRUE);
    rows->patterns = lac_patterns_new(rows->holes, error);
    return rows->patterns != NULL;
}

GcInterval
gc_rows_interval(const GcRows *rows, const GcModel *self, size_t c, uint32_t code)
{
    if (code >= GC_CELL)
        return g_array_index(rows->cell, GcInterval, code - GC_CELL);
    return (GcInterval){self->marginal[c].lower[code], self->marginal[c].upper[code]};
}

static void
encode_hole(const GcColumn *column, const GcInterval *known, GcRows *rows, double *z,
            uint32_t *code)
{
    code[column->first] = GC_CELL + rows->cell->len;
    g_array_append_val(rows->cell, *known);
    lac_truncated_normal_moments(0.0, 1.0, known->lower, known->upper, &z[column->first], NULL);
}

static void
rows_encode(const GcModel *self, const LacData *data, gboolean learning, GcRows *rows)
{
    GcInterval known;

    for (size_t r = 0; r < data->rows; r++) {
        const size_t i = rows->patterns->row[r];
        double *z = lac_matrix_row(rows->z, r);
        uint32_t *code = rows->code + r * self->q;

        for (size_t j = 0; j < self->cols; j++) {
            if (!lac_data_is_hole(data, i, j))
                encode_cell(self, &self->column[j], lac_data_at(data, i, j), z, code);
            else if (hole_interval(self, data, learning, i, j, &known))
                encode_hole(&self->column[j], &known, rows, z, code);
        }
    }
}

GcRows *
gc_rows_new(const GcModel *self, const LacData *data, gboolean learning, GError **error)
{
    g_autoptr(GcRows) rows = g_new0(GcRows, 1);

    rows->cell = g_array_new(FALSE, FALSE, sizeof(GcInterval));
    if (!rows_group(self, rows, data, learning, error))
        return NULL;
    rows->z = lac_matrix_new(data->rows, self->q, error);
    rows->code = rows->z ? lac_try_alloc(data->rows * self->q + 1, sizeof(uint32_t),
                                         "interval numbers", error)
                         : NULL;
    if (rows->code == NULL)
        return NULL;
    rows_encode(self, data, learning, rows);
    return g_steal_pointer(&rows);
}

void
gc_rows_free(GcRows *rows)
{
    if (rows == NULL)
        return;
    g_array_unref(rows->cell);
    lac_mask_free(rows->holes);
    lac_patterns_free(rows->patterns);
    lac_matrix_free(rows->z);
    g_free(rows->code);
    g_free(rows);
}

/* ---- scores to values -------------------------------------------------------------------------
 */

/* Order statistic number @k, from 0. */
static double
marginal_at(const GcMarginal *marginal, double k)
{
    size_t low = 0, high = marginal->n_values - 1;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (marginal->upto[middle] > k)
            high = middle;
        else
            low = middle + 1;
    }
    return marginal->value[low];
}

double
gc_marginal_decode(const GcMarginal *marginal, double z)
{
    const double p = lac_normal_cdf(z), last = marginal->n - 1.0;

    if (marginal->score != NULL &&
        (marginal->kind != GC_INTERVALS || gc_curve_is_tail(marginal, z)))
        return gc_curve_decode(marginal, z);
    if (marginal->kind == GC_INTERVALS) { /* thousandths are rounding */
        const double place = ceil(round(1000.0 * ((marginal->n + 1.0) * p - 1.0)) / 1000.0);

        return marginal_at(marginal, CLAMP(place, 0.0, last));
    }
    const double place = p * last, whole = floor(place); /* Hyndman and Fan's type 7 */
    const double a = marginal_at(marginal, MIN(whole, last));
    const double b = marginal_at(marginal, MIN(whole + 1.0, last));

    return a + (place - whole) * (b - a);
}
