/* Methods across the data sets of one condition: the table, the tests, the diagram. */
#include "page-private.h"
#include "text-private.h"

#include <math.h>
#include <string.h>

/* more methods than this make a list of pairs nobody reads */
#define MOST_PAIRED 14

/* [data] what is shown of each data set under a condition by a metric; NULL where nothing ran */
static LacInside **
insides_of(const LacReport *report, size_t condition, size_t metric)
{
    LacInside **inside = g_new0(LacInside *, MAX(report->data->len, 1));

    for (size_t d = 0; d < report->data->len; d++) {
        if (report_any_cell(report, condition, d))
            inside[d] = lac_report_inside(report, condition, d, metric);
    }
    return inside;
}

static void
insides_free(LacInside **inside, size_t n)
{
    for (size_t d = 0; d < n; d++)
        lac_report_inside_free(inside[d]);
    g_free(inside);
}

static void
across_heads(Page *page, const LacComparison *comparison, LacInside **inside)
{
    const LacReport *report = page->report;

    page_head_text(page, "method");
    page_head(page, "mean rank", comparison->tested ? "95 % bootstrap" : NULL);
    page_head(page, "first", "places");
    for (size_t d = 0; d < report->data->len; d++) {
        const LacReportData *data = report_data(report, d);
        g_autofree char *size =
            g_strdup_printf("%" G_GINT64_FORMAT " × %" G_GINT64_FORMAT, data->rows, data->cols);
        if (inside[d] != NULL)
            page_head(page, data->label, data->rows > 0 ? size : NULL);
    }
    page_body(page);
}

/* "1.50 (1.17 … 2.00)" */
static char *
rank_text(const LacComparison *comparison, size_t at)
{
    g_autofree char *mean = NULL, *low = NULL, *high = NULL;

    if (at >= comparison->k)
        return g_strdup("–");
    mean = lac_report_fixed(comparison->mean_rank[at], 2);
    if (!comparison->tested)
        return g_steal_pointer(&mean);
    low = lac_report_fixed(comparison->interval[at].low, 1);
    high = lac_report_fixed(comparison->interval[at].high, 1);
    return g_strdup_printf("%s (%s … %s)", mean, low, high);
}

static void
across_table(Page *page, const LacComparison *comparison, LacInside **inside, const char *label)
{
    const LacReport *report = page->report;
    g_autofree int *decimals = g_new0(int, MAX(report->data->len, 1));

    for (size_t d = 0; d < report->data->len; d++)
        decimals[d] =
            inside[d] == NULL ? 0 : report_entries_decimals(inside[d]->k, inside[d]->entry);
    page_table(page, label);
    across_heads(page, comparison, inside);
    for (size_t j = 0; j < report->methods->len; j++) {
        size_t at = comparison->k;
        g_autofree char *rank = NULL, *wins = NULL;
        for (size_t i = 0; i < comparison->k; i++)
            if (comparison->method[i] == report->order[j])
                at = i;
        page_row(page);
        page_method(page, report->order[j]);
        rank = rank_text(comparison, at);
        page_number_cell(page, at < comparison->k ? comparison->mean_rank[at] : NAN, rank);
        wins = at < comparison->k ? g_strdup_printf("%zu", comparison->wins[at]) : g_strdup("–");
        page_number_cell(page, at < comparison->k ? (double)comparison->wins[at] : NAN, wins);
        for (size_t d = 0; d < report->data->len; d++)
            if (inside[d] != NULL)
                page_entry(page, &inside[d]->entry[j], decimals[d], j == inside[d]->best,
                           inside[d]->as_good[j]);
        page_row_end(page);
    }
    page_table_end(page);
}

static void
across_sentence(Page *page, const LacComparison *c)
{
    const LacReport *report = page->report;
    g_autoptr(GString) text = g_string_new(NULL);

    if (c->k < 2)
        return;
    if (!c->tested) {
        g_string_append_printf(text, "%zu data %s too few for a test (5 are needed).", c->n,
                               c->n == 1 ? "set is" : "sets are");
    } else if (c->k >= 3) {
        g_autofree char *p = lac_report_p(c->friedman.p_f);
        g_autofree char *f = lac_report_fixed(c->friedman.f, 2);
        g_string_append_printf(text,
                               "Friedman test in Iman and Davenport's form: F(%g, %g) = %s, %s",
                               c->friedman.df1, c->friedman.df2, f, p);
        if (c->permuted) {
            g_autofree char *permuted = lac_report_p(c->p_permutation);
            g_string_append_printf(text, " (by permutation %s)", permuted);
        }
        g_string_append_printf(text, ": %s.",
                               c->friedman.p_f <= report->settings.alpha
                                   ? "the methods differ"
                                   : "no significant difference overall");
    }
    if (c->n < c->data_sets)
        g_string_append_printf(text, " %zu data sets in %zu families.", c->data_sets, c->n);
    if (c->left_out > 0)
        g_string_append_printf(text, " %zu data sets without a value of every method are left out.",
                               c->left_out);
    for (guint i = 0; i < c->apart->len; i++)
        g_string_append_printf(text, "%s%s", i == 0 ? " Left out for failures: " : ", ",
                               (const char *)g_ptr_array_index(c->apart, i));
    if (c->apart->len > 0)
        g_string_append_c(text, '.');
    if (text->len > 0)
        page_text(page, "%s", text->str);
}

static void
versus_row(Page *page, const LacComparison *c, size_t j)
{
    const LacWilcoxon *test = &c->versus[j];
    g_autofree char *duel =
        g_strdup_printf("%zu / %zu / %zu", c->duel[j].win, c->duel[j].tie, c->duel[j].loss);
    const double shift = c->log_ratio ? exp(test->shift) - 1.0 : test->shift;
    g_autofree char *effect = c->log_ratio
                                  ? report_percent(shift)
                                  : lac_report_fixed(shift, lac_report_decimals(shift, NAN));
    g_autofree char *biserial = lac_report_fixed(test->biserial, 2);
    g_autofree char *elo = lac_report_fixed(c->elo[j], 0);
    g_autofree char *p = report_p_value(test->p), *holm = report_p_value(c->p_holm[j]);

    page_row(page);
    page_method(page, c->method[j]);
    page_number_cell(page, (double)c->duel[j].win, duel);
    page_number_cell(page, shift, effect);
    page_number_cell(page, test->biserial, biserial);
    page_number_cell(page, test->p, p);
    page_number_cell(page, c->p_holm[j], holm);
    page_number_cell(page, c->elo[j], elo);
    if (c->bayesian) {
        g_autofree char *same = report_percent(c->bayes[j].same);
        g_autofree char *worse = report_percent(c->bayes[j].more);
        page_number_cell(page, c->bayes[j].same, same);
        page_number_cell(page, c->bayes[j].more, worse);
    }
    page_row_end(page);
}

static void
across_versus(Page *page, const LacComparison *c)
{
    const LacReport *report = page->report;
    const char *best = report_method(report, c->method[0])->label;
    g_autofree char *label = g_strdup_printf("Tests of each method against %s", best);
    g_autofree char *rope = report_percent(report->settings.rope);
    g_autofree char *best_elo = NULL;

    if (!c->tested)
        return;
    best_elo = g_strdup_printf("the best: %.0f", c->elo[0]);
    page_heading(page, 3, "Against the best, %s", best);
    page_table(page, label);
    page_head_text(page, "method");
    page_head(page, "the best's record", "wins / ties / losses");
    page_head(page, "typically worse by", c->log_ratio ? "Hodges–Lehmann, %" : "Hodges–Lehmann");
    page_head(page, "rank biserial", "−1 … 1");
    page_head(page, "p", "signed rank");
    page_head(page, "p, Holm", NULL);
    page_head(page, "Elo", best_elo);
    if (c->bayesian) {
        page_head(page, "P(equal)", "Bayes");
        page_head(page, "P(worse)", "Bayes");
    }
    page_body(page);
    for (size_t j = 1; j < c->k; j++)
        versus_row(page, c, j);
    page_table_end(page);
    page_note(page,
              "Wilcoxon signed-rank tests over %zu data sets on %s, exact; p adjusted by Holm over "
              "all %zu pairs of methods. With %zu data sets no p can be below %.2g.%s%s%s Elo: "
              "Bradley–Terry ratings with mean 1000, one game a data set and pair%s.",
              c->n, c->log_ratio ? "log ratios of the values" : "differences of the values",
              c->pairs, c->n, c->versus[c->k > 1 ? 1 : 0].p_least,
              c->bayesian ? " Bayesian signed-rank test: values within " : "",
              c->bayesian ? rope : "", c->bayesian ? " count as practically equal." : "",
              c->elo_ridge < 1.0
                  ? ""
                  : ", with a penalty of 1 because somebody wins (or loses) against all others");
}

/* all pairs, for who wants to know about two methods that are not the best */
static void
pair_row(Page *page, const LacComparison *c, size_t i, size_t j)
{
    const LacDuel *duel = &c->duel[i * c->k + j];
    const double nemenyi =
        c->k < 3 ? NAN : lac_nemenyi_p(c->mean_rank[j] - c->mean_rank[i], c->k, c->n);
    g_autofree char *counts = g_strdup_printf("%zu / %zu / %zu", duel->win, duel->tie, duel->loss);
    g_autofree char *p = report_p_value(c->p[i * c->k + j]);
    g_autofree char *holm = report_p_value(c->p_holm[i * c->k + j]);
    g_autofree char *by_rank = report_p_value(nemenyi);

    page_row(page);
    page_method(page, c->method[i]);
    page_cell(page, report_method(page->report, c->method[j])->label, "left");
    page_number_cell(page, (double)duel->win, counts);
    page_number_cell(page, c->p[i * c->k + j], p);
    page_number_cell(page, c->p_holm[i * c->k + j], holm);
    page_number_cell(page, nemenyi, by_rank);
    page_row_end(page);
}

static void
across_pairs(Page *page, const LacComparison *c)
{
    if (!c->tested || c->k < 3 || c->k > MOST_PAIRED)
        return;
    g_string_append(page->out, "<details class=\"more\"><summary>All pairs of methods</summary>\n");
    page_table(page, "All pairs of methods");
    page_head_text(page, "method");
    page_head_text(page, "against");
    page_head(page, "record", "wins / ties / losses");
    page_head(page, "p", "signed rank");
    page_head(page, "p, Holm", NULL);
    page_head(page, "p, Nemenyi", "by mean ranks");
    page_body(page);
    for (size_t i = 0; i < c->k; i++)
        for (size_t j = i + 1; j < c->k; j++)
            pair_row(page, c, i, j);
    page_table_end(page);
    page_note(page,
              "Nemenyi's p depends on which other methods take part; the signed-rank test does "
              "not.");
    g_string_append(page->out, "</details>\n");
}

/* one metric across data sets */
static void
across_metric(Page *page, const LacComparison *c, size_t metric)
{
    const LacReport *report = page->report;
    g_autofree char *axis = report_axis_text(report, metric, c->condition);
    LacInside **inside = insides_of(report, c->condition, metric);

    across_table(page, c, inside, axis);
    insides_free(inside, report->data->len);
    across_sentence(page, c);
}

static void
across_other_metrics(Page *page, size_t condition)
{
    const LacReport *report = page->report;
    gboolean started = FALSE;

    for (size_t m = 0; m < report->metrics->len; m++) {
        g_autoptr(LacComparison) c = NULL;
        g_autofree char *axis = NULL;
        if (m == report->primary || !report_has_values(report, m))
            continue;
        c = lac_report_compare(report, condition, m, FALSE);
        if (c == NULL)
            continue;
        if (!started)
            page_heading(page, 3, "Other metrics");
        started = TRUE;
        axis = report_axis_text(report, m, condition);
        g_string_append(page->out, "<details class=\"more\"><summary>");
        lac_report_put_html(page->out, axis);
        g_string_append(page->out, "</summary>\n");
        across_metric(page, c, m);
        g_string_append(page->out, "</details>\n");
    }
}

void
page_across(Page *page, size_t condition)
{
    const LacReport *report = page->report;
    const LacComparison *c = page->primary[condition];
    g_autofree char *axis = report_axis_text(report, report->primary, condition);

    if (c == NULL || report->data->len < 2)
        return;
    page_heading(page, 3, "All data sets: %s", axis);
    across_metric(page, c, report->primary);
    page_legend(page, condition);
    g_string_append(page->out, "<div class=\"figures\">\n");
    page_figure(page, figure_ranks(report, c));
    page_figure(page, figure_strip(report, c));
    g_string_append(page->out, "</div>\n");
    across_versus(page, c);
    across_pairs(page, c);
    across_other_metrics(page, condition);
}
