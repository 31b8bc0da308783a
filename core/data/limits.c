/* Bounds of columns and of single cells, carried along with a table into other rows and units. */
#include "limits-private.h"

#include "table-private.h"
#include <lacuna/limits.h>
#include <math.h>
#include <string.h>

LacLimits *
lac_limits_new(size_t rows, size_t cols)
{
    LacLimits *limits = g_new0(LacLimits, 1);

    *limits = (LacLimits){.ref_count = 1, .rows = rows, .cols = cols};
    limits->column = g_new0(LacColumnLimits, MAX(cols, 1));
    for (size_t j = 0; j < cols; j++) {
        limits->column[j].lower = -INFINITY;
        limits->column[j].upper = INFINITY;
    }
    return limits;
}

LacLimits *
lac_limits_ref(LacLimits *limits)
{
    if (limits != NULL)
        g_atomic_int_inc(&limits->ref_count);
    return limits;
}

void
lac_limits_unref(LacLimits *limits)
{
    if (limits == NULL || !g_atomic_int_dec_and_test(&limits->ref_count))
        return;
    for (size_t j = 0; j < limits->cols; j++) {
        g_free(limits->column[j].above);
        g_free(limits->column[j].below);
    }
    g_free(limits->column);
    g_free(limits);
}

static double *
limits_column(size_t rows, double value, GError **error)
{
    double *column = lac_try_alloc(MAX(rows, 1), sizeof *column, "limits of a column", error);

    for (size_t i = 0; column != NULL && i < rows; i++)
        column[i] = value;
    return column;
}

gboolean
lac_limits_set(LacLimits *limits, size_t i, size_t j, gboolean below, double value, GError **error)
{
    double **column = below ? &limits->column[j].below : &limits->column[j].above;

    if (*column == NULL)
        *column = limits_column(limits->rows, below ? INFINITY : -INFINITY, error);
    if (*column == NULL)
        return FALSE;
    (*column)[i] = value;
    return TRUE;
}

static gboolean
limits_select(const double *from, size_t n, const size_t *index, double **out, GError **error)
{
    if (from == NULL)
        return TRUE;
    *out = limits_column(n, 0.0, error);
    for (size_t i = 0; *out != NULL && i < n; i++)
        (*out)[i] = from[index[i]];
    return *out != NULL;
}

gboolean
lac_limits_select_rows(const LacLimits *limits, size_t n, const size_t *index, LacLimits **out,
                       GError **error)
{
    g_autoptr(LacLimits) chosen = NULL;

    if (limits == NULL)
        return TRUE;
    chosen = lac_limits_new(n, limits->cols);
    for (size_t j = 0; j < limits->cols; j++) {
        const LacColumnLimits *from = &limits->column[j];
        LacColumnLimits *to = &chosen->column[j];

        to->lower = from->lower;
        to->upper = from->upper;
        to->rounds = from->rounds;
        if (!limits_select(from->above, n, index, &to->above, error) ||
            !limits_select(from->below, n, index, &to->below, error))
            return FALSE;
    }
    *out = g_steal_pointer(&chosen);
    return TRUE;
}

/* @value as the map is to see it: a count of at most 3 is any number that rounds to at most 3. */
static double
limits_mapped(const LacColumnLimits *from, LacLimitsMap map, const void *user, size_t j,
              double value, gboolean upper)
{
    if (from->rounds && map != NULL)
        value = upper ? floor(value) + 0.5 : ceil(value) - 0.5;
    return map != NULL && isfinite(value) ? map(user, j, value) : value;
}

static gboolean
limits_map_cells(const LacColumnLimits *column, const double *from, size_t rows, size_t j,
                 LacLimitsMap map, const void *user, double **out, GError **error)
{
    if (from == NULL)
        return TRUE;
    *out = limits_column(rows, 0.0, error);
    for (size_t i = 0; *out != NULL && i < rows; i++)
        (*out)[i] = limits_mapped(column, map, user, j, from[i], from == column->below);
    return *out != NULL;
}

static gboolean
limits_map_column(const LacLimits *limits, size_t j, LacLimitsMap map, const void *user,
                  LacColumnLimits *to, GError **error)
{
    const LacColumnLimits *from = &limits->column[j];

    to->lower = limits_mapped(from, map, user, j, from->lower, FALSE);
    to->upper = limits_mapped(from, map, user, j, from->upper, TRUE);
    to->rounds = from->rounds && map == NULL;
    return limits_map_cells(from, from->above, limits->rows, j, map, user, &to->above, error) &&
           limits_map_cells(from, from->below, limits->rows, j, map, user, &to->below, error);
}

gboolean
lac_limits_map(const LacLimits *limits, size_t cols, const gssize *source, LacLimitsMap map,
               const void *user, LacLimits **out, GError **error)
{
    g_autoptr(LacLimits) mapped = NULL;

    if (limits == NULL)
        return TRUE;
    mapped = lac_limits_new(limits->rows, cols);
    for (size_t k = 0; k < cols; k++) {
        const gssize j = source == NULL ? (gssize)k : source[k];

        if (j >= 0 && !limits_map_column(limits, (size_t)j, map, user, &mapped->column[k], error))
            return FALSE;
    }
    *out = g_steal_pointer(&mapped);
    return TRUE;
}

gboolean
lac_limits_map_some(const LacLimits *limits, const gboolean *which, LacLimitsMap map,
                    const void *user, LacLimits **out, GError **error)
{
    g_autoptr(LacLimits) mapped = NULL;

    if (limits == NULL)
        return TRUE;
    mapped = lac_limits_new(limits->rows, limits->cols);
    for (size_t j = 0; j < limits->cols; j++)
        if (!limits_map_column(limits, j, which[j] ? map : NULL, user, &mapped->column[j], error))
            return FALSE;
    *out = g_steal_pointer(&mapped);
    return TRUE;
}

/* ---- of a table -------------------------------------------------------------------------------
 */

void
lac_data_take_limits(LacData *data, LacLimits *limits)
{
    g_assert(g_atomic_int_get(&data->ref_count) == 1);
    g_assert(limits == NULL || (limits->rows == data->rows && limits->cols == data->cols));
    lac_limits_unref(data->limits);
    data->limits = limits;
}

void
lac_data_limits(const LacData *data, size_t i, size_t j, double *lower, double *upper)
{
    *lower = -INFINITY;
    *upper = INFINITY;
    if (data->limits == NULL)
        return;

    const LacColumnLimits *column = &data->limits->column[j];

    *lower = column->lower;
    *upper = column->upper;
    if (column->above != NULL)
        *lower = fmax(*lower, column->above[i]);
    if (column->below != NULL)
        *upper = fmin(*upper, column->below[i]);
    if (column->rounds) {
        *lower = ceil(*lower) - 0.5;
        *upper = floor(*upper) + 0.5;
    }
}

gboolean
lac_data_is_limited(const LacData *data, size_t j)
{
    return data->limits != NULL &&
           (isfinite(data->limits->column[j].lower) || isfinite(data->limits->column[j].upper) ||
            lac_data_has_cell_limits(data, j));
}

gboolean
lac_data_has_cell_limits(const LacData *data, size_t j)
{
    return data->limits != NULL &&
           (data->limits->column[j].above != NULL || data->limits->column[j].below != NULL);
}

gboolean
lac_data_is_censored(const LacData *data, size_t i, size_t j)
{
    if (!lac_data_has_cell_limits(data, j) || !lac_data_is_hole(data, i, j))
        return FALSE;

    const LacColumnLimits *column = &data->limits->column[j];

    return (column->above != NULL && column->above[i] > column->lower) ||
           (column->below != NULL && column->below[i] < column->upper);
}
