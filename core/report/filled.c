/* The page of `lacuna impute --report`: what was put into the holes, and how far to trust it. */
#include "inspect-private.h"
#include "page-private.h"
#include "text-private.h"

#include <lacuna/event.h>
#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

enum { MOST_COLUMNS_DRAWN = 20, MOST_SERIES = 4000, MOST_CHAINS = 1000, MOST_TRACES = 24 };

static size_t
cells_of(const LacFilledCells *cells, size_t j)
{
    return cells->start[j + 1] - cells->start[j];
}

/* ---- what was filled --------------------------------------------------------------------------
 */

static void
column_moments(const LacFilled *self, size_t j, double *seen, double *filled)
{
    const LacFilledCells *cells = self->imputed;
    const size_t n = cells_of(cells, j), n_seen = lac_data_copy_seen(self->data, j, seen);
    double moments[4] = {NAN, NAN, NAN, NAN};

    for (size_t d = 0; d < cells->draws; d++)
        memcpy(filled + d * n, cells->value + d * cells->n + cells->start[j], n * sizeof *filled);
    if (n_seen > 0 && !lac_stats_mean_sd(n_seen, seen, &moments[0], &moments[1]))
        moments[0] = moments[1] = NAN;
    if (n > 0 && !lac_stats_mean_sd(n * cells->draws, filled, &moments[2], &moments[3]))
        moments[2] = moments[3] = NAN;
    memmove(seen, moments, sizeof moments);
}

/* "dose (mg)"; owned. */
static char *
name_with_unit(const LacFilled *self, size_t j)
{
    const char *name = lac_data_name(self->data, j);
    const LacColumnRule *rule = lac_column_rules_find(self->rules, name);

    return rule != NULL && rule->unit != NULL ? g_strdup_printf("%s (%s)", name, rule->unit)
                                              : g_strdup(name);
}

static void
filled_row(Page *page, const LacFilled *self, size_t j)
{
    const LacColumn *column = lac_data_column(self->data, j);
    const size_t n = cells_of(self->imputed, j);
    g_autofree double *seen = g_new(double, MAX(self->data->rows, 4));
    g_autofree double *filled = g_new(double, MAX(n * self->imputed->draws, 1));
    g_autofree char *name = name_with_unit(self, j);

    page_row(page);
    page_row_head(page, name);
    page_cell(page, lac_kind_name(column->kind), "left");
    page_count_cell(page, n);
    page_share_cell(page, (double)n / (double)MAX(self->data->rows, 1));
    if (lac_kind_is_numeric(column->kind))
        column_moments(self, j, seen, filled);
    for (int k = 0; k < 4; k++)
        page_value_cell(page, lac_kind_is_numeric(column->kind) ? seen[k] : NAN);
    page_row_end(page);
}

static void
section_filled(Page *page, const LacFilled *self)
{
    page_section(page, "filled", "What was filled");
    page_table(page, "What was filled");
    page_head_text(page, "column");
    page_head_text(page, "kind");
    page_head(page, "filled", "cells");
    page_head(page, "filled", "share of rows");
    page_head(page, "mean", "observed");
    page_head(page, "sd", "observed");
    page_head(page, "mean", "imputed");
    page_head(page, "sd", "imputed");
    page_body(page);
    for (size_t j = 0; j < self->data->cols; j++)
        filled_row(page, self, j);
    page_table_end(page);
    if (!self->drawn)
        page_note(page, "One completion holds the model's best guesses: they vary less than what "
                        "they stand for. For standard errors and tests, draw several with -m.");
    page_section_end(page);
}

/* ---- figures by column ------------------------------------------------------------------------
 */

/* The columns with most cells of @cells, most first; the number of those that have some. */
static size_t
columns_by_cells(const LacFilledCells *cells, size_t *out)
{
    g_autofree double *key = g_new(double, MAX(cells->cols, 1));
    size_t n = 0;

    for (size_t j = 0; j < cells->cols; j++)
        key[j] = -(double)cells_of(cells, j);
    lac_stats_order(cells->cols, key, out);
    while (n < cells->cols && cells_of(cells, out[n]) > 0)
        n++;
    return n;
}

/* Says which columns of @n have figures. */
static void
note_columns_drawn(Page *page, size_t n)
{
    if (n > MOST_COLUMNS_DRAWN)
        page_note(page, "Only the %d columns with most cells, of %zu, are drawn.",
                  MOST_COLUMNS_DRAWN, n);
}

static void
column_figures(Page *page, const LacFilled *self, size_t j)
{
    const gboolean numeric = lac_kind_is_numeric(lac_data_column(self->data, j)->kind);
    g_autofree char *name = name_with_unit(self, j);

    page_heading(page, 3, "%s", name);
    g_string_append(page->out, "<div class=\"figures small\">\n");
    page_figure(page, numeric ? figure_density(self->data, self->imputed, j, name)
                              : figure_levels(self->data, self->imputed, j, name));
    if (numeric)
        page_figure(page, figure_draws(self->data, self->imputed, j, name));
    if (numeric && self->drawn)
        page_figure(page, figure_intervals(self->data, self->imputed, j, name));
    g_string_append(page->out, "</div>\n");
}

static void
section_columns(Page *page, const LacFilled *self)
{
    g_autofree size_t *column = g_new(size_t, MAX(self->data->cols, 1));
    const size_t n = columns_by_cells(self->imputed, column);

    page_section(page, "columns", "Observed and imputed");
    page_text(page, "Look for values that cannot be, for a shape that cannot be explained, and for "
                    "completions that differ more, or less, than they should.");
    if (self->drawn && self->imputed->draws < LAC_INTERVAL_DRAWS)
        page_note(page, "Intervals of single cells need %d completions or more (-m).",
                  LAC_INTERVAL_DRAWS);
    for (size_t k = 0; k < MIN(n, MOST_COLUMNS_DRAWN); k++)
        column_figures(page, self, column[k]);
    note_columns_drawn(page, n);
    page_section_end(page);
}

/* ---- over-imputation --------------------------------------------------------------------------
 */

static void
over_row(Page *page, const LacFilled *self, size_t j)
{
    const LacOverimputed score = lac_overimpute_score(self->data, self->hidden, j);
    g_autofree char *name = name_with_unit(self, j);

    if (score.cells == 0)
        return;
    page_row(page);
    page_row_head(page, name);
    page_count_cell(page, score.cells);
    if (isnan(score.coverage))
        page_value_cell(page, NAN);
    else
        page_share_cell(page, score.coverage);
    page_value_cell(page, score.width);
    page_value_cell(page, score.mae);
    page_value_cell(page, score.bias);
    page_value_cell(page, score.correct);
    page_value_cell(page, self->hidden_drawn ? score.chance : NAN);
    page_row_end(page);
}

static void
over_table(Page *page, const LacFilled *self)
{
    page_table(page, "Over-imputation");
    page_head_text(page, "column");
    page_head(page, "cells", "hidden");
    page_head(page, "coverage", "of 90 % intervals");
    page_head(page, "width", "of the intervals");
    page_head(page, "error", "mean size");
    page_head(page, "bias", "mean");
    page_head(page, "right level", "share of cells");
    page_head(page, "right level", "share of draws");
    page_body(page);
    for (size_t j = 0; j < self->data->cols; j++)
        over_row(page, self, j);
    page_table_end(page);
}

static void
section_over(Page *page, const LacFilled *self)
{
    g_autofree size_t *column = g_new(size_t, MAX(self->data->cols, 1));
    size_t n;

    page_section(page, "overimputation", "Over-imputation");
    if (self->hidden == NULL || self->hidden->n == 0) {
        page_text(page, "Not made: %s.",
                  self->why_not != NULL
                      ? self->why_not
                      : "no observed cell could be hidden: each row keeps one at least, and each "
                        "column half of its own");
        page_section_end(page);
        return;
    }
    page_text(page,
              "%zu observed cells were hidden, the model was fitted again without them, and filled "
              "them%s. What came back beside what was there:",
              self->hidden->n,
              self->hidden_drawn ? "" : " with its best guesses, which have no intervals");
    over_table(page, self);
    page_note(page, "When holes are completely at random these are the errors of the imputed cells "
                    "too. Otherwise they tell of the observed part of the table, which may be the "
                    "easier one. Coverage well below 90 %% means that draws are too sure.");
    n = columns_by_cells(self->hidden, column);
    g_string_append(page->out, "<div class=\"figures\">\n");
    for (size_t k = 0; k < MIN(n, MOST_COLUMNS_DRAWN); k++) {
        g_autofree char *name = name_with_unit(self, column[k]);

        page_figure(page, figure_overimputed(self->data, self->hidden, column[k], name));
    }
    g_string_append(page->out, "</div>\n");
    note_columns_drawn(page, n);
    page_section_end(page);
}

/* ---- traces and events ------------------------------------------------------------------------
 */

static const char *
modelled_name(const LacFilled *self, gssize column)
{
    return column >= 0 && self->modelled != NULL && (size_t)column < self->modelled->cols
               ? self->modelled->columns[column].name
               : NULL;
}

/* NULL unless it is one that is shown. */
static const LacTracePoint *
trace_point(const LacFilled *self, guint i)
{
    const LacTracePoint *point = g_ptr_array_index(self->traces, i);

    return point->chain < MOST_CHAINS ? point : NULL;
}

/* The series that @point belongs to, begun where it is the first; NULL behind MOST_SERIES. */
static LacReportTrace *
trace_of(const LacFilled *self, GHashTable *by_key, GPtrArray *traces, const LacTracePoint *point)
{
    g_autofree char *key = g_strdup_printf("%" G_GSSIZE_FORMAT " %s", point->column, point->series);
    LacReportTrace *trace = g_hash_table_lookup(by_key, key);

    if (trace == NULL && traces->len < MOST_SERIES) {
        trace = g_new0(LacReportTrace, 1);
        trace->series = g_strdup(point->series);
        trace->column = g_strdup(modelled_name(self, point->column));
        g_hash_table_insert(by_key, g_steal_pointer(&key), trace);
        g_ptr_array_add(traces, trace);
    }
    return trace;
}

/* The points, gathered into series in the order in which these began. Owned. */
static GPtrArray *
traces_gather(const LacFilled *self)
{
    GPtrArray *out = g_ptr_array_new_with_free_func((GDestroyNotify)report_trace_free);
    g_autoptr(GHashTable) by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree LacReportTrace **of = g_new0(LacReportTrace *, MAX(self->traces->len, 1));

    for (guint i = 0; i < self->traces->len; i++) {
        const LacTracePoint *point = trace_point(self, i);

        of[i] = point != NULL ? trace_of(self, by_key, out, point) : NULL;
        if (of[i] == NULL)
            continue;
        of[i]->chains = MAX(of[i]->chains, point->chain + 1);
        of[i]->iterations = MAX(of[i]->iterations, point->iteration + 1);
    }
    for (guint k = 0; k < out->len; k++) {
        LacReportTrace *trace = g_ptr_array_index(out, k);
        const size_t n = trace->chains * trace->iterations;

        trace->value = g_new(double, n);
        for (size_t i = 0; i < n; i++)
            trace->value[i] = NAN;
    }
    for (guint i = 0; i < self->traces->len; i++) {
        const LacTracePoint *point = trace_point(self, i);

        if (of[i] != NULL)
            of[i]->value[point->chain * of[i]->iterations + point->iteration] = point->value;
    }
    return out;
}

static void
section_traces(Page *page, const LacFilled *self)
{
    const LacTraceOf of = {self->model, self->title, NULL};
    g_autoptr(GPtrArray) traces = traces_gather(self);

    if (traces->len == 0)
        return;
    page_section(page, "convergence", "Convergence");
    page_text(page, "R̂ compares chains over the second half of the iterations; above 1.1 they have "
                    "not yet forgotten where they started. It needs 2 chains and 8 iterations. "
                    "Beside it stands what the model says of itself: psrf is the R̂ of means over "
                    "all iterations, autocorrelation how much of its mean a chain keeps from one "
                    "iteration to the next. Lines should mix and show no trend.");
    page_traces(page, &of, traces, MOST_TRACES);
    if (traces->len == MOST_SERIES)
        page_note(page, "Only the first %d series are shown.", MOST_SERIES);
    page_section_end(page);
}

static void
section_events(Page *page, const LacFilled *self)
{
    page_section(page, "events", "Events");
    if (self->events->len == page_predictor_events(self->events)) {
        page_text(page, "Nothing had to be done differently from what was asked.");
        page_section_end(page);
        return;
    }
    page_text(page, "What had to be done differently from what was asked, where, and why.");
    page_table(page, "Events");
    page_head_text(page, "what");
    page_head_text(page, "column");
    page_head(page, "times", NULL);
    page_head_text(page, "detail, of the first");
    page_body(page);
    for (guint i = 0; i < self->events->len; i++) {
        const LacEvent *event = g_ptr_array_index(self->events, i);
        const char *name = modelled_name(self, event->column);

        if (strcmp(event->code, LAC_EVENT_PREDICTORS) == 0)
            continue; /* a section of their own */
        page_row(page);
        page_cell(page, event->code, "left");
        page_cell(page, name != NULL ? name : "–", "left");
        page_count_cell(page, event->count);
        page_cell(page, event->detail, "left wrap");
        page_row_end(page);
    }
    page_table_end(page);
    page_section_end(page);
}

/* ---- the page ---------------------------------------------------------------------------------
 */

static void
section_summary(Page *page, const LacFilled *self)
{
    g_autofree char *rows = g_strdup_printf("%zu", self->data->rows);
    g_autofree char *cols = g_strdup_printf("%zu", self->data->cols);
    g_autofree char *cells = g_strdup_printf("%zu", self->imputed->n);
    g_autofree char *draws = g_strdup_printf("%zu", self->imputed->draws);
    const guint n_events = self->events->len - page_predictor_events(self->events);
    g_autofree char *events = g_strdup_printf("%u", n_events);

    page_section(page, "summary", "Summary");
    page_facts(page);
    page_fact(page, "model", self->model, FALSE);
    page_fact(page, "rows", rows, FALSE);
    page_fact(page, "columns", cols, FALSE);
    page_fact(page, "cells filled", cells, FALSE);
    page_fact(page, "completions", draws, FALSE);
    page_fact(page, "events", events, n_events > 0);
    page_facts_end(page);
    if (self->imputed->n == 0)
        page_text(page, "Nothing is missing: the table was passed on as it is.");
    page_section_end(page);
}

char *
lac_filled_html(const LacFilled *self, char ***notes_out)
{
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    const PageFrame frame = {.title = self->title,
                             .eyebrow = "Lacuna completion",
                             .meta = self->reading,
                             .command = "lacuna impute --report",
                             .source = "the table, the model and the seed: the same three give "
                                       "the same page"};
    Page page = {.report = NULL};
    char *html;

    page_start(&page, notes);
    section_summary(&page, self);
    if (self->imputed->n > 0) {
        section_filled(&page, self);
        section_columns(&page, self);
        section_over(&page, self);
        section_traces(&page, self);
    }
    page_predictors(&page, self->events, self->modelled);
    section_events(&page, self);
    page_prepend_notes(&page);
    html = page_frame(&page, &frame);
    *notes_out = page_notes_dup(&page);
    page_clear(&page);
    return html;
}
