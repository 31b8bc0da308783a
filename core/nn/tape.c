/* The tape: tensors made in the arena, operators recorded in the order they ran. Walking it
 * backwards is in gradient.c. */
#include "amx-private.h"
#include "shape-private.h"
#include <lacuna/parallel.h>

#include <math.h>
#include <stdarg.h>
#include <string.h>

LacTape *
lac_tape_new(void)
{
    LacTape *tape = g_new0(LacTape, 1);

    tape->recording = tape->training = TRUE;
    tape->rng = lac_rng_new(0);
    return tape;
}

void
lac_tape_free(LacTape *tape)
{
    if (tape == NULL)
        return;
    nn_arena_clear(&tape->arena);
    g_free(tape->nodes);
    g_clear_error(&tape->error);
    g_free(tape);
}

void
lac_tape_reset(LacTape *tape)
{
    nn_arena_reset(&tape->arena);
    tape->n_nodes = tape->results = 0;
    tape->n_spares = 0;
    tape->draws = 0;
    g_clear_error(&tape->error);
}

/* ---- settings ---- */

void
lac_tape_set_recording(LacTape *tape, gboolean recording)
{
    tape->recording = recording;
}

void
lac_tape_set_training(LacTape *tape, gboolean training)
{
    tape->training = training;
}

gboolean
lac_tape_is_training(const LacTape *tape)
{
    return tape->training;
}

void
lac_tape_set_rng(LacTape *tape, const LacRng *rng)
{
    tape->rng = *rng;
    tape->draws = 0;
}

LacRng
lac_tape_rng(LacTape *tape)
{
    return lac_rng_at(&tape->rng, tape->draws++);
}

void
lac_tape_set_check_numerics(LacTape *tape, gboolean check)
{
    tape->check = check;
}

void
lac_tape_set_precision(LacTape *tape, LacPrecision precision)
{
    tape->precision = nn_amx_found() ? precision : LAC_PRECISION_FLOAT32;
}

void
lac_tape_set_context(LacTape *tape, const LacContext *context)
{
    tape->context = context;
}

LacPrecision
lac_tape_precision(const LacTape *tape)
{
    return tape->precision;
}

/* ---- errors ---- */

gboolean
lac_tape_check(const LacTape *tape, GError **error)
{
    if (tape->error == NULL)
        return TRUE;
    g_propagate_error(error, g_error_copy(tape->error));
    return FALSE;
}

LacTensor *
lac_tape_fail(LacTape *tape, int code, const char *format, ...)
{
    va_list args;

    if (tape->error != NULL)
        return NULL;
    va_start(args, format);
    tape->error = g_error_new_valist(LAC_ERROR, code, format, args);
    va_end(args);
    return NULL;
}

const char *
nn_shape_text(LacTape *tape, const NnShape *shape)
{
    enum { LENGTH = 24 * LAC_DIMS };
    char *text = lac_tape_alloc(tape, LENGTH);
    size_t used = 1;

    if (text == NULL)
        return "[...]";
    g_strlcpy(text, "[", LENGTH);
    for (unsigned d = 0; d < shape->dims; d++)
        used +=
            (size_t)g_snprintf(text + used, LENGTH - used, d == 0 ? "%zu" : " x %zu", shape->n[d]);
    g_strlcpy(text + used, "]", LENGTH - used);
    return text;
}

const char *
lac_tensor_shape_text(const LacTensor *x)
{
    const NnShape shape = nn_shape(x);

    return nn_shape_text(x->tape, &shape);
}

/* ---- memory ---- */

void *
lac_tape_alloc(LacTape *tape, size_t bytes)
{
    void *block = nn_arena_alloc(&tape->arena, bytes);

    if (block == NULL)
        lac_tape_fail(tape, LAC_ERROR_SHAPE,
                      "tape: there is no memory for another %.1f MiB; a smaller batch or fewer "
                      "samples need less",
                      (double)bytes / 0x1p20);
    return block;
}

void *
nn_alloc_cleared(LacTape *tape, size_t bytes)
{
    void *block = lac_tape_alloc(tape, bytes);

    return block != NULL ? memset(block, 0, bytes) : NULL;
}

/* A tensor without values. NULL sets the tape's error. */
static LacTensor *
tape_tensor(LacTape *tape, unsigned dims, const size_t *shape)
{
    NnNode *node;
    size_t size = 1;

    g_assert(dims <= LAC_DIMS);
    for (unsigned d = 0; d < dims; d++) {
        if (shape[d] == 0)
            return lac_tape_fail(tape, LAC_ERROR_SHAPE,
                                 "tape: dimension %u of a tensor has length 0, expected 1 or more",
                                 d);
        if (!g_size_checked_mul(&size, size, shape[d]) || size > G_MAXSSIZE / sizeof(LacReal))
            return lac_tape_fail(tape, LAC_ERROR_SHAPE,
                                 "tape: a tensor of such lengths does not fit in memory");
    }
    node = nn_alloc_cleared(tape, sizeof *node);
    if (node == NULL)
        return NULL;
    node->base.dims = dims;
    node->base.size = size;
    node->base.tape = tape;
    if (dims > 0)
        memcpy(node->base.shape, shape, dims * sizeof *shape);
    return &node->base;
}

static LacTensor *
tape_tensor_with_values(LacTape *tape, unsigned dims, const size_t *shape)
{
    LacTensor *x = tape_tensor(tape, dims, shape);

    if (x != NULL)
        x->v = lac_tape_alloc(tape, x->size * sizeof *x->v);
    return x != NULL && x->v != NULL ? x : NULL;
}

/* ---- inputs ---- */

LacTensor *
lac_tape_leaf(LacTape *tape, LacReal *v, LacReal *grad, unsigned dims, const size_t *shape)
{
    LacTensor *x = tape_tensor(tape, dims, shape);

    if (x == NULL)
        return NULL;
    x->v = v;
    x->grad = grad;
    x->wants_grad = grad != NULL;
    nn_node(x)->kept = TRUE;
    return x;
}

LacTensor *
lac_tape_input(LacTape *tape, const LacReal *v, unsigned dims, const size_t *shape)
{
    LacTensor *x = tape_tensor(tape, dims, shape);

    if (x != NULL)
        x->v = (LacReal *)v; /* tensors without @op are read only */
    return x;
}

LacTensor *
lac_tape_constant(LacTape *tape, unsigned dims, const size_t *shape)
{
    return tape_tensor_with_values(tape, dims, shape);
}

LacTensor *
lac_tape_variable(LacTape *tape, unsigned dims, const size_t *shape)
{
    LacTensor *x = tape_tensor_with_values(tape, dims, shape);

    if (x == NULL)
        return NULL;
    x->grad = lac_tape_alloc(tape, x->size * sizeof *x->grad);
    if (x->grad == NULL)
        return NULL;
    memset(x->grad, 0, x->size * sizeof *x->grad);
    x->wants_grad = TRUE;
    nn_node(x)->kept = TRUE;
    return x;
}

LacTensor *
lac_tape_fill(LacTape *tape, LacReal value, unsigned dims, const size_t *shape)
{
    LacTensor *x = tape_tensor_with_values(tape, dims, shape);

    for (size_t k = 0; x != NULL && k < x->size; k++)
        x->v[k] = value;
    return x;
}

/** NormalFill: a job of normal_parts(). */
typedef struct {
    LacRng rng; /* where the sequence begins */
    LacReal *out;
} NormalFill;

static void
normal_parts(size_t begin, size_t end, unsigned worker, void *user)
{
    enum { PART = 1024 };
    const NormalFill *fill = user;
    LacRng rng = fill->rng;
    double part[PART];

    (void)worker;
    lac_rng_skip(&rng, begin);
    for (size_t done = begin; done < end; done += PART) {
        const size_t n = MIN(end - done, PART);

        lac_rng_fill_normal(&rng, n, part);
        for (size_t k = 0; k < n; k++)
            fill->out[done + k] = (LacReal)part[k];
    }
}

LacTensor *
lac_tape_normal(LacTape *tape, LacRng *rng, unsigned dims, const size_t *shape)
{
    enum { GRAIN = 8192 };
    LacTensor *x = tape_tensor_with_values(tape, dims, shape);

    if (x == NULL)
        return NULL;
    lac_parallel_for(x->size, GRAIN, normal_parts, &(NormalFill){*rng, x->v});
    lac_rng_skip(rng, x->size);
    return x;
}

/* ---- results of operators ---- */

static void
tape_keep(LacTape *tape, NnNode *node)
{
    if (tape->n_nodes == tape->room) {
        tape->room = MAX(64, 2 * tape->room);
        tape->nodes = g_renew(NnNode *, tape->nodes, tape->room);
    }
    node->number = tape->n_nodes;
    tape->nodes[tape->n_nodes++] = node;
}

/* @y as the result of @op; recorded when something behind it wants a gradient. */
static LacTensor *
tape_attach(const LacOp *op, unsigned inputs, LacTensor *const *in, LacTensor *y)
{
    LacTape *tape = y->tape;

    y->op = op;
    y->inputs = inputs;
    for (unsigned k = 0; k < inputs; k++) {
        g_assert(in[k]->tape == tape);
        y->in[k] = in[k];
        y->wants_grad = y->wants_grad || in[k]->wants_grad;
    }
    y->wants_grad = y->wants_grad && tape->recording;
    tape->results++;
    if (y->wants_grad)
        tape_keep(tape, nn_node(y));
    return y;
}

gboolean
nn_tape_goes_on(LacTape *tape)
{
    if (tape->context != NULL && lac_context_cancelled(tape->context))
        lac_tape_fail(tape, LAC_ERROR_CANCELLED, "stopped on request");
    return tape->error == NULL;
}

/* The tape of @inputs tensors; NULL when one of them is NULL or the tape has failed before. */
static LacTape *
tape_of(unsigned inputs, LacTensor *const *in)
{
    g_assert(inputs >= 1 && inputs <= LAC_OP_INPUTS);
    for (unsigned k = 0; k < inputs; k++) {
        if (in[k] == NULL)
            return NULL;
    }
    return nn_tape_goes_on(in[0]->tape) ? in[0]->tape : NULL;
}

LacTensor *
lac_tape_result(const LacOp *op, unsigned inputs, LacTensor *const *in, unsigned dims,
                const size_t *shape)
{
    LacTape *tape = tape_of(inputs, in);
    LacTensor *y = tape != NULL ? tape_tensor_with_values(tape, dims, shape) : NULL;

    return y != NULL ? tape_attach(op, inputs, in, y) : NULL;
}

LacTensor *
nn_tape_view(const LacOp *op, LacTensor *x, LacReal *v, unsigned dims, const size_t *shape)
{
    LacTape *tape = tape_of(1, &x);
    LacTensor *y = tape != NULL ? tape_tensor(tape, dims, shape) : NULL;

    if (y == NULL)
        return NULL;
    y->v = v;
    return op != NULL ? tape_attach(op, 1, &x, y) : y;
}

/* ---- the NaN detector ---- */

gboolean
nn_all_finite(size_t n, const LacReal *v)
{
    LacReal sum = 0;

    /* x - x is 0 for finite numbers and NaN otherwise, and so is a sum of them */
    for (size_t k = 0; k < n; k++)
        sum += v[k] - v[k];
    return sum == 0;
}

static const char *
tape_inputs_text(const LacTensor *y)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char *copy;

    for (unsigned k = 0; k < y->inputs; k++)
        g_string_append_printf(text, "%s%s", k == 0 ? "" : ", ", lac_tensor_shape_text(y->in[k]));
    copy = lac_tape_alloc(y->tape, text->len + 1);
    return copy != NULL ? memcpy(copy, text->str, text->len + 1) : "";
}

static LacTensor *
tape_complain(LacTensor *y)
{
    size_t k = 0;

    while (isfinite(y->v[k]))
        k++;
    return lac_tape_fail(y->tape, LAC_ERROR_NUMERIC,
                         "%s, operator %zu of this step, of %s: value %zu of its result %s is %g",
                         y->op->name, y->tape->results, tape_inputs_text(y), k,
                         lac_tensor_shape_text(y), (double)y->v[k]);
}

LacTensor *
lac_tape_done(LacTensor *y)
{
    if (!y->tape->check || nn_all_finite(y->size, y->v))
        return y;
    return tape_complain(y);
}
