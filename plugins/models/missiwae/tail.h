/* How heavy the tail of a row's importance weights is, for snis.c. */
#ifndef TAIL_H
#define TAIL_H

#include <glib.h>

/**
 * Tail: the largest log weights of a row.
 * @least: [most + 1] a heap, the smallest first; lent by the caller
 * @n: how many are in it; @most: how many make the tail
 */
typedef struct {
    double *least;
    size_t n, most;
} Tail;

/** tail_size: how many of @samples weights make the tail: min(L / 5, 3 sqrt L), and 0 when there
 * are too few to say anything. */
size_t tail_size(size_t samples);
/** tail_add: one more log weight. O(log most). */
void tail_add(Tail *tail, double log_weight);
/**
 * tail_shape:
 *
 * k-hat: the shape of the generalised Pareto law of the weights beyond the tail's threshold. Below
 * 0.5 the weights have a variance, above 0.7 importance sampling with them is not to be trusted. 0
 * when the weights are all alike. Orders the tail.
 * Source: Vehtari et al., Pareto smoothed importance sampling (JMLR 25, 2024), section 3 and
 * appendix; Zhang & Stephens (Technometrics 51, 2009).
 */
double tail_shape(Tail *tail);

#endif
