/* Figures: a gnuplot script with named colours, drawn as SVG for the page (colours follow the
 * theme) and, on request, as SVG and PDF files for papers (light colours). */
#ifndef LACUNA_REPORT_FIGURE_PRIVATE_H
#define LACUNA_REPORT_FIGURE_PRIVATE_H

#include "compare-private.h"
#include "filled-private.h"
#include "missingness-private.h"
#include "ranking-private.h"

G_BEGIN_DECLS

/** Colours as the scripts name them; the scanner in svg.c replaces them. Slots 1..7, then: */
enum { LAC_INK_NEUTRAL = 8, LAC_INK_TEXT, LAC_INK_GROUND, LAC_INK_GRID, LAC_INK_SOFT, LAC_INKS };
#define LAC_SLOTS 7

/**
 * LacFigure:
 * @slug: name of its files; @title: heading; @alt: what it shows, in words and numbers
 * @caption: what is behind it (plain text)
 * @width, @height: px; @left... @bottom: margins around the plot, px
 * @script: gnuplot commands after `set terminal`
 * @csv: the numbers drawn
 */
typedef struct {
    char *slug, *title, *alt, *caption;
    unsigned width, height, left, right, top, bottom;
    GString *script, *csv;
} LacFigure;

LacFigure *figure_new(unsigned width, unsigned height);
void figure_free(LacFigure *figure);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacFigure, figure_free)

/** figure_put: printf of C-locale numbers into the script. Texts from data go through
 * figure_label(), never through here. */
void figure_put(LacFigure *figure, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** figure_number: @value the way gnuplot and CSV read it. */
void figure_number(GString *out, double value);
/** figure_frame: plot area in px from the left, right, top, bottom edge; axes in soft ink. */
void figure_frame(LacFigure *figure, unsigned left, unsigned right, unsigned top, unsigned bottom);
/** figure_label: @text at px (@x, @y) from the top left; @align "left", "right", "center". */
void
figure_label(LacFigure *figure, const char *text, double x, double y, const char *align, int ink);
/** figure_line: from px to px, @width px, in @ink; @dash a gnuplot dash or NULL. */
void figure_line(LacFigure *figure, double x0, double y0, double x1, double y1, double width,
                 int ink, const char *dash);
/** figure_arrow: from px to px, its head at (@x1, @y1). */
void
figure_arrow(LacFigure *figure, double x0, double y0, double x1, double y1, double width, int ink);
/** figure_axis_label: what @axis ("x", "y") shows. */
void figure_axis_label(LacFigure *figure, const char *axis, const char *text);
/** figure_ink: "#0a0b01": the name of an ink in scripts; static. */
const char *figure_ink(int ink);
/** figure_slot_ink, _point, _dash: how the method in @slot is drawn. */
int figure_slot_ink(size_t slot);
int figure_slot_point(size_t slot);
const char *figure_slot_dash(size_t slot);
/** lac_figure_spread: moves @at [n] (px) apart to at least @gap within low..high, keeping order. */
LAC_PRIVATE_API void lac_figure_spread(size_t n, double *at, double gap, double low, double high);
/** figure_text_width: about how many px @text takes. */
double figure_text_width(const char *text);
/** figure_nice: step of 1, 2 or 5 times a power of ten that cuts @span into about @n parts. */
double figure_nice(double span, unsigned n);
/** figure_shorten: at most @most characters, the end cut; owned. */
char *figure_shorten(const char *text, size_t most);

/** lac_svg_clean: gnuplot's SVG as an element for a page: own ids (@prefix), theme colours, title
 * and description for readers who cannot see it. @file: a file of its own, in light colours. */
LAC_PRIVATE_API char *
lac_svg_clean(const char *svg, const LacFigure *figure, const char *prefix, gboolean file);

/** figure_gnuplot: output of gnuplot for @script; owned bytes. @error: LAC_ERROR_IO, or
 * LAC_ERROR_PLUGIN when there is no gnuplot. */
GBytes *figure_gnuplot(const char *script, GError **error);
/** figure_svg, figure_pdf: @figure drawn. */
GBytes *figure_svg(const LacFigure *figure, GError **error);
GBytes *figure_pdf(const LacFigure *figure, GError **error);

/** The figures. NULL where there is nothing to draw. */
LacFigure *figure_ranks(const LacReport *report, const LacComparison *comparison);
LacFigure *figure_strip(const LacReport *report, const LacComparison *comparison);
LacFigure *
figure_repeats(const LacReport *report, size_t condition, const LacInside *inside, size_t data);
LacFigure *figure_cost(const LacReport *report, size_t condition, size_t data);
/** figure_rate: on one data set, or over all where @data is their number. */
LacFigure *figure_rate(const LacReport *report, const char *curve, size_t data);
/** LacTraceOf: names of what was traced; @condition may be NULL. */
typedef struct {
    const char *method, *data, *condition;
} LacTraceOf;
LacFigure *figure_trace(const LacReportTrace *trace, double rhat, const LacTraceOf *of);
/** figure_calibration: of the metric that @first is the first part of. */
LacFigure *figure_calibration(const LacReport *report, size_t condition, size_t first);

/** figure_density: numbers of column @j, observed and imputed; figure_levels: the same of a
 * category; figure_draws: observed values beside those of the first completions, point by point;
 * figure_intervals: of imputed cells over many completions; figure_overimputed: what was hidden
 * against what came back. @label: what an axis calls the column, with its unit. */
LacFigure *
figure_density(const LacData *data, const LacFilledCells *cells, size_t j, const char *label);
LacFigure *
figure_levels(const LacData *data, const LacFilledCells *cells, size_t j, const char *label);
LacFigure *
figure_draws(const LacData *data, const LacFilledCells *cells, size_t j, const char *label);
LacFigure *
figure_intervals(const LacData *data, const LacFilledCells *cells, size_t j, const char *label);
LacFigure *
figure_overimputed(const LacData *data, const LacFilledCells *cells, size_t j, const char *label);

/** figure_flux: influx against outflux of the columns of a table. */
LacFigure *figure_flux(const LacData *data, const LacMissingness *missingness);

/** figure_ranking: the first score in use for @group against time. */
LacFigure *figure_ranking(const LacRanking *ranking, LacRankGroup group);

/** report_axis_text: "rmse, minmax units, lower is better"; owned. */
char *report_axis_text(const LacReport *report, size_t metric, size_t condition);
/** report_direction: "lower is better"...; static. */
const char *report_direction(const LacReportMetric *metric);

G_END_DECLS

#endif
