/* Six rows, three columns (the last is constant), six holes. */
#ifndef LAC_METRICS_GOLDEN_H
#define LAC_METRICS_GOLDEN_H

#include "probe.h"

static const double golden_truth[18] = {1, 10, 7, 2, 12, 7, 3, 9, 7, 4, 15, 7, 5, 11, 7, 6, 14, 7};
static const double golden_completed[18] = {1, 11, 7,   2.5, 12, 7, 3, 10.5, 7,
                                            4, 15, 7.5, 4,   11, 7, 6, 13,   7};

/* holes where the two differ */
static inline ProbeScoring *
golden_scoring_of(const double *truth, const double *completed)
{
    double incomplete[18];

    for (size_t k = 0; k < 18; k++)
        incomplete[k] = truth[k] == completed[k] ? truth[k] : NAN;
    return probe_scoring(probe_table(6, 3, truth), probe_table(6, 3, incomplete), completed);
}

static inline ProbeScoring *
golden_scoring(void)
{
    return golden_scoring_of(golden_truth, golden_completed);
}

#endif
