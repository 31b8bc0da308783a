/* Random searches: what was tried, how it was judged, what was chosen. */
#ifndef LACUNA_REPORT_SEARCH_PRIVATE_H
#define LACUNA_REPORT_SEARCH_PRIVATE_H

#include "figure-private.h"

G_BEGIN_DECLS

/**
 * LacReportTried: one configuration over all cells of a search (folds, repeats).
 * @name, @value: [parameters] what was drawn, in short names; owned
 * @score: of double, NaN for trials that failed; @mean over the others, NaN without any
 * @picked: of gboolean, whether it is what that cell chose
 * @failed, @chosen: in how many cells
 * @rank: 1 for the best mean, 0 without one; @reason: of the first failure
 */
typedef struct {
    int64_t draw;
    GPtrArray *name, *value;
    GArray *score, *picked;
    double mean, seconds;
    size_t failed, chosen, rank;
    char *reason;
} LacReportTried;

/**
 * LacReportSearch: what one method looked for on one data set under one condition.
 * @methods: of lent labels: cells that share their trials share a search
 * @metric: index of the metric configurations were judged by
 * @tried: of LacReportTried, by draw; @cells: how many searches are in it
 */
typedef struct {
    size_t condition, data, metric, cells;
    char *stage;
    GPtrArray *methods, *tried;
} LacReportSearch;

/** report_searches: of LacReportSearch, in the order of the cells; owned. Empty without any. */
GPtrArray *report_searches(const LacReport *report);
/** report_search_names: of all parameters drawn, in order of appearance; lent texts. Owned. */
GPtrArray *report_search_names(const LacReportSearch *search);
/** report_tried_value: what @tried has for @name; NULL when it has none. Lent. */
const char *report_tried_value(const LacReportTried *tried, const char *name);
/** report_search_text: "dvae on mnist, pixels 50 %"; owned. */
char *report_search_text(const LacReport *report, const LacReportSearch *search);

/** figure_search_draws: scores by draw with the best so far. figure_search_parameter: scores by the
 * value of one parameter, on a log axis where values span it, side by side for words. */
LacFigure *figure_search_draws(const LacReport *report, const LacReportSearch *search);
LacFigure *
figure_search_parameter(const LacReport *report, const LacReportSearch *search, const char *name);

G_END_DECLS

#endif
