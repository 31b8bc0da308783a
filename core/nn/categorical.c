/* Categorical log likelihoods from logits: the mean of a batch, and row by row. */
#include "softmax-private.h"
#include <lacuna/ops.h>

#include <string.h>

/* ---- cross_entropy: y = 1/B sum_b (ln sum_c e^x_bc - x_b,label_b);
 *      dx_bc = (softmax(x_b)_c - [c = label_b]) / B ---- */

static void
cross_entropy_backward(const LacTensor *y)
{
    LacTensor *x = y->in[0];
    const NnShape flat = {1, {x->size}}, one = {0};
    const NnOperand in[] = {{y->grad, one}, {y->saved, flat}};

    nn_map(nn_product, NULL, 2, in, &flat, x->grad, !lac_tensor_first(x));
}

static const LacOp lac_op_cross_entropy = {
    "cross_entropy", "mean_b -ln softmax(x_b)_label", cross_entropy_backward, NULL, .assigns = TRUE,
};

LacTensor *
lac_nn_cross_entropy(LacTensor *logits, const size_t *label)
{
    LacTensor *y;
    size_t rows, levels;
    LacReal *slope;
    double sum = 0;

    if (logits == NULL)
        return NULL;
    if (logits->dims != 2)
        return lac_tape_fail(logits->tape, LAC_ERROR_SHAPE,
                             "cross_entropy: logits of shape %s, expected [rows x levels]",
                             lac_tensor_shape_text(logits));
    rows = logits->shape[0];
    levels = logits->shape[1];
    y = lac_tape_result(&lac_op_cross_entropy, 1, &logits, 0, NULL);
    slope = y != NULL ? lac_tape_alloc(y->tape, logits->size * sizeof *slope) : NULL;
    if (slope == NULL)
        return NULL;
    for (size_t b = 0; b < rows; b++) {
        const LacReal *x = logits->v + b * levels;
        LacReal *p = slope + b * levels;

        if (label[b] >= levels)
            return lac_tape_fail(y->tape, LAC_ERROR_DATA,
                                 "cross_entropy: row %zu has label %zu, expected 0 to %zu", b,
                                 label[b], levels - 1);
        sum += nn_softmax_row(levels, x, p) - (double)x[label[b]];
        p[label[b]] -= 1;
        nn_scale_row(levels, (LacReal)(1.0 / (double)rows), p);
    }
    y->saved = slope;
    y->v[0] = (LacReal)(sum / (double)rows);
    return lac_tape_done(y);
}

/* ---- categorical_rows: y = l_x - ln sum_c e^l_c; dl_c = dy ([c = x] - softmax(l)_c) ---- */

static void
categorical_rows_backward(const LacTensor *y)
{
    LacTensor *logits = y->in[0];
    NnRows rows = {
        .n = logits->size / y->size,
        .p = y->saved,
        .gy = y->grad,
        .out = logits->grad,
    };

    rows.add = !lac_tensor_first(logits);
    nn_rows_for(logits->size, nn_scaled_rows, &rows);
}

static const LacOp lac_op_categorical_rows = {
    "categorical_rows", "l_x - ln sum_c e^l_c", categorical_rows_backward, NULL, .assigns = TRUE,
};

/* Whether @x has the leading lengths of @logits, all but the last or fewer. */
static gboolean
categorical_fits(const LacTensor *x, const LacTensor *logits)
{
    if (x->dims >= logits->dims)
        return FALSE;
    return memcmp(x->shape, logits->shape, x->dims * sizeof *x->shape) == 0;
}

/* One row: its log likelihood, and what backward multiplies in @slope. FALSE: no such level. */
static gboolean
categorical_row(size_t levels, const LacReal *l, LacReal code, gboolean counts, LacReal *y,
                LacReal *slope)
{
    double sum;

    *y = 0;
    if (!counts) {
        memset(slope, 0, levels * sizeof *slope);
        return TRUE;
    }
    if (!(code >= 0 && code < (LacReal)levels))
        return FALSE;
    sum = nn_softmax_row(levels, l, slope);
    nn_scale_row(levels, -1, slope);
    slope[(size_t)code] += 1;
    *y = (LacReal)((double)l[(size_t)code] - sum);
    return TRUE;
}

LacTensor *
lac_nn_categorical_rows(LacTensor *x, LacTensor *logits, LacTensor *o)
{
    size_t levels, samples, most;
    LacReal *slope;
    LacTensor *y;

    if (x == NULL || logits == NULL)
        return NULL;
    if (!categorical_fits(x, logits) || (o != NULL && !categorical_fits(o, logits)))
        return lac_tape_fail(x->tape, LAC_ERROR_SHAPE,
                             "categorical_rows: codes %s%s%s do not fit logits %s; expected their "
                             "leading lengths",
                             lac_tensor_shape_text(x), o != NULL ? " and cells " : "",
                             o != NULL ? lac_tensor_shape_text(o) : "",
                             lac_tensor_shape_text(logits));
    levels = logits->shape[logits->dims - 1];
    y = lac_tape_result(&lac_op_categorical_rows, 1, &logits, logits->dims - 1, logits->shape);
    slope = y != NULL ? lac_tape_alloc(y->tape, logits->size * sizeof *slope) : NULL;
    if (slope == NULL)
        return NULL;
    samples = y->size / x->size;
    most = o != NULL ? y->size / o->size : 1;
    for (size_t r = 0; r < y->size; r++) {
        const LacReal code = x->v[r / samples];

        if (!categorical_row(levels, logits->v + r * levels, code, o == NULL || o->v[r / most] != 0,
                             &y->v[r], slope + r * levels))
            return lac_tape_fail(x->tape, LAC_ERROR_DATA,
                                 "categorical_rows: row %zu holds code %g, expected 0 to %zu",
                                 r / samples, (double)code, levels - 1);
    }
    y->saved = slope;
    return lac_tape_done(y);
}
