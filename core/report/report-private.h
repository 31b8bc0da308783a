/* Reports: what a run (or several) found out, for a terminal, as a web page, as a table for other
 * tools. A pure function of the result store: the same results give the same bytes. */
#ifndef LACUNA_REPORT_PRIVATE_H
#define LACUNA_REPORT_PRIVATE_H

#include "base-private.h"
#include <lacuna/error.h>

G_BEGIN_DECLS

/**
 * lac_report_terminal:
 * @dir: a run's folder
 * @colour: mark the best by colour too
 * @width: columns of the terminal, 0 for no limit
 * @error: LAC_ERROR_IO when @dir holds no readable results
 *
 * Per condition: methods by data sets, mean ± sd of the primary metric, the best marked, mean rank,
 * time; then failures. Owned text, lines end in "\n".
 */
LAC_PRIVATE_API char *
lac_report_terminal(const char *dir, gboolean colour, unsigned width, GError **error);

/**
 * lac_report_write:
 * @dirs: NULL-terminated folders of runs; their cells are pooled
 * @path: HTML file to write (whole or not at all)
 * @figures: folder that also gets every figure as SVG, PDF and CSV; NULL: none
 * @notes_out: sentences about what could not be drawn, NULL-terminated, g_strfreev(); may be NULL
 * @error: LAC_ERROR_IO
 */
LAC_PRIVATE_API gboolean lac_report_write(const char *const *dirs, const char *path,
                                          const char *figures, char ***notes_out, GError **error);
/** lac_report_html: the page itself; owned. */
LAC_PRIVATE_API char *
lac_report_html(const char *const *dirs, const char *figures, char ***notes_out, GError **error);

/**
 * lac_report_tabarena: the primary metric as CSV with one row a method, data set under a condition,
 * and repeat: method, task, seed, metric, metric_error, time_train_s, time_infer_s. Errors are
 * smaller-is-better and >= 0; tasks that some method has no value on are left out and counted.
 * @left_out: may be NULL
 */
LAC_PRIVATE_API char *
lac_report_tabarena(const char *const *dirs, size_t *left_out, GError **error);

G_END_DECLS

#endif
