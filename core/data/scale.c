/* Scaling, learnt on observed training cells only, so that nothing of the truth under a hole or of
 * the test rows leaks into what a model sees. */
#include "limits-private.h"
#include "table-private.h"

#include <math.h>
#include <string.h>

static const char *const scale_names[] = {"none", "minmax", "standard"};

/* What one pass over the table tells of each column. */
typedef struct {
    size_t *n;
    double *min, *max, *sum;
} ScaleSums;

const char *
lac_scale_name(LacScale scale)
{
    g_assert((size_t)scale < G_N_ELEMENTS(scale_names));
    return scale_names[scale];
}

gboolean
lac_scale_parse(const char *name, LacScale *out)
{
    for (size_t k = 0; k < G_N_ELEMENTS(scale_names); k++) {
        if (strcmp(name, scale_names[k]) == 0) {
            *out = (LacScale)k;
            return TRUE;
        }
    }
    return FALSE;
}

static void
scale_sum(const LacData *train, ScaleSums *sums)
{
    for (size_t j = 0; j < train->cols; j++) {
        sums->min[j] = INFINITY;
        sums->max[j] = -INFINITY;
    }
    for (size_t i = 0; i < train->rows; i++) {
        const double *row = lac_data_row(train, i);

        for (size_t j = 0; j < train->cols; j++) {
            const gboolean seen = row[j] == row[j];

            sums->n[j] += (size_t)seen;
            sums->sum[j] += seen ? row[j] : 0.0;
            sums->min[j] = row[j] < sums->min[j] ? row[j] : sums->min[j];
            sums->max[j] = row[j] > sums->max[j] ? row[j] : sums->max[j];
        }
    }
}

/* Sum of squared deviations from @centre, by column. */
static void
scale_squares(const LacData *train, const double *centre, double *squares)
{
    for (size_t i = 0; i < train->rows; i++) {
        const double *row = lac_data_row(train, i);

        for (size_t j = 0; j < train->cols; j++) {
            const double d = row[j] == row[j] ? row[j] - centre[j] : 0.0;

            squares[j] += d * d;
        }
    }
}

static void
scale_settle(LacScaler *scaler, const ScaleSums *sums, const double *squares, size_t j)
{
    const double range = sums->max[j] - sums->min[j];
    const double n = (double)sums->n[j];

    if (sums->n[j] == 0)
        return;
    if (range == 0.0) { /* not the mean: its rounding error would be blown up by a tiny sd */
        scaler->shift[j] = sums->min[j];
        return;
    }
    scaler->shift[j] = scaler->scale == LAC_SCALE_MINMAX ? sums->min[j] : sums->sum[j] / n;
    scaler->factor[j] = scaler->scale == LAC_SCALE_MINMAX ? range : sqrt(squares[j] / n);
    if (!isfinite(range) || !isfinite(scaler->factor[j]) || scaler->factor[j] == 0.0) {
        scaler->shift[j] = 0.0;
        scaler->factor[j] = fmax(fabs(sums->min[j]), fabs(sums->max[j]));
    }
}

LacScaler *
lac_scaler_learn(LacScale scale, const LacData *train)
{
    const size_t cols = train->cols;
    g_autofree size_t *n = g_new0(size_t, cols);
    g_autofree double *work = g_new0(double, 4 * cols);
    g_autofree double *mean = g_new0(double, cols);
    ScaleSums sums = {.n = n, .min = work, .max = work + cols, .sum = work + 2 * cols};
    LacScaler *scaler = g_new0(LacScaler, 1);

    *scaler = (LacScaler){.scale = scale, .cols = cols};
    scaler->shift = g_new0(double, cols);
    scaler->factor = g_new(double, cols);
    for (size_t j = 0; j < cols; j++)
        scaler->factor[j] = 1.0;
    if (scale == LAC_SCALE_NONE)
        return scaler;
    scale_sum(train, &sums);
    for (size_t j = 0; j < cols; j++)
        mean[j] = n[j] > 0 ? sums.sum[j] / (double)n[j] : 0.0;
    if (scale == LAC_SCALE_STANDARD)
        scale_squares(train, mean, work + 3 * cols);
    for (size_t j = 0; j < cols; j++) {
        if (lac_kind_is_numeric(lac_data_column(train, j)->kind))
            scale_settle(scaler, &sums, work + 3 * cols, j);
    }
    return scaler;
}

void
lac_scaler_free(LacScaler *scaler)
{
    if (scaler == NULL)
        return;
    g_free(scaler->shift);
    g_free(scaler->factor);
    g_free(scaler);
}

static LacSchema *
scale_schema(const LacScaler *scaler, const LacSchema *schema)
{
    LacSchema *scaled = lac_schema_dup(schema);

    for (size_t j = 0; j < scaled->cols; j++) {
        LacColumn *column = &scaled->columns[j];

        if (!lac_kind_is_numeric(column->kind))
            continue;
        column->kind = LAC_KIND_CONTINUOUS;
        column->lower = (column->lower - scaler->shift[j]) / scaler->factor[j];
        column->upper = (column->upper - scaler->shift[j]) / scaler->factor[j];
    }
    return scaled;
}

static double
scale_limit(const void *user, size_t j, double x)
{
    const LacScaler *scaler = user;

    return (x - scaler->shift[j]) / scaler->factor[j];
}

LacData *
lac_scaler_apply(const LacScaler *scaler, const LacData *data, GError **error)
{
    const size_t cols = data->cols;
    g_autofree double *values = NULL;
    g_autoptr(LacData) scaled = NULL;

    g_assert(scaler->cols == cols);
    if (scaler->scale == LAC_SCALE_NONE)
        return lac_data_ref(data);
    values = lac_try_alloc(data->rows * cols, sizeof(double), "scaled table", error);
    if (values == NULL)
        return NULL;
    for (size_t i = 0; i < data->rows; i++) {
        const double *row = lac_data_row(data, i);

        for (size_t j = 0; j < cols; j++)
            values[i * cols + j] = (row[j] - scaler->shift[j]) / scaler->factor[j];
    }
    scaled = lac_data_derive_take(data, scale_schema(scaler, data->schema),
                                  g_steal_pointer(&values), error);
    if (scaled == NULL ||
        !lac_limits_map(data->limits, cols, NULL, scale_limit, scaler, &scaled->limits, error))
        return NULL;
    return g_steal_pointer(&scaled);
}

void
lac_scaler_undo(const LacScaler *scaler, LacMatrix *m)
{
    g_assert(scaler->cols == m->cols);
    if (scaler->scale == LAC_SCALE_NONE)
        return;
    for (size_t i = 0; i < m->rows; i++) {
        double *row = lac_matrix_row(m, i);

        for (size_t j = 0; j < m->cols; j++)
            row[j] = row[j] * scaler->factor[j] + scaler->shift[j];
    }
}
