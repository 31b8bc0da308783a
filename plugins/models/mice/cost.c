/* What a fit will take. */
#include "mice.h"

void
mice_cost(const LacModel *model, const LacWorkload *work, LacCost *out)
{
    const MiceModel *self = LAC_CAST(const MiceModel, model);
    const double n = (double)work->rows, p = (double)work->cols, q = p + 2.0;
    const double chains = (double)MAX((size_t)self->imputations, work->draws);
    const double rounds = (double)self->iterations, holes = lac_workload_holes(work);
    const double abreast = MIN(chains, (double)work->threads);
    const double donors = MIN(n * (1.0 - work->missing), (double)MICE_MOST_DONORS);
    /* a visit takes the rows of its holes out of the cross-products, solves, predicts every row and
     * sorts the predictions */
    const double round = LAC_COST_FLOP * (n * q * q + 4.0 * holes * q * q + p * q * q * q) +
                         12.0 * LAC_COST_STEP * n * p + 40.0 * LAC_COST_JUMP * holes;

    out->seconds = chains * rounds * round / abreast;
    out->bytes = abreast * n * 8.0 * (q + 12.0) + chains * holes * 8.0 + n * p * 8.0 +
                 chains * (rounds + 1.0) * p * (16.0 * q + 16.0 * donors);
}
