/* Rows that a downstream classifier got right or wrong, and pairs of methods compared by them. */
#ifndef LACUNA_REPORT_PREDICTIONS_PRIVATE_H
#define LACUNA_REPORT_PREDICTIONS_PRIVATE_H

#include "model-private.h"

G_BEGIN_DECLS

/** ReportPrediction: @row: number in the data, from 1; @said: code of the class predicted. */
typedef struct {
    uint64_t row, said;
    gboolean right;
} ReportPrediction;

/** ReportDiffering: rows that only one of two has right, and rows of which both say something else
 * that is wrong. */
typedef struct {
    size_t only_a, only_b, both_wrong;
} ReportDiffering;

/** lac_report_predictions: of @cell, an array of ReportPrediction in the order of its test rows,
 * owned; NULL when it has none or the file is not whole. */
LAC_PRIVATE_API GArray *lac_report_predictions(const LacReport *report, size_t cell);
/** lac_report_predictions_differ: adds to @count the rows on which @a and @b differ. FALSE, and
 * nothing added, unless both are about the same rows. */
LAC_PRIVATE_API gboolean lac_report_predictions_differ(const GArray *a, const GArray *b,
                                                       ReportDiffering *count);

G_END_DECLS

#endif
