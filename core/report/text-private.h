/* Words and numbers for people, in HTML, in gnuplot scripts, in CSV. Whatever comes from data goes
 * through one of the escaping functions; only literals of this room are appended raw. */
#ifndef LACUNA_REPORT_TEXT_PRIVATE_H
#define LACUNA_REPORT_TEXT_PRIVATE_H

#include "base-private.h"

G_BEGIN_DECLS

/** lac_report_put_html: appends @text so that it is text in element content and in quoted
 * attributes of HTML and SVG; control characters become spaces; NULL is nothing. */
LAC_PRIVATE_API void lac_report_put_html(GString *out, const char *text);
/** report_htmlf: printf whose result is escaped as a whole. */
void report_htmlf(GString *out, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** lac_report_put_gnuplot: appends @text as a single-quoted gnuplot string, quotes included. */
LAC_PRIVATE_API void lac_report_put_gnuplot(GString *out, const char *text);
/** lac_report_put_csv: appends @text as a CSV field. */
LAC_PRIVATE_API void lac_report_put_csv(GString *out, const char *text);
/** lac_report_slug: a file name from @text: lower-case letters, digits and dashes. Owned. */
LAC_PRIVATE_API char *lac_report_slug(const char *text);

/** report_number: appends @value by the C locale's @format ("%.3g"). */
void report_number(GString *out, const char *format, double value);

/**
 * lac_report_decimals: how many decimals to show so that @sd has two significant digits; @mean sets
 * them when there is no sd. 0 to 8; -1 when the number wants an exponent.
 */
LAC_PRIVATE_API int lac_report_decimals(double mean, double sd);
/** lac_report_fixed: @value with @decimals (exponent form for -1), a real minus sign; owned. */
LAC_PRIVATE_API char *lac_report_fixed(double value, int decimals);
/** lac_report_seconds: "0.8 ms", "12 s", "3.4 min", "2.1 h"; owned. "–" for NaN. */
LAC_PRIVATE_API char *lac_report_seconds(double seconds);
/** lac_report_p: "p = 0.012", "p < 0.001"; owned. report_p_value: without "p = ". */
LAC_PRIVATE_API char *lac_report_p(double p);
char *report_p_value(double p);
/** report_percent: "12.3 %" of a share; owned. */
char *report_percent(double share);
/** report_count: "1 data set", "3 data sets"; owned. */
char *report_count(size_t n, const char *one, const char *many);

G_END_DECLS

#endif
