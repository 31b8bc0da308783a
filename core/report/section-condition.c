/* One condition (a mask): methods across data sets, then each data set by itself. */
#include "page-private.h"
#include "text-private.h"

#include <math.h>
#include <string.h>

/* more figures than this make no page anybody reads */
#define MOST_DATA_FIGURES 60

void
page_legend(Page *page, size_t condition)
{
    const LacReport *report = page->report;
    const double ratio = report_condition(report, condition)->ratio;

    page_note(page,
              "Mean ± standard deviation over repeats%s. Bold and underlined: the best. Bold: not "
              "shown to be worse than the best (%s, Holm over all pairs, α = %g; with one repeat "
              "there is no test). %s",
              ratio > 0.0 ? " and folds" : "",
              ratio > 0.0 ? "paired t over folds, corrected for overlapping training sets"
                          : "paired t over repeats",
              report->settings.alpha,
              ratio > 0.0 ? ""
                          : "Without a split the test speaks about the randomness of masks only.");
}

/* ---- one data set ---- */

static void
data_heads(Page *page, size_t condition, const gboolean *shown)
{
    const LacReport *report = page->report;

    page_head_text(page, "method");
    for (size_t m = 0; m < report->metrics->len; m++) {
        const LacReportMetric *metric = report_metric(report, m);
        g_autofree char *want = metric->better == LAC_BETTER_TARGET
                                    ? g_strdup_printf("target %g", metric->target)
                                    : g_strdup(report_direction(metric));
        g_autofree char *unit = page_judged(page, m, condition, want);
        if (shown[m])
            page_head(page, metric->label, unit);
    }
    page_head(page, "fit", "median");
    page_head(page, "apply", "median");
    page_head(page, "cpu", "median");
    page_head(page, "peak MiB", NULL);
    page_body(page);
}

static void
data_cost(Page *page, size_t condition, size_t data, size_t method)
{
    const LacCost cost = report_cost(page->report, condition, data, method);
    g_autofree char *fit = lac_report_seconds(cost.fit), *apply = lac_report_seconds(cost.apply);
    g_autofree char *cpu = lac_report_seconds(cost.cpu), *memory = NULL;

    memory = cost.memory < 0.5 ? g_strdup("< 1") : lac_report_fixed(cost.memory, 0);

    if (cost.n == 0 && cost.timeouts > 0) {
        g_autofree char *limit = lac_report_seconds(cost.limit);
        g_autofree char *more = g_strconcat("> ", limit, NULL);
        page_number_cell(page, INFINITY, more);
    } else {
        page_number_cell(page, cost.fit, fit);
    }
    page_number_cell(page, cost.apply, apply);
    page_number_cell(page, cost.cpu, cpu);
    page_number_cell(page, cost.memory, memory);
}

static void
data_table(Page *page, size_t condition, size_t data)
{
    const LacReport *report = page->report;
    const size_t metrics = report->metrics->len;
    g_autofree LacInside **inside = g_new0(LacInside *, metrics);
    g_autofree int *decimals = g_new0(int, metrics);
    g_autofree gboolean *shown = g_new0(gboolean, metrics);
    g_autofree char *label =
        g_strdup_printf("%s, %s: methods by metrics", report_data(report, data)->label,
                        report_condition(report, condition)->label);

    for (size_t m = 0; m < metrics; m++) {
        inside[m] = lac_report_inside(report, condition, data, m);
        decimals[m] = report_entries_decimals(inside[m]->k, inside[m]->entry);
        shown[m] = m == report->primary || inside[m]->best < inside[m]->k;
    }
    page_table(page, label);
    data_heads(page, condition, shown);
    for (size_t j = 0; j < report->methods->len; j++) {
        size_t n;
        (void)report_cells(report, condition, data, report->order[j], &n);
        if (n == 0)
            continue;
        page_row(page);
        page_method(page, report->order[j]);
        for (size_t m = 0; m < metrics; m++)
            if (shown[m])
                page_entry(page, &inside[m]->entry[j], decimals[m], j == inside[m]->best,
                           inside[m]->as_good[j]);
        data_cost(page, condition, data, report->order[j]);
        page_row_end(page);
    }
    page_table_end(page);
    for (size_t m = 0; m < metrics; m++)
        lac_report_inside_free(inside[m]);
}

static void
difference_row(Page *page, const LacInside *inside, size_t j)
{
    const LacPairedT *t = &inside->difference[j];
    const LacInterval reach = lac_paired_t_interval(t, 0.95);
    const int decimals = lac_report_decimals(t->mean, t->error);
    g_autofree char *mean = lac_report_fixed(t->mean, decimals);
    g_autofree char *low = lac_report_fixed(reach.low, decimals),
                    *high = lac_report_fixed(reach.high, decimals);
    g_autofree char *interval = g_strdup_printf("%s … %s", low, high);
    g_autofree char *pairs = g_strdup_printf("%zu", inside->n_pairs[j]);
    const gboolean tested = inside->n_pairs[j] > 1;
    g_autofree char *p = report_p_value(tested ? t->p : NAN);
    g_autofree char *holm = report_p_value(inside->p_holm[j]);

    page_row(page);
    page_method(page, inside->method[j]);
    page_number_cell(page, t->mean, mean);
    page_number_cell(page, tested ? reach.low : NAN, tested ? interval : "–");
    page_number_cell(page, (double)inside->n_pairs[j], pairs);
    page_number_cell(page, tested ? t->p : NAN, p);
    page_number_cell(page, inside->p_holm[j], holm);
    page_row_end(page);
}

static void
data_differences(Page *page, const LacInside *inside, size_t data)
{
    const LacReport *report = page->report;
    const LacReportMetric *metric = report_metric(report, report->primary);
    const char *best;
    g_autofree char *label = NULL;

    if (inside->best == inside->k)
        return;
    best = report_method(report, inside->method[inside->best])->label;
    label =
        g_strdup_printf("Paired differences from %s on %s", best, report_data(report, data)->label);
    g_string_append(page->out, "<details class=\"more\"><summary>");
    report_htmlf(page->out, "Paired differences from the best, %s, by %s", best, metric->label);
    g_string_append(page->out, "</summary>\n");
    page_table(page, label);
    page_head_text(page, "method");
    page_head(page, "mean difference", "positive: worse");
    page_head(page, "95 % interval", NULL);
    page_head(page, "pairs", NULL);
    page_head(page, "p", "paired t");
    page_head(page, "p, Holm", NULL);
    page_body(page);
    for (size_t j = 0; j < inside->k; j++)
        if (j != inside->best && inside->n_pairs[j] > 0)
            difference_row(page, inside, j);
    page_table_end(page);
    page_note(page, "Differences over repeats with the same holes, %s.",
              metric->better == LAC_BETTER_LOW    ? "method minus best"
              : metric->better == LAC_BETTER_HIGH ? "best minus method"
                                                  : "of the distances from the target");
    g_string_append(page->out, "</details>\n");
}

static void
data_block(Page *page, size_t condition, size_t data, gboolean open, gboolean figures)
{
    const LacReport *report = page->report;
    const LacReportData *info = report_data(report, data);
    g_autoptr(LacInside) inside = lac_report_inside(report, condition, data, report->primary);

    g_string_append_printf(page->out, "<details class=\"block\"%s><summary><span>",
                           open ? " open" : "");
    lac_report_put_html(page->out, info->label);
    g_string_append(page->out, "</span><span class=\"sub\">");
    if (info->rows > 0)
        report_htmlf(page->out, "%" G_GINT64_FORMAT " rows × %" G_GINT64_FORMAT " columns",
                     info->rows, info->cols);
    if (inside->best < inside->k)
        report_htmlf(page->out, "%sbest by %s: %s", info->rows > 0 ? " · " : "",
                     report_metric(report, report->primary)->label,
                     report_method(report, inside->method[inside->best])->label);
    g_string_append(page->out, "</span></summary>\n");
    data_table(page, condition, data);
    data_differences(page, inside, data);
    page_predictions(page, condition, data);
    if (figures) {
        g_string_append(page->out, "<div class=\"figures\">\n");
        page_figure(page, figure_repeats(report, condition, inside, data));
        page_figure(page, figure_cost(report, condition, data));
        g_string_append(page->out, "</div>\n");
    }
    g_string_append(page->out, "</details>\n");
}

/* ---- the section ---- */

static void
condition_facts(Page *page, size_t index)
{
    const LacReportCondition *condition = report_condition(page->report, index);
    g_autoptr(GString) text = g_string_new(NULL);

    if (isfinite(condition->realised)) {
        g_autofree char *share = report_percent(condition->realised);
        g_string_append_printf(text, "%s of cells were missing on average. ", share);
    }
    if (condition->mechanism != NULL)
        g_string_append_printf(text, "Missingness: %s. ", condition->mechanism);
    if (condition->scale != NULL)
        g_string_append_printf(text, "Scale: %s. ", condition->scale);
    if (condition->split != NULL)
        g_string_append_printf(text, "Split: %s. ", condition->split);
    g_string_append(page->out, "<p class=\"sub\">");
    lac_report_put_html(page->out, g_strchomp(text->str));
    g_string_append(page->out, "</p>\n");
}

/* one figure for each metric whose parts are promised shares */
static void
calibration(Page *page, size_t condition)
{
    const LacReport *report = page->report;
    gboolean started = FALSE;

    for (size_t m = 0; m < report->metrics->len; m++) {
        gboolean first = TRUE;
        LacFigure *figure;
        for (size_t other = 0; other < m; other++)
            first &=
                !g_str_equal(report_metric(report, other)->name, report_metric(report, m)->name);
        figure = first ? figure_calibration(report, condition, m) : NULL;
        if (figure == NULL)
            continue;
        if (!started)
            g_string_append(page->out, "<div class=\"figures\">\n");
        started = TRUE;
        page_figure(page, figure);
    }
    if (started)
        g_string_append(page->out, "</div>\n");
}

void
page_condition(Page *page, size_t condition)
{
    const LacReport *report = page->report;
    g_autofree char *id = g_strdup_printf("condition-%zu", condition + 1);
    const size_t blocks = (size_t)report->data->len * report->conditions->len;
    gboolean first = TRUE;

    page_section(page, id, report_condition(report, condition)->label);
    condition_facts(page, condition);
    page_across(page, condition);
    page_heading(page, 3, report->data->len > 1 ? "Each data set" : "Results");
    for (size_t d = 0; d < report->data->len; d++) {
        const size_t at = condition * report->data->len + d;
        if (!report_any_cell(report, condition, d))
            continue;
        data_block(page, condition, d, first,
                   2 * blocks <= MOST_DATA_FIGURES || 2 * at < MOST_DATA_FIGURES);
        first = FALSE;
    }
    calibration(page, condition);
    if (2 * blocks > MOST_DATA_FIGURES && condition == 0)
        report_note(page->report,
                    "Figures of single data sets stop after the first %d, to keep this page light; "
                    "tables are complete.",
                    MOST_DATA_FIGURES);
    if (report->data->len < 2)
        page_legend(page, condition);
    page_section_end(page);
}
