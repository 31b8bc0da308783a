/* What a fit will take. */
#include "mice.h"

#include <math.h>

/* Trees a column's method grows; 0: none. Exceptions by column do not count. */
static double
cost_trees(const MiceModel *self)
{
    if (g_strcmp0(self->method, "cart") == 0)
        return 1.0;
    return g_strcmp0(self->method, "rf") == 0 ? (double)self->trees : 0.0;
}

void
mice_cost(const LacModel *model, const LacWorkload *work, LacCost *out)
{
    const MiceModel *self = LAC_CAST(const MiceModel, model);
    const double n = (double)work->rows, p = (double)work->cols, q = p + 2.0;
    const double chains = (double)MAX((size_t)self->imputations, work->draws);
    const double rounds = (double)self->iterations, holes = lac_workload_holes(work);
    const double abreast = MIN(chains, (double)work->threads);
    const double seen = n * (1.0 - work->missing), trees = cost_trees(self);
    const double donors = trees > 0.0 ? 0.0 : MIN(seen, (double)MICE_MOST_DONORS);
    const double left_out = g_strcmp0(self->method, "midastouch") == 0 ? 1.0 : 0.0;
    const double tried = trees > 1.0 ? sqrt(p) : p; /* features a node looks at */
    /* a visit takes the rows of its holes out of the cross-products, solves, predicts every row and
     * sorts the predictions; midastouch looks at every donor for a hole, and keeps what each
     * changes */
    const double round = LAC_COST_FLOP * (n * q * q + 6.0 * holes * q * q + p * q * q * q) +
                         60.0 * LAC_COST_STEP * n * p + 50.0 * LAC_COST_JUMP * holes +
                         25.0 * LAC_COST_STEP * left_out * holes * seen +
                         2.0 * LAC_COST_STEP * trees * p * seen * tried * log2(seen + 2.0);
    /* donors in the leaves, values, splits; of the last round */
    const double kept = trees * (16.0 * seen) + (trees > 0.0 ? 8.0 * seen : 0.0);

    out->seconds = chains * rounds * round / abreast;
    out->bytes = abreast * n * 8.0 * (q + 12.0) + chains * holes * 8.0 + n * p * 8.0 +
                 chains * (rounds + 1.0) * p * (16.0 * q + 16.0 * donors) + chains * p * kept +
                 (trees > 0.0 ? abreast * 2.0 * n * p : 0.0) +
                 left_out * abreast * n * 8.0 * (q + 2.0);
}
