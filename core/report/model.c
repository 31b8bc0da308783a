/* The report's lists: their life and access to them. */
#include "model-private.h"

#include <math.h>
#include <stdarg.h>

static void
run_free(LacReportRun *run)
{
    g_free(run->dir);
    g_free(run->name);
    g_free(run->started);
    g_free(run->finished);
    g_free(run->yaml);
    g_free(run->command);
    g_free(run->version);
    g_free(run->abi);
    g_free(run->seed_text);
    g_ptr_array_unref(run->environment);
    g_free(run);
}

void
report_cell_free(LacReportCell *cell)
{
    char **texts[] = {&cell->id,
                      &cell->status,
                      &cell->reason,
                      &cell->split,
                      &cell->scale,
                      &cell->host,
                      &cell->pair,
                      &cell->data_name,
                      &cell->data_params,
                      &cell->family,
                      &cell->data_sha,
                      &cell->mask,
                      &cell->mask_params,
                      &cell->mechanism,
                      &cell->model,
                      &cell->model_params,
                      &cell->model_label,
                      &cell->initial,
                      &cell->initial_params,
                      &cell->optimizer,
                      &cell->optimizer_params,
                      &cell->classifier};

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(*texts[i]);
    g_free(cell);
}

static void
data_free(LacReportData *data)
{
    g_free(data->label);
    g_free(data->family);
    g_free(data);
}

static void
condition_free(LacReportCondition *condition)
{
    g_free(condition->label);
    g_free(condition->curve);
    g_free(condition->scale);
    g_free(condition->split);
    g_free(condition->mechanism);
    g_free(condition);
}

static void
method_free(LacReportMethod *method)
{
    g_free(method->label);
    g_free(method);
}

static void
metric_free(LacReportMetric *metric)
{
    g_free(metric->name);
    g_free(metric->part);
    g_free(metric->label);
    g_free(metric->unit);
    g_free(metric->scope);
    g_free(metric->needs);
    g_free(metric->valid);
    g_free(metric->caution);
    g_free(metric);
}

void
lac_report_free(LacReport *report)
{
    if (report == NULL)
        return;
    g_ptr_array_unref(report->runs);
    g_ptr_array_unref(report->cells);
    g_ptr_array_unref(report->data);
    g_ptr_array_unref(report->conditions);
    g_ptr_array_unref(report->methods);
    g_ptr_array_unref(report->metrics);
    g_ptr_array_unref(report->notes);
    g_free(report->value);
    g_free(report->status);
    g_free(report->order);
    g_free(report->grid_start);
    g_free(report->grid_cell);
    report_settings_clear(&report->settings);
    g_free(report);
}

LacReport *
report_new(void)
{
    LacReport *report = g_new0(LacReport, 1);

    report->runs = g_ptr_array_new_with_free_func((GDestroyNotify)run_free);
    report->cells = g_ptr_array_new_with_free_func((GDestroyNotify)report_cell_free);
    report->data = g_ptr_array_new_with_free_func((GDestroyNotify)data_free);
    report->conditions = g_ptr_array_new_with_free_func((GDestroyNotify)condition_free);
    report->methods = g_ptr_array_new_with_free_func((GDestroyNotify)method_free);
    report->metrics = g_ptr_array_new_with_free_func((GDestroyNotify)metric_free);
    report->notes = g_ptr_array_new_with_free_func(g_free);
    return report;
}

const LacReportRun *
report_run(const LacReport *report, size_t i)
{
    return g_ptr_array_index(report->runs, i);
}

const LacReportCell *
report_cell(const LacReport *report, size_t i)
{
    return g_ptr_array_index(report->cells, i);
}

const LacReportData *
report_data(const LacReport *report, size_t i)
{
    return g_ptr_array_index(report->data, i);
}

const LacReportCondition *
report_condition(const LacReport *report, size_t i)
{
    return g_ptr_array_index(report->conditions, i);
}

const LacReportMethod *
report_method(const LacReport *report, size_t i)
{
    return g_ptr_array_index(report->methods, i);
}

const LacReportMetric *
report_metric(const LacReport *report, size_t i)
{
    return g_ptr_array_index(report->metrics, i);
}

LacValueStatus
report_value_status(const LacReport *report, size_t cell, size_t metric)
{
    return (LacValueStatus)report->status[cell * report->metrics->len + metric];
}

double
report_value(const LacReport *report, size_t cell, size_t metric)
{
    return report->value[cell * report->metrics->len + metric];
}

const size_t *
report_cells(const LacReport *report, size_t condition, size_t data, size_t method, size_t *n_out)
{
    const size_t at = (condition * report->data->len + data) * report->methods->len + method;

    *n_out = report->grid_start[at + 1] - report->grid_start[at];
    return report->grid_cell + report->grid_start[at];
}

double
report_loss(const LacReportMetric *metric, double value)
{
    switch (metric->better) {
    case LAC_BETTER_LOW:
        return value;
    case LAC_BETTER_HIGH:
        return -value;
    case LAC_BETTER_TARGET:
        return fabs(value - metric->target);
    }
    return value;
}

static void
note_take(GPtrArray *notes, char *note)
{
    if (g_ptr_array_find_with_equal_func(notes, note, g_str_equal, NULL))
        g_free(note);
    else
        g_ptr_array_add(notes, note);
}

void
report_note(LacReport *report, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    note_take(report->notes, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

void
report_note_add(GPtrArray *notes, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    note_take(notes, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}
