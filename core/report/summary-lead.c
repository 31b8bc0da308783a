/* The first sentences of the report: which methods are best by a score of draws or distributions,
 * which by the primary one, and how far that can be trusted. */
#include "page-private.h"
#include "text-private.h"

#include <math.h>

/* The score of draws or of the table's distribution that is told before the primary one; the
 * primary one itself where it judges these, or where no other does. */
static size_t
leading_metric(const LacReport *report)
{
    if (report_metric(report, report->primary)->judges <= LAC_REPORT_TABLE)
        return report->primary;
    for (size_t m = 0; m < report->metrics->len; m++)
        if (report_metric(report, m)->judges <= LAC_REPORT_TABLE && report_has_values(report, m))
            return m;
    return report->primary;
}

/* [methods] by @overall, the best first, those without a rank last */
static size_t *
order_by(const LacReport *report, const double *overall, size_t *ranked)
{
    const size_t k = report->methods->len;
    size_t *order = g_new(size_t, MAX(k, 1));

    *ranked = 0;
    for (size_t j = 0; j < k; j++) {
        const double own = overall[report->order[j]];
        size_t at = j;

        for (; at > 0 && isfinite(own) && !(overall[order[at - 1]] <= own); at--)
            order[at] = order[at - 1];
        order[at] = report->order[j];
        *ranked += isfinite(own) ? 1 : 0;
    }
    return order;
}

/* "Over 5 data sets under 2 conditions, forest has the best mean rank by crps (1.17 of 7), ahead of
 * ..."; the second time "By rmse, knn has the best mean rank (1.3 of 7), ahead of ..." */
static void
lead_ranks(const LacReport *report, size_t metric, GString *out)
{
    const char *name = report_metric(report, metric)->label;
    g_autofree double *overall = report_overall(report, metric);
    size_t ranked, first = 1;
    g_autofree size_t *order = order_by(report, overall, &ranked);
    g_autofree char *data = report_count(report->data->len, "data set", "data sets");
    g_autofree char *masks = report_count(report->conditions->len, "condition", "conditions");
    g_autofree char *rank = lac_report_fixed(overall[order[0]], 2);
    const gboolean again = out->len > 0;

    while (first < ranked && overall[order[first]] <= overall[order[0]] + 1e-9)
        first++;
    if (again)
        g_string_append_printf(out, " By %s, ", name);
    else
        g_string_append_printf(out, "Over %s under %s, ", data, masks);
    for (size_t j = 0; j < first; j++)
        g_string_append_printf(out, "%s%s",
                               j == 0           ? ""
                               : j + 1 == first ? " and "
                                                : ", ",
                               report_method(report, order[j])->label);
    g_string_append_printf(out, " %s the best mean rank%s%s (%s of %zu)",
                           first > 1 ? "share" : "has", again ? "" : " by ", again ? "" : name,
                           rank, ranked);
    for (size_t j = first; j < MIN(ranked, first + 2); j++) {
        g_autofree char *next = lac_report_fixed(overall[order[j]], 2);
        g_string_append_printf(out, "%s %s (%s)", j == first ? ", ahead of" : " and",
                               report_method(report, order[j])->label, next);
    }
    g_string_append(out, ".");
}

/* "On letter, forest is best by rmse under 7 of 9 conditions, knn under 2." */
static void
lead_firsts(const LacReport *report, size_t metric, GString *out)
{
    const size_t conditions = report->conditions->len;
    g_autofree size_t *firsts = g_new0(size_t, MAX(report->methods->len, 1));
    gboolean begun = FALSE;

    for (size_t c = 0; c < conditions; c++) {
        g_autoptr(LacInside) inside = lac_report_inside(report, c, 0, metric);
        if (inside->best < inside->k)
            firsts[inside->method[inside->best]]++;
    }
    for (;; begun = TRUE) {
        size_t most = 0;
        for (size_t j = 1; j < report->methods->len; j++)
            most = firsts[j] > firsts[most] ? j : most;
        if (report->methods->len == 0 || firsts[most] == 0)
            break;
        if (!begun)
            g_string_append_printf(out, "%sOn %s, %s is best by %s under %zu of %zu conditions",
                                   out->len > 0 ? " " : "", report_data(report, 0)->label,
                                   report_method(report, most)->label,
                                   report_metric(report, metric)->label, firsts[most], conditions);
        else
            g_string_append_printf(out, ", %s under %zu", report_method(report, most)->label,
                                   firsts[most]);
        firsts[most] = 0;
    }
    g_string_append(out, begun ? "." : "");
}

/* of one data set there are values to tell instead of ranks */
static void
lead_values(const LacReport *report, size_t metric, GString *out)
{
    if (report->conditions->len > 3) {
        lead_firsts(report, metric, out);
        return;
    }
    for (size_t c = 0; c < report->conditions->len; c++) {
        g_autoptr(LacInside) inside = lac_report_inside(report, c, 0, metric);
        const LacEntry *entry;
        g_autofree char *value = NULL;
        size_t as_good = 0;
        if (inside->best == inside->k)
            continue;
        entry = &inside->entry[inside->best];
        value = lac_report_fixed(entry->mean, lac_report_decimals(entry->mean, entry->sd));
        g_string_append_printf(out, "%sOn %s under %s, %s is best by %s: %s.", out->len ? " " : "",
                               report_data(report, 0)->label, report_condition(report, c)->label,
                               report_method(report, inside->method[inside->best])->label,
                               report_metric(report, metric)->label, value);
        for (size_t j = 0; j < inside->k; j++)
            as_good += j != inside->best && inside->as_good[j] ? 1 : 0;
        if (inside->tested && as_good > 0)
            g_string_append_printf(out, " %zu more %s not shown to be worse.", as_good,
                                   as_good == 1 ? "is" : "are");
    }
}

/* What is best by the score of draws or distributions, then by the primary one. */
static void
lead_scores(const LacReport *report, GString *out)
{
    const size_t both[] = {leading_metric(report), report->primary};

    for (size_t k = 0; k < (both[0] == both[1] ? 1 : 2); k++) {
        g_autofree double *overall = report_overall(report, both[k]);
        gboolean ranks = FALSE;

        for (size_t j = 0; j < report->methods->len; j++)
            ranks |= isfinite(overall[j]);
        if (report->data->len > 1 && ranks)
            lead_ranks(report, both[k], out);
        else
            lead_values(report, both[k], out);
    }
}

/* how many conditions show a difference between methods */
static void
lead_tests(const Page *page, GString *out)
{
    const LacReport *report = page->report;
    size_t tested = 0, differ = 0, most = 0;

    for (size_t c = 0; c < report->conditions->len; c++) {
        const LacComparison *comparison = page->primary[c];
        if (comparison == NULL)
            continue;
        most = MAX(most, comparison->n);
        if (!comparison->tested || comparison->k < 3)
            continue;
        tested++;
        differ += comparison->friedman.p_f <= report->settings.alpha ? 1 : 0;
    }
    if (tested > 0)
        g_string_append_printf(out,
                               " Methods differ significantly in %zu of %zu conditions (Friedman "
                               "test in Iman and Davenport's form, α = %g).",
                               differ, tested, report->settings.alpha);
    else if (most > 1)
        g_string_append_printf(out,
                               " %zu data sets are too few for a test of significance across data "
                               "sets (5 are needed), so ranks are descriptive.",
                               most);
}

/* which kind of number decided, and what is missing beside it */
static void
lead_judges(const LacReport *report, GString *out)
{
    const LacReportMetric *primary = report_metric(report, report->primary);
    gboolean known = FALSE, of_laws = FALSE;

    for (size_t m = 0; m < report->metrics->len; m++) {
        known |= report_metric(report, m)->judges != LAC_REPORT_UNKNOWN;
        of_laws |= report_metric(report, m)->judges <= LAC_REPORT_TABLE;
    }
    if (known && !of_laws)
        g_string_append(out, " No score of this run judges draws or distributions; beside a score "
                             "of points it takes one to see whether a method keeps spread and "
                             "dependence.");
    if (primary->judges == LAC_REPORT_POINT && primary->caution != NULL)
        g_string_append_printf(out, " Of %s: %s.", primary->label, primary->caution);
}

void
page_lead(const Page *page, GString *out)
{
    lead_scores(page->report, out);
    lead_tests(page, out);
    lead_judges(page->report, out);
}
