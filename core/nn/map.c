/* Element-wise loops with broadcasting, see map-private.h. */
#include "map-private.h"
#include "parallel-private.h"

#include <string.h>

/* ---- shapes ---- */

gboolean
nn_shape_equal(const NnShape *a, const NnShape *b)
{
    return a->dims == b->dims && memcmp(a->n, b->n, a->dims * sizeof *a->n) == 0;
}

/* Length @d of @shape when it is aligned at the right of @dims dimensions. */
static inline size_t
aligned_length(const NnShape *shape, unsigned dims, unsigned d)
{
    return d + shape->dims < dims ? 1 : shape->n[d + shape->dims - dims];
}

gboolean
nn_shape_broadcast(const NnShape *a, const NnShape *b, NnShape *out)
{
    NnShape shape = {.dims = MAX(a->dims, b->dims)};

    for (unsigned d = 0; d < shape.dims; d++) {
        const size_t na = aligned_length(a, shape.dims, d), nb = aligned_length(b, shape.dims, d);

        if (na != nb && na != 1 && nb != 1)
            return FALSE;
        shape.n[d] = na == 1 ? nb : na;
    }
    *out = shape;
    return TRUE;
}

/* ---- the plan: as few nested loops as the operands' strides allow ---- */

typedef struct {
    unsigned dims; /* >= 1 */
    size_t n[LAC_DIMS];
    size_t stride[NN_OPERANDS][LAC_DIMS]; /* in values; 0 where an operand stretches */
} MapPlan;

/* Whether the loops over dimension d of the shape and over the first of the plan are one. */
static gboolean
plan_merges(const MapPlan *plan, unsigned operands, unsigned first, const size_t *stride)
{
    for (unsigned k = 0; k < operands; k++) {
        if (stride[k] != plan->stride[k][first] * plan->n[first])
            return FALSE;
    }
    return TRUE;
}

static MapPlan
plan_make(unsigned operands, const NnOperand *in, const NnShape *shape)
{
    MapPlan plan = {0};
    size_t next[NN_OPERANDS] = {1, 1, 1}, stride[NN_OPERANDS];
    unsigned first = LAC_DIMS; /* filled from the right */

    for (unsigned d = shape->dims; d-- > 0;) {
        if (shape->n[d] == 1)
            continue;
        for (unsigned k = 0; k < operands; k++) {
            const size_t length = aligned_length(&in[k].shape, shape->dims, d);

            stride[k] = length == 1 ? 0 : next[k];
            next[k] *= length;
        }
        if (first < LAC_DIMS && plan_merges(&plan, operands, first, stride)) {
            plan.n[first] *= shape->n[d];
            continue;
        }
        plan.n[--first] = shape->n[d];
        for (unsigned k = 0; k < operands; k++)
            plan.stride[k][first] = stride[k];
    }
    if (first == LAC_DIMS)
        plan.n[--first] = 1;
    plan.dims = LAC_DIMS - first;
    memmove(plan.n, plan.n + first, plan.dims * sizeof *plan.n);
    for (unsigned k = 0; k < operands; k++)
        memmove(plan.stride[k], plan.stride[k] + first, plan.dims * sizeof *plan.n);
    return plan;
}

/* ---- the loops ---- */

enum { PART = 512 }; /* values of a stretched operand written out at once; they stay in L1 */

typedef struct {
    MapPlan plan;
    NnKernel kernel;
    const LacReal *p;
    unsigned operands;
    const LacReal *v[NN_OPERANDS];
    LacReal *y;
    gboolean add;
} Map;

/* One innermost loop: @n values from @at on. An operand that stretches along it is written out, so
 * that the kernel meets contiguous values only. */
static void
map_row(const Map *map, const LacReal *const *at, const gboolean *stretched, size_t n, LacReal *y)
{
    LacReal same[NN_OPERANDS][PART];
    const LacReal *in[NN_OPERANDS];
    const size_t part = MIN(n, PART);
    gboolean any = FALSE;

    for (unsigned k = 0; k < map->operands; k++) {
        in[k] = stretched[k] ? same[k] : at[k];
        any = any || stretched[k];
        for (size_t i = 0; stretched[k] && i < part; i++)
            same[k][i] = *at[k];
    }
    if (!any) {
        map->kernel(n, in, map->p, y, map->add);
        return;
    }
    for (size_t done = 0; done < n; done += PART) {
        map->kernel(MIN(n - done, PART), in, map->p, y + done, map->add);
        for (unsigned k = 0; k < map->operands; k++)
            in[k] += stretched[k] ? 0 : PART;
    }
}

static void
map_one_loop(size_t begin, size_t end, unsigned worker, void *user)
{
    const Map *map = user;
    const LacReal *at[NN_OPERANDS];
    gboolean stretched[NN_OPERANDS];

    for (unsigned k = 0; k < map->operands; k++) {
        stretched[k] = map->plan.stride[k][0] == 0 && map->plan.n[0] > 1;
        at[k] = map->v[k] + begin * map->plan.stride[k][0];
    }
    map_row(map, at, stretched, end - begin, map->y + begin);
}

static void
map_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const Map *map = user;
    const MapPlan *plan = &map->plan;
    const unsigned last = plan->dims - 1;
    const LacReal *at[NN_OPERANDS];
    gboolean stretched[NN_OPERANDS];

    for (unsigned k = 0; k < map->operands; k++)
        stretched[k] = plan->stride[k][last] == 0;
    for (size_t row = begin; row < end; row++) {
        for (unsigned k = 0; k < map->operands; k++)
            at[k] = map->v[k];
        for (size_t rest = row, d = last; d-- > 0; rest /= plan->n[d]) {
            for (unsigned k = 0; k < map->operands; k++)
                at[k] += rest % plan->n[d] * plan->stride[k][d];
        }
        map_row(map, at, stretched, plan->n[last], map->y + row * plan->n[last]);
    }
}

/* of NN_GRAIN values, about what a block holds */
#define BLOCK_SECONDS 3e-5

void
nn_for(size_t n, size_t grain, LacLoopBody body, void *user)
{
    if (n <= grain)
        body(0, n, 0, user);
    else
        lac_parallel_for_short(BLOCK_SECONDS * (double)(n / grain), n, grain, body, user);
}

void
nn_map(NnKernel kernel, const LacReal *p, unsigned operands, const NnOperand *in,
       const NnShape *shape, LacReal *y, gboolean add)
{
    Map map = {.kernel = kernel, .p = p, .operands = operands, .y = y, .add = add};
    size_t rows = 1;

    map.plan = plan_make(operands, in, shape);
    for (unsigned k = 0; k < operands; k++)
        map.v[k] = in[k].v;
    if (map.plan.dims == 1) {
        nn_for(map.plan.n[0], NN_GRAIN, map_one_loop, &map);
        return;
    }
    for (unsigned d = 0; d + 1 < map.plan.dims; d++)
        rows *= map.plan.n[d];
    nn_for(rows, MAX(1, NN_GRAIN / map.plan.n[map.plan.dims - 1]), map_rows, &map);
}

LAC_CLONES void
nn_copy(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *x = in[0];

    NN_EACH(x[i]);
}

LAC_CLONES void
nn_product(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add)
{
    const LacReal *a = in[0], *b = in[1];

    NN_EACH(a[i] * b[i]);
}

/* ---- gradients ---- */

void
nn_add_gradient(const LacTensor *y, unsigned k, NnKernel kernel, const LacReal *p,
                unsigned operands, const NnOperand *in)
{
    LacTensor *x = y->in[k];
    const NnShape from = nn_shape(y), to = nn_shape(x);
    const gboolean add = !lac_tensor_first(x);
    NnOperand full = {.shape = from};
    LacReal *scratch;

    if (x->size == y->size) {
        nn_map(kernel, p, operands, in, &from, x->grad, add);
        return;
    }
    if (kernel == nn_copy) {
        nn_reduce(y->tape, &in[0], &to, 1, x->grad, add);
        return;
    }
    scratch = nn_scratch(y->tape, y->size);
    if (scratch == NULL)
        return;
    nn_map(kernel, p, operands, in, &from, scratch, FALSE);
    full.v = scratch;
    nn_reduce(y->tape, &full, &to, 1, x->grad, add);
    nn_scratch_end(y->tape, scratch, y->size);
}
