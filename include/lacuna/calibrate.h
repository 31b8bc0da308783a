/* Finding the intercept that makes a chance of going missing reach a wanted rate. */
#ifndef LACUNA_CALIBRATE_H
#define LACUNA_CALIBRATE_H

#include <lacuna/macros.h>

G_BEGIN_DECLS

/**
 * lac_calibrate_logistic:
 * @score: [n] finite linear predictors
 * @weight: [n] weights >= 0, or NULL for equal ones
 * @rate: wanted mean, in [0, 1]
 *
 * Returns: c such that the weighted mean of 1 / (1 + exp(-(score + c))) is @rate, to rounding;
 * -INFINITY and INFINITY for rates 0 and 1; 0 when all weights are 0. Newton's method kept inside
 * a bracket that halves. O(n) a step, about ten steps.
 */
LAC_API double
lac_calibrate_logistic(size_t n, const double *score, const double *weight, double rate);

/**
 * lac_calibrate_normal:
 * @shape: what is done to a score before the logistic function; finite on [-9, 9]
 * @rate: wanted mean, in [0, 1]; 0 and 1 give -INFINITY and INFINITY
 *
 * Returns: c such that the mean of 1 / (1 + exp(-(shape(z) + c))) over a standard normal z is
 * @rate, to 1e-10. Quadrature: Simpson on [-9, 9] with a node at 0, where shapes may have a kink.
 */
LAC_API double lac_calibrate_normal(double (*shape)(double z), double rate);

G_END_DECLS

#endif
