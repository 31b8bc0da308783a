/* The primary metric as the CSV that TabArena's evaluation reads. */
#include "compare-private.h"
#include "report-private.h"
#include "text-private.h"

#include <math.h>
#include <string.h>

/* errors are >= 0 and smaller is better: what is maximised is subtracted from its largest value,
 * or from 1 where that is enough */
static double
error_offset(const LacReport *report)
{
    double most = 1.0;

    if (report_metric(report, report->primary)->better != LAC_BETTER_HIGH)
        return 0.0;
    for (size_t i = 0; i < report->cells->len; i++)
        if (report_value_status(report, i, report->primary) == LAC_VALUE_OK)
            most = fmax(most, report_value(report, i, report->primary));
    return most;
}

static gboolean
complete(const LacReport *report, size_t condition, size_t data, size_t *repeats)
{
    *repeats = 0;
    for (size_t j = 0; j < report->methods->len; j++) {
        size_t n;
        const size_t *cells = report_cells(report, condition, data, j, &n);
        if (n == 0 || (*repeats > 0 && n != *repeats))
            return FALSE;
        *repeats = n;
        for (size_t i = 0; i < n; i++)
            if (report_value_status(report, cells[i], report->primary) != LAC_VALUE_OK)
                return FALSE;
    }
    return *repeats > 0;
}

static void
append_cell(GString *out, const LacReport *report, size_t index, size_t seed, const char *task,
            double offset)
{
    const LacReportCell *cell = report_cell(report, index);
    const LacReportMetric *metric = report_metric(report, report->primary);

    lac_report_put_csv(out, report_method(report, cell->method)->label);
    g_string_append_c(out, ',');
    lac_report_put_csv(out, task);
    g_string_append_printf(out, ",%zu,", seed);
    lac_report_put_csv(out, metric->label);
    g_string_append_c(out, ',');
    report_number(out, "%.17g",
                  offset + report_loss(metric, report_value(report, index, report->primary)));
    g_string_append_c(out, ',');
    report_number(out, "%.6g", isfinite(cell->fit_s) ? cell->fit_s : 0.0);
    g_string_append_c(out, ',');
    report_number(out, "%.6g", isfinite(cell->apply_s) ? cell->apply_s : 0.0);
    g_string_append_c(out, '\n');
}

char *
lac_report_tabarena(const char *const *dirs, size_t *left_out, GError **error)
{
    g_autoptr(LacReport) report = lac_report_load(dirs, error);
    GString *out;
    size_t missing = 0;
    double offset;

    if (report == NULL)
        return NULL;
    if (report->metrics->len == 0)
        return lac_fail_null(error, LAC_ERROR_DATA, "%s: no metric values to export", dirs[0]);
    offset = error_offset(report);
    out = g_string_new("method,task,seed,metric,metric_error,time_train_s,time_infer_s\n");
    for (size_t c = 0; c < report->conditions->len; c++) {
        for (size_t d = 0; d < report->data->len; d++) {
            g_autofree char *task = g_strdup_printf("%s / %s", report_data(report, d)->label,
                                                    report_condition(report, c)->label);
            size_t repeats;
            if (!complete(report, c, d, &repeats)) {
                missing++;
                continue;
            }
            for (size_t j = 0; j < report->methods->len; j++) {
                size_t n;
                const size_t *cells = report_cells(report, c, d, report->order[j], &n);
                for (size_t i = 0; i < n; i++)
                    append_cell(out, report, cells[i], i, task, offset);
            }
        }
    }
    if (left_out != NULL)
        *left_out = missing;
    return g_string_free(out, FALSE);
}
