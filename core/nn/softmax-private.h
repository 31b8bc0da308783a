/* Rows of logits: what softmax and the categorical densities share. */
#ifndef LACUNA_SOFTMAX_PRIVATE_H
#define LACUNA_SOFTMAX_PRIVATE_H

#include "map-private.h"

G_BEGIN_DECLS

/** NnRows: rows of @n values, for a loop over blocks of them; which pointers are used, and for
 * what, is up to the loop. */
typedef struct {
    size_t n;
    const LacReal *x, *y, *gy;
    LacReal *out, *p;
    gboolean add;
} NnRows;

/** nn_rows_for: @body over the rows of @size values. */
void nn_rows_for(size_t size, LacLoopBody body, NnRows *rows);
/** nn_softmax_row: leaves softmax(x) in @p. Returns: ln sum e^x; -Inf for a row of -Inf only. */
double nn_softmax_row(size_t n, const LacReal *x, LacReal *p);
/** nn_scale_row: x = factor x. */
void nn_scale_row(size_t n, LacReal factor, LacReal *x);
/** nn_scaled_rows: a LacLoopBody: out = gy p, one gy a row. */
void nn_scaled_rows(size_t begin, size_t end, unsigned worker, void *user);

G_END_DECLS

#endif
