/* Operators that move values without changing them. Each gradient is the same move back. */
#include "shape-private.h"
#include <lacuna/ops.h>
#include <lacuna/parallel.h>

#include <string.h>

/* ---- what they share ---- */

LacTensor *
nn_sum_to(LacTensor *g, const LacTensor *x)
{
    unsigned axes = 0, missing;

    if (g == NULL)
        return NULL;
    missing = g->dims - x->dims;
    for (unsigned d = 0; d < g->dims; d++) {
        if (g->shape[d] != 1 && (d < missing || x->shape[d - missing] == 1))
            axes |= 1u << d;
    }
    if (axes != 0)
        g = lac_nn_sum(g, axes, TRUE);
    return lac_nn_reshape(g, x->dims, x->shape);
}

/* Product of lengths [begin, end). */
static size_t
lengths(const LacTensor *x, unsigned begin, unsigned end)
{
    size_t n = 1;

    for (unsigned d = begin; d < end; d++)
        n *= x->shape[d];
    return n;
}

void
nn_copy_pieces(size_t rows, size_t n, const LacReal *from, size_t from_step, LacReal *to,
               size_t to_step, gboolean add)
{
    for (size_t r = 0; r < rows; r++, from += from_step, to += to_step) {
        if (add)
            nn_copy(n, &from, NULL, to, TRUE);
        else
            memcpy(to, from, n * sizeof *to);
    }
}

/* ---- reshape: y = x under another shape ---- */

static void
reshape_backward(const LacTensor *y)
{
    LacTensor *x = y->in[0];
    const LacReal *gy = y->grad;

    if (!nn_take_gradient(x))
        nn_copy(x->size, &gy, NULL, x->grad, TRUE);
}

static void
reshape_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    gx[0] = lac_nn_reshape(gy, y->in[0]->dims, y->in[0]->shape);
}

static const LacOp lac_op_reshape = {
    "reshape", "x under another shape", reshape_backward, reshape_record, .assigns = TRUE,
};

LacTensor *
lac_nn_reshape(LacTensor *x, unsigned dims, const size_t *shape)
{
    NnShape to = {.dims = dims}, from;

    if (x == NULL)
        return NULL;
    g_assert(dims <= LAC_DIMS);
    from = nn_shape(x);
    for (unsigned d = 0; d < dims; d++)
        to.n[d] = shape[d];
    if (nn_shape_equal(&from, &to))
        return x;
    if (nn_shape_size(&to) != x->size)
        return lac_tape_fail(
            x->tape, LAC_ERROR_SHAPE, "reshape: %s has %zu values, %s would have %zu",
            lac_tensor_shape_text(x), x->size, nn_shape_text(x->tape, &to), nn_shape_size(&to));
    return nn_tape_view(&lac_op_reshape, x, x->v, dims, shape);
}

/* ---- transpose: y[i_a0, i_a1 ...] = x[i_0, i_1 ...] ---- */

typedef struct {
    size_t step[LAC_DIMS]; /* in x, for one further along each dimension of y */
} TransposeSaved;

/* Moves a part of one row of y: @n values from or to x, @step apart there. */
static void
transpose_row(size_t n, LacReal *of_y, LacReal *of_x, size_t step, gboolean back, gboolean add)
{
    if (!back)
        for (size_t i = 0; i < n; i++)
            of_y[i] = of_x[i * step];
    else if (add)
        for (size_t i = 0; i < n; i++)
            of_x[i * step] += of_y[i];
    else
        for (size_t i = 0; i < n; i++)
            of_x[i * step] = of_y[i];
}

/* What one walk over y's rows moves. */
typedef struct {
    const LacTensor *y;
    LacReal *of_y, *of_x;
    gboolean back, add;
} Transpose;

enum { TILE = 16 }; /* values of a row moved at once: neighbours of theirs share cache lines */

/* A block of y's rows, tile by tile: the next rows use the cache lines of x that this one has read.
 */
static void
transpose_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const Transpose *t = user;
    const TransposeSaved *saved = t->y->saved;
    const unsigned last = t->y->dims - 1;
    const size_t n = t->y->shape[last], step = saved->step[last];

    for (size_t done = 0; done < n; done += TILE) {
        for (size_t row = begin; row < end; row++) {
            LacReal *at = t->of_x + done * step;

            for (size_t rest = row, d = last; d-- > 0; rest /= t->y->shape[d])
                at += rest % t->y->shape[d] * saved->step[d];
            transpose_row(MIN(n - done, TILE), t->of_y + row * n + done, at, step, t->back, t->add);
        }
    }
}

static void
transpose_move(const LacTensor *y, LacReal *of_y, LacReal *of_x, gboolean back, gboolean add)
{
    Transpose t = {y, of_y, of_x, back, add};
    const size_t n = y->shape[y->dims - 1];

    nn_for(y->size / n, MAX(TILE, NN_GRAIN / n), transpose_rows, &t);
}

static void
transpose_backward(const LacTensor *y)
{
    LacTensor *x = y->in[0];

    transpose_move(y, y->grad, x->grad, TRUE, !lac_tensor_first(x));
}

static void
transpose_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    const TransposeSaved *saved = y->saved;
    const LacTensor *x = y->in[0];
    unsigned axes[LAC_DIMS] = {0}, used = 0;

    /* dimension d of x is the one of y with its step; of equal steps (lengths of 1) any will do */
    for (unsigned d = 0; d < x->dims; d++) {
        for (unsigned k = 0; k < y->dims; k++) {
            if ((used & 1u << k) == 0 && saved->step[k] == lengths(x, d + 1, x->dims) &&
                y->shape[k] == x->shape[d]) {
                axes[d] = k;
                used |= 1u << k;
                break;
            }
        }
    }
    gx[0] = lac_nn_transpose(gy, axes);
}

static const LacOp lac_op_transpose = {
    "transpose",     "dimensions in another order", transpose_backward, transpose_record,
    .assigns = TRUE,
};

/* Whether each of @dims axes comes once. */
static gboolean
are_axes(unsigned dims, const unsigned *axes)
{
    unsigned seen = 0;

    for (unsigned d = 0; d < dims; d++)
        seen |= axes[d] < dims ? 1u << axes[d] : 0;
    return seen == (1u << dims) - 1;
}

LacTensor *
lac_nn_transpose(LacTensor *x, const unsigned *axes)
{
    size_t shape[LAC_DIMS];
    TransposeSaved *saved;
    LacTensor *y;

    if (x == NULL || x->dims == 0)
        return x;
    if (!are_axes(x->dims, axes))
        return lac_tape_fail(x->tape, LAC_ERROR_SHAPE,
                             "transpose: the axes of %s do not come once each, expected 0 to %u",
                             lac_tensor_shape_text(x), x->dims - 1);
    for (unsigned d = 0; d < x->dims; d++)
        shape[d] = x->shape[axes[d]];
    y = lac_tape_result(&lac_op_transpose, 1, &x, x->dims, shape);
    saved = y != NULL ? lac_tape_alloc(y->tape, sizeof *saved) : NULL;
    if (saved == NULL)
        return NULL;
    for (unsigned d = 0; d < x->dims; d++)
        saved->step[d] = lengths(x, axes[d] + 1, x->dims);
    y->saved = saved;
    transpose_move(y, y->v, x->v, FALSE, FALSE);
    return lac_tape_done(y);
}

/* ---- concat: y = x_1, x_2 ... one after another along an axis ---- */

typedef struct {
    unsigned axis;
    size_t begin; /* of a slice */
} AxisSaved;

static void
concat_backward(const LacTensor *y)
{
    const AxisSaved *saved = y->saved;
    const size_t rows = lengths(y, 0, saved->axis), step = y->size / rows;
    size_t done = 0;

    for (unsigned k = 0; k < y->inputs; k++) {
        LacTensor *x = y->in[k];
        const size_t n = x->size / rows;

        if (lac_tensor_wants(y, k))
            nn_copy_pieces(rows, n, y->grad + done, step, x->grad, n, !lac_tensor_first(x));
        done += n;
    }
}

static void
concat_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    const AxisSaved *saved = y->saved;
    size_t begin = 0;

    for (unsigned k = 0; k < y->inputs; k++) {
        const size_t n = y->in[k]->shape[saved->axis];

        if (lac_tensor_wants(y, k))
            gx[k] = lac_nn_slice(gy, saved->axis, begin, n);
        begin += n;
    }
}

static const LacOp lac_op_concat = {
    "concat", "x_1, x_2 ... along an axis", concat_backward, concat_record, .assigns = TRUE,
};

/* Whether @b fits behind @a: all lengths but that of @axis agree. */
static gboolean
concat_fits(const LacTensor *a, const LacTensor *b, unsigned axis)
{
    for (unsigned d = 0; d < a->dims; d++) {
        if (b->dims != a->dims || (d != axis && a->shape[d] != b->shape[d]))
            return FALSE;
    }
    return axis < a->dims;
}

/* The length of the result along @axis; 0 when something is NULL or does not fit. */
static size_t
concat_length(unsigned n, LacTensor *const *x, unsigned axis)
{
    size_t length = 0;

    for (unsigned k = 0; k < n; k++) {
        if (x[k] == NULL)
            return 0;
    }
    for (unsigned k = 0; k < n; k++) {
        if (!concat_fits(x[0], x[k], axis)) {
            lac_tape_fail(x[0]->tape, LAC_ERROR_SHAPE,
                          "concat: shapes %s and %s do not fit along axis %u; all other lengths "
                          "must agree",
                          lac_tensor_shape_text(x[0]), lac_tensor_shape_text(x[k]), axis);
            return 0;
        }
        length += x[k]->shape[axis];
    }
    return length;
}

LacTensor *
lac_nn_concat(unsigned n, LacTensor *const *x, unsigned axis)
{
    g_assert(n >= 1 && n <= LAC_OP_INPUTS);

    const size_t length = concat_length(n, x, axis);
    size_t shape[LAC_DIMS], rows, done = 0;
    AxisSaved *saved;
    LacTensor *y;

    if (length == 0)
        return NULL;
    for (unsigned d = 0; d < x[0]->dims; d++)
        shape[d] = d == axis ? length : x[0]->shape[d];
    y = lac_tape_result(&lac_op_concat, n, x, x[0]->dims, shape);
    saved = y != NULL ? lac_tape_alloc(y->tape, sizeof *saved) : NULL;
    if (saved == NULL)
        return NULL;
    *saved = (AxisSaved){axis, 0};
    y->saved = saved;
    rows = lengths(y, 0, axis);
    for (unsigned k = 0; k < n; k++) {
        nn_copy_pieces(rows, x[k]->size / rows, x[k]->v, x[k]->size / rows, y->v + done,
                       y->size / rows, FALSE);
        done += x[k]->size / rows;
    }
    return lac_tape_done(y);
}

/* ---- slice: y = some neighbouring entries of x along an axis ---- */

static void
slice_backward(const LacTensor *y)
{
    const AxisSaved *saved = y->saved;
    LacTensor *x = y->in[0];
    const size_t rows = lengths(x, 0, saved->axis), step = x->size / rows, n = y->size / rows;

    if (lac_tensor_first(x))
        memset(x->grad, 0, x->size * sizeof *x->grad);
    nn_copy_pieces(rows, n, y->grad, n, x->grad + saved->begin * (step / x->shape[saved->axis]),
                   step, TRUE);
}

/* zeros around the gradient */
static void
slice_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    const AxisSaved *saved = y->saved;
    const LacTensor *x = y->in[0];
    const size_t length = y->shape[saved->axis], all = x->shape[saved->axis];
    LacTensor *part[3];
    unsigned parts = 0;
    NnShape shape = nn_shape(x);

    shape.n[saved->axis] = saved->begin;
    if (saved->begin > 0)
        part[parts++] = lac_tape_fill(y->tape, 0, shape.dims, shape.n);
    part[parts++] = gy;
    shape.n[saved->axis] = all - saved->begin - length;
    if (shape.n[saved->axis] > 0)
        part[parts++] = lac_tape_fill(y->tape, 0, shape.dims, shape.n);
    gx[0] = lac_nn_concat(parts, part, saved->axis);
}

static const LacOp lac_op_slice = {
    "slice",         "x[begin : begin + length] along an axis", slice_backward, slice_record,
    .assigns = TRUE,
};

/* The result without values; @from is where they begin in x, for each of the leading rows. */
static LacTensor *
slice_result(LacTensor *x, unsigned axis, const size_t *shape, const LacReal *from)
{
    const size_t rows = lengths(x, 0, axis);
    LacTensor *y;

    if (rows == 1)
        return nn_tape_view(&lac_op_slice, x, x->v + (from - x->v), x->dims, shape);
    y = lac_tape_result(&lac_op_slice, 1, &x, x->dims, shape);
    if (y != NULL)
        nn_copy_pieces(rows, y->size / rows, from, x->size / rows, y->v, y->size / rows, FALSE);
    return y;
}

LacTensor *
lac_nn_slice(LacTensor *x, unsigned axis, size_t begin, size_t length)
{
    size_t shape[LAC_DIMS];
    AxisSaved *saved;
    LacTensor *y;

    if (x == NULL)
        return NULL;
    if (axis >= x->dims || length == 0 || begin > x->shape[axis] || length > x->shape[axis] - begin)
        return lac_tape_fail(x->tape, LAC_ERROR_SHAPE,
                             "slice: %zu entries from %zu on along axis %u of %s; at least one "
                             "must be taken and all must be there",
                             length, begin, axis, lac_tensor_shape_text(x));
    for (unsigned d = 0; d < x->dims; d++)
        shape[d] = d == axis ? length : x->shape[d];
    y = slice_result(x, axis, shape, x->v + begin * lengths(x, axis + 1, x->dims));
    saved = y != NULL ? lac_tape_alloc(y->tape, sizeof *saved) : NULL;
    if (saved == NULL)
        return NULL;
    *saved = (AxisSaved){axis, begin};
    y->saved = saved;
    return lac_tape_done(y);
}
