/* The page of `lacuna inspect`: what the columns are, and what their holes look like. */
#include "inspect-private.h"
#include "page-private.h"
#include "text-private.h"

#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

enum { MOST_PATTERNS = 50, MOST_ACROSS = 40, MOST_LEVELS = 6 };

/* ---- columns ----------------------------------------------------------------------------------
 */

/* "Adelie 152, Gentoo 124, Chinstrap 68": frequent ones first */
static char *
levels_text(const LacColumn *column, size_t n, const double *seen)
{
    g_autofree double *share = g_new0(double, MAX(column->n_levels, 1));
    g_autofree size_t *order = g_new(size_t, MAX(column->n_levels, 1));
    GString *out = g_string_new(NULL);

    for (size_t i = 0; i < n; i++)
        share[(size_t)seen[i]] -= 1.0; /* negative: the most frequent sorts first */
    lac_stats_order(column->n_levels, share, order);
    for (size_t l = 0; l < MIN(column->n_levels, MOST_LEVELS); l++) {
        if (column->levels != NULL)
            g_string_append_printf(out, "%s%s %.0f", l > 0 ? ", " : "", column->levels[order[l]],
                                   -share[order[l]]);
        else
            g_string_append_printf(out, "%slevel %zu: %.0f", l > 0 ? ", " : "", order[l],
                                   -share[order[l]]);
    }
    if (column->n_levels > MOST_LEVELS)
        g_string_append_printf(out, " and %zu more", column->n_levels - MOST_LEVELS);
    return g_string_free(out, FALSE);
}

static void
column_values(Page *page, const LacColumn *column, gboolean levels_column, size_t n, double *seen)
{
    g_autofree char *levels = NULL;

    if (!lac_kind_is_numeric(column->kind)) {
        levels = levels_text(column, n, seen);
        for (int k = 0; k < 3; k++)
            page_number_cell(page, NAN, "");
        page_cell(page, levels, "left wrap");
        return;
    }
    lac_stats_sort(n, seen);
    page_value_cell(page, n > 0 ? seen[0] : NAN);
    page_value_cell(page, n > 0 ? lac_stats_quantile(n, seen, 0.5, 7) : NAN);
    page_value_cell(page, n > 0 ? seen[n - 1] : NAN);
    if (levels_column)
        page_cell(page, "", "left");
}

static void
limit_text(GString *out, const char *side, const LacCellLimit *limit)
{
    if (limit->column != NULL)
        g_string_append_printf(out, ", holes %s %s", side, limit->column);
    else if (!isnan(limit->number)) {
        g_string_append_printf(out, ", holes %s ", side);
        report_number(out, "%g", limit->number);
    }
}

/* "continuous, mg, from 0, up to 120, logarithm" */
static char *
kind_text(const LacInspection *self, const LacColumn *column)
{
    const LacColumnRule *rule = lac_column_rules_find(self->rules, column->name);
    GString *out = g_string_new(lac_kind_name(column->kind));

    if (rule == NULL)
        return g_string_free(out, FALSE);
    if (rule->unit != NULL)
        g_string_append_printf(out, ", %s", rule->unit);
    if (isfinite(rule->lower)) {
        g_string_append(out, ", from ");
        report_number(out, "%g", rule->lower);
    }
    if (isfinite(rule->upper)) {
        g_string_append(out, ", up to ");
        report_number(out, "%g", rule->upper);
    }
    g_string_append(out, rule->log ? ", logarithm" : "");
    limit_text(out, "below", &rule->below);
    limit_text(out, "above", &rule->above);
    if (rule->formula != NULL)
        g_string_append_printf(out, ", = %s", rule->formula);
    return g_string_free(out, FALSE);
}

static gboolean
any_levels(const LacData *data)
{
    for (size_t j = 0; j < data->cols; j++)
        if (!lac_kind_is_numeric(lac_data_column(data, j)->kind))
            return TRUE;
    return FALSE;
}

static void
section_columns(Page *page, const LacInspection *self)
{
    const LacData *data = self->data;
    g_autofree double *seen = g_new(double, MAX(data->rows, 1));
    const gboolean levels = any_levels(data);

    page_section(page, "columns", "Columns");
    page_text(page, "What each column was taken for. A wrong kind is mended with --kind "
                    "COLUMN=KIND, a text that means missing with --na TEXT.");
    page_table(page, "Columns");
    page_head_text(page, "column");
    page_head_text(page, "kind");
    page_head(page, "missing", "cells");
    page_head(page, "missing", "share of rows");
    page_head(page, "smallest", NULL);
    page_head(page, "median", NULL);
    page_head(page, "largest", NULL);
    if (levels)
        page_head_text(page, "levels, with their rows");
    page_body(page);
    for (size_t j = 0; j < data->cols; j++) {
        const LacColumn *column = lac_data_column(data, j);
        const size_t n = lac_data_copy_seen(data, j, seen);
        g_autofree char *kind = kind_text(self, column);

        page_row(page);
        page_row_head(page, column->name);
        page_cell(page, kind, "left");
        page_count_cell(page, self->missingness->missing[j]);
        page_share_cell(page, 1.0 - self->missingness->flux[j].observed);
        column_values(page, column, levels, n, seen);
        page_row_end(page);
    }
    page_table_end(page);
    page_section_end(page);
}

/* ---- patterns ---------------------------------------------------------------------------------
 */

/* The columns that tables across columns show: those with holes, those with most if they are too
 * many; in md.pattern's order. */
static size_t
columns_across(const LacMissingness *m, size_t *out)
{
    size_t n = 0;

    for (size_t a = 0; a < m->cols; a++)
        if (m->missing[m->order[a]] > 0)
            out[n++] = m->order[a];
    if (n > MOST_ACROSS) {
        memmove(out, out + n - MOST_ACROSS, MOST_ACROSS * sizeof *out);
        n = MOST_ACROSS;
    }
    return n;
}

static void
pattern_row(Page *page, const LacMissingness *m, size_t k, const size_t *use, size_t n)
{
    size_t holes = 0;

    for (size_t j = 0; j < m->cols; j++)
        holes += m->pattern[k * m->cols + j];
    page_row(page);
    page_count_cell(page, m->count[k]);
    page_share_cell(page, (double)m->count[k] / (double)m->rows);
    for (size_t a = 0; a < n; a++)
        if (m->pattern[k * m->cols + use[a]])
            g_string_append(page->out,
                            "<td class=\"hole slim\" data-v=\"1\" title=\"missing\">■</td>");
        else
            g_string_append(page->out,
                            "<td class=\"seen slim\" data-v=\"0\" title=\"observed\">·</td>");
    page_count_cell(page, holes);
    page_row_end(page);
}

static void
section_patterns(Page *page, const LacInspection *self, const size_t *use, size_t n)
{
    const LacMissingness *m = self->missingness;
    const size_t shown = MIN(m->n, MOST_PATTERNS);
    size_t rest = m->rows;

    page_section(page, "patterns", "Patterns of holes");
    page_text(page, "Each line is one combination of holes (■ missing, · observed), with the rows "
                    "that have it: few holes first, then the most frequent. Columns without holes "
                    "are left out.");
    page_table(page, "Patterns of holes");
    page_head(page, "rows", NULL);
    page_head(page, "share", NULL);
    for (size_t a = 0; a < n; a++)
        page_head_tall(page, lac_data_name(self->data, use[a]), NULL);
    page_head(page, "holes", "in a row");
    page_body(page);
    for (size_t k = 0; k < shown; k++) {
        pattern_row(page, m, k, use, n);
        rest -= m->count[k];
    }
    page_table_end(page);
    if (m->n > shown)
        page_note(page, "%zu further patterns with %zu rows are not shown.", m->n - shown, rest);
    if (n == MOST_ACROSS)
        page_note(page, "Only the %zu columns with most holes are shown.", n);
    page_section_end(page);
}

/* ---- together ---------------------------------------------------------------------------------
 */

static void
section_together(Page *page, const LacInspection *self, const size_t *use, size_t n)
{
    const LacMissingness *m = self->missingness;

    if (n < 2)
        return;
    page_section(page, "together", "Missing together");
    page_text(page, "Of the rows in which the column on the left is missing, the share in which "
                    "the column above is missing too. Beside it, in the head, how often that one "
                    "is missing anyway: a share far above it means that both go missing for one "
                    "reason.");
    page_table(page, "Missing together");
    page_head_text(page, "missing");
    page_head(page, "rows", NULL);
    for (size_t b = 0; b < n; b++) {
        g_autofree char *anyway = report_percent(1.0 - m->flux[use[b]].observed);

        page_head_tall(page, lac_data_name(self->data, use[b]), anyway);
    }
    page_body(page);
    for (size_t a = 0; a < n; a++) {
        page_row(page);
        page_row_head(page, lac_data_name(self->data, use[a]));
        page_count_cell(page, m->missing[use[a]]);
        for (size_t b = 0; b < n; b++) {
            const double share =
                (double)m->together[use[a] * m->cols + use[b]] / (double)m->missing[use[a]];
            g_autofree char *text = lac_report_fixed(100.0 * share, 0);

            if (a == b) {
                page_number_cell(page, NAN, "");
                continue;
            }
            g_string_append(page->out, "<td class=\"shade slim\" style=\"--share:");
            report_number(page->out, "%.1f", 100.0 * share);
            g_string_append_printf(page->out, "%%\" data-v=\"");
            report_number(page->out, "%.10g", share);
            g_string_append_printf(page->out, "\">%s %%</td>", text);
        }
        page_row_end(page);
    }
    page_table_end(page);
    page_section_end(page);
}

/* ---- Little's test ----------------------------------------------------------------------------
 */

char *
lac_little_verdict(const LacLittle *little)
{
    g_autofree char *p = NULL, *d2 = NULL;

    if (little->undefined != NULL)
        return g_strdup_printf("Little's test cannot be made: %s.", little->undefined);
    p = lac_report_p(little->p);
    d2 = lac_report_fixed(little->statistic, 2);
    return g_strdup_printf(
        "d² = %s with %.0f degrees of freedom over %zu patterns, %s: %s", d2, little->df,
        little->patterns, p,
        little->p < 0.05 ? "the holes are not completely at random; where they are depends on "
                           "the values of other columns at least."
                         : "the means of the patterns differ by no more than chance allows. That "
                           "does not show that the holes are completely at random.");
}

static void
little_cautions(Page *page, const LacLittle *little)
{
    if (little->nominal > 0)
        page_note(page, "Left out for having no order: %zu nominal %s.", little->nominal,
                  little->nominal == 1 ? "column" : "columns");
    if (little->constant > 0)
        page_note(page, "Left out for having one value or none: %zu %s.", little->constant,
                  little->constant == 1 ? "column" : "columns");
    if (little->undefined != NULL)
        return;
    if (little->coded > 0)
        page_note(page, "%zu binary or ordinal %s took part with %s codes, which are not normal.",
                  little->coded, little->coded == 1 ? "column" : "columns",
                  little->coded == 1 ? "its" : "their");
    if ((double)little->rows < 20.0 * (double)little->cols)
        page_note(page, "%zu rows are few for %zu columns: the p value is rough.", little->rows,
                  little->cols);
    if (!little->converged)
        page_note(page,
                  "Means and covariances still moved after %zu steps of EM: the numbers are "
                  "approximate.",
                  little->iterations);
}

static void
section_little(Page *page, const LacInspection *self)
{
    g_autofree char *verdict = lac_little_verdict(self->little);

    page_section(page, "little", "Little's test of missing completely at random");
    page_text(page, "%s", verdict);
    little_cautions(page, self->little);
    page_note(page,
              "The test assumes that rows are normal with one covariance, whatever is missing, "
              "and compares means alone. It cannot see holes that depend on what they hide. Many "
              "rows reject trifles, few rows reject nothing. To reject is no disaster: models "
              "that use the other columns ask for missing at random only. Source: Little, Journal "
              "of the American Statistical Association 83 (1988), 1198.");
    page_section_end(page);
}

/* ---- flux -------------------------------------------------------------------------------------
 */

static void
section_flux(Page *page, const LacInspection *self)
{
    const LacMissingness *m = self->missingness;

    page_section(page, "flux", "Which columns help");
    page_text(page,
              "Influx: how much of the rest is observed where this column is missing; a high one "
              "is easier to fill. Outflux: how much of the rest's holes this column can help "
              "with; columns near zero help nobody and cost as much as the others.");
    page_figure(page, figure_flux(self->data, m));
    page_table(page, "Influx and outflux");
    page_head_text(page, "column");
    page_head(page, "observed", "share of rows");
    page_head(page, "influx", NULL);
    page_head(page, "outflux", NULL);
    page_head(page, "ainb", "others seen in its holes");
    page_head(page, "aout", "others' holes where seen");
    page_head(page, "fico", "incomplete rows where seen");
    page_body(page);
    for (size_t j = 0; j < m->cols; j++) {
        const LacFlux *flux = &m->flux[j];
        const double numbers[5] = {flux->influx, flux->outflux, flux->ainb, flux->aout, flux->fico};

        page_row(page);
        page_row_head(page, lac_data_name(self->data, j));
        page_share_cell(page, flux->observed);
        for (size_t k = 0; k < G_N_ELEMENTS(numbers); k++) {
            g_autofree char *text = lac_report_fixed(numbers[k], 3);

            page_number_cell(page, numbers[k], text);
        }
        page_row_end(page);
    }
    page_table_end(page);
    page_note(page, "Defined by van Buuren, Flexible Imputation of Missing Data, 2nd edition "
                    "(2018), section 4.1.3; the numbers are those of flux() in R's mice.");
    page_section_end(page);
}

/* ---- the page ---------------------------------------------------------------------------------
 */

static void
section_summary(Page *page, const LacInspection *self)
{
    const LacMissingness *m = self->missingness;
    const double cells = (double)m->rows * (double)m->cols;
    g_autofree char *rows = g_strdup_printf("%zu", m->rows);
    g_autofree char *cols = g_strdup_printf("%zu", m->cols);
    g_autofree char *holes = g_strdup_printf("%zu", m->holes);
    g_autofree char *patterns = g_strdup_printf("%zu", m->n);
    g_autofree char *missing = report_percent(cells > 0.0 ? (double)m->holes / cells : 0.0);
    g_autofree char *complete =
        report_percent(m->rows > 0 ? (double)m->complete / (double)m->rows : 0.0);

    page_section(page, "summary", "Summary");
    page_facts(page);
    page_fact(page, "rows", rows, FALSE);
    page_fact(page, "columns", cols, FALSE);
    page_fact(page, "missing cells", holes, FALSE);
    page_fact(page, "of all cells", missing, FALSE);
    page_fact(page, "rows without a hole", complete, FALSE);
    page_fact(page, "patterns of holes", patterns, FALSE);
    page_facts_end(page);
    if (m->holes == 0)
        page_text(page, "Nothing is missing.");
    if (m->empty > 0)
        page_text(page, "%zu %s nothing observed at all.", m->empty,
                  m->empty == 1 ? "row has" : "rows have");
    if (self->set_aside != NULL && self->set_aside[0] != NULL) {
        g_autofree char *names = g_strjoinv(", ", (char **)(gpointer)self->set_aside);

        page_text(page, "Taken for identifiers and left out: %s.", names);
    }
    page_section_end(page);
}

char *
lac_inspection_html(const LacInspection *self, char ***notes_out)
{
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autofree size_t *use = g_new(size_t, MAX(self->data->cols, 1));
    const size_t n = columns_across(self->missingness, use);
    const PageFrame frame = {.title = self->title,
                             .eyebrow = "Lacuna inspection",
                             .meta = self->reading,
                             .command = "lacuna inspect",
                             .source = "the table alone: the same table gives the same page"};
    Page page = {.report = NULL};
    char *html;

    page_start(&page, notes);
    section_summary(&page, self);
    section_columns(&page, self);
    if (n > 0) {
        section_patterns(&page, self, use, n);
        section_together(&page, self, use, n);
        section_little(&page, self);
        section_flux(&page, self);
    }
    page_prepend_notes(&page);
    html = page_frame(&page, &frame);
    *notes_out = page_notes_dup(&page);
    page_clear(&page);
    return html;
}
