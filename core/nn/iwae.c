/* The importance-weighted bound, mean over rows of ln mean_k e^w: Burda et al. (2016), eq. 8;
 * Mattei and Frellsen (2018), eq. 3.
 *   y = 1/B sum_b (m_b + ln sum_k e^(w_bk - m_b) - ln K), m_b = max_k w_bk
 *   dy/dw_bk = softmax_k(w_b) / B */
#include "map-private.h"
#include <lacuna/ops.h>

#include <math.h>

/* ln mean_k e^w of one row; leaves softmax(w) / @rows in @weights unless that is NULL. A row of
 * -Inf only is -Inf, and moves nothing. */
static double
iwae_row(size_t n, const LacReal *w, double rows, LacReal *weights)
{
    double most = -INFINITY, sum = 0;

    for (size_t k = 0; k < n; k++)
        most = (double)w[k] > most || isnan(w[k]) ? (double)w[k] : most;
    if (most == -INFINITY) {
        for (size_t k = 0; k < n && weights != NULL; k++)
            weights[k] = 0;
        return most;
    }
    for (size_t k = 0; k < n; k++)
        sum += exp((double)w[k] - most);
    for (size_t k = 0; k < n && weights != NULL; k++)
        weights[k] = (LacReal)(exp((double)w[k] - most) / sum / rows);
    return most + log(sum) - log((double)n);
}

static void
iwae_bound_backward(const LacTensor *y)
{
    const LacReal *weights = y->saved;
    LacTensor *w = y->in[0];
    const NnShape flat = {1, {w->size}}, one = {0};
    const NnOperand in[] = {{y->grad, one}, {weights, flat}};

    nn_map(nn_product, NULL, 2, in, &flat, w->grad, !lac_tensor_first(w));
}

static const LacOp lac_op_iwae_bound = {
    "iwae_bound", "mean_b ln mean_k e^w", iwae_bound_backward, NULL, .assigns = TRUE,
};

LacTensor *
lac_nn_iwae_bound(LacTensor *w)
{
    LacTensor *y;
    LacReal *weights = NULL;
    double sum = 0;
    size_t rows, samples;

    if (w == NULL)
        return NULL;
    if (w->dims != 2)
        return lac_tape_fail(w->tape, LAC_ERROR_SHAPE,
                             "iwae_bound: log weights of shape %s, expected [rows x samples]",
                             lac_tensor_shape_text(w));
    rows = w->shape[0];
    samples = w->shape[1];
    y = lac_tape_result(&lac_op_iwae_bound, 1, &w, 0, NULL);
    if (y != NULL && y->wants_grad)
        y->saved = weights = lac_tape_alloc(y->tape, w->size * sizeof *weights);
    if (y == NULL || (y->wants_grad && weights == NULL))
        return NULL;
    for (size_t b = 0; b < rows; b++)
        sum += iwae_row(samples, w->v + b * samples, (double)rows,
                        weights != NULL ? weights + b * samples : NULL);
    y->v[0] = (LacReal)(sum / (double)rows);
    return lac_tape_done(y);
}
