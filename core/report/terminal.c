/* The report in a terminal: one table a condition. */
#include "compare-private.h"
#include "report-private.h"
#include "text-private.h"

#include <math.h>
#include <string.h>

#define BEST "\033[1;32m"
#define FAINT "\033[2m"
#define BOLD "\033[1m"
#define RESET "\033[0m"

/* Columns of text; [0] is the head. Widths count characters, marks and colours not. */
typedef struct {
    GPtrArray *cell; /* [rows + 1] owned */
    GArray *best;    /* [rows + 1] gboolean */
    size_t width;
} Column;

typedef struct {
    const LacReport *report;
    GString *out;
    gboolean colour;
    size_t width;
} Terminal;

static void
column_free(Column *column)
{
    g_ptr_array_unref(column->cell);
    g_array_unref(column->best);
    g_free(column);
}

static void
column_add(Column *column, char *text, gboolean best)
{
    column->width = MAX(column->width, (size_t)g_utf8_strlen(text, -1) + 2);
    g_ptr_array_add(column->cell, text);
    g_array_append_val(column->best, best);
}

static Column *
column_new(const char *head)
{
    Column *column = g_new0(Column, 1);

    column->cell = g_ptr_array_new_with_free_func(g_free);
    column->best = g_array_new(FALSE, FALSE, sizeof(gboolean));
    column_add(column, g_strdup(head), FALSE);
    return column;
}

static char *
entry_text(const LacEntry *entry, int decimals, gboolean with_sd)
{
    g_autofree char *mean = NULL, *sd = NULL;

    if (entry->status == LAC_VALUE_FAILED)
        return g_strdup("failed");
    if (entry->status != LAC_VALUE_OK)
        return g_strdup("–");
    mean = lac_report_fixed(entry->mean, decimals);
    if (!with_sd || isnan(entry->sd))
        return g_steal_pointer(&mean);
    sd = lac_report_fixed(entry->sd, decimals);
    return g_strdup_printf("%s ± %s", mean, sd);
}

static Column *
column_of_data(const LacInside *inside, const char *label, gboolean with_sd)
{
    Column *column = column_new(label);
    const int decimals = report_entries_decimals(inside->k, inside->entry);

    for (size_t j = 0; j < inside->k; j++)
        column_add(column, entry_text(&inside->entry[j], decimals, with_sd), j == inside->best);
    return column;
}

/* mean ranks under this condition, and seconds to fit and complete, summed over its data sets */
static void
columns_of_summary(const Terminal *t, size_t condition, GPtrArray *columns)
{
    const LacReport *report = t->report;
    g_autoptr(LacComparison) comparison =
        lac_report_compare(report, condition, report->primary, FALSE);
    Column *rank = column_new("rank"), *time = column_new("time");

    for (size_t j = 0; j < report->methods->len; j++) {
        double mean = NAN, seconds = 0.0;
        size_t timed = 0;
        for (size_t i = 0; comparison != NULL && i < comparison->k; i++)
            if (comparison->method[i] == report->order[j])
                mean = comparison->mean_rank[i];
        for (size_t d = 0; d < report->data->len; d++) {
            const LacCost cost = report_cost(report, condition, d, report->order[j]);
            if (isfinite(cost.wall)) {
                seconds += cost.wall;
                timed++;
            }
        }
        column_add(rank, lac_report_fixed(mean, 2), FALSE);
        column_add(time, lac_report_seconds(timed == 0 ? NAN : seconds), FALSE);
    }
    if (report->data->len > 1)
        g_ptr_array_add(columns, rank);
    else
        column_free(rank);
    g_ptr_array_add(columns, time);
}

static void
put(const Terminal *t, const char *text, size_t width, gboolean left, const char *style)
{
    const size_t length = (size_t)g_utf8_strlen(text, -1);
    const size_t pad = width > length ? width - length : 0;

    if (!left)
        g_string_append_printf(t->out, "%*s", (int)pad, "");
    if (t->colour && style != NULL)
        g_string_append_printf(t->out, "%s%s%s", style, text, RESET);
    else
        g_string_append(t->out, text);
    if (left)
        g_string_append_printf(t->out, "%*s", (int)pad, "");
}

static void
put_rows(const Terminal *t, const GPtrArray *columns)
{
    const Column *names = g_ptr_array_index(columns, 0);

    for (guint row = 0; row < names->cell->len; row++) {
        for (guint c = 0; c < columns->len; c++) {
            const Column *column = g_ptr_array_index(columns, c);
            const gboolean best = g_array_index(column->best, gboolean, row);
            const char *style = row == 0 ? FAINT : best ? BEST : NULL;
            put(t, g_ptr_array_index(column->cell, row), column->width, c == 0, style);
            if (c > 0)
                put(t, best ? "*" : " ", 1, TRUE, BEST);
        }
        while (t->out->len > 0 && t->out->str[t->out->len - 1] == ' ')
            g_string_truncate(t->out, t->out->len - 1);
        g_string_append_c(t->out, '\n');
    }
}

static size_t
total_width(const GPtrArray *columns)
{
    size_t width = 0;

    for (guint c = 0; c < columns->len; c++)
        width += ((const Column *)g_ptr_array_index(columns, c))->width + (c > 0 ? 1 : 0);
    return width;
}

static Column *
column_of_names(const LacReport *report, size_t most)
{
    Column *names = column_new("");

    for (size_t j = 0; j < report->methods->len; j++) {
        const char *label = report_method(report, report->order[j])->label;
        char *clean = g_strdelimit(g_strdup(label), "\n\r\t\033", ' ');
        if ((size_t)g_utf8_strlen(clean, -1) > most) {
            g_autofree char *cut = g_utf8_substring(clean, 0, (glong)most - 1);
            g_free(clean);
            clean = g_strconcat(cut, "…", NULL);
        }
        column_add(names, clean, FALSE);
    }
    return names;
}

/* as many data sets as fit in the width; returns the next one to show */
static size_t
put_table(const Terminal *t, size_t condition, const GArray *data, size_t from, gboolean with_sd)
{
    const LacReport *report = t->report;
    g_autoptr(GPtrArray) columns = g_ptr_array_new_with_free_func((GDestroyNotify)column_free);
    g_autoptr(GPtrArray) last = g_ptr_array_new_with_free_func((GDestroyNotify)column_free);
    size_t next = from, reserve;

    columns_of_summary(t, condition, last);
    reserve = total_width(last) + 2;
    g_ptr_array_add(columns, column_of_names(report, MAX(t->width / 3, 12)));
    for (; next < data->len; next++) {
        const size_t d = g_array_index(data, size_t, next);
        g_autoptr(LacInside) inside = lac_report_inside(report, condition, d, report->primary);
        g_autofree char *label = g_strdup(report_data(report, d)->label);
        Column *column;
        g_strdelimit(label, "\n\r\t\033", ' ');
        column = column_of_data(inside, label, with_sd);
        if (next > from &&
            total_width(columns) + column->width + 1 + (next + 1 == data->len ? reserve : 0) >
                t->width) {
            column_free(column);
            break;
        }
        g_ptr_array_add(columns, column);
    }
    if (next == data->len)
        while (last->len > 0)
            g_ptr_array_add(columns, g_ptr_array_steal_index(last, 0));
    put_rows(t, columns);
    return next;
}

static GArray *
data_under(const LacReport *report, size_t condition)
{
    GArray *data = g_array_new(FALSE, FALSE, sizeof(size_t));

    for (size_t d = 0; d < report->data->len; d++) {
        size_t cells = 0, n;
        for (size_t j = 0; j < report->methods->len; j++) {
            (void)report_cells(report, condition, d, j, &n);
            cells += n;
        }
        if (cells > 0)
            g_array_append_val(data, d);
    }
    return data;
}

static const char *
direction_text(const LacReportMetric *metric)
{
    return metric->better == LAC_BETTER_LOW    ? "lower is better"
           : metric->better == LAC_BETTER_HIGH ? "higher is better"
                                               : "nearer its target is better";
}

static void
put_condition(const Terminal *t, size_t condition)
{
    const LacReport *report = t->report;
    const LacReportMetric *metric = report_metric(report, report->primary);
    g_autoptr(GArray) data = data_under(report, condition);
    g_autofree char *label = g_strdup(report_condition(report, condition)->label);

    if (data->len == 0)
        return;
    g_strdelimit(label, "\n\r\t\033", ' ');
    g_string_append_printf(t->out, "%s%s%s  %s (%s)\n", t->colour ? BOLD : "", label,
                           t->colour ? RESET : "", metric->label, direction_text(metric));
    for (size_t from = 0; from < data->len;)
        from = put_table(t, condition, data, from, t->width >= 72);
    g_string_append_c(t->out, '\n');
}

static void
put_failures(const Terminal *t)
{
    const LacReport *report = t->report;
    size_t failed = 0;
    const LacReportCell *first = NULL;

    for (size_t i = 0; i < report->cells->len; i++) {
        const LacReportCell *cell = report_cell(report, i);
        if (cell->ok)
            continue;
        failed++;
        first = first == NULL ? cell : first;
    }
    if (failed == 0)
        return;
    g_string_append_printf(t->out, "%zu of %u cells failed; the first: %s on %s: %s\n", failed,
                           report->cells->len, report_method(report, first->method)->label,
                           report_data(report, first->data)->label,
                           first->reason ? first->reason : first->status);
}

char *
lac_report_terminal(const char *dir, gboolean colour, unsigned width, GError **error)
{
    const char *dirs[] = {dir, NULL};
    g_autoptr(LacReport) report = lac_report_load(dirs, error);
    Terminal t = {.colour = colour, .width = width == 0 ? 100000 : MAX(width, 40)};

    if (report == NULL)
        return NULL;
    t.report = report;
    t.out = g_string_new(NULL);
    if (report->cells->len == 0 || report->metrics->len == 0)
        g_string_append(t.out, "No results yet.\n");
    else
        for (size_t c = 0; c < report->conditions->len; c++)
            put_condition(&t, c);
    put_failures(&t);
    return g_string_free(t.out, FALSE);
}
