/* Tensors and the tape: reverse-mode differentiation, recorded anew for each step in an arena. */
#ifndef LACUNA_TENSOR_H
#define LACUNA_TENSOR_H

#include <lacuna/context.h>
#include <lacuna/error.h>
#include <lacuna/rng.h>

G_BEGIN_DECLS

/** LacReal: what tensors hold. The tests compile the operators a second time with double, to hold
 * analytic gradients against differences; everything else computes in float. */
#ifdef LAC_NN_DOUBLE
typedef double LacReal;
#else
typedef float LacReal;
#endif

typedef struct LacTape LacTape;
typedef struct LacTensor LacTensor;
typedef struct LacOp LacOp;

/** LAC_OP_INPUTS: the most tensors one operator reads. */
#define LAC_OP_INPUTS 8

/**
 * LacTensor: a node of a tape, lent by it until the tape is reset. Row-major without gaps.
 * @dims: 0 (a scalar) .. LAC_DIMS; @shape: [dims]; @size: their product
 * @v: [size] values. Only the maker of an input may write them, before anything reads it
 * @grad: [size] gradient of the loss. After lac_tape_backward() variables and leaves hold theirs;
 *   the memory of what lies between has been used again
 * @wants_grad: TRUE when a parameter or a lac_tape_variable() is behind it
 * @op: what made it, NULL for inputs, constants and parameters; @in: [inputs] what it read
 * @saved: what forward keeps for backward, arena memory of the operator
 */
struct LacTensor {
    unsigned dims;
    size_t shape[LAC_DIMS];
    size_t size;
    LacReal *v, *grad;
    gboolean wants_grad;
    LacTape *tape;
    const LacOp *op;
    unsigned inputs;
    LacTensor *in[LAC_OP_INPUTS];
    void *saved;
};

/**
 * LacOp: an operator: formula, forward and backward in one place.
 * @name: as error messages say it ("linear")
 * @formula: one line of mathematics, shown by error messages and the reference
 * @backward: adds to in[k]->grad of each input with wants_grad, from y->grad; called once
 * @record: the same with tape operators, for gradients of gradients: puts d loss / d in[k] into
 *   gx[k] where lac_tensor_wants(y, k), from gy, a tensor of y's shape. NULL: first order only
 * @assigns: @backward asks lac_tensor_first() before it writes a gradient and, when that says
 *   so, assigns instead of adding. FALSE: gradients come zeroed, which costs a pass
 */
struct LacOp {
    const char *name;
    const char *formula;
    void (*backward)(const LacTensor *y);
    void (*record)(LacTensor *y, LacTensor *gy, LacTensor **gx);
    gboolean assigns;
};

/** LacPrecision: of matrix products and convolutions; everything else stays float. */
typedef enum { LAC_PRECISION_FLOAT32, LAC_PRECISION_BFLOAT16 } LacPrecision;

/* ---- the tape ---- */

/** lac_tape_new: an empty tape that records. One tape belongs to one thread. */
LAC_API LacTape *lac_tape_new(void);
LAC_API void lac_tape_free(LacTape *tape);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacTape, lac_tape_free)

/** lac_tape_reset: forgets all tensors; the memory is kept, so that a step like the last one
 * allocates nothing. Ends every pointer the tape lent. */
LAC_API void lac_tape_reset(LacTape *tape);

/** lac_tape_set_recording: FALSE: values only, nothing is kept for backward. TRUE at first. */
LAC_API void lac_tape_set_recording(LacTape *tape, gboolean recording);
/** lac_tape_set_training: TRUE: dropout drops, batch norm uses the batch. TRUE at first;
 * lac_tape_is_training() tells. */
LAC_API void lac_tape_set_training(LacTape *tape, gboolean training);
LAC_API gboolean lac_tape_is_training(const LacTape *tape);
/** lac_tape_set_precision: falls back to float32 where the processor has no bfloat16 products
 * that are faster; lac_tape_precision() tells what is used. */
LAC_API void lac_tape_set_precision(LacTape *tape, LacPrecision precision);
LAC_API LacPrecision lac_tape_precision(const LacTape *tape);
/** lac_tape_set_rng: the stream dropout masks are drawn from; call after each reset. */
LAC_API void lac_tape_set_rng(LacTape *tape, const LacRng *rng);
/** lac_tape_rng: an independent stream for the next operator that draws. */
LAC_API LacRng lac_tape_rng(LacTape *tape);
/** lac_tape_set_check_numerics: after each operator look for NaN and Inf; the first one is an
 * error that names the operator, its number on the tape and its shapes. Slow; off at first. */
LAC_API void lac_tape_set_check_numerics(LacTape *tape, gboolean check);
/** lac_tape_set_context: @context, which outlives the tape's use, is asked before each operator,
 * forwards and backwards, whether the work should stop; then the tape fails with
 * LAC_ERROR_CANCELLED. So a long step is left in the middle. NULL, as at first: nobody is asked. */
LAC_API void lac_tape_set_context(LacTape *tape, const LacContext *context);

/**
 * lac_tape_check:
 *
 * Operators on tensors that do not fit return NULL, and so does every operator on NULL: write the
 * whole step, then check once (lac_tape_backward() checks too).
 * Returns: FALSE with the tape's first error (LAC_ERROR_SHAPE, LAC_ERROR_NUMERIC, or no memory)
 *   since the last reset.
 */
LAC_API gboolean lac_tape_check(const LacTape *tape, GError **error);
/** lac_tape_fail: sets the tape's error unless it has one; for operators. Returns: NULL. */
LAC_API LacTensor *
lac_tape_fail(LacTape *tape, int code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/** lac_tape_input: a constant that borrows @v [product of shape] until the reset. */
LAC_API LacTensor *
lac_tape_input(LacTape *tape, const LacReal *v, unsigned dims, const size_t *shape);
/** lac_tape_constant: a constant in arena memory, not initialised, for the caller to fill. */
LAC_API LacTensor *lac_tape_constant(LacTape *tape, unsigned dims, const size_t *shape);
/** lac_tape_variable: like lac_tape_constant(), but its gradient is wanted. */
LAC_API LacTensor *lac_tape_variable(LacTape *tape, unsigned dims, const size_t *shape);
/** lac_tape_fill: a constant full of @value. */
LAC_API LacTensor *lac_tape_fill(LacTape *tape, LacReal value, unsigned dims, const size_t *shape);
/** lac_tape_normal: a constant of standard normal values from @rng. */
LAC_API LacTensor *lac_tape_normal(LacTape *tape, LacRng *rng, unsigned dims, const size_t *shape);
/** lac_tape_leaf: a tensor over memory that outlives the tape: @v [size], and @grad [size] that
 * backward adds to (NULL: a constant). This is how parameters come to a tape. */
LAC_API LacTensor *
lac_tape_leaf(LacTape *tape, LacReal *v, LacReal *grad, unsigned dims, const size_t *shape);

/**
 * lac_tape_backward:
 * @loss: one value
 *
 * Adds d loss / d p to the gradient of every leaf and variable behind @loss. Once per reset.
 * Returns: FALSE with the tape's first error; gradients are then unspecified.
 */
LAC_API gboolean lac_tape_backward(LacTape *tape, LacTensor *loss, GError **error);
/**
 * lac_tape_gradient:
 * @x: a variable, a leaf, or anything between it and @y
 *
 * Returns: d sum(@y) / d @x, recorded, so that it can be part of a loss (the gradient penalty of
 * Gulrajani et al. 2017); NULL when an operator on the way has no `record`.
 */
LAC_API LacTensor *lac_tape_gradient(LacTape *tape, LacTensor *y, LacTensor *x);

/* ---- for authors of operators ---- */

/** lac_tensor_first: TRUE for the first that writes @x's gradient in this backward pass, who must
 * assign every value of it; asked once a writer. */
LAC_API gboolean lac_tensor_first(LacTensor *x);
/** lac_tensor_wants: whether the gradient by input @k of @y is asked for, in backward and record.
 */
LAC_API gboolean lac_tensor_wants(const LacTensor *y, unsigned k);
/** lac_tape_alloc: @bytes of arena memory, aligned to 64, not initialised; NULL sets the tape's
 * error with the size in MiB. */
LAC_API void *lac_tape_alloc(LacTape *tape, size_t bytes);
/**
 * lac_tape_result: the output of @op on @inputs tensors, values not yet computed. wants_grad when
 * the tape records and one of the inputs wants one. NULL when one of them is NULL.
 */
LAC_API LacTensor *lac_tape_result(const LacOp *op, unsigned inputs, LacTensor *const *in,
                                   unsigned dims, const size_t *shape);
/** lac_tape_done: the last call of an operator: numerics are checked here. Returns: @y. */
LAC_API LacTensor *lac_tape_done(LacTensor *y);
/** lac_tensor_shape_text: "[64 x 10]", for messages; in arena memory. */
LAC_API const char *lac_tensor_shape_text(const LacTensor *x);

G_END_DECLS

#endif
