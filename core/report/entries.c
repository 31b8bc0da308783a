/* One method on one data set: its value, its cost, and how it differs from the best there. */
#include "compare-private.h"
#include "text-private.h"

#include <lacuna/stats.h>
#include <math.h>

LacEntry
report_entry(const LacReport *report, size_t condition, size_t data, size_t method, size_t metric)
{
    LacEntry entry = {.mean = NAN, .sd = NAN, .status = LAC_VALUE_ABSENT};
    const size_t *cells = report_cells(report, condition, data, method, &entry.cells);
    g_autofree double *value = g_new(double, MAX(entry.cells, 1));
    size_t undefined = 0, unfit = 0;

    for (size_t i = 0; i < entry.cells; i++) {
        switch (report_value_status(report, cells[i], metric)) {
        case LAC_VALUE_OK:
            value[entry.n++] = report_value(report, cells[i], metric);
            break;
        case LAC_VALUE_FAILED:
            entry.failed++;
            break;
        case LAC_VALUE_UNDEFINED:
            undefined++;
            break;
        case LAC_VALUE_NOT_APPLICABLE:
            unfit++;
            break;
        case LAC_VALUE_ABSENT:
            break;
        }
    }
    if (entry.n > 0) {
        entry.mean = lac_stats_mean(entry.n, value);
        entry.sd = entry.n > 1 ? sqrt(lac_stats_variance(entry.n, value, 1)) : NAN;
    }
    if (entry.failed > report->settings.max_failed_repeats)
        entry.status = LAC_VALUE_FAILED;
    else if (entry.n > 0)
        entry.status = LAC_VALUE_OK;
    else if (entry.failed > 0)
        entry.status = LAC_VALUE_FAILED;
    else if (unfit > 0)
        entry.status = LAC_VALUE_NOT_APPLICABLE;
    else if (undefined > 0)
        entry.status = LAC_VALUE_UNDEFINED;
    return entry;
}

gboolean
report_any_cell(const LacReport *report, size_t condition, size_t data)
{
    for (size_t j = 0; j < report->methods->len; j++) {
        size_t n;
        (void)report_cells(report, condition, data, j, &n);
        if (n > 0)
            return TRUE;
    }
    return FALSE;
}

double
report_median(size_t n, double *x)
{
    if (n == 0)
        return NAN;
    lac_stats_sort(n, x);
    return lac_stats_quantile(n, x, 0.5, 7);
}

LacCost
report_cost(const LacReport *report, size_t condition, size_t data, size_t method)
{
    LacCost cost = {.low = NAN, .high = NAN, .limit = NAN};
    size_t n, fits = 0, applies = 0, walls = 0, cpus = 0, peaks = 0;
    const size_t *cells = report_cells(report, condition, data, method, &n);
    g_autofree double *fit = g_new(double, 5 * MAX(n, 1));
    double *apply = fit + n, *wall = apply + n, *cpu = wall + n, *peak = cpu + n;

    for (size_t i = 0; i < n; i++) {
        const LacReportCell *cell = report_cell(report, cells[i]);
        const double total = isnan(cell->apply_s) ? cell->fit_s : cell->fit_s + cell->apply_s;
        if (g_strcmp0(cell->status, "timeout") == 0) {
            cost.timeouts++;
            cost.limit = fmax(cost.limit, isnan(total) ? cost.limit : total);
        }
        if (!cell->ok)
            continue;
        cost.n++;
        cost.contended |= cell->contended;
        if (isfinite(cell->fit_s))
            fit[fits++] = cell->fit_s;
        if (isfinite(cell->apply_s))
            apply[applies++] = cell->apply_s;
        if (isfinite(total))
            wall[walls++] = total;
        if (isfinite(cell->cpu_s))
            cpu[cpus++] = cell->cpu_s;
        if (isfinite(cell->peak_mib))
            peak[peaks++] = cell->peak_mib;
    }
    cost.fit = report_median(fits, fit);
    cost.apply = report_median(applies, apply);
    cost.wall = report_median(walls, wall);
    if (walls > 0) {
        cost.low = wall[0];
        cost.high = wall[walls - 1];
    }
    cost.cpu = report_median(cpus, cpu);
    cost.memory = report_median(peaks, peak);
    return cost;
}

/* loss differences a - b over cells with the same holes; returns how many */
static size_t
paired_differences(const LacReport *report, size_t condition, size_t data, size_t a, size_t b,
                   size_t metric, double *difference)
{
    const LacReportMetric *info = report_metric(report, metric);
    size_t n_a, n_b, n = 0;
    const size_t *cells_a = report_cells(report, condition, data, a, &n_a);
    const size_t *cells_b = report_cells(report, condition, data, b, &n_b);

    for (size_t i = 0; i < n_a; i++) {
        if (report_value_status(report, cells_a[i], metric) != LAC_VALUE_OK)
            continue;
        for (size_t j = 0; j < n_b; j++) {
            if (report_value_status(report, cells_b[j], metric) != LAC_VALUE_OK ||
                g_strcmp0(report_cell(report, cells_a[i])->pair,
                          report_cell(report, cells_b[j])->pair) != 0)
                continue;
            difference[n++] = report_loss(info, report_value(report, cells_a[i], metric)) -
                              report_loss(info, report_value(report, cells_b[j], metric));
            break;
        }
    }
    return n;
}

static LacInside *
inside_new(size_t k)
{
    LacInside *inside = g_new0(LacInside, 1);

    inside->k = k;
    inside->best = k;
    inside->method = g_new0(size_t, MAX(k, 1));
    inside->entry = g_new0(LacEntry, MAX(k, 1));
    inside->loss = g_new0(double, MAX(k, 1));
    inside->p_holm = g_new0(double, MAX(k, 1));
    inside->difference = g_new0(LacPairedT, MAX(k, 1));
    inside->n_pairs = g_new0(size_t, MAX(k, 1));
    inside->as_good = g_new0(gboolean, MAX(k, 1));
    return inside;
}

void
lac_report_inside_free(LacInside *inside)
{
    if (inside == NULL)
        return;
    g_free(inside->method);
    g_free(inside->entry);
    g_free(inside->loss);
    g_free(inside->p_holm);
    g_free(inside->difference);
    g_free(inside->n_pairs);
    g_free(inside->as_good);
    g_free(inside);
}

static gboolean
inside_usable(const LacInside *inside, size_t j)
{
    return inside->entry[j].status == LAC_VALUE_OK;
}

/* t tests of all pairs of methods, adjusted together; the best's row of them is kept */
static void
inside_test(const LacReport *report, LacInside *inside, size_t condition, size_t data,
            size_t metric)
{
    const double ratio = report_condition(report, condition)->ratio;
    const size_t k = inside->k;
    g_autofree double *p = g_new(double, MAX(k * k, 1)), *holm = g_new(double, MAX(k * k, 1));
    size_t most = 1;

    for (size_t j = 0; j < k; j++)
        most = MAX(most, inside->entry[j].cells);
    g_autofree double *difference = g_new(double, most);
    for (size_t at = 0; at < k * k; at++)
        p[at] = NAN;
    for (size_t i = 0; i < k; i++) {
        for (size_t j = i + 1; j < k; j++) {
            /* the best comes second, so that positive means worse */
            const size_t a = i == inside->best ? j : i, b = a == i ? j : i;
            size_t n;
            LacPairedT t;
            if (!inside_usable(inside, i) || !inside_usable(inside, j))
                continue;
            n = paired_differences(report, condition, data, inside->method[a], inside->method[b],
                                   metric, difference);
            if (n < 2) {
                if (b == inside->best && n == 1) {
                    inside->n_pairs[a] = 1;
                    inside->difference[a].mean = difference[0];
                }
                continue;
            }
            t = lac_paired_t(n, difference, ratio);
            p[i * k + j] = t.p;
            inside->pairs++;
            if (b == inside->best) {
                inside->difference[a] = t;
                inside->n_pairs[a] = n;
            }
        }
    }
    lac_holm(k * k, p, holm);
    for (size_t j = 0; j < k; j++) {
        const size_t low = MIN(j, inside->best), high = MAX(j, inside->best);
        inside->p_holm[j] = j == inside->best ? NAN : holm[low * k + high];
    }
    inside->tested = inside->pairs > 0;
}

LacInside *
lac_report_inside(const LacReport *report, size_t condition, size_t data, size_t metric)
{
    const LacReportMetric *info = report_metric(report, metric);
    LacInside *inside = inside_new(report->methods->len);

    for (size_t j = 0; j < inside->k; j++) {
        inside->method[j] = report->order[j];
        inside->p_holm[j] = NAN;
        inside->entry[j] = report_entry(report, condition, data, report->order[j], metric);
        inside->loss[j] =
            inside_usable(inside, j) ? report_loss(info, inside->entry[j].mean) : INFINITY;
        if (inside_usable(inside, j) &&
            (inside->best == inside->k || inside->loss[j] < inside->loss[inside->best]))
            inside->best = j;
    }
    if (inside->best == inside->k)
        return inside;
    inside_test(report, inside, condition, data, metric);
    for (size_t j = 0; j < inside->k; j++)
        inside->as_good[j] =
            inside_usable(inside, j) && (inside->loss[j] <= inside->loss[inside->best] ||
                                         inside->p_holm[j] > report->settings.alpha);
    return inside;
}

int
report_entries_decimals(size_t n, const LacEntry *entries)
{
    g_autofree double *wanted = g_new(double, MAX(n, 1));
    size_t known = 0;

    for (size_t i = 0; i < n; i++) {
        int decimals;
        if (entries[i].status != LAC_VALUE_OK)
            continue;
        decimals = lac_report_decimals(entries[i].mean, entries[i].sd);
        if (decimals < 0)
            return -1;
        wanted[known++] = decimals;
    }
    if (known == 0)
        return 0;
    lac_stats_sort(known, wanted);
    return (int)wanted[known / 2];
}
