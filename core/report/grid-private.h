/* Losses of methods on data sets, on the way to a comparison. */
#ifndef LACUNA_REPORT_GRID_PRIVATE_H
#define LACUNA_REPORT_GRID_PRIVATE_H

#include "compare-private.h"

G_BEGIN_DECLS

/** LacGrid: @loss: [n x k] of @data [n] and @method [k], before families are merged; NaN not run,
 * INFINITY failed. */
typedef struct {
    size_t n, k;
    size_t *data, *method;
    double *loss;
} LacGrid;
void report_grid_clear(LacGrid *grid);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LacGrid, report_grid_clear)

/** report_has_failed: a loss that stands for a failure. */
gboolean report_has_failed(double loss);

LacGrid report_grid_read(const LacReport *report, size_t condition, size_t metric);
/** report_grid_trim: leaves out methods that no data set knows or that are not applicable anywhere,
 * data sets nobody has a value on, and data sets that some method was not run on. */
void report_grid_trim(LacGrid *grid, LacComparison *out);
/** report_grid_apply_policy: what the report's settings say of failures. */
void report_grid_apply_policy(LacGrid *grid, const LacReport *report, LacComparison *out);
gboolean report_grid_all_positive(const LacGrid *grid);
/** report_grid_merge_families: data sets of one family become one block of @out: the geometric mean
 * of their losses where ratios make sense, else the mean; a failure in one is a failure of the
 * family. */
void report_grid_merge_families(const LacGrid *grid, const LacReport *report, LacComparison *out);

G_END_DECLS

#endif
