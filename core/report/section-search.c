/* Random searches on the page: an overview, then each with its picture and its trials. */
#include "page-private.h"
#include "search-private.h"
#include "text-private.h"

#include <math.h>

/* more searches than this have their place in the overview alone, with their trials as tables */
#define MOST_DRAWN 8
/* and more parameters than this no picture of their own */
#define MOST_PANELS 7

static const LacReportTried *
best_of(const LacReportSearch *search)
{
    const LacReportTried *best = NULL;

    for (guint i = 0; i < search->tried->len; i++) {
        const LacReportTried *tried = search->tried->pdata[i];

        /* what most cells chose; among equals the better mean, then the first draw */
        if (tried->rank > 0 && (best == NULL || tried->chosen > best->chosen ||
                                (tried->chosen == best->chosen && tried->rank < best->rank)))
            best = tried;
    }
    return best;
}

/* "latent=20 adam rate=0.001" */
static char *
values_text(const LacReportTried *tried)
{
    GString *text = g_string_new(NULL);

    for (guint k = 0; k < tried->name->len; k++)
        g_string_append_printf(text, "%s%s=%s", k > 0 ? " " : "",
                               (const char *)tried->name->pdata[k],
                               (const char *)tried->value->pdata[k]);
    return g_string_free(text, FALSE);
}

static size_t
failed_in(const LacReportSearch *search)
{
    size_t failed = 0;

    for (guint i = 0; i < search->tried->len; i++)
        failed += ((const LacReportTried *)search->tried->pdata[i])->failed;
    return failed;
}

static size_t
trials_in(const LacReportSearch *search)
{
    size_t trials = 0;

    for (guint i = 0; i < search->tried->len; i++)
        trials += ((const LacReportTried *)search->tried->pdata[i])->score->len;
    return trials;
}

static double
deviation(const LacReportTried *tried)
{
    double sum = 0.0;
    size_t n = 0;

    for (guint k = 0; k < tried->score->len; k++) {
        const double score = g_array_index(tried->score, double, k);

        if (isnan(score))
            continue;
        sum += (score - tried->mean) * (score - tried->mean);
        n++;
    }
    return n > 1 ? sqrt(sum / (double)(n - 1)) : NAN;
}

static void
score_cell(Page *page, const LacReportTried *tried)
{
    const double sd = deviation(tried);
    const int decimals = MAX(lac_report_decimals(tried->mean, sd), 4);
    g_autofree char *mean = lac_report_fixed(tried->mean, decimals);
    g_autofree char *spread = isnan(sd) ? NULL : lac_report_fixed(sd, decimals);
    g_autofree char *text =
        spread != NULL ? g_strdup_printf("%s ± %s", mean, spread) : g_strdup(mean);

    page_number_cell(page, tried->mean, isnan(tried->mean) ? "failed" : text);
}

/* ---- overview -------------------------------------------------------------------------------- */

static char *
methods_text(const LacReportSearch *search)
{
    g_ptr_array_add(search->methods, NULL);
    char *text = g_strjoinv("; ", (char **)search->methods->pdata);

    g_ptr_array_set_size(search->methods, (gint)search->methods->len - 1);
    return text;
}

static void
overview_row(Page *page, const LacReportSearch *search)
{
    const LacReport *report = page->report;
    const LacReportTried *best = best_of(search);
    g_autofree char *methods = methods_text(search);
    g_autofree char *values = best != NULL ? values_text(best) : g_strdup("every trial failed");

    page_row(page);
    page_row_head(page, report_condition(report, search->condition)->label);
    if (report->data->len > 1)
        page_cell(page, report_data(report, search->data)->label, "left");
    page_cell(page, methods, "left wrap");
    page_cell(page, g_str_equal(search->stage, "model") ? "model" : "classifier", "left");
    page_count_cell(page, trials_in(search));
    page_count_cell(page, failed_in(search));
    page_cell(page, report_metric(report, search->metric)->label, "left");
    if (best != NULL)
        score_cell(page, best);
    else
        page_value_cell(page, NAN);
    page_cell(page, values, "left wrap");
    page_row_end(page);
}

static void
overview(Page *page, const GPtrArray *searches)
{
    page_table(page, "Searches: trials, best score, what was chosen");
    page_head_text(page, "condition");
    if (page->report->data->len > 1)
        page_head_text(page, "data");
    page_head_text(page, "method");
    page_head_text(page, "search for");
    page_head(page, "trials", NULL);
    page_head(page, "failed", NULL);
    page_head_text(page, "judged by");
    page_head(page, "best", "validation rows");
    page_head_text(page, "chosen");
    page_body(page);
    for (guint i = 0; i < searches->len; i++)
        overview_row(page, searches->pdata[i]);
    page_table_end(page);
}

/* ---- one search ------------------------------------------------------------------------------ */

static int
by_rank(gconstpointer a, gconstpointer b)
{
    const LacReportTried *x = *(LacReportTried *const *)a, *y = *(LacReportTried *const *)b;
    const size_t rx = x->rank > 0 ? x->rank : G_MAXSIZE, ry = y->rank > 0 ? y->rank : G_MAXSIZE;

    if (rx != ry)
        return rx < ry ? -1 : 1;
    return x->draw < y->draw ? -1 : x->draw > y->draw ? 1 : 0;
}

static void
trial_row(Page *page, const LacReportSearch *search, const LacReportTried *tried,
          const GPtrArray *names)
{
    g_autofree char *draw = g_strdup_printf("draw %" G_GINT64_FORMAT, tried->draw);
    g_autofree char *rank = g_strdup_printf("%zu", tried->rank);
    g_autofree char *seconds = lac_report_seconds(tried->seconds);
    g_autofree char *times = g_strdup_printf("%zu of %zu", tried->chosen, search->cells);

    page_row(page);
    page_row_head(page, draw);
    page_number_cell(page, tried->rank > 0 ? (double)tried->rank : NAN,
                     tried->rank > 0 ? rank : "–");
    score_cell(page, tried);
    for (guint k = 0; k < names->len; k++) {
        const char *value = report_tried_value(tried, names->pdata[k]);
        char *end = NULL;
        const double number = value != NULL ? g_ascii_strtod(value, &end) : NAN;

        if (value != NULL && end != value && *end == '\0')
            page_number_cell(page, number, value);
        else
            page_cell(page, value != NULL ? value : "–", "left");
    }
    page_number_cell(page, tried->seconds, seconds);
    page_cell(page, search->cells > 1 ? times : tried->chosen > 0 ? "chosen" : "", "left");
    page_cell(page, tried->reason != NULL ? tried->reason : "", "left wrap");
    page_row_end(page);
}

static void
trial_table(Page *page, const LacReportSearch *search, const GPtrArray *names)
{
    g_autoptr(GPtrArray) order = g_ptr_array_new();

    for (guint i = 0; i < search->tried->len; i++)
        g_ptr_array_add(order, search->tried->pdata[i]);
    g_ptr_array_sort(order, by_rank);
    page_table(page, "Trials of one search");
    page_head_text(page, "trial");
    page_head(page, "rank", NULL);
    page_head(page, report_metric(page->report, search->metric)->label, "validation rows");
    for (guint k = 0; k < names->len; k++)
        page_head(page, names->pdata[k], NULL);
    page_head(page, "time", "fit and apply");
    page_head_text(page, "chosen");
    page_head_text(page, "failure");
    page_body(page);
    for (guint i = 0; i < order->len; i++)
        trial_row(page, search, order->pdata[i], names);
    page_table_end(page);
}

static void
one_search(Page *page, const LacReportSearch *search, gboolean drawn)
{
    const LacReport *report = page->report;
    g_autofree char *name = report_search_text(report, search);
    g_autoptr(GPtrArray) names = report_search_names(search);

    page_heading(page, 3, "%s: %s", name,
                 g_str_equal(search->stage, "model") ? "the model" : "the classifier");
    if (drawn) {
        g_string_append(page->out, "<div class=\"figures small\">\n");
        page_figure(page, figure_search_draws(report, search));
        for (guint k = 0; k < names->len && k < MOST_PANELS; k++)
            page_figure(page, figure_search_parameter(report, search, names->pdata[k]));
        g_string_append(page->out, "</div>\n");
    }
    g_string_append(page->out, "<details class=\"more\"><summary>All trials</summary>\n");
    trial_table(page, search, names);
    g_string_append(page->out, "</details>\n");
}

void
page_searches(Page *page)
{
    g_autoptr(GPtrArray) searches = report_searches(page->report);

    if (searches->len == 0)
        return;
    page_section(page, "search", "Random search");
    page_text(page,
              "Configurations drawn at random learnt from a part of the training rows and were "
              "judged on the rest of them, the validation rows. The best then learnt from all "
              "training rows; the tables above show what it did on test rows, which no trial has "
              "seen. A trial that failed, or whose score is no number, was passed over; among "
              "equals the first drawn is chosen.");
    overview(page, searches);
    for (guint i = 0; i < searches->len; i++)
        one_search(page, searches->pdata[i], i < MOST_DRAWN);
    page_section_end(page);
}
