/* Sums over some dimensions, see map-private.h. */
#include "map-private.h"

/* Any set of dimensions to sum over, neighbours of one kind merged, is four nested loops
 *   kept[0] x summed[0] x kept[1] x summed[1] x kept[2]
 * with lengths of 1 where there is no such loop. */
typedef struct {
    size_t kept[3], summed[2];
} ReducePlan;

static ReducePlan
reduce_plan(const NnShape *full, const NnShape *small)
{
    ReducePlan plan = {{1, 1, 1}, {1, 1}};
    unsigned kept = 2, summed = 2; /* filled from the right; summed[s] lies left of kept[s + 1] */
    gboolean last_kept = TRUE;

    for (unsigned d = full->dims; d-- > 0;) {
        const unsigned missing = full->dims - small->dims;
        const gboolean is_kept = d >= missing && small->n[d - missing] != 1;

        if (full->n[d] == 1)
            continue;
        if (is_kept) {
            if (!last_kept)
                kept--;
            plan.kept[kept] *= full->n[d];
        } else {
            if (last_kept)
                summed--;
            plan.summed[summed] *= full->n[d];
        }
        last_kept = is_kept;
    }
    return plan;
}

LAC_CLONES double
nn_sum(size_t n, const LacReal *v)
{
    double sum = 0;

#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += (double)v[i];
    return sum;
}

LAC_CLONES static void
reduce_add_row(size_t n, const LacReal *v, double *sums)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        sums[i] += (double)v[i];
}

LAC_CLONES static void
reduce_store(size_t n, const double *sums, double scale, LacReal *y, gboolean add)
{
    for (size_t i = 0; i < n; i++)
        y[i] = (LacReal)((add ? (double)y[i] : 0.0) + scale * sums[i]);
}

typedef struct {
    ReducePlan plan;
    const LacReal *x;
    double *sums; /* [blocks of the outer sum][size] */
    size_t size;  /* values that are kept */
} Reduce;

/* Adds the inner summed loop over kept[2] values, from @x on, to @sums [kept[2]]. */
static inline void
reduce_run(const ReducePlan *plan, const LacReal *x, double *sums)
{
    if (plan->kept[2] == 1) {
        sums[0] += nn_sum(plan->summed[1], x);
        return;
    }
    for (size_t t = 0; t < plan->summed[1]; t++)
        reduce_add_row(plan->kept[2], x + t * plan->kept[2], sums);
}

/* Adds terms [begin, end) of the outer summed loop to @sums [kept[1]][kept[2]], at index @k0 of the
 * outermost kept one. */
static void
reduce_slab(const Reduce *job, size_t k0, size_t begin, size_t end, double *sums)
{
    const ReducePlan *plan = &job->plan;
    const size_t run = plan->summed[1] * plan->kept[2];

    if (plan->kept[1] * run == 1) {
        sums[0] += nn_sum(end - begin, job->x + k0 * plan->summed[0] + begin);
        return;
    }
    for (size_t s = begin; s < end; s++) {
        const LacReal *x = job->x + (k0 * plan->summed[0] + s) * plan->kept[1] * run;

        for (size_t k1 = 0; k1 < plan->kept[1]; k1++)
            reduce_run(plan, x + k1 * run, sums + k1 * plan->kept[2]);
    }
}

/* A block of the outermost kept loop: each index has sums of its own. */
static void
reduce_kept(size_t begin, size_t end, unsigned worker, void *user)
{
    const Reduce *job = user;
    const size_t inner = job->plan.kept[1] * job->plan.kept[2];

    for (size_t k0 = begin; k0 < end; k0++)
        reduce_slab(job, k0, 0, job->plan.summed[0], job->sums + k0 * inner);
}

typedef struct {
    const Reduce *job;
    size_t grain;
} ReduceSplit;

/* A block of the outer summed loop, kept[0] == 1: partial sums of its own. */
static void
reduce_summed(size_t begin, size_t end, unsigned worker, void *user)
{
    const ReduceSplit *split = user;

    reduce_slab(split->job, 0, begin, end,
                split->job->sums + begin / split->grain * split->job->size);
}

enum { MOST_BLOCKS = 16 };

/* The outermost loop of the plan becomes kept[0] or summed[0], so that it can be split. */
static void
reduce_normalise(ReducePlan *plan)
{
    if (plan->kept[0] > 1 || plan->summed[0] > 1)
        return;
    if (plan->kept[1] > 1) {
        plan->kept[0] = plan->kept[1];
        plan->kept[1] = 1;
        return;
    }
    plan->summed[0] = plan->summed[1];
    plan->summed[1] = 1;
}

gboolean
nn_reduce(LacTape *tape, const NnOperand *x, const NnShape *kept, double scale, LacReal *y,
          gboolean add)
{
    Reduce job = {.plan = reduce_plan(&x->shape, kept), .x = x->v};
    ReduceSplit split = {.job = &job};
    const size_t all = nn_shape_size(&x->shape);
    size_t blocks = 1, outer;

    job.size = nn_shape_size(kept);
    reduce_normalise(&job.plan);
    outer = job.plan.summed[0];
    split.grain = outer;
    if (job.plan.kept[0] == 1) {
        blocks = CLAMP(all / MAX(NN_GRAIN, 4 * job.size), 1, MIN(outer, MOST_BLOCKS));
        split.grain = (outer + blocks - 1) / blocks;
        blocks = (outer + split.grain - 1) / split.grain;
    }
    job.sums = nn_alloc_cleared(tape, blocks * job.size * sizeof *job.sums);
    if (job.sums == NULL)
        return FALSE;
    if (job.plan.kept[0] > 1)
        nn_for(job.plan.kept[0], MAX(1, NN_GRAIN / (all / job.plan.kept[0])), reduce_kept, &job);
    else
        nn_for(outer, split.grain, reduce_summed, &split);
    for (size_t b = 1; b < blocks; b++)
        for (size_t k = 0; k < job.size; k++)
            job.sums[k] += job.sums[b * job.size + k];
    reduce_store(job.size, job.sums, scale, y, add);
    return TRUE;
}
