/* What a model will take, said before it starts, from the size of the job alone. */
#ifndef LACUNA_COST_H
#define LACUNA_COST_H

#include <lacuna/macros.h>

G_BEGIN_DECLS

/**
 * LacWorkload: a job that has not begun.
 * @rows, @cols: of the training table as the model will see it, nominal columns encoded already
 *   when the model does not take them as they are
 * @missing: share of its cells that are holes, 0 .. 1
 * @draws: completions that will be asked for; >= 1
 * @threads: that may be used; >= 1
 */
typedef struct {
    size_t rows, cols;
    double missing;
    size_t draws;
    unsigned threads;
} LacWorkload;

/**
 * LacCost: an estimate; within a factor of 2 for tables that take more than a few milliseconds.
 * @seconds: wall clock of `fit` and one `fill` of the training table, on a nominal machine, one
 *   core of which does a unit of work in the seconds that LAC_COST_... say
 * @bytes: memory the model holds at its peak, beyond the table given to `fit` and the one that
 *   `fill` writes to
 */
typedef struct {
    double seconds, bytes;
} LacCost;

/** The nominal core: seconds for an arithmetic operation of a dense matrix product (double), for a
 * step of a plain loop (a few operations on memory that comes in order), and for a visit to memory
 * out of order. */
#define LAC_COST_FLOP 5e-11
#define LAC_COST_STEP 1e-9
#define LAC_COST_JUMP 5e-9

/** lac_workload_holes, _seen: how many cells are missing, observed. */
static inline double
lac_workload_holes(const LacWorkload *work)
{
    return (double)work->rows * (double)work->cols * work->missing;
}

static inline double
lac_workload_seen(const LacWorkload *work)
{
    return (double)work->rows * (double)work->cols * (1.0 - work->missing);
}

G_END_DECLS

#endif
