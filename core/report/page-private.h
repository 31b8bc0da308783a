/* The HTML page: one file, no network. Sections append to `out`; the frame is put around it last.
 */
#ifndef LACUNA_REPORT_PAGE_PRIVATE_H
#define LACUNA_REPORT_PAGE_PRIVATE_H

#include "compare-private.h"
#include "figure-private.h"

G_BEGIN_DECLS

/**
 * Page:
 * @report: what a comparison is about; NULL on other pages
 * @notes: sentences about what could not be shown
 * @out: the sections so far; @toc: the list of contents so far
 * @figures: folder for figure files, NULL for none
 * @drawn: figures on the page; @no_figures: gnuplot does not run, so no more are tried
 */
typedef struct {
    LacReport *report;
    GPtrArray *notes;
    GString *out, *toc;
    const char *figures;
    GHashTable *slugs; /* names of figure files in use */
    unsigned drawn;
    gboolean no_figures;
    LacComparison **primary; /* [conditions] by the primary metric; entries may be NULL */
} Page;

/** PageFrame: what stands around the sections. @eyebrow: kind of page, @command and @source: "made
 * by
 * ... from ..."; these three are literals of this room. */
typedef struct {
    const char *title, *eyebrow, *meta, *command, *source;
} PageFrame;

/** page_start: empty; adds a reference to @notes. page_clear: frees what it has made. */
void page_start(Page *page, GPtrArray *notes);
void page_clear(Page *page);
/** page_frame: the whole file; owned. page_prepend_notes: puts the notes before everything else.
 * page_notes_dup: them, NULL-terminated; owned. */
char *page_frame(const Page *page, const PageFrame *frame);
void page_prepend_notes(Page *page);
char **page_notes_dup(const Page *page);

/** page_section: starts a section with a heading and a line in the contents; page_section_end. */
void page_section(Page *page, const char *id, const char *title);
void page_section_end(Page *page);
/** page_heading: <h@level>, escaped. page_text: a paragraph, escaped. page_note: small print. */
void page_heading(Page *page, int level, const char *format, ...) G_GNUC_PRINTF(3, 4);
void page_text(Page *page, const char *format, ...) G_GNUC_PRINTF(2, 3);
void page_note(Page *page, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** A table in a panel that scrolls sideways in itself. @label: what the table is, for readers who
 * cannot see it. */
void page_table(Page *page, const char *label);
void page_table_end(Page *page);
/** page_head: a column head that sorts; @unit: small second line or NULL. */
void page_head(Page *page, const char *text, const char *unit);
/** page_head_text: the same for a column of words. */
void page_head_text(Page *page, const char *text);
/** page_head_tall: as page_head(), upright, for long names over narrow cells. */
void page_head_tall(Page *page, const char *text, const char *unit);
/** page_predictors: a section with the predictors that events tell of, if any;
 * page_predictor_events: how many such events there are. */
void page_predictors(Page *page, const GPtrArray *events, const LacSchema *schema);
guint page_predictor_events(const GPtrArray *events);
/** page_body: ends the head, starts the rows. */
void page_body(Page *page);
void page_row(Page *page);
void page_row_end(Page *page);
/** page_cell: a cell with text; page_number_cell: one that sorts by @value. */
void page_cell(Page *page, const char *text, const char *classes);
void page_number_cell(Page *page, double value, const char *text);
/** page_value_cell: a number with five digits, a dash for what is none; page_count_cell: a whole
 * one.
 */
void page_value_cell(Page *page, double value);
void page_count_cell(Page *page, size_t n);
/** page_share_cell: a share of 0 to 1 as percent over a bar of that length. */
void page_share_cell(Page *page, double share);
/** page_row_head: the row's name. */
void page_row_head(Page *page, const char *name);
/** page_facts: opens a line of large numbers; page_fact: one of them, in the
 * colour of trouble with @alarm; page_facts_end. */
void page_facts(Page *page);
void page_fact(Page *page, const char *name, const char *value, gboolean alarm);
void page_facts_end(Page *page);
/** page_method: row head with the method's mark and name. */
void page_method(Page *page, size_t method);
/** page_entry: mean ± sd, underlined and bold for the best, bold for those as good. */
void page_entry(Page *page, const LacEntry *entry, int decimals, gboolean best, gboolean good);

/** page_figure: draws and takes over @figure (NULL: nothing), and writes its files. */
void page_figure(Page *page, LacFigure *figure);

/** The sections, in this order. */
/* appends to @out what came out: by a score of draws or distributions first, then by the primary
 * one */
void page_lead(const Page *page, GString *out);
void page_summary(Page *page);
void page_scores(Page *page);
void page_failures(Page *page);
void page_condition(Page *page, size_t condition);
void page_rates(Page *page);
void page_searches(Page *page);
void page_convergence(Page *page);
void page_images(Page *page);
void page_events(Page *page);
void page_environment(Page *page);
void page_method_notes(Page *page);

/** page_judged: "draws · @rest", the line under a metric's name in a table's head; says so when the
 * metric is not valid under the mechanism of @condition (the number of conditions: of any). Owned.
 */
char *page_judged(const Page *page, size_t metric, size_t condition, const char *rest);
/** page_undefined: scores that finished cells have no number for, with the reasons. */
void page_undefined(Page *page);

/** page_across: the part of a condition that spans data sets. page_legend: what its tables mean. */
void page_across(Page *page, size_t condition);
void page_legend(Page *page, size_t condition);

/** page_predictions: pairs of methods on one data set by the rows that a downstream classifier gets
 * right; nothing where there is none. */
void page_predictions(Page *page, size_t condition, size_t data);

/** page_traces: how far chains agree by column, figures of the @most series [LacReportTrace] that
 * agree least, and all series as a table. */
void page_traces(Page *page, const LacTraceOf *of, const GPtrArray *traces, size_t most);

/** page_has_images: rows of @data are images, of which some were kept. */
gboolean page_has_images(const LacReport *report, size_t data);
/** page_image_grid: FALSE when there are no pictures. */
gboolean page_image_grid(Page *page, size_t condition, size_t data);

/** The style sheet and script, from page.css and page.js. */
extern const char report_page_css[];
extern const char report_page_js[];

G_END_DECLS

#endif
