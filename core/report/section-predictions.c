/* Pairs of methods by what a downstream classifier made of their completions, row for row. */
#include "page-private.h"
#include "predictions-private.h"
#include "text-private.h"

#include <math.h>
#include <string.h>

/* more methods than this make a list of pairs nobody reads */
#define MOST_PAIRED 14

/* [cells of the report] predictions of one data set under one condition; NULL where there are none.
 * The first repeat alone: later ones test the same rows again. */
typedef struct {
    const LacReport *report;
    size_t condition, data;
    GArray **of;
    gboolean any;
} Said;

static void
said_load(Said *said)
{
    const LacReport *report = said->report;

    said->of = g_new0(GArray *, MAX(report->cells->len, 1));
    for (size_t i = 0; i < report->cells->len; i++) {
        const LacReportCell *cell = report_cell(report, i);

        if (cell->condition != said->condition || cell->data != said->data || cell->repeat != 1)
            continue;
        said->of[i] = lac_report_predictions(report, i);
        said->any |= said->of[i] != NULL;
    }
}

static void
said_clear(Said *said)
{
    for (size_t i = 0; i < said->report->cells->len; i++)
        if (said->of[i] != NULL)
            g_array_unref(said->of[i]);
    g_free(said->of);
}

/* Rows of methods @i and @j over the folds that both have. FALSE when there are none. */
static gboolean
count_pair(const Said *said, size_t i, size_t j, ReportDiffering *count)
{
    const LacReport *report = said->report;
    gboolean found = FALSE;
    size_t n_a, n_b;
    const size_t *a = report_cells(report, said->condition, said->data, i, &n_a);
    const size_t *b = report_cells(report, said->condition, said->data, j, &n_b);

    *count = (ReportDiffering){0, 0, 0};
    for (size_t x = 0; x < n_a; x++)
        for (size_t y = 0; y < n_b; y++)
            if (g_str_equal(report_cell(report, a[x])->pair, report_cell(report, b[y])->pair))
                found |= lac_report_predictions_differ(said->of[a[x]], said->of[b[y]], count);
    return found;
}

static void
pair_row(Page *page, const Said *said, size_t i, size_t j)
{
    ReportDiffering count;

    if (!count_pair(said, i, j, &count))
        return;
    const LacMcNemar test = lac_mcnemar(count.only_a, count.only_b);
    const size_t differing = count.only_a + count.only_b + count.both_wrong;
    const double all = lac_differing_z(count.only_a, differing);
    g_autofree char *n = g_strdup_printf("%zu", differing), *z_all = lac_report_fixed(all, 2);
    g_autofree char *b = g_strdup_printf("%zu", test.b), *c = g_strdup_printf("%zu", test.c);
    g_autofree char *z = lac_report_fixed(test.z, 2), *p = report_p_value(test.p);
    g_autofree char *exact = report_p_value(test.p_exact);

    page_row(page);
    page_method(page, i);
    page_cell(page, report_method(page->report, j)->label, "left");
    page_number_cell(page, (double)test.b, b);
    page_number_cell(page, (double)test.c, c);
    page_number_cell(page, test.z, z);
    page_number_cell(page, test.p, p);
    page_number_cell(page, test.p_exact, exact);
    page_number_cell(page, (double)differing, n);
    page_number_cell(page, all, z_all);
    page_row_end(page);
}

static void
pair_table(Page *page, const Said *said)
{
    const LacReport *report = page->report;
    const size_t k = report->methods->len;

    page_table(page, "Pairs of methods by the rows that the classifier gets right");
    page_head_text(page, "method");
    page_head_text(page, "against");
    page_head(page, "only the first", "rows right");
    page_head(page, "only the second", "rows right");
    page_head(page, "z", "McNemar");
    page_head(page, "p", "normal");
    page_head(page, "p", "exact");
    page_head(page, "differing", "rows");
    page_head(page, "z", "of those");
    page_body(page);
    for (size_t i = 0; i < k; i++)
        for (size_t j = i + 1; j < k; j++)
            pair_row(page, said, report->order[i], report->order[j]);
    page_table_end(page);
}

void
page_predictions(Page *page, size_t condition, size_t data)
{
    Said said = {.report = page->report, .condition = condition, .data = data};
    const size_t k = page->report->methods->len;

    if (k < 2 || k > MOST_PAIRED)
        return;
    said_load(&said);
    if (said.any) {
        g_string_append(page->out, "<details class=\"more\"><summary>The classifier behind each "
                                   "method, row for row</summary>\n");
        pair_table(page, &said);
        page_note(
            page,
            "Test rows that the downstream classifier gets right after exactly one of the two "
            "methods, over all folds of the first repeat: z = (b − c) / √(b + c), positive "
            "when the first method is better (McNemar without correction), with its normal "
            "and its exact binomial p, two-sided and not adjusted. The last two columns are about "
            "all n rows of which the two say different things, also those that both get wrong: "
            "√n (2x − 1), x the share of them that the first method has right. It is about these "
            "rows and "
            "these trained classifiers; training again would add its own spread.");
        g_string_append(page->out, "</details>\n");
    }
    said_clear(&said);
}
