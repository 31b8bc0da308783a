/* The loops of element-wise operators and of sums: broadcasting, blocks, threads. An operator
 * brings a kernel that works on contiguous values and knows nothing of shapes. */
#ifndef LACUNA_MAP_PRIVATE_H
#define LACUNA_MAP_PRIVATE_H

#include "tape-private.h"
#include <lacuna/parallel.h>

G_BEGIN_DECLS

enum {
    NN_OPERANDS = 3,
    NN_GRAIN = 1 << 15, /* values a block of a parallel loop holds; less stays in one thread */
};

/**
 * NnKernel: y[i] = f(in[0][i], in[1][i] ...), or y[i] += that, for i below @n.
 * @in: the operands, each contiguous; none overlaps @y
 * @p: constants of the operator
 */
typedef void (*NnKernel)(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y,
                         gboolean add);

/** NN_EACH: the loop of a kernel around an expression in i. */
#define NN_EACH(expression)                                                                        \
    do {                                                                                           \
        if (add) {                                                                                 \
            _Pragma("omp simd") for (size_t i = 0; i < n; i++) y[i] += (expression);               \
        } else {                                                                                   \
            _Pragma("omp simd") for (size_t i = 0; i < n; i++) y[i] = (expression);                \
        }                                                                                          \
    } while (0)

typedef struct {
    unsigned dims;
    size_t n[LAC_DIMS];
} NnShape;

static inline NnShape
nn_shape(const LacTensor *x)
{
    NnShape shape = {.dims = x->dims};

    for (unsigned d = 0; d < x->dims; d++)
        shape.n[d] = x->shape[d];
    return shape;
}

static inline size_t
nn_shape_size(const NnShape *shape)
{
    size_t size = 1;

    for (unsigned d = 0; d < shape->dims; d++)
        size *= shape->n[d];
    return size;
}

gboolean nn_shape_equal(const NnShape *a, const NnShape *b);
/** nn_shape_broadcast: the shape both stretch to, aligned at the right; FALSE when there is none.
 */
gboolean nn_shape_broadcast(const NnShape *a, const NnShape *b, NnShape *out);

/** NnOperand: @v under @shape, which stretches to that of the result. */
typedef struct {
    const LacReal *v;
    NnShape shape;
} NnOperand;

static inline NnOperand
nn_operand(const LacTensor *x)
{
    return (NnOperand){x->v, nn_shape(x)};
}

/** nn_for: lac_parallel_for(), but what is one block only stays in the calling thread at no cost.
 */
void nn_for(size_t n, size_t grain, LacLoopBody body, void *user);
/** nn_map: @kernel over all values of @shape. */
void nn_map(NnKernel kernel, const LacReal *p, unsigned operands, const NnOperand *in,
            const NnShape *shape, LacReal *y, gboolean add);
/** nn_copy, nn_product: the kernels y = in[0] and y = in[0] in[1]. */
void nn_copy(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add);
void nn_product(size_t n, const LacReal *const *in, const LacReal *p, LacReal *y, gboolean add);
/**
 * nn_reduce: the adjoint of stretching: y = scale times the sums of @x over what @kept, its
 * shape with some lengths 1 or missing, stretches along. Accumulated in double, in blocks that do
 * not depend on the number of threads. FALSE: no memory, the tape's error is set.
 */
gboolean nn_reduce(LacTape *tape, const NnOperand *x, const NnShape *kept, double scale, LacReal *y,
                   gboolean add);
/** nn_add_gradient: a gradient of @y's shape, given by @kernel of @in, added to that of its input
 * @k whatever that one's shape. */
void nn_add_gradient(const LacTensor *y, unsigned k, NnKernel kernel, const LacReal *p,
                     unsigned operands, const NnOperand *in);
/** nn_sum: of @n values, in double. */
double nn_sum(size_t n, const LacReal *v);
/** nn_scratch: memory for one use inside an operator; nn_scratch_end() lets the next reuse it. */
LacReal *nn_scratch(LacTape *tape, size_t size);
void nn_scratch_end(LacTape *tape, LacReal *v, size_t size);

G_END_DECLS

#endif
