/* Walking the tape backwards: by numbers into the gradients of leaves and variables, or by
 * operators that are themselves recorded. */
#include "map-private.h"
#include <lacuna/ops.h>

#include <math.h>
#include <string.h>

/* ---- gradient buffers ---- */

/* A buffer for @size values: one that backward is done with where there is one of that size, it is
 * still in the cache; else new memory. */
static LacReal *
gradient_buffer(LacTape *tape, size_t size)
{
    for (unsigned k = tape->n_spares; k-- > 0;) {
        if (tape->spares[k].size == size) {
            LacReal *v = tape->spares[k].v;

            tape->spares[k] = tape->spares[--tape->n_spares];
            return v;
        }
    }
    return lac_tape_alloc(tape, size * sizeof(LacReal));
}

static void
gradient_give_back(LacTape *tape, LacReal *v, size_t size)
{
    if (tape->n_spares < NN_SPARES)
        tape->spares[tape->n_spares++] = (NnSpare){v, size};
}

LacReal *
nn_scratch(LacTape *tape, size_t size)
{
    return gradient_buffer(tape, size);
}

void
nn_scratch_end(LacTape *tape, LacReal *v, size_t size)
{
    gradient_give_back(tape, v, size);
}

/* Gives each input of @y that wants one a gradient buffer. FALSE: no memory. */
static gboolean
gradient_prepare(LacTensor *y)
{
    for (unsigned k = 0; k < y->inputs; k++) {
        LacTensor *x = y->in[k];

        if (!x->wants_grad)
            continue;
        if (x->grad == NULL) {
            x->grad = gradient_buffer(y->tape, x->size);
            nn_node(x)->fresh = TRUE;
        }
        if (x->grad == NULL)
            return FALSE;
        if (!y->op->assigns && lac_tensor_first(x))
            memset(x->grad, 0, x->size * sizeof *x->grad);
    }
    return TRUE;
}

gboolean
lac_tensor_first(LacTensor *x)
{
    NnNode *node = nn_node(x);
    const gboolean first = node->fresh;

    node->fresh = node->sloped = FALSE;
    return first;
}

gboolean
nn_slope_ahead(LacTensor *x)
{
    nn_node(x)->sloped = nn_node(x)->rectifies;
    return nn_node(x)->rectifies;
}

gboolean
nn_take_gradient(LacTensor *x)
{
    NnNode *node = nn_node(x), *current = x->tape->current;
    LacReal *spare = x->grad;

    g_assert(current->base.size == x->size);
    node->sloped = FALSE;
    if (!node->fresh)
        return FALSE;
    node->fresh = FALSE;
    x->grad = current->base.grad;
    current->base.grad = spare;
    return TRUE;
}

gboolean
lac_tensor_wants(const LacTensor *y, unsigned k)
{
    const NnNode *input = (const NnNode *)y->in[k];

    return y->tape->walking ? input->path : input->base.wants_grad;
}

/* ---- by numbers ---- */

static gboolean
gradient_check_numerics(const LacTensor *y)
{
    for (unsigned k = 0; k < y->inputs; k++) {
        const LacTensor *x = y->in[k];

        if (x->wants_grad && !nn_all_finite(x->size, x->grad)) {
            lac_tape_fail(y->tape, LAC_ERROR_NUMERIC,
                          "%s: the gradient by its input %u, %s, is not finite", y->op->name, k + 1,
                          lac_tensor_shape_text(x));
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean
gradient_step(LacTape *tape, NnNode *node)
{
    LacTensor *y = &node->base;

    if (y->grad == NULL) /* nothing that the loss depends on */
        return TRUE;
    if (!nn_tape_goes_on(tape) || !gradient_prepare(y))
        return FALSE;
    tape->current = node;
    y->op->backward(y);
    node->sloped = FALSE;
    gradient_give_back(tape, y->grad, y->size);
    y->grad = NULL;
    return !tape->check || gradient_check_numerics(y);
}

gboolean
lac_tape_backward(LacTape *tape, LacTensor *loss, GError **error)
{
    if (!lac_tape_check(tape, error))
        return FALSE;
    g_assert(loss != NULL && loss->tape == tape);
    if (loss->size != 1)
        return lac_fail(error, LAC_ERROR_SHAPE,
                        "backward: the loss has shape %s, expected one value; take a sum or mean",
                        lac_tensor_shape_text(loss));
    if (!loss->wants_grad || loss->op == NULL)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "backward: no parameter or variable is behind the loss");
    loss->grad = gradient_buffer(tape, 1);
    if (loss->grad == NULL)
        return lac_tape_check(tape, error);
    loss->grad[0] = 1;
    for (size_t k = nn_node(loss)->number + 1; k-- > 0;) {
        if (!gradient_step(tape, tape->nodes[k]))
            return lac_tape_check(tape, error);
    }
    return lac_tape_check(tape, error); /* an operator may have failed in its backward */
}

/* ---- by operators ---- */

/* Marks the tensors on the way from @x to @y: the results after @x that read a marked one. */
static void
gradient_mark(LacTape *tape, LacTensor *x, LacTensor *y)
{
    const size_t begin = x->op != NULL ? nn_node(x)->number + 1 : 0;

    nn_node(x)->path = TRUE;
    for (size_t k = begin; k <= nn_node(y)->number; k++) {
        NnNode *node = tape->nodes[k];

        for (unsigned i = 0; i < node->base.inputs; i++)
            node->path = node->path || nn_node(node->base.in[i])->path;
    }
}

static void
gradient_unmark(LacTape *tape, LacTensor *x, size_t end)
{
    nn_node(x)->path = FALSE;
    nn_node(x)->adjoint = NULL;
    for (size_t k = 0; k < end; k++) {
        tape->nodes[k]->path = FALSE;
        tape->nodes[k]->adjoint = NULL;
    }
}

/* Passes the adjoint of @node on to its inputs. */
static gboolean
gradient_record(LacTape *tape, NnNode *node)
{
    LacTensor *y = &node->base, *gx[LAC_OP_INPUTS] = {NULL};

    if (y->op->record == NULL) {
        lac_tape_fail(tape, LAC_ERROR_PARAM,
                      "gradient: operator '%s' (%s) can be differentiated once only", y->op->name,
                      y->op->formula);
        return FALSE;
    }
    y->op->record(y, node->adjoint, gx);
    for (unsigned k = 0; k < y->inputs; k++) {
        NnNode *input = nn_node(y->in[k]);

        if (!input->path || gx[k] == NULL)
            continue;
        input->adjoint = input->adjoint != NULL ? lac_nn_add(input->adjoint, gx[k]) : gx[k];
    }
    return tape->error == NULL;
}

LacTensor *
lac_tape_gradient(LacTape *tape, LacTensor *y, LacTensor *x)
{
    LacTensor *gradient = NULL;
    gboolean going;

    if (y == NULL || x == NULL || tape->error != NULL)
        return NULL;
    g_assert(y->tape == tape && x->tape == tape && !tape->walking);
    if (y == x)
        return lac_tape_fill(tape, 1, x->dims, x->shape);
    if (!x->wants_grad || !y->wants_grad || y->op == NULL)
        return lac_tape_fail(tape, LAC_ERROR_PARAM,
                             "gradient: %s is recorded as no function of a variable %s",
                             lac_tensor_shape_text(y), lac_tensor_shape_text(x));

    const size_t end = nn_node(y)->number + 1, begin = x->op != NULL ? nn_node(x)->number + 1 : 0;

    gradient_mark(tape, x, y);
    tape->walking = TRUE;
    nn_node(y)->adjoint = lac_tape_fill(tape, 1, y->dims, y->shape);
    going = nn_node(y)->adjoint != NULL;
    for (size_t k = end; going && k-- > begin;) {
        if (tape->nodes[k]->path && tape->nodes[k]->adjoint != NULL)
            going = gradient_record(tape, tape->nodes[k]);
    }
    tape->walking = FALSE;
    if (going)
        gradient = nn_node(x)->adjoint;
    gradient_unmark(tape, x, end);
    if (going && gradient == NULL)
        gradient = lac_tape_fill(tape, 0, x->dims, x->shape);
    return gradient;
}
