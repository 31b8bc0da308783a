/* Losses of methods on data sets: who takes part, what failures mean, families merged. */
#include "grid-private.h"

#include <math.h>
#include <string.h>

void
report_grid_clear(LacGrid *grid)
{
    g_free(grid->data);
    g_free(grid->method);
    g_free(grid->loss);
}
/* a method that does not offer what @metric needs fails at nothing there, even where its cells did
 * not finish */
static gboolean
offers(const LacReport *report, size_t method, size_t metric)
{
    gboolean unfit = FALSE;

    for (size_t c = 0; c < report->cells->len; c++) {
        if (report_cell(report, c)->method != method)
            continue;
        if (report_value_status(report, c, metric) == LAC_VALUE_OK)
            return TRUE;
        unfit |= report_value_status(report, c, metric) == LAC_VALUE_NOT_APPLICABLE;
    }
    return !unfit;
}

LacGrid
report_grid_read(const LacReport *report, size_t condition, size_t metric)
{
    const LacReportMetric *info = report_metric(report, metric);
    const size_t n = report->data->len, k = report->methods->len;
    LacGrid grid = {n, k, g_new(size_t, MAX(n, 1)), g_new(size_t, MAX(k, 1)),
                    g_new(double, MAX(n * k, 1))};

    for (size_t i = 0; i < n; i++)
        grid.data[i] = i;
    for (size_t j = 0; j < k; j++)
        grid.method[j] = j;
    for (size_t j = 0; j < k; j++) {
        const gboolean able = offers(report, j, metric);
        for (size_t i = 0; i < n; i++) {
            const LacEntry entry = report_entry(report, condition, i, j, metric);
            double *loss = &grid.loss[i * k + j];
            *loss = NAN;
            if (!able)
                continue;
            if (entry.status == LAC_VALUE_OK)
                *loss = report_loss(info, entry.mean);
            else if (entry.status == LAC_VALUE_FAILED || entry.status == LAC_VALUE_UNDEFINED)
                *loss = INFINITY;
        }
    }
    return grid;
}

static void
grid_drop_method(LacGrid *grid, size_t j)
{
    for (size_t i = 0; i < grid->n; i++)
        for (size_t l = 0, kept = 0; l < grid->k; l++)
            if (l != j)
                grid->loss[i * (grid->k - 1) + kept++] = grid->loss[i * grid->k + l];
    memmove(grid->method + j, grid->method + j + 1, (grid->k - j - 1) * sizeof *grid->method);
    grid->k--;
}

static void
grid_drop_data(LacGrid *grid, size_t i)
{
    memmove(grid->loss + i * grid->k, grid->loss + (i + 1) * grid->k,
            (grid->n - i - 1) * grid->k * sizeof *grid->loss);
    memmove(grid->data + i, grid->data + i + 1, (grid->n - i - 1) * sizeof *grid->data);
    grid->n--;
}

static size_t
count_in_column(const LacGrid *grid, size_t j, gboolean (*test)(double))
{
    size_t count = 0;

    for (size_t i = 0; i < grid->n; i++)
        count += test(grid->loss[i * grid->k + j]) ? 1 : 0;
    return count;
}

static size_t
count_in_row(const LacGrid *grid, size_t i, gboolean (*test)(double))
{
    size_t count = 0;

    for (size_t j = 0; j < grid->k; j++)
        count += test(grid->loss[i * grid->k + j]) ? 1 : 0;
    return count;
}

static gboolean
was_not_run(double loss)
{
    return isnan(loss) != 0;
}

gboolean
report_has_failed(double loss)
{
    return isinf(loss) != 0 && loss > 0.0;
}

static gboolean
has_no_value(double loss)
{
    return !isfinite(loss);
}

/* leave out methods that no data set knows or that are not applicable anywhere, data sets nobody
 * has a value on, and data sets that some method was not run on */
void
report_grid_trim(LacGrid *grid, LacComparison *out)
{
    for (size_t j = grid->k; j-- > 0;)
        if (count_in_column(grid, j, was_not_run) == grid->n)
            grid_drop_method(grid, j);
    for (size_t i = grid->n; i-- > 0;)
        if (grid->k == 0 || count_in_row(grid, i, has_no_value) == grid->k)
            grid_drop_data(grid, i);
    for (size_t i = grid->n; i-- > 0;) {
        if (count_in_row(grid, i, was_not_run) > 0) {
            grid_drop_data(grid, i);
            out->left_out++;
        }
    }
}

static void
grid_fill(LacGrid *grid, const LacReport *report, LacComparison *out)
{
    size_t from = grid->k;

    for (size_t j = 0; j < grid->k; j++)
        if (g_strcmp0(report_method(report, grid->method[j])->label, report->settings.fill) == 0)
            from = j;
    if (from == grid->k)
        return; /* no such method: failures stay worst */
    for (size_t i = 0; i < grid->n; i++) {
        for (size_t j = 0; j < grid->k; j++) {
            double *loss = &grid->loss[i * grid->k + j];
            if (report_has_failed(*loss)) {
                *loss = grid->loss[i * grid->k + from];
                out->filled++;
            }
        }
    }
}

void
report_grid_apply_policy(LacGrid *grid, const LacReport *report, LacComparison *out)
{
    for (size_t j = 0; j < grid->k; j++)
        out->failures += count_in_column(grid, j, report_has_failed);
    switch (report->settings.failures) {
    case LAC_FAILURES_WORST:
        break;
    case LAC_FAILURES_EXCLUDE_DATASET:
        for (size_t i = grid->n; i-- > 0;) {
            if (count_in_row(grid, i, report_has_failed) > 0) {
                grid_drop_data(grid, i);
                out->left_out++;
            }
        }
        break;
    case LAC_FAILURES_EXCLUDE_METHOD:
    case LAC_FAILURES_SEPARATE:
        for (size_t j = grid->k; j-- > 0;) {
            if (count_in_column(grid, j, report_has_failed) > 0) {
                g_ptr_array_add(out->apart,
                                g_strdup(report_method(report, grid->method[j])->label));
                grid_drop_method(grid, j);
            }
        }
        break;
    case LAC_FAILURES_FILL:
        grid_fill(grid, report, out);
        break;
    }
}

gboolean
report_grid_all_positive(const LacGrid *grid)
{
    for (size_t i = 0; i < grid->n * grid->k; i++)
        if (!(grid->loss[i] > 0.0))
            return FALSE;
    return TRUE;
}

/* Data sets of one family become one block: the geometric mean of their losses where ratios make
 * sense, else the mean; a failure in one is a failure of the family. */
void
report_grid_merge_families(const LacGrid *grid, const LacReport *report, LacComparison *out)
{
    g_autofree size_t *members = g_new0(size_t, MAX(grid->n, 1));

    out->data_sets = grid->n;
    out->block = g_new0(char *, grid->n + 1);
    out->loss = g_new0(double, MAX(grid->n * grid->k, 1));
    for (size_t i = 0; i < grid->n; i++) {
        const LacReportData *data = report_data(report, grid->data[i]);
        size_t b = 0;
        while (b < out->n && !g_str_equal(out->block[b], data->family))
            b++;
        if (b == out->n)
            out->block[out->n++] = g_strdup(data->family);
        members[b]++;
        for (size_t j = 0; j < grid->k; j++) {
            const double loss = grid->loss[i * grid->k + j];
            out->loss[b * grid->k + j] += out->log_ratio ? log(loss) : loss;
        }
    }
    for (size_t b = 0; b < out->n; b++) {
        for (size_t j = 0; j < grid->k; j++) {
            double *loss = &out->loss[b * grid->k + j];
            *loss /= (double)members[b];
            if (out->log_ratio)
                *loss = exp(*loss);
        }
    }
    if (out->data_sets == out->n && out->log_ratio) /* no family: keep the bits of the values */
        memcpy(out->loss, grid->loss, grid->n * grid->k * sizeof *grid->loss);
}
