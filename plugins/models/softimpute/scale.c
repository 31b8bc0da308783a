/* Centring and scaling over the observed cells. With rows and columns both: Hastie et al. (2015),
 * section 4. */
#include "softimpute.h"

#include <lacuna/stats.h>
#include <math.h>

static gboolean
scale_columns(SoftModel *self, const LacData *train, GError **error)
{
    g_autofree double *seen =
        lac_try_alloc(train->rows + 1, sizeof(double), "a column's observed cells", error);

    if (seen == NULL)
        return FALSE;
    for (size_t j = 0; j < train->cols; j++) {
        const size_t n = lac_data_copy_seen(train, j, seen);
        double mean, sd;

        if (n == 0)
            return lac_fail(error, LAC_ERROR_DATA,
                            "softimpute: column '%s' has no observed cell in %zu training rows; "
                            "drop the column or change the split",
                            lac_data_name(train, j), train->rows);
        if (!lac_stats_mean_sd(n, seen, &mean, &sd))
            return lac_fail(error, LAC_ERROR_DATA,
                            "softimpute: column '%s' spans more than the largest number, 1.8e308; "
                            "rescale it",
                            lac_data_name(train, j));
        if (!(sd > 1e-12 * fabs(mean)))
            lac_context_event(self->base.instance.context, "constant", (gssize)j,
                              "column '%s' has one value only", lac_data_name(train, j));
        if (self->scale == SOFT_SCALE_NONE)
            continue;
        self->centre[j] = sd > 1e-12 * fabs(mean) ? mean : seen[0];
        if (self->scale != SOFT_SCALE_CENTRE && sd > 1e-12 * fabs(mean))
            self->gauge[j] = sd * sqrt((double)(n - 1) / (double)n);
    }
    return TRUE;
}

/* Where row @x stands: sum over its cells of (x - a - centre) / gauge is 0, and the mean square of
 * (x - a - centre) / gauge is t^2. */
static void
scale_place_row(const SoftModel *self, const double *x, double *a, double *t)
{
    double sum = 0.0, weight = 0.0, squares = 0.0, n = 0.0;

    *a = 0.0;
    *t = 1.0;
    for (size_t j = 0; j < self->cols; j++) {
        if (!isnan(x[j])) {
            sum += (x[j] - self->centre[j]) / self->gauge[j];
            weight += 1.0 / self->gauge[j];
            n += 1.0;
        }
    }
    if (n < 2.0)
        return; /* one cell would be explained to nothing */
    *a = sum / weight;
    for (size_t j = 0; j < self->cols; j++) {
        if (!isnan(x[j]))
            squares += pow((x[j] - *a - self->centre[j]) / self->gauge[j], 2);
    }
    if (squares > 1e-24)
        *t = sqrt(squares / n);
}

/* Columns anew, given where rows stand. Returns how far centres and log gauges moved, squared. */
static double
scale_place_columns(SoftModel *self, const LacData *train, double *sums)
{
    double *sum = sums, *weight = sums + train->cols, *squares = weight + train->cols,
           *n = squares + train->cols, moved = 0.0;

    for (size_t k = 0; k < 4 * train->cols; k++)
        sums[k] = 0.0;
    for (size_t i = 0; i < train->rows; i++) {
        const double *x = lac_data_row(train, i);
        double a, t;

        scale_place_row(self, x, &a, &t);
        for (size_t j = 0; j < train->cols; j++) {
            if (!isnan(x[j])) {
                sum[j] += (x[j] - a) / t;
                weight[j] += 1.0 / t;
                squares[j] += pow((x[j] - a - self->centre[j]) / t, 2);
                n[j] += 1.0;
            }
        }
    }
    for (size_t j = 0; j < train->cols; j++) {
        const double centre = sum[j] / weight[j], square = squares[j] / n[j];
        const double gauge = square > 1e-24 ? sqrt(square) : self->gauge[j];

        moved += pow((centre - self->centre[j]) / gauge, 2) + pow(log(gauge / self->gauge[j]), 2);
        self->centre[j] = centre;
        self->gauge[j] = gauge;
    }
    return moved;
}

static gboolean
scale_both(SoftModel *self, const LacData *train, GError **error)
{
    enum { ROUNDS = 50 };
    g_autofree double *sums = g_new(double, 4 * train->cols + 1);
    double moved = INFINITY;

    for (size_t t = 0; t < ROUNDS && moved > 1e-9; t++) {
        if (!lac_context_step(self->base.instance.context, 0.0, error))
            return FALSE;
        moved = scale_place_columns(self, train, sums);
    }
    return TRUE;
}

gboolean
soft_scale_learn(SoftModel *self, const LacData *train, GError **error)
{
    self->cols = train->cols;
    self->centre = g_new0(double, train->cols + 1);
    self->gauge = g_new(double, train->cols + 1);
    for (size_t j = 0; j < train->cols; j++)
        self->gauge[j] = 1.0;
    return scale_columns(self, train, error) &&
           (self->scale != SOFT_SCALE_BOTH || scale_both(self, train, error));
}

void
soft_scale_row(const SoftModel *self, const double *x, double *z, double *row_centre,
               double *row_gauge)
{
    *row_centre = 0.0;
    *row_gauge = 1.0;
    if (self->scale == SOFT_SCALE_BOTH)
        scale_place_row(self, x, row_centre, row_gauge);
    for (size_t j = 0; j < self->cols; j++)
        z[j] = isnan(x[j]) ? 0.0
                           : (x[j] - *row_centre - self->centre[j]) / (*row_gauge * self->gauge[j]);
}
